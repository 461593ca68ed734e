//! What the offices of the communes do beside their bank and their portal, and the partners they do it with: an
//! acquirer of cards, a gateway, the Treasury. Each office has a round a day, in which persons act by chance: what
//! they decide need not be what happened, and the books hold all the same.

use std::collections::BTreeSet;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::{BusinessDay, Instant};
use bienlai::error::{Kind as ErrorKind, Result};
use bienlai::id::{PaymentId, PersonId, UnitId};
use bienlai::identity;
use bienlai::payment::Direction;
use bienlai::payment::gateway::NewSettlement;
use bienlai::payment::pos::NewBatch;
use bienlai::store::{Stamp, Tx};

use super::city::{City, DAYS, QUIET_DAYS};
use super::verdict;
use crate::corrections::person;
use crate::support::World;
use crate::support::tools::numbers;

const HOUR: i64 = 3_600;

/// Something to come.
#[derive(Clone, Debug)]
pub enum Work {
    /// The bank books so much on a commune's account; minus is money out.
    Book {
        commune: usize,
        amount: i64,
        memo: String,
    },
    /// The bank gives back the newest debit with these words, under its reference.
    GiveBack {
        commune: usize,
        memo: String,
    },
    /// The bank takes or gives back some earlier booking of the account, whole or in part.
    Reverse(usize),
    /// A cashier notes the approval code of a card payment.
    Slip {
        commune: usize,
        payment: PaymentId,
        code: String,
    },
    /// The acquirer settles the day's cards.
    Acquirer(usize),
    Batch(Box<NewBatch>),
    /// The gateway pays the day's claims out.
    Gateway(usize),
    Report(Box<NewSettlement>),
    /// The persons of an office look at what waits.
    Round(usize),
    /// The Treasury's report comes.
    Treasury {
        commune: usize,
        rows: String,
    },
    /// The days until then are closed, as far as they can be.
    Close(usize, BusinessDay),
    /// Everything that must hold at the end of a day.
    Look(BusinessDay),
}

impl Work {
    /// As `Event::label`.
    pub fn label(&self) -> Option<String> {
        Some(match self {
            Work::Look(_) => return None,
            Work::Book { commune, amount, .. } => format!("book {amount} at {commune}"),
            Work::GiveBack { commune, .. } => format!("give back at {commune}"),
            Work::Reverse(commune) => format!("reverse at {commune}"),
            Work::Slip { code, .. } => format!("slip {code}"),
            Work::Acquirer(commune) => format!("acquirer of {commune}"),
            Work::Batch(batch) => format!("batch {}", batch.reference),
            Work::Gateway(commune) => format!("gateway of {commune}"),
            Work::Report(report) => format!("report {}", report.reference),
            Work::Round(commune) => format!("round of {commune}"),
            Work::Treasury { commune, .. } => format!("treasury of {commune}"),
            Work::Close(commune, day) => format!("close {commune} until {day}"),
        })
    }
}

/// What the offices and their partners remember.
pub struct Office {
    /// Somebody beside clerk and chief in each commune: who answers for cash does not decide about it.
    pub colleagues: Vec<PersonId>,
    pub cards: Vec<super::cards::Card>,
    /// What the gateway took and has not paid out: (commune, its id, amount).
    pub claims: Vec<(usize, String, Dong)>,
    /// Bookings that were taken or given back.
    pub returned: BTreeSet<u32>,
    /// A number for papers.
    papers: u32,
    /// What does not hold.
    pub faults: Vec<String>,
}

impl Office {
    pub fn found(world: &World) -> Office {
        let colleague = |unit: UnitId| {
            world
                .change(|tx, stamp| identity::create_person(tx, stamp, &Actor::system(), unit, "Kế toán Mẫu"))
        };
        Office {
            colleagues: world.communes().map(|commune| colleague(commune.id)).to_vec(),
            cards: Vec::new(),
            claims: Vec::new(),
            returned: BTreeSet::new(),
            papers: 0,
            faults: Vec::new(),
        }
    }
}

impl City {
    /// Each day the partners settle, each office has its round, and days are closed, or not yet.
    pub(super) fn plan_offices(&mut self) {
        for days in 0..DAYS + QUIET_DAYS {
            let day = self.first.plus_days(days);
            let at = |hours: i64| day.start().plus_seconds(hours * HOUR);
            for commune in 0..3 {
                let minutes = self.chance.between(0, 4 * HOUR);
                self.push_work(at(13).plus_seconds(minutes), Work::Round(commune));
                self.push_work(at(22).plus_seconds(commune as i64), Work::Acquirer(commune));
                if self.chance.percent(35) {
                    let minutes = self.chance.between(0, 12 * HOUR);
                    self.push_work(at(9).plus_seconds(minutes), Work::Reverse(commune));
                }
                // The third has no series: nobody signs for it.
                if commune < 2 {
                    self.push_work(at(22).plus_seconds(60 + commune as i64), Work::Gateway(commune));
                    if days > 0 && self.chance.percent(60) {
                        let until = day.plus_days(-self.chance.between(1, 3)).max(self.first);
                        self.push_work(at(12).plus_seconds(commune as i64), Work::Close(commune, until));
                    }
                }
            }
            self.push_work(at(24).plus_seconds(-1), Work::Look(day));
        }
    }

    pub(super) fn work(&mut self, work: Work) {
        match work {
            Work::Book { commune, amount, memo } => self.book(commune, amount, &memo),
            Work::GiveBack { commune, memo } => self.give_back(commune, &memo),
            Work::Reverse(commune) => self.reverse_something(commune),
            Work::Slip { commune, payment, code } => self.note_slip(commune, payment, &code),
            Work::Acquirer(commune) => self.settle_cards(commune),
            Work::Batch(batch) => self.take_batch(&batch),
            Work::Gateway(commune) => self.settle_claims(commune),
            Work::Report(report) => self.take_report(&report),
            Work::Round(commune) => self.round(commune),
            Work::Treasury { commune, rows } => self.hear_treasury(commune, &rows),
            Work::Close(commune, until) => self.close_until(commune, until),
            Work::Look(day) => self.look_at_the_day(day),
        }
    }

    /// The persons of an office do what they do.
    fn round(&mut self, commune: usize) {
        self.world.seal();
        self.decide_items(commune);
        self.hand_over_cash(commune);
        self.refund(commune);
        self.correct(commune);
        self.undo_something(commune);
        self.remit(commune);
        self.match_one(commune);
    }

    pub(super) fn office(&mut self) -> &mut Office {
        self.office.as_mut().expect("the offices work")
    }

    pub(super) fn is_broken(&self) -> bool {
        self.office.as_ref().is_some_and(|office| !office.faults.is_empty())
    }

    /// Something does not hold.
    pub(super) fn accuse(&mut self, faults: Vec<String>) {
        let new = verdict::not_known(faults);
        self.office().faults.extend(new);
    }

    pub(super) fn paper(&mut self) -> u32 {
        self.office().papers += 1;
        self.office().papers
    }

    pub(super) fn unit(&self, commune: usize) -> UnitId {
        self.world.communes()[commune].id
    }

    pub(super) fn finance(&self, commune: usize) -> Actor {
        person(self.unit(commune), self.world.clerk, Role::Finance)
    }

    pub(super) fn approver(&self, commune: usize) -> Actor {
        person(self.unit(commune), self.world.chief, Role::Approver)
    }

    /// Numbers of a commune's rows: `sql` goes on after `WHERE unit_id = …`.
    pub(super) fn ids(&self, commune: usize, table: &str, rest: &str) -> Vec<i64> {
        let unit = self.unit(commune).0;
        let sql = format!("SELECT id AS n FROM {table} WHERE unit_id = {unit} {rest} ORDER BY id");
        self.world.look(|conn| Ok(numbers(conn, &sql)))
    }

    /// A person does something within their unit.
    pub(super) fn act<T>(
        &mut self,
        actor: &Actor,
        what: &str,
        body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>,
    ) -> Option<T> {
        debug_assert!(!matches!(actor.scope, Scope::All));
        let done = self.world.app.write(actor, body);
        self.told(what, done)
    }

    /// What came of it: a refusal is right, and noted; an error of the program's own is a fault.
    pub(super) fn told<T>(&mut self, what: &str, done: Result<T>) -> Option<T> {
        match done {
            Ok(value) => {
                self.note(what.to_owned());
                Some(value)
            }
            Err(error) => {
                let is_ours = matches!(error.kind(), ErrorKind::Internal);
                self.note(format!("{what}: {error}"));
                if is_ours {
                    self.accuse(vec![format!("an error of its own: {what}: {error}")]);
                }
                None
            }
        }
    }

    /// The bank books something on a day that has statements.
    pub(super) fn book_at(&mut self, at: Instant, work: Work) {
        if at.business_day() <= self.last_day() {
            self.push_work(at, work);
        }
    }

    /// So many days later, at an hour.
    pub(super) fn later(&self, days: i64, hours: i64) -> Instant {
        self.world.now().business_day().plus_days(days).start().plus_seconds(hours * HOUR)
    }

    fn book(&mut self, commune: usize, amount: i64, memo: &str) {
        let (now, account) = (self.world.now(), self.world.communes()[commune].account_no);
        let direction = if amount < 0 { Direction::Debit } else { Direction::Credit };
        self.bank.book_own(now, account, direction, Dong(amount.abs()), memo).expect("the account is open");
        let no = self.bank.ledger().len();
        self.note(format!("the bank booked {no}: {amount} at {commune}, {memo}"));
    }

    fn give_back(&mut self, commune: usize, memo: &str) {
        let account = self.world.communes()[commune].account_no;
        let is_it = |one: &&bienlai::simulator::bank::Booking| {
            one.account_no == account && one.memo == memo && one.direction == Direction::Debit
        };
        let Some(no) = self.bank.ledger().iter().rev().find(is_it).map(|one| one.no) else { return };
        self.take_back(no);
    }

    /// Whatever came or left earlier: a transfer to the wrong account, one for two dossiers, a second one, a part of
    /// one, a gateway's lump sum, cash.
    fn reverse_something(&mut self, commune: usize) {
        let account = self.world.communes()[commune].account_no;
        let returned = self.office().returned.clone();
        let bookings: Vec<(u32, i64, String)> = self
            .bank
            .ledger()
            .iter()
            .filter(|one| one.account_no == account && !one.is_reversal && !returned.contains(&one.no))
            .map(|one| (one.no, one.signed(), one.bank_reference.clone()))
            .collect();
        let Some((no, amount, reference)) = self.chance.pick(&bookings).cloned() else { return };
        self.spoil_booking(no);
        if amount > 2_000 && self.chance.percent(35) {
            self.office().returned.insert(no);
            let part = self.chance.between(1, amount / 1_000 - 1) * 1_000;
            let words = ["dieu chinh giao dich", "HOAN TRA mot phan"][self.chance.below(2)];
            return self.book(commune, -part, &format!("{words} {reference}"));
        }
        self.take_back(no);
    }

    /// Nothing is promised any more of whoever paid with this booking.
    pub(super) fn spoil_booking(&mut self, no: u32) {
        for owed in self.owed.iter_mut().filter(|owed| owed.exact.contains(&no)) {
            owed.is_spoiled = true;
        }
    }

    /// At the counter by card, through the gateway, or in cash.
    pub(super) fn pay_at_the_office(&mut self, index: usize) {
        let commune = self.owed[index].commune;
        match self.chance.below(10) {
            0..5 => self.pay_by_card(index),
            5..8 if commune < 2 => self.pay_by_gateway(index),
            _ => self.pay_cash(index),
        }
    }
}
