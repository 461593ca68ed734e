//! The bridge of a day as a page shows it: a table for each of its parts, accounts and fee items by what they are
//! called, open items as links.

use super::report_page::part;
use crate::ledger::words;
use crate::report::bridge::SECTIONS;
use crate::report::sheet::Cell as Value;
use crate::report::table::Table;
use crate::tariff::Tariff;
use crate::web::pages::called;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing};
use crate::web::pages::wording::Lang;

/// The parts that have rows.
pub(super) fn listings(frame: &Frame, report: &Table, tariff: Option<&Tariff>) -> Vec<Listing> {
    let lang = frame.lang;
    let of_section = |section: &'static str| Listing {
        caption: section.split_once(" / ").map_or(section, |(vi, en)| lang.pick(vi, en)),
        heads: ["bridge_item", "bridge_detail", "bridge_since", "amount"]
            .iter()
            .map(|key| frame.t(key))
            .collect(),
        rows: report
            .rows
            .iter()
            .filter(|row| row.first().is_some_and(|first| first.shown() == section))
            .map(|row| cells(lang, row, tariff))
            .collect(),
    };
    SECTIONS.into_iter().map(of_section).filter(|listing| !listing.rows.is_empty()).collect()
}

fn cells(lang: Lang, row: &[Value], tariff: Option<&Tariff>) -> Vec<Cell> {
    let text = |at: usize| row.get(at).map(Value::shown).unwrap_or_default();
    let (item, about) = (text(1), text(2));
    let (item, detail) = match item.as_str() {
        // A row of one account is called by it.
        "–" => (head(lang, &about), Cell::text(called::item(lang, words::about(&about), tariff))),
        _ => (part(lang, &item).to_owned(), detail(lang, &about, tariff)),
    };
    vec![Cell::text(item), detail, Cell::text(text(3)), Cell::figure(text(4))]
}

fn head(lang: Lang, account: &str) -> String {
    words::words(account).map_or_else(|| account.to_owned(), |(vi, en)| lang.pick(vi, en).to_owned())
}

/// From one account to another, an open item with its number in the queue, or an id.
fn detail(lang: Lang, text: &str, tariff: Option<&Tariff>) -> Cell {
    if let Some((from, to)) = text.split_once(" → ") {
        let side = |account: &str| called::account(lang, account, tariff);
        return Cell::text(format!("{} → {}", side(from), side(to)));
    }
    let exception = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    match exception.filter(|id| id.starts_with("exc_")) {
        Some(id) => Cell::link(text, format!("/finance/exceptions/{id}")),
        None => Cell::text(called::account(lang, text, tariff)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_words_and_open_items_are_links() {
        let shown = |text: &str| detail(Lang::Vi, text, None);
        let way = shown("fees_collected/X → budget_due/805-2716");
        assert_eq!(way.text, "Phí, lệ phí đã thu · X → Phải nộp ngân sách · 805-2716");
        let open = shown("lin_1 (exc_2)");
        assert_eq!(open.href.as_deref(), Some("/finance/exceptions/exc_2"));
        let row =
            [Value::text("Cầu nối / Bridge"), Value::text("–"), Value::text("surplus/pay_1"), Value::Empty];
        let row = cells(Lang::En, &row, None);
        assert_eq!((row[0].text.as_str(), row[1].text.as_str()), ("Surplus owed to a payer", "pay_1"));
    }
}
