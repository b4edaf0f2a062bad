//! `hubcommander policy`: whether the policies are well written, why they say what they say, and what others would
//! have said.

mod check;
mod explain;
mod replay;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use hubcommander_policy::{Policy, Source, Sources};
use hubcommander_sdk::clock::{SharedClock, SystemClock};

use super::plan::user_id;
use super::run::failed;
use super::{End, Failure, configured, runtime};
use crate::app::{self, Plugins};
use crate::config::{Config, Surroundings};
use crate::policy::{Facts, Judge};
use crate::slack::people::People;
use secrecy::ExposeSecret as _;

/// What to do with the policies.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PolicyOptions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
enum Command {
    /// Read the policies, and say what is wrong with them and in which line.
    Check {
        /// Do not ask Slack whether the groups are there and have enough people.
        #[arg(long)]
        offline: bool,
    },
    /// Say what the policies say to a command, and why, policy by policy.
    Explain {
        /// The id in Slack of the person who would type it.
        #[arg(long, value_name = "USER_ID", value_parser = user_id)]
        user: String,
        /// The command as it would be typed in Slack, in quotes: '!CreateRepo acme widgets'.
        #[arg(long, value_name = "COMMAND")]
        command: String,
        /// The id of the conversation it would be typed in [default: a direct message].
        #[arg(long, value_name = "CHANNEL_ID")]
        channel: Option<String>,
    },
    /// Say what would have been decided differently for the commands on record.
    Replay {
        /// A file that says who may do what.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A file that says what it takes [default: the one in use].
        #[arg(long, value_name = "FILE")]
        obligations: Option<PathBuf>,
        /// How many entries of the record are read, the newest.
        #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
        last: u32,
    },
    /// Print the schema that policies are validated against, for an editor.
    Schema,
}

/// Does it.
pub(super) fn run(options: &PolicyOptions, file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let config = configured(file, surroundings)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let printed = runtime()?.block_on(async {
        let plugins = app::plugins(&config, &clock).map_err(|error| failed(&error))?;
        match &options.command {
            Command::Check { offline } => check::check(&config, plugins, &clock, *offline).await,
            Command::Explain { user, command, channel } => {
                let ground = Ground::new(&config, plugins, &clock, config.policy.sources.clone()).await?;
                explain::explain(&ground, &clock, user, command, channel.as_deref()).await
            }
            Command::Replay { file, obligations, last } => {
                let sources = Sources {
                    policy: source(file)?,
                    obligations: match obligations {
                        Some(file) => source(file)?,
                        None => config.policy.sources.obligations.clone(),
                    },
                };
                let ground = Ground::new(&config, plugins, &clock, sources).await?;
                replay::replay(&ground, &config, *last).await
            }
            Command::Schema => Ok(schema(&plugins)),
        }
    })?;
    print!("{printed}");
    Ok(())
}

/// What the policies are judged with.
struct Ground {
    plugins: Plugins,
    people: Arc<People>,
    policy: Arc<Policy>,
    judge: Judge,
}

impl Ground {
    async fn new(
        config: &Config,
        plugins: Plugins,
        clock: &SharedClock,
        sources: Sources,
    ) -> Result<Self, End> {
        let contact = config.policy.contact.as_deref();
        let means = app::means(config, &plugins.step_ups);
        let policy = crate::policy::read(&sources, contact, &plugins.registry, &plugins.operations, &means)?;
        let web = app::slack(config, clock).map_err(|error| failed(&error))?;
        let me = web.auth_test().await.map_err(|error| failed(&error.into()))?;
        let people = Arc::new(People::new(web, Arc::clone(clock)));
        match crate::store::open(config.store.url.expose_secret()).await {
            Ok(store) => plugins.insides.shelf.put(store),
            // It is only asked where a policy looks at accounts of GitHub, and says then that it is not open.
            Err(error) => tracing::warn!(%error, "the store is not open"),
        }
        let policy = Arc::new(policy);
        let facts = Facts::new(Arc::clone(&people), Arc::clone(&plugins.links), me.team_id);
        Ok(Self { plugins, people, judge: Judge::new(Arc::clone(&policy), facts), policy })
    }
}

/// A file with policies.
fn source(path: &Path) -> Result<Source, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Source::new(path.display().to_string(), text)),
        Err(error) => Err(Failure::new(
            format!("{} cannot be read: {error}.", path.display()),
            "See that the file is there and holds text.",
        )),
    }
}

/// The schema of the policies; that of the obligations differs in that there is always a plan.
fn schema(plugins: &Plugins) -> String {
    let specs = plugins.registry.iter().map(|registered| registered.spec());
    let operations = plugins.operations.kinds().map(str::to_owned).collect();
    hubcommander_policy::schema::schema(specs, &operations, hubcommander_policy::schema::For::Policy)
}
