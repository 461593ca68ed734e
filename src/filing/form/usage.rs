//! BC26/BLĐT: what a unit's receipt series were used for in a quarter (message 212).
//!
//! Of its head only `NLap` could be read in the authority's stylesheet; the other fields follow the
//! sibling forms, and the mark of a supplementary report is our own proposal.

use serde::{Deserialize, Serialize};

use super::Taxpayer;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::filing::period::Quarter;
use crate::filing::xml::Writer;
use crate::receipt::content::ReceiptKind;
use crate::receipt::profile::{self, Profile};

pub const FORM: &str = "BC26/BLĐT";
const TITLE: &str = "Báo cáo tình hình sử dụng biên lai điện tử";

/// One series in the quarter: the columns of BC26/BLĐT, and of the older BC26/BLG as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub template: String,
    pub series: String,
    /// Numbers still free at the beginning of the quarter.
    pub opening: i64,
    pub from_no: Option<i64>,
    pub to_no: Option<i64>,
    /// Numbers used, cancelled and replaced ones included.
    pub used: i64,
    pub cancelled: Vec<i64>,
    pub replaced: Vec<i64>,
    /// Money of the receipts that stand.
    pub amount: Dong,
    /// Numbers still free at the end.
    pub closing: i64,
}

impl Line {
    /// `TLoai`: 1 without printed value, 2 with, by the newest of the laws up to a day that knows the template. A
    /// series keeps its template when the law changes; one that no law knows has no printed value, as in notices.
    pub(super) fn kind(&self, laws: &[Profile], until: BusinessDay) -> i64 {
        let mut in_force = laws.iter().rev().filter(|law| law.valid_from <= until);
        match in_force.find_map(|law| law.receipt_kind(&self.template)) {
            Some(ReceiptKind::WithPrintedValue) => 2,
            Some(ReceiptKind::WithoutPrintedValue) | None => 1,
        }
    }
}

/// The mark of a report that supplements an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplement {
    pub ordinal: i64,
    /// The Id of the first report's data.
    pub first: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageReport {
    pub taxpayer: Taxpayer,
    pub quarter: Quarter,
    pub made_on: BusinessDay,
    pub supplement: Option<Supplement>,
    pub lines: Vec<Line>,
}

impl UsageReport {
    /// Canonical bytes of `<DLBCTHSDBLai Id="…">…</DLBCTHSDBLai>`.
    pub fn body(&self, form: &str, version: &str, id: &str) -> Vec<u8> {
        let mut xml = Writer::body("DLBCTHSDBLai", id);
        xml.element("TTChung", |xml| {
            xml.text("PBan", version);
            xml.text("MSo", form);
            xml.text("Ten", TITLE);
            xml.text("LKDLieu", "Q");
            xml.text("KDLieu", &self.quarter.form_text());
            xml.text("MCQT", &self.taxpayer.office_code);
            xml.text("TCQT", &self.taxpayer.office_name);
            xml.text("TNNT", &self.taxpayer.name);
            xml.text("MST", &self.taxpayer.tax_code);
            xml.text("DDanh", &self.taxpayer.place);
            xml.text("NLap", &self.made_on.to_string());
            if let Some(supplement) = &self.supplement {
                xml.element("BSung", |xml| {
                    xml.number("LBSung", supplement.ordinal);
                    xml.text("MBCao", &supplement.first);
                });
            }
        });
        xml.element("NDBCTHSDBLai", |xml| {
            for line in &self.lines {
                xml.element("DLieu", |xml| {
                    xml.number("TLoai", line.kind(profile::all(), self.quarter.last_day()));
                    xml.text("KHMCTu", &line.template);
                    xml.text("KHCTu", &line.series);
                    xml.number("SLuong", line.used);
                    xml.number("TgTien", line.amount.0);
                });
            }
        });
        xml.finish("DLBCTHSDBLai")
    }
}
