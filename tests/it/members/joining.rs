//! Joining an organisation by oneself.

use anyhow::{Context as _, Result};

use super::Hand;
use crate::world::{ANA, DEV, SAM, World};

const NO_TEAMS: (&str, &str) = ("member_teams = [\"employees\"]", "member_teams = []");

impl World {
    fn invited(&self, org: &str) -> Vec<(Option<String>, usize)> {
        let state = self.github.state();
        let org = state.organisation(org).expect("the organisation");
        org.invitations.values().map(|one| (one.login.clone(), one.teams.len())).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_linked_yet_shows_their_account_first() -> Result<()> {
    let world = World::start().await?;
    let hand = Hand::of(&world.github, "octocat");
    world.say(SAM, DEV, "!JoinOrg a")?;
    insta::assert_snapshot!(world.told(SAM, "✅").await?, @r"
    ✅ octocat is invited to acme
    Accept it at GitHub within 7 days, signed in with that account.
    [See the invitation] [Undo]
    TIME · inv-ID
    ");
    drop(hand);
    assert_eq!(world.invited("acme"), [(Some("octocat".to_owned()), 1)]);
    assert_eq!(world.linked(SAM).await?.context("Sam is linked")?.login, "octocat");

    // Who is linked is asked for no code, and who is invited not invited twice.
    world.say(SAM, DEV, "!InviteMe acme")?;
    insta::assert_snapshot!(world.told(SAM, "already").await?, @r"
    ⚠️ octocat has been invited to acme already
    Accept it at GitHub within 7 days, signed in with that account.
    [See the invitation]
    ");
    world.settled().await?;
    world.say(SAM, DEV, "!InviteMeTo acme-oss")?;
    world.told(SAM, "acme-oss").await?;
    world.settled().await?;
    assert_eq!(world.invited("acme-oss"), [(Some("octocat".to_owned()), 0)]);

    // What was done is taken back: the invitation.
    let undo = world.say(SAM, DEV, "!Undo")?;
    insta::assert_snapshot!(world.end_of(DEV, undo).await?, @r"
    ↩️ Undone: Invite octocat to acme-oss
    ✅ octocat is not invited to acme-oss any more
    TIME · inv-ID
    ");
    assert_eq!(world.invited("acme-oss"), []);
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_are_chosen_as_far_as_they_may_be() -> Result<()> {
    let permitted = (
        "# Settings of commands.",
        "[commands.InviteMe]\npermitted_teams = [\"security\", \"gone\"]\n\n# Settings of commands.",
    );
    let world = World::start_with(&[permitted]).await?;
    let hand = Hand::of(&world.github, "octocat");
    world.say(ANA, DEV, "!InviteMe acme --team platform")?;
    insta::assert_snapshot!(world.told(ANA, "platform").await?, @r"
    ⛔ Team `platform` cannot be chosen when joining.
    Join without it, and ask one of its maintainers to add you.
    inv-ID
    (only ana sees this)
    ");
    world.say(ANA, DEV, "!InviteMe acme --team gone")?;
    insta::assert_snapshot!(world.told(ANA, "gone").await?, @r"
    ⛔ `acme` has no team `gone` that I can see.
    `!ListTeams acme` lists them.
    inv-ID
    (only ana sees this)
    ");
    assert_eq!(world.linked(ANA).await?, None, "nobody was sent to GitHub for nothing");
    world.say(ANA, DEV, "!InviteMe acme --team security --team employees")?;
    insta::assert_snapshot!(world.told(ANA, "✅").await?, @r"
    ✅ octocat is invited to acme
    Accept it at GitHub within 7 days, signed in with that account.
    [See the invitation] [Undo]
    TIME · inv-ID
    ");
    drop(hand);
    assert_eq!(world.invited("acme"), [(Some("octocat".to_owned()), 2)]);
    world.all_read().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_a_member_already_is_only_linked() -> Result<()> {
    let world = World::start_with(&[NO_TEAMS]).await?;
    let hand = Hand::of(&world.github, "ana-lima");
    world.say(ANA, DEV, "!InviteMe acme")?;
    insta::assert_snapshot!(world.told(ANA, "✅").await?, @r"
    ✅ ana-lima is linked to you
    ana-lima is a member of acme already.
    [Undo]
    TIME · inv-ID
    ");
    drop(hand);
    assert_eq!(world.invited("acme"), []);
    world.say(ANA, DEV, "!InviteMe acme")?;
    insta::assert_snapshot!(world.told(ANA, "already").await?, @r"
    ✅ ana-lima is linked to you
    ana-lima is a member of acme already.
    [Undo]
    TIME · inv-ID
    ");

    // The account is gone at GitHub: the link leads nowhere.
    world.github.state().users.retain(|_, user| user.login != "ana-lima");
    world.say(ANA, DEV, "!InviteMe acme-oss")?;
    insta::assert_snapshot!(world.told(ANA, "gone").await?, @r"
    ⛔ `ana-lima`, the account that is linked to you, is gone at GitHub.
    Link another one: `!LinkGitHub`.
    inv-ID
    (only ana sees this)
    ");
    world.all_read().await?;
    world.end().await
}
