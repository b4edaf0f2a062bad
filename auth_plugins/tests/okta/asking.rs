//! The phone is asked, and only an approval there is a yes.

use std::sync::Arc;

use hubcommander_auth_plugins::okta::Okta;
use hubcommander_sandbox::okta::Answer;
use hubcommander_sdk::auth::StepUp as _;
use hubcommander_sdk::clock::SystemClock;

use crate::world::{Site, challenge, no};

#[tokio::test]
async fn the_right_number_is_a_yes_also_after_a_restart() {
    for tells in [true, false] {
        let site = Site::with(None).await;
        site.local.state().tells_number = tells;
        let begun = site.begin().await;
        let number = site.local.state().pushes[0].number.unwrap();
        assert_eq!(
            begun.tell.words(),
            format!(
                "Okta Verify asks you on your phone. There it is only a sign-in; what you approve is: Delete \
                 acme/widgets. Choose {number} there."
            )
        );
        let other = Okta::new(&site.settings, Arc::new(SystemClock)).unwrap();
        let challenge = challenge();
        let (proof, _) = tokio::join!(other.outcome(&challenge, &begun.ticket), async {
            tokio::time::sleep(site.settings.pause * 2).await;
            assert!(site.answer(Answer::Approve(Some(number))));
        });
        let proof = proof.unwrap();
        assert_eq!((proof.by.as_str(), proof.factor.as_str()), ("okta", "push"));
        assert_eq!(proof.reference, site.local.state().pushes[0].transaction);
    }
}

#[tokio::test]
async fn another_number_is_a_no() {
    let site = Site::with(None).await;
    let begun = site.begin().await;
    site.answer(Answer::Approve(Some(1)));
    insta::assert_snapshot!(no(site.okta.outcome(&challenge(), &begun.ticket).await), @r#"
    You said in Okta Verify that it was not you who asked, or chose another number.
    Nothing was done, and the security channel is told.
    log: Okta: "REJECTED"
    fraud
    "#);
}

#[tokio::test]
async fn a_ticket_is_for_one_plan_of_one_person() {
    let site = Site::with(Some(Answer::Approve(None))).await;
    let begun = site.begin().await;
    let mut others = [challenge(), challenge(), challenge()];
    others[0].digest.0 = "f".repeat(64);
    others[1].invocation = "inv-OTHER".into();
    others[2].person.email = Some("eve@acme.example".into());
    for other in &others {
        let said = no(site.okta.outcome(other, &begun.ticket).await);
        assert!(said.starts_with("This approval belongs to something else."), "{said}");
    }
    site.okta.outcome(&challenge(), &begun.ticket).await.unwrap();
}

#[tokio::test]
async fn nobody_answers() {
    let site = Site::with(None).await;
    insta::assert_snapshot!(no(site.asked().await), @r"
    Nobody answered in Okta Verify in time.
    Try again with the phone at hand.
    log: Okta: no answer within the deadline
    again
    ");
}
