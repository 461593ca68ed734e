use rust_decimal::Decimal;

use super::sample::{content, day, line, numbering};
use super::*;
use crate::receipt::profile;

fn refusal(change: impl FnOnce(&mut Content)) -> String {
    let mut changed = content();
    change(&mut changed);
    let error =
        changed.validate(profile::for_day(day("2026-09-01"))).expect_err("the content must be refused");
    match error.kind() {
        crate::error::Kind::Invalid { field } => format!("{field} {}", error.code()),
        other => panic!("{other:?}"),
    }
}

/// Lines with totals that fit them, so that only the lines themselves can be wrong.
fn with_lines(content: &mut Content, lines: Vec<Line>) {
    content.totals = Totals::of(&lines).unwrap();
    content.lines = lines;
}

#[test]
fn a_complete_receipt_is_accepted_with_any_number_of_its_series() {
    let profile = profile::for_day(day("2026-09-01"));
    content().validate(profile).unwrap();
    numbering().validate(profile).unwrap();
    Numbering::placeholder(day("2026-09-01")).validate(profile).unwrap();
}

#[test]
fn a_payer_nobody_knows_is_no_obstacle() {
    let mut anonymous = content();
    anonymous.payer = Payer::default();
    anonymous.validate(profile::for_day(day("2026-09-01"))).unwrap();
}

#[test]
fn every_identifier_is_checked() {
    assert_eq!(refusal(|c| c.unit.tax_code = "0101234566".into()), "unit.tax_code tax_code_wrong");
    assert_eq!(refusal(|c| c.unit.budget_code = Some("12345".into())), "unit.budget_code budget_code_wrong");
    assert_eq!(refusal(|c| c.payer.tax_code = Some("123".into())), "payer.tax_code tax_code_wrong");
    assert_eq!(refusal(|c| c.payer.personal_id = Some("12".into())), "payer.personal_id personal_id_wrong");
    assert_eq!(refusal(|c| c.payer.passport = Some("c123456".into())), "payer.passport passport_wrong");
    assert_eq!(refusal(|c| c.lines[1].sub_item = Some("27".into())), "lines[1].sub_item budget_index_wrong");
    let principal = Principal { name: "Sở Thử Nghiệm".into(), tax_code: "1".into() };
    assert_eq!(refusal(|c| c.unit.principal = Some(principal)), "unit.principal.tax_code tax_code_wrong");
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    let mut long = content();
    long.unit.name = "ệ".repeat(400);
    long.validate(profile::for_day(day("2026-09-01"))).unwrap();
    assert_eq!(refusal(|c| c.unit.name = "ệ".repeat(401)), "unit.name receipt_text_too_long");
    assert_eq!(refusal(|c| c.lines[0].name = "x".repeat(501)), "lines[0].name receipt_text_too_long");
    assert_eq!(refusal(|c| c.payer.name = Some(String::new())), "payer.name receipt_text_missing");
    assert_eq!(refusal(|c| c.payment_method = "x".repeat(51)), "payment_method receipt_text_too_long");
    assert_eq!(
        refusal(|c| c.collected_by = CollectedBy::Officer("x".repeat(101))),
        "collected_by receipt_text_too_long"
    );
}

#[test]
fn text_that_xml_or_a_reader_could_misread_is_refused() {
    for unclean in ["Nguye\u{302}\u{303}n", "a\u{0}b", "a\u{202E}b", " a", "a\u{FFFE}", "a\tb", "a\u{E000}"] {
        assert_eq!(
            refusal(|c| c.payer.name = Some(unclean.into())),
            "payer.name receipt_text_not_clean",
            "{unclean:?}"
        );
    }
}

#[test]
fn a_line_must_add_up() {
    assert_eq!(refusal(|c| c.lines[0].amount = Dong(16_001)), "lines[0].amount receipt_line_sum_wrong");
    assert_eq!(
        refusal(|c| c.lines[0].quantity = Decimal::ZERO),
        "lines[0].quantity receipt_quantity_not_positive"
    );
    assert_eq!(
        refusal(|c| c.lines[0].quantity = Decimal::new(1, 7)),
        "lines[0].quantity receipt_decimal_out_of_range"
    );
    assert_eq!(
        refusal(|c| c.lines[0].unit_price = Decimal::MAX),
        "lines[0].unit_price receipt_decimal_out_of_range"
    );
    assert_eq!(
        refusal(|c| with_lines(c, vec![line(LineKind::Fee, "Phí", 1, -5)])),
        "lines[0].amount receipt_amount_negative"
    );
}

#[test]
fn totals_must_be_the_sums_of_the_lines() {
    assert_eq!(refusal(|c| c.totals.payable = Dong(24_999)), "totals receipt_total_wrong");
    assert_eq!(refusal(|c| c.lines.clear()), "lines receipt_without_lines");
    assert_eq!(
        refusal(|c| with_lines(c, vec![line(LineKind::Fee, "Phí", 1, 0)])),
        "totals.payable receipt_amount_not_positive"
    );
    let many = vec![line(LineKind::Fee, "Phí", 1, 1); LINES_LIMIT + 1];
    assert_eq!(refusal(|c| with_lines(c, many)), "lines receipt_lines_too_many");
    let huge = line(LineKind::Fee, "Phí", 1, Dong::LIMIT.0);
    assert_eq!(refusal(|c| with_lines(c, vec![huge; 2])), "totals.gross amount_out_of_range");
    let beyond = line(LineKind::Fee, "Phí", 1, Dong::LIMIT.0 + 1);
    assert_eq!(refusal(|c| with_lines(c, vec![beyond])), "lines[0].amount amount_out_of_range");
}

#[test]
fn a_reduction_names_its_ground_and_takes_off_its_share() {
    let reduced = |percent: Option<i64>, off: i64| {
        let mut reduced = line(LineKind::Fee, "Phí", 1, 9_999);
        let ground = "Luật Phí và lệ phí, điều 10".to_owned();
        reduced.reduction =
            Some(Reduction { percent: percent.map(Decimal::from), amount: Dong(off), ground });
        reduced.amount = Dong(9_999 - off);
        vec![reduced]
    };
    let mut halved = content();
    with_lines(&mut halved, reduced(Some(50), 5_000));
    halved.validate(profile::for_day(day("2026-09-01"))).unwrap();
    assert_eq!(halved.totals, Totals { gross: Dong(9_999), reduction: Dong(5_000), payable: Dong(4_999) });

    let wrong = "lines[0].reduction receipt_reduction_wrong";
    assert_eq!(refusal(|c| with_lines(c, reduced(Some(50), 4_998))), wrong, "more than a đồng off the share");
    assert_eq!(refusal(|c| with_lines(c, reduced(Some(101), 9_999))), wrong);
    assert_eq!(refusal(|c| with_lines(c, reduced(None, -1))), wrong);
}

#[test]
fn an_adjustment_may_take_money_back() {
    let mut adjustment = content();
    with_lines(&mut adjustment, vec![line(LineKind::Fee, "Phí", 1, -5_000)]);
    adjustment.relation = Some(Relation {
        action: CorrectionAction::Adjusts,
        kind: ReceiptKind::WithoutPrintedValue,
        template: "01BLP0-001".into(),
        series: "TN-26E".into(),
        number: 41,
        issued_on: day("2026-08-31"),
        note: None,
    });
    let profile = profile::for_day(day("2026-09-01"));
    adjustment.validate(profile).unwrap();
    adjustment.relation.as_mut().unwrap().number = 0;
    assert_eq!(adjustment.validate(profile).unwrap_err().code(), "receipt_number_out_of_range");
}

#[test]
fn a_number_belongs_to_a_series_of_its_year_and_profile() {
    let profile = profile::for_day(day("2026-09-01"));
    let refused = |change: fn(&mut Numbering)| {
        let mut changed = numbering();
        change(&mut changed);
        changed.validate(profile).unwrap_err().code()
    };
    assert_eq!(refused(|n| n.template = "01BLP2-001".into()), "receipt_template_malformed");
    assert_eq!(refused(|n| n.series = "TN-26T".into()), "receipt_series_malformed");
    assert_eq!(refused(|n| n.series = "TN-27E".into()), "receipt_series_year_wrong");
    assert_eq!(refused(|n| n.number = 0), "receipt_number_out_of_range");
    assert_eq!(refused(|n| n.number = 10_000_000), "receipt_number_out_of_range");
    assert_eq!(refused(|n| n.issued_on = "2026-06-30".parse().unwrap()), "receipt_profile_of_another_day");
}

#[test]
fn a_profile_may_want_fees_and_charges_apart() {
    let together = profile::for_day(day("2026-09-01"));
    content().validate(together).unwrap();
    let mut apart = together.clone();
    apart.fees_and_charges.value = profile::FeesAndCharges::Apart;
    assert_eq!(content().validate(&apart).unwrap_err().code(), "receipt_kinds_mixed");
}

#[test]
fn a_payer_never_reaches_a_log() {
    assert!(!format!("{:?}", content()).contains("Thử\""), "{:?}", content().payer);
}
