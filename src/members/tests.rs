//! The book of links, over a real store.

use std::sync::Arc;

use hubcommander_sdk::accounts::{Linked, Proof, SetLinks};
use hubcommander_sdk::operation::{Attempt, Handler, Observed, Operation, Power, Probe as _};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::PermitIssuer;

use super::{Book, SetsLinks};
use crate::store::{Shelf, open};

async fn book(tells: bool) -> (Book, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&format!("sqlite://{}", folder.path().join("links.db").display())).await.unwrap();
    let shelf = Shelf::default();
    shelf.put(Arc::clone(&store));
    (Book::new(shelf, tells), folder)
}

fn link(user: &str, github_id: u64) -> Linked {
    Linked {
        person: PersonId { team: "T0ACME".into(), user: user.into() },
        github_id,
        login: format!("login-{github_id}"),
        email: None,
        since: "2026-03-03T12:00:00Z".parse().unwrap(),
        proof: Proof::DeviceFlow,
    }
}

async fn done(handler: &SetsLinks, operation: &Operation) -> Result<Option<Operation>, String> {
    let (issuer, _) = PermitIssuer::new();
    let applied = handler.apply(&operation.input, &issuer.permit("inv-TEST")).await;
    applied.map(|applied| applied.inverse).map_err(|error| error.to_string())
}

fn attempt() -> Attempt {
    Attempt { invocation: "inv-TEST".into(), since: "2026-03-03T12:00:00Z".parse().unwrap() }
}

#[tokio::test]
async fn one_account_for_one_person_through_all_changes_and_back() {
    let (book, _folder) = book(false).await;
    let handler = SetsLinks(book.clone());
    let (ana, sam) = (link("U0ANA", 1), link("U0SAM", 2));
    for one in [&ana, &sam] {
        done(&handler, &SetLinks::link(one.clone(), None, None).operation()).await.unwrap();
    }
    // Ana takes Sam's account over; hers is free then.
    let taken = SetLinks::link(Linked { github_id: 2, ..ana.clone() }, Some(ana.clone()), Some(sam.clone()));
    assert!(taken.takes_over());
    assert_eq!(handler.powers(&taken.operation().input), [Power::Enrol].into());
    let seen = taken.unchanged();
    assert_eq!(handler.look(&seen.input).await.unwrap(), seen.seen);
    let back = done(&handler, &taken.operation()).await.unwrap().unwrap();
    assert_ne!(handler.look(&seen.input).await.unwrap(), seen.seen);
    assert_eq!(book.all_links().await.unwrap(), taken.to);
    assert_eq!(book.whose_is(1).await.unwrap(), None);
    assert_eq!(book.whose_is(2).await.unwrap().unwrap().person.user, "U0ANA");
    assert_eq!(book.of_user("U0SAM").await.unwrap(), None);
    // Doing it again is what was done; and the way back is as grave as the way there.
    assert!(matches!(handler.observe(&taken.operation().input, &attempt()).await, Ok(Observed::Ours(_))));
    done(&handler, &taken.operation()).await.unwrap();
    assert_eq!(handler.powers(&back.input), [Power::Enrol].into());
    done(&handler, &back).await.unwrap();
    assert_eq!(book.all_links().await.unwrap(), [ana.clone(), sam.clone()]);

    // What was planned on something else is not done.
    let stale = SetLinks::link(Linked { github_id: 2, ..ana.clone() }, Some(ana.clone()), None);
    assert!(matches!(
        handler.observe(&stale.operation().input, &attempt()).await,
        Ok(Observed::Different(_))
    ));
    assert!(done(&handler, &stale.operation()).await.is_err());
    assert_eq!(book.all_links().await.unwrap(), [ana, sam]);
}

#[tokio::test]
async fn only_what_takes_an_account_from_somebody_is_grave() {
    let (ana, sam) = (link("U0ANA", 1), link("U0SAM", 1));
    let handler = SetsLinks(Book::default());
    let powers = |change: SetLinks| handler.powers(&change.operation().input);
    assert_eq!(powers(SetLinks::link(ana.clone(), None, None)), [].into());
    assert_eq!(
        powers(SetLinks::link(Linked { github_id: 7, ..ana.clone() }, Some(ana.clone()), None)),
        [].into()
    );
    assert_eq!(powers(SetLinks::unlink(ana.clone())), [].into());
    assert_eq!(powers(SetLinks::unlink(ana.clone()).inverse()), [].into());
    assert_eq!(powers(SetLinks::link(sam, None, Some(ana))), [Power::Enrol].into());
}

#[tokio::test]
async fn a_new_login_is_noted_and_changes_nothing_else() {
    let (book, _folder) = book(false).await;
    let ana = link("U0ANA", 1);
    book.set("1", &SetLinks::link(ana.clone(), None, None)).await.unwrap();
    book.renamed(&ana, "newer").await.unwrap();
    assert_eq!(book.of_user("U0ANA").await.unwrap().unwrap().login, "newer");
    // A plan that was made before holds still.
    let handler = SetsLinks(book.clone());
    done(&handler, &SetLinks::unlink(ana.clone()).operation()).await.unwrap();
    // It is gone meanwhile: the name of something else is left alone.
    book.renamed(&ana, "late").await.unwrap();
    assert_eq!(book.of_user("U0ANA").await.unwrap(), None);
}

#[tokio::test]
async fn who_is_let_go_is_remembered_and_who_links_again_is_not() {
    let (book, _folder) = book(true).await;
    let ana = link("U0ANA", 1);
    book.set("a", &SetLinks::link(ana.clone(), None, None)).await.unwrap();
    book.set("b", &SetLinks::unlink(ana.clone())).await.unwrap();
    assert_eq!(book.former_of("U0ANA").await.unwrap(), None, "they unlinked it themselves");
    book.set("c", &SetLinks::link(ana.clone(), None, None)).await.unwrap();
    book.set("d", &SetLinks::let_go(ana.clone())).await.unwrap();
    assert_eq!(book.former_of("U0ANA").await.unwrap(), Some(ana.clone()));
    book.set("e", &SetLinks::link(ana, None, None)).await.unwrap();
    assert_eq!(book.former_of("U0ANA").await.unwrap(), None);
    let news: Vec<String> = book.news(10).await.unwrap().into_iter().map(|news| news.id).collect();
    assert_eq!(news, ["a", "b", "c", "d", "e"]);
    book.told("c").await.unwrap();
    assert_eq!(book.news(10).await.unwrap().len(), 4);
}
