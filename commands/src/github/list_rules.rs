//! `!ListRules`: what protects a branch, in plain words.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::Reader;
use hubcommander_github::names::BranchName;
use hubcommander_github::protection::{BranchRule, Protection, RulesetInBrief, rule_in_words};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::set_branch_protection::must_have_branch;
use super::{named, suggest};

/// The command.
pub struct ListRules {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl ListRules {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new("ListRules", "Protection", "Says what protects a branch")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
            .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
            .arg(
                ArgSpec::positional("branch", ArgKind::Branch, "the branch; its main one if left out")
                    .optional(),
            )
            .example("!ListRules acme api")
            .example("!ListRules acme website main");
        Self { spec, reader, orgs }
    }
}

/// The rules that hold, by the ruleset that they are of.
fn with_rules(mut message: Message, rules: &[BranchRule], rulesets: &[RulesetInBrief]) -> Message {
    let mut by_ruleset: BTreeMap<u64, Vec<&BranchRule>> = BTreeMap::new();
    for rule in rules {
        by_ruleset.entry(rule.ruleset_id).or_default().push(rule);
    }
    for (id, rules) in by_ruleset {
        let source = rules.first().map(|rule| rule.ruleset_source.as_str()).unwrap_or_default();
        let title = match rulesets.iter().find(|one| one.id == id) {
            Some(one) => format!("Ruleset {} of {}", one.name, one.source),
            None => format!("A ruleset of {source}"),
        };
        message = message.part(Part::Heading(title));
        for rule in rules {
            message = message.item(rule_in_words(&rule.kind, &rule.parameters));
        }
    }
    message
}

fn with_classic(message: Message, protection: &Protection) -> Message {
    let message = message.part(Part::Heading("Classic protection".to_owned()));
    protection.in_words().into_iter().fold(message, Message::item)
}

/// Rulesets that hold for nothing now.
fn resting(rulesets: &[RulesetInBrief]) -> Vec<String> {
    let resting = rulesets.iter().filter(|one| one.enforcement != "active");
    resting
        .map(|one| {
            let how = if one.enforcement == "evaluate" { "only tried out" } else { "switched off" };
            format!("{} of {} ({how})", one.name, one.source)
        })
        .collect()
}

#[async_trait]
impl Command for ListRules {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let typed = args.text("branch").map(BranchName::parse).transpose();
        let typed = named("branch", typed)?;
        let repository =
            suggest::repository(&self.reader, &org.name, args.text("repo").unwrap_or_default()).await?;
        let branch = match typed {
            Some(branch) => branch,
            None => named("branch", BranchName::parse(&repository.default_branch))?,
        };
        must_have_branch(&self.reader, &repository, &branch).await?;
        let (protection, rules, rulesets) = tokio::try_join!(
            self.reader.protection(&repository, &branch),
            self.reader.branch_rules(&repository, &branch),
            self.reader.rulesets(&repository),
        )?;
        let of =
            Text::new().bold(branch.as_str()).plain(" of ").link(&repository.full_name, &repository.html_url);
        let mut message = if protection.is_none() && rules.is_empty() {
            Message::new(of.plain(" is not protected"))
                .line("Everybody who may push can change and rewrite it.")
        } else {
            Message::new(of.plain(" is protected"))
        };
        if let Some(protection) = &protection {
            message = with_classic(message, protection);
        }
        message = with_rules(message, &rules, &rulesets);
        let resting = resting(&rulesets);
        if !resting.is_empty() {
            message = message.line(format!("Not in force: {}.", resting.join(", ")));
        }
        if repository.archived {
            message = message.line("The repository is archived, so nobody can change anything in it.");
        }
        Ok(Prepared::Reply(message))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
