//! `Ntry`: one movement on the account.
//!
//! Amounts are unsigned; `CdtDbtInd` of the entry is the direction, for reversals too.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::date::iso_date;
use crate::statement::finding::{Finding, Findings, excerpt};
use crate::statement::model::{Charge, Detail, Line};
use crate::statement::number::{iso_amount, signed};

use super::batch;
use super::detail::{self, join_texts};
use super::element::Element;

/// An entry with the state the bank gives it.
pub(super) struct Entry {
    pub line: Line,
    pub status: Status,
    /// One, or the payments of a batch.
    pub payment_count: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Booked,
    /// Expected: told as a warning, no line.
    Pending,
    /// For information: the same.
    Informative,
    /// The bank gives no status and no date to any entry; the balance must prove that it is booked.
    Unsaid,
}

pub(super) struct Money {
    /// Minus for DBIT.
    pub amount: Decimal,
    pub currency: String,
}

pub(super) fn missing(path: &str, child: &str) -> Finding {
    Finding::new(
        path,
        "element_missing",
        format!("Thiếu phần tử {child}"),
        format!("the element {child} is missing"),
    )
}

/// An element that stands where there may be only one.
fn repeated(path: &str, child: &str) -> Finding {
    Finding::new(
        format!("{path}/{child}[2]"),
        "element_repeated",
        format!("Phần tử {child} lặp lại"),
        format!("the element {child} is repeated"),
    )
}

/// Tells each of the children that is there more than once.
pub(super) fn check_singles(element: &Element, children: &[&str], path: &str, findings: &mut Findings) {
    for child in children {
        if element.all(child).nth(1).is_some() {
            findings.error(repeated(path, child));
        }
    }
}

/// The same at the level of a statement, whose children come one by one.
pub(super) fn repeated_at(path: &str) -> Finding {
    let (parent, child) = path.rsplit_once('/').unwrap_or(("", path));
    repeated(parent, child)
}

pub(super) fn unreadable_number(at: String, text: &str) -> Finding {
    let shown = excerpt(text);
    Finding::new(
        at,
        "number_unreadable",
        format!("“{shown}” không phải là số"),
        format!("“{shown}” is not a number"),
    )
}

/// Reads an entry; `None` when it cannot be trusted, with the errors told. What is not booked must be
/// as well formed as the rest.
pub(super) fn read_entry(element: &Element, path: &str, findings: &mut Findings) -> Option<Entry> {
    let errors_before = findings.errors.len();
    let singles = ["Amt", "CdtDbtInd", "Sts", "BookgDt", "ValDt", "RvslInd"];
    check_singles(element, &singles, path, findings);
    let status = read_status(element, path, findings);
    let money = read_money(element, path, findings);
    let booking_date = read_date(element, "BookgDt", path, findings);
    let value_date = read_date(element, "ValDt", path, findings);
    let reversal = read_reversal(element, path, findings);
    let charges = read_charges(element, path, findings);
    let details = detail::read_details(element, path, findings);
    if let Some(money) = &money {
        batch::check(element, money, &details, &charges, path, findings);
    }
    let (status, money) = status.zip(money).filter(|_| findings.errors.len() == errors_before)?;
    if status == Status::Booked && booking_date.is_none() && value_date.is_none() {
        findings.warn(Finding::new(path, "date_missing", "Bút toán không có ngày", "the entry has no date"));
    }
    check_details(&money, &details, path, findings);
    let mut line = Line {
        booking_date,
        value_date,
        amount: money.amount,
        currency: money.currency,
        reversal,
        at: path.to_owned(),
        transaction_code: transaction_code(element),
        charges,
        ..Line::default()
    };
    let payment_count = batch::payment_count(element, &details);
    describe(&mut line, element, details);
    Some(Entry { line, status, payment_count })
}

/// `Sts` as plain text (to .04) or as `Sts/Cd` (from .08). Only BOOK moves money.
fn read_status(element: &Element, path: &str, findings: &mut Findings) -> Option<Status> {
    let status = element.child("Sts");
    let code = status.and_then(|status| {
        status.text_at(&["Cd"]).or_else(|| status.text_at(&["Prtry"])).or_else(|| status.text())
    });
    let is_proprietary = status.is_some_and(|status| status.child("Prtry").is_some());
    match code {
        Some("BOOK") => Some(Status::Booked),
        Some("INFO") => {
            findings.warn(not_booked(path, code));
            Some(Status::Informative)
        }
        Some("PDNG" | "FUTR") => {
            findings.warn(not_booked(path, code));
            Some(Status::Pending)
        }
        Some(_) if is_proprietary => {
            findings.warn(not_booked(path, code));
            Some(Status::Pending)
        }
        Some(other) => {
            findings.error(Finding::new(
                format!("{path}/Sts"),
                "status_invalid",
                format!("Trạng thái “{}” không hợp lệ", excerpt(other)),
                format!("“{}” is not a status of an entry", excerpt(other)),
            ));
            None
        }
        None if ["Sts", "BookgDt", "ValDt"].iter().all(|name| element.child(name).is_none()) => {
            Some(Status::Unsaid)
        }
        None => {
            findings.error(missing(path, "Sts"));
            None
        }
    }
}

fn not_booked(path: &str, code: Option<&str>) -> Finding {
    let shown = excerpt(code.unwrap_or_default());
    Finding::new(
        path,
        "entry_not_booked",
        format!("Bút toán chưa ghi sổ ({shown}), không tính"),
        format!("the entry is not booked ({shown}) and does not count"),
    )
}

/// `Amt` with its currency and `CdtDbtInd` of an entry or a balance.
pub(super) fn read_money(element: &Element, path: &str, findings: &mut Findings) -> Option<Money> {
    let unsigned = read_unsigned(element, path, findings);
    let is_credit = read_direction(element, path, findings);
    let (unsigned, currency) = unsigned?;
    Some(Money { amount: signed(unsigned, is_credit?), currency })
}

/// `Amt` with its currency.
pub(super) fn read_unsigned(
    element: &Element,
    path: &str,
    findings: &mut Findings,
) -> Option<(Decimal, String)> {
    let Some(amount) = element.child("Amt") else {
        findings.error(missing(path, "Amt"));
        return None;
    };
    read_amount(amount, &format!("{path}/Amt"), findings)
}

pub(super) fn read_amount(
    element: &Element,
    path: &str,
    findings: &mut Findings,
) -> Option<(Decimal, String)> {
    let amount = match iso_amount(element.text().unwrap_or_default()) {
        Ok(amount) => amount,
        Err(fault) => {
            findings.error(fault.at(path));
            return None;
        }
    };
    let Some(currency) = element.currency() else {
        findings.error(missing(path, "@Ccy"));
        return None;
    };
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        findings.error(Finding::new(
            path,
            "currency_invalid",
            format!("Mã loại tiền “{}” không hợp lệ", excerpt(currency)),
            format!("“{}” is not a currency code", excerpt(currency)),
        ));
        return None;
    }
    Some((amount, currency.to_owned()))
}

pub(super) fn read_direction(element: &Element, path: &str, findings: &mut Findings) -> Option<bool> {
    match element.text_at(&["CdtDbtInd"]) {
        Some("CRDT") => Some(true),
        Some("DBIT") => Some(false),
        Some(other) => {
            findings.error(Finding::new(
                format!("{path}/CdtDbtInd"),
                "mark_invalid",
                format!("Chiều tiền “{}” không hợp lệ (CRDT hoặc DBIT)", excerpt(other)),
                format!("“{}” is not CRDT or DBIT", excerpt(other)),
            ));
            None
        }
        None => {
            findings.error(missing(path, "CdtDbtInd"));
            None
        }
    }
}

/// A date given as `Dt` or `DtTm`; absent is fine, unreadable is an error.
pub(super) fn read_date(
    element: &Element,
    name: &str,
    path: &str,
    findings: &mut Findings,
) -> Option<NaiveDate> {
    let holder = element.child(name)?;
    let kinds = ["Dt", "DtTm"];
    let found = kinds.iter().find_map(|kind| holder.text_at(&[*kind]).map(|text| (format!("/{kind}"), text)));
    let (kind, text) = found.or_else(|| holder.text().map(|text| (String::new(), text)))?;
    iso_date(text).map_err(|fault| findings.error(fault.at(format!("{path}/{name}{kind}")))).ok()
}

fn read_reversal(element: &Element, path: &str, findings: &mut Findings) -> bool {
    match element.text_at(&["RvslInd"]) {
        Some("true" | "1") => true,
        None | Some("false" | "0") => false,
        Some(other) => {
            findings.error(Finding::new(
                format!("{path}/RvslInd"),
                "reversal_invalid",
                format!("RvslInd “{}” không phải true hoặc false", excerpt(other)),
                format!("RvslInd “{}” is not true or false", excerpt(other)),
            ));
            false
        }
    }
}

/// Charges: repeated blocks in .02, one block with `Rcrd` from .04 on.
pub(super) fn read_charges(element: &Element, path: &str, findings: &mut Findings) -> Vec<Charge> {
    let blocks = element.all("Chrgs").flat_map(|block| {
        let records: Vec<&Element> = block.all("Rcrd").collect();
        if records.is_empty() { vec![block] } else { records }
    });
    let mut charges = Vec::new();
    for block in blocks {
        let Some(amount) = block.child("Amt").or_else(|| block.child("TtlChrgsAndTaxAmt")) else { continue };
        let Some((amount, currency)) = read_amount(amount, &format!("{path}/Chrgs/Amt"), findings) else {
            continue;
        };
        let is_credit = block.text_at(&["CdtDbtInd"]) == Some("CRDT");
        let included = block.text_at(&["ChrgInclInd"]).map(|text| matches!(text, "true" | "1"));
        charges.push(Charge { amount: signed(amount, is_credit), currency, included });
    }
    charges
}

fn transaction_code(element: &Element) -> Option<String> {
    let code = element.child("BkTxCd")?;
    let domain = code.child("Domn").map(|domain| {
        let parts = [&["Cd"][..], &["Fmly", "Cd"], &["Fmly", "SubFmlyCd"]];
        parts.iter().filter_map(|path| domain.text_at(path)).collect::<Vec<_>>().join("/")
    });
    domain.filter(|code| !code.is_empty()).or_else(|| code.clean_at(&["Prtry", "Cd"]))
}

/// Memo, references and counterparty from the entry and, when it holds one payment, from that.
fn describe(line: &mut Line, element: &Element, details: Vec<Detail>) {
    let additional = element.text_at(&["AddtlNtryInf"]);
    let memos = details.iter().filter_map(|detail| detail.memo.as_deref());
    line.memo = join_texts(memos.chain(additional));
    line.bank_reference = element.clean_at(&["AcctSvcrRef"]);
    let batch = element.descend(&["NtryDtls", "Btch"]).or_else(|| element.child("Btch"));
    let batch_reference =
        batch.and_then(|batch| batch.clean_at(&["PmtInfId"]).or_else(|| batch.clean_at(&["MsgId"])));
    if let [only] = details.as_slice() {
        line.reference.clone_from(&only.reference);
        line.counterparty_name.clone_from(&only.counterparty_name);
        line.counterparty_account.clone_from(&only.counterparty_account);
        if line.bank_reference.is_none() {
            line.bank_reference.clone_from(&only.bank_reference);
        }
    }
    let own_reference = element.clean_at(&["NtryRef"]).filter(|reference| !detail::is_placeholder(reference));
    line.reference = line.reference.take().or(batch_reference).or(own_reference);
    line.details = details;
}

/// The payments of a batch should add up to the entry; charges and exchange may explain a
/// difference, so it is told and not refused.
fn check_details(money: &Money, details: &[Detail], path: &str, findings: &mut Findings) {
    let amounts: Option<Vec<Decimal>> = details
        .iter()
        .map(|detail| detail.amount.filter(|_| detail.currency.as_deref() == Some(money.currency.as_str())))
        .collect();
    let Some(amounts) = amounts.filter(|amounts| !amounts.is_empty()) else { return };
    let sum = amounts.iter().try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(*amount));
    if sum != Some(money.amount) {
        let sum = sum.unwrap_or(Decimal::MAX);
        findings.warn(Finding::new(
            path,
            "details_do_not_add_up",
            format!("Các giao dịch trong lô cộng được {sum}, bút toán ghi {}", money.amount),
            format!("the payments inside add up to {sum}, the entry is {}", money.amount),
        ));
    }
}
