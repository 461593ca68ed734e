//! Early warnings go out by mail once a day: to a unit's own mailbox (`unit::imprint`) what of it misses a target,
//! to the city's mailboxes who does. A day's mail that lies longer than the day is not sent any more.

use std::collections::BTreeMap;

use super::{Figures, Warning};
use crate::actor::{Actor, Scope};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::notification::staff::{self, Mail, Told};
use crate::notification::{self, New};
use crate::report::collection::Kept;
use crate::report::proposal;
use crate::store::{Conn, Stamp, Store};
use crate::unit::{self, CITY, imprint};

/// Warnings in one mail; the page has the others.
const SHOWN: usize = 30;
/// The hour of the morning from which they are mailed.
const FROM_HOUR: i64 = 7;

/// Mails what is missed today, from seven in the morning on and once to each mailbox; returns how many messages are
/// new. The month is yesterday's: one that begins today has no figures.
///
/// # Errors
/// Those of the store.
pub fn tell(store: &Store, stamp: &Stamp<'_>, kept: &Kept, told: &Told<'_>) -> Result<Option<usize>> {
    if stamp.now < stamp.today().start().plus_seconds(FROM_HOUR * 3_600) {
        return Ok(None);
    }
    let month = stamp.today().plus_days(-1);
    let counted = kept.look(store, super::days_counted(month, stamp.today())?, stamp.now)?;
    let mails = store.read(&Scope::All, |conn| {
        let targets = proposal::targets(conn)?;
        let asked = (month, None);
        let figures =
            super::figures(conn, stamp, &Actor::system(), asked, &counted, &targets, &str::to_owned)?;
        of_day(conn, stamp, &figures, told)
    })?;
    staff::tell(store, stamp, &mails).map(Some)
}

/// The mails of a day about figures, the worst first. Nobody is told that nothing is amiss.
fn of_day(conn: &mut Conn, stamp: &Stamp<'_>, figures: &Figures, told: &Told<'_>) -> Result<Vec<New>> {
    let mut by_unit: BTreeMap<&str, Vec<&Warning>> = BTreeMap::new();
    for warning in &figures.warnings {
        by_unit.entry(&warning.unit_code).or_default().push(warning);
    }
    let today = stamp.today();
    let mut mails = Vec::new();
    for (code, warnings) in by_unit {
        let unit = unit::find_by_code(conn, code)?;
        let own = imprint::recorded(conn, &[unit.id], today)?.pop().and_then(|(_, known)| known.email);
        if own.is_some() {
            let text = words(figures, &unit.name, &warnings, told.public_url);
            mails.extend(mail(unit.id, today, text).to(&own));
        }
    }
    if !figures.warnings.is_empty() {
        let all: Vec<&Warning> = figures.warnings.iter().collect();
        let text = words(figures, "toàn thành phố", &all, told.public_url);
        mails.extend(mail(CITY, today, text).to(told.mailboxes));
    }
    Ok(mails)
}

/// One of a unit and day.
fn mail(unit: UnitId, today: BusinessDay, text: String) -> Mail {
    Mail {
        unit,
        kind: notification::KIND_WARNING,
        subject_kind: "city_warning",
        subject: today.0.signed_duration_since(chrono::NaiveDate::default()).num_days(),
        text,
        expires_at: Some(ends(today)),
    }
}

fn ends(today: BusinessDay) -> Instant {
    today.next().start()
}

/// The subject, then what is said, Vietnamese and English.
fn words(figures: &Figures, whose: &str, warnings: &[&Warning], public_url: &str) -> String {
    let until = figures.until.0.format("%d/%m/%Y");
    let mut text = format!(
        "Cảnh báo sớm {until}: {count} chỉ tiêu chưa đạt – {whose}\n\
         Tính đến {until}, tháng {month}, {count} chỉ tiêu chưa đạt.\n",
        count = warnings.len(),
        month = figures.month,
    );
    for one in warnings.iter().take(SHOWN) {
        let (vi, en) = one.measured.measure.words();
        let asked = one.measured.target.as_ref().map(super::Target::shown).unwrap_or_default();
        let grave = if one.is_grave { " (chưa được một nửa · less than half)" } else { "" };
        let reached = one.measured.shown();
        text.push_str(&format!(
            "{unit} – {field}: {vi} ({en}) {reached}, yêu cầu · asked {asked}{grave}\n",
            unit = one.unit_name,
            field = one.field,
        ));
    }
    let left = warnings.len().saturating_sub(SHOWN);
    if left > 0 {
        text.push_str(&format!("Và {left} chỉ tiêu khác · and {left} more.\n"));
    }
    text.push_str(&format!(
        "Xem tại {public_url}/city\n\
         Until {until}, {count} targets are missed. See {public_url}/city\n",
        count = warnings.len()
    ));
    text
}
