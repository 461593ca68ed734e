//! Totals of dossiers as the dossier system counts them: all that came in a month so far, by unit and
//! field. Most dossiers cost nothing or are paid elsewhere, so nothing here knows them otherwise.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::first_of_month;
use super::total_query::{self, TotalRow};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Conn, Stamp, Tx};
use crate::{text, unit};

/// Rows of one import.
const ROWS_LIMIT: usize = 5_000;
const FIELD_LIMIT: usize = 200;
/// More dossiers than a city has people are a slip of the pen.
const COUNT_LIMIT: i64 = 100_000_000;

/// One row as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Official code.
    pub unit: String,
    /// `Hộ tịch`, …; as the dossiers' procedures name it.
    pub field: String,
    /// The last day that is counted; the first is the first of its month.
    pub until: BusinessDay,
    pub total: i64,
    pub online: i64,
    pub full_process: i64,
}

/// Totals of a unit and field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    pub total: i64,
    pub online: i64,
    pub full_process: i64,
    /// The oldest of the last days counted.
    pub until: Option<BusinessDay>,
}

impl Total {
    /// The last day counted where it lies before `last`: figures of then are not those of now.
    pub fn old_until(&self, last: BusinessDay) -> Option<BusinessDay> {
        self.until.filter(|until| *until < last)
    }

    pub fn add(&mut self, other: &Total) {
        self.total += other.total;
        self.online += other.online;
        self.full_process += other.full_process;
        self.until = match (self.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// The columns of a file, in any order.
pub const COLUMNS: [&str; 6] = ["unit", "field", "until", "total", "online", "full_process"];

/// Reads a CSV file (RFC 4180, UTF-8, with or without mark) with the columns `COLUMNS`.
///
/// # Errors
/// `totals_unreadable`, with the line; `totals_too_many`.
pub fn parse(file: &[u8]) -> Result<Vec<Told>> {
    let file = file.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(file);
    let semicolons = file.split(|b| *b == b'\n').next().is_some_and(|head| head.contains(&b';'));
    let delimiter = if semicolons { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(file);
    let mut rows = Vec::new();
    for (index, row) in reader.deserialize().enumerate() {
        // The head is line 1; what the file says is not repeated.
        let wrong = |_| {
            Error::invalid("file", "totals_unreadable", format!("line {}: {}", index + 2, COLUMNS.join(", ")))
        };
        rows.push(row.map_err(wrong)?);
        if rows.len() > ROWS_LIMIT {
            return Err(Error::too_large("totals_too_many", format!("at most {ROWS_LIMIT} rows")));
        }
    }
    Ok(rows)
}

/// Stores what the dossier system counts; the newest of a unit, field and month counts. All or
/// nothing. Returns how many.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `totals_wrong` with the row, `totals_too_many`.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, told: &[Told]) -> Result<usize> {
    actor.require_role(&[Role::DossierSystem, Role::Administrator, Role::System])?;
    if told.is_empty() {
        return Err(Error::invalid("rows", "field_missing", "at least one row"));
    }
    if told.len() > ROWS_LIMIT {
        return Err(Error::too_large("totals_too_many", format!("at most {ROWS_LIMIT} rows")));
    }
    let units: BTreeMap<String, UnitId> = unit::all(tx)?
        .into_iter()
        .filter(|unit| actor.scope.covers(unit.id))
        .map(|unit| (unit.code, unit.id))
        .collect();
    let mut rows = Vec::with_capacity(told.len());
    for (index, one) in told.iter().enumerate() {
        let place = format!("rows[{index}]");
        // What is out of scope does not exist; a file's first row is its line 2.
        let missing = || {
            let detail = format!("line {}: no such unit in your scope", index + 2);
            Error::not_found("unit_not_found", detail)
        };
        let unit = units.get(one.unit.trim()).ok_or_else(missing)?;
        rows.push(row(stamp, actor, *unit, one).map_err(|error| error.in_field(&place))?);
    }
    total_query::insert(tx, &rows)?;
    let touched: BTreeSet<UnitId> = rows.iter().map(|row| row.unit_id).collect();
    let entries: Vec<audit::Entry> = touched
        .into_iter()
        .map(|unit| {
            let count = rows.iter().filter(|row| row.unit_id == unit).count();
            audit::Entry::by(actor, unit, "dossier_totals.recorded", count)
        })
        .collect();
    audit::record(tx, stamp, &entries)?;
    Ok(rows.len())
}

fn row(stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, one: &Told) -> Result<TotalRow> {
    let wrong = |field: &str, detail: &str| Error::invalid(field, "totals_wrong", detail);
    let field = text::clean(&one.field);
    if field.is_empty() || field.chars().count() > FIELD_LIMIT {
        return Err(wrong("field", "a field has 1 to 200 characters"));
    }
    if one.until > stamp.today() {
        return Err(wrong("until", "nothing was counted on a day to come"));
    }
    let is_ordered = 0 <= one.full_process && one.full_process <= one.online && one.online <= one.total;
    if !is_ordered || one.total > COUNT_LIMIT {
        return Err(wrong("total", "full_process is among online, online among total"));
    }
    Ok(TotalRow {
        unit_id: unit,
        id: stamp.mint()?,
        month: first_of_month(one.until),
        field,
        until: one.until,
        total: one.total,
        online: one.online,
        full_process: one.full_process,
        actor: audit::actor_text(actor),
        created_at: stamp.now,
    })
}

/// What was counted in a month, by unit and field.
pub fn of_month(
    conn: &mut Conn,
    units: &[UnitId],
    month: BusinessDay,
) -> Result<BTreeMap<(UnitId, String), Total>> {
    let mut found = BTreeMap::new();
    for (unit, field, until, total, online, full_process) in
        total_query::of_month(conn, units, first_of_month(month))?
    {
        // Oldest first, so that the newest stays.
        found.insert((unit, field), Total { total, online, full_process, until: Some(until) });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_commas_or_semicolons_and_a_fault_names_its_line() {
        let good = "unit,field,until,total,online,full_process\n00004,Hộ tịch,2026-11-22,10,6,2\n";
        let rows = parse(good.as_bytes()).unwrap();
        assert_eq!((rows.len(), rows[0].total, rows[0].field.as_str()), (1, 10, "Hộ tịch"));
        let office = format!("\u{FEFF}{}", good.replace(',', ";"));
        assert_eq!(parse(office.as_bytes()).unwrap(), rows);
        for (bad, line) in [
            (good.replace(",10,", ",mười,"), "line 2"),
            (good.replace("field", "fiel"), "line 2"),
            (format!("{good}00004,Đất đai,22/11/2026,1,1,1\n"), "line 3"),
        ] {
            let error = parse(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "totals_unreadable");
            assert!(error.detail().starts_with(line), "{}", error.detail());
        }
        assert!(parse(b"\xff\xfe\x00").is_err() || parse(b"\xff\xfe\x00").unwrap().is_empty());
        let (head, row) = good.split_once('\n').unwrap();
        assert_eq!(
            parse(format!("{head}\n{}", row.repeat(ROWS_LIMIT)).as_bytes()).unwrap().len(),
            ROWS_LIMIT
        );
        let longer = format!("{head}\n{}", row.repeat(ROWS_LIMIT + 1));
        assert_eq!(parse(longer.as_bytes()).unwrap_err().code(), "totals_too_many");
    }
}
