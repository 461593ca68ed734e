//! The amount of one item before exemptions.

use rust_decimal::Decimal;

use super::assess::{AskedItem, Quantities};
use super::charge::{Charge, Measure, Pricing, Tier};
use super::explain::{Step, Words};
use super::item::FeeItem;
use crate::amount::Dong;
use crate::error::{Error, Result};

/// No dossier counts more; it keeps every product within the range of a decimal.
pub const QUANTITY_LIMIT: u32 = 1_000_000_000;
/// What the receipt format carries.
const QUANTITY_DECIMALS: u32 = 6;

/// An amount before exemptions, as quantity × unit price.
pub(super) struct Gross {
    pub(super) quantity: Decimal,
    pub(super) unit: Words,
    pub(super) unit_price: Decimal,
    pub(super) amount: Dong,
    pub(super) steps: Vec<Step>,
}

impl Gross {
    /// One time the whole amount: where no single unit price gives it.
    fn whole(unit: Words, amount: Dong, steps: Vec<Step>) -> Self {
        Gross { quantity: Decimal::ONE, unit, unit_price: amount.to_decimal(), amount, steps }
    }

    fn bounded(mut self, charge: &Charge) -> Self {
        let before = self.amount;
        let bounded = if let Some(floor) = charge.floor.filter(|&floor| before < floor) {
            self.steps.push(Step::Floor { before, floor });
            floor
        } else if let Some(cap) = charge.cap.filter(|&cap| cap < before) {
            self.steps.push(Step::Cap { before, cap });
            cap
        } else {
            return self;
        };
        Gross::whole(Words::new("lần", "time"), bounded, self.steps)
    }
}

impl Pricing {
    /// What a request states of such an item: `pages`, `copies`, `quantity` (1 when absent), `base_value` or
    /// `amount`.
    pub fn takes(&self) -> Vec<&'static str> {
        match self {
            Pricing::PerUnit { of, .. } | Pricing::Tiers { of, per_copy: false, .. } => vec![field(*of)],
            Pricing::Tiers { of, per_copy: true, .. } => vec![field(*of), "copies"],
            Pricing::Percentage { .. } => vec!["base_value"],
            Pricing::Stated => vec!["amount"],
        }
    }
}

fn field(of: Measure) -> &'static str {
    match of {
        Measure::Pages => "pages",
        Measure::Copies => "copies",
        Measure::Quantity => "quantity",
    }
}

/// What is wanted instead, for the detail of a refusal.
fn takes(pricing: &Pricing) -> String {
    format!("this item takes {}", pricing.takes().join(" and "))
}

pub(super) fn priced(item: &FeeItem, charge: &Charge, asked: &AskedItem) -> Result<Gross> {
    refuse_unused(&charge.pricing, &asked.quantities)?;
    let quantities = &asked.quantities;
    let gross = match &charge.pricing {
        Pricing::PerUnit { price, of } => per_unit(item, *price, *of, quantities)?,
        Pricing::Percentage { percent } => percentage(item, *percent, quantities)?,
        Pricing::Tiers { tiers, of, per_copy: false, .. } => tiered(item, tiers, *of, quantities)?,
        Pricing::Tiers { tiers, of, per_copy: true, cap_per_copy } => {
            let one = tiered(item, tiers, *of, quantities)?;
            copied(one, *cap_per_copy, counted(Measure::Copies, quantities)?)?
        }
        Pricing::Stated => return stated(item, charge, asked.amount),
    };
    let gross = gross.bounded(charge);
    limited(gross.amount)?;
    agrees(gross.amount, asked.amount)?;
    Ok(gross)
}

/// A client may say what it worked out itself, before exemptions; the tariff has the last word.
fn agrees(amount: Dong, stated: Option<Dong>) -> Result<()> {
    match stated.filter(|stated| *stated != amount) {
        None => Ok(()),
        Some(stated) => {
            let told = format!("the tariff makes it {amount}, not {stated}");
            Err(Error::invalid("amount", "tariff_amount_differs", told))
        }
    }
}

fn per_unit(item: &FeeItem, price: Dong, of: Measure, quantities: &Quantities) -> Result<Gross> {
    let quantity = whole_where_of_pieces(item, of, counted(of, quantities)?)?;
    let amount = product(price.to_decimal(), quantity).and_then(Dong::round_half_up)?;
    let unit = unit_of(item, of);
    let steps = if price.is_zero() {
        Vec::new()
    } else {
        vec![Step::PerUnit { price, quantity, unit: unit.clone(), result: amount }]
    };
    Ok(Gross { quantity, unit, unit_price: price.to_decimal(), amount, steps })
}

fn percentage(item: &FeeItem, percent: Decimal, quantities: &Quantities) -> Result<Gross> {
    let base = quantities.base_value.ok_or_else(|| missing("base_value"))?;
    if !base.is_positive() {
        return Err(not_positive("base_value"));
    }
    limited(base)?;
    let result = product(base.to_decimal(), percent / Decimal::ONE_HUNDRED).and_then(Dong::round_half_up)?;
    let steps = vec![Step::Percentage { percent, base, result }];
    Ok(Gross::whole(item.unit.clone(), result, steps))
}

fn tiered(item: &FeeItem, tiers: &[Tier], of: Measure, quantities: &Quantities) -> Result<Gross> {
    let quantity = whole_where_of_pieces(item, of, counted(of, quantities)?)?;
    let unit = unit_of(item, of);
    let mut steps = Vec::new();
    let mut sum = Decimal::ZERO;
    let mut after = Decimal::ZERO;
    for tier in tiers {
        let end = tier.up_to.map_or(quantity, |up_to| up_to.min(quantity));
        if end <= after {
            break;
        }
        let within = end - after;
        let result = product(tier.price.to_decimal(), within)?;
        sum = sum.checked_add(result).ok_or_else(out_of_range)?;
        steps.push(Step::Tier { after, quantity: within, price: tier.price, unit: unit.clone(), result });
        after = end;
    }
    // Rounded once: the parts may hold fractions of a đồng, and the payer sees their sum.
    let amount = Dong::round_half_up(sum)?;
    if let [Step::Tier { price, .. }] = steps.as_slice() {
        return Ok(Gross { quantity, unit, unit_price: price.to_decimal(), amount, steps });
    }
    Ok(Gross::whole(Words::new("lần", "time"), amount, steps))
}

fn copied(one: Gross, cap_per_copy: Option<Dong>, copies: Decimal) -> Result<Gross> {
    let mut steps = one.steps;
    let per_copy = match cap_per_copy.filter(|&cap| cap < one.amount) {
        Some(cap) => {
            steps.push(Step::CapPerCopy { before: one.amount, cap });
            cap
        }
        None => one.amount,
    };
    let unit_price = per_copy.to_decimal();
    let amount = product(unit_price, copies).and_then(Dong::round_half_up)?;
    steps.push(Step::Copies { per_copy, copies, result: amount });
    Ok(Gross { quantity: copies, unit: Words::new("bản", "copy"), unit_price, amount, steps })
}

/// The bounds of a stated amount are the range it may have: nothing is quietly changed.
fn stated(item: &FeeItem, charge: &Charge, amount: Option<Dong>) -> Result<Gross> {
    let amount =
        amount.ok_or_else(|| Error::invalid("amount", "tariff_amount_missing", "state the amount"))?;
    let floor = charge.floor.unwrap_or(Dong(1));
    let cap = charge.cap.unwrap_or(Dong::LIMIT);
    if amount < floor.max(Dong(1)) || cap < amount {
        return Err(Error::invalid(
            "amount",
            "tariff_amount_outside_range",
            format!("expected {floor} to {cap}"),
        ));
    }
    Ok(Gross::whole(item.unit.clone(), amount, vec![Step::Stated { amount }]))
}

/// A number that the charge does not ask for shows that the caller means something else.
fn refuse_unused(pricing: &Pricing, stated: &Quantities) -> Result<()> {
    let told = [
        ("pages", stated.pages.is_some()),
        ("copies", stated.copies.is_some()),
        ("quantity", stated.quantity.is_some()),
        ("base_value", stated.base_value.is_some()),
    ];
    let taken = pricing.takes();
    match told.into_iter().find(|(field, is_told)| *is_told && !taken.contains(field)) {
        Some((field, _)) => Err(Error::invalid(field, "tariff_quantity_unused", takes(pricing))),
        None => Ok(()),
    }
}

/// The stated number, above zero and within range.
fn counted(of: Measure, quantities: &Quantities) -> Result<Decimal> {
    let field = field(of);
    let stated = match of {
        Measure::Pages => quantities.pages.map(Decimal::from),
        Measure::Copies => quantities.copies.map(Decimal::from),
        Measure::Quantity => Some(quantities.quantity.unwrap_or(Decimal::ONE)),
    };
    let number = stated.ok_or_else(|| missing(field))?.normalize();
    if number <= Decimal::ZERO {
        return Err(not_positive(field));
    }
    if number > Decimal::from(QUANTITY_LIMIT) || number.scale() > QUANTITY_DECIMALS {
        return Err(Error::invalid(
            field,
            "tariff_quantity_out_of_range",
            format!("expected at most {QUANTITY_LIMIT} with at most {QUANTITY_DECIMALS} decimals"),
        ));
    }
    Ok(number)
}

/// An item whose unit is a copy or a page is counted in whole ones, also where its charge counts them as a quantity.
/// Of other units the tariff does not say whether they can be divided.
fn whole_where_of_pieces(item: &FeeItem, of: Measure, number: Decimal) -> Result<Decimal> {
    let unit = unit_of(item, of).vi.to_lowercase();
    let is_piece = [Measure::Pages, Measure::Copies].iter().any(|piece| unit_of(item, *piece).vi == unit);
    if is_piece && number.scale() > 0 {
        let detail = format!("this item is counted in whole ones ({unit})");
        return Err(Error::invalid(field(of), "tariff_quantity_not_whole", detail));
    }
    Ok(number)
}

fn unit_of(item: &FeeItem, of: Measure) -> Words {
    match of {
        Measure::Pages => Words::new("trang", "page"),
        Measure::Copies => Words::new("bản", "copy"),
        Measure::Quantity => item.unit.clone(),
    }
}

fn product(a: Decimal, b: Decimal) -> Result<Decimal> {
    a.checked_mul(b).ok_or_else(out_of_range)
}

pub(super) fn limited(amount: Dong) -> Result<Dong> {
    if amount > Dong::LIMIT { Err(out_of_range()) } else { Ok(amount) }
}

fn out_of_range() -> Error {
    Error::invalid("amount", "amount_out_of_range", "the amount is too large")
}

fn missing(field: &str) -> Error {
    Error::invalid(field, "tariff_quantity_missing", format!("this item takes {field}"))
}

fn not_positive(field: &str) -> Error {
    Error::invalid(field, "quantity_not_positive", "must be above zero")
}
