//! The kinds of documents a paid obligation can yield: the receipt and its siblings, the invoices.

use std::fmt;

use super::profile::FeesAndCharges;
use crate::unit::registration::Family;

/// A kind of document. One paid obligation yields at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// Phí and lệ phí on one receipt.
    Receipt,
    /// The receipt of the phí, where the profile wants them apart.
    ReceiptOfFees,
    /// The receipt of the lệ phí, where the profile wants them apart.
    ReceiptOfCharges,
    Invoice(InvoiceKind),
}

/// `KHMSHDon` of the invoices this program issues (Circular 32/2025/TT-BTC art. 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InvoiceKind {
    /// 1, hóa đơn giá trị gia tăng: the tax is shown.
    Vat,
    /// 2, hóa đơn bán hàng: of sellers who owe tax on their turnover.
    Sales,
    /// 8, the first with a receipt of fees on it.
    VatWithReceipt,
    /// 9, the second with a receipt of fees on it.
    SalesWithReceipt,
}

impl InvoiceKind {
    pub const ALL: [InvoiceKind; 4] =
        [InvoiceKind::Vat, InvoiceKind::Sales, InvoiceKind::VatWithReceipt, InvoiceKind::SalesWithReceipt];

    /// `KHMSHDon`.
    pub fn code(self) -> u8 {
        match self {
            InvoiceKind::Vat => 1,
            InvoiceKind::Sales => 2,
            InvoiceKind::VatWithReceipt => 8,
            InvoiceKind::SalesWithReceipt => 9,
        }
    }

    pub fn of_code(code: u8) -> Option<InvoiceKind> {
        InvoiceKind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn shows_vat(self) -> bool {
        matches!(self, InvoiceKind::Vat | InvoiceKind::VatWithReceipt)
    }

    /// Fees and charges stand beside what is sold.
    pub fn is_integrated(self) -> bool {
        matches!(self, InvoiceKind::VatWithReceipt | InvoiceKind::SalesWithReceipt)
    }
}

impl DocumentKind {
    /// In the order in which an obligation's documents are shown: the receipt first.
    pub const ALL: [DocumentKind; 7] = [
        DocumentKind::Receipt,
        DocumentKind::ReceiptOfFees,
        DocumentKind::ReceiptOfCharges,
        DocumentKind::Invoice(InvoiceKind::Vat),
        DocumentKind::Invoice(InvoiceKind::Sales),
        DocumentKind::Invoice(InvoiceKind::VatWithReceipt),
        DocumentKind::Invoice(InvoiceKind::SalesWithReceipt),
    ];

    /// Those of the receipts of fees and charges, on one document or apart.
    pub const RECEIPTS: [DocumentKind; 3] =
        [DocumentKind::Receipt, DocumentKind::ReceiptOfFees, DocumentKind::ReceiptOfCharges];

    /// As it is stored beside a document.
    pub fn as_str(self) -> &'static str {
        match self {
            DocumentKind::Receipt => "receipt",
            DocumentKind::ReceiptOfFees => "receipt_phi",
            DocumentKind::ReceiptOfCharges => "receipt_le_phi",
            DocumentKind::Invoice(InvoiceKind::Vat) => "invoice_vat",
            DocumentKind::Invoice(InvoiceKind::Sales) => "invoice_sales",
            DocumentKind::Invoice(InvoiceKind::VatWithReceipt) => "invoice_vat_with_receipt",
            DocumentKind::Invoice(InvoiceKind::SalesWithReceipt) => "invoice_sales_with_receipt",
        }
    }

    pub fn parse(text: &str) -> Option<DocumentKind> {
        DocumentKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind that series, fee items and obligation lines name.
    pub fn series_kind(self) -> &'static str {
        match self {
            DocumentKind::ReceiptOfFees | DocumentKind::ReceiptOfCharges => DocumentKind::Receipt.as_str(),
            other => other.as_str(),
        }
    }

    /// The document on which an obligation line stands; None when it stands on none of ours.
    ///
    /// `invoice` without a kind is what tariffs said before there were kinds: a sales invoice,
    /// because those tariffs named no tax rate.
    pub fn of_line(document: &str, line_kind: &str, rule: FeesAndCharges) -> Option<DocumentKind> {
        match (document, line_kind, rule) {
            (_, "pass_through", _) => None,
            ("receipt", "le_phi", FeesAndCharges::Apart) => Some(DocumentKind::ReceiptOfCharges),
            ("receipt", _, FeesAndCharges::Apart) => Some(DocumentKind::ReceiptOfFees),
            ("invoice", _, _) => Some(DocumentKind::Invoice(InvoiceKind::Sales)),
            (document, _, _) => DocumentKind::parse(document),
        }
    }

    /// Whether a line of an obligation stands on a document of this kind, whatever rule it was
    /// issued under.
    pub fn covers(self, document: &str, line_kind: &str) -> bool {
        [FeesAndCharges::OnOneDocument, FeesAndCharges::Apart]
            .into_iter()
            .any(|rule| DocumentKind::of_line(document, line_kind, rule) == Some(self))
    }

    pub fn invoice(self) -> Option<InvoiceKind> {
        match self {
            DocumentKind::Invoice(kind) => Some(kind),
            _ => None,
        }
    }

    /// Whether the usage report of receipts counts it.
    pub fn is_receipt(self) -> bool {
        DocumentKind::RECEIPTS.contains(&self)
    }

    /// The family under which the tax office is told of it: invoices that carry a receipt are invoices.
    pub fn family(self) -> Family {
        if self.is_receipt() { Family::Receipt } else { Family::Invoice }
    }

    /// What people call it: Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            DocumentKind::Receipt => ("Biên lai", "Receipt"),
            DocumentKind::ReceiptOfFees => ("Biên lai thu phí", "Receipt of fees"),
            DocumentKind::ReceiptOfCharges => ("Biên lai thu lệ phí", "Receipt of charges"),
            DocumentKind::Invoice(InvoiceKind::Vat) => ("Hóa đơn giá trị gia tăng", "VAT invoice"),
            DocumentKind::Invoice(InvoiceKind::Sales) => ("Hóa đơn bán hàng", "Sales invoice"),
            DocumentKind::Invoice(InvoiceKind::VatWithReceipt) => {
                ("Hóa đơn giá trị gia tăng tích hợp biên lai", "VAT invoice with receipt")
            }
            DocumentKind::Invoice(InvoiceKind::SalesWithReceipt) => {
                ("Hóa đơn bán hàng tích hợp biên lai", "Sales invoice with receipt")
            }
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        for kind in DocumentKind::ALL {
            assert_eq!(DocumentKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(DocumentKind::parse("none"), None);
    }

    #[test]
    fn every_kind_is_a_receipt_or_an_invoice() {
        for kind in DocumentKind::ALL {
            assert_ne!(kind.is_receipt(), kind.invoice().is_some(), "{kind}");
        }
    }

    #[test]
    fn a_kind_belongs_to_the_family_that_its_stored_name_says() {
        for kind in DocumentKind::ALL {
            assert_eq!(Family::of_kind(kind.as_str()), Some(kind.family()), "{kind}");
        }
    }

    #[test]
    fn a_line_stands_on_exactly_one_document_or_on_none() {
        let together = |document, kind| DocumentKind::of_line(document, kind, FeesAndCharges::OnOneDocument);
        let apart = |document, kind| DocumentKind::of_line(document, kind, FeesAndCharges::Apart);
        assert_eq!(together("receipt", "phi"), Some(DocumentKind::Receipt));
        assert_eq!(together("receipt", "le_phi"), Some(DocumentKind::Receipt));
        assert_eq!(apart("receipt", "phi"), Some(DocumentKind::ReceiptOfFees));
        assert_eq!(apart("receipt", "le_phi"), Some(DocumentKind::ReceiptOfCharges));
        assert_eq!(apart("invoice_vat", "dich_vu"), Some(DocumentKind::Invoice(InvoiceKind::Vat)));
        assert_eq!(together("invoice", "phi"), Some(DocumentKind::Invoice(InvoiceKind::Sales)));
        assert_eq!(together("none", "phi"), None);
        assert_eq!(together("receipt", "pass_through"), None);
    }

    #[test]
    fn a_receipt_covers_its_lines_under_either_rule() {
        assert!(DocumentKind::Receipt.covers("receipt", "le_phi"));
        assert!(DocumentKind::ReceiptOfCharges.covers("receipt", "le_phi"));
        assert!(!DocumentKind::ReceiptOfFees.covers("receipt", "le_phi"));
        assert!(!DocumentKind::Receipt.covers("invoice_sales", "dich_vu"));
    }

    #[test]
    fn apart_receipts_share_the_series_of_receipts() {
        assert_eq!(DocumentKind::ReceiptOfFees.series_kind(), "receipt");
        assert_eq!(DocumentKind::Invoice(InvoiceKind::Sales).series_kind(), "invoice_sales");
    }
}
