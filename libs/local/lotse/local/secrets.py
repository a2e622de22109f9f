"""Secrets of one machine: made once, kept in the state folder, readable by their owner alone."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from lotse.local.errors import LocalError

SERVICES = ("ingest", "sentiment", "router", "sla", "notifier", "desk")

_NAMES = (
    "LOTSE_META_APP_SECRET",
    "LOTSE_META_VERIFY_TOKEN",
    "LOTSE_META_ACCESS_TOKEN",
    "LOTSE_MAIL_TOKEN",
    "LOTSE_SMTP_PASSWORD",
    "LOTSE_API_TOKEN",
    "LOTSE_JWT_SECRET",
    "LOTSE_SERVICE_TOKEN",
    *(f"LOTSE_ROLE_{service.upper()}" for service in SERVICES),
)


def local_secrets(folder: Path) -> dict[str, str]:
    """The secrets by the variable that the configuration names; a variable that is set already wins."""
    path = folder / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = {name: known.get(name) or secrets.token_hex(24) for name in _NAMES}
    made["LOTSE_ALERT_SECRET"] = known.get("LOTSE_ALERT_SECRET") or _standard_webhooks()
    if made != known:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(made, indent=2), encoding="utf-8")
    return {name: os.environ.get(name, value) for name, value in made.items()}


def _standard_webhooks() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def resolve(ref: str, known: Mapping[str, str]) -> str:
    """What `env:NAME` or `file:/path` holds, where `known` are the local secrets. Raises LocalError."""
    kind, _, where = ref.partition(":")
    try:
        return known[where] if kind == "env" else Path(where).read_text(encoding="utf-8").strip()
    except KeyError:
        raise LocalError(f"The configuration refers to {ref}: set the variable {where}.") from None
    except OSError as error:
        raise LocalError(f"The configuration refers to {ref}: {error.strerror}.") from error
