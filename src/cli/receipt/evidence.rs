//! `bienlai receipt evidence`, and what evidence adds to `receipt verify`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::actor::Actor;
use crate::cli::office::Office;
use crate::cli::{DONE, key, read_bytes, read_text};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::LookupCode;
use crate::receipt::evidence::bundle::{self, Bundle, Judgement};
use crate::receipt::evidence::tops::Tops;
use crate::receipt::key::certificates_in;
use crate::receipt::query;
use crate::receipt::verify::Report;

#[derive(Debug, Args)]
pub struct Evidence {
    /// The look-up code of the receipt
    code: String,
    /// The file to write; it must not exist yet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn write(config: &Path, asked: &Evidence) -> Result<u8> {
    let code: LookupCode = asked.code.parse()?;
    let office = Office::open(config)?;
    let bundle = office.read(&Actor::system(), |conn| {
        let (unit, id) = query::by_lookup_code(conn, code.as_str())?
            .ok_or_else(|| Error::not_found("receipt_not_found", "no receipt has this look-up code"))?;
        bundle::export(conn, &Tops::default(), unit, id)
    })?;
    let text = serde_json::to_string_pretty(&bundle).map_err(|error| Error::internal(error.to_string()))?;
    key::write_new(&asked.output, &text, false)?;
    println!("{}", asked.output.display());
    if bundle.timestamp.is_none() {
        println!("chưa có dấu thời gian của ngày / the day is not stamped yet");
    }
    if bundle.crl.is_none() && bundle.ocsp.is_none() {
        println!("không có CRL/OCSP lúc ký / no CRL or OCSP answer was kept at signing");
    }
    Ok(DONE)
}

/// Judges a document by its evidence file, as of the moment of the report.
pub fn judge(
    path: &Path,
    document: &[u8],
    report: &Report,
    authorities: Option<&PathBuf>,
    at: Instant,
) -> Result<Judgement> {
    let bundle = Bundle::read(&read_bytes(path)?)?;
    let authorities = match authorities {
        Some(path) => certificates_in(&read_text(path)?)?,
        None => Vec::new(),
    };
    bundle.judge_reported(document, report, &authorities, at)
}

pub fn print(judgement: &Judgement) {
    let (vi, en) = judgement.words();
    println!("  Bằng chứng / evidence:  {vi} / {en}");
    let lines = [
        ("Tồn tại lúc / existed at", judgement.existed_at),
        ("Trạng thái lúc / status at", judgement.status_at),
        ("Thu hồi / revoked", judgement.revoked_at),
        ("Hết hạn / expired", judgement.certificate_expired_at),
    ];
    for (name, at) in lines {
        if let Some(at) = at {
            println!("  {name}: {at}");
        }
    }
    for problem in &judgement.problems {
        super::print_words("Lưu ý / note", problem);
    }
}
