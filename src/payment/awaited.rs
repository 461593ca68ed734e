//! A correction that asks for more money waits for it: its document is numbered when the
//! difference is collected, never before.

use super::awaited_query::{self, AwaitedRow};
use super::book::{Book, CollectedBy, Completion, Method};
use super::content::{Material, receipt_content};
use super::difference::{difference_lines, moves};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::obligation::{Line, Obligation, edition};
use crate::party::{self, Payer};
use crate::receipt::cancel::{Step, advance};
use crate::receipt::content::{CorrectionAction, ReceiptKind};
use crate::receipt::issue::Draft;
use crate::receipt::query::{self as receipts, Stored};
use crate::receipt::relation::{self, Action, RelationRow};
use crate::receipt::{DocumentKind, content, printed};
use crate::store::{Stamp, Tx, rows};

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

/// Whether the obligation's newest lines wait for their document: its receipt then stands on what
/// was paid before, and later money is an advance.
pub(super) fn is_waiting(tx: &mut Tx<'_>, owed: &Obligation) -> Result<bool> {
    Ok(owed.line_edition > 0 && awaited_query::waiting(tx, owed.unit, owed.id)?.is_some())
}

/// The payer of a correcting document: the corrected one, or as the original prints it.
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
    let body = receipts::body(tx, original.unit, original.id)?;
    let printed = printed::read(&body)?.payer;
    Ok(Payer {
        name: printed.name,
        address: printed.address,
        tax_code: printed.tax_code,
        personal_id: printed.personal_id,
        passport: printed.passport,
        phone: printed.phone,
        email: printed.email,
    })
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
    /// The document: all lines when it replaces, differences when it adjusts.
    pub fn draft(&self, book: &Book, owed: &Obligation, collected: &Collected<'_>) -> Result<Draft> {
        let missing = || Error::internal("a correction's unit was not read, or it prints nothing");
        let lines = match self.action {
            Action::Adjust => difference_lines(&self.old, &self.new)?,
            _ => self.new.clone(),
        };
        let content = receipt_content(&Material {
            unit: book.units.get(&owed.unit).ok_or_else(missing)?,
            imprint: book.imprints.get(&owed.unit),
            payer: &self.payer,
            dossier_code: &owed.dossier_code,
            lines: &lines,
            method: collected.method,
            collected_at: collected.at,
            collected_by: collected.by,
        })?;
        let mut content = content.ok_or_else(missing)?;
        content.relation = Some(self.relation()?);
        Ok(Draft {
            unit: owed.unit,
            obligation: owed.id,
            kind: DocumentKind::Receipt,
            content: content.into(),
            collected_at: collected.at,
        })
    }

    fn relation(&self) -> Result<content::Relation> {
        let number = u32::try_from(self.original.number);
        Ok(content::Relation {
            action: match self.action {
                Action::Adjust => CorrectionAction::Adjusts,
                _ => CorrectionAction::Replaces,
            },
            kind: ReceiptKind::WithoutPrintedValue,
            template: self.original.template.clone(),
            series: self.original.series.clone(),
            number: number.map_err(|_| Error::internal("receipt number out of range"))?,
            issued_on: self.original.issued_on,
            note: Some(self.note.clone()).filter(|note| !note.is_empty()),
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
        let moves = moves(&self.old, &self.new)?;
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
