//! Keys in a token behind a PKCS#11 module (v2.40): HSMs and USB tokens.
//!
//! A module is loaded and initialised once per process, as the specification asks. Each signer
//! keeps one logged-in session; when the token went away, the next batch logs in anew. Some modules
//! see a token that came back only after they are closed and initialised again: that is done when
//! logging in anew fails too and no other signer is in a module.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as TokenError, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::checked;
use crate::error::{Error, Result};
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::sign::Signer;

/// DER of `DigestInfo` for SHA-256 up to the digest (RFC 8017, section 9.2, note 1).
const DIGEST_INFO_SHA256: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

/// How a key in a token is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Key {
    /// The module, a shared library.
    pub module: PathBuf,
    /// The label of the token; slots may change their numbers.
    pub token: String,
    /// CKA_LABEL of the private key.
    #[serde(default)]
    pub key_label: Option<String>,
    /// CKA_ID of the private key in hexadecimal.
    #[serde(default)]
    pub key_id: Option<String>,
    /// The token only knows CKM_RSA_PKCS: the digest is made here.
    #[serde(default)]
    pub digest_here: bool,
}

/// Signs with a key in a token.
pub struct Pkcs11Signer {
    key: Pkcs11Key,
    pin: SecretString,
    certificate: SigningCertificate,
    connected: Mutex<Option<Connected>>,
    /// The token refused this PIN. It is not tried again: a few more would lock the token for good.
    is_refused: AtomicBool,
}

struct Connected {
    /// None only while it is dropped.
    session: Option<Session>,
    handle: ObjectHandle,
    /// The round of modules it was opened in.
    round: u64,
}

/// Rises when a module is initialised again. Whoever is in a module reads it all the while.
static ROUND: RwLock<u64> = RwLock::new(0);
/// The modules loaded in this process.
static LOADED: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);

impl Drop for Connected {
    /// Sessions of an earlier round are gone. Their numbers may be others' by now, so closing one
    /// could close somebody else's.
    fn drop(&mut self) {
        if ROUND.try_read().is_ok_and(|round| *round == self.round) {
            return;
        }
        std::mem::forget(self.session.take());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Pkcs11Signer {
    /// Nothing is loaded before the first signature.
    pub fn new(key: Pkcs11Key, pin: SecretString, certificate: SigningCertificate) -> Pkcs11Signer {
        Pkcs11Signer {
            key,
            pin,
            certificate,
            connected: Mutex::new(None),
            is_refused: AtomicBool::new(false),
        }
    }

    fn connect(&self, round: u64) -> Result<Connected> {
        if self.is_refused.load(Ordering::SeqCst) {
            return Err(pin_wrong());
        }
        let module = module(&self.key)?;
        let session = self.open(&module)?;
        match session.login(UserType::User, Some(&AuthPin::from(self.pin.expose_secret().to_owned()))) {
            // The login is the process's, not the session's: another signer of the token made it.
            Ok(()) | Err(TokenError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => {
                let told = refused(&error);
                self.is_refused.store(!told.is_busy(), Ordering::SeqCst);
                return Err(told);
            }
        }
        let handle = self.find(&session)?;
        Ok(Connected { session: Some(session), handle, round })
    }

    fn open(&self, module: &Pkcs11) -> Result<Session> {
        for slot in module.get_slots_with_initialized_token().map_err(|error| refused(&error))? {
            let token = module.get_token_info(slot).map_err(|error| refused(&error))?;
            if token.label() == self.key.token {
                return module.open_ro_session(slot).map_err(|error| refused(&error));
            }
        }
        Err(Error::busy("signing_token_missing", 5, format!("no token {} in this module", self.key.token)))
    }

    fn find(&self, session: &Session) -> Result<ObjectHandle> {
        let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
        if let Some(label) = &self.key.key_label {
            template.push(Attribute::Label(label.clone().into_bytes()));
        }
        if let Some(id) = &self.key.key_id {
            template.push(Attribute::Id(id_bytes(id)?));
        }
        let found = session.find_objects(&template).map_err(|error| refused(&error))?;
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(Error::conflict("token_key_missing", "the token holds no such private key")),
            _ => Err(Error::conflict("token_key_ambiguous", "several private keys fit; name it by its id")),
        }
    }

    fn sign_all(&self, connected: &Connected, batch: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let sign = |message: &&[u8]| {
            let (Some(session), handle) = (&connected.session, &connected.handle) else {
                return Err(TokenError::NotSupported);
            };
            if !self.key.digest_here {
                return session.sign(&Mechanism::Sha256RsaPkcs, *handle, message);
            }
            let mut info = DIGEST_INFO_SHA256.to_vec();
            info.extend_from_slice(digest(&SHA256, message).as_ref());
            session.sign(&Mechanism::RsaPkcs, *handle, &info)
        };
        batch.iter().map(|message| sign(message).map_err(|error| refused(&error))).collect()
    }
}

impl Pkcs11Signer {
    fn sign_in_module(&self, batch: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let round = ROUND.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut place = locked(&self.connected);
        if let Some(connected) = place.as_ref().filter(|connected| connected.round == *round)
            && let Ok(signatures) = self.sign_all(connected, batch)
        {
            return Ok(signatures);
        }
        // The session, the login or the token is gone: once more from the beginning.
        *place = None;
        let connected = self.connect(*round)?;
        let signatures = self.sign_all(&connected, batch)?;
        *place = Some(connected);
        Ok(signatures)
    }
}

/// What a module says whose token is not in reach.
const AWAY: [&str; 2] = ["signing_token_missing", "token_unavailable"];

/// Closes a module, so that the next signature loads and initialises it again. While another signer
/// is in a module it is left as it is; the next failure comes here again.
fn initialise_again(module: &Path) {
    let Ok(mut round) = ROUND.try_write() else { return };
    let loaded = locked(&LOADED).as_mut().and_then(|loaded| loaded.remove(module));
    if let Some(module) = loaded {
        *round += 1;
        if let Err(error) = module.finalize() {
            tracing::warn!(%error, "a PKCS#11 module could not be closed");
        }
    }
}

impl Signer for Pkcs11Signer {
    fn sign(&self, batch: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        match self.sign_in_module(batch) {
            Ok(signatures) => checked(&self.certificate, batch, signatures),
            Err(error) => {
                if AWAY.contains(&error.code()) {
                    initialise_again(&self.key.module);
                }
                Err(error)
            }
        }
    }

    fn certificate(&self) -> &SigningCertificate {
        &self.certificate
    }

    fn is_outside(&self) -> bool {
        true
    }
}

/// The module, loaded and initialised at its first use in this process.
fn module(key: &Pkcs11Key) -> Result<Pkcs11> {
    let mut loaded = locked(&LOADED);
    let loaded = loaded.get_or_insert_with(HashMap::new);
    if let Some(module) = loaded.get(&key.module) {
        return Ok(module.clone());
    }
    let unusable = |error: TokenError| {
        let detail = format!("{}: {error}", key.module.display());
        Error::invalid("module", "pkcs11_module_unusable", detail)
    };
    let module = Pkcs11::new(&key.module).map_err(unusable)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(unusable)?;
    loaded.insert(key.module.clone(), module.clone());
    Ok(module)
}

fn id_bytes(hex: &str) -> Result<Vec<u8>> {
    let unreadable = || Error::invalid("key_id", "token_key_id_unreadable", "expected hexadecimal digits");
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return Err(unreadable());
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_| unreadable()))
        .collect()
}

fn pin_wrong() -> Error {
    Error::conflict("token_pin_wrong", "the token refuses this PIN")
}

fn refused(error: &TokenError) -> Error {
    match error {
        TokenError::Pkcs11(RvError::PinIncorrect | RvError::PinExpired | RvError::PinLenRange, _) => {
            pin_wrong()
        }
        // Trying again would only come nearer to destroying the token.
        TokenError::Pkcs11(RvError::PinLocked, _) => {
            Error::conflict("token_pin_locked", "the token is locked after wrong PINs")
        }
        other => Error::busy("token_unavailable", 5, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::testing::signer;

    #[test]
    fn a_refused_pin_never_reaches_the_token_again() {
        let key = Pkcs11Key {
            module: "/nowhere.so".into(),
            token: "UBND".into(),
            key_label: None,
            key_id: None,
            digest_here: false,
        };
        let signer = Pkcs11Signer::new(key, SecretString::from("0000"), signer().certificate().clone());
        let code = || signer.sign(&[b"a"]).unwrap_err().code();
        assert_eq!(code(), "pkcs11_module_unusable", "the token is asked");
        signer.is_refused.store(true, Ordering::SeqCst);
        assert_eq!(code(), "token_pin_wrong");
    }

    #[test]
    fn what_a_token_refuses_is_told_by_what_can_be_done() {
        use cryptoki::context::Function;
        let code = |error: RvError| refused(&TokenError::Pkcs11(error, Function::Login)).code();
        for wrong in [RvError::PinIncorrect, RvError::PinExpired, RvError::PinLenRange] {
            assert_eq!(code(wrong), "token_pin_wrong");
        }
        assert_eq!(code(RvError::PinLocked), "token_pin_locked");
        assert_eq!(code(RvError::DeviceRemoved), "token_unavailable");
        assert!(refused(&TokenError::NotSupported).is_busy(), "it is tried again");
    }

    #[test]
    fn the_id_of_a_key_is_written_in_hexadecimal_digits() {
        assert_eq!(id_bytes("01aF").unwrap(), [0x01, 0xAF]);
        for id in ["0", "0g", "01a", "đ0", "0x01"] {
            assert_eq!(id_bytes(id).unwrap_err().code(), "token_key_id_unreadable", "{id}");
        }
    }
}
