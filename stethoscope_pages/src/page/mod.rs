//! The pages for people about themselves.

mod frame;
mod mine;
mod refusal;
mod token;

pub(crate) use frame::{Frame, html, see};
pub(crate) use mine::{access, answer, check, devices, faq, notifications, overview, person};
pub(crate) use refusal::Refusal;
pub(crate) use token::{make_token, revoke_token, tokens};
