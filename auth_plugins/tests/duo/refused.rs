//! Whoever cannot be asked is refused, in words that help.

use hubcommander_sandbox::duo::{Answer, Phone, Standing};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::auth::StepUp as _;

use crate::world::{Site, challenge, known_by, no};

async fn standing(standing: Standing) -> String {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    site.change_ana(|ana| ana.standing = standing);
    let said = no(site.asked().await);
    assert_eq!(site.pushes(), 0);
    said
}

#[tokio::test]
async fn who_is_not_enrolled_is_told_where() {
    insta::assert_snapshot!(standing(Standing::NotEnrolled).await, @r"
    You are not enrolled in Duo yet.
    Enrol there, then try again.
    log: Duo: not enrolled
    again
    [Enrol in Duo](https://duo.example/portal?code=sandbox-enrol)
    ");
}

#[tokio::test]
async fn an_enrolment_page_that_is_not_encrypted_is_not_shown() {
    let site = Site::with(Phone::ByHand).await;
    let answer = r#"{"stat":"OK","response":{"result":"enroll","enroll_portal_url":"javascript:alert(1)"}}"#;
    site.faults.add(When::post("/preauth"), Fault::Status(200, answer.into()));
    let no = site.duo.begin(&challenge()).await.unwrap_err();
    assert_eq!(no.open, None);
}

#[tokio::test]
async fn who_is_locked_or_disabled_is_told_whom_to_ask() {
    assert_eq!(standing(Standing::LockedOut).await, standing(Standing::Disabled).await);
    insta::assert_snapshot!(standing(Standing::Disabled).await, @r"
    Duo does not let you in: your account there may be locked or disabled.
    Ask the people who look after Duo at your company.
    log: Duo: preauth deny
    ");
}

#[tokio::test]
async fn who_has_no_phone_for_it_is_told_what_to_do() {
    for phone in [Some(Phone::NoPush), None] {
        let site = Site::with(Phone::ByHand).await;
        site.change_ana(|ana| ana.phone = phone.clone());
        let said = no(site.asked().await);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r"
            None of your devices at Duo can show you what you would approve.
            Set up Duo Mobile on your phone, or type a passcode if you have one.
            log: Duo: no device takes a push
            again
            ");
        }
        assert_eq!(site.pushes(), 0);
    }
}

#[tokio::test]
async fn who_has_no_address_or_another_is_refused_without_asking() {
    let site = Site::with(Phone::Answers(Answer::Approve(None))).await;
    insta::assert_snapshot!(no(site.asked_for(&known_by(None)).await), @r"
    Slack does not tell this bot your e-mail address, and Duo knows you by it.
    Tell the people who run this bot.
    log: Duo: no e-mail address that can be used
    ");
    insta::assert_snapshot!(no(site.asked_for(&known_by(Some("gus@vega.example"))).await), @r#"
    Duo is not set up here for addresses at vega.example.
    Tell the people who run this bot.
    log: Duo: no account for "vega.example"
    "#);
    assert_eq!(site.faults.arrived(), 0);
}

/// Values may grow, and none that we do not know is a yes.
#[tokio::test]
async fn attack_unknown_words_of_duo_are_a_no() {
    let answers = [
        ("/preauth", r#"{"result":"remembered"}"#),
        ("/preauth", "{}"),
        ("/auth_status", r#"{"result":"allow","status":"bypass"}"#),
        ("/auth_status", r#"{"result":"allow","status":"trusted_network"}"#),
        ("/auth_status", r#"{"result":"allow"}"#),
        ("/auth_status", r#"{"result":"allowed","status":"allow"}"#),
        ("/auth_status", r#"{"result":"waiting","status":"fraud"}"#),
        ("/auth_status", r#"{"result":true,"status":"allow"}"#),
        ("/auth_status", r#"["allow"]"#),
    ];
    for (path, answer) in answers {
        let site = Site::with(Phone::ByHand).await;
        let body = format!("{{\"stat\":\"OK\",\"response\":{answer}}}");
        site.faults.add(When::path(path).always(), Fault::Status(200, body));
        no(site.asked().await);
    }
    // What says of itself that it failed did, whatever else it says.
    for body in [
        r#"{"stat":"FAIL","response":{"result":"allow","status":"allow"}}"#,
        r#"{"response":{"result":"allow","status":"allow"}}"#,
        r#"{"result":"allow","status":"allow"}"#,
        "allow",
    ] {
        let site = Site::with(Phone::ByHand).await;
        site.faults.add(When::path("/auth_status").always(), Fault::Status(200, body.into()));
        no(site.asked().await);
    }
}
