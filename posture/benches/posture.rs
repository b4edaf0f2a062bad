//! How long it takes to make devices of records, in time and memory: 100,000 devices that three sources know, and half
//! as many; then as many records that all share one dock.
//!
//! `cargo bench -p hubcommander-posture`, on Linux. Each run is a process of its own, so that its height of memory is
//! its own. The seconds are those of the processor, on one core.
#![allow(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a measurement, not the product"
)]

use std::process::{Command, ExitCode};

use chrono::TimeDelta;
use hubcommander_posture::{Catalogue, Instant, Mac, Platform, Record, Seen, Serial, Software, evaluate};

/// Seconds for the larger run.
const TIME: f64 = 2.0;
/// Megabytes at the height of it, records included.
const MEMORY: f64 = 1_000.0;
/// How much longer twice as many may take.
const RATIO: f64 = 2.0;
const DEVICES: usize = 100_000;
const ROUNDS: usize = 5;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let done = match arguments.as_slice() {
        [word, kind, count] if word == "--run" => {
            count.parse().map_err(Failure::from).and_then(|count| run(kind, count))
        }
        _ => measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Failure> {
    println!("{:<22} {:>9} {:>9} {:>8} {:>22}", "", "devices", "records", "s", "MB: records / height");
    for kind in ["three sources", "one dock"] {
        let half = best(kind, DEVICES / 2)?;
        let whole = best(kind, DEVICES)?;
        for (count, run) in [(DEVICES / 2, &half), (DEVICES, &whole)] {
            println!(
                "{kind:<22} {:>9} {:>9} {:>8.3} {:>13.0} / {:>6.0}",
                count, run.records, run.seconds, run.before, run.height
            );
        }
        let ratio = whole.seconds / half.seconds;
        let mark = |met| if met { "✓" } else { "✗" };
        println!(
            "  twice as many: {ratio:.2} times as long {}; {TIME} s {}; {MEMORY} MB {}",
            mark(ratio <= RATIO),
            mark(whole.seconds < TIME),
            mark(whole.height < MEMORY)
        );
    }
    Ok(())
}

struct Run {
    records: usize,
    seconds: f64,
    before: f64,
    height: f64,
}

/// The quickest of some runs: what else the machine does only adds.
fn best(kind: &str, count: usize) -> Result<Run, Failure> {
    let mut best: Option<Run> = None;
    for _ in 0..ROUNDS {
        let output =
            Command::new(std::env::current_exe()?).args(["--run", kind, &count.to_string()]).output()?;
        let text = String::from_utf8(output.stdout)?;
        let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [records, seconds, before, height] = numbers[..] else { return Err("a run said nothing".into()) };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let run = Run { records: records as usize, seconds, before, height };
        if best.as_ref().is_none_or(|best| run.seconds < best.seconds) {
            best = Some(run);
        }
    }
    best.ok_or_else(|| "no run".into())
}

fn run(kind: &str, count: usize) -> Result<(), Failure> {
    let now: Instant = "2026-11-28T10:00:00Z".parse()?;
    let catalogue: toml::Table =
        "[edr]\ntitle = \"EDR\"\nwhy = \"It looks for attacks.\"\nsoftware = { names = [\"edr.app\"] }"
            .parse()?;
    let catalogue = Catalogue::read(&catalogue)?;
    let records: Vec<Record> =
        (0..count).flat_map(|number| device(number, kind == "one dock", now)).collect();
    let (length, before) = (records.len(), memory("VmRSS:"));
    let begun = processor()?;
    let found = evaluate(records, Vec::new(), &catalogue, now);
    let seconds = processor()? - begun;
    if found.devices.len() != count {
        return Err(format!("{} devices of {count}", found.devices.len()).into());
    }
    println!("{length} {seconds} {before} {}", memory("VmHWM:"));
    Ok(())
}

/// Three records of one device: two with its serial number, one with its address alone.
fn device(number: usize, dock: bool, now: Instant) -> [Record; 3] {
    let hours = |hours: usize| Some(now - TimeDelta::hours(i64::try_from(hours % 2_000).unwrap_or_default()));
    let wifi = format!("a483e7{number:06x}");
    let mut jamf = Record::new("jamf", number.to_string());
    jamf.identifiers.serial = Serial::read(&format!("C02{number:08}"));
    jamf.identifiers.udid = Some(format!("{number:08X}-0000-4000-8000-000000000000"));
    jamf.identifiers.mac_addresses.extend(Mac::read(&wifi));
    if dock {
        jamf.identifiers.mac_addresses.extend(Mac::read("3c18a0000001"));
    }
    jamf.owners = vec![format!("person{}@example.com", number / 2)];
    jamf.name = Some(format!("mac-{number}"));
    jamf.model = Some("MacBook Air (M3)".to_owned());
    jamf.os = Some("macOS".to_owned());
    jamf.os_version = Some(["26.1", "15.6.1", "14.2"][number % 3].to_owned());
    jamf.software = Some(
        ["Slack.app", "Firefox.app", "edr.app"]
            .map(|name| Software { name: name.to_owned(), version: None })
            .to_vec(),
    );
    let mut fleet = Record::new("fleet", number.to_string());
    fleet.identifiers.serial = Serial::read(&format!("c02{number:08}"));
    let mut google = Record::new("google", format!("devices/{number}"));
    google.identifiers.mac_addresses.extend(Mac::read(&wifi));
    google.identifiers.others.insert("google_device_id".to_owned(), format!("g{number}"));
    google.owners.clone_from(&jamf.owners);
    let seen = [Seen::Good, Seen::Bad, Seen::Unknown, Seen::Good];
    for (index, record) in [&mut jamf, &mut fleet, &mut google].into_iter().enumerate() {
        record.platform = Some(Platform::MacOs);
        record.last_seen = hours(number + index);
        for (place, practice) in
            ["encryption", "firewall", "screenlock", "remotelogin"].into_iter().enumerate()
        {
            let details = Some("Macintosh HD: encrypted".to_owned());
            record.saw(practice, seen[(number + place + index) % 4], hours(number + index + place), details);
        }
    }
    [jamf, fleet, google]
}

/// Seconds of the processor that this thread has had, in the kernel too; it has waited for others besides.
fn processor() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

/// Megabytes, as Linux counts them; nought elsewhere.
fn memory(what: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or_default()
        / 1_024.0
}
