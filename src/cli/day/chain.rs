//! `bienlai day certificate`, `export` and `verify`

use std::path::PathBuf;

use clap::Args;

use super::Place;
use crate::actor::{Actor, Scope};
use crate::cli::office::Office;
use crate::cli::{DONE, NO, UNREADABLE, print_json, read_bytes, read_text, unreadable};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::receipt::evidence::tops::Tops;
use crate::receipt::key::certificates_in;
use crate::receipt::verify::trust::TrustStore;
use crate::reconciliation::day_close::chain_file::{self, ChainFile};
use crate::reconciliation::day_close::{self, page};

#[derive(Debug, Args)]
pub struct Certificate {
    #[command(flatten)]
    place: Place,
    /// The booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
    /// Where to write: *.pdf, or *.xml for exactly the signed bytes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    place: Place,
    /// Where to write: *.json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// A file of `bienlai day export` or `GET /api/v1/days/chain`
    file: PathBuf,
    /// Certificates of the authorities that are believed, PEM
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Certificates of the authorities whose time stamps are believed, PEM; without it, --trust
    #[arg(long, value_name = "FILE")]
    timestamp_trust: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn certificate(office: &Office, asked: &Certificate) -> Result<u8> {
    let (found, stands) = office.read(&Actor::system(), |conn| {
        let (unit, account) = asked.place.find(conn)?;
        let newest = day_close::certificate(conn, unit.id, account.id, asked.date)?;
        let newest = newest.ok_or_else(|| {
            Error::not_found("day_certificate_not_found", format!("{} was never closed", asked.date))
        })?;
        day_close::certificate_by_id(conn, unit.id, newest.id)?
            .ok_or_else(|| Error::internal("a certificate is gone"))
    })?;
    let is_xml = asked.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
    let bytes = if is_xml { found.document } else { page::render(&found.document, !stands)? };
    std::fs::write(&asked.out, bytes).map_err(|error| unreadable(&asked.out, &error))?;
    println!("{}", asked.out.display());
    Ok(DONE)
}

pub fn export(office: &Office, asked: &Export) -> Result<u8> {
    let (unit, account) = office.read(&Actor::system(), |conn| asked.place.find(conn))?;
    let file = chain_file::export(&office.store, &Tops::default(), &Scope::All, unit.id, account.id)?;
    let text = serde_json::to_vec_pretty(&file).map_err(|error| Error::internal(error.to_string()))?;
    std::fs::write(&asked.out, text).map_err(|error| unreadable(&asked.out, &error))?;
    println!("{}: {} chứng nhận / certificates", asked.out.display(), file.certificates.len());
    Ok(DONE)
}

/// Needs no database. Exit code 1 when the chain does not hold, 2 when it cannot be read.
pub fn verify(asked: &Verify) -> Result<u8> {
    let bytes = read_bytes(&asked.file)?;
    let trust = match &asked.trust {
        Some(path) => TrustStore::from_pem(&read_text(path)?)?,
        None => TrustStore::empty(),
    };
    let file = match ChainFile::read(&bytes) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("bienlai: {error}");
            return Ok(UNREADABLE);
        }
    };
    let authorities = match asked.timestamp_trust.as_ref().or(asked.trust.as_ref()) {
        Some(path) => certificates_in(&read_text(path)?)?,
        None => Vec::new(),
    };
    let judgement = chain_file::judge_stamped(&file, &trust, &authorities);
    if asked.json {
        print_json(&judgement)?;
    } else {
        print(&judgement, trust.is_empty());
    }
    Ok(if judgement.holds() { DONE } else { NO })
}

fn print(judgement: &chain_file::Judgement, is_unjudged: bool) {
    let words = if judgement.holds() { "LIỀN MẠCH / HOLDS" } else { "ĐỨT GÃY / BROKEN" };
    println!("{words}: {} chứng nhận / certificates", judgement.certificates);
    if let (Some(first), Some(last)) = (judgement.first, judgement.standing_until) {
        println!("  Hiệu lực / standing:   {first} – {last}");
    }
    if judgement.superseded > 0 {
        println!("  Đã mở lại / reopened:  {}", judgement.superseded);
    }
    if let Some(sha256) = &judgement.head_sha256 {
        println!("  SHA-256 cuối / last:   {sha256}");
    }
    if let Some(stamped) = &judgement.stamped {
        let by =
            if stamped.trusted { "" } else { ", cơ quan cấp dấu không rõ / by an unknown authority" };
        println!("  Dấu thời gian / stamped: đến / until {}, {}{by}", stamped.until, stamped.at);
    }
    if is_unjudged {
        println!("  Chưa xét người ký / signers not judged: name authorities with --trust");
    }
    for signer in &judgement.untrusted {
        println!("  Người ký không được tin / signer not trusted: {signer}");
    }
    for fault in &judgement.faults {
        println!("  Lỗi / fault: {fault}");
    }
}
