//! Duo against the local Duo.

mod asking;
mod passcodes;
mod refused;
mod trouble;
mod world;
