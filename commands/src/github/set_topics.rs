//! `!SetTopics`: a repository's topics, set, added to, taken from or cleared.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::names::Topic;
use hubcommander_github::operations::{ReplaceTopics, RepoRef};
use hubcommander_github::{Reader, Repository};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::text::Text;

use super::{named, one, suggest};

/// The most topics that GitHub gives a repository
/// (<https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/classifying-your-repository-with-topics>).
const MOST: usize = 20;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// These and no others.
    Set(BTreeSet<Topic>),
    /// Those that are there, with the first and without the second; no topic is in both.
    Adjust { add: BTreeSet<Topic>, remove: BTreeSet<Topic> },
}

impl Change {
    fn asked(args: &Args) -> Result<Self, Refusal> {
        let topics = |name: &str| -> Result<BTreeSet<Topic>, Refusal> {
            named("topic", args.list(name).into_iter().map(Topic::parse).collect())
        };
        let (set, add, remove) = (topics("topics")?, topics("add")?, topics("remove")?);
        let clear = args.flag("clear");
        let adjusts = !add.is_empty() || !remove.is_empty();
        if [!set.is_empty(), adjusts, clear].into_iter().filter(|asked| *asked).count() > 1 {
            return Err(Refusal::new(
                Text::new()
                    .plain("These contradict each other: topics to set, ")
                    .code("--clear")
                    .plain(", and ")
                    .code("--add")
                    .plain(" or ")
                    .code("--remove")
                    .plain("."),
                "Say one of them.",
            ));
        }
        if let Some(both) = add.intersection(&remove).next() {
            return Err(Refusal::new(
                Text::new().code(both.as_str()).plain(" is to be added and removed."),
                "Leave it out of one of them.",
            ));
        }
        if adjusts {
            return Ok(Self::Adjust { add, remove });
        }
        if set.is_empty() && !clear {
            return Err(Refusal::new(
                "You did not say which topics.",
                Text::new()
                    .plain("Name them, or use ")
                    .code("--add")
                    .plain(", ")
                    .code("--remove")
                    .plain(" or ")
                    .code("--clear")
                    .plain("."),
            ));
        }
        Ok(Self::Set(set))
    }

    /// The topics afterwards.
    fn applied(&self, before: &BTreeSet<Topic>) -> BTreeSet<Topic> {
        match self {
            Self::Set(topics) => topics.clone(),
            Self::Adjust { add, remove } => {
                before.union(add).filter(|topic| !remove.contains(topic)).cloned().collect()
            }
        }
    }
}

/// The command.
pub struct SetTopics {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl SetTopics {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new(
            "SetTopics",
            "Repositories",
            "Sets, adds, removes or clears a repository's topics",
        );
        let topics =
            ArgSpec::positional("topics", ArgKind::Topics, "these and no others").optional().repeated();
        let spec = one::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(topics)
            .arg(ArgSpec::option("add", ArgKind::Topics, "topics to add, separated by commas").repeated())
            .arg(
                ArgSpec::option("remove", ArgKind::Topics, "topics to remove, separated by commas")
                    .repeated(),
            )
            .arg(ArgSpec::flag("clear", "no topics at all"))
            .example("!SetTopics acme website web,marketing,pricing")
            .example("!SetTopics acme website --add rockets --remove marketing")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }
}

fn now(repository: &Repository) -> Result<BTreeSet<Topic>, Refusal> {
    named("topic", repository.topics.iter().map(|topic| Topic::parse(topic)).collect())
}

#[async_trait]
impl Command for SetTopics {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let change = Change::asked(args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let before = now(&repository)?;
        let after = change.applied(&before);
        if after == before {
            let so = if after.is_empty() { " has no topics already" } else { " has these topics already" };
            return Ok(one::already(&repository, so));
        }
        one::must_not_be_archived(&repository)?;
        if after.len() > MOST {
            return Err(Refusal::new(
                one::shown(&repository)
                    .plain(format!(" would have {} topics; GitHub takes {MOST} at most.", after.len())),
                Text::new().plain("Remove some with ").code("--remove").plain("."),
            ));
        }
        let shown = one::shown(&repository);
        let (todo, doing, done) =
            if after.is_empty() { ("Clear", "Clearing", "cleared") } else { ("Set", "Setting", "set") };
        let title = Title {
            todo: Text::new().plain(format!("{todo} the topics of ")).then(shown.clone()),
            doing: Text::new().plain(format!("{doing} the topics of ")).then(shown.clone()),
            done: Text::new().plain("The topics of ").then(shown).plain(format!(" are {done}")),
        };
        let replace = ReplaceTopics {
            repo: named("repository", RepoRef::of(&repository))?,
            topics: after.into_iter().collect(),
            before: Some(before.into_iter().collect()),
        };
        Ok(Prepared::Plan(one::plan(&repository, title)?.step("topics", replace.operation(), &[])))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_sdk::command::Value;
    use proptest::prelude::*;

    use super::*;

    fn topics(names: &[&str]) -> BTreeSet<Topic> {
        names.iter().map(|name| Topic::parse(name).unwrap()).collect()
    }

    fn asked(given: &[(&str, &[&str])], clear: bool) -> Result<Change, String> {
        let mut args = Args::default();
        for (name, list) in given {
            args.set(name, Value::List(list.iter().map(|topic| (*topic).to_owned()).collect()));
        }
        if clear {
            args.set("clear", Value::Flag(true));
        }
        Change::asked(&args).map_err(|refusal| format!("{} {}", refusal.what.words(), refusal.todo.words()))
    }

    #[test]
    fn what_is_asked_for_is_one_thing() {
        assert_eq!(asked(&[("topics", &["web"])], false), Ok(Change::Set(topics(&["web"]))));
        assert_eq!(asked(&[], true), Ok(Change::Set(BTreeSet::new())));
        let adjust = Change::Adjust { add: topics(&["a"]), remove: topics(&["b"]) };
        assert_eq!(asked(&[("add", &["a"]), ("remove", &["b"])], false), Ok(adjust));
        let contradiction =
            "These contradict each other: topics to set, --clear, and --add or --remove. Say one of them.";
        for given in [
            asked(&[("topics", &["a"]), ("add", &["b"])], false),
            asked(&[("topics", &["a"]), ("remove", &["b"])], false),
            asked(&[("topics", &["a"])], true),
            asked(&[("remove", &["a"])], true),
        ] {
            assert_eq!(given, Err(contradiction.to_owned()));
        }
        assert_eq!(
            asked(&[("add", &["a", "b"]), ("remove", &["b"])], false),
            Err("b is to be added and removed. Leave it out of one of them.".to_owned())
        );
        for nothing in [asked(&[], false), asked(&[("topics", &[])], false), asked(&[("add", &[])], false)] {
            assert_eq!(
                nothing,
                Err("You did not say which topics. Name them, or use --add, --remove or --clear.".to_owned())
            );
        }
    }

    fn some() -> impl Strategy<Value = BTreeSet<Topic>> {
        proptest::collection::btree_set("[a-e][0-2]?", 0..8)
            .prop_map(|names| names.iter().map(|name| Topic::parse(name).unwrap()).collect())
    }

    proptest! {
        #[test]
        fn set_means_these_and_no_others(before in some(), set in some()) {
            prop_assert_eq!(Change::Set(set.clone()).applied(&before), set);
        }

        #[test]
        fn added_ones_are_there_removed_ones_are_not_and_the_rest_stays(
            before in some(), add in some(), other in some(),
        ) {
            let remove: BTreeSet<Topic> = other.difference(&add).cloned().collect();
            let change = Change::Adjust { add: add.clone(), remove: remove.clone() };
            let after = change.applied(&before);
            prop_assert!(add.is_subset(&after));
            prop_assert!(remove.is_disjoint(&after));
            let touched: BTreeSet<Topic> = add.union(&remove).cloned().collect();
            let rest = |topics: &BTreeSet<Topic>| topics.difference(&touched).cloned().collect::<BTreeSet<_>>();
            prop_assert_eq!(rest(&before), rest(&after));
            prop_assert_eq!(change.applied(&after), after.clone(), "a second time changes nothing");
        }

        #[test]
        fn what_was_added_anew_is_removed_again(before in some(), add in some()) {
            let new: BTreeSet<Topic> = add.difference(&before).cloned().collect();
            let there = Change::Adjust { add: new.clone(), remove: BTreeSet::new() }.applied(&before);
            let back = Change::Adjust { add: BTreeSet::new(), remove: new }.applied(&there);
            prop_assert_eq!(back, before);
        }
    }
}
