//! What policies carry besides their rule: an id, words for people, and what it takes.

use std::collections::BTreeSet;
use std::ops::Range;

use hubcommander_sdk::auth::{ANY, Requirement};

use crate::policy::Surroundings;
use crate::source::{Fault, Source};

/// The most people that one policy may ask to agree.
const MOST_APPROVALS: u32 = 20;
/// The longest id, in characters.
const LONGEST_ID: usize = 80;

/// One annotation, where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    pub key: String,
    pub value: String,
    pub at: Range<usize>,
}

/// All annotations of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// Where the policy stands.
    pub at: Range<usize>,
    pub list: Vec<Annotation>,
}

/// What there is to know of one policy besides its rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub id: String,
    /// Said to the person.
    pub why: Option<String>,
    /// Whom to ask.
    pub ask: Option<String>,
    /// What it takes.
    pub takes: Vec<Requirement>,
    /// The line it begins in.
    pub line: usize,
    /// Where its id stands.
    pub id_at: Option<Range<usize>>,
}

/// An annotation, as it is read and as the documentation explains it.
pub struct Known {
    /// Its name, without the `@`.
    pub key: &'static str,
    /// As it is written.
    pub example: &'static str,
    /// What it does. A sentence for the reference.
    pub about: &'static str,
}

/// What policies may carry.
pub const OF_POLICIES: &[Known] = &[
    Known {
        key: "id",
        example: "@id(\"guests\")",
        about: "What the policy is called in the audit, in `!Why` and in `explain`. Needed; no two are the same in both files.",
    },
    Known {
        key: "why",
        example: "@why(\"Guests may not use this bot.\")",
        about: "Said to the person whom this policy refuses. Without it they learn that they may not, and no more.",
    },
    Known {
        key: "ask",
        example: "@ask(\"@it-help\")",
        about: "Whom to ask, said with the refusal, in place of `contact` in `[policy]`.",
    },
];

/// What obligations may carry.
pub const OF_OBLIGATIONS: &[Known] = &[
    Known { key: "id", example: "@id(\"deleting\")", about: "As for policies." },
    Known {
        key: "why",
        example: "@why(\"Deleting cannot be taken back.\")",
        about: "Shown where people are asked for it.",
    },
    Known {
        key: "confirm",
        example: "@confirm",
        about: "The person who asked sees the plan and says: run it.",
    },
    Known { key: "reason", example: "@reason", about: "The person who asked says why." },
    Known {
        key: "step_up",
        example: "@step_up(\"any\")",
        about: "The person who asked proves that it is they: `duo`, `okta`, `passkey`, or `any` for whichever is set up and they have.",
    },
    Known {
        key: "approvals",
        example: "@approvals(\"1\")",
        about: "So many other people agree. Takes `@approvers`. Each policy's approvals are one requirement of their own.",
    },
    Known {
        key: "approvers",
        example: "@approvers(\"slack:security\")",
        about: "Who may agree, several by comma: `slack:HANDLE` for a user group of Slack, `S…` for one by id, `U…` or `W…` for one person.",
    },
    Known {
        key: "approver_step_up",
        example: "@approver_step_up(\"any\")",
        about: "How each who agrees proves that it is they. Takes `@approvals`.",
    },
    Known {
        key: "requires",
        example: "@requires(\"healthy_device\")",
        about: "The devices of the person who asked are healthy. Unknown is a no.",
    },
    Known {
        key: "or_step_up",
        example: "@or_step_up(\"any\")",
        about: "A step-up that stands in where nobody can tell whether the devices are healthy. Takes `@requires`.",
    },
];

/// Reads what a policy carries, noting what is wrong.
pub(crate) struct Reader<'a> {
    pub source: &'a Source,
    pub surroundings: &'a Surroundings<'a>,
    pub faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    /// Of a policy that says who may.
    pub fn policy(&mut self, carried: &Carried) -> About {
        self.check_keys(carried, OF_POLICIES, OF_OBLIGATIONS, "obligations.cedar");
        self.common(carried)
    }

    /// Of one that says what it takes.
    pub fn obligation(&mut self, carried: &Carried) -> About {
        let before = self.faults.len();
        self.check_keys(carried, OF_OBLIGATIONS, OF_POLICIES, "policy.cedar");
        let mut about = self.common(carried);
        about.takes = self.takes(carried);
        if about.takes.is_empty() && self.faults.len() == before {
            self.fault(
                &carried.at,
                "This policy asks for nothing.",
                "Say what it takes, such as `@step_up(\"any\")`, or remove it.",
            );
        }
        about
    }

    fn check_keys(&mut self, carried: &Carried, known: &[Known], elsewhere: &[Known], other_file: &str) {
        for annotation in &carried.list {
            let is = |known: &&Known| known.key == annotation.key;
            if known.iter().any(|known| is(&known)) {
                continue;
            }
            let keys: Vec<String> = known.iter().map(|known| format!("`@{}`", known.key)).collect();
            let cure = if elsewhere.iter().any(|known| is(&known)) {
                format!("`@{}` belongs into {other_file}.", annotation.key)
            } else {
                format!("Here stand {}.", keys.join(", "))
            };
            self.fault(&annotation.at, format!("Nothing reads `@{}` here.", annotation.key), cure);
        }
    }

    fn common(&mut self, carried: &Carried) -> About {
        let id = match carried.get("id") {
            Some(id) => {
                let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if id.value.is_empty() || id.value.len() > LONGEST_ID || !id.value.chars().all(good) {
                    self.fault(
                        &id.at,
                        "This id is empty, too long, or has other characters than letters, digits, `-`, `_` and `.`.",
                        "Write a short one, such as `@id(\"no-guests\")`.",
                    );
                }
                id.value.clone()
            }
            None => {
                self.fault(
                    &carried.at,
                    "This policy has no id.",
                    "Begin it with one, such as `@id(\"no-guests\")`: the audit names policies by it.",
                );
                String::new()
            }
        };
        let why = self.words(carried, "why");
        let ask = self.words(carried, "ask");
        let line = self.source.place(&carried.at).line;
        let id_at = carried.get("id").map(|id| id.at.clone());
        About { id, why, ask, takes: Vec::new(), line, id_at }
    }

    fn words(&mut self, carried: &Carried, key: &str) -> Option<String> {
        let said = carried.get(key)?;
        let words = said.value.trim();
        if words.is_empty() || words.chars().any(char::is_control) {
            self.fault(
                &said.at,
                format!("`@{key}` says nothing, or holds a line break."),
                "Write a sentence in one line.",
            );
        }
        Some(words.to_owned())
    }

    fn takes(&mut self, carried: &Carried) -> Vec<Requirement> {
        let mut takes = Vec::new();
        for (key, requirement) in [("confirm", Requirement::Confirm), ("reason", Requirement::Reason)] {
            let Some(flag) = carried.get(key) else { continue };
            if !flag.value.is_empty() {
                self.fault(&flag.at, format!("`@{key}` takes no value."), format!("Write `@{key}` alone."));
            }
            takes.push(requirement);
        }
        if let Some(by) = self.step_up(carried, "step_up") {
            takes.push(Requirement::StepUp { by });
        }
        takes.extend(self.approvals(carried));
        takes.extend(self.device(carried));
        takes
    }

    /// The step-up that an annotation names, if it is set up.
    fn step_up(&mut self, carried: &Carried, key: &str) -> Option<String> {
        let named = carried.get(key)?;
        match known_step_up(&named.value, self.surroundings) {
            Ok(()) => Some(named.value.clone()),
            Err((what, cure)) => {
                self.fault(&named.at, what, cure);
                None
            }
        }
    }

    fn approvals(&mut self, carried: &Carried) -> Option<Requirement> {
        let step_up = self.step_up(carried, "approver_step_up");
        let Some(count) = carried.get("approvals") else {
            for key in ["approvers", "approver_step_up"] {
                if let Some(alone) = carried.get(key) {
                    self.fault(
                        &alone.at,
                        format!("`@{key}` stands without `@approvals`, so nobody would be asked."),
                        "Say how many people are to agree, such as `@approvals(\"1\")`.",
                    );
                }
            }
            return None;
        };
        let number = count.value.parse::<u32>().ok().filter(|number| (1..=MOST_APPROVALS).contains(number));
        if number.is_none() {
            self.fault(
                &count.at,
                "`@approvals` is no number from 1 to 20.",
                "Say how many people are to agree, such as `@approvals(\"1\")`.",
            );
        }
        let Some(named) = carried.get("approvers") else {
            self.fault(
                &count.at,
                "`@approvals` stands without `@approvers`, so nobody could agree.",
                "Say who may, such as `@approvers(\"slack:security\")`.",
            );
            return None;
        };
        let mut approvers = BTreeSet::new();
        for one in named.value.split(',').map(str::trim) {
            if is_approver(one) {
                approvers.insert(one.to_owned());
            } else {
                self.fault(
                    &named.at,
                    format!("`{one}` is neither a user group nor a person of Slack."),
                    "Write `slack:HANDLE` with the group's handle in lower case, its id `S…`, or a person's id `U…`; \
                     several by comma.",
                );
            }
        }
        let missing_step_up = step_up.is_none() && carried.get("approver_step_up").is_some();
        (!approvers.is_empty() && !missing_step_up).then_some(Requirement::Approvals {
            count: number?,
            approvers,
            step_up,
        })
    }

    fn device(&mut self, carried: &Carried) -> Option<Requirement> {
        let or_step_up = self.step_up(carried, "or_step_up");
        let Some(named) = carried.get("requires") else {
            if let Some(alone) = carried.get("or_step_up") {
                self.fault(
                    &alone.at,
                    "`@or_step_up` stands without `@requires`.",
                    "Write `@requires(\"healthy_device\")` too, or `@step_up` in its place.",
                );
            }
            return None;
        };
        if named.value != "healthy_device" {
            self.fault(
                &named.at,
                format!("Nobody knows how to require `{}`.", named.value),
                "Write `@requires(\"healthy_device\")`.",
            );
            return None;
        }
        if !self.surroundings.devices && or_step_up.is_none() {
            self.fault(
                &named.at,
                "No source of devices is set up, so nobody could show that theirs are healthy.",
                "Set one up under `[device_sources]`, or name a step-up that stands in: `@or_step_up(\"any\")`.",
            );
        }
        Some(Requirement::HealthyDevice { or_step_up })
    }

    fn fault(&mut self, at: &Range<usize>, what: impl Into<String>, cure: impl Into<String>) {
        self.faults.push(self.source.fault(Some(at), what, cure));
    }
}

impl Carried {
    fn get(&self, key: &str) -> Option<&Annotation> {
        self.list.iter().find(|annotation| annotation.key == key)
    }
}

/// Whether this step-up is set up; if not, what is wrong and what to do.
pub(crate) fn known_step_up(name: &str, surroundings: &Surroundings<'_>) -> Result<(), (String, String)> {
    let there: Vec<String> = surroundings.step_ups.iter().map(|name| format!("`{name}`")).collect();
    if there.is_empty() {
        return Err((
            "No way to prove who one is is set up, so nobody could do this.".to_owned(),
            "Set one up under `[auth_plugins]` in config.toml, or say something else here in an obligations file of \
             your own."
                .to_owned(),
        ));
    }
    if name == ANY || surroundings.step_ups.contains(name) {
        return Ok(());
    }
    Err((
        format!("The step-up `{name}` is not set up."),
        format!("Set it up under `[auth_plugins]`, or name one that is: {} or `{ANY}`.", there.join(", ")),
    ))
}

/// Whether this can stand for people who agree.
pub(crate) fn is_approver(word: &str) -> bool {
    match word.strip_prefix("slack:") {
        Some(handle) => is_handle(handle),
        None => is_id(word, "SUW"),
    }
}

/// Whether this can be a user group's handle: lower-case letters and digits of any script, `-`, `_`, `.`.
pub(crate) fn is_handle(word: &str) -> bool {
    let good = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_' | '.');
    !word.is_empty() && word.chars().all(good)
}

/// Whether this is an id of Slack that begins with one of these letters.
pub(crate) fn is_id(word: &str, kinds: &str) -> bool {
    word.len() > 1
        && word.starts_with(|c| kinds.contains(c))
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
