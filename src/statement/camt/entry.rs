//! `Ntry`: one movement on the account.
//!
//! Amounts are unsigned; `CdtDbtInd` of the entry is the direction, for reversals too.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::currency;
use crate::statement::date::iso_date;
use crate::statement::finding::{Finding, Findings, excerpt};
use crate::statement::model::{Charge, Detail, Line};
use crate::statement::number::{iso_amount, signed};

use super::batch::{self, Proof};
use super::detail::{self, Owner};
use super::fragment::Element;

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
    /// The bank gives no status to any entry; its booking date or the balances must show that it is
    /// booked.
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

/// An element inside of one that has no place for it: what it says would be lost.
fn misplaced(at: String) -> Finding {
    Finding::new(
        at,
        "element_misplaced",
        "Phần tử nằm sai chỗ trong tệp",
        "the element has no place inside of this one",
    )
}

/// Tells each of the children that is there more than once.
pub(super) fn check_singles(element: Element<'_>, children: &[&str], path: &str, findings: &mut Findings) {
    for child in children {
        element.all(child).skip(1).for_each(|_| findings.error(repeated(path, child)));
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
pub(super) fn read_entry(
    element: Element<'_>,
    path: &str,
    (proof, owner): (Proof, &Owner),
    findings: &mut Findings,
) -> Option<Entry> {
    let errors_before = findings.errors.len();
    let singles = ["Amt", "CdtDbtInd", "Sts", "BookgDt", "ValDt", "RvslInd"];
    check_singles(element, &singles, path, findings);
    if element.children().any(|child| child.holds("Ntry")) {
        findings.error(misplaced(format!("{path}/Ntry")));
    }
    let status = read_status(element, path, findings);
    let money = read_money(element, path, findings);
    let booking_date = read_date(element, "BookgDt", path, findings);
    let value_date = read_date(element, "ValDt", path, findings);
    let reversal = read_reversal(element, path, findings);
    let charges = read_charges(element, path, findings);
    let details = detail::read_details(element, path, owner, findings);
    if let Some(money) = &money {
        batch::check(element, money, &details, &charges, (path, proof), findings);
    }
    let (status, money) = status.zip(money).filter(|_| findings.errors.len() == errors_before)?;
    if status == Status::Booked && booking_date.is_none() && value_date.is_none() {
        findings.warn(Finding::new(path, "date_missing", "Bút toán không có ngày", "the entry has no date"));
    }
    if !batch::check_details(element, &money, &details, &charges, (path, proof), findings) {
        return None;
    }
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
    describe(&mut line, element, details, proof);
    Some(Entry { line, status, payment_count })
}

/// `Sts` as plain text (to .04) or as `Sts/Cd` (from .08). Only BOOK moves money.
pub(super) fn read_status(element: Element<'_>, path: &str, findings: &mut Findings) -> Option<Status> {
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
        None if status.is_none() && !has_stray_status(element) => Some(Status::Unsaid),
        None => {
            findings.error(missing(path, "Sts"));
            None
        }
    }
}

/// A status that stands under another name: it was not left out, but its name is damaged.
fn has_stray_status(element: Element<'_>) -> bool {
    let mut codes = element.children().filter_map(|child| child.text_at(&["Cd"]).or_else(|| child.text()));
    codes.any(|code| matches!(code, "BOOK" | "PDNG" | "FUTR" | "INFO"))
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
pub(super) fn read_money(element: Element<'_>, path: &str, findings: &mut Findings) -> Option<Money> {
    let unsigned = read_unsigned(element, path, findings);
    let is_credit = read_direction(element, path, findings);
    let (unsigned, currency) = unsigned?;
    if let Some(fault) = currency::fault_of_decimals(unsigned, &currency) {
        findings.error(fault.at(format!("{path}/Amt")));
        return None;
    }
    Some(Money { amount: signed(unsigned, is_credit?), currency })
}

/// `Amt` with its currency.
pub(super) fn read_unsigned(
    element: Element<'_>,
    path: &str,
    findings: &mut Findings,
) -> Option<(Decimal, String)> {
    let Some(amount) = element.child("Amt") else {
        findings.error(missing(path, "Amt"));
        return None;
    };
    read_amount(amount, path, "Amt", findings)
}

/// An amount with its currency, which stands at `path`/`inside`.
pub(super) fn read_amount(
    element: Element<'_>,
    path: &str,
    inside: &str,
    findings: &mut Findings,
) -> Option<(Decimal, String)> {
    let at = || format!("{path}/{inside}");
    if let Some(child) = element.children().next() {
        findings.error(misplaced(format!("{}/{}", at(), child.name())));
        return None;
    }
    let amount = match iso_amount(element.text().unwrap_or_default()) {
        Ok(amount) => amount,
        Err(fault) => {
            findings.error(fault.at(at()));
            return None;
        }
    };
    let Some(currency) = element.currency() else {
        findings.error(missing(&at(), "@Ccy"));
        return None;
    };
    if !currency::is_known(currency) {
        findings.error(Finding::new(
            at(),
            "currency_invalid",
            format!("Mã loại tiền “{}” không hợp lệ", excerpt(currency)),
            format!("“{}” is not a currency code", excerpt(currency)),
        ));
        return None;
    }
    Some((amount, currency.to_owned()))
}

pub(super) fn read_direction(element: Element<'_>, path: &str, findings: &mut Findings) -> Option<bool> {
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
    element: Element<'_>,
    name: &str,
    path: &str,
    findings: &mut Findings,
) -> Option<NaiveDate> {
    let holder = element.child(name)?;
    let dated = [("Dt", "/Dt"), ("DtTm", "/DtTm")];
    let found = dated.into_iter().find_map(|(kind, place)| Some((place, holder.text_at(&[kind])?)));
    if holder.children().filter(|child| child.is("Dt") || child.is("DtTm")).nth(1).is_some() {
        findings.error(repeated(&format!("{path}/{name}"), found.map_or("Dt", |(place, _)| &place[1..])));
        return None;
    }
    let found = found.or_else(|| Some(("", holder.text()?)));
    let Some((kind, text)) = found else {
        findings.error(missing(&format!("{path}/{name}"), "Dt"));
        return None;
    };
    iso_date(text).map_err(|fault| findings.error(fault.at(format!("{path}/{name}{kind}")))).ok()
}

fn read_reversal(element: Element<'_>, path: &str, findings: &mut Findings) -> bool {
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
pub(super) fn read_charges(element: Element<'_>, path: &str, findings: &mut Findings) -> Vec<Charge> {
    let mut charges = Vec::new();
    for block in element.all("Chrgs") {
        if block.child("Rcrd").is_none() {
            charges.extend(read_charge(block, path, findings));
        }
        charges.extend(block.all("Rcrd").filter_map(|record| read_charge(record, path, findings)));
    }
    charges
}

fn read_charge(element: Element<'_>, path: &str, findings: &mut Findings) -> Option<Charge> {
    let amount = element.child("Amt").or_else(|| element.child("TtlChrgsAndTaxAmt"))?;
    let (amount, currency) = read_amount(amount, path, "Chrgs/Amt", findings)?;
    let is_credit = element.text_at(&["CdtDbtInd"]) == Some("CRDT");
    let included = element.text_at(&["ChrgInclInd"]).map(|text| matches!(text, "true" | "1"));
    Some(Charge { amount: signed(amount, is_credit), currency, included })
}

fn transaction_code(element: Element<'_>) -> Option<String> {
    let code = element.child("BkTxCd")?;
    let mut joined = String::with_capacity("PMNT/RCDT/DMCT".len());
    if let Some(domain) = code.child("Domn") {
        let family = domain.child("Fmly");
        let parts = [Some(domain), family].into_iter().flatten().map(|part| part.text_at(&["Cd"]));
        for part in parts.chain([family.and_then(|family| family.text_at(&["SubFmlyCd"]))]).flatten() {
            if !joined.is_empty() {
                joined.push('/');
            }
            joined.push_str(part);
        }
    }
    Some(joined).filter(|code| !code.is_empty()).or_else(|| code.clean_at(&["Prtry", "Cd"]))
}

/// Memo, references and counterparty from the entry and, when it holds one payment, from that. What a
/// statement says of one payment the line says itself; a notification is read for its payments.
fn describe(line: &mut Line, element: Element<'_>, mut details: Vec<Detail>, proof: Proof) {
    line.bank_reference = element.clean_at(&["AcctSvcrRef"]);
    let additional = element.text_at(&["AddtlNtryInf"]);
    match details.as_mut_slice() {
        [only] if proof == Proof::Balances && !only.says_more_than_a_line() => {
            let only = std::mem::take(only);
            details = Vec::new();
            line.memo = detail::join_texts(only.memo, additional);
            line.reference = only.reference;
            line.counterparty_name = only.counterparty_name;
            line.counterparty_account = only.counterparty_account;
            line.bank_reference = line.bank_reference.take().or(only.bank_reference);
        }
        [only] => {
            line.memo = detail::join_texts(only.memo.clone(), additional);
            line.reference.clone_from(&only.reference);
            line.counterparty_name.clone_from(&only.counterparty_name);
            line.counterparty_account.clone_from(&only.counterparty_account);
            line.bank_reference = line.bank_reference.take().or_else(|| only.bank_reference.clone());
        }
        several => {
            let memos = several.iter().filter_map(|detail| detail.memo.clone());
            line.memo = detail::join_texts(memos, additional);
        }
    }
    if line.reference.is_none() {
        let batch = element.descend(&["NtryDtls", "Btch"]).or_else(|| element.child("Btch"));
        let of_batch =
            batch.and_then(|batch| batch.clean_at(&["PmtInfId"]).or_else(|| batch.clean_at(&["MsgId"])));
        let own = || element.clean_at(&["NtryRef"]).filter(|reference| !detail::is_placeholder(reference));
        line.reference = of_batch.or_else(own);
    }
    line.details = details;
}
