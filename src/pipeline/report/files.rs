//! Files that belong to an answer. The answer is said first, then its files follow: in its thread if everyone
//! there may read them, else in a direct message to the person, so that what is inside an organisation never
//! lies in a channel for longer than it is talked about.
//!
//! A file's name carries the invocation's id. After a crash, or when Slack's answer was lost, it is looked for
//! by that name before it is sent again. Slack shows a file a moment after it has taken it, so one that was
//! taken in the very second of a crash may come twice; it never comes to the wrong place, and never not at all.

use hubcommander_sdk::command::Audience;
use hubcommander_sdk::message::{File, Message, State};
use hubcommander_sdk::people::Conversation;
use hubcommander_sdk::text::Text;

use super::{Before, Reporter, SKEW, TRIES, Target, pause, retrying};
use crate::invocation::Invocation;
use crate::slack::web::SlackError;

/// Whether the files of an answer go to the person alone.
fn apart(invocation: &Invocation, audience: Audience) -> bool {
    audience != Audience::Channel && invocation.origin.conversation != Conversation::Direct
}

/// The answer with its files named after the invocation, and a word on where they are.
#[must_use]
pub fn announced(mut message: Message, invocation: &Invocation, audience: Audience) -> Message {
    for file in &mut message.files {
        file.name = named(&file.name, &invocation.id);
    }
    if message.files.is_empty() || !apart(invocation, audience) {
        return message;
    }
    let names: Vec<&str> = message.files.iter().map(|file| file.name.as_str()).collect();
    let words = format!("In your direct messages: {}", names.join(", "));
    message.footnote(words)
}

/// `acme-audit.csv` as `acme-audit-inv-7Q4K2.csv`.
fn named(name: &str, id: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{id}.{extension}"),
        None => format!("{name}-{id}"),
    }
}

impl Reporter {
    /// Sends the files of an answer that was said. What cannot be sent is told to the person; the answer
    /// stands all the same.
    pub async fn send(&self, invocation: &Invocation, files: &[File], audience: Audience, before: Before) {
        for file in files {
            let Err(error) = self.send_one(invocation, file, audience, before).await else { continue };
            tracing::warn!(%error, invocation = invocation.id, file = file.name, "a file could not be sent");
            let (message, part) = (not_sent(file, &error, &invocation.id), format!("file-{}", file.name));
            let said = self.deliver(invocation, &message, &part, Before::Perhaps, Target::Direct).await;
            if let Err(error) = said {
                tracing::error!(%error, invocation = invocation.id, "nor could that be said");
            }
        }
    }

    async fn send_one(
        &self,
        invocation: &Invocation,
        file: &File,
        audience: Audience,
        before: Before,
    ) -> Result<(), SlackError> {
        let target =
            if apart(invocation, audience) { Target::Direct } else { self.target(&invocation.origin).await };
        if let Target::Conversation { channel, thread } = target {
            match self.share_once(invocation, file, &channel, thread.as_deref(), None, before).await {
                Err(SlackError::Refused { method, code }) if !is_for_all(&code) => {
                    tracing::warn!(method, code, channel, "Slack refused a file; sending it directly");
                }
                other => return other,
            }
        }
        let channel = retrying(|| self.web.direct(&invocation.origin.person.user)).await?;
        let comment = Text::new()
            .plain(format!("{}, as you asked with ", file.title))
            .code(&invocation.origin.text)
            .plain(format!(" ({}).", invocation.id))
            .mrkdwn();
        self.share_once(invocation, file, &channel, None, Some(&comment), before).await
    }

    /// Sends a file so that it stands there once, as far as Slack lets us know.
    async fn share_once(
        &self,
        invocation: &Invocation,
        file: &File,
        channel: &str,
        thread: Option<&str>,
        comment: Option<&str>,
        mut before: Before,
    ) -> Result<(), SlackError> {
        let since = invocation.received_at - SKEW;
        let mut tries = 0;
        loop {
            if before == Before::Perhaps
                && retrying(|| self.web.has_file(channel, thread, &file.name, since)).await?
            {
                return Ok(());
            }
            tries += 1;
            crate::crash::point("report.before-file");
            let shared = self.web.share(channel, thread, file, comment).await;
            crate::crash::point("report.after-file");
            match shared {
                Err(error) if !matches!(error, SlackError::Refused { .. }) && tries < TRIES => {
                    tracing::warn!(%error, channel, "a file may not have gone out");
                    if matches!(error, SlackError::Unclear { .. }) {
                        before = Before::Perhaps;
                    }
                    tokio::time::sleep(pause(tries)).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Whether Slack would say the same of any other place.
fn is_for_all(code: &str) -> bool {
    matches!(code, "missing_scope" | "file_uploads_disabled" | "foreign_address")
}

fn not_sent(file: &File, error: &SlackError, id: &str) -> Message {
    let todo = match error.code() {
        Some("missing_scope") => Text::new()
            .plain("The Slack app lacks the permission ")
            .code("files:write")
            .plain(". Whoever runs this bot can add it."),
        Some("file_uploads_disabled") => "Files are switched off in this workspace.".into(),
        Some(code) => {
            Text::new().plain("Slack refuses it (").code(code).plain("). Tell the people who run this bot.")
        }
        None => "Slack did not answer. Ask again in a minute.".into(),
    };
    Message::new(format!("{} could not be sent.", file.name))
        .state(State::NeedsYou)
        .line(todo)
        .footnote(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_id_once() {
        assert_eq!(named("acme-audit.csv", "inv-1"), "acme-audit-inv-1.csv");
        assert_eq!(named("notes", "inv-1"), "notes-inv-1");
        assert_eq!(named("a.b.csv", "inv-1"), "a.b-inv-1.csv");
    }

    #[test]
    fn what_could_not_be_sent_is_said_with_what_to_do() {
        let file = File { name: "a.csv".into(), title: "A".into(), content: "x".into() };
        let told = |code: &str| {
            let error = SlackError::Refused { method: "files.getUploadURLExternal", code: code.into() };
            not_sent(&file, &error, "inv-1").words()
        };
        insta::assert_snapshot!([told("missing_scope"), told("odd")].join("\n"), @r"
        ⚠️ a.csv could not be sent.
        The Slack app lacks the permission files:write. Whoever runs this bot can add it.
        inv-1
        ⚠️ a.csv could not be sent.
        Slack refuses it (odd). Tell the people who run this bot.
        inv-1
        ");
    }
}
