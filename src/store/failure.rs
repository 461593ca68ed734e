//! What a database error means for the caller, the same on both products.
//!
//! diesel shows no SQLSTATE, so one tested function reads its kinds and, where those say too
//! little, the English message (connections set `lc_messages = 'C'`).

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::{Error, Result};

/// The transaction may be tried again as a whole: deadlock, lock timeout, lost race.
pub const RETRY: &str = "store_contended";
/// The database is gone, full, read-only or out of resources: 503, never bisected.
pub const UNAVAILABLE: &str = "store_unavailable";
pub const UNIQUE: &str = "unique_violation";
pub const CHECK: &str = "check_violation";
pub const FOREIGN_KEY: &str = "foreign_key_violation";
pub const NOT_NULL: &str = "not_null_violation";
/// A fact was to be changed or deleted.
pub const APPEND_ONLY: &str = "append_only";
/// The database role or row-level security refused.
pub const DENIED: &str = "store_denied";

/// A text holds what no document and no database can: NUL, or another control character.
pub const TEXT_NOT_ALLOWED: &str = "text_not_allowed";

/// Turns a diesel error into ours.
#[track_caller]
pub fn classify(error: DieselError) -> Error {
    match error {
        DieselError::NotFound => Error::not_found("row_not_found", "no such row"),
        DieselError::DatabaseError(kind, info) => by_kind(kind, info.message()),
        DieselError::BrokenTransactionManager | DieselError::AlreadyInTransaction => {
            Error::internal(format!("transaction state: {error}"))
        }
        other => by_message(&other.to_string()),
    }
}

#[track_caller]
fn by_kind(kind: DatabaseErrorKind, message: &str) -> Error {
    match kind {
        DatabaseErrorKind::UniqueViolation => Error::conflict(UNIQUE, message),
        DatabaseErrorKind::ForeignKeyViolation => Error::conflict(FOREIGN_KEY, message),
        DatabaseErrorKind::NotNullViolation => Error::conflict(NOT_NULL, message),
        DatabaseErrorKind::CheckViolation => Error::conflict(CHECK, message),
        DatabaseErrorKind::SerializationFailure => Error::busy(RETRY, 1, message),
        DatabaseErrorKind::ReadOnlyTransaction | DatabaseErrorKind::ClosedConnection => {
            Error::busy(UNAVAILABLE, 2, message)
        }
        _ => by_message(message),
    }
}

#[track_caller]
fn by_message(message: &str) -> Error {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["append_only:", "revision_stood_still:"]) {
        return Error::conflict(APPEND_ONLY, message);
    }
    if has(&["second_person:"]) {
        return Error::conflict(CHECK, message);
    }
    if has(&[
        "deadlock detected",
        "lock timeout",
        "could not serialize",
        "database is locked",
        "database table is locked",
    ]) {
        return Error::busy(RETRY, 1, message);
    }
    if has(&["invalid byte sequence for encoding"]) {
        return Error::invalid("text", TEXT_NOT_ALLOWED, "a text holds a character that cannot be stored");
    }
    if has(&["row-level security", "permission denied"]) {
        return Error::forbidden(DENIED, message);
    }
    if has(&[
        "server closed the connection",
        "terminating connection",
        "the database system is",
        "could not connect",
        "connection to server",
        "no connection to the server",
        "could not receive data",
        "could not send data",
        "SSL connection has been closed",
        "Connection refused",
        "disk is full",
        "disk I/O error",
        "No space left",
        "could not extend file",
        "could not write",
        "readonly database",
        "read-only",
        "unable to open database file",
        "out of memory",
        "out of shared memory",
        "too many clients",
        "remaining connection slots",
        "statement timeout",
        "timed out waiting for connection",
    ]) {
        return Error::busy(UNAVAILABLE, 2, message);
    }
    Error::internal(format!("database: {message}"))
}

/// `?`-friendly conversion for query results.
pub trait Classify<T> {
    fn classify(self) -> Result<T>;
}

impl<T> Classify<T> for diesel::QueryResult<T> {
    #[track_caller]
    fn classify(self) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(classify(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_there_is_the_callers_to_know_and_a_broken_transaction_is_ours() {
        assert_eq!(classify(DieselError::NotFound).code(), "row_not_found");
        assert!(classify(DieselError::BrokenTransactionManager).is_internal());
    }

    #[test]
    fn messages_of_both_products_fall_into_the_same_classes() {
        for (message, code) in [
            ("deadlock detected", RETRY),
            ("canceling statement due to lock timeout", RETRY),
            ("database is locked", RETRY),
            ("append_only: posting", APPEND_ONLY),
            ("second_person: exception_event", CHECK),
            ("second_person: day", CHECK),
            ("permission denied for table posting", DENIED),
            ("new row violates row-level security policy for table \"claim\"", DENIED),
            ("database or disk is full", UNAVAILABLE),
            ("could not extend file \"base/1/2\": No space left on device", UNAVAILABLE),
            ("server closed the connection unexpectedly", UNAVAILABLE),
            ("attempt to write a readonly database", UNAVAILABLE),
            ("disk I/O error", UNAVAILABLE),
            ("invalid byte sequence for encoding \"UTF8\": 0x00", TEXT_NOT_ALLOWED),
            ("syntax error at or near", "internal"),
        ] {
            assert_eq!(by_message(message).code(), code, "{message}");
        }
    }
}
