//! Where the store will stand once it is open: for what is made before that.

use std::sync::{Arc, OnceLock};

use super::{Store, StoreError};

/// Holds the store once it is open.
#[derive(Clone, Default)]
pub struct Shelf(Arc<OnceLock<Arc<dyn Store>>>);

impl Shelf {
    /// Puts the store there. A second one is not taken.
    pub fn put(&self, store: Arc<dyn Store>) {
        let _ = self.0.set(store);
    }

    /// The store.
    ///
    /// # Errors
    /// It is not open.
    pub fn get(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.0.get().ok_or_else(|| StoreError::Unavailable("it is not open".to_owned()))
    }
}
