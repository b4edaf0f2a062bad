//! The device flow: a program shows a short code, a person types it on a page and allows or denies, and the
//! program asks meanwhile whether they have
//! (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow>).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use sha2::{Digest as _, Sha256};

use super::{Credential, State};

/// How long a code can be typed.
const VALID: TimeDelta = TimeDelta::minutes(15);
/// By how much the interval grows when a program asks too soon.
const SLOWER: u64 = 5;
/// The letters of a code for people: none that makes a word or looks like another.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A program that people let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthApp {
    /// The name on the page.
    pub name: String,
    /// Whether it may use the device flow: a box that its owner ticks.
    pub device_flow: bool,
    /// Its secret, with which it redeems the codes that browsers bring it.
    pub secret: String,
}

/// What a browser brings a program: that a person let it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebGrant {
    /// The program's client id.
    pub client: String,
    /// Who let it in.
    pub login: String,
    /// Where the browser was sent back to.
    pub redirect_uri: String,
    /// What the program's secret for this try must hash to (RFC 7636), if it said so.
    pub challenge: Option<String>,
    /// Until when it counts.
    pub expires_at: Instant,
}

/// What the person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing yet.
    Nothing,
    /// Yes; their login.
    Yes(String),
    /// No.
    No,
}

/// One try of a program to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceGrant {
    /// The program's client id.
    pub client: String,
    /// What the person types.
    pub user_code: String,
    /// What the program asks for.
    pub scopes: BTreeSet<String>,
    /// What the person said.
    pub said: Said,
    /// Until when all of it counts.
    pub expires_at: Instant,
    /// Seconds that must lie between two questions of the program.
    pub interval: u64,
    asked_at: Option<Instant>,
}

/// All that there is of the device flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFlow {
    /// Programs, by client id.
    pub apps: BTreeMap<String, OAuthApp>,
    /// Tries, by device code.
    pub grants: BTreeMap<String, DeviceGrant>,
    /// What browsers bring back, by code.
    pub web: BTreeMap<String, WebGrant>,
    /// Seconds between two questions in the beginning: GitHub wants 5.
    pub interval: u64,
}

impl Default for DeviceFlow {
    fn default() -> Self {
        Self { apps: BTreeMap::new(), grants: BTreeMap::new(), web: BTreeMap::new(), interval: 5 }
    }
}

/// What a program hears that asks for its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceAnswer {
    /// The token, and its scopes.
    Token(String, BTreeSet<String>),
    /// An error's name, and the interval where that has grown.
    Error(&'static str, Option<u64>),
}

impl State {
    /// Begins: the device code. The error is GitHub's name for what is wrong.
    ///
    /// # Errors
    /// There is no such program, or it may not.
    pub fn begin_device_flow(
        &mut self,
        client: &str,
        scopes: BTreeSet<String>,
        now: Instant,
    ) -> Result<String, &'static str> {
        let app = self.device_flow.apps.get(client).ok_or("Not Found")?;
        if !app.device_flow {
            return Err("device_flow_disabled");
        }
        // A commit id is as good as any: nothing else has it.
        let code = self.next_commit();
        let grant = DeviceGrant {
            client: client.to_owned(),
            user_code: user_code(self.next_id()),
            scopes,
            said: Said::Nothing,
            expires_at: now + VALID,
            interval: self.device_flow.interval,
            asked_at: None,
        };
        self.device_flow.grants.insert(code.clone(), grant);
        Ok(code)
    }

    /// What a program hears that asks now. A token is given once.
    pub fn ask_device_flow(&mut self, client: &str, code: &str, now: Instant) -> DeviceAnswer {
        if !self.device_flow.apps.contains_key(client) {
            return DeviceAnswer::Error("incorrect_client_credentials", None);
        }
        let found = self.device_flow.grants.get_mut(code).filter(|grant| grant.client == client);
        let Some(grant) = found else { return DeviceAnswer::Error("incorrect_device_code", None) };
        if grant.expires_at <= now {
            return DeviceAnswer::Error("expired_token", None);
        }
        let wait = TimeDelta::seconds(i64::try_from(grant.interval).unwrap_or(i64::MAX / 1_000));
        let too_soon = grant.asked_at.is_some_and(|asked| now < asked + wait);
        grant.asked_at = Some(now);
        if too_soon {
            grant.interval += SLOWER;
            return DeviceAnswer::Error("slow_down", Some(grant.interval));
        }
        let (login, scopes) = match &grant.said {
            Said::Nothing => return DeviceAnswer::Error("authorization_pending", None),
            Said::No => return DeviceAnswer::Error("access_denied", None),
            Said::Yes(login) => (login.clone(), grant.scopes.clone()),
        };
        self.device_flow.grants.remove(code);
        let token = format!("gho_{}", self.next_commit());
        let credential = Credential::Personal { login, scopes: scopes.clone() };
        self.credentials.tokens.insert(token.clone(), credential);
        DeviceAnswer::Token(token, scopes)
    }

    /// A person types the code and allows it (their login) or denies it. False when no program waits for that.
    pub fn answer_device_flow(&mut self, user_code: &str, allowed_by: Option<&str>, now: Instant) -> bool {
        let said = match allowed_by.map(|login| self.user(login).map(|user| user.login.clone())) {
            Some(None) => return false,
            Some(Some(login)) => Said::Yes(login),
            None => Said::No,
        };
        let plain = |code: &str| -> String {
            code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
        };
        let wanted = plain(user_code);
        let mut open = self.device_flow.grants.values_mut();
        let found = open.find(|grant| {
            plain(&grant.user_code) == wanted && grant.said == Said::Nothing && grant.expires_at > now
        });
        found.map(|grant| grant.said = said).is_some()
    }

    /// A person who was led here by a program's page lets it in: where their browser is sent, with the code. None if
    /// there is no such program or person.
    pub fn let_in_on_the_web(&mut self, led: &url::Url, login: &str, now: Instant) -> Option<url::Url> {
        let asked: BTreeMap<String, String> = led.query_pairs().into_owned().collect();
        let client = asked.get("client_id").filter(|id| self.device_flow.apps.contains_key(*id))?.clone();
        let login = self.user(login)?.login.clone();
        let redirect_uri = asked.get("redirect_uri")?.clone();
        let challenge = asked.get("code_challenge").cloned();
        let mut back: url::Url = redirect_uri.parse().ok()?;
        let code = self.next_commit();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", asked.get("state").map_or("", String::as_str));
        let grant =
            WebGrant { client, login, redirect_uri, challenge, expires_at: now + TimeDelta::minutes(10) };
        self.device_flow.web.insert(code, grant);
        Some(back)
    }

    /// A program redeems a code that a browser brought it: the token, or GitHub's name for what is wrong.
    ///
    /// # Errors
    /// The program, its secret, the code, the address or the verifier is wrong.
    pub fn redeem_web_code(
        &mut self,
        (client, secret): (&str, &str),
        code: &str,
        (redirect_uri, verifier): (&str, &str),
        now: Instant,
    ) -> Result<String, &'static str> {
        if self.device_flow.apps.get(client).is_none_or(|app| app.secret != secret) {
            return Err("incorrect_client_credentials");
        }
        let grant = self.device_flow.web.remove(code).filter(|grant| grant.client == client);
        let grant = grant.filter(|grant| grant.expires_at > now).ok_or("bad_verification_code")?;
        if grant.redirect_uri != redirect_uri {
            return Err("redirect_uri_mismatch");
        }
        let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        if grant.challenge.is_some_and(|challenge| challenge != hashed) {
            return Err("bad_verification_code");
        }
        let token = format!("gho_{}", self.next_commit());
        let credential = Credential::Personal { login: grant.login, scopes: BTreeSet::new() };
        self.credentials.tokens.insert(token.clone(), credential);
        Ok(token)
    }

    /// The program that waits for this code, if one does.
    pub fn device_app(&self, user_code: &str) -> Option<&OAuthApp> {
        let grant = self.device_flow.grants.values().find(|grant| grant.user_code == user_code)?;
        self.device_flow.apps.get(&grant.client)
    }
}

/// `WDJB-MJHT`, another for each number.
fn user_code(number: u64) -> String {
    // Spread out, so that codes that follow each other do not look alike.
    let mut rest = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
    let mut code = String::with_capacity(9);
    for place in 0..8 {
        if place == 4 {
            code.push('-');
        }
        let letter = usize::try_from(rest % 20).ok().and_then(|at| LETTERS.get(at)).copied();
        code.push(char::from(letter.unwrap_or(b'B')));
        rest /= 20;
    }
    code
}
