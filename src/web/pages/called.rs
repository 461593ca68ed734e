//! What stored words are called on pages: accounts of the ledger, fee items, kinds of documents and of units,
//! shares, series, signers; what a file that somebody brings is, and whose signatures are in it.

use rust_decimal::Decimal;

use crate::ledger::words;
use crate::receipt::DocumentKind;
use crate::report::target::kind_named;
use crate::tariff::{Tariff, UnitKind};
use crate::unit::series::life::Phase;
use crate::web::pages::wording::Lang;

/// An account of the ledger in words, with what it is about as it is. Any other text stays.
pub fn account(lang: Lang, text: &str) -> String {
    match (words::words(text), words::about(text)) {
        (None, _) => text.to_owned(),
        (Some((vi, en)), "") => lang.pick(vi, en).to_owned(),
        (Some((vi, en)), about) => format!("{} · {about}", lang.pick(vi, en)),
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

/// What a file that somebody brings to be verified is, in Vietnamese and English.
pub fn in_file(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "invoice" => ("Hóa đơn", "Invoice"),
        "receipt" => ("Biên lai", "Receipt"),
        "certificate" => ("Chứng từ", "Certificate"),
        "notice" => ("Thông báo", "Notice"),
        "declaration" => ("Tờ khai", "Declaration"),
        "summary" => ("Bảng tổng hợp", "Summary"),
        "usage_report" => ("Báo cáo sử dụng biên lai", "Report of used receipts"),
        _ => ("Tệp", "File"),
    }
}

/// Whose signature stands in a place, by the element that the tax authority names it with, in Vietnamese and
/// English.
pub fn signature(role: &str) -> (&'static str, &'static str) {
    match role {
        "TCThu" => ("Chữ ký của tổ chức thu", "Signature of the collecting body"),
        "NThu" => ("Chữ ký của người thu tiền", "Signature of the collecting officer"),
        "NNop" => ("Chữ ký của người nộp", "Signature of the payer"),
        "NBan" => ("Chữ ký của người bán", "Signature of the seller"),
        "NMua" => ("Chữ ký của người mua", "Signature of the buyer"),
        "NNT" => ("Chữ ký của người nộp thuế", "Signature of the taxpayer"),
        "CQT" | "TTCQT" => ("Chữ ký của cơ quan thuế", "Signature of the tax authority"),
        _ => ("Chữ ký khác", "Another signature"),
    }
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
    match UnitKind::parse(stored) {
        Ok(kind) => unit_kind(lang, kind).to_owned(),
        Err(_) if stored == "city" => lang.t("unit_city").to_owned(),
        Err(_) => stored.to_owned(),
    }
}

/// The kinds of units that a target is for, by the words of its decision; where several mean one kind, it is said
/// once.
pub fn kinds(lang: Lang, words: &[String]) -> String {
    let mut said: Vec<String> = Vec::new();
    for word in words {
        let kind = kind_named(word).map_or_else(|| word.clone(), |kind| unit_kind(lang, kind).to_owned());
        if !said.contains(&kind) {
            said.push(kind);
        }
    }
    said.join(", ")
}

/// A share as it is typed in Vietnam: `0,15 %`; `0.15 %` in English.
pub fn percent_words(lang: Lang, percent: Decimal) -> String {
    let plain = percent.normalize().to_string();
    format!("{} %", lang.pick(&plain.replace('.', ","), &plain))
}

/// A place in a bank's file: its line, after the file's name where it came in an archive. The path of an XML
/// element stays as it is.
pub fn place_in_file(lang: Lang, at: &str) -> String {
    let (file, place) = match at.rsplit_once(": ") {
        Some((file, place)) => (format!("{file}: "), place),
        None => (String::new(), at),
    };
    match place.strip_prefix("line ") {
        Some(number) => format!("{file}{}", lang.with("import_line", number)),
        None => at.to_owned(),
    }
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
    fn a_place_in_a_file_is_read_in_ones_own_language() {
        assert_eq!(place_in_file(Lang::Vi, "line 6"), "Dòng 6");
        assert_eq!(place_in_file(Lang::Vi, "thang 11: a.csv: line 6"), "thang 11: a.csv: Dòng 6");
        assert_eq!(place_in_file(Lang::En, "line 6"), "Line 6");
        let path = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[3]/Amt";
        assert_eq!(place_in_file(Lang::Vi, path), path);
    }

    #[test]
    fn a_kind_of_units_that_several_words_mean_is_said_once() {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        assert_eq!(kinds(Lang::Vi, &words(&["sở", "xã", "ban"])), "Sở, ban, ngành, Xã");
        assert_eq!(kinds(Lang::En, &words(&["phuong", "xã", "phường", "khác"])), "Ward, Commune, khác");
    }

    #[test]
    fn a_share_is_written_as_it_is_read() {
        let share = "0.150".parse().unwrap();
        assert_eq!(percent_words(Lang::Vi, share), "0,15 %");
        assert_eq!(percent_words(Lang::En, share), "0.15 %");
    }

    #[test]
    fn an_account_is_read_in_ones_own_language() {
        assert_eq!(account(Lang::Vi, "budget_due/805-2716"), "Phải nộp ngân sách · 805-2716");
        assert_eq!(account(Lang::En, "interest"), "Interest");
        assert_eq!(account(Lang::Vi, "Biên lai 7"), "Biên lai 7");
        assert_eq!(document(Lang::En, "invoice_vat"), "VAT invoice");
        assert_eq!(document(Lang::Vi, "invoice"), "Hóa đơn");
        assert_eq!(signer(Lang::Vi, "software"), "khóa trong hệ thống");
    }
}
