//! Lines whose money was wholly too much when it came: a second transfer, or one after its obligation had ended.

use std::collections::{BTreeMap, BTreeSet};

use super::beyond_query;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::LineId;
use crate::statement::line_query::StoredLine;
use crate::store::Conn;
use crate::unit::BankAccount;

/// Those of the day's lines all of whose money paid nothing.
pub fn lines(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    lines: &[StoredLine],
) -> Result<BTreeSet<LineId>> {
    let mut sums: BTreeMap<LineId, Dong> = BTreeMap::new();
    if lines.is_empty() {
        return Ok(BTreeSet::new());
    }
    for one in beyond_query::beyond(conn, account.unit, account.id, date)? {
        if beyond_query::at_first(conn, account.unit, &one)? == one.paid {
            let sum = sums.entry(one.line).or_default();
            *sum = sum.checked_add(one.amount)?;
        }
    }
    let is_whole = |line: &&StoredLine| sums.get(&line.id) == Some(&line.amount);
    Ok(lines.iter().filter(is_whole).map(|line| line.id).collect())
}
