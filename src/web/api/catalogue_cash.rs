//! What the page `/api` says about cash and the Treasury.

use super::catalogue::{Endpoint, NONE, SEEN};

const READERS: &str = "cashier, finance, approver, auditor, administrator";
const BOOKS: &str = "finance, approver, auditor, administrator";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/api/v1/shifts",
        vi: "Mở ca thu với số tiền lẻ đầu ca đã đếm.",
        en: "Opens the cashier's shift of today with a counted float.",
        who: "cashier",
        notes: "float holds pieces by denomination; {} is an empty drawer. A shift that was closed today is opened \
                again: the same shift, another of its turns. Money at the counter is taken in an open shift only.",
        body: r#"{ "unit": "00070", "float": { "50000": 2, "10000": 10 } }"#,
        answer: r#"{ "shift": { "id": "shf_01j9…", "opened_on": "2026-11-23", "state": "in_use" } }"#,
    },
    Endpoint {
        path: "/api/v1/shifts",
        vi: "Các ca thu của một đơn vị, mới nhất trước.",
        en: "Shifts of a unit, newest first, with the takings each drawer holds.",
        who: READERS,
        notes: "?unit= &state= (in_use, counted, closed; open: left by an earlier version) &limit=. turns are the times that the \
                drawer was opened, each with its own float, takings, count and difference.",
        answer: r#"{ "shifts": [ { "id": "shf_01j9…", "state": "in_use", "held": 250000, "turns": [ { "float": 50000, "cash_taken": 250000, "counted": null } ] } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/shifts/{id}",
        vi: "Báo cáo ca thu: phải có, đếm được, chênh lệch, biên lai, giấy nộp tiền.",
        en: "The report of a shift: expected, counted, difference, takings with receipts, deposits.",
        who: READERS,
        notes: "A shift that was opened again on its day has a turn for each opening.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/shifts/{id}/close",
        vi: "Kiểm quỹ theo mệnh giá và đóng ca.",
        en: "Counts the drawer by denomination, the float among it, and closes the shift.",
        who: "cashier (their own), finance",
        notes: "Without a difference the shift is closed; with one it is counted and waits for another person. \
                next_slip is the first unused provisional slip of the cashier's pad, asked for while slips of theirs \
                are on paper; one below it that is not in the books keeps the shift open (shift_slips_open). With \
                several pads in hand, next_slips has one number for each that has slips left.",
        body: r#"{ "count": { "100000": 3, "20000": 2 } }"#,
        answer: r#"{ "shift": { "state": "counted" }, "counted": { "total": 340000, "expected": 350000, "variance": -10000 } }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/shifts/{id}/sign-off",
        vi: "Người khác xác nhận chênh lệch quỹ.",
        en: "Another person takes the difference as it is: short is the cashier's, over is suspense.",
        who: "finance, approver",
        body: r#"{ "reason": "Biên bản kiểm quỹ 03/BB" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/shifts/{id}/send-back",
        vi: "Yêu cầu đếm lại quỹ.",
        en: "Has the drawer counted again.",
        who: "finance, approver",
        body: r#"{ "reason": "Đếm thiếu một thếp" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/deposits",
        vi: "Lập giấy nộp tiền từ một hoặc nhiều ngăn quỹ vào tài khoản ngân hàng.",
        en: "Hands cash of one or more drawers over for deposit.",
        who: "cashier (their own drawer), finance",
        notes: "Idempotency-Key required. The deposit's text must carry reference_code: the statement's credit with it \
                ends the slip. What is credited short or over is an exception.",
        body: r#"{ "unit": "00070", "parts": [ { "shift": "shf_01j9…", "amount": 250000 } ] }"#,
        answer: r#"{ "deposit": { "id": "slp_01j9…", "amount": 250000, "reference_code": "HNPH7K2MQ4X97", "state": "in_transit" } }"#,
    },
    Endpoint {
        path: "/api/v1/deposits",
        vi: "Các giấy nộp tiền, mới nhất trước.",
        en: "Deposit slips of a unit, newest first.",
        who: READERS,
        notes: "?unit= &state= (in_transit, short, credited, withdrawn) &limit=.",
        answer: r#"{ "deposits": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/deposits/{id}",
        vi: "Một giấy nộp tiền với các ngăn quỹ và lịch sử.",
        en: "One slip with its drawers and steps.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/deposits/{id}/withdraw",
        vi: "Thu hồi giấy nộp tiền chưa nộp; tiền trở lại ngăn quỹ.",
        en: "Another person says that the slip was never handed over: its money is in the drawers still.",
        who: "finance, approver",
        body: r#"{ "reason": "Ngân hàng nghỉ" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/payments/{id}/card-slip",
        vi: "Ghi mã chuẩn chi của khoản thu qua thẻ.",
        en: "Notes the approval code of a card payment, so that the acquirer's batch finds it.",
        who: "cashier, finance",
        body: r#"{ "approval_code": "A00001", "terminal": "T1" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/pos/batches",
        vi: "Nhập bảng kê POS của ngân hàng thanh toán.",
        en: "Takes an acquirer's batch on: sales, and chargebacks or our refunds, by approval code, and its fee.",
        who: "finance",
        notes: "The statement's line with reference in its text and exactly the net amount proves the payments; the \
                fee is a charge to recover. Items without a payment are an exception.",
        body: r#"{ "unit": "00070", "reference": "POS0001", "settled_on": "2026-11-24", "fee": 250,
  "items": [ { "kind": "sale", "approval_code": "A00001", "amount": 25000 } ] }"#,
        answer: r#"{ "batch": { "id": "bat_01j9…", "reference": "POS0001", "net": 24750, "state": "awaited" } }"#,
    },
    Endpoint {
        path: "/api/v1/pos/batches",
        vi: "Các bảng kê POS, mới nhất trước.",
        en: "Card batches of a unit, newest first.",
        who: BOOKS,
        notes: "?unit= &limit=.",
        answer: r#"{ "batches": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/pos/batches/{id}",
        vi: "Một bảng kê POS với từng giao dịch và khoản thu tương ứng.",
        en: "One batch with its items and the payments they were matched with.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/pos/batches/{id}/withdrawal",
        vi: "Đề nghị rút một bảng kê POS nhập nhầm; người thứ hai duyệt ngoại lệ được mở.",
        en: "Asks for a wrongly entered batch to be withdrawn; another person approves the exception it opens.",
        who: "finance, approver",
        notes: "Only while no line shows it: paper_credited, paper_withdrawn otherwise. Once approved, the right paper \
                may come under the same reference.",
        body: r#"{ "reason": "Nhập nhầm số tiền" }"#,
        answer: r#"{ "exception": { "id": "exc_01j9…", "kind": "match_doubted", "state": "proposed" } }"#,
    },
    Endpoint {
        path: "/api/v1/remittable",
        vi: "Số phải nộp ngân sách theo chương, tiểu mục từ các ngày đã khóa.",
        en: "What closed days made due by budget code, what orders took, what is free.",
        who: BOOKS,
        notes: "?unit= &account= (acc_…; the receiving one) &kind= treasury (the default), kept (the share the unit \
                keeps) or claim (remitted and no longer owed).",
        answer: r#"{ "account": "acc_01j9…", "covered_until": "2026-11-23",
  "sources": [ { "source": "budget_due/805-2771", "due": 12500, "ordered": 0, "free": 12500 } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/remittances",
        vi: "Lập lệnh nộp ngân sách (hoặc trích phần được để lại, đề nghị hoàn trả).",
        en: "Draws an order up from closed days; another person approves it.",
        who: "finance",
        notes: "Idempotency-Key required. Without lines everything free is ordered; never more than is free.",
        body: r#"{ "unit": "00070", "kind": "treasury", "lines": [ { "source": "budget_due/805-2771", "amount": 12500 } ] }"#,
        answer: r#"{ "remittance": { "id": "rmt_01j9…", "number": "1/2026", "amount": 12500, "state": "drafted" } }"#,
    },
    Endpoint {
        path: "/api/v1/remittances",
        vi: "Các lệnh nộp ngân sách, mới nhất trước.",
        en: "Orders of a unit, newest first.",
        who: BOOKS,
        notes: "?unit= &state= &limit=.",
        answer: r#"{ "remittances": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/remittances/{id}",
        vi: "Một lệnh với các dòng và lịch sử.",
        en: "One order with its lines and steps.",
        who: BOOKS,
        notes: "status and reason of each line are what the Treasury's report said of it (credited, rejected); credited \
                is the sum of those it credited. Of an order rejected in part the rest comes back and may be ordered \
                again.",
        answer: r#"{ "remittance": { "id": "rmt_01j9…", "state": "rejected", "amount": 20500, "credited": 12500 }, "lines": [ { "source": "budget_due/805-2716", "amount": 8000, "status": "rejected", "reason": "Sai tiểu mục" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/remittances/{id}/approve",
        vi: "Duyệt lệnh; người duyệt khác người lập.",
        en: "Approves an order; another person than its maker.",
        who: "finance, approver",
        notes: "The transfer's text must carry reference_code: the statement's debit with it and exactly the amount \
                proves that the money left.",
        body: SEEN,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/remittances/{id}/refuse",
        vi: "Hủy lệnh chưa chuyển tiền; số tiền có thể lập lệnh lại.",
        en: "Refuses an order whose money has not left: its sums may be ordered again.",
        who: "finance, approver",
        body: r#"{ "reason": "Sai tiểu mục" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/remittances/{id}/pdf",
        vi: "Bản in của lệnh (PDF, kèm XML).",
        en: "The order as a page with its XML attached.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/remittances/{id}/xml",
        vi: "Dữ liệu của lệnh (XML).",
        en: "The order's data.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/treasury/reports",
        vi: "Nhận báo cáo ghi có hoặc từ chối của Kho bạc.",
        en: "Takes the Treasury's report of credits and rejections on; the body is the file.",
        who: "finance",
        notes: "?unit=. The Treasury's own table (CSV, workbook, page) with order, chapter, sub-item, amount, state or day \
                of credit (partner_column_missing names what is not found), or CSV with the first line \
                ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do, a proposal of ours; trang_thai is credited or \
                rejected, each line of an order by itself (outcome in_part where some are rejected). The same file again \
                changes nothing, unless an order that differed or was unknown fits it now.",
        answer: r#"{ "report": { "is_known": false, "orders": [ { "reference_code": "HNPH7K2MQ4X97", "outcome": "credited" } ], "faults": [] } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/books/{book}",
        vi: "Sổ của đơn vị dưới dạng tệp: trial cân đối phát sinh, journal nhật ký, bank sổ tiền gửi, cash sổ quỹ, fees sổ chi tiết phí, lệ phí.",
        en: "A unit's book as a file: trial (every account with what moved), journal, bank, cash or fees.",
        who: BOOKS,
        notes: "?unit= &account= (bank only, may be left out where there is one) &from= &until= (accounting dates, \
                both included) &format= (csv, xlsx; csv). Written as it is read; one file at a time for each client.",
        ..NONE
    },
];
