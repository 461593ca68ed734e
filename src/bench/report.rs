//! The figures of a run, for people and for programs.

use std::borrow::Cow;

use serde::Serialize;

use super::load::Outcome;
use super::reference::cores;

/// One figure with what it should be.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub name: Cow<'static, str>,
    pub value: f64,
    pub unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// The bound a figure should keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    AtLeast(f64),
    Below(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Target::AtLeast(bound) => value >= bound,
            Target::Below(bound) => value < bound,
        }
    }
}

/// Rows a table gained, and per callback.
#[derive(Debug, Serialize)]
pub struct Written {
    pub table: String,
    pub rows: i64,
    pub per_callback: f64,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub bench: &'static str,
    pub version: &'static str,
    pub cores: usize,
    /// `embedded` or `server`.
    pub database: &'static str,
    pub figures: Vec<Figure>,
    pub written: Vec<Written>,
    pub notes: Vec<String>,
}

impl Report {
    pub fn new(bench: &'static str, is_embedded: bool) -> Report {
        Report {
            bench,
            version: env!("CARGO_PKG_VERSION"),
            cores: cores(),
            database: if is_embedded { "embedded" } else { "server" },
            figures: Vec::new(),
            written: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub fn add(&mut self, name: impl Into<Cow<'static, str>>, value: f64, unit: &'static str) {
        self.figures.push(Figure { name: name.into(), value, unit, target: None });
    }

    pub fn aim(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: f64,
        unit: &'static str,
        target: Target,
    ) {
        self.figures.push(Figure { name: name.into(), value, unit, target: Some(target) });
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// What a load showed besides its rate.
    pub fn add_load(&mut self, outcome: &Outcome, p99: Option<Target>) {
        let ms = |percent| f64::from(outcome.percentile_us(percent)) / 1_000.0;
        self.add("latency p50", ms(50), "ms");
        self.add("latency p90", ms(90), "ms");
        self.figures.push(Figure { name: "latency p99".into(), value: ms(99), unit: "ms", target: p99 });
        self.add("latency max", ms(100), "ms");
        self.add("errors", outcome.errors.values().sum::<usize>() as f64, "");
        for (status, count) in &outcome.errors {
            self.note(format!("{count} callbacks were answered {status}"));
        }
        let span = outcome.measured.as_secs_f64().max(0.001);
        for (name, used) in [("service CPU", outcome.service_cpu), ("generator CPU", outcome.own_cpu)] {
            if let Some(used) = used {
                self.add(name, used.as_secs_f64() / span, "cores");
            }
        }
        if let Some(used) = outcome.service_cpu {
            let count = outcome.latencies_us.len().max(1) as f64;
            self.add("service CPU per callback", used.as_secs_f64() * 1e6 / count, "us");
        }
    }

    /// The figures as rows of cells: name, figure, target, verdict.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.figures.iter().map(|figure| {
            let (target, verdict) = match figure.target {
                None => (String::new(), ""),
                Some(target) => {
                    let (sign, bound) = match target {
                        Target::AtLeast(bound) => (">=", bound),
                        Target::Below(bound) => ("<", bound),
                    };
                    let verdict = if target.is_met(figure.value) { "met" } else { "MISSED" };
                    (format!("{sign} {}", number(bound)), verdict)
                }
            };
            vec![
                figure.name.to_string(),
                number(figure.value),
                figure.unit.to_owned(),
                target,
                verdict.to_owned(),
            ]
        });
        rows.collect()
    }

    pub fn written_rows(&self) -> Vec<Vec<String>> {
        let row = |written: &Written| {
            vec![written.table.clone(), written.rows.to_string(), format!("{:.3}", written.per_callback)]
        };
        self.written.iter().map(row).collect()
    }
}

/// As many digits as mean something.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_called_missed() {
        let mut report = Report::new("start", true);
        report.aim("ready", 1.5, "s", Target::Below(1.0));
        report.aim("rate", 2_500.0, "/s", Target::AtLeast(2_500.0));
        report.add("batch", 31.25, "claims");
        let rows: Vec<String> = report.rows().into_iter().map(|row| row.join("|")).collect();
        assert_eq!(rows, ["ready|1.50|s|< 1|MISSED", "rate|2500|/s|>= 2500|met", "batch|31.2|claims||"]);
    }
}
