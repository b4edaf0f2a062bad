//! HubCommander.
fn main() {}
