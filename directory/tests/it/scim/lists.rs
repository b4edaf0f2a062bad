//! Lists: filters, pages, searches.

use serde_json::{Value as Json, json};

use super::server::Server;

async fn with_people(count: usize) -> Server {
    let server = Server::new();
    for number in 1..=count {
        server
            .user(json!({ "userName": format!("p{number}@example.com"), "active": number % 2 == 0, "title": "T" }))
            .await;
    }
    server
}

fn names(body: &Json) -> Vec<&str> {
    body["Resources"].as_array().unwrap().iter().map(|one| one["userName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_cover_everybody_once() {
    let server = with_people(23).await;
    let mut seen = Vec::new();
    let mut start = 1;
    loop {
        let body = server.get(&format!("/Users?startIndex={start}&count=5")).await.body;
        assert_eq!((body["totalResults"].as_u64(), body["startIndex"].as_u64()), (Some(23), Some(start)));
        assert_eq!(body["itemsPerPage"].as_u64().unwrap() as usize, names(&body).len());
        if names(&body).is_empty() {
            break;
        }
        start += names(&body).len() as u64;
        seen.extend(names(&body).into_iter().map(str::to_owned));
    }
    let expected: Vec<String> = (1..=23).map(|number| format!("p{number}@example.com")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn odd_pages_are_what_the_rfc_makes_of_them() {
    let server = with_people(3).await;
    for (query, start, count) in [
        ("", 1, 3),
        ("startIndex=0", 1, 3),
        ("startIndex=-5&count=2", 1, 2),
        ("count=0", 1, 0),
        ("count=-1", 1, 0),
        ("count=99999999", 1, 3),
        ("startIndex=4", 4, 0),
        ("startIndex=9223372036854775807", i64::MAX, 0),
        ("STARTINDEX=2&COUNT=1", 2, 1),
        ("sortBy=userName&sortOrder=descending", 1, 3),
    ] {
        let came = server.get(&format!("/Users?{query}")).await;
        assert_eq!(came.status, 200, "{query}");
        assert_eq!(came.body["totalResults"], 3, "{query}");
        assert_eq!(came.body["startIndex"].as_i64(), Some(start), "{query}");
        assert_eq!(names(&came.body).len(), count, "{query}");
    }
    for query in ["count=x", "startIndex=1.5", "count=9223372036854775808"] {
        assert_eq!(
            server.get(&format!("/Users?{query}")).await.error(),
            (400, Some("invalidValue")),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_filter_finds_and_a_search_finds_the_same() {
    let server = with_people(6).await;
    for (filter, found) in [
        (r#"userName eq "P3@example.com""#, vec!["p3@example.com"]),
        (r#"userName eq "nobody""#, vec![]),
        (r#"active eq true and userName gt "p3""#, vec!["p4@example.com", "p6@example.com"]),
        (r#"id eq "id-2""#, vec!["p2@example.com"]),
        (
            "",
            vec![
                "p1@example.com",
                "p2@example.com",
                "p3@example.com",
                "p4@example.com",
                "p5@example.com",
                "p6@example.com",
            ],
        ),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let came = server.get(&format!("/Users?filter={encoded}")).await;
        assert_eq!(names(&came.body), found, "{filter}");
        let search = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter, "startIndex": 1,
            "attributes": ["userName"],
        });
        let came = server.ask("POST", "/Users/.search", search).await;
        assert_eq!(names(&came.body), found, "{filter}");
        assert_eq!(came.body["totalResults"].as_u64().unwrap() as usize, found.len());
    }
    for bad in [
        "userName",
        "userName%20eq",
        "groups.value%20eq%20%22a%22",
        "userName%20eq%20%22a%22%20or%20groups%20pr",
    ] {
        assert_eq!(
            server.get(&format!("/Users?filter={bad}")).await.error(),
            (400, Some("invalidFilter")),
            "{bad}"
        );
    }
    let search = json!({ "filter": 7 });
    assert_eq!(server.ask("POST", "/Users/.search", search).await.error(), (400, Some("invalidFilter")));
}
