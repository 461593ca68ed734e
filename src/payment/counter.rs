//! Money at the counter: cash and cards, the full amount only. A book of one, written as settling
//! writes its batches.

use super::book::{Book, CollectedBy, Destination, Incoming, Method};
use super::flush::flush;
use super::settle::load_obligations;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::ledger::Account;
use crate::shift;
use crate::store::{Conn, Stamp, Tx};
use crate::unit;

/// What a cashier confirms.
#[derive(Clone, Debug)]
pub struct Taking {
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub amount: Dong,
    pub method: Method,
    /// The cashier's name as the receipt prints it.
    pub collector: String,
}

/// What was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub unit: UnitId,
    pub payment: PaymentId,
    /// The first of `receipts`.
    pub receipt: Option<ReceiptId>,
    /// Every document of the obligation, the receipt first.
    pub receipts: Vec<ReceiptId>,
}

/// Takes the outstanding amount of an obligation in cash or by card.
///
/// Errors: `shift_not_open` for a cashier without an open shift, `counter_full_amount_only` when the
/// sum is not what is owed, `obligation_closed` when nothing is owed.
pub fn take(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, taking: &Taking) -> Result<Taken> {
    let taken = take_together(tx, stamp, actor, std::slice::from_ref(taking))?;
    taken.into_iter().next().ok_or_else(|| Error::internal("what was taken is gone"))
}

/// The most obligations of one take.
pub const TOGETHER_LIMIT: usize = 20;

/// Takes what several obligations of one unit owe, each in full, all or none: a payment each, in the
/// order they were asked for. Errors as `take`; `together_nothing` for none or too many.
pub fn take_together(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    takings: &[Taking],
) -> Result<Vec<Taken>> {
    take_at(tx, stamp, actor, takings, stamp.now)
}

/// The same for money that was collected earlier, on a provisional slip.
pub(super) fn take_at(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    takings: &[Taking],
    collected_at: Instant,
) -> Result<Vec<Taken>> {
    actor.require_role(&[Role::Cashier])?;
    let unit = match takings {
        [first, ..] if takings.len() <= TOGETHER_LIMIT => first.unit,
        _ => return Err(Error::invalid("obligations", "together_nothing", "1 to 20 obligations")),
    };
    actor.scope.require(unit)?;
    let shift = shift::taking(tx, unit, actor.require_person()?)?;
    let mut keys: Vec<_> = takings.iter().map(|taking| (taking.unit, taking.obligation)).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() != takings.len() || keys.iter().any(|(other, _)| *other != unit) {
        return Err(Error::invalid("obligations", "together_nothing", "each once, of one unit"));
    }
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &keys)?;
    let mut payments = Vec::with_capacity(takings.len());
    for taking in takings {
        check_owed(&book, taking)?;
        let payment: PaymentId = stamp.mint()?;
        let debit = debit_account(tx, taking, shift)?;
        let incoming = incoming(stamp, taking, shift, debit, collected_at);
        book.receive(payment, &incoming, &Destination::Obligations(vec![taking.obligation]))?;
        payments.push(payment);
    }
    let written = flush(tx, stamp, actor, book)?;
    let mut taken = Vec::with_capacity(takings.len());
    for (taking, payment) in takings.iter().zip(payments) {
        audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "counter.taken", payment)])?;
        let receipts = written.receipts.get(&(unit, taking.obligation)).cloned().unwrap_or_default();
        taken.push(Taken { unit, payment, receipt: receipts.first().copied(), receipts });
    }
    Ok(taken)
}

fn check_owed(book: &Book, taking: &Taking) -> Result<()> {
    let held = book.obligations.get(&(taking.unit, taking.obligation));
    let owed = held.ok_or_else(crate::obligation::not_found)?.value.outstanding();
    // Or what the bank took back of it since, while its document stands.
    let owed = owed.checked_add(book.owed_again(taking.unit, taking.obligation))?;
    if owed.is_zero() {
        return Err(Error::conflict("obligation_closed", "nothing is owed on it"));
    }
    if owed != taking.amount {
        return Err(Error::invalid("amount", "counter_full_amount_only", format!("exactly {owed} is owed")));
    }
    Ok(())
}

fn incoming(
    stamp: &Stamp<'_>,
    taking: &Taking,
    shift: ShiftId,
    debit: Account,
    collected_at: Instant,
) -> Incoming {
    Incoming {
        unit: taking.unit,
        amount: taking.amount,
        movement: None,
        account: None,
        shift: Some(shift),
        method: taking.method,
        channel: if taking.method == Method::Cash { "cash".into() } else { "pos".into() },
        debit,
        accounting_date: stamp.today(),
        collected_at,
        collected_by: CollectedBy::Officer(taking.collector.clone()),
        // Cash is proven by counting it; a card payment by the acquirer's statement line.
        is_proven: taking.method == Method::Cash,
    }
}

fn debit_account(conn: &mut Conn, taking: &Taking, shift: ShiftId) -> Result<Account> {
    match taking.method {
        Method::Cash => Ok(Account::Drawer(shift)),
        Method::Card => Ok(Account::Clearing(unit::account::receiving(conn, taking.unit)?.id, "pos".into())),
        Method::Transfer => Err(Error::invalid("method", "counter_method", "cash or card")),
    }
}
