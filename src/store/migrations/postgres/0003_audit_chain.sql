-- The chain over the audit: docs/audit.md. Hashes are 32 bytes, salts 16.

CREATE TABLE audit_chain (
    seq      BIGINT PRIMARY KEY,
    position BIGINT NOT NULL,
    salt     BYTEA,
    content  BYTEA  NOT NULL,
    leaf     BYTEA  NOT NULL
);

CREATE TABLE audit_seals (
    number          BIGINT PRIMARY KEY,
    first_seq       BIGINT NOT NULL,
    last_seq        BIGINT NOT NULL,
    last            BIGINT NOT NULL,
    count           BIGINT NOT NULL,
    removed_through BIGINT NOT NULL,
    previous        BYTEA  NOT NULL,
    head            BYTEA  NOT NULL,
    at              BIGINT NOT NULL,
    key             TEXT   NOT NULL,
    signature       BYTEA
);

-- Who seals. `fence` goes up with each change of hands, so that whoever was replaced cannot write any more.
CREATE TABLE audit_sealer (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    holder    TEXT   NOT NULL,
    fence     BIGINT NOT NULL,
    until     BIGINT NOT NULL,
    announced BIGINT NOT NULL
);

INSERT INTO audit_sealer (id, holder, fence, until, announced) VALUES (1, '', 0, 0, 0);

-- Numbers are given before a transaction ends, so a lower one can appear after a higher one. Whoever appends holds
-- this lock, shared, from before its first number until its end. The sealer only looks who holds it, and seals up to
-- a number once nobody who may have been given a lower one is left. Nobody waits for anybody.
CREATE FUNCTION tell_of_appending_to_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1752523361, 1969514868);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_tells_of_appending BEFORE INSERT ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_appending_to_the_audit();

-- A body may go once a seal says so.
ALTER TABLE audit ALTER COLUMN body DROP NOT NULL;

DROP TRIGGER audit_is_append_only ON audit;

CREATE TRIGGER audit_is_append_only BEFORE DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit();

CREATE FUNCTION only_take_bodies_out_of_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.seq, NEW.at, NEW.event) = (OLD.seq, OLD.at, OLD.event)
        AND NEW.invocation IS NOT DISTINCT FROM OLD.invocation AND NEW.body IS NULL
        AND OLD.seq <= (SELECT removed_through FROM audit_seals ORDER BY number DESC LIMIT 1)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is append-only';
END
$$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION only_take_bodies_out_of_the_audit();

CREATE FUNCTION only_take_salts_out_of_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.seq, NEW.position, NEW.content, NEW.leaf) = (OLD.seq, OLD.position, OLD.content, OLD.leaf)
        AND NEW.salt IS NULL
        AND OLD.seq <= (SELECT removed_through FROM audit_seals ORDER BY number DESC LIMIT 1)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is append-only';
END
$$;

CREATE TRIGGER audit_chain_is_not_changed BEFORE UPDATE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION only_take_salts_out_of_the_audit();

CREATE TRIGGER audit_chain_is_append_only BEFORE DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit();

CREATE TRIGGER audit_seals_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit();
