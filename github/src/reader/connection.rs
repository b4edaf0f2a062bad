//! Lists of one organisation by GraphQL, page after page.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::{ReadError, Reader};
use crate::graphql::{Problem, Query, Reply};
use crate::names::Owner;

/// More pages than this no list has. Against cursors that go in circles.
const ABSURD: usize = 20_000;

#[derive(Deserialize)]
struct Data<T> {
    organization: Option<T>,
}

/// Where the next page begins, if there is one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    pub(super) fn next(self) -> Option<String> {
        self.end_cursor.filter(|_| self.has_next_page)
    }
}

impl Reader {
    /// Asks `inside` of an organisation until there is no further page. It may use `$org` and `$after` and those
    /// `variables` that `declared` names. `take` gets each page with what went wrong in it, and says where the next
    /// one begins.
    pub(super) async fn each_page_of<T: DeserializeOwned>(
        &self,
        org: &Owner,
        (declared, inside): (&str, &str),
        mut variables: Map<String, Json>,
        subject: &str,
        mut take: impl FnMut(T, &[Problem]) -> Result<Option<String>, ReadError> + Send,
    ) -> Result<(), ReadError> {
        let text = format!(
            "query($org: String!, $after: String{declared}) {{ organization(login: $org) {{ {inside} }} }}"
        );
        variables.insert("org".to_owned(), json!(org.as_str()));
        for _ in 0..ABSURD {
            let query = Query { text: text.clone(), variables: variables.clone() };
            let answer = self.0.query(org, &query).await?;
            if answer.status.as_u16() != 200 {
                return Err(ReadError::unexpected_answer(&answer, subject));
            }
            let Reply { data, errors } = Reply::<Data<T>>::of(&answer)
                .map_err(|error| ReadError::unexpected(subject, &error.to_string()))?;
            let found = data.and_then(|data| data.organization);
            let found = found.ok_or_else(|| ReadError::of_query(&errors, subject))?;
            match take(found, &errors)? {
                None => return Ok(()),
                next if next.as_deref() == variables.get("after").and_then(Json::as_str) => {
                    return Err(ReadError::unexpected(subject, "a cursor that leads to itself"));
                }
                next => variables.insert("after".to_owned(), json!(next)),
            };
        }
        Err(ReadError::unexpected(subject, "the pages do not end"))
    }
}
