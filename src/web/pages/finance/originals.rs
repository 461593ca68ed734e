//! What a debit may take back: earlier money of its account, by what matching suggested, by the reference that the
//! bank wrote beside the debit, by the sum. A person chooses; where one alone is named it is chosen already.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::candidates::Candidate;
use crate::error::Result;
use crate::exception::{Detail, Exception};
use crate::id::{LineId, MovementId, PaymentId, UnitId};
use crate::obligation::{self, Obligation};
use crate::party;
use crate::payment::{line_query, movement_query, payment_query, resolve, taken_back};
use crate::reconciliation::evidence::{self, Evidence};
use crate::reconciliation::matching::reversal::references_named;
use crate::statement::{self, StoredLine};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::text;
use crate::web::pages::detail;
use crate::web::pages::matter::day;
use crate::web::pages::wording::Lang;

/// Candidates of one item; who finds none names the payment.
const LIMIT: usize = 12;
/// Credits that are looked at, the newest first.
const LOOKED_AT: i64 = 200;
/// Banks take back within weeks; what is older is named by hand.
const LOOKED_BACK_DAYS: i64 = 120;

/// The credits whose money is still here, the most named first, then the newest.
pub(super) fn originals(
    conn: &mut Conn,
    vault: &Vault,
    lang: Lang,
    item: &Exception,
) -> Result<Vec<Candidate>> {
    let is_debit =
        item.subject_kind == "line" && resolve::check_proposal(conn, item, "bank_charge", None).is_ok();
    if !is_debit {
        return Ok(Vec::new());
    }
    let debit = statement::line_query::line(conn, item.unit, LineId(item.subject_id))?;
    let (lines, evidence) = lines(conn, vault, item, &debit)?;
    let keys: Vec<(UnitId, LineId)> = lines.iter().map(|line| (line.unit, line.id)).collect();
    let shown = line_query::movements_of_lines(conn, &keys)?;
    let mut found = Vec::new();
    for line in &lines {
        for (_, _, movement) in shown.iter().filter(|(_, of, _)| *of == line.id) {
            if found.len() < LIMIT && taken_back::fits(conn, item, Some(movement.0))? {
                found.push((line, *movement));
            }
        }
    }
    let paid = paid_by(conn, item.unit, &found.iter().map(|(_, id)| *id).collect::<Vec<_>>())?;
    let named: Vec<_> = found.iter().filter(|(line, _)| evidence.contains_key(&line.id)).collect();
    let chosen = Some(named.as_slice()).and_then(|named| match named {
        [(_, movement)] => Some(*movement),
        _ => None,
    });
    let mut candidates = Vec::with_capacity(found.len());
    for (line, movement) in &found {
        let owed = paid.get(movement);
        let payer = match owed {
            Some(owed) => payer(conn, vault, owed)?,
            None => String::new(),
        };
        let dossier = owed.map(|owed| owed.dossier_code.clone());
        let why = evidence.get(&line.id).map(|all| detail::of_evidence(lang, all)).unwrap_or_default();
        let on = lang.with("original_on", day(line.booking_date));
        let words = [on, why].into_iter().filter(|words| !words.is_empty());
        candidates.push(Candidate {
            id: movement.to_string(),
            dossier: dossier.or(line.bank_reference.clone()).unwrap_or_default(),
            payer,
            owed: line.amount.to_string(),
            evidence: words.collect::<Vec<_>>().join("; "),
            is_exact: line.amount == item.amount,
            is_chosen: chosen == Some(*movement),
        });
    }
    Ok(candidates)
}

type Named = BTreeMap<LineId, Vec<Evidence>>;

/// Lines that may be the original, the most named first, then the newest, with what speaks for each beside its sum.
fn lines(
    conn: &mut Conn,
    vault: &Vault,
    item: &Exception,
    debit: &StoredLine,
) -> Result<(Vec<StoredLine>, Named)> {
    let texts = statement::line_texts(conn, vault, debit.unit, debit.id, debit.key, &debit.memo_cipher)?;
    let words = references_named(&text::fold(&texts.memo), debit.reference.as_deref());
    let references: Vec<String> = words.iter().cloned().chain(debit.bank_reference.clone()).collect();
    let days = (debit.booking_date.plus_days(-LOOKED_BACK_DAYS), debit.booking_date);
    let like = (item.amount, references.as_slice());
    let mut found =
        statement::line_query::credits_like(conn, (item.unit, debit.account), days, like, LOOKED_AT)?;
    let mut named: Named = suggested(item);
    let here: BTreeSet<LineId> = found.iter().map(|line| line.id).collect();
    for id in named.keys().filter(|id| !here.contains(id)) {
        found.push(statement::line_query::line(conn, item.unit, *id)?);
    }
    for line in &found {
        let Some(reference) = line.bank_reference.as_deref() else { continue };
        let squashed = text::squash(reference);
        let one = if debit.bank_reference.as_deref() == Some(reference) {
            Evidence::SameBankReference
        } else if words.contains(&squashed) {
            Evidence::ReferenceNamed { reference: squashed }
        } else {
            continue;
        };
        let all = named.entry(line.id).or_default();
        if !all.contains(&one) {
            all.push(one);
        }
    }
    let weight = |line: &StoredLine| named.get(&line.id).map_or(0, Vec::len);
    found.sort_by_key(|line| std::cmp::Reverse((weight(line), line.booking_date, line.id)));
    Ok((found, named))
}

/// The lines that matching named when the debit came.
fn suggested(item: &Exception) -> Named {
    let Some(kept) = Detail::read(&item.detail) else { return Named::new() };
    let said = |values| {
        // The sum is told beside every candidate; the bank's mark and words are the debit's own.
        let own = [Evidence::AmountExact, Evidence::MarkedAsReversal, Evidence::ReversalWords];
        evidence::of_values(values).into_iter().filter(|one| !own.contains(one)).collect()
    };
    kept.suggested_lines().into_iter().map(|(line, values)| (line, said(values))).collect()
}

/// What each movement's payment was for.
pub(super) fn paid_by(
    conn: &mut Conn,
    unit: UnitId,
    movements: &[MovementId],
) -> Result<HashMap<MovementId, Obligation>> {
    let keys: Vec<(UnitId, MovementId)> = movements.iter().map(|id| (unit, *id)).collect();
    let held = movement_query::movements(conn, &keys)?;
    let keys: Vec<(UnitId, PaymentId)> = held.iter().filter_map(|one| Some((unit, one.payment?))).collect();
    let mut found = HashMap::new();
    for payment in payment_query::payments(conn, &keys)? {
        if let (Some(movement), Some(owed)) = (payment.movement, payment.obligation) {
            found.insert(movement, obligation::find(conn, unit, owed)?);
        }
    }
    Ok(found)
}

fn payer(conn: &mut Conn, vault: &Vault, owed: &Obligation) -> Result<String> {
    let key = (owed.unit, owed.party);
    let mut found = party::load(conn, vault, &[key])?;
    Ok(found.remove(&key).and_then(|payer| payer.name).unwrap_or_default())
}
