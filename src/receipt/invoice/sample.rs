//! Made-up invoices for tests of this room.

use rust_decimal::Decimal;

use super::*;
use crate::receipt::content::sample as receipt;

/// Something sold at a price that includes the tax.
pub fn line(name: &str, quantity: i64, price: i64, rate: Option<&str>) -> Line {
    let rate: Option<VatRate> = rate.map(|rate| rate.parse().unwrap());
    let whole = Dong(quantity * price);
    let (unit_price, amount) = match &rate {
        None => (Decimal::from(price), whole),
        Some(rate) => {
            let unit_price = rate.price_without_tax(Decimal::from(price)).unwrap().round_dp(6);
            (unit_price, rate.without_tax(whole).unwrap())
        }
    };
    Line {
        item_code: Some("DV-01".to_owned()),
        name: name.to_owned(),
        unit: Some("bản".to_owned()),
        quantity: Decimal::from(quantity),
        unit_price,
        discount: None,
        amount,
        vat: rate.map(|rate| Vat { rate, tax: Dong(whole.0 - amount.0) }),
    }
}

/// Two copies of a map, with a fee beside them on the integrated kinds.
pub fn invoice(kind: InvoiceKind) -> Invoice {
    let rate = |rate| Some(rate).filter(|_| kind.shows_vat());
    let lines = vec![
        line("Sao bản đồ <địa chính> & chứng thực", 2, 55_000, rate("10%")),
        line("Cung cấp trích lục", 1, 20_000, rate("KCT")),
    ];
    let fees = match kind.is_integrated() {
        true => {
            vec![Fee { name: "Phí khai thác tài liệu đất đai".to_owned(), amount: Dong(30_000) }]
        }
        false => Vec::new(),
    };
    let content = receipt::content();
    Invoice {
        kind,
        seller: content.unit,
        buyer: content.payer,
        totals: Totals::of(&lines, &fees).unwrap(),
        lines,
        fees,
        payment_method: content.payment_method,
        dossier_code: content.dossier_code,
        lookup_code: content.lookup_code,
        collected_on: content.collected_on,
        collected_by: content.collected_by,
        relation: None,
        entrusted: None,
    }
}

pub fn numbering(kind: InvoiceKind) -> super::super::Numbering {
    super::super::Numbering {
        template: kind.code().to_string(),
        series: "K26TTN".to_owned(),
        number: 42,
        issued_on: receipt::day("2026-09-01"),
    }
}
