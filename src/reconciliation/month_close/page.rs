//! The page of a month's certificate, drawn from the signed bytes, which are attached.

use super::certificate::{self, MonthReading};
use crate::amount::Dong;
use crate::error::Result;
use crate::pdf::{Paper, Paragraph, Sheet};
use crate::reconciliation::bridge::Pier;
use crate::reconciliation::classification::Class;
use crate::reconciliation::day_close::certificate::ordinal;
use crate::reconciliation::day_close::page::{
    Printed, TEXT, carried_rows, claim_rows, day_text, finish, heading, items, seal, sums,
};
use crate::reconciliation::day_close::reading::split;
use crate::reconciliation::day_close::{sha256, words};

/// Renders the page. `is_superseded`: a day of the month was opened again since.
///
/// # Errors
/// `month_certificate_unreadable`.
pub fn render(document: &[u8], is_superseded: bool) -> Result<Vec<u8>> {
    let reading = certificate::read(document)?;
    let hash = sha256(document);
    let title = format!("CHỨNG NHẬN ĐỐI SOÁT THÁNG {}", reading.from.0.format("%m/%Y"));
    let mut sheet = Sheet::new(Paper::A4);
    heading(&mut sheet, (&reading.unit_name, &reading.tax_code), &title, "Certificate of a closed month");
    facts(&mut sheet, &reading);
    balances(&mut sheet, &reading);
    bridge(&mut sheet, &reading);
    let names = std::collections::BTreeMap::new();
    let rows: Vec<(String, Dong)> =
        reading.shares.iter().map(|share| (words::account(&share.to, &names), share.amount)).collect();
    let (budget, kept) = split(&reading.shares)?;
    let total = format!("Nộp ngân sách {budget}; để lại đơn vị {kept}; cộng");
    sums(&mut sheet, "Phân chia số phí, lệ phí", &rows, (&total, budget.checked_add(kept)?));
    let in_transit = (reading.in_transit_count, reading.in_transit);
    let mut rows = carried_rows(&reading.carried, &reading.cash, in_transit);
    rows.extend(claim_rows(&reading.claims));
    items(&mut sheet, "Chuyển tiếp sang tháng sau", &rows);
    let words = format!("{}|{}|{hash}", certificate::VERSION, reading.id);
    let before =
        if reading.previous_sha256.is_empty() { "(tháng đầu tiên)" } else { &reading.previous_sha256 };
    seal(
        &mut sheet,
        &words,
        &[
            ("Mã chứng nhận: ", reading.id.clone()),
            ("SHA-256: ", hash.clone()),
            ("Nối tiếp chứng nhận: ", before.to_owned()),
            ("Thay thế chứng nhận: ", reading.replaces_sha256.clone().unwrap_or_default()),
            ("Lập lúc: ", words::moment(&reading.issued_at)),
            ("Chữ ký số, chứng thư số: ", reading.signer_serial.clone()),
        ],
    );
    let printed = Printed {
        title: &title,
        author: &reading.unit_name,
        hash: &hash,
        issued_at: &reading.issued_at,
        name: &format!("{}.xml", file_stem(&reading)),
        document,
        watermark: is_superseded.then_some("ĐÃ MỞ LẠI"),
    };
    finish(sheet, &printed)
}

/// The name under which it is saved, without its ending.
pub fn file_stem(reading: &MonthReading) -> String {
    format!("chung-nhan-thang-{}-{}-{}", reading.unit_code, reading.from.0.format("%Y-%m"), reading.revision)
}

fn facts(sheet: &mut Sheet, reading: &MonthReading) {
    let span = format!(
        "{} – {}, {} ngày, trong đó {} ngày không có sao kê",
        day_text(reading.from),
        day_text(reading.until),
        reading.days.len(),
        reading.nil_days
    );
    let fields = [
        ("Đơn vị: ", format!("{} (mã {})", reading.unit_name, reading.unit_code)),
        ("Tài khoản: ", format!("{} (mã ngân hàng {})", reading.account_no, reading.bank_bin)),
        ("Kỳ: ", span),
        ("Số dòng sao kê: ", reading.line_count.to_string()),
        ("Lần lập: ", ordinal(reading.revision).to_string()),
    ];
    for (label, value) in fields {
        sheet.text(Paragraph::new(TEXT).regular(label).bold(&value));
    }
    sheet.space(8.0);
}

fn balances(sheet: &mut Sheet, reading: &MonthReading) {
    let mut rows = vec![("Số dư đầu kỳ".to_owned(), reading.opening)];
    for (name, sum) in &reading.classes {
        let words = Class::parse(name).map_or_else(|_| name.clone(), |class| class.vi().to_owned());
        rows.push((format!("– {words}"), *sum));
    }
    rows.push(("Tổng ghi có".to_owned(), reading.credits));
    rows.push(("Tổng ghi nợ".to_owned(), Dong(reading.debits.0.saturating_neg())));
    sums(sheet, "Ngân hàng và sổ kế toán", &rows, ("Số dư cuối kỳ", reading.closing));
}

fn bridge(sheet: &mut Sheet, reading: &MonthReading) {
    let [.., bank] = reading.bridge;
    let called = |pier: &Pier| match pier {
        Pier::Receipts => "Biên lai, hóa đơn trong tháng",
        other => other.words().0,
    };
    let rows: Vec<(String, Dong)> = Pier::ALL
        .iter()
        .zip(reading.bridge)
        .map(|(pier, amount)| (called(pier).to_owned(), amount))
        .collect();
    sums(sheet, "Từ biên lai đến ngân hàng", &rows, ("Phát sinh trên tài khoản", bank));
}
