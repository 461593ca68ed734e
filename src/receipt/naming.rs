//! How people name a document: receipts are printed with seven digits, invoices with eight
//! (reference forms of Circular 32/2025/TT-BTC). In data a number is a number.

use super::kind::DocumentKind;
use super::query::Stored;
use super::relation::Action;
use crate::text;

const RECEIPT_DIGITS: usize = 7;
const INVOICE_DIGITS: usize = 8;

impl DocumentKind {
    /// `biên lai` or `hóa đơn`, and in English.
    pub fn noun(self) -> (&'static str, &'static str) {
        if self.invoice().is_some() { ("hóa đơn", "invoice") } else { ("biên lai", "receipt") }
    }

    /// `0000042`, of an invoice `00000042`.
    pub fn printed_number(self, number: i64) -> String {
        let digits = if self.invoice().is_some() { INVOICE_DIGITS } else { RECEIPT_DIGITS };
        format!("{number:0digits$}")
    }
}

impl Stored {
    /// The kind; a receipt where a newer version wrote a kind unknown here.
    fn kind_or_receipt(&self) -> DocumentKind {
        self.kind().unwrap_or(DocumentKind::Receipt)
    }

    pub fn is_invoice(&self) -> bool {
        self.kind_or_receipt().invoice().is_some()
    }

    pub fn noun(&self) -> (&'static str, &'static str) {
        self.kind_or_receipt().noun()
    }

    pub fn printed_number(&self) -> String {
        self.kind_or_receipt().printed_number(self.number)
    }

    /// `BD-26E số 0000042`.
    pub fn name(&self) -> String {
        format!("{} số {}", self.series, self.printed_number())
    }

    pub fn file_stem(&self) -> String {
        file_stem(self.kind_or_receipt(), &self.series, self.number)
    }
}

impl Action {
    /// What a document that does this to an earlier one is called after its noun.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Action::Replace => ("thay thế", "replacement"),
            Action::Adjust => ("điều chỉnh", "adjusting"),
            Action::Cancel => ("hủy", "cancelling"),
        }
    }
}

/// A file's name without extension, in ASCII: `bien-lai-tn26e-0000042`, `hoa-don-k26taa-00000007`.
pub fn file_stem(kind: DocumentKind, series: &str, number: i64) -> String {
    let noun = if kind.invoice().is_some() { "hoa-don" } else { "bien-lai" };
    format!("{noun}-{}-{}", text::squash(series).to_lowercase(), kind.printed_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::kind::InvoiceKind;

    #[test]
    fn an_invoice_is_named_as_one_everywhere() {
        let invoice = DocumentKind::Invoice(InvoiceKind::SalesWithReceipt);
        assert_eq!(file_stem(invoice, "K26TAA", 7), "hoa-don-k26taa-00000007");
        assert_eq!(file_stem(DocumentKind::ReceiptOfFees, "BD-26E", 42), "bien-lai-bd26e-0000042");
        assert_eq!((invoice.noun().0, DocumentKind::Receipt.noun().0), ("hóa đơn", "biên lai"));
    }

    #[test]
    fn a_name_has_no_path_in_it() {
        assert_eq!(file_stem(DocumentKind::Receipt, "../Đ/1\u{0}", 1), "bien-lai-d1-0000001");
    }
}
