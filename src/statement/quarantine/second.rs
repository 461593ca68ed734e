//! What one person may say of a line that could not be read, and what nobody may. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Allowed, Raw, Repair, Verdict};
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::statement::line::CodesOf;
use crate::text;

/// What the file says of sign and amount stands: whoever reads something else asks the bank for a file
/// that says so. `quarantine_contradicts_text`.
pub fn refuse_contradictions(raw: &BTreeMap<EventId, Raw>, verdicts: &[Verdict]) -> Result<()> {
    for verdict in verdicts {
        let (Some(raw), Some(repair)) = (raw.get(&verdict.id), &verdict.repair) else { continue };
        let is_debit = !repair.amount.is_positive();
        let other_side = raw.is_debit.is_some_and(|told| told != is_debit);
        let size = Decimal::from(repair.amount.0.unsigned_abs());
        if other_side || raw.size.is_some_and(|told| told != size) {
            let detail = "the file itself says another sign or amount of this line";
            return Err(Error::invalid("amount", "quarantine_contradicts_text", detail));
        }
    }
    Ok(())
}

/// Whether a second person must say the same: above the unit's limit, or where a repair has words that the
/// file does not have: codes, references, payers and phrases say whose money it is. Without a limit two
/// persons decide everything.
pub fn needs_two(
    raw: &BTreeMap<EventId, Raw>,
    verdicts: &[Verdict],
    Allowed { codes_of, limit }: Allowed<'_>,
) -> bool {
    verdicts.iter().any(|verdict| {
        let Some(repair) = &verdict.repair else { return false };
        let is_above = limit.is_none_or(|limit| repair.amount.0.unsigned_abs() > limit.0.unsigned_abs());
        let text = raw.get(&verdict.id).map(|raw| text::squash(&raw.text)).unwrap_or_default();
        is_above || !naming(repair, codes_of).iter().all(|name| text.contains(&text::squash(name)))
    })
}

/// What of a repair says whose money it is: its codes, and each of its texts as a whole, by which batches,
/// fees and interest are known too.
fn naming(repair: &Repair, codes_of: &CodesOf<'_>) -> Vec<String> {
    let mut names = codes_of(&text::clean(&repair.memo)).0;
    names.push(repair.memo.clone());
    let parties = [&repair.counterparty_name, &repair.counterparty_account];
    let references = [&repair.reference, &repair.bank_reference];
    names.extend(references.into_iter().chain(parties).flatten().cloned());
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;

    fn verdict(amount: i64, memo: &str, bank_reference: Option<&str>) -> Verdict {
        let repair = Repair {
            booking_date: "2026-11-23".parse().unwrap(),
            value_date: None,
            amount: Dong(amount),
            memo: memo.to_owned(),
            reference: None,
            bank_reference: bank_reference.map(str::to_owned),
            counterparty_name: None,
            counterparty_account: None,
        };
        Verdict { id: EventId(1), repair: Some(repair), reason: String::new() }
    }

    fn raw(text: &str, is_debit: Option<bool>, size: Option<i64>) -> BTreeMap<EventId, Raw> {
        let raw = Raw { text: text.to_owned(), is_debit, size: size.map(Decimal::from) };
        BTreeMap::from([(EventId(1), raw)])
    }

    fn codes(memo: &str) -> (Vec<String>, Vec<String>) {
        (memo.split(' ').filter(|word| word.starts_with("HN")).map(str::to_owned).collect(), Vec::new())
    }

    #[test]
    fn names_that_the_file_does_not_have_take_two() {
        let two = |text: &str, memo: &str, reference| {
            let allowed = Allowed { codes_of: &codes, limit: Some(Dong(10)) };
            needs_two(&raw(text, None, None), &[verdict(5, memo, reference)], allowed)
        };
        assert!(!two(":86:nop HN12", "nop HN12", None));
        assert!(!two(":86:nop h n1 2", "nop HN12", None), "cut as banks cut");
        assert!(two(":86:nop HN13", "nop HN12", None));
        assert!(!two("NTRFNONREF//R2 HN12", "HN12", Some("R2")));
        assert!(two("NTRFNONREF//R2", "", Some("R3")), "a reference proves a claim");
        assert!(!two("", "", None), "nothing is said of whose it is");
        assert!(two("", "khong ma", None) && !two(":86:không mã", "khong ma", None));
        assert!(two(":86:chuyen tien", "THANH TOAN POS 0001/26", None), "a batch is known by its memo");
        assert!(two(":86:chuyen tien", "LAI NHAP VON", None), "and so is interest");
        let by = |name: &str| {
            let mut named = verdict(5, "", None);
            if let Some(repair) = &mut named.repair {
                repair.counterparty_name = Some(name.to_owned());
            }
            let allowed = Allowed { codes_of: &codes, limit: Some(Dong(10)) };
            needs_two(&raw(":86:tu CONG TY VI DU", None, None), &[named], allowed)
        };
        assert!(by("CONG TY KHAC") && !by("Công ty Ví Dụ"));
        let above = |limit| {
            let allowed = Allowed { codes_of: &codes, limit };
            needs_two(&raw("", None, None), &[verdict(-11, "", None)], allowed)
        };
        assert!(above(None) && above(Some(Dong(10))) && !above(Some(Dong(11))));
    }

    #[test]
    fn what_the_file_says_of_sign_and_amount_stands() {
        let refused = |is_debit, size, amount| {
            refuse_contradictions(&raw("", is_debit, size), &[verdict(amount, "", None)]).is_err()
        };
        assert!(
            !refused(None, None, 5) && !refused(Some(false), Some(5), 5) && !refused(Some(true), None, -5)
        );
        assert!(refused(Some(true), None, 5) && refused(Some(false), None, -5) && refused(None, Some(6), 5));
    }
}
