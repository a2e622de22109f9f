-- What reports count by and no other table tells. What stands already is filled in as far as it is known;
-- resolutions and business times of the past come with a rebuild.
ALTER TABLE conversation
    ADD COLUMN last_agent text,
    ADD COLUMN triage text,
    ADD COLUMN situation text,
    ADD COLUMN topics text NOT NULL DEFAULT '[]';
UPDATE conversation SET
    last_agent = (
        SELECT a.current FROM assignment AS a
        WHERE a.conversation_id = conversation.id AND a.current IS NOT NULL
        ORDER BY a.sequence DESC LIMIT 1
    ),
    triage = reading ->> 'triage',
    situation = reading ->> 'situation',
    topics = coalesce((reading -> 'topics')::text, '[]');

ALTER TABLE deadline ADD COLUMN business_time interval;

CREATE TABLE resolution (
    conversation_id uuid NOT NULL,
    sequence bigint NOT NULL,
    since timestamptz NOT NULL,
    at timestamptz NOT NULL,
    agent_id text,
    reopened_at timestamptz,
    PRIMARY KEY (conversation_id, sequence)
);

-- Rows come in the order of their times, nearly: a range of blocks says enough, and costs a writer next to nothing.
CREATE INDEX message_range ON message USING brin (occurred_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX delivery_range ON delivery USING brin (sent_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX reply_range ON reply USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX resolution_range ON resolution USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX deadline_range ON deadline USING brin (met_at, missed_at)
    WITH (pages_per_range = 16, autosummarize = on);
