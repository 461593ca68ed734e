//! Which column of a table is what: shown as it is understood, and told by a person where it is not.

use std::collections::BTreeMap;

use super::accounts;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::statement::layout::{Column, DateOrder, Layout, Place};
use crate::statement::{self, Choice, FirstRows, Format, Parsed};
use crate::store::Conn;
use crate::web::pages::wording::Lang;

/// What a person can say of a column, in the order of the form: its field, its meaning and its words.
const ASKED: [(&str, Column, &str); 15] = [
    ("booking_date", Column::BookingDate, "column_booking_date"),
    ("value_date", Column::ValueDate, "column_value_date"),
    ("debit", Column::Debit, "column_debit"),
    ("credit", Column::Credit, "column_credit"),
    ("amount", Column::Amount, "column_amount"),
    ("mark", Column::Mark, "column_mark"),
    ("balance", Column::Balance, "column_balance"),
    ("description", Column::Description, "column_description"),
    ("reference", Column::Reference, "column_reference"),
    ("counterparty_name", Column::CounterpartyName, "column_counterparty_name"),
    ("counterparty_account", Column::CounterpartyAccount, "column_counterparty_account"),
    ("account_column", Column::Account, "column_account"),
    ("currency", Column::Currency, "column_currency"),
    ("fee", Column::Fee, "column_fee"),
    ("state", Column::State, "column_state"),
];

const ORDERS: [(&str, DateOrder, &str); 3] = [
    ("day_first", DateOrder::DayFirst, "column_day_first"),
    ("month_first", DateOrder::MonthFirst, "column_month_first"),
    ("year_first", DateOrder::YearFirst, "column_year_first"),
];

/// A choice of one field: its name and words, and its options with the chosen one.
pub(super) struct Ask {
    pub name: &'static str,
    pub words: &'static str,
    pub options: Vec<(String, String, bool)>,
}

/// The part of the page that asks for the columns.
pub(super) struct Columns {
    /// What becomes of what is chosen.
    pub hint: &'static str,
    /// Line of the file, and cells.
    pub rows: Vec<(usize, Vec<String>)>,
    pub numbers: Vec<usize>,
    pub asks: Vec<Ask>,
    /// Whether the table was not read as it is.
    pub is_needed: bool,
}

/// What stands in the form, by the names of its fields.
pub(super) type Told<'t> = &'t dyn Fn(&str) -> String;

/// What the person said of the columns; `None` where the form asks for none.
///
/// # Errors
/// `statement_layout_invalid`, also for a file that is no table.
pub(super) fn choice(file: &[u8], told: Told<'_>) -> Result<Option<Layout>> {
    let Some(said) = Said::of(told) else { return Ok(None) };
    let first = statement::first_rows(file)
        .ok_or_else(|| Error::invalid("file", "statement_layout_invalid", "the file is no table"))?;
    let choice = Choice {
        name: "Bảng của tài khoản".to_owned(),
        heading_line: said.heading_line,
        columns: said.columns,
        dates: said.dates,
        currency: Some("VND".to_owned()),
    };
    let layout = first.layout(choice)?;
    if !layout.is_without_heading {
        return Ok(Some(layout));
    }
    Ok(Some(match statement::preview(file, None) {
        Some(found) => layout.with_texts_of(&found.mapping),
        None => layout,
    }))
}

/// The form for a file: with what was chosen, or with what was understood. `None` for files that are no
/// tables.
pub(super) fn columns(
    conn: &mut Conn,
    lang: Lang,
    actor: &Actor,
    (file, parsed, mapping): (&[u8], &Parsed, Option<&Layout>),
    told: Told<'_>,
) -> Result<Option<Columns>> {
    let is_table = parsed.format.is_table() || parsed.format == Format::Unknown;
    let Some(first) = statement::first_rows(file).filter(|_| is_table) else { return Ok(None) };
    let understood = Said::of(told).unwrap_or_else(|| Said::understood(file, &first, mapping));
    let line = understood.heading_line;
    let mut asks = vec![heading(lang, &first, line)];
    for (name, column, words) in ASKED {
        asks.push(Ask {
            name,
            words: lang.t(words),
            options: numbers(lang, &first, line, understood.columns.get(&column).copied()),
        });
    }
    asks.push(Ask {
        name: "dates",
        words: lang.t("column_dates"),
        options: ORDERS
            .iter()
            .map(|(name, order, words)| {
                ((*name).to_owned(), lang.t(words).to_owned(), *order == understood.dates)
            })
            .collect(),
    });
    asks.push(holder(conn, lang, actor, &told("account"))?);
    let numbers = first.shown_numbers();
    let is_needed = !parsed.errors.is_empty();
    Ok(Some(Columns { hint: lang.t("columns_hint"), rows: first.into_shown(), numbers, asks, is_needed }))
}

/// How the table is read.
#[derive(Default)]
struct Said {
    heading_line: Option<usize>,
    columns: BTreeMap<Column, usize>,
    dates: DateOrder,
}

impl Said {
    /// By the form; `None` where it names no column.
    fn of(told: Told<'_>) -> Option<Said> {
        let number = |name: &str| told(name).trim().parse::<usize>().ok().filter(|number| *number > 0);
        let columns: BTreeMap<Column, usize> =
            ASKED.iter().filter_map(|(name, column, _)| Some((*column, number(name)?))).collect();
        let order = ORDERS.iter().find(|(name, ..)| *name == told("dates").trim());
        let dates = order.map_or_else(DateOrder::default, |(_, order, _)| *order);
        (!columns.is_empty()).then(|| Said { heading_line: number("heading"), columns, dates })
    }

    /// By the mapping that is kept, or by the words of the headings.
    fn understood(file: &[u8], first: &FirstRows, mapping: Option<&Layout>) -> Said {
        let Some(found) = statement::preview(file, mapping) else {
            return Said { heading_line: likely_heading(first), ..Said::default() };
        };
        let known = found.columns.iter().filter_map(|one| Some((one.meaning?, one.number)));
        let mut columns: BTreeMap<Column, usize> = known.collect();
        // Of several texts the form shows the description.
        let description = found.mapping.columns.get(&Column::Description);
        if let (Some(Place::Number(number)), false) = (description, found.mapping.other_texts.is_empty()) {
            columns.insert(Column::Description, *number);
        }
        Said { heading_line: found.heading_line, columns, dates: found.mapping.dates }
    }
}

/// Where nobody knows the headings, they are likely the first row that is full.
pub(super) fn likely_heading(first: &FirstRows) -> Option<usize> {
    let is_full = |cells: &[String]| cells.len() == first.width && cells.iter().all(|cell| !cell.is_empty());
    first.rows.iter().find(|(_, cells)| is_full(cells)).map(|(line, _)| *line)
}

/// The rows of which one may be that of the headings; the first choice is a table without.
pub(super) fn heading(lang: Lang, first: &FirstRows, chosen: Option<usize>) -> Ask {
    let mut options = vec![("0".to_owned(), lang.t("column_no_heading").to_owned(), chosen.is_none())];
    for (line, cells) in &first.rows {
        let shown: Vec<&str> = cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        let mut words: String = shown.join(" | ").chars().take(60).collect();
        words.insert_str(0, &format!("{line}: "));
        options.push((line.to_string(), words, chosen == Some(*line)));
    }
    Ask { name: "heading", words: lang.t("column_heading"), options }
}

/// The columns to choose from, by number and heading.
pub(super) fn numbers(
    lang: Lang,
    first: &FirstRows,
    heading_line: Option<usize>,
    chosen: Option<usize>,
) -> Vec<(String, String, bool)> {
    let heading = first.rows.iter().find(|(line, _)| Some(*line) == heading_line);
    let mut options = vec![("".to_owned(), lang.t("column_none").to_owned(), chosen.is_none())];
    for number in 1..=first.width {
        let text = heading.and_then(|(_, cells)| cells.get(number - 1)).map_or("", String::as_str);
        let text: String = text.chars().take(40).collect();
        let words = if text.is_empty() { number.to_string() } else { format!("{number}: {text}") };
        options.push((number.to_string(), words, chosen == Some(number)));
    }
    options
}

/// The account for which the columns are kept.
fn holder(conn: &mut Conn, lang: Lang, actor: &Actor, chosen: &str) -> Result<Ask> {
    let mut options = vec![(String::new(), lang.t("import_receiving").to_owned(), chosen.is_empty())];
    for (unit, account) in accounts(conn, actor)? {
        let id = account.id.to_string();
        let is_chosen = id == chosen;
        options.push((id, format!("{} – {}", unit.name, account.account_no), is_chosen));
    }
    Ok(Ask { name: "account", words: lang.t("column_holder"), options })
}
