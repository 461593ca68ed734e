//! The Treasury's report of what it credited or rejected: the third leg.
//!
//! The format is a proposal of ours [P], because nothing public defines one: CSV in UTF-8 with `,`
//! or `;`, and this first line:
//!
//! ```text
//! ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do
//! HNPH7K2MQ4X97,805,2771,12500,2026-11-25,credited,
//! ```
//!
//! Reference code of the order, chapter, sub-item, whole đồng, day as YYYY-MM-DD or, as an office program
//! that saved the file writes it, DD/MM/YYYY and not after today, `credited` or `rejected`, and why. Quotes
//! are not needed: the last column takes the rest of its line. Any other file is read as the Treasury's own
//! table, by its headings or by the columns that a person named (`report_table.rs`). All rows of an order
//! count together. A bad row is told with its line and never stops the others.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::report_query::{self, ReportRow, RowRow};
use super::{
    Event, Kind, Line, Order, State, What, locked, query, report_form, report_table, rules, settle_rejection,
    step,
};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind as ExceptionKind, Subject};
use crate::id::*;
use crate::ledger::{self, Posting, Source};
use crate::statement::partner::{self, Named};
use crate::statement::saved;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

pub(super) const ROWS_LIMIT: usize = 10_000;
pub(super) const REASON_LIMIT: usize = 300;
/// Why an item about a report that did not fit asks about something else.
const WHY: &str = "the Treasury rejected it";

/// What the Treasury did with a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Credited,
    Rejected,
}

crate::text_enum! { Status { Credited = "credited", Rejected = "rejected" } }

/// A row of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 1, the heading counted.
    pub line_no: usize,
    pub reference_code: String,
    pub chapter: String,
    pub sub_item: String,
    pub amount: Dong,
    pub on: BusinessDay,
    pub status: Status,
    pub reason: String,
}

/// A row that could not be read, with the reason in English and in Vietnamese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub line_no: usize,
    pub why: &'static str,
    pub why_vi: &'static str,
}

impl Fault {
    pub(super) fn at(line_no: usize, (why_vi, why): Why) -> Fault {
        Fault { line_no, why, why_vi }
    }
}

/// Why a row cannot be read: Vietnamese, English.
pub(super) type Why = (&'static str, &'static str);

pub(super) const CODE: Why = ("mã lệnh hoặc tiểu mục thiếu hay quá dài", "a code is missing or too long");
pub(super) const AMOUNT: Why =
    ("số tiền phải là số nguyên đồng lớn hơn 0", "the amount is not whole đồng above zero");
pub(super) const DAY: Why = (
    "ngày không đọc được, cần dạng NNNN-TT-NN hoặc NN/TT/NNNN",
    "the day cannot be read: YYYY-MM-DD or DD/MM/YYYY",
);
const LATER: Why = ("ngày sau hôm nay", "the day is after today");

/// The rows of a report and what of it cannot be read, or the place of what makes it none. Pure.
pub(super) fn read(
    bytes: &[u8],
    named: &[Named],
) -> std::result::Result<(Vec<Row>, Vec<Fault>), partner::Fault> {
    match partner::ours(bytes, &report_form::HEADING) {
        Some((text, separator)) => report_form::read(text, separator),
        None => report_table::read(bytes, named),
    }
}

/// What makes a file no report, as an error.
pub(super) fn unreadable(fault: &partner::Fault) -> Error {
    fault.error("report", "treasury_report_unreadable")
}

/// Whether a text may be a code of an order or of a sub-item.
pub(super) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.is_ascii()
}

/// What a report did to one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub reference_code: String,
    pub order: Option<RemittanceId>,
    /// `credited`, `rejected`, `in_part` (some lines credited, the others rejected), `known` (told before), `unknown`
    /// (no such order of the unit), or `differs`: nothing was changed and an exception says so.
    pub outcome: &'static str,
}

/// What an import came to.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    /// The same file came before; nothing was done.
    pub is_known: bool,
    pub orders: Vec<Outcome>,
    pub faults: Vec<Fault>,
}

/// A report that was read. To read one takes a while: it is read before the transaction that takes it on, so that
/// callbacks are not kept waiting for it.
pub struct Told<'f> {
    bytes: &'f [u8],
    /// The tables whose columns a person had named when it was read.
    named: Vec<Named>,
    rows: Vec<Row>,
    faults: Vec<Fault>,
    file_sha256: String,
}

impl<'f> Told<'f> {
    /// Reads a file; `named` are the tables whose columns a person named. Pure.
    ///
    /// # Errors
    /// The place of what makes it no report.
    pub fn read(bytes: &'f [u8], named: Vec<Named>) -> std::result::Result<Told<'f>, partner::Fault> {
        let (rows, faults) = read(bytes, &named)?;
        let file_sha256 = text::hex(digest(&SHA256, bytes).as_ref());
        Ok(Told { bytes, named, rows, faults, file_sha256 })
    }

    /// The same, with what makes it no report as an error.
    ///
    /// # Errors
    /// `treasury_report_unreadable` when it is no such file at all; `partner_column_missing`.
    pub fn of(bytes: &'f [u8], named: Vec<Named>) -> Result<Told<'f>> {
        Told::read(bytes, named).map_err(|fault| unreadable(&fault))
    }

    /// The rows that could be read.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that could not.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether no row of it could be read.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Takes a report on for one unit that was read before, and reads it anew where somebody named columns since. The
/// same file again changes nothing, unless an order that it did not fit fits it now: then it is taken for the orders
/// that had not agreed, and only for them.
///
/// # Errors
/// `role_not_allowed`, `treasury_report_unreadable`, `partner_column_missing`.
pub fn take(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    told: &Told<'_>,
) -> Result<Imported> {
    actor.require_role(&[Role::Finance])?;
    actor.scope.require(unit)?;
    let named = saved::named(tx, unit, partner::Kind::Treasury)?;
    let reread = (named != told.named).then(|| Told::of(told.bytes, named)).transpose()?;
    let told = reread.as_ref().unwrap_or(told);
    let (file, (told, faults)) = (&told.file_sha256, until(stamp.today(), told));
    let earlier = report_query::earlier(tx, unit, file)?;
    if earlier.count > 0 && !is_wanted_again(tx, unit, &told, &earlier)? {
        return Ok(Imported { is_known: true, orders: Vec::new(), faults });
    }
    let id: EventId = stamp.mint()?;
    let report = ReportRow {
        unit_id: unit,
        id,
        file_sha256: if earlier.count == 0 { file.clone() } else { format!("{file}/{}", earlier.count + 1) },
        row_count: i64::try_from(told.len()).unwrap_or(i64::MAX),
        imported_by: actor.person,
        created_at: stamp.now,
    };
    if rows::insert_if_absent(tx, &[report], &["unit_id", "file_sha256"])? != [true] {
        return Ok(Imported { is_known: true, orders: Vec::new(), faults });
    }
    let mut orders = Vec::new();
    let mut stored: Vec<RowRow> = Vec::new();
    for (code, of_order) in by_order(&told) {
        let outcome = match earlier.agreed.get(code) {
            Some(order) => Outcome { reference_code: code.to_owned(), order: *order, outcome: "known" },
            None => apply(tx, stamp, (unit, id), code, &of_order)?,
        };
        stored.extend(of_order.into_iter().map(|row| stored_row(unit, id, row, &outcome)));
        orders.push(outcome);
    }
    rows::insert(tx, &stored)?;
    let entry = audit::Entry::by(actor, unit, "treasury_report.imported", id);
    audit::record(tx, stamp, &[entry.with(format!("{} orders", orders.len()))])?;
    Ok(Imported { is_known: false, orders, faults })
}

/// What is told of days until today, and the faults: nothing was credited on a day that has not come.
fn until(today: BusinessDay, told: &Told<'_>) -> (Vec<Row>, Vec<Fault>) {
    let (rows, later): (Vec<Row>, Vec<Row>) = told.rows.iter().cloned().partition(|row| row.on <= today);
    let mut faults = told.faults.clone();
    faults.extend(later.iter().map(|row| Fault::at(row.line_no, LATER)));
    faults.sort_by_key(|fault| fault.line_no);
    (rows, faults)
}

/// The rows of each order, by its code.
fn by_order(told: &[Row]) -> BTreeMap<&str, Vec<&Row>> {
    let mut orders: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in told {
        orders.entry(row.reference_code.as_str()).or_default().push(row);
    }
    orders
}

/// Whether an order that a file did not fit fits it now: it was unknown then, or was mended since.
fn is_wanted_again(
    conn: &mut Conn,
    unit: UnitId,
    told: &[Row],
    earlier: &report_query::Earlier,
) -> Result<bool> {
    for (code, of_order) in by_order(told).into_iter().filter(|(code, _)| !earlier.agreed.contains_key(*code))
    {
        let known = query::by_codes(conn, &[code.to_owned()])?;
        let Some(order) = known.into_iter().find(|order| order.unit == unit) else { continue };
        let lines = query::lines(conn, unit, order.id)?;
        if verdict(&order, &lines, &of_order) != Verdict::Differs {
            return Ok(true);
        }
    }
    Ok(false)
}

fn stored_row(unit_id: UnitId, report_id: EventId, row: &Row, outcome: &Outcome) -> RowRow {
    RowRow {
        unit_id,
        report_id,
        line_no: i32::try_from(row.line_no).unwrap_or(i32::MAX),
        reference_code: row.reference_code.clone(),
        chapter: row.chapter.clone(),
        sub_item: row.sub_item.clone(),
        amount: row.amount,
        on_date: row.on,
        status: row.status.as_str(),
        reason: row.reason.clone(),
        remittance_id: outcome.order,
        outcome: outcome.outcome,
    }
}

fn apply(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (unit, report): (UnitId, EventId),
    code: &str,
    told: &[&Row],
) -> Result<Outcome> {
    let known = query::by_codes(tx, &[code.to_owned()])?;
    let Some(order) = known.into_iter().find(|order| order.unit == unit) else {
        return Ok(Outcome { reference_code: code.to_owned(), order: None, outcome: "unknown" });
    };
    let mut order = locked(tx, unit, order.id)?;
    let lines = query::lines(tx, unit, order.id)?;
    let verdict = verdict(&order, &lines, told);
    if let Verdict::Credited(_) | Verdict::InPart(_) | Verdict::Rejected(_) = verdict {
        keep(tx, stamp, &mut order, (&lines, told), report)?;
    }
    let outcome = match verdict {
        Verdict::Known => "known",
        Verdict::Differs => {
            differs(tx, stamp, &order, false)?;
            "differs"
        }
        Verdict::Credited(state) => {
            credit(tx, stamp, &mut order, &lines, state)?;
            "credited"
        }
        Verdict::InPart(state) => {
            reject(tx, stamp, &mut order, ("rejected_in_part", state), told)?;
            let lines = query::lines(tx, unit, order.id)?;
            let credited = lines.iter().filter(|line| line.status == Some(Status::Credited));
            post(tx, stamp, &order, credited)?;
            "in_part"
        }
        Verdict::Rejected(state) => {
            reject(tx, stamp, &mut order, ("rejected", state), told)?;
            "rejected"
        }
    };
    Ok(Outcome { reference_code: code.to_owned(), order: Some(order.id), outcome })
}

/// Keeps what was said of each line, and how much of the order was credited.
fn keep(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    order: &mut Order,
    (lines, told): (&[Line], &[&Row]),
    report_id: EventId,
) -> Result<()> {
    let mut kept = Vec::with_capacity(lines.len());
    for (line_no, line) in (1..).zip(lines) {
        let said = told.iter().find(|row| key(line) == (row.chapter.as_str(), row.sub_item.as_str()));
        let said = said.ok_or_else(|| Error::internal("a report that fits names no line of the order"))?;
        if said.status == Status::Credited {
            order.credited = order.credited.checked_add(line.amount)?;
        }
        kept.push(query::StatusRow {
            unit_id: order.unit,
            remittance_id: order.id,
            line_no,
            status: said.status.as_str(),
            reason: said.reason.clone(),
            report_id,
            created_at: stamp.now,
        });
    }
    rows::insert(tx, &kept)
}

/// What a report calls a line.
fn key(line: &Line) -> (&str, &str) {
    (line.chapter.as_deref().unwrap_or_default(), line.sub_item.as_deref().unwrap_or_default())
}

fn reject(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    order: &mut Order,
    (kind, state): (&'static str, State),
    told: &[&Row],
) -> Result<()> {
    let rejected = told.iter().filter(|row| row.status == Status::Rejected);
    let reason = rejected.map(|row| row.reason.clone()).find(|reason| !reason.is_empty());
    step(tx, stamp, order, state, What { kind, reason, ..What::default() })?;
    differs(tx, stamp, order, true)
}

/// What a report means for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Credited(State),
    /// Some lines credited, the others rejected.
    InPart(State),
    Rejected(State),
    Known,
    Differs,
}

/// Each line of it credited or rejected; everything else is for a person. Pure.
fn verdict(order: &Order, lines: &[Line], told: &[&Row]) -> Verdict {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut asked: Vec<(String, String, Dong)> =
        lines.iter().map(|line| (part(&line.chapter), part(&line.sub_item), line.amount)).collect();
    let mut found: Vec<(String, String, Dong)> =
        told.iter().map(|row| (row.chapter.clone(), row.sub_item.clone(), row.amount)).collect();
    asked.sort_unstable();
    found.sort_unstable();
    if order.kind != Kind::Treasury || asked != found {
        return Verdict::Differs;
    }
    let all = |status: Status| told.iter().all(|row| row.status == status);
    if all(Status::Credited) {
        return match (order.state, rules::next(order, Event::Credited)) {
            (_, Ok(state)) => Verdict::Credited(state),
            (State::Credited | State::Settled, Err(_)) if !order.is_in_part() => Verdict::Known,
            _ => Verdict::Differs,
        };
    }
    if all(Status::Rejected) {
        return match (order.state, rules::next(order, Event::Rejected)) {
            (_, Ok(state)) => Verdict::Rejected(state),
            (State::Rejected | State::Returned, Err(_)) if !order.is_in_part() => Verdict::Known,
            _ => Verdict::Differs,
        };
    }
    match rules::next(order, Event::Rejected) {
        Ok(state) => Verdict::InPart(state),
        Err(_) if order.is_in_part() && is_said(lines, told) => Verdict::Known,
        Err(_) => Verdict::Differs,
    }
}

/// Whether an earlier report said the same of every line.
fn is_said(lines: &[Line], told: &[&Row]) -> bool {
    lines.iter().all(|line| {
        let same = |row: &&&Row| key(line) == (row.chapter.as_str(), row.sub_item.as_str());
        told.iter().find(same).is_some_and(|row| line.status == Some(row.status))
    })
}

fn credit(tx: &mut Tx<'_>, stamp: &Stamp<'_>, order: &mut Order, lines: &[Line], state: State) -> Result<()> {
    step(tx, stamp, order, state, What { kind: "credited", ..What::default() })?;
    post(tx, stamp, order, lines)?;
    settle_rejection(tx, stamp, order, "the Treasury credited it")
}

fn post<'a>(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    order: &Order,
    credited: impl IntoIterator<Item = &'a Line>,
) -> Result<()> {
    let on = crate::statement::open_day_query::first_open_day(tx, order.unit, order.account, stamp.today())?;
    let postings: Vec<Posting> = rules::credit_postings(order, credited)?
        .into_iter()
        .map(|(debit, credit, amount)| Posting {
            unit: order.unit,
            debit,
            credit,
            amount,
            accounting_date: on,
            source: Source::Remittance(order.id),
        })
        .collect();
    ledger::post(tx, stamp, &postings)
}

/// Asks about an order that a report does not fit, or that the Treasury rejected. The item about a report that did not
/// fit asks about the rejection from then on: an end that somebody proposed for it is sent back.
fn differs(tx: &mut Tx<'_>, stamp: &Stamp<'_>, order: &Order, is_rejected: bool) -> Result<()> {
    let item = question(order, stamp.today(), is_rejected);
    let opened = exception::open(tx, stamp, std::slice::from_ref(&item))?;
    if opened > 0 || !is_rejected {
        return Ok(());
    }
    ask_anew(tx, stamp, order, WHY)
}

/// The item about a rejected order asks for what is still to come back.
pub(super) fn ask_anew(tx: &mut Tx<'_>, stamp: &Stamp<'_>, order: &Order, why: &str) -> Result<()> {
    let item = question(order, stamp.today(), true);
    let Some(open) = exception::find_open(tx, item.unit, item.kind, item.subject)? else { return Ok(()) };
    let now = (item.amount, item.detail.as_str());
    exception::overrule(tx, stamp, (item.unit, open.id), now, why.to_owned())
}

/// What is asked about an order.
fn question(order: &Order, today: BusinessDay, is_rejected: bool) -> exception::New {
    exception::New {
        unit: order.unit,
        kind: ExceptionKind::TreasuryRejected,
        subject: Subject::Remittance(order.id),
        account: Some(order.account),
        amount: if is_rejected { order.returning() } else { order.amount },
        opened_on: today,
        detail: Detail::Order {
            number: order.order_no,
            year: order.year,
            code: order.reference_code.clone(),
            is_rejected,
        }
        .into(),
    }
}

/// The reports of a unit, newest first: (id, rows, when).
pub fn list(conn: &mut Conn, unit: UnitId, limit: i64) -> Result<Vec<(EventId, i64, crate::clock::Instant)>> {
    report_query::page(conn, unit, limit)
}

#[cfg(test)]
mod tests {
    use super::super::report_form::MONTH_FIRST;
    use super::super::sample;
    use super::*;

    const HEAD: &str = "ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n";

    fn order(state: State) -> Order {
        let sum = lines().iter().map(|line| line.amount.0).sum();
        Order { amount: Dong(sum), ..sample::order(Kind::Treasury, state, state == State::Debited) }
    }

    fn lines() -> Vec<Line> {
        let line = |sub_item: &str, amount| Line {
            source: format!("budget_due/805-{sub_item}"),
            chapter: Some("805".into()),
            sub_item: Some(sub_item.into()),
            amount: Dong(amount),
            status: None,
            reason: None,
        };
        vec![line("2716", 8_000), line("2771", 12_500)]
    }

    fn told(rows: &str) -> Verdict {
        let (rows, faults) = read(format!("{HEAD}{rows}").as_bytes(), &[]).unwrap();
        assert_eq!(faults, []);
        verdict(&order(State::Debited), &lines(), &rows.iter().collect::<Vec<_>>())
    }

    #[test]
    fn each_line_is_credited_or_rejected_and_the_rest_is_for_a_person() {
        let (a, b) = ("C1,805,2771,12500,2026-11-25,", "C1,805,2716,8000,2026-11-25,");
        assert_eq!(told(&format!("{a}credited,\n{b}credited,\n")), Verdict::Credited(State::Settled));
        assert_eq!(told(&format!("{a}rejected,x\n{b}rejected,\n")), Verdict::Rejected(State::Rejected));
        assert_eq!(told(&format!("{a}credited,\n{b}rejected,\n")), Verdict::InPart(State::Rejected));
        assert_eq!(told(&format!("{a}credited,\n")), Verdict::Differs, "a line is missing");
        assert_eq!(told("C1,805,2771,20500,2026-11-25,credited,\n"), Verdict::Differs);
    }

    #[test]
    fn what_was_told_before_is_known() {
        let rows = "C1,805,2771,12500,2026-11-25,credited,\nC1,805,2716,8000,2026-11-25,credited,\n";
        let (rows, _) = read(format!("{HEAD}{rows}").as_bytes(), &[]).unwrap();
        let rows: Vec<&Row> = rows.iter().collect();
        assert_eq!(verdict(&order(State::Settled), &lines(), &rows), Verdict::Known);
        assert_eq!(verdict(&order(State::Drafted), &lines(), &rows), Verdict::Differs);
        let in_part = Order { credited: Dong(8_000), ..order(State::Settled) };
        assert_eq!(verdict(&in_part, &lines(), &rows), Verdict::Differs, "a part of it was rejected");
    }

    #[test]
    fn a_bad_row_is_told_with_its_line_and_the_others_are_read() {
        let text = "\u{feff}ma_lenh;chuong;tieu_muc;so_tien;ngay;trang_thai;ly_do\r\n\
                    hnph7k2mq4x97;805;2771;12500;25/11/2026;rejected;sai mã; chương 805\r\n\
                    A;805;2771;12.500;2026-11-25;credited;\r\n\
                    A;805;2771;1;25/11/26;credited;\r\n\
                    A;805;2771;1;2026-11-25;paid;\r\n\
                    A;805\r\n";
        let (rows, faults) = read(text.as_bytes(), &[]).unwrap();
        assert_eq!((rows.len(), rows[0].line_no), (1, 2));
        assert_eq!(rows[0].reference_code, "HNPH7K2MQ4X97");
        assert_eq!(rows[0].reason, "sai mã; chương 805");
        assert_eq!(rows[0].on.to_string(), "2026-11-25", "as an office program writes it");
        assert_eq!(faults.iter().map(|fault| fault.line_no).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!((faults[1].why_vi, faults[1].why), DAY, "told in both languages");
    }

    #[test]
    fn no_slashed_day_is_read_where_one_of_them_has_its_month_in_front() {
        let rows = "A,805,2771,1,05/11/2026,credited,\nA,805,2771,1,11/25/2026,credited,\n\
                    A,805,2771,1,2026-11-25,credited,\n";
        let (rows, faults) = read(format!("{HEAD}{rows}").as_bytes(), &[]).unwrap();
        assert_eq!(rows.iter().map(|row| row.line_no).collect::<Vec<_>>(), [4]);
        assert_eq!(faults, [Fault::at(2, MONTH_FIRST), Fault::at(3, MONTH_FIRST)]);
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for wrong in [&b""[..], b"a,b\n", b"\xff\xfe", b"<xml/>"] {
            assert_eq!(unreadable(&read(wrong, &[]).unwrap_err()).code(), "treasury_report_unreadable");
        }
    }
}
