//! The SQL of versions.

use diesel::prelude::*;

use super::rules::{Difference, Kind, Side};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::statement::identity::{self, Features, Known, Place};
use crate::store::failure::Classify;
use crate::store::page::Page;
use crate::store::rows::{self, Column, Update};
use crate::store::schema::{statement, statement_line};
use crate::store::schema_intake::{
    statement_difference, statement_version, statement_version_event, withdrawn_line,
};
use crate::store::{Conn, Tx};
use crate::unit::BankAccount;

crate::table_row! {
    pub struct VersionRow in "statement_version" {
        pub unit_id: UnitId,
        pub id: VersionId,
        pub account_id: AccountId,
        pub replaces_id: StatementId,
        pub file_sha256: String,
        pub position: i32,
        pub number: Option<String>,
        pub closing_on: BusinessDay,
        pub opening: Dong,
        pub closing: Dong,
        pub added: i32,
        pub gone: i32,
        pub changed: i32,
        pub created_at: Instant,
        pub state: &'static str,
        pub revision: i64,
    }
}

crate::table_row! {
    pub struct EventRow in "statement_version_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub version_id: VersionId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: &'static str,
        pub decision: Option<&'static str>,
        pub maker_person_id: Option<PersonId>,
        pub checker_person_id: Option<PersonId>,
        pub reason: String,
        pub at: Instant,
    }
}

crate::table_row! {
    pub struct DifferenceRow in "statement_difference" {
        pub unit_id: UnitId,
        pub version_id: VersionId,
        pub position: i32,
        pub kind: &'static str,
        pub moves_money: bool,
        pub line_id: Option<LineId>,
        pub old_booking_date: Option<BusinessDay>,
        pub old_amount: Option<Dong>,
        pub old_reference: Option<String>,
        pub new_booking_date: Option<BusinessDay>,
        pub new_amount: Option<Dong>,
        pub new_reference: Option<String>,
        pub edition: i32,
    }
}

crate::table_row! {
    pub struct WithdrawnRow in "withdrawn_line" {
        pub unit_id: UnitId,
        pub line_id: LineId,
        pub version_id: VersionId,
        pub contra_line_id: LineId,
        pub created_at: Instant,
    }
}

/// A version as it stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    pub unit: UnitId,
    pub id: VersionId,
    pub account: AccountId,
    /// The statement it corrects.
    pub replaces: StatementId,
    pub file_sha256: String,
    #[serde(skip)]
    pub position: i32,
    pub number: Option<String>,
    pub closing_on: BusinessDay,
    pub opening: Dong,
    pub closing: Dong,
    pub added: i32,
    pub gone: i32,
    pub changed: i32,
    pub created_at: Instant,
    /// `applied`, `held`, `proposed`, `accepted` or `dismissed`.
    pub state: String,
    pub revision: i64,
}

type Parts = (
    (UnitId, VersionId, AccountId, StatementId, String, i32, Option<String>),
    (BusinessDay, Dong, Dong, i32, i32, i32, Instant, String, i64),
);

macro_rules! columns {
    () => {
        (
            (
                statement_version::unit_id,
                statement_version::id,
                statement_version::account_id,
                statement_version::replaces_id,
                statement_version::file_sha256,
                statement_version::position,
                statement_version::number,
            ),
            (
                statement_version::closing_on,
                statement_version::opening,
                statement_version::closing,
                statement_version::added,
                statement_version::gone,
                statement_version::changed,
                statement_version::created_at,
                statement_version::state,
                statement_version::revision,
            ),
        )
    };
}

fn version_of((what, facts): Parts) -> Version {
    Version {
        unit: what.0,
        id: what.1,
        account: what.2,
        replaces: what.3,
        file_sha256: what.4,
        position: what.5,
        number: what.6,
        closing_on: facts.0,
        opening: facts.1,
        closing: facts.2,
        added: facts.3,
        gone: facts.4,
        changed: facts.5,
        created_at: facts.6,
        state: facts.7,
        revision: facts.8,
    }
}

pub fn find(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<Version> {
    statement_version::table
        .find((unit, id))
        .select(columns!())
        .first::<Parts>(conn)
        .optional()
        .classify()?
        .map(version_of)
        .ok_or_else(|| Error::not_found("statement_version_not_found", "no such version in this unit"))
}

/// The unit of a version within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: VersionId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, statement_version, id)
}

pub fn by_position(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    sha256: &str,
    position: i32,
) -> Result<Option<Version>> {
    Ok(statement_version::table
        .filter(statement_version::unit_id.eq(unit))
        .filter(statement_version::account_id.eq(account))
        .filter(statement_version::file_sha256.eq(sha256))
        .filter(statement_version::position.eq(position))
        .select(columns!())
        .first::<Parts>(conn)
        .optional()
        .classify()?
        .map(version_of))
}

/// The versions of a unit, or of one account, newest first.
pub fn list(
    conn: &mut Conn,
    unit: UnitId,
    account: Option<AccountId>,
    page: impl Into<Page>,
) -> Result<Vec<Version>> {
    let mut found = crate::newest_of!(statement_version, unit, page).select(columns!()).into_boxed();
    if let Some(account) = account {
        found = found.filter(statement_version::account_id.eq(account));
    }
    Ok(found.load::<Parts>(conn).classify()?.into_iter().map(version_of).collect())
}

/// The versions of these units that wait for somebody, newest first.
pub fn waiting_of(conn: &mut Conn, units: &[UnitId], limit: i64) -> Result<Vec<Version>> {
    let found: Vec<Parts> = statement_version::table
        .filter(statement_version::unit_id.eq_any(units))
        .filter(statement_version::state.eq_any(["held", "proposed"]))
        .order(statement_version::id.desc())
        .limit(limit)
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(version_of).collect())
}

/// The versions of an account in some states.
pub fn in_state(conn: &mut Conn, unit: UnitId, account: AccountId, states: &[&str]) -> Result<Vec<Version>> {
    let found: Vec<Parts> = statement_version::table
        .filter(statement_version::unit_id.eq(unit))
        .filter(statement_version::account_id.eq(account))
        .filter(statement_version::state.eq_any(states.to_vec()))
        .select(columns!())
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(version_of).collect())
}

type DifferenceParts = (
    (String, bool, Option<LineId>),
    (Option<BusinessDay>, Option<Dong>, Option<String>),
    (Option<BusinessDay>, Option<Dong>, Option<String>),
);

/// How often a version was compared, and how many differences are on record of all times.
pub fn edition(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<(i32, i32)> {
    let (edition, last): (Option<i32>, Option<i32>) = statement_difference::table
        .filter(statement_difference::unit_id.eq(unit))
        .filter(statement_difference::version_id.eq(id))
        .select((
            diesel::dsl::max(statement_difference::edition),
            diesel::dsl::max(statement_difference::position),
        ))
        .first(conn)
        .classify()?;
    Ok((edition.unwrap_or(1), last.map_or(0, |last| last.saturating_add(1))))
}

/// What a version changes, by its last comparison.
pub fn differences(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<Vec<Difference>> {
    let (edition, _) = edition(conn, unit, id)?;
    let found: Vec<DifferenceParts> = statement_difference::table
        .filter(statement_difference::unit_id.eq(unit))
        .filter(statement_difference::version_id.eq(id))
        .filter(statement_difference::edition.eq(edition))
        .order(statement_difference::position)
        .select((
            (statement_difference::kind, statement_difference::moves_money, statement_difference::line_id),
            (
                statement_difference::old_booking_date,
                statement_difference::old_amount,
                statement_difference::old_reference,
            ),
            (
                statement_difference::new_booking_date,
                statement_difference::new_amount,
                statement_difference::new_reference,
            ),
        ))
        .load(conn)
        .classify()?;
    let side = |(date, amount, reference): (Option<BusinessDay>, Option<Dong>, Option<String>)| {
        Some(Side { booking_date: date?, amount: amount?, bank_reference: reference })
    };
    Ok(found
        .into_iter()
        .map(|((kind, moves_money, line), old, new)| Difference {
            kind: Kind::parse(&kind),
            moves_money,
            line,
            old: side(old),
            new: side(new),
        })
        .collect())
}

/// Who proposed what, in the newest proposal: (decision, maker, reason).
pub fn proposal(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<Option<(String, PersonId, String)>> {
    let found: Option<(Option<String>, Option<PersonId>, String)> = statement_version_event::table
        .filter(statement_version_event::unit_id.eq(unit))
        .filter(statement_version_event::version_id.eq(id))
        .filter(statement_version_event::kind.eq("proposed"))
        .order(statement_version_event::revision.desc())
        .select((
            statement_version_event::decision,
            statement_version_event::maker_person_id,
            statement_version_event::reason,
        ))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.and_then(|(decision, maker, reason)| Some((decision?, maker?, reason))))
}

/// Whether one person alone dismissed a version, when it was dismissed last.
pub fn is_dismissed_by_one(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<bool> {
    let found: Option<(Option<PersonId>, Option<PersonId>)> = statement_version_event::table
        .filter(statement_version_event::unit_id.eq(unit))
        .filter(statement_version_event::version_id.eq(id))
        .filter(statement_version_event::kind.eq("dismissed"))
        .order(statement_version_event::revision.desc())
        .select((statement_version_event::maker_person_id, statement_version_event::checker_person_id))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.is_some_and(|(_, checker)| checker.is_none()))
}

pub fn set_state(tx: &mut Tx<'_>, version: &Version, state: &'static str) -> Result<()> {
    rows::update(
        tx,
        Update {
            table: "statement_version",
            keys: vec![("unit_id", Column::of([version.unit])), ("id", Column::of([version.id]))],
            guard: vec![("revision", Column::of([version.revision]))],
            sets: vec![("state", Column::of([state])), ("revision", Column::of([version.revision + 1]))],
        },
    )
}

/// Who accepted a version: (maker, checker).
pub fn accepted_by(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<Option<(PersonId, PersonId)>> {
    let found: Option<(Option<PersonId>, Option<PersonId>)> = statement_version_event::table
        .filter(statement_version_event::unit_id.eq(unit))
        .filter(statement_version_event::version_id.eq(id))
        .filter(statement_version_event::kind.eq("accepted"))
        .select((statement_version_event::maker_person_id, statement_version_event::checker_person_id))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.and_then(|(maker, checker)| maker.zip(checker)))
}

/// A line that a version takes out, and the line that stands against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    pub line: LineId,
    pub contra: LineId,
    pub version: VersionId,
    pub booking_date: BusinessDay,
    pub amount: Dong,
}

type WithdrawnParts = (LineId, LineId, VersionId, BusinessDay, Dong);

macro_rules! withdrawn {
    ($filter:expr) => {
        withdrawn_line::table
            .inner_join(
                statement_line::table.on(statement_line::unit_id
                    .eq(withdrawn_line::unit_id)
                    .and(statement_line::id.eq(withdrawn_line::line_id))),
            )
            .filter($filter)
            .order(withdrawn_line::line_id)
            .select((
                withdrawn_line::line_id,
                withdrawn_line::contra_line_id,
                withdrawn_line::version_id,
                statement_line::booking_date,
                statement_line::amount,
            ))
    };
}

fn withdrawn_of_parts((line, contra, version, booking_date, amount): WithdrawnParts) -> Withdrawn {
    Withdrawn { line, contra, version, booking_date, amount }
}

/// What a version takes out.
pub fn withdrawn_by(conn: &mut Conn, unit: UnitId, version: VersionId) -> Result<Vec<Withdrawn>> {
    let found: Vec<WithdrawnParts> =
        withdrawn!(withdrawn_line::unit_id.eq(unit).and(withdrawn_line::version_id.eq(version)))
            .load(conn)
            .classify()?;
    Ok(found.into_iter().map(withdrawn_of_parts).collect())
}

/// What was taken out of an account's lines, in whatever version.
pub fn withdrawn_of(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Withdrawn>> {
    let found: Vec<WithdrawnParts> =
        withdrawn!(withdrawn_line::unit_id.eq(unit).and(statement_line::account_id.eq(account)))
            .load(conn)
            .classify()?;
    Ok(found.into_iter().map(withdrawn_of_parts).collect())
}

/// Whether a corrected statement took the line out.
pub fn is_withdrawn(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<bool> {
    let found: Option<LineId> = withdrawn_line::table
        .find((unit, line))
        .select(withdrawn_line::line_id)
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.is_some())
}

/// A stored line with everything a comparison needs: (id, statement, its format, codes, what identifies it).
pub struct Told {
    pub id: LineId,
    pub statement: StatementId,
    pub format: String,
    pub codes: String,
    pub known: Known,
}

type ToldParts = (LineId, StatementId, BusinessDay, Dong, String, Option<String>, String, (String, String));

/// The ready lines booked from `first` to `last`, for telling which lines are known. Contra lines are
/// left out. What they stand against is marked, and so are lines of statements that were given up: they moved nothing,
/// and their identities are used up.
pub fn known(
    conn: &mut Conn,
    account: &BankAccount,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<Told>> {
    let taken = withdrawn_of(conn, account.unit, account.id)?;
    let contras: std::collections::HashSet<LineId> = taken.iter().map(|one| one.contra).collect();
    let originals: std::collections::HashSet<LineId> = taken.iter().map(|one| one.line).collect();
    let found: Vec<ToldParts> = statement_line::table
        .inner_join(
            statement::table.on(statement::unit_id
                .eq(statement_line::unit_id)
                .and(statement::id.eq(statement_line::statement_id))),
        )
        .filter(statement_line::unit_id.eq(account.unit))
        .filter(statement_line::account_id.eq(account.id))
        .filter(statement_line::booking_date.between(first, last))
        .filter(statement::state.eq_any(["ready", "abandoned"]))
        .order((statement_line::booking_date, statement_line::id))
        .select((
            statement_line::id,
            statement_line::statement_id,
            statement_line::booking_date,
            statement_line::amount,
            statement_line::identity,
            statement_line::bank_reference,
            statement_line::codes,
            (statement::state, statement::format),
        ))
        .load(conn)
        .classify()?;
    Ok(found
        .into_iter()
        .filter(|(id, ..)| !contras.contains(id))
        .map(|(id, statement, date, amount, text, reference, codes, (state, format))| {
            let (memo, occurrence) = identity::parse(&text);
            let bank_reference = reference.map(|reference| crate::text::squash(&reference));
            let features = Features { date, amount, memo, bank_reference };
            let is_withdrawn = state == "abandoned" || originals.contains(&id);
            let place = Place::Beside;
            let known = Known { features, occurrence, is_withdrawn, place, is_of_same_format: false };
            Told { id, statement, format, codes, known }
        })
        .collect())
}
