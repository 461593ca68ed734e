//! The SQL of what payers ask for.

use diesel::prelude::*;

use super::payer::{Answer, PayerRequest};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::schema::obligation;
use crate::store::schema_desk::{refund_answer, refund_request};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct RequestRow in "refund_request" {
        pub unit_id: UnitId,
        pub id: RefundRequestId,
        pub obligation_id: ObligationId,
        pub payment_id: PaymentId,
        pub amount: Dong,
        pub key_id: KeyId,
        pub cipher: Vec<u8>,
        pub promised_on: BusinessDay,
        pub created_at: Instant,
        /// How the account was believed: `sender`, `sms` or `email`.
        pub confirmed_by: Option<&'static str>,
    }
}

crate::table_row! {
    /// Says that a payment's surplus is asked for, once in each round: an answer begins the next.
    pub struct AskedRow in "refund_asked" {
        pub unit_id: UnitId,
        pub payment_id: PaymentId,
        pub round: i32,
        pub request_id: RefundRequestId,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct AnswerRow in "refund_answer" {
        pub unit_id: UnitId,
        pub request_id: RefundRequestId,
        pub kind: &'static str,
        pub reason: Option<String>,
        pub person_id: PersonId,
        pub at: Instant,
    }
}

type Stored = (
    (UnitId, RefundRequestId, ObligationId, PaymentId, Dong),
    (KeyId, Vec<u8>, BusinessDay, Instant, Option<String>),
    Option<(String, Option<String>, PersonId, Instant)>,
);

fn from_stored((what, how, answer): Stored) -> PayerRequest {
    PayerRequest {
        unit: what.0,
        id: what.1,
        obligation: what.2,
        payment: what.3,
        amount: what.4,
        key: how.0,
        cipher: how.1,
        promised_on: how.2,
        created_at: how.3,
        confirmed_by: how.4,
        answer: answer.map(|(kind, reason, person, at)| Answer {
            is_taken_up: kind == "taken_up",
            reason,
            person,
            at,
        }),
    }
}

macro_rules! requests {
    () => {
        refund_request::table
            .left_join(
                refund_answer::table.on(refund_answer::unit_id
                    .eq(refund_request::unit_id)
                    .and(refund_answer::request_id.eq(refund_request::id))),
            )
            .select((
                (
                    refund_request::unit_id,
                    refund_request::id,
                    refund_request::obligation_id,
                    refund_request::payment_id,
                    refund_request::amount,
                ),
                (
                    refund_request::key_id,
                    refund_request::cipher,
                    refund_request::promised_on,
                    refund_request::created_at,
                    refund_request::confirmed_by,
                ),
                (refund_answer::kind, refund_answer::reason, refund_answer::person_id, refund_answer::at)
                    .nullable(),
            ))
    };
}

pub fn by_id(conn: &mut Conn, unit: UnitId, id: RefundRequestId) -> Result<Option<PayerRequest>> {
    let found: Option<Stored> = requests!()
        .filter(refund_request::unit_id.eq(unit))
        .filter(refund_request::id.eq(id))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(from_stored))
}

/// Everything asked for the surplus of these payments, from the page of whichever obligation, oldest first.
pub fn of_payments(conn: &mut Conn, unit: UnitId, payments: &[PaymentId]) -> Result<Vec<PayerRequest>> {
    let found: Vec<Stored> = requests!()
        .filter(refund_request::unit_id.eq(unit))
        .filter(refund_request::payment_id.eq_any(payments.to_vec()))
        .order(refund_request::id)
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// What these units have not answered, oldest first.
pub fn waiting(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<PayerRequest>> {
    let found: Vec<Stored> = requests!()
        .filter(refund_request::unit_id.eq_any(units))
        .filter(refund_answer::request_id.is_null())
        .order(refund_request::id)
        .limit(limit)
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

/// The unit of a request within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: RefundRequestId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, refund_request, id)
}

/// Empties what a payer's declined requests said of their account; the rows stay.
pub fn forget_declined(tx: &mut Tx<'_>, unit: UnitId, party: PartyId) -> Result<()> {
    let owed = obligation::table
        .filter(obligation::unit_id.eq(unit))
        .filter(obligation::party_id.eq(party))
        .select(obligation::id);
    let owed: Vec<ObligationId> = owed.load(tx.conn()).classify()?;
    let declined = refund_request::table
        .inner_join(
            refund_answer::table.on(refund_answer::unit_id
                .eq(refund_request::unit_id)
                .and(refund_answer::request_id.eq(refund_request::id))),
        )
        .filter(refund_request::unit_id.eq(unit))
        .filter(refund_request::obligation_id.eq_any(owed))
        .filter(refund_answer::kind.eq("refused"))
        .select(refund_request::id);
    let declined: Vec<RefundRequestId> = declined.load(tx.conn()).classify()?;
    diesel::update(
        refund_request::table
            .filter(refund_request::unit_id.eq(unit))
            .filter(refund_request::id.eq_any(declined))
            .filter(refund_request::cipher.ne(Vec::<u8>::new())),
    )
    .set(refund_request::cipher.eq(Vec::<u8>::new()))
    .execute(tx.conn())
    .classify()?;
    Ok(())
}
