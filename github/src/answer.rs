//! What GitHub answered, and what it means by it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use hubcommander_sdk::clock::Instant;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::scopes;

/// What GitHub answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The body of an error answer. `errors` holds objects or plain strings.
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Json>,
}

/// How GitHub asks us to slow down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    /// For this long.
    For(Duration),
    /// It does not say for how long: a minute at least, and more each time.
    Unsaid,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What GitHub's support asks for.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.header("x-github-request-id")
    }

    pub(crate) fn etag(&self) -> Option<&HeaderValue> {
        self.headers.get(http::header::ETAG)
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    pub(crate) fn is_redirect(&self) -> bool {
        matches!(self.status.as_u16(), 301 | 302 | 307 | 308)
    }

    /// The id of the repository that a redirect points to (`…/repositories/{id}`, with more behind it for
    /// what belongs to a repository).
    pub(crate) fn redirected_to(&self) -> Option<u64> {
        let location = self.header("location")?;
        let (_, behind) = location.split_once("/repositories/")?;
        behind.split(['/', '?']).next()?.parse().ok()
    }

    fn error_body(&self) -> ErrorBody {
        self.json().unwrap_or_default()
    }

    /// GitHub's own words, shortened. They are data, never markup.
    pub(crate) fn message(&self) -> String {
        let body = self.error_body();
        let mut words = body.message;
        for error in body.errors {
            let detail = match &error {
                Json::String(words) => words.clone(),
                object => {
                    let part = |key| object.get(key).and_then(Json::as_str).unwrap_or_default();
                    match part("message") {
                        "" => format!("{} {}", part("field"), part("code")),
                        message => message.to_owned(),
                    }
                }
            };
            if !detail.trim().is_empty() {
                words.push_str(if words.is_empty() { "" } else { " " });
                words.push_str(detail.trim());
            }
        }
        words.chars().take(400).collect()
    }

    /// GitHub's own words, and its list of what is wrong: objects or plain words. They are data, never markup.
    pub(crate) fn refusal(&self) -> (String, Vec<Json>) {
        let body = self.error_body();
        (body.message, body.errors)
    }

    /// Whether a refusal (422) says that the name is taken.
    pub(crate) fn says_taken(&self) -> bool {
        self.error_body().errors.iter().any(|error| {
            let is = |key, value| error.get(key).and_then(Json::as_str) == Some(value);
            let says = error.get("message").and_then(Json::as_str).unwrap_or_default();
            is("code", "already_exists") || says.contains("already exists")
        }) || self.error_body().message.contains("already exists")
    }

    /// What the call would have needed and the account may lack, as GitHub names it: for Apps and fine-grained
    /// tokens permissions, for a classic token scopes, without those that it has. One of the entries is enough.
    pub(crate) fn needed(&self) -> Vec<String> {
        let list = |words: &str, between: char| -> Vec<String> {
            let words = words.split(between).map(|word| word.trim().to_owned());
            words.filter(|word| !word.is_empty()).collect()
        };
        if let Some(permissions) = self.header("x-accepted-github-permissions") {
            return list(permissions, ';').iter().map(|all| list(all, ',').join(" and ")).collect();
        }
        let accepted = list(self.header("x-accepted-oauth-scopes").unwrap_or_default(), ',');
        let have = self.scopes().unwrap_or_default();
        // If it has one of them, it is something else that it lacks.
        if accepted.iter().any(|scope| scopes::includes(&have, scope)) { Vec::new() } else { accepted }
    }

    /// The scopes that a classic token has; `None` if it is not one.
    pub(crate) fn scopes(&self) -> Option<Vec<String>> {
        let scopes = self.header("x-oauth-scopes")?;
        Some(scopes.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
    }

    /// Whether the organisation wants the token authorised for single sign-on first.
    pub(crate) fn wants_sign_on(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
            && (self.header("x-github-sso").is_some_and(|sso| sso.starts_with("required"))
                || self.message().contains("SAML enforcement"))
    }

    /// Whether what was asked is to be had on a paid plan only.
    pub(crate) fn wants_paid_plan(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.message().starts_with("Upgrade to GitHub")
    }

    /// Whether GitHub refused because of a limit, and how long it wants us to wait
    /// (<https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api>). The
    /// secondary limit may be a 403 with some of the primary limit left: only its words tell.
    pub(crate) fn limited(&self, now: Instant) -> Option<Limited> {
        if !matches!(self.status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
            return None;
        }
        if let Some(seconds) = self.header("retry-after").and_then(|value| value.trim().parse().ok()) {
            return Some(Limited::For(Duration::from_secs(seconds)));
        }
        if let Some(until_reset) = self.used_up(now) {
            return Some(until_reset);
        }
        let words = self.message().to_lowercase();
        let secondary = words.contains("secondary rate limit") || words.contains("abuse detection");
        (secondary || self.status == StatusCode::TOO_MANY_REQUESTS).then_some(Limited::Unsaid)
    }

    /// Whether it counts against the limit that most requests count against. Searches have one of their own.
    pub(crate) fn is_of_core(&self) -> bool {
        self.header("x-ratelimit-resource").is_none_or(|resource| resource == "core")
    }

    /// Whether the primary limit is used up by now, whatever the answer was, and until when.
    pub(crate) fn used_up(&self, now: Instant) -> Option<Limited> {
        if self.header("x-ratelimit-remaining")? != "0" {
            return None;
        }
        let reset: Option<i64> = self.header("x-ratelimit-reset").and_then(|value| value.parse().ok());
        Some(reset.map_or(Limited::Unsaid, |reset| {
            // One second more, since the reset is told in whole seconds.
            let seconds = reset.saturating_sub(now.timestamp()).saturating_add(1);
            Limited::For(Duration::from_secs(u64::try_from(seconds).unwrap_or(1).max(1)))
        }))
    }

    /// The number of the last page, if there is more than this one (`Link` header). The address itself is
    /// never followed.
    pub(crate) fn last_page(&self) -> Option<u64> {
        self.page("last").or_else(|| self.page("next"))
    }

    /// How many there are of what was asked for one by one (`per_page=1`), this page holding so many; `None`
    /// if GitHub does not tell.
    pub(crate) fn count_by_one(&self, here: usize) -> Option<u64> {
        match (self.page("last"), self.page("next")) {
            (None, None) => u64::try_from(here).ok(),
            (last, _) => last,
        }
    }

    fn page(&self, rel: &str) -> Option<u64> {
        self.linked(rel, "page")?.parse().ok()
    }

    /// Behind which entry the next page of a list begins that is not counted in pages. The address itself is never
    /// followed.
    pub(crate) fn next_cursor(&self) -> Option<String> {
        let encoded = self.linked("next", "after")?;
        url::form_urlencoded::parse(format!("after={encoded}").as_bytes())
            .next()
            .map(|(_, after)| after.into_owned())
    }

    fn linked(&self, rel: &str, key: &str) -> Option<&str> {
        let link = self.header("link")?;
        let entry = link.split(',').find(|entry| entry.contains(&format!("rel=\"{rel}\"")))?;
        let (address, _) = entry.trim().strip_prefix('<')?.split_once('>')?;
        let (_, query) = address.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;
    use crate::transport::answer;

    fn now() -> Instant {
        chrono::Utc.timestamp_opt(1_000, 0).unwrap()
    }

    #[test]
    fn limits_are_told_from_plain_refusals() {
        let secs = |n| Some(Limited::For(Duration::from_secs(n)));
        assert_eq!(answer(429, &[("retry-after", "7")], "").limited(now()), secs(7));
        assert_eq!(answer(403, &[("retry-after", "60")], "{}").limited(now()), secs(60));
        let primary = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")];
        assert_eq!(answer(403, &primary, "{}").limited(now()), secs(31));
        let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "10")];
        assert_eq!(answer(403, &past, "{}").limited(now()), secs(1));
        let secondary =
            r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes"}"#;
        assert_eq!(
            answer(403, &[("x-ratelimit-remaining", "4999")], secondary).limited(now()),
            Some(Limited::Unsaid)
        );
        assert_eq!(answer(429, &[], "").limited(now()), Some(Limited::Unsaid));
        let refusal = r#"{"message":"Must have admin rights to Repository."}"#;
        assert_eq!(answer(403, &[("x-ratelimit-remaining", "4999")], refusal).limited(now()), None);
        assert_eq!(answer(404, &primary, "{}").limited(now()), None);
    }

    #[test]
    fn a_search_has_a_limit_of_its_own() {
        assert!(answer(200, &[], "").is_of_core());
        assert!(answer(200, &[("x-ratelimit-resource", "core")], "").is_of_core());
        assert!(!answer(200, &[("x-ratelimit-resource", "search")], "").is_of_core());
    }

    #[test]
    fn what_went_wrong_is_read_from_bodies_of_all_kinds() {
        let taken = answer(
            422,
            &[],
            r#"{"message":"Repository creation failed.","errors":[{"resource":"Repository","code":"custom","field":"name","message":"name already exists on this account"}]}"#,
        );
        assert!(taken.says_taken());
        assert_eq!(taken.message(), "Repository creation failed. name already exists on this account");
        let code = answer(
            422,
            &[],
            r#"{"message":"Validation Failed","errors":[{"code":"already_exists","field":"name"}, "and more"]}"#,
        );
        assert!(code.says_taken());
        assert_eq!(code.message(), "Validation Failed name already_exists and more");
        assert!(
            !answer(422, &[], r#"{"message":"Validation Failed","errors":[{"code":"invalid"}]}"#)
                .says_taken()
        );
        assert_eq!(answer(502, &[], "<html>bad gateway</html>").message(), "");
    }

    #[test]
    fn redirects_name_a_repository_by_its_id() {
        let to = |location: &str| answer(301, &[("location", location)], "").redirected_to();
        assert_eq!(to("https://api.github.com/repositories/42"), Some(42));
        assert_eq!(to("https://ghes.example/api/v3/repositories/42/topics?x=1"), Some(42));
        assert_eq!(to("https://evil.example/"), None);
        assert_eq!(to("https://api.github.com/repositories/x"), None);
    }

    #[test]
    fn pages_are_counted_not_followed() {
        let link = r#"<https://evil.example/x?per_page=100&page=2>; rel="next", <https://evil.example/x?page=7&per_page=100>; rel="last""#;
        assert_eq!(answer(200, &[("link", link)], "").last_page(), Some(7));
        let next = r#"<https://api.github.com/x?per_page=100&page=2>; rel="next""#;
        assert_eq!(answer(200, &[("link", next)], "").last_page(), Some(2));
        assert_eq!(answer(200, &[], "").last_page(), None);
        assert_eq!(answer(200, &[("link", link)], "").count_by_one(1), Some(7));
        assert_eq!(
            answer(200, &[("link", next)], "").count_by_one(1),
            None,
            "there are more, nobody says how many"
        );
        assert_eq!(answer(200, &[], "").count_by_one(0), Some(0));
    }

    #[test]
    fn missing_permissions_are_named() {
        let app = answer(403, &[("x-accepted-github-permissions", "administration=write; members=read")], "");
        assert_eq!(app.needed(), ["administration=write", "members=read"]);
        let both = answer(403, &[("x-accepted-github-permissions", "administration=write,members=read")], "");
        assert_eq!(both.needed(), ["administration=write and members=read"]);
        assert_eq!(
            answer(403, &[("x-accepted-oauth-scopes", "repo, admin:org")], "").needed(),
            ["repo", "admin:org"]
        );
        assert!(answer(403, &[("x-github-sso", "required; url=https://x")], "").wants_sign_on());
    }
}
