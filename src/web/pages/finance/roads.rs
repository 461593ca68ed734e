//! Where an item of the queue is ended, when that is done on another page.

use crate::actor::Role;
use crate::error::Result;
use crate::exception::{self, Exception, State, work_query};
use crate::id::{
    AccountId, BatchId, ExceptionId, LineId, ObligationId, PaymentId, RefundId, RemittanceId, SettlementId,
};
use crate::obligation;
use crate::payment::payment_query;
use crate::payment::refund::{self, rules};
use crate::receipt;
use crate::store::Conn;
use crate::web::pages::wording::Lang;

/// A link that leads on.
pub(super) struct Road {
    pub href: String,
    pub words: String,
}

impl Road {
    /// What the payer sees, and a correction, which asks for something new: neither ends the item.
    pub fn leaves_it_open(&self) -> bool {
        self.href.starts_with("/p/") || self.href.ends_with("/correct")
    }
}

/// The pages where a role goes on with an item: the refund of its surplus, the sign-off of its shift, the
/// page its payer sees.
pub(super) fn of(conn: &mut Conn, lang: Lang, role: Role, item: &Exception) -> Result<Vec<Road>> {
    match item.subject_kind.as_str() {
        "payment" => of_payment(conn, lang, role, item),
        "obligation" => {
            let owed = obligation::find(conn, item.unit, ObligationId(item.subject_id))?;
            let mut roads = vec![payers(lang, &owed)];
            roads.extend(correcting(conn, lang, role, &owed)?);
            Ok(roads)
        }
        "shift" if item.state != State::Resolved => {
            Ok(vec![Road { href: "/duties".to_owned(), words: lang.t("way_duties").to_owned() }])
        }
        _ => Ok(Vec::new()),
    }
}

fn of_payment(conn: &mut Conn, lang: Lang, role: Role, item: &Exception) -> Result<Vec<Road>> {
    let key = (item.unit, PaymentId(item.subject_id));
    let Some(payment) = payment_query::payments(conn, &[key])?.pop() else { return Ok(Vec::new()) };
    let refunds = refund::query::of_payments(conn, &[key])?;
    let mut roads = Vec::new();
    let free = rules::free(&payment, &refunds)?;
    if role == Role::Finance && free.is_positive() {
        let href = format!("/finance/refund-start?payment={}&amount={}", payment.id, free.0);
        roads.push(Road { href, words: lang.t("refund_start").to_owned() });
    }
    for refund in refunds {
        let words = format!("{}: {}", lang.t("way_refunds"), refund.amount);
        roads.push(Road { href: format!("/finance/refunds/{}", refund.id), words });
    }
    if let Some(obligation) = payment.obligation {
        let owed = obligation::find(conn, item.unit, obligation)?;
        roads.push(payers(lang, &owed));
        roads.extend(correcting(conn, lang, role, &owed)?);
    }
    Ok(roads)
}

/// Finance asks for a correction of the documents that an obligation has.
fn correcting(
    conn: &mut Conn,
    lang: Lang,
    role: Role,
    owed: &obligation::Obligation,
) -> Result<Option<Road>> {
    if role != Role::Finance || receipt::query::of_obligation(conn, owed.unit, owed.id)?.is_empty() {
        return Ok(None);
    }
    let href = format!("/counter/obligations/{}/correct", owed.id);
    Ok(Some(Road { href, words: lang.t("correct_ask").to_owned() }))
}

fn payers(lang: Lang, owed: &obligation::Obligation) -> Road {
    Road { href: format!("/p/{}", owed.reference_code), words: lang.t("road_payer").to_owned() }
}

/// The page of a thing that a list names by its id, for a role that may open it.
pub(super) fn of_id(role: Role, id: &str) -> Option<String> {
    let under = |folder: &str| Some(format!("/finance/{folder}/{id}"));
    match id.get(..4)? {
        ExceptionId::PREFIX => under("exceptions"),
        LineId::PREFIX => under("lines"),
        RefundId::PREFIX if role != Role::Administrator => under("refunds"),
        RemittanceId::PREFIX => under("remittances"),
        AccountId::PREFIX => under("days"),
        BatchId::PREFIX => under("batches"),
        SettlementId::PREFIX => under("settlements"),
        _ => None,
    }
}

/// The documents of the obligation that a settled item was about: look-up code and name.
pub(super) fn receipts(conn: &mut Conn, item: &Exception) -> Result<Vec<(String, String)>> {
    if item.state != State::Resolved {
        return Ok(Vec::new());
    }
    let subject = item.subject_id;
    let obligation = match item.subject_kind.as_str() {
        "obligation" => Some(ObligationId(subject)),
        "payment" => {
            let payment = payment_query::payments(conn, &[(item.unit, PaymentId(subject))])?.pop();
            payment.and_then(|payment| payment.obligation)
        }
        _ => {
            let proposal = work_query::last_proposal(conn, item.unit, item.id)?;
            let is_assigned = |resolution: &str| matches!(resolution, "assign" | exception::COMBINE);
            let assigned = proposal.filter(|proposal| is_assigned(&proposal.resolution));
            assigned.and_then(|proposal| proposal.target).map(ObligationId)
        }
    };
    let Some(obligation) = obligation else { return Ok(Vec::new()) };
    let documents = receipt::query::of_obligation(conn, item.unit, obligation)?;
    Ok(documents.into_iter().map(|one| (one.lookup_code.clone(), one.name())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_its_page_where_the_role_may_open_it() {
        assert_eq!(of_id(Role::Auditor, "exc_1").as_deref(), Some("/finance/exceptions/exc_1"));
        assert_eq!(of_id(Role::Administrator, &format!("{}1", RefundId::PREFIX)), None);
        let line = format!("{}1", LineId::PREFIX);
        assert_eq!(of_id(Role::Auditor, &line), Some(format!("/finance/lines/{line}")));
        assert_eq!(of_id(Role::Finance, "đã nộp"), None);
        assert_eq!(of_id(Role::Finance, "x"), None);
    }
}
