//! What became of the files of the inbox, for those who wait for a statement and see no folder.

mod inbox_query;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use self::inbox_query::FileRow;
use super::{Finding, Imported, RefusedStatement, parse};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::{CITY, account};

pub use self::inbox_query::{Taken, failed_since, newest};

/// Findings that are kept of a file; the rest says nothing new.
const KEPT_FINDINGS: usize = 50;
/// Letters of a file's name that are kept.
const NAME_LETTERS: usize = 200;
/// The same end of the same file is told once in this time: a file that cannot be moved out of the folder
/// is taken up again and again.
const AGAIN_US: i64 = 24 * 60 * 60 * 1_000_000;

/// A place in a file and what is wrong there, Vietnamese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub at: String,
    pub vi: String,
    pub en: String,
    /// A statement of the file was left out there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_left_out: bool,
}

impl Place {
    fn of(found: &Finding) -> Place {
        let (vi, en) = found.words();
        Place { at: found.at.clone(), vi: vi.to_owned(), en: en.to_owned(), is_left_out: false }
    }

    fn of_refused(refused: &RefusedStatement) -> Place {
        Place { is_left_out: true, ..Place::of(&refused.finding) }
    }
}

/// How a file ended.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'e> {
    Imported(&'e Imported),
    /// By the code of the error.
    Refused(&'e str),
}

impl Ended<'_> {
    /// `done`, `known` where nothing in it was new, or `failed`.
    pub fn outcome(&self) -> &'static str {
        match self {
            Ended::Imported(imported) if !imported.errors.is_empty() => "failed",
            Ended::Imported(imported) if imported.already_imported => "known",
            Ended::Imported(_) => "done",
            Ended::Refused(_) => "failed",
        }
    }

    /// Why it failed, as a unit is told: by what is wrong with its own statements before that of others.
    fn code(&self, unit: UnitId) -> Option<String> {
        match self {
            Ended::Imported(imported) => {
                let own = imported.errors.iter().find(|one| imported.owners.is_told_to(unit, &one.at));
                own.or(imported.errors.first()).map(|one| one.code.to_owned())
            }
            Ended::Refused(code) => Some((*code).to_owned()),
        }
    }

    /// What a unit is told of: of the statements that were left out, and of what was found in statements, its own.
    fn places(&self, unit: UnitId) -> Vec<Place> {
        let Ended::Imported(imported) = self else { return Vec::new() };
        let left_out = imported.refused.iter().filter(|one| one.unit == unit);
        let found = imported.errors.iter().chain(&imported.warnings);
        let told = found.filter(|one| imported.owners.is_told_to(unit, &one.at));
        left_out.map(Place::of_refused).chain(told.map(Place::of)).take(KEPT_FINDINGS).collect()
    }
}

/// The hash under which a file is known.
pub fn hash(bytes: &[u8]) -> String {
    text::hex(digest(&SHA256, bytes).as_ref())
}

/// The units whose registered accounts a file names; the city where it names none of them.
///
/// # Errors
/// Those of the store.
pub fn units_of(conn: &mut Conn, bytes: Option<&[u8]>, ended: &Ended<'_>) -> Result<Vec<UnitId>> {
    let mut units: Vec<UnitId> = match ended {
        Ended::Imported(imported) => {
            let left_out = imported.refused.iter().map(|one| one.unit);
            imported.accounts.iter().map(|(unit, _)| *unit).chain(left_out).collect()
        }
        Ended::Refused(_) => Vec::new(),
    };
    if units.is_empty() {
        let numbers = bytes.map(numbers).unwrap_or_default();
        for number in numbers {
            units.extend(account::find_by_number(conn, &number)?.map(|(unit, _)| unit));
        }
    }
    units.sort_unstable();
    units.dedup();
    Ok(if units.is_empty() { vec![CITY] } else { units })
}

fn numbers(bytes: &[u8]) -> Vec<String> {
    parse(bytes).statements.iter().filter_map(super::Statement::account_number).collect()
}

/// Keeps what became of a file, once for each unit that it is of.
///
/// # Errors
/// Those of the store.
pub fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    units: &[UnitId],
    (name, sha256): (&str, Option<&str>),
    ended: &Ended<'_>,
) -> Result<()> {
    let name: String = text::clean(name).chars().take(NAME_LETTERS).collect();
    let since = Instant(stamp.now.0.saturating_sub(AGAIN_US));
    let mut new = Vec::with_capacity(units.len());
    for unit in units {
        if inbox_query::is_recorded(tx, *unit, (&name, sha256), ended.outcome(), since)? {
            continue;
        }
        let findings = serde_json::to_string(&ended.places(*unit))
            .map_err(|error| Error::internal(error.to_string()))?;
        new.push(FileRow {
            unit_id: *unit,
            id: stamp.mint::<EventId>()?,
            name: name.clone(),
            sha256: sha256.map(str::to_owned),
            outcome: ended.outcome(),
            error_code: ended.code(*unit).filter(|_| ended.outcome() == "failed"),
            findings,
            received_at: stamp.now,
        });
    }
    rows::insert(tx, &new)
}
