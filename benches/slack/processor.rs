//! Which core who runs on, and what a process has used so far. Linux; elsewhere nothing is pinned and all
//! is zero.

use std::process::Child;
use std::time::Duration;

/// The core of the local Slack and of whoever types.
pub const LOAD: usize = 0;
/// The core of the bot.
pub const BOT: usize = 1;

/// Binds this thread, and the processes that it starts from now on, to one core. Whether that was possible.
#[cfg(target_os = "linux")]
pub fn pin(core: usize) -> bool {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(core);
    rustix::thread::sched_setaffinity(None, &cores).is_ok()
}

/// Binds nothing here.
#[cfg(not(target_os = "linux"))]
pub fn pin(_core: usize) -> bool {
    false
}

/// Processor time that the process has used, in the kernel too. In steps of 10 ms.
pub fn used(process: &Child) -> Duration {
    used_by(&process.id().to_string())
}

/// The same of this process.
pub fn used_here() -> Duration {
    used_by("self")
}

fn used_by(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name, which may hold anything: fields 14 and 15 of proc_pid_stat(5), in hundredths.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// Memory that the process holds, in megabytes.
pub fn resident(process: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

/// How much the machine has to do besides: the load of the last minute.
pub fn load() -> String {
    let all = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    all.split(' ').next().unwrap_or_default().to_owned()
}
