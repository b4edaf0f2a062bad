//! The pages about commands and the table in the README say what the specifications say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::{Plugins, command_names, plugins};
use hubcommander::reference::{Documented, page, table};
use hubcommander_sdk::clock::{SharedClock, SystemClock};

use crate::world::{Servers, shipped_with};

const BEGIN: &str = "<!-- commands: made by the same test as docs/commands -->\n";
const END: &str = "<!-- end of commands -->";

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_of_commands_is_in_step() -> Result<()> {
    let servers = Servers::start().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let Plugins { registry, .. } = plugins(&servers.config(&shipped_with(&[]))?, &clock)?;
    let settings: BTreeMap<_, _> = command_names().into_iter().collect();
    let commands: Vec<Documented<'_>> = registry
        .iter()
        .filter(|registered| registered.is_shown())
        .map(|registered| {
            let spec = registered.spec();
            Documented { spec, settings: settings.get(spec.name.as_str()).copied().unwrap_or_default() }
        })
        .collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let (before, rest) = readme.split_once(BEGIN).context("README.md has no place for the table")?;
    let (_, after) = rest.split_once(END).context("README.md has no end of the table")?;
    let mut wanted: BTreeMap<PathBuf, String> = commands
        .iter()
        .map(|command| (root.join(format!("docs/commands/{}.md", command.spec.name)), page(command)))
        .collect();
    let inside = table(&commands, "docs/commands");
    wanted.insert(root.join("README.md"), format!("{before}{BEGIN}{inside}{END}{after}"));
    let folder = root.join("docs/commands");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        for (path, text) in &wanted {
            std::fs::write(path, text)?;
        }
    }
    for (path, text) in &wanted {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        ensure!(written == *text, "{} is behind; the pages say how to renew them", path.display());
    }
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        ensure!(wanted.contains_key(&path), "{} is about a command that is not there", path.display());
    }
    Ok(())
}
