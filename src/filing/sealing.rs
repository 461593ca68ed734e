//! Drafted forms get their signature, outside any transaction, and go into the ledger in the
//! transaction that stores their message.

use ring::rand::SystemRandom;

use super::envelope::{self, AUTHORITY, Envelope};
use super::{Filing, Kind, State, invoice, query, schema, transmission};
use crate::actor::{Actor, Scope};
use crate::error::Result;
use crate::receipt::profile;
use crate::receipt::seal::Keyring;
use crate::receipt::sign::sign_batch;
use crate::store::{Lane, Stamp, Store, failure};
use crate::unit;

const BATCH: i64 = 50;

/// Signs and enqueues every drafted form. Returns how many; those without a key wait, and so does one
/// that its schema refuses: nothing of it is sent.
///
/// `sender` is the code under which messages go (`MNGui`); None for a direct connection under each
/// unit's own tax code.
pub fn sign_and_enqueue(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    sender: Option<&str>,
) -> Result<usize> {
    let mut count = 0;
    for filing in store.read(&Scope::All, |conn| query::drafted(conn, BATCH))? {
        match sign_one(store, keyring, stamp, sender, filing) {
            Ok(done) => count += usize::from(done),
            Err(error) if error.code() == failure::UNAVAILABLE => return Err(error),
            Err(error) => tracing::warn!(%error, "a form waits for its signature"),
        }
    }
    Ok(count)
}

fn sign_one(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    sender: Option<&str>,
    filing: Filing,
) -> Result<bool> {
    let (signer, unit) = store.read(&Scope::All, |conn| {
        // An invoice has its signature; nothing is added to it.
        let signer = match filing.kind {
            Kind::Invoice => None,
            _ => Some(keyring.signer(conn, stamp.vault, filing.unit, stamp.now)?),
        };
        Ok((signer, unit::find(conn, filing.unit)?))
    })?;
    let version = profile::by_name(&filing.profile)?.message_version.value;
    let document = match signer {
        Some(held) => {
            let mut signed = sign_batch(&[&filing.body], held.signer.as_ref(), stamp.now)?;
            let document = signed.pop().unwrap_or_default();
            schema::check_document(&filing.form, version, &document)?;
            document
        }
        None => store.read(&Scope::All, |conn| invoice::document(conn, &filing))?,
    };
    let own = envelope::direct_sender(&unit.tax_code);
    let sender = sender.unwrap_or(&own);
    let message_code = envelope::new_message_code(sender, &SystemRandom::new())?;
    let payload = Envelope {
        version,
        sender,
        recipient: AUTHORITY,
        kind: transmission::message_kind(&filing),
        message_code: &message_code,
        answers: None,
        tax_code: &unit.tax_code,
    }
    .write(&[&document])?;
    schema::check_message(&payload)?;
    store.write(&Scope::All, Lane::Bulk, |tx| {
        let mut fresh = super::find(tx, filing.unit, filing.id)?;
        if fresh.state != State::Drafted {
            return Ok(false); // Another process was faster.
        }
        super::advance(tx, stamp, &Actor::system(), &mut fresh, ("signed", State::Signed), None)?;
        transmission::enqueue(tx, stamp, &fresh, message_code.clone(), payload.clone())?;
        Ok(true)
    })
}
