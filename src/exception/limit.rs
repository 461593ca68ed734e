//! Up to which sum one person may settle an exception alone. Without a limit nobody may, and
//! refunds, write-offs, un-matching and re-opening always take two.

use super::work_query::{self, LimitRow};
use super::{Exception, worded};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};

/// The resolutions that one person may carry out within the limit. All others give money away or
/// take a match back.
pub const ALONE: [&str; 5] = ["acknowledge", "assign", "bank_charge", "deposit", "remittance"];

/// The limit that counts; None while none is set.
pub fn in_force(conn: &mut Conn, unit: UnitId) -> Result<Option<Dong>> {
    work_query::limit(conn, unit)
}

/// Whether one person may settle the item so. The database holds the same rule. Pure.
pub fn one_person_may(item: &Exception, resolution: &str, limit: Option<Dong>) -> bool {
    let asks_nothing = resolution == "acknowledge" && item.kind.one_person_may_acknowledge();
    let is_small = limit.is_some_and(|limit| item.amount <= limit) && !item.kind.blocks_day_close();
    asks_nothing || ALONE.contains(&resolution) && is_small
}

/// Whether a limit can be asked for at all. Pure.
///
/// # Errors
/// `limit_wrong`, `decision_missing`.
pub fn check(amount: Dong, decision_no: &str) -> Result<()> {
    if amount < Dong::ZERO {
        return Err(Error::invalid("amount", "limit_wrong", "zero or above"));
    }
    check_decision(decision_no)
}

/// Whether the decision about a limit is named.
///
/// # Errors
/// `decision_missing`, `field_too_long`.
pub fn check_decision(decision_no: &str) -> Result<()> {
    worded("decision", decision_no, "decision_missing", 100).map(|_| ())
}

/// Sets the limit of a unit; two persons decide, and their decision has a number.
///
/// # Errors
/// `maker_is_checker`, `limit_wrong`, `decision_missing`.
pub fn set(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (amount, decision_no): (Dong, &str),
    (maker, checker): (PersonId, PersonId),
) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    check(amount, decision_no)?;
    if maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    let id: EventId = stamp.mint()?;
    let row = LimitRow {
        unit_id: unit,
        id,
        amount,
        decision_no: worded("decision", decision_no, "decision_missing", 100)?,
        maker_person_id: maker,
        checker_person_id: checker,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "exception.limit_set", id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exception::{Kind, State};

    fn item(kind: Kind, amount: i64) -> Exception {
        let day = "2026-11-23".parse().unwrap();
        Exception {
            unit: UnitId(2),
            id: ExceptionId(1),
            kind,
            subject_kind: "line".into(),
            subject_id: 1,
            account: None,
            amount: Dong(amount),
            owner: "finance".into(),
            assignee: None,
            opened_on: day,
            due_on: day,
            detail: String::new(),
            created_at: crate::clock::Instant(0),
            state: State::Open,
            revision: 1,
        }
    }

    #[test]
    fn within_the_limit_one_person_links_money_and_never_gives_any_away() {
        let small = item(Kind::UnidentifiedCredit, 50_000);
        assert!(one_person_may(&small, "assign", Some(Dong(50_000))));
        assert!(!one_person_may(&small, "assign", Some(Dong(49_999))));
        assert!(!one_person_may(&small, "assign", None), "nobody set a limit");
        for never in ["to_budget", "disprove", "shortage", "refund_debit", "refund_over", "shortage_repaid"] {
            assert!(!one_person_may(&small, never, Some(Dong(i64::MAX))), "{never}");
        }
    }

    #[test]
    fn what_asks_for_nothing_is_acknowledged_by_one() {
        assert!(one_person_may(&item(Kind::DuplicateCallback, 1), "acknowledge", None));
        assert!(!one_person_may(&item(Kind::Overpaid, 1), "acknowledge", None));
        let gap = item(Kind::StatementGap, 0);
        assert!(!one_person_may(&gap, "acknowledge", Some(Dong(1))), "it would let a day close");
    }

    #[test]
    fn the_database_lists_the_same_kinds_and_resolutions() {
        let kinds: Vec<String> = Kind::all()
            .filter(|kind| kind.one_person_may_acknowledge())
            .map(|kind| kind.number().to_string())
            .collect();
        let kinds = format!("x.kind IN ({})", kinds.join(", "));
        let resolutions = format!("NEW.resolution IN ('{}')", ALONE.join("', '"));
        for sql in [
            include_str!("../../migrations/postgresql/2026-11-27-000029_exception_work/up.sql"),
            include_str!("../../migrations/sqlite/2026-11-27-000029_exception_work/up.sql"),
        ] {
            assert!(sql.contains(&kinds), "{kinds}");
            assert!(sql.contains(&resolutions), "{resolutions}");
            let blocking: Vec<String> = Kind::all()
                .filter(|kind| kind.blocks_day_close())
                .map(|kind| kind.number().to_string())
                .collect();
            assert!(sql.contains(&format!("x.kind NOT IN ({})", blocking.join(", "))));
        }
    }
}
