//! All accounts of the city at a glance: which have no statement, which are open or late, and how
//! old the oldest money is that nobody has explained.

mod query;
pub mod rules;

use std::collections::HashMap;

use serde::Serialize;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::statement::import::masked;
use crate::store::{Conn, Stamp};
use crate::unit;
pub use rules::Standing;

/// One account.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub unit_code: String,
    pub unit_name: String,
    pub unit: UnitId,
    pub account: AccountId,
    /// Masked.
    pub account_no: String,
    pub standing: Standing,
    pub closed_until: Option<BusinessDay>,
    pub statement_until: Option<BusinessDay>,
    /// The last day whose statement must be there.
    pub statement_due: BusinessDay,
    pub has_statement: bool,
    pub open_days: i64,
    pub late_days: i64,
    /// Lines and claims nobody has explained, their money, and how many days the oldest waits.
    pub unexplained_count: i64,
    pub unexplained: Dong,
    pub oldest_days: Option<i64>,
}

/// The accounts and how many stand how.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    pub today: BusinessDay,
    pub accounts: usize,
    pub up_to_date: usize,
    pub open: usize,
    pub no_statement: usize,
    pub late: usize,
    pub unexplained: Dong,
    pub oldest_days: Option<i64>,
    /// The worst first.
    pub rows: Vec<Row>,
}

/// The accounts of one unit, or of all in the caller's scope.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `amount_out_of_range`.
pub fn overview(conn: &mut Conn, stamp: &Stamp<'_>, actor: &Actor, unit: Option<UnitId>) -> Result<Overview> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System])?;
    if let Some(unit) = unit {
        actor.scope.require(unit)?;
    }
    let today = stamp.today();
    let names: HashMap<UnitId, (String, String)> =
        unit::all(conn)?.into_iter().map(|unit| (unit.id, (unit.code, unit.name))).collect();
    let closed = query::closed_until(conn)?;
    let statements = query::statement_until(conn)?;
    let unexplained = query::unexplained(conn)?;
    let after_end = query::lines_after_end(conn)?;
    let mut rows = Vec::new();
    for one in query::accounts(conn, unit)?.into_iter().filter(|one| actor.scope.covers(one.unit)) {
        let key = (one.unit, one.account);
        let closed_until = closed.get(&key).copied();
        let statement_until = statements.get(&key).copied();
        let first_open = closed_until.map_or(one.opened_on, BusinessDay::next);
        // Lines that came after an account's end are proven too.
        let last = one.closed_on.map(|ended| after_end.get(&key).copied().map_or(ended, |on| on.max(ended)));
        let judged = rules::judge(stamp.calendar, today, (first_open, last), statement_until);
        let open = unexplained.get(&key);
        let (unit_code, unit_name) = names.get(&one.unit).cloned().unwrap_or_default();
        rows.push(Row {
            unit_code,
            unit_name,
            unit: one.unit,
            account: one.account,
            account_no: masked(&one.account_no),
            standing: judged.standing,
            closed_until,
            statement_until,
            statement_due: judged.statement_due,
            has_statement: judged.has_statement,
            open_days: judged.open_days,
            late_days: judged.late_days,
            unexplained_count: open.map_or(0, |open| open.count),
            unexplained: open.map_or(Dong::ZERO, |open| open.amount),
            oldest_days: open.map(|open| (today.0 - open.oldest.0).num_days().max(0)),
        });
    }
    rows.sort_by(|one, other| {
        let rank = |row: &Row| (std::cmp::Reverse(row.standing), std::cmp::Reverse(row.late_days));
        rank(one).cmp(&rank(other)).then_with(|| one.unit_code.cmp(&other.unit_code))
    });
    let count = |standing: Standing| rows.iter().filter(|row| row.standing == standing).count();
    Ok(Overview {
        today,
        accounts: rows.len(),
        up_to_date: count(Standing::UpToDate),
        open: count(Standing::Open),
        no_statement: count(Standing::NoStatement),
        late: count(Standing::Late),
        unexplained: Dong::sum(rows.iter().map(|row| row.unexplained))?,
        oldest_days: rows.iter().filter_map(|row| row.oldest_days).max(),
        rows,
    })
}
