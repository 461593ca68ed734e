//! The SQL of money that the bank took back under a document.

use diesel::sql_types::BigInt;

use crate::error::Result;
use crate::id::{AccountId, ObligationId, PartyId, PaymentId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

/// The payments on these obligations whose movement was reversed, or whose card was charged back, and that were not
/// reversed with it.
pub fn taken_back(
    conn: &mut Conn,
    obligations: &[(UnitId, ObligationId)],
) -> Result<Vec<(UnitId, ObligationId, PaymentId)>> {
    rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.obligation_id, t.payment_id FROM allocation t",
        &[
            ("unit_id", Column::of(obligations.iter().map(|(unit, _)| *unit))),
            ("obligation_id", Column::of(obligations.iter().map(|(_, id)| *id))),
        ],
        "AND EXISTS (SELECT 1 FROM payment p LEFT JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         WHERE p.unit_id = t.unit_id AND p.id = t.payment_id AND p.state <> 'reversed' AND (m.state = 'reversed' \
         OR EXISTS (SELECT 1 FROM pos_match x JOIN pos_batch b ON b.unit_id = x.unit_id AND b.id = x.batch_id \
         AND b.revision = x.revision WHERE x.unit_id = p.unit_id AND x.payment_id = p.id \
         AND x.kind = 'chargeback')))",
        Lock::None,
    )
}

/// From what took money back to the obligations that are paid with the rest of it.
const PAID_WITH: &str = "CROSS JOIN payment p CROSS JOIN allocation a CROSS JOIN obligation o";
const STANDING_ON_IT: &str = "AND p.unit_id = t.unit_id AND p.id = t.payment_id AND p.state <> 'reversed' \
     AND a.unit_id = p.unit_id AND a.payment_id = p.id AND o.unit_id = a.unit_id AND o.id = a.obligation_id \
     AND o.state = 'paid'";

/// The paid obligations of a unit under which the bank took money back, with their payers. Walks what was
/// reversed, which is little: the tables are read in the order in which they are named, since SQLite knows nothing of
/// how much was reversed and went through everything a unit ever took.
pub fn all_taken_back(
    conn: &mut Conn,
    unit: UnitId,
    accounts: &[AccountId],
) -> Result<Vec<(UnitId, ObligationId, PartyId)>> {
    let mut found: Vec<(UnitId, ObligationId, PartyId)> = rows::fetch::<(BigInt, BigInt, BigInt), _>(
        conn,
        &format!("SELECT o.unit_id, o.id, o.party_id FROM movement t {PAID_WITH}"),
        &[
            ("unit_id", Column::of(accounts.iter().map(|_| unit))),
            ("account_id", Column::of(accounts.iter().copied())),
            ("state", Column::of(accounts.iter().map(|_| "reversed"))),
        ],
        STANDING_ON_IT,
        Lock::None,
    )?;
    // A card payment has no movement: the acquirer's batch took it back.
    found.extend(rows::fetch::<(BigInt, BigInt, BigInt), (UnitId, ObligationId, PartyId)>(
        conn,
        &format!("SELECT o.unit_id, o.id, o.party_id FROM pos_match t {PAID_WITH}"),
        &[("unit_id", Column::of([unit])), ("kind", Column::of(["chargeback"]))],
        STANDING_ON_IT,
        Lock::None,
    )?);
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
