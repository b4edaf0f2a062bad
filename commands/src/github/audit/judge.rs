//! Judges what was read by the rules. Pure: the same facts give the same findings, in whatever order they came.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use hubcommander_github::grants::permission_rank;
use hubcommander_github::{Level, OrgInvitation, ScannedRepository};
use hubcommander_sdk::chatline::written_duration;
use hubcommander_sdk::text::thousands;

use super::facts::{Factors, Facts, Lent, Read, Unread};
use super::rules::{Expected, NOTHING, Rules};
use crate::github::permission::can;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Somebody should do something.
    NeedsYou,
    /// It could not be read, or not all of it.
    Unread,
    /// config.toml says nothing to hold it against.
    Unstated,
    /// As it should be.
    Fine,
}

/// One thing that is not as it should be, or that is listed where nothing is stated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// Who or which repository.
    pub(super) subject: String,
    /// What was found.
    pub(super) found: String,
    /// What should be, in a few words.
    pub(super) expected: String,
    /// What the bot could do about it.
    pub(super) fix: Option<Fix>,
}

/// What the bot could do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fix {
    /// What a team may do on a repository.
    Team { repository: (u64, String), team: String, to: String },
    /// Cancel an invitation to the organisation.
    OrgInvitation { id: u64, who: String },
    /// Cancel an invitation to a repository.
    RepoInvitation { repository: (u64, String), id: u64, who: String },
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// What is looked at.
    pub(super) name: &'static str,
    /// Said if all is well: "3 owners".
    pub(super) fine: String,
    pub(super) findings: Vec<Finding>,
    /// What could not be read.
    pub(super) unread: Vec<String>,
    /// Whether there is nothing to hold it against; the findings are then only a list.
    pub(super) unstated: bool,
}

impl Check {
    fn new(name: &'static str) -> Self {
        Self { name, fine: String::new(), findings: Vec::new(), unread: Vec::new(), unstated: false }
    }

    fn find(&mut self, subject: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) {
        let (subject, found, expected) = (subject.into(), found.into(), expected.into());
        self.findings.push(Finding { subject, found, expected, fix: None });
    }

    fn read<T>(&mut self, read: &Read<T>) -> Option<T>
    where
        T: Clone,
    {
        match read {
            Ok(read) => Some(read.clone()),
            Err(Unread(why)) => {
                self.unread.push(why.clone());
                None
            }
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match (self.findings.is_empty() || self.unstated, self.unread.is_empty(), self.unstated) {
            (false, ..) => Verdict::NeedsYou,
            (true, false, _) => Verdict::Unread,
            (true, true, true) => Verdict::Unstated,
            (true, true, false) => Verdict::Fine,
        }
    }

    fn sorted(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self.unread.sort();
        self.unread.dedup();
        self
    }
}

/// All checks, in the order in which they matter.
pub(super) fn judge(facts: &Facts, rules: &Rules) -> Vec<Check> {
    let checks = [
        members(facts),
        outsiders(facts),
        owners(facts, rules),
        base_permission(facts, rules),
        teams(facts, rules),
        collaborators(facts),
        keys(facts),
        invitations(facts, rules),
        apps(facts, rules),
    ];
    checks.into_iter().map(Check::sorted).collect()
}

/// "1 repository", "12,000 repositories"
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

fn members(facts: &Facts) -> Check {
    let mut check = Check::new("Second factor of members");
    let required = factors(&mut check, facts, &facts.members);
    check.fine = match required {
        Some(true) => "all have one; the organisation requires it".into(),
        _ => "all have one; the organisation does not require it".into(),
    };
    check
}

fn outsiders(facts: &Facts) -> Check {
    let mut check = Check::new("Second factor of outside collaborators");
    factors(&mut check, facts, &facts.outsiders);
    check.fine = "all have one".into();
    check
}

/// Gives whether the organisation requires a second factor.
fn factors(check: &mut Check, facts: &Facts, factors: &Factors) -> Option<bool> {
    for login in check.read(&factors.without).unwrap_or_default() {
        check.find(login, "no second factor", "a second factor");
    }
    for login in check.read(&factors.insecure).unwrap_or_default() {
        check.find(login, "a second factor that can be phished", "an app, a key or a passkey");
    }
    let required = facts.settings.as_ref().ok().and_then(|settings| settings.second_factor_required);
    // GitHub tells about second factors to owners only. Who is none, and is told of nobody, knows nothing.
    if required.is_none() && check.findings.is_empty() && check.unread.is_empty() {
        check.unread.push(match &facts.settings {
            Err(Unread(why)) => why.clone(),
            Ok(_) => "GitHub tells this to owners only, and this bot's account seems to be none.".to_owned(),
        });
    }
    required
}

fn owners(facts: &Facts, rules: &Rules) -> Check {
    let mut check = Check::new("Owners");
    let Some(mut owners) = check.read(&facts.owners) else { return check };
    owners.sort();
    let (least, most) = (rules.settings.fewest_owners, rules.settings.most_owners);
    let found = counted(owners.len(), "owner", "owners");
    if owners.is_empty() {
        check.unread.push("GitHub names no owner, which cannot be.".to_owned());
    } else if owners.len() < least {
        check.find(&facts.org, format!("{found}: {}", owners.join(", ")), format!("at least {least}"));
    } else if owners.len() > most {
        check.find(&facts.org, format!("{found}: {}", owners.join(", ")), format!("at most {most}"));
    }
    check.fine = found;
    check
}

fn base_permission(facts: &Facts, rules: &Rules) -> Check {
    let mut check = Check::new("Base permission");
    let Some(settings) = check.read(&facts.settings) else { return check };
    let Some(now) = settings.base_permission else {
        check
            .unread
            .push("GitHub tells this to owners only, and this bot's account seems to be none.".into());
        return check;
    };
    match &rules.base_permission {
        None => {
            check.unstated = true;
            check.find(&facts.org, now.clone(), "base_permission is not stated in config.toml");
        }
        Some(expected) if *expected != now => check.find(&facts.org, now.clone(), expected.clone()),
        Some(_) => {}
    }
    check.fine = now;
    check
}

/// The repositories that can be changed, without their organisation in the name.
fn active(repositories: &[ScannedRepository]) -> impl Iterator<Item = (&ScannedRepository, &str)> {
    repositories.iter().filter(|one| !one.archived).map(|one| (one, bare(&one.full_name)))
}

fn bare(full_name: &str) -> &str {
    full_name.split_once('/').map_or(full_name, |(_, name)| name)
}

fn hidden(check: &mut Check, facts: &Facts) {
    if facts.hidden > 0 {
        let count = counted(facts.hidden, "repository", "repositories");
        check.unread.push(format!("GitHub does not show {count} to this bot's account."));
    }
}

fn teams(facts: &Facts, rules: &Rules) -> Check {
    let mut check = Check::new("Teams on repositories");
    let teams = rules.teams();
    if teams.is_empty() {
        check.unstated = true;
        check.find(
            &facts.org,
            "not compared",
            "neither new_repo_teams nor repo_teams is stated in config.toml",
        );
        return check;
    }
    let Some(repositories) = check.read(&facts.repositories) else { return check };
    hidden(&mut check, facts);
    for team in &teams {
        let levels = match facts.teams.get(team) {
            None => {
                check.unread.push(format!("Team {team} was not read."));
                continue;
            }
            Some(Err(Unread(why))) => {
                check.unread.push(why.clone());
                continue;
            }
            Some(Ok(None)) => {
                check.find(
                    format!("team {team}"),
                    "is not there",
                    "a team of this name, or another in config.toml",
                );
                continue;
            }
            Some(Ok(Some(levels))) => levels,
        };
        for (repository, name) in active(&repositories) {
            if let Some(expected) = rules.of_team(team, name) {
                check.findings.extend(deviation(repository, expected, levels));
            }
        }
    }
    let count = counted(active(&repositories).count(), "repository", "repositories");
    check.fine = format!("{} on {count}", counted(teams.len(), "team is right", "teams are right"));
    check
}

/// What is wrong with a team on a repository, if anything.
fn deviation(
    repository: &ScannedRepository,
    expected: &Expected,
    levels: &HashMap<u64, Level>,
) -> Option<Finding> {
    let now = levels.get(&repository.id).map_or(NOTHING, AsRef::as_ref);
    let wanted = expected.permission.as_str();
    let rank = |level: &str| if level == NOTHING { 0 } else { permission_rank(level) };
    let enough = !expected.exactly && rank(now) >= rank(wanted);
    if now == wanted || enough {
        return None;
    }
    let team = &expected.team;
    let found = match now {
        NOTHING => format!("team {team} has no access"),
        now => format!("team {team} can {}", can(now)),
    };
    let expected = match wanted {
        NOTHING => "no access".to_owned(),
        wanted => can(wanted),
    };
    Some(Finding {
        subject: repository.full_name.clone(),
        found,
        expected,
        fix: Some(Fix::Team {
            repository: (repository.id, repository.full_name.clone()),
            team: team.clone(),
            to: wanted.to_owned(),
        }),
    })
}

fn collaborators(facts: &Facts) -> Check {
    let mut check = Check::new("Outside collaborators");
    let Some(repositories) = check.read(&facts.repositories) else { return check };
    hidden(&mut check, facts);
    let leases = check.read(&facts.leases);
    let (mut ending, mut blind) = (0, 0);
    // An archived repository can still be read by them.
    for repository in &repositories {
        let Some(outsiders) = &repository.outsiders else {
            blind += 1;
            continue;
        };
        for outsider in outsiders {
            let Some(leases) = &leases else { continue };
            let here = |lent: &&Lent| lent.person == outsider.id && lent.repository == repository.id;
            let mut theirs = leases.iter().filter(here).peekable();
            let found = if theirs.peek().is_none() {
                "without an end"
            } else if theirs.all(|lent| lent.reason.is_none()) {
                "without a reason"
            } else {
                ending += 1;
                continue;
            };
            let found = format!("can {} on {}, {found}", can(&outsider.level), repository.full_name);
            check.find(&outsider.login, found, "an end and a reason");
        }
    }
    unread_of(&mut check, blind, "outside collaborators");
    check.fine = match ending {
        0 => "none".to_owned(),
        count => format!("{}, each with an end and a reason", counted(count, "grant", "grants")),
    };
    check
}

fn unread_of(check: &mut Check, blind: usize, what: &str) {
    if blind > 0 {
        let count = counted(blind, "repository", "repositories");
        check.unread.push(format!("This bot's GitHub account may not see the {what} of {count}."));
    }
}

fn keys(facts: &Facts) -> Check {
    let mut check = Check::new("Deploy keys that write");
    let Some(repositories) = check.read(&facts.repositories) else { return check };
    hidden(&mut check, facts);
    let mut blind = 0;
    for (repository, _) in active(&repositories) {
        let Some(keys) = &repository.writing_keys else {
            blind += 1;
            continue;
        };
        for key in keys {
            let since = key.created_at.map(|at| format!(", since {}", at.format("%Y-%m-%d")));
            let found = format!("key \"{}\" may write{}", key.title, since.unwrap_or_default());
            check.find(&repository.full_name, found, "keys that only read, or an App");
        }
    }
    unread_of(&mut check, blind, "deploy keys");
    check.fine = "none".into();
    check
}

fn invitations(facts: &Facts, rules: &Rules) -> Check {
    let mut check = Check::new("Stale invitations");
    let stale = rules.settings.stale_after.seconds;
    let limit = facts.at - TimeDelta::seconds(stale);
    let age = |at: hubcommander_sdk::clock::Instant| counted_days((facts.at - at).num_days());
    let expected = format!("taken up within {}", written_duration(stale));
    let mut open = 0;
    for invitation in check.read(&facts.invitations).unwrap_or_default() {
        let who = invited(&invitation);
        if let Some(failed) = invitation.failed_at {
            let found = format!("the invitation to {} came to nothing {} ago", facts.org, age(failed));
            check.find(who, found, "invite again, or clear it on GitHub");
        } else if invitation.created_at <= limit {
            let found = format!("invited to {} {} ago", facts.org, age(invitation.created_at));
            let fix = Some(Fix::OrgInvitation { id: invitation.id, who: who.clone() });
            check.findings.push(Finding { subject: who, found, expected: expected.clone(), fix });
        } else {
            open += 1;
        }
    }
    for to in check.read(&facts.repo_invitations).unwrap_or_default() {
        let invitation = &to.invitation;
        if !invitation.expired && invitation.created_at > limit {
            open += 1;
            continue;
        }
        let who = invitation.login.clone().unwrap_or_else(|| "somebody".to_owned());
        let found = format!("invited to {} {} ago", to.repository.1, age(invitation.created_at));
        let fix =
            Fix::RepoInvitation { repository: to.repository.clone(), id: invitation.id, who: who.clone() };
        check.findings.push(Finding { subject: who, found, expected: expected.clone(), fix: Some(fix) });
    }
    check.fine =
        if open == 0 { "none open".to_owned() } else { format!("{} open, none stale", thousands(open)) };
    check
}

fn invited(invitation: &OrgInvitation) -> String {
    invitation.login.clone().or_else(|| invitation.email.clone()).unwrap_or_else(|| "somebody".to_owned())
}

fn counted_days(days: i64) -> String {
    counted(usize::try_from(days).unwrap_or_default(), "day", "days")
}

fn apps(facts: &Facts, rules: &Rules) -> Check {
    let mut check = Check::new("Installed Apps");
    let Some(apps) = check.read(&facts.apps) else { return check };
    let known = &rules.settings.known_apps;
    check.unstated = known.is_empty() && !apps.is_empty();
    let active: Vec<_> = apps.iter().filter(|app| app.suspended_at.is_none()).collect();
    for app in &active {
        if known.iter().any(|known| known.eq_ignore_ascii_case(&app.app_slug)) {
            continue;
        }
        let on =
            if app.repository_selection == "selected" { "some repositories" } else { "all repositories" };
        let found = format!("on {on}: {}", permissions(&app.permissions));
        let expected =
            if check.unstated { "known_apps is not stated in config.toml" } else { "an App in known_apps" };
        check.find(&app.app_slug, found, expected);
    }
    check.fine = match active.len() {
        0 => "none".to_owned(),
        count => format!("{}, all known", thousands(count)),
    };
    check
}

/// "contents write, metadata read": what it may change first.
fn permissions(of: &BTreeMap<String, String>) -> String {
    let mut all: Vec<(bool, &String, &String)> =
        of.iter().map(|(name, level)| (level == "read", name, level)).collect();
    all.sort();
    if all.is_empty() {
        return "no permissions".to_owned();
    }
    let words: Vec<String> =
        all.into_iter().map(|(_, name, level)| format!("{} {level}", name.replace('_', " "))).collect();
    words.join(", ")
}
