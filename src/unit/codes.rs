//! The codes under which others know a unit: its tax code, and the code of a unit that spends the budget.

use super::city::Identity;
use super::{certificate, query};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Stamp, Tx};

/// What is to be changed; none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    pub tax_code: Option<String>,
    pub budget_code: Option<String>,
}

/// Changes a unit's codes from now on. Documents keep what they were issued with.
///
/// # Errors
/// `role_not_allowed`, `unit_tax_code_in_use` when a certificate that can still sign is installed under the
/// present tax code.
pub fn change(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, codes: &Codes) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let present = super::find(tx, unit)?;
    let tax_code = codes.tax_code.clone().unwrap_or_else(|| present.tax_code.clone());
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
    let (name, address, phone) = (present.name, present.address, present.phone);
    query::set_identity(tx, unit, &Identity { name, tax_code, address, phone, budget_code })?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "unit.identity_set", unit)])
}
