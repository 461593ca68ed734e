//! SMS under a brand name: operators behind one trait.

pub mod http;
pub mod report;
pub mod segment;

use super::rules::Answer;

/// One message for an operator.
#[derive(Clone)]
pub struct Sms {
    /// The same for every attempt: an operator that knows it sends nothing again.
    pub id: String,
    /// `84900000001`.
    pub to: String,
    pub text: String,
}

/// What an operator knows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    Taken {
        reference: Option<String>,
    },
    Delivered,
    Undeliverable {
        code: String,
    },
    /// It never got it, so that another may.
    Never,
    /// It could not be asked.
    Unreachable {
        code: String,
    },
}

pub trait Operator: Send + Sync {
    fn name(&self) -> &str;

    /// Gives it the message.
    fn send(&self, sms: &Sms) -> Answer;

    /// Asks what became of it.
    fn ask(&self, id: &str) -> Known;
}
