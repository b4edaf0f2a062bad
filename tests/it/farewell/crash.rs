//! The real program dies in the middle of a farewell.

use anyhow::Result;
use hubcommander::members::Book;
use hubcommander::store::Shelf;
use hubcommander_sdk::accounts::SetLinks;
use serde_json::json;

use super::{AT_ONCE, linked};
use crate::world::{ANA, Process, Servers, shipped_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_farewell_that_was_broken_off_goes_on() -> Result<()> {
    for point in [
        "before-apply:github.remove_member",
        "after-apply:github.remove_member",
        "after-apply:store.set_links",
    ] {
        let servers = Servers::start().await?;
        std::fs::create_dir_all(servers.store_path().parent().unwrap())?;
        let shelf = Shelf::default();
        shelf.put(hubcommander::store::open(&servers.store_url()).await?);
        let book = Book::new(shelf, false);
        book.set("test", &SetLinks::link(linked(&servers, ANA, "ana-lima")?, None, None)).await?;
        servers.slack.arrange(|slack| slack.people.get_mut(ANA).unwrap().deleted = true);
        let config = servers.write_config(&format!("{}\n[farewell]\n{AT_ONCE}\n", shipped_with(&[])))?;
        let named = format!("execute.{point}");
        let mut dies = Process::start(&config, &[("HUBCOMMANDER_CRASH_NAMED", &named)])?;
        assert!(!dies.gone().await?.success(), "{point}");
        let lives = Process::start(&config, &[])?;
        loop {
            let message = servers.slack.await_message(super::SECURITY).await?;
            let shown = servers.shown(&message);
            if shown.contains("has been let go") && !shown.contains('⏳') {
                break;
            }
        }
        let members = |org: &str| servers.github.snapshot()["organisations"][org]["members"].clone();
        assert_eq!(members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "member" }), "{point}");
        assert_eq!(members("acme-oss"), json!({ "hub-bot": "admin" }), "{point}");
        assert_eq!(book.of_user(ANA).await?, None, "{point}");
        servers.settled().await?;
        lives.stop().await?;
    }
    Ok(())
}
