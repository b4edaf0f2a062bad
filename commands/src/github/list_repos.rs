//! `!ListRepos`: the repositories of an organisation, as a table.

use std::cmp::Reverse;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::{Reader, Repository, Visibility};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::day::day;
use super::suggest;

/// How many are shown if nobody says.
const SHOWN: usize = 25;
/// A table in Slack takes no more rows, one being the header
/// (<https://docs.slack.dev/reference/block-kit/blocks/table-block>).
const MOST: usize = 99;
/// Longer descriptions are cut, so that the table stays one.
const LONGEST: usize = 80;

/// The command.
pub struct ListRepos {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl ListRepos {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let visibilities = ArgKind::Choice(["private", "internal", "public"].map(str::to_owned).to_vec());
        let about = "Lists the repositories of an organisation";
        let spec = CommandSpec::new("ListRepos", "Repositories", about)
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation"))
            .arg(ArgSpec::option("match", ArgKind::Text, "only those with this in their name or description"))
            .arg(ArgSpec::option("visibility", visibilities, "only those that these can see"))
            .arg(ArgSpec::flag("archived", "only those that are archived"))
            .arg(ArgSpec::option("topic", ArgKind::Topics, "only those with this topic, or all of several"))
            .arg(ArgSpec::option("limit", ArgKind::Number, "how many to show, 25 if left out, 99 at most"))
            .example("!ListRepos acme")
            .example("!ListRepos acme --match site --topic web --limit 50");
        Self { spec, reader, orgs }
    }
}

/// What is wanted of all there are.
struct Filter<'a> {
    /// In lower case.
    text: Option<String>,
    visibility: Option<Visibility>,
    archived: bool,
    topics: Vec<&'a str>,
}

impl<'a> Filter<'a> {
    fn of(args: &'a Args) -> Self {
        Self {
            text: args.text("match").map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty()),
            visibility: match args.text("visibility") {
                Some("public") => Some(Visibility::Public),
                Some("internal") => Some(Visibility::Internal),
                Some("private") => Some(Visibility::Private),
                _ => None,
            },
            archived: args.flag("archived"),
            topics: args.list("topic"),
        }
    }

    fn is_any(&self) -> bool {
        self.text.is_some() || self.visibility.is_some() || self.archived || !self.topics.is_empty()
    }

    fn takes(&self, one: &Repository) -> bool {
        let holds = |words: &str, text: &str| words.to_lowercase().contains(text);
        let matches = self.text.as_deref().is_none_or(|text| {
            holds(name(one), text) || one.description.as_deref().is_some_and(|words| holds(words, text))
        });
        matches
            && self.visibility.is_none_or(|visibility| one.visibility == visibility)
            && (!self.archived || one.archived)
            && self.topics.iter().all(|topic| one.topics.iter().any(|known| known == topic))
    }
}

fn name(one: &Repository) -> &str {
    one.full_name.rsplit('/').next().unwrap_or_default()
}

fn limit(args: &Args) -> Result<usize, Refusal> {
    let Some(asked) = args.number("limit") else { return Ok(SHOWN) };
    usize::try_from(asked).ok().filter(|asked| (1..=MOST).contains(asked)).ok_or_else(|| {
        Refusal::new(
            format!("I can show 1 to {MOST} repositories at a time."),
            Text::new().plain("Choose fewer with ").code("--match").plain(" or ").code("--topic").plain("."),
        )
    })
}

fn counted(count: usize) -> String {
    match count {
        0 => "no repositories".to_owned(),
        1 => "one repository".to_owned(),
        n => format!("{n} repositories"),
    }
}

fn row(one: &Repository, request: &Request) -> Vec<Text> {
    let words = one.description.as_deref().unwrap_or_default();
    let mut short: String = words.chars().take(LONGEST).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    vec![
        Text::new().link(name(one), &one.html_url),
        one.visibility.as_str().into(),
        if one.archived { "yes" } else { "no" }.into(),
        one.pushed_at.map_or_else(|| "never".to_owned(), |at| day(at, request)).into(),
        short.into(),
    ]
}

fn answer(org: &str, all: &[Repository], complete: bool, request: &Request) -> Result<Message, Refusal> {
    let (filter, limit) = (Filter::of(&request.args), limit(&request.args)?);
    let mut found: Vec<&Repository> = all.iter().filter(|one| filter.takes(one)).collect();
    found.sort_by_key(|one| (Reverse(one.pushed_at), one.full_name.to_lowercase()));
    let total = if complete { counted(all.len()) } else { format!("more than {}", counted(all.len())) };
    let mut message = match (all.len(), found.len()) {
        (0, _) => Message::new(format!("{org} has no repositories that I can see.")),
        _ if !filter.is_any() => Message::new(format!("{org} has {total}.")),
        (_, 0) => Message::new(format!("{org} has {total}. None of them matches.")),
        (_, 1) => Message::new(format!("{org} has {total}. One of them matches.")),
        (_, n) => Message::new(format!("{org} has {total}. {n} of them match.")),
    };
    if !complete {
        message = message.line(format!("I read the first {} and know nothing of the others.", all.len()));
    }
    if found.len() > limit {
        let shown = format!("Here are the {limit} that were pushed to last. Others with ");
        let shown = Text::new().plain(shown).code(format!("--limit {MOST}")).plain(", or choose with ");
        message = message.line(
            shown.code("--match").plain(", ").code("--visibility").plain(" or ").code("--topic").plain("."),
        );
    }
    if found.is_empty() {
        return Ok(message);
    }
    let header = ["Repository", "Visibility", "Archived", "Last push", "About"].map(str::to_owned).to_vec();
    let rows = found.iter().take(limit).map(|one| row(one, request)).collect();
    Ok(message.part(Part::Table { header, rows }))
}

#[async_trait]
impl Command for ListRepos {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let org = suggest::org(&self.orgs, &request.args)?;
        limit(&request.args)?;
        let listing = self.reader.repositories(&org.name).await.map_err(|error| error.refusal())?;
        answer(&org.name, &listing.items, listing.complete, request).map(Prepared::Reply)
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
