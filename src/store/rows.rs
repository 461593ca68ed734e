//! The hot set statements: many rows in one statement, the same call on both products.
//!
//! PostgreSQL gets one statement over `UNNEST` arrays; SQLite, which has no round trips, gets a
//! cached statement per 64 rows. Either way the text is the same each time, so it is prepared once.
//! Columns are data here (`Column`), so that each statement exists once and not once per table.

use std::ops::Range;

use chrono::NaiveDate;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::conn::Conn;
use crate::store::dialect::{pg, sqlite};

/// The values of one column, one per row.
#[derive(Debug, Clone)]
pub enum Column {
    Big(Vec<i64>),
    MaybeBig(Vec<Option<i64>>),
    Int(Vec<i32>),
    Text(Vec<String>),
    MaybeText(Vec<Option<String>>),
    Bytes(Vec<Vec<u8>>),
    MaybeBytes(Vec<Option<Vec<u8>>>),
    Bool(Vec<bool>),
    Day(Vec<NaiveDate>),
    MaybeDay(Vec<Option<NaiveDate>>),
}

impl Column {
    pub fn of<C: Cell>(cells: impl IntoIterator<Item = C>) -> Column {
        C::column(cells.into_iter())
    }

    pub fn len(&self) -> usize {
        match self {
            Column::Big(v) => v.len(),
            Column::MaybeBig(v) => v.len(),
            Column::Int(v) => v.len(),
            Column::Text(v) => v.len(),
            Column::MaybeText(v) => v.len(),
            Column::Bytes(v) => v.len(),
            Column::MaybeBytes(v) => v.len(),
            Column::Bool(v) => v.len(),
            Column::Day(v) => v.len(),
            Column::MaybeDay(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells of some rows.
    pub fn part(&self, rows: Range<usize>) -> Column {
        match self {
            Column::Big(v) => Column::Big(v[rows].to_vec()),
            Column::MaybeBig(v) => Column::MaybeBig(v[rows].to_vec()),
            Column::Int(v) => Column::Int(v[rows].to_vec()),
            Column::Text(v) => Column::Text(v[rows].to_vec()),
            Column::MaybeText(v) => Column::MaybeText(v[rows].to_vec()),
            Column::Bytes(v) => Column::Bytes(v[rows].to_vec()),
            Column::MaybeBytes(v) => Column::MaybeBytes(v[rows].to_vec()),
            Column::Bool(v) => Column::Bool(v[rows].to_vec()),
            Column::Day(v) => Column::Day(v[rows].to_vec()),
            Column::MaybeDay(v) => Column::MaybeDay(v[rows].to_vec()),
        }
    }

    /// The text of one cell of a key column, as `concat_ws` prints it.
    fn key_text(&self, row: usize) -> String {
        match self {
            Column::Big(v) => v[row].to_string(),
            Column::Int(v) => v[row].to_string(),
            Column::Text(v) => v[row].clone(),
            Column::Day(v) => v[row].to_string(),
            other => unreachable!("a key column is a number, a text or a day, not {other:?}"),
        }
    }
}

/// A value that can stand in a column.
pub trait Cell: Sized {
    fn column(cells: impl Iterator<Item = Self>) -> Column;
}

macro_rules! cells {
    ($($type:ty => $variant:ident($maybe:ident) by $convert:expr;)+) => {$(
        impl Cell for $type {
            fn column(cells: impl Iterator<Item = Self>) -> Column {
                Column::$variant(cells.map($convert).collect())
            }
        }

        impl Cell for Option<$type> {
            fn column(cells: impl Iterator<Item = Self>) -> Column {
                Column::$maybe(cells.map(|cell| cell.map($convert)).collect())
            }
        }
    )+};
}

macro_rules! id_cells {
    ($($name:ident),+ $(,)?) => { cells! { $($name => Big(MaybeBig) by |id: $name| id.0;)+ } };
}

id_cells!(
    AccountId,
    AlarmId,
    AllocationId,
    AuditId,
    BatchId,
    CertificateId,
    ChannelSecretId,
    ClaimId,
    ClassRuleId,
    ClientId,
    CorrectionId,
    DataRequestId,
    DelegationId,
    EventId,
    EvidenceId,
    ExceptionId,
    FilingId,
    IncidentId,
    JobId,
    KeyId,
    LetterId,
    LineId,
    LoginId,
    MatchId,
    MessageId,
    MovementId,
    ObligationId,
    PadId,
    PartyId,
    PaymentId,
    PersonId,
    PictureId,
    PostingId,
    RawEventId,
    ReceiptId,
    RefundId,
    RefundRequestId,
    RegistrationId,
    RemittanceId,
    ReopeningId,
    SeriesId,
    SettlementId,
    SessionId,
    ShiftId,
    SlipId,
    StatementId,
    TermsId,
    TransmissionId,
    TrustId,
    UnitId,
    VersionId,
    VirtualRangeId,
);
cells! {
    i64 => Big(MaybeBig) by |n: i64| n;
    Dong => Big(MaybeBig) by |amount: Dong| amount.0;
    Instant => Big(MaybeBig) by |at: Instant| at.0;
    String => Text(MaybeText) by |text: String| text;
    &str => Text(MaybeText) by |text: &str| text.to_owned();
    Vec<u8> => Bytes(MaybeBytes) by |bytes: Vec<u8>| bytes;
    BusinessDay => Day(MaybeDay) by |day: BusinessDay| day.0;
}

impl Cell for bool {
    fn column(cells: impl Iterator<Item = Self>) -> Column {
        Column::Bool(cells.collect())
    }
}

impl Cell for i32 {
    fn column(cells: impl Iterator<Item = Self>) -> Column {
        Column::Int(cells.collect())
    }
}

/// A row struct that knows its table. Made by `table_row!`.
pub trait Row: Clone {
    const TABLE: &'static str;
    fn columns(rows: &[Self]) -> Vec<(&'static str, Column)>;
}

/// Declares a struct whose fields are the columns of a table, in any order.
#[macro_export]
macro_rules! table_row {
    ($(#[$meta:meta])* pub struct $name:ident in $table:literal { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)+ }

        impl $crate::store::rows::Row for $name {
            const TABLE: &'static str = $table;

            fn columns(rows: &[Self]) -> Vec<(&'static str, $crate::store::rows::Column)> {
                vec![$((stringify!($field), $crate::store::rows::Column::of(rows.iter().map(|row| row.$field.clone())))),+]
            }
        }
    };
}

/// Rows of the largest statement on SQLite: chunks of a multiple of them take the fewest statements.
pub const WHOLE_STATEMENT: usize = 64;

/// The most keys that one reading names: SQLite binds 32,766 values to a statement.
pub const KEYS_AT_ONCE: usize = 10_000;

/// The most rows one statement takes; PostgreSQL sends them as arrays, so this is about memory.
const CHUNK: usize = 2_000;

/// Inserts all rows, or fails as a whole.
pub fn insert<R: Row>(conn: &mut Conn, rows: &[R]) -> Result<()> {
    for chunk in rows.chunks(CHUNK) {
        let columns = R::columns(chunk);
        match conn {
            Conn::Pg(inner) => pg::insert(inner, R::TABLE, columns)?,
            Conn::Sqlite(inner) => sqlite::insert(inner, R::TABLE, columns)?,
        }
    }
    Ok(())
}

/// The rows of one table in a statement that writes several.
pub struct Insertion {
    table: &'static str,
    columns: Vec<(&'static str, Column)>,
}

impl Insertion {
    pub fn of<R: Row>(rows: &[R]) -> Insertion {
        Insertion { table: R::TABLE, columns: R::columns(rows) }
    }

    fn is_empty(&self) -> bool {
        self.columns.first().is_none_or(|(_, column)| column.is_empty())
    }
}

/// Inserts the rows of several tables, or fails as a whole. PostgreSQL takes them in one statement,
/// which saves a round trip and a plan's start for each table; it checks foreign keys at its end,
/// so rows may point at each other. The tables differ.
pub fn insert_together(conn: &mut Conn, insertions: Vec<Insertion>) -> Result<()> {
    let filled: Vec<Insertion> = insertions.into_iter().filter(|insertion| !insertion.is_empty()).collect();
    match conn {
        Conn::Pg(_) if filled.is_empty() => Ok(()),
        Conn::Pg(inner) => pg::insert_together(
            inner,
            filled.into_iter().map(|insertion| (insertion.table, insertion.columns)).collect(),
        ),
        Conn::Sqlite(inner) => filled
            .into_iter()
            .try_for_each(|insertion| sqlite::insert(inner, insertion.table, insertion.columns)),
    }
}

/// Inserts the rows whose unique key is not there yet and tells for each whether it was inserted.
/// `key` names the columns of the key, which must be numbers, texts or days.
pub fn insert_if_absent<R: Row>(conn: &mut Conn, rows: &[R], key: &[&'static str]) -> Result<Vec<bool>> {
    let mut inserted = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(CHUNK) {
        let columns = R::columns(chunk);
        match conn {
            Conn::Pg(inner) => {
                let key_columns: Vec<Column> = columns
                    .iter()
                    .filter(|(name, _)| key.contains(name))
                    .map(|(_, column)| column.clone())
                    .collect();
                let in_order: Vec<&'static str> =
                    columns.iter().map(|(name, _)| *name).filter(|name| key.contains(name)).collect();
                let mut new_keys = pg::insert_if_absent(inner, R::TABLE, columns, &in_order)?;
                for row in 0..chunk.len() {
                    let text: Vec<String> = key_columns.iter().map(|column| column.key_text(row)).collect();
                    inserted.push(new_keys.remove(&text.join("\u{1f}")));
                }
            }
            Conn::Sqlite(inner) => inserted.extend(sqlite::insert_if_absent(inner, R::TABLE, columns)?),
        }
    }
    Ok(inserted)
}

/// A guarded update of many rows: `SET sets WHERE keys AND guard`, each row once.
pub struct Update<'a> {
    pub table: &'static str,
    pub keys: Vec<(&'a str, Column)>,
    /// The columns must still hold these values: usually the old revision.
    pub guard: Vec<(&'a str, Column)>,
    pub sets: Vec<(&'a str, Column)>,
}

/// Runs the update; a row that is gone or was changed meanwhile fails the whole call as
/// contended, so that the transaction is tried again from its reads.
pub fn update(conn: &mut Conn, update: Update<'_>) -> Result<()> {
    let expected = update.keys.first().map_or(0, |(_, column)| column.len());
    if expected == 0 {
        return Ok(());
    }
    let table = update.table;
    let changed = match conn {
        Conn::Pg(inner) => pg::update(inner, update)?,
        Conn::Sqlite(inner) => sqlite::update(inner, update)?,
    };
    if changed == expected {
        return Ok(());
    }
    Err(Error::busy(
        crate::store::failure::RETRY,
        1,
        format!("{changed} of {expected} rows of {table} still had the revision that was read"),
    ))
}

/// Moves one row on to a revision, with what else it says then; the row must still have the revision before.
///
/// # Errors
/// As of `update`.
pub fn advance<I: Cell + Copy>(
    conn: &mut Conn,
    table: &'static str,
    (unit, id): (UnitId, I),
    revision: i64,
    mut sets: Vec<(&str, Column)>,
) -> Result<()> {
    sets.push(("revision", Column::of([revision])));
    let guard = vec![("revision", Column::of([revision - 1]))];
    update(conn, Update { table, keys: unit_keys("id", &[(unit, id)]).into(), guard, sets })
}

/// Deletes the rows with these keys, each key once; tells how many there were.
pub fn delete(conn: &mut Conn, table: &'static str, keys: Vec<(&str, Column)>) -> Result<usize> {
    if keys.first().is_none_or(|(_, column)| column.is_empty()) {
        return Ok(0);
    }
    match conn {
        Conn::Pg(inner) => pg::delete(inner, table, keys),
        Conn::Sqlite(inner) => sqlite::delete(inner, table, keys),
    }
}

/// The keys of units' rows: the unit and the column that is named.
pub fn unit_keys<'a, I: Cell + Copy>(column: &'a str, ids: &[(UnitId, I)]) -> [(&'a str, Column); 2] {
    [
        ("unit_id", Column::of(ids.iter().map(|(unit, _)| *unit))),
        (column, Column::of(ids.iter().map(|(_, id)| *id))),
    ]
}

/// How rows that are read by key are to be locked (PostgreSQL; SQLite has one writer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    None,
    /// `FOR NO KEY UPDATE` in key order: foreign-key inserts need not wait.
    Update,
    /// `FOR KEY SHARE`: whoever names the row keeps it; only `Whole` waits for that.
    Named,
    /// `FOR UPDATE`: against whoever names the row too.
    Whole,
}

/// Reads rows by key. `select` is `SELECT … FROM table t`, with `t` as the alias; `keys` are
/// columns of `t`. Give each key once. The rows come in no particular order.
pub fn fetch<ST, T>(
    conn: &mut Conn,
    select: &str,
    keys: &[(&str, Column)],
    rest: &str,
    lock: Lock,
) -> Result<Vec<T>>
where
    pg::Fetch<ST>: for<'q> diesel::query_dsl::methods::LoadQuery<'q, diesel::pg::PgConnection, T>,
    sqlite::Fetch<ST>: for<'q> diesel::query_dsl::methods::LoadQuery<'q, diesel::sqlite::SqliteConnection, T>,
{
    if keys.first().is_none_or(|(_, column)| column.is_empty()) {
        return Ok(Vec::new());
    }
    match conn {
        Conn::Pg(inner) => pg::fetch::<ST, T>(inner, select, keys, rest, lock),
        Conn::Sqlite(inner) => sqlite::fetch::<ST, T>(inner, select, keys, rest),
    }
}

/// Where the table that the keys are of begins: the one named `t`.
pub(super) fn driving_table(select: &str) -> Option<usize> {
    const FROM: &str = " FROM ";
    select.match_indices(FROM).map(|(at, _)| at + FROM.len()).find(|at| {
        let mut words = select.get(*at..).unwrap_or_default().split_whitespace();
        words.next().is_some() && words.next() == Some("t")
    })
}
