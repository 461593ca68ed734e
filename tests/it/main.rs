//! Stories about the whole: the library on both databases, and the program on a real port.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story that cannot go on has failed")]

mod support;
mod tidy;

mod app_drops;
mod bank_files;
mod batches;
mod books;
mod callbacks;
mod cards;
mod cash_by_command;
mod correction_books;
mod correction_desk;
mod corrections;
mod corrections_over_http;
mod crashes;
mod days;
mod decisions;
mod documents;
mod due_receipts;
mod facts;
mod filing;
mod filing_due;
mod filing_over_http;
mod imports;
mod invoice_corrections;
mod isolation;
mod key_evidence;
mod key_rewrap;
mod keys;
mod keys_outside;
mod leases;
mod lookups;
mod messages;
mod messages_of_money;
mod migrations;
mod outages;
mod overtaken;
mod personal_data;
mod refunds;
mod remittances;
mod renditions;
mod reversals;
mod same_money;
mod series;
mod settling;
mod shifts;
mod shifts_over_http;
mod statements;
mod strangers;
mod three_routes;
mod trail;
mod verifying;
mod withdrawals;
