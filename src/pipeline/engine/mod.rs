//! The engine: conducts each invocation through the stations, in a task of its own, from wherever it stands.
//! Forward only; what was decided is in the store, so any process can go on.

mod again;
mod announced;
mod keep;
mod mailboxes;
mod readings;
mod waiting;
mod watch;
mod way;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;

use hubcommander_auth_plugins::approval;
use hubcommander_sdk::auth::{DeviceHealth, Requirement, StepUp, Unproven};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::Audience;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::{Person, PersonId, Place};
use hubcommander_sdk::text::Text;
use serde_json::{Value as Json, json};

use self::keep::{Fall, Falls, Taken};

use self::mailboxes::Undelivered;
pub use self::mailboxes::{Action, Mailboxes, Press};
pub use self::readings::{Reading, note_reading, readings};
pub use self::watch::Watch;
pub use self::work::Work;
use crate::invocation::{Invocation, Origin, State, Via};
use crate::pipeline::ask::{self, Admission};
use crate::pipeline::execute::Executor;
use crate::pipeline::gate::{self, Progress};
use crate::pipeline::limits::Limits;
use crate::pipeline::lockdown::Lockdown;
use crate::pipeline::prepare::{self, Examined};
use crate::pipeline::record::{Patient, Record};
use crate::pipeline::report::{Before, Reporter, words};
use crate::pipeline::rules::{Leave, Planned, Question, Required, Rules};
use crate::registry::{Operations, Registered, Registry};
use crate::slack::people::{Freshness, People};
use crate::slack::socket::{Alarm, AlarmKind};
use crate::slack::web::SlackError;
use crate::store::{AuditEntry, Change, Store, StoreError};

/// Everything that the stations need.
pub struct Engine {
    /// The commands.
    pub registry: Arc<Registry>,
    /// What their plans may hold.
    pub operations: Operations,
    /// The organisations.
    pub orgs: Arc<Orgs>,
    /// What survives.
    pub store: Arc<dyn Store>,
    /// The same, for what cannot go on without it.
    pub patient: Patient,
    /// Who is who in Slack.
    pub people: Arc<People>,
    /// What is said.
    pub reporter: Reporter,
    /// What is done.
    pub executor: Executor,
    /// The time.
    pub clock: SharedClock,
    /// Where clicks reach those who wait for them.
    pub mailboxes: Mailboxes,
    /// What is under way.
    pub work: Work,
    /// Who is told when something stands still.
    pub alarm: Arc<dyn Alarm>,
    /// Who may do what, and what it takes.
    pub rules: Arc<dyn Rules>,
    /// How people prove who they are, the preferred way first.
    pub step_ups: Vec<Arc<dyn StepUp>>,
    /// How others are asked, if that is set up.
    pub approval: Option<approval::Settings>,
    /// Whose devices are healthy.
    pub health: Arc<dyn DeviceHealth>,
    /// Whether everything but reading is held.
    pub lockdown: Arc<Lockdown>,
    /// How much one person may ask.
    pub limits: Limits,
    /// Notices what is unusual.
    pub watch: Watch,
    /// Who may break the glass; nobody where that is off.
    pub glass: BTreeSet<String>,
}

/// Under which key the store holds the e-mail that somebody has had here all along.
#[must_use]
pub fn email_key(person: &PersonId) -> String {
    format!("email:{}/{}", person.team, person.user)
}

/// What a form on a plan asks for.
pub(crate) struct FormTakes {
    /// Who asked.
    pub asked: PersonId,
    /// What it is about.
    pub title: Text,
    /// The name to type.
    pub name: Option<String>,
    /// Whether to say why.
    pub reason: bool,
    /// What a code is called.
    pub code: Option<&'static str>,
}

/// Why an invocation is not carried further here.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what was to be said was not taken: {0}")]
    Slack(#[from] SlackError),
    #[error("it is half done, and this program cannot go on with it: {log}")]
    Unknown { log: String },
    #[error("the program stops")]
    Stopping,
}

impl Engine {
    /// Takes up a new invocation.
    pub fn begin(self: &Arc<Self>, invocation: Invocation) {
        let (engine, id) = (Arc::clone(self), invocation.id.clone());
        self.work.spawn(async move { engine.keep(id, Taken::New(invocation), None).await });
    }

    /// Takes up everything that was left unfinished.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resume(self: &Arc<Self>) -> Result<usize, StoreError> {
        let unfinished = self.store.unfinished().await?;
        let count = unfinished.len();
        for invocation in unfinished {
            tracing::info!(invocation = invocation.id, state = invocation.state.as_str(), "going on");
            let (engine, id) = (Arc::clone(self), invocation.id.clone());
            // Opened before anything else: the clicks that were written down are handed out next.
            let Some(mail) = self.mailboxes.claim(&id) else { continue };
            self.work.spawn(async move { engine.keep(id, Taken::Known(invocation), Some(mail)).await });
        }
        Ok(count)
    }

    /// Hands a press to the invocation it is about.
    pub async fn press(self: &Arc<Self>, id: &str, press: Press) {
        match self.mailboxes.deliver(id, press) {
            Ok(()) => {}
            Err(Undelivered::Nobody(press)) => self.late_press(id, press).await,
            Err(Undelivered::Halted(press)) => self.press_on_halted(id, &press).await,
        }
    }

    /// A press on something that nobody works on: it is over, or it is to be tried again.
    async fn late_press(self: &Arc<Self>, id: &str, press: Press) {
        if self.work.is_stopping() {
            // Whom it is for may have let go just now. It stands in the store for the next start.
            return;
        }
        let invocation = match self.patient.ask(|store| store.invocation(id)).await {
            Ok(Some(invocation)) => invocation,
            Ok(None) => {
                tracing::warn!(invocation = id, "a press on an invocation that is not known");
                self.settle_press(&press, "nothing is known of it").await;
                return;
            }
            Err(error) => {
                // Not settled: the next start finds it.
                tracing::error!(invocation = id, %error, "a press could not be followed");
                return;
            }
        };
        if press.key.is_empty() {
            let words = Message::new("This is over already; nothing was changed by what you sent.");
            self.hint(&press, &invocation, words.footnote(id)).await;
            return;
        }
        // After a crash one press can be handed over twice: as it was written down, and by the step that made it.
        match self.patient.ask(|store| store.open_click(&press.key)).await {
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => {
                tracing::error!(invocation = id, %error, "a press could not be followed");
                return;
            }
        }
        let retryable = is_retryable(invocation.state);
        if press.action == Action::Retry
            && retryable
            && self.is_same(&press.by, &invocation.origin.person).await
        {
            self.spawn_retry(invocation, press);
            return;
        }
        let words = if press.action == Action::Retry && retryable {
            Message::new("Only the person who asked can try this again.")
        } else if !invocation.state.is_final() {
            Message::new("This is being worked on already; your click started nothing more.")
        } else {
            Message::new("This is over already; nothing was changed by your click.")
        };
        self.hint(&press, &invocation, words.footnote(id)).await;
        self.settle_press(&press, "too late").await;
    }

    fn spawn_retry(self: &Arc<Self>, invocation: Invocation, press: Press) {
        let engine = Arc::clone(self);
        self.work.spawn(async move { engine.retry(invocation, press).await });
    }

    async fn retry(self: Arc<Self>, invocation: Invocation, press: Press) {
        if let Err(refusal) = self.still_active(&press.by).await {
            self.hint(&press, &invocation, words::refusal(&refusal, &invocation.id)).await;
            self.settle_press(&press, "may not use the bot now").await;
            return;
        }
        let id = invocation.id.clone();
        let Some(mail) = self.mailboxes.claim(&id) else {
            self.hint(
                &press,
                &invocation,
                Message::new("This is being worked on already.").footnote(id.as_str()),
            )
            .await;
            self.settle_press(&press, "being worked on").await;
            return;
        };
        let progress = match self.obliged_anew(&invocation).await {
            Ok(progress) => progress,
            Err(refusal) => {
                self.mailboxes.close(&id, &mail);
                self.hint(&press, &invocation, words::refusal(&refusal, &id)).await;
                self.settle_press(&press, "cannot be tried again").await;
                return;
            }
        };
        let version = invocation.version;
        let mut falls = Falls::of(&id);
        let mut record = loop {
            match self.with_journal(invocation.clone()).await {
                Ok(record) => break record,
                Err(error) => {
                    if let Err(fall) = falls.rest(Fall::Store(error)).await {
                        return Box::pin(self.leave(&id, Some(mail), fall)).await;
                    }
                }
            }
        };
        let entry = record.entry("retry", json!({ "by": press.by }));
        let change = Change {
            state: Some(State::Planned),
            gate: Some(json!(progress)),
            reported: Some(false),
            audit: vec![entry],
            clicks_done: vec![press.key.clone()],
            ..Change::default()
        };
        match record.change(change).await {
            Ok(()) => self.keep(id, Taken::Held(record), Some(mail)).await,
            Err(error) => {
                self.mailboxes.close(&id, &mail);
                match error {
                    StoreError::Conflict { .. } => {
                        match self.patient.ask(|store| store.invocation(&id)).await {
                            // That its end was said was noted just now.
                            Ok(Some(now)) if now.version > version && is_retryable(now.state) => {
                                Box::pin(self.retry(now, press)).await;
                            }
                            // Two presses at once count once.
                            _ => self.settle_press(&press, "pressed twice").await,
                        }
                    }
                    error => tracing::error!(invocation = id, %error, "a retry could not be written"),
                }
            }
        }
    }

    /// What it takes to run a plan again, by today's rules. What was confirmed was confirmed for the first
    /// run, and what was seen grows old.
    async fn obliged_anew(&self, invocation: &Invocation) -> Result<Progress, Refusal> {
        let now = self.clock.now();
        let again = "Type the command again.";
        if now - invocation.updated_at > gate::WAITS {
            return Err(Refusal::new("This is too old to be tried again.", again));
        }
        let registered = invocation.command.as_deref().and_then(|name| self.registry.find(name));
        let Some(registered) = registered else {
            return Err(Refusal::new("This command is not there any more.", again));
        };
        let (examined, before) = restored(&self.operations, invocation)?;
        let required = self.required(invocation, registered, &examined).await?;
        let waits = self.waits(&required);
        let progress = gate::oblige(&examined, required, waits, now).seen_before();
        Ok(Progress { card: before.card, ..progress })
    }

    /// How long a plan waits that takes this: for others longer than for the person alone.
    fn waits(&self, required: &[Requirement]) -> chrono::TimeDelta {
        let others = required.iter().any(|requirement| matches!(requirement, Requirement::Approvals { .. }));
        self.approval.as_ref().filter(|_| others).map_or(gate::WAITS, |approval| approval.valid)
    }

    /// What it takes to run a plan, by the policies and the configuration of now; and that it may be run at all.
    async fn required(
        &self,
        invocation: &Invocation,
        registered: &Registered,
        examined: &Examined,
    ) -> Result<Vec<Requirement>, Refusal> {
        let user = &invocation.origin.person.user;
        let person = self.people.get(user, Freshness::Cached).await;
        let person = person.map_err(|error| untold(&error, "Try again in a minute."))?;
        let place = self.place(&invocation.origin).await;
        let args = invocation.args.clone().unwrap_or_default();
        let spec = registered.spec();
        let question = Question { person: &person, place: &place, spec, args: &args, at: self.clock.now() };
        if invocation.origin.via == Via::Due {
            return Ok(self.takes_when_due(&question, registered, examined).await?.0);
        }
        Ok(self.judged(&question, registered, examined).await?.1)
    }

    /// Whether it has to be judged what this takes although it was due.
    fn is_judged_when_due(&self, invocation: &Invocation) -> bool {
        let registered = invocation.command.as_deref().and_then(|name| self.registry.find(name));
        registered.is_some_and(|registered| registered.spec().judged_when_due)
    }

    /// Whether a plan may be run, and what it takes.
    async fn judged(
        &self,
        question: &Question<'_>,
        registered: &Registered,
        examined: &Examined,
    ) -> Result<(Leave, Vec<Requirement>, Vec<String>), Refusal> {
        let powers = self.operations.powers(examined.plan());
        let planned = Planned { plan: examined.plan(), risk: examined.risk(), powers: &powers };
        let leave = self.rules.may_be_done(question, &planned).await?;
        let (required, policies) = self.takes_of(question, registered, examined, &planned).await?;
        Ok((leave, required, policies))
    }

    /// What it takes to run a plan that the bot asked for itself because it was due, and that nobody approved before.
    /// Whether the bot may is no question; what the person who asks would have to do, one of those who approve does.
    async fn takes_when_due(
        &self,
        question: &Question<'_>,
        registered: &Registered,
        examined: &Examined,
    ) -> Result<(Vec<Requirement>, Vec<String>), Refusal> {
        let powers = self.operations.powers(examined.plan());
        let planned = Planned { plan: examined.plan(), risk: examined.risk(), powers: &powers };
        let (required, policies) = self.takes_of(question, registered, examined, &planned).await?;
        let approvers = self.approval.as_ref().map(|approval| approval.approvers.as_slice());
        Ok((gate::by_others(required, approvers.unwrap_or_default())?, policies))
    }

    async fn takes_of(
        &self,
        question: &Question<'_>,
        registered: &Registered,
        examined: &Examined,
        planned: &Planned<'_>,
    ) -> Result<(Vec<Requirement>, Vec<String>), Refusal> {
        let mut asked = self.rules.takes(question, planned).await?;
        let step_ups: Vec<&str> = self.step_ups.iter().map(|known| known.name()).collect();
        let approvers = self.approval.as_ref().map(|approval| approval.approvers.clone()).unwrap_or_default();
        for name in &registered.auth {
            let Some(requirement) = gate::named(name, &step_ups, &approvers) else {
                let what = "This takes something that is not set up, so it cannot be done.";
                return Err(Refusal::new(what, "Tell the people who run this bot.")
                    .logged(format!("auth `{name}` of {} is not set up", registered.spec().name)));
            };
            asked.push(Required { requirement, policies: vec!["config.toml".to_owned()] });
        }
        let policies = asked.iter().flat_map(|asked| asked.policies.clone()).collect();
        let mut required = gate::obligations(examined, registered.spec().risk, &asked);
        // Why was said when it was asked.
        if question.args.text("reason").is_some_and(|reason| !reason.trim().is_empty()) {
            required.retain(|requirement| *requirement != Requirement::Reason);
        }
        Ok((required, policies))
    }

    /// Whether the e-mail that somebody proves themselves by is the one that they have had here all along: whoever
    /// can change it in Slack could have the question sent to a phone of their own.
    async fn known_email(&self, person: &Person) -> Result<(), Unproven> {
        let key = email_key(&person.id);
        let now = person.email.as_deref().map(str::to_lowercase);
        let untold = |error: StoreError| {
            let (what, todo) = ("The bot could not look up your e-mail.", "Try again in a minute.");
            Unproven::new(what, todo, error.to_string()).again()
        };
        let known = self.store.remembered(&key).await.map_err(untold)?;
        match (known.as_ref().and_then(Json::as_str), now) {
            (Some(known), Some(now)) if known == now => Ok(()),
            (None, Some(now)) => self.store.remember(&key, Some(json!(now))).await.map_err(untold),
            (None, None) => Ok(()),
            (Some(known), now) => {
                let log = format!("the e-mail of {} is {now:?} and was {known}", person.id.user);
                let alarm = AlarmKind::Unusual {
                    kind: "email",
                    person: person.id.user.clone(),
                    what: "has another e-mail in Slack than before, so they cannot prove that it is they"
                        .into(),
                    log: log.clone(),
                };
                self.alarm.raise(alarm).await;
                Err(Unproven::new(
                    "Your e-mail in Slack is not the one that you have had here before, so I cannot take your word.",
                    "Ask the security team; they can accept the new one.",
                    log,
                ))
            }
        }
    }

    async fn settle_press(&self, press: &Press, why: &str) {
        if press.key.is_empty() {
            return;
        }
        self.settle_click(&press.key, "click.ignored", json!({ "by": press.by, "why": why })).await;
    }

    /// Notes that a click has been dealt with where no invocation changes.
    pub async fn settle_click(&self, key: &str, event: &str, body: Json) {
        let entry = AuditEntry { at: self.clock.now(), invocation: None, event: event.into(), body };
        if let Err(error) = self.patient.ask(|store| store.click_done(key, vec![entry.clone()])).await {
            tracing::error!(%error, "a click could not be settled");
        }
    }

    /// Where it was asked. A slash command does not say who reads along, nor does a form.
    async fn place(&self, origin: &Origin) -> Place {
        let mut place = origin.place();
        if matches!(origin.via, Via::Slash | Via::Form | Via::Button)
            && let Ok(known) = self.people.conversation(&origin.channel, Freshness::Cached).await
        {
            place.conversation = known.kind;
            place.shared = known.shared;
        }
        place
    }

    /// What a form on a plan asks for, if the plan still waits.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn form_takes(&self, id: &str, digest: &str) -> Result<Option<FormTakes>, StoreError> {
        let Some(invocation) = self.store.invocation(id).await? else { return Ok(None) };
        if invocation.state != State::Waiting {
            return Ok(None);
        }
        let Ok((examined, progress)) = restored(&self.operations, &invocation) else { return Ok(None) };
        if examined.digest().0 != digest {
            return Ok(None);
        }
        let missing = progress.missing(&invocation.origin.person);
        let code = self.step_ups.iter().find_map(|known| known.code());
        Ok(Some(FormTakes {
            asked: invocation.origin.person,
            title: examined.plan().title.todo.clone(),
            name: examined
                .name_to_type()
                .filter(|_| missing.contains(&Requirement::Confirm))
                .map(str::to_owned),
            reason: missing.contains(&Requirement::Reason),
            code,
        }))
    }

    /// Whether both are the same person. In an enterprise one account can go by several ids and workspaces,
    /// and a click need not name those that a message named: there Slack is asked which account they are.
    pub(crate) async fn is_same(&self, one: &PersonId, other: &PersonId) -> bool {
        if one == other {
            return true;
        }
        let known = |id: &PersonId| {
            let user = id.user.clone();
            async move { self.people.get(&user, Freshness::Cached).await.ok() }
        };
        match tokio::join!(known(one), known(other)) {
            (Some(one), Some(other)) => one.id == other.id,
            _ => false,
        }
    }

    /// What Slack says of the person now.
    async fn admission(&self, person: &PersonId, todo: &str) -> Result<Admission, Refusal> {
        let known = self.people.get(&person.user, Freshness::Fresh).await;
        Ok(ask::admit(&*known.map_err(|error| untold(&error, todo))?))
    }

    /// Whether Slack still knows the person as one who may use the bot.
    async fn still_admitted(&self, person: &PersonId) -> Result<(), Refusal> {
        match self.admission(person, "Press it again in a minute.").await? {
            Admission::Admitted => Ok(()),
            Admission::Refused(refusal) => Err(refusal),
            Admission::Ignored(why) => Err(Refusal::new("This account may not use the bot.", "").logged(why)),
        }
    }

    /// Whether Slack still knows the person as one whom the rules can judge: neither a bot nor gone.
    async fn still_active(&self, person: &PersonId) -> Result<(), Refusal> {
        match self.admission(person, "Try again in a minute.").await? {
            Admission::Ignored(why) => Err(Refusal::new("This account may not use the bot.", "").logged(why)),
            Admission::Admitted | Admission::Refused(_) => Ok(()),
        }
    }

    /// Whether a plan may still be run for who asked, by the rules of now.
    pub(crate) async fn may_still(
        &self,
        invocation: &Invocation,
        examined: &Examined,
    ) -> Result<(), Refusal> {
        self.still_active(&invocation.origin.person).await?;
        let registered = invocation.command.as_deref().and_then(|name| self.registry.find(name));
        let Some(registered) = registered else {
            return Err(Refusal::new("This command is not there any more.", "See what there is with !Help."));
        };
        self.required(invocation, registered, examined).await.map(drop)
    }

    /// Who may read what is said of this invocation. Where its command is not there any more nobody knows,
    /// so it is the person who asked.
    fn audience(&self, invocation: &Invocation) -> Audience {
        if invocation.origin.via == Via::Glass {
            // The alarm channel reads what was done past Slack.
            return Audience::Internal;
        }
        let registered = invocation.command.as_deref().and_then(|name| self.registry.find(name));
        registered.map_or(Audience::Person, |registered| registered.spec().audience)
    }

    /// Tells the person who pressed something, and only them: where the button was.
    async fn hint(&self, press: &Press, invocation: &Invocation, message: Message) {
        let mut theirs = invocation.clone();
        theirs.origin.person = press.by.clone();
        theirs.origin.response_url = None;
        let elsewhere = !press.channel.is_empty() && press.channel != invocation.origin.channel;
        let given = if elsewhere {
            self.reporter.remark_to(invocation, &press.by, Some(&press.channel), &message).await
        } else if self.audience(invocation).is_one() {
            self.reporter.remark(&theirs, &message).await
        } else {
            self.reporter.whisper(&theirs, &message, Before::Never).await
        };
        if let Err(error) = given {
            tracing::warn!(%error, "a hint could not be given");
        }
    }
}

/// Slack does not say who somebody is.
fn untold(error: &SlackError, todo: &str) -> Refusal {
    Refusal::new("Slack did not tell me who you are, so I did nothing.", todo).logged(error.to_string())
}

/// Whether something in this state can be tried again.
fn is_retryable(state: State) -> bool {
    matches!(state, State::Partial | State::Failed)
}

/// The stored plan with the words that were shown for it, and what the gate knows of it.
///
/// # Errors
/// It is not there, or not what the digest was made of.
pub(crate) fn restored(
    operations: &Operations,
    invocation: &Invocation,
) -> Result<(Examined, Progress), Refusal> {
    let fault = |log: String| {
        Refusal::new("What was planned cannot be read any more.", "Type the command again.").logged(log)
    };
    let missing = |what: &str| fault(format!("{what} is missing"));
    let plan = invocation.plan.clone().ok_or_else(|| missing("the plan"))?;
    let digest = invocation.digest.as_ref().ok_or_else(|| missing("the digest"))?;
    let progress = invocation.gate.clone().ok_or_else(|| missing("what the gate noted"))?;
    let progress: Progress = serde_json::from_value(progress).map_err(|error| fault(error.to_string()))?;
    let examined = prepare::restore(operations, plan, progress.words.clone(), digest)?;
    Ok((examined, progress))
}

/// Notes that the end could not be said, and that trying again would not help.
async fn unsaid(record: &mut Record, code: &str) -> Result<(), StoreError> {
    let state = (!record.invocation().state.is_final()).then_some(State::Denied);
    let entry = record.entry("unsaid", json!({ "code": code }));
    record.change(Change { state, reported: Some(true), audit: vec![entry], ..Change::default() }).await
}
