//! `hubcommander devices`. `evaluate`: raw records of sources in, merged and judged devices out; reads nothing but the file
//! and, if there is one, the configuration. The others are about the computers that run osquery, and stand in a file of
//! their own.

mod nodes;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use hubcommander_posture::{Catalogue, DeviceView, Instant, Problem, evaluate};
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use serde_json::{Value as Json, json};

use super::{End, Failure};
use crate::config::{Devices, Surroundings, is_email, read_file};

/// What to do with records of devices.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum DevicesCommand {
    /// Print the devices that these records are of, each practice judged, as JSON.
    Evaluate {
        /// A JSON array of `{"source": "jamf", "record": {...}}`, each record as the source's API gives it, perhaps with
        /// `"fetched_at"`. `-` reads the standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The time to judge at, in RFC 3339 [default: now].
        #[arg(long, value_name = "TIME")]
        now: Option<Instant>,
    },
    /// List the computers that have enrolled with osquery.
    Nodes {
        /// Print them as a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Say whose a computer is that has enrolled with osquery, in place of whoever it was.
    Assign {
        /// The computer: its host identifier (a UUID) or its serial number, as `devices nodes` lists them.
        #[arg(value_name = "NODE")]
        node: String,
        /// The e-mail address that Slack shows of whoever has it; more than one where several people do.
        #[arg(value_name = "EMAIL", required_unless_present = "nobody", value_parser = email)]
        emails: Vec<String>,
        /// It is nobody's.
        #[arg(long, conflicts_with = "emails")]
        nobody: bool,
    },
    /// Forget a computer that has enrolled with osquery: its key counts for nothing from now on. If its agent still runs,
    /// it enrols again.
    Forget {
        /// The computer: its host identifier (a UUID) or its serial number, as `devices nodes` lists them.
        #[arg(value_name = "NODE")]
        node: String,
    },
}

fn email(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    if is_email(&text) {
        Ok(text)
    } else {
        Err("an e-mail address such as ana@example.com is needed".to_owned())
    }
}

/// Does it. `named` says whether somebody has named the configuration: else it need not be there.
pub(super) fn run(
    command: &DevicesCommand,
    config: &Path,
    named: bool,
    surroundings: &Surroundings<'_>,
) -> Result<(), End> {
    let (file, now) = match command {
        DevicesCommand::Evaluate { file, now } => (file, now),
        other => return nodes::run(other, config, surroundings),
    };
    let devices = if named || config.exists() {
        Devices::alone(config, &read_file(config)?, surroundings)?
    } else {
        Devices::default()
    };
    let text = read(file)?;
    let now = now.unwrap_or_else(|| SystemClock.now());
    let (shown, problems) = judged(&text, &devices, now).map_err(|why| {
        End::CannotTell(Failure::new(
            format!("{} cannot be read: {why}.", file.display()),
            "Give a JSON array of `{\"source\": \"jamf\", \"record\": {...}}`.",
        ))
    })?;
    for problem in &problems {
        let Problem { source, id, what } = problem;
        let id = id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
        eprintln!("{source}{id}: {what}");
    }
    print(&format!("{shown:#}\n"))
}

fn print(text: &str) -> Result<(), End> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other.map_err(|error| {
            Failure::new(format!("The devices cannot be printed: {error}."), "See where the output goes.")
        })?),
    }
}

fn read(file: &Path) -> Result<String, End> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    text.map_err(|error| {
        let what = format!("{} cannot be read: {error}.", file.display());
        End::CannotTell(Failure::new(what, "See that it is there, and that it is text."))
    })
}

/// The devices, worst first, and what could not be used. Where something could not, an object with `problems` stands
/// behind the devices.
fn judged(text: &str, devices: &Devices, now: Instant) -> Result<(Json, Vec<Problem>), String> {
    let entries: Vec<Json> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    for (number, entry) in entries.iter().enumerate() {
        let source = entry.get("source").and_then(Json::as_str).unwrap_or("?").to_owned();
        let place = |what: String| format!("{what} (entry {})", number + 1);
        let Some(raw) = entry.get("record") else {
            let what = place("There is no `record` in it.".to_owned());
            problems.push(Problem { source, id: None, what });
            continue;
        };
        let fetched_at = entry.get("fetched_at").and_then(Json::as_str).and_then(|at| at.parse().ok());
        match hubcommander_device_sources::read(&source, raw, fetched_at, &devices.sources) {
            Ok(record) => records.push(record),
            Err(error) => problems.push(Problem { source, id: error.id, what: place(error.what) }),
        }
    }
    let catalogue: &Catalogue = &devices.catalogue;
    let evaluation = evaluate(records, problems, catalogue, now);
    let mut shown: Vec<Json> =
        evaluation.devices.iter().map(|device| json!(DeviceView::of(device))).collect();
    if !evaluation.problems.is_empty() {
        shown.push(json!({ "problems": evaluation.problems }));
    }
    Ok((Json::Array(shown), evaluation.problems))
}
