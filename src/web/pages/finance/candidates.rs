//! What an item's money may be: what payers say they sent, what matching suggested, and what is owed of
//! exactly its sum.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::exception::{Detail, Exception, Kind};
use crate::id::{ExceptionId, ObligationId, UnitId};
use crate::obligation::{self, Obligation, counter_query, query};
use crate::party;
use crate::payment::told;
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::web::pages::detail;
use crate::web::pages::wording::Lang;

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
    /// The only one that anything speaks for; among equals a person chooses.
    pub is_chosen: bool,
}

/// Another item that could be about the same money.
pub(super) struct Related {
    pub id: ExceptionId,
    pub amount: String,
    pub opened_on: String,
}

pub(super) fn related(found: Vec<Exception>) -> Vec<Related> {
    let one = |item: Exception| Related {
        id: item.id,
        amount: item.amount.to_string(),
        opened_on: item.opened_on.0.format("%d/%m/%Y").to_string(),
    };
    found.into_iter().map(one).collect()
}

/// Those whose payers say that they sent it come first, then those that matching named, in its order; then
/// the newest of exactly the sum.
pub(super) fn candidates(
    conn: &mut Conn,
    vault: &Vault,
    lang: Lang,
    item: &Exception,
) -> Result<Vec<Candidate>> {
    if !has_candidates(item) {
        return Ok(Vec::new());
    }
    let named = named(conn, lang, item)?;
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
    let mut evidence: BTreeMap<ObligationId, Vec<String>> = BTreeMap::new();
    for (id, words) in named {
        evidence.entry(id).or_default().push(words);
    }
    let payers: Vec<_> = found.iter().map(|one| (one.unit, one.party)).collect();
    let payers = party::load(conn, vault, &payers)?;
    let spoken_for = evidence.len();
    let candidate = |one: &Obligation| Candidate {
        id: one.id,
        dossier: one.dossier_code.clone(),
        payer: payers.get(&(one.unit, one.party)).and_then(|payer| payer.name.clone()).unwrap_or_default(),
        owed: one.outstanding().to_string(),
        evidence: evidence.get(&one.id).map(|words| words.join(" ")).unwrap_or_default(),
        is_exact: one.outstanding() == item.amount,
        is_chosen: spoken_for == 1 && evidence.contains_key(&one.id),
    };
    Ok(found.iter().map(candidate).collect())
}

/// A line, or money that was taken apart: what nobody could place.
fn has_candidates(item: &Exception) -> bool {
    let is_unplaced =
        matches!(item.kind, Kind::UnidentifiedCredit | Kind::DamagedCode | Kind::BulkSettlement);
    item.subject_kind == "line" || (item.subject_kind == "movement" && is_unplaced)
}

/// The obligations that somebody or something names, with the words beside each.
fn named(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<Vec<(ObligationId, String)>> {
    let mut found = Vec::new();
    for word in told::told_of(conn, item)? {
        if word.subject_kind == "obligation" {
            found.push((ObligationId(word.subject_id), lang.t("evidence_told").to_owned()));
        }
    }
    if let Some(kept) = Detail::read(&item.detail) {
        let suggested = kept.suggested().into_iter();
        found.extend(suggested.map(|(id, evidence)| (id, detail::evidence(lang, evidence))));
    }
    Ok(found)
}
