//! A bank: accounts with balances and a ledger of what really happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::memo;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::payment::Direction;

/// One booked movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Dense from 1, in the order of booking.
    pub no: u32,
    pub account_no: String,
    pub direction: Direction,
    pub amount: Dong,
    /// As statement and notifications show it.
    pub memo: String,
    /// `FT` + two digits of the year + day of the year + nine digits, as VPBank writes it.
    pub bank_reference: String,
    /// The switch's number, six digits.
    pub trace: String,
    pub sender_account: Option<String>,
    pub sender_name: Option<String>,
    pub booked_at: Instant,
    /// Takes back an earlier booking.
    pub is_reversal: bool,
}

impl Booking {
    /// Minus is money out.
    pub fn signed(&self) -> i64 {
        match self.direction {
            Direction::Credit => self.amount.0,
            Direction::Debit => -self.amount.0,
        }
    }
}

/// A transfer as a payer orders it.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub to_account: String,
    pub amount: Dong,
    /// What the payer or the scanned QR wrote.
    pub memo: String,
    pub sender_account: String,
    pub sender_name: String,
    /// What the payer's bank does to the memo.
    pub habit: memo::Habit,
}

/// How a bank prints a booking wrongly, until it sends the day again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misprint {
    Amount(Dong),
    Memo(String),
    LeftOut,
    /// Printed twice, the second time under a reference of its own.
    Twice,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Account {
    holder: String,
    opened_on: BusinessDay,
    opening: Dong,
}

/// The bank. Serialised, it is the demo's memory of what happened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bank {
    accounts: BTreeMap<String, Account>,
    ledger: Vec<Booking>,
}

/// One account's day, as a statement tells it.
#[derive(Clone, Debug)]
pub struct Day<'a> {
    pub account_no: &'a str,
    pub holder: &'a str,
    pub day: BusinessDay,
    /// Counted from the account's first day, without gaps.
    pub sequence: i64,
    pub opening: Dong,
    pub closing: Dong,
    pub bookings: Vec<&'a Booking>,
}

impl Bank {
    /// Opens an account; opening it again changes nothing.
    pub fn open_account(&mut self, number: &str, holder: &str, opened_on: BusinessDay, opening: Dong) {
        let account = Account { holder: holder.to_owned(), opened_on, opening };
        self.accounts.entry(number.to_owned()).or_insert(account);
    }

    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    pub fn ledger(&self) -> &[Booking] {
        &self.ledger
    }

    /// Credits a transfer.
    pub fn credit(&mut self, now: Instant, transfer: &Transfer) -> Result<&Booking> {
        let trace = self.next_trace();
        let memo = memo::arrive(transfer, &trace);
        self.book(Booking {
            no: 0,
            account_no: transfer.to_account.clone(),
            direction: Direction::Credit,
            amount: transfer.amount,
            memo,
            bank_reference: String::new(),
            trace,
            sender_account: Some(transfer.sender_account.clone()),
            sender_name: Some(transfer.sender_name.clone()),
            booked_at: now,
            is_reversal: false,
        })
    }

    /// A booking of the bank's own: a fee (debit) or interest (credit).
    pub fn book_own(
        &mut self,
        now: Instant,
        account_no: &str,
        direction: Direction,
        amount: Dong,
        memo: &str,
    ) -> Result<&Booking> {
        let trace = self.next_trace();
        self.book(Booking {
            no: 0,
            account_no: account_no.to_owned(),
            direction,
            amount,
            memo: memo.to_owned(),
            bank_reference: String::new(),
            trace,
            sender_account: None,
            sender_name: None,
            booked_at: now,
            is_reversal: false,
        })
    }

    /// Takes an earlier credit back, or gives a debit back.
    pub fn reverse(&mut self, now: Instant, original_no: u32) -> Result<&Booking> {
        let original = self.booking(original_no)?;
        let memo = format!("HOAN TRA giao dich {}", original.bank_reference);
        self.return_money(now, Booking { memo, bank_reference: String::new(), ..original })
    }

    /// The same as other banks do it: under the reference and the memo of what is taken back.
    pub fn take_back(&mut self, now: Instant, original_no: u32) -> Result<&Booking> {
        let original = self.booking(original_no)?;
        let memo = format!("HOAN TRA {}", original.memo);
        self.return_money(now, Booking { memo, ..original })
    }

    /// Shows of the memos of an account's day only the beginning from here on, as a bank does whose
    /// statements have narrower columns than its callbacks.
    pub fn cut_memos(&mut self, account_no: &str, day: BusinessDay, letters: usize) {
        let of_day = |booking: &&mut Booking| {
            booking.account_no == account_no && booking.booked_at.business_day() == day
        };
        for booking in self.ledger.iter_mut().filter(of_day) {
            booking.memo = booking.memo.chars().take(letters).collect();
        }
    }

    /// Tells a booking otherwise than it happened, as a first print does that the bank corrects later.
    pub fn misprint(&mut self, no: u32, how: Misprint) {
        let Some(at) = self.ledger.iter().position(|booking| booking.no == no) else { return };
        match how {
            Misprint::Amount(amount) => self.ledger[at].amount = amount,
            Misprint::Memo(memo) => self.ledger[at].memo = memo,
            Misprint::LeftOut => drop(self.ledger.remove(at)),
            Misprint::Twice => {
                let mut again = self.ledger[at].clone();
                again.bank_reference.push('B');
                self.ledger.insert(at + 1, again);
            }
        }
    }

    fn booking(&self, no: u32) -> Result<Booking> {
        let found = self.ledger.iter().find(|booking| booking.no == no).cloned();
        found.ok_or_else(|| Error::not_found("booking_not_found", "the bank has no such booking"))
    }

    fn return_money(&mut self, now: Instant, told: Booking) -> Result<&Booking> {
        let trace = self.next_trace();
        let direction = match told.direction {
            Direction::Credit => Direction::Debit,
            Direction::Debit => Direction::Credit,
        };
        self.book(Booking { trace, direction, booked_at: now, is_reversal: true, ..told })
    }

    fn next_trace(&self) -> String {
        // Not a plain counter: traces of a switch belong to many banks.
        format!("{:06}", (self.ledger.len() * 7_919 + 104_729) % 1_000_000)
    }

    /// Books what a simulation made up itself. A reference that is already there stays: some banks
    /// repeat that of the booking they take back.
    pub(super) fn book(&mut self, mut booking: Booking) -> Result<&Booking> {
        if !self.accounts.contains_key(&booking.account_no) {
            return Err(Error::not_found("account_not_found", "the bank has no such account"));
        }
        booking.no = u32::try_from(self.ledger.len()).unwrap_or(u32::MAX) + 1;
        let day = booking.booked_at.business_day().0;
        if booking.bank_reference.is_empty() {
            booking.bank_reference = format!("FT{}{:09}", day.format("%y%j"), booking.no);
        }
        self.ledger.push(booking);
        self.ledger.last().ok_or_else(|| Error::internal("the booking is gone"))
    }

    /// The account's day.
    pub fn day(&self, account_no: &str, day: BusinessDay) -> Result<Day<'_>> {
        let (number, account) = self
            .accounts
            .get_key_value(account_no)
            .ok_or_else(|| Error::not_found("account_not_found", "the bank has no such account"))?;
        let own = || self.ledger.iter().filter(|booking| booking.account_no == account_no);
        let sum = |bookings: &[&Booking]| Dong::sum(bookings.iter().map(|booking| Dong(booking.signed())));
        let before: Vec<&Booking> = own().filter(|booking| booking.booked_at.business_day() < day).collect();
        let bookings: Vec<&Booking> =
            own().filter(|booking| booking.booked_at.business_day() == day).collect();
        let opening = account.opening.checked_add(sum(&before)?)?;
        Ok(Day {
            account_no: number,
            holder: &account.holder,
            day,
            sequence: (day.0 - account.opened_on.0).num_days() + 1,
            opening,
            closing: opening.checked_add(sum(&bookings)?)?,
            bookings,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::simulator::memo::Habit;

    pub const ACCOUNT: &str = "0123456789";

    /// A day with every kind of line.
    pub fn busy_bank() -> (Bank, BusinessDay) {
        let day: BusinessDay = "2026-11-22".parse().unwrap();
        let mut bank = Bank::default();
        bank.open_account(ACCOUNT, "UBND PHUONG MAU", day, Dong(1_000_000));
        let at = |minute: i64| day.start().plus_seconds(9 * 3600 + minute * 60);
        for (minute, habit) in Habit::ALL.into_iter().enumerate() {
            bank.credit(
                at(minute as i64),
                &Transfer {
                    to_account: ACCOUNT.into(),
                    amount: Dong(25_000),
                    memo: "HNPH7K2MQ4X97 LE PHI CT".into(),
                    sender_account: "19001234567890".into(),
                    sender_name: "NGUYEN VAN MAU".into(),
                    habit,
                },
            )
            .unwrap();
        }
        bank.reverse(at(30), 2).unwrap();
        bank.book_own(at(31), ACCOUNT, Direction::Debit, Dong(5_500), "PHI DICH VU THANG 11").unwrap();
        bank.book_own(at(32), ACCOUNT, Direction::Credit, Dong(137), "TRA LAI TIEN GUI").unwrap();
        (bank, day)
    }

    #[test]
    fn every_dong_of_the_ledger_stands_between_two_balances() {
        let (bank, day) = busy_bank();
        let statement = bank.day(ACCOUNT, day).unwrap();
        let moved: i64 = statement.bookings.iter().map(|booking| booking.signed()).sum();
        assert_eq!(statement.closing.0 - statement.opening.0, moved);
        let next = bank.day(ACCOUNT, day.next()).unwrap();
        assert_eq!((next.opening, next.bookings.len(), next.sequence), (statement.closing, 0, 2));
    }

    #[test]
    fn what_is_given_back_comes_in_under_the_reference_of_its_debit() {
        let (mut bank, day) = busy_bank();
        let debit = bank.ledger().iter().find(|one| one.direction == Direction::Debit && !one.is_reversal);
        let (no, reference) = debit.map(|one| (one.no, one.bank_reference.clone())).unwrap();
        let back = bank.take_back(day.start().plus_seconds(10 * 3_600), no).unwrap();
        assert_eq!((back.direction, &back.bank_reference), (Direction::Credit, &reference));
        assert!(back.is_reversal);
        let nothing = bank.reverse(day.start(), 9_999).map(|_| ()).unwrap_err();
        assert_eq!(nothing.code(), "booking_not_found");
    }

    #[test]
    fn no_two_bookings_have_one_reference() {
        let (bank, _) = busy_bank();
        let mut references: Vec<&str> = bank.ledger().iter().map(|b| b.bank_reference.as_str()).collect();
        references.sort_unstable();
        references.dedup();
        assert_eq!(references.len(), bank.ledger().len());
    }

    #[test]
    fn a_misprint_stays_between_balances_that_agree_with_it() {
        let (bank, day) = busy_bank();
        let told = bank.day(ACCOUNT, day).unwrap();
        let (count, closing, first) = (told.bookings.len(), told.closing, told.bookings[0].clone());
        for (how, lines, moved) in [
            (Misprint::Amount(Dong(first.amount.0 + 1_000)), count, 1_000),
            (Misprint::Memo("other words".into()), count, 0),
            (Misprint::LeftOut, count - 1, -first.amount.0),
            (Misprint::Twice, count + 1, first.amount.0),
        ] {
            let mut wrong = bank.clone();
            wrong.misprint(first.no, how);
            let told = wrong.day(ACCOUNT, day).unwrap();
            assert_eq!((told.bookings.len(), told.closing.0 - closing.0), (lines, moved));
        }
    }

    #[test]
    fn the_bank_remembers_over_a_restart() {
        let (bank, day) = busy_bank();
        let stored = serde_json::to_string(&bank).unwrap();
        let read: Bank = serde_json::from_str(&stored).unwrap();
        assert_eq!(read.ledger(), bank.ledger());
        assert_eq!(read.day(ACCOUNT, day).unwrap().closing, bank.day(ACCOUNT, day).unwrap().closing);
    }
}
