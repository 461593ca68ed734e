//! Statements that the bank sends again with other lines.
//!
//! The same account and number, or the same period and opening balance, with lines that say something
//! else, is a new version of the earlier statement. What it only adds or words differently goes in at
//! once and is listed. What it takes out or changes in day, amount or code may have proven payments: such a
//! version is held, keeps its days open under an exception, and goes in when two persons accept it.
//! A line it takes out is never deleted and never silently un-proven: a contra line of the same sum
//! stands against it from then on, and posting that one takes the money back as the bank's reversal
//! does, under an exception that names the payment.

mod again;
mod event;
pub(super) mod given_up;
pub(super) mod query;
mod rules;
mod waiting;
mod words;

use super::draft::Draft;
use super::file::{self, File};
use super::identity::{self, Features, Span};
use super::line::CodesOf;
use super::query::{self as statements, StoredStatement};
use super::sequence::{self, Telling, balance_before};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Subject};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::BankAccount;

pub use again::{Renewed, compare_again, renew};
use event::{Event, advance, tell};
pub use query::{
    Version, Withdrawn, accepted_by, differences, find, in_state, is_withdrawn, list, proposal, unit_of,
    waiting_of, withdrawn_by, withdrawn_of,
};
pub(super) use query::{by_position, known};
pub use rules::{Difference, Kind, Side};
use rules::{KnownLine, NewLine};
pub use waiting::{statement_of, touching, undecided, unfinished};
pub use words::words_in_file;

/// Who decides about versions.
pub const DECIDERS: [Role; 2] = [Role::Finance, Role::Approver];

/// What is decided about a held version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The bank is right: the lines go in, what it took out is taken back.
    Accept,
    /// The file is not the bank's last word (an older copy, a mistake): nothing of it goes in.
    Dismiss,
}

impl Decision {
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Accept => "accept",
            Decision::Dismiss => "dismiss",
        }
    }

    pub fn parse(text: &str) -> Result<Decision> {
        match text {
            "accept" => Ok(Decision::Accept),
            "dismiss" => Ok(Decision::Dismiss),
            _ => Err(Error::invalid("decision", "decision_unknown", "accept or dismiss")),
        }
    }
}

/// What a statement changes of an earlier one.
pub(super) struct Comparison {
    pub replaces: StoredStatement,
    pub differences: Vec<Difference>,
    pub has_number: bool,
}

impl Comparison {
    pub fn moves_money(&self) -> bool {
        self.differences.iter().any(|one| one.moves_money)
    }

    /// Whether it is a version of its own: exports of a growing day are not, unless they contradict.
    pub fn is_recorded(&self) -> bool {
        self.moves_money() || (self.has_number && !self.differences.is_empty())
    }

    fn count(&self, kind: Kind) -> i32 {
        let found = self.differences.iter().filter(|one| one.kind == kind).count();
        i32::try_from(found).unwrap_or(i32::MAX)
    }
}

/// Compares a statement with the one it tells again, if there is one. Lines that could not be read may
/// be the ones that seem gone: with any of them nothing is compared.
pub(super) fn compare(
    conn: &mut Conn,
    account: &BankAccount,
    draft: &Draft,
    format: &str,
    features: &[Features],
    codes_of: &CodesOf<'_>,
) -> Result<Option<Comparison>> {
    if !draft.quarantined.is_empty() {
        return Ok(None);
    }
    let Some((earlier, has_number)) = told_before(conn, account, draft, format)? else { return Ok(None) };
    let first_day = earlier.opening_on.min(draft.opening_on);
    let last_day = earlier.closing_on.max(draft.closing_on);
    let this = Telling::of(draft, format, features);
    let told = sequence::known_beside(conn, account, (first_day, last_day), &this)?;
    // What the bank told under other numbers of the day was never the earlier one's, though it came first.
    let of_others = sequence::apart(conn, account, &Telling::stored(&earlier, &told), &told)?;
    let known: Vec<KnownLine> = told
        .into_iter()
        .map(|told| KnownLine {
            id: told.id,
            codes: sorted(told.codes.split_whitespace().map(str::to_owned).collect()),
            is_covered: told.statement <= earlier.id
                && !of_others.contains_key(&told.statement)
                && (earlier.opening_on..=earlier.closing_on).contains(&told.known.features.date),
            known: told.known,
        })
        .collect();
    let plain: Vec<identity::Known> = known.iter().map(|line| line.known.clone()).collect();
    let before = balance_before(conn, account, first_day)?;
    let span = Span { first_day, opening: draft.opening, closing: draft.closing, lines: features };
    let plan = identity::plan(before, &plain, span);
    // Formats cut and number words and references each in its own way.
    let words_count = earlier.format == format;
    if !words_count && !plan.is_chained {
        return Ok(None);
    }
    let strict = words_count.then(|| identity::plan_strictly(&plain, span, plan.skip));
    let is_beginning = !has_number
        && is_beginning_of(&plain, (&plan, strict.as_deref()), span)
        && !is_followed(conn, account, draft)?;
    let verdicts = strict.unwrap_or(plan.verdicts);
    let lines: Vec<NewLine> = draft
        .lines
        .iter()
        .zip(features)
        .map(|(line, features)| NewLine {
            features: features.clone(),
            codes: sorted(codes_of(&text::clean(line.read.memo.as_deref().unwrap_or_default())).0),
        })
        .collect();
    let mut differences = rules::differences(&known, (first_day, plan.skip), &lines, &verdicts, words_count);
    let days = [draft.opening_on, draft.closing_on];
    if has_number && earlier.closing == draft.closing && [earlier.opening_on, earlier.closing_on] == days {
        differences = rules::without_lines_of_others(differences);
    }
    // A line that names another code contradicts, however little of the day is told.
    let contradicts = |one: &Difference| one.moves_money && one.kind == Kind::Changed;
    if is_beginning && !differences.iter().any(contradicts) {
        return Ok(None);
    }
    Ok(Some(Comparison { replaces: earlier, differences, has_number }))
}

fn sorted(mut codes: Vec<String>) -> Vec<String> {
    codes.sort_unstable();
    codes
}

/// The newest ready statement that the draft tells again, and whether its number says so. One of the same
/// format goes before: only with that one words and references can be compared.
fn told_before(
    conn: &mut Conn,
    account: &BankAccount,
    draft: &Draft,
    format: &str,
) -> Result<Option<(StoredStatement, bool)>> {
    let ready = statements::ready_since(conn, account.unit, account.id, draft.opening_on)?;
    let number = draft.number.as_deref().map(text::clean);
    let mut same: Vec<(StoredStatement, bool)> = ready
        .into_iter()
        .filter(|one| one.opening == draft.opening && one.opening_on <= draft.closing_on)
        .filter_map(|one| {
            let has_numbers = one.number.is_some() && number.is_some();
            let same_number = (has_numbers && one.number == number)
                || (one.sequence.is_some() && one.sequence == draft.sequence);
            let same_period = one.opening_on == draft.opening_on && one.closing_on == draft.closing_on;
            (same_number || (!has_numbers && same_period)).then_some((one, same_number))
        })
        .collect();
    same.sort_by_key(|(one, _)| (one.format == format, one.id));
    Ok(same.pop())
}

/// An export of the morning that comes after the day's: all of it is known, it closes with the balance
/// behind its last line, and no line that its words make sure of lies behind that.
fn is_beginning_of(
    known: &[identity::Known],
    (plan, strict): (&identity::Plan, Option<&[identity::Verdict]>),
    span: Span<'_>,
) -> bool {
    let all_known = plan.verdicts.iter().all(|verdict| matches!(verdict, identity::Verdict::Known(_)));
    let told: Vec<usize> = known
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_withdrawn)
        .skip(plan.skip)
        .take(span.lines.len())
        .map(|(index, _)| index)
        .collect();
    let is_behind =
        |verdict: &identity::Verdict| matches!(verdict, identity::Verdict::Known(at) if !told.contains(at));
    let amounts = told.iter().filter_map(|at| known.get(*at)).map(|line| line.features.amount);
    all_known
        && !strict.unwrap_or_default().iter().any(is_behind)
        && Dong::sum([span.opening].into_iter().chain(amounts)).ok() == Some(span.closing)
}

/// Whether the next statement that is here opens with what this one closes with: then it tells its day to the
/// end, and what is known beyond it never was.
fn is_followed(conn: &mut Conn, account: &BankAccount, draft: &Draft) -> Result<bool> {
    let later = statements::ready_since(conn, account.unit, account.id, draft.closing_on.next())?;
    let next = later.into_iter().filter(|one| one.opening_on > draft.closing_on);
    Ok(next.min_by_key(|one| (one.opening_on, one.id)).is_some_and(|one| one.opening == draft.closing))
}

/// Records a version: held for a decision, or applied because it moves no money.
pub(super) fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    file: &File<'_>,
    draft: &Draft,
    comparison: &Comparison,
) -> Result<Version> {
    let earlier = &comparison.replaces;
    let (unit, account) = (earlier.unit, earlier.account);
    statements::lock_account(tx, unit, account)?;
    if let Some(known) = query::by_position(tx, unit, account, &file.sha256, draft.position)? {
        return Ok(known);
    }
    file::keep(tx, stamp, unit, file)?;
    let id: VersionId = stamp.mint()?;
    let state = if comparison.moves_money() { "held" } else { "applied" };
    rows::insert(
        tx,
        &[query::VersionRow {
            unit_id: unit,
            id,
            account_id: account,
            replaces_id: earlier.id,
            file_sha256: file.sha256.clone(),
            position: draft.position,
            number: draft.number.as_deref().map(text::clean),
            closing_on: draft.closing_on,
            opening: draft.opening,
            closing: draft.closing,
            added: comparison.count(Kind::Added),
            gone: comparison.count(Kind::Gone),
            changed: comparison.count(Kind::Changed),
            created_at: stamp.now,
            state,
            revision: 1,
        }],
    )?;
    let listed: Vec<query::DifferenceRow> = comparison
        .differences
        .iter()
        .enumerate()
        .map(|(index, one)| difference_row(unit, id, (1, index), one))
        .collect();
    rows::insert(tx, &listed)?;
    let version = query::find(tx, unit, id)?;
    let event = Event { kind: state, state, decision: None, maker: actor.person, checker: None, reason: "" };
    tell(tx, stamp, &version, 1, &event)?;
    if state == "held" {
        open_exception(tx, stamp, &version, comparison)?;
    }
    let entry = audit::Entry::by(actor, unit, "statement.version", id).with(state);
    audit::record(tx, stamp, &[entry])?;
    Ok(version)
}

fn difference_row(
    unit: UnitId,
    version: VersionId,
    (edition, index): (i32, usize),
    one: &Difference,
) -> query::DifferenceRow {
    let (old, new) = (one.old.as_ref(), one.new.as_ref());
    query::DifferenceRow {
        unit_id: unit,
        version_id: version,
        position: i32::try_from(index).unwrap_or(i32::MAX),
        kind: one.kind.as_str(),
        moves_money: one.moves_money,
        line_id: one.line,
        old_booking_date: old.map(|side| side.booking_date),
        old_amount: old.map(|side| side.amount),
        old_reference: old.and_then(|side| side.bank_reference.clone()),
        new_booking_date: new.map(|side| side.booking_date),
        new_amount: new.map(|side| side.amount),
        new_reference: new.and_then(|side| side.bank_reference.clone()),
        edition,
    }
}

fn open_exception(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    version: &Version,
    comparison: &Comparison,
) -> Result<()> {
    let moving = || comparison.differences.iter().filter(|one| one.moves_money);
    let days = moving().flat_map(|one| one.old.iter().chain(&one.new)).map(|side| side.booking_date);
    let opened_on = days.min().unwrap_or(comparison.replaces.opening_on);
    let touched =
        moving().filter_map(|one| one.old.as_ref()).map(|side| Dong(side.amount.0.saturating_abs()));
    let [added, gone, changed] = [Kind::Added, Kind::Gone, Kind::Changed].map(|kind| comparison.count(kind));
    let item = exception::New {
        unit: version.unit,
        kind: exception::Kind::StatementCorrected,
        subject: Subject::Statement(version.replaces),
        account: Some(version.account),
        amount: Dong::sum(touched)?,
        opened_on,
        detail: Detail::version(version.id, added, gone, changed).into(),
    };
    exception::open(tx, stamp, &[item]).map(|_| ())
}

/// Proposes what to do with a held version.
///
/// # Errors
/// `reason_missing`, `statement_version_not_held`.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: VersionId,
    (decision, reason): (Decision, &str),
) -> Result<Version> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let reason = text::reason(reason)?;
    let version = query::find(tx, unit, id)?;
    if version.state != "held" {
        return Err(Error::conflict("statement_version_not_held", "it is proposed or decided already"));
    }
    let event = Event {
        kind: "proposed",
        state: "proposed",
        decision: Some(decision),
        maker: Some(maker),
        checker: None,
        reason: &reason,
    };
    let version = advance(tx, stamp, &version, &event)?;
    let entry = audit::Entry::by(actor, unit, "statement.version_proposed", id).with(decision.as_str());
    audit::record(tx, stamp, &[entry])?;
    Ok(version)
}

/// Sends a proposal back; the version is held again.
pub fn send_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: VersionId,
    reason: &str,
) -> Result<Version> {
    let (version, _, maker, checker) = proposed(tx, actor, unit, id)?;
    let reason = text::clean(reason);
    let event = Event {
        kind: "sent_back",
        state: "held",
        decision: None,
        maker: Some(maker),
        checker: Some(checker),
        reason: &reason,
    };
    advance(tx, stamp, &version, &event)
}

fn proposed(
    tx: &mut Tx<'_>,
    actor: &Actor,
    unit: UnitId,
    id: VersionId,
) -> Result<(Version, Decision, PersonId, PersonId)> {
    actor.require_role(&DECIDERS)?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let version = query::find(tx, unit, id)?;
    let not_proposed = || Error::conflict("statement_version_not_proposed", "nothing is proposed for it");
    if version.state != "proposed" {
        return Err(not_proposed());
    }
    let (decision, maker, _) = query::proposal(tx, unit, id)?.ok_or_else(not_proposed)?;
    if maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    Ok((version, Decision::parse(&decision)?, maker, checker))
}

/// Approves the proposal. An accepted version's lines go in with the next import of its file, which
/// `reconciliation::restated` does at once; what it takes out is named here, in the same transaction.
///
/// # Errors
/// `statement_version_not_proposed`, `maker_is_checker`, `statement_version_overtaken` when
/// another version took the same lines out meanwhile.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: VersionId,
) -> Result<(Version, Decision)> {
    let (version, decision, maker, checker) = proposed(tx, actor, unit, id)?;
    statements::lock_account(tx, unit, version.account)?;
    if decision == Decision::Accept {
        withdraw(tx, stamp, &version)?;
    }
    let state = if decision == Decision::Accept { "accepted" } else { "dismissed" };
    let event = Event {
        kind: state,
        state,
        decision: Some(decision),
        maker: Some(maker),
        checker: Some(checker),
        reason: "",
    };
    let version = advance(tx, stamp, &version, &event)?;
    settle_exception(tx, stamp, &version, "two persons decided")?;
    let entry = audit::Entry::by(actor, unit, "statement.version_decided", id).with(state);
    audit::record(tx, stamp, &[entry])?;
    Ok((version, decision))
}

fn settle_exception(tx: &mut Tx<'_>, stamp: &Stamp<'_>, version: &Version, why: &'static str) -> Result<()> {
    let others = undecided(tx, version.unit, version.account)?;
    if others.iter().any(|other| other.replaces == version.replaces) {
        return Ok(());
    }
    let about = Subject::Statement(version.replaces);
    let cause = (version.unit, exception::Kind::StatementCorrected, about, why);
    exception::settle_by_themselves(tx, stamp, &[cause]).map(|_| ())
}

fn withdraw(tx: &mut Tx<'_>, stamp: &Stamp<'_>, version: &Version) -> Result<()> {
    let mut taken = Vec::new();
    for one in query::differences(tx, version.unit, version.id)? {
        if let Some(line_id) = one.line.filter(|_| one.moves_money) {
            taken.push(query::WithdrawnRow {
                unit_id: version.unit,
                line_id,
                version_id: version.id,
                contra_line_id: stamp.mint()?,
                created_at: stamp.now,
            });
        }
    }
    let is_new = rows::insert_if_absent(tx, &taken, &["unit_id", "line_id"])?;
    if is_new.contains(&false) {
        let detail = "another version took the same lines out";
        return Err(Error::conflict("statement_version_overtaken", detail));
    }
    Ok(())
}
