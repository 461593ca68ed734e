//! A matching run over one account: read, match, post in chunks, name what stays open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::alias;
use super::classification::Class;
use super::contra;
use super::evidence;
use super::expected::{self, Expected};
use super::hint::hints;
use super::late_groups::{self, Left};
use super::matching::{self, CreditKind, Line, Movement, Obligation, Outcome, Settings, matching};
use super::owed;
use super::own_transfers;
use super::payout::{self, Payouts};
use super::query::{self, StoredLine};
use super::restated;
use super::rulebook;
use super::untimely;
use super::virtual_codes;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::payment::late_groups::settle_group;
use crate::payment::late_payout;
use crate::payment::pos;
use crate::payment::prove::{self, Case, LineWork, Posted, post_lines};
use crate::payment::refund;
use crate::shift::deposit;
use crate::statement::{self, LineTexts};
use crate::store::pace::Pace;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Stamp, Store, Tx, failure};
use crate::text;
use crate::working_days::WorkingDays;

/// A refund that was sent so many days before the last statement should be on it.
const REFUND_PATIENCE_DAYS: i64 = 5;
/// How often a run that a callback overtook starts over.
const ATTEMPT_LIMIT: u32 = 5;
/// A claim should be on a statement after this many working days.
pub const CLAIM_PATIENCE_WORKING_DAYS: u32 = 1;
/// Posted lines of so many days are read again to find the originals of reversals.
const RECENT_DAYS: i64 = 30;

/// What a run found and did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub unit: Option<UnitId>,
    pub account: Option<AccountId>,
    pub lines_posted: usize,
    pub proven: usize,
    pub credited: usize,
    pub classified: usize,
    pub reversed: usize,
    pub unknown: usize,
    /// Claims that no statement has shown in time.
    pub overdue_claims: usize,
    pub receipts: Vec<(UnitId, ReceiptId)>,
}

impl Report {
    fn add_late(&mut self, posted: Option<Posted>) {
        let posted = posted.unwrap_or_default();
        self.proven += posted.line_count;
        self.receipts.extend(posted.receipts);
    }
}

struct Snapshot {
    stored: HashMap<LineId, StoredLine>,
    lines: Vec<Line>,
    movements: Vec<Movement>,
    obligations: Vec<Obligation>,
    settings: Settings,
    /// What acquirers and gateways pay out together.
    payouts: Payouts,
    covered_until: Option<BusinessDay>,
    /// The codes that open lines name by virtual accounts.
    by_number: virtual_codes::ByNumber,
}

/// Matches and posts everything of one account that is open. Running it again changes nothing.
///
/// When a callback changes something between reading and posting, the chunk is refused as
/// contended and the run starts over from a fresh reading.
pub fn reconcile(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: AccountId,
) -> Result<Report> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(unit)?;
    let mut report = Report { unit: Some(unit), account: Some(account), ..Report::default() };
    let mut attempt = 0;
    loop {
        attempt += 1;
        let is_last = attempt == ATTEMPT_LIMIT;
        match run_once(store, stamp, actor, (unit, account), is_last, &mut report) {
            Err(error) if error.code() == failure::RETRY && !is_last => {
                tracing::debug!(%unit, %account, attempt, "matching starts over");
            }
            other => return other.map(|()| report),
        }
    }
}

fn run_once(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, account): (UnitId, AccountId),
    is_last: bool,
    report: &mut Report,
) -> Result<()> {
    restated::finish_accepted(store, stamp, unit, account)?;
    report.receipts.extend(contra::post(store, stamp, actor, unit, account)?);
    let rules = rulebook::rules_for(store, stamp.vault, unit, account)?;
    let settings = Settings { working_days: stamp.calendar.clone(), rules, ..Settings::default() };
    let snapshot = store.read_widely(&actor.scope, |conn| read(conn, stamp, unit, account, settings))?;
    let settings = &snapshot.settings;
    let outcome = matching(&snapshot.lines, &snapshot.movements, &snapshot.obligations, settings);
    let seen: BTreeSet<MovementId> = snapshot.movements.iter().map(|movement| movement.id).collect();
    let parts = in_order(works(&snapshot, &outcome, stamp.calendar));
    let mut pace = Pace::of(store.product(), store.posted_lines());
    for part in &parts {
        let mut left = part.as_slice();
        while !left.is_empty() {
            let (chunk, rest) = whole_groups(pace.next(left).0.len(), left);
            let posted = store.write(&actor.scope, Lane::Bulk, |tx| {
                // The account's claims hold this lock: waiting for them is no work of the chunk.
                prove::lock(tx, &chunk.iter().collect::<Vec<_>>())?;
                pace.timed(chunk.len(), || post_lines(tx, stamp, actor, chunk, &seen))
            })?;
            report.lines_posted += posted.line_count;
            report.receipts.extend(posted.receipts);
            count(report, chunk);
            left = rest;
        }
    }
    post_late(store, stamp, actor, &snapshot, (&parts, &seen, is_last), report)?;
    own_transfers::join(store, stamp, actor, &snapshot.lines, settings)?;
    alias::learn(store, stamp, actor, unit, &snapshot.lines)?;
    report.overdue_claims = note_overdue(store, stamp, actor, &snapshot, unit, account)?;
    if let Some(covered) = snapshot.covered_until {
        let late = store.read(&actor.scope, |conn| {
            let mut late = deposit::overdue(conn, stamp, unit, account, covered)?;
            late.extend(pos::overdue(conn, stamp, unit, account, covered)?);
            Ok(late)
        })?;
        if !late.is_empty() {
            store.write(&actor.scope, Lane::Bulk, |tx| exception::open_lasting(tx, stamp, &late))?;
        }
        // By then a statement should have shown what was sent.
        let sent_before = covered.plus_days(-REFUND_PATIENCE_DAYS);
        let overdue = |conn: &mut Conn| refund::query::overdue(conn, unit, account, sent_before.start());
        if !store.read(&actor.scope, overdue)?.is_empty() {
            store.write(&actor.scope, Lane::Bulk, |tx| {
                refund::note_overdue(tx, stamp, unit, account, sent_before)
            })?;
        }
    }
    Ok(())
}

/// What came after its line, which is posted already: batches and reports, and then claims that complete a line. On a
/// busy account another claim may overtake each attempt: the last one leaves such a line to the next run, so that what
/// follows is done.
fn post_late(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    snapshot: &Snapshot,
    (posted, seen, is_last): (&[Vec<LineWork>; 3], &BTreeSet<MovementId>, bool),
    report: &mut Report,
) -> Result<()> {
    let papers = snapshot.payouts.late(&snapshot.lines, |line| {
        snapshot.stored.get(&line).map(|stored| work(stored, Case::BankFee, "", &[]))
    });
    for paper in &papers {
        let late = |tx: &mut Tx<'_>| late_payout::settle_posted(tx, stamp, actor, paper);
        report.add_late(store.write(&actor.scope, Lane::Bulk, late)?);
    }
    let unknown = unknown_credits(snapshot, posted);
    if unknown.is_empty() {
        return Ok(());
    }
    let left = Left {
        lines: &snapshot.lines,
        movements: &snapshot.movements,
        payouts: &snapshot.payouts,
        settings: &snapshot.settings,
        unknown,
        taken: posted.iter().flatten().chain(&papers).flat_map(proven_by).collect(),
    };
    for group in late_groups::find(store, &actor.scope, left)? {
        let late = |tx: &mut Tx<'_>| settle_group(tx, stamp, actor, &group, seen);
        match store.write(&actor.scope, Lane::Bulk, late) {
            Err(error) if is_last && error.code() == failure::RETRY => {}
            posted => report.add_late(posted?),
        }
    }
    Ok(())
}

/// Credits that were posted as money nobody knows, by this run or, in the last days, by an earlier one.
fn unknown_credits(snapshot: &Snapshot, posted: &[Vec<LineWork>; 3]) -> Vec<LineWork> {
    let is_unknown = |line: &&StoredLine| line.is_posted && line.class.as_deref() == Some("unknown");
    let before = snapshot.stored.values().filter(is_unknown);
    let before = before.map(|line| work(line, Case::UnknownCredit(Kind::BulkSettlement), "", &[]));
    let now = posted.iter().flatten().filter(|work| matches!(work.case, Case::UnknownCredit(_))).cloned();
    before.chain(now).filter(|work| work.amount.is_positive() && work.code.is_empty()).collect()
}

/// The movements that a work proves.
fn proven_by(work: &LineWork) -> Vec<MovementId> {
    match &work.case {
        Case::SameMoney(two) => two.to_vec(),
        Case::LumpSum(lump) => lump.parts.iter().map(|(id, _)| *id).collect(),
        _ => shown(work).iter().map(|(id, _)| *id).collect(),
    }
}

/// The movements that a line shows for sure.
fn shown(work: &LineWork) -> &[(MovementId, Dong)] {
    match &work.case {
        Case::Proof { parts } => parts,
        _ => &[],
    }
}

/// Lines that show one movement in parts follow each other: the first of them, posted without the others, would
/// leave a movement that no later run finds whole.
fn together(works: Vec<LineWork>) -> Vec<LineWork> {
    let mut first: HashMap<MovementId, usize> = HashMap::new();
    let mut placed: Vec<(usize, LineWork)> = Vec::with_capacity(works.len());
    for (at, work) in works.into_iter().enumerate() {
        let leads = shown(&work).iter().map(|(movement, _)| *first.entry(*movement).or_insert(at));
        placed.push((leads.min().unwrap_or(at), work));
    }
    placed.sort_by_key(|(lead, _)| *lead);
    placed.into_iter().map(|(_, work)| work).collect()
}

/// The first `count` of the works and as many more as show a movement that the one before shows too; and the rest.
fn whole_groups(count: usize, works: &[LineWork]) -> (&[LineWork], &[LineWork]) {
    let is_one = |pair: &[LineWork]| match pair {
        [one, other] => {
            shown(one).iter().any(|(movement, _)| shown(other).iter().any(|(id, _)| id == movement))
        }
        _ => false,
    };
    let more =
        works.get(count.saturating_sub(1)..).unwrap_or_default().windows(2).take_while(|pair| is_one(pair));
    works.split_at(count + more.count())
}

/// What is taken back must have been brought before, and money that comes again finds what it pays open:
/// first what this run brings and takes back, then the taking back, then everything else.
fn in_order(works: Vec<LineWork>) -> [Vec<LineWork>; 3] {
    let original = |work: &LineWork| match work.case {
        Case::Reversal { original } => Some(original),
        _ => None,
    };
    let taken_back: BTreeSet<LineId> = works.iter().filter_map(original).collect();
    let (reversals, others): (Vec<_>, Vec<_>) = works.into_iter().partition(|work| original(work).is_some());
    let (brought, others) = others.into_iter().partition(|work| taken_back.contains(&work.line));
    [together(brought), reversals, together(others)]
}

fn count(report: &mut Report, posted: &[LineWork]) {
    for work in posted {
        match work.case {
            Case::Proof { .. } | Case::SameMoney(_) | Case::LumpSum(_) => report.proven += 1,
            Case::Credit { .. } | Case::PosBatch(_) => report.credited += 1,
            Case::BankFee | Case::Interest => report.classified += 1,
            Case::Reversal { .. } => report.reversed += 1,
            Case::Withdrawal | Case::TakenOver | Case::TakenBack { .. } => {}
            Case::UnknownCredit(_) | Case::UnknownDebit(_) => report.unknown += 1,
        }
    }
}

fn read(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    mut settings: Settings,
) -> Result<Snapshot> {
    let stored = query::lines(conn, unit, account, stamp.today().plus_days(-RECENT_DAYS))?;
    let stored = restated::prepared(conn, unit, account, stored)?;
    let mut lines = Vec::with_capacity(stored.len());
    let mut by_number = virtual_codes::ByNumber::read(conn)?;
    for line in &stored {
        let texts =
            statement::line_texts(conn, stamp.vault, line.unit, line.id, line.key, &line.memo_cipher)?;
        by_number.look(line, &texts);
        lines.push(line_of(line, &texts, stamp.vault));
    }
    let Expected { movements, channels, claimed, settled } = Expected::read(conn, unit, account)?;
    settings.splittable = settled;
    let codes = owed::codes_asked(&lines, &movements, &settings);
    let owed = owed::read(conn, unit, codes, &claimed)?;
    settings.aliases = alias::suggested(conn, unit, &lines, &owed.payers)?;
    let payouts = Payouts::read(conn, unit, account, channels)?;
    let covered_until = query::covered_until(conn, unit, account)?;
    let stored = stored.into_iter().map(|line| (line.id, line)).collect();
    Ok(Snapshot {
        stored,
        lines,
        movements,
        obligations: owed.obligations,
        settings,
        payouts,
        covered_until,
        by_number,
    })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn line_of(line: &StoredLine, texts: &LineTexts, vault: &Vault) -> Line {
    let account = texts.counterparty_account.as_deref();
    Line {
        id: line.id,
        unit: line.unit,
        account: line.account,
        booking_date: line.booking_date,
        amount: line.amount,
        codes: words(&line.codes),
        damaged: words(&line.damaged),
        bank_reference: line.bank_reference.clone(),
        customer_reference: line.reference.clone(),
        memo_folded: text::fold(&texts.memo),
        counterparty_account: account.map(|account| alias::account_hash(vault, line.unit, account)),
        reversal: line.is_reversal,
        open: if line.is_posted { Dong::ZERO } else { line.amount },
    }
}

/// One piece of work for each open line, in the order of the lines.
fn works(snapshot: &Snapshot, outcome: &Outcome, calendar: &WorkingDays) -> Vec<LineWork> {
    let kinds: HashMap<LineId, Kind> = outcome.exceptions.iter().copied().collect();
    let owners: HashMap<ObligationId, UnitId> =
        snapshot.obligations.iter().map(|obligation| (obligation.id, obligation.unit)).collect();
    let mut works: BTreeMap<LineId, LineWork> = BTreeMap::new();
    let mut add = |line: LineId, case: Case, rule: &'static str, evidence: &[evidence::Evidence]| {
        let Some(stored) = snapshot.stored.get(&line).filter(|stored| !stored.is_posted) else { return };
        let (rule, evidence) = snapshot.by_number.told(line, rule, evidence);
        works.insert(line, work(stored, case, rule, &evidence));
    };
    let lines: HashMap<LineId, &Line> = snapshot.lines.iter().map(|line| (line.id, line)).collect();
    for proof in &outcome.proofs {
        let evidence = lines.get(&proof.line).map(|line| proof.evidence(line)).unwrap_or_default();
        add(proof.line, Case::Proof { parts: proof.parts.to_vec() }, proof.rule.as_str(), &evidence);
    }
    for credit in &outcome.credits {
        let case = credit_case(credit, &owners, kinds.get(&credit.line).copied());
        add(credit.line, case, credit.rule.as_str(), &credit.evidence);
    }
    for same in &outcome.same_money {
        let case = Case::SameMoney(same.movements);
        add(same.line, case, "same_money", &same.evidence);
    }
    for (line, class, why) in &outcome.classified {
        let case = match class {
            Class::Interest => Case::Interest,
            _ => Case::BankFee,
        };
        add(*line, case, "classification", std::slice::from_ref(why));
    }
    for reversal in &outcome.reversals {
        add(reversal.line, Case::Reversal { original: reversal.original }, "reversal", &reversal.evidence);
    }
    let left: Vec<(LineId, Dong)> = snapshot
        .stored
        .values()
        .filter(|line| !line.is_posted && !works.contains_key(&line.id))
        .map(|line| (line.id, line.amount))
        .collect();
    for (line, amount) in left {
        let kind = kinds.get(&line).copied();
        let case = if amount < Dong::ZERO {
            Case::UnknownDebit(kind.unwrap_or(Kind::UnknownDebit))
        } else {
            Case::UnknownCredit(kind.unwrap_or(Kind::UnidentifiedCredit))
        };
        if let Some(stored) = snapshot.stored.get(&line) {
            works.insert(line, work(stored, case, "none", &[]));
        }
    }
    snapshot.payouts.show(
        &payout::Seen { lines: &snapshot.lines, movements: &snapshot.movements, outcome, calendar },
        &mut works,
    );
    let hints = hints(outcome);
    let mut works: Vec<LineWork> = works.into_values().collect();
    for work in &mut works {
        if let Some(hint) = hints.get(&work.line) {
            work.hint = Some(hint.clone());
        }
    }
    works.sort_by_key(|work| (work.booking_date, work.line));
    works
}

fn work(line: &StoredLine, case: Case, rule: &'static str, evidence: &[evidence::Evidence]) -> LineWork {
    LineWork {
        unit: line.unit,
        account: line.account,
        line: line.id,
        booking_date: line.booking_date,
        amount: line.amount,
        code: words(&line.codes).join("+"),
        is_damaged: !line.damaged.is_empty(),
        bank_reference: line.bank_reference.clone(),
        revision: line.revision,
        case,
        rule,
        evidence: serde_json::to_string(evidence).unwrap_or_default(),
        hint: None,
    }
}

fn credit_case(
    credit: &matching::Credit,
    owners: &HashMap<ObligationId, UnitId>,
    kind: Option<Kind>,
) -> Case {
    let named = |ids: &[ObligationId]| Case::Credit {
        named: ids.iter().filter_map(|id| owners.get(id).map(|unit| (*unit, *id))).collect(),
    };
    match &credit.kind {
        CreditKind::Code(id, _) => named(&[*id]),
        CreditKind::SeveralCodes { parts } if !parts.is_empty() => {
            named(&parts.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        }
        CreditKind::SeveralCodes { .. } => Case::UnknownCredit(Kind::SeveralObligations),
        CreditKind::OtherUnit { obligation, unit, .. } => Case::Credit { named: vec![(*unit, *obligation)] },
        CreditKind::Disputed => Case::UnknownCredit(kind.unwrap_or(Kind::ContentDiffers)),
        CreditKind::Unknown => Case::UnknownCredit(kind.unwrap_or(Kind::UnidentifiedCredit)),
    }
}

/// Claims older than the statements should have shown by now.
fn note_overdue(
    store: &Store,
    stamp: &Stamp<'_>,
    actor: &Actor,
    snapshot: &Snapshot,
    unit: UnitId,
    account: AccountId,
) -> Result<usize> {
    let Some(covered_until) = snapshot.covered_until else { return Ok(0) };
    let patience = (covered_until, CLAIM_PATIENCE_WORKING_DAYS);
    let overdue = store
        .read(&actor.scope, |conn| expected::overdue(conn, (unit, account), patience, stamp.calendar))?;
    let items: Vec<exception::New> = overdue
        .iter()
        .map(|(movement, age, open)| exception::New {
            unit,
            kind: Kind::ClaimWithoutCredit,
            subject: Subject::Movement(*movement),
            account: Some(account),
            amount: *open,
            opened_on: stamp.today(),
            detail: Detail::WithoutLine { working_days: *age }.into(),
        })
        .collect();
    if !items.is_empty() {
        let ages: HashMap<MovementId, u32> =
            overdue.into_iter().map(|(movement, age, _)| (movement, age)).collect();
        store.write(&actor.scope, Lane::Bulk, |tx| {
            untimely::suspend(tx, stamp, unit, account, &ages)?;
            exception::open_lasting(tx, stamp, &items)
        })?;
    }
    Ok(items.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::BusinessDay;

    fn showing(line: i64, movement: Option<i64>) -> LineWork {
        LineWork {
            unit: UnitId(2),
            account: AccountId(1),
            line: LineId(line),
            booking_date: BusinessDay(chrono::NaiveDate::MIN),
            amount: Dong(1_000),
            code: String::new(),
            is_damaged: false,
            bank_reference: None,
            revision: 1,
            case: movement
                .map_or(Case::BankFee, |id| Case::Proof { parts: vec![(MovementId(id), Dong(1_000))] }),
            rule: "split_reference",
            evidence: String::new(),
            hint: None,
        }
    }

    fn lines(works: &[LineWork]) -> Vec<i64> {
        works.iter().map(|work| work.line.0).collect()
    }

    #[test]
    fn no_transaction_ends_between_the_lines_that_show_one_movement() {
        let works = [(1, Some(7)), (2, None), (3, Some(8)), (4, Some(7)), (5, Some(7)), (6, Some(9))];
        let works = together(works.map(|(line, movement)| showing(line, movement)).to_vec());
        assert_eq!(lines(&works), [1, 4, 5, 2, 3, 6], "they follow the first of them");
        let cut = |count| {
            let (chunk, rest) = whole_groups(count, &works);
            (lines(chunk), lines(rest))
        };
        assert_eq!(cut(1), (vec![1, 4, 5], vec![2, 3, 6]));
        assert_eq!(cut(2), (vec![1, 4, 5], vec![2, 3, 6]));
        assert_eq!(cut(4), (vec![1, 4, 5, 2], vec![3, 6]), "nothing else is held together");
        assert_eq!(cut(6), (vec![1, 4, 5, 2, 3, 6], vec![]));
    }
}
