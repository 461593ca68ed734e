//! Exceptions about an item of a line, as the day's close names them.

use std::collections::{BTreeSet, HashMap};

use super::query::Noted;
use crate::error::Result;
use crate::id::*;
use crate::payment::movement_query;
use crate::payment::{MovementState, line_query};
use crate::store::Conn;

/// An item of a lump sum that nobody could place stands in suspense under its line, and is carried so.
pub fn name_by_line(conn: &mut Conn, unit: UnitId, noted: &mut [Noted]) -> Result<()> {
    let about = |item: &Noted| (item.subject_kind == "movement").then_some(MovementId(item.subject_id));
    let keys: Vec<(UnitId, MovementId)> = noted.iter().filter_map(about).map(|id| (unit, id)).collect();
    let unplaced: BTreeSet<MovementId> = movement_query::movements(conn, &keys)?
        .into_iter()
        .filter(|one| one.payment.is_none() && one.state == MovementState::Proven)
        .map(|one| one.id)
        .collect();
    let lines: HashMap<MovementId, LineId> = line_query::lines_of_movements(conn, &keys)?
        .into_iter()
        .filter(|(_, movement, _)| unplaced.contains(movement))
        .map(|(_, movement, line)| (movement, line))
        .collect();
    for item in noted {
        if let Some(line) = about(item).and_then(|movement| lines.get(&movement)) {
            item.subject_kind = "line".to_owned();
            item.subject_id = line.0;
            item.is_part = true;
        }
    }
    Ok(())
}
