//! Alarms about signing keys: rows that stand until what they say is over, shown by the command
//! line, the API and the metrics.

use serde::Serialize;

use super::query;
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{AlarmId, CertificateId, UnitId};
use crate::store::{Conn, Lane, Stamp, Store, rows};

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Receipts are numbered and nobody can sign them.
    SigningStopped,
    /// A signer outside the process fails again and again.
    SignerFails,
    /// Signing stops within 60, 30 or 7 days: the certificate ends, and no other takes its turn by then.
    Expires60,
    Expires30,
    Expires7,
    /// The certificate that signed last is over and no other took its turn.
    Expired,
    /// The authority revoked the certificate.
    Revoked,
    /// Nobody gives a word of today on whether the certificate is revoked.
    StatusStale,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::SigningStopped,
        Kind::SignerFails,
        Kind::Expires60,
        Kind::Expires30,
        Kind::Expires7,
        Kind::Expired,
        Kind::Revoked,
        Kind::StatusStale,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::SigningStopped => "signing_stopped",
            Kind::SignerFails => "signer_fails",
            Kind::Expires60 => "expires_60",
            Kind::Expires30 => "expires_30",
            Kind::Expires7 => "expires_7",
            Kind::Expired => "expired",
            Kind::Revoked => "revoked",
            Kind::StatusStale => "status_stale",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Vietnamese, English: what it is and what to do.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Kind::SigningStopped => (
                "Không ký được biên lai: cần chứng thư số mới",
                "Receipts cannot be signed: a new certificate is needed",
            ),
            Kind::SignerFails => (
                "Thiết bị hoặc dịch vụ ký lỗi liên tiếp",
                "The signing device or service fails again and again",
            ),
            Kind::Expires60 => {
                ("Chứng thư số hết hạn trong 60 ngày", "The certificate expires within 60 days")
            }
            Kind::Expires30 => {
                ("Chứng thư số hết hạn trong 30 ngày", "The certificate expires within 30 days")
            }
            Kind::Expires7 => ("Chứng thư số hết hạn trong 7 ngày", "The certificate expires within 7 days"),
            Kind::Expired => ("Chứng thư số đã hết hạn", "The certificate has expired"),
            Kind::Revoked => ("Chứng thư số đã bị thu hồi", "The certificate was revoked"),
            Kind::StatusStale => (
                "Không lấy được tình trạng thu hồi mới của chứng thư số: kiểm tra [evidence] và CA",
                "No current word on whether the certificate is revoked: check [evidence] and the authority",
            ),
        }
    }
}

/// An alarm to be raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub unit: UnitId,
    pub certificate: Option<CertificateId>,
    pub kind: Kind,
    /// An error code or a date; nothing personal.
    pub detail: String,
}

impl Alarm {
    pub fn of_unit(unit: UnitId, kind: Kind, detail: &str) -> Alarm {
        Alarm { unit, certificate: None, kind, detail: detail.to_owned() }
    }

    pub fn of_certificate(unit: UnitId, certificate: CertificateId, kind: Kind, detail: &str) -> Alarm {
        Alarm { unit, certificate: Some(certificate), kind, detail: detail.to_owned() }
    }

    fn is_about(&self, open: &Open) -> bool {
        (self.unit, self.certificate, self.kind) == (open.unit, open.certificate, open.kind)
    }
}

/// An alarm that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub unit: UnitId,
    pub id: AlarmId,
    pub certificate: Option<CertificateId>,
    pub kind: Kind,
    pub detail: String,
    pub raised_at: Instant,
}

/// Raises alarms that do not stand yet, and tells them in the log once. Returns how many are new.
pub fn raise(store: &Store, stamp: &Stamp<'_>, alarms: &[Alarm]) -> Result<usize> {
    let open = store.read(&Scope::All, query::open_alarms)?;
    let new: Vec<&Alarm> =
        alarms.iter().filter(|alarm| !open.iter().any(|open| alarm.is_about(open))).collect();
    if new.is_empty() {
        return Ok(0);
    }
    store.write(&Scope::All, Lane::Live, |tx| {
        let mut raised = Vec::with_capacity(new.len());
        for alarm in &new {
            raised.push(query::AlarmRow {
                unit_id: alarm.unit,
                id: stamp.mint()?,
                kind: alarm.kind.as_str(),
                certificate_id: alarm.certificate,
                detail: alarm.detail.clone(),
                raised_at: stamp.now,
            });
        }
        rows::insert(tx, &raised)
    })?;
    for alarm in &new {
        let (kind, certificate) = (alarm.kind.as_str(), alarm.certificate.map(|id| id.to_string()));
        tracing::error!(unit = %alarm.unit, kind, certificate, detail = %alarm.detail, "alarm about a signing key");
        metrics::counter!("bienlai_key_alarms_total", "kind" => kind).increment(1);
    }
    Ok(new.len())
}

/// Ends alarms: what they said is over.
pub fn clear(store: &Store, stamp: &Stamp<'_>, over: &[Open]) -> Result<()> {
    if over.is_empty() {
        return Ok(());
    }
    store.write(&Scope::All, Lane::Live, |tx| {
        let cleared: Vec<query::ClearedRow> = over
            .iter()
            .map(|alarm| query::ClearedRow { unit_id: alarm.unit, alarm_id: alarm.id, cleared_at: stamp.now })
            .collect();
        rows::insert_if_absent(tx, &cleared, &["unit_id", "alarm_id"]).map(|_| ())
    })
}

/// A signer works again.
pub fn clear_failures(
    store: &Store,
    stamp: &Stamp<'_>,
    unit: UnitId,
    certificate: CertificateId,
) -> Result<()> {
    clear_about(store, stamp, unit, certificate, Kind::SignerFails)
}

/// What an alarm of a kind said of a certificate is over.
pub fn clear_about(
    store: &Store,
    stamp: &Stamp<'_>,
    unit: UnitId,
    certificate: CertificateId,
    kind: Kind,
) -> Result<()> {
    let about = Alarm::of_certificate(unit, certificate, kind, "");
    let open = store.read(&Scope::All, query::open_alarms)?;
    let over: Vec<Open> = open.into_iter().filter(|open| about.is_about(open)).collect();
    clear(store, stamp, &over)
}

/// The alarms that stand in the units in scope, oldest first.
pub fn open(conn: &mut Conn) -> Result<Vec<Open>> {
    query::open_alarms(conn)
}
