//! Looks at the document that is to be corrected, and whether the change fits it: when it is asked
//! for and again when it is approved.

use super::rules::{self, Change, Corrections, Standing};
use super::{Agreement, Ask, Correction, Kind, at_amount, words};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation::{self, Line};
use crate::party::{self, Payer};
use crate::payment::correcting::{self, Corrects, Parties, kind_of, stands_on};
use crate::receipt::query::{self as receipts, Stored};
use crate::receipt::{DocumentKind, profile, relation};
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
    rules::check(
        kind,
        &Standing {
            state: &original.state,
            corrects,
            obligation: obligation.state,
            allowed: Corrections::of(profile::for_day(stamp.today()), document),
        },
    )?;
    let (lines, others): (Vec<Line>, Vec<Line>) = obligation::lines(conn, unit, original.obligation)?
        .into_iter()
        .partition(|line| stands_on(document, line));
    let others_paid = others.iter().any(|line| line.amount.is_positive());
    let payer = payer_shown(conn, unit, id)?;
    Ok(Looked { original, document, obligation, lines, others_paid, payer })
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

/// The lines as asked. Where only the payer is named they stay as they are. An adjustment to nothing keeps
/// the items at nothing, so that the obligation still says what it was about.
pub(super) fn asked_lines(ask: &Ask, looked: &Looked) -> Vec<Line> {
    match ask.kind {
        Kind::Cancel => Vec::new(),
        _ if ask.lines.is_empty() && ask.payer.is_some() => looked.lines.clone(),
        Kind::Adjust if ask.lines.is_empty() => {
            looked.lines.iter().map(|line| at_amount(line, Dong::ZERO)).collect()
        }
        _ => ask.lines.clone(),
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
