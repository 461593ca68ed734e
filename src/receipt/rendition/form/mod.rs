//! The pages: receipts on A5, invoices on A4, from the same parts.

mod closing;
mod heading;
mod lines;
mod people;

use super::reading::{Kind, Printed};
use super::{Links, Standing};
use crate::pdf::{Align, Furniture, Paper, Paragraph, Sheet};
use crate::receipt::LookupCode;

/// Letters in points.
const TEXT: f32 = 10.0;
const SMALL: f32 = 8.5;
const NOTE: f32 = 8.0;

pub fn lay_out(printed: &Printed, standing: &Standing, links: &Links) -> Sheet {
    let paper = if printed.kind == Kind::Receipt { Paper::A5_LANDSCAPE } else { Paper::A4 };
    let mut sheet = Sheet::new(paper);
    heading::lay_out(&mut sheet, printed, standing);
    people::lay_out(&mut sheet, printed);
    let closing = closing::stacks(&sheet, printed, links);
    let keep_with = sheet.height_of(&closing) + closing::ABOVE;
    lines::lay_out(&mut sheet, printed, keep_with);
    closing::lay_out(&mut sheet, printed, links, closing);
    sheet
}

type PageText = Box<dyn Fn(usize, usize) -> Paragraph>;

/// The head of further pages and the foot of every page.
pub struct PageTexts {
    head: PageText,
    foot: PageText,
}

impl PageTexts {
    pub fn as_furniture(&self) -> Furniture<'_> {
        Furniture { head: &*self.head, foot: &*self.foot }
    }
}

/// Further pages say of what they are a part; every page says where the original is.
/// `is_copy`: the pages are printed with those of other documents and carry no file.
pub fn page_texts(printed: &Printed, is_copy: bool) -> PageTexts {
    let continued = format!("{}, MST {}", printed.name(), printed.issuer.tax_code);
    let code = grouped_code(&printed.lookup_code);
    let looked_up = if code.is_empty() { String::new() } else { format!(" Mã tra cứu: {code}.") };
    let noun = printed.noun();
    PageTexts {
        head: Box::new(move |page, pages| {
            let text = format!("{continued} (tiếp theo trang trước – trang {page}/{pages})");
            Paragraph::new(SMALL).italic(&text).align(Align::Right)
        }),
        foot: Box::new(move |page, pages| {
            let where_it_is = if is_copy { "đây là bản in" } else { "đính kèm trong tệp PDF này" };
            let original = format!("Bản gốc của {noun} là tệp XML có chữ ký số, {where_it_is}.");
            let text = format!("{original}{looked_up} Trang {page}/{pages}");
            Paragraph::new(NOTE).italic(&text).align(Align::Centre)
        }),
    }
}

/// A look-up code of ours in groups of four; another's as it is.
fn grouped_code(code: &str) -> String {
    code.parse::<LookupCode>().map_or_else(|_| code.to_owned(), |code| code.grouped())
}

/// `label` and, in bold or not, its value; nothing when there is no value.
fn labelled(size: f32, fields: &[(&str, &str)]) -> Option<Paragraph> {
    let mut paragraph = Paragraph::new(size);
    let mut is_empty = true;
    for (label, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        if !is_empty {
            paragraph = paragraph.regular("      ");
        }
        paragraph = paragraph.label(label).regular(value);
        is_empty = false;
    }
    (!is_empty).then_some(paragraph)
}
