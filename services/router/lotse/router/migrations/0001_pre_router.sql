-- Names that threads go by; a thread with two names is found by either.
CREATE TABLE name (
    id uuid PRIMARY KEY,
    thread_id uuid
) WITH (fillfactor = 80);

CREATE TABLE thread (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL
) WITH (fillfactor = 80);

-- Verified names of customers, as keys that cannot be read back.
CREATE TABLE identifier (
    id uuid PRIMARY KEY,
    customer_id uuid
) WITH (fillfactor = 80);
CREATE INDEX identifier_customer ON identifier (customer_id);

-- Message-IDs of mails, as keys.
CREATE TABLE reference (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL
);

-- `record` is the conversation; the columns beside it are drawn from it for the indices.
CREATE TABLE conversation (
    id uuid PRIMARY KEY,
    status text NOT NULL,
    agent_id text,
    held_for text,
    active boolean NOT NULL,
    live boolean NOT NULL,
    units integer NOT NULL,
    kind uuid,
    due_minute timestamptz,
    aged_since timestamptz,
    timer_at timestamptz,
    record jsonb NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX conversation_queue ON conversation (kind, due_minute, aged_since, id) WHERE status = 'queued';
CREATE INDEX conversation_load ON conversation (agent_id) INCLUDE (units) WHERE active;
CREATE INDEX conversation_hold ON conversation (held_for) WHERE held_for IS NOT NULL;
CREATE INDEX conversation_timer ON conversation (timer_at) WHERE timer_at IS NOT NULL;

CREATE TABLE message (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    length integer NOT NULL,
    sha256 text NOT NULL,
    edit integer,
    edited_at timestamptz,
    removed boolean NOT NULL,
    read boolean NOT NULL,
    read_edit integer,
    read_edited_at timestamptz
) WITH (fillfactor = 80);

CREATE TABLE reply (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL,
    outcome text NOT NULL,
    agent_id text,
    resolves boolean NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE agent (
    id text PRIMARY KEY,
    presence text NOT NULL,
    since timestamptz,
    last_seen timestamptz,
    last_assigned_at timestamptz,
    release_live_at timestamptz,
    release_at timestamptz
) WITH (fillfactor = 50);

-- Facts about what is not known yet, for 24 hours.
CREATE TABLE kept (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    about uuid NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now(),
    headers text NOT NULL,
    value bytea NOT NULL
);
CREATE INDEX kept_about ON kept (about, number);
CREATE INDEX kept_at ON kept (kept_at);
