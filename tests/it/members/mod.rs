//! Belonging: which account is whose, joining by oneself, inviting others, and whom nobody knows.

mod audit_members;
mod invitations;
mod joining;
mod linking;
mod on_the_web;
mod sweep;
mod written;

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander::members::Book;
use hubcommander::store::Shelf;
use hubcommander_sandbox::github::GitHub;
use hubcommander_sandbox::github::model::{Said, State};
use hubcommander_sdk::accounts::Linked;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use tokio::task::JoinHandle;

use crate::world::Servers;

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

/// Somebody who is signed in at GitHub, and types each code that the bot shows.
pub struct Hand(JoinHandle<()>);

impl Hand {
    /// Types all codes as this account.
    pub fn of(github: &GitHub, login: &str) -> Self {
        let (github, login) = (github.window(), login.to_owned());
        github.state().device_flow.interval = 0;
        Self(tokio::spawn(async move {
            loop {
                answer(&mut github.state(), Some(&login));
                // GitHub tells nobody that a code was asked for.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }))
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answers what waits for an answer: as this account, or with a no.
fn answer(state: &mut State, login: Option<&str>) {
    let open = state.device_flow.grants.values().filter(|grant| grant.said == Said::Nothing);
    let codes: Vec<String> = open.map(|grant| grant.user_code.clone()).collect();
    for code in codes {
        assert!(state.answer_device_flow(&code, login, SystemClock.now()), "{code} is open");
    }
}

impl Servers {
    /// What is said to somebody alone in the end and says this: by direct message, or where they asked. The code to
    /// type is said while it is waited for.
    pub async fn told(&self, user: &str, what: &str) -> Result<String> {
        let said = self.slack.wait_for(WITHIN, "a direct message", |slack| {
            let mut all = slack.dms(user);
            all.extend(slack.ephemerals(user));
            all.sort_by_key(|message| message.ts);
            let shown = all.iter().rev().map(|message| slack.render(message));
            let over = |shown: &String| what == "type" || !shown.contains('⏳');
            shown.into_iter().find(|shown| shown.contains(what) && over(shown))
        });
        let said = said.await.with_context(|| format!("{:#?}", self.slack.dms(user)))?;
        Ok(crate::world::steady(&said).replace(&self.github.url(), "https://github.example"))
    }

    /// Everything is read once all has come to its end.
    pub async fn all_read(&self) -> Result<()> {
        self.slack.all_acked().await?;
        self.settled().await?;
        self.slack.mark_all_read();
        Ok(())
    }

    /// The book of links, as it stands on the disk.
    pub async fn book(&self) -> Result<Book> {
        let shelf = Shelf::default();
        shelf.put(hubcommander::store::open(&self.store_url()).await?);
        Ok(Book::new(shelf, false))
    }

    /// The account of somebody, as the book has it.
    pub async fn linked(&self, user: &str) -> Result<Option<Linked>> {
        Ok(self.book().await?.of_user(user).await?)
    }
}
