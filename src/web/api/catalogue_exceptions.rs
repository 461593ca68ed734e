//! What the page `/api` says about the queue of exceptions.

use super::catalogue::{Endpoint, NONE, SEEN};

const READERS: &str = "finance, approver, auditor, administrator";
const DECIDERS: &str = "finance, approver";
const WORKERS: &str = "finance, approver, administrator";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/exceptions",
        vi: "Hàng đợi ngoại lệ, cũ nhất trước.",
        en: "Everything unexplained, oldest first, each with owner, due day, next step and effect.",
        who: READERS,
        notes: "?unit= (left out: every unit in sight) &account= &kind= &state=open|proposed|resolved|unresolved \
                &owner=finance|cashier|approver|administrator|city &assignee=per_… &amount_from= &amount_to= \
                &due_before=YYYY-MM-DD &min_age_days= &max_age_days= &cursor= (next of the page before) &limit=",
        answer: r#"{ "exceptions": [ { "id": "exc_01j9…", "kind": "underpaid", "owner": "finance", "due_on": "2026-12-07",
  "next_step": "…", "effect": "…", "age_days": 2 } ], "next": null }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/bulk",
        vi: "Giao, ghi chú hoặc đề nghị cùng một cách xử lý cho nhiều ngoại lệ.",
        en: "Assigns, comments or proposes the same for many; each answers on its own.",
        who: WORKERS,
        notes: "action: comment (comment), assign (owner, person, reason), propose (resolution, target, reason); 1 to \
                200 ids. One item's refusal harms no other; 404 when none of them is in your scope.",
        body: r#"{ "exceptions": [ "exc_01j9…" ], "action": "comment", "comment": "Đã gọi ngân hàng" }"#,
        answer: r#"{ "results": [ { "id": "exc_01j9…", "ok": true, "exception": {} },
  { "id": "exc_01j8…", "ok": false, "error": { "code": "exception_not_open", "message": "…" } } ] }"#,
    },
    Endpoint {
        path: "/api/v1/exceptions/alarms",
        vi: "Cảnh báo tuổi: tiền vào chưa biết của ai, báo có chưa được chứng minh, kênh bị ngừng tin, sao kê nạp dở.",
        en: "Money that arrived and nobody knows, claims that nothing proved, at the ages that are set; channels that \
             are believed no more (trust_suspended; subject is the channel's name); and statements that are loaded in \
             part (statement_broken_off; subject is the statement).",
        who: READERS,
        notes: "?unit=",
        answer: r#"{ "alarms": [ { "unit": "unt_01j9…", "unit_code": "00070", "kind": "money_unknown", "subject": "exc_01j9…",
  "amount": 25000, "passed_hours": 72, "age_hours": 80 } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/exceptions/{id}",
        vi: "Một ngoại lệ với đề nghị đang chờ và toàn bộ diễn biến.",
        en: "One exception with its proposal, everything that happened to it, the limit for one person, and what \
             undoing it would do.",
        who: READERS,
        notes: "combination lists what was proposed together with it, which is approved at once; payer_reads says that \
                the reason of its proposal is what its payer will read.",
        ..NONE
    },
    Endpoint {
        path: "/api/v1/exceptions/{id}/hints",
        vi: "Gợi ý toàn thành phố: đơn vị nào có đúng một nghĩa vụ chưa nộp với số tiền này.",
        en: "Units with exactly one open obligation of exactly this sum; no personal data.",
        who: "finance, approver, auditor",
        notes: "For open items with money in suspense.",
        answer: r#"{ "hint": { "units": [ { "code": "00070", "name": "…", "count": 1 } ], "units_with_several": 3 } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/comments",
        vi: "Ghi chú; không ghi tên hay số giấy tờ của người dân.",
        en: "Says something about it; names and numbers of citizens do not belong there.",
        who: WORKERS,
        body: r#"{ "comment": "Đã gọi ngân hàng, chờ trả lời" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/assign",
        vi: "Giao cho người hoặc vai trò khác.",
        en: "Gives it to another role or person.",
        who: WORKERS,
        notes: "owner: finance, cashier, approver, administrator or city.",
        body: r#"{ "owner": "approver", "person": null, "reason": "Cần cấp trên quyết định" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/propose",
        vi: "Đề nghị cách xử lý, kèm lý do.",
        en: "Proposes how to settle it. target is the id the resolution points at.",
        who: DECIDERS,
        notes: "assign (target obl_…), acknowledge, bank_charge, disprove (a claim or a card payment); for a debit \
                that pays a refund with another text or amount: refund_debit, refund_short, refund_over (target rfd_…); \
                for one that was refused and debited all the same: refund_refused (rfd_…), remittance_refused (rmt_…); \
                refund_bounced (rfd_…): a credit is a refund that came back, less what a bank kept; \
                refund_bounced_whole (rfd_…): no more than the refund came, and is all that its debit took; refund_repaid \
                (rfd_…): it pays back what a refund's debit took beyond all that was owed, or what had left before the \
                bank took the whole payment back; to_budget with decision \
                { number, on }; proves (mov_…): the money is a waiting claim's; to_unit (unt_…, or none where one fits): \
                a debit paid another unit; own_transfer (lin_…, or none where one fits); cash_withdrawn (per_…) with \
                decision; given_back (lin_…, or none where one fits): a credit gives back a debit of the account; \
                merger_transfer (lin_…, or none where one fits): a merged unit's money came to the unit that goes on; \
                reopen_obligation: late money pays its cancelled obligation; reduce with decision (the number of a line, \
                or none where one fits): what is missing is not owed; batch (bat_…) or settlement (set_…), or none \
                where one fits: the line pays that paper out; payout_back (lin_…, bat_…, set_…, or none where one fits): a \
                debit took back what a line had paid out at once; \
                charge_returned; budget_paid with decision; taken_back (pay_…, mov_… or obl_…): the bank took back money of that payment.",
        body: r#"{ "resolution": "assign", "target": "obl_01j9…", "reason": "Người nộp xác nhận" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/approve",
        vi: "Người thứ hai duyệt đề nghị.",
        en: "Another person approves.",
        who: DECIDERS,
        notes: "409 combine_whole for a part of a combination: approve or refuse that.",
        body: SEEN,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/combine",
        vi: "Đề nghị ghi nhiều khoản tiền cho một nghĩa vụ còn nợ đúng tổng của chúng.",
        en: "Proposes several credits for one obligation that owes exactly their sum: all of them or none.",
        who: DECIDERS,
        notes: "409 combine_less or combine_more where the sum does not fit, with what would stay due or be too much.",
        body: r#"{ "exceptions": [ "exc_01j9…", "exc_01ja…" ], "target": "obl_01j9…", "reason": "Chuyển hai lần" }"#,
        answer: r#"{ "combination": [ { "id": "exc_01j9…", "amount": 10000, "revision": 2 },
  { "id": "exc_01ja…", "amount": 15000, "revision": 2 } ], "sum": 25000 }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/combination/approve",
        vi: "Người thứ hai duyệt một lần cho cả lần gộp mà mục này thuộc về.",
        en: "Another person approves all of the combination that this item is part of, at once.",
        who: DECIDERS,
        notes: "GET /api/v1/exceptions/{id} names its combination. expected_revisions, where given, names every part.",
        body: r#"{ "expected_revisions": { "exc_01j9…": 2, "exc_01ja…": 2 } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/combination/refuse",
        vi: "Trả lại một lần cả lần gộp mà mục này thuộc về, kèm lý do.",
        en: "Sends all of the combination that this item is part of back; each of its items is open again.",
        who: DECIDERS,
        body: r#"{ "reason": "Chưa đủ chứng từ" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/refuse",
        vi: "Trả lại đề nghị, kèm lý do.",
        en: "Sends the proposal back; the exception is open again.",
        who: DECIDERS,
        body: r#"{ "reason": "Chưa đủ chứng từ" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/resolve",
        vi: "Một người tự xử lý trong hạn mức của đơn vị.",
        en: "One person settles it alone, within the unit's limit.",
        who: DECIDERS,
        notes: "acknowledge, assign, bank_charge, deposit, remittance up to the limit; what asks for nothing may \
                always be acknowledged. 403 second_person_needed otherwise.",
        body: r#"{ "resolution": "acknowledge", "reason": "Đã xem" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/lines/{id}/unmatch",
        vi: "Đề nghị gỡ khớp một dòng sao kê bị khớp nhầm; người thứ hai duyệt ngoại lệ được mở.",
        en: "Asks for a wrongly matched line to be taken apart; another person approves the exception it opens.",
        who: DECIDERS,
        notes: "undo tells what approving does: the money to suspense, claims that are expected again, obligations \
                reopened, receipts cancelled. A line that paid out many payments at once is taken apart whole: \
                claimed_again are those whose receipts stand, and its batch or report waits for its line again. A charge or \
                interest that a rule told, the cash of a deposit slip (deposits_expected_again), and a debit whose code \
                tied it to an order (orders_expected_again), a refund (refunds_expected_again) or money paid on to \
                another unit (items_reopened) are taken back the same way. Refused at once where it cannot work: unmatch_unfit, unmatch_day_closed, \
                undo_refund_under_way, undo_corrected, undo_money_gone, undo_paid_on, undo_ordered.",
        body: r#"{ "reason": "Ngân hàng gắn nhầm số tham chiếu" }"#,
        answer: r#"{ "exception": { "id": "exc_01j9…", "kind": "match_doubted", "state": "proposed" },
  "undo": { "does": { "line": "lin_01j9…", "to_suspense": 25000, "receipts_cancelled": [ "rcp_01j9…" ] } } }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/reopening",
        vi: "Đề nghị mở lại ngoại lệ đã xử lý.",
        en: "Asks for a settled exception to be opened again; what cannot be undone is refused at once.",
        who: DECIDERS,
        notes: "Cash of a slip, money to the budget and withdrawn cash come back too; undo_day_closed where the day of \
                the decision is closed, undo_ordered where an order to the Treasury takes the money.",
        body: r#"{ "reason": "Ngân hàng báo nhầm" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/reopening/approve",
        vi: "Người thứ hai duyệt mở lại.",
        en: "Another person approves: the money stands in suspense again, a receipt made of it is cancelled.",
        who: DECIDERS,
        body: SEEN,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/reopening/refuse",
        vi: "Không mở lại.",
        en: "It stays settled.",
        who: DECIDERS,
        body: r#"{ "reason": "Đã xử lý đúng" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/letters",
        vi: "Lập thư tra soát gửi ngân hàng.",
        en: "Writes a letter that asks the bank.",
        who: DECIDERS,
        notes: "One at a time: the next after the bank's reply.",
        body: r#"{ "question": "Đề nghị cho biết người chuyển và mục đích chuyển tiền" }"#,
        answer: r#"{ "letter": { "id": "ltr_01j9…", "number": "1/2026/TS" } }"#,
    },
    Endpoint {
        path: "/api/v1/letters",
        vi: "Các thư tra soát của một đơn vị, mới nhất trước.",
        en: "Letters of a unit, newest first.",
        who: READERS,
        notes: "?unit= &limit=",
        answer: r#"{ "letters": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/letters/{id}",
        vi: "Một thư tra soát và trả lời của ngân hàng.",
        en: "A letter and the bank's replies; their words in clear leave a trace.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/letters/{id}/pdf",
        vi: "Thư tra soát để in và ký.",
        en: "The letter as PDF; printing it leaves a trace.",
        who: "finance, approver, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/letters/{id}/reply",
        vi: "Ghi trả lời của ngân hàng.",
        en: "Records what the bank answered.",
        who: DECIDERS,
        notes: "outcome: identified, returned, not_received, unknown. words may name people and are stored sealed.",
        body: r#"{ "outcome": "identified", "on": "2026-11-27", "number": "12/TL", "words": "Người chuyển nộp phí chứng thực" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/complaints",
        vi: "Ghi nhận khiếu nại của người dân.",
        en: "Takes a citizen's complaint down: exception 33.",
        who: "cashier, finance, approver",
        notes: "subject: obl_…, pay_… or rcp_…; way: counter, phone, letter, portal.",
        body: r#"{ "subject": "obl_01j9…", "way": "counter", "words": "Đã chuyển tiền nhưng chưa có biên lai" }"#,
        ..NONE
    },
];
