//! The city as a party of its own: its name, tax code and address, under which it signs for the units that
//! entrusted it.

use super::{CITY, certificate, codes, query};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::store::{Stamp, Tx};
use crate::text;

/// Who the city is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    pub tax_code: String,
    pub address: String,
    pub phone: Option<String>,
    pub budget_code: Option<String>,
}

/// Sets who the city is. Documents keep what they were issued with, and so do recorded entrustments.
///
/// # Errors
/// `role_not_allowed`, `field_missing`, `tax_code_taken`, `city_tax_code_in_use` when a certificate that can still
/// sign is installed under the present tax code.
pub fn identify(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, wanted: &Identity) -> Result<()> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(CITY)?;
    let plain = |value: &Option<String>| value.as_deref().map(text::clean).filter(|text| !text.is_empty());
    let identity = Identity {
        name: text::clean(&wanted.name),
        tax_code: text::clean(&wanted.tax_code),
        address: text::clean(&wanted.address),
        phone: plain(&wanted.phone),
        budget_code: plain(&wanted.budget_code),
    };
    for (field, value) in
        [("name", &identity.name), ("tax_code", &identity.tax_code), ("address", &identity.address)]
    {
        if value.is_empty() {
            return Err(Error::invalid(field, "field_missing", "must not be empty"));
        }
    }
    let present = super::find(tx, CITY)?;
    let is_used = certificate::of_unit(tx, CITY)?
        .iter()
        .any(|held| stamp.now < held.not_after && held.revoked_at.is_none() && !held.is_stopped);
    if is_used && present.tax_code != identity.tax_code {
        let detail = format!("a certificate under {} is installed and can still sign", present.tax_code);
        return Err(Error::conflict("city_tax_code_in_use", detail));
    }
    if present.tax_code != identity.tax_code {
        codes::require_own_tax_code(tx, CITY, &identity.tax_code, stamp.today())?;
    }
    query::set_identity(tx, CITY, &identity)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, CITY, "unit.identity_set", CITY)])
}
