CREATE TABLE due (
    key    TEXT   PRIMARY KEY,
    at     BIGINT NOT NULL,
    origin JSON   NOT NULL
);

CREATE INDEX due_at ON due (at);

CREATE TABLE leases (
    id      TEXT   PRIMARY KEY,
    holding TEXT   NOT NULL,
    until   BIGINT NOT NULL,
    ended   BIGINT,
    lease   JSON   NOT NULL
);

CREATE INDEX leases_running ON leases (until) WHERE ended IS NULL;
CREATE INDEX leases_holding ON leases (holding) WHERE ended IS NULL;

CREATE TABLE touched (
    resource   TEXT NOT NULL,
    invocation TEXT NOT NULL REFERENCES invocations (id),
    PRIMARY KEY (resource, invocation)
);

CREATE INDEX invocations_planned ON invocations (seq) WHERE digest IS NOT NULL;
