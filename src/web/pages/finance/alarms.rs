//! Everything that warns, from every room that has alarms, for the morning board. What the lists of one unit warn of
//! takes some twenty questions; whoever sees a whole city gets what was read of each unit a moment ago.

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
    fn of_unit(
        &self,
        (unit, lang): (UnitId, Lang),
        now: Instant,
        read: impl FnOnce() -> Result<Vec<Alarm>>,
    ) -> Result<Vec<Alarm>> {
        let key = (unit, lang.code());
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, found)) = known.filter(|(at, _)| (0..KEPT_S).contains(&now.seconds_since(*at))) {
            return Ok(found);
        }
        let found = read()?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, (now, found.clone()));
        Ok(found)
    }
}

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
    for one in aged.iter().take(AGED_SHOWN) {
        let title = lang.pick(one.title, one.title_en);
        let age = lang.with("alarm_hours", one.age_hours);
        let is_item = one.subject.starts_with("exc_");
        let is_trust = one.kind == ages::About::TrustSuspended.as_str();
        let href = match one.account {
            _ if is_trust => "/finance/trust".to_owned(),
            _ if is_item => format!("/finance/exceptions/{}", one.subject),
            Some(account) => format!("/finance/days/{account}"),
            None => "/finance/exceptions".to_owned(),
        };
        let about = if is_trust { one.subject.clone() } else { one.amount.to_string() };
        let words = format!("{title}: {about} – {age}");
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
    let are_many = MANY_UNITS <= units.len();
    for unit in units {
        for fault in books.of_unit(unit.id) {
            let words = lang.with("books_broken", lang.pick(fault.vi, fault.en));
            found.push(Alarm { words, unit: unit.name.clone(), href: None });
        }
        found.extend(match are_many {
            true => kept.of_unit((unit.id, lang), stamp.now, || of_unit(conn, stamp, lang, &unit))?,
            false => of_unit(conn, stamp, lang, &unit)?,
        });
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
    for unit in unit::of_scope(conn, &actor.scope)? {
        let count = inbox::failed_since(conn, unit.id, since)?;
        if count > 0 {
            let (words, href) =
                (lang.with("alarm_inbox", count), Some("/finance/statements#inbox".to_owned()));
            found.push(Alarm { words, unit: unit.name, href });
        }
    }
    Ok(())
}

/// What the Treasury, declarations and the tax office warn of in one unit.
fn of_unit(conn: &mut Conn, stamp: &Stamp<'_>, lang: Lang, unit: &Unit) -> Result<Vec<Alarm>> {
    let mut found = Vec::new();
    for one in treasury::of_unit(conn, stamp.calendar, stamp.today(), unit.id)? {
        let (vi, en) = one.kind.words();
        let href = match one.order {
            Some(order) => format!("/finance/remittances/{order}"),
            None => format!("/finance/remittances?unit={}", unit.code),
        };
        let words = format!("{}: {}", lang.pick(vi, en), one.amount);
        found.push(Alarm { words, unit: unit.name.clone(), href: Some(href) });
    }
    for one in fees::due(conn, stamp.calendar, stamp.today(), unit.id)? {
        let key = if one.kind == "year" { "alarm_settlement" } else { "alarm_declaration" };
        let until = lang.with("alarm_until", day(one.due_on));
        let words = format!("{} – {until} [{}]", lang.with(key, &one.period), one.certainty);
        let href = Some(format!("/finance/figures?unit={}", unit.code));
        found.push(Alarm { words, unit: unit.name.clone(), href });
    }
    for one in tax::of_unit(conn, unit.id, stamp.now)? {
        let (vi, en) = one.kind.words();
        let (words, href) = (lang.pick(vi, en).to_owned(), Some("/tax/messages".to_owned()));
        found.push(Alarm { words, unit: unit.name.clone(), href });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_units_lists_are_read_again_when_what_was_read_is_old_and_in_each_language() {
        let (kept, reads) = (Kept::default(), Cell::new(0));
        let look = |unit, lang, at_s: i64| {
            let read = || {
                reads.set(reads.get() + 1);
                Ok(vec![Alarm { words: format!("lần {}", reads.get()), unit: String::new(), href: None }])
            };
            let now = Instant(at_s * 1_000_000);
            kept.of_unit((UnitId(unit), lang), now, read).unwrap().remove(0).words
        };
        assert_eq!(look(2, Lang::Vi, 1_000), "lần 1");
        assert_eq!(look(2, Lang::Vi, 1_000 + KEPT_S - 1), "lần 1");
        assert_eq!(look(2, Lang::En, 1_000), "lần 2");
        assert_eq!(look(3, Lang::Vi, 1_000), "lần 3");
        assert_eq!(look(2, Lang::Vi, 1_000 + KEPT_S), "lần 4");
        assert_eq!(look(2, Lang::Vi, 900), "lần 5", "a clock that was set back keeps nothing for ever");
    }
}
