//! Explanations for those who run the bot.

use hubcommander_sdk::operation::Power;
use hubcommander_sdk::plan::Risk;

use super::{OPEN, delete, planned, read};
use crate::explain::{Outcome, Part};
use crate::schema::For;

#[test]
fn each_policy_says_what_became_of_it() {
    let policy = read(
        &format!(
            "{OPEN}
             @id(\"creating\") permit (principal, action == Action::\"CreateRepo\", resource);
             @id(\"sam\") permit (principal == Person::\"U0SAM\", action, resource);
             @id(\"elsewhere\") forbid (principal, action, resource in Organization::\"other\");
             @id(\"mornings\") forbid (principal, action, resource)
             when {{ context.time.hour < 12 }} unless {{ principal in Group::\"developers\" }};
             @id(\"errs\") permit (principal, action, resource) when {{ context.time.epoch * 9000000000000000000 > 0 }};"
        ),
        "@id(\"deleting\") @confirm permit (principal, action, resource)
         when { context.plan.powers.contains(Power::\"delete\") };
         @id(\"big\") @reason permit (principal, action, resource) when { context.plan.steps > 10 };",
    )
    .unwrap();
    let planned = planned(Risk::Irreversible, &[Power::Delete], &["acme/widgets"]);
    let explained = policy.explain(&delete("acme", "widgets"), Some(&planned));
    assert!(!explained.decision.allowed());
    assert_eq!(explained.about.len(), 1);
    let outcomes: Vec<(&str, &Outcome)> =
        explained.about[0].1.iter().map(|judged| (judged.id.as_str(), &judged.outcome)).collect();
    let lacks = |conditions: &[&str]| {
        Outcome::Lacks(conditions.iter().map(|&condition| condition.to_owned()).collect())
    };
    assert_eq!(outcomes[0], ("open", &Outcome::Matches));
    assert_eq!(outcomes[1], ("creating", &Outcome::NotAbout(Part::Command)));
    assert_eq!(outcomes[2], ("sam", &Outcome::NotAbout(Part::Person)));
    assert_eq!(outcomes[3], ("elsewhere", &Outcome::NotAbout(Part::Resource)));
    let lacking =
        lacks(&["when { context.time.hour < 12 }", "unless { principal in Group::\"developers\" }"]);
    assert_eq!(outcomes[4].1, &lacking);
    assert!(
        matches!(outcomes[5], ("errs", Outcome::Errs(log)) if log.contains("overflow")),
        "{:?}",
        outcomes[5]
    );
    assert_eq!(outcomes[6], ("deleting", &Outcome::Matches));
    assert!(matches!(outcomes[7].1, Outcome::Lacks(conditions) if conditions.len() == 1));
    assert!(explained.about[0].1.iter().filter(|judged| judged.set == For::Obligations).count() == 2);
    assert_eq!(policy.stands("deleting"), Some(("obligations.cedar", 1)));
    assert_eq!(policy.stands("sam"), Some(("policy.cedar", 4)));
}
