//! One charge of a fee item.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::fields::{self, Fault};
use super::raw::{RawCharge, RawTier};
use crate::amount::Dong;
use crate::tariff::charge::{Charge, Measure, Pricing, Tier};
use crate::tariff::item::FeeKind;
use crate::tariff::place::{IntakeMode, Places, UnitKind};

const GROUND_LIMIT: usize = 500;
const UNIT_CODE_LIMIT: usize = 30;

pub(super) fn charge(raw: &RawCharge, kind: FeeKind) -> Result<Charge, Fault> {
    let pricing = pricing(raw)?;
    if pricing == Pricing::Stated && kind == FeeKind::LePhi {
        return Err(Fault::new("tariff_pricing_unclear", "a lệ phí is set by the tariff, never stated"));
    }
    let cap = raw.cap.map(|cap| fields::dong("cap", cap)).transpose()?;
    let floor = raw.floor.map(|floor| fields::dong("floor", floor)).transpose()?;
    if let (Some(cap), Some(floor)) = (cap, floor)
        && cap < floor
    {
        return Err(Fault::new(
            "tariff_cap_below_floor",
            format!("the cap {cap} is below the floor {floor}"),
        ));
    }
    Ok(Charge {
        places: places(raw)?,
        channels: channels(raw.channels.as_deref())?,
        period: fields::period(&raw.valid_from, raw.valid_to.as_deref())?,
        legal_ground: fields::text("legal_ground", &raw.legal_ground, GROUND_LIMIT)?,
        pricing,
        cap,
        floor,
    })
}

fn pricing(raw: &RawCharge) -> Result<Pricing, Fault> {
    let per_copy = raw.per_copy.unwrap_or(false);
    if (per_copy || raw.cap_per_copy.is_some()) && (raw.tiers.is_none() || !per_copy) {
        return unclear("`per_copy` belongs to `tiers`, and `cap_per_copy` to `per_copy`");
    }
    match (raw.per_unit, &raw.percent, &raw.tiers, raw.stated) {
        (Some(price), None, None, None) => {
            Ok(Pricing::PerUnit { price: fields::dong("per_unit", price)?, of: measure(raw)? })
        }
        (None, None, Some(tiers), None) => {
            let of = measure(raw)?;
            if per_copy && of == Measure::Copies {
                return unclear("`per_copy` multiplies by the copies; its tiers count something else");
            }
            let cap_per_copy = raw.cap_per_copy.map(|cap| fields::dong("cap_per_copy", cap)).transpose()?;
            Ok(Pricing::Tiers { tiers: rising(tiers)?, of, per_copy, cap_per_copy })
        }
        (None, Some(_), None, None) | (None, None, None, Some(true)) if raw.of.is_some() => {
            unclear("`of` belongs to `per_unit` and `tiers`")
        }
        (None, Some(percent), None, None) => Ok(Pricing::Percentage { percent: fields::percent(percent)? }),
        (None, None, None, Some(true)) => Ok(Pricing::Stated),
        _ => unclear("exactly one of `per_unit`, `percent`, `tiers` and `stated = true` sets the price"),
    }
}

fn unclear<T>(detail: &str) -> Result<T, Fault> {
    Err(Fault::new("tariff_pricing_unclear", detail))
}

fn measure(raw: &RawCharge) -> Result<Measure, Fault> {
    match raw.of.as_deref() {
        Some("pages") => Ok(Measure::Pages),
        Some("copies") => Ok(Measure::Copies),
        Some("quantity") | None => Ok(Measure::Quantity),
        Some(_) => unclear("`of` must be pages, copies or quantity"),
    }
}

/// Bounds rise, and only the last step has none, so that every quantity has one price.
fn rising(raw: &[RawTier]) -> Result<Vec<Tier>, Fault> {
    let mut tiers = Vec::new();
    let mut last_bound = 0;
    for (index, tier) in raw.iter().enumerate() {
        let is_last = index + 1 == raw.len();
        if tier.up_to.is_none() != is_last || tier.up_to.is_some_and(|up_to| up_to <= last_bound) {
            let detail = "`up_to` must rise from tier to tier and be absent in the last one only";
            return Err(Fault::new("tariff_tiers_wrong", detail));
        }
        last_bound = tier.up_to.unwrap_or(last_bound);
        let price: Dong = fields::dong("price", tier.price)?;
        tiers.push(Tier { up_to: tier.up_to.map(Decimal::from), price });
    }
    if tiers.is_empty() {
        return Err(Fault::new("tariff_tiers_wrong", "there is no tier"));
    }
    Ok(tiers)
}

fn places(raw: &RawCharge) -> Result<Places, Fault> {
    let wrong = |detail: String| Err(Fault::new("tariff_places_wrong", detail));
    match (&raw.unit_kinds, &raw.unit_codes) {
        (None, None) => Ok(Places::City),
        (Some(kinds), None) if !kinds.is_empty() => {
            let kinds: Result<BTreeSet<UnitKind>, String> =
                kinds.iter().map(|kind| UnitKind::parse(kind).map_err(|_| kind.clone())).collect();
            kinds.map(Places::Kinds).or_else(|kind| wrong(format!("unknown unit kind `{kind}`")))
        }
        (None, Some(codes)) if !codes.is_empty() => {
            if let Some(code) =
                codes.iter().find(|code| code.trim().is_empty() || code.len() > UNIT_CODE_LIMIT)
            {
                return wrong(format!("`{code}` is no unit code"));
            }
            Ok(Places::Units(codes.iter().cloned().collect()))
        }
        _ => wrong("name `unit_kinds` or `unit_codes`, not both and not empty".to_owned()),
    }
}

fn channels(raw: Option<&[String]>) -> Result<BTreeSet<IntakeMode>, Fault> {
    let Some(raw) = raw else {
        return Ok(IntakeMode::ALL.into_iter().collect());
    };
    let channels: Option<BTreeSet<IntakeMode>> =
        raw.iter().map(|mode| IntakeMode::parse(mode).ok()).collect();
    channels.filter(|channels| !channels.is_empty()).ok_or_else(|| {
        Fault::new("tariff_places_wrong", "`channels` must name counter, online_partial or online_full")
    })
}
