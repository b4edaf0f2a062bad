//! Which requests a fault befalls, and what it does.

use std::time::Duration;

use http::Method;

/// Which requests are meant. All conditions must hold; then the first `skip` are let through, and the next
/// `times` (1 unless said otherwise) are meant.
#[derive(Clone, Debug)]
pub struct When {
    methods: Option<Vec<Method>>,
    path: String,
    body: Option<String>,
    skip: u64,
    times: u64,
}

impl When {
    /// Any request.
    pub fn any() -> Self {
        Self { methods: None, path: String::new(), body: None, skip: 0, times: 1 }
    }

    /// Any request whose path fits `pattern`: with a `*` in it the whole path must fit, and `*` stands for
    /// any characters; otherwise the path must contain it.
    pub fn path(pattern: &str) -> Self {
        Self { path: pattern.to_owned(), ..Self::any() }
    }

    /// As [`When::path`], only GET.
    pub fn get(pattern: &str) -> Self {
        Self::path(pattern).method(Method::GET)
    }

    /// As [`When::path`], only POST.
    pub fn post(pattern: &str) -> Self {
        Self::path(pattern).method(Method::POST)
    }

    /// As [`When::path`], only PUT.
    pub fn put(pattern: &str) -> Self {
        Self::path(pattern).method(Method::PUT)
    }

    /// As [`When::path`], only PATCH.
    pub fn patch(pattern: &str) -> Self {
        Self::path(pattern).method(Method::PATCH)
    }

    /// As [`When::path`], only DELETE.
    pub fn delete(pattern: &str) -> Self {
        Self::path(pattern).method(Method::DELETE)
    }

    /// Any request that changes something by its method: POST, PUT, PATCH, DELETE.
    pub fn any_write() -> Self {
        let methods = vec![Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        Self { methods: Some(methods), ..Self::any() }
    }

    /// Only this method.
    pub fn method(self, method: Method) -> Self {
        Self { methods: Some(vec![method]), ..self }
    }

    /// Only requests whose body contains this text, as sent.
    pub fn body_contains(self, text: &str) -> Self {
        Self { body: Some(text.to_owned()), ..self }
    }

    /// Lets the first `requests` that fit through.
    pub fn skip(self, requests: u64) -> Self {
        Self { skip: requests, ..self }
    }

    /// Means this many requests.
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    /// Means all requests from then on.
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    fn fits(&self, method: &Method, path: &str, body: &[u8]) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.contains(method))
            && path_fits(&self.path, path)
            && self.body.as_ref().is_none_or(|text| contains(body, text.as_bytes()))
    }

    /// Counts one request: whether it is meant.
    pub(super) fn takes(&mut self, method: &Method, path: &str, body: &[u8]) -> bool {
        if self.times == 0 || !self.fits(method, path, body) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.times != u64::MAX {
            self.times -= 1;
        }
        true
    }

    fn spent(&self) -> bool {
        self.times == 0
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return path.contains(pattern) };
    let Some(mut left) = path.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It takes longer, before the effect. Further faults may follow.
    Delay(Duration),
    /// No effect; this status and body are the answer. A body that begins like JSON is sent as JSON,
    /// anything else as HTML.
    Status(u16, String),
    /// No effect; the server's own refusal when too much was asked.
    RateLimited {
        /// What the answer asks to wait.
        retry_after: Duration,
    },
    /// No effect; the server's own refusal of too many requests at once. GitHub: a 403 that says so only in
    /// its message.
    SecondaryLimit,
    /// The effect happens, then the connection is cut without an answer.
    LostAnswer,
    /// The connection is cut before any effect.
    Dropped,
    /// Half-open: the request was read, has no effect and is never answered; the connection stays.
    Hang,
}

/// A refusal that each server words in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// From [`Fault::RateLimited`].
    RateLimited {
        /// What the answer asks to wait.
        retry_after: Duration,
    },
    /// From [`Fault::SecondaryLimit`].
    SecondaryLimit,
}

/// Names one fault that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultId(u64);

#[derive(Debug, Default)]
pub(super) struct Rules {
    next: u64,
    rules: Vec<(FaultId, When, Fault)>,
}

impl Rules {
    pub(super) fn add(&mut self, when: When, fault: Fault) -> FaultId {
        self.next += 1;
        let id = FaultId(self.next);
        self.rules.push((id, when, fault));
        id
    }

    pub(super) fn remove(&mut self, id: FaultId) {
        self.rules.retain(|(other, ..)| *other != id);
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The faults that befall this request, in the order in which they were added; nothing comes after one
    /// that is not a delay, and what is not reached does not count the request.
    pub(super) fn befalling(&mut self, method: &Method, path: &str, body: &[u8]) -> Vec<Fault> {
        let mut found = Vec::new();
        for (_, when, fault) in &mut self.rules {
            if when.takes(method, path, body) {
                found.push(fault.clone());
                if !matches!(fault, Fault::Delay(_)) {
                    break;
                }
            }
        }
        self.rules.retain(|(_, when, _)| !when.spent());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_substring_or_has_stars() {
        for (pattern, path, fits) in [
            ("", "/a", true),
            ("/repos", "/orgs/acme/repos", true),
            ("/repos/", "/orgs/acme/repos", false),
            ("/orgs/*/repos", "/orgs/acme/repos", true),
            ("/orgs/*/repos", "/orgs/acme/repos/x", false),
            ("/orgs/*/repos", "/x/orgs/acme/repos", false),
            ("*/repos/*/widgets", "/api/v3/repos/acme/widgets", true),
            ("/repos/*", "/repos/acme/widgets", true),
            ("/a*b*c", "/aXbYc", true),
            ("/a*b*c", "/aXcYb", false),
            ("/ab*ba", "/aba", false),
        ] {
            assert_eq!(path_fits(pattern, path), fits, "{pattern} on {path}");
        }
    }

    #[test]
    fn skip_and_times_count_only_what_fits() {
        let mut when = When::post("/x").skip(1).times(2);
        let taken: Vec<bool> = [
            (Method::GET, "/x"),
            (Method::POST, "/x"),
            (Method::POST, "/y"),
            (Method::POST, "/x"),
            (Method::POST, "/x"),
            (Method::POST, "/x"),
        ]
        .iter()
        .map(|(method, path)| when.takes(method, path, b""))
        .collect();
        assert_eq!(taken, [false, false, false, true, true, false]);
    }

    #[test]
    fn delays_add_up_and_the_first_end_ends() {
        let mut rules = Rules::default();
        rules.add(When::any(), Fault::Delay(Duration::from_secs(1)));
        rules.add(When::any().body_contains("no such"), Fault::Hang);
        rules.add(When::any(), Fault::Dropped);
        rules.add(When::any(), Fault::LostAnswer);
        let first = rules.befalling(&Method::GET, "/", b"body");
        assert_eq!(first, [Fault::Delay(Duration::from_secs(1)), Fault::Dropped]);
        assert_eq!(rules.befalling(&Method::GET, "/", b"body"), [Fault::LostAnswer]);
        assert_eq!(rules.befalling(&Method::GET, "/", b"body"), []);
    }
}
