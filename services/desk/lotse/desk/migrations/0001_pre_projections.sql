-- How often the projections were begun anew; `heard` says of each key in which generation it was read.
CREATE TABLE generation (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    current integer NOT NULL DEFAULT 1
);
INSERT INTO generation DEFAULT VALUES;

CREATE TABLE heard (
    topic text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    generation integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (key, topic)
) WITH (fillfactor = 70);

-- Written from lotse-conversations.
CREATE TABLE conversation (
    id uuid PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    customer_id uuid,
    account text,
    channel text,
    previous_id uuid,
    auto boolean NOT NULL,
    trace_id text,
    status text NOT NULL,
    priority integer,
    assignee text,
    units integer NOT NULL,
    team text,
    waiting_since timestamptz,
    snoozed_until timestamptz,
    reading json,
    sentiment text
) WITH (fillfactor = 80);
CREATE INDEX conversation_newest ON conversation (opened_at, id);
CREATE INDEX conversation_customer ON conversation (customer_id, opened_at);
CREATE INDEX conversation_assignee ON conversation (assignee, opened_at) WHERE assignee IS NOT NULL;
CREATE INDEX conversation_unanswered ON conversation (waiting_since, id) WHERE status IN ('new', 'queued', 'assigned');

CREATE TABLE message (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    sequence bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    customer_id uuid,
    channel text,
    sender_name text,
    text text,
    subject text,
    full_text json,
    attachments json NOT NULL,
    received_at timestamptz,
    auto boolean NOT NULL,
    edited_at timestamptz,
    removed_at timestamptz,
    PRIMARY KEY (conversation_id, message_id)
);

CREATE TABLE reply (
    conversation_id uuid NOT NULL,
    reply_id uuid NOT NULL,
    sequence bigint NOT NULL,
    agent_id text NOT NULL,
    agent_name text,
    approved boolean NOT NULL,
    text text,
    attachments json NOT NULL,
    leads_to text,
    override_reason text,
    problem text,
    spans json NOT NULL,
    suggestion text,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, reply_id)
);

CREATE TABLE note (
    conversation_id uuid NOT NULL,
    note_id uuid NOT NULL,
    text text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, note_id)
);

CREATE TABLE assignment (
    conversation_id uuid NOT NULL,
    sequence bigint NOT NULL,
    previous text,
    current text,
    team text,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    reason text NOT NULL,
    ring integer,
    queued_at timestamptz,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, sequence)
);

CREATE TABLE customer (
    id uuid PRIMARY KEY,
    name text COLLATE "C",
    named_at timestamptz NOT NULL,
    first_at timestamptz NOT NULL
);

CREATE TABLE identity (
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL,
    value text NOT NULL,
    verified boolean NOT NULL,
    PRIMARY KEY (customer_id, kind, scope, value)
);

CREATE TABLE agent (
    id text PRIMARY KEY,
    status text NOT NULL,
    since timestamptz NOT NULL,
    reason text NOT NULL
);

CREATE TABLE command (
    id uuid PRIMARY KEY,
    rank integer NOT NULL,
    subject text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    refused boolean NOT NULL,
    reason text,
    detail text,
    at timestamptz NOT NULL
);

-- Written from lotse-insights.
CREATE TABLE analysis (
    message_id uuid PRIMARY KEY,
    rank bigint[] NOT NULL,
    reading json,
    pii json NOT NULL
);

-- Written from lotse-deadlines.
CREATE TABLE deadline (
    conversation_id uuid NOT NULL,
    deadline_id uuid NOT NULL,
    clock text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    started_at timestamptz,
    due_at timestamptz,
    policy text,
    warned_at timestamptz,
    missed_at timestamptz,
    met_at timestamptz,
    late boolean NOT NULL,
    corrected boolean NOT NULL,
    ended_at timestamptz,
    end_reason text,
    PRIMARY KEY (conversation_id, deadline_id)
) WITH (fillfactor = 80);
CREATE INDEX deadline_open ON deadline (due_at, deadline_id) WHERE state = 'open';
CREATE INDEX deadline_missed ON deadline (due_at, deadline_id) WHERE missed_at IS NOT NULL;

-- Written from lotse-notices.
CREATE TABLE delivery (
    conversation_id uuid NOT NULL,
    reply_id uuid NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    agent_id text,
    channel text,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    reason text,
    detail text,
    human boolean NOT NULL,
    elsewhere boolean NOT NULL,
    text text,
    PRIMARY KEY (conversation_id, reply_id)
);

CREATE TABLE notice (
    conversation_id uuid NOT NULL,
    notice_id uuid NOT NULL,
    kind text NOT NULL,
    sink text NOT NULL,
    state text NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, notice_id)
);

-- An expression and no stored column: the words are kept once. New entries gather in a pending list first.
CREATE INDEX message_words ON message
    USING gin (to_tsvector('german', coalesce(subject, '') || ' ' || coalesce(text, '')));
