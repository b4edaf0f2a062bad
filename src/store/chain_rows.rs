//! The chain's rows, as both databases give them. Whoever has the database may have put anything there, so what makes
//! no sense is told, and nothing is taken on trust.

use hubcommander_audit::{Entry, Hash, Leaf, Link, Row, SALT, Salt, Seal, Signature};

/// An entry as it is read: texts as bytes, since SQLite does not see to it that they are text.
#[derive(sqlx::FromRow)]
pub(super) struct EntryRow {
    pub seq: i64,
    at: i64,
    invocation: Option<Vec<u8>>,
    event: Vec<u8>,
    body: Option<Vec<u8>>,
}

impl EntryRow {
    /// Bytes that are no text come back as such that differ from any.
    pub fn lossy(self) -> Entry {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Entry {
            seq: self.seq,
            at: self.at,
            invocation: self.invocation.map(text),
            event: text(self.event),
            body: self.body.map(text),
        }
    }

    fn read(self) -> Result<Entry, String> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| "it is not text".to_owned());
        Ok(Entry {
            seq: self.seq,
            at: self.at,
            invocation: self.invocation.map(text).transpose()?,
            event: text(self.event)?,
            body: self.body.map(text).transpose()?,
        })
    }
}

/// A link as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct LinkRow {
    pub seq: i64,
    position: i64,
    salt: Option<Vec<u8>>,
    content: Vec<u8>,
    leaf: Vec<u8>,
}

impl LinkRow {
    fn read(self) -> Result<Link, String> {
        let hash = |bytes: Vec<u8>| Hash::try_from(bytes.as_slice()).map_err(|error| error.to_string());
        let salt = self.salt.map(|salt| <[u8; SALT]>::try_from(salt).map(Salt)).transpose();
        Ok(Link {
            seq: self.seq,
            position: u64::try_from(self.position).map_err(|error| error.to_string())?,
            salt: salt.map_err(|_| "its salt is not one".to_owned())?,
            leaf: Leaf { content: hash(self.content)?, leaf: hash(self.leaf)? },
        })
    }
}

/// A seal as it is read.
#[derive(sqlx::FromRow)]
pub(super) struct SealRow {
    number: i64,
    first_seq: i64,
    last_seq: i64,
    last: i64,
    count: i64,
    removed_through: i64,
    previous: Vec<u8>,
    head: Vec<u8>,
    at: i64,
    key: String,
    signature: Option<Vec<u8>>,
}

impl SealRow {
    /// What makes no sense becomes what no signature fits.
    pub fn read(self) -> Seal {
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        let hash = |bytes: &[u8]| Hash::try_from(bytes).unwrap_or(Hash([0; 32]));
        Seal {
            number: number(self.number),
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            last: number(self.last),
            count: number(self.count),
            removed_through: self.removed_through,
            previous: hash(&self.previous),
            head: hash(&self.head),
            at: self.at,
            key: self.key,
            signature: self.signature.map(|bytes| Signature(bytes.try_into().unwrap_or([0; 64]))),
        }
    }
}

/// How far links are to be read that belong to these entries: as far as the entries go, or to the end.
pub(super) fn through(entries: &[EntryRow], limit: u32) -> i64 {
    let full = u32::try_from(entries.len()).is_ok_and(|len| len >= limit);
    entries.last().filter(|_| full).map_or(i64::MAX, |last| last.seq)
}

/// Puts entries and links with the same number together, in order. Links that reach further than so many, and the
/// entries beside them, are left for the next time.
pub(super) fn merge(entries: Vec<EntryRow>, links: Vec<LinkRow>, limit: u32) -> Vec<Row> {
    let cut = u32::try_from(links.len()).is_ok_and(|len| len >= limit);
    let end = links.last().filter(|_| cut).map_or(i64::MAX, |last| last.seq);
    let mut rows = Vec::with_capacity(entries.len());
    let mut links = links.into_iter().peekable();
    for entry in entries.into_iter().take_while(|entry| entry.seq <= end) {
        let seq = entry.seq;
        while let Some(link) = links.next_if(|link| link.seq < seq) {
            rows.push(Row { seq: link.seq, entry: None, link: Some(link.read()) });
        }
        let link = links.next_if(|link| link.seq == seq).map(LinkRow::read);
        rows.push(Row { seq, entry: Some(entry.read()), link });
    }
    rows.extend(links.map(|link| Row { seq: link.seq, entry: None, link: Some(link.read()) }));
    rows
}

/// A number for a column. Positions and counts are far below the most that fits.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
