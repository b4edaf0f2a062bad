//! Who and what is meant: looked up, and named as GitHub names it.

use hubcommander_github::{Reader, Team, User};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Org;
use hubcommander_sdk::text::Text;

/// The person with this login.
pub(crate) async fn person(reader: &Reader, org: &Org, login: &str) -> Result<User, Refusal> {
    let shown = Text::new().code(login);
    match reader.user(&org.name, login).await? {
        None => Err(Refusal::new(
            Text::new().plain("There is no account ").then(shown).plain(" at GitHub."),
            "Check the spelling; it is the name in the address of their profile.",
        )),
        Some(user) if !user.is_person() => Err(Refusal::new(
            shown.plain(" is not a person's account at GitHub."),
            "Check the spelling; it is the name in the address of their profile.",
        )),
        Some(user) => Ok(user),
    }
}

/// The team with this slug.
pub(crate) async fn team(reader: &Reader, org: &Org, slug: &str) -> Result<Team, Refusal> {
    reader.team(&org.name, slug).await?.ok_or_else(|| {
        Refusal::new(
            Text::new().code(&org.name).plain(" has no team ").code(slug).plain(" that I can see."),
            Text::new()
                .plain("Check the spelling; ")
                .code(format!("!ListTeams {}", org.name))
                .plain(" lists them."),
        )
    })
}

/// What config.toml lets people grant, as it is written there: names of roles are told apart by case.
pub(super) fn permitted<'a>(permission: &str, permitted: &'a [String]) -> Result<&'a str, Refusal> {
    match permitted.iter().find(|one| one.eq_ignore_ascii_case(permission)) {
        Some(written) => Ok(written),
        None => Err(Refusal::new(
            Text::new().code(permission).plain(" is not something that can be given here."),
            format!("Choose from {}.", permitted.join(", ")),
        )),
    }
}
