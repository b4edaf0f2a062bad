//! Passkeys: a page of the bot's own shows the plan and asks for a touch of the key (WebAuthn). Nothing on
//! another page can stand in for it, so it cannot be phished.
//!
//! The link to the page is for one person and one plan, works once, and ends with the plan. Its secret part is
//! in nobody's hands but the person's: what is kept is a hash of it.

mod enrol;
mod keep;
mod own;
mod page;
mod web;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hubcommander_sdk::auth::{Begun, Challenge, Proof, Role, StepUp, Unproven};
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::{Person, PersonId};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;
use webauthn_rs::prelude::{Passkey, PasskeyAuthentication, PasskeyRegistration};
use webauthn_rs::{Webauthn, WebauthnBuilder};

pub use enrol::{ENROL, EnrolPasskey, EnrolmentLink, Whisper};
use keep::{About, Link, Purpose, Shown, Stands};
pub use keep::{Keep, Unkept};
pub use own::{ListPasskeys, REMOVE, Removal, RemovePasskey};
pub use web::router;

/// What policies call it.
const NAME: &str = "passkey";
/// How long a link is good at most.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(15);
/// How often it is looked whether another process was shown the passkey.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Gives 32 random bytes, which nobody can guess.
pub type Random = Arc<dyn Fn() -> [u8; 32] + Send + Sync>;

/// What the plugin is told at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How people's browsers reach the bot's pages: `https://HOST`, or `http://localhost:PORT` to try it.
    pub public_url: Url,
    /// What people's devices call it.
    pub name: String,
}

/// Why the plugin cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Browsers offer no passkeys there.
    #[error("web.public_url: {0}; passkeys need https://HOST with a name, not a number")]
    Address(String),
}

/// What is between the two questions that prove a passkey.
enum Ceremony {
    Prove(PasskeyAuthentication),
    Enrol(PasskeyRegistration),
}

/// Proves who somebody is by a passkey.
pub struct Passkeys {
    webauthn: Webauthn,
    public_url: Url,
    keep: Arc<dyn Keep>,
    random: Random,
    clock: SharedClock,
    under_way: Mutex<HashMap<String, Ceremony>>,
    people: Mutex<BTreeSet<PersonId>>,
    /// One change of what is kept at a time.
    turn: tokio::sync::Mutex<()>,
    news: watch::Sender<u64>,
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkeys").field("public_url", &self.public_url.as_str()).finish_non_exhaustive()
    }
}

/// What is waited for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    link: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a link is known by: a hash of its secret part.
fn id_of(secret: &str) -> String {
    digest(&SHA256, secret.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who has a passkey.
///
/// # Errors
/// The store does not work.
pub async fn people(keep: &dyn Keep) -> Result<BTreeSet<PersonId>, Unkept> {
    keep::people(keep).await
}

/// What a passkey is called, in lists and in the audit: `pk-` and the beginning of a hash of its public id.
fn name(passkey: &Passkey) -> String {
    let hash = digest(&SHA256, passkey.cred_id().as_ref());
    let digits: String = hash.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("pk-{digits}")
}

impl Passkeys {
    /// Sets it up. [`Passkeys::load`] comes next.
    ///
    /// # Errors
    /// Browsers offer no passkeys at this address.
    pub fn new(
        settings: &Settings,
        keep: Arc<dyn Keep>,
        random: Random,
        clock: SharedClock,
    ) -> Result<Self, SetupError> {
        let url = &settings.public_url;
        let wrong = |why: &str| SetupError::Address(format!("{url} {why}"));
        let host = url.domain().ok_or_else(|| wrong("has no name of a host"))?;
        if url.scheme() != "https" && host != "localhost" {
            return Err(wrong("is not encrypted"));
        }
        let webauthn = WebauthnBuilder::new(host, url)
            .and_then(|builder| builder.rp_name(&settings.name).build())
            .map_err(|error| wrong(&format!("cannot be used ({error:?})")))?;
        Ok(Self {
            webauthn,
            public_url: url.clone(),
            keep,
            random,
            clock,
            under_way: Mutex::default(),
            people: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            news: watch::Sender::new(0),
        })
    }

    /// Reads who has a passkey.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn load(&self) -> Result<(), Unkept> {
        let people = keep::people(&*self.keep).await?;
        *lock(&self.people) = people;
        Ok(())
    }

    /// Notes something about a passkey. That it is not noted stops nothing.
    async fn note(&self, person: &PersonId, passkey: &str, note: impl FnOnce(&mut About)) {
        let keep = &*self.keep;
        let noted = async {
            let mut all = keep::about(keep, person).await?;
            note(all.entry(passkey.to_owned()).or_default());
            keep::keep_about(keep, person, &all).await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, person = person.user, "when a passkey was used could not be noted");
        }
    }

    /// Takes a passkey away. One that is not there is gone already.
    /// Whether somebody has a passkey here.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn has_any(&self, person: &PersonId) -> Result<bool, Unkept> {
        Ok(!keep::passkeys(&*self.keep, person).await?.is_empty())
    }

    /// All passkeys of somebody prove nothing any more: for those who leave.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn forget_all(&self, person: &PersonId) -> Result<(), Unkept> {
        for passkey in keep::passkeys(&*self.keep, person).await? {
            self.forget(person, &name(&passkey)).await?;
        }
        Ok(())
    }

    async fn forget(&self, person: &PersonId, passkey: &str) -> Result<(), Unkept> {
        let _turn = self.turn.lock().await;
        let keep = &*self.keep;
        let mut known = keep::passkeys(keep, person).await?;
        known.retain(|known| name(known) != passkey);
        keep::keep_passkeys(keep, person, &known).await?;
        let mut about = keep::about(keep, person).await?;
        about.remove(passkey);
        keep::keep_about(keep, person, &about).await?;
        if known.is_empty() {
            let mut people = keep::people(keep).await?;
            people.remove(person);
            keep::keep_people(keep, &people).await?;
            lock(&self.people).remove(person);
        }
        Ok(())
    }

    /// Makes a link. Gives what it is known by, and the address with its secret part.
    async fn hand_out(
        &self,
        purpose: Purpose,
        invocation: &str,
        person: &PersonId,
        called: &str,
        expires: Instant,
    ) -> Result<(String, String), Unkept> {
        let secret = URL_SAFE_NO_PAD.encode((self.random)());
        let (id, now) = (id_of(&secret), self.clock.now());
        let link = Link {
            purpose,
            invocation: invocation.to_owned(),
            person: person.clone(),
            called: called.to_owned(),
            expires: expires.min(now + GOOD_FOR),
            stands: Stands::Open,
        };
        let _turn = self.turn.lock().await;
        let mut links = keep::links(&*self.keep).await?;
        // What was proven is asked for again after a crash, for as long as its plan may live.
        links.retain(|_, link| link.expires + TimeDelta::days(1) > now);
        // Of several links to enrol by one command the last counts.
        if matches!(link.purpose, Purpose::Enrol { .. }) {
            let same = |known: &Link| {
                matches!(known.purpose, Purpose::Enrol { .. }) && known.invocation == link.invocation
            };
            links.retain(|_, known| !same(known));
        }
        links.insert(id.clone(), link);
        keep::keep_links(&*self.keep, &links).await?;
        let base = self.public_url.as_str().trim_end_matches('/');
        Ok((id, format!("{base}/passkey/{secret}")))
    }

    /// Notes that a link to enrol is in its person's hands, or forgets it if it is not.
    async fn told(&self, id: &str, told: bool) -> Result<(), Unkept> {
        let _turn = self.turn.lock().await;
        let mut links = keep::links(&*self.keep).await?;
        match links.get_mut(id) {
            Some(link) if told => link.purpose = Purpose::Enrol { told },
            _ => drop(links.remove(id)),
        }
        keep::keep_links(&*self.keep, &links).await
    }

    async fn link(&self, id: &str) -> Result<Option<Link>, Unkept> {
        Ok(keep::links(&*self.keep).await?.remove(id))
    }

    /// A link that can still be used.
    async fn open_link(&self, id: &str) -> Result<Option<Link>, Unkept> {
        let now = self.clock.now();
        Ok(self.link(id).await?.filter(|link| link.stands == Stands::Open && now < link.expires))
    }

    /// Says how a link ended, if it is open still. Whether it was.
    async fn end(&self, id: &str, stands: Stands) -> Result<bool, Unkept> {
        let now = self.clock.now();
        let mut links = keep::links(&*self.keep).await?;
        let Some(link) = links.get_mut(id).filter(|link| link.stands == Stands::Open && now < link.expires)
        else {
            return Ok(false);
        };
        link.stands = stands;
        keep::keep_links(&*self.keep, &links).await?;
        self.news.send_modify(|news| *news += 1);
        Ok(true)
    }
}

#[async_trait]
impl StepUp for Passkeys {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self) -> Text {
        "your passkey".into()
    }

    fn knows(&self, person: &Person) -> bool {
        lock(&self.people).contains(&person.id)
    }

    async fn begin(&self, challenge: &Challenge) -> Result<Begun, Unproven> {
        let person = &challenge.person;
        let known = keep::passkeys(&*self.keep, &person.id).await.map_err(|error| words::unkept(&error))?;
        if known.is_empty() {
            return Err(words::none());
        }
        let shown = Shown {
            role: challenge.role,
            asked_by: format!("{} ({})", challenge.asked_by_name, challenge.asked_by.user),
            line: challenge.line.clone(),
            title: challenge.title.words(),
            steps: challenge.steps.iter().map(Text::words).collect(),
        };
        let purpose = Purpose::Prove { digest: challenge.digest.0.clone(), shown };
        let (link, url) = self
            .hand_out(purpose, &challenge.invocation, &person.id, &person.name, challenge.expires)
            .await
            .map_err(|error| words::unkept(&error))?;
        let tell = match challenge.role {
            Role::Asks => "Prove with your passkey that it is you.",
            Role::Approves => "Prove with your passkey that it is you who approves.",
        };
        Ok(Begun {
            ticket: serde_json::to_value(Ticket { link }).unwrap_or_default(),
            tell: tell.into(),
            open: Some(("Use your passkey".to_owned(), url)),
        })
    }

    async fn outcome(&self, challenge: &Challenge, ticket: &Json) -> Result<Proof, Unproven> {
        let ticket = Ticket::deserialize(ticket).map_err(|_| words::other_plan())?;
        let mut news = self.news.subscribe();
        loop {
            let link = self.link(&ticket.link).await.map_err(|error| words::unkept(&error))?;
            let link = link.ok_or_else(words::other_plan)?;
            let of_plan =
                matches!(&link.purpose, Purpose::Prove { digest, .. } if *digest == challenge.digest.0);
            if !of_plan || link.invocation != challenge.invocation || link.person != challenge.person.id {
                return Err(words::other_plan());
            }
            let now = self.clock.now();
            match link.stands {
                Stands::Used(reference) if now < challenge.expires => {
                    return Ok(Proof { by: NAME.to_owned(), factor: "passkey".to_owned(), reference });
                }
                Stands::Denied => return Err(words::denied()),
                Stands::Open if now < link.expires && now < challenge.expires => {}
                Stands::Used(_) | Stands::Open => return Err(words::no_answer()),
            }
            // News, or the time to look what another process was shown: either is a reason to look.
            let _ = timeout(LOOK_EVERY, news.changed()).await;
        }
    }
}
