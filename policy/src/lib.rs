//! Who may do what, and what it takes: policies in Cedar over the commands there are. No I/O.
//!
//! Two sets of policies. The first says who may: each question is asked twice, [`Policy::may_ask`] on the typed
//! arguments before anything is read at GitHub, and [`Policy::may_be_done`] on the finished plan. The second says
//! what a plan takes ([`Policy::takes`]): its policies carry annotations such as `@step_up("any")`, all that match
//! add up, and none can permit anything.
//!
//! The way through: [`source`] is the text and what is wrong with it; [`schema`] is made from the commands'
//! specifications; `load` reads the text against it; `annotations` reads what policies carry; [`question`] is what
//! is asked; `request` turns it into what Cedar judges; [`policy`] judges; [`explain`] says why;
//! [`mod@reference`] is the part of the documentation that is made from all this.

mod annotations;
pub mod explain;
mod lint;
mod load;
pub mod policy;
pub mod question;
pub mod reference;
mod request;
pub mod schema;
pub mod source;

#[cfg(test)]
mod tests;

pub use annotations::{Known, OF_OBLIGATIONS, OF_POLICIES};
pub use policy::{Cause, Decision, Denial, Erred, LooksAt, Policy, Ruled, Surroundings, Taken};
pub use question::{Asker, Group, Linked, Planned, Question, Resource};
pub use source::{Fault, Place, Source, Sources};
