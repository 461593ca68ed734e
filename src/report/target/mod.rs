//! What is asked of units, as dated data per kind of unit, and what the dossier system counts.

pub mod total;
mod total_query;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::tariff::UnitKind;
use crate::text;
use crate::working_days::WorkingDays;

const SHIPPED: &str = include_str!("../../../charts/targets.toml");

/// What a target is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Dossiers that came online, of all.
    Online,
    /// Dossiers handled online from end to end, of all.
    FullProcess,
    /// Dossiers paid by transfer or card, of those that cost something.
    Electronic,
}

impl Measure {
    pub const ALL: [Measure; 3] = [Measure::Online, Measure::FullProcess, Measure::Electronic];

    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Online => "online",
            Measure::FullProcess => "full_process",
            Measure::Electronic => "electronic",
        }
    }

    /// # Errors
    /// `target_wrong`.
    pub fn parse(text: &str) -> Result<Measure> {
        let named = Measure::ALL.into_iter().find(|one| one.as_str() == text);
        named.ok_or_else(|| Error::invalid("measure", "target_wrong", "online, full_process or electronic"))
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Measure::Online => ("Hồ sơ trực tuyến", "Online dossiers"),
            Measure::FullProcess => ("Hồ sơ trực tuyến toàn trình", "Full-process online dossiers"),
            Measure::Electronic => ("Thanh toán điện tử", "Electronic payment"),
        }
    }
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub measure: Measure,
    pub kinds: Vec<String>,
    /// Of 100.
    pub percent: i64,
    /// More than `percent` is asked for, not as much.
    #[serde(default)]
    pub above: bool,
    pub valid_from: NaiveDate,
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    pub source: String,
    pub certainty: String,
}

/// Kinds of units that one target is for.
const KINDS_LIMIT: usize = 20;
const TEXT_LIMIT: usize = 500;

/// What goes to pages and reports as it is: short, and without what would write over its surroundings.
fn is_plain(told: &str) -> bool {
    !told.is_empty() && told.chars().count() <= TEXT_LIMIT && text::clean(told) == told
}

fn must(is_good: bool, field: &str, detail: &str) -> Result<()> {
    let wrong = || Error::invalid(field, "target_wrong", detail).in_field("target");
    is_good.then_some(()).ok_or_else(wrong)
}

/// The kind of unit that a target's word names: as units are registered, or as the city's decisions write it.
pub fn kind_named(word: &str) -> Option<UnitKind> {
    match word.to_lowercase().as_str() {
        "sở" | "ban" | "ngành" => Some(UnitKind::Department),
        "chi nhánh" | "trung tâm" => Some(UnitKind::Branch),
        other => UnitKind::parse(other).ok(),
    }
}

/// Whether a target's word means the kind that a unit is registered with.
fn is_of_kind(asked: &str, registered: &str) -> bool {
    let named = kind_named(asked);
    asked == registered || (named.is_some() && named == kind_named(registered))
}

impl Target {
    /// Whether it can be one.
    ///
    /// # Errors
    /// `target_wrong`; `unit_kind_unknown` where no unit could ever be of a kind it is for.
    pub fn check(&self) -> Result<()> {
        let is_marked = ["V", "V2", "M", "P"].contains(&self.certainty.as_str());
        must((0..=100).contains(&self.percent), "percent", "0 to 100 percent")?;
        must(self.valid_until.is_none_or(|until| until >= self.valid_from), "valid_until", "dates in order")?;
        must(is_marked, "certainty", "V, V2, M or P")?;
        Target::check_source(&self.source)?;
        Target::check_kinds(&self.kinds)
    }

    /// Whether a target can rest on this.
    ///
    /// # Errors
    /// `target_wrong`.
    pub fn check_source(source: &str) -> Result<()> {
        must(is_plain(source), "source", "where the target stands, in one line")
    }

    /// Whether a target can be for these kinds of units.
    ///
    /// # Errors
    /// `target_wrong`, `unit_kind_unknown`.
    pub fn check_kinds(kinds: &[String]) -> Result<()> {
        let are_some = (1..=KINDS_LIMIT).contains(&kinds.len()) && kinds.iter().all(|kind| is_plain(kind));
        must(are_some, "kinds", "kinds of units")?;
        let unknown = kinds.iter().find(|kind| kind_named(kind).is_none());
        unknown.map_or(Ok(()), |kind| {
            let detail = format!("no unit is of the kind {kind}");
            Err(Error::invalid("kinds", "unit_kind_unknown", detail).in_field("target"))
        })
    }

    /// `share` in hundredths of a percent.
    pub fn is_met(&self, share: i64) -> bool {
        let asked = self.percent * 100;
        if self.above { share > asked } else { share >= asked }
    }

    /// As people read it, never broken: `≥ 60 %`.
    pub fn shown(&self) -> String {
        format!("{}\u{a0}{}\u{a0}%", if self.above { ">" } else { "≥" }, self.percent)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportRule {
    before_day: u32,
    source: String,
    certainty: String,
}

/// Every target, and when the monthly report is due.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    report: ReportRule,
    target: Vec<Target>,
}

impl Targets {
    /// Those that come with the program.
    ///
    /// # Errors
    /// `targets_unreadable`; a test reads them.
    pub fn shipped() -> Result<Targets> {
        Targets::parse(SHIPPED)
    }

    /// # Errors
    /// `targets_unreadable`.
    pub fn parse(text: &str) -> Result<Targets> {
        let unreadable = |detail: String| Error::invalid("targets", "targets_unreadable", detail);
        let found: Targets = toml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        if found.target.iter().any(|target| target.check().is_err())
            || !(2..=28).contains(&found.report.before_day)
        {
            return Err(unreadable("0 to 100 percent, dates in order, a source and its mark".into()));
        }
        Ok(found)
    }

    /// The same with more, which hold before older ones of their day.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = Target>) -> Targets {
        self.target.extend(more);
        self
    }

    /// Every target, as the file has them.
    pub fn all(&self) -> &[Target] {
        &self.target
    }

    /// What is asked of a kind of unit on a day; the newest rule counts.
    pub fn of(&self, kind: &str, measure: Measure, day: BusinessDay) -> Option<&Target> {
        let holds = |target: &&Target| {
            target.measure == measure
                && target.kinds.iter().any(|asked| is_of_kind(asked, kind))
                && target.valid_from <= day.0
                && target.valid_until.is_none_or(|until| day.0 <= until)
        };
        self.target.iter().filter(holds).max_by_key(|target| target.valid_from)
    }

    /// The last working day on which the report of a month is in time; and the rule's source and mark.
    pub fn report_due(&self, calendar: &WorkingDays, month: BusinessDay) -> (BusinessDay, &str, &str) {
        let after = first_of_month(first_of_month(month).plus_days(31));
        let mut day = after.plus_days(i64::from(self.report.before_day) - 2);
        while !calendar.is_working(day) {
            day = day.plus_days(-1);
        }
        (day, &self.report.source, &self.report.certainty)
    }
}

/// The first day of the month in which a day lies.
pub fn first_of_month(day: BusinessDay) -> BusinessDay {
    use chrono::Datelike;
    BusinessDay(day.0.with_day(1).unwrap_or(day.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    #[test]
    fn targets_are_dated_and_differ_by_kind_of_unit() {
        let targets = Targets::shipped().unwrap();
        let asked = |kind: &str, measure, on: &str| targets.of(kind, measure, day(on)).map(Target::shown);
        assert_eq!(asked("phường", Measure::Online, "2026-11-22").as_deref(), Some("≥\u{a0}60\u{a0}%"));
        assert_eq!(asked("trung tâm", Measure::Online, "2026-11-22").as_deref(), Some("≥\u{a0}80\u{a0}%"));
        assert_eq!(asked("xã", Measure::FullProcess, "2025-12-31").as_deref(), Some("≥\u{a0}20\u{a0}%"));
        assert_eq!(asked("xã", Measure::FullProcess, "2026-01-01").as_deref(), Some(">\u{a0}95\u{a0}%"));
        assert_eq!(asked("xã", Measure::Electronic, "2026-01-01").as_deref(), Some("≥\u{a0}50\u{a0}%"));
        assert_eq!(
            asked("chi nhánh", Measure::Electronic, "2026-01-01").as_deref(),
            Some("≥\u{a0}100\u{a0}%")
        );
        assert_eq!(asked("sở", Measure::Online, "2026-01-01"), None, "nothing is asked of a department");
        assert_eq!(asked("department", Measure::Online, "2026-01-01"), None);
        assert_eq!(asked("xã", Measure::Online, "2025-06-30"), None);
    }

    #[test]
    fn what_is_asked_of_the_centre_is_asked_of_a_branch_as_it_is_registered() {
        let targets = Targets::shipped().unwrap();
        let asked = |kind: &str, measure| targets.of(kind, measure, day("2026-11-22")).map(Target::shown);
        assert_eq!(asked("branch", Measure::Online).as_deref(), Some("≥\u{a0}80\u{a0}%"));
        assert_eq!(asked("branch", Measure::Electronic).as_deref(), Some("≥\u{a0}100\u{a0}%"));
        assert_eq!(asked("phuong", Measure::Online).as_deref(), Some("≥\u{a0}60\u{a0}%"));
        for kind in UnitKind::ALL {
            assert_eq!(kind_named(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn a_target_for_a_kind_that_no_unit_has_is_refused() {
        let mut target = Targets::shipped().unwrap().all()[0].clone();
        target.kinds = vec!["Phường".to_owned(), "làng".to_owned()];
        assert_eq!(target.check().unwrap_err().code(), "unit_kind_unknown");
        target.kinds.pop();
        assert!(target.check().is_ok());
    }

    #[test]
    fn a_target_that_asks_for_more_is_not_met_by_as_much() {
        let targets = Targets::shipped().unwrap();
        let target = targets.of("xã", Measure::FullProcess, day("2026-03-01")).unwrap();
        assert!(!target.is_met(9_500) && target.is_met(9_501));
        let target = targets.of("xã", Measure::Online, day("2026-03-01")).unwrap();
        assert!(!target.is_met(5_999) && target.is_met(6_000));
    }

    #[test]
    fn the_report_leaves_before_the_fifteenth_and_on_a_working_day() {
        let targets = Targets::shipped().unwrap();
        let due = |month: &str| targets.report_due(&WorkingDays::default(), day(month)).0.to_string();
        assert_eq!(due("2026-10-05"), "2026-11-13", "the 14th is a Saturday");
        assert_eq!(due("2026-11-30"), "2026-12-14");
    }

    #[test]
    fn a_wrong_target_is_refused() {
        let good = SHIPPED;
        for (from, to) in [
            ("percent = 60", "percent = 101"),
            ("certainty = \"P\"", "certainty = \"sure\""),
            ("before_day = 15", "before_day = 31"),
            ("measure = \"online\"", "measure = \"onlien\""),
            ("kinds = [\"xã\", \"phường\"]", "kinds = [\"xã\u{202e}\"]"),
            ("kinds = [\"xã\", \"phường\"]", "kinds = [\" \"]"),
        ] {
            let error = Targets::parse(&good.replace(from, to)).unwrap_err();
            assert_eq!(error.code(), "targets_unreadable", "{to}");
        }
    }
}
