//! `/users`: administrators invite people, give new links, end logins.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::acting::{self, Acted, By};
use super::fields::{Fields, Pairs, Wrong, of_field};
use super::frame::{Frame, role_words};
use super::listing::day;
use super::matter::moment;
use super::session::Signed;
use super::wording::Lang;
use super::{Page, Posted, html};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::duty::leaving;
use crate::error::{Error, Result};
use crate::id::{LoginId, PersonId};
use crate::identity::login::{self, Login, NewLogin, State};
use crate::identity::person::{self, Whom};
use crate::identity::{person_name, sso, vouch};
use crate::store::vault::Vault;
use crate::store::{Conn, Lane};
use crate::unit::{self, CITY, Unit};
use crate::web::Shared;
use crate::web::extract;
use crate::web::respond::block;
use crate::{exception, shift};

/// Logins of one page.
const SHOWN: usize = 50;

const ROLES: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];

struct Row {
    login: String,
    person: String,
    role: &'static str,
    units: String,
    state: &'static str,
    has_second_factor: bool,
    is_linked: bool,
    is_ended: bool,
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    csrf: String,
    can_change: bool,
    must_confirm: bool,
    wrong: Wrong,
    /// Somebody of the typed name is registered: the form asks whether this is another human.
    is_namesake: bool,
    rows: Vec<Row>,
    /// The units that the list can be narrowed to, and the one it is narrowed to.
    units: Vec<(String, String)>,
    of_unit: String,
    /// The login behind which the next page begins.
    next: Option<LoginId>,
    roles: Vec<(&'static str, &'static str)>,
    /// Persons who may get a further login: id, name with logins.
    known: Vec<(String, String)>,
    /// A link that was just made: the login and the address.
    link: Option<(String, String)>,
    typed: Fields,
    is_sso_offered: bool,
    /// What somebody who is to leave still holds, with the way to it.
    held: Vec<(String, String)>,
    awaiting: Vec<Awaiting>,
}

/// A login that opens when a second person vouches for it.
struct Awaiting {
    login: String,
    /// Whose it is, in which role.
    whose: String,
    makers: String,
    set_up_at: String,
    /// What its person reads aloud.
    word: String,
    is_linked: bool,
    revision: i64,
}

/// `GET /users`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

#[derive(Deserialize)]
struct Asked {
    /// Logins of this unit only.
    #[serde(default)]
    unit: String,
    /// Behind this login, in the order of the names.
    #[serde(default)]
    after: String,
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<UsersPage> {
    signed.require(&[Role::Administrator, Role::Auditor])?;
    let asked: Asked = extract::query(request).map_err(|error| error.in_field("form"))?;
    let of_unit = asked.unit.trim().to_owned();
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    // Logins stand at the city's unit; the list itself keeps to what the actor governs.
    let code = of_unit.clone();
    let (rows, next, units, known, awaiting) = block(move || {
        let vault = app.stamp().vault;
        app.store.read(&Scope::All, |conn| {
            let units = unit::all(conn)?;
            let all = login::list(conn, &actor)?;
            let linked = sso::linked(conn)?;
            let waiting = all.iter().filter(|login| login.awaits_second());
            let one = |login: &Login| awaiting(conn, (lang, vault), login, linked.contains(&login.id));
            let awaiting: Vec<Awaiting> = waiting.map(one).collect::<Result<_>>()?;
            let after = name_of(conn, &asked.after)?;
            let (logins, next) = page_of(all, &units, (&code, &after));
            let row = |login: &Login| row(conn, lang, (login, &units), linked.contains(&login.id));
            let rows: Result<Vec<Row>> = logins.iter().map(row).collect();
            let own = units.iter().filter(|unit| actor.scope.covers(unit.id));
            let own: Vec<_> = own.map(|unit| (unit.code.clone(), unit.name.clone())).collect();
            let known = person::choices(conn, &actor)?.into_iter().map(|one| {
                let logins = one.logins.join(", ");
                let words = if logins.is_empty() { one.name } else { format!("{} ({logins})", one.name) };
                (one.id.to_string(), words)
            });
            Ok((rows?, next, own, known.collect(), awaiting))
        })
    })
    .await?;
    Ok(UsersPage {
        csrf: signed.csrf.clone(),
        can_change: signed.actor.role == Role::Administrator,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        is_namesake: false,
        rows,
        units,
        of_unit,
        next,
        known,
        roles: ROLES.iter().map(|role| (role.as_str(), role_words(lang, *role))).collect(),
        link: None,
        typed: Fields::default(),
        is_sso_offered: shared.app().sso.is_some(),
        held: Vec::new(),
        awaiting,
        frame,
    })
}

/// The name of the login that a page begins behind, whether or not the list still has it; none begins the list. It is
/// named by its id, because names tell who people are.
fn name_of(conn: &mut Conn, id: &str) -> Result<String> {
    match id.parse::<LoginId>() {
        Ok(id) => match login::find(conn, id) {
            Ok(login) => Ok(login.name),
            Err(error) if error.code() == "login_not_found" => Ok(String::new()),
            Err(error) => Err(error),
        },
        Err(_) => Ok(String::new()),
    }
}

/// One page of logins, of one unit where one is named, in the order of their names and behind one of them; and the
/// login behind which the next page begins.
fn page_of(
    mut logins: Vec<Login>,
    units: &[Unit],
    (code, after): (&str, &str),
) -> (Vec<Login>, Option<LoginId>) {
    if !code.is_empty() {
        let asked = units.iter().find(|unit| unit.code == code).map(|unit| unit.id);
        logins.retain(|login| match &login.scope {
            Scope::All => false,
            Scope::Units(own) => asked.is_some_and(|unit| own.contains(&unit)),
        });
    }
    // Databases order signs in their own ways.
    logins.sort_by(|one, other| one.name.cmp(&other.name));
    logins.retain(|login| after < login.name.as_str());
    let has_more = SHOWN < logins.len();
    logins.truncate(SHOWN);
    let next = logins.last().map(|login| login.id).filter(|_| has_more);
    (logins, next)
}

fn row(conn: &mut Conn, lang: Lang, (login, all): (&Login, &[Unit]), is_linked: bool) -> Result<Row> {
    let units = match &login.scope {
        Scope::All => lang.t("users_all_units").to_owned(),
        Scope::Units(own) => {
            let found = all.iter().filter(|unit| own.contains(&unit.id));
            found.map(|unit| unit.name.as_str()).collect::<Vec<_>>().join(", ")
        }
    };
    Ok(Row {
        login: login.name.clone(),
        person: person_name(conn, login.person)?,
        role: role_words(lang, login.role),
        units,
        state: lang.t(match login.state {
            State::Invited if login.awaits_second() => "users_awaiting",
            State::Invited => "users_invited",
            State::Active => "users_active",
            State::Ended => "users_ended",
        }),
        has_second_factor: login.has_second_factor(),
        is_linked,
        is_ended: login.state == State::Ended,
    })
}

fn awaiting(
    conn: &mut Conn,
    (lang, vault): (Lang, &Vault),
    login: &Login,
    is_linked: bool,
) -> Result<Awaiting> {
    let waits = vouch::waits(conn, vault, login)?;
    let maker = |by: &String| match by.parse::<PersonId>() {
        Ok(person) => person_name(conn, person),
        Err(_) if by == Role::System.as_str() => Ok(lang.t("users_by_command").to_owned()),
        Err(_) => Ok(by.clone()),
    };
    let makers: Vec<String> = waits.makers.iter().map(maker).collect::<Result<_>>()?;
    let (set_up_at, word) = waits.set_up.map(|(at, word)| (moment(at), word)).unwrap_or_default();
    Ok(Awaiting {
        login: login.name.clone(),
        whose: format!("{} – {}", person_name(conn, login.person)?, role_words(lang, login.role)),
        makers: makers.join(", "),
        set_up_at,
        word,
        is_linked,
        revision: waits.revision,
    })
}

/// `POST /users/invite`
pub async fn invite(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, invite_faults, |app, actor, fields| {
        let name = fields.trimmed("login").to_owned();
        let token = app.store.write(&Scope::All, Lane::Live, |tx| {
            let scope = scope_of(tx, fields.trimmed("units"))?;
            let stamp = app.stamp();
            let home = match &scope {
                Scope::Units(units) => units.first().copied().unwrap_or(CITY),
                Scope::All => CITY,
            };
            let role = Role::parse(fields.get("role"))?;
            let whom = whom_of(fields)?;
            let person = person::choose(tx, &stamp, actor, home, whom).map_err(|e| e.in_field("person"))?;
            let new = NewLogin { name: name.clone(), person, role, scope };
            login::invite(tx, &stamp, actor, new).map(|(_, token)| token)
        })?;
        Ok(Some((name, token)))
    })
    .await
}

/// What is wrong with each field of an invitation.
fn invite_faults(app: &App, fields: &Fields) -> Result<Vec<Error>> {
    let scope = app.store.read(&Scope::All, |conn| Ok(scope_of(conn, fields.trimmed("units"))))?;
    let role = Role::parse(fields.get("role"));
    let seat = match (&role, &scope) {
        (Ok(role), Ok(scope)) => login::check_seat(*role, scope).err(),
        _ => None,
    };
    let name = login::checked_name(fields.trimmed("login")).err();
    Ok([whom_of(fields).err(), name, role.err(), scope.err(), seat].into_iter().flatten().collect())
}

/// A form that names one login and nothing else.
fn nothing(_: &App, _: &Fields) -> Result<Vec<Error>> {
    Ok(Vec::new())
}

/// Somebody registered, or a new name; where that name is registered, the box says it is another human.
fn whom_of(fields: &Fields) -> Result<Whom<'_>> {
    match fields.trimmed("known") {
        "" if fields.trimmed("person").is_empty() => {
            Err(Error::invalid("person", "field_missing", "choose somebody or name them"))
        }
        "" => Ok(Whom::New { name: fields.get("person"), is_another: fields.get("another") == "yes" }),
        known => {
            let id: PersonId = known.parse()?;
            Ok(Whom::Known(id))
        }
    }
}

/// `POST /users/reset`: a new link; the old password and all sessions end.
pub async fn reset(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, nothing, |app, actor, fields| {
        let name = fields.trimmed("login").to_owned();
        let token = app.store.write(&Scope::All, Lane::Live, |tx| {
            let id = named(tx, fields)?;
            login::invite_again(tx, &app.stamp(), actor, id)
        })?;
        Ok(Some((name, token)))
    })
    .await
}

/// `POST /users/end`: for good.
pub async fn end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let own = signed.session.login.id;
    change(request, signed, form, shared, nothing, move |app, actor, fields| {
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let id = named(tx, fields)?;
            leaving::end(tx, &app.stamp(), actor, Some(own), id)
        })?;
        Ok(None)
    })
    .await
}

/// `POST /users/vouch`: a second person says that a login reached its own person, and it opens.
pub async fn vouch(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, nothing, |app, actor, fields| {
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let id = named(tx, fields)?;
            let seen = fields.trimmed(&format!("revision.{}", fields.trimmed("login"))).parse();
            // No login has the revision of a form that names none.
            vouch::vouch(tx, &app.stamp(), actor, id, Some(seen.unwrap_or(0)))
        })?;
        Ok(None)
    })
    .await
}

/// `POST /users/sso`: links a login to a subject of the identity provider; none takes the link away.
pub async fn link(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, nothing, |app, actor, fields| {
        let off = || Error::invalid("subject", "sso_off", "no [sso] in the configuration");
        let issuer = app.sso.as_ref().ok_or_else(off)?.issuer();
        app.store.write(&Scope::All, Lane::Live, |tx| {
            let id = named(tx, fields)?;
            login::governed(tx, actor, id)?;
            match fields.trimmed("subject") {
                "" => sso::unlink(tx, &app.stamp(), actor, id),
                subject => sso::link(tx, &app.stamp(), actor, id, issuer, subject),
            }
        })?;
        Ok(None)
    })
    .await
}

/// The login that a form names.
fn named(conn: &mut Conn, fields: &Fields) -> Result<LoginId> {
    let found = login::find_by_name(conn, fields.trimmed("login"));
    found.map(|login| login.id).map_err(|error| of_field(error, "login"))
}

type Linked = Option<(String, secrecy::SecretString)>;

async fn change(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
    faults: fn(&App, &Fields) -> Result<Vec<Error>>,
    act: impl Fn(&App, &Actor, &Fields) -> Result<Linked> + Send + 'static,
) -> Page {
    let by = By::confirmed(&[Role::Administrator]);
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, act).await?;
    let mut page = compose(&request, &signed, &shared).await?;
    match done {
        Ok(linked) => {
            page.link = linked
                .map(|(name, token)| (name, shared.url(&format!("/invitation/{}", token.expose_secret()))));
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            page.is_namesake = error.code() == "person_namesake";
            if error.code() == "login_holds_work" {
                page.held = held(&shared, &fields, page.frame.lang).await?;
            }
            let (app, typed) = (Arc::clone(shared.app()), fields.clone());
            let faults = block(move || faults(&app, &typed)).await?;
            page.wrong = Wrong::all(faults, error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// What has to be handed over before a login ends: shifts by their day, exceptions by their title.
async fn held(shared: &web::Data<Shared>, fields: &Fields, lang: Lang) -> Result<Vec<(String, String)>> {
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    block(move || {
        app.store.read(&Scope::All, |conn| {
            let login = login::find_by_name(conn, typed.trimmed("login"))?;
            let held = leaving::held(conn, &login)?;
            let mut found = Vec::new();
            for (unit, id) in held.shifts {
                let shift = shift::find(conn, unit, id)?;
                let words = lang.with("users_held_shift", day(shift.opened_on));
                found.push((words.replacen("{}", &unit::find(conn, unit)?.name, 1), "/duties".to_owned()));
            }
            for (unit, id) in held.exceptions {
                let item = exception::find(conn, unit, id)?;
                let title = lang.pick(item.title_vi(), item.title_en());
                let words = format!("{title} – {} ({})", item.amount, unit::find(conn, unit)?.name);
                found.push((words, format!("/finance/exceptions/{id}/beside")));
            }
            Ok(found)
        })
    })
    .await
}

/// Units by code, with commas between; a star is the whole city, and so is `all`, as commands say it.
fn scope_of(conn: &mut Conn, text: &str) -> Result<Scope> {
    if text == "*" || text.eq_ignore_ascii_case("all") {
        return Ok(Scope::All);
    }
    let mut units = BTreeSet::new();
    for code in text.split([',', ' ']).filter(|code| !code.is_empty()) {
        let unknown = |_| Error::invalid("units", "unit_not_found", "no such unit");
        units.insert(unit::find_by_code(conn, code).map_err(unknown)?.id);
    }
    // The rule names a scope, which the form has no field of.
    if units.is_empty() {
        return Err(Error::invalid("units", "scope_empty", "name at least one unit"));
    }
    Ok(Scope::Units(units))
}
