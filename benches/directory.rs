//! What it takes to keep a company: to read a roll, to compare it, to ask SCIM. `cargo bench --bench directory
//! [-- PEOPLE]`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a measurement, not the product"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubcommander::directory::{Directories, FollowNothing, Settings, Source};
use hubcommander::members::Book;
use hubcommander::store::{Booking, Shelf};
use hubcommander_directory::readers::CsvSettings;
use hubcommander_directory::scim::{Filter, Kind};
use hubcommander_directory::{Ask, Email, Keep as _, Person, Roll};
use hubcommander_sdk::accounts::Directory as _;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use serde_json::json;
use url::Url;

/// What is allowed for 20,000 people of whom ten are known otherwise.
const TARGET: Duration = Duration::from_millis(250);

fn person(number: usize) -> Person {
    let mut person = Person::new(format!("00u{number:012x}"), format!("person{number}@example.com"));
    person.emails.extend(Email::parse(&person.user_name));
    person.name = format!("Person {number}");
    person.department = Some(format!("Department {}", number % 40));
    person.groups = (0..5).map(|group| format!("group-{}", (number + group) % 500)).collect();
    person
}

fn roll(people: &[Person]) -> Roll {
    Roll::new("bench", chrono::DateTime::UNIX_EPOCH, people.to_vec(), Vec::new()).unwrap()
}

fn said<T>(what: &str, start: Instant, value: T) -> (Duration, T) {
    let took = start.elapsed();
    println!("{what:<60} {took:>12.2?}");
    (took, value)
}

#[tokio::main]
async fn main() -> ExitCode {
    let count = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(20_000);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("bot.db").display());
    let store = hubcommander::store::open(&url).await.unwrap();
    let clock: SharedClock = Arc::new(SystemClock);
    let start = || {
        let settings = Settings {
            csv: Some(CsvSettings::new("unused.csv")),
            scim: Some([("bench".to_owned(), "t".repeat(32).into())].into()),
            ..Settings::default()
        };
        let shelf = Shelf::default();
        shelf.put(Arc::clone(&store));
        let book = Book::new(shelf.clone(), false);
        (Directories::new(settings, shelf, Arc::clone(&clock), Arc::new(FollowNothing)), book)
    };
    println!("{count} people, SQLite");
    let users: Vec<_> = (0..count)
        .map(|number| {
            let user = json!({
                "id": format!("{number:032x}"), "version": 1, "created": chrono::DateTime::UNIX_EPOCH,
                "modified": chrono::DateTime::UNIX_EPOCH, "active": true,
                "attributes": {
                    "userName": format!("person{number}@example.com"), "active": true, "externalId": format!("x{number}"),
                    "displayName": format!("Person {number}"), "title": format!("Title {}", number % 100),
                    "emails": [{ "value": format!("person{number}@example.com"), "type": "work", "primary": true }],
                },
            });
            (format!("scim:user:{number:032x}"), Some(user))
        })
        .collect();
    store.book(&Booking { kept: users, ..Booking::default() }).await.unwrap();
    let links: Vec<_> = (0..count)
        .map(|number| {
            let link = json!({
                "person": { "team": "T0ACME", "user": format!("U{number:07}") }, "github_id": number,
                "login": format!("person-{number}"), "email": format!("person{number}@example.com"),
                "since": chrono::DateTime::UNIX_EPOCH, "proof": "device_flow",
            });
            (format!("accounts:of:U{number:07}"), Some(link))
        })
        .collect();
    store.book(&Booking { kept: links, ..Booking::default() }).await.unwrap();

    let mut people: Vec<Person> = (0..count).map(person).collect();
    let (directories, _) = start();
    let begin = Instant::now();
    directories.begin().await.unwrap();
    said("a start with SCIM's users kept", begin, ());
    let (one, begin) = (roll(&people), Instant::now());
    directories.take(Source::Csv, one, None).await.unwrap();
    said("the first roll, kept", begin, ());
    let mut worst = Duration::ZERO;
    for round in 0..5 {
        for person in people.iter_mut().skip(round * 100).take(10) {
            person.active = !person.active;
        }
        let (one, begin) = (roll(&people), Instant::now());
        let taken = directories.take(Source::Csv, one, None).await.unwrap();
        worst = worst.max(said("a roll with 10 changes, compared and kept", begin, ()).0);
        assert_eq!(taken.working + 10 * (round + 1), count);
    }
    let (one, begin) = (roll(&people), Instant::now());
    directories.take(Source::Csv, one, None).await.unwrap();
    said("a roll without changes", begin, ());
    let begin = Instant::now();
    let all = directories.everybody().await.unwrap();
    said("everybody, put together of both sources", begin, ());
    assert_eq!(all.len(), count);
    let begin = Instant::now();
    directories.everybody().await.unwrap();
    said("everybody, again", begin, ());
    let begin = Instant::now();
    directories.with_email("person77@example.com").await.unwrap();
    said("somebody by address", begin, ());

    for (what, filter, skip) in [
        ("SCIM: a page from the middle", None, count / 2),
        ("SCIM: by userName", Some("userName eq \"person4711@example.com\""), 0),
        ("SCIM: by externalId", Some("externalId eq \"x4711\""), 0),
        ("SCIM: by a title, without an index", Some("title eq \"Title 7\""), 0),
        ("SCIM: by a part of a name, without an index", Some("displayName co \"son 47\""), 0),
    ] {
        let filter = filter.map(|filter| Filter::parse(filter).unwrap());
        let ask = Ask { filter, skip, take: 200 };
        let begin = Instant::now();
        let listed = directories.list(Kind::User, &ask).await.unwrap();
        said(what, begin, ());
        assert!(!listed.records.is_empty());
    }
    let (again, book) = start();
    let begin = Instant::now();
    again.begin().await.unwrap();
    said("a start with all of it kept", begin, ());
    let listen = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listen.local_addr().unwrap();
    let public: Url = format!("http://{address}").parse().unwrap();
    let router = again.scim(&public, &book, Arc::new(|| "new".to_owned())).unwrap().unwrap();
    tokio::spawn(async move { axum::serve(listen, router).await });
    let client = reqwest::Client::new();
    for place in
        ["Users?startIndex=10001&count=200", "Users?filter=userName%20eq%20%22person4711@example.com%22"]
    {
        for _ in 0..2 {
            let begin = Instant::now();
            let answer = client.get(format!("{public}scim/v2/{place}")).bearer_auth("t".repeat(32)).send();
            let text = answer.await.unwrap().text().await.unwrap();
            said(&format!("over HTTP with links: {place}"), begin, ());
            assert!(text.contains("githubLogin"), "{text}");
        }
    }
    if count <= 20_000 && worst > TARGET {
        println!("slower than {TARGET:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
