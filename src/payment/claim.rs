//! What a channel asserts: that a movement happened on one of our bank accounts.
//!
//! A claim is never proof of money; the statement line is. Several claims may name the same
//! movement, in any order and any number of times.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::Dong;
use crate::clock::Instant;

/// The side of the movement, seen from the account's owner: a credit is money in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Credit,
    Debit,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Credit => "credit",
            Direction::Debit => "debit",
        }
    }
}

/// One asserted movement.
///
/// The memo and the sender are personal data: `Debug` leaves them out, so that a claim may be
/// logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The configured name of the channel that reported it.
    pub channel: String,
    /// The sender's own key of the movement; unique per channel, at most 72 ASCII characters.
    pub external_id: String,
    /// The account credited or debited, without spaces, as the sender writes it.
    pub account_no: String,
    /// The NAPAS number of the bank that keeps the account, six digits.
    pub bank_bin: Option<String>,
    pub direction: Direction,
    /// Above zero; the direction tells the sign.
    pub amount: Dong,
    /// What the payer wrote and the banks added, cleaned (`text::clean`) but never shortened.
    /// Empty when the payer wrote nothing.
    pub memo: String,
    /// The bank's booking reference (`FT…`), which the statement shows again.
    pub bank_reference: Option<String>,
    pub sender_account: Option<String>,
    pub sender_name: Option<String>,
    /// When the bank says it happened. Evidence for people, never used for ordering or cut-off; matching asks it only
    /// whether a claim that came late may be of a payout that was shown before.
    pub occurred_at: Option<Instant>,
}

/// The part of a claim's content that must agree when the same external id comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentKey<'a> {
    pub account_no: &'a str,
    pub amount: Dong,
    pub direction: Direction,
}

impl Claim {
    /// Account, amount and direction. The memo takes no part, since channels wrap and shorten it.
    ///
    /// Two claims of one external id say the same when account, amount, direction *and the
    /// reference code found in the memo* are equal. Reading codes is the obligation room's work,
    /// so settling compares this key and the code; this room decides neither.
    pub fn content_key(&self) -> ContentKey<'_> {
        ContentKey { account_no: &self.account_no, amount: self.amount, direction: self.direction }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("channel", &self.channel)
            .field("external_id", &self.external_id)
            .field("direction", &self.direction)
            .field("amount", &self.amount)
            .field("bank_reference", &self.bank_reference)
            .field("occurred_at", &self.occurred_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> Claim {
        Claim {
            channel: "sepay".to_owned(),
            external_id: "92704".to_owned(),
            account_no: "0123456789".to_owned(),
            bank_bin: Some("970432".to_owned()),
            direction: Direction::Credit,
            amount: Dong(25_000),
            memo: "HNPH7K2MQ4X97 TRAN THI MAU nop".to_owned(),
            bank_reference: None,
            sender_account: Some("9990001112".to_owned()),
            sender_name: Some("TRAN THI MAU".to_owned()),
            occurred_at: None,
        }
    }

    #[test]
    fn the_content_is_the_same_whatever_the_memo_became_on_its_way() {
        let shortened = Claim { memo: "HNPH7K2MQ4X97".to_owned(), ..claim() };
        assert_eq!(shortened.content_key(), claim().content_key());
    }

    #[test]
    fn another_amount_account_or_direction_is_other_content() {
        for other in [
            Claim { amount: Dong(25_001), ..claim() },
            Claim { account_no: "0123456780".to_owned(), ..claim() },
            Claim { direction: Direction::Debit, ..claim() },
        ] {
            assert_ne!(other.content_key(), claim().content_key());
        }
    }

    #[test]
    fn a_logged_claim_tells_nothing_about_the_payer() {
        let logged = format!("{:?}", claim());
        assert!(logged.contains("92704"), "{logged}");
        for personal in ["TRAN THI MAU", "9990001112", "HNPH7K2MQ4X97"] {
            assert!(!logged.contains(personal), "{logged}");
        }
    }

    #[test]
    fn a_parked_claim_reads_back_as_it_was() {
        let stored = serde_json::to_string(&claim()).unwrap();
        assert_eq!(serde_json::from_str::<Claim>(&stored).unwrap(), claim());
    }
}
