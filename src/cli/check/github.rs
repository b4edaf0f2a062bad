//! Whether GitHub knows our account, shows us the organisations, and has the teams that are configured.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use hubcommander_github::{LOOKING, ReadError, ReadErrorKind, Reader, WhoAmI};
use hubcommander_sdk::orgs::OrgSettings;
use hubcommander_sdk::permit::PermitIssuer;

use super::{Finding, Ground};
use crate::config::{Credentials, GitHub, nearest};

/// The section and a client that can only read, or why not.
fn ready(ground: &Ground) -> Result<(&GitHub, Reader), Finding> {
    let github = ground.sections.github.as_ref().ok_or_else(|| Finding::without("github"))?;
    // The issuer is dropped, so nothing here can write.
    let (_, permits) = PermitIssuer::new();
    match hubcommander_github::GitHub::new(github.settings(), permits, Arc::clone(&ground.clock)) {
        Ok(account) => Ok((github, account.reader())),
        Err(error) => Err(Finding::wrong(format!("{error}."), "Mend it in `[github]`.")),
    }
}

/// What a failed question means.
fn refused(error: &ReadError) -> Finding {
    let cure = match &error.kind {
        ReadErrorKind::Unauthorized => {
            "Make a new token or key and give it where `[github]` says; the old one is wrong, was revoked, or has \
             run out."
        }
        ReadErrorKind::SignOn => {
            "Open GitHub's settings, Tokens, and authorise the token for the organisation."
        }
        ReadErrorKind::NotInstalled => "Open the App's page and install it in the organisation.",
        ReadErrorKind::Unreachable => {
            "See that this machine can reach GitHub, and whether it needs a proxy (`HTTPS_PROXY`)."
        }
        ReadErrorKind::RateLimited(_) => "Wait until the hour is over, and see what else uses this token.",
        ReadErrorKind::Forbidden(_) => "Give the token or App the permission, then try again.",
        ReadErrorKind::Name(_) | ReadErrorKind::Absent => "See that the name is right.",
        ReadErrorKind::Unexpected => "See that `api_url` is GitHub's REST API.",
    };
    Finding::wrong(error.what.words(), cure)
}

/// GitHub knows us, and lets us do what we need.
pub(super) async fn account(ground: &Ground) -> Vec<Finding> {
    let (_, reader) = match ready(ground) {
        Ok(ready) => ready,
        Err(finding) => return vec![finding],
    };
    let me = match reader.whoami().await {
        Ok(me) => me,
        Err(error) => return vec![refused(&error)],
    };
    let kind = if me.app { "App" } else { "account" };
    let mut found = vec![Finding::Fine(format!("known as the {kind} {}", me.login))];
    match &me.allowed {
        None => {
            found.push(Finding::NotTried("GitHub does not tell what a fine-grained token may do".to_owned()))
        }
        Some(allowed) => {
            let lacking = lacking(ground, me.app, allowed);
            if lacking.is_empty() {
                found.push(Finding::Fine("may do all that it needs".to_owned()));
            }
            found.extend(lacking.into_iter().map(|(what, whom)| {
                if me.app {
                    Finding::wrong(
                        format!("The App lacks {what}: needed {whom}."),
                        "Add it on the App's page; then each organisation has to accept it.",
                    )
                } else {
                    Finding::wrong(
                        format!("The token lacks the scope {what}: needed {whom}."),
                        "Open GitHub's settings, Tokens, and add it to the token.",
                    )
                }
            }));
        }
    }
    if let Some(end) = &me.expires {
        found.push(Finding::Fine(format!("the token runs out on {end}")));
    }
    found
}

/// What the account lacks, each with those who need it: "by !AddCollab, !AddKey".
fn lacking(ground: &Ground, app: bool, allowed: &[String]) -> Vec<(String, String)> {
    let mut needed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for what in hubcommander_github::lacking(app, allowed, LOOKING) {
        needed.entry(what).or_default().push("to look anything up".to_owned());
    }
    let enabled = |command: &str| {
        let says = ground.sections.commands.iter().find(|(name, _)| name.eq_ignore_ascii_case(command));
        says.is_none_or(|(_, says)| says.enabled)
    };
    for (command, _) in hubcommander_commands::NAMES.iter().filter(|(command, _)| enabled(command)) {
        let needs = hubcommander_commands::needs::needs_of(command).unwrap_or_default();
        for what in hubcommander_github::lacking(app, allowed, needs) {
            let whom = needed.entry(what).or_default();
            let first = if whom.iter().any(|one| one.starts_with("by ")) { "" } else { "by " };
            whom.push(format!("{first}!{command}"));
        }
    }
    needed.into_iter().map(|(what, whom)| (what, whom.join(", "))).collect()
}

/// Each organisation can be seen, lets us work, and has its teams.
pub(super) async fn organisations(ground: &Ground) -> Vec<Finding> {
    let (github, reader) = match ready(ground) {
        Ok(ready) => ready,
        Err(finding) => return vec![finding],
    };
    let me = match reader.whoami().await {
        Ok(me) => me,
        Err(_) => return vec![Finding::NotTried("not tried, since the account does not work".to_owned())],
    };
    let mut found = Vec::new();
    for (name, settings) in &ground.sections.orgs {
        match reader.organization(name).await {
            Ok(Some(organisation)) => {
                let login = &organisation.login;
                found.push(Finding::Fine(format!("{login} can be seen")));
                found.extend(may_create(ground, github, &reader, &me, login).await);
                found.extend(teams(&reader, name, settings).await);
            }
            Ok(None) => found.push(Finding::wrong(
                format!("The organisation `{name}` is not there, or {} cannot see it.", me.login),
                "See that the name is its login; then let the account join it, or install the App there.",
            )),
            Err(error) => found.push(refused(&error)),
        }
    }
    found
}

/// Whether we may create repositories there. For a token that means being an owner: what members may do can
/// change at any time, and granting teams takes more.
async fn may_create(
    ground: &Ground,
    github: &GitHub,
    reader: &Reader,
    me: &WhoAmI,
    org: &str,
) -> Vec<Finding> {
    if me.app {
        return match reader.allowed_in(org).await {
            Ok(allowed) => match &lacking(ground, true, &allowed.unwrap_or_default())[..] {
                [] => vec![Finding::Fine(format!("{org} lets the App do all that it needs"))],
                lacking => lacking
                    .iter()
                    .map(|(what, whom)| {
                        Finding::wrong(
                            format!("{org} has not given the App {what}: needed {whom}."),
                            "Ask an owner to accept the App's new permissions: the organisation's settings, GitHub Apps.",
                        )
                    })
                    .collect(),
            },
            Err(error) => vec![refused(&error)],
        };
    }
    let (Ok(asker), Credentials::Token(token)) = (&ground.asker, &github.credentials) else {
        return vec![Finding::NotTried(format!("whether {org} lets us create repositories"))];
    };
    // Both names come from GitHub, and are letters, digits and hyphens.
    let path = format!("orgs/{org}/memberships/{}", me.login);
    vec![match asker.ask(Method::GET, &github.api_url, &path, Some(token)).await {
        Ok(answer) => match (answer.text("/state"), answer.text("/role")) {
            (Some("active"), Some("admin")) => Finding::Fine(format!("{} is an owner of {org}", me.login)),
            (Some("active"), _) => Finding::wrong(
                format!(
                    "{} is no owner of {org}, and only owners can create all repositories and grant teams.",
                    me.login
                ),
                "Ask an owner to make it one, or use a GitHub App, which can do less harm.",
            ),
            (Some("pending"), _) => Finding::wrong(
                format!("{} has not accepted its invitation to {org}.", me.login),
                "Sign in as that account and accept it.",
            ),
            _ => Finding::wrong(
                format!("{} is no member of {org}, as far as GitHub tells.", me.login),
                "Ask an owner to invite it and make it an owner, or use a GitHub App.",
            ),
        },
        Err(why) => Finding::wrong(
            format!("GitHub did not say whether {} is an owner of {org}: {why}.", me.login),
            "Try again.",
        ),
    }]
}

/// The configured teams exist.
async fn teams(reader: &Reader, org: &str, settings: &OrgSettings) -> Vec<Finding> {
    let mut wanted: Vec<&str> = settings.new_repo_teams.iter().map(|team| team.name.as_str()).collect();
    wanted.extend(settings.collab_validation_teams.iter().map(String::as_str));
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Vec::new();
    }
    let listing = match reader.teams(org).await {
        Ok(listing) => listing,
        Err(error) => return vec![refused(&error)],
    };
    let slugs: Vec<&str> = listing.items.iter().map(|team| team.slug.as_str()).collect();
    let mut found = Vec::new();
    for team in wanted.iter().filter(|team| !slugs.contains(team)) {
        // In a very large organisation the list has an end; the team may be beyond it.
        if !listing.complete && matches!(reader.team(org, team).await, Ok(Some(_))) {
            continue;
        }
        let near = nearest(team, slugs.iter().copied()).map(str::to_owned);
        // People also write a team's name where its slug is meant.
        let by_name = || listing.items.iter().find(|known| known.name.eq_ignore_ascii_case(team));
        let cure = match near.or_else(|| by_name().map(|team| team.slug.clone())) {
            Some(slug) => format!("Write `{slug}` in config.toml."),
            None => format!("Make the team at GitHub, or take it out of `[orgs.{org}]`."),
        };
        found.push(Finding::wrong(format!("{org} has no team `{team}`, as far as we can see."), cure));
    }
    if found.is_empty() {
        found.push(Finding::Fine(format!("{org} has the teams {}", wanted.join(", "))));
    }
    found
}
