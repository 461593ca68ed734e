//! Lines of a bank file that could not be read: set aside at import, seen with their text, and decided
//! by a person with a reason. What is repaired goes on as a normal line of its statement.
//!
//! All that is open of a statement is decided together, and the bank's own balances are the second
//! pair of eyes: opening plus every line, the repaired ones among them, must give the closing balance.
//! Until then the statement's days do not close.

mod query;
mod raw;

use std::collections::BTreeSet;

use serde::Deserialize;

use super::draft::{self, DraftLine};
use super::import::Options;
use super::line::{self, CodesOf};
use super::query::{self as statements, StoredStatement};
use super::saved::{self, Understood};
use super::{Finding, Line, file, identity, sequence, version};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Store, Tx, rows};
use crate::text;
use crate::unit::{BankAccount, account};

pub use query::{Quarantined, of_statement, open, open_count, statement_of_any};
pub use raw::raw_text;

pub(super) fn set_aside(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    statement: StatementId,
    findings: &[Finding],
) -> Result<()> {
    let mut set_aside = Vec::with_capacity(findings.len());
    for finding in findings {
        set_aside.push(query::QuarantinedRow {
            unit_id: unit,
            id: stamp.mint()?,
            statement_id: statement,
            place: finding.at.clone(),
            code: finding.code.to_owned(),
            message: finding.message.clone(),
            created_at: stamp.now,
            state: "open",
            revision: 1,
        });
    }
    rows::insert(tx, &set_aside)
}

/// The bank sent the same statement with every line readable: what was set aside of the earlier copy is
/// told by the new one.
pub(super) fn supersede(tx: &mut Tx<'_>, stamp: &Stamp<'_>, whole: &StoredStatement) -> Result<()> {
    if !of_statement(tx, whole.unit, whole.id)?.is_empty() {
        return Ok(());
    }
    for line in open(tx, whole.unit, Some(whole.account), 10_000)? {
        let stored = statements::statement(tx, whole.unit, line.statement)?;
        let balances = |one: &StoredStatement| (one.opening, one.closing, one.closing_on);
        if balances(&stored) == balances(whole) {
            let reason = format!("read whole in {}", whole.id);
            let event = Event { kind: "superseded", line: None, amount: None, person: None, reason: &reason };
            tell(tx, stamp, &line, &event)?;
        }
    }
    Ok(())
}

/// What a person says about one line.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub id: EventId,
    /// What the line should have said; without it the line is discarded.
    #[serde(default)]
    pub repair: Option<Repair>,
    pub reason: String,
}

/// The fields of a repaired line.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    pub booking_date: BusinessDay,
    #[serde(default)]
    pub value_date: Option<BusinessDay>,
    /// Whole đồng; minus is money out.
    pub amount: Dong,
    #[serde(default)]
    pub memo: String,
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default)]
    pub bank_reference: Option<String>,
    #[serde(default)]
    pub counterparty_name: Option<String>,
    #[serde(default)]
    pub counterparty_account: Option<String>,
}

/// The text of the file where the line stands; `None` when the file's key was destroyed or the place is
/// a whole statement.
pub fn text_of(
    conn: &mut Conn,
    vault: &Vault,
    stored: &StoredStatement,
    line: &Quarantined,
) -> Result<Option<String>> {
    match file::open(conn, vault, stored.unit, &stored.file_sha256) {
        Ok(bytes) => {
            let saved = saved::newest(conn, stored.unit, stored.account)?;
            Ok(raw_text(&bytes, &line.place, saved.as_ref().map(|one| &one.layout)))
        }
        Err(error) if error.code() == "erased" => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the lines set aside must come to, by the statement's own balances; `None` where the bank
/// states none and they were worked out.
pub fn expected(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: StatementId,
) -> Result<Option<Dong>> {
    let (bytes, stored, account) = store.read(&actor.scope, |conn| {
        let stored = statements::statement(conn, unit, id)?;
        let account = account::find(conn, unit, stored.account)?;
        Ok((file::open(conn, stamp.vault, unit, &stored.file_sha256)?, stored, account))
    })?;
    if stored.balance_basis == "derived" {
        return Ok(None);
    }
    let options = Options { account_no: Some(&account.account_no), ..Options::default() };
    let Understood { parsed, account_no } = saved::understand(store, actor, &bytes, options)?;
    let drafts = draft::drafts(&parsed, account_no.as_deref())
        .map_err(|_| Error::internal("a stored bank file no longer reads"))?;
    let draft = drafts
        .iter()
        .find(|draft| draft.position == stored.position)
        .ok_or_else(|| Error::internal("a stored bank file has fewer statements than before"))?;
    let read = Dong::sum(draft.lines.iter().map(|line| line.amount))?;
    Ok(Some(draft.closing.checked_sub(draft.opening)?.checked_sub(read)?))
}

/// Decides every open line of a statement at once. Returns the lines that were repaired.
///
/// Errors: `quarantine_not_open`, `quarantine_incomplete` (a line is left out, or named twice),
/// `quarantine_balance_broken` with the sum the balances ask for, `reason_missing`,
/// `statement_before_account`.
pub fn decide<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    (unit, id): (UnitId, StatementId),
    verdicts: &[Verdict],
) -> Result<Vec<LineId>> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let expected = expected(store, &stamp(), actor, unit, id)?;
    store.write(&actor.scope, Lane::Live, |tx| {
        decide_in(tx, &stamp(), actor, codes_of, (unit, id), verdicts, expected)
    })
}

fn decide_in(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    (unit, id): (UnitId, StatementId),
    verdicts: &[Verdict],
    expected: Option<Dong>,
) -> Result<Vec<LineId>> {
    let stored = statements::statement(tx, unit, id)?;
    statements::lock_account(tx, unit, stored.account)?;
    let account = account::find(tx, unit, stored.account)?;
    let mut waiting: Vec<Quarantined> = of_statement(tx, unit, id)?;
    waiting.retain(|line| line.state == "open");
    check(&stored, &account, &waiting, verdicts, expected)?;
    let mut repaired = Vec::new();
    for (index, verdict) in verdicts.iter().enumerate() {
        let Some(line) = waiting.iter().find(|line| line.id == verdict.id) else { continue };
        let reason = text::clean(&verdict.reason);
        let added = match &verdict.repair {
            Some(repair) => {
                let place = (&stored, line, index);
                Some((add(tx, stamp, codes_of, &account, place, repair)?, repair.amount))
            }
            None => None,
        };
        let event = Event {
            kind: if added.is_some() { "repaired" } else { "discarded" },
            line: added.map(|(line, _)| line),
            amount: added.map(|(_, amount)| amount),
            person: actor.person,
            reason: &reason,
        };
        tell(tx, stamp, line, &event)?;
        repaired.extend(added.map(|(line, _)| line));
        let action = if added.is_some() { "quarantine.repaired" } else { "quarantine.discarded" };
        audit::record(tx, stamp, &[audit::Entry::by(actor, unit, action, line.id).with(id.to_string())])?;
    }
    sequence::settle_gaps(tx, stamp, &account)?;
    Ok(repaired)
}

fn check(
    stored: &StoredStatement,
    account: &BankAccount,
    waiting: &[Quarantined],
    verdicts: &[Verdict],
    expected: Option<Dong>,
) -> Result<()> {
    if waiting.is_empty() || !stored.is_ready() {
        return Err(Error::conflict("quarantine_not_open", "nothing of this statement waits for a decision"));
    }
    let asked: BTreeSet<EventId> = verdicts.iter().map(|verdict| verdict.id).collect();
    let open: BTreeSet<EventId> = waiting.iter().map(|line| line.id).collect();
    if asked != open || verdicts.len() != open.len() {
        let detail = format!("{} lines wait; decide each of them once", open.len());
        return Err(Error::invalid("lines", "quarantine_incomplete", detail));
    }
    if verdicts.iter().any(|verdict| text::clean(&verdict.reason).is_empty()) {
        return Err(Error::invalid("reason", "reason_missing", "say why, for each line"));
    }
    let repairs = || verdicts.iter().filter_map(|verdict| verdict.repair.as_ref());
    if repairs().any(|repair| repair.amount.is_zero()) {
        return Err(Error::invalid("amount", "amount_zero", "a line moves money"));
    }
    let days = account.opened_on..=stored.closing_on;
    if let Some(repair) = repairs().find(|repair| !days.contains(&repair.booking_date)) {
        let detail = format!("{} lies outside {} to {}", repair.booking_date, days.start(), days.end());
        return Err(Error::invalid("booking_date", "quarantine_date_outside", detail));
    }
    let sum = Dong::sum(repairs().map(|repair| repair.amount))?;
    match expected.filter(|expected| *expected != sum) {
        Some(expected) => {
            let detail = format!("the balances ask for {}, the repaired lines come to {}", expected.0, sum.0);
            Err(Error::invalid("amount", "quarantine_balance_broken", detail))
        }
        None => Ok(()),
    }
}

fn add(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    codes_of: &CodesOf<'_>,
    account: &BankAccount,
    (stored, line, index): (&StoredStatement, &Quarantined, usize),
    repair: &Repair,
) -> Result<LineId> {
    let raw = text_of(tx, stamp.vault, stored, line)?.unwrap_or_default();
    let drafted = DraftLine {
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
    };
    let features = line::features(stamp.vault, stored.unit, std::slice::from_ref(&drafted));
    let features = features.first().ok_or_else(|| Error::internal("a line without features"))?;
    let same_day = version::known(tx, account, repair.booking_date, repair.booking_date)?;
    let is_twin = |known: &identity::Known| {
        known.features.amount == features.amount && known.features.memo == features.memo
    };
    let twins = same_day.iter().filter(|told| is_twin(&told.known));
    let occurrence = twins.map(|told| told.known.occurrence).max().unwrap_or_default().saturating_add(1);
    let id: LineId = stamp.mint()?;
    let key = stamp.sealing_key(tx, stored.unit)?;
    let identity = identity::text(features, occurrence);
    let row = line::row(stamp, &key, stored, codes_of, &drafted, (id, &identity))?;
    rows::insert(tx, &[row])?;
    Ok(id)
}

struct Event<'e> {
    kind: &'static str,
    line: Option<LineId>,
    amount: Option<Dong>,
    person: Option<PersonId>,
    reason: &'e str,
}

fn tell(tx: &mut Tx<'_>, stamp: &Stamp<'_>, line: &Quarantined, event: &Event<'_>) -> Result<()> {
    query::set_state(tx, line, event.kind)?;
    rows::insert(
        tx,
        &[query::EventRow {
            unit_id: line.unit,
            id: stamp.mint()?,
            quarantined_id: line.id,
            revision: line.revision + 1,
            kind: event.kind,
            state: event.kind,
            line_id: event.line,
            amount: event.amount,
            person_id: event.person,
            reason: event.reason.to_owned(),
            at: stamp.now,
        }],
    )
}
