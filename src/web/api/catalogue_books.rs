//! The pages of books, reports, partners' files and rules, as `/api` lists them.

use super::catalogue::{Endpoint, NONE};

const READERS: &str = "finance, approver, auditor, administrator";
const MAKERS: &str = "finance, approver, administrator";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/finance/books",
        vi: "Sổ sách của một kỳ: cân đối phát sinh, nhật ký, sổ tiền gửi, sổ quỹ, sổ chi tiết phí.",
        en: "The books of a period: trial balance, journal, bank book, cash book, fee detail book.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/books/{book}/file",
        vi: "Sổ đó dưới dạng CSV hoặc XLSX.",
        en: "The book as CSV or XLSX.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/figures",
        vi: "Số liệu khai phí, lệ phí của tháng hoặc năm; kỳ nào đến hạn.",
        en: "Figures of fees of a month or a year, and what is to be handed in by when.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/figures",
        vi: "Ghi nhận số liệu của kỳ đã nộp.",
        en: "The figures of a period were handed in.",
        who: "finance, administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/figures/file",
        vi: "Số liệu đó dưới dạng CSV hoặc XLSX.",
        en: "The figures as CSV or XLSX.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/cut-off",
        vi: "Khóa sổ cuối năm: khoản còn mở, chứng từ năm sau cho tiền năm trước.",
        en: "The year-end cut-off: what stood open, documents of the new year for money of the old one.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/cut-off/file",
        vi: "Báo cáo đó dưới dạng CSV hoặc XLSX.",
        en: "The cut-off as CSV or XLSX.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/series",
        vi: "Ký hiệu của một đơn vị: từ số 1 đến N ở tình trạng nào, và chứng nhận hằng đêm.",
        en: "The series of a unit: in which states its numbers 1..N are, and the nightly certificates.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/series/proof",
        vi: "Kiểm ngay từng số của mọi ký hiệu và các chứng nhận, từng phần.",
        en: "Proves every number of every series and the certificates now, one part for each request; ?unit= &at=.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/series/certificates/{id}/xml",
        vi: "Đúng các byte đã ký của một chứng nhận.",
        en: "The exact signed bytes of a certificate.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/reports",
        vi: "Báo cáo tình hình sử dụng biên lai (BC26) từng quý.",
        en: "The quarter's reports of receipt use (BC26).",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/reports",
        vi: "Lập báo cáo của quý, hoặc báo cáo bổ sung.",
        en: "Makes a quarter's report, or one that supplements it.",
        who: MAKERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/reports/{id}",
        vi: "Duyệt báo cáo, hoặc ghi nhận cơ quan thuế đã nhận.",
        en: "Approves a report, with code or password, or records that the tax office has it.",
        who: MAKERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/reports/{id}/xml",
        vi: "Báo cáo đã ký.",
        en: "The signed report.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/finance/notifications",
        vi: "Tin gửi người nộp của một đơn vị: đã đến chưa, vì sao không đến.",
        en: "The messages to a unit's payers: how far each came, and why one did not arrive.",
        who: "cashier, finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/notifications/{id}",
        vi: "Một tin với mọi lần gửi và bằng chứng đã đến.",
        en: "One message with every try and the proof of its delivery.",
        who: "cashier, finance, approver, auditor, administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/notifications/{id}",
        vi: "Gửi lại tin không đến nơi.",
        en: "Sends a message again that ended without arriving.",
        who: "cashier, finance, administrator",
        ..NONE
    },
    Endpoint {
        path: "/tax/messages",
        vi: "Sổ truyền nhận với cơ quan thuế của một đơn vị.",
        en: "The ledger of messages to the tax authority of a unit, newest first.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/tax/messages/{id}",
        vi: "Một thông điệp: nội dung, các lần gửi, các phản hồi.",
        en: "One message: what it carries, every attempt and every answer.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/tax/messages/{id}",
        vi: "Cho thông điệp đang dừng đi tiếp; hỏi cơ quan thuế trước khi gửi lại.",
        en: "Lets a halted message go again; the authority is asked before it is sent.",
        who: "approver, administrator",
        ..NONE
    },
    Endpoint {
        path: "/tax/messages/{id}/xml",
        vi: "Thông điệp đã gửi, dạng XML.",
        en: "The message as it is sent, as XML.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/tax/messages/{id}/answers/{n}/xml",
        vi: "Phản hồi thứ n, dạng XML, nguyên như đã nhận.",
        en: "The n-th answer as it came, as XML.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/tax/registration",
        vi: "Đăng ký sử dụng chứng từ điện tử (01/ĐKTĐ-CTĐT) của một đơn vị.",
        en: "A unit's registration of e-documents (01/ĐKTĐ-CTĐT): what was accepted, what is on its way.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/tax/registration",
        vi: "Lập tờ khai, rút tờ khai chờ duyệt, hoặc ghi nhận tờ khai đã được chấp nhận.",
        en: "Drafts a form, takes back one that waits, or records that one was accepted.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/batches",
        vi: "Bảng kê quẹt thẻ (POS) đã nhập.",
        en: "Card batches that were taken on.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/batches",
        vi: "Xem trước hoặc nhập một bảng kê POS.",
        en: "Looks at a card batch, or takes it on.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        path: "/finance/batches/{id}",
        vi: "Một bảng kê POS với từng dòng.",
        en: "One card batch with its rows.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/batches/{id}",
        vi: "Đề nghị rút một bảng kê POS nhập nhầm; người khác duyệt.",
        en: "Asks for a wrongly entered batch to be withdrawn; another person approves.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/settlements",
        vi: "Bảng kê quyết toán của cổng thanh toán.",
        en: "Settlement reports of payment gateways.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/settlements",
        vi: "Xem trước hoặc nhập một bảng kê quyết toán.",
        en: "Looks at a settlement report, or takes it on.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        path: "/finance/settlements/{id}",
        vi: "Một bảng kê quyết toán với từng giao dịch.",
        en: "One settlement report with its transactions.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/settlements/{id}",
        vi: "Đề nghị rút một bảng kê quyết toán nhập nhầm; người khác duyệt.",
        en: "Asks for a wrongly entered report to be withdrawn; another person approves.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/finance/classification-rules",
        vi: "Quy tắc phân loại dòng sao kê.",
        en: "The rules that classify lines.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/classification-rules",
        vi: "Thử một quy tắc trên các ngày đã qua, hoặc đề nghị áp dụng.",
        en: "Tries a rule on past days, which writes nothing, or proposes it.",
        who: MAKERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/classification-rules/{id}",
        vi: "Duyệt hoặc không duyệt một phiên bản quy tắc.",
        en: "Approves a version of a rule, with code or password, or refuses it.",
        who: MAKERS,
        ..NONE
    },
];
