//! Gathers what the proof of a day looks at: the bank's figures, the lines and what the books made
//! of them, and everything that is open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bank_query;
use super::beyond;
use super::carried::Open;
use super::certificate::Cash;
use super::query;
use super::standing::Standing;
use super::transit::{InTransit, Transit};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::reconciliation::classification::Class;
use crate::reconciliation::proof::{
    Before, DayFacts, Item, LineFacts, NextStatement, Obstacle, Sequence, StatementFacts,
};
use crate::shift;
use crate::statement::line_query::{self, StoredLine};
use crate::statement::query::{self as statements, StoredStatement};
use crate::statement::{Format, quarantine, version};
use crate::store::Conn;
use crate::unit::BankAccount;

/// Statements looked at before a day, to find the last sequence number.
const LOOK_BACK: i64 = 1;

/// What was read for one day.
pub struct DayRead {
    pub facts: DayFacts,
    /// Exceptions that keep the day open and are about no single item.
    pub blockers: Vec<Obstacle>,
    /// Hash of the certificate of the day before; empty on the account's first day.
    pub previous_sha256: String,
    /// Taken on a channel's word or by card, not shown at the end of the day and not overdue.
    pub in_transit: InTransit,
    /// What the books had on its way beyond these and those that are carried by name.
    pub in_transit_unnamed: Dong,
    /// All that was on its way by the books, whatever names it.
    pub clearing: Dong,
    /// Cash that is not in the account yet, drawer by drawer and slip by slip.
    pub cash: Vec<Cash>,
    /// The statements that show the day, with their files' hashes.
    pub statements: Vec<(StatementId, String)>,
}

/// An export that came within a day stands for the whole of it so many days later: it may come again as the same
/// bytes, and an account on which nothing moves has no later statement. What it lacks comes as late lines then.
const EXPORT_STANDS_AFTER_DAYS: i64 = 3;

/// Reads everything about one day of one account, as it stands today. Of what is on its way each claim is named, or no
/// more of them than `limit` where there is one.
pub fn read(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    today: BusinessDay,
    limit: Option<usize>,
) -> Result<DayRead> {
    let stored = line_query::lines_of_day(conn, account.unit, account.id, date)?;
    let shown = Shown::read(conn, account, date, !stored.is_empty())?;
    let (before, previous_sha256) = before(conn, account, date, &shown)?;
    let expected = match before {
        Before::Closed { closing, .. } => Some(closing),
        Before::TakenOn { opening } => Some(opening),
        Before::Missing => None,
    };
    let standing = Standing::read(conn, account, date)?;
    let posted = posted_by_line(conn, account, date, &stored)?;
    let beyond = beyond::lines(conn, account, date, &stored)?;
    let lines: Vec<LineFacts> =
        stored.iter().map(|line| line_facts(line, (&standing, &beyond), &posted)).collect();
    let transit = Transit::read(conn, account, date, &standing, limit)?;
    let in_transit_unnamed = unnamed(account, date, &transit, &standing)?;
    let cash = cash(conn, account, date)?;
    let mut open = Open::read(conn, account, date, (&lines, &standing), (&transit, &cash))?;
    open.blockers.extend(undecided(conn, account, date)?);
    if shown.is_of_a_part() && today < date.plus_days(EXPORT_STANDS_AFTER_DAYS) {
        open.blockers.push(Obstacle::DayNotOver);
    }
    let facts = DayFacts {
        account: account.id,
        day: date,
        before,
        statement: shown.facts(conn, account, expected, &lines)?,
        ledger_by_class: by_class(&lines),
        lines,
        open_items: open.items,
        ledger_closing: bank_query::balance(conn, account.unit, account.id, date)?,
        next_statement: shown.next(conn, account)?,
    };
    Ok(DayRead {
        facts,
        blockers: open.blockers,
        previous_sha256,
        in_transit: open.in_transit,
        in_transit_unnamed,
        clearing: standing.clearing,
        cash,
        statements: shown.on_day.iter().map(|one| (one.id, one.file_sha256.clone())).collect(),
    })
}

/// What the books had on its way beyond the claims that are named. Which claims were open at the end of a day that
/// is closed late is worked out from what became of them since; where that does not tell them apart whole, the
/// sum is the books', and the certificate says how much of it has no name. No person could end such a difference,
/// so that it keeps no day open.
fn unnamed(account: &BankAccount, date: BusinessDay, transit: &Transit, standing: &Standing) -> Result<Dong> {
    let unnamed = standing.clearing.checked_sub(transit.amount()?)?;
    if !unnamed.is_zero() {
        let (unit, account) = (account.unit, account.id);
        tracing::error!(%unit, %account, %date, %unnamed, "what was on its way is not told apart whole");
    }
    Ok(unnamed)
}

/// What a person must say about the statements themselves before anything of them is proven.
fn undecided(conn: &mut Conn, account: &BankAccount, date: BusinessDay) -> Result<Vec<Obstacle>> {
    let aside = quarantine::open_count(conn, account.unit, account.id, date)?;
    let undecided = version::undecided(conn, account.unit, account.id)?;
    let touching = version::touching(conn, &undecided, date)?;
    let accepted = version::unfinished(conn, account.unit, account.id)?;
    let unfinished = version::touching(conn, &accepted, date)?;
    let mut found = Vec::new();
    if aside > 0 {
        found.push(Obstacle::LinesSetAside { count: aside });
    }
    if touching > 0 {
        found.push(Obstacle::VersionUndecided { count: touching });
    }
    if unfinished > 0 {
        found.push(Obstacle::VersionUnfinished { count: unfinished });
    }
    Ok(found)
}

/// Drawers belong to the receiving account, whose day tells of them; slips to their own.
fn cash(conn: &mut Conn, account: &BankAccount, date: BusinessDay) -> Result<Vec<Cash>> {
    let unit = account.unit;
    let mut cash = Vec::new();
    if crate::unit::account::receiving(conn, unit).is_ok_and(|receiving| receiving.id == account.id) {
        for (shift, amount, since) in shift::query::undeposited(conn, unit, date)? {
            cash.push(Cash { item: Item::Shift(shift), amount, since });
        }
    }
    for (slip, amount, since) in shift::deposit_query::in_transit(conn, unit, account.id, date)? {
        cash.push(Cash { item: Item::Slip(slip), amount, since });
    }
    Ok(cash)
}

/// The statements around a day.
struct Shown {
    date: BusinessDay,
    /// Those that show the day itself, by closing day and arrival.
    on_day: Vec<StoredStatement>,
    /// Those that show later days only, by closing day and arrival.
    later: Vec<StoredStatement>,
    /// The last one that closed before the day.
    earlier: Option<StoredStatement>,
}

impl Shown {
    fn read(conn: &mut Conn, account: &BankAccount, date: BusinessDay, has_lines: bool) -> Result<Shown> {
        let since = statements::ready_since(conn, account.unit, account.id, date)?;
        // A statement of several days shows those of them that have lines, and its last.
        let (on_day, later): (Vec<_>, Vec<_>) = since
            .into_iter()
            .partition(|one| one.closing_on == date || (one.opening_on <= date && has_lines));
        let earlier = statements::ready_before(conn, account.unit, account.id, date, LOOK_BACK)?.pop();
        Ok(Shown { date, on_day, later, earlier })
    }

    /// Whether nothing says that the day is told whole: tables that somebody exported and advices within the day tell
    /// what was there when they were made, so that only those count which came when it was over. A later statement
    /// has to open with what this day closed with.
    fn is_of_a_part(&self) -> bool {
        let ends_a_day = [Format::Camt053.as_str(), Format::Mt940.as_str()];
        let is_whole = |one: &StoredStatement| {
            ends_a_day.contains(&one.format.as_str())
                || one.closing_on > self.date
                || one.created_at.business_day() > self.date
        };
        !self.on_day.is_empty() && self.later.is_empty() && !self.on_day.iter().any(is_whole)
    }

    /// The bank's figures. Where several statements show the day (other formats, a noon export),
    /// the ones count whose balances agree with the day before and with the lines; when none does,
    /// the first and the last, so that the proof names the difference.
    fn facts(
        &self,
        conn: &mut Conn,
        account: &BankAccount,
        expected: Option<Dong>,
        lines: &[LineFacts],
    ) -> Result<Option<StatementFacts>> {
        let turnover = Dong::sum(lines.iter().map(|line| line.amount))?;
        let mut openings = Vec::new();
        let mut closings = Vec::new();
        for one in &self.on_day {
            let after = line_query::turnover(
                conn,
                account.unit,
                account.id,
                self.date.next(),
                one.closing_on.next(),
            )?;
            let closing = one.closing.checked_sub(after)?;
            let is_first = one.opening_on == self.date;
            openings.push(if is_first { one.opening } else { closing.checked_sub(turnover)? });
            closings.push(closing);
        }
        let (Some(first), Some(last)) = (openings.first(), closings.last()) else { return Ok(None) };
        let opening = openings.iter().find(|one| Some(**one) == expected).unwrap_or(first);
        let computed = opening.checked_add(turnover)?;
        let closing = closings.iter().rev().find(|one| **one == computed).unwrap_or(last);
        Ok(Some(StatementFacts {
            opening: *opening,
            closing: *closing,
            sequence: self.sequence(),
            is_derived: self.on_day.iter().all(|one| one.balance_basis == "derived"),
        }))
    }

    /// The numbers of the statements that begin on the day, in the format of the first of them:
    /// banks number camt, MT940 and paper each by themselves.
    fn sequence(&self) -> Option<Sequence> {
        let format = &self.on_day.first()?.format;
        let numbers = || {
            self.on_day
                .iter()
                .filter(|one| one.opening_on == self.date && &one.format == format)
                .filter_map(|one| u32::try_from(one.sequence?).ok())
        };
        Some(Sequence { first: numbers().min()?, last: numbers().max()? })
    }

    /// The number before the first that this day or the next statement carries, in its format; zero where the bank
    /// began again with the year, however many days without a statement lie between.
    fn sequence_last(&self) -> Option<u32> {
        let first = self.on_day.first().or(self.later.first())?;
        let earlier = self.earlier.as_ref().filter(|one| one.format == first.format)?;
        let begins_anew = first.closing_on.year() > earlier.closing_on.year()
            && first.sequence.is_some()
            && first.sequence <= earlier.sequence;
        if begins_anew {
            return Some(0);
        }
        u32::try_from(earlier.sequence?).ok()
    }

    /// What the first statement after the day says of the balance before it.
    fn next(&self, conn: &mut Conn, account: &BankAccount) -> Result<Option<NextStatement>> {
        let Some(next) = self.later.first() else { return Ok(None) };
        if next.opening_on > self.date {
            let sequence_first = next.sequence.and_then(|sequence| u32::try_from(sequence).ok());
            return Ok(Some(NextStatement {
                first_day: next.opening_on,
                opening: next.opening,
                sequence_first,
            }));
        }
        // The day lies within a statement of several days and has no line in it.
        let after =
            line_query::turnover(conn, account.unit, account.id, self.date.next(), next.closing_on.next())?;
        let opening = next.closing.checked_sub(after)?;
        Ok(Some(NextStatement { first_day: self.date.next(), opening, sequence_first: None }))
    }
}

fn before(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    shown: &Shown,
) -> Result<(Before, String)> {
    match super::last_closed(conn, account.unit, account.id)? {
        Some(day) if day < date => {
            let certificate = query::certificate(conn, account.unit, account.id, day)?;
            let sequence_last = shown.sequence_last();
            Ok(certificate.map_or((Before::Missing, String::new()), |certificate| {
                let closing = certificate.closing;
                (Before::Closed { day, closing, sequence_last }, certificate.document_sha256)
            }))
        }
        None if date == account.opened_on => {
            Ok((Before::TakenOn { opening: account.opening_balance }, String::new()))
        }
        _ => Ok((Before::Missing, String::new())),
    }
}

/// What was posted on the bank account for each line: by itself, by the payment it brought, or by
/// the receipt that payment completed.
fn posted_by_line(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    lines: &[StoredLine],
) -> Result<HashMap<LineId, Dong>> {
    let unit = account.unit;
    if lines.is_empty() {
        return Ok(HashMap::new());
    }
    let own: BTreeSet<LineId> = lines.iter().map(|line| line.id).collect();
    let entries = bank_query::entries(conn, unit, account.id, date)?;
    let of_kind = |wanted: &str| -> Vec<i64> {
        entries.iter().filter(|(kind, _, _)| kind == wanted).map(|(_, id, _)| *id).collect()
    };
    let receipts: Vec<ReceiptId> = of_kind("receipt").into_iter().map(ReceiptId).collect();
    let payment_of: HashMap<ReceiptId, PaymentId> =
        query::payments_of_receipts(conn, unit, &receipts)?.into_iter().collect();
    let payments = of_kind("payment").into_iter().map(PaymentId).chain(payment_of.values().copied());
    let payments: Vec<PaymentId> = payments.collect::<BTreeSet<_>>().into_iter().collect();
    let mut line_of: HashMap<PaymentId, LineId> = HashMap::new();
    for (payment, line) in query::lines_of_payments(conn, unit, &payments)? {
        if own.contains(&line) {
            line_of.entry(payment).or_insert(line);
        }
    }
    let mut posted: HashMap<LineId, Dong> = HashMap::new();
    for (kind, id, amount) in entries {
        let line = match kind.as_str() {
            "line" => Some(LineId(id)).filter(|line| own.contains(line)),
            "payment" => line_of.get(&PaymentId(id)).copied(),
            "receipt" => payment_of.get(&ReceiptId(id)).and_then(|payment| line_of.get(payment)).copied(),
            _ => None,
        };
        if let Some(line) = line {
            let sum = posted.entry(line).or_default();
            *sum = sum.checked_add(amount)?;
        }
    }
    Ok(posted)
}

fn line_facts(
    line: &StoredLine,
    (standing, beyond): (&Standing, &BTreeSet<LineId>),
    posted: &HashMap<LineId, Dong>,
) -> LineFacts {
    let sign = line.amount.0.signum();
    let class = line.class.as_deref().and_then(|class| Class::parse(class).ok());
    let unplaced = standing.open(line.id, line.amount);
    // What nobody knows of a lump sum stands gross, and may be more than its line: of a credit the rest was withheld,
    // of a debit the sales of its batch paid it.
    let withheld = match class {
        Some(Class::Unknown) => {
            Dong(unplaced.0.saturating_mul(sign).saturating_sub(line.amount.0.abs()).max(0))
        }
        _ => Dong::ZERO,
    };
    // What came after its day was closed found its place on a later one.
    let is_late = line.posted_on.is_some_and(|on| on > line.booking_date) && unplaced == line.amount;
    let (class, matched, open) = match class {
        Some(_) if is_late => (Some(Class::Unknown), Dong::ZERO, unplaced),
        // Identified by the end of the day, at least in part, or not.
        Some(Class::Unknown) if withheld.is_positive() => (class, Dong::ZERO, unplaced),
        Some(Class::Unknown) => {
            let open = unplaced;
            let placed = Dong(line.amount.0.saturating_sub(open.0));
            let found = if placed.is_zero() { Class::Unknown } else { standing.class(line.id, line.amount) };
            (Some(found), placed, open)
        }
        Some(Class::FeeReceipt) if beyond.contains(&line.id) => {
            (Some(Class::Surplus), Dong(line.matched.0.saturating_mul(sign)), line.open())
        }
        known => (known, Dong(line.matched.0.saturating_mul(sign)), line.open()),
    };
    let charge = Dong(line.matched.0.saturating_sub(line.amount.0.abs()).max(0));
    let is_charged = sign > 0 && charge.is_positive() && !is_late;
    LineFacts {
        id: line.id,
        booking_date: line.booking_date,
        amount: line.amount,
        posted: line.posted_on.map(|_| posted.get(&line.id).copied().unwrap_or_default()),
        class,
        matched,
        charge: if is_charged { charge } else { withheld },
        open: if is_charged { Dong::ZERO } else { open },
        beside: standing.beside(line.id, line.amount),
    }
}

/// What the ledger holds for the day's lines, by what they are.
fn by_class(lines: &[LineFacts]) -> BTreeMap<Class, Dong> {
    let mut sums: BTreeMap<Class, Dong> = BTreeMap::new();
    for line in lines {
        if let (Some(class), Some(posted)) = (line.class, line.posted) {
            let sum = sums.entry(class).or_default();
            *sum = Dong(sum.0.saturating_add(posted.0));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_year_follows_zero_also_behind_a_day_without_statement() {
        let shown = |number: i64, day: &str| Shown {
            date: "2027-01-02".parse().unwrap(),
            on_day: vec![StoredStatement::numbered(number, number, day)],
            later: Vec::new(),
            earlier: Some(StoredStatement::numbered(365, 365, "2026-12-31")),
        };
        assert_eq!(shown(1, "2027-01-02").sequence_last(), Some(0));
        assert_eq!(shown(2, "2027-01-02").sequence_last(), Some(0), "number one is missing");
        assert_eq!(shown(366, "2027-01-02").sequence_last(), Some(365), "this bank counts on");
        assert_eq!(shown(1, "2026-12-31").sequence_last(), Some(365), "a number told again");
    }
}
