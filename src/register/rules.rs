//! What the register decides, without a database: next year's text, who needs a successor, who is
//! nearly used up.

use crate::clock::BusinessDay;
use crate::config::SeriesConfig;
use crate::receipt::kind::DocumentKind;
use crate::receipt::profile;
use crate::unit::series::{Phase, Series};

/// The settings of the register.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Next year's series is registered so many days before the year ends, so that people can look
    /// at it, and opens on the year's last day.
    pub plan_ahead_days: i64,
    /// Fewer numbers than this left is told.
    pub warn_below: i64,
}

impl From<&SeriesConfig> for Settings {
    fn from(config: &SeriesConfig) -> Settings {
        Settings {
            plan_ahead_days: i64::from(config.plan_ahead_days.min(300)),
            warn_below: i64::from(config.warn_below),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings { plan_ahead_days: 30, warn_below: 500 }
    }
}

/// The same series text with the two digits of another year, in the form the law in force on that
/// year's first day asks for. `None` when the text does not carry its year exactly once, or the
/// result has not the form: then a person names the successor.
pub fn text_of_year(old: &Series, next: i32) -> Option<String> {
    let kind = DocumentKind::parse(&old.document_kind)?;
    let digits = |year: i32| format!("{:02}", year.rem_euclid(100));
    let (series, ours, theirs) = (old.series.as_str(), digits(old.year), digits(next));
    let mut found = series.match_indices(&ours);
    let at = found.next().map(|(at, _)| at).filter(|_| found.next().is_none())?;
    let text = format!("{}{theirs}{}", &series[..at], &series[at + ours.len()..]);
    let law = profile::for_day(first_day(next)?);
    law.accepts(kind, &old.template, &text).is_ok().then_some(text)
}

/// The last number of a series's successor: the same, or the largest that the law of that year's last day has where
/// that is less, as for a series that a person names. `None` for a kind that no series is kept for.
pub fn last_no_of_year(old: &Series, next: i32) -> Option<i64> {
    let kind = DocumentKind::parse(&old.document_kind)?;
    let law = profile::for_day(first_day(next + 1)?.plus_days(-1));
    Some(old.last_allowed_no.min(i64::from(law.number_limit_of(kind))))
}

/// Whether a number is in a state that what was done to it leaves it in: whether it was replaced, adjusted and
/// cancelled by corrections. One that was adjusted may be cancelled later, and one that was cancelled may be adjusted
/// to nothing; one that was replaced stays so.
pub fn is_as_corrected(state: &str, done: [bool; 3]) -> bool {
    match (state, done) {
        ("replaced", [true, false, false])
        | ("adjusted", [false, true, false])
        | ("cancelled", [false, ..]) => true,
        ("replaced" | "adjusted", _) => false,
        (_, done) => done == [false; 3],
    }
}

/// 1 January.
pub fn first_day(year: i32) -> Option<BusinessDay> {
    chrono::NaiveDate::from_ymd_opt(year, 1, 1).map(BusinessDay)
}

/// The years whose series must be registered today: this one, and the next when it is near.
pub fn years_to_provide(today: BusinessDay, settings: Settings) -> Vec<i32> {
    let year = today.year();
    let is_near = today.plus_days(settings.plan_ahead_days).year() > year;
    if is_near { vec![year, year + 1] } else { vec![year] }
}

/// Whether series of a year may be open today: on the last day before it, because another process's clock may be in
/// the new year already, or later. No number of a year is given before it: numbering asks for today's.
pub fn begins(year: i32, today: BusinessDay) -> bool {
    today.next().year() >= year
}

/// Whether a planned series opens today.
pub fn opens(series: &Series, today: BusinessDay) -> bool {
    series.phase == Phase::Planned && begins(series.year, today)
}

/// The series of `year − 1` that need a successor in `year`: the newest of each (document kind,
/// template) that was used or could be used, unless a person stopped it or one is registered.
pub fn without_successor(register: &[Series], year: i32) -> Vec<&Series> {
    let mut newest: Vec<&Series> = Vec::new();
    for series in register.iter().filter(|series| series.year == year - 1) {
        match newest.iter_mut().find(|held| is_same_line(held, series)) {
            Some(held) if held.id < series.id => *held = series,
            Some(_) => {}
            None => newest.push(series),
        }
    }
    newest.retain(|series| {
        series.phase != Phase::Stopped
            && !register.iter().any(|other| other.year == year && is_same_line(other, series))
    });
    newest
}

fn is_same_line(one: &Series, other: &Series) -> bool {
    (&one.document_kind, &one.template) == (&other.document_kind, &other.template)
}

/// Whether a series in use soon has no number left and no other takes over.
pub fn runs_out(register: &[Series], series: &Series, today: BusinessDay, settings: Settings) -> bool {
    let is_used = matches!(series.phase, Phase::Open | Phase::Exhausted) && series.year == today.year();
    let is_relieved = register.iter().any(|other| {
        other.id != series.id
            && other.document_kind == series.document_kind
            && other.year == series.year
            && other.phase == Phase::Open
            && other.remaining() >= settings.warn_below
    });
    is_used && series.remaining() < settings.warn_below && !is_relieved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SeriesId, UnitId};

    fn series(id: i64, text: &str, year: i32, phase: Phase) -> Series {
        Series {
            unit: UnitId(2),
            id: SeriesId(id),
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: text.into(),
            year,
            next_no: 1,
            last_allowed_no: 1_000,
            last_issued_on: None,
            is_open: phase == Phase::Open,
            phase,
            registration: "TB-01".into(),
            revision: 1,
        }
    }

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    #[test]
    fn next_years_text_carries_next_years_digits_and_the_form_of_the_law() {
        let next = |text: &str, year: i32| text_of_year(&series(1, text, year, Phase::Open), year + 1);
        assert_eq!(next("BD-26E", 2026).as_deref(), Some("BD-27E"));
        assert_eq!(next("BD-29E", 2029).as_deref(), Some("BD-30E"));
        assert_eq!(next("BD-99E", 2099).as_deref(), Some("BD-00E"));
        assert_eq!(next("BD-25E", 2026), None, "it does not carry its year");
        assert_eq!(next("26-26E", 2026), None, "which of the two is the year?");
        assert_eq!(next("bd-26e", 2026), None, "not a series of the law");
        let mut invoice = series(1, "K26TAA", 2026, Phase::Open);
        (invoice.document_kind, invoice.template) = ("invoice_sales".into(), "2".into());
        assert_eq!(text_of_year(&invoice, 2027).as_deref(), Some("K27TAA"));
        invoice.document_kind = "unknown".into();
        assert_eq!(text_of_year(&invoice, 2027), None);
    }

    #[test]
    fn a_successor_goes_as_far_as_the_old_series_and_no_further_than_the_law_lets_numbers_go() {
        let mut old = series(1, "BD-26E", 2026, Phase::Open);
        assert_eq!(last_no_of_year(&old, 2027), Some(1_000));
        old.last_allowed_no = 20_000_000;
        assert_eq!(last_no_of_year(&old, 2027), Some(9_999_999), "seven digits");
        old.document_kind = "unknown".into();
        assert_eq!(last_no_of_year(&old, 2027), None);
    }

    #[test]
    fn next_year_is_provided_for_in_december_and_opens_on_its_eve() {
        let settings = Settings::default();
        assert_eq!(years_to_provide(day("2026-11-30"), settings), [2026]);
        assert_eq!(years_to_provide(day("2026-12-02"), settings), [2026, 2027]);
        let next = series(2, "BD-27E", 2027, Phase::Planned);
        assert!(!opens(&next, day("2026-12-30")));
        assert!(opens(&next, day("2026-12-31")) && opens(&next, day("2027-01-04")));
        assert!(!opens(&series(2, "BD-27E", 2027, Phase::Stopped), day("2026-12-31")));
    }

    #[test]
    fn a_successor_is_missing_until_one_is_registered_and_never_for_what_a_person_stopped() {
        let old = series(1, "BD-26E", 2026, Phase::Exhausted);
        let newer = series(2, "BE-26E", 2026, Phase::Open);
        let register = [old.clone(), newer.clone()];
        assert_eq!(without_successor(&register, 2027), [&newer], "the newest line goes on");
        let register = [old.clone(), newer, series(3, "BE-27E", 2027, Phase::Planned)];
        assert!(without_successor(&register, 2027).is_empty());
        assert!(without_successor(&[series(1, "BD-26E", 2026, Phase::Stopped)], 2027).is_empty());
        assert!(without_successor(&[old], 2028).is_empty(), "years are not skipped");
    }

    #[test]
    fn few_numbers_are_told_unless_another_open_series_has_enough() {
        let settings = Settings { warn_below: 10, ..Settings::default() };
        let today = day("2026-06-01");
        let mut low = series(1, "BD-26E", 2026, Phase::Open);
        assert!(!runs_out(std::slice::from_ref(&low), &low, today, settings));
        low.next_no = 995;
        assert!(runs_out(std::slice::from_ref(&low), &low, today, settings));
        let register = [low.clone(), series(2, "BE-26E", 2026, Phase::Open)];
        assert!(!runs_out(&register, &low, today, settings));
        assert!(!runs_out(&register[..1], &low, day("2027-01-02"), settings), "its year is over");
    }

    #[test]
    fn a_number_that_was_corrected_is_in_the_state_its_corrections_left_it_in() {
        let (none, replaced, adjusted, cancelled) =
            ([false; 3], [true, false, false], [false, true, false], [false, false, true]);
        for (state, fits) in [
            ("numbered", vec![none]),
            ("signed", vec![none]),
            ("replaced", vec![replaced]),
            ("adjusted", vec![adjusted]),
            ("cancelled", vec![none, adjusted, cancelled, [false, true, true]]),
        ] {
            for done in [none, replaced, adjusted, cancelled, [false, true, true], [true, true, false]] {
                assert_eq!(is_as_corrected(state, done), fits.contains(&done), "{state} {done:?}");
            }
        }
    }
}
