//! What a person does, from the first word to the last click, whatever the bot does meanwhile. Slack sends
//! again what was typed; a click, a form or a slash command that nobody took is done again by the person.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chatline::{ArgKind, ArgSpec, Args, Value};
use hubcommander::invocation::State;
use hubcommander::store::Store;
use hubcommander_sandbox::faults::{Fault, FaultId, Faults, When};
use hubcommander_sandbox::github::model::SingleSignOn;
use hubcommander_sandbox::slack::{HandError, Message, Submitted};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use crate::world::{ANA, DEV, Servers};

/// A channel that the bot is not in: a slash command works there too, and is answered to the person alone.
const NOBOT: &str = "C0NOBOT";

/// How often the store is looked at: it tells nobody of its changes.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// How long something is lent that ends within a story.
const LENT_FOR: &str = "--for 4s";

/// How a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `!Command` in a channel.
    Typed,
    /// As a slash command.
    Slash,
    /// As a slash command where the bot is not.
    SlashElsewhere,
    /// By the form under its usage.
    Form,
}

/// What the person presses. A plan that asks for a word of its own accord always gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// Nothing of the story's own.
    Nothing,
    /// `[Run]`: the configuration asks for a word on every plan.
    Run,
    /// `[Cancel]`, likewise.
    Cancel,
    /// `[Retry]`, after GitHub or Travis has refused this request and does so no more.
    Retry {
        /// `PUT /orgs/…`
        refused: String,
    },
}

/// One command of one person.
#[derive(Clone, Debug)]
pub struct Story {
    /// The command's name.
    pub command: String,
    /// Its example, as it is typed.
    pub line: String,
    /// Its arguments, and what there is to know of them.
    pub args: (Vec<ArgSpec>, Args),
    /// How it is sent.
    pub way: Way,
    /// What is pressed.
    pub last: Last,
}

impl std::fmt::Display for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?}, {:?})", self.line, self.way, self.last)
    }
}

impl Story {
    /// The buttons of which one is pressed under a plan that waits. What cannot be brought back opens a form.
    fn words(&self) -> &'static [&'static str] {
        if self.last == Last::Cancel { &["cancel"] } else { &["run", "confirm"] }
    }

    /// Whether the configuration asks for a word on the plan.
    pub fn confirmed(&self) -> bool {
        matches!(self.last, Last::Run | Last::Cancel)
    }

    /// What was done before, by a bot that nothing happens to: what is undone, extended, given back or withdrawn.
    pub fn before(&self) -> &'static [&'static str] {
        match self.command.as_str() {
            "Undo" => &["!SetDescription acme website Words to be taken back"],
            "Extend" | "Return" => &["!AddCollab octocat acme website push --for 14d"],
            "UnlinkGitHub" => &["!LinkGitHub"],
            "Cancel" => &["!CreateRepo acme shown --visibility public"],
            "Invitations" if self.line.contains(" --") => {
                &["!InviteUser octocat acme --team employees", "!InviteUser mia@acme.example acme"]
            }
            _ => &[],
        }
    }

    /// As whom the person signs in at GitHub, if they are asked who they are there.
    pub fn signs_in_as(&self) -> Option<&'static str> {
        matches!(self.command.as_str(), "LinkGitHub" | "UnlinkGitHub" | "InviteMe").then_some("octocat")
    }

    /// The line with the ids of what was done before, which no example can know.
    pub fn with_ids(&self, before: Option<&str>) -> Self {
        let Some(id) = before.and_then(|id| id.strip_prefix("inv-")) else { return self.clone() };
        let replace = |text: &str| text.replace("1RT4Q02M9X", id);
        let mut args = self.args.clone();
        for value in args.1.0.values_mut() {
            if let Value::Text(text) = value {
                *text = replace(text);
            }
        }
        Self { line: replace(&self.line), args, ..self.clone() }
    }

    /// The same command, sent in this way.
    pub fn by(&self, way: Way) -> Self {
        Self { way, ..self.clone() }
    }

    /// The same command, with this pressed.
    pub fn and(&self, last: Last) -> Self {
        Self { last, ..self.clone() }
    }

    /// Whether it has a form.
    pub fn has_form(&self) -> bool {
        self.args.0.iter().any(|arg| arg.required)
    }

    /// How many commands the store holds in the end: to get at a form, its usage is asked for first.
    fn commands(&self) -> usize {
        let asked = if self.way == Way::Form { 2 } else { 1 };
        self.before().len() + asked + usize::from(self.lends()) + usize::from(self.offers())
    }

    /// Whether the person is asked to link their account in the end, of the bot's own accord.
    pub fn offers(&self) -> bool {
        self.line.ends_with(" --invite")
    }

    /// How the world is where the story is told.
    pub fn arrange(&self, servers: &Servers) {
        if self.offers()
            && let Some(acme) = servers.github.state().organisation_mut("acme")
        {
            acme.single_sign_on = Some(SingleSignOn::of("acme", &[("ana@acme.example", Some("ana-lima"))]));
        }
    }

    /// The same command, its grant ending by itself a moment later.
    pub fn for_a_moment(&self) -> Self {
        Self { line: self.line.replace("--for 14d", LENT_FOR), ..self.clone() }
    }

    /// Whether something ends by itself before all is over.
    pub fn lends(&self) -> bool {
        self.line.contains(LENT_FOR)
    }

    /// What is filled into the form, as a person reads the example.
    fn filled_in(&self) -> Json {
        let field = |arg: &ArgSpec| -> Option<(String, Json)> {
            let filled = match self.args.1.0.get(&arg.name)? {
                Value::Flag(set) => set.then(|| json!(["yes"]))?,
                Value::Number(number) => json!(number.to_string()),
                Value::Text(text) => json!(text),
                Value::List(list) if arg.kind == ArgKind::Topics => json!(list.join(", ")),
                Value::List(list) => json!(list.join("\n")),
            };
            Some((arg.name.clone(), filled))
        };
        self.args.0.iter().filter_map(field).collect()
    }
}

/// Where a story stands.
enum Stands {
    /// The bot is at it.
    Busy,
    /// A plan waits for a word.
    Waits,
    /// Nothing is left to be done.
    Over,
}

/// The person in the story.
pub struct Person<'a> {
    story: &'a Story,
    servers: &'a Servers,
    store: &'a dyn Store,
    /// How often the bot has died.
    died: watch::Receiver<usize>,
    /// Where the bot's first life writes its points.
    points: PathBuf,
    /// How many points there were when what the story is about began.
    pub began: usize,
    /// Whether something was pressed again that may have been heard the first time.
    pub again: bool,
}

impl<'a> Person<'a> {
    /// Somebody who is about to act.
    pub fn new(
        story: &'a Story,
        servers: &'a Servers,
        store: &'a dyn Store,
        died: watch::Receiver<usize>,
        points: PathBuf,
    ) -> Self {
        Self { story, servers, store, died, points, began: 0, again: false }
    }

    /// Plays the story to its end.
    pub async fn act(&mut self) -> Result<()> {
        let refusing = self.refusing();
        match self.story.way {
            Way::Typed => {
                self.servers.say(ANA, DEV, &self.story.line)?;
            }
            Way::Slash => self.slash(DEV).await?,
            Way::SlashElsewhere => self.slash(NOBOT).await?,
            Way::Form => self.form().await?,
        }
        self.see_it_end().await?;
        if let Some(refusing) = refusing {
            for (faults, refusing) in refusing {
                faults.remove(refusing);
            }
            self.begins();
            self.press("retry", |_| false).await?;
            self.see_it_end().await?;
        }
        Ok(())
    }

    /// GitHub and Travis refuse what the story says; only one of them is asked for it.
    fn refusing(&self) -> Option<[(&'a Faults, FaultId); 2]> {
        let Last::Retry { refused } = &self.story.last else { return None };
        let (method, path) = refused.split_once(' ')?;
        let when = When::path(path).method(method.parse().ok()?).always();
        let fault = Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
        let servers = [self.servers.github.faults(), self.servers.travis.faults()];
        Some(servers.map(|faults| (faults, faults.add(when.clone(), fault.clone()))))
    }

    fn begins(&mut self) {
        self.began = std::fs::read_to_string(&self.points).unwrap_or_default().lines().count();
    }

    /// Gives the plan its word whenever it waits, until nothing is left to be done.
    async fn see_it_end(&mut self) -> Result<()> {
        loop {
            match self.stands().await? {
                Stands::Over => return Ok(()),
                Stands::Waits => self.give_word().await?,
                Stands::Busy => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    async fn stands(&self) -> Result<Stands> {
        // In this order: what comes in does so by this person's doing alone, and goes from there to the end.
        let (received, all) = (self.received().await?, self.story.commands());
        // What the bot asks of its own accord comes once the plan has been carried out.
        let all_is_there = received == all || self.story.offers() && received + 1 == all;
        let lent = self.story.lends() && !self.store.leases(None).await?.is_empty();
        if !all_is_there || lent || !self.store.unfinished_clicks().await?.is_empty() {
            return Ok(Stands::Busy);
        }
        let unfinished = self.store.unfinished().await?;
        if unfinished.is_empty() {
            return Ok(if received == all { Stands::Over } else { Stands::Busy });
        }
        // What waited before is not this story's to confirm.
        let buttons: usize = self.story.words().iter().map(|word| self.buttons(word).len()).sum();
        let own = usize::from(self.story.command == "Cancel") < buttons;
        let waits = own && unfinished.iter().any(|one| one.state == State::Waiting);
        Ok(if waits && buttons > 0 { Stands::Waits } else { Stands::Busy })
    }

    /// Presses the button of the newest plan that waits, and fills in the form that it may open.
    async fn give_word(&mut self) -> Result<()> {
        let shown = |word: &&&'static str| self.shown(word).map(|(_, message)| message.ts);
        let Some(word) = self.story.words().iter().max_by_key(shown).copied() else { return Ok(()) };
        let slack = self.servers.slack.clone();
        self.press(word, |servers| word == "confirm" && !servers.slack.views(ANA).is_empty()).await?;
        while word == "confirm"
            && let Some(view) = slack.views(ANA).pop()
        {
            let form = slack.render_view(&view);
            let name = form.split("Type ").nth(1).and_then(|rest| rest.split_whitespace().next());
            let filled = json!({ "name": name.unwrap_or_default().trim_end_matches(':') });
            self.listened_to().await?;
            match self.unless_it_dies(slack.submit(ANA, &view.id, &filled)).await {
                Some(Ok(Submitted::Cleared)) => return Ok(()),
                Some(Ok(other)) => bail!("the form was not taken: {other:?}"),
                Some(Err(HandError::NotAnswered)) | None => {}
                Some(Err(other)) => return Err(other.into()),
            }
        }
        Ok(())
    }

    async fn received(&self) -> Result<usize> {
        let audit = self.store.audit(None, 1_000).await?;
        Ok(audit.iter().filter(|entry| entry.event == "received").count())
    }

    /// The newest message with this button, and where it stands.
    fn shown(&self, action: &str) -> Option<(&'static str, Message)> {
        self.buttons(action).into_iter().max_by_key(|(_, message)| message.ts)
    }

    /// All messages with this button.
    fn buttons(&self, action: &str) -> Vec<(&'static str, Message)> {
        let slack = &self.servers.slack;
        let place = if self.story.way == Way::SlashElsewhere { NOBOT } else { DEV };
        let everywhere = slack.messages(place).into_iter().chain(slack.ephemerals(ANA));
        let button = format!("\"{action}\"");
        let has = |message: &Message| {
            message.blocks.as_ref().is_some_and(|blocks| blocks.to_string().contains(&button))
        };
        everywhere.filter(has).map(|message| (place, message)).collect()
    }

    /// Does something, unless the bot dies over it.
    async fn unless_it_dies<T>(&mut self, act: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = act => Some(done),
            _ = self.died.changed() => None,
        }
    }

    /// Waits until somebody listens. A death from now on counts.
    async fn listened_to(&mut self) -> Result<()> {
        self.died.borrow_and_update();
        Ok(self.servers.slack.connected(1).await?)
    }

    /// Presses a button until it is heard, or gone, or what it was pressed for is there.
    async fn press(&mut self, action: &str, enough: impl Fn(&Servers) -> bool) -> Result<()> {
        loop {
            self.listened_to().await?;
            let Some((place, message)) = self.shown(action).filter(|_| !enough(self.servers)) else {
                return Ok(());
            };
            let slack = self.servers.slack.clone();
            match self.unless_it_dies(slack.click(ANA, place, message.ts, action, None)).await {
                Some(Ok(()) | Err(HandError::NoSuchElement(_) | HandError::NoSuchMessage(_))) => {
                    return Ok(());
                }
                Some(Err(HandError::NotAnswered)) | None => self.again = true,
                Some(Err(other)) => return Err(other.into()),
            }
        }
    }

    /// Types the slash command. Where it got no answer, the person looks whether the bot is at it all the
    /// same, and else types it again.
    async fn slash(&mut self, channel: &str) -> Result<()> {
        loop {
            self.listened_to().await?;
            if self.received().await? > self.story.before().len() {
                return Ok(());
            }
            let slack = self.servers.slack.clone();
            let text = self.story.line.trim_start_matches('!');
            match self.unless_it_dies(slack.slash(ANA, channel, text)).await {
                Some(Ok(())) => return Ok(()),
                Some(Err(HandError::NotAnswered)) | None => {}
                Some(Err(other)) => return Err(other.into()),
            }
        }
    }

    /// Asks for the usage, opens the form under it, fills it in and sends it until somebody takes it.
    async fn form(&mut self) -> Result<()> {
        self.servers.say(ANA, DEV, &format!("!{}", self.story.command))?;
        while self.received().await? == self.story.before().len()
            || !self.store.unfinished().await?.is_empty()
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.begins();
        let slack = self.servers.slack.clone();
        self.press("form", |servers| !servers.slack.views(ANA).is_empty()).await?;
        let view = slack.views(ANA).pop().context("no form was opened")?;
        let filled = self.story.filled_in();
        loop {
            self.listened_to().await?;
            match self.unless_it_dies(slack.submit(ANA, &view.id, &filled)).await {
                Some(Ok(Submitted::Cleared)) => return Ok(()),
                Some(Ok(other)) => bail!("the form was not taken: {other:?}"),
                Some(Err(HandError::NotAnswered)) | None => {}
                Some(Err(other)) => return Err(other.into()),
            }
        }
    }
}
