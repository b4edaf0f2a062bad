//! Whether each source of the directory can be read, to the end. Nothing of it is kept, and nothing follows from it.

use std::time::Duration;

use hubcommander_directory::{Reader, Roll, Trouble};

use super::{Finding, Ground};
use crate::directory::Source;

/// How long one reading may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Each source is read once, all at the same time.
pub(super) async fn sources(ground: &Ground) -> Vec<Finding> {
    let settings = &ground.sections.directory.clone().impatient();
    let read = settings.readers().map(|source| async move {
        let name = settings.name(source);
        match settings.reader(source, 0, &ground.clock) {
            Ok(Some(reader)) => tried(source, &name, &*reader).await,
            Ok(None) => Finding::NotTried(format!("{name} is not read")),
            Err(trouble) => failed(source, &name, &trouble),
        }
    });
    let mut found = futures_util::future::join_all(read).await;
    if let Some(tokens) = &settings.scim {
        let names: Vec<&str> = tokens.keys().map(String::as_str).collect();
        let address = ground.sections.web.as_ref().and_then(|web| web.public_url.as_ref());
        let address = address.map_or("", |url| url.as_str().trim_end_matches('/'));
        found.push(Finding::Fine(format!(
            "SCIM is heard below {address}/scim/v2, with the tokens {}",
            names.join(", ")
        )));
    }
    found
}

async fn tried(source: Source, name: &str, reader: &dyn Reader) -> Finding {
    match tokio::time::timeout(LIMIT, reader.roll()).await {
        Ok(Ok(roll)) => counted(name, &roll),
        Ok(Err(trouble)) => failed(source, name, &trouble),
        Err(_) => Finding::wrong(
            format!("{name} was not read within {} s.", LIMIT.as_secs()),
            "See that this machine can reach it, and whether it answers by larger pages.",
        ),
    }
}

fn counted(name: &str, roll: &Roll) -> Finding {
    let (all, working) = (roll.people().len(), roll.active());
    let people = if all == 1 { "person" } else { "people" };
    let with_email = roll.people().iter().filter(|person| person.primary().is_some()).count();
    let counted = format!("{name}: {all} {people}, {working} of them working here");
    match roll.unread() {
        [] if with_email == 0 => Finding::attention(
            format!("{counted}, none with an e-mail address."),
            "Say where the address is: without it nobody is found in Slack.",
        ),
        [] => Finding::Fine(counted),
        lines => Finding::attention(
            format!("{counted}, and what follows could not be read:\n{}", lines.join("\n")),
            "Correct it there. While it is so, nobody counts as gone who is not on it.",
        ),
    }
}

fn failed(source: Source, name: &str, trouble: &Trouble) -> Finding {
    let cure = match trouble {
        Trouble::NoAnswer { .. } => {
            "See that this machine can reach it, and whether it needs a proxy (`HTTPS_PROXY`)."
        }
        Trouble::Busy { .. } => "Try again in some minutes, and set `every` to more.",
        Trouble::Refused { status: 500.., .. } => "Try again in some minutes; something is wrong over there.",
        Trouble::Refused { .. } => match source {
            Source::Okta => {
                "See `url`, and that the token is of a read-only administrator and has not expired."
            }
            Source::Google => {
                "See that the service account has domain-wide delegation for the scope in docs/directory.md, that the \
                 Admin SDK API is switched on, and that `subject` may read users."
            }
            _ => "See `url` and `token` in its section.",
        },
        Trouble::Unreadable { .. } if source == Source::Http => {
            "See `format`, `paging` and `fields`: they must say how people stand in an answer."
        }
        Trouble::Unreadable { .. } => {
            "See that the address in its section is its own, and not that of a page to log in."
        }
        Trouble::Partial { .. } | Trouble::Shrunk { .. } => {
            "Correct it there. While it is so, it is not taken for what the company is."
        }
        Trouble::Setup { .. } => return Finding::wrong(ended(trouble), section(source)),
    };
    let words = ended(trouble);
    // Most words begin with whose they are.
    let who = if words.starts_with(name) { String::new() } else { format!("{name}: ") };
    Finding::wrong(format!("{who}{words}"), cure)
}

fn ended(trouble: &Trouble) -> String {
    format!("{}.", trouble.to_string().trim_end_matches('.'))
}

fn section(source: Source) -> String {
    format!("Mend it, or what `[directory.{}]` says of it.", source.key())
}
