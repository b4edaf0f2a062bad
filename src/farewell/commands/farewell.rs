//! `!Farewell`: lets somebody go, whom a person names or who is due.

use std::collections::BTreeMap;

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::people::Standing;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;

use super::{FAREWELL, GROUP};
use crate::farewell::leaver::{self, Leaver, Stand};
use crate::farewell::still::still_left;
use crate::farewell::who::Who;
use crate::farewell::{Farewells, unread};

/// The command.
pub(super) struct Farewell {
    spec: CommandSpec,
    farewells: Farewells,
}

impl Farewell {
    pub fn new(farewells: Farewells) -> Self {
        let about = "Takes from somebody who leaves all that they have at GitHub and here";
        let spec = CommandSpec::new(FAREWELL, GROUP, about)
            .arg(ArgSpec::positional("person", ArgKind::Person, "who leaves").optional())
            .arg(ArgSpec::option("login", ArgKind::Login, "their account at GitHub, if it is linked"))
            .arg(ArgSpec::option("left", ArgKind::Text, "an id that !Farewells lists"))
            .example("!Farewell <@U0123ABCD>")
            .example("!Farewell --login octocat --dry-run")
            .changes(Risk::Reversible)
            .judged_when_due();
        Self { spec, farewells }
    }

    /// Whom the line names, if it names one.
    async fn named(&self, request: &Request) -> Result<Option<Who>, Refusal> {
        let links = &self.farewells.around().links;
        let user = match (request.args.text("person"), request.args.text("login")) {
            (Some(user), None) => user.to_owned(),
            (None, Some(login)) => {
                let all = links.all_links().await.map_err(unread)?;
                let found = all.into_iter().find(|link| link.login.eq_ignore_ascii_case(login));
                let unlinked = || {
                    Refusal::new(
                        Text::new().code(login).plain(" is linked to nobody."),
                        Text::new().plain("Name the person: ").code("!Farewell @person").plain("."),
                    )
                };
                found.ok_or_else(unlinked)?.person.user
            }
            _ => return Ok(None),
        };
        let person = self.farewells.in_slack(&user).await?.ok_or_else(|| {
            Refusal::new(
                Text::new().plain("Slack knows nobody with the id ").code(&user).plain("."),
                "Mention the person instead.",
            )
        })?;
        if person.standing == Standing::Bot {
            let what = Text::new().person(&person.id.user).plain(" is a bot.");
            return Err(Refusal::new(what, "Bots do not leave."));
        }
        self.farewells.who_is(&person).await.map(Some)
    }
}

/// What is answered instead of a plan.
pub(super) enum Instead {
    Nothing,
    Says(Message),
}

impl Farewells {
    /// Somebody whose farewell is due, if it is still to be.
    pub(super) async fn due_one(&self, key: &str) -> Result<Result<Leaver, Instead>, Refusal> {
        let store = self.store().map_err(unread)?;
        let Some(leaver) = leaver::one(&**store, key).await.map_err(unread)? else {
            return Ok(Err(Instead::Nothing));
        };
        match leaver.stand {
            Stand::Dropped => return Ok(Err(Instead::Nothing)),
            Stand::Held => {
                return Err(Refusal::new(
                    Text::new().plain("The farewell of ").then(leaver.shown()).plain(" is held."),
                    Text::new().code("!Farewells release").plain(" lets all go who are."),
                ));
            }
            Stand::Open | Stand::Released => {}
        }
        Ok(self.still_gone(&leaver).await?.map_or(Ok(leaver), |message| Err(Instead::Says(message))))
    }

    /// That somebody has not left, after all.
    async fn still_gone(&self, leaver: &Leaver) -> Result<Option<Message>, Refusal> {
        let directory = &self.around().directory;
        let mut active = false;
        for email in &leaver.emails {
            active |= directory.with_email(email).await?.iter().any(|one| one.active);
        }
        if active {
            let what = if leaver.by_a_directory() {
                " has left one directory and works here by another, so nothing was done."
            } else {
                " is deactivated in Slack and works here by the directory, so nothing was done."
            };
            let message = Message::new(leaver.shown().plain(what)).state(State::NeedsYou);
            return Ok(Some(
                message.line(Text::new().plain("If they do leave: ").code("!Farewell @person").plain(".")),
            ));
        }
        if leaver.by_a_directory() {
            return Ok(None);
        }
        let person = match &leaver.slack {
            Some(user) => self.in_slack(user).await?,
            None => None,
        };
        let back = person.is_some_and(|person| person.standing != Standing::Deactivated);
        Ok(back
            .then(|| Message::new(leaver.shown().plain(" is active in Slack again, so nothing was done."))))
    }

    /// Whether too many leave for this one to be let go unseen. Two who tell at the same time may have let more in
    /// than the rail allows.
    async fn is_held_back(
        &self,
        leaver: &Leaver,
        now: hubcommander_sdk::clock::Instant,
    ) -> Result<bool, Refusal> {
        let Some(settings) = self.settings().filter(|_| leaver.stand == Stand::Open) else {
            return Ok(false);
        };
        let store = self.store().map_err(unread)?;
        let all = leaver::all(&**store).await.map_err(unread)?;
        let all: BTreeMap<String, Leaver> = all.into_iter().map(|one| (one.key.clone(), one)).collect();
        let (count, working) = self.leaving(&all, now).await;
        Ok(leaver.counts(now) && settings.rail().holds(count, working))
    }
}

#[async_trait]
impl Command for Farewell {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let due = request.args.text("left");
        let mut left = None;
        let who = match due {
            Some(key) => match self.farewells.due_one(key).await? {
                Ok(leaver) => {
                    if self.farewells.is_held_back(&leaver, self.farewells.around().clock.now()).await? {
                        return Err(Refusal::new(
                            Text::new()
                                .plain("Too many leave at once, so ")
                                .then(leaver.shown())
                                .plain(" is not let go yet."),
                            Text::new().code("!Farewells").plain(" lists those who are held."),
                        ));
                    }
                    left = Some(still_left(&leaver));
                    self.farewells.who_left(&leaver).await?
                }
                Err(Instead::Nothing) => {
                    let headline =
                        Text::new().plain("Nobody is to be let go as ").code(key).plain(" any more.");
                    return Ok(Prepared::Reply(Message::new(headline)));
                }
                Err(Instead::Says(message)) => return Ok(Prepared::Reply(message)),
            },
            None => match self.named(request).await? {
                Some(who) => who,
                None => {
                    let todo =
                        Text::new().plain("Name one person, such as ").code("!Farewell @person").plain(".");
                    return Ok(Prepared::Reply(Message::new("Say who leaves.").line(todo)));
                }
            },
        };
        let drawn = self.farewells.draw(&who).await?;
        if !drawn.plan.steps.is_empty() {
            let mut plan = drawn.plan;
            plan.preconditions.extend(left);
            return Ok(Prepared::Plan(plan));
        }
        // They were let go before.
        if due.is_some() && drawn.left.len() <= 1 && who.how == Some("that they had linked") {
            return Ok(Prepared::Reply(Message::default()));
        }
        let headline = who.shown.clone().plain(" leaves, and has nothing that I could take.");
        let mut message = Message::new(headline);
        if !drawn.left.is_empty() {
            message = message.state(State::NeedsYou);
        }
        Ok(Prepared::Reply(drawn.left.into_iter().fold(message, Message::line)))
    }
}
