//! The end of the document: where to look it up, who signed it and when.

use super::{NOTE, SMALL, TEXT, grouped_code};
use crate::pdf::{Align, Paragraph, Part, Qr, Sheet, Stack, mm};
use crate::receipt::rendition::Links;
use crate::receipt::rendition::reading::{Kind, Printed, Signature};
use crate::receipt::rendition::wording::short_time;

/// Between the total in words and the signatures.
pub const ABOVE: f32 = 5.0;
const QR_WIDTH: f32 = mm(25.0);
const SIGNATURE_WIDTH: f32 = mm(66.0);
const UNSIGNED: &str = "Chưa có chữ ký số";

pub fn lay_out(sheet: &mut Sheet, printed: &Printed, links: &Links, stacks: Vec<Stack>) {
    sheet.space(ABOVE);
    sheet.columns(stacks);
    if printed.signatures.len() > 1
        && let Some(words) = where_to(printed, links)
    {
        sheet.space(ABOVE);
        sheet.text(words);
    }
    // Two signatures stand side by side; further ones each on a row of their own.
    for signature in printed.signatures.iter().skip(2) {
        sheet.space(ABOVE);
        let x = sheet.text_width() - SIGNATURE_WIDTH;
        sheet.columns(vec![Stack { x, width: SIGNATURE_WIDTH, parts: signed(printed, Some(signature)) }]);
    }
}

pub fn stacks(sheet: &Sheet, printed: &Printed, links: &Links) -> Vec<Stack> {
    let width = sheet.text_width();
    let mut stacks = looked_up(printed, links, width - SIGNATURE_WIDTH);
    let right = width - SIGNATURE_WIDTH;
    let first = printed.signatures.first();
    match printed.signatures.get(1) {
        None => stacks.push(Stack { x: right, width: SIGNATURE_WIDTH, parts: signed(printed, first) }),
        Some(second) => {
            // The room for the look-up words goes to the other signature.
            stacks.truncate(1);
            let middle = right - SIGNATURE_WIDTH - mm(4.0);
            stacks.push(Stack { x: middle, width: SIGNATURE_WIDTH, parts: signed(printed, Some(second)) });
            stacks.push(Stack { x: right, width: SIGNATURE_WIDTH, parts: signed(printed, first) });
        }
    }
    stacks
}

/// The QR code, and beside it the words for those who type.
fn looked_up(printed: &Printed, links: &Links, width: f32) -> Vec<Stack> {
    if printed.lookup_code.is_empty() {
        return Vec::new();
    }
    let page = links.page(&printed.lookup_code);
    let words = format!("Mã QR mở trang tra cứu {}: {}", printed.noun(), page.as_deref().unwrap_or_default());
    let qr = page.as_ref().and_then(|page| Qr::new(page, QR_WIDTH, &words));
    let mut stacks = Vec::new();
    let mut x = 0.0;
    if let Some(qr) = qr {
        stacks.push(Stack { x, width: QR_WIDTH, parts: vec![Part::Figure(qr, Align::Left)] });
        x = QR_WIDTH + mm(2.0);
    }
    let code = Paragraph::new(TEXT).regular("Mã tra cứu: ").bold(&grouped_code(&printed.lookup_code));
    let mut parts = vec![Part::Gap(6.0), Part::Text(code)];
    parts.extend(where_to(printed, links).map(Part::Text));
    stacks.push(Stack { x, width: width - x - mm(6.0), parts });
    stacks
}

fn where_to(printed: &Printed, links: &Links) -> Option<Paragraph> {
    let page = links.page(&printed.lookup_code).filter(|_| !printed.lookup_code.is_empty())?;
    Some(Paragraph::new(SMALL).regular(&format!("Tra cứu {} tại: {page}", printed.noun())))
}

fn signed(printed: &Printed, signature: Option<&Signature>) -> Vec<Part> {
    let centred = |paragraph: Paragraph| Part::Text(paragraph.align(Align::Centre));
    let usual = if printed.kind == Kind::Receipt { "NGƯỜI THU TIỀN" } else { "NGƯỜI BÁN HÀNG" };
    let mut parts = vec![
        centred(Paragraph::new(TEXT).bold(signature.map_or(usual, |signature| signature.role))),
        centred(Paragraph::new(SMALL).italic("(Chữ ký điện tử, chữ ký số)")),
        Part::Gap(3.0),
    ];
    let Some(signature) = signature else {
        parts.push(centred(Paragraph::new(TEXT).italic(UNSIGNED)));
        return parts;
    };
    let mut inside = vec![
        Paragraph::new(SMALL).regular("Ký bởi: ").bold(&signature.by),
        Paragraph::new(SMALL).regular("Ký lúc: ").regular(&short_time(&signature.at)),
    ];
    if signature.is_test {
        inside.push(Paragraph::new(NOTE).italic("Chứng thư số thử nghiệm, không có giá trị pháp lý."));
    }
    parts.push(Part::Framed(inside));
    let is_issuer = printed.signatures.first().is_some_and(|first| std::ptr::eq(first, signature));
    if is_issuer && !printed.collector.is_empty() {
        parts.push(Part::Gap(3.0));
        parts.push(centred(Paragraph::new(TEXT).regular(&printed.collector)));
    }
    parts
}
