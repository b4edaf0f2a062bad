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

/// The same with the place to follow: "push to", "read", "act as releaser on".
#[must_use]
pub(crate) fn let_(permission: &str) -> String {
    match permission {
        "push" | "write" => "push to".into(),
        "pull" | "read" | "triage" | "maintain" | "admin" => can(permission),
        _ => format!("{} on", can(permission)),
    }
}

/// The same of somebody who has it: "may push to", "has the role releaser on".
#[must_use]
pub(crate) fn may(permission: &str) -> String {
    match permission {
        "pull" | "read" | "triage" | "push" | "write" | "maintain" | "admin" => {
            format!("may {}", let_(permission))
        }
        role => format!("has the role {role} on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_as_people_say_them() {
        assert_eq!(
            ["push", "read", "admin", "releaser"].map(let_),
            ["push to", "read", "administer", "act as releaser on"]
        );
        assert_eq!(
            ["write", "pull", "releaser"].map(may),
            ["may push to", "may read", "has the role releaser on"]
        );
    }
}
