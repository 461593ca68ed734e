//! The roots of a series told again after the numbers that its certificates counted, one certificate after another,
//! from what never changes of a number alone: no document is read.

use serde::{Deserialize, Serialize};

use super::proof::{Leaf, Roots};
use super::query;
use crate::error::Result;
use crate::id::{SeriesId, UnitId};
use crate::store::Conn;

/// Numbers read at a time: more than a tree has, so that each page ends one.
const PAGE: i64 = 2_048;

/// How far the roots of a series are told, as one part of an audit carries it to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The root after this number; 0 before the first.
    after: i64,
    root: String,
    /// Whether a tree ends there, so that the roots behind it follow from this one.
    is_end_of_tree: bool,
}

/// Tells the roots of one series.
pub struct Teller {
    of: (UnitId, SeriesId),
    roots: Roots,
    /// The last number that `roots` took.
    last: i64,
    /// The end of the last tree, and the root there.
    tree: (i64, String),
    /// The root that was told last, and after which number.
    told: Option<(i64, String)>,
}

impl Teller {
    pub fn new(of: (UnitId, SeriesId)) -> Teller {
        Teller { of, roots: Roots::new(of, Vec::new()), last: 0, tree: (0, String::new()), told: None }
    }

    pub fn resume(of: (UnitId, SeriesId), mark: Mark) -> Teller {
        let Mark { after, root, is_end_of_tree } = mark;
        if !is_end_of_tree {
            return Teller { told: Some((after, root)), ..Teller::new(of) };
        }
        let roots = Roots::behind(of, root.clone());
        Teller { of, roots, last: after, tree: (after, root), told: None }
    }

    /// Where `resume` goes on. Of a series whose certificates have counted all of its `count` numbers only the last
    /// root is asked for again.
    pub fn mark(&self, count: i64) -> Mark {
        match &self.told {
            Some((after, root)) if *after == count => {
                Mark { after: count, root: root.clone(), is_end_of_tree: false }
            }
            _ => Mark { after: self.tree.0, root: self.tree.1.clone(), is_end_of_tree: true },
        }
    }

    /// The root after a number; None where more pages must be read before it is known, so that no part of an audit
    /// takes long.
    pub fn root_after(&mut self, conn: &mut Conn, count: i64) -> Result<Option<String>> {
        if let Some((_, root)) = self.told.as_ref().filter(|(after, _)| *after == count) {
            return Ok(Some(root.clone()));
        }
        // A certificate that counted fewer numbers than one before it: they are told from the first on.
        if count < self.last {
            *self = Teller::new(self.of);
        }
        if self.last < count {
            // From here on the mark follows what is read, so that no part begins it again.
            self.told = None;
            self.read(conn, count)?;
        }
        if self.last < count {
            return Ok(None);
        }
        let root = self.roots.now();
        self.told = Some((count, root.clone()));
        Ok(Some(root))
    }

    /// Takes one page of the numbers up to one.
    fn read(&mut self, conn: &mut Conn, until: i64) -> Result<()> {
        let page = query::numbered(conn, self.of.0, self.of.1, self.last, PAGE)?;
        for (number, receipt, _, issued_on, amount, body_sha256) in
            page.iter().take_while(|(number, ..)| *number <= until)
        {
            self.roots.push(&Leaf {
                number: *number,
                receipt: *receipt,
                issued_on: *issued_on,
                amount: *amount,
                body_sha256,
            });
            if let Some(root) = self.roots.full() {
                self.tree = (*number, root.to_owned());
            }
        }
        // Behind a page that is not full there is no number more: one that is missing there is not waited for.
        let full = page.last().filter(|_| page.len() as i64 == PAGE);
        self.last = full.map_or(until, |(number, ..)| until.min(*number));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teller_goes_on_behind_the_last_tree_and_of_a_finished_series_keeps_the_last_root() {
        let of = (UnitId(2), SeriesId(1));
        let mut roots = Roots::new(of, Vec::new());
        let mut teller = Teller::new(of);
        assert_eq!(teller.mark(3), Mark { is_end_of_tree: true, ..Mark::default() });
        for number in 1..=1_100 {
            let leaf = Leaf {
                number,
                receipt: (number + 9).into(),
                issued_on: "2026-11-23".parse().unwrap(),
                amount: 25_000,
                body_sha256: "00",
            };
            roots.push(&leaf);
            if let Some(root) = roots.full() {
                teller.tree = (number, root.to_owned());
            }
            // One that goes on at the mark tells the same root as one that took every number.
            if number > 1_024 {
                let mut resumed = Teller::resume(of, teller.mark(3));
                assert_eq!(resumed.last, 1_024);
                resumed.roots.push(&Leaf { number: 1_025, ..leaf });
                assert_eq!(resumed.roots.now() == roots.now(), number == 1_025);
            }
        }
        teller.told = Some((1_100, roots.now()));
        let resumed = Teller::resume(of, teller.mark(1_100));
        assert_eq!((resumed.last, resumed.told), (0, Some((1_100, roots.now()))));
    }
}
