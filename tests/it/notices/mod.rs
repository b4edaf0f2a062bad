//! Questions of the security team: sent, asked, answered, forwarded, and escalated where nobody answers.

mod falls;
pub mod receiver;
mod ways;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use hubcommander::app::{Plugins, plugins};
use hubcommander::config::Web;
use hubcommander::notices::sign::Signer;
use hubcommander::notices::{Desk, Settings, Webhook};
use hubcommander::pipeline::rules::Admitted;
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::clock::Clock as _;
use hubcommander_stethoscope_pages::ports::{Given, Notices as _};
use serde_json::{Value as Json, json};

use self::receiver::{Receiver, SECRET as HOOK_SECRET};
use crate::pages::{self, Visitor};
use crate::passkeys::free;
use crate::world::{ANA, SAM, Servers, World, shipped_with};

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

/// What senders sign with.
const SECRET: &str = "whsec_V2hhdCBzZW5kZXJzIHNpZ24gd2l0aCBpbiB0ZXN0cy4=";

const ANA_EMAIL: &str = "ana@acme.example";

/// "Was this you?"
pub fn item() -> Json {
    json!({
        "email": ANA_EMAIL,
        "question": "Did you sign in from a new device?",
        "details": "A Mac in Lisbon, with Safari <1.2.3.4>",
        "at": "2026-11-27T14:00:00Z",
        "actions": [
            { "key": "yes", "label": "Yes, it was me" },
            { "key": "no", "label": "No, it was not me", "grave": true },
        ],
    })
}

/// A bot with a door, a receiver for its webhook, and the desk as the pages have it.
struct Noticing {
    world: World,
    door: SocketAddr,
    receiver: Receiver,
    desk: Desk,
}

impl std::ops::Deref for Noticing {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Noticing {
    async fn start() -> Result<Self> {
        Self::start_with(Servers::start().await?, |_| {}).await
    }

    async fn start_with(servers: Servers, change: impl FnOnce(&mut Settings)) -> Result<Self> {
        let receiver = Receiver::start().await?;
        let door = free()?;
        let mut config = servers.config(&shipped_with(&[]))?;
        config.web = Some(Web {
            listen: door,
            public_url: Some(format!("http://{door}").parse()?),
            login: Vec::new(),
        });
        let mut settings = Settings {
            secrets: vec![SECRET.into()],
            channel: Some("C0SECURITY".to_owned()),
            webhook: Some(Webhook { url: receiver.url().parse()?, secret: HOOK_SECRET.into() }),
            ..Settings::default()
        };
        change(&mut settings);
        config.notifications = Some(settings);
        let mut desk = None;
        let world = World::start_with_plugins(servers, config, |config, clock| {
            let plugins = plugins(config, clock)?;
            desk = Some(plugins.notices.clone());
            Ok(Plugins { rules: Some(Arc::new(Admitted)), ..plugins })
        });
        let world = world.await?;
        Ok(Self { world, door, receiver, desk: desk.context("no desk")? })
    }

    /// Sends an item as a sender does: signed, under this id.
    async fn send(&self, call: &str, item: &Json) -> Result<(u16, Json)> {
        let body = item.to_string();
        let now = self.clock.now().timestamp();
        let signature = Signer::new(&[SECRET.into()])?.sign(call, now, body.as_bytes());
        self.knock(call, &now.to_string(), &signature, body).await
    }

    async fn knock(&self, call: &str, at: &str, signature: &str, body: String) -> Result<(u16, Json)> {
        let answer = reqwest::Client::new()
            .post(format!("http://{}/api/notifications", self.door))
            .header("webhook-id", call)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// The question, once it stands in somebody's direct messages.
    async fn asked(&self, user: &str) -> Result<Message> {
        self.dm(user, "[Yes, it was me]").await
    }

    /// The message there that holds these words.
    async fn dm(&self, user: &str, words: &str) -> Result<Message> {
        let found = self.slack.wait_for(WITHIN, words, |slack| {
            slack.dms(user).into_iter().rev().find(|message| slack.render(message).contains(words))
        });
        found.await.with_context(|| format!("{words}: {:?}", self.slack.dms(user)))
    }

    /// What the security channel hears, once it holds these words.
    async fn heard(&self, words: &str) -> Result<String> {
        let found = self.slack.wait_for(WITHIN, words, |slack| {
            slack.messages("C0SECURITY").into_iter().find(|message| slack.render(message).contains(words))
        });
        Ok(self.shown(&found.await?))
    }

    /// Presses the button of this action.
    async fn press(&self, user: &str, asked: &Message, id: &str, key: &str) -> Result<()> {
        let channel = format!("D{}", &user[1..]);
        let line = format!("Answer {id} {key}");
        let button = if key == "yes" { "renew" } else { "renew#2" };
        Ok(self.slack.click(user, &channel, asked.ts, button, Some(&line)).await?)
    }

    async fn end(self) -> Result<()> {
        // Each story has read what it is about. What is still on its way comes first.
        self.slack.all_acked().await?;
        self.settled().await?;
        self.slack.mark_all_read();
        self.world.end().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_was_me() -> Result<()> {
    let world = Noticing::start().await?;
    assert_eq!(world.send("call-1", &item()).await?, (202, json!({ "id": "call-1" })));
    let asked = world.asked(ANA).await?;
    insta::assert_snapshot!(world.shown(&asked), @r"
    ⚠️ Did you sign in from a new device?
    A Mac in Lisbon, with Safari <1.2.3.4>
    This is about WHEN.
    [Yes, it was me] [No, it was not me]
    The security team asks. Without an answer they are told WHEN
    ");
    world.press(ANA, &asked, "call-1", "yes").await?;
    let answered = world.dm(ANA, "You answered").await?;
    assert_eq!(answered.ts, asked.ts, "the answer takes the place of the question");
    insta::assert_snapshot!(world.shown(&answered), @r"
    ✅ Did you sign in from a new device? You answered: Yes, it was me.
    Thank you. The security team knows.
    TIME · inv-ID
    ");
    let call = world.receiver.await_calls(1).await?.remove(0);
    assert!(call.is_signed_with(HOOK_SECRET) && !call.is_signed_with(SECRET));
    assert_eq!(call.id, "call-1-answered");
    let mut said = call.json();
    assert!(said["timestamp"].take().is_string());
    let data = json!({
        "id": "call-1", "email": ANA_EMAIL, "slack_user": ANA, "question": item()["question"], "action": "yes",
        "label": "Yes, it was me", "grave": false, "via": "slack",
    });
    assert_eq!(said, json!({ "type": "notification.answered", "timestamp": null, "data": data }));
    let desk = world.desk.of(ANA_EMAIL).await?;
    assert_eq!(desk[0].answer.as_ref().map(|answer| answer.action.as_str()), Some("yes"));
    // Nothing of it is escalated, however late it gets.
    world.slack.mark_all_read();
    world.clock.forward(Duration::from_secs(25 * 3_600));
    world.send("call-2", &item()).await?;
    world.slack.wait_until(WITHIN, |slack| slack.dms(ANA).len() == 2).await?;
    assert!(world.slack.messages("C0SECURITY").is_empty());
    assert_eq!(world.receiver.calls().len(), 1);
    let audit = world.audit().await?;
    assert!(audit.iter().any(|event| event == "notice.sent"), "{audit:?}");
    assert!(audit.iter().any(|event| event == "notice.answered"), "{audit:?}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_was_not_me() -> Result<()> {
    let world = Noticing::start().await?;
    world.send("call-1", &item()).await?;
    let asked = world.asked(ANA).await?;
    world.press(ANA, &asked, "call-1", "no").await?;
    insta::assert_snapshot!(world.heard("answered").await?, @r"
    ⚠️ @ana answered: No, it was not me.
    Did you sign in from a new device?
    > A Mac in Lisbon, with Safari <1.2.3.4>
    About WHEN · `call-1`
    ");
    let answered = world.dm(ANA, "You answered").await?;
    insta::assert_snapshot!(world.shown(&answered), @r"
    ✅ Did you sign in from a new device? You answered: No, it was not me.
    Thank you. The security team is told now, and will get in touch with you.
    TIME · inv-ID
    ");
    let call = world.receiver.await_calls(1).await?.remove(0).json();
    assert_eq!((&call["data"]["action"], &call["data"]["grave"]), (&json!("no"), &json!(true)));
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lockdown_does_not_hold_answers() -> Result<()> {
    let world = Noticing::start().await?;
    world.send("call-1", &item()).await?;
    let asked = world.asked(ANA).await?;
    let locked = world.say(SAM, "C0DEV", "!Lockdown on --reason Intruder")?;
    world.end_of("C0DEV", locked).await?;
    world.press(ANA, &asked, "call-1", "no").await?;
    world.dm(ANA, "You answered").await?;
    world.heard("answered").await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_answer_is_escalated_once_and_can_still_answer() -> Result<()> {
    let world = Noticing::start().await?;
    let mut soon = item();
    soon["escalate_after"] = json!("2h");
    world.send("call-1", &soon).await?;
    let asked = world.asked(ANA).await?;
    world.clock.forward(Duration::from_secs(2 * 3_600 - 60));
    world.send("call-2", &item()).await?;
    world.slack.wait_until(WITHIN, |slack| slack.dms(ANA).len() == 2).await?;
    assert!(world.slack.messages("C0SECURITY").is_empty(), "it is not time yet");
    world.clock.forward(Duration::from_secs(61));
    insta::assert_snapshot!(world.heard("has not answered").await?, @r"
    ⚠️ @ana has not answered since WHEN.
    Did you sign in from a new device?
    > A Mac in Lisbon, with Safari <1.2.3.4>
    About WHEN · `call-1`
    ");
    let call = world.receiver.await_calls(1).await?.remove(0);
    assert_eq!(call.id, "call-1-unanswered");
    assert_eq!(call.json()["type"], "notification.unanswered");
    assert_eq!(call.json()["data"]["delivered"], true);
    world.clock.forward(Duration::from_secs(3_600));
    world.press(ANA, &asked, "call-1", "yes").await?;
    insta::assert_snapshot!(world.heard("after all").await?, @r"
    ✅ @ana has answered after all: Yes, it was me.
    Did you sign in from a new device?
    > A Mac in Lisbon, with Safari <1.2.3.4>
    About WHEN · `call-1`
    ");
    let calls = world.receiver.await_calls(2).await?;
    assert_eq!(calls[1].json()["type"], "notification.answered");
    assert_eq!(world.slack.messages("C0SECURITY").len(), 2, "once each");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_answer_stands() -> Result<()> {
    let world = Noticing::start().await?;
    world.send("call-1", &item()).await?;
    let asked = world.asked(ANA).await?;
    let given = |action: &str| Given { action: action.to_owned(), at: world.clock.now() };
    // On the web, and the message in Slack follows.
    assert!(!world.desk.clone().answer_as("sam@acme.example", given("yes")).await?);
    assert!(!world.desk.clone().answer_as(ANA_EMAIL, given("maybe")).await?);
    assert!(world.desk.clone().answer_as("Ana@acme.example", given("yes")).await?);
    assert!(!world.desk.clone().answer_as(ANA_EMAIL, given("no")).await?);
    let shown = world.dm(ANA, "You answered").await?;
    assert_eq!(shown.ts, asked.ts);
    insta::assert_snapshot!(world.shown(&shown), @r"
    ✅ Did you sign in from a new device? You answered: Yes, it was me.
    Thank you. The security team knows.
    Answered WHEN. Was it a slip? Tell the security team.
    ");
    // A press that comes late is told what stands.
    world.say(ANA, "D0ANA", "!Answer call-1 no")?;
    let stands =
        |message: &Message| message.ts != asked.ts && world.shown(message).contains("Yes, it was me.");
    let late = world.slack.wait_until(WITHIN, |slack| slack.dms(ANA).iter().any(&stands));
    late.await?;
    let calls = world.receiver.await_calls(1).await?;
    assert_eq!(calls[0].json()["data"]["via"], "web");
    assert!(world.slack.messages("C0SECURITY").is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_answered_on_the_page() -> Result<()> {
    let world = Noticing::start().await?;
    world.send("call-1", &item()).await?;
    let asked = world.asked(ANA).await?;
    world.slack.mark_all_read();
    let home = format!("http://{}", world.door);
    let status = pages::answer(&world, ANA, "!DeviceStatus").await?;
    let ana = Visitor::come_in(&home, &pages::link_in(&status, &home)?).await?;
    let page = ana.page("/notifications").await?;
    assert!(
        page.contains("Did you sign in from a new device?") && page.contains("Safari &#60;1.2.3.4&#62;"),
        "{page}"
    );
    let status = pages::answer(&world, SAM, "!DeviceStatus").await?;
    let sam = Visitor::come_in(&home, &pages::link_in(&status, &home)?).await?;
    assert!(!sam.page("/notifications").await?.contains("Did you sign in"));
    sam.send("/devices", "/notifications/call-1", &[("action", "yes")]).await?;
    assert_eq!(world.desk.of(ANA_EMAIL).await?[0].answer, None, "it is none of Sam's");
    ana.send("/notifications", "/notifications/call-1", &[("action", "no")]).await?;
    let shown = world.dm(ANA, "You answered: No, it was not me.").await?;
    assert_eq!(shown.ts, asked.ts, "the question in Slack shows it");
    world.heard("answered").await?;
    assert_eq!(world.receiver.await_calls(1).await?[0].json()["data"]["via"], "web");
    assert!(ana.page("/notifications").await?.contains("No, it was not me"));
    world.end().await
}

/// The port of the pages, by its name there: the desk has a method of the same name.
trait AnswerAs {
    async fn answer_as(&self, email: &str, given: Given) -> Result<bool>;
}

impl AnswerAs for Desk {
    async fn answer_as(&self, email: &str, given: Given) -> Result<bool> {
        use hubcommander_stethoscope_pages::ports::Notices;
        Ok(Notices::answer(self, email, "call-1", given).await?)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_answers_at_once_one_stands() -> Result<()> {
    let world = Noticing::start().await?;
    world.send("call-1", &item()).await?;
    world.asked(ANA).await?;
    let given = |action: &str| Given { action: action.to_owned(), at: world.clock.now() };
    let (one, other) = tokio::join!(
        world.desk.answer_as(ANA_EMAIL, given("yes")),
        world.desk.answer_as(ANA_EMAIL, given("no"))
    );
    assert!(one? != other?);
    world.dm(ANA, "You answered").await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_s_question_is_none_to_others() -> Result<()> {
    let world = Noticing::start().await?;
    world.send("call-1", &item()).await?;
    world.asked(ANA).await?;
    for line in ["!Answer call-1 no", "!Answer call-9 no"] {
        world.say(SAM, "C0DEV", line)?;
        let said = world.whispered(SAM).await?;
        assert!(said.contains("I know of no such question to you."), "{said}");
    }
    world.say(ANA, "C0DEV", "!Answer call-1 maybe")?;
    let said = world.whispered(ANA).await?;
    assert!(said.contains("The question has no such answer."), "{said}");
    assert_eq!(world.desk.of(ANA_EMAIL).await?[0].answer, None);
    assert!(world.desk.of("sam@acme.example").await?.is_empty());
    assert!(world.receiver.calls().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_is_told_until_it_takes_it() -> Result<()> {
    let world = Noticing::start().await?;
    world.receiver.refuse(2);
    world.send("call-1", &item()).await?;
    let asked = world.asked(ANA).await?;
    world.press(ANA, &asked, "call-1", "yes").await?;
    for count in 1..=3 {
        world.receiver.await_calls(count).await?;
        world.clock.forward(Duration::from_secs(30));
    }
    let calls = world.receiver.calls();
    assert!(calls.iter().all(|call| call.id == "call-1-answered" && call.is_signed_with(HOOK_SECRET)));
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    world.clock.forward(Duration::from_secs(86_400));
    world.send("call-2", &item()).await?;
    world.slack.wait_until(WITHIN, |slack| slack.dms(ANA).len() == 2).await?;
    assert_eq!(world.receiver.calls().len(), 3, "it was taken once");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_old_is_forgotten() -> Result<()> {
    let world =
        Noticing::start_with(Servers::start().await?, |settings| settings.keep = TimeDelta::days(30)).await?;
    world.send("call-1", &item()).await?;
    world.asked(ANA).await?;
    world.clock.forward(Duration::from_secs(29 * 86_400));
    world.send("call-2", &item()).await?;
    world.slack.wait_until(WITHIN, |slack| slack.dms(ANA).len() == 2).await?;
    let ids = |notices: Vec<hubcommander_stethoscope_pages::ports::Notice>| {
        notices.into_iter().map(|notice| notice.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(world.desk.of(ANA_EMAIL).await?), ["call-2", "call-1"], "the latest first");
    world.clock.forward(Duration::from_secs(2 * 86_400));
    let store = hubcommander::store::open(&world.store_url()).await?;
    let forgotten = async {
        while world.desk.of(ANA_EMAIL).await?.len() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::time::timeout(WITHIN, forgotten).await??;
    // Nobody has answered either.
    world.slack.wait_until(WITHIN, |slack| slack.messages("C0SECURITY").len() == 2).await?;
    world.receiver.await_calls(2).await?;
    let left = store.remembered_under("notice:", 100).await?;
    let of_old = left.iter().filter(|(key, value)| format!("{key}{value}").contains("call-1")).count();
    assert_eq!(of_old, 0, "{left:?}");
    world.end().await
}
