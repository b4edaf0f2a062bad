//! Whether Duo and Okta know our accounts. Nothing is said where there is none.

use std::sync::Arc;

use hubcommander_auth_plugins::duo::Duo;
use hubcommander_auth_plugins::okta::Okta;

use super::{Finding, Ground};

/// Each account at Duo answers, and takes our keys and our clock.
pub(super) async fn duo(ground: &Ground) -> Vec<Finding> {
    let Some(settings) = &ground.sections.auth_plugins.duo else { return Vec::new() };
    let duo = match Duo::new(settings, Arc::clone(&ground.clock)) {
        Ok(duo) => duo,
        Err(error) => return vec![Finding::wrong(format!("{error}."), "Mend it in `[auth_plugins.duo]`.")],
    };
    let mut found = Vec::new();
    for domain in settings.accounts.keys() {
        found.push(match duo.try_account(domain).await {
            Ok(()) => Finding::Fine(format!("takes the keys for {domain}")),
            Err(wrong) => Finding::wrong(format!("For {domain}: {}", wrong.what), wrong.cure),
        });
    }
    found
}

/// Okta takes our token.
pub(super) async fn okta(ground: &Ground) -> Vec<Finding> {
    let Some(settings) = &ground.sections.auth_plugins.okta else { return Vec::new() };
    let okta = match Okta::new(settings, Arc::clone(&ground.clock)) {
        Ok(okta) => okta,
        Err(error) => return vec![Finding::wrong(format!("{error}."), "Mend it in `[auth_plugins.okta]`.")],
    };
    vec![match okta.try_account().await {
        Ok(login) => Finding::Fine(format!("known as {login}")),
        Err(wrong) => Finding::wrong(wrong.what, wrong.cure),
    }]
}
