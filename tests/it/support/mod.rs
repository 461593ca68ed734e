//! What the stories stand on: a database of each product, and a small world to live in.

pub mod app;
pub mod bank_file;
pub mod browser;
pub mod database;
pub mod judges;
pub mod keys;
pub mod oidc;
pub mod postgres;
pub mod program;
pub mod schema;
pub mod smtp_tls;
pub mod tools;
pub mod visitor;
pub mod world;

pub use app::TestApp;
pub use database::{Database, each_database};
pub use world::World;
