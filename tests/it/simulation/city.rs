//! The city of one seed: its service, its bank, its payers, and what happens when.

use std::collections::{BTreeMap, BTreeSet};

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::clock::{BusinessDay, Instant};
use bienlai::id::UnitId;
use bienlai::obligation::reference::CodeBook;
use bienlai::obligation::{self, IntakeMode, NewObligation, Obligation};
use bienlai::party::Payer;
use bienlai::payment::book::{Method, Payment};
use bienlai::payment::{Arrival, Claim, Direction};
use bienlai::reconciliation::reconcile;
use bienlai::simulator::bank::{Bank, Transfer};
use bienlai::simulator::chance::Chance;
use bienlai::simulator::memo::Habit;

use super::office::{Office, Work};
use crate::support::world::{BANK, POLL, line};
use crate::support::{Database, World, tools};

/// Days on which people pay.
pub(super) const DAYS: i64 = 4;
/// Days after them, for everything that is late.
pub(super) const QUIET_DAYS: i64 = 5;
const FEES: [i64; 5] = [5_000, 8_000, 25_000, 30_000, 150_000];
const SYMBOLS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";
const DELAY_LIMIT_S: i64 = 48 * 3_600;
/// A partner's clock may be off by this.
const SKEW_S: i64 = 600;

/// Something to come.
enum Event {
    Raise(usize),
    Pay(usize),
    Cancel(usize),
    /// The bank books something of its own on a commune's account.
    Own(usize),
    /// The bank takes a credit back.
    TakeBack(u32),
    Tell(Box<Claim>),
    /// A file of the bank arrives; then its account is matched.
    File(Delivery),
    /// Two persons decide about the corrected statements of a commune's account.
    Decide(usize),
    /// The day is over: the bank writes its statements.
    Evening(BusinessDay),
    /// What an office or one of its partners does.
    Work(Box<Work>),
}

impl Event {
    /// Where it happens, of what cannot be left out.
    fn place(&self) -> String {
        match self {
            Event::Raise(commune) => format!("raise {commune}"),
            Event::File(file) => format!("file {}", file.commune),
            Event::Decide(commune) => format!("versions {commune}"),
            Event::Evening(day) => format!("evening {day}"),
            Event::Work(work) => format!("{work:?}"),
            _ => String::new(),
        }
    }

    /// What can be left out of a history to see whether it fails without; nothing of what the rest stands on.
    fn label(&self, at: Instant) -> Option<String> {
        let what = match self {
            Event::Raise(_) | Event::File(_) | Event::Decide(_) | Event::Evening(_) => return None,
            Event::Pay(index) => format!("pay {index}"),
            Event::Cancel(index) => format!("cancel {index}"),
            Event::Own(commune) => format!("own {commune}"),
            Event::TakeBack(no) => format!("take back {no}"),
            Event::Tell(claim) => format!("tell {}", claim.external_id),
            Event::Work(work) => work.label()?,
        };
        Some(format!("{} {what}", at.seconds()))
    }
}

pub struct City {
    pub world: World,
    pub bank: Bank,
    pub owed: Vec<Owed>,
    /// Every file that arrived, in its order.
    pub files: Vec<Delivery>,
    /// By the hash of a file: whether it tells what happened.
    pub(super) truths: BTreeMap<String, bool>,
    pub arrivals: Vec<Arrival>,
    pub(super) chance: Chance,
    pub(super) first: BusinessDay,
    queue: BTreeMap<(Instant, u64), Event>,
    queued: u64,
    batch: Vec<Arrival>,
    diary: Vec<String>,
    seed: u64,
    /// Offices that work, where the city has some.
    pub(super) office: Option<Office>,
    /// What is left out of this history, and what happened that could be.
    skipped: BTreeSet<String>,
    /// Parts of labels of what is left out because `BIENLAI_TEST_WITHOUT` says so, with commas between.
    left_out: Vec<String>,
    pub happened: Vec<String>,
}

/// A file of the bank on its way to a commune.
#[derive(Clone)]
pub struct Delivery {
    pub commune: usize,
    pub bytes: Vec<u8>,
    /// It tells what happened; a misprint does not, and is corrected later.
    pub is_true: bool,
}

/// An obligation with what was done about it.
pub struct Owed {
    pub obligation: Obligation,
    pub commune: usize,
    /// The bookings that pay it as asked for.
    pub(super) exact: Vec<u32>,
    /// Something else was done about it, or a memo was cut.
    pub(super) is_spoiled: bool,
}

impl Owed {
    /// Paid exactly once, as asked for, and nothing else done.
    pub fn is_simple(&self) -> bool {
        self.exact.len() == 1 && !self.is_spoiled
    }
}

impl City {
    pub fn found(seed: u64) -> City {
        City::found_on(seed, Database::sqlite())
    }

    pub fn found_on(seed: u64, database: Database) -> City {
        let mut city = City::founded(seed, database);
        city.plan();
        city
    }

    /// The same with offices that take cards and cash, decide, refund, remit and close their days, without some of what
    /// happened in it.
    pub fn at_work_without(seed: u64, database: Database, skipped: BTreeSet<String>) -> City {
        let mut city = City::founded(seed, database);
        city.skipped = skipped;
        city.office = Some(Office::found(&city.world));
        city.plan();
        city.plan_offices();
        city
    }

    fn founded(seed: u64, database: Database) -> City {
        let mut world = World::settled_in(database);
        // The verdict looks at the same promises and names the seed.
        world.stop_watching();
        let first = world.now().business_day();
        let mut bank = Bank::default();
        for commune in world.communes() {
            bank.open_account(commune.account_no, "UBND", first, Dong::ZERO);
        }
        City {
            world,
            bank,
            owed: Vec::new(),
            files: Vec::new(),
            truths: BTreeMap::new(),
            arrivals: Vec::new(),
            chance: Chance::new(seed),
            first,
            queue: BTreeMap::new(),
            queued: 0,
            batch: Vec::new(),
            diary: Vec::new(),
            seed,
            office: None,
            skipped: BTreeSet::new(),
            left_out: tools::told("BIENLAI_TEST_WITHOUT")
                .map(|parts| parts.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
            happened: Vec::new(),
        }
    }

    /// What happened, in words.
    pub fn diary(&self) -> &[String] {
        &self.diary
    }

    pub fn last_day(&self) -> BusinessDay {
        self.first.plus_days(DAYS + QUIET_DAYS - 1)
    }

    /// Everything happens in its order.
    pub fn live(&mut self) {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            let is_told = matches!(event, Event::Tell(_));
            // Claims that come one upon the other are settled together, as the service does.
            if !is_told || self.batch.len() >= 8 {
                self.settle();
            }
            let waited = (at.seconds() - self.world.now().seconds()).max(0);
            self.world.wait_seconds(waited);
            if self.is_at_work() && !self.takes_place(at, &event) {
                continue;
            }
            self.happen(event);
            // A history ends with the day on which something is wrong.
            if self.is_broken() {
                return;
            }
        }
        self.settle();
        self.decide_the_rest();
        self.match_all();
        self.close_the_rest();
        self.world.seal();
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.office.is_some()
    }

    /// Whether an event is not left out. Each draws from a chance of its own, so that a history stays as it was
    /// when something of it is left out.
    fn takes_place(&mut self, at: Instant, event: &Event) -> bool {
        let label = event.label(at);
        let own = label.clone().unwrap_or_else(|| format!("{} {}", at.seconds(), event.place()));
        let hash = own.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        self.chance = Chance::new(hash ^ self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let Some(label) = label else { return true };
        if self.skipped.contains(&label) || self.left_out.iter().any(|part| label.contains(part)) {
            return false;
        }
        self.happened.push(label);
        true
    }

    /// Damage that the verdict must find: exceptions about suspense are closed behind its back.
    pub fn forget_exceptions(&mut self) {
        self.meddle("UPDATE exception SET state = 'resolved' WHERE subject_kind = 'line' AND state = 'open'");
    }

    /// The same, where each stays open about something else.
    pub fn exchange_exceptions(&mut self) {
        self.meddle("UPDATE exception SET subject_id = subject_id + 1 WHERE state = 'open'");
    }

    fn meddle(&mut self, change: &str) {
        let mut owner = self.world.database.as_owner();
        tools::unguarded(&mut owner, self.world.database.product, "exception");
        tools::run(&mut owner, change).expect("the exceptions are changed");
    }

    /// Each day a few dossiers, most of them paid within two days.
    fn plan(&mut self) {
        for day in 0..DAYS {
            let morning = self.first.plus_days(day).start().plus_seconds(9 * 3_600 + 60);
            for commune in 0..3 {
                for _ in 0..=self.chance.below(3) {
                    let at = morning.plus_seconds(self.chance.between(0, 7 * 3_600));
                    self.push(at, Event::Raise(commune));
                }
                if self.chance.percent(20) {
                    let at = morning.plus_seconds(self.chance.between(0, 8 * 3_600));
                    self.push(at, Event::Own(commune));
                }
            }
        }
        for day in 0..DAYS + QUIET_DAYS {
            let day = self.first.plus_days(day);
            // Not before midnight: what is booked in the last minute stands on the statement too.
            self.push(day.next().start(), Event::Evening(day));
        }
    }

    pub(super) fn push_decision(&mut self, at: Instant, commune: usize) {
        self.push(at, Event::Decide(commune));
    }

    pub(super) fn push_file(&mut self, at: Instant, file: Delivery) {
        self.push(at, Event::File(file));
    }

    pub(super) fn push_work(&mut self, at: Instant, work: Work) {
        self.push(at, Event::Work(Box::new(work)));
    }

    /// A channel tells of something.
    pub(super) fn push_claim(&mut self, at: Instant, claim: Claim) {
        self.push(at, Event::Tell(Box::new(claim)));
    }

    fn push(&mut self, at: Instant, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued), event);
    }

    pub(super) fn note(&mut self, words: String) {
        let at = self.world.now();
        self.diary.push(format!("{} {words}", at.hanoi_text()));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Raise(commune) => self.raise(commune),
            Event::Pay(index) => self.pay(index),
            Event::Cancel(index) => self.cancel(index),
            Event::Own(commune) => self.own(commune),
            Event::TakeBack(no) => self.take_back(no),
            Event::Tell(claim) => self.hear(*claim),
            Event::File(file) => self.receive(file),
            Event::Decide(commune) => self.decide(commune),
            Event::Evening(day) => self.evening(day),
            Event::Work(work) => self.work(*work),
        }
    }

    /// The portal raises an obligation under a code of the seed's.
    fn raise(&mut self, commune: usize) {
        let body: String = (0..8).map(|_| char::from(*self.chance.pick(SYMBOLS).expect("symbols"))).collect();
        let code = CodeBook::hanoi().from_body(&body).expect("a body of eight symbols");
        let amount = Dong(*self.chance.pick(&FEES).expect("fees"));
        let unit = self.world.communes()[commune].id;
        let number = self.owed.len();
        let obligation = self.world.change(|tx, stamp| {
            obligation::raise_as(
                tx,
                stamp,
                &Actor::system(),
                NewObligation {
                    unit,
                    dossier_code: format!("H26.1-261123-{number:04}"),
                    procedure_code: "1.001193".to_owned(),
                    procedure_field: "Hộ tịch".to_owned(),
                    intake_mode: IntakeMode::Counter,
                    receiving_unit: unit,
                    competent_unit: unit,
                    submitted_at: stamp.now,
                    result_due_on: None,
                    due_on: stamp.today().plus_days(5),
                    electronic_required: false,
                    payer: Payer {
                        name: Some("Nguyễn Thị Thử".to_owned()),
                        address: Some("Số 2 ngõ Mẫu".to_owned()),
                        phone: Some("0900000001".to_owned()),
                        ..Payer::default()
                    },
                    lines: vec![line("HT-01", "phi", "receipt", amount)],
                    waived_ground: None,
                },
                &code,
            )
        });
        self.note(format!("raised {} {} at {commune}", obligation.reference_code, amount.0));
        let now = self.world.now();
        self.owed.push(Owed { obligation, commune, exact: Vec::new(), is_spoiled: false });
        if self.chance.percent(10) {
            let at = now.plus_seconds(self.chance.between(60, 2 * 86_400));
            self.push(at, Event::Cancel(number));
        }
        let last = self.first.plus_days(DAYS).start();
        let at = now.plus_seconds(self.chance.between(30, 86_400)).min(last.plus_seconds(-4_000));
        if self.chance.percent(92) {
            self.push(at.max(now.plus_seconds(1)), Event::Pay(number));
        }
    }

    fn cancel(&mut self, index: usize) {
        let owed = self.owed[index].obligation.clone();
        self.owed[index].is_spoiled = true;
        // With money on it the portal is told no, which is right.
        let is_done = self.world.cancel(&owed).is_ok();
        self.note(format!("cancel {}: {is_done}", owed.reference_code));
    }

    /// A payer pays, rightly or not.
    fn pay(&mut self, index: usize) {
        let (owed, commune) = (self.owed[index].obligation.clone(), self.owed[index].commune);
        let exact = owed.total;
        let code = owed.reference_code.clone();
        let plain = format!("{code} LE PHI");
        if self.is_at_work() && self.chance.percent(40) {
            return self.pay_at_the_office(index);
        }
        match self.chance.below(20) {
            0 => self.transfer(commune, Dong(exact.0 - 1_000), &plain),
            1 => self.transfer(commune, Dong(exact.0 + 7_000), &plain),
            2 => {
                self.transfer(commune, exact, &plain);
                self.transfer(commune, exact, &format!("{code} nop lai"));
            }
            3 => self.transfer((commune + 1) % 3, exact, &plain),
            4 => self.transfer(commune, exact, "chuyen tien"),
            5 => self.transfer(commune, exact, &format!("{}7", &code[..12])),
            6 => self.pay_two(index),
            7 => self.pay_cash(index),
            8 => {
                self.transfer(commune, exact, &plain);
                let no = self.bank.ledger().len() as u32;
                let at = self.world.now().plus_seconds(self.chance.between(600, 30_000));
                self.push(at, Event::TakeBack(no));
            }
            9 => {
                self.transfer(commune, Dong(exact.0 - 2_000), &plain);
                self.transfer(commune, Dong(2_000), &plain);
            }
            _ => {
                self.transfer(commune, exact, &plain);
                self.owed[index].exact.push(self.bank.ledger().len() as u32);
            }
        }
    }

    /// Two dossiers of one commune in one transfer.
    fn pay_two(&mut self, index: usize) {
        let commune = self.owed[index].commune;
        let other = self.owed.iter().rposition(|other| other.commune == commune).unwrap_or(index);
        if other == index {
            return self.transfer(commune, Dong(3_000), "nop phi");
        }
        self.owed[other].is_spoiled = true;
        self.owed[index].is_spoiled = true;
        let [one, two] = [index, other].map(|at| self.owed[at].obligation.clone());
        let memo = format!("{} {}", one.reference_code, two.reference_code);
        self.transfer(commune, Dong(one.total.0 + two.total.0), &memo);
    }

    /// At the counter; refused when somebody paid before.
    pub(super) fn pay_cash(&mut self, index: usize) {
        let owed = self.world.again(&self.owed[index].obligation);
        let is_taken = self.world.take(&owed, owed.outstanding(), Method::Cash).is_ok();
        self.note(format!("cash for {}: {is_taken}", owed.reference_code));
    }

    fn transfer(&mut self, commune: usize, amount: Dong, memo: &str) {
        let habit = *self.chance.pick(&Habit::ALL).expect("habits");
        let order = Transfer {
            to_account: self.world.communes()[commune].account_no.to_owned(),
            amount,
            memo: memo.to_owned(),
            sender_account: format!("1900{:010}", self.chance.below(1_000_000_000)),
            sender_name: "NGUYEN THI THU".to_owned(),
            habit,
        };
        let now = self.world.now();
        self.bank.credit(now, &order).expect("the account is open");
        let no = self.bank.ledger().len() as u32;
        self.note(format!("booked {no}: {} at {commune}, {memo}", amount.0));
        self.report(no);
    }

    fn own(&mut self, commune: usize) {
        let now = self.world.now();
        let account = self.world.communes()[commune].account_no;
        let (direction, amount, memo) = match self.chance.below(4) {
            0 => (Direction::Credit, 1_137, "TRA LAI TIEN GUI"),
            1 => (Direction::Debit, 90_000, "CHUYEN TIEN DI"),
            2 => (Direction::Credit, 70_000, "THUE NHA THANG 11"),
            _ => (Direction::Debit, 5_500, "PHI DICH VU THANG 11"),
        };
        self.bank.book_own(now, account, direction, Dong(amount), memo).expect("the account is open");
        let no = self.bank.ledger().len() as u32;
        self.note(format!("the bank booked {no}: {memo}"));
        if self.chance.percent(50) {
            self.report(no);
        }
    }

    pub(super) fn take_back(&mut self, original: u32) {
        let now = self.world.now();
        if let Some(office) = &mut self.office {
            // Once, and only what happened in this history.
            let is_there = self.bank.ledger().len() >= original as usize;
            if !is_there || !office.returned.insert(original) {
                return;
            }
            self.spoil_booking(original);
        }
        let taken = if self.chance.percent(50) {
            self.bank.take_back(now, original)
        } else {
            self.bank.reverse(now, original)
        };
        let no = taken.expect("there is an original").no;
        self.note(format!("booked {no}: takes {original} back"));
        if self.chance.percent(40) {
            self.report(no);
        }
    }

    /// The channels tell of a booking: not at all, once, twice, by two ways, soon or late.
    fn report(&mut self, no: u32) {
        let times = match self.chance.below(20) {
            0..3 => 0,
            3..15 => 1,
            _ => 2,
        };
        let is_named = self.chance.percent(80);
        for time in 0..times {
            let is_other_way = time > 0 && self.chance.percent(50);
            let channel = if is_other_way { POLL } else { BANK };
            let delay = match self.chance.below(10) {
                0..7 => self.chance.between(1, 20),
                _ => self.chance.between(60, DELAY_LIMIT_S),
            };
            let skew = self.chance.between(-SKEW_S, SKEW_S);
            let booking = &self.bank.ledger()[no as usize - 1];
            let claim = Claim {
                channel: channel.to_owned(),
                external_id: format!("{channel}-{no}"),
                account_no: booking.account_no.clone(),
                bank_bin: None,
                direction: booking.direction,
                amount: booking.amount,
                memo: booking.memo.clone(),
                bank_reference: is_named.then(|| booking.bank_reference.clone()),
                sender_account: None,
                sender_name: None,
                occurred_at: Some(booking.booked_at.plus_seconds(skew)),
            };
            let at = booking.booked_at.plus_seconds(delay);
            self.push(at, Event::Tell(Box::new(claim)));
        }
    }

    fn hear(&mut self, claim: Claim) {
        self.note(format!("told {}", claim.external_id));
        let raw = format!("{{\"id\":\"{}\"}}", claim.external_id).into_bytes();
        let arrival = Arrival { claim, raw, received_at: self.world.now() };
        self.arrivals.push(arrival.clone());
        self.batch.push(arrival);
    }

    fn settle(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            self.chance.shuffle(&mut batch);
            self.world.settle_all(&batch);
        }
    }

    pub fn match_one(&self, commune: usize) {
        let commune = self.world.communes()[commune];
        reconcile(&self.world.store, &self.world.stamp(), &Actor::system(), commune.id, commune.account)
            .expect("the account is matched");
    }

    pub fn match_all(&self) {
        (0..3).for_each(|commune| self.match_one(commune));
    }

    pub fn payments(&self, unit: UnitId) -> Vec<Payment> {
        let commune = self.world.communes().into_iter().find(|commune| commune.id == unit);
        self.world.payments(commune.expect("a commune"))
    }

    pub fn units(&self) -> [UnitId; 3] {
        self.world.communes().map(|commune| commune.id)
    }
}
