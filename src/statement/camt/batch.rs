//! `Btch`: what a bank says of the payments behind one entry, compared with what it lists.

use rust_decimal::Decimal;

use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Charge, Detail};
use crate::statement::number::signed;

use super::element::Element;
use super::entry::{self, Money};

/// How many payments the entry stands for: the listed ones, or as many as the bank counts.
pub(super) fn payment_count(element: &Element, details: &[Detail]) -> u64 {
    let listed = u64::try_from(details.len()).unwrap_or(u64::MAX);
    let batches = batches(element, "");
    let counted = batches.iter().filter_map(|batch| batch.count()?.parse().ok());
    counted.fold(0_u64, u64::saturating_add).max(listed).max(1)
}

/// Compares count and sum of each batch with the payments inside and with the entry.
pub(super) fn check(
    element: &Element,
    money: &Money,
    details: &[Detail],
    charges: &[Charge],
    path: &str,
    findings: &mut Findings,
) {
    let batches = batches(element, path);
    for batch in &batches {
        check_count(batch, money, details, findings);
    }
    check_sum(&batches, money, details, charges, findings);
}

struct Batch<'a> {
    element: &'a Element,
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
fn batches<'a>(element: &'a Element, path: &str) -> Vec<Batch<'a>> {
    let of = |holder: &'a Element, group: Option<usize>| {
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

fn check_count(batch: &Batch<'_>, money: &Money, details: &[Detail], findings: &mut Findings) {
    let Some(text) = batch.count() else { return };
    let at = format!("{}/NbOfTxs", batch.at);
    let Ok(count) = text.parse::<usize>() else {
        findings.error(entry::unreadable_number(at, text));
        return;
    };
    let is_listed = batch.listed == count || details.len() == count;
    // Some banks list a batch as one payment of its whole sum.
    let is_summed_up = matches!(details, [only] if only.amount == Some(money.amount));
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
        let at = format!("{}/TtlAmt", batch.at);
        let Some((amount, currency)) = entry::read_amount(total, &at, findings) else { return };
        if currency != money.currency {
            return;
        }
        let is_credit = match batch.element.text_at(&["CdtDbtInd"]) {
            Some(mark) => mark == "CRDT",
            None => !money.amount.is_sign_negative(),
        };
        sum = add(sum, signed(amount, is_credit));
        first_at = first_at.or(Some(at));
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
