//! The files of the page that people see: plain modules and styles, served as they are.

use http::HeaderValue;

/// The page itself, served at `/`.
pub(crate) const INDEX: &str = include_str!("index.html");

/// A file below `/page/static/`: its content type and its text.
#[must_use]
pub(crate) fn file(name: &str) -> Option<(HeaderValue, &'static str)> {
    let text = match name {
        "page.css" => include_str!("page.css"),
        "blocks.css" => include_str!("blocks.css"),
        "page.js" => include_str!("page.js"),
        "blocks.js" => include_str!("blocks.js"),
        "composer.js" => include_str!("composer.js"),
        "dom.js" => include_str!("dom.js"),
        "elements.js" => include_str!("elements.js"),
        "emoji.js" => include_str!("emoji.js"),
        "messages.js" => include_str!("messages.js"),
        "modal.js" => include_str!("modal.js"),
        "mrkdwn.js" => include_str!("mrkdwn.js"),
        "panes.js" => include_str!("panes.js"),
        "pick.js" => include_str!("pick.js"),
        "richtext.js" => include_str!("richtext.js"),
        "server.js" => include_str!("server.js"),
        "sidebar.js" => include_str!("sidebar.js"),
        "store.js" => include_str!("store.js"),
        _ => return None,
    };
    let kind =
        if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
    Some((HeaderValue::from_static(kind), text))
}

#[cfg(test)]
mod tests {
    use super::{INDEX, file};

    /// What a text refers to: `from './x.js'` in modules, `/page/static/x` in the page.
    fn referred(text: &str) -> Vec<&str> {
        let after = |mark: &'static str, end: char| {
            text.split(mark).skip(1).filter_map(move |rest| rest.split(end).next())
        };
        after("from './", '\'').chain(after("\"/page/static/", '"')).collect()
    }

    #[test]
    fn every_file_that_the_page_refers_to_is_served() {
        let mut waiting = referred(INDEX);
        let mut seen = Vec::new();
        assert!(waiting.contains(&"page.js") && waiting.contains(&"page.css"));
        while let Some(name) = waiting.pop() {
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let (_, text) = file(name).unwrap_or_else(|| panic!("{name} is not served"));
            waiting.extend(referred(text));
        }
        assert!(seen.len() > 10, "only {seen:?}");
    }

    #[test]
    fn nothing_turns_text_into_markup_or_asks_other_hosts() {
        for name in [
            "page.js",
            "messages.js",
            "mrkdwn.js",
            "blocks.js",
            "elements.js",
            "modal.js",
            "dom.js",
            "pick.js",
        ] {
            let (_, text) = file(name).unwrap_or_else(|| panic!("{name} is not served"));
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
            {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
        }
        assert!(INDEX.contains("default-src 'none'"));
    }
}
