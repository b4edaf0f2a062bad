//! The bot's configuration before local servers, for measuring.

use std::path::Path;

use anyhow::Result;
use hubcommander::app::command_names;
use hubcommander::config::{COMMAND_LIMIT, Config, KnownCommand, Overlay, SHIPPED, Surroundings};
use hubcommander_sandbox::github::GitHub;
use hubcommander_sandbox::slack::Slack;

/// What ships, with these servers, an empty store in this folder, and no pace.
pub fn config(slack: &Slack, github: &GitHub, folder: &Path) -> Result<Config> {
    let overlay = Overlay {
        slack_api_url: slack.api_url().parse()?,
        bot_token: "xoxb-sandbox".to_owned().into(),
        app_token: "xapp-sandbox".to_owned().into(),
        github_api_url: github.url().parse()?,
        github_token: "ghp_sandbox".to_owned().into(),
        github_client_id: "Iv1.sandbox".to_owned(),
        travis: None,
        auth_plugins: hubcommander_auth_plugins::Setup::default(),
        device_sources: hubcommander_device_sources::Setup::default(),
        store_url: format!("sqlite://{}", folder.join("bot.db").display()).into(),
    };
    let commands: Vec<KnownCommand> =
        command_names().into_iter().map(|(name, keys)| KnownCommand::new(name, keys)).collect();
    let surroundings =
        Surroundings { environment: &|_| None, commands: &commands, command_limit: COMMAND_LIMIT };
    let mut config = Config::for_sandbox(Path::new("config.toml"), SHIPPED, &overlay, &surroundings)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    config.web = None;
    config.slack.pacing = false;
    Ok(config)
}
