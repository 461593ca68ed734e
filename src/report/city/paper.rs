//! The month's figures as a page to sign and send, PDF/A-3a, with the same rows as CSV attached. The
//! layout is a proposal of ours [P].

use ring::digest::{SHA256, digest};

use super::sheet::{against, table, title};
use super::{Figures, NO_FIGURES, Sum};
use crate::clock::Instant;
use crate::error::Result;
use crate::pdf::{
    Align, Attachment, Cell, Column, Description, Furniture, Moment, Paper, Paragraph, Part, Row, Sheet,
    Table, Width,
};
use crate::report::collection::percent;
use crate::report::sheet::Form;
use crate::text;

const TEXT: f32 = 10.0;
const SMALL: f32 = 8.5;
const TITLE: f32 = 14.0;

/// Renders the report. The same figures at the same instant give the same bytes.
///
/// # Errors
/// `Internal`: the document breaks a rule of the standards. No text may lead there.
pub fn render(figures: &Figures, author: &str, made_at: Instant) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    table(figures).write_as(Form::Csv, &mut data)?;
    // Eight columns of each unit.
    let mut sheet = Sheet::new(Paper::A4_LANDSCAPE);
    let lines = title(figures);
    let name = lines.first().cloned().unwrap_or_default();
    let mut head = vec![
        Part::Text(Paragraph::new(TEXT).bold(author).align(Align::Centre)),
        Part::Title(Paragraph::new(TITLE).bold(&name).align(Align::Centre)),
    ];
    head.extend(
        lines.iter().skip(1).map(|line| Part::Text(Paragraph::new(TEXT).italic(line).align(Align::Centre))),
    );
    sheet.parts(head);
    sheet.space(10.0);
    units(&mut sheet, figures);
    sums(&mut sheet, "Theo khoản thu / By item", &figures.by_item);
    sums(&mut sheet, "Theo kênh / By channel", &figures.by_channel);
    let days: Vec<Sum> = figures
        .by_day
        .iter()
        .map(|(day, amount)| Sum {
            code: String::new(),
            name: day.0.format("%d/%m/%Y").to_string(),
            amount: *amount,
        })
        .collect();
    sums(&mut sheet, "Theo ngày / By day", &days);
    warnings(&mut sheet, figures);
    let running = |page: usize, pages: usize| format!("{name} – trang {page}/{pages}");
    let top =
        |page: usize, pages: usize| Paragraph::new(SMALL).italic(&running(page, pages)).align(Align::Right);
    let foot = |page: usize, pages: usize| {
        Paragraph::new(SMALL).italic(&format!("Trang {page}/{pages}")).align(Align::Centre)
    };
    let file = format!("bao-cao-thang-{}.csv", figures.month);
    let description = Description {
        title: &name,
        author,
        id: &text::hex(digest(&SHA256, &data).as_ref()),
        made_at: Moment::of(made_at),
        attachment: Attachment {
            name: &file,
            description: "Số liệu của báo cáo (CSV) / the report's figures",
            bytes: &data,
        },
        watermark: None,
    };
    sheet.finish(&Furniture { head: &top, foot: &foot }, &description)
}

fn column(title: &str, width: Width) -> Column {
    Column { title: title.to_owned(), width }
}

fn cell(words: &str, align: Align) -> Cell {
    Cell::of(Paragraph::new(SMALL).regular(words).align(align))
}

fn heading(sheet: &mut Sheet, words: &str) {
    sheet.space(10.0);
    sheet.text(Paragraph::new(TEXT).bold(words));
    sheet.space(3.0);
}

fn grid(sheet: &mut Sheet, columns: Vec<Column>, body: Vec<Row>) {
    sheet.table(&Table { columns, title_size: SMALL, body, foot: Vec::new(), keep_with: 0.0 });
}

fn units(sheet: &mut Sheet, figures: &Figures) {
    heading(sheet, "Theo đơn vị / By unit");
    let row = |one: &super::Standing| {
        let measured = |at: usize| one.measured.get(at).map(against).unwrap_or_default();
        vec![
            cell(&one.unit_name, Align::Left),
            cell(&one.amount.to_string(), Align::Right),
            cell(&one.paid.count.to_string(), Align::Right),
            cell(&one.paid.free_count.to_string(), Align::Right),
            cell(&measured(2), Align::Right),
            cell(&share(one.paid.share_by_amount()), Align::Right),
            cell(&measured(0), Align::Right),
            cell(&measured(1), Align::Right),
        ]
    };
    let columns = vec![
        column("Đơn vị", Width::Rest),
        column("Số thu (đồng)", Width::Fit(60.0)),
        column("Hồ sơ", Width::Fit(30.0)),
        column("0 đồng", Width::Fit(30.0)),
        column("Điện tử theo hồ sơ", Width::Fit(50.0)),
        column("Điện tử theo tiền", Width::Fit(40.0)),
        column("Trực tuyến", Width::Fit(50.0)),
        column("Toàn trình", Width::Fit(50.0)),
    ];
    grid(sheet, columns, figures.units.iter().map(row).collect());
    sheet.text(Paragraph::new(TEXT).regular("Tổng số thu / Total: ").bold(&figures.total.to_string()));
    let paid = &figures.paid;
    sheet.text(Paragraph::new(TEXT).regular(&format!(
        "Hồ sơ có thu đã nộp đủ / Paid dossiers: {}; hồ sơ 0 đồng / free: {}",
        paid.count, paid.free_count
    )));
    sheet.text(Paragraph::new(TEXT).regular(&format!(
        "Điện tử / Electronic: {} theo hồ sơ / by count, {} theo tiền / by amount",
        share(paid.share_by_count()),
        share(paid.share_by_amount())
    )));
    if figures.without_totals > 0 {
        sheet.text(Paragraph::new(TEXT).italic(&format!(
            "Chưa có số liệu tổng hồ sơ của {0} đơn vị / No totals of dossiers from {0} units",
            figures.without_totals
        )));
    }
}

fn share(share: Option<i64>) -> String {
    share.map_or_else(|| NO_FIGURES.0.to_owned(), percent)
}

fn sums(sheet: &mut Sheet, words: &str, sums: &[Sum]) {
    if sums.is_empty() {
        return;
    }
    heading(sheet, words);
    let row = |sum: &Sum| {
        let name = if sum.code.is_empty() || sum.code == sum.name {
            sum.name.clone()
        } else {
            format!("{} – {}", sum.code, sum.name)
        };
        vec![cell(&name, Align::Left), cell(&sum.amount.to_string(), Align::Right)]
    };
    let columns = vec![column("Nội dung", Width::Rest), column("Số thu (đồng)", Width::Fit(90.0))];
    grid(sheet, columns, sums.iter().map(row).collect());
}

fn warnings(sheet: &mut Sheet, figures: &Figures) {
    if figures.warnings.is_empty() {
        return;
    }
    heading(sheet, "Chưa đạt chỉ tiêu / Below target");
    let row = |one: &super::Warning| {
        vec![
            cell(&format!("{} – {}", one.unit_name, one.field), Align::Left),
            cell(one.measured.measure.words().0, Align::Left),
            cell(&against(&one.measured), Align::Right),
        ]
    };
    let columns = vec![
        column("Đơn vị, lĩnh vực", Width::Rest),
        column("Chỉ tiêu", Width::Fit(120.0)),
        column("Đạt (yêu cầu)", Width::Fit(80.0)),
    ];
    grid(sheet, columns, figures.warnings.iter().map(row).collect());
}
