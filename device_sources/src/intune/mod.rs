//! Microsoft Intune over Graph: managed devices, Defender, and what compliance policies say.

mod read;
mod settings;

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream;
use hubcommander_posture::{Identifiers, Platform, Problem, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;
use url::Url;

pub use read::read;
pub use settings::{Options, Settings, SetupError};

use read::NAME;

use crate::fields::{email, platform};
use crate::found::{is_one_of, keep};
use crate::raw;
use crate::rest::{Api, Grant, Issued, MOST_PAGES, Persistence, Refusal, Token, Trouble};

/// How many devices are asked about at once. Graph counts requests of all apps of a tenant together.
const SIDE_BY_SIDE: usize = 4;

/// What is asked of a device. What unlocks it is not among that, and so is not even sent.
const FIELDS: &str = "id,deviceName,operatingSystem,osVersion,complianceState,isEncrypted,jailBroken,\
    lastSyncDateTime,serialNumber,imei,meid,udid,wiFiMacAddress,ethernetMacAddress,model,manufacturer,\
    androidSecurityPatchLevel,userPrincipalName,emailAddress";

const WHAT: &str = "managed devices";

/// How a token is come by: the app proves itself (RFC 6749, 4.4).
struct App {
    api: Api,
    address: Url,
    client_id: String,
    client_secret: SecretString,
    scope: String,
}

impl Grant for App {
    async fn ask(&self) -> Result<Issued, Trouble> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("scope", self.scope.as_str()),
        ];
        self.api.post_form("a token", &self.address, &fields).await
    }
}

/// The source.
pub struct Intune {
    graph: Api,
    token: Token<App>,
    clock: SharedClock,
    options: Options,
    all_in_full: bool,
}

impl std::fmt::Debug for Intune {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intune").field("graph", &self.graph).finish_non_exhaustive()
    }
}

impl Intune {
    /// The source, by its settings.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let persistence = Persistence { within: settings.within, pause: settings.pause };
        let api = |name, url| {
            Api::new("Intune", url, (&settings.proxies, settings.patience), persistence, refusal)
                .map_err(|error| SetupError::Address(name, error))
        };
        let (graph, login) = (api("graph_url", &settings.graph_url)?, api("login_url", &settings.login_url)?);
        let tenant = settings.tenant.trim();
        let address =
            login.address(&[tenant, "oauth2", "v2.0", "token"], &[]).map_err(|_| SetupError::Tenant)?;
        let app = App {
            api: login,
            address,
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            scope: format!("{}/.default", settings.graph_url.as_str().trim_end_matches('/')),
        };
        Ok(Self {
            graph,
            token: Token::new(app, clock.clone()),
            clock,
            options: settings.options.clone(),
            all_in_full: settings.all_in_full,
        })
    }

    /// Devices that fit a filter, page by page. Graph passes over a filter on what it cannot filter by, and then
    /// gives all devices: where a row does not fit, `unless` says so, and no further page is read.
    async fn devices(&self, filter: &str, unless: impl Fn(&Json) -> bool) -> Result<Vec<Json>, Trouble> {
        let path = ["v1.0", "deviceManagement", "managedDevices"];
        let mut fields = vec![("$select", FIELDS)];
        fields.extend((!filter.is_empty()).then_some(("$filter", filter)));
        let mut next = Some(self.graph.address(&path, &fields)?);
        let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(address) = next {
            if !seen.insert(address.to_string()) || seen.len() > MOST_PAGES {
                return Err(self.graph.unreadable(WHAT, "its pages have no end"));
            }
            let mut body = self.token.get(&self.graph, WHAT, &address).await?;
            let Some(Json::Array(more)) = body.get_mut("value").map(Json::take) else {
                return Err(self.graph.unreadable(WHAT, "`value` is no list"));
            };
            let stop = more.iter().any(&unless);
            rows.extend(more);
            next = match raw::text(&body, "/@odata.nextLink") {
                Some(link) if !stop => Some(self.next(&link)?),
                _ => None,
            };
        }
        Ok(rows)
    }

    /// The address of the next page, which Graph names. Our token goes to Graph and to nobody else.
    fn next(&self, link: &str) -> Result<Url, Trouble> {
        let address =
            Url::parse(link).map_err(|_| self.graph.unreadable(WHAT, "the next page has no address"))?;
        if self.graph.is_ours(&address) {
            Ok(address)
        } else {
            Err(self.graph.unreadable(WHAT, "the next page is at another host"))
        }
    }

    /// Adds what is asked for each device by itself: Defender, and what compliance policies say.
    async fn complete(&self, mut raw: Json) -> (Json, Option<Problem>) {
        let Some(id) = raw::text(&raw, "/id") else { return (raw, None) };
        let windows =
            raw::text(&raw, "/operatingSystem").as_deref().and_then(platform) == Some(Platform::Windows);
        let mut trouble = None;
        if windows && self.options.defender.is_some() {
            match self.part(&id, "windowsProtectionState").await {
                Ok(Some(state)) => raw["windowsProtectionState"] = state,
                Ok(None) => {}
                Err(error) => trouble = Some(error),
            }
        }
        if !self.options.compliance.is_empty() {
            match self.part(&id, "deviceCompliancePolicyStates").await {
                Ok(Some(mut states)) => raw["deviceCompliancePolicyStates"] = states["value"].take(),
                Ok(None) => {}
                Err(error) => trouble = Some(error),
            }
        }
        let problem = trouble.map(|trouble| {
            tracing::warn!(%trouble, "a part of what Intune knows of a device could not be read");
            let what = "Intune did not say everything about this device.".to_owned();
            Problem { source: NAME.to_owned(), id: Some(id), what }
        });
        (raw, problem)
    }

    async fn part(&self, id: &str, part: &str) -> Result<Option<Json>, Trouble> {
        let address = self.graph.address(&["v1.0", "deviceManagement", "managedDevices", id, part], &[])?;
        match self.token.get(&self.graph, "a part of a device", &address).await {
            Ok(body) => Ok(Some(body)),
            Err(trouble) if trouble.status() == Some(404) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    async fn found(&self, rows: Vec<Json>, in_full: bool, fits: impl Fn(&Record) -> bool) -> Found {
        let now = self.clock.now();
        // Nothing more is asked about devices that are not meant.
        let rows = rows
            .into_iter()
            .filter(|raw| read(raw, &self.options, None).map_or(true, |record| fits(&record)));
        let mut found = Found::default();
        let (rows, problems): (Vec<Json>, Vec<Option<Problem>>) = if in_full {
            let whole = stream::iter(rows).map(|raw| self.complete(raw)).buffered(SIDE_BY_SIDE);
            whole.unzip().await
        } else {
            (rows.collect(), Vec::new())
        };
        found.problems.extend(problems.into_iter().flatten());
        keep(NAME, rows, |raw| read(raw, &self.options, Some(now)), &fits, &mut found);
        found
    }
}

/// A value in OData: in quotes, and a quote in it twice.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn refusal(body: &Json) -> Refusal {
    // Graph's word, or that of the token endpoint.
    let code = raw::text(body, "/error/code").or_else(|| raw::text(body, "/error")).unwrap_or_default();
    Refusal { too_often: matches!(code.as_str(), "TooManyRequests" | "activityLimitReached"), code }
}

#[async_trait]
impl DeviceSource for Intune {
    fn name(&self) -> &str {
        NAME
    }

    fn title(&self) -> &str {
        "Intune"
    }

    async fn of_owner(&self, who: &str) -> Result<Found, SourceError> {
        // An empty value would be answered with all devices.
        let Some(who) = email(who) else { return Ok(Found::default()) };
        let mut rows = self.devices(&format!("userPrincipalName eq {}", quoted(&who)), |_| false).await?;
        let other =
            |raw: &Json| raw::text(raw, "/emailAddress").as_deref().and_then(email).as_deref() != Some(&who);
        // Two filters at once are not both heeded.
        match self.devices(&format!("emailAddress eq {}", quoted(&who)), other).await {
            Ok(more) => rows.extend(more),
            Err(trouble) if trouble.status() == Some(400) => {
                tracing::debug!(%trouble, "Intune does not look for devices by the address of mail");
            }
            Err(trouble) => return Err(trouble.into()),
        }
        // Each device once, before more is asked about it.
        let mut seen = BTreeSet::new();
        rows.retain(|raw| raw::text(raw, "/id").is_none_or(|id| seen.insert(id)));
        Ok(self.found(rows, true, |record| record.owners.contains(&who)).await)
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let serials: BTreeSet<&str> =
            identifiers.iter().filter_map(|one| one.serial.as_ref()).map(|serial| serial.as_str()).collect();
        let mut rows = Vec::new();
        for serial in serials {
            let other = |raw: &Json| {
                raw::text(raw, "/serialNumber").is_none_or(|text| !text.eq_ignore_ascii_case(serial))
            };
            rows.extend(self.devices(&format!("serialNumber eq {}", quoted(serial)), other).await?);
        }
        Ok(self.found(rows, true, |record| is_one_of(record, identifiers)).await)
    }

    async fn all(&self) -> Result<Found, SourceError> {
        let rows = self.devices("", |_| false).await?;
        Ok(self.found(rows, self.all_in_full, |_| true).await)
    }

    async fn probe(&self) -> Result<String, SourceError> {
        let path = ["v1.0", "deviceManagement", "managedDevices"];
        let address = self.graph.address(&path, &[("$select", "id"), ("$top", "1")])?;
        self.token.get(&self.graph, WHAT, &address).await?;
        Ok("managed devices can be read".to_owned())
    }
}
