//! A CSV file with a line of headers (RFC 4180), in UTF-8.

use std::collections::HashMap;
use std::path::PathBuf;

use async_trait::async_trait;
use csv::{ByteRecord, ReaderBuilder};
use hubcommander_sdk::clock::{Instant, SharedClock};

use super::{LastCount, Unread};
use crate::mapping::{Field, Mapping, Unfit, person};
use crate::{Person, Reader, Roll, Trouble};

const NAME: &str = "the CSV file";

/// Bytes of a file at most. A hundred thousand people take some ten million.
const LONGEST: u64 = 64 * 1024 * 1024;

/// What stands between two values of a field that can have several.
const BETWEEN: char = ';';

/// Where the file is, and how it is read.
#[derive(Clone, Debug)]
pub struct CsvSettings {
    /// The file.
    pub path: PathBuf,
    /// What separates columns.
    pub separator: u8,
    /// Headers of columns that are not called as the fields are. Upper and lower case are one.
    pub headers: Mapping,
    /// How many worked here at the last reading of an earlier run; none if that is not known.
    pub known: usize,
}

impl CsvSettings {
    /// The usual settings for this file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), separator: b',', headers: Mapping::new(), known: 0 }
    }
}

/// A directory in a CSV file. It is read anew each time.
#[derive(Debug)]
pub struct CsvFile {
    settings: CsvSettings,
    last: LastCount,
    clock: SharedClock,
}

impl CsvFile {
    /// A directory in this file, which need not be there yet.
    #[must_use]
    pub fn new(settings: CsvSettings, clock: SharedClock) -> Self {
        let last = LastCount::new(settings.known);
        Self { settings, last, clock }
    }
}

#[async_trait]
impl Reader for CsvFile {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn roll(&self) -> Result<Roll, Trouble> {
        let at = self.clock.now();
        let path = &self.settings.path;
        let opened = |error: std::io::Error| setup(format!("{} cannot be read: {error}", path.display()));
        let length = tokio::fs::metadata(path).await.map_err(opened)?.len();
        if length > LONGEST {
            return Err(setup(format!("{} is longer than {LONGEST} bytes", path.display())));
        }
        let bytes = tokio::fs::read(path).await.map_err(opened)?;
        self.last.check(read(&bytes, &self.settings, at)?)
    }
}

fn setup(why: String) -> Trouble {
    Trouble::Setup { directory: NAME.to_owned(), why }
}

/// Reads a file as a whole.
fn read(bytes: &[u8], settings: &CsvSettings, at: Instant) -> Result<Roll, Trouble> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(setup("it is in UTF-16; save it as UTF-8".to_owned()));
    }
    let mut lines = ReaderBuilder::new().delimiter(settings.separator).flexible(true).from_reader(bytes);
    let headers = lines.byte_headers().cloned().unwrap_or_default();
    let columns = columns(&headers, &settings.headers)?;
    let mut unread = Unread::default();
    // Who stands on which line. `None`: they stand on several, so it is not known what is true of them.
    let mut found: HashMap<String, (u64, Option<Person>)> = HashMap::new();
    let mut record = ByteRecord::new();
    loop {
        match lines.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => return Err(setup("it cannot be read as CSV".to_owned())),
        }
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        if record.len() != headers.len() {
            let (has, wants) = (record.len(), headers.len());
            unread.add(format!("line {line}: it has {has} columns and not {wants}"));
            continue;
        }
        match person(|field| columns.contains_key(&field), |field| cells(&record, &columns, field)) {
            Err(unfit) => unread.add(format!("line {line}: {unfit}")),
            Ok(person) => match found.get_mut(&person.id) {
                Some((first, twice)) => {
                    unread.add(format!("line {line}: the same id stands on line {first}"));
                    *twice = None;
                }
                None => {
                    found.insert(person.id.clone(), (line, Some(person)));
                }
            },
        }
    }
    let people = found.into_values().filter_map(|(_, person)| person).collect();
    Roll::new(NAME, at, people, unread.all())
}

/// In which column each field stands.
fn columns(headers: &ByteRecord, named: &Mapping) -> Result<HashMap<Field, usize>, Trouble> {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, header) in headers.iter().enumerate() {
        let header =
            std::str::from_utf8(header).map_err(|_| setup("its headers are not UTF-8".to_owned()))?;
        let header = header.trim().to_lowercase();
        if !header.is_empty() && places.insert(header.clone(), place).is_some() {
            return Err(setup(format!("it has two columns {header:?}")));
        }
    }
    let mut columns = HashMap::new();
    for field in Field::ALL {
        let name = named.get(&field).map_or(field.name(), String::as_str);
        match places.get(&name.trim().to_lowercase()) {
            Some(place) => {
                columns.insert(field, *place);
            }
            // A column that was named and is not there would be a field that everybody has lost.
            None if named.contains_key(&field) => return Err(setup(format!("it has no column {name:?}"))),
            None => {}
        }
    }
    if !columns.contains_key(&Field::Id) && !columns.contains_key(&Field::Email) {
        return Err(setup("it has neither a column \"id\" nor a column \"email\"".to_owned()));
    }
    Ok(columns)
}

fn cells(record: &ByteRecord, columns: &HashMap<Field, usize>, field: Field) -> Result<Vec<String>, Unfit> {
    let Some(cell) = columns.get(&field).and_then(|place| record.get(*place)) else { return Ok(Vec::new()) };
    let cell = std::str::from_utf8(cell).map_err(|_| Unfit::Odd(field))?;
    Ok(match field {
        Field::OtherEmails | Field::Groups => cell.split(BETWEEN).map(str::to_owned).collect(),
        _ => vec![cell.to_owned()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Result<Roll, Trouble> {
        read(text, &CsvSettings::new("people.csv"), Instant::UNIX_EPOCH)
    }

    fn refused(text: &[u8]) -> String {
        of(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read() {
        let text = "\u{feff}Email, ID ,name,active,groups,other_emails,github_login,github_id,changed,shoe size\r\n\
            Ana@Example.com,1,\"Ávila, \"\"Ana\"\"\",yes,core; ops,,ana-gh,42,2026-11-01,38\r\n\
            \r\n\
            bob@example.com,2,Bob,no,,b@example.com;bob@home.example,,,2026-11-01T10:00:00+02:00,\r\n";
        let roll = of(text.as_bytes()).unwrap();
        assert!(roll.is_whole(), "{:?}", roll.unread());
        let ana = roll.get("1").unwrap();
        assert_eq!((ana.name.as_str(), ana.active), ("Ávila, \"Ana\"", true));
        assert_eq!(ana.emails, [crate::Email::parse("ana@example.com").unwrap()]);
        assert_eq!(ana.user_name, "ana@example.com");
        assert_eq!(ana.groups.iter().collect::<Vec<_>>(), ["core", "ops"]);
        assert_eq!(
            (ana.accounts.github_login.as_deref(), ana.accounts.github_id),
            (Some("ana-gh"), Some(42))
        );
        let bob = roll.get("2").unwrap();
        assert!(!bob.active);
        assert_eq!(bob.emails.len(), 3);
        assert_eq!(bob.changed.unwrap().to_rfc3339(), "2026-11-01T08:00:00+00:00");
    }

    #[test]
    fn without_ids_the_address_is_the_id_and_without_a_column_all_are_active() {
        let roll = of(b"email\nAna@Example.com\nbob@example.com").unwrap();
        assert_eq!((roll.active(), roll.people()[0].id.as_str()), (2, "ana@example.com"));
    }

    #[test]
    fn headers_can_be_named_and_must_then_be_there() {
        let mut settings = CsvSettings::new("people.csv");
        settings.separator = b';';
        settings.headers =
            [(Field::Id, "Personalnummer"), (Field::Email, "E-Mail"), (Field::Active, "Status")]
                .into_iter()
                .map(|(field, name)| (field, name.to_owned()))
                .collect();
        let text = b"personalnummer;E-MAIL;Status\n7;ana@example.com;terminated\n";
        let roll = read(text, &settings, Instant::UNIX_EPOCH).unwrap();
        assert!(!roll.get("7").unwrap().active);
        let without = read(b"personalnummer;E-MAIL\n7;ana@example.com\n", &settings, Instant::UNIX_EPOCH);
        assert!(without.unwrap_err().to_string().ends_with("it has no column \"Status\""));
    }

    #[test]
    fn bad_lines_are_told_and_keep_the_roll_from_being_whole() {
        let mut text = b"id,email,active,github_id\n\
            1,ana@example.com,yes,\n\
            2,not an address,yes,\n\
            3,c@example.com,perhaps,\n\
            4,d@example.com,,\n\
            ,n@example.com,yes,\n\
            5,e@example.com,yes\n\
            6,f@example.com,yes,1,2\n\
            1,other@example.com,no,\n\
            7,g@example.com,yes,x\n\
            8,\"h\n@example.com\",yes,\n\
            9,i@example.com,yes,9\n"
            .to_vec();
        text.extend(b"10,\xff@example.com,yes,\n");
        let roll = of(&text).unwrap();
        assert_eq!(
            roll.unread(),
            [
                "line 3: the email cannot be read",
                "line 4: the active cannot be read",
                "line 5: there is no active",
                "line 6: there is no id",
                "line 7: it has 3 columns and not 4",
                "line 8: it has 5 columns and not 4",
                "line 9: the same id stands on line 2",
                "line 10: the github_id cannot be read",
                "line 11: the email cannot be read",
                "line 14: the email cannot be read",
            ]
        );
        // Of whoever stands there twice nothing is known.
        assert_eq!(roll.people().iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["9"]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = of(&text);
            text.splice(0..0, *b"id,email,groups\n1,a@example.com,x\n");
            let _ = of(&text);
        }
    }

    #[test]
    fn many_bad_lines_are_counted() {
        let lines: String = (0..80).map(|number| format!("{number},x\n")).collect();
        let roll = of(format!("id,email\n{lines}a,a@example.com\n").as_bytes()).unwrap();
        assert_eq!((roll.unread().len(), roll.unread()[50].as_str()), (51, "and 30 more"));
    }

    #[test]
    fn a_quote_that_is_never_closed_swallows_nobody_silently() {
        let roll =
            of(b"id,email\n1,a@example.com\n2,\"b@example.com\n3,c@example.com\n4,d@example.com\n").unwrap();
        assert!(!roll.is_whole());
        assert_eq!(roll.people().len(), 1);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(refused(b"").contains("neither a column"), "{}", refused(b""));
        assert!(refused(b"id,email\n").contains("nobody is in it"));
        assert!(refused(b"name\nAna\n").contains("neither a column"));
        assert!(refused(b"id,ID\n1,2\n").contains("two columns \"id\""));
        assert!(refused(b"\xff\xfei\0d\0").contains("UTF-16"));
        assert!(refused(b"id,\xff\n1,2\n").contains("not UTF-8"));
        assert!(refused(b"id;email\n1;a@example.com\n").contains("neither a column"));
    }
}
