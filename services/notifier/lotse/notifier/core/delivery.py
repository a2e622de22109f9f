"""How one row comes to its end, whatever arrives in whatever order: at most one `sent`, no blind repeat."""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from lotse.contracts.envelope import Event
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.ids import AccountId, ReplyId, derive
from lotse.contracts.notices import NoticeFailed, NoticeSent, ReplyDelivered, ReplyFailed, ReplySent
from lotse.notifier.core import backoff
from lotse.notifier.core.echoes import release
from lotse.notifier.core.model import Kind, Letter, Outgoing, Stage, State, Stop, StopReason
from lotse.notifier.core.outcome import (
    Accepted,
    Ambiguous,
    Blocked,
    Busy,
    Gone,
    NotSent,
    Outcome,
    Refused,
    SignInRefused,
    Throttled,
    Uploaded,
)
from lotse.notifier.core.rules import Rules
from lotse.notifier.core.words import Word, plain


@frozen
class Call:
    """One call that was claimed: which part of which row, and the how-manieth try.

    `trial`: the one by which an account whose rest is over is tried out.
    """

    row: Outgoing
    trial: bool = False

    def still(self, row: Outgoing) -> bool:
        """Whether the row waits for this very call, and not for a later one."""
        return row.stage is Stage.SENDING and (row.done, row.attempts) == (self.row.done, self.row.attempts)

    @property
    def cause(self) -> UUID:
        return derive("settle", self.row.id, self.row.done, self.row.attempts)


def settle(rules: Rules, state: State, call: Call, outcome: Outcome, now: datetime) -> list[Event]:
    """Apply what one call brought. Late news of an earlier call counts only if it says that it arrived."""
    row = state.outgoing.get(call.row.id)
    if row is None:
        return []
    if call.trial:
        _tried(state, row.account, outcome)
    if isinstance(outcome, Accepted):
        events = accept(rules, state, row, outcome.provider_id, outcome.at, expected=call.still(row))
        _come_back(state, call.row.id)
    elif call.still(row):
        events = _unsuccessful(rules, state, row, outcome, now, trial=call.trial)
    else:
        return []
    return events + (release(state, row.thread) if row.thread else [])


def _unsuccessful(
    rules: Rules, state: State, row: Outgoing, outcome: Outcome, now: datetime, *, trial: bool
) -> list[Event]:
    match outcome:
        case Uploaded(handle=handle):
            state.put_outgoing(replace(row, stage=Stage.PENDING, due_at=now, lease_until=None, uploaded=handle))
            return []
        case NotSent(word=word):
            return _again(rules, state, row, word, None, now)
        case Busy(wait=wait):
            return _again(rules, state, row, Word.UNREACHABLE, wait, now)
        case Throttled(wait=wait):
            pause = _stop(state, row.account, StopReason.PAUSED, now, wait or rules.timings.pause, trial=trial)
            return _again(rules, state, row, Word.TOO_LATE, pause, now)
        case SignInRefused():
            pause = _stop(state, row.account, StopReason.TOKEN, now, rules.timings.sign_in, trial=trial)
            return _again(rules, state, row, Word.ACCOUNT_STOPPED, pause, now)
        case Gone():
            _stop(state, row.account, StopReason.GONE, now, rules.timings.alert, trial=trial)
            return fail(rules, state, row, Word.GONE, now)
        case Refused(word=word, said=said):
            return fail(rules, state, row, word, now, said)
        case Blocked(word=word):
            return fail(rules, state, row, word, now)
        case Ambiguous():
            return _unclear(rules, state, row, now)
        case Accepted():
            return []
        case _:
            assert_never(outcome)


def _unclear(rules: Rules, state: State, row: Outgoing, now: datetime) -> list[Event]:
    """The other side may have it: where it knows repeats, try again, else wait for its echo."""
    if row.repeatable:
        return _again(rules, state, row, Word.UNREACHABLE, None, now)
    state.put_outgoing(replace(row, lease_until=now + rules.timings.echo, problem=Word.UNKNOWN))
    return []


def _again(rules: Rules, state: State, row: Outgoing, word: Word, wait: timedelta | None, now: datetime) -> list[Event]:
    due = now + (wait if wait is not None else backoff.delay(row))
    if due >= row.expires_at:
        return fail(rules, state, row, word, now)
    state.put_outgoing(replace(row, stage=Stage.PENDING, due_at=due, lease_until=None, problem=word))
    return []


def _stop(state: State, account: str, reason: StopReason, now: datetime, wait: timedelta, *, trial: bool) -> timedelta:
    """Let nothing else of the account go out until then; a graver reason stays.

    What was under way when the account was stopped makes no rest shorter: only a trial says how it stands now.
    """
    stop = state.stops.get(account)
    if stop is None or stop.reason is StopReason.PAUSED or stop.until <= now:
        goes_on = stop is not None and stop.reason is reason and stop.until > now
        if stop and goes_on and not trial:
            wait = max(wait, stop.until - now)
        state.stops.put(account, Stop(account, reason, stop.since if stop and goes_on else now, now + wait))
    return wait


def _tried(state: State, account: str, outcome: Outcome) -> None:
    """Let an account go on whose trial was not met with the reason why it stands still.

    Only a trial says so: what was under way when the account was stopped was let through before.
    """
    stop = state.stops.get(account)
    if stop is None or stop.reason is StopReason.GONE or isinstance(outcome, Throttled | SignInRefused | Gone):
        return
    if stop.reason is StopReason.PAUSED or isinstance(outcome, Accepted | Uploaded | Refused):
        state.stops.remove(account)


def accept(
    rules: Rules, state: State, row: Outgoing, provider_id: str | None, at: datetime, expected: bool = True
) -> list[Event]:
    """The other side has one more part of it. Hearing so again, by whichever way, changes nothing.

    `expected`: the row waits for this news; without an id only expected news can be told from a repeat.
    """
    key = (AccountId(row.account), provider_id) if provider_id is not None else None
    if key is not None:
        state.messages.put(key, replace(state.message(key), outgoing_id=row.id, echo=None))
    if provider_id in row.provider_ids or (provider_id is None and not expected):
        return []
    ids = row.provider_ids if provider_id is None else (*row.provider_ids, provider_id)
    if row.stage is Stage.SENT or row.problem == Word.UNDELIVERED:
        state.put_outgoing(replace(row, provider_ids=ids, lease_until=_lease(row, ids)))
        return []
    row = replace(row, provider_ids=ids, done=row.done + 1, attempts=0, uploaded=None)
    if row.done < row.part_count:
        return _next_part(state, row, at)
    failure = state.message(key).failure if key is not None else ""
    if key is not None and state.message(key).failed_at is not None:
        return fail(rules, state, row, Word.UNDELIVERED, at, failure)
    sent = state.put_outgoing(replace(row, stage=Stage.SENT, sent_at=at, lease_until=_lease(row, ids), problem=""))
    return [*_sent(sent), *_heard_before(state, sent)]


def _lease(row: Outgoing, ids: tuple[str, ...]) -> datetime | None:
    """A row that is known to be sent, but not under which id, still waits for its call to say so."""
    return None if len(ids) >= row.part_count else row.lease_until


def _come_back(state: State, row_id: UUID) -> None:
    """The call is over: a sent row waits for nothing more."""
    row = state.outgoing.get(row_id)
    if row is not None and row.stage is Stage.SENT and row.lease_until is not None:
        state.put_outgoing(replace(row, lease_until=None))


def _next_part(state: State, row: Outgoing, at: datetime) -> list[Event]:
    """More parts are to go, unless a person was already told that it failed."""
    waits = row.stage in (Stage.PENDING, Stage.SENDING)
    stage = Stage.PENDING if waits else row.stage
    state.put_outgoing(replace(row, stage=stage, due_at=min(row.due_at, at) if waits else row.due_at, lease_until=None))
    return []


def _sent(row: Outgoing) -> list[Event]:
    if not isinstance(row.content, Letter) or row.kind is not Kind.REPLY:
        return [
            NoticeSent(
                conversation_id=row.conversation_id,
                notice_id=row.id,
                kind=row.kind.value,
                sink=row.sink_name,
                at=row.sent_at or row.due_at,
                provider_id=row.provider_ids[-1] if row.provider_ids else None,
            )
        ]
    return [
        ReplySent(
            conversation_id=row.conversation_id,
            reply_id=ReplyId(row.id),
            account=AccountId(row.account),
            channel=row.content.address.channel,
            agent_id=row.content.agent_id,
            provider_ids=row.provider_ids,
            sent_at=row.sent_at or row.due_at,
            human=row.content.human,
            resolves=row.content.resolves,
            answers_until=row.content.last_customer_message_at,
        )
    ]


def _heard_before(state: State, row: Outgoing) -> list[Event]:
    """Receipts that came before we knew that it was sent."""
    thread = state.thread(row.thread) if row.thread else None
    last = state.message((AccountId(row.account), row.provider_ids[-1])) if row.provider_ids else None
    read = _first(last and last.read_at, _reaches(thread and thread.read_up_to, row))
    if read is not None:
        return mark(state, row, read, read=True)
    delivered = _first(last and last.delivered_at, _reaches(thread and thread.delivered_up_to, row))
    return mark(state, row, delivered, read=False) if delivered is not None else []


def _first(*times: datetime | None) -> datetime | None:
    return next((time for time in times if time is not None), None)


def _reaches(up_to: datetime | None, row: Outgoing) -> datetime | None:
    return up_to if up_to is not None and row.sent_at is not None and row.sent_at <= up_to else None


def mark(state: State, row: Outgoing, at: datetime, *, read: bool) -> list[Event]:
    """It was delivered or read: told once each, and read includes delivered."""
    if row.stage is not Stage.SENT or row.read_at is not None or (row.delivered_at is not None and not read):
        return []
    marked = replace(row, delivered_at=row.delivered_at or at, read_at=at if read else None)
    state.put_outgoing(marked)
    if row.kind is not Kind.REPLY:
        return []
    return [ReplyDelivered(conversation_id=row.conversation_id, reply_id=ReplyId(row.id), read=read, at=at)]


_REASONS = {
    Word.UNKNOWN: "unknown",
    Word.UNDELIVERED: "undelivered",
    Word.UNREACHABLE: "unreachable",
    Word.TOO_LATE: "too_late",
    Word.ACCOUNT_STOPPED: "account_stopped",
    Word.PII: "blocked",
    Word.TOO_LONG: "blocked",
    Word.EMPTY: "blocked",
    Word.NOT_ANSWERABLE: "blocked",
    Word.ATTACHMENTS: "blocked",
    Word.TOO_MANY_FILES: "blocked",
    Word.FILE_TYPE: "blocked",
    Word.FILE_TOO_LARGE: "blocked",
    Word.TEXT_OR_FILE: "blocked",
    Word.FILE_GONE: "file_gone",
    Word.FILE_AWAY: "file_away",
    Word.WINDOW: "blocked",
    Word.OURSELVES: "blocked",
    Word.NETWORK: "blocked",
}


def fail(rules: Rules, state: State, row: Outgoing, word: Word, now: datetime, said: str = "") -> list[Event]:
    """It does not go out, or nobody knows. Told once; holds nothing else."""
    stage = Stage.UNKNOWN if word is Word.UNKNOWN else Stage.FAILED
    state.put_outgoing(replace(row, stage=stage, lease_until=None, problem=word))
    reason = _REASONS.get(word, "refused")
    part = (row.done + 1, row.part_count) if row.done < row.part_count else None
    detail = plain(word, rules.config.language, said, part)
    if row.kind is not Kind.REPLY or not isinstance(row.content, Letter):
        return [
            NoticeFailed(
                conversation_id=row.conversation_id,
                notice_id=row.id,
                kind=row.kind.value,
                sink=row.sink_name,
                at=now,
                reason=reason,
                detail=detail,
            )
        ]
    return [
        ReplyFailed(
            conversation_id=row.conversation_id,
            reply_id=ReplyId(row.id),
            agent_id=row.content.agent_id,
            reason=reason,
            detail=detail,
            at=now,
        )
    ]


def overdue(rules: Rules, state: State, row_id: UUID, now: datetime) -> list[Event]:
    """A lease or a row's time ran out: say what that means, if it still stands so."""
    row = state.outgoing.get(row_id)
    if row is None:
        return []
    if row.stage is Stage.PENDING and row.expires_at <= now:
        stop = state.stops.get(row.account)
        token = stop is not None and stop.reason is StopReason.TOKEN
        return fail(rules, state, row, Word.ACCOUNT_STOPPED if token else Word(row.problem or Word.TOO_LATE), now)
    if row.lease_until is None or row.lease_until > now:
        return []
    if row.stage is not Stage.SENDING:
        state.put_outgoing(replace(row, lease_until=None))
        return release(state, row.thread) if row.thread else []
    if row.repeatable:
        return _again(rules, state, row, Word.UNREACHABLE, timedelta(0), now)
    events = fail(rules, state, row, Word.UNKNOWN, now)
    return events + (release(state, row.thread) if row.thread else [])
