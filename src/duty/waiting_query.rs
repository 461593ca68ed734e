//! The SQL of what waits for a second person: one query for each kind, and what was handed to the city.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Kind, Waiting};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{correction, exception, exception_event, filing, refund, refund_payee};
use crate::store::schema_cash::remittance;
use crate::store::schema_closing::day_reopening;
use crate::store::schema_duty::approval_escalation as escalation;
use crate::store::schema_intake::{statement_version, statement_version_event};
use crate::store::schema_matching::class_rule;

crate::table_row! {
    pub struct EscalationRow in "approval_escalation" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub kind: &'static str,
        pub subject_id: i64,
        pub asked_at: Instant,
        pub why: &'static str,
        pub created_at: Instant,
    }
}

/// Id, who asked, amount, since when.
type Found = (i64, Option<PersonId>, i64, Instant);

pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Waiting>> {
    let mut all = Vec::new();
    let mut take = |kind: Kind, found: Vec<Found>| {
        all.extend(found.into_iter().map(|(id, maker, amount, asked_at)| Waiting {
            unit,
            kind,
            id,
            makers: maker.into_iter().collect(),
            amount: Dong(amount),
            asked_at,
        }));
    };
    take(Kind::Exception, exceptions(conn, unit)?);
    take(Kind::Correction, corrections(conn, unit)?);
    take(Kind::Remittance, remittances(conn, unit)?);
    take(Kind::Reopening, reopenings(conn, unit)?);
    take(Kind::Version, versions(conn, unit)?);
    take(Kind::Rule, class_rules(conn, unit)?);
    take(Kind::Notice, notices(conn, unit)?);
    all.extend(refunds(conn, unit)?);
    Ok(all)
}

/// Proposals for exceptions: asked when they were proposed last.
fn exceptions(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    let items: Vec<(i64, i64)> = exception::table
        .filter(exception::unit_id.eq(unit))
        .filter(exception::state.eq("proposed"))
        .select((exception::id, exception::amount))
        .load(conn)
        .classify()?;
    let ids: Vec<i64> = items.iter().map(|(id, _)| *id).collect();
    let proposed: Vec<(i64, Option<PersonId>, Instant)> = exception_event::table
        .filter(exception_event::unit_id.eq(unit))
        .filter(exception_event::exception_id.eq_any(&ids))
        .filter(exception_event::kind.eq("proposed"))
        .order(exception_event::revision)
        .select((exception_event::exception_id, exception_event::maker_person_id, exception_event::at))
        .load(conn)
        .classify()?;
    Ok(with_last(items, proposed))
}

/// Items with their last event, which says who asked and when.
fn with_last(items: Vec<(i64, i64)>, events: Vec<(i64, Option<PersonId>, Instant)>) -> Vec<Found> {
    let last: HashMap<i64, (Option<PersonId>, Instant)> =
        events.into_iter().map(|(id, maker, at)| (id, (maker, at))).collect();
    let found = items.into_iter().filter_map(|(id, amount)| {
        let (maker, at) = last.get(&id)?;
        Some((id, *maker, amount, *at))
    });
    found.collect()
}

fn corrections(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    let found: Vec<(i64, PersonId, i64, i64, Instant)> = correction::table
        .filter(correction::unit_id.eq(unit))
        .filter(correction::state.eq("requested"))
        .select((
            correction::id,
            correction::maker_person_id,
            correction::old_amount,
            correction::new_amount,
            correction::created_at,
        ))
        .load(conn)
        .classify()?;
    // The larger of the two sums is what is at stake.
    Ok(found.into_iter().map(|(id, maker, old, new, at)| (id, Some(maker), old.max(new), at)).collect())
}

fn remittances(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    remittance::table
        .filter(remittance::unit_id.eq(unit))
        .filter(remittance::state.eq("drafted"))
        .select((
            remittance::id,
            remittance::maker_person_id.nullable(),
            remittance::amount,
            remittance::created_at,
        ))
        .load(conn)
        .classify()
}

fn reopenings(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    let found: Vec<(i64, PersonId, Instant)> = day_reopening::table
        .filter(day_reopening::unit_id.eq(unit))
        .filter(day_reopening::state.eq("requested"))
        .select((day_reopening::id, day_reopening::maker_person_id, day_reopening::created_at))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(id, maker, at)| (id, Some(maker), 0, at)).collect())
}

fn versions(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    let ids: Vec<i64> = statement_version::table
        .filter(statement_version::unit_id.eq(unit))
        .filter(statement_version::state.eq("proposed"))
        .select(statement_version::id)
        .load(conn)
        .classify()?;
    let proposed: Vec<(i64, Option<PersonId>, Instant)> = statement_version_event::table
        .filter(statement_version_event::unit_id.eq(unit))
        .filter(statement_version_event::version_id.eq_any(&ids))
        .filter(statement_version_event::state.eq("proposed"))
        .order(statement_version_event::revision)
        .select((
            statement_version_event::version_id,
            statement_version_event::maker_person_id,
            statement_version_event::at,
        ))
        .load(conn)
        .classify()?;
    Ok(with_last(ids.into_iter().map(|id| (id, 0)).collect(), proposed))
}

fn class_rules(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    let found: Vec<(i64, PersonId, Instant)> = class_rule::table
        .filter(class_rule::unit_id.eq(unit))
        .filter(class_rule::state.eq("proposed"))
        .select((class_rule::id, class_rule::maker_person_id, class_rule::created_at))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(id, maker, at)| (id, Some(maker), 0, at)).collect())
}

fn notices(conn: &mut Conn, unit: UnitId) -> Result<Vec<Found>> {
    let found: Vec<(i64, Option<PersonId>, Instant)> = filing::table
        .filter(filing::unit_id.eq(unit))
        .filter(filing::kind.eq("error_notice"))
        .filter(filing::state.eq("requested"))
        .select((filing::id, filing::maker_person_id, filing::created_at))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(id, maker, at)| (id, maker, 0, at)).collect())
}

/// Refunds: whoever named the payee had a hand in it too.
fn refunds(conn: &mut Conn, unit: UnitId) -> Result<Vec<Waiting>> {
    let found: Vec<(i64, PersonId, i64, Instant)> = refund::table
        .filter(refund::unit_id.eq(unit))
        .filter(refund::state.eq("requested"))
        .select((refund::id, refund::maker_person_id, refund::amount, refund::created_at))
        .load(conn)
        .classify()?;
    let ids: Vec<i64> = found.iter().map(|(id, ..)| *id).collect();
    let named: Vec<(i64, PersonId)> = refund_payee::table
        .filter(refund_payee::unit_id.eq(unit))
        .filter(refund_payee::refund_id.eq_any(&ids))
        .order(refund_payee::id)
        .select((refund_payee::refund_id, refund_payee::person_id))
        .load(conn)
        .classify()?;
    let last: HashMap<i64, PersonId> = named.into_iter().collect();
    let waiting = found.into_iter().map(|(id, maker, amount, asked_at)| {
        let mut makers = vec![maker];
        makers.extend(last.get(&id).filter(|person| **person != maker));
        Waiting { unit, kind: Kind::Refund, id, makers, amount: Dong(amount), asked_at }
    });
    Ok(waiting.collect())
}

/// Who has a hand in one thing whose approval may be delegated, whatever became of it: as `of_unit` tells them.
pub fn makers(conn: &mut Conn, unit: UnitId, kind: Kind, id: i64) -> Result<Vec<PersonId>> {
    let maker: Option<PersonId> = match kind {
        Kind::Exception => exception_event::table
            .filter(exception_event::unit_id.eq(unit))
            .filter(exception_event::exception_id.eq(id))
            .filter(exception_event::kind.eq("proposed"))
            .order(exception_event::revision.desc())
            .select(exception_event::maker_person_id)
            .first::<Option<PersonId>>(conn)
            .optional()
            .classify()?
            .flatten(),
        Kind::Correction => correction::table
            .filter(correction::unit_id.eq(unit).and(correction::id.eq(id)))
            .select(correction::maker_person_id)
            .first(conn)
            .optional()
            .classify()?,
        Kind::Remittance => remittance::table
            .filter(remittance::unit_id.eq(unit).and(remittance::id.eq(id)))
            .select(remittance::maker_person_id)
            .first(conn)
            .optional()
            .classify()?,
        Kind::Reopening => day_reopening::table
            .filter(day_reopening::unit_id.eq(unit).and(day_reopening::id.eq(id)))
            .select(day_reopening::maker_person_id)
            .first(conn)
            .optional()
            .classify()?,
        Kind::Notice => filing::table
            .filter(filing::unit_id.eq(unit).and(filing::id.eq(id)))
            .select(filing::maker_person_id)
            .first::<Option<PersonId>>(conn)
            .optional()
            .classify()?
            .flatten(),
        Kind::Refund => return refund_makers(conn, unit, id),
        Kind::Version | Kind::Rule => None,
    };
    Ok(maker.into_iter().collect())
}

fn refund_makers(conn: &mut Conn, unit: UnitId, id: i64) -> Result<Vec<PersonId>> {
    let maker: Option<PersonId> = refund::table
        .filter(refund::unit_id.eq(unit).and(refund::id.eq(id)))
        .select(refund::maker_person_id)
        .first(conn)
        .optional()
        .classify()?;
    let named: Option<PersonId> = refund_payee::table
        .filter(refund_payee::unit_id.eq(unit))
        .filter(refund_payee::refund_id.eq(id))
        .order(refund_payee::id.desc())
        .select(refund_payee::person_id)
        .first(conn)
        .optional()
        .classify()?;
    let named = named.filter(|named| Some(*named) != maker);
    Ok(maker.into_iter().chain(named).collect())
}

/// What was handed to the city: kind, subject and when it was asked; why.
pub fn escalated(conn: &mut Conn, unit: UnitId) -> Result<HashMap<(String, i64, Instant), String>> {
    let found: Vec<(String, i64, Instant, String)> = escalation::table
        .filter(escalation::unit_id.eq(unit))
        .select((escalation::kind, escalation::subject_id, escalation::asked_at, escalation::why))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(|(kind, id, at, why)| ((kind, id, at), why)).collect())
}
