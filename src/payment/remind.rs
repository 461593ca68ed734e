//! Who paid a part is asked for the rest once more: by a person, no more often than every few days, with what is
//! missing today.

use super::cancel::awaits_rest;
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind};
use crate::id::*;
use crate::notification::money::{self, Money};
use crate::obligation;
use crate::store::{Stamp, Tx};

/// Working days between two reminders of the same item.
const EVERY_WORKING_DAYS: u32 = 3;

/// Writes the payer of a partly paid obligation that the rest is missing, and notes it on the item.
///
/// # Errors
/// `role_not_allowed`, `resolution_unfit`, `exception_not_open`, `reminded_lately`, `reminder_unaddressed`.
pub fn remind(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, item: &Exception) -> Result<Exception> {
    actor.require_role(&[Role::Finance])?;
    actor.scope.require(item.unit)?;
    let unfit = || Error::conflict("resolution_unfit", "it is about no obligation that is paid in part");
    if item.kind != Kind::Underpaid || item.subject_kind != "obligation" {
        return Err(unfit());
    }
    let owed = obligation::find(tx, item.unit, ObligationId(item.subject_id))?;
    let missing = owed.outstanding();
    if !awaits_rest(&owed) || !missing.is_positive() {
        return Err(unfit());
    }
    // Two persons who remind at once are one reminder.
    let item = exception::query::lock(tx, item.unit, item.id)?;
    if let Some(last) = exception::work_query::last_of(tx, item.unit, item.id, &["reminded"])? {
        let next = stamp.calendar.after(last.at.business_day(), EVERY_WORKING_DAYS);
        if stamp.today() < next {
            return Err(Error::conflict("reminded_lately", format!("from {next} on")));
        }
    }
    let money = Money { obligation: owed.id, received: owed.allocated, difference: missing };
    let told = money::remind(tx, stamp, (owed.unit, owed.party), money)?;
    if told == 0 {
        return Err(Error::conflict("reminder_unaddressed", "the payer left neither e-mail nor phone"));
    }
    exception::remind(tx, stamp, actor, (item.unit, item.id), &missing.to_string())
}
