//! Layouts of tables: which column means what, as data.
//!
//! A layout of ours (`profiles/statements/*.toml`) describes the export of one bank and says how
//! well that is known. A layout of the user (`--map FILE`) has the same form and goes before all.
//! Tables that no layout describes are read by their headings alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    BookingDate,
    TransactionDate,
    ValueDate,
    Debit,
    Credit,
    /// One signed amount, or an unsigned one beside a mark.
    Amount,
    /// Debit or credit as a word.
    Mark,
    /// The kind of transaction; some banks put the mark here.
    Kind,
    Balance,
    Description,
    Reference,
    CounterpartyName,
    CounterpartyAccount,
    Account,
    Currency,
    Fee,
    Tax,
    RowNumber,
    /// Whether the row is booked, pending or was declined.
    State,
    /// Debit or credit of the balance.
    BalanceMark,
    /// The balance ahead of the movement.
    BalanceBefore,
}

/// Where a column stands: by the words of its heading, or by number from one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    Number(usize),
    Heading(String),
}

/// How the dates of a table are written where a year of four digits does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    #[default]
    DayFirst,
    MonthFirst,
    /// `26-11-22`.
    YearFirst,
}

impl DateOrder {
    /// The likelier before the others.
    pub const ALL: [DateOrder; 3] = [DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::YearFirst];
}

/// The layout of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub name: String,
    /// The bank's BIN, as in `fixtures/banks.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// How well the layout is known, for whoever must decide whether to trust it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<String>,
    /// The layout is meant for tables whose heading row has all of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// The heading row has at least so many columns.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub width: usize,
    /// Only for tables whose headings alone do not say enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_last_resort: bool,
    /// The table has no heading row; columns are given by number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_without_heading: bool,
    #[serde(default)]
    pub dates: DateOrder,
    /// Where the file does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// More columns of texts by number from one: the memo joins them with the description, in the order of the
    /// columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_texts: Vec<usize>,
    pub columns: BTreeMap<Column, Place>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Layout {
    /// Reads a layout.
    ///
    /// # Errors
    /// `statement_layout_invalid` with what is wrong in it.
    pub fn from_toml(text: &str) -> Result<Layout> {
        let invalid = |detail: String| Error::invalid("layout", "statement_layout_invalid", detail);
        let layout: Layout = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        layout.checked()
    }

    /// The layout, if a table can be read by it.
    ///
    /// # Errors
    /// `statement_layout_invalid` with what is missing.
    pub fn checked(self) -> Result<Layout> {
        match self.fault() {
            Some(fault) => Err(Error::invalid("layout", "statement_layout_invalid", fault)),
            None => Ok(self),
        }
    }

    /// The same with the other texts of the layout that a table was found to have, where a person left the
    /// description as it was found: a form asks for one column alone.
    pub fn with_texts_of(mut self, found: &Layout) -> Layout {
        let description = self.columns.get(&Column::Description);
        if self.is_without_heading
            && found.is_without_heading
            && description == found.columns.get(&Column::Description)
        {
            let is_named = |number: usize| self.columns.values().any(|place| *place == Place::Number(number));
            let texts = found.other_texts.iter().copied().filter(|number| !is_named(*number));
            self.other_texts = texts.collect();
        }
        self
    }

    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::internal(error.to_string()))
    }

    fn fault(&self) -> Option<&'static str> {
        use Column::*;
        let has = |column| self.columns.contains_key(&column);
        let is_number = |place: &Place| matches!(place, Place::Number(number) if *number > 0);
        let all_numbers = self.columns.values().all(is_number);
        let names_none = self.columns.values().any(|place| matches!(place, Place::Number(0)));
        if names_none || self.other_texts.contains(&0) {
            Some("columns are counted from one")
        } else if self.is_without_heading && !all_numbers {
            Some("without a heading row every column needs a number")
        } else if !self.is_without_heading && self.headings.is_empty() && all_numbers {
            Some("headings are needed to find the table, or is_without_heading = true")
        } else if !(has(BookingDate) || has(TransactionDate) || has(ValueDate)) {
            Some("a date column is needed")
        } else if !(has(Amount) || (has(Debit) && has(Credit))) {
            Some("an amount column is needed, or debit and credit")
        } else if !has(Description) {
            Some("a description column is needed")
        } else {
            None
        }
    }
}

/// The layouts a reader knows, the user's before ours.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layouts<'a> {
    own: Option<&'a Layout>,
}

impl<'a> Layouts<'a> {
    pub fn with(own: Option<&'a Layout>) -> Layouts<'a> {
        Layouts { own }
    }

    pub fn own(&self) -> Option<&'a Layout> {
        self.own
    }

    /// Ours, in the order of their files.
    pub fn of_banks() -> &'static [Layout] {
        &OF_BANKS
    }
}

static OF_BANKS: LazyLock<Vec<Layout>> =
    LazyLock::new(|| FILES.iter().filter_map(|text| Layout::from_toml(text).ok()).collect());

const FILES: [&str; 11] = [
    include_str!("../../profiles/statements/acb.toml"),
    include_str!("../../profiles/statements/agribank.toml"),
    include_str!("../../profiles/statements/bidv.toml"),
    include_str!("../../profiles/statements/mb.toml"),
    include_str!("../../profiles/statements/msb.toml"),
    include_str!("../../profiles/statements/techcombank.toml"),
    include_str!("../../profiles/statements/tpbank.toml"),
    include_str!("../../profiles/statements/vietcombank.toml"),
    include_str!("../../profiles/statements/vietcombank-cashup.toml"),
    include_str!("../../profiles/statements/vietinbank.toml"),
    include_str!("../../profiles/statements/vpbank.toml"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_of_a_bank_is_valid_and_says_how_well_it_is_known() {
        for text in FILES {
            let layout = Layout::from_toml(text).unwrap();
            assert!(layout.certainty.is_some() && layout.bank.is_some(), "{}", layout.name);
            assert_eq!(Layout::from_toml(&layout.to_toml().unwrap()).unwrap(), layout);
        }
    }

    #[test]
    fn a_layout_that_cannot_work_is_refused_with_its_reason() {
        let good =
            "name = \"x\"\nheadings = [\"Ngày\"]\n[columns]\nbooking_date = 1\ndescription = 2\namount = 3\n";
        assert!(Layout::from_toml(good).is_ok());
        for (from, to, reason) in [
            ("amount = 3", "amount = 0", "counted from one"),
            ("headings = [\"Ngày\"]", "headings = [\"Ngày\"]\nother_texts = [0]", "counted from one"),
            ("amount = 3", "debit = 3", "amount column"),
            ("booking_date = 1", "", "date column"),
            ("description = 2", "", "description column"),
            ("headings = [\"Ngày\"]", "", "headings are needed"),
            ("headings = [\"Ngày\"]", "is_without_heading = true\nfoo = 1", "foo"),
            ("amount = 3", "betrag = 3", "betrag"),
        ] {
            let error = Layout::from_toml(&good.replace(from, to)).unwrap_err();
            assert_eq!(error.code(), "statement_layout_invalid");
            assert!(error.to_string().contains(reason), "{to}: {error}");
        }
    }
}
