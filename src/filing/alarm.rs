//! What somebody must do about the tax authority: reports that are due or wait for approval, forms that
//! are not signed or were refused, messages that do not get through. Told from the rows as they are, so
//! that an alarm ends with its cause.

use serde::Serialize;

use super::due::{self, Due, Urgency};
use super::rules::State as MessageState;
use super::{
    Filing, Kind as FormKind, State, code, invoice, notice, query, registration, report, transmission,
};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{FilingId, TransmissionId, UnitId};
use crate::store::Conn;

const HOUR_S: i64 = 3_600;
/// Signing takes seconds; a form that waits longer has no key, or its schema refuses it.
const SIGNING_LIMIT_S: i64 = HOUR_S;
/// A message may wait so long for the authority before somebody is told.
const SENDING_LIMIT_S: i64 = 24 * HOUR_S;
/// The authority answers within a working day; over a weekend that is three days.
pub(super) const ANSWER_LIMIT_S: i64 = 3 * 24 * HOUR_S;
/// So long a refused form is shown; a refused invoice until it is sent again.
const REFUSED_SHOWN_S: i64 = 60 * 24 * HOUR_S;

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The quarter is over and no report was made.
    ReportMissing,
    /// It was made by itself and waits for a person.
    ReportApproval,
    /// It is made and not with the authority yet.
    ReportSending,
    ReportRefused,
    /// The authority has it, and receipts of its quarter were cancelled or replaced since.
    ReportChanged,
    FormUnsigned,
    FormRefused,
    /// The authority accepted a registration that could not come into force here.
    FormHeld,
    InvoiceRefused,
    /// Its money was disproven and it is cancelled here; at the authority it stands.
    InvoiceWithdrawn,
    MessageStuck,
    MessageHalted,
    MessageUnanswered,
}

impl Kind {
    pub const ALL: [Kind; 13] = [
        Kind::ReportMissing,
        Kind::ReportApproval,
        Kind::ReportSending,
        Kind::ReportRefused,
        Kind::ReportChanged,
        Kind::FormUnsigned,
        Kind::FormRefused,
        Kind::FormHeld,
        Kind::InvoiceRefused,
        Kind::InvoiceWithdrawn,
        Kind::MessageStuck,
        Kind::MessageHalted,
        Kind::MessageUnanswered,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::ReportMissing => "report_missing",
            Kind::ReportApproval => "report_approval",
            Kind::ReportSending => "report_sending",
            Kind::ReportRefused => "report_refused",
            Kind::ReportChanged => "report_changed",
            Kind::FormUnsigned => "form_unsigned",
            Kind::FormRefused => "form_refused",
            Kind::FormHeld => "form_held",
            Kind::InvoiceRefused => "invoice_refused",
            Kind::InvoiceWithdrawn => "invoice_withdrawn",
            Kind::MessageStuck => "message_stuck",
            Kind::MessageHalted => "message_halted",
            Kind::MessageUnanswered => "message_unanswered",
        }
    }

    /// What it is and what to do: Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::ReportMissing => (
                "Chưa lập báo cáo BC26/BLĐT: lập bằng `bienlai tax report make`",
                "BC26/BLĐT was not made: make it with `bienlai tax report make`",
            ),
            Kind::ReportApproval => (
                "Báo cáo BC26/BLĐT chờ duyệt: xem số liệu rồi duyệt",
                "BC26/BLĐT waits for approval: read its figures and approve it",
            ),
            Kind::ReportSending => {
                ("Báo cáo BC26/BLĐT đang chờ ký hoặc gửi", "BC26/BLĐT waits to be signed or sent")
            }
            Kind::ReportRefused => (
                "Cơ quan thuế từ chối báo cáo BC26/BLĐT: sửa nguyên nhân rồi lập lại",
                "The authority refused BC26/BLĐT: mend the cause and make it again",
            ),
            Kind::ReportChanged => (
                "Số liệu quý đã đổi sau báo cáo BC26/BLĐT đã gửi: lập báo cáo bổ sung",
                "Figures of a quarter changed after its BC26/BLĐT was sent: make the supplementary report",
            ),
            Kind::FormUnsigned => (
                "Tờ khai chưa ký được: kiểm tra chứng thư số của đơn vị",
                "A form is not signed: look at the unit's certificate",
            ),
            Kind::FormRefused => (
                "Cơ quan thuế từ chối tờ khai: xem lý do trong sổ truyền nhận",
                "The authority refused a form: its reasons stand in the ledger",
            ),
            Kind::FormHeld => (
                "Cơ quan thuế đã chấp nhận tờ khai đăng ký nhưng chưa áp dụng được: lập tờ khai thay đổi kê đủ \
                 chứng thư đang cài, hoặc thôi dùng chứng thư không có trong tờ khai rồi ghi nhận chấp nhận",
                "The authority accepted a registration that could not come into force: draft a change form that \
                 lists every installed certificate, or stop the one it does not list and record the acceptance",
            ),
            Kind::InvoiceRefused => (
                "Cơ quan thuế từ chối hóa đơn: xem lý do, xử lý nguyên nhân rồi gửi lại",
                "The authority refused an invoice: read its reasons, mend the cause and send it again",
            ),
            Kind::InvoiceWithdrawn => (
                "Hóa đơn đã gửi cơ quan thuế nhưng đã hủy trong hệ thống: đề nghị hóa đơn điều chỉnh về 0 (từ quy định \
                 2.1.0), hoặc lập thông báo 04/SS-HĐĐT",
                "An invoice that was sent to the authority is cancelled here: ask for an invoice that adjusts it to \
                 nothing (since rules 2.1.0), or make notice 04/SS-HĐĐT",
            ),
            Kind::MessageStuck => (
                "Thông điệp chưa gửi được quá 24 giờ: kiểm tra đường truyền tới cơ quan thuế",
                "A message has not been sent for 24 hours: look at the way to the authority",
            ),
            Kind::MessageHalted => (
                "Thông điệp bị từ chối ở cổng truyền: sửa cấu hình rồi cho gửi tiếp",
                "The gateway rejects a message: mend the configuration and release it",
            ),
            Kind::MessageUnanswered => (
                "Cơ quan thuế chưa trả lời sau 3 ngày: liên hệ cơ quan thuế",
                "No answer for 3 days: ask the tax office",
            ),
        }
    }
}

/// How soon somebody must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// There is time.
    Notice,
    /// The last day comes near.
    Warning,
    /// Today, or it is late already.
    Alarm,
}

impl Level {
    fn of(urgency: Urgency) -> Level {
        match urgency {
            Urgency::Open => Level::Notice,
            Urgency::Soon => Level::Warning,
            Urgency::Today | Urgency::Overdue => Level::Alarm,
        }
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Level::Notice => ("cần biết", "notice"),
            Level::Warning => ("nhắc hạn", "warning"),
            Level::Alarm => ("khẩn", "alarm"),
        }
    }
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alarm {
    pub unit: UnitId,
    pub kind: Kind,
    pub level: Level,
    /// Of a report.
    pub quarter: Option<String>,
    pub due_on: Option<BusinessDay>,
    pub days_left: Option<i64>,
    pub filing: Option<FilingId>,
    pub transmission: Option<TransmissionId>,
    /// Since when it waits.
    pub since: Option<Instant>,
    /// The form, message or last event, as data.
    pub detail: String,
}

/// A unit's alarms, the most pressing first.
pub fn of_unit(conn: &mut Conn, unit: UnitId, now: Instant) -> Result<Vec<Alarm>> {
    of_units(conn, &[unit], now)
}

/// The alarms of these units, the most pressing first. However many the units are, what stands well is asked for at
/// once; what does not is looked at piece by piece.
pub fn of_units(conn: &mut Conn, units: &[UnitId], now: Instant) -> Result<Vec<Alarm>> {
    let mut found = Vec::new();
    for (unit, items) in due::due_of_units(conn, units, now.business_day())? {
        found.extend(items.into_iter().map(|item| of_report(unit, item)));
    }
    for (_, filing) in report::out_of_date(conn, units, now.business_day())? {
        found.push(Alarm { level: Level::Warning, ..of_form(&filing, Kind::ReportChanged) });
    }
    let ever = Instant(0);
    let unsigned = query::in_state(conn, units, State::Drafted, (ever, now.minus_seconds(SIGNING_LIMIT_S)))?;
    found.extend(unsigned.iter().map(|filing| of_form(filing, Kind::FormUnsigned)));
    let shown = (now.minus_seconds(REFUSED_SHOWN_S), now);
    let refused = query::in_state(conn, units, State::Refused, shown)?;
    // A refused report is told as one that is due.
    let others = refused.iter().filter(|one| !matches!(one.kind, FormKind::UsageReport | FormKind::Invoice));
    for filing in others {
        if filing.kind != FormKind::ErrorNotice || !notice::is_corrected(conn, filing)? {
            found.push(of_form(filing, Kind::FormRefused));
        }
    }
    for (form, why) in registration::unresolved(conn, units)? {
        let detail = format!("{} ({why})", form.form);
        found.push(Alarm { detail, ..of_form(&form, Kind::FormHeld) });
    }
    for filing in query::refused_invoices(conn, units)? {
        if invoice::is_refused(conn, &filing)? {
            found.push(of_form(&filing, Kind::InvoiceRefused));
        }
    }
    for (filing, which) in notice::withdrawn_untold(conn, units)? {
        let detail = format!("{}{} {}", which.template, which.series, which.number);
        found.push(Alarm { detail, ..of_form(&filing, Kind::InvoiceWithdrawn) });
    }
    let (sending, answer) = (now.minus_seconds(SENDING_LIMIT_S), now.minus_seconds(ANSWER_LIMIT_S));
    let messages = transmission::troubled(conn, units, sending, answer)?;
    let mut events = transmission::last_events(conn, &messages)?;
    for message in &messages {
        let last = events.remove(&(message.unit, message.id)).unwrap_or_default();
        found.push(of_message(message, &last));
    }
    found.sort_by_key(|alarm| (std::cmp::Reverse(alarm.level), alarm.due_on, alarm.kind));
    Ok(found)
}

fn of_report(unit: UnitId, item: Due) -> Alarm {
    let kind = match item.state {
        None => Kind::ReportMissing,
        Some("requested") => Kind::ReportApproval,
        Some("refused") => Kind::ReportRefused,
        Some(_) => Kind::ReportSending,
    };
    let level = if kind == Kind::ReportRefused { Level::Alarm } else { Level::of(item.urgency) };
    Alarm {
        unit,
        kind,
        level,
        quarter: Some(item.quarter),
        due_on: Some(item.due_on),
        days_left: Some(item.days_left),
        filing: item.filing,
        transmission: None,
        since: None,
        detail: item.urgency.words().1.to_owned(),
    }
}

fn of_form(filing: &Filing, kind: Kind) -> Alarm {
    Alarm {
        unit: filing.unit,
        kind,
        level: Level::Alarm,
        quarter: filing.period.clone(),
        due_on: None,
        days_left: None,
        filing: Some(filing.id),
        transmission: None,
        since: Some(filing.created_at),
        detail: filing.form.clone(),
    }
}

/// With what happened last to it.
fn of_message(message: &transmission::Message, last: &transmission::Last) -> Alarm {
    let kind = match message.state {
        MessageState::Halted => Kind::MessageHalted,
        MessageState::Delivered if last.is_rejected_again => Kind::MessageHalted,
        MessageState::Delivered => Kind::MessageUnanswered,
        _ => Kind::MessageStuck,
    };
    let name = code::of(message.kind).map_or("", |kind| kind.vi);
    let event = format!("{} {}", last.kind, last.detail);
    Alarm {
        unit: message.unit,
        kind,
        level: Level::Alarm,
        quarter: None,
        due_on: None,
        days_left: None,
        filing: Some(message.filing),
        transmission: Some(message.id),
        since: Some(message.created_at),
        detail: format!("{name}: {}", event.trim()).trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_presses_the_more_the_nearer_its_last_day_is_and_says_how_far_it_came() {
        let item = |days_left: i64, urgency, state| Due {
            quarter: "2026-Q3".into(),
            due_on: "2026-10-31".parse().unwrap(),
            days_left,
            urgency,
            filing: None,
            state,
        };
        let of = |days, urgency, state| {
            let alarm = of_report(UnitId(1), item(days, urgency, state));
            (alarm.kind, alarm.level)
        };
        assert_eq!(of(20, Urgency::Open, Some("requested")), (Kind::ReportApproval, Level::Notice));
        assert_eq!(of(3, Urgency::Soon, Some("signed")), (Kind::ReportSending, Level::Warning));
        assert_eq!(of(0, Urgency::Today, None), (Kind::ReportMissing, Level::Alarm));
        assert_eq!(of(20, Urgency::Open, Some("refused")), (Kind::ReportRefused, Level::Alarm));
    }
}
