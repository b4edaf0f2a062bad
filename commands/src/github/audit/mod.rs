//! `!AuditOrg`: whether an organisation is as it should be, and a plan that repairs what the bot may repair.
//!
//! `gather` reads the facts, `judge` holds them against the `rules`, `words` and `csv` say what came of it, `fix`
//! plans the repairs.

mod csv;
mod facts;
mod fix;
mod gather;
mod judge;
mod rules;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::Reader;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::Leases;
use hubcommander_sdk::orgs::Orgs;

pub use rules::AuditOrgSettings;

use super::suggest;
use rules::Rules;

/// The command.
pub struct AuditOrg {
    spec: CommandSpec,
    reader: Reader,
    leases: Arc<dyn Leases>,
    orgs: Arc<Orgs>,
    settings: AuditOrgSettings,
}

impl AuditOrg {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, leases: Arc<dyn Leases>, orgs: Arc<Orgs>, settings: AuditOrgSettings) -> Self {
        // It only reads, as far as what is usual goes: so every plan of repairs is shown to the person first,
        // however harmless its steps.
        let spec = CommandSpec::new(
            "AuditOrg",
            "Organisations",
            "Looks whether an organisation is as it should be, and can repair some of it",
        )
        .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation"))
        .arg(ArgSpec::flag("fix", "plan what I may repair: teams' permissions, stale invitations"))
        .arg(ArgSpec::flag("thorough", "also look at what takes a request for each repository"))
        .arg(ArgSpec::flag("dry-run", "with --fix: show the plan and do nothing"))
        .example("!AuditOrg acme")
        .example("!AuditOrg acme --fix");
        Self { spec, reader, leases, orgs, settings }
    }
}

#[async_trait]
impl Command for AuditOrg {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let org = suggest::org(&self.orgs, &request.args)?;
        let rules = Rules::of(&org.settings, &self.settings);
        let thorough = request.args.flag("thorough");
        let reader = self.reader.patient(&request.headway);
        let facts = gather::gather(&reader, &self.leases, org, &rules, thorough, request).await?;
        let checks = judge::judge(&facts, &rules);
        let fixes = fix::fixes(&checks);
        if !request.args.flag("fix") {
            return Ok(Prepared::Reply(words::answer(&facts, &checks, fixes.len())));
        }
        request.headway.say("looking again at what is to be repaired");
        match fix::plan(&reader, &org.name, fixes).await? {
            Some(plan) => Ok(Prepared::Plan(plan)),
            None => {
                let answer = words::answer(&facts, &checks, 0);
                Ok(Prepared::Reply(answer.line("There is nothing in this that I may repair.")))
            }
        }
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
