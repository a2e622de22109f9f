"""Whether what is stored is what the history comes to: deadlines are a function of it, nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from lotse.contracts.frozen import replace
from lotse.contracts.ids import ConversationId
from lotse.sla.core.decide import Conversation
from lotse.sla.core.entries import Entry, place
from lotse.sla.core.history import History, arrived, clocks
from lotse.sla.core.rules import Rulebook
from lotse.sla.core.waits import ClockState, Reason


def differences(id: ConversationId, found: Conversation, rulebook: Rulebook) -> Iterator[str]:
    """One line for each deadline that is stored otherwise than its history says."""
    stored = {deadline.state.deadline_id: deadline.state for deadline in found.deadlines}
    computed = {state.deadline_id: state for state in clocks(rulebook, found.history)}
    for deadline_id in sorted(stored.keys() | computed.keys()):
        wrong = _difference(stored.get(deadline_id), computed.get(deadline_id))
        if wrong:
            yield f"{id} deadline {deadline_id}: {wrong}"


def from_log(id: ConversationId, found: Conversation, log: Iterable[Entry]) -> Iterator[str]:
    """One line for each fact of the log that the stored history lacks or has otherwise.

    What was compacted cannot be compared, and what the log no longer has is carried over. An answer that was not
    delivered stands in the log, and in no history.
    """
    kept = {(entry.kind, entry.id): entry for entry in found.history.entries}
    for entry in arrived(tuple(log)):
        if found.history.cut and place(entry) <= found.history.cut:
            continue
        stored = kept.get((entry.kind, entry.id))
        if stored != entry:
            yield f"{id} {entry.kind} {entry.id} of {entry.at.isoformat()}: {'other' if stored else 'not'} in history"


def with_log(found: Conversation, log: Iterable[Entry]) -> Conversation:
    """The conversation with its history read from the log as far as that reaches."""
    history = found.history
    news = [entry for entry in log if not history.cut or place(entry) > history.cut]
    read = History(history.base, (), history.cut).heard(news).heard(history.entries)
    return replace(found, history=read)


def _difference(stored: ClockState | None, computed: ClockState | None) -> str:
    if computed is None and stored and stored.reason is Reason.SUPERSEDED:
        return ""
    if stored is None or computed is None:
        return "is not stored" if stored is None else "does not follow from the history"
    names = [field.name for field in fields(stored) if getattr(stored, field.name) != getattr(computed, field.name)]
    return "; ".join(
        f"{name} is stored as {getattr(stored, name)}, computed as {getattr(computed, name)}" for name in names
    )
