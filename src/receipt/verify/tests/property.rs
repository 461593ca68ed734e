//! For any content the format allows: what is written is canonical, and reads back as it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use roxmltree::Document;
use rust_decimal::Decimal;

use crate::amount::Dong;
use crate::receipt::content::{
    CollectedBy, Content, CorrectionAction, Line, LineKind, Payer, ReceiptKind, Reduction, Relation, Totals,
    sample,
};
use crate::receipt::profile;
use crate::receipt::testing::{body_of, now, signed_by, signer, signing_time, trust};
use crate::receipt::verify::canonical::canonical;
use crate::receipt::verify::{Fields, verified_content};
use crate::text;

/// Any text a person can type, within a length, as the program stores it.
fn typed(limit: usize) -> impl Strategy<Value = String> {
    vec(
        prop_oneof![3 => any::<char>(), 3 => "[a-zA-Z0-9 ]".prop_map(|s| s.chars().next().unwrap()),
        2 => proptest::sample::select(vec!['&', '<', '>', '"', '\'', 'ệ', 'Đ', ']', '“'])],
        1..limit.min(40),
    )
    .prop_map(|letters| text::clean(&letters.into_iter().collect::<String>()))
    .prop_filter("nothing visible was left", |text| !text.is_empty())
}

fn line() -> impl Strategy<Value = Line> {
    let numbers = (1_i64..1_000_000, 0_u32..4, 0_i64..10_000_000, 0_u32..3);
    let words =
        (any::<bool>(), option::of(typed(50)), typed(500), option::of(typed(50)), option::of("[0-9]{3}"));
    (numbers, words, option::of(typed(255))).prop_map(
        |((quantity, scale, price, price_scale), words, ground)| {
            let (is_fee, item_code, name, unit, chapter) = words;
            let mut line = Line {
                kind: if is_fee { LineKind::Fee } else { LineKind::Charge },
                item_code,
                name,
                chapter,
                sub_item: None,
                unit,
                quantity: Decimal::new(quantity, scale),
                unit_price: Decimal::new(price, price_scale),
                reduction: None,
                amount: Dong::ZERO,
            };
            let gross = line.gross().unwrap();
            line.reduction =
                ground.map(|ground| Reduction { percent: None, amount: Dong(gross.0 / 3), ground });
            line.amount = Dong(gross.0 - line.reduction.as_ref().map_or(0, |reduction| reduction.amount.0));
            line
        },
    )
}

pub fn content() -> impl Strategy<Value = Content> {
    let payer =
        (option::of(typed(400)), option::of(typed(400)), option::of(typed(20)), option::of(typed(50)));
    let rest =
        (typed(50), option::of(typed(50)), typed(60), any::<bool>(), option::of(option::of(typed(255))));
    (payer, vec(line(), 1..5), typed(400), rest).prop_map(|(payer, lines, unit_name, rest)| {
        let (payment_method, dossier_code, collector, by_channel, note) = rest;
        let (name, address, phone, email) = payer;
        let mut content = sample::content();
        content.totals = Totals::of(&lines).unwrap();
        content.lines = lines;
        content.unit.name = unit_name;
        content.payer = Payer { name, address, phone, email, ..Payer::default() };
        content.payment_method = payment_method;
        content.dossier_code = dossier_code;
        content.collected_by =
            if by_channel { CollectedBy::Channel(collector) } else { CollectedBy::Officer(collector) };
        content.relation = note.map(|note| Relation {
            action: CorrectionAction::Replaces,
            kind: ReceiptKind::WithPrintedValue,
            template: "02BLP0-001".to_owned(),
            series: "TN-25E".to_owned(),
            number: 7,
            issued_on: sample::day("2025-12-31"),
            note,
        });
        content
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_written_is_canonical_and_reads_back(content in content()) {
        let body = body_of(&content);
        let text = std::str::from_utf8(&body).unwrap();
        let document = Document::parse(text).unwrap();
        prop_assert_eq!(String::from_utf8(canonical(document.root_element())).unwrap(), text);
        let fields = Fields::read(text).expect("our own format is readable");
        prop_assert_eq!(fields.content, content);
        prop_assert_eq!(fields.numbering, sample::numbering());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_validates_signs_and_verifies(content in content()) {
        if content.validate(profile::for_day(sample::numbering().issued_on)).is_ok() {
            let document = signed_by(&signer(), &body_of(&content), signing_time());
            prop_assert_eq!(verified_content(&document, &trust(), now()).unwrap().fields.content, content);
        }
    }

    #[test]
    fn no_input_makes_the_verifier_panic(noise in "\\PC{0,200}", at in 0_usize..9_000) {
        let mut text = crate::receipt::testing::document_text();
        let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
        text.insert_str(at, &noise);
        let _ = crate::receipt::verify::verify(text.as_bytes(), &trust(), now());
        let _ = crate::receipt::verify::verify(noise.as_bytes(), &trust(), now());
    }
}
