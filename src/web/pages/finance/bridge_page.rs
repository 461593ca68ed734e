//! The bridge of a day as a page shows it: a table for each of its parts, accounts of the bank by their numbers, fee
//! items by their names, open items as links.

use super::report_page::{called_by, part};
use crate::ledger::words;
use crate::report::bridge::SECTIONS;
use crate::report::sheet::Cell as Value;
use crate::report::table::Table;
use crate::web::pages::called;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing};
use crate::web::pages::wording::Lang;

/// What details begin with, and what people know it as.
type Names = [(String, String)];

/// The parts that have rows.
pub(super) fn listings(frame: &Frame, report: &Table, names: &Names) -> Vec<Listing> {
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
            .map(|row| cells(lang, row, names))
            .collect(),
    };
    SECTIONS.into_iter().map(of_section).filter(|listing| !listing.rows.is_empty()).collect()
}

fn cells(lang: Lang, row: &[Value], names: &Names) -> Vec<Cell> {
    let text = |at: usize| row.get(at).map(Value::shown).unwrap_or_default();
    let (item, about) = (text(1), text(2));
    let (item, detail) = match item.as_str() {
        // A row of one account is called by it.
        "–" => (head(lang, &about), Cell::text(called_by(names, words::about(&about).to_owned()))),
        _ => (part(lang, &item).to_owned(), detail(lang, &about, names)),
    };
    vec![Cell::text(item), detail, Cell::text(text(3)), Cell::figure(text(4))]
}

fn head(lang: Lang, account: &str) -> String {
    words::words(account).map_or_else(|| account.to_owned(), |(vi, en)| lang.pick(vi, en).to_owned())
}

/// From one account to another, an open item with its number in the queue, or an id.
fn detail(lang: Lang, text: &str, names: &Names) -> Cell {
    let named = |account: &str| called_by(names, called::account(lang, account));
    if let Some((from, to)) = text.split_once(" → ") {
        return Cell::text(format!("{} → {}", named(from), named(to)));
    }
    let exception = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    match exception.filter(|id| id.starts_with("exc_")) {
        Some(id) => Cell::link(text, format!("/finance/exceptions/{id}")),
        None => Cell::text(named(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_words_and_open_items_are_links() {
        let names = [("acc_1".to_owned(), "9990000401".to_owned())];
        let shown = |text: &str| detail(Lang::Vi, text, &names);
        let way = shown("fees_collected/X → budget_due/805-2716");
        assert_eq!(way.text, "Phí, lệ phí đã thu · X → Phải nộp ngân sách · 805-2716");
        assert_eq!(shown("acc_1").text, "9990000401");
        let way = shown("clearing/acc_1/vpbank → bank/acc_1");
        assert_eq!(way.text.matches("9990000401").count(), 2, "{}", way.text);
        assert!(!way.text.contains("acc_"), "{}", way.text);
        let open = shown("lin_1 (exc_2)");
        assert_eq!(open.href.as_deref(), Some("/finance/exceptions/exc_2"));
        let row =
            [Value::text("Cầu nối / Bridge"), Value::text("–"), Value::text("surplus/pay_1"), Value::Empty];
        let row = cells(Lang::En, &row, &names);
        assert_eq!((row[0].text.as_str(), row[1].text.as_str()), ("Surplus owed to a payer", "pay_1"));
    }
}
