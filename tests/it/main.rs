//! Stories about the whole: the library on both databases, and the program on a real port.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story that cannot go on has failed")]

mod support;
mod tidy;

mod app_drops;
mod migrations;
mod settling;
mod store;
