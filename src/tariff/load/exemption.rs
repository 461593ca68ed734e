//! Exemption groups, exemptions and procedures: rows that name other rows.

use super::fields::{self, Fault};
use super::raw::{RawExemption, RawGroup, RawProcedure};
use crate::tariff::exemption::{Exemption, ExemptionGroup};
use crate::tariff::item::{FeeItem, FeeKind, Procedure, Tariff};

const GROUND_LIMIT: usize = 500;

pub(super) fn group(raw: &RawGroup) -> Result<ExemptionGroup, Fault> {
    Ok(ExemptionGroup {
        code: fields::code(&raw.code)?,
        name: fields::name("name", &raw.name, raw.name_en.as_deref())?,
    })
}

pub(super) fn exemption(raw: &RawExemption, tariff: &Tariff) -> Result<Exemption, Fault> {
    if !tariff.groups.contains_key(&raw.group) {
        return Err(Fault::new(
            "tariff_group_unknown",
            format!("there is no exemption group `{}`", raw.group),
        ));
    }
    if raw.items.as_ref().is_some_and(Vec::is_empty) {
        return Err(Fault::new("tariff_exemption_wrong", "leave `items` out to mean every phí and lệ phí"));
    }
    for code in raw.items.iter().flatten() {
        if known(tariff, code)?.kind == FeeKind::PassThrough {
            let detail = format!("`{code}` is passed on to another and not ours to waive");
            return Err(Fault::new("tariff_exemption_wrong", detail));
        }
    }
    Ok(Exemption {
        group: raw.group.clone(),
        items: raw.items.clone(),
        percent: fields::percent(&raw.percent)?,
        period: fields::period(&raw.valid_from, raw.valid_to.as_deref())?,
        legal_ground: fields::text("legal_ground", &raw.legal_ground, GROUND_LIMIT)?,
    })
}

pub(super) fn procedure(raw: &RawProcedure, tariff: &Tariff) -> Result<Procedure, Fault> {
    for code in &raw.items {
        known(tariff, code)?;
    }
    Ok(Procedure {
        code: fields::code(&raw.code)?,
        name: fields::name("name", &raw.name, raw.name_en.as_deref())?,
        items: raw.items.clone(),
    })
}

fn known<'a>(tariff: &'a Tariff, code: &str) -> Result<&'a FeeItem, Fault> {
    let unknown = || Fault::new("tariff_item_unknown", format!("there is no fee item `{code}`"));
    tariff.items.get(code).ok_or_else(unknown)
}
