//! The obligations that a run looks at: those that lines name whose money has no place yet, and the unit's open
//! ones for suggestions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::matching::{self, Line, Movement, Obligation, Settings};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{ObligationId, PartyId, UnitId};
use crate::obligation::{self, query};
use crate::store::Conn;
use crate::text;

/// What was read.
pub(super) struct Owed {
    pub obligations: Vec<Obligation>,
    /// Those of the unit itself, each with its payer.
    pub payers: Vec<(ObligationId, PartyId)>,
}

/// The codes of the lines that matching asks an obligation for. Nearly all lines of an ordinary day show a claim
/// that was settled, and whose money it is was decided then: looking their codes up costs more than matching them.
pub(super) fn codes_asked(lines: &[Line], movements: &[Movement], settings: &Settings) -> BTreeSet<String> {
    let unproven = matching::unproven(lines, movements, settings);
    let unsettled = movements.iter().filter(|movement| !settings.splittable.contains(&movement.id));
    let advised: BTreeSet<&str> =
        unsettled.flat_map(|movement| &movement.codes).map(String::as_str).collect();
    let mut asked = BTreeSet::new();
    for line in lines {
        let is_unproven = unproven.contains(&line.id);
        let is_asked = |code: &&String| is_unproven || advised.contains(code.as_str());
        asked.extend(line.codes.iter().filter(is_asked).cloned());
    }
    asked
}

type Key = (UnitId, ObligationId);

/// Open obligations read at a time.
const PAGE: i64 = 50_000;

/// The obligations of the codes, in any unit, and all open ones of the unit. `claimed` is what claims that are not
/// settled will bring, by code.
pub(super) fn read(
    conn: &mut Conn,
    unit: UnitId,
    codes: BTreeSet<String>,
    claimed: &BTreeMap<String, i64>,
) -> Result<Owed> {
    let told = claimed.keys().flat_map(|codes| codes.split('+')).filter(|code| !code.is_empty());
    let wanted: BTreeSet<String> = told.map(str::to_owned).chain(codes.iter().cloned()).collect();
    let resolved = query::resolve_codes(conn, &wanted.into_iter().collect::<Vec<_>>())?;
    let pending = pending_of(claimed, &resolved);
    let mut asked: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for (code, key) in resolved.into_iter().filter(|(code, _)| codes.contains(code)) {
        asked.entry(key).or_default().insert(code);
    }
    let keys: Vec<Key> = asked.keys().copied().collect();
    let mut payers = Vec::new();
    let mut seen: BTreeMap<ObligationId, Obligation> = BTreeMap::new();
    let mut take = |found: Vec<obligation::Obligation>| {
        for obligation in found {
            if obligation.unit == unit {
                payers.push((obligation.id, obligation.party));
            }
            let key = (obligation.unit, obligation.id);
            let on_its_way = pending.get(&key).copied().unwrap_or_default();
            seen.entry(obligation.id).or_insert_with(|| as_matched(&obligation, asked.get(&key), on_its_way));
        }
    };
    take(query::by_ids(conn, &keys)?);
    let mut behind = ObligationId(0);
    loop {
        let page = query::open_of_unit(conn, unit, behind, PAGE)?;
        let Some(last) = page.iter().map(|obligation| obligation.id).max() else { break };
        behind = last;
        take(page);
    }
    // Another unit's obligation may be out of sight; that it is another unit's is all we need.
    for ((owner, id), codes) in asked {
        let mut codes = codes.into_iter();
        let Some(code) = codes.next() else { continue };
        seen.entry(id).or_insert_with(|| Obligation {
            id,
            unit: owner,
            code,
            former_codes: codes.collect(),
            outstanding: Dong::ZERO,
            dossier_code_folded: None,
            state_open: true,
            raised_on: BusinessDay(chrono::NaiveDate::MIN),
            payer_name_folded: None,
        });
    }
    Ok(Owed { obligations: seen.into_values().collect(), payers })
}

/// What claims that are not settled will bring to each obligation, whichever of its codes they name: one from before a
/// merger is its code, too. How money for several is divided is decided when a line shows it.
fn pending_of(claimed: &BTreeMap<String, i64>, resolved: &HashMap<String, Key>) -> BTreeMap<Key, i64> {
    let mut pending: BTreeMap<Key, i64> = BTreeMap::new();
    for (codes, amount) in claimed {
        let named: BTreeSet<Key> = codes.split('+').filter_map(|code| resolved.get(code).copied()).collect();
        if let (1, Some(only)) = (named.len(), named.first()) {
            let sum = pending.entry(*only).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }
    pending
}

/// An obligation with the codes under which lines name it, and without what is on its way to it.
fn as_matched(
    obligation: &obligation::Obligation,
    codes: Option<&BTreeSet<String>>,
    on_its_way: i64,
) -> Obligation {
    let named = codes.into_iter().flatten();
    let former_codes: Vec<String> =
        named.filter(|code| **code != obligation.reference_code).cloned().collect();
    let outstanding = obligation.outstanding();
    Obligation {
        id: obligation.id,
        unit: obligation.unit,
        code: obligation.reference_code.clone(),
        former_codes,
        outstanding: Dong(outstanding.0.saturating_sub(on_its_way).max(0)),
        dossier_code_folded: Some(text::squash(&obligation.dossier_code)),
        state_open: outstanding.is_positive(),
        raised_on: obligation.created_at.business_day(),
        payer_name_folded: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_under_any_code_of_an_obligation_is_on_its_way_to_it() {
        let (one, other): (Key, Key) = ((UnitId(4), ObligationId(9)), (UnitId(4), ObligationId(8)));
        let codes = [("OLD", one), ("NEW", one), ("OTHER", other)];
        let resolved: HashMap<String, Key> =
            codes.into_iter().map(|(code, key)| (code.to_owned(), key)).collect();
        let pending = |claims: &[(&str, i64)]| {
            let claimed = claims.iter().map(|(codes, amount)| ((*codes).to_owned(), *amount)).collect();
            Vec::from_iter(pending_of(&claimed, &resolved))
        };
        assert_eq!(pending(&[("OLD", 10_000)]), [(one, 10_000)], "a line may name the new code");
        assert_eq!(pending(&[("NEW+OLD", 10_000)]), [(one, 10_000)], "once");
        assert_eq!(pending(&[("NEW", 10_000), ("OLD", 5_000), ("OTHER", 1)]), [(other, 1), (one, 15_000)]);
        assert_eq!(pending(&[("NEW+UNKNOWN", 10_000)]), [(one, 10_000)], "as settling takes it");
        let unknown = pending(&[("NEW+OTHER", 10_000), ("", 7), ("UNKNOWN", 7)]);
        assert!(unknown.is_empty(), "nobody knows how much of it: {unknown:?}");
    }
}
