//! The schemas of what is sent to the tax authority. A form is judged before it is stored and again
//! with its signature, a message before it goes into the ledger: what they refuse is not sent.

use std::sync::LazyLock;

use super::form::{notice, registration, usage};
use crate::error::{Error, Result};
use crate::receipt::frame::Frame;
use crate::receipt::schema::{Compiled, Schema, framed};

/// The root of the envelope.
const MESSAGE: &str = "TDiep";

/// A schema by the form's name, or the envelope's root, and the `PBan` it holds for. 01/ĐK-BL, the registration
/// of before 2.1.0, has none: its tables could not be read.
const SHIPPED: [(&str, &str, &str); 13] = [
    (registration::FORM, "2.1.0", include_str!("../../xsd/registration/2.1.0.xsd")),
    (registration::FORM, "2.1.1", include_str!("../../xsd/registration/2.1.1.xsd")),
    (usage::FORM, "2.0.0", include_str!("../../xsd/usage_report/2.0.0.xsd")),
    (usage::FORM, "2.1.0", include_str!("../../xsd/usage_report/2.1.0.xsd")),
    (usage::FORM, "2.1.1", include_str!("../../xsd/usage_report/2.1.1.xsd")),
    (notice::RECEIPT_FORM, "2.1.0", include_str!("../../xsd/receipt_notice/2.1.0.xsd")),
    (notice::RECEIPT_FORM, "2.1.1", include_str!("../../xsd/receipt_notice/2.1.1.xsd")),
    (notice::INVOICE_FORM, "2.0.0", include_str!("../../xsd/invoice_notice/2.0.0.xsd")),
    (notice::INVOICE_FORM, "2.1.0", include_str!("../../xsd/invoice_notice/2.1.0.xsd")),
    (notice::INVOICE_FORM, "2.1.1", include_str!("../../xsd/invoice_notice/2.1.1.xsd")),
    (MESSAGE, "2.0.0", include_str!("../../xsd/message/2.0.0.xsd")),
    (MESSAGE, "2.1.0", include_str!("../../xsd/message/2.1.0.xsd")),
    (MESSAGE, "2.1.1", include_str!("../../xsd/message/2.1.1.xsd")),
];

type Compilation = std::result::Result<Compiled, String>;

static COMPILED: LazyLock<Vec<Compilation>> = LazyLock::new(|| {
    let compiled =
        |(name, version, text): (&str, &str, &str)| Compiled::of(&format!("{name} {version}"), text);
    SHIPPED.into_iter().map(compiled).collect()
});

/// Judges a form that is not signed yet, in the frame it will stand in.
///
/// # Errors
/// `form_off_schema` with constraint and place, never a value; `form_schema_unknown`.
pub(super) fn check_body(form: &str, version: &str, body: &[u8]) -> Result<()> {
    let schema = of(form, version)?;
    let text = std::str::from_utf8(body).map_err(|_| off_schema("not UTF-8"))?;
    let (frame, _) = Frame::of_body(text).ok_or_else(|| off_schema("an unknown body"))?;
    judged(schema, framed(frame, text).as_bytes())
}

/// Judges a signed form.
///
/// # Errors
/// As `check_body`.
pub(super) fn check_document(form: &str, version: &str, document: &[u8]) -> Result<()> {
    judged(of(form, version)?, document)
}

/// Judges the envelope of a data version; what it carries was judged by itself.
///
/// # Errors
/// As `check_body`.
pub(super) fn check_message(version: &str, message: &[u8]) -> Result<()> {
    judged(of(MESSAGE, version)?, message)
}

fn of(name: &str, version: &str) -> Result<&'static dyn Schema> {
    let found = SHIPPED.iter().position(|(known, its_version, _)| *known == name && *its_version == version);
    match found.and_then(|at| COMPILED.get(at)) {
        Some(Ok(schema)) => Ok(schema),
        Some(Err(fault)) => Err(Error::internal(format!("a shipped schema: {fault}"))),
        None => {
            let detail = format!("no schema for {name} {version}");
            Err(Error::invalid("form", "form_schema_unknown", detail))
        }
    }
}

fn judged(schema: &dyn Schema, document: &[u8]) -> Result<()> {
    schema.check(document).map_err(|error| match error.is_internal() {
        true => error,
        false => off_schema(error.detail()),
    })
}

#[track_caller]
fn off_schema(detail: &str) -> Error {
    Error::invalid("form", "form_off_schema", detail)
}
