//! How fast the bot is beside a bare echo, in the same run: throughput, delays, memory, start.
//!
//! `cargo bench --bench slack`. The local Slack and whoever types have one core, the bot under test the
//! other. Both are measured in turns, several times, and what is shown are medians. Loopback only.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement"
)]

mod bots;
mod echo;
mod load;
mod processor;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::bots::{Bot, Who};
use crate::echo::Style;
use crate::load::{Load, Times};

/// How much is measured.
struct Size {
    rounds: usize,
    /// Messages of one round at full speed.
    rush: usize,
    window: usize,
    /// Messages of one round at a steady pace.
    walk: usize,
    each_second: u32,
    starts: usize,
}

/// 100,000 messages at full speed.
const FULL: Size = Size { rounds: 5, rush: 20_000, window: 50, walk: 600, each_second: 100, starts: 10 };
/// Only whether it works.
const SHORT: Size = Size { rounds: 1, rush: 500, window: 50, walk: 20, each_second: 100, starts: 1 };

/// One bot and what was measured of it.
struct Measured {
    bot: Bot,
    load: Load,
    speeds: Vec<f64>,
    /// Microseconds of processor time for each message: of the bot, and of the local Slack meanwhile.
    costs: Vec<f64>,
    costs_of_load: Vec<f64>,
    times: Times,
    memory: f64,
}

impl Measured {
    async fn start(who: Who) -> Result<Self> {
        let bot = Bot::start(who).await?;
        let load = Load::new(&bot.slack);
        Ok(Self {
            bot,
            load,
            speeds: Vec::new(),
            costs: Vec::new(),
            costs_of_load: Vec::new(),
            times: Times::default(),
            memory: 0.0,
        })
    }

    async fn rush(&mut self, size: &Size) -> Result<()> {
        let (bot, here) = (processor::used(&self.bot.process), processor::used_here());
        let took = self.load.rush(size.rush, size.window).await?;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / size.rush as f64;
        self.speeds.push(size.rush as f64 / took.as_secs_f64());
        self.costs.push(each(processor::used(&self.bot.process) - bot));
        self.costs_of_load.push(each(processor::used_here() - here));
        Ok(())
    }

    async fn walk(&mut self, size: &Size) -> Result<()> {
        let times = self.load.walk(size.walk, size.each_second).await?;
        self.times.acks.extend(times.acks);
        self.times.replies.extend(times.replies);
        Ok(())
    }
}

async fn measure(size: &Size) -> Result<()> {
    let mut plain = Measured::start(Who::Echo(Style::Plain)).await?;
    let mut echo = Measured::start(Who::Echo(Style::Quick)).await?;
    let mut ours = Measured::start(Who::HubCommander).await?;
    for _ in 0..size.rounds {
        plain.rush(size).await?;
        echo.rush(size).await?;
        ours.rush(size).await?;
    }
    plain.bot.stop()?;
    echo.memory = processor::resident(&echo.bot.process);
    ours.memory = processor::resident(&ours.bot.process);
    for _ in 0..size.rounds {
        echo.walk(size).await?;
        ours.walk(size).await?;
    }
    let mut starts = [Vec::new(), Vec::new()];
    for _ in 0..size.starts {
        for (who, starts) in [Who::Echo(Style::Quick), Who::HubCommander].into_iter().zip(&mut starts) {
            let bot = Bot::start(who).await?;
            starts.push(bot.ready.as_secs_f64() * 1e3);
            bot.stop()?;
        }
    }
    show(size, &mut plain.speeds, &mut echo, &mut ours, &mut starts);
    echo.bot.stop()?;
    ours.bot.stop()
}

fn show(
    size: &Size,
    plain: &mut [f64],
    echo: &mut Measured,
    ours: &mut Measured,
    starts: &mut [Vec<f64>; 2],
) {
    println!(
        "{} rounds of {} messages, window {}; then {} messages a second. Load of the machine: {}.",
        size.rounds,
        size.rush,
        size.window,
        size.each_second,
        processor::load(),
    );
    println!("\n{:<34}{:>12}{:>14}   target", "", "echo", "HubCommander");
    let line = |what: &str, echo: f64, ours: f64, digits: usize, target: &str, met: Option<bool>| {
        let mark = met.map_or("", |met| if met { " ✓" } else { " ✗" });
        println!("{what:<34}{echo:>12.digits$}{ours:>14.digits$}   {target}{mark}");
    };
    let ratio = |echo: &[f64], ours: &[f64]| {
        middle(&mut echo.iter().zip(ours).map(|(echo, ours)| ours / echo).collect::<Vec<f64>>())
    };
    let (to_plain, to_quick) = (ratio(plain, &ours.speeds), ratio(&echo.speeds, &ours.speeds));
    line("messages a second", middle(&mut echo.speeds), middle(&mut ours.speeds), 0, "", None);
    line("  as a share of the echo's", 1.0, to_quick, 2, "at least 0.60", Some(to_quick >= 0.6));
    line("messages a second, plain echo", middle(plain), middle(&mut ours.speeds), 0, "", None);
    line("  as a share of that", 1.0, to_plain, 2, "at least 0.60", Some(to_plain >= 0.6));
    line("processor, µs a message", middle(&mut echo.costs), middle(&mut ours.costs), 1, "", None);
    let here = (middle(&mut echo.costs_of_load), middle(&mut ours.costs_of_load));
    line("  of the local Slack, µs", here.0, here.1, 1, "", None);
    for (what, echo, ours, bound) in [
        ("ack", &mut echo.times.acks, &mut ours.times.acks, 10.0),
        ("reply", &mut echo.times.replies, &mut ours.times.replies, 15.0),
    ] {
        line(&format!("{what}, median, ms"), share(echo, 0.5), share(ours, 0.5), 2, "", None);
        let slow = share(ours, 0.99);
        let target = format!("under {bound:.0}");
        line(
            &format!("{what}, 99 of 100 within, ms"),
            share(echo, 0.99),
            slow,
            2,
            &target,
            Some(slow < bound),
        );
    }
    let what = format!("MB resident after {}", size.rounds * size.rush);
    line(&what, echo.memory, ours.memory, 1, "under 40", Some(ours.memory < 40.0));
    let [echo, ours] = starts;
    let ready = middle(ours);
    line("start to first hello, ms", middle(echo), ready, 0, "under 150", Some(ready < 150.0));
}

fn middle(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// The time, in milliseconds, within which this share of all was done.
fn share(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let at = (times.len() as f64 * share) as usize;
    times.get(at.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn main() -> ExitCode {
    let echo_of =
        bots::ECHO_OF.into_iter().find_map(|(name, style)| Some((std::env::var(name).ok()?, style)));
    let result = match echo_of {
        Some((api_url, style)) => echo::run(&api_url, style),
        None => {
            // `cargo bench` adds `--bench`; `cargo test --benches` adds nothing and gets a short run.
            let size = if std::env::args().any(|arg| arg == "--bench") { FULL } else { SHORT };
            if !processor::pin(processor::LOAD) {
                println!("Not pinned to cores: the numbers mean little.");
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(measure(&size)))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
