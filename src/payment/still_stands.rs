//! Money that an exception is about and that still stands where somebody has to move it: such an item is
//! not acknowledged away, for nothing else would ask about that money again. And the other way round: one that ended
//! because its money found its place asks for nothing.

use super::book::{Payment, PaymentState};
use super::movement::State as Moved;
use super::prove::HELD_KINDS;
use super::refund::owed_back::Debts;
use super::{line_query, movement_query, payment_query, settle_cash};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::statement;
use crate::store::Conn;

/// # Errors
/// `surplus_stands`, `other_unit_stands`, `reversal_stands`, `card_stands`, `advance_stands`, each with what ends it.
pub(super) fn refuse(conn: &mut Conn, item: &Exception) -> Result<()> {
    let payments = payments_of(conn, item)?;
    let holds = |bucket: fn(&Payment) -> Dong| payments.iter().any(|payment| bucket(payment).is_positive());
    let found = match item.kind {
        Kind::Overpaid | Kind::DuplicateTransfer | Kind::LatePayment | Kind::RefundBounced => holds(
            |payment| payment.surplus,
        )
        .then_some(("surplus_stands", "the payer's surplus is refunded, which settles this by itself")),
        Kind::WrongAccount => holds(|payment| payment.other_unit).then_some((
            "other_unit_stands",
            "the money is paid on to its unit; that line settles this by itself",
        )),
        Kind::BankReversal | Kind::PosChargeback => owes_back(conn, item, &payments)?.then_some((
            "reversal_stands",
            "the payer pays again, what was refunded comes back, or the receipt is cancelled",
        )),
        Kind::NotDeposited => payments
            .iter()
            .any(|payment| payment.state == PaymentState::Claimed)
            .then_some(("card_stands", "its batch shows it, or two persons say that it never comes")),
        Kind::Underpaid | Kind::ReceiptDue if item.subject_kind == "obligation" => {
            let advance = Account::ReceivedInAdvance(ObligationId(item.subject_id));
            (!ledger::balance(conn, item.unit, &advance)?.is_zero()).then_some((
                "advance_stands",
                "the rest is paid, the document made, or the obligation cancelled",
            ))
        }
        _ => None,
    };
    found.map_or(Ok(()), |(code, detail)| Err(Error::conflict(code, detail)))
}

/// Whether an item that ended by itself, or was only looked at, has no money to ask about any more. What stands in
/// suspense, or is a debit that nobody explained, is asked about by open items to the last đồng: one more would ask
/// for what nobody has.
pub(super) fn is_gone(conn: &mut Conn, item: &Exception) -> Result<bool> {
    Ok(match item.kind {
        // That two channels told the same is said of money that has its place, too.
        Kind::SameMoneyTwoChannels => false,
        Kind::UnknownDebit | Kind::BankFee | Kind::RefundUnmatched => item.subject_kind == "line",
        Kind::Overpaid | Kind::DuplicateTransfer | Kind::LatePayment => {
            !payments_of(conn, item)?.iter().any(|payment| payment.surplus.is_positive())
        }
        Kind::Underpaid | Kind::ReceiptDue if item.subject_kind == "obligation" => {
            let advance = Account::ReceivedInAdvance(ObligationId(item.subject_id));
            ledger::balance(conn, item.unit, &advance)?.is_zero()
        }
        Kind::NotDeposited if item.subject_kind == "payment" => {
            !payments_of(conn, item)?.iter().any(|payment| payment.state == PaymentState::Claimed)
        }
        Kind::ClaimWithoutCredit => !is_expected(conn, item)?,
        Kind::PosChargeback => {
            let payments = payments_of(conn, item)?;
            !owes_back(conn, item, &payments)?
        }
        Kind::DepositDiffers if item.subject_kind == "slip" => !settle_cash::is_open(conn, item)?,
        Kind::NotDeposited | Kind::TreasuryRejected => !settle_cash::is_open(conn, item)?,
        kind if HELD_KINDS.contains(&kind) => match item.subject_kind.as_str() {
            "line" | "shift" => true,
            "movement" => !is_expected(conn, item)?,
            _ => false,
        },
        _ => false,
    })
}

/// Whether money of a line that the bank takes back, as its item says, is money that the line takes: a debit, or
/// what the line of a lump sum took of payments. Otherwise it is money that came back, and stands in suspense.
pub fn is_of_debit(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<bool> {
    let is_debit = statement::line_query::line(conn, unit, line)?.amount < Dong::ZERO;
    Ok(is_debit || !ledger::recovered_by(conn, unit, line)?.is_empty())
}

/// Whether a claim waits for its line still.
fn is_expected(conn: &mut Conn, item: &Exception) -> Result<bool> {
    let movements = [(item.unit, MovementId(item.subject_id))];
    Ok(movement_query::movements(conn, &movements)?.iter().any(|one| one.state == Moved::Expected))
}

/// The payments an item is about: named, told of by a channel, or shown by a line.
fn payments_of(conn: &mut Conn, item: &Exception) -> Result<Vec<Payment>> {
    let movements = match item.subject_kind.as_str() {
        "payment" => return payment_query::payments(conn, &[(item.unit, PaymentId(item.subject_id))]),
        "movement" => vec![(item.unit, MovementId(item.subject_id))],
        "line" => line_query::movements_of_lines(conn, &[(item.unit, LineId(item.subject_id))])?
            .into_iter()
            .map(|(unit, _, movement)| (unit, movement))
            .collect(),
        _ => Vec::new(),
    };
    let ids: Vec<(UnitId, PaymentId)> = movement_query::movements(conn, &movements)?
        .into_iter()
        .filter_map(|movement| Some((movement.unit, movement.payment?)))
        .collect();
    payment_query::payments(conn, &ids)
}

/// Whether what the bank took back is still to be recovered under a document that stands.
fn owes_back(conn: &mut Conn, item: &Exception, payments: &[Payment]) -> Result<bool> {
    let mut ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
    let line = (item.subject_kind == "line").then_some(LineId(item.subject_id));
    if let Some(line) = line {
        ids.extend(ledger::recovered_by(conn, item.unit, line)?);
    }
    for id in ids {
        if Debts::of(conn, item.unit, id)?.asked_of(line)?.is_positive() {
            return Ok(true);
        }
    }
    Ok(false)
}
