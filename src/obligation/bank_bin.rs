//! Banks by the number that VietQR knows them by (BIN, six digits).
//!
//! The list is data (`fixtures/banks.csv`, after the State Bank's letter 1589/NHNN-TT of
//! 5 March 2024): banks are renamed and merged, their numbers stay.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::text;

/// One bank of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    pub bin: String,
    /// The name of today.
    pub name: String,
    /// BIC without branch, where the list has it.
    pub swift: Option<String>,
    /// Earlier names, separated by `|`.
    former_names: Option<String>,
}

impl Bank {
    pub fn former_names(&self) -> impl Iterator<Item = &str> {
        self.former_names.as_deref().unwrap_or_default().split('|').filter(|name| !name.is_empty())
    }
}

/// The list, by BIN.
#[derive(Clone, Debug, Default)]
pub struct Banks(BTreeMap<String, Bank>);

impl Banks {
    /// Reads CSV with the header `bin,name,swift,former_names`.
    pub fn load(text: &str) -> Result<Banks> {
        let mut banks = BTreeMap::new();
        for (index, row) in csv::Reader::from_reader(text.as_bytes()).deserialize::<Bank>().enumerate() {
            let row_number = index + 2;
            let bank = row.map_err(|error| bad_row(row_number, &error.to_string()))?;
            if !is_bin(&bank.bin) || bank.name.is_empty() {
                return Err(bad_row(row_number, "expected six digits and a name"));
            }
            if let Some(earlier) = banks.insert(bank.bin.clone(), bank) {
                return Err(bad_row(row_number, &format!("{} stands there twice", earlier.bin)));
            }
        }
        Ok(Banks(banks))
    }

    pub fn by_bin(&self, bin: &str) -> Option<&Bank> {
        self.0.get(bin)
    }

    pub fn all(&self) -> impl Iterator<Item = &Bank> {
        self.0.values()
    }
}

/// Six ASCII digits.
pub fn is_bin(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The list that comes with the program.
fn known() -> &'static Banks {
    static KNOWN: std::sync::OnceLock<Banks> = std::sync::OnceLock::new();
    KNOWN.get_or_init(|| Banks::load(include_str!("../../fixtures/banks.csv")).unwrap_or_default())
}

/// The name of a bank on the list that comes with the program; the number itself for another.
pub fn name_of(bin: &str) -> &str {
    known().by_bin(bin).map_or(bin, |bank| bank.name.as_str())
}

/// The bank that a person names: by its number, its name or an earlier one, or its BIC, in whatever letters.
pub fn find(text: &str) -> Option<&'static Bank> {
    let asked = text::squash(text);
    let is_named = |name: &str| !asked.is_empty() && text::squash(name) == asked;
    known().all().find(|bank| {
        let others = bank.former_names().chain(bank.swift.as_deref());
        bank.bin == asked || is_named(&bank.name) || others.into_iter().any(is_named)
    })
}

/// Number and name of every bank of the list that comes with the program, by name.
pub fn choices() -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<_> = known().all().map(|bank| (bank.bin.as_str(), bank.name.as_str())).collect();
    found.sort_unstable_by_key(|(_, name)| text::squash(name));
    found
}

/// The name as its bank writes it, of one written in whatever case.
pub fn spelled(name: &str) -> Option<&'static str> {
    known().all().map(|bank| bank.name.as_str()).find(|known| known.eq_ignore_ascii_case(name))
}

fn bad_row(row_number: usize, reason: &str) -> Error {
    Error::invalid(format!("row[{row_number}]"), "bank_list_unreadable", reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_names_the_bank_of_a_number() {
        let banks = Banks::load(include_str!("../../fixtures/banks.csv")).unwrap();
        let vpbank = banks.by_bin("970432").unwrap();
        assert_eq!((vpbank.name.as_str(), vpbank.swift.as_deref()), ("VPBank", Some("VPBKVNVX")));
        assert_eq!(banks.by_bin("970414").unwrap().former_names().collect::<Vec<_>>(), ["OceanBank"]);
        assert_eq!(banks.all().count(), 45);
    }

    #[test]
    fn a_bank_is_found_by_whatever_people_call_it() {
        let bin = |text: &str| find(text).map(|bank| bank.bin.as_str());
        for text in ["970432", "VPBank", "vp bank", "VPBKVNVX"] {
            assert_eq!(bin(text), Some("970432"), "{text}");
        }
        assert_eq!(bin("OceanBank"), Some("970414"), "by an earlier name");
        assert_eq!((bin(""), bin("xyz gì đó"), bin("970")), (None, None, None));
        assert_eq!(choices().len(), 45);
    }

    #[test]
    fn a_bank_is_spelled_as_it_spells_itself() {
        assert_eq!(spelled("vpbank"), Some("VPBank"));
        assert_eq!(spelled("VPBank"), Some("VPBank"));
        assert_eq!(spelled("kho-bac"), None);
    }

    #[test]
    fn a_bad_row_is_named() {
        let error = |rows: &str| Banks::load(&format!("bin,name,swift,former_names\n{rows}")).unwrap_err();
        assert!(error("970432,VPBank,,\n97043,Short,,").to_string().starts_with("row[3]"));
        assert!(error("970432,VPBank,,\n970432,Again,,").to_string().contains("twice"));
        assert_eq!(error("970432,VPBank").code(), "bank_list_unreadable");
    }
}
