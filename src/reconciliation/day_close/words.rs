//! The ledger's accounts in the words of a certificate's page.

use std::collections::BTreeMap;

/// What an account, or a kind of accounts, is called. `items` names fee items by their codes.
pub fn account(name: &str, items: &BTreeMap<String, String>) -> String {
    let (head, of) = name.split_once('/').unwrap_or((name, ""));
    let item = || items.get(of).map_or(of, String::as_str);
    let with = |words: &str, of: &str| {
        if of.is_empty() { words.to_owned() } else { format!("{words} {of}") }
    };
    match head {
        "fees_collected" => with("Phí, lệ phí:", item()),
        "collected_without_document" => with("Khoản thu không lập biên lai:", item()),
        "share_kept" => with("Để lại đơn vị, khoản", item()),
        "received_in_advance" => with("Nộp trước, chưa đủ, nghĩa vụ", of),
        "surplus" => with("Tiền thừa của khoản nộp", of),
        "suspense" if of.starts_with(crate::id::ShiftId::PREFIX) => with("Tiền mặt đếm thừa, ca", of),
        "suspense" => with("Tiền chưa rõ, dòng sao kê", of),
        "unexplained_debit" => with("Khoản chi chưa rõ, dòng sao kê", of),
        "passed_on" => with("Thu hộ, chuyển trả", of),
        "due_to_unit" => with("Giữ cho đơn vị khác", of),
        "clearing" => {
            with("Đã báo có, chờ sao kê, kênh", of.split_once('/').map_or("", |(_, channel)| channel))
        }
        "drawer" => with("Tiền mặt trong ngăn quỹ, ca", of),
        "deposit_in_transit" => with("Tiền mặt đang nộp ngân hàng, giấy nộp", of),
        "shortage" => with("Thiếu quỹ, người chịu trách nhiệm", of),
        "reversal_to_recover" => with("Ngân hàng thu hồi, khoản nộp", of),
        "charges_to_recover" => "Phí của ngân hàng".to_owned(),
        "interest" => "Lãi tiền gửi".to_owned(),
        "refund_payable" => "Hoàn tiền cho người nộp".to_owned(),
        "treasury_in_transit" => with("Đang nộp ngân sách, lệnh", of),
        "budget_due" => with("Nộp ngân sách, chương – tiểu mục", sub_item(of)),
        "budget_refund_due" => with("Ngân sách hoàn trả, chương – tiểu mục", sub_item(of)),
        "bank" => "Chuyển giữa các tài khoản của đơn vị".to_owned(),
        "opening" => "Số dư khi tiếp nhận tài khoản".to_owned(),
        "merger" => with("Sáp nhập, đơn vị", of),
        _ => name.to_owned(),
    }
}

/// A chapter and sub-item, or in words what has none.
fn sub_item(code: &str) -> &str {
    match code {
        "interest" => "(lãi tiền gửi)",
        "unidentified" => "(tiền không rõ người nộp)",
        "unordered" => "(nộp không theo lệnh)",
        known => known,
    }
}

/// `2026-11-22T09:30:15`, as certificates write it: `09:30:15 ngày 22/11/2026`.
pub fn moment(text: &str) -> String {
    let Some((day, time)) = text.split_once('T') else { return text.to_owned() };
    let day: Vec<&str> = day.split('-').rev().collect();
    format!("{time} ngày {}", day.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_said_in_words_and_items_by_their_names() {
        let items = BTreeMap::from([("HT-01".to_owned(), "Cấp bản sao trích lục".to_owned())]);
        assert_eq!(account("fees_collected/HT-01", &items), "Phí, lệ phí: Cấp bản sao trích lục");
        assert_eq!(account("fees_collected/HT-02", &items), "Phí, lệ phí: HT-02");
        assert_eq!(account("clearing/acc_1/sepay", &items), "Đã báo có, chờ sao kê, kênh sepay");
        assert_eq!(account("surplus", &items), "Tiền thừa của khoản nộp");
        assert_eq!(account("budget_due/805-2716", &items), "Nộp ngân sách, chương – tiểu mục 805-2716");
        assert_eq!(moment("2026-11-22T09:30:15"), "09:30:15 ngày 22/11/2026");
    }
}
