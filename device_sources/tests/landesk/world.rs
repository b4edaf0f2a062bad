//! A local SQL Server that holds LANDESK's tables, and the source that asks it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hubcommander_device_sources::landesk::{Landesk, Privacy, Reading, Settings};
use hubcommander_posture::{Record, Seen};
use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::devices::Found;
use iridium_server::{ServerConfig, TdsServer};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt as _;

pub const PASSWORD: &str = "s3cret-of-the-login";
pub const AMY: &str = "amy@acme.example";
pub const OTHER_AMY: &str = "amy@other.example";
pub const BEN: &str = "ben@acme.example";

const TABLES: [&str; 9] = [
    "CREATE TABLE Computer (Computer_Idn INT, DISPLAYNAME NVARCHAR(100), DEVICEID NVARCHAR(100), \
     TYPE NVARCHAR(100), LASTUPDINVSVR DATETIME, HWLASTSCANDATE DATETIME, SWLASTSCANDATE DATETIME)",
    "CREATE TABLE LDAPUserAttrV (Computer_Idn INT, EMAILADDR NVARCHAR(200))",
    "CREATE TABLE CompSystem (Computer_Idn INT, MODEL NVARCHAR(100), MANUFACTURER NVARCHAR(100), \
     SERIALNUM NVARCHAR(100), SYSTEMVERSION NVARCHAR(100))",
    "CREATE TABLE BitLocker (Computer_Idn INT, PROTECTIONSTATUS NVARCHAR(50), CONVERSIONSTATUS NVARCHAR(50), \
     GENENCRYPT NVARCHAR(50), ENCRYPTIONPERCENTAGE INT)",
    "CREATE TABLE OSNT (Computer_Idn INT, CURRENTBUILD NVARCHAR(50), CURRENTVERSION NVARCHAR(50), \
     RELEASEID NVARCHAR(50))",
    "CREATE TABLE Operating_System (Computer_Idn INT, OSTYPE NVARCHAR(200))",
    "CREATE TABLE BoundAdapter (Computer_Idn INT, PhysAddress NVARCHAR(50), FirewallEnabled NVARCHAR(50))",
    "CREATE TABLE CVDetectedV (Computer_Idn INT, Vul_ID NVARCHAR(50), VulType NVARCHAR(50), \
     VulSeverity NVARCHAR(50), Title NVARCHAR(200), Reason NVARCHAR(500))",
    "CREATE TABLE AppSoftwareSuites (Computer_Idn INT, InstallDate DATETIME, Publisher NVARCHAR(100), \
     SuiteName NVARCHAR(200), Version NVARCHAR(50))",
];

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// What to store so that this time is read: the local server counts days from 2000, where TDS counts from 1900.
fn stored(text: &str) -> String {
    let time: chrono::NaiveDateTime = text.parse().unwrap();
    (time + chrono::Duration::days(36_524)).format("%Y-%m-%dT%H:%M:%S").to_string()
}

pub struct Scene {
    pub settings: Settings,
    client: Client<tokio_util::compat::Compat<TcpStream>>,
}

impl Scene {
    /// The tables, and nobody's computer.
    pub async fn empty() -> Self {
        let mut config = ServerConfig::with_auth("reader", PASSWORD).port(0).disable_tls();
        config.pool_max_size = 10;
        let mut server = TdsServer::new_with_database(iridium_core::Database::new(), config);
        let port = server.bind().await.unwrap().port();
        tokio::spawn(async move { server.run().await.unwrap() });
        let settings = Settings {
            port,
            privacy: Privacy::Plain,
            reading: Reading {
                zone: Reading::zone_named("America/Los_Angeles").unwrap(),
                ..Reading::default()
            },
            ..Settings::new("127.0.0.1", "master", "reader", PASSWORD.into())
        };
        let mut config = Config::new();
        config.host("127.0.0.1");
        config.port(port);
        config.encryption(EncryptionLevel::NotSupported);
        config.authentication(AuthMethod::sql_server("reader", PASSWORD));
        let wire = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let client = Client::connect(config, wire.compat_write()).await.unwrap();
        let mut scene = Self { settings, client };
        for table in TABLES {
            scene.run(table).await;
        }
        scene
    }

    /// Two Amys and Ben, each with a computer; the number of each is its key.
    pub async fn people() -> Self {
        let mut scene = Self::empty().await;
        scene.computer(1, AMY).await;
        scene.computer(2, OTHER_AMY).await;
        scene.computer(3, BEN).await;
        scene
    }

    /// A computer with all as it should be.
    pub async fn computer(&mut self, key: u32, email: &str) {
        for row in [
            format!(
                "Computer VALUES ({key}, 'pc-{key}', '{{GUID-{key}}}', 'Client', '{}', '{}', '{}')",
                stored("2026-11-20T08:15:00"),
                stored("2026-11-19T08:00:00"),
                stored("2026-11-18T08:00:00"),
            ),
            format!("LDAPUserAttrV VALUES ({key}, '{email}')"),
            format!(
                "CompSystem VALUES ({key}, '21C1S00000', 'LENOVO', 'ZZPC0000{key}', 'ThinkPad X1 Carbon')"
            ),
            format!("BitLocker VALUES ({key}, '1 - on', '1 - fully encrypted', 'XTS-AES 256', 100)"),
            format!("OSNT VALUES ({key}, '22631', '6.3', NULL)"),
            format!("Operating_System VALUES ({key}, 'Microsoft Windows 11 Professional Edition, 64-bit')"),
            format!("BoundAdapter VALUES ({key}, '00DECAFB000{key}', 'Yes')"),
            format!("AppSoftwareSuites VALUES ({key}, NULL, 'Example', N'Falcon Sensör', '7.1')"),
        ] {
            self.run(&format!("INSERT INTO {row}")).await;
        }
    }

    pub async fn run(&mut self, statement: &str) {
        self.client.simple_query(statement).await.unwrap().into_results().await.unwrap();
    }

    pub fn source(&self) -> Landesk {
        Landesk::new(&self.settings, Arc::new(SystemClock)).unwrap()
    }

    pub fn impatient(&mut self) {
        self.settings.connect_within = Duration::from_millis(200);
        self.settings.answer_within = Duration::from_millis(200);
    }
}

pub fn ids(found: &Found) -> Vec<&str> {
    found.records.iter().map(|record| record.id.as_str()).collect()
}

pub fn seen(record: &Record, practice: &str) -> Option<Seen> {
    record.observations.get(practice).map(|one| one.seen)
}
