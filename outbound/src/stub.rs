//! The other side of a connection, for the tests: it reads one request's head and answers it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a proxy answers who lets nobody through.
pub(crate) const REFUSED: &str = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";

/// Answers the first who comes. Gives its address, and in the end what was asked and the open connection.
pub(crate) async fn answers(answer: &'static str) -> (SocketAddr, JoinHandle<(String, TcpStream)>) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = server.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        (String::from_utf8(asked).unwrap(), stream)
    });
    (address, answering)
}
