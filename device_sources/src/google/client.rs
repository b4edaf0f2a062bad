//! Google's three lists of devices, page by page, as they are sent
//! (<https://developers.google.com/workspace/admin/directory/reference/rest/v1/mobiledevices>,
//! <https://developers.google.com/workspace/admin/directory/reference/rest/v1/chromeosdevices>,
//! <https://docs.cloud.google.com/identity/docs/reference/rest/v1/devices>).

use std::collections::BTreeSet;

use hubcommander_sdk::clock::SharedClock;
use serde_json::Value as Json;

use super::key::ServiceAccount;
use super::settings::{Lists, Settings, SetupError};
use crate::raw;
use crate::rest::{Api, MOST_PAGES, Persistence, Refusal, Token, Trouble};

/// As many as Google gives at once, for each list.
const MOBILE_PAGE: &str = "100";
const CHROMEOS_PAGE: &str = "300";
const IDENTITY_PAGE: &str = "100";
const USERS_PAGE: &str = "20";

/// The account.
pub(super) struct Client {
    directory: Api,
    identity: Api,
    token: Token<ServiceAccount>,
    customer: String,
}

impl Client {
    pub(super) fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let persistence = Persistence { within: settings.within, pause: settings.pause };
        let api = |name, url| {
            Api::new("Google", url, (&settings.proxies, settings.patience), persistence, refusal)
                .map_err(|error| SetupError::Address(name, error))
        };
        let account = ServiceAccount::new(settings, scopes(settings.lists), clock.clone())?;
        Ok(Self {
            directory: api("directory_url", &settings.directory_url)?,
            identity: api("identity_url", &settings.identity_url)?,
            token: Token::new(account, clock),
            customer: settings.customer.clone(),
        })
    }

    /// Phones and tablets; all of them without a query.
    pub(super) async fn mobile(&self, query: &str) -> Result<Vec<Json>, Trouble> {
        let what = "phones and tablets";
        self.directory_list(what, "mobile", "mobiledevices", MOBILE_PAGE, query).await
    }

    /// Chromebooks; all of them without a query.
    pub(super) async fn chromeos(&self, query: &str) -> Result<Vec<Json>, Trouble> {
        self.directory_list("Chromebooks", "chromeos", "chromeosdevices", CHROMEOS_PAGE, query).await
    }

    async fn directory_list(
        &self,
        what: &'static str,
        kind: &str,
        key: &str,
        page: &str,
        query: &str,
    ) -> Result<Vec<Json>, Trouble> {
        let path = ["admin", "directory", "v1", "customer", &self.customer, "devices", kind];
        let fields = [("query", query), ("projection", "FULL"), ("maxResults", page)];
        self.pages(&self.directory, what, &path, &fields, key).await
    }

    /// What Cloud Identity knows; all of it without a filter.
    pub(super) async fn devices(&self, filter: &str) -> Result<Vec<Json>, Trouble> {
        let customer = format!("customers/{}", self.customer);
        let fields = [
            ("customer", customer.as_str()),
            ("view", "USER_ASSIGNED_DEVICES"),
            ("filter", filter),
            ("pageSize", IDENTITY_PAGE),
        ];
        self.pages(&self.identity, "devices of Cloud Identity", &["v1", "devices"], &fields, "devices").await
    }

    /// Who uses which device, by Cloud Identity: of one (by its name, `devices/1`) or of all.
    pub(super) async fn device_users(
        &self,
        device: Option<&str>,
        filter: &str,
    ) -> Result<Vec<Json>, Trouble> {
        let customer = format!("customers/{}", self.customer);
        let id = device.map_or("-", |name| name.rsplit('/').next().unwrap_or_default());
        let fields = [("customer", customer.as_str()), ("filter", filter), ("pageSize", USERS_PAGE)];
        let path = ["v1", "devices", id, "deviceUsers"];
        self.pages(&self.identity, "users of devices", &path, &fields, "deviceUsers").await
    }

    /// One device of Cloud Identity by its name, `devices/1`. `None` if it is gone.
    pub(super) async fn device(&self, name: &str) -> Result<Option<Json>, Trouble> {
        let id = name.strip_prefix("devices/").unwrap_or_default();
        let customer = format!("customers/{}", self.customer);
        let address = self.identity.address(&["v1", "devices", id], &[("customer", &customer)])?;
        match self.token.get(&self.identity, "a device of Cloud Identity", &address).await {
            Ok(device) => Ok(Some(device)),
            Err(trouble) if trouble.status() == Some(404) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    async fn pages(
        &self,
        api: &Api,
        what: &'static str,
        path: &[&str],
        fields: &[(&str, &str)],
        key: &str,
    ) -> Result<Vec<Json>, Trouble> {
        let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let fields = fields.iter().copied().filter(|(_, value)| !value.is_empty());
            let fields: Vec<_> = fields.chain(page.as_deref().map(|page| ("pageToken", page))).collect();
            let mut body = self.token.get(api, what, &api.address(path, &fields)?).await?;
            page = raw::text(&body, "/nextPageToken");
            match body.get_mut(key).map(Json::take) {
                Some(Json::Array(more)) => rows.extend(more),
                // Google leaves an empty list out.
                None if body.is_object() => {}
                _ => return Err(api.unreadable(what, format!("`{key}` is no list"))),
            }
            match &page {
                None => return Ok(rows),
                Some(page) if !seen.insert(page.clone()) => break,
                Some(_) => {}
            }
        }
        Err(api.unreadable(what, "its pages have no end"))
    }
}

/// What a token must be good for. One that is not delegated, and no token is given at all.
fn scopes(lists: Lists) -> String {
    let scope = |wanted: bool, scope: &'static str| {
        wanted.then(|| format!("https://www.googleapis.com/auth/{scope}"))
    };
    let all = [
        scope(lists.mobile, "admin.directory.device.mobile.readonly"),
        scope(lists.chromeos, "admin.directory.device.chromeos.readonly"),
        scope(lists.identity, "cloud-identity.devices.readonly"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Google says in the body of a 403 whether it was asked too often, or may not be asked.
fn refusal(body: &Json) -> Refusal {
    let reason = raw::text(body, "/error/errors/0/reason").or_else(|| raw::text(body, "/error/status"));
    let code = reason.unwrap_or_default();
    let too_often = matches!(
        code.as_str(),
        "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" | "RESOURCE_EXHAUSTED"
    );
    Refusal { code, too_often }
}
