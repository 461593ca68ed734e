//! Refunds: surplus that goes back to its payer. Asked for by one person, approved by another,
//! sent to the bank, proven by the statement's debit line, or bounced, or refused.
//!
//! A refund never changes its payment's state, but each step raises the payment's revision, so
//! that nobody moves the same money at the same moment.

mod asked_back;
pub mod bounce;
pub mod debit;
mod desk;
pub mod glance_query;
pub(super) mod line;
mod owed;
pub mod owed_back;
pub mod payer;
pub mod payer_query;
mod proof;
pub mod query;
pub mod rules;
pub mod sender;
pub(super) mod undebit;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation::code;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::account::KIND_REFUND;
use desk::Desk;

/// Where a refund stands; the arrows are in `docs/states.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Requested,
    Approved,
    Sent,
    Debited,
    Bounced,
    Refused,
}

crate::text_enum! {
    State {
        Requested = "requested",
        Approved = "approved",
        Sent = "sent",
        Debited = "debited",
        Bounced = "bounced",
        Refused = "refused",
    }
}

/// A refund as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub unit: UnitId,
    pub id: RefundId,
    pub payment: PaymentId,
    /// The bank account it is paid from.
    pub account: AccountId,
    pub amount: Dong,
    /// Belongs into the transfer's text, so that its debit line is recognised.
    pub reference_code: String,
    pub reason: String,
    pub correction: Option<CorrectionId>,
    pub maker: PersonId,
    pub checker: Option<PersonId>,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
}

/// The account that is paid. Stored encrypted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payee {
    pub bank: String,
    pub account_no: String,
    pub holder: String,
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Payee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payee(…)")
    }
}

/// A refund to be opened.
pub struct NewRefund {
    pub unit: UnitId,
    pub payment: PaymentId,
    pub account: AccountId,
    pub amount: Dong,
    pub reason: String,
    pub correction: Option<CorrectionId>,
    pub maker: PersonId,
}

/// Opens a refund. That the surplus is free is the caller's to know, under the payment's lock.
pub(super) fn open(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: NewRefund) -> Result<RefundId> {
    let id: RefundId = stamp.mint()?;
    let reference_code = code::reserve(tx, new.unit, KIND_REFUND, id.0)?.as_str().to_owned();
    let row = query::RefundRow {
        unit_id: new.unit,
        id,
        payment_id: new.payment,
        account_id: new.account,
        amount: new.amount,
        reference_code,
        reason: new.reason.clone(),
        correction_id: new.correction,
        maker_person_id: new.maker,
        created_at: stamp.now,
        state: State::Requested.as_str(),
        revision: 1,
    };
    rows::insert(tx, &[row])?;
    let event = query::EventRow {
        unit_id: new.unit,
        id: stamp.mint()?,
        refund_id: id,
        revision: 1,
        kind: "requested",
        state: "requested",
        person_id: Some(new.maker),
        line_id: None,
        reason: Some(new.reason),
        at: stamp.now,
    };
    rows::insert(tx, &[event])?;
    Ok(id)
}

/// What a person asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub unit: UnitId,
    pub payment: PaymentId,
    pub amount: Dong,
    pub reason: String,
    /// May be named later.
    pub payee: Option<Payee>,
}

/// Asks for surplus to go back to its payer.
///
/// # Errors
/// `refund_beyond_surplus`, `refund_amount_wrong`, `payment_not_found`, `reason_missing`.
pub fn request(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, ask: &Ask) -> Result<Refund> {
    let (unit, payment, amount) = (ask.unit, ask.payment, ask.amount);
    actor.require_role(&[Role::Finance, Role::Cashier])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = cleaned("reason", &ask.reason, "reason_missing")?;
    let mut desk = Desk::open(tx, stamp, actor, unit, payment)?;
    let others = query::of_payments(desk.tx, &[(unit, payment)])?;
    rules::check_amount(amount, &desk.payment, &others)?;
    desk.touch_payment("refund_requested", &reason)?;
    let account = desk.account;
    desk.flush()?;
    let new = NewRefund { unit, payment, account, amount, reason, correction: None, maker };
    let id = open(tx, stamp, new)?;
    if let Some(payee) = &ask.payee {
        store_payee(tx, stamp, unit, id, payee, maker)?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.requested", id)])?;
    find(tx, unit, id)
}

/// Names the account that is paid, before it is approved.
pub fn name_payee(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RefundId,
    payee: &Payee,
) -> Result<Refund> {
    actor.require_role(&[Role::Finance, Role::Cashier])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let mut refund = find(tx, unit, id)?;
    rules::check_step(&refund, &[State::Requested], "given another payee")?;
    store_payee(tx, stamp, unit, id, payee, person)?;
    step(tx, stamp, &mut refund, State::Requested, ("payee_named", Some(person), None, None))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.payee_named", id)])?;
    Ok(refund)
}

/// Approves: the surplus becomes money on its way out.
///
/// # Errors
/// `maker_is_checker`, `refund_payee_missing`, `refund_money_unproven`,
/// `refund_money_reversed`, `refund_state_wrong`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RefundId,
) -> Result<Refund> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let payment = find(tx, unit, id)?.payment;
    let mut desk = Desk::open(tx, stamp, actor, unit, payment)?;
    let mut refund = find(desk.tx, unit, id)?;
    let payee_by = query::payee(desk.tx, unit, id)?.map(|(_, _, _, person)| person);
    rules::check_approval(&refund, payee_by, checker, &desk.payment)?;
    refuse_erased(desk.tx, stamp, &refund)?;
    desk.refuse_reversed()?;
    desk.touch_payment("refund_approved", &refund.reason)?;
    desk.post(Account::Surplus(payment), Account::RefundPayable, &refund);
    desk.flush()?;
    refund.checker = Some(checker);
    step(tx, stamp, &mut refund, State::Approved, ("approved", Some(checker), None, None))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.approved", id)])?;
    Ok(refund)
}

/// Notes that the transfer was handed to the bank; again after a bounce.
///
/// # Errors
/// `refund_state_wrong`, `refund_payee_missing` when the account was erased, `refund_money_reversed`.
pub fn send(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, id: RefundId) -> Result<Refund> {
    actor.require_role(&[Role::Finance])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let payment = find(tx, unit, id)?.payment;
    let mut desk = Desk::open(tx, stamp, actor, unit, payment)?;
    let mut refund = find(desk.tx, unit, id)?;
    rules::check_step(&refund, &[State::Approved, State::Bounced], "sent")?;
    refuse_erased(desk.tx, stamp, &refund)?;
    desk.refuse_reversed()?;
    desk.touch_payment("refund_sent", &refund.reason)?;
    desk.settle(Kind::RefundBounced, "it was sent again");
    desk.flush()?;
    step(tx, stamp, &mut refund, State::Sent, ("sent", Some(person), None, None))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.sent", id)])?;
    Ok(refund)
}

/// Refuses a refund that is not on its way: what was approved is surplus again.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RefundId,
    reason: &str,
) -> Result<Refund> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let reason = cleaned("reason", reason, "reason_missing")?;
    let payment = find(tx, unit, id)?.payment;
    let mut desk = Desk::open(tx, stamp, actor, unit, payment)?;
    let mut refund = find(desk.tx, unit, id)?;
    rules::check_step(&refund, &[State::Requested, State::Approved, State::Bounced], "refused")?;
    desk.touch_payment("refund_refused", &reason)?;
    if refund.state != State::Requested {
        desk.post(Account::RefundPayable, Account::Surplus(payment), &refund);
    }
    desk.net(&refund)?;
    desk.settle(Kind::RefundBounced, "the refund was refused");
    desk.ask_again(&refund)?;
    desk.flush()?;
    step(tx, stamp, &mut refund, State::Refused, ("refused", Some(person), None, Some(reason)))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "refund.refused", id)])?;
    Ok(refund)
}

/// A payment's money is gone: requests for it have no object any more.
pub(super) fn drop_requested(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    payment: PaymentId,
    reason: &str,
) -> Result<()> {
    for mut refund in query::of_payments(tx, &[(unit, payment)])? {
        if refund.state == State::Requested {
            let why = Some(reason.to_owned());
            step(tx, stamp, &mut refund, State::Refused, ("refused", None, None, why))?;
        }
    }
    Ok(())
}

type What = (&'static str, Option<PersonId>, Option<LineId>, Option<String>);

/// The next revision with its event.
fn step(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    refund: &mut Refund,
    state: State,
    (kind, person_id, line_id, reason): What,
) -> Result<()> {
    refund.state = state;
    refund.revision += 1;
    query::store(tx, refund)?;
    let event = query::EventRow {
        unit_id: refund.unit,
        id: stamp.mint()?,
        refund_id: refund.id,
        revision: refund.revision,
        kind,
        state: state.as_str(),
        person_id,
        line_id,
        reason,
        at: stamp.now,
    };
    rows::insert(tx, &[event])
}

pub fn find(conn: &mut Conn, unit: UnitId, id: RefundId) -> Result<Refund> {
    query::by_ids(conn, &[(unit, id)])?.pop().ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("refund_not_found", "no such refund in your scope")
}

/// What is known of whom a refund goes to.
#[derive(Debug)]
pub enum PayeeNamed {
    Nobody,
    /// Somebody named one, and its data was erased since.
    Erased,
    Known(Payee),
}

impl PayeeNamed {
    pub fn known(self) -> Option<Payee> {
        match self {
            PayeeNamed::Known(payee) => Some(payee),
            PayeeNamed::Nobody | PayeeNamed::Erased => None,
        }
    }
}

/// Nothing is paid to an account that was erased; where nobody named one, the money goes back to the card.
fn refuse_erased(conn: &mut Conn, stamp: &Stamp<'_>, refund: &Refund) -> Result<()> {
    match payee_named(conn, stamp.vault, refund.unit, refund.id)? {
        PayeeNamed::Erased => Err(Error::conflict("refund_payee_missing", "the account to pay was erased")),
        PayeeNamed::Nobody | PayeeNamed::Known(_) => Ok(()),
    }
}

/// The payee in clear, for those who approve and send.
pub fn payee_named(
    conn: &mut Conn,
    vault: &crate::store::vault::Vault,
    unit: UnitId,
    id: RefundId,
) -> Result<PayeeNamed> {
    let Some((row, key, cipher, _)) = query::payee(conn, unit, id)? else { return Ok(PayeeNamed::Nobody) };
    match vault.open(conn, unit, key, &context(row), &cipher) {
        Ok(plain) => opened_payee(&plain).map(PayeeNamed::Known),
        Err(error) if error.code() == "erased" => Ok(PayeeNamed::Erased),
        Err(error) => Err(error),
    }
}

/// The same; None when nobody named one, or it was erased.
pub fn payee(
    conn: &mut Conn,
    vault: &crate::store::vault::Vault,
    unit: UnitId,
    id: RefundId,
) -> Result<Option<Payee>> {
    payee_named(conn, vault, unit, id).map(PayeeNamed::known)
}

fn opened_payee(plain: &[u8]) -> Result<Payee> {
    serde_json::from_slice(plain).map_err(|error| Error::internal(error.to_string()))
}

fn context(row: EventId) -> String {
    format!("refund_payee/{}", row.0)
}

fn store_payee(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    refund_id: RefundId,
    payee: &Payee,
    person_id: PersonId,
) -> Result<()> {
    let payee = rules::checked_payee(payee)?;
    let plain = serde_json::to_vec(&payee).map_err(|error| Error::internal(error.to_string()))?;
    let id: EventId = stamp.mint()?;
    let key = stamp.sealing_key(tx, unit)?;
    let cipher = stamp.vault.seal(&key, &context(id), &plain)?;
    let row = query::PayeeRow {
        unit_id: unit,
        id,
        refund_id,
        key_id: key.id,
        cipher,
        person_id,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])
}

const TEXT_LIMIT: usize = 500;

fn cleaned(field: &str, value: &str, missing: &'static str) -> Result<String> {
    text::required(field, value, missing, TEXT_LIMIT)
}

/// Refunds sent so long ago that a statement should show them: an exception each.
pub fn note_overdue(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    sent_before: BusinessDay,
) -> Result<usize> {
    let overdue = query::overdue(tx, unit, account, sent_before.start())?;
    let items: Vec<exception::New> = overdue
        .iter()
        .map(|refund| exception::New {
            unit,
            kind: Kind::RefundUnmatched,
            subject: Subject::Payment(refund.payment),
            account: Some(account),
            amount: refund.amount,
            opened_on: stamp.today(),
            detail: Detail::Refund { refund: refund.id, code: refund.reference_code.clone() }.into(),
        })
        .collect();
    exception::open(tx, stamp, &items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payee_is_an_account_that_a_bank_of_the_list_can_have() {
        let payee = |bank: &str, account_no: &str, holder: &str| {
            let [bank, account_no, holder] = [bank, account_no, holder].map(str::to_owned);
            rules::checked_payee(&Payee { bank, account_no, holder })
        };
        let good = payee(" 970436 ", "0123 456 789", " NGUYEN VAN MAU ").unwrap();
        assert_eq!((good.bank.as_str(), good.account_no.as_str()), ("970436", "0123456789"));
        assert_eq!(good.holder, "NGUYEN VAN MAU");
        let long = "1".repeat(35);
        let refused = [
            (payee("970436", "123", "A"), "payee_account_wrong"),
            (payee("970436", &long, "A"), "payee_account_wrong"),
            (payee("970436", "----- 123", "A"), "payee_account_wrong"),
            (payee("Ngân hàng không có", "0123456789", "A"), "payee_bank_unknown"),
            (payee("000000", "0123456789", "A"), "payee_bank_unknown"),
            (payee(" ", "0123456789", "A"), "field_missing"),
            (payee("970436", "0123456789", " "), "field_missing"),
        ];
        for (made, code) in refused {
            assert_eq!(made.unwrap_err().code(), code);
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_payee_is_told() {
        let payee = |bank: &str, account_no: &str, holder: &str| {
            let [bank, account_no, holder] = [bank, account_no, holder].map(str::to_owned);
            rules::payee_faults(&Payee { bank, account_no, holder })
        };
        let codes: Vec<&str> = payee("", "?", "").iter().map(Error::code).collect();
        assert_eq!(codes, ["field_missing", "payee_account_wrong", "field_missing"]);
        assert!(payee("970436", "0123456789", "NGUYEN VAN MAU").is_empty());
    }
}
