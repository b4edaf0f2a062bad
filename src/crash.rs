//! Fault points: places where a test lets the process die, to see that nothing is lost.
//!
//! In a usual build they are nothing. With the cargo feature `crash-points`, `HUBCOMMANDER_CRASH_AT=N` ends
//! the process abruptly at the N-th point that it reaches, counted from 1, and
//! `HUBCOMMANDER_CRASH_LOG=FILE` gets a line `N name` for each point reached. So a test runs once to learn
//! the points, then once for each of them. `HUBCOMMANDER_CRASH_NAMED=NAME` ends it at the first point of that name.

/// Whether fault points are built in. For names that cost something to make.
pub const ENABLED: bool = cfg!(feature = "crash-points");

/// A place where the process may be told to die.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn point(_name: &str) {}

/// A place where the process may be told to die.
#[cfg(feature = "crash-points")]
pub fn point(name: &str) {
    reached::point(name);
}

#[cfg(feature = "crash-points")]
mod reached {
    use std::fs::{File, OpenOptions};
    use std::io::Write as _;
    use std::sync::{Mutex, OnceLock, PoisonError};

    struct Points {
        reached: u64,
        die_at: Option<u64>,
        die_named: Option<String>,
        log: Option<File>,
    }

    /// Reads the environment once. A log that cannot be opened is told on stderr: a test that finds no
    /// points must not pass for lack of a folder.
    fn points() -> &'static Mutex<Points> {
        static POINTS: OnceLock<Mutex<Points>> = OnceLock::new();
        POINTS.get_or_init(|| {
            let die_at = std::env::var("HUBCOMMANDER_CRASH_AT").ok().and_then(|at| at.parse().ok());
            let die_named = std::env::var("HUBCOMMANDER_CRASH_NAMED").ok();
            let log = std::env::var_os("HUBCOMMANDER_CRASH_LOG").and_then(|path| {
                let opened = OpenOptions::new().create(true).append(true).open(&path);
                opened.map_err(|error| eprintln!("crash log {}: {error}", path.display())).ok()
            });
            Mutex::new(Points { reached: 0, die_at, die_named, log })
        })
    }

    pub(super) fn point(name: &str) {
        let mut points = points().lock().unwrap_or_else(PoisonError::into_inner);
        points.reached += 1;
        let reached = points.reached;
        if let Some(log) = &mut points.log {
            // One write, so that lines of several threads do not mix. What the kernel has taken survives
            // the end of the process.
            let _ = log.write_all(format!("{reached} {name}\n").as_bytes());
        }
        if points.die_at == Some(reached) || points.die_named.as_deref() == Some(name) {
            std::process::abort();
        }
    }
}
