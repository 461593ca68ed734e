//! What a unit had left when another goes on for it: open obligations are raised anew there, and their codes lead
//! on; what is left in the books is posted over; its series stop. First everything else must be settled.

use super::account::under_way;
use super::winding_up_query::{self as query, HandoverRow};
use super::{Obstacle, What, counted, require_none};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::{AccountId, EventId, ObligationId, UnitId};
use crate::ledger::{self, Account, Posting, Source};
use crate::obligation::{self, IntakeMode, NewObligation, Obligation, State, moved};
use crate::party;
use crate::reconciliation::day_close;
use crate::store::failure;
use crate::store::{Conn, Lane, Stamp, Store, Tx, rows};
pub use crate::unit::succession::handed_over;
use crate::unit::succession::{self, Succession};
use crate::unit::{account, series};

/// Obligations moved in one transaction.
const CHUNK: i64 = 100;

/// What a handover did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    pub obligations: i64,
    pub series: usize,
}

/// What stands in the way of handing a unit over. Obligations on which no money stands are moved and do not.
pub fn obstacles(conn: &mut Conn, merger: &Succession) -> Result<Vec<Obstacle>> {
    let unit = merger.unit;
    let mut found = Vec::new();
    found.extend(counted(What::ShiftOpen, query::shifts(conn, unit)?));
    for one in account::of_unit(conn, unit)? {
        let last_line = query::last_line(conn, unit, one.id)?;
        let Some(last_line) = last_line else { continue };
        // Of an account that ended, the days are asked for up to its last line: money may have come since.
        let until = one.closed_on.unwrap_or(merger.effective_on.plus_days(-1)).max(last_line);
        let first_open = day_close::first_open_day(conn, unit, one.id)?;
        if first_open <= until {
            let detail = format!("{} {first_open} – {until}", one.account_no);
            found.push(Obstacle { what: What::DayOpen, detail });
        }
    }
    found.extend(counted(What::ClaimUnproven, query::expected(conn, unit, None)?));
    found.extend(under_way(conn, unit, None)?);
    found.extend(counted(What::ReceiptUnsigned, query::unsigned(conn, unit)?));
    found.extend(counted(What::ExceptionOpen, query::exceptions(conn, unit, None)?));
    found.extend(counted(What::CorrectionOpen, query::corrections(conn, unit)?));
    found.extend(counted(What::ObligationOpen, query::obligations_with_money(conn, unit)?));
    // What came with a merger before stands on accounts of the unit that ended then.
    let own = account::of_unit(conn, unit)?;
    let is_open = |id: AccountId| own.iter().any(|one| one.id == id && one.closed_on.is_none());
    for (name, balance) in ledger::trial_balance(conn, unit)? {
        match owned(&name) {
            None => found.push(Obstacle { what: What::Balance, detail: format!("{name} {balance}") }),
            Some(Owned::Bank(id)) if is_open(id) => {
                found.push(Obstacle { what: What::AccountOpen, detail: format!("{name} {balance}") });
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// A balance that is nobody's claim and goes over as it is: what accounts began with and still hold, and what the
/// bank moved between units of a merger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owned {
    Bank(AccountId),
    Opening(AccountId),
    Merger(UnitId),
}

impl Owned {
    fn account(self) -> Account {
        match self {
            Owned::Bank(id) => Account::Bank(id),
            Owned::Opening(id) => Account::Opening(id),
            Owned::Merger(unit) => Account::Merger(unit),
        }
    }
}

fn owned(name: &str) -> Option<Owned> {
    let (kind, id) = name.split_once('/')?;
    match kind {
        "bank" => id.parse().ok().map(Owned::Bank),
        "opening" => id.parse().ok().map(Owned::Opening),
        "merger" => id.parse().ok().map(Owned::Merger),
        _ => None,
    }
}

/// Hands over what a unit had left. Asking again after a failure goes on where it stopped.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `merger_missing`, `merger_not_yet`, `unit_handed_over`, `unit_busy` with
/// everything that is open, `unit_has_no_account` of the successor.
pub fn hand_over<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
) -> Result<Done> {
    actor.require_role(&[Role::Administrator])?;
    actor.require_person()?;
    let merger = store.read(&Scope::All, |conn| due(conn, &stamp(), actor, unit))?;
    store.read(&Scope::All, |conn| require_none("unit_busy", &obstacles(conn, &merger)?))?;
    while store.write(&Scope::All, Lane::Bulk, |tx| move_some(tx, &stamp(), actor, &merger))? > 0 {}
    store.write(&Scope::All, Lane::Live, |tx| finish(tx, &stamp(), actor, &merger))
}

/// The merger whose handover an actor may carry out now.
fn due(conn: &mut Conn, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId) -> Result<Succession> {
    actor.scope.require(unit)?;
    let mut merger = succession::ending(conn, unit)?
        .ok_or_else(|| Error::conflict("merger_missing", "no merger ends this unit"))?;
    // Where the successor was merged on meanwhile, everything goes to who goes on for it today.
    while let Some(next) =
        succession::ending(conn, merger.successor)?.filter(|next| next.effective_on <= stamp.today())
    {
        merger.successor = next.successor;
    }
    actor.scope.require(merger.successor)?;
    if merger.effective_on > stamp.today() {
        let detail = format!("the merger holds from {} on", merger.effective_on);
        return Err(Error::conflict("merger_not_yet", detail));
    }
    if handed_over(conn, unit)?.is_some() {
        return Err(Error::conflict("unit_handed_over", "it was handed over already"));
    }
    Ok(merger)
}

/// Moves obligations that were raised and never paid; returns how many.
fn move_some(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, merger: &Succession) -> Result<usize> {
    let ids: Vec<(UnitId, ObligationId)> =
        query::raised(tx, merger.unit, CHUNK)?.into_iter().map(|id| (merger.unit, id)).collect();
    let mut count = 0;
    for one in obligation::query::lock(tx, &ids)?.into_iter().filter(|one| one.state == State::Raised) {
        move_one(tx, stamp, actor, merger, &one)?;
        count += 1;
    }
    Ok(count)
}

fn move_one(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    merger: &Succession,
    old: &Obligation,
) -> Result<()> {
    let program = |client| Actor { person: actor.person, client, role: Role::System, scope: Scope::All };
    let key = (old.unit, old.party);
    let payer = party::load(tx, stamp.vault, &[key])?.remove(&key).unwrap_or_default();
    let lines = obligation::lines(tx, old.unit, old.id)?;
    let goes_on = |unit: UnitId| if unit == merger.unit { merger.successor } else { unit };
    let new = NewObligation {
        unit: merger.successor,
        dossier_code: old.dossier_code.clone(),
        procedure_code: old.procedure_code.clone(),
        procedure_field: old.procedure_field.clone(),
        intake_mode: IntakeMode::parse(&old.intake_mode)?,
        receiving_unit: goes_on(old.receiving_unit),
        competent_unit: goes_on(old.competent_unit),
        submitted_at: old.submitted_at,
        result_due_on: old.result_due_on,
        due_on: old.due_on,
        electronic_required: old.electronic_required,
        payer,
        lines,
        waived_ground: None,
    };
    // The dossier system that raised it sees it go on.
    let raised = obligation::raise(tx, stamp, &program(old.client), new)?;
    moved::record(tx, stamp, (old.unit, old.id), (raised.unit, raised.id))?;
    let reason = format!("merger {}: {}", merger.decision, raised.reference_code);
    obligation::cancel(tx, stamp, &program(None), old.unit, old.id, &reason)?;
    Ok(())
}

fn finish(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, merger: &Succession) -> Result<Done> {
    query::lock_unit(tx, merger.unit)?;
    let merger = &due(tx, stamp, actor, merger.unit)?;
    require_none("unit_busy", &obstacles(tx, merger)?)?;
    if !query::raised(tx, merger.unit, 1)?.is_empty() {
        return Err(Error::busy(failure::RETRY, 1, "an obligation was opened meanwhile"));
    }
    let id: EventId = stamp.mint()?;
    post_over(tx, stamp, merger, id)?;
    let mut stopped = 0;
    for one in series::of_unit(tx, merger.unit)? {
        if matches!(one.phase, series::life::Phase::Open | series::life::Phase::Planned) {
            series::life::stop(tx, stamp, actor, merger.unit, one.id, &merger.decision)?;
            stopped += 1;
        }
    }
    let obligations = query::moved(tx, merger.unit)?;
    let row = HandoverRow {
        unit_id: merger.unit,
        id,
        successor_id: merger.successor,
        obligations,
        person_id: actor.require_person()?,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    let entries =
        [merger.unit, merger.successor].map(|unit| audit::Entry::by(actor, unit, "unit.handed_over", id));
    audit::record(tx, stamp, &entries)?;
    Ok(Done { obligations, series: stopped })
}

/// Each balance against `merger`, mirrored in the successor: both trial balances stay zero. What the bank moved on
/// before stands against `merger` already, and in the books of who got it: it is told here alone.
fn post_over(tx: &mut Tx<'_>, stamp: &Stamp<'_>, merger: &Succession, id: EventId) -> Result<()> {
    let mut postings = Vec::new();
    let later = succession::after(tx, merger.unit)?;
    for (name, balance) in ledger::trial_balance(tx, merger.unit)? {
        let Some(owned) = owned(&name).filter(|one| *one != Owned::Merger(merger.successor)) else {
            continue;
        };
        let is_told = matches!(owned, Owned::Merger(other) if later.contains(&other));
        let posting = |unit, debit, credit, amount| Posting {
            unit,
            debit,
            credit,
            amount,
            accounting_date: stamp.today(),
            source: Source::Handover(id),
        };
        let (own, there, here) =
            (owned.account(), Account::Merger(merger.successor), Account::Merger(merger.unit));
        if balance.is_positive() {
            postings.push(posting(merger.unit, there, own.clone(), balance));
            postings.extend((!is_told).then(|| posting(merger.successor, own, here, balance)));
        } else {
            let amount = Dong::ZERO.checked_sub(balance)?;
            postings.push(posting(merger.unit, own.clone(), there, amount));
            postings.extend((!is_told).then(|| posting(merger.successor, here, own, amount)));
        }
    }
    ledger::post(tx, stamp, &postings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_accounts_began_with_and_hold_goes_over_unsettled() {
        let id = AccountId(7);
        assert_eq!(owned(&Account::Bank(id).to_string()), Some(Owned::Bank(id)));
        assert_eq!(owned(&Account::Opening(id).to_string()), Some(Owned::Opening(id)));
        assert_eq!(owned(&Account::Merger(UnitId(3)).to_string()), Some(Owned::Merger(UnitId(3))));
        for other in [Account::RefundPayable, Account::Interest, Account::BudgetDue("3000".into())] {
            assert_eq!(owned(&other.to_string()), None, "{other}");
        }
    }
}
