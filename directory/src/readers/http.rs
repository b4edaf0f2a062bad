//! Anything that gives people as JSON over HTTP: as an array or as JSON Lines, in pages or at once.

use async_trait::async_trait;
use http::HeaderName;
use http::header::AUTHORIZATION;
use hubcommander_outbound::Answer;
use hubcommander_sdk::clock::SharedClock;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use url::Url;

use super::web::{Header, Reach, Web, header};
use super::{LastCount, Unread};
use crate::mapping::{Field, Mapping, Unfit, person, usual_pointers, values};
use crate::{Person, Reader, Roll, Trouble};

/// How records stand in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// In an array at this JSON pointer; at the empty one the answer itself is the array.
    Json(String),
    /// A record a line.
    Lines,
}

/// Where the next page is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// There is one page.
    None,
    /// Where a `Link` header with `rel="next"` says.
    Link,
    /// At the same address with a cursor: what stands at a JSON pointer is sent as a parameter of this name. It is
    /// the last page where nothing stands.
    Cursor {
        /// The JSON pointer.
        at: String,
        /// The parameter.
        parameter: String,
    },
}

/// Where the source is, and how it is read.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// What it is called in messages.
    pub name: String,
    /// The first page.
    pub url: Url,
    /// The header with the token, and what stands before the token in it.
    pub token: Option<(HeaderName, String, SecretString)>,
    /// How records stand in an answer.
    pub format: Format,
    /// Where the next page is.
    pub paging: Paging,
    /// Where fields stand in a record, a JSON pointer each, if not under their own names at the top. If `id` or `active`
    /// is named here, each record must have it; else each must if any has.
    pub fields: Mapping,
    /// How many worked here at the last reading of an earlier run; none if that is not known.
    pub known: usize,
    /// How it is reached.
    pub reach: Reach,
}

impl HttpSettings {
    /// The usual settings for this address: a JSON array, pages by `Link`, fields under their own names.
    #[must_use]
    pub fn new(url: Url, token: Option<SecretString>) -> Self {
        Self {
            name: "the directory".to_owned(),
            url,
            token: token.map(|token| (AUTHORIZATION, "Bearer".to_owned(), token)),
            format: Format::Json(String::new()),
            paging: Paging::Link,
            fields: Mapping::new(),
            known: 0,
            reach: Reach::default(),
        }
    }
}

/// A directory that gives JSON over HTTP.
#[derive(Debug)]
pub struct HttpSource {
    settings: HttpSettings,
    /// Where all fields stand.
    places: Mapping,
    web: Web,
    headers: Vec<Header>,
    last: LastCount,
    clock: SharedClock,
}

impl HttpSource {
    /// A directory at this address.
    ///
    /// # Errors
    /// [`Trouble::Setup`].
    pub fn new(settings: HttpSettings, clock: SharedClock) -> Result<Self, Trouble> {
        let setup = |why: String| Trouble::Setup { directory: settings.name.clone(), why };
        let token = settings.token.iter();
        let headers = token.map(|(name, scheme, token)| header(&settings.name, name.clone(), scheme, token));
        let headers = headers.collect::<Result<Vec<_>, _>>()?;
        for pointer in settings.fields.values() {
            if !pointer.starts_with('/') {
                return Err(setup(format!("{pointer:?} is no JSON pointer; it begins with a slash")));
            }
        }
        let web = Web::new(settings.name.as_str(), &settings.url, &settings.reach, clock.clone(), |_| false)?;
        let last = LastCount::new(settings.known);
        let mut places = usual_pointers();
        places.extend(settings.fields.clone());
        Ok(Self { settings, places, web, headers, last, clock })
    }

    fn page(&self, here: &Url, answer: &Answer) -> Result<(Vec<Json>, Option<Url>), Trouble> {
        let unreadable = |why: &str| self.web.unreadable(why);
        let (records, whole) = match &self.settings.format {
            Format::Lines => {
                let lines = answer.body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                let records = lines.filter(|line| !line.is_empty()).map(serde_json::from_slice);
                let records: Result<Vec<Json>, _> = records.collect();
                (records.map_err(|_| unreadable("a line is not JSON"))?, Json::Null)
            }
            Format::Json(at) => {
                let mut whole = self.web.json(answer)?;
                match whole.pointer_mut(at).map(Json::take) {
                    Some(Json::Array(records)) => (records, whole),
                    _ => return Err(unreadable(&format!("there is no array at {at:?}"))),
                }
            }
        };
        let next = match &self.settings.paging {
            Paging::None => None,
            Paging::Link => self.web.next(here, answer)?,
            Paging::Cursor { at, parameter } => match whole.pointer(at) {
                None | Some(Json::Null) => None,
                Some(Json::String(cursor)) if cursor.is_empty() => None,
                Some(Json::String(cursor)) => Some(with_parameter(here, parameter, cursor)),
                Some(Json::Number(cursor)) => Some(with_parameter(here, parameter, &cursor.to_string())),
                Some(_) => return Err(unreadable("its cursor is neither a text nor a number")),
            },
        };
        Ok((records, next))
    }

    fn person(&self, record: &Json, known: &[Field]) -> Result<Person, Unfit> {
        person(
            |field| known.contains(&field),
            |field| match self.places.get(&field) {
                Some(pointer) => values(field, record, pointer),
                None => Ok(Vec::new()),
            },
        )
    }
}

pub(super) fn with_parameter(here: &Url, parameter: &str, cursor: &str) -> Url {
    let kept = here.query_pairs().filter(|(name, _)| name != parameter);
    let kept: Vec<(String, String)> =
        kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let mut next = here.clone();
    next.query_pairs_mut().clear().extend_pairs(kept).append_pair(parameter, cursor);
    next
}

#[async_trait]
impl Reader for HttpSource {
    fn name(&self) -> &str {
        &self.settings.name
    }

    async fn roll(&self) -> Result<Roll, Trouble> {
        let at = self.clock.now();
        let read = |here: &Url, answer: &Answer| self.page(here, answer);
        let records = self.web.all(self.settings.url.clone(), &self.headers, read).await?;
        // A field that no record has and nobody named is one that the source does not know.
        let has = |pointer: &String| records.iter().any(|one| one.pointer(pointer).is_some());
        let known = |field: &Field| {
            self.settings.fields.contains_key(field) || self.places.get(field).is_some_and(has)
        };
        let known: Vec<Field> = [Field::Id, Field::Active].into_iter().filter(known).collect();
        let (people, unread) = sorted(&records, |record| self.person(record, &known).map(Some));
        self.last.check(Roll::new(self.settings.name.as_str(), at, people, unread)?)
    }
}

/// People of records, and a sentence for each that could not be read. `None` is left out. Somebody who came twice as
/// the same, as happens when a list changes while it is read, is there once.
pub(super) fn sorted<E: std::fmt::Display>(
    records: &[Json],
    read: impl Fn(&Json) -> Result<Option<Person>, E>,
) -> (Vec<Person>, Vec<String>) {
    let (mut people, mut unread) = (Vec::with_capacity(records.len()), Unread::default());
    for (place, record) in records.iter().enumerate() {
        match read(record) {
            Ok(person) => people.extend(person),
            Err(why) => unread.add(format!("record {}: {why}", place + 1)),
        }
    }
    people.sort_by(|one, other| one.id.cmp(&other.id));
    people.dedup();
    (people, unread.all())
}
