//! Documents that were numbered and whose rows are gone. Without the last one a series has no gap when its counter
//! is set back too; but events, seals and the trail still know of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::certificate::Stated;
use super::gone_query::{self, Named};
use crate::actor::Scope;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{ReceiptId, SeriesId, UnitId, first_minted_at};
use crate::receipt;
use crate::receipt::repeated::Repeated;
use crate::store::{Conn, Store};
use crate::unit::Series;

/// Documents looked up at a time.
const PAGE: i64 = 1_024;

/// What is gone of a unit's documents.
#[derive(Debug, Default)]
pub struct Gone {
    /// Their numbers by series, where signed bytes that are left tell them.
    pub numbers: BTreeMap<SeriesId, BTreeSet<i64>>,
    /// How many others there are.
    pub untraced: i64,
}

/// Where the look for documents goes on: in the events first, then in the trail.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Place {
    is_in_trail: bool,
    /// Behind this id of an event or entry.
    after: i64,
    /// What `after` is where the trail begins.
    first: i64,
}

impl Place {
    /// The first id of this day, or of all. A certificate of the day that said whole counted those before, so that
    /// who takes away one of them leaves a series that is too short.
    pub fn since(day: Option<BusinessDay>) -> Place {
        let first = day.map_or(0, |day| first_minted_at(day.start())) - 1;
        Place { is_in_trail: false, after: first, first }
    }
}

/// Looks for documents that were numbered since the day of the newest certificate that said whole.
pub fn find(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    register: &[Series],
    stated: &[Stated],
) -> Result<Gone> {
    let whole = stated.iter().rev().find(|one| one.verdict == "whole");
    let since = whole.and_then(|one| one.date.parse::<BusinessDay>().ok());
    let (mut receipts, mut place) = (BTreeSet::new(), Some(Place::since(since)));
    while let Some(from) = place {
        let (gone, next) = look(store, scope, unit, from)?;
        receipts.extend(gone);
        place = next;
    }
    placed(store, scope, unit, &receipts, register)
}

/// Looks through one page for documents whose rows are gone. The place is None where there are no more.
pub fn look(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    from: Place,
) -> Result<(BTreeSet<ReceiptId>, Option<Place>)> {
    let read: fn(&mut Conn, UnitId, i64, i64) -> Result<Vec<Named>> =
        if from.is_in_trail { gone_query::sealed } else { gone_query::numbered };
    let (last, gone) = store.read(scope, |conn| {
        let page = read(conn, unit, from.after, PAGE)?;
        let named = page.iter().filter_map(|(_, receipt)| *receipt).collect();
        Ok((page.last().map(|(at, _)| *at), gone_query::without_row(conn, unit, named)?))
    })?;
    let next = match last {
        Some(after) => Some(Place { after, ..from }),
        None if from.is_in_trail => None,
        None => Some(Place { is_in_trail: true, after: from.first, ..from }),
    };
    Ok((gone, next))
}

/// Whose numbers these documents had.
pub fn placed(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    receipts: &BTreeSet<ReceiptId>,
    register: &[Series],
) -> Result<Gone> {
    let mut found = Gone::default();
    for receipt in receipts {
        match number(store, scope, unit, *receipt, register)? {
            Some((series, number)) => {
                found.numbers.entry(series).or_default().insert(number);
            }
            None => found.untraced += 1,
        }
    }
    Ok(found)
}

/// The series and number that a document had, as its signed bytes say.
fn number(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    receipt: ReceiptId,
    register: &[Series],
) -> Result<Option<(SeriesId, i64)>> {
    let Some(document) = store.read(scope, |conn| receipt::query::document(conn, unit, receipt))? else {
        return Ok(None);
    };
    let Some(said) = Repeated::read(&document) else { return Ok(None) };
    let is_its = |one: &&Series| (one.template.as_str(), one.series.as_str()) == (said.template, said.series);
    Ok(register.iter().rev().find(is_its).map(|series| (series.id, said.number)))
}
