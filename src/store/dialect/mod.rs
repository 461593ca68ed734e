//! How the hot set statements are written for each product. Called from `rows` only.

pub mod pg;
pub mod sqlite;
