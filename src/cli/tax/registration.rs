//! `bienlai tax registration …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::{DECIDERS, locate};
use crate::actor::{Actor, Scope};
use crate::cli::office::{self, Office};
use crate::cli::{DONE, read_text, table};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::filing::Filing;
use crate::filing::form::registration::{Action, Entrusting};
use crate::filing::registration::{self as filings, Asked};
use crate::id::{FilingId, PersonId, UnitId};
use crate::receipt::profile;
use crate::store::{Conn, Stamp, Tx};
use crate::unit::registration::{self, Acceptance, CertificateAction, InForce, ListedCertificate, Signing};
use crate::unit::{self, Unit};
use crate::web::both;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lập tờ khai / draft the form; another person approves it
    ///
    /// Example: bienlai tax registration draft --unit 00004 --office-code 10100 --office-name "Thuế cơ sở 1"
    /// --contact "Nguyễn Văn A" --email a@example.vn --phone 0240000000 --installed --person per_…
    Draft(Box<Draft>),
    /// Duyệt / approve: another person than the one who drafted; it is signed and sent then, by the service
    /// or by `tax send`
    Approve {
        /// The form, as fil_…
        id: FilingId,
        /// Who decides, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Rút hoặc từ chối / take back or turn down what was drafted
    Withdraw {
        /// The form, as fil_…
        id: FilingId,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
        /// Who decides, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Ghi nhận chấp nhận / record by hand what the tax office accepted, on the portal for one
    ///
    /// Example: bienlai tax registration accept --unit 00004 --notice-no TB-01 --office-code 10100
    /// --office-name "Thuế cơ sở 1" --installed --person per_…
    Accept(Box<Accept>),
    /// Xem đăng ký / show what is registered, with the certificates in force
    Show {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
    },
}

const ENTRUST_HELP: &str = "\
Ủy nhiệm thu / entrusted collection (DSDKUNhiem): a file with one [[entrustment]] for each contract:

  [[entrustment]]
  direction = \"entrusted\"         # this unit collects for the other one; or \"entrusting\"
  template = \"01BLP0-001\"
  series = \"BD-26E\"
  tax_code = \"9900000016\"         # of the other party
  organisation = \"Đơn vị ủy nhiệm\"
  purpose = \"Thu hộ phí, lệ phí\"
  valid_from = \"2026-12-01\"
  valid_until = \"2027-11-30\"
  payment_method = \"Chuyển khoản\"

What stands on the receipts (UNThu) is the unit's imprint: `bienlai unit load`. The law wants the tax
office told at least three days before collecting begins.";

#[derive(Debug, Args)]
pub struct Draft {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// HThuc 2: a change of what is registered
    #[arg(long)]
    change: bool,
    /// The managing tax office: up to five digits
    #[arg(long)]
    office_code: String,
    /// The managing tax office's name
    #[arg(long)]
    office_name: String,
    /// Who answers the tax office's questions
    #[arg(long)]
    contact: String,
    /// The mailbox of the unit for the tax office
    #[arg(long)]
    email: String,
    /// The telephone of the unit for the tax office
    #[arg(long)]
    phone: String,
    #[command(flatten)]
    certificates: Certificates,
    /// Also receipts with printed value (BLTPLPIn)
    #[arg(long)]
    with_value: bool,
    /// Entrusted collection (DSDKUNhiem): a file with one [[entrustment]] for each contract; may be
    /// repeated
    #[arg(long, value_name = "TOML", long_help = ENTRUST_HELP)]
    entrust: Vec<PathBuf>,
    /// Who drafts it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Certificates {
    /// List the certificates the unit has installed
    #[arg(long)]
    installed: bool,
    /// Add the certificate in this PEM file; may be repeated
    #[arg(long, value_name = "PEM")]
    add: Vec<PathBuf>,
    /// Renewed certificate in this PEM file
    #[arg(long, value_name = "PEM")]
    renew: Vec<PathBuf>,
    /// Stop using the listed certificate with this serial; SERIAL@ISSUER where two have the same
    #[arg(long, value_name = "SERIAL")]
    stop: Vec<String>,
}

/// What an acceptance takes from the form that is named.
const OF_THE_FORM: [&str; 8] =
    ["office_code", "office_name", "kinds", "form_name", "installed", "add", "renew", "stop"];

#[derive(Debug, Args)]
pub struct Accept {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The number of the tax office's notice
    #[arg(long, value_name = "NO")]
    notice_no: String,
    /// The day of acceptance; today when absent
    #[arg(long, value_name = "DATE")]
    on: Option<BusinessDay>,
    /// The form sent from here, where its answer was unclear or could not come into force; the rest is taken
    /// from it
    #[arg(long, value_name = "ID", conflicts_with_all = OF_THE_FORM)]
    form: Option<FilingId>,
    /// The managing tax office: up to five digits, as in a form on its way
    #[arg(long, required_unless_present = "form")]
    office_code: Option<String>,
    /// The managing tax office's name
    #[arg(long, required_unless_present = "form")]
    office_name: Option<String>,
    /// receipt, invoice
    #[arg(long, value_delimiter = ',', default_value = "receipt")]
    kinds: Vec<String>,
    /// The name of the form, one of the law of that day; when absent the one that covers these documents
    #[arg(long, value_name = "NAME")]
    form_name: Option<String>,
    #[command(flatten)]
    certificates: Certificates,
    /// Who records it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Draft(draft) => run_draft(&office, &draft),
        Command::Approve { id, person } => {
            let actor = deciding(&office, id, person)?;
            decided(&office, &actor, id, |tx, stamp, unit| filings::approve(tx, stamp, &actor, unit, id))
        }
        Command::Withdraw { id, reason, person } => {
            let actor = deciding(&office, id, person)?;
            decided(&office, &actor, id, |tx, stamp, unit| {
                filings::withdraw(tx, stamp, &actor, unit, id, &reason)
            })
        }
        Command::Accept(accept) => run_accept(&office, &accept),
        Command::Show { unit } => show(&office, &unit),
    }
}

fn deciding(office: &Office, id: FilingId, person: PersonId) -> Result<Actor> {
    office.acting(DECIDERS, person, |conn| locate(conn, &Scope::All, id))
}

fn decided(
    office: &Office,
    actor: &Actor,
    id: FilingId,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, UnitId) -> Result<Filing>,
) -> Result<u8> {
    let filing = office.write(actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope, id)?;
        act(tx, stamp, unit)
    })?;
    println!("{}  {}", filing.id, both::form_state(filing.state));
    super::print_rules(&filing)?;
    Ok(DONE)
}

fn run_draft(office: &Office, draft: &Draft) -> Result<u8> {
    let actor = office.acting_in(office::ADMINISTRATORS, draft.person, &draft.unit)?;
    let mut entrustments = Vec::new();
    for path in &draft.entrust {
        entrustments.extend(entrustments_in(&read_text(path)?)?);
    }
    let id = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &draft.unit)?;
        let asked = Asked {
            action: if draft.change { Action::Change } else { Action::New },
            office_code: draft.office_code.clone(),
            office_name: draft.office_name.clone(),
            contact_name: draft.contact.clone(),
            contact_email: draft.email.clone(),
            contact_phone: draft.phone.clone(),
            receipts_with_value: draft.with_value,
            certificates: listed(tx, &unit, &draft.certificates, stamp.now)?,
            entrustments: entrustments.clone(),
        };
        let tax = &office.config.tax;
        let through_transmitter = tax.sender.as_deref().is_some_and(|code| code.starts_with('V'));
        let way = (tax.place.as_str(), through_transmitter);
        let form = filings::compose(tx, stamp, unit.id, asked, way)?;
        filings::draft(tx, stamp, &actor, unit.id, &form)
    })?;
    println!("{id}");
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntrustmentFile {
    entrustment: Vec<Entrusting>,
}

/// # Errors
/// `entrustment_file_unreadable` with the place.
fn entrustments_in(text: &str) -> Result<Vec<Entrusting>> {
    toml::from_str::<EntrustmentFile>(text)
        .map(|file| file.entrustment)
        .map_err(|error| Error::invalid("entrust", "entrustment_file_unreadable", error.to_string()))
}

/// The certificates the options name, in the order installed, added, renewed, stopped.
fn listed(
    conn: &mut Conn,
    unit: &Unit,
    options: &Certificates,
    now: crate::clock::Instant,
) -> Result<Vec<ListedCertificate>> {
    let mut listed = if options.installed { filings::installed(conn, unit.id, now)? } else { Vec::new() };
    for (paths, action) in
        [(&options.add, CertificateAction::Add), (&options.renew, CertificateAction::Renew)]
    {
        for path in paths {
            listed.push(filings::listed_of(conn, unit.id, &read_text(path)?, action)?);
        }
    }
    let known = registration::certificates(conn, unit.id)?;
    for name in &options.stop {
        let (serial, issuer) = match name.split_once('@') {
            Some((serial, issuer)) => (serial, Some(issuer)),
            None => (name.as_str(), None),
        };
        let held = registration::find_certificate(&known, issuer, serial)?;
        listed.push(ListedCertificate { action: CertificateAction::Stop, ..held.clone() });
    }
    Ok(listed)
}

fn registration_form(day: BusinessDay, document_kinds: &[String]) -> String {
    profile::for_day(day).registration_form_of(document_kinds).to_owned()
}

fn run_accept(office: &Office, accept: &Accept) -> Result<u8> {
    let actor = office.acting_in(office::ADMINISTRATORS, accept.person, &accept.unit)?;
    let id = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &accept.unit)?;
        let accepted_on = accept.on.unwrap_or_else(|| stamp.today());
        if let Some(form) = accept.form {
            let place = (unit.id, form);
            return filings::accept_by_hand(tx, stamp, &actor, place, &accept.notice_no, accepted_on);
        }
        let acceptance = Acceptance {
            unit: unit.id,
            form: accept.form_name.clone().unwrap_or_else(|| registration_form(accepted_on, &accept.kinds)),
            notice_no: accept.notice_no.clone(),
            accepted_on,
            document_kinds: accept.kinds.clone(),
            office_code: accept.office_code.clone().unwrap_or_default(),
            office_name: accept.office_name.clone().unwrap_or_default(),
            certificates: listed(tx, &unit, &accept.certificates, stamp.now)?,
            filing: None,
        };
        filings::record_by_hand(tx, stamp, &actor, acceptance)
    })?;
    println!("{id}");
    Ok(DONE)
}

fn show(office: &Office, code: &str) -> Result<u8> {
    let (registrations, certificates) = office.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, code)?;
        Ok((registration::of_unit(conn, unit.id)?, registration::in_force(conn, unit.id)?))
    })?;
    let rows: Vec<Vec<String>> = registrations
        .into_iter()
        .map(|held| {
            let office = format!("{} {}", held.office_code, held.office_name);
            vec![
                held.form,
                held.notice_no,
                held.accepted_on.to_string(),
                held.document_kinds.join(", "),
                office,
            ]
        })
        .collect();
    table::print(&["Tờ khai", "Thông báo", "Ngày", "Loại", "Cơ quan thuế"], &rows, &[]);
    let rows: Vec<Vec<String>> = certificates
        .into_iter()
        .map(|InForce { certificate, signs }| {
            let of = |one: &Signing| format!("{} {} – {}", one.documents.as_str(), one.from, one.until);
            let (from, until) = (certificate.valid_from.hanoi_text(), certificate.valid_until.hanoi_text());
            let signs: Vec<String> = signs.iter().map(of).collect();
            vec![certificate.serial, certificate.issuer, from, until, signs.join("; ")]
        })
        .collect();
    table::print(&["Số sê-ri", "Tổ chức cấp", "Từ", "Đến", "Được đăng ký để ký"], &rows, &[]);
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filing::form::registration::Direction;

    #[test]
    fn the_example_of_the_help_is_a_file_that_can_be_read() {
        let example = ENTRUST_HELP.split_once("[[entrustment]] for each contract:").unwrap().1;
        let example = example.split_once("\n\nWhat stands").unwrap().0;
        let read = entrustments_in(example).unwrap();
        assert_eq!((read.len(), read[0].direction), (1, Direction::Entrusted));
        let broken = entrustments_in(&example.replace("purpose", "purpos")).unwrap_err();
        assert_eq!(broken.code(), "entrustment_file_unreadable");
        assert!(broken.detail().contains("purpos"), "{}", broken.detail());
    }
}
