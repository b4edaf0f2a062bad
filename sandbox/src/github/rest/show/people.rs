//! People, and who else owns things.

use hubcommander_sdk::clock::Instant;
use serde_json::{Value, json};

use super::{add_addresses, node_id, time};
use crate::github::front::call::Call;
use crate::github::model::{User, Visibility};

/// What an account is asked for, behind its own address.
const ADDRESSES: &[(&str, &str)] = &[
    ("url", ""),
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
];

/// A person as others are named in answers.
pub(in crate::github) fn user(call: &Call<'_>, user: &User) -> Value {
    let (api, login) = (call.api(), &user.login);
    let mut value = json!({
        "login": login,
        "id": user.id,
        "node_id": node_id("U", user.id),
        "avatar_url": format!("{}/_page/avatar/{login}", call.origin),
        "gravatar_id": "",
        "html_url": format!("{}/{login}", call.origin),
        "type": "User",
        "user_view_type": "public",
        "site_admin": false,
    });
    add_addresses(&mut value, &format!("{api}/users/{login}"), ADDRESSES);
    value
}

/// As [`user`], by login; an App's own account, and null for who has none.
pub(in crate::github) fn user_by_login(call: &Call<'_>, login: &str) -> Value {
    match call.state.user(login) {
        Some(found) => user(call, found),
        None if login.ends_with("[bot]") => bot(call, login),
        None => Value::Null,
    }
}

/// The account in whose name an App acts.
fn bot(call: &Call<'_>, login: &str) -> Value {
    let slug = login.trim_end_matches("[bot]");
    let app = call.state.credentials.apps.values().find(|one| one.slug == slug);
    let id = app.map_or(0, |one| one.id);
    let bot = User { id, login: login.to_owned(), name: None, email: None, created_at: Instant::default() };
    let mut value = user(call, &bot);
    value["type"] = json!("Bot");
    value["html_url"] = json!(format!("{}/apps/{slug}", call.origin));
    value
}

/// A person's own page.
pub(in crate::github) fn profile(call: &Call<'_>, person: &User) -> Value {
    let mut value = user(call, person);
    value["name"] = json!(person.name);
    value["company"] = Value::Null;
    value["blog"] = json!("");
    value["location"] = Value::Null;
    value["email"] = json!(person.email);
    value["bio"] = Value::Null;
    value["public_repos"] = json!(
        call.state.repositories_of(&person.login).filter(|one| one.visibility == Visibility::Public).count()
    );
    value["public_gists"] = json!(0);
    value["hireable"] = Value::Null;
    value["followers"] = json!(0);
    value["following"] = json!(0);
    value["created_at"] = json!(time(person.created_at));
    value["updated_at"] = json!(time(person.created_at));
    value
}

/// The owner of a repository.
pub(in crate::github) fn owner(call: &Call<'_>, login: &str) -> Value {
    match call.state.organisation(login) {
        Some(one) => {
            let (api, login) = (call.api(), &one.login);
            let mut value = json!({
                "login": login, "id": one.id, "node_id": node_id("O", one.id),
                "avatar_url": format!("{}/_page/avatar/{login}", call.origin), "gravatar_id": "",
                "html_url": format!("{}/{login}", call.origin),
                "type": "Organization", "user_view_type": "public", "site_admin": false,
            });
            add_addresses(&mut value, &format!("{api}/users/{login}"), ADDRESSES);
            value
        }
        None => user_by_login(call, login),
    }
}
