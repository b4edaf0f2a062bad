//! Why: in a sentence for the person who was refused, and in full for those who run the bot.
//!
//! The person learns what they typed, what the policies' own words (`@why`) tell them, and whom to ask; never the
//! text of a policy, who is in a group, or what a plan would have touched besides what they named.

mod full;
pub(crate) mod words;

pub use full::{Explanation, Judged, Outcome, Part};
