//! What a statement that was corrected, or a notification, changes for the matching: lines under
//! question are left alone, contra lines are posted as the bank's taking back of what they stand
//! against, and details that were notified bring their codes.

use std::collections::{BTreeSet, HashMap};

use super::office;
use super::query::{self, StoredLine};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::exception::Kind;
use crate::id::*;
use crate::payment::line_query;
use crate::payment::prove::{Case, LineWork, post_lines};
use crate::payment::query as payments;
use crate::statement::version::{self, Decision, Version, Withdrawn};
use crate::statement::{Imported, file, notice};
use crate::store::{Conn, Lane, Stamp, Store};
use crate::text;

/// How far back lines are read that were posted already; a correction of older days needs them
/// re-opened anyway.
const RECENT_DAYS: i64 = 400;

/// What was decided, and what went in.
#[derive(Clone, Debug)]
pub struct Decided {
    pub version: Version,
    /// Of an accepted version.
    pub imported: Option<Imported>,
    pub receipts: Vec<(UnitId, ReceiptId)>,
}

/// Approves the proposal about a held version. An accepted one goes in at once: its new lines as of any
/// statement, and against each line it takes out a contra line, posted here.
///
/// Errors: as `version::approve`; `statement_version_day_closed` when a day it changes is closed and
/// must be re-opened first.
pub fn approve<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
    id: VersionId,
) -> Result<Decided> {
    let (version, decision) = store.write(&actor.scope, Lane::Live, |tx| {
        let version = version::find(tx, unit, id)?;
        let is_accepted = version::proposal(tx, unit, id)?.is_some_and(|(decision, ..)| decision == "accept");
        if is_accepted {
            refuse_closed_days(tx, &version)?;
        }
        version::approve(tx, &stamp(), actor, unit, id)
    })?;
    if decision == Decision::Dismiss {
        return Ok(Decided { version, imported: None, receipts: Vec::new() });
    }
    let system = Actor::system();
    let bytes = store.read(&actor.scope, |conn| {
        file::original_file(conn, stamp().vault, &system, unit, &version.file_sha256)
    })?;
    let imported = office::import(store, stamp, &system, &bytes)?;
    let receipts = post_contras(store, &stamp(), &system, unit, version.account)?;
    Ok(Decided { version, imported: Some(imported), receipts })
}

fn refuse_closed_days(conn: &mut Conn, version: &Version) -> Result<()> {
    let differences = version::differences(conn, version.unit, version.id)?;
    let days: BTreeSet<_> = differences
        .iter()
        .flat_map(|one| one.old.iter().chain(&one.new))
        .map(|side| side.booking_date)
        .collect();
    let Some(first) = days.first() else { return Ok(()) };
    let closed = payments::closed_days(conn, &[(version.unit, version.account)], *first)?;
    match closed.iter().find(|(_, _, day)| days.contains(day)) {
        Some((_, _, day)) => {
            let detail = format!("{day} is closed: re-open it first");
            Err(Error::conflict("statement_version_day_closed", detail))
        }
        None => Ok(()),
    }
}

/// Posts the contra lines that are not posted yet, each as the taking back of its original. An original
/// that was never posted goes through suspense, so that no receipt is made of it.
pub fn post_contras(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let (works, seen) = store.read(&actor.scope, |conn| contra_works(conn, stamp, unit, account))?;
    let mut receipts = Vec::new();
    for work in works {
        let posted = store.write(&actor.scope, Lane::Bulk, |tx| {
            post_lines(tx, stamp, actor, std::slice::from_ref(&work), &seen)
        })?;
        receipts.extend(posted.receipts);
    }
    Ok(receipts)
}

fn contra_works(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
) -> Result<(Vec<LineWork>, BTreeSet<MovementId>)> {
    let taken = version::withdrawn_of(conn, unit, account)?;
    let mut seen = BTreeSet::new();
    if taken.is_empty() {
        return Ok((Vec::new(), seen));
    }
    let lines = query::lines(conn, unit, account, stamp.today().plus_days(-RECENT_DAYS))?;
    let by_id: HashMap<LineId, &StoredLine> = lines.iter().map(|line| (line.id, line)).collect();
    let mut works = Vec::new();
    for one in &taken {
        let Some(contra) = by_id.get(&one.contra).filter(|line| !line.is_posted) else { continue };
        if let Some(original) = by_id.get(&one.line).filter(|line| !line.is_posted) {
            works.push(work(original, unexplained(original), String::new()));
        }
        let payments = payments_of(conn, unit, one.line)?;
        works.push(work(contra, Case::Reversal { original: one.line }, hint(one, &payments)));
    }
    if !works.is_empty() {
        let state = crate::payment::MovementState::Expected;
        let expected = payments::movements_in_state(conn, unit, account, state, i64::from(i32::MAX))?;
        seen.extend(expected.into_iter().map(|movement| movement.id));
    }
    Ok((works, seen))
}

fn unexplained(line: &StoredLine) -> Case {
    if line.amount.is_positive() {
        Case::UnknownCredit(Kind::UnidentifiedCredit)
    } else {
        Case::UnknownDebit(Kind::UnknownDebit)
    }
}

fn payments_of(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<PaymentId>> {
    let movements: Vec<(UnitId, MovementId)> = line_query::movements_of_lines(conn, &[(unit, line)])?
        .into_iter()
        .map(|(unit, _, movement)| (unit, movement))
        .collect();
    Ok(payments::movements(conn, &movements)?.into_iter().filter_map(|movement| movement.payment).collect())
}

/// The exception names the line and the payments it had proven.
fn hint(one: &Withdrawn, payments: &[PaymentId]) -> String {
    let named: Vec<String> = payments.iter().map(PaymentId::to_string).collect();
    let proven = if named.is_empty() { String::new() } else { format!(", payment {}", named.join(" ")) };
    format!("the corrected statement took {} out{proven}", one.line)
}

fn work(line: &StoredLine, case: Case, hint: String) -> LineWork {
    LineWork {
        unit: line.unit,
        account: line.account,
        line: line.id,
        booking_date: line.booking_date,
        amount: line.amount,
        code: line.codes.split_whitespace().collect::<Vec<_>>().join("+"),
        is_damaged: false,
        bank_reference: None,
        revision: line.revision,
        case,
        rule: "statement_corrected",
        evidence: "[]".to_owned(),
        hint,
    }
}

/// The lines as matching may see them: without those a held version questions and nothing has posted
/// yet, without withdrawn lines and their contra lines; with the codes of notified details.
pub(super) fn prepared(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    mut lines: Vec<StoredLine>,
) -> Result<Vec<StoredLine>> {
    let mut out: BTreeSet<LineId> = BTreeSet::new();
    for one in version::withdrawn_of(conn, unit, account)? {
        out.extend([one.line, one.contra]);
    }
    let mut questioned: BTreeSet<LineId> = BTreeSet::new();
    for held in version::undecided(conn, unit, account)? {
        let differences = version::differences(conn, unit, held.id)?;
        questioned.extend(differences.into_iter().filter(|one| one.moves_money).filter_map(|one| one.line));
    }
    lines.retain(|line| !out.contains(&line.id) && (line.is_posted || !questioned.contains(&line.id)));
    add_notified(conn, unit, account, &mut lines)?;
    Ok(lines)
}

/// A line without codes takes those of the details that were notified of its entry.
fn add_notified(conn: &mut Conn, unit: UnitId, account: AccountId, lines: &mut [StoredLine]) -> Result<()> {
    let open = |line: &StoredLine| !line.is_posted && line.codes.is_empty();
    if !lines.iter().any(open) || !notice::has_any(conn, unit, account)? {
        return Ok(());
    }
    let key = |line: &StoredLine| line.bank_reference.as_deref().map(text::squash);
    let references: BTreeSet<String> = lines.iter().filter(|line| open(line)).filter_map(key).collect();
    let references: Vec<String> = references.into_iter().collect();
    let mut codes: HashMap<(String, i64), BTreeSet<String>> = HashMap::new();
    for detail in notice::details(conn, unit, account, &references)? {
        let told = codes.entry((detail.bank_reference, detail.entry_amount.0)).or_default();
        told.extend(detail.codes.split_whitespace().map(str::to_owned));
    }
    for line in lines.iter_mut().filter(|line| open(line)) {
        let told = key(line).and_then(|reference| codes.get(&(reference, line.amount.0)));
        if let Some(told) = told {
            line.codes = told.iter().cloned().collect::<Vec<_>>().join(" ");
        }
    }
    Ok(())
}
