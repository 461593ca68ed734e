//! What is carried on from a day: everything unexplained at its end, under its exception. A day is often closed after
//! its lines found their place and its claims were shown, so what counts is what the books had at the end of the day
//! and what was settled by then.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::certificate::Cash;
use super::part;
use super::query::{self, Noted};
use super::standing::Standing;
use super::transit::{InTransit, Transit};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{Kind, SURPLUS_KINDS};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::reconciliation::proof::{Item, LineFacts, Obstacle, OpenItem};
use crate::store::Conn;
use crate::unit::BankAccount;

/// Everything open at the end of the day.
pub struct Open {
    pub items: Vec<OpenItem>,
    pub blockers: Vec<Obstacle>,
    /// On its way and not told by name under an exception.
    pub in_transit: InTransit,
}

/// What an exception about an item looks at.
struct View<'a> {
    account: &'a BankAccount,
    date: BusinessDay,
    today: BTreeMap<LineId, &'a LineFacts>,
    /// Lines of earlier days.
    earlier: HashMap<LineId, Stood>,
    claims: BTreeMap<Item, Dong>,
    cash: BTreeMap<Item, Dong>,
}

/// How a line stood at the end of the day.
#[derive(Clone, Copy)]
struct Stood {
    amount: Dong,
    open: Dong,
    beside: Dong,
    on: BusinessDay,
}

impl Stood {
    fn of_day(line: &LineFacts) -> Stood {
        Stood { amount: line.amount, open: line.open, beside: line.beside, on: line.booking_date }
    }

    /// What waits of a line of an earlier day. A line that the bank moved to a later day is taken out of its own and
    /// stands with the other sign until that day comes: that is a passage, about which nobody is asked.
    fn waiting(self) -> Stood {
        let is_incoming = self.amount.is_positive();
        let waits =
            |sum: Dong, is_positive: bool| if sum.is_positive() == is_positive { sum } else { Dong::ZERO };
        Stood { open: waits(self.open, is_incoming), beside: waits(self.beside, !is_incoming), ..self }
    }

    /// What of the line an exception of this kind is about: what it brought or took, or the other side of a payout.
    fn of(self, kind: Kind) -> Option<Dong> {
        let is_beside = match kind {
            Kind::UnknownDebit => self.amount.is_positive(),
            Kind::BulkSettlement => self.amount < Dong::ZERO,
            _ => false,
        };
        if is_beside { Some(self.beside).filter(|sum| !sum.is_zero()) } else { Some(self.open) }
    }
}

/// How an exception stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Settled since the end of the day, by persons or by what came.
    SettledByPersons,
    SettledByItself,
}

impl Open {
    pub fn read(
        conn: &mut Conn,
        account: &BankAccount,
        date: BusinessDay,
        (lines, standing): (&[LineFacts], &Standing),
        (transit, cash): (&Transit, &[Cash]),
    ) -> Result<Open> {
        let (mut noted, states) = as_of(conn, account, date)?;
        part::name_by_line(conn, account.unit, &mut noted)?;
        // What is open comes first: a line is told under that, and not again under what was settled about it.
        noted.sort_by_key(|item| !item.is_part && states.contains_key(&item.id));
        let today: BTreeMap<LineId, &LineFacts> = lines.iter().map(|line| (line.id, line)).collect();
        let view = View {
            account,
            date,
            earlier: earlier_lines(conn, account, date, &noted, (&today, standing))?,
            today,
            claims: transit.of_items(conn, account, date, &movements_of(&noted))?,
            cash: cash.iter().map(|one| (one.item, one.amount)).collect(),
        };
        let mut open = Open { items: Vec::new(), blockers: Vec::new(), in_transit: InTransit::default() };
        let (mut named, mut told) = (BTreeSet::new(), BTreeSet::new());
        for item in &noted {
            let kind = Kind::from_number(u8::try_from(item.kind).unwrap_or_default())?;
            let state = states.get(&item.id).copied().unwrap_or(State::Open);
            let Some((about, amount, first_seen)) = view.carried(conn, item, (kind, state))? else {
                let is_about_nothing = item.subject_kind != "line" && item_of(item).is_none();
                if is_about_nothing && view.blocks(item, (kind, state)) {
                    open.blockers.push(Obstacle::BlockedByException { exception: item.id, kind });
                }
                continue;
            };
            // Several items of one lump sum are one line, under the first of their exceptions.
            named.insert(about);
            let is_settled_line = state != State::Open && item.subject_kind == "line";
            if !told.insert((about, amount)) && (item.is_part || is_settled_line) {
                continue;
            }
            open.items.push(OpenItem { item: about, amount, first_seen, exception: Some((item.id, kind)) });
        }
        let waiting = waiting_lines(conn, account, date, (&view.today, standing))?;
        open.add_unnamed_lines(conn, account, &waiting, &told)?;
        open.in_transit = transit.beside(conn, (account, date), &named, &view.claims)?;
        Ok(open)
    }

    /// An open line whose exception is settled, as one that a person acknowledged or whose other items ended before the
    /// last of its money found its place, is carried under that exception still.
    fn add_unnamed_lines(
        &mut self,
        conn: &mut Conn,
        account: &BankAccount,
        waiting: &BTreeMap<LineId, Stood>,
        told: &BTreeSet<(Item, Dong)>,
    ) -> Result<()> {
        let sides = waiting
            .iter()
            .flat_map(|(id, stood)| [(*id, stood.on, stood.open), (*id, stood.on, stood.beside)]);
        for (id, first_seen, amount) in sides {
            let item = Item::Line(id);
            if amount.is_zero() || told.contains(&(item, amount)) {
                continue;
            }
            let last = query::resolved_of_line(conn, account.unit, account.id, id)?.pop();
            let exception = match last {
                Some(item) => {
                    Some((item.id, Kind::from_number(u8::try_from(item.kind).unwrap_or_default())?))
                }
                None => None,
            };
            self.items.push(OpenItem { item, amount, first_seen, exception });
        }
        Ok(())
    }
}

/// The exceptions that may have been open at the end of a day, and how those stand that are settled now.
fn as_of(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
) -> Result<(Vec<Noted>, BTreeMap<ExceptionId, State>)> {
    let (unit, id) = (account.unit, account.id);
    let mut noted: BTreeMap<ExceptionId, Noted> =
        query::unresolved(conn, unit, id)?.into_iter().map(|item| (item.id, item)).collect();
    let mut states = BTreeMap::new();
    for (item, by_persons) in query::settled_since(conn, unit, id, date.start())? {
        let state = if by_persons { State::SettledByPersons } else { State::SettledByItself };
        states.insert(item.id, state);
        noted.insert(item.id, item);
    }
    let ids: Vec<ExceptionId> = noted.keys().copied().collect();
    for settled in query::settled_at(conn, unit, &ids, date.next().start())? {
        // Lines go by the books: what was settled on a day that was closed already was posted on a later one.
        let is_about_line = noted.get(&settled).is_some_and(part::is_about_line);
        if is_about_line {
            states.insert(settled, State::SettledByItself);
        } else {
            noted.remove(&settled);
        }
    }
    Ok((noted.into_values().collect(), states))
}

impl View<'_> {
    /// What is carried under an exception: about what, how much, since when. None where nothing was open of it.
    fn carried(
        &self,
        conn: &mut Conn,
        item: &Noted,
        (kind, state): (Kind, State),
    ) -> Result<Option<(Item, Dong, BusinessDay)>> {
        let is_settled = state != State::Open;
        if is_settled && kind.blocks_day_close() {
            return Ok(None);
        }
        if item.subject_kind == "line" {
            let id = LineId(item.subject_id);
            let of_day = self.today.get(&id).map(|line| Stood::of_day(line));
            let found = of_day.or_else(|| self.earlier.get(&id).copied());
            let found = found.and_then(|stood| Some((stood.of(kind)?, stood.on)));
            let found = found.filter(|(sum, _)| !is_settled || !sum.is_zero());
            return Ok(found.map(|(sum, on)| (Item::Line(id), sum, on)));
        }
        let Some(about) = item_of(item).filter(|_| item.opened_on <= self.date) else { return Ok(None) };
        let (unit, date) = (self.account.unit, self.date);
        let in_books = match about {
            // What came, not what is missing.
            Item::Obligation(id) => Some(in_advance(conn, unit, (id, date))?),
            Item::Payment(id) if SURPLUS_KINDS.contains(&kind) => too_much(conn, unit, (id, date))?,
            _ => self.claims.get(&about).or_else(|| self.cash.get(&about)).copied(),
        };
        Ok(match state {
            State::Open => Some((about, in_books.unwrap_or(item.amount), item.opened_on)),
            State::SettledByItself => {
                in_books.filter(|sum| sum.is_positive()).map(|sum| (about, sum, item.opened_on))
            }
            State::SettledByPersons => {
                let sum = in_books.unwrap_or(item.amount);
                let is_told_by_books = matches!(about, Item::Movement(_) | Item::Obligation(_))
                    || (matches!(about, Item::Payment(_)) && SURPLUS_KINDS.contains(&kind));
                let was_open = in_books.map_or(!is_told_by_books, Dong::is_positive);
                was_open.then_some((about, sum, item.opened_on))
            }
        })
    }

    fn blocks(&self, item: &Noted, (kind, state): (Kind, State)) -> bool {
        state == State::Open && item.opened_on <= self.date && kind.blocks_day_close()
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

/// The movements that exceptions are about.
fn movements_of(noted: &[Noted]) -> Vec<MovementId> {
    let about = |item: &Noted| (item.subject_kind == "movement").then_some(MovementId(item.subject_id));
    noted.iter().filter_map(about).collect()
}

/// What an exception that is about no line is carried as.
fn item_of(noted: &Noted) -> Option<Item> {
    let id = noted.subject_id;
    Some(match noted.subject_kind.as_str() {
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

/// Lines of earlier days that exceptions are about: what was unexplained of them, or nothing where the money had found
/// its place and only the exception was open.
fn earlier_lines(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    noted: &[Noted],
    (today, standing): (&BTreeMap<LineId, &LineFacts>, &Standing),
) -> Result<HashMap<LineId, Stood>> {
    let ids = noted.iter().filter(|item| item.subject_kind == "line").map(|item| LineId(item.subject_id));
    let ids = ids.filter(|id| !today.contains_key(id)).collect();
    stood_before(conn, account, date, (ids, standing))
}

/// The lines of this day, and those of earlier days of which the books still held something at its end, whether an
/// exception names them or not.
fn waiting_lines(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    (today, standing): (&BTreeMap<LineId, &LineFacts>, &Standing),
) -> Result<BTreeMap<LineId, Stood>> {
    let ids = standing.waiting().filter(|id| !today.contains_key(id)).collect();
    let earlier = stood_before(conn, account, date, (ids, standing))?;
    let mut waiting: BTreeMap<LineId, Stood> =
        earlier.into_iter().map(|(id, stood)| (id, stood.waiting())).collect();
    waiting.extend(today.iter().map(|(id, line)| (*id, Stood::of_day(line))));
    Ok(waiting)
}

/// How those of these lines stood that are of the account and of days before this one.
fn stood_before(
    conn: &mut Conn,
    account: &BankAccount,
    date: BusinessDay,
    (ids, standing): (BTreeSet<LineId>, &Standing),
) -> Result<HashMap<LineId, Stood>> {
    let ids: Vec<LineId> = ids.into_iter().collect();
    let found = query::posted_lines(conn, account.unit, account.id, &ids)?;
    let earlier = found.into_iter().filter(|(_, on, ..)| *on < date);
    let stood = |(id, on, amount, _): (LineId, BusinessDay, Dong, String)| {
        let (open, beside) = (standing.open(id, amount), standing.beside(id, amount));
        (id, Stood { amount, open, beside, on })
    };
    Ok(earlier.map(stood).collect())
}
