//! Whether Slack knows our tokens, lets us do what we need, and has the channels that are configured.

use http::Method;
use serde_json::Value;

use super::ask::{Answer, Asker};
use super::{Finding, Ground};
use crate::config::{Secret, Slack};
use crate::slack::manifest;

/// The most channels of `listen` and `ignore` that are looked at; Slack rations the question.
const MOST_CHANNELS: usize = 20;

const WHERE_BOT: &str = "in the app's settings under OAuth & Permissions";
const WHERE_APP: &str = "in the app's settings under Basic Information, App-Level Tokens";

/// The section and the way to ask, or why not.
fn ready(ground: &Ground) -> Result<(&Slack, &Asker), Finding> {
    let slack = ground.sections.slack.as_ref().ok_or_else(|| Finding::without("slack"))?;
    let asker = ground.asker.as_ref().map_err(|why| Finding::NotTried(format!("not tried: {why}")))?;
    Ok((slack, asker))
}

/// What Slack said, if it said yes; else what to tell, if it is nothing special.
async fn call(asker: &Asker, slack: &Slack, method: &str, token: &Secret) -> Result<Answer, Finding> {
    let way = if method.starts_with("conversations.info") { Method::GET } else { Method::POST };
    let answer = asker
        .ask(way, &slack.api_url, method, Some(token))
        .await
        .map_err(|why| Finding::unreached("Slack", &slack.api_url, &why))?;
    if answer.body.get("ok").and_then(Value::as_bool) == Some(true) {
        Ok(answer)
    } else {
        Err(refused(&answer))
    }
}

/// What a refusal means, whatever was asked.
fn refused(answer: &Answer) -> Finding {
    let code = answer.text("/error").unwrap_or_default();
    let what = match code {
        "" => format!("Slack answered {} without saying why.", answer.status),
        code => format!("Slack refuses: {code}."),
    };
    let cure = match code {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "Copy the token again; it is wrong, was revoked, or is of another workspace."
        }
        "not_allowed_token_type" => "Give each of the two tokens where it belongs: `xoxb-…` and `xapp-…`.",
        "missing_scope" => "Add the scope in the app's settings, then install the app again.",
        "ratelimited" => "Wait a minute and try again.",
        "" => "See that `api_url` is Slack's, and https://status.slack.com.",
        _ => "Look the word up at https://docs.slack.dev/reference/methods.",
    };
    Finding::wrong(what, cure)
}

/// The same refusal, with where this token is found.
fn about_token(finding: Finding, place: &str) -> Finding {
    match finding {
        Finding::Wrong(mut failure) if failure.cure.starts_with("Copy the token") => {
            failure.cure = format!("{} It stands {place}.", failure.cure);
            Finding::Wrong(failure)
        }
        other => other,
    }
}

/// Slack knows the bot, and lets it do what it needs.
pub(super) async fn bot_token(ground: &Ground) -> Vec<Finding> {
    let (slack, asker) = match ready(ground) {
        Ok(ready) => ready,
        Err(finding) => return vec![finding],
    };
    let answer = match call(asker, slack, "auth.test", &slack.bot_token).await {
        Ok(answer) => answer,
        Err(finding) => return vec![about_token(finding, WHERE_BOT)],
    };
    let (user, team) = (answer.text("/user").unwrap_or("?"), answer.text("/team").unwrap_or("?"));
    let mut found = vec![if answer.text("/bot_id").is_some() {
        Finding::Fine(format!("known as {user} in {team}"))
    } else {
        Finding::wrong(
            format!("The token is a person's ({user} in {team}), not a bot's."),
            format!("Give the Bot User OAuth Token; it stands {WHERE_BOT}."),
        )
    }];
    found.push(match answer.header("x-oauth-scopes") {
        Some(scopes) => {
            let missing = missing_scopes(scopes);
            if missing.is_empty() {
                Finding::Fine("has every scope that it needs".to_owned())
            } else {
                Finding::wrong(
                    format!("The app lacks the scopes {}.", missing.join(", ")),
                    "Paste what `hubcommander manifest` prints into the app's settings under App Manifest, then \
                     install the app again.",
                )
            }
        }
        None => Finding::NotTried("Slack does not say which scopes the token has".to_owned()),
    });
    found
}

/// What the manifest asks for and the header does not have.
fn missing_scopes(header: &str) -> Vec<String> {
    let has: Vec<&str> = header.split(',').map(str::trim).collect();
    let manifest = manifest::manifest(manifest::NAME);
    let needed = manifest.pointer("/oauth_config/scopes/bot").and_then(Value::as_array);
    needed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|scope| !has.contains(scope))
        .map(str::to_owned)
        .collect()
}

/// Slack lets us open a connection. None is opened: the address is thrown away.
pub(super) async fn app_token(ground: &Ground) -> Vec<Finding> {
    let (slack, asker) = match ready(ground) {
        Ok(ready) => ready,
        Err(finding) => return vec![finding],
    };
    vec![match call(asker, slack, "apps.connections.open", &slack.app_token).await {
        Ok(_) => Finding::Fine("Slack lets the bot connect".to_owned()),
        Err(Finding::Wrong(failure)) if failure.what.contains("missing_scope") => Finding::wrong(
            "The app-level token lacks the scope `connections:write`.",
            format!("Make a new one with that scope, {WHERE_APP}."),
        ),
        Err(finding) => about_token(finding, WHERE_APP),
    }]
}

/// The configured channels exist, and the bot is in them.
pub(super) async fn channels(ground: &Ground) -> Vec<Finding> {
    let (slack, asker) = match ready(ground) {
        Ok(ready) => ready,
        Err(finding) => return vec![finding],
    };
    let listened = slack.listen.iter().map(|id| (id, "listen", true));
    let ignored = slack.ignore.iter().map(|id| (id, "ignore", false));
    let alarm = slack.alarm_channel.iter().map(|id| (id, "alarm_channel", true));
    // Left out, it is the one for alarms.
    let notified = ground.sections.notifications.iter().filter_map(|asked| asked.channel.as_ref());
    let notified = notified
        .filter(|id| slack.alarm_channel.as_ref() != Some(*id))
        .map(|id| (id, "notifications.channel", true));
    let all: Vec<_> = alarm.chain(notified).chain(listened).chain(ignored).collect();
    if !all.is_empty() && call(asker, slack, "auth.test", &slack.bot_token).await.is_err() {
        return vec![Finding::NotTried("not tried, since the bot token does not work".to_owned())];
    }
    let mut found = Vec::new();
    if slack.alarm_channel.is_none() {
        found.push(Finding::attention(
            "There is no channel for alarms, so they are only logged.",
            "Make one, invite the bot, and put its id into `alarm_channel`.",
        ));
    }
    for (id, key, must_be_in) in all.iter().take(MOST_CHANNELS) {
        found.push(channel(asker, slack, id, key, *must_be_in).await);
    }
    if let Some(more) = all.len().checked_sub(MOST_CHANNELS).filter(|more| *more > 0) {
        found.push(Finding::NotTried(format!("{more} more channels were not looked at")));
    }
    found
}

async fn channel(asker: &Asker, slack: &Slack, id: &str, key: &str, must_be_in: bool) -> Finding {
    // An id is letters and digits; the configuration has seen to that.
    let answer = match call(asker, slack, &format!("conversations.info?channel={id}"), &slack.bot_token).await
    {
        Ok(answer) => answer,
        Err(Finding::Wrong(failure)) if failure.what.contains("channel_not_found") => {
            return Finding::wrong(
                format!("Slack knows no channel `{id}` (`{key}`), or does not show it to the bot."),
                "See that the id is right; into a private channel the bot must be invited first, with \
                 `/invite @hubcommander`.",
            );
        }
        Err(finding) => return finding,
    };
    let name = answer.text("/channel/name").map_or_else(|| id.to_owned(), |name| format!("#{name}"));
    let is = |field: &str| {
        answer.body.pointer(&format!("/channel/{field}")).and_then(Value::as_bool) == Some(true)
    };
    if is("is_archived") {
        return Finding::wrong(
            format!("{name} (`{key}`) is archived."),
            format!("Bring it back, or take it out of `{key}`."),
        );
    }
    if must_be_in && !is("is_member") && !is("is_im") {
        return Finding::wrong(
            format!("The bot is not in {name} (`{key}`)."),
            "Type `/invite @hubcommander` there.",
        );
    }
    if key == "alarm_channel" && is("is_ext_shared") {
        return Finding::attention(
            format!("{name} (`{key}`) is shared with another company, which reads every alarm."),
            "Choose a channel of your own.",
        );
    }
    Finding::Fine(format!("{name} (`{key}`) is there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_manifest_asks_for_is_what_is_needed() {
        assert_eq!(missing_scopes("chat:write").len() + 1, missing_scopes("").len());
        let all = missing_scopes("").join(", ");
        assert!(all.contains("chat:write") && missing_scopes(&all).is_empty());
    }
}
