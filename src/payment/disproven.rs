//! Money that was told of and never comes: a claim that no line shows; a card payment that was declined after
//! all, voided, or taken on a terminal that was never closed. Two persons say so; what it paid is open again, its
//! receipt is cancelled, its clearing is empty.

use super::book::{Book, Held, Method, Payment, PaymentState};
use super::flush::flush;
use super::held::touch;
use super::movement::State;
use super::pos::line::taken_into;
use super::take_back::{self, TakeBack};
use super::{movement_query, payment_query, pos};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind};
use crate::id::*;
use crate::ledger::{Account, Source};
use crate::store::{Conn, Stamp, Tx};
use crate::unit::trust;

/// Whether the item is about a claimed movement, or about a card payment that waits for its batch still.
pub fn fits(conn: &mut Conn, item: &Exception) -> Result<bool> {
    if !is_card(item) {
        return Ok(item.kind == Kind::ClaimWithoutCredit && item.subject_kind == "movement");
    }
    let id = PaymentId(item.subject_id);
    let found = payment_query::payments(conn, &[(item.unit, id)])?.pop();
    Ok(found.as_ref().is_some_and(waits) && !pos::query::is_in_batch(conn, item.unit, id)?)
}

fn is_card(item: &Exception) -> bool {
    item.kind == Kind::NotDeposited && item.subject_kind == "payment"
}

fn waits(payment: &Payment) -> bool {
    payment.method == Method::Card && payment.state == PaymentState::Claimed
}

/// Takes it back on that day.
///
/// # Errors
/// `resolution_unfit` where a line showed it meanwhile.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    on: BusinessDay,
) -> Result<()> {
    match is_card(item) {
        true => card(tx, stamp, actor, item, on),
        false => claim(tx, stamp, actor, item, on),
    }
}

fn card(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, item: &Exception, on: BusinessDay) -> Result<()> {
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let taken = take_back::read(tx, stamp, &mut book, (item.unit, PaymentId(item.subject_id)))?;
    let unfit = || Error::conflict("resolution_unfit", "the card payment waits for no batch any more");
    // A batch that waits for its line names it already: that line brings its money.
    if pos::query::is_in_batch(tx, item.unit, PaymentId(item.subject_id))? {
        return Err(unfit());
    }
    let to = taken_into(&taken.payment).filter(|_| waits(&taken.payment)).ok_or_else(unfit)?;
    let (source, end) = (Source::Exception(item.id), PaymentState::Disproven);
    let why = "no batch ever brought the card payment";
    TakeBack { stamp, actor, on, to, source, why, end }.all(tx, &mut book, &taken)?;
    flush(tx, stamp, actor, book).map(|_| ())
}

/// A claim that never came: everything it settled is taken back, its receipts are cancelled, and
/// its channel is not believed any more on this account.
fn claim(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    accounting_date: BusinessDay,
) -> Result<()> {
    let id = MovementId(item.subject_id);
    let movement = movement_query::movements(tx, &[(item.unit, id)])?
        .pop()
        .ok_or_else(|| Error::internal("a movement with an exception is gone"))?;
    if movement.state != State::Expected || movement.proven.is_positive() {
        return Err(Error::conflict("resolution_unfit", "a statement line shows this money"));
    }
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let payment = movement.payment;
    let revision = movement.revision;
    let mut held = Held::read(movement, revision);
    held.value.state = State::Disproven;
    touch(&mut held);
    book.movements.insert((item.unit, id), held);
    if let Some(payment) = payment {
        take_back(tx, stamp, actor, item, accounting_date, payment, &mut book)?;
    }
    flush(tx, stamp, actor, book).map(|_| ())
}

fn take_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    on: BusinessDay,
    id: PaymentId,
    book: &mut Book,
) -> Result<()> {
    let taken = take_back::read(tx, stamp, book, (item.unit, id))?;
    let payment = &taken.payment;
    if payment.other_unit.is_positive() {
        return Err(Error::conflict("resolution_unfit", "money of another unit is taken back by the city"));
    }
    let account = payment.account.ok_or_else(|| Error::internal("a transfer without an account"))?;
    book.expose(item.unit, account, &payment.channel, Dong(-payment.amount.0))?;
    trust::suspend(tx, stamp, item.unit, account, &payment.channel, "claim_disproven")?;
    let to = Account::Clearing(account, payment.channel.clone());
    let (source, end) = (Source::Exception(item.id), PaymentState::Disproven);
    let why = "the payment's claim was disproven";
    TakeBack { stamp, actor, on, to, source, why, end }.all(tx, book, &taken)
}
