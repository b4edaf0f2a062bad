//! Filters (RFC 7644 3.4.2.2) and the paths of PATCH (3.5.2), which are made of the same parts.
//!
//! A text has a bounded length and a bounded depth, so that no sender can exhaust the stack.

use std::borrow::Cow;

use chrono::DateTime;
use serde_json::{Map, Value as Json};

use super::resource::Record;
use super::schema::{ENTERPRISE, GROUP, Kind, LINK, USER};

/// Bytes of one filter at most.
const LONGEST: usize = 8_192;
/// How deep parentheses, `not` and brackets may be within each other.
const DEEPEST: usize = 24;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    /// The schema, if it was named.
    pub schema: Option<&'static str>,
    /// The attribute.
    pub name: String,
    /// The part of it.
    pub sub: Option<String>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// Which resources, or which of several values.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// There is a value.
    Present(AttrPath),
    /// A value compares like this.
    Is(AttrPath, Compare, Json),
    /// One of several values satisfies all of this.
    Has(AttrPath, Box<Filter>),
}

/// What a PATCH changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The attribute, without a part if there is a filter.
    pub at: AttrPath,
    /// Which of its values.
    pub which: Option<Filter>,
    /// The part of each.
    pub sub: Option<String>,
}

/// Why a text is no filter or path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {what}")]
pub struct BadFilter {
    /// Where.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        let mut parser = Parser::new(text)?;
        let filter = parser.either(0)?;
        parser.end()?;
        Ok(filter)
    }

    /// Whether this resource satisfies it.
    pub(super) fn holds(&self, kind: Kind, record: &Record) -> bool {
        self.holds_in(&Scope { kind, inside: None, record: Some(record) }, &record.attributes)
    }

    /// Whether this one of the values of an attribute satisfies it.
    pub(super) fn holds_within(&self, kind: Kind, at: &AttrPath, value: &Map<String, Json>) -> bool {
        self.holds_in(&Scope { kind, inside: Some(at), record: None }, value)
    }

    /// The attribute (`id`, `userName`, `externalId` or `displayName`) and the text it must have for the whole
    /// filter to hold, where the filter says so. An index can find those few; each is to be checked nevertheless.
    #[must_use]
    pub fn pin(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Is(AttrPath { schema, name, sub: None }, Compare::Eq, Json::String(text))
                if !matches!(*schema, Some(ENTERPRISE | LINK)) =>
            {
                let known = ["id", "userName", "externalId", "displayName"];
                let name = known.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
                Some((name, text))
            }
            Self::And(one, other) => one.pin().or_else(|| other.pin()),
            _ => None,
        }
    }

    /// Whether it asks for what is not kept with a record: a user's groups (they are asked for at the groups), and
    /// the accounts that were linked here. To find nobody then would be untrue.
    #[must_use]
    pub(super) fn is_beyond(&self, kind: Kind) -> bool {
        let beyond = |at: &AttrPath| {
            at.schema == Some(LINK)
                || at.name.eq_ignore_ascii_case(LINK)
                || (kind == Kind::User
                    && at.schema != Some(ENTERPRISE)
                    && at.name.eq_ignore_ascii_case("groups"))
        };
        match self {
            Self::And(one, other) | Self::Or(one, other) => one.is_beyond(kind) || other.is_beyond(kind),
            Self::Not(one) => one.is_beyond(kind),
            Self::Present(at) | Self::Is(at, ..) | Self::Has(at, _) => beyond(at),
        }
    }

    fn holds_in(&self, scope: &Scope<'_>, value: &Map<String, Json>) -> bool {
        match self {
            Self::And(one, other) => one.holds_in(scope, value) && other.holds_in(scope, value),
            Self::Or(one, other) => one.holds_in(scope, value) || other.holds_in(scope, value),
            Self::Not(one) => !one.holds_in(scope, value),
            Self::Present(at) => found(scope, at, value).iter().any(|one| is_there(one)),
            Self::Is(at, compare, with) => {
                let exact = scope.case_exact(at);
                let values = found(scope, at, value);
                match compare {
                    // Also true of a resource that has no such value.
                    Compare::Ne => !values.iter().any(|one| is(one, Compare::Eq, with, exact)),
                    Compare::Eq if with.is_null() => !values.iter().any(|one| is_there(one)),
                    _ => values.iter().any(|one| is(one, *compare, with, exact)),
                }
            }
            Self::Has(at, filter) => {
                let inner = Scope { kind: scope.kind, inside: Some(at), record: None };
                found(scope, at, value).iter().any(|one| match one.as_ref() {
                    Json::Object(one) => filter.holds_in(&inner, one),
                    _ => false,
                })
            }
        }
    }
}

impl Path {
    /// Reads the path of a PATCH.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        let mut parser = Parser::new(text)?;
        let mut at = parser.attribute()?;
        let path = if parser.eat(b'[') {
            let which = parser.either(1)?;
            parser.blanks();
            if !parser.eat(b']') {
                return Err(parser.bad("a bracket is not closed"));
            }
            let sub = if parser.eat(b'.') { Some(parser.word()?) } else { None };
            Self { at, which: Some(which), sub }
        } else {
            let sub = at.sub.take();
            Self { at, which: None, sub }
        };
        parser.end()?;
        Ok(path)
    }
}

/// Within what names are looked up.
struct Scope<'a> {
    kind: Kind,
    inside: Option<&'a AttrPath>,
    /// The resource as a whole, unless it is one of several values that is looked at.
    record: Option<&'a Record>,
}

impl Scope<'_> {
    fn case_exact(&self, at: &AttrPath) -> bool {
        let attribute = match self.inside {
            Some(outer) => {
                self.kind.attribute(outer.schema, &outer.name).and_then(|outer| outer.sub(&at.name))
            }
            None => self.kind.attribute(at.schema, &at.name).and_then(|one| match &at.sub {
                Some(sub) => one.sub(sub),
                None if one.multi => one.sub("value").or(Some(one)),
                None => Some(one),
            }),
        };
        attribute.is_some_and(|one| one.case_exact)
    }
}

/// A value by its name in any case.
pub(super) fn get<'a>(map: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    map.get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// All values at a place.
fn found<'a>(scope: &Scope<'_>, at: &AttrPath, map: &'a Map<String, Json>) -> Vec<Cow<'a, Json>> {
    if let Some(record) = scope.record.filter(|_| !matches!(at.schema, Some(ENTERPRISE | LINK))) {
        if at.name.eq_ignore_ascii_case("id") {
            return vec![Cow::Owned(Json::String(record.id.clone()))];
        }
        if at.name.eq_ignore_ascii_case("meta") {
            let meta = record.meta(scope.kind);
            let part = match &at.sub {
                None => Some(Json::Object(meta)),
                Some(sub) => get(&meta, sub).cloned(),
            };
            return part.into_iter().map(Cow::Owned).collect();
        }
    }
    let map = match at.schema {
        Some(extension @ (ENTERPRISE | LINK)) => match map.get(extension) {
            Some(Json::Object(inner)) => inner,
            _ => return Vec::new(),
        },
        _ => map,
    };
    let Some(value) = get(map, &at.name) else { return Vec::new() };
    let each: Vec<&Json> = match value {
        Json::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let each = match &at.sub {
        None => each,
        Some(sub) => each.into_iter().filter_map(|one| get(one.as_object()?, sub)).collect(),
    };
    each.into_iter().map(Cow::Borrowed).collect()
}

fn is_there(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
        _ => true,
    }
}

fn is(value: &Json, compare: Compare, with: &Json, exact: bool) -> bool {
    match (value, with) {
        (Json::Object(map), _) => {
            map.get("value").is_some_and(|inner| !inner.is_object() && is(inner, compare, with, exact))
        }
        (Json::String(one), Json::String(other)) => texts(one, compare, other, exact),
        (Json::Bool(one), Json::Bool(other)) => compare == Compare::Eq && one == other,
        // Some senders put booleans in quotes.
        (Json::Bool(one), Json::String(other)) => {
            compare == Compare::Eq && other.eq_ignore_ascii_case(if *one { "true" } else { "false" })
        }
        (Json::Number(one), Json::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => ordered(compare, one.partial_cmp(&other)),
            _ => false,
        },
        _ => false,
    }
}

fn ordered(compare: Compare, order: Option<std::cmp::Ordering>) -> bool {
    let Some(order) = order else { return false };
    match compare {
        Compare::Eq => order.is_eq(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Ne | Compare::Co | Compare::Sw | Compare::Ew => false,
    }
}

fn texts(one: &str, compare: Compare, other: &str, exact: bool) -> bool {
    // A time is compared as one: `Z` and `+00:00` are the same.
    if !matches!(compare, Compare::Co | Compare::Sw | Compare::Ew)
        && let (Ok(one), Ok(other)) = (DateTime::parse_from_rfc3339(one), DateTime::parse_from_rfc3339(other))
    {
        return ordered(compare, Some(one.cmp(&other)));
    }
    let (one, other) =
        if exact { (one.to_owned(), other.to_owned()) } else { (one.to_lowercase(), other.to_lowercase()) };
    match compare {
        Compare::Co => one.contains(&other),
        Compare::Sw => one.starts_with(&other),
        Compare::Ew => one.ends_with(&other),
        _ => ordered(compare, Some(one.cmp(&other))),
    }
}

/// Reads an attribute as `attributes` and `sortBy` name one.
///
/// # Errors
/// Where and why it is none.
pub fn attribute(text: &str) -> Result<AttrPath, BadFilter> {
    let mut parser = Parser::new(text)?;
    let at = parser.attribute()?;
    parser.end()?;
    Ok(at)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, BadFilter> {
        if text.len() > LONGEST {
            return Err(BadFilter { at: LONGEST, what: "it is too long" });
        }
        let mut parser = Self { text, at: 0 };
        parser.blanks();
        Ok(parser)
    }

    fn bad(&self, what: &'static str) -> BadFilter {
        BadFilter { at: self.at, what }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn blanks(&mut self) {
        while self.eat(b' ') {}
    }

    fn end(&mut self) -> Result<(), BadFilter> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.bad("something is left over")) }
    }

    /// Eats a word of the grammar in any case, if it stands here as a whole.
    fn keyword(&mut self, word: &str) -> bool {
        let bytes = self.rest().as_bytes();
        let is = bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
            && bytes.get(word.len()).is_none_or(|next| !in_name(*next));
        if is {
            self.at += word.len();
        }
        is
    }

    fn either(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        let mut filter = self.both(depth)?;
        // A chain deepens the value on its left, so it counts too.
        let mut links = 0;
        loop {
            self.blanks();
            if !self.keyword("or") {
                return Ok(filter);
            }
            links += 1;
            if links > LINKS {
                return Err(self.bad("it has too many parts"));
            }
            let other = self.both(depth)?;
            filter = Filter::Or(Box::new(filter), Box::new(other));
        }
    }

    fn both(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        let mut filter = self.one(depth)?;
        let mut links = 0;
        loop {
            self.blanks();
            if !self.keyword("and") {
                return Ok(filter);
            }
            links += 1;
            if links > LINKS {
                return Err(self.bad("it has too many parts"));
            }
            let other = self.one(depth)?;
            filter = Filter::And(Box::new(filter), Box::new(other));
        }
    }

    fn one(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        if depth > DEEPEST {
            return Err(self.bad("it is nested too deeply"));
        }
        self.blanks();
        if self.eat(b'(') {
            return self.closed(depth);
        }
        let here = self.at;
        if self.keyword("not") {
            self.blanks();
            if self.eat(b'(') {
                return Ok(Filter::Not(Box::new(self.closed(depth)?)));
            }
            self.at = here;
        }
        let at = self.attribute()?;
        if self.eat(b'[') {
            if at.sub.is_some() {
                return Err(self.bad("only a whole attribute has several values"));
            }
            let inner = self.either(depth + 1)?;
            self.blanks();
            if !self.eat(b']') {
                return Err(self.bad("a bracket is not closed"));
            }
            // Entra asks for `emails[type eq "work"].value eq "..."`.
            if self.eat(b'.') {
                let sub = self.word()?;
                let part = self.comparison(AttrPath { schema: None, name: sub, sub: None })?;
                let both = Filter::And(Box::new(inner), Box::new(part));
                return Ok(Filter::Has(at, Box::new(both)));
            }
            return Ok(Filter::Has(at, Box::new(inner)));
        }
        self.comparison(at)
    }

    fn closed(&mut self, depth: usize) -> Result<Filter, BadFilter> {
        let inner = self.either(depth + 1)?;
        self.blanks();
        if self.eat(b')') { Ok(inner) } else { Err(self.bad("a parenthesis is not closed")) }
    }

    fn comparison(&mut self, at: AttrPath) -> Result<Filter, BadFilter> {
        const WORDS: &[(&str, Compare)] = &[
            ("eq", Compare::Eq),
            ("ne", Compare::Ne),
            ("co", Compare::Co),
            ("sw", Compare::Sw),
            ("ew", Compare::Ew),
            ("gt", Compare::Gt),
            ("ge", Compare::Ge),
            ("lt", Compare::Lt),
            ("le", Compare::Le),
        ];
        if !self.eat(b' ') {
            return Err(self.bad("a blank and an operator belong here"));
        }
        self.blanks();
        if self.keyword("pr") {
            return Ok(Filter::Present(at));
        }
        let Some((_, compare)) = WORDS.iter().find(|(word, _)| self.keyword(word)) else {
            return Err(self.bad("this is no operator"));
        };
        if !self.eat(b' ') {
            return Err(self.bad("a blank and a value belong here"));
        }
        self.blanks();
        let value = self.value()?;
        let fits = match compare {
            Compare::Eq | Compare::Ne => true,
            Compare::Co | Compare::Sw | Compare::Ew => value.is_string(),
            _ => value.is_string() || value.is_number(),
        };
        if fits { Ok(Filter::Is(at, *compare, value)) } else { Err(self.bad("this value has no such order")) }
    }

    fn value(&mut self) -> Result<Json, BadFilter> {
        if self.keyword("true") {
            return Ok(Json::Bool(true));
        }
        if self.keyword("false") {
            return Ok(Json::Bool(false));
        }
        if self.keyword("null") {
            return Ok(Json::Null);
        }
        let bytes = self.rest().as_bytes();
        let length = match bytes.first() {
            Some(b'"') => {
                let mut place = 1;
                loop {
                    match bytes.get(place) {
                        Some(b'"') => break place + 1,
                        Some(b'\\') => place += 2,
                        Some(_) => place += 1,
                        None => return Err(self.bad("a quote is not closed")),
                    }
                }
            }
            Some(b'-' | b'0'..=b'9') => bytes
                .iter()
                .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
                .count(),
            _ => {
                return Err(
                    self.bad("a value belongs here: a text in double quotes, true, false, null or a number")
                );
            }
        };
        let value = self.rest().get(..length).and_then(|text| serde_json::from_str(text).ok());
        let value = value.ok_or_else(|| self.bad("this is no value"))?;
        self.at += length;
        Ok(value)
    }

    fn word(&mut self) -> Result<String, BadFilter> {
        let length = self.rest().bytes().take_while(|byte| in_name(*byte)).count();
        let word = self.rest().get(..length).unwrap_or_default();
        let starts = word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'$');
        if !starts {
            return Err(self.bad("the name of an attribute belongs here"));
        }
        self.at += length;
        Ok(word.to_owned())
    }

    fn attribute(&mut self) -> Result<AttrPath, BadFilter> {
        let mut schema = None;
        if self.rest().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
            let known = [USER, GROUP, ENTERPRISE, LINK].into_iter().find(|urn| {
                let bytes = self.rest().as_bytes();
                bytes.get(..urn.len()).is_some_and(|start| start.eq_ignore_ascii_case(urn.as_bytes()))
                    && matches!(bytes.get(urn.len()), None | Some(b':'))
            });
            let Some(urn) = known else { return Err(self.bad("this schema is not known")) };
            self.at += urn.len();
            if !self.eat(b':') {
                // The extension as a whole.
                return Ok(AttrPath { schema: None, name: urn.to_owned(), sub: None });
            }
            schema = Some(urn);
        }
        let name = self.word()?;
        let sub = if self.eat(b'.') { Some(self.word()?) } else { None };
        Ok(AttrPath { schema, name, sub })
    }
}

/// Parts of one chain of `and` or `or` at most: reading them back is recursive.
const LINKS: usize = 200;

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$')
}
