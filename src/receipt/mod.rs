//! Receipts of fees and charges: content, legal profile, the signed XML document and its strict
//! verifier. The pure half of the room knows no database and no clock.

pub mod cancel;
pub mod certificate;
pub mod content;
pub mod evidence;
pub mod issue;
pub mod key;
pub mod lookup;
pub mod pattern;
pub mod profile;
pub mod query;
pub mod seal;
pub mod sign;
pub mod signer;
#[cfg(test)]
pub(crate) mod testing;
pub mod verify;
pub mod xml;

pub use content::{Content, Numbering};
pub use lookup::LookupCode;
pub use profile::Profile;
pub use verify::{Report, TrustStore};
