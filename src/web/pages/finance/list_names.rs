//! What lists call the things that their rows name by id: accounts by their numbers, what is owed by its code,
//! persons by their names.

use std::collections::{BTreeSet, HashMap};

use crate::error::Result;
use crate::id::{AccountId, ObligationId, PersonId, UnitId};
use crate::identity::person_name;
use crate::obligation;
use crate::report::list::Asked;
use crate::store::Conn;
use crate::unit::account;

/// Letters of an id that stand for it.
const SHORT: usize = 5;

/// The names of accounts and of what is owed, by id.
///
/// # Errors
/// Those of the store.
pub(super) fn things<'t>(
    conn: &mut Conn,
    asked: &Asked,
    texts: impl Iterator<Item = &'t str>,
) -> Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    let (mut has_accounts, mut owed) = (false, BTreeSet::new());
    for text in texts {
        has_accounts |= text.parse::<AccountId>().is_ok();
        owed.extend(text.parse::<ObligationId>().ok());
    }
    for (unit, _) in asked.units.iter().filter(|_| has_accounts) {
        for one in account::of_unit(conn, *unit)? {
            names.insert(one.id.to_string(), one.account_no);
        }
    }
    // Ids are one of a kind in the whole city: a unit that has none of them answers with nothing.
    for (unit, _) in asked.units.iter().filter(|_| !owed.is_empty()) {
        let keys: Vec<(UnitId, ObligationId)> = owed.iter().map(|id| (*unit, *id)).collect();
        for one in obligation::query::by_ids(conn, &keys)? {
            names.insert(one.id.to_string(), one.reference_code.to_string());
        }
    }
    Ok(names)
}

/// The names of persons, by id. Needs a connection that sees the city's unit.
///
/// # Errors
/// Those of the store.
pub(super) fn people<'t>(
    conn: &mut Conn,
    texts: impl Iterator<Item = &'t str>,
) -> Result<HashMap<String, String>> {
    let ids: BTreeSet<PersonId> = texts.filter_map(|text| text.parse().ok()).collect();
    let mut names = HashMap::new();
    for id in ids {
        match person_name(conn, id) {
            Ok(name) => names.insert(id.to_string(), name),
            Err(error) if error.code() == "person_not_found" => None,
            Err(error) => return Err(error),
        };
    }
    Ok(names)
}

/// An id by its last letters; any other text whole.
pub(super) fn short(text: &str) -> String {
    let is_id = |rest: &str| {
        rest.len() == 13 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    };
    match text.split_once('_') {
        Some((head, rest)) if head.len() == 3 && is_id(rest) => {
            format!("…{}", rest.get(rest.len() - SHORT..).unwrap_or(rest))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shortened_and_nothing_else_is() {
        assert_eq!(short(&PersonId(5).to_string()), "…00005");
        for text in ["HNPHYTWR2V128", "partly_paid", "exc_1", "file_0123456789abc"] {
            assert_eq!(short(text), text);
        }
    }
}
