//! Lines and what commands make of them.

use chatline::{ArgKind, ArgSpec, Args, Grammar, InvalidReason, Problem, Value, mention, render};

fn choice(choices: &[&str]) -> ArgKind {
    ArgKind::Choice(choices.iter().map(|&choice| choice.to_owned()).collect())
}

/// One argument of each kind and form.
pub fn create_repo() -> Vec<ArgSpec> {
    vec![
        ArgSpec::positional("org", ArgKind::Organization, "Where"),
        ArgSpec::positional("repo", ArgKind::NewRepository, "Its name"),
        ArgSpec::positional("reviewer", ArgKind::Login, "Who looks at it").optional().repeated(),
        ArgSpec::option("description", ArgKind::Text, "What it is"),
        ArgSpec::option("homepage", ArgKind::Url, "Where it lives"),
        ArgSpec::option("visibility", choice(&["private", "public", "Internal"]), "Who sees it"),
        ArgSpec::option("team", ArgKind::TeamPermission, "Who may do what").repeated(),
        ArgSpec::option("template", ArgKind::FullRepository, "What it starts from"),
        ArgSpec::option("topics", ArgKind::Topics, "What it is about"),
        ArgSpec::option("default-branch", ArgKind::Branch, "The main branch"),
        ArgSpec::option("owner", ArgKind::Person, "Who answers for it"),
        ArgSpec::option("days", ArgKind::Number, "How long"),
        ArgSpec::option("for", ArgKind::Duration, "How long"),
        ArgSpec::option("also", ArgKind::Repositories, "Which others"),
        ArgSpec::flag("dry-run", "Show the plan and do nothing"),
    ]
}

/// Text to the end, with options before it.
pub fn announce() -> Vec<ArgSpec> {
    vec![
        ArgSpec::positional("org", ArgKind::Organization, "Where"),
        ArgSpec::rest("text", ArgKind::Text, "What to say"),
        ArgSpec::option("team", ArgKind::Team, "To whom"),
        ArgSpec::flag("dry-run", "Show the plan and do nothing"),
    ]
}

pub fn repeat() -> Vec<ArgSpec> {
    vec![ArgSpec::rest("text", ArgKind::Text, "What to say")]
}

fn parse(specs: &[ArgSpec], line: &str) -> Result<Args, Problem> {
    Grammar::new(specs).expect("a sound specification").parse(line)
}

fn create(line: &str) -> Result<Args, Problem> {
    parse(&create_repo(), line)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn words_become_typed_arguments() {
    let line = format!(
        "acme widgets --description \"The 'best' widgets\" --homepage=https://acme.example --visibility PUBLIC \
         --team Employees=push --team bots=PULL --template acme/templates --topics \"Rust, slack\" \
         --default-branch main --owner {} --days -3 --dry-run",
        mention("U0ANA").unwrap()
    );
    let args = create(&line).unwrap();
    assert_eq!(args.text("org"), Some("acme"));
    assert_eq!(args.text("repo"), Some("widgets"));
    assert_eq!(args.text("reviewer"), None);
    assert_eq!(args.text("description"), Some("The 'best' widgets"));
    assert_eq!(args.text("homepage"), Some("https://acme.example"));
    assert_eq!(args.text("visibility"), Some("public"));
    assert_eq!(args.list("team"), ["employees=push", "bots=pull"]);
    assert_eq!(args.text("template"), Some("acme/templates"));
    assert_eq!(args.list("topics"), ["rust", "slack"]);
    assert_eq!(args.text("default-branch"), Some("main"));
    assert_eq!(args.text("owner"), Some("U0ANA"));
    assert_eq!(args.number("days"), Some(-3));
    assert!(args.flag("dry-run"));
    assert_eq!(
        create("acme widgets ana-lima sam-okafor").unwrap().list("reviewer"),
        ["ana-lima", "sam-okafor"]
    );
    assert_eq!(create("acme widgets").unwrap().0.len(), 2);
}

#[test]
fn options_are_forgiving_in_their_spelling_and_place() {
    for line in [
        "--dry-run acme widgets",
        "acme --DRY_RUN widgets",
        "acme widgets --Dry-Run",
        "acme widgets -dry-run",
        "acme widgets ---dry_run",
        "acme widgets --dry-run --dry-run",
        "acme widgets\n--dry-run\nthanks",
    ] {
        assert!(create(line).unwrap().flag("dry-run"), "{line:?}");
    }
    let branch = |line| create(line).unwrap().text("default-branch").map(str::to_owned);
    assert_eq!(branch("acme widgets --Default_Branch=main"), some("main"));
    assert_eq!(branch("--default_branch \"main\" acme widgets"), some("main"));
}

#[test]
fn quotes_and_two_hyphens_make_a_value_of_what_looks_like_an_option() {
    let description = |line| create(line).unwrap().text("description").map(str::to_owned);
    assert_eq!(description("acme widgets --description \"--dry-run\""), some("--dry-run"));
    assert_eq!(description("acme widgets --description=--dry-run"), some("--dry-run"));
    assert_eq!(description("acme widgets --description=a=b"), some("a=b"));
    assert_eq!(description("acme widgets --description -"), some("-"));
    assert_eq!(description("acme widgets --description -5%"), some("-5%"));
    assert_eq!(description("acme widgets --description \"\""), some(""));
    assert_eq!(description("acme widgets --description="), some(""));
    assert_eq!(create("acme widgets --homepage \"\"").unwrap().text("homepage"), Some(""));
    // What is not an option still has to be right for its place.
    let invalid = |arg: &str, given: &str, reason| {
        Err(Problem::Invalid { arg: arg.to_owned(), given: given.to_owned(), reason })
    };
    assert_eq!(create("acme widgets -- --dry-run"), invalid("reviewer", "--dry-run", InvalidReason::Form));
    assert_eq!(create("\"--dry-run\" widgets"), invalid("org", "--dry-run", InvalidReason::Form));
    assert!(create("acme \"-widgets\"").is_ok());
    // The mark that keeps such words apart inside is no more let in than any other of its kind.
    assert_eq!(
        create("acme widgets --description \u{FDD2}x"),
        invalid("description", "x", InvalidReason::Character('\u{FDD2}'))
    );
}

#[test]
fn what_is_wrong_is_said_in_our_own_terms() {
    let missing = |arg: &str| Err(Problem::Missing { arg: arg.to_owned() });
    assert_eq!(create(""), missing("org"));
    assert_eq!(create("acme --dry-run"), missing("repo"));
    assert_eq!(create("\nacme widgets"), missing("org"));

    let unknown = |option: &str, suggestion: Option<&str>| {
        Err(Problem::UnknownOption { option: option.into(), suggestion: suggestion.map(str::to_owned) })
    };
    assert_eq!(create("acme widgets --dry-rn"), unknown("--dry-rn", Some("--dry-run")));
    assert_eq!(create("acme widgets --desc=x"), unknown("--desc", Some("--description")));
    assert_eq!(create("acme widgets --frobnicate"), unknown("--frobnicate", None));
    assert_eq!(create("acme widgets -x"), unknown("-x", None));

    let needs = |option: &str| Err(Problem::NeedsValue { option: option.to_owned() });
    assert_eq!(create("acme widgets --description"), needs("--description"));
    assert_eq!(create("acme widgets --Description --dry-run"), needs("--description"));
    assert_eq!(create("acme widgets --default_branch --"), needs("--default-branch"));

    let unexpected = |word: &str, suggestion: Option<&str>| {
        Err(Problem::Unexpected { word: word.into(), suggestion: suggestion.map(str::to_owned) })
    };
    let takes_none = Err(Problem::TakesNoValue { option: "--dry-run".to_owned() });
    assert_eq!(create("acme widgets --dry-run=false"), takes_none);
    assert_eq!(create("acme widgets --DRY_RUN=\"a b\""), takes_none);
    let list = [ArgSpec::positional("org", ArgKind::Organization, ""), ArgSpec::flag("dry-run", "")];
    assert_eq!(parse(&list, "acme dryrun"), unexpected("dryrun", Some("--dry-run")));
    assert_eq!(parse(&list, "acme \"-x y\""), unexpected("-x y", None));
    assert_eq!(parse(&[], "acme"), unexpected("acme", None));
    assert_eq!(parse(&[], &mention("U0ANA").unwrap()), unexpected("@U0ANA", None));

    assert_eq!(
        create("acme widgets --visibility pubic"),
        Err(Problem::NotAChoice {
            arg: "visibility".into(),
            given: "pubic".into(),
            choices: vec!["private".into(), "public".into(), "Internal".into()],
            suggestion: some("public"),
        })
    );
    assert_eq!(create("acme widgets --days 1 --days 2"), Err(Problem::TwiceGiven { arg: "days".to_owned() }));
    assert_eq!(create("acme \"widgets"), Err(Problem::Unclosed { quote: '"', at: 5 }));
    let long = format!("acme {}", "x".repeat(40_000));
    assert_eq!(create(&long), Err(Problem::TooLong { length: 40_005, limit: 4_000 }));
}

#[test]
fn the_first_wrong_argument_is_named() {
    let invalid = |arg: &str, given: &str, reason| {
        Err(Problem::Invalid { arg: arg.to_owned(), given: given.to_owned(), reason })
    };
    assert_eq!(create("acme/widgets"), invalid("org", "acme/widgets", InvalidReason::Character('/')));
    assert_eq!(create("acme ../etc"), invalid("repo", "../etc", InvalidReason::Character('/')));
    assert_eq!(create("acme .."), invalid("repo", "..", InvalidReason::Reserved));
    assert_eq!(create("acme :tada:"), invalid("repo", ":tada:", InvalidReason::Character(':')));
    assert_eq!(create("acme a%2Fb"), invalid("repo", "a%2Fb", InvalidReason::Character('%')));
    assert_eq!(
        create(&format!("acme {}", mention("U0ANA").unwrap())),
        invalid("repo", "@U0ANA", InvalidReason::Person)
    );
    assert_eq!(create("acme widgets --owner @ana"), invalid("owner", "@ana", InvalidReason::NotAPerson));
    assert_eq!(create("acme widgets --days soon"), invalid("days", "soon", InvalidReason::NotANumber));
    assert_eq!(create("acme widgets --topics a_b"), invalid("topics", "a_b", InvalidReason::Character('_')));
}

#[test]
fn help_is_asked_for_in_three_ways() {
    for line in ["help", "HELP", "--help", "-h", "acme --help", "acme widgets -h", "–h", "--Help"] {
        let line = chatline::normalize(line);
        assert_eq!(create(&line), Err(Problem::Help), "{line:?}");
    }
    assert_eq!(parse(&[], "help"), Err(Problem::Help));
    assert_eq!(parse(&repeat(), "--help"), Err(Problem::Help));
    assert_eq!(parse(&announce(), "help"), Err(Problem::Help));
    // These are values.
    assert_eq!(create("acme help").unwrap().text("repo"), Some("help"));
    assert_eq!(create("\"help\" widgets").unwrap().text("org"), Some("help"));
    assert_eq!(create("help widgets").unwrap().text("org"), Some("help"));
    assert_eq!(parse(&repeat(), "help").unwrap().text("text"), Some("help"));
    assert_eq!(parse(&repeat(), "say --help").unwrap().text("text"), Some("say --help"));
}

#[test]
fn the_rest_is_taken_as_it_was_typed() {
    let repeated = |line| parse(&repeat(), line).unwrap().text("text").map(str::to_owned);
    for text in
        ["hello", "a  b", "\"half open", "don't", "--loud hello", "a\n b\n\nc", "\\\"", "# x", "\"a\" 'b'"]
    {
        assert_eq!(repeated(text), some(text), "{text:?}");
    }
    assert_eq!(repeated("  hello \n"), some("hello"));
    assert_eq!(repeated("\nhello"), some("hello"));
    assert_eq!(repeated("-- --help"), some("--help"));
    assert_eq!(repeated(&format!("hi {}", mention("U0ANA").unwrap())), some("hi @U0ANA"));
    assert_eq!(parse(&repeat(), " "), Err(Problem::Missing { arg: "text".into() }));
    assert_eq!(parse(&repeat(), &"é".repeat(4_000)).unwrap().0.len(), 1);
    assert_eq!(parse(&repeat(), &"é".repeat(4_001)), Err(Problem::TooLong { length: 4_001, limit: 4_000 }));
    assert_eq!(
        parse(&repeat(), "a\u{1B}[31mb"),
        Err(Problem::Invalid {
            arg: "text".into(),
            given: "a\u{1B}[31mb".into(),
            reason: InvalidReason::Character('\u{1B}')
        })
    );
}

#[test]
fn options_count_before_the_rest_and_are_text_in_it() {
    let announced = |line: &str| {
        let args = parse(&announce(), line).unwrap();
        let text = |name| args.text(name).map(str::to_owned);
        (text("org"), text("team"), args.flag("dry-run"), text("text"))
    };
    let acme = || some("acme");
    assert_eq!(announced("acme hello  --dry-run"), (acme(), None, false, some("hello  --dry-run")));
    assert_eq!(announced("acme --dry-run hello"), (acme(), None, true, some("hello")));
    assert_eq!(announced("--team x acme \"half open"), (acme(), some("x"), false, some("\"half open")));
    assert_eq!(
        announced("acme --team x --dry_run\n don't\n--x"),
        (acme(), some("x"), true, some("don't\n--x"))
    );
    assert_eq!(announced("acme -- --dry-run"), (acme(), None, false, some("--dry-run")));
    assert_eq!(announced("acme -5 - x"), (acme(), None, false, some("-5 - x")));
    assert_eq!(
        parse(&announce(), "acme --dry-rn hello"),
        Err(Problem::UnknownOption { option: "--dry-rn".into(), suggestion: some("--dry-run") })
    );
    assert_eq!(parse(&announce(), "acme --dry-run"), Err(Problem::Missing { arg: "text".into() }));
    assert_eq!(parse(&announce(), "acme --team"), Err(Problem::NeedsValue { option: "--team".into() }));
}

#[test]
fn the_rest_can_be_of_any_kind() {
    let topics =
        [ArgSpec::positional("repo", ArgKind::Repository, ""), ArgSpec::rest("topics", ArgKind::Topics, "")];
    assert_eq!(parse(&topics, "website rust, slack bots").unwrap().list("topics"), ["rust", "slack", "bots"]);
    let command = [ArgSpec::rest("command", ArgKind::CommandName, "").optional()];
    assert_eq!(parse(&command, "!CreateRepo").unwrap().text("command"), Some("CreateRepo"));
    assert_eq!(parse(&command, ""), Ok(Args::default()));
}

#[test]
fn a_form_goes_the_way_of_a_line() {
    let mut args = Args::default();
    args.set("org", Value::Text("acme".into()));
    args.set("repo", Value::Text("widgets".into()));
    args.set("description", Value::Text("say \"hi\" \\ to C:\\".into()));
    args.set("owner", Value::Text("U0ANA".into()));
    args.set("days", Value::Number(-3));
    args.set("topics", Value::List(Vec::new()));
    args.set("team", Value::List(vec!["employees=push".into(), "bots=pull".into()]));
    args.set("dry-run", Value::Flag(true));
    let line = render(&create_repo(), &args);
    assert_eq!(create(&line), Ok(args), "{line}");
}

#[test]
fn a_form_can_say_what_looks_like_an_option_or_a_cry_for_help() {
    for text in [
        "--dry-run",
        "--dry-run x",
        "--help",
        "-h",
        "-- x",
        "--",
        "-5",
        "- a",
        "help",
        "\"half",
        "a\n--team x",
    ] {
        let mut args = Args::default();
        args.set("text", Value::Text(text.into()));
        assert_eq!(parse(&repeat(), &render(&repeat(), &args)), Ok(args.clone()), "{text:?}");
        args.set("org", Value::Text("help".into()));
        assert_eq!(parse(&announce(), &render(&announce(), &args)), Ok(args), "{text:?}");
    }
}

#[test]
fn a_grammar_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Grammar>();
}
