//! The city of the demo: units, accounts, series, signing keys, tariff, people, clients, trust.

use indicatif::ProgressBar;
use secrecy::{ExposeSecret, SecretString};

use super::folder::Folder;
use super::state::{State, Tokens};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::app::App;
use crate::cli::key::{self, CA_CERTIFICATE, CA_KEY};
use crate::cli::units::{self, UnitFile};
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::filing;
use crate::id::PersonId;
use crate::identity::{self, NewClient};
use crate::obligation::walk_in;
use crate::receipt::key::{TestAuthority, issue_test_certificate, test_authority};
use crate::receipt::profile;
use crate::store::{Stamp, Tx};
use crate::tariff::{self, IntakeMode, Place, Pricing, UnitKind};
use crate::unit::registration::Family;
use crate::unit::{self, CITY, Unit, certificate, registration, trust};

pub const UNITS: &str = include_str!("../../fixtures/units/demo.toml");
pub const TARIFF: &str = include_str!("../../fixtures/tariff/hanoi.toml");

const CERTIFICATE_DAYS: u32 = 365;
const TRUST_DAYS: i64 = 365;
/// A claim above this waits for the statement.
const CLAIM_LIMIT: Dong = Dong(5_000_000);
const UNPROVEN_LIMIT: Dong = Dong(50_000_000);
const AGE_LIMIT_DAYS: i32 = 3;

/// Makes what is missing.
pub fn set_up(app: &App, folder: &Folder, state: &mut State) -> Result<()> {
    let began_at = *state.began_at.get_or_insert_with(|| app.clock.now());
    state.save(folder)?;
    let actor = Actor::system();
    for unit in unit_files(began_at.business_day(), app.clock.now().business_day())? {
        app.write(&actor, |tx, stamp| units::apply(tx, stamp, &actor, &unit))?;
    }
    load_tariff(app, &actor)?;
    issue_keys(app, folder, &actor)?;
    for unit in unit_files(began_at.business_day(), app.clock.now().business_day())? {
        app.write(&actor, |tx, stamp| {
            accept_registrations(tx, stamp, &actor, &unit.code)?;
            units::apply(tx, stamp, &actor, &unit)
        })?;
    }
    if state.tokens.is_none() {
        appoint(app, &actor, state)?;
        state.save(folder)?;
    }
    choose_favourites(app, state)
}

/// The counter's first screen shows what is asked for most, not an empty form.
fn choose_favourites(app: &App, state: &State) -> Result<()> {
    let person = state.persons.get("cashier").map(|id| id.parse::<PersonId>()).transpose()?;
    let cashier = Actor { person, client: None, role: Role::Cashier, scope: Scope::All };
    let (tariff, today) = (app.tariff()?, app.clock.now().business_day());
    for unit in app.read(&cashier, unit::all)?.into_iter().filter(|unit| unit.id != CITY) {
        let place = Place { unit_code: unit.code.clone(), unit_kind: UnitKind::parse(&unit.kind)? };
        let codes: Vec<String> = tariff
            .in_force(&place, IntakeMode::Counter, today)
            .filter(|(_, charge)| charge.pricing != Pricing::Stated)
            .map(|(item, _)| item.code.clone())
            .take(walk_in::FAVOURITES_LIMIT)
            .collect();
        app.write(&cashier, |tx, stamp| {
            if !walk_in::favourites(tx, unit.id)?.is_empty() {
                return Ok(());
            }
            walk_in::set_favourites(tx, stamp, &cashier, &tariff, (unit.id, &codes))
        })?;
    }
    Ok(())
}

/// The units of the file, with accounts from the demo's first day and series of this year.
fn unit_files(first_day: BusinessDay, today: BusinessDay) -> Result<Vec<UnitFile>> {
    let mut units = units::parse(UNITS)?;
    for unit in &mut units {
        for account in &mut unit.accounts {
            account.opened_on = first_day;
        }
        for series in &mut unit.series {
            series.year = today.year();
            let year = today.year().rem_euclid(100);
            series.series = match series.document_kind.as_str() {
                "receipt" => format!("BL-{year:02}E"),
                _ => format!("K{year:02}TAA"),
            };
        }
    }
    Ok(units)
}

/// The tax office accepted the unit's receipts and its invoices, each on the form of its own and with the unit's
/// certificates, as far as the demo is concerned.
fn accept_registrations(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, code: &str) -> Result<()> {
    let unit = unit::find_by_code(tx, code)?;
    for (n, family) in (1..).zip(Family::ALL) {
        if registration::accepted(tx, unit.id, family.as_str())?.is_none() {
            accept_registration(tx, stamp, actor, &unit, (n, family))?;
        }
    }
    Ok(())
}

fn accept_registration(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: &Unit,
    (n, family): (u8, Family),
) -> Result<()> {
    let document_kinds = vec![family.as_str().to_owned()];
    let acceptance = registration::Acceptance {
        unit: unit.id,
        form: profile::for_day(stamp.today()).registration_form_of(&document_kinds).to_owned(),
        notice_no: format!("DEMO-{}-{n}/TB", unit.code),
        accepted_on: stamp.today(),
        document_kinds,
        office_code: "10100".to_owned(),
        office_name: "Thuế thành phố Hà Nội (demo)".to_owned(),
        certificates: filing::registration::installed(tx, unit.id, stamp.now)?,
        filing: None,
    };
    registration::record(tx, stamp, actor, acceptance).map(|_| ())
}

fn load_tariff(app: &App, actor: &Actor) -> Result<()> {
    match app.tariff() {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == "tariff_missing" => {}
        Err(error) => return Err(error),
    }
    let stored = app.write(actor, |tx, stamp| tariff::edition::store_first(tx, stamp, actor, TARIFF))?;
    stored.map(|_| ()).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        Error::internal(format!("the demo's tariff: {first}"))
    })
}

/// Test certificates for units that have none. An RSA key takes a second or two, hence the spinner.
fn issue_keys(app: &App, folder: &Folder, actor: &Actor) -> Result<()> {
    let now = app.clock.now();
    let mut without: Vec<Unit> = Vec::new();
    for unit in app.read(actor, unit::all)? {
        if app.read(actor, |conn| certificate::current(conn, &app.vault, unit.id, now))?.is_none() {
            without.push(unit);
        }
    }
    if without.is_empty() {
        return Ok(());
    }
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner.set_message("Tạo CA thử nghiệm / making a test CA");
    let authority = authority(folder, app.clock.now())?;
    for unit in &without {
        spinner.set_message(format!("Tạo chứng thư thử nghiệm / test certificate: {}", unit.name));
        let key = issue_test_certificate(&authority, &unit.name, &unit.tax_code, now, CERTIFICATE_DAYS)?;
        app.write(actor, |tx, stamp| key::store(tx, stamp, actor, unit.id, &key))?;
    }
    spinner.finish_and_clear();
    Ok(())
}

/// The folder's test authority, made at the first start.
pub fn authority(folder: &Folder, now: Instant) -> Result<TestAuthority> {
    let path = folder.path();
    if path.join(CA_KEY).exists() && path.join(CA_CERTIFICATE).exists() {
        let key_pem = SecretString::from(folder.text(CA_KEY)?);
        return TestAuthority::from_pem(&key_pem, &folder.text(CA_CERTIFICATE)?);
    }
    let authority = test_authority(now)?;
    for name in [CA_KEY, CA_CERTIFICATE] {
        // Half a pair, left by an interrupted start, is of no use.
        let _ = std::fs::remove_file(path.join(name));
    }
    key::write_new(&path.join(CA_KEY), authority.key_pem().expose_secret(), true)?;
    key::write_new(&path.join(CA_CERTIFICATE), authority.certificate_pem(), false)?;
    Ok(authority)
}

/// People, their clients, and the trust two of them decided on.
fn appoint(app: &App, actor: &Actor, state: &mut State) -> Result<()> {
    let (tokens, people) = app.write(actor, |tx, stamp| {
        let mut person = |name: &str| identity::create_person(tx, stamp, actor, CITY, name);
        let cashier = person("Thu ngân Mẫu")?;
        let finance = person("Kế toán Mẫu")?;
        let approver = person("Kế toán trưởng Mẫu")?;
        let mut client = |name: &str, role: Role, person: Option<PersonId>| {
            let new = NewClient { unit: CITY, name: name.to_owned(), person, role, scope: Scope::All };
            identity::create_client(tx, stamp, actor, new).map(|(_, token)| token.expose_secret().to_owned())
        };
        let tokens = Tokens {
            dossier_system: client("Hệ thống hồ sơ (demo)", Role::DossierSystem, None)?,
            cashier: client("Quầy thu (demo)", Role::Cashier, Some(cashier))?,
            finance: client("Kế toán (demo)", Role::Finance, Some(finance))?,
            approver: client("Kế toán trưởng (demo)", Role::Approver, Some(approver))?,
        };
        grant_trust(tx, stamp, actor, finance, approver)?;
        Ok((tokens, [("cashier", cashier), ("finance", finance), ("approver", approver)]))
    })?;
    state.tokens = Some(tokens);
    state.persons = people.into_iter().map(|(role, id)| (role.to_owned(), id.to_string())).collect();
    Ok(())
}

/// The bank's own notification is taken for money, within limits; the other channels only advise.
fn grant_trust(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    maker: PersonId,
    checker: PersonId,
) -> Result<()> {
    for unit in unit::all(tx)? {
        for account in unit::account::of_unit(tx, unit.id)? {
            trust::grant(
                tx,
                stamp,
                actor,
                trust::Grant {
                    unit: unit.id,
                    account: account.id,
                    channel: "vpbank".into(),
                    valid_from: stamp.today(),
                    valid_until: stamp.today().plus_days(TRUST_DAYS),
                    agreement_no: format!("DEMO/{}/VPB", unit.code),
                    claim_limit: CLAIM_LIMIT,
                    unproven_limit: UNPROVEN_LIMIT,
                    age_limit_days: AGE_LIMIT_DAYS,
                    maker,
                    checker,
                },
            )?;
        }
    }
    Ok(())
}
