//! What a settlement and a gateway's terms must be, and what the gateway keeps. Pure.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Item, ItemKind, Settlement, Terms};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::payment::partner_file::Why;
use crate::statement::partner::Field;
use crate::text;

const ITEMS_LIMIT: usize = 20_000;
/// Whole, in hundredths of a percent.
const WHOLE_BP: i32 = 10_000;
const WINDOW_LIMIT_DAYS: i32 = 31;

fn wrong(field: &str, detail: &str) -> Error {
    Error::invalid(field, "settlement_wrong", detail)
}

fn named(raw: &str, field: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<String> {
    let name = text::squash(raw);
    if lengths.contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(name);
    }
    Err(wrong(field, &format!("{} to {} letters and digits", lengths.start(), lengths.end())))
}

/// At least six letters and digits: it has to be told apart in a line's text.
pub fn reference(raw: &str) -> Result<String> {
    named(raw, "reference", 6..=40)
}

/// The configured name of a channel.
pub fn channel(raw: &str) -> Result<String> {
    let name = raw.trim();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=40).contains(&name.len()) && name.bytes().all(is_name) {
        return Ok(name.to_owned());
    }
    Err(wrong("channel", "name the channel as the configuration does"))
}

/// The items with clean references; none twice. The one that is wrong is named by its place: `items[3].fee`, from 0.
pub fn items(raw: &[Item]) -> Result<Vec<Item>> {
    if raw.is_empty() || raw.len() > ITEMS_LIMIT {
        return Err(wrong("items", "1 to 20000 items"));
    }
    let mut seen = BTreeSet::new();
    let clean = |(place, raw): (usize, &Item)| -> Result<Item> {
        item(raw, &mut seen).map_err(|(field, why)| {
            let name = match field {
                Field::Amount => "amount",
                Field::Fee => "fee",
                _ => "reference",
            };
            wrong(&format!("items[{place}].{name}"), &why.en())
        })
    };
    raw.iter().enumerate().map(clean).collect()
}

/// One item with a clean reference; `seen` are the transactions of those before it.
///
/// # Errors
/// The column that is wrong, and why.
pub fn item(raw: &Item, seen: &mut BTreeSet<(String, ItemKind)>) -> std::result::Result<Item, (Field, Why)> {
    if !raw.amount.is_positive() || raw.amount > Dong::LIMIT {
        return Err((Field::Amount, Why::OutOfRange));
    }
    if raw.fee < Dong::ZERO || (raw.kind == ItemKind::Paid && raw.fee > raw.amount) {
        return Err((Field::Fee, Why::FeeTooLarge));
    }
    let reference = text::clean(&raw.reference);
    if !(1..=100).contains(&reference.len()) {
        return Err((Field::Transaction, Why::Reference));
    }
    if !seen.insert((reference.clone(), raw.kind)) {
        return Err((Field::Transaction, Why::Twice));
    }
    Ok(Item { reference, ..raw.clone() })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    pub gross: Dong,
    pub returned: Dong,
    pub fee: Dong,
    pub net: Dong,
}

/// What the items come to, and what the gateway charges for the whole: above zero the credit that pays it out, below
/// zero the debit that takes what payers got back and the charges beyond what was paid. Zero is shown by no line: two
/// persons say with which payout it was settled.
///
/// # Errors
/// `settlement_wrong`.
pub fn sums(items: &[Item], charge: Dong) -> Result<Sums> {
    if charge < Dong::ZERO || charge > Dong::LIMIT {
        return Err(wrong("charge", "a charge is zero or more"));
    }
    let of = |kind| Dong::sum(items.iter().filter(|item| item.kind == kind).map(|item| item.amount));
    let (gross, returned) = (of(ItemKind::Paid)?, of(ItemKind::Returned)?);
    let fee = Dong::sum(items.iter().map(|item| item.fee))?.checked_add(charge)?;
    let net = gross.checked_sub(returned)?.checked_sub(fee)?;
    Ok(Sums { gross, returned, fee, net })
}

/// The terms with a marker that can be looked for.
pub fn terms(raw: &Terms) -> Result<Terms> {
    let wrong = |field: &str, detail: &str| Error::invalid(field, "gateway_terms_wrong", detail);
    let marker = text::fold(&text::clean(&raw.marker));
    if text::squash(&marker).len() < 4 || marker.len() > 80 {
        return Err(wrong("marker", "4 to 80 letters and digits that stand in its credits"));
    }
    if !(0..WHOLE_BP).contains(&raw.fee_bp) || raw.fee_fixed < Dong::ZERO || raw.fee_fixed > Dong::LIMIT {
        return Err(wrong("fee_bp", "0 to 9999, and a fixed fee of zero or more"));
    }
    if !(0..=WINDOW_LIMIT_DAYS).contains(&raw.window_days) {
        return Err(wrong("window_days", "0 to 31"));
    }
    if raw.valid_until < raw.valid_from {
        return Err(wrong("valid_until", "not before the first day"));
    }
    let channel = channel(&raw.channel).map_err(|_| wrong("channel", "name the configured channel"))?;
    Ok(Terms { marker, channel, ..raw.clone() })
}

impl Terms {
    /// What the gateway keeps of one payment; never more than it.
    pub fn fee(&self, amount: Dong) -> Result<Dong> {
        let share = Decimal::from(amount.0) * Decimal::from(self.fee_bp) / Decimal::from(WHOLE_BP);
        Ok(Dong::round_half_up(share)?.checked_add(self.fee_fixed)?.min(amount))
    }
}

/// The one settlement that a line shows: exactly its net amount, its reference in the text. What comes to nothing no
/// line shows.
pub fn shown<'a>(settlements: &'a [Settlement], amount: Dong, text_squashed: &str) -> Option<&'a Settlement> {
    let is_shown = |one: &&Settlement| {
        one.net == amount && !one.net.is_zero() && text_squashed.contains(one.reference.as_str())
    };
    let mut fitting = settlements.iter().filter(is_shown);
    fitting.next().filter(|_| fitting.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, PersonId, UnitId};

    fn item(reference: &str, amount: i64, fee: i64) -> Item {
        Item { kind: ItemKind::Paid, reference: reference.into(), amount: Dong(amount), fee: Dong(fee) }
    }

    fn agreed(fee_bp: i32, fee_fixed: i64) -> Terms {
        Terms {
            unit: UnitId(2),
            account: AccountId(1),
            channel: "sepay".into(),
            marker: "Cổng QT".into(),
            fee_bp,
            fee_fixed: Dong(fee_fixed),
            window_days: 2,
            valid_from: "2026-11-01".parse().unwrap(),
            valid_until: "2027-10-31".parse().unwrap(),
            agreement_no: "01/TT".into(),
            maker: PersonId(1),
            checker: PersonId(2),
        }
    }

    #[test]
    fn a_settlement_that_is_none_is_refused() {
        let code = |items: &[Item]| super::items(items).unwrap_err().code();
        assert_eq!(code(&[]), "settlement_wrong");
        assert_eq!(code(&[item("A", 0, 0)]), "settlement_wrong");
        assert_eq!(code(&[item("A", 10, 11)]), "settlement_wrong");
        assert_eq!(code(&[item("A", 10, 0), item(" A ", 5, 0)]), "settlement_wrong", "told twice");
        let back = Item { kind: ItemKind::Returned, ..item("A", 30, 1) };
        assert_eq!(
            super::items(&[item("A", 100, 1), back.clone()]).unwrap().len(),
            2,
            "paid, and some of it back"
        );
        let with_back = sums(&[item("A", 100, 1), back], Dong(9)).unwrap();
        assert_eq!((with_back.returned, with_back.fee, with_back.net), (Dong(30), Dong(11), Dong(59)));
        let sums = sums(&[item("A", 100, 1), item("B", 50, 2)], Dong::ZERO).unwrap();
        assert_eq!((sums.gross, sums.fee, sums.net), (Dong(150), Dong(3), Dong(147)));
        assert_eq!(reference("qt-0001/26").unwrap(), "QT000126");
        assert_eq!(reference("QT 1").unwrap_err().code(), "settlement_wrong");
        assert_eq!(channel("se pay").unwrap_err().code(), "settlement_wrong");
    }

    #[test]
    fn a_report_that_pays_nothing_out_comes_to_nothing_or_to_what_the_bank_debits() {
        let back = Item { kind: ItemKind::Returned, ..item("A", 30, 1) };
        let net = |items: &[Item], charge| sums(items, Dong(charge)).unwrap().net;
        assert_eq!(net(&[item("A", 31, 0), back.clone()], 0), Dong::ZERO);
        assert_eq!(net(&[item("A", 30, 0), back.clone()], 0), Dong(-1), "the fee is more than what is left");
        assert_eq!(net(&[back], 4), Dong(-35), "nothing was paid");
        assert_eq!(net(&[item("A", 10, 1)], 10), Dong(-1), "only the charge for the whole is more");
    }

    #[test]
    fn the_fee_of_a_payment_is_rounded_half_up_and_never_more_than_it() {
        assert_eq!(agreed(0, 0).fee(Dong(25_000)).unwrap(), Dong::ZERO);
        assert_eq!(agreed(50, 0).fee(Dong(25_000)).unwrap(), Dong(125));
        assert_eq!(agreed(50, 0).fee(Dong(8_100)).unwrap(), Dong(41), "40.5 is 41");
        assert_eq!(agreed(50, 1_000).fee(Dong(25_000)).unwrap(), Dong(1_125));
        assert_eq!(agreed(50, 30_000).fee(Dong(25_000)).unwrap(), Dong(25_000));
    }

    #[test]
    fn terms_that_cannot_be_meant_are_refused() {
        assert_eq!(terms(&agreed(50, 0)).unwrap().marker, "CONG QT");
        let code = |changed: Terms| terms(&changed).unwrap_err().code();
        assert_eq!(code(Terms { marker: "QT".into(), ..agreed(50, 0) }), "gateway_terms_wrong");
        assert_eq!(code(agreed(10_000, 0)), "gateway_terms_wrong");
        assert_eq!(code(agreed(0, -1)), "gateway_terms_wrong");
        assert_eq!(code(Terms { window_days: 32, ..agreed(0, 0) }), "gateway_terms_wrong");
    }
}
