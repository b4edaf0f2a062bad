//! The plugins that the configuration enables. The one place that names them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};

use hubcommander_auth_plugins::approval;
use hubcommander_commands::Setup;
use hubcommander_commands::stethoscope::Devices;
use hubcommander_github::GitHub;
use hubcommander_sdk::accounts::{Accounts, Directory};
use hubcommander_sdk::auth::StepUp;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::Command;
use hubcommander_sdk::operation::Probe;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::setting::Setting;
use hubcommander_stethoscope::Looks;
use hubcommander_travis::Travis;

use crate::builtins::accept_email::{AcceptEmail, Accepts};
use crate::builtins::answer::{Answer, Answers};
use crate::builtins::cancel::{Cancel, Cancels};
use crate::builtins::devices::{
    DevicesReminder, Disowns, NotMyDevice, Nudge, Nudges, RemindMe, Reminds, Wishes,
};
use crate::builtins::due::{LeaseEnds, LeaseEndsSoon, PlanIsDue};
use crate::builtins::glass::GlassBroken;
use crate::builtins::help::Help;
use crate::builtins::history::History;
use crate::builtins::leases::{Desk, Extend, Leases, Return};
use crate::builtins::lockdown::{Lockdown as LockdownCommand, Locks};
use crate::builtins::offer_link::OfferLink;
use crate::builtins::undo::{Stands, Undo};
use crate::builtins::why::Why;
use crate::config::{self, Config};
use crate::devices::{self, FromSlack, Readings};
use crate::directory::{Directories, FollowLater};
use crate::farewell::{self, Farewells};
use crate::later::{self, BookedLeases};
use crate::members::nights::Nightbook;
use crate::members::{self, Known, OffersLinks, SetsLinks, Unlinked};
use crate::notices::{self};
use crate::nudges;
use crate::osquery::Agents;
use crate::pages::{self};
use crate::pipeline::engine::Engine;
use crate::pipeline::rules::Rules;
use crate::policy::Links;
use crate::registry::{Operations, Registered, Registry, SameName};
use crate::slack::socket::Alarm;
use crate::slack::web::Web;
use crate::store::Shelf;

use super::AppError;

/// The names of all commands there are, each with the settings that it takes of its own.
#[must_use]
pub fn command_names() -> Vec<(&'static str, &'static [Setting])> {
    let builtins = [
        "AcceptEmail",
        "Answer",
        "Cancel",
        "DevicesReminder",
        "EnrollPasskey",
        "Extend",
        "Farewell",
        "Farewells",
        "Help",
        "History",
        "Leases",
        "Lockdown",
        "NotMyDevice",
        "Nudge",
        "Nudges",
        "RemindMe",
        "Passkeys",
        "RemovePasskey",
        "Return",
        "Undo",
        "Why",
    ];
    let builtins: [(&str, &[Setting]); 21] = builtins.map(|name| (name, &[] as &[Setting]));
    builtins.into_iter().chain(hubcommander_commands::NAMES.iter().copied()).collect()
}

/// The commands, what they may plan, and GitHub's client.
pub struct Plugins {
    /// The commands.
    pub registry: Arc<Registry>,
    /// What their plans may hold.
    pub operations: Operations,
    /// The organisations.
    pub orgs: Arc<Orgs>,
    /// Makes the permits that the operations' clients take.
    pub issuer: PermitIssuer,
    /// The account.
    pub github: GitHub,
    /// Where the commands that know the engine find what it is made of, once it is there.
    pub insides: Insides,
    /// How people prove who they are, the preferred way first.
    pub step_ups: Vec<Arc<dyn StepUp>>,
    /// Who may do what, and what it takes, in place of what the configured policies say.
    pub rules: Option<Arc<dyn Rules>>,
    /// Which account at GitHub is whose, for policies.
    pub links: Arc<dyn Links>,
    /// How others are asked.
    pub approval: Option<approval::Settings>,
    /// Looks at people's devices.
    pub devices: Arc<dyn Looks>,
    /// The server of osquery's agents, if there is one.
    pub agents: Option<Agents>,
    /// Keeps the questions of the security team to people, and their answers.
    pub notices: notices::Desk,
    /// Knows who works in the company.
    pub directory: Directories,
    /// Lets those go who leave the company.
    pub farewells: Farewells,
}

/// What some commands need that is made after them.
#[derive(Clone, Default)]
pub struct Insides {
    /// The store, once it is open.
    pub shelf: Shelf,
    /// The engine, once it runs.
    pub engine: Arc<OnceLock<Weak<Engine>>>,
    /// Slack, once the bot is let in.
    pub slack: Arc<OnceLock<Web>>,
    /// Which account at GitHub is whose.
    pub accounts: members::Book,
    /// Who works here, where that is known.
    pub directory: Option<Arc<dyn Directory>>,
    /// The pages on which people show which account is theirs, if they do so in their browser.
    pub linking: Option<Arc<members::OnTheWeb>>,
    /// What is kept of nudges.
    pub nudges: nudges::Memory,
    /// Who raises alarms, once it is there.
    pub alarm: Arc<OnceLock<Arc<dyn Alarm>>>,
    /// Passkeys, if they are set up.
    #[cfg(feature = "passkey")]
    pub passkeys: Option<Arc<hubcommander_auth_plugins::passkey::Passkeys>>,
}

/// Makes the plugins that the configuration enables.
///
/// # Errors
/// As [`AppError`] says.
pub fn plugins(config: &Config, clock: &SharedClock) -> Result<Plugins, AppError> {
    let (issuer, check) = PermitIssuer::new();
    let settings = config.github.settings();
    let app = config.linking();
    let proving = app.map(|app| members::proving(app, &settings, clock)).transpose()?;
    let github = GitHub::new(settings, check.clone(), Arc::clone(clock))?;
    let travis = config.travis.as_ref().map(config::Travis::settings);
    let travis =
        travis.map(|settings| Travis::new(&settings, check.clone(), Arc::clone(clock))).transpose()?;
    let orgs = Arc::new(Orgs::new(config.orgs.clone()));
    let shelf = Shelf::default();
    let follow = Arc::new(FollowLater::default());
    let kept = (shelf.clone(), Arc::clone(clock));
    let directory =
        Directories::new(config.directory.clone(), kept.0, kept.1, Arc::<FollowLater>::clone(&follow));
    let employees: Arc<dyn Directory> = Arc::new(directory.clone());
    #[cfg_attr(not(feature = "passkey"), expect(unused_mut, reason = "passkeys are put in"))]
    let mut insides = Insides {
        nudges: nudges::Memory::new(shelf.clone()),
        accounts: members::Book::new(shelf.clone(), config.directory.webhook.is_some()),
        directory: Some(Arc::clone(&employees)),
        linking: proving.as_ref().and_then(members::Proving::pages),
        shelf,
        ..Insides::default()
    };
    #[cfg(feature = "passkey")]
    let passkeys = crate::passkeys::set_up(config, &insides.shelf, &insides.slack, check, clock)?;
    #[cfg(feature = "passkey")]
    {
        insides.passkeys = passkeys.as_ref().map(|set_up| Arc::clone(&set_up.passkeys));
    }
    #[cfg(not(feature = "passkey"))]
    drop(check);
    let shelf = &insides.shelf;
    let settings: BTreeMap<String, toml::Table> =
        config.commands.iter().map(|(name, command)| (name.clone(), command.settings.clone())).collect();
    let agents = devices::agents(config, &insides.shelf, clock)?;
    let devices: Arc<dyn Looks> = devices::set_up(config, &insides.shelf, clock, agents.as_ref())?;
    let pages = config.devices_page().is_some();
    let asked = config.notifications.clone().unwrap_or_default();
    let notices = notices::Desk::new(insides.shelf.clone(), Arc::clone(clock), asked);
    let farewells = farewells(config, &insides, &employees, &github, &orgs, clock);
    follow.put(farewells.follower());
    let setup = Setup {
        devices: Devices {
            looks: Arc::clone(&devices),
            who_is: Arc::new(FromSlack(Arc::clone(&insides.engine))),
            views: Arc::new(Readings(insides.shelf.clone())),
            pages,
        },
        github: github.reader(),
        orgs: Arc::clone(&orgs),
        grants: github.grants(),
        leases: Arc::new(BookedLeases::new(shelf.clone())),
        accounts: Arc::new(insides.accounts.clone()),
        directory: employees,
        people: Arc::new(FromSlack(Arc::clone(&insides.engine))),
        offers: Arc::new(offers_links(&insides, clock)),
        nights: Arc::new(Nightbook::new(shelf.clone(), farewells.at_night())),
        proves: proving.as_ref().map(members::Proving::proves),
        travis: travis.as_ref().map(Travis::reader),
        protection: config.protection.clone(),
        settings,
    };

    let operations = operations(&github, travis.as_ref(), clock, &insides)?;
    let answers = Answers::new(notices.clone(), insides.shelf.clone());
    let operations = operations.and(vec![Arc::new(answers)], vec![])?;
    let operations = operations.and(farewells.handlers(), farewells.probes())?;
    #[cfg(feature = "passkey")]
    let operations =
        operations.and(passkeys.iter().flat_map(|set_up| set_up.handlers.clone()).collect(), vec![])?;
    let listed = Arc::new(OnceLock::new());
    let mut commands: Vec<Arc<dyn Command>> =
        vec![Arc::new(Help::new(Arc::clone(&listed), Arc::clone(&orgs)))];
    commands.extend(with_insides(&insides, &operations, &github, &orgs, clock));
    commands.extend(farewells.commands(&operations));
    commands.push(Arc::new(DevicesReminder::new(Arc::clone(&devices), pages)));
    commands.push(Arc::new(Answer::new(notices.clone())));
    let memory = || insides.nudges.clone();
    commands.push(Arc::new(Nudge::new(
        config.nudges.clone(),
        Arc::clone(&devices),
        memory(),
        insides.shelf.clone(),
        Arc::clone(clock),
        pages,
    )));
    commands.push(Arc::new(Nudges::new(memory(), Arc::clone(clock), config.nudges.is_some())));
    commands.push(Arc::new(NotMyDevice::new(Arc::clone(&devices))));
    commands.push(Arc::new(RemindMe::new(Arc::clone(clock))));
    commands.extend(hubcommander_commands::all(&setup)?);
    #[cfg(feature = "passkey")]
    commands.extend(passkeys.iter().flat_map(|set_up| set_up.commands.clone()));
    let mut switched_off = Vec::new();
    let registered = commands.into_iter().filter_map(|command| {
        let name = command.spec().name.clone();
        let says =
            config.commands.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name)).map(|(_, says)| says);
        if says.is_some_and(|says| !says.enabled) {
            switched_off.push(command.spec().clone());
            return None;
        }
        Some(Registered::new(
            command,
            says.is_some_and(|says| says.hidden),
            says.map(|says| says.auth.clone()).unwrap_or_default(),
        ))
    });
    let registered: Result<Vec<Registered>, _> = registered.collect();
    let registry = Arc::new(Registry::new(registered?)?.with_switched_off(switched_off));
    // Filled once, here; a second time cannot happen.
    let _ = listed.set(Arc::clone(&registry));
    let mut step_ups: Vec<Arc<dyn StepUp>> = Vec::new();
    // The one that cannot be phished comes first.
    #[cfg(feature = "passkey")]
    step_ups.extend(passkeys.map(|set_up| set_up.passkeys as Arc<dyn StepUp>));
    step_ups.extend(hubcommander_auth_plugins::all(&config.auth_plugins, clock)?);
    let approval = config.approval.clone();
    let rules = None;
    let book = insides.accounts.clone();
    let links = Arc::new(Known::new(book, github.reader(), Arc::clone(&orgs), Arc::clone(clock)));
    Ok(Plugins {
        links,
        registry,
        operations,
        orgs,
        issuer,
        github,
        insides,
        step_ups,
        rules,
        approval,
        devices,
        agents,
        notices,
        directory,
        farewells,
    })
}

/// What lets those go who leave.
fn farewells(
    config: &Config,
    insides: &Insides,
    directory: &Arc<dyn Directory>,
    github: &GitHub,
    orgs: &Arc<Orgs>,
    clock: &SharedClock,
) -> Farewells {
    let doors = pages::Doors::new(
        insides.shelf.clone(),
        #[cfg(feature = "passkey")]
        insides.passkeys.clone(),
    );
    Farewells::new(farewell::Surroundings {
        settings: config.farewell.clone(),
        shelf: insides.shelf.clone(),
        slack: Arc::clone(&insides.slack),
        engine: Arc::clone(&insides.engine),
        links: insides.accounts.clone(),
        directory: Arc::clone(directory),
        github: github.reader(),
        orgs: Arc::clone(orgs),
        desk: Desk { shelf: insides.shelf.clone(), grants: github.grants() },
        doors: Arc::new(doors),
        clock: Arc::clone(clock),
    })
}

/// All that plans may hold: what GitHub and Travis can do, what happens later, and what takes back.
fn operations(
    github: &GitHub,
    travis: Option<&Travis>,
    clock: &SharedClock,
    insides: &Insides,
) -> Result<Operations, SameName> {
    let cancels = Cancels::new(insides.shelf.clone(), Arc::clone(clock), Arc::clone(&insides.engine));
    let accepts = Accepts::new(insides.shelf.clone());
    let locks = Locks::new(insides.shelf.clone(), Arc::clone(&insides.engine));
    let disowns = Disowns::new(insides.shelf.clone(), Arc::clone(&insides.alarm));
    let reminds = Reminds::new(insides.shelf.clone());
    let wishes = Wishes::new(insides.nudges.clone());
    let links = SetsLinks(insides.accounts.clone());
    let (mut handlers, mut probes) = (github.handlers(), github.probes());
    if let Some(travis) = travis {
        handlers.extend(travis.handlers());
        probes.extend(travis.probes());
    }
    let now = Operations::new(handlers, probes)?.and(
        vec![
            Arc::new(accepts),
            Arc::new(cancels),
            Arc::new(disowns),
            Arc::new(locks),
            Arc::new(reminds),
            Arc::new(wishes),
            Arc::new(links.clone()),
            Arc::new(offers_links(insides, clock)),
        ],
        vec![Arc::new(links), Arc::new(Unlinked(insides.accounts.clone()))],
    )?;
    let all = now.clone().and(later::handlers(&insides.shelf, clock, &now), vec![])?;
    let stands: Arc<dyn Probe> = Arc::new(Stands::new(all.clone()));
    all.and(vec![], vec![stands])
}

/// Asks people to link their accounts.
fn offers_links(insides: &Insides, clock: &SharedClock) -> OffersLinks {
    OffersLinks::new(insides.shelf.clone(), Arc::clone(&insides.slack), Arc::clone(clock))
}

/// The commands that know what the engine knows.
fn with_insides(
    insides: &Insides,
    operations: &Operations,
    github: &GitHub,
    orgs: &Arc<Orgs>,
    clock: &SharedClock,
) -> Vec<Arc<dyn Command>> {
    let Insides { shelf, engine, .. } = insides;
    let desk = Desk { shelf: shelf.clone(), grants: github.grants() };
    let accounts: Arc<dyn Accounts> = Arc::new(insides.accounts.clone());
    vec![
        Arc::new(AcceptEmail::new(shelf.clone(), Arc::clone(engine))),
        Arc::new(Cancel::new(shelf.clone())),
        Arc::new(Extend::new(desk.clone(), Arc::clone(clock))),
        Arc::new(GlassBroken::new(shelf.clone())),
        Arc::new(History::new(shelf.clone(), Arc::clone(orgs))),
        Arc::new(LeaseEnds::new(desk.clone())),
        Arc::new(LeaseEndsSoon::new(desk.clone())),
        Arc::new(Leases::new(desk.clone())),
        Arc::new(LockdownCommand::new(shelf.clone(), Arc::clone(clock))),
        Arc::new(OfferLink::new(accounts)),
        Arc::new(PlanIsDue::new(shelf.clone())),
        Arc::new(Return::new(desk)),
        Arc::new(Undo::new(shelf.clone(), operations.clone())),
        Arc::new(Why::new(shelf.clone(), Arc::clone(engine))),
    ]
}
