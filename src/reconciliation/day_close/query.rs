//! What closing a day reads and writes.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Text};

use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
pub use crate::reconciliation::certificate_query::{Certificate, Listed};
use crate::reconciliation::certificate_query::{Parts, certificate_columns, certificate_of};
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::schema::{day, day_certificate, exception, obligation_line};
use crate::store::{Conn, Tx};

crate::table_row! {
    pub struct DayRow in "day" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub date: BusinessDay,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct DayEventRow in "day_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub account_id: AccountId,
        pub date: BusinessDay,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub maker_person_id: Option<PersonId>,
        pub checker_person_id: Option<PersonId>,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct CertificateRow in "day_certificate" {
        pub unit_id: UnitId,
        pub id: CertificateId,
        pub account_id: AccountId,
        pub date: BusinessDay,
        pub revision: i64,
        pub opening: Dong,
        pub closing: Dong,
        pub clearing: Option<Dong>,
        pub document: Vec<u8>,
        pub document_sha256: String,
        pub previous_sha256: String,
        pub signature: Vec<u8>,
        pub certificate_id: CertificateId,
        pub created_at: Instant,
    }
}

/// State and revision of a day; None when it was never closed.
pub fn day_state(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Option<(String, i64)>> {
    day::table
        .find((unit, account, date))
        .select((day::state, day::revision))
        .first(conn)
        .optional()
        .classify()
}

/// Closed days of an account, oldest first, with their revisions.
pub fn closed(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<(BusinessDay, i64)>> {
    day::table
        .filter(day::unit_id.eq(unit))
        .filter(day::account_id.eq(account))
        .filter(day::state.eq("closed"))
        .order(day::date)
        .select((day::date, day::revision))
        .load(conn)
        .classify()
}

/// The certificate of a day, its newest revision.
pub fn certificate(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    date: BusinessDay,
) -> Result<Option<Certificate>> {
    Ok(day_certificate::table
        .filter(day_certificate::unit_id.eq(unit))
        .filter(day_certificate::account_id.eq(account))
        .filter(day_certificate::date.eq(date))
        .order(day_certificate::revision.desc())
        .select(certificate_columns!(day_certificate, date))
        .first::<Parts>(conn)
        .optional()
        .classify()?
        .map(certificate_of))
}

/// A certificate by its id, with whether its day is closed by it still.
pub fn certificate_by_id(
    conn: &mut Conn,
    unit: UnitId,
    id: CertificateId,
) -> Result<Option<(Certificate, bool)>> {
    let found = day_certificate::table
        .filter(day_certificate::unit_id.eq(unit))
        .filter(day_certificate::id.eq(id))
        .select(certificate_columns!(day_certificate, date))
        .first::<Parts>(conn)
        .optional()
        .classify()?
        .map(certificate_of);
    let Some(certificate) = found else { return Ok(None) };
    let state = day_state(conn, unit, certificate.account, certificate.date)?;
    let stands = certificate.stands(state.as_ref());
    Ok(Some((certificate, stands)))
}

/// The unit of a certificate within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: CertificateId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, day_certificate, id)
}

/// Every certificate of an account, by day and revision.
pub fn certificates(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Certificate>> {
    let found: Vec<Parts> = day_certificate::table
        .filter(day_certificate::unit_id.eq(unit))
        .filter(day_certificate::account_id.eq(account))
        .order((day_certificate::date, day_certificate::revision))
        .select(certificate_columns!(day_certificate, date))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(certificate_of).collect())
}

/// The newest certificates of an account, the last day first, without their bytes.
pub fn newest(conn: &mut Conn, unit: UnitId, account: AccountId, limit: usize) -> Result<Vec<Listed>> {
    day_certificate::table
        .filter(day_certificate::unit_id.eq(unit))
        .filter(day_certificate::account_id.eq(account))
        .order((day_certificate::date.desc(), day_certificate::revision.desc()))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select((
            day_certificate::id,
            day_certificate::date,
            day_certificate::revision,
            day_certificate::opening,
            day_certificate::closing,
        ))
        .load(conn)
        .classify()
}

/// Stores the state of a day: a first row, or the next revision of the one that was read.
pub fn store_day(tx: &mut Tx<'_>, row: DayRow) -> Result<()> {
    if row.revision == 1 {
        return rows::insert(tx, &[row]);
    }
    rows::update(
        tx,
        Update {
            table: "day",
            keys: vec![
                ("unit_id", Column::of([row.unit_id])),
                ("account_id", Column::of([row.account_id])),
                ("date", Column::of([row.date])),
            ],
            guard: vec![("revision", Column::of([row.revision - 1]))],
            sets: vec![("state", Column::of([row.state])), ("revision", Column::of([row.revision]))],
        },
    )
}

/// The lines that brought payments: (payment, line), the match of that moment in front. A line
/// that the bank corrected, or persons took apart, keeps what was posted when it came.
pub fn lines_of_payments(
    conn: &mut Conn,
    unit: UnitId,
    payments: &[PaymentId],
) -> Result<Vec<(PaymentId, LineId)>> {
    let mut found: Vec<(MatchId, PaymentId, LineId)> = rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT p.id, t.id, p.line_id FROM payment t JOIN match_part p ON p.unit_id = t.unit_id \
         AND p.movement_id = t.movement_id AND p.id < t.id",
        &[
            ("unit_id", Column::of(payments.iter().map(|_| unit))),
            ("id", Column::of(payments.iter().copied())),
        ],
        "AND +p.undoes_id IS NULL",
        Lock::None,
    )?;
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, payment, line)| (payment, line)).collect())
}

/// The payments that completed receipts: (receipt, payment), the one that counts last. The event that says `paid` names
/// the first of the documents that were numbered with it; the others are those of its moment.
pub fn payments_of_receipts(
    conn: &mut Conn,
    unit: UnitId,
    receipts: &[ReceiptId],
) -> Result<Vec<(ReceiptId, PaymentId)>> {
    let mut found: Vec<(ReceiptId, PaymentId, ReceiptId, i64)> =
        rows::fetch::<(BigInt, BigInt, BigInt, BigInt), _>(
            conn,
            "SELECT t.id, e.payment_id, e.receipt_id, e.revision FROM receipt t JOIN obligation_event e \
             ON e.unit_id = t.unit_id AND e.obligation_id = t.obligation_id AND e.payment_id IS NOT NULL \
             AND (e.receipt_id = t.id OR (e.receipt_id IS NOT NULL AND e.at = t.created_at))",
            &[
                ("unit_id", Column::of(receipts.iter().map(|_| unit))),
                ("id", Column::of(receipts.iter().copied())),
            ],
            "",
            Lock::None,
        )?;
    // Of several events of a moment, the one whose document was minted beside it.
    found.sort_by_key(|(receipt, _, named, revision)| {
        (*receipt, std::cmp::Reverse((named.0.abs_diff(receipt.0), *revision)))
    });
    Ok(found.into_iter().map(|(receipt, payment, ..)| (receipt, payment)).collect())
}

/// An exception of the account.
#[derive(Clone, Debug)]
pub struct Noted {
    pub id: ExceptionId,
    pub subject_kind: String,
    pub subject_id: i64,
    pub kind: i32,
    pub amount: Dong,
    pub opened_on: BusinessDay,
    /// About an item of the line, which may have others.
    pub is_part: bool,
}

type NotedParts = (ExceptionId, String, i64, i32, Dong, BusinessDay);

fn noted_of((id, subject_kind, subject_id, kind, amount, opened_on): NotedParts) -> Noted {
    Noted { id, subject_kind, subject_id, kind, amount, opened_on, is_part: false }
}

/// The exceptions of an account that are not resolved.
pub fn unresolved(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Noted>> {
    let found: Vec<NotedParts> = exception::table
        .filter(exception::unit_id.eq(unit))
        .filter(exception::account_id.eq(account))
        .filter(exception::state.ne("resolved"))
        .order(exception::id)
        .select((
            exception::id,
            exception::subject_kind,
            exception::subject_id,
            exception::kind,
            exception::amount,
            exception::opened_on,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(noted_of).collect())
}

#[derive(QueryableByName)]
struct SettledRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    subject_kind: String,
    #[diesel(sql_type = BigInt)]
    subject_id: i64,
    #[diesel(sql_type = Integer)]
    kind: i32,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Date)]
    opened_on: BusinessDay,
    #[diesel(sql_type = BigInt)]
    by_persons: i64,
}

/// The exceptions of an account that are settled and were not when a day began; which of them were settled by
/// persons.
pub fn settled_since(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    from: Instant,
) -> Result<Vec<(Noted, bool)>> {
    // The kinds are written out: an index of some rows is used only where the query says that it wants no others. A
    // cross join is gone through in its order, so that few events are looked at and not all exceptions.
    let found: Vec<SettledRow> = diesel::sql_query(
        "SELECT x.id, x.subject_kind, x.subject_id, x.kind, x.amount, x.opened_on, \
         CAST(CASE WHEN e.kind = 'settled_by_itself' THEN 0 ELSE 1 END AS BIGINT) AS by_persons \
         FROM exception_event e CROSS JOIN exception x WHERE e.unit_id = $1 AND e.state = 'resolved' AND e.at >= $2 \
         AND e.kind IN ('approved', 'approved_alone', 'settled_by_itself') AND x.unit_id = e.unit_id \
         AND x.id = e.exception_id AND x.account_id = $3 AND x.state = 'resolved' ORDER BY x.id, e.revision",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(account)
    .load(conn)
    .classify()?;
    let noted = |row: SettledRow| {
        let parts = (
            ExceptionId(row.id),
            row.subject_kind,
            row.subject_id,
            row.kind,
            Dong(row.amount),
            row.opened_on,
        );
        (noted_of(parts), row.by_persons == 1)
    };
    Ok(found.into_iter().map(noted).collect())
}

/// Those of these exceptions that were settled at that instant, whatever they are now.
pub fn settled_at(
    conn: &mut Conn,
    unit: UnitId,
    ids: &[ExceptionId],
    at: Instant,
) -> Result<BTreeSet<ExceptionId>> {
    let found: Vec<(ExceptionId, i64, bool)> = rows::fetch::<(BigInt, BigInt, Bool), _>(
        conn,
        "SELECT t.exception_id, t.revision, t.state = 'resolved' FROM exception_event t",
        &[
            ("unit_id", Column::of(ids.iter().map(|_| unit))),
            ("exception_id", Column::of(ids.iter().copied())),
        ],
        &format!("AND t.at < {}", at.0),
        Lock::None,
    )?;
    let mut last: BTreeMap<ExceptionId, (i64, bool)> = BTreeMap::new();
    for (id, revision, is_settled) in found {
        let known = last.entry(id).or_insert((revision, is_settled));
        if revision > known.0 {
            *known = (revision, is_settled);
        }
    }
    Ok(last.into_iter().filter(|(_, (_, is_settled))| *is_settled).map(|(id, _)| id).collect())
}

/// Resolved exceptions of the account about one line, newest last.
pub fn resolved_of_line(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    line: LineId,
) -> Result<Vec<Noted>> {
    let found: Vec<NotedParts> = exception::table
        .filter(exception::unit_id.eq(unit))
        .filter(exception::account_id.eq(account))
        .filter(exception::state.eq("resolved"))
        .filter(exception::subject_kind.eq("line"))
        .filter(exception::subject_id.eq(line.0))
        .order(exception::id)
        .select((
            exception::id,
            exception::subject_kind,
            exception::subject_id,
            exception::kind,
            exception::amount,
            exception::opened_on,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(noted_of).collect())
}

/// Posted lines: (line, booking day, amount, class).
pub fn posted_lines(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    lines: &[LineId],
) -> Result<Vec<(LineId, BusinessDay, Dong, String)>> {
    rows::fetch::<(BigInt, Date, BigInt, Text), _>(
        conn,
        "SELECT t.id, t.booking_date, t.amount, t.class FROM statement_line t",
        &[
            ("unit_id", Column::of(lines.iter().map(|_| unit))),
            ("account_id", Column::of(lines.iter().map(|_| account))),
            ("id", Column::of(lines.iter().copied())),
        ],
        "AND t.class IS NOT NULL",
        Lock::None,
    )
}

/// The line that showed each movement first, whatever was undone since.
pub fn first_lines(
    conn: &mut Conn,
    unit: UnitId,
    movements: &[MovementId],
) -> Result<BTreeMap<MovementId, LineId>> {
    let mut found: Vec<(MatchId, MovementId, LineId)> = rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.id, t.movement_id, t.line_id FROM match_part t",
        &[
            ("unit_id", Column::of(movements.iter().map(|_| unit))),
            ("movement_id", Column::of(movements.iter().copied())),
        ],
        "AND +t.undoes_id IS NULL",
        Lock::None,
    )?;
    found.sort_unstable_by_key(|part| std::cmp::Reverse(part.0));
    Ok(found.into_iter().map(|(_, movement, line)| (movement, line)).collect())
}

/// What a fee item was called last.
pub fn name_of_item(conn: &mut Conn, unit: UnitId, code: &str) -> Result<Option<String>> {
    obligation_line::table
        .filter(obligation_line::unit_id.eq(unit))
        .filter(obligation_line::item_code.eq(code))
        .order(obligation_line::obligation_id.desc())
        .select(obligation_line::item_name)
        .first(conn)
        .optional()
        .classify()
}
