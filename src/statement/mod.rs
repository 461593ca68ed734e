//! Bank statements (sao kê): files of any bank become statements and lines with proven balances.
//!
//! Reading is pure: `parse` takes bytes and gives what was read and every place where the file
//! cannot be trusted. It is lenient in form (encodings, separators, wrappers, the habits of each
//! bank) and strict in money: an amount, mark, date or balance that is not certain is an error
//! with its place, never a guess. Amounts keep their currency and decimals here; turning them
//! into đồng belongs to the import.
//!
//! Sources: ISO 20022 camt.052/053/054 (versions .02 to .14), SWIFT MT940 and MT942, and the
//! tabular exports of Vietnamese banks.

mod archive;
mod balance;
mod camt;
mod code_page;
mod currency;
mod date;
mod detect;
mod draft;
mod encoding;
pub mod file;
mod file_query;
mod finding;
pub mod foreseen;
pub mod given_up;
pub mod identity;
pub mod import;
pub mod inbox;
pub mod job;
pub mod layout;
mod left_out;
mod line;
pub mod line_query;
mod loading;
mod memo;
mod model;
mod month;
mod mt940;
pub mod notice;
mod number;
pub mod open_day_query;
mod outline;
mod owner;
mod parse;
pub mod partner;
pub mod quarantine;
pub mod query;
mod refusal;
pub mod refused;
pub mod saved;
pub mod sequence;
mod stream;
mod table_encoding;
mod tabular;
mod tally;
#[cfg(test)]
mod tests;
mod totals;
pub mod version;
mod workbook;

pub use balance::{join_pages, prove_balance};
pub use finding::Finding;
pub use import::{Imported, ImportedStatement, Options, Progress, import_file, import_file_with};
pub use line_query::StoredLine;
pub use memo::{LineTexts, line_memo, line_texts, seal_texts};
pub use model::{
    Balance, BalanceBasis, Charge, Detail, Duplicate, Format, Line, Page, Parsed, Statement, Totals,
};
pub use parse::{MAX_BYTES, first_rows, parse, parse_with, preview};
pub use query::StoredStatement;
pub use refused::RefusedStatement;
pub use stream::{LineSink, can_stream, parse_stream};
pub use tabular::{Choice, FirstRows, Preview};
