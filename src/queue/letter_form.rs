//! The page of a letter to the bank, in the layout of administrative documents (Decree
//! 30/2020/NĐ-CP, appendix I [M]; the wording is ours [P]), with its data attached.

use chrono::Datelike;
use ring::digest::{SHA256, digest};

use super::letter::Content;
use crate::error::Result;
use crate::pdf::{Align, Attachment, Description, Furniture, Moment, Paper, Paragraph, Part, Sheet, Stack};
use crate::receipt::markup::Markup;
use crate::text;

const TEXT: f32 = 12.0;
const SMALL: f32 = 9.0;

/// The format version in every letter's data.
const VERSION: &str = "TL-1.0";

/// The letter's data, canonical.
pub fn xml(content: &Content) -> Vec<u8> {
    let letter = &content.letter;
    Markup::document("TraceLetter", &format!("TL-{}", letter.id), |xml| {
        xml.text("Version", VERSION);
        xml.text("Number", &letter.numbered());
        xml.text("WrittenAt", &letter.created_at.hanoi_text());
        xml.text("UnitCode", &content.unit.code);
        xml.text("UnitName", &content.unit.name);
        xml.text("BankBin", &content.account.bank_bin);
        xml.text("Account", &content.account.account_no);
        xml.text("Direction", if content.is_credit { "credit" } else { "debit" });
        xml.text("On", &content.on.to_string());
        xml.amount("Amount", letter.amount);
        xml.text("BankReference", &content.bank_reference);
        xml.text("Claim", &content.claim);
        xml.text("Memo", &content.memo);
        xml.text("Counterparty", &content.counterparty);
        xml.text("Question", &letter.question);
    })
}

/// Renders the page with its data attached. The same letter gives the same bytes.
///
/// # Errors
/// `Internal`: the document breaks a rule of the standards. No text may lead there.
pub fn pdf(content: &Content) -> Result<Vec<u8>> {
    let data = xml(content);
    let mut sheet = Sheet::new(Paper::A4);
    heading(&mut sheet, content);
    body(&mut sheet, content);
    signatures(&mut sheet, content);
    let title = format!("Thư tra soát số {}", content.letter.numbered());
    let name = format!("{}.xml", content.file_stem());
    let head = |page: usize, pages: usize| {
        let words = if pages > 1 { format!("{title} – trang {page}/{pages}") } else { String::new() };
        Paragraph::new(SMALL).italic(&words).align(Align::Right)
    };
    let foot_code = content.letter.id.to_string();
    let foot = |page: usize, pages: usize| {
        let words = format!("Mã thư {foot_code}. Trang {page}/{pages}");
        Paragraph::new(SMALL).italic(&words).align(Align::Centre)
    };
    let description = Description {
        title: &title,
        author: &content.unit.name,
        id: &text::hex(digest(&SHA256, &data).as_ref()),
        made_at: Moment::of(content.letter.created_at),
        attachment: Attachment {
            name: &name,
            description: "Dữ liệu của thư (XML) / the letter's data",
            bytes: &data,
        },
        watermark: None,
    };
    sheet.finish(&Furniture { head: &head, foot: &foot }, &description)
}

fn centred(paragraph: Paragraph) -> Part {
    Part::Text(paragraph.align(Align::Centre))
}

fn heading(sheet: &mut Sheet, content: &Content) {
    let half = sheet.text_width() / 2.0;
    let at = content.letter.created_at.in_hanoi();
    let unit = vec![
        centred(Paragraph::new(TEXT).bold(&content.unit.name.to_uppercase())),
        centred(Paragraph::new(TEXT).regular(&format!("Số: {}", content.letter.numbered()))),
        centred(Paragraph::new(SMALL + 2.0).italic("V/v tra soát giao dịch trên tài khoản thu phí, lệ phí")),
    ];
    let day = format!("Ngày {:02} tháng {:02} năm {}", at.day(), at.month(), at.year());
    let nation = vec![
        centred(Paragraph::new(TEXT - 1.0).bold("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")),
        centred(Paragraph::new(TEXT).bold("Độc lập - Tự do - Hạnh phúc")),
        centred(Paragraph::new(TEXT).italic(&day)),
    ];
    sheet.columns(vec![
        Stack { x: 0.0, width: half, parts: unit },
        Stack { x: half, width: half, parts: nation },
    ]);
    sheet.space(20.0);
    sheet.parts(vec![Part::Title(Paragraph::new(14.0).bold("THƯ TRA SOÁT").align(Align::Centre))]);
    sheet.space(10.0);
    let bank = format!("Ngân hàng quản lý tài khoản (mã ngân hàng {})", content.account.bank_bin);
    sheet.text(Paragraph::new(TEXT).regular("Kính gửi: ").bold(&bank).align(Align::Centre));
    sheet.space(12.0);
}

fn body(sheet: &mut Sheet, content: &Content) {
    let account = format!("{}, chủ tài khoản {}", content.account.account_no, content.account.holder_name);
    let what = if content.letter.movement.is_some() {
        "khoản tiền đã được báo có nhưng chưa thấy trên sao kê"
    } else if content.is_credit {
        "khoản ghi có trên sao kê chưa xác định được người nộp"
    } else {
        "khoản ghi nợ trên sao kê chưa xác định được lý do"
    };
    let intro = format!("{} đề nghị Quý Ngân hàng tra soát {what}, cụ thể như sau:", content.unit.name);
    sheet.text(Paragraph::new(TEXT).regular(&intro));
    sheet.space(6.0);
    let amount = format!("{} ({})", content.letter.amount, content.in_words());
    let day = content.on.0.format("%d/%m/%Y").to_string();
    let fields = [
        ("Tài khoản số: ", account),
        (if content.letter.line.is_some() { "Ngày hạch toán: " } else { "Ngày báo có: " }, day),
        ("Số tiền: ", amount),
        ("Số tham chiếu của ngân hàng: ", content.bank_reference.clone()),
        ("Kênh và mã báo có: ", content.claim.clone()),
        ("Bên chuyển hoặc bên nhận: ", content.counterparty.clone()),
        ("Nội dung giao dịch: ", content.memo.clone()),
    ];
    for (label, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        sheet.text(Paragraph::new(TEXT).regular("– ").regular(label).bold(value));
    }
    sheet.space(6.0);
    sheet.text(Paragraph::new(TEXT).regular("Nội dung đề nghị: ").regular(&content.letter.question));
    sheet.space(6.0);
    let thanks = format!(
        "Đề nghị Quý Ngân hàng trả lời bằng văn bản, nêu rõ số thư {}. Trân trọng cảm ơn./.",
        content.letter.numbered()
    );
    sheet.text(Paragraph::new(TEXT).regular(&thanks));
    sheet.space(18.0);
}

fn signatures(sheet: &mut Sheet, content: &Content) {
    let half = sheet.text_width() / 2.0;
    let left = vec![
        Part::Text(Paragraph::new(SMALL + 2.0).bold("Nơi nhận:")),
        Part::Text(Paragraph::new(SMALL + 2.0).regular("– Như trên;")),
        Part::Text(Paragraph::new(SMALL + 2.0).regular("– Lưu: kế toán.")),
        Part::Gap(8.0),
        Part::Text(Paragraph::new(SMALL + 2.0).italic(&format!("Người lập: {}", content.maker))),
    ];
    let right = vec![
        centred(Paragraph::new(TEXT).bold("THỦ TRƯỞNG ĐƠN VỊ")),
        centred(Paragraph::new(SMALL).italic("(Ký, đóng dấu, ghi rõ họ tên)")),
        Part::Gap(60.0),
    ];
    sheet.columns(vec![
        Stack { x: 0.0, width: half, parts: left },
        Stack { x: half, width: half, parts: right },
    ]);
}
