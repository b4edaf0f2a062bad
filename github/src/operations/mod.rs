//! What can be done at GitHub: one file per kind of operation, with what it takes, how it reads, how it is
//! seen, done and taken back.
//!
//! Commands make operations with the types in here (`CreateRepository { … }.operation()`), so that they
//! never write the JSON by hand.

mod add_deploy_key;
mod cancel_invitation;
mod create_from_template;
mod create_repository;
mod delete_deploy_key;
mod delete_repository;
mod edit_repository;
mod grant_team;
pub(crate) mod input;
pub(crate) mod members;
pub(crate) mod refs;
mod rename_default_branch;
mod rename_repository;
mod replace_topics;
mod revoke_team;
mod select_for_actions;
mod set_actions;
mod set_branch_protection;
pub(crate) mod set_collaborator;
mod set_default_branch;
mod set_ruleset;
pub(crate) mod set_team_member;
pub(crate) mod set_team_permission;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Described, Handler, Operation};
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde::Serialize;
use serde_json::{Value as Json, json};

pub use add_deploy_key::AddDeployKey;
pub use cancel_invitation::CancelInvitation;
pub use create_from_template::{CreateFromTemplate, FullNameParts};
pub use create_repository::CreateRepository;
pub use delete_deploy_key::DeleteDeployKey;
pub use delete_repository::DeleteRepository;
pub use edit_repository::{Changes, EditRepository};
pub use grant_team::GrantTeam;
pub use input::RepoRef;
pub use members::{
    AddOutsideCollaborator, CancelOrgInvitation, InTeam, InviteAs, InviteMember, Invitee, Offer,
    OnRepository, OrgRole, RemoveMember, RemoveOutsideCollaborator, ResendOrgInvitation, SetMembership,
};
pub use refs::{RepositoryRef, TeamRef, UserRef};
pub use rename_default_branch::RenameDefaultBranch;
pub use rename_repository::RenameRepository;
pub use replace_topics::ReplaceTopics;
pub use revoke_team::RevokeTeam;
pub use select_for_actions::SelectForActions;
pub use set_actions::SetActions;
pub use set_branch_protection::{Protected, SetBranchProtection};
pub use set_collaborator::{Role, SetCollaborator, Taken};
pub use set_default_branch::SetDefaultBranch;
pub use set_ruleset::{Held, SetRuleset};
pub use set_team_member::SetTeamMember;
pub use set_team_permission::SetTeamPermission;

use crate::account::Account;
use crate::answer::Answer;
use crate::names::{FullName, Owner};
use crate::reader::{Lookup, Reader, Repository, Visibility};
use crate::trouble::HOW_TO_TELL;
use crate::writer::refused;
use input::Target;

/// The word for "a team has nothing there yet", where a level would stand.
pub const NOTHING: &str = "none";

pub(crate) fn handlers(account: &Arc<Account>) -> Vec<Arc<dyn Handler>> {
    let access = || Access { account: Arc::clone(account), reader: Reader::new(Arc::clone(account)) };
    vec![
        Arc::new(cancel_invitation::Does(access())),
        Arc::new(create_repository::Does(access())),
        Arc::new(create_from_template::Does(access())),
        Arc::new(grant_team::Does(access())),
        Arc::new(revoke_team::Does(access())),
        Arc::new(edit_repository::Does(access())),
        Arc::new(replace_topics::Does(access())),
        Arc::new(rename_default_branch::Does(access())),
        Arc::new(delete_repository::Does(access())),
        Arc::new(rename_repository::Does(access())),
        Arc::new(set_default_branch::Does(access())),
        Arc::new(set_collaborator::Does(access())),
        Arc::new(set_team_member::Does(access())),
        Arc::new(set_team_permission::Does(access())),
        Arc::new(add_deploy_key::Does(access())),
        Arc::new(delete_deploy_key::Does(access())),
        Arc::new(select_for_actions::Does(access())),
        Arc::new(set_actions::Does(access())),
        Arc::new(set_branch_protection::Does(access())),
        Arc::new(set_ruleset::Does(access())),
        Arc::new(members::invite::Does(access())),
        Arc::new(members::cancel::Does(access())),
        Arc::new(members::resend::Does(access())),
        Arc::new(members::set_role::Does(access())),
        Arc::new(members::remove::Does(access())),
        Arc::new(members::remove_outside::Does(access())),
        Arc::new(members::add_outside::Does(access())),
    ]
}

/// What a handler works with.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) account: Arc<Account>,
    pub(crate) reader: Reader,
}

impl Access {
    /// The repository that is meant, if it is still there under the name that people saw. It costs one read.
    async fn still_there(&self, target: &Target) -> Result<Repository, OperationError> {
        let name = &target.full_name;
        let found = match target.id {
            Some(id) => self.reader.by_id(&name.owner, id).await?,
            None => match self.reader.lookup(name).await? {
                Lookup::Absent => None,
                Lookup::Found(repository) => Some(repository),
                Lookup::Moved { full_name, .. } => return Err(renamed(name, &full_name)),
            },
        };
        match found {
            None => Err(gone(name)),
            Some(repository) if !name.is(&repository.full_name) => Err(renamed(name, &repository.full_name)),
            Some(repository) => Ok(repository),
        }
    }

    /// What a refused write means; a redirect is looked up, so that the new name can be told.
    async fn refused(&self, answer: &Answer, name: &FullName) -> OperationError {
        if answer.is_redirect()
            && let Some(id) = answer.redirected_to()
            && let Ok(Some(now)) = self.reader.by_id(&name.owner, id).await
        {
            return renamed(name, &now.full_name);
        }
        refused(answer, &name.to_string())
    }
}

fn gone(name: &FullName) -> OperationError {
    OperationError::blocked(
        format!("{name} is not there any more, or this bot's GitHub account may not see it. {HOW_TO_TELL}"),
        format!("{name}: absent or not visible"),
    )
}

fn renamed(name: &FullName, now: &str) -> OperationError {
    OperationError::permanent(
        format!("{name} has been renamed to {now}. Ask again with that name."),
        format!("{name} is {now} by now"),
    )
}

/// What later steps may refer to of a repository.
fn repository_output(repository: &Repository) -> Json {
    json!({
        "id": repository.id,
        "full_name": repository.full_name,
        "html_url": repository.html_url,
        "node_id": repository.node_id,
        "default_branch": repository.default_branch,
    })
}

/// Deleting takes a repository's making back. It is never done without being asked for, nor once somebody has
/// pushed to it.
fn deletion(repository: &Repository, fallback: &FullName) -> Operation {
    let full_name = FullName::parse(&repository.full_name).unwrap_or_else(|_| fallback.clone());
    DeleteRepository { id: repository.id, full_name, unless_pushed_since: repository.created_at }.operation()
}

/// Showing something to more people cannot be unseen.
fn risk_of(visibility: Visibility) -> Risk {
    match visibility {
        Visibility::Private => Risk::Reversible,
        Visibility::Public | Visibility::Internal => Risk::Exposing,
    }
}

fn described(what: impl Into<Text>, risk: Risk) -> Described {
    Described { what: what.into(), risk, irreversible: None }
}

/// An operation of version 1.
fn operation(kind: &str, input: &impl Serialize) -> Operation {
    Operation::of(kind, input)
}

/// A repository was made by us if it came into being since we first tried, as we wanted it. GitHub does not
/// say who made one. Its clock may be a little behind ours, and it leaves out the fraction of the second.
fn made_since(repository: &Repository, began: Instant) -> bool {
    since(repository.created_at, began)
}

/// Whether something came into being since then, by a clock that may be a little behind ours.
fn since(made: Option<Instant>, began: Instant) -> bool {
    const SKEW: std::time::Duration = std::time::Duration::from_secs(10);
    made.is_some_and(|made| made >= began - SKEW)
}

/// Whether two ways to say something, or nothing, say the same.
fn same_words(one: Option<&str>, other: Option<&str>) -> bool {
    one.unwrap_or_default() == other.unwrap_or_default()
}

/// An organisation's name as it stands at the front of a repository's.
fn full_name(org: &Owner, name: &crate::names::RepoName) -> FullName {
    FullName { owner: org.clone(), name: name.clone() }
}
