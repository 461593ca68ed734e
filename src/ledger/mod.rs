//! Double entry: one posting is one row with a debit and a credit account, balanced by
//! construction. Which case posts what is the table in `docs/postings.md`.

mod query;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};

/// An account of a unit's books. Its text form is what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// Cash in a cashier's drawer.
    Drawer(ShiftId),
    /// Cash on its way from a drawer to the bank.
    DepositInTransit(SlipId),
    /// What a person answers for: cash that was counted short, or deposited short.
    Shortage(PersonId),
    /// Claimed by a channel that settles, not yet on a statement.
    Clearing(AccountId, String),
    /// What the bank's statement says.
    Bank(AccountId),
    ChargesToRecover,
    ReversalToRecover(PaymentId),
    UnexplainedDebit(LineId),
    /// Paid in part: owed to the payer until the obligation is complete.
    ReceivedInAdvance(ObligationId),
    /// Credited only in the transaction that creates or adjusts a receipt.
    FeesCollected(String),
    CollectedWithoutDocument(String),
    /// Postage and the like, collected for somebody else.
    PassedOn(String),
    Surplus(PaymentId),
    /// Approved to go back to payers and not debited yet.
    RefundPayable,
    Suspense(LineId),
    /// Cash in a drawer that nobody paid for: counted over.
    DrawerSuspense(ShiftId),
    DueToUnit(UnitId),
    Interest,
    /// Owed to the budget, by chapter and sub-item.
    BudgetDue(String),
    ShareKept(String),
    /// Left the bank for the Treasury and not credited there yet.
    TreasuryInTransit(RemittanceId),
    /// Remitted and no longer owed, by chapter and sub-item: the Treasury pays it back.
    BudgetRefundDue(String),
    Opening(AccountId),
    /// The other side of what one unit hands over to another when they are merged.
    Merger(UnitId),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Drawer(shift) => write!(f, "drawer/{shift}"),
            Account::DepositInTransit(slip) => write!(f, "deposit_in_transit/{slip}"),
            Account::Shortage(person) => write!(f, "shortage/{person}"),
            Account::Clearing(account, channel) => write!(f, "clearing/{account}/{channel}"),
            Account::Bank(account) => write!(f, "bank/{account}"),
            Account::ChargesToRecover => f.write_str("charges_to_recover"),
            Account::ReversalToRecover(payment) => write!(f, "reversal_to_recover/{payment}"),
            Account::UnexplainedDebit(line) => write!(f, "unexplained_debit/{line}"),
            Account::ReceivedInAdvance(obligation) => write!(f, "received_in_advance/{obligation}"),
            Account::FeesCollected(item) => write!(f, "fees_collected/{item}"),
            Account::CollectedWithoutDocument(item) => write!(f, "collected_without_document/{item}"),
            Account::PassedOn(item) => write!(f, "passed_on/{item}"),
            Account::Surplus(payment) => write!(f, "surplus/{payment}"),
            Account::RefundPayable => f.write_str("refund_payable"),
            Account::Suspense(line) => write!(f, "suspense/{line}"),
            Account::DrawerSuspense(shift) => write!(f, "suspense/{shift}"),
            Account::DueToUnit(unit) => write!(f, "due_to_unit/{unit}"),
            Account::Interest => f.write_str("interest"),
            Account::BudgetDue(sub_item) => write!(f, "budget_due/{sub_item}"),
            Account::ShareKept(item) => write!(f, "share_kept/{item}"),
            Account::TreasuryInTransit(order) => write!(f, "treasury_in_transit/{order}"),
            Account::BudgetRefundDue(sub_item) => write!(f, "budget_refund_due/{sub_item}"),
            Account::Opening(account) => write!(f, "opening/{account}"),
            Account::Merger(unit) => write!(f, "merger/{unit}"),
        }
    }
}

/// What caused a posting; one source may cause several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Payment(PaymentId),
    Receipt(ReceiptId),
    Refund(RefundId),
    Line(LineId),
    Exception(ExceptionId),
    /// The day close of an account.
    Day(CertificateId),
    /// Taking an account on with its opening balance.
    Account(AccountId),
    /// The count of a drawer, signed off.
    Shift(ShiftId),
    /// Cash that leaves a drawer for the bank.
    Slip(SlipId),
    /// An order to the Treasury.
    Remittance(RemittanceId),
    /// Withdrawing a correction that waited for more money.
    Correction(CorrectionId),
    /// Handing over what a unit had left when another goes on for it, or a transfer of the bank between the two.
    Handover(EventId),
}

impl Source {
    fn kind(self) -> &'static str {
        match self {
            Source::Payment(_) => "payment",
            Source::Receipt(_) => "receipt",
            Source::Refund(_) => "refund",
            Source::Line(_) => "line",
            Source::Exception(_) => "exception",
            Source::Day(_) => "day",
            Source::Account(_) => "account",
            Source::Shift(_) => "shift",
            Source::Slip(_) => "slip",
            Source::Remittance(_) => "remittance",
            Source::Correction(_) => "correction",
            Source::Handover(_) => "handover",
        }
    }

    fn id(self) -> i64 {
        match self {
            Source::Payment(id) => id.0,
            Source::Receipt(id) => id.0,
            Source::Refund(id) => id.0,
            Source::Line(id) => id.0,
            Source::Exception(id) => id.0,
            Source::Day(id) => id.0,
            Source::Account(id) => id.0,
            Source::Shift(id) => id.0,
            Source::Slip(id) => id.0,
            Source::Remittance(id) => id.0,
            Source::Correction(id) => id.0,
            Source::Handover(id) => id.0,
        }
    }
}

/// One entry to be written: debit and credit of the same amount, which is above zero.
#[derive(Clone, Debug)]
pub struct Posting {
    pub unit: UnitId,
    pub debit: Account,
    pub credit: Account,
    pub amount: Dong,
    pub accounting_date: BusinessDay,
    pub source: Source,
}

/// Writes postings. Amounts of zero are left out: they would say nothing.
pub fn post(tx: &mut Tx<'_>, stamp: &Stamp<'_>, postings: &[Posting]) -> Result<()> {
    let mut entries = Vec::with_capacity(postings.len());
    for posting in postings.iter().filter(|posting| !posting.amount.is_zero()) {
        entries.push(query::PostingRow {
            unit_id: posting.unit,
            id: stamp.mint()?,
            debit_account: posting.debit.to_string(),
            credit_account: posting.credit.to_string(),
            amount: posting.amount,
            accounting_date: posting.accounting_date,
            source_kind: posting.source.kind(),
            source_id: posting.source.id(),
            created_at: stamp.now,
        });
    }
    rows::insert(tx, &entries)
}

/// Takes back what a source posted, by postings the other way round, each pair of accounts in one.
/// What was taken back before stays so. Returns how many pairs were.
pub fn swap_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    source: Source,
    accounting_date: BusinessDay,
) -> Result<usize> {
    let mut standing: BTreeMap<(String, String), Dong> = BTreeMap::new();
    for (debit, credit, amount) in query::of_source(tx, unit, source.kind(), source.id())? {
        let opposite = (credit.clone(), debit.clone());
        let taken = standing.get(&opposite).copied().unwrap_or_default().min(amount);
        if taken.is_positive() {
            standing.insert(opposite.clone(), standing[&opposite].checked_sub(taken)?);
        }
        let rest = standing.entry((debit, credit)).or_default();
        *rest = rest.checked_add(amount.checked_sub(taken)?)?;
    }
    let mut entries = Vec::new();
    for ((debit, credit), amount) in standing.into_iter().filter(|(_, amount)| amount.is_positive()) {
        entries.push(query::PostingRow {
            unit_id: unit,
            id: stamp.mint()?,
            debit_account: credit,
            credit_account: debit,
            amount,
            accounting_date,
            source_kind: source.kind(),
            source_id: source.id(),
            created_at: stamp.now,
        });
    }
    rows::insert(tx, &entries)?;
    Ok(entries.len())
}

/// The balance of one account: debits minus credits.
pub fn balance(conn: &mut Conn, unit: UnitId, account: &Account) -> Result<Dong> {
    query::balance_of(conn, unit, &account.to_string())
}

/// What stands in suspense under each line of a unit: one look for all of them.
pub fn suspended(conn: &mut Conn, unit: UnitId) -> Result<BTreeMap<LineId, Dong>> {
    let of_line = |(account, balance): (String, Dong)| {
        let line: LineId = account.strip_prefix("suspense/")?.parse().ok()?;
        Some((line, Dong(-balance.0)))
    };
    Ok(query::suspense(conn, unit)?.into_iter().filter_map(of_line).collect())
}

/// What it was at the end of a day.
pub fn balance_until(conn: &mut Conn, unit: UnitId, account: &Account, until: BusinessDay) -> Result<Dong> {
    query::balance_until(conn, unit, &account.to_string(), until)
}

/// The last day that has a posting on an account.
pub fn last_day(conn: &mut Conn, unit: UnitId, account: &Account) -> Result<Option<BusinessDay>> {
    query::last_day(conn, unit, &account.to_string())
}

/// The statement lines that debited an account.
pub fn lines_of(conn: &mut Conn, unit: UnitId, account: &Account) -> Result<Vec<LineId>> {
    query::lines_of(conn, unit, &account.to_string())
}

/// The deposit slips whose cash a line was posted as.
pub fn slips_of(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<SlipId>> {
    let posted = query::of_source(conn, unit, "line", line.0)?;
    let credited = posted.iter().filter_map(|(_, credit, _)| credit.strip_prefix("deposit_in_transit/"));
    Ok(credited.filter_map(|slip| slip.parse().ok()).collect())
}

/// The units whose money a line was posted as paying on, with each sum.
pub fn units_paid(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<(UnitId, Dong)>> {
    let posted = query::of_source(conn, unit, "line", line.0)?;
    let paid = posted.iter().filter_map(|(debit, _, amount)| {
        let to: UnitId = debit.strip_prefix("due_to_unit/")?.parse().ok()?;
        Some((to, *amount))
    });
    Ok(paid.collect())
}

/// A posting as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub debit: String,
    pub credit: String,
    pub amount: Dong,
    pub on: BusinessDay,
}

/// The newest posting of a source.
pub fn newest_of(conn: &mut Conn, unit: UnitId, source: Source) -> Result<Option<Posted>> {
    query::newest_of(conn, unit, source.kind(), source.id())
}

/// Where the money stood that a line takes of a payment. What it covers of that at once stood elsewhere.
const TAKEN_FROM: [&str; 4] = ["bank/", "clearing/", "suspense/", "unexplained_debit/"];

/// What lines took back of payments' money, and had taken indeed: where persons took that back, nothing.
pub fn recovered(
    conn: &mut Conn,
    unit: UnitId,
    lines: &BTreeSet<LineId>,
) -> Result<Vec<(LineId, PaymentId, Dong)>> {
    let is_place = |account: &str| TAKEN_FROM.iter().any(|place| account.starts_with(place));
    let mut taken: BTreeMap<(LineId, PaymentId), Dong> = BTreeMap::new();
    for (line, debit, credit, amount) in query::of_lines(conn, unit, lines)? {
        if let Some(payment) = recovered_from(&debit).filter(|_| is_place(&credit)) {
            let sum = taken.entry((line, payment)).or_default();
            *sum = sum.checked_add(amount)?;
        }
        if let Some(payment) = recovered_from(&credit).filter(|_| is_place(&debit)) {
            let sum = taken.entry((line, payment)).or_default();
            *sum = sum.checked_sub(amount)?;
        }
    }
    let standing = taken.into_iter().filter(|(_, sum)| sum.is_positive());
    Ok(standing.map(|((line, payment), sum)| (line, payment, sum)).collect())
}

/// The payment of an account of what the bank took back.
fn recovered_from(account: &str) -> Option<PaymentId> {
    account.strip_prefix("reversal_to_recover/")?.parse().ok()
}

/// The payments whose money a line took back under documents that stand.
pub fn recovered_by(conn: &mut Conn, unit: UnitId, line: LineId) -> Result<Vec<PaymentId>> {
    let taken = recovered(conn, unit, &BTreeSet::from([line]))?;
    Ok(taken.into_iter().map(|(_, payment, _)| payment).collect())
}

/// What a line took of a payment's money so.
pub fn recovered_of(conn: &mut Conn, unit: UnitId, (line, payment): (LineId, PaymentId)) -> Result<Dong> {
    let taken = recovered(conn, unit, &BTreeSet::from([line]))?;
    Dong::sum(taken.into_iter().filter(|(_, of, _)| *of == payment).map(|(_, _, sum)| sum))
}

/// What was posted from one account to another in one moment, which is that of one transaction.
pub fn posted_at(
    conn: &mut Conn,
    unit: UnitId,
    (debit, credit): (&Account, &Account),
    at: Instant,
) -> Result<Dong> {
    query::posted_at(conn, unit, (&debit.to_string(), &credit.to_string()), at)
}

/// What the decision about each item took off an account, and was not taken back.
pub fn taken_off(conn: &mut Conn, unit: UnitId, account: &Account) -> Result<Vec<(ExceptionId, Dong)>> {
    query::taken_off(conn, unit, &account.to_string())
}

/// A posting as one of its two accounts sees it.
pub struct Entry {
    pub is_debit: bool,
    /// The other account.
    pub other: String,
    pub amount: Dong,
    /// The item about which persons decided so.
    pub item: Option<ExceptionId>,
    pub at: Instant,
}

/// All that was posted on an account, in the order in which it happened. What one source posted in one moment happened
/// at once: of that the debits come first, however it was written.
pub fn history(conn: &mut Conn, unit: UnitId, account: &Account) -> Result<Vec<Entry>> {
    query::history(conn, unit, &account.to_string())
}

/// What was posted between an account and those that begin with `prefix`, and was not taken back.
pub fn between(
    conn: &mut Conn,
    unit: UnitId,
    account: &Account,
    prefix: &str,
) -> Result<Vec<(String, Dong)>> {
    query::between(conn, unit, &account.to_string(), prefix)
}

/// The newest source, a line or an exception, whose postings from one account to another stand with exactly this
/// amount: what takes them back is posted under the same source, or `swap_back` would take them back once more.
pub fn source_of(
    conn: &mut Conn,
    unit: UnitId,
    (debit, credit): (&Account, &Account),
    amount: Dong,
) -> Result<Option<Source>> {
    let standing = query::standing_sources(conn, unit, (&debit.to_string(), &credit.to_string()))?;
    let of = |(kind, id, sum): (String, i64, Dong)| match kind.as_str() {
        "line" if sum == amount => Some(Source::Line(LineId(id))),
        "exception" if sum == amount => Some(Source::Exception(ExceptionId(id))),
        _ => None,
    };
    Ok(standing.into_iter().rev().find_map(of))
}

/// The newest handover, or transfer between units of a merger, whose postings stand on an account.
pub fn handover_on(conn: &mut Conn, unit: UnitId, account: &Account) -> Result<Option<EventId>> {
    query::handover_on(conn, unit, &account.to_string())
}

/// What a handover, or a transfer between units of a merger, posted in a unit, oldest first: (debit, credit, amount).
pub fn of_handover(conn: &mut Conn, unit: UnitId, id: EventId) -> Result<Vec<(String, String, Dong)>> {
    query::of_source(conn, unit, Source::Handover(id).kind(), id.0)
}

/// Debits minus credits of every account of a unit that has a balance, by account text.
/// The sum over all accounts is zero, always.
pub fn trial_balance(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, Dong)>> {
    query::trial_balance(conn, unit)
}

/// Turnover of the accounts that begin with `prefix`, for one accounting date:
/// (account, debits, credits).
pub fn turnover_on(
    conn: &mut Conn,
    unit: UnitId,
    prefix: &str,
    date: BusinessDay,
) -> Result<Vec<(String, Dong, Dong)>> {
    query::turnover_on(conn, unit, prefix, date)
}
