//! The places where the head is announced.

use std::path::PathBuf;

use hubcommander_sdk::message::Message;
use hubcommander_sdk::text::Text;
use tokio::io::AsyncWriteExt as _;

use super::announce::Announcement;
use super::syslog::Syslog;
use crate::slack::web::{Tag, Web};

/// A channel in Slack.
#[derive(Clone)]
pub struct Slack {
    /// Slack.
    pub web: Web,
    /// The channel's id.
    pub channel: String,
}

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slack({})", self.channel)
    }
}

/// A place.
#[derive(Clone, Debug)]
pub enum Place {
    /// A channel in Slack.
    Slack(Slack),
    /// A file, to whose end lines are added. Best on another machine.
    File(PathBuf),
    /// A log of the system, or of another machine.
    Syslog(Syslog),
}

/// Why a place was not told.
#[derive(Debug, thiserror::Error)]
pub enum NotAnnounced {
    /// Slack did not take it.
    #[error("Slack channel {0}: {1}")]
    Slack(String, crate::slack::web::SlackError),
    /// The file could not be written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The log could not be reached.
    #[error("syslog {0}: {1}")]
    Syslog(String, std::io::Error),
}

impl Place {
    /// Announces there.
    ///
    /// # Errors
    /// It is not known to have arrived.
    pub async fn tell(&self, announcement: &Announcement) -> Result<(), NotAnnounced> {
        match self {
            Self::Slack(slack) => {
                let told =
                    slack.web.post(&slack.channel, None, &words(announcement), &tag(announcement)).await;
                told.map(|_| ()).map_err(|error| NotAnnounced::Slack(slack.channel.clone(), error))
            }
            Self::File(path) => {
                append(path, announcement).await.map_err(|error| NotAnnounced::File(path.clone(), error))
            }
            Self::Syslog(syslog) => syslog
                .send(announcement)
                .await
                .map_err(|error| NotAnnounced::Syslog(syslog.to_string(), error)),
        }
    }
}

fn tag(announcement: &Announcement) -> Tag {
    Tag { invocation: format!("audit-seal-{}", announcement.seal), part: "audit-head".into() }
}

fn words(announcement: &Announcement) -> Message {
    let Announcement { head, seal, at, key } = announcement;
    Message::new(Text::new().plain(format!("The audit holds {} entries.", head.position)))
        .line(Text::new().plain("Its head is ").code(head.to_string()).plain("."))
        .line("Whoever checks it later can compare: nothing up to here can be changed or cut off unseen.")
        .footnote(format!("seal {seal} · {at} · key {key}").as_str())
}

/// Adds a line to the end of a file, and returns once it is on the disk.
async fn append(path: &PathBuf, announcement: &Announcement) -> std::io::Result<()> {
    let mut file = tokio::fs::OpenOptions::new().create(true).append(true).open(path).await?;
    file.write_all(format!("{announcement}\n").as_bytes()).await?;
    file.flush().await?;
    file.sync_all().await
}
