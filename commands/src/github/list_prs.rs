//! `!ListPRs`: the newest pull requests of a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::{More, PullFilter, PullRequest, PullState, Pulls, Reader, Repository};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::age::age;
use super::suggest;

/// How many are listed if nobody says.
const USUAL: usize = 20;
/// How many are listed at most: as many as a table in Slack takes, its header besides.
const MOST: usize = 99;
/// A title is cut here at the latest, and not before there.
const TITLE: std::ops::RangeInclusive<usize> = 20..=80;
/// Characters that a table may have, so that it stays one.
const ROOM: usize = 8_500;
/// Labels of one pull request are cut here.
const LONGEST_LABELS: usize = 40;

/// The command.
pub struct ListPRs {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl ListPRs {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let states = ArgKind::Choice(["open", "closed", "all"].map(str::to_owned).into());
        let spec =
            CommandSpec::new("ListPRs", "Pull requests", "Lists the newest pull requests of a repository")
                .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
                .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
                .arg(ArgSpec::positional("state", states, "open, closed or all"))
                .arg(ArgSpec::option("author", ArgKind::Login, "only those of this account"))
                .arg(ArgSpec::option("label", ArgKind::Text, "only those with this label"))
                .arg(ArgSpec::option("limit", ArgKind::Number, "how many at most, 1 to 100; usually 20"))
                .example("!ListPRs acme website open")
                .example("!ListPRs acme website all --author ana-lima --limit 50");
        Self { spec, reader, orgs }
    }
}

fn limit(args: &Args) -> Result<usize, Refusal> {
    let Some(typed) = args.number("limit") else { return Ok(USUAL) };
    match usize::try_from(typed) {
        // A hundred is what people say; one row less is what a table takes.
        Ok(limit @ 1..=100) => Ok(limit.min(MOST)),
        _ => Err(Refusal::new(
            format!("{typed} is not between 1 and 100."),
            "Choose a smaller number, and see the rest on GitHub.",
        )),
    }
}

/// The words, and not more of them than this.
fn cut(words: &str, most: usize) -> String {
    let mut cut: String = words.chars().take(most).collect();
    if cut.len() < words.len() {
        cut.push('…');
    }
    cut
}

fn stands(pull: &PullRequest) -> &'static str {
    match (pull.open, pull.merged, pull.draft) {
        (true, _, true) => "draft",
        (true, _, false) => "open",
        (false, true, _) => "merged",
        (false, false, _) => "closed",
    }
}

fn row(pull: &PullRequest, now: Instant) -> Vec<Text> {
    let author = pull.author.clone().unwrap_or_else(|| "ghost".to_owned());
    vec![
        Text::new().link(format!("#{}", pull.number), &pull.html_url),
        pull.title.as_str().into(),
        author.into(),
        age(pull.created_at, now).into(),
        stands(pull).into(),
        cut(&pull.labels.join(", "), LONGEST_LABELS).into(),
    ]
}

/// The rows, with titles as long as a table bears.
fn rows(pulls: &[PullRequest], now: Instant) -> Vec<Vec<Text>> {
    let mut rows: Vec<Vec<Text>> = pulls.iter().map(|pull| row(pull, now)).collect();
    let all: usize = rows.iter().flatten().map(|cell| cell.words().chars().count().max(1)).sum();
    let titles: usize = pulls.iter().map(|pull| pull.title.chars().count()).sum();
    let room = ROOM.saturating_sub(all - titles.min(all)) / pulls.len().max(1);
    for (row, pull) in rows.iter_mut().zip(pulls) {
        if let Some(cell) = row.get_mut(1) {
            *cell = cut(&pull.title, room.clamp(*TITLE.start(), *TITLE.end())).into();
        }
    }
    rows
}

/// All that fit, on GitHub's own page.
fn on_github(repository: &Repository, wanted: &PullFilter) -> Button {
    let mut query = String::from("is:pr");
    match wanted.state {
        PullState::All => {}
        state => query.push_str(&format!(" is:{}", state.as_str())),
    }
    if let Some(author) = &wanted.author {
        query.push_str(&format!(" author:{author}"));
    }
    if let Some(label) = &wanted.label {
        query.push_str(&format!(" label:\"{}\"", label.replace('"', "")));
    }
    Button::Link {
        label: "See all on GitHub".into(),
        url: format!("{}/pulls?q={}", repository.html_url, encoded(&query)),
    }
}

/// Percent-encodes all but letters, digits and what RFC 3986 calls unreserved.
fn encoded(query: &str) -> String {
    let mut out = String::new();
    for byte in query.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn heading(repository: &Repository, wanted: &PullFilter, pulls: &Pulls) -> Text {
    let kind = match wanted.state {
        PullState::Open => "open ",
        PullState::Closed => "closed ",
        PullState::All => "",
    };
    let by = wanted.author.as_ref().map(|author| format!(" by {author}")).unwrap_or_default();
    let with = wanted.label.as_ref().map(|label| format!(" with the label {label}")).unwrap_or_default();
    let shown = Text::new().link(&repository.full_name, &repository.html_url);
    let (count, more) = (pulls.items.len(), pulls.more != More::None);
    match (count, more) {
        (0, false) => shown.plain(format!(" has no {kind}pull requests{by}{with}")),
        (1, false) => shown.plain(format!(" has 1 {kind}pull request{by}{with}")),
        (_, false) => shown.plain(format!(" has {count} {kind}pull requests{by}{with}")),
        (_, true) => {
            Text::new().plain(format!("The newest {count} {kind}pull requests{by}{with} in ")).then(shown)
        }
    }
}

#[async_trait]
impl Command for ListPRs {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let limit = limit(args)?;
        let org = suggest::org(&self.orgs, args)?;
        let state = match args.text("state") {
            Some("closed") => PullState::Closed,
            Some("all") => PullState::All,
            _ => PullState::Open,
        };
        let said = |name: &str| args.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let wanted = PullFilter { state, author: said("author"), label: said("label") };
        let repository =
            suggest::repository(&self.reader, &org.name, args.text("repo").unwrap_or_default()).await?;
        let pulls = self.reader.pull_requests(&repository, &wanted, limit).await?;
        let mut message = Message::new(heading(&repository, &wanted, &pulls));
        if !pulls.items.is_empty() {
            message = message.part(Part::Table {
                header: ["PR", "Title", "Author", "Age", "State", "Labels"].map(str::to_owned).into(),
                rows: rows(&pulls.items, request.at),
            });
        }
        match pulls.more {
            More::None => {}
            More::There if limit < MOST => {
                let more = Text::new()
                    .plain("There are more: add ")
                    .code("--limit 100")
                    .plain(", or see them on GitHub.");
                message = message.line(more);
            }
            More::There => message = message.line("There are more: see them on GitHub."),
            More::LookedAt(many) => {
                message =
                    message.line(format!("Only the newest {many} were looked through; GitHub shows all."));
            }
        }
        Ok(Prepared::Reply(message.button(on_github(&repository, &wanted))))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
