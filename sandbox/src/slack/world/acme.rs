//! The company that the sandbox and the tests play in.

use std::collections::BTreeMap;

use super::channel::{Channel, ChannelKind};
use super::person::{Person, Role};
use super::{Bot, Team, UserGroup, World};

const TEAM: &str = "T0ACME";
const OTHER: &str = "T0OTHER";
const ANA: &str = "U0ANA";
const SAM: &str = "U0SAM";
const KIM: &str = "U0KIM";
const GUS: &str = "U0GUS";
const DEE: &str = "U0DEE";
const STRANGER: &str = "U0STR";
const CI: &str = "U0CIB";
const HUB: &str = "U0HUB";

fn role(name: &str, hint: &str) -> Role {
    Role { name: name.to_owned(), hint: hint.to_owned() }
}

fn people() -> Vec<Person> {
    vec![
        Person {
            role: role("developer", "Creates repositories, fills in forms, asks for more"),
            ..Person::member(ANA, TEAM, "ana", "Ana Lima")
        },
        Person {
            role: role("security engineer", "Approves, denies, watches the alarms"),
            tz: "Africa/Lagos".to_owned(),
            tz_offset: 3600,
            is_admin: true,
            ..Person::member(SAM, TEAM, "sam", "Sam Okafor")
        },
        Person {
            role: role("second security engineer", "Approves what Sam asks for"),
            ..Person::member(KIM, TEAM, "kim", "Kim Novak")
        },
        Person {
            role: role("guest", "May look, and is refused politely"),
            is_restricted: true,
            email: Some("gus@vega.example".to_owned()),
            ..Person::member(GUS, TEAM, "gus", "Gus Vega")
        },
        Person { deleted: true, ..Person::member(DEE, TEAM, "dee", "Dee Moreau") },
        Person { is_stranger: true, email: None, ..Person::member(STRANGER, OTHER, "stran", "Stran Ger") },
        Person::bot_user(CI, TEAM, "ci", "B0CIB", "A0CIB"),
        Person::bot_user(HUB, TEAM, "hubcommander", "B0HUB", "A0HUB"),
    ]
}

fn channels() -> Vec<Channel> {
    use ChannelKind::{Private, Public};
    vec![
        Channel::new(Public, "C0GENERAL", "general", "Everybody", &[ANA, SAM, KIM, GUS, DEE, CI, HUB]),
        Channel::new(Public, "C0DEV", "dev", "Building things", &[ANA, SAM, KIM, GUS, CI, HUB]),
        Channel::new(Public, "C0SECURITY", "security", "Alarms", &[SAM, KIM, ANA, HUB]),
        Channel::new(
            Public,
            "C0APPROVALS",
            "approvals",
            "Questions that need a second person",
            &[ANA, SAM, KIM, HUB],
        ),
        Channel::new(
            Public,
            "C0SHARED",
            "acme-and-other",
            "Together with Other Inc.",
            &[ANA, SAM, STRANGER, HUB],
        )
        .shared(),
        Channel::new(Private, "C0PRIV", "secret-plans", "Not for everybody", &[ANA, SAM, HUB]),
        Channel::new(Public, "C0NOBOT", "no-bots", "People only", &[ANA, SAM]),
        Channel::im("D0ANA", ANA, HUB),
        Channel::im("D0SAM", SAM, HUB),
        Channel::im("D0KIM", KIM, HUB),
        Channel::im("D0GUS", GUS, HUB),
    ]
}

impl World {
    /// Acme: its people, channels and bot, with nothing said yet.
    pub fn acme() -> Self {
        let people: BTreeMap<_, _> = people().into_iter().map(|person| (person.id.clone(), person)).collect();
        let channels: BTreeMap<_, _> =
            channels().into_iter().map(|channel| (channel.id.clone(), channel)).collect();
        let group = |id: &str, handle: &str, name: &str, users: &[&str]| UserGroup {
            id: id.to_owned(),
            handle: handle.to_owned(),
            name: name.to_owned(),
            users: users.iter().map(|&id| id.to_owned()).collect(),
        };
        Self {
            team: Team {
                id: TEAM.to_owned(),
                name: "Acme".to_owned(),
                domain: "acme".to_owned(),
                enterprise: None,
            },
            bot: Bot {
                user_id: HUB.to_owned(),
                bot_id: "B0HUB".to_owned(),
                app_id: "A0HUB".to_owned(),
                name: "hubcommander".to_owned(),
                command: "/hubcommander".to_owned(),
            },
            people,
            channels,
            usergroups: vec![
                group("S0SECURITY", "security-team", "Security", &[SAM, KIM]),
                group("S0DEVELOPERS", "developers", "Developers", &[ANA, SAM]),
            ],
        }
    }
}
