-- Messages that were deleted, perhaps before they came: nothing of them is stored any more.
CREATE TABLE gone (
    message_id uuid PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX gone_at ON gone (at);
