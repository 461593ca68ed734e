//! Several credits that pay one obligation together. One person proposes all of them at once, another approves all of
//! them at once; their sum is exactly what is owed, so that nothing of it stays due or becomes too much.

use super::{query as payments, repaid, resolve};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{self, Ask, COMBINE, Exception, State, query, work_query};
use crate::id::*;
use crate::obligation;
use crate::store::{Conn, Stamp, Tx, failure};

/// Who decides about a combination, as about its parts.
const DECIDERS: [Role; 2] = [Role::Finance, Role::Approver];
/// The most credits of one combination.
pub const LIMIT: usize = 200;

/// How a sum stands to what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    Exact,
    /// So much would stay due.
    Less(Dong),
    /// So much would be too much.
    More(Dong),
}

impl Fit {
    fn of(sum: Dong, owed: Dong) -> Result<Fit> {
        let rest = sum.checked_sub(owed)?;
        Ok(match rest.0.signum() {
            0 => Fit::Exact,
            1 => Fit::More(rest),
            _ => Fit::Less(Dong(rest.0.abs())),
        })
    }

    fn require(self) -> Result<()> {
        match self {
            Fit::Exact => Ok(()),
            Fit::Less(rest) => Err(Error::conflict(
                "combine_less",
                format!("{} đồng would stay due: add a credit, or assign each by itself", rest.0),
            )),
            Fit::More(rest) => Err(Error::conflict(
                "combine_more",
                format!("{} đồng would be too much: leave a credit out, or split it first", rest.0),
            )),
        }
    }
}

/// How a sum stands to what an obligation owes now, or owes again under its document.
///
/// # Errors
/// `obligation_not_found`.
pub fn fit(conn: &mut Conn, (unit, id): (UnitId, ObligationId), sum: Dong) -> Result<Fit> {
    let owed = obligation::find(conn, unit, id)?;
    let again = repaid::owed_again(conn, &owed)?;
    Fit::of(sum, owed.outstanding().checked_add(again)?)
}

/// What the parts add up to.
pub fn sum(parts: &[Exception]) -> Result<Dong> {
    Dong::sum(parts.iter().map(|one| one.amount))
}

/// Whether these items can be combined: at least two, open, of one unit, each with money that waits for its place.
///
/// # Errors
/// `combine_few`, `combine_units`, `combine_unfit`.
pub fn check(conn: &mut Conn, parts: &[Exception]) -> Result<()> {
    let wrong = |code, why| Error::conflict(code, why);
    if parts.len() < 2 {
        return Err(wrong("combine_few", "choose at least two"));
    }
    let unit = parts.first().map(|one| one.unit);
    if parts.iter().any(|one| Some(one.unit) != unit) {
        return Err(wrong("combine_units", "they are of several units"));
    }
    for item in parts {
        let fits = resolve::check_proposal(conn, item, COMBINE, Some(item.id.0)).is_ok();
        if item.state != State::Open || !fits {
            return Err(wrong("combine_unfit", "one of them is no money that waits for its place"));
        }
    }
    Ok(())
}

/// Proposes all of them for one obligation, or none.
///
/// # Errors
/// As of `check` and `exception::propose`; `combine_less`, `combine_more`.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    parts: &[Exception],
    (obligation, reason): (ObligationId, &str),
) -> Result<Vec<Exception>> {
    check(tx, parts)?;
    let mut proposed = Vec::with_capacity(parts.len());
    for item in parts {
        let ask = Ask::from((COMBINE, Some(obligation.0), reason));
        proposed.push(exception::propose(tx, stamp, actor, item.unit, item.id, ask)?);
    }
    if let Some(first) = parts.first() {
        fit(tx, (first.unit, obligation), sum(parts)?)?.require()?;
    }
    Ok(proposed)
}

/// All that one person proposed for one obligation in the same act and that waits still, this item among them; nothing
/// where it was proposed alone.
pub fn of(conn: &mut Conn, item: &Exception) -> Result<Vec<Exception>> {
    if item.state != State::Proposed {
        return Ok(Vec::new());
    }
    let mut parts = Vec::new();
    for id in work_query::proposed_together(conn, item, COMBINE)? {
        parts.push(exception::find(conn, item.unit, id)?);
    }
    Ok(parts)
}

/// Another person approves all of a combination, in one transaction; what the parts were before, and the documents.
///
/// # Errors
/// `combine_alone`, `combine_less`, `combine_more`, and as of `resolve::approve`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
) -> Result<(Vec<Exception>, Vec<(UnitId, ReceiptId)>)> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let parts = locked(tx, (unit, id))?;
    let target = exception::proposal(tx, unit, id)?.target.map(ObligationId);
    let missing = || Error::invalid("target", "target_missing", "name the obligation");
    let obligation = target.ok_or_else(missing)?;
    // Nobody else pays it between the question and the answer.
    let accounts: Vec<_> = parts.iter().filter_map(|part| Some((unit, part.account?))).collect();
    payments::lock_accounts(tx, &accounts)?;
    obligation::query::lock(tx, &[(unit, obligation)])?;
    let fit = fit(tx, (unit, obligation), sum(&parts)?)?;
    let mut receipts = Vec::new();
    for part in &parts {
        receipts.extend(resolve::approve_part(tx, stamp, actor, unit, part.id)?);
    }
    fit.require()?;
    Ok((parts, receipts))
}

/// Sends all of a combination back; what the parts were before.
///
/// # Errors
/// `combine_alone`, and as of `exception::refuse`.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
    reason: &str,
) -> Result<Vec<Exception>> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let parts = locked(tx, (unit, id))?;
    for part in &parts {
        exception::refuse_part(tx, stamp, actor, unit, part.id, reason)?;
    }
    Ok(parts)
}

/// The parts, each locked in the order of their ids before any money is.
fn locked(tx: &mut Tx<'_>, (unit, id): (UnitId, ExceptionId)) -> Result<Vec<Exception>> {
    let found = standing(tx, (unit, id))?;
    if found.is_empty() {
        return Err(Error::conflict("combine_alone", "it was proposed alone: decide on it by itself"));
    }
    for part in &found {
        query::lock(tx, unit, part.id)?;
    }
    // Somebody may have sent it back, and proposed something else, before the locks were taken.
    let parts = standing(tx, (unit, id))?;
    let seen = |parts: &[Exception]| parts.iter().map(|part| (part.id, part.revision)).collect::<Vec<_>>();
    if seen(&found) != seen(&parts) {
        return Err(Error::busy(failure::RETRY, 1, "the combination changed meanwhile"));
    }
    Ok(parts)
}

fn standing(conn: &mut Conn, (unit, id): (UnitId, ExceptionId)) -> Result<Vec<Exception>> {
    let item = exception::find(conn, unit, id)?;
    of(conn, &item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_what_is_owed_is_combined_and_the_rest_is_said() {
        let fit = |sum, owed| Fit::of(Dong(sum), Dong(owed)).unwrap();
        assert!(fit(25, 25).require().is_ok());
        assert_eq!((fit(20, 25), fit(30, 25)), (Fit::Less(Dong(5)), Fit::More(Dong(5))));
        let refused = |fit: Fit| fit.require().unwrap_err();
        assert_eq!(refused(fit(20, 25)).code(), "combine_less");
        let more = refused(fit(30, 25));
        assert!(more.code() == "combine_more" && more.detail().starts_with("5 đồng"), "{}", more.detail());
    }
}
