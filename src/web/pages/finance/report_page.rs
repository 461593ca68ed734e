//! A report on a page: the form it is asked with, what it says, and the same as a file.

use askama::Template;

use super::units;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::report::Period;
use crate::report::sheet::Cell as Value;
use crate::report::table::Table;
use crate::store::Conn;
use crate::tariff::{FeeItem, Tariff};
use crate::unit::{Unit, account};
use crate::web::pages::called;
use crate::web::pages::chart::{self, Bar};
use crate::web::pages::fields::Wrong;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing};
use crate::web::pages::wording::Lang;

/// A field of the form that a report is asked with.
pub(super) struct Ask {
    pub name: &'static str,
    pub label: &'static str,
    /// `date`, `text`, or `select` for one of the choices.
    pub kind: &'static str,
    pub value: String,
    /// Value and words.
    pub choices: Vec<(String, String)>,
}

impl Ask {
    pub fn day(name: &'static str, label: &'static str, value: impl ToString) -> Ask {
        Ask { name, label, kind: "date", value: value.to_string(), choices: Vec::new() }
    }

    pub fn text(name: &'static str, label: &'static str, value: impl ToString) -> Ask {
        Ask { name, label, kind: "text", value: value.to_string(), choices: Vec::new() }
    }

    pub fn one_of(
        name: &'static str,
        label: &'static str,
        value: impl ToString,
        choices: Vec<(String, String)>,
    ) -> Ask {
        Ask { name, label, kind: "select", value: value.to_string(), choices }
    }
}

/// Bars beside the sums they show, and what they show, for those who do not see them.
pub(super) struct Chart {
    pub caption: &'static str,
    pub description: String,
    pub head: &'static str,
    pub bars: Vec<Bar>,
}

impl Chart {
    /// Bars of sums by name; none where nothing is above zero. `words` has a place for the name and one for the sum
    /// of the largest.
    pub fn of(
        lang: Lang,
        (caption, words, head): (&'static str, &str, &str),
        sums: &[(String, Dong)],
    ) -> Option<Chart> {
        let (name, most) = sums.iter().max_by_key(|(_, amount)| *amount)?;
        if !most.is_positive() {
            return None;
        }
        Some(Chart {
            caption: lang.t(caption),
            description: lang.with(words, name).replacen("{}", &most.to_string(), 1),
            head: lang.t(head),
            bars: chart::bars(sums.iter().cloned()),
        })
    }
}

/// A form under the report: what was handed in is recorded.
pub(super) struct Hand {
    pub csrf: String,
    pub unit: String,
    pub period: String,
}

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct ReportPage {
    pub frame: Frame,
    pub wrong: Wrong,
    pub title: &'static str,
    pub lead: &'static str,
    pub action: &'static str,
    pub asks: Vec<Ask>,
    /// Title lines of the report.
    pub notes: Vec<String>,
    /// Where the report is as a file, without its form.
    pub file: Option<String>,
    /// The report as bars, with what they show in words; none where there is nothing to draw.
    pub chart: Option<Chart>,
    pub listings: Vec<Listing>,
    pub hand: Option<Hand>,
    /// Reports that belong beside it.
    pub beside: Vec<(&'static str, &'static str)>,
}

/// The units of an actor as choices.
pub(super) fn unit_choices(conn: &mut Conn, actor: &Actor) -> Result<Vec<(String, String)>> {
    Ok(units(conn, actor)?.into_iter().map(|unit| (unit.code, unit.name)).collect())
}

/// The unit that a form names; the first one where it names none.
pub(super) fn unit_named(conn: &mut Conn, actor: &Actor, code: &str) -> Result<Unit> {
    let code = code.trim();
    let found = units(conn, actor)?.into_iter().find(|unit| code.is_empty() || unit.code == code);
    found.ok_or_else(|| Error::invalid("unit", "unit_not_found", "no such unit in your scope"))
}

/// A day of a form, or what stands for an empty field.
pub(super) fn day_typed(field: &str, text: &str, otherwise: BusinessDay) -> Result<BusinessDay> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(otherwise);
    }
    text.parse().map_err(|_| Error::invalid(field, "date_unreadable", "a day"))
}

/// Both days of a form; the month up to `today` for what is left out.
pub(super) fn period_typed(from: &str, until: &str, today: BusinessDay) -> Result<Period> {
    use chrono::Datelike;
    let until = day_typed("until", until, today)?;
    let first = BusinessDay(until.0.with_day(1).unwrap_or(until.0));
    Period::new(day_typed("from", from, first)?, until)
}

/// The part in one's own language of a text that has both.
pub(super) fn part(lang: Lang, text: &str) -> &str {
    lang.part(text)
}

/// A report as a list: one language, accounts by what they are called.
pub(super) fn listing(lang: Lang, caption: &'static str, table: &Table) -> Listing {
    let cell = |value: &Value| match value {
        Value::Amount(_) | Value::Count(_) => Cell::figure(value.shown()),
        Value::Text(text) => Cell::text(called::account(lang, part(lang, text))),
        other => Cell::text(other.shown()),
    };
    Listing {
        caption,
        heads: table.columns.iter().map(|head| super::account::part_of(lang, head)).collect(),
        rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

/// What the details of the ledger's accounts begin with, and what people know it as: accounts of the bank by their
/// numbers, fee items by their names.
pub(super) fn names(
    conn: &mut Conn,
    lang: Lang,
    tariff: Option<&Tariff>,
    unit: &Unit,
) -> Result<Vec<(String, String)>> {
    let mut found = account::numbers(conn, unit.id)?;
    if let Some(tariff) = tariff {
        let name = |item: &FeeItem| (item.code.clone(), lang.pick(&item.name.vi, &item.name.en).to_owned());
        found.extend(tariff.items().map(name));
    }
    Ok(found)
}

/// Puts these names for the details of a list: those that stand alone, and those behind the words of an account.
pub(super) fn call(names: &[(String, String)], shown: &mut Listing) {
    for cell in shown.rows.iter_mut().flatten() {
        cell.text = called_by(names, std::mem::take(&mut cell.text));
    }
}

/// A detail by its name; any other text stays.
pub(in crate::web::pages) fn called_by(names: &[(String, String)], text: String) -> String {
    let (of, detail) = text.split_once(" · ").map_or(("", text.as_str()), |(words, detail)| (words, detail));
    let named = names.iter().find_map(|(key, name)| {
        let rest = detail.strip_prefix(key.as_str())?;
        let is_whole = rest.is_empty() || rest.starts_with('/');
        is_whole.then(|| format!("{name}{}", rest.replace('/', " · ")))
    });
    match named {
        Some(named) if of.is_empty() => named,
        Some(named) => format!("{of} · {named}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_called_what_people_know_it_as() {
        let names =
            [("acc_1".to_owned(), "9990000401".to_owned()), ("HT-01".to_owned(), "Phí khai sinh".to_owned())];
        let called = |text: &str| called_by(&names, text.to_owned());
        assert_eq!(called("acc_1"), "9990000401");
        assert_eq!(
            called("Kênh đã báo có, chờ sao kê · acc_1/vpbank"),
            "Kênh đã báo có, chờ sao kê · 9990000401 · vpbank"
        );
        assert_eq!(called("Phần được để lại · HT-01"), "Phần được để lại · Phí khai sinh");
        for other in ["acc_12", "HT-010", "Dòng sao kê lin_1 · FT26334000000002", "Cộng"] {
            assert_eq!(called(other), other);
        }
    }

    #[test]
    fn a_period_left_out_is_the_month_so_far() {
        let today: BusinessDay = "2026-11-23".parse().unwrap();
        let shown = |from: &str, until: &str| {
            period_typed(from, until, today)
                .map(|found| format!("{} {}", found.from, found.until))
                .map_err(|error| error.code())
        };
        assert_eq!(shown("", ""), Ok("2026-11-01 2026-11-23".to_owned()));
        assert_eq!(shown("", "2026-10-15"), Ok("2026-10-01 2026-10-15".to_owned()));
        assert_eq!(shown("ngày mai", ""), Err("date_unreadable"));
        assert_eq!(shown("2026-11-24", ""), Err("book_period_reversed"));
    }

    #[test]
    fn a_text_of_two_languages_is_read_in_ones_own() {
        assert_eq!(part(Lang::En, "Cộng / Total"), "Total");
        assert_eq!(part(Lang::Vi, "Cộng / Total"), "Cộng");
        assert_eq!(part(Lang::Vi, "25/11/2026"), "25/11/2026");
    }
}
