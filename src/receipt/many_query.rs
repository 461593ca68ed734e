//! Several documents at once, by their keys.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Date, Text};

use super::query::{Stored, StoredColumns, from_columns, place_among_siblings};
use crate::error::Result;
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Cell, Column, Lock};

type StoredSql = ((BigInt, BigInt, BigInt), (Text, Text, Text, BigInt), (BigInt, Date, BigInt, Text, Text));

const SELECT: &str = "SELECT t.unit_id, t.id, t.obligation_id, t.document_kind, t.template, t.series, t.number, \
     t.amount, t.issued_on, t.collected_at, t.lookup_code, t.state FROM receipt t";

/// The documents of units' keys in one column, each key once.
fn of_keys<I: Copy + Ord + Cell>(
    conn: &mut Conn,
    column: &'static str,
    keys: &[(UnitId, I)],
) -> Result<impl Iterator<Item = Stored> + use<I>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let found: Vec<StoredColumns> = rows::fetch::<StoredSql, _>(
        conn,
        SELECT,
        &[
            ("unit_id", Column::of(keys.iter().map(|(unit, _)| *unit))),
            (column, Column::of(keys.iter().map(|(_, id)| *id))),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(from_columns))
}

/// Several at once, in no order; others are left out.
pub fn by_ids(conn: &mut Conn, ids: &[(UnitId, ReceiptId)]) -> Result<Vec<Stored>> {
    let found = of_keys(conn, "id", ids)?;
    Ok(found.collect())
}

/// Every document of several obligations, the receipts first, each kind in the order of making.
pub fn of_obligations(
    conn: &mut Conn,
    obligations: &[(UnitId, ObligationId)],
) -> Result<HashMap<(UnitId, ObligationId), Vec<Stored>>> {
    let found = of_keys(conn, "obligation_id", obligations)?;
    let mut documents: HashMap<(UnitId, ObligationId), Vec<Stored>> = HashMap::new();
    for one in found {
        documents.entry((one.unit, one.obligation)).or_default().push(one);
    }
    documents.values_mut().for_each(|of_one| of_one.sort_by_key(place_among_siblings));
    Ok(documents)
}
