//! Where a store can be in a test: a file in a temporary folder, or a PostgreSQL server of its own.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use sqlx::Connection as _;
use tempfile::TempDir;

use crate::store::Store;

/// A place for a store.
pub enum Place {
    Sqlite(TempDir),
    Postgres(Server, String),
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub fn postgres() -> Self {
        Self::Postgres(Server::start(), "postgres".to_owned())
    }

    pub fn url(&self) -> String {
        match self {
            // The folder in between is made by the store.
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("data/hub.db").display()),
            Self::Postgres(server, database) => server.url(database),
        }
    }

    pub async fn open(&self) -> Arc<dyn Store> {
        crate::store::open(&self.url()).await.unwrap()
    }

    /// Runs SQL past the store, as somebody with access to the database could.
    pub async fn execute(&self, sql: &'static str) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(_) => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url()).await?;
                Ok(sqlx::query(sql).execute(&mut connection).await?.rows_affected())
            }
            Self::Postgres(..) => {
                let mut connection = sqlx::PgConnection::connect(&self.url()).await?;
                Ok(sqlx::query(sql).execute(&mut connection).await?.rows_affected())
            }
        }
    }

    /// The same with a text that is made in the test.
    pub async fn execute_text(&self, sql: String) -> Result<u64, sqlx::Error> {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(_) => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url()).await?;
                Ok(sqlx::query(sql).execute(&mut connection).await?.rows_affected())
            }
            Self::Postgres(..) => {
                let mut connection = sqlx::PgConnection::connect(&self.url()).await?;
                Ok(sqlx::query(sql).execute(&mut connection).await?.rows_affected())
            }
        }
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(_) => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Self::Postgres(..) => {
                let mut connection = sqlx::PgConnection::connect(&self.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Goes on in a database of the same server in which nothing is yet.
    pub async fn empty_database(&mut self) {
        let Self::Postgres(server, database) = self else { panic!("a file has one database") };
        let url = server.url(database);
        // `postgres`, `postgresx`, `postgresxx`, …
        database.push('x');
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {database} TEMPLATE template0"));
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(..))
    }
}

/// A PostgreSQL server on a socket in a folder of its own. It ends with the test.
pub struct Server {
    folder: TempDir,
    running: Option<Child>,
}

impl Server {
    /// Makes an empty server and starts it. `HUBCOMMANDER_TEST_PG_BIN` says where its programs are if not
    /// where Debian and Ubuntu put them.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(user) = other_user() {
            std::os::unix::fs::chown(folder.path(), Some(user), None).unwrap();
        }
        // Preserving the owner, whom the server insists on.
        let copied = Command::new("cp").arg("-a").arg(template()).arg(folder.path().join("data")).status();
        assert!(copied.unwrap().success(), "the template cannot be copied");
        let mut server = Self { folder, running: None };
        server.resume();
        server
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://hub@localhost/{database}?host={}", self.folder.path().display())
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// Ends it abruptly, as a power cut would.
    pub fn kill(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        // SIGQUIT to the postmaster ends it and its children at once, without a checkpoint.
        let killed = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
        if !killed.is_ok_and(|status| status.success()) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        let mut child = as_postgres("postgres")
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60", "-k"])
            .arg(self.folder.path())
            .env("LC_MESSAGES", "C")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end, so that the server never waits for room.
            for line in log.lines().map_while(Result::ok) {
                if line.contains("ready to accept connections") {
                    let _ = ready.send(());
                }
            }
        });
        is_ready.recv_timeout(Duration::from_secs(60)).expect("PostgreSQL does not start");
        self.running = Some(child);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An empty database cluster, made once per machine, user and version: making one takes a second.
fn template() -> PathBuf {
    let owner = other_user().unwrap_or_else(|| id(&["-u"]).unwrap());
    let version = programs().parent().and_then(Path::file_name).unwrap_or_default().to_owned();
    let name = format!("hubcommander-test-postgres-{}-{owner}", version.display());
    let template = std::env::temp_dir().join(name);
    // Nobody else's: it would be a server of their making.
    let ours = |path: &Path| std::fs::metadata(path).is_ok_and(|folder| folder.uid() == owner);
    if template.exists() {
        assert!(ours(&template), "{} belongs to somebody else", template.display());
        return template;
    }
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(folder.path(), Some(owner), None).unwrap();
    let made = as_postgres("initdb")
        .args(["--auth=trust", "--username=hub", "--no-sync", "--no-instructions", "--encoding=UTF8"])
        .args(["--locale=C", "--wal-segsize=1", "-D"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    // Whoever is second finds it made.
    if let Err(error) = std::fs::rename(folder.path().join("data"), &template) {
        assert!(ours(&template), "{}: {error}", template.display());
    }
    template
}

/// The user to run the server as, if this is root: PostgreSQL refuses to run as root.
fn other_user() -> Option<u32> {
    (id(&["-u"])? == 0).then(|| id(&["-u", "postgres"]).expect("root needs a user `postgres` to run it as"))
}

fn id(args: &[&str]) -> Option<u32> {
    let out = Command::new("id").args(args).output().ok()?;
    String::from_utf8(out.stdout).ok()?.trim().parse().ok()
}

/// A program of PostgreSQL, run by a user that it accepts, which ends when this test's thread does.
fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if other_user().is_some() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(programs().join(program)).current_dir("/");
    command
}

fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("HUBCOMMANDER_TEST_PG_BIN") {
        return folder.into();
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    versions.retain(|folder: &PathBuf| Path::exists(&folder.join("postgres")));
    versions.sort();
    versions
        .pop()
        .expect("no PostgreSQL here: install the package postgresql, or set HUBCOMMANDER_TEST_PG_BIN")
}
