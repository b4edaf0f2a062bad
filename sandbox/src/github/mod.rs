//! A local GitHub.
