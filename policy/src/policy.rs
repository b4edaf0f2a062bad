//! The judge: may this be asked, may this be done, and what does it take.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Authorizer, Decision as Cedar};
use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::command::CommandSpec;
use hubcommander_sdk::error::Refusal;

use crate::annotations::{About, known_step_up};
use crate::explain::words;
use crate::load::{Loaded, Looks, load};
use crate::question::{Planned, Question, Resource};
use crate::request::put;
use crate::schema::{self, For};
use crate::source::{Fault, Source, Sources};

/// A command, and what config.toml says that it takes.
#[derive(Clone, Copy, Debug)]
pub struct Ruled<'a> {
    /// What there is to know of the command.
    pub spec: &'a CommandSpec,
    /// `auth` of `[commands.NAME]`: `confirm`, `reason`, `approval`, `healthy_device`, `any`, or a step-up's name.
    pub auth: &'a [String],
}

/// What the policies are read against.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// The commands there are.
    pub commands: Vec<Ruled<'a>>,
    /// The kinds of operations that plans may hold.
    pub operations: BTreeSet<String>,
    /// The step-ups that are set up.
    pub step_ups: BTreeSet<String>,
    /// Whether anything knows people's devices.
    pub devices: bool,
    /// Who agrees where `auth` says `approval`.
    pub approvers: BTreeSet<String>,
    /// Whom to ask, said with a refusal.
    pub contact: Option<String>,
}

/// Whether something may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Yes {
        /// The policies that permit it.
        by: Vec<String>,
    },
    /// It may not.
    No(Denial),
}

/// A no, with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The policies that made it: those that forbid, or those that could not be worked out. None where no policy
    /// permits it.
    pub by: Vec<String>,
    /// Why.
    pub cause: Cause,
    /// What the person reads, and what is logged.
    pub refusal: Refusal,
}

/// Why it is a no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A policy forbids it.
    Forbidden,
    /// No policy permits it.
    NotPermitted,
    /// A policy, or the question itself, could not be worked out.
    Erred,
}

impl Decision {
    /// Whether it may.
    #[must_use]
    pub fn allowed(&self) -> bool {
        matches!(self, Self::Yes { .. })
    }

    /// The policies that made it.
    #[must_use]
    pub fn by(&self) -> &[String] {
        match self {
            Self::Yes { by } | Self::No(Denial { by, .. }) => by,
        }
    }
}

/// One thing that a plan takes, and the policies that ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it takes.
    pub requirement: Requirement,
    /// The ids of those that ask for it, in order; `[commands.NAME] auth` for what config.toml says.
    pub by: Vec<String>,
}

/// What a plan takes could not be worked out: a no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{log}")]
pub struct Erred {
    /// The policies that could not be worked out.
    pub by: Vec<String>,
    /// For the log.
    pub log: String,
    /// What the person reads.
    pub refusal: Refusal,
}

/// What policies look at, so that nothing need be looked up in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LooksAt {
    /// User groups of Slack.
    pub groups: bool,
    /// Linked GitHub accounts and their teams.
    pub github: bool,
}

/// A command as the judge knows it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub spec: CommandSpec,
    /// What config.toml says that it takes.
    pub auth: Vec<Requirement>,
}

/// Who may do what, and what it takes.
#[derive(Debug)]
pub struct Policy {
    pub(crate) may: Loaded,
    pub(crate) takes: Loaded,
    pub(crate) commands: BTreeMap<String, Known>,
    pub(crate) contact: Option<String>,
    files: (String, String),
}

impl Policy {
    /// Reads both files against the commands there are.
    ///
    /// # Errors
    /// All that is wrong with them, in the order of the files.
    pub fn new(sources: &Sources, surroundings: &Surroundings<'_>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let may = load(&sources.policy, For::Policy, surroundings, &mut faults);
        let takes = load(&sources.obligations, For::Obligations, surroundings, &mut faults);
        if let (Some(may), Some(takes)) = (&may, &takes) {
            faults.extend(shared_ids(&sources.obligations, may, takes));
        }
        let mut commands = BTreeMap::new();
        for ruled in &surroundings.commands {
            let auth = shorthand(ruled, surroundings, &mut faults);
            commands.insert(ruled.spec.name.to_lowercase(), Known { spec: ruled.spec.clone(), auth });
        }
        match (may, takes) {
            (Some(may), Some(takes)) if faults.is_empty() => Ok(Self {
                may,
                takes,
                commands,
                contact: surroundings.contact.clone(),
                files: (sources.policy.name.clone(), sources.obligations.name.clone()),
            }),
            _ => {
                let place = |fault: &Fault| fault.place.as_ref().map(|place| (place.line, place.column));
                let second = |fault: &Fault| fault.file != sources.policy.name;
                faults.sort_by_key(|fault| (second(fault), place(fault)));
                faults.dedup();
                Err(faults)
            }
        }
    }

    /// Whether this may be asked. There is no plan yet.
    #[must_use]
    pub fn may_ask(&self, question: &Question) -> Decision {
        let Some(known) = self.known(&question.command) else { return self.unknown(question) };
        let mut about = Resource::of_args(&known.spec, &question.args);
        if about.is_empty() {
            about.insert(Resource::Channel(question.place.channel.clone()));
        }
        self.judge_all(known, question, None, &about)
    }

    /// Whether this plan may be carried out. It is judged for each thing that was named or would be changed, and
    /// all must be permitted.
    #[must_use]
    pub fn may_be_done(&self, question: &Question, planned: &Planned) -> Decision {
        let Some(known) = self.known(&question.command) else { return self.unknown(question) };
        if !schema::changes(&known.spec) {
            // Whoever permits reading has not permitted this.
            let log = format!("`{}` only reads, yet it planned something", known.spec.name);
            return Decision::No(self.erred(Vec::new(), log, question));
        }
        self.judge_all(known, question, Some(planned), &about(known, question, planned))
    }

    /// What this plan takes: all that the obligations and config.toml ask for, each once, in order.
    ///
    /// # Errors
    /// It could not be worked out, so the plan may not be carried out.
    pub fn takes(&self, question: &Question, planned: &Planned) -> Result<Vec<Taken>, Erred> {
        let erred = |by: Vec<String>, log: String| Erred {
            by,
            refusal: words::erred(question, self.contact.as_deref(), &log),
            log,
        };
        let Some(known) = self.known(&question.command) else {
            return Err(erred(Vec::new(), format!("there is no command `{}`", question.command)));
        };
        let mut taken: BTreeMap<Requirement, BTreeSet<String>> = BTreeMap::new();
        for requirement in &known.auth {
            taken.entry(requirement.clone()).or_default().insert(shorthand_id(&known.spec));
        }
        for resource in about(known, question, planned) {
            let put = put(&known.spec, question, Some(planned), &resource, &self.takes.schema)
                .map_err(|unaskable| erred(Vec::new(), unaskable.0))?;
            let response = Authorizer::new().is_authorized(&put.request, &self.takes.set, &put.entities);
            if let Some((by, log)) = errors(&response) {
                return Err(erred(by, log));
            }
            for id in response.diagnostics().reason() {
                let id = id.to_string();
                let Some(about) = self.takes.about.get(&id) else {
                    return Err(erred(vec![id], "a policy that nobody knows matched".to_owned()));
                };
                for requirement in &about.takes {
                    taken.entry(requirement.clone()).or_default().insert(id.clone());
                }
            }
        }
        let taken = taken.into_iter();
        Ok(taken.map(|(requirement, by)| Taken { requirement, by: by.into_iter().collect() }).collect())
    }

    /// What the policies look at that could be about this command.
    #[must_use]
    pub fn looks_at(&self, command: &str) -> LooksAt {
        let looks: Vec<&Looks> = self.looks(command).collect();
        let has = |word: &str| looks.iter().any(|looks| looks.words.contains(word));
        LooksAt { groups: has("Group"), github: has("GitHubTeam") || has("github") }
    }

    /// The user groups of Slack that those policies name, by handle or id. One that Slack does not know (any more)
    /// makes the answer unsure.
    #[must_use]
    pub fn groups(&self, command: &str) -> BTreeSet<&str> {
        self.looks(command).flat_map(|looks| &looks.groups).map(String::as_str).collect()
    }

    /// The user groups of Slack that any policy names.
    #[must_use]
    pub fn all_groups(&self) -> BTreeSet<&str> {
        let all = self.may.looks.iter().chain(&self.takes.looks);
        all.flat_map(|looks| &looks.groups).map(String::as_str).collect()
    }

    /// What each policy looks at that could be about this command. Of a command that is not there: all.
    fn looks(&self, command: &str) -> impl Iterator<Item = &Looks> {
        let spec = self.known(command).map(|known| &known.spec);
        self.may.looks.iter().chain(&self.takes.looks).filter(move |looks| match (&looks.actions, spec) {
            (Some(actions), Some(spec)) => {
                let does = if schema::changes(spec) { schema::CHANGE } else { schema::READ };
                [spec.name.as_str(), spec.group.as_str(), does].iter().any(|name| actions.contains(*name))
            }
            _ => true,
        })
    }

    /// Everything that any plan could take, by whom it is asked for.
    #[must_use]
    pub fn ever_takes(&self) -> Vec<Taken> {
        let mut taken: BTreeMap<Requirement, BTreeSet<String>> = BTreeMap::new();
        for about in self.takes.about.values() {
            for requirement in &about.takes {
                taken.entry(requirement.clone()).or_default().insert(about.id.clone());
            }
        }
        for known in self.commands.values() {
            for requirement in &known.auth {
                taken.entry(requirement.clone()).or_default().insert(shorthand_id(&known.spec));
            }
        }
        let taken = taken.into_iter();
        taken.map(|(requirement, by)| Taken { requirement, by: by.into_iter().collect() }).collect()
    }

    /// What the policy of this id says to people.
    #[must_use]
    pub fn why(&self, id: &str) -> Option<&str> {
        self.about(id)?.why.as_deref()
    }

    /// Where the policy of this id stands: its file and line.
    #[must_use]
    pub fn stands(&self, id: &str) -> Option<(&str, usize)> {
        match (self.may.about.get(id), self.takes.about.get(id)) {
            (Some(about), _) => Some((&self.files.0, about.line)),
            (None, Some(about)) => Some((&self.files.1, about.line)),
            (None, None) => None,
        }
    }

    /// Whom to ask.
    #[must_use]
    pub fn contact(&self) -> Option<&str> {
        self.contact.as_deref()
    }

    /// How many policies there are: who may, and what it takes.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        (self.may.about.len(), self.takes.about.len())
    }

    pub(crate) fn about(&self, id: &str) -> Option<&About> {
        self.may.about.get(id).or_else(|| self.takes.about.get(id))
    }

    pub(crate) fn known(&self, command: &str) -> Option<&Known> {
        self.commands.get(&command.to_lowercase()).filter(|known| !known.spec.only_when_due)
    }

    fn judge_all(
        &self,
        known: &Known,
        question: &Question,
        planned: Option<&Planned>,
        about: &BTreeSet<Resource>,
    ) -> Decision {
        let mut permitted = BTreeSet::new();
        for resource in about {
            match self.judge(known, question, planned, resource) {
                Decision::Yes { by } => permitted.extend(by),
                no @ Decision::No(_) => return no,
            }
        }
        if permitted.is_empty() {
            // Nothing was judged, or nobody said yes.
            return Decision::No(self.erred(Vec::new(), "nothing was judged".to_owned(), question));
        }
        Decision::Yes { by: permitted.into_iter().collect() }
    }

    fn judge(
        &self,
        known: &Known,
        question: &Question,
        planned: Option<&Planned>,
        resource: &Resource,
    ) -> Decision {
        let put = match put(&known.spec, question, planned, resource, &self.may.schema) {
            Ok(put) => put,
            Err(unaskable) => return Decision::No(self.erred(Vec::new(), unaskable.0, question)),
        };
        let response = Authorizer::new().is_authorized(&put.request, &self.may.set, &put.entities);
        // Cedar leaves out what it cannot work out. That may be the very policy that would have said no.
        if let Some((by, log)) = errors(&response) {
            return Decision::No(self.erred(by, log, question));
        }
        let mut by: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        by.sort_by_key(|id| self.may.about.get(id).map(|about| about.line));
        match response.decision() {
            Cedar::Allow => Decision::Yes { by },
            Cedar::Deny if by.is_empty() => Decision::No(Denial {
                by,
                cause: Cause::NotPermitted,
                refusal: words::not_permitted(question, &known.spec, self.contact.as_deref()),
            }),
            Cedar::Deny => {
                let said: Vec<&About> = by.iter().filter_map(|id| self.may.about.get(id)).collect();
                let refusal = words::forbidden(question, &known.spec, &said, self.contact.as_deref());
                Decision::No(Denial { by, cause: Cause::Forbidden, refusal })
            }
        }
    }

    fn unknown(&self, question: &Question) -> Decision {
        let log = format!("there is no command `{}`", question.command);
        Decision::No(self.erred(Vec::new(), log, question))
    }

    fn erred(&self, by: Vec<String>, log: String, question: &Question) -> Denial {
        let refusal = words::erred(question, self.contact.as_deref(), &log);
        Denial { by, cause: Cause::Erred, refusal }
    }
}

/// What a plan is about: what was named, and what it would change.
pub(crate) fn about(known: &Known, question: &Question, planned: &Planned) -> BTreeSet<Resource> {
    let mut about = Resource::of_args(&known.spec, &question.args);
    about.extend(planned.touches.iter().cloned());
    if about.is_empty() {
        about.insert(Resource::Channel(question.place.channel.clone()));
    }
    about
}

/// The policies that could not be worked out, and why.
pub(crate) fn errors(response: &cedar_policy::Response) -> Option<(Vec<String>, String)> {
    let mut by = BTreeSet::new();
    let mut log = Vec::new();
    for error in response.diagnostics().errors() {
        let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
        by.insert(error.policy_id().to_string());
        log.push(crate::load::with_causes(error));
    }
    (!by.is_empty()).then(|| (by.into_iter().collect(), log.join("; ")))
}

/// An id in both files would make the audit ambiguous.
fn shared_ids(source: &Source, may: &Loaded, takes: &Loaded) -> Vec<Fault> {
    let shared = takes.about.values().filter(|about| may.about.contains_key(&about.id));
    let fault = |about: &About| {
        source.fault(
            about.id_at.as_ref(),
            format!("A policy in the other file has the id `{}`, too.", about.id),
            "Give each its own.",
        )
    };
    shared.map(fault).collect()
}

/// What names a command's `auth` in the audit.
pub(crate) fn shorthand_id(spec: &CommandSpec) -> String {
    format!("[commands.{}] auth", spec.name)
}

/// What the words of `auth` stand for.
fn shorthand(
    ruled: &Ruled<'_>,
    surroundings: &Surroundings<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<Requirement> {
    let mut takes = Vec::new();
    for word in ruled.auth {
        let mut wrong = |what: String, cure: String| {
            let file = format!("config.toml, [commands.{}]", ruled.spec.name);
            faults.push(Fault { file, place: None, what, cure });
        };
        takes.push(match word.as_str() {
            "confirm" => Requirement::Confirm,
            "reason" => Requirement::Reason,
            "approval" => {
                if surroundings.approvers.is_empty() {
                    wrong(
                        "`auth` asks for an approval, and nobody may give one.".to_owned(),
                        "Say who may in `approvers` in `[policy]`.".to_owned(),
                    );
                }
                Requirement::Approvals { count: 1, approvers: surroundings.approvers.clone(), step_up: None }
            }
            "healthy_device" => {
                if !surroundings.devices {
                    wrong(
                        "`auth` asks for a healthy device, and no source of devices is set up.".to_owned(),
                        "Set one up under `[device_sources]`, or take it out of `auth`.".to_owned(),
                    );
                }
                Requirement::HealthyDevice { or_step_up: None }
            }
            name => {
                if let Err((what, cure)) = known_step_up(name, surroundings) {
                    wrong(format!("`auth` names `{name}`. {what}"), cure);
                }
                Requirement::StepUp { by: name.to_owned() }
            }
        });
    }
    takes
}
