//! From a word to a typed value: whether it can be of the argument's kind. Only the form is checked here;
//! whether there is such an organisation or team is for others to find out.

use crate::characters::is_invisible;
use crate::duration;
use crate::mention;
use crate::name;
use crate::nearest::likely;
use crate::problem::{InvalidReason, Problem};
use crate::spec::{ArgKind, ArgSpec, Value};

/// The most topics that GitHub gives a repository
/// (<https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/classifying-your-repository-with-topics>).
const MOST_TOPICS: usize = 20;
/// The most repositories that one command is about: what people can still read through before they say yes.
const MOST_REPOSITORIES: usize = 100;
/// Longer addresses are not read.
const LONGEST_ADDRESS: usize = 2_000;

/// The value of an argument that is given once.
pub(crate) fn one(arg: &ArgSpec, given: &str) -> Result<Value, Problem> {
    let word = unformatted(&arg.kind, given);
    match &arg.kind {
        ArgKind::Number => match word.parse() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) if word.is_empty() => Err(invalid(arg, given, InvalidReason::Empty)),
            Err(_) => Err(invalid(arg, given, InvalidReason::NotANumber)),
        },
        ArgKind::Topics => topics(arg, word).map(Value::List),
        ArgKind::Repositories => repositories(arg, word).map(Value::List),
        ArgKind::Duration => {
            duration::seconds(word).map(Value::Number).map_err(|reason| invalid(arg, given, reason))
        }
        ArgKind::Choice(choices) => choice(arg, choices, given, word).map(Value::Text),
        kind => text(kind, word).map(Value::Text).map_err(|reason| invalid(arg, given, reason)),
    }
}

/// The values of an argument that may be given more than once.
pub(crate) fn many<'a>(arg: &ArgSpec, given: impl Iterator<Item = &'a str>) -> Result<Value, Problem> {
    let mut list = Vec::new();
    for given in given {
        match one(arg, given)? {
            Value::Text(text) => list.push(text),
            Value::Number(number) => list.push(number.to_string()),
            Value::List(texts) => texts.into_iter().for_each(|text| {
                if !list.contains(&text) {
                    list.push(text);
                }
            }),
            Value::Flag(_) => {}
        }
    }
    let most = if arg.kind == ArgKind::Topics { MOST_TOPICS } else { MOST_REPOSITORIES };
    if arg.kind.is_list() && list.len() > most {
        let reason = InvalidReason::TooMany { limit: most };
        return Err(invalid(arg, &list.join(" "), reason));
    }
    Ok(Value::List(list))
}

fn invalid(arg: &ArgSpec, given: &str, reason: InvalidReason) -> Problem {
    Problem::Invalid { arg: arg.name.clone(), given: mention::readable(given), reason }
}

/// The word without the marks of bold, struck or italic text around it, where they cannot be part of such a
/// value: `*widgets*` is `widgets`, but `_widgets_` is a good name for a repository.
fn unformatted<'a>(kind: &ArgKind, word: &'a str) -> &'a str {
    let marks: &[char] = match kind {
        ArgKind::Text => &[],
        ArgKind::NewRepository
        | ArgKind::Repository
        | ArgKind::Repositories
        | ArgKind::FullRepository
        | ArgKind::Branch
        | ArgKind::Permission
        | ArgKind::Team
        | ArgKind::TeamPermission => &['*', '~'],
        _ => &['*', '~', '_'],
    };
    marks.iter().fold(word, |word, &mark| {
        word.strip_prefix(mark).and_then(|word| word.strip_suffix(mark)).unwrap_or(word)
    })
}

fn choice(arg: &ArgSpec, choices: &[String], given: &str, word: &str) -> Result<String, Problem> {
    let is = |word: &str| choices.iter().find(|choice| choice.to_lowercase() == word.to_lowercase()).cloned();
    if let Some(choice) = is(given).or_else(|| is(word)) {
        return Ok(choice);
    }
    if word.is_empty() {
        return Err(invalid(arg, given, InvalidReason::Empty));
    }
    Err(Problem::NotAChoice {
        arg: arg.name.clone(),
        given: mention::readable(given),
        choices: choices.to_vec(),
        suggestion: likely(word, choices.iter().map(String::as_str)).map(str::to_owned),
    })
}

/// Topics in lower case, each once, in their order. No topics at all clears them.
fn topics(arg: &ArgSpec, given: &str) -> Result<Vec<String>, Problem> {
    let mut list: Vec<String> = Vec::new();
    for topic in given.split([',', ' ', '\n']).filter(|topic| !topic.is_empty()) {
        let lower = topic.to_ascii_lowercase();
        name::topic(&lower).map_err(|reason| invalid(arg, topic, reason))?;
        if !list.contains(&lower) {
            list.push(lower);
        }
    }
    if list.len() > MOST_TOPICS {
        return Err(invalid(arg, given, InvalidReason::TooMany { limit: MOST_TOPICS }));
    }
    Ok(list)
}

/// Repositories, each once, in their order.
fn repositories(arg: &ArgSpec, given: &str) -> Result<Vec<String>, Problem> {
    let mut list: Vec<String> = Vec::new();
    for name in given.split([',', ' ', '\n']).filter(|name| !name.is_empty()) {
        if name.contains(mention::OPEN) {
            return Err(invalid(arg, name, InvalidReason::Person));
        }
        name::repository(name).map_err(|reason| invalid(arg, name, reason))?;
        if !list.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            list.push(name.to_owned());
        }
    }
    match list.len() {
        0 => Err(invalid(arg, given, InvalidReason::Empty)),
        n if n > MOST_REPOSITORIES => {
            Err(invalid(arg, given, InvalidReason::TooMany { limit: MOST_REPOSITORIES }))
        }
        _ => Ok(list),
    }
}

fn text(kind: &ArgKind, word: &str) -> Result<String, InvalidReason> {
    match kind {
        ArgKind::Text => return free_text(word),
        ArgKind::Person => return person(word),
        // Said to be empty, it clears what is there.
        ArgKind::Url if word.is_empty() => return Ok(String::new()),
        _ if word.is_empty() => return Err(InvalidReason::Empty),
        _ if word.contains(mention::OPEN) => return Err(InvalidReason::Person),
        _ => {}
    }
    match kind {
        ArgKind::Organization => name::organization(word)?,
        ArgKind::NewRepository | ArgKind::Repository => name::repository(word)?,
        ArgKind::FullRepository => {
            let (owner, repository) = word.split_once('/').ok_or(InvalidReason::Form)?;
            name::login(owner)?;
            name::repository(repository)?;
        }
        ArgKind::Team => {
            let slug = word.to_ascii_lowercase();
            return name::team(&slug).map(|()| slug);
        }
        ArgKind::TeamPermission => {
            let (team, permission) = word.split_once('=').ok_or(InvalidReason::Form)?;
            let (team, permission) = (team.to_ascii_lowercase(), name::permission(permission)?);
            name::team(&team)?;
            return Ok(format!("{team}={permission}"));
        }
        ArgKind::Permission => return name::permission(word),
        ArgKind::Login => {
            let login = word.strip_prefix('@').unwrap_or(word);
            return name::login(login).map(|()| login.to_owned());
        }
        ArgKind::Branch => name::branch(word)?,
        ArgKind::Url => address(word)?,
        ArgKind::CommandName => {
            let command = word.strip_prefix('!').unwrap_or(word);
            return name::command(command).map(|()| command.to_owned());
        }
        // Read by those who call this.
        ArgKind::Text
        | ArgKind::Person
        | ArgKind::Topics
        | ArgKind::Repositories
        | ArgKind::Number
        | ArgKind::Duration
        | ArgKind::Choice(_) => {}
    }
    Ok(word.to_owned())
}

/// Free text, with mentions as `@U123`. No characters that control a terminal or turn the direction of
/// what is shown: people must be able to approve what they see.
fn free_text(text: &str) -> Result<String, InvalidReason> {
    let hidden = |c: char| {
        (c.is_control() && c != '\n') || is_invisible(c) || (mention::is_reserved(c) && !is_bracket(c))
    };
    match text.chars().find(|&c| hidden(c)) {
        Some(c) => Err(InvalidReason::Character(c)),
        None => Ok(mention::readable(text)),
    }
}

fn is_bracket(c: char) -> bool {
    matches!(c, mention::OPEN | mention::CLOSE)
}

/// The Slack id of a mentioned person.
fn person(word: &str) -> Result<String, InvalidReason> {
    let word = word.trim_end_matches([',', '.', ':', ';']);
    match mention::mentioned(word) {
        Some(id) => Ok(id.to_owned()),
        None if word.is_empty() => Err(InvalidReason::Empty),
        None => Err(InvalidReason::NotAPerson),
    }
}

/// An http or https address with a host and without credentials.
fn address(word: &str) -> Result<(), InvalidReason> {
    if word.chars().count() > LONGEST_ADDRESS {
        return Err(InvalidReason::TooLong { limit: LONGEST_ADDRESS });
    }
    // Parsers of addresses forgive these, each in its own way.
    let odd = |c: char| c.is_control() || c.is_whitespace() || is_invisible(c) || "\\\"<>`".contains(c);
    if let Some(c) = word.chars().find(|&c| odd(c)) {
        return Err(InvalidReason::Character(c));
    }
    let lower = word.to_ascii_lowercase();
    let after = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let after = after.filter(|after| !after.starts_with('/')).ok_or(InvalidReason::NotAnAddress)?;
    let authority = after.split(['/', '?', '#']).next().unwrap_or(after);
    if authority.contains('@') {
        return Err(InvalidReason::Credentials);
    }
    let parsed = url::Url::parse(word).map_err(|_| InvalidReason::NotAnAddress)?;
    if parsed.host_str().is_none_or(str::is_empty) { Err(InvalidReason::NotAnAddress) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: ArgKind, given: &str) -> Result<Value, InvalidReason> {
        match one(&ArgSpec::positional("x", kind, ""), given) {
            Ok(value) => Ok(value),
            Err(Problem::Invalid { reason, .. }) => Err(reason),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn ok(text: &str) -> Result<Value, InvalidReason> {
        Ok(Value::Text(text.to_owned()))
    }

    #[test]
    fn names_that_hold_what_they_must_not_are_refused() {
        use InvalidReason::{Character, Empty, Person};
        let kinds = [
            ArgKind::Organization,
            ArgKind::NewRepository,
            ArgKind::Repository,
            ArgKind::Team,
            ArgKind::Login,
        ];
        for kind in kinds {
            for (given, c) in [("a/b", '/'), ("a%2Fb", '%'), (":smile:", ':'), ("a b", ' '), ("ä", 'ä')] {
                assert_eq!(read(kind.clone(), given), Err(Character(c)), "{kind:?} {given:?}");
            }
            assert_eq!(read(kind.clone(), ""), Err(Empty));
            assert_eq!(read(kind, "\u{FDD0}U0ANA\u{FDD1}"), Err(Person));
        }
        assert!(read(ArgKind::Organization, "..").is_err());
        assert_eq!(read(ArgKind::Repository, ".."), Err(InvalidReason::Reserved));
    }

    #[test]
    fn names_are_kept_and_slugs_are_lower_case() {
        assert_eq!(read(ArgKind::Organization, "Acme-OSS"), ok("Acme-OSS"));
        assert_eq!(read(ArgKind::NewRepository, "_My.repo-1"), ok("_My.repo-1"));
        assert_eq!(read(ArgKind::FullRepository, "acme/website"), ok("acme/website"));
        assert_eq!(read(ArgKind::FullRepository, "website"), Err(InvalidReason::Form));
        assert_eq!(read(ArgKind::FullRepository, "acme/a/b"), Err(InvalidReason::Character('/')));
        assert_eq!(read(ArgKind::Team, "Employees"), ok("employees"));
        assert_eq!(read(ArgKind::Login, "@ana-lima"), ok("ana-lima"));
        assert_eq!(read(ArgKind::CommandName, "!CreateRepo"), ok("CreateRepo"));
        assert_eq!(read(ArgKind::Branch, "feature/x"), ok("feature/x"));
    }

    #[test]
    fn a_team_and_its_permission_stand_together() {
        assert_eq!(read(ArgKind::TeamPermission, "Employees=PUSH"), ok("employees=push"));
        assert_eq!(read(ArgKind::TeamPermission, "employees=Security_Eng"), ok("employees=Security_Eng"));
        assert_eq!(read(ArgKind::TeamPermission, "employees"), Err(InvalidReason::Form));
        assert_eq!(read(ArgKind::TeamPermission, "employees="), Err(InvalidReason::Empty));
        assert_eq!(read(ArgKind::TeamPermission, "=push"), Err(InvalidReason::Empty));
        assert_eq!(read(ArgKind::TeamPermission, "a=push,b=pull"), Err(InvalidReason::Character(',')));
    }

    #[test]
    fn repositories_are_a_list_and_each_is_a_name() {
        let list = |names: &[&str]| Ok(Value::List(names.iter().map(|&name| name.to_owned()).collect()));
        assert_eq!(read(ArgKind::Repositories, "a,b-c, A,d"), list(&["a", "b-c", "d"]));
        assert_eq!(read(ArgKind::Repositories, "a"), list(&["a"]));
        assert_eq!(read(ArgKind::Repositories, ","), Err(InvalidReason::Empty));
        assert_eq!(read(ArgKind::Repositories, "a,b/c"), Err(InvalidReason::Character('/')));
        assert_eq!(read(ArgKind::Repositories, "a,.."), Err(InvalidReason::Reserved));
        let many = |n: usize| (0..n).map(|n| format!("r{n}")).collect::<Vec<_>>().join(",");
        assert!(read(ArgKind::Repositories, &many(100)).is_ok());
        assert_eq!(read(ArgKind::Repositories, &many(101)), Err(InvalidReason::TooMany { limit: 100 }));
    }

    #[test]
    fn only_a_mention_is_a_person() {
        assert_eq!(read(ArgKind::Person, "\u{FDD0}U0ANA\u{FDD1},"), ok("U0ANA"));
        for given in [
            "@ana",
            "U0ANA",
            "<@U0ANA>",
            "\u{FDD0}U0ANA\u{FDD1}\u{FDD0}U0SAM\u{FDD1}",
            "x\u{FDD0}U0ANA\u{FDD1}",
        ] {
            assert_eq!(read(ArgKind::Person, given), Err(InvalidReason::NotAPerson), "{given:?}");
        }
    }

    #[test]
    fn an_address_is_http_with_a_host_and_without_secrets() {
        for good in [
            "https://acme.example",
            "HTTP://acme.example:8080/a?b=c%20d#e",
            "https://[::1]/",
            "http://localhost",
            "",
        ] {
            assert_eq!(read(ArgKind::Url, good), ok(good), "{good:?}");
        }
        assert_eq!(read(ArgKind::Url, "*https://acme.example*"), ok("https://acme.example"));
        for bad in [
            "acme.example",
            "ftp://acme.example",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https:acme.example",
            "https://a:99999",
        ] {
            assert_eq!(read(ArgKind::Url, bad), Err(InvalidReason::NotAnAddress), "{bad:?}");
        }
        for bad in ["https://ana:pw@acme.example", "https://ana@acme.example/x"] {
            assert_eq!(read(ArgKind::Url, bad), Err(InvalidReason::Credentials), "{bad:?}");
        }
        assert_eq!(read(ArgKind::Url, "https://acme.example/@ana"), ok("https://acme.example/@ana"));
        for (bad, c) in [
            ("https://a b", ' '),
            ("https://a\nb", '\n'),
            ("https:\\\\a", '\\'),
            ("https://a\u{202E}b", '\u{202E}'),
        ] {
            assert_eq!(read(ArgKind::Url, bad), Err(InvalidReason::Character(c)), "{bad:?}");
        }
        let long = format!("https://acme.example/{}", "a".repeat(2_000));
        assert_eq!(read(ArgKind::Url, &long), Err(InvalidReason::TooLong { limit: 2_000 }));
    }

    #[test]
    fn topics_are_a_list_in_lower_case() {
        let list = |topics: &[&str]| Ok(Value::List(topics.iter().map(|t| (*t).to_owned()).collect()));
        assert_eq!(read(ArgKind::Topics, "Rust, slack-bot  rust,"), list(&["rust", "slack-bot"]));
        assert_eq!(read(ArgKind::Topics, ""), list(&[]));
        assert_eq!(read(ArgKind::Topics, "-x"), Err(InvalidReason::Form));
        assert_eq!(read(ArgKind::Topics, "a_b"), Err(InvalidReason::Character('_')));
        assert_eq!(read(ArgKind::Topics, &"a".repeat(51)), Err(InvalidReason::TooLong { limit: 50 }));
        let numbered = |n: usize| (0..n).map(|i| format!("t{i}")).collect::<Vec<_>>().join(" ");
        assert!(read(ArgKind::Topics, &numbered(20)).is_ok());
        assert_eq!(read(ArgKind::Topics, &numbered(21)), Err(InvalidReason::TooMany { limit: 20 }));
    }

    #[test]
    fn a_number_is_whole() {
        assert_eq!(read(ArgKind::Number, "-12"), Ok(Value::Number(-12)));
        assert_eq!(read(ArgKind::Number, "*5*"), Ok(Value::Number(5)));
        for bad in ["1.5", "1e3", "ten", "99999999999999999999", "0x1", "1 2"] {
            assert_eq!(read(ArgKind::Number, bad), Err(InvalidReason::NotANumber), "{bad:?}");
        }
        assert_eq!(read(ArgKind::Number, ""), Err(InvalidReason::Empty));
        assert_eq!(read(ArgKind::Duration, "14d"), Ok(Value::Number(14 * 86_400)));
        assert_eq!(read(ArgKind::Duration, "soon"), Err(InvalidReason::NotADuration));
    }

    #[test]
    fn text_shows_all_that_is_in_it() {
        assert_eq!(read(ArgKind::Text, "a\n*b* :smile: é %"), ok("a\n*b* :smile: é %"));
        assert_eq!(read(ArgKind::Text, ""), ok(""));
        assert_eq!(read(ArgKind::Text, "ask \u{FDD0}U0ANA\u{FDD1}"), ok("ask @U0ANA"));
        for c in ['\t', '\0', '\u{1B}', '\u{7F}', '\u{85}', '\u{202E}', '\u{200B}', '\u{FDD2}'] {
            assert_eq!(read(ArgKind::Text, &format!("a{c}b")), Err(InvalidReason::Character(c)));
        }
    }

    #[test]
    fn a_choice_is_made_in_any_case_and_spelled_as_specified() {
        let arg = ArgSpec::option("visibility", ArgKind::Choice(vec!["private".into(), "Public".into()]), "");
        assert_eq!(one(&arg, "PUBLIC"), Ok(Value::Text("Public".to_owned())));
        assert_eq!(one(&arg, "_private_"), Ok(Value::Text("private".to_owned())));
        let wrong = |given: &str, suggestion: Option<&str>| {
            assert_eq!(
                one(&arg, given),
                Err(Problem::NotAChoice {
                    arg: "visibility".into(),
                    given: given.into(),
                    choices: vec!["private".into(), "Public".into()],
                    suggestion: suggestion.map(str::to_owned),
                })
            );
        };
        wrong("pubic", Some("Public"));
        wrong("priv", Some("private"));
        wrong("secret", None);
    }

    #[test]
    fn marks_around_a_name_go_where_they_cannot_be_part_of_it() {
        assert_eq!(read(ArgKind::NewRepository, "*widgets*"), ok("widgets"));
        assert_eq!(read(ArgKind::NewRepository, "~widgets~"), ok("widgets"));
        assert_eq!(read(ArgKind::NewRepository, "_widgets_"), ok("_widgets_"));
        assert_eq!(read(ArgKind::Organization, "*_acme_*"), ok("acme"));
        assert_eq!(read(ArgKind::Text, "*widgets*"), ok("*widgets*"));
    }
}
