//! The SCIM server: asked by hand as RFC 7644 and the two big senders do, and by a client that is not ours.

mod bad;
mod conformance;
mod lists;
mod news;
mod requests;
mod senders;
mod server;
