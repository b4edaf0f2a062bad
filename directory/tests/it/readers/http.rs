//! JSON over HTTP, from servers that are well, busy, wrong and hostile.

use hubcommander_directory::readers::{Format, HttpSettings, HttpSource, Paging};
use hubcommander_directory::{Field, Reader as _, Roll, Trouble};
use secrecy::SecretString;
use serde_json::json;

use super::stub::{Said, Stub, clock, json as whole, page, reach, refuses};

fn reader(stub: &Stub, change: impl FnOnce(&mut HttpSettings)) -> HttpSource {
    let mut settings = HttpSettings::new(stub.at("people?size=2"), Some(SecretString::from("s3cret")));
    settings.reach = reach();
    change(&mut settings);
    HttpSource::new(settings, clock()).unwrap()
}

fn ids(roll: &Roll) -> Vec<&str> {
    roll.people().iter().map(|one| one.id.as_str()).collect()
}

async fn trouble(says: Vec<Said>) -> (Trouble, Vec<String>) {
    let stub = Stub::says(says).await;
    let trouble = reader(&stub, |_| {}).roll().await.unwrap_err();
    assert!(!trouble.to_string().contains("ana"), "{trouble}");
    (trouble, stub.targets())
}

#[tokio::test]
async fn pages_are_followed_by_their_links() {
    let stub = Stub::says(vec![]).await;
    stub.next(vec![
        page(
            &json!([{ "id": "1", "email": "ana@example.com", "active": true, "groups": ["a", "b"] }]),
            "?after=1",
        ),
        page(&json!([]), stub.at("people?after=2").as_str()),
        // Somebody who came before, as happens when a list changes while it is read.
        whole(&json!([
            { "id": 2, "email": "bob@example.com", "active": false, "github_id": 42 },
            { "id": "1", "email": "ana@example.com", "active": true, "groups": ["a", "b"] },
        ])),
    ]);
    let roll = reader(&stub, |_| {}).roll().await.unwrap();
    assert_eq!((ids(&roll), roll.is_whole(), roll.active()), (vec!["1", "2"], true, 1));
    assert_eq!(roll.get("2").unwrap().accounts.github_id, Some(42));
    let asked = stub.asked();
    let targets: Vec<&str> = asked.iter().map(|one| one.target.as_str()).collect();
    assert_eq!(targets, ["/people?size=2", "/people?after=1", "/people?after=2"]);
    assert!(asked.iter().all(|one| one.header("authorization") == "Bearer s3cret" && one.method == "GET"));
}

#[tokio::test]
async fn pages_are_followed_by_a_cursor_and_fields_stand_where_it_is_said() {
    let body = |cursor, id| json!({ "data": { "people": [{ "no": id, "mail": { "work": "a@example.com" } }], "next": cursor } });
    let stub = Stub::says(vec![
        whole(&body(json!("c&1"), 1)),
        whole(&body(json!(7), 2)),
        whole(&body(json!(""), 3)),
    ])
    .await;
    let reader = reader(&stub, |settings| {
        settings.format = Format::Json("/data/people".to_owned());
        settings.paging = Paging::Cursor { at: "/data/next".to_owned(), parameter: "cursor".to_owned() };
        settings.fields =
            [(Field::Id, "/no"), (Field::Email, "/mail/work")].map(|(one, at)| (one, at.to_owned())).into();
    });
    assert_eq!(ids(&reader.roll().await.unwrap()), ["1", "2", "3"]);
    assert_eq!(stub.targets(), ["/people?size=2", "/people?size=2&cursor=c%261", "/people?size=2&cursor=7"]);
}

#[tokio::test]
async fn lines_are_read() {
    let lines = "{\"id\":\"1\",\"email\":\"a@example.com\"}\r\n\n{\"id\":\"2\",\"email\":\"b@example.com\"}";
    let stub =
        Stub::says(vec![(200, vec![], lines.to_owned()), (200, vec![], format!("{lines}\n{{\"id\":"))]).await;
    let reader = reader(&stub, |settings| settings.format = Format::Lines);
    assert_eq!(ids(&reader.roll().await.unwrap()), ["1", "2"]);
    // A line that breaks off is an answer that broke off.
    assert!(matches!(reader.roll().await, Err(Trouble::Unreadable { .. })));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_the_roll_from_being_whole() {
    let stub = Stub::says(vec![whole(&json!([
        { "id": "1", "email": "a@example.com", "active": true },
        { "id": "2", "email": "b@example.com" },
        { "id": "3", "email": { "work": "c@example.com" }, "active": true },
        "text",
        { "id": "5", "email": "e\n@example.com", "active": true },
    ]))])
    .await;
    let roll = reader(&stub, |_| {}).roll().await.unwrap();
    assert_eq!(ids(&roll), ["1"]);
    assert_eq!(
        roll.unread(),
        [
            "record 2: there is no active",
            "record 3: the email cannot be read",
            "record 4: there is no id",
            "record 5: the email cannot be read",
        ]
    );
}

#[tokio::test]
async fn a_field_that_was_named_is_missed() {
    let without = json!([{ "email": "a@example.com" }, { "email": "b@example.com" }]);
    let some = json!([{ "id": "1", "email": "a@example.com" }, { "email": "b@example.com" }]);
    for (named, body, people, unread) in [
        (None, without.clone(), vec!["a@example.com", "b@example.com"], 0),
        // Whoever has no id where others have one is nobody, and not another person by their address.
        (None, some, vec!["1"], 1),
        (Some(Field::Id), without.clone(), vec![], 2),
        // If nobody said any more who is active, everybody who had left would be back.
        (Some(Field::Active), without, vec![], 2),
    ] {
        let stub = Stub::says(vec![whole(&body)]).await;
        let reader = reader(&stub, |settings| {
            settings.fields = named.map(|field| (field, format!("/{}", field.name()))).into_iter().collect();
        });
        match reader.roll().await {
            Ok(roll) => assert_eq!((ids(&roll), roll.unread().len()), (people, unread)),
            Err(trouble) => {
                assert!(matches!(trouble, Trouble::Partial { .. }) && people.is_empty(), "{trouble}")
            }
        }
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again_for_a_while() {
    let busy = |headers: Vec<(&'static str, String)>| (429, headers, "{}".to_owned());
    let fine = whole(&json!([{ "id": "1" }]));
    let stub =
        Stub::says(vec![refuses(503), busy(vec![("retry-after", "0".to_owned())]), fine.clone()]).await;
    assert!(reader(&stub, |_| {}).roll().await.is_ok());
    assert_eq!(stub.asked().len(), 3);

    let (last, asked) = trouble(vec![refuses(502), refuses(502), refuses(502), fine.clone()]).await;
    assert_eq!(
        (last, asked.len()),
        (Trouble::Refused { directory: "the directory".to_owned(), status: 502 }, 3)
    );
    // Whoever asks for more patience than we have gets none.
    let (last, asked) = trouble(vec![busy(vec![("retry-after", "600".to_owned())]), fine.clone()]).await;
    assert!(matches!(last, Trouble::Busy { wait: Some(wait), .. } if wait.as_secs() == 600));
    assert_eq!(asked.len(), 1);
    // A moment to wait for, by our clock.
    let (last, _) = trouble(vec![busy(vec![("x-rate-limit-reset", "1790000029".to_owned())])]).await;
    assert!(matches!(last, Trouble::Busy { wait: Some(wait), .. } if wait.as_secs() == 30), "{last:?}");
}

#[tokio::test]
async fn nobody_else_is_asked_and_no_redirect_followed() {
    let other = Stub::says(vec![whole(&json!([{ "id": "2" }]))]).await;
    let away = vec![("location", other.url.to_string())];
    for says in [
        page(&json!([{ "id": "1" }]), other.at("people").as_str()),
        page(&json!([{ "id": "1" }]), "https://example.com/people"),
        (302, away.clone(), String::new()),
        (307, away, String::new()),
    ] {
        let (trouble, asked) = trouble(vec![says]).await;
        assert!(!trouble.may_pass(), "{trouble}");
        assert_eq!(asked.len(), 1);
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn what_is_no_list_of_people_is_refused() {
    let one = json!([{ "id": "1" }]);
    let circle = vec![page(&one, "?page=2"), page(&json!([{ "id": "2" }]), "?size=2")];
    let twice = vec![whole(&json!([{ "id": "1", "name": "A" }, { "id": "1", "name": "B" }]))];
    for (says, partial) in [
        (vec![whole(&json!([]))], true),
        (circle, true),
        (twice, true),
        (vec![whole(&json!({ "id": "1" }))], false),
        (vec![whole(&json!(null))], false),
        (vec![(200, vec![], "[{\"id\":\"1\"}".to_owned())], false),
        (vec![(200, vec![], "<html>ana@example.com</html>".to_owned())], false),
        (vec![(200, vec![("link", "<x; rel=next".to_owned())], one.to_string())], false),
        (vec![refuses(401)], false),
        (vec![refuses(404)], false),
        (vec![page(&one, "?page=2"), refuses(403)], false),
    ] {
        let (trouble, _) = trouble(says).await;
        assert_eq!(matches!(trouble, Trouble::Partial { .. }), partial, "{trouble}");
        assert!(!trouble.may_pass(), "{trouble}");
    }
}

#[tokio::test]
async fn a_source_that_loses_half_is_not_believed() {
    let people = |count: usize| whole(&(0..count).map(|id| json!({ "id": id.to_string() })).collect());
    let stub = Stub::says(vec![people(10), people(4), people(5)]).await;
    let reader = reader(&stub, |_| {});
    assert!(reader.roll().await.is_ok());
    assert!(matches!(reader.roll().await, Err(Trouble::Shrunk { before: 10, now: 4, .. })));
    assert!(reader.roll().await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_set_up_says_so() {
    let set_up = |url: &str, change: fn(&mut HttpSettings)| {
        let mut settings = HttpSettings::new(url.parse().unwrap(), Some(SecretString::from("s3cret\u{7}")));
        change(&mut settings);
        HttpSource::new(settings, clock()).unwrap_err().to_string()
    };
    let no_token: fn(&mut HttpSettings) = |settings| settings.token = None;
    assert!(set_up("http://example.com/people", no_token).contains("not encrypted"));
    assert!(set_up("https://ana:pw@example.com/people", no_token).contains("more in it"));
    assert!(!set_up("http://127.0.0.1/people", |_| {}).contains("s3cret"));
    let pointer = set_up("http://127.0.0.1/people", |settings| {
        settings.token = None;
        settings.fields.insert(Field::Email, "mail".to_owned());
    });
    assert!(pointer.contains("begins with a slash"), "{pointer}");
}
