"""What a customer said and was told in his other conversations, on whatever channel."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.values import Attachment
from lotse.desk.model import Model
from lotse.runtime.postgres import Tx


class Said(Model):
    """A message of his, an answer to him, or a note about him. Deleted by him: `text` is None."""

    kind: Literal["message", "reply", "note"]
    id: UUID
    conversation_id: UUID
    channel: Channel | None
    who: str | None
    """The sender's name, or an agent's id."""
    text: str | None
    subject: str | None
    at: datetime
    edited_at: datetime | None
    removed_at: datetime | None
    attachments: tuple[Attachment, ...] = ()
    state: str | None
    """How far an answer came, as in `models.Reply`; `reason` why it failed."""
    reason: str | None = None
    human: bool
    elsewhere: bool
    private: bool = False
    """An answer in private to a public comment."""


_SAID = """
WITH other AS (SELECT id, channel FROM conversation WHERE customer_id = $1 AND id <> $2)
SELECT row_to_json(t)::text FROM (
    SELECT 'message' AS kind, m.message_id AS id, o.id AS conversation_id, coalesce(m.channel, o.channel) AS channel,
           m.sender_name AS who, m.text, m.subject, m.occurred_at AS at, m.edited_at, m.removed_at, m.attachments,
           NULL AS state, NULL AS reason, NOT m.auto AS human, false AS elsewhere, false AS private
    FROM other AS o JOIN message AS m ON m.conversation_id = o.id
    UNION ALL
    SELECT 'reply', r.reply_id, o.id, o.channel, r.agent_id, r.text, NULL, r.at, NULL, NULL, r.attachments,
           coalesce(v.state, 'approved'), v.reason, coalesce(v.human, true), false, r.private
    FROM other AS o JOIN reply AS r ON r.conversation_id = o.id AND r.approved
    LEFT JOIN delivery AS v ON v.conversation_id = r.conversation_id AND v.reply_id = r.reply_id
    UNION ALL
    SELECT 'reply', v.reply_id, o.id, o.channel, v.agent_id, v.text, NULL, v.at, NULL, NULL, '[]',
           v.state, v.reason, v.human, true, false
    FROM other AS o JOIN delivery AS v ON v.conversation_id = o.id AND v.elsewhere
    UNION ALL
    SELECT 'note', n.note_id, o.id, o.channel, n.actor_id, n.text, NULL, n.at, NULL, NULL, '[]', NULL, NULL,
           true, false, false
    FROM other AS o JOIN note AS n ON n.conversation_id = o.id
    ORDER BY at DESC, id LIMIT $3
) AS t
"""

_ANY_OF = "SELECT 1 FROM conversation WHERE customer_id = $1 AND id = ANY($2::uuid[]) LIMIT 1"


async def said_elsewhere(tx: Tx, customer: UUID, here: UUID, limit: int = 300) -> tuple[Said, ...]:
    """The youngest words of his conversations beside this one, oldest first."""
    rows = await tx.fetch(_SAID, customer, here, limit)
    return tuple(Said.model_validate_json(row[0]) for row in reversed(rows))


async def has_one_of(tx: Tx, customer: UUID, conversations: Collection[UUID]) -> bool:
    """Whether one of these conversations is his."""
    return await tx.fetchrow(_ANY_OF, customer, list(conversations)) is not None
