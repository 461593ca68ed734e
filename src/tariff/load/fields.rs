//! Single fields: text, codes, dates, amounts, percentages.

use rust_decimal::Decimal;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::tariff::charge::Period;
use crate::tariff::explain::Words;
use crate::text::clean;

const CODE_LIMIT: usize = 50;
const NAME_LIMIT: usize = 500;
const PERCENT_DECIMALS: u32 = 6;

/// What is wrong, without where.
pub(super) struct Fault {
    pub code: &'static str,
    pub detail: String,
}

impl Fault {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Fault { code, detail: detail.into() }
    }
}

pub(super) fn text(field: &str, raw: &str, limit: usize) -> Result<String, Fault> {
    let text = clean(raw);
    if text.is_empty() || text.chars().count() > limit {
        let detail = format!("`{field}` must have 1 to {limit} characters");
        return Err(Fault::new("tariff_text_unfit", detail));
    }
    Ok(text)
}

/// A name in both languages; the Vietnamese one stands in for a missing English one.
pub(super) fn name(field: &str, vi: &str, en: Option<&str>) -> Result<Words, Fault> {
    let vi = text(field, vi, NAME_LIMIT)?;
    let en = en.map(|en| text(&format!("{field}_en"), en, NAME_LIMIT)).transpose()?;
    Ok(Words { en: en.unwrap_or_else(|| vi.clone()), vi })
}

pub(super) fn code(raw: &str) -> Result<String, Fault> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if raw.is_empty() || raw.len() > CODE_LIMIT || !raw.bytes().all(known) {
        let detail = format!("`code` must be 1 to {CODE_LIMIT} ASCII letters, digits, dots and dashes");
        return Err(Fault::new("tariff_text_unfit", detail));
    }
    Ok(raw.to_owned())
}

pub(super) fn day(field: &str, raw: &str) -> Result<BusinessDay, Fault> {
    let day = raw.parse::<BusinessDay>().ok();
    day.filter(|day| raw.len() == 10 && (1990..=2200).contains(&day.year())).ok_or_else(|| {
        Fault::new("tariff_date_wrong", format!("`{field}` must be a day as YYYY-MM-DD, not `{raw}`"))
    })
}

pub(super) fn period(from: &str, to: Option<&str>) -> Result<Period, Fault> {
    let from = day("valid_from", from)?;
    let to = to.map(|to| day("valid_to", to)).transpose()?;
    if to.is_some_and(|to| to < from) {
        return Err(Fault::new("tariff_date_wrong", "`valid_to` lies before `valid_from`"));
    }
    Ok(Period { from, to })
}

pub(super) fn dong(field: &str, raw: i64) -> Result<Dong, Fault> {
    if !(0..=Dong::LIMIT.0).contains(&raw) {
        let detail = format!("`{field}` must be 0 to {} đồng, not {raw}", Dong::LIMIT.0);
        return Err(Fault::new("tariff_amount_out_of_range", detail));
    }
    Ok(Dong(raw))
}

/// Above 0, at most 100.
pub(super) fn percent(raw: &str) -> Result<Decimal, Fault> {
    let plain = raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent = raw.parse::<Decimal>().ok().filter(|_| plain).map(|percent| percent.normalize());
    let in_range = |percent: &Decimal| {
        Decimal::ZERO < *percent && *percent <= Decimal::ONE_HUNDRED && percent.scale() <= PERCENT_DECIMALS
    };
    percent.filter(in_range).ok_or_else(|| {
        let detail = format!("`percent` must be text above 0, at most 100 (such as \"0.15\"), not `{raw}`");
        Fault::new("tariff_percent_wrong", detail)
    })
}
