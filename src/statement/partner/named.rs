//! A table as a person named its columns, where the dictionary does not know its headings.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::dictionary::MAX_HEADING_BYTES;
use super::heading::Columns;
use super::{Field, Kind, Own};
use crate::error::{Error, Result};
use crate::statement::FirstRows;
use crate::statement::tabular::{self, Row};
use crate::text;

/// Bytes of a digest that tell the tables of a unit's partners apart.
const MARK_BYTES: usize = 8;

/// Which column of a table with these headings is what. It reads no other table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The row of headings as it stands, empty cells too.
    pub headings: Vec<String>,
    /// Numbers from one.
    pub columns: BTreeMap<Field, usize>,
}

impl Named {
    /// What a person says of a table whose first rows they saw.
    ///
    /// # Errors
    /// `partner_layout_invalid`, `partner_column_missing`.
    pub fn of(
        kind: Kind,
        first: &FirstRows,
        heading_line: usize,
        columns: BTreeMap<Field, usize>,
    ) -> Result<Named> {
        let row = first.rows.iter().find(|(line, _)| *line == heading_line);
        let (_, headings) = row.ok_or_else(|| misnamed("heading", "no such row is shown"))?;
        Named { headings: headings.clone(), columns }.checked(kind)
    }

    /// Reads what is kept.
    ///
    /// # Errors
    /// `partner_layout_invalid` with what is wrong in it.
    pub fn from_toml(text: &str) -> Result<Named> {
        toml::from_str(text).map_err(|error| misnamed("layout", error.to_string()))
    }

    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::internal(error.to_string()))
    }

    /// The mapping, if a table of this kind can be read by it.
    ///
    /// # Errors
    /// `partner_layout_invalid`, `partner_column_missing` at the column.
    pub fn checked(self, kind: Kind) -> Result<Named> {
        if self.headings.iter().all(|heading| tabular::words(heading).is_empty()) {
            return Err(misnamed("heading", "the row of headings is empty"));
        }
        if self.headings.iter().any(|heading| heading.len() > MAX_HEADING_BYTES) {
            return Err(misnamed("heading", format!("a heading has at most {MAX_HEADING_BYTES} bytes")));
        }
        let mut taken: Vec<usize> = Vec::new();
        for (field, number) in &self.columns {
            if *number == 0 || *number > self.headings.len() {
                return Err(misnamed(field.form_name(), "no such column"));
            }
            if taken.contains(number) {
                return Err(misnamed(field.form_name(), "the column is named twice"));
            }
            taken.push(*number);
        }
        let has = |field: &Field| self.columns.contains_key(field);
        let missing = kind.needs().iter().copied().find(|group| !group.iter().any(has));
        match missing.and_then(|group| group.first()) {
            Some(field) => Err(Error::invalid(field.form_name(), "partner_column_missing", field.en())),
            None => Ok(self),
        }
    }

    /// Whether the row is that of the headings, whatever their case, marks and signs.
    pub(super) fn is_headed_by(&self, row: &Row) -> bool {
        let width = self.headings.len().max(row.cells.len());
        let heading = |index: usize| self.headings.get(index).map_or("", String::as_str);
        (0..width).all(|index| tabular::words(heading(index)) == tabular::words(row.cell(index)))
    }

    /// The same of cells that were shown.
    pub fn is_headed_by_cells(&self, cells: &[String]) -> bool {
        self.is_headed_by(&Row { line: 0, cells: cells.to_vec() })
    }
}

fn misnamed(field: &str, detail: impl Into<String>) -> Error {
    Error::invalid(field, "partner_layout_invalid", detail)
}

/// A short name of a row of headings: rows of one name head tables that are read alike, as `is_headed_by` says.
pub fn mark(cells: &[String]) -> String {
    let mut words: Vec<String> = cells.iter().map(|cell| tabular::words(cell)).collect();
    while words.last().is_some_and(String::is_empty) {
        words.pop();
    }
    let digest = digest(&SHA256, words.join("\u{1f}").as_bytes());
    text::hex(digest.as_ref().get(..MARK_BYTES).unwrap_or_default())
}

/// What the dictionary knows of the cells of a row: numbers from one.
pub fn understood(kind: Kind, cells: &[String]) -> BTreeMap<Field, usize> {
    let columns = Columns::of(&Row { line: 0, cells: cells.to_vec() }, kind, &Own::default());
    let number = |field: &Field| columns.index(*field).map(|index| (*field, index + 1));
    kind.asked().iter().filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Why, read};
    use super::*;

    const TABLE: &str = "Bảng kê\n\nAaa;Bbb;Ccc;Ccc\nX00001;25.000;9;275\nX00002;1.250.000;9;13.750\n";

    fn first() -> FirstRows {
        let cells = |row: &str| row.split(';').map(str::to_owned).collect::<Vec<String>>();
        FirstRows { rows: vec![(3, cells("Aaa;Bbb;Ccc;Ccc")), (4, cells("X00001;25.000;9;275"))], width: 4 }
    }

    fn named(columns: &[(Field, usize)]) -> Result<Named> {
        Named::of(Kind::Pos, &first(), 3, columns.iter().copied().collect())
    }

    #[test]
    fn a_table_whose_headings_nobody_knows_is_read_by_the_numbers_a_person_named() {
        let named = named(&[(Field::ApprovalCode, 1), (Field::Amount, 2), (Field::Fee, 4)]).unwrap();
        let known = [named.clone()];
        let own = Own { named: &known, ..Own::default() };
        let settled = read(TABLE.as_bytes(), Kind::Pos, &own).unwrap().settled().unwrap();
        let told: Vec<(&str, i64, i64)> =
            settled.items.iter().map(|item| (item.key.as_str(), item.amount.0, item.fee.0)).collect();
        assert_eq!(told, [("X00001", 25_000, 275), ("X00002", 1_250_000, 13_750)]);
        let other = TABLE.replace("Bbb", "Bb");
        assert_eq!(read(other.as_bytes(), Kind::Pos, &own).unwrap_err().why, Why::NoTable);
        assert_eq!(Named::from_toml(&named.to_toml().unwrap()).unwrap(), named);
    }

    #[test]
    fn what_a_person_names_is_refused_beside_the_column_that_is_wrong() {
        let refused = |columns: &[(Field, usize)]| {
            let error = named(columns).unwrap_err();
            let crate::error::Kind::Invalid { field } = error.kind() else { panic!("{error}") };
            (field.clone(), error.code())
        };
        let missing = "partner_column_missing";
        assert_eq!(refused(&[(Field::Amount, 2)]), ("column_approval_code".to_owned(), missing));
        let code = (Field::ApprovalCode, 1);
        assert_eq!(refused(&[code]), ("column_amount".to_owned(), missing));
        let invalid = "partner_layout_invalid";
        assert_eq!(refused(&[code, (Field::Amount, 1)]), ("column_amount".to_owned(), invalid));
        assert_eq!(refused(&[code, (Field::Amount, 5)]), ("column_amount".to_owned(), invalid));
        let columns = BTreeMap::from([code, (Field::Amount, 2)]);
        let error = Named::of(Kind::Pos, &first(), 9, columns).unwrap_err();
        assert_eq!(error.code(), invalid);
    }

    #[test]
    fn headings_longer_than_any_are_not_kept() {
        let of = |length: usize| {
            let headings = ["A".repeat(length), "Bbb".to_owned()].to_vec();
            let columns = BTreeMap::from([(Field::ApprovalCode, 1), (Field::Amount, 2)]);
            Named { headings, columns }.checked(Kind::Pos)
        };
        assert!(of(MAX_HEADING_BYTES).is_ok());
        let error = of(MAX_HEADING_BYTES + 1).unwrap_err();
        let crate::error::Kind::Invalid { field } = error.kind() else { panic!("{error}") };
        assert_eq!((field.as_str(), error.code()), ("heading", "partner_layout_invalid"));
    }

    #[test]
    fn a_table_of_more_columns_than_are_shown_is_read_by_what_a_person_names() {
        let headings: Vec<String> = (1..=45).map(|number| format!("Zz{number}")).collect();
        let row = |code: &str| format!("{code};25.000{}", ";x".repeat(43));
        let table = format!("{}\n{}\n{}\n", headings.join(";"), row("X00001"), row("X00002"));
        let first = crate::statement::first_rows(table.as_bytes()).unwrap();
        let columns = BTreeMap::from([(Field::ApprovalCode, 1), (Field::Amount, 2)]);
        let known = [Named::of(Kind::Pos, &first, 1, columns).unwrap()];
        let own = Own { named: &known, ..Own::default() };
        let settled = read(table.as_bytes(), Kind::Pos, &own).unwrap().settled().unwrap();
        assert_eq!(settled.items.len(), 2);
        let shown = first.into_shown();
        assert!(shown.iter().all(|(_, cells)| cells.len() == 40), "{shown:?}");
    }

    #[test]
    fn rows_of_headings_have_one_mark_where_their_tables_are_read_alike() {
        let mark = |row: &str| mark(&row.split(';').map(str::to_owned).collect::<Vec<String>>());
        assert_eq!(mark("Mã số;Bbb"), mark("MA SO ;bbb;;"));
        assert_ne!(mark("Mã;số Bbb"), mark("Mã số;Bbb"));
        assert_ne!(mark(";Bbb"), mark("Bbb"));
    }

    #[test]
    fn what_the_dictionary_knows_of_a_table_is_named_before_a_person_says_the_rest() {
        let cells = ["Mã máy", "Số tiền", "Bbb"].map(str::to_owned);
        assert_eq!(understood(Kind::Pos, &cells), BTreeMap::from([(Field::Amount, 2)]));
    }
}
