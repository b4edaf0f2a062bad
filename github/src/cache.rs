//! Answers kept for their `ETag`, so that asking again costs nothing of the primary limit while nothing has
//! changed. Only whole answers to reads are kept, each for one identity: what one token may see is never
//! shown to another. GitHub, too, makes its `ETag`s for one token: with another one the same page is read
//! anew, so that the first scan after an App's token was renewed (once an hour) is paid for again.
//!
//! There is room for scans: the pages of a list of 10,000 repositories are 100 answers of half a megabyte
//! each, which are much alike and shrink to a small part of that. So what is long is kept deflated (some milliseconds
//! for a page), and the room is counted in bytes as they lie here.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read as _, Write as _};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use http::{HeaderValue, StatusCode, header};

use crate::answer::Answer;

/// What is shorter is kept as it is.
const WORTH_DEFLATING: usize = 4 * 1024;
/// An answer that takes more than this part of the room would push out too much else.
const LARGEST_PART: usize = 8;
/// What an entry takes besides its body, about.
const BESIDES: usize = 256;

/// What was asked, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) identity: String,
    pub(crate) address: String,
    pub(crate) accept: &'static str,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Answers.
    pub(crate) entries: usize,
    /// Bytes, as they are kept.
    pub(crate) bytes: usize,
}

#[derive(Clone, Debug)]
enum Body {
    Plain(Bytes),
    Deflated { bytes: Bytes, length: usize },
}

#[derive(Clone, Debug)]
struct Kept {
    etag: HeaderValue,
    link: Option<HeaderValue>,
    body: Body,
    /// When it was last used, by count.
    used: u64,
}

/// Answers kept for their `ETag`; when full, those that were not used for longest go.
#[derive(Debug)]
pub(crate) struct Cache {
    room: Room,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Key, Kept>,
    /// The keys in the order of their last use.
    order: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
}

impl Body {
    fn of(body: &Bytes) -> Self {
        let plain = || Self::Plain(body.clone());
        if body.len() < WORTH_DEFLATING {
            return plain();
        }
        let mut deflate = DeflateEncoder::new(Vec::with_capacity(body.len() / 16), Compression::fast());
        // Writing to memory does not fail; if it did, the plain body is as good.
        match deflate.write_all(body).and_then(|()| deflate.finish()) {
            Ok(short) => Self::Deflated { bytes: short.into(), length: body.len() },
            Err(_) => plain(),
        }
    }

    fn kept(&self) -> usize {
        match self {
            Self::Plain(bytes) | Self::Deflated { bytes, .. } => bytes.len(),
        }
    }

    fn whole(&self) -> Option<Bytes> {
        match self {
            Self::Plain(bytes) => Some(bytes.clone()),
            Self::Deflated { bytes, length } => {
                let mut body = Vec::with_capacity(*length);
                DeflateDecoder::new(bytes.as_ref()).read_to_end(&mut body).ok()?;
                Some(body.into())
            }
        }
    }
}

impl Kept {
    fn size(&self, key: &Key) -> usize {
        let link = self.link.as_ref().map_or(0, HeaderValue::len);
        self.body.kept() + self.etag.len() + link + key.address.len() + key.identity.len() + BESIDES
    }
}

impl Inner {
    fn remove(&mut self, key: &Key) {
        if let Some(kept) = self.kept.remove(key) {
            self.bytes = self.bytes.saturating_sub(kept.size(key));
            self.order.remove(&kept.used);
        }
    }

    fn insert(&mut self, key: Key, kept: Kept) {
        self.bytes += kept.size(&key);
        self.order.insert(kept.used, key.clone());
        self.kept.insert(key, kept);
    }
}

impl Cache {
    pub(crate) fn new(room: Room) -> Self {
        Self { room, inner: Mutex::default() }
    }

    /// What to send as `If-None-Match`.
    pub(crate) fn etag(&self, key: &Key) -> Option<HeaderValue> {
        self.lock().kept.get(key).map(|kept| kept.etag.clone())
    }

    /// Takes note of an answer, and gives the answer that it stands for: the kept one for a 304, else itself.
    /// `None` for a 304 to something that is not kept any more.
    pub(crate) fn settle(&self, key: Key, answer: Answer) -> Option<Answer> {
        if answer.status == StatusCode::NOT_MODIFIED {
            let (body, link) = self.used_again(&key)?;
            let mut headers = answer.headers;
            if let Some(link) = link {
                headers.insert(header::LINK, link);
            }
            return Some(Answer { status: StatusCode::OK, headers, body: body.whole()? });
        }
        // Deflated before the lock is taken.
        let kept = match (answer.status, answer.etag()) {
            (StatusCode::OK, Some(etag)) if self.room.entries > 0 => Some(Kept {
                etag: etag.clone(),
                link: answer.headers.get(header::LINK).cloned(),
                body: Body::of(&answer.body),
                used: 0,
            }),
            _ => None,
        };
        let mut inner = self.lock();
        inner.remove(&key);
        if let Some(kept) = kept.filter(|kept| kept.size(&key) <= self.room.bytes / LARGEST_PART) {
            inner.uses += 1;
            let used = inner.uses;
            inner.insert(key, Kept { used, ..kept });
            while inner.kept.len() > self.room.entries || inner.bytes > self.room.bytes {
                let Some((_, oldest)) = inner.order.pop_first() else { break };
                inner.remove(&oldest);
            }
        }
        Some(answer)
    }

    fn used_again(&self, key: &Key) -> Option<(Body, Option<HeaderValue>)> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let kept = inner.kept.get_mut(key)?;
        inner.order.remove(&kept.used);
        inner.uses += 1;
        kept.used = inner.uses;
        inner.order.insert(inner.uses, key.clone());
        Some((kept.body.clone(), kept.link.clone()))
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

    fn with_room(entries: usize) -> Cache {
        Cache::new(Room { entries, bytes: 1024 * 1024 })
    }

    #[test]
    fn an_unchanged_answer_is_given_again_with_its_pages() {
        let cache = with_room(2);
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
        let cache = with_room(2);
        cache.settle(key("t", "/a"), answer(404, &[("etag", "\"1\"")], "{}"));
        assert_eq!(cache.etag(&key("t", "/a")), None, "a 404 must not come back as a 200");
        assert!(cache.settle(key("t", "/a"), answer(304, &[], "")).is_none());
        cache.settle(key("t", "/a"), answer(200, &[("etag", "\"2\"")], "x"));
        cache.settle(key("t", "/a"), answer(404, &[], "{}"));
        assert_eq!(cache.etag(&key("t", "/a")), None, "what is gone is forgotten");
    }

    #[test]
    fn it_is_bounded_and_apart_for_each_identity() {
        let cache = with_room(2);
        for address in ["/a", "/b"] {
            cache.settle(key("t", address), answer(200, &[("etag", "\"1\"")], "x"));
        }
        cache.settle(key("t", "/a"), answer(304, &[], ""));
        cache.settle(key("t", "/c"), answer(200, &[("etag", "\"1\"")], "x"));
        assert!(cache.etag(&key("t", "/a")).is_some() && cache.etag(&key("t", "/c")).is_some());
        assert_eq!(cache.etag(&key("t", "/b")), None, "not used for longest");
        assert_eq!(cache.etag(&key("other", "/a")), None);
        let none = with_room(0);
        none.settle(key("t", "/a"), answer(200, &[("etag", "\"1\"")], "x"));
        assert_eq!(none.etag(&key("t", "/a")), None);
    }

    /// A page of a list as GitHub writes it: long, and much alike.
    fn page(number: usize) -> String {
        let one = |id: usize| {
            format!(
                r#"{{"id":{id},"full_name":"acme/service-{id:05}","private":true,"url":"https://api.github.com/repos/acme/service-{id:05}"}}"#
            )
        };
        let all: Vec<String> = (0..500).map(|id| one(number * 500 + id)).collect();
        format!("[{}]", all.join(","))
    }

    #[test]
    fn long_answers_come_back_whole_and_take_little_room() {
        let cache = with_room(100);
        let pages: Vec<String> = (0..20).map(page).collect();
        for (number, body) in pages.iter().enumerate() {
            cache.settle(key("t", &format!("/p{number}")), answer(200, &[("etag", "\"1\"")], body)).unwrap();
        }
        for (number, body) in pages.iter().enumerate() {
            let again = cache.settle(key("t", &format!("/p{number}")), answer(304, &[], "")).unwrap();
            assert!(again.body == body.as_bytes(), "page {number}");
        }
        let (kept, raw) = (cache.lock().bytes, pages.iter().map(String::len).sum::<usize>());
        assert!(kept * 5 < raw, "{kept} bytes for {raw}");
    }

    #[test]
    fn the_room_is_counted_in_bytes() {
        let cache = Cache::new(Room { entries: 1_000, bytes: 20_000 });
        // Short enough to be kept as it is.
        let body = "x".repeat(1_500);
        for number in 0..50 {
            cache.settle(key("t", &format!("/{number}")), answer(200, &[("etag", "\"1\"")], &body)).unwrap();
            let inner = cache.lock();
            assert!(inner.bytes <= 20_000, "{}", inner.bytes);
            let counted: usize = inner.kept.iter().map(|(key, kept)| kept.size(key)).sum();
            assert_eq!((inner.bytes, inner.order.len()), (counted, inner.kept.len()));
        }
        assert!(cache.etag(&key("t", "/49")).is_some() && cache.etag(&key("t", "/0")).is_none());
        let too_long: String = (0..3_000_u32).map(|n| char::from(b'a' + (n * n % 23) as u8)).collect();
        cache.settle(key("t", "/long"), answer(200, &[("etag", "\"1\"")], &too_long)).unwrap();
        assert_eq!(cache.etag(&key("t", "/long")), None, "more than its part of the room");
        assert!(cache.etag(&key("t", "/49")).is_some(), "and it pushed nothing out");
    }
}
