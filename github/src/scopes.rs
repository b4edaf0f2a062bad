//! The scopes of classic tokens, and which of them hold which others
//! (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps>).

/// Scopes with those that are held in them, one level deep.
const HOLDS: &[(&str, &[&str])] = &[
    ("repo", &["public_repo", "repo:status", "repo_deployment", "repo:invite", "security_events"]),
    ("admin:org", &["write:org", "read:org"]),
    ("write:org", &["read:org"]),
    ("admin:repo_hook", &["write:repo_hook", "read:repo_hook"]),
    ("write:repo_hook", &["read:repo_hook"]),
    ("admin:public_key", &["write:public_key", "read:public_key"]),
    ("write:public_key", &["read:public_key"]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("admin:enterprise", &["read:enterprise"]),
    ("audit_log", &["read:audit_log"]),
];

/// Whether a token with these scopes has this one.
pub(crate) fn includes(have: &[String], scope: &str) -> bool {
    have.iter()
        .any(|own| own == scope || HOLDS.iter().any(|(wide, held)| wide == own && held.contains(&scope)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_scope_holds_the_narrow_ones() {
        let have = |scope: &str, asked| includes(&[scope.to_owned()], asked);
        assert!(have("repo", "repo") && have("repo", "public_repo") && have("admin:org", "read:org"));
        assert!(
            !have("public_repo", "repo") && !have("read:org", "admin:org") && !have("repo", "delete_repo")
        );
    }
}
