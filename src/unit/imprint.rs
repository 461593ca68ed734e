//! What stands on a unit's documents beside its name and address: dated facts, the newest counts.

use super::entrustment;
pub use super::entrustment::Issuer;
use super::imprint_query::ImprintRow;
pub use super::imprint_query::{Dated, history, in_force, recorded};
use super::naming::Naming;
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::store::{Stamp, Tx, rows};
use crate::text;

/// The imprint of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imprint {
    pub email: Option<String>,
    /// The unit's account at the Treasury.
    pub treasury_account: Option<String>,
    /// The Treasury office.
    pub treasury_code: Option<String>,
    /// On whose behalf the unit collects.
    pub principal: Option<Principal>,
    /// Who stands on the documents and signs them in the unit's place (`unit::entrustment`).
    pub issuer: Option<Issuer>,
    /// How the unit is called on that day, where a decision said so (`unit::naming`).
    pub naming: Option<Naming>,
}

/// Who entrusted the collecting to the unit (ủy nhiệm thu), by which contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub tax_code: String,
    pub contract: String,
}

/// Records the imprint that holds from a day on.
///
/// # Errors
/// `entrustment_incomplete` when the principal lacks its name, tax code or contract; `entrustment_twice` when
/// the city signs for the unit.
pub fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    valid_from: BusinessDay,
    imprint: &Imprint,
) -> Result<EventId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let cleaned = |text: &Option<String>| text.as_deref().map(text::clean).filter(|text| !text.is_empty());
    if let Some(principal) = &imprint.principal {
        let texts = [&principal.name, &principal.tax_code, &principal.contract];
        if texts.iter().any(|text| text::clean(text).is_empty()) {
            let detail = "entrusted collecting needs the principal's name, tax code and contract";
            return Err(Error::invalid("principal", "entrustment_incomplete", detail));
        }
        if !entrustment::in_force(tx, &[unit], valid_from.max(stamp.today()))?.is_empty() {
            let detail = "the city signs for the unit; a receipt names one principal only";
            return Err(Error::conflict("entrustment_twice", detail));
        }
    }
    let principal = imprint.principal.as_ref();
    let id: EventId = stamp.mint()?;
    let row = ImprintRow {
        unit_id: unit,
        id,
        valid_from,
        email: cleaned(&imprint.email),
        treasury_account: cleaned(&imprint.treasury_account),
        treasury_code: cleaned(&imprint.treasury_code),
        principal_name: principal.map(|principal| text::clean(&principal.name)),
        principal_tax_code: principal.map(|principal| text::clean(&principal.tax_code)),
        contract: principal.map(|principal| text::clean(&principal.contract)),
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "unit.imprint_recorded", id)])?;
    Ok(id)
}
