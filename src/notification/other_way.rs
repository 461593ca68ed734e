//! A mail that came back for good is followed by an SMS: its payer is told the same by the other way there is.

use super::{Channel, Message, outbox, query, readdress};
use crate::error::Result;
use crate::store::{Stamp, Tx};

/// Writes the SMS, in the transaction that learns that the mail came back. That it must reach the payer needs no
/// consent, as where there is no mail at all. Once: not where an SMS about the same thing was written before,
/// whatever became of it, nor for another bounce of the mail. Where no operator takes SMS it would wait for ever, as if
/// somebody were still being told: the mail alone stands among what did not arrive.
pub(super) fn follow(tx: &mut Tx<'_>, stamp: &Stamp<'_>, mail: &Message, goes_by_sms: bool) -> Result<()> {
    if mail.channel != Channel::Email || !goes_by_sms {
        return Ok(());
    }
    let about = query::of_subject(tx, mail.unit, &mail.subject_kind, mail.subject)?;
    if about.iter().any(|one| one.channel == Channel::Sms && one.kind == mail.kind) {
        return Ok(());
    }
    if let Some(sms) = readdress::by_other_way(tx, stamp.vault, mail, Channel::Sms)? {
        outbox::enqueue(tx, stamp, &[sms])?;
    }
    Ok(())
}
