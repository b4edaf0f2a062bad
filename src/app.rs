//! Where everything is made and put together. The one place that names the plugins.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::Router;
use hubcommander_auth_plugins::approval;
use hubcommander_commands::Setup;
use hubcommander_commands::stethoscope::Devices;
use hubcommander_github::GitHub;
use hubcommander_outbound::Proxies;
use hubcommander_policy::Policy;
use hubcommander_sdk::accounts::{Accounts, Directory};
use hubcommander_sdk::auth::StepUp;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{Command, Headway};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::operation::Probe;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::{Conversation, PersonId, Place};
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::setting::Setting;
use hubcommander_stethoscope::Looks;
use hubcommander_travis::Travis;
use secrecy::ExposeSecret as _;
use tokio::sync::watch;

use crate::alarm::{Alarms, watch_token};
use crate::audit;
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
use crate::devices::{self, FromSlack, Readings, SeenLately};
use crate::directory::{self, Directories, FollowLater};
use crate::farewell::{self, Farewells};
use crate::fleet;
use crate::ids::Ids;
use crate::later::{self, BookedLeases};
use crate::members::nights::{Nightbook, Nightly};
use crate::members::{self, Known, OffersLinks, SetsLinks, Unlinked};
use crate::notices::{self, PostOffice};
use crate::nudges;
use crate::osquery::Agents;
use crate::pages::{self, Door};
use crate::pipeline::ask;
use crate::pipeline::engine::{Engine, Mailboxes, Watch, Work};
use crate::pipeline::execute::Executor;
use crate::pipeline::glass;
use crate::pipeline::intake::Intake;
use crate::pipeline::limits::Limits;
use crate::pipeline::lockdown::{self, Lockdown};
use crate::pipeline::parse;
use crate::pipeline::prepare::{self, Examined, Outcome};
use crate::pipeline::record::Patient;
use crate::pipeline::report::{Reporter, SignIn, words};
use crate::pipeline::rules::Rules;
use crate::policy::{self, Facts, Faults, Judge, Links, Means};
use crate::registry::{Operations, Registered, Registry, SameName};
use crate::slack::people::People;
use crate::slack::socket::{self, Alarm, Board, SocketSettings};
use crate::slack::web::{Me, Web, WebSettings};
use crate::store::{Shelf, Store};
use crate::web::Seen;

/// Why the bot did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store could not be opened or read.
    #[error("the store could not be used: {0}")]
    Store(#[from] crate::store::StoreError),
    /// Slack could not be asked who we are.
    #[error("Slack did not let the bot in: {0}. `hubcommander check` says what to do.")]
    Slack(#[from] crate::slack::web::SlackError),
    /// GitHub's client could not be made.
    #[error("GitHub's client could not be made: {0}")]
    GitHub(#[from] hubcommander_github::SetupError),
    /// Travis' client could not be made.
    #[error("Travis' client could not be made: {0}")]
    Travis(#[from] hubcommander_travis::SetupError),
    /// A way to prove who one is could not be made.
    #[error(transparent)]
    AuthPlugins(#[from] hubcommander_auth_plugins::SetupError),
    /// Passkeys could not be set up.
    #[cfg(feature = "passkey")]
    #[error(transparent)]
    Passkeys(#[from] hubcommander_auth_plugins::passkey::SetupError),
    /// Who has a passkey could not be read.
    #[cfg(feature = "passkey")]
    #[error(transparent)]
    PasskeysUnread(#[from] hubcommander_auth_plugins::passkey::Unkept),
    /// A source of devices could not be made, or what is looked at is not written well.
    #[error(transparent)]
    Devices(#[from] devices::SetupError),
    /// Nothing can listen where osquery's agents are to be heard.
    #[error("osquery's agents cannot be heard: {0}")]
    Agents(#[from] hubcommander_device_sources::osquery::ListenError),
    /// The webhook of notifications could not be set up.
    #[error(transparent)]
    Webhook(#[from] notices::HookError),
    /// A directory could not be set up.
    #[error("the directory: {0}")]
    Directory(#[from] hubcommander_directory::Trouble),
    /// A token of SCIM cannot be used.
    #[error("SCIM: {0}")]
    Scim(#[from] hubcommander_directory::scim::TokenError),
    /// What notifications are signed with is no secret.
    #[error("notifications: {0}")]
    NoticeSecret(#[from] notices::sign::NotASecret),
    /// The web pages could not be made.
    #[error(transparent)]
    Pages(#[from] pages::SetupError),
    /// A command's settings are wrong.
    #[error(transparent)]
    Commands(#[from] hubcommander_commands::WrongSettings),
    /// Two commands or operations share a name.
    #[error(transparent)]
    Names(#[from] SameName),
    /// Nothing can listen where the health page should be.
    #[error(transparent)]
    Web(#[from] crate::web::CannotListen),
    /// The policies are wrong, or nobody could follow them.
    #[error("The policies do not hold:\n\n{0}")]
    Policy(#[from] Faults),
    /// A command's specification contradicts itself.
    #[error(transparent)]
    Spec(#[from] crate::registry::WrongSpec),
}

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
    let credentials = match &config.github.credentials {
        config::Credentials::Token(token) => hubcommander_github::Credentials::Token(token.clone()),
        config::Credentials::App { id, private_key } => {
            hubcommander_github::Credentials::App { id: *id, private_key: private_key.clone() }
        }
    };
    let settings = hubcommander_github::Settings::new(config.github.api_url.clone(), credentials);
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

/// How long what is under way may take to come to its end when the program is told to stop. Supervisors
/// wait 10 s (Docker) to 30 s (Kubernetes) before they kill.
const FINISH_WITHIN: Duration = Duration::from_secs(8);

/// How long the last seal may take.
const SEAL_WITHIN: Duration = Duration::from_secs(1);

/// The bot, ready to listen.
pub struct App {
    engine: Arc<Engine>,
    intake: Arc<Intake>,
    web: Web,
    alarm: Arc<dyn Alarm>,
    board: Board,
    health: Option<SocketAddr>,
    pages: Router,
    connections: u8,
    audit: (audit::Settings, audit::Surroundings),
    office: Option<PostOffice>,
    me: Me,
    agents: Option<Agents>,
    nudges: Option<nudges::Round>,
    counter: Option<fleet::Counter>,
    directories: directory::Round,
    teller: Option<directory::Teller>,
    farewells: Farewells,
    nightly: Option<Nightly>,
}

impl App {
    /// Puts the bot together: opens the store, asks Slack who we are, makes the plugins. `board` shows from
    /// outside how the connections stand.
    ///
    /// # Errors
    /// As [`AppError`] says.
    pub async fn new(config: &Config, clock: SharedClock, board: Board) -> Result<Self, AppError> {
        let plugins = plugins(config, &clock)?;
        Self::with(config, plugins, clock, board).await
    }

    /// The same with other plugins than those that ship.
    ///
    /// # Errors
    /// As [`AppError`] says.
    pub async fn with(
        config: &Config,
        plugins: Plugins,
        clock: SharedClock,
        board: Board,
    ) -> Result<Self, AppError> {
        let Plugins {
            links,
            registry,
            operations,
            orgs,
            issuer,
            github: _,
            insides,
            step_ups,
            rules,
            approval,
            devices,
            agents,
            notices,
            directory,
            farewells,
        } = plugins;
        let web = slack(config, &clock)?;
        let store = crate::store::open(config.store.url.expose_secret());
        let (store, me) = tokio::join!(store, web.auth_test());
        let (store, me) = (store?, me?);
        insides.shelf.put(Arc::clone(&store));
        // Put in once, here; a second time cannot happen.
        let _ = insides.slack.set(web.clone());
        let mut web_pages = Router::new();
        #[cfg(feature = "passkey")]
        if let Some(passkeys) = &insides.passkeys {
            passkeys.load().await?;
            web_pages = web_pages.merge(hubcommander_auth_plugins::passkey::router(Arc::clone(passkeys)));
        }
        if let Some(linking) = &insides.linking {
            web_pages = web_pages.merge(members::web_pages(Arc::clone(linking)));
        }
        let ground = pages::Ground {
            shelf: insides.shelf.clone(),
            engine: Arc::clone(&insides.engine),
            looks: Arc::clone(&devices),
            history: Arc::new(fleet::Counted::new(insides.shelf.clone())),
            notices: Arc::new(notices.clone()),
            clock: Arc::clone(&clock),
        };
        let stethoscope = pages::set_up(config, ground)?;
        if let Some(stethoscope) = &stethoscope {
            web_pages = web_pages.merge(hubcommander_stethoscope_pages::router(Arc::clone(stethoscope)));
        }
        directory.begin().await?;
        for source in config.directory.readers() {
            // What is wrong with its settings is said at once, and not by an alarm.
            config.directory.reader(source, 0, &clock)?;
        }
        if let Some(public_url) = config.web.as_ref().and_then(|web| web.public_url.as_ref()) {
            let new_id = Arc::new(|| format!("{:032x}", rand::random::<u128>()));
            let scim = directory.scim(public_url, &insides.accounts, new_id)?;
            web_pages = scim.into_iter().fold(web_pages, Router::merge);
        }
        let sign_in = stethoscope.clone().map(|pages| Arc::new(Door(pages)) as Arc<dyn SignIn>);
        let locked = lockdown::stored(&*store, clock.now()).await?;
        let people = Arc::new(People::new(web.clone(), Arc::clone(&clock)));
        let rules = match rules {
            Some(rules) => rules,
            None => {
                let judge = judge(
                    config,
                    (&registry, &operations),
                    &step_ups,
                    Facts::new(Arc::clone(&people), links, me.team_id.clone()),
                )?;
                let impossible =
                    policy::impossible(judge.policy(), &config.policy.sources, judge.facts()).await;
                if !impossible.is_empty() {
                    return Err(Faults(impossible).into());
                }
                Arc::new(judge)
            }
        };
        let sender = notices::Sender::new(notices.clone(), Arc::clone(&people));
        if let Some(asked) = config.notifications.as_ref().filter(|asked| !asked.secrets.is_empty()) {
            let signer = notices::sign::Signer::new(&asked.secrets)?;
            let door = notices::door::router(signer, sender.clone(), Arc::clone(&clock));
            web_pages = web_pages.merge(door);
        }
        let reporter = Reporter::new(web.clone(), Arc::clone(&people), sign_in);
        let lockdown = Arc::new(Lockdown::new(locked));
        let executor = Executor::new(
            operations.clone(),
            issuer,
            Arc::clone(&clock),
            config.github.unclear_wait,
            Arc::clone(&lockdown),
        );
        let alarm: Arc<dyn Alarm> =
            Arc::new(Alarms::new(web.clone(), config.slack.alarm_channel.clone(), Arc::clone(&clock)));
        // Put in once, here; a second time cannot happen.
        let _ = insides.alarm.set(Arc::clone(&alarm));
        let office = match &config.notifications {
            Some(asked) => {
                let hook =
                    asked.webhook.as_ref().map(|webhook| notices::Hook::new(webhook, Proxies::from_env()));
                let folder = asked.folder.clone().map(|path| notices::folder::Folder::new(path, sender));
                let (web, alarm) = (web.clone(), Arc::clone(&alarm));
                Some(PostOffice::new(notices, web, alarm, hook.transpose()?, folder))
            }
            None => None,
        };
        let told = config.directory.webhook.as_ref().map(|webhook| {
            let (book, alarm) = (insides.accounts.clone(), Arc::clone(&alarm));
            directory::Teller::new(webhook, directory.clone(), book, alarm, Arc::clone(&clock))
        });
        let teller = told.transpose()?;
        let directories =
            directory::Round { directories: directory, alarm: Arc::clone(&alarm), clock: Arc::clone(&clock) };
        let audit = sealing(config, &store, &clock, &alarm, &web);
        let counter = config.devices_page().map(|_| fleet::Counter {
            looks: Arc::clone(&devices),
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            keep_days: config.history_days,
        });
        let nudges = config.nudges.clone().map(|settings| nudges::Round {
            settings,
            looks: Arc::clone(&devices),
            people: Arc::clone(&people),
            web: web.clone(),
            store: Arc::clone(&store),
            memory: insides.nudges.clone(),
            clock: Arc::clone(&clock),
        });
        let nightly = nightly(config, &insides, &me, &store, &clock);
        let engine = Arc::new(Engine {
            registry,
            operations,
            orgs,
            patient: Patient::new(Arc::clone(&store), Arc::clone(&alarm)),
            store,
            people,
            reporter,
            executor,
            clock: Arc::clone(&clock),
            mailboxes: Mailboxes::default(),
            work: Work::default(),
            alarm: Arc::clone(&alarm),
            rules,
            step_ups,
            approval,
            health: Arc::new(SeenLately::new(devices, Arc::clone(&clock))),
            lockdown,
            limits: Limits::new(config.limits),
            watch: Watch::default(),
            glass: config.break_glass.clone(),
        });
        // Put in once, here; a second time cannot happen.
        let _ = insides.engine.set(Arc::downgrade(&engine));
        let ids = Arc::new(Ids::new(clock, rand::random()));
        let intake = Intake::new(
            Arc::clone(&engine),
            me.clone(),
            web.clone(),
            ids,
            Arc::clone(&alarm),
            &config.slack.listen,
            &config.slack.ignore,
        );
        let intake = Arc::new(intake.with_standings(Arc::new(farewells.clone())));
        let health = config.web.as_ref().map(|web| web.listen);
        let connections = config.slack.connections;
        Ok(Self {
            engine,
            intake,
            web,
            alarm,
            board,
            health,
            pages: web_pages,
            connections,
            audit,
            office,
            me,
            nudges,
            counter,
            nightly,
            agents,
            directories,
            teller,
            farewells,
        })
    }

    /// Takes up what was left unfinished, then listens until `stop` says so, and lets what is under way come
    /// to its end. What waits for people, or takes too long, is left for the next start.
    ///
    /// # Errors
    /// The store cannot be read, or nothing can listen where the health page should be.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), AppError> {
        if let Some(address) = self.health {
            let (slack, token) = (self.board.watcher(), self.web.token());
            let seen = Seen { intake: Arc::clone(&self.intake), slack, token };
            tokio::spawn(crate::web::listen(address, seen, self.pages, stop.clone()).await?);
        }
        if let Some(agents) = self.agents {
            agents.listen(stop.clone()).await?;
        }
        tokio::spawn(watch_token(self.web.token(), Arc::clone(&self.alarm)));
        // It outlives the work, so that what that writes to its end is sealed too.
        let (end_sealing, sealed) = watch::channel(false);
        let sealing = tokio::spawn(audit::run(self.audit.0, self.audit.1, sealed));
        let unfinished = self.engine.resume().await?;
        self.intake.resume().await?;
        tokio::spawn(Arc::clone(&self.intake).watch_the_clock(stop.clone()));
        if let Some(office) = self.office {
            tokio::spawn(office.run(stop.clone()));
        }
        let engine = &self.engine;
        let (store, clock) = (Arc::clone(&engine.store), Arc::clone(&engine.clock));
        let (people, lockdown) = (Arc::clone(&engine.people), Arc::clone(&engine.lockdown));
        tokio::spawn(farewell::look_who_is_gone(self.farewells, stop.clone()));
        tokio::spawn(pages::sweep(Arc::clone(&store), Arc::clone(&clock), stop.clone()));
        tokio::spawn(lockdown::follow(lockdown, Arc::clone(&store), Arc::clone(&clock), stop.clone()));
        tokio::spawn(glass::keep_known(engine.glass.clone(), people, store, clock, stop.clone()));
        if let Some(counter) = self.counter {
            tokio::spawn(counter.run(stop.clone()));
        }
        tokio::spawn(self.directories.run(stop.clone()));
        if let Some(teller) = self.teller {
            tokio::spawn(teller.run(stop.clone()));
        }
        if let Some(nightly) = self.nightly {
            tokio::spawn(nightly.run(stop.clone()));
        }
        if let Some(round) = self.nudges {
            tokio::spawn(round.run(stop.clone()));
        }
        tracing::info!(user = self.me.user_id, team = self.me.team_id, unfinished, "starting to listen");
        let settings =
            SocketSettings { connections: usize::from(self.connections), ..SocketSettings::default() };
        // Only spreads the waits between tries, so that several processes do not try in step.
        let seed = rand::random();
        let (web, engine) = (self.web.clone(), self.engine);
        socket::run(self.web, self.intake, self.alarm, settings, self.board, seed, stop).await;
        let left = engine.work.finish(FINISH_WITHIN).await;
        let edited = web.drain(FINISH_WITHIN / 4).await;
        end_sealing.send_replace(true);
        if tokio::time::timeout(SEAL_WITHIN, sealing).await.is_err() {
            tracing::warn!("the end of the audit is not sealed; the next start does it");
        }
        tracing::info!(left, edited, "stopped");
        Ok(())
    }
}

/// What books the nightly look for strangers, where there is a channel to say it in.
fn nightly(
    config: &Config,
    insides: &Insides,
    me: &Me,
    store: &Arc<dyn Store>,
    clock: &SharedClock,
) -> Option<Nightly> {
    Some(Nightly {
        at: config.sweep_at?,
        me: PersonId { team: me.team_id.clone(), user: me.user_id.clone() },
        channel: config.slack.alarm_channel.clone()?,
        directory: insides.directory.clone()?,
        store: Arc::clone(store),
        clock: Arc::clone(clock),
    })
}

/// What the policies may ask of people here.
#[must_use]
pub fn means(config: &Config, step_ups: &[Arc<dyn StepUp>]) -> Means {
    Means {
        step_ups: step_ups.iter().map(|known| known.name().to_owned()).collect(),
        devices: config.devices.any(),
        approvers: config.approval.iter().flat_map(|approval| approval.approvers.clone()).collect(),
    }
}

/// The policies that the configuration names, or those that ship.
///
/// # Errors
/// All that is wrong with them.
pub fn read_policy(config: &Config, plugins: &Plugins) -> Result<Policy, Faults> {
    let means = means(config, &plugins.step_ups);
    let (sources, contact) = (&config.policy.sources, config.policy.contact.as_deref());
    policy::read(sources, contact, &plugins.registry, &plugins.operations, &means)
}

pub(crate) fn sealing(
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &SharedClock,
    alarm: &Arc<dyn Alarm>,
    web: &Web,
) -> (audit::Settings, audit::Surroundings) {
    let settings = config.audit.settings.clone();
    let slack = settings.channel.clone().map(|channel| audit::Slack { web: web.clone(), channel });
    let (store, clock, alarm) = (Arc::clone(store), Arc::clone(clock), Arc::clone(alarm));
    (settings, audit::Surroundings { store, clock, alarm, slack, seed: rand::random() })
}

/// Slack's Web API, as the configuration says.
pub(crate) fn slack(config: &Config, clock: &SharedClock) -> Result<Web, AppError> {
    let slack = &config.slack;
    let (bot_token, app_token) = (slack.bot_token.clone(), slack.app_token.clone());
    let settings = WebSettings::new(slack.api_url.clone(), bot_token, app_token, slack.pacing);
    Ok(Web::new(settings, Arc::clone(clock))?)
}

/// Who may do what, and what it takes, by the configured policies.
fn judge(
    config: &Config,
    (registry, operations): (&Registry, &Operations),
    step_ups: &[Arc<dyn StepUp>],
    facts: Facts,
) -> Result<Judge, Faults> {
    let means = means(config, step_ups);
    let (sources, contact) = (&config.policy.sources, config.policy.contact.as_deref());
    let policy = policy::read(sources, contact, registry, operations, &means)?;
    Ok(Judge::new(Arc::new(policy), facts))
}

/// What a line would lead to.
pub enum Preview {
    /// It is no command, or may not be asked: this would be said.
    Said(Message),
    /// It would be answered so.
    Answer(Message),
    /// It would do this.
    Plan(Box<Examined>),
}

/// Goes the way of a command as far as its plan, as if this person typed the line in a direct message.
/// Writes nothing, nowhere.
///
/// # Errors
/// As [`AppError`] says.
pub async fn preview(
    config: &Config,
    clock: &SharedClock,
    line: &str,
    user: &str,
) -> Result<Preview, AppError> {
    let plugins = plugins(config, clock)?;
    match crate::store::open(config.store.url.expose_secret()).await {
        Ok(store) => plugins.insides.shelf.put(store),
        // Most commands can be planned without it.
        Err(error) => tracing::warn!(%error, "the store is not open"),
    }
    let web = slack(config, clock)?;
    let (person, me) = tokio::join!(web.person(user), web.auth_test());
    let (person, me) = (person?, me?);
    let people = Arc::new(People::new(web, Arc::clone(clock)));
    let Plugins { registry, operations, step_ups, .. } = &plugins;
    let facts = Facts::new(people, Arc::clone(&plugins.links), me.team_id);
    let rules = judge(config, (registry, operations), step_ups, facts)?;
    let place =
        Place { channel: String::new(), conversation: Conversation::Direct, shared: false, thread: None };
    let said = |refusal: &Refusal| Preview::Said(words::refusal(refusal, "not asked in Slack"));
    let parsed = match parse::parse(&plugins.registry, &plugins.orgs, line) {
        Ok(parsed) => parsed,
        Err(unparsed) => {
            let marked = line.trim_start().starts_with('!');
            return Ok(Preview::Said(words::unparsed(&unparsed, &plugins.orgs, &place, marked)));
        }
    };
    let asked = match ask::ask(&rules, &person, &place, parsed, clock.now()).await {
        Ok(asked) => asked,
        Err(refusal) => return Ok(said(&refusal)),
    };
    let prepared = prepare::prepare(
        &plugins.operations,
        &asked,
        "preview",
        &person,
        &place,
        clock.now(),
        Headway::default(),
    )
    .await;
    Ok(match prepared {
        Ok(Outcome::Reply(message)) => Preview::Answer(message),
        Ok(Outcome::Plan(examined)) => Preview::Plan(examined),
        Err(refusal) => said(&refusal),
    })
}
