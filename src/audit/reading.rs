//! Reads the audit and its chain again: to verify it, and to give it to others as lines of JSON.

use std::collections::VecDeque;

use chrono::SecondsFormat;
use hubcommander_audit::{Chain, Hash, Link, Report, Row, Salt, Seal, Verifier, link};
use hubcommander_sdk::clock::Instant;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::store::StoreError;
use crate::store::chain::ChainReader;

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// Seals, page by page.
struct Seals {
    page: VecDeque<Seal>,
    after: i64,
    over: bool,
}

impl Seals {
    fn new() -> Self {
        Self { page: VecDeque::new(), after: 0, over: false }
    }

    async fn next(&mut self, reader: &mut dyn ChainReader) -> Result<Option<Seal>, StoreError> {
        if self.page.is_empty() && !self.over {
            let page = reader.seals(self.after, PAGE).await?;
            match page.last() {
                Some(last) => self.after = i64::try_from(last.number).unwrap_or(i64::MAX),
                None => self.over = true,
            }
            self.page = page.into();
        }
        Ok(self.page.pop_front())
    }
}

/// Rows, page by page.
struct Rows {
    page: VecDeque<Row>,
    after: i64,
    over: bool,
}

impl Rows {
    fn new() -> Self {
        Self { page: VecDeque::new(), after: i64::MIN, over: false }
    }

    async fn next(&mut self, reader: &mut dyn ChainReader) -> Result<Option<Row>, StoreError> {
        if self.page.is_empty() && !self.over {
            let page = reader.rows(self.after, PAGE).await?;
            match page.last() {
                Some(last) => self.after = last.seq,
                None => self.over = true,
            }
            self.page = page.into();
        }
        Ok(self.page.pop_front())
    }
}

/// Reads everything and says what is wrong with it. In constant memory.
///
/// # Errors
/// The store cannot be read to its end, so nothing can be said.
pub async fn verify(reader: &mut dyn ChainReader, mut verifier: Verifier) -> Result<Report, StoreError> {
    let (mut seals, mut rows) = (Seals::new(), Rows::new());
    while let Some(row) = rows.next(reader).await? {
        while verifier.wants_seal(row.seq) {
            match seals.next(reader).await? {
                Some(seal) => verifier.seal(seal),
                None => verifier.no_more_seals(),
            }
        }
        verifier.row(row);
    }
    while let Some(seal) = seals.next(reader).await? {
        verifier.seal(seal);
    }
    Ok(verifier.finish())
}

/// Which entries are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Those from this time on.
    pub since: Option<Instant>,
    /// Those before this time.
    pub until: Option<Instant>,
    /// Those about this invocation.
    pub invocation: Option<String>,
}

impl Export {
    fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    fn takes(&self, at: i64, invocation: Option<&str>) -> bool {
        self.since.is_none_or(|since| at >= since.timestamp_micros())
            && self.until.is_none_or(|until| at < until.timestamp_micros())
            && self.invocation.as_deref().is_none_or(|wanted| invocation == Some(wanted))
    }
}

/// One line about an entry.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    /// Its place in the chain; none while it is not sealed.
    position: Option<u64>,
    at: Option<String>,
    at_us: i64,
    invocation: Option<&'a str>,
    event: &'a str,
    /// Byte by byte as stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
    /// Whether it was removed because of its age.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
    /// What is stored in its place, where that is no JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_json: Option<&'a str>,
    salt: Option<Salt>,
    content: Option<Hash>,
    leaf: Option<Hash>,
    /// The head of the chain after this entry.
    head: Option<Hash>,
}

/// One line about a seal.
#[derive(Serialize)]
struct SealLine<'a> {
    seal: &'a Seal,
}

/// One line about something that is there and makes no sense.
#[derive(Serialize)]
struct WrongLine<'a> {
    seq: i64,
    wrong: &'a str,
    position: Option<u64>,
    salt: Option<Salt>,
    content: Option<Hash>,
    leaf: Option<Hash>,
}

impl<'a> WrongLine<'a> {
    fn of(seq: i64, wrong: &'a str, linked: Option<&Link>) -> Self {
        Self {
            seq,
            wrong,
            position: linked.map(|linked| linked.position),
            salt: linked.and_then(|linked| linked.salt),
            content: linked.map(|linked| linked.leaf.content),
            leaf: linked.map(|linked| linked.leaf.leaf),
        }
    }
}

/// Gives each entry as a line of JSON, in order, and between them the seals, unless only some entries are wanted. In
/// constant memory.
///
/// # Errors
/// The store cannot be read to its end, or the lines are not taken.
pub async fn exported<E: From<StoreError>>(
    reader: &mut dyn ChainReader,
    wanted: &Export,
    mut give: impl FnMut(String) -> Result<(), E>,
) -> Result<u64, E> {
    let (mut seals, mut rows) = (Seals::new(), Rows::new());
    let mut head = Chain::new().head().hash;
    let mut given = 0;
    let mut next = if wanted.is_whole() { seals.next(reader).await? } else { None };
    while let Some(row) = rows.next(reader).await? {
        while let Some(seal) = next.take_if(|seal| seal.last_seq < row.seq) {
            give(line(&SealLine { seal: &seal }))?;
            next = seals.next(reader).await?;
        }
        let linked = row.link.as_ref().and_then(|linked| linked.as_ref().ok());
        if let Some(linked) = linked {
            head = link(head, linked.leaf.leaf);
        }
        let entry = match &row.entry {
            Some(Ok(entry)) => entry,
            Some(Err(wrong)) => {
                give(line(&WrongLine::of(row.seq, wrong, linked)))?;
                continue;
            }
            None => {
                let wrong = "the chain holds this entry, and it is not there";
                give(line(&WrongLine::of(row.seq, wrong, linked)))?;
                continue;
            }
        };
        if !wanted.takes(entry.at, entry.invocation.as_deref()) {
            continue;
        }
        let body = entry.body.as_deref();
        let json = body.filter(|body| !body.contains('\n')).and_then(|body| serde_json::from_str(body).ok());
        give(line(&Line {
            seq: entry.seq,
            position: linked.map(|linked| linked.position),
            at: Instant::from_timestamp_micros(entry.at)
                .map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            at_us: entry.at,
            invocation: entry.invocation.as_deref(),
            event: &entry.event,
            body: json,
            removed: body.is_none(),
            not_json: body.filter(|_| json.is_none()),
            salt: linked.and_then(|linked| linked.salt),
            content: linked.map(|linked| linked.leaf.content),
            leaf: linked.map(|linked| linked.leaf.leaf),
            head: linked.map(|_| head),
        }))?;
        given += 1;
    }
    while let Some(seal) = next {
        give(line(&SealLine { seal: &seal }))?;
        next = seals.next(reader).await?;
    }
    Ok(given)
}

/// Nothing here can fail to be written: text, numbers, and what was read as JSON.
fn line<T: Serialize>(line: &T) -> String {
    serde_json::to_string(line).unwrap_or_default()
}
