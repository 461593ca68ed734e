//! What is wrong with the stored certificates of a unit, or with today's numbers beside them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The first thing that does not hold. Days are as certificates write them (2026-11-24), series are named by their
/// symbols. Its text is English, for machines and logs; `both` and the pages word it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Broken {
    /// The certificate of a day does not hold by itself or behind the one before.
    Certificate { date: String, why: Why },
    /// A certificate names this series, and the register has it no more.
    SeriesGone { series: String },
    /// The series has fewer numbers than the certificate of a day counted.
    FellShort { date: String, series: String, counted: i64, now: i64 },
    /// The numbers 1..count are others than those that the certificate of a day was made of.
    NotCertified { date: String, series: String, count: i64 },
}

/// Why a certificate does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    HashDiffers,
    Unreadable,
    RowDiffers,
    NotSigned,
    NotFollowing,
}

impl Why {
    pub const ALL: [Why; 5] =
        [Why::HashDiffers, Why::Unreadable, Why::RowDiffers, Why::NotSigned, Why::NotFollowing];

    fn text(self) -> &'static str {
        match self {
            Why::HashDiffers => "the document is not the one that was hashed",
            Why::Unreadable => "the document does not read",
            Why::RowDiffers => "the row says something else than its document",
            Why::NotSigned => "the signature does not verify",
            Why::NotFollowing => "it does not follow the certificate before it",
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Certificate { date, why } => write!(f, "{date}: {}", why.text()),
            Broken::SeriesGone { series } => {
                write!(f, "{series}: a certificate names this series, and it is gone")
            }
            Broken::FellShort { date, series, counted, now } => {
                write!(f, "{date}: {series} had {counted} numbers and has {now}")
            }
            Broken::NotCertified { date, series, count } => {
                write!(f, "{date}: the numbers 1..{count} of {series} are not those certified")
            }
        }
    }
}
