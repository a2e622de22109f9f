"""What the stand-in accepted, in the order of acceptance; kept even where the answer never arrived."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from lotse.contracts.frozen import frozen


@frozen
class Sent:
    """One message that a provider took over from us. `reply_id` is None on comments, which bear no reference."""

    number: int
    channel: str
    account: str
    recipient: str
    text: str
    provider_id: str
    reply_id: str | None
    in_reply_to: str | None
    at: str
    answered: bool
    """False: the connection was cut after the message was accepted."""
    files: tuple[Mapping[str, object], ...] = ()
    """Name, media type, size and SHA-256 of each; `GET /media/<sha256>` has the bytes."""


def _said(sent: Sent) -> tuple[object, ...]:
    """What the recipient got, text and files."""
    return sent.text, *(file["sha256"] for file in sent.files)


@dataclass(slots=True)
class Alert:
    """One webhook by its id, and how often it came; `verified` says whether each copy bore a right signature."""

    webhook_id: str
    type: str
    conversation_id: str | None
    times: int = 0
    verified: bool = True


@dataclass(slots=True)
class Seen:
    """Everything since the start."""

    sends: list[Sent] = field(default_factory=list[Sent])
    alerts: dict[str, Alert] = field(default_factory=dict[str, Alert])
    refused: Counter[str] = field(default_factory=Counter[str])
    """Requests that were not accepted, by HTTP status or SMTP code."""

    def accept(
        self,
        channel: str,
        account: str,
        recipient: str,
        text: str,
        provider_id: str,
        *,
        reply_id: UUID | None = None,
        in_reply_to: str | None = None,
        answered: bool = True,
        files: Sequence[Mapping[str, object]] = (),
    ) -> Sent:
        sent = Sent(
            len(self.sends),
            channel,
            account,
            recipient,
            text,
            provider_id,
            str(reply_id) if reply_id else None,
            in_reply_to,
            datetime.now(UTC).isoformat(),
            answered,
            tuple(files),
        )
        self.sends.append(sent)
        return sent

    def alert(self, webhook_id: str, kind: str, conversation_id: str | None, *, verified: bool) -> None:
        known = self.alerts.setdefault(webhook_id, Alert(webhook_id, kind, conversation_id))
        known.times += 1
        known.verified = known.verified and verified

    def document(self, since: int | None) -> bytes:
        """JSON for `GET /seen`: counts, and the sends from that number on; None: the counts alone.

        `repeated` is what must be empty: the same text and files under the same reply (comments: the same parent)
        more than once.
        """
        told = Counter((sent.reply_id or sent.in_reply_to or sent.provider_id, _said(sent)) for sent in self.sends)
        found: dict[str, object] = {
            "total": len(self.sends),
            "by_channel": dict(Counter(sent.channel for sent in self.sends)),
            "distinct": len(told),
            "repeated": {name: times for (name, _), times in told.items() if times > 1},
            "refused": dict(self.refused),
            "alerts": len(self.alerts),
            "alerts_unverified": sum(not alert.verified for alert in self.alerts.values()),
        }
        if since is not None:
            found["sends"] = [asdict(sent) for sent in self.sends[since:]]
            found["alert_list"] = [asdict(alert) for alert in self.alerts.values()]
        return json.dumps(found, ensure_ascii=False).encode()
