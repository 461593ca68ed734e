//! Contingency: “Phiếu thu tạm”, printed before network or power fail. A slip has a number of the
//! unit's own and a code under which its payer later finds the receipt; it is no receipt itself. What
//! was collected on it is entered afterwards by its cashier and countersigned by another person, who
//! thereby takes the money into the books (`payment::provisional`). A shift is not closed over slips
//! that were used and are not in the books.

use super::provisional_query::{self as query, EventRow, PadRow, SlipRow};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit;
use crate::unit::account::KIND_SLIP;

/// Where the first unused slips are asked for.
pub const NEXT_SLIP: &str = "next_slip";

/// Slips of one pad: a few sheets of paper.
pub const PAD_LIMIT: i64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// On paper, perhaps used.
    Printed,
    /// Entered by its cashier, waits for another person.
    Entered,
    /// In the books.
    Settled,
    /// Never to be used: torn, or written wrong.
    Spoiled,
}

crate::text_enum! {
    State {
        Printed = "printed",
        Entered = "entered",
        Settled = "settled",
        Spoiled = "spoiled",
    }
}

/// A pad of slips, numbered on from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pad {
    pub unit: UnitId,
    pub id: PadId,
    pub first: i64,
    pub last: i64,
    /// The cashier it was printed for.
    pub person: PersonId,
    pub created_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    pub unit: UnitId,
    pub number: i64,
    pub pad: PadId,
    /// The cashier of its pad.
    pub person: PersonId,
    pub code: String,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
    pub payment: Option<PaymentId>,
}

impl Slip {
    /// Whether money was collected on it, as far as the books know.
    fn is_used(&self) -> bool {
        matches!(self.state, State::Entered | State::Settled)
    }
}

/// What was entered from a slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub obligation: ObligationId,
    pub amount: Dong,
    pub collected_at: Instant,
    pub person: PersonId,
}

/// Makes a pad of slips for the actor to print and keep.
///
/// # Errors
/// `slip_pad_size`.
pub fn print_pad(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, count: i64) -> Result<Pad> {
    actor.require_role(&[Role::Cashier])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    if !(1..=PAD_LIMIT).contains(&count) {
        return Err(Error::invalid("count", "slip_pad_size", format!("1 to {PAD_LIMIT} slips")));
    }
    // Under the account's lock, so that two pads printed at once do not share numbers.
    let account = unit::account::receiving(tx, unit)?.id;
    crate::statement::query::lock_account(tx, unit, account)?;
    let first = query::last_number(tx, unit)? + 1;
    let pad = Pad { unit, id: stamp.mint()?, first, last: first + count - 1, person, created_at: stamp.now };
    rows::insert(tx, &[PadRow::of(&pad)])?;
    for number in pad.first..=pad.last {
        let code = obligation::code::reserve(tx, unit, KIND_SLIP, number)?.as_str().to_owned();
        let slip = Slip {
            unit,
            number,
            pad: pad.id,
            person,
            code,
            created_at: stamp.now,
            state: State::Printed,
            revision: 1,
            payment: None,
        };
        rows::insert(tx, &[SlipRow::of(&slip)])?;
        note(tx, stamp, &slip, ("printed", person, None, None))?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "slips.printed", pad.id)])?;
    Ok(pad)
}

/// What a cashier reads off a slip, and what the obligation owes now.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    pub obligation: ObligationId,
    pub amount: Dong,
    pub collected_at: Instant,
    pub owed: Dong,
    /// The cashier says that the paper has another amount than what is owed.
    pub differs: bool,
}

/// The money of a slip is there, whatever is owed: another amount is recorded as what it is, once
/// whoever enters or countersigns it says that they saw it. `slip_amount_differs`.
pub fn check_amount(amount: Dong, owed: Dong, is_seen: bool) -> Result<()> {
    if amount == owed || is_seen {
        return Ok(());
    }
    Err(Error::invalid("amount", "slip_amount_differs", format!("{owed} is owed, the slip says {amount}")))
}

/// Enters what was collected on a slip, as the paper says, at a time after the pad was printed and not
/// to come.
///
/// # Errors
/// `shift_not_open`, `slip_not_found`, `slip_of_other`, `slip_state_wrong`, `slip_time_wrong`,
/// `amount_zero`, `slip_amount_differs`.
pub fn enter(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, number): (UnitId, i64),
    written: &Written,
) -> Result<Slip> {
    let (amount, collected_at) = (written.amount, written.collected_at);
    // Under the shift's lock, so that it does not close over a slip that is just entered.
    super::taking(tx, unit, actor.require_person()?)?;
    let mut slip = own(tx, actor, unit, number)?;
    check_state(&slip, &[State::Printed])?;
    // Under the obligation's lock, so that the counter does not take the same money again beside it.
    if obligation::query::lock(tx, &[(unit, written.obligation)])?.is_empty() {
        return Err(obligation::not_found());
    }
    if !amount.is_positive() {
        return Err(Error::invalid("amount", "amount_zero", "what the slip says"));
    }
    check_amount(amount, written.owed, written.differs)?;
    if collected_at > stamp.now || collected_at < slip.created_at.minus_seconds(60) {
        let detail = "after the pad was printed, not in the future";
        return Err(Error::invalid("collected_at", "slip_time_wrong", detail));
    }
    let entry = Entry { obligation: written.obligation, amount, collected_at, person: slip.person };
    query::advance(tx, &mut slip, State::Entered)?;
    note(tx, stamp, &slip, ("entered", entry.person, Some(&entry), None))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "slip.entered", entry.obligation)])?;
    Ok(slip)
}

/// Refuses to take what was collected on a slip already; ask under the obligations' locks. `slip_waits` names
/// the slip.
pub fn refuse_collected(conn: &mut Conn, unit: UnitId, obligations: &[ObligationId]) -> Result<()> {
    let awaited = query::awaited(conn, unit)?;
    match obligations.iter().find_map(|id| awaited.get(id)) {
        None => Ok(()),
        Some(number) => {
            Err(Error::conflict("slip_waits", format!("it was collected on slip {number}, which waits")))
        }
    }
}

/// Says that a slip was never used and will not be.
///
/// # Errors
/// `slip_not_found`, `slip_of_other`, `slip_state_wrong`, `reason_missing`.
pub fn spoil(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, number): (UnitId, i64),
    reason: &str,
) -> Result<Slip> {
    let reason = text::reason(reason)?;
    let mut slip = own(tx, actor, unit, number)?;
    check_state(&slip, &[State::Printed])?;
    query::advance(tx, &mut slip, State::Spoiled)?;
    note(tx, stamp, &slip, ("spoiled", slip.person, None, Some(reason)))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "slip.spoiled", slip.pad)])?;
    Ok(slip)
}

/// Sends an entry back to its cashier: the slip waits to be entered again, or spoiled.
///
/// # Errors
/// `maker_is_checker`, `slip_state_wrong`, `reason_missing`.
pub fn send_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, number): (UnitId, i64),
    reason: &str,
) -> Result<Slip> {
    let reason = text::reason(reason)?;
    let (mut slip, _) = countersignable(tx, actor, unit, number)?;
    query::advance(tx, &mut slip, State::Printed)?;
    note(tx, stamp, &slip, ("sent_back", actor.require_person()?, None, Some(reason)))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "slip.sent_back", slip.pad)])?;
    Ok(slip)
}

/// A slip under its lock with what was entered, for another person than its cashier.
///
/// # Errors
/// `maker_is_checker`, `slip_not_found`, `slip_state_wrong`.
pub fn countersignable(tx: &mut Tx<'_>, actor: &Actor, unit: UnitId, number: i64) -> Result<(Slip, Entry)> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let slip = query::lock(tx, unit, number)?.ok_or_else(not_found)?;
    check_state(&slip, &[State::Entered])?;
    let entry = query::entry(tx, unit, number)?.ok_or_else(not_found)?;
    if entry.person == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must countersign"));
    }
    Ok((slip, entry))
}

/// Notes that a slip's money is in the books.
pub fn settle(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    mut slip: Slip,
    (entry, payment): (&Entry, PaymentId),
) -> Result<Slip> {
    slip.payment = Some(payment);
    query::advance(tx, &mut slip, State::Settled)?;
    note(tx, stamp, &slip, ("countersigned", actor.require_person()?, Some(entry), None))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, slip.unit, "slip.countersigned", payment)])?;
    Ok(slip)
}

/// Refuses to close a shift over slips of its cashier that wait, and over used ones that nobody entered: a slip
/// below one that was used was used too, or is spoiled, and so is every slip of a pad below the first unused one, which
/// is read off the paper. `next` has that one of each pad in hand, in any order. It is asked for while slips are on
/// paper, because the books cannot know it.
///
/// # Errors
/// `shift_slips_open`, which names the first; `slip_next_missing` where a pad has none; `slip_next_wrong` for a number
/// that is not on its pad, or not above every slip of it that was used.
pub fn check_closing(conn: &mut Conn, unit: UnitId, person: PersonId, next: &[i64]) -> Result<()> {
    let slips = query::of_person(conn, unit, person)?;
    let open = match open_among(&slips) {
        None => forgotten(&asked_for_next(&slips), next)?,
        found => found,
    };
    match open {
        None => Ok(()),
        Some(number) => {
            Err(Error::conflict("shift_slips_open", format!("slip {number} is used and not in the books")))
        }
    }
}

/// The slips of each pad that has some left, of those of a cashier in their order: only the cashier knows how many of
/// it were used.
pub fn asked_for_next(slips: &[Slip]) -> Vec<&[Slip]> {
    let has_left = |pad: &&[Slip]| pad.iter().any(|slip| slip.state == State::Printed);
    slips.chunk_by(|one, following| one.pad == following.pad).filter(has_left).collect()
}

/// The first slip that was used, as the first unused ones of the pads say, and never entered. The numbers of a pad are
/// all above those of the pad before it, so that the sorted answers are of the pads in their order.
fn forgotten(pads: &[&[Slip]], next: &[i64]) -> Result<Option<i64>> {
    if pads.is_empty() {
        return Ok(None);
    }
    if next.len() < pads.len() {
        let detail = format!("the first slip that was not used, of each of {} pads", pads.len());
        return Err(Error::invalid(NEXT_SLIP, "slip_next_missing", detail));
    }
    if next.len() > pads.len() {
        let detail = format!("one number for each of {} pads", pads.len());
        return Err(Error::invalid(NEXT_SLIP, "slip_next_wrong", detail));
    }
    let mut next = next.to_vec();
    next.sort_unstable();
    let mut first = None;
    for (pad, next) in pads.iter().zip(next) {
        let below = used_below(pad, next)?;
        first = first.or(below);
    }
    Ok(first)
}

/// The first slip of a pad that was used, as its first unused one says, and never entered.
fn used_below(pad: &[Slip], next: i64) -> Result<Option<i64>> {
    let is_on_it = pad.iter().any(|slip| slip.number == next || slip.number + 1 == next);
    let is_above_used_ones = pad.iter().all(|slip| slip.number < next || !slip.is_used());
    if !is_on_it || !is_above_used_ones {
        let detail = format!("{next} is not the first unused slip of its pad");
        return Err(Error::invalid(NEXT_SLIP, "slip_next_wrong", detail));
    }
    let is_forgotten = |slip: &&Slip| slip.number < next && slip.state == State::Printed;
    Ok(pad.iter().filter(is_forgotten).map(|slip| slip.number).min())
}

/// The first slip that keeps a shift open.
pub fn open_among(slips: &[Slip]) -> Option<i64> {
    let is_open = |slip: &&Slip| {
        let is_below_a_used_one = || {
            slips.iter().any(|other| other.pad == slip.pad && other.number > slip.number && other.is_used())
        };
        slip.state == State::Entered || (slip.state == State::Printed && is_below_a_used_one())
    };
    slips.iter().filter(is_open).map(|slip| slip.number).min()
}

fn own(tx: &mut Tx<'_>, actor: &Actor, unit: UnitId, number: i64) -> Result<Slip> {
    actor.require_role(&[Role::Cashier])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let slip = query::lock(tx, unit, number)?.ok_or_else(not_found)?;
    if slip.person != person {
        return Err(Error::forbidden("slip_of_other", "this slip is of another cashier's pad"));
    }
    Ok(slip)
}

fn check_state(slip: &Slip, from: &[State]) -> Result<()> {
    if from.contains(&slip.state) {
        return Ok(());
    }
    Err(Error::conflict("slip_state_wrong", format!("slip {} is {}", slip.number, slip.state.as_str())))
}

pub fn not_found() -> Error {
    Error::invalid("number", "slip_not_found", "no slip of the unit has this number")
}

type What<'a> = (&'static str, PersonId, Option<&'a Entry>, Option<String>);

/// The event of a slip's present revision.
fn note(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    slip: &Slip,
    (kind, person_id, entry, reason): What<'_>,
) -> Result<()> {
    let row = EventRow {
        unit_id: slip.unit,
        id: stamp.mint()?,
        slip_no: slip.number,
        revision: slip.revision,
        kind,
        state: slip.state.as_str(),
        obligation_id: entry.map(|entry| entry.obligation),
        amount: entry.map(|entry| entry.amount),
        collected_at: entry.map(|entry| entry.collected_at),
        person_id,
        reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip(pad: i64, number: i64, state: State) -> Slip {
        Slip {
            unit: UnitId(2),
            number,
            pad: PadId(pad),
            person: PersonId(1),
            code: String::new(),
            created_at: Instant(0),
            state,
            revision: 1,
            payment: None,
        }
    }

    #[test]
    fn a_shift_stays_open_over_slips_that_wait_and_over_gaps_below_used_ones() {
        use State::*;
        let open = |states: &[State]| {
            let slips: Vec<Slip> = states.iter().zip(1..).map(|(state, n)| slip(1, n, *state)).collect();
            open_among(&slips)
        };
        assert_eq!(open(&[]), None);
        assert_eq!(open(&[Printed, Printed]), None, "a pad in the drawer");
        assert_eq!(open(&[Settled, Printed]), None);
        assert_eq!(open(&[Settled, Entered, Printed]), Some(2), "waits for another person");
        assert_eq!(open(&[Printed, Settled]), Some(1), "used and forgotten");
        assert_eq!(open(&[Spoiled, Settled]), None);
        let two_pads = [slip(1, 1, Printed), slip(2, 2, Settled)];
        assert_eq!(open_among(&two_pads), None, "another pad says nothing");
    }

    #[test]
    fn slips_below_the_first_unused_one_that_were_never_entered_are_forgotten() {
        use State::*;
        let pad = |states: &[State]| -> Vec<Slip> {
            states.iter().zip(1..).map(|(state, number)| slip(1, number, *state)).collect()
        };
        let below = |slips: &[Slip], next: &[i64]| {
            forgotten(&asked_for_next(slips), next).map_err(|error| error.code())
        };
        let fresh = pad(&[Printed, Printed, Printed]);
        assert_eq!(below(&fresh, &[1]), Ok(None), "none was used");
        assert_eq!(below(&fresh, &[3]), Ok(Some(1)));
        assert_eq!(below(&fresh, &[4]), Ok(Some(1)), "the whole pad was used");
        assert_eq!(below(&fresh, &[5]), Err("slip_next_wrong"));
        assert_eq!(below(&fresh, &[]), Err("slip_next_missing"));
        let begun = pad(&[Spoiled, Settled, Printed, Printed]);
        assert_eq!(below(&begun, &[3]), Ok(None));
        assert_eq!(below(&begun, &[4]), Ok(Some(3)));
        assert_eq!(below(&begun, &[2]), Err("slip_next_wrong"), "it was used");
        assert_eq!(below(&pad(&[Spoiled, Settled]), &[]), Ok(None), "nothing is left to ask about");
    }

    #[test]
    fn each_pad_in_hand_has_a_first_unused_slip_of_its_own() {
        use State::*;
        let pads = |states: &[(i64, State)]| -> Vec<Slip> {
            states.iter().zip(1..).map(|((pad, state), number)| slip(*pad, number, *state)).collect()
        };
        let below = |slips: &[Slip], next: &[i64]| {
            forgotten(&asked_for_next(slips), next).map_err(|error| error.code())
        };
        let two = pads(&[(1, Settled), (1, Printed), (1, Printed), (2, Settled), (2, Printed), (2, Printed)]);
        assert_eq!(below(&two, &[2, 5]), Ok(None), "one of each was used, and is in the books");
        assert_eq!(below(&two, &[5, 2]), Ok(None), "in any order");
        assert_eq!(below(&two, &[3, 5]), Ok(Some(2)));
        assert_eq!(below(&two, &[2, 6]), Ok(Some(5)));
        assert_eq!(below(&two, &[4, 5]), Ok(Some(2)), "the whole first pad was used");
        assert_eq!(below(&two, &[5]), Err("slip_next_missing"));
        assert_eq!(below(&two, &[2, 4]), Err("slip_next_wrong"), "4 was used");
        assert_eq!(below(&two, &[5, 6]), Err("slip_next_wrong"), "neither is of the first pad");
        assert_eq!(below(&two, &[2, 5, 6]), Err("slip_next_wrong"), "there is no third pad");
        let one_left = pads(&[(1, Settled), (1, Spoiled), (2, Printed)]);
        assert_eq!(below(&one_left, &[3]), Ok(None), "of the other nothing is left");
    }
}
