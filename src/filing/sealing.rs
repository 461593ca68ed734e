//! Drafted forms get their signature, outside any transaction, and go into the ledger in the
//! transaction that stores their message.

use std::collections::BTreeSet;

use ring::rand::SystemRandom;

use super::envelope::{self, AUTHORITY, Envelope};
use super::form::notice::Notice;
use super::{Filing, Kind, State, invoice, query, schema, transmission};
use crate::actor::{Actor, Scope};
use crate::error::Result;
use crate::id::{FilingId, UnitId};
use crate::receipt::profile;
use crate::receipt::seal::{Keyring, is_missing};
use crate::receipt::sign::sign_batch;
use crate::store::{Lane, Stamp, Store, failure};
use crate::unit;
use crate::unit::registration::Family;

const BATCH: i64 = 50;

/// What became of a drafted form.
enum Step {
    Queued,
    /// Another process was faster.
    Gone,
    /// The unit's signer is busy, pauses or failed; its other forms about such documents wait with this one.
    Waits,
}

/// Signs and enqueues every drafted form. Returns how many; those without a key wait, and so does one
/// that its schema refuses: nothing of it is sent. However many wait, those behind them are looked at.
///
/// `sender` is the code under which messages go (`MNGui`); None for a direct connection under each
/// unit's own tax code.
pub fn sign_and_enqueue(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    sender: Option<&str>,
) -> Result<usize> {
    let (mut count, mut after) = (0, None::<FilingId>);
    let mut held_back: BTreeSet<(UnitId, Option<Family>)> = BTreeSet::new();
    loop {
        let page = store.read(&Scope::All, |conn| query::drafted(conn, after, BATCH))?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(last.id);
        for filing in page {
            let unit = filing.unit;
            let asked = (unit, family(&filing).unwrap_or_default());
            if filing.kind != Kind::Invoice && held_back.contains(&asked) {
                continue;
            }
            match sign_one(store, keyring, stamp, sender, filing) {
                Ok(Step::Queued) => count += 1,
                Ok(Step::Gone) => {}
                Ok(Step::Waits) => {
                    held_back.insert(asked);
                }
                Err(error) if error.code() == failure::UNAVAILABLE => return Err(error),
                Err(error) => {
                    tracing::warn!(%unit, %error, "a form waits for its signature");
                    if is_missing(&error) {
                        held_back.insert(asked);
                    }
                }
            }
        }
    }
}

/// The family of documents that a form is about, which only a certificate listed for it signs; None of registrations,
/// by which certificates are listed, and of invoices, which are signed.
fn family(filing: &Filing) -> Result<Option<Family>> {
    Ok(match filing.kind {
        Kind::UsageReport => Some(Family::Receipt),
        Kind::ErrorNotice => Some(filing.data::<Notice>()?.subject.family()),
        Kind::Registration | Kind::Invoice => None,
    })
}

fn sign_one(
    store: &Store,
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    sender: Option<&str>,
    filing: Filing,
) -> Result<Step> {
    let documents = family(&filing)?;
    let (signer, unit) = store.read(&Scope::All, |conn| {
        // An invoice has its signature; nothing is added to it.
        let signer = match (filing.kind, documents) {
            (Kind::Invoice, _) => None,
            (_, None) => Some(keyring.signer(conn, stamp.vault, filing.unit, stamp.now)?),
            (_, Some(family)) => {
                Some(keyring.signer_about(conn, stamp.vault, (filing.unit, family), stamp.now)?)
            }
        };
        Ok((signer, unit::find(conn, filing.unit)?))
    })?;
    let version = profile::by_name(&filing.profile)?.message_version.value;
    let document = match signer {
        Some(held) => {
            let sign = || sign_batch(&[&filing.body], held.signer.as_ref(), stamp.now);
            let Some(mut signed) = held.in_lane(store, stamp, 1, sign)? else { return Ok(Step::Waits) };
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
        kind: transmission::message_kind(&filing)?,
        message_code: &message_code,
        answers: None,
        tax_code: &unit.tax_code,
    }
    .write(&[&document])?;
    schema::check_message(version, &payload)?;
    store.write(&Scope::All, Lane::Bulk, |tx| {
        let mut fresh = super::find(tx, filing.unit, filing.id)?;
        if fresh.state != State::Drafted {
            return Ok(Step::Gone);
        }
        super::advance(tx, stamp, &Actor::system(), &mut fresh, ("signed", State::Signed), None)?;
        transmission::enqueue(tx, stamp, &fresh, message_code.clone(), payload.clone())?;
        Ok(Step::Queued)
    })
}
