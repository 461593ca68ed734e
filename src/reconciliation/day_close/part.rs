//! Exceptions about an item of a line, as the day's close names them.

use std::collections::{BTreeSet, HashMap};

use super::query::{self, Noted};
use crate::error::Result;
use crate::exception::Kind;
use crate::id::*;
use crate::payment::movement_query;
use crate::payment::{MovementState, line_query};
use crate::store::Conn;

/// About a line, or an item of one.
pub fn is_about_line(item: &Noted) -> bool {
    item.subject_kind == "line" || is_item(item)
}

fn is_item(item: &Noted) -> bool {
    item.kind == i32::from(Kind::BulkSettlement.number())
}

/// An item of a lump sum that nobody could place stands in suspense under its line, and is carried so; one that found
/// its place after the day stood there until then.
pub fn name_by_line(conn: &mut Conn, unit: UnitId, noted: &mut [Noted]) -> Result<()> {
    let about = |item: &Noted| (item.subject_kind == "movement").then_some(MovementId(item.subject_id));
    let keys: Vec<(UnitId, MovementId)> = noted.iter().filter_map(about).map(|id| (unit, id)).collect();
    let unplaced: BTreeSet<MovementId> = movement_query::movements(conn, &keys)?
        .into_iter()
        .filter(|one| one.payment.is_none() && one.state == MovementState::Proven)
        .map(|one| one.id)
        .collect();
    let items: Vec<MovementId> = noted.iter().filter(|item| is_item(item)).filter_map(about).collect();
    let mut lines: HashMap<MovementId, LineId> =
        query::first_lines(conn, unit, &items)?.into_iter().collect();
    let standing = line_query::lines_of_movements(conn, &keys)?
        .into_iter()
        .filter(|(_, movement, _)| unplaced.contains(movement))
        .map(|(_, movement, line)| (movement, line));
    lines.extend(standing);
    for item in noted {
        if let Some(line) = about(item).and_then(|movement| lines.get(&movement)) {
            item.subject_kind = "line".to_owned();
            item.subject_id = line.0;
            item.is_part = true;
        }
    }
    Ok(())
}
