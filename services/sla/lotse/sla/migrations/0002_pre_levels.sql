-- What each batch says of a channel's waits, until its five minutes are over. Only ever added to and emptied.
CREATE TABLE tally (
    at timestamptz NOT NULL,
    channel text NOT NULL,
    begun integer NOT NULL,
    kept integer NOT NULL,
    broken integer NOT NULL,
    took json NOT NULL,
    topics json NOT NULL
);

-- Five minutes of a channel that are over.
CREATE TABLE service_window (
    channel text NOT NULL,
    begins timestamptz NOT NULL,
    begun integer NOT NULL,
    kept integer NOT NULL,
    broken integer NOT NULL,
    answers integer NOT NULL,
    p90 double precision,
    topics json NOT NULL,
    slow boolean NOT NULL,
    PRIMARY KEY (channel, begins)
);

CREATE TABLE service_level (
    channel text PRIMARY KEY,
    degraded_at timestamptz
);

-- The window to be closed next; NULL: none was begun yet. One replica closes at a time.
CREATE TABLE service_cursor (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    next timestamptz
);
INSERT INTO service_cursor DEFAULT VALUES;

CREATE TABLE agent (
    id text PRIMARY KEY,
    presence text NOT NULL
);
