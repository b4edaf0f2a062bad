//! What it takes to compare two rolls. `cargo bench -p hubcommander-directory --bench rolls [-- PEOPLE]`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement, not the product")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use hubcommander_directory::{Email, Person, Roll};

/// What is allowed for 20,000 people.
const TARGET: Duration = Duration::from_millis(50);

fn roll(count: usize, shift: usize) -> Option<Roll> {
    let people = (0..count).map(|place| {
        let number = place + shift;
        let mut person = Person::new(format!("00u{number:012x}"), format!("person{number}@example.com"));
        person.emails.extend(Email::parse(&person.user_name));
        person.name = format!("Person {number}");
        person.department = Some(format!("Department {}", number % (40 + shift.min(1))));
        person.groups = (0..5).map(|group| format!("group-{}", (number + group) % 500)).collect();
        person.active = number % 17 != shift % 17;
        person
    });
    Roll::new("bench", chrono::DateTime::UNIX_EPOCH, people.collect(), Vec::new()).ok()
}

fn main() -> ExitCode {
    let count = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(20_000);
    let mut took = Vec::new();
    for (name, shift) in [("the same", 0), ("much is otherwise", count / 10)] {
        for people in [count, count * 10] {
            let (Some(before), Some(after)) = (roll(people, 0), roll(people, shift * people / count)) else {
                return ExitCode::FAILURE;
            };
            let mut best = Duration::MAX;
            let mut found = 0;
            for _ in 0..10 {
                let start = Instant::now();
                let changes = after.since(&before);
                best = best.min(start.elapsed());
                found = changes.all().len();
            }
            println!("{people:>8} people, {name:<18} {found:>8} changes  {best:>12.2?}");
            took.push((people, best));
        }
    }
    if took.iter().any(|(people, best)| *people <= 20_000 && *best > TARGET) {
        println!("slower than {TARGET:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
