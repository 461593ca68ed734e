//! The ledger's SQL.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::{Entry, Posted};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, ExceptionId, LineId, PostingId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::posting;

crate::table_row! {
    pub struct PostingRow in "posting" {
        pub unit_id: UnitId,
        pub id: PostingId,
        pub debit_account: String,
        pub credit_account: String,
        pub amount: Dong,
        pub accounting_date: BusinessDay,
        pub source_kind: &'static str,
        pub source_id: i64,
        pub created_at: Instant,
    }
}

#[derive(QueryableByName)]
struct Balance {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    debits: i64,
    #[diesel(sql_type = BigInt)]
    credits: i64,
}

const SIDES: &str = "SELECT account, CAST(SUM(debit) AS BIGINT) AS debits, CAST(SUM(credit) AS BIGINT) AS credits \
     FROM (SELECT debit_account AS account, amount AS debit, 0 AS credit, unit_id, accounting_date FROM posting \
     UNION ALL SELECT credit_account, 0, amount, unit_id, accounting_date FROM posting) AS side";

pub fn balance_of(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Dong> {
    let waits = ["suspense/", "unexplained_debit/"].iter().any(|prefix| account.starts_with(prefix));
    let of = if waits { waiting_sides() } else { format!("{SIDES} WHERE unit_id = $1 AND") };
    let sides: Vec<Balance> = diesel::sql_query(format!("{of} account = $2 GROUP BY account"))
        .bind::<BigInt, _>(unit)
        .bind::<Text, _>(account)
        .load(conn)
        .classify()?;
    Ok(sides.first().map_or(Dong::ZERO, |side| Dong(side.debits - side.credits)))
}

/// The sides of a unit's postings to and from suspense and unexplained debits. The condition is that of the index which
/// holds these postings and no others: they are few among all that a unit ever posted.
fn waiting_sides() -> String {
    let waits = "(debit_account LIKE 'suspense/%' OR credit_account LIKE 'suspense/%' \
         OR debit_account LIKE 'unexplained_debit/%' OR credit_account LIKE 'unexplained_debit/%')";
    format!(
        "SELECT account, CAST(SUM(debit) AS BIGINT) AS debits, CAST(SUM(credit) AS BIGINT) AS credits \
         FROM (SELECT debit_account AS account, amount AS debit, 0 AS credit FROM posting \
         WHERE unit_id = $1 AND {waits} UNION ALL SELECT credit_account, 0, amount FROM posting \
         WHERE unit_id = $1 AND {waits}) AS side WHERE"
    )
}

/// The balance of each suspense account of a unit.
pub fn suspense(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let of = waiting_sides();
    let sides: Vec<Balance> = diesel::sql_query(format!("{of} account LIKE 'suspense/%' GROUP BY account"))
        .bind::<BigInt, _>(unit)
        .load(conn)
        .classify()?;
    Ok(sides.into_iter().map(|side| (side.account, Dong(side.debits - side.credits))).collect())
}

pub fn balance_until(conn: &mut Conn, unit: UnitId, account: &str, until: BusinessDay) -> Result<Dong> {
    let asked =
        format!("{SIDES} WHERE unit_id = $1 AND account = $2 AND accounting_date <= $3 GROUP BY account");
    let sides: Vec<Balance> = diesel::sql_query(asked)
        .bind::<BigInt, _>(unit)
        .bind::<Text, _>(account)
        .bind::<Date, _>(until)
        .load(conn)
        .classify()?;
    Ok(sides.first().map_or(Dong::ZERO, |side| Dong(side.debits - side.credits)))
}

/// What a source posted, oldest first: (debit, credit, amount).
pub fn of_source(
    conn: &mut Conn,
    unit: UnitId,
    source_kind: &str,
    source_id: i64,
) -> Result<Vec<(String, String, Dong)>> {
    posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::source_kind.eq(source_kind))
        .filter(posting::source_id.eq(source_id))
        .order(posting::id)
        .select((posting::debit_account, posting::credit_account, posting::amount))
        .load(conn)
        .classify()
}

/// What each of the lines posted: (line, debit, credit, amount).
pub fn of_lines(
    conn: &mut Conn,
    unit: UnitId,
    lines: &BTreeSet<LineId>,
) -> Result<Vec<(LineId, String, String, Dong)>> {
    rows::fetch::<(BigInt, Text, Text, BigInt), _>(
        conn,
        "SELECT t.source_id, t.debit_account, t.credit_account, t.amount FROM posting t",
        &[
            ("unit_id", Column::of(lines.iter().map(|_| unit))),
            ("source_kind", Column::of(lines.iter().map(|_| "line"))),
            ("source_id", Column::of(lines.iter().copied())),
        ],
        "",
        Lock::None,
    )
}

pub fn newest_of(conn: &mut Conn, unit: UnitId, source_kind: &str, source_id: i64) -> Result<Option<Posted>> {
    let found: Option<(String, String, Dong, BusinessDay)> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::source_kind.eq(source_kind))
        .filter(posting::source_id.eq(source_id))
        .order(posting::id.desc())
        .select((posting::debit_account, posting::credit_account, posting::amount, posting::accounting_date))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(|(debit, credit, amount, on)| Posted { debit, credit, amount, on }))
}

pub fn lines_of(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Vec<LineId>> {
    posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(account))
        .filter(posting::source_kind.eq("line"))
        .order(posting::id)
        .select(posting::source_id)
        .load(conn)
        .classify()
        .map(|found: Vec<i64>| found.into_iter().map(LineId).collect())
}

pub fn last_day(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Option<BusinessDay>> {
    posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(account).or(posting::credit_account.eq(account)))
        .select(diesel::dsl::max(posting::accounting_date))
        .first(conn)
        .classify()
}

pub fn between(conn: &mut Conn, unit: UnitId, account: &str, prefix: &str) -> Result<Vec<(String, Dong)>> {
    let found: Vec<(String, String, Dong)> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(account).or(posting::credit_account.eq(account)))
        .select((posting::debit_account, posting::credit_account, posting::amount))
        .load(conn)
        .classify()?;
    let mut standing: BTreeMap<String, Dong> = BTreeMap::new();
    for (debit, credit, amount) in found {
        let (other, amount) = if debit == account { (credit, amount) } else { (debit, Dong(-amount.0)) };
        if other.starts_with(prefix) {
            let sum = standing.entry(other).or_default();
            *sum = sum.checked_add(amount)?;
        }
    }
    Ok(standing.into_iter().filter(|(_, sum)| !sum.is_zero()).collect())
}

/// What each source posted from one account to another, less what it took back; the newest source last.
pub fn standing_sources(
    conn: &mut Conn,
    unit: UnitId,
    (debit, credit): (&str, &str),
) -> Result<Vec<(String, i64, Dong)>> {
    let forth = posting::debit_account.eq(debit).and(posting::credit_account.eq(credit));
    let back = posting::debit_account.eq(credit).and(posting::credit_account.eq(debit));
    let found: Vec<(String, String, i64, Dong)> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(forth.or(back))
        .order(posting::id)
        .select((posting::debit_account, posting::source_kind, posting::source_id, posting::amount))
        .load(conn)
        .classify()?;
    let mut standing: Vec<(String, i64, Dong)> = Vec::new();
    for (debited, kind, id, amount) in found {
        let amount = if debited == debit { amount } else { Dong(-amount.0) };
        let place = standing.iter().position(|(known, of, _)| *known == kind && *of == id);
        let before = place.map_or(Dong::ZERO, |place| standing.remove(place).2);
        standing.push((kind, id, before.checked_add(amount)?));
    }
    Ok(standing)
}

/// What was posted from one account to another in one moment.
pub fn posted_at(conn: &mut Conn, unit: UnitId, (debit, credit): (&str, &str), at: Instant) -> Result<Dong> {
    let found: Vec<Dong> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(debit))
        .filter(posting::credit_account.eq(credit))
        .filter(posting::created_at.eq(at))
        .select(posting::amount)
        .load(conn)
        .classify()?;
    Dong::sum(found)
}

/// What each exception's postings credited an account with, less what they debited it with; the oldest first.
pub fn taken_off(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Vec<(ExceptionId, Dong)>> {
    let found: Vec<(String, i64, Dong)> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(account).or(posting::credit_account.eq(account)))
        .filter(posting::source_kind.eq("exception"))
        .order(posting::id)
        .select((posting::credit_account, posting::source_id, posting::amount))
        .load(conn)
        .classify()?;
    let mut standing: BTreeMap<i64, Dong> = BTreeMap::new();
    for (credited, id, amount) in found {
        let amount = if credited == account { amount } else { Dong(-amount.0) };
        let sum = standing.entry(id).or_default();
        *sum = sum.checked_add(amount)?;
    }
    let left = standing.into_iter().filter(|(_, sum)| sum.is_positive());
    Ok(left.map(|(id, sum)| (ExceptionId(id), sum)).collect())
}

pub fn history(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Vec<Entry>> {
    let found: Vec<(String, String, Dong, String, i64, Instant)> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(account).or(posting::credit_account.eq(account)))
        .order((posting::created_at, posting::id))
        .select((
            posting::debit_account,
            posting::credit_account,
            posting::amount,
            posting::source_kind,
            posting::source_id,
            posting::created_at,
        ))
        .load(conn)
        .classify()?;
    let mut places = BTreeMap::new();
    let mut entries = Vec::with_capacity(found.len());
    for (index, (debit, credit, amount, kind, id, at)) in found.into_iter().enumerate() {
        let is_debit = debit == account;
        let item = (kind == "exception").then_some(ExceptionId(id));
        let place = *places.entry((at, kind, id)).or_insert(index);
        let other = if is_debit { credit } else { debit };
        entries.push((place, Entry { is_debit, other, amount, item, at }));
    }
    entries.sort_by_key(|(place, entry)| (*place, !entry.is_debit));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

pub fn handover_on(conn: &mut Conn, unit: UnitId, account: &str) -> Result<Option<EventId>> {
    let found: Vec<(String, i64, Dong)> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::debit_account.eq(account).or(posting::credit_account.eq(account)))
        .filter(posting::source_kind.eq("handover"))
        .order(posting::id)
        .select((posting::debit_account, posting::source_id, posting::amount))
        .load(conn)
        .classify()?;
    let mut standing: BTreeMap<i64, Dong> = BTreeMap::new();
    for (debited, id, amount) in found {
        let amount = if debited == account { amount } else { Dong(-amount.0) };
        let sum = standing.entry(id).or_default();
        *sum = sum.checked_add(amount)?;
    }
    Ok(standing.into_iter().rev().find(|(_, sum)| !sum.is_zero()).map(|(id, _)| EventId(id)))
}

pub fn trial_balance(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    let sides: Vec<Balance> =
        diesel::sql_query(format!("{SIDES} WHERE unit_id = $1 GROUP BY account ORDER BY account"))
            .bind::<BigInt, _>(unit)
            .load(conn)
            .classify()?;
    Ok(sides
        .into_iter()
        .map(|side| (side.account, Dong(side.debits - side.credits)))
        .filter(|(_, balance)| !balance.is_zero())
        .collect())
}

pub fn turnover_on(
    conn: &mut Conn,
    unit: UnitId,
    prefix: &str,
    date: BusinessDay,
) -> Result<Vec<(String, Dong, Dong)>> {
    let sides: Vec<Balance> = diesel::sql_query(format!(
        "{SIDES} WHERE unit_id = $1 AND accounting_date = $2 AND account LIKE $3 GROUP BY account ORDER BY account"
    ))
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(date.0)
    .bind::<Text, _>(format!("{prefix}%"))
    .load(conn)
    .classify()?;
    Ok(sides.into_iter().map(|side| (side.account, Dong(side.debits), Dong(side.credits))).collect())
}
