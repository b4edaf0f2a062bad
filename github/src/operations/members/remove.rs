//! `github.remove_member`: somebody leaves an organisation. What takes it back invites them again, in the same role
//! and to the same teams.

use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{InTeam, InviteAs, InviteMember, Invitee, Offer, OrgRole};
use crate::names::{Login, Owner};
use crate::operations::input::input;
use crate::operations::refs::UserRef;
use crate::operations::set_collaborator::Taken;
use crate::operations::{Access, operation};
use crate::path::Path;
use crate::writer::refused;

const KIND: &str = "github.remove_member";
/// GitHub may need a moment to know itself what it has done.
const MOMENT: Duration = Duration::from_secs(1);

/// Takes somebody out of an organisation. Gives `login`, `org`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveMember {
    /// The organisation.
    pub org: Owner,
    /// Who.
    pub user: UserRef,
    /// What they were when the plan was made. For the way back after a crash.
    pub role: OrgRole,
    /// The teams they were in then. For the way back after a crash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<InTeam>,
    /// Whether it was agreed on beforehand, as the rule for those who leave the company, or is asked for now.
    #[serde(default)]
    pub taken: Taken,
}

impl RemoveMember {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, login: &Login, role: OrgRole, teams: Vec<InTeam>) -> Applied {
        let offer = Offer {
            org: self.org.clone(),
            who: Invitee::Account(UserRef { id: self.user.id, login: login.clone() }),
            role: if role == OrgRole::Owner { InviteAs::Admin } else { InviteAs::DirectMember },
            teams,
        };
        Applied { inverse: Some(InviteMember { offer }.operation()), ..self.nothing(None) }
    }

    fn nothing(&self, note: Option<&str>) -> Applied {
        Applied {
            output: json!({ "login": self.user.login, "org": self.org }),
            inverse: None,
            note: note.map(Into::into),
        }
    }
}

pub(crate) struct Does(pub(crate) Access);

impl Does {
    async fn is_member(&self, org: &Owner, login: &Login) -> Result<Option<OrgRole>, OperationError> {
        let place = self.0.reader.place(org, login).await?;
        Ok(place.filter(|place| !place.pending).map(OrgRole::of))
    }

    async fn teams(&self, remove: &RemoveMember, login: &Login) -> Result<Vec<InTeam>, OperationError> {
        let places = self.0.reader.team_places(&remove.org, remove.user.id, login).await?;
        let teams: Result<Vec<_>, _> = places.iter().map(|place| InTeam::of(&remove.org, place)).collect();
        let teams = teams.map_err(crate::ReadError::from)?;
        // Once out of the teams by a try before this one, they are in none.
        Ok(if teams.is_empty() { remove.teams.clone() } else { teams })
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let remove: RemoveMember = input(json)?;
        let (login, org) = (&remove.user.login, &remove.org);
        let was = if remove.role == OrgRole::Owner { " (before: owner)" } else { "" };
        let teams: Vec<String> = remove.teams.iter().map(|one| one.team.slug.to_string()).collect();
        let teams = match teams.len() {
            0 => String::new(),
            1 => format!(", nor of its team {}", super::listed(&teams)),
            _ => format!(", nor of its teams {}", super::listed(&teams)),
        };
        Ok(Described {
            what: format!("{login} is no member of {org} any more{teams}{was}").into(),
            risk: if remove.taken == Taken::AsAgreed { Risk::Reversible } else { Risk::Irreversible },
            irreversible: Some(
                "GitHub deletes their forks of its private repositories, takes what they were given directly and \
                 unassigns them from issues. To come back they must accept a new invitation."
                    .into(),
            ),
        })
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let remove: RemoveMember = input(json)?;
        let Some(login) = self.0.reader.login_of(&remove.org, &remove.user).await? else {
            return Ok(Observed::Ours(remove.nothing(None)));
        };
        Ok(match self.is_member(&remove.org, &login).await? {
            Some(_) => Observed::Absent,
            None => Observed::Ours(remove.applied(&login, remove.role, remove.teams.clone())),
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let remove: RemoveMember = input(json)?;
        let org = &remove.org;
        let writer = self.0.account.writer(permit)?;
        let own = self.0.not_ourselves(&remove.user).await?;
        let Some(login) = self.0.reader.login_of(org, &remove.user).await? else {
            return Ok(remove.nothing(Some("already so")));
        };
        let Some(role) = self.is_member(org, &login).await? else {
            return Ok(remove.nothing(Some("already so")));
        };
        // Our own account does not count: nobody but its operators could take the person's place.
        if role == OrgRole::Owner {
            self.0.not_the_last_owner(org, &remove.user, own).await?;
        }
        let teams = self.teams(&remove, &login).await?;
        let answer = writer.delete(org, Path::member(org, &login)).await?;
        if !matches!(answer.status.as_u16(), 204 | 404) {
            return Err(refused(&answer, &format!("the membership of {login} in {org}")));
        }
        // Who is in it by a team of the enterprise, too, stays.
        if self.is_member(org, &login).await?.is_some() {
            tokio::time::sleep(MOMENT).await;
            if self.is_member(org, &login).await?.is_some() {
                return Err(OperationError::blocked(
                    format!(
                        "{login} is still a member of {org}, by a team of its enterprise. Ask an owner of the \
                         enterprise to take them out of that team."
                    ),
                    format!("account {} in {org}: still a member after {}", remove.user.id, answer.status),
                ));
            }
        }
        Ok(remove.applied(&login, role, teams))
    }
}
