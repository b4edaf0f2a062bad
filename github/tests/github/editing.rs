//! Changes to a repository reach the one that was meant, and can be taken back.

use hubcommander_github::names::Topic;
use hubcommander_github::operations::{Changes, EditRepository, ReplaceTopics, RepoRef};
use hubcommander_github::{Lookup, Repository, Visibility};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Observed;

use crate::world::{Site, blocked, permanent};

async fn found(site: &Site, name: &str) -> Repository {
    match site.github.reader().repository("acme", name).await.unwrap() {
        Lookup::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

fn words(description: &str) -> Changes {
    Changes { description: Some(description.into()), ..Changes::default() }
}

#[tokio::test]
async fn a_description_is_set_and_set_back() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let edit = EditRepository::of(&website, words("Our website")).unwrap().operation();
    assert_eq!(site.observe(&edit).await.unwrap(), Observed::Absent);
    let done = site.apply(&edit).await.unwrap();
    assert_eq!(found(&site, "website").await.description.as_deref(), Some("Our website"));
    assert!(matches!(site.observe(&edit).await.unwrap(), Observed::Ours(_)));
    assert_eq!(site.apply(&edit).await.unwrap().note.unwrap().words(), "already so");

    site.apply(&done.inverse.unwrap()).await.unwrap();
    assert_eq!(found(&site, "website").await.description.as_deref(), Some("The website"));
    let id = website.id;
    assert_eq!(site.writes(), vec![format!("PATCH /repositories/{id}"); 2]);
}

#[tokio::test]
async fn all_that_can_be_changed_is_changed_and_changed_back() {
    let site = Site::start().await;
    let before = found(&site, "website").await;
    let changes = Changes {
        description: Some(String::new()),
        homepage: Some("https://acme.example".into()),
        visibility: Some(Visibility::Public),
        archived: Some(true),
    };
    let done = site.apply(&EditRepository::of(&before, changes).unwrap().operation()).await.unwrap();
    let after = found(&site, "website").await;
    assert_eq!(
        (after.description, after.homepage.as_deref(), after.visibility, after.archived),
        (None, Some("https://acme.example"), Visibility::Public, true)
    );
    let archived = EditRepository::of(&found(&site, "website").await, words("x")).unwrap();
    assert_eq!(
        blocked(site.apply(&archived.operation()).await),
        "acme/website is archived and cannot be changed. Unarchive it first."
    );
    site.apply(&done.inverse.unwrap()).await.unwrap();
    let back = found(&site, "website").await;
    assert_eq!(
        (back.description, back.homepage, back.visibility, back.archived),
        (before.description, before.homepage, before.visibility, before.archived)
    );
}

#[tokio::test]
async fn a_rename_meanwhile_stops_the_change() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let edit = EditRepository::of(&website, words("x")).unwrap().operation();
    site.local.state().rename(website.id, "homepage");
    assert_eq!(
        permanent(site.apply(&edit).await),
        "acme/website has been renamed to acme/homepage. Ask again with that name."
    );
    assert_eq!(site.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_someone_else_changed_meanwhile_is_different() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let ours = EditRepository::of(&website, words("ours")).unwrap().operation();
    site.apply(&EditRepository::of(&website, words("theirs")).unwrap().operation()).await.unwrap();
    let observed = site.observe(&ours).await.unwrap();
    assert!(matches!(observed, Observed::Different(_)), "{observed:?}");
}

#[tokio::test]
async fn what_github_refuses_is_told_in_its_words() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let long = EditRepository::of(&website, words(&"x".repeat(400))).unwrap();
    let told = permanent(site.apply(&long.operation()).await);
    assert!(
        told.starts_with("GitHub refuses this: ") && told.ends_with("Change it and ask again."),
        "{told}"
    );
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_unclear_and_seen_as_done() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let edit = EditRepository::of(&website, words("ours")).unwrap().operation();
    site.faults.add(When::patch("/repositories/"), Fault::LostAnswer);
    let lost = site.apply(&edit).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(applied) = site.observe(&edit).await.unwrap() else { panic!("not ours") };
    site.apply(&applied.inverse.unwrap()).await.unwrap();
    assert_eq!(found(&site, "website").await.description.as_deref(), Some("The website"));
}

#[tokio::test]
async fn topics_are_replaced_and_put_back() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let topics = vec![Topic::parse("new").unwrap()];
    let replace = ReplaceTopics { repo: RepoRef::of(&website).unwrap(), topics, before: None }.operation();
    let done = site.apply(&replace).await.unwrap();
    assert_eq!(found(&site, "website").await.topics, ["new"]);
    assert!(matches!(site.observe(&replace).await.unwrap(), Observed::Ours(_)));
    site.apply(&done.inverse.unwrap()).await.unwrap();
    assert_eq!(found(&site, "website").await.topics, ["marketing", "web"]);
    assert_eq!(site.observe(&replace).await.unwrap(), Observed::Absent);
}
