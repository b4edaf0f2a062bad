//! Ways to prove who one is, and to ask a second person: one folder each.

pub mod approval;
