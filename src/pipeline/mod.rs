//! The way of one command, a station after the other:
//!
//! intake → parse → ask → prepare → gate → execute → report
//!
//! Each station takes what only the one before it can make ([`parse::Parsed`], [`ask::Asked`],
//! [`prepare::Examined`], [`gate::GatedPlan`]), so that none can be passed by. The [`engine`] conducts an
//! invocation from station to station and survives a crash between any two.

pub mod ask;
pub mod engine;
pub mod execute;
pub mod gate;
pub mod glass;
pub mod intake;
pub mod limits;
pub mod lockdown;
pub mod locks;
pub mod parse;
pub mod prepare;
pub mod record;
pub mod report;
pub mod rules;
mod waits;
