//! Receipts of fees and charges, and their sibling, invoices: content, legal profile, the signed XML
//! document and its strict verifier. The pure half of the room knows no database and no clock.

pub mod attest;
pub mod cancel;
pub mod certificate;
pub mod content;
pub mod document;
pub mod evidence;
mod field;
pub mod format;
pub mod frame;
pub mod invoice;
pub mod issue;
pub mod key;
mod keyring;
pub mod kind;
pub mod lookup;
mod many_query;
pub mod markup;
pub mod naming;
pub mod numbers_query;
pub mod pattern;
pub mod printed;
pub mod profile;
pub mod query;
pub mod recorded;
pub mod relation;
pub mod relation_query;
pub mod rendition;
pub mod repeated;
pub mod schema;
pub mod seal;
mod shelf;
pub mod sign;
pub mod signer;
#[cfg(test)]
pub(crate) mod testing;
pub mod verify;
mod waiting_query;
mod writer;
pub mod xml;

pub use content::{Content, Numbering};
pub use document::Document;
pub use kind::DocumentKind;
pub use lookup::LookupCode;
pub use profile::Profile;
pub use verify::{Report, TrustStore};
