//! What is told of each change, and that the same is written down with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use hubcommander_directory::scim::{Kind, Record, ScimReader};
use hubcommander_directory::{
    Ask, Change, Departure, Keep, KeepTrouble, Listed, MemoryKeep, Named, Reader as _, Trouble, keeps,
};
use hubcommander_sdk::clock::SystemClock;
use serde_json::{Value as Json, json};

use super::server::Server;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// In a word each.
fn told(server: &Server) -> Vec<String> {
    let words = server.told().into_iter().map(|change| match change {
        Change::Joined { person } => format!("{} joined", person.id),
        Change::Changed { before, after } => {
            format!("{} was {:?} and is {:?}", after.id, before.name, after.name)
        }
        Change::Left { person, how: Departure::Deactivated } => format!("{} deactivated", person.id),
        Change::Left { person, how: Departure::Gone } => {
            format!("{} gone from {:?}", person.id, person.groups.into_iter().collect::<Vec<_>>())
        }
        Change::Back { person } => format!("{} back", person.id),
        Change::Group { id, name, came, went } => format!("{id} {name}: +{came:?} -{went:?}"),
    });
    words.collect()
}

fn patch(operations: Json) -> Json {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

#[tokio::test]
async fn joining_changing_leaving_and_coming_back() {
    let server = Server::new();
    let ana = server.user(json!({ "userName": "ana@example.com", "displayName": "Ana" })).await;
    assert_eq!(told(&server), ["id-1 joined"]);
    let place = format!("/Users/{ana}");
    let change = async |operations: Json| {
        let came = server.ask("PATCH", &place, patch(operations)).await;
        assert_eq!(came.status, 200, "{came:?}");
    };
    change(json!([{ "op": "replace", "path": "displayName", "value": "Anna" }])).await;
    assert_eq!(told(&server), ["id-1 was \"Ana\" and is \"Anna\""]);
    // What the bot has no use for is no news.
    change(json!([{ "op": "replace", "path": "title", "value": "Engineer" }])).await;
    assert!(told(&server).is_empty());
    change(json!([{ "op": "replace", "path": "active", "value": false }])).await;
    assert_eq!(told(&server), ["id-1 deactivated"]);
    // Whoever has left is told of no more, whatever becomes of them.
    change(json!([{ "op": "replace", "path": "displayName", "value": "A" }])).await;
    // Silence neither lets anybody go nor brings anybody back.
    change(json!([{ "op": "remove", "path": "active" }])).await;
    let silent = json!({ "schemas": [USER], "userName": "ana@example.com" });
    assert_eq!(server.ask("PUT", &place, silent).await.body["active"], false);
    assert!(told(&server).is_empty());
    change(json!([{ "op": "replace", "value": { "active": true } }])).await;
    assert_eq!(told(&server), ["id-1 back"]);
    server.with("DELETE", &place, &[], "").await;
    assert_eq!(told(&server), ["id-1 gone from []"]);

    let bob = server.user(json!({ "userName": "bob", "active": false })).await;
    server.with("DELETE", &format!("/Users/{bob}"), &[], "").await;
    assert!(told(&server).is_empty());
}

#[tokio::test]
async fn groups_are_told_of_and_shown_at_their_members() {
    let server = Server::new();
    let ana = server.user(json!({ "userName": "ana" })).await;
    let bob = server.user(json!({ "userName": "bob" })).await;
    told(&server);
    let group =
        json!({ "schemas": [GROUP], "displayName": "Core", "members": [{ "value": ana }, { "value": ana }] });
    let made = server.ask("POST", "/Groups", group).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(made.body["members"], json!([{ "value": ana }]));
    let place = format!("/Groups/{id}");
    let added = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": bob }] }]));
    assert_eq!(server.ask("PATCH", &place, added).await.status, 200);
    let renamed = patch(json!([{ "op": "replace", "path": "displayName", "value": "Kernel" }]));
    assert_eq!(server.ask("PATCH", &place, renamed).await.status, 200);
    let removed = patch(json!([{ "op": "remove", "path": format!("members[value eq \"{bob}\"]") }]));
    assert_eq!(server.ask("PATCH", &place, removed).await.status, 200);
    assert_eq!(
        told(&server),
        [
            "id-3 Core: +{\"id-1\"} -{}",
            "id-3 Core: +{\"id-2\"} -{}",
            "id-3 Kernel: +{} -{}",
            "id-3 Kernel: +{} -{\"id-2\"}",
        ]
    );
    let shown = server.get(&format!("/Users/{ana}")).await.body;
    let at = format!("https://hub.example.com/scim/v2/Groups/{id}");
    assert_eq!(shown["groups"], json!([{ "value": id, "$ref": at, "display": "Kernel", "type": "direct" }]));
    assert_eq!(server.get(&format!("/Users/{bob}")).await.body["groups"], json!(null));

    // Whoever is gone is in no group, and what is told says in which they were.
    server.with("DELETE", &format!("/Users/{ana}"), &[], "").await;
    assert_eq!(told(&server), ["id-3 Kernel: +{} -{\"id-1\"}", "id-1 gone from [\"Kernel\"]"]);
    assert_eq!(server.get(&place).await.body["members"], json!(null));
    assert_eq!(server.with("DELETE", &place, &[], "").await.status, 204);
    assert_eq!(told(&server), ["id-3 Kernel: +{} -{}"]);
}

#[tokio::test]
async fn what_was_told_makes_a_roll() {
    let server = Server::new();
    let reader = ScimReader { keep: server.keep.clone(), clock: Arc::new(SystemClock) };
    assert!(matches!(reader.roll().await, Err(Trouble::Partial { .. })));
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let ana = server
        .user(json!({
            "userName": "Ana@Example.com", "name": { "givenName": "Ana", "familyName": "Ávila" },
            "emails": [{ "value": "a@home.example" }, { "value": "ana.a@example.com", "primary": true }, { "value": "?" }],
            enterprise: { "department": "Payments", "manager": { "value": "id-9" } },
        }))
        .await;
    server.user(json!({ "userName": "bob", "active": false })).await;
    let group = json!({ "schemas": [GROUP], "displayName": "Core", "members": [{ "value": ana }] });
    server.ask("POST", "/Groups", group).await;
    let roll = reader.roll().await.unwrap();
    assert!(roll.is_whole());
    assert_eq!((roll.people().len(), roll.active()), (2, 1));
    let person = roll.get(&ana).unwrap();
    let emails: Vec<&str> = person.emails.iter().map(|one| one.as_str()).collect();
    assert_eq!(emails, ["ana.a@example.com", "a@home.example", "ana@example.com"]);
    assert_eq!((person.name.as_str(), person.user_name.as_str()), ("Ana Ávila", "Ana@Example.com"));
    assert_eq!((person.department.as_deref(), person.manager.as_deref()), (Some("Payments"), Some("id-9")));
    assert_eq!(person.groups.iter().collect::<Vec<_>>(), ["Core"]);
}

/// Lets somebody else change the record just before a change of ours is put, as often as told.
struct Hurried {
    keep: Arc<MemoryKeep>,
    left: AtomicUsize,
}

#[async_trait]
impl Keep for Hurried {
    async fn get(&self, kind: Kind, id: &str) -> Result<Option<Record>, KeepTrouble> {
        self.keep.get(kind, id).await
    }
    async fn list(&self, kind: Kind, ask: &Ask) -> Result<Listed, KeepTrouble> {
        self.keep.list(kind, ask).await
    }
    async fn put(
        &self,
        kind: Kind,
        record: &Record,
        before: Option<u64>,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble> {
        let hurry = |left: usize| left.checked_sub(1);
        if before.is_some() && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, hurry).is_ok() {
            let mut other = self.keep.get(kind, &record.id).await?.unwrap();
            let version = other.version;
            other.version += 1;
            let count = json!(format!("{version}"));
            other.attributes.insert("nickName".to_owned(), count);
            self.keep.put(kind, &other, Some(version), None).await?;
        }
        self.keep.put(kind, record, before, news).await
    }
    async fn delete(
        &self,
        kind: Kind,
        id: &str,
        before: u64,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble> {
        self.keep.delete(kind, id, before, news).await
    }
    async fn groups_of(&self, users: &[&str]) -> Result<HashMap<String, Vec<Named>>, KeepTrouble> {
        self.keep.groups_of(users).await
    }
}

#[tokio::test]
async fn two_at_once_lose_nothing() {
    for (hurries, status) in [(3, 200), (100, 503)] {
        let keep = Arc::new(MemoryKeep::default());
        let hurried = Arc::new(Hurried { keep: keep.clone(), left: AtomicUsize::new(hurries) });
        let server = Server::over(keep, hurried, None);
        let id = server.user(json!({ "userName": "ana" })).await;
        let left = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
        let came = server.ask("PATCH", &format!("/Users/{id}"), left).await;
        assert_eq!(came.status, status);
        if status == 200 {
            assert_eq!((&came.body["active"], &came.body["nickName"]), (&json!(false), &json!("3")));
            assert_eq!(told(&server), ["id-1 joined", "id-1 deactivated"]);
        } else {
            assert_eq!(told(&server), ["id-1 joined"]);
        }
        // What is told is written down with the record, and nothing else is.
        let written = server.keep.news();
        assert_eq!(written.len(), if status == 200 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn the_keeper_in_memory_keeps() {
    assert_eq!(keeps(&MemoryKeep::default()).await, Ok(()));
}
