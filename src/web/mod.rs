//! HTTP.

pub mod retention;
