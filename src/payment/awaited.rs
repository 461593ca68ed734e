//! A correction that asks for more money waits for it: its document is numbered when the
//! difference is collected, never before.

use super::awaited_query::{self, AwaitedRow};
use super::book::{Book, CollectedBy, Completion, Method};
use super::content::Material;
use super::correcting::{self, Corrects, kind_of};
use super::difference::moves;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::obligation::{self, Line, Obligation, edition};
use crate::party::{self, Payer};
use crate::receipt::cancel::{Step, advance};
use crate::receipt::issue::Draft;
use crate::receipt::query::{self as receipts, Stored};
use crate::receipt::relation::{self, Action, RelationRow};
use crate::receipt::{DocumentKind, content, printed};
use crate::store::{Conn, Stamp, Tx, rows};

/// A correcting document about to be made: what it corrects and how.
pub(super) struct Correcting {
    pub correction: CorrectionId,
    pub action: Action,
    pub original: Stored,
    pub payer: Payer,
    /// `GChu`: the earlier document and the agreement, in words.
    pub note: String,
    pub old: Vec<Line>,
    pub new: Vec<Line>,
    /// The revision of the waiting row; None when nothing waited.
    pub waiting: Option<i64>,
}

/// How and when the money came, for the document.
pub(super) struct Collected<'a> {
    pub at: Instant,
    pub by: &'a CollectedBy,
    pub method: Method,
}

/// Keeps the correction until its money is there.
pub(super) fn wait(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    owed: &Obligation,
    correcting: &Correcting,
    party: Option<PartyId>,
) -> Result<()> {
    rows::insert(
        tx,
        &[AwaitedRow {
            unit_id: owed.unit,
            correction_id: correcting.correction,
            obligation_id: owed.id,
            original_id: correcting.original.id,
            action: correcting.action.as_str(),
            party_id: party,
            note: correcting.note.clone(),
            created_at: stamp.now,
            state: "waiting",
            revision: 1,
        }],
    )
}

/// The correction whose document an obligation's completion makes. None for all that was never
/// amended, without asking the database.
pub(super) fn of(tx: &mut Tx<'_>, stamp: &Stamp<'_>, owed: &Obligation) -> Result<Option<Correcting>> {
    if owed.line_edition == 0 {
        return Ok(None);
    }
    let Some((correction, original, action, party, note, revision)) =
        awaited_query::waiting(tx, owed.unit, owed.id)?
    else {
        return Ok(None);
    };
    let missing = || Error::internal("a waiting correction names what is not there");
    let original = receipts::by_id(tx, owed.unit, original)?.ok_or_else(missing)?;
    let payer = payer(tx, stamp, &original, party)?;
    let (old, new) = edition::newest_two(tx, owed)?;
    let action = Action::parse(&action).ok_or_else(missing)?;
    Ok(Some(Correcting { correction, action, original, payer, note, old, new, waiting: Some(revision) }))
}

/// What a correction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// What is still missing. Nothing when its money came and its document is due.
    pub outstanding: Dong,
    pub since: Instant,
}

/// What an approved correction waits for; None when its document was made, and when it needed none.
pub fn of_correction(conn: &mut Conn, unit: UnitId, correction: CorrectionId) -> Result<Option<Awaited>> {
    let Some((owed, since)) = awaited_query::of_correction(conn, unit, correction)? else { return Ok(None) };
    let outstanding = obligation::find(conn, unit, owed)?.outstanding();
    Ok(Some(Awaited { outstanding, since }))
}

/// Whether the obligation's newest lines wait for their document: its receipt then stands on what
/// was paid before, and later money is an advance.
pub(super) fn is_waiting(tx: &mut Tx<'_>, owed: &Obligation) -> Result<bool> {
    Ok(owed.line_edition > 0 && awaited_query::waiting(tx, owed.unit, owed.id)?.is_some())
}

/// What the documents that stand say while newer lines wait for theirs: the sum of the lines before.
/// None when nothing waits.
pub(super) fn recognised(tx: &mut Tx<'_>, owed: &Obligation) -> Result<Option<Dong>> {
    if !is_waiting(tx, owed)? {
        return Ok(None);
    }
    let (old, _) = edition::newest_two(tx, owed)?;
    Dong::sum(old.iter().map(|line| line.amount)).map(Some)
}

/// What of each share came after the money the documents stand on, oldest payment first: the
/// documents are covered first, the rest is an advance. Pure.
pub(super) fn advances(shares: &[(PaymentId, Dong)], recognised: Dong) -> Result<Vec<(PaymentId, Dong)>> {
    let mut shares = shares.to_vec();
    shares.sort_unstable_by_key(|(payment, _)| *payment);
    let mut uncovered = recognised;
    let mut advances = Vec::with_capacity(shares.len());
    for (payment, share) in shares {
        let covers = share.min(uncovered);
        uncovered = uncovered.checked_sub(covers)?;
        advances.push((payment, share.checked_sub(covers)?));
    }
    Ok(advances)
}

/// The payer of a correcting document: the corrected one, or as the original's newest adjustment prints
/// them, or the original.
pub(super) fn payer(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    original: &Stored,
    party: Option<PartyId>,
) -> Result<Payer> {
    if let Some(party) = party {
        let key = (original.unit, party);
        return Ok(party::load(tx, stamp.vault, &[key])?.remove(&key).unwrap_or_default());
    }
    Ok(correcting::payer_of(relation::payer_printed(tx, original.unit, original.id)?))
}

/// How the original's money came, as it prints it: a correction for as much or less has no other.
pub(super) fn collected_as_printed(tx: &mut Tx<'_>, original: &Stored) -> Result<(CollectedBy, Method)> {
    let printed = printed::read(&receipts::body(tx, original.unit, original.id)?)?;
    let channel = printed.collected_by.strip_prefix(content::AUTOMATIC).map(str::to_owned);
    let by = channel.map_or(CollectedBy::Officer(printed.collected_by), CollectedBy::Channel);
    let methods = [Method::Transfer, Method::Cash, Method::Card];
    let method = methods.into_iter().find(|method| method.on_receipt() == printed.payment_method);
    Ok((by, method.unwrap_or(Method::Transfer)))
}

impl Correcting {
    /// The kind of the original, which is its own too.
    pub fn kind(&self) -> Result<DocumentKind> {
        kind_of(&self.original)
    }

    /// The document: all lines when it replaces, differences when it adjusts.
    pub fn draft(&self, book: &Book, owed: &Obligation, collected: &Collected<'_>) -> Result<Draft> {
        let missing = || Error::internal("a correction's unit was not read");
        let material = Material {
            unit: book.units.get(&owed.unit).ok_or_else(missing)?,
            imprint: book.imprints.get(&owed.unit),
            payer: &self.payer,
            dossier_code: &owed.dossier_code,
            lines: &self.new,
            method: collected.method,
            collected_at: collected.at,
            collected_by: collected.by,
        };
        let corrects = Corrects {
            action: self.action,
            original: &self.original,
            note: &self.note,
            old: &self.old,
            new: &self.new,
        };
        Ok(Draft {
            unit: owed.unit,
            obligation: owed.id,
            kind: self.kind()?,
            content: correcting::document(&material, &corrects)?,
            collected_at: collected.at,
        })
    }

    /// What the fees change by.
    pub fn difference(&self) -> Result<Dong> {
        let sum = |lines: &[Line]| Dong::sum(lines.iter().map(|line| line.amount));
        sum(&self.new)?.checked_sub(sum(&self.old)?)
    }

    /// Marks the original and records the relation, once the document has its number.
    pub fn made(
        &self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        actor: &Actor,
        owed: &Obligation,
        made: ReceiptId,
        posted_on: BusinessDay,
    ) -> Result<()> {
        let (from, to): (&[&str], _) = match self.action {
            Action::Adjust => (&["signed", "adjusted"], "adjusted"),
            _ => (&["signed"], "replaced"),
        };
        let step = Step { from, to, reason: &self.note };
        advance(tx, stamp, actor, owed.unit, self.original.id, step)?;
        relation::record(
            tx,
            RelationRow {
                unit_id: owed.unit,
                correction_id: self.correction,
                receipt_id: made,
                original_id: self.original.id,
                action: self.action.as_str(),
                account_id: owed.account,
                posted_on,
                difference: self.difference()?,
                created_at: stamp.now,
            },
        )?;
        match self.waiting {
            Some(revision) => awaited_query::issued(tx, owed.unit, self.correction, revision),
            None => Ok(()),
        }
    }

    /// The postings of collected differences: advance / fees, and what moved between fees.
    pub fn post_up(
        &self,
        book: &mut Book,
        owed: (UnitId, ObligationId),
        made: ReceiptId,
        on: BusinessDay,
    ) -> Result<()> {
        let moves = moves(self.kind()?, &self.old, &self.new)?;
        let advance = Account::ReceivedInAdvance(owed.1);
        let collected = moves.up.into_iter().map(|(credit, amount)| (advance.clone(), credit, amount));
        for (debit, credit, amount) in moves.between.into_iter().chain(collected) {
            book.postings.push(Posting {
                unit: owed.0,
                debit,
                credit,
                amount,
                accounting_date: on,
                source: Source::Receipt(made),
            });
        }
        Ok(())
    }
}

/// The document of a completion, when it makes a correcting one.
pub(super) fn of_completion(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &Book,
    completion: &Completion,
) -> Result<Option<(Correcting, Draft)>> {
    let missing = || Error::internal("a paid obligation was not read");
    let owed = &book.obligations.get(&(completion.unit, completion.obligation)).ok_or_else(missing)?.value;
    let Some(correcting) = of(tx, stamp, owed)? else { return Ok(None) };
    let collected =
        Collected { at: completion.collected_at, by: &completion.collected_by, method: completion.method };
    let draft = correcting.draft(book, owed, &collected)?;
    Ok(Some((correcting, draft)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_after_the_documents_money_is_an_advance() {
        let shares = [(PaymentId(3), Dong(4)), (PaymentId(1), Dong(20)), (PaymentId(2), Dong(8))];
        let of = |recognised: i64| -> Vec<i64> {
            advances(&shares, Dong(recognised)).unwrap().into_iter().map(|(_, share)| share.0).collect()
        };
        assert_eq!(of(20), [0, 8, 4]);
        assert_eq!(of(25), [0, 3, 4]);
        assert_eq!(of(0), [20, 8, 4]);
        assert_eq!(of(99), [0, 0, 0]);
    }
}
