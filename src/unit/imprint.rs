//! What stands on a unit's documents beside its name and address: dated facts, the newest counts.

use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{EventId, UnitId};
use crate::store::rows::{self, Column, Lock};
use crate::store::{Conn, Stamp, Tx};
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
}

/// Who entrusted the collecting to the unit (ủy nhiệm thu), by which contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub tax_code: String,
    pub contract: String,
}

crate::table_row! {
    pub struct ImprintRow in "unit_imprint" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub valid_from: BusinessDay,
        pub email: Option<String>,
        pub treasury_account: Option<String>,
        pub treasury_code: Option<String>,
        pub principal_name: Option<String>,
        pub principal_tax_code: Option<String>,
        pub contract: Option<String>,
        pub created_at: Instant,
    }
}

/// Records the imprint that holds from a day on.
///
/// # Errors
/// `entrustment_incomplete` when the principal lacks its name, tax code or contract.
pub fn record(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    valid_from: BusinessDay,
    imprint: &Imprint,
) -> Result<EventId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let cleaned = |text: &Option<String>| {
        text.as_deref().map(text::clean).filter(|text| !text.is_empty())
    };
    if let Some(principal) = &imprint.principal {
        let texts = [&principal.name, &principal.tax_code, &principal.contract];
        if texts.iter().any(|text| text::clean(text).is_empty()) {
            let detail = "entrusted collecting needs the principal's name, tax code and contract";
            return Err(Error::invalid("principal", "entrustment_incomplete", detail));
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

/// The imprints in force on a day, of those units that have one.
pub fn in_force(conn: &mut Conn, units: &[UnitId], day: BusinessDay) -> Result<Vec<(UnitId, Imprint)>> {
    type Sql = (
        (BigInt, BigInt, Date),
        (Nullable<Text>, Nullable<Text>, Nullable<Text>),
        (Nullable<Text>, Nullable<Text>, Nullable<Text>),
    );
    type Stored = (
        (UnitId, EventId, BusinessDay),
        (Option<String>, Option<String>, Option<String>),
        (Option<String>, Option<String>, Option<String>),
    );
    let mut found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.valid_from, t.email, t.treasury_account, t.treasury_code, t.principal_name, \
         t.principal_tax_code, t.contract FROM unit_imprint t",
        &[("unit_id", Column::of(units.iter().copied()))],
        "",
        Lock::None,
    )?;
    found.retain(|((_, _, from), _, _)| *from <= day);
    // The newest day counts, and of one day what was recorded last.
    found.sort_by_key(|((unit, id, from), _, _)| (*unit, std::cmp::Reverse((*from, *id))));
    found.dedup_by_key(|((unit, _, _), _, _)| *unit);
    Ok(found
        .into_iter()
        .map(|((unit, _, _), (email, treasury_account, treasury_code), (name, tax_code, contract))| {
            let principal = name.zip(tax_code).map(|(name, tax_code)| Principal {
                name,
                tax_code,
                contract: contract.unwrap_or_default(),
            });
            (unit, Imprint { email, treasury_account, treasury_code, principal })
        })
        .collect())
}
