//! Deploy keys come and go, and come back.

use hubcommander_github::operations::{AddDeployKey, DeleteDeployKey, RepoRef};
use hubcommander_github::{Lookup, PublicKey, Repository};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Observed;

use crate::world::{Site, blocked, permanent};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEgrtb96jAK4EprDvytzdpD/6t1xaKfEjlmaeG8gCrYC ana@laptop";

async fn found(site: &Site, name: &str) -> Repository {
    match site.github.reader().repository("acme", name).await.unwrap() {
        Lookup::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

async fn add(site: &Site, name: &str) -> AddDeployKey {
    AddDeployKey {
        repo: RepoRef::of(&found(site, name).await).unwrap(),
        title: "laptop".into(),
        key: PublicKey::parse(KEY).unwrap(),
        read_only: true,
    }
}

async fn keys(site: &Site, name: &str) -> Vec<String> {
    let keys = site.github.reader().deploy_keys(&found(site, name).await).await.unwrap();
    keys.into_iter().map(|key| format!("{} {} {}", key.title, key.read_only, key.key)).collect()
}

#[tokio::test]
async fn a_key_is_added_taken_away_and_added_again() {
    let site = Site::start().await;
    let asked = add(&site, "website").await.operation();
    assert_eq!(site.observe(&asked).await.unwrap(), Observed::Absent);
    let added = site.apply(&asked).await.unwrap();
    let bare = KEY.strip_suffix(" ana@laptop").unwrap();
    assert_eq!(keys(&site, "website").await, [format!("laptop true {bare}")]);
    assert!(matches!(site.observe(&asked).await.unwrap(), Observed::Ours(_)));
    let again = site.apply(&asked).await.unwrap();
    assert_eq!((again.inverse, again.note.unwrap().words()), (None, "already so".to_owned()));

    let back = added.inverse.unwrap();
    assert_eq!(site.observe(&back).await.unwrap(), Observed::Absent);
    let removed = site.apply(&back).await.unwrap();
    assert_eq!(keys(&site, "website").await, Vec::<String>::new());
    assert!(matches!(site.observe(&back).await.unwrap(), Observed::Ours(_)));
    assert_eq!(site.apply(&back).await.unwrap().note.unwrap().words(), "already so");
    let forth = removed.inverse.unwrap();
    let second = site.apply(&forth).await.unwrap();
    assert_ne!(second.output["id"], added.output["id"], "under another number");
    assert_eq!(keys(&site, "website").await, [format!("laptop true {bare}")]);
    let Observed::Different(words) = site.observe(&back).await.unwrap() else { panic!("the same?") };
    assert_eq!(words.words(), "That key is there again, as \"laptop\".");
}

#[tokio::test]
async fn a_lost_answer_adds_no_second_key() {
    let site = Site::start().await;
    let asked = add(&site, "website").await.operation();
    site.faults.add(When::post("/keys"), Fault::LostAnswer);
    let lost = site.apply(&asked).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(applied) = site.observe(&asked).await.unwrap() else { panic!("not ours") };
    assert_eq!(keys(&site, "website").await.len(), 1);
    site.apply(&applied.inverse.unwrap()).await.unwrap();
    assert_eq!(keys(&site, "website").await, Vec::<String>::new());

    site.faults.add(When::post("/keys"), Fault::Status(502, "<html>".into()));
    let unclear = site.apply(&asked).await;
    assert!(matches!(unclear, Err(OperationError::Unclear { .. })), "{unclear:?}");
    assert_eq!(site.observe(&asked).await.unwrap(), Observed::Absent);
}

#[tokio::test]
async fn who_was_there_first_is_told_apart() {
    let site = Site::start().await;
    let asked = add(&site, "website").await;
    site.apply(&asked.operation()).await.unwrap();
    {
        let mut state = site.local.state();
        let website = state.repository_mut("acme", "website").unwrap();
        let key = website.deploy_keys.values_mut().next().unwrap();
        key.created_at -= chrono::TimeDelta::hours(1);
        key.added_by = Some("sam-okafor".into());
    }
    let Observed::SomeoneElses(words) = site.observe(&asked.operation()).await.unwrap() else {
        panic!("ours?")
    };
    assert_eq!(words.words(), "acme/website has that key already, added by sam-okafor.");
    let writes = AddDeployKey { read_only: false, title: "other".into(), ..asked };
    assert_eq!(
        permanent(site.apply(&writes.operation()).await),
        "acme/website has that key already: it as \"laptop\" may read."
    );
    assert!(matches!(site.observe(&writes.operation()).await.unwrap(), Observed::Different(_)));
}

#[tokio::test]
async fn refusals_have_their_own_sentences() {
    let site = Site::start().await;
    site.apply(&add(&site, "website").await.operation()).await.unwrap();
    assert_eq!(
        permanent(site.apply(&add(&site, "api").await.operation()).await),
        "GitHub knows that key already, from another repository or account. Make a new pair for this one: ssh-keygen \
         -t ed25519."
    );
    let removed = DeleteDeployKey {
        repo: RepoRef::of(&found(&site, "api").await).unwrap(),
        id: 4711,
        title: "build server".into(),
        key: PublicKey::parse(KEY).unwrap(),
        read_only: false,
    };
    assert_eq!(
        permanent(site.apply(&removed.operation()).await),
        "The key 4711 of acme/api is another one by now."
    );
    let org = |on: bool| {
        let mut state = site.local.state();
        let acme = state.organisation_mut("acme").unwrap();
        acme.switches.insert("deploy_keys_enabled_for_repositories".into(), on);
    };
    org(false);
    site.local.state().repository_mut("acme", "website").unwrap().deploy_keys.clear();
    assert_eq!(
        blocked(site.apply(&add(&site, "website").await.operation()).await),
        "The organisation of acme/website has switched deploy keys off. Ask one of its owners."
    );
    site.local.state().repository_mut("acme", "website").unwrap().archived = true;
    assert_eq!(
        blocked(site.apply(&add(&site, "website").await.operation()).await),
        "acme/website is archived and cannot be changed. Unarchive it first."
    );
}
