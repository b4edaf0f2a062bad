//! How far a command has come that takes long to answer: shown in the message that will hold the answer.

use std::sync::{Arc, Mutex, PoisonError};

use hubcommander_sdk::command::{Audience, Headway};
use hubcommander_sdk::message::{Message, State};

use super::Engine;
use crate::invocation::Invocation;
use crate::pipeline::report::slot::Slot;
use crate::pipeline::report::{Before, Reporter};

/// Opens the message when there is something to say, and not before: most commands answer at once.
pub(super) struct Announced(Arc<Mutex<Place>>);

enum Place {
    /// Nothing was said yet.
    Silent {
        reporter: Reporter,
        invocation: Box<Invocation>,
        before: Before,
        audience: Audience,
    },
    Open(Slot),
    /// The answer is there; what is said now comes too late.
    Over,
}

impl Announced {
    pub fn new(engine: &Engine, invocation: &Invocation, audience: Audience, before: Before) -> Self {
        let (reporter, invocation) = (engine.reporter.clone(), Box::new(invocation.clone()));
        Self(Arc::new(Mutex::new(Place::Silent { reporter, invocation, before, audience })))
    }

    /// Where the command says how far it has come.
    pub fn headway(&self) -> Headway {
        let place = Arc::clone(&self.0);
        Headway::to(move |words| {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            if let Place::Silent { reporter, invocation, before, audience } = &*place {
                *place = Place::Open(Slot::open(reporter.clone(), invocation, *before, *audience));
            }
            if let Place::Open(slot) = &*place {
                slot.show(Message::new(words).state(State::Working));
            }
        })
    }

    /// The message, if one was opened.
    pub fn slot(self) -> Option<Slot> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *place, Place::Over) {
            Place::Open(slot) => Some(slot),
            Place::Silent { .. } | Place::Over => None,
        }
    }
}
