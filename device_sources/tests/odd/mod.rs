//! Records in which something is missing or odd, whichever source they are of.

use hubcommander_posture::{Record, Seen};
use serde_json::{Value, json};

/// All places in a record.
fn places(raw: &Value, at: &str, found: &mut Vec<String>) {
    let mut below = |key: String, value: &Value| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        found.push(place.clone());
        places(value, &place, found);
    };
    match raw {
        Value::Object(members) => members.iter().for_each(|(key, value)| below(key.clone(), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(key, value)| below(key.to_string(), value))
        }
        _ => {}
    }
}

/// Whatever is missing or odd in a record, what was bad is never good for it.
pub fn never_better(raw: &Value, read: impl Fn(&Value) -> Option<Record>, bad: &[&str]) {
    let mut all = Vec::new();
    places(raw, "", &mut all);
    assert!(all.len() > 10);
    for place in all {
        for odd in [Value::Null, json!(""), json!("odd"), json!([]), json!({}), json!(-1), json!([{}])] {
            let mut raw = raw.clone();
            *raw.pointer_mut(&place).unwrap() = odd.clone();
            let Some(record) = read(&raw) else { continue };
            for practice in bad {
                assert_ne!(
                    record.observations.get(*practice).map(|found| found.seen),
                    Some(Seen::Good),
                    "{practice}: {place} = {odd}"
                );
            }
        }
    }
}
