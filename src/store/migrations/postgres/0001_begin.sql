-- Times are microseconds since 1970 UTC, as in SQLite. Structured values are `json`, not `jsonb`: `jsonb`
-- refuses U+0000, which people can type, and rewrites numbers and order, which an audit must keep.

CREATE TABLE invocations (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    version     BIGINT  NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('received', 'answered', 'denied', 'planned', 'waiting',
                    'running', 'done', 'partial', 'failed', 'cancelled', 'expired')),
    origin      JSON    NOT NULL,
    command     TEXT,
    args        JSON,
    plan        JSON,
    digest      TEXT,
    gate        JSON,
    posted      JSON,
    outcome     JSON,
    reported    BOOLEAN NOT NULL,
    received_at BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL
);

CREATE INDEX invocations_unfinished ON invocations (seq)
    WHERE NOT reported OR state IN ('received', 'planned', 'waiting', 'running');

CREATE TABLE seen (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        TEXT   NOT NULL UNIQUE,
    invocation TEXT   NOT NULL,
    at         BIGINT NOT NULL
);

CREATE TABLE steps (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invocation TEXT   NOT NULL REFERENCES invocations (id),
    step       TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('started', 'done', 'failed', 'skipped')),
    started_at BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    applied    JSON,
    error      JSON,
    UNIQUE (invocation, step)
);

CREATE TABLE clicks (
    seq  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key  TEXT    NOT NULL UNIQUE,
    body JSON    NOT NULL,
    at   BIGINT  NOT NULL,
    done BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX clicks_unfinished ON clicks (seq) WHERE NOT done;

CREATE TABLE audit (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         BIGINT NOT NULL,
    invocation TEXT,
    event      TEXT   NOT NULL,
    body       JSON   NOT NULL
);

CREATE INDEX audit_invocation ON audit (invocation, seq) WHERE invocation IS NOT NULL;

CREATE FUNCTION refuse_to_change_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END
$$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit();

CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    count BIGINT  NOT NULL
);

INSERT INTO probe (id, count) VALUES (1, 0);
