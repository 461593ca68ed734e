//! What is stored about a line's case and matches.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::explanation::{Part, Reason};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{line_case, statement_line};
use crate::store::schema_matching::line_evidence;

/// How a line was posted, and when.
pub fn case(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Option<(String, BusinessDay)>> {
    line_case::table
        .find((unit, line))
        .select((line_case::case_name, line_case::accounting_date))
        .first(conn)
        .optional()
        .classify()
}

/// Rule and evidence of a line that has no movement.
pub fn evidence(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Option<(String, String)>> {
    line_evidence::table
        .find((unit, line))
        .select((line_evidence::rule, line_evidence::evidence))
        .first(conn)
        .optional()
        .classify()
}

/// The matches of a line, oldest first.
pub fn parts(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<Part>> {
    type Sql = (
        (BigInt, BigInt, BigInt, Text, Text),
        (Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, BigInt),
    );
    type Parts = (
        (MatchId, MovementId, Dong, String, String),
        (Option<PersonId>, Option<PersonId>, Option<MatchId>, Instant),
    );
    let mut found: Vec<Parts> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.id, t.movement_id, t.amount, t.rule, t.evidence, t.maker_person_id, t.checker_person_id, \
         t.undoes_id, t.created_at FROM match_part t",
        &[("unit_id", Column::of([unit])), ("line_id", Column::of([line]))],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|((id, ..), _)| *id);
    Ok(found
        .into_iter()
        .map(|((id, movement, amount, rule, evidence), (maker, checker, undoes, matched_at))| Part {
            id,
            movement,
            amount,
            undoes,
            maker,
            checker,
            matched_at,
            reason: Reason::of(&rule, &evidence),
        })
        .collect())
}

/// The unit of a line within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: LineId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, statement_line, id)
}
