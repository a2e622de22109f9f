-- Where the service stands in each partition; the truth about offsets.
CREATE TABLE inbox (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    last_stamp bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Events decided and not yet acknowledged by Kafka. `stamp` is null until the relay takes the row.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stamp bigint,
    topic text NOT NULL,
    key text NOT NULL,
    headers text NOT NULL,
    value bytea NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE relay (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    last_stamp bigint NOT NULL DEFAULT 0
);
INSERT INTO relay DEFAULT VALUES;

-- The last `ce_sequence` given under each key.
CREATE TABLE sequence (
    topic text NOT NULL,
    key text NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 70);

-- Records and timers that could not be applied, with all that a replay needs.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key text NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    trace_id text,
    headers text NOT NULL,
    value bytea,
    parked_at timestamptz NOT NULL DEFAULT now(),
    replay_requested boolean NOT NULL DEFAULT false,
    UNIQUE (topic, partition, "offset", key)
);
CREATE INDEX parked_key ON parked (topic, key);

-- Ids of events read from topics that bear no stamp, kept for 8 days.
CREATE TABLE seen (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX seen_at ON seen USING brin (at);
