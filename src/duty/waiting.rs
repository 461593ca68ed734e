//! What waits for a second person, for how long, and when the city takes over: after a working day, or
//! at once where nobody of the unit may decide. A city's approver may approve in every unit already;
//! escalating says that they are asked to.

use serde::Serialize;

use super::agenda::{self, Item};
use super::decision::{self, Matter, Open};
use super::delegation::{self, Delegation};
use super::{Kind, Waiting, delegation_query, rules, waiting_query as query};
use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::exception;
use crate::id::*;
use crate::identity::person;
use crate::notification::staff::{Mail, Told};
use crate::notification::{self, New};
use crate::payment::combine;
use crate::store::{Conn, Lane, Stamp, Store, rows};
use crate::unit;
use crate::working_days::WorkingDays;

/// Why the city is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A working day passed.
    Waited,
    /// Nobody of the unit may decide: everybody who could had a hand in it.
    NobodyElse,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Waited => "waited",
            Why::NobodyElse => "nobody_else",
        }
    }
}

/// A waiting decision as people see it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub unit: UnitId,
    pub kind: Matter,
    pub title: &'static str,
    pub title_en: &'static str,
    pub subject: String,
    pub amount: Dong,
    pub makers: Vec<PersonId>,
    pub asked_at: Instant,
    pub due_at: Instant,
    /// Why the city is asked; none while the unit has time.
    pub escalated: Option<String>,
}

/// What of some kinds waits in a unit, oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId, kinds: &[Kind]) -> Result<Vec<Waiting>> {
    let matters: Vec<Matter> = kinds.iter().copied().map(Matter::Kind).collect();
    let found = decision::of_unit(conn, unit, &matters)?;
    Ok(found.into_iter().filter_map(Open::waiting).collect())
}

/// One of them: `approval_not_waiting` for what is decided, is not there or waits for something else.
pub fn find(conn: &mut Conn, unit: UnitId, kind: Kind, id: i64) -> Result<Waiting> {
    let found = of_unit(conn, unit, &[kind])?.into_iter().find(|one| one.id == id);
    found.ok_or_else(|| Error::not_found("approval_not_waiting", "nothing of that name waits for approval"))
}

/// Who has a hand in something, in whatever state it is.
pub(super) fn makers(conn: &mut Conn, unit: UnitId, kind: Kind, id: i64) -> Result<Vec<PersonId>> {
    query::makers(conn, unit, kind, id)
}

impl Shown {
    pub fn of(item: &Item, calendar: &WorkingDays) -> Shown {
        let one = &item.open;
        let (title, title_en) = one.matter.title();
        Shown {
            unit: one.unit,
            kind: one.matter,
            title,
            title_en,
            subject: one.matter.subject_text(one.id),
            amount: one.amount,
            due_at: rules::due_at(one.asked_at, calendar),
            makers: one.makers.clone(),
            asked_at: one.asked_at,
            escalated: item.why.clone(),
        }
    }
}

/// What waits in the units an actor sees, or in one of them, with what was handed to the city.
pub fn list(conn: &mut Conn, stamp: &Stamp<'_>, actor: &Actor, unit: Option<UnitId>) -> Result<Vec<Shown>> {
    let items = agenda::all(conn, actor, unit)?;
    Ok(items.iter().map(|item| Shown::of(item, stamp.calendar)).collect())
}

/// Hands to the city what waited for a working day, or what nobody of the unit may decide, and tells it by
/// mail. Running it again changes nothing. Returns how many are new.
pub fn escalate(store: &Store, stamp: &Stamp<'_>, told: &Told<'_>) -> Result<usize> {
    let mut count = 0;
    let units = store.read(&Scope::All, |conn| unit::of_scope(conn, &Scope::All))?;
    for unit in units.into_iter().map(|unit| unit.id) {
        let due = store.read(&Scope::All, |conn| due(conn, stamp, unit))?;
        if due.is_empty() {
            continue;
        }
        let is_new = store.write(&Scope::All, Lane::Bulk, |tx| {
            let keys = ["unit_id", "kind", "subject_id", "asked_at"];
            let is_new = rows::insert_if_absent(tx, &due, &keys)?;
            let new = due.iter().zip(&is_new).filter(|(_, is_new)| **is_new).map(|(row, _)| row);
            let mails = mails(&unit::find(tx, unit)?.name, new, told);
            notification::enqueue(tx, stamp, &mails)?;
            Ok(is_new)
        })?;
        for (row, _) in due.iter().zip(is_new).filter(|(_, is_new)| *is_new) {
            let (kind, why) = (row.kind, row.why);
            metrics::counter!("bienlai_approvals_escalated_total", "why" => why).increment(1);
            tracing::warn!(%unit, kind, why, "a decision waits for the city");
            count += 1;
        }
    }
    Ok(count)
}

/// What is told of new ones, once to each mailbox; no person is named.
fn mails<'r>(
    unit_name: &str,
    new: impl Iterator<Item = &'r query::EscalationRow>,
    told: &Told<'_>,
) -> Vec<New> {
    let mail = |row: &query::EscalationRow| Mail {
        unit: row.unit_id,
        kind: notification::KIND_APPROVAL,
        subject_kind: "approval_escalation",
        subject: row.id.0,
        text: words(unit_name, row, told.public_url),
        expires_at: None,
    };
    new.flat_map(|row| mail(row).to(told.mailboxes)).collect()
}

/// The subject, then what is said, Vietnamese and English.
fn words(unit_name: &str, row: &query::EscalationRow, public_url: &str) -> String {
    let matter = Matter::parse(row.kind).ok();
    let (title, title_en) = matter.map_or((row.kind, row.kind), Matter::title);
    let subject = matter.map(|matter| matter.subject_text(row.subject_id)).unwrap_or_default();
    let place = matter.and_then(Matter::own_page).unwrap_or("/duties").trim_start_matches('/');
    let (why, why_en) = if row.why == Why::Waited.as_str() {
        ("đã chờ quá một ngày làm việc", "it waited for more than a working day")
    } else {
        ("đơn vị không còn ai duyệt được", "nobody of the unit may decide it")
    };
    let asked = row.asked_at.hanoi_text();
    format!(
        "Việc chờ thành phố duyệt: {title} – {unit_name} / Waits for the city: {title_en}\n\
         {title} {subject} của {unit_name}, đề nghị lúc {asked}: {why}.\n\
         Duyệt tại {public_url}/{place}\n\
         {title_en} {subject} of {unit_name}, asked for at {asked}, waits for the city: {why_en}. \
         Decide at {public_url}/{place}\n"
    )
}

fn due(conn: &mut Conn, stamp: &Stamp<'_>, unit: UnitId) -> Result<Vec<query::EscalationRow>> {
    // What the city decides anyway, and what a person's data asks for, has its own clock.
    let is_handed_on =
        |matter: &Matter| !matches!(matter, Matter::Tariff | Matter::Proposal | Matter::DataAct);
    let matters: Vec<Matter> = Matter::all().filter(is_handed_on).collect();
    let waiting = decision::of_unit(conn, unit, &matters)?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let deciders = person::deciders(conn, unit)?;
    let mut delegations = delegation_query::all(conn)?;
    delegations.retain(|one| one.unit == unit && rules::is_in_force(one, stamp.today()));
    let mut rows = Vec::new();
    for one in waiting {
        let why = if rules::due_at(one.asked_at, stamp.calendar) <= stamp.now {
            Why::Waited
        } else if !rules::has_decider(&deciders, &one.makers)
            && !has_delegate(conn, &delegations, &one, stamp)?
        {
            Why::NobodyElse
        } else {
            continue;
        };
        rows.push(query::EscalationRow {
            unit_id: unit,
            id: stamp.mint()?,
            kind: one.matter.as_str(),
            subject_id: one.id,
            asked_at: one.asked_at,
            why: why.as_str(),
            created_at: stamp.now,
        });
    }
    Ok(rows)
}

/// Whether somebody who stands in for an approver may decide on this very thing.
fn has_delegate(conn: &mut Conn, delegations: &[Delegation], open: &Open, stamp: &Stamp<'_>) -> Result<bool> {
    // Nobody lends the power to decide on the other matters.
    let Some(waits) = open.clone().waiting() else { return Ok(false) };
    // A delegate approves one thing at a time, and a combination is decided whole.
    if delegations.is_empty() || is_part(conn, &waits)? {
        return Ok(false);
    }
    for one in delegations {
        if delegation::lets_decide(conn, one, &waits, stamp.today())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether it was proposed with others, of which none is decided alone.
fn is_part(conn: &mut Conn, waits: &Waiting) -> Result<bool> {
    if waits.kind != Kind::Exception {
        return Ok(false);
    }
    let item = exception::find(conn, waits.unit, ExceptionId(waits.id))?;
    Ok(!combine::of(conn, &item)?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_says_what_waits_where_and_why_and_names_no_person() {
        let row = query::EscalationRow {
            unit_id: UnitId(2),
            id: EventId(1),
            kind: "refund",
            subject_id: 7,
            asked_at: Instant(0),
            why: "nobody_else",
            created_at: Instant(0),
        };
        let text = words("Ủy ban nhân dân phường Mẫu", &row, "https://bienlai.example.vn");
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some(
                "Việc chờ thành phố duyệt: Hoàn tiền – Ủy ban nhân dân phường Mẫu / Waits for the city: Refund"
            )
        );
        for said in [RefundId(7).to_string().as_str(), "không còn ai duyệt", "/duties", "nobody of the unit"]
        {
            assert!(text.contains(said), "{said}: {text}");
        }
    }
}
