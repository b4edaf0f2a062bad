//! The manifest of the Slack app, to paste at <https://api.slack.com/apps> ("Create from a manifest").
//!
//! The app-level token (`connections:write`) is not part of it: it is made by hand under Basic Information.

use serde_json::{Value, json};

/// What the app is called unless someone wants another name.
pub const NAME: &str = "HubCommander";

/// What the bot may do. Each is used: reading commands in the four kinds of conversation, knowing people
/// and conversations, writing messages, direct messages, files with long answers, and the slash command.
const BOT_SCOPES: [&str; 15] = [
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "users:read",
    "users:read.email",
];

/// What Slack tells us of. `user_change` lets us forget what we knew of a person.
const BOT_EVENTS: [&str; 7] = [
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "user_change",
];

/// The manifest, for an app of this name (35 characters at most; longer ones are cut).
#[must_use]
pub fn manifest(name: &str) -> Value {
    let name: String = name.trim().chars().take(35).collect();
    json!({
        "_metadata": { "major_version": 2, "minor_version": 1 },
        "display_information": {
            "name": name,
            "description": "Does privileged GitHub work safely, and tells you what your devices need",
            "background_color": "#1f2937",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": true,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": false,
            },
            "bot_user": { "display_name": "hubcommander", "always_online": true },
            "slash_commands": [{
                "command": "/hubcommander",
                "description": "Run a command, for example: Help",
                "usage_hint": "CreateRepo acme widgets",
                "should_escape": true,
            }],
        },
        "oauth_config": { "scopes": { "bot": BOT_SCOPES } },
        "settings": {
            "event_subscriptions": { "bot_events": BOT_EVENTS },
            "interactivity": { "is_enabled": true },
            "org_deploy_enabled": false,
            "socket_mode_enabled": true,
            "token_rotation_enabled": false,
        },
    })
}

/// The manifest as JSON.
#[must_use]
pub fn as_json(name: &str) -> String {
    format!("{:#}", manifest(name))
}

/// The manifest as YAML. Strings are quoted as in JSON, which YAML reads the same way.
#[must_use]
pub fn as_yaml(name: &str) -> String {
    let mut out = String::new();
    write_yaml(&mut out, &manifest(name), 0);
    out
}

/// Writes a mapping or a list, one entry to a line. Keys here are plain words.
fn write_yaml(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                out.push_str(&format!("{indent}{key}:"));
                write_entry(out, value, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(&format!("{indent}-"));
                write_entry(out, item, depth);
            }
        }
        scalar => out.push_str(&format!("{indent}{scalar}\n")),
    }
}

fn write_entry(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(_) | Value::Array(_) => {
            out.push('\n');
            write_yaml(out, value, depth + 1);
        }
        scalar => out.push_str(&format!(" {scalar}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_would_take_it() {
        let manifest = manifest(&"n".repeat(60));
        let length = |pointer: &str| manifest.pointer(pointer).unwrap().as_str().unwrap().chars().count();
        assert!(length("/display_information/name") <= 35);
        assert!(length("/display_information/description") <= 140);
        assert!(length("/features/bot_user/display_name") <= 80);
        assert!(length("/features/slash_commands/0/command") <= 32);
        assert!(length("/features/slash_commands/0/description") <= 2_000);
        assert_eq!(manifest.pointer("/features/slash_commands/0/should_escape"), Some(&json!(true)));
        assert_eq!(manifest.pointer("/settings/socket_mode_enabled"), Some(&json!(true)));
        assert_eq!(manifest.pointer("/settings/interactivity/is_enabled"), Some(&json!(true)));
        // Socket Mode needs no addresses of ours.
        assert!(!as_json(NAME).contains("http"));
        let parsed: Value = serde_json::from_str(&as_json(NAME)).unwrap();
        assert_eq!(parsed, super::manifest(NAME));
    }

    #[test]
    fn every_event_has_the_scope_it_needs() {
        for event in BOT_EVENTS {
            let scope = match event {
                "app_home_opened" => continue,
                "app_mention" => "app_mentions:read",
                "message.channels" => "channels:history",
                "message.groups" => "groups:history",
                "message.im" => "im:history",
                "message.mpim" => "mpim:history",
                "user_change" => "users:read",
                other => panic!("which scope does {other} need?"),
            };
            assert!(BOT_SCOPES.contains(&scope), "{event} needs {scope}");
        }
    }

    #[test]
    fn the_yaml_reads_well() {
        insta::assert_snapshot!("manifest", as_yaml(NAME));
    }
}
