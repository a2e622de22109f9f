"""`/alerts`: checks webhooks as Standard Webhooks 1.0.0 (standardwebhooks.com) says."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from lotse.contracts.config import Config
from lotse.local.standin.http import Request
from lotse.runtime.settings import secret

_PATIENCE = timedelta(minutes=5)


def keys(config: Config) -> list[bytes]:
    """The keys of every alert of the configuration. Raises SettingsError naming what is missing."""
    found = [secret(alert.secret).get_secret_value() for alert in config.alerts.values()]
    return [base64.b64decode(text.removeprefix("whsec_")) for text in found]


def is_signed(request: Request, known: Sequence[bytes], now: datetime) -> bool:
    """Whether one of the signatures is right, under any of the keys, and the timestamp is recent."""
    stamp = request.headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > _PATIENCE.total_seconds():
        return False
    content = f"{request.headers.get('webhook-id', '')}.{stamp}.".encode() + request.body
    given = [part.partition(",")[2] for part in request.headers.get("webhook-signature", "").split()]
    wanted = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in known]
    return any(hmac.compare_digest(one, other) for one in given for other in wanted)
