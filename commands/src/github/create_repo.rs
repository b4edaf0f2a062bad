//! `!CreateRepo`: a repository with the right teams on it.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{try_join, try_join_all};
use hubcommander_github::names::{BranchName, FullName, Owner, RepoName, TeamSlug, Topic};
use hubcommander_github::operations::{
    Changes, CreateFromTemplate, CreateRepository, EditRepository, GrantTeam, RenameDefaultBranch,
    ReplaceTopics,
};
use hubcommander_github::{HOW_TO_TELL, Lookup, Reader, Visibility, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Button;
use hubcommander_sdk::orgs::{Org, Orgs, TeamGrant};
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::setting::{Setting, SettingKind};
use hubcommander_sdk::text::Text;
use serde::Deserialize;

use super::permission::can;
use super::set_text::must_fit;
use super::{named, suggest};

/// What config.toml may say under `[commands.CreateRepo]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateRepoSettings {
    /// What `--team` may grant.
    pub permitted_permissions: Vec<String>,
    /// What `--visibility` may be.
    pub permitted_visibilities: Vec<String>,
}

impl CreateRepoSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[
        Setting {
            name: "permitted_permissions",
            kind: SettingKind::Texts,
            default: r#"["pull", "triage", "push", "maintain"]"#,
            example: r#"["pull", "push"]"#,
            about: "What `--team` may grant: `pull`, `triage`, `push`, `maintain`, `admin`, or names of custom \
                    roles.",
        },
        Setting {
            name: "permitted_visibilities",
            kind: SettingKind::Choices(&["private", "internal", "public"]),
            default: r#"["private", "internal", "public"]"#,
            example: r#"["private", "internal"]"#,
            about: "What `--visibility` may be.",
        },
    ];
}

impl Default for CreateRepoSettings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            permitted_permissions: words(&["pull", "triage", "push", "maintain"]),
            permitted_visibilities: words(&["private", "internal", "public"]),
        }
    }
}

/// The command.
pub struct CreateRepo {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
    settings: CreateRepoSettings,
}

impl CreateRepo {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>, settings: CreateRepoSettings) -> Self {
        let visibilities = ArgKind::Choice(settings.permitted_visibilities.clone());
        let spec = CommandSpec::new("CreateRepo", "Repositories", "Creates a repository with the right teams on it")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
            .arg(ArgSpec::positional("repo", ArgKind::NewRepository, "its name"))
            .arg(ArgSpec::option("description", ArgKind::Text, "what it is for, in a sentence"))
            .arg(ArgSpec::option("homepage", ArgKind::Url, "its web page"))
            .arg(ArgSpec::option("visibility", visibilities, "who can see it"))
            .arg(ArgSpec::option("team", ArgKind::TeamPermission, "a further team and what it may do").repeated())
            .arg(ArgSpec::option("template", ArgKind::FullRepository, "a template to begin from"))
            .arg(ArgSpec::option("topics", ArgKind::Topics, "topics, separated by commas"))
            .arg(ArgSpec::option("default-branch", ArgKind::Branch, "the name of its first branch"))
            .example("!CreateRepo acme widgets")
            .example("!CreateRepo acme gadgets --description \"Our gadgets\" --team platform=maintain --topics rust,tools")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs, settings }
    }

    fn visibility(org: &Org, args: &Args) -> Result<Visibility, Refusal> {
        let asked = args.text("visibility");
        if org.settings.public_only && asked.is_some_and(|asked| asked != "public") {
            return Err(Refusal::new(
                Text::new().code(&org.name).plain(" holds public repositories only."),
                Text::new()
                    .plain("Leave out ")
                    .code("--visibility")
                    .plain(", or choose another organisation."),
            ));
        }
        Ok(match asked {
            Some("public") => Visibility::Public,
            Some("internal") => Visibility::Internal,
            None if org.settings.public_only => Visibility::Public,
            _ => Visibility::Private,
        })
    }

    /// The organisation's teams, and those that were asked for; one that is named twice counts as asked.
    fn grants(&self, org: &Org, args: &Args) -> Result<Vec<TeamGrant>, Refusal> {
        let mut grants = org.settings.new_repo_teams.clone();
        for given in args.list("team") {
            let (name, permission) = given.split_once('=').unwrap_or((given, "push"));
            let permission = permission.to_lowercase();
            if !self.settings.permitted_permissions.contains(&permission) {
                return Err(Refusal::new(
                    Text::new().code(&permission).plain(" is not a permission that can be given here."),
                    format!("Choose from {}.", self.settings.permitted_permissions.join(", ")),
                ));
            }
            grants.retain(|grant| !grant.name.eq_ignore_ascii_case(name));
            grants.push(TeamGrant { name: name.to_owned(), permission });
        }
        Ok(grants)
    }

    async fn must_be_free(&self, name: &FullName) -> Result<(), Refusal> {
        let found = self.reader.repository(name.owner.as_str(), name.name.as_str()).await;
        match found.map_err(|error| error.refusal())? {
            Lookup::Absent => Ok(()),
            Lookup::Found(found) => Err(Refusal::new(
                Text::new().link(&found.full_name, &found.html_url).plain(" exists already."),
                "Choose another name, or ask for access to it.",
            )),
            Lookup::Moved { full_name, .. } => Err(Refusal::new(
                Text::new()
                    .code(name.to_string())
                    .plain(" is the former name of ")
                    .code(full_name)
                    .plain(", and links to it still lead there."),
                "Choose another name.",
            )),
        }
    }

    /// The team as GitHub spells it.
    async fn team(&self, org: &Org, grant: TeamGrant) -> Result<TeamGrant, Refusal> {
        let found = self.reader.team(&org.name, &grant.name).await.map_err(|error| error.refusal())?;
        match found {
            Some(team) => Ok(TeamGrant { name: team.slug, ..grant }),
            None => {
                let configured = org.settings.new_repo_teams.iter().any(|team| team.name == grant.name);
                let todo = if configured {
                    "Whoever runs this bot must correct new_repo_teams in config.toml."
                } else {
                    "Check the spelling; it is the name in the team's address."
                };
                Err(Refusal::new(
                    Text::new().code(&org.name).plain(" has no team ").code(&grant.name).plain("."),
                    todo,
                ))
            }
        }
    }

    /// Who can see the template, if there is one.
    async fn must_be_template(&self, template: Option<&FullName>) -> Result<Option<Visibility>, Refusal> {
        let Some(name) = template else { return Ok(None) };
        let shown = Text::new().code(name.to_string());
        // The bot's account may see more than the person does.
        if self.orgs.find(name.owner.as_str()).is_none() {
            return Err(Refusal::new(
                shown.plain(" is not in an organisation that I manage."),
                "Choose a template from one of those; !ListOrgs lists them.",
            ));
        }
        let found = self.reader.repository(name.owner.as_str(), name.name.as_str()).await;
        match found.map_err(|error| error.refusal())? {
            Lookup::Found(found) if found.is_template => Ok(Some(found.visibility)),
            Lookup::Found(_) => Err(Refusal::new(
                shown.plain(" is not a template."),
                "Its administrators can make it one in its settings.",
            )),
            Lookup::Moved { full_name, .. } => Err(Refusal::new(
                shown.plain(" is called ").code(full_name).plain(" now."),
                "Use the new name.",
            )),
            Lookup::Absent => Err(Refusal::new(
                Text::new().plain("There is no repository ").then(shown).plain(" that I can see."),
                HOW_TO_TELL,
            )),
        }
    }

    /// The steps, in the order of what needs what. Nothing is sent yet.
    fn plan(wanted: &Wanted) -> Result<Plan, Refusal> {
        let shown = wanted.name.to_string();
        let title = Title {
            todo: Text::new().plain("Create ").bold(&shown),
            doing: Text::new().plain("Creating ").bold(&shown),
            done: Text::new().bold(&shown).plain(" is ready"),
        };
        let (org, name) = (wanted.name.owner.clone(), wanted.name.name.clone());
        let description = wanted.description.clone();
        let mut plan = Plan::new(title)
            .precondition(preconditions::absent_repository(
                wanted.name.owner.as_str(),
                wanted.name.name.as_str(),
            ))
            .lock(format!("github:{shown}"));
        plan = match &wanted.template {
            None => {
                let create = CreateRepository {
                    org: org.clone(),
                    name,
                    visibility: wanted.visibility,
                    description,
                    homepage: wanted.homepage.clone(),
                    // A branch can only be named once there is one.
                    auto_init: wanted.branch.is_some(),
                };
                plan.step(REPO, create.operation(), &[])
            }
            Some(template) => {
                let create = CreateFromTemplate {
                    template: template.clone().into(),
                    org: org.clone(),
                    name,
                    visibility: wanted.visibility,
                    description,
                };
                plan.step(REPO, create.operation(), &[])
            }
        };
        if let (Some(homepage), Some(_)) = (&wanted.homepage, &wanted.template) {
            let changes = Changes { homepage: Some(homepage.clone()), ..Changes::default() };
            plan = plan.step("homepage", EditRepository::on_new(REPO, changes).operation(), &[REPO]);
        }
        for grant in &wanted.grants {
            let team = named("team", TeamSlug::parse(&grant.name))?;
            let grant_team = GrantTeam::on_new(REPO, org.clone(), team, &grant.permission);
            plan = plan.step(&format!("team-{}", grant.name), grant_team.operation(), &[REPO]);
        }
        if !wanted.topics.is_empty() {
            let replace = ReplaceTopics::on_new(REPO, wanted.topics.clone());
            plan = plan.step("topics", replace.operation(), &[REPO]);
        }
        if let Some(branch) = &wanted.branch {
            let rename = RenameDefaultBranch::on_new(REPO, branch.clone());
            plan = plan.step("branch", rename.operation(), &[REPO]);
        }
        plan.summary = Some(summary(wanted.visibility, &wanted.grants));
        plan.links = vec![Button::Link { label: "Open on GitHub".into(), url: "{repo.html_url}".into() }];
        Ok(plan)
    }
}

/// The step that makes the repository, which the others refer to.
const REPO: &str = "repo";

/// What is asked for, in GitHub's terms.
struct Wanted {
    name: FullName,
    visibility: Visibility,
    description: Option<String>,
    homepage: Option<String>,
    grants: Vec<TeamGrant>,
    template: Option<FullName>,
    topics: Vec<Topic>,
    branch: Option<BranchName>,
}

#[async_trait]
impl Command for CreateRepo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let said = |name: &str| args.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let name = FullName {
            owner: named("organisation", Owner::parse(&org.name))?,
            name: named("name", RepoName::parse(args.text("repo").unwrap_or_default()))?,
        };
        must_fit(args.text("description").unwrap_or_default())?;
        let template = args.text("template").map(FullName::parse).transpose();
        let branch = args.text("default-branch").map(BranchName::parse).transpose();
        let topics: Result<Vec<Topic>, _> = args.list("topics").into_iter().map(Topic::parse).collect();
        let mut wanted = Wanted {
            name,
            visibility: Self::visibility(org, args)?,
            description: said("description"),
            homepage: said("homepage"),
            grants: self.grants(org, args)?,
            template: named("template", template)?,
            topics: named("topic", topics)?,
            branch: named("branch", branch)?,
        };
        if wanted.template.is_some() && wanted.visibility == Visibility::Internal {
            return Err(Refusal::new(
                "GitHub makes no internal repository from a template.",
                "Choose private or public, and change it afterwards.",
            ));
        }
        let grants = std::mem::take(&mut wanted.grants);
        let teams = try_join_all(grants.into_iter().map(|grant| self.team(org, grant)));
        let free = try_join(self.must_be_free(&wanted.name), self.must_be_template(wanted.template.as_ref()));
        let ((_, template), grants) = try_join(free, teams).await?;
        wanted.grants = grants;
        let mut plan = Self::plan(&wanted)?;
        // Where all repositories are public a new one is too, unless it would show what its template hides.
        if org.settings.public_only && template.is_none_or(|seen_by| seen_by == Visibility::Public) {
            plan.usual = Some(Risk::Exposing);
        }
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        match arg {
            "template" => suggest::templates(&self.reader, &self.orgs, typed).await,
            _ => suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await,
        }
    }
}

/// "private · employees can push · bots can read"
fn summary(visibility: Visibility, grants: &[TeamGrant]) -> Text {
    let mut words = Text::new().plain(visibility.as_str());
    for grant in grants {
        words = words.plain(format!(" · {} can {}", grant.name, can(&grant.permission)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: fn(&Setting) -> &'static str) -> CreateRepoSettings {
        let lines = CreateRepoSettings::DECLARED.iter().map(|key| format!("{} = {}\n", key.name, value(key)));
        toml::from_str(&lines.collect::<String>()).unwrap()
    }

    #[test]
    fn the_settings_are_read_as_they_are_declared() {
        let (written, usual) = (read(|key| key.default), CreateRepoSettings::default());
        assert_eq!(written.permitted_permissions, usual.permitted_permissions);
        assert_eq!(written.permitted_visibilities, usual.permitted_visibilities);
        assert_eq!(read(|key| key.example).permitted_visibilities, ["private", "internal"]);
    }
}
