//! Acceptances: what the authority answered to a form, and what a person records by hand.

use super::earlier::Earlier;
use crate::actor::{Actor, Role};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::filing::alarm::ANSWER_LIMIT_S;
use crate::filing::form::registration::Registration;
use crate::filing::{self, Filing, Kind, State, query, reply, transmission};
use crate::id::{FilingId, RegistrationId, UnitId};
use crate::receipt::profile;
use crate::store::{Conn, Stamp, Tx};
use crate::text;
use crate::unit::registration::{self, Acceptance, Family};

/// What the accepted form says comes into force.
pub fn come_into_force(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    filing: &Filing,
    reply: &reply::Reply,
) -> Result<RegistrationId> {
    let number = reply.notice_no.clone().unwrap_or_else(|| reply.message_code.clone());
    let day = reply.noticed_on.filter(|day| *day <= stamp.today()).unwrap_or_else(|| stamp.today());
    record_form(tx, stamp, actor, (filing, number, day))
}

/// Records the acceptance of a form, unless a person did. What the office accepted before and could not come into
/// force here comes into force with it: the form is a change of that, and takes its place.
fn record_form(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (filing, notice_no, accepted_on): (&Filing, String, BusinessDay),
) -> Result<RegistrationId> {
    let held = query::held(tx, &[filing.unit])?.into_iter().map(|(form, _)| form);
    let held: Vec<Filing> = held.filter(|form| form.id < filing.id).collect();
    let mut recorded = acceptance(filing, notice_no, accepted_on)?;
    let mut certificates = Vec::new();
    for form in &held {
        certificates.extend(form.data::<Registration>()?.certificates);
    }
    certificates.append(&mut recorded.certificates);
    let recorded = Acceptance { certificates, ..recorded };
    let registration = match recorded_before(tx, &recorded)? {
        Some(known) => known,
        None => registration::record(tx, stamp, actor, recorded)?,
    };
    supersede(tx, stamp, actor, held)?;
    Ok(registration)
}

/// What a person recorded of the same notice before the answer came, where it says of the form's certificates what the
/// form says. One that says less leaves them out of force, and notices of two years may have one number.
fn recorded_before(conn: &mut Conn, new: &Acceptance) -> Result<Option<RegistrationId>> {
    let notice_no = text::clean(&new.notice_no);
    let is_same = |known: &registration::Registration| {
        known.filing.is_none() && known.form == new.form && known.notice_no == notice_no
    };
    let Some(known) = registration::of_unit(conn, new.unit)?.into_iter().find(is_same) else {
        return Ok(None);
    };
    Ok(registration::says(conn, new.unit, &new.certificates)?.then_some(known.id))
}

/// What was accepted later stands in the place of forms that could not come into force, or that a wrong office has.
fn supersede(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, held: Vec<Filing>) -> Result<()> {
    for mut form in held {
        filing::advance(tx, stamp, actor, &mut form, ("superseded", State::Withdrawn), None)?;
    }
    Ok(())
}

fn acceptance(filing: &Filing, notice_no: String, accepted_on: BusinessDay) -> Result<Acceptance> {
    let form: Registration = filing.data()?;
    Ok(Acceptance {
        unit: filing.unit,
        form: filing.form.clone(),
        notice_no,
        accepted_on,
        document_kinds: vec!["receipt".to_owned()],
        office_code: form.taxpayer.office_code,
        office_name: form.taxpayer.office_name,
        certificates: form.certificates,
        filing: Some(filing.id),
    })
}

/// A person records what the tax office accepted of a form that was not sent from here: on its portal for one. Where it
/// covers receipts it stands in the place of forms that could not come into force.
///
/// # Errors
/// `role_not_allowed`, `registration_form_unknown` for a form that the law of that day does not have,
/// `registration_form_unfit` for one that does not cover the documents, `registration_date_too_early` for a day before
/// the first known law, `tax_office_differs` when a form names another office that waits for its second
/// person, for an answer that is not overdue, or to come into force; and those of `registration::record`.
pub fn record_by_hand(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    new: Acceptance,
) -> Result<RegistrationId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(new.unit)?;
    let law = profile::for_day(new.accepted_on);
    let names = [law.registration_form.value, law.invoice_registration_form.value];
    if !names.contains(&text::clean(&new.form).as_str()) {
        let detail = format!("the forms of that day are {}", names.join(", "));
        return Err(Error::invalid("form_name", "registration_form_unknown", detail));
    }
    let is_known = new.document_kinds.iter().all(|kind| Family::of_kind(kind).is_some());
    let covering = law.registration_form_of(&new.document_kinds);
    if is_known && text::clean(&new.form) != covering {
        let detail = format!("{} are registered on {covering}", new.document_kinds.join(", "));
        return Err(Error::invalid("form_name", "registration_form_unfit", detail));
    }
    let overdue = require_same_office(tx, stamp.now, &new)?;
    let (unit, is_of_receipts) = (new.unit, new.document_kinds.iter().any(|kind| is_receipt(kind)));
    let accepted_on = new.accepted_on;
    let registration = registration::record(tx, stamp, actor, new)?;
    // What cannot be read of the acceptance is told before its day; the refusal takes the whole of it back.
    require_in_time(accepted_on)?;
    if is_of_receipts {
        let held = query::held(tx, &[unit])?.into_iter().map(|(form, _)| form).collect();
        supersede(tx, stamp, actor, held)?;
        // Nobody waits for the answer of an office that is not the unit's: the next form may be drafted.
        if let Some(form) = overdue {
            transmission::settle_by_hand(tx, stamp, &form)?;
            supersede(tx, stamp, actor, vec![form])?;
        }
    }
    Ok(registration)
}

/// Nobody accepts a form before its law. A unit may be registered before its first day, so that it has receipts on it.
fn require_in_time(accepted_on: BusinessDay) -> Result<()> {
    match profile::all().iter().map(|law| law.valid_from).min() {
        Some(first) if accepted_on < first => {
            let detail = format!("on {first} at the earliest, when the law is in force");
            Err(Error::invalid("accepted_on", "registration_date_too_early", detail))
        }
        _ => Ok(()),
    }
}

fn is_receipt(kind: &str) -> bool {
    Family::of_kind(kind) == Some(Family::Receipt)
}

/// One office manages a unit: what the form on its way says of it is what an acceptance says. A form that names a wrong
/// office may never be answered, and once it was approved nobody can take it back: when its answer is overdue, the
/// person's word stands against it, and the form is returned.
fn require_same_office(conn: &mut Conn, now: Instant, new: &Acceptance) -> Result<Option<Filing>> {
    let earlier = Earlier::of(conn, new.unit)?;
    let office = text::clean(&new.office_code);
    let (mut open, mut overdue) = (earlier.open(), None);
    if let Some(form) = open
        && is_overdue(conn, now, form)?
    {
        (open, overdue) = (None, Some(form));
    }
    let held = earlier.forms.iter().find(|one| earlier.is_held(one));
    if let Some(form) = open.or(held) {
        let told = office_of(form)?;
        if told != office {
            let detail = format!("{} is on its way to office {told}", form.id);
            return Err(Error::conflict("tax_office_differs", detail));
        }
    }
    match overdue {
        Some(form) if office_of(form)? != office => Ok(Some(form.clone())),
        _ => Ok(None),
    }
}

fn office_of(form: &Filing) -> Result<String> {
    Ok(form.data::<Registration>()?.taxpayer.office_code)
}

/// Whether an approved form has stood still for as long as an answer is waited for.
fn is_overdue(conn: &mut Conn, now: Instant, form: &Filing) -> Result<bool> {
    if form.state == State::Requested {
        return Ok(false);
    }
    let last = query::history(conn, form.unit, form.id)?.pop();
    Ok(last.is_some_and(|(.., at)| now.seconds_since(at) > ANSWER_LIMIT_S))
}

/// A person records the acceptance of a form whose answer was unclear, or came another way.
///
/// # Errors
/// `filing_not_found`, `filing_not_open`, `registration_date_too_early`, and those of `registration::record`.
pub fn accept_by_hand(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, FilingId),
    notice_no: &str,
    accepted_on: BusinessDay,
) -> Result<RegistrationId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let mut filing = filing::find(tx, unit, id)?;
    if filing.kind != Kind::Registration || filing.state < State::Signed || filing.state >= State::Accepted {
        let detail = format!("the form is {}", filing.state.as_str());
        return Err(Error::conflict("filing_not_open", detail));
    }
    require_in_time(accepted_on)?;
    let recorded = (&filing, notice_no.to_owned(), accepted_on);
    let registration = record_form(tx, stamp, actor, recorded)?;
    filing::advance(tx, stamp, actor, &mut filing, ("accepted_by_hand", State::Accepted), Some(notice_no))?;
    transmission::settle_by_hand(tx, stamp, &filing)?;
    Ok(registration)
}
