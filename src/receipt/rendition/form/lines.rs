//! The table of fees or goods, its sums, and the total in words.

use super::{NOTE, SMALL, TEXT};
use crate::pdf::{Align, Cell, Column, Face, Paragraph, Row, Sheet, Table, Width};
use crate::receipt::rendition::reading::{Kind, Line, Printed};
use crate::receipt::rendition::wording::is_nothing;
use crate::text::grouped;

/// A column and what stands in it.
struct Field {
    title: &'static str,
    width: Width,
    align: Align,
    text: fn(&Line) -> String,
}

/// An adjustment that touches no amount has no table.
const PAYER_ONLY: &str = "Chỉ điều chỉnh thông tin người mua; hàng hóa, dịch vụ và số tiền giữ nguyên.";

pub fn lay_out(sheet: &mut Sheet, printed: &Printed, keep_with: f32) {
    if printed.lines.is_empty() && printed.total.is_empty() {
        sheet.text(Paragraph::new(TEXT).regular(PAYER_ONLY));
        return;
    }
    let fields = fields(printed);
    let columns: Vec<Column> =
        fields.iter().map(|field| Column { title: field.title.to_owned(), width: field.width }).collect();
    let body = printed.lines.iter().map(|line| row(&fields, line)).collect();
    let total =
        if printed.kind == Kind::Receipt { "Tổng số tiền" } else { "Tổng tiền thanh toán" };
    let span = columns.len().saturating_sub(1);
    let sum = |label: &str, amount: &str, is_total: bool| -> Row {
        let piece = |text: &str| {
            let face = if is_total { Face::Bold } else { Face::Regular };
            Paragraph::new(TEXT).piece(face, TEXT, text).align(Align::Right)
        };
        vec![Cell { span, content: piece(label) }, Cell::of(piece(&grouped(amount)))]
    };
    let mut foot: Vec<Row> = printed.sums.iter().map(|(label, amount)| sum(label, amount, false)).collect();
    foot.push(sum(total, &printed.total, true));
    sheet.table(&Table { columns, title_size: SMALL + 0.5, body, foot, keep_with: keep_with + 1.6 * TEXT });
    // The invoice of somebody else may say nothing.
    if printed.total_in_words.trim().is_empty() {
        return;
    }
    sheet.space(4.0);
    let words = Paragraph::new(TEXT).regular("Số tiền viết bằng chữ: ").bold(&printed.total_in_words);
    sheet.text(words.piece(Face::Bold, TEXT, "."));
}

/// Columns that no line fills are left out, except for those the regulation names.
fn fields(printed: &Printed) -> Vec<Field> {
    let is_receipt = printed.kind == Kind::Receipt;
    let any = |text: fn(&Line) -> String| printed.lines.iter().any(|line| !is_nothing(&text(line)));
    let centre = |title, width, text| Field { title, width: Width::Fit(width), align: Align::Centre, text };
    let money = |title, text| Field { title, width: Width::Fit(58.0), align: Align::Right, text };
    let mut fields = vec![
        centre("STT", 26.0, |line| line.ordinal.clone()),
        Field {
            title: if is_receipt { "Tên khoản phí, lệ phí" } else { "Tên hàng hóa, dịch vụ" },
            width: Width::Rest,
            align: Align::Left,
            text: |line| line.name.clone(),
        },
        centre("Đơn vị tính", 40.0, |line| line.unit.clone()),
        Field {
            title: "Số lượng",
            width: Width::Fit(36.0),
            align: Align::Right,
            text: |line| grouped(&line.quantity),
        },
        money(if is_receipt { "Mức thu (đồng)" } else { "Đơn giá" }, |line| grouped(&line.price)),
    ];
    if any(|line| line.reduction.clone()) {
        fields.push(money(if is_receipt { "Miễn, giảm (đồng)" } else { "Chiết khấu" }, |line| {
            if is_nothing(&line.reduction) { String::new() } else { grouped(&line.reduction) }
        }));
    }
    if printed.lines.iter().any(|line| !line.tax_rate.is_empty()) {
        fields.push(centre("Thuế suất", 40.0, |line| line.tax_rate.clone()));
    }
    fields.push(money(if is_receipt { "Thành tiền (đồng)" } else { "Thành tiền" }, |line| {
        grouped(&line.amount)
    }));
    fields
}

fn row(fields: &[Field], line: &Line) -> Row {
    fields.iter().map(|field| Cell::of(content(field, line))).collect()
}

fn content(field: &Field, line: &Line) -> Paragraph {
    let paragraph = Paragraph::new(TEXT).regular(&(field.text)(line)).align(field.align);
    if field.width != Width::Rest {
        return paragraph;
    }
    line.notes.iter().fold(paragraph, |paragraph, note| paragraph.line(Face::Italic, NOTE, note))
}
