//! The account against the local GitHub: one binary, a module per matter.

mod app;
mod creating;
mod editing;
mod granting;
mod limits;
mod providers;
mod reading;
mod secrets;
mod world;
