//! The commands that know the engine.

pub mod help;
