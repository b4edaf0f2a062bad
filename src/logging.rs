//! The log: text or JSON lines on standard error, with every secret taken out before it is written.
//!
//! No code of ours logs a secret. This is the second line of defence, for what slips through in words that
//! come from elsewhere: an error of a library, an answer of a server.

use std::io::{self, Write};
use std::sync::{Arc, Once};

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::redact;

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is worth a line, as [`EnvFilter`] reads it.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What stands in a configured secret's place.
const PLACEHOLDER: &str = "[secret-removed]";
/// Lines of a secret of many lines that are shorter than this are not looked for by themselves.
const LEAST_LINE: usize = 16;

/// Takes secrets out of words: those that are configured, and what looks like one.
#[derive(Clone, Default)]
pub struct Redactor {
    configured: Option<Arc<AhoCorasick>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What it looks for is what must not be seen.
        f.write_str("Redactor")
    }
}

/// The secrets are too many or too long to look for.
#[derive(Debug, thiserror::Error)]
#[error("the secrets cannot be kept out of the log: {0}")]
pub struct TooMuch(String);

impl Redactor {
    /// Looks for these, in each form that they may take in a log: plain, in JSON, in an address, line by line.
    ///
    /// # Errors
    /// They are too many or too long.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s SecretString>) -> Result<Self, TooMuch> {
        let mut forms: Vec<String> = Vec::new();
        for secret in secrets {
            let plain = secret.expose_secret();
            let lines = plain.lines().map(str::trim).filter(|line| line.len() >= LEAST_LINE);
            // An error about an address may quote its password alone.
            let address = url::Url::parse(plain).ok();
            let password = address.as_ref().and_then(url::Url::password).filter(|word| word.len() >= 4);
            for form in
                std::iter::once(plain.trim()).chain(lines).chain(password).filter(|form| !form.is_empty())
            {
                let debug = form.escape_debug().to_string();
                forms.push(url::form_urlencoded::byte_serialize(form.as_bytes()).collect());
                forms.push(in_json(form));
                forms.push(in_json(&debug));
                forms.push(in_json(&in_json(form)));
                forms.push(debug);
                forms.push(form.to_owned());
            }
        }
        forms.sort();
        forms.dedup();
        if forms.is_empty() {
            return Ok(Self::default());
        }
        // Among those that begin at one place the longest, so that no end of it stays.
        let configured = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&forms)
            // The builder's words hold numbers only.
            .map_err(|error| TooMuch(error.to_string()))?;
        Ok(Self { configured: Some(Arc::new(configured)) })
    }

    /// The words without secrets.
    #[must_use]
    pub fn clean(&self, words: &str) -> String {
        let Some(configured) = &self.configured else { return redact::redact(words) };
        let mut out = String::with_capacity(words.len());
        configured.replace_all_with(words, &mut out, |_, _, out| {
            out.push_str(PLACEHOLDER);
            true
        });
        redact::redact(&out)
    }
}

/// What was said as one line: words that come from people must not look like lines of ours, nor move the
/// cursor of whoever reads them.
fn one_line(said: &str) -> String {
    let (said, end) = said.strip_suffix('\n').map_or((said, ""), |said| (said, "\n"));
    let mut out = String::with_capacity(said.len() + 1);
    for c in said.chars() {
        match c {
            '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out + end
}

/// As it stands between the quotes of JSON.
fn in_json(words: &str) -> String {
    let quoted = serde_json::Value::from(words).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

/// Makes writers that take secrets out of each line before it goes on.
#[derive(Clone, Debug)]
pub struct Redacting<M> {
    redactor: Redactor,
    inner: M,
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Redacting<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { redactor: self.redactor.clone(), inner: self.inner.make_writer(), held: Vec::new() }
    }
}

/// One line on its way. It is held until it is whole, so that no secret is cut in two.
#[derive(Debug)]
pub struct Line<W: Write> {
    redactor: Redactor,
    inner: W,
    held: Vec<u8>,
}

impl<W: Write> Line<W> {
    fn send(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let clean = self.redactor.clean(&String::from_utf8_lossy(&held));
        self.inner.write_all(one_line(&clean).as_bytes())
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for Line<W> {
    fn drop(&mut self) {
        // A log that cannot be written has nowhere to say so.
        let _lost = self.send();
    }
}

/// What writes the log as it is configured, to `writer`.
pub fn subscriber<M>(log: &Log, redactor: Redactor, writer: M) -> Box<dyn Subscriber + Send + Sync>
where
    M: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // It has been read when the configuration was; if it could not be read now, the usual is better than none.
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().with_writer(Redacting { redactor, inner: writer });
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(is_fit_to_be_logged));
    match log.format {
        LogFormat::Text => Box::new(registry.with(lines.with_ansi(false))),
        LogFormat::Json => Box::new(registry.with(lines.json().flatten_event(true))),
    }
}

/// Whatever the filter says: at `trace` the WebSocket library writes out each message as it came, with what
/// people said and the addresses that answer for them, and the ticket that opens a connection.
fn is_fit_to_be_logged(line: &Metadata<'_>) -> bool {
    *line.level() != Level::TRACE
        || !["tungstenite", "tokio_tungstenite"].iter().any(|library| {
            line.target().strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
}

/// There is a log already.
#[derive(Debug, thiserror::Error)]
#[error("the log has been started already")]
pub struct AlreadyStarted;

/// Begins to log to standard error, panics included.
///
/// # Errors
/// It has begun already.
pub fn start(log: &Log, redactor: Redactor) -> Result<(), AlreadyStarted> {
    subscriber(log, redactor, io::stderr).try_init().map_err(|_| AlreadyStarted)?;
    log_panics();
    Ok(())
}

/// A panic becomes a line of the log like any other: its words may hold anything.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let said = panic.payload_as_str().unwrap_or("something that is no text");
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let thread = std::thread::current();
            tracing::error!(place, thread = thread.name().unwrap_or("-"), "panic: {said}");
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PASSWORD: &str = "h\u{fc}nter \"22\"";
    const KEY: &str = "first line of the key\nsecond line of the key";

    fn logged(format: LogFormat, say: impl FnOnce()) -> String {
        let kept = Kept::default();
        let secrets: [SecretString; 2] = [PASSWORD.into(), KEY.into()];
        let writer = kept.clone();
        let log = Log { format, filter: "info".to_owned() };
        let subscriber = subscriber(&log, Redactor::new(&secrets).unwrap(), move || writer.clone());
        tracing::subscriber::with_default(subscriber, say);
        kept.text()
    }

    #[test]
    fn no_form_of_a_configured_secret_is_written() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = logged(format, || {
                let address = format!("postgres://me:{}@db", "h%C3%BCnter+%2222%22");
                tracing::info!(password = PASSWORD, debug = ?PASSWORD, address, "it is {PASSWORD}");
                tracing::warn!("{:?} and {KEY}", serde_json::json!({ "key": KEY }));
                tracing::error!("only the second line of the key");
                tracing::info!(shape = "ghp_0123456789abcdef", "xoxb-1-2-abcdef");
            });
            for part in ["nter", "\"22", "first line", "second line", "0123456789abcdef", "xoxb-1"] {
                assert!(!text.contains(part), "{part} in {text}");
            }
            assert!(text.matches("[secret-removed]").count() >= 6, "{text}");
            assert!(
                text.contains("[github-token-removed]") && text.contains("[slack-token-removed]"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_password_of_an_address_is_a_secret_by_itself() {
        let secrets: [SecretString; 1] = ["postgres://me:hunter2222@db/hub".into()];
        let said = Redactor::new(&secrets).unwrap().clean("hunter2222 at postgres://me:hunter2222@db/hub");
        assert_eq!(said, "[secret-removed] at [secret-removed]");
    }

    #[test]
    fn json_stays_json_and_the_filter_holds() {
        let text = logged(LogFormat::Json, || {
            tracing::info!(id = "inv-1", "key {KEY}");
            tracing::debug!("not worth a line");
        });
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert_eq!(lines[0]["id"], "inv-1");
        assert_eq!(lines[0]["message"], "key [secret-removed]");
    }

    #[test]
    fn a_secret_written_in_pieces_is_found() {
        let kept = Kept::default();
        let secrets: [SecretString; 1] = ["hunter2222".into()];
        let writer = kept.clone();
        let writers = Redacting { redactor: Redactor::new(&secrets).unwrap(), inner: move || writer.clone() };
        let mut line = writers.make_writer();
        for piece in ["it is hun", "ter22", "22."] {
            line.write_all(piece.as_bytes()).unwrap();
        }
        drop(line);
        assert_eq!(kept.text(), "it is [secret-removed].");
    }

    #[test]
    fn one_event_is_one_line() {
        let text = logged(LogFormat::Text, || tracing::info!("first\nERROR forged\r\u{1b}[2J"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("first\\nERROR") && !text.contains('\u{1b}') && text.ends_with('\n'), "{text}");
    }

    #[test]
    fn messages_as_they_came_are_never_written() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = Log { filter: "trace".to_owned(), ..Log::default() };
        let subscriber = subscriber(&log, Redactor::default(), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "tungstenite::protocol", "Received message {{}}");
            tracing::trace!(target: "tokio_tungstenite", "poll");
            tracing::debug!(target: "tungstenite::protocol", "closed");
            tracing::trace!(target: "tungstenite_and_more", "ours");
        });
        let text = kept.text();
        assert!(!text.contains("Received") && !text.contains("poll"), "{text}");
        assert!(text.contains("closed") && text.contains("ours"), "{text}");
    }

    #[test]
    fn debug_of_the_redactor_shows_nothing() {
        let secrets: [SecretString; 1] = ["hunter2222".into()];
        assert_eq!(format!("{:?}", Redactor::new(&secrets).unwrap()), "Redactor");
        assert_eq!(Redactor::new([]).unwrap().clean("words"), "words");
    }
}
