//! `github.set_team_member`: a person's place in a team. Who is not in the organisation is invited to it by
//! that; taken back before they accept, the invitation goes too, if it was made for this.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::input;
use super::refs::{TeamRef, UserRef};
use super::{Access, described, operation};
use crate::answer::Answer;
use crate::names::{Login, TeamSlug};
use crate::path::Path;
use crate::reader::TeamMembership;
use crate::writer::{Writer, refused};

pub(crate) const KIND: &str = "github.set_team_member";

/// Sets what a person is in a team. Gives `login`, `team`, `role`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTeamMember {
    /// Who.
    pub user: UserRef,
    /// In which team.
    pub team: TeamRef,
    /// What they were when the plan was made, be it only offered. For the way back after a crash.
    pub from: Option<String>,
    /// What they shall be: `member` or `maintainer`; `None` for nothing.
    pub to: Option<String>,
    /// Whether they are not in the organisation, so that they are invited to it for this. When it is taken back
    /// before they accept, that invitation is cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invites: bool,
}

impl SetTeamMember {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, from: Option<&str>, back: bool, note: Option<&str>) -> Applied {
        let inverse = back
            .then(|| Self { from: self.to.clone(), to: from.map(str::to_owned), ..self.clone() }.operation());
        Applied {
            output: json!({ "login": self.user.login, "team": self.team.slug, "role": self.to }),
            inverse,
            note: note.map(Into::into),
        }
    }

    fn invited(&self) -> String {
        format!("invited to {}; it counts once they accept", self.team.org)
    }
}

/// What is there now.
struct Now {
    login: Login,
    slug: TeamSlug,
    place: Option<TeamMembership>,
}

impl Now {
    fn role(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.role.as_str())
    }

    fn is_pending(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.pending)
    }
}

pub(super) struct Does(pub(super) Access);

impl Does {
    /// `None` if the account or the team is gone.
    async fn now(&self, set: &SetTeamMember) -> Result<Option<Now>, OperationError> {
        let reader = &self.0.reader;
        let (login, slug) =
            tokio::try_join!(reader.login_of(&set.team.org, &set.user), reader.slug_of(&set.team))?;
        let (Some(login), Some(slug)) = (login, slug) else { return Ok(None) };
        let place = reader.place_in_team(&set.team.org, &slug, &login).await?;
        Ok(Some(Now { login, slug, place }))
    }

    async fn take(&self, writer: &Writer<'_>, set: &SetTeamMember, now: &Now) -> Result<(), OperationError> {
        let org = &set.team.org;
        if now.place.is_some() {
            let answer = writer.delete(org, Path::team_membership(org, &now.slug, &now.login)).await?;
            if !matches!(answer.status.as_u16(), 204 | 404) {
                return Err(not_changed(&answer, set));
            }
        }
        if set.invites
            && let Some(id) = self.0.reader.lone_invitation(org, &now.login).await?
        {
            let answer = writer.delete(org, Path::org(org).invitation(id)).await?;
            if !matches!(answer.status.as_u16(), 204 | 404) {
                return Err(refused(&answer, &format!("the invitation of {} to {org}", now.login)));
            }
        }
        Ok(())
    }
}

/// Where an identity provider says who is in a team, nobody else may
/// (<https://docs.github.com/en/rest/teams/members#add-or-update-team-membership-for-a-user>).
fn not_changed(answer: &Answer, set: &SetTeamMember) -> OperationError {
    let (status, message) = (answer.status.as_u16(), answer.message().to_lowercase());
    let (team, org) = (&set.team.slug, &set.team.org);
    let log = format!("{} in team {team} of {org}: {status} {message:?}", set.user.login);
    let synchronised = ["identity provider", "synchroni", "team sync", "externally managed", "idp"];
    if matches!(status, 403 | 422) && synchronised.iter().any(|words| message.contains(words)) {
        let what = format!(
            "Who is in team {team} is decided by {org}'s identity provider, so it cannot be changed here. Ask \
             those who manage its groups."
        );
        return OperationError::blocked(what, log);
    }
    if message.contains("invitation rate limit") {
        let what = format!("GitHub takes no more invitations to {org} today. Try again tomorrow.");
        return OperationError::blocked(what, log);
    }
    refused(answer, &format!("team {team} of {org}"))
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetTeamMember = input(json)?;
        let (login, team, org) = (&set.user.login, &set.team.slug, &set.team.org);
        let Some(to) = &set.to else {
            return Ok(described(
                format!("{login} is not in team {team} of {org} any more"),
                Risk::Reversible,
            ));
        };
        let before = set.from.as_deref().map(|from| format!(" (before: {from})")).unwrap_or_default();
        let what = format!("{login} is a {to} of team {team} of {org}{before}");
        if !set.invites {
            return Ok(described(what, Risk::Reversible));
        }
        // An organisation shows its members more than it shows others.
        Ok(Described {
            what: format!("{what}, and is invited to {org} for that").into(),
            risk: Risk::Exposing,
            irreversible: Some(
                format!("Once they accept, they stay in {org} when they leave the team again.").into(),
            ),
        })
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetTeamMember = input(json)?;
        let Some(now) = self.now(&set).await? else {
            return Ok(if set.to.is_none() {
                Observed::Ours(set.applied(None, false, None))
            } else {
                let words = format!("{} or team {} is not there any more.", set.user.login, set.team.slug);
                Observed::Different(words.into())
            });
        };
        if set.to.is_none() && set.invites && now.role().is_none() {
            // Out of the team; the invitation that was made for it goes too.
            let left = self.0.reader.lone_invitation(&set.team.org, &now.login).await?;
            return Ok(match left {
                Some(_) => Observed::Absent,
                None => Observed::Ours(set.applied(set.from.as_deref(), true, None)),
            });
        }
        Ok(if now.role() == set.to.as_deref() {
            let note = now.is_pending().then(|| set.invited());
            Observed::Ours(set.applied(set.from.as_deref(), true, note.as_deref()))
        } else if now.role() == set.from.as_deref() {
            Observed::Absent
        } else {
            let words = match now.role() {
                None => format!("{} is not in team {} by now.", now.login, now.slug),
                Some(role) => format!("{} is a {role} of team {} by now.", now.login, now.slug),
            };
            Observed::Different(words.into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetTeamMember = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let org = &set.team.org;
        let Some(now) = self.now(&set).await? else {
            return match set.to {
                None => Ok(set.applied(None, false, Some("already so"))),
                Some(_) => Err(OperationError::permanent(
                    format!("{} or team {} is not there any more.", set.user.login, set.team.slug),
                    format!("account {} or team {} of {org}: absent", set.user.id, set.team.id),
                )),
            };
        };
        let before = now.role().map(str::to_owned);
        let Some(to) = &set.to else {
            self.take(&writer, &set, &now).await?;
            let note = before.is_none().then_some("already so");
            return Ok(set.applied(before.as_deref(), before.is_some(), note));
        };
        if before.as_ref() == Some(to) {
            let note = if now.is_pending() { set.invited() } else { "already so".to_owned() };
            return Ok(set.applied(None, false, Some(&note)));
        }
        let path = Path::team_membership(org, &now.slug, &now.login);
        let answer = writer.put(org, path, json!({ "role": to })).await?;
        if answer.status.as_u16() != 200 {
            return Err(not_changed(&answer, &set));
        }
        let pending = answer.json::<Json>().is_ok_and(|place| place["state"] == "pending");
        Ok(set.applied(before.as_deref(), true, pending.then(|| set.invited()).as_deref()))
    }
}
