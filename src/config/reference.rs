//! docs/configuration.md, made from the table of keys. A test keeps the file in step.

use std::fmt::Write as _;

use super::keys::{self, KEYS, Key, KnownCommand, Presence, Shape};

const INTRODUCTION: &str = "\
# Configuration

<!-- Made from src/config/keys.rs. After a change there: UPDATE_DOCS=1 cargo nextest run -p hubcommander reference -->

HubCommander reads one file, `config.toml` in the working directory, or the one that `--config PATH` or the
variable `HUBCOMMANDER_CONFIG` names. It is read once, at the start. `hubcommander check` reads it, tries every
connection, and says for each problem where it is and what to do. A key that nothing reads is an error.

**Secrets** never stand in the file itself. Where one is asked for, say where it is:

```toml
token = { env = \"GITHUB_TOKEN\" }                        # a variable of the environment
token = { file = \"/run/secrets/github\" }                # a file; white space at its end is cut off
token = { command = [\"vault\", \"read\", \"-field=token\", \"secret/github\"] }  # what a program prints
```

A program is run without a shell and has 10 seconds. A secret has at least 8 characters. Paths are seen from the
working directory.

**Addresses** are https; plain http is accepted to this machine only (127.0.0.1, [::1], localhost). Connections
go through the proxy that the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.

Below, `*` stands for a name that you choose.
";

/// The text of docs/configuration.md, with the keys that these commands take of their own.
#[must_use]
pub fn markdown(commands: &[KnownCommand]) -> String {
    let mut out = INTRODUCTION.to_owned();
    let at_top = KEYS.iter().filter(|key| key.section().is_empty() && !is_section(key));
    out.push_str("\n## At the top\n");
    for key in at_top {
        entry(&mut out, key, key.path);
    }
    for top in KEYS.iter().filter(|key| key.section().is_empty() && is_section(key)) {
        // `[orgs]` alone means nothing: what is written is `[orgs.NAME]`.
        let (title, prefix) = match top.shape {
            Shape::Named(_) => (format!("{}.*", top.path), format!("{}.*.", top.path)),
            _ => (top.path.to_owned(), format!("{}.", top.path)),
        };
        let needed = if top.presence == Presence::Required { " Required." } else { "" };
        let _ = write!(out, "\n## [{title}]\n\n{}{needed}\n", top.about);
        for key in KEYS.iter().filter(|key| key.path.starts_with(&prefix) && !key.path.ends_with('*')) {
            entry(&mut out, key, key.path.strip_prefix(&prefix).unwrap_or(key.path));
        }
        if top.path == "commands" {
            for (command, setting) in
                commands.iter().flat_map(|command| command.settings.iter().map(move |own| (command, own)))
            {
                let name = format!("{} (`{}` only)", setting.name, command.name);
                entry(&mut out, &keys::own(setting), &name);
            }
        }
    }
    out
}

fn is_section(key: &Key) -> bool {
    matches!(key.shape, Shape::Section | Shape::Named(_) | Shape::Free(_))
}

fn entry(out: &mut String, key: &Key, name: &str) {
    // Within a list each entry has it; a name that the owner chooses stays a `*`.
    let list = key.section().strip_suffix(".*").and_then(keys::find);
    let listed = list.is_some_and(|list| list.shape == Shape::Sections);
    let name = if listed { name.replace(".*.", "[].") } else { name.to_owned() };
    let presence = match key.presence {
        Presence::Required => "Required.".to_owned(),
        Presence::Default(default) => format!("Default: `{default}`."),
        Presence::Optional => "Optional.".to_owned(),
    };
    let _ = write!(out, "\n### {name}\n\n{}\n\n", key.about);
    if is_section(key) {
        let _ = writeln!(out, "{presence} A section.");
        return;
    }
    let shape = key.shape.words();
    let mut letters = shape.chars();
    let shape: String =
        letters.next().map(|first| first.to_uppercase().to_string()).into_iter().collect::<String>()
            + letters.as_str();
    let _ = writeln!(out, "{presence} {shape}.");
    if !name.contains("[]") {
        let _ = write!(out, "\n```toml\n{} = {}\n```\n", key.name(), key.example);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_in_step() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let names = crate::app::command_names();
        let commands: Vec<_> = names.iter().map(|(name, own)| KnownCommand::new(name, own)).collect();
        let markdown = markdown(&commands);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &markdown).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == markdown, "docs/configuration.md is behind; its first lines say how to renew it");
    }
}
