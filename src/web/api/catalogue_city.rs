//! What the page `/api` says about the city's figures.

use super::catalogue::{Endpoint, NONE};

const BOOKS: &str = "finance, approver, auditor, administrator";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/city/figures",
        vi: "Số liệu tháng: số thu theo đơn vị, khoản, kênh, ngày; tỷ lệ so với chỉ tiêu; cảnh báo sớm; báo cáo tháng.",
        en: "A month's figures: collected by unit, item, channel and day; shares against targets; early warnings; \
             the monthly report as a file.",
        who: BOOKS,
        notes: "?month= (YYYY-MM; this month) &unit= (every unit of the scope) &format= (json, csv, xlsx, pdf; json). \
                Amounts are net and by accounting date, as in the books. A dossier counts once, on the day it was \
                first paid in full; those of 0 đồng stand apart. Shares are in hundredths of a percent, rounded half up \
                but never up to a whole percent, so that no target is met by rounding; null where there are no figures.",
        answer: r#"{ "figures": { "month": "2026-11", "from": "2026-11-01", "until": "2026-11-22", "total": 125000,
  "paid": { "count": 5, "amount": 125000, "electronic_count": 3, "electronic_amount": 75000, "free_count": 2 },
  "by_item": [ { "code": "HT-01", "name": "Phí …", "amount": 125000 } ], "by_channel": [], "by_day": [],
  "units": [], "warnings": [], "without_totals": 3, "report_due_on": "2026-12-14",
  "report_source": "…", "report_certainty": "P" } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/dossier-totals",
        vi: "Hệ thống một cửa báo tổng hồ sơ lũy kế trong tháng theo đơn vị, lĩnh vực.",
        en: "The dossier system tells its totals of the month so far, by unit and field.",
        who: "dossier_system, administrator",
        notes: "JSON, or text/csv with the columns unit, field, until, total, online, full_process. All or nothing; the \
                newest row of a unit, field and month counts.",
        body: r#"{ "rows": [ { "unit": "00070", "field": "Hộ tịch", "until": "2026-11-22", "total": 120, "online": 80,
  "full_process": 30 } ] }"#,
        answer: r#"{ "recorded": 1 }"#,
    },
    Endpoint {
        path: "/api/v1/evidence.zip",
        vi: "Hồ sơ kiểm toán của một đơn vị và kỳ: biên lai đã ký, chuỗi chứng nhận ngày, ký hiệu, nhật ký; tự kiểm chứng được.",
        en: "The evidence of a unit and period: signed receipts, day certificates, series, the sealed trail. \
             `bienlai audit verify-bundle` judges it offline.",
        who: "auditor, administrator",
        notes: "?unit= &from= &until= (at most 366 days). It holds what receipts hold of persons; who took it is in the \
                trail.",
        ..NONE
    },
    Endpoint {
        path: "/admin/evidence",
        vi: "Lấy hồ sơ kiểm toán.",
        en: "The form for the evidence of a period.",
        who: "auditor, administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/evidence/file",
        vi: "Tải hồ sơ kiểm toán.",
        en: "The evidence of a unit and period as a file; ?unit= &from= &until=.",
        who: "auditor, administrator",
        ..NONE
    },
    Endpoint {
        path: "/city",
        vi: "Số liệu thành phố: thu theo đơn vị, khoản, kênh, ngày; chỉ tiêu; cảnh báo sớm.",
        en: "The city's figures of a month; ?month=YYYY-MM.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        path: "/city/report",
        vi: "Báo cáo tháng: XLSX, PDF, CSV.",
        en: "The monthly report as a file; ?month= &format=xlsx, pdf or csv.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/city/totals",
        vi: "Nhập tệp tổng hồ sơ.",
        en: "Takes a CSV file of dossier totals.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/units",
        vi: "Đơn vị thu.",
        en: "The units.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units",
        vi: "Đăng ký một đơn vị thu mới.",
        en: "Registers a unit, by an administrator of the city.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/units/{code}",
        vi: "Một đơn vị: tài khoản, ký hiệu, chứng thư, đăng ký, sáp nhập.",
        en: "One unit: accounts, series, certificates, registrations, mergers.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/account",
        vi: "Đăng ký tài khoản ngân hàng của đơn vị.",
        en: "Registers a bank account of a unit.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/series",
        vi: "Mở hoặc đăng ký trước một ký hiệu.",
        en: "Opens or plans a series of a unit.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/series/stop",
        vi: "Dừng một ký hiệu.",
        en: "Stops a series.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/imprint",
        vi: "Ghi thông tin in trên chứng từ từ một ngày.",
        en: "Records what stands on a unit's documents from a day on.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/certificate",
        vi: "Nạp chứng thư số PKCS#12 hoặc PEM.",
        en: "Imports a signing certificate from PKCS#12 or PEM.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/certificate/stop",
        vi: "Đề nghị ngừng một chứng thư số; người khác duyệt.",
        en: "Asks for a signing certificate to be stopped; another person decides.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/certificate/stop/withdraw",
        vi: "Rút lại đề nghị ngừng chứng thư số của chính mình.",
        en: "Takes back one's own request to stop a signing certificate.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/clients",
        vi: "Ứng dụng API.",
        en: "The API clients.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/clients/create",
        vi: "Tạo mã truy cập.",
        en: "Makes a client; its token is shown once.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/clients/revoke",
        vi: "Thu hồi mã truy cập.",
        en: "Ends a token for good.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/calendar",
        vi: "Ngày nghỉ lễ và ngày làm bù.",
        en: "Holidays, and days of a weekend that are worked in exchange.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/calendar/enter",
        vi: "Ghi ngày nghỉ lễ hoặc làm bù.",
        en: "Enters holidays or days worked in exchange, for the whole city.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/calendar/withdraw",
        vi: "Bỏ một ngày đã ghi.",
        en: "Takes a day off the record.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/screens",
        vi: "Đường dẫn của màn hình phòng chờ.",
        en: "The links of waiting-room screens.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/screens/open",
        vi: "Tạo đường dẫn cho một màn hình.",
        en: "Makes a link for a screen; it is shown once.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/screens/end",
        vi: "Thu hồi đường dẫn của một màn hình.",
        en: "Ends the link of a screen for good.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/webhooks",
        vi: "Khóa bí mật của các kênh báo có.",
        en: "The secrets of channels, by mark, with their last use.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/webhooks/add",
        vi: "Thêm khóa thứ hai cho một kênh.",
        en: "Adds a second secret to a channel; it is shown this once.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/webhooks/retire",
        vi: "Ngừng một khóa.",
        en: "Retires a secret; the last one stays.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/operations",
        vi: "Kênh, hàng đợi, kho tin gốc.",
        en: "Channels, queues, the archive of events; ?day= &before=.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        path: "/admin/operations/events/{id}",
        vi: "Một tin gốc và những gì đã ghi nhận từ nó.",
        en: "One event of the archive, and what was made of it.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/operations/events/{id}",
        vi: "Mở nội dung tin gốc; mục đích được ghi lại.",
        en: "Opens its content; the purpose is written down.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/operations/replay",
        vi: "Đọc lại một tin.",
        en: "Reads an archived event again; what was settled stays as it is.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/admin/trail",
        vi: "Nhật ký.",
        en: "The audit trail; ?unit= (a code, city or all) &from= &until= &person= &before=.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/trail",
        vi: "Tìm trong nhật ký.",
        en: "Searches the trail by a text, too; posted, so that no address holds one.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        path: "/admin/trail/proof",
        vi: "Kiểm chứng nhật ký.",
        en: "Proves the trail of a unit, or of all, one part for each request; ?unit= &at= &broken=.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        path: "/onboarding",
        vi: "Các đơn vị đang ở bước nào.",
        en: "Who is how far.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        path: "/onboarding/{code}",
        vi: "Các bước của một đơn vị.",
        en: "The steps of a unit.",
        who: "administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/onboarding/test",
        vi: "Tạo mã chuyển khoản cho khoản thử của một tài khoản.",
        en: "Makes the transfer code of an account's test payment.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/onboarding/live",
        vi: "Đưa tài khoản vào hoạt động.",
        en: "An account goes live, when every step is done.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/tariff",
        vi: "Biểu phí.",
        en: "The tariff and its proposed changes.",
        who: "administrator, auditor, approver, finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/tariff/price",
        vi: "Đề nghị mức thu mới từ một ngày.",
        en: "Proposes another price from a day on.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/tariff/text",
        vi: "Đề nghị toàn văn biểu phí.",
        en: "Proposes a whole text.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/tariff/simulator",
        vi: "Tính thử mức thu.",
        en: "What a dossier would cost on a day, and why.",
        who: "cashier, finance, approver, administrator, auditor",
        ..NONE
    },
    Endpoint {
        path: "/tariff/drafts/{id}",
        vi: "Một đề nghị thay đổi.",
        en: "One proposed change.",
        who: "administrator, auditor, approver, finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/tariff/drafts/{id}/approve",
        vi: "Duyệt thay đổi biểu phí.",
        en: "Another person makes it the tariff in force.",
        who: "administrator, approver",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/tariff/drafts/{id}/refuse",
        vi: "Không duyệt.",
        en: "Refuses it.",
        who: "administrator, approver",
        ..NONE
    },
];
