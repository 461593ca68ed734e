//! Money at the counter: cash and cards, the full amount only. A book of one, written as settling
//! writes its batches.

use super::book::{Book, CollectedBy, Destination, Incoming, Method};
use super::flush::flush;
use super::settle::load_obligations;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
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
    actor.require_role(&[Role::Cashier])?;
    actor.scope.require(taking.unit)?;
    let person = actor.require_person()?;
    let shift = shift::taking(tx, taking.unit, person)?;
    let debit = debit_account(tx, taking, shift)?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &[(taking.unit, taking.obligation)])?;
    let owed = book
        .obligations
        .get(&(taking.unit, taking.obligation))
        .ok_or_else(crate::obligation::not_found)?
        .value
        .outstanding();
    // Or what the bank took back of it since, while its document stands.
    let owed = owed.checked_add(book.owed_again(taking.unit, taking.obligation))?;
    if owed.is_zero() {
        return Err(Error::conflict("obligation_closed", "nothing is owed on it"));
    }
    if owed != taking.amount {
        return Err(Error::invalid("amount", "counter_full_amount_only", format!("exactly {owed} is owed")));
    }
    let payment: PaymentId = stamp.mint()?;
    let incoming = Incoming {
        unit: taking.unit,
        amount: taking.amount,
        movement: None,
        account: None,
        shift: Some(shift),
        method: taking.method,
        channel: if taking.method == Method::Cash { "cash".into() } else { "pos".into() },
        debit,
        accounting_date: stamp.today(),
        collected_at: stamp.now,
        collected_by: CollectedBy::Officer(taking.collector.clone()),
        // Cash is proven by counting it; a card payment by the acquirer's statement line.
        is_proven: taking.method == Method::Cash,
    };
    book.receive(payment, &incoming, &Destination::Obligations(vec![taking.obligation]))?;
    let written = flush(tx, stamp, actor, book)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, taking.unit, "counter.taken", payment)])?;
    let receipts = written.receipts.get(&(taking.unit, taking.obligation)).cloned().unwrap_or_default();
    Ok(Taken { unit: taking.unit, payment, receipt: receipts.first().copied(), receipts })
}

fn debit_account(conn: &mut Conn, taking: &Taking, shift: ShiftId) -> Result<Account> {
    match taking.method {
        Method::Cash => Ok(Account::Drawer(shift)),
        Method::Card => Ok(Account::Clearing(unit::account::receiving(conn, taking.unit)?.id, "pos".into())),
        Method::Transfer => Err(Error::invalid("method", "counter_method", "cash or card")),
    }
}
