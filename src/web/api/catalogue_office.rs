//! More pages of staff: accounts, lists, remittances, slips of cards. Staff sign in.

use super::catalogue::{Endpoint, NONE};

const READERS: &str = "finance, approver, auditor, administrator";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/finance/days/{id}",
        vi: "Một tài khoản: chứng nhận, cầu nối, khóa tháng, mở lại ngày.",
        en: "One account: certificates, the bridge of ?date=, its months, days to open again.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/days/{id}/file",
        vi: "Tải báo cáo cầu nối.",
        en: "The bridge as a file; ?date= &format=csv|xlsx.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/days/{id}/month",
        vi: "Khóa tháng, với mã hoặc mật khẩu.",
        en: "Closes a month, with code or password.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/days/{id}/match",
        vi: "Đối chiếu lại các dòng còn mở của tài khoản.",
        en: "Matches the open lines of the account again.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/days/{id}/reopen",
        vi: "Đề nghị mở lại ngày đã khóa; người khác duyệt.",
        en: "Asks for a closed day to be opened again; another person decides.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/days/certificates/{id}/pdf",
        vi: "Chứng nhận khóa ngày.",
        en: "The certificate of a day, with the signed bytes attached.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/days/certificates/{id}/xml",
        vi: "Tệp đã ký của chứng nhận khóa ngày.",
        en: "Exactly the signed bytes of the certificate of a day.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/months/certificates/{id}/pdf",
        vi: "Chứng nhận khóa tháng.",
        en: "The certificate of a month, with the signed bytes attached.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/months/certificates/{id}/xml",
        vi: "Tệp đã ký của chứng nhận khóa tháng.",
        en: "Exactly the signed bytes of the certificate of a month.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/lists",
        vi: "Các danh sách.",
        en: "The lists there are.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/lists/{list}",
        vi: "Một danh sách theo ngày, có mã truy vấn.",
        en: "A list by its day, page by page, with its query id; ?unit= (* for all) &from= &until= &state= \
             &account= &kind= &owner= &after=.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/lists/{list}/file",
        vi: "Tải cả danh sách.",
        en: "The same question, all of it; &format=csv|xlsx.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/receipts/file",
        vi: "Tải các biên lai, hóa đơn đã ký của một đơn vị trong một kỳ, một tệp zip.",
        en: "The signed documents of a unit and period as one zip file; ?unit= &from= &until= &pdf=true.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/remittances",
        vi: "Nộp ngân sách: phải nộp, lệnh, báo cáo của Kho bạc.",
        en: "What is owed to the budget by code, and the orders.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/remittances",
        vi: "Lập lệnh nộp cho mọi khoản còn lại.",
        en: "Draws an order up over everything that is free; another person approves.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/remittances/report",
        vi: "Nhận báo cáo ghi có của Kho bạc.",
        en: "Takes the Treasury's report on.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        path: "/finance/remittances/{id}",
        vi: "Một lệnh nộp.",
        en: "An order with its lines and what became of it.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/remittances/{id}",
        vi: "Hủy lệnh chưa chuyển tiền; lệnh đã duyệt thì người khác hủy.",
        en: "Ends an order whose money is not sent; of an approved one another person than its maker.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/remittances/{id}/pdf",
        vi: "Bản in lệnh nộp.",
        en: "The order to be signed and handed over.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/remittances/{id}/xml",
        vi: "Lệnh nộp dạng XML.",
        en: "The order for machines.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/card-slip",
        vi: "Ghi mã chuẩn chi của khoản thu bằng thẻ.",
        en: "Notes the approval code of a card payment that was taken before.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/statements/{id}/give-up",
        vi: "Bỏ một sao kê nạp dở, nêu lý do.",
        en: "Gives up a statement that is loaded in part, with a reason.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/versions/{id}",
        vi: "Sao kê gửi lại: khác gì so với bản đã nhận.",
        en: "A statement that came again: what differs.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/versions/{id}",
        vi: "Đề nghị nhận hoặc bỏ sao kê gửi lại.",
        en: "Proposes to accept or to dismiss it; another person decides.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/quarantine/{id}",
        vi: "Các dòng sao kê không đọc được.",
        en: "The lines of a statement that could not be read.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/quarantine/{id}",
        vi: "Sửa hoặc bỏ tất cả các dòng đó.",
        en: "Repairs or discards all of them at once.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/exceptions/{id}/beside",
        vi: "Người phụ trách, thư tra soát, gợi ý của một ngoại lệ.",
        en: "Whose an item is, its letters to the bank, and which units wait for its sum.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/exceptions/{id}/beside",
        vi: "Giao việc, viết thư tra soát, ghi trả lời.",
        en: "Gives the item to somebody, writes a letter, records the bank's reply.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/letters/{id}/pdf",
        vi: "In thư tra soát.",
        en: "The letter to be signed; printing it leaves a trace.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        path: "/finance/refund-start",
        vi: "Lập đề nghị hoàn tiền.",
        en: "Starts a refund; ?payment= &amount=.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/refund-start",
        vi: "Lập đề nghị hoàn tiền; người khác duyệt.",
        en: "Asks for a payment's surplus to go back; another person approves.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        path: "/counter/deposit",
        vi: "Giấy nộp tiền vào ngân hàng.",
        en: "Deposit slips: money from one's drawers to the bank.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/deposit",
        vi: "Lập giấy nộp tiền.",
        en: "Makes a deposit slip with its reference code.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/complaints",
        vi: "Ghi nhận khiếu nại của người dân.",
        en: "Takes a citizen's complaint down.",
        who: "cashier, finance, approver",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/complaints",
        vi: "Ghi nhận khiếu nại: một mục của hàng đợi.",
        en: "Makes an item of the queue of it.",
        who: "cashier, finance, approver",
        ..NONE
    },
];
