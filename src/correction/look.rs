//! Looks at the document that is to be corrected, and whether the change fits it: when it is asked
//! for and again when it is approved.

use super::rules::{self, Change, Corrections, Standing};
use super::{Agreement, Ask, Correction, Kind, at_amount, words};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::filing::notice;
use crate::id::*;
use crate::obligation::{self, Line};
use crate::party::{self, Payer};
use crate::payment::correcting::{self, Corrects, Parties, kind_of, stands_on};
use crate::receipt::profile::{self, Certainty, Profile};
use crate::receipt::query::{self as receipts, Stored};
use crate::receipt::{DocumentKind, relation};
use crate::store::{Conn, Stamp};
use crate::unit;

/// The document to be corrected, as it stands.
pub(super) struct Looked {
    pub original: Stored,
    pub document: DocumentKind,
    obligation: obligation::Obligation,
    /// The lines in force that stand on it.
    pub lines: Vec<Line>,
    others_paid: bool,
    /// As it prints the payer.
    pub payer: Payer,
    /// It ended here because its money never came, and stands at the authority.
    pub is_withdrawn: bool,
}

impl Looked {
    /// How sure the rule is by which it is corrected.
    pub fn certainty(&self, law: &Profile) -> Certainty {
        let rules = law.rules_of_correcting(self.document);
        rules[usize::from(self.is_withdrawn)].certainty
    }
}

/// Reads the document and applies the rules of its chain.
pub(super) fn look(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    id: ReceiptId,
    kind: Kind,
) -> Result<Looked> {
    let not_found = || Error::not_found("receipt_not_found", "no such receipt in your scope");
    let original = receipts::by_id(conn, unit, id)?.ok_or_else(not_found)?;
    let document = kind_of(&original)?;
    let obligation = obligation::find(conn, unit, original.obligation)?;
    let corrects = relation::of_document(conn, unit, id)?.map(|relation| relation.action);
    let law = profile::for_day(stamp.today());
    let is_withdrawn = notice::is_untold(conn, &original)?;
    if is_withdrawn {
        rules::check_withdrawn(kind, corrects, law)?;
    } else {
        let allowed = Corrections::of(law, document);
        let state = &original.state;
        rules::check(kind, &Standing { state, corrects, obligation: obligation.state, allowed })?;
    }
    let (lines, others): (Vec<Line>, Vec<Line>) = obligation::lines(conn, unit, original.obligation)?
        .into_iter()
        .partition(|line| stands_on(document, line));
    let others_paid = others.iter().any(|line| line.amount.is_positive());
    let payer = payer_shown(conn, unit, id)?;
    let looked = Looked { original, document, obligation, lines, others_paid, payer, is_withdrawn };
    if is_withdrawn {
        still_its_lines(conn, &looked)?;
    }
    Ok(looked)
}

/// What a cancelled invoice and its adjustments say is what the lines in force come to: other lines are another
/// document's, and their sums would not take back what the authority has.
fn still_its_lines(conn: &mut Conn, looked: &Looked) -> Result<()> {
    let original = &looked.original;
    let mut said = original.amount;
    for id in relation::adjustments(conn, original.unit, original.id)? {
        let adjusting = receipts::by_id(conn, original.unit, id)?;
        said = said.checked_add(adjusting.map_or(Dong::ZERO, |one| one.amount))?;
    }
    if Dong::sum(looked.lines.iter().map(|line| line.amount))? == said {
        return Ok(());
    }
    let detail = "its lines were changed since; notice 04/SS-HĐĐT tells the authority of its end";
    Err(Error::conflict("correction_document_unfit", detail))
}

/// The payer as the document's newest adjustment prints them, or the document itself.
pub(super) fn payer_shown(conn: &mut Conn, unit: UnitId, id: ReceiptId) -> Result<Payer> {
    Ok(correcting::payer_of(relation::payer_printed(conn, unit, id)?))
}

/// How a correction is asked for, as its document will tell it.
pub(super) struct Draft<'a> {
    pub way: Kind,
    pub agreement: &'a Agreement,
}

/// The lines as asked. Where only the payer is named they stay as they are. A request that names neither says of
/// no line what it should have been: who takes all of them off names each at nothing. Only an invoice that is
/// cancelled here already can be adjusted to nothing else.
///
/// # Errors
/// `correction_lines_missing`, `correction_cancel_whole`.
pub(super) fn asked_lines(ask: &Ask, looked: &Looked) -> Result<Vec<Line>> {
    match ask.kind {
        Kind::Cancel => rules::check_cancel(&ask.lines, ask.payer.as_ref()).map(|()| Vec::new()),
        _ if !ask.lines.is_empty() => Ok(ask.lines.clone()),
        _ if ask.payer.is_some() => Ok(looked.lines.clone()),
        Kind::Adjust if looked.is_withdrawn => {
            Ok(looked.lines.iter().map(|line| at_amount(line, Dong::ZERO)).collect())
        }
        _ => {
            let detail = "name the lines as they should have been, or the payer; a line at 0 is taken off";
            Err(Error::invalid("lines", "correction_lines_missing", detail))
        }
    }
}

pub(super) fn check_change(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    looked: &Looked,
    draft: &Draft<'_>,
    lines: &[Line],
    payer: Option<&Payer>,
) -> Result<()> {
    let (way, today) = (draft.way, stamp.today());
    if looked.is_withdrawn && lines.iter().any(|line| !line.amount.is_zero()) {
        let detail = "a cancelled invoice is adjusted to nothing: name no line, or each at 0";
        return Err(Error::invalid("lines", "correction_only_to_nothing", detail));
    }
    rules::check_change(&Change {
        way,
        document: looked.document,
        old: &looked.lines,
        new: lines,
        shown: &looked.payer,
        corrected: payer,
        others_paid: looked.others_paid,
        may_cancel: Corrections::of(profile::for_day(today), looked.document).cancel,
    })?;
    if way == Kind::Cancel {
        return Ok(());
    }
    let unit = unit::find(conn, looked.original.unit)?;
    let imprint = unit::imprint::in_force(conn, &[unit.id], today)?.pop().map(|(_, imprint)| imprint);
    let parties = Parties {
        unit: &unit,
        imprint: imprint.as_ref(),
        payer: payer.unwrap_or(&looked.payer),
        dossier_code: &looked.obligation.dossier_code,
    };
    let note = words::note(way, &looked.original, draft.agreement);
    let (old, original) = (&looked.lines, &looked.original);
    let corrects = Corrects { action: way.action(), original, note: &note, old, new: lines };
    correcting::check(&parties, &corrects, today)
}

/// The payer as asked for; None when nothing was wrong with that.
pub(super) fn corrected_payer(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    correction: &Correction,
) -> Result<Option<Payer>> {
    let Some(party) = correction.party else { return Ok(None) };
    let key = (correction.unit, party);
    Ok(party::load(conn, stamp.vault, &[key])?.remove(&key))
}
