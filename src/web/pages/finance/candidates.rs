//! What a line's money may be: what matching suggested, and what is owed of exactly its sum.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::exception::Exception;
use crate::id::{ObligationId, UnitId};
use crate::obligation::{self, Obligation, counter_query, query};
use crate::party;
use crate::store::Conn;
use crate::store::vault::Vault;

/// Candidates of one item; who finds none types what they know.
const LIMIT: usize = 12;

/// An obligation that the money may be for.
pub(super) struct Candidate {
    pub id: ObligationId,
    pub dossier: String,
    pub payer: String,
    pub owed: String,
    /// Why it is one; empty where only the sum agrees.
    pub evidence: String,
    /// Whether it owes exactly the item's sum.
    pub is_exact: bool,
}

/// Those that matching named come first, in its order; then the newest of exactly the sum.
pub(super) fn candidates(conn: &mut Conn, vault: &Vault, item: &Exception) -> Result<Vec<Candidate>> {
    if item.subject_kind != "line" {
        return Ok(Vec::new());
    }
    let named = named_in(&item.detail);
    let keys: Vec<(UnitId, ObligationId)> = named.iter().map(|(id, _)| (item.unit, *id)).collect();
    let mut found: Vec<Obligation> = query::by_ids(conn, &keys)?;
    found.sort_by_key(|one| named.iter().position(|(id, _)| *id == one.id));
    let limit = i64::try_from(LIMIT).unwrap_or(i64::MAX);
    for id in counter_query::owing_exactly(conn, item.unit, item.amount, limit)? {
        if !found.iter().any(|known| known.id == id) {
            found.push(obligation::find(conn, item.unit, id)?);
        }
    }
    found.retain(|one| one.outstanding().is_positive());
    found.truncate(LIMIT);
    let evidence: BTreeMap<ObligationId, String> = named.into_iter().collect();
    let payers: Vec<_> = found.iter().map(|one| (one.unit, one.party)).collect();
    let payers = party::load(conn, vault, &payers)?;
    let candidate = |one: &Obligation| Candidate {
        id: one.id,
        dossier: one.dossier_code.clone(),
        payer: payers.get(&(one.unit, one.party)).and_then(|payer| payer.name.clone()).unwrap_or_default(),
        owed: one.outstanding().to_string(),
        evidence: evidence.get(&one.id).cloned().unwrap_or_default(),
        is_exact: one.outstanding() == item.amount,
    };
    Ok(found.iter().map(candidate).collect())
}

/// The obligations that an item's detail suggests, with the words beside each:
/// `gợi ý obl_… (60): dossier code …| obl_… (60): …`.
fn named_in(detail: &str) -> Vec<(ObligationId, String)> {
    let mut found: Vec<(ObligationId, String)> = Vec::new();
    for part in detail.split(['|', ';']) {
        let Some(at) = part.find(ObligationId::PREFIX) else { continue };
        let rest = part.get(at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let Ok(id) = rest.get(..end).unwrap_or_default().parse::<ObligationId>() else { continue };
        let words = rest.get(end..).unwrap_or_default();
        let words = words.split_once("): ").map_or("", |(_, words)| words).trim();
        if !found.iter().any(|(known, _)| *known == id) {
            found.push((id, words.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_read_from_the_words_of_an_item() {
        let (one, two) = (ObligationId(77), ObligationId(78));
        let detail = format!("credit; gợi ý {one} (60): mã hồ sơ, đúng số tiền | {two} (60): tên người nộp");
        let found = named_in(&detail);
        assert_eq!(found, [(one, "mã hồ sơ, đúng số tiền".to_owned()), (two, "tên người nộp".to_owned())]);
        assert!(named_in("obl_nothing | x").is_empty());
        assert!(named_in("").is_empty());
    }
}
