//! Which store a URL names.

use std::sync::Arc;

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
        _ => {
            let why = "a store url begins with sqlite:// or postgres://";
            Err(StoreError::Unavailable(why.to_owned()))
        }
    }
}
