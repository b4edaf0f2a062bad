//! `github.set_collaborator`: what a person may do on a repository by what was given to them directly.
//!
//! Who is unknown to the organisation is invited first; until they accept, the invitation is what is changed
//! and taken back. It acts by ids: whoever and whatever was renamed since is still found, as an end that was
//! agreed on weeks before needs it.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::input;
use super::refs::{RepositoryRef, UserRef};
use super::{Access, described, gone, operation};
use crate::answer::Answer;
use crate::names::{FullName, Login};
use crate::path::Path;
use crate::reader::Standing;
use crate::words::{before, level, on};
use crate::writer::Writer;

pub(crate) const KIND: &str = "github.set_collaborator";

/// Sets what a person may do on a repository. Gives `login`, `full_name`, `permission`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetCollaborator {
    /// Who.
    pub user: UserRef,
    /// Where.
    pub repo: RepositoryRef,
    /// What they had when the plan was made, be it only offered: a level as in `to`. For the way back after a
    /// crash.
    pub from: Option<String>,
    /// What they shall have: `pull`, `triage`, `push`, `maintain`, `admin`, or a role that the organisation
    /// made; `None` for nothing.
    pub to: Option<String>,
    /// The role that the organisation made among these, if one of them is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What is known of that which is taken away, if `to` is nothing.
    #[serde(default, skip_serializing_if = "Taken::is_as_agreed")]
    pub taken: Taken,
}

/// A role that the organisation made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The level it is built upon: an invitation to the role shows that in its place.
    pub base: String,
}

/// What is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// What was given for a time, as it was agreed on then.
    #[default]
    AsAgreed,
    /// An invitation that nobody accepted.
    Offer,
    /// Access that they have, or may have by then.
    Access,
}

impl Taken {
    fn is_as_agreed(&self) -> bool {
        *self == Self::AsAgreed
    }
}

/// The level of a standing. A role that the organisation made shows in an invitation as what it is built upon.
pub(crate) fn held(
    standing: &Standing,
    role: Option<&Role>,
    who: &Login,
    repo: &FullName,
) -> Result<Option<String>, OperationError> {
    match standing {
        Standing::Nothing => Ok(None),
        Standing::Has(level) => Ok(Some(level.clone())),
        Standing::Invited { level, .. } => {
            let role = role.filter(|role| self::level(&role.base) == level);
            Ok(Some(role.map_or_else(|| level.clone(), |role| role.name.clone())))
        }
        Standing::Untold(most) => Err(OperationError::blocked(
            format!(
                "{who} {} {repo} by a team or the organisation as well, and GitHub does not tell what was given \
                 to them directly. An administrator of {repo} can change that in its settings.",
                on(most),
            ),
            format!("{who} on {repo}: a direct grant is hidden by another way ({most})"),
        )),
    }
}

fn is_own(permission: &str) -> bool {
    matches!(permission, "pull" | "triage" | "push" | "maintain" | "admin")
}

/// As invitations say it (<https://docs.github.com/en/rest/collaborators/invitations>).
fn in_an_invitation(permission: &str) -> &str {
    match permission {
        "pull" => "read",
        "push" => "write",
        other => other,
    }
}

impl SetCollaborator {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    /// The same operation with what is known of that which it takes away; as it is if it is another kind.
    #[must_use]
    pub fn taking(operation: Operation, taken: Taken) -> Operation {
        match input::<Self>(&operation.input) {
            Ok(set) if operation.kind == KIND => Self { taken, ..set }.operation(),
            _ => operation,
        }
    }

    fn applied(&self, from: Option<&str>, back: bool, note: Option<&str>) -> Applied {
        let inverse = back.then(|| {
            Self {
                from: self.to.clone(),
                to: from.map(str::to_owned),
                // By then they may have accepted, and pushed to a fork.
                taken: if from.is_none() { Taken::Access } else { Taken::AsAgreed },
                ..self.clone()
            }
            .operation()
        });
        Applied {
            output: json!({
                "login": self.user.login, "full_name": self.repo.full_name, "permission": self.to,
            }),
            inverse,
            note: note.map(Into::into),
        }
    }
}

const INVITED: &str = "invited; it counts once they accept";

fn note(standing: &Standing) -> Option<&'static str> {
    matches!(standing, Standing::Invited { .. }).then_some(INVITED)
}

/// What is there now.
struct Now {
    login: Login,
    full_name: FullName,
    standing: Standing,
}

pub(super) struct Does(pub(super) Access);

impl Does {
    /// `None` if the account is gone.
    async fn now(&self, set: &SetCollaborator) -> Result<Option<Now>, OperationError> {
        let org = set.repo.org();
        let (full_name, login) =
            tokio::try_join!(self.0.reader.name_of(&set.repo), self.0.reader.login_of(org, &set.user))?;
        let full_name = full_name.ok_or_else(|| gone(&set.repo.full_name))?;
        let Some(login) = login else { return Ok(None) };
        let standing = self.0.reader.stands(org, set.repo.id, set.user.id, &login).await?;
        Ok(Some(Now { login, full_name, standing }))
    }

    /// Cancels an invitation. Who accepted a moment before is looked at again.
    async fn cancel(
        &self,
        writer: &Writer<'_>,
        set: &SetCollaborator,
        now: &Now,
        id: u64,
    ) -> Result<(), OperationError> {
        let path = Path::repository_id(set.repo.id).invitation(id);
        let answer = writer.delete(set.repo.org(), path).await?;
        match answer.status.as_u16() {
            204 => Ok(()),
            404 => Err(answered_meanwhile(now)),
            _ => Err(self.0.refused(&answer, &now.full_name).await),
        }
    }

    async fn take(
        &self,
        writer: &Writer<'_>,
        set: &SetCollaborator,
        now: &Now,
    ) -> Result<(), OperationError> {
        if let Standing::Invited { id, .. } = now.standing {
            return self.cancel(writer, set, now, id).await;
        }
        let path = Path::repository_id(set.repo.id).collaborator(&now.login);
        let answer = writer.delete(set.repo.org(), path).await?;
        match answer.status.as_u16() {
            204 | 404 => Ok(()),
            _ => Err(self.0.refused(&answer, &now.full_name).await),
        }
    }

    /// Whether that is an invitation.
    async fn give(
        &self,
        writer: &Writer<'_>,
        set: &SetCollaborator,
        now: &Now,
        permission: &str,
    ) -> Result<bool, OperationError> {
        let (org, repository) = (set.repo.org(), Path::repository_id(set.repo.id));
        match now.standing {
            Standing::Invited { id, .. } if is_own(permission) => {
                let body = json!({ "permissions": in_an_invitation(permission) });
                let answer = writer.patch(org, repository.invitation(id), body).await?;
                return match answer.status.as_u16() {
                    200 => Ok(true),
                    404 => Err(answered_meanwhile(now)),
                    _ => Err(self.0.refused(&answer, &now.full_name).await),
                };
            }
            // An invitation cannot be changed to a role that the organisation made.
            Standing::Invited { id, .. } => self.cancel(writer, set, now, id).await?,
            _ => {}
        }
        let body = json!({ "permission": permission });
        let answer = writer.put(org, repository.collaborator(&now.login), body).await?;
        match answer.status.as_u16() {
            201 => Ok(true),
            204 => Ok(false),
            _ => Err(self.not_given(&answer, now).await),
        }
    }

    /// What GitHub refuses to invitations has a sentence of its own
    /// (<https://docs.github.com/en/rest/collaborators/collaborators#add-a-repository-collaborator>).
    async fn not_given(&self, answer: &Answer, now: &Now) -> OperationError {
        let (status, message) = (answer.status.as_u16(), answer.message().to_lowercase());
        let (login, name) = (&now.login, &now.full_name);
        let log = format!("{login} on {name}: {status} {message:?}");
        match status {
            403 | 422
                if message.contains("invitation limit") || message.contains("invitation rate limit") =>
            {
                OperationError::blocked(
                    format!(
                        "GitHub takes 50 invitations to a repository within 24 hours, and {name} has had them. \
                         Try again tomorrow."
                    ),
                    log,
                )
            }
            403 if message.contains("owner of the organization") => OperationError::blocked(
                format!(
                    "In {} only owners may invite people from outside, and this bot's GitHub account is none. \
                     Ask an owner of {} to change that, or to invite {login}.",
                    name.owner, name.owner
                ),
                log,
            ),
            422 if message.contains("cannot assign") => OperationError::permanent(
                format!(
                    "{login} has at least that much on {name} already, as a member of {}. GitHub does not let a \
                     member have less.",
                    name.owner
                ),
                log,
            ),
            422 if message.contains("custom role") || message.contains("custom repository role") => {
                OperationError::permanent(format!("{} has no such role. Check its name.", name.owner), log)
            }
            _ => self.0.refused(answer, name).await,
        }
    }
}

fn answered_meanwhile(now: &Now) -> OperationError {
    OperationError::Temporary {
        what: format!("{} has just answered the invitation to {}. Try again.", now.login, now.full_name)
            .into(),
        retry_after: Some(Duration::from_secs(1)),
        log: format!("{} on {}: the invitation is gone", now.login, now.full_name),
    }
}

fn no_account(user: &UserRef) -> OperationError {
    OperationError::permanent(
        format!("There is no account {} at GitHub any more.", user.login),
        format!("account {} ({}): absent", user.login, user.id),
    )
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetCollaborator = input(json)?;
        let (login, name) = (&set.user.login, &set.repo.full_name);
        let Some(to) = &set.to else {
            let lost = "GitHub deletes their forks of it and unassigns them from its issues, for good. To come \
                        back they must accept a new invitation.";
            return Ok(match set.taken {
                Taken::Offer => {
                    described(format!("{login} is not invited to {name} any more"), Risk::Reversible)
                }
                taken => Described {
                    what: format!("{login} no longer has access to {name}").into(),
                    risk: if taken == Taken::Access { Risk::Irreversible } else { Risk::Reversible },
                    irreversible: Some(lost.into()),
                },
            });
        };
        let risk = if to == "admin" { Risk::Exposing } else { Risk::Reversible };
        Ok(described(format!("{login} {} {name}{}", on(to), before(set.from.as_deref())), risk))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |set: &SetCollaborator| set.to.as_deref() == Some("admin");
        input(json).ok().filter(uses).map(|_| Power::GrantAdmin).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetCollaborator = input(json)?;
        let name = &set.repo.full_name;
        let now = match self.now(&set).await {
            Ok(Some(now)) => now,
            Ok(None) if set.to.is_none() => return Ok(Observed::Ours(set.applied(None, false, None))),
            Ok(None) => {
                let words = format!("There is no account {} any more.", set.user.login);
                return Ok(Observed::Different(words.into()));
            }
            Err(OperationError::Blocked { what, .. }) => return Ok(Observed::Different(what)),
            Err(error) => return Err(error),
        };
        let is = match held(&now.standing, set.role.as_ref(), &now.login, &now.full_name) {
            Err(OperationError::Blocked { what, .. }) => return Ok(Observed::Different(what)),
            is => is?,
        };
        // Between an invitation that was cancelled and the one that takes its place there is none.
        let between = is.is_none() && set.to.as_deref().is_some_and(|to| !is_own(to));
        Ok(if is == set.to {
            Observed::Ours(set.applied(set.from.as_deref(), true, note(&now.standing)))
        } else if is == set.from || between {
            Observed::Absent
        } else {
            let login = &now.login;
            let words = match &is {
                None => format!("{login} has no access to {name} by now."),
                Some(is) => format!("{login} {} {name} by now.", on(is)),
            };
            Observed::Different(words.into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetCollaborator = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let Some(now) = self.now(&set).await? else {
            return match set.to {
                None => Ok(set.applied(None, false, Some("already so"))),
                Some(_) => Err(no_account(&set.user)),
            };
        };
        let before = held(&now.standing, set.role.as_ref(), &now.login, &now.full_name)?;
        if before == set.to {
            return Ok(set.applied(None, false, Some(note(&now.standing).unwrap_or("already so"))));
        }
        let note = match &set.to {
            None => self.take(&writer, &set, &now).await.map(|()| None)?,
            Some(to) => self.give(&writer, &set, &now, to).await?.then_some(INVITED),
        };
        Ok(set.applied(before.as_deref(), true, note))
    }
}
