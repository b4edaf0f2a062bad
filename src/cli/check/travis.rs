//! Whether Travis knows our account, and shows it the organisations. Nothing is said where there is no account.

use std::sync::Arc;

use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_travis::{ReadError, ReadErrorKind, Travis};

use super::{Finding, Ground};

/// Travis knows us, and sees what we manage.
pub(super) async fn account(ground: &Ground) -> Vec<Finding> {
    let Some(travis) = &ground.sections.travis else { return Vec::new() };
    // The issuer is dropped, so nothing here can write.
    let (_, permits) = PermitIssuer::new();
    let reader = match Travis::new(&travis.settings(), permits, Arc::clone(&ground.clock)) {
        Ok(account) => account.reader(),
        Err(error) => return vec![Finding::wrong(format!("{error}."), "Mend it in `[travis]`.")],
    };
    let me = match reader.whoami().await {
        Ok(me) => me,
        Err(error) => return vec![refused(&error)],
    };
    let mut found = vec![Finding::Fine(format!("known as {}", me.login))];
    let seen = match reader.organisations().await {
        Ok(seen) => seen,
        Err(error) => {
            found.push(refused(&error));
            return found;
        }
    };
    for name in ground.sections.orgs.keys() {
        found.push(if seen.iter().any(|one| one.login.eq_ignore_ascii_case(name)) {
            Finding::Fine(format!("{name} can be seen"))
        } else {
            Finding::attention(
                format!("Travis does not show {} the organisation `{name}`.", me.login),
                "Log in at Travis as that account, let Travis see the organisation, and press Sync account. Where \
                 nothing is built there, let it be.",
            )
        });
    }
    found
}

/// What a failed question means.
fn refused(error: &ReadError) -> Finding {
    let cure = match error.kind {
        ReadErrorKind::Unauthorized => {
            "Copy the token again, from the account's settings at Travis, under API authentication."
        }
        ReadErrorKind::LoginRequired => "Log in at Travis once as the bot's account.",
        ReadErrorKind::Forbidden => "See at Travis what the account may do.",
        ReadErrorKind::RateLimited => "Wait a few minutes and try again.",
        ReadErrorKind::Unreachable => {
            "See that this machine can reach Travis, and whether it needs a proxy (`HTTPS_PROXY`)."
        }
        ReadErrorKind::Unexpected => "See that `api_url` is Travis' API; travis-ci.org is gone since 2021.",
    };
    Finding::wrong(error.what.words(), cure)
}
