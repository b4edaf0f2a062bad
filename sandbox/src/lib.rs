//! A local Slack and a local GitHub: state models with faults on demand
