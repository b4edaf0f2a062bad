//! The local GitHub, asked over real connections as a bot asks it.

mod apps;
mod audit_log;
mod collaborators;
mod deploy_keys;
mod description;
mod device_flow;
mod front;
mod graphql;
mod joining;
mod limits;
mod memberships;
mod organisations;
mod page;
mod people;
mod protection;
mod pulls;
mod repositories;
mod repository_settings;
mod rulesets;
mod scale;
mod site;
mod teams;
