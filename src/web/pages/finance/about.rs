//! What an item of the queue is about, in words that a person recognises: the dossier and its payer, the
//! money and its day, the documents. Ids stand beside them for programs and the trail.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::exception::{self, Exception};
use crate::id::{
    BatchId, ExceptionId, LineId, MovementId, ObligationId, PaymentId, ReceiptId, SettlementId, UnitId,
};
use crate::obligation::Obligation;
use crate::payment::{gateway, movement_query, payment_query, pos};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::web::pages::listing::day;
use crate::web::pages::wording::Lang;
use crate::{obligation, party, receipt, statement};

/// Letters and digits of an id behind its prefix.
const ID_LENGTH: usize = 17;

/// One fact, with where it is seen whole.
pub(super) struct Fact {
    pub label: &'static str,
    pub text: String,
    pub href: Option<String>,
}

impl Fact {
    fn new(lang: Lang, key: &'static str, text: impl Into<String>) -> Fact {
        Fact { label: lang.t(key), text: text.into(), href: None }
    }
}

/// The facts of an item's obligation and payment; the payer where the vault is given.
pub(super) fn facts(
    conn: &mut Conn,
    vault: Option<&Vault>,
    lang: Lang,
    item: &Exception,
) -> Result<Vec<Fact>> {
    let mut found = Vec::new();
    found.extend(paper(conn, lang, item)?);
    let mut owed = match item.subject_kind.as_str() {
        "obligation" => vec![ObligationId(item.subject_id)],
        _ => Vec::new(),
    };
    if let Some(payment) = payment_of(conn, item)? {
        let paid = payment_query::payments(conn, &[(item.unit, payment)])?;
        for one in paid {
            found.push(Fact::new(
                lang,
                "about_payment",
                format!("{} · {} · {}", one.amount, day(one.accounting_date), one.channel),
            ));
            owed.extend(one.obligation);
        }
        owed.extend(payment_query::allocated_to(conn, item.unit, payment)?.into_iter().map(|(id, _)| id));
    }
    owed.sort_unstable();
    owed.dedup();
    for id in owed {
        of_obligation(conn, vault, lang, (item.unit, id), &mut found)?;
    }
    Ok(found)
}

/// The batch or the settlement report that an item is about, with its page.
fn paper(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<Option<Fact>> {
    let (words, href) = match item.subject_kind.as_str() {
        "batch" => {
            let one = pos::find(conn, item.unit, BatchId(item.subject_id))?;
            (
                format!("{} · {} · {}", one.reference, day(one.settled_on), one.net),
                format!("/finance/batches/{}", one.id),
            )
        }
        "settlement" => {
            let one = gateway::find(conn, item.unit, SettlementId(item.subject_id))?;
            (
                format!("{} · {} · {}", one.reference, day(one.settled_on), one.net),
                format!("/finance/settlements/{}", one.id),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Fact { href: Some(href), ..Fact::new(lang, "about_paper", words) }))
}

fn payment_of(conn: &mut Conn, item: &Exception) -> Result<Option<PaymentId>> {
    match item.subject_kind.as_str() {
        "payment" => Ok(Some(PaymentId(item.subject_id))),
        "movement" => {
            let key = (item.unit, MovementId(item.subject_id));
            Ok(movement_query::movements(conn, &[key])?.pop().and_then(|movement| movement.payment))
        }
        _ => Ok(None),
    }
}

fn of_obligation(
    conn: &mut Conn,
    vault: Option<&Vault>,
    lang: Lang,
    (unit, id): (UnitId, ObligationId),
    found: &mut Vec<Fact>,
) -> Result<()> {
    let owed = obligation::find(conn, unit, id)?;
    found.push(Fact::new(lang, "dossier", format!("{} · {}", owed.dossier_code, owed.reference_code)));
    if let Some(vault) = vault {
        let payers = party::load(conn, vault, &[(unit, owed.party)])?;
        let name = payers.into_values().find_map(|payer| payer.name);
        found.extend(name.map(|name| Fact::new(lang, "payer", name)));
    }
    let sums = lang.with("about_due", owed.total).replacen("{}", &owed.allocated.to_string(), 1);
    found.push(Fact::new(lang, "about_owed", sums));
    for one in receipt::query::of_obligation(conn, unit, id)? {
        let href = Some(format!("/r/{}", one.lookup_code));
        found.push(Fact { href, ..Fact::new(lang, "about_document", one.name()) });
    }
    Ok(())
}

/// A text in which the ids of the unit's obligations, payments and lines are told in words.
pub fn named(conn: &mut Conn, lang: Lang, unit: UnitId, text: &str) -> Result<String> {
    let mut words = BTreeMap::new();
    for id in ids(text) {
        if let Some(word) = word(conn, lang, unit, id)? {
            words.insert(id, word);
        }
    }
    Ok(words.iter().fold(text.to_owned(), |text, (id, word)| text.replace(id, word)))
}

/// What looks like an id.
fn ids(text: &str) -> Vec<&str> {
    let parts = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let is_id = |part: &&str| part.len() == ID_LENGTH && part.as_bytes().get(3) == Some(&b'_');
    let mut found: Vec<&str> = parts.filter(is_id).collect();
    found.dedup();
    found
}

fn word(conn: &mut Conn, lang: Lang, unit: UnitId, id: &str) -> Result<Option<String>> {
    if let Ok(obligation) = id.parse::<ObligationId>() {
        let owed = obligation::query::by_ids(conn, &[(unit, obligation)])?.pop();
        return Ok(owed.map(|owed| of_dossier(lang, &owed)));
    }
    if let Ok(payment) = id.parse::<PaymentId>() {
        let paid = payment_query::payments(conn, &[(unit, payment)])?.pop();
        return Ok(paid.map(|paid| sum_and_day(lang, "about_sum", paid.amount, &day(paid.accounting_date))));
    }
    if let Ok(document) = id.parse::<ReceiptId>() {
        let found = receipt::query::by_id(conn, unit, document)?;
        return Ok(found.map(|found| found.name()));
    }
    if let Ok(item) = id.parse::<ExceptionId>() {
        let found = exception::find(conn, unit, item).ok();
        let title = |item: Exception| lang.pick(item.title_vi(), item.title_en());
        return Ok(found.map(|item| (item.amount, item)).map(|(sum, item)| format!("{} {sum}", title(item))));
    }
    if let Ok(line) = id.parse::<LineId>() {
        let line = statement::line_query::line(conn, unit, line).ok();
        return Ok(line.map(|line| sum_and_day(lang, "about_line", line.amount, &day(line.booking_date))));
    }
    Ok(None)
}

fn of_dossier(lang: Lang, owed: &Obligation) -> String {
    lang.with("about_dossier", &owed.dossier_code)
}

fn sum_and_day(lang: Lang, key: &'static str, amount: crate::amount::Dong, on: &str) -> String {
    lang.with(key, amount).replacen("{}", on, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_between_other_words() {
        let id = ObligationId(7).to_string();
        assert_eq!(id.len(), ID_LENGTH);
        assert_eq!(ids(&format!("gợi ý {id} (80): mã HNPH7K2MQ4X97, {id}")), [id.as_str()], "each once");
        assert!(ids("mã trong nội dung lệch một ký tự").is_empty());
    }
}
