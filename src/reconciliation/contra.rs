//! The contra lines of corrected statements: what each stands against, and which line of the new
//! version says the same money again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::classification::Class;
use super::query::{self, StoredLine};
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation;
use crate::payment::line_query;
use crate::payment::prove::{Case, LineWork, post_lines};
use crate::payment::query as payments;
use crate::payment::restated::{self, Withdrawal};
use crate::statement::version::{self, Difference, Withdrawn};
use crate::store::{Conn, Lane, Stamp, Store, Tx};
use crate::text;

/// How far back lines are read that were posted already; a correction of older days needs them
/// re-opened anyway.
const RECENT_DAYS: i64 = 400;

const RULE: &str = "statement_corrected";

/// Posts the contra lines that are not posted yet, each with the line that takes over.
pub fn post(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let (withdrawals, seen) = store.read(&actor.scope, |conn| waiting(conn, stamp, unit, account))?;
    let mut receipts = Vec::new();
    for one in &withdrawals {
        let posted = store.write(&actor.scope, Lane::Bulk, |tx| post_one(tx, stamp, actor, one, &seen))?;
        receipts.extend(posted);
    }
    Ok(receipts)
}

/// One transaction, so that a line that takes over is never matched by itself in between.
fn post_one(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    one: &Withdrawal,
    seen: &BTreeSet<MovementId>,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    if restated::take_out(tx, stamp, actor, one)? {
        return Ok(Vec::new());
    }
    let taken_back = LineWork { case: Case::Reversal { original: one.original.line }, ..one.contra.clone() };
    // A line in another amount pays that debt first, as any money that comes again (`payment::repaid`).
    Ok(post_lines(tx, stamp, actor, &[taken_back], seen)?.receipts)
}

type Waiting = (Vec<Withdrawal>, BTreeSet<MovementId>);

fn waiting(conn: &mut Conn, stamp: &Stamp<'_>, unit: UnitId, account: AccountId) -> Result<Waiting> {
    let mut seen = BTreeSet::new();
    let taken = version::withdrawn_of(conn, unit, account)?;
    if taken.is_empty() {
        return Ok((Vec::new(), seen));
    }
    let lines = query::lines(conn, unit, account, stamp.today().plus_days(-RECENT_DAYS))?;
    let by_id: HashMap<LineId, &StoredLine> = lines.iter().map(|line| (line.id, line)).collect();
    let open = unposted(&taken, &lines);
    let successors = successors(conn, &lines, &open)?;
    let mut withdrawals = Vec::new();
    for one in open {
        let Some(contra) = by_id.get(&one.contra) else { continue };
        let missing = || Error::internal("a line that was taken out is not there");
        let original = by_id.get(&one.line).ok_or_else(missing)?;
        let decided_by = version::accepted_by(conn, unit, one.version)?
            .ok_or_else(|| Error::internal("a line was taken out by a version that nobody accepted"))?;
        let paid = paid(conn, unit, one.line)?;
        let successor = match successors.get(&one.line).and_then(|line| by_id.get(line)) {
            Some(line) => said_again(conn, original, line, &paid.1)?,
            None => None,
        };
        withdrawals.push(Withdrawal {
            original: work(original, Case::Withdrawal, String::new()),
            class: class_of(original),
            contra: work(contra, Case::Withdrawal, hint(one, &paid.0)),
            successor,
            decided_by,
        });
    }
    if !withdrawals.is_empty() {
        let state = crate::payment::MovementState::Expected;
        let expected = payments::movements_in_state(conn, unit, account, state, i64::from(i32::MAX))?;
        seen.extend(expected.into_iter().map(|movement| movement.id));
    }
    Ok((withdrawals, seen))
}

/// What was taken out and whose contra line waits to be posted.
fn unposted<'t>(taken: &'t [Withdrawn], lines: &[StoredLine]) -> Vec<&'t Withdrawn> {
    let waiting: BTreeSet<LineId> = lines.iter().filter(|line| !line.is_posted).map(|line| line.id).collect();
    taken.iter().filter(|one| waiting.contains(&one.contra)).collect()
}

/// The lines that wait for a contra line to be posted: nothing else may match them before.
pub(super) fn held_back(
    conn: &mut Conn,
    taken: &[Withdrawn],
    lines: &[StoredLine],
) -> Result<BTreeSet<LineId>> {
    let open = unposted(taken, lines);
    Ok(successors(conn, lines, &open)?.into_values().collect())
}

/// The line of the new version for each line it changed, by the difference that two persons accepted.
fn successors(
    conn: &mut Conn,
    lines: &[StoredLine],
    open: &[&Withdrawn],
) -> Result<BTreeMap<LineId, LineId>> {
    let mut found = BTreeMap::new();
    let mut used: BTreeSet<LineId> = BTreeSet::new();
    let by_id: HashMap<LineId, &StoredLine> = lines.iter().map(|line| (line.id, line)).collect();
    let versions: BTreeSet<VersionId> = open.iter().map(|one| one.version).collect();
    let Some(unit) = lines.first().map(|line| line.unit) else { return Ok(found) };
    for id in versions {
        let accepted = version::find(conn, unit, id)?;
        let Some(statement) = version::statement_of(conn, &accepted)? else { continue };
        let candidates: Vec<&StoredLine> = lines
            .iter()
            .filter(|line| line.statement == statement.id && !line.is_posted && !is_contra(open, line.id))
            .collect();
        for difference in version::differences(conn, unit, id)? {
            let Some(original) = difference.line.and_then(|line| by_id.get(&line)) else { continue };
            if !open.iter().any(|one| one.line == original.id) {
                continue;
            }
            let mut fitting: Vec<&&StoredLine> = candidates
                .iter()
                .filter(|line| !used.contains(&line.id) && is_new_side(&difference, line))
                .collect();
            fitting.sort_by_key(|line| (codes(line) != codes(original), line.id));
            if let Some(line) = fitting.first() {
                used.insert(line.id);
                found.insert(original.id, line.id);
            }
        }
    }
    Ok(found)
}

fn is_contra(open: &[&Withdrawn], line: LineId) -> bool {
    open.iter().any(|one| one.contra == line)
}

fn is_new_side(difference: &Difference, line: &StoredLine) -> bool {
    let reference = line.bank_reference.as_deref().map(text::squash).filter(|text| !text.is_empty());
    difference.new.as_ref().is_some_and(|new| {
        (new.booking_date, new.amount) == (line.booking_date, line.amount) && new.bank_reference == reference
    })
}

fn codes(line: &StoredLine) -> BTreeSet<&str> {
    line.codes.split_whitespace().collect()
}

/// The new line as work, where it says the same money: the same codes, or those of what the money paid,
/// or none and the bank's own reference. Other codes are other money.
fn said_again(
    conn: &mut Conn,
    original: &StoredLine,
    line: &StoredLine,
    paid: &BTreeSet<ObligationId>,
) -> Result<Option<LineWork>> {
    let told: Vec<String> = codes(line).into_iter().map(str::to_owned).collect();
    let resolved = obligation::query::resolve_codes(conn, &told)?;
    let ids: BTreeSet<ObligationId> = resolved.values().map(|(_, id)| *id).collect();
    let is_telling = |text: &String| text.len() > 6 && text != "NOTPROVIDED";
    let reference = |line: &StoredLine| line.bank_reference.as_deref().map(text::squash).filter(is_telling);
    let is_same_entry = reference(line).is_some() && reference(line) == reference(original);
    // Two lines without codes say nothing of whose money that has been placed already.
    let says_codes = !told.is_empty() || paid.is_empty();
    let is_same = (says_codes && codes(line) == codes(original))
        || (!ids.is_empty() && ids == *paid)
        || (told.is_empty() && line.damaged.is_empty() && is_same_entry);
    let is_same_way = line.amount.is_positive() == original.amount.is_positive();
    Ok(Some(work(line, Case::TakenOver, String::new())).filter(|_| is_same && is_same_way))
}

type Paid = (Vec<PaymentId>, BTreeSet<ObligationId>);

/// The payments whose money a line showed, and what they pay.
fn paid(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Paid> {
    let movements: Vec<(UnitId, MovementId)> = line_query::standing_parts(conn, unit, line)?
        .into_iter()
        .map(|(_, movement, _)| (unit, movement))
        .collect();
    let ids: Vec<PaymentId> =
        payments::movements(conn, &movements)?.into_iter().filter_map(|movement| movement.payment).collect();
    let keys: Vec<(UnitId, PaymentId)> = ids.iter().map(|id| (unit, *id)).collect();
    let obligations =
        payments::payments(conn, &keys)?.into_iter().filter_map(|payment| payment.obligation).collect();
    Ok((ids, obligations))
}

fn class_of(line: &StoredLine) -> &'static str {
    line.class.as_deref().and_then(|class| Class::parse(class).ok()).unwrap_or(Class::Unknown).as_str()
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
        is_damaged: !line.damaged.is_empty(),
        bank_reference: None,
        revision: line.revision,
        case,
        rule: RULE,
        evidence: "[]".to_owned(),
        hint,
    }
}

/// The days on which a version takes lines out or changes them.
pub(super) fn days_of(conn: &mut Conn, unit: UnitId, id: VersionId) -> Result<BTreeSet<BusinessDay>> {
    let differences = version::differences(conn, unit, id)?;
    let sides = differences.iter().flat_map(|one| one.old.iter().chain(&one.new));
    Ok(sides.map(|side| side.booking_date).collect())
}
