//! `bienlai statement map …`, and the mapping that comes with an import: column mappings saved for an account.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::office::{Office, Roles};
use super::statement_desk::MapCommand;
use super::{DONE, print_json, read_text};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::{PersonId, UnitId};
use crate::statement::layout::Layout;
use crate::statement::{self, Imported, saved};
use crate::unit::account;

/// Who saves mappings.
const KEEPERS: Roles = (Role::Finance, &saved::KEEPERS);

pub fn run(config: &Path, command: &MapCommand) -> Result<u8> {
    let office = Office::open(config)?;
    let missing = || Error::invalid("account", "field_missing", "name the account");
    match command {
        MapCommand::Show(place) => {
            let (unit, account) = place.find(&office)?;
            let account = account.ok_or_else(missing)?;
            let found = office.read(&Actor::system(), |conn| saved::versions(conn, unit, account))?;
            print_json(&json!({ "layouts": found })).map(|()| DONE)
        }
        MapCommand::Save { file, place, person } => {
            let layout = Layout::from_toml(&read_text(file)?)?;
            let (unit, account) = place.find(&office)?;
            let account = account.ok_or_else(missing)?;
            let actor = office.acting_if_named(KEEPERS, *person, |_| Ok(unit))?;
            let saved =
                office.write(&actor, |tx, stamp| saved::save(tx, stamp, &actor, unit, account, &layout))?;
            print_json(&json!({ "layout": saved })).map(|()| DONE)
        }
    }
}

/// Whoever is named with an import keeps its mapping by a login of theirs, in each unit whose account the file is of.
/// That is asked before anything goes in, so that no statement is there whose mapping nobody may save. `account_no`
/// is the account of a file that names none.
///
/// # Errors
/// `login_not_active`, `person_not_found`, `role_not_allowed`, `unit_not_found`.
pub fn check_keeper(
    office: &Office,
    person: PersonId,
    (bytes, layout): (&[u8], &Layout),
    account_no: Option<&str>,
) -> Result<()> {
    let parsed = statement::parse_with(bytes, Some(layout));
    let named = |one: &statement::Statement| one.account_number().or_else(|| account_no.map(str::to_owned));
    let numbers: BTreeSet<String> = parsed.statements.iter().filter_map(named).collect();
    for number in numbers {
        let found = office.read(&Actor::system(), |conn| account::find_by_number(conn, &number))?;
        // What nobody registered does not go in, and no mapping is saved for it.
        if let Some((unit, _)) = found {
            let actor = office.acting(KEEPERS, person, |_| Ok(unit))?;
            actor.require_role(&saved::KEEPERS)?;
            actor.scope.require(unit)?;
        }
    }
    Ok(())
}

/// Saves the mapping for the accounts whose statements went in by it.
///
/// # Errors
/// As those of `check_keeper`.
pub fn keep(office: &Office, person: Option<PersonId>, imported: &Imported, layout: &Layout) -> Result<()> {
    for one in &imported.statements {
        let unit: UnitId = one.unit;
        let actor = office.acting_if_named(KEEPERS, person, |_| Ok(unit))?;
        office.write(&actor, |tx, stamp| saved::save(tx, stamp, &actor, unit, one.account, layout))?;
    }
    Ok(())
}
