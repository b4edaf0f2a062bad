use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::scim::resource::Record;

fn ana() -> Record {
    let attributes = json!({
        "userName": "Ana@example.com", "displayName": "Ana Ávila", "active": true, "externalId": "00uA",
        "title": "Engineer", "nickName": "",
        "name": { "givenName": "Ana", "familyName": "Ávila" },
        "emails": [
            { "value": "ana@example.com", "type": "work", "primary": true },
            { "value": "ana@home.example", "type": "home" },
        ],
        ENTERPRISE: { "department": "Payments", "employeeNumber": "701", "manager": { "value": "id-9" } },
    });
    let Json::Object(attributes) = attributes else { panic!("an object") };
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    Record {
        id: "id-1".to_owned(),
        version: 3,
        created: at("2026-01-01T00:00:00Z"),
        modified: at("2026-11-01T10:00:00Z"),
        active: true,
        attributes,
    }
}

#[test]
fn a_filter_holds_or_does_not() {
    let yes = [
        r#"userName eq "ana@EXAMPLE.com""#,
        r#"USERNAME Eq "ana@example.com""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ana@example.com""#,
        r#"URN:IETF:params:scim:schemas:core:2.0:user:userName sw "ana""#,
        r#"id eq "id-1""#,
        r#"externalId eq "00uA""#,
        r#"active eq true"#,
        // Entra writes booleans as texts.
        r#"active eq "True""#,
        r#"title pr"#,
        r#"not (nickName pr)"#,
        r#"NOT(nickName pr)"#,
        r#"nickName ne "x""#,
        r#"manager eq null"#,
        r#"name.familyName co "VIL""#,
        r#"displayName ew "ávila""#,
        r#"emails co "home.example""#,
        r#"emails.type eq "home""#,
        r#"emails[type eq "work" and value ew "@example.com"]"#,
        r#"emails[type eq "work"].value eq "ana@example.com""#,
        r#"emails[not (type eq "home")]"#,
        r#"meta.lastModified gt "2026-10-31T23:00:00+01:00""#,
        r#"meta.lastModified eq "2026-11-01T11:00:00+01:00""#,
        r#"meta.created le "2026-01-01T00:00:00Z""#,
        r#"meta.resourceType eq "User""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "payments""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "id-9""#,
        r#"title eq "Engineer" and active eq true or userName eq "nobody""#,
        r#"userName eq "nobody" or title pr and active eq true"#,
        r#"(userName eq "nobody" or title pr) and active eq true"#,
        r#"title gt "Dancer" and title lt "Farmer""#,
        r#"displayName eq "Ana \u00c1vila""#,
        "   title   pr   ",
    ];
    for text in yes {
        let filter = Filter::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
        assert!(filter.holds(Kind::User, &ana()), "{text}");
    }
    let no = [
        r#"userName eq "ana""#,
        r#"userName ne "ana@example.com""#,
        // Ids and versions are compared with their case.
        r#"id eq "ID-1""#,
        r#"externalId eq "00ua""#,
        r#"active eq false"#,
        r#"active eq "False""#,
        r#"nickName pr"#,
        r#"unknown pr"#,
        r#"unknown eq "x""#,
        r#"department eq "Payments""#,
        r#"emails[type eq "home" and value ew "@example.com"]"#,
        r#"emails[type eq "home"].value eq "ana@example.com""#,
        r#"emails[value pr and type eq "other"]"#,
        r#"title eq null"#,
        r#"title eq 7"#,
        r#"title gt 7"#,
        r#"meta.lastModified lt "2026-11-01T10:00:00Z""#,
        r#"title eq "Engineer" and (active eq false or userName eq "nobody")"#,
        r#"userName[value eq "x"]"#,
    ];
    for text in no {
        let filter = Filter::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
        assert!(!filter.holds(Kind::User, &ana()), "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_the_place() {
    let deep = format!("{}title pr{}", "(".repeat(60), ")".repeat(60));
    let long = format!("title eq \"{}\"", "x".repeat(9_000));
    let chain = vec!["title pr"; 300].join(" and ");
    let other_chain = vec!["title pr"; 300].join(" or ");
    for text in [
        "",
        " ",
        "title",
        "title ",
        "title is \"x\"",
        "title eq",
        "title eq ",
        "title eq x",
        "title eq 'x'",
        "title eq \"x",
        "title eq \"x\\\"",
        "title eq \"\\q\"",
        "title eq 1e",
        "title eq -",
        "title eq \"x\" and",
        "title eq \"x\" title pr",
        "title eq \"x\")",
        "(title pr",
        "not title pr",
        "emails[type eq \"work\"",
        "emails[]",
        "emails[type pr].",
        "emails.type[value pr]",
        "a[b[c[d pr",
        "active gt true",
        "active co false",
        "title gt null",
        "1title pr",
        "äöü pr",
        "title\u{a0}pr",
        "urn:example:other:userName pr",
        "urn:ietf:params:scim:schemas:core:2.0:Userx:a pr",
        "\u{0}",
        "🙂",
        deep.as_str(),
        long.as_str(),
        chain.as_str(),
        other_chain.as_str(),
    ] {
        let bad = Filter::parse(text).expect_err(text);
        assert!(bad.at <= text.len(), "{text}: {bad}");
    }
    assert_eq!(Filter::parse("title is 1").unwrap_err().to_string(), "at byte 6: this is no operator");
}

#[test]
fn a_path_is_read() {
    let path = Path::parse("emails[type eq \"work\"].value").unwrap();
    assert_eq!((path.at.name.as_str(), path.sub.as_deref()), ("emails", Some("value")));
    assert!(path.which.is_some());
    let path = Path::parse("name.givenName").unwrap();
    assert_eq!((path.at.name.as_str(), path.at.sub, path.sub.as_deref()), ("name", None, Some("givenName")));
    let path = Path::parse(&format!("{ENTERPRISE}:manager.value")).unwrap();
    assert_eq!(path.at.schema, Some(ENTERPRISE));
    for bad in [
        "",
        "emails[",
        "emails[type eq \"work\"]value",
        "emails.",
        ".value",
        "a.b.c",
        "a b",
        "emails[x pr].y.z",
    ] {
        assert!(Path::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_an_index_can_answer_is_told() {
    let pin = |text: &str| Filter::parse(text).unwrap().pin().map(|(name, text)| (name, text.to_owned()));
    assert_eq!(pin(r#"username eq "a""#), Some(("userName", "a".to_owned())));
    assert_eq!(pin(r#"title pr and externalId eq "b""#), Some(("externalId", "b".to_owned())));
    assert_eq!(pin(r#"userName eq "a" or id eq "b""#), None);
    assert_eq!(pin(r#"not (userName eq "a")"#), None);
    assert_eq!(pin(r#"userName co "a""#), None);
    assert_eq!(pin(&format!("{ENTERPRISE}:id eq \"a\"")), None);
}

proptest! {
    #[test]
    fn nothing_that_is_sent_makes_it_panic(text in "\\PC{0,80}") {
        let _ = Filter::parse(&text).map(|filter| filter.holds(Kind::User, &ana()));
        let _ = Path::parse(&text);
    }

    #[test]
    fn nor_does_anything_that_looks_like_a_filter(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "userName", "emails", "name.givenName", " ", " eq ", " pr", "\"x\"", "\"", "\\", "[", "]", "(", ")",
                "not ", " and ", " or ", ".", "true", "null", "-1.5e3", "urn:", "$ref", "é",
            ]),
            0..20,
        )
    ) {
        let text = parts.concat();
        if let Ok(filter) = Filter::parse(&text) {
            let other = Filter::parse(&format!("not (not ({text}))")).unwrap();
            prop_assert_eq!(filter.holds(Kind::User, &ana()), other.holds(Kind::User, &ana()));
        }
        let _ = Path::parse(&text);
    }
}
