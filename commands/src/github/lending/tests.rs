//! What options, settings and what is held come to.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::{Headway, Value};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::people::{Conversation, Person, PersonId, Place, Standing};
use hubcommander_sdk::plan::Title;
use serde_json::{Value as Json, json};

use super::*;

const DAY: i64 = 86_400;

fn days(days: i64) -> Option<Length> {
    Some(Length { seconds: days * DAY })
}

fn args(for_: Option<i64>, for_good: bool) -> Args {
    let mut args = Args::default();
    if let Some(seconds) = for_ {
        args.set("for", Value::Number(seconds));
    }
    if for_good {
        args.set("for-good", Value::Flag(true));
    }
    args
}

fn settle(terms: Terms, org: &OrgSettings, for_: Option<i64>, for_good: bool) -> Result<Term, String> {
    terms.settle(org, &args(for_, for_good)).map_err(|refusal| refusal.what.words())
}

fn term(seconds: Option<i64>, longest: Option<i64>) -> Term {
    Term { seconds, longest }
}

#[test]
fn how_long_a_grant_lasts_where_nothing_is_set() {
    let (none, org) = (Terms::default(), OrgSettings::default());
    assert_eq!(settle(none, &org, None, false), Ok(term(None, None)));
    assert_eq!(settle(none, &org, Some(DAY), false), Ok(term(Some(DAY), None)));
    assert_eq!(settle(none, &org, None, true), Ok(term(None, None)));
    assert_eq!(
        settle(none, &org, Some(DAY), true),
        Err("--for and --for-good contradict each other.".to_owned())
    );
}

#[test]
fn a_default_is_only_for_those_who_do_not_say() {
    let (terms, org) = (Terms { default: days(30), longest: None }, OrgSettings::default());
    assert_eq!(settle(terms, &org, None, false), Ok(term(Some(30 * DAY), None)));
    assert_eq!(settle(terms, &org, Some(DAY), false), Ok(term(Some(DAY), None)));
    assert_eq!(settle(terms, &org, None, true), Ok(term(None, None)));
    let org = OrgSettings { lease_default: days(7), ..org };
    assert_eq!(settle(terms, &org, None, false), Ok(term(Some(7 * DAY), None)), "the organisation's counts");
}

#[test]
fn nothing_lasts_longer_than_it_may() {
    let (terms, org) = (Terms { default: days(30), longest: days(90) }, OrgSettings::default());
    assert_eq!(settle(terms, &org, Some(90 * DAY), false), Ok(term(Some(90 * DAY), Some(90 * DAY))));
    for (for_, for_good) in [(Some(90 * DAY + 1), false), (None, true)] {
        let refused = settle(terms, &org, for_, for_good);
        assert_eq!(refused, Err("This can be granted for 90d at most.".to_owned()));
    }
    let only_longest = Terms { default: None, longest: days(90) };
    assert_eq!(settle(only_longest, &org, None, false), Ok(term(Some(90 * DAY), Some(90 * DAY))));
    // The organisation's longest is shorter than the command's default: it is what nobody asked to exceed.
    let org = OrgSettings { lease_longest: days(14), ..org };
    assert_eq!(settle(terms, &org, None, false), Ok(term(Some(14 * DAY), Some(14 * DAY))));
    assert!(settle(terms, &org, Some(15 * DAY), false).is_err());
}

struct Fake {
    now: Option<&'static str>,
    running: Vec<Lease>,
}

#[async_trait::async_trait]
impl Grant for Fake {
    fn kind(&self) -> &'static str {
        "test"
    }
    async fn held(&self, _: &Json) -> Result<Option<String>, OperationError> {
        Ok(self.now.map(str::to_owned))
    }
    fn change(&self, on: &Json, from: Option<&str>, to: Option<&str>) -> Result<Operation, OperationError> {
        Ok(Operation::of("test.set", &json!({ "on": on, "from": from, "to": to })))
    }
    fn rank(&self, level: &str) -> u8 {
        level.parse().unwrap_or(0)
    }
}

#[async_trait::async_trait]
impl Leases for Fake {
    async fn on(&self, _: &Holding) -> Result<Vec<Lease>, Refusal> {
        Ok(self.running.clone())
    }
    async fn running(&self) -> Result<Vec<Lease>, Refusal> {
        Ok(self.running.clone())
    }
}

fn holding() -> Holding {
    Holding { grant: "test".into(), key: "k".into(), subject: json!("s"), shown: "it".into() }
}

fn lease(id: &str, level: &str, base: Option<&str>) -> Lease {
    Lease {
        id: id.into(),
        holding: holding(),
        level: level.into(),
        base: base.map(str::to_owned),
        until: Instant::UNIX_EPOCH,
        longest: None,
        reason: None,
        by: PersonId { team: "T".into(), user: "U".into() },
        invocation: "inv-0".into(),
    }
}

fn request() -> Request {
    Request {
        invocation: "inv-1".into(),
        person: Person {
            id: PersonId { team: "T".into(), user: "U".into() },
            standing: Standing::Member,
            name: "Ana".into(),
            email: None,
            tz_offset: None,
        },
        place: Place { channel: "C".into(), conversation: Conversation::Public, shared: false, thread: None },
        args: Args::default(),
        at: Instant::UNIX_EPOCH,
        headway: Headway::default(),
    }
}

fn empty() -> Plan {
    Plan::new(Title { todo: "Do".into(), doing: "Doing".into(), done: "Done".into() })
}

/// The steps in one line each.
async fn steps(now: Option<&'static str>, running: &[Lease], want: Want) -> Vec<String> {
    let fake = Arc::new(Fake { now, running: running.to_vec() });
    let lending = Lending { grant: Arc::<Fake>::clone(&fake), leases: fake };
    let looked = lending.look(holding()).await.unwrap();
    let mut plan = empty();
    let added = lending.steps(&mut plan, &request(), "place", &looked, &want, Some("why")).unwrap();
    assert_eq!(added == Added::Steps, !plan.steps.is_empty());
    assert_eq!(plan.locks.contains("k"), added == Added::Steps);
    if added == Added::Steps {
        plan.check().unwrap();
    }
    let line = |step: &Step| {
        let (input, word) =
            (&step.operation.input, |value: &Json| value.as_str().unwrap_or("none").to_owned());
        let what = match step.operation.kind.as_str() {
            "test.set" => format!("{} to {}", word(&input["from"]), word(&input["to"])),
            "lease.open" => format!(
                "{} {} over {} for {}",
                word(&input["id"]),
                word(&input["level"]),
                word(&input["base"]),
                input["ends"]["in"]
            ),
            "lease.end" => format!("{} ends", word(&input["id"])),
            "lease.rebase" => format!("{} leaves {}", word(&input["id"]), word(&input["base"])),
            other => other.to_owned(),
        };
        format!("{}: {what} {:?}", step.id, step.after)
    };
    let mut lines: Vec<String> = plan.steps.iter().map(line).collect();
    if added == Added::ForGoodAlready {
        lines.push("for good already".into());
    }
    lines
}

fn level(level: &str) -> Want {
    Want::Level(level.into(), term(None, None))
}

fn lent(level: &str) -> Want {
    Want::Level(level.into(), term(Some(60), Some(90)))
}

#[tokio::test]
async fn what_is_lent_ends_by_itself() {
    assert_eq!(
        steps(None, &[], lent("3")).await,
        [r#"place: none to 3 []"#, r#"place-until: lse-1 3 over none for 60 ["place"]"#]
    );
    assert_eq!(
        steps(Some("1"), &[], lent("3")).await,
        [r#"place: 1 to 3 []"#, r#"place-until: lse-1 3 over 1 for 60 ["place"]"#]
    );
    assert_eq!(steps(Some("3"), &[], lent("3")).await, ["for good already"]);
    assert_eq!(steps(Some("4"), &[], lent("3")).await, ["for good already"]);
}

#[tokio::test]
async fn a_lease_beside_a_greater_one_waits_for_its_end() {
    let running = [lease("lse-0", "4", None)];
    assert_eq!(steps(Some("4"), &running, lent("3")).await, [r#"place-until: lse-1 3 over none for 60 []"#]);
    assert_eq!(
        steps(Some("4"), &running, lent("5")).await,
        [r#"place: 4 to 5 []"#, r#"place-until: lse-1 5 over none for 60 ["place"]"#]
    );
}

#[tokio::test]
async fn a_grant_for_a_time_takes_nothing_away_that_somebody_gave_elsewhere() {
    let running = [lease("lse-0", "2", None)];
    assert_eq!(steps(Some("5"), &running, lent("3")).await, [r#"place-until: lse-1 3 over none for 60 []"#]);
}

#[tokio::test]
async fn what_is_granted_for_good_is_what_leases_leave() {
    assert_eq!(steps(Some("1"), &[], level("3")).await, [r#"place: 1 to 3 []"#]);
    assert_eq!(steps(Some("3"), &[], level("3")).await, Vec::<String>::new());
    let running = [lease("lse-0", "4", None)];
    assert_eq!(steps(Some("4"), &running, level("3")).await, [r#"place-lease-0: lse-0 leaves 3 []"#]);
    assert_eq!(
        steps(Some("4"), &running, level("5")).await,
        [r#"place: 4 to 5 []"#, r#"place-lease-0: lse-0 leaves 5 ["place"]"#]
    );
    let beside = [lease("lse-0", "4", Some("3"))];
    assert_eq!(steps(Some("4"), &beside, level("3")).await, Vec::<String>::new());
}

#[tokio::test]
async fn leases_end_with_all_that_is_held() {
    let running = [lease("lse-0", "2", Some("1")), lease("lse-9", "4", Some("1"))];
    assert_eq!(
        steps(Some("4"), &running, Want::Nothing).await,
        [
            r#"place: 4 to none []"#,
            r#"place-lease-0: lse-0 ends ["place"]"#,
            r#"place-lease-1: lse-9 ends ["place"]"#
        ]
    );
    // Somebody has taken it away already.
    let one = [lease("lse-0", "2", None)];
    assert_eq!(steps(None, &one, Want::Nothing).await, [r#"place-lease-0: lse-0 ends []"#]);
    assert_eq!(steps(None, &[], Want::Nothing).await, Vec::<String>::new());
}

#[tokio::test]
async fn each_lease_of_a_plan_has_its_own_id() {
    let fake = Arc::new(Fake { now: None, running: Vec::new() });
    let lending = Lending { grant: Arc::<Fake>::clone(&fake), leases: fake };
    let mut plan = empty();
    for name in ["a", "b", "c"] {
        let looked = lending.look(holding()).await.unwrap();
        lending.steps(&mut plan, &request(), name, &looked, &lent("1"), None).unwrap();
    }
    let opened = plan.steps.iter().filter(|step| step.operation.kind == OPEN);
    let ids: Vec<&str> = opened.filter_map(|step| step.operation.input["id"].as_str()).collect();
    assert_eq!(ids, ["lse-1", "lse-1-2", "lse-1-3"]);
}
