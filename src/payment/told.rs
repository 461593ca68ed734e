//! What a payer says: “I have transferred”. It is no claim of money; it asks the unit to look, by a
//! day that the payer is told.

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, New, Subject};
use crate::obligation::Obligation;
use crate::store::{Conn, Stamp, Tx};
use crate::text;

/// Days between what a payer remembers and what the bank booked.
const DAYS_APART: i64 = 3;
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
    /// The bank's reference, if they have it.
    pub trace: String,
}

/// Opens an item for the unit, naming money that waits and could be meant, and answers the day until
/// which the payer gets an answer. Saying it again while it is open changes nothing.
///
/// Errors: `obligation_closed` when nothing is owed, `told_day_wrong`, `told_trace_wrong`.
pub fn tell(tx: &mut Tx<'_>, stamp: &Stamp<'_>, item: &Obligation, word: &Word) -> Result<BusinessDay> {
    if !item.outstanding().is_positive() {
        return Err(Error::conflict("obligation_closed", "nothing is owed on it"));
    }
    let trace = checked(word, stamp.today())?;
    let meant = waiting_like(tx, item, word)?;
    let mut detail = format!("the payer says: {} on {}", word.amount.0, word.on);
    if !trace.is_empty() {
        detail.push_str(&format!(", bank reference {trace}"));
    }
    for one in &meant {
        detail.push_str(&format!("; perhaps {}", one.id));
    }
    let subject = Subject::Obligation(item.id);
    let new = New {
        unit: item.unit,
        kind: Kind::Complaint,
        subject,
        account: Some(item.account),
        amount: word.amount,
        opened_on: stamp.today(),
        detail,
    };
    exception::open(tx, stamp, &[new])?;
    let open = exception::find_open(tx, item.unit, Kind::Complaint, subject)?;
    Ok(open.map_or_else(
        || stamp.calendar.after(stamp.today(), Kind::Complaint.due_working_days()),
        |one| one.due_on,
    ))
}

fn checked(word: &Word, today: BusinessDay) -> Result<String> {
    let trace = text::squash(&word.trace);
    if trace.len() > TRACE_LIMIT {
        return Err(Error::invalid("trace", "told_trace_wrong", format!("at most {TRACE_LIMIT} characters")));
    }
    if word.on > today || word.on < today.plus_days(-OLDEST_DAYS) {
        return Err(Error::invalid("on", "told_day_wrong", "not in the future, within the last year"));
    }
    Ok(trace)
}

/// Money of the same amount and days that nobody could place.
fn waiting_like(conn: &mut Conn, item: &Obligation, word: &Word) -> Result<Vec<Exception>> {
    let open =
        exception::list(conn, item.unit, Some(exception::State::Open), Some(item.account), LOOK_LIMIT)?;
    Ok(open.into_iter().filter(|one| is_like(one, word)).collect())
}

fn is_like(one: &Exception, word: &Word) -> bool {
    let is_money = matches!(one.kind, Kind::UnidentifiedCredit | Kind::DamagedCode | Kind::CallbackMissing);
    let days = (one.opened_on.0 - word.on.0).num_days().abs();
    is_money && one.amount == word.amount && days <= DAYS_APART
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(amount: i64, on: &str, trace: &str) -> Word {
        Word { amount: Dong(amount), on: on.parse().unwrap(), trace: trace.into() }
    }

    #[test]
    fn a_day_to_come_and_a_long_story_are_refused() {
        let today = "2026-11-27".parse().unwrap();
        let code = |on, trace: &str| checked(&word(1, on, trace), today).map_err(|error| error.code());
        assert_eq!(code("2026-11-27", "ft 123"), Ok("FT123".to_owned()));
        assert_eq!(code("2026-11-28", ""), Err("told_day_wrong"));
        assert_eq!(code("2024-01-01", ""), Err("told_day_wrong"));
        assert_eq!(code("2026-11-27", &"x".repeat(41)), Err("told_trace_wrong"));
    }
}
