//! What a permission means, in words.

/// "push" as what a team or person can then do. A custom role keeps its name.
#[must_use]
pub(crate) fn can(permission: &str) -> String {
    match permission {
        "pull" | "read" => "read".into(),
        "triage" => "triage".into(),
        "push" | "write" => "push".into(),
        "maintain" => "maintain".into(),
        "admin" => "administer".into(),
        role => format!("act as {role}"),
    }
}
