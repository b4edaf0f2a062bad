//! The sandbox's pages in a real browser, with the real bot behind them: what a person would click and read.

mod devices;
mod linking;
mod tab;

use anyhow::{Context as _, Result};
use hubcommander_sandbox::github::model::Visibility;

use self::tab::Tab;
use crate::world::World;

const READY: &str = "document.querySelector('#thread-log')?.innerText.includes('is ready')";

/// The page, once one can type there.
async fn open(world: &World) -> Result<Tab> {
    let tab = Tab::open(&world.slack.page_url()).await?;
    tab.is_there("#room-foot textarea").await?;
    Ok(tab)
}

/// Closes the browser, which has read what was said, and stops the bot.
async fn end(tab: Tab, world: World) -> Result<()> {
    tab.close().await?;
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_line_becomes_a_repository_to_look_at() -> Result<()> {
    let world = World::start().await?;
    let tab = open(&world).await?;
    tab.say("!CreateRepo acme widgets").await?;
    // The thread opens by itself beside the channel.
    tab.sees(READY).await?;
    let said: String = tab.value("document.querySelector('#thread-log .by-app').innerText").await?;
    assert!(said.contains("acme/widgets is ready") && said.contains("employees can push"), "{said}");
    assert!(!said.contains('⏳'), "{said}");
    let link = "#thread-log a.button";
    tab.is_there(link).await?;
    let label: String = tab.value(&format!("document.querySelector('{link}').innerText")).await?;
    assert!(label.starts_with("Open on GitHub"), "{label}");
    // The pane beside it shows the repository without a reload.
    tab.sees_within(&world.github.url(), "document.querySelector('a[href=\"/acme/widgets\"]')").await?;
    // And where the button leads is the repository's own page.
    let address: String = tab.value(&format!("document.querySelector('{link}').href")).await?;
    assert_eq!(address, format!("{}/acme/widgets", world.github.url()));
    tab.go(&address).await?;
    tab.sees("document.querySelector('h1')?.innerText.includes('widgets')").await?;
    let page: String = tab.value("document.querySelector('main').innerText").await?;
    assert!(page.contains("employees") && page.contains("private"), "{page}");
    end(tab, world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_in_corrected_and_sent() -> Result<()> {
    let world = World::start().await?;
    let tab = open(&world).await?;
    tab.say("!CreateRepo").await?;
    tab.click("[data-action=form]").await?;
    tab.is_there("#modal .modal-submit").await?;
    // A menu, a line, another menu, and one that asks the bot while one types.
    tab.click("#modal [data-action=org] input").await?;
    tab.click("#modal [data-action=org] [role=option][data-value=acme]").await?;
    tab.type_into("#modal input[data-action=repo]", "not a name").await?;
    tab.click("#modal [data-action=visibility] input").await?;
    tab.click("#modal [data-action=visibility] [role=option][data-value=public]").await?;
    tab.type_into("#modal [data-action=template] input", "templ").await?;
    tab.click("#modal [data-action=template] [role=option][data-value='acme/templates']").await?;
    tab.click("#modal .modal-submit").await?;
    // What is wrong is said at the field that is wrong, and the rest is still filled in.
    tab.sees("document.querySelector('#modal .wrong input[data-action=repo]')").await?;
    let wrong: String = tab.value("document.querySelector('#modal .wrong .b-error').innerText").await?;
    assert!(wrong.contains("There must be no space"), "{wrong}");
    tab.type_into("#modal input[data-action=topics]", "tools").await?;
    tab.type_anew("#modal input[data-action=repo]", "widgets").await?;
    tab.click("#modal .modal-submit").await?;
    tab.sees("!document.querySelector('#modal').open").await?;
    // What everybody will see takes a second look; the thread opens by itself.
    tab.click("#thread-log [data-action=run]").await?;
    tab.sees(READY).await?;
    {
        let state = world.github.state();
        let repository = state.repository("acme", "widgets").context("the repository")?;
        assert_eq!(repository.visibility, Visibility::Public);
        assert_eq!(repository.topics, ["tools"]);
        let template = repository.template.and_then(|id| state.repositories.get(&id));
        assert_eq!(template.context("its template")?.name, "templates");
    }
    end(tab, world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_refused() -> Result<()> {
    let world = World::start().await?;
    let tab = open(&world).await?;
    tab.click("label.person:has(input[value=U0GUS])").await?;
    tab.sees(
        "location.hash.startsWith('#U0GUS') && document.querySelector('#side').innerText.includes('guest')",
    )
    .await?;
    tab.say("!CreateRepo acme widgets").await?;
    tab.sees("document.querySelector('#room-log .by-app, #thread-log .by-app')").await?;
    let said: String =
        tab.value("document.querySelector('#room-log .by-app, #thread-log .by-app').innerText").await?;
    assert!(said.contains("⛔") && said.contains("guest"), "{said}");
    assert!(world.github.state().repository("acme", "widgets").is_none());
    end(tab, world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_runs_when_it_is_confirmed() -> Result<()> {
    let world = World::start_with(&[("auth = []", "auth = [\"confirm\"]")]).await?;
    let tab = open(&world).await?;
    tab.say("!CreateRepo acme widgets").await?;
    tab.is_there("#thread-log [data-action=run]").await?;
    let plan: String = tab.value("document.querySelector('#thread-log .by-app').innerText").await?;
    assert!(plan.contains("employees") && plan.contains("Cancel"), "{plan}");
    assert!(world.github.state().repository("acme", "widgets").is_none());
    tab.click("#thread-log [data-action=run]").await?;
    tab.sees(READY).await?;
    assert!(world.github.state().repository("acme", "widgets").is_some());
    let left: usize = tab.value("document.querySelectorAll('[data-action=run]').length").await?;
    assert_eq!(left, 0, "a button that does nothing any more is still there");
    end(tab, world).await
}
