//! Bad files, and what people are told about them.

use super::{LEAST, read};

/// What is said about the least configuration with these changes.
fn said(changes: &[(&str, &str)]) -> String {
    let mut text = LEAST.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    match read(&text) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

/// The least configuration with more at its end.
fn with(more: &str) -> String {
    said(&[("[orgs.acme]\n", &format!("[orgs.acme]\n{more}"))])
}

#[test]
fn nothing_at_all() {
    insta::assert_snapshot!(read("").unwrap_err());
}

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(said(&[
        ("bot_token", "bot_tokn"),
        ("[github]", "listn = []\npublic_url = \"https://a.example\"\ncolour = 1\n[github]"),
    ]));
}

#[test]
fn sections_that_nothing_reads() {
    insta::assert_snapshot!(with(
        "[auth_plugins.approval]\nchannel = \"C0APPROVALS\"\n\
         [device_sources.jamf]\nurl = \"https://x.example\"\n[comands.CreateRepo]\nhidden = true\n"
    ));
}

#[test]
fn notifications_that_nobody_would_hear_of() {
    let said = with(
        "[notifications]\nsecret = { env = \"GITHUB_TOKEN\" }\nescalate_after = \"30d\"\nkeep = \"2d\"\n",
    );
    insta::assert_snapshot!(said);
    let outside = with(
        "[notifications]\nchannel = \"#security\"\n[notifications.webhook]\nurl = \"http://siem.example.com\"\n",
    );
    insta::assert_snapshot!(outside);
}

#[test]
fn directories_that_could_not_be_reached() {
    let scim = "[directory.scim]\ntokens = { okta = { env = \"GITHUB_TOKEN\" }, b = \"plain\" }\n";
    insta::assert_snapshot!(with(scim));
    insta::assert_snapshot!(with(
        "[web]\npublic_url = \"https://a.example\"\n[directory.scim]\ntokens = {}\n"
    ));
    insta::assert_snapshot!(with(
        "[directory]\nevery = \"1s\"\n[directory.okta]\nurl = \"https://example.okta.com/api/v1\"\n\
         token = \"plain\"\n[directory.google]\nkey = { env = \"GITHUB_TOKEN\" }\nsubject = \"admin\"\n\
         github_login = \"github\"\n"
    ));
    insta::assert_snapshot!(with(
        "[directory.http]\nurl = \"http://people.example.com/all?size=5#top\"\nformat = \"xml\"\n\
         paging = { cursor = \"next\" }\nscheme = \"Token x\"\nname = \" \"\n\
         [directory.http.fields]\nemale = \"/mail\"\nid = \"number\"\nshoe_size = \"/shoes\"\n"
    ));
    insta::assert_snapshot!(with(
        "[directory.csv]\nseparator = \";;\"\nheaders = { email = 3 }\n\
         [directory.webhook]\nurl = \"https://people.example.com/hook\"\nsecrets = [{ env = \"GITHUB_TOKEN\" }, \"x\"]\n"
    ));
    insta::assert_snapshot!(with(
        "[directory.webhook]\nurl = \"https://people.example.com/hook\"\nsecrets = []\n"
    ));
}

#[test]
fn a_glass_that_nobody_could_break() {
    insta::assert_snapshot!(with("[break_glass]\npeople = [\"U1\", \"@ana\"]\n"), @r#"
    config.toml:10:2: It takes the passkeys of two people to break the glass, and there are none here.
      10 | [break_glass]
         |  ^^^^^^^^^^^
      cure: Add `[auth_plugins.passkey]`, or remove this section.

    config.toml:10:2: Nobody would hear that the glass was broken: there is no `slack.alarm_channel`.
      10 | [break_glass]
         |  ^^^^^^^^^^^
      cure: Add `alarm_channel = "C0123ABCD"` to `[slack]`, or remove this section.

    config.toml:11:17: `@ana` in `people` is no person's id.
      11 | people = ["U1", "@ana"]
         |                 ^^^^^^
      cure: Write the id, such as `U0123ABCD`: in Slack, open the person's profile, then the three dots, then Copy member ID.
    "#);
    let passkeys = "[auth_plugins.passkey]\n[web]\npublic_url = \"https://hub.example.com\"\n";
    insta::assert_snapshot!(
        said(&[
            ("[slack]", "[slack]\nalarm_channel = \"C0SECURITY\""),
            ("[orgs.acme]\n", &format!("[orgs.acme]\n{passkeys}[break_glass]\npeople = [\"U1\", \"U1\"]\n")),
        ]),
        @r#"
        config.toml:15:10: It takes two different people to break the glass.
          15 | people = ["U1", "U1"]
             |          ^^^^^^^^^^^^
          cure: Name two or more; three, so that one may be away.
        "#
    );
}

#[test]
fn a_server_of_osquery_that_others_could_listen_to() {
    let osquery = |more: &str| {
        with(&format!("[device_sources.osquery]\nenroll_secret = {{ env = \"SLACK_BOT_TOKEN\" }}\n{more}"))
    };
    insta::assert_snapshot!(osquery("listen = \"0.0.0.0:8443\"\ninterval = \"5s\"\nrefresh_within = \"5m\"\n"), @r#"
    config.toml:11:17: `enroll_secret` has fewer than 24 characters, so it could be guessed.
      11 | enroll_secret = { env = "SLACK_BOT_TOKEN" }
         |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      cure: Make a longer one, for example with `openssl rand -base64 32`, and put it on the computers too.

    config.toml:12:10: Without a certificate everybody on the way could read the secret with which computers enrol.
      12 | listen = "0.0.0.0:8443"
         |          ^^^^^^^^^^^^^^
      cure: Add `certificate` and `private_key`, or listen on 127.0.0.1 behind a proxy that has them.

    config.toml:13:12: `interval` must be a minute to a day.
      13 | interval = "5s"
         |            ^^^^
      cure: Write, for example, `interval = "1h"`.

    config.toml:14:18: `refresh_within` must be a second to a minute.
      14 | refresh_within = "5m"
         |                  ^^^^
      cure: Write, for example, `refresh_within = "30s"`.
    "#);
    insta::assert_snapshot!(osquery("listen = \"0.0.0.0:8443\"\ncertificate = \"a.crt\"\n"), @r#"
    config.toml:11:17: `enroll_secret` has fewer than 24 characters, so it could be guessed.
      11 | enroll_secret = { env = "SLACK_BOT_TOKEN" }
         |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      cure: Make a longer one, for example with `openssl rand -base64 32`, and put it on the computers too.

    config.toml:13:1: `certificate` is there without `private_key`.
      13 | certificate = "a.crt"
         | ^^^^^^^^^^^
      cure: Add `private_key`, or remove this line and listen on 127.0.0.1 behind a proxy that has them.
    "#);
    insta::assert_snapshot!(
        osquery(
            "listen = \"127.0.0.1:8443\"\n[device_sources.osquery.owners]\n\"None\" = \"ana@acme.example\"\n\
             ZZ73 = [\"ana@acme.example\", \"ana\"]\nZZ74 = \"ana@acme.example\"\n"
        ),
        @r#"
    config.toml:11:17: `enroll_secret` has fewer than 24 characters, so it could be guessed.
      11 | enroll_secret = { env = "SLACK_BOT_TOKEN" }
         |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      cure: Make a longer one, for example with `openssl rand -base64 32`, and put it on the computers too.

    config.toml:13:25: `None` is no serial number that tells one computer from another.
      13 | [device_sources.osquery.owners]
         |                         ^^^^^^
      cure: Write `"SERIAL" = "ana@example.com"`, or a list of such addresses.

    config.toml:13:25: The computer `ZZ73` has an owner that is no e-mail address.
      13 | [device_sources.osquery.owners]
         |                         ^^^^^^
      cure: Write `"SERIAL" = "ana@example.com"`, or a list of such addresses.
    "#
    );
}

#[test]
fn sources_of_devices_that_would_not_say_what_is_meant() {
    let token = "{ env = \"SLACK_BOT_TOKEN\" }";
    insta::assert_snapshot!(with(&format!(
        "[device_sources.landesk]\nhost = \"sql.acme.example\"\ndatabase = \"LDMS\"\nuser = \"reader\"\n\
         password = {token}\ntls = false\nca = \"ca.pem\"\n\
         [device_sources.google]\nkey = {token}\nsubject = \"admin@acme.example\"\nlists = [\"phones\"]\n\
         antivirus = \"firewal\"\noldest_patch_days = 0\n\
         [device_sources.fleet]\nurl = \"https://fleet.acme.example\"\ntoken = {token}\n\
         policies = {{ \"Falcon runs\" = \"falcon\", \"Firewall on\" = 1 }}\n"
    )), @r#"
    config.toml:15:7: `ca` names an authority for TLS, which `tls` switches off.
      15 | tls = false
         |       ^^^^^
      cure: Remove one of the two.

    config.toml:15:7: Without TLS the password would travel to another machine in the clear.
      15 | tls = false
         |       ^^^^^
      cure: Remove this line, and name in `ca` the authority if this machine does not trust it.

    config.toml:20:10: `lists` takes `"mobile"`, `"chromeos"`, `"identity"` and nothing else.
      20 | lists = ["phones"]
         |          ^^^^^^^^
      cure: Remove it. For example, `lists = ["mobile", "chromeos"]`.

    config.toml:21:13: There is no practice `firewal`.
      21 | antivirus = "firewal"
         |             ^^^^^^^^^
      cure: Write `"firewall"`.

    config.toml:22:21: `oldest_patch_days` must be a whole number from 1 to 3650.
      22 | oldest_patch_days = 0
         |                     ^
      cure: Write, for example, `oldest_patch_days = 120`.

    config.toml:26:1: The policy of Fleet `Falcon runs` names `falcon`, which is no practice.
      26 | policies = { "Falcon runs" = "falcon", "Firewall on" = 1 }
         | ^^^^^^^^
      cure: Name one that docs/devices.md lists, or add `[practices.falcon]`.

    config.toml:26:1: The policy of Fleet `Firewall on` names no practice.
      26 | policies = { "Falcon runs" = "falcon", "Firewall on" = 1 }
         | ^^^^^^^^
      cure: Write `"Firewall on (macOS)" = "firewall"`.
    "#);
    insta::assert_snapshot!(with(&format!(
        "[device_sources.jamf]\nurl = \"https://acme.jamfcloud.com\"\nclient_id = \"1\"\nclient_secret = {token}\n\
         token_path = \"oauth\"\ninventory = \"v2\"\n\
         [device_sources.jamf.attributes]\nscreenlock = {{ name = \"Lock\", god = [\"On\"] }}\n"
    )), @r#"
    config.toml:14:14: `token_path` is no path.
      14 | token_path = •••••••
         |              ^^^^^^^
      cure: Write it as `"/api/v1/oauth/token"`.

    config.toml:15:13: `inventory` must be `"v4"` or `"v3"` or `"v1"`.
      15 | inventory = "v2"
         |             ^^^^
      cure: Write `inventory = "v4"`.

    config.toml:16:22: The extension attributes cannot be read: unknown field `god`, expected one of `name`, `good`, `bad`.
      16 | [device_sources.jamf.attributes]
         |                      ^^^^^^^^^^
      cure: Write, for example, `screenlock = { name = "Screen Saver Lock Enabled", good = ["Enabled"] }`; docs/devices.md lists what can be set.
    "#);
}

#[test]
fn secrets_in_plain_text() {
    let said = said(&[
        ("{ env = \"SLACK_BOT_TOKEN\" }", "\"xoxb-real-and-secret\""),
        ("{ env = \"GITHUB_TOKEN\" }", "'0123456789abcdef'"),
        ("[slack]", "[store]\nurl = \"postgres://me:hunter22@db.example.com/hub\"\n[slack]"),
    ]);
    for secret in ["real-and-secret", "0123456789abcdef", "hunter22"] {
        assert!(!said.contains(secret), "{said}");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn secrets_that_are_not_there() {
    insta::assert_snapshot!(said(&[
        ("\"SLACK_BOT_TOKEN\"", "\"NOT_SET\""),
        ("env = \"SLACK_APP_TOKEN\"", "file = \"no/such/file\""),
        ("{ env = \"GITHUB_TOKEN\" }", "{ command = [\"false\"] }"),
    ]));
}

#[test]
fn secrets_that_cannot_be_right() {
    insta::assert_snapshot!(said(&[
        ("SLACK_BOT_TOKEN", "SLACK_APP_SWAP"),
        ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_APP_SWAP", "SLACK_APP_TOKEN"),
        ("GITHUB_TOKEN", "QUOTED"),
    ]));
    insta::assert_snapshot!(said(&[
        (
            "[github]\ntoken = { env = \"GITHUB_TOKEN\" }",
            "[github.app]\nid = 1\nprivate_key = { env = \"GITHUB_TOKEN\" }"
        ),
        ("SLACK_BOT_TOKEN", "GITHUB_TOKEN"),
        ("SLACK_APP_TOKEN", "EMPTY"),
    ]));
}

#[test]
fn secrets_in_odd_shapes() {
    insta::assert_snapshot!(said(&[
        ("{ env = \"SLACK_BOT_TOKEN\" }", "{ env = \"A\", file = \"b\" }"),
        ("{ env = \"SLACK_APP_TOKEN\" }", "{ command = \"echo xapp\" }"),
        ("{ env = \"GITHUB_TOKEN\" }", "{ vault = \"x\" }"),
    ]));
    insta::assert_snapshot!(said(&[
        ("{ env = \"SLACK_BOT_TOKEN\" }", "true"),
        ("{ env = \"SLACK_APP_TOKEN\" }", "{}"),
        ("{ env = \"GITHUB_TOKEN\" }", "{ command = [] }"),
    ]));
}

#[test]
fn values_of_the_wrong_shape() {
    insta::assert_snapshot!(said(&[
        (
            "[github]",
            "pacing = \"yes\"\nconnections = 11\nlisten = \"C0DEV\"\nalarm_channel = 5\n[github]\nunclear_wait = 11",
        ),
        (
            "[orgs.acme]",
            "[web]\nlisten = \"localhost:8080\"\npublic_url = \"hub.example.com\"\n[log]\nformat = \"jsn\"\n\
             filter = \"hubcommander=loud\"\n[orgs]\nother = 1\n[orgs.acme]\nnew_repo_teams = [\"employees\"]",
        ),
    ]));
}

#[test]
fn addresses() {
    insta::assert_snapshot!(said(&[
        ("[slack]", "[store]\nurl = \"mysql://x\"\n[slack]\napi_url = \"http://slack.com/api\""),
        ("[github]", "[github]\napi_url = \"https://me:pw@github.example.com?x=1\"\nunclear_wait = \"2s\""),
        ("[orgs.acme]", "[web]\npublic_url = \"http://localhost.example.com\"\n[orgs.acme]"),
    ]));
    insta::assert_snapshot!(said(&[("[slack]", "[store]\nurl = \"sqlite::memory:\"\n[slack]")]));
    // What the client would refuse is not taken here.
    let dotted = said(&[("[slack]", "[slack]\napi_url = \"http://localhost.:9/api\"")]);
    assert!(dotted.contains("plain http to another machine"), "{dotted}");
    // Loopback may be plain, and answers quickly.
    assert_eq!(
        said(&[
            ("[slack]", "[slack]\napi_url = \"http://127.0.0.1:9/api\""),
            ("[github]", "[github]\napi_url = \"http://localhost:9\"\nunclear_wait = \"50ms\"")
        ]),
        "nothing is wrong"
    );
}

#[test]
fn an_account_at_travis() {
    let said = with(
        "[travis]\napi_url = \"http://api.travis-ci.com\"\ntoken = { env = \"GITHUB_TOKEN\" }\nsync_wait = \"2m\"\n",
    );
    for words in [
        "config.toml:11:11: `api_url` is plain http to another machine",
        "config.toml:12:9: `token` is a token of Slack or GitHub.",
        "config.toml:13:13: `sync_wait` is longer than the 50 s that one try of a step has.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = with("[travis]\n");
    assert!(said.contains("`[travis]` has no `token`."), "{said}");
    assert!(said.contains("Add `token = { env = \"TRAVIS_TOKEN\" }`."), "{said}");
}

#[test]
fn channels() {
    insta::assert_snapshot!(said(&[(
        "[github]",
        "listen = [\"#general\", \"C0DEV\"]\nignore = [\"C0DEV\", \"c0dev\"]\nalarm_channel = \"U0ANA\"\n[github]"
    )]));
}

#[test]
fn organisations() {
    insta::assert_snapshot!(with(
        "aliases = [\"a\", \"oss\", \"ACME\"]\n[orgs.acme-oss]\naliases = [\"A\", \"acme\", \"two words\"]\n\
         [orgs.Acme]\n[orgs.\"acme/sub\"]\n[orgs.other]\naliases = [\"acme-OSS\"]\n"
    ));
    insta::assert_snapshot!(said(&[("[orgs.acme]", "[orgs]")]));
}

#[test]
fn teams() {
    insta::assert_snapshot!(with(
        "new_repo_teams = [\n  { name = \"All Employees\", permission = \"write\" },\n  \
         { name = \"acme/bots\", permission = \"puhs\" },\n  { name = \"ops\", permission = \"\" },\n  \
         { name = \"ops\", permission = \"Release manager\" },\n  { nam = \"x\" },\n]\n\
         collab_validation_teams = [\"@staff\"]\n"
    ));
}

#[test]
fn commands() {
    insta::assert_snapshot!(with(
        "[commands.CreatRepo]\n[commands.Frobnicate]\n[commands.CreateRepo]\nauth = [\"duo\", \"Confirm\"]\n\
         enabeld = false\n[commands.createrepo]\nhidden = true\n[commands.Repeat]\ngreting = \"Hi\"\n[commands]\n"
    ));
    insta::assert_snapshot!(with(
        "[commands.Repeat]\ngreeting = \"Hello\"\n[commands.ListOrgs]\ngreeting = \"Hi\"\n"
    ));
}

#[test]
fn settings_of_single_commands() {
    insta::assert_snapshot!(with(
        "[commands.CreateRepo]\npermitted_permissions = 3\npermitted_visibilities = [\"publik\", \"secret\", 1]\n\
         [commands.repeat]\ngreeting = 1\ntimes = 10\nloud = \"yes\"\ntone = \"sterm\"\n"
    ));
    insta::assert_snapshot!(with("[commands.CreateRepo]\npermitted_visibilities = []\n"));
}

#[test]
fn profiles_of_protection() {
    insta::assert_snapshot!(with(
        "[protection.standard]\nkind = \"clasic\"\nreviews = -1\nchecks = [\"a\", \"a\", \"\"]\nadmin = true\n\
         [protection.Off]\n[protection.\"two words\"]\n[protection.STANDARD]\nup_to_date = true\n\
         [protection.rules]\nkind = \"ruleset\"\ncode_owners = true\nconversation_resolution = true\n\
         [commands.SetBranchProtection]\ndefault_profile = \"standart\"\n[protection]\nother = 1\n"
    ));
    insta::assert_snapshot!(with("[commands.SetBranchProtection]\ndefault_profile = \"strict\"\n"));
    assert_eq!(
        with("[protection.lax]\nreviews = 0\n[commands.setbranchprotection]\ndefault_profile = \"Lax\"\n"),
        "nothing is wrong"
    );
}

#[test]
fn github_credentials() {
    insta::assert_snapshot!(said(&[("token = { env = \"GITHUB_TOKEN\" }", "")]));
    insta::assert_snapshot!(said(&[("[orgs", "app = { id = 0, private_key = { env = \"KEY\" } }\n[orgs")]));
    insta::assert_snapshot!(said(&[(
        "token = { env = \"GITHUB_TOKEN\" }",
        "app = { private_key = { env = \"KEY\" } }"
    )]));
}

#[test]
fn syntax() {
    insta::assert_snapshot!(said(&[
        ("[github]", "alarm_channel = C0SECURITY\n[github"),
        ("app_token =", "app_token"),
    ]));
    let said = said(&[
        ("{ env = \"SLACK_BOT_TOKEN\" }", "xoxb-real-and-secret"),
        ("{ env = \"GITHUB_TOKEN\" }", "hunter22 is my token"),
    ]);
    assert!(!said.contains("real-and-secret") && !said.contains("hunter22"), "{said}");
    insta::assert_snapshot!(said);
    insta::assert_snapshot!(with(
        "aliases = [\"a\"]\naliases = [\"b\"]\n[slack]\n[orgs.two]\ndescription = \"open\n"
    ));
}

#[test]
fn a_key_pasted_into_the_file_is_not_shown_again() {
    let (begin, end) = ("BEGIN", "END");
    let body = "MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun";
    let pem =
        format!("\"\"\"\n-----{begin} RSA PRIVATE KEY-----\n{body}\n-----{end} RSA PRIVATE KEY-----\n\"\"\"");
    for broken in [pem.clone(), pem.replace("\"\"\"", "\""), pem.replace("\"\"\"", "")] {
        let to = format!("app = {{ id = 1, private_key = {broken} }}");
        let said = said(&[("token = { env = \"GITHUB_TOKEN\" }", &to)]);
        assert!(!said.contains("MIIEow") && said.contains("cure:"), "{said}");
    }
}

#[test]
fn accounts_at_duo() {
    let said = with(
        "[auth_plugins.duo.example]\napi_url = \"https://duo.example/auth\"\n\
         integration_key = { env = \"QUOTED\" }\nsecret_key = { env = \"EMPTY\" }\ndeadline = \"2s\"\n\
         [auth_plugins.duo.\"Example.com\"]\n[auth_plugins.duo.\"example.com\"]\n",
    );
    for words in [
        "`example` is no domain of e-mail addresses.",
        "`api_url` has more in it than a host.",
        "`integration_key` holds characters that no key of Duo has.",
        "`deadline` is too short to look at a phone",
        "`example.com` and `Example.com` are one domain: case does not count.",
        "`[auth_plugins.duo.Example.com]` has no `api_url`.",
        "Add `secret_key = { env = \"DUO_SKEY\" }`.",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("with quotes"), "{said}");
}

#[test]
fn passkeys_where_browsers_offer_none() {
    let said = with("[auth_plugins.passkey]\n");
    assert!(said.contains("`web.public_url` does not say where it is."), "{said}");
    for bad in ["https://10.0.0.1", "https://hub.example.com/below", "http://127.0.0.1:8080"] {
        let said = with(&format!("[auth_plugins.passkey]\n[web]\npublic_url = \"{bad}\"\n"));
        assert!(said.contains("Browsers offer no passkeys at this `public_url`."), "{bad}: {said}");
    }
    let said = with("[auth_plugins.passkey]\n[web]\npublic_url = \"https://hub.example.com\"\n");
    assert_eq!(said, "nothing is wrong");
}

#[test]
fn farewells_that_nobody_would_hear_of() {
    insta::assert_snapshot!(with("[farewell]\nmost = 0\nmost_percent = 101\ngrace = \"soon\"\n"), @r#"
    config.toml:10:2: Nobody would hear who is let go: there is neither a `channel` here nor a `slack.alarm_channel`.
      10 | [farewell]
         |  ^^^^^^^^
      cure: Add `channel = "C0123ABCD"`, or remove this section.

    config.toml:11:8: `most` must be a whole number from 1 to 100000.
      11 | most = 0
         |        ^
      cure: Write, for example, `most = 25`.

    config.toml:12:16: `most_percent` must be a whole number from 1 to 100.
      12 | most_percent = 101
         |                ^^^
      cure: Write, for example, `most_percent = 2`.

    config.toml:13:9: `grace` must be a length of time, such as `"14d"` or `"12h"`.
      13 | grace = "soon"
         |         ^^^^^^
      cure: Write, for example, `grace = "24h"`.
    "#);
    insta::assert_snapshot!(with("[farewell]\nchannel = \"#security\"\n"), @r##"
    config.toml:11:11: `#security` in `channel` is no channel id.
      11 | channel = "#security"
         |           ^^^^^^^^^^^
      cure: Write the id, such as `C0123ABCD`: in Slack, open the channel's details; it stands at the bottom.
    "##);
}
