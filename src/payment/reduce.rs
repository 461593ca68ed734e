//! What is owed is lowered to what was paid of it: two persons decide, by a numbered decision, on one of its lines.
//! The obligation is then paid, and its documents are made for the money that is there.

use super::amend::lock_accounts;
use super::book::{Book, Completion};
use super::cancel::{awaits_rest, shares};
use super::documents;
use super::due::collector;
use super::flush::flush;
use super::held::load_obligations;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind, Proposal};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation::{self, Line, Obligation, State, edition};
use crate::receipt::query as receipts;
use crate::store::{Conn, Stamp, Tx, failure};

/// The rest of a part is not asked for any more: a line is lowered by it.
pub const REDUCE: &str = "reduce";

/// The partly paid obligation that an item is about, where it may be lowered: no document of it stands, so that
/// no correction asks for the rest.
fn owed_of(conn: &mut Conn, item: &Exception) -> Result<Option<Obligation>> {
    if item.kind != Kind::Underpaid || item.subject_kind != "obligation" {
        return Ok(None);
    }
    let owed = obligation::find(conn, item.unit, ObligationId(item.subject_id))?;
    let stands = !receipts::current_of_obligations(conn, &[(owed.unit, owed.id)])?.is_empty();
    let is_part = awaits_rest(&owed) && owed.outstanding().is_positive();
    Ok(Some(owed).filter(|_| is_part && !stands))
}

/// The lines that can be lowered by all that is missing, each with its number.
///
/// # Errors
/// Those of the store.
pub fn lines(conn: &mut Conn, item: &Exception) -> Result<Vec<(i64, Line)>> {
    let Some(owed) = owed_of(conn, item)? else { return Ok(Vec::new()) };
    let missing = owed.outstanding();
    let all = obligation::lines(conn, owed.unit, owed.id)?;
    let is_fee = |line: &Line| line.kind != "pass_through";
    Ok((1_i64..).zip(all).filter(|(_, line)| line.amount >= missing && is_fee(line)).collect())
}

/// Whether the item's obligation can be lowered on this line; without one, whether only one line can be.
///
/// # Errors
/// Those of the store.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    Ok(named(&lines(conn, item)?, target).is_some())
}

fn named(lines: &[(i64, Line)], target: Option<i64>) -> Option<i64> {
    match (lines, target) {
        ([(only, _)], None) => Some(*only),
        (_, Some(asked)) => lines.iter().find(|(number, _)| *number == asked).map(|(number, _)| *number),
        _ => None,
    }
}

/// Lowers the line and completes the obligation. Returns the documents that were made.
///
/// # Errors
/// `resolution_unfit` where the obligation is not what it was.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    on: BusinessDay,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let unfit = || Error::conflict("resolution_unfit", "it is no partly paid obligation that can be lowered");
    let before = owed_of(tx, item)?.ok_or_else(unfit)?;
    let number = named(&lines(tx, item)?, proposal.target).ok_or_else(unfit)?;
    let (unit, id) = (before.unit, before.id);
    lock_accounts(tx, &before)?;
    let ground = ground_of(proposal);
    let lowered = lowered(obligation::lines(tx, unit, id)?, number, before.outstanding(), &ground)?;
    let begun = edition::begin(tx, stamp, actor, unit, id, &lowered, &proposal.reason)?;
    if begun.revision != before.revision + 1 || begun.total != before.allocated {
        return Err(Error::busy(failure::RETRY, 1, "the obligation changed meanwhile"));
    }
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &[(unit, id)])?;
    complete(tx, stamp, &mut book, &begun, (&proposal.reason, on))?;
    let written = flush(tx, stamp, actor, book)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "obligation.reduced", id)])?;
    Ok(documents::all(&written))
}

/// What the reduction rests on, as the document names it.
fn ground_of(proposal: &Proposal) -> String {
    match &proposal.decision {
        Some(decision) => format!("{} ({})", decision.number, decision.on.0.format("%d/%m/%Y")),
        None => proposal.reason.clone(),
    }
}

/// The lines with one of them lowered; what is lowered to nothing goes.
fn lowered(mut lines: Vec<Line>, number: i64, by: Dong, ground: &str) -> Result<Vec<Line>> {
    let at = usize::try_from(number - 1).unwrap_or(usize::MAX);
    let missing = || Error::internal("the line that is lowered is not there");
    let line = lines.get_mut(at).ok_or_else(missing)?;
    line.amount = line.amount.checked_sub(by)?;
    line.reduction = line.reduction.checked_add(by)?;
    line.reduction_percent = None;
    line.reduction_ground = Some(match line.reduction_ground.take() {
        Some(known) => format!("{known}; {ground}"),
        None => ground.to_owned(),
    });
    let is_empty = line.amount.is_zero();
    if is_empty {
        lines.remove(at);
    }
    Ok(lines)
}

/// The obligation is paid by what stands on it; the newest of its payments completes it.
fn complete(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    owed: &Obligation,
    (reason, on): (&str, BusinessDay),
) -> Result<()> {
    let (unit, id) = (owed.unit, owed.id);
    let newest = shares(tx, unit, id, book)?.into_iter().map(|(payment, _)| payment).max();
    let missing = || Error::internal("a partly paid obligation has no payment");
    let payment = newest.ok_or_else(missing)?;
    let held = book.payments.get(&(unit, payment)).ok_or_else(missing)?.value.clone();
    let event_index = book.tell_obligation(unit, id, payment, "paid", State::Paid, owed.allocated)?;
    if let Some(event) = book.obligation_events.get_mut(event_index) {
        event.reason = Some(reason.to_owned());
    }
    let collected_by = collector(tx, &held)?;
    book.completions.push(Completion {
        unit,
        obligation: id,
        payment,
        debit: Account::ReceivedInAdvance(id),
        accounting_date: on,
        collected_at: minted_at(payment.0).min(stamp.now),
        collected_by,
        method: held.method,
        event_index,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(amount: i64) -> Line {
        Line {
            item_code: "HT-01".into(),
            item_name: "Phí".into(),
            kind: "phi".into(),
            document_kind: "receipt".into(),
            vat_rate: None,
            measure_unit: "lần".into(),
            quantity: 1.into(),
            unit_price: amount.into(),
            gross: Dong(amount),
            reduction: Dong::ZERO,
            reduction_percent: None,
            reduction_ground: None,
            amount: Dong(amount),
            chapter: None,
            sub_item: None,
            kept_share_bp: 0,
            legal_ground: "TT".into(),
            explanation: String::new(),
        }
    }

    #[test]
    fn a_lowered_line_still_adds_up_and_one_that_is_nothing_goes() {
        let found = lowered(vec![line(25_000), line(8_000)], 1, Dong(15_000), "QĐ-7").unwrap();
        assert_eq!(
            (found[0].gross, found[0].reduction, found[0].amount),
            (Dong(25_000), Dong(15_000), Dong(10_000))
        );
        assert_eq!(found[0].reduction_ground.as_deref(), Some("QĐ-7"));
        let found = lowered(vec![line(25_000), line(8_000)], 2, Dong(8_000), "QĐ-7").unwrap();
        assert_eq!(found.iter().map(|line| line.amount).collect::<Vec<_>>(), [Dong(25_000)]);
    }

    #[test]
    fn of_several_lines_one_is_named() {
        let two = [(1, line(25_000)), (2, line(8_000))];
        assert_eq!((named(&two, None), named(&two, Some(2)), named(&two, Some(3))), (None, Some(2), None));
        assert_eq!(named(&two[..1], None), Some(1));
    }
}
