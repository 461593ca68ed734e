//! The SQL of lines that a corrected statement took out, found by their keys however old they are.

use std::collections::BTreeSet;

use diesel::sql_types::{BigInt, Binary, Bool, Date, Nullable, Text};

use super::query::{Stored, StoredLine};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::statement::version::Withdrawn;
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

/// What was taken out of an account's lines and whose contra line is not posted yet.
pub fn unposted(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Withdrawn>> {
    type Parts = (LineId, LineId, VersionId, BusinessDay, Dong, AccountId);
    let mut found: Vec<Parts> = rows::fetch::<(BigInt, BigInt, BigInt, Date, BigInt, BigInt), _>(
        conn,
        "SELECT t.line_id, t.contra_line_id, t.version_id, o.booking_date, o.amount, o.account_id \
         FROM withdrawn_line t \
         JOIN statement_line o ON o.unit_id = t.unit_id AND o.id = t.line_id \
         JOIN statement_line c ON c.unit_id = t.unit_id AND c.id = t.contra_line_id \
         JOIN statement s ON s.unit_id = c.unit_id AND s.id = c.statement_id",
        &[("unit_id", Column::of([unit]))],
        "AND c.posted_on IS NULL AND s.state = 'ready'",
        Lock::None,
    )?;
    found.retain(|parts| parts.5 == account);
    found.sort_unstable_by_key(|parts| parts.0);
    let withdrawn = |(line, contra, version, booking_date, amount, _): Parts| Withdrawn {
        line,
        contra,
        version,
        booking_date,
        amount,
    };
    Ok(found.into_iter().map(withdrawn).collect())
}

type Sql = (
    (BigInt, BigInt, BigInt, BigInt, Date, BigInt),
    (Text, Text, Nullable<Text>, Nullable<Text>, Bool),
    (BigInt, Binary, Nullable<Date>, BigInt, Nullable<Text>),
);

const SELECT: &str = "SELECT t.unit_id, t.id, t.account_id, t.statement_id, t.booking_date, t.amount, t.codes, \
     t.damaged, t.reference, t.bank_reference, t.is_reversal, t.key_id, t.memo_cipher, t.posted_on, t.revision, \
     t.class FROM statement_line t";

fn stored(conn: &mut Conn, keys: &[(&str, Column)], rest: &str) -> Result<Vec<StoredLine>> {
    let found: Vec<Stored> = rows::fetch::<Sql, _>(conn, SELECT, keys, rest, Lock::None)?;
    let mut found: Vec<StoredLine> = found.into_iter().map(StoredLine::from).collect();
    found.sort_by_key(|line| line.id);
    Ok(found)
}

pub fn by_ids(conn: &mut Conn, unit: UnitId, ids: &[LineId]) -> Result<Vec<StoredLine>> {
    let ids: BTreeSet<LineId> = ids.iter().copied().collect();
    let units = Column::of(ids.iter().map(|_| unit));
    stored(conn, &[("unit_id", units), ("id", Column::of(ids.iter().copied()))], "")
}

/// The account's lines of these days that nothing has posted.
pub fn unposted_on(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    days: &BTreeSet<BusinessDay>,
) -> Result<Vec<StoredLine>> {
    let keys = [
        ("unit_id", Column::of(days.iter().map(|_| unit))),
        ("account_id", Column::of(days.iter().map(|_| account))),
        ("booking_date", Column::of(days.iter().copied())),
    ];
    stored(conn, &keys, "AND t.posted_on IS NULL")
}
