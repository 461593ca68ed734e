//! What our accounts are called: one table for the books, the bridge, decisions and the workbench. What
//! stands behind the first word (an item, a line, an order) is shown beside it as it is.

/// The first word of an account's text, Vietnamese, English.
const WORDS: [(&str, &str, &str); 23] = [
    ("drawer", "Tiền mặt trong ngăn quỹ", "Cash in a drawer"),
    ("deposit_in_transit", "Tiền mặt đang nộp ngân hàng", "Cash on its way to the bank"),
    ("shortage", "Tiền thiếu người giữ quỹ phải bù", "Shortage its keeper answers for"),
    ("clearing", "Kênh đã báo có, chờ sao kê", "Claimed by a channel, not on a statement"),
    ("bank", "Tiền gửi ngân hàng", "Money in the bank"),
    ("charges_to_recover", "Phí ngân hàng chờ hoàn lại", "Bank charges to recover"),
    ("reversal_to_recover", "Tiền ngân hàng thu hồi, phải đòi lại", "Taken back by the bank, to recover"),
    ("unexplained_debit", "Ghi nợ chưa giải thích được", "Debit nobody explained yet"),
    (
        "received_in_advance",
        "Tiền nộp trước, chưa đủ để lập biên lai",
        "Received before a receipt could be issued",
    ),
    ("fees_collected", "Phí, lệ phí đã thu", "Fees collected"),
    ("collected_without_document", "Đã thu, chưa có chứng từ", "Collected without a document"),
    ("passed_on", "Thu hộ bên khác", "Collected for somebody else"),
    ("surplus", "Tiền nộp thừa, chờ hoàn", "Surplus owed to a payer"),
    ("refund_payable", "Tiền hoàn đã duyệt, chờ chuyển", "Refunds approved, not sent yet"),
    ("suspense", "Tiền chưa rõ của ai", "Money nobody is named for"),
    ("due_to_unit", "Tiền của đơn vị khác", "Owed to another unit"),
    ("interest", "Lãi tiền gửi", "Interest"),
    ("budget_due", "Phải nộp ngân sách", "Owed to the budget"),
    ("share_kept", "Phần được để lại", "Share kept"),
    ("treasury_in_transit", "Tiền đang chuyển Kho bạc", "On its way to the Treasury"),
    ("budget_refund_due", "Ngân sách phải hoàn lại", "The budget owes back"),
    ("opening", "Số dư khi tiếp nhận tài khoản", "Opening balance taken on"),
    ("merger", "Bàn giao khi sáp nhập", "Handed over in a merger"),
];

/// Vietnamese and English of an account by its text; `None` for a text that is no account of ours.
pub fn words(account: &str) -> Option<(&'static str, &'static str)> {
    let head = account.split('/').next().unwrap_or(account);
    WORDS.iter().find(|(name, ..)| *name == head).map(|(_, vi, en)| (*vi, *en))
}

/// What stands behind the first word: an item, an id, chapter and sub-item; empty for none.
pub fn about(account: &str) -> &str {
    account.split_once('/').map_or("", |(_, about)| about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_called_by_its_first_word() {
        assert_eq!(words("budget_due/805-2716"), Some(("Phải nộp ngân sách", "Owed to the budget")));
        assert_eq!(about("budget_due/805-2716"), "805-2716");
        assert_eq!((words("interest").map(|(_, en)| en), about("interest")), (Some("Interest"), ""));
        assert_eq!(words("no_account/1"), None);
    }
}
