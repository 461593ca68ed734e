//! The SQL of posted lines: what they were matched with, and their marks.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::split;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::payment::prove::LineWork;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock, Update};
use crate::store::{Conn, Tx};

/// The rule of a match that says with which payout two persons settled a report that comes to nothing: the line brought
/// none of it.
pub const SETTLED_WITH: &str = "settled_with";

crate::table_row! {
    pub struct MatchPartRow in "match_part" {
        pub unit_id: UnitId,
        pub id: MatchId,
        pub line_id: LineId,
        pub movement_id: MovementId,
        pub amount: Dong,
        pub rule: &'static str,
        pub evidence: String,
        pub maker_person_id: Option<PersonId>,
        pub checker_person_id: Option<PersonId>,
        pub undoes_id: Option<MatchId>,
        pub created_at: Instant,
    }
}

crate::table_row! {
    /// Says that a line was posted, and as what: once.
    pub struct LineCaseRow in "line_case" {
        pub unit_id: UnitId,
        pub line_id: LineId,
        pub case_name: &'static str,
        pub accounting_date: BusinessDay,
        pub created_at: Instant,
    }
}

crate::table_row! {
    /// Why a line that shows no movement was posted as it was.
    pub struct LineEvidenceRow in "line_evidence" {
        pub unit_id: UnitId,
        pub line_id: LineId,
        pub rule: &'static str,
        pub evidence: String,
        pub created_at: Instant,
    }
}

/// The rows of the lines that none of the matches is of.
pub fn evidence_of(works: &[&LineWork], matches: &[MatchPartRow], now: Instant) -> Vec<LineEvidenceRow> {
    let matched: HashSet<LineId> = matches.iter().map(|part| part.line_id).collect();
    let rest = works.iter().filter(|work| !matched.contains(&work.line));
    let row = |work: &&LineWork| LineEvidenceRow {
        unit_id: work.unit,
        line_id: work.line,
        rule: work.rule,
        evidence: work.evidence.clone(),
        created_at: now,
    };
    rest.map(row).collect()
}

/// What a posted line is marked with.
pub struct LineMark {
    pub unit: UnitId,
    pub line: LineId,
    pub revision: i64,
    pub matched: Dong,
    pub class: &'static str,
    pub posted_on: BusinessDay,
}

pub fn mark_lines(tx: &mut Tx<'_>, marks: &[LineMark]) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "statement_line",
            keys: vec![
                ("unit_id", Column::of(marks.iter().map(|mark| mark.unit))),
                ("id", Column::of(marks.iter().map(|mark| mark.line))),
            ],
            guard: vec![("revision", Column::of(marks.iter().map(|mark| mark.revision)))],
            sets: vec![
                ("matched", Column::of(marks.iter().map(|mark| mark.matched))),
                ("class", Column::of(marks.iter().map(|mark| mark.class))),
                ("posted_on", Column::of(marks.iter().map(|mark| mark.posted_on))),
                ("revision", Column::of(marks.iter().map(|mark| mark.revision + 1))),
            ],
        },
    )
}

/// The movements that each line shows as it stands, first matched first; of a line of which all was
/// undone the first one: (unit, line, movement). A line that was split by hand shows all its parts, as one
/// payer's money; of a lump sum, which stands for many payers, only the first is told. What was only settled with its
/// payout is none of it.
pub fn movements_of_lines(
    conn: &mut Conn,
    lines: &[(UnitId, LineId)],
) -> Result<Vec<(UnitId, LineId, MovementId)>> {
    shown_by_lines(conn, lines, |rule| rule == split::RULE)
}

/// The same with all that each line shows, whoever paid it.
pub fn all_of_lines(
    conn: &mut Conn,
    lines: &[(UnitId, LineId)],
) -> Result<Vec<(UnitId, LineId, MovementId)>> {
    shown_by_lines(conn, lines, |_| true)
}

fn shown_by_lines(
    conn: &mut Conn,
    lines: &[(UnitId, LineId)],
    tells_all: impl Fn(&str) -> bool,
) -> Result<Vec<(UnitId, LineId, MovementId)>> {
    let mut found: Vec<(UnitId, LineId, MovementId, MatchId, i64, String)> =
        rows::fetch::<(BigInt, BigInt, BigInt, BigInt, BigInt, Text), _>(
            conn,
            "SELECT t.unit_id, t.line_id, t.movement_id, t.id, (SELECT CAST(COUNT(*) AS BIGINT) \
             FROM match_part u WHERE u.unit_id = t.unit_id AND u.undoes_id = t.id), t.rule FROM match_part t",
            &[
                ("unit_id", Column::of(lines.iter().map(|(unit, _)| *unit))),
                ("line_id", Column::of(lines.iter().map(|(_, line)| *line))),
            ],
            &format!("AND +t.undoes_id IS NULL AND t.rule <> '{SETTLED_WITH}'"),
            Lock::None,
        )?;
    found.sort_by_key(|row| (row.0, row.1, row.4, row.3));
    let mut seen: Option<(UnitId, LineId)> = None;
    found.retain(|(unit, line, _, _, undone, rule)| {
        let is_first = seen.replace((*unit, *line)) != Some((*unit, *line));
        is_first || (*undone == 0 && tells_all(rule))
    });
    Ok(found.into_iter().map(|(unit, line, movement, ..)| (unit, line, movement)).collect())
}

/// What a line was posted as; None while it is not.
pub fn case_of(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Option<String>> {
    use crate::store::schema::line_case;
    line_case::table.find((unit, line)).select(line_case::case_name).first(conn).optional().classify()
}

/// When a line was posted; None while it is not.
pub fn posted_at(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Option<Instant>> {
    use crate::store::schema::line_case;
    line_case::table.find((unit, line)).select(line_case::created_at).first(conn).optional().classify()
}

/// What a line shows as it stands: (match, movement, amount).
pub fn standing_parts(
    conn: &mut Conn,
    unit: UnitId,
    line: LineId,
) -> Result<Vec<(MatchId, MovementId, Dong)>> {
    standing(conn, (unit, line), "")
}

/// The same without what was only settled with the line's payout.
pub fn own_parts(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<(MatchId, MovementId, Dong)>> {
    standing(conn, (unit, line), &format!("AND t.rule <> '{SETTLED_WITH}' "))
}

/// Only what was settled with the line's payout.
pub fn parts_beside(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<(MatchId, MovementId, Dong)>> {
    standing(conn, (unit, line), &format!("AND t.rule = '{SETTLED_WITH}' "))
}

fn standing(
    conn: &mut Conn,
    (unit, line): (UnitId, LineId),
    of: &str,
) -> Result<Vec<(MatchId, MovementId, Dong)>> {
    let mut found: Vec<(MatchId, MovementId, Dong)> = rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.id, t.movement_id, t.amount FROM match_part t",
        &[("unit_id", Column::of([unit])), ("line_id", Column::of([line]))],
        &format!(
            "{of}AND +t.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = t.unit_id \
             AND u.undoes_id = t.id)"
        ),
        Lock::None,
    )?;
    found.sort_unstable();
    Ok(found)
}

/// Forgets whose account the line's was taken to be: its match is withdrawn. What other lines taught of the same
/// account stays.
pub fn forget_taught(tx: &mut Tx<'_>, unit: UnitId, line: LineId) -> Result<()> {
    let keys = vec![("unit_id", Column::of([unit])), ("line_id", Column::of([line]))];
    rows::delete(tx, "payer_alias", keys).map(|_| ())
}

/// The lines that show each movement, first matched first: (unit, movement, line).
pub fn lines_of_movements(
    conn: &mut Conn,
    movements: &[(UnitId, MovementId)],
) -> Result<Vec<(UnitId, MovementId, LineId)>> {
    let mut found: Vec<(UnitId, MovementId, LineId, MatchId)> =
        rows::fetch::<(BigInt, BigInt, BigInt, BigInt), _>(
            conn,
            "SELECT t.unit_id, t.movement_id, t.line_id, t.id FROM match_part t",
            &[
                ("unit_id", Column::of(movements.iter().map(|(unit, _)| *unit))),
                ("movement_id", Column::of(movements.iter().map(|(_, id)| *id))),
            ],
            "AND +t.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = t.unit_id \
             AND u.undoes_id = t.id)",
            Lock::None,
        )?;
    // Where one of several is looked for, it is the same one on every database.
    found.sort_by_key(|row| (row.0, row.3));
    Ok(found.into_iter().map(|(unit, movement, line, _)| (unit, movement, line)).collect())
}

/// The lines that show a movement, or showed it before its money was divided or matched otherwise.
pub fn lines_ever_of(conn: &mut Conn, unit: UnitId, movement: MovementId) -> Result<Vec<LineId>> {
    let found: Vec<(LineId, MovementId, MatchId)> = rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.line_id, t.movement_id, t.id FROM match_part t",
        &[("unit_id", Column::of([unit])), ("movement_id", Column::of([movement]))],
        "",
        Lock::None,
    )?;
    let lines: BTreeSet<LineId> = found.into_iter().map(|(line, ..)| line).collect();
    Ok(lines.into_iter().collect())
}

/// The channel of the first claim on each movement.
pub fn first_channels(
    conn: &mut Conn,
    movements: &[(UnitId, MovementId)],
) -> Result<HashMap<(UnitId, MovementId), String>> {
    let mut found: Vec<(UnitId, MovementId, ClaimId, String)> =
        rows::fetch::<(BigInt, BigInt, BigInt, Text), _>(
            conn,
            "SELECT t.unit_id, t.movement_id, t.id, t.channel FROM claim t",
            &[
                ("unit_id", Column::of(movements.iter().map(|(unit, _)| *unit))),
                ("movement_id", Column::of(movements.iter().map(|(_, id)| *id))),
            ],
            "",
            Lock::None,
        )?;
    found.sort_by_key(|row| std::cmp::Reverse(row.2));
    Ok(found.into_iter().map(|(unit, movement, _, channel)| ((unit, movement), channel)).collect())
}

/// The movement that was found to be the same money as this later one.
pub fn same_as(conn: &mut Conn, unit: UnitId, later: MovementId) -> Result<Option<MovementId>> {
    use crate::store::schema::movement_same_as;
    movement_same_as::table
        .find((unit, later))
        .select(movement_same_as::earlier_id)
        .first(conn)
        .optional()
        .classify()
}

/// The unit to which a payment's money was posted as owed, last.
pub fn owed_to(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Option<UnitId>> {
    use crate::store::schema::posting;
    let accounts: Vec<String> = posting::table
        .filter(posting::unit_id.eq(unit))
        .filter(posting::source_kind.eq("payment"))
        .filter(posting::source_id.eq(payment.0))
        .filter(posting::credit_account.like("due_to_unit/%"))
        .order(posting::id.desc())
        .select(posting::credit_account)
        .load(conn)
        .classify()?;
    let account = accounts.first().and_then(|account| account.strip_prefix("due_to_unit/"));
    Ok(account.and_then(|id| id.parse().ok()))
}
