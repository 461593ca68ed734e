//! Validation against the schemas of our documents (`xsd/`), which ship with the program and are
//! compiled once.
//!
//! It is asked when an obligation is raised, with a number that is never issued; settling trusts the
//! rules in code, so that no schema stands in the way of money.

use std::sync::{LazyLock, Mutex};

use xsd_schema::validation::{CollectingValidationSink, SchemaValidator, ValidationFlags, drive_quick_xml};
use xsd_schema::{SchemaSet, load_and_process_schema};

use super::frame::Frame;
use super::sign::{DECLARATION, DSIG};
use crate::error::{Error, Result};

/// A schema by its frame's root and the document's `PBan`.
pub const SHIPPED: [(&str, &str, &str); 4] = [
    ("BLai", "BL-1.0", include_str!("../../xsd/receipt/BL-1.0.xsd")),
    ("HDon", "2.0.0", include_str!("../../xsd/invoice/2.0.0.xsd")),
    ("HDon", "2.1.0", include_str!("../../xsd/invoice/2.1.0.xsd")),
    ("HDon", "2.1.1", include_str!("../../xsd/invoice/2.1.1.xsd")),
];

/// Judges whole documents by one schema.
pub trait Schema: Send + Sync {
    /// Ok, or the constraint that was broken and where, without the values of the document.
    ///
    /// # Errors
    /// `document_off_schema`.
    fn check(&self, document: &[u8]) -> Result<()>;
}

/// A schema compiled by the crate `xsd-schema`. It keeps names in a table without locks, so one
/// document is judged at a time.
pub(crate) struct Compiled(Mutex<SchemaSet>);

impl Compiled {
    /// # Errors
    /// What is wrong with the schema, for whoever writes it.
    pub(crate) fn of(name: &str, text: &str) -> std::result::Result<Compiled, String> {
        let mut set = SchemaSet::new();
        load_and_process_schema(text.as_bytes(), name, &mut set, None)
            .map_err(|error| format!("{name}: {error}"))?;
        Ok(Compiled(Mutex::new(set)))
    }
}

#[track_caller]
fn off_schema(detail: impl Into<String>) -> Error {
    Error::invalid("document", "document_off_schema", detail)
}

impl Schema for Compiled {
    fn check(&self, document: &[u8]) -> Result<()> {
        if document.windows(9).any(|window| window.eq_ignore_ascii_case(b"<!DOCTYPE")) {
            return Err(off_schema("a document type declaration"));
        }
        let set = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let flags = ValidationFlags::default() & !ValidationFlags::BUILD_PSVI_TYPED_VALUES;
        let validator = SchemaValidator::new(&set, flags);
        let sink = CollectingValidationSink { errors: &mut errors, warnings: &mut warnings };
        let mut run = validator.start_run(sink);
        let outcome = drive_quick_xml(document, &mut run, &set);
        drop(run);
        if let Some(first) = errors.first() {
            let place = first.element_path().map(|path| path.to_string()).unwrap_or_default();
            return Err(off_schema(format!("{} at {place}", first.constraint)));
        }
        match outcome {
            Ok(outcome) if outcome.root_validity.is_some() => Ok(()),
            Ok(_) => Err(off_schema("no element")),
            Err(_) => Err(off_schema("not well-formed")),
        }
    }
}

type All = Vec<(&'static str, &'static str, Compiled)>;

static COMPILED: LazyLock<std::result::Result<All, String>> = LazyLock::new(|| {
    let compiled = |(root, version, text): (&'static str, &'static str, &str)| {
        Compiled::of(&format!("{root} {version}"), text).map(|schema| (root, version, schema))
    };
    SHIPPED.into_iter().map(compiled).collect()
});

/// The schema of a document by its root and version.
///
/// # Errors
/// `document_schema_unknown`; `Internal` when a shipped schema is faulty.
pub fn schema(root: &str, version: &str) -> Result<&'static dyn Schema> {
    let all = COMPILED.as_ref().map_err(|fault| Error::internal(format!("a shipped schema: {fault}")))?;
    all.iter()
        .find(|(known, its_version, _)| *known == root && *its_version == version)
        .map(|(_, _, schema)| schema as &dyn Schema)
        .ok_or_else(|| {
            let detail = format!("no schema for {root} {version}");
            Error::invalid("document", "document_schema_unknown", detail)
        })
}

/// Whether a schema of such documents ships with the program.
pub fn is_shipped(root: &str, version: &str) -> bool {
    SHIPPED.iter().any(|(known, its_version, _)| *known == root && *its_version == version)
}

/// Judges a body that is not signed yet, in the frame it will stand in.
///
/// # Errors
/// As `Schema::check`; a body of a format without schema is not judged.
pub fn check_body(body: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(body).map_err(|_| off_schema("not UTF-8"))?;
    let (frame, _) = Frame::of_body(text).ok_or_else(|| off_schema("an unknown body"))?;
    let Some(version) = version(text) else { return Err(off_schema("no PBan")) };
    schema(frame.root, version)?.check(framed(frame, text).as_bytes())
}

fn version(text: &str) -> Option<&str> {
    Some(text.split_once("<PBan>")?.1.split_once("</PBan>")?.0)
}

/// The document around a body, with an empty signature in the signature's place.
pub fn framed(frame: Frame, body: &str) -> String {
    let Frame { root, holder, .. } = frame;
    format!(
        "{DECLARATION}<{root}>{body}<DSCKS><{holder}><Signature xmlns=\"{DSIG}\"></Signature></{holder}></DSCKS></{root}>"
    )
}

#[cfg(test)]
pub(crate) mod tests;
