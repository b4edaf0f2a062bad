//! Which account at GitHub is whose: the book of links, and what changes it.

mod book;
mod by_code;
mod known;
mod set_links;

pub use book::{Book, News};
pub use by_code::ByCode;
pub use known::Known;
pub use set_links::SetsLinks;
