//! Told back what was linked.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander::config::Config;
use hubcommander::directory::WebhookSettings;
use hubcommander_directory::readers::CsvSettings;
use serde_json::json;

use super::Company;
use crate::members::Hand;
use crate::notices::receiver::{Receiver, SECRET};
use crate::world::{ANA, DEV, Servers};

const NEXT: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

async fn company(servers: Servers, receiver: &Receiver) -> Result<Company> {
    let path = servers.folder.path().join("people.csv");
    std::fs::write(&path, "id,email\n7,ana@acme.example\n8,sam@acme.example\n")?;
    let url = receiver.url().parse()?;
    Company::start(servers, |config: &mut Config| {
        config.directory.csv = Some(CsvSettings::new(path));
        config.directory.webhook = Some(WebhookSettings { url, secrets: vec![SECRET.into(), NEXT.into()] });
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_told_until_it_is_taken_after_a_restart_too() -> Result<()> {
    let receiver = Receiver::start().await?;
    let company = company(Servers::start().await?, &receiver).await?;
    company.knows(&["ana@acme.example", "sam@acme.example"]).await?;
    receiver.refuse(1);
    let hand = Hand::of(&company.github, "ana-lima");
    company.say(ANA, DEV, "!LinkGitHub")?;
    company.told(ANA, "✅").await?;
    receiver.await_calls(1).await?;
    company.clock.forward(Duration::from_secs(2));
    let calls = receiver.await_calls(2).await?;
    assert_eq!(
        (&calls[0].id, calls[0].json()["data"].take()),
        (&calls[1].id, calls[1].json()["data"].take())
    );
    assert!(calls.iter().all(|call| !call.signature.is_empty()));
    let signatures = calls[1].signature.split(' ').map(str::to_owned);
    let signed = signatures.map(|signature| {
        let call = crate::notices::receiver::Call { signature, ..calls[1].clone() };
        (call.is_signed_with(SECRET), call.is_signed_with(NEXT))
    });
    assert_eq!(signed.collect::<Vec<_>>(), [(true, false), (false, true)]);
    let mut said = calls[1].json();
    assert_eq!(said["type"], json!("link.created"));
    assert!(said["data"]["since"].take().is_string());
    let id = company.github.state().users["ana-lima"].id;
    assert_eq!(
        said["data"],
        json!({
            "person": "7", "slack_user_id": ANA, "github_id": id, "github_login": "ana-lima",
            "email": "ana@acme.example", "since": null, "proof": "device_flow",
        })
    );

    // The end of the link is refused, and told by whoever starts next. She is gone from the file meanwhile.
    receiver.refuse(1);
    company.say(ANA, DEV, "!UnlinkGitHub")?;
    company.told(ANA, "no longer").await?;
    let refused = receiver.await_calls(3).await?.pop().context("no call")?;
    drop(hand);
    let servers = company.stop().await?;
    let path = servers.folder.path().join("people.csv");
    let again = self::company(servers, &receiver).await?;
    std::fs::write(path, "id,email\n8,sam@acme.example\n")?;
    let told = receiver.await_calls(4).await?.pop().context("no call")?;
    assert_eq!(told.id, refused.id, "whoever hears it twice can tell");
    let said = told.json();
    assert_eq!((&said["type"], &said["data"]["person"]), (&json!("link.removed"), &json!("7")));
    // Taken once, it is told no more.
    again.clock.forward(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(receiver.calls().len(), 4);
    again.end().await
}
