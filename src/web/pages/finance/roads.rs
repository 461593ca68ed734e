//! Where an item of the queue is ended, when that is done on another page.

use crate::actor::Role;
use crate::error::Result;
use crate::exception::{Exception, State};
use crate::id::{ObligationId, PaymentId};
use crate::obligation;
use crate::payment::payment_query;
use crate::payment::refund::{self, rules};
use crate::store::Conn;
use crate::web::pages::wording::Lang;

/// A link that leads on.
pub(super) struct Road {
    pub href: String,
    pub words: String,
}

/// The pages where a role goes on with an item: the refund of its surplus, the sign-off of its shift, the
/// page its payer sees.
pub(super) fn of(conn: &mut Conn, lang: Lang, role: Role, item: &Exception) -> Result<Vec<Road>> {
    match item.subject_kind.as_str() {
        "payment" => of_payment(conn, lang, role, item),
        "obligation" => {
            let owed = obligation::find(conn, item.unit, ObligationId(item.subject_id))?;
            Ok(vec![payers(lang, &owed)])
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
        roads.push(payers(lang, &obligation::find(conn, item.unit, obligation)?));
    }
    Ok(roads)
}

fn payers(lang: Lang, owed: &obligation::Obligation) -> Road {
    Road { href: format!("/p/{}", owed.reference_code), words: lang.t("road_payer").to_owned() }
}
