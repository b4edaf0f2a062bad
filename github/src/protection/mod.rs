//! What protects a branch: the classic protection and rulesets, as data that can be written back as it was
//! read, and in plain words.

mod classic;
mod profile;
mod ruleset;
mod weaker;
mod words;

pub use classic::{Actors, Check, Protection, Reviews, StatusChecks};
pub use ruleset::{BranchRule, Ruleset, RulesetBody, RulesetInBrief, rule_in_words, ruleset_name};

pub(crate) use classic::Raw as RawProtection;
