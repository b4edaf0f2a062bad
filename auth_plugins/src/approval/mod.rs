//! A second person: what their card says, when they are reminded, and who stands in when they are away. Pure: the
//! engine posts the card and hears the buttons.

mod card;
mod settings;

pub use card::{Asked, Need, card, closed, reminder};
pub use settings::Settings;
