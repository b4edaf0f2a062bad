//! From text to filters and paths, by recursive descent with bounds on length, depth and chains.

use serde_json::Value as Json;

use super::{AttrPath, Compare, Filter, Path};
use crate::scim::schema::{ENTERPRISE, GROUP, LINK, USER};

/// Bytes of one filter at most.
const LONGEST: usize = 8_192;
/// How deep parentheses, `not` and brackets may be within each other.
const DEEPEST: usize = 24;

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

/// Reads an attribute as `attributes` names one.
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
