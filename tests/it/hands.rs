//! What stories do again and again: press buttons, look at one repository, count what was written.

use anyhow::{Context as _, Result, ensure};
use hubcommander_sandbox::faults::Gate;
use hubcommander_sandbox::github::model::Repository;
use hubcommander_sandbox::slack::{Message, Submitted, Ts};
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use serde_json::{Value as Json, json};

use crate::world::{ANA, DEV, Servers};

impl Servers {
    /// The newest message of the bot in a thread that has this button.
    pub fn with_button(&self, channel: &str, asked: Ts, action: &str) -> Result<Message> {
        let has = |message: &Message| {
            message.blocks.as_ref().is_some_and(|blocks| blocks.to_string().contains(&format!("\"{action}")))
        };
        self.slack.thread(channel, asked).into_iter().rev().find(has).with_context(|| {
            format!("no button {action:?} in the thread:\n{}", self.slack.transcript(channel))
        })
    }

    /// Presses a button in the thread of what was asked. Where Run takes a name and a reason, they are given.
    pub async fn press(&self, user: &str, channel: &str, asked: Ts, action: &str) -> Result<()> {
        if action == "run" && self.with_button(channel, asked, "run").is_err() {
            return self.press_and_fill_in(user, channel, asked).await;
        }
        let message = self.with_button(channel, asked, action)?;
        Ok(self.slack.click(user, channel, message.ts, action, None).await?)
    }

    /// Presses Run… and fills in the form that it opens: the name that it asks for, and a reason.
    async fn press_and_fill_in(&self, user: &str, channel: &str, asked: Ts) -> Result<()> {
        let message = self.with_button(channel, asked, "confirm")?;
        self.slack.click(user, channel, message.ts, "confirm", None).await?;
        let view = self.slack.await_view(user).await?;
        let form = self.slack.render_view(&view);
        let name = form.split("Type ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let mut filled = json!({});
        if let Some(name) = name {
            filled["name"] = json!(name.trim_end_matches(':'));
        }
        if form.contains("Why is it needed?") {
            filled["words"] = json!("the audit asks for it");
        }
        ensure!(self.slack.submit(user, &view.id, &filled).await? == Submitted::Cleared, "{form}");
        Ok(())
    }

    /// Says yes, as Ana in #dev, to the plan that came of what she asked, and reads the end.
    pub async fn run(&self, asked: Ts) -> Result<String> {
        self.press(ANA, DEV, asked, "run").await?;
        let over = |shown: &str| !shown.contains('⏳') && !shown.contains("[Run");
        let end = self.slack.await_reply_that(DEV, asked, over).await?;
        Ok(self.shown(&end))
    }

    /// Types a line as Ana, says yes to the plan, and reads both the plan and the end.
    pub async fn ask_and_run(&self, line: &str) -> Result<(String, String)> {
        let asked = self.say(ANA, DEV, line)?;
        let plan = self.end_of(DEV, asked).await?;
        Ok((plan, self.run(asked).await?))
    }

    /// Types a line as Ana, and reads what is said to her alone.
    pub async fn ask_whispered(&self, line: &str) -> Result<String> {
        self.say(ANA, DEV, line)?;
        self.whispered(ANA).await
    }

    /// A repository as it is at GitHub, in one line.
    pub fn at_github(&self, owner: &str, name: &str) -> String {
        let state = self.github.state();
        let Some(found) = state.repository(owner, name) else { return "absent".to_owned() };
        let teams = &state.organisation(owner).unwrap().teams;
        let mut words = vec![found.visibility.word().to_owned()];
        words.extend(found.description.iter().map(|text| format!("description {text:?}")));
        words.extend(found.homepage.iter().map(|text| format!("homepage {text:?}")));
        words.extend((!found.topics.is_empty()).then(|| format!("topics {}", found.topics.join(","))));
        if found.branches.is_empty() {
            words.push("empty".to_owned());
        } else {
            words.push(format!("branch {}", found.default_branch));
        }
        words.extend(
            found
                .template
                .and_then(|id| state.repositories.get(&id))
                .map(|from| format!("from {}", from.name)),
        );
        let mut grants: Vec<String> = found
            .teams
            .iter()
            .map(|(id, level)| format!("{} {}", teams.get(id).map_or("?", |team| &team.slug), level.word()))
            .collect();
        grants.sort();
        words.extend(grants);
        words.join(" · ")
    }

    /// What GitHub was asked to change, in the order in which it came, teams sorted.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.github.faults().writes();
        let mut lines: Vec<String> = writes.iter().map(|logged| logged.line()).collect();
        let first_put = lines.iter().position(|line| line.starts_with("PUT")).unwrap_or(lines.len());
        lines[first_put..].sort();
        lines
    }

    /// How often GitHub was asked to make a repository.
    pub fn creations(&self) -> usize {
        self.writes().iter().filter(|line| line.starts_with("POST /orgs/")).count()
    }

    /// Somebody else makes a repository at GitHub, at this time.
    pub fn somebody_makes(&self, owner: &str, name: &str, change: impl FnOnce(&mut Repository)) {
        let mut state = self.github.state();
        let (id, now) = (state.next_id(), SystemClock.now());
        let like = state.repository("acme", "api").unwrap().clone();
        let mut made = Repository {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: None,
            topics: Vec::new(),
            teams: Default::default(),
            created_at: now,
            updated_at: now,
            pushed_at: now,
            ..like
        };
        change(&mut made);
        state.repositories.insert(id, made);
    }
}

/// Waits until the gate holds a request.
pub async fn held(gate: &Gate) -> Result<String> {
    let held = tokio::time::timeout(std::time::Duration::from_secs(60), gate.held()).await;
    let held = held.context("nothing came to the gate")?.context("the gate is gone")?;
    Ok(format!("{} {}", held.method, held.path))
}

/// What a button carries, among a message's blocks.
pub fn button_value(blocks: &Option<Json>, action: &str) -> String {
    fn find(blocks: &Json, action: &str) -> Option<String> {
        match blocks {
            Json::Array(all) => all.iter().find_map(|one| find(one, action)),
            Json::Object(fields) if fields.get("action_id").and_then(Json::as_str) == Some(action) => {
                fields.get("value")?.as_str().map(str::to_owned)
            }
            Json::Object(fields) => fields.values().find_map(|one| find(one, action)),
            _ => None,
        }
    }
    blocks.as_ref().and_then(|blocks| find(blocks, action)).expect("the button's value")
}
