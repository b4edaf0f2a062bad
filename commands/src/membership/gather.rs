//! What is read before it is said whom nobody knows: an organisation from GitHub, and people from wherever they are known.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, stream};
use hubcommander_github::{ExternalIdentity, Member, Reader, SignOn, User};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::people::Standing;

use super::Members;
use super::matching::{Group, Known, Match, Matcher, Roll, Works};

/// People whom Slack is asked about side by side.
const SIDE_BY_SIDE: usize = 6;

/// An organisation's people, as GitHub tells them.
pub struct OrgRead {
    /// Its name.
    pub org: String,
    /// Its bots and other accounts of nobody.
    pub service: Vec<String>,
    /// Its members.
    pub members: Vec<Member>,
    /// Those who work for it from outside.
    pub outside: Vec<User>,
    /// Who people are to its single sign-on; nobody without one.
    pub identities: Vec<ExternalIdentity>,
    /// Whether there may be a single sign-on that we may not see.
    pub untold: bool,
    /// Our own account, if we have one.
    pub ours: Option<u64>,
}

/// Reads an organisation: a request for each hundred members, owners, outside collaborators and people of the single
/// sign-on, and one for our own account.
///
/// # Errors
/// Any of it could not be read: then nobody may be taken for a stranger.
pub async fn read(reader: &Reader, org: &Org) -> Result<OrgRead, Refusal> {
    let scan = reader.scan(&org.name)?;
    let (members, outside, sign_on, ours) =
        tokio::try_join!(scan.people(), scan.outside(), reader.sign_on(&org.name), reader.own_id())?;
    let (identities, untold) = match sign_on {
        SignOn::People(people) => (people, false),
        SignOn::None => (Vec::new(), false),
        SignOn::Untold => (Vec::new(), true),
    };
    let service = org.settings.service_accounts.clone();
    Ok(OrgRead { org: org.name.clone(), service, members, outside, identities, untold, ours })
}

/// What is known of people. Without a directory Slack is asked about those who have linked an account that is in one of
/// these organisations.
///
/// # Errors
/// It could not be looked up.
pub async fn known(members: &Members, orgs: &[&OrgRead]) -> Result<Known, Refusal> {
    let links = members.accounts.all().await?;
    if members.directory.is_set_up() {
        let employees = Some(members.directory.everybody().await?);
        return Ok(Known { links, employees, in_slack: HashMap::new() });
    }
    let there: HashSet<u64> = orgs
        .iter()
        .flat_map(|org| org.members.iter().map(|one| one.id).chain(org.outside.iter().map(|one| one.id)))
        .collect();
    let theirs = links.iter().filter(|link| there.contains(&link.github_id));
    let users: Vec<String> = theirs.map(|link| link.person.user.clone()).collect();
    let asked = users.into_iter().map(|user| {
        let slack = std::sync::Arc::clone(&members.slack);
        async move {
            // Whom Slack does not tell of, nobody can tell of.
            let works = match slack.who_is(&user).await.map(|person| person.standing) {
                Ok(Standing::Deactivated) => Works::Left,
                Ok(Standing::Member | Standing::Guest | Standing::SingleChannelGuest) => Works::Here,
                Ok(Standing::Stranger | Standing::Bot) | Err(_) => Works::Unknown,
            };
            (user, works)
        }
    });
    let in_slack = stream::iter(asked).buffer_unordered(SIDE_BY_SIDE).collect().await;
    Ok(Known { links, employees: None, in_slack })
}

/// An account, and how it is known.
pub struct Finding<'a> {
    /// GitHub's number for it.
    pub id: u64,
    /// Its login.
    pub login: &'a str,
    /// Whether it owns the organisation.
    pub owner: bool,
    /// Whether it is no member, and works for the organisation from outside.
    pub outside: bool,
    /// How it is known.
    pub found: Match<'a>,
}

impl Finding<'_> {
    /// What it comes down to.
    pub fn group(&self) -> Group {
        self.found.group()
    }
}

/// How all of an organisation are known, by group and then by login. Of those who work for it from outside only those
/// who have left the company: they need not be known otherwise.
pub fn findings<'a>(read: &'a OrgRead, roll: &'a Roll<'a>) -> Vec<Finding<'a>> {
    let matcher = Matcher::new(roll, &read.service, read.ours, &read.identities);
    let members = read.members.iter().map(|one| Finding {
        id: one.id,
        login: &one.login,
        owner: one.owner,
        outside: false,
        found: matcher.member(one),
    });
    let outside = read.outside.iter().map(|one| Finding {
        id: one.id,
        login: &one.login,
        owner: false,
        outside: true,
        found: matcher.of(one.id, &one.login),
    });
    let outside = outside.filter(|one| matches!(one.group(), Group::Leaver | Group::LeaverByClaim));
    let mut all: Vec<Finding<'a>> = members.chain(outside).collect();
    all.sort_by_cached_key(|one| (one.group(), one.login.to_lowercase(), one.id));
    all
}
