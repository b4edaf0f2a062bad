//! Passkeys with a soft token in place of people's keys.

mod attacks;
mod enrolling;
mod proving;
mod world;
