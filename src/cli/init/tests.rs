//! `init` with answers from a file.

use std::io::Cursor;

use super::*;
use crate::config::{COMMAND_LIMIT, KnownCommand};

fn answered(folder: &Path, force: bool, lines: &[&str]) -> (Result<(), End>, String) {
    let commands: Vec<KnownCommand> =
        app::command_names().into_iter().map(|(name, keys)| KnownCommand::new(name, keys)).collect();
    let surroundings =
        Surroundings { environment: &|_| None, commands: &commands, command_limit: COMMAND_LIMIT };
    let options = InitOptions { folder: folder.to_owned(), force };
    let mut printed = Vec::new();
    let input = Cursor::new(lines.join("\n") + "\n");
    let end = begin(&options, &surroundings, input, &mut printed);
    let printed = String::from_utf8(printed).unwrap();
    (end, printed.replace(&folder.display().to_string(), "FOLDER"))
}

const ANSWERS: [&str; 6] = ["acme, Acme-OSS", "@Security", "C0APPROVALS", "", "", "@it-help"];

fn written(folder: &Path) -> [String; 3] {
    files::NAMES.map(|name| std::fs::read_to_string(folder.join(name)).unwrap())
}

#[test]
fn three_files_are_written_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (end, printed) = answered(folder.path(), false, &ANSWERS);
    end.unwrap();
    insta::assert_snapshot!("printed", printed);
    let [config, policy, obligations] = written(folder.path());
    insta::assert_snapshot!("config", config);
    assert!(policy.contains("principal in Group::\"security\" ||") && !policy.contains("security-team"));
    assert!(
        obligations.contains("\n@approvers(\"slack:security\")")
            && obligations.contains("\n// @step_up(\"any\")\n@")
    );

    // As `run` would read it.
    let commands: Vec<KnownCommand> =
        app::command_names().into_iter().map(|(name, keys)| KnownCommand::new(name, keys)).collect();
    let environment = |name: &str| match name {
        "SLACK_BOT_TOKEN" => Some("xoxb-sandbox".to_owned()),
        "SLACK_APP_TOKEN" => Some("xapp-sandbox".to_owned()),
        "GITHUB_TOKEN" => Some("ghp_sandbox".to_owned()),
        _ => None,
    };
    let surroundings =
        Surroundings { environment: &environment, commands: &commands, command_limit: COMMAND_LIMIT };
    let config = Config::load(&folder.path().join("config.toml"), &surroundings).unwrap();
    assert_eq!(config.orgs.keys().map(String::as_str).collect::<Vec<_>>(), ["Acme-OSS", "acme"]);
    assert_eq!(config.policy.contact.as_deref(), Some("@it-help"));
    assert_eq!(config.policy.sources.policy.text, policy);
}

#[test]
fn what_is_there_is_not_written_over_and_not_even_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.cedar"), "mine").unwrap();
    let (end, printed) = answered(folder.path(), false, &ANSWERS);
    let Err(End::Failed(failure)) = end else { panic!("{end:?}") };
    assert!(failure.what.contains("policy.cedar is there already") && printed.is_empty());
    assert!(!folder.path().join("config.toml").exists());
    let (end, _) = answered(folder.path(), true, &ANSWERS);
    end.unwrap();
    assert_ne!(written(folder.path())[1], "mine");
}

#[test]
fn a_wrong_answer_is_asked_again_and_an_early_end_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = ["a cme", "acme", "se curity", "security-team", "#general", "C0X", "C0ALARM", "", ""];
    let (end, printed) = answered(folder.path(), false, &wrong);
    end.unwrap();
    assert!(
        printed.contains("A login has letters") && printed.contains("a name with # is none"),
        "{printed}"
    );
    assert!(written(folder.path())[0].contains("contact = \"@security-team\""));

    for lines in [&["acme"][..], &["acme", "g", "x", "x", "x", "C0X", "C0X", "", ""]] {
        let folder = tempfile::tempdir().unwrap();
        let (end, _) = answered(folder.path(), false, lines);
        let Err(End::Failed(failure)) = end else { panic!("{end:?}") };
        assert!(failure.what.ends_with("so nothing was written."), "{failure}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn with_duo_the_obligations_ask_for_proof() {
    let lines = ["acme", "security-team", "C0X", "", "Example.com", "api-1.duosecurity.com", ""];
    let answers = Answers::ask(Cursor::new(lines.join("\n") + "\n"), &mut Vec::new()).unwrap();
    let files = Files::new(&answers);
    assert!(
        files
            .config
            .contains("[auth_plugins.duo.\"example.com\"]\napi_url = \"https://api-1.duosecurity.com\"")
    );
    assert_eq!(files.obligations, hubcommander_policy::source::SHIPPED_OBLIGATIONS);
    assert!(next(&answers, Path::new(".")).contains("DUO_IKEY"));
    let folder = tempfile::tempdir().unwrap();
    let (end, _) = answered(folder.path(), false, &lines);
    end.unwrap();
    assert!(!written(folder.path())[2].contains("// @step_up"));
}

#[test]
fn words_cannot_become_keys() {
    let lines = ["acme", "security-team", "C0X", "", "", "\"\\n[github]"];
    let answers = Answers::ask(Cursor::new(lines.join("\n") + "\n"), &mut Vec::new()).unwrap();
    let read: toml::Table = toml::from_str(&Files::new(&answers).config).unwrap();
    assert_eq!(read["policy"]["contact"].as_str(), Some("\"\\n[github]"));
}
