//! Secrets stand outside the file: in the environment, in a file of their own, or behind a command.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};

/// A secret. Never shown by `Debug`, and wiped when dropped.
pub type Secret = SecretString;

/// The least that is taken for a secret, in bytes. Anything shorter is a mistake, and could not be taken
/// out of logs without taking out half of the words.
const LEAST: usize = 8;
/// The most, in bytes.
const MOST: u64 = 64 * 1024;
/// How long a command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In this variable of the environment.
    Env(String),
    /// In this file, seen from the working directory.
    File(PathBuf),
    /// On the standard output of this program with these arguments, run without a shell.
    Command(Vec<String>),
}

/// Why there is no secret: one sentence on what is wrong, one on what to do. Neither holds any of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub what: String,
    pub cure: String,
}

/// Reads the environment: a variable's value by its name.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

impl Source {
    /// Fetches the secret. White space at its end is cut off: files and commands end with a newline.
    pub fn fetch(&self, environment: Environment<'_>, limit: Duration) -> Result<Secret, Missing> {
        let (raw, place, cure) = match self {
            Self::Env(name) => {
                let cure = format!("Set it before the start, for example with `export {name}=...`.");
                let Some(value) = environment(name) else {
                    return Err(Missing { what: format!("The environment has no variable `{name}`."), cure });
                };
                (SecretString::from(value), format!("The variable `{name}`"), cure)
            }
            Self::File(path) => {
                let place = format!("The file {}", path.display());
                let cure =
                    "Put the secret there, readable for the user that runs HubCommander only.".to_owned();
                let read = std::fs::File::open(path).and_then(bounded);
                match read {
                    Ok(value) => (value, place, cure),
                    Err(error) => {
                        return Err(Missing { what: format!("{place} cannot be read: {error}."), cure });
                    }
                }
            }
            Self::Command(words) => {
                let name = words.first().map_or("", String::as_str);
                let place = format!("The command `{name}`");
                let cure = format!("Run it by hand to see what is wrong: `{}`.", shell_words_shown(words));
                match run(words, limit) {
                    Ok(value) => (value, place, cure),
                    Err(why) => return Err(Missing { what: format!("{place} {why}."), cure }),
                }
            }
        };
        let value = raw.expose_secret().trim_end();
        if value.is_empty() {
            return Err(Missing { what: format!("{place} gives an empty secret."), cure });
        }
        if value.len() < LEAST {
            let what = format!("{place} gives a secret of fewer than {LEAST} characters.");
            return Err(Missing {
                what,
                cure: "Give the whole secret; shorter ones are not accepted.".to_owned(),
            });
        }
        Ok(SecretString::from(value))
    }
}

/// The words of a command, without what may be a secret among them.
fn shell_words_shown(words: &[String]) -> String {
    crate::redact::redact(&words.join(" "))
}

/// Whether an address has a password in it.
pub(super) fn has_password(url: &Secret) -> bool {
    url::Url::parse(url.expose_secret()).is_ok_and(|url| {
        url.password().is_some() || url.query_pairs().any(|(name, _)| name.contains("password"))
    })
}

/// All that can be read, if it is text of a sensible size.
fn bounded(from: impl std::io::Read) -> std::io::Result<SecretString> {
    let mut text = String::new();
    let read = from.take(MOST + 1).read_to_string(&mut text);
    let text = SecretString::from(text);
    if read? as u64 > MOST {
        return Err(std::io::Error::other("it is larger than 64 KiB"));
    }
    Ok(text)
}

/// Runs a program without a shell, with nothing to read, and takes what it writes. Its complaints go where
/// ours go.
fn run(words: &[String], limit: Duration) -> Result<SecretString, String> {
    let [program, arguments @ ..] = words else { return Err("is empty".to_owned()) };
    let until = Instant::now() + limit;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let Some(stdout) = child.stdout.take() else { return Err("has no output".to_owned()) };
    let (send, receive) = mpsc::channel();
    // A thread, because a pipe cannot be read with a deadline. It ends with the pipe.
    thread::spawn(move || send.send(bounded(stdout)));
    let late = || format!("did not finish within {} s", limit.as_secs_f32());
    let read = receive.recv_timeout(limit);
    let mut ended = None;
    // The pipe may close before the program ends; it has the rest of its time for that.
    while read.is_ok() && ended.is_none() && Instant::now() < until {
        ended = child.try_wait().map_err(|error| format!("cannot be waited for: {error}"))?;
        if ended.is_none() {
            thread::sleep(Duration::from_millis(2));
        }
    }
    let Some(status) = ended else {
        // Whether or not it still ran: it must not stay behind.
        let _gone = child.kill();
        let _reaped = child.wait();
        return Err(late());
    };
    match read {
        // First, because a program whose output is no longer read also fails.
        Ok(Err(error)) => Err(format!("gave something that cannot be read: {error}")),
        _ if !status.success() => Err(format!("failed ({status})")),
        Ok(Ok(text)) => Ok(text),
        Err(_) => Err(late()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_variables(_: &str) -> Option<String> {
        None
    }

    fn command(words: &[&str]) -> Source {
        Source::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn fetched(source: &Source) -> Result<String, Missing> {
        source.fetch(&no_variables, COMMAND_LIMIT).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn a_variable_a_file_and_a_command_each_give_their_secret() {
        let environment = |name: &str| (name == "A").then(|| "from-the-variable".to_owned());
        let env = Source::Env("A".to_owned()).fetch(&environment, COMMAND_LIMIT);
        assert_eq!(env.unwrap().expose_secret(), "from-the-variable");

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "line one\nline two\r\n\n").unwrap();
        assert_eq!(fetched(&Source::File(file.path().to_owned())).unwrap(), "line one\nline two");

        // No shell looks at the words: `$HOME` stays as it is.
        assert_eq!(fetched(&command(&["printf", "%s\n", "$HOME sweet"])).unwrap(), "$HOME sweet");
    }

    #[test]
    fn what_gives_no_secret_says_so() {
        let what = |source: &Source| fetched(source).unwrap_err().what;
        assert_eq!(what(&Source::Env("A".to_owned())), "The environment has no variable `A`.");
        assert!(
            what(&Source::File("no/such/file".into())).starts_with("The file no/such/file cannot be read")
        );
        assert_eq!(what(&command(&["true"])), "The command `true` gives an empty secret.");
        assert_eq!(what(&command(&["false"])), "The command `false` failed (exit status: 1).");
        assert!(what(&command(&["no-such-program-here"])).contains("cannot be started"));
        assert!(what(&command(&["printf", "short"])).contains("fewer than 8"));
        assert!(what(&command(&["head", "-c", "70000", "/dev/zero"])).contains("larger than 64 KiB"));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let started = Instant::now();
        let limit = Duration::from_millis(100);
        let hanging = command(&["sleep", "30"]).fetch(&no_variables, limit).unwrap_err();
        assert!(hanging.what.contains("did not finish"), "{}", hanging.what);
        let closed =
            command(&["sh", "-c", "exec >&-; exec sleep 30"]).fetch(&no_variables, limit).unwrap_err();
        assert!(closed.what.contains("did not finish"), "{}", closed.what);
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn the_shown_command_holds_no_token() {
        let missing = fetched(&command(&["false", "ghp_0123456789"])).unwrap_err();
        assert!(!missing.cure.contains("ghp_0123456789"));
    }
}
