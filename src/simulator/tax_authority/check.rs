//! What the authority checks on arrival, and the codes it answers with.

use std::collections::HashSet;

use crate::filing::code;
use crate::filing::envelope::{Element, Received};
use crate::receipt::content::identifier::is_tax_code;

/// 20001: wrong form of a field. 20609: the same came before.
pub fn faults(message: &Received, once: &mut HashSet<String>) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let mut wrong = |what: &str| faults.push(("20001", format!("{what}: định dạng không hợp lệ")));
    let tax_code = message.tax_code.clone().unwrap_or_default();
    if !is_tax_code(&tax_code) {
        wrong("MST");
    }
    let root = match message.kind {
        code::REGISTRATION => "TKhai",
        code::USAGE_REPORT => "BCTHSDBLai",
        code::INVOICE_NOTICE | code::RECEIPT_NOTICE => "TBao",
        code::INVOICE | code::INTEGRATED_INVOICE => "HDon",
        _ => "",
    };
    if message.data.children.is_empty() || message.data.children.iter().any(|child| child.tag != root) {
        wrong("DLieu");
        return faults;
    }
    if usize::try_from(message.count).ok() != Some(message.data.children.len()) {
        wrong("SLuong");
    }
    for tag in ["MCQT", "MCQTQLy"] {
        for field in everything(&message.data, tag) {
            if field.text.len() != 5 || !field.text.bytes().all(|byte| byte.is_ascii_digit()) {
                wrong(tag);
            }
        }
    }
    if everything(&message.data, "SignatureValue").is_empty() {
        wrong("DSCKS");
    }
    if faults.is_empty() && message.kind == code::USAGE_REPORT {
        let period = everything(&message.data, "KDLieu").first().map(|field| field.text.clone());
        let mark = everything(&message.data, "LBSung").first().map(|field| field.text.clone());
        let key = format!("{tax_code} {} {}", period.unwrap_or_default(), mark.unwrap_or_default());
        if !once.insert(key) {
            faults.push(("20609", "Báo cáo của kỳ này đã được gửi".to_owned()));
        }
    }
    if faults.is_empty() && matches!(message.kind, code::INVOICE | code::INTEGRATED_INVOICE) {
        let first = |tag: &str| {
            everything(&message.data, tag).first().map(|field| field.text.clone()).unwrap_or_default()
        };
        let is_integrated = matches!(first("KHMSHDon").as_str(), "8" | "9");
        if is_integrated != (message.kind == code::INTEGRATED_INVOICE) {
            faults.push(("20001", "MLTDiep: không đúng loại hóa đơn".to_owned()));
        } else if !once.insert(["MST", "KHMSHDon", "KHHDon", "SHDon"].map(first).join(" ")) {
            faults.push(("20609", "Trùng MST, KHMSHDon, KHHDon, SHDon".to_owned()));
        }
    }
    faults
}

fn everything<'a>(data: &'a Element, tag: &str) -> Vec<&'a Element> {
    let mut found = Vec::new();
    data.all(tag, &mut found);
    found
}
