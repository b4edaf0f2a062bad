//! What is asked: who wants what, where, when, and with which plan.

use std::collections::BTreeSet;

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{ArgKind, Args, CommandSpec};
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Person, Place};
use hubcommander_sdk::plan::{Plan, Risk};
use serde::{Deserialize, Serialize};

/// A user group of Slack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// `S…`
    pub id: String,
    /// Its handle, as in `@security`, without the mark. Slack keeps it unique in the workspace among user groups,
    /// channels and people (<https://docs.slack.dev/reference/methods/usergroups.create>, "handle").
    pub handle: String,
}

/// A GitHub account that is known to be the person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// Its login.
    pub login: String,
    /// The teams that it is in, as `owner/slug`.
    pub teams: Vec<String>,
}

/// Who asks, with all that policies may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The person, as Slack describes them now.
    pub person: Person,
    /// Whether they belong to our own workspace or enterprise. Strangers go by `TEAM/USER`, so that no id of another
    /// workspace can be taken for one of ours.
    pub ours: bool,
    /// The user groups that they are in.
    pub groups: Vec<Group>,
    /// Their GitHub account, if it is linked.
    pub github: Option<Linked>,
}

impl Asker {
    /// A person of whom nothing but what Slack says of them is known. `home` is our own workspace.
    #[must_use]
    pub fn new(person: Person, home: &str) -> Self {
        let ours = person.id.team == home;
        Self { person, ours, groups: Vec::new(), github: None }
    }

    /// What policies call them.
    #[must_use]
    pub fn name(&self) -> String {
        let id = &self.person.id;
        if self.ours { id.user.clone() } else { format!("{}/{}", id.team, id.user) }
    }
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub who: Asker,
    /// The command's own name.
    pub command: String,
    /// The typed arguments; organisations by the names that are configured.
    pub args: Args,
    /// Where.
    pub place: Place,
    /// When.
    pub at: Instant,
}

/// What a question is about. Names are in lower case: GitHub knows them in any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A repository.
    Repository {
        /// Whose.
        owner: String,
        /// Its name.
        name: String,
    },
    /// An organisation.
    Organization(String),
    /// The conversation it is asked in, where it is about nothing at GitHub.
    Channel(String),
}

impl Resource {
    /// A repository, in any case.
    #[must_use]
    pub fn repository(owner: &str, name: &str) -> Self {
        Self::Repository { owner: owner.to_lowercase(), name: name.to_lowercase() }
    }

    /// What a plan locks, if it is one: `github:acme/widgets`, `github:acme`. What is below an organisation, such as
    /// a team, counts as the organisation.
    #[must_use]
    pub fn of_lock(lock: &str) -> Option<Self> {
        let path = lock.strip_prefix("github:")?;
        let mut parts = path.split('/');
        let (owner, name, more) = (parts.next()?, parts.next(), parts.next());
        Some(match (name, more) {
            (Some(name), None) if !name.is_empty() => Self::repository(owner, name),
            _ => Self::Organization(owner.to_lowercase()),
        })
    }

    /// What the typed arguments name: each repository, a template too, else the organisation.
    #[must_use]
    pub fn of_args(spec: &CommandSpec, args: &Args) -> BTreeSet<Self> {
        let mut owner = None;
        let mut names = Vec::new();
        let mut found = BTreeSet::new();
        for arg in &spec.args {
            let values = args.list(&arg.name);
            match arg.kind {
                ArgKind::Organization => owner = owner.or_else(|| values.first().copied()),
                ArgKind::Repository | ArgKind::NewRepository | ArgKind::Repositories => names.extend(values),
                ArgKind::FullRepository => {
                    found.extend(values.iter().filter_map(|full| {
                        full.split_once('/').map(|(owner, name)| Self::repository(owner, name))
                    }));
                }
                _ => {}
            }
        }
        if let Some(owner) = owner {
            if names.is_empty() {
                found.insert(Self::Organization(owner.to_lowercase()));
            }
            found.extend(names.iter().map(|name| Self::repository(owner, name)));
        }
        found
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Repository { owner, name } => write!(f, "{owner}/{name}"),
            Self::Organization(name) => f.write_str(name),
            Self::Channel(id) => write!(f, "conversation {id}"),
        }
    }
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The risk of the riskiest step.
    pub risk: Risk,
    /// The powers that it uses.
    pub powers: BTreeSet<Power>,
    /// The kinds of its operations.
    pub operations: BTreeSet<String>,
    /// How many steps it has.
    pub steps: usize,
    /// What it changes.
    pub touches: BTreeSet<Resource>,
}

impl Planned {
    /// A plan with what its handlers say of its risk and powers.
    #[must_use]
    pub fn new(plan: &Plan, risk: Risk, powers: BTreeSet<Power>) -> Self {
        let mut planned =
            Self { risk, powers, operations: BTreeSet::new(), steps: 0, touches: BTreeSet::new() };
        planned.add(plan);
        planned
    }

    /// A plan that is put off is part of the plan that holds it.
    fn add(&mut self, plan: &Plan) {
        self.steps += plan.steps.len();
        self.touches.extend(plan.locks.iter().filter_map(|lock| Resource::of_lock(lock)));
        for step in &plan.steps {
            self.operations.insert(step.operation.kind.clone());
            if let Some(Ok(later)) = step.operation.input.get("plan").map(Plan::deserialize) {
                self.add(&later);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::operation::Operation;
    use hubcommander_sdk::plan::Title;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_that_is_put_off_is_part_of_the_plan() {
        let title = |words: &str| Title { todo: words.into(), doing: words.into(), done: words.into() };
        let delete = Operation::of("github.delete_repository", &json!({}));
        let later = Plan::new(title("Delete")).step("delete", delete, &[]).lock("github:acme/old");
        let put_off = Operation::of("schedule.plan", &json!({ "at": 0, "plan": later }));
        let plan = Plan::new(title("Later")).step("later", put_off, &[]);
        let planned = Planned::new(&plan, Risk::Reversible, BTreeSet::new());
        assert_eq!(planned.operations.len(), 2);
        assert_eq!(planned.steps, 2);
        assert_eq!(planned.touches, BTreeSet::from([Resource::repository("acme", "old")]));
    }

    #[test]
    fn locks_name_what_is_changed() {
        assert_eq!(
            Resource::of_lock("github:Acme/Widgets"),
            Some(Resource::Repository { owner: "acme".into(), name: "widgets".into() })
        );
        for organisation in ["github:acme", "github:acme/", "github:Acme/teams/employees"] {
            assert_eq!(Resource::of_lock(organisation), Some(Resource::Organization("acme".into())));
        }
        assert_eq!(Resource::of_lock("lease:lse-1"), None);
    }
}
