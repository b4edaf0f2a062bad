//! Reads what an audit looks at, all at the same time. What cannot be read becomes a part of the facts, so that
//! one missing permission does not hide the rest.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use hubcommander_github::{Level, ReadError, Reader, Scan, Scanned, ScannedRepository, SecondFactor};
use hubcommander_sdk::command::{Headway, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::lease::Leases;
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::text::thousands;

use super::facts::{Factors, Facts, Lent, Read, Settings, ToRepository, Unread};
use super::rules::Rules;

/// GitHub lists invitations to repositories one repository at a time. Up to this many are asked without being
/// told to: a request each.
const ONE_BY_ONE: usize = 100;
/// Repositories that are asked at the same time.
const SIDE_BY_SIDE: usize = 8;

/// Reads an organisation.
///
/// # Errors
/// There is none of that name, or GitHub is not to be reached at all.
pub(super) async fn gather(
    reader: &Reader,
    leases: &Arc<dyn Leases>,
    org: &Org,
    rules: &Rules,
    thorough: bool,
    request: &Request,
) -> Result<Facts, Refusal> {
    let scan = reader.scan(&org.name).map_err(|error| error.refusal())?;
    let settings = match reader.organization(&org.name).await {
        Ok(Some(found)) => Ok(Settings {
            base_permission: found.default_repository_permission,
            second_factor_required: found.two_factor_requirement_enabled,
        }),
        Ok(None) => {
            return Err(Refusal::new(
                format!("{} is not there, or this bot's GitHub account cannot see it.", org.name),
                "Whoever runs this bot can see why with hubcommander check.",
            ));
        }
        Err(error) => Err(Unread::from(error)),
    };
    let (owners, members, outsiders, (scanned, teams), invitations, apps, leases) = tokio::join!(
        scan.owners(),
        factors(&scan, Whose::Members),
        factors(&scan, Whose::Outsiders),
        repositories(&scan, rules, &request.headway),
        invitations(&scan),
        scan.installations(),
        leases.running(),
    );
    let (repositories, hidden) = match scanned {
        Ok(scanned) => (Ok(scanned.repositories), scanned.hidden),
        Err(error) => (Err(Unread::from(error)), 0),
    };
    let repo_invitations = repo_invitations(&scan, &repositories, thorough, &request.headway).await;
    Ok(Facts {
        org: org.name.clone(),
        at: request.at,
        settings,
        owners: owners.map_err(Unread::from),
        members,
        outsiders,
        repositories,
        hidden,
        teams,
        invitations,
        repo_invitations,
        apps: apps.map_err(Unread::from),
        leases: leases
            .map(|running| running.iter().filter_map(Lent::of).collect())
            .map_err(|refusal| Unread(refusal.what.words())),
    })
}

#[derive(Clone, Copy)]
enum Whose {
    Members,
    Outsiders,
}

async fn factors(scan: &Scan, whose: Whose) -> Factors {
    let of = async |factor| match whose {
        Whose::Members => scan.members(factor).await,
        Whose::Outsiders => scan.outsiders(factor).await,
    };
    let (without, insecure) = tokio::join!(of(SecondFactor::Disabled), of(SecondFactor::Insecure));
    Factors { without: without.map_err(Unread::from), insecure: insecure.map_err(Unread::from) }
}

async fn invitations(scan: &Scan) -> Read<Vec<hubcommander_github::OrgInvitation>> {
    let (open, failed) = tokio::join!(scan.invitations(), scan.failed_invitations());
    let mut all = open.map_err(Unread::from)?;
    all.extend(failed.map_err(Unread::from)?);
    Ok(all)
}

type Teams = BTreeMap<String, Read<Option<HashMap<u64, Level>>>>;

/// The repositories, and what teams may do on them: by GraphQL with the repositories, or by REST where a role
/// that the organisation made is expected.
async fn repositories(scan: &Scan, rules: &Rules, headway: &Headway) -> (Result<Scanned, ReadError>, Teams) {
    let (by_role, by_level): (Vec<String>, Vec<String>) =
        rules.teams().into_iter().partition(|team| rules.wants_custom_role(team));
    let told = |read, of| {
        // What is read at once needs no word.
        if of <= ONE_BY_ONE {
            return;
        }
        headway.say(format!("read {} of {} repositories", thousands(read), thousands(of)));
    };
    let roles = join_all(by_role.iter().map(|team| scan.team_levels(team)));
    let (scanned, roles) = tokio::join!(scan.repositories(&by_level, told), roles);
    let mut teams: Teams =
        by_role.into_iter().zip(roles).map(|(team, levels)| (team, levels.map_err(Unread::from))).collect();
    let scanned = scanned.map(|mut scanned| {
        let read = std::mem::take(&mut scanned.teams);
        teams.extend(read.into_iter().map(|(team, levels)| (team, levels.map_err(Unread::from))));
        scanned
    });
    (scanned, teams)
}

async fn repo_invitations(
    scan: &Scan,
    repositories: &Read<Vec<ScannedRepository>>,
    thorough: bool,
    headway: &Headway,
) -> Read<Vec<ToRepository>> {
    let repositories = repositories.as_ref().map_err(Clone::clone)?;
    let open: Vec<&ScannedRepository> = repositories.iter().filter(|one| !one.archived).collect();
    if open.len() > ONE_BY_ONE && !thorough {
        return Err(Unread(format!(
            "Invitations to {} repositories were not looked at, since that takes a request each: add --thorough.",
            thousands(open.len())
        )));
    }
    let total = open.len();
    let of = |repository: &ScannedRepository| {
        let at = (repository.id, repository.full_name.clone());
        async move {
            let found = scan.repository_invitations(&at.1).await.map_err(Unread::from)?;
            Ok(found
                .into_iter()
                .map(|invitation| ToRepository { repository: at.clone(), invitation })
                .collect())
        }
    };
    let mut lists = stream::iter(open.into_iter().map(of)).buffered(SIDE_BY_SIDE);
    let (mut all, mut read) = (Vec::new(), 0);
    while let Some(list) = lists.next().await {
        let list: Read<Vec<ToRepository>> = list;
        all.extend(list?);
        read += 1;
        if read % 100 == 0 {
            headway.say(format!(
                "read the invitations of {} of {} repositories",
                thousands(read),
                thousands(total)
            ));
        }
    }
    Ok(all)
}
