//! The table that tells what happened: what the payer did, and what bienlai says to it.

use super::state::{Played, State};
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::cli::table;
use crate::error::Result;
use crate::exception::{self, Exception};
use crate::id::{LineId, MovementId, ObligationId, PaymentId, UnitId};
use crate::payment;
use crate::payment::Direction;
use crate::simulator::{Payable, Report};
use crate::store::Conn;
use crate::{obligation, receipt, statement, unit};

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub title: &'static str,
    pub did: String,
    pub told: String,
    pub states: String,
    /// `<unit>/<number>`
    pub receipts: Vec<String>,
    pub exceptions: Vec<&'static str>,
}

const EXCEPTION_LIMIT: i64 = 1_000;
/// More numbers than this say nothing more in a table.
const NUMBERS_SHOWN: usize = 2;

/// The scenarios in the order they were played.
pub fn rows(app: &App, state: &State) -> Result<Vec<Row>> {
    app.read(&Actor { scope: Scope::All, ..Actor::system() }, |conn| {
        let exceptions = open_exceptions(conn)?;
        state.played.iter().map(|played| row(conn, state, played, &exceptions)).collect()
    })
}

pub fn text(rows: &[Row]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.title.to_owned(),
                row.did.clone(),
                row.told.clone(),
                row.states.clone(),
                numbers(&row.receipts),
                row.exceptions.join("; "),
            ]
        })
        .collect();
    let heading = ["Tình huống", "Ngân hàng ghi", "Báo có", "Nghĩa vụ nộp", "Biên lai số", "Ngoại lệ"];
    table::text(&heading, &cells, &[])
}

/// `00004/12`; an invoice is marked `HĐ`, because its series counts by itself.
fn number(unit_code: &str, document: &receipt::query::Stored) -> String {
    let is_invoice = document.kind().is_some_and(|kind| kind.invoice().is_some());
    let mark = if is_invoice { "HĐ " } else { "" };
    format!("{mark}{unit_code}/{}", document.number)
}

fn numbers(receipts: &[String]) -> String {
    let shown: Vec<&str> = receipts.iter().take(NUMBERS_SHOWN).map(String::as_str).collect();
    match receipts.len() {
        0 => "–".into(),
        count if count > NUMBERS_SHOWN => format!("{}, … ({count})", shown.join(", ")),
        _ => shown.join(", "),
    }
}

fn row(conn: &mut Conn, state: &State, played: &Played, exceptions: &[(Exception, Topic)]) -> Result<Row> {
    let mut states: Vec<&'static str> = Vec::new();
    let mut receipts = Vec::new();
    for payable in &played.payables {
        let (unit, id) = place(conn, payable)?;
        let said = state_vi(obligation::find(conn, unit, id)?.state);
        if !states.contains(&said) {
            states.push(said);
        }
        let made = receipt::query::of_obligation(conn, unit, id)?;
        receipts.extend(made.iter().map(|document| number(&payable.unit_code, document)));
    }
    let bookings: Vec<_> = played
        .acts
        .iter()
        .filter_map(|act| state.bank.ledger().iter().find(|booking| booking.no == act.booking_no))
        .collect();
    let mut titles = Vec::new();
    for (exception, topic) in exceptions {
        let concerns = match topic {
            Topic::Obligation(id) => played.payables.iter().any(|payable| payable.obligation == *id),
            Topic::Code(codes) => played
                .payables
                .iter()
                .any(|payable| codes.split('+').any(|code| code == payable.reference_code)),
            Topic::BankReference(reference) => {
                bookings.iter().any(|booking| booking.bank_reference == *reference)
            }
            Topic::Other => false,
        };
        let title = exception.kind.title_vi();
        if concerns && !titles.contains(&title) {
            titles.push(title);
        }
    }
    let signed: Vec<String> = bookings
        .iter()
        .take(NUMBERS_SHOWN)
        .map(|booking| {
            let sign = if booking.direction == Direction::Credit { "+" } else { "−" };
            format!("{sign}{}", booking.amount)
        })
        .collect();
    let more =
        if bookings.len() > NUMBERS_SHOWN { format!(", … ({})", bookings.len()) } else { String::new() };
    Ok(Row {
        title: played.scenario.title(),
        did: format!("{}{more}", signed.join(", ")),
        told: told(played),
        states: if states.is_empty() { "–".into() } else { states.join(", ") },
        receipts,
        exceptions: titles,
    })
}

fn told(played: &Played) -> String {
    let name = |report: &Report| match report {
        Report::Bank => "vpbank",
        Report::Sepay => "sepay",
        Report::Vietqr => "vietqr",
    };
    let mut names: Vec<(&str, usize)> = Vec::new();
    for report in played.acts.iter().flat_map(|act| &act.reports) {
        match names.iter_mut().find(|(known, _)| *known == name(report)) {
            Some((_, count)) => *count += 1,
            None => names.push((name(report), 1)),
        }
    }
    let told: Vec<String> = names
        .into_iter()
        .map(|(name, count)| if count == 1 { name.to_owned() } else { format!("{name} ×{count}") })
        .collect();
    if told.is_empty() { "không / none".into() } else { told.join(", ") }
}

fn state_vi(state: obligation::State) -> &'static str {
    match state {
        obligation::State::Raised => "chưa nộp",
        obligation::State::PartlyPaid => "nộp thiếu",
        obligation::State::Paid => "đã nộp",
        obligation::State::Reopened => "mở lại",
        obligation::State::Cancelled => "đã hủy",
        obligation::State::Waived => "miễn",
    }
}

fn place(conn: &mut Conn, payable: &Payable) -> Result<(UnitId, ObligationId)> {
    let unit = unit::find_by_code(conn, &payable.unit_code)?;
    Ok((unit.id, payable.obligation.parse()?))
}

/// What an exception is about, in words the bank's ledger and the dossiers know too.
enum Topic {
    Obligation(String),
    /// Codes joined by `+`.
    Code(String),
    BankReference(String),
    Other,
}

fn open_exceptions(conn: &mut Conn) -> Result<Vec<(Exception, Topic)>> {
    let mut found = Vec::new();
    let mut units: Vec<UnitId> = unit::all(conn)?.into_iter().map(|unit| unit.id).collect();
    units.push(unit::CITY);
    for unit in units {
        for item in exception::list(conn, unit, Some(exception::State::Open), None, EXCEPTION_LIMIT)? {
            let topic = topic(conn, &item)?;
            found.push((item, topic));
        }
    }
    Ok(found)
}

fn topic(conn: &mut Conn, item: &Exception) -> Result<Topic> {
    let of_movement = |conn: &mut Conn, id: MovementId| -> Result<Topic> {
        let found = payment::movement_query::movements(conn, &[(item.unit, id)])?.pop();
        Ok(found.map_or(Topic::Other, |movement| Topic::Code(movement.code)))
    };
    match item.subject_kind.as_str() {
        "obligation" => Ok(Topic::Obligation(ObligationId(item.subject_id).to_string())),
        "line" => {
            let line = statement::line_query::line(conn, item.unit, LineId(item.subject_id))?;
            Ok(line.bank_reference.map_or(Topic::Other, Topic::BankReference))
        }
        "movement" => of_movement(conn, MovementId(item.subject_id)),
        "payment" => {
            let found =
                payment::payment_query::payments(conn, &[(item.unit, PaymentId(item.subject_id))])?.pop();
            match found.and_then(|payment| payment.movement) {
                Some(movement) => of_movement(conn, movement),
                None => Ok(Topic::Other),
            }
        }
        _ => Ok(Topic::Other),
    }
}

/// How many receipts and open exceptions there are: (receipts, exceptions).
pub fn counts(app: &App) -> Result<(usize, usize)> {
    app.read(&Actor::system(), |conn| {
        let mut receipts = 0;
        for unit in unit::all(conn)? {
            for series in unit::series::of_unit(conn, unit.id)? {
                receipts += receipt::query::of_series(conn, unit.id, series.id)?.len();
            }
        }
        Ok((receipts, open_exceptions(conn)?.len()))
    })
}
