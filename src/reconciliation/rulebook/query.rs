//! The SQL of the rules' versions.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::Version;
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ClassRuleId, EventId, PersonId, UnitId};
use crate::reconciliation::classification::Rule;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema_matching::class_rule;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::CITY;

crate::table_row! {
    pub struct RuleRow in "class_rule" {
        pub unit_id: UnitId,
        pub id: ClassRuleId,
        pub name: String,
        pub version: i32,
        pub rank: i32,
        pub body: String,
        pub reason: String,
        pub maker_person_id: PersonId,
        pub created_at: Instant,
        pub state: String,
        pub revision: i64,
        pub checker_person_id: Option<PersonId>,
    }
}

crate::table_row! {
    pub struct EventRow in "class_rule_event" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub rule_id: ClassRuleId,
        pub revision: i64,
        pub kind: &'static str,
        pub state: String,
        pub person_id: Option<PersonId>,
        pub reason: Option<String>,
        pub at: Instant,
    }
}

type Sql = ((BigInt, BigInt, Integer, Integer, Text), (Text, BigInt, BigInt, Text, BigInt, Nullable<BigInt>));
type Parts =
    ((UnitId, ClassRuleId, i32, i32, String), (String, PersonId, Instant, String, i64, Option<PersonId>));

const SELECT: &str = "SELECT t.unit_id, t.id, t.version, t.rank, t.body, t.reason, t.maker_person_id, t.created_at, \
     t.state, t.revision, t.checker_person_id FROM class_rule t";

fn by(conn: &mut Conn, keys: &[(&str, Column)]) -> Result<Vec<Version>> {
    let found: Vec<Parts> = rows::fetch::<Sql, _>(conn, SELECT, keys, "", Lock::None)?;
    let mut versions = Vec::with_capacity(found.len());
    for ((unit, id, version, rank, body), rest) in found {
        let rule: Rule = serde_json::from_str(&body)
            .map_err(|error| Error::internal(format!("the stored rule {id} does not read: {error}")))?;
        versions.push(Version {
            unit,
            id,
            version,
            rank,
            rule,
            reason: rest.0,
            maker: rest.1,
            created_at: rest.2,
            state: rest.3,
            revision: rest.4,
            checker: rest.5,
        });
    }
    versions.sort_by_key(|one| (one.unit, one.id));
    Ok(versions)
}

/// The versions in force of a unit and of the city.
pub fn in_force(conn: &mut Conn, unit: UnitId) -> Result<Vec<Version>> {
    let units = if unit == CITY { vec![CITY] } else { vec![unit, CITY] };
    let state = Column::of(units.iter().map(|_| "in_force"));
    by(conn, &[("unit_id", Column::of(units)), ("state", state)])
}

/// Every version of a unit's own rules, oldest first.
pub fn versions(conn: &mut Conn, unit: UnitId) -> Result<Vec<Version>> {
    by(conn, &[("unit_id", Column::of([unit]))])
}

pub fn find(conn: &mut Conn, unit: UnitId, id: ClassRuleId) -> Result<Option<Version>> {
    Ok(by(conn, &[("unit_id", Column::of([unit])), ("id", Column::of([id]))])?.pop())
}

/// The version of a rule in force in the unit itself.
pub fn current(conn: &mut Conn, unit: UnitId, name: &str) -> Result<Option<Version>> {
    let keys =
        [("unit_id", Column::of([unit])), ("name", Column::of([name])), ("state", Column::of(["in_force"]))];
    Ok(by(conn, &keys)?.pop())
}

pub fn newest_version(conn: &mut Conn, unit: UnitId, name: &str) -> Result<i32> {
    class_rule::table
        .filter(class_rule::unit_id.eq(unit))
        .filter(class_rule::name.eq(name))
        .select(diesel::dsl::max(class_rule::version))
        .first::<Option<i32>>(conn)
        .classify()
        .map(Option::unwrap_or_default)
}

pub fn insert(tx: &mut Tx<'_>, version: &Version) -> Result<()> {
    let body = serde_json::to_string(&version.rule).map_err(|error| Error::internal(error.to_string()))?;
    let row = RuleRow {
        unit_id: version.unit,
        id: version.id,
        name: version.rule.id.clone(),
        version: version.version,
        rank: version.rank,
        body,
        reason: version.reason.clone(),
        maker_person_id: version.maker,
        created_at: version.created_at,
        state: version.state.clone(),
        revision: version.revision,
        checker_person_id: version.checker,
    };
    rows::insert(tx, &[row])
}

/// Moves a version on by one revision.
pub fn store(tx: &mut Tx<'_>, version: &Version) -> Result<()> {
    rows::advance(
        tx,
        "class_rule",
        (version.unit, version.id),
        version.revision,
        vec![
            ("state", Column::of([version.state.clone()])),
            ("checker_person_id", Column::of([version.checker])),
        ],
    )
}

/// The event of a version's present revision.
pub fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    version: &Version,
    kind: &'static str,
    person: PersonId,
    reason: Option<String>,
) -> Result<()> {
    let row = EventRow {
        unit_id: version.unit,
        id: stamp.mint()?,
        rule_id: version.id,
        revision: version.revision,
        kind,
        state: version.state.clone(),
        person_id: Some(person),
        reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// The unit of a version within a scope.
pub fn unit_of(conn: &mut Conn, scope: &Scope, id: ClassRuleId) -> Result<Option<UnitId>> {
    crate::unit_in_scope!(conn, scope, class_rule, id)
}
