//! One line's money paid for several obligations, and a person says which part is whose. What of a part
//! is more than its obligation owes is a surplus of that part; what nobody is given stays in suspense
//! under the line, with an exception of its own.

use std::collections::BTreeSet;

use super::book::{Book, CollectedBy, Destination, Held, Incoming, Method};
use super::flush::flush;
use super::held::{load_obligations, movement_row, touch};
use super::line_query::{self, MatchPartRow};
use super::movement::{Movement, State};
use super::split_query::{self as parts_query, PartRow};
use super::{documents, movement_query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation;
use crate::store::{Conn, Stamp, Tx, rows};

/// The resolution's name.
pub const SPLIT: &str = "split";
/// More of them a person does not oversee.
pub const PART_LIMIT: usize = 20;
pub(super) const RULE: &str = "split_by_hand";

/// So much for one obligation of the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub obligation: ObligationId,
    pub amount: Dong,
}

/// The parts that were proposed last.
pub fn proposed(conn: &mut Conn, item: &Exception) -> Result<Vec<Part>> {
    parts_query::newest(conn, item.unit, item.id)
}

/// What the parts leave of the money. `split_parts_wrong` when they are none or too many, name an
/// obligation twice, or come to more than there is.
fn rest(item: &Exception, parts: &[Part]) -> Result<Dong> {
    let wrong = |detail: &str| Error::invalid("parts", "split_parts_wrong", detail);
    let named: BTreeSet<ObligationId> = parts.iter().map(|part| part.obligation).collect();
    if !(1..=PART_LIMIT).contains(&parts.len()) || named.len() != parts.len() {
        return Err(wrong("1 to 20 parts, each obligation once"));
    }
    if parts.iter().any(|part| !part.amount.is_positive()) {
        return Err(wrong("each part is above zero"));
    }
    let rest = item.amount.checked_sub(Dong::sum(parts.iter().map(|part| part.amount))?)?;
    if rest < Dong::ZERO {
        return Err(wrong("together no more than the money"));
    }
    Ok(rest)
}

/// Keeps the parts of a proposal.
///
/// # Errors
/// `split_parts_wrong`, `obligation_not_found`.
pub(super) fn keep(tx: &mut Tx<'_>, stamp: &Stamp<'_>, item: &Exception, parts: &[Part]) -> Result<()> {
    rest(item, parts)?;
    let mut kept = Vec::with_capacity(parts.len());
    for (part_no, part) in (1..).zip(parts) {
        obligation::find(tx, item.unit, part.obligation)?;
        kept.push(PartRow {
            unit_id: item.unit,
            exception_id: item.id,
            revision: item.revision,
            part_no,
            obligation_id: part.obligation,
            amount: part.amount,
            created_at: stamp.now,
        });
    }
    rows::insert(tx, &kept)
}

/// What is split: the line, and the movement whose money stands in suspense under it.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub line: LineId,
    pub movement: MovementId,
    pub on: BusinessDay,
}

/// Carries the split out: each part is a movement of its own that the line shows from now on.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    source: Source,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let parts = proposed(tx, item)?;
    let rest = rest(item, &parts)?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let keys: Vec<(UnitId, ObligationId)> = parts.iter().map(|part| (item.unit, part.obligation)).collect();
    load_obligations(tx, stamp, &mut book, &keys)?;
    if book.obligations.len() != parts.len() {
        return Err(obligation::not_found());
    }
    let whole = movement_query::movements(tx, &[(item.unit, source.movement)])?.pop();
    let whole = whole.ok_or_else(|| Error::internal("a matched movement is gone"))?;
    let persons = (proposal.maker, actor.require_person()?);
    let mut cut = Cut { stamp, source, persons, whole: &whole, movements: Vec::new(), matches: Vec::new() };
    cut.undo(tx)?;
    for part in &parts {
        let code = book.obligations.get(&(item.unit, part.obligation));
        let code = code.map(|held| held.value.reference_code.clone()).unwrap_or_default();
        let payment: PaymentId = stamp.mint()?;
        let movement = cut.add(part.amount, code, Some(payment))?;
        let incoming = incoming(stamp, item, source, (movement, part.amount));
        book.receive(payment, &incoming, &Destination::Obligations(vec![part.obligation]))?;
    }
    if rest.is_positive() {
        let movement = cut.add(rest, String::new(), None)?;
        book.exceptions.push(exception::New {
            unit: item.unit,
            kind: Kind::UnidentifiedCredit,
            subject: Subject::Movement(movement),
            account: item.account,
            amount: rest,
            opened_on: source.on,
            detail: Detail::RestOfSplit { line: source.line }.into(),
        });
    }
    let (movements, matches) = (cut.movements, cut.matches);
    rows::insert(tx, &movements.iter().map(|one| movement_row(one, stamp)).collect::<Vec<_>>())?;
    rows::insert(tx, &matches)?;
    let revision = whole.revision;
    let mut held = Held::read(whole, revision);
    held.value.state = State::Reversed;
    held.value.proven = Dong::ZERO;
    touch(&mut held);
    book.movements.insert((item.unit, source.movement), held);
    let written = flush(tx, stamp, actor, book)?;
    Ok(documents::all(&written))
}

fn incoming(
    stamp: &Stamp<'_>,
    item: &Exception,
    source: Source,
    (movement, amount): (MovementId, Dong),
) -> Incoming {
    Incoming {
        unit: item.unit,
        amount,
        movement: Some(movement),
        account: item.account,
        shift: None,
        method: Method::Transfer,
        channel: "statement".into(),
        debit: Account::Suspense(source.line),
        accounting_date: source.on,
        collected_at: stamp.now,
        collected_by: CollectedBy::Channel("statement".into()),
        is_proven: true,
    }
}

/// The movement that is cut into pieces, and what takes its place under the line.
struct Cut<'a> {
    stamp: &'a Stamp<'a>,
    source: Source,
    /// Who proposed and who approved it.
    persons: (PersonId, PersonId),
    whole: &'a Movement,
    movements: Vec<Movement>,
    matches: Vec<MatchPartRow>,
}

impl Cut<'_> {
    /// The line shows the whole no more.
    fn undo(&mut self, conn: &mut Conn) -> Result<()> {
        let standing = line_query::standing_parts(conn, self.whole.unit, self.source.line)?;
        for (id, movement, amount) in standing.into_iter().filter(|part| part.1 == self.whole.id) {
            self.link(movement, amount, Some(id))?;
        }
        Ok(())
    }

    fn add(&mut self, amount: Dong, code: String, payment: Option<PaymentId>) -> Result<MovementId> {
        let id: MovementId = self.stamp.mint()?;
        self.movements.push(Movement {
            id,
            amount,
            code,
            proven: amount,
            claimed_by: String::new(),
            payment,
            state: State::Proven,
            revision: 1,
            ..self.whole.clone()
        });
        self.link(id, amount, None)?;
        Ok(id)
    }

    fn link(&mut self, movement_id: MovementId, amount: Dong, undoes_id: Option<MatchId>) -> Result<()> {
        let (maker, checker) = self.persons;
        self.matches.push(MatchPartRow {
            unit_id: self.whole.unit,
            id: self.stamp.mint()?,
            line_id: self.source.line,
            movement_id,
            amount,
            rule: RULE,
            evidence: "[]".to_owned(),
            maker_person_id: Some(maker),
            checker_person_id: Some(checker),
            undoes_id,
            created_at: self.stamp.now,
        });
        Ok(())
    }
}
