-- The chain over the audit: docs/audit.md. Hashes are 32 bytes, salts 16.

CREATE TABLE audit_chain (
    seq      INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    salt     BLOB,
    content  BLOB    NOT NULL,
    leaf     BLOB    NOT NULL
) STRICT;

CREATE TABLE audit_seals (
    number          INTEGER PRIMARY KEY,
    first_seq       INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    last            INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    removed_through INTEGER NOT NULL,
    previous        BLOB    NOT NULL,
    head            BLOB    NOT NULL,
    at              INTEGER NOT NULL,
    key             TEXT    NOT NULL,
    signature       BLOB
) STRICT;

-- Who seals. `fence` goes up with each change of hands, so that whoever was replaced cannot write any more.
CREATE TABLE audit_sealer (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    holder    TEXT    NOT NULL,
    fence     INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    announced INTEGER NOT NULL
) STRICT;

INSERT INTO audit_sealer (id, holder, fence, until, announced) VALUES (1, '', 0, 0, 0);

-- A body may go once a seal says so. It is then empty, which no body ever was.
DROP TRIGGER audit_is_not_changed;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
WHEN NOT (NEW.seq = OLD.seq AND NEW.at = OLD.at AND NEW.invocation IS OLD.invocation AND NEW.event = OLD.event
    AND NEW.body = ''
    AND OLD.seq <= (SELECT removed_through FROM audit_seals ORDER BY number DESC LIMIT 1)) IS TRUE
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_chain_is_not_changed BEFORE UPDATE ON audit_chain
WHEN NOT (NEW.seq = OLD.seq AND NEW.position = OLD.position AND NEW.content = OLD.content AND NEW.leaf = OLD.leaf
    AND NEW.salt IS NULL
    AND OLD.seq <= (SELECT removed_through FROM audit_seals ORDER BY number DESC LIMIT 1)) IS TRUE
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_chain_is_not_deleted BEFORE DELETE ON audit_chain
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_seals_are_not_changed BEFORE UPDATE ON audit_seals
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_seals_are_not_deleted BEFORE DELETE ON audit_seals
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;
