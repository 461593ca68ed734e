//! A made-up receipt for tests of this room.

use rust_decimal::Decimal;

use super::*;

pub fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

pub fn line(kind: LineKind, name: &str, quantity: i64, unit_price: i64) -> Line {
    Line {
        kind,
        item_code: Some("HT-01".to_owned()),
        name: name.to_owned(),
        chapter: Some("805".to_owned()),
        sub_item: Some("2771".to_owned()),
        unit: Some("bản".to_owned()),
        quantity: Decimal::from(quantity),
        unit_price: Decimal::from(unit_price),
        reduction: None,
        amount: Dong(quantity * unit_price),
    }
}

/// Two extracts at 8.000 đồng and a registration charge of 9.000 đồng: 25.000 đồng in all.
pub fn content() -> Content {
    let lines = vec![
        line(LineKind::Fee, "Phí cấp bản sao trích lục <hộ tịch> & xác nhận", 2, 8_000),
        line(LineKind::Charge, "Lệ phí đăng ký khai sinh quá hạn", 1, 9_000),
    ];
    let totals = Totals::of(&lines).unwrap();
    Content {
        kind: ReceiptKind::WithoutPrintedValue,
        unit: CollectingUnit {
            name: "Ủy ban nhân dân phường Thử Nghiệm".to_owned(),
            tax_code: "9900000009".to_owned(),
            budget_code: Some("1234567".to_owned()),
            address: "Số 1 phố Thử Nghiệm, thành phố Hà Nội".to_owned(),
            phone: Some("02400000000".to_owned()),
            email: None,
            treasury_account: Some("3511.0.1234567".to_owned()),
            treasury_code: Some("0011".to_owned()),
            principal: None,
        },
        payer: Payer {
            name: Some("Nguyễn Thị Thử".to_owned()),
            personal_id: Some("001199000000".to_owned()),
            address: Some("Số 2 ngõ “Mẫu”, phường Thử Nghiệm".to_owned()),
            ..Payer::default()
        },
        lines,
        totals,
        payment_method: "Chuyển khoản".to_owned(),
        dossier_code: Some("H26.1-260901-0001".to_owned()),
        lookup_code: "7K2M0Q419VAB".parse().unwrap(),
        collected_on: day("2026-09-01"),
        collected_by: CollectedBy::Channel("VietQR".to_owned()),
        relation: None,
    }
}

pub fn numbering() -> Numbering {
    Numbering {
        template: "01BLP0-001".to_owned(),
        series: "TN-26E".to_owned(),
        number: 42,
        issued_on: day("2026-09-01"),
    }
}
