//! `TxDtls`: one payment inside an entry.

use rust_decimal::Decimal;

use crate::statement::finding::Findings;
use crate::statement::model::Detail;
use crate::statement::number::{iso_amount, signed};
use crate::text::clean;

use super::entry;
use super::fragment::Element;

/// One occurrence of unstructured remittance holds 140 characters; a full one goes on in the next.
const USTRD_CHARS: usize = 140;

/// Lines into which Nordic banks cut one occurrence.
const NARROW_CHARS: usize = 35;

/// References that say there is none.
pub(super) fn is_placeholder(reference: &str) -> bool {
    let says_nothing = !reference.chars().any(char::is_alphanumeric);
    says_nothing || matches!(reference, "NOTPROVIDED" | "NOTAVAILABLE" | "NONREF")
}

pub(super) fn read_details(
    element: Element<'_>,
    path: &str,
    owner: &Owner,
    findings: &mut Findings,
) -> Vec<Detail> {
    let entry_is_credit = element.text_at(&["CdtDbtInd"]) == Some("CRDT");
    let groups = || element.all("NtryDtls").flat_map(|group| group.all("TxDtls"));
    let mut details = Vec::with_capacity(groups().count());
    // Version .01 has its payments directly in the entry.
    for (number, transaction) in (1..).zip(element.all("TxDtls")) {
        let at = format!("{path}/TxDtls[{number}]");
        details.push(read_detail(transaction, at, (entry_is_credit, owner), findings));
    }
    for (group_number, group) in (1..).zip(element.all("NtryDtls")) {
        for (number, transaction) in (1..).zip(group.all("TxDtls")) {
            let at = format!("{path}/NtryDtls[{group_number}]/TxDtls[{number}]");
            details.push(read_detail(transaction, at, (entry_is_credit, owner), findings));
        }
    }
    adopt_instructed(element, entry_is_credit, &mut details);
    details
}

/// Where no payment says what moved, what was instructed did, if it comes to the entry.
fn adopt_instructed(entry: Element<'_>, is_credit: bool, details: &mut [Detail]) {
    let amount_of =
        |amount: Element<'_>| Some((iso_amount(amount.text()?).ok()?, amount.currency()?.to_owned()));
    let payments = entry.all("TxDtls").chain(entry.all("NtryDtls").flat_map(|group| group.all("TxDtls")));
    let instructed: Option<Vec<(Decimal, String)>> =
        payments.map(|payment| amount_of(payment.descend(&["AmtDtls", "InstdAmt", "Amt"])?)).collect();
    let (Some(instructed), Some((sum, currency))) = (instructed, entry.child("Amt").and_then(amount_of))
    else {
        return;
    };
    let total = instructed.iter().try_fold(Decimal::ZERO, |total, (amount, _)| total.checked_add(*amount));
    let is_whole = total == Some(sum) && instructed.iter().all(|(_, own)| *own == currency);
    if !is_whole || details.iter().any(|detail| detail.amount.is_some()) {
        return;
    }
    for (detail, (amount, currency)) in details.iter_mut().zip(instructed) {
        (detail.amount, detail.currency) = (Some(signed(amount, is_credit)), Some(currency));
    }
}

fn read_detail(
    element: Element<'_>,
    at: String,
    (entry_is_credit, owner): (bool, &Owner),
    findings: &mut Findings,
) -> Detail {
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
    let (counterparty_name, counterparty_account) = counterparty(element, is_credit, owner);
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

/// Whose account the statement is of.
#[derive(Debug, Default)]
pub(super) struct Owner {
    pub account: Option<String>,
    pub name: Option<String>,
}

impl Owner {
    /// Whether a party is the owner: by the account, else by the name.
    fn is(&self, name: Option<&str>, account: Option<&str>) -> bool {
        match (account, self.account.as_deref()) {
            (Some(account), Some(own)) => account == own,
            _ => name.is_some() && name == self.name.as_deref(),
        }
    }
}

type Party = (Option<String>, Option<String>);

/// Who stands on the other side: the debtor of money in, the creditor of money out. Of a payment that
/// came back the parties are those of the original; the owner is never his own counterparty.
fn counterparty(element: Element<'_>, is_credit: bool, owner: &Owner) -> Party {
    let Some(parties) = element.child("RltdPties") else { return (None, None) };
    let debtor = || party(parties, ["Dbtr", "UltmtDbtr", "DbtrAcct"]);
    let creditor = || party(parties, ["Cdtr", "UltmtCdtr", "CdtrAcct"]);
    let (found, other): (Party, &dyn Fn() -> Party) =
        if is_credit { (debtor(), &creditor) } else { (creditor(), &debtor) };
    if !owner.is(found.0.as_deref(), found.1.as_deref()) {
        return found;
    }
    let other = other();
    let is_other =
        (other.0.is_some() || other.1.is_some()) && !owner.is(other.0.as_deref(), other.1.as_deref());
    if is_other { other } else { found }
}

fn party(parties: Element<'_>, [party, ultimate, account]: [&str; 3]) -> Party {
    let name = |party: Element<'_>| {
        party
            .clean_at(&["Nm"])
            .or_else(|| party.clean_at(&["Pty", "Nm"]))
            .or_else(|| party.clean_at(&["Agt", "FinInstnId", "Nm"]))
    };
    let named = parties.child(party).and_then(name).or_else(|| parties.child(ultimate).and_then(name));
    let number = parties.descend(&[account, "Id"]).and_then(|id| {
        id.clean_at(&["IBAN"])
            .or_else(|| id.clean_at(&["Othr", "Id"]))
            .or_else(|| id.clean_at(&["PrtryAcct", "Id"]))
    });
    (named, number)
}

fn memo(element: Element<'_>) -> Option<String> {
    let mut memo = Joined::default();
    let pieces: Vec<&str> =
        element.all("RmtInf").flat_map(|part| part.all("Ustrd")).filter_map(Element::text).collect();
    match pieces.as_slice() {
        [_, _, ..] => memo.push(&glue(&pieces)),
        only => only.iter().for_each(|text| memo.push(text)),
    }
    for part in element.all("RmtInf").flat_map(|part| part.all("Strd")) {
        let creditor = part.child("CdtrRefInf");
        let reference = creditor.and_then(|own| own.text_at(&["Ref"]).or_else(|| own.text_at(&["CdtrRef"])));
        let documents = part.all("RfrdDocInf").filter_map(|document| document.text_at(&["Nb"]));
        let additional = part.all("AddtlRmtInf").filter_map(Element::text);
        reference.into_iter().chain(documents).chain(additional).for_each(|text| memo.push(text));
    }
    let returned = element.all("RtrInf").flat_map(|part| part.all("AddtlInf")).filter_map(Element::text);
    returned.chain(element.text_at(&["AddtlTxInf"])).for_each(|text| memo.push(text));
    memo.finish()
}

/// The pieces of one text: a full one goes on in the next, also where the bank cuts it into its own
/// narrower lines.
fn glue(pieces: &[&str]) -> String {
    let length = |piece: &str| piece.chars().count();
    let is_narrow = pieces.split_last().is_some_and(|(last, full)| {
        length(last) <= NARROW_CHARS
            && full.iter().all(|piece| (NARROW_CHARS - 1..=NARROW_CHARS).contains(&length(piece)))
    });
    let full = if is_narrow { NARROW_CHARS } else { USTRD_CHARS };
    let mut joined = String::new();
    for piece in pieces {
        // A text may have as many characters as a narrow line by chance; a new one shows by its capital,
        // which hardly stands inside of a word.
        let is_new =
            is_narrow && joined.ends_with(char::is_lowercase) && piece.starts_with(char::is_uppercase);
        if is_new {
            joined.push(' ');
        }
        joined.push_str(piece);
        if length(piece) < full {
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
}

impl Joined {
    fn push(&mut self, text: &str) {
        self.push_clean(clean(text));
    }

    fn push_clean(&mut self, text: String) {
        let before = self.text.strip_suffix(text.as_str());
        if text.is_empty() || before.is_some_and(|before| before.is_empty() || before.ends_with(' ')) {
            return;
        }
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.push(' ');
            self.text.push_str(&text);
        }
    }

    fn finish(self) -> Option<String> {
        Some(self.text).filter(|text| !text.is_empty())
    }
}
