//! A directory that the test writes, and how members stand at GitHub.

use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use hubcommander::app::{Plugins, plugins};
use hubcommander::devices::FromSlack;
use hubcommander::members::nights::{Leaving, Nightbook};
use hubcommander::members::{Book, OffersLinks};
use hubcommander::pipeline::rules::Admitted;
use hubcommander::registry::{Registered, Registry};
use hubcommander::store::{Shelf, StoreError};
use hubcommander_commands::membership::{AuditMembers, InviteUser, Members, SweepMembers};
use hubcommander_sandbox::slack::Options;
use hubcommander_sandbox::{github, slack::Message};
use hubcommander_sdk::accounts::{Directory, Employee, Linked, Proof, SetLinks};
use hubcommander_sdk::clock::{Clock as _, SharedClock, SystemClock};
use hubcommander_sdk::command::Command;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::PersonId;

use crate::world::{Servers, World, shipped_with};

/// A directory that the test writes.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Option<Vec<Employee>>>>);

impl Written {
    pub fn of(employees: impl IntoIterator<Item = Employee>) -> Self {
        Self(Arc::new(Mutex::new(Some(employees.into_iter().collect()))))
    }

    /// From now on these work here, and nobody else ever did; `None`: it does not answer.
    pub fn write(&self, employees: Option<Vec<Employee>>) {
        *self.0.lock().unwrap() = employees;
    }

    fn read(&self) -> Result<Vec<Employee>, Refusal> {
        let known = self.0.lock().unwrap().clone();
        known.ok_or_else(|| Refusal::new("The directory does not answer.", "Try again in a minute."))
    }
}

#[async_trait]
impl Directory for Written {
    fn is_set_up(&self) -> bool {
        true
    }

    async fn everybody(&self) -> Result<Vec<Employee>, Refusal> {
        self.read()
    }

    async fn with_email(&self, email: &str) -> Result<Vec<Employee>, Refusal> {
        let all = self.read()?;
        Ok(all.into_iter().filter(|one| one.emails.iter().any(|own| own == email)).collect())
    }
}

/// Somebody of the directory.
pub fn employee(name: &str, active: bool) -> Employee {
    Employee {
        id: format!("emp-{name}"),
        emails: vec![format!("{name}@acme.example")],
        name: name.to_owned(),
        active,
        github_login: None,
        github_id: None,
        slack_user: None,
    }
}

/// Those who left and were handed over.
#[derive(Clone, Default)]
pub struct Handed(Arc<Mutex<Vec<String>>>);

impl Handed {
    pub fn users(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Leaving for Handed {
    async fn let_go(&self, leavers: &[PersonId]) -> Result<(), StoreError> {
        self.0.lock().unwrap().extend(leavers.iter().map(|one| one.user.clone()));
        Ok(())
    }
}

/// The same plugins, with this directory in place of theirs.
pub fn with_directory(
    plugins: Plugins,
    directory: &Written,
    handed: &Handed,
    clock: &SharedClock,
) -> Result<Plugins> {
    let directory: Arc<dyn Directory> = Arc::new(directory.clone());
    let insides = &plugins.insides;
    let members = Members {
        reader: plugins.github.reader(),
        orgs: Arc::clone(&plugins.orgs),
        accounts: Arc::new(insides.accounts.clone()),
        directory: Arc::clone(&directory),
        proves: None,
        slack: Arc::new(FromSlack(Arc::clone(&insides.engine))),
    };
    let offers = OffersLinks::new(insides.shelf.clone(), Arc::clone(&insides.slack), Arc::clone(clock));
    let nights = Nightbook::new(insides.shelf.clone(), Arc::new(handed.clone()));
    let own: Vec<Arc<dyn Command>> = vec![
        Arc::new(AuditMembers::new(&members, Arc::new(offers))),
        Arc::new(InviteUser::new(&members)),
        Arc::new(SweepMembers::new(&members, Arc::new(nights))),
    ];
    let all = plugins.registry.iter().map(|known| {
        let own = own.iter().find(|own| own.spec().name == known.spec().name);
        let command = Arc::clone(own.unwrap_or(&known.command));
        Registered::new(command, known.hidden, known.auth.clone())
    });
    let registry = Registry::new(all.collect::<Result<_, _>>()?)?;
    let mut plugins = plugins;
    plugins.insides.directory = Some(directory);
    plugins.registry = Arc::new(registry);
    Ok(plugins)
}

impl World {
    /// A bot with this directory, for this GitHub.
    pub async fn start_known(
        world: github::World,
        directory: &Written,
        handed: &Handed,
        changes: &[(&str, &str)],
    ) -> Result<Self> {
        let servers = Servers::start_in(Options::for_tests(), world).await?;
        let config = servers.config(&shipped_with(changes))?;
        Self::start_with_plugins(servers, config, |config, clock| {
            let plugins = with_directory(plugins(config, clock)?, directory, handed, clock)?;
            Ok(Plugins { rules: Some(Arc::new(Admitted)), ..plugins })
        })
        .await
    }

    /// Somebody has linked this account.
    pub async fn link(&self, user: &str, login: &str, email: &str) -> Result<()> {
        let shelf = Shelf::default();
        shelf.put(hubcommander::store::open(&self.store_url()).await?);
        let github_id = self.github.state().user(login).with_context(|| format!("no {login}"))?.id;
        let link = Linked {
            person: PersonId { team: "T0ACME".into(), user: user.into() },
            github_id,
            login: login.into(),
            email: Some(email.into()),
            since: SystemClock.now(),
            proof: Proof::DeviceFlow,
        };
        Ok(Book::new(shelf, false).set(&format!("test-{user}"), &SetLinks::link(link, None, None)).await?)
    }
}

impl Servers {
    /// Who belongs to an organisation, those who are invited with a question mark, owners with a star.
    pub fn members_of(&self, org: &str) -> String {
        let state = self.github.state();
        let Some(org) = state.organisation(org) else { return "no organisation".into() };
        let member = |(login, place): (&String, &github::model::Membership)| {
            let owner = if place.role == github::model::OrgRole::Admin { "*" } else { "" };
            format!("{login}{owner}{}", if place.pending { "?" } else { "" })
        };
        let by_address = org.invitations.values().filter(|one| one.is_pending());
        let by_address = by_address.filter_map(|one| one.email.as_ref().map(|email| format!("{email}?")));
        org.members.iter().map(member).chain(by_address).collect::<Vec<_>>().join(" ")
    }

    /// The teams of an organisation that somebody is in, or will be once they accept.
    pub fn teams_of(&self, org: &str, who: &str) -> String {
        let state = self.github.state();
        let Some(org) = state.organisation(org) else { return "no organisation".into() };
        let invited = org.invitations.values().filter(|one| {
            one.is_pending() && (one.login.as_deref() == Some(who) || one.email.as_deref() == Some(who))
        });
        let offered = invited.flat_map(|one| one.teams.keys());
        let offered = offered.filter_map(|id| Some(format!("{}?", org.teams.get(id)?.slug)));
        let theirs = org.teams.values().filter(|team| team.members.contains_key(who));
        theirs.map(|team| team.slug.clone()).chain(offered).collect::<Vec<_>>().join(" ")
    }

    /// Direct messages of the bot with somebody.
    pub fn direct(&self, user: &str) -> Vec<String> {
        let by_the_bot = |message: &&Message| message.bot.is_some();
        let all = self.slack.dms(user);
        all.iter().filter(by_the_bot).map(|message| self.shown(message)).collect()
    }
}
