//! What one transaction asks PostgreSQL: each statement takes all rows of its kind, as arrays.

use std::collections::{BTreeMap, HashSet};

use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};

use super::super::rows::{AuditRow, BookRow, ChangeRow, DueRow, LeaseRow, ReceiveRow, StepRow, Write};
use super::super::writer::{Pruning, Verdict};

/// Everything but the commit. Returns the verdicts, the transaction's id, and how many keys were pruned.
pub(super) async fn work(
    connection: &mut PgConnection,
    batch: &[Write],
    prune_before: Option<i64>,
) -> Result<(Vec<Verdict>, String, u64), sqlx::Error> {
    connection.execute("BEGIN").await?;
    // All replicas lock in this order: invocations by id, keys, clicks by key.
    let mut changes: Vec<&ChangeRow> = Vec::new();
    let mut receives: Vec<&ReceiveRow> = Vec::new();
    for write in batch {
        match write {
            Write::Change(change) => changes.push(change),
            Write::Receive(new) => receives.push(new),
            _ => {}
        }
    }
    let matched = lock_matching(connection, &changes).await?;
    changes.retain(|change| matched.contains(&change.id));
    // What is not due any more is not received.
    let gone = drop_due(connection, receives.iter().filter_map(|new| new.due.as_deref())).await?;
    receives.retain(|new| new.due.as_ref().is_none_or(|due| gone.contains(due)));
    let fresh = insert_keys(connection, &receives).await?;
    receives.retain(|new| fresh.contains(&new.id));
    let clicks = insert_clicks(connection, batch).await?;
    let mut verdicts: Vec<Verdict> = batch
        .iter()
        .map(|write| match write {
            Write::Change(change) if !matched.contains(&change.id) => Verdict::Conflict,
            Write::Receive(new) if !fresh.contains(&new.id) => Verdict::Duplicate,
            Write::Click(new) if !clicks.contains(&new.key) => Verdict::Duplicate,
            _ => Verdict::Written,
        })
        .collect();
    insert_invocations(connection, &receives).await?;
    update(connection, &changes).await?;
    upsert_steps(connection, &changes).await?;
    let mut audit: Vec<&AuditRow> = Vec::new();
    let mut clicks_done: Vec<&str> = Vec::new();
    let mut books: Vec<&BookRow> = Vec::new();
    for (write, _) in batch.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Written) {
        match write {
            Write::Receive(new) => audit.push(&new.audit),
            Write::Change(change) => {
                audit.extend(&change.audit);
                clicks_done.extend(change.clicks_done.iter().map(String::as_str));
                books.push(&change.book);
            }
            Write::Book(book) => books.push(book),
            Write::ClickDone { key, audit: entries } => {
                audit.extend(entries);
                clicks_done.push(key);
            }
            Write::Remember { key, value } => keep(connection, key, value.as_deref()).await?,
            Write::Click(_) | Write::Sealing(_) | Write::Forget(_) => {}
            Write::Probe => {
                connection.execute("UPDATE probe SET count = count + 1").await?;
            }
        }
    }
    if !clicks_done.is_empty() {
        let sql = "UPDATE clicks SET done = TRUE WHERE key IN (
                     SELECT key FROM clicks WHERE key = ANY ($1) ORDER BY key FOR UPDATE)";
        sqlx::query(sql).bind(&clicks_done).execute(&mut *connection).await?;
    }
    insert_touched(connection, &changes).await?;
    put_down(connection, &books).await?;
    // In one order in all replicas, so that none waits for another that waits for it.
    let kept: BTreeMap<&String, &Option<String>> = books.iter().flat_map(|book| &book.kept).collect();
    for (key, value) in kept {
        keep(connection, key, value.as_deref()).await?;
    }
    audit.extend(books.iter().flat_map(|book| &book.audit));
    append_audit(connection, &audit).await?;
    tend_chain(connection, batch, &mut verdicts).await?;
    let pruned = match prune_before {
        Some(before) => prune(connection, before).await?,
        None => 0,
    };
    let transaction =
        sqlx::query_scalar("SELECT pg_current_xact_id()::text").fetch_one(&mut *connection).await?;
    Ok((verdicts, transaction, pruned))
}

/// Keeps a single thing in place of what was there, or forgets it.
async fn keep(connection: &mut PgConnection, key: &str, value: Option<&str>) -> Result<(), sqlx::Error> {
    let query = match value {
        Some(value) => sqlx::query(
            "INSERT INTO remembered (key, value) VALUES ($1, $2::json)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(value),
        None => sqlx::query("DELETE FROM remembered WHERE key = $1").bind(key),
    };
    query.execute(connection).await.map(drop)
}

/// Locks the invocations that are at the versions asked for, and returns their ids.
async fn lock_matching(
    connection: &mut PgConnection,
    changes: &[&ChangeRow],
) -> Result<HashSet<String>, sqlx::Error> {
    if changes.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
    let versions: Vec<i64> = changes.iter().map(|change| change.version).collect();
    let sql = "SELECT id FROM invocations
               JOIN unnest($1::text[], $2::bigint[]) AS asked (asked_id, asked_version)
                 ON id = asked_id AND version = asked_version
               ORDER BY id FOR UPDATE OF invocations";
    let rows = sqlx::query(sql).bind(ids).bind(versions).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Inserts the keys of commands whose keys are all new, and returns the ids of these commands.
async fn insert_keys(
    connection: &mut PgConnection,
    receives: &[&ReceiveRow],
) -> Result<HashSet<String>, sqlx::Error> {
    if receives.is_empty() {
        return Ok(HashSet::new());
    }
    let all = receives.iter().flat_map(|new| new.keys.iter().map(move |key| (key.as_str(), *new)));
    let (mut keys, mut ids, mut ats) = (Vec::new(), Vec::new(), Vec::new());
    for (key, new) in all {
        keys.push(key);
        ids.push(new.id.as_str());
        ats.push(new.at);
    }
    let sql = "INSERT INTO seen (key, invocation, at)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (key, invocation, at)
               ORDER BY key ON CONFLICT (key) DO NOTHING RETURNING key";
    let rows = sqlx::query(sql).bind(keys).bind(ids).bind(ats).fetch_all(&mut *connection).await?;
    let inserted: HashSet<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let (fresh, known): (Vec<&ReceiveRow>, Vec<&ReceiveRow>) =
        receives.iter().partition(|new| new.keys.iter().all(|key| inserted.contains(key)));
    // Of a command of which one key is known, nothing is written.
    let back: Vec<&String> =
        known.iter().flat_map(|new| &new.keys).filter(|key| inserted.contains(*key)).collect();
    if !back.is_empty() {
        sqlx::query("DELETE FROM seen WHERE key = ANY ($1)").bind(back).execute(connection).await?;
    }
    Ok(fresh.iter().map(|new| new.id.clone()).collect())
}

/// Inserts the clicks that are new, and returns their keys.
async fn insert_clicks(
    connection: &mut PgConnection,
    batch: &[Write],
) -> Result<HashSet<String>, sqlx::Error> {
    let (mut keys, mut bodies, mut ats) = (Vec::new(), Vec::new(), Vec::new());
    for write in batch {
        if let Write::Click(new) = write {
            keys.push(new.key.as_str());
            bodies.push(new.body.as_str());
            ats.push(new.at);
        }
    }
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = "INSERT INTO clicks (key, body, at)
               SELECT key, body::json, at
               FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (key, body, at)
               ORDER BY key ON CONFLICT (key) DO NOTHING RETURNING key";
    let rows = sqlx::query(sql).bind(keys).bind(bodies).bind(ats).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

async fn insert_invocations(
    connection: &mut PgConnection,
    receives: &[&ReceiveRow],
) -> Result<(), sqlx::Error> {
    if receives.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = receives.iter().map(|new| new.id.as_str()).collect();
    let origins: Vec<&str> = receives.iter().map(|new| new.origin.as_str()).collect();
    let ats: Vec<i64> = receives.iter().map(|new| new.at).collect();
    let sql = "INSERT INTO invocations (id, version, state, origin, reported, received_at, updated_at)
               SELECT id, 0, 'received', origin::json, FALSE, at, at
               FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS given (id, origin, at, n)
               ORDER BY n";
    sqlx::query(sql).bind(ids).bind(origins).bind(ats).execute(connection).await.map(|_| ())
}

async fn update(connection: &mut PgConnection, changes: &[&ChangeRow]) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&ChangeRow) -> Option<&str>| -> Vec<Option<&str>> {
        changes.iter().map(|change| of(change)).collect()
    };
    let sql = "UPDATE invocations AS it SET version = it.version + 1,
                 state = coalesce(given.state, it.state), command = coalesce(given.command, it.command),
                 args = coalesce(given.args::json, it.args), plan = coalesce(given.plan::json, it.plan),
                 digest = coalesce(given.digest, it.digest), gate = coalesce(given.gate::json, it.gate),
                 posted = coalesce(given.posted::json, it.posted),
                 outcome = coalesce(given.outcome::json, it.outcome),
                 reported = coalesce(given.reported, it.reported),
                 updated_at = coalesce(given.at, it.updated_at)
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                           $8::text[], $9::text[], $10::boolean[], $11::bigint[])
                 AS given (id, state, command, args, plan, digest, gate, posted, outcome, reported, at)
               WHERE it.id = given.id";
    sqlx::query(sql)
        .bind(changes.iter().map(|change| change.id.as_str()).collect::<Vec<_>>())
        .bind(column(|change| change.state))
        .bind(column(|change| change.command.as_deref()))
        .bind(column(|change| change.args.as_deref()))
        .bind(column(|change| change.plan.as_deref()))
        .bind(column(|change| change.digest.as_deref()))
        .bind(column(|change| change.gate.as_deref()))
        .bind(column(|change| change.posted.as_deref()))
        .bind(column(|change| change.outcome.as_deref()))
        .bind(changes.iter().map(|change| change.reported).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| change.at).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(|_| ())
}

async fn upsert_steps(connection: &mut PgConnection, changes: &[&ChangeRow]) -> Result<(), sqlx::Error> {
    let all: Vec<(&str, &StepRow)> = changes
        .iter()
        .flat_map(|change| change.steps.iter().map(move |step| (change.id.as_str(), step)))
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO steps (invocation, step, state, started_at, tries, applied, error)
               SELECT invocation, step, state, started_at, tries, applied::json, error::json
               FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
                           $7::text[]) WITH ORDINALITY
                 AS given (invocation, step, state, started_at, tries, applied, error, n)
               ORDER BY n
               ON CONFLICT (invocation, step) DO UPDATE SET state = excluded.state, tries = excluded.tries,
                 applied = excluded.applied, error = excluded.error";
    sqlx::query(sql)
        .bind(all.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, step)| step.step.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, step)| step.state).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, step)| step.started_at).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, step)| step.tries).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, step)| step.applied.as_deref()).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, step)| step.error.as_deref()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(|_| ())
}

/// Takes what was due away, and returns the keys that were there.
async fn drop_due(
    connection: &mut PgConnection,
    keys: impl Iterator<Item = &str>,
) -> Result<HashSet<String>, sqlx::Error> {
    let keys: Vec<&str> = keys.collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = "DELETE FROM due WHERE key IN (
                 SELECT key FROM due WHERE key = ANY ($1) ORDER BY key FOR UPDATE) RETURNING key";
    let rows = sqlx::query(sql).bind(keys).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

async fn insert_touched(connection: &mut PgConnection, changes: &[&ChangeRow]) -> Result<(), sqlx::Error> {
    let all =
        changes.iter().flat_map(|change| change.touched.iter().map(|of| (of.as_str(), change.id.as_str())));
    let (resources, ids): (Vec<&str>, Vec<&str>) = all.unzip();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO touched (resource, invocation)
               SELECT * FROM unnest($1::text[], $2::text[]) AS given (resource, invocation)
               ORDER BY resource, invocation ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(resources).bind(ids).execute(connection).await.map(|_| ())
}

/// What becomes due and what is lent.
async fn put_down(connection: &mut PgConnection, books: &[&BookRow]) -> Result<(), sqlx::Error> {
    drop_due(connection, books.iter().flat_map(|book| book.dropped.iter().map(String::as_str))).await?;
    let due: Vec<&DueRow> = books.iter().flat_map(|book| &book.due).collect();
    if !due.is_empty() {
        let sql = "INSERT INTO due (key, at, origin)
                   SELECT key, at, origin::json
                   FROM unnest($1::text[], $2::bigint[], $3::text[]) AS given (key, at, origin) ORDER BY key
                   ON CONFLICT (key) DO UPDATE SET at = excluded.at, origin = excluded.origin";
        sqlx::query(sql)
            .bind(due.iter().map(|due| due.key.as_str()).collect::<Vec<_>>())
            .bind(due.iter().map(|due| due.at).collect::<Vec<_>>())
            .bind(due.iter().map(|due| due.origin.as_str()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    let leases: Vec<&LeaseRow> = books.iter().flat_map(|book| &book.leases).collect();
    if leases.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO leases (id, holding, until, ended, lease)
               SELECT id, holding, until, ended, lease::json
               FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
                 AS given (id, holding, until, ended, lease) ORDER BY id
               ON CONFLICT (id) DO UPDATE SET holding = excluded.holding, until = excluded.until,
                 ended = excluded.ended, lease = excluded.lease";
    sqlx::query(sql)
        .bind(leases.iter().map(|lease| lease.id.as_str()).collect::<Vec<_>>())
        .bind(leases.iter().map(|lease| lease.holding.as_str()).collect::<Vec<_>>())
        .bind(leases.iter().map(|lease| lease.until).collect::<Vec<_>>())
        .bind(leases.iter().map(|lease| lease.ended).collect::<Vec<_>>())
        .bind(leases.iter().map(|lease| lease.lease.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(|_| ())
}

/// What concerns the audit's chain. Last, since all that seal wait for one row here.
async fn tend_chain(
    connection: &mut PgConnection,
    batch: &[Write],
    verdicts: &mut [Verdict],
) -> Result<(), sqlx::Error> {
    for (write, verdict) in batch.iter().zip(verdicts) {
        match write {
            Write::Forget(forget) => {
                *verdict = Verdict::Forgotten(super::chain::forget(connection, forget).await?);
            }
            Write::Sealing(sealing) => {
                let held = super::chain::seal(connection, sealing).await?;
                *verdict = if held { Verdict::Written } else { Verdict::Conflict };
            }
            _ => {}
        }
    }
    Ok(())
}

async fn append_audit(connection: &mut PgConnection, entries: &[&AuditRow]) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO audit (at, invocation, event, body)
               SELECT at, invocation, event, body::json
               FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
                 AS given (at, invocation, event, body, n)
               ORDER BY n";
    sqlx::query(sql)
        .bind(entries.iter().map(|entry| entry.at).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.invocation.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.body.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(|_| ())
}

/// Forgets some of the oldest keys and clicks, those that no other replica is about to forget. How many of either.
async fn prune(connection: &mut PgConnection, before: i64) -> Result<u64, sqlx::Error> {
    let sql = "DELETE FROM seen WHERE seq IN (
                 SELECT seq FROM (SELECT seq, at FROM seen ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED) AS oldest
                 WHERE at < $2)";
    let keys = sqlx::query(sql).bind(Pruning::AT_ONCE).bind(before).execute(&mut *connection).await?;
    let sql = "DELETE FROM clicks WHERE seq IN (
                 SELECT seq FROM (SELECT seq, at FROM clicks WHERE done ORDER BY seq LIMIT $1
                                  FOR UPDATE SKIP LOCKED) AS oldest
                 WHERE at < $2)";
    let clicks = sqlx::query(sql).bind(Pruning::AT_ONCE).bind(before).execute(connection).await?;
    Ok(keys.rows_affected().max(clicks.rows_affected()))
}
