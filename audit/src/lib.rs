//! The audit's chain: what each entry is sealed with, and how a broken one is found. No I/O.
//!
//! The way through it: an [`Entry`] has a [`Leaf`] hash. The leaves are linked one to the next by a [`Chain`], whose
//! [`Head`] stands for all of them. A [`Seal`] signs the head after each batch, and each seal names the one before.
//! A [`Verifier`] reads entries, links and seals again, in order, and says what is wrong. `docs/audit.md` says what that
//! does and does not prove.

mod chain;
mod entry;
mod hash;
mod head;
mod key;
mod seal;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::Chain;
pub use entry::{Entry, Leaf, Link, SALT, Salt, content, leaf, link};
pub use hash::{Hash, NoHash};
pub use head::{Head, NoHead, heads};
pub use key::{BadKey, KeyId, PublicKey, PublicKeys, SigningKey};
pub use seal::{Seal, Signature, UNSIGNED};
pub use verify::{Finding, Report, Row, Signed, Verifier};
