//! The SQL of months.

use std::collections::BTreeSet;

use diesel::dsl::max;
use diesel::prelude::*;

use super::Month;
use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, CertificateId, EventId, PersonId, UnitId};
pub use crate::reconciliation::certificate_query::Certificate;
use crate::reconciliation::certificate_query::{Listed, Parts, certificate_columns, certificate_of};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::{day, day_certificate, statement_line};
use crate::store::schema_closing::{account_month, month_certificate};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct MonthRow in "account_month" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub month: BusinessDay,
        pub last_day: BusinessDay,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "account_month_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub account_id: AccountId,
        pub month: BusinessDay,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub maker_person_id: Option<PersonId>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct CertificateRow in "month_certificate" {
        pub unit_id: UnitId,
        pub id: CertificateId,
        pub account_id: AccountId,
        pub month: BusinessDay,
        pub revision: i64,
        pub opening: Dong,
        pub closing: Dong,
        pub document: Vec<u8>,
        pub document_sha256: String,
        pub previous_sha256: String,
        pub signature: Vec<u8>,
        pub certificate_id: CertificateId,
        pub created_at: Instant,
    }
}

/// The day of the last line that statements show of an account.
pub fn last_line(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<BusinessDay>> {
    statement_line::table
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(account))
        .filter(crate::is_taken!())
        .select(max(statement_line::booking_date))
        .first(conn)
        .classify()
}

/// State and revision of a month; None when it was never closed.
pub fn state(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    month: Month,
) -> Result<Option<(String, i64)>> {
    account_month::table
        .find((unit, account, month.first()))
        .select((account_month::state, account_month::revision))
        .first(conn)
        .optional()
        .classify()
}

/// Closed months of an account, oldest first, with their revisions.
pub fn closed(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<(BusinessDay, i64)>> {
    account_month::table
        .filter(account_month::unit_id.eq(unit))
        .filter(account_month::account_id.eq(account))
        .filter(account_month::state.eq("closed"))
        .order(account_month::month)
        .select((account_month::month, account_month::revision))
        .load(conn)
        .classify()
}

/// The closed days of a span with the certificates by which they are closed: date, hash, bytes.
pub fn standing_days(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    (first, last): (BusinessDay, BusinessDay),
) -> Result<Vec<(BusinessDay, String, Vec<u8>)>> {
    let stands = day_certificate::unit_id
        .eq(day::unit_id)
        .and(day_certificate::account_id.eq(day::account_id))
        .and(day_certificate::date.eq(day::date))
        .and(day_certificate::revision.eq(day::revision));
    day::table
        .inner_join(day_certificate::table.on(stands))
        .filter(day::unit_id.eq(unit))
        .filter(day::account_id.eq(account))
        .filter(day::date.ge(first))
        .filter(day::date.le(last))
        .filter(day::state.eq("closed"))
        .order(day::date)
        .select((day_certificate::date, day_certificate::document_sha256, day_certificate::document))
        .load(conn)
        .classify()
}

/// The newest certificate of a month, standing or not.
pub fn newest(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    month: Month,
) -> Result<Option<Certificate>> {
    let found: Option<Parts> = month_certificate::table
        .filter(month_certificate::unit_id.eq(unit))
        .filter(month_certificate::account_id.eq(account))
        .filter(month_certificate::month.eq(month.first()))
        .order(month_certificate::revision.desc())
        .select(certificate_columns!(month_certificate, month))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(certificate_of))
}

/// Every certificate of an account's months, by month and revision.
pub fn certificates(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Certificate>> {
    let found: Vec<Parts> = month_certificate::table
        .filter(month_certificate::unit_id.eq(unit))
        .filter(month_certificate::account_id.eq(account))
        .order((month_certificate::month, month_certificate::revision))
        .select(certificate_columns!(month_certificate, month))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(certificate_of).collect())
}

/// The same without their bytes, each with whether its month is closed by it still.
pub fn listed(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<(Listed, bool)>> {
    let standing: BTreeSet<(BusinessDay, i64)> = closed(conn, unit, account)?.into_iter().collect();
    let found: Vec<Listed> = month_certificate::table
        .filter(month_certificate::unit_id.eq(unit))
        .filter(month_certificate::account_id.eq(account))
        .order((month_certificate::month, month_certificate::revision))
        .select((
            month_certificate::id,
            month_certificate::month,
            month_certificate::revision,
            month_certificate::opening,
            month_certificate::closing,
        ))
        .load(conn)
        .classify()?;
    let judged = |one: Listed| {
        let stands = standing.contains(&(one.date, one.revision));
        (one, stands)
    };
    Ok(found.into_iter().map(judged).collect())
}

/// A certificate by its id, with whether its month is closed by it still.
pub fn certificate_by_id(
    conn: &mut Conn,
    unit: UnitId,
    id: CertificateId,
) -> Result<Option<(Certificate, bool)>> {
    let found: Option<Parts> = month_certificate::table
        .filter(month_certificate::unit_id.eq(unit))
        .filter(month_certificate::id.eq(id))
        .select(certificate_columns!(month_certificate, month))
        .first(conn)
        .optional()
        .classify()?;
    let Some(certificate) = found.map(certificate_of) else { return Ok(None) };
    let now = state(conn, unit, certificate.account, Month::of(certificate.date))?;
    let stands = certificate.stands(now.as_ref());
    Ok(Some((certificate, stands)))
}

/// The unit of a certificate within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: CertificateId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, month_certificate, id)
}

/// Stores the month, its event and its certificate.
pub fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    certificate: &Certificate,
    month: Month,
) -> Result<()> {
    let (unit, account, revision) = (certificate.unit, certificate.account, certificate.revision);
    if revision == 1 {
        let row = MonthRow {
            unit_id: unit,
            account_id: account,
            month: month.first(),
            last_day: month.last(),
            created_at: stamp.now,
            state: "closed",
            revision,
        };
        rows::insert(tx, &[row])?;
    } else {
        rows::update(
            tx,
            Update {
                table: "account_month",
                keys: vec![
                    ("unit_id", Column::of([unit])),
                    ("account_id", Column::of([account])),
                    ("month", Column::of([month.first()])),
                ],
                guard: vec![("revision", Column::of([revision - 1]))],
                sets: vec![("state", Column::of(["closed"])), ("revision", Column::of([revision]))],
            },
        )?;
    }
    let event = EventRow {
        unit_id: unit,
        id: stamp.mint()?,
        account_id: account,
        month: month.first(),
        revision,
        kind: "closed",
        state: "closed",
        maker_person_id: actor.person,
        at: stamp.now,
    };
    rows::insert(tx, &[event])?;
    let row = CertificateRow {
        unit_id: unit,
        id: certificate.id,
        account_id: account,
        month: month.first(),
        revision,
        opening: certificate.opening,
        closing: certificate.closing,
        document: certificate.document.clone(),
        document_sha256: certificate.document_sha256.clone(),
        previous_sha256: certificate.previous_sha256.clone(),
        signature: certificate.signature.clone(),
        certificate_id: certificate.signed_by,
        created_at: certificate.created_at,
    };
    rows::insert(tx, &[row])
}
