//! What the form of a walk-in asks: items with their numbers, who pays, and where a reason stands.

use rust_decimal::Decimal;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::obligation::{IntakeMode, ticket, walk_in};
use crate::party::Payer;
use crate::store::Stamp;
use crate::tariff::{FeeItem, Measure, Pricing, Tariff};
use crate::unit::Unit;
use crate::web::api::raise::{self, Asked, AskedLine};
use crate::web::pages::called;
use crate::web::pages::fields::Fields;
use crate::web::pages::wording::Lang;

/// What a form may ask of an item, and whether its number is money.
pub(super) const ASKED: [&str; 5] = ["pages", "copies", "quantity", "base", "amount"];
/// What is typed about the payer beside the name, which most visitors do not need.
pub(super) const MORE: [&str; 5] = ["phone", "tax_code", "personal_id", "group", "case"];
/// The other fields that a reason may stand beside.
const PLAIN: [&str; 3] = ["name", "address", "ticket"];

/// Whether the form has this field once, and not for each item.
pub(super) fn is_of_payer(field: &str) -> bool {
    PLAIN.contains(&field) || MORE.contains(&field)
}

/// What one unit of an item costs, as a cashier says it across the desk.
pub(super) fn price_words(lang: Lang, item: &FeeItem, pricing: &Pricing) -> String {
    let unit = |of: &Measure| match of {
        Measure::Pages => lang.t("walk_in_per_page"),
        Measure::Copies => lang.t("walk_in_per_copy"),
        Measure::Quantity => lang.pick(&item.unit.vi, &item.unit.en),
    };
    match pricing {
        Pricing::PerUnit { price, of } => format!("{price}/{}", unit(of)),
        Pricing::Percentage { percent } => called::percent_words(lang, *percent),
        Pricing::Tiers { tiers, of, .. } => {
            let steps: Vec<String> = tiers.iter().map(|tier| tier.price.to_string()).collect();
            format!("{}/{}", steps.join(" → "), unit(of))
        }
        Pricing::Stated => lang.t("tariff_stated").to_owned(),
    }
}

/// The items that something was typed for, in the order of the tariff.
pub(super) fn chosen<'t>(tariff: &'t Tariff, fields: &Fields) -> Vec<&'t FeeItem> {
    let is_asked = |item: &&FeeItem| {
        ASKED.iter().any(|kind| !fields.trimmed(&format!("{kind}.{}", item.code)).is_empty())
    };
    tariff.items().filter(is_asked).collect()
}

/// What was typed for the items, in the order of the tariff. An item with an empty form is not asked.
fn lines(tariff: &Tariff, fields: &Fields) -> Result<Vec<AskedLine>> {
    let mut asked = Vec::new();
    for item in chosen(tariff, fields) {
        let name = |kind: &str| format!("{kind}.{}", item.code);
        asked.push(AskedLine {
            item: item.code.clone(),
            pages: fields.whole(&name("pages"))?,
            copies: fields.whole(&name("copies"))?,
            quantity: decimal(fields, &name("quantity"))?,
            base_value: fields.dong(&name("base"))?.map(Dong),
            amount: fields.dong(&name("amount"))?.map(Dong),
        });
    }
    Ok(asked)
}

/// What cannot be read of the form, in the order of its fields.
pub(super) fn faults(tariff: &Tariff, fields: &Fields, on: BusinessDay) -> Vec<Error> {
    let typed = fields.trimmed("ticket");
    let of_ticket = if typed.is_empty() { None } else { ticket::read(typed).err() };
    let of_item = |item: &FeeItem| {
        let code = item.code.clone();
        ASKED.into_iter().filter_map(move |kind| number_fault(fields, kind, &format!("{kind}.{code}")))
    };
    let of_numbers = chosen(tariff, fields).into_iter().flat_map(of_item);
    of_ticket.into_iter().chain(raise::payer_faults(&payer(fields), on)).chain(of_numbers).collect()
}

fn number_fault(fields: &Fields, kind: &str, name: &str) -> Option<Error> {
    match kind {
        "pages" | "copies" => fields.whole(name).err(),
        "quantity" => decimal(fields, name).err(),
        _ => fields.dong(name).err(),
    }
}

fn decimal(fields: &Fields, name: &str) -> Result<Option<Decimal>> {
    let text = fields.trimmed(name);
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Error::invalid(name.to_owned(), "walk_in_number_wrong", "a number");
    vietnamese(text).map(Some).ok_or_else(wrong)
}

/// A number as it is written here: dots group thousands, a comma begins the decimals. `1.500` is fifteen hundred,
/// as in every other field; what a dot cannot mean is no number.
fn vietnamese(text: &str) -> Option<Decimal> {
    let (whole, part) = text.split_once(',').unwrap_or((text, ""));
    let mut groups = whole.split('.');
    let first = groups.next().filter(|first| !first.is_empty())?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_grouped || !digits(first) || !rest.iter().all(|group| digits(group)) || !digits(part) {
        return None;
    }
    let ends_open = text.ends_with(',');
    (!ends_open).then(|| format!("{first}{}.{part}0", rest.concat()).parse().ok()).flatten()
}

/// The request as a dossier system would make it, without a dossier.
pub(super) fn asked(
    tariff: &Tariff,
    unit: &Unit,
    fields: &Fields,
    case: String,
    now: Instant,
) -> Result<Asked> {
    let lines = lines(tariff, fields)?;
    let first = lines.first().map(|line| line.item.clone()).unwrap_or_default();
    let procedure = tariff.procedures().find(|procedure| procedure.items.contains(&first));
    Ok(Asked {
        unit: unit.code.clone(),
        dossier_code: case,
        procedure_code: procedure.map_or(first, |procedure| procedure.code.clone()),
        procedure_field: walk_in::FIELD.to_owned(),
        intake_mode: IntakeMode::Counter.as_str().to_owned(),
        receiving_unit: None,
        competent_unit: None,
        submitted_at: now,
        result_due_on: None,
        due_on: now.business_day(),
        electronic_payment_required: false,
        payer: payer(fields),
        lines,
        exemptions: some(fields, "group").into_iter().collect(),
    })
}

fn payer(fields: &Fields) -> Payer {
    Payer {
        name: some(fields, "name"),
        address: some(fields, "address"),
        phone: some(fields, "phone"),
        tax_code: some(fields, "tax_code"),
        personal_id: some(fields, "personal_id"),
        ..Payer::default()
    }
}

fn some(fields: &Fields, name: &str) -> Option<String> {
    Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty())
}

/// A number of the desk's own for a case that has none yet: `QUAY-261127-7C02FA`.
pub(super) fn local_case(stamp: &Stamp<'_>) -> Result<String> {
    let id: EventId = stamp.mint()?;
    // Ids of one moment differ in the middle; the screen of the waiting room shows the last four letters.
    let mixed = crate::audit::merkle::sha256_hex(id.to_string().as_bytes());
    let last = mixed.get(..6).unwrap_or_default().to_uppercase();
    Ok(format!("QUAY-{}-{last}", stamp.today().0.format("%y%m%d")))
}

/// `pages.chung_thuc_ban_sao` for `lines[0].pages`, with the item's name where a line is meant.
pub(super) fn placed<'c>(field: &str, chosen: &'c [(String, String)]) -> (String, Option<&'c str>) {
    let last = field.rsplit('.').next().unwrap_or_default();
    let line = field.strip_prefix("lines[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    if let Some((code, name)) = line.and_then(|line| chosen.get(line)) {
        let kind = if last == "base_value" { "base" } else { last };
        return (format!("{kind}.{code}"), Some(name));
    }
    if field.starts_with("exemptions") {
        return ("group".to_owned(), None);
    }
    let is_own = ASKED.iter().any(|name| field.starts_with(&format!("{name}.")));
    (if is_own { field } else { last }.to_owned(), None)
}

/// Everything that makes two forms the same.
pub(super) fn content(fields: &Fields) -> String {
    let all = fields.beginning("").filter(|(name, _)| !matches!(*name, "csrf" | "key" | "do"));
    all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Fields, decimal, placed, vietnamese};

    #[test]
    fn numbers_are_read_as_they_are_written_here() {
        let read = |text| vietnamese(text).map(|number| number.normalize().to_string());
        for (text, number) in
            [("3", "3"), ("1500", "1500"), ("1.500", "1500"), ("1.500,5", "1500.5"), ("0,25", "0.25")]
        {
            assert_eq!(read(text).as_deref(), Some(number), "{text}");
        }
        for text in ["1.5", "1.50", "15.00", "1500.000", ",5", "1,", "1,5,5", "-1", "1e3", "một", ".500"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_told_at_its_field_and_an_empty_one_is_none() {
        let typed = |text: &str| Fields::of(vec![("pages.ban_sao".into(), text.into())]);
        for text in ["", "  "] {
            assert!(typed(text).whole("pages.ban_sao").unwrap().is_none());
            assert!(decimal(&typed(text), "pages.ban_sao").unwrap().is_none());
        }
        for text in ["ba", "-1", "1,5", "-99999999999"] {
            assert_eq!(typed(text).whole("pages.ban_sao").unwrap_err().code(), "walk_in_number_wrong");
        }
        let large = typed("99999999999").whole("pages.ban_sao").unwrap_err();
        assert_eq!(large.code(), "tariff_quantity_out_of_range");
        assert!(large.to_string().starts_with("pages.ban_sao: at most 1000000000"), "{large}");
        for text in ["ba", "-1", "1.5", "1e3"] {
            assert_eq!(decimal(&typed(text), "pages.ban_sao").unwrap_err().code(), "walk_in_number_wrong");
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_stands_beside_its_item() {
        let chosen =
            [("ban_sao".to_owned(), "Bản sao".to_owned()), ("chu_ky".to_owned(), "Chữ ký".to_owned())];
        let at = |field: &str| {
            let (place, whose) = placed(field, &chosen);
            (place, whose.map(str::to_owned))
        };
        assert_eq!(at("lines[1].pages"), ("pages.chu_ky".to_owned(), Some("Chữ ký".to_owned())));
        assert_eq!(at("lines[0].base_value"), ("base.ban_sao".to_owned(), Some("Bản sao".to_owned())));
        assert_eq!(at("lines[7].pages"), ("pages".to_owned(), None));
        assert_eq!(at("copies.ban_sao"), ("copies.ban_sao".to_owned(), None));
        assert_eq!(at("payer.name"), ("name".to_owned(), None));
        assert_eq!(at("exemptions[0]"), ("group".to_owned(), None));
    }
}
