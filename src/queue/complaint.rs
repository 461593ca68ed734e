//! A citizen's complaint, taken down by staff: an item of the queue about the obligation, payment or
//! receipt it is about, and its words as the first comment.

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, New, Subject};
use crate::id::*;
use crate::obligation;
use crate::payment;
use crate::receipt;
use crate::store::{Conn, Stamp, Tx};

/// How it reached us.
pub const WAYS: [&str; 4] = ["counter", "phone", "letter", "portal"];

/// Who takes complaints down.
pub const TAKERS: [Role; 3] = [Role::Cashier, Role::Finance, Role::Approver];

/// What a complaint says. No name belongs into the words: the obligation knows its payer.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// `obl_…`, `pay_…` or `rcp_…`.
    pub subject: String,
    pub way: String,
    pub words: String,
}

/// Takes a complaint down. Another one about the same thing opens the item again.
///
/// # Errors
/// `complaint_subject_wrong`, `complaint_way_unknown`, `comment_missing`.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: &Complaint) -> Result<Exception> {
    actor.require_role(&TAKERS)?;
    let person = actor.require_person()?;
    if !WAYS.contains(&new.way.as_str()) {
        return Err(Error::invalid("way", "complaint_way_unknown", WAYS.join(", ")));
    }
    let (unit, subject, amount) = about(tx, actor, &new.subject)?;
    actor.scope.require(unit)?;
    let item = New {
        unit,
        kind: Kind::Complaint,
        subject,
        account: None,
        amount,
        opened_on: stamp.today(),
        detail: Detail::Complaint { way: new.way.clone(), about: new.subject.clone() }.into(),
    };
    exception::open(tx, stamp, &[item])?;
    let id = exception::query::by_subject(tx, unit, Kind::Complaint, subject)?;
    // Who takes it down may be a cashier; what they write is theirs all the same.
    let desk = Actor { role: Role::Finance, ..actor.clone() };
    let item = exception::comment(tx, stamp, &desk, unit, id, &new.words)?;
    let entry = audit::Entry::by(actor, unit, "complaint.recorded", id).with(person.to_string());
    audit::record(tx, stamp, &[entry])?;
    Ok(item)
}

/// The unit of what a complaint is about, as far as the actor sees it.
///
/// # Errors
/// `complaint_subject_wrong`.
pub fn unit_of(conn: &mut Conn, actor: &Actor, subject: &str) -> Result<UnitId> {
    Ok(about(conn, actor, subject)?.0)
}

fn about(conn: &mut Conn, actor: &Actor, text: &str) -> Result<(UnitId, Subject, Dong)> {
    let wrong = || Error::invalid("subject", "complaint_subject_wrong", "an obligation, payment or receipt");
    let unseen = || Error::not_found("complaint_subject_wrong", "no such thing in your scope");
    if let Ok(id) = text.parse::<ObligationId>() {
        let unit = obligation::query::unit_of(conn, &actor.scope, None, id)?.ok_or_else(unseen)?;
        let owed = obligation::find(conn, unit, id)?;
        return Ok((unit, Subject::Obligation(id), owed.total));
    }
    if let Ok(id) = text.parse::<PaymentId>() {
        let unit = payment::refund::query::unit_of_payment(conn, &actor.scope, id)?.ok_or_else(unseen)?;
        let paid = payment::payment_query::payments(conn, &[(unit, id)])?.pop().ok_or_else(unseen)?;
        return Ok((unit, Subject::Payment(id), paid.amount));
    }
    let id: ReceiptId = text.parse().map_err(|_| wrong())?;
    let unit = receipt::query::unit_of(conn, &actor.scope, id)?.ok_or_else(unseen)?;
    let found = receipt::query::by_id(conn, unit, id)?.ok_or_else(unseen)?;
    Ok((unit, Subject::Obligation(found.obligation), found.amount))
}
