//! MT940, as a bank writes it.

use super::Day;
use crate::amount::Dong;
use crate::payment::Direction;
use crate::simulator::bank::Booking;

/// `:86:` has six lines of 65 characters.
const LINE_CHARS: usize = 65;
const LINES_LIMIT: usize = 6;

pub fn write(day: &Day<'_>) -> String {
    let date = day.day.0.format("%y%m%d").to_string();
    let before = day.day.plus_days(-1).0.format("%y%m%d").to_string();
    let mut lines = vec![
        format!(":20:VPB{}", day.sequence),
        format!(":25:VPBKVNVX/{}", day.account_no),
        format!(":28C:{}/1", day.sequence),
        balance(":60F:", day.opening, &before),
    ];
    for booking in &day.bookings {
        lines.push(movement(booking, &date));
        lines.extend(information(&booking.memo));
    }
    lines.push(balance(":62F:", day.closing, &date));
    lines.push("-".to_owned());
    let mut text = lines.join("\r\n");
    text.push_str("\r\n");
    text
}

fn balance(tag: &str, amount: Dong, date: &str) -> String {
    let mark = if amount < Dong::ZERO { 'D' } else { 'C' };
    format!("{tag}{mark}{date}VND{},", amount.0.unsigned_abs())
}

fn movement(booking: &Booking, date: &str) -> String {
    let mark = match (booking.direction, booking.is_reversal) {
        (Direction::Credit, false) => "C",
        (Direction::Debit, false) => "D",
        // The mark names what is taken back: a reversed credit is money out.
        (Direction::Debit, true) => "RC",
        (Direction::Credit, true) => "RD",
    };
    let entry_date = date.get(2..).unwrap_or_default();
    format!(":61:{date}{entry_date}{mark}{},NTRFNONREF//{}", booking.amount.0, booking.bank_reference)
}

fn information(memo: &str) -> Vec<String> {
    let letters: Vec<char> = memo.chars().collect();
    letters
        .chunks(LINE_CHARS)
        .take(LINES_LIMIT)
        .enumerate()
        .map(|(index, piece)| {
            let piece: String = piece.iter().collect();
            if index == 0 { format!(":86:{piece}") } else { piece }
        })
        .collect()
}
