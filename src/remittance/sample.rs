//! An invented order for the tests of this room.

use super::{Kind, Order, State};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::id::*;

pub(super) fn order(kind: Kind, state: State, was_debited: bool) -> Order {
    Order {
        unit: UnitId(2),
        id: RemittanceId(1),
        account: AccountId(1),
        kind,
        year: 2026,
        order_no: 1,
        covered_until: "2026-11-23".parse().unwrap(),
        amount: Dong(12_500),
        reference_code: "HNPH7K2MQ4X97".into(),
        treasury_account: None,
        treasury_code: None,
        maker: PersonId(1),
        checker: None,
        created_at: Instant(0),
        state,
        revision: 1,
        was_debited,
        credited: Dong::ZERO,
        returned: Dong::ZERO,
    }
}
