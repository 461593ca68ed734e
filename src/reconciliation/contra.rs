//! The contra lines of corrected statements: what each stands against, and which line of the new
//! version says the same money again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::classification::{Class, RuleSet, classify};
use super::contra_query as lines;
use super::day_close::placed::class_now;
use super::query::StoredLine;
use super::rulebook;
use super::run::line_of;
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::Hint;
use crate::id::*;
use crate::obligation;
use crate::payment::line_query;
use crate::payment::prove::{Case, LineWork, post_lines};
use crate::payment::restated::{self, Withdrawal};
use crate::payment::{movement_query, payment_query};
use crate::statement;
use crate::statement::version::{self, Difference, Withdrawn};
use crate::store::{Conn, Lane, Stamp, Store, Tx};
use crate::text;

/// The rule of the matches that the line of a corrected statement took over, and of their undoing.
pub(super) const STATEMENT_CORRECTED: &str = "statement_corrected";

/// Posts the contra lines that are not posted yet, each with the line that takes over.
pub fn post(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let open = store.read(&actor.scope, |conn| lines::unposted(conn, unit, account))?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let rules = rulebook::rules_for(store, stamp.vault, unit, account)?;
    let (withdrawals, seen) =
        store.read(&actor.scope, |conn| waiting(conn, stamp, &rules, (unit, account), &open))?;
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

fn waiting(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    rules: &RuleSet,
    (unit, account): (UnitId, AccountId),
    open: &[Withdrawn],
) -> Result<Waiting> {
    let ids: Vec<LineId> = open.iter().flat_map(|one| [one.line, one.contra]).collect();
    let by_id: HashMap<LineId, StoredLine> =
        lines::by_ids(conn, unit, &ids)?.into_iter().map(|line| (line.id, line)).collect();
    let missing = || Error::internal("a line that was taken out is not there");
    let mut successors = successors(conn, unit, account, open, &by_id)?;
    let mut withdrawals = Vec::new();
    for one in open {
        let original = by_id.get(&one.line).ok_or_else(missing)?;
        let contra = by_id.get(&one.contra).ok_or_else(missing)?;
        let decided_by = version::accepted_by(conn, unit, one.version)?
            .ok_or_else(|| Error::internal("a line was taken out by a version that nobody accepted"))?;
        let paid = paid(conn, unit, one.line)?;
        let successor = match successors.remove(&one.line) {
            Some(line) if explains_alone(original) => {
                let class = class_told(conn, stamp, rules, &line)?;
                Some(line).filter(|_| class == Some(class_of(original)))
            }
            Some(line) => {
                Some(line).filter(|line| original.amount.is_positive() == line.amount.is_positive())
            }
            None => None,
        };
        let successor = match successor {
            Some(line) => said_again(conn, original, &line, &paid.1)?,
            None => None,
        };
        withdrawals.push(Withdrawal {
            original: work(original, Case::Withdrawal, None),
            class: class_of(original).as_str(),
            placed: placed(conn, original)?,
            contra: work(contra, Case::Withdrawal, Some(hint(one, &paid.0))),
            successor,
            decided_by,
        });
    }
    let mut expected = BTreeSet::new();
    let state = crate::payment::MovementState::Expected;
    movement_query::each_in_state(conn, (unit, account), state, |_, page| {
        expected.extend(page.into_iter().map(|movement| movement.id));
        Ok(())
    })?;
    Ok((withdrawals, expected))
}

/// The lines that wait for a contra line to be posted: nothing else may match them before.
pub(super) fn held_back(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<BTreeSet<LineId>> {
    let open = lines::unposted(conn, unit, account)?;
    if open.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<LineId> = open.iter().map(|one| one.line).collect();
    let originals = lines::by_ids(conn, unit, &ids)?.into_iter().map(|line| (line.id, line)).collect();
    let found = successors(conn, unit, account, &open, &originals)?;
    Ok(found.into_values().map(|line| line.id).collect())
}

/// The line of the new version for each line it changed, by the difference that two persons accepted.
fn successors(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    open: &[Withdrawn],
    by_id: &HashMap<LineId, StoredLine>,
) -> Result<BTreeMap<LineId, StoredLine>> {
    let mut found = BTreeMap::new();
    let mut used: BTreeSet<LineId> = BTreeSet::new();
    let versions: BTreeSet<VersionId> = open.iter().map(|one| one.version).collect();
    for id in versions {
        let accepted = version::find(conn, unit, id)?;
        let Some(statement) = version::statement_of(conn, &accepted)? else { continue };
        let mut differences = version::differences(conn, unit, id)?;
        differences.retain(|one| open.iter().any(|taken| Some(taken.line) == one.line));
        let days: BTreeSet<BusinessDay> =
            differences.iter().filter_map(|one| Some(one.new.as_ref()?.booking_date)).collect();
        let mut candidates = lines::unposted_on(conn, unit, account, &days)?;
        candidates.retain(|line| line.statement == statement.id && !is_contra(open, line.id));
        for difference in differences {
            let Some(original) = difference.line.and_then(|line| by_id.get(&line)) else { continue };
            let mut fitting: Vec<&StoredLine> = candidates
                .iter()
                .filter(|line| !used.contains(&line.id) && is_new_side(&difference, line))
                .collect();
            fitting.sort_by_key(|line| (codes(line) != codes(original), line.id));
            if let Some(line) = fitting.first() {
                used.insert(line.id);
                found.insert(original.id, (*line).clone());
            }
        }
    }
    Ok(found)
}

/// Interest and charges: a rule alone had explained the line.
fn explains_alone(line: &StoredLine) -> bool {
    class_of(line).explains_alone()
}

/// What the rules say of a line that names nobody's money.
fn class_told(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    rules: &RuleSet,
    line: &StoredLine,
) -> Result<Option<Class>> {
    if !line.codes.is_empty() || !line.damaged.is_empty() || line.is_reversal {
        return Ok(None);
    }
    let texts = statement::line_texts(conn, stamp.vault, line.unit, line.id, line.key, &line.memo_cipher)?;
    Ok(classify(&line_of(line, &texts, stamp.vault), rules).map(|(class, _)| class))
}

fn is_contra(open: &[Withdrawn], line: LineId) -> bool {
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
    Ok(Some(work(line, Case::TakenOver, None)).filter(|_| is_same))
}

type Paid = (Vec<PaymentId>, BTreeSet<ObligationId>);

/// The payments whose money a line showed, and what they pay.
fn paid(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Paid> {
    let movements: Vec<(UnitId, MovementId)> = line_query::standing_parts(conn, unit, line)?
        .into_iter()
        .map(|(_, movement, _)| (unit, movement))
        .collect();
    let ids: Vec<PaymentId> = movement_query::movements(conn, &movements)?
        .into_iter()
        .filter_map(|movement| movement.payment)
        .collect();
    let keys: Vec<(UnitId, PaymentId)> = ids.iter().map(|id| (unit, *id)).collect();
    let obligations =
        payment_query::payments(conn, &keys)?.into_iter().filter_map(|payment| payment.obligation).collect();
    Ok((ids, obligations))
}

fn class_of(line: &StoredLine) -> Class {
    line.class.as_deref().and_then(|class| Class::parse(class).ok()).unwrap_or(Class::Unknown)
}

/// What a line that nobody knew was found to be. What paid nothing is told by its payment, as of any line.
fn placed(conn: &mut Conn, line: &StoredLine) -> Result<&'static str> {
    if class_of(line) != Class::Unknown {
        return Ok(class_of(line).as_str());
    }
    let found = class_now(conn, (line.unit, line.account), (line.id, line.amount))?;
    Ok(if found == Class::Surplus { Class::FeeReceipt } else { found }.as_str())
}

/// The exception names the line and the payments it had proven.
fn hint(one: &Withdrawn, payments: &[PaymentId]) -> Hint {
    Hint::TakenOut { line: one.line, payments: payments.to_vec() }
}

fn work(line: &StoredLine, case: Case, hint: Option<Hint>) -> LineWork {
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
        rule: STATEMENT_CORRECTED,
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
