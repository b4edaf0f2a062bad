//! Where somebody stands who is offered a place: what is there already, and how an offer is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Observed};
use serde::Deserialize;
use serde_json::{Map, json};

use super::{InTeam, InviteAs, Invitee, Offer};
use crate::answer::Answer;
use crate::names::{Login, Owner};
use crate::operations::{Access, since};
use crate::path::Path;
use crate::reader::OrgInvitation;
use crate::trouble::TELL_OPERATORS;
use crate::writer::{Writer, refused};

/// Where somebody stands.
pub(super) enum Place {
    /// There is no such account any more.
    NoAccount,
    /// Neither in it nor invited. Of an address it is not known whether it is a member's.
    Stranger,
    /// In it.
    Member { owner: bool },
    /// Invited.
    Invited(Box<OrgInvitation>),
}

/// Somebody's place, and their login today if they have an account.
pub(super) struct Stands {
    pub(super) login: Option<Login>,
    pub(super) place: Place,
}

#[derive(Deserialize)]
struct Sent {
    id: u64,
}

impl Access {
    /// Where somebody stands.
    pub(super) async fn stands(&self, offer: &Offer) -> Result<Stands, OperationError> {
        let org = &offer.org;
        let login = match &offer.who {
            Invitee::Email(_) => None,
            Invitee::Account(user) => {
                let Some(login) = self.reader.login_of(org, user).await? else {
                    return Ok(Stands { login: None, place: Place::NoAccount });
                };
                match self.reader.place(org, &login).await? {
                    Some(found) if !found.pending => {
                        let place = Place::Member { owner: found.owner };
                        return Ok(Stands { login: Some(login), place });
                    }
                    _ => Some(login),
                }
            }
        };
        let mut invitations = self.reader.scan(org.as_str())?.invitations().await?.into_iter();
        let found = invitations.find(|one| is_to(one, &offer.who, login.as_ref()));
        Ok(Stands { login, place: found.map_or(Place::Stranger, |one| Place::Invited(Box::new(one))) })
    }

    /// Whether an invitation offers what was wanted, or more teams than that.
    pub(super) async fn offers(&self, found: &OrgInvitation, offer: &Offer) -> Result<bool, OperationError> {
        let wanted: BTreeSet<u64> = offer.teams.iter().map(|one| one.team.id).collect();
        if found.role != offer.role.word() && offer.role != InviteAs::Reinstate {
            return Ok(false);
        }
        if wanted.is_empty() {
            return Ok(true);
        }
        let teams = self.reader.teams_of_invitation(&offer.org, found.id).await?;
        let teams: BTreeSet<u64> = teams.iter().map(|team| team.id).collect();
        Ok(wanted.is_subset(&teams))
    }

    /// Whether we sent it in this attempt: GitHub tells who did, and when.
    pub(super) async fn is_ours(
        &self,
        found: &OrgInvitation,
        attempt: &Attempt,
    ) -> Result<bool, OperationError> {
        if !since(Some(found.created_at), attempt.since) {
            return Ok(false);
        }
        let Some(inviter) = &found.inviter else { return Ok(true) };
        Ok(self.reader.actor().await?.eq_ignore_ascii_case(&inviter.login))
    }

    /// Those places of a maintainer that the invitation does not have yet.
    pub(super) async fn not_yet_maintained<'o>(
        &self,
        offer: &'o Offer,
        login: Option<&Login>,
    ) -> Result<Vec<&'o InTeam>, OperationError> {
        let Some(login) = login else { return Ok(Vec::new()) };
        let mut missing = Vec::new();
        for one in offer.teams.iter().filter(|one| one.maintainer) {
            let Some(slug) = self.reader.slug_of(&one.team).await? else { continue };
            let place = self.reader.place_in_team(&offer.org, &slug, login).await?;
            if place.is_none_or(|place| place.role != "maintainer") {
                missing.push(one);
            }
        }
        Ok(missing)
    }

    /// Makes the invited person a maintainer where that was wanted: an invitation alone makes members of teams
    /// only. Whether anything was to be done.
    pub(super) async fn maintain(
        &self,
        writer: &Writer<'_>,
        offer: &Offer,
        login: Option<&Login>,
    ) -> Result<bool, OperationError> {
        let missing = self.not_yet_maintained(offer, login).await?;
        for one in &missing {
            let (Some(login), Some(slug)) = (login, self.reader.slug_of(&one.team).await?) else { continue };
            let path = Path::team_membership(&offer.org, &slug, login);
            let answer = writer.put(&offer.org, path, json!({ "role": "maintainer" })).await?;
            if answer.status.as_u16() != 200 {
                return Err(refused(&answer, &format!("team {slug} of {}", offer.org)));
            }
        }
        Ok(!missing.is_empty())
    }

    /// Sends an invitation; its number, and the teams that are gone and so left out.
    pub(super) async fn send(
        &self,
        writer: &Writer<'_>,
        offer: &Offer,
    ) -> Result<(u64, Vec<String>), OperationError> {
        let (mut ids, mut gone) = (Vec::new(), Vec::new());
        for one in &offer.teams {
            match self.reader.slug_of(&one.team).await? {
                Some(_) => ids.push(one.team.id),
                None => gone.push(one.team.slug.to_string()),
            }
        }
        let mut body = Map::new();
        match &offer.who {
            Invitee::Account(user) => body.insert("invitee_id".to_owned(), json!(user.id)),
            Invitee::Email(email) => body.insert("email".to_owned(), json!(email)),
        };
        body.insert("role".to_owned(), json!(offer.role.word()));
        if !ids.is_empty() {
            body.insert("team_ids".to_owned(), json!(ids));
        }
        let path = Path::org(&offer.org).then("invitations");
        let answer = writer.post(&offer.org, path, body.into()).await?;
        if answer.status.as_u16() != 201 {
            return Err(not_sent(&answer, offer));
        }
        match answer.json::<Sent>() {
            Ok(sent) => Ok((sent.id, gone)),
            Err(error) => Err(OperationError::Unclear { log: format!("an invitation's answer: {error}") }),
        }
    }

    /// What it means that somebody is invited, for what was to invite them. `ours`: what was done if it was by us;
    /// `already`: how it was before if it was not.
    pub(super) async fn observed(
        &self,
        offer: &Offer,
        login: Option<&Login>,
        found: &OrgInvitation,
        attempt: &Attempt,
        (ours, already): (Applied, &str),
    ) -> Result<Observed, OperationError> {
        Ok(if !self.offers(found, offer).await? {
            Observed::Different(invited_otherwise(offer, found).into())
        } else if !self.is_ours(found, attempt).await? {
            let (who, org) = (offer.who.name(), &offer.org);
            Observed::SomeoneElses(format!("{who} had been invited to {org} {already}.").into())
        } else if self.not_yet_maintained(offer, login).await?.is_empty() {
            Observed::Ours(ours)
        } else {
            // Sent, and then we died: what is missing can still be done.
            Observed::Absent
        })
    }
}

fn is_to(one: &OrgInvitation, who: &Invitee, login: Option<&Login>) -> bool {
    match (who, login) {
        (Invitee::Email(email), _) => {
            one.login.is_none()
                && one.email.as_deref().is_some_and(|to| to.eq_ignore_ascii_case(email.as_str()))
        }
        (Invitee::Account(_), Some(login)) => {
            one.login.as_deref().is_some_and(|to| to.eq_ignore_ascii_case(login.as_str()))
        }
        (Invitee::Account(_), None) => false,
    }
}

/// "without team x, which is gone"
pub(super) fn without(gone: &[String]) -> Option<String> {
    match gone {
        [] => None,
        [one] => Some(format!("without team {one}, which is gone")),
        more => Some(format!("without teams {}, which are gone", super::listed(more))),
    }
}

pub(super) fn no_account(offer: &Offer) -> OperationError {
    let who = offer.who.name();
    OperationError::permanent(
        format!("There is no account {who} at GitHub any more."),
        format!("account {:?}: absent", offer.who),
    )
}

/// Something else was offered meanwhile.
pub(super) fn otherwise(offer: &Offer, found: &OrgInvitation) -> OperationError {
    let log = format!("{:?}: another invitation ({})", offer.who, found.id);
    OperationError::blocked(invited_otherwise(offer, found), log)
}

/// "octocat is invited to acme as a member already"; what to do.
fn invited_otherwise(offer: &Offer, found: &OrgInvitation) -> String {
    let role = InviteAs::from_word(&found.role).map_or("something else", InviteAs::words);
    let by = found.inviter.as_ref().map(|user| format!(" by {}", user.login)).unwrap_or_default();
    let (who, org) = (offer.who.name(), &offer.org);
    format!(
        "{who} was invited to {org} as {role}{by} on {}, with other teams or another role. Cancel that \
         invitation first.",
        found.created_at.format("%-d %B %Y")
    )
}

/// The refusals of an invitation that GitHub documents, or that people have met, each with what to do
/// (<https://docs.github.com/en/rest/orgs/members#create-an-organization-invitation>). The caps are those of
/// <https://docs.github.com/en/rest/orgs/members#set-organization-membership-for-a-user>.
fn not_sent(answer: &Answer, offer: &Offer) -> OperationError {
    let (org, who) = (&offer.org, offer.who.name());
    let (status, message) = (answer.status.as_u16(), answer.message().to_lowercase());
    let (_, errors) = answer.refusal();
    let log = format!("invitation of {:?} to {org}: {status} {message:?}", offer.who);
    let coded = |code: &str| errors.iter().any(|error| error["code"] == code);
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if !matches!(status, 403 | 404 | 422) {
        return refused(answer, &format!("the invitation of {who} to {org}"));
    }
    if says(&["invitation rate limit", "invitation limit"]) {
        let what = format!(
            "GitHub takes 50 invitations to an organisation within 24 hours, or 500 if it is older than a month or \
             paid for, and {org} has had them. Try again tomorrow."
        );
        return OperationError::blocked(what, log);
    }
    if coded("no_seat") || says(&["one more seat", "remaining seats", "available seats", "no seats"]) {
        let what = format!("{org} has no seat left for {who}. Ask an owner of {org} to add one.");
        return OperationError::blocked(what, log);
    }
    if says(&["already a part of", "already a member"]) {
        return OperationError::permanent(format!("{who} is a member of {org} already."), log);
    }
    if says(&["already been invited", "already invited"]) {
        return OperationError::Temporary {
            what: format!("{who} has just been invited to {org} by somebody else. See its invitations.")
                .into(),
            retry_after: Some(Duration::from_secs(2)),
            log,
        };
    }
    // To a classic token without the scope GitHub says "not found", too.
    if status == 404 && answer.scopes().is_some_and(|have| !crate::scopes::includes(&have, "admin:org")) {
        let what = format!(
            "This bot's GitHub account may not invite people to {org}. {TELL_OPERATORS} Its token needs admin:org."
        );
        return OperationError::blocked(what, log);
    }
    if status == 404 || says(&["managed user", "enterprise managed", "externally managed"]) {
        return OperationError::blocked(no_invitations(org), log);
    }
    refused(answer, &format!("the invitation of {who} to {org}"))
}

/// Where a company makes its people's accounts itself, GitHub has no invitations, and says no more than "not found"
/// (<https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/understanding-iam-for-enterprises/about-enterprise-managed-users>).
fn no_invitations(org: &Owner) -> String {
    format!(
        "GitHub takes no invitations to {org}: the company makes its accounts itself and adds people in its identity \
         provider, or this bot's GitHub account is no owner of {org}. Ask those who manage its accounts."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Email;
    use crate::transport::answer;

    /// In words that GitHub has used, some of them with a slip of its own.
    #[test]
    fn each_refusal_of_an_invitation_says_what_to_do() {
        let offer = Offer {
            org: Owner::parse("acme").unwrap(),
            who: Invitee::Email(Email::parse("mia@acme.example").unwrap()),
            role: InviteAs::DirectMember,
            teams: Vec::new(),
        };
        let told = |status, headers: &[(&'static str, &str)], body: &str| match not_sent(
            &answer(status, headers, body),
            &offer,
        ) {
            OperationError::Permanent { what, .. } => format!("permanent: {}", what.words()),
            OperationError::Blocked { what, .. } => format!("blocked: {}", what.words()),
            OperationError::Temporary { what, .. } => format!("temporary: {}", what.words()),
            other => format!("{other:?}"),
        };
        let says = |words: &str| {
            told(
                422,
                &[],
                &json!({ "message": "Validation Failed", "errors": [{ "message": words }] }).to_string(),
            )
        };
        let no_seat = json!({ "message": "You must purchase at least one more seat to add this user as a member.",
            "errors": [{ "code": "no_seat", "field": "user" }] });
        let managed = [("x-oauth-scopes", "admin:org"), ("x-accepted-github-permissions", "members=write")];
        insta::assert_snapshot!(
            [
                says("Over invitation rate limit"),
                says("A user with this email addresss is already a part of this organization"),
                says("A user with this email address has already been invited to this organization"),
                says("Something new"),
                told(422, &[], &no_seat.to_string()),
                told(404, &managed, r#"{"message":"Not Found"}"#),
                told(404, &[("x-oauth-scopes", "repo, read:org")], r#"{"message":"Not Found"}"#),
                told(403, &[], r#"{"message":"Resource not accessible by integration"}"#),
                told(502, &[], "<html>"),
            ]
            .join("\n"),
            @r#"
        blocked: GitHub takes 50 invitations to an organisation within 24 hours, or 500 if it is older than a month or paid for, and acme has had them. Try again tomorrow.
        permanent: mia@acme.example is a member of acme already.
        temporary: mia@acme.example has just been invited to acme by somebody else. See its invitations.
        permanent: GitHub refuses this: Something new. Change it and ask again.
        blocked: acme has no seat left for mia@acme.example. Ask an owner of acme to add one.
        blocked: GitHub takes no invitations to acme: the company makes its accounts itself and adds people in its identity provider, or this bot's GitHub account is no owner of acme. Ask those who manage its accounts.
        blocked: This bot's GitHub account may not invite people to acme. Tell the people who run this bot. Its token needs admin:org.
        blocked: This bot's GitHub account may not change the invitation of mia@acme.example to acme. Tell the people who run this bot.
        Unclear { log: "the invitation of mia@acme.example to acme: GitHub answered 502 \"\" (request -)" }
        "#
        );
    }
}
