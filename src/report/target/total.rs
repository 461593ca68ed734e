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
/// `totals_unreadable`, with the first bad line and how many others there are; `totals_too_many`.
pub fn parse(file: &[u8]) -> Result<Vec<Told>> {
    read(file).map_err(|mut faults| {
        let first = faults.remove(0);
        match faults.len() {
            0 => first,
            others => {
                let detail = format!("{}; other wrong rows: {others}", first.detail());
                Error::invalid("file", first.code(), detail)
            }
        }
    })
}

/// The same as `parse`, with every line that cannot be read.
///
/// # Errors
/// At least one: `totals_unreadable` for each bad line, which its detail names, or for the first alone where the
/// columns are others; `totals_too_many` alone.
pub fn read(file: &[u8]) -> std::result::Result<Vec<Told>, Vec<Error>> {
    let file = file.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(file);
    let semicolons = file.split(|b| *b == b'\n').next().is_some_and(|head| head.contains(&b';'));
    let delimiter = if semicolons { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(file);
    // The head is line 1; what the file says is not repeated.
    let unreadable = |line: usize| {
        let detail = format!("line {line}: {}", COLUMNS.join(", "));
        Error::invalid("file", "totals_unreadable", detail)
    };
    let is_headed = reader.headers().is_ok_and(|head| {
        head.len() == COLUMNS.len() && COLUMNS.iter().all(|column| head.iter().any(|name| name == *column))
    });
    // Under another head no row can be read: it is told once, not under each of them.
    if !is_headed {
        return Err(vec![unreadable(1)]);
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (index, row) in reader.deserialize().enumerate() {
        if index >= ROWS_LIMIT {
            return Err(vec![too_many()]);
        }
        match row {
            Ok(row) => rows.push(row),
            Err(_) => faults.push(unreadable(index + 2)),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

fn too_many() -> Error {
    Error::too_large("totals_too_many", format!("at most {ROWS_LIMIT} rows"))
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
        return Err(too_many());
    }
    let rows = checked(tx, stamp, actor, told)?.into_iter().collect::<Result<Vec<TotalRow>>>()?;
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

/// Every row that `record` would refuse, in the order of the file.
///
/// # Errors
/// Those of the database.
pub fn faults(conn: &mut Conn, stamp: &Stamp<'_>, actor: &Actor, told: &[Told]) -> Result<Vec<Error>> {
    Ok(checked(conn, stamp, actor, told)?.into_iter().filter_map(Result::err).collect())
}

/// Each row as it is stored, or why it is not: under `rows[0]` for the first, which is line 2 of a file.
fn checked(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    told: &[Told],
) -> Result<Vec<Result<TotalRow>>> {
    let units: BTreeMap<String, UnitId> = unit::all(conn)?
        .into_iter()
        .filter(|unit| actor.scope.covers(unit.id))
        .map(|unit| (unit.code, unit.id))
        .collect();
    let check = |(index, one): (usize, &Told)| -> Result<TotalRow> {
        // What is out of scope does not exist.
        let missing = || {
            let detail = format!("line {}: no such unit in your scope", index + 2);
            Error::not_found("unit_not_found", detail)
        };
        let unit = units.get(one.unit.trim()).ok_or_else(missing)?;
        row(stamp, actor, *unit, one).map_err(|error| error.in_field(&format!("rows[{index}]")))
    };
    Ok(told.iter().enumerate().map(check).collect())
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
            (good.replace("field", "fiel"), "line 1"),
            (good.replace("full_process", "full_process,note"), "line 1"),
            (format!("{good}00004,Đất đai,22/11/2026,1,1,1\n"), "line 3"),
        ] {
            let error = parse(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "totals_unreadable");
            assert!(error.detail().starts_with(line), "{}", error.detail());
        }
        let other_head = format!("{}00004,Hộ tịch,2026-11-22,1,1,1\n", good.replace("field", "fiel"));
        assert_eq!(read(other_head.as_bytes()).unwrap_err().len(), 1, "the head alone is told");
        let more = "00004,Đất đai,22/11/2026,1,1,1\n00004,Đất đai,2026-11-22,1,1,1\n00004,Đất đai\n";
        let bad = format!("{good}{more}");
        let faults = read(bad.as_bytes()).unwrap_err();
        let lines = faults.iter().map(|error| error.detail().split(':').next().unwrap_or_default());
        assert_eq!(lines.collect::<Vec<_>>(), ["line 3", "line 5"], "every line that cannot be read");
        assert!(parse(bad.as_bytes()).unwrap_err().detail().ends_with("; other wrong rows: 1"));
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
