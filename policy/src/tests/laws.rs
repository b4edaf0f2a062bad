//! What holds whatever is asked.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Value};
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Conversation, Standing};
use hubcommander_sdk::plan::Risk;
use proptest::prelude::*;

use super::{OPEN, asker, question, read, shipped, specs};
use crate::policy::Policy;
use crate::question::{Planned, Question, Resource};
use crate::schema::{self, ArgType};

fn value(arg: &ArgSpec) -> BoxedStrategy<Value> {
    let word = match arg.kind {
        ArgKind::FullRepository => "[a-zA-Z]{1,5}/[a-zA-Z]{1,5}",
        ArgKind::Person => "U[A-Z0-9]{1,5}",
        _ => ".{0,12}",
    };
    match schema::arg_type(arg) {
        ArgType::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
        ArgType::Number => any::<i64>().prop_map(Value::Number).boxed(),
        ArgType::Text | ArgType::Person => word.prop_map(Value::Text).boxed(),
        ArgType::Texts | ArgType::People => {
            proptest::collection::vec(word, 0..4).prop_map(Value::List).boxed()
        }
    }
}

/// Any question by somebody of this standing.
fn asked(standing: BoxedStrategy<Standing>) -> impl Strategy<Value = Question> {
    let commands = specs().into_iter().filter(|spec| !spec.only_when_due).collect::<Vec<_>>();
    let command = proptest::sample::select(commands).prop_flat_map(|spec| {
        let args: Vec<_> = spec
            .args
            .iter()
            .map(|arg| {
                let name = arg.name.clone();
                let given = if arg.required {
                    value(arg).prop_map(Some).boxed()
                } else {
                    proptest::option::of(value(arg)).boxed()
                };
                given.prop_map(move |value| (name.clone(), value))
            })
            .collect();
        (Just(spec.name), args)
    });
    let place =
        (proptest::sample::select(schema::CONVERSATIONS.to_vec()), any::<bool>(), "[CD][A-Z0-9]{0,4}");
    (command, standing, place, 0_i64..4_000_000_000).prop_map(|((command, given), standing, place, at)| {
        let mut args = Args::default();
        for (name, value) in given {
            if let Some(value) = value {
                args.set(&name, value);
            }
        }
        let (conversation, shared, channel): (Conversation, bool, String) = place;
        let mut question = Question { args, who: asker(standing), ..question(&command, &[]) };
        question.place.conversation = conversation;
        question.place.shared = shared;
        question.place.channel = channel;
        question.at = chrono::DateTime::from_timestamp(at, 0).unwrap();
        question
    })
}

fn anybody() -> BoxedStrategy<Standing> {
    proptest::sample::select(schema::STANDINGS.to_vec()).boxed()
}

fn plan() -> impl Strategy<Value = Planned> {
    let powers = proptest::sample::subsequence(Power::ALL.to_vec(), 0..=Power::ALL.len());
    let touches = proptest::collection::btree_set("[a-zA-Z]{1,3}/[a-zA-Z]{1,3}", 0..4);
    (proptest::sample::select(schema::RISKS.to_vec()), powers, touches, 0_usize..100).prop_map(
        |(risk, powers, touches, steps): (Risk, _, BTreeSet<String>, _)| Planned {
            risk,
            powers: powers.into_iter().collect(),
            operations: BTreeSet::from(["github.create_repository".to_owned()]),
            steps,
            touches: touches
                .iter()
                .filter_map(|name| name.split_once('/'))
                .map(|(owner, name)| Resource::repository(owner, name))
                .collect(),
        },
    )
}

/// Obligations that match some plans and not others.
const OBLIGATIONS: [&str; 6] = [
    "@confirm permit (principal, action in Action::\"change\", resource)",
    "@reason permit (principal, action, resource) when { context.plan.steps > 50 }",
    "@step_up(\"duo\") permit (principal, action, resource) when { context.plan.risk == Risk::\"exposing\" }",
    "@approvals(\"2\") @approvers(\"U0SAM, U0KIM\") permit (principal, action, resource is Repository)",
    "@step_up(\"duo\") @confirm permit (principal, action == Action::\"AddCollab\", resource)",
    "@requires(\"healthy_device\") permit (principal, action, resource) when { context.plan.powers.contains(Power::\"delete\") }",
];

fn obliging(which: &[usize]) -> Policy {
    let text: Vec<String> =
        which.iter().map(|&which| format!("@id(\"o{which}\") {};\n", OBLIGATIONS[which])).collect();
    read(OPEN, &text.concat()).unwrap()
}

static SHIPPED: LazyLock<Policy> = LazyLock::new(shipped);
static BARE: LazyLock<Policy> = LazyLock::new(|| read(OPEN, "").unwrap());
static WITH_OPEN: LazyLock<Policy> =
    LazyLock::new(|| read(&format!("{}{OPEN}", crate::source::SHIPPED_POLICY), "").unwrap());
static ERRING_PERMIT: LazyLock<Policy> = LazyLock::new(|| erring("permit"));
static ERRING_FORBID: LazyLock<Policy> = LazyLock::new(|| erring("forbid"));

fn erring(effect: &str) -> Policy {
    let condition = "context.time.epoch + 9223372036854775807 > 0";
    let errs = format!("@id(\"errs\") {effect} (principal, action, resource) when {{ {condition} }};");
    read(&format!("{OPEN}{errs}"), "").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn only_full_members_are_ever_permitted_by_what_ships(
        question in asked(anybody().prop_filter("others", |standing| *standing != Standing::Member).boxed()),
        planned in plan(),
    ) {
        let policy = &SHIPPED;
        prop_assert!(!policy.may_ask(&question).allowed());
        prop_assert!(!policy.may_be_done(&question, &planned).allowed());
    }

    #[test]
    fn a_permit_that_is_added_does_not_open_what_ships_to_others(
        question in asked(anybody().prop_filter("others", |standing| *standing != Standing::Member).boxed()),
    ) {
        let policy = &WITH_OPEN;
        prop_assert!(!policy.may_ask(&question).allowed());
    }

    #[test]
    fn every_question_with_arguments_of_their_kinds_can_be_judged(question in asked(anybody()), planned in plan()) {
        let policy = &BARE;
        prop_assert!(policy.may_ask(&question).allowed());
        prop_assert_eq!(policy.takes(&question, &planned), Ok(Vec::new()));
    }

    #[test]
    fn a_policy_that_errs_denies_whatever_permits(question in asked(anybody()), planned in plan()) {
        for (policy, forbids) in [(&*ERRING_PERMIT, false), (&*ERRING_FORBID, true)] {
            // At the epoch itself there is nothing to overflow.
            let epoch = question.at.timestamp() == 0;
            prop_assert_eq!(policy.may_ask(&question).allowed(), epoch && !forbids);
            prop_assert!(epoch || !policy.may_be_done(&question, &planned).allowed());
            prop_assert!(epoch || policy.may_ask(&question).by() == ["errs"]);
        }
    }

    #[test]
    fn an_obligation_that_is_added_removes_none(
        question in asked(anybody()),
        planned in plan(),
        which in proptest::sample::subsequence((0..OBLIGATIONS.len()).collect::<Vec<_>>(), 0..OBLIGATIONS.len()),
        more in 0..OBLIGATIONS.len(),
    ) {
        let before = obliging(&which).takes(&question, &planned).unwrap();
        let mut with_more = which.clone();
        if !which.contains(&more) {
            with_more.push(more);
        }
        let after = obliging(&with_more).takes(&question, &planned).unwrap();
        for taken in before {
            let still = after.iter().find(|other| other.requirement == taken.requirement);
            prop_assert!(still.is_some_and(|still| taken.by.iter().all(|id| still.by.contains(id))));
        }
    }
}
