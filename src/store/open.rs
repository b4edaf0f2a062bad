//! Which store a URL names.

use std::sync::Arc;

use super::chain::ChainReader;
use super::{Store, StoreError, postgres, sqlite};

/// Opens the store that `url` names, makes it if it is not there, and brings its tables up to date:
/// `sqlite://PATH` (relative to the working directory, or `sqlite:///absolute`; folders are made), or
/// `postgres://user@host/database`.
///
/// # Errors
/// [`StoreError::Unavailable`] if it cannot be reached or the URL names none,
/// [`StoreError::Unreadable`] if its tables are of another version than this program knows. Neither shows a
/// password.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Arc::new(sqlite::open(&sqlite::path_of(url)?).await?)),
        Some("postgres" | "postgresql") => Ok(Arc::new(postgres::open(url).await?)),
        _ => Err(unknown()),
    }
}

/// Opens the store that `url` names to read the audit and its chain as they are now. Nothing is written, made or
/// brought up to date, so a copy, a replica, or an account that may only read will do.
///
/// # Errors
/// [`StoreError::Unavailable`] if it cannot be reached, the URL names none, or it holds no chain.
pub async fn open_chain(url: &str) -> Result<Box<dyn ChainReader>, StoreError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Box::new(sqlite::SqliteMoment::open(&sqlite::path_of(url)?).await?)),
        Some("postgres" | "postgresql") => Ok(Box::new(postgres::PostgresMoment::open(url).await?)),
        _ => Err(unknown()),
    }
}

fn unknown() -> StoreError {
    StoreError::Unavailable("a store url begins with sqlite:// or postgres://".to_owned())
}
