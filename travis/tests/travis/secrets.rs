//! Nothing that is shown holds the token.

use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::travis::World;
use hubcommander_travis::operations;

use crate::world::Site;

const MARKED: &str = "MARKEDmarkedMARKEDmarked";

#[tokio::test]
async fn the_token_is_in_no_error_or_debug() {
    let site = Site::with(World::new("hub-bot", MARKED).known("acme/website"), |settings| {
        settings.token = MARKED.into();
    })
    .await;
    let operation = operations::activate(&site.target("website"));
    let mut seen = format!("{:?} {:?}", site.travis, site.travis.reader());
    for fault in [Fault::Dropped, Fault::LostAnswer, Fault::Status(401, "{}".into()), Fault::SecondaryLimit] {
        site.faults.add(When::any(), fault);
        seen.push_str(&format!(
            "{:?} {:?}",
            site.travis.reader().whoami().await,
            site.apply(&operation).await
        ));
    }
    assert!(seen.contains("hub-bot") && !seen.contains(MARKED), "{seen}");
}
