//! `bienlai receipt …`

mod evidence;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{DONE, NO, UNREADABLE, print_json, read_bytes, read_text};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::receipt::evidence::bundle::Finding;
use crate::receipt::rendition::{self, Links, Standing};
use crate::receipt::verify::{self, Integrity, Report, SignatureReport, Trust, TrustStore, Verdict};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a signed receipt; needs neither database nor configuration
    ///
    /// Prints who signed, when and what the signature covers. Exit code 0: valid; 1: invalid, with
    /// the exact reason; 2: not readable as a receipt.
    Verify(Verify),
    /// Write the evidence for a receipt to a file: chain, revocation, way to the day's time stamp
    ///
    /// Example: bienlai receipt evidence 7K2M-Q4X9-7ABC -o bang-chung.json
    Evidence(evidence::Evidence),
    /// Draw the rendition (PDF) of a signed document; needs neither database nor configuration
    ///
    /// A document that is not intact is refused: a page would make it look genuine. Whether it was
    /// replaced or cancelled since is not in the file; the service knows.
    Pdf(Pdf),
}

#[derive(Debug, Args)]
pub struct Pdf {
    file: PathBuf,
    /// Where to write; beside the file with the ending .pdf otherwise
    #[arg(short, long, value_name = "OUT.pdf")]
    output: Option<PathBuf>,
    /// How the public pages are reached; without it the page has no QR code
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

#[derive(Debug, Args)]
pub struct Verify {
    file: PathBuf,
    /// PEM certificates of the authorities to trust; without it only integrity is judged
    #[arg(long, value_name = "CA.pem")]
    trust: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    /// The evidence written by `receipt evidence`: judges whether it was valid when signed
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// PEM certificates of the authorities whose time stamps are believed; without it, --trust
    #[arg(long, value_name = "CA.pem", requires = "evidence")]
    timestamp_trust: Option<PathBuf>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Verify(options) => verify(&options),
        Command::Evidence(asked) => evidence::write(config, &asked),
        Command::Pdf(options) => pdf(options),
    }
}

fn pdf(options: Pdf) -> Result<u8> {
    let document = read_bytes(&options.file)?;
    let report = verify::verify(&document, &TrustStore::empty(), Clock::System.now());
    if !report.is_valid() {
        return Err(Error::invalid("file", "rendition_not_intact", "see `bienlai receipt verify`"));
    }
    let links = Links { public_url: options.public_url.map(|url| url.trim_end_matches('/').to_owned()) };
    let page = rendition::render(&document, &Standing::Valid, &links)?;
    let output = options.output.unwrap_or_else(|| options.file.with_extension("pdf"));
    std::fs::write(&output, page).map_err(|error| {
        Error::invalid("output", "file_unwritable", format!("{}: {error}", output.display()))
    })?;
    eprintln!("{}", output.display());
    Ok(DONE)
}

fn verify(options: &Verify) -> Result<u8> {
    let trust = match &options.trust {
        Some(path) => TrustStore::from_pem(&read_text(path)?)?,
        None => TrustStore::empty(),
    };
    let bytes = match read_bytes(&options.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("bienlai: {error}");
            return Ok(UNREADABLE);
        }
    };
    let report = verify::verify(&bytes, &trust, Clock::System.now());
    let judgement = match &options.evidence {
        Some(path) => {
            let authorities = options.timestamp_trust.as_ref().or(options.trust.as_ref());
            Some(evidence::judge(path, &bytes, &report, authorities)?)
        }
        None => None,
    };
    match (options.json, &judgement) {
        (true, Some(judgement)) => {
            print_json(&serde_json::json!({ "report": report, "evidence": judgement }))?
        }
        (true, None) => print_json(&report)?,
        (false, _) => {
            print_report(&report);
            judgement.iter().for_each(evidence::print);
        }
    }
    let is_contradicted = judgement.is_some_and(|judgement| judgement.finding == Finding::Contradicted);
    Ok(if is_contradicted { report.exit_code().max(NO) } else { report.exit_code() })
}

fn print_report(report: &Report) {
    println!(
        "{}",
        match report.verdict {
            Verdict::Valid => "HỢP LỆ / valid",
            Verdict::Invalid => "KHÔNG HỢP LỆ / invalid",
            Verdict::Unreadable => "KHÔNG ĐỌC ĐƯỢC / not readable as a receipt",
        }
    );
    for document in &report.documents {
        for problem in &document.problems {
            println!("  {}", problem.code());
        }
        document.signatures.iter().for_each(print_signature);
    }
}

fn print_signature(signature: &SignatureReport) {
    println!("  Người ký / signed by:   {}", signature.by.as_deref().unwrap_or("–"));
    println!("  Mã số thuế / tax code:  {}", signature.tax_code.as_deref().unwrap_or("–"));
    println!("  Thời điểm / signed at:  {}", signature.signing_time);
    println!("  Phạm vi / covers:       {}", signature.covers.join(", "));
    println!(
        "  Toàn vẹn / integrity:   {}",
        match signature.integrity {
            Integrity::Ok => "ok",
            Integrity::Failed => "failed",
        }
    );
    println!(
        "  Tin cậy / trust:        {}",
        match signature.trust {
            Trust::Ok => "ok",
            Trust::Test => "test authority, no legal value",
            Trust::Untrusted => "untrusted",
            Trust::NotChecked => "not checked (give --trust)",
        }
    );
    for problem in &signature.problems {
        println!(
            "  {}: {}",
            if problem.is_remark() { "Lưu ý / note" } else { "Lỗi / reason" },
            problem.code()
        );
    }
}
