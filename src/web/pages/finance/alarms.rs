//! Everything that warns, from every room that has alarms, for the morning board. What the lists warn of takes some
//! twenty questions, of one unit or of all; whoever sees a whole city gets what was read of each unit a moment ago.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::units;
use crate::actor::Actor;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::UnitId;
use crate::queue::alarm as ages;
use crate::receipt::key::alarm as keys;
use crate::remittance::alarm as treasury;
use crate::report::fees;
use crate::report::verify::Standing;
use crate::statement::inbox;
use crate::store::{Conn, Stamp};
use crate::unit::Unit;
use crate::web::pages::matter::day;
use crate::web::pages::wording::Lang;
use crate::{filing::alarm as tax, unit};

/// From how many units on a page is of a whole city: the board shows what was read of each a moment ago.
pub const MANY_UNITS: usize = 10;
/// How long that is shown, in seconds.
const KEPT_S: i64 = 120;

/// What the lists of each unit warned of when somebody looked last, by unit and language.
#[derive(Default)]
pub struct Kept(RwLock<BTreeMap<(UnitId, &'static str), (Instant, Vec<Alarm>)>>);

impl Kept {
    /// What each of these units warned of a moment ago. Units of which nothing is kept are read together.
    fn of_units(
        &self,
        (units, lang): (&[Unit], Lang),
        now: Instant,
        read: impl FnOnce(&[Unit]) -> Result<ByUnit>,
    ) -> Result<ByUnit> {
        let mut found = ByUnit::new();
        let mut unknown = Vec::new();
        {
            let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
            for unit in units {
                let known = kept.get(&(unit.id, lang.code()));
                let known = known.filter(|(at, _)| (0..KEPT_S).contains(&now.seconds_since(*at)));
                if let Some((_, alarms)) = known {
                    found.insert(unit.id, alarms.clone());
                } else {
                    unknown.push(unit.clone());
                }
            }
        }
        if !unknown.is_empty() {
            let mut read = read(&unknown)?;
            let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for unit in unknown {
                let alarms = read.remove(&unit.id).unwrap_or_default();
                kept.insert((unit.id, lang.code()), (now, alarms.clone()));
                found.insert(unit.id, alarms);
            }
        }
        Ok(found)
    }
}

/// What units warn of, each in its own order.
type ByUnit = BTreeMap<UnitId, Vec<Alarm>>;

/// One alarm: what it says, whose it is, the page where something can be done about it if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub words: String,
    pub unit: String,
    pub href: Option<String>,
}

/// Alarms by age that the board shows, the oldest; the queue, oldest first, has the rest.
const AGED_SHOWN: usize = 30;

/// The alarms of an actor's units: books that do not balance, money that waits, keys, the Treasury,
/// declarations, the tax office.
pub fn standing(
    conn: &mut Conn,
    (stamp, books, kept): (&Stamp<'_>, &Standing, &Kept),
    actor: &Actor,
    lang: Lang,
) -> Result<Vec<Alarm>> {
    let mut found = Vec::new();
    let all = unit::all(conn)?;
    let name = |id| all.iter().find(|unit| unit.id == id).map_or_else(String::new, |unit| unit.name.clone());
    let aged = ages::standing(conn, actor, None, stamp.now)?;
    // What waits for a person without a sum of its own comes before what is only old.
    let (named, aged): (Vec<_>, Vec<_>) = aged.into_iter().partition(|one| !ages::is_of_age(one));
    for one in named.iter().chain(aged.iter().take(AGED_SHOWN)) {
        let title = lang.pick(one.title, one.title_en);
        let age = lang.with("alarm_hours", one.age_hours);
        let is_item = one.subject.starts_with("exc_");
        let is_trust = one.kind == ages::About::TrustSuspended.as_str();
        let is_statement = one.kind == ages::About::StatementBrokenOff.as_str();
        let href = match one.account {
            _ if is_trust => "/finance/trust".to_owned(),
            _ if is_statement => "/finance/statements#broken-off".to_owned(),
            _ if is_item => format!("/finance/exceptions/{}", one.subject),
            Some(account) => format!("/finance/days/{account}"),
            None => "/finance/exceptions".to_owned(),
        };
        let about = match (is_trust, is_statement) {
            (true, _) => format!(": {}", one.subject),
            (_, true) => String::new(),
            _ => format!(": {}", one.amount),
        };
        let words = format!("{title}{about} – {age}");
        found.push(Alarm { words, unit: name(one.unit), href: Some(href) });
    }
    if AGED_SHOWN < aged.len() {
        let words = lang.with("alarm_more", aged.len() - AGED_SHOWN);
        found.push(Alarm { words, unit: String::new(), href: Some("/finance/exceptions".to_owned()) });
    }
    for one in keys::open(conn)?.into_iter().filter(|one| actor.scope.covers(one.unit)) {
        let (vi, en) = one.kind.title();
        found.push(Alarm { words: lang.pick(vi, en).to_owned(), unit: name(one.unit), href: None });
    }
    let units = units(conn, actor)?;
    let mut listed = match MANY_UNITS <= units.len() {
        true => kept.of_units((&units, lang), stamp.now, |units| of_units(conn, stamp, lang, units))?,
        false => of_units(conn, stamp, lang, &units)?,
    };
    for unit in units {
        for fault in books.of_unit(unit.id) {
            let words = lang.with("books_broken", lang.pick(fault.vi, fault.en));
            found.push(Alarm { words, unit: unit.name.clone(), href: None });
        }
        found.extend(listed.remove(&unit.id).unwrap_or_default());
    }
    inbox_refused(conn, stamp, actor, lang, &mut found)?;
    Ok(found)
}

/// How long a refused file of the inbox stands on the board.
const INBOX_DAYS: i64 = 3;

/// Files of the inbox that were refused of late; those that name no registered account are the city's.
fn inbox_refused(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    lang: Lang,
    found: &mut Vec<Alarm>,
) -> Result<()> {
    let since = Instant(stamp.now.0.saturating_sub(INBOX_DAYS * 24 * 60 * 60 * 1_000_000));
    let units = unit::of_scope(conn, &actor.scope)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let failed = inbox::failed_since(conn, &ids, since)?;
    for unit in units {
        let Some(count) = failed.get(&unit.id) else { continue };
        let (words, href) = (lang.with("alarm_inbox", count), Some("/finance/statements#inbox".to_owned()));
        found.push(Alarm { words, unit: unit.name, href });
    }
    Ok(())
}

/// What the Treasury, declarations and the tax office warn of in each of these units.
fn of_units(conn: &mut Conn, stamp: &Stamp<'_>, lang: Lang, units: &[Unit]) -> Result<ByUnit> {
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut found: ByUnit = units.iter().map(|unit| (unit.id, Vec::new())).collect();
    let by_id: BTreeMap<UnitId, &Unit> = units.iter().map(|unit| (unit.id, unit)).collect();
    let mut tell = |unit: UnitId, words: String, href: &dyn Fn(&Unit) -> String| {
        let Some(of) = by_id.get(&unit) else { return };
        let alarm = Alarm { words, unit: of.name.clone(), href: Some(href(of)) };
        found.entry(unit).or_default().push(alarm);
    };
    for one in treasury::of_units(conn, stamp.calendar, stamp.today(), &ids)? {
        let (vi, en) = one.kind.words();
        let words = format!("{}: {}", lang.pick(vi, en), one.amount);
        tell(one.unit, words, &|unit| match one.order {
            Some(order) => format!("/finance/remittances/{order}"),
            None => format!("/finance/remittances?unit={}", unit.code),
        });
    }
    for (unit, due) in fees::due_of_units(conn, stamp.calendar, stamp.today(), &ids)? {
        for one in due {
            let key = if one.kind == "year" { "alarm_settlement" } else { "alarm_declaration" };
            let until = lang.with("alarm_until", day(one.due_on));
            let words = format!("{} – {until} [{}]", lang.with(key, &one.period), one.certainty);
            tell(unit, words, &|unit| format!("/finance/figures?unit={}", unit.code));
        }
    }
    for one in tax::of_units(conn, &ids, stamp.now)? {
        let (vi, en) = one.kind.words();
        tell(one.unit, lang.pick(vi, en).to_owned(), &|unit| match one.kind {
            tax::Kind::FormHeld => format!("/tax/registration?unit={}", unit.code),
            _ => "/tax/messages".to_owned(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn unit(id: i64) -> Unit {
        Unit {
            id: UnitId(id),
            code: format!("{id:05}"),
            name: format!("Đơn vị {id}"),
            kind: "phường".into(),
            tax_code: "0101234567".into(),
            budget_code: None,
            address: "Hà Nội".into(),
            phone: None,
            valid_from: "2026-01-01".parse().unwrap(),
            valid_until: None,
        }
    }

    #[test]
    fn units_lists_are_read_again_together_when_what_was_read_is_old_and_in_each_language() {
        let (kept, reads) = (Kept::default(), RefCell::new(Vec::new()));
        let look = |units: &[i64], lang, at_s: i64| {
            let units: Vec<Unit> = units.iter().copied().map(unit).collect();
            let read = |asked: &[Unit]| {
                reads.borrow_mut().push(asked.iter().map(|unit| unit.id.0).collect::<Vec<_>>());
                let words = format!("lần {}", reads.borrow().len());
                let alarm = Alarm { words, unit: String::new(), href: None };
                Ok(asked.iter().map(|unit| (unit.id, vec![alarm.clone()])).collect())
            };
            let now = Instant(at_s * 1_000_000);
            let found = kept.of_units((&units, lang), now, read).unwrap();
            units.iter().map(|unit| found[&unit.id][0].words.clone()).collect::<Vec<_>>()
        };
        assert_eq!(look(&[2, 3], Lang::Vi, 1_000), ["lần 1", "lần 1"]);
        assert_eq!(look(&[2, 3], Lang::Vi, 1_000 + KEPT_S - 1), ["lần 1", "lần 1"]);
        assert_eq!(look(&[2], Lang::En, 1_000), ["lần 2"]);
        assert_eq!(look(&[2, 3, 4, 5], Lang::Vi, 1_001), ["lần 1", "lần 1", "lần 3", "lần 3"]);
        assert_eq!(look(&[2], Lang::Vi, 1_000 + KEPT_S), ["lần 4"]);
        assert_eq!(look(&[2], Lang::Vi, 900), ["lần 5"], "a clock that was set back keeps nothing for ever");
        assert_eq!(reads.into_inner()[2], [4, 5], "what is not known of many units is asked for at once");
    }
}
