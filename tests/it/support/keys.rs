//! Keys for stories: a commune that signs as the story wants.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::clock::Instant;
use bienlai::error::Result;
use bienlai::filing::registration::listed_from_pem;
use bienlai::id::{CertificateId, ReceiptId};
use bienlai::receipt::key::alarm::{self, Kind};
use bienlai::receipt::key::{
    SigningKey, TestAuthority, issue_test_certificate, issue_with_list, new_key, pem_text, test_authority,
};
use bienlai::receipt::signer::{RemoteKey, RemoteSecret};
use bienlai::simulator::signing_service::{CREDENTIAL, PIN, SigningService, TOKEN};
use bienlai::unit::certificate::{self, Custody, NewCertificate, SignerKind};
use bienlai::unit::registration::{self, Acceptance, CertificateAction};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::World;

/// The tax code of Sóc Sơn, which moves in without a certificate.
pub const TAX_CODE: &str = "9900000023";
pub const FEE: Dong = Dong(25_000);

/// A world in which Sóc Sơn has a series and needs a key.
pub struct KeyWorld {
    pub world: World,
    pub authority: TestAuthority,
}

/// The authority of the worlds of one moment: its key takes a second to make, and no story changes it.
fn authority_of(now: Instant) -> TestAuthority {
    static MADE: Mutex<BTreeMap<Instant, (SecretString, String)>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let (key, certificate) = made.entry(now).or_insert_with(|| {
        let authority = test_authority(now).expect("an authority");
        (authority.key_pem(), authority.certificate_pem().to_owned())
    });
    let authority =
        TestAuthority::from_pem(key, certificate).expect("the authority's own key and certificate");
    authority.with_keys(key_in_turn)
}

/// A key for a certificate. Each story takes them from the first one on, and counts by itself: how many another story
/// took beside it changes nothing. A key is made when the first story comes to it, and no story issues so many
/// certificates that it meets a key of its own again.
fn key_in_turn() -> Result<SecretSlice<u8>> {
    const STOCK: usize = 24;
    static MADE: [OnceLock<Vec<u8>>; STOCK] = [const { OnceLock::new() }; STOCK];
    thread_local! {
        static TAKEN: Cell<usize> = const { Cell::new(0) };
    }
    let taken = TAKEN.replace(TAKEN.get() + 1);
    let key = MADE[taken % STOCK].get_or_init(|| new_key().expect("a key").expose_secret().to_vec());
    Ok(SecretSlice::from(key.clone()))
}

impl KeyWorld {
    pub fn new(world: World) -> KeyWorld {
        world.open_series(&world.soc_son, "SS-26E", 99_999);
        let authority = authority_of(world.now());
        KeyWorld { world, authority }
    }

    pub fn issue(&self, days: u32) -> SigningKey {
        let name = "Ủy ban nhân dân xã Sóc Sơn";
        issue_test_certificate(&self.authority, name, TAX_CODE, self.world.now(), days)
            .expect("a certificate")
    }

    /// A certificate that says where its revocation list is.
    pub fn issue_with_list(&self, days: u32, url: &str) -> SigningKey {
        let name = "Ủy ban nhân dân xã Sóc Sơn";
        let now = self.world.now();
        issue_with_list(&self.authority, name, TAX_CODE, now, days, Some(url)).expect("a certificate")
    }

    pub fn store(&self, key: &SigningKey, active_from: Option<Instant>) -> CertificateId {
        let custody = Custody { active_from, ..Custody::software() };
        self.store_as(key, &key.to_pem(), custody)
    }

    /// The key lies with a signing service.
    pub fn store_remote(&self, key: &SigningKey, service: &SigningService, timeout_ms: u64) -> CertificateId {
        let remote = RemoteKey { url: service.url(), credential_id: CREDENTIAL.to_owned(), timeout_ms };
        let pin = Some(SecretString::from(PIN));
        let secret = RemoteSecret { access_token: SecretString::from(TOKEN), pin };
        let custody = Custody {
            signer: SignerKind::Remote,
            parameters: serde_json::to_string(&remote).expect("parameters"),
            active_from: None,
        };
        self.store_as(key, &secret.to_text(), custody)
    }

    /// The tax office accepts a change form that adds the certificate.
    pub fn list(&self, key: &SigningKey) {
        self.tell(key, CertificateAction::Add);
    }

    /// The tax office accepts a change form that says this of the certificate.
    pub fn tell(&self, key: &SigningKey, action: CertificateAction) {
        self.tell_on(("01/ĐKTĐ-CTĐT", "receipt"), key, action);
    }

    /// The tax office accepts that a form, for these documents, says this of the certificate.
    pub fn tell_on(&self, (form, documents): (&str, &str), key: &SigningKey, action: CertificateAction) {
        let added = listed_from_pem(&key.chain_pem(), action).expect("a certificate");
        let notice_no = format!("TB-{documents}-{}-{}", action.as_str(), key.certificate().serial());
        self.world.change(|tx, stamp| {
            let acceptance = Acceptance {
                unit: self.world.soc_son.id,
                form: form.to_owned(),
                notice_no: notice_no.clone(),
                accepted_on: stamp.today(),
                document_kinds: vec![documents.to_owned()],
                office_code: "10100".to_owned(),
                office_name: "Thuế thành phố Thử".to_owned(),
                certificates: vec![added.clone()],
                filing: None,
            };
            registration::record(tx, stamp, &Actor::system(), acceptance)
        });
    }

    fn store_as(&self, key: &SigningKey, secret: &SecretString, custody: Custody) -> CertificateId {
        self.list(key);
        self.hold_as(key, secret, custody)
    }

    /// Stores a key whose certificate some form lists already.
    pub fn hold(&self, key: &SigningKey) -> CertificateId {
        self.hold_as(key, &key.to_pem(), Custody::software())
    }

    fn hold_as(&self, key: &SigningKey, secret: &SecretString, custody: Custody) -> CertificateId {
        let own = key.certificate();
        let mut custody = Some(custody);
        self.world.change(|tx, stamp| {
            let new = NewCertificate {
                unit: self.world.soc_son.id,
                subject: own.subject().to_owned(),
                issuer: own.issuer().to_owned(),
                serial: own.serial().to_owned(),
                certificate_pem: pem_text(&[own.der().to_vec()]),
                chain_pem: key.chain_pem(),
                key_pem: secret,
                not_before: own.valid_from(),
                not_after: own.valid_until(),
                is_test: true,
            };
            let custody = custody.take().expect("the first try succeeds");
            certificate::store_as(tx, stamp, &Actor::system(), new, custody)
        })
    }

    /// Somebody pays Sóc Sơn one fee.
    pub fn pay(&self) -> ReceiptId {
        let owed = self.world.raise_at(&self.world.soc_son, FEE);
        self.world.claim(&owed, FEE).receipt()
    }

    /// The kinds of the alarms that stand for Sóc Sơn.
    pub fn alarms(&self) -> Vec<Kind> {
        let open = self.world.look(alarm::open);
        open.into_iter().filter(|open| open.unit == self.world.soc_son.id).map(|open| open.kind).collect()
    }

    pub fn state(&self, receipt: ReceiptId) -> String {
        let found = self.world.words(&format!("SELECT state AS t FROM receipt WHERE id = {}", receipt.0));
        found.into_iter().next().expect("the receipt is there")
    }

    pub fn signed_under(&self, receipt: ReceiptId) -> CertificateId {
        let sql = format!(
            "SELECT CAST(certificate_id AS TEXT) AS t FROM receipt_seal WHERE receipt_id = {}",
            receipt.0
        );
        let found = self.world.words(&sql);
        CertificateId(found.first().and_then(|id| id.parse().ok()).expect("the receipt is sealed"))
    }
}
