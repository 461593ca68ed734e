//! The page of an order: who, from which account, for which budget codes, in figures and words, the
//! places of the signatures.

use chrono::Datelike;
use ring::digest::{SHA256, digest};

use super::document::{Content, file_stem};
use super::{Kind, Line};
use crate::error::Result;
use crate::pdf::{
    Align, Attachment, Cell, Column, Description, Face, Furniture, Moment, Paper, Paragraph, Part, Row,
    Sheet, Stack, Table, Width,
};
use crate::tariff::Tariff;
use crate::text;

const TEXT: f32 = 11.0;
const SMALL: f32 = 9.0;
const TITLE: f32 = 14.0;

/// Renders the page with the XML attached.
///
/// # Errors
/// `Internal`: the document breaks a rule of the standards. No text may lead there.
pub fn render(content: &Content, xml: &[u8]) -> Result<Vec<u8>> {
    let mut sheet = Sheet::new(Paper::A4);
    heading(&mut sheet, content);
    parties(&mut sheet, content);
    lines(&mut sheet, content);
    signatures(&mut sheet, content);
    let title = format!("{} số {}", content.order.kind.title().0, content.number());
    let name = format!("{}.xml", file_stem(&content.order));
    let foot_code = content.order.reference_code.clone();
    let head = |page: usize, pages: usize| {
        Paragraph::new(SMALL).italic(&format!("{title} – trang {page}/{pages}")).align(Align::Right)
    };
    let foot = |page: usize, pages: usize| {
        let words = format!("Mã lệnh {foot_code}. Trang {page}/{pages}");
        Paragraph::new(SMALL).italic(&words).align(Align::Centre)
    };
    let description = Description {
        title: &title,
        author: &content.unit.name,
        id: &text::hex(digest(&SHA256, xml).as_ref()),
        made_at: Moment::of(content.order.created_at),
        attachment: Attachment {
            name: &name,
            description: "Dữ liệu của lệnh (XML) / the order's data",
            bytes: xml,
        },
        watermark: content.watermark(),
    };
    sheet.finish(&Furniture { head: &head, foot: &foot }, &description)
}

fn centred(paragraph: Paragraph) -> Part {
    Part::Text(paragraph.align(Align::Centre))
}

fn heading(sheet: &mut Sheet, content: &Content) {
    let half = sheet.text_width() / 2.0;
    let unit = vec![
        centred(Paragraph::new(TEXT).bold(&content.unit.name)),
        centred(Paragraph::new(SMALL).regular("Mã số thuế: ").regular(&content.unit.tax_code)),
    ];
    let nation = vec![
        centred(Paragraph::new(TEXT).bold("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")),
        centred(Paragraph::new(TEXT).bold("Độc lập - Tự do - Hạnh phúc")),
    ];
    sheet.columns(vec![
        Stack { x: 0.0, width: half, parts: unit },
        Stack { x: half, width: half, parts: nation },
    ]);
    sheet.space(16.0);
    let at = content.order.created_at.in_hanoi();
    let day = format!("Ngày {:02} tháng {:02} năm {}", at.day(), at.month(), at.year());
    let title = content.order.kind.title();
    sheet.parts(vec![
        Part::Title(Paragraph::new(TITLE).bold(&title.0.to_uppercase()).align(Align::Centre)),
        centred(Paragraph::new(SMALL).italic(&format!("({})", title.1))),
        centred(Paragraph::new(TEXT).regular(&format!("Số: {}", content.number()))),
        centred(Paragraph::new(TEXT).italic(&day)),
    ]);
    sheet.space(10.0);
}

fn parties(sheet: &mut Sheet, content: &Content) {
    let order = &content.order;
    let (payer, payee) = match order.kind {
        Kind::Treasury => ("Trích tài khoản số: ", "Nộp vào tài khoản Kho bạc số: "),
        Kind::Kept => ("Trích tài khoản số: ", "Mã Kho bạc: "),
        Kind::Claim => ("Hoàn trả vào tài khoản số: ", "Từ tài khoản Kho bạc số: "),
    };
    let bank = format!(" (mã ngân hàng {})", content.account.bank_bin);
    let mut fields = vec![
        ("Đơn vị: ", content.unit.name.clone()),
        ("Mã đơn vị quan hệ ngân sách: ", content.unit.budget_code.clone().unwrap_or_default()),
        (
            payer,
            format!("{}{bank}, chủ tài khoản {}", content.account.account_no, content.account.holder_name),
        ),
    ];
    if order.kind != Kind::Kept {
        fields.push((payee, order.treasury_account.clone().unwrap_or_default()));
        fields.push(("Kho bạc Nhà nước (mã): ", order.treasury_code.clone().unwrap_or_default()));
    }
    fields.push((
        "Số liệu của các ngày đã khóa đến hết: ",
        order.covered_until.0.format("%d/%m/%Y").to_string(),
    ));
    fields.push(("Nội dung chuyển khoản: ", content.transfer_text()));
    for (label, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        sheet.text(Paragraph::new(TEXT).regular(label).bold(value));
    }
    sheet.space(8.0);
}

fn lines(sheet: &mut Sheet, content: &Content) {
    let is_kept = content.order.kind == Kind::Kept;
    let column = |title: &str, width| Column { title: title.to_owned(), width };
    let columns = vec![
        column("STT", Width::Fit(28.0)),
        column("Chương", Width::Fit(48.0)),
        column(if is_kept { "Khoản phí" } else { "Tiểu mục" }, Width::Rest),
        column("Số tiền (đồng)", Width::Fit(96.0)),
    ];
    let tariff = content.tariff.as_ref();
    let numbered = content.lines.iter().enumerate();
    let body = numbered.map(|(index, line)| row(index + 1, line, tariff)).collect();
    let sum = |words: &str| Paragraph::new(TEXT).piece(Face::Bold, TEXT, words).align(Align::Right);
    let total =
        vec![Cell { span: 3, content: sum("Tổng cộng") }, Cell::of(sum(&content.order.amount.grouped()))];
    sheet.table(&Table { columns, title_size: SMALL, body, foot: vec![total], keep_with: 90.0 });
    sheet.space(5.0);
    sheet.text(Paragraph::new(TEXT).regular("Số tiền viết bằng chữ: ").bold(&content.in_words()).bold("."));
    sheet.space(16.0);
}

/// Interest is no fee and has no sub-item of a fee. What the tariff does not name stays a code.
fn item_words<'a>(line: &'a Line, tariff: Option<&'a Tariff>) -> &'a str {
    match line.sub_item.as_deref() {
        Some("interest") => "Lãi tiền gửi",
        Some(code) => tariff.and_then(|tariff| tariff.item(code)).map_or(code, |item| item.name.vi.as_str()),
        None => "–",
    }
}

fn row(number: usize, line: &Line, tariff: Option<&Tariff>) -> Row {
    let cell = |words: &str, align| Cell::of(Paragraph::new(TEXT).regular(words).align(align));
    vec![
        cell(&number.to_string(), Align::Centre),
        cell(line.chapter.as_deref().unwrap_or("–"), Align::Centre),
        cell(item_words(line, tariff), Align::Left),
        cell(&line.amount.grouped(), Align::Right),
    ]
}

fn signatures(sheet: &mut Sheet, content: &Content) {
    let half = sheet.text_width() / 2.0;
    let place = |role: &str, name: &str| {
        vec![
            centred(Paragraph::new(TEXT).bold(role)),
            centred(Paragraph::new(SMALL).italic("(Ký, ghi rõ họ tên)")),
            Part::Gap(42.0),
            centred(Paragraph::new(TEXT).bold(name)),
        ]
    };
    let checker = content.checker.as_deref().unwrap_or("(chưa duyệt)");
    sheet.columns(vec![
        Stack { x: 0.0, width: half, parts: place("NGƯỜI LẬP LỆNH", &content.maker) },
        Stack { x: half, width: half, parts: place("NGƯỜI DUYỆT", checker) },
    ]);
}
