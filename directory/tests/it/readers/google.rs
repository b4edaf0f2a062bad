//! Google's users, read with a token that the service account signed for.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hubcommander_directory::readers::{GoogleDirectory, GoogleSettings};
use hubcommander_directory::{Reader as _, Trouble};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::stub::{Stub, clock, json as whole, reach, refuses};

fn google(stub: &Stub, key: &KeyPair) -> GoogleDirectory {
    let der = STANDARD.encode(key.as_der().unwrap().as_ref());
    let file = json!({
        "type": "service_account", "client_email": "bot@project.iam.gserviceaccount.com", "private_key_id": "k1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"),
        "token_uri": stub.at("token").as_str(),
    });
    let mut settings =
        GoogleSettings::new(SecretString::from(file.to_string()), "admin@example.com").unwrap();
    settings.url = stub.url.clone();
    settings.reach = reach();
    settings.github_login = Some("/customSchemas/Accounts/github".to_owned());
    GoogleDirectory::new(settings, clock()).unwrap()
}

fn token() -> Json {
    json!({ "access_token": "ya29.s3cret", "expires_in": 3599, "token_type": "Bearer" })
}

#[tokio::test]
async fn everybody_is_read() {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let too_often =
        (403, vec![], json!({ "error": { "errors": [{ "reason": "userRateLimitExceeded" }] } }).to_string());
    let stub = Stub::says(vec![
        whole(&token()),
        whole(&json!({
            "kind": "admin#directory#users", "nextPageToken": "p/2",
            "users": [{
                "id": "1", "primaryEmail": "ana@example.com", "suspended": false, "archived": false,
                "name": { "givenName": "Ana", "familyName": "Ávila", "fullName": "Ana Ávila" },
                "emails": [{ "address": "ana@example.com", "primary": true }, { "address": "call me", "type": "home" }],
                "aliases": ["a@example.com"],
                "organizations": [{ "department": "Old" }, { "department": "Payments", "primary": true }],
                "relations": [{ "type": "spouse", "value": "x" }, { "type": "manager", "value": "bob@example.com" }],
                "customSchemas": { "Accounts": { "github": "ana-gh" } },
            }],
        })),
        too_often,
        whole(&json!({ "users": [
            { "id": "2", "primaryEmail": "bob@example.com", "suspended": true },
            { "id": "3", "primaryEmail": "cy@example.com", "archived": true },
            { "id": "4", "primaryEmail": "di@example.com", "suspended": "no" },
            { "primaryEmail": "ed@example.com" },
        ] })),
    ])
    .await;
    let roll = google(&stub, &key).roll().await.unwrap();
    let standing: Vec<(&str, bool)> = roll.people().iter().map(|one| (one.id.as_str(), one.active)).collect();
    assert_eq!(standing, [("1", true), ("2", false), ("3", false)]);
    assert_eq!(roll.unread(), ["record 4: the active cannot be read", "record 5: there is no id"]);
    let ana = roll.get("1").unwrap();
    assert_eq!((ana.name.as_str(), ana.department.as_deref()), ("Ana Ávila", Some("Payments")));
    assert_eq!(ana.manager.as_deref(), Some("bob@example.com"));
    assert_eq!(
        ana.emails.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        ["ana@example.com", "a@example.com"]
    );
    assert_eq!(ana.accounts.github_login.as_deref(), Some("ana-gh"));

    let asked = stub.asked();
    let users = "/admin/directory/v1/users?customer=my_customer&maxResults=500&orderBy=email&projection=full";
    let second = format!("{users}&pageToken=p%2F2");
    let targets: Vec<&str> = asked.iter().map(|one| one.target.as_str()).collect();
    assert_eq!(targets, ["/token", users, &second, &second]);
    assert!(asked[1..].iter().all(|one| one.header("authorization") == "Bearer ya29.s3cret"));

    let form: std::collections::HashMap<_, _> =
        url::form_urlencoded::parse(asked[0].body.as_bytes()).into_owned().collect();
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(
        &RSA_PKCS1_2048_8192_SHA256,
        aws_lc_rs::signature::RsaKeyPair::from_pkcs8(key.as_der().unwrap().as_ref())
            .unwrap()
            .public_key()
            .as_ref()
            .to_vec(),
    );
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let claims: Json =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": "bot@project.iam.gserviceaccount.com", "sub": "admin@example.com", "aud": stub.at("token").as_str(),
            "scope": "https://www.googleapis.com/auth/admin.directory.user.readonly",
            "iat": 1_790_000_000, "exp": 1_790_003_600,
        })
    );
}

#[tokio::test]
async fn without_a_token_nobody_is_read() {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    for says in [
        refuses(400),
        whole(&json!({ "error": "unauthorized_client" })),
        whole(&json!({ "access_token": "", "expires_in": 3599 })),
        whole(&json!({ "access_token": "x\ny", "expires_in": 3599 })),
        whole(&json!({ "access_token": "x", "expires_in": 5 })),
    ] {
        let stub = Stub::says(vec![says]).await;
        let trouble = google(&stub, &key).roll().await.unwrap_err();
        assert!(!trouble.may_pass() && !trouble.to_string().contains("x\ny"), "{trouble}");
        assert_eq!(stub.asked().len(), 1);
    }
    let denied = (403, vec![], json!({ "error": { "errors": [{ "reason": "forbidden" }] } }).to_string());
    let stub = Stub::says(vec![whole(&token()), denied]).await;
    let trouble = google(&stub, &key).roll().await.unwrap_err();
    assert_eq!(trouble, Trouble::Refused { directory: "Google".to_owned(), status: 403 });
    let settings = GoogleSettings::new(SecretString::from("{\"private_key\":\"s3cret\"}"), "a").unwrap();
    let trouble = GoogleDirectory::new(settings, clock()).unwrap_err().to_string();
    assert!(trouble.contains("its key") && !trouble.contains("s3cret"), "{trouble}");
}
