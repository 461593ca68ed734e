//! The schemas of what is sent to the tax authority. A form is judged before it is stored and again
//! with its signature, a message before it goes into the ledger: what they refuse is not sent.

use std::sync::LazyLock;

use super::form::{notice, registration, usage};
use crate::error::{Error, Result};
use crate::receipt::frame::Frame;
use crate::receipt::schema::{Compiled, Schema, framed};

/// A schema by the form's name and the versions of `PBan` it holds for.
struct Shipped {
    form: &'static str,
    versions: &'static [&'static str],
    text: &'static str,
}

const FORMS: [Shipped; 5] = [
    Shipped {
        form: registration::FORM,
        versions: &["2.1.0", "2.1.1"],
        text: include_str!("../../xsd/registration/2.1.0.xsd"),
    },
    Shipped {
        form: usage::FORM,
        versions: &["2.0.0", "2.1.0", "2.1.1"],
        text: include_str!("../../xsd/usage_report/2.1.0.xsd"),
    },
    Shipped {
        form: notice::RECEIPT_FORM,
        versions: &["2.1.0", "2.1.1"],
        text: include_str!("../../xsd/receipt_notice/2.1.0.xsd"),
    },
    Shipped {
        form: notice::INVOICE_FORM,
        versions: &["2.0.0", "2.0.1"],
        text: include_str!("../../xsd/invoice_notice/2.0.0.xsd"),
    },
    Shipped {
        form: notice::INVOICE_FORM,
        versions: &["2.1.0", "2.1.1"],
        text: include_str!("../../xsd/invoice_notice/2.1.0.xsd"),
    },
];

type Compilation = std::result::Result<Compiled, String>;

static COMPILED: LazyLock<Vec<Compilation>> =
    LazyLock::new(|| FORMS.iter().map(|shipped| Compiled::of(shipped.form, shipped.text)).collect());

static MESSAGE: LazyLock<Compilation> =
    LazyLock::new(|| Compiled::of("TDiep", include_str!("../../xsd/message/2.1.0.xsd")));

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

/// Judges the envelope; what it carries was judged by itself.
///
/// # Errors
/// `form_off_schema`.
pub(super) fn check_message(message: &[u8]) -> Result<()> {
    judged(usable(&MESSAGE)?, message)
}

fn of(form: &str, version: &str) -> Result<&'static dyn Schema> {
    let found = FORMS.iter().position(|known| known.form == form && known.versions.contains(&version));
    match found.and_then(|at| COMPILED.get(at)) {
        Some(compiled) => usable(compiled),
        None => {
            let detail = format!("no schema for {form} {version}");
            Err(Error::invalid("form", "form_schema_unknown", detail))
        }
    }
}

fn usable(compiled: &'static Compilation) -> Result<&'static dyn Schema> {
    match compiled {
        Ok(schema) => Ok(schema),
        Err(fault) => Err(Error::internal(format!("a shipped schema: {fault}"))),
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
