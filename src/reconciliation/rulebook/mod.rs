//! The rules that classify lines, as persons keep them: for one unit or the whole city, each change a
//! version that a second person approves. What nobody changed is what the program ships.

pub mod query;
mod what_if;

use serde::Serialize;

use super::classification::{Rule, RuleSet, default_rules};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{AccountId, ClassRuleId, PersonId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Store, Tx, failure};
use crate::text;
use crate::unit::{CITY, account};

pub use what_if::{Change, Question, WhatIf, what_if};

/// Shipped rules have the ranks 100, 200, …
const RANK_STEP: i32 = 100;
/// Where a new rule stands when nobody says: before the shipped ones.
const RANK_NEW: i32 = 50;
const RANK_LIMIT: i32 = 100_000;

/// A version of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    #[serde(skip)]
    pub unit: UnitId,
    pub id: ClassRuleId,
    pub version: i32,
    pub rank: i32,
    pub rule: Rule,
    pub reason: String,
    pub maker: PersonId,
    pub checker: Option<PersonId>,
    pub created_at: Instant,
    /// `proposed`, `in_force`, `refused` or `replaced`.
    pub state: String,
    pub revision: i64,
}

/// A rule to be proposed.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The unit it is for; `CITY` is for all.
    pub unit: UnitId,
    pub rule: Rule,
    /// None: the rank of the rule it changes, else before the shipped ones.
    pub rank: Option<i32>,
    pub reason: String,
}

/// A rule in force and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InForce {
    pub rank: i32,
    pub origin: Origin,
    pub rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Unit,
    City,
    Shipped,
}

/// Who proposes versions of rules and decides on them.
pub const WRITERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Administrator];

/// Proposes a version of a rule. It covers nothing before another person approves it.
///
/// # Errors
/// Those of `Rule::check`; `reason_missing`, `class_rule_rank`, `class_rule_waiting`.
pub fn propose(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: &NewVersion) -> Result<Version> {
    actor.require_role(&WRITERS)?;
    actor.scope.require(new.unit)?;
    let maker = actor.require_person()?;
    new.rule.check()?;
    let reason = text::reason(&new.reason)?;
    let rank = match new.rank {
        Some(rank) if (1..=RANK_LIMIT).contains(&rank) => rank,
        Some(_) => {
            return Err(Error::invalid("rank", "class_rule_rank", format!("1 to {RANK_LIMIT}")));
        }
        None => {
            let known = in_force_of(query::in_force(tx, new.unit)?, None);
            known.iter().find(|one| one.rule.id == new.rule.id).map_or(RANK_NEW, |one| one.rank)
        }
    };
    let version = Version {
        unit: new.unit,
        id: stamp.mint()?,
        version: query::newest_version(tx, new.unit, &new.rule.id)? + 1,
        rank,
        rule: new.rule.clone(),
        reason,
        maker,
        checker: None,
        created_at: stamp.now,
        state: "proposed".to_owned(),
        revision: 1,
    };
    query::insert(tx, &version).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("class_rule_waiting", "a version of this rule waits for approval"),
        _ => error,
    })?;
    query::note(tx, stamp, &version, "proposed", maker, Some(version.reason.clone()))?;
    tell(tx, stamp, actor, &version, "class_rule.proposed")?;
    Ok(version)
}

fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    version: &Version,
    action: &'static str,
) -> Result<()> {
    let entry = audit::Entry::by(actor, version.unit, action, version.id);
    let detail = format!("{} version {}", version.rule.id, version.version);
    audit::record(tx, stamp, &[entry.with(detail)])
}

/// Puts a proposed version in force; the one before is replaced. Lines posted already stay as they
/// are.
///
/// # Errors
/// `class_rule_not_found`, `class_rule_decided`, `maker_is_checker`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ClassRuleId,
) -> Result<Version> {
    let mut version = decided(tx, actor, unit, id)?;
    let checker = actor.require_person()?;
    if checker == version.maker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    if let Some(mut before) = query::current(tx, unit, &version.rule.id)? {
        before.state = "replaced".to_owned();
        before.revision += 1;
        query::store(tx, &before)?;
        query::note(tx, stamp, &before, "replaced", checker, None)?;
    }
    version.state = "in_force".to_owned();
    version.checker = Some(checker);
    version.revision += 1;
    query::store(tx, &version)?;
    query::note(tx, stamp, &version, "approved", checker, None)?;
    tell(tx, stamp, actor, &version, "class_rule.approved")?;
    Ok(version)
}

/// Refuses a proposed version, by anybody who may approve, or takes one's own back.
///
/// # Errors
/// `class_rule_not_found`, `class_rule_decided`, `reason_missing`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ClassRuleId,
    reason: &str,
) -> Result<Version> {
    let mut version = decided(tx, actor, unit, id)?;
    let person = actor.require_person()?;
    let reason = text::reason(reason)?;
    version.state = "refused".to_owned();
    version.revision += 1;
    query::store(tx, &version)?;
    query::note(tx, stamp, &version, "refused", person, Some(reason))?;
    tell(tx, stamp, actor, &version, "class_rule.refused")?;
    Ok(version)
}

/// The proposed version that is to be decided.
fn decided(tx: &mut Tx<'_>, actor: &Actor, unit: UnitId, id: ClassRuleId) -> Result<Version> {
    actor.require_role(&WRITERS)?;
    actor.scope.require(unit)?;
    let version = query::find(tx, unit, id)?.ok_or_else(not_found)?;
    if version.state != "proposed" {
        return Err(Error::conflict("class_rule_decided", "this version was decided already"));
    }
    Ok(version)
}

pub fn not_found() -> Error {
    Error::not_found("class_rule_not_found", "no such rule in your scope")
}

/// The rules of a unit's accounts at a bank (all banks when None), in the order they are tried. City
/// rules count for every unit; a unit's rule takes the place of the city's of the same id, and that
/// the place of a shipped one.
///
/// `versions` are those in force of the unit and of the city.
pub fn in_force_of(versions: Vec<Version>, bank: Option<&str>) -> Vec<InForce> {
    let shipped = (1..).zip(default_rules()).map(|(place, rule)| InForce {
        rank: place * RANK_STEP,
        origin: Origin::Shipped,
        rule,
    });
    let mut all: Vec<InForce> = versions
        .into_iter()
        .map(|version| InForce {
            rank: version.rank,
            origin: if version.unit == CITY { Origin::City } else { Origin::Unit },
            rule: version.rule,
        })
        .chain(shipped)
        .filter(|one| bank.is_none() || one.rule.bank.is_none() || one.rule.bank.as_deref() == bank)
        .collect();
    // The nearest of each id first, so that it is the one that stays.
    all.sort_by(|a, b| (&a.rule.id, a.origin).cmp(&(&b.rule.id, b.origin)));
    all.dedup_by(|later, first| later.rule.id == first.rule.id);
    all.sort_by(|a, b| (a.rank, a.origin, &a.rule.id).cmp(&(b.rank, b.origin, &b.rule.id)));
    all
}

/// The rules for one account, ready to be asked. City rules are read whatever the scope: they hold
/// no unit's data.
pub fn rules_for(store: &Store, vault: &Vault, unit: UnitId, account: AccountId) -> Result<RuleSet> {
    let (versions, bank) = store.read(&Scope::All, |conn| read(conn, unit, account))?;
    ready(&in_force_of(versions, Some(&bank)), vault, unit)
}

fn read(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<(Vec<Version>, String)> {
    Ok((query::in_force(conn, unit)?, account::find(conn, unit, account)?.bank_bin))
}

fn ready(rules: &[InForce], vault: &Vault, unit: UnitId) -> Result<RuleSet> {
    let rules: Vec<Rule> = rules.iter().map(|one| one.rule.clone()).collect();
    RuleSet::of(&rules, &|account| super::alias::account_hash(vault, unit, account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconciliation::classification::{Class, Direction};

    fn version(unit: i64, id: &str, rank: i32, change: impl FnOnce(&mut Rule)) -> Version {
        let mut rule = default_rules().remove(1);
        rule.id = id.to_owned();
        change(&mut rule);
        Version {
            unit: UnitId(unit),
            id: ClassRuleId(1),
            version: 1,
            rank,
            rule,
            reason: "x".into(),
            maker: PersonId(1),
            checker: Some(PersonId(2)),
            created_at: Instant(0),
            state: "in_force".into(),
            revision: 2,
        }
    }

    fn names(rules: &[InForce]) -> Vec<(&str, Origin)> {
        rules.iter().map(|one| (one.rule.id.as_str(), one.origin)).collect()
    }

    #[test]
    fn a_rule_of_the_unit_goes_before_the_citys_and_that_before_the_shipped_one() {
        let shipped = in_force_of(Vec::new(), None);
        assert_eq!(shipped.len(), default_rules().len());
        assert_eq!((shipped[0].rank, shipped[0].rule.id.as_str()), (100, "reversal_marked"));
        let city = version(CITY.0, "budget", 200, |_| {});
        let own = version(2, "budget", 200, |rule| rule.phrases = vec!["KHO BAC".into()]);
        let found = in_force_of(vec![city.clone(), own], None);
        assert_eq!(found.len(), shipped.len());
        assert_eq!(names(&found)[1], ("budget", Origin::Unit), "in its place");
        assert_eq!(found[1].rule.phrases, ["KHO BAC"]);
        assert_eq!(names(&in_force_of(vec![city], None))[1], ("budget", Origin::City));
        let new = version(2, "sms", 50, |_| {});
        assert_eq!(names(&in_force_of(vec![new], None))[0], ("sms", Origin::Unit), "before the shipped ones");
    }

    #[test]
    fn a_rule_of_another_bank_or_one_that_is_off_covers_nothing() {
        let other = version(2, "sms", 50, |rule| rule.bank = Some("970436".into()));
        assert_eq!(in_force_of(vec![other.clone()], Some("970432")).len(), default_rules().len());
        assert_eq!(in_force_of(vec![other], Some("970436")).len(), default_rules().len() + 1);
        let off = version(2, "budget", 200, |rule| rule.is_off = true);
        let rules: Vec<Rule> = in_force_of(vec![off], None).into_iter().map(|one| one.rule).collect();
        let ready = RuleSet::of(&rules, &str::to_owned).unwrap();
        assert!(!ready.is_empty());
        let off = rules.iter().find(|rule| rule.id == "budget").unwrap();
        assert!(off.is_off && off.class == Class::TransferToBudget && off.direction == Direction::Debit);
    }
}
