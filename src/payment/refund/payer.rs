//! A payer asks for surplus back from the pay page and names the account. That moves nothing: staff
//! take the request up, which makes a refund with its two persons as ever, or decline it with a
//! reason that the payer reads. Until then an item of the queue keeps the promised day.

use super::payer_query::{self as query, AnswerRow, AskedRow, RequestRow};
use super::proof::{self, Shown};
use super::{Ask, Payee, Refund, State, cleaned, name_payee, opened_payee, rules, sender};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, New, Subject};
use crate::id::*;
use crate::notification::send::Courier;
use crate::obligation::{self, Obligation};
use crate::party;
use crate::payment::payment_query;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, failure, rows};

/// How older versions told it.
const OLD_WORDS: &str = "the payer asks for surplus back";

/// Whether an item of the queue is a wish for surplus, so that no other complaint is settled with it.
fn asks_back(detail: &str) -> bool {
    matches!(Detail::read(detail), Some(Detail::AsksBack { .. })) || detail.starts_with(OLD_WORDS)
}

/// What a payer asked for, and what staff said to it.
#[derive(Clone, Debug)]
pub struct PayerRequest {
    pub unit: UnitId,
    pub id: RefundRequestId,
    pub obligation: ObligationId,
    pub payment: PaymentId,
    pub amount: Dong,
    pub promised_on: BusinessDay,
    pub created_at: Instant,
    /// How the account was believed: `sender`, `sms` or `email`; none for requests of versions before.
    pub confirmed_by: Option<String>,
    pub answer: Option<Answer>,
    pub(super) key: KeyId,
    pub(super) cipher: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub is_taken_up: bool,
    pub reason: Option<String>,
    pub person: PersonId,
    pub at: Instant,
}

/// Everything asked for an obligation's payments, also from the page of another obligation of theirs.
pub fn of_obligation(conn: &mut Conn, item: &Obligation) -> Result<Vec<PayerRequest>> {
    let ids = payment_query::payments_for(conn, item.unit, item.id)?;
    query::of_payments(conn, item.unit, &ids)
}

/// What may be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Askable {
    pub payment: PaymentId,
    /// Its free surplus, and refunds that wait for an account.
    pub amount: Dong,
    /// How often it was asked for and answered.
    round: i32,
}

/// What may be asked for, by payment. Those with a request that nobody answered are left out.
pub fn askable(conn: &mut Conn, item: &Obligation) -> Result<Vec<Askable>> {
    let requests = of_obligation(conn, item)?;
    let mut found = Vec::new();
    for payment in payment_query::payments_for(conn, item.unit, item.id)? {
        let of_it: Vec<&PayerRequest> = requests.iter().filter(|one| one.payment == payment).collect();
        let amount = wanted(conn, item.unit, payment)?;
        if amount.is_positive() && of_it.iter().all(|one| one.answer.is_some()) {
            let round = i32::try_from(of_it.len()).unwrap_or(i32::MAX);
            found.push(Askable { payment, amount, round });
        }
    }
    Ok(found)
}

fn wanted(conn: &mut Conn, unit: UnitId, id: PaymentId) -> Result<Dong> {
    let Some(payment) = payment_query::payments(conn, &[(unit, id)])?.pop() else { return Ok(Dong::ZERO) };
    let refunds = super::query::of_payments(conn, &[(unit, id)])?;
    let mut sum = rules::free(&payment, &refunds)?;
    for refund in nameless(conn, &refunds)? {
        sum = sum.checked_add(refund.amount)?;
    }
    Ok(sum)
}

/// Refunds that are asked for, by a correction for one, and have no account yet.
fn nameless(conn: &mut Conn, refunds: &[Refund]) -> Result<Vec<Refund>> {
    let mut found = Vec::new();
    for refund in refunds.iter().filter(|refund| refund.state == State::Requested) {
        if super::query::payee(conn, refund.unit, refund.id)?.is_none() {
            found.push(refund.clone());
        }
    }
    Ok(found)
}

/// What became of a payer's wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Written down; the payer hears from the unit until this day.
    Noted(BusinessDay),
    /// A code went to this contact, masked; the wish is said again with it.
    CodeSent(String),
    CodeWrong(String),
    /// Too many wrong codes, or too many asked for.
    Locked(String),
}

/// Writes down what the payer asks for. To the account that the money came from it needs nothing more; to any
/// other one a code that went to the payer's phone or mailbox, as they stand with the obligation. A wrong code
/// is counted, so the transaction must commit.
///
/// Asked again, from this page or another one of the same payment, the first request counts.
///
/// # Errors
/// `refund_not_askable` when there is no surplus;
/// `refund_needs_counter` when there is no way to send a code; `payee_account_wrong`, `field_missing`.
pub fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Obligation,
    (payee, code): (&Payee, &str),
    courier: &Courier,
) -> Result<Asked> {
    let payee = rules::checked_payee(payee)?;
    let keys: Vec<_> =
        payment_query::payments_for(tx, item.unit, item.id)?.into_iter().map(|id| (item.unit, id)).collect();
    payment_query::lock_payments(tx, &keys)?;
    let asked = askable(tx, item)?;
    if asked.is_empty() {
        let waiting = of_obligation(tx, item)?.into_iter().rfind(|one| one.answer.is_none());
        let nothing = || Error::conflict("refund_not_askable", "no surplus that nobody asked for");
        return waiting.map(|first| Asked::Noted(first.promised_on)).ok_or_else(nothing);
    }
    let mut is_sender = true;
    for one in &asked {
        is_sender &= sender::sent_from(tx, stamp.vault, item.unit, one.payment, &payee)? == Some(true);
    }
    if is_sender {
        return note(tx, stamp, item, &asked, &payee, "sender").map(Asked::Noted);
    }
    let desk = proof::Desk { item, account_no: &payee.account_no, courier };
    match proof::shown(tx, stamp, &desk, code)? {
        Shown::Right(channel) => note(tx, stamp, item, &asked, &payee, channel).map(Asked::Noted),
        Shown::Sent(to) => Ok(Asked::CodeSent(to)),
        Shown::Wrong(to) => Ok(Asked::CodeWrong(to)),
        Shown::Locked(to) => Ok(Asked::Locked(to)),
    }
}

/// One request for each payment, each with its item of the queue.
fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Obligation,
    asked: &[Askable],
    payee: &Payee,
    confirmed_by: &'static str,
) -> Result<BusinessDay> {
    let promised_on = stamp.calendar.after(stamp.today(), Kind::Complaint.due_working_days());
    let plain = serde_json::to_vec(payee).map_err(|error| Error::internal(error.to_string()))?;
    let key = stamp.sealing_key(tx, item.unit)?;
    for Askable { payment: payment_id, amount, round } in asked.iter().copied() {
        let id: RefundRequestId = stamp.mint()?;
        let row = RequestRow {
            unit_id: item.unit,
            id,
            obligation_id: item.id,
            payment_id,
            amount,
            key_id: key.id,
            cipher: stamp.vault.seal(&key, &context(id), &plain)?,
            promised_on,
            created_at: stamp.now,
            confirmed_by: Some(confirmed_by),
        };
        rows::insert(tx, &[row])?;
        let once = AskedRow { unit_id: item.unit, payment_id, round, request_id: id, created_at: stamp.now };
        if rows::insert_if_absent(tx, &[once], &["unit_id", "payment_id", "round"])? != [true] {
            return Err(Error::busy(failure::RETRY, 1, "it was asked for at the same moment"));
        }
        let new = New {
            unit: item.unit,
            kind: Kind::Complaint,
            subject: Subject::Payment(payment_id),
            account: Some(item.account),
            amount,
            opened_on: stamp.today(),
            detail: Detail::AsksBack { request: id }.into(),
        };
        exception::open(tx, stamp, &[new])?;
        let entry = audit::Entry::by(&Actor::system(), item.unit, "refund.asked_by_payer", id);
        audit::record(tx, stamp, &[entry.with(confirmed_by)])?;
    }
    Ok(promised_on)
}

fn context(id: RefundRequestId) -> String {
    format!("refund_request/{}", id.0)
}

/// The account the payer named, in clear.
///
/// # Errors
/// `erased` when the payer's data was.
pub fn payee(conn: &mut Conn, vault: &Vault, request: &PayerRequest) -> Result<Payee> {
    if request.cipher.is_empty() {
        return Err(Error::not_found("erased", "this personal data was erased"));
    }
    let plain = vault.open(conn, request.unit, request.key, &context(request.id), &request.cipher)?;
    opened_payee(&plain)
}

/// Takes a request up: the refunds of its payment get the payer's account, what is free becomes a
/// refund. The person vouches for the account, so another one approves.
///
/// # Errors
/// `refund_request_answered`, `refund_not_askable`, and those of `request`.
pub fn take_up(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RefundRequestId,
) -> Result<Vec<Refund>> {
    actor.require_role(&[Role::Finance, Role::Cashier])?;
    let request = unanswered(tx, actor, unit, id)?;
    let payee = payee(tx, stamp.vault, &request)?;
    answer(tx, stamp, actor, &request, "taken_up", None)?;
    let refunds = super::query::of_payments(tx, &[(unit, request.payment)])?;
    let mut made = Vec::new();
    for refund in nameless(tx, &refunds)? {
        made.push(name_payee(tx, stamp, actor, unit, refund.id, &payee)?);
    }
    let payment = payment_query::payments(tx, &[(unit, request.payment)])?.pop();
    let free = payment.map_or(Ok(Dong::ZERO), |payment| rules::free(&payment, &refunds))?;
    if free.is_positive() {
        let reason = "người nộp đề nghị hoàn phần nộp thừa".to_owned();
        let ask = Ask { unit, payment: request.payment, amount: free, reason, payee: Some(payee) };
        made.push(super::request(tx, stamp, actor, &ask)?);
    }
    if made.is_empty() {
        return Err(Error::conflict("refund_not_askable", "the surplus went another way meanwhile"));
    }
    Ok(made)
}

/// Declines a request; the payer reads why.
///
/// # Errors
/// `refund_request_answered`, `reason_missing`.
pub fn decline(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: RefundRequestId,
    reason: &str,
) -> Result<()> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    let reason = cleaned("reason", reason, "reason_missing")?;
    let request = unanswered(tx, actor, unit, id)?;
    answer(tx, stamp, actor, &request, "refused", Some(reason))?;
    let party = obligation::find(tx, unit, request.obligation)?.party;
    match party::contact::is_erased(tx, unit, party)? {
        true => forget_declined(tx, unit, party),
        false => Ok(()),
    }
}

/// Erases the accounts that a payer named in requests that were declined: no voucher stands on them. The
/// database wants an erasure by two persons on record.
pub fn forget_declined(tx: &mut Tx<'_>, unit: UnitId, party: PartyId) -> Result<()> {
    query::forget_declined(tx, unit, party)
}

fn unanswered(tx: &mut Tx<'_>, actor: &Actor, unit: UnitId, id: RefundRequestId) -> Result<PayerRequest> {
    actor.scope.require(unit)?;
    let request = find(tx, unit, id)?;
    if request.answer.is_some() {
        return Err(answered());
    }
    Ok(request)
}

fn answered() -> Error {
    Error::conflict("refund_request_answered", "somebody answered it already")
}

fn answer(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    request: &PayerRequest,
    kind: &'static str,
    reason: Option<String>,
) -> Result<()> {
    let row = AnswerRow {
        unit_id: request.unit,
        request_id: request.id,
        kind,
        reason,
        person_id: actor.require_person()?,
        at: stamp.now,
    };
    // Of two answers at one moment the second finds the first.
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => answered(),
        _ => error,
    })?;
    let subject = Subject::Payment(request.payment);
    let item = exception::find_open(tx, request.unit, Kind::Complaint, subject)?;
    if item.is_some_and(|item| asks_back(&item.detail)) {
        let cause = (request.unit, Kind::Complaint, subject, "the payer's request was answered");
        exception::settle_by_themselves(tx, stamp, &[cause])?;
    }
    let entry = audit::Entry::by(actor, request.unit, "refund.request_answered", request.id).with(kind);
    audit::record(tx, stamp, &[entry])
}

pub fn find(conn: &mut Conn, unit: UnitId, id: RefundRequestId) -> Result<PayerRequest> {
    query::by_id(conn, unit, id)?
        .ok_or_else(|| Error::not_found("refund_request_not_found", "no such request in your scope"))
}
