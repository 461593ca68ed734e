//! The world outside, to run the whole program with: a bank as it is seen from here.
//!
//! The bank keeps the truth: every đồng that moved stands in its ledger, whoever was told of it.
//! It reports movements by callbacks, now and then wrongly as banks do, and writes the day's
//! statement, which is always right.

pub mod authority;
pub mod bank;
pub mod chance;
mod http;
pub mod mail;
pub mod memo;
pub mod month;
pub mod notify;
pub mod scenario;
pub mod signing_service;
pub mod sms;
pub mod statement;
pub mod tax_authority;

pub use bank::{Bank, Booking, Transfer};
pub use scenario::{Act, Payable, Report, Scenario};
