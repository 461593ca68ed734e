//! The SQL of money that the bank took back under a document.

use diesel::sql_types::BigInt;

use crate::error::Result;
use crate::id::{ObligationId, PartyId, PaymentId, UnitId};
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

/// The payments on these obligations whose movement was reversed, and that were not reversed with it.
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
        "AND EXISTS (SELECT 1 FROM payment p JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         WHERE p.unit_id = t.unit_id AND p.id = t.payment_id AND p.state <> 'reversed' AND m.state = 'reversed')",
        Lock::None,
    )
}

/// The paid obligations of these payers under which the bank took money back.
pub fn owed_again_by(
    conn: &mut Conn,
    unit: UnitId,
    payers: &[PartyId],
) -> Result<Vec<(UnitId, ObligationId)>> {
    rows::fetch::<(BigInt, BigInt), _>(
        conn,
        "SELECT t.unit_id, t.id FROM obligation t",
        &[
            ("unit_id", Column::of(payers.iter().map(|_| unit))),
            ("party_id", Column::of(payers.iter().copied())),
        ],
        "AND t.state = 'paid' AND EXISTS (SELECT 1 FROM allocation a JOIN payment p ON p.unit_id = a.unit_id \
         AND p.id = a.payment_id JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         WHERE a.unit_id = t.unit_id AND a.obligation_id = t.id AND p.state <> 'reversed' \
         AND m.state = 'reversed')",
        Lock::None,
    )
}
