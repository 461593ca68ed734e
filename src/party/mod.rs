//! Payers: encrypted identity and contact, found by keyed hashes, erased by destroying keys.

pub mod contact;
mod contact_query;
mod query;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{PartyId, PersonId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// Who pays. Everything may be absent; what is known is printed on the receipt.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passport: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Payer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payer(…)")
    }
}

impl Payer {
    /// The same with every text cleaned and empty texts absent.
    pub fn cleaned(&self) -> Payer {
        let clean =
            |field: &Option<String>| field.as_deref().map(text::clean).filter(|text| !text.is_empty());
        Payer {
            name: clean(&self.name),
            address: clean(&self.address),
            tax_code: clean(&self.tax_code),
            personal_id: clean(&self.personal_id),
            passport: clean(&self.passport),
            phone: clean(&self.phone),
            email: clean(&self.email),
        }
    }

    /// What `self` names over what was known; an empty text takes a field away.
    pub fn over(self, known: Payer) -> Payer {
        Payer {
            name: self.name.or(known.name),
            address: self.address.or(known.address),
            tax_code: self.tax_code.or(known.tax_code),
            personal_id: self.personal_id.or(known.personal_id),
            passport: self.passport.or(known.passport),
            phone: self.phone.or(known.phone),
            email: self.email.or(known.email),
        }
    }

    /// What can be searched exactly: kind and normalised value.
    fn search_terms(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("name", &self.name),
            ("tax_code", &self.tax_code),
            ("personal_id", &self.personal_id),
            ("passport", &self.passport),
            ("phone", &self.phone),
            ("email", &self.email),
        ];
        let known =
            fields.into_iter().filter_map(|(kind, value)| Some((kind, searched(kind, value.as_deref()?))));
        known.filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The form in which a value is hashed, the same for every way in which people write it.
fn searched(kind: &str, value: &str) -> String {
    match kind {
        "email" => value.trim().to_lowercase(),
        "phone" => national(&text::squash(value)),
        _ => text::squash(value),
    }
}

/// A telephone number of this country with 0 in front: `84912000001`, `0084912000001` and `840912000001` are
/// `0912000001`. Behind the country's 84 a mobile number has nine digits and a landline ten; any other number
/// stays as it is.
fn national(number: &str) -> String {
    let abroad = number.strip_prefix("0084").or_else(|| number.strip_prefix("84"));
    let subscriber = abroad.map(|rest| rest.strip_prefix('0').unwrap_or(rest));
    let is_whole =
        |rest: &&str| (9..=10).contains(&rest.len()) && rest.bytes().all(|digit| digit.is_ascii_digit());
    subscriber.filter(is_whole).map_or_else(|| number.to_owned(), |rest| format!("0{rest}"))
}

fn context(id: PartyId) -> String {
    format!("party/{}", id.0)
}

/// Stores a payer under the unit's data key and makes it findable.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, payer: &Payer) -> Result<PartyId> {
    let id: PartyId = stamp.mint()?;
    let payer = payer.cleaned();
    let key = stamp.sealing_key(tx, unit)?;
    let plain = serde_json::to_vec(&payer).map_err(|error| Error::internal(error.to_string()))?;
    let cipher = stamp.vault.seal(&key, &context(id), &plain)?;
    rows::insert(
        tx,
        &[query::PartyRow { unit_id: unit, id, key_id: key.id, cipher, created_at: stamp.now }],
    )?;
    let terms: Vec<query::IndexRow> = payer
        .search_terms()
        .into_iter()
        .map(|(kind, value)| query::IndexRow {
            unit_id: unit,
            kind,
            hash: stamp.vault.blind(unit, kind, &value),
            party_id: id,
        })
        .collect();
    rows::insert(tx, &terms)?;
    Ok(id)
}

/// The payers with these ids; an erased one is absent.
pub fn load(
    conn: &mut Conn,
    vault: &crate::store::vault::Vault,
    ids: &[(UnitId, PartyId)],
) -> Result<std::collections::HashMap<(UnitId, PartyId), Payer>> {
    let mut payers = std::collections::HashMap::with_capacity(ids.len());
    for (unit, id, key_id, cipher) in query::by_ids(conn, ids)? {
        match vault.open(conn, unit, key_id, &context(id), &cipher) {
            Ok(plain) => {
                let payer =
                    serde_json::from_slice(&plain).map_err(|error| Error::internal(error.to_string()))?;
                payers.insert((unit, id), payer);
            }
            Err(error) if error.code() == "erased" => {}
            Err(error) => return Err(error),
        }
    }
    contact::overlay(conn, vault, &mut payers)?;
    Ok(payers)
}

/// Payers of a unit whose `kind` (`name`, `tax_code`, `personal_id`, `passport`, `phone`, `email`)
/// equals `value`.
pub fn search(
    conn: &mut Conn,
    vault: &crate::store::vault::Vault,
    unit: UnitId,
    kind: &str,
    value: &str,
) -> Result<Vec<PartyId>> {
    by_term(conn, unit, kind, &term_hash(vault, unit, kind, value))
}

/// What payers are found by: the kind and the keyed hash of a value.
pub type Term = (&'static str, String);

/// Which of these payers are found by one of the terms.
pub fn found_by(conn: &mut Conn, unit: UnitId, terms: &[Term], parties: &[PartyId]) -> Result<Vec<PartyId>> {
    query::found_by(conn, unit, terms, parties)
}

/// The keyed hash under which payers of a unit are found by a value; it names nobody by itself.
pub fn term_hash(vault: &crate::store::vault::Vault, unit: UnitId, kind: &str, value: &str) -> String {
    vault.blind(unit, kind, &searched(kind, value))
}

/// The payers behind such a hash, as long as they are kept.
pub fn by_term(conn: &mut Conn, unit: UnitId, kind: &str, hash: &str) -> Result<Vec<PartyId>> {
    query::by_hash(conn, unit, kind, hash)
}

/// Destroys the data key of a unit and year: everything encrypted under it is gone for good.
/// Two persons decide, after the retention: so many full years after the year's end. Signed receipts stay.
///
/// # Errors
/// `maker_is_checker`, `year_not_over`, `year_still_kept`, `data_key_not_found`.
pub fn erase_year(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (year, kept_years): (i32, i32),
    checker: PersonId,
    reason: &str,
) -> Result<()> {
    actor.require_role(&[Role::Administrator])?;
    let maker = actor.require_person()?;
    if maker == checker {
        return Err(Error::invalid("checker", "maker_is_checker", "two different persons must decide"));
    }
    if year < 1 {
        // Year 0 stands for the unit's lasting key, which holds no personal data.
        return Err(Error::not_found("data_key_not_found", "no data of this unit and year is kept"));
    }
    if year >= stamp.today().year() {
        return Err(Error::conflict("year_not_over", "the data of a running year cannot be erased"));
    }
    if stamp.today().year() - year <= kept_years {
        let until = year + kept_years;
        return Err(Error::conflict("year_still_kept", format!("it is kept until the end of {until}")));
    }
    query::destroy_key(tx, stamp.now, unit, year)?;
    rows::insert(
        tx,
        &[query::ErasureRow {
            unit_id: unit,
            id: stamp.mint()?,
            year,
            reason: reason.to_owned(),
            maker_person_id: maker,
            checker_person_id: checker,
            created_at: stamp.now,
        }],
    )?;
    audit::record(
        tx,
        stamp,
        &[audit::Entry::by(actor, unit, "party.year_erased", year).with(format!("checker {checker}"))],
    )?;
    stamp.vault.forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_is_searched_alike_however_it_was_written() {
        for written in
            ["0912 000 001", "+84 912.000.001", "84912000001", "0084-912-000-001", "+84 (0) 912 000 001"]
        {
            assert_eq!(searched("phone", written), "0912000001", "{written}");
        }
        assert_eq!(searched("phone", "+84 24 3800 0000"), searched("phone", "024 3800 0000"));
        assert_eq!(searched("phone", "84123456"), "84123456", "a number without its area code");
        assert_eq!(searched("phone", "+1 202 555 0100"), "12025550100");
        assert_eq!(searched("personal_id", "084 099 000 001"), "084099000001", "no telephone number");
    }
}
