//! By what somebody comes. Two logins of one person are two seats, whatever their roles and units: one may
//! have a second factor that the other lacks.

use std::fmt;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::{ClientId, LoginId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    Login(LoginId),
    /// An API client of their own.
    Client(ClientId),
    /// The command line, which whoever runs the installation sits at.
    Console,
}

impl Seat {
    /// Of who came with a token.
    pub fn of_client(actor: &Actor) -> Result<Seat> {
        actor.client.map(Seat::Client).ok_or_else(|| Error::internal("an API client without an id"))
    }
}

/// As it is kept beside what was done from it.
impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seat::Login(login) => login.fmt(f),
            Seat::Client(client) => client.fmt(f),
            Seat::Console => f.write_str("console"),
        }
    }
}
