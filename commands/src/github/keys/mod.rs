//! Deploy keys: `!ListKeys`, `!GetKey`, `!AddKey`, `!DeleteKey`.

mod add;
mod delete;
mod get;
mod list;

pub use add::AddKey;
pub use delete::DeleteKey;
pub use get::GetKey;
pub use list::ListKeys;

use hubcommander_github::{DeployKey, PublicKey, Reader, Repository};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, CommandSpec};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::suggest;

const GROUP: &str = "Keys";

/// A command about the keys of one repository.
fn about(name: &str, about: &str) -> CommandSpec {
    CommandSpec::new(name, GROUP, about)
        .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
        .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
}

async fn repository(reader: &Reader, orgs: &Orgs, args: &Args) -> Result<Repository, Refusal> {
    let org = suggest::org(orgs, args)?;
    suggest::repository(reader, &org.name, args.text("repo").unwrap_or_default()).await
}

/// The key of the number that was typed.
async fn key(reader: &Reader, repository: &Repository, args: &Args) -> Result<DeployKey, Refusal> {
    let typed = args.number("id").unwrap_or_default();
    let found = match u64::try_from(typed) {
        Ok(id) => reader.deploy_key(repository, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| {
        let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
        Refusal::new(
            Text::new()
                .link(&repository.full_name, &repository.html_url)
                .plain(format!(" has no key {typed}.")),
            Text::new().plain("See which there are with ").code(format!("!ListKeys {org} {name}")).plain("."),
        )
    })
}

/// A key that GitHub has and we would not take, such as one that is too short, keeps its kind to itself.
fn fingerprint(key: &DeployKey) -> String {
    match PublicKey::parse(&key.key) {
        Ok(key) => key.fingerprint().to_owned(),
        Err(bad) => format!("{bad}"),
    }
}

fn may(key: &DeployKey) -> &'static str {
    if key.read_only { "read" } else { "read and push" }
}

/// Where people see a repository's keys.
fn page(repository: &Repository) -> String {
    format!("{}/settings/keys", repository.html_url)
}
