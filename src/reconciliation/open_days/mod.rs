//! The days of an account that are over and not closed. A day gets its row when it is closed, so these have none, or
//! one that two persons opened again. Each is listed with what it waits for, in the words of the closing.

mod query;

use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::Kind;
use crate::id::ExceptionId;
use crate::reconciliation::day_close;
use crate::reconciliation::day_close::outline::in_its_way;
use crate::reconciliation::overview::rules::judge;
use crate::reconciliation::proof::Obstacle;
use crate::statement::{quarantine, version};
use crate::store::{Conn, Stamp};
use crate::unit::BankAccount;

/// The most days of one list: a year of them.
pub const LIMIT: usize = 366;

const READERS: [Role; 5] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System];

/// A day that is over and not closed.
#[derive(Clone, Debug)]
pub struct OpenDay {
    pub date: BusinessDay,
    /// It should have been closed by now.
    pub is_late: bool,
    /// Nothing where it can be closed.
    pub waits_for: Vec<Obstacle>,
}

impl OpenDay {
    /// The stable word.
    pub fn state(&self) -> &'static str {
        if self.is_late { "late" } else { "open" }
    }
}

/// Those of a span, the oldest first, since days close in their order.
#[derive(Clone, Debug, Default)]
pub struct OpenDays {
    pub days: Vec<OpenDay>,
    /// All of the span, though fewer may be listed.
    pub count: usize,
}

/// The first and the last day that are asked for, each if it is.
pub type Span = (Option<BusinessDay>, Option<BusinessDay>);

/// The open days of a span, at most so many. What each waits for is told without proving it: some set queries answer
/// for all of them.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn between(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    account: &BankAccount,
    (span, limit): (Span, usize),
) -> Result<OpenDays> {
    actor.require_role(&READERS)?;
    actor.scope.require(account.unit)?;
    if account.bank_bin.is_empty() {
        return Ok(OpenDays::default());
    }
    let closed = day_close::last_closed(conn, account.unit, account.id)?;
    let first = closed.map_or(account.opened_on, BusinessDay::next);
    // Lines that came after an account's end are proven too.
    let ended = match account.closed_on {
        Some(ended) => Some(query::line_after(conn, account, ended)?.map_or(ended, |on| on.max(ended))),
        None => None,
    };
    let over = stamp.today().plus_days(-1);
    let last = ended.map_or(over, |ended| over.min(ended));
    let from = span.0.map_or(first, |from| from.max(first));
    let until = span.1.map_or(last, |until| until.min(last));
    if until < from {
        return Ok(OpenDays::default());
    }
    let late = judge(stamp.calendar, stamp.today(), (first, ended), None).late_days;
    let count = usize::try_from((until.0 - from.0).num_days()).unwrap_or_default().saturating_add(1);
    let shown = i64::try_from(count.min(limit.min(LIMIT))).unwrap_or_default();
    let waits = Waits::read(conn, account, (from, from.plus_days(shown.saturating_sub(1))))?;
    let mut days = Vec::new();
    for date in (0..shown).map(|at| from.plus_days(at)) {
        let before = (first < date).then_some(Obstacle::DayBeforeOpen { last_closed: closed });
        let waits_for = before.into_iter().chain(waits.of(conn, account, date)?).collect();
        days.push(OpenDay { date, is_late: (date.0 - first.0).num_days() < late, waits_for });
    }
    Ok(OpenDays { days, count })
}

/// The same with the proof of the day that would be closed next, so that everything in its way is named.
///
/// # Errors
/// As of `between`, and those of the proof.
pub fn with_proof(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    account: &BankAccount,
    asked: (Span, usize),
) -> Result<OpenDays> {
    let mut found = between(conn, stamp, actor, account, asked)?;
    let next = day_close::first_open_day(conn, account.unit, account.id)?;
    if let Some(day) = found.days.first_mut().filter(|day| day.date == next) {
        day.waits_for = in_its_way(conn, stamp, account, day.date)?;
    }
    Ok(found)
}

/// The same where a day was told already, with what stands in its way: the day that would be closed next is not proven
/// once more when it is that one.
///
/// # Errors
/// As of `with_proof`.
pub fn with_told(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    account: &BankAccount,
    asked: (Span, usize),
    (told, obstacles): (BusinessDay, &[Obstacle]),
) -> Result<OpenDays> {
    if day_close::first_open_day(conn, account.unit, account.id)? != told {
        return with_proof(conn, stamp, actor, account, asked);
    }
    let mut found = between(conn, stamp, actor, account, asked)?;
    if let Some(day) = found.days.first_mut().filter(|day| day.date == told) {
        day.waits_for = obstacles.to_vec();
    }
    Ok(found)
}

/// What the open days of an account wait for.
struct Waits {
    /// The last day that a whole statement shows.
    stated: Option<BusinessDay>,
    /// The first line of a day that is not posted.
    unposted: Vec<(BusinessDay, crate::id::LineId)>,
    /// Items that keep days open from their own on.
    blocking: Vec<(ExceptionId, Kind, BusinessDay)>,
    has_lines_aside: bool,
    undecided: Vec<version::Version>,
    unfinished: Vec<version::Version>,
}

impl Waits {
    fn read(
        conn: &mut Conn,
        account: &BankAccount,
        (from, until): (BusinessDay, BusinessDay),
    ) -> Result<Waits> {
        let (unit, id) = (account.unit, account.id);
        Ok(Waits {
            stated: query::stated_until(conn, account)?,
            unposted: query::unposted(conn, account, (from, until))?,
            blocking: query::unresolved(conn, account, until)?
                .into_iter()
                .filter(|(_, kind, _)| kind.blocks_day_close())
                .collect(),
            has_lines_aside: quarantine::open_count(conn, unit, id, until)? > 0,
            undecided: version::undecided(conn, unit, id)?,
            unfinished: version::unfinished(conn, unit, id)?,
        })
    }

    fn of(&self, conn: &mut Conn, account: &BankAccount, date: BusinessDay) -> Result<Vec<Obstacle>> {
        let mut found = Vec::new();
        if self.stated.is_none_or(|stated| stated < date) {
            found.push(Obstacle::NilDayUnproven);
        }
        let unposted = self.unposted.iter().filter(|(day, _)| *day == date);
        found.extend(unposted.map(|(_, line)| Obstacle::LineNotPosted { line: *line }));
        if self.has_lines_aside {
            let count = quarantine::open_count(conn, account.unit, account.id, date)?;
            found.extend((count > 0).then_some(Obstacle::LinesSetAside { count }));
        }
        let count = version::touching(conn, &self.undecided, date)?;
        found.extend((count > 0).then_some(Obstacle::VersionUndecided { count }));
        let count = version::touching(conn, &self.unfinished, date)?;
        found.extend((count > 0).then_some(Obstacle::VersionUnfinished { count }));
        let blocking = self.blocking.iter().filter(|(.., since)| *since <= date);
        found.extend(
            blocking.map(|(id, kind, _)| Obstacle::BlockedByException { exception: *id, kind: *kind }),
        );
        Ok(found)
    }
}
