//! Tokens for the JSON API.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_stethoscope_pages::ports::{Hash, Token, Tokens, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use super::kept::{Whose, hex, of_email, read, trouble, unhex, write};
use crate::store::Shelf;

/// Tokens by their hash.
pub(super) const TOKENS: &str = "web:token:";

/// How many of one person are listed.
const MOST: u32 = 200;

/// Keeps them in the store, by hashes alone.
pub(super) struct Shelved {
    shelf: Shelf,
    /// One that is revoked must not be brought back by a note that it was used.
    changing: Mutex<()>,
}

impl Shelved {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self { shelf, changing: Mutex::default() }
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    person: Whose,
    label: String,
    made: Instant,
    ends: Instant,
    used: Option<Instant>,
}

impl Kept {
    fn token(self, hash: Hash) -> Token {
        let Self { id, person, label, made, ends, used } = self;
        Token { hash, id, person: person.person(), label, made, ends, used }
    }
}

fn key(hash: &Hash) -> String {
    format!("{TOKENS}{}", hex(hash))
}

/// Where a person's are listed.
fn list_key(email: &str) -> String {
    format!("web:token-of:{}:", of_email(email))
}

#[async_trait]
impl Tokens for Shelved {
    async fn put(&self, token: Token) -> Result<(), Trouble> {
        let Token { hash, id, person, label, made, ends, used } = token;
        // First the list: a token that is in no list could never be revoked.
        let listed = format!("{}{}", list_key(&person.email), hex(&hash));
        write(&self.shelf, &listed, Some(json!({ "ends": ends }))).await?;
        let kept = Kept { id, person: Whose::of(&person), label, made, ends, used };
        write(&self.shelf, &key(&hash), Some(json!(kept))).await
    }

    async fn find(&self, hash: &Hash) -> Result<Option<Token>, Trouble> {
        Ok(read::<Kept>(&self.shelf, &key(hash)).await?.map(|kept| kept.token(*hash)))
    }

    async fn of(&self, email: &str) -> Result<Vec<Token>, Trouble> {
        let store = self.shelf.get().map_err(trouble)?;
        let listed = store.remembered_under(&list_key(email), MOST).await.map_err(trouble)?;
        let mut tokens = Vec::new();
        for hash in listed.iter().filter_map(|(hash, _)| unhex(hash)) {
            tokens.extend(self.find(&hash).await?);
        }
        tokens.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.id.cmp(&b.id)));
        Ok(tokens)
    }

    async fn used(&self, hash: &Hash, at: Instant) -> Result<(), Trouble> {
        let _alone = self.changing.lock().await;
        let key = key(hash);
        let Some(kept) = read::<Kept>(&self.shelf, &key).await? else { return Ok(()) };
        write(&self.shelf, &key, Some(json!(Kept { used: Some(at), ..kept }))).await
    }

    async fn revoke(&self, email: &str, id: &str) -> Result<(), Trouble> {
        let _alone = self.changing.lock().await;
        for token in self.of(email).await?.into_iter().filter(|token| token.id == id) {
            write(&self.shelf, &key(&token.hash), None).await?;
            write(&self.shelf, &format!("{}{}", list_key(email), hex(&token.hash)), None).await?;
        }
        Ok(())
    }
}
