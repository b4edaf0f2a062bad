//! `hubcommander audit key`

use std::io::Write as _;
use std::path::Path;

use hubcommander_audit::{PublicKey, SigningKey};
use secrecy::ExposeSecret as _;

use super::Failure;
use crate::config::Sections;

/// Prints the public half of the configured key.
pub(super) fn show(sections: &Sections) -> Result<(), Failure> {
    let Some(key) = &sections.audit.settings.key else {
        return Err(Failure::new(
            "The configuration names no key for the audit, or it cannot be read.",
            "Make one with `hubcommander audit key --new PATH`, and name it under `[audit]`; `hubcommander check` says \
             what is wrong with one that is named.",
        ));
    };
    print(key.public());
    Ok(())
}

/// Makes a new pair and writes the private key to a file that only its owner can read.
pub(super) fn make(path: &Path) -> Result<(), Failure> {
    let failed = |what: String, cure: &str| Failure::new(what, cure);
    let unmade = |error: &dyn std::fmt::Display| {
        failed(format!("No key could be made: {error}."), "Report this as a mistake.")
    };
    let key = SigningKey::from_seed(&rand::random()).map_err(|error| unmade(&error))?;
    let pem = key.to_pem().map_err(|error| unmade(&error))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(pem.expose_secret().as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        let cure = match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                "Choose another path: a key that is in use must not be lost."
            }
            _ => "See that the folder is there and that this user may write to it.",
        };
        failed(format!("{} cannot be written: {error}.", path.display()), cure)
    })?;
    eprintln!("The private key is in {}. Name it in the configuration:", path.display());
    eprintln!("  [audit]");
    eprintln!("  key = {{ file = {:?} }}", path.display().to_string());
    eprintln!("Keep the public key where the record is verified:");
    print(key.public());
    Ok(())
}

fn print(key: &PublicKey) {
    println!("{key}");
    eprintln!("Its id is {}.", key.id());
}
