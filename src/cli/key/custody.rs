//! Keys outside the process, and what keys there are.

use std::path::Path;

use secrecy::SecretString;

use super::{AddPkcs11, AddRemote, Turn};
use crate::actor::{Actor, Scope};
use crate::cli::office::{Office, unit_id};
use crate::cli::{DONE, NO, read_text, table};
use crate::error::{Error, Result};
use crate::filing;
use crate::id::UnitId;
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::key::{alarm, certificates_in, installed, pem_text, watch};
use crate::receipt::sign::Signer;
use crate::receipt::signer::{
    self, Pkcs11Key, Pkcs11Signer, RemoteKey, RemoteSecret, RemoteSigner, first_line,
};
use crate::unit::certificate::{self, Custody, SignerKind};
use crate::unit::registration::{self, Family};
use crate::unit::{self, Unit};
use crate::worker;

pub fn unit_of(office: &Office, actor: &Actor, turn: &Turn) -> Result<Unit> {
    office.read(actor, |conn| {
        let id = unit_id(conn, &turn.unit)?;
        unit::find(conn, id)
    })
}

pub fn add_pkcs11(config: &Path, added: AddPkcs11) -> Result<u8> {
    let office = Office::open(config)?;
    let unit = unit_of(&office, &Actor::system(), &added.turn)?;
    let chain = certificates_in(&read_text(&added.certificate)?)?;
    let own = own(&chain, &unit)?;
    let pin = first_line(&read_text(&added.pin_file)?);
    let key = Pkcs11Key {
        module: added.module,
        token: added.token,
        key_label: added.key_label,
        key_id: added.key_id,
        digest_here: added.digest_here,
    };
    let parameters = json_of(&key)?;
    let signer = Pkcs11Signer::new(key, pin.clone(), own);
    store_tried(&office, &unit, &signer, &chain, SignerKind::Pkcs11, parameters, &pin, &added.turn)
}

pub fn add_remote(config: &Path, added: AddRemote) -> Result<u8> {
    let office = Office::open(config)?;
    let unit = unit_of(&office, &Actor::system(), &added.turn)?;
    let pin = match &added.pin_file {
        Some(path) => Some(first_line(&read_text(path)?)),
        None => None,
    };
    let secret = RemoteSecret { access_token: first_line(&read_text(&added.token_file)?), pin };
    let key = RemoteKey { url: added.url, credential_id: added.credential, timeout_ms: added.timeout_ms };
    let chain = RemoteSigner::credential(&key, &secret)?.certificates;
    let own = own(&chain, &unit)?;
    let (parameters, text) = (json_of(&key)?, secret.to_text());
    let signer = RemoteSigner::new(key, secret, own)?;
    store_tried(&office, &unit, &signer, &chain, SignerKind::Remote, parameters, &text, &added.turn)
}

fn own(chain: &[Vec<u8>], unit: &Unit) -> Result<SigningCertificate> {
    let own = chain.first().ok_or_else(|| {
        Error::invalid("certificate", "key_certificate_mismatch", "there is no certificate in it")
    })?;
    signer::accept(own, &unit.tax_code)
}

fn json_of(key: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(key).map_err(|error| Error::internal(error.to_string()))
}

/// Stores what made a good signature just now.
#[allow(clippy::too_many_arguments, reason = "each is one thing that is stored")]
fn store_tried(
    office: &Office,
    unit: &Unit,
    signer: &dyn Signer,
    chain: &[Vec<u8>],
    kind: SignerKind,
    parameters: String,
    secret: &SecretString,
    turn: &Turn,
) -> Result<u8> {
    signer::try_out(signer)?;
    let actor = Actor::system();
    let chain_pem = pem_text(chain);
    let id = office.write(&actor, |tx, stamp| {
        let new = installed(unit.id, signer.certificate(), chain_pem.clone(), secret);
        let custody = Custody { signer: kind, parameters: parameters.clone(), active_from: turn.active_from };
        certificate::store_as(tx, stamp, &actor, new, custody)
    })?;
    println!("{id}  {}  {}", kind.as_str(), signer.certificate().subject());
    warn_of_form(office, unit, signer.certificate())?;
    Ok(DONE)
}

/// A form on its way that does not list the certificate is accepted in vain: said while it can still be taken back.
pub fn warn_of_form(office: &Office, unit: &Unit, certificate: &SigningCertificate) -> Result<()> {
    let system = Actor::system();
    let form =
        office.read(&system, |conn| filing::registration::not_listed_in(conn, unit.id, certificate))?;
    if let Some(form) = form {
        println!(
            "! tờ khai {form} không kê chứng thư này nên sẽ không áp dụng được: chưa duyệt thì rút và lập lại, \
             đã gửi thì lập tờ khai thay đổi sau khi được chấp nhận / the form {form} does not list this \
             certificate and could not come into force: before it is approved take it back and draft it anew, \
             else draft a change form when it is accepted"
        );
    }
    Ok(())
}

pub fn list(config: &Path) -> Result<u8> {
    let office = Office::open(config)?;
    watch::look(&office.store, &office.stamp())?;
    let now = office.clock.now();
    let (all, units, alarms, registered) = office.read(&Actor::system(), |conn| {
        let registered = registration::listings(conn, None)?;
        Ok((certificate::all(conn)?, unit::all(conn)?, alarm::open(conn)?, registered))
    })?;
    // Before the first acceptance a unit's own key signs its form and no document. The city's signs for others.
    let waits = |id: UnitId| id != unit::CITY && !registered.contains_key(&id);
    let code = |id| units.iter().find(|unit| unit.id == id).map_or("city", |unit| unit.code.as_str());
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let signs = certificate::is_chosen(&certificate::of_unit_in(&all, one.unit), one.id, now);
            let standing = match one.revoked_at {
                Some(_) => "đã thu hồi / revoked",
                None if one.is_stopped => "đã thôi dùng / stopped",
                None if one.not_after <= now => "hết hạn / expired",
                None if one.listed_for.is_empty() => "chưa có trong đăng ký / not registered",
                None if signs && waits(one.unit) => "chờ đăng ký / waits for its registration",
                None if signs => signing_words(&one.listed_for),
                None if one.active_from > now => "chờ / waiting",
                None => "đã thay / replaced",
            };
            vec![
                code(one.unit).to_owned(),
                one.id.to_string(),
                one.signer.clone(),
                one.active_from.business_day().to_string(),
                one.not_after.business_day().to_string(),
                standing.to_owned(),
                one.subject.clone(),
            ]
        })
        .collect();
    let heading = ["đơn vị", "chứng thư", "cách ký", "từ", "đến", "trạng thái", "chủ thể"];
    table::print(&heading, &rows, &[]);
    for one in &alarms {
        let (vi, en) = one.kind.title();
        println!("! {}: {vi} / {en} ({})", code(one.unit), one.detail);
    }
    Ok(if alarms.is_empty() { DONE } else { NO })
}

fn signing_words(listed_for: &[Family]) -> &'static str {
    match listed_for {
        [Family::Receipt] => "đang ký biên lai / signing receipts",
        [Family::Invoice] => "đang ký hóa đơn / signing invoices",
        _ => "đang ký / signing",
    }
}

pub fn sign_waiting(config: &Path) -> Result<u8> {
    let office = Office::open(config)?;
    let signed = worker::seal_waiting(&office);
    watch::look(&office.store, &office.stamp())?;
    let left = office.store.read(&Scope::All, crate::receipt::query::unsigned_count)?;
    println!("đã ký / signed: {signed}; còn chờ / still waiting: {left}");
    Ok(if left == 0 { DONE } else { NO })
}
