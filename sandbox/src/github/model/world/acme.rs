//! The companies of the sandbox.

use super::World;
use crate::github::model::{Permission, Privacy, Protection, Reviews, Visibility};

impl World {
    /// The sandbox's companies: `acme` with `website`, `api`, `templates` and `new-name` (formerly
    /// `old-name`), and `acme-oss` with `sdk` and the archived `legacy`; the token `ghp_sandbox` of `hub-bot`, who owns
    /// both; and the program `Iv1.sandbox`, which people let in by a code. There is some work in progress: pull requests, a key, an invitation, a protected branch.
    pub fn acme() -> Self {
        Self::empty()
            .user("hub-bot", "HubCommander", None)
            .user("ana-lima", "Ana Lima", Some("ana@acme.example"))
            .user("sam-okafor", "Sam Okafor", None)
            .user("gus-vega", "Gus Vega", None)
            .oauth_app("Iv1.sandbox", "HubCommander")
            .token("ghp_sandbox", "hub-bot", &["repo", "admin:org", "delete_repo", "workflow"])
            .organisation("acme", "Acme", "Rockets, anvils and other everyday things")
            .owner("acme", "hub-bot")
            .member("acme", "ana-lima")
            .member("acme", "sam-okafor")
            .team("acme", "employees", Privacy::Closed, &["ana-lima", "sam-okafor"])
            .team("acme", "bots", Privacy::Closed, &["hub-bot"])
            .team("acme", "security", Privacy::Closed, &["sam-okafor"])
            .team("acme", "platform", Privacy::Secret, &["ana-lima"])
            .repository("acme", "website", |one| {
                one.description = Some("The website".to_owned());
                one.topics = vec!["web".to_owned(), "marketing".to_owned()];
            })
            .repository("acme", "api", |one| one.description = Some("What the website talks to".to_owned()))
            .repository("acme", "templates", |one| {
                one.description = Some("Where new services start from".to_owned());
                one.is_template = true;
                one.actions.enabled = false;
            })
            .repository("acme", "old-name", |one| one.description = Some("Had another name once".to_owned()))
            .renamed("acme", "old-name", "new-name")
            .team_access("acme", "website", "employees", Permission::Push)
            .team_access("acme", "website", "bots", Permission::Pull)
            .team_access("acme", "api", "employees", Permission::Push)
            .team_access("acme", "api", "platform", Permission::Admin)
            .team_access("acme", "templates", "employees", Permission::Pull)
            .collaborator("acme", "website", "gus-vega", Permission::Pull)
            .organisation("acme-oss", "Acme open source", "What Acme gives away")
            .owner("acme-oss", "hub-bot")
            .member("acme-oss", "ana-lima")
            .team("acme-oss", "employees", Privacy::Closed, &["ana-lima"])
            .repository("acme-oss", "sdk", |one| {
                one.visibility = Visibility::Public;
                one.description = Some("Build on Acme".to_owned());
            })
            .team_access("acme-oss", "sdk", "employees", Permission::Push)
            .work_in_progress()
    }

    fn work_in_progress(self) -> Self {
        self.user("lin-park", "Lin Park", None)
            .label("acme", "website", "bug", "d73a4a")
            .label("acme", "website", "design", "a2eeef")
            .pull_request("acme", "website", "ana-lima", "Show prices with tax", |one| {
                one.labels.insert("bug".to_owned());
            })
            .pull_request("acme", "website", "sam-okafor", "A new front page", |one| {
                one.draft = true;
                one.labels.insert("design".to_owned());
            })
            .merged_pull_request("acme", "website", "ana-lima", "Say where the anvils are made")
            .deploy_key_numbered("acme", "api", 4711, "build server")
            .invited("acme", "api", "lin-park", Permission::Triage)
            .user("octocat", "The Octocat", None)
            .protected("acme", "api", "main", |one| {
                *one = Protection {
                    reviews: Some(Reviews { approvals: 1, ..Reviews::default() }),
                    ..Protection::default()
                };
            })
            .branch("acme-oss", "sdk", "next")
            .repository("acme-oss", "legacy", |one| {
                one.visibility = Visibility::Public;
                one.description = Some("What the SDK was before".to_owned());
                one.archived = true;
            })
    }
}
