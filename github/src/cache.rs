//! Answers kept for their `ETag`, so that asking again costs nothing of the primary limit while nothing has
//! changed. Only whole answers to reads are kept, each for one identity: what one token may see is never
//! shown to another.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::answer::Answer;

/// Longer answers are not worth their place.
const LONGEST_KEPT: usize = 512 * 1024;

/// What was asked, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) identity: String,
    pub(crate) address: String,
    pub(crate) accept: &'static str,
}

#[derive(Clone, Debug)]
struct Kept {
    etag: HeaderValue,
    link: Option<HeaderValue>,
    body: Bytes,
    /// When it was last used, by count.
    used: u64,
}

/// Answers kept for their `ETag`; when full, the one that was not used for longest goes.
#[derive(Debug)]
pub(crate) struct Cache {
    room: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Key, Kept>,
    uses: u64,
}

impl Cache {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, inner: Mutex::default() }
    }

    /// What to send as `If-None-Match`.
    pub(crate) fn etag(&self, key: &Key) -> Option<HeaderValue> {
        self.lock().kept.get(key).map(|kept| kept.etag.clone())
    }

    /// Takes note of an answer, and gives the answer that it stands for: the kept one for a 304, else itself.
    /// `None` for a 304 to something that is not kept any more.
    pub(crate) fn settle(&self, key: Key, answer: Answer) -> Option<Answer> {
        let mut inner = self.lock();
        inner.uses += 1;
        let used = inner.uses;
        if answer.status == StatusCode::NOT_MODIFIED {
            let kept = inner.kept.get_mut(&key)?;
            kept.used = used;
            let mut headers = answer.headers;
            if let Some(link) = &kept.link {
                headers.insert(header::LINK, link.clone());
            }
            return Some(Answer { status: StatusCode::OK, headers, body: kept.body.clone() });
        }
        inner.kept.remove(&key);
        if let (StatusCode::OK, Some(etag)) = (answer.status, answer.etag())
            && answer.body.len() <= LONGEST_KEPT
            && self.room > 0
        {
            if inner.kept.len() >= self.room
                && let Some(oldest) =
                    inner.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone())
            {
                inner.kept.remove(&oldest);
            }
            let link = answer.headers.get(header::LINK).cloned();
            let kept = Kept { etag: etag.clone(), link, body: answer.body.clone(), used };
            inner.kept.insert(key, kept);
        }
        Some(answer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A cache that was left half done is at worst incomplete.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{JSON, answer};

    fn key(identity: &str, address: &str) -> Key {
        Key { identity: identity.into(), address: address.into(), accept: JSON }
    }

    #[test]
    fn an_unchanged_answer_is_given_again_with_its_pages() {
        let cache = Cache::new(2);
        let first = answer(200, &[("etag", "\"1\""), ("link", "<x?page=2>; rel=\"next\"")], "body");
        cache.settle(key("t", "/a"), first).unwrap();
        assert_eq!(cache.etag(&key("t", "/a")).unwrap(), "\"1\"");
        let again = cache.settle(key("t", "/a"), answer(304, &[("x-ratelimit-remaining", "9")], "")).unwrap();
        assert_eq!((again.status, again.body.as_ref()), (StatusCode::OK, b"body".as_ref()));
        assert_eq!(again.last_page(), Some(2));
        assert_eq!(again.header("x-ratelimit-remaining"), Some("9"));
    }

    #[test]
    fn nothing_but_a_whole_answer_is_kept() {
        let cache = Cache::new(2);
        cache.settle(key("t", "/a"), answer(404, &[("etag", "\"1\"")], "{}"));
        assert_eq!(cache.etag(&key("t", "/a")), None, "a 404 must not come back as a 200");
        assert!(cache.settle(key("t", "/a"), answer(304, &[], "")).is_none());
        cache.settle(key("t", "/a"), answer(200, &[("etag", "\"2\"")], "x"));
        cache.settle(key("t", "/a"), answer(404, &[], "{}"));
        assert_eq!(cache.etag(&key("t", "/a")), None, "what is gone is forgotten");
    }

    #[test]
    fn it_is_bounded_and_apart_for_each_identity() {
        let cache = Cache::new(2);
        for address in ["/a", "/b"] {
            cache.settle(key("t", address), answer(200, &[("etag", "\"1\"")], "x"));
        }
        cache.settle(key("t", "/a"), answer(304, &[], ""));
        cache.settle(key("t", "/c"), answer(200, &[("etag", "\"1\"")], "x"));
        assert!(cache.etag(&key("t", "/a")).is_some() && cache.etag(&key("t", "/c")).is_some());
        assert_eq!(cache.etag(&key("t", "/b")), None, "not used for longest");
        assert_eq!(cache.etag(&key("other", "/a")), None);
        let none = Cache::new(0);
        none.settle(key("t", "/a"), answer(200, &[("etag", "\"1\"")], "x"));
        assert_eq!(none.etag(&key("t", "/a")), None);
    }
}
