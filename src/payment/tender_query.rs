//! The SQL of what payers hand over at the counter.

use diesel::prelude::*;

use super::counter::Tender;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{PaymentId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_money::cash_tendered;

crate::table_row! {
    pub struct TenderRow in "cash_tendered" {
        pub unit_id: UnitId,
        pub payment_id: PaymentId,
        pub tendered: Dong,
        pub due: Dong,
        pub created_at: Instant,
    }
}

pub fn of_payment(conn: &mut Conn, unit: UnitId, payment: PaymentId) -> Result<Option<Tender>> {
    let found: Option<(Dong, Dong)> = cash_tendered::table
        .find((unit, payment))
        .select((cash_tendered::tendered, cash_tendered::due))
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.map(|(tendered, due)| Tender { tendered, due }))
}
