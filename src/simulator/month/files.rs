//! The month as a folder, and back.
//!
//! `places.csv`, `obligations.csv` and `claims.csv` are what the service is told, `statements/` is
//! what the bank delivers, `truth.csv` and `truth-obligations.csv` are for the judge alone.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::deal::Deal;
use super::{Month, Owed, Paid, Place, Told, Truth};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::simulator::statement::{self, File};

const PLACES: &str = "places.csv";
const OBLIGATIONS: &str = "obligations.csv";
const CLAIMS: &str = "claims.csv";
const STATEMENTS: &str = "statements";
const TRUTH: &str = "truth.csv";
const TRUTH_OBLIGATIONS: &str = "truth-obligations.csv";
/// Every so many files of the bank are delivered a second time, in another format.
const TWICE_EVERY: usize = 7;
/// A table of a day without movements has no heading to be read by.
const TABLE: usize = 2;

/// A truth as a row.
#[derive(Serialize, Deserialize)]
struct TruthRow {
    account_no: String,
    booked_on: BusinessDay,
    bank_reference: String,
    amount: Dong,
    kind: String,
    is_decidable: bool,
    class: String,
    /// `CODE:amount`, parted by spaces.
    parts: String,
}

/// A month that was read back. Statements are in the order of their days.
#[derive(Debug)]
pub struct Folder {
    pub places: Vec<Place>,
    pub owed: Vec<Owed>,
    pub told: Vec<Told>,
    pub statements: Vec<(BusinessDay, PathBuf)>,
    pub truths: Vec<Truth>,
    pub paid: Vec<Paid>,
}

/// Writes the month into a folder that is empty or not there yet; returns how many files.
///
/// # Errors
/// `month_folder_in_use`, `file_unwritable`.
pub fn write(month: &Month, folder: &Path) -> Result<usize> {
    let is_used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_used {
        let detail = format!("{} is not empty", folder.display());
        return Err(Error::conflict("month_folder_in_use", detail));
    }
    let statements = folder.join(STATEMENTS);
    fs::create_dir_all(&statements).map_err(|error| unwritable(&statements, &error))?;
    table(&folder.join(PLACES), &month.places)?;
    table(&folder.join(OBLIGATIONS), &month.owed)?;
    table(&folder.join(CLAIMS), &month.told)?;
    let truths: Vec<TruthRow> = month.truths.iter().map(truth_row).collect();
    table(&folder.join(TRUTH), &truths)?;
    table(&folder.join(TRUTH_OBLIGATIONS), &month.paid)?;
    let mut count = 5;
    for (index, place) in month.places.iter().enumerate() {
        for day in 0..month.plan.day_count {
            let on = month.plan.first_day.plus_days(i64::from(day));
            for file in delivered(month, place, index, on)? {
                let path = statements.join(&file.name);
                fs::write(&path, file.text).map_err(|error| unwritable(&path, &error))?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// What the bank sends of a day: each account in its own format, now and then in a second one.
fn delivered(month: &Month, place: &Place, index: usize, on: BusinessDay) -> Result<Vec<File>> {
    let day = month.bank.day(&place.account_no, on)?;
    let is_nil = day.bookings.is_empty();
    let format = index % 3;
    let since = usize::try_from((on.0 - month.plan.first_day.0).num_days()).unwrap_or(0);
    let second = (index + since).is_multiple_of(TWICE_EVERY).then_some((format + 1) % 3);
    let wanted = [Some(format), second];
    Ok(statement::write_all(&day)
        .into_iter()
        .enumerate()
        .filter(|(at, _)| wanted.contains(&Some(*at)) && !(is_nil && *at == TABLE))
        .map(|(_, file)| file)
        .collect())
}

fn table<T: Serialize>(path: &Path, rows: &[T]) -> Result<()> {
    let failed = |error: csv::Error| unwritable(path, &std::io::Error::other(error));
    let mut writer = csv::Writer::from_path(path).map_err(failed)?;
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    writer.flush().map_err(|error| unwritable(path, &error))
}

fn truth_row(truth: &Truth) -> TruthRow {
    let parts: Vec<String> =
        truth.parts.iter().map(|(code, amount)| format!("{code}:{}", amount.0)).collect();
    TruthRow {
        account_no: truth.account_no.clone(),
        booked_on: truth.booked_on,
        bank_reference: truth.bank_reference.clone(),
        amount: truth.amount,
        kind: truth.deal.as_str().to_owned(),
        is_decidable: truth.is_decidable,
        class: truth.class.to_owned(),
        parts: parts.join(" "),
    }
}

impl Folder {
    /// Reads what `write` wrote.
    ///
    /// # Errors
    /// `file_unreadable`, `month_file_unreadable`.
    pub fn open(folder: &Path) -> Result<Folder> {
        let truths: Vec<TruthRow> = rows(&folder.join(TRUTH))?;
        Ok(Folder {
            places: rows(&folder.join(PLACES))?,
            owed: rows(&folder.join(OBLIGATIONS))?,
            told: rows(&folder.join(CLAIMS))?,
            statements: statements(&folder.join(STATEMENTS))?,
            truths: truths.into_iter().map(truth_of).collect::<Result<_>>()?,
            paid: rows(&folder.join(TRUTH_OBLIGATIONS))?,
        })
    }
}

fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let strange = |error: csv::Error| {
        Error::invalid("file", "month_file_unreadable", format!("{}: {error}", path.display()))
    };
    reader.deserialize().map(|row| row.map_err(strange)).collect()
}

fn truth_of(row: TruthRow) -> Result<Truth> {
    let deal = Deal::parse(&row.kind)?;
    let strange = || Error::invalid("parts", "month_file_unreadable", format!("no parts: {}", row.parts));
    let mut parts = Vec::new();
    for part in row.parts.split_whitespace() {
        let (code, amount) = part.split_once(':').ok_or_else(strange)?;
        parts.push((code.to_owned(), Dong(amount.parse().map_err(|_| strange())?)));
    }
    let class = CLASSES
        .into_iter()
        .find(|class| *class == row.class)
        .ok_or_else(|| Error::invalid("class", "month_file_unreadable", format!("no class {}", row.class)))?;
    Ok(Truth {
        account_no: row.account_no,
        booked_on: row.booked_on,
        bank_reference: row.bank_reference,
        amount: row.amount,
        deal,
        is_decidable: row.is_decidable,
        class,
        parts,
    })
}

/// The classes a truth may name.
const CLASSES: [&str; 6] = ["fee_receipt", "other_unit", "bank_fee", "interest", "reversal", "unknown"];

/// The files by the day in their name, `saoke-<account>-<yyyymmdd>.<format>`.
fn statements(folder: &Path) -> Result<Vec<(BusinessDay, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let day = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.rsplit('-').next())
            .and_then(|text| chrono::NaiveDate::parse_from_str(text, "%Y%m%d").ok())
            .ok_or_else(|| {
                let detail = format!("no day in the name of {}", path.display());
                Error::invalid("file", "month_file_unreadable", detail)
            })?;
        found.push((BusinessDay(day), path));
    }
    found.sort();
    Ok(found)
}

#[track_caller]
fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("file", "file_unreadable", format!("{}: {error}", path.display()))
}

#[track_caller]
fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("out", "file_unwritable", format!("{}: {error}", path.display()))
}
