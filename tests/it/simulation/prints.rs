//! The bank's statements: late, twice, two days in one. Now and then the first print of a day is wrong: a line
//! of another amount, under other words, left out or printed twice. The right one comes hours or days later,
//! after the wrong one was matched, and two persons decide about what it takes out.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::{BusinessDay, Instant};
use bienlai::id::PersonId;
use bienlai::reconciliation::restated;
use bienlai::simulator::bank::Misprint;
use bienlai::simulator::statement::write_all;
use bienlai::statement::version::{self, Decision, Version};

use super::city::{City, Delivery};
use crate::imports::import;
use crate::support::bank_file::BankFile;

/// A statement of a day as the bank prints it for the first time.
pub struct Print {
    pub commune: usize,
    pub day: BusinessDay,
    /// Of `write_all`.
    pub format: usize,
    pub at: Instant,
    /// Its memos are cut already.
    pub is_cut: bool,
}

pub fn told_as_it_is(commune: usize, text: &str) -> Delivery {
    Delivery { commune, bytes: text.as_bytes().to_vec(), is_true: true }
}

impl City {
    /// The statements of the day, each to arrive when it will: in the morning, late, or twice.
    pub(super) fn evening(&mut self, day: BusinessDay) {
        for commune in 0..3 {
            let account = self.world.communes()[commune].account_no;
            let is_cut = self.chance.percent(15);
            let told = self.bank.day(account, day).expect("the account is open");
            let is_nil = told.bookings.is_empty();
            // A statement may show less of a memo than the callback did.
            let mut short = self.bank.clone();
            let files = if is_cut {
                let cut: Vec<u32> = told.bookings.iter().map(|booking| booking.no).collect();
                for owed in &mut self.owed {
                    owed.is_spoiled |= owed.exact.iter().any(|no| cut.contains(no));
                }
                short.cut_memos(account, day, 45);
                write_all(&short.day(account, day).expect("the account is open"))
            } else {
                write_all(&told)
            };
            let formats = if is_nil { 2 } else { 3 };
            let first = self.chance.below(formats);
            let morning = day.next().start().plus_seconds(6 * 3_600 + commune as i64);
            let is_last = day >= self.last_day();
            let late = match self.chance.below(10) {
                0 | 1 if !is_last => self.chance.between(1, 2) * 86_400,
                _ => 0,
            };
            let at = morning.plus_seconds(late);
            let printed = Print { commune, day, format: first, at, is_cut };
            match self.misprinted(&printed) {
                Some(wrong) => self.correct_later(&printed, wrong, &files[first].text),
                None => self.push_file(at, told_as_it_is(commune, &files[first].text)),
            }
            if self.chance.percent(25) {
                let again = at.plus_seconds(self.chance.between(60, 2 * 86_400));
                let second = self.chance.below(formats);
                self.push_file(again, told_as_it_is(commune, &files[second].text));
            }
            if !is_cut && day > self.first && self.chance.percent(15) {
                let again = at.plus_seconds(self.chance.between(60, 86_400));
                let both = self.two_days(commune, day);
                self.push_file(again, Delivery { commune, bytes: both, is_true: true });
            }
        }
    }

    /// The day and the one before in one statement, restated.
    fn two_days(&self, commune: usize, day: BusinessDay) -> Vec<u8> {
        let account = self.world.communes()[commune].account_no;
        let before = self.bank.day(account, day.plus_days(-1)).expect("the account is open");
        let told = self.bank.day(account, day).expect("the account is open");
        let mut file = BankFile::new(account, day, before.opening.0).without_sequence();
        for (of, on) in [(&before, day.plus_days(-1)), (&told, day)] {
            for booking in &of.bookings {
                file = file.book_on(on, booking.signed(), &booking.memo, &booking.bank_reference);
            }
        }
        // Two days, and the next two, are two statements, though neither has a number.
        let text = String::from_utf8(file.camt()).expect("XML");
        text.replace("<Id>S0</Id>", &format!("<Id>S0-{day}</Id>")).into_bytes()
    }

    pub(super) fn receive(&mut self, file: Delivery) {
        let commune = file.commune;
        let imported = import(&self.world, &file.bytes);
        let held = imported.held.len();
        self.truths.insert(imported.sha256, file.is_true);
        self.note(format!("a file of {} bytes for {commune}, {held} held", file.bytes.len()));
        self.files.push(file);
        self.match_one(commune);
        if held > 0 {
            let at = self.world.now().plus_seconds(self.chance.between(600, 2 * 86_400));
            self.push_decision(at, commune);
        }
    }

    /// The print with a fault, where chance wants one.
    pub(super) fn misprinted(&mut self, print: &Print) -> Option<Delivery> {
        let account = self.world.communes()[print.commune].account_no;
        if print.is_cut || !self.chance.percent(20) {
            return None;
        }
        let day = self.bank.day(account, print.day).expect("the account is open");
        let bookings: Vec<_> = day.bookings.into_iter().cloned().collect();
        let booking = self.chance.pick(&bookings)?.clone();
        // A table without a number that lacks its last line is an earlier export of the day to anybody.
        let is_last = bookings.last().is_some_and(|last| last.no == booking.no);
        let can_double = print.format < 2 || !is_last;
        let how = match self.chance.below(5) {
            0 => Misprint::Amount(Dong(booking.amount.0 + self.chance.between(1, 9) * 1_000)),
            1 => Misprint::Amount(Dong((booking.amount.0 / 2).max(1))),
            2 => Misprint::LeftOut,
            3 if can_double => Misprint::Twice,
            _ => Misprint::Memo(self.other_words(print.commune, &booking.memo)),
        };
        if how != Misprint::LeftOut {
            // A claim that comes between misprint and correction finds its obligation paid by the misprint:
            // it is a surplus then, and persons say what it pays.
            for owed in self.owed.iter_mut().filter(|owed| owed.exact.contains(&booking.no)) {
                owed.is_spoiled = true;
            }
        }
        self.note(format!("misprint of {} at {}: {how:?}", booking.no, print.commune));
        let mut wrong = self.bank.clone();
        wrong.misprint(booking.no, how);
        let files = write_all(&wrong.day(account, print.day).expect("the account is open"));
        let bytes = files[print.format].text.clone().into_bytes();
        Some(Delivery { commune: print.commune, bytes, is_true: false })
    }

    /// The words of the bank's own making, or those of somebody else's obligation.
    fn other_words(&mut self, commune: usize, memo: &str) -> String {
        let owed: Vec<usize> =
            (0..self.owed.len()).filter(|index| self.owed[*index].commune == commune).collect();
        let Some(index) = self.chance.pick(&owed).copied().filter(|_| self.chance.percent(60)) else {
            return format!("CT DEN {memo}");
        };
        self.owed[index].is_spoiled = true;
        format!("{} LE PHI", self.owed[index].obligation.reference_code)
    }

    /// The wrong print arrives as the day's statement does, the right one afterwards.
    pub(super) fn correct_later(&mut self, print: &Print, wrong: Delivery, right: &str) {
        self.push_file(print.at, wrong);
        let later = print.at.plus_seconds(self.chance.between(600, 2 * 86_400));
        self.push_file(later, told_as_it_is(print.commune, right));
    }

    /// Two persons decide: what tells what happened goes in, and nothing of a misprint.
    pub(super) fn decide(&mut self, commune: usize) {
        for known in self.undecided(commune) {
            // Deciding about one compares the others again.
            let held = self.world.look(|conn| version::find(conn, known.unit, known.id));
            if !matches!(held.state.as_str(), "held" | "proposed") {
                continue;
            }
            let is_true = self.truths[&held.file_sha256];
            let decision = if is_true { Decision::Accept } else { Decision::Dismiss };
            let mut told = self.decide_one(&held, decision);
            let mut rounds = 0;
            while let (Err(day), true) = (told, rounds < 5) {
                // What it changes is closed: two persons open that day again first.
                self.open_day(commune, day);
                let held = self.world.look(|conn| version::find(conn, known.unit, known.id));
                told = self.decide_one(&held, decision);
                rounds += 1;
            }
            let told = told.unwrap_or("closed");
            self.note(format!("{} of {commune}: {told}", decision.as_str()));
        }
        self.match_one(commune);
    }

    /// What an overtaken decision left, and what was compared again.
    pub(super) fn decide_the_rest(&mut self) {
        for commune in 0..3 {
            let mut rounds = 0;
            while !self.undecided(commune).is_empty() && rounds < 10 {
                self.decide(commune);
                rounds += 1;
            }
        }
    }

    pub fn undecided(&self, commune: usize) -> Vec<Version> {
        let commune = self.world.communes()[commune];
        self.world.look(|conn| version::undecided(conn, commune.id, commune.account))
    }

    /// What came of it, or the closed day that it would change.
    fn decide_one(&self, held: &Version, decision: Decision) -> Result<&'static str, BusinessDay> {
        let (unit, id) = (held.unit, held.id);
        let actor = |person: PersonId, role| Actor {
            person: Some(person),
            client: None,
            role,
            scope: Scope::unit(unit),
        };
        if held.state == "held" {
            let clerk = actor(self.world.clerk, Role::Finance);
            let what = (decision, "theo trả lời của ngân hàng");
            self.world.change(|tx, stamp| version::propose(tx, stamp, &clerk, unit, id, what));
        }
        let chief = actor(self.world.chief, Role::Approver);
        match restated::approve(&self.world.store, &|| self.world.stamp(), &chief, unit, id) {
            Ok(_) => Ok("done"),
            // Another version went in meanwhile; it is compared again and decided again.
            Err(error) if error.code() == "statement_version_overtaken" => Ok("overtaken"),
            Err(error) if error.code() == "statement_version_day_closed" && self.is_at_work() => {
                let words = error.to_string();
                Err(words.split(' ').next().and_then(|day| day.parse().ok()).expect("it begins with the day"))
            }
            Err(error) => panic!("a decision failed: {error:?}"),
        }
    }
}
