//! What a bank says of the payments behind one entry (`Btch`, the amount), compared with what it lists.

use rust_decimal::Decimal;

use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Charge, Detail};
use crate::statement::number::signed;

use super::entry::{self, Money};
use super::fragment::Element;

/// What the amount of an entry is proven by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Balances,
    /// A notification or report: by nothing but what stands inside of the entry.
    Itself,
}

/// How many payments the entry stands for: the listed ones, or as many as the bank counts.
pub(super) fn payment_count(element: Element<'_>, details: &[Detail]) -> u64 {
    let listed = u64::try_from(details.len()).unwrap_or(u64::MAX);
    let batches = batches(element, "");
    let counted = batches.iter().filter_map(|batch| batch.count()?.parse().ok());
    counted.fold(0_u64, u64::saturating_add).max(listed).max(1)
}

/// Compares count and sum of each batch with the payments inside and with the entry.
pub(super) fn check(
    element: Element<'_>,
    money: &Money,
    details: &[Detail],
    charges: &[Charge],
    (path, proof): (&str, Proof),
    findings: &mut Findings,
) {
    let batches = batches(element, path);
    for batch in &batches {
        check_count(batch, money, details, proof, findings);
    }
    check_sum(&batches, money, details, charges, findings);
}

struct Batch<'a> {
    element: Element<'a>,
    at: String,
    /// Payments listed beside it.
    listed: usize,
}

impl Batch<'_> {
    fn count(&self) -> Option<&str> {
        self.element.text_at(&["NbOfTxs"])
    }
}

/// From .02 a batch stands in `NtryDtls`; in .01 in the entry.
fn batches<'a>(element: Element<'a>, path: &str) -> Vec<Batch<'a>> {
    let of = |holder: Element<'a>, group: Option<usize>| {
        let batch = holder.child("Btch")?;
        let at = match group {
            Some(number) => format!("{path}/NtryDtls[{number}]/Btch"),
            None => format!("{path}/Btch"),
        };
        Some(Batch { element: batch, at, listed: holder.all("TxDtls").count() })
    };
    let groups = (1..).zip(element.all("NtryDtls"));
    let inside = groups.filter_map(|(number, group)| of(group, Some(number)));
    of(element, None).into_iter().chain(inside).collect()
}

fn check_count(batch: &Batch<'_>, money: &Money, details: &[Detail], proof: Proof, findings: &mut Findings) {
    let Some(text) = batch.count() else { return };
    let at = format!("{}/NbOfTxs", batch.at);
    let Ok(count) = text.parse::<usize>() else {
        findings.error(entry::unreadable_number(at, text));
        return;
    };
    let is_listed = batch.listed == count || details.len() == count;
    // Some banks list a batch as one payment of its whole sum.
    let is_summed_up = matches!(details, [only] if only.amount == Some(money.amount));
    // Or they describe it once without an amount; a notification would lose the other payments.
    let is_described = proof == Proof::Balances && matches!(details, [only] if only.amount.is_none());
    let is_summed_up = is_summed_up || is_described;
    if details.is_empty() || is_listed || is_summed_up {
        return;
    }
    let listed = if batch.listed == 0 { details.len() } else { batch.listed };
    findings.error(Finding::new(
        at,
        "batch_mismatch",
        format!("Lô ghi {count} giao dịch, nhưng liệt kê {listed}"),
        format!("the batch is of {count} payments, but {listed} are listed"),
    ));
}

fn check_sum(
    batches: &[Batch<'_>],
    money: &Money,
    details: &[Detail],
    charges: &[Charge],
    findings: &mut Findings,
) {
    let mut sum = Some(Decimal::ZERO);
    let mut first_at = None;
    for batch in batches {
        let Some(total) = batch.element.child("TtlAmt") else { continue };
        let Some((amount, currency)) = entry::read_amount(total, &batch.at, "TtlAmt", findings) else {
            return;
        };
        if currency != money.currency {
            return;
        }
        let is_credit = match batch.element.text_at(&["CdtDbtInd"]) {
            Some(mark) => mark == "CRDT",
            None => !money.amount.is_sign_negative(),
        };
        sum = add(sum, signed(amount, is_credit));
        first_at = first_at.or_else(|| Some(format!("{}/TtlAmt", batch.at)));
    }
    let Some(at) = first_at else { return };
    let own: Vec<&Charge> = charges.iter().chain(details.iter().flat_map(|detail| &detail.charges)).collect();
    let charged = own.iter().try_fold(Decimal::ZERO, |sum, charge| sum.checked_add(charge.amount.abs()));
    let difference = sum.and_then(|sum| sum.checked_sub(money.amount)).map(|difference| difference.abs());
    let listed = details.iter().try_fold(Decimal::ZERO, |sum, detail| sum.checked_add(detail.amount?));
    let is_explained = difference == Some(Decimal::ZERO) || (!own.is_empty() && difference == charged);
    if is_explained || (!details.is_empty() && listed == sum) {
        return;
    }
    let sum = sum.unwrap_or(Decimal::MAX);
    findings.error(Finding::new(
        at,
        "batch_mismatch",
        format!("Lô ghi tổng {sum}, bút toán ghi {}", money.amount),
        format!("the batch comes to {sum}, the entry is {}", money.amount),
    ));
}

fn add(sum: Option<Decimal>, amount: Decimal) -> Option<Decimal> {
    sum.and_then(|sum| sum.checked_add(amount))
}

/// Whether the payments inside come to the entry, where they can be compared with it.
fn add_up(money: &Money, details: &[Detail]) -> bool {
    let is_comparable =
        |detail: &Detail| detail.amount.is_some() && detail.currency.as_deref() == Some(&money.currency);
    details.is_empty() || !details.iter().all(is_comparable) || sum_of(details) == Some(money.amount)
}

/// The same number in another currency, and no exchange: one of both names is wrong.
fn is_relabelled(element: Element<'_>, money: &Money, details: &[Detail]) -> bool {
    let is_other = |detail: &Detail| detail.currency.as_ref().is_some_and(|own| *own != money.currency);
    !details.is_empty()
        && !money.amount.is_zero()
        && details.iter().all(is_other)
        && sum_of(details) == Some(money.amount)
        && !element.holds("CcyXchg")
}

fn sum_of(details: &[Detail]) -> Option<Decimal> {
    let mut amounts = details.iter().filter_map(|detail| detail.amount);
    amounts.try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount))
}

/// Charges, an exchange or an amount that is left open explain a difference. Where balances prove the
/// entry, so does what was instructed in another currency: the bank did not say at which rate.
fn may_differ(element: Element<'_>, money: &Money, inside: (&[Detail], &[Charge], Proof)) -> bool {
    let (details, charges, proof) = inside;
    let has_charges = !charges.is_empty() || details.iter().any(|detail| !detail.charges.is_empty());
    has_charges
        || details.iter().any(|detail| detail.amount == Some(Decimal::ZERO))
        || element.holds("CcyXchg")
        || (proof == Proof::Balances && element.is_in_other_currency(&money.currency))
}

/// The payments inside come to the entry, unless something in it explains the difference.
pub(super) fn check_details(
    element: Element<'_>,
    money: &Money,
    details: &[Detail],
    charges: &[Charge],
    (path, proof): (&str, Proof),
    findings: &mut Findings,
) -> bool {
    if is_relabelled(element, money, details) {
        findings.error(Finding::new(
            format!("{path}/Amt"),
            "currency_mixed",
            format!("Bút toán ghi {}, các giao dịch trong lô ghi loại tiền khác", money.currency),
            format!("the entry is in {}, the payments inside are the same sum in another", money.currency),
        ));
        return false;
    }
    if add_up(money, details) {
        return true;
    }
    let is_explained = may_differ(element, money, (details, charges, proof));
    let sum = sum_of(details).unwrap_or(Decimal::MAX);
    let finding = Finding::new(
        path,
        "details_do_not_add_up",
        format!("Các giao dịch trong lô cộng được {sum}, bút toán ghi {}", money.amount),
        format!("the payments inside add up to {sum}, the entry is {}", money.amount),
    );
    if is_explained {
        findings.warn(finding)
    } else {
        findings.error(finding)
    }
    is_explained
}
