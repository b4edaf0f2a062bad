//! What all sources say, put together: who is the same person, and who works here.
//!
//! Two records are of one person if the address to use of one is among the addresses of the other, or both name the
//! same account in Slack. Whoever works here by any source works here.

use std::collections::HashMap;

use hubcommander_directory::Person;
use hubcommander_sdk::accounts::Employee;

use super::settings::Source;

/// Who has which address, and who names which account in Slack.
#[derive(Debug, Default)]
pub(super) struct Index<'p> {
    all: Vec<(Source, &'p Person)>,
    by_email: HashMap<&'p str, Vec<usize>>,
    by_slack: HashMap<&'p str, Vec<usize>>,
}

fn same(one: &Person, other: &Person) -> bool {
    let named = |primary: &Person, other: &Person| {
        primary.primary().is_some_and(|email| other.emails.contains(email))
    };
    let slack = one.accounts.slack_user.is_some() && one.accounts.slack_user == other.accounts.slack_user;
    slack || named(one, other) || named(other, one)
}

impl<'p> Index<'p> {
    pub fn of(people: impl Iterator<Item = (Source, &'p Person)>) -> Self {
        let mut index = Self::default();
        for (source, person) in people {
            let place = index.all.len();
            for email in &person.emails {
                index.by_email.entry(email.as_str()).or_default().push(place);
            }
            if let Some(user) = &person.accounts.slack_user {
                index.by_slack.entry(user).or_default().push(place);
            }
            index.all.push((source, person));
        }
        index
    }

    /// Places of those who are the same person.
    fn places<'s>(&'s self, person: &'s Person) -> impl Iterator<Item = usize> + 's {
        let emails = person.emails.iter().filter_map(|email| self.by_email.get(email.as_str()));
        let slack = person.accounts.slack_user.as_deref().and_then(|user| self.by_slack.get(user));
        emails
            .chain(slack)
            .flatten()
            .copied()
            .filter(move |place| self.all.get(*place).is_some_and(|(_, other)| same(person, other)))
    }

    /// Whether any of these is the same person.
    pub fn has(&self, person: &Person) -> bool {
        self.places(person).next().is_some()
    }
}

/// Everybody, as commands see them.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Everybody.
    pub everybody: Vec<Employee>,
    by_email: HashMap<String, Vec<usize>>,
}

fn employee(person: &Person) -> Employee {
    Employee {
        id: person.id.clone(),
        emails: person.emails.iter().map(|email| email.as_str().to_owned()).collect(),
        name: person.name.clone(),
        active: person.active,
        github_login: person.accounts.github_login.clone(),
        github_id: person.accounts.github_id,
        slack_user: person.accounts.slack_user.clone(),
    }
}

/// What another source knows besides. What the first says counts.
fn add(to: &mut Employee, person: &Person) {
    for email in &person.emails {
        if !to.emails.iter().any(|known| known == email.as_str()) {
            to.emails.push(email.as_str().to_owned());
        }
    }
    if to.name.is_empty() {
        to.name.clone_from(&person.name);
    }
    let accounts = &person.accounts;
    // A login and a number of two sources need not be of one account.
    if to.github_login.is_none() && to.github_id.is_none() {
        (to.github_login, to.github_id) = (accounts.github_login.clone(), accounts.github_id);
    }
    to.slack_user = to.slack_user.take().or_else(|| accounts.slack_user.clone());
}

impl View {
    /// Puts together what these say, given in the order of the sources.
    pub fn of<'p>(people: impl Iterator<Item = (Source, &'p Person)> + Clone) -> Self {
        let active = Index::of(people.clone().filter(|(_, person)| person.active));
        let mut view = Self::default();
        // Which employee each active record went to, and the sources that each employee is known to.
        let mut went: Vec<usize> = Vec::with_capacity(active.all.len());
        let mut known_to: Vec<Vec<Source>> = Vec::new();
        for (place, (source, person)) in active.all.iter().enumerate() {
            let mut earlier: Vec<usize> = active
                .places(person)
                .filter(|other| *other < place)
                .filter_map(|other| went.get(other).copied())
                .collect();
            earlier.sort_unstable();
            earlier.dedup();
            // Of several it is not known who is meant; nor are two records of one source one person.
            let one = match earlier.as_slice() {
                [one] if known_to.get(*one).is_some_and(|sources| !sources.contains(source)) => Some(*one),
                _ => None,
            };
            match one.and_then(|one| Some((one, view.everybody.get_mut(one)?, known_to.get_mut(one)?))) {
                Some((one, employee, sources)) => {
                    add(employee, person);
                    sources.push(*source);
                    went.push(one);
                }
                None => {
                    went.push(view.everybody.len());
                    view.everybody.push(employee(person));
                    known_to.push(vec![*source]);
                }
            }
        }
        // Whoever has left one source, or had another record there, and works here by another has not left.
        let gone = people.filter(|(_, person)| !person.active && !active.has(person));
        view.everybody.extend(gone.map(|(_, person)| employee(person)));
        for (place, employee) in view.everybody.iter().enumerate() {
            for email in &employee.emails {
                view.by_email.entry(email.clone()).or_default().push(place);
            }
        }
        view
    }

    /// Those who have this address.
    pub fn with_email(&self, email: &str) -> Vec<Employee> {
        let places = self.by_email.get(&email.trim().to_lowercase());
        places.into_iter().flatten().filter_map(|place| self.everybody.get(*place).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use hubcommander_directory::Email;

    use super::*;

    fn person(id: &str, emails: &[&str], active: bool) -> Person {
        let mut person = Person::new(id, id);
        person.emails = emails.iter().filter_map(|email| Email::parse(email)).collect();
        person.active = active;
        person
    }

    fn shown(people: &[(Source, Person)]) -> Vec<String> {
        let view = View::of(people.iter().map(|(source, person)| (*source, person)));
        let shown = view.everybody.iter().map(|one| format!("{} {:?} {}", one.id, one.emails, one.active));
        shown.collect()
    }

    #[test]
    fn one_person_in_two_sources_is_one() {
        let mut okta = person("o1", &["ana@example.com"], true);
        okta.accounts.github_login = Some("ana-gh".to_owned());
        let mut csv = person("7", &["ana.b@example.com", "ana@example.com"], true);
        csv.accounts.github_id = Some(42);
        csv.accounts.slack_user = Some("U0ANA".to_owned());
        let view = [(Source::Okta, &okta), (Source::Csv, &csv)];
        let view = View::of(view.into_iter());
        assert_eq!(view.everybody.len(), 1);
        let ana = &view.everybody[0];
        assert_eq!(ana.emails, ["ana@example.com", "ana.b@example.com"]);
        assert_eq!(
            (ana.github_login.as_deref(), ana.github_id),
            (Some("ana-gh"), None),
            "one claim, not a mix"
        );
        assert_eq!(ana.slack_user.as_deref(), Some("U0ANA"));
        assert_eq!(view.with_email(" ANA.B@example.com").len(), 1);
        assert!(view.with_email("bob@example.com").is_empty());
    }

    #[test]
    fn whoever_works_here_by_any_source_works_here() {
        let (left, works) =
            (person("o1", &["ana@example.com"], false), person("7", &["ana@example.com"], true));
        let other = person("o2", &["bob@example.com"], false);
        assert_eq!(
            shown(&[(Source::Okta, left.clone()), (Source::Okta, other), (Source::Csv, works.clone())]),
            ["7 [\"ana@example.com\"] true", "o2 [\"bob@example.com\"] false"]
        );
        // Back under a new id in the same source.
        let again = Person { id: "o9".to_owned(), ..works };
        assert_eq!(shown(&[(Source::Okta, left), (Source::Okta, again)]), ["o9 [\"ana@example.com\"] true"]);
    }

    #[test]
    fn who_only_shares_an_address_with_others_is_not_them() {
        let team = "team@example.com";
        let people = [
            (Source::Okta, person("o1", &["ana@example.com", team], true)),
            (Source::Okta, person("o2", &["bob@example.com", team], true)),
            (Source::Csv, person("7", &["cy@example.com", team], false)),
        ];
        assert_eq!(shown(&people).len(), 3, "an address besides is nobody's own");
        // The address to use of one that two others have besides: it is not known which of them.
        let two = [
            (Source::Okta, person("o1", &["ana@example.com", team], true)),
            (Source::Okta, person("o2", &["bob@example.com", team], true)),
            (Source::Csv, person("9", &[team], true)),
        ];
        assert_eq!(shown(&two).len(), 3);
    }
}
