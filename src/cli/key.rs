//! `bienlai key …`

mod custody;
mod rewrap;
mod stop;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::office::Office;
use super::{DONE, read_bytes, read_text};
use crate::actor::Actor;
use crate::clock::{Clock, Instant};
use crate::error::{Error, Result};
use crate::id::{CertificateId, EventId, PersonId, UnitId};
use crate::receipt::content::identifier::is_tax_code;
use crate::receipt::key::{SigningKey, TestAuthority, installed, issue_test_certificate, test_authority};
use crate::store::{Stamp, Tx};
use crate::unit::certificate::{self, Custody};

pub const CA_CERTIFICATE: &str = "ca.pem";
pub const CA_KEY: &str = "ca-key.pem";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a certification authority for trials; its name says that it has no legal value
    TestCa {
        /// The folder for ca.pem and ca-key.pem
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Issue a signing certificate for trials
    Issue(Issue),
    /// Store a unit's signing key, encrypted, from PKCS#12 or PEM
    ///
    /// Example: bienlai key import --unit 00004 --p12 phuong.p12 --password-file matkhau.txt, or
    /// bienlai key import --unit 00004 --pem phuong.pem
    Import(Import),
    /// Sign with a key in a token behind a PKCS#11 module
    ///
    /// Example: bienlai key add-pkcs11 --unit 00004 --module /usr/lib/softhsm/libsofthsm2.so
    /// --token UBND --key-label ky --pin-file pin.txt --certificate phuong.pem
    AddPkcs11(AddPkcs11),
    /// Sign with a key that a remote signing service keeps (CSC API v1)
    ///
    /// Example: bienlai key add-remote --unit 00004 --url https://ky.example.vn/csc/v1
    /// --credential ABC --token-file token.txt --pin-file pin.txt
    AddRemote(AddRemote),
    /// Ask for a certificate to be stopped: its key was stolen, or it was stored by mistake
    ///
    /// Another person agrees with stop-approve or under the waiting approvals (/duties). Nothing starts it again;
    /// it stays, and verifies what it signed. Receipts wait for their signature until another one signs.
    Stop(Stop),
    /// Agree that a certificate is stopped: another person than the one who asked
    StopApprove {
        /// What was asked for, as evt_…
        id: EventId,
        /// Who decides, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Turn down what was asked for, or take it back
    StopRefuse {
        /// What was asked for, as evt_…
        id: EventId,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
        /// Who decides, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// The certificates of all units, how each signs, how long it lasts, and what is alarmed
    List,
    /// Sign every receipt that waits for its signature, in this process
    SignWaiting,
    /// Change the master key: wrap every data key under the present one
    ///
    /// Name the new key as master_key and the old one as second_master_key under [vault], start every
    /// process with both, run this, then take the old one out. (With several processes give all of
    /// them the new one as second_master_key first: then each reads what another one writes.) It may
    /// run beside the service, be stopped and be run again. Signing keys and personal data are not
    /// touched; backups from before still need the old key.
    ///
    /// Exit code 0: nothing is left under another key; 1: some are.
    Rewrap(rewrap::Rewrap),
}

#[derive(Debug, Args)]
pub struct AddPkcs11 {
    #[command(flatten)]
    turn: Turn,
    /// The token's PKCS#11 library
    #[arg(long, value_name = "FILE")]
    module: PathBuf,
    /// The label of the token
    #[arg(long, value_name = "LABEL")]
    token: String,
    /// CKA_LABEL of the private key
    #[arg(long, value_name = "LABEL", required_unless_present = "key_id")]
    key_label: Option<String>,
    /// CKA_ID of the private key, hexadecimal
    #[arg(long, value_name = "HEX")]
    key_id: Option<String>,
    /// A file whose first line is the PIN
    #[arg(long, value_name = "FILE")]
    pin_file: PathBuf,
    /// The certificate and its chain, PEM
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// For tokens that only know CKM_RSA_PKCS
    #[arg(long)]
    digest_here: bool,
}

#[derive(Debug, Args)]
pub struct AddRemote {
    #[command(flatten)]
    turn: Turn,
    /// The service's address up to and including the version
    #[arg(long)]
    url: String,
    /// The service's id of the credential that signs
    #[arg(long, value_name = "ID")]
    credential: String,
    /// A file whose first line is the access token
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// A file whose first line is the PIN of the credential
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// Milliseconds one request may take
    #[arg(long, value_name = "N", default_value_t = 15_000)]
    timeout_ms: u64,
}

#[derive(Debug, Args)]
pub struct Stop {
    /// The certificate, as crt_… (bienlai key list)
    #[arg(long, value_name = "ID")]
    certificate: CertificateId,
    /// What happened to it; it is kept
    #[arg(long)]
    reason: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

/// Whose signing it is, and from when on.
#[derive(Debug, Args)]
pub struct Turn {
    /// The unit, by its code; `city` for entrusted signing
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// When the unit's signing passes to this certificate (RFC 3339); without it, now
    #[arg(long, value_name = "TIME")]
    active_from: Option<Instant>,
}

#[derive(Debug, Args)]
pub struct Issue {
    /// The folder with ca.pem and ca-key.pem
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// The name of the unit
    #[arg(long)]
    name: String,
    /// The unit's tax code, which the certificate will carry
    #[arg(long)]
    tax_code: String,
    /// How many days the certificate is valid
    #[arg(long, value_name = "N", default_value_t = 365)]
    days: u32,
    /// The folder for <tax code>.pem: key, certificate and chain
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("key_file").required(true).args(["p12", "pem"])))]
pub struct Import {
    #[command(flatten)]
    turn: Turn,
    /// Key, certificate and chain as PKCS#12; --pem takes the same as PEM
    #[arg(long, value_name = "FILE", requires = "password_file")]
    p12: Option<PathBuf>,
    /// A file whose first line is the password of the PKCS#12 file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Key, certificate and chain as PEM in one file, the key in the clear; instead of --p12
    #[arg(long, value_name = "FILE")]
    pem: Option<PathBuf>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::TestCa { out } => make_authority(&out),
        Command::Issue(issue) => issue_certificate(&issue),
        Command::Import(import) => import_key(config, &import),
        Command::AddPkcs11(added) => custody::add_pkcs11(config, added),
        Command::AddRemote(added) => custody::add_remote(config, added),
        Command::Stop(asked) => stop::ask(config, &asked),
        Command::StopApprove { id, person } => stop::decide(config, id, person, None),
        Command::StopRefuse { id, reason, person } => stop::decide(config, id, person, Some(&reason)),
        Command::List => custody::list(config),
        Command::SignWaiting => custody::sign_waiting(config),
        Command::Rewrap(asked) => rewrap::run(config, &asked),
    }
}

fn make_authority(out: &Path) -> Result<u8> {
    let authority = test_authority(Clock::System.now())?;
    make_folder(out)?;
    write_new(&out.join(CA_CERTIFICATE), authority.certificate_pem(), false)?;
    write_new(&out.join(CA_KEY), authority.key_pem().expose_secret(), true)?;
    println!("{}", out.join(CA_CERTIFICATE).display());
    Ok(DONE)
}

fn issue_certificate(issue: &Issue) -> Result<u8> {
    if !is_tax_code(&issue.tax_code) {
        return Err(Error::invalid("tax_code", "tax_code_wrong", "its check digit does not fit"));
    }
    let key_pem = SecretString::from(read_text(&issue.ca.join(CA_KEY))?);
    let authority = TestAuthority::from_pem(&key_pem, &read_text(&issue.ca.join(CA_CERTIFICATE))?)?;
    let now = Clock::System.now();
    let key = issue_test_certificate(&authority, &issue.name, &issue.tax_code, now, issue.days)?;
    make_folder(&issue.out)?;
    let path = issue.out.join(format!("{}.pem", crate::text::squash(&issue.tax_code)));
    write_new(&path, key.to_pem().expose_secret(), true)?;
    println!("{}", path.display());
    Ok(DONE)
}

fn import_key(config: &Path, import: &Import) -> Result<u8> {
    let office = Office::open(config)?;
    let actor = Actor::system();
    let unit = custody::unit_of(&office, &actor, &import.turn)?;
    let key = read_key(import, &unit.tax_code)?;
    let key_pem = key.to_pem();
    let id = office.write(&actor, |tx, stamp| {
        let new = installed(unit.id, key.certificate(), key.chain_pem(), &key_pem);
        let custody = Custody { active_from: import.turn.active_from, ..Custody::software() };
        certificate::store_as(tx, stamp, &actor, new, custody)
    })?;
    println!("{id}  {}", key.certificate().subject());
    say_begin(&office, unit.id, id)?;
    if key.certificate().is_test() {
        println!("a test certificate: receipts signed with it have no legal value");
    }
    custody::warn_of_form(&office, &unit, key.certificate())?;
    Ok(DONE)
}

/// From when a stored certificate signs: one whose own dates begin later does not sign yet, whatever was asked.
fn say_begin(office: &Office, unit: UnitId, id: CertificateId) -> Result<()> {
    let held = office.read(&Actor::system(), |conn| certificate::of_unit(conn, unit))?;
    let Some(begin) = held.into_iter().find(|one| one.id == id).map(|one| one.active_from) else {
        return Ok(());
    };
    let at = begin.in_hanoi().format("%H:%M %d/%m/%Y");
    if begin > office.clock.now() {
        println!("! chưa ký; ký từ {at} / does not sign yet, signs from {at}");
    } else {
        println!("ký từ {at} / signs from {at}");
    }
    Ok(())
}

fn read_key(import: &Import, tax_code: &str) -> Result<SigningKey> {
    match (&import.p12, &import.password_file, &import.pem) {
        (Some(p12), Some(password_file), _) => {
            let text = read_text(password_file)?;
            let password = SecretString::from(text.lines().next().unwrap_or_default());
            SigningKey::from_pkcs12(&read_bytes(p12)?, &password, tax_code)
        }
        (_, _, Some(pem)) => {
            let text = read_text(pem)?;
            SigningKey::from_pem(&SecretString::from(text.as_str()), &text, tax_code)
        }
        _ => Err(Error::invalid("file", "key_file_missing", "give --p12 with --password-file, or --pem")),
    }
}

/// Stores a key for a unit; the key is encrypted under the unit's data key.
pub fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    key: &SigningKey,
) -> Result<CertificateId> {
    let key_pem = key.to_pem();
    certificate::store(tx, stamp, actor, installed(unit, key.certificate(), key.chain_pem(), &key_pem))
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|error| unwritable(path, &error))
}

/// Writes a file that must not exist yet; a secret one only its owner may read.
pub fn write_new(path: &Path, text: &str, is_secret: bool) -> Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(path).map_err(|error| unwritable(path, &error))?;
    file.write_all(text.as_bytes()).map_err(|error| unwritable(path, &error))
}

#[track_caller]
fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("file", "file_unwritable", format!("{}: {error}", path.display()))
}
