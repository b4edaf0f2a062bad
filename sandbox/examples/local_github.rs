//! The local GitHub alone, to look at and to ask with curl:
//!
//! ```sh
//! cargo run -p hubcommander-sandbox --example local_github -- 8090
//! curl -H 'Authorization: Bearer ghp_sandbox' http://127.0.0.1:8090/orgs/acme/repos
//! ```
//!
//! A second number adds that many repositories to `acme`.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{GitHub, World};
use hubcommander_sdk::clock::SystemClock;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(0), |text| text.parse::<u16>())?;
    let more = std::env::args().nth(2).map_or(Ok(0), |text| text.parse::<usize>())?;
    let world = World::acme().many_repositories("acme", more);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let github = GitHub::start_on(listener, world, Arc::new(SystemClock), Faults::default())?;
    println!("{}  (token: ghp_sandbox; Ctrl-C stops it)", github.url());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
