"""From an inbound fact to what is said of it."""

from collections.abc import Mapping
from uuid import UUID

from lotse.contracts import pii
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import derive
from lotse.contracts.inbound import MessageDeleted, MessageEdited, MessageReceived
from lotse.contracts.insights import AnalysisWithdrawn, MessageAnalysed
from lotse.runtime.fold import Caused
from lotse.sentiment.core import Model, read


def analyse(fact: Fact[Event], model: Model, patterns: Mapping[str, str]) -> list[Caused]:
    """The reading of a message or an edit, or its withdrawal. Reading it again gives the same event id."""
    match fact.data:
        case MessageReceived() as message:
            text = f"{message.subject}\n{message.text}" if message.subject else message.text
            made = _analysed(message, text, model, patterns)
        case MessageEdited() as message:
            made = _analysed(message, message.text, model, patterns).model_copy(
                update={"edit": message.edit, "edited_at": message.occurred_at}
            )
        case MessageDeleted() as deleted:
            made = AnalysisWithdrawn(
                account=deleted.account,
                channel=deleted.channel,
                thread=deleted.thread,
                message_id=deleted.message_id,
                occurred_at=deleted.occurred_at,
            )
        case _:
            return []
    return [Caused(_cause(fact, model), fact.traceparent, made)]


def _cause(fact: Fact[Event], model: Model) -> UUID:
    return derive(fact.id, model.version)


def _analysed(
    message: MessageReceived | MessageEdited, text: str, model: Model, patterns: Mapping[str, str]
) -> MessageAnalysed:
    """`text` is what is read; spans of personal data count in the message's own text."""
    return MessageAnalysed(
        account=message.account,
        channel=message.channel,
        thread=message.thread,
        message_id=message.message_id,
        occurred_at=message.occurred_at,
        reading=read(text, model, message.channel.value),
        pii=pii.scan(message.text, patterns=patterns),
    )
