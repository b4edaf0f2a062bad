//! What the server says about itself (RFC 7643, 5 to 7; RFC 7644, 4).

use serde_json::{Value as Json, json};

use super::error::ScimError;
use super::query::MOST;
use super::schema::{described, resource_types};

/// What is at one of the places that describe the server. `None`: it is no such place.
pub(super) fn at(base: &str, places: &[&str], filtered: bool) -> Option<Result<Json, ScimError>> {
    let (all, which) = match places {
        ["ServiceProviderConfig"] => return Some(Ok(service_provider_config(base))),
        ["ResourceTypes", which @ ..] => (resource_types(base), which),
        ["Schemas", which @ ..] => (described(base), which),
        _ => return None,
    };
    Some(match which {
        // Forbidden outright (RFC 7644, 4).
        [] if filtered => Err(ScimError::new(403, "Filters have no place here.")),
        [] => Ok(json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": all.len(),
            "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
        })),
        [id] => all
            .into_iter()
            .find(|one| one["id"].as_str().is_some_and(|this| this.eq_ignore_ascii_case(id)))
            .ok_or_else(ScimError::not_found),
        _ => Err(ScimError::not_found()),
    })
}

fn service_provider_config(base: &str) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "Bearer token", "primary": true,
            "description": "A token from the configuration of HubCommander, in the header Authorization",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}
