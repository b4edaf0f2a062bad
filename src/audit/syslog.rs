//! A message of syslog (RFC 5424), over UDP (RFC 5426), TCP (RFC 6587, octets counted) or a local socket.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket, UnixDatagram, lookup_host};

use super::announce::Announcement;

/// How long reaching the log may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Facility 10, security and authorization; severity 5, notice: RFC 5424, section 6.2.1.
const PRIORITY: u8 = 10 * 8 + 5;

/// Where a log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syslog {
    /// `udp://HOST:PORT`. Whether it arrives nobody knows.
    Udp(String),
    /// `tcp://HOST:PORT`.
    Tcp(String),
    /// `unix:///dev/log`.
    Unix(PathBuf),
}

/// Not an address of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `udp://HOST:PORT`, `tcp://HOST:PORT` or `unix:///PATH`")]
pub struct NoSyslog;

impl FromStr for Syslog {
    type Err = NoSyslog;

    fn from_str(text: &str) -> Result<Self, NoSyslog> {
        let (scheme, rest) = text.split_once("://").ok_or(NoSyslog)?;
        let host = || {
            let (host, port) = rest.rsplit_once(':').ok_or(NoSyslog)?;
            let fine =
                !host.is_empty() && !host.contains(['/', '@']) && port.parse::<u16>().is_ok_and(|p| p > 0);
            fine.then(|| rest.to_owned()).ok_or(NoSyslog)
        };
        match scheme {
            "udp" => host().map(Self::Udp),
            "tcp" => host().map(Self::Tcp),
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            _ => Err(NoSyslog),
        }
    }
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(host) => write!(f, "udp://{host}"),
            Self::Tcp(host) => write!(f, "tcp://{host}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl Syslog {
    /// Sends one message.
    ///
    /// # Errors
    /// The log cannot be reached.
    pub(super) async fn send(&self, announcement: &Announcement) -> std::io::Result<()> {
        let line = message(announcement);
        let sending = async {
            match self {
                Self::Udp(host) => {
                    let to = lookup_host(host).await?.next().ok_or(std::io::ErrorKind::NotFound)?;
                    let from = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    UdpSocket::bind(from).await?.send_to(line.as_bytes(), to).await.map(|_| ())
                }
                Self::Tcp(host) => {
                    let mut stream = TcpStream::connect(host).await?;
                    stream.write_all(format!("{} {line}", line.len()).as_bytes()).await?;
                    stream.shutdown().await
                }
                Self::Unix(path) => UnixDatagram::unbound()?.send_to(line.as_bytes(), path).await.map(|_| ()),
            }
        };
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        tokio::time::timeout(WITHIN, sending).await.map_err(late)?
    }
}

/// The message. The name of this machine is left out (`-`): the log knows from where it came.
fn message(announcement: &Announcement) -> String {
    format!("<{PRIORITY}>1 {} - hubcommander - audit-head - {announcement}", announcement.at)
}

#[cfg(test)]
mod tests {
    use hubcommander_audit::{Hash, Head};
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            head: Head { hash: Hash([0x5a; 32]), position: 12 },
            seal: 3,
            at: "2026-03-02T09:00:00Z".into(),
            key: "0011223344556677".into(),
        }
    }

    const SAID: &str = "<85>1 2026-03-02T09:00:00Z - hubcommander - audit-head - hubcommander audit head \
        5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a@12 seal 3 at 2026-03-02T09:00:00Z key 0011223344556677";

    #[tokio::test]
    async fn a_message_arrives_over_each_way() {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to: Syslog = format!("udp://{}", udp.local_addr().unwrap()).parse().unwrap();
        to.send(&announcement()).await.unwrap();
        let mut bytes = [0; 1024];
        let read = udp.recv(&mut bytes).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes[..read]), SAID);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let unix = UnixDatagram::bind(&path).unwrap();
        let to: Syslog = format!("unix://{}", path.display()).parse().unwrap();
        to.send(&announcement()).await.unwrap();
        let read = unix.recv(&mut bytes).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes[..read]), SAID);

        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to: Syslog = format!("tcp://{}", tcp.local_addr().unwrap()).parse().unwrap();
        let announced = announcement();
        let (sent, heard) = tokio::join!(to.send(&announced), async {
            let mut said = String::new();
            tcp.accept().await.unwrap().0.read_to_string(&mut said).await.unwrap();
            said
        });
        sent.unwrap();
        assert_eq!(heard, format!("{} {SAID}", SAID.len()));
    }

    #[test]
    fn addresses_are_checked() {
        for wrong in [
            "",
            "localhost:514",
            "http://x:1",
            "udp://x",
            "udp://:514",
            "tcp://x:0",
            "unix://dev/log",
            "tcp://a@b:1",
        ] {
            assert_eq!(wrong.parse::<Syslog>(), Err(NoSyslog), "{wrong}");
        }
        for right in ["udp://logs.example.com:514", "tcp://[::1]:601", "unix:///dev/log"] {
            assert_eq!(right.parse::<Syslog>().unwrap().to_string(), right);
        }
    }
}
