//! The codes under which others know a unit: its tax code, and the code of a unit that spends the budget.

use super::city::Identity;
use super::{certificate, query};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Stamp, Tx};
use crate::text;

/// What is to be changed; none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    pub tax_code: Option<String>,
    pub budget_code: Option<String>,
}

/// A tax code is one taxpayer's: of two units that collect under the same one, neither the tax office nor who checks a
/// receipt could tell whose a series is. One that a merger ended leaves its code to another from the merger's day on.
/// The city signs under its own, which is nobody else's either. Asked under the lock of the city's unit, so that of
/// two who take one code at once the second sees the first.
///
/// # Errors
/// `tax_code_taken`, naming the unit that has it.
pub fn require_own_tax_code(tx: &mut Tx<'_>, unit: UnitId, tax_code: &str, today: BusinessDay) -> Result<()> {
    let city = query::lock(tx, UnitId::CITY)?;
    let tax_code = text::clean(tax_code);
    let others: Vec<super::Unit> = super::all(tx)?.into_iter().chain(city).collect();
    let collects = |one: &super::Unit| one.valid_until.is_none_or(|last_day| today <= last_day);
    let holder = others.iter().find(|one| one.id != unit && one.tax_code == tax_code && collects(one));
    match holder {
        None => Ok(()),
        Some(one) => {
            let detail = format!("{} {} has it", one.code, one.name);
            Err(Error::invalid("tax_code", "tax_code_taken", detail))
        }
    }
}

/// Changes a unit's codes from now on. Documents keep what they were issued with.
///
/// # Errors
/// `role_not_allowed`, `tax_code_taken`, `unit_tax_code_in_use` when a certificate that can still sign is installed
/// under the present tax code.
pub fn change(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, codes: &Codes) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let present = super::find(tx, unit)?;
    let tax_code = codes.tax_code.as_deref().map_or_else(|| present.tax_code.clone(), text::clean);
    let budget_code = codes.budget_code.clone().or_else(|| present.budget_code.clone());
    if (&tax_code, &budget_code) == (&present.tax_code, &present.budget_code) {
        return Ok(());
    }
    let is_used = certificate::of_unit(tx, unit)?
        .iter()
        .any(|held| stamp.now < held.not_after && held.revoked_at.is_none() && !held.is_stopped);
    if is_used && present.tax_code != tax_code {
        let detail = format!("a certificate under {} is installed and can still sign", present.tax_code);
        return Err(Error::conflict("unit_tax_code_in_use", detail));
    }
    if present.tax_code != tax_code {
        require_own_tax_code(tx, unit, &tax_code, stamp.today())?;
    }
    let (name, address, phone) = (present.name, present.address, present.phone);
    query::set_identity(tx, unit, &Identity { name, tax_code, address, phone, budget_code })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "unit.identity_set", unit)])
}
