//! Matching: which statement line proves which movement, and what to make of the rest.
//!
//! Pure. The answer does not depend on the order of the inputs, and matching again after its
//! answer was applied finds nothing new. Only a verified code or a bank or channel reference
//! together with the exact amount decides; everything else is a suggestion for a person.

mod board;
mod class;
mod code;
mod code_set;
mod credit;
mod edit;
mod proof;
mod reference;
pub mod reversal;
mod split;
mod suggestion;

pub use edit::{digits_swapped, one_edit_apart};
pub use proof::{Parts, Proof};
use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::classification::{Class, RuleSet};
use super::evidence::Evidence;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::exception::kind::Kind;
use crate::id::{AccountId, LineId, MovementId, ObligationId, UnitId};
use crate::working_days::WorkingDays;

/// A statement line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub id: LineId,
    /// The unit that owns the account.
    pub unit: UnitId,
    pub account: AccountId,
    pub booking_date: BusinessDay,
    /// Minus is money out.
    pub amount: Dong,
    /// Verified reference codes of the memo.
    pub codes: Vec<String>,
    /// What looks like a code but fails its check.
    pub damaged: Vec<String>,
    pub bank_reference: Option<String>,
    /// The payer's or channel's reference that the bank carried along.
    pub customer_reference: Option<String>,
    /// Upper case, without diacritics.
    pub memo_folded: String,
    /// A keyed hash as text; equal accounts have equal hashes.
    pub counterparty_account: Option<String>,
    /// Marked by the bank: RC, RD, RvslInd.
    pub reversal: bool,
    /// What is not matched yet, with the sign of `amount`; zero is done.
    pub open: Dong,
}

/// A movement known from claims, expected deposits, refunds sent or remittances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Movement {
    pub id: MovementId,
    pub unit: UnitId,
    pub account: AccountId,
    pub inflow: bool,
    /// Above zero.
    pub amount: Dong,
    /// What no line has proven yet, from zero to `amount`.
    pub open: Dong,
    pub codes: Vec<String>,
    pub bank_references: Vec<String>,
    pub first_seen: BusinessDay,
    pub obligation: Option<ObligationId>,
    pub has_line: bool,
    /// The channels' transaction ids.
    pub external_ids: Vec<String>,
}

/// What somebody owes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Obligation {
    pub id: ObligationId,
    pub unit: UnitId,
    pub code: String,
    /// Under which lines name it, too: printed before a merger, as long as papers with them are paid.
    pub former_codes: Vec<String>,
    /// What is still due when every movement known for it, proven or only claimed, is counted.
    pub outstanding: Dong,
    pub dossier_code_folded: Option<String>,
    /// Whether it still takes money: raised, partly paid or reopened.
    pub state_open: bool,
    pub raised_on: BusinessDay,
    pub payer_name_folded: Option<String>,
}

/// The settings of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    pub working_days: WorkingDays,
    /// A line joins a movement of the same code and amount this many working days away.
    pub join_window_days: u32,
    /// A reference further away than this was used again by the bank.
    pub reference_window_days: u32,
    /// Without code or reference, amounts are compared this far.
    pub suggestion_window_days: u32,
    /// More codes than this in one memo are left to a person.
    pub codes_limit: usize,
    /// Suggestions kept for one line.
    pub suggestions_limit: usize,
    /// Accounts whose bank does not give every movement a reference of its own.
    pub shared_references: BTreeSet<AccountId>,
    pub rules: RuleSet,
    /// Movements that several lines may show in parts.
    pub splittable: BTreeSet<MovementId>,
    /// Open obligations of payers that have paid from an account before, by its keyed hash. They
    /// suggest, and never decide.
    pub aliases: BTreeMap<String, BTreeSet<ObligationId>>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            working_days: WorkingDays::default(),
            join_window_days: 3,
            reference_window_days: 10,
            suggestion_window_days: 1,
            codes_limit: 6,
            suggestions_limit: 5,
            shared_references: BTreeSet::new(),
            rules: RuleSet::built_in(),
            splittable: BTreeSet::new(),
            aliases: BTreeMap::new(),
        }
    }
}

/// The rule by which something was decided or suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Same bank reference and exact amount.
    BankReference,
    /// Same transaction id of the channel and exact amount.
    ProviderReference,
    /// One line for all movements of a settlement reference.
    BulkReference,
    /// Several lines of one reference that add up to its movement.
    SplitReference,
    /// Verified code and exact amount.
    CodeAndAmount,
    /// Verified code, another amount.
    CodeOnly,
    /// Verified code of another unit.
    OtherUnit,
    /// Several verified codes.
    SeveralCodes,
    DossierCode,
    PayerName,
    /// An earlier payment of the payer came from the same account.
    PayerAlias,
    AmountAndDay,
    DamagedCode,
    /// A line that gives another line's money back.
    Reversal,
    Classification,
    /// Nothing applied.
    None,
}

impl Rule {
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::BankReference => "bank_reference",
            Rule::ProviderReference => "provider_reference",
            Rule::BulkReference => "bulk_reference",
            Rule::SplitReference => "split_reference",
            Rule::CodeAndAmount => "code_and_amount",
            Rule::CodeOnly => "code_only",
            Rule::OtherUnit => "other_unit",
            Rule::SeveralCodes => "several_codes",
            Rule::DossierCode => "dossier_code",
            Rule::PayerName => "payer_name",
            Rule::PayerAlias => "payer_alias",
            Rule::AmountAndDay => "amount_and_day",
            Rule::DamagedCode => "damaged_code",
            Rule::Reversal => "reversal",
            Rule::Classification => "classification",
            Rule::None => "none",
        }
    }
}

/// How a credit fits what its obligation still owes. Settling decides again, under its locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Exact,
    Under,
    Over,
    /// The obligation is open, but all of it is paid or claimed already.
    NothingDue,
    Closed,
}

impl Fit {
    pub fn exception(self) -> Option<Kind> {
        match self {
            Fit::Exact => None,
            Fit::Under => Some(Kind::Underpaid),
            Fit::Over => Some(Kind::Overpaid),
            Fit::NothingDue => Some(Kind::DuplicateTransfer),
            Fit::Closed => Some(Kind::LatePayment),
        }
    }
}

/// What a credit that proves no known movement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditKind {
    /// Money for one obligation.
    Code(ObligationId, Fit),
    /// Money for several; `parts` add up to the credit, or are empty when a person has to split.
    SeveralCodes { parts: Vec<(ObligationId, Dong)> },
    /// Money of another unit.
    OtherUnit { code: String, obligation: ObligationId, unit: UnitId },
    /// A reference or a group hit that does not agree: suspense until a person decides.
    Disputed,
    /// Suspense.
    Unknown,
}

impl CreditKind {
    /// Whether applying it ends the work on the line. The other kinds are posted to suspense (or
    /// as owed to the other unit) once and come back in every run until they are identified.
    pub fn is_settled(&self) -> bool {
        match self {
            CreditKind::Code(..) => true,
            CreditKind::SeveralCodes { parts } => !parts.is_empty(),
            CreditKind::OtherUnit { .. } | CreditKind::Disputed | CreditKind::Unknown => false,
        }
    }
}

/// A credit that no movement claims: settle it by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub line: LineId,
    /// What was open on the line.
    pub amount: Dong,
    pub kind: CreditKind,
    pub rule: Rule,
    pub evidence: Vec<Evidence>,
}

/// A line whose references name two movements, one by the bank's and one by the channel's: they are
/// one money, told twice under different keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameMoney {
    pub line: LineId,
    /// Oldest first.
    pub movements: [MovementId; 2],
    pub evidence: Vec<Evidence>,
}

/// A line that gives another line's money back, for sure: same reference, same amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    pub line: LineId,
    pub original: LineId,
    pub evidence: Vec<Evidence>,
}

/// What a line may have to do with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Movement(MovementId),
    /// All movements of one settlement reference.
    Movements(Vec<MovementId>),
    Obligation(ObligationId),
    /// A split over several obligations.
    Obligations(Vec<(ObligationId, Dong)>),
    /// The original of a reversal.
    Line(LineId),
    Class(Class),
}

/// A proposal for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub line: LineId,
    pub target: Target,
    pub rule: Rule,
    /// 0 to 100; an order, not a probability.
    pub score: u8,
    pub evidence: Vec<Evidence>,
}

/// Candidates of which none is better than the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguity {
    pub line: LineId,
    pub candidates: Vec<Target>,
    pub rule: Rule,
}

/// The answer. Every list is in the order of the line ids; every open line of the input is in
/// exactly one of `proofs`, `credits`, `classified`, `reversals`, `same_money`, or has an exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub proofs: Vec<Proof>,
    pub credits: Vec<Credit>,
    /// Lines a classification rule explains alone: bank fees and interest.
    pub classified: Vec<(LineId, Class, Evidence)>,
    pub reversals: Vec<Reversal>,
    pub same_money: Vec<SameMoney>,
    pub suggestions: Vec<Suggestion>,
    pub ambiguous: Vec<Ambiguity>,
    pub exceptions: Vec<(LineId, Kind)>,
}

/// Matches lines with movements and obligations.
///
/// Give every open line, movement and obligation that may concern one another, and also the
/// lines already done (`open` zero) of the last days: reversals look for their originals there.
pub fn matching(
    lines: &[Line],
    movements: &[Movement],
    obligations: &[Obligation],
    settings: &Settings,
) -> Outcome {
    let mut board = proven(lines, movements, obligations, settings);
    reversal::link(&mut board);
    let disputes = reference::disputes(&mut board);
    class::classify_credits(&mut board, &disputes);
    credit::credit(&mut board, &disputes);
    class::explain_debits(&mut board);
    suggestion::suggest(&mut board);
    board.finish()
}

/// The open lines that prove no movement, give nothing back for certain and are no charge: what the others name of
/// obligations is asked for by nobody. Movements that point at obligations by their ids need those given.
pub fn unproven(lines: &[Line], movements: &[Movement], settings: &Settings) -> HashSet<LineId> {
    let board = proven(lines, movements, &[], settings);
    board.lines.iter().filter(|card| card.is_open()).map(|card| card.line.id).collect()
}

/// The board when everything that lines and movements alone decide is decided.
fn proven<'a>(
    lines: &'a [Line],
    movements: &'a [Movement],
    obligations: &'a [Obligation],
    settings: &'a Settings,
) -> board::Board<'a> {
    let mut board = board::Board::new(lines, movements, obligations, settings);
    reversal::link_certain(&mut board);
    prove(&mut board);
    board
}

/// Rounds after which a chain of references that only each other's matches make unique is left
/// for the next run. Ordinary days take one or two.
const ROUNDS_LIMIT: usize = 16;

/// A proof can make another reference unique, so the levels repeat until nothing is found. What two
/// channels told is joined, and the bank's charges are taken out, when the levels are through: both
/// may leave another line alone with what it proves.
fn prove(board: &mut board::Board<'_>) {
    let returns = reversal::returns(board);
    for _ in 0..ROUNDS_LIMIT {
        let found = reference::prove(board) + code::prove(board) + split::prove(board);
        if found == 0
            && reference::join_same_money(board) == 0
            && class::classify_debits(board, &returns) == 0
        {
            return;
        }
    }
    // However long the chain of references is, a charge is a charge.
    class::classify_debits(board, &returns);
}

/// Claims that no line has proven `after_days` working days after they were first seen, with
/// their age: exception 5. Oldest first.
pub fn claims_without_credit(
    movements: &[Movement],
    as_of: BusinessDay,
    after_days: u32,
    working_days: &WorkingDays,
) -> Vec<(MovementId, u32)> {
    let mut overdue: Vec<(BusinessDay, MovementId, u32)> = movements
        .iter()
        .filter(|movement| movement.inflow && movement.open.is_positive() && movement.first_seen <= as_of)
        .map(|movement| (movement.first_seen, movement.id, working_days.distance(movement.first_seen, as_of)))
        .filter(|(_, _, age_days)| *age_days > after_days)
        .collect();
    overdue.sort_unstable();
    overdue.dedup();
    overdue.into_iter().map(|(_, id, age_days)| (id, age_days)).collect()
}

#[cfg(test)]
mod tests;
