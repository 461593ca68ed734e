//! What a payer says: “I have transferred”, also when it is paid already (“I paid twice”) or cancelled. It
//! is no claim of money; it asks the unit to look, by a day that the payer is told, and stands beside the
//! money that waits and could be meant.

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Exception, Kind, New, Subject, work_query};
use crate::id::{AccountId, UnitId};
use crate::obligation::Obligation;
use crate::store::{Conn, Stamp, Tx};
use crate::text;

/// Days between what a payer remembers and what the bank booked.
const DAYS_APART: i64 = 3;
/// How far a payer's clock may be ahead of ours.
const AHEAD_MINUTES: i64 = 10;
/// How far back somebody may ask this way.
const OLDEST_DAYS: i64 = 366;
/// The bank's own reference, as it stands in a banking app.
const TRACE_LIMIT: usize = 40;
/// Open items looked through for the money.
const LOOK_LIMIT: i64 = 500;

/// What the payer says they sent.
#[derive(Clone, Debug)]
pub struct Word {
    pub amount: Dong,
    pub on: BusinessDay,
    /// The time of the day, `14:05`, if they know it.
    pub time: String,
    /// The bank's reference, if they have it.
    pub trace: String,
}

/// Opens an item for the unit, naming money that waits and could be meant, and answers the day until
/// which the payer gets an answer. Saying the same again while it is open changes nothing; other figures take the
/// place of those before, which stay in the item's history.
///
/// # Errors
/// `told_day_wrong`, `told_time_wrong`, `told_time_to_come`, `told_trace_wrong`, `told_being_answered`.
pub fn tell(tx: &mut Tx<'_>, stamp: &Stamp<'_>, item: &Obligation, word: &Word) -> Result<BusinessDay> {
    let trace = checked(word, stamp.now)?;
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let meant = waiting_like(tx, (item.unit, item.account), (word.amount, word.on))?;
    let detail = Detail::PayerSays {
        amount: word.amount,
        on: word.on,
        time: some(&word.time),
        trace: some(&trace),
        waiting: meant.iter().map(|one| one.id).collect(),
    };
    let subject = Subject::Obligation(item.id);
    let new = New {
        unit: item.unit,
        kind: Kind::Complaint,
        subject,
        account: Some(item.account),
        amount: word.amount,
        opened_on: stamp.today(),
        detail: detail.into(),
    };
    if let Some(before) = open_word(tx, item)? {
        say_anew(tx, stamp, &before, &new)?;
        return Ok(before.due_on);
    }
    exception::open(tx, stamp, &[new])?;
    let open = exception::find_open(tx, item.unit, Kind::Complaint, subject)?;
    Ok(open.map_or_else(
        || stamp.calendar.after(stamp.today(), Kind::Complaint.due_working_days()),
        |one| one.due_on,
    ))
}

/// The word of a payer about an obligation that waits for an answer.
pub fn open_word(conn: &mut Conn, item: &Obligation) -> Result<Option<Exception>> {
    let open = exception::find_open(conn, item.unit, Kind::Complaint, Subject::Obligation(item.id))?;
    Ok(open.filter(is_word))
}

/// What the unit answered to a payer's word, and when: the reason of who settled it, in words for the payer.
/// Nothing while a word waits, or where the money itself was the answer.
pub fn answer(conn: &mut Conn, item: &Obligation) -> Result<Option<(Instant, String)>> {
    let known = exception::find_any(conn, item.unit, Kind::Complaint, Subject::Obligation(item.id))?;
    let settled = known.filter(|one| one.state == exception::State::Resolved && is_word(one));
    let Some(settled) = settled else { return Ok(None) };
    // What is said about it later, such as a comment, leaves the answer as it is.
    const ENDS: [&str; 4] = ["approved", "approved_alone", "settled_by_itself", "noted"];
    let last = work_query::last_of(conn, item.unit, settled.id, &ENDS)?;
    let by_person = last.filter(|event| matches!(event.kind.as_str(), "approved" | "approved_alone"));
    Ok(by_person.map(|event| (event.at, event.reason)))
}

/// Whether an item is what a payer said, and who settles it answers them.
pub fn is_word(item: &Exception) -> bool {
    item.kind == Kind::Complaint && matches!(Detail::read(&item.detail), Some(Detail::PayerSays { .. }))
}

/// Who mistyped, or found the bank's reference meanwhile, is heard: the unit works on the newest word.
fn say_anew(tx: &mut Tx<'_>, stamp: &Stamp<'_>, before: &Exception, new: &New) -> Result<()> {
    let (was, is) = (said(&before.detail), said(&new.detail));
    if was == is {
        return Ok(());
    }
    let words = |said: &Option<Said>| said.as_ref().map_or_else(String::new, Said::words);
    let reason = format!("Người nộp báo lại: {}; trước đó: {}", words(&is), words(&was));
    if exception::restate(tx, stamp, (before.unit, before.id), (new.amount, &new.detail), reason)? {
        return Ok(());
    }
    Err(Error::invalid("amount", "told_being_answered", "what was told before is being answered"))
}

/// What a payer said, without the money that could be meant: that changes by itself.
#[derive(PartialEq, Eq)]
struct Said {
    amount: Dong,
    on: BusinessDay,
    rest: Vec<String>,
}

impl Said {
    fn words(&self) -> String {
        let mut words = format!("{} ngày {}", self.amount, self.on.0.format("%d/%m/%Y"));
        for more in &self.rest {
            words.push(' ');
            words.push_str(more);
        }
        words
    }
}

fn said(detail: &str) -> Option<Said> {
    match Detail::read(detail) {
        Some(Detail::PayerSays { amount, on, time, trace, .. }) => {
            Some(Said { amount, on, rest: time.into_iter().chain(trace).collect() })
        }
        _ => None,
    }
}

/// The bank's reference of a word that is right.
fn checked(word: &Word, now: Instant) -> Result<String> {
    match faults(Some(word.on), &word.time, &word.trace, now).into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(text::squash(&word.trace)),
    }
}

/// Everything that is wrong with when money was sent, and with the bank's reference, in the order of a form; `tell`
/// refuses the first of it. A day that could not be read is none.
pub fn faults(on: Option<BusinessDay>, time: &str, trace: &str, now: Instant) -> Vec<Error> {
    [on.and_then(|on| check_day(on, now).err()), check_time(on, time, now).err(), check_trace(trace).err()]
        .into_iter()
        .flatten()
        .collect()
}

fn check_day(on: BusinessDay, now: Instant) -> Result<()> {
    let today = now.business_day();
    if on > today || on < today.plus_days(-OLDEST_DAYS) {
        return Err(Error::invalid("on", "told_day_wrong", "not in the future, within the last year"));
    }
    Ok(())
}

fn check_time(on: Option<BusinessDay>, time: &str, now: Instant) -> Result<()> {
    if !is_time(time) {
        return Err(Error::invalid("time", "told_time_wrong", "like 14:05"));
    }
    if on.is_some_and(|on| is_to_come(on, time, now)) {
        return Err(Error::invalid("time", "told_time_to_come", "not in the future"));
    }
    Ok(())
}

fn check_trace(trace: &str) -> Result<()> {
    if text::squash(trace).len() > TRACE_LIMIT {
        return Err(Error::invalid("trace", "told_trace_wrong", format!("at most {TRACE_LIMIT} characters")));
    }
    Ok(())
}

/// Whether the hour that is told of has not struck yet.
fn is_to_come(on: BusinessDay, time: &str, now: Instant) -> bool {
    let said = chrono::NaiveTime::parse_from_str(time, "%H:%M");
    let is_ahead = |said: chrono::NaiveTime| {
        let ahead = said.signed_duration_since(now.in_hanoi().time());
        ahead.num_minutes() > AHEAD_MINUTES
    };
    on == now.business_day() && said.is_ok_and(is_ahead)
}

/// Nothing, or hours and minutes of a day.
fn is_time(text: &str) -> bool {
    text.is_empty() || (text.len() == 5 && chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok())
}

/// The money that an open word of a payer could mean, as it waits now.
pub fn waiting_for(conn: &mut Conn, told: &Exception) -> Result<Vec<Exception>> {
    match (Detail::read(&told.detail), told.account) {
        (Some(Detail::PayerSays { amount, on, .. }), Some(account)) => {
            waiting_like(conn, (told.unit, account), (amount, on))
        }
        _ => Ok(Vec::new()),
    }
}

/// The open words of payers that waiting money could be meant by.
pub fn told_of(conn: &mut Conn, money: &Exception) -> Result<Vec<Exception>> {
    let Some(account) = money.account.filter(|_| is_money(money.kind)) else { return Ok(Vec::new()) };
    let open = exception::list(conn, money.unit, Some(exception::State::Open), Some(account), LOOK_LIMIT)?;
    let means = |one: &Exception| match Detail::read(&one.detail) {
        Some(Detail::PayerSays { amount, on, .. }) => is_like(money, amount, on),
        _ => false,
    };
    Ok(open.into_iter().filter(|one| one.kind == Kind::Complaint && means(one)).collect())
}

/// Money of the same amount and days that nobody could place.
fn waiting_like(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    (amount, on): (Dong, BusinessDay),
) -> Result<Vec<Exception>> {
    let open = exception::list(conn, unit, Some(exception::State::Open), Some(account), LOOK_LIMIT)?;
    Ok(open.into_iter().filter(|one| is_like(one, amount, on)).collect())
}

fn is_money(kind: Kind) -> bool {
    matches!(kind, Kind::UnidentifiedCredit | Kind::DamagedCode | Kind::CallbackMissing)
}

fn is_like(one: &Exception, amount: Dong, on: BusinessDay) -> bool {
    let days = (one.opened_on.0 - on.0).num_days().abs();
    is_money(one.kind) && one.amount == amount && days <= DAYS_APART
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(amount: i64, on: &str, trace: &str) -> Word {
        Word { amount: Dong(amount), on: on.parse().unwrap(), time: String::new(), trace: trace.into() }
    }

    #[test]
    fn a_day_to_come_and_a_long_story_are_refused() {
        let now = "2026-11-27T14:00:00+07:00".parse().unwrap();
        let code = |on, trace: &str| checked(&word(1, on, trace), now).map_err(|error| error.code());
        assert_eq!(code("2026-11-27", "ft 123"), Ok("FT123".to_owned()));
        assert_eq!(code("2026-11-28", ""), Err("told_day_wrong"));
        assert_eq!(code("2024-01-01", ""), Err("told_day_wrong"));
        assert_eq!(code("2026-11-27", &"x".repeat(41)), Err("told_trace_wrong"));
        assert!(is_time("") && is_time("14:05") && !is_time("25:00") && !is_time("14h05"));
    }

    #[test]
    fn everything_that_is_wrong_with_a_word_is_told_at_once() {
        let now = "2026-11-27T14:00:00+07:00".parse().unwrap();
        let codes = |on: Option<&str>, time: &str, trace: &str| -> Vec<&'static str> {
            let on = on.map(|on| on.parse().unwrap());
            faults(on, time, trace, now).iter().map(Error::code).collect()
        };
        let long = "x".repeat(41);
        assert_eq!(
            codes(Some("2026-11-28"), "14h05", &long),
            ["told_day_wrong", "told_time_wrong", "told_trace_wrong"]
        );
        assert_eq!(codes(Some("2026-11-27"), "15:00", &long), ["told_time_to_come", "told_trace_wrong"]);
        assert_eq!(codes(None, "23:59", &long), ["told_trace_wrong"], "of no day no hour is to come");
        assert!(codes(Some("2026-11-27"), "13:00", "FT1").is_empty());
    }

    #[test]
    fn an_hour_of_today_that_has_not_struck_is_refused_and_a_clock_that_is_a_little_fast_is_not() {
        let now = "2026-11-27T14:00:00+07:00".parse().unwrap();
        let code = |on, time: &str| {
            let said = Word { time: time.to_owned(), ..word(1, on, "") };
            checked(&said, now).map_err(|error| error.code())
        };
        for struck in ["", "00:00", "14:00", "14:10"] {
            assert_eq!(code("2026-11-27", struck), Ok(String::new()), "{struck}");
        }
        for to_come in ["14:11", "23:59"] {
            assert_eq!(code("2026-11-27", to_come), Err("told_time_to_come"), "{to_come}");
        }
        assert_eq!(code("2026-11-26", "23:59"), Ok(String::new()));
    }
}
