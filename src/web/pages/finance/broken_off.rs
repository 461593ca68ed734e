//! Statements whose loading broke off, and those that were given up, as the page of the statements tells them.

use std::collections::BTreeMap;

use crate::actor::Actor;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AccountId, StatementId, UnitId};
use crate::identity;
use crate::statement::given_up::{self, DECIDERS, GivenUp};
use crate::store::Conn;
use crate::unit::{Unit, account};
use crate::web::pages::listing;
use crate::web::pages::matter::day;
use crate::web::pages::wording::Lang;

/// Statements that were given up, shown.
const GIVEN_UP: i64 = 10;

#[derive(Default)]
pub(super) struct BrokenOff {
    /// Whether the reader may give one up.
    pub can_give_up: bool,
    /// Whose it is, which one, since when.
    pub left: Vec<(StatementId, String)>,
    /// The same of what was given up, by whom and why.
    pub given_up: Vec<String>,
}

pub(super) fn of_units(
    conn: &mut Conn,
    (lang, now): (Lang, Instant),
    actor: &Actor,
    units: &[Unit],
) -> Result<BrokenOff> {
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let names: BTreeMap<UnitId, &str> = units.iter().map(|unit| (unit.id, unit.name.as_str())).collect();
    let left = given_up::broken_off(conn, now)?;
    let ended = given_up::given_up(conn, &ids, GIVEN_UP)?;
    if left.is_empty() && ended.is_empty() {
        return Ok(BrokenOff::default());
    }
    let numbers: BTreeMap<(UnitId, AccountId), String> = account::of_units(conn, &ids)?
        .into_iter()
        .map(|account| ((account.unit, account.id), account.account_no))
        .collect();
    let which = |unit: UnitId, account: AccountId, number: Option<String>, closing: String| {
        let account = numbers.get(&(unit, account)).map_or("", String::as_str);
        let name = names.get(&unit).copied().unwrap_or_default();
        format!("{name}: {account}, {}", number.unwrap_or(closing))
    };
    let mut found = BrokenOff { can_give_up: DECIDERS.contains(&actor.role), ..BrokenOff::default() };
    for one in left.into_iter().filter(|one| names.contains_key(&one.unit)) {
        let hours = now.seconds_since(one.created_at).max(0) / 3_600;
        let since = format!("{} ({})", listing::time(one.created_at), lang.with("alarm_hours", hours));
        let words = which(one.unit, one.account, one.number, day(one.closing_on));
        found.left.push((one.id, format!("{words}, {}", lang.with("broken_off_since", since))));
    }
    for GivenUp { statement: one, person, reason, at } in ended {
        let name = identity::called(conn, person)?;
        let words = which(one.unit, one.account, one.number, day(one.closing_on));
        found.given_up.push(format!("{words}: {}, {name}: {reason}", listing::time(at)));
    }
    Ok(found)
}
