-- Where conversations stood, when and why; written from lotse-conversations.
CREATE TABLE move (
    conversation_id uuid NOT NULL,
    sequence bigint NOT NULL,
    current text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    reason text NOT NULL,
    why json NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, sequence)
);
