//! `bienlai receipt …`

mod evidence;
mod told;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use self::told::Told;
use super::{DONE, UNREADABLE, print_json, read_bytes, read_text, unreadable};
use crate::actor::Scope;
use crate::clock::{BusinessDay, Clock, Instant};
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::pdf::embedded::{self, Embedded};
use crate::receipt::evidence::bundle::Judgement;
use crate::receipt::query;
use crate::receipt::rendition::{self, Links, Standing};
use crate::receipt::verify::{
    self, DocumentReport, Integrity, Lenient, Problem, Report, SignatureReport, Summary, Trust, TrustStore,
    Verdict,
};
use crate::store::Conn;
use crate::web::message;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check signed documents, ours or of others; needs neither database nor configuration
    ///
    /// Takes receipts, invoices (HDon), certificates (CTu), notices and the messages (TDiep) they
    /// come in, with any number of signatures, and the PDF that carries one of them. Prints who signed, when, and
    /// what each signature covers. Integrity (was anything changed?) and trust (who vouches for the signer?) are
    /// separate answers.
    ///
    /// The verdict is the worst of all documents: `valid` – intact, signed by its issuer, and every
    /// signer vouched for by an authority of --trust; `intact` – nothing was changed, but no --trust
    /// was given, an algorithm is of yesterday (SHA-1, RSA below 2048 bits), a note leaves open whose
    /// it is (who signed as the tax authority is known only with --tax-authority), or the certificate is over
    /// and nothing proves when it was signed: with --evidence that proves it, it is valid; `invalid` – with the
    /// exact reasons, or because the evidence contradicts it; `unreadable` – no document that could be judged.
    ///
    /// Exit code 0: valid or intact; 1: invalid; 2: unreadable, or nothing could be judged as asked; with
    /// --json that is said as {"error": {"code", "message"}} on standard output too. There every document
    /// names its file, a file that could not be read stands among them with its error, and --evidence adds
    /// `evidence` beside `documents` and `verdict`.
    Verify(Verify),
    /// Write the evidence for a receipt to a file: chain, revocation, way to the day's time stamp
    ///
    /// Example: bienlai receipt evidence 7K2M-Q4X9-7ABC -o bang-chung.json
    Evidence(evidence::Evidence),
    /// Draw the rendition (PDF) of a signed document; needs neither database nor configuration
    ///
    /// Takes the signed XML, not a PDF. A document that is not intact is refused: a page would make it look
    /// genuine. One whose signer --trust does not confirm, or whose certificate is over, is drawn with that said
    /// across the page; where --evidence proves that it was valid when it was signed, nothing is. What the evidence
    /// contradicts is refused. Of what cannot be read the reason is told, and of an intact document that is no
    /// receipt or invoice that it has no rendition. Whether it was replaced or cancelled since is not in the file;
    /// the service knows.
    Pdf(Pdf),
}

#[derive(Debug, Args)]
pub struct Pdf {
    /// The signed receipt or invoice, as XML
    file: PathBuf,
    /// Where to write; beside the file with the ending .pdf otherwise
    #[arg(short, long, value_name = "OUT.pdf")]
    output: Option<PathBuf>,
    /// Write over a file that is there; without it that is refused, and over the signed file always
    #[arg(long)]
    force: bool,
    /// How the public pages are reached; without it the page has no QR code
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    trusted: Trusted,
    #[command(flatten)]
    proof: Proof,
}

/// Who is believed.
#[derive(Debug, Args)]
struct Trusted {
    /// PEM certificates of the authorities to trust; without it only integrity is judged
    #[arg(long, value_name = "CA.pem")]
    trust: Option<PathBuf>,
    /// Who signs as the tax authority: the tax code in its certificate, the SHA-256 fingerprint of one,
    /// or its whole subject; may be given several times
    #[arg(long, value_name = "IDENTITY")]
    tax_authority: Vec<String>,
    /// Who is known to issue in others' places (ủy nhiệm lập): its tax code; may be given several times
    #[arg(long, value_name = "TAX CODE")]
    entrusted: Vec<String>,
}

impl Trusted {
    fn store(&self) -> Result<TrustStore> {
        let store = match &self.trust {
            Some(path) => TrustStore::from_pem(&read_text(path)?)?,
            None => TrustStore::empty(),
        };
        let store = store.with_tax_authority(self.tax_authority.iter().cloned());
        Ok(store.with_entrusted(self.entrusted.iter().cloned()))
    }
}

/// What proves when it was signed.
#[derive(Debug, Args)]
struct Proof {
    /// The evidence written by `receipt evidence`: judges whether it was valid when signed
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// PEM certificates of the authorities whose time stamps are believed; without it, --trust
    #[arg(long, value_name = "CA.pem", requires = "evidence")]
    timestamp_trust: Option<PathBuf>,
}

impl Proof {
    /// Judges a document by the evidence that came with it, if any, and has the report say so.
    fn weigh(
        &self,
        trusted: &Trusted,
        document: &[u8],
        report: &mut Report,
        at: Instant,
    ) -> Result<Option<Judgement>> {
        let Some(bundle) = &self.evidence else { return Ok(None) };
        let authorities = self.timestamp_trust.as_ref().or(trusted.trust.as_ref());
        let found = evidence::judge(bundle, document, report, authorities, at)?;
        found.weigh(report);
        Ok(Some(found))
    }
}

#[derive(Debug, Args)]
pub struct Verify {
    /// Signed documents, as XML, or as the PDF that carries the XML; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trusted: Trusted,
    /// Accept a known fault of known issuers: enveloped-on-own-object
    #[arg(long, value_name = "NAME")]
    lenient: Vec<String>,
    /// Judge as of this day (2026-09-01) or moment (2026-09-01T08:00:00+07:00) instead of now
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    proof: Proof,
}

/// The unit of a receipt within a scope.
pub(super) fn locate(conn: &mut Conn, scope: &Scope, id: ReceiptId) -> Result<UnitId> {
    query::unit_of(conn, scope, id)?.ok_or_else(|| Error::not_found("receipt_not_found", "no such receipt"))
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Verify(options) => verify(&options).or_else(|error| not_judged(&options, &error)),
        Command::Evidence(asked) => evidence::write(config, &asked),
        Command::Pdf(options) => pdf(options),
    }
}

fn pdf(options: Pdf) -> Result<u8> {
    let document = read_bytes(&options.file)?;
    if embedded::is_pdf(&document) {
        return Err(Error::invalid("file", "rendition_of_pdf", options.file.display().to_string()));
    }
    let output = options.output.unwrap_or_else(|| options.file.with_extension("pdf"));
    if is_same_file(&options.file, &output) {
        return Err(Error::invalid("output", "rendition_over_original", output.display().to_string()));
    }
    let now = Clock::System.now();
    let mut report = verify::verify(&document, &options.trusted.store()?, now);
    options.proof.weigh(&options.trusted, &document, &mut report, now)?;
    let standing = match report.verdict {
        Verdict::Valid => Standing::Valid,
        Verdict::Intact => Standing::Unconfirmed,
        Verdict::Invalid if report.is_contradicted() => {
            return Err(Error::invalid("evidence", "rendition_contradicted", "see `bienlai receipt verify`"));
        }
        Verdict::Invalid | Verdict::Unreadable => {
            return Err(Error::invalid("file", why_refused(&report), "see `bienlai receipt verify`"));
        }
    };
    if !report.documents.iter().any(|one| RENDERED_KINDS.contains(&one.kind)) {
        let kinds: Vec<&str> = report.documents.iter().map(|one| one.kind).collect();
        return Err(Error::invalid("file", "rendition_of_other", kinds.join(", ")));
    }
    let links = Links { public_url: options.public_url.map(|url| url.trim_end_matches('/').to_owned()) };
    let page = rendition::render(&document, &standing, &links)?;
    write_page(&output, &page, options.force)?;
    eprintln!("{}", output.display());
    Ok(DONE)
}

/// The kinds of documents that have a rendition.
const RENDERED_KINDS: [&str; 2] = ["receipt", "invoice"];

/// Of what cannot be read the reader's reason is told: nothing of it was altered.
fn why_refused(report: &Report) -> &'static str {
    let unread = report.problems().into_iter().find(|problem| problem.is_unreadable());
    unread.map_or("rendition_not_intact", Problem::code)
}

/// Whether both paths lead to one file that is there: the signed original is never written over.
fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// A file that is there may be another document's page: it is written over only when that is asked for.
fn write_page(path: &Path, page: &[u8], is_forced: bool) -> Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).create_new(!is_forced);
    options.open(path).and_then(|mut file| file.write_all(page)).map_err(|error| {
        let code = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "file_exists",
            _ => "file_unwritable",
        };
        Error::invalid("output", code, format!("{}: {error}", path.display()))
    })
}

/// The signed file that a PDF carries; what is no PDF stays as it is.
fn carried(bytes: Vec<u8>) -> Result<Vec<u8>> {
    if !embedded::is_pdf(&bytes) {
        return Ok(bytes);
    }
    match embedded::xml(&bytes) {
        Embedded::Xml(xml) => Ok(xml),
        Embedded::Nothing => {
            Err(Error::invalid("file", "verify_pdf_without_xml", "no XML file is in the PDF"))
        }
        Embedded::TooLarge => {
            Err(Error::invalid("file", "verify_pdf_too_large", "the XML file in it is too large"))
        }
        Embedded::Several => {
            Err(Error::invalid("file", "verify_pdf_several", "it carries XML files that differ"))
        }
        Embedded::Unread => {
            Err(Error::invalid("file", "verify_pdf_unread", "a file in it cannot be read here"))
        }
    }
}

/// What cannot even be begun is no verdict: `invalid` (1) is said of a document that was judged. Who reads
/// JSON is told in JSON.
fn not_judged(options: &Verify, error: &Error) -> Result<u8> {
    super::tell(error);
    if options.json {
        print_json(&Told::refused(error))?;
    }
    Ok(UNREADABLE)
}

/// What every file is judged by.
struct Terms {
    trust: TrustStore,
    lenient: Vec<Lenient>,
    at: Instant,
}

/// A file, and what was found in it.
struct Examined<'o> {
    path: &'o Path,
    report: Report,
    evidence: Option<Judgement>,
    /// Why nothing was found: it could not be read.
    unread: Option<Error>,
}

fn verify(options: &Verify) -> Result<u8> {
    let trust = options.trusted.store()?;
    let lenient: Vec<Lenient> = options.lenient.iter().map(|name| name.parse()).collect::<Result<_>>()?;
    let at = options.at.as_deref().map_or_else(|| Ok(Clock::System.now()), moment)?;
    if options.proof.evidence.is_some() && options.files.len() > 1 {
        return Err(Error::invalid("evidence", "evidence_of_many", "one file at a time"));
    }
    let terms = Terms { trust, lenient, at };
    let mut files = Vec::with_capacity(options.files.len());
    for path in &options.files {
        let file = examined(options, &terms, path)?;
        file.unread.iter().for_each(super::tell);
        if !options.json {
            print_report(path, &file, options.files.len() > 1);
            file.evidence.iter().for_each(evidence::print);
        }
        files.push(file);
    }
    if options.json {
        print_json(&Told::of(&files))?;
    }
    Ok(files.iter().map(|file| file.report.exit_code()).fold(DONE, u8::max))
}

fn examined<'o>(options: &Verify, terms: &Terms, path: &'o Path) -> Result<Examined<'o>> {
    let bytes = match read_limited(path).and_then(carried) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(unread(path, error)),
    };
    let mut report = verify::verify_leniently(&bytes, &terms.trust, terms.at, &terms.lenient);
    let evidence = options.proof.weigh(&options.trusted, &bytes, &mut report, terms.at)?;
    Ok(Examined { path, report, evidence, unread: None })
}

/// A document of which nothing is known stands for it, so that no file vanishes among many.
fn unread(path: &Path, error: Error) -> Examined<'_> {
    let document = DocumentReport {
        kind: "unknown",
        summary: None,
        unconfirmed: None,
        signatures: Vec::new(),
        problems: Vec::new(),
        registered: None,
    };
    let report = Report { documents: vec![document], verdict: Verdict::Unreadable };
    Examined { path, report, evidence: None, unread: Some(error) }
}

/// The end of a day, so that what was signed on it is not in the future; or a moment.
fn moment(text: &str) -> Result<Instant> {
    let wrong = || Error::invalid("at", "moment_unreadable", text);
    match text.parse::<BusinessDay>() {
        Ok(day) => Ok(day.next().start().minus_seconds(1)),
        Err(_) => text.parse().map_err(|_| wrong()),
    }
}

/// No more than can be judged is read, whatever the size of the file.
fn read_limited(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = verify::BYTES_LIMIT as u64 + 1;
    let opened: std::io::Result<Box<dyn Read>> = if path == Path::new("-") {
        Ok(Box::new(std::io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as _)
    };
    opened
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// The verdict in one line. A revocation that came after a proven signature is told with its day, as the end of a
/// certificate is told.
fn heading(report: &Report, evidence: Option<&Judgement>) -> String {
    if let Some(proof) = evidence.filter(|one| report.is_valid() && one.revoked_since().is_some()) {
        let (vi, en) = proof.words();
        return format!("{} / {en}", vi.to_uppercase());
    }
    let words = match report.verdict {
        Verdict::Valid if report.is_over_since() => {
            "HỢP LỆ KHI KÝ, CHỨNG THƯ ĐÃ HẾT HẠN SAU ĐÓ / valid when signed; certificate since expired"
        }
        Verdict::Valid => "HỢP LỆ / valid",
        Verdict::Intact => "TOÀN VẸN, CHƯA ĐƯỢC XÁC NHẬN / intact, not confirmed",
        Verdict::Invalid if report.is_contradicted() => {
            "KHÔNG HỢP LỆ, BẰNG CHỨNG TRÁI NGƯỢC / invalid: contradicted by the evidence"
        }
        Verdict::Invalid => "KHÔNG HỢP LỆ / invalid",
        Verdict::Unreadable => "KHÔNG ĐỌC ĐƯỢC / not readable as a receipt",
    };
    words.to_owned()
}

fn print_report(path: &Path, file: &Examined<'_>, several: bool) {
    if several {
        println!("{}:", path.display());
    }
    println!("{}", heading(&file.report, file.evidence.as_ref()));
    for document in &file.report.documents {
        println!("  Loại / kind:            {}", document.kind);
        if let Some(summary) = &document.summary {
            print_summary(summary);
        }
        document.problems.iter().for_each(|problem| print_problem(*problem));
        document.signatures.iter().for_each(print_signature);
    }
}

fn print_summary(summary: &Summary) {
    let dash = |field: &Option<String>| field.clone().unwrap_or_else(|| "–".to_owned());
    println!(
        "  Số / number:            {} {} {}",
        dash(&summary.template),
        dash(&summary.series),
        dash(&summary.number)
    );
    println!("  Ngày lập / issued on:   {}", dash(&summary.issued_on));
    println!("  Bên lập / issuer:       {}", dash(&summary.seller_tax_code));
    if let Some(code) = &summary.entrusted_tax_code {
        println!("  Ủy nhiệm / entrusted:   {code}");
    }
    if let Some(code) = &summary.principal_tax_code {
        println!("  Thu thay cho / for:     {code}");
    }
    println!("  Tổng tiền / total:      {} {}", dash(&summary.total), dash(&summary.currency));
}

fn print_problem(problem: Problem) {
    print_words(if problem.is_remark() { "Lưu ý / note" } else { "Lỗi / reason" }, problem.code());
}

/// A code with its words, Vietnamese first.
fn print_words(what: &str, code: &str) {
    let words = message::words(code);
    println!("  {what}: {code}");
    println!("      {}", words.vi);
    println!("      {}", words.en);
}

fn print_signature(signature: &SignatureReport) {
    println!("  Chữ ký / signature:     {}", signature.role);
    println!("  Người ký / signed by:   {}", signature.by.as_deref().unwrap_or("–"));
    println!("  Mã số thuế / tax code:  {}", signature.tax_code.as_deref().unwrap_or("–"));
    let time = signature.signing_time.map_or_else(|| "–".to_owned(), |at| at.to_string());
    println!("  Thời điểm / signed at:  {time}");
    println!("  Phạm vi / covers:       {}", signature.covers.join(", "));
    println!(
        "  Toàn vẹn / integrity:   {}",
        match signature.integrity {
            Integrity::Ok => "không bị sửa / ok",
            Integrity::Failed => "sai / failed",
        }
    );
    println!(
        "  Tin cậy / trust:        {}",
        match signature.trust {
            Trust::Ok => "ok",
            Trust::Test => "chứng thư thử nghiệm / test authority, no legal value",
            Trust::Legacy => "thuật toán cũ / legacy algorithm, not to rest on",
            Trust::Untrusted => "không tin cậy / untrusted",
            Trust::NotChecked => "chưa kiểm tra, cần --trust / not checked (give --trust)",
        }
    );
    for rule in &signature.lenient {
        println!("  Nới lỏng / lenient:     {rule}");
    }
    signature.problems.iter().for_each(|problem| print_problem(*problem));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::evidence::bundle::Finding;
    use crate::receipt::testing;

    #[test]
    fn a_revocation_after_a_proven_signature_is_told_in_the_verdict_and_one_that_proves_nothing_is_not() {
        let report = verify::verify(&testing::document(), &testing::trust(), testing::now());
        let told = |finding: Finding| {
            let judgement = Judgement {
                finding,
                existed_at: None,
                timestamp_trusted: true,
                status_at: None,
                revoked_at: Some("2026-11-12T08:00:00+07:00".parse().unwrap()),
                certificate_expired_at: None,
                problems: Vec::new(),
            };
            heading(&report, Some(&judgement))
        };
        assert_eq!(
            told(Finding::ValidWhenSigned),
            "HỢP LỆ KHI KÝ; CHỨNG THƯ ĐÃ BỊ THU HỒI SAU ĐÓ, NGÀY 12/11/2026 / \
             valid when signed; certificate since revoked, on 12/11/2026"
        );
        assert_eq!(told(Finding::NotProven), "HỢP LỆ / valid");
    }

    #[test]
    fn a_pdf_without_a_signed_file_in_it_is_told_and_what_is_no_pdf_is_judged_as_it_is() {
        let pdf = b"%PDF-1.7\n%%EOF\n".to_vec();
        assert_eq!(carried(pdf).unwrap_err().code(), "verify_pdf_without_xml");
        let locked = b"%PDF-1.7\ntrailer << /Encrypt 5 0 R >>\n%%EOF\n".to_vec();
        assert_eq!(carried(locked).unwrap_err().code(), "verify_pdf_unread");
        let with = |files: &[&str]| {
            let object = |file: &&str| {
                format!("1 0 obj\n<< /Type /EmbeddedFile >>\nstream\n{file}\nendstream\nendobj\n")
            };
            format!("%PDF-1.7\n{}%%EOF\n", files.iter().map(object).collect::<String>()).into_bytes()
        };
        assert_eq!(carried(with(&["<BLai/>"])).unwrap(), b"<BLai/>\n");
        assert_eq!(carried(with(&["<BLai/>", "<HDon/>"])).unwrap_err().code(), "verify_pdf_several");
        let large = format!("<BLai>{}</BLai>", " ".repeat(embedded::LIMIT_BYTES));
        assert_eq!(carried(with(&[&large])).unwrap_err().code(), "verify_pdf_too_large");
        assert_eq!(carried(b"<BLai/>".to_vec()).unwrap(), b"<BLai/>");
    }

    #[test]
    fn a_pdf_carries_one_signed_file_of_a_size_that_is_read() {
        let pdf_with = |files: &[&str]| {
            let stream = |file: &&str| {
                format!("1 0 obj\n<< /Type /EmbeddedFile >>\nstream\n{file}\nendstream\nendobj\n")
            };
            format!("%PDF-1.7\n{}%%EOF\n", files.iter().map(stream).collect::<String>()).into_bytes()
        };
        assert_eq!(carried(pdf_with(&["<BLai/>"])).unwrap().trim_ascii(), b"<BLai/>");
        let large = format!("<BLai>{}</BLai>", "x".repeat(embedded::LIMIT_BYTES));
        assert_eq!(carried(pdf_with(&[&large])).unwrap_err().code(), "verify_pdf_too_large");
        let two = pdf_with(&["<BLai/>", "<BLai>2</BLai>"]);
        assert_eq!(carried(two).unwrap_err().code(), "verify_pdf_several");
    }
}
