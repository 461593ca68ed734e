//! `TxsSummry`: the counts and sums of the entries, as the bank states them.

use rust_decimal::Decimal;

use crate::statement::finding::{Finding, Findings};
use crate::statement::model::Totals;
use crate::statement::number::{iso_amount, signed};

use super::entry;
use super::fragment::Element;

pub(super) fn read_totals(element: Element<'_>, path: &str, findings: &mut Findings) -> Totals {
    let mut group = |name: &str| {
        let at = format!("{path}/{name}");
        let holder = element.child(name);
        let count = holder.and_then(|holder| read_count(holder, &at, findings));
        let sum = holder.and_then(|holder| read_sum(holder, &at, findings));
        (at, count, sum)
    };
    let (at, count, sum) = group("TtlNtries");
    let (credit_at, credit_count, credit_sum) = group("TtlCdtNtries");
    let (debit_at, debit_count, debit_sum) = group("TtlDbtNtries");
    let net = element.child("TtlNtries").and_then(|holder| read_net(holder, &at, findings));
    Totals { count, sum, net, credit_count, credit_sum, debit_count, debit_sum, at, credit_at, debit_at }
}

fn read_count(holder: Element<'_>, at: &str, findings: &mut Findings) -> Option<u64> {
    let text = holder.text_at(&["NbOfNtries"])?;
    let unreadable = || entry::unreadable_number(format!("{at}/NbOfNtries"), text);
    text.parse().map_err(|_| findings.error(unreadable())).ok()
}

/// Unsigned by the standard; some banks put a minus before the sum of the debits.
fn read_sum(holder: Element<'_>, at: &str, findings: &mut Findings) -> Option<Decimal> {
    let text = holder.text_at(&["Sum"])?;
    let at = format!("{at}/Sum");
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let sum = iso_amount(unsigned).map_err(|fault| findings.error(fault.at(&at))).ok()?;
    if unsigned.len() < text.len() {
        findings.warn(Finding::new(
            at,
            "totals_negative",
            "Tổng phát sinh có dấu trừ; dấu được bỏ qua",
            "the stated total has a minus, which is left out",
        ));
    }
    Some(sum)
}

/// `TtlNetNtryAmt` beside its mark in the first versions, `TtlNetNtry` with both inside later. Without
/// a mark it says nothing of the direction, and is not compared.
fn read_net(holder: Element<'_>, at: &str, findings: &mut Findings) -> Option<Decimal> {
    let (amount, mark_of, name) = match holder.child("TtlNetNtry") {
        Some(net) => (net.child("Amt")?, net, "TtlNetNtry/Amt"),
        None => (holder.child("TtlNetNtryAmt")?, holder, "TtlNetNtryAmt"),
    };
    let unsigned = iso_amount(amount.text().unwrap_or_default());
    let unsigned = unsigned.map_err(|fault| findings.error(fault.at(format!("{at}/{name}")))).ok()?;
    let is_credit = mark_of.text_at(&["CdtDbtInd"])? == "CRDT";
    Some(signed(unsigned, is_credit))
}
