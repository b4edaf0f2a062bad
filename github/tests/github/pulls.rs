//! Pull requests are looked through as far as it takes, and no further.

use hubcommander_github::{Lookup, More, PullFilter, PullState, Pulls};
use hubcommander_sandbox::github::World;

use crate::world::Site;

async fn site(many: usize) -> Site {
    let mut world = World::acme();
    for number in 0..many {
        let author = if number % 50 == 0 { "Sam-Okafor" } else { "ana-lima" };
        world = world.pull_request("acme", "api", author, &format!("Change {number}"), |_| {});
    }
    Site::with(world, |_| {}).await
}

async fn read(site: &Site, author: Option<&str>, label: Option<&str>, most: usize) -> (Pulls, u64) {
    let Lookup::Found(api) = site.github.reader().repository("acme", "api").await.unwrap() else {
        panic!("no repository")
    };
    let wanted = PullFilter {
        state: PullState::Open,
        author: author.map(str::to_owned),
        label: label.map(str::to_owned),
    };
    let before = site.faults.arrived();
    let pulls = site.github.reader().pull_requests(&api, &wanted, most).await.unwrap();
    (pulls, site.faults.arrived() - before)
}

#[tokio::test]
async fn the_newest_come_first_and_it_is_known_whether_there_are_more() {
    let site = site(130).await;
    let (pulls, asked) = read(&site, None, None, 20).await;
    assert_eq!((pulls.items.len(), pulls.more, asked), (20, More::There, 1));
    assert_eq!(pulls.items[0].title, "Change 129");
    let (pulls, asked) = read(&site, None, None, 100).await;
    assert_eq!((pulls.items.len(), pulls.more, asked), (100, More::There, 1));
}

#[tokio::test]
async fn who_is_asked_for_is_looked_for_in_all_of_them() {
    let site = site(130).await;
    let (pulls, asked) = read(&site, Some("sam-okafor"), None, 20).await;
    let titles: Vec<&str> = pulls.items.iter().map(|pull| pull.title.as_str()).collect();
    assert_eq!(titles, ["Change 100", "Change 50", "Change 0"]);
    assert_eq!((pulls.more, asked), (More::None, 2));
    let (pulls, asked) = read(&site, Some("SAM-OKAFOR"), None, 2).await;
    assert_eq!((pulls.items.len(), pulls.more, asked), (2, More::There, 2));
    let (pulls, _) = read(&site, None, Some("bug"), 20).await;
    assert_eq!((pulls.items.len(), pulls.more), (0, More::None));
}
