//! The members of an organisation as a table for spreadsheets.

use crate::csv::line;
use crate::membership::gather::Finding;
use crate::membership::matching::{Match, addresses};

use super::words::{named, words};

const HEADER: [&str; 9] =
    ["organisation", "login", "number", "owner", "outside", "known as", "slack", "person", "by"];

/// One line for each account.
pub(super) fn table(org: &str, all: &[Finding<'_>]) -> String {
    let mut out = line(&HEADER);
    for one in all {
        let yes = |it: bool| if it { "yes" } else { "no" };
        let (slack, person, by) = match &one.found {
            Match::Linked { link, .. } => (
                link.person.user.clone(),
                link.email.clone().unwrap_or_default(),
                format!("a link, {}", link.proof.words()),
            ),
            Match::SignedOn { identity, employee, .. } => {
                let person = match employee {
                    Some(employee) => named(&employee.name, &employee.emails),
                    None => addresses(identity).join(" "),
                };
                let slack = employee.and_then(|one| one.slack_user.clone()).unwrap_or_default();
                (slack, person, "the single sign-on".to_owned())
            }
            Match::Claimed { employee, .. } => (
                employee.slack_user.clone().unwrap_or_default(),
                named(&employee.name, &employee.emails),
                "the directory".to_owned(),
            ),
            Match::Stranger | Match::Service => (String::new(), String::new(), String::new()),
        };
        let number = one.id.to_string();
        let cells: [&str; 9] = [
            org,
            one.login,
            &number,
            yes(one.owner),
            yes(one.outside),
            words(one.group()),
            &slack,
            &person,
            &by,
        ];
        out += &line(&cells);
    }
    out
}
