//! Gathers what the proof of a day looks at: the bank's figures, the lines and what the books made
//! of them, and everything that is open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bank_query;
use super::certificate::Cash;
use super::part;
use super::query::{self, Noted};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{Kind, SURPLUS_KINDS};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::reconciliation::classification::Class;
use crate::reconciliation::proof::{
    Before, DayFacts, Item, LineFacts, NextStatement, Obstacle, OpenItem, Sequence, StatementFacts,
};
use crate::shift;
use crate::statement::query::{self as statements, StoredLine, StoredStatement};
use crate::statement::{quarantine, version};
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
    /// Settled on a channel's word, not shown yet and not overdue: count and sum.
    pub in_transit: (u32, Dong),
    /// Cash that is not in the account yet, drawer by drawer and slip by slip.
    pub cash: Vec<Cash>,
    /// The statements that show the day, with their files' hashes.
    pub statements: Vec<(StatementId, String)>,
}

/// Reads everything about one day of one account.
pub fn read(conn: &mut Conn, account: &BankAccount, date: BusinessDay) -> Result<DayRead> {
    let stored = statements::lines_of_day(conn, account.unit, account.id, date)?;
    let shown = Shown::read(conn, account, date, !stored.is_empty())?;
    let (before, previous_sha256) = before(conn, account, date, &shown)?;
    let expected = match before {
        Before::Closed { closing, .. } => Some(closing),
        Before::TakenOn { opening } => Some(opening),
        Before::Missing => None,
    };
    let unknown = unknown_open(conn, account, &stored)?;
    let posted = posted_by_line(conn, account, date, &stored)?;
    let lines: Vec<LineFacts> = stored.iter().map(|line| line_facts(line, &unknown, &posted)).collect();
    let mut open = Open::read(conn, account, date, &lines)?;
    open.blockers.extend(undecided(conn, account, date)?);
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
        cash: cash(conn, account, date)?,
        statements: shown.on_day.iter().map(|one| (one.id, one.file_sha256.clone())).collect(),
    })
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
            let after = statements::turnover(
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
            declared_count: None,
            declared_credits: None,
            declared_debits: None,
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

    /// The number before the first that this day or the next statement carries, in its format.
    fn sequence_last(&self) -> Option<u32> {
        let format = &self.on_day.first().or(self.later.first())?.format;
        let earlier = self.earlier.as_ref().filter(|one| &one.format == format)?;
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
            statements::turnover(conn, account.unit, account.id, self.date.next(), next.closing_on.next())?;
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
    match query::last_closed(conn, account.unit, account.id)? {
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

/// What is still unexplained of the lines nobody could place when they were posted, by line: a
/// claim or a person may have identified them since.
fn unknown_open(
    conn: &mut Conn,
    account: &BankAccount,
    lines: &[StoredLine],
) -> Result<HashMap<LineId, Dong>> {
    let mut open = HashMap::new();
    for line in lines.iter().filter(|line| line.class.as_deref() == Some(Class::Unknown.as_str())) {
        open.insert(line.id, unexplained(conn, account.unit, line.id, line.amount)?);
    }
    Ok(open)
}

/// The balance of a line's suspense or unexplained debit, with the sign of the line.
fn unexplained(conn: &mut Conn, unit: UnitId, line: LineId, amount: Dong) -> Result<Dong> {
    let of = if amount < Dong::ZERO { Account::UnexplainedDebit(line) } else { Account::Suspense(line) };
    Dong::ZERO.checked_sub(ledger::balance(conn, unit, &of)?)
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
    unknown: &HashMap<LineId, Dong>,
    posted: &HashMap<LineId, Dong>,
) -> LineFacts {
    let sign = line.amount.0.signum();
    let class = line.class.as_deref().and_then(|class| Class::parse(class).ok());
    let (class, matched, open) = match unknown.get(&line.id) {
        // Identified since, at least in part.
        Some(open) if *open != line.amount => {
            (Some(Class::FeeReceipt), Dong(line.amount.0.saturating_sub(open.0)), *open)
        }
        Some(open) => (Some(Class::Unknown), Dong::ZERO, *open),
        None => (class, Dong(line.matched.0.saturating_mul(sign)), line.open()),
    };
    let charge = Dong(line.matched.0.saturating_sub(line.amount.0.abs()).max(0));
    let is_charged = sign > 0 && charge.is_positive();
    LineFacts {
        id: line.id,
        booking_date: line.booking_date,
        amount: line.amount,
        running_balance: None,
        posted: line.posted_on.map(|_| posted.get(&line.id).copied().unwrap_or_default()),
        class,
        matched,
        charge: if is_charged { charge } else { Dong::ZERO },
        open: if is_charged { Dong::ZERO } else { open },
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

/// Everything open at the end of the day.
struct Open {
    items: Vec<OpenItem>,
    blockers: Vec<Obstacle>,
    in_transit: (u32, Dong),
}

impl Open {
    fn read(conn: &mut Conn, account: &BankAccount, date: BusinessDay, lines: &[LineFacts]) -> Result<Open> {
        let mut noted = query::unresolved(conn, account.unit, account.id)?;
        part::name_by_line(conn, account.unit, &mut noted)?;
        let mut open = Open { items: Vec::new(), blockers: Vec::new(), in_transit: (0, Dong::ZERO) };
        let today: BTreeMap<LineId, &LineFacts> = lines.iter().map(|line| (line.id, line)).collect();
        let earlier = earlier_lines(conn, account, date, &noted, &today)?;
        let mut named = BTreeSet::new();
        for item in &noted {
            let kind = Kind::from_number(u8::try_from(item.kind).unwrap_or_default())?;
            let carried = match item.subject_kind.as_str() {
                "line" => {
                    let id = LineId(item.subject_id);
                    let of_day = today.get(&id).map(|line| (line.open, line.booking_date));
                    of_day
                        .or_else(|| earlier.get(&id).copied())
                        .map(|(amount, on)| (Item::Line(id), amount, on))
                }
                other if item.opened_on <= date && item_of(other, item.subject_id).is_some() => {
                    let about = item_of(other, item.subject_id);
                    let amount = match about {
                        // What came, not what is missing.
                        Some(Item::Obligation(id)) => in_advance(conn, account.unit, (id, date))?,
                        Some(Item::Payment(id)) if SURPLUS_KINDS.contains(&kind) => {
                            too_much(conn, account.unit, (id, date))?.unwrap_or(item.amount)
                        }
                        _ => item.amount,
                    };
                    about.map(|about| (about, amount, item.opened_on))
                }
                _ => {
                    if item.opened_on <= date && kind.blocks_day_close() {
                        open.blockers.push(Obstacle::BlockedByException { exception: item.id, kind });
                    }
                    None
                }
            };
            if let Some((about, amount, first_seen)) = carried {
                // Several items of one lump sum are one line, under the first of their exceptions.
                if !named.insert(about) && item.is_part {
                    continue;
                }
                open.items.push(OpenItem {
                    item: about,
                    amount,
                    first_seen,
                    exception: Some((item.id, kind)),
                });
            }
        }
        open.add_unnamed_lines(conn, account, lines, &named)?;
        open.add_transit(conn, account, date, &named)?;
        Ok(open)
    }

    /// An open line whose exception a person acknowledged is carried under that exception still.
    fn add_unnamed_lines(
        &mut self,
        conn: &mut Conn,
        account: &BankAccount,
        lines: &[LineFacts],
        named: &BTreeSet<Item>,
    ) -> Result<()> {
        let unnamed =
            lines.iter().filter(|line| !line.open.is_zero() && !named.contains(&Item::Line(line.id)));
        for line in unnamed {
            let last = query::resolved_of_line(conn, account.unit, account.id, line.id)?.pop();
            let exception = match last {
                Some(item) => {
                    Some((item.id, Kind::from_number(u8::try_from(item.kind).unwrap_or_default())?))
                }
                None => None,
            };
            self.items.push(OpenItem {
                item: Item::Line(line.id),
                amount: line.open,
                first_seen: line.booking_date,
                exception,
            });
        }
        Ok(())
    }

    fn add_transit(
        &mut self,
        conn: &mut Conn,
        account: &BankAccount,
        date: BusinessDay,
        named: &BTreeSet<Item>,
    ) -> Result<()> {
        let (count, sum) = bank_query::settled_unproven(conn, account.unit, account.id, date, named)?;
        self.in_transit = (u32::try_from(count).unwrap_or(u32::MAX), sum);
        Ok(())
    }
}

/// What was received for an obligation by the end of the day and no document stands on.
fn in_advance(conn: &mut Conn, unit: UnitId, (id, on): (ObligationId, BusinessDay)) -> Result<Dong> {
    Dong::ZERO.checked_sub(ledger::balance_until(conn, unit, &Account::ReceivedInAdvance(id), on)?)
}

/// What of a payment was too much by the end of the day: part of it may have gone back. None where nothing was.
fn too_much(conn: &mut Conn, unit: UnitId, (id, on): (PaymentId, BusinessDay)) -> Result<Option<Dong>> {
    let surplus = Dong::ZERO.checked_sub(ledger::balance_until(conn, unit, &Account::Surplus(id), on)?)?;
    Ok(Some(surplus).filter(|surplus| surplus.is_positive()))
}

/// What an exception that is about no line is carried as.
fn item_of(subject_kind: &str, id: i64) -> Option<Item> {
    Some(match subject_kind {
        "movement" => Item::Movement(MovementId(id)),
        "payment" => Item::Payment(PaymentId(id)),
        "batch" => Item::Batch(BatchId(id)),
        "shift" => Item::Shift(ShiftId(id)),
        "slip" => Item::Slip(SlipId(id)),
        "remittance" => Item::Remittance(RemittanceId(id)),
        "settlement" => Item::Settlement(SettlementId(id)),
        "obligation" => Item::Obligation(ObligationId(id)),
        _ => return None,
    })
}

/// Lines of earlier days that exceptions are about: what is still unexplained of them, or nothing
/// where the money found its place and only the exception is open.
fn earlier_lines(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    noted: &[Noted],
    today: &BTreeMap<LineId, &LineFacts>,
) -> Result<HashMap<LineId, (Dong, BusinessDay)>> {
    let ids: BTreeSet<LineId> = noted
        .iter()
        .filter(|item| item.subject_kind == "line")
        .map(|item| LineId(item.subject_id))
        .filter(|id| !today.contains_key(id))
        .collect();
    let ids: Vec<LineId> = ids.into_iter().collect();
    let mut open = HashMap::new();
    for (id, on, amount, class) in query::posted_lines(conn, account.unit, account.id, &ids)? {
        if on < date {
            let is_unknown = class == Class::Unknown.as_str();
            let left = if is_unknown { unexplained(conn, account.unit, id, amount)? } else { Dong::ZERO };
            open.insert(id, (left, on));
        }
    }
    Ok(open)
}
