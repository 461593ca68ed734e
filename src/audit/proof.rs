//! The proof of a unit's sealed trail: every leaf still fits its entry, every root its leaves, the roots chain and
//! no entry stands outside. It is worked out in parts, so that nothing holds a million entries at once and a page
//! never waits for all of them.

use super::merkle;
use super::query;
use super::seal::{entries_by_id, leaf_hash};
use crate::error::Result;
use crate::id::{AuditId, UnitId};
use crate::store::Conn;

/// Entries of one part where all parts follow at once.
const PART: i64 = 10_000;
/// Roots read at a time, and entries that are looked for among the leaves.
const ROOTS: i64 = 100;
const PAGE: i64 = 1_000;

/// Where a proof goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the root at this number of the sequence; 0 is the beginning of the trail.
    Root(i64),
    /// After this entry, in looking for entries that stand outside; all roots are proven.
    Entry(i64),
}

impl Place {
    pub const START: Place = Place::Root(0);

    /// As an address carries it.
    pub fn text(self) -> String {
        match self {
            Place::Root(seq) => format!("r{seq}"),
            Place::Entry(id) => format!("e{id}"),
        }
    }

    /// None for a text that is no place.
    pub fn parse(text: &str) -> Option<Place> {
        let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number >= 0);
        match text.split_at_checked(1)? {
            ("r", digits) => number(digits).map(Place::Root),
            ("e", digits) => number(digits).map(Place::Entry),
            _ => None,
        }
    }
}

/// What a part came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The trail is proven to its end.
    Whole,
    /// All right so far.
    Further(Place),
    /// The first thing that does not hold.
    Broken(String),
}

/// Proves a unit's trail whole. `Some` names the first thing that does not hold.
pub fn verify(conn: &mut Conn, unit: UnitId) -> Result<Option<String>> {
    let mut place = Place::START;
    loop {
        match prove(conn, unit, place, PART)?.0 {
            Part::Whole => return Ok(None),
            Part::Broken(fault) => return Ok(Some(fault)),
            Part::Further(next) => place = next,
        }
    }
}

/// Proves a part of a unit's trail from a place on: `limit` entries, and those under the last root that was
/// begun. Returns how many entries it looked at, too.
pub fn prove(conn: &mut Conn, unit: UnitId, from: Place, limit: i64) -> Result<(Part, i64)> {
    match from {
        Place::Root(after) => chain(conn, unit, after, limit),
        Place::Entry(after) => outside(conn, unit, after, limit),
    }
}

fn chain(conn: &mut Conn, unit: UnitId, after: i64, limit: i64) -> Result<(Part, i64)> {
    let mut previous_root = match after {
        0 => String::new(),
        at => match query::root_at(conn, unit, at)? {
            Some(root) => root,
            None => return Ok((Part::Broken(format!("there is no root at {at}")), 0)),
        },
    };
    let mut place = after;
    loop {
        let roots = query::roots_from(conn, unit, place, ROOTS)?;
        if roots.is_empty() {
            let is_end = query::last_seq(conn, unit)? == place;
            // A root that was made between the two looks covers what the second one saw.
            if !is_end && !query::roots_from(conn, unit, place, 1)?.is_empty() {
                continue;
            }
            let part = match is_end {
                true => Part::Further(Place::Entry(0)),
                false => Part::Broken(format!("entries after {place} stand under no root")),
            };
            return Ok((part, place - after));
        }
        for (last_seq, root, previous) in roots {
            let count = last_seq - after;
            if previous != previous_root {
                let fault = format!("the root at {last_seq} does not follow the one before");
                return Ok((Part::Broken(fault), count));
            }
            if let Some(fault) = under(conn, unit, (place, last_seq), (&previous_root, &root))? {
                return Ok((Part::Broken(fault), count));
            }
            (previous_root, place) = (root, last_seq);
            if limit <= count {
                return Ok((Part::Further(Place::Root(place)), count));
            }
        }
    }
}

/// What is wrong with the entries under one root.
fn under(
    conn: &mut Conn,
    unit: UnitId,
    (after, last_seq): (i64, i64),
    (previous, root): (&str, &str),
) -> Result<Option<String>> {
    let leaves = query::leaves(conn, unit, after, last_seq)?;
    let ids: Vec<(UnitId, AuditId)> = leaves.iter().map(|(_, entry, _)| (unit, *entry)).collect();
    let entries = entries_by_id(conn, &ids)?;
    for (expected_seq, (seq, entry, stored)) in (after + 1..).zip(&leaves) {
        if *seq != expected_seq {
            return Ok(Some(format!("entry {expected_seq} is missing")));
        }
        let hash = entries.get(&(unit, *entry)).map(|found| leaf_hash(unit, *seq, found));
        if hash.as_ref() != Some(stored) {
            return Ok(Some(format!("entry {seq} ({entry}) was changed or deleted")));
        }
    }
    if leaves.len() as i64 != last_seq - after {
        return Ok(Some(format!("entries before {last_seq} are missing")));
    }
    let hashes: Vec<String> = leaves.into_iter().map(|(_, _, hash)| hash).collect();
    let fits = merkle::root(previous, &hashes) == root;
    Ok((!fits).then(|| format!("the root at {last_seq} does not fit its entries")))
}

/// Entries that carry no leaf and do not wait for one: rows taken out of the trail's sight by hand.
fn outside(conn: &mut Conn, unit: UnitId, after: i64, limit: i64) -> Result<(Part, i64)> {
    let (mut last, mut count) = (after, 0);
    while count < limit {
        let asked = PAGE.min(limit - count);
        let ids = query::entries_after(conn, unit, last, asked)?;
        let strays = query::unaccounted(conn, unit, &ids)?;
        let read = ids.len() as i64;
        count += read;
        if strays > 0 {
            return Ok((Part::Broken(format!("{strays} entries stand outside the trail")), count));
        }
        if read < asked {
            return Ok((Part::Whole, count));
        }
        last = ids.last().copied().unwrap_or(last);
    }
    Ok((Part::Further(Place::Entry(last)), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_from_an_address_and_nothing_else_is_one() {
        for place in [Place::START, Place::Root(20_000), Place::Entry(0), Place::Entry(i64::MAX)] {
            assert_eq!(Place::parse(&place.text()), Some(place));
        }
        for wrong in ["", "r", "x1", "r-1", "e1.5", "20", "ế1"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
