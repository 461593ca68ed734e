//! Lines of a bank file that could not be read: set aside at import, seen with their text, and decided
//! by a person with a reason. What is repaired goes on as a normal line of its statement.
//!
//! All that is open of a statement is decided together, under the bank's own balances: opening plus every
//! line, the repaired ones among them, must give the closing balance. Balances say how much came, not
//! whose it is: a second person keys the same where the bank states none, where a code or a reference
//! does not stand in the file's own text, where several lines of the file wait at once, and above the
//! unit's limit for one person. What the text says of sign and amount nobody repairs into something
//! else. Until then the statement's days do not close. A repaired line that another statement told
//! already is that line, and none is added.

mod query;
mod raw;
mod repair;
mod second;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::draft::{self, Draft};
use super::layout::Layout;
use super::line::CodesOf;
use super::query::{self as statements, StoredStatement};
use super::saved::{self, Understood};
use super::{Finding, file, sequence};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Store, Tx, rows};
use crate::text;
use crate::unit::account;

pub use query::{Quarantined, keyed, of_statement, open, open_by_statement, open_count, statement_of_any};
pub use raw::{Raw, raw_text};

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
    let mut told = BTreeMap::new();
    let mut superseded = Vec::new();
    for line in open(tx, whole.unit, Some(whole.account), 10_000)? {
        let balances = |one: &StoredStatement| (one.opening, one.closing, one.closing_on);
        let is_told = match told.get(&line.statement) {
            Some(known) => *known,
            None => balances(&statements::statement(tx, whole.unit, line.statement)?) == balances(whole),
        };
        told.insert(line.statement, is_told);
        if is_told {
            superseded.push(line);
        }
    }
    let reason = format!("read whole in {}", whole.id);
    let event = || Event { kind: "superseded", line: None, amount: None, person: None, reason: &reason };
    let told: Vec<(&Quarantined, Event<'_>)> = superseded.iter().map(|line| (line, event())).collect();
    tell(tx, stamp, &told)
}

/// What was set aside of a statement that is given up is discarded with it.
pub(super) fn give_up(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    stored: &StoredStatement,
    (person, reason): (PersonId, &str),
) -> Result<()> {
    let mut lines = of_statement(tx, stored.unit, stored.id)?;
    lines.retain(|line| line.state == "open");
    let event = || Event { kind: "discarded", line: None, amount: None, person: Some(person), reason };
    let told: Vec<(&Quarantined, Event<'_>)> = lines.iter().map(|line| (line, event())).collect();
    tell(tx, stamp, &told)
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
#[derive(Clone, Debug, Deserialize, Serialize, schemars::JsonSchema)]
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
    Ok(texts_of(conn, vault, stored, std::slice::from_ref(line))?.pop().flatten())
}

/// The same of several lines of a statement, whose file is opened once.
pub fn texts_of(
    conn: &mut Conn,
    vault: &Vault,
    stored: &StoredStatement,
    lines: &[Quarantined],
) -> Result<Vec<Option<String>>> {
    match file::open(conn, vault, stored.unit, &stored.file_sha256) {
        Ok(bytes) => {
            let layout = layout_of(conn, stored)?;
            Ok(lines.iter().map(|line| raw_text(&bytes, &line.place, layout.as_ref())).collect())
        }
        Err(error) if error.code() == "erased" => Ok(lines.iter().map(|_| None).collect()),
        Err(error) => Err(error),
    }
}

/// The mapping that was kept with the file, else the account's.
fn layout_of(conn: &mut Conn, stored: &StoredStatement) -> Result<Option<Layout>> {
    if let Some(layout) = file::layout_of(conn, stored.unit, &stored.file_sha256)? {
        return Ok(Some(layout));
    }
    Ok(saved::newest(conn, stored.unit, stored.account)?.map(|one| one.layout))
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
    drafted(store, stamp, actor, unit, id)?.expected()
}

/// The statement as its file is read, once, before anything is decided.
struct Drafted {
    draft: Draft,
    /// What the file says where each line was set aside.
    raw: BTreeMap<EventId, Raw>,
}

impl Drafted {
    fn expected(&self) -> Result<Option<Dong>> {
        if self.draft.is_derived {
            return Ok(None);
        }
        let read = Dong::sum(self.draft.lines.iter().map(|line| line.amount))?;
        Ok(Some(self.draft.closing.checked_sub(self.draft.opening)?.checked_sub(read)?))
    }
}

fn drafted(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: StatementId,
) -> Result<Drafted> {
    let (stored, lines, layout, account) = store.read(&actor.scope, |conn| {
        let stored = statements::statement(conn, unit, id)?;
        let lines = of_statement(conn, unit, id)?;
        let layout = layout_of(conn, &stored)?;
        let account = account::find(conn, unit, stored.account)?;
        Ok((stored, lines, layout, account))
    })?;
    let place = (unit, stored.file_sha256.as_str());
    let (bytes, understood) =
        saved::understand_stored(store, stamp.vault, actor, place, &account.account_no)?;
    let Understood { mut parsed, account_no, .. } = understood;
    let sorted = draft::drafts(&mut parsed, account_no.as_deref())
        .map_err(|_| Error::internal("a stored bank file no longer reads"))?;
    let draft = sorted
        .drafts
        .into_iter()
        .find(|draft| draft.position == stored.place())
        .ok_or_else(|| Error::internal("a stored bank file has fewer statements than before"))?;
    let open = lines.into_iter().filter(|line| line.state == "open");
    let raw = open.filter_map(|line| Some((line.id, raw::raw(&bytes, &line.place, layout.as_ref())?)));
    Ok(Drafted { draft, raw: raw.collect() })
}

/// What deciding came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The lines that were repaired, or are known as.
    Lines(Vec<LineId>),
    /// One person may not decide it alone: another one keys the same before anything is done.
    SecondPerson,
}

impl Decided {
    /// The repaired lines; none while a second person is waited for.
    pub fn lines(self) -> Vec<LineId> {
        match self {
            Decided::Lines(lines) => lines,
            Decided::SecondPerson => Vec::new(),
        }
    }
}

/// What one person may decide, and how codes are read.
#[derive(Clone, Copy)]
pub struct Allowed<'a> {
    pub codes_of: &'a CodesOf<'a>,
    /// The unit's limit for one person; without it two persons decide everything.
    pub limit: Option<Dong>,
}

/// Who decides about lines set aside.
pub const DECIDERS: [Role; 2] = [Role::Finance, Role::Approver];

/// Decides every open line of a statement at once. Where one person may not (`second`), the first
/// person's verdicts are kept as a keyed hash, and those of another person must be the same.
///
/// # Errors
/// `quarantine_not_open`, `quarantine_incomplete` (a line is left out, or named twice),
/// `quarantine_balance_broken` with the sum the balances ask for, `quarantine_contradicts_text` where
/// the file says another sign or amount, `reason_missing`, `quarantine_date_outside`,
/// `quarantine_day_closed`.
pub fn decide<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    allowed: Allowed<'_>,
    (unit, id): (UnitId, StatementId),
    verdicts: &[Verdict],
) -> Result<Decided> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let drafted = drafted(store, &stamp(), actor, unit, id)?;
    store.write(&actor.scope, Lane::Live, |tx| {
        decide_in(tx, &stamp(), actor, allowed, ((unit, id), &drafted), verdicts)
    })
}

fn decide_in(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    allowed: Allowed<'_>,
    ((unit, id), drafted): ((UnitId, StatementId), &Drafted),
    verdicts: &[Verdict],
) -> Result<Decided> {
    let expected = drafted.expected()?;
    let stored = statements::statement(tx, unit, id)?;
    statements::lock_account(tx, unit, stored.account)?;
    let account = account::find(tx, unit, stored.account)?;
    let mut waiting: Vec<Quarantined> = of_statement(tx, unit, id)?;
    waiting.retain(|line| line.state == "open");
    check(&stored, &waiting, verdicts, expected)?;
    second::refuse_contradictions(&drafted.raw, verdicts)?;
    repair::check_days(tx, &stored, &account, verdicts)?;
    let needs_two = expected.is_none()
        || query::open_of_file(tx, unit, &stored.file_sha256)? > 1
        || second::needs_two(&drafted.raw, verdicts, allowed);
    if needs_two && !seconded(tx, stamp, actor, &stored, verdicts)? {
        return Ok(Decided::SecondPerson);
    }
    let lines =
        repair::planned(tx, stamp, allowed.codes_of, &account, (&stored, drafted), (&waiting, verdicts))?;
    let reasons: Vec<String> = lines.iter().map(|(_, verdict, _)| text::clean(&verdict.reason)).collect();
    let (mut told, mut acts) = (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
    for ((line, verdict, added), reason) in lines.iter().zip(&reasons) {
        let kind = if added.is_some() { "repaired" } else { "discarded" };
        let amount = verdict.repair.as_ref().map(|repair| repair.amount);
        told.push((*line, Event { kind, line: *added, amount, person: actor.person, reason }));
        let action = if added.is_some() { "quarantine.repaired" } else { "quarantine.discarded" };
        acts.push(audit::Entry::by(actor, unit, action, line.id).with(id.to_string()));
    }
    tell(tx, stamp, &told)?;
    audit::record(tx, stamp, &acts)?;
    let repaired = lines.iter().filter_map(|(.., added)| *added).collect();
    sequence::settle_gaps(tx, stamp, &account)?;
    Ok(Decided::Lines(repaired))
}

/// Whether another person keyed the same before. The first person's words are not kept, only their hash.
fn seconded(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    stored: &StoredStatement,
    verdicts: &[Verdict],
) -> Result<bool> {
    let person = actor.require_person()?;
    let mut said: Vec<(EventId, Option<&Repair>)> =
        verdicts.iter().map(|verdict| (verdict.id, verdict.repair.as_ref())).collect();
    said.sort_by_key(|(id, _)| *id);
    let said = serde_json::to_string(&said).map_err(|error| Error::internal(error.to_string()))?;
    let hash = stamp.vault.blind(stored.unit, "quarantine", &said);
    let makers = query::proposed(tx, stored.unit, stored.id, &hash)?;
    if makers.iter().any(|maker| *maker != person) {
        return Ok(true);
    }
    if makers.is_empty() {
        let id: EventId = stamp.mint()?;
        let row = query::ProposalRow {
            unit_id: stored.unit,
            id,
            statement_id: stored.id,
            verdicts_hash: hash,
            maker_person_id: person,
            created_at: stamp.now,
        };
        rows::insert(tx, &[row])?;
        let entry = audit::Entry::by(actor, stored.unit, "quarantine.proposed", stored.id);
        audit::record(tx, stamp, &[entry])?;
    }
    Ok(false)
}

fn check(
    stored: &StoredStatement,
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
    let sum = Dong::sum(repairs().map(|repair| repair.amount))?;
    match expected.filter(|expected| *expected != sum) {
        Some(expected) => {
            let detail = format!("the balances ask for {}, the repaired lines come to {}", expected.0, sum.0);
            Err(Error::invalid("amount", "quarantine_balance_broken", detail))
        }
        None => Ok(()),
    }
}

struct Event<'e> {
    kind: &'static str,
    line: Option<LineId>,
    amount: Option<Dong>,
    person: Option<PersonId>,
    reason: &'e str,
}

/// Moves lines on, each once: thousands of a file are decided as one.
fn tell(tx: &mut Tx<'_>, stamp: &Stamp<'_>, told: &[(&Quarantined, Event<'_>)]) -> Result<()> {
    let states: Vec<(&Quarantined, &'static str)> =
        told.iter().map(|(line, event)| (*line, event.kind)).collect();
    query::set_states(tx, &states)?;
    let mut events = Vec::with_capacity(told.len());
    for (line, event) in told {
        events.push(query::EventRow {
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
        });
    }
    rows::insert(tx, &events)
}
