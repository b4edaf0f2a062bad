//! The account at Travis CI: a reading and a writing client, and what each operation does.
//!
//! [`Travis`] is set up once. Plugins get its [`Reader`], which cannot write, by type. The engine gets its
//! handlers, which write only against a permit, and its probes. It speaks version 3 of the API
//! (<https://developer.travis-ci.com>) of api.travis-ci.com or of a Travis CI Enterprise.
//!
//! A repository is the one with GitHub's number for it: under its name Travis may still know another.

mod account;
mod error;
mod model;
pub mod operations;
mod path;
pub mod preconditions;
mod probes;
mod reader;
mod settings;
mod slug;
mod transport;
mod words;
mod writer;

pub use account::Travis;
pub use error::{ReadError, ReadErrorKind};
pub use model::{Organisation, Repository, Target, User};
pub use reader::Reader;
pub use settings::{Settings, SetupError};
pub use slug::{BadSlug, Slug};
