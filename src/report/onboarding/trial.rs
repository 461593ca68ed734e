//! The payment that proves the way of money: an obligation of the test's sum that nobody owes. It is cancelled at
//! once, so that what comes for it makes no receipt and is refunded.

use rust_decimal::Decimal;

use super::TEST_AMOUNT;
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::obligation::{self, IntakeMode, Line, NewObligation, Obligation};
use crate::party::Payer;
use crate::store::{Stamp, Tx};
use crate::unit::account;

/// What the test stands under in lists: no fee of the tariff has this code.
pub const ITEM: &str = "TEST";

/// The dossier that the tests begun on a day stand under: who looks for them knows it.
pub(super) fn dossier(day: BusinessDay) -> String {
    format!("{ITEM}-{day}")
}

/// Raises the test of an account and cancels it. Transfer its sum with its code, and refund what came.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `account_not_receiving` for an account that no obligation would name.
pub fn begin(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: AccountId,
) -> Result<Obligation> {
    actor.require_role(&[Role::Administrator])?;
    actor.require_person()?;
    actor.scope.require(unit)?;
    if account::receiving(tx, unit)?.id != id {
        let detail = "obligations of the unit name another account";
        return Err(Error::conflict("account_not_receiving", detail));
    }
    let program = Actor { role: Role::System, client: None, ..actor.clone() };
    let line = Line {
        item_code: ITEM.to_owned(),
        item_name: "Khoản thử".to_owned(),
        kind: "phi".to_owned(),
        document_kind: "none".to_owned(),
        vat_rate: None,
        measure_unit: "lần".to_owned(),
        quantity: Decimal::ONE,
        unit_price: Decimal::from(TEST_AMOUNT.0),
        gross: TEST_AMOUNT,
        reduction: crate::amount::Dong::ZERO,
        reduction_percent: None,
        reduction_ground: None,
        amount: TEST_AMOUNT,
        chapter: None,
        sub_item: None,
        kept_share_bp: 0,
        legal_ground: "Khoản thử trước khi vận hành".to_owned(),
        explanation: "Khoản thử, được hoàn lại\nA test, paid back".to_owned(),
    };
    let new = NewObligation {
        unit,
        dossier_code: dossier(stamp.today()),
        procedure_code: ITEM.to_owned(),
        procedure_field: "Khoản thử".to_owned(),
        intake_mode: IntakeMode::Counter,
        receiving_unit: unit,
        competent_unit: unit,
        submitted_at: stamp.now,
        result_due_on: None,
        due_on: stamp.today(),
        electronic_required: true,
        payer: Payer::default(),
        lines: vec![line],
        waived_ground: None,
    };
    let raised = obligation::raise(tx, stamp, &program, new)?;
    obligation::cancel(tx, stamp, &program, unit, raised.id, "onboarding test")
}
