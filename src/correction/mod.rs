//! Replacing, adjusting and cancelling a receipt or invoice: asked for by one person with the
//! agreement it stands on, approved by another, carried out with its money in the approval's
//! transaction. One that asks for more and is not paid is withdrawn by two persons (`withdrawal`).

pub mod agreement;
pub mod ground;
mod look;
mod query;
pub mod rules;
pub mod withdrawal;
mod words;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation::{self, Line};
use crate::party::{self, Payer};
use crate::payment::amend::{Amended, Amendment, amend};
use crate::payment::awaited::{self, Awaited};
use crate::payment::correcting::{kind_of, stands_on};
use crate::payment::to_nothing::to_nothing;
use crate::receipt::profile;
use crate::receipt::query as receipts;
use crate::receipt::relation::{self, Action, Relation};
use crate::store::page::Page;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text;
use look::{Draft, asked_lines, check_change, corrected_payer, look};
pub use query::PastEvent;

/// The way a document is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Thay thế: a new document with all lines takes the old one's place.
    Replace,
    /// Điều chỉnh: a further document carries the differences.
    Adjust,
    /// Hủy: the document ends, its money is the payer's again.
    Cancel,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        self.action().as_str()
    }

    /// # Errors
    /// `correction_kind_unknown`.
    pub fn parse(text: &str) -> Result<Kind> {
        match Action::parse(text) {
            Some(Action::Replace) => Ok(Kind::Replace),
            Some(Action::Adjust) => Ok(Kind::Adjust),
            Some(Action::Cancel) => Ok(Kind::Cancel),
            None => Err(Error::invalid("kind", "correction_kind_unknown", "replace, adjust or cancel")),
        }
    }

    fn action(self) -> Action {
        match self {
            Kind::Replace => Action::Replace,
            Kind::Adjust => Action::Adjust,
            Kind::Cancel => Action::Cancel,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Requested,
    /// Carried out; where more money is asked, its document follows the money.
    Approved,
    Refused,
    /// Approved, its money never came, and a person asks for its withdrawal.
    WithdrawalRequested,
    /// Withdrawn by two persons: no document was numbered, the original is unchanged.
    Withdrawn,
}

impl State {
    pub const ALL: [State; 5] =
        [State::Requested, State::Approved, State::Refused, State::WithdrawalRequested, State::Withdrawn];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Approved => "approved",
            State::Refused => "refused",
            State::WithdrawalRequested => "withdrawal_requested",
            State::Withdrawn => "withdrawn",
        }
    }

    /// None for a word that names no state.
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The document in which collector and payer agree on what was wrong (văn bản thỏa thuận).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    pub number: String,
    pub on: BusinessDay,
    pub about: String,
}

/// What a person asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub unit: UnitId,
    pub receipt: ReceiptId,
    pub kind: Kind,
    pub reason: String,
    pub agreement: Agreement,
    /// The document's lines as they should have been, all of them, what is taken off at 0; none when cancelling.
    /// None beside a payer: the lines are right.
    pub lines: Vec<Line>,
    /// The payer's data as they should have been, when those were wrong.
    pub payer: Option<Payer>,
}

/// A correction as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    pub unit: UnitId,
    pub id: CorrectionId,
    pub receipt: ReceiptId,
    pub obligation: ObligationId,
    /// Of the document that is corrected.
    pub document_kind: String,
    pub kind: Kind,
    pub reason: String,
    pub agreement: Agreement,
    /// Of the agreement itself, when it was attached.
    pub agreement_sha256: Option<String>,
    pub party: Option<PartyId>,
    /// The legal profile whose rule allows it, and how sure that rule is.
    pub profile: String,
    pub certainty: String,
    pub old_amount: Dong,
    pub new_amount: Dong,
    pub maker: PersonId,
    pub checker: Option<PersonId>,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
    /// Who asked for an approved one to be withdrawn, and who agreed.
    pub withdrawal_maker: Option<PersonId>,
    pub withdrawal_checker: Option<PersonId>,
}

/// A correction with what it made and the rule it stands on.
#[derive(Clone, Debug)]
pub struct Told {
    pub correction: Correction,
    pub lines: Vec<Line>,
    /// What it made; None before, and while it waits for its money.
    pub made: Option<Relation>,
    /// While it waits for its money: how much, and since when.
    pub awaited: Option<Awaited>,
    pub events: Vec<PastEvent>,
}

/// Who looks at corrections and their agreements.
pub const READERS: [Role; 6] =
    [Role::UnitReader, Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];
/// Who asks for a correction, and attaches its agreement.
pub const ASKERS: [Role; 2] = [Role::Finance, Role::Cashier];

/// Asks for a correction. Everything that would refuse it is looked at now, and again when it is
/// approved.
///
/// # Errors
/// The rules' names (`correction_…`), `receipt_not_found`, `correction_open` when one is
/// asked for already, `correction_lines_missing`, `correction_cancel_whole`, `correction_agreement_missing`,
/// `correction_agreement_in_future`, `correction_agreement_before_document`, and those of `Content::validate`.
pub fn request(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, ask: Ask) -> Result<Correction> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(ask.unit)?;
    let maker = actor.require_person()?;
    let reason = text::reason(&ask.reason)?;
    let agreement = ground::checked(&ask.agreement, stamp.today())?;
    let looked = look(tx, stamp, ask.unit, ask.receipt, ask.kind)?;
    let payer = ask.payer.as_ref().map(Payer::cleaned);
    rules::check_agreed(agreement.on, looked.original.issued_on, stamp.today())?;
    let new = asked_lines(&ask, &looked)?;
    check_change(tx, stamp, &looked, &Draft { way: ask.kind, agreement: &agreement }, &new, payer.as_ref())?;
    let id: CorrectionId = stamp.mint()?;
    let party = match &payer {
        Some(payer) if *payer != looked.payer => Some(party::record(tx, stamp, ask.unit, payer)?),
        _ => None,
    };
    let law = profile::for_day(stamp.today());
    let row = query::CorrectionRow {
        unit_id: ask.unit,
        id,
        receipt_id: ask.receipt,
        obligation_id: looked.original.obligation,
        document_kind: looked.original.document_kind.clone(),
        kind: ask.kind.as_str(),
        reason: reason.clone(),
        agreement_no: agreement.number,
        agreement_on: agreement.on,
        agreement_about: agreement.about,
        party_id: party,
        profile: law.name,
        certainty: looked.certainty(law).mark(),
        old_amount: Dong::sum(looked.lines.iter().map(|line| line.amount))?,
        new_amount: Dong::sum(new.iter().map(|line| line.amount))?,
        maker_person_id: maker,
        created_at: stamp.now,
        state: State::Requested.as_str(),
        revision: 1,
    };
    rows::insert(tx, &[row]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("correction_open", "one is asked for already; decide that first"),
        _ => error,
    })?;
    rows::insert(tx, &query::line_rows(ask.unit, id, &new))?;
    let correction = find(tx, ask.unit, id)?;
    tell(tx, stamp, &correction, maker, "requested", Some(reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, ask.unit, "correction.requested", id)])?;
    Ok(correction)
}

/// Approves a correction and carries it out, with its money, in this transaction.
///
/// # Errors
/// `maker_is_checker`, `correction_not_requested`, the rules' names again, and those of
/// `payment::amend`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
) -> Result<(Correction, Amended)> {
    let checker = checker(actor, unit)?;
    let mut correction = decidable(tx, unit, id)?;
    if correction.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    correction.state = State::Approved;
    correction.checker = Some(checker);
    correction.revision += 1;
    // The decision comes first: of two approvers at one moment the later one finds it changed.
    query::store(tx, &correction)?;
    tell(tx, stamp, &correction, checker, "approved", None)?;
    let looked = look(tx, stamp, unit, correction.receipt, correction.kind)?;
    let lines = query::lines(tx, unit, id)?;
    let payer = corrected_payer(tx, stamp, &correction)?;
    let draft = Draft { way: correction.kind, agreement: &correction.agreement };
    check_change(tx, stamp, &looked, &draft, &lines, payer.as_ref())?;
    let amendment = Amendment {
        correction: id,
        action: correction.kind.action(),
        original: &looked.original,
        lines,
        party: correction.party,
        note: words::note(correction.kind, &looked.original, &correction.agreement),
        reason: correction.reason.clone(),
        maker: correction.maker,
    };
    let amended = match looked.is_withdrawn {
        true => to_nothing(tx, stamp, actor, &amendment)?,
        false => amend(tx, stamp, actor, &amendment)?,
    };
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.approved", id)])?;
    Ok((correction, amended))
}

/// Refuses a correction; nothing changes but its state.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
    reason: &str,
) -> Result<Correction> {
    let checker = checker(actor, unit)?;
    let reason = text::reason(reason)?;
    let mut correction = decidable(tx, unit, id)?;
    if correction.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must decide"));
    }
    correction.state = State::Refused;
    correction.checker = Some(checker);
    correction.revision += 1;
    query::store(tx, &correction)?;
    tell(tx, stamp, &correction, checker, "refused", Some(reason))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.refused", id)])?;
    Ok(correction)
}

fn checker(actor: &Actor, unit: UnitId) -> Result<PersonId> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    actor.require_person()
}

fn decidable(tx: &mut Tx<'_>, unit: UnitId, id: CorrectionId) -> Result<Correction> {
    let correction = find(tx, unit, id)?;
    if correction.state == State::Requested {
        return Ok(correction);
    }
    let detail = format!("it is {} already", correction.state.as_str());
    Err(Error::conflict("correction_not_requested", detail))
}

fn tell(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    correction: &Correction,
    person_id: PersonId,
    kind: &'static str,
    reason: Option<String>,
) -> Result<()> {
    let event = query::EventRow {
        unit_id: correction.unit,
        id: stamp.mint()?,
        correction_id: correction.id,
        revision: correction.revision,
        kind,
        state: correction.state.as_str(),
        person_id,
        reason,
        at: stamp.now,
    };
    rows::insert(tx, &[event])
}

pub fn find(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Correction> {
    query::by_id(conn, unit, id)?.ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("correction_not_found", "no such correction in your scope")
}

/// The unit of a correction the actor may see.
pub fn locate(conn: &mut Conn, scope: &Scope, id: CorrectionId) -> Result<UnitId> {
    query::unit_of(conn, scope, id)?.ok_or_else(not_found)
}

/// Corrections of a unit, or of one receipt of it, newest first.
pub fn list(
    conn: &mut Conn,
    unit: UnitId,
    receipt: Option<ReceiptId>,
    state: Option<State>,
    page: impl Into<Page>,
) -> Result<Vec<Correction>> {
    query::page(conn, unit, receipt, state, page)
}

/// A correction with all there is to it.
pub fn told(conn: &mut Conn, correction: Correction) -> Result<Told> {
    let lines = query::lines(conn, correction.unit, correction.id)?;
    let made = relation::of_correction(conn, correction.unit, correction.id)?;
    let awaited = awaited::of_correction(conn, correction.unit, correction.id)?;
    let events = query::events(conn, correction.unit, correction.id)?;
    Ok(Told { correction, lines, made, awaited, events })
}

/// A line at another amount, once, without a reduction; unchanged when the amount is the same.
pub fn at_amount(line: &Line, amount: Dong) -> Line {
    if line.amount == amount {
        return line.clone();
    }
    let (quantity, unit_price) = rules::counted(line, amount);
    Line {
        quantity,
        unit_price,
        gross: amount,
        reduction: Dong::ZERO,
        reduction_percent: None,
        reduction_ground: None,
        amount,
        ..line.clone()
    }
}

/// The lines in force that stand on a document: what a correction of it starts from.
pub fn lines_in_force(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<Line>> {
    Ok(placed_in_force(conn, unit, receipt)?.into_iter().map(|(_, line)| line).collect())
}

/// The same, each with its place among all lines of the obligation: two lines may be of one item.
pub fn placed_in_force(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<(usize, Line)>> {
    let not_found = || Error::not_found("receipt_not_found", "no such receipt in your scope");
    let original = receipts::by_id(conn, unit, receipt)?.ok_or_else(not_found)?;
    let document = kind_of(&original)?;
    let lines = obligation::lines(conn, unit, original.obligation)?;
    Ok(lines.into_iter().enumerate().filter(|(_, line)| stands_on(document, line)).collect())
}

/// What a request takes off its document, for the person who decides: lines that were left out or set to
/// nothing. Empty once it is decided, and for a cancelling, which takes everything off.
pub fn removed(conn: &mut Conn, asked: &Correction) -> Result<Vec<Line>> {
    if asked.state != State::Requested || asked.kind == Kind::Cancel {
        return Ok(Vec::new());
    }
    let kept = query::lines(conn, asked.unit, asked.id)?;
    Ok(rules::removed(&lines_in_force(conn, asked.unit, asked.receipt)?, &kept))
}

/// What a request changes line by line, for the person who decides: what a line was, where it was one, and
/// what it becomes. Empty once it is decided, and for a cancelling.
pub fn changes(conn: &mut Conn, asked: &Correction) -> Result<Vec<(Option<Line>, Line)>> {
    if asked.state != State::Requested || asked.kind == Kind::Cancel {
        return Ok(Vec::new());
    }
    let kept = query::lines(conn, asked.unit, asked.id)?;
    Ok(rules::changes(&lines_in_force(conn, asked.unit, asked.receipt)?, &kept))
}

/// The payer as the document prints them, and as the request says; None where nothing was wrong with that.
pub fn payer_change(conn: &mut Conn, vault: &Vault, asked: &Correction) -> Result<Option<(Payer, Payer)>> {
    let Some(party) = asked.party else { return Ok(None) };
    let key = (asked.unit, party);
    let new = party::load(conn, vault, &[key])?.remove(&key).unwrap_or_default();
    Ok(Some((look::payer_shown(conn, asked.unit, asked.receipt)?, new)))
}

/// The payer as a document or its newest adjustment prints them: what a correction of it starts from.
pub fn payer_shown(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Payer> {
    look::payer_shown(conn, unit, receipt)
}
