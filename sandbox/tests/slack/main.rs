//! The local Slack as an app sees it: over real connections, with a client of its own.

mod app;
mod forms;
mod messages;
mod page;
mod read_by_a_library;
mod socket;
mod web_api;
