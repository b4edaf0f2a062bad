//! The counts as a file.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::Serialize;

use super::{DAYS, enter};
use crate::guard::Signed;
use crate::page::Refusal;
use crate::ports::{DayCount, What};
use crate::show::of_platform;
use crate::site::Pages;

#[derive(Serialize)]
struct Line {
    day: String,
    practice: String,
    system: &'static str,
    fine: u32,
    suggested: u32,
    critical: u32,
    unknown: u32,
    /// Whether every source had answered on that day.
    whole: bool,
}

impl From<DayCount> for Line {
    fn from(count: DayCount) -> Self {
        Self {
            day: count.day.to_string(),
            system: of_platform(count.platform),
            fine: count.ok,
            suggested: count.nudge,
            critical: count.warn,
            unknown: count.unknown,
            whole: count.is_whole,
            practice: count.practice.0,
        }
    }
}

async fn lines(pages: &Pages, signed: &Signed) -> Result<Vec<Line>, Refusal> {
    enter(pages, signed, &What::Export, "the counts of all devices, as a file").await?;
    let today = pages.now().date_naive();
    let days = pages.behind.history.daily(today - TimeDelta::days(DAYS), today).await?;
    Ok(days.into_iter().map(Line::from).collect())
}

/// As CSV (RFC 4180).
pub(crate) async fn csv(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    let mut out = "day,practice,system,fine,suggested,critical,unknown,whole\r\n".to_owned();
    for line in lines(&pages, &signed).await? {
        let texts = [line.day.as_str(), &line.practice, line.system].map(cell).join(",");
        out.push_str(&format!(
            "{texts},{},{},{},{},{}\r\n",
            line.fine, line.suggested, line.critical, line.unknown, line.whole
        ));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"fleet.csv\""),
    ];
    Ok((headers, out).into_response())
}

/// As JSON.
pub(crate) async fn json(State(pages): State<Arc<Pages>>, signed: Signed) -> Result<Response, Refusal> {
    let headers = [(header::CONTENT_DISPOSITION, "attachment; filename=\"fleet.json\"")];
    Ok((headers, Json(lines(&pages, &signed).await?)).into_response())
}

/// A text in a cell. What a spreadsheet would take for a formula gets an apostrophe before it
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '|', '\''])
        || text.starts_with(['\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (text, written) in [
            ("encryption", "\"encryption\""),
            ("=1+1", "\"'=1+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("\t=x", "\"'\t=x\""),
            ("a\"b,c", "\"a\"\"b,c\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
