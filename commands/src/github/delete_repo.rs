//! `!DeleteRepo`: archives a repository now and deletes it later, so that there is time to undo it; or, asked
//! to, deletes it at once.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::operations::{Changes, DeleteRepository, EditRepository};
use hubcommander_github::{Reader, Repository, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Precondition, Risk, Title};
use hubcommander_sdk::schedule::{PlanLater, When};
use hubcommander_sdk::setting::{Length, Setting, SettingKind};
use hubcommander_sdk::text::{Text, length};
use serde::Deserialize;

use super::{named, one, suggest};

/// What config.toml may say under `[commands.DeleteRepo]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeleteRepoSettings {
    /// How long a repository stays archived before it is deleted.
    pub delay: Length,
}

impl DeleteRepoSettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[Setting {
        name: "delay",
        kind: SettingKind::Length,
        default: r#""7d""#,
        example: r#""30d""#,
        about: "How long a repository stays archived before it is deleted. Until then it can be undone.",
    }];
}

impl Default for DeleteRepoSettings {
    fn default() -> Self {
        Self { delay: Length { seconds: 7 * 86_400 } }
    }
}

/// The command.
pub struct DeleteRepo {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
    settings: DeleteRepoSettings,
}

impl DeleteRepo {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>, settings: DeleteRepoSettings) -> Self {
        let about = format!(
            "Archives a repository, and deletes it {} later unless that is undone",
            length(settings.delay.seconds)
        );
        let spec = CommandSpec::new("DeleteRepo", "Repositories", &about);
        let spec = one::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(ArgSpec::flag("now", "delete it at once, for good"))
            .arg(ArgSpec::option("reason", ArgKind::Text, "why, for those who look for it later"))
            .example("!DeleteRepo acme website --reason \"The new one is elsewhere\"")
            .example("!DeleteRepo acme website --now")
            .changes(Risk::Irreversible);
        Self { spec, reader, orgs, settings }
    }

    /// The deletion by itself, of the repository as it is seen here.
    fn deletion(repository: &Repository, title: Title, untouched: Precondition) -> Result<Plan, Refusal> {
        let full_name = one::full_name(repository)?;
        let lock = format!("github:{full_name}");
        let delete = DeleteRepository { id: repository.id, full_name, unless_pushed_since: None };
        Ok(Plan::new(title).step("delete", delete.operation(), &[]).precondition(untouched).lock(lock))
    }

    fn at_once(repository: &Repository, why: Option<Text>) -> Result<Plan, Refusal> {
        let shown = one::shown(repository);
        let title = Title {
            todo: Text::new().plain("Delete ").then(shown.clone()).plain(" now, for good"),
            doing: Text::new().plain("Deleting ").then(shown),
            done: Text::new().plain(&repository.full_name).plain(" is deleted"),
        };
        let mut plan = Self::deletion(repository, title, preconditions::untouched_repository(repository))?;
        plan.summary = why;
        Ok(plan)
    }

    /// Archived now; deleted later, if it is then what it was when it was archived.
    fn after_a_while(
        &self,
        request: &Request,
        repository: &Repository,
        why: Option<Text>,
    ) -> Result<Plan, Refusal> {
        let (shown, delay) = (one::shown(repository), self.settings.delay);
        let later = PlanLater {
            id: later_id(&request.invocation),
            when: When::In(delay.seconds),
            plan: Self::later(repository, why.clone())?,
        };
        let span = length(delay.seconds);
        let title = if repository.archived {
            Title {
                todo: Text::new()
                    .plain("Delete ")
                    .then(shown.clone())
                    .plain(format!(" in {span} unless undone")),
                doing: Text::new().plain("Noting that ").then(shown.clone()).plain(" is to be deleted"),
                done: shown.plain(format!(" stays archived, and will be deleted in {span}")),
            }
        } else {
            let then = format!(" now, and delete it in {span} unless undone");
            Title {
                todo: Text::new().plain("Archive ").then(shown.clone()).plain(then),
                doing: Text::new().plain("Archiving ").then(shown.clone()),
                done: shown.plain(format!(" is archived, and will be deleted in {span}")),
            }
        };
        // Whoever pushes between this look and the archiving still needs it.
        let mut plan = one::plan(repository, title)?;
        plan.preconditions = vec![preconditions::untouched_repository(repository)];
        let mut after: &[&str] = &[];
        if !repository.archived {
            let changes = Changes { archived: Some(true), ..Changes::default() };
            let archive = named("repository", EditRepository::of(repository, changes))?;
            plan = plan.step("archive", archive.operation(), &[]);
            after = &["archive"];
        }
        plan = plan.step("delete-later", later.operation(), after);
        let until_then = if repository.archived {
            " calls the deletion off until then."
        } else {
            " calls the deletion off until then, and unarchives it."
        };
        let undo = Text::new().code("!Undo").plain(until_then);
        plan.summary = Some(why.map_or(undo.clone(), |why| undo.plain(" ").then(why)));
        Ok(plan)
    }

    fn later(repository: &Repository, why: Option<Text>) -> Result<Plan, Refusal> {
        let shown = one::shown(repository);
        let title = Title {
            todo: Text::new().plain("Delete ").then(shown.clone()),
            doing: Text::new().plain("Deleting ").then(shown),
            done: Text::new().plain(&repository.full_name).plain(" is deleted"),
        };
        // By then it is archived, which is the one thing about it that is to differ from now.
        let then = Repository { archived: true, ..repository.clone() };
        let changed = format!(
            "{} is not what was to be deleted: it has been unarchived, renamed, pushed to or changed, or is gone",
            repository.full_name
        );
        let untouched =
            Precondition { changed: changed.into(), ..preconditions::untouched_repository(&then) };
        let mut plan = Self::deletion(repository, title, untouched)?;
        plan.summary = why;
        Ok(plan)
    }
}

/// An id made from the invocation's, so that the same question asked again makes the same plan.
fn later_id(invocation: &str) -> String {
    format!("sch-{}", invocation.strip_prefix("inv-").unwrap_or(invocation))
}

/// Who asked, and why, if that was said.
fn why(request: &Request) -> Option<Text> {
    let reason = request.args.text("reason").map(str::trim).filter(|reason| !reason.is_empty())?;
    let asked = Text::new().plain("Asked for by ").person(&request.person.id.user);
    Some(asked.plain(format!(": \"{reason}\"")))
}

#[async_trait]
impl Command for DeleteRepo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let plan = if args.flag("now") {
            Self::at_once(&repository, why(request))?
        } else {
            self.after_a_while(request, &repository, why(request))?
        };
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
        let read = |value: fn(&Setting) -> &'static str| -> DeleteRepoSettings {
            let lines =
                DeleteRepoSettings::DECLARED.iter().map(|key| format!("{} = {}\n", key.name, value(key)));
            toml::from_str(&lines.collect::<String>()).unwrap()
        };
        assert_eq!(read(|key| key.default).delay, DeleteRepoSettings::default().delay);
        assert_eq!(read(|key| key.example).delay, Length { seconds: 30 * 86_400 });
    }
}
