//! The phone is asked, and only an approval there is a yes.

use hubcommander_sandbox::duo::{Answer, Phone, PushState, Standing};
use hubcommander_sdk::auth::{Role, StepUp as _};

use crate::world::{ANA, Site, challenge, known_by, no};

#[tokio::test]
async fn an_approval_is_a_yes() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    let proof = site.asked().await.unwrap();
    assert_eq!((proof.by.as_str(), proof.factor.as_str()), ("duo", "push"));
    assert_eq!(proof.reference, site.local.state().pushes[0].txid);
}

#[tokio::test]
async fn the_phone_shows_the_whole_command() {
    let site = Site::with(Phone::ByHand).await;
    let begun = site.begin().await;
    assert_eq!(begun.tell.words(), "Duo shows it on your phone. Read it there, then approve or deny.");
    let push = site.local.state().pushes[0].clone();
    let info: String = push.info.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    insta::assert_snapshot!(format!("{}\n{info}", push.kind), @r"
    HubCommander: Delete acme/widgets
    Command: !DeleteRepo acme widgets
    Does: Delete acme/widgets
    Asked by: you
    Id: inv-7Q4K2
    Plan: 0123456789ab
    Step 1 of 1: acme/widgets is deleted
    ");
}

#[tokio::test]
async fn it_is_waited_for_and_survives_a_restart_with_the_ticket_alone() {
    let site = Site::with(Phone::ByHand).await;
    let begun = site.begin().await;
    let written = begun.ticket.to_string();
    let other = site.restarted();
    let (challenge, ticket) = (challenge(), serde_json::from_str(&written).unwrap());
    let (proof, pressed) = tokio::join!(other.outcome(&challenge, &ticket), async {
        tokio::time::sleep(crate::world::PAUSE * 5).await;
        site.press(Answer::Approve(None))
    });
    assert!(pressed && proof.is_ok(), "{proof:?}");
    // Asked once more, for the same ticket: the same.
    assert_eq!(other.outcome(&challenge, &ticket).await, proof);
    assert_eq!(site.pushes(), 1);
}

#[tokio::test]
async fn a_ticket_is_for_one_plan_of_one_person() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    let begun = site.begin().await;
    let mut others = [challenge(), challenge(), known_by(Some("eve@acme.example"))];
    others[0].digest.0 = "f".repeat(64);
    others[1].invocation = "inv-OTHER".into();
    for other in &others {
        let said = no(site.duo.outcome(other, &begun.ticket).await);
        assert!(said.starts_with("This approval belongs to something else."), "{said}");
    }
    let said = no(site.duo.outcome(&challenge(), &serde_json::json!({ "txid": "x" })).await);
    assert!(said.contains("ticket"), "{said}");
    site.duo.outcome(&challenge(), &begun.ticket).await.unwrap();
}

#[tokio::test]
async fn a_verified_push_asks_for_the_code_that_was_told() {
    let site = Site::with(Phone::ByHand).await;
    site.change_ana(|ana| ana.verified = true);
    let begun = site.begin().await;
    let code = site.local.state().pushes[0].code.clone().unwrap();
    assert_eq!(begun.tell.words(), format!("Duo shows it on your phone. Read it, then type {code} there."));
    assert!(!begun.ticket.to_string().contains(&format!("\"{code}\"")), "{}", begun.ticket);
    assert!(!site.press(Answer::Approve(None)) && !site.press(Answer::Approve(Some("000".into()))));
    assert!(site.press(Answer::Approve(Some(code))));
    site.duo.outcome(&challenge(), &begun.ticket).await.unwrap();
}

#[tokio::test]
async fn whoever_approves_is_asked_as_such() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    let mut approving = challenge();
    approving.role = Role::Approves;
    approving.asked_by.user = "U0BOB".into();
    site.asked_for(&approving).await.unwrap();
    let push = site.local.state().pushes[0].clone();
    assert!(push.kind.starts_with("HubCommander approval: "), "{}", push.kind);
    assert!(push.info.contains(&("Asked by".into(), "ana, Slack id U0BOB".into())));
}

#[tokio::test]
async fn domains_are_one_in_any_case() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    assert!(site.duo.knows(&known_by(Some("ana@ACME.example")).person));
    site.asked_for(&known_by(Some("ana@ACME.example"))).await.unwrap();
    for stranger in [None, Some(""), Some("ana@vega.example"), Some("ana@acme.example@vega.example")] {
        assert!(!site.duo.knows(&known_by(stranger).person), "{stranger:?}");
    }
}

#[tokio::test]
async fn a_no_on_the_phone_is_a_no() {
    let said = |phone| async { no(Site::with(phone).await.asked().await) };
    insta::assert_snapshot!(said(Phone::Answers(Answer::Deny)).await, @r#"
    You said no on your phone.
    Nothing was done. Ask for it again if you want it.
    log: Duo: result "deny", status "deny"
    "#);
    insta::assert_snapshot!(said(Phone::Answers(Answer::Fraud)).await, @r#"
    You said on your phone that it was not you who asked.
    Nothing was done, and the security channel is told.
    log: Duo: result "deny", status "fraud"
    fraud
    "#);
    insta::assert_snapshot!(said(Phone::LocksOut).await, @r#"
    Your account at Duo is locked, after too many wrong tries.
    Ask the people who look after Duo at your company.
    log: Duo: result "deny", status "locked_out"
    "#);
    insta::assert_snapshot!(said(Phone::ByHand).await, @r"
    Nobody answered on your phone in time.
    Try again with the phone at hand.
    log: Duo: no answer within the deadline
    again
    ");
    insta::assert_snapshot!(said(Phone::Unreachable).await, @r#"
    Duo could not reach your phone.
    See that it is online, then try again.
    log: Duo: result "waiting", status "push_failed"
    again
    "#);
}

#[tokio::test]
async fn duo_s_own_end_is_a_no() {
    let site = Site::with(Phone::ByHand).await;
    let begun = site.begin().await;
    site.change(|state| state.pushes[0].state = PushState::TimedOut);
    let said = no(site.duo.outcome(&challenge(), &begun.ticket).await);
    assert!(said.starts_with("Nobody answered on your phone in time."), "{said}");
}

#[tokio::test]
async fn what_comes_after_the_plan_s_end_is_too_late() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    let begun = site.begin().await;
    let mut late = challenge();
    late.expires -= chrono::TimeDelta::minutes(20);
    site.faults.clear_log();
    no(site.duo.outcome(&late, &begun.ticket).await);
    assert_eq!(site.faults.log(), []);
}

#[tokio::test]
async fn attack_a_bypass_user_proves_nothing() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    site.change_ana(|ana| ana.standing = Standing::Bypass);
    insta::assert_snapshot!(no(site.asked().await), @r"
    Duo is told to let you through without asking you (bypass), and that proves nothing here.
    Ask the people who look after Duo at your company to take the bypass away.
    log: Duo: a bypass user; not accepted
    ");
    assert_eq!((site.pushes(), ANA), (0, "ana@acme.example"));
}
