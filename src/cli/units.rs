//! Units, their accounts and series from a file, registered once: loading it again adds only what
//! is missing.

use std::fmt;

use serde::Deserialize;

use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::receipt::content::identifier::is_tax_code;
use crate::register;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::imprint::{self, Imprint, Principal};
use crate::unit::series::Phase;
use crate::unit::{self, NewUnit, Unit, account, registration, series};

/// A unit as the file describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitFile {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub tax_code: String,
    #[serde(default)]
    pub budget_code: Option<String>,
    pub address: String,
    #[serde(default)]
    pub phone: Option<String>,
    pub valid_from: BusinessDay,
    #[serde(default, rename = "account")]
    pub accounts: Vec<AccountFile>,
    #[serde(default)]
    pub series: Vec<SeriesFile>,
    /// What stands on its documents beside name and address; recorded when it differs.
    #[serde(default)]
    pub imprint: Option<ImprintFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImprintFile {
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub treasury_account: Option<String>,
    #[serde(default)]
    pub treasury_code: Option<String>,
    /// Who entrusted the collecting (ủy nhiệm thu).
    #[serde(default)]
    pub principal: Option<PrincipalFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrincipalFile {
    pub name: String,
    pub tax_code: String,
    pub contract: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFile {
    pub bank_bin: String,
    pub account_no: String,
    pub holder_name: String,
    /// The first day that is reconciled.
    pub opened_on: BusinessDay,
    /// Whole đồng at the beginning of that day.
    #[serde(default)]
    pub opening_balance: Dong,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesFile {
    #[serde(default = "receipts")]
    pub document_kind: String,
    pub template: String,
    pub series: String,
    pub year: i32,
    pub last_allowed_no: i64,
    pub registration: String,
}

fn receipts() -> String {
    "receipt".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    unit: Vec<UnitFile>,
}

/// Reads the file.
///
/// # Errors
/// `unit_file_unreadable` with the place, `tax_code_wrong` for a tax code whose check digit is off.
pub fn parse(text: &str) -> Result<Vec<UnitFile>> {
    let file: File = toml::from_str(text)
        .map_err(|error| Error::invalid("file", "unit_file_unreadable", error.to_string()))?;
    for unit in &file.unit {
        let principal = unit.imprint.as_ref().and_then(|imprint| imprint.principal.as_ref());
        for (field, code) in
            [("tax_code", Some(&unit.tax_code)), ("principal", principal.map(|p| &p.tax_code))]
        {
            if code.is_some_and(|code| !is_tax_code(code)) {
                let field = format!("unit {}.{field}", unit.code);
                return Err(Error::invalid(field, "tax_code_wrong", "its check digit does not fit"));
            }
        }
    }
    Ok(file.unit)
}

/// What loading one unit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub unit: UnitId,
    pub is_new: bool,
    pub accounts: usize,
    pub series: usize,
    /// Those of the new series that open when their year begins.
    pub planned: usize,
    /// Series that wait for the acceptance of the registration.
    pub waiting: usize,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.is_new { "registered" } else { "known" };
        write!(f, "{unit}, {} new accounts, {} new series", self.accounts, self.series)?;
        if self.planned > 0 {
            write!(f, " ({} open when their year begins)", self.planned)?;
        }
        if self.waiting > 0 {
            let next = "record the acceptance (bienlai tax registration accept) and load again";
            write!(f, "; {} series wait for the registration: {next}", self.waiting)?;
        }
        Ok(())
    }
}

/// Registers the unit, its accounts and its series where they are missing.
///
/// # Errors
/// Those of each use case; `tax_code_taken` for a new unit.
pub fn apply(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, file: &UnitFile) -> Result<Done> {
    let known = known(tx, &file.code)?;
    let is_new = known.is_none();
    let unit = match known {
        Some(unit) => unit.id,
        None => unit::register(
            tx,
            stamp,
            actor,
            NewUnit {
                code: file.code.clone(),
                name: file.name.clone(),
                kind: file.kind.clone(),
                tax_code: file.tax_code.clone(),
                budget_code: file.budget_code.clone(),
                address: file.address.clone(),
                phone: file.phone.clone(),
                valid_from: file.valid_from,
            },
        )?,
    };
    let accounts = register_accounts(tx, stamp, actor, unit, &file.accounts)?;
    let entered = enter_series(tx, stamp, actor, unit, &file.series)?;
    if let Some(wanted) = &file.imprint {
        record_imprint(tx, stamp, actor, unit, wanted)?;
    }
    let Entered { series, planned, waiting } = entered;
    Ok(Done { unit, is_new, accounts, series, planned, waiting })
}

fn known(conn: &mut Conn, code: &str) -> Result<Option<Unit>> {
    match unit::find_by_code(conn, code) {
        Ok(unit) => Ok(Some(unit)),
        Err(error) if error.code() == "unit_not_found" => Ok(None),
        Err(error) => Err(error),
    }
}

fn register_accounts(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    wanted: &[AccountFile],
) -> Result<usize> {
    let known = account::of_unit(tx, unit)?;
    let mut count = 0;
    for new in wanted.iter().filter(|new| known.iter().all(|known| known.account_no != new.account_no)) {
        account::register(
            tx,
            stamp,
            actor,
            account::NewAccount {
                unit,
                bank_bin: new.bank_bin.clone(),
                account_no: new.account_no.clone(),
                holder_name: new.holder_name.clone(),
                opened_on: new.opened_on,
                opening_balance: new.opening_balance,
            },
        )?;
        count += 1;
    }
    Ok(count)
}

fn record_imprint(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    wanted: &ImprintFile,
) -> Result<()> {
    let wanted = Imprint {
        email: wanted.email.clone(),
        treasury_account: wanted.treasury_account.clone(),
        treasury_code: wanted.treasury_code.clone(),
        principal: wanted.principal.as_ref().map(|principal| Principal {
            name: principal.name.clone(),
            tax_code: principal.tax_code.clone(),
            contract: principal.contract.clone(),
        }),
        issuer: None,
        naming: None,
    };
    let known = imprint::recorded(tx, &[unit], stamp.today())?.pop().map(|(_, known)| known);
    if known.as_ref() != Some(&wanted) {
        imprint::record(tx, stamp, actor, unit, stamp.today(), &wanted)?;
    }
    Ok(())
}

/// What became of the series of a file: how many are new, how many of these are of a year to come, and how many
/// wait.
#[derive(Default)]
struct Entered {
    series: usize,
    planned: usize,
    waiting: usize,
}

fn enter_series(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    wanted: &[SeriesFile],
) -> Result<Entered> {
    let known = series::of_unit(tx, unit)?;
    let is_known = |new: &SeriesFile| {
        known
            .iter()
            .any(|old| (&old.template, &old.series, old.year) == (&new.template, &new.series, new.year))
    };
    let mut entered = Entered::default();
    for (row, new) in (1..).zip(wanted).filter(|(_, new)| !is_known(new)) {
        let new = series_of(unit, new);
        let checked = register::check_new(&new).and_then(|()| register::check_year(&new, stamp.today()));
        checked.map_err(|error| error.in_field(&named(row, &new)))?;
        if registration::accepted(tx, unit, &new.document_kind)?.is_none() {
            entered.waiting += 1;
            continue;
        }
        let phase = register::enrol(tx, stamp, actor, new)?;
        entered.planned += usize::from(phase == Phase::Planned);
        entered.series += 1;
    }
    Ok(entered)
}

/// A series of the file by its row among those of its unit, from 1, and its name: a file has many.
fn named(row: usize, new: &series::NewSeries) -> String {
    format!("row {row} {} {}", new.template, new.series)
}

fn series_of(unit: UnitId, file: &SeriesFile) -> series::NewSeries {
    series::NewSeries {
        unit,
        document_kind: file.document_kind.clone(),
        template: file.template.clone(),
        series: file.series.clone(),
        year: file.year,
        last_allowed_no: file.last_allowed_no,
        registration: file.registration.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_of_the_demo_read_and_have_right_tax_codes() {
        let units = parse(include_str!("../../fixtures/units/demo.toml")).unwrap();
        assert_eq!(units.len(), 3);
        let communes = include_str!("../../fixtures/units/hanoi-communes.csv");
        assert_eq!(communes.lines().count(), 1 + 126);
        let tariff = include_str!("../../fixtures/tariff/hanoi.toml").lines();
        let documents = tariff.filter_map(|line| line.strip_prefix("document = "));
        let documents: Vec<&str> = documents.map(|kind| kind.trim_matches('"')).collect();
        let documents: Vec<&str> = documents.into_iter().filter(|kind| *kind != "none").collect();
        assert!(documents.len() > 10, "{documents:?}");
        for unit in &units {
            assert_eq!((unit.accounts.len(), unit.series.len()), (1, 4), "{}", unit.code);
            for kind in &documents {
                let has_series = unit.series.iter().any(|series| series.document_kind == *kind);
                assert!(has_series, "{} could never number the tariff's {kind}", unit.code);
            }
            let official = communes.lines().any(|line| {
                line.starts_with(&format!("{},", unit.code)) && line.ends_with(&format!(",{}", unit.name))
            });
            assert!(official, "{} {} is no commune of the city", unit.code, unit.name);
        }
    }

    #[test]
    fn a_series_that_could_number_nothing_is_refused_before_it_is_opened() {
        let series = |kind: &str, template: &str, series: &str, year: i32| SeriesFile {
            document_kind: kind.to_owned(),
            template: template.to_owned(),
            series: series.to_owned(),
            year,
            last_allowed_no: 10,
            registration: "TB".to_owned(),
        };
        let today = "2026-09-01".parse().unwrap();
        let refused = |new: SeriesFile| {
            let new = series_of(UnitId(2), &new);
            let checked = register::check_new(&new).and_then(|()| register::check_year(&new, today));
            checked.err().map(|error| error.code())
        };
        assert_eq!(refused(series("receipt", "01BLP0-001", "BL-26E", 2026)), None);
        assert_eq!(refused(series("invoice_vat", "1", "K26TAA", 2026)), None);
        let faults = [
            (series("receipt", "01BLP2-001", "BL-26E", 2026), "receipt_template_malformed"),
            (series("receipt", "01BLP0-001", "BL-26T", 2026), "receipt_series_malformed"),
            (series("receipt", "01BLP0-001", "BL-27E", 2026), "receipt_series_year_wrong"),
            (series("receipt_phi", "01BLP0-001", "BL-26E", 2026), "document_kind_not_issued"),
            (series("none", "1", "K26TAA", 2026), "document_kind_not_issued"),
            (series("invoice_vat", "2", "K26TAA", 2026), "invoice_template_malformed"),
            (series("invoice_vat", "1", "K25TAA", 2026), "receipt_series_year_wrong"),
            (series("invoice_vat", "1", "C26TAA", 2026), "invoice_series_coded"),
            (series("invoice_vat_with_receipt", "8", "K25TAA", 2024), "invoice_kind_unknown"),
        ];
        for (new, code) in faults {
            let name = format!("{} {} {}", new.document_kind, new.template, new.series);
            assert_eq!(refused(new), Some(code), "{name}");
        }
        let until = |kind: &str, template: &str, name: &str, last_allowed_no: i64| {
            refused(SeriesFile { last_allowed_no, ..series(kind, template, name, 2026) })
        };
        let receipts = |last: i64| until("receipt", "01BLP0-001", "BL-26E", last);
        let invoices = |last: i64| until("invoice_vat", "1", "K26TAA", last);
        assert_eq!([receipts(1), receipts(9_999_999), invoices(99_999_999)], [None; 3]);
        for wrong in [receipts(0), receipts(-5), receipts(10_000_000), invoices(100_000_000)] {
            assert_eq!(wrong, Some("series_last_number_wrong"));
        }
        assert_eq!(refused(series("receipt", "01BLP0-001", "BL-27E", 2027)), None, "next year's");
        let far = refused(series("receipt", "01BLP0-001", "BL-28E", 2028));
        assert_eq!(far, Some("series_year_far"));
    }

    #[test]
    fn the_imprint_of_an_entrusted_unit_names_a_principal_with_a_right_tax_code() {
        let file = |code: &str| {
            format!(
                "[[unit]]\ncode = \"1\"\nname = \"A\"\nkind = \"xã\"\ntax_code = \"9900000009\"\n\
                 address = \"B\"\nvalid_from = \"2025-07-01\"\n[unit.imprint]\n\
                 principal = {{ name = \"C\", tax_code = \"{code}\", contract = \"01\" }}\n"
            )
        };
        let unit = parse(&file("9900000016")).unwrap().remove(0);
        assert_eq!(unit.imprint.unwrap().principal.unwrap().contract, "01");
        assert_eq!(parse(&file("9900000017")).unwrap_err().code(), "tax_code_wrong");
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let error = parse("[[unit]]\ncode = \"1\"\nnam = \"x\"\n").unwrap_err();
        assert_eq!(error.code(), "unit_file_unreadable");
    }
}
