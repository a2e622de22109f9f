-- What an agent has begun to write, and where it was sent, under which key, until its outcome is known.
CREATE TABLE draft (
    agent_id text NOT NULL,
    conversation_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reply', 'note')),
    text text NOT NULL,
    files json NOT NULL,
    key text NOT NULL,
    asked json,
    asked_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, conversation_id, kind)
) WITH (fillfactor = 80);
CREATE INDEX draft_conversation ON draft (conversation_id);
