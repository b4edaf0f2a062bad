//! `!WhoAmI` and `!WhoIs`: which account at GitHub is whose.

use async_trait::async_trait;
use hubcommander_github::{Membership, User};
use hubcommander_sdk::accounts::Linked;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State, Style};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::text::Text;

use super::{GROUP, Members};

/// `!WhoAmI`
pub struct WhoAmI {
    spec: CommandSpec,
    members: Members,
}

impl WhoAmI {
    /// The command over these.
    #[must_use]
    pub fn new(members: &Members) -> Self {
        let spec = CommandSpec::new(
            "WhoAmI",
            GROUP,
            "Shows which account at GitHub is linked to you, and where it is a member",
        )
        .example("!WhoAmI")
        .audience(Audience::Direct);
        Self { spec, members: members.clone() }
    }
}

/// `!WhoIs`
pub struct WhoIs {
    spec: CommandSpec,
    members: Members,
}

impl WhoIs {
    /// The command over these.
    #[must_use]
    pub fn new(members: &Members) -> Self {
        let who = "a person by mention, or a login at GitHub";
        let spec = CommandSpec::new(
            "WhoIs",
            GROUP,
            "Shows whose an account at GitHub is, or which account is somebody's",
        )
        .arg(ArgSpec::positional("who", ArgKind::Text, who))
        .example("!WhoIs @sam")
        .example("!WhoIs octocat");
        Self { spec, members: members.clone() }
    }
}

/// The Slack id that a word mentions.
fn mentioned(word: &str) -> Option<&str> {
    let user = word.strip_prefix('@').unwrap_or(word);
    let shaped = user.len() > 4
        && user.starts_with(['U', 'W'])
        && user.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (shaped && (word.starts_with('@') || user.bytes().any(|byte| byte.is_ascii_digit()))).then_some(user)
}

impl Members {
    /// The account as GitHub knows it now; `None` if it is gone there.
    async fn account(&self, github_id: u64) -> Result<Option<User>, Refusal> {
        // Any organisation will do: it only tells an App as which installation to ask.
        let Some(org) = self.orgs.iter().next() else { return Ok(None) };
        Ok(self.reader.account(&org.name, github_id).await?)
    }

    async fn places(&self, user: &User) -> Result<Vec<(String, Option<Membership>)>, Refusal> {
        let mut places = Vec::new();
        for org in self.orgs.iter() {
            places.push((org.name.clone(), self.reader.membership(&org.name, &user.login).await?));
        }
        Ok(places)
    }

    /// What is known of an account, as lines of a message.
    async fn about(&self, link: &Linked, mut message: Message) -> Result<Message, Refusal> {
        let Some(user) = self.account(link.github_id).await? else {
            return Ok(message.line(
                Text::new()
                    .plain("The account is gone at GitHub; it was called ")
                    .code(&link.login)
                    .plain("."),
            ));
        };
        if !user.login.eq_ignore_ascii_case(&link.login) {
            message = message
                .line(Text::new().plain("When it was linked it was called ").code(&link.login).plain("."));
        }
        for (org, place) in self.places(&user).await? {
            let what = match place {
                None => continue,
                Some(Membership { pending: true, .. }) => "invited to",
                Some(Membership { owner: true, .. }) => "an owner of",
                Some(_) => "a member of",
            };
            message = message.item(Text::new().plain(format!("{what} {org}")));
        }
        Ok(message
            .footnote(Text::new().plain("Linked ").time(link.since).plain(", ").plain(link.proof.words())))
    }

    async fn shown(&self, link: &Linked) -> Result<Text, Refusal> {
        Ok(match self.account(link.github_id).await? {
            Some(user) => Text::new().link(user.login, user.html_url),
            None => Text::new().code(&link.login),
        })
    }
}

fn ask(label: &str, line: &str) -> Button {
    Button::Press {
        label: label.to_owned(),
        action: "ask".to_owned(),
        value: line.to_owned(),
        style: Style::Plain,
    }
}

#[async_trait]
impl Command for WhoAmI {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let Some(link) = self.members.accounts.of(&request.person.id).await? else {
            let message = Message::new("No account at GitHub is linked to you")
                .line("Link it to join organisations by yourself, and to be known in what you do there.");
            let message = match self.members.proves {
                Some(_) => message.button(ask("Link my account", "LinkGitHub")),
                None => message,
            };
            return Ok(Prepared::Reply(message));
        };
        let headline = self.members.shown(&link).await?.plain(" is linked to you");
        let message = self.members.about(&link, Message::new(headline).state(State::Done)).await?;
        Ok(Prepared::Reply(message.button(ask("Unlink", "UnlinkGitHub"))))
    }
}

#[async_trait]
impl Command for WhoIs {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let word = request.args.text("who").unwrap_or_default();
        let nobody = |text: Text| Ok(Prepared::Reply(Message::new(text)));
        let link = if let Some(user) = mentioned(word) {
            let person = PersonId { team: request.person.id.team.clone(), user: user.to_owned() };
            match self.members.accounts.of(&person).await? {
                Some(link) => link,
                None => return nobody(Text::from("No account at GitHub is linked to ").person(user)),
            }
        } else {
            let login = word.strip_prefix('@').unwrap_or(word);
            let Some(org) = self.members.orgs.iter().next() else {
                return nobody(Text::from("I manage no organisation."));
            };
            let Some(user) = self.members.reader.user(&org.name, login).await? else {
                return Err(Refusal::new(
                    Text::new().plain("There is no account ").code(login).plain(" at GitHub."),
                    "Check the spelling, or mention a person with an @.",
                ));
            };
            match self.members.accounts.whose(user.id).await? {
                Some(link) => link,
                None => {
                    let shown = Text::new().link(&user.login, &user.html_url);
                    return nobody(shown.plain(" is not linked to anybody here"));
                }
            }
        };
        let headline = self.members.shown(&link).await?.plain(" is ").person(&link.person.user);
        Ok(Prepared::Reply(self.members.about(&link, Message::new(headline)).await?))
    }
}
