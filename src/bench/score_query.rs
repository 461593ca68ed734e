//! What a matching run decided, read back for scoring.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{allocation, match_part, movement, obligation, statement_line};

/// A statement line as it stands after matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub account: AccountId,
    pub booked_on: BusinessDay,
    pub bank_reference: String,
    /// Minus is money out.
    pub amount: Dong,
    /// None: not posted.
    pub class: Option<String>,
    /// Whose money it became: (reference code, amount).
    pub parts: Vec<(String, Dong)>,
}

type LineRow = (LineId, AccountId, BusinessDay, Option<String>, Dong, Option<String>);

/// Every line with what became of it.
pub fn decided(conn: &mut Conn) -> Result<Vec<Decided>> {
    let mut parts = parts(conn)?;
    let lines: Vec<LineRow> = statement_line::table
        .select((
            statement_line::id,
            statement_line::account_id,
            statement_line::booking_date,
            statement_line::bank_reference,
            statement_line::amount,
            statement_line::class,
        ))
        .load(conn)
        .classify()?;
    Ok(lines
        .into_iter()
        .map(|(id, account, booked_on, bank_reference, amount, class)| Decided {
            account,
            booked_on,
            bank_reference: bank_reference.unwrap_or_default(),
            amount,
            class,
            parts: parts.remove(&id).unwrap_or_default().into_iter().collect(),
        })
        .collect())
}

/// The money of each line by reference code, over its movements and their payments.
fn parts(conn: &mut Conn) -> Result<HashMap<LineId, BTreeMap<String, Dong>>> {
    let codes: HashMap<ObligationId, String> = obligation::table
        .select((obligation::id, obligation::reference_code))
        .load::<(ObligationId, String)>(conn)
        .classify()?
        .into_iter()
        .collect();
    let mut placed: HashMap<PaymentId, Vec<(Option<ObligationId>, Dong)>> = HashMap::new();
    let moves: Vec<(PaymentId, String, String, Option<ObligationId>, Dong)> = allocation::table
        .select((
            allocation::payment_id,
            allocation::from_bucket,
            allocation::to_bucket,
            allocation::obligation_id,
            allocation::amount,
        ))
        .load(conn)
        .classify()?;
    for (payment, from, to, obligation, amount) in moves {
        let of = |bucket: &str| if bucket == "obligation" { obligation } else { None };
        let is_place = |bucket: &str| matches!(bucket, "obligation" | "surplus" | "other_unit");
        let placed = placed.entry(payment).or_default();
        placed.extend(is_place(&to).then(|| (of(&to), amount)));
        placed.extend(is_place(&from).then(|| (of(&from), Dong(-amount.0))));
    }
    let linked: Vec<(LineId, String, Option<PaymentId>)> = match_part::table
        .inner_join(
            movement::table
                .on(movement::unit_id.eq(match_part::unit_id).and(movement::id.eq(match_part::movement_id))),
        )
        .select((match_part::line_id, movement::code, movement::payment_id))
        .load(conn)
        .classify()?;
    let mut parts: HashMap<LineId, BTreeMap<String, Dong>> = HashMap::new();
    for (line, code, payment) in linked {
        for (obligation, amount) in payment.and_then(|payment| placed.get(&payment)).into_iter().flatten() {
            let owner = obligation.and_then(|id| codes.get(&id)).unwrap_or(&code);
            let sum = parts.entry(line).or_default().entry(owner.clone()).or_default();
            *sum = sum.checked_add(*amount)?;
        }
    }
    for by_code in parts.values_mut() {
        by_code.retain(|_, amount| !amount.is_zero());
    }
    Ok(parts)
}

/// What stands on each obligation, by its reference code.
pub fn allocated(conn: &mut Conn) -> Result<HashMap<String, Dong>> {
    let found: Vec<(String, Dong)> = obligation::table
        .select((obligation::reference_code, obligation::allocated))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().collect())
}
