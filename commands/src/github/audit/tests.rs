//! What is found in which facts, and what always holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono::{TimeDelta, TimeZone as _};
use hubcommander_github::{
    Installation, OrgInvitation, Outsider, RepoInvitation, ScannedKey, ScannedRepository,
};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::orgs::{OrgSettings, RepoTeam, TeamGrant};
use proptest::prelude::*;

use super::facts::{Factors, Facts, Lent, Settings, ToRepository, Unread};
use super::judge::{Check, Verdict, judge};
use super::rules::{AuditOrgSettings, Rules};
use super::{csv, fix, words};

fn now() -> Instant {
    chrono::Utc.with_ymd_and_hms(2026, 11, 27, 12, 0, 0).unwrap()
}

fn repository(id: u64, name: &str) -> ScannedRepository {
    ScannedRepository {
        id,
        full_name: format!("acme/{name}"),
        archived: false,
        outsiders: Some(Vec::new()),
        writing_keys: Some(Vec::new()),
    }
}

fn nobody() -> Factors {
    Factors { without: Ok(Vec::new()), insecure: Ok(Vec::new()) }
}

fn levels(all: &[(u64, &'static str)]) -> HashMap<u64, Cow<'static, str>> {
    all.iter().map(|(id, level)| (*id, Cow::Borrowed(*level))).collect()
}

/// Three repositories, and nothing wrong with any of them.
fn facts() -> Facts {
    let employees = levels(&[(1, "push"), (2, "push"), (3, "push")]);
    Facts {
        org: "acme".into(),
        at: now(),
        settings: Ok(Settings { base_permission: Some("read".into()), second_factor_required: Some(true) }),
        owners: Ok(vec!["ana".into(), "sam".into()]),
        members: nobody(),
        outsiders: nobody(),
        repositories: Ok(vec![repository(1, "website"), repository(2, "api"), repository(3, "vault")]),
        hidden: 0,
        teams: BTreeMap::from([("employees".into(), Ok(Some(employees)))]),
        invitations: Ok(Vec::new()),
        repo_invitations: Ok(Vec::new()),
        apps: Ok(Vec::new()),
        leases: Ok(Vec::new()),
    }
}

fn rules() -> Rules {
    let org = OrgSettings {
        new_repo_teams: vec![TeamGrant { name: "employees".into(), permission: "push".into() }],
        base_permission: Some("read".into()),
        ..OrgSettings::default()
    };
    Rules::of(&org, &AuditOrgSettings::default())
}

fn repositories(facts: &mut Facts) -> &mut Vec<ScannedRepository> {
    facts.repositories.as_mut().unwrap()
}

/// What is not fine, as it reads in the file, without what all lines share.
fn found(facts: &Facts, rules: &Rules) -> String {
    let checks = judge(facts, rules);
    let table = csv::table("acme", &checks);
    let lines = table.lines().skip(1).filter(|line| !line.contains("\"fine\""));
    lines.map(|line| line.trim_start_matches("\"acme\",")).collect::<Vec<_>>().join("\n")
}

fn with(change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = facts();
    change(&mut facts);
    found(&facts, &rules())
}

fn check(checks: &[Check], name: &str) -> Check {
    checks.iter().find(|check| check.name == name).unwrap().clone()
}

#[test]
fn where_all_is_well_nothing_is_found() {
    assert_eq!(with(|_| {}), "");
    let checks = judge(&facts(), &rules());
    assert!(checks.iter().all(|check| check.verdict() == Verdict::Fine && !check.fine.is_empty()));
}

#[test]
fn second_factors() {
    insta::assert_snapshot!(with(|facts| {
        facts.members.without = Ok(vec!["gus".into()]);
        facts.members.insecure = Ok(vec!["lin".into()]);
        facts.outsiders.without = Err(Unread("This bot's GitHub account may not read it.".into()));
    }), @r#"
    "Second factor of members","needs you","gus","no second factor","a second factor","no"
    "Second factor of members","needs you","lin","a second factor that can be phished","an app, a key or a passkey","no"
    "Second factor of outside collaborators","could not be read","","This bot's GitHub account may not read it.","","no"
    "#);
}

#[test]
fn who_is_no_owner_knows_nothing_of_second_factors() {
    insta::assert_snapshot!(with(|facts| {
        facts.settings = Ok(Settings { base_permission: None, second_factor_required: None });
    }), @r#"
    "Second factor of members","could not be read","","GitHub tells this to owners only, and this bot's account seems to be none.","","no"
    "Second factor of outside collaborators","could not be read","","GitHub tells this to owners only, and this bot's account seems to be none.","","no"
    "Base permission","could not be read","","GitHub tells this to owners only, and this bot's account seems to be none.","","no"
    "#);
}

#[test]
fn owners_and_base_permission() {
    insta::assert_snapshot!(with(|facts| {
        facts.owners = Ok(["sam", "ana", "gus", "lin"].map(str::to_owned).to_vec());
        facts.settings = Ok(Settings { base_permission: Some("write".into()), second_factor_required: Some(false) });
    }), @r#"
    "Owners","needs you","acme","4 owners: ana, gus, lin, sam","at most 3","no"
    "Base permission","needs you","acme","write","read","no"
    "#);
    insta::assert_snapshot!(with(|facts| facts.owners = Ok(vec!["ana".into()])), @r#""Owners","needs you","acme","1 owner: ana","at least 2","no""#);
    insta::assert_snapshot!(with(|facts| facts.owners = Ok(vec![])), @r#""Owners","could not be read","","GitHub names no owner, which cannot be.","","no""#);
}

#[test]
fn teams() {
    insta::assert_snapshot!(with(|facts| {
        repositories(facts).push(ScannedRepository { archived: true, ..repository(4, "old") });
        let employees = levels(&[(1, "admin"), (2, "pull")]);
        facts.teams = BTreeMap::from([("employees".into(), Ok(Some(employees)))]);
    }), @r#"
    "Teams on repositories","needs you","acme/api","team employees can read","push","yes"
    "Teams on repositories","needs you","acme/vault","team employees has no access","push","yes"
    "#);
    insta::assert_snapshot!(with(|facts| {
        facts.teams = BTreeMap::from([("employees".into(), Ok(None))]);
    }), @r#""Teams on repositories","needs you","team employees","is not there","a team of this name, or another in config.toml","no""#);
    let exact = Rules::of(
        &OrgSettings {
            repo_teams: vec![
                RepoTeam { name: "employees".into(), permission: "pull".into(), repos: "*".into() },
                RepoTeam { name: "employees".into(), permission: "none".into(), repos: "vault".into() },
                RepoTeam { name: "security".into(), permission: "Auditor".into(), repos: "vault".into() },
            ],
            ..OrgSettings::default()
        },
        &AuditOrgSettings::default(),
    );
    insta::assert_snapshot!(found(&facts(), &exact), @r#"
    "Base permission","nothing stated","acme","read","base_permission is not stated in config.toml","no"
    "Teams on repositories","needs you","acme/api","team employees can push","read","yes"
    "Teams on repositories","needs you","acme/vault","team employees can push","no access","yes"
    "Teams on repositories","needs you","acme/website","team employees can push","read","yes"
    "Teams on repositories","could not be read","","Team security was not read.","","no"
    "#);
}

#[test]
fn outside_collaborators_and_keys() {
    insta::assert_snapshot!(with(|facts| {
        let outsider = |id, login: &str| Outsider { id, login: login.into(), level: Cow::Borrowed("push") };
        repositories(facts)[0].outsiders = Some(vec![outsider(7, "gus"), outsider(8, "lin")]);
        repositories(facts)[1].outsiders = Some(vec![outsider(7, "gus")]);
        repositories(facts)[2].outsiders = None;
        repositories(facts)[1].writing_keys =
            Some(vec![ScannedKey { title: "=build".into(), created_at: Some(now() - TimeDelta::days(40)) }]);
        repositories(facts)[2].writing_keys = None;
        let lent = |person, repository, reason: Option<&str>| Lent { person, repository, reason: reason.map(str::to_owned) };
        facts.leases = Ok(vec![lent(7, 1, None), lent(8, 1, Some("the release")), lent(8, 2, Some("x"))]);
        facts.hidden = 2;
    }), @r#"
    "Teams on repositories","could not be read","","GitHub does not show 2 repositories to this bot's account.","","no"
    "Outside collaborators","needs you","gus","can push on acme/api, without an end","an end and a reason","no"
    "Outside collaborators","needs you","gus","can push on acme/website, without a reason","an end and a reason","no"
    "Outside collaborators","could not be read","","GitHub does not show 2 repositories to this bot's account.","","no"
    "Outside collaborators","could not be read","","This bot's GitHub account may not see the outside collaborators of 1 repository.","","no"
    "Deploy keys that write","needs you","acme/api","key ""=build"" may write, since 2026-10-18","keys that only read, or an App","no"
    "Deploy keys that write","could not be read","","GitHub does not show 2 repositories to this bot's account.","","no"
    "Deploy keys that write","could not be read","","This bot's GitHub account may not see the deploy keys of 1 repository.","","no"
    "#);
}

#[test]
fn invitations_and_apps() {
    let invitation = |id, days, failed: Option<i64>| OrgInvitation {
        id,
        login: Some(format!("person-{id}")),
        email: None,
        role: "direct_member".into(),
        created_at: now() - TimeDelta::days(days),
        failed_at: failed.map(|days| now() - TimeDelta::days(days)),
        failed_reason: None,
        inviter: None,
        team_count: 0,
    };
    let app = |slug: &str, suspended: bool| Installation {
        id: 1,
        app_slug: slug.into(),
        repository_selection: "all".into(),
        permissions: [("metadata", "read"), ("contents", "write")]
            .map(|(name, level)| (name.to_owned(), level.to_owned()))
            .into(),
        suspended_at: suspended.then(now),
    };
    let change = |facts: &mut Facts| {
        facts.invitations =
            Ok(vec![invitation(1, 2, None), invitation(2, 8, None), invitation(3, 9, Some(2))]);
        facts.repo_invitations = Ok(vec![ToRepository {
            repository: (1, "acme/website".into()),
            invitation: RepoInvitation {
                id: 9,
                login: None,
                permissions: "write".into(),
                created_at: now() - TimeDelta::days(20),
                expired: true,
            },
        }]);
        facts.apps = Ok(vec![app("ci", false), app("hubcommander", false), app("asleep", true)]);
    };
    insta::assert_snapshot!(with(change), @r#"
    "Stale invitations","needs you","person-2","invited to acme 8 days ago","taken up within 7d","yes"
    "Stale invitations","needs you","person-3","the invitation to acme came to nothing 2 days ago","invite again, or clear it on GitHub","no"
    "Stale invitations","needs you","somebody","invited to acme/website 20 days ago","taken up within 7d","yes"
    "Installed Apps","nothing stated","ci","on all repositories: contents write, metadata read","known_apps is not stated in config.toml","no"
    "Installed Apps","nothing stated","hubcommander","on all repositories: contents write, metadata read","known_apps is not stated in config.toml","no"
    "#);
    let mut facts = facts();
    change(&mut facts);
    let mut rules = rules();
    rules.settings.known_apps = vec!["HubCommander".into()];
    assert_eq!(check(&judge(&facts, &rules), "Installed Apps").findings[0].subject, "ci");
    assert_eq!(check(&judge(&facts, &rules), "Installed Apps").verdict(), Verdict::NeedsYou);
    assert_eq!(fix::fixes(&judge(&facts, &rules)).len(), 2, "what came to nothing is not cancelled");
}

#[test]
fn what_cannot_be_read_is_never_fine() {
    let why = || Unread("GitHub did not answer.".into());
    let mut facts = facts();
    facts.settings = Err(why());
    facts.owners = Err(why());
    facts.members = Factors { without: Err(why()), insecure: Err(why()) };
    facts.outsiders = facts.members.clone();
    facts.repositories = Err(why());
    facts.teams.clear();
    facts.invitations = Err(why());
    facts.repo_invitations = Err(why());
    facts.apps = Err(why());
    facts.leases = Err(why());
    let checks = judge(&facts, &rules());
    assert!(checks.iter().all(|check| check.verdict() == Verdict::Unread), "{checks:#?}");
    assert_eq!(
        words::answer(&facts, &checks, 0).headline.words(),
        "acme: nothing needs you; 9 could not be read"
    );
}

#[test]
fn the_answer_says_how_it_stands_in_a_line() {
    let mut facts = facts();
    facts.members.without = Ok(["gus", "lin", "sam"].map(str::to_owned).to_vec());
    facts.teams = BTreeMap::from([("employees".into(), Ok(Some(levels(&[(1, "push"), (2, "pull")]))))]);
    facts.leases = Err(Unread("The store did not answer.".into()));
    let rules = Rules { base_permission: None, ..rules() };
    let checks = judge(&facts, &rules);
    let answer = words::answer(&facts, &checks, fix::fixes(&checks).len());
    insta::assert_snapshot!(answer.words(), @r"
    ⚠️ acme: 2 things need you; 5 look fine; 1 could not be read; 1 has nothing stated to compare with
    State | Looked at | Found
    ⚠️ needs you | Second factor of members | gus: no second factor; lin: no second factor; and 1 more
    ⚠️ needs you | Teams on repositories | acme/api: team employees can read; acme/vault: team employees has no access
    ? could not be read | Outside collaborators | The store did not answer.
    · nothing stated | Base permission | acme: read (base_permission is not stated in config.toml)
    ✅ fine | Second factor of outside collaborators | all have one
    ✅ fine | Owners | 2 owners
    ✅ fine | Deploy keys that write | none
    ✅ fine | Stale invitations | none open
    ✅ fine | Installed Apps | none
    I can repair 2 parts of this: !AuditOrg acme --fix shows how, and asks you first.
    3 repositories
    ");
    assert_eq!(answer.files[0].name, "acme-audit.csv");
}

/// Facts of all kinds, from a few letters.
fn any_facts() -> impl Strategy<Value = (Facts, u64)> {
    let repository =
        (1_u64..12, any::<bool>(), proptest::option::of(0_u64..4), proptest::option::of(0_usize..3));
    let repositories = proptest::collection::vec(repository, 0..8);
    let team = proptest::option::of(proptest::collection::vec((1_u64..12, 0_usize..4), 0..8));
    let people = proptest::collection::vec("[a-c]{1,2}", 0..5);
    (repositories, team, people, any::<u64>()).prop_map(|(repositories, team, people, seed)| {
        let mut facts = facts();
        facts.repositories = Ok(repositories
            .into_iter()
            .map(|(id, archived, outsider, keys)| ScannedRepository {
                archived,
                outsiders: outsider.map(|count| {
                    let one = |id| Outsider { id, login: format!("o{id}"), level: Cow::Borrowed("pull") };
                    (0..count).map(one).collect()
                }),
                writing_keys: keys.map(|count| {
                    (0..count).map(|n| ScannedKey { title: format!("k{n}"), created_at: None }).collect()
                }),
                ..self::repository(id, &format!("r{id}"))
            })
            .collect());
        let names = ["pull", "triage", "push", "admin"];
        let team =
            team.map(|all| all.into_iter().map(|(id, level)| (id, Cow::Borrowed(names[level]))).collect());
        facts.teams.insert("employees".into(), Ok(team));
        facts.owners = Ok(people.clone());
        facts.members.without = Ok(people);
        (facts, seed)
    })
}

/// The same in another order.
fn shuffled(facts: &Facts, seed: u64) -> Facts {
    let turn = |length: usize| if length == 0 { 0 } else { usize::try_from(seed % 97).unwrap() % length };
    let mut facts = facts.clone();
    let all = facts.repositories.as_mut().unwrap();
    let by = turn(all.len());
    all.rotate_left(by);
    if seed.is_multiple_of(2) {
        all.reverse();
    }
    for one in all {
        if let Some(keys) = &mut one.writing_keys {
            keys.reverse();
        }
        if let Some(outsiders) = &mut one.outsiders {
            outsiders.reverse();
        }
    }
    for people in [&mut facts.owners, &mut facts.members.without] {
        people.as_mut().unwrap().reverse();
    }
    facts
}

proptest! {
    #[test]
    fn order_never_matters((facts, seed) in any_facts()) {
        prop_assert_eq!(judge(&facts, &rules()), judge(&shuffled(&facts, seed), &rules()));
    }

    /// A repository more or less changes only what is said of it.
    #[test]
    fn what_is_said_of_one_repository_depends_on_it_alone((facts, _) in any_facts()) {
        let whole = judge(&facts, &rules());
        for one in facts.repositories.as_ref().unwrap() {
            let alone = Facts { repositories: Ok(vec![one.clone()]), ..facts.clone() };
            for check in judge(&alone, &rules()) {
                let all = self::check(&whole, check.name);
                for finding in &check.findings {
                    prop_assert!(all.findings.contains(finding), "{:?}", finding);
                }
            }
        }
    }

    /// Nothing is repaired that was not found, and nothing archived is touched.
    #[test]
    fn only_what_was_found_is_repaired((facts, _) in any_facts()) {
        let checks = judge(&facts, &rules());
        let fixes = fix::fixes(&checks);
        let found: usize = checks.iter().map(|check| check.findings.len()).sum();
        prop_assert!(fixes.len() <= found);
        for fix in fixes {
            if let super::judge::Fix::Team { repository, .. } = fix {
                let all = facts.repositories.as_ref().unwrap();
                prop_assert!(all.iter().any(|one| one.id == repository.0 && !one.archived));
            }
        }
    }
}
