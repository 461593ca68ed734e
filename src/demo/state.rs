//! What the demo has done so far. It is written after every step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::simulator::{Act, Bank, Payable, Scenario};

const FILE: &str = "state.json";

/// The clients' tokens. Only of the demo: a real installation keeps none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tokens {
    pub dossier_system: String,
    pub cashier: String,
    pub finance: String,
    pub approver: String,
}

/// A login with everything that opens it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DemoLogin {
    pub name: String,
    pub role: String,
    pub password: String,
    /// The key of its authenticator, as it is typed into an app; empty for a login without one.
    pub key: String,
}

/// A scenario as it was played.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Played {
    pub scenario: Scenario,
    pub payables: Vec<Payable>,
    pub acts: Vec<Act>,
    /// Set when every callback was sent.
    pub is_reported: bool,
}

/// What importing a file said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    pub file: String,
    pub lines_new: usize,
    pub lines_known: usize,
    pub already_imported: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub began_at: Option<Instant>,
    pub tokens: Option<Tokens>,
    /// Who can sign in to the pages. Only of the demo: a real installation keeps no password.
    #[serde(default)]
    pub logins: Vec<DemoLogin>,
    /// Persons by role name, as per_….
    pub persons: BTreeMap<String, String>,
    pub dossiers: Vec<Payable>,
    /// What really happened. It stands in the same file as what was played, so that a stop in
    /// between loses neither or both.
    pub bank: Bank,
    pub played: Vec<Played>,
    pub delivered: Vec<Delivered>,
    /// By account: what closing its day said.
    pub closed: BTreeMap<String, String>,
}

impl State {
    pub fn load(folder: &Folder) -> Result<State> {
        folder.read_json(FILE)
    }

    pub fn save(&self, folder: &Folder) -> Result<()> {
        folder.write_json(FILE, self)
    }

    pub fn tokens(&self) -> Result<&Tokens> {
        self.tokens.as_ref().ok_or_else(|| Error::internal("the demo has no tokens yet"))
    }

    pub fn began_at(&self) -> Result<Instant> {
        self.began_at.ok_or_else(|| Error::internal("the demo has not begun"))
    }

    /// The demo's day: bookings, statements and the day's end are of it, whenever it is started.
    pub fn day(&self) -> Result<BusinessDay> {
        self.began_at().map(Instant::business_day)
    }
}
