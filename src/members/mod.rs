//! Which account at GitHub is whose: the book of links, and what changes it; who is asked to link, and the nightly look
//! for those whom nobody knows.

mod book;
pub mod nights;
mod offers;
mod set_links;

pub use book::Book;
pub use offers::{OffersLinks, Unlinked};
pub use set_links::SetsLinks;
