//! The sheets of a pad of provisional slips, to be printed and kept by the drawer. Layout and wording
//! are ours [P]: no rule asks for a form of a slip that is no receipt.

use ring::digest::{SHA256, digest};

use super::provisional::{Pad, Slip};
use crate::error::Result;
use crate::pdf::{
    Align, Attachment, Description, Furniture, Moment, Paper, Paragraph, Part, Qr, Sheet, Stack,
};
use crate::text;

const TEXT: f32 = 11.0;
const SMALL: f32 = 9.0;
const QR_WIDTH: f32 = 90.0;
/// Room between two slips, for the scissors.
const CUT: f32 = 14.0;

/// What stands on a pad beside its numbers.
pub struct Words<'a> {
    pub unit: &'a str,
    pub cashier: &'a str,
    /// Where the code of a slip leads: the address before it.
    pub address: &'a str,
}

/// Renders a pad. The same pad gives the same bytes.
///
/// # Errors
/// `Internal`: the document breaks a rule of the standards. No text may lead there.
pub fn pdf(pad: &Pad, slips: &[Slip], words: &Words<'_>) -> Result<Vec<u8>> {
    let mut sheet = Sheet::new(Paper::A4);
    let title = format!("Phiếu thu tạm số {} đến {}", pad.first, pad.last);
    sheet.parts(vec![Part::Title(Paragraph::new(TEXT).bold(&title).align(Align::Centre))]);
    sheet.space(CUT);
    for slip in slips {
        one(&mut sheet, slip, words);
    }
    let list: String = slips.iter().map(|slip| format!("{};{}\n", slip.number, slip.code)).collect();
    let data = format!("number;code\n{list}");
    let name = format!("phieu-thu-tam-{}-{}.csv", pad.first, pad.last);
    let head = |_: usize, _: usize| Paragraph::new(SMALL).italic("").align(Align::Right);
    let foot = |page: usize, pages: usize| {
        let words = format!("{title}. Trang {page}/{pages}");
        Paragraph::new(SMALL).italic(&words).align(Align::Centre)
    };
    let description = Description {
        title: &title,
        author: words.unit,
        id: &text::hex(digest(&SHA256, data.as_bytes()).as_ref()),
        made_at: Moment::of(pad.created_at),
        attachment: Attachment {
            name: &name,
            description: "Số và mã của các phiếu (CSV) / numbers and codes of the slips",
            bytes: data.as_bytes(),
        },
        watermark: None,
    };
    sheet.finish(&Furniture { head: &head, foot: &foot }, &description)
}

fn one(sheet: &mut Sheet, slip: &Slip, words: &Words<'_>) {
    let page = format!("{}{}", words.address, slip.code);
    let mut qr_parts = Vec::new();
    if let Some(qr) = Qr::new(&page, QR_WIDTH, &format!("Tra cứu biên lai: {page}")) {
        qr_parts.push(Part::Figure(qr, Align::Left));
    }
    qr_parts.push(Part::Text(Paragraph::new(SMALL).regular(&slip.code)));
    let left = sheet.text_width() - QR_WIDTH - CUT;
    let line = |label: &str| Part::Text(Paragraph::new(TEXT).regular(label).regular(" ……………………………………………………"));
    let parts = vec![
        Part::Text(Paragraph::new(SMALL).regular(words.unit)),
        Part::Text(Paragraph::new(TEXT + 2.0).bold(&format!("PHIẾU THU TẠM số {}", slip.number))),
        line("Người nộp:"),
        line("Hồ sơ, khoản thu:"),
        line("Số tiền (đồng):"),
        line("Giờ, ngày thu:"),
        Part::Text(Paragraph::new(TEXT).regular(&format!("Người thu: {}. Ký tên: ……………………", words.cashier))),
        Part::Text(
            Paragraph::new(SMALL).italic(
                "Phiếu này không phải biên lai. Biên lai điện tử được lập khi có mạng; quét mã để xem.",
            ),
        ),
        Part::Gap(CUT),
    ];
    sheet.columns(vec![
        Stack { x: 0.0, width: left, parts },
        Stack { x: left + CUT, width: QR_WIDTH, parts: qr_parts },
    ]);
}
