-- What each batch changed, for readers that follow by offset: one row a partition, committed with the batch itself.
-- Within a partition offsets are the order of commits, as its `inbox` row is held; between partitions nothing is.
CREATE TABLE change (
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    at timestamptz NOT NULL,
    conversations uuid[] NOT NULL,
    messages uuid[] NOT NULL,
    customers uuid[] NOT NULL,
    agents boolean NOT NULL,
    alarms boolean NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX change_at ON change USING brin (at);

-- Raised by what has no place among the offsets: a replayed record, a rebuild. Whoever follows reads all again.
CREATE TABLE epoch (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    current bigint NOT NULL DEFAULT 1
);
INSERT INTO epoch DEFAULT VALUES;

-- Until when a person has looked at a conversation.
CREATE TABLE looked (
    person text NOT NULL,
    conversation_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (person, conversation_id)
);
CREATE INDEX looked_at ON looked (at);

-- What the views of the inbox list and count.
CREATE INDEX conversation_aside ON conversation (status, opened_at, id)
    WHERE status IN ('waiting', 'snoozed', 'set_aside');
CREATE INDEX conversation_snoozed ON conversation (snoozed_until, id) WHERE status = 'snoozed';
CREATE INDEX conversation_negative ON conversation (opened_at, id)
    WHERE sentiment = 'negative' AND status IN ('new', 'queued', 'assigned', 'waiting', 'snoozed');
