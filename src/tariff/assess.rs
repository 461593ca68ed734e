//! From what is asked to what is due.

use rust_decimal::Decimal;

use super::assessment::{Assessment, Line, Reduction};
use super::charge::Charge;
use super::explain::{Step, Words};
use super::item::{FeeItem, Tariff};
use super::place::{IntakeMode, Place};
use super::pricing::{Gross, limited, priced};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};

const ITEMS_LIMIT: usize = 500;

/// What the request counts. Only what the item's charge asks for may be stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantities {
    /// Pages of one document.
    pub pages: Option<u32>,
    pub copies: Option<u32>,
    /// Units of the item, at most six decimals; 1 when nothing is stated.
    pub quantity: Option<Decimal>,
    /// The value a percentage is taken of.
    pub base_value: Option<Dong>,
}

/// One item asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedItem {
    pub code: String,
    pub quantities: Quantities,
    /// Only for items whose amount is stated by the request.
    pub amount: Option<Dong>,
}

/// What to assess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub place: Place,
    pub channel: IntakeMode,
    pub on: BusinessDay,
    /// At least one; the same item may stand there again (two documents to copy).
    pub items: Vec<AskedItem>,
    /// Codes of the groups the payer has proven to belong to.
    pub exemptions: Vec<String>,
}

/// Assesses a request. Errors name the item (`items[2].pages`) and are the caller's to correct:
/// `tariff_items_missing`, `tariff_item_unknown`, `tariff_group_unknown`,
/// `tariff_charge_not_in_force`, `tariff_quantity_missing`, `tariff_quantity_unused`,
/// `quantity_not_positive`, `tariff_quantity_out_of_range`, `tariff_quantity_not_whole`, `tariff_amount_differs`,
/// `tariff_amount_missing`, `tariff_amount_outside_range`, `amount_out_of_range`.
pub fn assess(tariff: &Tariff, request: &Request) -> Result<Assessment> {
    if request.items.is_empty() {
        return Err(Error::invalid("items", "tariff_items_missing", "at least one item is needed"));
    }
    if request.items.len() > ITEMS_LIMIT {
        return Err(Error::too_large("tariff_items_too_many", format!("at most {ITEMS_LIMIT} items")));
    }
    for (index, group) in request.exemptions.iter().enumerate() {
        if tariff.exemption_group(group).is_none() {
            let field = format!("exemptions[{index}]");
            return Err(Error::invalid(field, "tariff_group_unknown", "no such exemption group"));
        }
    }
    let lines: Vec<Line> = request
        .items
        .iter()
        .enumerate()
        .map(|(index, asked)| {
            line(tariff, request, asked).map_err(|error| error.in_field(&format!("items[{index}]")))
        })
        .collect::<Result<_>>()?;
    let total = limited(Dong::sum(lines.iter().map(|line| line.amount))?)?;
    Ok(Assessment { lines, total })
}

fn line(tariff: &Tariff, request: &Request, asked: &AskedItem) -> Result<Line> {
    let item = tariff
        .item(&asked.code)
        .ok_or_else(|| Error::invalid("code", "tariff_item_unknown", "no such fee item in the tariff"))?;
    let charge = item.charge(&request.place, request.channel, request.on).ok_or_else(|| {
        Error::invalid(
            "code",
            "tariff_charge_not_in_force",
            format!("{} is not charged at this unit, through this channel, on {}", item.code, request.on),
        )
    })?;
    let mut gross = priced(item, charge, asked)?;
    if gross.amount.is_zero() {
        gross.steps.push(zero_step(charge, request.channel));
    }
    let reduction = reduction(tariff, item, request, &mut gross)?;
    let taken_off = reduction.as_ref().map_or(Dong::ZERO, |reduction| reduction.amount);
    Ok(Line {
        item: item.code.clone(),
        name: item.name.clone(),
        kind: item.kind,
        document: item.document,
        vat_rate: item.vat_rate.clone(),
        quantity: gross.quantity,
        unit: gross.unit,
        unit_price: gross.unit_price,
        gross: gross.amount,
        reduction,
        amount: gross.amount.checked_sub(taken_off)?,
        chapter: item.chapter.clone(),
        sub_item: item.sub_item.clone(),
        kept_share_bp: item.kept_share_bp(request.on),
        legal_ground: charge.legal_ground.clone(),
        steps: gross.steps,
    })
}

fn zero_step(charge: &Charge, channel: IntakeMode) -> Step {
    if channel.is_online() && !charge.channels.contains(&IntakeMode::Counter) {
        return Step::OnlineZero { channel };
    }
    Step::Free
}

fn reduction(
    tariff: &Tariff,
    item: &FeeItem,
    request: &Request,
    gross: &mut Gross,
) -> Result<Option<Reduction>> {
    let best = tariff.best_exemption(item, &request.exemptions, request.on);
    let Some(exemption) = best.filter(|_| gross.amount.is_positive()) else {
        return Ok(None);
    };
    let amount = exemption.reduction(gross.amount)?;
    let group = tariff.exemption_group(&exemption.group);
    gross.steps.push(Step::Exemption {
        group: group.map_or_else(|| Words::new("", ""), |group| group.name.clone()),
        percent: exemption.percent,
        reduction: amount,
        legal_ground: exemption.legal_ground.clone(),
        result: gross.amount.checked_sub(amount)?,
    });
    Ok(Some(Reduction {
        group: exemption.group.clone(),
        percent: exemption.percent,
        amount,
        legal_ground: exemption.legal_ground.clone(),
    }))
}
