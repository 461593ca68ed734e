//! Reading a tariff file, refusing it row by row.
//!
//! The file is TOML: `name`, `[[fee]]` with `[[fee.charge]]`, `[[exemption_group]]`,
//! `[[exemption]]`, `[[procedure]]`. Money is whole đồng, percentages are text ("0.15") so that no
//! float comes near them, dates are text ("2026-07-25"). Unknown keys are refused: a misspelt
//! `valid_to` would otherwise keep a repealed fee alive.

mod charge;
mod exemption;
mod fee;
mod fields;
mod raw;
mod validity;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use self::fields::Fault;
use self::raw::{RawExemption, RawFee, RawGroup, RawProcedure};
use super::item::Tariff;

/// What is wrong with one row of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// Counted from 1.
    pub line: usize,
    /// Section and code of the row: `fee ho_tich_khai_sinh`.
    pub row: String,
    /// A stable code of `errors.toml`.
    pub code: &'static str,
    pub detail: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}: {} ({})", self.line, self.row, self.detail, self.code)
    }
}

/// Reads and checks a tariff. Either all of it is good, or every bad row is told, by line.
pub fn load(text: &str) -> Result<Tariff, Vec<RowError>> {
    let mut report = Report::new(text);
    let tariff = report.sections(text).map(|sections| assemble(sections, &mut report));
    let mut problems = report.problems;
    problems.sort_by_key(|problem| problem.line);
    tariff.filter(|_| problems.is_empty()).ok_or(problems)
}

/// A row as it stood in the file.
struct Row<T> {
    line: usize,
    label: String,
    raw: T,
}

#[derive(Default)]
struct Sections {
    name: Option<String>,
    fees: Vec<Row<RawFee>>,
    groups: Vec<Row<RawGroup>>,
    exemptions: Vec<Row<RawExemption>>,
    procedures: Vec<Row<RawProcedure>>,
}

fn assemble(sections: Sections, report: &mut Report) -> Tariff {
    let mut tariff = Tariff {
        name: report.take("name", fields::text("name", sections.name.as_deref().unwrap_or_default(), 200)),
        items: BTreeMap::new(),
        groups: BTreeMap::new(),
        exemptions: Vec::new(),
        procedures: BTreeMap::new(),
    };
    for row in sections.fees {
        if let Some(item) = fee::item(&row, report) {
            let code = item.code.clone();
            let repeated = tariff.items.insert(code, item).is_some();
            report.refuse_repeated(repeated, &row);
        }
    }
    for row in sections.groups {
        if let Some(group) = report.keep(&row, exemption::group(&row.raw)) {
            let repeated = tariff.groups.insert(group.code.clone(), group).is_some();
            report.refuse_repeated(repeated, &row);
        }
    }
    for row in sections.exemptions {
        let names_a_bad_row = report.has_bad("exemption_group", [&row.raw.group])
            || report.has_bad("fee", row.raw.items.iter().flatten());
        if !names_a_bad_row {
            let exemption = exemption::exemption(&row.raw, &tariff);
            tariff.exemptions.extend(report.keep(&row, exemption));
        }
    }
    for row in sections.procedures {
        if report.has_bad("fee", &row.raw.items) {
            continue;
        }
        if let Some(procedure) = report.keep(&row, exemption::procedure(&row.raw, &tariff)) {
            let repeated = tariff.procedures.insert(procedure.code.clone(), procedure).is_some();
            report.refuse_repeated(repeated, &row);
        }
    }
    tariff
}

/// Collects what is wrong, and knows which byte stands in which line.
struct Report {
    line_starts: Vec<usize>,
    problems: Vec<RowError>,
}

impl Report {
    fn new(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Report { line_starts: std::iter::once(0).chain(after_breaks).collect(), problems: Vec::new() }
    }

    fn line_of(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= byte)
    }

    fn add(&mut self, line: usize, row: &str, fault: Fault) {
        self.problems.push(RowError { line, row: row.to_owned(), code: fault.code, detail: fault.detail });
    }

    /// Rows that name a bad row are not bad themselves: one mistake is told once.
    fn has_bad<'a>(&self, section: &str, codes: impl IntoIterator<Item = &'a String>) -> bool {
        let labels: Vec<String> = codes.into_iter().map(|code| format!("{section} {code}")).collect();
        self.problems.iter().any(|problem| labels.contains(&problem.row))
    }

    fn keep<T, R>(&mut self, row: &Row<R>, built: Result<T, Fault>) -> Option<T> {
        built.map_err(|fault| self.add(row.line, &row.label, fault)).ok()
    }

    fn take(&mut self, label: &str, built: Result<String, Fault>) -> String {
        built.map_err(|fault| self.add(1, label, fault)).unwrap_or_default()
    }

    fn refuse_repeated<R>(&mut self, repeated: bool, row: &Row<R>) {
        if repeated {
            self.add(row.line, &row.label, Fault::new("tariff_code_repeated", "the code stands there twice"));
        }
    }

    /// `None` when the text is no TOML at all.
    fn sections(&mut self, text: &str) -> Option<Sections> {
        let document = match DeTable::parse(text) {
            Ok(document) => document.into_inner(),
            Err(error) => {
                self.add_toml("file", 0, &error, "tariff_unreadable");
                return None;
            }
        };
        let mut sections = Sections::default();
        for (key, value) in document {
            match key.get_ref().as_ref() {
                "name" => sections.name = value.get_ref().as_str().map(str::to_owned),
                "fee" => sections.fees = self.rows("fee", value),
                "exemption_group" => sections.groups = self.rows("exemption_group", value),
                "exemption" => sections.exemptions = self.rows("exemption", value),
                "procedure" => sections.procedures = self.rows("procedure", value),
                unknown => {
                    let fault = Fault::new("tariff_key_unknown", format!("unknown key `{unknown}`"));
                    self.add(self.line_of(key.span().start), "file", fault);
                }
            }
        }
        Some(sections)
    }

    fn rows<T: DeserializeOwned>(&mut self, section: &str, value: Spanned<DeValue<'_>>) -> Vec<Row<T>> {
        let start = value.span().start;
        let DeValue::Array(elements) = value.into_inner() else {
            let fault = Fault::new("tariff_row_unreadable", format!("expected rows as [[{section}]]"));
            self.add(self.line_of(start), section, fault);
            return Vec::new();
        };
        let mut rows = Vec::new();
        for (index, element) in elements.into_iter().enumerate() {
            let start = element.span().start;
            let code = element.get_ref().get("code").and_then(|code| code.get_ref().as_str());
            let label = format!("{section} {}", code.map_or_else(|| (index + 1).to_string(), str::to_owned));
            match T::deserialize(ValueDeserializer::from(element)) {
                Ok(raw) => rows.push(Row { line: self.line_of(start), label, raw }),
                Err(error) => self.add_toml(&label, start, &error, "tariff_row_unreadable"),
            }
        }
        rows
    }

    fn add_toml(&mut self, row: &str, start: usize, error: &toml::de::Error, code: &'static str) {
        let unknown_key = error.message().starts_with("unknown field");
        let code = if unknown_key { "tariff_key_unknown" } else { code };
        let line = self.line_of(error.span().map_or(start, |span| span.start));
        self.add(line, row, Fault::new(code, error.message()));
    }
}

#[cfg(test)]
mod tests;
