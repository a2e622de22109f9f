-- How a person says that a message reads; written from lotse-conversations.
-- `is_edit`, `edit` and `edited` say of which text, as in analysis.rank.
CREATE TABLE correction (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    reading json NOT NULL,
    is_edit bigint NOT NULL,
    edit bigint NOT NULL,
    edited bigint NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    comment text,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, message_id)
);

-- Written from lotse-deadlines. `degraded_at` NULL: as usual.
CREATE TABLE service_level (
    channel text PRIMARY KEY,
    degraded_at timestamptz,
    since timestamptz,
    p90 interval,
    baseline interval,
    share_met double precision,
    volume_change double precision,
    staffed integer,
    topic text,
    changed_at timestamptz NOT NULL
);

CREATE INDEX conversation_crisis ON conversation (waiting_since, id)
    WHERE status IN ('new', 'queued', 'assigned') AND reading ->> 'situation' = 'crisis';

-- Alarms that a person has seen enough of: what is no younger than `until` is not shown to him again.
CREATE TABLE dismissal (
    person text NOT NULL,
    alarm text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (person, alarm)
);
