//! A passcode that is typed.

use hubcommander_sandbox::duo::{Phone, Standing};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::auth::{Proof, StepUp as _, Unproven};

use crate::world::{Site, challenge, no};

async fn typed(site: &Site, code: &str) -> Result<Proof, Unproven> {
    site.duo.check(&challenge(), &code.to_owned().into()).await
}

#[tokio::test]
async fn a_passcode_counts_once() {
    let site = Site::with(Phone::NoPush).await;
    site.change_ana(|ana| ana.passcodes = vec!["482913".into()]);
    let proof = typed(&site, " 482 913\n").await.unwrap();
    assert_eq!((proof.by.as_str(), proof.factor.as_str()), ("duo", "passcode"));
    assert!(!format!("{proof:?}").contains("482913"));
    insta::assert_snapshot!(no(typed(&site, "482913").await), @r#"
    Duo does not accept this passcode.
    Take a new one and type it again.
    log: Duo: passcode, status "deny"
    again
    "#);
}

#[tokio::test]
async fn what_cannot_be_one_is_not_sent() {
    let site = Site::with(Phone::NoPush).await;
    for odd in ["", "12345", "yes", "482913&factor=push", &"1".repeat(65)] {
        let said = no(typed(&site, odd).await);
        assert!(said.starts_with("That is no passcode."), "{said}");
    }
    assert_eq!(site.faults.arrived(), 0);
}

#[tokio::test]
async fn attack_a_bypass_user_types_anything() {
    let site = Site::with(Phone::NoPush).await;
    site.change_ana(|ana| ana.standing = Standing::Bypass);
    let said = no(typed(&site, "482913").await);
    assert!(said.contains("bypass"), "{said}");
    // Made one between the two questions.
    let site = Site::with(Phone::NoPush).await;
    let answer = r#"{"stat":"OK","response":{"result":"allow","status":"bypass","status_msg":""}}"#;
    site.faults.add(When::post("/auth/v2/auth"), Fault::Status(200, answer.into()));
    let said = no(typed(&site, "482913").await);
    assert!(said.contains("bypass"), "{said}");
}

#[tokio::test]
async fn one_whose_answer_is_lost_does_not_count_and_is_not_sent_again() {
    let site = Site::with(Phone::NoPush).await;
    site.change_ana(|ana| ana.passcodes = vec!["482913".into()]);
    site.faults.add(When::post("/auth/v2/auth"), Fault::LostAnswer);
    let said = no(typed(&site, "482913").await);
    assert!(said.starts_with("Duo did not answer.") && !said.contains("482913"), "{said}");
    assert_eq!(site.faults.log().iter().filter(|one| one.path == "/auth/v2/auth").count(), 1);
}
