//! How a payer is reached: corrected, or erased, as two persons decided (`privacy::act`). What documents and
//! dossiers say stays; only phone and e-mail are here, which no duty keeps.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::contact_query::{self, ContactRow, ErasedRow};
use super::{Payer, context, query};
use crate::error::{Error, Result};
use crate::id::{DataRequestId, EventId, PartyId, PersonId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// Phone and e-mail; what is absent is not changed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

const TEXT_LIMIT: usize = 100;

impl Contact {
    /// The same cleaned, empty texts absent.
    ///
    /// # Errors
    /// `field_missing` when nothing is left, `field_too_long`, `email_unreadable`.
    pub fn cleaned(&self) -> Result<Contact> {
        let clean =
            |field: &Option<String>| field.as_deref().map(text::clean).filter(|text| !text.is_empty());
        let cleaned = Contact { phone: clean(&self.phone), email: clean(&self.email) };
        for (field, value) in [("phone", &cleaned.phone), ("email", &cleaned.email)] {
            if value.as_ref().is_some_and(|value| value.chars().count() > TEXT_LIMIT) {
                let detail = format!("at most {TEXT_LIMIT} characters");
                return Err(Error::invalid(field, "field_too_long", detail));
            }
        }
        if cleaned.email.as_ref().is_some_and(|email| email.parse::<lettre::Address>().is_err()) {
            return Err(Error::invalid("email", "email_unreadable", "an e-mail address"));
        }
        if cleaned == Contact::default() {
            return Err(Error::invalid("phone", "field_missing", "the phone number or the e-mail address"));
        }
        Ok(cleaned)
    }

    fn onto(self, payer: &mut Payer) {
        payer.phone = self.phone.or(payer.phone.take());
        payer.email = self.email.or(payer.email.take());
    }
}

fn contact_context(id: EventId) -> String {
    format!("party_contact/{}", id.0)
}

/// Records how payers are reached from now on, and makes them findable by it.
pub fn correct(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, parties): (UnitId, &[PartyId]),
    request: DataRequestId,
    contact: &Contact,
) -> Result<()> {
    let key = stamp.sealing_key(tx, unit)?;
    let plain = serde_json::to_vec(contact).map_err(|error| Error::internal(error.to_string()))?;
    let (mut corrected, mut terms) = (Vec::new(), Vec::new());
    for party in parties {
        let id: EventId = stamp.mint()?;
        corrected.push(ContactRow {
            unit_id: unit,
            id,
            party_id: *party,
            request_id: request,
            key_id: key.id,
            cipher: stamp.vault.seal(&key, &contact_context(id), &plain)?,
            created_at: stamp.now,
        });
        let payer = Payer { phone: contact.phone.clone(), email: contact.email.clone(), ..Payer::default() };
        terms.extend(payer.search_terms().into_iter().map(|(kind, value)| query::IndexRow {
            unit_id: unit,
            kind,
            hash: stamp.vault.blind(unit, kind, &value),
            party_id: *party,
        }));
    }
    // They are found by the new ones alone.
    let given = [("phone", &contact.phone), ("email", &contact.email)];
    let kinds: Vec<&str> = given.iter().filter(|(_, value)| value.is_some()).map(|(kind, _)| *kind).collect();
    query::forget_kinds(tx, unit, parties, &kinds)?;
    rows::insert(tx, &corrected)?;
    rows::insert(tx, &terms)
}

/// Erases what no duty keeps of a payer: phone, e-mail, the accounts they paid from, and pictures they sent.
/// Returns how many pictures went.
pub fn erase(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, party): (UnitId, PartyId),
    request: DataRequestId,
    (maker, checker): (PersonId, PersonId),
) -> Result<usize> {
    // The row comes first: without it the database overwrites nothing.
    let row = ErasedRow {
        unit_id: unit,
        id: stamp.mint()?,
        party_id: party,
        request_id: request,
        maker_person_id: maker,
        checker_person_id: checker,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    if let Some((_, _, key_id, cipher)) = query::by_ids(tx, &[(unit, party)])?.pop() {
        match stamp.vault.open(tx, unit, key_id, &context(party), &cipher) {
            Ok(plain) => {
                let payer: Payer =
                    serde_json::from_slice(&plain).map_err(|error| Error::internal(error.to_string()))?;
                let left = Payer { phone: None, email: None, ..payer };
                let plain = serde_json::to_vec(&left).map_err(|error| Error::internal(error.to_string()))?;
                let cipher = stamp.vault.reseal(tx, unit, key_id, &context(party), &plain)?;
                query::overwrite(tx, unit, party, cipher)?;
            }
            Err(error) if error.code() == "erased" => {}
            Err(error) => return Err(error),
        }
    }
    query::forget_kinds(tx, unit, &[party], &["phone", "email"])?;
    query::forget_ways(tx, unit, party)
}

/// Whether a payer's contacts were erased by two persons.
pub fn is_erased(conn: &mut Conn, unit: UnitId, party: PartyId) -> Result<bool> {
    contact_query::is_erased(conn, unit, party)
}

/// Puts corrected contacts over what payers' dossiers said.
pub(super) fn overlay(
    conn: &mut Conn,
    vault: &Vault,
    payers: &mut HashMap<(UnitId, PartyId), Payer>,
) -> Result<()> {
    if payers.is_empty() {
        return Ok(());
    }
    let keys: Vec<(UnitId, PartyId)> = payers.keys().copied().collect();
    for (unit, party, id, key_id, cipher) in contact_query::of_parties(conn, &keys)? {
        let Some(payer) = payers.get_mut(&(unit, party)) else { continue };
        match vault.open(conn, unit, key_id, &contact_context(id), &cipher) {
            Ok(plain) => {
                let contact: Contact =
                    serde_json::from_slice(&plain).map_err(|error| Error::internal(error.to_string()))?;
                contact.onto(payer);
            }
            Err(error) if error.code() == "erased" => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
