//! What stored words are called on pages: accounts of the ledger, fee items, kinds of documents, series,
//! signers.

use crate::ledger::words;
use crate::receipt::DocumentKind;
use crate::tariff::{Tariff, UnitKind};
use crate::unit::series::life::Phase;
use crate::web::pages::wording::Lang;

/// An account of the ledger in words, with what it is about: a fee item by its name, else as it is. Any
/// other text stays.
pub fn account(lang: Lang, text: &str, tariff: Option<&Tariff>) -> String {
    match (words::words(text), words::about(text)) {
        (None, _) => text.to_owned(),
        (Some((vi, en)), "") => lang.pick(vi, en).to_owned(),
        (Some((vi, en)), about) => format!("{} · {}", lang.pick(vi, en), item(lang, about, tariff)),
    }
}

/// The name of a fee item; the code where the tariff has none.
pub fn item(lang: Lang, code: &str, tariff: Option<&Tariff>) -> String {
    let item = tariff.and_then(|tariff| tariff.item(code));
    item.map_or_else(|| code.to_owned(), |item| lang.pick(&item.name.vi, &item.name.en).to_owned())
}

/// A kind of document; the stored word where there is no such kind.
pub fn document(lang: Lang, stored: &str) -> String {
    // A registration is for invoices of every kind.
    if stored == "invoice" {
        return lang.pick("Hóa đơn", "Invoice").to_owned();
    }
    DocumentKind::parse(stored).map_or_else(
        || stored.to_owned(),
        |kind| {
            let (vi, en) = kind.words();
            lang.pick(vi, en).to_owned()
        },
    )
}

/// A kind of collecting unit.
pub fn unit_kind(lang: Lang, kind: UnitKind) -> &'static str {
    lang.t(match kind {
        UnitKind::Xa => "unit_xa",
        UnitKind::Phuong => "unit_phuong",
        UnitKind::Department => "unit_department",
        UnitKind::Branch => "unit_branch",
    })
}

/// The same of the stored word; another word stays.
pub fn kind_of(lang: Lang, stored: &str) -> String {
    UnitKind::parse(stored).map_or_else(|_| stored.to_owned(), |kind| unit_kind(lang, kind).to_owned())
}

pub fn phase(lang: Lang, phase: Phase) -> &'static str {
    lang.t(match phase {
        Phase::Planned => "phase_planned",
        Phase::Open => "phase_open",
        Phase::Stopped => "phase_stopped",
        Phase::Exhausted => "phase_exhausted",
        Phase::Closed => "phase_closed",
    })
}

/// Where a key is kept.
pub fn signer(lang: Lang, stored: &str) -> String {
    let key = match stored {
        "software" => "signer_software",
        "pkcs11" => "signer_token",
        "remote" => "signer_remote",
        _ => return stored.to_owned(),
    };
    lang.t(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_in_ones_own_language() {
        assert_eq!(account(Lang::Vi, "budget_due/805-2716", None), "Phải nộp ngân sách · 805-2716");
        assert_eq!(account(Lang::En, "interest", None), "Interest");
        assert_eq!(account(Lang::Vi, "Biên lai 7", None), "Biên lai 7");
        assert_eq!(document(Lang::En, "invoice_vat"), "VAT invoice");
        assert_eq!(document(Lang::Vi, "invoice"), "Hóa đơn");
        assert_eq!(signer(Lang::Vi, "software"), "khóa trong hệ thống");
    }
}
