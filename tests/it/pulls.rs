//! `!ListPRs`: the newest pull requests, as a table.

use anyhow::Result;
use hubcommander_sandbox::github;
use hubcommander_sandbox::slack::Options;

use crate::world::{ANA, DEV, Servers, World, shipped_with};

/// Ages depend on the day.
fn steady(said: &str) -> String {
    let age = regex::Regex::new(r"\b\d+ (minute|hour|day|month|year)s?\b").unwrap();
    age.replace_all(said, "AGE").into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn open_closed_and_all_of_them() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(steady(&world.ask("!ListPRs acme website open").await?), @r"
    acme/website has 2 open pull requests
    PR | Title | Author | Age | State | Labels
    #2 | A new front page | sam-okafor | AGE | draft | design
    #1 | Show prices with tax | ana-lima | AGE | open | bug
    [See all on GitHub]
    ");
    insta::assert_snapshot!(steady(&world.ask("!ListPRs acme website closed").await?), @r"
    acme/website has 1 closed pull request
    PR | Title | Author | Age | State | Labels
    #3 | Say where the anvils are made | ana-lima | AGE | merged | –
    [See all on GitHub]
    ");
    insta::assert_snapshot!(steady(&world.ask("!ListPRs acme website all --label BUG").await?), @r"
    acme/website has 1 pull request with the label BUG
    PR | Title | Author | Age | State | Labels
    #1 | Show prices with tax | ana-lima | AGE | open | bug
    [See all on GitHub]
    ");
    insta::assert_snapshot!(steady(&world.ask("!ListPRs acme website all --author sam-okafor").await?), @r"
    acme/website has 1 pull request by sam-okafor
    PR | Title | Author | Age | State | Labels
    #2 | A new front page | sam-okafor | AGE | draft | design
    [See all on GitHub]
    ");
    insta::assert_snapshot!(steady(&world.ask("!ListPRs acme api open --label \"a \\\"b\\\"\"").await?), @r#"
    acme/api has no open pull requests with the label a "b"
    [See all on GitHub]
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_of_them_are_still_a_table_and_it_says_that_there_are_more() -> Result<()> {
    let mut world = github::World::acme();
    for number in 0..130 {
        let title = format!("<!channel> *Change* {number} {}", "of very many words ".repeat(9));
        world = world.pull_request("acme", "api", "ana-lima", &title, |_| {});
    }
    let servers = Servers::start_in(Options::for_tests(), world).await?;
    let world = World::start_on(servers, &shipped_with(&[])).await?;
    let said = world.ask("!ListPRs acme api open").await?;
    assert!(said.contains("The newest 20 open pull requests in acme/api"), "{said}");
    assert!(said.contains("There are more: add `--limit 100`, or see them on GitHub."), "{said}");
    assert!(!said.contains("@channel"), "a title is words, never a mention: {said}");
    let asked = world.say(ANA, DEV, "!ListPRs acme api open --limit 100")?;
    let said = world.end_of(DEV, asked).await?;
    assert!(said.contains("There are more: see them on GitHub."), "{said}");
    let reply = world.slack.thread(DEV, asked).into_iter().next_back().unwrap();
    let blocks = reply.blocks.unwrap();
    let table = blocks.as_array().unwrap().iter().find(|block| block["type"] == "table").expect("a table");
    assert_eq!(table["rows"].as_array().unwrap().len(), 100, "with its header");
    let first = &table["rows"][1][0]["elements"][0]["elements"][0];
    assert_eq!((first["type"].as_str(), first["text"].as_str()), (Some("link"), Some("#130")));
    world.say(ANA, DEV, "!ListPRs acme api open --limit 101")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⛔ 101 is not between 1 and 100.
    Choose a smaller number, and see the rest on GitHub.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}
