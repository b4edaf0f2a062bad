//! Posting, whispering, editing, answering, and finding one's own message again.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::message::Message;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::blocks::SlackBlock;
use slack_morphism::{SlackApiToken, SlackClientApiCallContext, SlackClientHttpConnector};
use url::{Host, Url};

use super::call::{Nature, Who};
use super::edits::Body;
use super::error::{SlackError, sort};
use super::method::Method;
use super::{Tag, Web};
use crate::slack::render::{Look, Rendered, render};
use hubcommander_outbound::must_be_private;

/// The metadata's type, by which our messages are known.
const EVENT_TYPE: &str = "hubcommander_message";
/// Messages to a page when looking for one: the most that Slack recommends.
const PAGE: &str = "200";
/// Pages of a thread, or of a channel, that are looked through.
const PAGES: usize = 10;
/// Refusals that mean the blocks, not the message.
const BLOCK_TROUBLE: [&str; 5] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "invalid_attachments",
    "too_many_blocks",
];
/// `chat.postEphemeral` takes this many bytes of text.
const WHISPER_BYTES: usize = 4_000;

#[derive(Serialize)]
pub(super) struct Metadata<'a> {
    event_type: &'static str,
    event_payload: &'a Tag,
}

impl<'a> Metadata<'a> {
    pub(super) fn new(tag: &'a Tag) -> Self {
        Self { event_type: EVENT_TYPE, event_payload: tag }
    }
}

#[derive(Serialize)]
struct Post<'a> {
    channel: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<&'a [SlackBlock]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    unfurl_links: bool,
    unfurl_media: bool,
}

#[derive(Serialize)]
struct Response<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<&'a [SlackBlock]>,
    response_type: &'static str,
    replace_original: bool,
}

#[derive(Deserialize)]
struct Posted {
    ts: String,
}

/// An answer of which only the success counts.
#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<Candidate>,
    #[serde(default)]
    has_more: bool,
    response_metadata: Option<Cursor>,
}

#[derive(Deserialize)]
struct Cursor {
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Candidate {
    pub(super) ts: Option<String>,
    bot_id: Option<String>,
    user: Option<String>,
    metadata: Option<CandidateMetadata>,
    #[serde(default)]
    pub(super) files: Vec<CandidateFile>,
}

#[derive(Deserialize)]
pub(super) struct CandidateFile {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
struct CandidateMetadata {
    event_type: Option<String>,
    event_payload: Option<Value>,
}

impl Web {
    /// Posts a message, in its turn, and returns its `ts`.
    ///
    /// # Errors
    /// After [`SlackError::Unclear`] it may be there: [`Web::find`] it before posting again.
    pub async fn post(
        &self,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
        tag: &Tag,
    ) -> Result<String, SlackError> {
        // Held until the answer is there: the next message of this channel stays behind this one.
        let _turn = self.inner.pacer.turn(channel).await;
        let mut look = Look::Whole;
        loop {
            let rendered = render(message, look);
            let post = Post {
                channel,
                text: &rendered.text,
                blocks: rendered.blocks.as_deref(),
                thread_ts: thread,
                user: None,
                metadata: Some(Metadata::new(tag)),
                unfurl_links: false,
                unfurl_media: false,
            };
            let call = || self.send::<_, Posted>(Method::PostMessage, Who::Bot, &post);
            let sent = self.again(Method::PostMessage, Some(channel), Nature::Once, call).await;
            match simpler(look, &rendered, &sent) {
                Some(next) => look = next,
                None => return sent.map(|posted| posted.ts),
            }
        }
    }

    /// Shows a message to one person only, in a channel. Slack does not promise that they see it.
    ///
    /// # Errors
    /// As Slack says: for example `user_not_in_channel`.
    pub async fn whisper(
        &self,
        channel: &str,
        user: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<(), SlackError> {
        let mut look = Look::Whole;
        loop {
            let mut rendered = render(message, look);
            rendered.cut_text(WHISPER_BYTES);
            let post = Post {
                channel,
                text: &rendered.text,
                blocks: rendered.blocks.as_deref(),
                thread_ts: thread,
                user: Some(user),
                metadata: None,
                unfurl_links: false,
                unfurl_media: false,
            };
            let call = || self.send::<_, Nothing>(Method::PostEphemeral, Who::Bot, &post);
            let sent = self.again(Method::PostEphemeral, None, Nature::Once, call).await;
            match simpler(look, &rendered, &sent) {
                Some(next) => look = next,
                None => return sent.map(|_| ()),
            }
        }
    }

    /// Makes a message of ours say something else. Where several edits of one message wait, only the newest
    /// is sent, and all of them end as it ends; with pacing there is at most one a second for each message.
    /// The edit goes on when the caller stops waiting.
    ///
    /// # Errors
    /// As Slack says: for example `message_not_found`. Trying again is always safe.
    pub async fn update(
        &self,
        channel: &str,
        ts: &str,
        message: &Message,
        tag: &Tag,
    ) -> Result<(), SlackError> {
        let body = Body { message: message.clone(), tag: tag.clone() };
        self.edit(channel, ts, body).await
    }

    /// Answers by the address that came with a click or a slash command (five times, within 30 minutes).
    /// With `replace` the message that was clicked is replaced. What is new only the person sees.
    ///
    /// # Errors
    /// `foreign_address` if it does not lead to Slack.
    pub async fn respond(
        &self,
        response_url: &str,
        message: &Message,
        replace: bool,
    ) -> Result<(), SlackError> {
        let url = self.own_address(Method::Respond, response_url)?;
        let mut look = Look::Whole;
        loop {
            let rendered = render(message, look);
            let response = Response {
                text: &rendered.text,
                blocks: rendered.blocks.as_deref(),
                response_type: "ephemeral",
                replace_original: replace,
            };
            let call = || self.send_to(&url, &response);
            let sent = self.again(Method::Respond, None, Nature::Once, call).await;
            match simpler(look, &rendered, &sent) {
                Some(next) => look = next,
                None => return sent,
            }
        }
    }

    async fn send_to(&self, url: &Url, response: &Response<'_>) -> Result<(), SlackError> {
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None::<&SlackApiToken>,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let connector = &self.inner.client.http_api.connector;
        let calling = connector.http_post_uri::<_, Nothing>(url.clone(), response, context);
        match tokio::time::timeout(self.inner.answer_within, calling).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(sort(Method::Respond.name(), error)),
            Err(_) => Err(SlackError::Unclear { log: "response_url: no answer in time".to_owned() }),
        }
    }

    /// An address that Slack gave leads to Slack, or to where our API is. Nothing else may make us send.
    pub(super) fn own_address(&self, method: Method, address: &str) -> Result<Url, SlackError> {
        let refused = || SlackError::Refused { method: method.name(), code: "foreign_address".to_owned() };
        let url = Url::parse(address).map_err(|_| refused())?;
        must_be_private(&url).map_err(|_| refused())?;
        let slack = matches!(url.host(), Some(Host::Domain(name))
        if url.scheme() == "https"
            && ["slack.com", "slack-gov.com"].iter().any(|home| {
                name == *home || name.strip_suffix(home).is_some_and(|rest| rest.ends_with('.'))
            }));
        let home = url.host() == self.inner.api_url.host();
        if slack || home { Ok(url) } else { Err(refused()) }
    }

    /// Looks for a message of ours by its tag, posted after `since`: in the thread, or else among the
    /// channel's newest.
    ///
    /// # Errors
    /// [`SlackError::Unclear`] if the thread is too long to be read whole.
    pub async fn find(
        &self,
        channel: &str,
        thread: Option<&str>,
        tag: &Tag,
        since: Instant,
    ) -> Result<Option<String>, SlackError> {
        let tagged = |candidate: &Candidate| {
            candidate.metadata.as_ref().is_some_and(|metadata| matches(metadata, tag))
        };
        Ok(self.find_ours(channel, thread, since, tagged).await?.and_then(|found| found.ts))
    }

    /// Looks for the first message of ours that is the wanted one, as [`Web::find`] does.
    pub(super) async fn find_ours(
        &self,
        channel: &str,
        thread: Option<&str>,
        since: Instant,
        wanted: impl Fn(&Candidate) -> bool,
    ) -> Result<Option<Candidate>, SlackError> {
        let oldest = format!("{}.000000", since.timestamp());
        let me = self.me().await?.clone();
        let method =
            if thread.is_some() { Method::ConversationsReplies } else { Method::ConversationsHistory };
        let mut cursor = None;
        for _ in 0..PAGES {
            let parameters = [
                ("channel", Some(channel.to_owned())),
                ("ts", thread.map(str::to_owned)),
                ("oldest", Some(oldest.clone())),
                ("include_all_metadata", Some("true".to_owned())),
                ("limit", Some(PAGE.to_owned())),
                ("cursor", cursor.take()),
            ];
            let page: Page = self.read(method, &parameters).await?;
            // Any app can write this metadata: only a message of our own counts.
            let found = page.messages.into_iter().find(|candidate| {
                let ours = candidate.user.as_deref() == Some(&me.user_id)
                    || (candidate.bot_id.is_some() && candidate.bot_id == me.bot_id);
                ours && wanted(candidate)
            });
            if found.is_some() {
                return Ok(found);
            }
            cursor = page.response_metadata.and_then(|next| next.next_cursor).filter(|next| !next.is_empty());
            if !page.has_more || cursor.is_none() {
                return Ok(None);
            }
        }
        if thread.is_some() {
            return Err(SlackError::Unclear {
                log: "the thread is too long to be searched whole".to_owned(),
            });
        }
        // The channel's newest thousands: a message that we may have posted just now is not older.
        Ok(None)
    }
}

/// What to try next if Slack does not take these blocks: without the table block, then text alone. None if
/// the outcome stands.
pub(super) fn simpler<T>(look: Look, rendered: &Rendered, sent: &Result<T, SlackError>) -> Option<Look> {
    let code = sent.as_ref().err().and_then(SlackError::code)?;
    if rendered.blocks.is_none() || !BLOCK_TROUBLE.contains(&code) {
        return None;
    }
    tracing::error!(code, ?look, "Slack does not take these blocks; trying simpler ones");
    Some(match look {
        Look::Whole => Look::NoTable,
        Look::NoTable | Look::Words => Look::Words,
    })
}

fn matches(metadata: &CandidateMetadata, tag: &Tag) -> bool {
    let Some(payload) = &metadata.event_payload else { return false };
    metadata.event_type.as_deref() == Some(EVENT_TYPE)
        && payload.get("invocation").and_then(Value::as_str) == Some(&tag.invocation)
        && payload.get("part").and_then(Value::as_str) == Some(&tag.part)
}
