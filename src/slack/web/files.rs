//! Files: Slack gives an address, takes the bytes there, and then shows the file where we say
//! (<https://docs.slack.dev/messaging/working-with-files>).

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::message::File;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Web;
use super::call::{Nature, Who};
use super::error::SlackError;
use super::messages::Nothing;
use super::method::Method;

#[derive(Deserialize)]
struct Address {
    upload_url: String,
    file_id: String,
}

#[derive(Serialize)]
struct Complete<'a> {
    files: [Sent<'a>; 1],
    channel_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_comment: Option<&'a str>,
}

#[derive(Serialize)]
struct Sent<'a> {
    id: &'a str,
    title: &'a str,
}

impl Web {
    /// Shows a file in a conversation, with words beside it if there are any. They are Slack's `mrkdwn`.
    ///
    /// # Errors
    /// After [`SlackError::Unclear`] it may be there, or come yet: look with [`Web::has_file`] before sending
    /// it again. Anything else: it is not shown.
    pub async fn share(
        &self,
        channel: &str,
        thread: Option<&str>,
        file: &File,
        comment: Option<&str>,
    ) -> Result<(), SlackError> {
        // Until it is completed nobody sees it: sent twice it is only an upload that comes to nothing.
        let id = match self.deposit(file).await {
            Err(SlackError::Unclear { log }) => return Err(SlackError::Unavailable { log }),
            deposited => deposited?,
        };
        let body = Complete {
            files: [Sent { id: &id, title: &file.title }],
            channel_id: channel,
            thread_ts: thread,
            initial_comment: comment,
        };
        // It shows as a message, so it keeps to the pace of messages.
        let _turn = self.inner.pacer.turn(channel).await;
        let call = || self.send::<_, Nothing>(Method::FilesComplete, Who::Bot, &body);
        self.again(Method::FilesComplete, Some(channel), Nature::Once, call).await.map(drop)
    }

    /// Whether a file of this name that we sent stands there, sent after `since`. Slack shows a file a moment
    /// after it has taken it, so that "no" is certain only some seconds later.
    ///
    /// # Errors
    /// [`SlackError::Unclear`] if the thread is too long to be read whole.
    pub async fn has_file(
        &self,
        channel: &str,
        thread: Option<&str>,
        name: &str,
        since: Instant,
    ) -> Result<bool, SlackError> {
        let found = self.find_ours(channel, thread, since, |candidate| {
            candidate.files.iter().any(|file| file.name.as_deref() == Some(name))
        });
        Ok(found.await?.is_some())
    }

    /// Sends the bytes. Gives the file's id.
    async fn deposit(&self, file: &File) -> Result<String, SlackError> {
        let parameters =
            [("filename", Some(file.name.clone())), ("length", Some(file.content.len().to_string()))];
        let address: Address = self.read(Method::FilesUploadUrl, &parameters).await?;
        let url = self.own_address(Method::Upload, &address.upload_url)?;
        let content = Bytes::copy_from_slice(file.content.as_bytes());
        let call = || self.put(&url, content.clone());
        self.again(Method::Upload, None, Nature::Repeats, call).await?;
        Ok(address.file_id)
    }

    /// The address holds a ticket of its own: no token goes there, and it is not logged.
    async fn put(&self, url: &Url, content: Bytes) -> Result<(), SlackError> {
        let name = Method::Upload.name();
        let unavailable = |log: String| SlackError::Unavailable { log: format!("{name}: {log}") };
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Full::new(content))
            .map_err(|error| unavailable(error.to_string()))?;
        let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(self.way_out());
        let answer = match tokio::time::timeout(self.inner.answer_within, client.request(request)).await {
            Ok(Ok(answer)) => answer.status(),
            Ok(Err(error)) if error.is_connect() => return Err(unavailable(error.to_string())),
            Ok(Err(error)) => return Err(SlackError::Unclear { log: format!("{name}: {error}") }),
            Err(_) => return Err(SlackError::Unclear { log: format!("{name}: no answer in time") }),
        };
        match answer {
            StatusCode::OK => Ok(()),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(SlackError::Unclear { log: format!("{name}: {status}") })
            }
            status => Err(SlackError::Refused { method: name, code: format!("http_{}", status.as_u16()) }),
        }
    }
}
