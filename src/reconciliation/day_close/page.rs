//! The page of a day's certificate: A4, drawn from the signed bytes alone, which are attached.

use super::bridge_part::BridgeReading;
use super::certificate::ordinal;
use super::reading::{Carried, Cash, OnItsWay, Reading, Share, split};
use super::{sha256, words};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::Kind;
use crate::pdf::{
    Align, Attachment, Cell, Column, Description, Face, Furniture, Moment, Paper, Paragraph, Part, Qr, Sheet,
    Stack, Table, Width, mm,
};
use crate::reconciliation::bridge::Pier;
use crate::reconciliation::classification::Class;

pub const TEXT: f32 = 11.0;
pub const SMALL: f32 = 9.0;
const TITLE: f32 = 14.0;
const QR_WIDTH: f32 = mm(28.0);
/// Claims on their way that are printed by name; the file names all.
const NAMED: usize = 200;

/// Renders the page of a certificate. `is_superseded`: the day was opened again since.
///
/// # Errors
/// `day_certificate_unreadable`.
pub fn render(document: &[u8], is_superseded: bool) -> Result<Vec<u8>> {
    let reading = super::reading::read(document)?;
    let hash = sha256(document);
    let mut sheet = Sheet::new(Paper::A4);
    let title = format!("CHỨNG NHẬN ĐỐI SOÁT NGÀY {}", day_text(reading.date));
    heading(&mut sheet, (&reading.unit_name, &reading.tax_code), &title, "Certificate of a closed day");
    facts(&mut sheet, &reading);
    balances(&mut sheet, &reading);
    if let Some(told) = &reading.bridge {
        bridge(&mut sheet, &reading, told);
    }
    carried(&mut sheet, &reading);
    shares(&mut sheet, &reading)?;
    let words = format!("{}|{}|{hash}", super::certificate::VERSION, reading.id);
    seal(
        &mut sheet,
        &words,
        &[
            ("Mã chứng nhận: ", reading.id.clone()),
            ("SHA-256: ", hash.clone()),
            ("Nối tiếp chứng nhận: ", or_first(&reading.previous_sha256)),
            ("Thay thế chứng nhận: ", reading.replaces_sha256.clone().unwrap_or_default()),
            ("Lập lúc: ", words::moment(&reading.issued_at)),
            ("Chữ ký số, chứng thư số: ", reading.signer_serial.clone()),
        ],
    );
    let paper = Printed {
        title: &title,
        author: &reading.unit_name,
        hash: &hash,
        issued_at: &reading.issued_at,
        name: &format!("{}.xml", file_stem(&reading)),
        document,
        watermark: is_superseded.then_some("ĐÃ MỞ LẠI"),
    };
    finish(sheet, &paper)
}

/// The name under which it is saved, without its ending.
pub fn file_stem(reading: &Reading) -> String {
    format!("chung-nhan-ngay-{}-{}-{}", reading.unit_code, reading.date, reading.revision)
}

fn or_first(sha256: &str) -> String {
    if sha256.is_empty() { "(ngày đầu tiên của tài khoản)".to_owned() } else { sha256.to_owned() }
}

/// What a finished page is described with.
pub struct Printed<'a> {
    pub title: &'a str,
    pub author: &'a str,
    pub hash: &'a str,
    pub issued_at: &'a str,
    pub name: &'a str,
    pub document: &'a [u8],
    pub watermark: Option<&'static str>,
}

/// Puts head and foot on the pages and attaches the signed bytes.
pub fn finish(sheet: Sheet, paper: &Printed<'_>) -> Result<Vec<u8>> {
    let head = |page: usize, pages: usize| {
        Paragraph::new(SMALL).italic(&format!("{} – trang {page}/{pages}", paper.title)).align(Align::Right)
    };
    let short: String = paper.hash.chars().take(16).collect();
    let foot = |page: usize, pages: usize| {
        let words = format!("SHA-256 {short}… Trang {page}/{pages}");
        Paragraph::new(SMALL).italic(&words).align(Align::Centre)
    };
    let description = Description {
        title: paper.title,
        author: paper.author,
        id: paper.hash,
        made_at: moment(paper.issued_at),
        attachment: Attachment {
            name: paper.name,
            description: "Chứng nhận đã ký (XML) / the signed certificate",
            bytes: paper.document,
        },
        watermark: paper.watermark,
    };
    sheet.finish(&Furniture { head: &head, foot: &foot }, &description)
}

/// `2026-11-22T09:30:15`, as certificates write it.
fn moment(text: &str) -> Moment {
    let number = |from: usize, until: usize| text.get(from..until).and_then(|part| part.parse::<u16>().ok());
    let small = |from: usize| number(from, from + 2).and_then(|n| u8::try_from(n).ok()).unwrap_or_default();
    Moment {
        year: number(0, 4).unwrap_or_default(),
        month: small(5),
        day: small(8),
        hour: small(11),
        minute: small(14),
        second: small(17),
    }
}

pub fn centred(paragraph: Paragraph) -> Part {
    Part::Text(paragraph.align(Align::Centre))
}

/// The unit on the left, the nation on the right, the title below.
pub fn heading(sheet: &mut Sheet, unit: (&str, &str), title: &str, english: &str) {
    let half = sheet.text_width() / 2.0;
    let left = vec![
        centred(Paragraph::new(TEXT).bold(unit.0)),
        centred(Paragraph::new(SMALL).regular("Mã số thuế: ").regular(unit.1)),
    ];
    let nation = vec![
        centred(Paragraph::new(TEXT).bold("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")),
        centred(Paragraph::new(TEXT).bold("Độc lập - Tự do - Hạnh phúc")),
    ];
    sheet.columns(vec![
        Stack { x: 0.0, width: half, parts: left },
        Stack { x: half, width: half, parts: nation },
    ]);
    sheet.space(16.0);
    sheet.parts(vec![
        Part::Title(Paragraph::new(TITLE).bold(title).align(Align::Centre)),
        centred(Paragraph::new(SMALL).italic(&format!("({english})"))),
    ]);
    sheet.space(10.0);
}

fn facts(sheet: &mut Sheet, reading: &Reading) {
    let time = match ordinal(reading.revision) {
        1 => "1".to_owned(),
        time => format!("{time} (lập lại sau khi mở lại ngày)"),
    };
    let basis =
        if reading.is_derived { "suy từ số dư từng dòng" } else { "ngân hàng ghi trên sao kê" };
    let statement = if reading.is_nil {
        "không có sao kê; sao kê kế tiếp chứng minh không có biến động".to_owned()
    } else {
        format!("{} tệp sao kê, {} dòng", reading.statements.len(), reading.line_count)
    };
    let fields = [
        ("Đơn vị: ", format!("{} (mã {})", reading.unit_name, reading.unit_code)),
        ("Tài khoản: ", format!("{} (mã ngân hàng {})", reading.account_no, reading.bank_bin)),
        ("Lần lập: ", time),
        ("Căn cứ: ", statement),
        ("Số dư: ", basis.to_owned()),
    ];
    for (label, value) in fields {
        sheet.text(Paragraph::new(TEXT).regular(label).bold(&value));
    }
    sheet.space(8.0);
}

fn balances(sheet: &mut Sheet, reading: &Reading) {
    let mut rows = vec![("Số dư đầu ngày".to_owned(), reading.opening)];
    for (name, sum) in &reading.classes {
        let words = Class::parse(name).map_or(name.clone(), |class| class.vi().to_owned());
        rows.push((format!("– {words}"), *sum));
    }
    rows.push(("Tổng ghi có".to_owned(), reading.credits));
    rows.push(("Tổng ghi nợ".to_owned(), Dong(reading.debits.0.saturating_neg())));
    sums(sheet, "Ngân hàng và sổ kế toán", &rows, ("Số dư cuối ngày", reading.closing));
}

/// From the receipts to what moved on the account, with what makes the difference one by one.
fn bridge(sheet: &mut Sheet, reading: &Reading, told: &BridgeReading) {
    let (issued, reduced) = (told.issued, told.reduced);
    let mut rows = vec![(format!("Biên lai, hóa đơn đã lập: {}", issued.0), issued.1)];
    if reduced.0 > 0 {
        let words = format!("Biên lai, hóa đơn hủy hoặc điều chỉnh giảm: {}", reduced.0);
        rows.push((words, Dong(reduced.1.0.saturating_neg())));
    }
    for (pier, sum) in Pier::ALL.into_iter().zip(told.piers) {
        rows.push((pier.words().0.to_owned(), sum));
        for row in told.rows.iter().filter(|row| row.pier == pier.as_str()) {
            let what = words::account(&row.account, &reading.items);
            let many = if row.count > 1 { format!(" ({} khoản)", row.count) } else { String::new() };
            rows.push((format!("– {what}{many}"), row.amount));
        }
    }
    sums(sheet, "Từ biên lai đến ngân hàng", &rows, ("Phát sinh trên tài khoản", told.bank));
    let hash = format!("Mã băm {} khoản chênh lệch: {}", told.span_count, told.spans_sha256);
    sheet.text(Paragraph::new(SMALL).regular(&hash));
    sheet.space(8.0);
}

/// A table of sums: words and amounts, the last row in bold.
pub fn sums(sheet: &mut Sheet, title: &str, rows: &[(String, Dong)], total: (&str, Dong)) {
    let cell = |words: &str, align| Cell::of(Paragraph::new(TEXT).regular(words).align(align));
    let strong =
        |words: &str, align| Cell::of(Paragraph::new(TEXT).piece(Face::Bold, TEXT, words).align(align));
    let body = rows
        .iter()
        .map(|(words, amount)| vec![cell(words, Align::Left), cell(&amount.to_string(), Align::Right)])
        .collect();
    let foot = vec![vec![strong(total.0, Align::Left), strong(&total.1.to_string(), Align::Right)]];
    let column = |title: &str, width| Column { title: title.to_owned(), width };
    let columns = vec![column(title, Width::Rest), column("Số tiền (đồng)", Width::Fit(110.0))];
    sheet.table(&Table { columns, title_size: SMALL, body, foot, keep_with: 0.0 });
    sheet.space(8.0);
}

fn carried(sheet: &mut Sheet, reading: &Reading) {
    let in_transit = (reading.in_transit_count, reading.in_transit);
    let mut rows = carried_rows(&reading.carried, &reading.cash, in_transit);
    rows.extend(claim_rows(&reading.claims));
    items(sheet, "Chuyển tiếp sang ngày sau", &rows);
}

/// What a day or a month carries on: open items, cash on its way, and what is notified and not yet stated.
pub fn carried_rows(carried: &[Carried], cash: &[Cash], in_transit: (i64, Dong)) -> Vec<[String; 4]> {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for one in carried {
        let words = Kind::parse(&one.exception_kind)
            .map_or_else(|_| one.exception_kind.clone(), |kind| kind.title_vi().to_owned());
        rows.push([words, one.id.clone(), day_text(one.first_seen), one.amount.to_string()]);
    }
    for one in cash {
        let words = if one.kind == "shift" {
            "Tiền mặt trong ngăn quỹ"
        } else {
            "Tiền mặt đang nộp ngân hàng"
        };
        rows.push([words.to_owned(), one.id.clone(), day_text(one.since), one.amount.to_string()]);
    }
    let (count, amount) = in_transit;
    if count > 0 {
        let words = format!("Đã báo có, chờ sao kê ({count} khoản)");
        rows.push([words, String::new(), String::new(), amount.to_string()]);
    }
    rows
}

/// What is on its way, one by one as far as a page has room.
pub fn claim_rows(claims: &[OnItsWay]) -> Vec<[String; 4]> {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for one in claims.iter().take(NAMED) {
        let id = if one.code.is_empty() { &one.payment } else { &one.code };
        rows.push(["–".to_owned(), id.clone(), day_text(one.first_seen), one.amount.to_string()]);
    }
    let rest = claims.len().saturating_sub(NAMED);
    if rest > 0 {
        let words = format!("– và {rest} khoản khác, nêu tên trong tệp chứng nhận");
        rows.push([words, String::new(), String::new(), String::new()]);
    }
    rows
}

/// What is carried on: what it is, its id, since when, how much.
pub fn items(sheet: &mut Sheet, title: &str, rows: &[[String; 4]]) {
    if rows.is_empty() {
        sheet.text(Paragraph::new(TEXT).regular(title).regular(": ").bold("không có"));
        sheet.space(8.0);
        return;
    }
    let cell = |words: &str, align| Cell::of(Paragraph::new(SMALL).regular(words).align(align));
    let body = rows
        .iter()
        .map(|[what, id, since, amount]| {
            vec![
                cell(what, Align::Left),
                cell(id, Align::Left),
                cell(since, Align::Centre),
                cell(amount, Align::Right),
            ]
        })
        .collect();
    let column = |title: &str, width| Column { title: title.to_owned(), width };
    let columns = vec![
        column(title, Width::Rest),
        column("Mã", Width::Fit(90.0)),
        column("Từ ngày", Width::Fit(60.0)),
        column("Số tiền (đồng)", Width::Fit(90.0)),
    ];
    sheet.table(&Table { columns, title_size: SMALL, body, foot: Vec::new(), keep_with: 0.0 });
    sheet.space(8.0);
}

fn shares(sheet: &mut Sheet, reading: &Reading) -> Result<()> {
    let (budget, kept) = split(&reading.shares)?;
    let rows: Vec<(String, Dong)> =
        reading.shares.iter().map(|share| (shared(reading, share), share.amount)).collect();
    let total = format!("Nộp ngân sách {budget}; để lại đơn vị {kept}; cộng");
    sums(sheet, "Phân chia số phí, lệ phí", &rows, (&total, budget.checked_add(kept)?));
    Ok(())
}

/// Where a share goes, and of which fee it is: fees of several items go to one sub-item.
fn shared(reading: &Reading, share: &Share) -> String {
    let to = words::account(&share.to, &reading.items);
    if share.is_kept() { to } else { format!("{to}; {}", words::account(&share.from, &reading.items)) }
}

/// The code, and beside it what identifies the certificate.
pub fn seal(sheet: &mut Sheet, content: &str, fields: &[(&str, String)]) {
    let width = sheet.text_width();
    let qr = Qr::new(content, QR_WIDTH, "Mã định danh và mã băm của chứng nhận");
    let left = qr.map(|qr| vec![Part::Figure(qr, Align::Left)]).unwrap_or_default();
    let right = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| Part::Text(Paragraph::new(SMALL).regular(label).bold(value)))
        .collect();
    let inset = QR_WIDTH + 8.0;
    sheet.columns(vec![
        Stack { x: 0.0, width: QR_WIDTH, parts: left },
        Stack { x: inset, width: width - inset, parts: right },
    ]);
}

/// `22/11/2026`.
pub fn day_text(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}
