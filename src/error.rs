//! One error type for the whole program.
//!
//! Its kinds are named by what the caller can do about them. A `code` is a stable word from
//! `errors.toml` that programs may rely on; the words for people are looked up there.

use std::fmt;
use std::panic::Location;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Correct the named field and send again.
    Invalid { field: String },
    /// Nothing by that name is visible to the caller.
    NotFound,
    /// The thing exists, but its state or an earlier request forbids this.
    Conflict,
    /// Known caller, not allowed.
    Forbidden,
    /// Say who you are.
    Unauthenticated,
    /// Send less.
    TooLarge,
    /// Send the same again after a moment.
    Busy { retry_after_s: u32 },
    /// A fault of ours; details are in the log only.
    Internal,
}

/// An error with its stable code, where it was raised and what it was about.
///
/// `detail` is shown to the caller (except for `Internal`) and must hold no personal data.
#[derive(Clone)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    detail: String,
    raised_at: &'static Location<'static>,
}

impl Error {
    #[track_caller]
    fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Error { kind, code, detail: detail.into(), raised_at: Location::caller() }
    }

    #[track_caller]
    pub fn invalid(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid { field: field.into() }, code, detail)
    }

    #[track_caller]
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, code, detail)
    }

    #[track_caller]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, detail)
    }

    #[track_caller]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, code, detail)
    }

    #[track_caller]
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Unauthenticated, code, detail)
    }

    #[track_caller]
    pub fn too_large(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::TooLarge, code, detail)
    }

    #[track_caller]
    pub fn busy(code: &'static str, retry_after_s: u32, detail: impl Into<String>) -> Self {
        Self::new(Kind::Busy { retry_after_s }, code, detail)
    }

    #[track_caller]
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(Kind::Internal, "internal", detail)
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    pub fn code(&self) -> &'static str {
        self.code
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub fn raised_at(&self) -> &'static Location<'static> {
        self.raised_at
    }

    pub fn is_busy(&self) -> bool {
        matches!(self.kind, Kind::Busy { .. })
    }

    pub fn is_internal(&self) -> bool {
        matches!(self.kind, Kind::Internal)
    }

    /// The same error, told of another field: used where a list element fails.
    pub fn in_field(mut self, outer: &str) -> Self {
        if let Kind::Invalid { field } = &mut self.kind {
            *field = format!("{outer}.{field}");
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Invalid { field } => write!(f, "{field}: {} ({})", self.detail, self.code),
            _ => write!(f, "{} ({})", self.detail, self.code),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{:?} at {}:{}]", self.kind, self.raised_at.file(), self.raised_at.line())
    }
}

impl std::error::Error for Error {}

/// Does work whose break-off, over a sum that does not fit or a fault of a library, is an error like any other. What
/// it left half done is undone as after any error; where it broke off, the log says by itself.
///
/// # Errors
/// Those of the work; internal when it broke off.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::internal("the work broke off")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_field_code_and_place() {
        let error =
            Error::invalid("quantity", "quantity_not_positive", "must be above zero").in_field("lines[2]");
        assert_eq!(error.to_string(), "lines[2].quantity: must be above zero (quantity_not_positive)");
        assert!(format!("{error:?}").contains("src/error.rs"));
    }

    #[test]
    fn work_that_breaks_off_is_a_fault_of_ours_and_no_end() {
        let of = |number: Option<i64>| caught(|| Ok(number.unwrap()));
        assert!(of(None).unwrap_err().is_internal());
        assert_eq!(of(Some(1)).unwrap(), 1);
        let refused = caught(|| Err::<(), _>(Error::not_found("unit_not_found", "none")));
        assert_eq!(refused.unwrap_err().code(), "unit_not_found");
    }
}
