//! Posting statement lines: each line once, by its case, whatever was claimed before.
//!
//! A line proves movements that channels claimed, or brings money nobody claimed, or is a charge,
//! interest, a reversal, or unexplained. The same six steps as settling: accounts are locked
//! first, everything is read again under the locks, every write is guarded.

use std::collections::{BTreeSet, HashMap};

use super::book::{Book, CollectedBy, Destination, Held, Incoming, Method, PaymentState};
pub use super::case::Case;
use super::flush::flush;
use super::handover::Handovers;
use super::held::{load_obligations, movement_row, touch};
use super::movement::{Movement, State, bank_key, line_key};
use super::paper_line::{Papers, case_name};
use super::refund::line::Refunds;
use super::reversal::{Originals, direction};
use super::{Direction, documents, line_query, overtaken, query, reversal, same_money};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Hint, Kind, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::obligation;
use crate::store::failpoint;
use crate::store::{Stamp, Tx, rows};

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
    pub(super) movement_keys: Vec<query::MovementKeyRow>,
    pub(super) known_keys: HashMap<(UnitId, String), MovementId>,
    /// The first channel that claimed each movement.
    pub(super) channels: HashMap<(UnitId, MovementId), String>,
    /// The movements that a reversal's original shows.
    pub(super) originals: Originals,
    /// Obligations of which a document stands.
    pub(super) receipts_of: BTreeSet<(UnitId, ObligationId)>,
    /// Where a correction waits for its money: what of each payment came after the documents' money.
    pub(super) advances: HashMap<(UnitId, ObligationId, PaymentId), Dong>,
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
    let accounts: BTreeSet<(UnitId, AccountId)> =
        works.iter().map(|work| (work.unit, work.account)).collect();
    let accounts: Vec<(UnitId, AccountId)> = accounts.into_iter().collect();
    query::lock_accounts(tx, &accounts)?;
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

pub(super) fn look<'a>(
    tx: &mut Tx<'_>,
    stamp: &'a Stamp<'a>,
    actor: &Actor,
    works: &[&LineWork],
    accounts: &[(UnitId, AccountId)],
) -> Result<Desk<'a>> {
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let mut movement_ids: BTreeSet<(UnitId, MovementId)> = BTreeSet::new();
    let mut line_ids: BTreeSet<(UnitId, LineId)> = BTreeSet::new();
    let mut named = Originals::new();
    for work in works {
        match &work.case {
            Case::Proof { parts } => movement_ids.extend(parts.iter().map(|(id, _)| (work.unit, *id))),
            Case::SameMoney(two) => movement_ids.extend(two.map(|id| (work.unit, id))),
            Case::LumpSum(lump) => movement_ids.extend(lump.parts.iter().map(|(id, _)| (work.unit, *id))),
            Case::Reversal { original } => {
                line_ids.insert((work.unit, *original));
                movement_ids.extend(reversal::claimed(tx, work)?);
            }
            Case::TakenBack { movement } => {
                movement_ids.insert((work.unit, *movement));
                named.entry((work.unit, work.line)).or_default().push(*movement);
            }
            _ => {}
        }
    }
    let mut originals = named;
    for (unit, line, movement) in
        line_query::movements_of_lines(tx, &line_ids.into_iter().collect::<Vec<_>>())?
    {
        originals.entry((unit, line)).or_default().push(movement);
        movement_ids.insert((unit, movement));
    }
    let movement_ids: Vec<(UnitId, MovementId)> = movement_ids.into_iter().collect();
    for movement in query::movements(tx, &movement_ids)? {
        let revision = movement.revision;
        book.movements.insert((movement.unit, movement.id), Held::read(movement, revision));
    }
    reversal::drop_placed(tx, works, &book, &mut originals)?;
    let channels = line_query::first_channels(tx, &movement_ids)?;
    let references: BTreeSet<(UnitId, String)> =
        works.iter().filter_map(|work| reference_key(work)).collect();
    let references: Vec<(UnitId, String)> = references.into_iter().collect();
    let known_keys =
        query::movement_keys(tx, &references)?.into_iter().map(|(unit, key, id)| ((unit, key), id)).collect();
    let reversed = reversal::obligations(tx, &book, &originals)?;
    let codes = lock_obligations(tx, stamp, works, &mut book, reversed)?;
    let mut refunds = Refunds::named(tx, works)?;
    let papers = Papers::named(tx, works)?;
    let handovers = Handovers::named(tx, works)?;
    lock_payments(tx, &mut book, [refunds.payments(), papers.batches.payments()].concat())?;
    refunds.read(tx, &book.payments.keys().copied().collect::<Vec<_>>())?;
    let paid: Vec<(UnitId, ObligationId)> = book.obligations.keys().copied().collect();
    let receipts_of = crate::receipt::query::current_of_obligations(tx, &paid)?
        .into_iter()
        .map(|current| (current.unit, current.obligation))
        .collect();
    let advances = reversal::advances(tx, &book, works)?;
    let earliest = works.iter().map(|work| work.booking_date).min().unwrap_or_else(|| stamp.today());
    let closed = query::closed_days(tx, accounts, earliest)?.into_iter().collect();
    Ok(Desk {
        book,
        closed,
        match_parts: Vec::new(),
        movement_keys: Vec::new(),
        known_keys,
        channels,
        originals,
        receipts_of,
        advances,
        codes,
        refunds,
        papers,
        handovers,
        stamp,
    })
}

pub(super) fn reference_key(work: &LineWork) -> Option<(UnitId, String)> {
    let reference = work.bank_reference.as_deref().filter(|reference| !reference.trim().is_empty())?;
    Some((work.unit, bank_key(work.account, direction(work), reference, work.size(), 0)))
}

/// Obligations named by the lines, by the movements they show, and by the payments they touch.
fn lock_obligations(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    works: &[&LineWork],
    book: &mut Book,
    reversed: Vec<(UnitId, ObligationId)>,
) -> Result<HashMap<String, (UnitId, ObligationId)>> {
    let mut ids: BTreeSet<(UnitId, ObligationId)> = reversed.into_iter().collect();
    let mut codes: BTreeSet<String> = BTreeSet::new();
    for work in works {
        if let Case::Credit { named } = &work.case {
            ids.extend(named.iter().copied());
        }
    }
    for held in book.movements.values() {
        codes.extend(held.value.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned));
    }
    let resolved = obligation::query::resolve_codes(tx, &codes.into_iter().collect::<Vec<_>>())?;
    ids.extend(resolved.values().copied());
    load_obligations(tx, stamp, book, &ids.into_iter().collect::<Vec<_>>())?;
    Ok(resolved)
}

fn lock_payments(tx: &mut Tx<'_>, book: &mut Book, refunded: Vec<(UnitId, PaymentId)>) -> Result<()> {
    let mut ids: BTreeSet<(UnitId, PaymentId)> = book
        .movements
        .values()
        .filter_map(|held| held.value.payment.map(|payment| (held.value.unit, payment)))
        .collect();
    ids.extend(refunded);
    let mut pairs = BTreeSet::new();
    for payment in query::lock_payments(tx, &ids.into_iter().collect::<Vec<_>>())? {
        if let Some(account) = payment.account {
            pairs.insert((payment.unit, account, payment.channel.clone()));
        }
        let revision = payment.revision;
        book.payments.insert((payment.unit, payment.id), Held::read(payment, revision));
    }
    for (key, (unproven, revision)) in query::exposures(tx, &pairs.into_iter().collect::<Vec<_>>())? {
        book.exposures.insert(key, Held::read(unproven, revision));
    }
    Ok(())
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

    fn incoming(&self, work: &LineWork, amount: Dong, movement: MovementId, channel: String) -> Incoming {
        Incoming {
            unit: work.unit,
            amount,
            movement: Some(movement),
            account: Some(work.account),
            shift: None,
            method: Method::Transfer,
            collected_by: CollectedBy::Channel(channel.clone()),
            channel,
            debit: Account::Bank(work.account),
            accounting_date: self.accounting_date(work),
            collected_at: work.booking_date.start(),
            is_proven: true,
        }
    }

    /// The line shows movements that channels claimed.
    pub(super) fn prove(&mut self, work: &LineWork, parts: &[(MovementId, Dong)]) -> Result<Mark> {
        let shown = Dong::sum(parts.iter().map(|(_, amount)| *amount))?;
        if shown != work.size() {
            return Err(Error::internal("the parts of a proof do not sum to the line"));
        }
        let mut class = "fee_receipt";
        for (id, amount) in parts {
            self.link(work, *id, *amount)?;
            class = self.prove_part(work, *id, *amount)?;
        }
        Ok(Mark { matched: shown, class })
    }

    fn prove_part(&mut self, work: &LineWork, id: MovementId, amount: Dong) -> Result<&'static str> {
        let held = self
            .book
            .movements
            .get_mut(&(work.unit, id))
            .ok_or_else(|| Error::internal("a proof names a movement that is not there"))?;
        if held.value.open() < amount || held.value.state != State::Expected {
            return Err(Error::busy(crate::store::failure::RETRY, 1, "the movement was proven meanwhile"));
        }
        held.value.proven = held.value.proven.checked_add(amount)?;
        let is_whole = held.value.open().is_zero();
        if is_whole {
            held.value.state = State::Proven;
        }
        touch(held);
        let movement = held.value.clone();
        let subject = Subject::Movement(id);
        for kind in CLAIM_KINDS {
            self.book.settled_exceptions.push((
                work.unit,
                kind,
                subject,
                "the line shows it and takes it over",
            ));
        }
        let may_be_ours = movement.payment.is_none() && amount == work.size();
        if let Some(mark) = if may_be_ours { self.paper_line(work)? } else { None } {
            return Ok(mark.class);
        }
        if movement.direction == Direction::Debit {
            let kind = self.debit_kind(work, Kind::UnknownDebit);
            self.entry(work, Account::UnexplainedDebit(work.line), Account::Bank(work.account), amount);
            self.note(work, kind, amount);
            return Ok("unknown");
        }
        match movement.payment {
            Some(payment) => self.prove_payment(work, payment, amount, is_whole),
            None => self.take_advised(work, &movement, amount),
        }
    }

    /// The money was settled on the channel's word; now the bank says so too.
    fn prove_payment(
        &mut self,
        work: &LineWork,
        id: PaymentId,
        amount: Dong,
        is_whole: bool,
    ) -> Result<&'static str> {
        let held = self
            .book
            .payments
            .get(&(work.unit, id))
            .ok_or_else(|| Error::internal("a movement names a payment that is not there"))?;
        let (channel, other_unit) = (held.value.channel.clone(), held.value.other_unit);
        self.entry(
            work,
            Account::Bank(work.account),
            Account::Clearing(work.account, channel.clone()),
            amount,
        );
        self.book.expose(work.unit, work.account, &channel, Dong(-amount.0))?;
        if is_whole {
            self.book.tell_payment(work.unit, id, "proven", PaymentState::Proven, None)?;
        }
        if other_unit.is_positive() {
            // The claim's exception ends with its proof, the debt to the other unit does not.
            self.note(work, Kind::WrongAccount, amount);
            return Ok("other_unit");
        }
        Ok("fee_receipt")
    }

    /// The channel only advised: the line settles what the claim announced.
    fn take_advised(&mut self, work: &LineWork, movement: &Movement, amount: Dong) -> Result<&'static str> {
        let named = self.named(&movement.code);
        let destination = self.book.destination(work.unit, amount, &named, work.is_damaged);
        if let Destination::Unknown(kind) = destination {
            self.entry(work, Account::Bank(work.account), Account::Suspense(work.line), amount);
            // Of several claims under one line each is looked for alone, with a sum of its own.
            match amount == work.size() {
                true => self.note(work, kind, amount),
                false => self.note_about(work, Kind::BulkSettlement, Subject::Movement(movement.id), amount),
            }
            return Ok("unknown");
        }
        let channel =
            self.channels.get(&(work.unit, movement.id)).cloned().unwrap_or_else(|| "statement".into());
        self.receive(work, movement.id, amount, channel, &destination)
    }

    /// By the directory of codes, which shows other units' obligations too, whoever asks.
    pub(super) fn named(&self, code: &str) -> Vec<(UnitId, ObligationId)> {
        let mut named: Vec<(UnitId, ObligationId)> =
            code.split('+').filter_map(|code| self.codes.get(code).copied()).collect();
        named.sort_unstable();
        named
    }

    pub(super) fn receive(
        &mut self,
        work: &LineWork,
        movement: MovementId,
        amount: Dong,
        channel: String,
        destination: &Destination,
    ) -> Result<&'static str> {
        self.receive_at(work, movement, amount, channel, destination, Account::Bank(work.account))
    }

    /// The same, where the money is not on the bank account by itself.
    pub(super) fn receive_at(
        &mut self,
        work: &LineWork,
        movement: MovementId,
        amount: Dong,
        channel: String,
        destination: &Destination,
        debit: Account,
    ) -> Result<&'static str> {
        let payment: PaymentId = self.stamp.mint()?;
        let incoming = Incoming { debit, ..self.incoming(work, amount, movement, channel) };
        self.book.receive(payment, &incoming, destination)?;
        if let Some(held) = self.book.movements.get_mut(&(work.unit, movement)) {
            held.value.payment = Some(payment);
            touch(held);
        }
        if let Destination::OtherUnit(..) = destination {
            self.note(work, Kind::WrongAccount, amount);
            return Ok("other_unit");
        }
        Ok("fee_receipt")
    }

    /// Money nobody claimed: the line opens the movement itself.
    fn receive_line(&mut self, work: &LineWork, destination: &Destination) -> Result<Mark> {
        let movement = self.open_movement(work)?;
        let class = self.receive(work, movement, work.size(), "statement".into(), destination)?;
        Ok(Mark { matched: work.size(), class })
    }

    fn open_movement(&mut self, work: &LineWork) -> Result<MovementId> {
        self.open_part(work, work.size())
    }

    /// The movement of what a line brings that nobody claimed.
    pub(super) fn open_part(&mut self, work: &LineWork, amount: Dong) -> Result<MovementId> {
        let id: MovementId = self.stamp.mint()?;
        let movement = Movement {
            unit: work.unit,
            id,
            account: work.account,
            direction: direction(work),
            amount,
            code: work.code.clone(),
            first_seen_on: work.booking_date,
            proven: amount,
            claimed_by: String::new(),
            payment: None,
            state: State::Proven,
            revision: 1,
        };
        self.book.movements.insert((work.unit, id), Held::fresh(movement));
        self.key(work.unit, line_key(work.line), id);
        if let Some((unit, key)) = reference_key(work) {
            self.key(unit, key, id);
        }
        self.link(work, id, amount)?;
        Ok(id)
    }

    /// Records a key unless another movement has it: references may repeat.
    fn key(&mut self, unit: UnitId, key: String, movement: MovementId) {
        if let std::collections::hash_map::Entry::Vacant(free) = self.known_keys.entry((unit, key.clone())) {
            free.insert(movement);
            self.movement_keys.push(query::MovementKeyRow { unit_id: unit, key, movement_id: movement });
        }
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

pub(super) fn write(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    desk: &Desk<'_>,
    works: &[&LineWork],
    marks: &[Mark],
) -> Result<()> {
    let mut fresh: Vec<query::MovementRow> = desk
        .book
        .movements
        .values()
        .filter(|held| held.read_revision.is_none())
        .map(|held| movement_row(&held.value, stamp))
        .collect();
    fresh.sort_by_key(|row| (row.unit_id, row.id));
    rows::insert(tx, &fresh)?;
    rows::insert(tx, &desk.movement_keys)?;
    rows::insert(tx, &desk.match_parts)?;
    let evidence = line_query::evidence_of(works, &desk.match_parts, stamp.now);
    rows::insert(tx, &evidence)?;
    let cases: Vec<line_query::LineCaseRow> = works
        .iter()
        .zip(marks)
        .map(|(work, mark)| line_query::LineCaseRow {
            unit_id: work.unit,
            line_id: work.line,
            case_name: case_name(work, mark),
            accounting_date: desk.accounting_date(work),
            created_at: stamp.now,
        })
        .collect();
    let is_new = rows::insert_if_absent(tx, &cases, &["unit_id", "line_id"])?;
    if is_new.contains(&false) {
        return Err(Error::busy(crate::store::failure::RETRY, 1, "a line was posted meanwhile"));
    }
    let marked: Vec<line_query::LineMark> = works
        .iter()
        .zip(marks)
        .map(|(work, mark)| line_query::LineMark {
            unit: work.unit,
            line: work.line,
            revision: work.revision,
            matched: mark.matched,
            class: mark.class,
            posted_on: desk.accounting_date(work),
        })
        .collect();
    line_query::mark_lines(tx, &marked)
}
