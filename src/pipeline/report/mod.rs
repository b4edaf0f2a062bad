//! Report: says how it went, once, to those who may read it.
//!
//! Slack has no idempotent post. Each message carries the invocation's id as metadata, and where a post may
//! have gone out already (after a crash, or when the answer was lost) the thread is read before posting.

pub mod files;
pub mod slot;
pub mod words;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::Audience;
use hubcommander_sdk::message::{Button, Message};
use hubcommander_sdk::people::{Conversation, Person, PersonId};

use crate::invocation::{Invocation, Origin, Posted, Via};
use crate::slack::people::{Freshness, People};
use crate::slack::web::{SlackError, Tag, Web};

/// How often something is tried to be said before it is left for the next start.
const TRIES: u32 = 8;

/// How far Slack's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// In a conversation that the bot is in, in this thread.
    Conversation { channel: String, thread: Option<String> },
    /// By Slack's answer address of a slash command.
    Response,
    /// In a direct message.
    Direct,
}

/// Whether something may have been said already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Certainly not.
    Never,
    /// Perhaps: look first.
    Perhaps,
}

/// Makes links to the bot's web pages.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// A link that signs this person in, once. `None` if there is none to be had.
    async fn link(&self, person: &Person) -> Option<String>;
}

/// Says things in Slack.
#[derive(Clone)]
pub struct Reporter {
    web: Web,
    people: Arc<People>,
    sign_in: Option<Arc<dyn SignIn>>,
}

impl Reporter {
    /// A reporter that speaks through this client.
    #[must_use]
    pub fn new(web: Web, people: Arc<People>, sign_in: Option<Arc<dyn SignIn>>) -> Self {
        Self { web, people, sign_in }
    }

    /// The message with links to the web pages where it is to have some, for this person and nobody else.
    pub async fn with_links(&self, user: &str, mut message: Message) -> Message {
        for button in &mut message.buttons {
            let Button::Pages { label } = button else { continue };
            let Some(sign_in) = &self.sign_in else { continue };
            // Who cannot be asked about gets no link; the message stands without it.
            let Ok(person) = self.people.get(user, Freshness::Cached).await else { continue };
            if let Some(url) = sign_in.link(&person).await {
                *button = Button::Link { label: std::mem::take(label), url };
            }
        }
        message
    }

    /// The same for whoever asked, if they alone read it.
    pub(super) async fn linked<'m>(
        &self,
        invocation: &Invocation,
        message: &'m Message,
        audience: Audience,
    ) -> Cow<'m, Message> {
        let wanted = message.buttons.iter().any(|button| matches!(button, Button::Pages { .. }));
        if !wanted || !audience.is_one() {
            return Cow::Borrowed(message);
        }
        Cow::Owned(self.with_links(&invocation.origin.person.user, message.clone()).await)
    }

    /// Says something to those who may read it: to everyone who reads along where it was asked, or in a direct
    /// message to the person alone. Returns the message, if it can be edited later.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn say(
        &self,
        invocation: &Invocation,
        message: &Message,
        part: &str,
        before: Before,
        audience: Audience,
    ) -> Result<Option<Posted>, SlackError> {
        let target = match audience {
            Audience::Person | Audience::Direct if invocation.origin.conversation != Conversation::Direct => {
                Target::Direct
            }
            _ => self.target(&invocation.origin).await,
        };
        let message = self.linked(invocation, message, audience).await;
        self.deliver(invocation, &message, part, before, target).await
    }

    /// Says something to the person alone.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn whisper(
        &self,
        invocation: &Invocation,
        message: &Message,
        before: Before,
    ) -> Result<(), SlackError> {
        let origin = &invocation.origin;
        if origin.conversation == Conversation::Direct {
            let target =
                Target::Conversation { channel: origin.channel.clone(), thread: origin.thread_ts.clone() };
            self.deliver(invocation, message, "answer", before, target).await?;
            return Ok(());
        }
        if origin.response_url.is_some() {
            self.deliver(invocation, message, "answer", before, Target::Response).await?;
            return Ok(());
        }
        let (user, thread) = (&origin.person.user, beside(origin));
        let said = unsent(|| self.web.whisper(&origin.channel, user, thread, message)).await;
        match said {
            Ok(()) => Ok(()),
            // What may have been shown cannot be looked up; a direct message is sent once.
            Err(error @ (SlackError::Refused { .. } | SlackError::Unclear { .. })) => {
                tracing::info!(%error, "an ephemeral message was not taken; sending a direct message");
                self.deliver(invocation, message, "answer", Before::Perhaps, Target::Direct).await.map(drop)
            }
            Err(other) => Err(other),
        }
    }

    /// Says where it was asked, to the person alone, that the answer stands in their direct messages. Who
    /// does not see it finds the answer all the same, so it is not tried for long.
    pub async fn point(&self, invocation: &Invocation) {
        let (origin, message) = (&invocation.origin, words::written_to_you());
        let said = match &origin.response_url {
            Some(url) => unsent(|| self.web.respond(&url.0, &message, false)).await,
            None => {
                let (user, thread) = (&origin.person.user, beside(origin));
                unsent(|| self.web.whisper(&origin.channel, user, thread, &message)).await
            }
        };
        if let Err(error) = said {
            tracing::info!(%error, invocation = invocation.id, "where the answer is could not be said");
        }
    }

    /// Tells the person something by direct message, below what was said there before.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn remark(&self, invocation: &Invocation, message: &Message) -> Result<(), SlackError> {
        self.deliver(invocation, message, "remark", Before::Never, Target::Direct).await.map(drop)
    }

    /// Tells the person by direct message, whatever was said elsewhere.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn tell(&self, invocation: &Invocation, message: &Message) -> Result<(), SlackError> {
        self.deliver(invocation, message, "direct", Before::Perhaps, Target::Direct).await.map(drop)
    }

    /// Says something in another conversation than where it was asked, once.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn say_in(
        &self,
        channel: &str,
        invocation: &Invocation,
        message: &Message,
        part: &str,
        before: Before,
    ) -> Result<Posted, SlackError> {
        let tag = Tag { invocation: invocation.id.clone(), part: part.to_owned() };
        self.post_once(channel, None, message, &tag, before, invocation.received_at).await
    }

    /// Says something in the thread of a message of ours. What cannot be said there is left.
    pub async fn say_under(&self, posted: &Posted, invocation: &Invocation, message: &Message, part: &str) {
        let tag = Tag { invocation: invocation.id.clone(), part: part.to_owned() };
        let (channel, thread) = (&posted.channel, Some(posted.ts.as_str()));
        let since = invocation.received_at;
        let said = self.post_once(channel, thread, message, &tag, Before::Perhaps, since).await;
        if let Err(error) = said {
            tracing::warn!(%error, invocation = invocation.id, part, "something could not be said under a card");
        }
    }

    /// Edits a message that is not what the work depends on.
    pub async fn try_edit(&self, posted: &Posted, message: &Message, invocation: &Invocation, part: &str) {
        let tag = Tag { invocation: invocation.id.clone(), part: part.to_owned() };
        if let Err(error) = self.edit(posted, message, &tag).await {
            tracing::warn!(%error, invocation = invocation.id, part, "a card could not be kept up to date");
        }
    }

    /// Tells one person alone something about an invocation, which need not be theirs: in this conversation, or
    /// where it was asked.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn remark_to(
        &self,
        invocation: &Invocation,
        who: &PersonId,
        channel: Option<&str>,
        message: &Message,
    ) -> Result<(), SlackError> {
        let mut theirs = invocation.clone();
        theirs.origin.person = who.clone();
        theirs.origin.response_url = None;
        if let Some(channel) = channel.filter(|channel| !channel.starts_with('D')) {
            theirs.origin.channel = channel.to_owned();
            theirs.origin.conversation = Conversation::Private;
            theirs.origin.thread_ts = None;
        }
        let direct = channel.is_some_and(|channel| channel.starts_with('D'));
        if direct || theirs.origin.conversation == Conversation::Direct {
            return self.remark(&theirs, message).await;
        }
        let said = unsent(|| self.web.whisper(&theirs.origin.channel, &who.user, None, message)).await;
        match said {
            Err(SlackError::Refused { .. } | SlackError::Unclear { .. }) => {
                self.remark(&theirs, message).await
            }
            other => other,
        }
    }

    /// Edits a message.
    ///
    /// # Errors
    /// Slack did not take it, however often it was tried.
    pub async fn edit(&self, posted: &Posted, message: &Message, tag: &Tag) -> Result<(), SlackError> {
        crate::crash::point("report.before-edit");
        let edited = retrying(|| self.web.update(&posted.channel, &posted.ts, message, tag)).await;
        crate::crash::point("report.after-edit");
        edited
    }

    async fn target(&self, origin: &Origin) -> Target {
        let conversation = Target::Conversation {
            channel: origin.channel.clone(),
            thread: if origin.conversation == Conversation::Direct {
                origin.thread_ts.clone()
            } else {
                origin.place().thread
            },
        };
        if origin.via != Via::Slash || origin.conversation == Conversation::Direct {
            return conversation;
        }
        match self.people.conversation(&origin.channel, Freshness::Cached).await {
            Ok(known) if known.is_member => conversation,
            _ if origin.response_url.is_some() => Target::Response,
            _ => Target::Direct,
        }
    }

    async fn deliver(
        &self,
        invocation: &Invocation,
        message: &Message,
        part: &str,
        before: Before,
        target: Target,
    ) -> Result<Option<Posted>, SlackError> {
        let tag = Tag { invocation: invocation.id.clone(), part: part.to_owned() };
        match target {
            Target::Conversation { channel, thread } => {
                let since = invocation.received_at;
                match self.post_once(&channel, thread.as_deref(), message, &tag, before, since).await {
                    Err(SlackError::Refused { method, code }) => {
                        tracing::warn!(
                            method,
                            code,
                            channel,
                            "Slack refused a message; sending a direct message"
                        );
                        Box::pin(self.direct(invocation, message, &tag, Before::Perhaps)).await
                    }
                    other => other.map(Some),
                }
            }
            Target::Response => {
                let Some(url) = &invocation.origin.response_url else {
                    return Box::pin(self.direct(invocation, message, &tag, Before::Perhaps)).await;
                };
                match Box::pin(self.web.respond(&url.0, message, part != "answer")).await {
                    Ok(()) => Ok(None),
                    Err(error) => {
                        tracing::info!(%error, "the answer address was not usable; sending a direct message");
                        Box::pin(self.direct(invocation, message, &tag, Before::Perhaps)).await
                    }
                }
            }
            Target::Direct => Box::pin(self.direct(invocation, message, &tag, before)).await,
        }
    }

    async fn direct(
        &self,
        invocation: &Invocation,
        message: &Message,
        tag: &Tag,
        before: Before,
    ) -> Result<Option<Posted>, SlackError> {
        let user = &invocation.origin.person.user;
        let channel = retrying(|| self.web.direct(user)).await?;
        let since = invocation.received_at;
        self.post_once(&channel, None, message, tag, before, since).await.map(Some)
    }

    /// Posts so that it stands there once.
    async fn post_once(
        &self,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
        tag: &Tag,
        mut before: Before,
        since: Instant,
    ) -> Result<Posted, SlackError> {
        // Slack's clock and ours may differ a little.
        let since = since - SKEW;
        let mut tries = 0;
        loop {
            // Boxed, as what is rare is here, so that the usual way is a small task.
            if before == Before::Perhaps
                && let Some(ts) = Box::pin(retrying(|| self.web.find(channel, thread, tag, since))).await?
            {
                let posted = Posted { channel: channel.to_owned(), ts };
                Box::pin(self.edit(&posted, message, tag)).await?;
                return Ok(posted);
            }
            tries += 1;
            crate::crash::point("report.before-post");
            let posted = self.web.post(channel, thread, message, tag).await;
            crate::crash::point("report.after-post");
            match posted {
                Ok(ts) => return Ok(Posted { channel: channel.to_owned(), ts }),
                Err(error @ SlackError::Refused { .. }) => return Err(error),
                Err(error) if tries >= TRIES => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, channel, "a message may not have gone out");
                    if matches!(error, SlackError::Unclear { .. }) {
                        before = Before::Perhaps;
                    }
                    tokio::time::sleep(pause(tries)).await;
                }
            }
        }
    }
}

/// The thread in which something that only one person sees stands beside what was asked. In a thread that
/// nobody has answered in yet Slack does not show it, so it is the one that the message stood in itself. The
/// thread that a form answers in may be one of those.
fn beside(origin: &Origin) -> Option<&str> {
    origin.thread_ts.as_deref().filter(|_| origin.via != Via::Form)
}

fn pause(tries: u32) -> Duration {
    Duration::from_millis(250 << tries.min(7))
}

/// Repeats what was certainly not sent, and nothing else.
async fn unsent<F>(mut call: impl FnMut() -> F) -> Result<(), SlackError>
where
    F: Future<Output = Result<(), SlackError>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        match call().await {
            Err(SlackError::Unavailable { .. } | SlackError::RateLimited { .. }) if tries < TRIES => {
                tokio::time::sleep(pause(tries)).await;
            }
            other => return other,
        }
    }
}

/// Tries what may be repeated until Slack takes or refuses it.
async fn retrying<T, F>(mut call: impl FnMut() -> F) -> Result<T, SlackError>
where
    F: Future<Output = Result<T, SlackError>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        match call().await {
            Err(error) if !matches!(error, SlackError::Refused { .. }) && tries < TRIES => {
                tokio::time::sleep(pause(tries)).await;
            }
            other => return other,
        }
    }
}
