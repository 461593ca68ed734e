//! A partner's file on the page that takes it on: its first rows, and which column is what where nobody knows its
//! headings. What a person says is kept for the unit, and later files with these headings are read by it.

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
    /// What the form says of its columns.
    said: Option<Named>,
    /// The same, and behind it what is kept for the unit.
    pub named: Vec<Named>,
}

impl Reading {
    fn of(app: &App, actor: &Actor, kind: Kind, bytes: &[u8], fields: &Fields) -> Result<Reading> {
        let said = Said::of(kind, fields).map(|said| said.named(kind, bytes)).transpose()?;
        let kept = app.read(actor, |conn| {
            let unit = unit_named(conn, actor, fields.get("unit"))?;
            saved::named(conn, unit.id, kind)
        })?;
        let named = said.iter().cloned().chain(kept).collect();
        Ok(Reading { kind, said, named })
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
    let bytes = match imports::chosen(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let columns = asked(lang, kind, &[], Said::of(kind, fields), (&[], None));
            return (Err(Refusal::Wrong(error)), columns);
        }
    };
    let (outcome, named) = match Reading::of(app, actor, kind, &bytes, fields) {
        Ok(reading) => (read(&bytes, &reading), reading.named),
        Err(error) => (Err(Refusal::Wrong(error)), Vec::new()),
    };
    let unknown_at = outcome.as_ref().err().and_then(Refusal::unknown_at);
    let columns = asked(lang, kind, &bytes, Said::of(kind, fields), (&named, unknown_at));
    (outcome, columns)
}

/// What the form asks of the columns: of a table whose headings nobody knows, and of one whose columns a person
/// named, who may name others.
fn asked(
    lang: Lang,
    kind: Kind,
    bytes: &[u8],
    said: Option<Said>,
    (named, unknown_at): (&[Named], Option<usize>),
) -> Option<Columns> {
    if said.is_none() && unknown_at.is_none() && named.is_empty() {
        return None;
    }
    let first = statement::first_rows(bytes).or_else(|| said.as_ref().map(Said::bare))?;
    let said = said
        .or_else(|| Said::kept(&first, named))
        .or_else(|| unknown_at.map(|line| Said::understood(kind, &first, line)))?;
    let mut heading = columns::heading(lang, &first, said.heading_line);
    // What tells one partner's table from another's are its headings.
    heading.options.retain(|(line, ..)| line != "0");
    let ask = |field: &Field| Ask {
        name: field.form_name(),
        words: lang.pick(field.vi(), field.en()),
        options: columns::numbers(lang, &first, said.heading_line, said.columns.get(field).copied()),
    };
    let asks = std::iter::once(heading).chain(kind.asked().iter().map(ask)).collect();
    let numbers = (1..=first.width).collect();
    let hint = lang.t("partner_columns_hint");
    Some(Columns { hint, rows: first.rows, numbers, asks, is_needed: true })
}

/// Which column is what.
struct Said {
    heading_line: Option<usize>,
    columns: BTreeMap<Field, usize>,
}

impl Said {
    /// By the form; `None` where it asked for no columns.
    fn of(kind: Kind, fields: &Fields) -> Option<Said> {
        let number = |name: &str| fields.trimmed(name).parse::<usize>().ok().filter(|number| *number > 0);
        let heading_line = Some(number("heading")?);
        let column = |field: Field| number(field.form_name()).filter(|at| *at <= FirstRows::MAX_COLUMNS);
        let named = kind.asked().iter().filter_map(|field| Some((*field, column(*field)?)));
        Some(Said { heading_line, columns: named.collect() })
    }

    /// What comes back to whoever sent no table with it: the numbers alone.
    fn bare(&self) -> FirstRows {
        let rows = self.heading_line.map(|line| (line, Vec::new())).into_iter().collect();
        FirstRows { rows, width: self.columns.values().copied().max().unwrap_or_default() }
    }

    /// By what is kept for a table with these headings.
    fn kept(first: &FirstRows, named: &[Named]) -> Option<Said> {
        named.iter().find_map(|one| {
            let (line, _) = first.rows.iter().find(|(_, cells)| one.is_headed_by_cells(cells))?;
            Some(Said { heading_line: Some(*line), columns: one.columns.clone() })
        })
    }

    /// By the headings of which some are known; `line` is where reading stopped.
    fn understood(kind: Kind, first: &FirstRows, line: usize) -> Said {
        let of = |line: usize| {
            let (_, cells) = first.rows.iter().find(|(at, _)| *at == line)?;
            Some(partner::understood(kind, cells))
        };
        if let Some(columns) = of(line).filter(|columns| !columns.is_empty()) {
            return Said { heading_line: Some(line), columns };
        }
        let heading_line = columns::likely_heading(first);
        Said { heading_line, columns: heading_line.and_then(of).unwrap_or_default() }
    }

    fn named(self, kind: Kind, bytes: &[u8]) -> Result<Named> {
        let first = statement::first_rows(bytes)
            .ok_or_else(|| Error::invalid("file", "partner_layout_invalid", "the file is no table"))?;
        Named::of(kind, &first, self.heading_line.unwrap_or_default(), self.columns)
    }
}
