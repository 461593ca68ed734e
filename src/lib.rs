//! bienlai: fees of administrative dossiers, signed e-receipts, and the proof that the money in
//! the bank and the receipts issued are the same money. `ARCHITECTURE.md` is the map.

pub mod actor;
pub mod amount;
pub mod clock;
pub mod error;
pub mod id;
pub mod text;
pub mod working_days;

pub mod config;
pub mod pdf;
pub mod store;

pub mod audit;
pub mod correction;
pub mod exception;
pub mod filing;
pub mod identity;
pub mod ledger;
pub mod notification;
pub mod obligation;
pub mod party;
pub mod payment;
pub mod proposal;
pub mod receipt;
pub mod reconciliation;
pub mod register;
pub mod remittance;
pub mod shift;
pub mod statement;
pub mod tariff;
pub mod unit;

pub mod duty;
pub mod privacy;
pub mod queue;
pub mod report;
pub mod simulator;

pub mod app;
pub mod web;
pub mod worker;

pub mod bench;
pub mod cli;
pub mod demo;

#[cfg(test)]
mod cases;
