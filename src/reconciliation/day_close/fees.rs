//! The fees of a month to date that lines have proven: what receipts posted, corrections included,
//! each on the day on which the last of both came, the posting and the money it stands on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fee_query::{self, Recognised, Standing};
use super::share::Fee;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, MovementId, ObligationId, PaymentId};
use crate::payment::pos;
use crate::receipt::DocumentKind;
use crate::shift::cover;
use crate::store::Conn;
use crate::unit::BankAccount;

/// Where and when payments were shown whole.
type Shown = HashMap<PaymentId, (BusinessDay, AccountId)>;

/// The fees that count for the account from `first` to `date`. A correction of an earlier month's
/// receipt counts in this month, with its difference only.
pub fn to_date(
    conn: &mut Conn,
    account: &BankAccount,
    first: BusinessDay,
    date: BusinessDay,
) -> Result<Vec<Fee>> {
    let unit = account.unit;
    let mut recognised = fee_query::recognised_since(conn, unit, first)?;
    let mut candidates: BTreeSet<ObligationId> = recognised.iter().map(|one| one.obligation).collect();
    let by_lines = fee_query::shown_between(conn, unit, account.id, first, date)?;
    candidates.extend(by_lines.obligations);
    candidates.extend(cover::candidates(conn, unit, first, date)?);
    candidates.extend(pos::query::obligations_between(conn, unit, first, date)?);
    let candidates: Vec<ObligationId> = candidates.into_iter().collect();
    let mut standings: BTreeMap<ObligationId, Vec<Standing>> = BTreeMap::new();
    for standing in fee_query::standings(conn, unit, &candidates)? {
        standings.entry(standing.obligation).or_default().push(standing);
    }
    // Fees claimed before this month may have been shown in it.
    let earliest = standings.values().flatten().map(|standing| standing.date).min();
    if let Some(earliest) = earliest.filter(|earliest| *earliest < first) {
        recognised = fee_query::recognised_since(conn, unit, earliest)?;
    }
    let brought: BTreeMap<PaymentId, Option<MovementId>> =
        standings.values().flatten().map(|standing| (standing.payment, standing.movement)).collect();
    let payments: Vec<PaymentId> = brought.keys().copied().collect();
    // Whatever the lines of these days show whole by themselves needs no search for other lines.
    let mut shown = Shown::new();
    let mut elsewhere = Vec::new();
    for (payment, movement) in brought {
        match movement.and_then(|movement| by_lines.whole.get(&movement)) {
            Some(day) => {
                shown.insert(payment, (*day, account.id));
            }
            None => elsewhere.push(payment),
        }
    }
    shown.extend(fee_query::shown_whole(conn, unit, &elsewhere)?);
    // Cash and cards have no line of their own: the deposit, or the batch, shows them.
    shown.extend(cover::shown(conn, unit, &payments)?);
    shown.extend(pos::query::shown(conn, unit, &payments)?);
    let lines = fee_query::fees(conn, unit, &candidates)?;
    let window = Window { account, first, date };
    let mut items: HashMap<ObligationId, Vec<&Fee>> = HashMap::new();
    for (obligation, _, line) in &lines {
        items.entry(*obligation).or_default().push(line);
    }
    let mut fees = Vec::new();
    for one in &recognised {
        let Some(moves) = standings.get(&one.obligation) else { continue };
        if window.counts(moves, one.created_at, Some(one.date), &shown) {
            fees.push(fee(one, items.get(&one.obligation).map_or(&[][..], Vec::as_slice))?);
        }
    }
    // Fees without a document have no receipt to be posted by: their money alone decides.
    for (obligation, is_paid, line) in lines {
        let Some(moves) = standings.get(&obligation).filter(|_| is_paid) else { continue };
        let is_fee = line.document_kind == "none" && line.amount.is_positive();
        if is_fee && window.counts(moves, Instant(i64::MAX), None, &shown) {
            fees.push(line);
        }
    }
    Ok(fees)
}

struct Window<'a> {
    account: &'a BankAccount,
    first: BusinessDay,
    date: BusinessDay,
}

impl Window<'_> {
    /// Whether what was posted at an instant counts here: all its money is shown, the last of it on
    /// this account, and the later of posting and money lies in the window.
    fn counts(&self, moves: &[Standing], at: Instant, posted: Option<BusinessDay>, shown: &Shown) -> bool {
        let mut latest = (self.account.opened_on, self.account.id);
        let on = standing_at(moves, at);
        if on.is_empty() {
            return false;
        }
        for payment in on {
            match shown.get(&payment) {
                Some(place) => latest = latest.max(*place),
                None => return false,
            }
        }
        let day = posted.map_or(latest.0, |posted| posted.max(latest.0));
        latest.1 == self.account.id && (self.first..=self.date).contains(&day)
    }
}

/// The payments whose money stood on the obligation when something was posted at an instant: what
/// is taken away by the same transaction still counts as standing. Pure.
fn standing_at(moves: &[Standing], at: Instant) -> BTreeSet<PaymentId> {
    let mut held: BTreeMap<PaymentId, (i64, bool)> = BTreeMap::new();
    for one in moves.iter().filter(|one| one.at <= at) {
        let (before, came_now) = held.entry(one.payment).or_default();
        if one.at < at {
            *before = before.saturating_add(one.amount.0);
        } else if one.amount.is_positive() {
            *came_now = true;
        }
    }
    held.into_iter().filter(|(_, (before, came_now))| *before > 0 || *came_now).map(|(id, _)| id).collect()
}

/// The posting as a fee of its item; what the item is stands in the obligation's lines.
fn fee(one: &Recognised, lines: &[&Fee]) -> Result<Fee> {
    let kind = DocumentKind::parse(&one.document_kind);
    let is_of_item = |line: &&&Fee| {
        line.item_code == one.item_code
            && kind.is_some_and(|kind| kind.covers(&line.document_kind, &line.kind))
    };
    let line = lines.iter().rfind(is_of_item);
    let line = line.ok_or_else(|| Error::internal("a receipt posted a fee that no line knows"))?;
    Ok(Fee { amount: one.amount, ..(*line).clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;

    fn moved(payment: i64, amount: i64, at: i64) -> Standing {
        Standing {
            obligation: ObligationId(1),
            payment: PaymentId(payment),
            movement: None,
            amount: Dong(amount),
            at: Instant(at),
            date: "2026-11-23".parse().unwrap(),
        }
    }

    fn at(moves: &[Standing], at: i64) -> Vec<i64> {
        standing_at(moves, Instant(at)).into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn a_posting_stands_on_the_money_of_its_own_time() {
        // Paid by 1 and 2, cancelled, paid again by 3.
        let moves =
            [moved(1, 10, 100), moved(2, 15, 200), moved(2, -15, 300), moved(1, -10, 300), moved(3, 25, 400)];
        assert_eq!(at(&moves, 200), [1, 2], "the receipt");
        assert_eq!(at(&moves, 300), [1, 2], "its cancelling");
        assert_eq!(at(&moves, 400), [3], "the new receipt");
        assert!(at(&moves, 99).is_empty());
    }

    #[test]
    fn what_is_given_back_in_part_leaves_the_payment_standing() {
        let moves = [moved(1, 25, 100), moved(1, -5, 200)];
        assert_eq!((at(&moves, 200), at(&moves, 300)), (vec![1], vec![1]));
    }
}
