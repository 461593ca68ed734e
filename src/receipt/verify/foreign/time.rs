//! The signing time: which of those that a signature holds, and in the spellings that issuers use.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};
use roxmltree::Node;

use super::read::{is_blank, is_dsig, leaf, local_name};
use crate::clock::Instant;
use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::signature::local_time;

const ZONED: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
const LOCAL: [&str; 7] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%YT%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
];
const DAY_FIRST: &str = "%d/%m/%Y %I:%M:%S %p";
const MONTH_FIRST: &str = "%m/%d/%Y %I:%M:%S %p";
/// Figures alone.
const PACKED: &str = "%Y%m%d%H%M%S";
const PACKED_LENGTH: usize = 14;

/// Documents are signed in these years.
const YEARS: RangeInclusive<i32> = 1990..=2200;
/// Real signatures have one or two.
const TIMES_LIMIT: usize = 8;
/// Hà Nội is ahead of UTC by this much.
const AHEAD_S: i64 = 7 * 3_600;

/// A moment as a text says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub at: Instant,
    /// What the same figures say in Hà Nội's time, where they end in `Z`: some issuers put that letter behind the
    /// time of their own clock.
    pub as_local: Option<Instant>,
}

/// What a signature says of when it was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub moment: Option<Moment>,
    /// What keeps from resting on it.
    pub problem: Option<Problem>,
    /// A time is told in another way than on receipts of our own format, which have one in its one spelling.
    pub is_unlike_ours: bool,
}

impl Said {
    fn nothing(problem: Problem) -> Said {
        Said { moment: None, problem: Some(problem), is_unlike_ours: true }
    }

    /// The moment, if a reference covers it.
    pub(super) fn signed(self) -> Option<Moment> {
        self.moment.filter(|_| self.problem.is_none())
    }
}

/// The one signing time in an Object of the signature; of several the only one that is signed.
pub(super) fn said_by<'a, 'i>(signature: Node<'a, 'i>, is_signed: impl Fn(Node<'a, 'i>) -> bool) -> Said {
    let objects = signature.children().filter(|child| is_dsig(*child, "Object"));
    let is_time = |node: &Node<'a, 'i>| node.is_element() && local_name(*node) == "SigningTime";
    let times = objects.flat_map(|object| object.descendants()).filter(is_time);
    let times: Vec<Node<'a, 'i>> = times.take(TIMES_LIMIT + 1).collect();
    if times.len() > TIMES_LIMIT {
        return Said::nothing(Problem::SigningTimeUnclear);
    }
    let signed: Vec<Node<'a, 'i>> = times.iter().copied().filter(|time| is_signed(*time)).collect();
    let (time, problem) = match (signed.as_slice(), times.as_slice()) {
        ([time], _) => (*time, None),
        ([], [time]) => (*time, Some(Problem::SigningTimeUnsigned)),
        (_, []) => {
            return Said { is_unlike_ours: false, ..Said::nothing(Problem::SigningTimeMissing) };
        }
        _ => return Said::nothing(Problem::SigningTimeUnclear),
    };
    let text = leaf(time);
    let is_unlike_ours = text.as_deref().is_none_or(|text| local_time(text).is_none());
    match text {
        Some(text) if is_blank(&text) => Said::nothing(Problem::SigningTimeMissing),
        text => match text.and_then(|text| read(&text)) {
            Some(moment) => Said { moment: Some(moment), problem, is_unlike_ours },
            None => Said::nothing(Problem::SigningTimeUnclear),
        },
    }
}

/// With a zone as it says, without one in local time; a day alone is its beginning.
fn read(text: &str) -> Option<Moment> {
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    let zoned = DateTime::parse_from_rfc3339(text).ok();
    let zoned = zoned.or_else(|| ZONED.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()));
    if let Some(zoned) = zoned {
        let at = Instant::from_ms(zoned.timestamp_millis());
        let as_local = text.ends_with('Z').then(|| at.minus_seconds(AHEAD_S));
        return YEARS.contains(&zoned.year()).then_some(Moment { at, as_local });
    }
    let local = local(text).filter(|local| YEARS.contains(&local.year()))?;
    Some(Moment { at: Instant::from_hanoi(local), as_local: None })
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let in_form = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return if text.len() == PACKED_LENGTH { in_form(PACKED) } else { None };
    }
    if let Some(at) = LOCAL.iter().find_map(|form| in_form(form)).or_else(|| in_halves(text)) {
        return Some(at);
    }
    let day = ["%Y-%m-%d", "%d/%m/%Y"].iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())?;
    day.and_hms_opt(0, 0, 0)
}

/// A time of twelve hours. In Vietnamese (`SA`, `CH`) the day comes first. In English (`AM`, `PM`) either may: the
/// month where a figure stands without its zero, as computers set to American English write it; else only what has
/// one meaning is read.
fn in_halves(text: &str) -> Option<NaiveDateTime> {
    let (figures, half) = text.rsplit_once(char::is_whitespace)?;
    let figures = figures.trim_end();
    let read =
        |form: &str, half: &str| NaiveDateTime::parse_from_str(&format!("{figures} {half}"), form).ok();
    match half {
        "SA" => read(DAY_FIRST, "AM"),
        "CH" => read(DAY_FIRST, "PM"),
        "AM" | "PM" => {
            let mut parts = figures.split('/');
            let is_short = parts.next().is_some_and(|part| part.len() == 1)
                || parts.next().is_some_and(|part| part.len() == 1);
            match (read(MONTH_FIRST, half), read(DAY_FIRST, half)) {
                (Some(month_first), _) if is_short => Some(month_first),
                (Some(one), Some(other)) => (one == other).then_some(one),
                (one, other) => one.or(other),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Instant> {
        read(text).map(|moment| moment.at)
    }

    #[test]
    fn every_spelling_of_one_moment_is_that_moment() {
        let moment: Instant = "2026-09-01T09:30:15+07:00".parse().unwrap();
        for text in [
            "2026-09-01T09:30:15",
            "2026-09-01T09:30:15+07:00",
            "2026-09-01T02:30:15Z",
            "2026-09-01T02:30:15.000Z",
            "2026-09-01 09:30:15",
            "01/09/2026 09:30:15",
            "2026-09-01T09:30:15+0700",
            "2026-09-01 09:30:15 +07:00",
            "2026/09/01 09:30:15",
            "01-09-2026 09:30:15",
            " 2026-09-01T09:30:15\n",
            "9/1/2026 9:30:15 AM",
            "9/1/2026 9:30:15\u{202f}AM",
            "01/09/2026 9:30:15 SA",
            "1/9/2026 09:30:15 SA",
            "20260901093015",
        ] {
            assert_eq!(at(text), Some(moment), "{text}");
        }
        assert_eq!(at("2026-09-01"), Some("2026-09-01T00:00:00+07:00".parse().unwrap()));
        for text in
            ["", "today", "+99999-01-01", "0000-01-01T00:00:00", "2026-13-01T00:00:00", "2026-09-01T25:00:00"]
        {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_of_twelve_hours_is_read_only_where_it_has_one_meaning() {
        let afternoon: Instant = "2026-09-21T21:30:15+07:00".parse().unwrap();
        for text in [
            "21/09/2026 9:30:15 CH",
            "09/21/2026 09:30:15 PM",
            "21/09/2026 09:30:15 PM",
            "9/21/2026 9:30:15 PM",
            "21/9/2026 9:30:15 PM",
        ] {
            assert_eq!(at(text), Some(afternoon), "{text}");
        }
        let same: Instant = "2026-09-09T09:30:15+07:00".parse().unwrap();
        assert_eq!(at("09/09/2026 09:30:15 AM"), Some(same), "both ways say the same");
        for text in [
            "01/09/2026 09:30:15 AM",
            "13/13/2026 9:30:15 SA",
            "01/09/2026 13:30:15 CH",
            "2026090109301",
            "202609010930155",
            "20261301093015",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_time_that_ends_in_z_may_be_meant_as_local_time() {
        let local = |text: &str| read(text).and_then(|moment| moment.as_local);
        let moment: Instant = "2026-09-01T09:30:15+07:00".parse().unwrap();
        assert_eq!(local("2026-09-01T09:30:15Z"), Some(moment));
        for text in ["2026-09-01T09:30:15", "2026-09-01T09:30:15+00:00", "20260901093015"] {
            assert_eq!(local(text), None, "{text}");
        }
    }
}
