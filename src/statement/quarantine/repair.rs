//! A repaired line: where it may lie, whether another statement told it already, and its row.

use super::query;
use super::{Drafted, Quarantined, Repair, Verdict};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::statement::Line;
use crate::statement::draft::DraftLine;
use crate::statement::identity::{self, Features, Span};
use crate::statement::line::{self, CodesOf};
use crate::statement::query::{self as statements, StoredStatement};
use crate::statement::sequence::{Telling, balance_before, known_beside};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::unit::BankAccount;

/// A repaired line lies on the days that its statement tells, and on none that is closed.
pub fn check_days(
    conn: &mut Conn,
    stored: &StoredStatement,
    account: &BankAccount,
    verdicts: &[Verdict],
) -> Result<()> {
    let days: Vec<BusinessDay> =
        verdicts.iter().filter_map(|verdict| Some(verdict.repair.as_ref()?.booking_date)).collect();
    let (first, last) = (first_day(conn, stored, account)?, stored.closing_on);
    if let Some(day) = days.iter().find(|day| !(first..=last).contains(*day)) {
        let detail = format!("{day} lies outside {first} to {last}");
        return Err(Error::invalid("booking_date", "quarantine_date_outside", detail));
    }
    let closed = query::closed_days(conn, stored.unit, stored.account, &days)?;
    match closed.first() {
        Some(day) => {
            let detail = format!("{day} is closed: re-open it first");
            Err(Error::conflict("quarantine_day_closed", detail))
        }
        None => Ok(()),
    }
}

/// The day of the first line that could be read, or earlier: the day behind the statement before,
/// because the very first line may be one of those that could not.
fn first_day(conn: &mut Conn, stored: &StoredStatement, account: &BankAccount) -> Result<BusinessDay> {
    let before = statements::ready_before(conn, stored.unit, stored.account, stored.opening_on, 1)?.pop();
    let behind = before.map_or(account.opened_on, |before| before.closing_on.next());
    Ok(behind.max(account.opened_on).min(stored.opening_on))
}

type Planned<'v> = Vec<(&'v Quarantined, &'v Verdict, Option<LineId>)>;

/// Stores the repaired lines that no statement told yet: each with its line, new or known.
pub fn planned<'v>(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    codes_of: &CodesOf<'_>,
    account: &BankAccount,
    (stored, drafted): (&StoredStatement, &Drafted),
    (waiting, verdicts): (&'v [Quarantined], &'v [Verdict]),
) -> Result<Planned<'v>> {
    let mut repaired = Vec::new();
    let mut planned: Planned<'v> = Vec::with_capacity(verdicts.len());
    for verdict in verdicts {
        let Some(line) = waiting.iter().find(|line| line.id == verdict.id) else { continue };
        if let Some(repair) = &verdict.repair {
            let raw = drafted.raw.get(&line.id).map(|raw| raw.text.clone()).unwrap_or_default();
            repaired.push((planned.len(), draft_line(stored, raw, repaired.len(), repair)));
        }
        planned.push((line, verdict, None));
    }
    let told = told(tx, stamp, account, (stored, drafted), &repaired)?;
    let key = stamp.sealing_key(tx, stored.unit)?;
    for ((place, line), one) in repaired.iter().zip(told) {
        let id = match one {
            Told::Known(id) => id,
            Told::New(identity) => {
                let id: LineId = stamp.mint()?;
                let row = line::row(stamp, &key, stored, codes_of, line, (id, &identity))?;
                rows::insert(tx, &[row])?;
                id
            }
        };
        if let Some(entry) = planned.get_mut(*place) {
            entry.2 = Some(id);
        }
    }
    Ok(planned)
}

/// What a repaired line is.
enum Told {
    Known(LineId),
    /// With its identity.
    New(String),
}

/// The whole statement is planned, with the lines that could be read: they are known by now, and a
/// repaired twin of one is not that one.
fn told(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    account: &BankAccount,
    (stored, drafted): (&StoredStatement, &Drafted),
    repaired: &[(usize, DraftLine)],
) -> Result<Vec<Told>> {
    let draft = &drafted.draft;
    let lines: Vec<DraftLine> =
        draft.lines.iter().chain(repaired.iter().map(|(_, drafted)| drafted)).cloned().collect();
    let features: Vec<Features> = line::features(stamp.vault, stored.unit, &lines);
    let first_day = features.iter().map(|line| line.date).fold(stored.opening_on, BusinessDay::min);
    let read = features.get(..draft.lines.len()).unwrap_or_default();
    let this = Telling::of(draft, &stored.format, read);
    let known = known_beside(tx, account, (first_day, stored.closing_on), &this)?;
    let plain: Vec<identity::Known> = known.iter().map(|told| told.known.clone()).collect();
    let span = Span { first_day, opening: draft.opening, closing: draft.closing, lines: &features };
    let verdicts = identity::plan(balance_before(tx, account, first_day)?, &plain, span).verdicts;
    let missing = || Error::internal("a repaired line has no verdict");
    features
        .iter()
        .zip(verdicts)
        .skip(draft.lines.len())
        .map(|(features, verdict)| match verdict {
            identity::Verdict::Known(at) => {
                known.get(at).map(|told| Told::Known(told.id)).ok_or_else(missing)
            }
            identity::Verdict::New { occurrence } => Ok(Told::New(identity::text(features, occurrence))),
        })
        .collect()
}

fn draft_line(stored: &StoredStatement, raw: String, index: usize, repair: &Repair) -> DraftLine {
    DraftLine {
        line_no: stored.line_count.saturating_add(i32::try_from(index + 1).unwrap_or(i32::MAX)),
        booking_date: repair.booking_date,
        amount: repair.amount,
        read: Line {
            value_date: repair.value_date.map(|day| day.0),
            memo: Some(repair.memo.clone()),
            reference: repair.reference.clone(),
            bank_reference: repair.bank_reference.clone(),
            counterparty_name: repair.counterparty_name.clone(),
            counterparty_account: repair.counterparty_account.clone(),
            raw,
            ..Line::default()
        },
    }
}
