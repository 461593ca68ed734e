//! What becomes of a memo on its way: the payer's bank wraps, cuts and damages it, VPBank wraps it
//! again. The shapes were measured on public statements; names and numbers here are invented.

use serde::{Deserialize, Serialize};

use super::bank::Transfer;

/// What the payer's bank, or the payer, does to the memo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Habit {
    /// As the QR says.
    Clean,
    /// `MBVCB.<10 digits>.<6 digits>.<memo>.CT tu <account> <name> toi <account>`.
    Vietcombank,
    /// Small letters and the sender's own words around it.
    SmallLetters,
    /// A space or a dot inside the code, as wrapping and copying put it.
    BrokenUp,
    /// A foreign reference behind, as Agribank shows it.
    ForeignReference,
    /// O for 0, I for 1: typed off a paper.
    TypedByHand,
}

impl Habit {
    pub const ALL: [Habit; 6] = [
        Habit::Clean,
        Habit::Vietcombank,
        Habit::SmallLetters,
        Habit::BrokenUp,
        Habit::ForeignReference,
        Habit::TypedByHand,
    ];
}

/// The memo as VPBank shows it for an incoming transfer.
pub fn arrive(transfer: &Transfer, trace: &str) -> String {
    let sent = wrap(transfer, trace);
    format!("NHAN TU {} TRACE {trace} ND {}", transfer.sender_account, plain(&sent))
}

/// Banks drop the marks of Vietnamese and keep the case.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            plain.push(c);
        } else {
            let folded = crate::text::fold(c.encode_utf8(&mut [0; 4]));
            plain.push_str(&if c.is_lowercase() { folded.to_lowercase() } else { folded });
        }
    }
    plain
}

fn wrap(transfer: &Transfer, trace: &str) -> String {
    let memo = transfer.memo.as_str();
    match transfer.habit {
        Habit::Clean => memo.to_owned(),
        Habit::Vietcombank => format!(
            "MBVCB.8{trace}123.{trace}.{memo}.CT tu {} {} toi {}",
            transfer.sender_account, transfer.sender_name, transfer.to_account
        ),
        Habit::SmallLetters => format!("{} nop tien", memo.to_lowercase()),
        Habit::BrokenUp => broken_up(memo),
        Habit::ForeignReference => format!("{memo} FT{trace}40312345"),
        Habit::TypedByHand => typed_by_hand(memo),
    }
}

/// The first word with a hyphen behind its fourth letter and a dot before its last.
fn broken_up(memo: &str) -> String {
    let (word, rest) = memo.split_once(' ').unwrap_or((memo, ""));
    match (word.get(..4), word.get(4..12), word.get(12..)) {
        (Some(head), Some(body), Some(tail)) => format!("{head}-{body}.{tail} {rest}"),
        _ => memo.to_owned(),
    }
}

/// Letters for digits in the body of the code, never in its prefix.
fn typed_by_hand(memo: &str) -> String {
    let (word, rest) = memo.split_once(' ').unwrap_or((memo, ""));
    let (head, body) = word.split_at_checked(4).unwrap_or(("", word));
    format!("{head}{} {rest}", body.replace('0', "O").replace('1', "I"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;
    use crate::obligation::reference::{CodeBook, Found};

    #[test]
    fn the_code_is_found_whatever_the_banks_did_to_it() {
        let random = ring::rand::SystemRandom::new();
        for _ in 0..50 {
            let code = CodeBook::hanoi().mint(&random).unwrap();
            for habit in Habit::ALL {
                let memo = arrive(
                    &Transfer {
                        to_account: "0123456789".into(),
                        amount: Dong(25_000),
                        memo: format!("{} LE PHI CT", code.as_str()),
                        sender_account: "19001234567890".into(),
                        sender_name: "TRAN THI MAU".into(),
                        habit,
                    },
                    "314159",
                );
                assert!(memo.starts_with("NHAN TU 19001234567890 TRACE 314159 ND "), "{memo}");
                let found = CodeBook::hanoi().extract(&memo);
                let verified: Vec<&str> =
                    found.iter().filter_map(Found::verified).map(|code| code.as_str()).collect();
                assert_eq!(verified, [code.as_str()], "{habit:?}: {memo}");
            }
        }
    }
}
