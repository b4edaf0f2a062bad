use hubcommander_github::ExternalIdentity;
use hubcommander_sdk::accounts::{Employee, Linked, Proof};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use proptest::prelude::*;

use super::*;

fn employee(id: &str, active: bool) -> Employee {
    Employee {
        id: id.into(),
        emails: vec![format!("{id}@acme.example")],
        name: id.into(),
        active,
        github_login: None,
        github_id: None,
        slack_user: None,
    }
}

fn link(user: &str, account: u64, email: &str) -> Linked {
    Linked {
        person: PersonId { team: "T0".into(), user: user.into() },
        github_id: account,
        login: format!("login-{account}"),
        email: Some(email.into()),
        since: Instant::UNIX_EPOCH,
        proof: Proof::DeviceFlow,
    }
}

fn identity(account: u64, email: &str) -> ExternalIdentity {
    ExternalIdentity {
        guid: format!("g-{account}"),
        name_id: Some(email.into()),
        scim_username: None,
        emails: Vec::new(),
        account: Some((account, format!("login-{account}"))),
    }
}

fn group(known: &Known, identities: &[ExternalIdentity], id: u64, login: &str) -> Group {
    let roll = Roll::new(known);
    Matcher::new(&roll, &["Acme-CI".into()], Some(1_000), identities).of(id, login).group()
}

fn with(employees: Vec<Employee>, links: Vec<Linked>) -> Known {
    Known { links, employees: Some(employees), in_slack: HashMap::new() }
}

#[test]
fn each_way_of_being_known_has_its_group() {
    let claimed = Employee { github_login: Some("Claimed-One".into()), ..employee("cleo", true) };
    let numbered =
        Employee { github_id: Some(60), github_login: Some("taken-since".into()), ..employee("nia", false) };
    let known = with(
        vec![employee("mia", true), employee("lea", false), claimed, numbered],
        vec![link("U1", 10, "Mia@Acme.example"), link("U2", 20, "lea@acme.example"), link("U3", 30, "x@y")],
    );
    let sso = [
        identity(40, "MIA@acme.example"),
        identity(41, "lea@acme.example"),
        identity(42, "elsewhere@other.example"),
    ];
    let of = |id, login: &str| group(&known, &sso, id, login);
    assert_eq!(of(10, "a"), Group::Linked);
    assert_eq!(of(20, "b"), Group::Leaver);
    assert_eq!(of(30, "c"), Group::Unsure);
    assert_eq!(of(40, "d"), Group::Unlinked);
    assert_eq!(of(41, "e"), Group::LeaverByClaim);
    assert_eq!(of(42, "f"), Group::Unlinked, "the single sign-on knows them, whoever they are");
    assert_eq!(of(50, "claimed-one"), Group::Unlinked);
    assert_eq!(of(60, "whatever"), Group::LeaverByClaim);
    assert_eq!(of(61, "taken-since"), Group::Stranger, "the number counts, not the login of then");
    assert_eq!(of(99, "acme-ci"), Group::Service);
    assert_eq!(of(1_000, "hub-bot"), Group::Service);
    assert_eq!(of(99, "nobody"), Group::Stranger);
}

#[test]
fn who_comes_back_works_here_and_who_has_their_address_now_is_somebody_else() {
    let again = vec![employee("mia", false), Employee { id: "mia-2".into(), ..employee("mia", true) }];
    assert_eq!(group(&with(again, vec![link("U1", 10, "mia@acme.example")]), &[], 10, "a"), Group::Linked);
    let other = vec![
        Employee { slack_user: Some("U1".into()), ..employee("mia", false) },
        Employee { slack_user: Some("U2".into()), id: "mia-2".into(), ..employee("mia", true) },
    ];
    let known = with(other.clone(), vec![link("U1", 10, "mia@acme.example")]);
    assert_eq!(group(&known, &[], 10, "a"), Group::Leaver);
    let known = with(other, vec![link("U3", 10, "mia@acme.example")]);
    assert_eq!(group(&known, &[], 10, "a"), Group::Unsure, "neither of them is this one");
}

#[test]
fn without_a_directory_slack_says_who_works_here() {
    let links = vec![link("U1", 10, "a@b"), link("U2", 20, "a@b"), link("U3", 30, "a@b")];
    let in_slack = HashMap::from([("U1".to_owned(), Works::Here), ("U2".to_owned(), Works::Left)]);
    let known = Known { links, employees: None, in_slack };
    let sso = [identity(40, "mia@acme.example")];
    let of = |id| group(&known, &sso, id, "a");
    assert_eq!(
        [of(10), of(20), of(30), of(40), of(50)],
        [Group::Linked, Group::Leaver, Group::Unsure, Group::Unlinked, Group::Stranger]
    );
}

/// A small world, so that everything collides with everything.
fn employees() -> impl Strategy<Value = Vec<Employee>> {
    let one =
        (0_u8..5, any::<bool>(), proptest::option::of(0_u64..5), proptest::option::of(0_u8..5), 0_u8..6);
    let made = |(email, active, github_id, login, user): (u8, bool, Option<u64>, Option<u8>, u8)| Employee {
        id: format!("e{email}"),
        emails: vec![format!("p{email}@acme.example")],
        name: String::new(),
        active,
        github_login: login.map(|login| format!("Login-{login}")),
        github_id,
        slack_user: (user < 3).then(|| format!("U{user}")),
    };
    proptest::collection::vec(one.prop_map(made), 0..6).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered.map(|(number, one)| Employee { id: format!("e{number}"), ..one }).collect()
    })
}

fn links() -> impl Strategy<Value = Vec<Linked>> {
    proptest::collection::btree_map(0_u64..5, (0_u8..5, 0_u8..5), 0..4).prop_map(|all| {
        let one = |(account, (user, email)): (u64, (u8, u8))| {
            link(&format!("U{user}"), account, &format!("P{email}@acme.example"))
        };
        all.into_iter().map(one).collect()
    })
}

fn identities() -> impl Strategy<Value = Vec<ExternalIdentity>> {
    proptest::collection::btree_map(0_u64..5, 0_u8..7, 0..4).prop_map(|all| {
        all.into_iter().map(|(account, email)| identity(account, &format!("P{email}@ACME.example"))).collect()
    })
}

proptest! {
    /// The order in which things are told changes nothing.
    #[test]
    fn the_order_does_not_matter(employees in employees(), links in links(), sso in identities(), account in 0_u64..5) {
        let (mut back, mut sso_back) = (with(employees.clone(), links.clone()), sso.clone());
        let known = with(employees, links);
        back.links.reverse();
        back.employees.iter_mut().for_each(|all| all.reverse());
        sso_back.reverse();
        let login = format!("login-{account}");
        let (roll, other) = (Roll::new(&known), Roll::new(&back));
        let one = Matcher::new(&roll, &[], None, &sso);
        let two = Matcher::new(&other, &[], None, &sso_back);
        prop_assert_eq!(one.of(account, &login), two.of(account, &login));
    }

    /// Somebody is a stranger exactly if nothing whatever names the account.
    #[test]
    fn a_stranger_is_whom_nothing_names(employees in employees(), links in links(), sso in identities(), account in 0_u64..5) {
        let login = format!("login-{account}");
        let named = links.iter().any(|link| link.github_id == account)
            || sso.iter().any(|one| one.account.as_ref().is_some_and(|(id, _)| *id == account))
            || employees.iter().any(|one| match one.github_id {
                Some(id) => id == account,
                None => one.github_login.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&login)),
            });
        let known = with(employees, links);
        prop_assert_eq!(group(&known, &sso, account, &login) == Group::Stranger, !named);
    }

    /// To know more of people never makes a stranger of somebody, nor a leaver of somebody who works here.
    #[test]
    fn to_know_more_harms_nobody(employees in employees(), more in employees(), links in links(), sso in identities(), account in 0_u64..5) {
        let login = format!("login-{account}");
        let before = group(&with(employees.clone(), links.clone()), &sso, account, &login);
        // Those that come later say of nobody that they have left, and claim no id in Slack.
        let more = more.into_iter().enumerate().map(|(number, one)| Employee {
            id: format!("later-{number}"), active: true, slack_user: None, ..one
        });
        let all = employees.into_iter().chain(more).collect();
        let after = group(&with(all, links), &sso, account, &login);
        let known = |group| !matches!(group, Group::Stranger);
        let here = |group| matches!(group, Group::Linked | Group::Unlinked);
        prop_assert!(!known(before) || known(after), "{before:?} {after:?}");
        prop_assert!(!here(before) || here(after), "{before:?} {after:?}");
    }

    /// A link goes before all claims, and a service account before links.
    #[test]
    fn what_was_shown_goes_before_what_is_said(employees in employees(), links in links(), sso in identities(), account in 0_u64..5) {
        let login = format!("login-{account}");
        let known = with(employees, links.clone());
        let is_linked = links.iter().any(|link| link.github_id == account);
        let found = group(&known, &sso, account, &login);
        prop_assert_eq!(is_linked, matches!(found, Group::Linked | Group::Leaver | Group::Unsure));
        let roll = Roll::new(&known);
        let service = Matcher::new(&roll, &[login.to_uppercase()], None, &sso);
        prop_assert_eq!(service.of(account, &login).group(), Group::Service);
        let ours = Matcher::new(&roll, &[], Some(account), &sso);
        prop_assert_eq!(ours.of(account, &login).group(), Group::Service);
    }
}

/// 20,000 people of the directory, and 20,000 members of each of five organisations with a single sign-on. Without
/// optimisation; with it, it is some ten times as fast.
#[test]
#[allow(clippy::disallowed_methods, reason = "a measurement, not the product")]
fn large_companies_are_reconciled_in_seconds() {
    const PEOPLE: u64 = 20_000;
    const ORGANISATIONS: u64 = 5;
    let address = |number: u64| format!("person-{number}@acme.example");
    let employees = (0..PEOPLE).map(|number| Employee {
        emails: vec![address(number), format!("p{number}@acme.example")],
        github_login: (number % 3 == 0).then(|| format!("login-{number}")),
        slack_user: Some(format!("U{number:08}")),
        ..employee(&number.to_string(), number % 50 != 0)
    });
    let links = (0..PEOPLE).filter(|number| number % 2 == 0);
    let links = links.map(|number| link(&format!("U{number:08}"), number, &address(number)));
    let known = with(employees.collect(), links.collect());
    let organisations: Vec<(Vec<Member>, Vec<ExternalIdentity>)> = (0..ORGANISATIONS)
        .map(|shift| {
            let members = (0..PEOPLE).map(|number| number + shift * 1_000);
            let member =
                |id: u64| Member { id, login: format!("Login-{id}"), owner: id.is_multiple_of(1_000) };
            let known = members.clone().filter(|number| number % 5 != 1);
            (members.map(member).collect(), known.map(|number| identity(number, &address(number))).collect())
        })
        .collect();
    let began = std::time::Instant::now();
    let roll = Roll::new(&known);
    let mut counts = HashMap::new();
    for (members, identities) in &organisations {
        let matcher = Matcher::new(&roll, &[], None, identities);
        for member in members {
            *counts.entry(matcher.member(member).group()).or_insert(0_u64) += 1;
        }
    }
    let took = began.elapsed();
    println!("{took:?} for {counts:?}");
    assert_eq!(counts.values().sum::<u64>(), PEOPLE * ORGANISATIONS);
    assert!(counts[&Group::Leaver] > 0 && counts[&Group::Stranger] > 0 && counts[&Group::Unlinked] > 0);
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
