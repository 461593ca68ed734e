//! `bienlai audit …`

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::office::{self, Office};
use super::{DONE, NO, UNREADABLE, print_json, read_bytes, read_text, unreadable};
use crate::actor::Actor;
use crate::audit;
use crate::clock::{BusinessDay, Clock};
use crate::error::Result;
use crate::receipt::key::certificates_in;
use crate::receipt::verify::trust::TrustStore;
use crate::report::evidence::judge::StampedDays;
use crate::report::evidence::{self, judge};
use crate::unit;
use crate::web::callback::refused::open_head;
use crate::web::query;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove that no entry of the trail was changed, taken out or put in; exit 1 if one was
    Verify {
        /// Only this unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
    /// Write the evidence of a unit and period into one file that proves itself offline
    Bundle {
        /// The unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// First day, YYYY-MM-DD
        #[arg(long, value_name = "DATE")]
        from: BusinessDay,
        /// Last day, YYYY-MM-DD
        #[arg(long, value_name = "DATE")]
        until: BusinessDay,
        /// Where to write: *.zip
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Prove a bundle of evidence without a database or network; exit 1 if it does not hold
    VerifyBundle {
        /// A file of `bienlai audit bundle`, of the page or of `GET /api/v1/evidence.zip`
        file: PathBuf,
        /// Certificates of the authorities that are believed, PEM
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
        /// Certificates of the authorities whose time stamps are believed, PEM; without it, --trust
        #[arg(long, value_name = "FILE")]
        timestamp_trust: Option<PathBuf>,
        /// Who is known to collect or sign for the unit (ủy nhiệm), such as the city: its tax code; may be
        /// given several times
        #[arg(long, value_name = "TAX CODE")]
        entrusted: Vec<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Show callbacks that were refused in the last 30 days, newest first, with the head of each body
    Refused {
        /// The most callbacks to show
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        limit: i64,
        /// Also print the first bytes of each body; they may hold personal data
        #[arg(long)]
        body: bool,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Verify { unit } => verify(&Office::open_existing(config)?, unit.as_deref()),
        Command::Bundle { unit, from, until, out } => {
            bundle(&Office::open_existing(config)?, &unit, (from, until), &out)
        }
        Command::VerifyBundle { file, trust, timestamp_trust, entrusted, json } => {
            let stamps = timestamp_trust.as_deref().or(trust.as_deref());
            verify_bundle(&file, (trust.as_deref(), stamps), entrusted, json)
        }
        Command::Refused { limit, body } => refused(&Office::open_existing(config)?, limit, body),
    }
}

fn bundle(office: &Office, code: &str, period: (BusinessDay, BusinessDay), out: &Path) -> Result<u8> {
    let actor = Actor::system();
    let taking = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, code)?.id;
        evidence::admit(tx, stamp, &actor, unit, period)
    })?;
    let file = std::fs::File::create(out).map_err(|error| unreadable(out, &error))?;
    let count = crate::worker::write_evidence(office, std::io::BufWriter::new(file), &taking)?;
    println!("{}: {count} chứng từ / documents", out.display());
    Ok(DONE)
}

/// Needs no database. Exit code 1 when something does not hold, 2 when the file cannot be read.
fn verify_bundle(
    path: &Path,
    (trust, stamps): (Option<&Path>, Option<&Path>),
    entrusted: Vec<String>,
    json: bool,
) -> Result<u8> {
    let bytes = read_bytes(path)?;
    let trust = match trust {
        Some(path) => TrustStore::from_pem(&read_text(path)?)?,
        None => TrustStore::empty(),
    };
    let trust = trust.with_entrusted(entrusted);
    let authorities = match stamps {
        Some(path) => certificates_in(&read_text(path)?)?,
        None => Vec::new(),
    };
    let judged = match judge::judge_stamped(&bytes, &trust, &authorities, Clock::System.now()) {
        Ok(judged) => judged,
        Err(error) => {
            eprintln!("bienlai: {error}");
            return Ok(UNREADABLE);
        }
    };
    if json {
        print_json(&judged)?;
    } else {
        print(&judged, trust.is_empty());
    }
    Ok(if judged.holds() { DONE } else { NO })
}

fn print(judged: &judge::Judgement, is_unjudged: bool) {
    let words =
        if judged.holds() { "NGUYÊN VẸN / HOLDS" } else { "KHÔNG ĐỨNG VỮNG / DOES NOT HOLD" };
    let (code, name, tax_code) = (&judged.unit_code, &judged.unit_name, &judged.tax_code);
    println!("{words}: {code} {name} (MST {tax_code}) {} – {}", judged.from, judged.until);
    println!("  Đơn vị / unit:                   {}", judged.unit);
    if let Some(at) = judged.taken_at {
        println!("  Lập lúc / taken at:              {}", at.hanoi_text());
    }
    println!(
        "  Chứng từ / documents:            {} ({} tin cậy / trusted), {} số chưa ký / numbers unsigned",
        judged.receipts, judged.receipts_trusted, judged.unsigned_numbers
    );
    println!("  Chứng nhận ngày / days:          {}", judged.day_certificates);
    for StampedDays { file, stamped } in &judged.stamped {
        let by =
            if stamped.trusted { "" } else { ", cơ quan cấp dấu không rõ / by an unknown authority" };
        println!(
            "  Dấu thời gian / stamped:         {file}: đến / until {}, {}{by}",
            stamped.until, stamped.at
        );
    }
    println!(
        "  Chứng nhận ký hiệu / series:     {} ({} trên {} số / of numbers)",
        judged.series_certificates, judged.certified_numbers, judged.register_numbers
    );
    println!(
        "  Nhật ký / trail:                 {} mục / entries, {} gốc / roots, {} có chữ ký / signed",
        judged.trail_entries, judged.trail_roots, judged.signed_roots
    );
    if is_unjudged {
        println!("  Chưa xét người ký / signers not judged: name authorities with --trust");
    }
    for held in &judged.entrusted {
        let what = if held.is_end {
            "chấm dứt ủy nhiệm / entrustment ended"
        } else {
            "ủy nhiệm / entrusted"
        };
        println!(
            "  Hồ sơ nêu / it says: {what}: {} (MST {}), số / No. {} {}, {} – {}; --entrusted {}",
            held.name,
            held.tax_code,
            held.decision_no,
            held.decided_on,
            held.valid_from,
            held.valid_until,
            held.tax_code
        );
    }
    for stretch in &judged.open {
        println!("  Chưa đóng / not closed or certified: {stretch}");
    }
    for signer in &judged.untrusted {
        println!("  Người ký không được tin / signer not trusted: {signer}");
    }
    for fault in &judged.faults {
        println!("  {fault}");
    }
}

fn refused(office: &Office, limit: i64, with_body: bool) -> Result<u8> {
    let actor = Actor::system();
    if with_body {
        office.write(&actor, |tx, stamp| {
            audit::record(tx, stamp, &[audit::Entry::by(&actor, unit::CITY, "refused.viewed", limit)])
        })?;
    }
    for kept in office.read(&actor, |conn| query::refused(conn, limit))? {
        let at = kept.received_at.hanoi_text();
        println!("{at}  {}  {}  sha256 {}", kept.channel, kept.code, kept.body_sha256);
        if with_body {
            let head = office.read(&actor, |conn| open_head(conn, &office.vault, &kept))?;
            println!("  {}", String::from_utf8_lossy(&head).escape_debug());
        }
    }
    Ok(DONE)
}

fn verify(office: &Office, unit: Option<&str>) -> Result<u8> {
    // Entries committed a moment ago have no place in the trail yet.
    crate::worker::number_committed(office)?;
    let mut is_whole = true;
    office.read(&Actor::system(), |conn| {
        let mut names: Vec<(crate::id::UnitId, String)> =
            office::units(conn, unit)?.into_iter().map(|unit| (unit.id, unit.code)).collect();
        if unit.is_none() {
            names.insert(0, (unit::CITY, "city".to_owned()));
        }
        for (id, code) in names {
            match audit::verify(conn, id)? {
                None => println!("{code}: nguyên vẹn / whole"),
                Some(fault) => {
                    is_whole = false;
                    println!("{code}: {fault}");
                }
            }
        }
        Ok(())
    })?;
    Ok(if is_whole { DONE } else { NO })
}
