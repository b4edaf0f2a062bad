//! One or more repositories on which somebody is to have something: looked up, and planned, each by itself.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::{Reader, Repository, preconditions};
use hubcommander_sdk::command::Request;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::Holding;
use hubcommander_sdk::message::Button;
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::Text;

use crate::github::lending::{Added, Lending, Looked, Want};
use crate::github::suggest;

/// How many are looked at side by side.
const AT_ONCE: usize = 8;

/// A repository, and what is held on it.
pub(super) struct Place {
    pub(super) repository: Repository,
    pub(super) looked: Looked,
}

impl Place {
    /// Its name in the plan.
    pub(super) fn name(&self) -> &str {
        self.repository.full_name.rsplit('/').next().unwrap_or_default()
    }
}

/// The repositories of these names, as GitHub writes them. None may be archived.
pub(super) async fn repositories(
    reader: &Reader,
    org: &Org,
    names: Vec<&str>,
) -> Result<Vec<Repository>, Refusal> {
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let asked =
        names.into_iter().map(|name| async move { suggest::repository(reader, &org.name, &name).await });
    let found: Vec<Repository> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    match found.iter().find(|one| one.archived) {
        Some(one) => Err(Refusal::new(
            Text::new().link(&one.full_name, &one.html_url).plain(" is archived, so it cannot be changed."),
            "Unarchive it first.",
        )),
        None => Ok(found),
    }
}

/// What is held on each of them.
pub(super) async fn look(
    lending: &Lending,
    repositories: Vec<Repository>,
    holding: impl Fn(&Repository) -> Result<Holding, Refusal>,
) -> Result<Vec<Place>, Refusal> {
    let holdings: Vec<(Repository, Holding)> = repositories
        .into_iter()
        .map(|repository| holding(&repository).map(|holding| (repository, holding)))
        .collect::<Result<_, _>>()?;
    let looks = holdings.into_iter().map(|(repository, holding)| async move {
        Ok::<_, Refusal>(Place { looked: lending.look(holding).await?, repository })
    });
    stream::iter(looks).buffered(AT_ONCE).try_collect().await
}

/// What is asked for on all of them.
pub(super) struct Asked<'a> {
    pub(super) lending: &'a Lending,
    pub(super) request: &'a Request,
    pub(super) want: &'a Want,
    pub(super) reason: Option<&'a str>,
}

/// The plan for all places where something is to be done, with a title made from their names; or what is so
/// already everywhere.
pub(super) fn plan(
    asked: &Asked<'_>,
    places: &[Place],
    title: impl FnOnce(&Text) -> Title,
) -> Result<Result<Plan, Added>, Refusal> {
    let mut plan = Plan::new(Title { todo: Text::new(), doing: Text::new(), done: Text::new() });
    let mut changed: Vec<&Place> = Vec::new();
    let mut why = Added::SoAlready;
    for place in places {
        let (lending, request) = (asked.lending, asked.request);
        match lending.steps(&mut plan, request, place.name(), &place.looked, asked.want, asked.reason)? {
            Added::Steps => {
                plan.locks.insert(format!("github:{}", place.repository.full_name));
                plan.preconditions.push(preconditions::same_repository(&place.repository));
                plan.preconditions
                    .push(preconditions::same_level(place.looked.holding(), place.looked.now()));
                changed.push(place);
            }
            other => why = other,
        }
    }
    if changed.is_empty() {
        return Ok(Err(why));
    }
    plan.title = title(&names(changed.iter().map(|place| &place.repository)));
    if let [place] = changed[..] {
        let url = place.repository.html_url.clone();
        plan.links = vec![Button::Link { label: "Open on GitHub".into(), url }];
    }
    Ok(Ok(plan))
}

/// "acme/website", "acme/website and acme/api", "5 repositories of acme"
pub(super) fn names<'a>(repositories: impl ExactSizeIterator<Item = &'a Repository>) -> Text {
    let count = repositories.len();
    let mut words = Text::new();
    for (index, one) in repositories.enumerate() {
        if count > 3 {
            let owner = one.full_name.split('/').next().unwrap_or_default();
            return Text::from(format!("{count} repositories of {owner}"));
        }
        if index > 0 {
            words = words.plain(if index + 1 == count { " and " } else { ", " });
        }
        words = words.link(&one.full_name, &one.html_url);
    }
    words
}
