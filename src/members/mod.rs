//! Which account at GitHub is whose: the book of links, and what changes it.

mod book;
mod set_links;

pub use book::{Book, News};
pub use set_links::SetsLinks;
