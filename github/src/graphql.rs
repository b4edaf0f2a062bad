//! GraphQL, for reading what REST gives only piece by piece. Queries only: nothing here can write.
//!
//! An answer has status 200 whatever went wrong. What went wrong stands in `errors`, beside `data` that may be
//! whole, partial or missing (<https://docs.github.com/en/graphql/guides/forming-calls-with-graphql>).

use http::StatusCode;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value as Json, json};

use crate::answer::Answer;

/// A query: its text, put together from what is written in this program, and the values of its variables.
/// Names never stand in the text itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) text: String,
    pub(crate) variables: Map<String, Json>,
}

impl Query {
    pub(crate) fn body(&self) -> Json {
        json!({ "query": self.text, "variables": self.variables })
    }
}

/// What was answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Reply<T> {
    pub(crate) data: Option<T>,
    #[serde(default)]
    pub(crate) errors: Vec<Problem>,
}

/// What went wrong, and where in the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Problem {
    /// GitHub's word for it: `NOT_FOUND`, `FORBIDDEN`, `RATE_LIMITED`, ...
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) message: String,
    /// Names and numbers, from the outside in.
    #[serde(default)]
    pub(crate) path: Vec<Json>,
}

impl Problem {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    /// Whether it is about what stands at this path, or inside it.
    pub(crate) fn within(&self, path: &[&str]) -> bool {
        self.path.len() >= path.len()
            && path.iter().zip(&self.path).all(|(name, part)| part.as_str() == Some(name))
    }
}

impl<T: DeserializeOwned> Reply<T> {
    pub(crate) fn of(answer: &Answer) -> Result<Self, serde_json::Error> {
        answer.json()
    }
}

/// The answer with the status that REST would have given it where that decides what to do next: wait, or try
/// again. All else is for who asked.
pub(crate) fn with_its_status(mut answer: Answer) -> Answer {
    if answer.status != StatusCode::OK {
        return answer;
    }
    let Ok(Reply::<IgnoredAny> { data: None, errors }) = Reply::of(&answer) else { return answer };
    if errors.iter().any(|problem| problem.is("RATE_LIMITED")) {
        answer.status = StatusCode::TOO_MANY_REQUESTS;
    } else if errors.iter().any(|problem| problem.kind.is_none() && is_trouble(&problem.message)) {
        answer.status = StatusCode::BAD_GATEWAY;
    }
    answer
}

/// GitHub's words when a query took too long there, or fell.
fn is_trouble(message: &str) -> bool {
    ["Something went wrong while executing your query", "We couldn't respond to your request in time"]
        .iter()
        .any(|words| message.starts_with(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answer;

    #[test]
    fn an_answer_gets_the_status_that_it_means() {
        let status = |body: &str| with_its_status(answer(200, &[], body)).status.as_u16();
        assert_eq!(status(r#"{"data":{"viewer":{"login":"x"}}}"#), 200);
        assert_eq!(status(r#"{"errors":[{"type":"RATE_LIMITED","message":"x"}]}"#), 429);
        let trouble = r#"{"data":null,"errors":[{"message":"Something went wrong while executing your query. This may be the result of a timeout"}]}"#;
        assert_eq!(status(trouble), 502);
        let partial = r#"{"data":{"organization":null},"errors":[{"type":"RATE_LIMITED","message":"x"}]}"#;
        assert_eq!(status(partial), 200, "what it gave is good");
        assert_eq!(status(r#"{"errors":[{"type":"NOT_FOUND","message":"x"}]}"#), 200);
        assert_eq!(status("<html>"), 200);
        assert_eq!(with_its_status(answer(403, &[], "{}")).status.as_u16(), 403);
    }

    #[test]
    fn a_problem_knows_where_it_is() {
        let problem =
            Problem { path: vec![json!("organization"), json!("t0"), json!(3)], ..Problem::default() };
        assert!(problem.within(&["organization", "t0"]) && problem.within(&[]));
        assert!(!problem.within(&["organization", "t1"]) && !problem.within(&["organization", "t0", "3"]));
    }
}
