//! The fees that lines have proven, and what earlier days shared of them.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::share::{Fee, Sums};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, MovementId, ObligationId, PaymentId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};

#[derive(QueryableByName)]
struct RecognisedRow {
    #[diesel(sql_type = BigInt)]
    obligation_id: i64,
    #[diesel(sql_type = Text)]
    document_kind: String,
    #[diesel(sql_type = Date)]
    date: BusinessDay,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = Text)]
    debit_account: String,
    #[diesel(sql_type = Text)]
    credit_account: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// A posting on an obligation's fees: a receipt made, corrected or cancelled.
#[derive(Clone, Debug)]
pub struct Recognised {
    pub obligation: ObligationId,
    pub document_kind: String,
    pub item_code: String,
    /// The accounting date.
    pub date: BusinessDay,
    pub created_at: Instant,
    /// Minus is given back.
    pub amount: Dong,
}

/// What receipts posted on fees from `from` on. One that moves money between fees counts twice.
pub fn recognised_since(conn: &mut Conn, unit: UnitId, from: BusinessDay) -> Result<Vec<Recognised>> {
    let found: Vec<RecognisedRow> = diesel::sql_query(
        "SELECT r.obligation_id, r.document_kind, p.accounting_date AS date, p.created_at, p.debit_account, \
         p.credit_account, p.amount FROM posting p JOIN receipt r ON r.unit_id = p.unit_id AND r.id = p.source_id \
         WHERE p.unit_id = $1 AND p.accounting_date >= $2 AND p.source_kind = 'receipt' \
         AND (p.credit_account LIKE 'fees_collected/%' OR p.debit_account LIKE 'fees_collected/%') ORDER BY p.id",
    )
    .bind::<BigInt, _>(unit)
    .bind::<Date, _>(from)
    .load(conn)
    .classify()?;
    let mut recognised = Vec::with_capacity(found.len());
    for row in found {
        for (account, amount) in [(&row.credit_account, row.amount), (&row.debit_account, -row.amount)] {
            let Some(item_code) = account.strip_prefix("fees_collected/") else { continue };
            recognised.push(Recognised {
                obligation: ObligationId(row.obligation_id),
                document_kind: row.document_kind.clone(),
                item_code: item_code.to_owned(),
                date: row.date,
                created_at: Instant(row.created_at),
                amount: Dong(amount),
            });
        }
    }
    Ok(recognised)
}

#[derive(QueryableByName)]
struct ShownRow {
    #[diesel(sql_type = BigInt)]
    obligation_id: i64,
    #[diesel(sql_type = BigInt)]
    movement_id: i64,
    #[diesel(sql_type = BigInt)]
    match_id: i64,
    #[diesel(sql_type = Date)]
    date: BusinessDay,
    #[diesel(sql_type = BigInt)]
    part: i64,
    #[diesel(sql_type = BigInt)]
    whole: i64,
    #[diesel(sql_type = BigInt)]
    proven: i64,
    #[diesel(sql_type = BigInt)]
    undone: i64,
}

/// What lines of an account showed in some days.
pub struct ShownBetween {
    /// The obligations on which the shown money came to stand.
    pub obligations: Vec<ObligationId>,
    /// The movements that these lines alone show whole, with the last day of it. Others may be shown by lines
    /// of other days too: see [`shown_whole`].
    pub whole: HashMap<MovementId, BusinessDay>,
}

/// Obligations with money that lines of the account showed in these days, and what of it they show whole.
pub fn shown_between(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    first: BusinessDay,
    last: BusinessDay,
) -> Result<ShownBetween> {
    let found: Vec<ShownRow> = diesel::sql_query(
        "SELECT a.obligation_id, m.id AS movement_id, p.id AS match_id, l.booking_date AS date, \
         p.amount AS part, m.amount AS whole, m.proven, (SELECT CAST(COUNT(*) AS BIGINT) FROM match_part u \
         WHERE u.unit_id = p.unit_id AND u.undoes_id = p.id) AS undone FROM statement_line l \
         CROSS JOIN match_part p CROSS JOIN movement m CROSS JOIN allocation a \
         WHERE l.unit_id = $1 AND l.account_id = $2 AND l.booking_date >= $3 AND l.booking_date <= $4 \
         AND p.unit_id = l.unit_id AND p.line_id = l.id AND m.unit_id = p.unit_id AND m.id = p.movement_id \
         AND a.unit_id = m.unit_id AND a.payment_id = m.payment_id \
         AND +p.undoes_id IS NULL AND +a.obligation_id IS NOT NULL",
    )
    .bind::<BigInt, _>(unit)
    .bind::<BigInt, _>(account)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .load(conn)
    .classify()?;
    let mut shown = ShownBetween { obligations: Vec::with_capacity(found.len()), whole: HashMap::new() };
    // The money of a movement stands on several obligations, or moved from one to another: each part of it
    // counts once.
    let mut parts: HashSet<i64> = HashSet::with_capacity(found.len());
    let mut sums: HashMap<MovementId, (Dong, Dong, BusinessDay)> = HashMap::with_capacity(found.len());
    for row in found {
        shown.obligations.push(ObligationId(row.obligation_id));
        if row.undone == 0 && row.proven >= row.whole && parts.insert(row.match_id) {
            let fresh = (Dong::ZERO, Dong(row.whole), row.date);
            let sum = sums.entry(MovementId(row.movement_id)).or_insert(fresh);
            *sum = (sum.0.checked_add(Dong(row.part))?, sum.1, sum.2.max(row.date));
        }
    }
    let is_whole = |(movement, (sum, whole, day))| (sum == whole).then_some((movement, day));
    shown.whole = sums.into_iter().filter_map(is_whole).collect();
    Ok(shown)
}

/// A move of a payment's money to an obligation, or away from it.
#[derive(Clone, Debug)]
pub struct Standing {
    pub obligation: ObligationId,
    pub payment: PaymentId,
    /// The movement that brought the payment; none for cash and cards.
    pub movement: Option<MovementId>,
    /// Minus is away from it.
    pub amount: Dong,
    pub at: Instant,
    /// The accounting date of the payment: no fee of the obligation is posted before the first.
    pub date: BusinessDay,
}

/// Every such move of the obligations, oldest first.
pub fn standings(conn: &mut Conn, unit: UnitId, obligations: &[ObligationId]) -> Result<Vec<Standing>> {
    type Parts = (i64, ObligationId, PaymentId, Option<MovementId>, String, Dong, Instant, BusinessDay);
    type Sql = (BigInt, BigInt, BigInt, Nullable<BigInt>, Text, BigInt, BigInt, Date);
    let mut found: Vec<Parts> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.id, t.obligation_id, t.payment_id, y.movement_id, t.to_bucket, t.amount, t.created_at, \
         y.accounting_date FROM allocation t JOIN payment y ON y.unit_id = t.unit_id AND y.id = t.payment_id",
        &[
            ("unit_id", Column::of(obligations.iter().map(|_| unit))),
            ("obligation_id", Column::of(obligations.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    found.sort_by_key(|row| row.0);
    Ok(found
        .into_iter()
        .map(|(_, obligation, payment, movement, to, amount, at, date)| Standing {
            obligation,
            payment,
            movement,
            amount: if to == "obligation" { amount } else { Dong(-amount.0) },
            at,
            date,
        })
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
         JOIN match_part p ON p.unit_id = m.unit_id AND p.movement_id = m.id AND +p.undoes_id IS NULL \
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

/// The fee lines of obligations in every edition, the newest last: (obligation, is in force and paid, fee). Where a
/// correction asks for more its lines are in force though they are not paid yet. They tell what an item is; amounts in
/// force count only where no document is made.
pub fn fees(
    conn: &mut Conn,
    unit: UnitId,
    obligations: &[ObligationId],
) -> Result<Vec<(ObligationId, bool, Fee)>> {
    type Parts =
        (ObligationId, i32, (String, String, String, Option<String>, Option<String>, i32, Dong), bool);
    type Sql = (
        BigInt,
        Integer,
        (Text, Text, Text, Nullable<Text>, Nullable<Text>, Integer, BigInt),
        diesel::sql_types::Bool,
    );
    let mut found: Vec<Parts> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.obligation_id, t.line_no, t.item_code, t.kind, t.document_kind, t.chapter, t.sub_item, \
         t.kept_share_bp, t.amount, (o.line_edition = t.edition AND (o.state = 'paid' OR (t.edition > 0 AND EXISTS (SELECT 1 \
         FROM awaited_document a WHERE a.unit_id = o.unit_id AND a.obligation_id = o.id AND a.state = 'waiting')))) FROM obligation_line t \
         JOIN obligation o ON o.unit_id = t.unit_id AND o.id = t.obligation_id",
        &[
            ("unit_id", Column::of(obligations.iter().map(|_| unit))),
            ("obligation_id", Column::of(obligations.iter().copied())),
        ],
        "AND t.kind <> 'pass_through'",
        Lock::None,
    )?;
    // Numbers go on from edition to edition. The last line of an item says what it is.
    found.sort_by_key(|(obligation, line_no, ..)| (*obligation, *line_no));
    let fee = |(item_code, kind, document_kind, chapter, sub_item, kept_share_bp, amount)| Fee {
        item_code,
        kind,
        document_kind,
        chapter,
        sub_item,
        kept_share_bp,
        amount,
    };
    Ok(found.into_iter().map(|(obligation, _, parts, is_paid)| (obligation, is_paid, fee(parts))).collect())
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
         CROSS JOIN posting p WHERE c.unit_id = $1 AND c.account_id = $2 AND c.date >= $3 AND c.date <= $4 \
         AND p.unit_id = c.unit_id AND p.source_kind = 'day' AND p.source_id = c.id \
         AND p.accounting_date = c.date \
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
        // What the Treasury has to give back was taken from the budget's part too.
        let debit = match row.debit_account.strip_prefix("budget_refund_due/") {
            Some(sub_item) => format!("budget_due/{sub_item}"),
            None => row.debit_account,
        };
        let is_reversed = debit.starts_with("budget_due") || debit.starts_with("share_kept");
        let (key, amount) = if is_reversed {
            ((row.credit_account, debit), -row.amount)
        } else {
            ((debit, row.credit_account), row.amount)
        };
        let sum = sums.entry(key).or_default();
        *sum = sum.checked_add(Dong(amount))?;
    }
    Ok(sums)
}
