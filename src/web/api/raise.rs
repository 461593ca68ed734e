//! Raising an obligation from what a dossier system asks: units by code, items by quantity. The
//! bulk load of the command line goes the same way.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Kind, Result};
use crate::id::UnitId;
use crate::notification::address;
use crate::obligation::{self, IntakeMode, Line, NewObligation, Obligation};
use crate::party::Payer;
use crate::payment::content::check_documents;
use crate::receipt::content::identifier::{is_personal_id, is_tax_code};
use crate::receipt::profile;
use crate::report::onboarding;
use crate::store::{Conn, Stamp, Tx};
use crate::tariff::{self, AskedItem, Assessment, Place, QUANTITY_LIMIT, Quantities, Tariff, UnitKind};
use crate::text;
use crate::unit::{self, Unit};

/// The request, as its JSON has it. Units are named by their official codes.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The collecting unit.
    pub unit: String,
    pub dossier_code: String,
    pub procedure_code: String,
    /// Lĩnh vực.
    pub procedure_field: String,
    /// `counter`, `online_partial` or `online_full`.
    pub intake_mode: String,
    /// The collecting unit when absent.
    #[serde(default)]
    pub receiving_unit: Option<String>,
    /// The collecting unit when absent.
    #[serde(default)]
    pub competent_unit: Option<String>,
    pub submitted_at: Instant,
    #[serde(default)]
    pub result_due_on: Option<BusinessDay>,
    pub due_on: BusinessDay,
    #[serde(default)]
    pub electronic_payment_required: bool,
    #[serde(default)]
    pub payer: Payer,
    pub lines: Vec<AskedLine>,
    /// Codes of exemption groups the payer has proven to belong to.
    #[serde(default)]
    pub exemptions: Vec<String>,
}

/// One fee item; which quantities it takes is the tariff's.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedLine {
    pub item: String,
    #[serde(default, deserialize_with = "pages")]
    pub pages: Option<u32>,
    #[serde(default, deserialize_with = "copies")]
    pub copies: Option<u32>,
    /// A whole number or a decimal in quotes: JSON's own decimals are floats to many readers.
    #[serde(default, deserialize_with = "quantity")]
    #[schemars(schema_with = "quantity_schema")]
    pub quantity: Option<Decimal>,
    #[serde(default)]
    pub base_value: Option<Dong>,
    /// The amount before exemptions: required where the tariff leaves it to the request, otherwise it
    /// must be what the tariff makes it.
    #[serde(default)]
    pub amount: Option<Dong>,
}

fn quantity_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": u32::MAX },
        { "type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,9})?$" },
        { "type": "null" },
    ] })
}

fn pages<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u32>, D::Error> {
    count(deserializer, "pages")
}

fn copies<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u32>, D::Error> {
    count(deserializer, "copies")
}

/// The refusal names the field: a place in the text alone tells a person little. A number that is too large is read
/// as the largest there is, so that the tariff refuses it beside its line, with the bound.
fn count<'de, D: Deserializer<'de>>(
    deserializer: D,
    field: &str,
) -> std::result::Result<Option<u32>, D::Error> {
    let unreadable = |_| {
        let expected = format!("a whole number from 0 to {QUANTITY_LIMIT}, without quotes");
        serde::de::Error::custom(format!("{field}: expected {expected}"))
    };
    let counted = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Option::<u64>::deserialize(deserializer).map(|stated| stated.map(counted)).map_err(unreadable)
}

fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Decimal>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Whole(i64),
        Text(String),
    }
    let unreadable = || serde::de::Error::custom("quantity: expected a whole number or a decimal in quotes");
    match Option::<Written>::deserialize(deserializer).map_err(|_| unreadable())? {
        None => Ok(None),
        Some(Written::Whole(whole)) => Ok(Some(Decimal::from(whole))),
        Some(Written::Text(text)) => text.parse().map(Some).map_err(|_| unreadable()),
    }
}

/// Texts of a payer are at most so long; a receipt allows less for most.
const PAYER_TEXT_LIMIT: usize = 400;
/// Years a day may lie in; both databases and the calendar know them all.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// The units a request names.
#[derive(Clone, Debug)]
pub struct Units {
    pub collecting: Unit,
    pub receiving: UnitId,
    pub competent: UnitId,
}

/// Finds the units behind the codes. The receiving and the competent unit may lie outside the
/// caller's scope, so the connection must see all units.
///
/// # Errors
/// `unit_not_found`.
pub fn units(conn: &mut Conn, actor: &Actor, asked: &Asked) -> Result<Units> {
    let collecting = unit::find_by_code(conn, &text::clean(&asked.unit))?;
    actor.scope.require(collecting.id)?;
    let receiving = other_unit(conn, &collecting, "receiving_unit", asked.receiving_unit.as_deref())?;
    let competent = other_unit(conn, &collecting, "competent_unit", asked.competent_unit.as_deref())?;
    Ok(Units { collecting, receiving, competent })
}

/// A unit takes obligations only when its receiving account is live, unless the configuration says otherwise
/// (`[onboarding] required = false`). Every way to raise one asks here first.
///
/// # Errors
/// `account_not_live` with the steps that are missing, `unit_has_no_account`.
pub fn require_live(app: &App, unit: UnitId) -> Result<()> {
    if !app.config.onboarding.required {
        return Ok(());
    }
    let tariff = app.tariff().ok();
    app.store.read(&Scope::All, |conn| onboarding::require_live(conn, &app.stamp(), unit, tariff.as_deref()))
}

/// Assesses on the day of submission, checks that its documents could be made, and raises it.
///
/// # Errors
/// Those of `tariff::assess` with `lines[…]` as the field, of `check_documents` and of
/// `obligation::raise`; `date_out_of_range`, `day_in_future`, `field_too_long`.
pub fn raise(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    tariff: &Tariff,
    units: &Units,
    asked: &Asked,
) -> Result<(Obligation, Vec<Line>)> {
    let new = prepare(tx, stamp, tariff, units, asked)?;
    let lines = new.lines.clone();
    let obligation = obligation::raise(tx, stamp, actor, new)?;
    Ok((obligation, lines))
}

fn prepare(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    tariff: &Tariff,
    units: &Units,
    asked: &Asked,
) -> Result<NewObligation> {
    let intake_mode = IntakeMode::parse(&asked.intake_mode)?;
    let submitted_on = asked.submitted_at.business_day();
    check_day("submitted_at", Some(submitted_on))?;
    check_submitted(submitted_on, stamp.today())?;
    check_day("due_on", Some(asked.due_on))?;
    check_day("result_due_on", asked.result_due_on)?;
    check_due(submitted_on, asked)?;
    let payer = asked.payer.cleaned();
    check_payer(&payer)?;
    let collecting = &units.collecting;
    let assessment = assess(tariff, collecting, intake_mode, submitted_on, &asked.lines, &asked.exemptions)?;
    let lines: Vec<Line> = assessment.lines.iter().map(line).collect();
    let dossier_code = text::clean(&asked.dossier_code);
    if !assessment.total.is_zero() {
        let imprint = unit::imprint::in_force(conn, &[collecting.id], stamp.today())?.pop();
        let imprint = imprint.as_ref().map(|(_, imprint)| imprint);
        check_documents(collecting, imprint, &payer, &dossier_code, &lines, stamp.today())?;
    }
    Ok(NewObligation {
        unit: collecting.id,
        dossier_code,
        procedure_code: text::clean(&asked.procedure_code),
        procedure_field: text::clean(&asked.procedure_field),
        intake_mode,
        receiving_unit: units.receiving,
        competent_unit: units.competent,
        submitted_at: asked.submitted_at,
        result_due_on: asked.result_due_on,
        due_on: asked.due_on,
        electronic_required: asked.electronic_payment_required,
        payer,
        waived_ground: assessment.waived_ground(),
        lines,
    })
}

fn check_day(field: &str, day: Option<BusinessDay>) -> Result<()> {
    if day.is_none_or(|day| YEARS.contains(&day.year())) {
        return Ok(());
    }
    Err(Error::invalid(field, "date_out_of_range", "the year must be 2000 to 2100"))
}

/// The day of submission chooses the tariff: none that is still to come. The clock of who asks may be a little ahead
/// at midnight.
fn check_submitted(submitted_on: BusinessDay, today: BusinessDay) -> Result<()> {
    if submitted_on <= today.next() {
        return Ok(());
    }
    Err(Error::invalid("submitted_at", "day_in_future", "the dossier is not submitted yet"))
}

/// A dossier of last year may be recorded today, its due day long gone; none is due before it was submitted.
fn check_due(submitted_on: BusinessDay, asked: &Asked) -> Result<()> {
    let days = [("due_on", Some(asked.due_on)), ("result_due_on", asked.result_due_on)];
    for (field, day) in days {
        if day.is_some_and(|day| day < submitted_on) {
            let detail = format!("the dossier was submitted on {submitted_on}");
            return Err(Error::invalid(field, "due_before_submission", detail));
        }
    }
    Ok(())
}

fn check_payer(payer: &Payer) -> Result<()> {
    form_faults(payer).into_iter().next().map_or(Ok(()), Err)
}

/// What is wrong with what is told of a payer, whatever a document would say of it.
fn form_faults(payer: &Payer) -> Vec<Error> {
    let texts = [
        ("name", &payer.name),
        ("address", &payer.address),
        ("tax_code", &payer.tax_code),
        ("personal_id", &payer.personal_id),
        ("passport", &payer.passport),
        ("phone", &payer.phone),
        ("email", &payer.email),
    ];
    let is_long = |value: &&String| value.chars().count() > PAYER_TEXT_LIMIT;
    let too_long = texts.into_iter().filter_map(|(field, value)| {
        let detail = format!("at most {PAYER_TEXT_LIMIT} characters");
        value.as_ref().filter(is_long).map(|_| Error::invalid(field, "field_too_long", detail))
    });
    let email = payer.email.as_deref().filter(|email| !may_be_address(&text::clean(email)));
    let email = email.map(|_| Error::invalid("email", "email_wrong", "expected name@domain"));
    let phone = payer.phone.as_deref().filter(|phone| !phone.is_empty() && !address::is_phone(phone));
    let phone = phone.map(|_| Error::invalid("phone", "phone_unreadable", "8 to 17 digits"));
    too_long.chain(email).chain(phone).map(|error| error.in_field("payer")).collect()
}

/// Everything that is wrong with a payer, where `raise` names what it comes upon first.
pub fn payer_faults(payer: &Payer, on: BusinessDay) -> Vec<Error> {
    let payer = payer.cleaned();
    let provinces = profile::for_day(on).personal_id_provinces.value;
    let tax_code = payer.tax_code.as_deref().filter(|code| !is_tax_code(code));
    let personal_id = payer.personal_id.as_deref().filter(|id| !is_personal_id(id, provinces));
    let of =
        |field: &str, code: &'static str| Error::invalid(field, code, "not of its form").in_field("payer");
    let marks = [
        tax_code.map(|_| of("tax_code", "tax_code_wrong")),
        personal_id.map(|_| of("personal_id", "personal_id_wrong")),
    ];
    form_faults(&payer).into_iter().chain(marks.into_iter().flatten()).collect()
}

/// Whether mail could be sent there; an address like `x` would be signed into the receipt. Empty is none.
fn may_be_address(email: &str) -> bool {
    email.is_empty() || email.parse::<lettre::Address>().is_ok_and(|address| address.domain().contains('.'))
}

fn assess(
    tariff: &Tariff,
    collecting: &Unit,
    channel: IntakeMode,
    on: BusinessDay,
    lines: &[AskedLine],
    exemptions: &[String],
) -> Result<Assessment> {
    let place = Place { unit_code: collecting.code.clone(), unit_kind: UnitKind::parse(&collecting.kind)? };
    let items = lines
        .iter()
        .map(|line| AskedItem {
            code: text::clean(&line.item),
            quantities: Quantities {
                pages: line.pages,
                copies: line.copies,
                quantity: line.quantity,
                base_value: line.base_value,
            },
            amount: line.amount,
        })
        .collect();
    let exemptions = exemptions.iter().map(|group| text::clean(group)).collect();
    tariff::assess(tariff, &tariff::Request { place, channel, on, items, exemptions }).map_err(of_request)
}

/// The tariff says `items[2].pages` where the request says `lines[2].pages`.
fn of_request(error: Error) -> Error {
    match error.kind() {
        Kind::Invalid { field } if field.starts_with("items") => {
            let field = match field.strip_prefix("items").unwrap_or_default() {
                "" => "lines".to_owned(),
                place => format!("lines{}", place.replace(".code", ".item")),
            };
            Error::invalid(field, error.code(), error.detail())
        }
        _ => error,
    }
}

/// The lines of fee items as the tariff of a day prices them for a payer of these exemption groups.
pub fn priced(
    tariff: &Tariff,
    collecting: &Unit,
    channel: IntakeMode,
    on: BusinessDay,
    (lines, exemptions): (&[AskedLine], &[String]),
) -> Result<Vec<Line>> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    Ok(assess(tariff, collecting, channel, on, lines, exemptions)?.lines.iter().map(line).collect())
}

fn line(assessed: &tariff::Line) -> Line {
    let reduction = assessed.reduction.as_ref();
    Line {
        item_code: assessed.item.clone(),
        item_name: assessed.name.vi.clone(),
        kind: assessed.kind.as_str().to_owned(),
        document_kind: assessed.document.as_str().to_owned(),
        vat_rate: assessed.vat_rate.clone(),
        measure_unit: assessed.unit.vi.clone(),
        quantity: assessed.quantity,
        unit_price: assessed.unit_price,
        gross: assessed.gross,
        reduction: reduction.map_or(Dong::ZERO, |reduction| reduction.amount),
        reduction_percent: reduction.map(|reduction| reduction.percent),
        reduction_ground: reduction.map(|reduction| reduction.legal_ground.clone()),
        amount: assessed.amount,
        chapter: assessed.chapter.clone(),
        sub_item: assessed.sub_item.clone(),
        kept_share_bp: assessed.kept_share_bp,
        legal_ground: assessed.legal_ground.clone(),
        explanation: explanation(assessed),
    }
}

/// Two lines of text: the steps in Vietnamese, then in English.
fn explanation(assessed: &tariff::Line) -> String {
    let steps = assessed.explanation();
    let vi: Vec<&str> = steps.iter().map(|step| step.vi.as_str()).collect();
    let en: Vec<&str> = steps.iter().map(|step| step.en.as_str()).collect();
    format!("{}\n{}", vi.join(" · "), en.join(" · "))
}

/// An unknown code is the caller's to correct.
fn other_unit(conn: &mut Conn, collecting: &Unit, field: &str, code: Option<&str>) -> Result<UnitId> {
    let Some(code) = code.map(text::clean).filter(|code| *code != collecting.code) else {
        return Ok(collecting.id);
    };
    unit::find_by_code(conn, &code).map(|found| found.id).map_err(|error| match error.kind() {
        Kind::NotFound => Error::invalid(field, "unit_not_found", "no unit has this code"),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_whole_or_a_decimal_in_quotes_and_never_a_float() {
        let read = |quantity: &str| {
            serde_json::from_str::<AskedLine>(&format!("{{\"item\":\"x\",\"quantity\":{quantity}}}"))
                .map(|line| line.quantity)
                .ok()
        };
        assert_eq!(read("3"), Some(Some(Decimal::from(3))));
        assert_eq!(read("\"1.5\""), Some(Some("1.5".parse().unwrap())));
        assert_eq!(read("null"), Some(None));
        assert_eq!(read("-1"), read("\"-1\""), "the tariff refuses both beside their line");
        assert_eq!(read("-1"), Some(Some(Decimal::NEGATIVE_ONE)));
        for wrong in ["1.5", "\"x\"", "true", "[1]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_payer_is_told_each_beside_its_field() {
        let payer = Payer {
            name: Some("Ơ".repeat(PAYER_TEXT_LIMIT + 1)),
            address: Some("ư".repeat(PAYER_TEXT_LIMIT + 1)),
            email: Some("x".to_owned()),
            phone: Some("12".to_owned()),
            tax_code: Some("0101234566".to_owned()),
            personal_id: Some("12".to_owned()),
            ..Payer::default()
        };
        let faults = payer_faults(&payer, "2026-11-23".parse().unwrap());
        let told: Vec<(String, &str)> = faults
            .iter()
            .map(|error| match error.kind() {
                Kind::Invalid { field } => (field.clone(), error.code()),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            ("payer.name", "field_too_long"),
            ("payer.address", "field_too_long"),
            ("payer.email", "email_wrong"),
            ("payer.phone", "phone_unreadable"),
            ("payer.tax_code", "tax_code_wrong"),
            ("payer.personal_id", "personal_id_wrong"),
        ];
        assert_eq!(told, expected.map(|(field, code)| (field.to_owned(), code)));
        assert_eq!(check_payer(&payer).unwrap_err().code(), "field_too_long", "a request is told the first");
        assert!(payer_faults(&Payer::default(), "2026-11-23".parse().unwrap()).is_empty());
    }

    #[test]
    fn a_number_that_cannot_be_read_is_refused_by_its_name() {
        for (field, wrong) in [("pages", "1.5"), ("copies", "\"2\""), ("quantity", "0.5"), ("copies", "-1")] {
            let read = serde_json::from_str::<AskedLine>(&format!("{{\"item\":\"x\",\"{field}\":{wrong}}}"));
            let told = read.unwrap_err().to_string();
            assert!(told.starts_with(&format!("{field}: expected")), "{told}");
        }
    }

    #[test]
    fn a_fault_of_the_tariff_is_told_in_the_requests_words() {
        let field = |inner: &str| match of_request(Error::invalid(inner, "tariff_item_unknown", "")).kind() {
            Kind::Invalid { field } => field.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field("items[2].code"), "lines[2].item");
        assert_eq!(field("items[0].pages"), "lines[0].pages");
        assert_eq!(field("items"), "lines");
        assert_eq!(field("exemptions[1]"), "exemptions[1]");
    }
}
