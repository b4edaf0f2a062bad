//! Of whom a night finds that they have left without anybody having been told.

use std::time::Duration;

use anyhow::Result;
use hubcommander::directory::Settings;
use hubcommander_directory::readers::CsvSettings;
use serde_json::json;

use super::{AT_ONCE, Story};
use crate::world::{SAM, Servers, shipped_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_had_left_before_the_directory_was_read_first_is_let_go_at_night() -> Result<()> {
    let servers = Servers::start().await?;
    let list = servers.folder.path().join("people.csv");
    std::fs::write(&list, "id,email,active\n1,ana@acme.example,yes\n2,sam@acme.example,no\n")?;
    let text = format!("{}\n[farewell]\n{AT_ONCE}\n", shipped_with(&[]));
    let mut config = servers.config(&text)?;
    config.directory = Settings { csv: Some(CsvSettings::new(&list)), ..config.directory };
    let story = Story::start_config(servers, config, true).await?;
    story.link(SAM, "sam-okafor").await?;
    assert_eq!(story.members("acme")["sam-okafor"], json!("member"), "from a first reading nothing follows");
    // To the next night, and over it.
    story.clock.forward(Duration::from_secs(25 * 3_600));
    let said = story.hears("has been let go").await?;
    assert!(said.contains("sam-okafor is no member of acme any more"), "{said}");
    assert_eq!(story.members("acme").get("sam-okafor"), None);
    assert_eq!(story.book.of_user(SAM).await?, None);
    // The nights after find nobody.
    story.clock.forward(Duration::from_secs(24 * 3_600));
    story.world.all_read().await?;
    story.world.end().await
}
