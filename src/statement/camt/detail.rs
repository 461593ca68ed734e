//! `TxDtls`: one payment inside an entry.

use crate::statement::finding::Findings;
use crate::statement::model::Detail;
use crate::statement::number::signed;
use crate::text::clean;

use super::entry;
use super::fragment::Element;

/// One occurrence of unstructured remittance holds 140 characters; a full one goes on in the next.
const USTRD_CHARS: usize = 140;

/// References that say there is none.
pub(super) fn is_placeholder(reference: &str) -> bool {
    matches!(reference, "NOTPROVIDED" | "NOTAVAILABLE" | "NONREF")
}

pub(super) fn read_details(element: Element<'_>, path: &str, findings: &mut Findings) -> Vec<Detail> {
    let entry_is_credit = element.text_at(&["CdtDbtInd"]) == Some("CRDT");
    let groups = || element.all("NtryDtls").flat_map(|group| group.all("TxDtls"));
    let mut details = Vec::with_capacity(groups().count());
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

fn read_detail(element: Element<'_>, at: String, entry_is_credit: bool, findings: &mut Findings) -> Detail {
    entry::check_singles(element, &["Amt", "CdtDbtInd"], &at, findings);
    let is_credit = match element.child("CdtDbtInd") {
        Some(_) => entry::read_direction(element, &at, findings).unwrap_or(entry_is_credit),
        None => entry_is_credit,
    };
    // .02 has the amount in AmtDtls only; from .03 it stands directly in the detail.
    let direct = element.child("Amt").map(|amount| (amount, "Amt"));
    let written =
        direct.or_else(|| Some((element.descend(&["AmtDtls", "TxAmt", "Amt"])?, "AmtDtls/TxAmt/Amt")));
    let amount = written.and_then(|(amount, inside)| entry::read_amount(amount, &at, inside, findings));
    let (amount, currency) = amount.unzip();
    let (counterparty_name, counterparty_account) = counterparty(element, is_credit);
    let references = element.child("Refs");
    let reference = |name: &str| references?.clean_at(&[name]).filter(|text| !is_placeholder(text));
    Detail {
        amount: amount.map(|amount| signed(amount, is_credit)),
        currency,
        reference: ["EndToEndId", "InstrId", "PmtInfId", "MndtId", "ChqNb"].into_iter().find_map(reference),
        bank_reference: ["AcctSvcrRef", "AcctSvcrTxId"].into_iter().find_map(reference),
        transaction_id: ["TxId", "ClrSysRef"].into_iter().find_map(reference),
        uetr: reference("UETR"),
        memo: memo(element),
        counterparty_name,
        counterparty_account,
        return_reason: element
            .descend(&["RtrInf", "Rsn"])
            .and_then(|reason| reason.clean_at(&["Cd"]).or_else(|| reason.clean_at(&["Prtry"]))),
        charges: entry::read_charges(element, &at, findings),
        at,
    }
}

/// Who stands on the other side: the debtor of money in, the creditor of money out.
fn counterparty(element: Element<'_>, is_credit: bool) -> (Option<String>, Option<String>) {
    let Some(parties) = element.child("RltdPties") else { return (None, None) };
    let (party, account) = if is_credit { ("Dbtr", "DbtrAcct") } else { ("Cdtr", "CdtrAcct") };
    let name = parties.child(party).and_then(|party| {
        party
            .clean_at(&["Nm"])
            .or_else(|| party.clean_at(&["Pty", "Nm"]))
            .or_else(|| party.clean_at(&["Agt", "FinInstnId", "Nm"]))
    });
    let number = parties.descend(&[account, "Id"]).and_then(|id| {
        id.clean_at(&["IBAN"])
            .or_else(|| id.clean_at(&["Othr", "Id"]))
            .or_else(|| id.clean_at(&["PrtryAcct", "Id"]))
    });
    (name, number)
}

fn memo(element: Element<'_>) -> Option<String> {
    let mut memo = Joined::default();
    let mut pieces = element.all("RmtInf").flat_map(|part| part.all("Ustrd")).filter_map(Element::text);
    match (pieces.next(), pieces.next()) {
        (Some(first), Some(second)) => memo.push(&glue([first, second].into_iter().chain(pieces))),
        (only, _) => only.into_iter().for_each(|text| memo.push(text)),
    }
    for part in element.all("RmtInf").flat_map(|part| part.all("Strd")) {
        let creditor = part.child("CdtrRefInf");
        let reference = creditor.and_then(|own| own.text_at(&["Ref"]).or_else(|| own.text_at(&["CdtrRef"])));
        let additional = part.all("AddtlRmtInf").filter_map(Element::text);
        reference.into_iter().chain(additional).for_each(|text| memo.push(text));
    }
    element.text_at(&["AddtlTxInf"]).into_iter().for_each(|text| memo.push(text));
    memo.finish()
}

fn glue<'t>(pieces: impl Iterator<Item = &'t str>) -> String {
    let mut joined = String::new();
    for piece in pieces {
        joined.push_str(piece);
        if piece.chars().count() < USTRD_CHARS {
            joined.push(' ');
        }
    }
    joined
}

/// Clean texts and one that is not, one after the other.
pub(super) fn join_texts(clean: impl IntoIterator<Item = String>, more: Option<&str>) -> Option<String> {
    let mut joined = Joined::default();
    clean.into_iter().for_each(|text| joined.push_clean(text));
    more.into_iter().for_each(|text| joined.push(text));
    joined.finish()
}

/// Cleaned texts one after the other; a text that was just told is not told twice.
#[derive(Default)]
struct Joined {
    text: String,
    /// Where the last of them begins.
    last: usize,
}

impl Joined {
    fn push(&mut self, text: &str) {
        self.push_clean(clean(text));
    }

    fn push_clean(&mut self, text: String) {
        if text.is_empty() || self.text.get(self.last..) == Some(&text) {
            return;
        }
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.push(' ');
            self.last = self.text.len();
            self.text.push_str(&text);
        }
    }

    fn finish(self) -> Option<String> {
        Some(self.text).filter(|text| !text.is_empty())
    }
}
