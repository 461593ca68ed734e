//! What a receipt says, without its number and without its signature.
//!
//! The fields follow the format `BL-1.0` (`xsd/receipt/BL-1.0.xsd`). Its tag names are built by the
//! official rules, but the format itself is ours, because none is published.

pub mod identifier;
pub(in crate::receipt) mod rules;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::fmt;

use rust_decimal::Decimal;

use super::kind::DocumentKind;
use super::lookup::LookupCode;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;

/// The content of one receipt. Every text is NFC and cleaned (`text::clean`).
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub kind: ReceiptKind,
    pub unit: CollectingUnit,
    pub payer: Payer,
    /// At least one, at most `LINES_LIMIT`.
    pub lines: Vec<Line>,
    pub totals: Totals,
    /// `HTTToan`: “Tiền mặt”, “Chuyển khoản”, …
    pub payment_method: String,
    /// `MHSo`: the citizen's dossier.
    pub dossier_code: Option<String>,
    pub lookup_code: LookupCode,
    /// The day the money was taken, which may lie before the day of issue.
    pub collected_on: BusinessDay,
    pub collected_by: CollectedBy,
    pub relation: Option<Relation>,
}

/// More lines go onto a statement (bảng kê) attached to the receipt.
pub const LINES_LIMIT: usize = 100;

/// `LBLai`, numbered like the tax authority's list of document kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptKind {
    /// Without a pre-printed value.
    WithoutPrintedValue,
    WithPrintedValue,
}

impl ReceiptKind {
    pub fn code(self) -> u8 {
        match self {
            ReceiptKind::WithoutPrintedValue => 3,
            ReceiptKind::WithPrintedValue => 4,
        }
    }

    pub fn of_code(code: u8) -> Option<ReceiptKind> {
        [ReceiptKind::WithoutPrintedValue, ReceiptKind::WithPrintedValue]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// `TCThu`: who collects and signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectingUnit {
    pub name: String,
    /// Ten digits, a branch's `0123456789-001`, or twelve digits.
    pub tax_code: String,
    /// `MDVQHNSach`: seven digits.
    pub budget_code: Option<String>,
    pub address: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub treasury_account: Option<String>,
    pub treasury_code: Option<String>,
    /// `UNThu`: on whose behalf an entrusted unit collects.
    pub principal: Option<Principal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub tax_code: String,
}

/// `NNop`: who pays. The law does not ask for the payer, so everything may be absent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payer {
    pub name: Option<String>,
    pub tax_code: Option<String>,
    /// Twelve digits.
    pub personal_id: Option<String>,
    pub passport: Option<String>,
    pub address: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

impl Payer {
    pub fn is_unknown(&self) -> bool {
        *self == Payer::default()
    }
}

/// Personal data stays out of logs.
impl fmt::Debug for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payer(…)")
    }
}

/// `LKThu`: which of the two kinds of Law 97/2015/QH13 a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Phí: pays for a public service.
    Fee,
    /// Lệ phí: a fixed charge, wholly the budget's.
    Charge,
}

impl LineKind {
    pub fn code(self) -> u8 {
        match self {
            LineKind::Fee => 1,
            LineKind::Charge => 2,
        }
    }
}

/// `KThu`: one fee item.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub kind: LineKind,
    pub item_code: Option<String>,
    pub name: String,
    /// Budget chapter, three digits.
    pub chapter: Option<String>,
    /// Budget sub-item, four digits.
    pub sub_item: Option<String>,
    pub unit: Option<String>,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub reduction: Option<Reduction>,
    /// Quantity × unit price, rounded half up, less the reduction.
    pub amount: Dong,
}

impl Line {
    /// Quantity × unit price, rounded half up to the đồng.
    pub fn gross(&self) -> Result<Dong> {
        let product = self.quantity.checked_mul(self.unit_price).ok_or_else(rules::line_out_of_range)?;
        Dong::round_half_up(product)
    }
}

/// An exemption or reduction with the legal ground it stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// Between 0 and 100, when the ground names a share.
    pub percent: Option<Decimal>,
    pub amount: Dong,
    pub ground: String,
}

/// `TToan`. The amount in words is not stored: it is always written from `payable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    pub gross: Dong,
    pub reduction: Dong,
    pub payable: Dong,
}

impl Totals {
    /// The sums of the lines.
    pub fn of(lines: &[Line]) -> Result<Totals> {
        let reductions =
            lines.iter().filter_map(|line| line.reduction.as_ref().map(|reduction| reduction.amount));
        let reduction = Dong::sum(reductions)?;
        let payable = Dong::sum(lines.iter().map(|line| line.amount))?;
        Ok(Totals { gross: payable.checked_add(reduction)?, reduction, payable })
    }
}

/// What `NguoiThu` begins with when no person took the money.
pub const AUTOMATIC: &str = "Thu tự động qua ";

/// Who took the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectedBy {
    /// An officer at the counter, by name.
    Officer(String),
    /// No person: the name of the channel the money came through.
    Channel(String),
}

impl CollectedBy {
    /// `NguoiThu` as the receipt prints it.
    pub fn text(&self) -> String {
        match self {
            CollectedBy::Officer(name) => name.clone(),
            CollectedBy::Channel(channel) => format!("{AUTOMATIC}{channel}"),
        }
    }
}

/// `TTBLLQuan`: the earlier receipt that this one replaces or adjusts. Invoices say the same of theirs with another
/// kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation<K = ReceiptKind> {
    pub action: CorrectionAction,
    pub kind: K,
    pub template: String,
    pub series: String,
    pub number: u32,
    pub issued_on: BusinessDay,
    pub note: Option<String>,
}

/// `TCBLai`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionAction {
    Replaces,
    /// The lines carry differences and may be negative.
    Adjusts,
}

impl CorrectionAction {
    pub fn code(self) -> u8 {
        match self {
            CorrectionAction::Replaces => 1,
            CorrectionAction::Adjusts => 2,
        }
    }
}

/// The number of a document in its series, and the day of issue `NLap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// `KHMSBLai`, such as `01BLP0-001`, or `KHMSHDon`, such as `2`.
    pub template: String,
    /// `KHBLai`, such as `BL-26E`, or `KHHDon`, such as `K26TAA`.
    pub series: String,
    pub number: u32,
    pub issued_on: BusinessDay,
}

impl Numbering {
    /// A well-formed number that is never issued, with which content is checked before it has one.
    pub fn placeholder(issued_on: BusinessDay) -> Numbering {
        Numbering::placeholder_of(DocumentKind::Receipt, issued_on)
    }

    /// The same for a document of any kind.
    pub fn placeholder_of(kind: DocumentKind, issued_on: BusinessDay) -> Numbering {
        let year = issued_on.year().rem_euclid(100);
        let (template, series) = match kind.invoice() {
            None => ("01BLP0-001".to_owned(), format!("AA-{year:02}E")),
            Some(invoice) => (invoice.code().to_string(), format!("K{year:02}TAA")),
        };
        Numbering { template, series, number: 1, issued_on }
    }
}
