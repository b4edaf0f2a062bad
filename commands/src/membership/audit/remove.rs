//! `--remove`: those whom nobody knows leave the organisation. Nobody who was matched to anybody, no service account,
//! and not the last owners.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::names::{BadName, Login, Owner};
use hubcommander_github::operations::{InTeam, OrgRole, RemoveMember, Taken, UserRef};
use hubcommander_github::{Reader, User};
use hubcommander_sdk::accounts::lock;
use hubcommander_sdk::command::Prepared;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::offers::unlinked;
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::{Text, thousands};

use super::words::counted;
use crate::membership::gather::{Finding, OrgRead};
use crate::membership::matching::Group;

/// No plan removes more people: whoever approves it is to read whom, and a message in Slack holds about so many steps with
/// what cannot be undone of each.
const MOST: usize = 30;
/// People whose teams are asked for side by side.
const SIDE_BY_SIDE: usize = 6;

/// Without a directory nobody can be told from a stranger who has not linked yet.
pub(super) fn no_directory() -> Refusal {
    Refusal::new(
        "There is no directory of who works here, so I cannot tell a stranger from somebody who has not linked their \
         account yet.",
        Text::from("Ask people to link with ").code("--invite").plain(", or have a directory set up."),
    )
}

/// A directory that knows nobody is taken for one that cannot be read.
pub(in crate::membership) fn empty_directory() -> Refusal {
    Refusal::new(
        "The directory knows nobody who works here, so everybody would be a stranger.",
        "Tell the people who run this bot.",
    )
    .logged("the directory is empty")
}

fn bad_name(bad: &BadName) -> Refusal {
    Refusal::new("GitHub calls somebody by a name that I cannot use.", "Tell the people who run this bot.")
        .logged(bad.to_string())
}

/// Strangers without those owners who would leave nobody behind; and whether there are such.
fn strangers<'f, 'a>(read: &OrgRead, found: &'f [Finding<'a>]) -> (Vec<&'f Finding<'a>>, bool) {
    let strangers = || found.iter().filter(|one| one.group() == Group::Stranger && !one.outside);
    // Our own account is nobody who could take their place.
    let owners = read.members.iter().filter(|one| one.owner && Some(one.id) != read.ours).count();
    let spared = strangers().any(|one| one.owner) && strangers().filter(|one| one.owner).count() >= owners;
    (strangers().filter(|one| !(spared && one.owner)).collect(), spared)
}

/// The plan, or that there is nobody to remove.
pub(super) async fn prepare(
    reader: &Reader,
    org: &Org,
    read: &OrgRead,
    found: &[Finding<'_>],
) -> Result<Prepared, Refusal> {
    let (strangers, spared) = strangers(read, found);
    let name = &org.name;
    let spares = format!("All owners of {name} beside me are strangers, so no owner is removed.");
    if strangers.is_empty() {
        let message = Message::new(format!("There are no strangers in {name} whom I could remove."));
        let message = message.state(State::Done);
        return Ok(Prepared::Reply(if spared { message.line(spares) } else { message }));
    }
    let owner = Owner::parse(name).map_err(|bad| bad_name(&bad))?;
    let left = strangers.len().saturating_sub(MOST);
    let chosen: Vec<(u64, String, bool)> =
        strangers.iter().take(MOST).map(|one| (one.id, one.login.to_owned(), one.owner)).collect();
    let removals = chosen.into_iter().map(|(id, login, owns)| {
        let (reader, owner) = (reader.clone(), owner.clone());
        async move { removal(&reader, &owner, id, login, owns).await }
    });
    let removals: Vec<RemoveMember> = stream::iter(removals).buffered(SIDE_BY_SIDE).try_collect().await?;
    let count = counted(removals.len(), "stranger", "strangers");
    let of = if left > 0 {
        format!(", and {} are left for the next time", thousands(left))
    } else {
        String::new()
    };
    let title = Title {
        todo: format!("Remove {count} from {name}{of}").into(),
        doing: format!("Removing {count} from {name}").into(),
        done: format!("{count} removed from {name}{of}").into(),
    };
    let accounts: Vec<u64> = removals.iter().map(|one| one.user.id).collect();
    let mut plan = Plan::new(title).lock(format!("github:{name}/people")).precondition(unlinked(&accounts));
    if spared {
        plan.title.todo = plan.title.todo.plain(". ").plain(spares);
    }
    for (index, remove) in removals.into_iter().enumerate() {
        plan =
            plan.lock(lock(remove.user.id)).step(&format!("remove-{}", index + 1), remove.operation(), &[]);
    }
    Ok(Prepared::Plan(plan))
}

async fn removal(
    reader: &Reader,
    org: &Owner,
    id: u64,
    login: String,
    owns: bool,
) -> Result<RemoveMember, Refusal> {
    let user = UserRef { id, login: Login::parse(&login).map_err(|bad| bad_name(&bad))? };
    let account = User { id, login, html_url: String::new(), kind: "User".to_owned() };
    let places = reader.teams_with(org.as_str(), &account).await?;
    let teams: Result<Vec<InTeam>, BadName> = places.iter().map(|place| InTeam::of(org, place)).collect();
    Ok(RemoveMember {
        org: org.clone(),
        user,
        role: if owns { OrgRole::Owner } else { OrgRole::Member },
        teams: teams.map_err(|bad| bad_name(&bad))?,
        taken: Taken::Access,
    })
}
