//! An export, read again as a store is.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use hubcommander_audit::{Entry, Hash, Leaf, Link, Row, Salt, Seal};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::store::StoreError;
use crate::store::chain::ChainReader;

/// A file of lines as `hubcommander audit export` writes them. It is read once for the seals and once for the entries.
pub struct ExportFile {
    path: PathBuf,
    seals: Lines<BufReader<File>>,
    rows: Lines<BufReader<File>>,
    line: u64,
}

/// A line.
#[derive(Deserialize)]
struct Line {
    seal: Option<Seal>,
    seq: Option<i64>,
    at_us: Option<i64>,
    invocation: Option<String>,
    event: Option<String>,
    body: Option<Box<RawValue>>,
    #[serde(default)]
    removed: bool,
    not_json: Option<String>,
    wrong: Option<String>,
    position: Option<u64>,
    salt: Option<Salt>,
    content: Option<Hash>,
    leaf: Option<Hash>,
}

impl ExportFile {
    /// Opens it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let open = || File::open(path).map(|file| BufReader::new(file).lines());
        let failed = |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", path.display()));
        let (seals, rows) = (open().map_err(failed)?, open().map_err(failed)?);
        Ok(Self { path: path.to_owned(), seals, rows, line: 0 })
    }

    fn read(path: &Path, line: std::io::Result<String>) -> Result<Line, StoreError> {
        let line = line.map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
        serde_json::from_str(&line).map_err(|error| StoreError::Unreadable {
            id: path.display().to_string(),
            reason: format!("a line is none of an export: {error}"),
        })
    }
}

impl Line {
    fn row(self, seq: i64) -> Row {
        let link = match (self.position, self.content, self.leaf) {
            (Some(position), Some(content), Some(leaf)) => {
                Some(Ok(Link { seq, position, salt: self.salt, leaf: Leaf { content, leaf } }))
            }
            (None, None, None) => None,
            _ => Some(Err("a part of it is missing".to_owned())),
        };
        let entry = match (self.wrong, self.at_us, self.event) {
            // The chain holds it, and it is not there.
            (Some(_), None, None) if link.is_some() => None,
            (None, Some(at), Some(event)) => {
                let body = self.body.map(|body| body.get().to_owned());
                let body = self.not_json.or(body).or_else(|| Some("null".to_owned()));
                let body = body.filter(|_| !self.removed);
                Some(Ok(Entry { seq, at, invocation: self.invocation, event, body }))
            }
            (wrong, ..) => Some(Err(wrong.unwrap_or_else(|| "a part of it is missing".to_owned()))),
        };
        Row { seq, entry, link }
    }
}

#[async_trait]
impl ChainReader for ExportFile {
    async fn seals(&mut self, _after: i64, limit: u32) -> Result<Vec<Seal>, StoreError> {
        let mut seals = Vec::new();
        while seals.len() < usize::try_from(limit).unwrap_or(usize::MAX)
            && let Some(line) = self.seals.next()
        {
            seals.extend(Self::read(&self.path, line)?.seal);
        }
        Ok(seals)
    }

    async fn rows(&mut self, _after: i64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        while rows.len() < usize::try_from(limit).unwrap_or(usize::MAX)
            && let Some(line) = self.rows.next()
        {
            self.line += 1;
            let line = Self::read(&self.path, line)?;
            match line.seq {
                Some(seq) => rows.push(line.row(seq)),
                None if line.seal.is_some() => {}
                None => {
                    let reason = format!("line {} is neither an entry nor a seal", self.line);
                    return Err(StoreError::Unreadable { id: self.path.display().to_string(), reason });
                }
            }
        }
        Ok(rows)
    }
}
