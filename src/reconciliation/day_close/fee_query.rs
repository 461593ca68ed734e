//! The fees that lines have proven, and what earlier days shared of them.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::share::{Fee, Sums};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, ObligationId, PaymentId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};

#[derive(QueryableByName)]
struct Recognised {
    #[diesel(sql_type = BigInt)]
    obligation_id: i64,
    #[diesel(sql_type = Date)]
    date: BusinessDay,
}

/// Obligations whose fees were recognised from `from` on: (obligation, last accounting date).
pub fn recognised_since(
    conn: &mut Conn,
    unit: UnitId,
    from: BusinessDay,
) -> Result<HashMap<ObligationId, BusinessDay>> {
    let found: Vec<Recognised> = diesel::sql_query(
        "SELECT r.obligation_id, MAX(p.accounting_date) AS date FROM posting p JOIN receipt r \
         ON r.unit_id = p.unit_id AND r.id = p.source_id WHERE p.unit_id = $1 AND p.accounting_date >= $2 \
         AND p.source_kind = 'receipt' AND p.credit_account LIKE 'fees_collected/%' GROUP BY r.obligation_id",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(from)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| (ObligationId(row.obligation_id), row.date)).collect())
}

#[derive(QueryableByName)]
struct Candidate {
    #[diesel(sql_type = BigInt)]
    obligation_id: i64,
}

/// Obligations with money that lines of the account showed in these days.
pub fn shown_between(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Vec<ObligationId>> {
    let found: Vec<Candidate> = diesel::sql_query(
        "SELECT DISTINCT a.obligation_id FROM statement_line l \
         JOIN match_part p ON p.unit_id = l.unit_id AND p.line_id = l.id \
         JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         JOIN allocation a ON a.unit_id = m.unit_id AND a.payment_id = m.payment_id \
         WHERE l.unit_id = $1 AND l.account_id = $2 AND l.booking_date >= $3 AND l.booking_date <= $4 \
         AND p.undoes_id IS NULL AND a.obligation_id IS NOT NULL",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .load(conn)
    .classify()?;
    Ok(found.into_iter().map(|row| ObligationId(row.obligation_id)).collect())
}

/// A payment of which a part stands on an obligation.
#[derive(Clone, Debug)]
pub struct Standing {
    pub obligation: ObligationId,
    pub payment: PaymentId,
}

/// Payments on paid obligations, net of what was taken away again.
pub fn standings(conn: &mut Conn, unit: UnitId, obligations: &[ObligationId]) -> Result<Vec<Standing>> {
    let found: Vec<(ObligationId, PaymentId, String, Dong)> = rows::fetch::<(BigInt, BigInt, Text, BigInt), _>(
        conn,
        "SELECT t.obligation_id, t.payment_id, t.to_bucket, t.amount FROM allocation t JOIN obligation o \
         ON o.unit_id = t.unit_id AND o.id = t.obligation_id AND o.state = 'paid'",
        &[
            ("unit_id", Column::of(obligations.iter().map(|_| unit))),
            ("obligation_id", Column::of(obligations.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    let mut sums: BTreeMap<(ObligationId, PaymentId), i64> = BTreeMap::new();
    for (obligation, payment, to, amount) in found {
        let signed = if to == "obligation" { amount.0 } else { -amount.0 };
        let sum = sums.entry((obligation, payment)).or_default();
        *sum = sum.saturating_add(signed);
    }
    Ok(sums
        .into_iter()
        .filter(|(_, amount)| *amount > 0)
        .map(|((obligation, payment), _)| Standing { obligation, payment })
        .collect())
}

/// Where and when each payment was shown whole: (payment, account, last booking day). A payment
/// that lines have not shown in full is left out.
pub fn shown_whole(
    conn: &mut Conn,
    unit: UnitId,
    payments: &[PaymentId],
) -> Result<HashMap<PaymentId, (BusinessDay, AccountId)>> {
    let found: Vec<(PaymentId, BusinessDay, AccountId)> = rows::fetch::<(BigInt, Date, BigInt), _>(
        conn,
        "SELECT t.id, l.booking_date, l.account_id FROM payment t \
         JOIN movement m ON m.unit_id = t.unit_id AND m.id = t.movement_id AND m.proven >= m.amount \
         JOIN match_part p ON p.unit_id = m.unit_id AND p.movement_id = m.id AND p.undoes_id IS NULL \
         JOIN statement_line l ON l.unit_id = p.unit_id AND l.id = p.line_id",
        &[
            ("unit_id", Column::of(payments.iter().map(|_| unit))),
            ("id", Column::of(payments.iter().copied())),
        ],
        "AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = p.unit_id AND u.undoes_id = p.id)",
        Lock::None,
    )?;
    let mut last: HashMap<PaymentId, (BusinessDay, AccountId)> = HashMap::new();
    for (payment, date, account) in found {
        let entry = last.entry(payment).or_insert((date, account));
        *entry = (*entry).max((date, account));
    }
    Ok(last)
}

/// The fee lines of obligations, and whether their document was made: (obligation, has it, fee).
pub fn fees(
    conn: &mut Conn,
    unit: UnitId,
    obligations: &[ObligationId],
) -> Result<Vec<(ObligationId, bool, Fee)>> {
    type Parts = (ObligationId, (String, String, String, Option<String>, Option<String>, i32, Dong), bool);
    type Sql = (
        BigInt,
        (Text, Text, Text, Nullable<Text>, Nullable<Text>, Integer, BigInt),
        diesel::sql_types::Bool,
    );
    let found: Vec<Parts> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.obligation_id, t.item_code, t.kind, t.document_kind, t.chapter, t.sub_item, t.kept_share_bp, \
         t.amount, EXISTS (SELECT 1 FROM receipt r WHERE r.unit_id = t.unit_id AND r.obligation_id = t.obligation_id \
         AND r.state <> 'cancelled' AND (r.document_kind = t.document_kind OR (t.document_kind = 'invoice' \
         AND r.document_kind = 'invoice_sales') OR (t.document_kind = 'receipt' AND t.kind IN ('phi', 'le_phi') \
         AND r.document_kind = 'receipt_' || t.kind))) FROM obligation_line t",
        &[
            ("unit_id", Column::of(obligations.iter().map(|_| unit))),
            ("obligation_id", Column::of(obligations.iter().copied())),
        ],
        "AND t.amount > 0 AND t.kind <> 'pass_through'",
        Lock::None,
    )?;
    Ok(found
        .into_iter()
        .map(
            |(
                obligation,
                (item_code, kind, document_kind, chapter, sub_item, kept_share_bp, amount),
                has,
            )| {
                (
                    obligation,
                    has,
                    Fee { item_code, kind, document_kind, chapter, sub_item, kept_share_bp, amount },
                )
            },
        )
        .collect())
}

#[derive(QueryableByName)]
struct PostedSum {
    #[diesel(sql_type = Text)]
    debit_account: String,
    #[diesel(sql_type = Text)]
    credit_account: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// What the day closes of the account shared in these days, net.
pub fn shared_between(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<Sums> {
    let found: Vec<PostedSum> = diesel::sql_query(
        "SELECT p.debit_account, p.credit_account, CAST(SUM(p.amount) AS BIGINT) AS amount FROM day_certificate c \
         JOIN posting p ON p.unit_id = c.unit_id AND p.accounting_date = c.date AND p.source_kind = 'day' \
         AND p.source_id = c.id WHERE c.unit_id = $1 AND c.account_id = $2 AND c.date >= $3 AND c.date <= $4 \
         GROUP BY p.debit_account, p.credit_account",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .load(conn)
    .classify()?;
    let mut sums = Sums::new();
    for row in found {
        let is_reversed =
            row.debit_account.starts_with("budget_due") || row.debit_account.starts_with("share_kept");
        let (key, amount) = if is_reversed {
            ((row.credit_account, row.debit_account), -row.amount)
        } else {
            ((row.debit_account, row.credit_account), row.amount)
        };
        let sum = sums.entry(key).or_default();
        *sum = sum.checked_add(Dong(amount))?;
    }
    Ok(sums)
}
