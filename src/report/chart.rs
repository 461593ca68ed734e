//! Charts of accounts: which account of the state's regime each of our accounts belongs to. Data
//! with a span of time and a mark of certainty, like the legal profiles.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::rules;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};

/// The files that ship with the program, oldest first.
const SHIPPED: [&str; 1] = [include_str!("../../charts/TT24-2024.toml")];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub name: String,
    /// The circular.
    pub source: String,
    pub certainty: String,
    pub valid_from: chrono::NaiveDate,
    /// Account of the regime by the first part of our account, `bank` for one.
    accounts: BTreeMap<String, String>,
}

impl Chart {
    /// Which chart it is and how certain, as the heading of a book says it.
    pub fn words(&self) -> String {
        let named = format!("{} ({}, {})", self.name, self.source, self.certainty);
        format!("Hệ thống tài khoản: {named} / Chart of accounts: {named}")
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

    /// The chart of the unit's own where a file is named, else the shipped one in force on `day`.
    ///
    /// # Errors
    /// `chart_unreadable`.
    pub fn choose(file: Option<&Path>, day: BusinessDay) -> Result<Chart> {
        let Some(file) = file else { return Chart::in_force(day) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::invalid("books.chart_file", "chart_unreadable", format!("{}: {error}", file.display()))
        })?;
        Chart::parse(&text)
    }

    /// The shipped chart in force on a day; the first one before its time.
    ///
    /// # Errors
    /// `chart_unreadable`; a test reads every shipped file.
    pub fn in_force(day: BusinessDay) -> Result<Chart> {
        let mut found: Option<Chart> = None;
        for text in SHIPPED {
            let chart = Chart::parse(text)?;
            if found.is_none() || chart.valid_from <= day.0 {
                found = Some(chart);
            }
        }
        found.ok_or_else(|| Error::internal("no chart of accounts ships with the program"))
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
