//! `TxDtls`: one payment inside an entry.

use crate::statement::finding::Findings;
use crate::statement::model::Detail;
use crate::statement::number::signed;
use crate::text::clean;

use super::element::Element;
use super::entry;

/// One occurrence of unstructured remittance holds 140 characters; a full one goes on in the next.
const USTRD_CHARS: usize = 140;

/// References that say there is none.
pub(super) fn is_placeholder(reference: &str) -> bool {
    matches!(reference, "NOTPROVIDED" | "NOTAVAILABLE" | "NONREF")
}

pub(super) fn read_details(element: &Element, path: &str, findings: &mut Findings) -> Vec<Detail> {
    let entry_is_credit = element.text_at(&["CdtDbtInd"]) == Some("CRDT");
    let mut details = Vec::new();
    // Version .01 has its payments directly in the entry.
    for (number, transaction) in (1..).zip(element.all("TxDtls")) {
        details.push(read_detail(transaction, format!("{path}/TxDtls[{number}]"), entry_is_credit, findings));
    }
    for (group_number, group) in (1..).zip(element.all("NtryDtls")) {
        for (number, transaction) in (1..).zip(group.all("TxDtls")) {
            let at = format!("{path}/NtryDtls[{group_number}]/TxDtls[{number}]");
            details.push(read_detail(transaction, at, entry_is_credit, findings));
        }
    }
    details
}

fn read_detail(element: &Element, at: String, entry_is_credit: bool, findings: &mut Findings) -> Detail {
    entry::check_singles(element, &["Amt", "CdtDbtInd"], &at, findings);
    let is_credit = match element.child("CdtDbtInd") {
        Some(_) => entry::read_direction(element, &at, findings).unwrap_or(entry_is_credit),
        None => entry_is_credit,
    };
    // .02 has the amount in AmtDtls only; from .03 it stands directly in the detail.
    let amount_path =
        if element.child("Amt").is_some() { &["Amt"][..] } else { &["AmtDtls", "TxAmt", "Amt"] };
    let amount = element
        .descend(amount_path)
        .and_then(|amount| entry::read_amount(amount, &format!("{at}/{}", amount_path.join("/")), findings));
    let (counterparty_name, counterparty_account) = counterparty(element, is_credit);
    let reference = |name: &str| element.clean_at(&["Refs", name]).filter(|text| !is_placeholder(text));
    Detail {
        currency: amount.as_ref().map(|(_, currency)| currency.clone()),
        amount: amount.map(|(amount, _)| signed(amount, is_credit)),
        reference: ["EndToEndId", "InstrId", "PmtInfId", "MndtId", "ChqNb"].into_iter().find_map(reference),
        bank_reference: ["AcctSvcrRef", "AcctSvcrTxId"].into_iter().find_map(reference),
        transaction_id: ["TxId", "ClrSysRef"].into_iter().find_map(reference),
        uetr: reference("UETR"),
        memo: memo(element),
        counterparty_name,
        counterparty_account,
        return_reason: element
            .clean_at(&["RtrInf", "Rsn", "Cd"])
            .or_else(|| element.clean_at(&["RtrInf", "Rsn", "Prtry"])),
        charges: entry::read_charges(element, &at, findings),
        at,
    }
}

/// Who stands on the other side: the debtor of money in, the creditor of money out.
fn counterparty(element: &Element, is_credit: bool) -> (Option<String>, Option<String>) {
    let Some(parties) = element.child("RltdPties") else { return (None, None) };
    let (party, account) = if is_credit { ("Dbtr", "DbtrAcct") } else { ("Cdtr", "CdtrAcct") };
    let name = parties
        .clean_at(&[party, "Nm"])
        .or_else(|| parties.clean_at(&[party, "Pty", "Nm"]))
        .or_else(|| parties.clean_at(&[party, "Agt", "FinInstnId", "Nm"]));
    let number = parties.descend(&[account, "Id"]).and_then(|id| {
        id.clean_at(&["IBAN"])
            .or_else(|| id.clean_at(&["Othr", "Id"]))
            .or_else(|| id.clean_at(&["PrtryAcct", "Id"]))
    });
    (name, number)
}

fn memo(element: &Element) -> Option<String> {
    let remittance: Vec<&Element> = element.all("RmtInf").collect();
    let pieces: Vec<&str> =
        remittance.iter().flat_map(|part| part.all("Ustrd")).filter_map(Element::text).collect();
    let unstructured = glue(&pieces);
    let structured = remittance.iter().flat_map(|part| part.all("Strd")).flat_map(|part| {
        let reference =
            part.text_at(&["CdtrRefInf", "Ref"]).or_else(|| part.text_at(&["CdtrRefInf", "CdtrRef"]));
        reference.into_iter().chain(part.all("AddtlRmtInf").filter_map(Element::text))
    });
    let additional = element.text_at(&["AddtlTxInf"]);
    join_texts([unstructured.as_str()].into_iter().chain(structured).chain(additional))
}

fn glue(pieces: &[&str]) -> String {
    let mut joined = String::new();
    for piece in pieces {
        joined.push_str(piece);
        if piece.chars().count() < USTRD_CHARS {
            joined.push(' ');
        }
    }
    joined
}

/// Cleaned texts one after the other; a text that is already there is not told twice.
pub(super) fn join_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut joined: Vec<String> = Vec::new();
    for text in texts.into_iter().map(clean) {
        if !text.is_empty() && joined.last() != Some(&text) {
            joined.push(text);
        }
    }
    Some(joined.join(" ")).filter(|text| !text.is_empty())
}
