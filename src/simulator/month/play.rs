//! Plays the deals: obligations, bookings, claims, and the truth beside them.

use std::collections::BTreeSet;

use super::deal::{self, Deal};
use super::{Month, Owed, Paid, Place, Plan, Told, Truth};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::obligation::reference::CodeBook;
use crate::payment::Direction;
use crate::simulator::bank::{Bank, Booking};
use crate::simulator::chance::Chance;
use crate::text;

/// What fees cost, in đồng.
const FEES: [i64; 10] = [5_000, 8_000, 10_000, 15_000, 25_000, 30_000, 50_000, 75_000, 120_000, 300_000];
/// Family and given names that are plainly invented together.
const FAMILIES: [&str; 6] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ"];
const GIVEN: [&str; 6] = ["Văn Mẫu", "Thị Mẫu", "Văn Thử", "Thị Thử", "Văn Ví Dụ", "Thị Ví Dụ"];
/// The symbols of a code's body.
const SYMBOLS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";
const BODY_LENGTH: usize = 8;
/// A claim that is late is so by at most this.
const DELAY_LIMIT_S: i64 = 48 * 3_600;

/// When and where a deal happens.
struct Scene {
    at: Instant,
    place: usize,
    deal: Deal,
}

/// A payer at the counter of their own bank.
struct Payer {
    name: String,
    account: String,
}

struct Stage {
    chance: Chance,
    codes: CodeBook,
    used: BTreeSet<String>,
    month: Month,
}

pub(super) fn play(plan: &Plan) -> Result<Month> {
    let places = plan.places();
    let mut bank = Bank::default();
    for place in &places {
        bank.open_account(&place.account_no, &place.holder, place.opened_on, place.opening);
    }
    let month = Month {
        plan: plan.clone(),
        places,
        owed: Vec::new(),
        told: Vec::new(),
        bank,
        truths: Vec::new(),
        paid: Vec::new(),
    };
    let chance = Chance::new(plan.seed);
    let mut stage = Stage { chance, codes: CodeBook::hanoi(), used: BTreeSet::new(), month };
    for scene in stage.scenes() {
        stage.play(&scene)?;
    }
    let mut month = stage.month;
    month.told.sort_by(|a, b| (a.at, &a.external_id).cmp(&(b.at, &b.external_id)));
    Ok(month)
}

impl Stage {
    /// The deals in the order of their time: by day and by night, most of them in office hours.
    fn scenes(&mut self) -> Vec<Scene> {
        let plan = self.month.plan.clone();
        let deals = deal::draw(&mut self.chance, plan.line_count);
        let mut scenes: Vec<Scene> = deals
            .into_iter()
            .map(|deal| {
                let day = plan.first_day.plus_days(self.chance.between(0, i64::from(plan.day_count) - 1));
                let hours = if self.chance.percent(85) { (8, 16) } else { (0, 21) };
                let hour = self.chance.between(hours.0, hours.1);
                let second = self.chance.between(0, 3_599);
                let at = day.start().plus_seconds(hour * 3_600 + second);
                Scene { at, place: self.chance.below(plan.account_count), deal }
            })
            .collect();
        scenes.sort_by_key(|scene| (scene.at, scene.place, scene.deal));
        scenes
    }

    fn play(&mut self, scene: &Scene) -> Result<()> {
        match scene.deal {
            Deal::BankFee => {
                let month = scene.at.business_day().0.format("%m/%Y").to_string();
                self.own(scene, Direction::Debit, 11_000, &format!("PHI DICH VU SMS THANG {month}"))
            }
            Deal::Interest => self.own(scene, Direction::Credit, 1_137, "TRA LAI TIEN GUI KHONG KY HAN"),
            Deal::ToBudget => self.own(scene, Direction::Debit, 450_000, "NOP NSNN KBNN HA NOI"),
            Deal::Unrelated => self.unrelated(scene),
            Deal::SeveralCodes => self.several(scene),
            Deal::Batch | Deal::BatchNet => self.batch(scene),
            _ => self.single(scene),
        }
    }

    /// A booking of the bank's own accord.
    fn own(&mut self, scene: &Scene, direction: Direction, amount: i64, memo: &str) -> Result<()> {
        // Charges and interest are seldom twice the same.
        let amount = Dong(amount + 11 * self.chance.between(0, 40));
        let booking = self.booking(scene, direction, amount, memo.to_owned(), None);
        let booking = self.book(booking)?;
        self.label(scene, &booking, Vec::new());
        Ok(())
    }

    fn unrelated(&mut self, scene: &Scene) -> Result<()> {
        let payer = self.payer();
        let amount = Dong(100_000 * self.chance.between(1, 90));
        let memo = arrived(&payer, "000000", "CHUYEN TIEN THUE MAT BANG");
        let booking = self.booking(scene, Direction::Credit, amount, memo.clone(), Some(&payer));
        let booking = self.book(booking)?;
        self.tell(&booking, amount, &memo, 85, 0);
        self.label(scene, &booking, Vec::new());
        Ok(())
    }

    /// One obligation, one transfer, perhaps a second one.
    fn single(&mut self, scene: &Scene) -> Result<()> {
        let payer = self.payer();
        let owner = match scene.deal {
            Deal::WrongAccount if self.month.places.len() > 1 => {
                (scene.place + 1 + self.chance.below(self.month.places.len() - 1)) % self.month.places.len()
            }
            _ => scene.place,
        };
        let owed = self.raise(scene, owner, &payer)?;
        let is_lost = scene.deal == Deal::WrongAccount && owner == scene.place;
        let amount = match scene.deal {
            Deal::Short => Dong(owed.amount.0 - 1_000),
            Deal::TooMuch => Dong(owed.amount.0 + 7_000),
            _ => owed.amount,
        };
        let trace = self.trace();
        let (shown, told) = self.memos(scene, &payer, &owed.reference_code, &trace);
        let booking = self.booking(scene, Direction::Credit, amount, shown, Some(&payer));
        let booking = self.book(booking)?;
        let heard = if scene.deal == Deal::CutOff { 100 } else { 85 };
        let named = if scene.deal == Deal::CutOff { 100 } else { 90 };
        self.tell(&booking, amount, &told, heard, named);
        let parts = vec![(owed.reference_code.clone(), amount)];
        // With one commune there is no wrong account: the payer was right after all.
        let scene_deal = if is_lost { Deal::Exact } else { scene.deal };
        self.label_as(scene_deal, scene_deal.class(), &booking, parts.clone());
        match scene.deal {
            Deal::PaidTwice => {
                let later = Scene { at: scene.at.plus_seconds(420), ..*scene };
                let again = arrived(&payer, &self.trace(), &format!("{} nop lai", owed.reference_code));
                let booking = self.booking(&later, Direction::Credit, amount, again.clone(), Some(&payer));
                let booking = self.book(booking)?;
                self.tell(&booking, amount, &again, 85, 90);
                self.label_as(scene.deal, "fee_receipt", &booking, parts);
            }
            Deal::Reversed => {
                let back = self.month.bank.take_back(scene.at.plus_seconds(1_200), booking.no)?.clone();
                self.label_as(scene.deal, "reversal", &back, Vec::new());
            }
            _ => {}
        }
        let stands = if scene_deal == Deal::WrongAccount { Dong::ZERO } else { amount.min(owed.amount) };
        self.expect(&owed, stands, scene_deal.is_decidable());
        Ok(())
    }

    /// One transfer for two or three dossiers of one payer.
    fn several(&mut self, scene: &Scene) -> Result<()> {
        let payer = self.payer();
        let count = 2 + self.chance.below(2);
        let mut owed = Vec::with_capacity(count);
        for _ in 0..count {
            owed.push(self.raise(scene, scene.place, &payer)?);
        }
        let amount = Dong::sum(owed.iter().map(|one| one.amount))?;
        let codes: Vec<&str> = owed.iter().map(|one| one.reference_code.as_str()).collect();
        let memo = arrived(&payer, &self.trace(), &codes.join(" "));
        let booking = self.booking(scene, Direction::Credit, amount, memo.clone(), Some(&payer));
        let booking = self.book(booking)?;
        self.tell(&booking, amount, &memo, 85, 90);
        self.label(
            scene,
            &booking,
            owed.iter().map(|one| (one.reference_code.clone(), one.amount)).collect(),
        );
        owed.iter().for_each(|one| self.expect(one, one.amount, true));
        Ok(())
    }

    /// Three to six claims, paid out in one sum.
    fn batch(&mut self, scene: &Scene) -> Result<()> {
        let count = 3 + self.chance.below(4);
        let mut owed: Vec<Owed> = Vec::with_capacity(count);
        for index in 0..count {
            let payer = self.payer();
            // Different sums: one reference and one sum would be one money.
            let fee = Dong(FEES[index % FEES.len()] + 1_000 * i64::try_from(index).unwrap_or(0));
            owed.push(self.raise_for(scene, scene.place, &payer, fee)?);
        }
        let gross = Dong::sum(owed.iter().map(|one| one.amount))?;
        let net = if scene.deal == Deal::BatchNet { Dong(gross.0 - 3_300) } else { gross };
        let memo = format!("THANH TOAN GD DIEM BAN {}", self.trace());
        let booking = self.booking(scene, Direction::Credit, net, memo, None);
        let booking = self.book(booking)?;
        for one in &owed {
            let memo = format!("{} thanh toan", one.reference_code);
            self.tell(&booking, one.amount, &memo, 100, 100);
            self.expect(one, one.amount, scene.deal.is_decidable());
        }
        self.label(
            scene,
            &booking,
            owed.iter().map(|one| (one.reference_code.clone(), one.amount)).collect(),
        );
        Ok(())
    }

    fn payer(&mut self) -> Payer {
        let family = self.chance.pick(&FAMILIES).copied().unwrap_or_default();
        let given = self.chance.pick(&GIVEN).copied().unwrap_or_default();
        let account = format!("1900{:010}", self.chance.below(10_000_000_000));
        Payer { name: format!("{family} {given}"), account }
    }

    fn trace(&mut self) -> String {
        format!("{:06}", self.chance.below(1_000_000))
    }

    fn raise(&mut self, scene: &Scene, place: usize, payer: &Payer) -> Result<Owed> {
        let fee = Dong(self.chance.pick(&FEES).copied().unwrap_or(25_000));
        self.raise_for(scene, place, payer, fee)
    }

    fn raise_for(&mut self, scene: &Scene, place: usize, payer: &Payer, amount: Dong) -> Result<Owed> {
        let unit_code = self.place(place)?.unit_code.clone();
        let reference_code = loop {
            let body: String = (0..BODY_LENGTH)
                .map(|_| char::from(self.chance.pick(SYMBOLS).copied().unwrap_or(b'0')))
                .collect();
            let code = self.codes.from_body(&body)?.as_str().to_owned();
            // A prefix inside would be read as a second code, as when a real one is minted.
            let is_plain = !code.get(1..).is_some_and(|rest| rest.contains(self.codes.prefix()));
            if is_plain && self.used.insert(code.clone()) {
                break code;
            }
        };
        let raised_on = scene.at.business_day();
        let owed = Owed { raised_on, unit_code, reference_code, amount, payer: payer.name.clone() };
        self.month.owed.push(owed.clone());
        Ok(owed)
    }

    fn place(&self, index: usize) -> Result<&Place> {
        self.month.places.get(index).ok_or_else(|| Error::internal("a deal without a commune"))
    }

    /// The memo as the statement shows it, and as the callback told it.
    fn memos(&mut self, scene: &Scene, payer: &Payer, code: &str, trace: &str) -> (String, String) {
        let whole = format!("{code} LE PHI");
        let sent = match scene.deal {
            Deal::Wrapped => {
                let name = text::fold(&payer.name);
                let to = self.place(scene.place).map(|place| place.account_no.clone()).unwrap_or_default();
                format!("MBVCB.8{trace}123.{trace}.{whole}.CT tu {} {name} toi {to}", payer.account)
            }
            Deal::BrokenUp => format!("{} LE PHI", self.broken_up(code)),
            Deal::Diacritics => format!("nộp lệ phí hồ sơ {} {}", code.to_lowercase(), payer.name),
            Deal::LookAlike => format!("{} LE PHI", look_alike(code)),
            Deal::ForeignReference => format!("{whole} FT{trace}40312345"),
            Deal::Mistyped => format!("{} LE PHI", self.mistyped(code)),
            Deal::CutOff => {
                let kept = 6 + self.chance.below(6);
                let shown = arrived(payer, trace, code.get(..kept).unwrap_or(code));
                return (shown, arrived(payer, trace, &whole));
            }
            _ => whole,
        };
        let memo = arrived(payer, trace, &sent);
        (memo.clone(), memo)
    }

    /// A space, a dot or a hyphen at one or two places of the code.
    fn broken_up(&mut self, code: &str) -> String {
        let mut broken = code.to_owned();
        for _ in 0..=self.chance.below(2) {
            let at = 1 + self.chance.below(code.len() - 1);
            let mark = self.chance.pick(&[" ", ".", "-"]).copied().unwrap_or(" ");
            broken.insert_str(at, mark);
        }
        broken
    }

    /// Two different neighbours of the body swapped; the check shows every such slip.
    fn mistyped(&mut self, code: &str) -> String {
        let mut symbols: Vec<char> = code.chars().collect();
        let differ: Vec<usize> =
            (4..symbols.len() - 1).filter(|&at| symbols[at] != symbols[at + 1]).collect();
        match self.chance.pick(&differ).copied() {
            Some(at) => symbols.swap(at, at + 1),
            None => symbols.push('7'),
        }
        symbols.into_iter().collect()
    }

    fn booking(
        &mut self,
        scene: &Scene,
        direction: Direction,
        amount: Dong,
        memo: String,
        payer: Option<&Payer>,
    ) -> Booking {
        let account_no = self.place(scene.place).map(|place| place.account_no.clone()).unwrap_or_default();
        Booking {
            no: 0,
            account_no,
            direction,
            amount,
            memo,
            bank_reference: String::new(),
            trace: self.trace(),
            sender_account: payer.map(|payer| payer.account.clone()),
            sender_name: payer.map(|payer| text::fold(&payer.name)),
            booked_at: scene.at,
            is_reversal: false,
        }
    }

    fn book(&mut self, booking: Booking) -> Result<Booking> {
        self.month.bank.book(booking).cloned()
    }

    /// A callback, in `heard` of a hundred cases, with the bank's reference in `named` of a hundred.
    /// One in twenty is late.
    fn tell(&mut self, booking: &Booking, amount: Dong, memo: &str, heard: usize, named: usize) {
        if !self.chance.percent(heard) {
            return;
        }
        let delay = if self.chance.percent(5) { self.chance.between(60, DELAY_LIMIT_S) } else { 2 };
        let bank_reference = self.chance.percent(named).then(|| booking.bank_reference.clone());
        let external_id = format!("N{:07}", self.month.told.len() + 1);
        self.month.told.push(Told {
            at: booking.booked_at.plus_seconds(delay),
            external_id,
            account_no: booking.account_no.clone(),
            amount,
            memo: memo.to_owned(),
            bank_reference,
        });
    }

    fn label(&mut self, scene: &Scene, booking: &Booking, parts: Vec<(String, Dong)>) {
        self.label_as(scene.deal, scene.deal.class(), booking, parts);
    }

    fn label_as(
        &mut self,
        deal: Deal,
        class: &'static str,
        booking: &Booking,
        mut parts: Vec<(String, Dong)>,
    ) {
        parts.sort_unstable();
        self.month.truths.push(Truth {
            account_no: booking.account_no.clone(),
            booked_on: day_of(booking),
            bank_reference: booking.bank_reference.clone(),
            amount: Dong(booking.signed()),
            deal,
            is_decidable: deal.is_decidable(),
            class,
            parts,
        });
    }

    fn expect(&mut self, owed: &Owed, amount: Dong, is_decidable: bool) {
        let reference_code = owed.reference_code.clone();
        self.month.paid.push(Paid { reference_code, amount, is_decidable });
    }
}

fn day_of(booking: &Booking) -> BusinessDay {
    booking.booked_at.business_day()
}

/// As VPBank shows an incoming transfer.
fn arrived(payer: &Payer, trace: &str, sent: &str) -> String {
    format!("NHAN TU {} TRACE {trace} ND {sent}", payer.account)
}

/// Typed off a paper: the prefix right, in the body what looks alike.
fn look_alike(code: &str) -> String {
    let (prefix, body) = code.split_at_checked(4).unwrap_or(("", code));
    format!("{prefix}{}", body.replace('0', "O").replace('1', "I").replace('2', "Z").replace('V', "U"))
}
