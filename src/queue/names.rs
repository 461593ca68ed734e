//! Money that somebody else sent: allowed, and the receipt names the person who owes. It is noted
//! once, asks for nothing, and explains a later refund or complaint.

use super::{query, rules};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, New, Subject};
use crate::id::*;
use crate::party;
use crate::reconciliation;
use crate::statement;
use crate::store::{Conn, Lane, Stamp, Store};

/// Lines looked at of one account and look.
const LINE_LIMIT: i64 = 5_000;

/// Looks at the lines booked on these days, in all units. Returns how many are noted now.
pub fn look(store: &Store, stamp: &Stamp<'_>, from: BusinessDay, until: BusinessDay) -> Result<usize> {
    let accounts = store.read(&Scope::All, |conn| reconciliation::query::accounts(conn, None))?;
    let mut count = 0;
    for (unit, account) in accounts {
        let looked =
            store.read(&Scope::All, |conn| sent_by_others(conn, stamp, unit, account, (from, until)));
        match looked {
            Ok(items) if items.is_empty() => {}
            Ok(items) => {
                count += store.write(&Scope::All, Lane::Bulk, |tx| exception::note(tx, stamp, &items))?;
            }
            Err(error) => tracing::warn!(%unit, %error, "the senders of an account were not looked at"),
        }
    }
    Ok(count)
}

fn sent_by_others(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    days: (BusinessDay, BusinessDay),
) -> Result<Vec<New>> {
    let mut items = Vec::new();
    for named in query::paying_lines(conn, unit, account, days, LINE_LIMIT)? {
        let line = statement::line_query::line(conn, unit, LineId(named.line))?;
        let texts = statement::line_texts(conn, stamp.vault, unit, line.id, line.key, &line.memo_cipher)?;
        let Some(sender) = texts.counterparty_name else { continue };
        let party = (unit, PartyId(named.party));
        let payer = party::load(conn, stamp.vault, &[party])?.remove(&party).and_then(|payer| payer.name);
        if payer.is_some_and(|payer| rules::is_another_person(&sender, &payer)) {
            items.push(New {
                unit,
                kind: Kind::PaidForAnother,
                subject: Subject::Payment(PaymentId(named.payment)),
                account: Some(account),
                amount: Dong(named.amount),
                opened_on: BusinessDay(named.booked_on),
                detail: Detail::OtherName { line: line.id }.into(),
            });
        }
    }
    Ok(items)
}
