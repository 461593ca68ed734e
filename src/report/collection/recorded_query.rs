//! The SQL of rows as they were recorded, each by the way its money came.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::connection::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::collection_query::{
    Amount, AmountRow, Day, DossierRow, Dossiers, amount_row, dossier_row, item_of, way,
};
use super::parts::{self, Move};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{ObligationId, PaymentId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};

/// The number of a day in Hà Nội since 1970-01-01, from an instant.
const HANOI_DAY: &str = "((at_us + 25200000000) / 86400000000)";
/// Accounts that a share is moved to or from: no collecting.
const SHARED_OUT: [&str; 3] = ["budget_due/%", "budget_refund_due/%", "share_kept/%"];

/// What came in advance, for one obligation: it has the ways of that obligation's payments.
const IN_ADVANCE: &str = "received_in_advance/";

/// One side of the postings: what stands on `fee` against `other`. What was in suspense is a transfer that was
/// seen on the statement before anybody knew whose it was.
fn side(fee: &str, other: &str, amount: &str) -> String {
    let kind = format!(
        "CASE WHEN p.{other} LIKE 'clearing/%' THEN p.{other} WHEN p.{other} LIKE 'drawer/%' THEN 'drawer/' \
         WHEN p.{other} LIKE 'bank/%' OR p.{other} LIKE 'suspense/%' THEN 'bank/' ELSE '' END"
    );
    rows_of((fee, other, &kind, amount), &format!("p.{other} NOT LIKE '{IN_ADVANCE}%'"))
}

/// The same for what came in advance, with the obligation.
fn advanced_side(fee: &str, other: &str, amount: &str) -> String {
    rows_of((fee, other, &format!("p.{other}"), amount), &format!("p.{other} LIKE '{IN_ADVANCE}%'"))
}

fn rows_of((fee, other, kind, amount): (&str, &str, &str, &str), condition: &str) -> String {
    let shared: Vec<String> = SHARED_OUT.iter().map(|like| format!("p.{other} NOT LIKE '{like}'")).collect();
    // The order of the tables matters to a planner that keeps it: rows of the days first, by their ids.
    format!(
        "SELECT p.unit_id, p.created_at AS at_us, p.accounting_date AS day, p.{fee} AS fee, \
         {kind} AS other, {amount} AS amount FROM posting p CROSS JOIN unit u \
         WHERE u.unit_id = p.unit_id AND p.id >= $1 AND p.id < $2 AND p.created_at >= $3 AND p.created_at < $4 \
         AND (p.{fee} LIKE 'fees_collected/%' OR p.{fee} LIKE 'collected_without_document/%') \
         AND {condition} AND {}",
        shared.join(" AND ")
    )
}

/// What was recorded on these days, in every unit the connection sees.
pub fn recorded(conn: &mut Conn, days: Day) -> Result<(Vec<AmountRow>, Vec<DossierRow>)> {
    let text = format!(
        "SELECT unit_id, {HANOI_DAY} AS recorded, day, fee AS item, other, CAST(SUM(amount) AS BIGINT) AS amount, \
         CAST(COUNT(*) AS BIGINT) AS postings FROM ({} UNION ALL {}) AS m \
         GROUP BY unit_id, {HANOI_DAY}, day, fee, other",
        side("credit_account", "debit_account", "p.amount"),
        side("debit_account", "credit_account", "-p.amount"),
    );
    let amounts: Vec<Amount> = asked(conn, days, text)?;
    let text = format!(
        "SELECT unit_id, {HANOI_DAY} AS recorded, field, intake_mode, way, CAST(COUNT(*) AS BIGINT) AS dossiers, \
         CAST(SUM(allocated) AS BIGINT) AS amount FROM (SELECT {} AND NOT {IN_PARTS}) AS m \
         GROUP BY unit_id, {HANOI_DAY}, field, intake_mode, way",
        paid_first()
    );
    let dossiers: Vec<Dossiers> = asked(conn, days, text)?;
    let (advances, in_parts) = (advances(conn, days)?, dossiers_in_parts(conn, days)?);
    let moves = moves(conn, advances.iter().map(Advance::key).chain(in_parts.iter().map(InParts::key)))?;
    let mut rows: Vec<AmountRow> = amounts.into_iter().map(amount_row).collect();
    rows.extend(amounts_by_part(advances, &moves));
    let mut counted: Vec<DossierRow> = dossiers.into_iter().map(dossier_row).collect();
    counted.extend(in_parts.into_iter().flat_map(|one| dossier_by_part(one, &moves)));
    Ok((folded(rows), summed(counted)))
}

fn asked<T>(conn: &mut Conn, days: Day, text: String) -> Result<Vec<T>>
where
    T: QueryableByName<<Conn as Connection>::Backend> + 'static,
{
    let ((first, last), (from, before)) = (days.ids(), days.instants());
    diesel::sql_query(text)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(before)
        .load(conn)
        .classify()
}

/// Dossiers paid in full for the first time, each by the payment that completed it.
fn paid_first() -> String {
    "e.unit_id, e.at AS at_us, o.procedure_field AS field, o.intake_mode, e.allocated, e.obligation_id, \
     CASE WHEN e.kind = 'waived' THEN 'free' ELSE COALESCE(p.method, 'transfer') END AS way \
     FROM obligation_event e CROSS JOIN unit u \
     JOIN obligation o ON o.unit_id = e.unit_id AND o.id = e.obligation_id \
     LEFT JOIN payment p ON p.unit_id = e.unit_id AND p.id = e.payment_id \
     WHERE u.unit_id = e.unit_id AND e.id >= $1 AND e.id < $2 AND e.at >= $3 AND e.at < $4 \
     AND e.kind IN ('paid', 'waived') AND NOT EXISTS (SELECT 1 FROM obligation_event b \
     WHERE b.unit_id = e.unit_id AND b.obligation_id = e.obligation_id AND b.revision < e.revision \
     AND b.kind = 'paid')"
        .to_owned()
}

/// A part was paid before.
const IN_PARTS: &str = "EXISTS (SELECT 1 FROM obligation_event c WHERE c.unit_id = e.unit_id \
     AND c.obligation_id = e.obligation_id AND c.revision < e.revision AND c.kind = 'partly_paid')";

#[derive(QueryableByName)]
struct StoredAdvance {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    at_us: Instant,
    #[diesel(sql_type = Date)]
    day: BusinessDay,
    #[diesel(sql_type = Text)]
    fee: String,
    #[diesel(sql_type = Text)]
    other: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// A fee that was money received in advance, or is again (less than zero).
struct Advance {
    unit: UnitId,
    obligation: ObligationId,
    at: Instant,
    day: BusinessDay,
    item: String,
    amount: i64,
}

impl Advance {
    fn key(&self) -> (UnitId, ObligationId) {
        (self.unit, self.obligation)
    }
}

fn advances(conn: &mut Conn, days: Day) -> Result<Vec<Advance>> {
    let text = format!(
        "{} UNION ALL {}",
        advanced_side("credit_account", "debit_account", "p.amount"),
        advanced_side("debit_account", "credit_account", "-p.amount"),
    );
    let found: Vec<StoredAdvance> = asked(conn, days, text)?;
    let advance = |one: StoredAdvance| {
        let obligation = one.other.strip_prefix(IN_ADVANCE).unwrap_or_default().parse()?;
        let (unit, at, day, amount) = (one.unit_id, one.at_us, one.day, one.amount);
        Ok(Advance { unit, obligation, at, day, item: item_of(&one.fee), amount })
    };
    found.into_iter().map(advance).collect()
}

#[derive(QueryableByName)]
struct InParts {
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    at_us: Instant,
    #[diesel(sql_type = Text)]
    field: String,
    #[diesel(sql_type = Text)]
    intake_mode: String,
    #[diesel(sql_type = BigInt)]
    obligation_id: ObligationId,
    #[diesel(sql_type = Text)]
    way: String,
}

impl InParts {
    fn key(&self) -> (UnitId, ObligationId) {
        (self.unit_id, self.obligation_id)
    }
}

fn dossiers_in_parts(conn: &mut Conn, days: Day) -> Result<Vec<InParts>> {
    let text = format!(
        "SELECT unit_id, at_us, field, intake_mode, obligation_id, way FROM (SELECT {} AND {IN_PARTS}) AS m",
        paid_first()
    );
    asked(conn, days, text)
}

type Moves = HashMap<(UnitId, ObligationId), Vec<Move>>;

/// The money that was put on these obligations and taken off them.
fn moves(conn: &mut Conn, keys: impl Iterator<Item = (UnitId, ObligationId)>) -> Result<Moves> {
    type Columns = (UnitId, ObligationId, PaymentId, String, i64, Instant, String, String);
    let keys: BTreeSet<(UnitId, ObligationId)> = keys.collect();
    let found: Vec<Columns> = rows::fetch::<(BigInt, BigInt, BigInt, Text, BigInt, BigInt, Text, Text), _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.payment_id, t.to_bucket, t.amount, t.created_at, p.debit_account, \
         p.method FROM allocation t JOIN payment p ON p.unit_id = t.unit_id AND p.id = t.payment_id",
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            ("obligation_id", Column::of(keys.iter().map(|(_, obligation)| *obligation))),
        ],
        "AND t.obligation_id IS NOT NULL",
        Lock::None,
    )?;
    let mut moves = Moves::new();
    for (unit, obligation, payment, to, amount, at, account, method) in found {
        let amount = if to == "obligation" { amount } else { -amount };
        let one = Move { payment, at, amount, way: way(&account).to_owned(), method };
        moves.entry((unit, obligation)).or_default().push(one);
    }
    Ok(moves)
}

/// Fees by the ways of the payments that stood behind them when they were recognised.
fn amounts_by_part(advances: Vec<Advance>, moves: &Moves) -> Vec<AmountRow> {
    let mut together: BTreeMap<(UnitId, ObligationId, Instant), Vec<Advance>> = BTreeMap::new();
    for one in advances {
        together.entry((one.unit, one.obligation, one.at)).or_default().push(one);
    }
    let mut rows = Vec::new();
    for ((unit, obligation, at), all) in together {
        let parts = parts::standing(moves.get(&(unit, obligation)).map_or(&[][..], Vec::as_slice), at);
        let amounts: Vec<i64> = all.iter().map(|one| one.amount).collect();
        for (one, pieces) in all.iter().zip(parts::spread(&amounts, &parts)) {
            for (index, (way, amount)) in pieces.into_iter().enumerate() {
                rows.push(AmountRow {
                    unit,
                    recorded_on: at.business_day(),
                    day: one.day,
                    item: one.item.clone(),
                    way: way.unwrap_or_else(|| "in_parts".to_owned()),
                    amount: Dong(amount),
                    // A posting counts once, however many payments it was.
                    postings: i64::from(index == 0),
                });
            }
        }
    }
    rows
}

/// A dossier counts once, and is electronic only when nothing of it was cash; its money counts by the way of
/// each payment.
fn dossier_by_part(one: InParts, moves: &Moves) -> Vec<DossierRow> {
    let parts = parts::standing(moves.get(&one.key()).map_or(&[][..], Vec::as_slice), one.at_us);
    let is_cash = parts.iter().any(|part| part.method == "cash");
    let counted = if is_cash { "cash" } else { one.way.as_str() };
    let row = |way: &str, dossiers: i64, amount: i64| DossierRow {
        unit: one.unit_id,
        recorded_on: one.at_us.business_day(),
        field: one.field.clone(),
        intake_mode: one.intake_mode.clone(),
        way: way.to_owned(),
        dossiers,
        amount: Dong(amount),
    };
    let mut rows = vec![row(counted, 1, 0)];
    rows.extend(parts.iter().map(|part| row(&part.method, 0, part.amount)));
    rows
}

/// Rows by the way money came; several accounts of the ledger are one way.
fn folded(found: Vec<AmountRow>) -> Vec<AmountRow> {
    let mut rows: BTreeMap<(UnitId, BusinessDay, BusinessDay, String, String), (i64, i64)> = BTreeMap::new();
    for one in found {
        let sum = rows.entry((one.unit, one.recorded_on, one.day, one.item, one.way)).or_default();
        *sum = (sum.0.saturating_add(one.amount.0), sum.1 + one.postings);
    }
    let row = |((unit, recorded_on, day, item, way), (amount, postings))| AmountRow {
        unit,
        recorded_on,
        day,
        item,
        way,
        amount: Dong(amount),
        postings,
    };
    rows.into_iter().map(row).collect()
}

/// Dossiers by unit, day, field, intake and way.
fn summed(found: Vec<DossierRow>) -> Vec<DossierRow> {
    let mut rows: BTreeMap<(UnitId, BusinessDay, String, String, String), (i64, i64)> = BTreeMap::new();
    for one in found {
        let sum = rows.entry((one.unit, one.recorded_on, one.field, one.intake_mode, one.way)).or_default();
        *sum = (sum.0 + one.dossiers, sum.1.saturating_add(one.amount.0));
    }
    let row = |((unit, recorded_on, field, intake_mode, way), (dossiers, amount))| DossierRow {
        unit,
        recorded_on,
        field,
        intake_mode,
        way,
        dossiers,
        amount: Dong(amount),
    };
    rows.into_iter().map(row).collect()
}
