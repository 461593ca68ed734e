//! Payments under way, of which a channel knows no outcome yet. They are never booked: no movement, no
//! posting, no receipt; the queue names each until its claim comes or the channel says it failed.

use super::claim::Claim;
use super::{archive, query};
use crate::clock::Instant;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, New, Subject};
use crate::id::*;
use crate::obligation;
use crate::obligation::reference::{CodeBook, Found};
use crate::store::{Conn, Stamp, Tx};

/// What a channel says became of a payment under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Pending,
    Failed,
}

/// Keeps the message, and opens an item for the obligation its text names, or settles that. A text that
/// names none is kept and nothing more: who paid what is not known before the money is. So is a word that a
/// payment is under way which comes after its claim: messages overtake each other, and the money is known.
pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (claim, said): (&Claim, Said),
    (raw, received_at): (&[u8], Instant),
) -> Result<RawEventId> {
    let id = archive::archive(tx, stamp, &claim.channel, raw, received_at)?;
    if said == Said::Pending && is_claimed(tx, claim)? {
        return Ok(id);
    }
    let found = CodeBook::hanoi().extract(&claim.memo);
    let codes: Vec<String> =
        found.iter().filter_map(Found::verified).map(|code| code.as_str().to_owned()).collect();
    let named: Vec<(UnitId, ObligationId)> =
        obligation::query::resolve_codes(tx, &codes)?.into_values().collect();
    for owed in obligation::query::by_ids(tx, &named)? {
        let subject = Subject::Obligation(owed.id);
        if said == Said::Failed {
            let cause = (owed.unit, Kind::PaymentPending, subject, "the channel says it failed");
            exception::settle_by_themselves(tx, stamp, &[cause])?;
            continue;
        }
        let item = New {
            unit: owed.unit,
            kind: Kind::PaymentPending,
            subject,
            account: Some(owed.account),
            amount: claim.amount,
            opened_on: stamp.today(),
            detail: Detail::Pending {
                channel: claim.channel.clone(),
                transaction: claim.external_id.clone(),
            }
            .into(),
        };
        exception::open(tx, stamp, &[item])?;
    }
    Ok(id)
}

/// Whether the channel told of this very payment as money before.
fn is_claimed(conn: &mut Conn, claim: &Claim) -> Result<bool> {
    let key = (claim.channel.clone(), claim.external_id.clone());
    Ok(!query::provider_keys(conn, &[key])?.is_empty())
}
