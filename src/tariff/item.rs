//! Fee items and the tariff that holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::charge::Charge;
use super::exemption::{Exemption, ExemptionGroup};
use super::explain::Words;
use super::place::{IntakeMode, Place};
use crate::clock::BusinessDay;

/// Law 97/2015/QH13, article 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// Phí: covers the cost of a public service; a share may be kept.
    Phi,
    /// Lệ phí: wholly the budget's.
    LePhi,
    /// Giá dịch vụ: the price of a service, no budget revenue; wholly the unit's, on an invoice.
    Service,
    /// Collected for another: not ours, not on our receipt.
    PassThrough,
}

impl FeeKind {
    pub fn as_str(self) -> &'static str {
        match self {
            FeeKind::Phi => "phi",
            FeeKind::LePhi => "le_phi",
            FeeKind::Service => "dich_vu",
            FeeKind::PassThrough => "pass_through",
        }
    }
}

/// The document the payer gets for the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Receipt,
    /// KHMSHDon 1: shows the value added tax.
    InvoiceVat,
    /// KHMSHDon 2. Tariffs wrote `invoice` before there were kinds.
    #[serde(alias = "invoice")]
    InvoiceSales,
    /// KHMSHDon 8: the first, with fees and charges beside what is sold.
    InvoiceVatWithReceipt,
    /// KHMSHDon 9: the second, with fees and charges beside what is sold.
    InvoiceSalesWithReceipt,
    None,
}

impl DocumentKind {
    pub const ALL: [DocumentKind; 6] = [
        DocumentKind::Receipt,
        DocumentKind::InvoiceVat,
        DocumentKind::InvoiceSales,
        DocumentKind::InvoiceVatWithReceipt,
        DocumentKind::InvoiceSalesWithReceipt,
        DocumentKind::None,
    ];

    /// Fees and charges may stand on it.
    pub fn carries_fees(self) -> bool {
        matches!(
            self,
            DocumentKind::Receipt
                | DocumentKind::InvoiceVatWithReceipt
                | DocumentKind::InvoiceSalesWithReceipt
        )
    }

    pub fn as_str(self) -> &'static str {
        match self {
            DocumentKind::Receipt => "receipt",
            DocumentKind::InvoiceVat => "invoice_vat",
            DocumentKind::InvoiceSales => "invoice_sales",
            DocumentKind::InvoiceVatWithReceipt => "invoice_vat_with_receipt",
            DocumentKind::InvoiceSalesWithReceipt => "invoice_sales_with_receipt",
            DocumentKind::None => "none",
        }
    }
}

/// The share of a phí that stays with the unit, from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptShare {
    pub from: BusinessDay,
    /// 10,000 is all of it.
    pub basis_points: i32,
}

/// All of it, in basis points.
const WHOLE_BP: i32 = 10_000;

/// One phí, lệ phí, service or pass-through line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeItem {
    pub code: String,
    pub name: Words,
    pub kind: FeeKind,
    pub document: DocumentKind,
    /// `TSuat`, where the item is sold on an invoice that shows the tax. Prices include it.
    pub vat_rate: Option<String>,
    /// Budget chapter (chương), three digits; none for pass-through lines.
    pub chapter: Option<String>,
    /// Budget sub-item (tiểu mục), four digits; none for pass-through lines.
    pub sub_item: Option<String>,
    /// What `Measure::Quantity` counts.
    pub unit: Words,
    pub kept_shares: Vec<KeptShare>,
    pub charges: Vec<Charge>,
}

impl FeeItem {
    /// The kept share on a day, in basis points. Lệ phí and pass-through lines keep nothing, the
    /// price of a service stays wholly with the unit.
    pub fn kept_share_bp(&self, on: BusinessDay) -> i32 {
        if self.kind == FeeKind::Service {
            return WHOLE_BP;
        }
        self.kept_shares.iter().rev().find(|share| share.from <= on).map_or(0, |share| share.basis_points)
    }

    /// The charge in force; the most specific place decides.
    pub fn charge(&self, place: &Place, channel: IntakeMode, on: BusinessDay) -> Option<&Charge> {
        let in_force = self.charges.iter().filter(|charge| charge.holds(place, channel, on));
        in_force.max_by_key(|charge| charge.places.precedence())
    }
}

/// A procedure (thủ tục hành chính) and what is usually due with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    pub code: String,
    pub name: Words,
    pub items: Vec<String>,
}

/// A checked tariff; only [`super::load`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    pub(super) name: String,
    pub(super) items: BTreeMap<String, FeeItem>,
    pub(super) groups: BTreeMap<String, ExemptionGroup>,
    /// In the order of the file.
    pub(super) exemptions: Vec<Exemption>,
    pub(super) procedures: BTreeMap<String, Procedure>,
}

impl Tariff {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn item(&self, code: &str) -> Option<&FeeItem> {
        self.items.get(code)
    }

    /// By code.
    pub fn items(&self) -> impl Iterator<Item = &FeeItem> {
        self.items.values()
    }

    /// What may be asked for at a place, through a channel, on a day.
    pub fn in_force(
        &self,
        place: &Place,
        channel: IntakeMode,
        on: BusinessDay,
    ) -> impl Iterator<Item = (&FeeItem, &Charge)> {
        self.items.values().filter_map(move |item| Some((item, item.charge(place, channel, on)?)))
    }

    pub fn exemption_group(&self, code: &str) -> Option<&ExemptionGroup> {
        self.groups.get(code)
    }

    pub fn exemption_groups(&self) -> impl Iterator<Item = &ExemptionGroup> {
        self.groups.values()
    }

    pub fn procedure(&self, code: &str) -> Option<&Procedure> {
        self.procedures.get(code)
    }

    pub fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.values()
    }
}
