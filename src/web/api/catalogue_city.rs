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
                first paid in full; those of 0 đồng stand apart. Shares are in hundredths of a percent, null where \
                there are no figures.",
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
];
