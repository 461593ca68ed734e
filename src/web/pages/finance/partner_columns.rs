//! A partner's file on the page that takes it on: its first rows, and which column is what where nobody knows its
//! headings. What a person says is kept for the unit, and later files with these headings are read by it. It is
//! said of one table: the form holds the mark of its headings, and means nothing where another file is chosen.

use std::collections::BTreeMap;

use super::columns::{self, Ask, Columns};
use super::imports::{self, Refusal};
use super::report_page::unit_named;
use crate::actor::Actor;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::statement::partner::{self, Field, Kind, Named};
use crate::statement::{self, FirstRows, saved};
use crate::store::{Stamp, Tx};
use crate::web::pages::fields::Fields;
use crate::web::pages::upload::Chosen;
use crate::web::pages::wording::Lang;

/// How a file is read.
pub(super) struct Reading {
    kind: Kind,
    /// What the form says of its columns and is not kept already.
    said: Option<Named>,
    /// The same, and behind it what is kept for the unit.
    pub named: Vec<Named>,
}

impl Reading {
    fn of(app: &App, actor: &Actor, kind: Kind, said: Option<Named>, fields: &Fields) -> Result<Reading> {
        let kept = app.read(actor, |conn| {
            let unit = unit_named(conn, actor, fields.get("unit"))?;
            saved::named(conn, unit.id, kind)
        })?;
        let is_new = |said: &Named| {
            let newest = kept.iter().find(|one| one.is_headed_by_cells(&said.headings));
            newest.is_none_or(|newest| newest.columns != said.columns)
        };
        let said = said.filter(is_new);
        let named = said.iter().cloned().chain(kept).collect();
        Ok(Reading { kind, said, named })
    }

    /// Refuses what the form says of a table of which it reads no row.
    ///
    /// # Errors
    /// `partner_layout_reads_nothing`.
    pub fn nothing_read(&self) -> Result<()> {
        match self.said {
            Some(_) => Err(Error::invalid("heading", "partner_layout_reads_nothing", "no row is read by it")),
            None => Ok(()),
        }
    }

    /// Keeps what the form says, with the file that was taken on by it.
    pub fn keep(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId) -> Result<()> {
        match &self.said {
            Some(named) => saved::save(tx, stamp, actor, unit, self.kind, named).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Reads a file that was sent, and says what the form has to ask of its columns next.
pub(super) fn look<T>(
    (app, actor, lang): (&App, &Actor, Lang),
    kind: Kind,
    (fields, file): (&Fields, Chosen),
    read: impl FnOnce(&[u8], &Reading) -> std::result::Result<T, Refusal>,
) -> (std::result::Result<T, Refusal>, Option<Columns>) {
    let typed = Said::typed(kind, fields);
    let bytes = match imports::chosen(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let columns = typed.map(|said| asked(lang, kind, said.bare(), &said));
            return (Err(Refusal::Wrong(error)), columns);
        }
    };
    let first = typed.as_ref().and_then(|_| statement::first_rows(&bytes));
    let said = typed.zip(first.as_ref()).and_then(|(said, first)| said.of_table(first));
    let named = said.as_ref().zip(first.as_ref()).map(|(said, first)| said.named(kind, first)).transpose();
    let reading = named.and_then(|named| Reading::of(app, actor, kind, named, fields));
    let (outcome, named) = match reading {
        Ok(reading) => (read(&bytes, &reading), reading.named),
        Err(error) => (Err(Refusal::Wrong(error)), Vec::new()),
    };
    let unknown_at = outcome.as_ref().err().and_then(Refusal::unknown_at);
    if said.is_none() && unknown_at.is_none() && named.is_empty() {
        return (outcome, None);
    }
    let columns = first.or_else(|| statement::first_rows(&bytes)).and_then(|first| {
        let said = said
            .or_else(|| Said::kept(&first, &named))
            .or_else(|| unknown_at.map(|line| Said::understood(kind, &first, line)))?;
        Some(asked(lang, kind, first, &said))
    });
    (outcome, columns)
}

/// What the form asks of the columns: of a table whose headings nobody knows, and of one whose columns a person
/// named, who may name others.
fn asked(lang: Lang, kind: Kind, first: FirstRows, said: &Said) -> Columns {
    let line = said.line();
    let ask = |field: &Field| Ask {
        name: field.form_name(),
        words: lang.pick(field.vi(), field.en()),
        options: columns::numbers(lang, &first, line, said.columns.get(field).copied()),
    };
    let heading = asked_heading(lang, &first, said);
    let asks = std::iter::once(heading).chain(kind.asked().iter().map(ask)).collect();
    let numbers = first.shown_numbers();
    let hint = lang.t("partner_columns_hint");
    Columns { hint, rows: first.into_shown(), numbers, asks, is_needed: true }
}

/// The rows of which one may be that of the headings, each with its mark. What tells one partner's table from
/// another's are its headings: there is no table without.
fn asked_heading(lang: Lang, first: &FirstRows, said: &Said) -> Ask {
    let asked = columns::heading(lang, first, said.line());
    let rows = asked.options.into_iter().skip(1).zip(&first.rows);
    let options = rows.map(|((_, words, is_chosen), row)| (said.heading_of(row).value(), words, is_chosen));
    Ask { options: options.collect(), ..asked }
}

/// The row of headings that a person chose.
#[derive(Clone)]
struct Heading {
    line: usize,
    /// What tells it from the headings of other tables.
    mark: String,
}

impl Heading {
    fn of((line, cells): &(usize, Vec<String>)) -> Heading {
        Heading { line: *line, mark: partner::mark(cells) }
    }

    /// As the form holds it.
    fn typed(text: &str) -> Option<Heading> {
        let (line, mark) = text.split_once('.')?;
        Some(Heading { line: line.parse().ok()?, mark: mark.to_owned() })
    }

    fn value(&self) -> String {
        format!("{}.{}", self.line, self.mark)
    }
}

/// Which column is what.
struct Said {
    heading: Option<Heading>,
    columns: BTreeMap<Field, usize>,
}

impl Said {
    /// By the form; `None` where it asked for no columns.
    fn typed(kind: Kind, fields: &Fields) -> Option<Said> {
        let heading = Some(Heading::typed(fields.trimmed("heading"))?);
        let column = |field: Field| {
            let number = fields.trimmed(field.form_name()).parse::<usize>().ok();
            number.filter(|at| (1..=FirstRows::MAX_COLUMNS).contains(at))
        };
        let named = kind.asked().iter().filter_map(|field| Some((*field, column(*field)?)));
        Some(Said { heading, columns: named.collect() })
    }

    /// The same of the table that was sent; `None` where it was said of another one, and where no column is named.
    fn of_table(self, first: &FirstRows) -> Option<Said> {
        let mark = self.heading.map(|heading| heading.mark)?;
        let heading = first.rows.iter().map(Heading::of).find(|row| row.mark == mark)?;
        (!self.columns.is_empty()).then_some(Said { heading: Some(heading), columns: self.columns })
    }

    /// What comes back to whoever sent no table with it: the numbers alone.
    fn bare(&self) -> FirstRows {
        let rows = self.line().map(|line| (line, Vec::new())).into_iter().collect();
        FirstRows { rows, width: self.columns.values().copied().max().unwrap_or_default() }
    }

    /// By what is kept for a table with these headings.
    fn kept(first: &FirstRows, named: &[Named]) -> Option<Said> {
        named.iter().find_map(|one| {
            let row = first.rows.iter().find(|(_, cells)| one.is_headed_by_cells(cells))?;
            Some(Said { heading: Some(Heading::of(row)), columns: one.columns.clone() })
        })
    }

    /// By the headings of which some are known; `line` is where reading stopped.
    fn understood(kind: Kind, first: &FirstRows, line: usize) -> Said {
        let row = |line: usize| first.rows.iter().find(|(at, _)| *at == line);
        let of = |row: &(usize, Vec<String>)| partner::understood(kind, &row.1);
        let stopped_at = row(line).filter(|row| !of(row).is_empty());
        let heading = stopped_at.or_else(|| columns::likely_heading(first).and_then(row));
        Said { heading: heading.map(Heading::of), columns: heading.map(of).unwrap_or_default() }
    }

    fn line(&self) -> Option<usize> {
        self.heading.as_ref().map(|heading| heading.line)
    }

    /// A row that may be chosen; of a table that was not sent the one that was.
    fn heading_of(&self, row: &(usize, Vec<String>)) -> Heading {
        let typed = self.heading.clone().filter(|_| row.1.is_empty());
        typed.unwrap_or_else(|| Heading::of(row))
    }

    fn named(&self, kind: Kind, first: &FirstRows) -> Result<Named> {
        Named::of(kind, first, self.line().unwrap_or_default(), self.columns.clone())
    }
}
