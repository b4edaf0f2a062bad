//! `!CreateRepo`: a repository with the right teams on it.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{try_join, try_join_all};
use hubcommander_github::{Lookup, Reader};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Button;
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::orgs::{Org, Orgs, TeamGrant};
use hubcommander_sdk::plan::{OutputRef, Plan, Precondition, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::Deserialize;
use serde_json::json;

use super::permission::can;
use super::suggest;

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
    /// The keys, for checking the configuration.
    pub const KEYS: &'static [&'static str] = &["permitted_permissions", "permitted_visibilities"];
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

    fn visibility(&self, org: &Org, args: &Args) -> Result<String, Refusal> {
        let asked = args.text("visibility");
        if org.settings.public_only && asked.is_some_and(|asked| asked != "public") {
            return Err(Refusal::new(
                Text::new().code(&org.name).plain(" holds public repositories only."),
                Text::new().plain("Leave out ").code("--visibility").plain(", or choose another organisation."),
            ));
        }
        Ok(match asked {
            Some(asked) => asked.to_owned(),
            None if org.settings.public_only => "public".into(),
            None => "private".into(),
        })
    }

    /// The organisation's teams, and those that were asked for; one that is named twice counts as asked.
    fn grants(&self, org: &Org, args: &Args) -> Result<Vec<TeamGrant>, Refusal> {
        let mut grants = org.settings.new_repo_teams.clone();
        for given in args.list("team") {
            let (name, permission) = given.split_once('=').unwrap_or((given, "push"));
            let permission = permission.to_lowercase();
            if !self.settings.permitted_permissions.iter().any(|permitted| *permitted == permission) {
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

    async fn must_be_free(&self, org: &Org, name: &str) -> Result<Precondition, Refusal> {
        match self.reader.repository(&org.name, name).await.map_err(Refusal::from)? {
            Lookup::Absent => Ok(hubcommander_github::preconditions::absent_repository(&org.name, name)),
            Lookup::Found(found) => Err(Refusal::new(
                Text::new().link(&found.full_name, &found.html_url).plain(" exists already."),
                "Choose another name, or ask for access to it.",
            )),
            Lookup::Moved { full_name, .. } => Err(Refusal::new(
                Text::new()
                    .code(format!("{}/{name}", org.name))
                    .plain(" is the former name of ")
                    .code(full_name)
                    .plain(", and links to it still lead there."),
                "Choose another name.",
            )),
        }
    }

    /// The team as GitHub spells it.
    async fn team(&self, org: &Org, grant: TeamGrant) -> Result<TeamGrant, Refusal> {
        let found = self.reader.team(&org.name, &grant.name).await.map_err(Refusal::from)?;
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

    async fn must_be_template(&self, template: Option<(&str, &str)>) -> Result<(), Refusal> {
        let Some((owner, name)) = template else { return Ok(()) };
        let shown = Text::new().code(format!("{owner}/{name}"));
        match self.reader.repository(owner, name).await.map_err(Refusal::from)? {
            Lookup::Found(found) if found.is_template => Ok(()),
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
                "Check the spelling.",
            )),
        }
    }
}

fn operation(kind: &str, input: serde_json::Value) -> Operation {
    Operation { kind: kind.to_owned(), version: 1, input }
}

#[async_trait]
impl Command for CreateRepo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let visibility = self.visibility(org, args)?;
        let grants = self.grants(org, args)?;
        let template = args.text("template").and_then(|template| template.split_once('/'));

        let teams = try_join_all(grants.into_iter().map(|grant| self.team(org, grant)));
        let ((free, grants), ()) =
            try_join(try_join(self.must_be_free(org, name), teams), self.must_be_template(template)).await?;

        let full_name = format!("{}/{name}", org.name);
        let title = Title {
            todo: Text::new().plain("Create ").code(&full_name),
            doing: Text::new().plain("Creating ").code(&full_name),
            done: Text::new().code(&full_name).plain(" is ready"),
        };
        let description = args.text("description").filter(|text| !text.is_empty());
        let homepage = args.text("homepage").filter(|text| !text.is_empty());
        let default_branch = args.text("default-branch");
        let mut plan = Plan::new(title).precondition(free).lock(format!("github:{full_name}"));

        let repo = json!({ "id": OutputRef::json("repo", "id"), "full_name": OutputRef::json("repo", "full_name") });
        plan = match template {
            None => {
                let mut input = json!({
                    "org": org.name, "name": name, "visibility": visibility,
                    // A branch can only be named once there is one.
                    "auto_init": default_branch.is_some(),
                });
                if let Some(description) = description {
                    input["description"] = description.into();
                }
                if let Some(homepage) = homepage {
                    input["homepage"] = homepage.into();
                }
                plan.step("repo", operation("github.create_repository", input), &[])
            }
            Some((owner, template)) => {
                let mut input = json!({
                    "template": { "owner": owner, "name": template },
                    "org": org.name, "name": name, "visibility": visibility,
                });
                if let Some(description) = description {
                    input["description"] = description.into();
                }
                plan = plan.step("repo", operation("github.create_from_template", input), &[]);
                match homepage {
                    Some(homepage) => {
                        let mut input = repo.clone();
                        input["changes"] = json!({ "homepage": homepage });
                        plan.step("homepage", operation("github.edit_repository", input), &["repo"])
                    }
                    None => plan,
                }
            }
        };
        for grant in &grants {
            let input =
                json!({ "org": org.name, "team": grant.name, "repo": repo, "permission": grant.permission });
            plan = plan.step(&format!("team-{}", grant.name), operation("github.grant_team", input), &["repo"]);
        }
        let topics = args.list("topics");
        if !topics.is_empty() {
            let input = json!({ "repo": repo, "topics": topics });
            plan = plan.step("topics", operation("github.replace_topics", input), &["repo"]);
        }
        if let Some(branch) = default_branch {
            let input = json!({ "repo": repo, "to": branch });
            plan = plan.step("branch", operation("github.rename_default_branch", input), &["repo"]);
        }
        plan.summary = Some(summary(&visibility, &grants));
        plan.links = vec![Button::Link { label: "Open on GitHub".into(), url: "{repo.html_url}".into() }];
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        match arg {
            "template" => suggest::templates(&self.reader, &self.orgs, typed).await,
            _ => suggest::values(&self.reader, &self.spec, arg, typed, so_far).await,
        }
    }
}

/// "private · employees can push · bots can read"
fn summary(visibility: &str, grants: &[TeamGrant]) -> Text {
    let mut words = Text::new().plain(visibility);
    for grant in grants {
        words = words.plain(format!(" · {} can {}", grant.name, can(&grant.permission)));
    }
    words
}
