-- Files, raw mails and long texts, by the hash of their content.
CREATE TABLE blob (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    size bigint NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL
);
ALTER TABLE blob ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX blob_created_at ON blob (created_at);

-- Which messages name a blob: it goes when the last of them is deleted.
CREATE TABLE blob_use (
    message_id uuid NOT NULL,
    sha256 text NOT NULL REFERENCES blob ON DELETE CASCADE,
    PRIMARY KEY (message_id, sha256)
);
CREATE INDEX blob_use_sha256 ON blob_use (sha256);

-- Authentic parts of calls that no parser understood, as they came.
CREATE TABLE unparsed (
    id uuid PRIMARY KEY,
    account text NOT NULL,
    reason text NOT NULL,
    body bytea NOT NULL,
    traceparent text,
    received_at timestamptz NOT NULL
);
CREATE INDEX unparsed_received_at ON unparsed (received_at);

-- Files that lie behind a provider's link until they are fetched. `number` is the attachment's place in its message.
CREATE TABLE media (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    account text NOT NULL,
    url text NOT NULL,
    media_type text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    sha256 text,
    failure text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, number)
);
CREATE INDEX media_due_at ON media (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX media_created_at ON media (created_at);
