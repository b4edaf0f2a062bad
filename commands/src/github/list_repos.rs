//! `!ListRepos`: the repositories of an organisation, as a table.

use std::cmp::Reverse;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::{Reader, Repository, Visibility};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::{Text, thousands};

use super::day::day;
use super::suggest;

/// How many are shown if nobody says.
const SHOWN: usize = 25;
/// A table in Slack takes no more rows, one being the header
/// (<https://docs.slack.dev/reference/block-kit/blocks/table-block>).
const MOST: usize = 99;
/// Longer descriptions are cut, so that the table stays one.
const LONGEST: usize = 80;

/// So many pages are read at once, and need no word.
const AT_ONCE: u64 = 6;

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
            .arg(ArgSpec::option("page", ArgKind::Number, "which page of so many, the first if left out"))
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

/// How many pages come before the one that is wanted, of which there are `pages`.
fn before(args: &Args, pages: usize) -> Result<usize, Refusal> {
    let Some(asked) = args.number("page") else { return Ok(0) };
    let page = usize::try_from(asked).ok().filter(|page| (1..=pages.max(1)).contains(page));
    page.map(|page| page - 1).ok_or_else(|| {
        let what = if pages > 1 {
            format!("There are {} pages.", thousands(pages))
        } else {
            "There is one page.".into()
        };
        Refusal::new(what, Text::new().plain("Leave out ").code("--page").plain(" for the first."))
    })
}

fn counted(count: usize) -> String {
    match count {
        0 => "no repositories".to_owned(),
        1 => "one repository".to_owned(),
        n => format!("{} repositories", thousands(n)),
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

/// `found` are those that the filter takes, of `all` there are.
fn answer(org: &str, all: usize, mut found: Vec<Repository>, request: &Request) -> Result<Message, Refusal> {
    let (args, limit) = (&request.args, limit(&request.args)?);
    found.sort_by_cached_key(|one| (Reverse(one.pushed_at), one.full_name.to_lowercase()));
    let total = counted(all);
    let message = match (all, found.len()) {
        (0, _) => Message::new(format!("{org} has no repositories that I can see.")),
        _ if !Filter::of(args).is_any() => Message::new(format!("{org} has {total}.")),
        (_, 0) => Message::new(format!("{org} has {total}. None of them matches.")),
        (_, 1) => Message::new(format!("{org} has {total}. One of them matches.")),
        (_, n) => Message::new(format!("{org} has {total}. {} of them match.", thousands(n))),
    };
    if found.is_empty() {
        return Ok(message);
    }
    let pages = found.len().div_ceil(limit);
    let before = before(args, pages)?;
    let header = ["Repository", "Visibility", "Archived", "Last push", "About"].map(str::to_owned).to_vec();
    let rows = found.iter().skip(before * limit).take(limit).map(|one| row(one, request)).collect();
    let message = message.part(Part::Table { header, rows });
    if pages == 1 {
        return Ok(message);
    }
    let page = before + 1;
    let which = format!("Page {} of {}, those pushed to last first. ", thousands(page), thousands(pages));
    let next = if page < pages { page + 1 } else { 1 };
    let more = Text::new().plain(which).code(format!("--page {next}"));
    let more = more.plain(if page < pages { " shows the next; " } else { " shows the first; " });
    Ok(message.line(
        more.code("--match")
            .plain(", ")
            .code("--visibility")
            .plain(" and ")
            .code("--topic")
            .plain(" choose."),
    ))
}

#[async_trait]
impl Command for ListRepos {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let org = suggest::org(&self.orgs, &request.args)?;
        limit(&request.args)?;
        let filter = Filter::of(&request.args);
        // Only what is wanted is kept: an organisation may have ten thousand.
        let (mut all, mut found) = (0, Vec::new());
        let scan = self.reader.patient(&request.headway).scan(&org.name).map_err(|error| error.refusal())?;
        let take = |page: Vec<Repository>, pages: u64| {
            all += page.len();
            found.extend(page.into_iter().filter(|one| filter.takes(one)));
            if pages > AT_ONCE {
                request.headway.say(format!("read {} repositories", thousands(all)));
            }
        };
        scan.repository_pages(take).await.map_err(|error| error.refusal())?;
        answer(&org.name, all, found, request).map(Prepared::Reply)
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
