//! Identifiers: `i64` newtypes, minted by the program, written as prefix + Crockford base32.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::error::{Error, Result};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 2025-01-01T00:00:00Z in milliseconds: the first instant an id can carry.
const EPOCH_MS: i64 = 1_735_689_600_000;
const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;
const COUNTER_LIMIT: i64 = 1 << COUNTER_BITS;

/// The number of nodes that can hold a lease at one time.
pub const NODE_LIMIT: i32 = 1 << NODE_BITS;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            pub const PREFIX: &'static str = $prefix;
        }

        impl From<i64> for $name {
            fn from(raw: i64) -> Self { $name(raw) }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self { id.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{self}") }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                decode(text, $prefix).map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn inline_schema() -> bool { true }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "pattern": concat!("^", $prefix, "[0-9a-hjkmnp-tv-z]{13}$"),
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|_| serde::de::Error::custom(concat!("expected an id beginning with ", $prefix)))
            }
        }
    )+};
}

ids! {
    /// A bank account of a unit.
    AccountId = "acc_",
    /// An alarm about a signing key.
    AlarmId = "alm_",
    AllocationId = "alc_",
    AuditId = "aud_",
    /// A batch of card payments, as the acquirer settles it.
    BatchId = "bat_",
    CertificateId = "crt_",
    /// A version of a rule that classifies statement lines.
    ClassRuleId = "crl_",
    ClaimId = "clm_",
    /// An API client or a person's access token.
    ClientId = "cli_",
    /// A secret shared with a partner that reports money.
    ChannelSecretId = "chs_",
    CorrectionId = "cor_",
    /// What somebody asked about their own data.
    DataRequestId = "drq_",
    DelegationId = "dlg_",
    EventId = "evt_",
    /// A revocation list or an answer about one certificate.
    EvidenceId = "evd_",
    ExceptionId = "exc_",
    /// A statement of a bank's file that was left out of it, by what names it.
    FilePartId = "fpt_",
    /// A form to the tax authority.
    FilingId = "fil_",
    /// Personal data that went where it should not have.
    IncidentId = "inc_",
    JobId = "job_",
    /// A data key: one per unit and year.
    KeyId = "key_",
    /// A letter that asks the bank about a line or a claim.
    LetterId = "ltr_",
    LineId = "lin_",
    /// A login of a person.
    LoginId = "lgn_",
    MatchId = "mat_",
    /// A message to a payer.
    MessageId = "msg_",
    MovementId = "mov_",
    ObligationId = "obl_",
    /// A pad of provisional slips.
    PadId = "pad_",
    PartyId = "pty_",
    PaymentId = "pay_",
    PersonId = "per_",
    /// A picture that a payer sent of their transfer.
    PictureId = "pic_",
    PostingId = "pst_",
    RawEventId = "raw_",
    ReceiptId = "rcp_",
    RefundId = "rfd_",
    /// A payer's wish to have surplus back.
    RefundRequestId = "rfq_",
    /// An accepted registration with the tax office.
    RegistrationId = "reg_",
    /// An order that hands money to the Treasury, or asks for it.
    RemittanceId = "rmt_",
    /// A request to open a closed day again.
    ReopeningId = "rop_",
    SeriesId = "ser_",
    /// What a gateway settles at once, by its report.
    SettlementId = "set_",
    SessionId = "ses_",
    ShiftId = "shf_",
    /// A slip with which cash is deposited at the bank.
    SlipId = "slp_",
    StatementId = "stm_",
    /// What was agreed with a gateway.
    TermsId = "gwt_",
    /// A message to the tax authority.
    TransmissionId = "trm_",
    TrustId = "tru_",
    UnitId = "unt_",
    /// A statement that the bank sent again with other lines.
    VersionId = "ver_",
    /// The numbers of virtual accounts under an account.
    VirtualRangeId = "vrg_",
}

impl UnitId {
    /// The city itself, reserved: it owns what no registered unit does, and whatever is one of a kind.
    pub const CITY: UnitId = UnitId(1);
}

/// Thirteen base32 digits: fixed width, so that text order is number order.
fn encode(raw: i64) -> String {
    let mut digits = [0_u8; 13];
    let mut rest = raw as u64;
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

fn decode(text: &str, prefix: &str) -> Result<i64> {
    let unreadable =
        || Error::invalid("id", "id_unreadable", format!("expected an id beginning with {prefix}"));
    let digits = text.strip_prefix(prefix).filter(|digits| digits.len() == 13).ok_or_else(unreadable)?;
    let mut raw: u64 = 0;
    for (index, byte) in digits.bytes().enumerate() {
        let value =
            ALPHABET.iter().position(|&known| known == byte.to_ascii_lowercase()).ok_or_else(unreadable)?;
        if index == 0 && value > 15 {
            return Err(unreadable());
        }
        raw = (raw << 5) | value as u64;
    }
    i64::try_from(raw).map_err(|_| unreadable())
}

/// Mints ids: 41 bits of milliseconds, 10 bits of node, 12 bits of counter.
///
/// The node is leased in the database together with `reserved_until_ms`: the generator never
/// mints past that mark and never goes back behind what it minted, so a clock that jumps back,
/// in this process or before its start, cannot mint an id twice.
pub struct Ids {
    state: Mutex<State>,
}

struct State {
    node: i64,
    last_ms: i64,
    counter: i64,
    reserved_until_ms: i64,
}

impl State {
    fn on(node: i32, start_ms: i64, reserved_until_ms: i64) -> State {
        assert!((0..NODE_LIMIT).contains(&node), "node {node} is out of range");
        State { node: i64::from(node), last_ms: start_ms, counter: COUNTER_LIMIT, reserved_until_ms }
    }
}

impl Ids {
    /// `start_ms` is the mark up to which an earlier holder of this node may have minted.
    pub fn new(node: i32, start_ms: i64, reserved_until_ms: i64) -> Self {
        Ids { state: Mutex::new(State::on(node, start_ms, reserved_until_ms)) }
    }

    /// A generator for tests and pure code: node 0, no reservation limit.
    pub fn seeded(start_ms: i64) -> Self {
        Ids::new(0, start_ms, i64::MAX)
    }

    /// The next id. `Busy` when the reservation is used up and could not be renewed.
    pub fn mint<T: From<i64>>(&self, now: Instant) -> Result<T> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let clock_ms = now.ms().max(EPOCH_MS);
        if clock_ms > state.last_ms {
            state.last_ms = clock_ms;
            state.counter = 0;
        } else if state.counter >= COUNTER_LIMIT {
            state.last_ms += 1;
            state.counter = 0;
        }
        if state.last_ms >= state.reserved_until_ms {
            return Err(Error::busy("node_lease_exhausted", 1, "the id reservation could not be renewed"));
        }
        let raw = ((state.last_ms - EPOCH_MS) << (NODE_BITS + COUNTER_BITS))
            | (state.node << COUNTER_BITS)
            | state.counter;
        state.counter += 1;
        Ok(T::from(raw))
    }

    /// Raises the reservation after the database has stored the new mark.
    pub fn reserve_until(&self, reserved_until_ms: i64) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.reserved_until_ms = state.reserved_until_ms.max(reserved_until_ms);
    }

    /// The mark before which ids may be minted now.
    pub fn reserved_until_ms(&self) -> i64 {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).reserved_until_ms
    }

    /// Goes on under another node, never behind what was minted under the one before.
    pub fn move_to(&self, node: i32, start_ms: i64, reserved_until_ms: i64) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *state = State::on(node, start_ms.max(state.last_ms), reserved_until_ms);
    }

    /// Ends minting under this node: its lease was given back, or lost to another process.
    pub fn revoke(&self) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.reserved_until_ms = 0;
    }

    /// The mark that the next id would carry, for renewing in time.
    pub fn position_ms(&self) -> i64 {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).last_ms
    }
}

/// The instant an id was minted at.
pub fn minted_at(raw: i64) -> Instant {
    Instant::from_ms((raw >> (NODE_BITS + COUNTER_BITS)) + EPOCH_MS)
}

/// The lowest number an id minted then or later can have.
pub fn first_minted_at(at: Instant) -> i64 {
    (at.ms().max(EPOCH_MS) - EPOCH_MS) << (NODE_BITS + COUNTER_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_ms(EPOCH_MS + ms)
    }

    #[test]
    fn ids_have_a_prefix_and_read_back() {
        let id: ObligationId = Ids::seeded(0).mint(at(1_000)).unwrap();
        let text = id.to_string();
        assert!(text.starts_with("obl_"), "{text}");
        assert_eq!(text.parse::<ObligationId>().unwrap(), id);
        assert_eq!(text.parse::<PaymentId>().unwrap_err().code(), "id_unreadable");
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn a_clock_set_back_mints_no_id_twice() {
        let ids = Ids::seeded(0);
        let mut seen = std::collections::HashSet::new();
        for ms in [5_000, 5_000, 4_000, 1, 5_001, 2] {
            for _ in 0..5_000 {
                assert!(seen.insert(ids.mint::<EventId>(at(ms)).unwrap()));
            }
        }
    }

    #[test]
    fn minting_stops_at_the_reservation_and_goes_on_when_it_is_raised() {
        let ids = Ids::new(7, EPOCH_MS, EPOCH_MS + 10);
        assert!(ids.mint::<EventId>(at(5)).is_ok());
        assert_eq!(ids.mint::<EventId>(at(10)).unwrap_err().code(), "node_lease_exhausted");
        ids.reserve_until(EPOCH_MS + 20);
        assert!(ids.mint::<EventId>(at(10)).is_ok());
    }

    #[test]
    fn under_another_node_ids_go_on_and_never_back() {
        let ids = Ids::new(7, EPOCH_MS, EPOCH_MS + 100);
        let before: EventId = ids.mint(at(50)).unwrap();
        ids.revoke();
        assert!(ids.mint::<EventId>(at(60)).is_err());
        ids.move_to(3, EPOCH_MS + 20, EPOCH_MS + 200);
        let after: EventId = ids.mint(at(40)).unwrap();
        assert!(after.0 > before.0, "its clock and the other node's mark are behind");
        assert_eq!((after.0 >> COUNTER_BITS) & i64::from(NODE_LIMIT - 1), 3);
    }

    #[test]
    fn two_nodes_never_mint_the_same_id() {
        let (a, b) = (Ids::new(1, 0, i64::MAX), Ids::new(2, 0, i64::MAX));
        assert_ne!(a.mint::<EventId>(at(1)).unwrap(), b.mint::<EventId>(at(1)).unwrap());
    }

    #[test]
    fn an_id_tells_when_it_was_minted() {
        let id: EventId = Ids::seeded(0).mint(at(123_456)).unwrap();
        assert_eq!(minted_at(id.0), at(123_456));
        assert!(first_minted_at(at(123_456)) <= id.0 && id.0 < first_minted_at(at(123_457)));
    }
}
