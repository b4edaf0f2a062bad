//! What every keeper must do, as one check that all of them pass.

use hubcommander_sdk::clock::Instant;
use serde_json::{Value as Json, json};

use super::{Ask, Keep, KeepTrouble, Listed, Named};
use crate::Change;
use crate::scim::{Filter, Kind, Record};

fn record(id: &str, second: i64, attributes: Json) -> Record {
    let at = Instant::from_timestamp(second, 0).unwrap_or_default();
    let attributes = attributes.as_object().cloned().unwrap_or_default();
    Record { id: id.to_owned(), version: 1, created: at, modified: at, active: true, attributes }
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?} instead of {wanted:?}")) }
}

fn ids(listed: &Listed) -> (usize, Vec<&str>) {
    (listed.total, listed.records.iter().map(|one| one.id.as_str()).collect())
}

/// Whether a keeper, empty at first, does what [`Keep`] says. It leaves records behind. Other crates check theirs by it.
///
/// # Errors
/// What it does otherwise.
pub async fn keeps(keep: &dyn Keep) -> Result<(), String> {
    one_record(keep).await?;
    lists(keep).await?;
    groups(keep).await
}

async fn one_record(keep: &dyn Keep) -> Result<(), String> {
    let broken = |trouble: KeepTrouble| trouble.to_string();
    let user = Kind::User;
    expect("nobody yet", &keep.get(user, "u1").await, &Ok(None))?;
    let mut ana =
        record("u1", 10, json!({ "userName": "Ana@example.com", "name": { "givenName": "Á\"'%_" } }));
    let news = Change::Joined { person: ana.person([]) };
    expect("a new one", &keep.put(user, &ana, None, Some(&news)).await, &Ok(()))?;
    expect("read back", &keep.get(user, "u1").await, &Ok(Some(ana.clone())))?;
    expect("kinds are apart", &keep.get(Kind::Group, "u1").await, &Ok(None))?;
    expect("new, and there already", &keep.put(user, &ana, None, None).await, &Err(KeepTrouble::Newer))?;
    let other = record("u2", 11, json!({ "userName": "ANA@EXAMPLE.COM" }));
    let taken = Err(KeepTrouble::Taken("userName"));
    expect("a name in other case", &keep.put(user, &other, None, None).await, &taken)?;
    expect("what was refused", &keep.get(user, "u2").await, &Ok(None))?;
    ana.version = 2;
    ana.active = false;
    expect("a version that never was", &keep.put(user, &ana, Some(7), None).await, &Err(KeepTrouble::Newer))?;
    expect("another version", &keep.put(user, &ana, Some(1), None).await, &Ok(()))?;
    expect("read back again", &keep.get(user, "u1").await, &Ok(Some(ana.clone())))?;
    expect("a version that is gone", &keep.put(user, &ana, Some(1), None).await, &Err(KeepTrouble::Newer))?;
    expect("nobody to change", &keep.put(user, &other, Some(1), None).await, &Err(KeepTrouble::Gone))?;
    expect(
        "to take away another version",
        &keep.delete(user, "u1", 1, None).await,
        &Err(KeepTrouble::Newer),
    )?;
    keep.delete(user, "u1", 2, None).await.map_err(broken)?;
    expect("gone", &keep.get(user, "u1").await, &Ok(None))?;
    expect("to take away nobody", &keep.delete(user, "u1", 2, None).await, &Err(KeepTrouble::Gone))?;
    expect("a name that is free again", &keep.put(user, &other, None, None).await, &Ok(()))?;
    keep.delete(user, "u2", 1, None).await.map_err(broken)
}

async fn lists(keep: &dyn Keep) -> Result<(), String> {
    let broken = |trouble: KeepTrouble| trouble.to_string();
    // Made in another order than their ids have; two at the same moment.
    for (id, second) in [("u5", 20), ("u4", 30), ("u3", 30), ("u6", 40)] {
        let title = if id == "u4" { "Engineer" } else { "Other" };
        let attributes = json!({ "userName": format!("{id}@example.com"), "externalId": id, "title": title });
        keep.put(Kind::User, &record(id, second, attributes), None, None).await.map_err(broken)?;
    }
    let all = ["u5", "u3", "u4", "u6"];
    for (filter, skip, take, total, wanted) in [
        ("", 0, usize::MAX, 4, &all[..]),
        ("", 1, 2, 4, &all[1..3]),
        ("", 4, 10, 4, &[]),
        ("", 0, 0, 4, &[]),
        ("userName eq \"U4@example.com\"", 0, 10, 1, &["u4"]),
        ("userName eq \"nobody\"", 0, 10, 0, &[]),
        ("id eq \"u6\"", 0, 10, 1, &["u6"]),
        ("externalId eq \"u3\" and title eq \"Engineer\"", 0, 10, 0, &[]),
        ("externalId eq \"u4\" and title eq \"engineer\"", 0, 10, 1, &["u4"]),
        ("title eq \"Other\"", 1, 1, 3, &["u3"]),
        ("not (title eq \"Other\") or userName sw \"u5\"", 0, 10, 2, &["u5", "u4"]),
    ] {
        let parsed = if filter.is_empty() {
            None
        } else {
            Some(Filter::parse(filter).map_err(|bad| bad.to_string())?)
        };
        let listed = keep.list(Kind::User, &Ask { filter: parsed, skip, take }).await.map_err(broken)?;
        expect(&format!("{filter} from {skip}, {take}"), &ids(&listed), &(total, wanted.to_vec()))?;
    }
    Ok(())
}

async fn groups(keep: &dyn Keep) -> Result<(), String> {
    let broken = |trouble: KeepTrouble| trouble.to_string();
    for (id, members) in
        [("g2", json!([{ "value": "u3" }, { "value": "u4" }])), ("g1", json!([{ "value": "u3" }]))]
    {
        // Groups may have one name.
        let group = record(id, 50, json!({ "displayName": "Core", "members": members }));
        keep.put(Kind::Group, &group, None, None).await.map_err(broken)?;
    }
    let named = |id: &str| Named { id: id.to_owned(), name: "Core".to_owned() };
    let mut found = keep.groups_of(&["u3", "u4", "u5", "nobody"]).await.map_err(broken)?;
    found.retain(|_, groups| !groups.is_empty());
    let wanted =
        [("u3".to_owned(), vec![named("g1"), named("g2")]), ("u4".to_owned(), vec![named("g2")])].into();
    expect("groups of several", &found, &wanted)?;
    let without = Record { version: 2, ..record("g2", 50, json!({ "displayName": "Core" })) };
    keep.put(Kind::Group, &without, Some(1), None).await.map_err(broken)?;
    keep.delete(Kind::Group, "g1", 1, None).await.map_err(broken)?;
    let mut found = keep.groups_of(&["u3", "u4"]).await.map_err(broken)?;
    found.retain(|_, groups| !groups.is_empty());
    expect("groups that nobody is in", &found, &[].into())
}
