//! What somebody has in one organisation, and what takes it away.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::names::Owner;
use hubcommander_github::operations::{
    CancelOrgInvitation, InTeam, OnRepository, OrgRole, RemoveMember, RemoveOutsideCollaborator,
    RepositoryRef, Taken, UserRef,
};
use hubcommander_github::{ReadError, Reader, User};
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::text::Text;

/// In how many repositories invitations are looked for: GitHub has no list of them for an organisation.
const SEARCHED: usize = 100;

/// How many repositories are asked about at once.
const AT_ONCE: usize = 8;

/// What is to be done in an organisation, each under its own word, and what is left there.
#[derive(Default)]
pub(super) struct There {
    pub operations: Vec<(String, Operation)>,
    pub left: Vec<Text>,
}

/// Looks at one organisation. Where that cannot be, the membership is taken without having been seen.
pub(super) async fn look(reader: &Reader, org: &Org, account: Option<&User>, emails: &[String]) -> There {
    match see(reader, org, account, emails).await {
        Ok(there) => there,
        Err(error) => {
            tracing::warn!(org = org.name, %error, "what somebody who leaves has there cannot be seen");
            unseen(org, account)
        }
    }
}

/// What is not seen is looked at again when it is done, and fails then if it still cannot be: that is tried again.
fn unseen(org: &Org, account: Option<&User>) -> There {
    let remove = account.and_then(|account| {
        let (org, user) = (Owner::parse(&org.name).ok()?, UserRef::of(account).ok()?);
        let taken = Taken::AsAgreed;
        Some(RemoveMember { org, user, role: OrgRole::Member, teams: Vec::new(), taken }.operation())
    });
    let left = format!("What they have in {} could not be seen.", org.name).into();
    There {
        operations: remove.map(|operation| (format!("{}-member", org.name), operation)).into_iter().collect(),
        left: vec![left],
    }
}

async fn see(
    reader: &Reader,
    org: &Org,
    account: Option<&User>,
    emails: &[String],
) -> Result<There, ReadError> {
    let mut there = There::default();
    let name = &org.name;
    let scan = reader.scan(name)?;
    for invitation in scan.invitations().await? {
        let of = |one: &Option<String>, other: &str| {
            one.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(other))
        };
        let theirs = account.is_some_and(|account| of(&invitation.login, &account.login))
            || emails.iter().any(|email| of(&invitation.email, email));
        if !theirs {
            continue;
        }
        match reader.offer(name, &invitation).await? {
            Some(offer) => {
                let cancel = CancelOrgInvitation { id: invitation.id, offer };
                there.operations.push((format!("{name}-invitation-{}", invitation.id), cancel.operation()));
            }
            None => there.left.push(
                format!(
                    "An invitation to {name} that I cannot send again waits for them: cancel it by hand."
                )
                .into(),
            ),
        }
    }
    let Some(account) = account else { return Ok(there) };
    let (owner, user) = (Owner::parse(name)?, UserRef::of(account)?);
    let taken = Taken::AsAgreed;
    match reader.membership(name, &account.login).await?.filter(|membership| !membership.pending) {
        Some(membership) if membership.owner && reader.is_last_owner(name, account.id).await? => {
            let text = Text::new().code(&account.login).plain(format!(
                " stays in {name}: it is the last owner there. Make somebody else an owner, then let them go again."
            ));
            there.left.push(text);
        }
        Some(membership) => {
            let places = reader.teams_with(name, account).await?;
            let teams: Result<Vec<InTeam>, _> =
                places.iter().map(|place| InTeam::of(&owner, place)).collect();
            let role = OrgRole::of(membership);
            let remove = RemoveMember { org: owner, user, role, teams: teams?, taken };
            there.operations.push((format!("{name}-member"), remove.operation()));
        }
        None => {
            let outside = scan.outside().await?.iter().any(|one| one.id == account.id);
            let mut access = Vec::new();
            if outside {
                let found = reader.outside_access(name, account).await?;
                for one in &found.known {
                    access.push(OnRepository::of(one)?);
                }
            }
            let offered = offered(reader, name, account).await?;
            let Some(offered) = offered else {
                if outside {
                    let remove = RemoveOutsideCollaborator { org: owner, user, access, taken };
                    there.operations.push((format!("{name}-outside"), remove.operation()));
                }
                there.left.push(
                    format!(
                        "Invitations to single repositories were not looked for in {name}: it has more than \
                         {SEARCHED} of them."
                    )
                    .into(),
                );
                return Ok(there);
            };
            let has =
                |one: &OnRepository| access.iter().any(|known: &OnRepository| known.repo.id == one.repo.id);
            let offered: Vec<OnRepository> = offered.into_iter().filter(|one| !has(one)).collect();
            access.extend(offered);
            if outside || !access.is_empty() {
                let remove = RemoveOutsideCollaborator { org: owner, user, access, taken };
                there.operations.push((format!("{name}-outside"), remove.operation()));
            }
        }
    }
    Ok(there)
}

/// Repositories that somebody is invited to; `None` where there are too many to look.
async fn offered(reader: &Reader, org: &str, account: &User) -> Result<Option<Vec<OnRepository>>, ReadError> {
    let repositories = reader.repositories(org).await?;
    if !repositories.complete || repositories.items.len() > SEARCHED {
        return Ok(None);
    }
    let each = repositories.items.into_iter().map(|repository| async move {
        let open = reader.scan(org)?.repository_invitations(&repository.full_name).await?;
        let theirs = open.into_iter().find(|one| {
            let login = one.login.as_deref().unwrap_or_default();
            !one.expired && login.eq_ignore_ascii_case(&account.login)
        });
        let on = theirs.map(|one| -> Result<OnRepository, ReadError> {
            let permission = match one.permissions.as_str() {
                "read" => "pull".to_owned(),
                "write" => "push".to_owned(),
                other => other.to_owned(),
            };
            Ok(OnRepository { repo: RepositoryRef::of(&repository)?, permission })
        });
        on.transpose()
    });
    let found: Vec<Option<OnRepository>> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
    Ok(Some(found.into_iter().flatten().collect()))
}
