//! What is refused on that day too.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hubcommander::app::plugins;
use hubcommander::glass::{self, Ask, How};
use hubcommander_sdk::clock::SharedClock;

use super::{Ear, Host, SET, ask};
use crate::passkeys::{free, post};
use crate::world::{ANA, GUS, HandClock, KIM, SAM, steady};

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_so_and_nothing_is_done() -> Result<()> {
    let host = Host::new().await?;
    let (down, before) = (host.down()?, host.writes());
    let mut off = down.clone();
    off.break_glass.clear();
    insta::assert_snapshot!(host.refused(off, ask(SET)).await?, @r#"
    Breaking the glass is not switched on here.
    Put [break_glass] with people = ["U…", "U…"] into the configuration, beside passkeys and an alarm channel; docs/break-glass.md says how.
    "#);
    let asks = [
        ("by somebody who is not listed", Ask { by: GUS.into(), ..ask(SET) }),
        ("with somebody who is not listed", Ask { with: GUS.into(), ..ask(SET) }),
        ("twice the same", Ask { with: ANA.into(), ..ask(SET) }),
        ("without a reason", Ask { reason: "  ".into(), ..ask(SET) }),
        ("with somebody without a passkey", Ask { with: KIM.into(), ..ask(SET) }),
        ("more passkeys", ask("!EnrollPasskey")),
        ("what the bot asks itself", ask("!GlassBroken inv-1RT4Q02M9X")),
    ];
    let mut all = String::new();
    for (what, ask) in asks {
        let said = match host.begin(down.clone(), ask).end().await? {
            Err(glass::Trouble::Refused(refusal)) => {
                format!("{}\n{}", refusal.what.words(), refusal.todo.words())
            }
            Ok(ending) if ending.how == How::Nothing => ending.message.words(),
            other => anyhow::bail!("{what}: {other:?}"),
        };
        all.push_str(&format!("{what}:\n{}\n\n", steady(&said)));
    }
    insta::assert_snapshot!(all, @r"
    by somebody who is not listed:
    U0GUS is not among the people who may break the glass.
    They are listed under [break_glass] in the configuration; two of them are needed.

    with somebody who is not listed:
    U0GUS is not among the people who may break the glass.
    They are listed under [break_glass] in the configuration; two of them are needed.

    twice the same:
    Both are the same person, and it takes two.
    Name somebody else with --with.

    without a reason:
    It takes a reason.
    Say why with --reason, in a sentence.

    with somebody without a passkey:
    kim (U0KIM) has no passkey here.
    Name somebody who has; passkeys are added in Slack, with !EnrollPasskey.

    more passkeys:
    Who can prove what is not changed past Slack: two people could make as many as they like of themselves.
    Do it when Slack is there again.

    what the bot asks itself:
    ⛔ There is no command !GlassBroken.
    See what there is with !Help.
    ");
    assert_eq!(host.writes(), before);
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_one_person_are_one() -> Result<()> {
    let host = Host::new().await?;
    // Slack answers again, and says that both go by one address, or that one of them has left.
    host.slack.arrange(|world| {
        world.people.get_mut(SAM).unwrap().email = Some("ana@acme.example".into());
    });
    let said = host.refused(host.up()?, ask(SET)).await?;
    assert!(said.contains("the same person"), "{said}");
    let said = host.refused(host.down()?, ask(SET)).await?;
    assert!(said.contains("the same person"), "what Slack said last counts: {said}");
    host.slack.mark_all_read();
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_said_long_ago_does_not_count() -> Result<()> {
    let host = Host::new().await?;
    host.clock.forward(Duration::from_secs(31 * 86_400));
    let said = host.refused(host.down()?, ask(SET)).await?;
    assert!(said.contains("has not said it within 30 days"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_passkey_is_not_enough_and_serves_on_no_other_page() -> Result<()> {
    let mut host = Host::new().await?;
    let mut breaking = host.begin(host.down()?, ask(SET));
    let (first, second) = breaking.links().await?;
    let (status, _) = host.ana.touch(host.listen, &second).await?;
    assert_ne!(status, 200, "the passkey of somebody else");
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    assert_ne!(host.ana.touch(host.listen, &first).await?.0, 200, "once");
    breaking.says("Waiting for sam").await?;
    host.clock.forward(Duration::from_secs(16 * 60));
    let (how, said) = breaking.ended().await?;
    assert_eq!(how, How::Nothing);
    insta::assert_snapshot!(said, @r"
    ⛔ Break the glass: Set the description of acme/website: nothing was done
    sam (U0SAM): The passkey was not used in time.
    Try again.
    inv-ID
    ");
    assert!(!host.described());
    assert!(!host.audit().await?.contains(&"glass.broken".to_owned()));
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_not_mean_it_ends_it() -> Result<()> {
    let mut host = Host::new().await?;
    let mut breaking = host.begin(host.down()?, ask(SET));
    let (first, second) = breaking.links().await?;
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    assert_eq!(post(host.listen, &second, "deny", "").await?.0, 200);
    let (how, said) = breaking.ended().await?;
    assert_eq!(how, How::Nothing);
    insta::assert_snapshot!(said, @r"
    ⛔ Break the glass: Set the description of acme/website: nothing was done
    @U0SAM says on the page that they do not want it. Both were asked on the host, past Slack.
    Somebody who can use that machine may have asked in their name. Talk to both in person.
    inv-ID
    ");
    assert!(!host.described() && host.audit().await?.contains(&"glass.fraud".to_owned()));
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_changed_between_makes_it_void() -> Result<()> {
    let mut host = Host::new().await?;
    let mut breaking = host.begin(host.down()?, ask(SET));
    let (first, second) = breaking.links().await?;
    host.github.state().repository_mut("acme", "website").unwrap().description = Some("Somebody's".into());
    assert_eq!(host.ana.touch(host.listen, &first).await?.0, 200);
    assert_eq!(host.sam.touch(host.listen, &second).await?.0, 200);
    let (how, said) = breaking.ended().await?;
    assert_eq!(how, How::Nothing);
    insta::assert_snapshot!(said, @r"
    ⛔ Set the description of acme/website: nothing was done
    acme/website has been changed meanwhile
    TIME · inv-ID
    ");
    assert!(host.at_github("acme", "website").contains("Somebody's"));
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_reads_or_is_only_shown_takes_no_passkey() -> Result<()> {
    let host = Host::new().await?;
    let (how, said) = host.begin(host.down()?, ask("!RepoInfo acme website")).ended().await?;
    assert!(how == How::Answered && said.contains("acme/website"), "{said}");
    let (clock, config): (SharedClock, _) = (Arc::<HandClock>::clone(&host.clock), host.down()?);
    let shown = {
        let plugins = plugins(&config, &clock)?;
        let (tell, _heard) = tokio::sync::mpsc::unbounded_channel();
        glass::dry_run(&config, plugins, &clock, SET, ANA, &Ear(tell)).await
    };
    let shown = shown.map_err(|trouble| anyhow::anyhow!("{trouble:?}"))?;
    insta::assert_snapshot!(steady(&shown.message.words()), @r#"
    Would do: Set the description of acme/website
    • description "Under repair"
    Nothing has been done.
    plan DIGEST · nobody was asked for a passkey
    "#);
    assert!(!host.described());
    host.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_at_the_pages_address_is_named() -> Result<()> {
    let mut host = Host::new().await?;
    host.listen = free()?;
    let listener = std::net::TcpListener::bind(host.listen)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            drop(stream);
        }
    });
    let said = host.refused(host.down()?, ask(SET)).await?;
    assert!(said.contains("Something else listens at") && said.contains("stop"), "{said}");
    host.assert_finished().await
}
