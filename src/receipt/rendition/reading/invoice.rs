//! `HDon`, the invoice (Decision 1450/QĐ-TCT, Decision 1271/QĐ-CT, part II).

use roxmltree::Node;

use super::{Kind, Line, Party, Printed, child, children, extra, joined, related, signature, value};
use crate::receipt::rendition::wording::{is_nothing, padded, short_date};

pub fn read(root: Node<'_, '_>) -> Printed {
    let data = child(root, "DLHDon").unwrap_or(root);
    let general = child(data, "TTChung").unwrap_or(data);
    let content = child(data, "NDHDon").unwrap_or(data);
    let sums = child(content, "TToan");
    let sum = |tag: &str| sums.map_or_else(String::new, |sums| value(sums, &[tag]));
    let template = value(general, &["KHMSHDon"]);
    let title = value(general, &["THDon"]);
    Printed {
        kind: if matches!(template.as_str(), "8" | "9") { Kind::Integrated } else { Kind::Invoice },
        title: if title.is_empty() { "Hóa đơn".to_owned() } else { title },
        template,
        series: value(general, &["KHHDon"]),
        number: value(general, &["SHDon"]),
        issued_on: value(general, &["NLap"]),
        issuer: child(content, "NBan").map(party).unwrap_or_default(),
        principal: Party {
            name: value(general, &["TDVNUNLHDon"]),
            tax_code: value(general, &["MSTDVNUNLHDon"]),
            ..Party::default()
        },
        payer: child(content, "NMua").map(party).unwrap_or_default(),
        circumstances: vec![
            ("Mã hồ sơ: ", extra(general, "MaHoSo")),
            ("Hình thức thanh toán: ", value(general, &["HTTToan"])),
            ("Đồng tiền thanh toán: ", value(general, &["DVTTe"])),
            ("Tỷ giá: ", value(general, &["TGia"]).replace('.', ",")),
            ("Ngày thu: ", short_date(&extra(general, "NgayThu"))),
            ("Kèm theo bảng kê số ", value(general, &["SBKe"])),
        ],
        collector: extra(general, "NguoiThu"),
        lookup_code: lookup_code(general),
        authority_code: value(root, &["MCCQT"]),
        relation: child(general, "TTHDLQuan").map(relation),
        lines: child(content, "DSHHDVu").map(lines).unwrap_or_default(),
        sums: sums.map(subtotals).unwrap_or_default(),
        total: sum("TgTTTBSo"),
        total_in_words: sum("TgTTTBChu"),
        signatures: signature::read(root),
    }
}

fn lookup_code(general: Node<'_, '_>) -> String {
    let own = value(general, &["MTCuu"]);
    if own.is_empty() { extra(general, "MTCuu") } else { own }
}

fn party(node: Node<'_, '_>) -> Party {
    Party {
        name: value(node, &["Ten"]),
        person: value(node, &["HVTNMHang"]),
        tax_code: value(node, &["MST"]),
        budget_code: value(node, &["MDVQHNSach"]),
        personal_id: value(node, &["CCCDan"]),
        passport: value(node, &["SHChieu"]),
        address: value(node, &["DChi"]),
        phone: value(node, &["SDThoai"]),
        account: joined(&[("", value(node, &["STKNHang"])), ("", value(node, &["TNHang"]))], ", "),
    }
}

fn relation(node: Node<'_, '_>) -> String {
    let verb = match value(node, &["TCHDon"]).as_str() {
        "1" => "Thay thế cho hóa đơn",
        "2" => "Điều chỉnh cho hóa đơn",
        _ => "Liên quan đến hóa đơn",
    };
    let earlier = [
        &value(node, &["KHMSHDCLQuan"]),
        &value(node, &["KHHDCLQuan"]),
        &padded(&value(node, &["SHDCLQuan"]), 8),
        &value(node, &["NLHDCLQuan"]),
    ];
    related(verb, earlier.map(String::as_str), value(node, &["GChu"]))
}

fn lines(list: Node<'_, '_>) -> Vec<Line> {
    children(list, "HHDVu").map(line).collect()
}

fn line(node: Node<'_, '_>) -> Line {
    let nature = match value(node, &["TChat"]).as_str() {
        "2" => "Khuyến mại",
        "3" => "Chiết khấu thương mại",
        _ => "",
    };
    Line {
        ordinal: value(node, &["STT"]),
        name: value(node, &["THHDVu"]),
        notes: Some(nature.to_owned()).into_iter().filter(|note| !note.is_empty()).collect(),
        unit: value(node, &["DVTinh"]),
        quantity: value(node, &["SLuong"]),
        price: value(node, &["DGia"]),
        reduction: value(node, &["STCKhau"]),
        tax_rate: rate(&value(node, &["TSuat"])),
        amount: value(node, &["ThTien"]),
    }
}

/// Rates are printed as they are written, except for the codes that are no rate.
fn rate(code: &str) -> String {
    match code {
        "KCT" => "Không chịu thuế".to_owned(),
        "KKKNT" => "Không kê khai, tính nộp thuế".to_owned(),
        other => other.strip_prefix("KHAC:").unwrap_or(other).replace('.', ","),
    }
}

/// In the order people add up: goods, tax by rate, fees and charges, discount.
fn subtotals(sums: Node<'_, '_>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut push = |label: String, amount: String| {
        if !amount.is_empty() {
            rows.push((label, amount));
        }
    };
    push("Cộng tiền hàng hóa, dịch vụ (chưa có thuế GTGT)".to_owned(), value(sums, &["TgTCThue"]));
    for by_rate in child(sums, "THTTLTSuat").into_iter().flat_map(|list| children(list, "LTSuat")) {
        let tax = value(by_rate, &["TThue"]);
        if !is_nothing(&tax) {
            push(format!("Tiền thuế GTGT, thuế suất {}", rate(&value(by_rate, &["TSuat"]))), tax);
        }
    }
    push("Tổng tiền thuế GTGT".to_owned(), value(sums, &["TgTThue"]));
    for fee in child(sums, "DSLPhi").into_iter().flat_map(|list| children(list, "LPhi")) {
        push(value(fee, &["TLPhi"]), value(fee, &["TPhi"]));
    }
    let discount = value(sums, &["TTCKTMai"]);
    if !is_nothing(&discount) {
        push("Chiết khấu thương mại".to_owned(), discount);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn related_by(note: &str) -> String {
        let text = format!(
            "<HDon><DLHDon><TTChung><KHMSHDon>8</KHMSHDon><TTHDLQuan><TCHDon>2</TCHDon><KHMSHDCLQuan>8</KHMSHDCLQuan>\
             <KHHDCLQuan>K26TBD</KHHDCLQuan><SHDCLQuan>1</SHDCLQuan><NLHDCLQuan>2026-11-23</NLHDCLQuan>\
             <GChu>{note}</GChu></TTHDLQuan></TTChung></DLHDon></HDon>"
        );
        let document = roxmltree::Document::parse(&text).unwrap();
        read(document.root_element()).relation.unwrap()
    }

    #[test]
    fn what_an_invoice_does_to_an_earlier_one_is_said_once() {
        let ours = "Điều chỉnh cho hóa đơn Mẫu số 8 ký hiệu K26TBD số 00000001 ngày 23 tháng 11 năm 2026";
        assert_eq!(related_by(ours), ours);
        let other = related_by("sai thuế suất");
        assert!(other.starts_with("Điều chỉnh cho hóa đơn mẫu số 8, ký hiệu K26TBD"), "{other}");
        assert!(other.ends_with("năm 2026. sai thuế suất"), "{other}");
    }

    #[test]
    fn a_note_that_names_another_invoice_does_not_hide_the_one_that_is_signed_for() {
        let signed_for =
            "Điều chỉnh cho hóa đơn mẫu số 8, ký hiệu K26TBD, số 00000001, ngày 23 tháng 11 năm 2026. ";
        for named in ["K26TBD số 00000002", "K26TBC số 00000001", "K26TBD số 000000012"] {
            let note = format!("Điều chỉnh cho hóa đơn Mẫu số 8 ký hiệu {named} ngày 23 tháng 11 năm 2026");
            assert_eq!(related_by(&note), format!("{signed_for}{note}"));
        }
    }
}
