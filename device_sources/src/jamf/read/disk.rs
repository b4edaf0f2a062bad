//! Whether the disk that the system starts from is encrypted. Other volumes do not count: what APFS keeps for itself
//! (`VM`, `Preboot`, `Update`) is never encrypted, and a disk that is plugged in is not the computer.

use hubcommander_posture::Seen;

/// How a volume stands, in the words of either API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Encrypted,
    /// Under way to be encrypted: there is nothing to do but to wait, or to start the Mac again.
    OnTheWay(&'static str),
    Plain(&'static str),
    Unknown,
}

/// The words of the Pro API are an enum (`ENCRYPTED`); those of the Classic API are for people (`Not Encrypted`).
pub(super) fn state(word: Option<&str>) -> State {
    let word = word.unwrap_or_default().trim().to_ascii_uppercase().replace([' ', '-'], "_");
    match word.as_str() {
        "ENCRYPTED" => State::Encrypted,
        "ENCRYPTING" | "OPTIMIZING" => State::OnTheWay("is being encrypted"),
        "ENCRYPTING_PAUSED" => State::OnTheWay("is being encrypted, and that has paused"),
        "RESTART_NEEDED" => State::OnTheWay("will be encrypted after a restart"),
        "UNENCRYPTED" | "NOT_ENCRYPTED" | "DECRYPTED" => State::Plain("is not encrypted"),
        "DECRYPTING" | "DECRYPTING_PAUSED" => State::Plain("is being decrypted"),
        "INELIGIBLE" | "NOT_SUPPORTED" => State::Plain("is not encrypted and cannot be as it is"),
        _ => State::Unknown,
    }
}

/// A volume.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    pub(super) name: Option<String>,
    pub(super) boot: bool,
    pub(super) state: State,
    pub(super) percent: Option<i64>,
}

impl Volume {
    /// On APFS what people write lies on a volume beside the one that starts: `Macintosh HD - Data`.
    fn data(&self) -> bool {
        self.name.as_deref().is_some_and(|name| name == "Data" || name.ends_with(" - Data"))
    }

    fn words(&self) -> Option<String> {
        let how = match self.state {
            State::Encrypted => "is encrypted",
            State::OnTheWay(how) | State::Plain(how) => how,
            State::Unknown => return None,
        };
        let name = self.name.as_deref().unwrap_or("The disk it starts from");
        let percent = match (self.state, self.percent) {
            (State::OnTheWay(_), Some(percent)) => format!(" ({percent} %)"),
            _ => String::new(),
        };
        Some(format!("{name} {how}{percent}"))
    }
}

/// What follows from the volumes. The worst of those that count; one of which nothing is known is passed over where
/// the one that starts is known.
pub(super) fn judge(volumes: &[Volume]) -> (Seen, Option<String>) {
    let counting: Vec<&Volume> = volumes.iter().filter(|volume| volume.boot || volume.data()).collect();
    let words = |which: fn(State) -> bool| {
        let lines: Vec<String> = counting
            .iter()
            .filter(|volume| which(volume.state))
            .filter_map(|volume| volume.words())
            .collect();
        (!lines.is_empty()).then(|| format!("{}.", lines.join(". ")))
    };
    if let Some(words) = words(|state| matches!(state, State::Plain(_))) {
        return (Seen::Bad, Some(words));
    }
    if let Some(words) = words(|state| matches!(state, State::OnTheWay(_))) {
        return (Seen::Improvable, Some(words));
    }
    // A data volume alone proves nothing of the volume that starts.
    if counting.iter().any(|volume| volume.boot && volume.state == State::Encrypted) {
        return (Seen::Good, words(|state| state == State::Encrypted));
    }
    (Seen::Unknown, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(name: &str, boot: bool, word: &str) -> Volume {
        Volume { name: Some(name.to_owned()), boot, state: state(Some(word)), percent: Some(42) }
    }

    #[test]
    fn every_word_of_jamf_for_the_boot_volume() {
        for (word, seen) in [
            ("ENCRYPTED", Seen::Good),
            ("Encrypted", Seen::Good),
            ("ENCRYPTING", Seen::Improvable),
            ("OPTIMIZING", Seen::Improvable),
            ("ENCRYPTING_PAUSED", Seen::Improvable),
            ("RESTART_NEEDED", Seen::Improvable),
            ("UNENCRYPTED", Seen::Bad),
            ("Not Encrypted", Seen::Bad),
            ("DECRYPTED", Seen::Bad),
            ("DECRYPTING", Seen::Bad),
            ("DECRYPTING_PAUSED", Seen::Bad),
            ("INELIGIBLE", Seen::Bad),
            ("Not Supported", Seen::Bad),
            ("UNKNOWN", Seen::Unknown),
            ("", Seen::Unknown),
            ("SOMETHING_NEW", Seen::Unknown),
        ] {
            assert_eq!(judge(&[volume("Macintosh HD", true, word)]).0, seen, "{word}");
        }
        assert_eq!(state(None), State::Unknown);
    }

    #[test]
    fn only_the_boot_and_the_data_volume_count() {
        let boot = volume("Macintosh HD (Boot Partition)", true, "ENCRYPTED");
        let of = |others: &[Volume]| judge(&[std::slice::from_ref(&boot), others].concat()).0;
        assert_eq!(of(&[]), Seen::Good);
        for name in ["VM", "Preboot", "Update", "Recovery HD", "Backup disk"] {
            assert_eq!(of(&[volume(name, false, "UNENCRYPTED")]), Seen::Good, "{name}");
        }
        assert_eq!(of(&[volume("Macintosh HD - Data", false, "UNENCRYPTED")]), Seen::Bad);
        assert_eq!(of(&[volume("Macintosh HD - Data", false, "UNKNOWN")]), Seen::Good);
        assert_eq!(judge(&[]).0, Seen::Unknown);
        assert_eq!(judge(&[volume("Backup disk", false, "ENCRYPTED")]).0, Seen::Unknown);
        assert_eq!(judge(&[volume("Data", false, "ENCRYPTED")]).0, Seen::Unknown);
    }

    #[test]
    fn it_says_which_volume_and_how() {
        let words = |word| judge(&[volume("Macintosh HD", true, word)]).1.unwrap();
        assert_eq!(words("ENCRYPTING"), "Macintosh HD is being encrypted (42 %).");
        assert_eq!(words("UNENCRYPTED"), "Macintosh HD is not encrypted.");
    }
}
