//! The rendition (bản thể hiện) of a signed document: a PDF/A-3a and PDF/UA-1 page in the layout
//! officials know, with the signed XML attached as its source.
//!
//! It is made from the signed bytes alone, so it shows what was signed; only the standing (has the
//! document been replaced since?) and the address of the public page come from outside. The same
//! three give the same bytes. Whether the bytes are intact is the caller's to know: those in the
//! store were sealed here, a file from elsewhere is verified first.
//!
//! Content: Decree 123/2020/NĐ-CP art. 32 and 33.3 (complete, not misleading); the layout follows
//! reference form 06 of Circular 32/2025/TT-BTC, which binds nobody.

pub mod cache;
mod form;
pub mod print;
mod query;
mod reading;
#[cfg(test)]
mod tests;
pub mod wording;

use ring::digest::{SHA256, digest};

use crate::clock::BusinessDay;
use crate::error::Result;
use crate::pdf::{Attachment, Description};
use crate::receipt::profile;
use crate::text;
use reading::Printed;

/// A layout of the pages. The profile of a document's day of issue names one, and what was issued under it
/// is drawn by it for ever: pages that are to look otherwise are a new layout here, with its own drawing, and
/// a profile (or the next law's) that names it. A test holds each layout to its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    First,
}

impl Layout {
    pub fn of(number: u32) -> Option<Layout> {
        match number {
            1 => Some(Layout::First),
            _ => None,
        }
    }

    /// The layout of a day of issue, as documents write days; of the newest profile when the text is no day.
    fn on(issued_on: &str) -> Layout {
        let profile = issued_on.parse().map_or_else(|_| profile::newest(), profile::for_day);
        Layout::of(profile.page_layout.value).unwrap_or(Layout::First)
    }

    /// Goes into what identifies a page.
    fn version(self) -> &'static str {
        match self {
            Layout::First => "3",
        }
    }
}

/// Whether this program draws the layout of this number.
pub fn is_layout(number: u32) -> bool {
    Layout::of(number).is_some()
}

/// What has become of a document since it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Valid,
    /// It stands, and the tax authority was told of its wrong name or address.
    Noticed(Notice),
    /// Nobody confirmed who signed it: drawn from a file of which only that is known.
    Unconfirmed,
    /// By these, when they are known.
    Replaced(Vec<Reference>),
    Adjusted(Vec<Reference>),
    Cancelled,
}

/// A notice to the tax authority (04/SS) about a document's name or address, for which no number was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub form: String,
    pub made_on: BusinessDay,
}

/// Another document, as documents name each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub template: String,
    pub series: String,
    pub number: i64,
    pub issued_on: BusinessDay,
}

/// Where a document is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// How the service is reached from outside, without a slash at the end. Without it the page
    /// has no QR code.
    pub public_url: Option<String>,
}

impl Links {
    pub fn to(public_url: &str) -> Links {
        Links { public_url: Some(public_url.to_owned()) }
    }

    fn page(&self, lookup_code: &str) -> Option<String> {
        self.public_url.as_ref().map(|url| format!("{url}/r/{lookup_code}"))
    }
}

/// Renders a signed document: a receipt (`BLai`) or an invoice (`HDon`), bare or in an envelope.
///
/// # Errors
/// `rendition_unreadable` when the bytes are no such document.
pub fn render(document: &[u8], standing: &Standing, links: &Links) -> Result<Vec<u8>> {
    let printed = reading::read(document)?;
    let layout = Layout::on(&printed.issued_on);
    let sheet = match layout {
        Layout::First => form::lay_out(&printed, standing, links),
    };
    let title = printed.name();
    let name = format!("{}.xml", printed.file_name());
    let description = Description {
        title: &title,
        author: &printed.issuer.name,
        id: &identifier(layout, document, standing, links),
        made_at: printed.made_at(),
        attachment: Attachment {
            name: &name,
            description: "Bản gốc có chữ ký số (XML) / the signed original",
            bytes: document,
        },
        watermark: wording::watermark(standing),
    };
    sheet.finish(&form::page_texts(&printed, false).as_furniture(), &description)
}

/// Whether its issuer's certificate is one for trials, which a page about it says as its rendition does.
pub fn is_for_trial(document: &[u8]) -> bool {
    let printed = reading::read(document);
    printed.is_ok_and(|printed| printed.signatures.first().is_some_and(|signature| signature.is_test))
}

/// The name under which a rendition is saved, without its ending.
///
/// # Errors
/// As `render`.
pub fn file_name(document: &[u8]) -> Result<String> {
    reading::read(document).map(|printed: Printed| printed.file_name())
}

/// The same three things have the same identifier, and others another.
fn identifier(layout: Layout, document: &[u8], standing: &Standing, links: &Links) -> String {
    let version = layout.version();
    let rest = format!("{version}|{standing:?}|{links:?}");
    let parts = [digest(&SHA256, document), digest(&SHA256, rest.as_bytes())];
    text::hex(digest(&SHA256, &[parts[0].as_ref(), parts[1].as_ref()].concat()).as_ref())
}
