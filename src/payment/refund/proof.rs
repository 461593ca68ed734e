//! Whoever wants surplus on another account than the one it came from shows a code that went to the payer's
//! phone or mailbox: a link to the pay page alone sends nobody's money elsewhere.

use ring::rand::SystemRandom;

use crate::error::{Error, Result};
use crate::notification::one_time::{self, Rule};
use crate::notification::send::Courier;
use crate::notification::{Channel, KIND_CODE, New, address, enqueue};
use crate::obligation::Obligation;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::CITY;
use crate::{party, text};

/// Ten minutes to find the phone; five tries, and three codes an hour.
const RULE: Rule = Rule { life_s: 600, try_limit: 5, per_hour: 3 };

/// What a code is asked for.
pub(super) struct Desk<'a> {
    pub item: &'a Obligation,
    pub account_no: &'a str,
    pub courier: &'a Courier,
}

pub(super) enum Shown {
    /// Right, and by which way it had gone.
    Right(&'static str),
    /// A new one went to this contact, masked.
    Sent(String),
    /// Both with where codes go, masked.
    Wrong(String),
    Locked(String),
}

/// What a code proves; without one, one is sent.
///
/// # Errors
/// `refund_needs_counter` when neither phone nor mailbox of the payer can be reached.
pub(super) fn shown(tx: &mut Tx<'_>, stamp: &Stamp<'_>, desk: &Desk<'_>, code: &str) -> Result<Shown> {
    let (channel, to) = contact(tx, stamp, desk)?.ok_or_else(|| {
        let detail = "no phone or mailbox is known, or nothing can be sent; ask at the unit";
        Error::invalid("account_no", "refund_needs_counter", detail)
    })?;
    let door = stamp.vault.blind(CITY, "refund_door", &desk.item.id.to_string());
    let Some(door) = one_time::door(tx, stamp, door)? else {
        return Ok(Shown::Locked(address::masked(&to)));
    };
    // The code is good for this account and by this contact, and for no other.
    let account = text::squash(desk.account_no);
    let bound = stamp.vault.blind(CITY, "refund_code", &format!("{}/{account}/{to}", desk.item.id));
    if !code.is_empty() {
        let found = one_time::bound_to(tx, stamp, &door, RULE, code)?;
        let is_right = found.is_some_and(|found| found == bound);
        return Ok(if is_right {
            Shown::Right(channel.as_str())
        } else {
            Shown::Wrong(address::masked(&to))
        });
    }
    if !one_time::may_draw(tx, stamp, &door, RULE)? {
        return Ok(Shown::Locked(address::masked(&to)));
    }
    let drawn = one_time::draw(tx, stamp, &door, bound, RULE, &SystemRandom::new())?;
    let message = New {
        unit: desk.item.unit,
        kind: KIND_CODE,
        subject_kind: KIND_CODE,
        subject: drawn.id.0,
        channel,
        to: to.clone(),
        text: Some(desk.courier.refund_code(channel, &drawn.code, desk.account_no)),
        money: None,
        expires_at: Some(drawn.expires_at),
    };
    enqueue(tx, stamp, &[message])?;
    Ok(Shown::Sent(address::masked(&to)))
}

/// Where a code goes: the payer's phone, else their mailbox, as far as messages leave by that way.
fn contact(conn: &mut Conn, stamp: &Stamp<'_>, desk: &Desk<'_>) -> Result<Option<(Channel, String)>> {
    let key = (desk.item.unit, desk.item.party);
    let Some(payer) = party::load(conn, stamp.vault, &[key])?.remove(&key) else { return Ok(None) };
    let mobile = payer.phone.as_deref().and_then(address::mobile).map(|to| (Channel::Sms, to));
    let mailbox = payer.email.as_deref().and_then(address::email).map(|to| (Channel::Email, to));
    Ok([mobile, mailbox].into_iter().flatten().find(|(channel, _)| desk.courier.goes_by(*channel)))
}
