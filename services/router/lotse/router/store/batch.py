"""A batch's state: loaded under locks in one order, saved with one statement for each table."""

from collections.abc import Collection, Iterable, Sequence

from lotse.contracts.config import Config
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AgentId, ConversationId
from lotse.router.core.state import Agent, Conversation, Kept, Rows, State
from lotse.router.store import conversations, tables
from lotse.router.store.wanted import wanted
from lotse.runtime.postgres import Tx
from lotse.runtime.writes import Write


async def load(config: Config, tx: Tx, facts: Sequence[Fact[Event]]) -> State:
    """Lock names, threads, identifiers, conversations, agents, in this order; then read what hangs on them.

    Whoever applies a message, its edit or its analysis holds the name of its thread: so none of them is
    kept for a message that another transaction is about to add.
    """
    want = wanted(facts)
    names = await tables.lock_names(tx, want.names)
    threads = await tables.lock_threads(tx, set(names.values()))
    references = await tables.references(tx, want.references)
    identifiers = await tables.lock_identifiers(tx, want.identifiers)
    replies = await tables.replies(tx, want.replies)
    messages = await tables.messages(tx, want.messages)
    kept = await tables.kept(tx, want.about)
    heard = {*want.heard, *threads.values(), *references.values(), *(r.conversation_id for r in replies.values())}
    spoken = heard | {message.conversation_id for message in messages.values()}
    locked = await conversations.lock(tx, want.conversations | spoken)
    agents = want.agents | last_agents(c for c in locked.values() if c.id in spoken)
    state = await with_agents(config, tx, locked, agents)
    state.names, state.threads = Rows(names), Rows(threads)
    state.references, state.identifiers = Rows(references), Rows(identifiers)
    state.replies, state.messages = Rows(replies), Rows(messages)
    state.kept = Kept(kept)
    return state


def last_agents(found: Iterable[Conversation]) -> set[AgentId]:
    """Those who have these conversations or had them last."""
    agents = (conversation.agent_id or conversation.last_agent_id for conversation in found)
    return {agent for agent in agents if agent}


async def with_agents(
    config: Config, tx: Tx, locked: dict[ConversationId, Conversation], agents: Collection[AgentId]
) -> State:
    """The conversations in hand, these agents locked after them, and what else they have to do."""
    return await beside(config, tx, locked, await tables.lock_agents(tx, agents))


async def beside(
    config: Config, tx: Tx, locked: dict[ConversationId, Conversation], agents: dict[AgentId, Agent]
) -> State:
    """What these agents, who are locked, have to do beside the conversations in hand."""
    elsewhere = await conversations.used(tx, agents.keys(), locked.keys())
    return State(config, conversations=Rows(locked), agents=Rows(agents), elsewhere=elsewhere)


def save(state: State) -> tuple[Write, ...]:
    return (
        tables.save_names(state.names.changed()),
        tables.save_threads(state.threads.changed()),
        tables.save_identifiers(state.identifiers.changed()),
        tables.save_references(state.references.changed()),
        conversations.save(state.conversations.changed().values()),
        tables.save_messages(state.messages.changed().values()),
        tables.save_replies(state.replies.changed().values()),
        tables.save_agents(state.agents.changed().values()),
        tables.keep(state.kept.added.values()),
        tables.forget(state.kept.taken),
    )
