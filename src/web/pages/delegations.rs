//! Delegations as `/duties` shows them: what waits under each, and what was approved under it.

use super::duties::{READERS, SHOWN, money, title};
use super::matter::{self, Facts, day, facts, moment};
use super::wording::Lang;
use crate::actor::{Actor, Role};
use crate::duty::decision::Open;
use crate::duty::delegation::{self, Delegation, State};
use crate::duty::{Kind, rules, waiting};
use crate::error::Result;
use crate::id::{DelegationId, UnitId};
use crate::identity::person_name;
use crate::remittance::document::Tariffs;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp};
use crate::unit;

/// What waits and may be approved under a delegation.
pub(super) struct DelegatedRow {
    pub(super) act: &'static str,
    pub(super) title: &'static str,
    pub(super) subject: String,
    pub(super) amount: String,
    pub(super) facts: Facts,
    /// What it was when it was drawn.
    pub(super) edition: i64,
}

pub(super) struct DelegationRow {
    pub(super) id: DelegationId,
    pub(super) unit: String,
    pub(super) giver: String,
    pub(super) delegate: String,
    pub(super) acts: String,
    pub(super) limit: String,
    pub(super) days: String,
    pub(super) decision: String,
    pub(super) state: &'static str,
    /// It lends somebody's power to the person who looks, or offers to.
    pub(super) is_mine: bool,
    pub(super) is_offered_to_me: bool,
    pub(super) may_end: bool,
    pub(super) open: Vec<DelegatedRow>,
    /// How many more wait behind those that are shown.
    pub(super) more: usize,
    /// What was approved under it: title, subject, amount, when.
    pub(super) done: Vec<(&'static str, String, String, String)>,
}

/// A delegate decides by the same facts as whoever gave the delegation.
fn delegated_row(
    conn: &mut Conn,
    vault: &Vault,
    (actor, lang): (&Actor, Lang),
    one: &Open,
    tariffs: &mut Tariffs,
) -> Result<DelegatedRow> {
    let (vi, en) = one.matter.title();
    let mut facts = facts(conn, vault, lang, one, tariffs)?;
    // The pages behind the facts are the unit's own.
    let may_look = READERS.contains(&actor.role) && actor.scope.covers(one.unit);
    facts.link = facts.link.filter(|_| may_look);
    facts.paper = facts.paper.filter(|_| may_look);
    Ok(DelegatedRow {
        act: one.matter.as_str(),
        title: lang.pick(vi, en),
        subject: one.matter.subject_text(one.id),
        amount: money(one.amount),
        facts,
        edition: matter::edition(conn, one)?,
    })
}

pub(super) fn delegation_row(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    (actor, lang): (&Actor, Lang),
    one: &Delegation,
    tariffs: &mut Tariffs,
) -> Result<DelegationRow> {
    let today = stamp.today();
    let is_mine = actor.person == Some(one.delegate);
    let is_given = actor.person == Some(one.giver);
    let governs = actor.role == Role::Administrator && actor.scope.covers(one.unit);
    let stands = matches!(one.state, State::Offered | State::Accepted);
    let mut waits = Vec::new();
    if is_mine && delegation::DELEGATES.contains(&actor.role) {
        waits = waiting::of_unit(conn, one.unit, &one.acts)?;
        waits.retain(|waits| rules::check_act(one, one.delegate, waits.kind, waits, today).is_ok());
    }
    let mut open = Vec::new();
    let mut waits = waits.into_iter();
    while open.len() < SHOWN
        && let Some(next) = waits.next()
    {
        let waits = Open::of(one.unit, next);
        let row = delegated_row(conn, stamp.vault, (actor, lang), &waits, tariffs)?;
        // A part of a combination is decided with the whole.
        open.extend(Some(row).filter(|row| !row.facts.is_part));
    }
    let more = waits.len();
    let (_, acts) = delegation::told(conn, actor, one.id)?;
    let words: Vec<&str> = one.acts.iter().map(|kind| title(lang, *kind)).collect();
    Ok(DelegationRow {
        id: one.id,
        unit: unit::find(conn, one.unit)?.name,
        giver: person_name(conn, one.giver)?,
        delegate: person_name(conn, one.delegate)?,
        acts: words.join(", "),
        limit: one.limit.to_string(),
        days: format!("{} – {}", day(one.valid_from), day(one.valid_until)),
        decision: format!("{} ({})", one.decision_no, day(one.decision_on)),
        state: lang.t(match one.state {
            State::Offered => "duties_offered",
            State::Accepted if one.valid_until < today => "duties_over",
            State::Accepted => "duties_accepted",
            State::Declined => "duties_declined",
            State::Ended => "duties_ended",
        }),
        is_mine: is_mine && stands,
        is_offered_to_me: is_mine && one.state == State::Offered,
        may_end: stands && (is_mine || is_given || governs),
        open,
        more,
        done: acts
            .into_iter()
            .map(|act| (title(lang, act.kind), act.subject, money(act.amount), moment(act.at)))
            .collect(),
    })
}

/// Who decided about one thing under a delegation, for whom and by which decision, for the thing's own page.
/// Persons may be another unit's, so that the connection must see every unit.
pub fn delegated(
    conn: &mut Conn,
    lang: Lang,
    (unit, kind, subject): (UnitId, Kind, i64),
) -> Result<Vec<String>> {
    let words = |conn: &mut Conn, act: delegation::Act| -> Result<String> {
        let (delegate, giver) = (person_name(conn, act.delegate)?, person_name(conn, act.giver)?);
        let told = lang.with("duties_by", delegate).replacen("{}", &giver, 1);
        Ok(format!("{} ({})", told.replacen("{}", &act.decision_no, 1), moment(act.at)))
    };
    let acts = delegation::acts_on(conn, unit, kind, subject)?;
    acts.into_iter().map(|act| words(conn, act)).collect()
}
