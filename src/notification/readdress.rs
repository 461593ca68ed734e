//! Messages follow their payer: what has not gone when contacts are erased or corrected ends, and goes to
//! the new address where there is one. One rule for both: where the payer is reached now.

use std::collections::HashMap;

use super::money::REMINDER;
use super::outbox::{self, Detail, New, Recipient};
use super::readdress_query as query;
use super::{
    Channel, KIND_CANCELLED, KIND_NOTICED, KIND_PARTIAL, KIND_RECEIPT, KIND_SURPLUS, Message, State, rules,
};
use crate::error::Result;
use crate::id::{PartyId, ReceiptId, UnitId};
use crate::obligation;
use crate::party::{self, Payer};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx};

/// Ends the messages of these payers that have not gone and whose address is theirs no more; those whose
/// address was corrected are written anew. Codes are left alone: they end by themselves within minutes.
pub fn follow(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, parties: &[PartyId]) -> Result<()> {
    let keys: Vec<(UnitId, PartyId)> = parties.iter().map(|party| (unit, *party)).collect();
    let payers = party::load(tx, stamp.vault, &keys)?;
    let mut anew = Vec::new();
    for (mut message, party) in unsent(tx, stamp.vault, unit, parties)? {
        let payer = payers.get(&(unit, party)).cloned().unwrap_or_default();
        let code = match whereto(tx, stamp.vault, &message, &payer)? {
            Whereto::Same => continue,
            Whereto::Nowhere => "erased",
            Whereto::Elsewhere(new) => {
                anew.push(new);
                "corrected"
            }
        };
        let detail = Detail { code: Some(code.to_owned()), ..Detail::default() };
        outbox::step(tx, stamp, &mut message, "given_up", State::GivenUp, detail)?;
    }
    outbox::enqueue(tx, stamp, &anew).map(|_| ())
}

/// Where a message goes by now.
pub(super) enum Whereto {
    /// To whom it was written.
    Same,
    /// Its payer has no such address any more.
    Nowhere,
    /// To a corrected address, as a message of its own.
    Elsewhere(New),
}

/// Where a payer's message goes by now. Messages to staff, and codes, have no payer and stay as they are.
pub(super) fn now(conn: &mut Conn, vault: &Vault, message: &Message) -> Result<Whereto> {
    let Some(party) = party_of(conn, vault, message)? else { return Ok(Whereto::Same) };
    let key = (message.unit, party);
    let payer = party::load(conn, vault, &[key])?.remove(&key).unwrap_or_default();
    whereto(conn, vault, message, &payer)
}

/// The same for its payer by another way; None where it has no payer, or that way leads nowhere.
pub(super) fn by_other_way(
    conn: &mut Conn,
    vault: &Vault,
    message: &Message,
    channel: Channel,
) -> Result<Option<New>> {
    let Some(party) = party_of(conn, vault, message)? else { return Ok(None) };
    let key = (message.unit, party);
    let payer = party::load(conn, vault, &[key])?.remove(&key).unwrap_or_default();
    let Some(to) = rules::address_of(&payer, channel) else { return Ok(None) };
    let Some(recipient) = opened(conn, vault, message)? else { return Ok(None) };
    Ok(anew(message, recipient, to).map(|new| New { channel, ..new }))
}

fn whereto(conn: &mut Conn, vault: &Vault, message: &Message, payer: &Payer) -> Result<Whereto> {
    let Some(to) = rules::address_of(payer, message.channel) else { return Ok(Whereto::Nowhere) };
    let Some(recipient) = opened(conn, vault, message)? else { return Ok(Whereto::Nowhere) };
    if recipient.to == to {
        return Ok(Whereto::Same);
    }
    Ok(anew(message, recipient, to).map_or(Whereto::Nowhere, Whereto::Elsewhere))
}

fn anew(message: &Message, recipient: Recipient, to: String) -> Option<New> {
    let kind = PAYERS_KINDS.into_iter().find(|kind| *kind == message.kind)?;
    Some(New {
        unit: message.unit,
        kind,
        subject_kind: match message.subject_kind.as_str() {
            REMINDER => REMINDER,
            _ if matches!(kind, KIND_RECEIPT | KIND_CANCELLED | KIND_NOTICED) => "receipt",
            _ => "payment",
        },
        subject: message.subject,
        channel: message.channel,
        to,
        text: recipient.text,
        money: recipient.money,
        expires_at: message.expires_at,
    })
}

/// What payers are written about.
const PAYERS_KINDS: [&str; 5] = [KIND_RECEIPT, KIND_CANCELLED, KIND_NOTICED, KIND_PARTIAL, KIND_SURPLUS];

fn unsent(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    parties: &[PartyId],
) -> Result<Vec<(Message, PartyId)>> {
    let mut found = query::about_receipts(conn, unit, parties)?;
    let mut of_money = Vec::new();
    for message in query::about_money(conn, unit)? {
        let money = opened(conn, vault, &message)?.and_then(|recipient| recipient.money);
        of_money.extend(money.map(|money| (message, (unit, money.obligation))));
    }
    let owed = outbox::distinct(of_money.iter().map(|(_, owed)| *owed).collect());
    let of: HashMap<_, _> = obligation::query::by_ids(conn, &owed)?
        .into_iter()
        .map(|owed| ((owed.unit, owed.id), owed.party))
        .collect();
    found.extend(of_money.into_iter().filter_map(|(message, owed)| {
        let party = of.get(&owed).filter(|party| parties.contains(party))?;
        Some((message, *party))
    }));
    Ok(found)
}

/// Whose message it is; None for what is written to no payer.
fn party_of(conn: &mut Conn, vault: &Vault, message: &Message) -> Result<Option<PartyId>> {
    let unit = message.unit;
    let owed = match message.kind.as_str() {
        KIND_RECEIPT | KIND_CANCELLED | KIND_NOTICED => {
            let of = super::query::obligations(conn, &[(unit, ReceiptId(message.subject))])?.pop();
            of.map(|(_, _, obligation)| obligation)
        }
        KIND_PARTIAL | KIND_SURPLUS => {
            opened(conn, vault, message)?.and_then(|recipient| recipient.money).map(|money| money.obligation)
        }
        _ => None,
    };
    let Some(owed) = owed else { return Ok(None) };
    Ok(obligation::query::by_ids(conn, &[(unit, owed)])?.pop().map(|owed| owed.party))
}

/// None where the year's key is destroyed, or there never was an address.
fn opened(conn: &mut Conn, vault: &Vault, message: &Message) -> Result<Option<Recipient>> {
    if message.channel == Channel::Lookup {
        return Ok(None);
    }
    match outbox::recipient(conn, vault, message) {
        Ok(recipient) => Ok(Some(recipient)),
        Err(error) if error.code() == "erased" => Ok(None),
        Err(error) => Err(error),
    }
}
