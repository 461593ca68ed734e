//! Who signs: the choice among a unit's certificates and the city's, by the documents that the tax office was told
//! of for each, and the signers that are loaded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::sign::Signer;
use super::signer::{self, Lane as SignerLane};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{CertificateId, UnitId};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::unit::certificate::Listed;
use crate::unit::registration::Family;
use crate::unit::{self, certificate, entrustment};

/// How long a unit's choice is kept before it is looked up again; changes that are known ahead
/// (a certificate's turn, its end) are taken at their instant.
const REFRESH_S: i64 = 30;
/// How long documents without a usable key are passed over.
const KEYLESS_S: i64 = 2;

/// The code of documents for which there is no valid certificate.
pub(super) const MISSING: &str = "signing_key_missing";
/// The code of documents for whose family no accepted registration lists a certificate that is valid.
pub(super) const UNLISTED: &str = "certificate_not_registered";

/// A unit's signer with the certificate it signs under.
pub struct Held {
    /// Whose certificate it is: the unit's own, or the city's.
    pub owner: UnitId,
    pub certificate: CertificateId,
    pub signer: Arc<dyn Signer>,
    pub lane: Arc<SignerLane>,
    good_until: Instant,
    loaded_at: Instant,
}

/// Whose certificate is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// The unit's own, or else the city's: for registrations, certificates of days and audit roots.
    Either,
    /// For documents of the family that name the unit as who collects or sells, and forms about them.
    Units(Family),
    /// For documents of the family that name the city, issued under an entrustment; of the city's certificates
    /// those that the unit's registrations list.
    Citys(Family),
}

impl Whose {
    fn family(self) -> Option<Family> {
        match self {
            Whose::Either => None,
            Whose::Units(family) | Whose::Citys(family) => Some(family),
        }
    }

    /// Whether documents of the family may wait for this signer.
    fn is_about(self, family: Family) -> bool {
        self.family().is_none_or(|own| own == family)
    }

    fn choose(self, all: &[Listed], now: Instant) -> Option<&Listed> {
        match self.family() {
            None => certificate::chosen(all, now),
            Some(family) => certificate::chosen_for(all, family, now),
        }
    }
}

/// The signers of the process, loaded at first use.
#[derive(Default)]
pub struct Keyring {
    held: Mutex<HashMap<(UnitId, Whose), Arc<Held>>>,
    signers: Mutex<HashMap<CertificateId, (Arc<dyn Signer>, Arc<SignerLane>)>>,
    keyless: Mutex<HashMap<(UnitId, Family), Instant>>,
}

impl Keyring {
    /// The signer of what is about no family of documents; units without a certificate of their own sign under the
    /// city's (entrusted signing). `signing_key_missing` when there is neither.
    pub fn signer(&self, conn: &mut Conn, vault: &Vault, unit: UnitId, now: Instant) -> Result<Arc<Held>> {
        let held = self.held_by(conn, vault, (unit, Whose::Either), now)?;
        held.ok_or_else(|| {
            for family in Family::ALL {
                self.pass_over((unit, family), now);
            }
            missing()
        })
    }

    /// The signer of forms about a unit's documents: a certificate that the tax office was told of for these, the
    /// unit's own, or else the city's.
    ///
    /// # Errors
    /// `signing_key_missing`; `certificate_not_registered` when there are valid ones, and none is listed for them.
    pub fn signer_about(
        &self,
        conn: &mut Conn,
        vault: &Vault,
        documents: (UnitId, Family),
        now: Instant,
    ) -> Result<Arc<Held>> {
        let (unit, family) = documents;
        let mut fault = missing();
        for whose in [Whose::Units(family), Whose::Citys(family)] {
            match self.held_by(conn, vault, (unit, whose), now) {
                Ok(Some(held)) => return Ok(held),
                Ok(None) => {}
                Err(error) if is_missing(&error) => fault = error,
                Err(error) => return Err(error),
            }
        }
        Err(fault)
    }

    /// The unit's documents of the family are not looked at again for a moment.
    pub(super) fn pass_over(&self, documents: (UnitId, Family), now: Instant) {
        locked(&self.keyless).insert(documents, now.plus_seconds(KEYLESS_S));
    }

    /// The signer asked for; None without a valid certificate.
    ///
    /// # Errors
    /// `certificate_not_registered` when there are valid ones, and no form that covers the documents lists one.
    pub(super) fn held_by(
        &self,
        conn: &mut Conn,
        vault: &Vault,
        asked: (UnitId, Whose),
        now: Instant,
    ) -> Result<Option<Arc<Held>>> {
        if let Some(held) = self.remembered(asked, now) {
            return Ok(Some(held));
        }
        let (unit, whose) = asked;
        let own = match whose {
            Whose::Either | Whose::Units(_) => certificate::of_unit(conn, unit)?,
            Whose::Citys(_) => Vec::new(),
        };
        let city = match whose {
            Whose::Either => certificate::of_unit(conn, unit::CITY)?,
            Whose::Units(_) => Vec::new(),
            Whose::Citys(_) => entrustment::listed_of_city(conn, unit, now)?,
        };
        let Some(chosen) = whose.choose(&own, now).or_else(|| whose.choose(&city, now)) else {
            locked(&self.held).remove(&asked);
            let is_unlisted = own.iter().chain(&city).any(|one| one.signs_at(now));
            return if is_unlisted { Err(unlisted()) } else { Ok(None) };
        };
        let changes = [&own, &city].into_iter().filter_map(|all| certificate::next_change(all, now)).min();
        let (signer, lane) = self.load(conn, vault, chosen.unit, chosen.id)?;
        let good_until = changes.map_or(chosen.not_after, |at| at.min(chosen.not_after));
        let held = Arc::new(Held {
            owner: chosen.unit,
            certificate: chosen.id,
            signer,
            lane,
            good_until,
            loaded_at: now,
        });
        locked(&self.held).insert(asked, Arc::clone(&held));
        locked(&self.keyless).retain(|(of, family), _| *of != unit || !whose.is_about(*family));
        Ok(Some(held))
    }

    /// Signers outlive the look-ups: sessions with tokens are kept.
    fn load(
        &self,
        conn: &mut Conn,
        vault: &Vault,
        owner: UnitId,
        id: CertificateId,
    ) -> Result<(Arc<dyn Signer>, Arc<SignerLane>)> {
        if let Some((signer, lane)) = locked(&self.signers).get(&id) {
            return Ok((Arc::clone(signer), Arc::clone(lane)));
        }
        let stored = certificate::load(conn, vault, owner, id)?;
        let signer = signer::of_stored(&stored, &unit::find(conn, owner)?.tax_code)?;
        let mut all = locked(&self.signers);
        let (signer, lane) = all.entry(id).or_insert_with(|| (signer, Arc::default()));
        Ok((Arc::clone(signer), Arc::clone(lane)))
    }

    fn remembered(&self, asked: (UnitId, Whose), now: Instant) -> Option<Arc<Held>> {
        let all = locked(&self.held);
        let held = all.get(&asked)?;
        let age_s = now.seconds_since(held.loaded_at);
        ((0..REFRESH_S).contains(&age_s) && now < held.good_until).then(|| Arc::clone(held))
    }

    /// Looks every unit's choice up again at its next use: a certificate was revoked or stored.
    pub fn forget(&self) {
        locked(&self.held).clear();
        locked(&self.keyless).clear();
    }

    /// The documents that cannot be signed for the moment: no key, or a signer that is busy or pauses.
    pub fn held_back(&self, now: Instant) -> Vec<(UnitId, Family)> {
        let mut documents: Vec<(UnitId, Family)> =
            locked(&self.keyless).iter().filter(|(_, until)| now < **until).map(|(of, _)| *of).collect();
        let is_stuck = |held: &Held| held.signer.is_outside() && !held.lane.is_free(now);
        for ((unit, whose), _) in locked(&self.held).iter().filter(|(_, held)| is_stuck(held)) {
            let waiting = Family::ALL.into_iter().filter(|family| whose.is_about(*family));
            documents.extend(waiting.map(|family| (*unit, family)));
        }
        documents
    }
}

pub(super) fn missing() -> Error {
    Error::conflict(MISSING, "the unit has no valid signing certificate")
}

fn unlisted() -> Error {
    Error::conflict(
        UNLISTED,
        "no accepted registration that covers the documents lists the unit's certificate",
    )
}

/// Whether documents wait for a certificate, or for a registration that lists one.
pub fn is_missing(error: &Error) -> bool {
    [MISSING, UNLISTED].contains(&error.code())
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
