//! Where everything is made and put together.

mod plugins;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hubcommander_outbound::Proxies;
use hubcommander_policy::Policy;
use hubcommander_sdk::auth::StepUp;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::{Conversation, PersonId, Place};
use secrecy::ExposeSecret as _;
use tokio::sync::watch;

use crate::alarm::{Alarms, watch_token};
use crate::audit;
use crate::config::Config;
use crate::devices::{self, SeenLately};
use crate::directory::{self};
use crate::farewell::{self, Farewells};
use crate::fleet;
use crate::ids::Ids;
use crate::members::nights::Nightly;
use crate::members::{self};
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
use crate::policy::{self, Facts, Faults, Judge, Means};
use crate::registry::{Operations, Registry, SameName};
use crate::slack::people::People;
use crate::slack::socket::{self, Alarm, Board, SocketSettings};
use crate::slack::web::{Me, Web, WebSettings};
use crate::store::Store;
use crate::web::Seen;

pub use plugins::{Insides, Plugins, command_names, plugins};

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
