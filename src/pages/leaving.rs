//! Whoever leaves is signed out everywhere: sessions, links, tokens and passkeys count for nothing any more.

use async_trait::async_trait;
#[cfg(feature = "passkey")]
use hubcommander_auth_plugins::passkey::Passkeys;
use hubcommander_sdk::people::PersonId;
use hubcommander_stethoscope_pages::ports::{Sessions as _, Tokens as _, Trouble};

use super::{sessions, tokens};
use crate::farewell;
use crate::store::{Shelf, StoreError};

/// All ways in that the bot keeps.
pub struct Doors {
    shelf: Shelf,
    #[cfg(feature = "passkey")]
    passkeys: Option<std::sync::Arc<Passkeys>>,
}

impl Doors {
    /// Those in this store.
    #[must_use]
    pub fn new(shelf: Shelf, #[cfg(feature = "passkey")] passkeys: Option<std::sync::Arc<Passkeys>>) -> Self {
        Self {
            shelf,
            #[cfg(feature = "passkey")]
            passkeys,
        }
    }

    async fn any_of(&self, person: Option<&PersonId>, emails: &[String]) -> Result<bool, Trouble> {
        if sessions::Shelved::new(self.shelf.clone()).any_of(emails).await? {
            return Ok(true);
        }
        let tokens = tokens::Shelved::new(self.shelf.clone());
        for email in emails {
            if !tokens.of(email).await?.is_empty() {
                return Ok(true);
            }
        }
        #[cfg(feature = "passkey")]
        if let (Some(passkeys), Some(person)) = (&self.passkeys, person) {
            return passkeys.has_any(person).await.map_err(|error| Trouble(error.to_string()));
        }
        let _ = person;
        Ok(false)
    }

    async fn close_all(&self, person: Option<&PersonId>, emails: &[String]) -> Result<(), Trouble> {
        let tokens = tokens::Shelved::new(self.shelf.clone());
        for email in emails {
            sessions::Shelved::new(self.shelf.clone()).end_all(email).await?;
            for token in tokens.of(email).await? {
                tokens.revoke(email, &token.id).await?;
            }
        }
        #[cfg(feature = "passkey")]
        if let (Some(passkeys), Some(person)) = (&self.passkeys, person) {
            passkeys.forget_all(person).await.map_err(|error| Trouble(error.to_string()))?;
        }
        let _ = person;
        Ok(())
    }
}

fn untold(Trouble(log): Trouble) -> StoreError {
    StoreError::Unavailable(log)
}

#[async_trait]
impl farewell::Doors for Doors {
    async fn any(&self, person: Option<&PersonId>, emails: &[String]) -> Result<bool, StoreError> {
        self.any_of(person, emails).await.map_err(untold)
    }

    async fn close(&self, person: Option<&PersonId>, emails: &[String]) -> Result<(), StoreError> {
        self.close_all(person, emails).await.map_err(untold)
    }
}
