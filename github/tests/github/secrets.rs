//! Nothing that is logged, at any level, holds a secret.

use std::io;
use std::sync::{Arc, Mutex};

use hubcommander_github::names::{Owner, RepoName};
use hubcommander_github::operations::CreateRepository;
use hubcommander_github::{Credentials, Visibility};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::Site;

const MARKED: &str = "ghp_MARKEDmarkedMARKEDmarked";

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_token_is_in_no_log_error_or_debug() {
    let page = Page::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(page.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let world = World::acme().token(MARKED, "hub-bot", &["repo", "admin:org"]);
    let site = Site::with(world, |settings| settings.credentials = Credentials::Token(MARKED.into())).await;
    let operation = CreateRepository {
        org: Owner::parse("acme").unwrap(),
        name: RepoName::parse("widgets").unwrap(),
        visibility: Visibility::Private,
        description: None,
        homepage: None,
        auto_init: false,
    }
    .operation();
    let mut seen = format!("{:?} {:?}", site.github, site.github.reader());
    site.github.reader().whoami().await.unwrap();
    for fault in [Fault::Dropped, Fault::LostAnswer, Fault::Status(401, "{}".into()), Fault::SecondaryLimit] {
        site.faults.add(When::post("/orgs/"), fault);
        seen.push_str(&format!("{:?}", site.apply(&operation).await));
    }
    seen.push_str(&format!("{:?}", site.github.reader().repository("acme", "website").await));
    drop(guard);

    let logged = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("GitHub answered") && logged.contains("request_id"), "nothing was logged");
    assert!(logged.contains("inv-1"));
    assert!(!logged.contains(MARKED), "the token is in the log");
    assert!(!seen.contains(MARKED), "the token is in an error or Debug: {seen}");
}
