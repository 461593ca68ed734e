//! Mails to those who work with the program: to the mailboxes of a unit and of the city, once each for what they
//! are about. No person is named, and what is sent says where to look.

use super::{Channel, New, enqueue};
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::{Lane, Stamp, Store};

/// The city's mailboxes that are written to, and where the program's pages are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    pub mailboxes: &'a [String],
    pub public_url: &'a str,
}

impl<'a> Told<'a> {
    /// The unit's own mailbox and the city's, each once.
    pub fn with_own(&self, own: Option<&'a String>) -> Vec<&'a String> {
        let mut to: Vec<&String> = own.into_iter().chain(self.mailboxes).collect();
        to.sort_unstable();
        to.dedup();
        to
    }
}

/// What a mail is about and what it says; the subject is the text's first line.
#[derive(Debug)]
pub struct Mail {
    pub unit: UnitId,
    pub kind: &'static str,
    /// With the kind of the subject, what the mail is sent once for.
    pub subject_kind: &'static str,
    pub subject: i64,
    pub text: String,
    pub expires_at: Option<Instant>,
}

impl Mail {
    /// One message to each mailbox.
    pub fn to<'a>(&self, mailboxes: impl IntoIterator<Item = &'a String>) -> Vec<New> {
        let message = |mailbox: &String| New {
            unit: self.unit,
            kind: self.kind,
            subject_kind: self.subject_kind,
            subject: self.subject,
            channel: Channel::Email,
            to: mailbox.clone(),
            text: Some(self.text.clone()),
            money: None,
            expires_at: self.expires_at,
        };
        mailboxes.into_iter().map(message).collect()
    }
}

/// Writes the messages; one that exists for the same subject and mailbox stays as it is. Returns how many are new.
///
/// # Errors
/// Those of the store.
pub fn tell(store: &Store, stamp: &Stamp<'_>, mails: &[New]) -> Result<usize> {
    if mails.is_empty() {
        return Ok(0);
    }
    store.write(&Scope::All, Lane::Bulk, |tx| enqueue(tx, stamp, mails))
}
