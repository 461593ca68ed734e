//! What an approved resolution of an exception does to money. Two persons decided: the maker of
//! the proposal and the checker who approves it here.

use super::assign;
use super::book::Book;
use super::disproven;
use super::flush::flush;
use super::handover;
use super::late_payout;
use super::merger_transfer;
use super::own_transfer::{self, Tie};
use super::payout::{back, withdrawal};
use super::query;
use super::reduce;
use super::refund::bounce::{self, Came};
use super::refund::debit::{self, Debit};
use super::refund::owed_back;
use super::reopen_cancelled;
use super::settle_cash;
use super::shown_claim;
use super::split;
use super::still_stands;
use super::taken_back;
use super::unmatch;
use super::unplaced;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Ask, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::store::{Conn, Stamp, Tx};

/// The resolutions that can be proposed.
pub const RESOLUTIONS: [&str; 34] = [
    "assign",
    split::SPLIT,
    "acknowledge",
    "bank_charge",
    "disprove",
    "refund_debit",
    "refund_short",
    "refund_over",
    "refund_refused",
    bounce::REFUND_BOUNCED,
    bounce::REFUND_BOUNCED_WHOLE,
    settle_cash::DEPOSIT,
    settle_cash::SHORTAGE,
    settle_cash::REMITTANCE,
    settle_cash::REFUSED_ORDER,
    settle_cash::TO_BUDGET,
    settle_cash::REPAID,
    exception::UNMATCH,
    shown_claim::PROVES,
    handover::TO_UNIT,
    own_transfer::OWN_TRANSFER,
    settle_cash::WITHDRAWN,
    taken_back::TAKEN_BACK,
    own_transfer::GIVEN_BACK,
    settle_cash::CHARGE_RETURNED,
    settle_cash::BUDGET_PAID,
    merger_transfer::MERGER_TRANSFER,
    late_payout::BATCH,
    late_payout::SETTLEMENT,
    reopen_cancelled::REOPEN,
    back::PAYOUT_BACK,
    exception::WITHDRAW_PAPER,
    reduce::REDUCE,
    owed_back::REFUND_REPAID,
];

/// Proposes a resolution; one that could never be carried out is refused with its transaction. `parts` are
/// those of `split`.
///
/// # Errors
/// As `exception::propose`, `resolution_unfit`, `split_parts_wrong`.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
    ask: Ask<'_>,
    parts: &[split::Part],
) -> Result<Exception> {
    if ask.resolution == exception::COMBINE {
        return Err(unknown());
    }
    let ask = named(tx, (unit, id), ask)?;
    let (resolution, target) = (ask.resolution.to_owned(), ask.target);
    let item = exception::propose(tx, stamp, actor, unit, id, ask)?;
    check_proposal(tx, &item, &resolution, target)?;
    if let Some(said) = Came::of(&resolution) {
        bounce::check_kept(tx, stamp, &item, (target, said))?;
    }
    if resolution == merger_transfer::MERGER_TRANSFER {
        merger_transfer::check_maker(tx, actor, &item, target)?;
    }
    if resolution == split::SPLIT {
        split::keep(tx, stamp, &item, parts)?;
    }
    Ok(item)
}

/// What was taken back may be named by its payment or its obligation; kept is the movement. The only batch or
/// report that waits for a line needs no name; kept is which.
fn named<'a>(conn: &mut Conn, (unit, id): (UnitId, ExceptionId), mut ask: Ask<'a>) -> Result<Ask<'a>> {
    if let (taken_back::TAKEN_BACK, Some(target)) = (ask.resolution, ask.target) {
        let item = exception::find(conn, unit, id)?;
        ask.target = taken_back::named(conn, &item, target)?.map(|movement| movement.0);
    }
    if late_payout::is_ours(ask.resolution) {
        let item = exception::find(conn, unit, id)?;
        ask.target = late_payout::named(conn, &item, ask.resolution, ask.target)?;
    }
    if ask.resolution == back::PAYOUT_BACK {
        let item = exception::find(conn, unit, id)?;
        ask.target = back::named(conn, &item, ask.target)?;
    }
    Ok(ask)
}

/// Approves the open proposal of an exception and carries it out, in one transaction.
///
/// - `assign` (target: an obligation of the unit): money in suspense goes to it, the exception's amount
///   and no more; `split`: to several, each its part, and the rest stays.
/// - `bank_charge`: an unexplained debit was the bank's charge.
/// - `refund_debit`, `refund_short`, `refund_over` (target: a refund on its way): an unexplained debit
///   paid it, exactly, with less, or with more than its amount; `refund_refused`: one that was refused
///   left the account all the same.
/// - `refund_bounced` (target: a refund that a line showed leaving): a credit in suspense is its money, which came
///   back, alone or with all that its debit took beyond it; what is missing of that, up to what a bank asks for it, is
///   a charge to recover. `refund_bounced_whole`: it is all that the debit took, though it is no more than the refund.
/// - `refund_repaid` (target: a refund): a credit in suspense pays back what the refund's debit took beyond all that
///   was owed, or what had left before the bank took all of the payment back, or a part of that.
/// - `disprove`: a claim, or a card payment, never came; what it settled is taken back and its receipt cancelled.
/// - `deposit` (target: a slip), `remittance`, `remittance_refused` (target: an order), `shortage`,
///   `shortage_repaid` (target: a person), `to_budget`: cash and the Treasury, in `settle_cash`.
/// - `proves` (target: a claim's movement): money in suspense is what a channel told of.
/// - `to_unit` (target: a unit, or none where only one is owed the sum): an unexplained debit paid on what
///   came for another unit.
/// - `own_transfer` (target: the other line, or none where only one fits): money between two accounts.
/// - `given_back` (target: the other line, or none where only one fits): a credit gives back what a debit of the
///   same account had taken; `charge_returned`: it gives back the bank's charge.
/// - `merger_transfer` (target: the other line, or none where only one fits): money of a merged unit that the bank
///   moved to the unit that goes on for it; persons who act for both.
/// - `budget_paid`, by a decision: a debit went to the Treasury without an order of ours, and is owed back by it.
/// - `cash_withdrawn` (target: a person): cash taken out by a decision, for which that person answers.
/// - `taken_back` (target: a movement): an unexplained debit is money of it that the bank took back.
/// - `batch`, `settlement` (target: the paper, or none where only one waits for exactly this line): the line pays
///   out an acquirer's batch, or what a gateway's report names, though nothing in its text says so; a report that
///   comes to nothing was settled with the payout of another one (`settlement`).
/// - `reopen_obligation`: a cancelled obligation is owed after all, and its late payment pays it.
/// - `payout_back` (target: the line, its batch or its settlement, or none where only one paid out this sum): an
///   unexplained debit took back what a line had paid out at once; all of it waits for its line again.
/// - `reduce`, by a decision (target: the number of a line, or none where only one can be): what is missing of a
///   partly paid obligation is not asked for any more, and its documents are made.
/// - `unmatch`: a line that is matched wrongly is taken apart, in `unmatch`.
/// - `withdraw_paper`: a batch or a settlement report that waits for its line was entered wrongly.
/// - `acknowledge`: looked at, nothing to post; not for money that is unexplained.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<(Exception, Vec<(UnitId, ReceiptId)>)> {
    let (item, proposal) = exception::approve(tx, stamp, actor, unit, id)?;
    let receipts = carry_out(tx, stamp, actor, &item, &proposal)?;
    Ok((item, receipts))
}

/// The same of a part of a combination; `combine` approves them all.
pub(super) fn approve_part(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let (item, proposal) = exception::approve_part(tx, stamp, actor, unit, id)?;
    carry_out(tx, stamp, actor, &item, &proposal)
}

/// One person settles it alone, where the unit's limit allows that, and it is carried out.
///
/// # Errors
/// `second_person_needed`, `resolution_unfit`, `exception_not_open`.
pub fn alone(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    ask: &Ask<'_>,
) -> Result<(Exception, Vec<(UnitId, ReceiptId)>)> {
    let (item, proposal) = exception::decide_alone(tx, stamp, actor, unit, id, ask)?;
    let receipts = carry_out(tx, stamp, actor, &item, &proposal)?;
    Ok((item, receipts))
}

fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    proposal: &Proposal,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    // Under the lock: another exception about the same line may be decided at the same moment.
    settle_cash::lock(tx, item, &proposal.resolution)?;
    own_transfer::lock(tx, item, proposal)?;
    let on = lock_account(tx, stamp, item)?;
    check_proposal(tx, item, &proposal.resolution, proposal.target)?;
    let receipts = match proposal.resolution.as_str() {
        "assign" | exception::COMBINE => assign::carry_out(tx, stamp, actor, (item, proposal), on)?,
        split::SPLIT => {
            let (line, movement) = unplaced::take(tx, stamp, item, (proposal, by(actor, proposal)))?;
            split::carry_out(tx, stamp, actor, (item, proposal), split::Source { line, movement, on })?
        }
        "bank_charge" => charge(tx, stamp, actor, item, on)?,
        "disprove" => {
            disproven::carry_out(tx, stamp, actor, item, on)?;
            Vec::new()
        }
        refund if Debit::parse(refund).is_some() => {
            debit::settle(tx, stamp, actor, item, refund_of(proposal)?, on)?;
            Vec::new()
        }
        bounced if Came::of(bounced).is_some() => {
            let said = Came::of(bounced).unwrap_or(Came::Refund);
            bounce::settle(tx, stamp, actor, (item, proposal), (said, on))?;
            Vec::new()
        }
        owed_back::REFUND_REPAID => {
            owed_back::carry_out(tx, stamp, (item, proposal), on)?;
            Vec::new()
        }
        exception::WITHDRAW_PAPER => {
            withdrawal::carry_out(tx, stamp, actor, item)?;
            Vec::new()
        }
        back::PAYOUT_BACK => {
            back::carry_out(tx, stamp, actor, (item, proposal), on)?;
            Vec::new()
        }
        exception::UNMATCH => {
            unmatch::carry_out(tx, stamp, actor, item, proposal)?;
            Vec::new()
        }
        shown_claim::PROVES => {
            let placed = unplaced::take(tx, stamp, item, (proposal, by(actor, proposal)))?;
            shown_claim::carry_out(tx, stamp, actor, (item, proposal), (placed, on))?
        }
        handover::TO_UNIT => {
            let line = settle_cash::line_of(tx, item)?;
            let joined = handover::carry_out(tx, item, proposal, (line, on))?;
            store(tx, stamp, item, joined)?
        }
        pair if Tie::of(pair).is_some() => {
            let tie = Tie::of(pair).unwrap_or(Tie::OwnTransfer);
            let joined = own_transfer::carry_out(tx, item, (proposal, tie), on)?;
            store(tx, stamp, item, joined)?
        }
        taken_back::TAKEN_BACK => {
            let line = settle_cash::line_of(tx, item)?;
            taken_back::carry_out(tx, stamp, actor, (item, proposal), line)?;
            Vec::new()
        }
        merger_transfer::MERGER_TRANSFER => {
            merger_transfer::carry_out(tx, stamp, actor, (item, proposal))?;
            Vec::new()
        }
        payout if late_payout::is_ours(payout) => {
            late_payout::carry_out(tx, stamp, actor, (item, proposal), on)?
        }
        reopen_cancelled::REOPEN => reopen_cancelled::carry_out(tx, stamp, actor, (item, proposal), on)?,
        reduce::REDUCE => reduce::carry_out(tx, stamp, actor, (item, proposal), on)?,
        "acknowledge" => Vec::new(),
        other if settle_cash::is_ours(other) => {
            settle_cash::carry_out(tx, stamp, actor, item, proposal, on)?;
            Vec::new()
        }
        _ => return Err(unknown()),
    };
    Ok(receipts)
}

/// Refuses a proposal that could never be carried out, before a second person looks at it. The
/// books decide, not the kind: what still stands in suspense is not acknowledged away, and a
/// resolution moves exactly what its exception names, so that none drains another's money and the
/// limit for one person counts what is really moved.
pub fn check_proposal(
    conn: &mut Conn,
    item: &Exception,
    resolution: &str,
    target: Option<i64>,
) -> Result<()> {
    let standing = Standing::of(conn, item)?;
    if let (Some(way), Some(target)) = (Debit::parse(resolution), target) {
        let is_left = standing.debit.is_positive();
        return unfit_unless(is_left && debit::fits(conn, item, way, RefundId(target))?);
    }
    let is_whole = standing.suspense == item.amount && item.amount.is_positive();
    let is_debit = standing.debit == item.amount && item.amount.is_positive();
    if let Some(tie) = Tie::of(resolution) {
        let is_waiting = (is_debit || is_whole) && standing.has_line;
        return unfit_unless(is_waiting && own_transfer::fits(conn, item, target, tie)?);
    }
    if let Some(said) = Came::of(resolution) {
        return unfit_unless(is_whole && standing.has_line && bounce::fits(conn, item, (target, said))?);
    }
    let fits = match resolution {
        merger_transfer::MERGER_TRANSFER => {
            (is_debit || is_whole) && standing.has_line && merger_transfer::fits(conn, item, target)?
        }
        "assign" | exception::COMBINE => target.is_some() && unplaced::find(conn, item)?.is_some(),
        split::SPLIT => unplaced::find(conn, item)?.is_some(),
        "bank_charge" => is_debit,
        "disprove" => disproven::fits(conn, item)?,
        "acknowledge" => {
            still_stands::refuse(conn, item)?;
            let is_open = standing.is_open()
                || settle_cash::is_open(conn, item)?
                || late_payout::waits_unpaid(conn, item)?;
            !is_open && item.kind != Kind::ClaimWithoutCredit
        }
        settle_cash::DEPOSIT | settle_cash::REPAID => is_whole && standing.has_line && target.is_some(),
        owed_back::REFUND_REPAID => is_whole && standing.has_line && owed_back::fits(conn, item, target)?,
        settle_cash::REMITTANCE => (is_debit || is_whole) && target.is_some(),
        settle_cash::REFUSED_ORDER => is_debit && settle_cash::is_refused_order(conn, item, target)?,
        settle_cash::SHORTAGE => item.kind == Kind::DepositDiffers && item.subject_kind == "slip",
        taken_back::TAKEN_BACK => is_debit && standing.has_line && taken_back::fits(conn, item, target)?,
        shown_claim::PROVES => {
            unplaced::find(conn, item)?.is_some() && shown_claim::fits(conn, item, target)?
        }
        reopen_cancelled::REOPEN => reopen_cancelled::fits(conn, item)?,
        reduce::REDUCE => reduce::fits(conn, item, target)?,
        payout if late_payout::is_ours(payout) => {
            let is_line = (is_debit || is_whole) && standing.has_line;
            (is_line || late_payout::is_about_report(item)) && late_payout::fits(conn, item, payout, target)?
        }
        handover::TO_UNIT => is_debit && standing.has_line && handover::fits(conn, item, target)?,
        settle_cash::WITHDRAWN => is_debit && standing.has_line && target.is_some(),
        settle_cash::BUDGET_PAID => is_debit && standing.has_line,
        settle_cash::CHARGE_RETURNED => is_whole && standing.has_line && settle_cash::is_charged(conn, item)?,
        exception::UNMATCH => return unmatch::check(conn, item).map(|_| ()),
        exception::WITHDRAW_PAPER => return withdrawal::check(conn, item),
        back::PAYOUT_BACK => is_debit && standing.has_line && back::fits(conn, item, target)?,
        settle_cash::TO_BUDGET => is_whole || (!standing.has_line && standing.suspense.is_positive()),
        refund if Debit::parse(refund).is_some() => false,
        _ => return Err(unknown()),
    };
    unfit_unless(fits)
}

/// Writes a posting that explains a line, and ends what it explains besides.
fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    (posting, ended): (Posting, Vec<(UnitId, Kind, Subject, &'static str)>),
) -> Result<Vec<(UnitId, ReceiptId)>> {
    ledger::post(tx, stamp, &[posting])?;
    exception::settle_with(tx, stamp, item.id, &ended)?;
    Ok(Vec::new())
}

/// Who approved it; of what one person settled alone, that person.
pub(super) fn by(actor: &Actor, proposal: &Proposal) -> PersonId {
    actor.person.unwrap_or(proposal.maker)
}

fn unknown() -> Error {
    Error::invalid("resolution", "resolution_unknown", RESOLUTIONS.join(", "))
}

fn unfit_unless(fits: bool) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::conflict("resolution_unfit", "this resolution does not fit the exception"))
}

/// What a resolution points at, as the id it is.
pub fn target_text(item: &Exception, resolution: &str, target: i64) -> String {
    match resolution {
        "assign" | exception::COMBINE => ObligationId(target).to_string(),
        settle_cash::DEPOSIT => SlipId(target).to_string(),
        settle_cash::REMITTANCE | settle_cash::REFUSED_ORDER => RemittanceId(target).to_string(),
        settle_cash::REPAID | settle_cash::WITHDRAWN => PersonId(target).to_string(),
        shown_claim::PROVES | taken_back::TAKEN_BACK => MovementId(target).to_string(),
        handover::TO_UNIT => UnitId(target).to_string(),
        merger_transfer::MERGER_TRANSFER => LineId(target).to_string(),
        back::PAYOUT_BACK => LineId(target).to_string(),
        late_payout::BATCH => BatchId(target).to_string(),
        late_payout::SETTLEMENT => SettlementId(target).to_string(),
        pair if Tie::of(pair).is_some() => LineId(target).to_string(),
        owed_back::REFUND_REPAID => RefundId(target).to_string(),
        refund if Debit::parse(refund).is_some() || Came::of(refund).is_some() => {
            RefundId(target).to_string()
        }
        reduce::REDUCE => target.to_string(),
        _ => item.id.to_string(),
    }
}

fn refund_of(proposal: &Proposal) -> Result<RefundId> {
    let missing = || Error::invalid("target", "target_missing", "name the refund");
    proposal.target.map(RefundId).ok_or_else(missing)
}

/// What the books hold of the money an exception is about.
#[derive(Default)]
struct Standing {
    /// Of the line, or counted over in the drawer.
    suspense: Dong,
    /// The line's debit that nobody explained.
    debit: Dong,
    has_line: bool,
}

impl Standing {
    fn of(conn: &mut Conn, item: &Exception) -> Result<Standing> {
        if item.subject_kind == "shift" {
            let over = ledger::balance(conn, item.unit, &Account::DrawerSuspense(ShiftId(item.subject_id)))?;
            return Ok(Standing { suspense: Dong::ZERO.checked_sub(over)?, ..Standing::default() });
        }
        if item.subject_kind != "line" && unplaced::find(conn, item)?.is_none() {
            return Ok(Standing::default());
        }
        let line = settle_cash::line_of(conn, item)?;
        let suspense = settle_cash::in_suspense(conn, item.unit, line)?;
        let debit = ledger::balance(conn, item.unit, &Account::UnexplainedDebit(line))?;
        let both = Standing { suspense, debit, has_line: true };
        if !suspense.is_positive() {
            return Ok(both);
        }
        // A lump sum may leave both, even of the same sum: the kind says which of them the item is about.
        Ok(match item.kind {
            Kind::UnknownDebit | Kind::RefundUnmatched | Kind::BankFee if debit.is_positive() => {
                Standing { suspense: Dong::ZERO, ..both }
            }
            Kind::BankReversal if still_stands::is_of_debit(conn, item.unit, line)? => {
                Standing { suspense: Dong::ZERO, ..both }
            }
            _ => Standing { debit: Dong::ZERO, ..both },
        })
    }

    fn is_open(&self) -> bool {
        !self.suspense.is_zero() || !self.debit.is_zero()
    }
}

/// Locks the exception's account and tells the day its postings belong to: today, or the account's
/// first open day.
pub(super) fn lock_account(tx: &mut Tx<'_>, stamp: &Stamp<'_>, item: &Exception) -> Result<BusinessDay> {
    let Some(account) = item.account else { return Ok(stamp.today()) };
    query::lock_accounts(tx, &[(item.unit, account)])?;
    query::first_open_day(tx, item.unit, account, stamp.today())
}

fn charge(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    accounting_date: BusinessDay,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let line = settle_cash::line_of(tx, item)?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    book.postings.push(Posting {
        unit: item.unit,
        debit: Account::ChargesToRecover,
        credit: Account::UnexplainedDebit(line),
        amount: item.amount,
        accounting_date,
        source: Source::Exception(item.id),
    });
    flush(tx, stamp, actor, book)?;
    Ok(Vec::new())
}
