//! The pages of payers, of the cashier's desk and of the workbench, as `/api` lists them.

use super::catalogue::{Endpoint, NONE};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/counter/walk-in",
        vi: "Khách chưa có hồ sơ.",
        en: "Somebody without a dossier: favourite items, pages and copies.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/walk-in",
        vi: "Tính tiền hoặc lập khoản.",
        en: "Prices it, or raises it once and goes on to the money.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/favourites",
        vi: "Khoản thường dùng của quầy.",
        en: "The desk's favourite items.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/favourites",
        vi: "Chọn khoản thường dùng, nhiều nhất 12.",
        en: "Chooses them, 12 at most.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/together",
        vi: "Thu nhiều khoản một lần.",
        en: "Several obligations at once: ?o=obl_…&o=obl_…",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/together/take",
        vi: "Thu tất cả hoặc không thu khoản nào.",
        en: "Takes all of them or none, once, however often the form is sent.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/withdraw",
        vi: "Hủy khoản lập nhầm tại quầy.",
        en: "Takes back what the desk raised by mistake.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/dossier",
        vi: "Gắn với hồ sơ.",
        en: "Links it to the dossier that followed.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/obligations/{id}/correct",
        vi: "Đề nghị sửa chứng từ.",
        en: "The form that asks for a correction.",
        who: "cashier, finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/correct",
        vi: "Gửi đề nghị sửa.",
        en: "Asks for a correction, with a scan of the agreement; another person decides.",
        who: "cashier, finance",
        ..NONE
    },
    Endpoint {
        path: "/counter/obligations/{id}/notice",
        vi: "Thông báo 04/SS: chỉ sai tên, địa chỉ.",
        en: "The form of notice 04/SS: only the name or address is wrong.",
        who: "cashier, finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/notice",
        vi: "Lập thông báo 04/SS.",
        en: "Makes the notice; another person approves it.",
        who: "cashier, finance",
        ..NONE
    },
    Endpoint {
        path: "/counter/obligations/{id}/confirmation",
        vi: "Xác nhận đã thu tiền.",
        en: "What is printed while the signature takes its time.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/obligations/{id}/guide",
        vi: "Hướng dẫn nộp bằng điện thoại.",
        en: "The screen turned to somebody who pays by phone.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/ticket",
        vi: "Ghi số thứ tự của khách.",
        en: "Notes the visitor's ticket, which the waiting room's screen calls.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/print.pdf",
        vi: "In biên lai: một tệp PDF cho mọi khoản nêu tên.",
        en: "The documents of obligations as one PDF for the printer: ?o=obl_…&o=obl_…",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/obligations/{id}/slip",
        vi: "Nhập phiếu thu tạm.",
        en: "Enters what was collected on a provisional slip.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/slips",
        vi: "Phiếu thu tạm.",
        en: "Pads of provisional slips.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/counter/slips",
        vi: "Tạo tập phiếu, báo hỏng.",
        en: "Makes a pad, or marks a slip spoiled.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/slips/{id}/pdf",
        vi: "In tập phiếu.",
        en: "The sheets of a pad.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/counter/screen",
        vi: "Màn hình phòng chờ.",
        en: "The waiting room's screen: the last four of the dossier only.",
        who: "cashier",
        ..NONE
    },
    Endpoint {
        path: "/finance/lines/{id}",
        vi: "Một dòng sao kê: nguyên văn, đã khớp với gì, vì sao, ai xác nhận.",
        en: "A statement line: as the bank wrote it, what it was matched with, why, and who confirmed it.",
        who: "finance, approver, auditor, administrator",
        notes: "texts and names are for finance, approvers and auditors, and seeing them leaves a trace",
        ..NONE
    },
    Endpoint {
        path: "/finance/unmatch",
        vi: "Tìm dòng sao kê bị khớp nhầm và xem việc gỡ khớp sẽ làm gì.",
        en: "Finds a wrongly matched line and tells what taking it apart would do.",
        who: "finance, approver, auditor, administrator",
        notes: "?what= a line's id, a reference code or a dossier",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/unmatch",
        vi: "Đề nghị gỡ khớp; người khác duyệt.",
        en: "Asks for it to be taken apart; another person approves.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/exceptions/{id}",
        vi: "Bàn đối soát: một khoản cần giải thích.",
        en: "The workbench: the line, what it may be, and what happened.",
        who: "finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/exceptions/{id}",
        vi: "Đề nghị, duyệt, ghi chú, hoàn tác.",
        en: "Proposes, approves, refuses, comments, undoes.",
        who: "finance, approver, administrator (comments)",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/exceptions/combine",
        vi: "Gộp nhiều khoản tiền cho một nghĩa vụ nộp.",
        en: "Proposes several credits for one obligation at once; without a target it shows their sum and who owes it.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/exceptions/bulk",
        vi: "Đề nghị, ghi chú hoặc giao việc cho nhiều mục.",
        en: "Proposes or comments for many items, or gives them to an owner.",
        who: "finance, approver, administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/refunds",
        vi: "Hoàn tiền.",
        en: "Refunds, and what payers asked for.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        path: "/finance/refunds/{id}",
        vi: "Một phiếu hoàn.",
        en: "One refund; seeing the account leaves a trace.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/refunds/{id}/step",
        vi: "Ghi tài khoản, duyệt, chuyển, từ chối.",
        en: "Names the account, approves, sends, refuses.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/refund-requests/{id}",
        vi: "Đề nghị hoàn của người nộp.",
        en: "What a payer asked for.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/refund-requests/{id}/answer",
        vi: "Lập phiếu hoàn hoặc từ chối.",
        en: "Takes it up, or declines it with a reason.",
        who: "finance, approver (declines)",
        ..NONE
    },
    Endpoint {
        path: "/finance/pictures/{id}",
        vi: "Ảnh người nộp gửi.",
        en: "A payer's picture; seeing it leaves a trace.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        path: "/finance/slips",
        vi: "Phiếu thu tạm chờ đối chứng.",
        en: "Slips that wait for another person.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/slips",
        vi: "Ký đối chứng hoặc trả lại.",
        en: "Countersigns a slip, or sends it back.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/p/{code}/refund",
        vi: "Xin hoàn tiền nộp thừa.",
        en: "The payer asks for surplus back.",
        ..NONE
    },
    Endpoint {
        path: "/p/{code}/qr.png",
        vi: "Mã QR dạng ảnh.",
        en: "The payment code as a picture to keep.",
        ..NONE
    },
    Endpoint {
        path: "/screen/{token}",
        vi: "Màn hình phòng chờ, mở bằng đường dẫn riêng.",
        en: "The screen of a waiting room, opened by a link of its own.",
        ..NONE
    },
    Endpoint {
        path: "/s/{code}",
        vi: "Phiếu thu tạm dẫn đến biên lai.",
        en: "Where a provisional slip leads: to the receipt once there is one.",
        ..NONE
    },
];
