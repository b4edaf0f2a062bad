//! How PostgreSQL is reached, and how its errors are told without a password.

use std::str::FromStr as _;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::super::StoreError;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A server and database, as the URL names them.
#[derive(Clone)]
pub(super) struct Server {
    options: PgConnectOptions,
    /// The password as it may stand in an error: as in the URL, and decoded.
    secrets: Vec<SecretString>,
}

impl Server {
    /// The server that `url` names.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let secrets = passwords(url);
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            StoreError::Unavailable(redact(&secrets, &format!("the store's url: {error}")))
        })?;
        Ok(Self { options: options.application_name("hubcommander").disable_statement_logging(), secrets })
    }

    /// For a pool.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Where it is, for people.
    pub fn name(&self) -> String {
        let host = match self.options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", self.options.get_host(), self.options.get_port()),
        };
        let database = self.options.get_database().unwrap_or_else(|| self.options.get_username());
        format!("PostgreSQL database {database} at {host}")
    }

    /// A connection to write over.
    pub async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let connecting = async {
            let mut connection = self.options.connect().await?;
            // A commit that is answered must be on the disk, whatever the server's default. A stronger
            // setting than `on` is left as it is.
            let settings = "SELECT
                set_config('synchronous_commit', 'on', false) FROM pg_settings
                WHERE name = 'synchronous_commit' AND setting = 'off'";
            connection.execute(settings).await?;
            connection.execute("SET statement_timeout = '30s'").await?;
            connection.execute("SET lock_timeout = '10s'").await?;
            connection.execute("SET idle_in_transaction_session_timeout = '60s'").await?;
            Ok(connection)
        };
        let late = |_| sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::TimedOut));
        tokio::time::timeout(CONNECT_WITHIN, connecting).await.map_err(late)?
    }

    /// An error as it may be told.
    pub fn told(&self, error: &dyn std::fmt::Display) -> String {
        redact(&self.secrets, &error.to_string())
    }

    /// The same as a [`StoreError`].
    pub fn unavailable(&self, error: &sqlx::Error) -> StoreError {
        StoreError::Unavailable(self.told(error))
    }
}

/// Closes a connection, politely if the server answers soon.
pub(super) async fn close(connection: PgConnection) {
    let _ = tokio::time::timeout(Duration::from_secs(2), connection.close()).await;
}

/// The passwords in a URL, encoded and decoded: in the authority or as a setting.
fn passwords(url: &str) -> Vec<SecretString> {
    let mut found: Vec<String> = Vec::new();
    // As written, even where the URL cannot be parsed.
    if let Some((_, rest)) = url.split_once("://")
        && let Some((user, _)) = rest.rsplit_once('@')
        && let Some((_, password)) = user.split_once(':')
    {
        found.push(password.to_owned());
    }
    if let Some((_, query)) = url.split_once('?') {
        found.extend(query.split('&').filter_map(|pair| pair.strip_prefix("password=")).map(str::to_owned));
    }
    let decoded: Vec<String> = found
        .iter()
        .filter_map(|it| {
            let pair = format!("p={}", it.replace('+', "%2B"));
            url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
        })
        .collect();
    found.extend(decoded);
    found.retain(|it| !it.is_empty());
    // The longest first: a shorter one may be part of it.
    found.sort_unstable_by_key(|it| std::cmp::Reverse(it.len()));
    found.into_iter().map(SecretString::from).collect()
}

fn redact(secrets: &[SecretString], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), "[redacted]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_told() {
        for url in [
            "postgres://hub:s3cr%40t@localhost/hub",
            "postgres://hub@localhost/hub?password=s3cr%40t",
            "postgres://hub:s3cr%40t@localhost:notaport/hub",
        ] {
            let secrets = passwords(url);
            let told = redact(&secrets, &format!("cannot connect to {url} with s3cr@t or s3cr%40t"));
            assert!(!told.contains("s3cr"), "{told}");
            assert!(told.contains("localhost"), "{told}");
            if let Err(error) = Server::new(url) {
                assert!(!error.to_string().contains("s3cr"), "{error}");
            }
        }
        assert!(passwords("postgres://hub@localhost/hub").is_empty());
    }
}
