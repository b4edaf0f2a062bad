-- What is to happen later: a command that the bot asks itself when its time has come. The row goes in the
-- transaction that receives the command.
CREATE TABLE due (
    key    TEXT    PRIMARY KEY,
    at     INTEGER NOT NULL,
    origin TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX due_at ON due (at);

-- What is held until some time. `holding` tells what is held; `ended` is null while it runs.
CREATE TABLE leases (
    id      TEXT    PRIMARY KEY,
    holding TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    ended   INTEGER,
    lease   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_running ON leases (until) WHERE ended IS NULL;
CREATE INDEX leases_holding ON leases (holding) WHERE ended IS NULL;

-- What each plan is about: resources, their owners, and the person who asked.
CREATE TABLE touched (
    resource   TEXT NOT NULL,
    invocation TEXT NOT NULL REFERENCES invocations (id),
    PRIMARY KEY (resource, invocation)
) STRICT, WITHOUT ROWID;

CREATE INDEX invocations_planned ON invocations (seq) WHERE digest IS NOT NULL;
