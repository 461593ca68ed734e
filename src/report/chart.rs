//! Charts of accounts: which account of the state's regime each of our accounts belongs to. Data
//! with a span of time and a mark of certainty, like the legal profiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Period, rules};
use crate::clock::BusinessDay;
use crate::config::Books;
use crate::error::{Error, Result};

/// The files that ship with the program, oldest first.
const SHIPPED: [&str; 1] = [include_str!("../../charts/TT24-2024.toml")];

/// The field of the configuration that names charts beside the shipped ones.
const CHARTS: &str = "books.charts";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub name: String,
    /// The circular.
    pub source: String,
    pub certainty: String,
    pub valid_from: chrono::NaiveDate,
    /// The codes of the units whose chart it is; every unit's where none is named.
    #[serde(default)]
    units: Vec<String>,
    /// Account of the regime by the first part of our account, `bank` for one.
    accounts: BTreeMap<String, String>,
}

impl Chart {
    /// Which chart it is and how certain.
    fn named(&self) -> String {
        format!("{} ({}, {})", self.name, self.source, self.certainty)
    }

    /// Reads a chart of the unit's own, with the sub-accounts it uses.
    ///
    /// # Errors
    /// `chart_unreadable`.
    pub fn parse(text: &str) -> Result<Chart> {
        let chart: Chart = toml::from_str(text)
            .map_err(|error| Error::invalid("chart", "chart_unreadable", error.to_string()))?;
        let is_number = |account: &str| {
            (3..=8).contains(&account.len()) && account.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some((head, account)) = chart.accounts.iter().find(|(_, account)| !is_number(account)) {
            let detail = format!("{head} = \"{account}\": expected 3 to 8 digits");
            return Err(Error::invalid("chart", "chart_unreadable", detail));
        }
        Ok(chart)
    }

    /// # Errors
    /// `chart_account_missing`.
    pub fn account_of(&self, account: &str) -> Result<&str> {
        let head = account.split('/').next().unwrap_or(account);
        self.accounts
            .get(head)
            .map(String::as_str)
            .ok_or_else(|| rules::chart_account_missing(&self.name, head))
    }
}

/// The charts that a unit's books may be read by, the shipped ones first.
#[derive(Clone, Debug)]
pub struct Charts(Vec<Chart>);

impl Charts {
    /// Those that ship with the program.
    ///
    /// # Errors
    /// `chart_unreadable`; a test reads every shipped file.
    pub fn shipped() -> Result<Charts> {
        SHIPPED.into_iter().map(Chart::parse).collect::<Result<_>>().map(Charts)
    }

    /// What the configuration names for a unit: one file in place of all others, or files beside the shipped
    /// ones, each from its day on and for the units it names.
    ///
    /// # Errors
    /// `chart_unreadable`.
    pub fn of_unit(books: &Books, code: &str) -> Result<Charts> {
        if let Some(file) = &books.chart_file {
            return Ok(Charts(vec![read("books.chart_file", file)?]));
        }
        let mut found = Charts::shipped()?;
        for place in &books.charts {
            for file in files(place)? {
                found.0.push(read(CHARTS, &file)?);
            }
        }
        found.0.retain(|chart| chart.units.is_empty() || chart.units.iter().any(|unit| unit == code));
        Ok(found)
    }

    /// Reads every file that is named, whichever unit it is of.
    ///
    /// # Errors
    /// `chart_unreadable`.
    pub fn check(books: &Books) -> Result<()> {
        Charts::of_unit(books, "").map(|_| ())
    }

    /// The chart in force on a day: one that names the unit before one that names none, then the newest; the
    /// first one before the time of all.
    ///
    /// # Errors
    /// `internal`: no chart ships.
    pub fn in_force(&self, day: BusinessDay) -> Result<&Chart> {
        let begun = |is_own: bool| {
            let of_kind = self.0.iter().filter(move |chart| chart.units.is_empty() != is_own);
            of_kind.filter(|chart| chart.valid_from <= day.0).max_by_key(|chart| chart.valid_from)
        };
        let found = begun(true).or_else(|| begun(false)).or_else(|| self.0.first());
        found.ok_or_else(|| Error::internal("no chart of accounts ships with the program"))
    }

    /// Every chart that is in force on some day of a period, as the heading of a book names them.
    pub fn words(&self, period: Period) -> String {
        let mut days: Vec<BusinessDay> = self.0.iter().map(|chart| BusinessDay(chart.valid_from)).collect();
        days.retain(|day| *day > period.from && *day <= period.until);
        days.push(period.from);
        days.sort_unstable();
        let mut named: Vec<String> = Vec::new();
        for chart in days.into_iter().filter_map(|day| self.in_force(day).ok()) {
            if named.last() != Some(&chart.named()) {
                named.push(chart.named());
            }
        }
        let named = named.join("; ");
        format!("Hệ thống tài khoản: {named} / Chart of accounts: {named}")
    }
}

fn read(field: &str, file: &Path) -> Result<Chart> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(field, file, &error))?;
    Chart::parse(&text).map_err(|error| unreadable(field, file, &error.detail()))
}

/// A file, or the files of a folder that end in `.toml`, by name.
fn files(place: &Path) -> Result<Vec<PathBuf>> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(place).map_err(|error| unreadable(CHARTS, place, &error))? {
        let path = entry.map_err(|error| unreadable(CHARTS, place, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn unreadable(field: &str, place: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(field, "chart_unreadable", format!("{}: {error}", place.display()))
}
