//! The SQL of the lines that show papers: alike for batches and for settlement reports.

use diesel::sql_types::{BigInt, Date};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::payment::line_query::SETTLED_WITH;
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

/// Where papers of a sort and their events stand.
pub(super) struct Tables {
    papers: &'static str,
    events: &'static str,
    id: &'static str,
}

pub(super) const BATCHES: Tables = Tables { papers: "pos_batch", events: "pos_event", id: "batch_id" };

pub(super) const SETTLEMENTS: Tables =
    Tables { papers: "settlement", events: "settlement_event", id: "settlement_id" };

/// The paper that a line shows still, with the day of its postings. What was only settled with its payout it does not
/// show.
pub(super) fn shown_by(
    conn: &mut Conn,
    tables: &Tables,
    unit: UnitId,
    line: LineId,
) -> Result<Option<(i64, BusinessDay)>> {
    let Tables { papers, events, id } = tables;
    let found: Vec<(i64, BusinessDay)> = rows::fetch::<(BigInt, Date), _>(
        conn,
        &format!(
            "SELECT t.{id}, t.on_date FROM {events} t JOIN {papers} p ON p.unit_id = t.unit_id AND p.id = t.{id} \
             AND p.revision = t.revision AND p.state = 'credited'"
        ),
        &[("unit_id", Column::of([unit])), ("line_id", Column::of([line]))],
        &format!("AND t.kind <> '{SETTLED_WITH}'"),
        Lock::None,
    )?;
    Ok(found.first().copied())
}

/// The lines that show papers of an account which paid out exactly so much.
pub(super) fn lines_of(
    conn: &mut Conn,
    tables: &Tables,
    (unit, account): (UnitId, AccountId),
    net: Dong,
) -> Result<Vec<LineId>> {
    let keys = [
        ("unit_id", Column::of([unit])),
        ("account_id", Column::of([account])),
        ("state", Column::of(["credited"])),
        ("net", Column::of([net])),
    ];
    lines(conn, tables, &keys)
}

/// The line that shows a paper.
pub(super) fn line_of(conn: &mut Conn, tables: &Tables, unit: UnitId, id: i64) -> Result<Option<LineId>> {
    let keys =
        [("unit_id", Column::of([unit])), ("id", Column::of([id])), ("state", Column::of(["credited"]))];
    Ok(lines(conn, tables, &keys)?.pop())
}

fn lines(conn: &mut Conn, tables: &Tables, keys: &[(&str, Column)]) -> Result<Vec<LineId>> {
    let Tables { papers, events, id } = tables;
    let found: Vec<(LineId,)> = rows::fetch::<(BigInt,), _>(
        conn,
        &format!(
            "SELECT e.line_id FROM {papers} t JOIN {events} e ON e.unit_id = t.unit_id AND e.{id} = t.id \
             AND e.revision = t.revision AND e.line_id IS NOT NULL AND e.kind <> '{SETTLED_WITH}'"
        ),
        keys,
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(line,)| line).collect())
}
