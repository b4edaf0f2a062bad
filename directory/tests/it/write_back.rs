//! What was linked is said to a webhook, which can tell that it is we who say it.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubcommander_directory::{Email, Link, LinkNews, Proof, Trouble, Webhook, WriteBack as _};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use crate::readers::stub::{Stub, clock, json as whole, reach, refuses};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

fn link() -> Link {
    Link {
        person: Some("00u1".to_owned()),
        slack_user: "U0ANA".to_owned(),
        github_id: 42,
        github_login: "ana-gh".to_owned(),
        email: Email::parse("ana@example.com"),
        since: clock().now(),
        proof: Proof::DeviceFlow,
    }
}

fn webhook(stub: &Stub) -> Webhook {
    let secrets = [SecretString::from(OLD), SecretString::from(NEW)];
    Webhook::new(stub.at("hooks/links?tenant=1"), &secrets, &reach(), clock()).unwrap()
}

#[tokio::test]
async fn a_link_is_said_and_said_again_as_the_same() {
    let stub = Stub::says(vec![refuses(503), whole(&json!({})), whole(&json!({}))]).await;
    let webhook = webhook(&stub);
    webhook.say("lnk-1", &LinkNews::Linked(link())).await.unwrap();
    webhook.say("lnk-2", &LinkNews::Unlinked(link())).await.unwrap();
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(
        (asked[0].header("webhook-id"), &asked[0].body),
        (asked[1].header("webhook-id"), &asked[1].body)
    );
    let body: Json = serde_json::from_str(&asked[1].body).unwrap();
    let data = json!({
        "person": "00u1", "slack_user_id": "U0ANA", "github_id": 42, "github_login": "ana-gh",
        "email": "ana@example.com", "since": "2026-09-21T14:13:20Z", "proof": "device_flow",
    });
    assert_eq!(body, json!({ "type": "link.created", "timestamp": "2026-09-21T14:13:20Z", "data": data }));
    assert!(asked[2].body.contains("link.removed"));
    for one in &asked {
        assert_eq!((one.method.as_str(), one.target.as_str()), ("POST", "/hooks/links?tenant=1"));
        assert_eq!(one.header("webhook-timestamp"), "1790000000");
        let signed = format!("{}.{}.{}", one.header("webhook-id"), one.header("webhook-timestamp"), one.body);
        let signatures: Vec<&str> = one.header("webhook-signature").split(' ').collect();
        assert_eq!(signatures.len(), 2);
        for (secret, signature) in [OLD, NEW].into_iter().zip(signatures) {
            let key = Key::new(HMAC_SHA256, &STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap());
            let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
            verify(&key, signed.as_bytes(), &tag).unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_not_taken_is_not_said_to_be() {
    let stub = Stub::says(vec![refuses(410), (302, vec![("location", "/".to_owned())], String::new())]).await;
    let webhook = webhook(&stub);
    for status in [410, 302] {
        let refused = webhook.say("lnk-1", &LinkNews::Linked(link())).await;
        assert_eq!(refused, Err(Trouble::Refused { directory: "the webhook".to_owned(), status }));
    }
    // Nothing is left to say: 500, as often as it is tried.
    assert!(webhook.say("lnk-1", &LinkNews::Linked(link())).await.unwrap_err().may_pass());
    assert_eq!(stub.asked().len(), 5);
    assert!(webhook.say("a.b", &LinkNews::Linked(link())).await.is_err());
    assert!(stub.asked().is_empty());
    assert!(!format!("{webhook:?}").contains("hooks"));
}
