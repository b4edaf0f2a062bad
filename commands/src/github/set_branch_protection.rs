//! `!SetBranchProtection`: a branch is protected by a profile of config.toml, or not at all.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::names::BranchName;
use hubcommander_github::operations::{RepoRef, SetBranchProtection as Set, SetRuleset};
use hubcommander_github::protection::{Protection, Ruleset, RulesetBody, ruleset_name};
use hubcommander_github::{Reader, Repository, preconditions};
use hubcommander_sdk::chatline;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::protection::{Profile, Profiles, ProtectionKind};
use hubcommander_sdk::setting::{Setting, SettingKind};
use hubcommander_sdk::text::Text;
use serde::Deserialize;

use super::{named, suggest};

/// What config.toml may say under `[commands.SetBranchProtection]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetBranchProtectionSettings {
    /// The profile that `on` means.
    pub default_profile: String,
}

impl SetBranchProtectionSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[Setting {
        name: "default_profile",
        kind: SettingKind::Text,
        default: "\"standard\"",
        example: "\"standard\"",
        about: "The profile that `on` means: the name of a section `[protection.NAME]`.",
    }];
}

impl Default for SetBranchProtectionSettings {
    fn default() -> Self {
        Self { default_profile: "standard".to_owned() }
    }
}

/// The command.
pub struct SetBranchProtection {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
    profiles: Profiles,
    settings: SetBranchProtectionSettings,
}

/// What is to hold for a branch, and what holds.
struct Case<'a> {
    repository: &'a Repository,
    repo: RepoRef,
    branch: &'a BranchName,
    protection: Option<Protection>,
    ours: Vec<Ruleset>,
}

impl SetBranchProtection {
    /// The command over these organisations and profiles.
    #[must_use]
    pub fn new(
        reader: Reader,
        orgs: Arc<Orgs>,
        profiles: Profiles,
        settings: SetBranchProtectionSettings,
    ) -> Self {
        let words = ["on", "off"].into_iter().chain(profiles.keys().map(String::as_str));
        let choices = ArgKind::Choice(words.map(str::to_owned).collect());
        let spec = CommandSpec::new("SetBranchProtection", "Protection", "Protects a branch, or no longer")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
            .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
            .arg(ArgSpec::positional("branch", ArgKind::Branch, "the branch"))
            .arg(ArgSpec::positional("protection", choices, "on, off, or the name of a profile"))
            .example("!SetBranchProtection acme website main on")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs, profiles, settings }
    }

    /// The profile that a word means, with its name; `None` for `off`.
    fn profile(&self, word: &str) -> Result<Option<(&str, &Profile)>, Refusal> {
        if word == "off" {
            return Ok(None);
        }
        let name = if word == "on" { &self.settings.default_profile } else { word };
        let found = self.profiles.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(name, profile)| Some((name.as_str(), profile))).ok_or_else(|| {
            Refusal::new(
                Text::new().plain("There is no profile ").code(name).plain("."),
                "Whoever runs this bot must describe it in config.toml.",
            )
        })
    }
}

/// Refuses a branch that is not there, and says which one may have been meant.
pub(super) async fn must_have_branch(
    reader: &Reader,
    repository: &Repository,
    branch: &BranchName,
) -> Result<(), Refusal> {
    let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
    let found = reader.branch(org, name, branch.as_str()).await?;
    if found.is_some_and(|found| found.name == branch.as_str()) {
        return Ok(());
    }
    let names = reader.branch_names(repository).await?.items;
    let what =
        Text::new().code(&repository.full_name).plain(" has no branch ").code(branch.as_str()).plain(".");
    let todo = match chatline::nearest(branch.as_str(), names.iter().map(String::as_str)) {
        Some(near) => Text::new().plain("Did you mean ").code(near).plain("?"),
        None if names.is_empty() => Text::from("It has none yet: push a first commit."),
        None => Text::new()
            .plain("Check the spelling. Its main branch is ")
            .code(&repository.default_branch)
            .plain("."),
    };
    Err(Refusal::new(what, todo))
}

impl Case<'_> {
    fn set(&self, to: Option<Protection>) -> Set {
        Set {
            repo: self.repo.clone(),
            branch: self.branch.clone(),
            to: to.into(),
            before: Some(self.protection.clone().into()),
        }
    }

    fn ruleset(&self, name: &str, to: Option<RulesetBody>) -> SetRuleset {
        let before = self.ours.iter().find(|one| one.name == name).map(|one| one.body.clone());
        SetRuleset {
            repo: self.repo.clone(),
            name: name.to_owned(),
            to: to.into(),
            before: Some(before.into()),
        }
    }

    /// Adds what is to be done. What protects the branch comes before what goes.
    fn steps(&self, mut plan: Plan, wanted: Option<(&str, &Profile)>) -> Plan {
        let mut stays = None;
        match wanted {
            Some((_, profile)) if profile.kind == ProtectionKind::Classic => {
                let to = Protection::by(profile, self.protection.as_ref());
                if self.protection.as_ref() != Some(&to) {
                    plan = plan.step("protect", self.set(Some(to)).operation(), &[]);
                }
            }
            Some((name, profile)) => {
                let name = ruleset_name(name, self.branch);
                let to = RulesetBody::by(profile, self.branch);
                if !self.ours.iter().any(|one| one.name == name && one.body.is(&to)) {
                    plan = plan.step("protect", self.ruleset(&name, Some(to)).operation(), &[]);
                }
                stays = Some(name);
            }
            None if self.protection.is_some() => {
                plan = plan.step("unprotect", self.set(None).operation(), &[]);
            }
            None => {}
        }
        let after: Vec<String> = plan.steps.iter().map(|step| step.id.clone()).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        let going = self.ours.iter().filter(|one| stays.as_ref() != Some(&one.name));
        for (number, one) in going.enumerate() {
            let remove = self.ruleset(&one.name, None).operation();
            plan = plan.step(&format!("remove-{}", number + 1), remove, &after);
        }
        plan
    }
}

#[async_trait]
impl Command for SetBranchProtection {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let text = |name: &str| args.text(name).unwrap_or_default();
        let branch = named("branch", BranchName::parse(text("branch")))?;
        let wanted = self.profile(text("protection"))?;
        let repository = suggest::repository(&self.reader, &org.name, text("repo")).await?;
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        if repository.archived {
            return Err(Refusal::new(
                shown.plain(" is archived, so it cannot be changed."),
                "Unarchive it first.",
            ));
        }
        must_have_branch(&self.reader, &repository, &branch).await?;
        let (protection, ours, rules) = tokio::try_join!(
            self.reader.protection(&repository, &branch),
            self.reader.our_rulesets(&repository, &branch),
            self.reader.branch_rules(&repository, &branch),
        )?;
        let of = Text::new().bold(branch.as_str()).plain(" of ").then(shown);
        let (todo, doing, done) = match wanted {
            Some((name, _)) => (
                Text::new().plain("Protect ").then(of.clone()).plain(format!(" as {name}")),
                Text::new().plain("Protecting ").then(of.clone()),
                of.clone().plain(format!(" is protected as {name}")),
            ),
            None => (
                Text::new().plain("Take the protection off ").then(of.clone()),
                Text::new().plain("Taking the protection off ").then(of.clone()),
                of.clone().plain(" is not protected any more"),
            ),
        };
        let repo = named("repository", RepoRef::of(&repository))?;
        let case = Case { repository: &repository, repo, branch: &branch, protection, ours };
        // What somebody else made a rule of stays, and may be stricter.
        let theirs = |id: u64| !case.ours.iter().any(|one| one.id == id);
        let others = rules.iter().filter(|rule| theirs(rule.ruleset_id)).count() > 0;
        let classic_stays = case.protection.is_some()
            && wanted.is_some_and(|(_, profile)| profile.kind == ProtectionKind::Ruleset);
        let mut notes = Vec::new();
        if classic_stays {
            notes.push("The branch keeps its classic protection too; what is stricter counts.");
        }
        if others {
            notes.push("Rulesets that this bot did not make hold for it too; see !ListRules.");
        }
        let mut plan = case.steps(Plan::new(Title { todo, doing, done: done.clone() }), wanted);
        if plan.steps.is_empty() {
            let message = match wanted {
                Some(_) => Message::new(done.plain(" already")),
                None => Message::new(of.plain(" has no protection that this bot could take off")),
            };
            let message = notes.into_iter().fold(message.state(State::Done), Message::line);
            return Ok(Prepared::Reply(message));
        }
        plan = plan
            .lock(format!("github:{}", case.repository.full_name))
            .precondition(preconditions::same_repository(&repository))
            .precondition(preconditions::same_branch_rules(
                &repository,
                &branch,
                case.protection.as_ref(),
                &case.ours,
            ));
        plan.summary = (!notes.is_empty()).then(|| notes.join(" ").into());
        plan.links = vec![Button::Link {
            label: "Open on GitHub".into(),
            url: format!("{}/settings/branches", repository.html_url),
        }];
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_read_as_they_are_declared() {
        let [profile] = SetBranchProtectionSettings::DECLARED else { panic!("another setting") };
        let written: SetBranchProtectionSettings =
            toml::from_str(&format!("{} = {}", profile.name, profile.default)).unwrap();
        assert_eq!(written.default_profile, SetBranchProtectionSettings::default().default_profile);
    }
}
