//! Whether a refund goes back to the account its money came from: what the second person looks at
//! first. A statement that shows no sender says nothing.

use super::{Payee, Refund};
use crate::error::Result;
use crate::id::{LineId, PaymentId, UnitId};
use crate::payment::line_query;
use crate::payment::payment_query;
use crate::statement;
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::text;

/// None when no line of the payment names an account.
pub fn is_sender(conn: &mut Conn, vault: &Vault, refund: &Refund, payee: &Payee) -> Result<Option<bool>> {
    sent_from(conn, vault, refund.unit, refund.payment, payee)
}

/// The same for a payment whose refund is only asked for.
pub fn sent_from(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    payment: PaymentId,
    payee: &Payee,
) -> Result<Option<bool>> {
    let sender = of_payment(conn, vault, unit, payment)?;
    Ok(sender.map(|sender| text::squash(&sender.account_no) == text::squash(&payee.account_no)))
}

/// The account that a payment's money came from, as a line shows it.
pub struct Sender {
    pub line: LineId,
    pub account_no: String,
    pub name: Option<String>,
}

/// None when no line of the payment names an account.
pub fn of_payment(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    payment: PaymentId,
) -> Result<Option<Sender>> {
    let Some(payment) = payment_query::payments(conn, &[(unit, payment)])?.pop() else { return Ok(None) };
    let Some(movement) = payment.movement else { return Ok(None) };
    let lines = line_query::lines_of_movements(conn, &[(unit, movement)])?;
    let mut found = None;
    for id in lines.into_iter().map(|(_, _, line): (_, _, LineId)| line) {
        let line = statement::line_query::line(conn, unit, id)?;
        let texts = statement::line_texts(conn, vault, unit, id, line.key, &line.memo_cipher)?;
        let name = texts.counterparty_name;
        found = texts.counterparty_account.map(|account_no| Sender { line: id, account_no, name }).or(found);
    }
    Ok(found)
}
