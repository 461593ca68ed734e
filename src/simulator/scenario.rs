//! What payers and banks do: rightly and in every wrong way that was seen.

use serde::{Deserialize, Serialize};

use super::bank::{Bank, Transfer};
use super::memo::Habit;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::payment::Direction;

/// Something to be paid, as the payer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payable {
    pub obligation: String,
    pub unit_code: String,
    pub account_no: String,
    pub reference_code: String,
    pub amount: Dong,
    pub payer_name: String,
}

impl Payable {
    /// The transfer that its QR code orders.
    pub fn transfer(&self) -> Transfer {
        ordered(self, Habit::Clean)
    }
}

/// The way a movement is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    Bank,
    Sepay,
    Vietqr,
}

/// A booking and the callbacks the bank sends for it, in their order. None at all: lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub booking_no: u32,
    pub reports: Vec<Report>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    Right,
    RightMany,
    PaidTwice,
    Short,
    TooMuch,
    WithoutCode,
    DamagedCode,
    WrongAccount,
    CallbackLost,
    CallbackTwice,
    TwoChannels,
    LateForCancelled,
    SeveralCodes,
    Reversal,
    BankFee,
    Interest,
}

impl Scenario {
    pub const ALL: [Scenario; 16] = [
        Scenario::Right,
        Scenario::RightMany,
        Scenario::PaidTwice,
        Scenario::Short,
        Scenario::TooMuch,
        Scenario::WithoutCode,
        Scenario::DamagedCode,
        Scenario::WrongAccount,
        Scenario::CallbackLost,
        Scenario::CallbackTwice,
        Scenario::TwoChannels,
        Scenario::LateForCancelled,
        Scenario::SeveralCodes,
        Scenario::Reversal,
        Scenario::BankFee,
        Scenario::Interest,
    ];

    /// What happens, in Vietnamese.
    pub fn title(self) -> &'static str {
        match self {
            Scenario::Right => "Quét QR, nộp đúng",
            Scenario::RightMany => "Mười người nộp đúng, mỗi ngân hàng một kiểu nội dung",
            Scenario::PaidTwice => "Người nộp chuyển hai lần",
            Scenario::Short => "Chuyển thiếu",
            Scenario::TooMuch => "Chuyển thừa",
            Scenario::WithoutCode => "Nội dung không có mã",
            Scenario::DamagedCode => "Mã gõ sai một ký tự",
            Scenario::WrongAccount => "Chuyển nhầm tài khoản phường khác",
            Scenario::CallbackLost => "Báo có thất lạc, chỉ có sao kê",
            Scenario::CallbackTwice => "Báo có gửi hai lần",
            Scenario::TwoChannels => "Một khoản tiền, hai kênh báo",
            Scenario::LateForCancelled => "Hồ sơ đã hủy vẫn chuyển tiền",
            Scenario::SeveralCodes => "Một lần chuyển cho hai hồ sơ",
            Scenario::Reversal => "Ngân hàng thu hồi sau khi báo có",
            Scenario::BankFee => "Ngân hàng thu phí dịch vụ",
            Scenario::Interest => "Ngân hàng trả lãi",
        }
    }

    /// How many obligations it takes.
    pub fn needs(self) -> usize {
        match self {
            Scenario::RightMany => 10,
            Scenario::SeveralCodes => 2,
            Scenario::BankFee | Scenario::Interest => 0,
            _ => 1,
        }
    }

    /// The obligation is cancelled before the payer pays.
    pub fn is_cancelled_before(self) -> bool {
        self == Scenario::LateForCancelled
    }

    /// Lets it happen at the bank. `own_account` is where fee and interest are booked,
    /// `other_account` another commune's.
    pub fn play(
        self,
        bank: &mut Bank,
        now: Instant,
        payables: &[Payable],
        own_account: &str,
        other_account: &str,
    ) -> Result<Vec<Act>> {
        if payables.len() < self.needs() {
            return Err(Error::internal("a scenario got too few obligations"));
        }
        let mut stage = Stage { bank, now, acts: Vec::new() };
        match (self, payables) {
            (Scenario::BankFee, _) => {
                stage.own(own_account, Direction::Debit, Dong(5_500), "PHI DICH VU TAI KHOAN")?;
            }
            (Scenario::Interest, _) => {
                stage.own(own_account, Direction::Credit, Dong(1_137), "TRA LAI TIEN GUI KHONG KY HAN")?;
            }
            (Scenario::RightMany, all) => {
                for (payable, habit) in all.iter().zip(Habit::ALL.iter().cycle()) {
                    stage.pay(&ordered(payable, *habit), &[Report::Bank])?;
                }
            }
            (Scenario::SeveralCodes, [first, second, ..]) => {
                let together = Transfer {
                    amount: first.amount.checked_add(second.amount)?,
                    memo: format!("{} {}", first.reference_code, second.reference_code),
                    ..ordered(first, Habit::Clean)
                };
                stage.pay(&together, &[Report::Bank])?;
            }
            (other, [payable, ..]) => stage.single(other, payable, other_account)?,
            _ => {}
        }
        Ok(stage.acts)
    }
}

struct Stage<'a> {
    bank: &'a mut Bank,
    now: Instant,
    acts: Vec<Act>,
}

impl Stage<'_> {
    fn single(&mut self, scenario: Scenario, payable: &Payable, other_account: &str) -> Result<()> {
        let order = ordered(payable, Habit::Clean);
        let once = [Report::Bank];
        match scenario {
            Scenario::PaidTwice => {
                self.pay(&order, &once)?;
                self.pay(&Transfer { habit: Habit::SmallLetters, ..order }, &once)
            }
            Scenario::Short => self.pay(&Transfer { amount: Dong(payable.amount.0 - 1_000), ..order }, &once),
            Scenario::TooMuch => {
                self.pay(&Transfer { amount: Dong(payable.amount.0 + 7_000), ..order }, &once)
            }
            Scenario::WithoutCode => {
                let memo = format!("{} chuyen tien", payable.payer_name);
                self.pay(&Transfer { memo, ..order }, &once)
            }
            Scenario::DamagedCode => {
                let memo = format!("{} LE PHI", damaged(&payable.reference_code));
                self.pay(&Transfer { memo, ..order }, &once)
            }
            Scenario::WrongAccount => {
                self.pay(&Transfer { to_account: other_account.to_owned(), ..order }, &once)
            }
            Scenario::CallbackLost => self.pay(&order, &[]),
            Scenario::CallbackTwice => self.pay(&order, &[Report::Bank, Report::Bank]),
            Scenario::TwoChannels => self.pay(&order, &[Report::Sepay, Report::Bank, Report::Vietqr]),
            Scenario::Reversal => {
                self.pay(&order, &once)?;
                let original = self.acts.last().map_or(0, |act| act.booking_no);
                let booking_no = self.bank.reverse(self.now, original)?.no;
                self.acts.push(Act { booking_no, reports: Vec::new() });
                Ok(())
            }
            _ => self.pay(&order, &once),
        }
    }

    fn pay(&mut self, order: &Transfer, reports: &[Report]) -> Result<()> {
        let booking_no = self.bank.credit(self.now, order)?.no;
        self.acts.push(Act { booking_no, reports: reports.to_vec() });
        Ok(())
    }

    fn own(&mut self, account: &str, direction: Direction, amount: Dong, memo: &str) -> Result<()> {
        let booking_no = self.bank.book_own(self.now, account, direction, amount, memo)?.no;
        self.acts.push(Act { booking_no, reports: Vec::new() });
        Ok(())
    }
}

/// The transfer the QR asks for.
fn ordered(payable: &Payable, habit: Habit) -> Transfer {
    // Invented accounts, one for each payer.
    let digits =
        payable.reference_code.bytes().fold(7_u64, |sum, byte| sum * 31 % 99_999_989 + u64::from(byte));
    Transfer {
        to_account: payable.account_no.clone(),
        amount: payable.amount,
        memo: format!("{} LE PHI", payable.reference_code),
        sender_account: format!("1900{digits:010}"),
        sender_name: crate::text::fold(&payable.payer_name),
        habit,
    }
}

/// The code with its last symbol mistyped, so that its check fails.
fn damaged(code: &str) -> String {
    let (head, last) = code.split_at_checked(code.len().saturating_sub(1)).unwrap_or((code, ""));
    format!("{head}{}", if last == "7" { "8" } else { "7" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::BusinessDay;

    fn payables(count: usize) -> Vec<Payable> {
        let random = ring::rand::SystemRandom::new();
        (0..count)
            .map(|index| Payable {
                obligation: format!("obl_{index}"),
                unit_code: "00004".into(),
                account_no: "1001".into(),
                reference_code: crate::obligation::reference::CodeBook::hanoi()
                    .mint(&random)
                    .unwrap()
                    .as_str()
                    .into(),
                amount: Dong(25_000),
                payer_name: "Nguyễn Văn Mẫu".into(),
            })
            .collect()
    }

    fn bank() -> (Bank, Instant) {
        let day: BusinessDay = "2026-11-22".parse().unwrap();
        let mut bank = Bank::default();
        bank.open_account("1001", "A", day, Dong(0));
        bank.open_account("1002", "B", day, Dong(0));
        (bank, day.start().plus_seconds(36_000))
    }

    #[test]
    fn every_scenario_moves_money_and_needs_what_it_says() {
        for scenario in Scenario::ALL {
            let (mut bank, now) = bank();
            let acts = scenario.play(&mut bank, now, &payables(scenario.needs()), "1001", "1002").unwrap();
            assert!(!acts.is_empty(), "{scenario:?}");
            assert_eq!(acts.len(), bank.ledger().len(), "{scenario:?}");
        }
    }

    #[test]
    fn a_lost_callback_is_still_money_and_a_repeated_one_is_not_twice_the_money() {
        let (mut bank, now) = bank();
        let lost = Scenario::CallbackLost.play(&mut bank, now, &payables(1), "1001", "1002").unwrap();
        assert_eq!((bank.ledger().len(), lost[0].reports.len()), (1, 0));
        let twice = Scenario::CallbackTwice.play(&mut bank, now, &payables(1), "1001", "1002").unwrap();
        assert_eq!((bank.ledger().len(), twice[0].reports.len()), (2, 2));
    }

    #[test]
    fn a_damaged_code_does_not_verify() {
        let code = &payables(1)[0].reference_code;
        assert!(damaged(code).parse::<crate::obligation::reference::ReferenceCode>().is_err());
        assert!(code.parse::<crate::obligation::reference::ReferenceCode>().is_ok());
    }
}
