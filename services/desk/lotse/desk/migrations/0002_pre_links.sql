-- One-time links that were used, so that none opens twice on any replica; swept when they could not be used any more.
CREATE TABLE link (
    id uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

CREATE INDEX link_expires_at ON link (expires_at);

-- Sessions that were signed out before their time, so that a copied cookie is worth nothing.
CREATE TABLE ended_session (
    id uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

CREATE INDEX ended_session_expires_at ON ended_session (expires_at);
