//! The SQL of card slips and batches.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};

use super::rules::Candidate;
use super::{Batch, Item, ItemKind};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema_cash::{card_slip, pos_batch, pos_item};
use crate::store::{Conn, Stamp, Tx};

crate::table_row! {
    pub struct SlipRow in "card_slip" {
        pub unit_id: UnitId,
        pub payment_id: PaymentId,
        pub approval_code: String,
        pub terminal: String,
        pub created_at: Instant,
    }
}

crate::table_row! {
    pub struct BatchRow in "pos_batch" {
        pub unit_id: UnitId,
        pub id: BatchId,
        pub account_id: AccountId,
        pub reference: String,
        pub settled_on: BusinessDay,
        pub sales: Dong,
        pub charged_back: Dong,
        pub fee: Dong,
        pub net: Dong,
        pub imported_by: Option<PersonId>,
        pub created_at: Instant,
        pub state: String,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct ItemRow in "pos_item" {
        pub unit_id: UnitId,
        pub batch_id: BatchId,
        pub item_no: i32,
        pub kind: &'static str,
        pub approval_code: String,
        pub amount: Dong,
    }
}

crate::table_row! {
    pub struct MatchRow in "pos_match" {
        pub unit_id: UnitId,
        pub batch_id: BatchId,
        pub item_no: i32,
        pub kind: &'static str,
        pub payment_id: PaymentId,
        pub created_at: Instant,
        /// The batch's when the line showed it. The match stands while the batch is at that revision.
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "pos_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub batch_id: BatchId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: String,
        pub on_date: BusinessDay,
        pub person_id: Option<PersonId>,
        pub line_id: Option<LineId>,
        pub at: Instant,
    }
}

type Sql = ((BigInt, BigInt, BigInt, Text, Date), (BigInt, BigInt, BigInt, BigInt), (BigInt, Text, BigInt));
type Parts =
    ((UnitId, BatchId, AccountId, String, BusinessDay), (Dong, Dong, Dong, Dong), (Instant, String, i64));

const SELECT: &str = "SELECT t.unit_id, t.id, t.account_id, t.reference, t.settled_on, t.sales, t.charged_back, t.fee, \
     t.net, t.created_at, t.state, t.revision FROM pos_batch t";

fn batch_of((what, sums, now): Parts) -> Batch {
    Batch {
        unit: what.0,
        id: what.1,
        account: what.2,
        reference: what.3,
        settled_on: what.4,
        sales: sums.0,
        charged_back: sums.1,
        fee: sums.2,
        net: sums.3,
        created_at: now.0,
        state: now.1,
        revision: now.2,
    }
}

fn by(conn: &mut Conn, keys: &[(&str, Column)]) -> Result<Vec<Batch>> {
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, keys, "", Lock::None)?;
    let mut found: Vec<Batch> = found.into_iter().map(batch_of).collect();
    found.sort_by_key(|batch| (batch.unit, batch.id));
    Ok(found)
}

pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, BatchId)]) -> Result<Vec<Batch>> {
    by(conn, &rows::unit_keys("id", ids))
}

/// Batches of an account that no line has shown.
pub fn awaited(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Batch>> {
    let keys = [
        ("unit_id", Column::of([unit])),
        ("account_id", Column::of([account])),
        ("state", Column::of(["awaited"])),
    ];
    by(conn, &keys)
}

pub fn insert(tx: &mut Tx<'_>, batch: &Batch, items: &[Item], imported_by: Option<PersonId>) -> Result<()> {
    let row = BatchRow {
        unit_id: batch.unit,
        id: batch.id,
        account_id: batch.account,
        reference: batch.reference.clone(),
        settled_on: batch.settled_on,
        sales: batch.sales,
        charged_back: batch.charged_back,
        fee: batch.fee,
        net: batch.net,
        imported_by,
        created_at: batch.created_at,
        state: batch.state.clone(),
        revision: batch.revision,
    };
    let item = |(item_no, item): (i32, &Item)| ItemRow {
        unit_id: batch.unit,
        batch_id: batch.id,
        item_no,
        kind: item.kind.as_str(),
        approval_code: item.approval_code.clone(),
        amount: item.amount,
    };
    let items: Vec<ItemRow> = (1..).zip(items).map(item).collect();
    rows::insert(tx, &[row])?;
    rows::insert(tx, &items)
}

/// The event of a batch's present revision.
pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    batch: &Batch,
    kind: &'static str,
    on_date: BusinessDay,
    (person_id, line_id): (Option<PersonId>, Option<LineId>),
) -> Result<()> {
    let row = EventRow {
        unit_id: batch.unit,
        id: stamp.mint()?,
        batch_id: batch.id,
        revision: batch.revision,
        kind,
        state: batch.state.clone(),
        on_date,
        person_id,
        line_id,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// Moves a batch on to its state.
pub fn store_state(tx: &mut Tx<'_>, batch: &Batch) -> Result<()> {
    rows::advance(
        tx,
        "pos_batch",
        (batch.unit, batch.id),
        batch.revision,
        vec![("state", Column::of([batch.state.clone()]))],
    )
}

/// The items of a batch, in their order.
pub fn items(conn: &mut Conn, unit: UnitId, id: BatchId) -> Result<Vec<Item>> {
    let found: Vec<(String, String, Dong)> = pos_item::table
        .filter(pos_item::unit_id.eq(unit))
        .filter(pos_item::batch_id.eq(id))
        .order(pos_item::item_no)
        .select((pos_item::kind, pos_item::approval_code, pos_item::amount))
        .load(conn)
        .classify()?;
    let kind = |text: &str| if text == "chargeback" { ItemKind::Chargeback } else { ItemKind::Sale };
    let item =
        |(name, approval_code, amount): (String, _, _)| Item { kind: kind(&name), approval_code, amount };
    Ok(found.into_iter().map(item).collect())
}

/// The payments that items of a batch are matched with: (item's number, payment).
pub fn matches(conn: &mut Conn, unit: UnitId, id: BatchId) -> Result<Vec<(i32, PaymentId)>> {
    let mut found: Vec<(i32, PaymentId)> = rows::fetch::<(Integer, BigInt), _>(
        conn,
        "SELECT t.item_no, t.payment_id FROM pos_match t JOIN pos_batch b ON b.unit_id = t.unit_id \
         AND b.id = t.batch_id AND b.revision = t.revision",
        &[("unit_id", Column::of([unit])), ("batch_id", Column::of([id]))],
        "",
        Lock::None,
    )?;
    found.sort_unstable();
    Ok(found)
}

/// The same as the rows they are.
pub fn standing_matches(conn: &mut Conn, batch: &Batch) -> Result<Vec<MatchRow>> {
    let kinds: BTreeMap<i32, &'static str> =
        (1..).zip(items(conn, batch.unit, batch.id)?).map(|(no, item)| (no, item.kind.as_str())).collect();
    let row = |(item_no, payment): (i32, PaymentId)| MatchRow {
        unit_id: batch.unit,
        batch_id: batch.id,
        item_no,
        kind: kinds.get(&item_no).copied().unwrap_or("sale"),
        payment_id: payment,
        created_at: batch.created_at,
        revision: batch.revision,
    };
    Ok(matches(conn, batch.unit, batch.id)?.into_iter().map(row).collect())
}

/// Matches of a batch's revision before stand at its present one too.
pub fn keep_matches(tx: &mut Tx<'_>, stamp: &Stamp<'_>, mut matched: Vec<MatchRow>) -> Result<()> {
    for row in &mut matched {
        row.revision += 1;
        row.created_at = stamp.now;
    }
    rows::insert(tx, &matched)
}

/// The card payments that items may be, by their approval codes.
pub fn candidates(conn: &mut Conn, unit: UnitId, items: &[Item]) -> Result<Vec<Candidate>> {
    let codes: std::collections::BTreeSet<&str> =
        items.iter().map(|item| item.approval_code.as_str()).collect();
    type Sql = (BigInt, Text, BigInt, Bool, Bool, BigInt, Nullable<BigInt>);
    let found: Vec<(PaymentId, String, Dong, bool, bool, Dong, Option<Dong>)> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.payment_id, t.approval_code, p.amount, p.state = 'claimed', \
         EXISTS (SELECT 1 FROM pos_match m JOIN pos_batch b ON b.unit_id = m.unit_id AND b.id = m.batch_id \
         AND b.revision = m.revision WHERE m.unit_id = t.unit_id AND m.payment_id = t.payment_id AND m.kind = 'sale'), \
         CAST(COALESCE((SELECT SUM(i.amount) FROM pos_match m JOIN pos_batch b ON b.unit_id = m.unit_id \
         AND b.id = m.batch_id AND b.revision = m.revision JOIN pos_item i ON i.unit_id = m.unit_id \
         AND i.batch_id = m.batch_id AND i.item_no = m.item_no WHERE m.unit_id = t.unit_id \
         AND m.payment_id = t.payment_id AND m.kind = 'chargeback'), 0) AS BIGINT), \
         (SELECT CAST(CASE WHEN COUNT(*) = 1 THEN MIN(r.amount) END AS BIGINT) FROM refund r WHERE r.unit_id = t.unit_id \
          AND r.payment_id = t.payment_id AND r.state IN ('approved', 'sent')) \
         FROM card_slip t JOIN payment p ON p.unit_id = t.unit_id AND p.id = t.payment_id AND p.method = 'card'",
        &[
            ("unit_id", Column::of(codes.iter().map(|_| unit))),
            ("approval_code", Column::of(codes.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    let mut found: Vec<Candidate> = found
        .into_iter()
        .map(|(payment, approval_code, amount, is_claimed, is_sold, back, refund)| Candidate {
            payment,
            approval_code,
            amount,
            is_open: is_claimed && !is_sold,
            left: if is_sold { Dong(amount.0.saturating_sub(back.0).max(0)) } else { Dong::ZERO },
            refund,
        })
        .collect();
    found.sort_by_key(|candidate| candidate.payment);
    Ok(found)
}

/// Those of these payments whose approval code is noted.
pub fn with_slip(conn: &mut Conn, unit: UnitId, payments: &[PaymentId]) -> Result<Vec<PaymentId>> {
    card_slip::table
        .filter(card_slip::unit_id.eq(unit))
        .filter(card_slip::payment_id.eq_any(payments))
        .select(card_slip::payment_id)
        .load(conn)
        .classify()
}

/// The approval code that is noted of a payment.
pub fn approval_code(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Option<String>> {
    card_slip::table
        .filter(card_slip::unit_id.eq(unit))
        .filter(card_slip::payment_id.eq(payment))
        .select(card_slip::approval_code)
        .first(conn)
        .optional()
        .classify()
}

/// Card payments that no batch has shown: (payment, amount, day).
pub fn unsettled(conn: &mut Conn, unit: UnitId) -> Result<Vec<(PaymentId, Dong, BusinessDay)>> {
    let mut found: Vec<(PaymentId, Dong, BusinessDay)> = rows::fetch::<(BigInt, BigInt, Date), _>(
        conn,
        "SELECT t.id, t.amount, t.accounting_date FROM payment t",
        &[("unit_id", Column::of([unit])), ("state", Column::of(["claimed"]))],
        "AND t.method = 'card'",
        Lock::None,
    )?;
    found.sort_unstable();
    Ok(found)
}

/// Where and when a batch brought the money of card payments.
pub fn shown(
    conn: &mut Conn,
    unit: UnitId,
    payments: &[PaymentId],
) -> Result<HashMap<PaymentId, (BusinessDay, AccountId)>> {
    let found: Vec<(PaymentId, BusinessDay, AccountId)> = rows::fetch::<(BigInt, Date, BigInt), _>(
        conn,
        "SELECT t.payment_id, e.on_date, b.account_id FROM pos_match t \
         JOIN pos_batch b ON b.unit_id = t.unit_id AND b.id = t.batch_id AND b.revision = t.revision \
         JOIN pos_event e ON e.unit_id = t.unit_id AND e.batch_id = t.batch_id AND e.revision = t.revision",
        &[
            ("unit_id", Column::of(payments.iter().map(|_| unit))),
            ("payment_id", Column::of(payments.iter().copied())),
        ],
        "AND t.kind = 'sale'",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(payment, on, account)| (payment, (on, account))).collect())
}

#[derive(QueryableByName)]
struct ObligationRow {
    #[diesel(sql_type = BigInt)]
    obligation_id: i64,
}

/// Obligations whose card payments came to the bank in these days.
pub fn obligations_between(
    conn: &mut Conn,
    unit: UnitId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<ObligationId>> {
    let found: Vec<ObligationRow> = diesel::sql_query(
        "SELECT DISTINCT a.obligation_id FROM pos_event e JOIN pos_match m ON m.unit_id = e.unit_id \
         AND m.batch_id = e.batch_id AND m.revision = e.revision AND m.kind = 'sale' JOIN allocation a ON a.unit_id = m.unit_id \
         AND a.payment_id = m.payment_id AND +a.obligation_id IS NOT NULL WHERE e.unit_id = $1 \
         AND e.kind = 'credited' AND e.on_date >= $2 AND e.on_date <= $3",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| ObligationId(row.obligation_id)).collect())
}

/// Whether a batch that waits for its line lists the sale of a card payment: its code, its amount.
pub fn is_in_batch(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<bool> {
    let listed: Vec<PaymentId> = rows::fetch::<(BigInt,), (PaymentId,)>(
        conn,
        "SELECT t.payment_id FROM card_slip t JOIN payment p ON p.unit_id = t.unit_id AND p.id = t.payment_id \
         JOIN pos_batch b ON b.unit_id = t.unit_id AND b.state = 'awaited' JOIN pos_item i ON i.unit_id = b.unit_id \
         AND i.batch_id = b.id AND i.kind = 'sale' AND i.approval_code = t.approval_code AND i.amount = p.amount",
        &[("unit_id", Column::of([unit])), ("payment_id", Column::of([payment]))],
        "",
        Lock::None,
    )?
    .into_iter()
    .map(|(id,)| id)
    .collect();
    Ok(!listed.is_empty())
}

/// Batches of a unit, newest first.
pub fn page(conn: &mut Conn, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Batch>> {
    let ids: Vec<BatchId> =
        crate::newest_of!(pos_batch, unit, page).select(pos_batch::id).load(conn).classify()?;
    let mut found = by_ids(conn, &ids.into_iter().map(|id| (unit, id)).collect::<Vec<_>>())?;
    found.reverse();
    Ok(found)
}

/// The newest batches of these units together.
pub fn newest(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<Batch>> {
    let keys: Vec<(UnitId, BatchId)> = pos_batch::table
        .filter(pos_batch::unit_id.eq_any(units))
        .order(pos_batch::id.desc())
        .limit(limit)
        .select((pos_batch::unit_id, pos_batch::id))
        .load(conn)
        .classify()?;
    let mut found = by_ids(conn, &keys)?;
    found.sort_by_key(|one| std::cmp::Reverse(one.id));
    Ok(found)
}

/// The unit of a batch within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: BatchId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, pos_batch, id)
}
