//! The newest requests.

use super::markup::{Text, count};
use crate::faults::{Faults, Logged, Outcome};

const SHOWN: usize = 40;

pub(super) fn section(faults: &Faults) -> String {
    let newest = faults.newest(SHOWN);
    let total = usize::try_from(faults.arrived()).unwrap_or(usize::MAX);
    let mut html = "<section aria-labelledby=\"requests\">\n<h2 id=\"requests\">Requests</h2>\n".to_owned();
    if newest.is_empty() {
        html.push_str("<p class=\"empty\">None yet. Every request that the bot makes shows up here, the newest first.</p></section>\n");
        return html;
    }
    html.push_str(&format!(
        "<p>{} so far, the newest {} shown.</p>\n<table>\n<thead><tr><th>Time (UTC)</th><th>Request</th><th>Answer</th></tr></thead>\n<tbody>\n",
        count(total, "request", "requests"),
        newest.len()
    ));
    for one in newest.iter().rev() {
        html.push_str(&row(one));
    }
    html.push_str("</tbody></table></section>\n");
    html
}

fn row(one: &Logged) -> String {
    let query = if one.query.is_empty() { String::new() } else { format!("?{}", one.query) };
    let (class, words) = answer(one);
    format!(
        "<tr data-key=\"request {number}\"{write}><td>{time}</td><td><code>{method} {path}{query}</code></td><td class=\"{class}\">{words}</td></tr>\n",
        number = one.number,
        write = if one.is_write() { " class=\"write\"" } else { "" },
        time = one.at.format("%H:%M:%S"),
        method = Text(one.method.as_str()),
        path = Text(&one.path),
        query = Text(&query),
    )
}

fn answer(one: &Logged) -> (&'static str, String) {
    match one.outcome {
        // Who looks whether something is there is not refused by being told that it is not.
        Outcome::Answered(404) if !one.is_write() => ("quiet", "404 not there".to_owned()),
        Outcome::Open => ("quiet", "in work".to_owned()),
        Outcome::Answered(status @ 400..) => ("bad", format!("{status} refused")),
        Outcome::Answered(304) => ("quiet", "304 unchanged".to_owned()),
        Outcome::Answered(status @ 300..400) => ("quiet", format!("{status} has another address")),
        Outcome::Answered(status) => ("good", format!("{status} done")),
        Outcome::AnswerLost(status) => ("bad", format!("{status} done, answer lost")),
        Outcome::Dropped => ("bad", "connection cut before any effect".to_owned()),
        Outcome::Hanging => ("bad", "never answered".to_owned()),
    }
}
