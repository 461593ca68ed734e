//! Posting statement lines: each line once, by its case, whatever was claimed before.
//!
//! A line proves movements that channels claimed, or brings money nobody claimed, or is a charge,
//! interest, a reversal, or unexplained. The same six steps as settling: accounts are locked
//! first, everything is read again under the locks, every write is guarded.

mod load;
mod money;
mod write;

use std::collections::{BTreeSet, HashMap};

pub(super) use load::{look, reference_key};
pub(super) use write::write;

use super::book::{Book, Destination};
pub use super::case::Case;
use super::flush::flush;
use super::handover::{self, Handovers};
use super::paper_line::Papers;
use super::refund::line::Refunds;
use super::reversal::Originals;
use super::stands_on::StandsOn;
use super::{documents, line_query, movement_query, overtaken, query, same_money};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Hint, Kind, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::store::failpoint;
use crate::store::{Stamp, Tx};

/// How many days before a line its claim may have come; ample for three working days.
pub(super) const LIKENESS_DAYS: i64 = 14;

/// What a claim may have opened about its movement; from its line on the line's exception counts.
pub(super) const CLAIM_KINDS: [Kind; 5] = [
    Kind::ClaimWithoutCredit,
    Kind::UnidentifiedCredit,
    Kind::DamagedCode,
    Kind::SeveralObligations,
    Kind::WrongAccount,
];

/// Kinds of exceptions whose line stands in suspense until a person assigns it.
pub const LINE_KINDS: [Kind; 7] = [
    Kind::TwinLines,
    Kind::UnidentifiedCredit,
    Kind::DamagedCode,
    Kind::SeveralObligations,
    Kind::ContentDiffers,
    Kind::SameMoneyTwoChannels,
    Kind::BulkSettlement,
];

/// Kinds of exceptions under which money stands in suspense: those of lines, and a deposit beyond its slip,
/// interest that no rule explains, money that came back from something taken.
pub const HELD_KINDS: [Kind; 10] = [
    Kind::TwinLines,
    Kind::UnidentifiedCredit,
    Kind::DamagedCode,
    Kind::SeveralObligations,
    Kind::ContentDiffers,
    Kind::SameMoneyTwoChannels,
    Kind::BulkSettlement,
    Kind::DepositDiffers,
    Kind::Interest,
    Kind::BankReversal,
];

/// A line with its case.
#[derive(Clone, Debug)]
pub struct LineWork {
    pub unit: UnitId,
    pub account: AccountId,
    pub line: LineId,
    pub booking_date: BusinessDay,
    /// Minus is money out.
    pub amount: Dong,
    /// The verified codes of the memo, joined by `+`.
    pub code: String,
    /// The memo holds something that looked like a code and failed its check.
    pub is_damaged: bool,
    pub bank_reference: Option<String>,
    pub revision: i64,
    pub case: Case,
    pub rule: &'static str,
    /// The evidence as JSON.
    pub evidence: String,
    /// What matching suggests where it may not decide, for the person who will.
    pub hint: Option<Hint>,
}

impl LineWork {
    pub(super) fn size(&self) -> Dong {
        Dong(self.amount.0.abs())
    }
}

/// What posting the lines did.
#[derive(Debug, Default)]
pub struct Posted {
    pub line_count: usize,
    pub receipts: Vec<(UnitId, ReceiptId)>,
}

/// What a posted line leaves on its row.
pub(super) struct Mark {
    pub(super) matched: Dong,
    pub(super) class: &'static str,
}

pub(super) struct Desk<'a> {
    pub(super) book: Book,
    pub(super) closed: BTreeSet<(UnitId, AccountId, BusinessDay)>,
    pub(super) match_parts: Vec<line_query::MatchPartRow>,
    pub(super) movement_keys: Vec<movement_query::MovementKeyRow>,
    pub(super) known_keys: HashMap<(UnitId, String), MovementId>,
    /// The first channel that claimed each movement.
    pub(super) channels: HashMap<(UnitId, MovementId), String>,
    /// The movements that a reversal's original shows.
    pub(super) originals: Originals,
    /// Obligations of which a document stands.
    pub(super) receipts_of: BTreeSet<(UnitId, ObligationId)>,
    /// Where a correction waits for its money: what of each payment came after the documents' money.
    pub(super) advances: HashMap<(UnitId, ObligationId, PaymentId), Dong>,
    /// What the payments that are taken back stand on.
    pub(super) stands_on: StandsOn,
    pub(super) codes: HashMap<String, (UnitId, ObligationId)>,
    pub(super) refunds: Refunds,
    pub(super) papers: Papers,
    pub(super) handovers: Handovers,
    pub(super) stamp: &'a Stamp<'a>,
}

/// Posts lines that were not posted yet. `seen` are the expected movements that matching knew.
///
/// A line that was posted meanwhile, or a claim that came meanwhile and may be a line's money,
/// makes the whole call fail as contended, so that the caller matches again.
pub fn post_lines(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    works: &[LineWork],
    seen: &BTreeSet<MovementId>,
) -> Result<Posted> {
    actor.require_role(&[Role::Finance, Role::System])?;
    for work in works {
        actor.scope.require(work.unit)?;
    }
    let mut works: Vec<&LineWork> = works.iter().collect();
    works.sort_by_key(|work| (work.unit, work.account, work.booking_date, work.line));
    lock(tx, &works)?;
    let accounts: BTreeSet<(UnitId, AccountId)> =
        works.iter().map(|work| (work.unit, work.account)).collect();
    let accounts: Vec<(UnitId, AccountId)> = accounts.into_iter().collect();
    overtaken::refuse(tx, &works, seen)?;
    let mut desk = look(tx, stamp, actor, &works, &accounts)?;
    let mut marks = Vec::with_capacity(works.len());
    for work in &works {
        marks.push(match work.case {
            Case::SameMoney(two) => same_money::post(tx, stamp, actor, &mut desk, work, two)?,
            _ => desk.post(work)?,
        });
    }
    write(tx, stamp, &desk, &works, &marks)?;
    std::mem::take(&mut desk.refunds).store(tx, stamp)?;
    std::mem::take(&mut desk.papers).store(tx, stamp)?;
    let written = flush(tx, stamp, actor, desk.book)?;
    failpoint::hit("match");
    Ok(Posted { line_count: works.len(), receipts: documents::all(&written) })
}

/// Locks what lines are posted under: their accounts, and every account of a unit of which one pays on what came for
/// another unit.
pub fn lock(tx: &mut Tx<'_>, works: &[&LineWork]) -> Result<()> {
    let mut accounts: BTreeSet<(UnitId, AccountId)> =
        works.iter().map(|work| (work.unit, work.account)).collect();
    accounts.extend(handover::accounts_of(tx, works)?);
    query::lock_accounts(tx, &accounts.into_iter().collect::<Vec<_>>())
}

impl Desk<'_> {
    fn post(&mut self, work: &LineWork) -> Result<Mark> {
        let size = work.size();
        let is_claimed = matches!(work.case, Case::Proof { .. } | Case::LumpSum(_));
        if let Some(mark) = if is_claimed { None } else { self.paper_line(work)? } {
            return Ok(mark);
        }
        match &work.case {
            Case::Proof { parts } => self.prove(work, parts),
            Case::SameMoney(_) => Err(Error::internal("posted by `same_money`")),
            Case::Withdrawal | Case::TakenOver => Err(Error::internal("posted by `restated`")),
            Case::TakenBack { .. } => Err(Error::internal("posted by `taken_back`")),
            Case::Credit { named } => {
                let destination = self.book.destination(work.unit, size, named, false);
                match destination {
                    Destination::Unknown(kind) => self.suspend(work, kind),
                    known => self.receive_line(work, &known),
                }
            }
            Case::BankFee => {
                self.entry(work, Account::ChargesToRecover, Account::Bank(work.account), size);
                Ok(Mark { matched: size, class: "bank_fee" })
            }
            Case::Interest => {
                self.entry(work, Account::Bank(work.account), Account::Interest, size);
                self.entry(work, Account::Interest, Account::BudgetDue("interest".into()), size);
                Ok(Mark { matched: size, class: "interest" })
            }
            Case::Reversal { original } => self.reverse(work, *original),
            Case::PosBatch(batch) => self.settle_batch(work, *batch),
            Case::LumpSum(lump) => self.settle_lump(work, lump),
            Case::UnknownCredit(kind) => self.suspend(work, *kind),
            Case::UnknownDebit(kind) => self.leave_unexplained(work, self.debit_kind(work, *kind)),
        }
    }

    /// The accounting date: the booking date, or the account's first open day after it.
    pub(super) fn accounting_date(&self, work: &LineWork) -> BusinessDay {
        let mut day = work.booking_date;
        while self.closed.contains(&(work.unit, work.account, day)) {
            day = day.next();
        }
        day
    }

    pub(super) fn entry(&mut self, work: &LineWork, debit: Account, credit: Account, amount: Dong) {
        let accounting_date = self.accounting_date(work);
        self.book.postings.push(Posting {
            unit: work.unit,
            debit,
            credit,
            amount,
            accounting_date,
            source: Source::Line(work.line),
        });
    }

    pub(super) fn link(&mut self, work: &LineWork, movement: MovementId, amount: Dong) -> Result<()> {
        self.match_parts.push(line_query::MatchPartRow {
            unit_id: work.unit,
            id: self.stamp.mint()?,
            line_id: work.line,
            movement_id: movement,
            amount,
            rule: work.rule,
            evidence: work.evidence.clone(),
            maker_person_id: None,
            checker_person_id: None,
            undoes_id: None,
            created_at: self.stamp.now,
        });
        Ok(())
    }

    /// Money in that nobody can place stands in suspense under its line until it is identified.
    pub(super) fn suspend(&mut self, work: &LineWork, kind: Kind) -> Result<Mark> {
        self.open_movement(work)?;
        self.entry(work, Account::Bank(work.account), Account::Suspense(work.line), work.size());
        self.note(work, kind, work.size());
        Ok(Mark { matched: work.size(), class: "unknown" })
    }

    pub(super) fn leave_unexplained(&mut self, work: &LineWork, kind: Kind) -> Result<Mark> {
        self.entry(work, Account::UnexplainedDebit(work.line), Account::Bank(work.account), work.size());
        self.note(work, kind, work.size());
        Ok(Mark { matched: work.size(), class: "unknown" })
    }

    pub(super) fn note(&mut self, work: &LineWork, kind: Kind, amount: Dong) {
        self.note_about(work, kind, Subject::Line(work.line), amount);
    }

    pub(super) fn note_about(&mut self, work: &LineWork, kind: Kind, subject: Subject, amount: Dong) {
        self.book.exceptions.push(exception::New {
            unit: work.unit,
            kind,
            subject,
            account: Some(work.account),
            amount,
            opened_on: work.booking_date,
            detail: Detail::Line {
                rule: work.rule.to_owned(),
                code: work.code.clone(),
                hint: work.hint.clone(),
            }
            .into(),
        });
    }
}
