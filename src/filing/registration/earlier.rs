//! The forms of a unit that a new one comes after: one that is under way, those that the office accepted, and those
//! whose acceptance could not come into force here.

use crate::error::Result;
use crate::filing::form::registration::Registration;
use crate::filing::{Filing, Kind, State, query};
use crate::id::{FilingId, UnitId};
use crate::receipt::certificate::SigningCertificate;
use crate::store::Conn;
use crate::unit::registration;

/// Forms that are looked at for one that is still open; the newest, and no unit has so many open ones.
const LOOKED_AT: i64 = 20;

/// The event of a form that the office accepted and that could not come into force, with the code of what stood in the
/// way: a certificate that was installed meanwhile and that the form does not list, for one.
pub const ACCEPTANCE_HELD: &str = "acceptance_held";

/// The forms of a unit that a new one comes after.
pub(super) struct Earlier {
    /// The newest first.
    pub(super) forms: Vec<Filing>,
    /// Those of them that the office accepted and that could not come into force.
    held: Vec<FilingId>,
}

impl Earlier {
    pub(super) fn of(conn: &mut Conn, unit: UnitId) -> Result<Earlier> {
        let forms = query::of_unit(conn, unit, Some(Kind::Registration), LOOKED_AT)?;
        let held = query::held(conn, &[unit])?.into_iter().map(|(form, _)| form.id).collect();
        Ok(Earlier { forms, held })
    }

    pub(super) fn is_held(&self, form: &Filing) -> bool {
        self.held.contains(&form.id)
    }

    /// The one that waits for a person or for its answer.
    pub(super) fn open(&self) -> Option<&Filing> {
        let is_open = |one: &&Filing| one.state.is_live() && one.state != State::Accepted;
        self.forms.iter().filter(is_open).find(|one| !self.is_held(one))
    }

    /// The last one that the office accepted, also where that could not come into force.
    pub(super) fn accepted(&self) -> Option<&Filing> {
        self.forms.iter().find(|one| one.state == State::Accepted || self.is_held(one))
    }
}

/// Where a unit stands with its forms.
pub struct Standing {
    /// The form that waits for a person or for its answer: no other one is drafted meanwhile.
    pub open: Option<Filing>,
    /// Forms that the office accepted and that could not come into force.
    pub held: Vec<FilingId>,
}

/// Where the unit stands with its forms.
///
/// # Errors
/// Those of reading.
pub fn standing(conn: &mut Conn, unit: UnitId) -> Result<Standing> {
    let earlier = Earlier::of(conn, unit)?;
    Ok(Standing { open: earlier.open().cloned(), held: earlier.held })
}

/// Forms of these units that the office accepted, that could not come into force and that no later form follows, each
/// with the code of what stood in the way: a person must do something.
///
/// # Errors
/// Those of reading.
pub fn unresolved(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(Filing, String)>> {
    let mut found = Vec::new();
    for (form, why) in query::held(conn, units)? {
        let is_later = |one: &Filing| one.id > form.id && one.state.is_live();
        if !query::of_unit(conn, form.unit, Some(Kind::Registration), LOOKED_AT)?.iter().any(is_later) {
            found.push((form, why));
        }
    }
    Ok(found)
}

/// The form under way, or accepted and held, that does not list a certificate of the unit, where nothing is registered
/// yet: its acceptance cannot come into force while the certificate is in use. Later ones must be listed first.
///
/// # Errors
/// Those of reading.
pub fn not_listed_in(
    conn: &mut Conn,
    unit: UnitId,
    certificate: &SigningCertificate,
) -> Result<Option<FilingId>> {
    if !registration::of_unit(conn, unit)?.is_empty() {
        return Ok(None);
    }
    let earlier = Earlier::of(conn, unit)?;
    let Some(form) = earlier.open().or_else(|| earlier.accepted()) else { return Ok(None) };
    let told = form.data::<Registration>()?.certificates;
    let (issuer, serial) = (certificate.issuer(), certificate.serial());
    Ok((!told.iter().any(|line| line.is_called(Some(issuer), serial))).then_some(form.id))
}
