//! A callback that came before: told again as it was, or under the same id with another content.

use super::book::Book;
use super::claim::Claim;
use crate::clock::BusinessDay;
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;

/// The same content changes nothing and is noted; another content is for a person, and changes
/// nothing either.
pub(super) fn tell(
    book: &mut Book,
    today: BusinessDay,
    (unit, id, account): (UnitId, ClaimId, AccountId),
    claim: &Claim,
    is_equal: bool,
) {
    let channel = claim.channel.clone();
    let (kind, detail) = match is_equal {
        true => (Kind::DuplicateCallback, Detail::ToldAgain { channel }),
        false => (Kind::ContentDiffers, Detail::ToldOtherwise { channel }),
    };
    let item = exception::New {
        unit,
        kind,
        subject: Subject::Claim(id),
        account: Some(account),
        amount: claim.amount,
        opened_on: today,
        detail: detail.into(),
    };
    if is_equal {
        metrics::counter!("bienlai_callbacks_repeated_total", "channel" => claim.channel.clone())
            .increment(1);
        book.noted.push(item);
    } else {
        book.exceptions.push(item);
    }
}
