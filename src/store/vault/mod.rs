//! Columns that hold personal data: encrypted under a data key per unit and year, which is itself
//! wrapped by the master key. Destroying a data key erases everything under it.
//!
//! The master key can be changed (`rewrap`): data keys are wrapped anew, nothing encrypted under
//! them is touched. The key of the blind indexes comes from the first master key and is kept as a
//! data key of its own (`index`), so that what was indexed is found under every later one.

mod index;
mod rewrap;

use std::collections::HashMap;
use std::sync::RwLock;

use diesel::dsl::count_star;
use diesel::prelude::*;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use super::failure::Classify;
use super::schema::data_key;
use super::{Conn, Tx, rows};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{Ids, KeyId, UnitId};

const KEY_LEN: usize = 32;
/// The year under which a unit's lasting key is kept.
const NO_YEAR: i32 = 0;

/// A data key in the clear. It never leaves the process.
#[derive(Clone)]
pub struct DataKey {
    pub id: KeyId,
    key: LessSafeKey,
}

/// A key above all others.
struct Master {
    /// Names it without telling anything about it.
    id: String,
    key: LessSafeKey,
    /// What the blind indexes of an installation that began with it are keyed with.
    index: [u8; KEY_LEN],
}

impl Master {
    fn new(bytes: &[u8]) -> Result<Master> {
        let bad = || Error::invalid("vault.master_key", "master_key_unreadable", "expected 32 bytes");
        let unbound = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| bad())?;
        let derived = |what: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), what);
        let mut index = [0; KEY_LEN];
        index.copy_from_slice(derived(b"bienlai blind index v1").as_ref());
        let id = crate::text::hex(&derived(b"bienlai master key id v1").as_ref()[..8]);
        Ok(Master { id, key: LessSafeKey::new(unbound), index })
    }
}

/// Wraps, opens and remembers data keys; makes blind indexes for exact search.
pub struct Vault {
    master: Master,
    /// While the master key is changed, the other one; it opens and never wraps.
    second: Option<Master>,
    index_key: hmac::Key,
    random: SystemRandom,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    by_year: HashMap<(UnitId, i32), DataKey>,
    by_id: HashMap<(UnitId, KeyId), DataKey>,
    /// How many data keys of each unit were destroyed at the last look.
    destroyed: HashMap<UnitId, i64>,
    /// How often every key was forgotten.
    forgotten: u64,
}

/// What was known when the reading of a key began, and what its reader sees.
#[derive(Clone, Copy)]
struct Since {
    forgotten: u64,
    /// How many keys of the unit were destroyed, in the moment that the reader's transaction sees.
    destroyed: i64,
}

impl Known {
    /// Whether a key that was read may be remembered: not when keys were forgotten since, nor when its reader sees a
    /// moment before the last erasure of the unit. It may be the one that was destroyed.
    fn is_current(&self, unit: UnitId, since: Since) -> bool {
        self.forgotten == since.forgotten
            && self.destroyed.get(&unit).is_none_or(|destroyed| *destroyed <= since.destroyed)
    }
}

crate::table_row! {
    pub struct DataKeyRow in "data_key" {
        pub unit_id: UnitId,
        pub id: KeyId,
        pub year: i32,
        pub created_at: Instant,
        pub wrapped: Option<Vec<u8>>,
        pub destroyed_at: Option<Instant>,
        pub revision: i64,
        pub master_id: Option<String>,
    }
}

impl Vault {
    /// `master` is 32 bytes from the configuration, `second` the other one while it is changed.
    /// The index key is derived until `keep_index_key` says which one is kept.
    pub fn new(master: &[u8], second: Option<&[u8]>) -> Result<Self> {
        let master = Master::new(master)?;
        Ok(Vault {
            index_key: hmac::Key::new(hmac::HMAC_SHA256, &master.index),
            master,
            second: second.map(Master::new).transpose()?,
            random: SystemRandom::new(),
            known: RwLock::default(),
        })
    }

    /// A vault with a fixed key, for tests of pure code.
    #[expect(clippy::expect_used, reason = "a constant key")]
    pub fn for_tests() -> Self {
        Vault::new(&[7; KEY_LEN], None).expect("32 bytes are a key")
    }

    /// The key under which the unit's data of this year is written; made at first use.
    pub fn sealing_key(&self, tx: &mut Tx<'_>, unit: UnitId, now: Instant, ids: &Ids) -> Result<DataKey> {
        self.key_of_year(tx, unit, now.business_day().year(), now, ids)
    }

    /// The key for what belongs to no year and is never erased: signing keys, for one.
    pub fn lasting_key(&self, tx: &mut Tx<'_>, unit: UnitId, now: Instant, ids: &Ids) -> Result<DataKey> {
        self.key_of_year(tx, unit, NO_YEAR, now, ids)
    }

    fn key_of_year(
        &self,
        tx: &mut Tx<'_>,
        unit: UnitId,
        year: i32,
        now: Instant,
        ids: &Ids,
    ) -> Result<DataKey> {
        if let Some(key) = self.remembered(|known| known.by_year.get(&(unit, year)).cloned()) {
            return Ok(key);
        }
        if let Some(key) = self.load_by_year(tx, unit, year)? {
            return Ok(key);
        }
        let mut fresh = [0_u8; KEY_LEN];
        self.random.fill(&mut fresh).map_err(|_| Error::internal("no randomness"))?;
        let id: KeyId = ids.mint(now)?;
        let row = DataKeyRow {
            unit_id: unit,
            id,
            year,
            created_at: now,
            wrapped: Some(self.encrypt(&self.master.key, &wrap_context(unit, id), &fresh)?),
            destroyed_at: None,
            revision: 0,
            master_id: Some(self.master.id.clone()),
        };
        rows::insert_if_absent(tx, &[row], &["unit_id", "year"])?;
        // Remembered only from what is stored: a rolled back transaction must leave no key behind
        // that the next one would use without inserting it.
        self.load_by_year_unremembered(tx, unit, year)?
            .ok_or_else(|| Error::conflict("data_key_destroyed", "the data of this year was erased"))
    }

    /// Encrypts; `context` says what it is (table and row), so that ciphertexts cannot be swapped.
    pub fn seal(&self, key: &DataKey, context: &str, plaintext: &[u8]) -> Result<Vec<u8>> {
        self.encrypt(&key.key, context.as_bytes(), plaintext)
    }

    /// Decrypts what `seal` made. `erased` when its data key was destroyed.
    pub fn open(
        &self,
        conn: &mut Conn,
        unit: UnitId,
        key_id: KeyId,
        context: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.key_of(conn, unit, key_id)?;
        decrypt(&key.key, context.as_bytes(), sealed)
    }

    /// Encrypts under the data key that something is kept under already, so that it is erased with it. `erased`
    /// when the key was destroyed.
    pub fn reseal(
        &self,
        conn: &mut Conn,
        unit: UnitId,
        key_id: KeyId,
        context: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.key_of(conn, unit, key_id)?;
        self.encrypt(&key.key, context.as_bytes(), plaintext)
    }

    fn key_of(&self, conn: &mut Conn, unit: UnitId, key_id: KeyId) -> Result<DataKey> {
        match self.remembered(|known| known.by_id.get(&(unit, key_id)).cloned()) {
            Some(key) => Ok(key),
            None => self.load_by_id(conn, unit, key_id),
        }
    }

    /// The keyed hash under which a value is found again: equal values of one unit and kind give
    /// equal hashes, and nothing else can be learned without the key.
    pub fn blind(&self, unit: UnitId, kind: &str, value: &str) -> String {
        let tag = hmac::sign(&self.index_key, format!("{}\u{1f}{kind}\u{1f}{value}", unit.0).as_bytes());
        crate::text::hex(&tag.as_ref()[..16])
    }

    /// Forgets every key, so that a destroyed one is not used from memory.
    pub fn forget(&self) {
        let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.by_year.clear();
        known.by_id.clear();
        known.forgotten = known.forgotten.wrapping_add(1);
    }

    /// Forgets every key when some were destroyed since the last look: by another process, by a command, or by a
    /// transaction of this process beside which a key was read once more. Tells whether it did.
    pub fn forget_destroyed(&self, conn: &mut Conn) -> Result<bool> {
        let destroyed: Vec<(UnitId, i64)> = data_key::table
            .filter(data_key::destroyed_at.is_not_null())
            .group_by(data_key::unit_id)
            .select((data_key::unit_id, count_star()))
            .load(conn)
            .classify()?;
        let is_news = self.learn(destroyed.into_iter().collect());
        if is_news {
            self.forget();
        }
        Ok(is_news)
    }

    fn learn(&self, destroyed: HashMap<UnitId, i64>) -> bool {
        let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let is_news = known.destroyed != destroyed;
        known.destroyed = destroyed;
        is_news
    }

    /// Asked before a key is read.
    fn since(&self, conn: &mut Conn, unit: UnitId) -> Result<Since> {
        let forgotten = self.remembered(|known| known.forgotten);
        let of_unit = data_key::table.filter(data_key::unit_id.eq(unit));
        let destroyed =
            of_unit.filter(data_key::destroyed_at.is_not_null()).count().get_result(conn).classify()?;
        Ok(Since { forgotten, destroyed })
    }

    fn remember(&self, unit: UnitId, year: Option<i32>, key: &DataKey, since: Since) {
        let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !known.is_current(unit, since) {
            return;
        }
        if let Some(year) = year {
            known.by_year.insert((unit, year), key.clone());
        }
        known.by_id.insert((unit, key.id), key.clone());
    }

    fn remembered<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    fn load_by_year(&self, conn: &mut Conn, unit: UnitId, year: i32) -> Result<Option<DataKey>> {
        let since = self.since(conn, unit)?;
        let key = self.load_by_year_unremembered(conn, unit, year)?;
        if let Some(key) = &key {
            self.remember(unit, Some(year), key, since);
        }
        Ok(key)
    }

    fn load_by_year_unremembered(&self, conn: &mut Conn, unit: UnitId, year: i32) -> Result<Option<DataKey>> {
        let row: Option<(KeyId, Option<Vec<u8>>)> = data_key::table
            .filter(data_key::unit_id.eq(unit))
            .filter(data_key::year.eq(year))
            .select((data_key::id, data_key::wrapped))
            .first(conn)
            .optional()
            .classify()?;
        match row {
            Some((id, Some(wrapped))) => self.unwrap_key(unit, id, &wrapped).map(Some),
            Some((_, None)) => Err(Error::conflict("data_key_destroyed", "the data of this year was erased")),
            None => Ok(None),
        }
    }

    fn load_by_id(&self, conn: &mut Conn, unit: UnitId, id: KeyId) -> Result<DataKey> {
        let since = self.since(conn, unit)?;
        let wrapped: Option<Vec<u8>> = data_key::table
            .find((unit, id))
            .select(data_key::wrapped)
            .first(conn)
            .optional()
            .classify()?
            .flatten();
        let wrapped = wrapped.ok_or_else(|| Error::not_found("erased", "this personal data was erased"))?;
        let key = self.unwrap_key(unit, id, &wrapped)?;
        self.remember(unit, None, &key, since);
        Ok(key)
    }

    fn unwrap_key(&self, unit: UnitId, id: KeyId, wrapped: &[u8]) -> Result<DataKey> {
        let raw = self.unwrapped(unit, id, wrapped)?;
        let key =
            UnboundKey::new(&AES_256_GCM, &raw).map_err(|_| Error::internal("data key of wrong length"))?;
        Ok(DataKey { id, key: LessSafeKey::new(key) })
    }

    /// The bytes of a data key, by whichever master key opens it.
    fn unwrapped(&self, unit: UnitId, id: KeyId, wrapped: &[u8]) -> Result<Vec<u8>> {
        let context = wrap_context(unit, id);
        let open = |master: &Master| decrypt(&master.key, &context, wrapped).ok();
        open(&self.master).or_else(|| self.second.as_ref().and_then(open)).ok_or_else(master_key_wrong)
    }

    fn encrypt(&self, key: &LessSafeKey, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| Error::internal("no randomness"))?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut sealed[NONCE_LEN..],
            )
            .map_err(|_| Error::internal("encryption failed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }
}

#[track_caller]
fn master_key_wrong() -> Error {
    Error::conflict("master_key_wrong", "no configured master key opens a data key of this database")
}

fn wrap_context(unit: UnitId, id: KeyId) -> Vec<u8> {
    format!("data_key\u{1f}{}\u{1f}{}", unit.0, id.0).into_bytes()
}

fn decrypt(key: &LessSafeKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let broken = || Error::internal("an encrypted column does not open: wrong master key or damaged row");
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut opened = rest.to_vec();
    let plain_len = key.open_in_place(nonce, Aad::from(context), &mut opened).map_err(|_| broken())?.len();
    opened.truncate(plain_len);
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ciphertext_opens_only_in_its_own_place() {
        let vault = Vault::for_tests();
        let master = &vault.master.key;
        let sealed = vault.encrypt(master, b"party/1", "Nguyễn".as_bytes()).unwrap();
        assert_eq!(decrypt(master, b"party/1", &sealed).unwrap(), "Nguyễn".as_bytes());
        assert!(decrypt(master, b"party/2", &sealed).is_err());
        assert!(decrypt(master, b"party/1", &sealed[..5]).is_err());
    }

    #[test]
    fn what_the_second_master_key_wrapped_opens_and_what_a_third_did_is_told() {
        let (unit, id) = (UnitId(3), KeyId(5));
        let wrapped = {
            let old = Vault::new(&[1; KEY_LEN], None).unwrap();
            old.encrypt(&old.master.key, &wrap_context(unit, id), &[9; KEY_LEN]).unwrap()
        };
        let both = Vault::new(&[2; KEY_LEN], Some(&[1; KEY_LEN])).unwrap();
        assert_eq!(both.unwrapped(unit, id, &wrapped).unwrap(), [9; KEY_LEN]);
        let other = Vault::new(&[2; KEY_LEN], Some(&[3; KEY_LEN])).unwrap();
        assert_eq!(other.unwrapped(unit, id, &wrapped).unwrap_err().code(), "master_key_wrong");
        assert_ne!(both.master.id, other.second.unwrap().id);
    }

    #[test]
    fn a_key_that_was_read_before_an_erasure_is_not_remembered_after_it() {
        let (vault, unit, other) = (Vault::for_tests(), UnitId(3), UnitId(4));
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[9; KEY_LEN]).unwrap());
        let key = DataKey { id: KeyId(5), key };
        let is_remembered = |unit| vault.remembered(|known| known.by_id.contains_key(&(unit, key.id)));
        let before = Since { forgotten: 0, destroyed: 0 };
        vault.remember(unit, Some(2026), &key, before);
        assert!(is_remembered(unit));
        vault.forget();
        vault.remember(unit, Some(2026), &key, before);
        assert!(!is_remembered(unit), "it was read before the forgetting");
        assert!(vault.learn(HashMap::from([(unit, 1)])));
        vault.remember(unit, None, &key, Since { forgotten: 1, destroyed: 0 });
        assert!(!is_remembered(unit), "a long report sees the books as they were before the erasure");
        vault.remember(other, None, &key, Since { forgotten: 1, destroyed: 0 });
        vault.remember(unit, None, &key, Since { forgotten: 1, destroyed: 1 });
        assert!(is_remembered(unit) && is_remembered(other));
        assert!(!vault.learn(HashMap::from([(unit, 1)])), "nothing was destroyed since");
    }

    #[test]
    fn blind_indexes_are_equal_within_a_unit_only() {
        let vault = Vault::for_tests();
        let blind = |unit, value| vault.blind(UnitId(unit), "phone", value);
        assert_eq!(blind(1, "0900000001"), blind(1, "0900000001"));
        assert_ne!(blind(1, "0900000001"), blind(2, "0900000001"));
        assert_ne!(blind(1, "0900000001"), blind(1, "0900000002"));
    }
}
