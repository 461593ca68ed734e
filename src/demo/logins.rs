//! The people of the demo: who can sign in to its pages, with printed passwords that are drawn anew
//! for each folder.

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::ExposeSecret;

use super::folder::Folder;
use super::state::{DemoLogin, State};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::identity::login::{self, NewLogin};
use crate::identity::{self, invitation, totp};
use crate::text;
use crate::unit::{self, CITY};

const PASSWORD_BYTES: usize = 8;

/// Makes the logins once.
pub fn set_up(app: &App, folder: &Folder, state: &mut State) -> Result<()> {
    if !state.logins.is_empty() {
        return Ok(());
    }
    let mut bytes = [0_u8; PASSWORD_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the random source failed"))?;
    let password = format!("demo-{}", text::hex(&bytes));
    let system = Actor::system();
    // Each unit has its own counter.
    let units = app.read(&system, unit::all)?.into_iter().filter(|unit| unit.id != CITY);
    let counters = ["thungan", "thungan2", "thungan3"].into_iter().zip(units).map(|(name, unit)| {
        let person = if name == "thungan" { "cashier" } else { "" };
        (name, Role::Cashier, Scope::unit(unit.id), person)
    });
    let others = [
        ("ketoan", Role::Finance, Scope::All, "finance"),
        ("duyet", Role::Approver, Scope::All, "approver"),
        ("quantri", Role::Administrator, Scope::All, ""),
        ("kiemtoan", Role::Auditor, Scope::All, ""),
    ];
    for (name, role, scope, person) in counters.chain(others).collect::<Vec<_>>() {
        let person = known(state, person)?;
        let key = employ(
            app,
            &system,
            NewLogin { name: name.into(), person: person.unwrap_or(PersonId(0)), role, scope },
            &password,
        )?;
        state.logins.push(DemoLogin {
            name: name.into(),
            role: role.as_str().into(),
            password: password.clone(),
            key,
        });
    }
    state.save(folder)
}

fn known(state: &State, role: &str) -> Result<Option<PersonId>> {
    state.persons.get(role).map(|id| id.parse()).transpose()
}

/// Invites and accepts; answers the key of the second factor, for roles that need one.
fn employ(app: &App, system: &Actor, mut new: NewLogin, password: &str) -> Result<String> {
    let token = app.write(system, |tx, stamp| {
        if new.person.0 == 0 {
            let name = match new.role {
                Role::Auditor => "Kiểm toán Mẫu".to_owned(),
                Role::Cashier => format!("Thu ngân Mẫu ({})", new.name),
                _ => "Quản trị Mẫu".to_owned(),
            };
            new.person = identity::create_person(tx, stamp, system, CITY, &name)?;
        }
        login::invite(tx, stamp, system, new.clone()).map(|(_, token)| token.expose_secret().to_owned())
    })?;
    let invited = app.read(system, |conn| invitation::find(conn, &app.stamp(), &token))?;
    let hash = invitation::prepare(&invited.login, password, password)?;
    // The code of the step before, so that the one of this moment still opens.
    let before = app.clock.now().minus_seconds(30);
    let is_needed = invited.needs_second_factor;
    let code = if is_needed { totp::shown_at(&invited.second_factor, before) } else { String::new() };
    app.write(system, |tx, stamp| invitation::accept(tx, stamp, &token, &hash, &code))?;
    Ok(if is_needed { totp::typed(&invited.second_factor) } else { String::new() })
}

pub fn print(url: &str, state: &State) {
    println!("\nĐăng nhập / sign in:         {url}/sign-in");
    for one in &state.logins {
        let key = if one.key.is_empty() { String::new() } else { format!("  TOTP {}", one.key) };
        println!("  {:<10} {:<14} {}{key}", one.name, one.role, one.password);
    }
}
