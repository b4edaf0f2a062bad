//! What the web pages need of `[web]`.

use super::problem::Collector;
use super::tree::Tree;
use super::value::Value;

/// The pages stand at the root of a host of their own, since a cookie that only this host gets belongs to all of it.
pub(super) fn pages_have_a_host(tree: &Tree, problems: &mut Collector<'_>) {
    let shown = ["fleet", "google", "intune", "jamf", "landesk", "osquery", "sample"]
        .iter()
        .any(|source| tree.one(&format!("device_sources.{source}"), &[]).is_some());
    let Some(found) = tree.one("web.public_url", &[]).filter(|_| shown) else { return };
    let Value::Address(url) = &found.value else { return };
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !bare || url.path() != "/" || url.fragment().is_some() {
        problems.at(
            found.at.clone(),
            "The pages about people's devices need a host of their own, and this `public_url` is more than one.",
            "Write `https://` and the name of a host, such as `\"https://hubcommander.example.com\"`.",
        );
    }
}

/// Signing in leads somewhere, and not everybody with an account at a large provider may come in.
pub(super) fn people_can_sign_in(tree: &Tree, problems: &mut Collector<'_>) {
    for login in tree.all("web.login.*") {
        let name = login.owner();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            problems.at(
                login.name_at.clone(),
                format!("`{name}` cannot stand in an address."),
                "Call it by letters, digits and hyphens, such as `[web.login.google]`.",
            );
        }
        if tree.one("web.public_url", &[]).is_none() {
            problems.at(
                login.name_at.clone(),
                "People come back from there to `web.public_url`, and that is not given.",
                "Add `public_url = \"https://hubcommander.example.com\"` to `[web]`, or remove this section.",
            );
        }
        let Some(domains) = tree.one("web.login.*.domains", &[name]) else { continue };
        let Value::Texts(list) = &domains.value else { continue };
        let wrong =
            list.iter().any(|(domain, _)| !domain.contains('.') || domain.contains(['@', '*', '/', ' ']));
        if list.is_empty() || wrong {
            problems.at(
                domains.at.clone(),
                "These are not the domains of e-mail addresses.",
                "Write those of your company, such as `[\"example.com\"]`.",
            );
        }
    }
}
