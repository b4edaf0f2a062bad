//! Who people are to an organisation's identity provider
//! (<https://docs.github.com/en/graphql/reference/objects#externalidentity>).

use serde::Deserialize;
use serde_json::Map;

use super::connection::PageInfo;
use super::{ReadError, Reader};
use crate::graphql::Problem;
use crate::names::Owner;

/// A person as the identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// GitHub's name for the link.
    pub guid: String,
    /// The name that the provider gives, mostly an address.
    pub name_id: Option<String>,
    /// The name in provisioning (SCIM).
    pub scim_username: Option<String>,
    /// Addresses that the provider tells, without repetition.
    pub emails: Vec<String>,
    /// GitHub's number and login of the linked account; `None` if nobody linked one yet.
    pub account: Option<(u64, String)>,
}

/// An organisation's single sign-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignOn {
    /// It has none of its own. An enterprise may have one for all of its organisations, which is not told here.
    None,
    /// We may not know: only owners may, by a token with `read:org`.
    Untold,
    /// It has one, and these are the people it knows.
    People(Vec<ExternalIdentity>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    #[serde(default)]
    viewer_can_administer: bool,
    saml_identity_provider: Option<Provider>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    external_identities: Option<Pages>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pages {
    page_info: PageInfo,
    nodes: Vec<Option<Node>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    guid: String,
    saml_identity: Option<Saml>,
    scim_identity: Option<Scim>,
    user: Option<Account>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saml {
    name_id: Option<String>,
    emails: Option<Vec<Email>>,
}

#[derive(Default, Deserialize)]
struct Scim {
    username: Option<String>,
    emails: Option<Vec<Email>>,
}

#[derive(Deserialize)]
struct Email {
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    database_id: Option<u64>,
    login: String,
}

impl From<Node> for ExternalIdentity {
    fn from(node: Node) -> Self {
        let (saml, scim) = (node.saml_identity.unwrap_or_default(), node.scim_identity.unwrap_or_default());
        let mut emails: Vec<String> = Vec::new();
        for email in saml.emails.into_iter().chain(scim.emails).flatten() {
            if !emails.iter().any(|known| known.eq_ignore_ascii_case(&email.value)) {
                emails.push(email.value);
            }
        }
        Self {
            guid: node.guid,
            name_id: saml.name_id,
            scim_username: scim.username,
            emails,
            account: node.user.and_then(|user| Some((user.database_id?, user.login))),
        }
    }
}

impl Reader {
    /// Who people are to an organisation's identity provider: one request for each hundred.
    ///
    /// # Errors
    /// It could not be read. That we may not know it is no error.
    pub async fn sign_on(&self, org: &str) -> Result<SignOn, ReadError> {
        const INSIDE: &str = "viewerCanAdminister samlIdentityProvider { externalIdentities(first: 100, after: $after) { \
             pageInfo { hasNextPage endCursor } nodes { guid samlIdentity { nameId emails { value } } \
             scimIdentity { username emails { value } } user { databaseId login } } } }";
        let org = Owner::parse(org)?;
        let subject = format!("the single sign-on of {org}");
        let mut people = Vec::new();
        let mut without = None;
        let take = |page: Organization, errors: &[Problem]| {
            let of_it = |problem: &&Problem| problem.within(&["organization", "samlIdentityProvider"]);
            let wrong: Vec<Problem> = errors.iter().filter(of_it).cloned().collect();
            let may_not = |problem: &Problem| problem.is("FORBIDDEN") || problem.is("INSUFFICIENT_SCOPES");
            match page.saml_identity_provider {
                None if !wrong.is_empty() && !wrong.iter().all(may_not) => {
                    Err(ReadError::of_query(&wrong, &subject))
                }
                None => {
                    let known = page.viewer_can_administer && wrong.is_empty();
                    without = Some(if known { SignOn::None } else { SignOn::Untold });
                    Ok(None)
                }
                Some(provider) => {
                    let whole = provider.external_identities.filter(|_| wrong.is_empty());
                    let page = whole.ok_or_else(|| ReadError::of_query(&wrong, &subject))?;
                    people.extend(page.nodes.into_iter().flatten().map(ExternalIdentity::from));
                    Ok(page.page_info.next())
                }
            }
        };
        let read = self.each_page_of(&org, ("", INSIDE), Map::new(), &subject, take).await;
        match (read, without) {
            // A token without the scope is refused before anything is looked up.
            (Err(error), _) if matches!(error.kind, super::ReadErrorKind::Forbidden(_)) => Ok(SignOn::Untold),
            (Err(error), _) => Err(error),
            (Ok(()), Some(without)) => Ok(without),
            (Ok(()), None) => Ok(SignOn::People(people)),
        }
    }
}
