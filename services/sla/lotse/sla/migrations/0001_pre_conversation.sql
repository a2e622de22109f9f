CREATE TABLE conversation (
    id uuid PRIMARY KEY,
    history json,
    deadlines json NOT NULL DEFAULT '[]',
    rules text,
    next_at timestamptz,
    traceparent text
);

COMMENT ON COLUMN conversation.history IS 'Facts that deadlines follow from: times, ids and what policies look at; no text and no names. NULL: nothing heard yet';
COMMENT ON COLUMN conversation.rules IS 'Version of the rules that its waiting customer comes under; NULL: nobody waits';
COMMENT ON COLUMN conversation.next_at IS 'When to warn or to say that a deadline was missed';

CREATE INDEX conversation_next_at ON conversation (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX conversation_rules ON conversation (rules) WHERE rules IS NOT NULL;

CREATE TABLE rules (
    version text PRIMARY KEY,
    registered_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    body json NOT NULL
);

COMMENT ON TABLE rules IS 'Every version of policies and calendars that was ever in force, so that deadlines can be computed again';
COMMENT ON COLUMN rules.seen_at IS 'When a replica with this version last said that it runs';
