//! The head of the first page: who issues, the national title, the number; what the document is.

use super::{SMALL, TEXT};
use crate::pdf::{Align, Face, Paragraph, Part, Sheet, Stack, mm};
use crate::receipt::rendition::Standing;
use crate::receipt::rendition::reading::{Kind, Printed};
use crate::receipt::rendition::wording::{long_date, sentences};
use crate::text::capitalised;

const NATION: &str = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM";
const MOTTO: &str = "Độc lập - Tự do - Hạnh phúc";
const TITLE: f32 = 15.0;
/// Between an invoice's own name and that of the receipt on it.
const INTEGRATED: &str = " TÍCH HỢP ";

pub fn lay_out(sheet: &mut Sheet, printed: &Printed, standing: &Standing) {
    let width = sheet.text_width();
    if printed.kind == Kind::Invoice {
        title(sheet, printed, standing, Some(identity(printed)));
        return;
    }
    let (side, right) = (mm(54.0), mm(42.0));
    let middle = width - side - right;
    sheet.columns(vec![
        Stack { x: 0.0, width: side, parts: issuer(printed) },
        Stack { x: side, width: middle, parts: nation() },
        Stack { x: side + middle, width: right, parts: identity(printed) },
    ]);
    sheet.space(6.0);
    title(sheet, printed, standing, None);
}

fn issuer(printed: &Printed) -> Vec<Part> {
    let unit = &printed.issuer;
    let mut parts = vec![Part::Text(Paragraph::new(TEXT).bold(&unit.name))];
    let fields = [("Mã số thuế: ", &unit.tax_code), ("Mã ĐVQHNS: ", &unit.budget_code)];
    for (label, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        parts.push(Part::Text(Paragraph::new(SMALL).regular(label).regular(value)));
    }
    parts
}

fn nation() -> Vec<Part> {
    let centred = |size: f32, text: &str| Part::Text(Paragraph::new(size).bold(text).align(Align::Centre));
    vec![centred(9.6, NATION), centred(TEXT, MOTTO), Part::Gap(2.0), Part::Rule(mm(38.0))]
}

/// Template, series and number.
fn identity(printed: &Printed) -> Vec<Part> {
    let line = |label: &str, value: &str| {
        Part::Text(Paragraph::new(TEXT).regular(label).bold(value).align(Align::Left))
    };
    vec![
        line("Mẫu số: ", &printed.template),
        line("Ký hiệu: ", &printed.series),
        line("Số: ", &printed.padded_number()),
    ]
}

/// What an invoice is integrated with stands on a line of its own.
fn name(title: &str) -> Paragraph {
    let (first, rest) = title.find(INTEGRATED).map_or((title, ""), |at| title.split_at(at));
    let name = Paragraph::new(TITLE).bold(first).align(Align::Centre);
    if rest.is_empty() { name } else { name.line(Face::Bold, TITLE, rest.trim_start()) }
}

fn title(sheet: &mut Sheet, printed: &Printed, standing: &Standing, beside: Option<Vec<Part>>) {
    let centred = |paragraph: Paragraph| Part::Text(paragraph.align(Align::Centre));
    let shown = format!("(Bản thể hiện của {} điện tử)", printed.noun());
    let mut parts = vec![
        Part::Title(name(&printed.title.to_uppercase())),
        centred(Paragraph::new(TEXT).italic(&shown)),
        centred(Paragraph::new(TEXT).regular(&long_date(&printed.issued_on))),
    ];
    if !printed.authority_code.is_empty() {
        let code = Paragraph::new(SMALL).regular("Mã của cơ quan thuế: ").bold(&printed.authority_code);
        parts.push(centred(code));
    }
    if let Some(relation) = &printed.relation {
        parts.push(centred(Paragraph::new(TEXT).piece(Face::Italic, TEXT, &format!("{relation}."))));
    }
    for sentence in sentences(standing, printed.noun()) {
        parts.push(centred(Paragraph::new(TEXT).bold(&capitalised(&sentence))));
    }
    let width = sheet.text_width();
    let side = beside.as_ref().map_or(0.0, |_| mm(40.0));
    let mut stacks = vec![Stack { x: side, width: width - 2.0 * side, parts }];
    if let Some(parts) = beside {
        stacks.push(Stack { x: width - side, width: side, parts });
    }
    sheet.columns(stacks);
    sheet.space(5.0);
}
