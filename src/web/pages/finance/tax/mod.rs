//! `/tax`: what goes to the tax authority and what comes back.

pub mod message;
pub mod messages;
pub mod registration;
mod registration_form;
pub(in crate::web::pages) mod words;
