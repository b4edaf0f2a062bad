//! Whether our clock agrees with Slack's and GitHub's.

use chrono::{DateTime, TimeDelta};
use http::Method;
use url::Url;

use super::ask::Asker;
use super::{Finding, Ground};

/// An App's token is refused when our clock is more than a minute off
/// (<https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>).
const TOO_MUCH: i64 = 45;
/// Worth a word.
const NOTABLE: i64 = 5;

/// Compares our clock with the `Date` that each of the two puts on its answers.
pub(super) async fn skew(ground: &Ground) -> Vec<Finding> {
    let sections = &ground.sections;
    let places = [
        ("Slack", sections.slack.as_ref().map(|slack| &slack.api_url), "api.test"),
        ("GitHub", sections.github.as_ref().map(|github| &github.api_url), "meta"),
    ];
    let asker = match &ground.asker {
        Ok(asker) => asker,
        Err(why) => {
            return vec![Finding::wrong(
                format!("Nothing can be asked: {why}."),
                "Install the system's CA certificates (package ca-certificates).",
            )];
        }
    };
    let mut found = Vec::new();
    for (name, url, below) in places {
        match url {
            Some(url) => found.push(one(ground, asker, name, url, below).await),
            None => found.push(Finding::without(if name == "Slack" { "slack" } else { "github" })),
        }
    }
    found
}

async fn one(ground: &Ground, asker: &Asker, name: &str, url: &Url, below: &str) -> Finding {
    let before = ground.clock.now();
    let answer = match asker.ask(Method::GET, url, below, None).await {
        Ok(answer) => answer,
        Err(why) => return Finding::unreached(name, url, &why),
    };
    let after = ground.clock.now();
    let Some(date) = answer.header("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
        return Finding::NotTried(format!("{name} does not say what time it is"));
    };
    // The header counts whole seconds, and was written at some time between the two.
    let (before, after) = (before.timestamp(), after.timestamp());
    let date = date.timestamp();
    let seconds = if date < before { date - before } else { (date - after).max(0) };
    words(name, seconds)
}

/// What to say about a clock that is this many seconds behind the other (or before it, if negative).
fn words(name: &str, seconds: i64) -> Finding {
    let way = if seconds > 0 { "behind" } else { "ahead of" };
    let what = format!(
        "This machine's clock is {} s {way} {name}'s.",
        TimeDelta::seconds(seconds).abs().num_seconds()
    );
    let cure = "Let the system keep its clock, for example with chrony or systemd-timesyncd.";
    match seconds.abs() {
        off if off > TOO_MUCH => Finding::wrong(what, cure),
        off if off > NOTABLE => Finding::attention(what, cure),
        _ => Finding::Fine(format!("agrees with {name}'s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_a_little() {
        assert_eq!(words("Slack", -2), Finding::Fine("agrees with Slack's".to_owned()));
        assert!(
            matches!(words("Slack", 20), Finding::Attention(failure) if failure.what.contains("20 s behind"))
        );
        assert!(
            matches!(words("Slack", -90), Finding::Wrong(failure) if failure.what.contains("90 s ahead of"))
        );
    }
}
