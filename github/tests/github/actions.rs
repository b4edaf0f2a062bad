//! Actions are let run, and stopped again, with all that was set.

use hubcommander_github::operations::{RepoRef, SelectForActions, SetActions};
use hubcommander_github::{Actions, ActionsWhere, Lookup, Repository};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::model::{self, AllowedActions};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Observed;

use crate::world::{Site, blocked, permanent};

async fn found(site: &Site, name: &str) -> Repository {
    match site.github.reader().repository("acme", name).await.unwrap() {
        Lookup::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

fn actions(enabled: bool) -> Actions {
    Actions { enabled, allowed_actions: None, sha_pinning_required: None }
}

fn policy(site: &Site, place: model::ActionsWhere) {
    site.local.state().organisation_mut("acme").unwrap().actions.place = place;
}

#[tokio::test]
async fn they_are_let_run_and_put_back_as_they_were() {
    let site = Site::start().await;
    {
        let mut state = site.local.state();
        let website = &mut state.repository_mut("acme", "website").unwrap().actions;
        (website.allowed, website.sha_pinning) = (AllowedActions::LocalOnly, true);
    }
    let website = found(&site, "website").await;
    let before = site.github.reader().actions(&website).await.unwrap();
    let repo = RepoRef::of(&website).unwrap();
    let stop = SetActions { repo, to: actions(false), before: Some(before) }.operation();
    assert_eq!(site.observe(&stop).await.unwrap(), Observed::Absent);
    site.faults.add(When::put("permissions"), Fault::LostAnswer);
    let lost = site.apply(&stop).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(stopped) = site.observe(&stop).await.unwrap() else { panic!("not ours") };
    assert_eq!(site.apply(&stop).await.unwrap().note.unwrap().words(), "already so");
    // Somebody else sets it otherwise meanwhile; what comes back is what was.
    site.local.state().repository_mut("acme", "website").unwrap().actions.allowed = AllowedActions::Selected;
    let back = stopped.inverse.unwrap();
    let started = site.apply(&back).await.unwrap();
    let now = site.local.state().repository("acme", "website").unwrap().actions.clone();
    assert_eq!((now.enabled, now.allowed, now.sha_pinning), (true, AllowedActions::LocalOnly, true));
    assert!(matches!(site.observe(&back).await.unwrap(), Observed::Ours(_)));
    site.local.state().repository_mut("acme", "website").unwrap().actions.allowed = AllowedActions::All;
    assert!(matches!(site.observe(&back).await.unwrap(), Observed::Different(_)));
    site.apply(&started.inverse.unwrap()).await.unwrap();
    assert!(!site.local.state().repository("acme", "website").unwrap().actions.enabled);
}

#[tokio::test]
async fn a_repository_goes_on_the_list_and_off_it() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let reader = site.github.reader();
    assert_eq!(reader.actions_where("acme").await.unwrap(), Some(ActionsWhere::All));
    assert!(!reader.is_selected_for_actions(&website).await.unwrap(), "there is no list");
    let select = SelectForActions { repo: RepoRef::of(&website).unwrap(), selected: true }.operation();
    assert_eq!(
        permanent(site.apply(&select).await),
        "acme has no list any more of repositories where Actions may run. Ask again."
    );
    policy(&site, model::ActionsWhere::Selected);
    assert_eq!(reader.actions_where("acme").await.unwrap(), Some(ActionsWhere::Selected));
    let enable =
        SetActions { repo: RepoRef::of(&website).unwrap(), to: actions(true), before: Some(actions(false)) };
    let refused = "acme does not let Actions run in acme/website. Ask one of its owners to allow it in the \
                   organisation's settings.";
    assert_eq!(blocked(site.apply(&enable.operation()).await), refused);

    assert_eq!(site.observe(&select).await.unwrap(), Observed::Absent);
    let selected = site.apply(&select).await.unwrap();
    assert!(reader.is_selected_for_actions(&website).await.unwrap());
    assert!(matches!(site.observe(&select).await.unwrap(), Observed::Ours(_)));
    let again = site.apply(&select).await.unwrap();
    assert_eq!((again.inverse, again.note.unwrap().words()), (None, "already so".to_owned()));
    assert_eq!(site.apply(&enable.operation()).await.unwrap().note.unwrap().words(), "already so");
    site.apply(&selected.inverse.unwrap()).await.unwrap();
    assert!(!reader.is_selected_for_actions(&website).await.unwrap());
    policy(&site, model::ActionsWhere::Nowhere);
    assert_eq!(reader.actions_where("acme").await.unwrap(), Some(ActionsWhere::None));
}
