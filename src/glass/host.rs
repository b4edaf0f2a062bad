//! What is needed on the host, and the whole of one command there.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hubcommander_auth_plugins::passkey::Passkeys;
use hubcommander_sdk::auth::StepUp as _;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::{Text, in_utc};
use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use tokio::time::timeout;

use super::ask::Considered;
use super::{Ask, Ending, How, Terminal, Trouble};
use crate::alarm::Alarms;
use crate::app::{self, Plugins};
use crate::audit;
use crate::config::Config;
use crate::ids::Ids;
use crate::pipeline::execute::Executor;
use crate::pipeline::glass;
use crate::pipeline::lockdown::{self, Lockdown};
use crate::pipeline::record::Patient;
use crate::pipeline::report::words;
use crate::registry::{Operations, Registry};
use crate::slack::socket::Alarm;
use crate::slack::web::{SlackError, Web};
use crate::store::Store;

/// How long Slack may take to answer on a day like this.
pub(super) const SLACK_ANSWERS: Duration = Duration::from_secs(5);

/// How long the last seal may take; another process may be the one that seals.
const SEAL_WITHIN: Duration = Duration::from_secs(3);

/// All that is needed.
pub(super) struct Host<'t> {
    pub(super) registry: Arc<Registry>,
    pub(super) operations: Operations,
    pub(super) orgs: Arc<Orgs>,
    pub(super) store: Arc<dyn Store>,
    pub(super) patient: Patient,
    pub(super) slack: Web,
    pub(super) alarm: Arc<dyn Alarm>,
    pub(super) alarm_channel: String,
    pub(super) passkeys: Arc<Passkeys>,
    pub(super) listen: SocketAddr,
    pub(super) people: BTreeSet<String>,
    pub(super) executor: Executor,
    pub(super) lockdown: Arc<Lockdown>,
    pub(super) ids: Ids,
    pub(super) clock: SharedClock,
    pub(super) terminal: &'t dyn Terminal,
}

fn not_set_up() -> Refusal {
    Refusal::new(
        "Breaking the glass is not switched on here.",
        Text::new()
            .plain("Put ")
            .code("[break_glass]")
            .plain(" with ")
            .code("people = [\"U…\", \"U…\"]")
            .plain(" into the configuration, beside passkeys and an alarm channel; docs/break-glass.md says how."),
    )
    .logged("no [break_glass]")
}

impl<'t> Host<'t> {
    async fn open(
        config: &Config,
        plugins: Plugins,
        clock: &SharedClock,
        terminal: &'t dyn Terminal,
    ) -> Result<Self, Trouble> {
        let Plugins { registry, operations, orgs, issuer, insides, .. } = plugins;
        let alarm_channel = config.slack.alarm_channel.clone();
        let listen = config.web.as_ref().map(|web| web.listen);
        let (Some(alarm_channel), Some(listen), Some(passkeys)) = (alarm_channel, listen, insides.passkeys)
        else {
            return Err(not_set_up().into());
        };
        let store = crate::store::open(config.store.url.expose_secret()).await?;
        insides.shelf.put(Arc::clone(&store));
        let slack = app::slack(config, clock)?;
        // Put in once, here; a second time cannot happen.
        let _ = insides.slack.set(slack.clone());
        passkeys.load().await.map_err(app::AppError::from)?;
        let locked = lockdown::stored(&*store, clock.now()).await?;
        let lockdown = Arc::new(Lockdown::new(locked));
        let executor = Executor::new(
            operations.clone(),
            issuer,
            Arc::clone(clock),
            config.github.unclear_wait,
            Arc::clone(&lockdown),
        );
        let alarm: Arc<dyn Alarm> =
            Arc::new(Alarms::new(slack.clone(), Some(alarm_channel.clone()), Arc::clone(clock)));
        Ok(Self {
            registry,
            operations,
            orgs,
            patient: Patient::new(Arc::clone(&store), Arc::clone(&alarm)),
            store,
            slack,
            alarm,
            alarm_channel,
            passkeys,
            listen,
            people: config.break_glass.clone(),
            executor,
            lockdown,
            ids: Ids::new(Arc::clone(clock), rand::random()),
            clock: Arc::clone(clock),
            terminal,
        })
    }

    /// Who somebody is: what Slack says now, or what it said last; and since when that is known.
    async fn person(&self, user: &str) -> Result<(Person, Option<Instant>), Trouble> {
        glass::listed(&self.people, user)?;
        let now = self.clock.now();
        match timeout(SLACK_ANSWERS, self.slack.person(user)).await {
            Ok(Ok(person)) => {
                glass::remember(&*self.store, user, &person, now).await?;
                return Ok((person, None));
            }
            Ok(Err(SlackError::Refused { code, .. })) if code == "user_not_found" => {
                let what = Text::new().plain("Slack knows nobody with the id ").code(user).plain(".");
                return Err(Refusal::new(what, "Name somebody else.").logged("user_not_found").into());
            }
            Ok(Err(error)) => tracing::info!(%error, user, "Slack does not say who this is"),
            Err(_) => tracing::info!(user, "Slack does not say in time who this is"),
        }
        let known = glass::known(&*self.store, user).await?;
        match known.filter(|known| now - known.at < glass::KNOWN_FOR) {
            Some(known) => Ok((known.person, Some(known.at))),
            None => Err(Refusal::new(
                Text::new()
                    .plain("Slack cannot be asked who ")
                    .code(user)
                    .plain(" is, and has not said it within 30 days."),
                "Name somebody else. The bot asks Slack about everybody on the list each hour while it runs.",
            )
            .logged(format!("nothing is known of {user}"))
            .into()),
        }
    }

    fn say_since(&self, person: &Person, since: Option<Instant>) {
        if let Some(at) = since {
            self.terminal.say(&format!(
                "Slack cannot be asked who {} ({}) is; it said so last on {}.",
                person.name,
                person.id.user,
                in_utc(at)
            ));
        }
    }

    async fn go(&self, ask: &Ask) -> Result<(Ending, bool), Trouble> {
        self.go_on_with_others().await?;
        if ask.reason.trim().is_empty() {
            let todo = Text::new().plain("Say why with ").code("--reason").plain(", in a sentence.");
            return Err(Refusal::new("It takes a reason.", todo).into());
        }
        let (by, since) = self.person(&ask.by).await?;
        let (with, since_other) = self.person(&ask.with).await?;
        glass::two_people(&by, &with)?;
        for person in [&by, &with] {
            if !self.passkeys.knows(person) {
                let what = Text::new()
                    .plain(format!("{} (", person.name))
                    .code(&person.id.user)
                    .plain(") has no passkey here.");
                let todo = Text::new()
                    .plain("Name somebody who has; passkeys are added in Slack, with ")
                    .code("!EnrollPasskey")
                    .plain(".");
                return Err(Refusal::new(what, todo)
                    .logged(format!("no passkey of {}", person.id.user))
                    .into());
            }
        }
        self.say_since(&by, since);
        self.say_since(&with, since_other);
        self.run(ask, &by, &with).await
    }
}

/// Runs one command with the passkeys of two people.
///
/// # Errors
/// It was not begun, or somebody else goes on with it.
pub async fn exec(
    config: &Config,
    plugins: Plugins,
    clock: &SharedClock,
    ask: &Ask,
    terminal: &dyn Terminal,
) -> Result<Ending, Trouble> {
    if config.break_glass.is_empty() {
        return Err(not_set_up().into());
    }
    let host = Host::open(config, plugins, clock, terminal).await?;
    let (settings, around) = app::sealing(config, &host.store, clock, &host.alarm, &host.slack);
    let (announced, slack) = (settings.clone(), around.slack.clone());
    let (end_sealing, sealed) = watch::channel(false);
    let (lockdown, store) = (Arc::clone(&host.lockdown), Arc::clone(&host.store));
    tokio::spawn(lockdown::follow(lockdown, store, Arc::clone(clock), sealed.clone()));
    let sealing = tokio::spawn(audit::run(settings, around, sealed));
    let ended = host.go(ask).await;
    end_sealing.send_replace(true);
    if timeout(SEAL_WITHIN, sealing).await.is_err() {
        terminal.say("The end of the record is not sealed yet; the bot does it when it runs.");
    }
    let (ending, broken) = ended?;
    if broken {
        host.announce(&announced, slack).await;
    }
    Ok(ending)
}

/// Shows what a command would do, and does nothing.
///
/// # Errors
/// It may not be asked, or cannot be planned.
pub async fn dry_run(
    config: &Config,
    plugins: Plugins,
    clock: &SharedClock,
    line: &str,
    by: &str,
    terminal: &dyn Terminal,
) -> Result<Ending, Trouble> {
    if config.break_glass.is_empty() {
        return Err(not_set_up().into());
    }
    let host = Host::open(config, plugins, clock, terminal).await?;
    let (by, since) = host.person(by).await?;
    host.say_since(&by, since);
    Ok(match host.consider("preview", line, &by, None).await? {
        Considered::Plan(planned) => {
            let message = words::dry_run(&planned.examined, "nobody was asked for a passkey");
            Ending { how: How::Answered, message }
        }
        Considered::Answer(answered) => Ending { how: How::Answered, message: answered.message },
        Considered::Unparsed(message) => Ending::nothing(message),
    })
}
