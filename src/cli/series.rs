//! `bienlai series …`

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::office::{self, Office};
use super::{DONE, NO, print_json, table};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::register::chain::{Audit, audit};
use crate::register::proof::Proof;
use crate::unit::series::{self, Series, life};
use crate::unit::{self, Unit};
use crate::web::both;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove that every series holds each number from 1 to the last exactly once, each as it was
    /// issued, and verify the nightly certificates; exit 1 on a gap, a broken seal, or without any series
    Audit {
        /// Only this unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// The register: every series with its state and the numbers left
    List {
        /// Only this unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
    /// Stop a series for good: no further number of it is given
    Stop(Stop),
}

#[derive(Debug, Args)]
pub struct Stop {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The series, BL-26E for one
    #[arg(long, value_name = "NAME")]
    series: String,
    /// The form or kind number (01BLP0-001 for one), where series of several have the same name
    #[arg(long, value_name = "NUMBER")]
    template: Option<String>,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who stops it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open_existing(config)?;
    match command {
        Command::Audit { unit, json } => audited(&office, unit.as_deref(), json),
        Command::List { unit } => list(&office, unit.as_deref()),
        Command::Stop(asked) => stop(&office, &asked),
    }
}

fn audited(office: &Office, unit: Option<&str>, as_json: bool) -> Result<u8> {
    let actor = Actor::system();
    let mut audits: Vec<(Unit, Audit)> = Vec::new();
    for unit in office.read(&actor, |conn| office::units(conn, unit))? {
        let audit = audit(&office.store, &actor.scope, unit.id)?;
        audits.push((unit, audit));
    }
    // What has nothing to prove is not whole: it may be another database than the one that was meant.
    if audits.iter().all(|(_, audit)| audit.proofs.is_empty() && audit.certificate_count == 0) {
        if as_json {
            print_json(&json!({ "whole": false, "code": "series_none", "units": [] }))?;
        }
        return Err(Error::not_found("series_none", "no unit that was asked for has a series"));
    }
    let is_whole = audits.iter().all(|(_, audit)| audit.is_whole());
    if as_json {
        let units: Vec<Value> = audits.iter().map(|(unit, audit)| unit_json(unit, audit)).collect();
        print_json(&json!({ "whole": is_whole, "units": units }))?;
    } else {
        print(&audits);
    }
    Ok(if is_whole { DONE } else { NO })
}

fn unit_json(unit: &Unit, audit: &Audit) -> Value {
    json!({
        "unit": unit.code,
        "whole": audit.is_whole(),
        "certificates": audit.certificate_count,
        "certificates_broken": audit.broken.as_ref().map(ToString::to_string),
        "series": audit.proofs.iter().map(series_json).collect::<Vec<_>>(),
    })
}

fn series_json(proof: &Proof) -> Value {
    let faults: Vec<Value> =
        proof.faults.iter().map(|(number, fault)| json!({ "number": number, "fault": fault })).collect();
    json!({
        "id": proof.series.id,
        "document_kind": proof.series.document_kind,
        "template": proof.series.template,
        "series": proof.series.series,
        "year": proof.series.year,
        "state": proof.series.phase,
        "count": proof.count,
        "by_state": proof.by_state,
        "root": proof.root,
        "fault_count": proof.fault_count,
        "faults": faults,
    })
}

fn print(audits: &[(Unit, Audit)]) {
    let mut rows = Vec::new();
    for (unit, audit) in audits {
        rows.extend(audit.proofs.iter().map(|proof| row(&unit.code, proof)));
    }
    let columns = ["Đơn vị", "Mẫu số", "Ký hiệu", "Năm", "Đã cấp", "Đã hủy", "Kết quả"];
    table::print(&columns, &rows, &[4, 5]);
    for (unit, audit) in audits {
        match &audit.broken {
            None => {
                println!("{}: {} chứng nhận hợp lệ / certificates hold", unit.code, audit.certificate_count)
            }
            Some(broken) => println!("{}: {}", unit.code, both::broken(broken)),
        }
    }
}

fn row(unit: &str, proof: &Proof) -> Vec<String> {
    let series = &proof.series;
    vec![
        unit.to_owned(),
        series.template.clone(),
        series.series.clone(),
        series.year.to_string(),
        proof.count.to_string(),
        proof.by_state.get("cancelled").copied().unwrap_or(0).to_string(),
        match proof.faults.first() {
            None => "liền mạch / no gap".to_owned(),
            Some((number, fault)) => {
                format!("{number}: {} ({} tất cả / in all)", both::fault(*fault), proof.fault_count)
            }
        },
    ]
}

fn list(office: &Office, unit: Option<&str>) -> Result<u8> {
    let mut rows = Vec::new();
    office.read(&Actor::system(), |conn| {
        for unit in office::units(conn, unit)? {
            rows.extend(series::of_unit(conn, unit.id)?.iter().map(|series| listed(&unit.code, series)));
        }
        Ok(())
    })?;
    table::print(
        &["Đơn vị", "Mẫu số", "Ký hiệu", "Năm", "Trạng thái", "Đã cấp", "Còn lại", "NLap cuối"],
        &rows,
        &[5, 6],
    );
    Ok(DONE)
}

fn listed(unit: &str, series: &Series) -> Vec<String> {
    vec![
        unit.to_owned(),
        series.template.clone(),
        series.series.clone(),
        series.year.to_string(),
        both::phase(series.phase),
        (series.next_no - 1).to_string(),
        series.remaining().to_string(),
        series.last_issued_on.map(|day| day.to_string()).unwrap_or_default(),
    ]
}

/// The one series that is meant: names are unique within a form and a year only, and stopping is for good.
/// Of one form's the newest year's counts.
fn named(register: Vec<Series>, asked: &Stop) -> Result<Series> {
    let is_meant = |one: &Series| {
        let is_template = |wanted: &String| one.template.eq_ignore_ascii_case(wanted.trim());
        one.series.eq_ignore_ascii_case(asked.series.trim())
            && asked.template.as_ref().is_none_or(is_template)
    };
    let mut meant: Vec<Series> = register.into_iter().filter(is_meant).collect();
    let templates: BTreeSet<&str> = meant.iter().map(|one| one.template.as_str()).collect();
    if templates.len() > 1 {
        let templates: Vec<&str> = templates.into_iter().collect();
        let detail = format!("it is a series of {}; name one with --template", templates.join(", "));
        return Err(Error::conflict("series_ambiguous", detail));
    }
    meant.sort_by_key(|one| one.year);
    meant.pop().ok_or_else(|| Error::not_found("series_not_found", "no such series in this unit"))
}

fn stop(office: &Office, asked: &Stop) -> Result<u8> {
    let actor = office.acting_in(office::ADMINISTRATORS, asked.person, &asked.unit)?;
    let (stopped, leaves_none) = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let found = named(series::of_unit(tx, unit.id)?, asked)?;
        let stopped = life::stop(tx, stamp, &actor, unit.id, found.id, &asked.reason)?;
        let register = series::of_unit(tx, unit.id)?;
        let leaves_none = series::leaves_none(&register, &stopped, stamp.today().year());
        Ok((stopped, leaves_none))
    })?;
    println!("{} {}", stopped.series, both::phase(stopped.phase));
    if leaves_none {
        let kind = both::value(&stopped.document_kind);
        println!("không lập được chứng từ loại này cho đến khi mở ký hiệu khác: {kind}");
        println!("nothing of this kind is issued until another series of it is open");
    }
    Ok(DONE)
}
