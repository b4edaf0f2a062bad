//! What can be done at Travis: what each kind of operation takes, how it reads, how it is seen, done and taken
//! back.
//!
//! Commands make operations with the functions in here, so that they never write the JSON by hand.

mod activation;
mod sync;

use std::sync::Arc;

use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Described, Handler};
use hubcommander_sdk::plan::Risk;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

pub use activation::{activate, deactivate};
pub use sync::sync;

use crate::account::Account;
use crate::model::Target;
use crate::reader::Reader;
use crate::words::TELL_OPERATORS;

pub(crate) fn handlers(account: &Arc<Account>) -> Vec<Arc<dyn Handler>> {
    let access = || Access { account: Arc::clone(account), reader: Reader::new(Arc::clone(account)) };
    vec![
        Arc::new(sync::Does(access())),
        Arc::new(activation::Does { access: access(), on: true }),
        Arc::new(activation::Does { access: access(), on: false }),
    ]
}

/// What a handler works with.
pub(crate) struct Access {
    account: Arc<Account>,
    reader: Reader,
}

fn described(what: String) -> Described {
    Described { what: what.into(), risk: Risk::Reversible, irreversible: None }
}

fn unknown(target: &Target) -> OperationError {
    let name = &target.full_name;
    OperationError::blocked(
        format!(
            "Travis does not see {name} at GitHub: this bot's Travis account needs access to it there. {TELL_OPERATORS}"
        ),
        format!("{name} ({}): not known at Travis, or another one", target.github_id),
    )
}

/// Reads an operation's input.
pub(crate) fn input<T: DeserializeOwned>(input: &Json) -> Result<T, OperationError> {
    T::deserialize(input).map_err(|error| {
        OperationError::permanent(
            format!("This step of the plan cannot be read. {TELL_OPERATORS}"),
            format!("input of an operation: {error}"),
        )
    })
}
