//! The connection to the SQL Server: one for each question, closed after it.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use hubcommander_sdk::devices::SourceError;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value as Json, json};
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, FromSql as _, Query, Row};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::settings::{Privacy, Settings, SetupError, is_loopback};

/// How many values are bound in one statement. SQL Server takes 2100; with this many the statement and the list of its
/// parameters are short texts still.
const BATCH: usize = 100;

/// Why the database did not answer. None of it names a person or holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// It could not be reached, or broke off.
    #[error("LANDESK's database: {0}")]
    NoAnswer(String),
    /// TLS did not come about.
    #[error(
        "LANDESK's database: TLS did not come about. See that its certificate is of its host and trusted here; `ca` names an authority of your own"
    )]
    Tls,
    /// It refused. Its words are left out: they may hold what was asked.
    #[error("LANDESK's database: it refused with error {code}: {meaning}")]
    Refused { code: u32, meaning: &'static str },
    /// What it sent cannot be read.
    #[error("LANDESK's database: an answer that cannot be read")]
    Unreadable,
}

impl From<Trouble> for SourceError {
    fn from(trouble: Trouble) -> Self {
        let words = trouble.to_string();
        match trouble {
            Trouble::NoAnswer(_) | Trouble::Refused { code: 1205 | 1222, .. } => {
                Self::Unavailable { why: words, retry_after: None }
            }
            Trouble::Tls | Trouble::Refused { .. } => Self::Misconfigured(words),
            Trouble::Unreadable => Self::Unreadable(words),
        }
    }
}

impl From<tiberius::error::Error> for Trouble {
    fn from(error: tiberius::error::Error) -> Self {
        use tiberius::error::Error;
        match error {
            Error::Io { kind, .. } => Self::NoAnswer(format!("broken off ({kind:?})")),
            Error::Tls(_) => Self::Tls,
            Error::Server(token) => Self::Refused { code: token.code(), meaning: meaning(token.code()) },
            Error::Routing { .. } => Self::NoAnswer("it sends us to another server".to_owned()),
            _ => Self::Unreadable,
        }
    }
}

/// The errors of SQL Server that somebody can do something about.
fn meaning(code: u32) -> &'static str {
    match code {
        18452 | 18456 => "the login is not accepted. See that user and password are right",
        4060 => "the login may not open the database. See that database is right",
        229 | 230 => "the login may not read a table. Give it db_datareader",
        207 => "a column is not there. See that the database is that of LANDESK",
        208 => "a table is not there. See that the database is that of LANDESK",
        1205 | 1222 => "it was busy",
        _ => "see Microsoft's list of errors",
    }
}

/// Where the database is, and how it is asked.
pub(super) struct Database {
    config: Config,
    address: (String, u16),
    user: String,
    password: SecretString,
    connect_within: Duration,
    answer_within: Duration,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Database {
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let password = settings.password.expose_secret();
        let named = [
            ("host", settings.host.as_str()),
            ("database", settings.database.as_str()),
            ("user", settings.user.as_str()),
            ("password", password),
        ];
        if let Some((what, _)) = named.iter().find(|(_, value)| value.trim().is_empty()) {
            return Err(SetupError::Empty(what));
        }
        let mut config = Config::new();
        config.host(&settings.host);
        config.port(settings.port);
        config.database(&settings.database);
        config.application_name("hubcommander");
        config.handshake_timeout(Some(settings.connect_within));
        config.command_timeout(Some(settings.answer_within));
        match &settings.privacy {
            Privacy::Tls => config.encryption(EncryptionLevel::Required),
            Privacy::TlsOf(authority) => {
                config.encryption(EncryptionLevel::Required);
                config.trust_cert_ca(authority.display());
            }
            Privacy::Plain if is_loopback(&settings.host) => config.encryption(EncryptionLevel::NotSupported),
            Privacy::Plain => return Err(SetupError::Plain),
        }
        Ok(Self {
            config,
            address: (settings.host.clone(), settings.port),
            user: settings.user.clone(),
            password: settings.password.clone(),
            connect_within: settings.connect_within,
            answer_within: settings.answer_within,
        })
    }

    /// Asks within the time that so many questions may take.
    pub(super) async fn within<T>(
        &self,
        questions: u32,
        asking: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let late = |_| Trouble::NoAnswer("no answer in time".to_owned());
        timeout(self.answer_within * questions, asking).await.map_err(late)?
    }

    pub(super) async fn connect(&self) -> Result<Connection, Trouble> {
        let (host, port) = &self.address;
        let late = |_| Trouble::NoAnswer("no connection in time".to_owned());
        let wire = timeout(self.connect_within, TcpStream::connect((host.as_str(), *port)))
            .await
            .map_err(late)?
            .map_err(|error| Trouble::NoAnswer(format!("no connection ({:?})", error.kind())))?;
        // Without it the first answer waits for a packet that is not full.
        let _ = wire.set_nodelay(true);
        let mut config = self.config.clone();
        config.authentication(AuthMethod::sql_server(&self.user, self.password.expose_secret()));
        let client = timeout(self.connect_within, Client::connect(config, wire.compat_write())).await;
        Ok(Connection(client.map_err(late)??))
    }
}

/// An open connection.
pub(super) struct Connection(Client<Compat<TcpStream>>);

impl Connection {
    /// The rows of a statement without values.
    pub(super) async fn rows(&mut self, statement: &str) -> Result<Vec<Map<String, Json>>, Trouble> {
        let rows = self.0.simple_query(statement).await?.into_first_result().await?;
        Ok(rows.iter().map(object).collect())
    }

    /// The rows of a statement that ends in a list of values, asked in batches.
    pub(super) async fn rows_of<T: Clone + for<'a> tiberius::IntoSql<'a>>(
        &mut self,
        (before, after): (&str, &str),
        values: &[T],
    ) -> Result<Vec<Map<String, Json>>, Trouble> {
        let mut all = Vec::new();
        for batch in values.chunks(BATCH) {
            let mut query = Query::new(format!("{before}{}{after}", Query::placeholders(1, batch.len())));
            for value in batch {
                query.bind(value.clone());
            }
            let rows = query.query(&mut self.0).await?.into_first_result().await?;
            all.extend(rows.iter().map(object));
        }
        Ok(all)
    }
}

/// A row as an object: numbers, texts and flags as they are, times as texts without a zone.
fn object(row: &Row) -> Map<String, Json> {
    row.cells().map(|(column, data)| (column.name().to_owned(), value(data))).collect()
}

fn value(data: &ColumnData<'static>) -> Json {
    match data {
        ColumnData::U8(value) => json!(value),
        ColumnData::I16(value) => json!(value),
        ColumnData::I32(value) => json!(value),
        ColumnData::I64(value) => json!(value),
        ColumnData::F32(value) => json!(value),
        ColumnData::F64(value) => json!(value),
        ColumnData::Bit(value) => json!(value),
        ColumnData::String(value) => json!(value),
        ColumnData::Numeric(value) => json!(value.map(|value| value.to_string())),
        ColumnData::Guid(value) => json!(value.map(|value| value.to_string())),
        ColumnData::DateTimeOffset(_) => {
            let at = DateTime::<FixedOffset>::from_sql(data).ok().flatten();
            json!(at.map(|at| at.to_rfc3339()))
        }
        ColumnData::DateTime(_) | ColumnData::SmallDateTime(_) | ColumnData::DateTime2(_) => {
            let at = NaiveDateTime::from_sql(data).ok().flatten();
            json!(at.map(|at| at.format("%Y-%m-%dT%H:%M:%S%.f").to_string()))
        }
        _ => Json::Null,
    }
}
