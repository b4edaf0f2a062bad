//! Whether the policies are well written, and whether anybody could follow them.

use std::sync::Arc;
use std::time::Duration;

use super::{Finding, Ground};
use crate::app;
use crate::policy::{Facts, Faults, NoLinks, impossible};
use crate::slack::people::People;

/// How long Slack may take to say who is in which group.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn policies(ground: &Ground) -> Vec<Finding> {
    let Some(config) = ground.sections.whole() else {
        return vec![Finding::NotTried("not tried, since the configuration is not complete".to_owned())];
    };
    let unmade = |error: &dyn std::fmt::Display| {
        vec![Finding::wrong(format!("They cannot be tried: {error}."), "Mend what stands above first.")]
    };
    let plugins = match app::plugins(&config, &ground.clock) {
        Ok(plugins) => plugins,
        Err(error) => return unmade(&error),
    };
    let wrong = |faults: Faults| {
        let what = format!("{}\n\n{faults}", crate::cli::counted(faults.0.len(), "problem", "in them:"));
        Finding::wrong(what, "Do what stands below each problem.")
    };
    let policy = match app::read_policy(&config, &plugins) {
        Ok(policy) => policy,
        Err(faults) => return vec![wrong(faults)],
    };
    let sources = &config.policy.sources;
    let names = format!("{} and {} are well written", sources.policy.name, sources.obligations.name);
    let mut found = vec![Finding::Fine(names)];
    let asking = async {
        let web = app::slack(&config, &ground.clock).map_err(|error| error.to_string())?;
        let me = web.auth_test().await.map_err(|error| error.to_string())?;
        let people = Arc::new(People::new(web, Arc::clone(&ground.clock)));
        let facts = Facts::new(people, Arc::new(NoLinks), me.team_id);
        Ok::<_, String>(impossible(&policy, sources, &facts).await)
    };
    found.push(match tokio::time::timeout(LIMIT, asking).await {
        Ok(Ok(faults)) if faults.is_empty() => {
            Finding::Fine("every group is there, and enough people could agree".to_owned())
        }
        Ok(Ok(faults)) => wrong(Faults(faults)),
        Ok(Err(why)) => Finding::NotTried(format!("who could agree was not tried: {why}")),
        Err(_) => Finding::NotTried("who could agree was not tried: Slack did not answer in time".to_owned()),
    });
    found
}
