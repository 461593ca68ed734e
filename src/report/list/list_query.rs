//! The SQL of lists, the same for all of them: a page by key, every value as text.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::catalogue::Dated;
use super::{Asked, Narrow};
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::failure::Classify;

/// As many columns as a list can have.
pub const WIDTH: usize = 12;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    c0: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c1: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c2: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c3: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c4: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c5: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c6: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c7: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c8: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c9: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c10: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c11: Option<String>,
}

/// Rows of a unit after an id, in the order of ids, as texts by column.
pub fn rows(
    conn: &mut Conn,
    asked: &Asked,
    unit: UnitId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, [Option<String>; WIDTH])>> {
    let list = asked.list.0;
    let columns: Vec<String> = (0..WIDTH)
        .map(|at| match list.columns.get(at) {
            Some(column) => format!("CAST(t.{} AS TEXT) AS c{at}", column.column),
            None => format!("CAST(NULL AS TEXT) AS c{at}"),
        })
        .collect();
    // Names come from the catalogue, values are bound.
    let dated = match list.dated {
        Dated::Day(column) => format!("t.{column} >= $3 AND t.{column} <= $4 AND $5 = $5 AND $6 = $6"),
        Dated::Time(column) => format!("$3 = $3 AND $4 = $4 AND t.{column} >= $5 AND t.{column} < $6"),
    };
    let state = if !list.states.is_empty() {
        "($7 = '' OR t.state = $7 OR $7 = 'unresolved' AND t.state <> 'resolved')"
    } else {
        "$7 = ''"
    };
    let narrow = |one: Narrow, said: &str, silent: &str| {
        let is_known = asked.list.filters().any(|known| known == one);
        (if is_known { said } else { silent }).to_owned()
    };
    let account = narrow(Narrow::Account, "($8 = 0 OR t.account_id = $8)", "$8 = 0");
    let kind = narrow(Narrow::Kind, "($9 = 0 OR t.kind = $9)", "$9 = 0");
    let owner = narrow(Narrow::Owner, "($10 = '' OR t.owner = $10)", "$10 = ''");
    let text = format!(
        "SELECT t.id AS id, {} FROM {} t WHERE t.unit_id = $1 AND t.id > $2 AND {dated} AND {state} AND {account} \
         AND {kind} AND {owner} ORDER BY t.id LIMIT $11",
        columns.join(", "),
        list.table
    );
    let filter = &asked.filter;
    let found: Vec<Row> = diesel::sql_query(text)
        .bind::<BigInt, _>(unit)
        .bind::<BigInt, _>(after)
        .bind::<Date, _>(asked.period.from)
        .bind::<Date, _>(asked.period.until)
        .bind::<BigInt, _>(asked.period.from.start())
        .bind::<BigInt, _>(asked.period.until.next().start())
        .bind::<Text, _>(asked.state.clone().unwrap_or_default())
        .bind::<BigInt, _>(filter.account.map_or(0, |id| id.0))
        .bind::<BigInt, _>(filter.kind.map_or(0, |kind| i64::from(kind.number())))
        .bind::<Text, _>(filter.owner.clone().unwrap_or_default())
        .bind::<BigInt, _>(limit)
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(cells).collect())
}

fn cells(row: Row) -> (i64, [Option<String>; WIDTH]) {
    let Row { id, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 } = row;
    (id, [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11])
}
