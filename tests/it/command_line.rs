//! The program as it is started, with what it prints and how it ends.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the program in a folder, without any of our variables but these.
fn hubcommander(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubcommander"));
    for name in ["HUBCOMMANDER_CONFIG", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITHUB_TOKEN"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).current_dir(folder).args(words).output().unwrap()
}

fn said(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

const SHIPPED: &str = include_str!("../../config.toml");

/// Everything set and nothing listening: loopback, ports that nobody uses.
const NOBODY: &str = r#"
[store]
url = "sqlite://data/hub.db"
[slack]
api_url = "http://127.0.0.1:1/api"
bot_token = { env = "MARKED_BOT" }
app_token = { env = "MARKED_APP" }
[github]
api_url = "http://127.0.0.1:1"
token = { env = "MARKED_GITHUB" }
[orgs.acme]
"#;

const MARKED: [(&str, &str); 3] = [
    ("MARKED_BOT", "xoxb-marked-secret-one"),
    ("MARKED_APP", "xapp-marked-secret-two"),
    ("MARKED_GITHUB", "marked secret three without a known look"),
];

#[test]
fn version_help_and_manifest_need_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (out, _, code) = said(&hubcommander(folder.path(), &["--version"], &[]));
    assert_eq!((out.trim(), code), (concat!("hubcommander ", env!("CARGO_PKG_VERSION")), Some(0)));
    let (out, _, code) = said(&hubcommander(folder.path(), &["help", "plan"], &[]));
    assert!(out.contains("--as <USER_ID>") && code == Some(0), "{out}");
    let (out, _, code) = said(&hubcommander(folder.path(), &["manifest"], &[]));
    let manifest: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    assert_eq!(code, Some(0));
}

#[test]
fn the_directory_is_listed_believed_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let with =
        |more: &str| std::fs::write(folder.path().join("config.toml"), format!("{NOBODY}{more}")).unwrap();
    let tokens = [MARKED[0], MARKED[1], ("MARKED_GITHUB", "ghp_marked")];
    let run = |words: &[&str]| said(&hubcommander(folder.path(), words, &tokens));
    with("");
    let (out, err, code) = run(&["directory", "list"]);
    assert_eq!(
        (out.as_str(), code),
        ("No directory is set up; docs/directory.md leads through each.\n", Some(0)),
        "{err}"
    );
    let (out, _, code) = run(&["directory", "forget", "csv"]);
    assert_eq!(
        (out.as_str(), code),
        ("the CSV file is not set up. What was kept of it is forgotten: 0 records.\n", Some(0))
    );
    let (_, err, code) = run(&["directory", "believe", "okta"]);
    assert!(err.contains("Okta is not set up.") && err.contains("cure:") && code == Some(1), "{err}");
    let (_, err, code) = run(&["directory", "believe", "workday"]);
    assert!(err.contains("possible values") && code == Some(2), "{err}");
    with("[directory.csv]\npath = \"people.csv\"\n");
    let (out, _, _) = run(&["directory", "list"]);
    assert_eq!(out, "the CSV file: not read yet\n");
    let (out, _, code) = run(&["directory", "believe", "csv"]);
    assert!(out.starts_with("the CSV file: However many are gone") && code == Some(0), "{out}");
    let (out, _, code) = run(&["directory", "forget", "csv"]);
    assert!(
        out.starts_with("the CSV file: Its next reading counts as the first") && code == Some(0),
        "{out}"
    );
}

#[test]
fn a_wrong_line_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let (_, err, code) = said(&hubcommander(folder.path(), &["chek"], &[]));
    assert!(err.contains("'check'") && code == Some(2), "{err}");
}

#[test]
fn without_a_configuration_it_says_where_to_put_one() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&[][..], &["run"], &["plan", "!ListOrgs", "--as", "U0ANA"]] {
        let (out, err, code) = said(&hubcommander(folder.path(), words, &[]));
        assert!(err.starts_with("config.toml: The file cannot be read"), "{err}");
        assert!(err.contains("hubcommander: 1 problem in the configuration.") && out.is_empty(), "{err}");
        assert_eq!(code, Some(1));
    }
    let elsewhere = [("HUBCOMMANDER_CONFIG", "elsewhere.toml")];
    let (_, err, _) = said(&hubcommander(folder.path(), &["run"], &elsewhere));
    assert!(err.starts_with("elsewhere.toml: "), "{err}");
    let (_, err, _) = said(&hubcommander(folder.path(), &["run", "--config", "line.toml"], &elsewhere));
    assert!(err.starts_with("line.toml: "), "{err}");
}

#[test]
fn the_shipped_file_is_refused_by_run_and_told_by_check() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), SHIPPED).unwrap();
    let (_, err, code) = said(&hubcommander(folder.path(), &["run"], &[]));
    assert!(err.contains("still the one for the sandbox") && err.contains("`SLACK_BOT_TOKEN`"), "{err}");
    assert!(err.contains("hubcommander: 4 problems in the configuration."), "{err}");
    assert_eq!(code, Some(1));
    let (out, _, code) = said(&hubcommander(folder.path(), &["check"], &[]));
    assert!(out.starts_with("⛔ Configuration: 4 problems") && out.contains("✅ Store: "), "{out}");
    assert_eq!(code, Some(1));
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let mut printed = String::new();
    for (text, variables) in [
        (NOBODY.to_owned(), &MARKED[..]),
        // In plain text, and in text that is no TOML.
        (NOBODY.replace("{ env = \"MARKED_BOT\" }", "\"xoxb-marked-secret-one\""), &MARKED),
        (NOBODY.replace("{ env = \"MARKED_GITHUB\" }", "marked secret three"), &MARKED),
        // Swapped.
        (NOBODY.replace("MARKED_BOT", "MARKED_APP"), &MARKED),
    ] {
        std::fs::write(&file, text).unwrap();
        for words in [&["check"][..], &["run"], &["plan", "!ListOrgs", "--as", "U0ANA"]] {
            let (out, err, code) = said(&hubcommander(folder.path(), words, variables));
            assert_eq!(code, Some(1), "{words:?} {out} {err}");
            printed = printed + &out + &err;
        }
    }
    // A token that looks like nothing known goes the whole way, to servers that are not there.
    std::fs::write(&file, NOBODY).unwrap();
    let odd = [MARKED[0], MARKED[1], ("MARKED_GITHUB", "marked-secret-three")];
    let (out, err, code) = said(&hubcommander(folder.path(), &["check"], &odd));
    assert!(
        out.contains("✅ Configuration") && out.contains("⛔ GitHub, account") && code == Some(1),
        "{out}"
    );
    printed = printed + &out + &err;
    assert!(!printed.contains("marked secret") && !printed.contains("marked-secret"), "{printed}");
    assert!(printed.contains("127.0.0.1"), "{printed}");
}

#[test]
fn the_first_run_writes_files_that_the_second_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Command::new(env!("CARGO_BIN_EXE_hubcommander"))
        .arg("init")
        .current_dir(folder.path())
        .env_remove("HUBCOMMANDER_CONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let answers = "acme\nsecurity-team\nC0APPROVALS\nC0SECURITY\n\n\n";
    first.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let (out, err, code) = said(&first.wait_with_output().unwrap());
    assert!(
        out.contains("Written and read: config.toml, policy.cedar, obligations.cedar") && code == Some(0),
        "{err}"
    );
    let tokens = [
        ("SLACK_BOT_TOKEN", "xoxb-one-two-three"),
        ("SLACK_APP_TOKEN", "xapp-one-two-three"),
        ("GITHUB_TOKEN", "ghp_one_two_three"),
    ];
    let (out, err, code) = said(&hubcommander(folder.path(), &["policy", "check", "--offline"], &tokens));
    assert!(out.contains("✅ policy.cedar: ") && code == Some(0), "{out}{err}");
    let (out, _, code) = said(&hubcommander(folder.path(), &["policy", "schema"], &tokens));
    assert!(out.contains("entity Person in [Group, GitHubTeam]") && code == Some(0), "{out}");
    // A slip of the pen is pointed at.
    let policy = folder.path().join("policy.cedar");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text.replacen("Kind::\"member\"", "Kind::\"membre\"", 1)).unwrap();
    let (out, err, code) = said(&hubcommander(folder.path(), &["policy", "check", "--offline"], &tokens));
    assert!(err.starts_with("policy.cedar:") && err.contains("^^^") && out.is_empty(), "{err}");
    assert!(err.ends_with("hubcommander: 1 problem in the policies.\n") && code == Some(1), "{err}");
    // Once is enough.
    let (_, err, code) = said(&hubcommander(folder.path(), &["init"], &[]));
    assert!(err.contains("is there already") && code == Some(1), "{err}");
}
