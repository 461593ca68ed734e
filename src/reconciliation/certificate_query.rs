//! Stored certificates of days and of months: alike but for their tables and for what the date is called there.

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::id::{AccountId, CertificateId, UnitId};

/// A stored certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub unit: UnitId,
    pub id: CertificateId,
    pub account: AccountId,
    /// The day; of a month its first.
    pub date: BusinessDay,
    pub revision: i64,
    pub opening: Dong,
    pub closing: Dong,
    /// The exact signed bytes.
    pub document: Vec<u8>,
    pub document_sha256: String,
    pub previous_sha256: String,
    /// RSA PKCS#1 v1.5 with SHA-256 over `document`.
    pub signature: Vec<u8>,
    /// The signing certificate, of the unit or of the city.
    pub signed_by: CertificateId,
    pub created_at: Instant,
}

/// A certificate as a list names it, without its bytes: those of a large day are megabytes.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Listed {
    pub id: CertificateId,
    /// The day; of a month its first.
    pub date: BusinessDay,
    pub revision: i64,
    pub opening: Dong,
    pub closing: Dong,
}

impl Certificate {
    /// Whether it closes its day or month still; `now` is the state and revision of that.
    pub(super) fn stands(&self, now: Option<&(String, i64)>) -> bool {
        now.is_some_and(|(state, revision)| state == "closed" && *revision == self.revision)
    }
}

pub(super) type Parts = (
    (UnitId, CertificateId, AccountId, BusinessDay, i64, Dong, Dong),
    (Vec<u8>, String, String, Vec<u8>, CertificateId, Instant),
);

/// The columns of a table of certificates and its column of the date, in the order of `Parts`.
macro_rules! certificate_columns {
    ($table:ident, $date:ident) => {
        (
            (
                $table::unit_id,
                $table::id,
                $table::account_id,
                $table::$date,
                $table::revision,
                $table::opening,
                $table::closing,
            ),
            (
                $table::document,
                $table::document_sha256,
                $table::previous_sha256,
                $table::signature,
                $table::certificate_id,
                $table::created_at,
            ),
        )
    };
}

pub(super) use certificate_columns;

pub(super) fn certificate_of((what, proof): Parts) -> Certificate {
    Certificate {
        unit: what.0,
        id: what.1,
        account: what.2,
        date: what.3,
        revision: what.4,
        opening: what.5,
        closing: what.6,
        document: proof.0,
        document_sha256: proof.1,
        previous_sha256: proof.2,
        signature: proof.3,
        signed_by: proof.4,
        created_at: proof.5,
    }
}
