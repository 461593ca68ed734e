//! Writing what lines brought: movements, keys, links with their evidence, and each line's case.

use super::{Desk, LineWork, Mark};
use crate::error::{Error, Result};
use crate::payment::held::store_new;
use crate::payment::line_query;
use crate::payment::paper_line::case_name;
use crate::store::{Stamp, Tx, rows};

pub(in crate::payment) fn write(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    desk: &Desk<'_>,
    works: &[&LineWork],
    marks: &[Mark],
) -> Result<()> {
    // A line that another run posted meanwhile is found out before any of its keys is written twice.
    let cases: Vec<line_query::LineCaseRow> = works
        .iter()
        .zip(marks)
        .map(|(work, mark)| line_query::LineCaseRow {
            unit_id: work.unit,
            line_id: work.line,
            case_name: case_name(work, mark),
            accounting_date: desk.accounting_date(work),
            created_at: stamp.now,
        })
        .collect();
    let is_new = rows::insert_if_absent(tx, &cases, &["unit_id", "line_id"])?;
    if is_new.contains(&false) {
        return Err(Error::busy(crate::store::failure::RETRY, 1, "a line was posted meanwhile"));
    }
    store_new(tx, stamp, &desk.book)?;
    rows::insert(tx, &desk.movement_keys)?;
    rows::insert(tx, &desk.match_parts)?;
    let evidence = line_query::evidence_of(works, &desk.match_parts, stamp.now);
    rows::insert(tx, &evidence)?;
    let marked: Vec<line_query::LineMark> = works
        .iter()
        .zip(marks)
        .map(|(work, mark)| line_query::LineMark {
            unit: work.unit,
            line: work.line,
            revision: work.revision,
            matched: mark.matched,
            class: mark.class,
            posted_on: desk.accounting_date(work),
        })
        .collect();
    line_query::mark_lines(tx, &marked)
}
