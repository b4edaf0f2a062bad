//! What may be asked of GitHub, as GitHub's own description of its API (OpenAPI) has it.
//!
//! The description is not ours and no part of it is kept here: `scripts/test` fetches it and names it by
//! [`VARIABLE`]. A local GitHub that is held to it ([`super::GitHub::hold_to`]) refuses each request that is not
//! in it: an unknown path, a misspelt parameter or field, a wrong type, a required field left out. Objects take
//! no field that is not listed, unless the description says outright that they do: what GitHub would silently
//! ignore is a mistake of ours.

mod reduce;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use http::Method;
use serde_json::Value;

use super::front::segments;

/// The environment variable that names the description's file (`ghec.json` of the npm package
/// `@octokit/openapi`).
pub const VARIABLE: &str = "HUBCOMMANDER_GITHUB_DESCRIPTION";

/// The form of the reduced file. Changes when what is kept in it does.
const FORM: &str = "requests-1";

/// What may be asked of GitHub.
#[derive(Debug)]
pub struct Description {
    paths: Vec<Described>,
}

/// The description cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {why}; run scripts/test, which fetches GitHub's description of its API, or unset {VARIABLE}", .file.display())]
pub struct DescriptionError {
    file: PathBuf,
    why: String,
}

/// One path and what may be asked there, still as it was written: most are never asked.
#[derive(Debug)]
struct Described {
    parts: Vec<Part>,
    methods: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// This word.
    Word(String),
    /// Any one segment.
    One,
    /// One segment or more.
    Some,
}

impl Description {
    /// The one that the environment names, read once in a process; `None` if it names none.
    ///
    /// # Errors
    /// It is named and cannot be used.
    pub fn named() -> Result<Option<Arc<Self>>, DescriptionError> {
        static NAMED: OnceLock<Result<Option<Arc<Description>>, DescriptionError>> = OnceLock::new();
        let read = || {
            let file = std::env::var_os(VARIABLE).filter(|file| !file.is_empty());
            file.map(|file| Self::read(Path::new(&file)).map(Arc::new)).transpose()
        };
        NAMED.get_or_init(read).clone()
    }

    /// Reads a description. What matters of it is kept in a small file beside it, so that hundreds of processes
    /// do not all read the whole.
    ///
    /// # Errors
    /// It is not there, or no description.
    pub fn read(file: &Path) -> Result<Self, DescriptionError> {
        let wrong = |why: String| DescriptionError { file: file.to_owned(), why };
        let small = file.with_extension(FORM);
        let changed = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
        if changed(&small) >= changed(file)
            && let Ok(reduced) = std::fs::read_to_string(&small)
        {
            return Self::of_reduced(&reduced).ok_or_else(|| wrong(format!("{} is broken", small.display())));
        }
        let whole = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let whole: Value = serde_json::from_slice(&whole).map_err(|error| wrong(error.to_string()))?;
        let reduced = reduce::reduce(&whole).map_err(wrong)?;
        // Another process may be doing the same: whoever comes last leaves the same words.
        let own = small.with_extension(format!("{FORM}.{}", std::process::id()));
        let kept = std::fs::write(&own, &reduced).and_then(|()| std::fs::rename(&own, &small));
        kept.map_err(|error| wrong(error.to_string()))?;
        Self::of_reduced(&reduced).ok_or_else(|| wrong("it describes no paths".to_owned()))
    }

    /// The same from the whole, without a file.
    ///
    /// # Errors
    /// It is no description: what is missing.
    pub fn of(whole: &Value) -> Result<Self, String> {
        Self::of_reduced(&reduce::reduce(whole)?).ok_or_else(|| "it describes no paths".to_owned())
    }

    fn of_reduced(reduced: &str) -> Option<Self> {
        let line = |line: &str| {
            let (template, methods) = line.split_once('\t')?;
            Some(Described { parts: parts(template), methods: methods.to_owned() })
        };
        let paths: Option<Vec<_>> = reduced.lines().map(line).collect();
        paths.filter(|paths| !paths.is_empty()).map(|paths| Self { paths })
    }

    /// Whether this may be asked.
    ///
    /// # Errors
    /// Why not, in a line.
    pub fn check(&self, method: &Method, path: &str, query: &str, body: &[u8]) -> Result<(), String> {
        let path = path.strip_prefix("/api/v3").unwrap_or(path);
        let asked = format!("{method} {path}");
        let segments = segments(path).ok_or_else(|| format!("{asked}: an empty part in the path"))?;
        let described =
            self.find(&by_name(segments)).ok_or_else(|| format!("{asked}: GitHub knows no such path"))?;
        let methods: Value = serde_json::from_str(&described.methods).map_err(|error| error.to_string())?;
        let reading = if method == Method::HEAD { Method::GET } else { method.clone() };
        let operation = methods
            .get(reading.as_str().to_ascii_lowercase())
            .ok_or_else(|| format!("{asked}: GitHub takes no {method} there"))?;
        let mut wrong = parameters(operation, query);
        wrong.extend(in_body(operation, body));
        if wrong.is_empty() { Ok(()) } else { Err(format!("{asked}: {}", wrong.join("; "))) }
    }

    /// The path that is meant: a word counts for more than a name, and an earlier one for more than a later.
    fn find(&self, segments: &[String]) -> Option<&Described> {
        let words = |described: &&Described| -> Vec<bool> {
            described.parts.iter().map(|part| matches!(part, Part::Word(_))).collect()
        };
        self.paths.iter().filter(|described| matches(&described.parts, segments)).max_by_key(words)
    }
}

fn parts(template: &str) -> Vec<Part> {
    let part = |part: &str| match part.strip_prefix('{') {
        Some(name) if name.ends_with("+}") => Part::Some,
        Some(_) => Part::One,
        None => Part::Word(part.to_owned()),
    };
    template.split('/').filter(|part| !part.is_empty()).map(part).collect()
}

fn matches(parts: &[Part], segments: &[String]) -> bool {
    match (parts, segments) {
        ([], []) => true,
        ([Part::Word(word), parts @ ..], [segment, rest @ ..]) => word == segment && matches(parts, rest),
        ([Part::One, parts @ ..], [_, rest @ ..]) => matches(parts, rest),
        ([Part::Some, behind @ ..], [_, rest @ ..]) => matches(behind, rest) || matches(parts, rest),
        _ => false,
    }
}

/// `/repositories/{id}` and what stands behind it is `/repos/{owner}/{repo}` by number, which the description
/// leaves out; GitHub's own redirects lead there.
fn by_name(segments: Vec<String>) -> Vec<String> {
    match segments.first().map(String::as_str) {
        Some("repositories") if segments.len() > 1 => {
            let named = ["repos", "owner", "repo"].map(str::to_owned);
            named.into_iter().chain(segments.into_iter().skip(2)).collect()
        }
        _ => segments,
    }
}

fn parameters(operation: &Value, query: &str) -> Vec<String> {
    let none = Vec::new();
    let known = operation["parameters"].as_array().unwrap_or(&none);
    let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let odd = given.iter().filter_map(|(name, value)| {
        match known.iter().find(|known| known["name"] == name.as_str()) {
            None => Some(format!("GitHub knows no parameter `{name}`")),
            Some(known) => schema::text_misfit(value, &known["schema"], name),
        }
    });
    let missing = known.iter().filter(|known| known["required"] == true).filter_map(|known| {
        let name = known["name"].as_str()?;
        (!given.iter().any(|(given, _)| given == name)).then(|| format!("the parameter `{name}` is missing"))
    });
    odd.chain(missing).collect()
}

fn in_body(operation: &Value, body: &[u8]) -> Vec<String> {
    let body: Value = match body {
        [] => Value::Null,
        body => match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return vec![format!("the body is no JSON: {error}")],
        },
    };
    let nothing = body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty);
    match operation.get("body") {
        None if nothing => Vec::new(),
        None => vec!["GitHub takes no body there".to_owned()],
        Some(described) if nothing && described["required"] != true => Vec::new(),
        Some(described) => {
            let body = if nothing { Value::Object(serde_json::Map::new()) } else { body };
            schema::misfits(&body, &described["schema"], "")
        }
    }
}
