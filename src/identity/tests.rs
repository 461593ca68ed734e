use secrecy::ExposeSecret;

use super::*;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::unit::CITY;

fn app(name: &str) -> std::sync::Arc<App> {
    let folder = std::env::temp_dir().join(format!("bienlai-identity-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let text = format!(
        "[database]\nurl = \"sqlite://{}/test.db\"\n[vault]\nmaster_key = \"{}\"\n",
        folder.display(),
        "07".repeat(32)
    );
    App::open(Config::parse(&text).unwrap(), Clock::System).unwrap()
}

fn dossier_system(scope: Scope) -> NewClient {
    NewClient {
        unit: CITY, name: "Hệ thống hồ sơ".into(), person: None, role: Role::DossierSystem, scope
    }
}

fn make(app: &App, actor: &Actor, new: NewClient) -> Result<(ClientId, SecretString)> {
    app.write(actor, |tx, stamp| create_client(tx, stamp, actor, new.clone()))
}

fn who(app: &App, token: &str) -> Result<Actor> {
    app.store.read(&Scope::All, |conn| authenticate(conn, token))
}

#[test]
fn a_token_gives_its_role_scope_and_person_until_it_is_revoked() {
    let app = app("life");
    let system = Actor::system();
    let person =
        app.write(&system, |tx, stamp| create_person(tx, stamp, &system, CITY, " Trần Thị  Mẫu ")).unwrap();
    let units = Scope::Units([CITY, UnitId(77)].into());
    let new = NewClient { person: Some(person), role: Role::Cashier, ..dossier_system(units.clone()) };
    let (id, token) = make(&app, &system, new).unwrap();
    let actor = who(&app, token.expose_secret()).unwrap();
    assert_eq!((actor.person, actor.client, actor.role), (Some(person), Some(id), Role::Cashier));
    assert_eq!(actor.scope, units);
    assert_eq!(app.store.read(&Scope::All, |conn| person_name(conn, person)).unwrap(), "Trần Thị Mẫu");

    app.write(&system, |tx, stamp| revoke(tx, stamp, &system, CITY, id)).unwrap();
    assert_eq!(who(&app, token.expose_secret()).unwrap_err().code(), "token_unknown");
    assert!(app.store.read(&Scope::All, |conn| clients(conn, &[CITY])).unwrap()[0].is_revoked);
}

#[test]
fn a_wrong_secret_and_an_unknown_client_are_answered_alike() {
    let app = app("wrong");
    let (_, token) = make(&app, &Actor::system(), dossier_system(Scope::All)).unwrap();
    let (_, other) = make(&app, &Actor::system(), dossier_system(Scope::All)).unwrap();
    let (id, _) = token.expose_secret().split_once('.').unwrap();
    let (_, foreign) = other.expose_secret().split_once('.').unwrap();
    for wrong in [format!("{id}.{foreign}"), format!("{}.{foreign}", ClientId(1)), String::new()] {
        let error = who(&app, &wrong).unwrap_err();
        assert_eq!((error.code(), error.detail()), ("token_unknown", "no such token"));
    }
}

#[test]
fn nobody_gives_more_than_they_have() {
    let app = app("grant");
    let system = Actor::system();
    let narrow = Actor { role: Role::Administrator, scope: Scope::unit(CITY), ..Actor::system() };
    let code = |actor: &Actor, new| make(&app, actor, new).unwrap_err().code();
    assert_eq!(code(&narrow, dossier_system(Scope::All)), "scope_too_wide");
    assert_eq!(code(&narrow, dossier_system(Scope::unit(UnitId(9)))), "scope_too_wide");
    assert_eq!(code(&system, dossier_system(Scope::Units(BTreeSet::new()))), "scope_empty");
    let program = NewClient { role: Role::System, ..dossier_system(Scope::All) };
    assert_eq!(code(&system, program), "role_not_grantable");
    let nobody = NewClient { role: Role::Approver, ..dossier_system(Scope::All) };
    assert_eq!(code(&system, nobody), "client_without_person");
    let cashier = Actor { role: Role::Cashier, ..narrow };
    assert_eq!(code(&cashier, dossier_system(Scope::unit(CITY))), "role_not_allowed");
}

#[test]
fn a_damaged_scope_is_an_error_and_never_a_wide_one() {
    assert!(read_scope("").is_err() && read_scope("1,x").is_err());
    assert_eq!(read_scope("*").unwrap(), Scope::All);
    assert_eq!(read_scope(&scope_text(&Scope::unit(UnitId(5)))).unwrap(), Scope::unit(UnitId(5)));
}
