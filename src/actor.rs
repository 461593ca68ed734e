//! Who acts now, in which role, for which units.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::{ClientId, PersonId, UnitId};

/// The units a caller may see and change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every unit: the program itself and city-level roles.
    All,
    Units(BTreeSet<UnitId>),
}

impl Scope {
    pub fn unit(unit: UnitId) -> Self {
        Scope::Units(BTreeSet::from([unit]))
    }

    /// The units it is limited to; None: every unit.
    pub fn unit_ids(&self) -> Option<Vec<UnitId>> {
        match self {
            Scope::All => None,
            Scope::Units(units) => Some(units.iter().copied().collect()),
        }
    }

    pub fn covers(&self, unit: UnitId) -> bool {
        match self {
            Scope::All => true,
            Scope::Units(units) => units.contains(&unit),
        }
    }

    /// The same with one unit more, such as the city, whose certificate may have signed for the others.
    #[must_use]
    pub fn and(&self, unit: UnitId) -> Scope {
        match self {
            Scope::All => Scope::All,
            Scope::Units(units) => Scope::Units(units.iter().copied().chain([unit]).collect()),
        }
    }

    /// Answers `NotFound` rather than `Forbidden`: what is out of scope does not exist.
    pub fn require(&self, unit: UnitId) -> Result<()> {
        if self.covers(unit) {
            return Ok(());
        }
        Err(Error::not_found("unit_not_found", "no such unit in your scope"))
    }
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The city's dossier system: raises obligations and reads those it raised.
    DossierSystem,
    /// Reads every obligation and receipt of its units, whoever raised them; changes nothing.
    UnitReader,
    /// Takes money at the counter.
    Cashier,
    /// Imports statements, matches, proposes, closes days.
    Finance,
    /// Approves what finance proposes, above the unit.
    Approver,
    /// Registers units, series, keys, clients.
    Administrator,
    /// Reads everything, changes nothing.
    Auditor,
    /// The program itself: settling, sealing, retrying.
    System,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::DossierSystem => "dossier_system",
            Role::UnitReader => "unit_reader",
            Role::Cashier => "cashier",
            Role::Finance => "finance",
            Role::Approver => "approver",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
            Role::System => "system",
        }
    }

    pub fn parse(text: &str) -> Result<Role> {
        [
            Role::DossierSystem,
            Role::UnitReader,
            Role::Cashier,
            Role::Finance,
            Role::Approver,
            Role::Administrator,
            Role::Auditor,
            Role::System,
        ]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or_else(|| Error::invalid("role", "role_unknown", "no such role"))
    }
}

/// The caller of a use case.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The human behind the call; makers and checkers are compared by this.
    pub person: Option<PersonId>,
    /// The token the call came with.
    pub client: Option<ClientId>,
    pub role: Role,
    pub scope: Scope,
}

impl Actor {
    pub fn system() -> Self {
        Actor { person: None, client: None, role: Role::System, scope: Scope::All }
    }

    /// The client whose obligations alone this caller may see: a dossier system's own. `None` for
    /// everybody else, who sees the whole of the scope.
    pub fn sees_only_own(&self) -> Option<ClientId> {
        self.client.filter(|_| self.role == Role::DossierSystem)
    }

    pub fn require_role(&self, allowed: &[Role]) -> Result<()> {
        if allowed.contains(&self.role) {
            return Ok(());
        }
        Err(Error::forbidden("role_not_allowed", format!("role {} may not do this", self.role.as_str())))
    }

    /// The person, where the law wants to know which human did it.
    pub fn require_person(&self) -> Result<PersonId> {
        self.person.ok_or_else(|| Error::forbidden("person_required", "only a person may do this"))
    }
}
