//! What one transaction does with the file: a batch of writes, each checked and written in its turn.
//!
//! Over rusqlite, row by row, on the thread that holds the connection: sqlx asks a thread of its own for
//! each statement, which costs more than a row does (`docs/benchmarks.md`).

use rusqlite::{CachedStatement, Connection, params};

use super::super::rows::{AuditRow, BookRow, ChangeRow, ClickRow, ReceiveRow, Write};
use super::super::writer::{Pruning, Verdict, fault_point};
use super::chain;

const INVOCATION: &str =
    "INSERT INTO invocations (id, version, state, origin, reported, received_at, updated_at)
     VALUES (?1, 0, 'received', ?2, 0, ?3, ?3)";

const SEEN: &str = "INSERT INTO seen (key, invocation, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

const UNSEEN: &str = "DELETE FROM seen WHERE key = ?1";

const CLICK: &str = "INSERT INTO clicks (key, body, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

const CHANGE: &str = "UPDATE invocations SET version = version + 1,
     state = coalesce(?3, state), command = coalesce(?4, command), args = coalesce(?5, args),
     plan = coalesce(?6, plan), digest = coalesce(?7, digest), gate = coalesce(?8, gate),
     posted = coalesce(?9, posted), outcome = coalesce(?10, outcome),
     reported = coalesce(?11, reported), updated_at = coalesce(?12, updated_at)
     WHERE id = ?1 AND version = ?2";

const STEP: &str = "INSERT INTO steps (invocation, step, state, started_at, tries, applied, error)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT (invocation, step) DO UPDATE SET state = excluded.state, tries = excluded.tries,
     applied = excluded.applied, error = excluded.error";

const CLICK_DONE: &str = "UPDATE clicks SET done = 1 WHERE key = ?1";

const AUDIT: &str = "INSERT INTO audit (at, invocation, event, body) VALUES (?1, ?2, ?3, ?4)";

const DUE: &str = "INSERT INTO due (key, at, origin) VALUES (?1, ?2, ?3)
     ON CONFLICT (key) DO UPDATE SET at = excluded.at, origin = excluded.origin";

const NOT_DUE: &str = "DELETE FROM due WHERE key = ?1";

const LEASE: &str = "INSERT INTO leases (id, holding, until, ended, lease) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (id) DO UPDATE SET holding = excluded.holding, until = excluded.until,
     ended = excluded.ended, lease = excluded.lease";

const TOUCHED: &str = "INSERT INTO touched (resource, invocation) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

const REMEMBER: &str = "INSERT INTO remembered (key, value) VALUES (?1, ?2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value";

const FORGET: &str = "DELETE FROM remembered WHERE key = ?1";

const PROBE: &str = "UPDATE probe SET count = count + 1";

const PRUNE: &str = "DELETE FROM seen WHERE seq IN (
     SELECT seq FROM (SELECT seq, at FROM seen ORDER BY seq LIMIT ?1) WHERE at < ?2)";

const PRUNE_CLICKS: &str = "DELETE FROM clicks WHERE seq IN (
     SELECT seq FROM (SELECT seq, at FROM clicks WHERE done = 1 ORDER BY seq LIMIT ?1) WHERE at < ?2)";

/// Writes the batch and commits it. Keys from before `prune_before` are forgotten besides, a bounded number;
/// the second value is how many. After an error the transaction may be open still.
pub(super) fn write(
    connection: &Connection,
    batch: &[Write],
    prune_before: Option<i64>,
) -> rusqlite::Result<(Vec<Verdict>, u64)> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut verdicts = Vec::with_capacity(batch.len());
    {
        let mut rows = Rows::new(connection);
        for write in batch {
            verdicts.push(rows.write(write)?);
        }
    }
    let pruned = match prune_before {
        Some(before) => {
            let clicks = connection.prepare_cached(PRUNE_CLICKS)?.execute([Pruning::AT_ONCE, before])?;
            connection.prepare_cached(PRUNE)?.execute([Pruning::AT_ONCE, before])?.max(clicks)
        }
        None => 0,
    };
    fault_point("before", batch);
    connection.prepare_cached("COMMIT")?.execute([])?;
    fault_point("after", batch);
    Ok((verdicts, u64::try_from(pruned).unwrap_or(u64::MAX)))
}

/// A statement that is looked up once for a batch, if the batch needs it.
struct Statement<'c> {
    connection: &'c Connection,
    sql: &'static str,
    ready: Option<CachedStatement<'c>>,
}

impl<'c> Statement<'c> {
    fn new(connection: &'c Connection, sql: &'static str) -> Self {
        Self { connection, sql, ready: None }
    }

    /// How many rows it wrote.
    fn run(&mut self, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        let statement = match &mut self.ready {
            Some(statement) => statement,
            ready => ready.insert(self.connection.prepare_cached(self.sql)?),
        };
        statement.execute(values)
    }
}

/// The statements of a batch.
struct Rows<'c> {
    connection: &'c Connection,
    invocation: Statement<'c>,
    seen: Statement<'c>,
    unseen: Statement<'c>,
    click: Statement<'c>,
    change: Statement<'c>,
    step: Statement<'c>,
    click_done: Statement<'c>,
    audit: Statement<'c>,
    due: Statement<'c>,
    not_due: Statement<'c>,
    lease: Statement<'c>,
    touched: Statement<'c>,
    remember: Statement<'c>,
    forget: Statement<'c>,
    probe: Statement<'c>,
}

impl<'c> Rows<'c> {
    fn new(connection: &'c Connection) -> Self {
        let statement = |sql| Statement::new(connection, sql);
        Self {
            connection,
            invocation: statement(INVOCATION),
            seen: statement(SEEN),
            unseen: statement(UNSEEN),
            click: statement(CLICK),
            change: statement(CHANGE),
            step: statement(STEP),
            click_done: statement(CLICK_DONE),
            audit: statement(AUDIT),
            due: statement(DUE),
            not_due: statement(NOT_DUE),
            lease: statement(LEASE),
            touched: statement(TOUCHED),
            remember: statement(REMEMBER),
            forget: statement(FORGET),
            probe: statement(PROBE),
        }
    }

    fn write(&mut self, write: &Write) -> rusqlite::Result<Verdict> {
        match write {
            Write::Receive(new) => self.receive(new),
            Write::Click(new) => self.click(new),
            Write::Change(change) => self.change(change),
            Write::ClickDone { key, audit } => {
                self.click_done.run([key])?;
                audit.iter().try_for_each(|entry| self.audit(entry))?;
                Ok(Verdict::Written)
            }
            Write::Book(book) => self.book(book).map(|()| Verdict::Written),
            Write::Sealing(sealing) => chain::seal(self.connection, sealing),
            Write::Forget(forget) => chain::forget(self.connection, forget).map(Verdict::Forgotten),
            Write::Remember { key, value } => self.keep(key, value.as_deref()).map(|()| Verdict::Written),
            Write::Probe => self.probe.run([]).map(|_| Verdict::Written),
        }
    }

    fn receive(&mut self, new: &ReceiveRow) -> rusqlite::Result<Verdict> {
        if let Some(due) = &new.due
            && self.not_due.run([due])? == 0
        {
            return Ok(Verdict::Duplicate);
        }
        for (place, key) in new.keys.iter().enumerate() {
            if self.seen.run(params![key, new.id, new.at])? == 0 {
                // It is known by this key. Those before were not known, and are not to be.
                for key in new.keys.iter().take(place) {
                    self.unseen.run([key])?;
                }
                return Ok(Verdict::Duplicate);
            }
        }
        self.invocation.run(params![new.id, new.origin, new.at])?;
        self.audit(&new.audit)?;
        Ok(Verdict::Written)
    }

    fn click(&mut self, new: &ClickRow) -> rusqlite::Result<Verdict> {
        let written = self.click.run(params![new.key, new.body, new.at])?;
        Ok(if written == 0 { Verdict::Duplicate } else { Verdict::Written })
    }

    fn change(&mut self, change: &ChangeRow) -> rusqlite::Result<Verdict> {
        let written = self.change.run(params![
            change.id,
            change.version,
            change.state,
            change.command,
            change.args,
            change.plan,
            change.digest,
            change.gate,
            change.posted,
            change.outcome,
            change.reported,
            change.at,
        ])?;
        if written == 0 {
            return Ok(Verdict::Conflict);
        }
        for step in &change.steps {
            self.step.run(params![
                change.id,
                step.step,
                step.state,
                step.started_at,
                step.tries,
                step.applied,
                step.error
            ])?;
        }
        for key in &change.clicks_done {
            self.click_done.run([key])?;
        }
        for resource in &change.touched {
            self.touched.run([resource, &change.id])?;
        }
        self.book(&change.book)?;
        change.audit.iter().try_for_each(|entry| self.audit(entry))?;
        Ok(Verdict::Written)
    }

    fn book(&mut self, book: &BookRow) -> rusqlite::Result<()> {
        for key in &book.dropped {
            self.not_due.run([key])?;
        }
        for due in &book.due {
            self.due.run(params![due.key, due.at, due.origin])?;
        }
        for lease in &book.leases {
            self.lease.run(params![lease.id, lease.holding, lease.until, lease.ended, lease.lease])?;
        }
        for (key, value) in &book.kept {
            self.keep(key, value.as_deref())?;
        }
        book.audit.iter().try_for_each(|entry| self.audit(entry))
    }

    fn keep(&mut self, key: &str, value: Option<&str>) -> rusqlite::Result<()> {
        match value {
            Some(value) => self.remember.run([key, value]).map(|_| ()),
            None => self.forget.run([key]).map(|_| ()),
        }
    }

    fn audit(&mut self, entry: &AuditRow) -> rusqlite::Result<()> {
        self.audit.run(params![entry.at, entry.invocation, entry.event, entry.body]).map(|_| ())
    }
}
