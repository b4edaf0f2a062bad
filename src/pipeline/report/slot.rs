//! The one message that is kept up to date while a plan is carried out: in the thread, or in a direct message
//! where it is for the person alone. Saying something never holds up the work: the newest words win, those
//! between are not sent.

use hubcommander_sdk::command::Audience;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::Conversation;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::invocation::{Invocation, Posted};
use crate::pipeline::report::{Before, Reporter};
use crate::slack::web::{SlackError, Tag};

/// The name of this message among those of one invocation.
const PART: &str = "main";

/// One message, kept up to date.
pub struct Slot {
    words: watch::Sender<Option<Message>>,
    posted: watch::Receiver<Option<Posted>>,
    keeper: JoinHandle<Result<(), SlackError>>,
}

impl Slot {
    /// A slot for this invocation. `before` says whether its message may stand in Slack already, and
    /// `audience` who may read it.
    #[must_use]
    pub fn open(reporter: Reporter, invocation: &Invocation, before: Before, audience: Audience) -> Self {
        let (words, heard) = watch::channel(None);
        let (tell, posted) = watch::channel(invocation.posted.clone());
        let keeper = tokio::spawn(keep(reporter, invocation.clone(), before, audience, heard, tell));
        Self { words, posted, keeper }
    }

    /// Shows this as soon as may be.
    pub fn show(&self, message: Message) {
        self.words.send_replace(Some(message));
    }

    /// The message, once it stands in Slack.
    #[must_use]
    pub fn posted(&self) -> Option<Posted> {
        self.posted.borrow().clone()
    }

    /// Waits until what was shown last stands in Slack.
    ///
    /// # Errors
    /// Slack did not take it.
    pub async fn close(self) -> Result<Option<Posted>, SlackError> {
        drop(self.words);
        match self.keeper.await {
            Ok(Ok(())) => Ok(self.posted.borrow().clone()),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(SlackError::Unavailable { log: format!("the reporting task ended: {error}") }),
        }
    }
}

async fn keep(
    reporter: Reporter,
    invocation: Invocation,
    mut before: Before,
    audience: Audience,
    mut heard: watch::Receiver<Option<Message>>,
    tell: watch::Sender<Option<Posted>>,
) -> Result<(), SlackError> {
    let tag = Tag { invocation: invocation.id.clone(), part: PART.to_owned() };
    let mut posted = invocation.posted.clone();
    let mut outcome = Ok(());
    // Where others read along, the person is shown the way to what is for them alone.
    let elsewhere = audience.is_one() && invocation.origin.conversation != Conversation::Direct;
    let mut to_point = elsewhere && posted.is_none();
    // Said by Slack's answer address, which takes five messages at most: then only the end is said.
    let mut last = None;
    let mut said_without_trace = false;
    let mut held_back = false;
    // `changed` fails once the slot is closed and the last words were seen.
    while heard.changed().await.is_ok() {
        let Some(message) = heard.borrow_and_update().clone() else { continue };
        last = Some(message.clone());
        if said_without_trace {
            held_back = true;
            continue;
        }
        outcome = match &posted {
            Some(there) => {
                let message = reporter.linked(&invocation, &message, audience).await;
                reporter.edit(there, &message, &tag).await
            }
            None => Ok(()),
        };
        if let Err(SlackError::Refused { code, .. }) = &outcome {
            // Somebody deleted it, or it may not be changed any more.
            tracing::info!(
                code,
                invocation = invocation.id,
                "a message cannot be kept up to date; saying it anew"
            );
            posted = None;
        }
        outcome = match &posted {
            Some(_) => outcome,
            None => match reporter.say(&invocation, &message, PART, before, audience).await {
                Ok(said) => {
                    before = Before::Perhaps;
                    said_without_trace = said.is_none();
                    tell.send_replace(said.clone());
                    posted = said;
                    if std::mem::take(&mut to_point) {
                        reporter.point(&invocation).await;
                    }
                    Ok(())
                }
                Err(error) => {
                    before = Before::Perhaps;
                    Err(error)
                }
            },
        };
        if let Err(error) = &outcome {
            tracing::warn!(%error, invocation = invocation.id, "what was to be shown could not be shown");
        }
    }
    let Some(last) = last.filter(|_| said_without_trace) else { return outcome };
    if held_back && reporter.say(&invocation, &last, PART, before, audience).await?.is_some() {
        // The address was used up, so it stands in a direct message already.
        return Ok(());
    }
    // What was said there can vanish; the end is repeated where it stays.
    reporter.tell(&invocation, &last).await
}
