//! `BLai`, the receipt of fees and charges (`xsd/receipt/BL-1.0.xsd`).

use roxmltree::Node;

use super::{Kind, Line, Party, Printed, child, children, extra, joined, related, signature, value};
use crate::receipt::rendition::wording::{is_nothing, padded, short_date};

pub fn read(root: Node<'_, '_>) -> Printed {
    let data = child(root, "DLBLai").unwrap_or(root);
    let general = child(data, "TTChung").unwrap_or(data);
    let content = child(data, "NDBLai").unwrap_or(data);
    let issuer = child(content, "TCThu");
    let sums = child(content, "TToan");
    let sum = |tag: &str| sums.map_or_else(String::new, |sums| value(sums, &[tag]));
    Printed {
        kind: Kind::Receipt,
        title: value(general, &["TBLai"]),
        template: value(general, &["KHMSBLai"]),
        series: value(general, &["KHBLai"]),
        number: value(general, &["SBLai"]),
        issued_on: value(general, &["NLap"]),
        principal: issuer.and_then(|unit| child(unit, "UNThu")).map(party).unwrap_or_default(),
        issuer: issuer.map(party).unwrap_or_default(),
        payer: child(content, "NNop").map(party).unwrap_or_default(),
        circumstances: vec![
            ("Mã hồ sơ: ", value(general, &["MHSo"])),
            ("Hình thức thanh toán: ", value(general, &["HTTToan"])),
            ("Ngày thu: ", short_date(&extra(general, "NgayThu"))),
        ],
        collector: extra(general, "NguoiThu"),
        lookup_code: value(general, &["MTCuu"]),
        authority_code: String::new(),
        relation: child(general, "TTBLLQuan").map(relation),
        lines: child(content, "DSKThu").map(lines).unwrap_or_default(),
        sums: if is_nothing(&sum("TgMGiam")) {
            Vec::new()
        } else {
            vec![("Cộng".to_owned(), sum("TgTien")), ("Miễn, giảm".to_owned(), sum("TgMGiam"))]
        },
        total: sum("TgTTTBSo"),
        total_in_words: sum("TgTTTBChu"),
        signatures: signature::read(root),
    }
}

fn party(node: Node<'_, '_>) -> Party {
    Party {
        name: value(node, &["Ten"]),
        person: String::new(),
        tax_code: value(node, &["MST"]),
        budget_code: value(node, &["MDVQHNSach"]),
        personal_id: value(node, &["CCCDan"]),
        passport: value(node, &["SHChieu"]),
        address: value(node, &["DChi"]),
        phone: value(node, &["SDThoai"]),
        account: joined(&[("", value(node, &["STKKBac"])), ("Kho bạc ", value(node, &["MKBac"]))], ", "),
    }
}

fn relation(node: Node<'_, '_>) -> String {
    let verb = match value(node, &["TCBLai"]).as_str() {
        "1" => "Thay thế cho biên lai",
        "2" => "Điều chỉnh cho biên lai",
        _ => "Liên quan đến biên lai",
    };
    let earlier = [
        &value(node, &["KHMSBLCLQuan"]),
        &value(node, &["KHBLCLQuan"]),
        &padded(&value(node, &["SBLCLQuan"]), 7),
        &value(node, &["NLBLCLQuan"]),
    ];
    related(verb, earlier.map(String::as_str), value(node, &["GChu"]))
}

fn lines(list: Node<'_, '_>) -> Vec<Line> {
    children(list, "KThu").map(line).collect()
}

fn line(node: Node<'_, '_>) -> Line {
    let kind = match value(node, &["LKThu"]).as_str() {
        "1" => "Phí",
        "2" => "Lệ phí",
        _ => "",
    };
    let classified = joined(
        &[
            ("", kind.to_owned()),
            ("chương ", value(node, &["Chuong"])),
            ("tiểu mục ", value(node, &["TMuc"])),
        ],
        ", ",
    );
    let percent = value(node, &["TLMGiam"]).replace('.', ",");
    let share = if percent.is_empty() { String::new() } else { format!("{percent}%") };
    let ground = joined(&[("", share), ("", value(node, &["CCMGiam"]))], ", ");
    let mut notes = vec![classified];
    if !ground.is_empty() {
        notes.push(format!("Miễn, giảm: {ground}"));
    }
    notes.retain(|note| !note.is_empty());
    Line {
        ordinal: value(node, &["STT"]),
        name: value(node, &["TKThu"]),
        notes,
        unit: value(node, &["DVTinh"]),
        quantity: value(node, &["SLuong"]),
        price: value(node, &["DGia"]),
        reduction: value(node, &["STMGiam"]),
        tax_rate: String::new(),
        amount: value(node, &["ThTien"]),
    }
}
