//! One text frame of Socket Mode, read once and without copying the payload.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Envelope, Kind};

/// Why Slack ends a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It will be cut in about ten seconds.
    Warning,
    /// It should be replaced now.
    Refresh,
    /// Socket Mode was switched off for the app.
    LinkDisabled,
    /// The app has ten connections already.
    TooManyWebsockets,
    /// One that Slack did not have when this was written.
    Other(String),
}

/// What a text frame turned out to be.
pub(super) enum Frame {
    /// The first one: the connection carries events from now on. Every field of it is optional.
    Hello {
        /// How many connections Slack counts for the app.
        connections: Option<u32>,
    },
    /// This connection ends.
    Disconnect(Reason),
    /// Something to hand on and to acknowledge.
    Envelope(Envelope),
    /// A kind of frame we do not know, and which asks for no answer.
    Stray(String),
    /// It does not parse.
    Unreadable {
        /// What is wrong, without the content: that may be secret.
        reason: String,
        /// The envelope's id, if it can still be made out.
        id: Option<String>,
    },
}

/// The outer object. What is not listed is skipped without being built.
#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    envelope_id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    retry_attempt: Option<u32>,
    accepts_response_payload: Option<bool>,
    reason: Option<String>,
    num_connections: Option<u32>,
}

/// The same with every field in whatever shape, for frames that bend the rules.
#[derive(Deserialize)]
struct Loose<'a> {
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
    envelope_id: Option<serde_json::Value>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    reason: Option<serde_json::Value>,
}

/// Reads a frame. Never fails: what cannot be read is [`Frame::Unreadable`].
pub(super) fn read(text: &str) -> Frame {
    let error = match serde_json::from_str::<Outer<'_>>(text) {
        Ok(outer) => return sort(outer),
        Err(error) => error,
    };
    // A field of an unexpected shape must not cost the message: take what is there.
    if let Ok(loose) = serde_json::from_str::<Loose<'_>>(text) {
        let word =
            |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let kind = word(loose.kind).unwrap_or_default();
        let id = word(loose.envelope_id);
        if id.is_some() || !kind.is_empty() {
            return sort(Outer {
                kind: Cow::Owned(kind),
                envelope_id: id,
                payload: loose.payload,
                retry_attempt: None,
                accepts_response_payload: None,
                reason: word(loose.reason),
                num_connections: None,
            });
        }
    }
    // `serde_json` names the kind of error and the place; with `Category` alone no content can slip in.
    let reason = format!("{:?} error in {} bytes at column {}", error.classify(), text.len(), error.column());
    Frame::Unreadable { reason, id: scan_for_id(text) }
}

fn sort(outer: Outer<'_>) -> Frame {
    if let Some(id) = outer.envelope_id {
        let kind = match outer.kind.as_ref() {
            "events_api" => Kind::Events,
            "interactive" => Kind::Interactive,
            "slash_commands" => Kind::Slash,
            other => Kind::Other(other.to_owned()),
        };
        let payload = match outer.payload {
            Some(payload) => payload.to_owned(),
            None => RawValue::NULL.to_owned(),
        };
        return Frame::Envelope(Envelope {
            id,
            kind,
            payload,
            retry_attempt: outer.retry_attempt.unwrap_or(0),
            wants_answer: outer.accepts_response_payload.unwrap_or(false),
        });
    }
    match outer.kind.as_ref() {
        "hello" => Frame::Hello { connections: outer.num_connections },
        "disconnect" => Frame::Disconnect(match outer.reason.as_deref() {
            Some("warning") => Reason::Warning,
            Some("refresh_requested") => Reason::Refresh,
            Some("link_disabled") => Reason::LinkDisabled,
            Some("too_many_websockets") => Reason::TooManyWebsockets,
            other => Reason::Other(other.unwrap_or("none given").to_owned()),
        }),
        "events_api" | "interactive" | "slash_commands" => {
            Frame::Unreadable { reason: format!("{} without an envelope_id", outer.kind), id: None }
        }
        other => Frame::Stray(other.to_owned()),
    }
}

/// Finds the envelope's id in text that is not JSON. An id is letters, digits and dashes.
fn scan_for_id(text: &str) -> Option<String> {
    let after = text.split_once("\"envelope_id\"")?.1.trim_start().strip_prefix(':')?.trim_start();
    let (id, _) = after.strip_prefix('"')?.split_once('"')?;
    let plain = (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain.then(|| id.to_owned())
}

/// The acknowledgement of an envelope, with an answer where Slack accepts one.
pub(super) fn ack(id: &str, answer: Option<&serde_json::Value>) -> String {
    let mut out = String::with_capacity(id.len() + 20);
    out.push_str("{\"envelope_id\":");
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        out.push('"');
        out.push_str(id);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(id).to_string());
    }
    if let Some(answer) = answer {
        out.push_str(",\"payload\":");
        out.push_str(&answer.to_string());
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn envelope(text: &str) -> Envelope {
        match read(text) {
            Frame::Envelope(envelope) => envelope,
            _ => panic!("no envelope: {text}"),
        }
    }

    #[test]
    fn an_event_is_handed_on_raw() {
        let read = envelope(
            r#"{"envelope_id":"a-1","type":"events_api","payload":{"event" : {"text":"1.50"}},
                "accepts_response_payload":false,"retry_attempt":2,"retry_reason":"timeout"}"#,
        );
        assert_eq!((read.id.as_str(), &read.kind, read.retry_attempt), ("a-1", &Kind::Events, 2));
        assert_eq!(read.payload.get(), r#"{"event" : {"text":"1.50"}}"#);
        assert!(!read.wants_answer);
    }

    #[test]
    fn the_three_kinds_and_one_of_tomorrow() {
        for (name, kind) in [
            ("interactive", Kind::Interactive),
            ("slash_commands", Kind::Slash),
            ("telepathy", Kind::Other("telepathy".into())),
        ] {
            let text = format!(
                r#"{{"envelope_id":"x","type":"{name}","payload":{{}},"accepts_response_payload":true}}"#
            );
            assert_eq!(envelope(&text).kind, kind);
            assert!(envelope(&text).wants_answer);
        }
    }

    #[test]
    fn a_field_of_another_shape_does_not_cost_the_message() {
        let read =
            envelope(r#"{"envelope_id":"x","type":"events_api","retry_attempt":"one","payload":{"a":1}}"#);
        assert_eq!((read.kind, read.payload.get()), (Kind::Events, r#"{"a":1}"#));
    }

    #[test]
    fn hello_and_goodbye() {
        assert!(matches!(read(r#"{"type":"hello"}"#), Frame::Hello { connections: None }));
        let hello =
            r#"{"type":"hello","num_connections":3,"debug_info":{"approximate_connection_time":18060}}"#;
        assert!(matches!(read(hello), Frame::Hello { connections: Some(3) }));
        for (name, reason) in [
            ("warning", Reason::Warning),
            ("refresh_requested", Reason::Refresh),
            ("link_disabled", Reason::LinkDisabled),
            ("too_many_websockets", Reason::TooManyWebsockets),
            ("tuesday", Reason::Other("tuesday".into())),
        ] {
            let text = format!(r#"{{"type":"disconnect","reason":"{name}","debug_info":{{"host":"h"}}}}"#);
            assert!(matches!(read(&text), Frame::Disconnect(found) if found == reason));
        }
    }

    #[test]
    fn broken_text_still_tells_its_id_but_not_its_content() {
        let Frame::Unreadable { reason, id } =
            read(r#"{"envelope_id" : "b-2","type":"events_api","payload":{"text":"xoxb-secret"#)
        else {
            panic!("should not be readable")
        };
        assert_eq!(id.as_deref(), Some("b-2"));
        assert!(!reason.contains("secret"), "{reason}");
        assert!(matches!(read(r#"{"type":"events_api","payload":{}}"#), Frame::Unreadable { id: None, .. }));
        assert!(matches!(read("[]"), Frame::Unreadable { id: None, .. }));
        assert!(matches!(read(""), Frame::Unreadable { id: None, .. }));
    }

    #[test]
    fn an_ack_is_one_small_object() {
        assert_eq!(ack("a-1", None), r#"{"envelope_id":"a-1"}"#);
        let answer = serde_json::json!({"response_action": "clear"});
        assert_eq!(
            ack("a-1", Some(&answer)),
            r#"{"envelope_id":"a-1","payload":{"response_action":"clear"}}"#
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_any_ack_is_json(text in ".*", id in ".*") {
            let _ = read(&text);
            let parsed: serde_json::Value = serde_json::from_str(&ack(&id, None)).unwrap();
            prop_assert_eq!(parsed["envelope_id"].as_str(), Some(id.as_str()));
        }
    }
}
