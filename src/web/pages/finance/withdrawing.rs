//! On the workbench: a correction whose difference nobody pays is withdrawn, the receipt stands.

use crate::actor::{Actor, Role};
use crate::correction::{self, withdrawal};
use crate::error::{Error, Result};
use crate::exception::{Detail, Exception, Kind, State};
use crate::id::CorrectionId;
use crate::payment::awaited;
use crate::store::{Conn, Stamp, Tx};
use crate::web::pages::wording::Lang;

/// The correction whose difference an item asks for, as far as its withdrawal goes.
pub(super) struct Withdrawing {
    /// The next step and the effect, in the reader's language: the receipt stands, unlike with other parts
    /// that are missing.
    pub next_step: &'static str,
    pub effect: &'static str,
    /// Whether the reader may ask for it now.
    pub can_ask: bool,
    /// It is asked for and waits for another person.
    pub is_asked: bool,
}

/// None for an item that asks for no correction's difference.
pub(super) fn of(conn: &mut Conn, lang: Lang, role: Role, item: &Exception) -> Result<Option<Withdrawing>> {
    let Some(id) = correction_of(item) else { return Ok(None) };
    let state = correction::find(conn, item.unit, id)?.state;
    let waits = item.state == State::Open && awaited::of_correction(conn, item.unit, id)?.is_some();
    Ok(Some(Withdrawing {
        next_step: lang.t("underpaid_correction_next"),
        effect: lang.t("underpaid_correction_effect"),
        can_ask: waits && role == Role::Finance && state == correction::State::Approved,
        is_asked: waits && state == correction::State::WithdrawalRequested,
    }))
}

/// Asks for the withdrawal.
///
/// # Errors
/// `resolution_unfit` for another item, and those of `withdrawal::ask`.
pub(super) fn ask(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    reason: &str,
) -> Result<()> {
    let unfit = || Error::conflict("resolution_unfit", "it asks for no correction's difference");
    let id = correction_of(item).ok_or_else(unfit)?;
    withdrawal::ask(tx, stamp, actor, item.unit, id, reason).map(|_| ())
}

fn correction_of(item: &Exception) -> Option<CorrectionId> {
    match Detail::read(&item.detail) {
        Some(Detail::Correction { correction, .. }) if item.kind == Kind::Underpaid => Some(correction),
        _ => None,
    }
}
