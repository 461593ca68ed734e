//! Lists of one unit, newest first: a table for people, JSON for programs.

use clap::Args;
use serde::Serialize;

use super::office::Office;
use super::{print_json, table};
use crate::actor::Actor;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::unit;

#[derive(Debug, Args)]
pub struct List {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// The most rows of a list.
const LIST_LIMIT: i64 = 1_000;

/// How rows look as a table: the headings, the columns set to the right (by index), the cells of a row.
pub struct Layout<'a, T> {
    pub headings: &'a [&'a str],
    pub right: &'a [usize],
    pub cells: fn(&T) -> Vec<String>,
}

impl List {
    /// Prints what `read` finds of the unit, each as `shown` where JSON is asked for.
    pub fn print<T, J: Serialize>(
        &self,
        office: &Office,
        read: impl FnOnce(&mut Conn, UnitId, i64) -> Result<Vec<T>>,
        shown: impl Fn(&T) -> J,
        layout: &Layout<'_, T>,
    ) -> Result<()> {
        let found = office.read(&Actor::system(), |conn| {
            let unit = unit::find_by_code(conn, &self.unit)?;
            read(conn, unit.id, LIST_LIMIT)
        })?;
        if self.json {
            return print_json(&found.iter().map(shown).collect::<Vec<_>>());
        }
        let rows: Vec<Vec<String>> = found.iter().map(layout.cells).collect();
        table::print(layout.headings, &rows, layout.right);
        Ok(())
    }
}
