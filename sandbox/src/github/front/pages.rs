//! Lists come in pages, with links to the others.

use serde_json::Value;

use super::answer::Answer;
use super::call::Call;

impl Call<'_> {
    /// One page of a list, with links to the others.
    pub(crate) fn page<T>(&self, items: &[T], show: impl Fn(&T) -> Value) -> Answer {
        let number = |name: &str, default: usize| {
            let asked = self.query.get(name).and_then(|text| text.parse::<usize>().ok());
            asked.filter(|number| *number > 0).unwrap_or(default)
        };
        let (page, per_page) = (number("page", 1), number("per_page", 30).min(100));
        let last = items.len().div_ceil(per_page).max(1);
        let start = (page - 1).saturating_mul(per_page).min(items.len());
        let end = start.saturating_add(per_page).min(items.len());
        let answer = Answer::ok(items[start..end].iter().map(show).collect());
        let mut links = Vec::new();
        if page > 1 {
            links.push((page.min(last + 1) - 1, "prev"));
        }
        if page < last {
            links.push((page + 1, "next"));
            links.push((last, "last"));
        }
        if page > 1 {
            links.push((1, "first"));
        }
        if links.is_empty() {
            return answer;
        }
        let links: Vec<String> = links
            .into_iter()
            .map(|(page, relation)| format!("<{}>; rel=\"{relation}\"", self.page_address(page)))
            .collect();
        answer.header("link", links.join(", "))
    }

    fn page_address(&self, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.query.iter().filter(|(key, _)| *key != "page") {
            query.append_pair(key, value);
        }
        query.append_pair("page", &page.to_string());
        format!("{}{}?{}", self.api(), self.canonical, query.finish())
    }
}
