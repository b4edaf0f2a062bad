//! Small things said the same way everywhere.

use std::time::Duration;

/// "in 9 minutes"
pub(crate) fn soon(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    match seconds {
        1 => "in a second".to_owned(),
        2..=90 => format!("in {seconds} seconds"),
        _ => format!("in {} minutes", seconds.div_ceil(60)),
    }
}

/// "Waiting for GitHub, about 40 s."
pub(crate) fn waiting(wait: Duration) -> String {
    format!("Waiting for GitHub, about {}.", hubcommander_sdk::text::about(wait))
}

/// What a permission lets a team do, as a person would say it: "may push". A name that is none of GitHub's
/// own is a role that the organisation made.
pub(crate) fn may(permission: &str) -> String {
    match level(permission) {
        "pull" => "may read".to_owned(),
        "triage" => "may triage".to_owned(),
        "push" => "may push".to_owned(),
        "maintain" => "may maintain".to_owned(),
        "admin" => "may administer".to_owned(),
        role => format!("has the role {role}"),
    }
}

/// The same with the place to follow: "may push to", "may read", "has the role releaser on".
pub(crate) fn on(permission: &str) -> String {
    match level(permission) {
        "push" => "may push to".to_owned(),
        "pull" | "triage" | "maintain" | "admin" => may(permission),
        _ => format!("{} on", may(permission)),
    }
}

/// What was before, in brackets: " (before: read)".
pub(crate) fn before(permission: Option<&str>) -> String {
    let Some(permission) = permission else { return String::new() };
    let words = may(permission);
    format!(" (before: {})", words.trim_start_matches("may ").trim_start_matches("has the "))
}

/// One word for each level: GitHub says `pull` or `read`, and `push` or `write`, for the same thing.
pub(crate) fn level(permission: &str) -> &str {
    match permission {
        "read" => "pull",
        "write" => "push",
        other => other,
    }
}

/// Quoted as in a sentence, and not too long.
pub(crate) fn quoted(words: &str) -> String {
    let mut short: String = words.chars().take(120).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_permissions_as_people_say_them() {
        assert_eq!(soon(Duration::from_millis(200)), "in a second");
        assert_eq!(soon(Duration::from_secs(40)), "in 40 seconds");
        assert_eq!(soon(Duration::from_secs(500)), "in 9 minutes");
        assert_eq!(may("read"), "may read");
        assert_eq!(may("write"), "may push");
        assert_eq!(may("release-manager"), "has the role release-manager");
        assert_eq!(
            ["push", "pull", "releaser"].map(on),
            ["may push to", "may read", "has the role releaser on"]
        );
        assert_eq!(
            before(Some("admin")) + &before(Some("releaser")),
            " (before: administer) (before: role releaser)"
        );
        assert_eq!(before(None), "");
        assert_eq!(quoted(&"x".repeat(130)).chars().count(), 123);
    }
}
