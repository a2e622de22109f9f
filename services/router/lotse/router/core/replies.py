"""Answers: checked before they may be sent, and what follows when they were."""

from lotse.contracts import pii
from lotse.contracts.channels import Profile, as_private_reply, profile
from lotse.contracts.commands import ReplyRequested
from lotse.contracts.config import Agent as Card
from lotse.contracts.conversations import ReplyApproved, ReplyBlocked
from lotse.contracts.envelope import Event
from lotse.contracts.frozen import replace
from lotse.contracts.ids import AgentId, ReplyId
from lotse.contracts.replies import Moment, Problem, ProblemCode, check, sign
from lotse.contracts.values import Address, Status
from lotse.router.core.refusals import objection, refuse
from lotse.router.core.state import Conversation, PrivateReply, Reply, State, Turn


def request(state: State, conversation: Conversation, command: ReplyRequested, turn: Turn) -> list[Event]:
    """Approve an answer, or block it with what is allowed instead. The reply's id is the command's."""
    problem = objection(command, conversation)
    if problem is None and conversation.status is Status.SET_ASIDE:
        problem = "set_aside"
    if problem is None and command.private and _privately(conversation) is None:
        problem = "no_private_reply"
    if problem:
        return refuse(command, problem, turn)
    card = state.config.agents.get(AgentId(command.actor_id)) or Card(name=command.actor_id)
    against = _problems(state, conversation, command, card, turn)
    reply = Reply(
        id=ReplyId(turn.cause),
        conversation_id=conversation.id,
        outcome="blocked" if against else "approved",
        agent_id=AgentId(command.actor_id),
        resolves=command.then == "resolved",
    )
    state.replies.put(reply.id, reply)
    if against:
        return [_blocked(reply, against[0], command, turn)]
    if command.private:
        given = PrivateReply(conversation.address.in_reply_to or "", reply.id)
        state.put(replace(conversation, private_reply=given))
    return [_approved(conversation, reply, command, card, turn)]


def _privately(conversation: Conversation) -> Profile | None:
    """The rules for a private answer to the newest comment; None where the channel takes none."""
    public = conversation.profile
    if public.private_channel is None or public.private_reply_window is None or not conversation.address.in_reply_to:
        return None
    return as_private_reply(public, profile(public.private_channel))


def _answered_privately(conversation: Conversation) -> bool:
    given = conversation.private_reply
    return given is not None and given.comment == conversation.address.in_reply_to


def _problems(
    state: State, conversation: Conversation, command: ReplyRequested, card: Card, turn: Turn
) -> tuple[Problem, ...]:
    profile = (_privately(conversation) if command.private else None) or conversation.profile
    signed = sign(command.text, profile, name=card.name, initials=card.initials, title=card.title)
    spans = () if profile.personal_data else pii.scan(command.text, patterns=state.config.pii.patterns)
    moment = Moment(
        turn.now,
        conversation.last_word_at,
        human=command.role != "service",
        private_replies_sent=int(command.private and _answered_privately(conversation)),
    )
    return tuple(
        problem
        for problem in check(profile, signed, spans, moment, command.attachments)
        if not (problem.code is ProblemCode.BLOCKED_PII and _overrides(command))
    )


def _overrides(command: ReplyRequested) -> bool:
    return command.role in ("lead", "admin") and bool((command.override_reason or "").strip())


def _blocked(reply: Reply, problem: Problem, command: ReplyRequested, turn: Turn) -> ReplyBlocked:
    return ReplyBlocked(
        conversation_id=reply.conversation_id,
        reply_id=reply.id,
        agent_id=AgentId(command.actor_id),
        problem="pii" if problem.code is ProblemCode.BLOCKED_PII else problem.code.value,
        file=problem.file or None,
        spans=problem.spans,
        suggestion=problem.allowed[0].value if problem.allowed else "",
        at=turn.now,
    )


def _approved(
    conversation: Conversation, reply: Reply, command: ReplyRequested, card: Card, turn: Turn
) -> ReplyApproved:
    return ReplyApproved(
        conversation_id=conversation.id,
        reply_id=reply.id,
        address=_private_address(conversation) if command.private else conversation.address,
        agent_id=AgentId(command.actor_id),
        agent_name=card.name,
        agent_initials=card.initials,
        text=command.text,
        attachments=command.attachments,
        human=command.role != "service",
        last_customer_message_at=conversation.last_word_at,
        override_reason=command.override_reason if _overrides(command) else None,
        comment_on=conversation.address.channel if command.private else None,
        then=command.then,
        at=turn.now,
    )


def _private_address(conversation: Conversation) -> Address:
    """Where the commenter is reached in private, and the comment that lets us."""
    public = conversation.address
    return Address(
        account=public.account,
        channel=conversation.profile.private_channel or public.channel,
        thread=public.recipient,
        recipient=public.recipient,
        in_reply_to=public.in_reply_to,
    )


def failed(state: State, conversation: Conversation, reply_id: ReplyId) -> None:
    """What did not go out leaves the private way to the comment open."""
    if conversation.private_reply and conversation.private_reply.reply_id == reply_id:
        state.put(replace(conversation, private_reply=None))


def mark(state: State, reply: Reply, outcome: str) -> None:
    """Remember how far a reply came."""
    state.replies.put(reply.id, replace(reply, outcome=outcome))
