CREATE TABLE conversation (
    id uuid PRIMARY KEY,
    next_ordinal bigint NOT NULL DEFAULT 1,
    opened_at timestamptz,
    customer_name text NOT NULL DEFAULT '',
    received boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);

-- Which conversation has a thread (uuid5 of account and thread), and the provider's watermarks.
CREATE TABLE thread (
    id uuid PRIMARY KEY,
    conversation_id uuid,
    opened_at timestamptz,
    delivered_up_to timestamptz,
    read_up_to timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX thread_unclaimed ON thread (changed_at) WHERE conversation_id IS NULL;

-- What was heard of one message by the provider's id, perhaps before it is known whose it is.
CREATE TABLE provider_message (
    account text NOT NULL,
    provider_id text NOT NULL,
    outgoing_id uuid,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    failure text NOT NULL DEFAULT '',
    echo_thread uuid,
    echo_channel text,
    echo_text text,
    echo_at timestamptz,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, provider_id)
);
CREATE INDEX provider_message_echo ON provider_message (echo_thread) WHERE echo_thread IS NOT NULL;
CREATE INDEX provider_message_kept ON provider_message (kept_at);

-- When an address (uuid5 of account and recipient) last got an automatic message.
CREATE TABLE address (
    id uuid PRIMARY KEY,
    last_at timestamptz
) WITH (fillfactor = 80);

CREATE TABLE outgoing (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('reply', 'received', 'alert')),
    conversation_id uuid NOT NULL,
    ordinal bigint NOT NULL,
    sink text NOT NULL CHECK (sink IN ('meta', 'mail', 'webhook')),
    account text NOT NULL,
    thread uuid,
    content text NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    cause uuid NOT NULL,
    traceparent text,
    stage text NOT NULL CHECK (stage IN ('pending', 'sending', 'sent', 'failed', 'unknown')),
    done integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    provider_ids text[] NOT NULL DEFAULT '{}',
    problem text NOT NULL DEFAULT '',
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX outgoing_due ON outgoing (sink, due_at, id) WHERE stage = 'pending';
CREATE INDEX outgoing_ahead ON outgoing (conversation_id, account, ordinal) WHERE stage IN ('pending', 'sending');
CREATE INDEX outgoing_expiring ON outgoing (expires_at) WHERE stage = 'pending';
CREATE INDEX outgoing_leased ON outgoing (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX outgoing_open ON outgoing (thread)
    WHERE stage IN ('pending', 'sending', 'unknown') OR lease_until IS NOT NULL OR (stage = 'sent' AND provider_ids = '{}');
CREATE INDEX outgoing_unread ON outgoing (thread, sent_at) WHERE stage = 'sent' AND read_at IS NULL;
CREATE INDEX outgoing_old ON outgoing (due_at) WHERE stage IN ('sent', 'failed', 'unknown');

-- Accounts and alerts that stand still: one row is tried when `until` is over.
CREATE TABLE stopped (
    account text PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('paused', 'token', 'gone')),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL
);
