//! What an entry that cannot be trusted says all the same of how the bank has counted it.

use rust_decimal::Decimal;

use crate::statement::finding::Findings;
use crate::statement::number::iso_amount;
use crate::statement::tally::Tally;

use super::entry::{self, Status};
use super::fragment::Element;

/// Counts an entry that is set aside among those of its state: booked, announced or for information.
pub(super) fn count(element: Element<'_>, [booked, pending, informative]: &mut [Tally; 3]) {
    let status = entry::read_status(element, "", &mut Findings::default());
    let is_open =
        status.is_none() || element.all("Sts").count() > 1 || is_several(element) || may_be_none(element);
    let tally = match status {
        Some(Status::Pending) => pending,
        Some(Status::Informative) => informative,
        Some(Status::Booked | Status::Unsaid) | None => booked,
    };
    if is_open {
        tally.unread.add_open();
    } else {
        tally.unread.add(side(element));
    }
}

/// Whether the bank may have counted the payments inside, or what was torn into the entry.
fn is_several(element: Element<'_>) -> bool {
    let grouped: usize = element.all("NtryDtls").map(|group| group.all("TxDtls").count()).sum();
    let listed = grouped + element.all("TxDtls").count();
    let is_torn = element.children().any(|child| child.holds("Ntry"));
    listed > 1 || is_torn || element.holds("Btch")
}

/// Whether some banks count it nowhere: what takes an earlier entry back, and what moves nothing.
fn may_be_none(element: Element<'_>) -> bool {
    let is_plain = matches!(element.text_at(&["RvslInd"]), None | Some("false" | "0"));
    !is_plain || iso_amount(element.text_at(&["Amt"]).unwrap_or_default()) == Ok(Decimal::ZERO)
}

/// Whether it is money out; `None` where it is not told.
fn side(element: Element<'_>) -> Option<bool> {
    let mut marks = element.all("CdtDbtInd");
    let mark = marks.next().filter(|_| marks.next().is_none())?;
    match mark.text()? {
        "CRDT" => Some(false),
        "DBIT" => Some(true),
        _ => None,
    }
}
