-- Times are microseconds since 1970 UTC. Structured values are JSON text. `seq` keeps the order of arrival.

CREATE TABLE invocations (
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    version     INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('received', 'answered', 'denied', 'planned', 'waiting',
                    'running', 'done', 'partial', 'failed', 'cancelled', 'expired')),
    origin      TEXT    NOT NULL,
    command     TEXT,
    args        TEXT,
    plan        TEXT,
    digest      TEXT,
    gate        TEXT,
    posted      TEXT,
    outcome     TEXT,
    reported    INTEGER NOT NULL CHECK (reported IN (0, 1)),
    received_at INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- What is to be picked up after a crash is found without reading what is done with.
CREATE INDEX invocations_unfinished ON invocations (seq)
    WHERE reported = 0 OR state IN ('received', 'planned', 'waiting', 'running');

-- Keys of what was received. In the order of arrival, so that the oldest are found without an index of
-- their own.
CREATE TABLE seen (
    seq        INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    invocation TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;

-- The journal. `seq` breaks ties between steps that started in the same microsecond.
CREATE TABLE steps (
    seq        INTEGER PRIMARY KEY,
    invocation TEXT    NOT NULL REFERENCES invocations (id),
    step       TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('started', 'done', 'failed', 'skipped')),
    started_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    applied    TEXT,
    error      TEXT,
    UNIQUE (invocation, step)
) STRICT;

CREATE TABLE clicks (
    seq  INTEGER PRIMARY KEY,
    key  TEXT    NOT NULL UNIQUE,
    body TEXT    NOT NULL,
    at   INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT;

CREATE INDEX clicks_unfinished ON clicks (seq) WHERE done = 0;

-- AUTOINCREMENT: a number is never given twice, even if the newest row were taken out of the file.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    invocation TEXT,
    event      TEXT    NOT NULL,
    body       TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_invocation ON audit (invocation, seq) WHERE invocation IS NOT NULL;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

-- Nothing before an INSERT: such a trigger makes SQLite keep a copy of each page that an insert touches.

-- One row that is written to see whether writing works.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
) STRICT;

INSERT INTO probe (id, count) VALUES (1, 0);
