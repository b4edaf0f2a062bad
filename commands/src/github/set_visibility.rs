//! `!SetVisibility`: who can see a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::operations::{Changes, EditRepository};
use hubcommander_github::{Reader, Visibility};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::{Org, Orgs};
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::setting::{Setting, SettingKind};
use hubcommander_sdk::text::Text;
use serde::Deserialize;

use super::{named, one, suggest};

/// What config.toml may say under `[commands.SetVisibility]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetVisibilitySettings {
    /// What may be asked for.
    pub permitted_visibilities: Vec<String>,
}

impl SetVisibilitySettings {
    /// The keys, for checking the configuration and for its reference.
    pub const DECLARED: &'static [Setting] = &[Setting {
        name: "permitted_visibilities",
        kind: SettingKind::Choices(&["private", "internal", "public"]),
        default: r#"["private", "internal", "public"]"#,
        example: r#"["private", "internal"]"#,
        about: "What may be asked for.",
    }];
}

impl Default for SetVisibilitySettings {
    fn default() -> Self {
        Self { permitted_visibilities: ["private", "internal", "public"].map(str::to_owned).to_vec() }
    }
}

/// The command.
pub struct SetVisibility {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl SetVisibility {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>, settings: SetVisibilitySettings) -> Self {
        let permitted = settings.permitted_visibilities;
        // An example is one only if it may be asked for.
        let word = ["public", "internal"].into_iter().find(|word| permitted.iter().any(|one| one == word));
        let example = format!("!SetVisibility acme templates {}", word.unwrap_or("private"));
        let spec = CommandSpec::new("SetVisibility", "Repositories", "Says who can see a repository");
        let spec = one::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(ArgSpec::positional("visibility", ArgKind::Choice(permitted), "who can see it"))
            .example(&example)
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }

    fn asked(org: &Org, args: &Args) -> Result<Visibility, Refusal> {
        let asked = match args.text("visibility") {
            Some("public") => Visibility::Public,
            Some("internal") => Visibility::Internal,
            _ => Visibility::Private,
        };
        if org.settings.public_only && asked != Visibility::Public {
            return Err(Refusal::new(
                Text::new().code(&org.name).plain(" holds public repositories only."),
                "Archive the repository, or move it to another organisation.",
            ));
        }
        Ok(asked)
    }
}

/// Who can see it then.
fn seen_by(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "Everyone can see it.",
        Visibility::Internal => "All members of the enterprise can see it.",
        Visibility::Private => "Only those who were given access can see it.",
    }
}

#[async_trait]
impl Command for SetVisibility {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let asked = Self::asked(org, args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let word = asked.as_str();
        if repository.visibility == asked {
            return Ok(one::already(&repository, format!(" is {word} already")));
        }
        one::must_not_be_archived(&repository)?;
        let shown = one::shown(&repository);
        let title = Title {
            todo: Text::new().plain("Make ").then(shown.clone()).plain(format!(" {word}")),
            doing: Text::new().plain("Making ").then(shown.clone()).plain(format!(" {word}")),
            done: shown.plain(format!(" is {word}")),
        };
        let changes = Changes { visibility: Some(asked), ..Changes::default() };
        let edit = named("repository", EditRepository::of(&repository, changes))?;
        let mut plan = one::plan(&repository, title)?.step("edit", edit.operation(), &[]);
        plan.summary = Some(seen_by(asked).into());
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
        let read = |value: fn(&Setting) -> &'static str| -> SetVisibilitySettings {
            let lines =
                SetVisibilitySettings::DECLARED.iter().map(|key| format!("{} = {}\n", key.name, value(key)));
            toml::from_str(&lines.collect::<String>()).unwrap()
        };
        let usual = SetVisibilitySettings::default();
        assert_eq!(read(|key| key.default).permitted_visibilities, usual.permitted_visibilities);
        assert_eq!(read(|key| key.example).permitted_visibilities, ["private", "internal"]);
    }
}
