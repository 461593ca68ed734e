//! Money at the counter: cash and cards, the full amount only. A book of one, written as settling
//! writes its batches.

use super::book::{Book, CollectedBy, Destination, Incoming, Method};
use super::flush::flush;
use super::held::load_obligations;
use super::{query, repaid, repaid_query, tender_query};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation::{self, Obligation};
use crate::party;
use crate::shift;
use crate::store::{Conn, Stamp, Tx, rows};
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

/// What the counter takes for an obligation: what it still owes, or what the bank took back of it since
/// while its document stands.
pub fn owed(conn: &mut Conn, item: &Obligation) -> Result<Dong> {
    item.outstanding().checked_add(repaid::owed_again(conn, item)?)
}

/// What payers who are found by one of these terms owe again because the bank took their money back under a document
/// that stands.
pub fn owed_again_by(conn: &mut Conn, unit_id: UnitId, terms: &[party::Term]) -> Result<Vec<Obligation>> {
    let accounts = unit::account::of_unit(conn, unit_id)?.into_iter().map(|account| account.id);
    let accounts: Vec<AccountId> = accounts.collect();
    let taken_back = repaid_query::all_taken_back(conn, unit_id, &accounts)?;
    let mut payers: Vec<PartyId> = taken_back.iter().map(|(_, _, payer)| *payer).collect();
    payers.sort_unstable();
    payers.dedup();
    let payers = party::found_by(conn, unit_id, terms, &payers)?;
    let of_them = taken_back.into_iter().filter(|(_, _, payer)| payers.contains(payer));
    let keys: Vec<(UnitId, ObligationId)> = of_them.map(|(unit, id, _)| (unit, id)).collect();
    let mut found = Vec::new();
    for item in obligation::query::by_ids(conn, &keys)? {
        if repaid::owed_again(conn, &item)?.is_positive() {
            found.push(item);
        }
    }
    Ok(found)
}

/// Takes the outstanding amount of an obligation in cash or by card.
///
/// # Errors
/// `shift_not_open` for a cashier without an open shift, `counter_full_amount_only` when the
/// sum is not what is owed, `obligation_closed` when nothing is owed, `slip_waits` when it was collected on a slip
/// that another person has not countersigned yet.
pub fn take(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, taking: &Taking) -> Result<Taken> {
    let taken = take_together(tx, stamp, actor, std::slice::from_ref(taking))?;
    taken.into_iter().next().ok_or_else(|| Error::internal("what was taken is gone"))
}

/// The most obligations of one take.
pub const TOGETHER_LIMIT: usize = 20;

/// Takes what several obligations of one unit owe, each in full, all or none: a payment each, in the
/// order they were asked for.
///
/// # Errors
/// As `take`; `together_nothing` for none or too many.
pub fn take_together(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    takings: &[Taking],
) -> Result<Vec<Taken>> {
    take_at(tx, stamp, actor, takings, stamp.now, |tx, book, taking| {
        shift::provisional::refuse_collected(tx, taking.unit, &[taking.obligation])?;
        check_owed(book, taking)
    })
}

/// The same for money that was collected earlier, on a provisional slip: it is there, whatever is owed by
/// now. What is short of that is a part, what is beyond it a surplus, where the person who countersigns
/// saw that it `differs`.
pub(super) fn take_on_paper(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    taking: &Taking,
    (collected_at, differs): (Instant, bool),
) -> Result<Taken> {
    let is_seen = |_: &mut Tx<'_>, book: &Book, taking: &Taking| {
        shift::provisional::check_amount(taking.amount, owed_in(book, taking)?, differs)
    };
    let taken = take_at(tx, stamp, actor, std::slice::from_ref(taking), collected_at, is_seen)?;
    taken.into_iter().next().ok_or_else(|| Error::internal("what was taken is gone"))
}

fn take_at(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    takings: &[Taking],
    collected_at: Instant,
    check: impl Fn(&mut Tx<'_>, &Book, &Taking) -> Result<()>,
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
    let days = open_days(tx, stamp, &keys)?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &keys)?;
    let mut payments = Vec::with_capacity(takings.len());
    for taking in takings {
        check(tx, &book, taking)?;
        let payment: PaymentId = stamp.mint()?;
        let debit = debit_account(tx, taking, shift)?;
        let account = book.obligations.get(&(taking.unit, taking.obligation)).map(|held| held.value.account);
        let on = days.iter().find(|(of, _)| Some(*of) == account).map_or(stamp.today(), |(_, day)| *day);
        let incoming = incoming(on, taking, shift, debit, collected_at);
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

/// The obligations' accounts, locked, each with its first open day: money taken in the evening of a day
/// that is closed belongs to the next, or a proven bridge would move.
fn open_days(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    keys: &[(UnitId, ObligationId)],
) -> Result<Vec<(AccountId, BusinessDay)>> {
    let owed = obligation::query::by_ids(tx, keys)?;
    let mut accounts: Vec<_> = owed.iter().map(|owed| (owed.unit, owed.account)).collect();
    accounts.sort_unstable();
    accounts.dedup();
    query::lock_accounts(tx, &accounts)?;
    let first = |&(unit, account): &(UnitId, AccountId)| {
        Ok((account, query::first_open_day(tx, unit, account, stamp.today())?))
    };
    accounts.iter().map(first).collect()
}

/// What a payer handed over, and what was taken of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tender {
    pub tendered: Dong,
    pub due: Dong,
}

/// The largest note there is: nobody hands over one more than is needed.
const LARGEST_NOTE: Dong = Dong(500_000);

impl Tender {
    /// Enough, and not so much that a digit must have slipped in.
    ///
    /// # Errors
    /// `tendered_too_little`, `tendered_too_much`.
    pub fn check(&self) -> Result<()> {
        if self.tendered < self.due {
            return Err(Error::invalid("tendered", "tendered_too_little", "less than what is owed"));
        }
        if self.change() >= LARGEST_NOTE {
            return Err(Error::invalid("tendered", "tendered_too_much", "a note more than is needed"));
        }
        Ok(())
    }

    pub fn change(&self) -> Dong {
        Dong(self.tendered.0.saturating_sub(self.due.0))
    }
}

/// Keeps what was handed over for everything that was taken at once, with each of its payments.
///
/// # Errors
/// Those of `Tender::check`.
pub fn keep_tender(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, payments): (UnitId, &[PaymentId]),
    tender: Tender,
) -> Result<()> {
    tender.check()?;
    let Tender { tendered, due } = tender;
    let row = |payment_id: &PaymentId| tender_query::TenderRow {
        unit_id: unit,
        payment_id: *payment_id,
        tendered,
        due,
        created_at: stamp.now,
    };
    rows::insert(tx, &payments.iter().map(row).collect::<Vec<_>>())
}

/// What was handed over for a payment; None where nobody wrote it down.
pub fn tender(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Option<Tender>> {
    tender_query::of_payment(conn, unit, payment)
}

/// As `owed`, under the obligation's lock.
fn owed_in(book: &Book, taking: &Taking) -> Result<Dong> {
    let held = book.obligations.get(&(taking.unit, taking.obligation));
    let owed = held.ok_or_else(obligation::not_found)?.value.outstanding();
    owed.checked_add(book.owed_again(taking.unit, taking.obligation)?)
}

fn check_owed(book: &Book, taking: &Taking) -> Result<()> {
    let owed = owed_in(book, taking)?;
    if owed.is_zero() {
        return Err(Error::conflict("obligation_closed", "nothing is owed on it"));
    }
    if owed != taking.amount {
        return Err(Error::invalid("amount", "counter_full_amount_only", format!("exactly {owed} is owed")));
    }
    Ok(())
}

fn incoming(
    accounting_date: BusinessDay,
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
        accounting_date,
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
