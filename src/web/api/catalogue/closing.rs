//! What the page `/api` says about closing: bridges, certificates, months, the city's overview.

use super::{Endpoint, NONE};

const BOOKS: &str = "finance, approver, auditor, administrator";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/days/bridge",
        vi: "Báo cáo cầu nối của một ngày: số dư, từ biên lai đến ngân hàng, chuyển tiếp, phân chia.",
        en: "The bridge of a day: balances, from receipts to the bank, carried items by name, shares.",
        who: BOOKS,
        notes: "?unit= &account= (may be left out where there is one) &date= (the first open day when left out) \
                &format= (json, csv, xlsx; json). difference is bank less books; unexplained sums of the bridge are 0. \
                claims names the oldest 1,000 on their way, claims_left_off counts the others, in_transit_count and \
                in_transit cover all; csv and xlsx name all.",
        answer: r#"{ "bridge": { "date": "2026-11-22", "standing": "closed", "difference": 0,
  "in_transit_count": 2, "in_transit": 40000, "claims_left_off": 0,
  "bridge": { "receipts": 105000, "credited_not_receipted": 13000, "receipted_not_credited": -40000,
    "reversals": -2000, "own": -1100, "bank": 74900, "spans": [] },
  "carried": [], "budget": 40000, "kept": 65000 }, "obstacles": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/days/chain",
        vi: "Chuỗi chứng nhận của một tài khoản, kiểm tra được mà không cần cơ sở dữ liệu.",
        en: "Every certificate of an account with its signature; `bienlai day verify` judges it offline.",
        who: BOOKS,
        notes: "?unit= &account=",
        answer: r#"{ "version": 1, "signers": { "crt_01j9…": "-----BEGIN CERTIFICATE-----…" },
  "certificates": [ { "document": "PERheUNlcnRpZ…", "signature": "…", "signer": "crt_01j9…" } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/days/certificates/{id}/pdf",
        vi: "Chứng nhận khóa ngày để in, kèm dữ liệu đã ký.",
        en: "A day's certificate as a page to print, with the signed bytes attached.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/days/certificates/{id}/xml",
        vi: "Chứng nhận khóa ngày: đúng các byte đã ký.",
        en: "A day's certificate: exactly the signed bytes.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/days/overview",
        vi: "Tình hình mọi tài khoản: thiếu sao kê, còn mở, trễ, tiền chưa giải thích lâu nhất.",
        en: "How all accounts stand: without statement, open, late, the oldest unexplained money.",
        who: BOOKS,
        notes: "?unit= (every unit of the scope when left out) &format= (json, csv, xlsx; json). The worst first.",
        answer: r#"{ "overview": { "accounts": 126, "late": 1, "no_statement": 3, "open": 40, "up_to_date": 82,
  "rows": [ { "unit_code": "00070", "standing": "late", "late_days": 2, "oldest_days": 9 } ] } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/days/close-all",
        vi: "Khóa mọi ngày khóa được của từng tài khoản; tài khoản còn vướng không chặn tài khoản khác.",
        en: "Closes every day that can be closed, account by account; one that stays open blocks no other.",
        who: "finance",
        notes: "unit and until (yesterday) may be left out.",
        body: r#"{ "unit": "00070", "until": "2026-11-22" }"#,
        answer: r#"{ "accounts": [ { "unit": "unt_01j9…", "account": "acc_01j9…", "closed": [], "refused": null } ] }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/days/reopenings",
        vi: "Đề nghị mở lại một ngày đã khóa, kèm lý do; người khác duyệt.",
        en: "Asks for a closed day to be opened again; another person approves.",
        who: "finance, approver",
        notes: "409 day_not_closed, reopening_pending. One request of an account waits at a time.",
        body: r#"{ "unit": "00070", "account": "0123456789", "date": "2026-11-22", "reason": "Ngân hàng gửi sao kê sửa" }"#,
        answer: r#"{ "reopening": { "id": "rop_01j9…", "date": "2026-11-22", "state": "requested" } }"#,
    },
    Endpoint {
        path: "/api/v1/days/reopenings",
        vi: "Các đề nghị mở lại ngày của một đơn vị, mới nhất trước.",
        en: "Requests of a unit to open days again, newest first.",
        who: BOOKS,
        notes: "?unit= &limit=",
        answer: r#"{ "reopenings": [ { "id": "rop_01j9…", "state": "closed_again" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/days/reopenings/{id}/approve",
        vi: "Duyệt mở lại: ngày đó và mọi ngày sau được mở, chứng nhận cũ được giữ và đánh dấu thay thế.",
        en: "Approves: the day and all later ones open; their certificates stay, superseded.",
        who: "finance, approver",
        answer: r#"{ "reopening": { "id": "rop_01j9…", "state": "approved" }, "days": [ "2026-11-22" ], "months": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/days/reopenings/{id}/refuse",
        vi: "Từ chối đề nghị mở lại, kèm lý do.",
        en: "Refuses such a request.",
        who: "finance, approver",
        body: r#"{ "reason": "Không cần mở lại" }"#,
        answer: r#"{ "reopening": { "id": "rop_01j9…", "state": "refused" } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/treasury/due",
        vi: "Lệnh nộp ngân sách chờ quá lâu và số phải nộp chưa lập lệnh.",
        en: "Orders that wait too long for a person, the bank or the Treasury, and what was not ordered.",
        who: BOOKS,
        notes: "?unit= (every unit of the scope when left out). The latest first; an alarm ends with its cause.",
        answer: r#"{ "alarms": [ { "unit": "00070", "alarm": { "kind": "order_uncredited", "late_days": 2 }, "vi": "…" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/months/close",
        vi: "Khóa một tháng của tài khoản khi mọi ngày đã khóa; trả chứng nhận, hoặc các ngày còn mở.",
        en: "Closes a month of an account: 200 with its certificate, or 409 with the days that are open.",
        who: "finance",
        notes: "409 month_before_open while an earlier month of the account is open.",
        body: r#"{ "unit": "00070", "account": "0123456789", "month": "2026-11" }"#,
        answer: r#"{ "certificate": { "id": "crt_01j9…", "month": "2026-11", "opening": 0, "closing": 33001 } }"#,
    },
    Endpoint {
        path: "/api/v1/months",
        vi: "Chứng nhận khóa tháng của một tài khoản và tính liên tục của chúng.",
        en: "The month certificates of an account, oldest first, and whether their chain holds.",
        who: BOOKS,
        notes: "?unit= &account=",
        answer: r#"{ "certificates": [], "chain_holds": true, "broken": null }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/months/certificates/{id}/pdf",
        vi: "Chứng nhận khóa tháng để in, kèm dữ liệu đã ký.",
        en: "A month's certificate as a page to print, with the signed bytes attached.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/months/certificates/{id}/xml",
        vi: "Chứng nhận khóa tháng: đúng các byte đã ký.",
        en: "A month's certificate: exactly the signed bytes.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/lists/{list}",
        vi: "Mọi danh sách của một hay mọi đơn vị, trên màn hình và dưới dạng tệp, cùng một mã truy vấn.",
        en: "Every list of one unit or of all, on the screen and as a file, under the same query id.",
        who: BOOKS,
        notes: "list: obligations, claims, movements, payments, receipts, corrections, statements, lines, exceptions, \
                refunds, shifts, deposits, remittances, inbox_files, imports, versions, version_differences, quarantine, \
                matches, letters, pos_batches, pos_items, settlements, settlement_items, days, months, reopenings, \
                decisions, complaints, alarms, limits, delegations, delegated_acts, shift_counts, shift_variances, \
                provisional_slips, series, notifications, tax_messages. ?unit= (every unit of the scope without it or \
                by *; each row then names its unit) &from= &until= (by the list's own date; today) &state= (of what can \
                be resolved also unresolved) &account= &kind= &owner= (where rows have them) &format= (json, csv, \
                xlsx; json) and, on the screen, &cursor= (next of the page before) &limit= (1 to 200). A file is \
                written as it is read, one at a time for each client, and leaves a trace.",
        answer: r#"{ "list": "receipts", "query_id": "qry_0f9a…", "rows": [ { "document": "rcp_01j9…", "number": 17, "amount": 25000 } ], "next": null }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/reports/fees",
        vi: "Số liệu khai phí tháng và quyết toán năm: thu, phân chia, phải nộp, đã nộp.",
        en: "Figures for the monthly declaration and the yearly settlement: collected, shared, owed, handed over.",
        who: BOOKS,
        notes: "?unit= &period= (2026-11 or 2026; last month) &format= (json, csv, xlsx; json). By accounting date.",
        answer: r#"{ "period": "2026-11", "figures": { "collected": 43000, "budget_closing": 20500, "kept_closing": 12500 } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/reports/cut-off",
        vi: "Khóa sổ cuối năm: khoản còn mở và biên lai năm mới cho tiền năm cũ.",
        en: "The year-end cut-off: open positions, and documents of the new year for money of the old.",
        who: BOOKS,
        notes: "?unit= &year= (last year) &format= (json, csv, xlsx; json)",
        answer: r#"{ "cut_off": { "year": 2026, "positions": [], "late_documents": [], "late_total": 0 } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/reports/due",
        vi: "Số liệu khai phí đến hạn hoặc quá hạn, kèm căn cứ và độ chắc chắn.",
        en: "Figures that are due or overdue, with the rule and how sure we are of it.",
        who: BOOKS,
        notes: "?unit= (every unit of the scope when left out)",
        answer: r#"{ "due": [ { "unit": "00070", "due": { "period": "2026-10", "due_on": "2026-11-20", "urgency": "soon" } } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/reports/filed",
        vi: "Ghi nhận đã nộp số liệu của một kỳ; lời nhắc kết thúc.",
        en: "Records that the figures of a period were handed in: the reminder ends.",
        who: "finance, administrator",
        body: r#"{ "unit": "00070", "period": "2026-10", "reference_no": "XN-12/2026" }"#,
        answer: r#"{ "period": "2026-10", "filed": true }"#,
        ..NONE
    },
];
