//! `hubcommander policy check`

use std::fmt::Write as _;

use hubcommander_sdk::clock::SharedClock;

use super::Ground;
use crate::app::{self, Plugins};
use crate::cli::End;
use crate::config::Config;
use crate::policy::{Faults, impossible};

/// Reads the policies, and asks Slack whether anybody could follow them.
pub(super) async fn check(
    config: &Config,
    plugins: Plugins,
    clock: &SharedClock,
    offline: bool,
) -> Result<String, End> {
    let policy = app::read_policy(config, &plugins)?;
    let sources = &config.policy.sources;
    let (may, takes) = policy.count();
    let count = |n: usize| if n == 1 { "1 policy says".to_owned() } else { format!("{n} policies say") };
    let mut out = String::new();
    let _ = writeln!(out, "✅ {}: {} who may do what.", sources.policy.name, count(may));
    let _ = writeln!(out, "✅ {}: {} what it takes.", sources.obligations.name, count(takes));
    if offline {
        out.push_str("·  Slack was not asked whether the groups are there and have enough people.\n");
        return Ok(out);
    }
    let ground = Ground::new(config, plugins, clock, sources.clone()).await?;
    let faults = impossible(&ground.policy, sources, ground.judge.facts()).await;
    if !faults.is_empty() {
        return Err(Faults(faults).into());
    }
    out.push_str("✅ Slack: every group is there, and enough people could agree.\n");
    Ok(out)
}
