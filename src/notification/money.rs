//! Messages about money that came: what is still missing, what was too much. Collecting needs them, so
//! they ask for no consent; a payer without address sees the same on the pay page.

use serde::{Deserialize, Serialize};

use super::outbox::{self, New, distinct};
use super::{KIND_PARTIAL, KIND_SURPLUS, rules};
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{EventId, ObligationId, PartyId, PaymentId, UnitId};
use crate::party;
use crate::store::{Stamp, Tx};

/// What a payment did, as the message will tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub obligation: ObligationId,
    pub received: Dong,
    /// What is missing, or what was too much.
    pub difference: Dong,
}

/// Which way a payment missed what was owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    Partial,
    Surplus,
}

/// A payment whose payer is to be told.
#[derive(Clone, Debug)]
pub struct Notice {
    pub unit: UnitId,
    pub party: PartyId,
    pub payment: PaymentId,
    pub miss: Miss,
    pub money: Money,
}

/// What a message that a person asked for is about: no payment, so that it may be sent again.
pub(super) const REMINDER: &str = "reminder";

/// Asks a payer once more for the rest; how many messages that makes, none where no address is known.
pub fn remind(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, party): (UnitId, PartyId),
    money: Money,
) -> Result<usize> {
    let key = (unit, party);
    let payer = party::load(tx, stamp.vault, &[key])?.remove(&key).unwrap_or_default();
    let asked: EventId = stamp.mint()?;
    let message = |(channel, to)| New {
        unit,
        kind: KIND_PARTIAL,
        subject_kind: REMINDER,
        subject: asked.0,
        channel,
        to,
        text: None,
        money: Some(money),
        expires_at: None,
    };
    let messages: Vec<New> = rules::recipients(&payer, false).into_iter().map(message).collect();
    outbox::enqueue(tx, stamp, &messages)
}

/// Writes the messages, in the transaction of the payments. Each payment is told of once.
pub fn tell(tx: &mut Tx<'_>, stamp: &Stamp<'_>, notices: &[Notice]) -> Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let keys = distinct(notices.iter().map(|notice| (notice.unit, notice.party)).collect());
    let payers = party::load(tx, stamp.vault, &keys)?;
    let mut messages = Vec::with_capacity(notices.len());
    for notice in notices {
        let Some(payer) = payers.get(&(notice.unit, notice.party)) else { continue };
        messages.extend(rules::recipients(payer, false).into_iter().map(|(channel, to)| New {
            unit: notice.unit,
            kind: match notice.miss {
                Miss::Partial => KIND_PARTIAL,
                Miss::Surplus => KIND_SURPLUS,
            },
            subject_kind: "payment",
            subject: notice.payment.0,
            channel,
            to,
            text: None,
            money: Some(notice.money),
            expires_at: None,
        }));
    }
    outbox::enqueue(tx, stamp, &messages).map(|_| ())
}
