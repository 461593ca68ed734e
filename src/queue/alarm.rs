//! “Money arrived, the system did not know” and “claimed, not proven”, told at each age that is set:
//! a row, a line in the log, a figure in the metrics. A channel that is believed no more stands beside them for as
//! long as nobody decided about it, told from the trust as it is, and so does a statement that is loaded in part.

use std::collections::BTreeSet;

use serde::Serialize;

use super::query::{self, AlarmRow, Standing};
use super::{Settings, rules};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::exception::Exception;
use crate::exception::work_query::{self, Filter};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::payment::movement_query;
use crate::payment::pos;
use crate::payment::prove::HELD_KINDS;
use crate::payment::{Direction, MovementState, line_query};
use crate::reconciliation;
use crate::statement::given_up;
use crate::statement::query::StoredStatement;
use crate::store::{Conn, Lane, Stamp, Store, rows};
use crate::unit::trust::{self, Suspended};

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    MoneyUnknown,
    ClaimUnproven,
    /// The program fell back to a channel's word being only advice: every payer waits for the statement.
    TrustSuspended,
    /// A statement is loaded in part, and its account's other files wait for it.
    StatementBrokenOff,
}

impl About {
    pub const ALL: [About; 4] =
        [About::MoneyUnknown, About::ClaimUnproven, About::TrustSuspended, About::StatementBrokenOff];

    pub fn as_str(self) -> &'static str {
        match self {
            About::MoneyUnknown => "money_unknown",
            About::ClaimUnproven => "claim_unproven",
            About::TrustSuspended => "trust_suspended",
            About::StatementBrokenOff => "statement_broken_off",
        }
    }

    /// Vietnamese, English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            About::MoneyUnknown => {
                ("Tiền đã vào nhưng hệ thống chưa biết của ai", "Money arrived, the system did not know")
            }
            About::ClaimUnproven => ("Đã báo có nhưng chưa được sao kê chứng minh", "Claimed, not proven"),
            About::TrustSuspended => (
                "Kênh báo có bị hệ thống ngừng tin: hỏi ngân hàng, hai người cấp lại",
                "A channel is believed no more: ask the bank, then two persons trust it anew",
            ),
            About::StatementBrokenOff => (
                "Sao kê nạp dở, các tệp khác của tài khoản phải chờ: gửi lại tệp, hoặc bỏ sao kê và nêu lý do",
                "A statement is loaded in part and its account's other files wait: send it again, or give it up",
            ),
        }
    }
}

/// Rows read at once.
const PAGE: i64 = 10_000;

/// Raises what came of age since the last look. Returns how many alarms are new.
pub fn raise(store: &Store, stamp: &Stamp<'_>, settings: &Settings) -> Result<usize> {
    let mut due = store.read(&Scope::All, |conn| unknown_money(conn, stamp, settings))?;
    due.extend(store.read(&Scope::All, |conn| unproven_claims(conn, stamp, settings))?);
    due.extend(store.read(&Scope::All, |conn| unproven_cards(conn, stamp, settings))?);
    let mut count = 0;
    for chunk in due.chunks(500) {
        let is_new = store.write(&Scope::All, Lane::Bulk, |tx| {
            rows::insert_if_absent(tx, chunk, &["unit_id", "kind", "subject_id", "threshold_hours"])
        })?;
        for (row, _) in chunk.iter().zip(is_new).filter(|(_, is_new)| *is_new) {
            let (unit, kind, hours) = (row.unit_id, row.kind, row.threshold_hours);
            metrics::counter!("bienlai_age_alarms_total", "kind" => kind).increment(1);
            tracing::warn!(%unit, kind, hours, "money has lain for too long");
            count += 1;
        }
    }
    Ok(count)
}

fn unknown_money(conn: &mut Conn, stamp: &Stamp<'_>, settings: &Settings) -> Result<Vec<AlarmRow>> {
    let mut due = Vec::new();
    for item in unresolved(conn)?.into_iter().filter(is_unknown_money) {
        let passed = rules::passed(item.created_at, stamp.now, &settings.unknown_money_alarm_hours);
        if passed.is_empty() || !is_held(conn, &item)? {
            continue;
        }
        for hours in passed {
            due.push(AlarmRow {
                unit_id: item.unit,
                id: stamp.mint()?,
                kind: About::MoneyUnknown.as_str(),
                subject_kind: "exception",
                subject_id: item.id.0,
                account_id: item.account,
                amount: item.amount,
                threshold_hours: hours,
                since: item.created_at,
                created_at: stamp.now,
            });
        }
    }
    Ok(due)
}

/// Everything that is not resolved, in all units.
pub(super) fn unresolved(conn: &mut Conn) -> Result<Vec<Exception>> {
    let mut found = Vec::new();
    let mut filter = Filter { unresolved: true, limit: PAGE, ..Filter::default() };
    loop {
        let page = work_query::page(conn, &Scope::All, &filter)?;
        filter.after = page.last().map(|item| item.id);
        let is_last = (page.len() as i64) < PAGE;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

/// A line's money that stands in suspense, or cash counted over.
pub(super) fn is_unknown_money(item: &Exception) -> bool {
    HELD_KINDS.contains(&item.kind) && matches!(item.subject_kind.as_str(), "line" | "movement" | "shift")
}

/// Whether the item's money stands in suspense still.
pub(super) fn is_held(conn: &mut Conn, item: &Exception) -> Result<bool> {
    let suspense = match item.subject_kind.as_str() {
        "line" => Account::Suspense(LineId(item.subject_id)),
        "movement" => {
            let movement = (item.unit, MovementId(item.subject_id));
            let found = movement_query::movements(conn, &[movement])?;
            let line = line_query::lines_of_movements(conn, &[movement])?.pop();
            let is_unplaced = found.iter().any(|one| one.payment.is_none());
            let Some((_, _, line)) = line.filter(|_| is_unplaced) else { return Ok(false) };
            Account::Suspense(line)
        }
        _ => Account::DrawerSuspense(ShiftId(item.subject_id)),
    };
    Ok(!ledger::balance(conn, item.unit, &suspense)?.is_zero())
}

fn unproven_claims(conn: &mut Conn, stamp: &Stamp<'_>, settings: &Settings) -> Result<Vec<AlarmRow>> {
    let mut due = Vec::new();
    for (unit, account) in reconciliation::query::accounts(conn, None)? {
        movement_query::each_in_state(conn, (unit, account), MovementState::Expected, |_, page| {
            for movement in page.into_iter().filter(|movement| movement.direction == Direction::Credit) {
                let since = minted_at(movement.id.0);
                for hours in rules::passed(since, stamp.now, &settings.unproven_claim_alarm_hours) {
                    due.push(AlarmRow {
                        unit_id: unit,
                        id: stamp.mint()?,
                        kind: About::ClaimUnproven.as_str(),
                        subject_kind: "movement",
                        subject_id: movement.id.0,
                        account_id: Some(account),
                        amount: movement.open(),
                        threshold_hours: hours,
                        since,
                        created_at: stamp.now,
                    });
                }
            }
            Ok(())
        })?;
    }
    Ok(due)
}

/// Card payments that no batch has shown: the counter's word is all there is.
fn unproven_cards(conn: &mut Conn, stamp: &Stamp<'_>, settings: &Settings) -> Result<Vec<AlarmRow>> {
    let accounts = reconciliation::query::accounts(conn, None)?;
    let units: BTreeSet<UnitId> = accounts.into_iter().map(|(unit, _)| unit).collect();
    let mut due = Vec::new();
    for unit in units {
        for (payment, amount, _) in pos::query::unsettled(conn, unit)? {
            let since = minted_at(payment.0);
            for hours in rules::passed(since, stamp.now, &settings.unproven_claim_alarm_hours) {
                due.push(AlarmRow {
                    unit_id: unit,
                    id: stamp.mint()?,
                    kind: About::ClaimUnproven.as_str(),
                    subject_kind: "payment",
                    subject_id: payment.0,
                    account_id: None,
                    amount,
                    threshold_hours: hours,
                    since,
                    created_at: stamp.now,
                });
            }
        }
    }
    Ok(due)
}

/// An alarm that stands, for people.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub unit: UnitId,
    pub kind: String,
    pub title: &'static str,
    pub title_en: &'static str,
    /// The exception, the claimed movement, the card payment, the channel's name, or the statement.
    pub subject: String,
    pub account: Option<AccountId>,
    pub amount: Dong,
    pub passed_hours: i64,
    pub age_hours: i64,
    pub since: Instant,
}

/// The alarms whose cause stands, oldest first.
pub fn standing(conn: &mut Conn, actor: &Actor, unit: Option<UnitId>, now: Instant) -> Result<Vec<Shown>> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System])?;
    let in_sight = |row: &Standing| actor.scope.covers(UnitId(row.unit_id));
    let rows = query::standing(conn, unit)?;
    let mut found: Vec<Shown> = rows.into_iter().filter(in_sight).map(|row| shown(row, now)).collect();
    let is_asked = |one: &Suspended| actor.scope.covers(one.unit) && unit.is_none_or(|unit| unit == one.unit);
    found.extend(trust::suspended(conn)?.into_iter().filter(is_asked).map(|one| disbelieved(one, now)));
    let is_asked =
        |one: &StoredStatement| actor.scope.covers(one.unit) && unit.is_none_or(|unit| unit == one.unit);
    let broken_off = given_up::broken_off(conn, now)?.into_iter().filter(is_asked);
    found.extend(broken_off.map(|one| loaded_in_part(&one, now)));
    found.sort_by_key(|one| one.since);
    Ok(found)
}

/// Whether it stands for the age of a sum; else somebody has to decide, however young it is.
pub fn is_of_age(one: &Shown) -> bool {
    [About::MoneyUnknown, About::ClaimUnproven].iter().any(|about| about.as_str() == one.kind)
}

fn shown(row: Standing, now: Instant) -> Shown {
    let about = About::ALL.into_iter().find(|about| about.as_str() == row.kind);
    let (title, title_en) = about.unwrap_or(About::MoneyUnknown).title();
    let subject = match about {
        Some(About::ClaimUnproven) if row.subject_kind == "payment" => PaymentId(row.subject_id).to_string(),
        Some(About::ClaimUnproven) => MovementId(row.subject_id).to_string(),
        _ => ExceptionId(row.subject_id).to_string(),
    };
    let since = Instant(row.since);
    Shown {
        unit: UnitId(row.unit_id),
        kind: row.kind,
        title,
        title_en,
        subject,
        account: row.account_id.map(AccountId),
        amount: Dong(row.amount),
        passed_hours: row.threshold_hours,
        age_hours: now.seconds_since(since).max(0) / 3_600,
        since,
    }
}

/// It has no sum: what is claimed from now on waits for the statement.
fn disbelieved(one: Suspended, now: Instant) -> Shown {
    without_sum(About::TrustSuspended, (one.unit, one.account), one.channel, (one.since, now))
}

/// It has no sum: what its lines come to is not known to be right.
fn loaded_in_part(one: &StoredStatement, now: Instant) -> Shown {
    let about = About::StatementBrokenOff;
    without_sum(about, (one.unit, one.account), one.id.to_string(), (one.created_at, now))
}

fn without_sum(
    about: About,
    (unit, account): (UnitId, AccountId),
    subject: String,
    (since, now): (Instant, Instant),
) -> Shown {
    let (title, title_en) = about.title();
    Shown {
        unit,
        kind: about.as_str().to_owned(),
        title,
        title_en,
        subject,
        account: Some(account),
        amount: Dong::ZERO,
        passed_hours: 0,
        age_hours: now.seconds_since(since).max(0) / 3_600,
        since,
    }
}

/// How many alarms of each kind stand in all units, for the metrics.
pub fn counts(conn: &mut Conn, now: Instant) -> Result<Vec<(&'static str, i64)>> {
    let rows = query::standing(conn, None)?;
    let suspended = trust::suspended(conn)?.len();
    let broken_off = given_up::broken_off(conn, now)?.len();
    let count = |about: About| match about {
        About::TrustSuspended => suspended as i64,
        About::StatementBrokenOff => broken_off as i64,
        _ => rows.iter().filter(|row| row.kind == about.as_str()).count() as i64,
    };
    Ok(About::ALL.into_iter().map(|about| (about.as_str(), count(about))).collect())
}
