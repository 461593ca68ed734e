//! Where and through which channel a fee is asked for.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The kinds of unit that a tariff tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Xã: a rural commune.
    Xa,
    /// Phường: an urban ward.
    Phuong,
    /// Sở, ban, ngành.
    Department,
    /// A branch of the public service centre.
    Branch,
}

impl UnitKind {
    pub const ALL: [UnitKind; 4] = [UnitKind::Xa, UnitKind::Phuong, UnitKind::Department, UnitKind::Branch];

    pub fn as_str(self) -> &'static str {
        match self {
            UnitKind::Xa => "xa",
            UnitKind::Phuong => "phuong",
            UnitKind::Department => "department",
            UnitKind::Branch => "branch",
        }
    }

    /// Reads `xa`, `phuong` (also as lists of communes write them: `xã`, `phường`), `department`
    /// and `branch`.
    pub fn parse(text: &str) -> Result<UnitKind> {
        let plain = match text {
            "xã" => "xa",
            "phường" => "phuong",
            other => other,
        };
        UnitKind::ALL.into_iter().find(|kind| kind.as_str() == plain).ok_or_else(|| {
            Error::invalid("unit_kind", "unit_kind_unknown", "expected xa, phuong, department or branch")
        })
    }
}

/// How the dossier came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntakeMode {
    /// Trực tiếp: on paper.
    Counter,
    /// Trực tuyến một phần.
    OnlinePartial,
    /// Trực tuyến toàn trình.
    OnlineFull,
}

impl IntakeMode {
    pub const ALL: [IntakeMode; 3] = [IntakeMode::Counter, IntakeMode::OnlinePartial, IntakeMode::OnlineFull];

    pub fn as_str(self) -> &'static str {
        match self {
            IntakeMode::Counter => "counter",
            IntakeMode::OnlinePartial => "online_partial",
            IntakeMode::OnlineFull => "online_full",
        }
    }

    pub fn parse(text: &str) -> Result<IntakeMode> {
        IntakeMode::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| {
            Error::invalid(
                "intake_mode",
                "intake_mode_unknown",
                "expected counter, online_partial or online_full",
            )
        })
    }

    pub fn is_online(self) -> bool {
        self != IntakeMode::Counter
    }
}

impl fmt::Display for IntakeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The unit that collects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub unit_code: String,
    pub unit_kind: UnitKind,
}

/// The units a charge holds for. What is said of a unit by name goes before what is said of its
/// kind, and that before what is said of the whole city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Places {
    City,
    Kinds(BTreeSet<UnitKind>),
    Units(BTreeSet<String>),
}

impl Places {
    pub fn cover(&self, place: &Place) -> bool {
        match self {
            Places::City => true,
            Places::Kinds(kinds) => kinds.contains(&place.unit_kind),
            Places::Units(codes) => codes.contains(&place.unit_code),
        }
    }

    /// Higher goes first.
    pub(super) fn precedence(&self) -> u8 {
        match self {
            Places::City => 0,
            Places::Kinds(_) => 1,
            Places::Units(_) => 2,
        }
    }

    /// One name per place, for comparing charges of the same precedence.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Places::City => vec!["city".to_owned()],
            Places::Kinds(kinds) => kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
            Places::Units(codes) => codes.iter().map(|code| format!("unit {code}")).collect(),
        }
    }
}
