//! What a dossier system asks for, before it is assessed: the same for the API and the CSV load.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Line, NewObligation};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::party::Payer;
use crate::store::Conn;
use crate::tariff::{self, AskedItem, IntakeMode, Place, Quantities, Tariff, UnitKind};
use crate::unit::{self, Unit};

/// Without a due date in the request the payer has this many days.
const DUE_AFTER_DAYS: i64 = 10;

/// A request to raise an obligation. Units are named by their official codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub dossier_code: String,
    pub procedure_code: String,
    /// Lĩnh vực.
    pub procedure_field: String,
    /// `counter`, `online_partial` or `online_full`.
    pub intake_mode: String,
    /// The unit that collects, and that the receipt names.
    pub collecting_unit: String,
    /// Where the dossier was handed in; the collecting unit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_unit: Option<String>,
    /// Who decides on it; the collecting unit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competent_unit: Option<String>,
    pub submitted_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_due_on: Option<BusinessDay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<BusinessDay>,
    #[serde(default)]
    pub electronic_required: bool,
    #[serde(default)]
    pub payer: Payer,
    pub lines: Vec<AskedLine>,
    /// Codes of the exemption groups the payer has proven to belong to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemptions: Vec<String>,
}

/// One fee item with what it is measured by, or with its amount where the tariff leaves it open.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedLine {
    pub item: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// A decimal as text, at most six decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_value: Option<Dong>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Dong>,
}

/// The units a request names.
#[derive(Clone, Debug)]
pub struct Units {
    pub collecting: Unit,
    pub receiving: Unit,
    pub competent: Unit,
}

/// Finds the units of a request; each one unknown is named by its field.
pub fn find_units(conn: &mut Conn, request: &Request) -> Result<Units> {
    let collecting = find_unit(conn, "collecting_unit", &request.collecting_unit)?;
    let receiving = other_unit(conn, "receiving_unit", request.receiving_unit.as_deref(), &collecting)?;
    let competent = other_unit(conn, "competent_unit", request.competent_unit.as_deref(), &collecting)?;
    Ok(Units { collecting, receiving, competent })
}

fn other_unit(conn: &mut Conn, field: &str, code: Option<&str>, collecting: &Unit) -> Result<Unit> {
    match code {
        Some(code) if code != collecting.code => find_unit(conn, field, code),
        _ => Ok(collecting.clone()),
    }
}

fn find_unit(conn: &mut Conn, field: &str, code: &str) -> Result<Unit> {
    unit::find_by_code(conn, code).map_err(|error| match error.code() {
        "unit_not_found" => Error::invalid(field, "unit_not_found", "no unit has this code"),
        _ => error,
    })
}

/// Assesses the request by the tariff of `today` and gives what `raise` takes.
///
/// # Errors
/// Those of `tariff::assess`, `intake_mode_unknown`, `unit_kind_unknown`.
pub fn assess(tariff: &Tariff, units: &Units, today: BusinessDay, request: Request) -> Result<NewObligation> {
    let intake_mode = IntakeMode::parse(&request.intake_mode)?;
    let place = Place {
        unit_code: units.collecting.code.clone(),
        unit_kind: UnitKind::parse(&units.collecting.kind)?,
    };
    let assessment = tariff::assess(tariff, &tariff::Request {
        place,
        channel: intake_mode,
        on: today,
        items: request.lines.iter().map(AskedLine::item).collect(),
        exemptions: request.exemptions,
    })
    .map_err(told_of_lines)?;
    let waived_ground = assessment.waived_ground();
    Ok(NewObligation {
        unit: units.collecting.id,
        dossier_code: crate::text::clean(&request.dossier_code),
        procedure_code: crate::text::clean(&request.procedure_code),
        procedure_field: crate::text::clean(&request.procedure_field),
        intake_mode,
        receiving_unit: units.receiving.id,
        competent_unit: units.competent.id,
        submitted_at: request.submitted_at,
        result_due_on: request.result_due_on,
        due_on: request.due_on.unwrap_or_else(|| today.plus_days(DUE_AFTER_DAYS)),
        electronic_required: request.electronic_required,
        payer: request.payer,
        lines: assessment.lines.into_iter().map(assessed_line).collect(),
        waived_ground,
    })
}

impl AskedLine {
    fn item(&self) -> AskedItem {
        AskedItem {
            code: self.item.clone(),
            quantities: Quantities {
                pages: self.pages,
                copies: self.copies,
                quantity: self.quantity,
                base_value: self.base_value,
            },
            amount: self.amount,
        }
    }
}

/// The tariff speaks of `items`, the request of `lines`.
fn told_of_lines(error: Error) -> Error {
    let crate::error::Kind::Invalid { field } = error.kind() else { return error };
    let Some(rest) = field.strip_prefix("items") else { return error };
    Error::invalid(format!("lines{rest}"), error.code(), error.detail())
}

fn assessed_line(line: tariff::Line) -> Line {
    let explanation =
        line.explanation().into_iter().map(|words| words.vi).collect::<Vec<String>>().join("\n");
    Line {
        item_code: line.item,
        item_name: line.name.vi,
        kind: line.kind.as_str().to_owned(),
        document_kind: line.document.as_str().to_owned(),
        measure_unit: line.unit.vi,
        quantity: line.quantity,
        unit_price: line.unit_price,
        gross: line.gross,
        reduction: line.reduction.as_ref().map_or(Dong::ZERO, |reduction| reduction.amount),
        reduction_percent: line.reduction.as_ref().map(|reduction| reduction.percent),
        reduction_ground: line.reduction.map(|reduction| reduction.legal_ground),
        amount: line.amount,
        chapter: line.chapter,
        sub_item: line.sub_item,
        kept_share_bp: line.kept_share_bp,
        legal_ground: line.legal_ground,
        explanation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UnitId;

    fn ward() -> Unit {
        Unit {
            id: UnitId(7),
            code: "00004".into(),
            name: "Phường Ba Đình".into(),
            kind: "phường".into(),
            tax_code: "0100000009".into(),
            budget_code: None,
            address: "Hà Nội".into(),
            phone: None,
            valid_from: "2025-07-01".parse().unwrap(),
            valid_until: None,
        }
    }

    fn assessed(lines: &str) -> Result<NewObligation> {
        let tariff = tariff::load(include_str!("../../fixtures/tariff/hanoi.toml")).unwrap();
        let request = serde_json::from_str(&format!(
            r#"{{"dossier_code":"H26.4-1","procedure_code":"2.000815","procedure_field":"Chứng thực",
                "intake_mode":"counter","collecting_unit":"00004",
                "submitted_at":"2026-11-20T08:00:00+07:00","lines":{lines}}}"#
        ))
        .unwrap();
        let units = Units { collecting: ward(), receiving: ward(), competent: ward() };
        assess(&tariff, &units, "2026-11-22".parse().unwrap(), request)
    }

    #[test]
    fn five_copies_of_three_pages_cost_what_the_tariff_says_and_say_why() {
        let new = assessed(r#"[{"item":"chung_thuc_ban_sao","pages":3,"copies":5}]"#).unwrap();
        assert_eq!(new.lines[0].amount, Dong(25_000));
        assert!(new.lines[0].explanation.contains("Thông tư 226/2016/TT-BTC"), "{}", new.lines[0].explanation);
        assert_eq!(new.due_on.to_string(), "2026-12-02");
        assert_eq!(new.competent_unit, UnitId(7));
    }

    #[test]
    fn a_mistake_is_told_of_the_line_it_stands_in() {
        let error = assessed(r#"[{"item":"chung_thuc_chu_ky"},{"item":"nothing"}]"#).unwrap_err();
        assert!(error.to_string().starts_with("lines[1].code:"), "{error}");
    }
}
