//! The directory against what others send and say: a SCIM client that is not ours, and servers that misbehave.

mod scim;
