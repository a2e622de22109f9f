"""Webhooks to other systems in Standard Webhooks form: id, timestamp, HMAC-SHA256; the id is the same on each try.

Source: Standard Webhooks 1.0.0, standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import SecretStr

from lotse.contracts.frozen import frozen
from lotse.contracts.values import Attachment
from lotse.notifier.core.model import Kind, Letter, Outgoing
from lotse.notifier.core.outcome import (
    Accepted,
    Ambiguous,
    Busy,
    Gone,
    NotSent,
    Outcome,
    Refused,
    SignInRefused,
    Throttled,
)
from lotse.notifier.sinks.http import Answer, Clock, Http

_PREFIX = "whsec_"


class BadSecret(ValueError):
    """A webhook's secret is not `whsec_` and base64."""


def key_of(secret: SecretStr) -> bytes:
    """The key's bytes. Raises BadSecret, which does not quote it."""
    text = secret.get_secret_value()
    try:
        if not text.startswith(_PREFIX):
            raise BadSecret("a webhook's secret begins with whsec_")
        return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSecret("a webhook's secret is whsec_ and base64") from error


def signed_headers(key: bytes | None, webhook_id: UUID, body: bytes, now: datetime) -> dict[str, str]:
    """The three headers; without a key the signature is left out."""
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": str(webhook_id), "webhook-timestamp": timestamp}
    if key is not None:
        content = b".".join((str(webhook_id).encode(), timestamp.encode(), body))
        digest = hmac.new(key, content, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


@frozen
class Carried:
    """A file for the system that delivers a reply: small ones whole, the others as a link that ends after a day."""

    file: Attachment
    content: bytes | None = None
    url: str | None = None

    def shown(self) -> dict[str, object]:
        found: dict[str, object] = {
            "name": self.file.name,
            "media_type": self.file.media_type,
            "size": self.file.size,
            "sha256": self.file.sha256,
        }
        if self.content is not None:
            return {**found, "content": base64.b64encode(self.content).decode()}
        return {**found, "url": self.url}


def reply_body(row: Outgoing, letter: Letter, files: Sequence[Carried] = ()) -> bytes:
    """A message to a customer, for the system that delivers it."""
    address = letter.address
    data: dict[str, object] = {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "account": address.account,
        "channel": address.channel.value,
        "recipient": address.recipient,
        "thread": address.thread,
        "in_reply_to": address.in_reply_to,
        "subject": address.subject,
        "text": letter.text,
        "agent_id": letter.agent_id,
        "agent_name": letter.agent_name or None,
        "human": letter.human,
        "attachments": [file.shown() for file in files] or None,
    }
    kind = "reply.approved" if row.kind is Kind.REPLY else "notice.due"
    body = {"type": kind, "timestamp": letter.at.isoformat(), "data": {k: v for k, v in data.items() if v is not None}}
    return json.dumps(body, ensure_ascii=False).encode()


def read_alert(answer: Answer, row: Outgoing, now: datetime) -> Outcome:
    """Alerts: 2xx is the end, 410 the end of the endpoint, everything else is tried again for three days."""
    if 200 <= answer.status < 300:
        return Accepted(str(row.id), now)
    if answer.status == 410:
        return Gone()
    return Busy(answer.wait(now))


def read_reply(answer: Answer, row: Outgoing, now: datetime) -> Outcome:
    """Replies: the delivering system answers as a provider would."""
    if 200 <= answer.status < 300:
        return Accepted(str(row.id), now)
    if answer.status == 401:
        return SignInRefused()
    if answer.status == 429:
        return Throttled(answer.wait(now))
    if answer.status >= 500 or answer.status == 408:
        return Busy(answer.wait(now))
    return Refused()


class Webhook:
    """One endpoint."""

    def __init__(self, http: Http, url: str, key: bytes | None, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._url = url
        self._key = key

    async def send(self, row: Outgoing, traceparent: str | None, files: Sequence[Carried] = ()) -> Outcome:
        """Post one row. The id is the row's, so that the other side can tell a repeat."""
        letter = row.content if isinstance(row.content, Letter) else None
        body = reply_body(row, letter, files) if letter else _alarm(row)
        headers = signed_headers(self._key, row.id, body, self._clock())
        longer = timedelta(microseconds=len(body))
        answer = await self._http.post(self._url, body, {**headers, **_traced(traceparent, letter is None)}, longer)
        match answer:
            case Answer():
                return read_reply(answer, row, self._clock()) if letter else read_alert(answer, row, self._clock())
            case NotSent() | Ambiguous() | Refused():
                return answer


def _alarm(row: Outgoing) -> bytes:
    return b"" if isinstance(row.content, Letter) else row.content.body.encode()


def _traced(traceparent: str | None, cloud_event: bool) -> Mapping[str, str]:
    headers = {"content-type": "application/cloudevents+json"} if cloud_event else {}
    return headers if traceparent is None else {**headers, "traceparent": traceparent}
