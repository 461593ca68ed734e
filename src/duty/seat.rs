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

/// Whether a stored seat names one login, client or the console. Older versions wrote a role and a unit,
/// which tell no two logins apart: such a seat says nothing, as where none was written down.
pub fn is_exact(stored: &str) -> bool {
    stored == "console" || stored.parse::<LoginId>().is_ok() || stored.parse::<ClientId>().is_ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_of_an_older_version_names_nobody_in_particular() {
        for seat in [Seat::Login(LoginId(3)), Seat::Client(ClientId(4)), Seat::Console] {
            assert!(is_exact(&seat.to_string()), "{seat}");
        }
        for old in ["approver 3", "*", "", "approver lgn_0000000000003"] {
            assert!(!is_exact(old), "{old}");
        }
    }
}
