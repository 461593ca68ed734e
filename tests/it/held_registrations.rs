//! What the tax office accepted and could not come into force here: a certificate was installed meanwhile that the form
//! does not list. And acceptances that a person records by command.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::clock::{BusinessDay, Clock};
use bienlai::error::Result;
use bienlai::filing::alarm::{self, Kind, Level};
use bienlai::filing::form::registration::{Action, FORM, Registration};
use bienlai::filing::registration::{self as filings, listed_from_pem};
use bienlai::filing::{State, query};
use bienlai::id::{CertificateId, FilingId, UnitId};
use bienlai::receipt::certificate::SigningCertificate;
use bienlai::receipt::key::certificates_in;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::unit::registration::{self, Acceptance, CertificateAction, ListedCertificate};
use bienlai::unit::{self, certificate_stop};
use bienlai::worker;

use crate::cash_by_command::Shell;
use crate::filing::{OTHER_SIGNER, deliver, form_of, install, newcomer, state};
use crate::support::program::Service;
use crate::support::visitor::{appoint, seated};
use crate::support::{World, each_database};

fn own() -> ListedCertificate {
    listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap()
}

fn further() -> ListedCertificate {
    ListedCertificate { serial: "77AA".into(), ..own() }
}

fn clerk(world: &World) -> Actor {
    Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All }
}

fn chief(world: &World) -> Actor {
    Actor { person: Some(world.chief), client: None, role: Role::Approver, scope: Scope::All }
}

fn draft(world: &World, unit: UnitId, action: Action, listed: &[ListedCertificate]) -> Result<FilingId> {
    let form = Registration { action, certificates: listed.to_vec(), ..form_of(world) };
    world.try_change(|tx, stamp| filings::draft(tx, stamp, &clerk(world), unit, &form))
}

fn approve(world: &World, unit: UnitId, id: FilingId) {
    world.change(|tx, stamp| filings::approve(tx, stamp, &chief(world), unit, id).map(|_| ()));
}

/// A form that the office accepts while a second certificate, which it does not list, is installed.
fn held(world: &World, unit: UnitId) -> (FilingId, CertificateId) {
    install(world, unit, &own().serial).unwrap();
    let id = draft(world, unit, Action::New, &[own()]).unwrap();
    approve(world, unit, id);
    worker::sign_forms(&world.app).unwrap();
    let second = install(world, unit, "77aa").expect("before the first acceptance any may be stored");
    deliver(world, &TaxAuthority::new(Habits::default()));
    (id, second)
}

/// The forms that are alarmed as accepted and not in force.
fn alarmed(world: &World, unit: UnitId) -> Vec<(FilingId, Level)> {
    let now = world.now();
    let found = world.look(|conn| alarm::of_unit(conn, unit, now));
    let held = found.into_iter().filter(|one| one.kind == Kind::FormHeld);
    held.map(|one| (one.filing.unwrap(), one.level)).collect()
}

fn steps(world: &World, id: FilingId) -> Vec<String> {
    world.words(&format!("SELECT kind AS t FROM filing_event WHERE filing_id = {} ORDER BY revision", id.0))
}

#[test]
fn an_acceptance_that_cannot_come_into_force_is_alarmed_until_a_change_that_follows_is_accepted() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        let (first, _) = held(&world, unit);
        assert_eq!(state(&world, unit, first), State::Received);
        assert_eq!(alarmed(&world, unit), [(first, Level::Alarm)]);
        let told = world.look(|conn| alarm::of_unit(conn, unit, world.now()));
        assert!(told[0].detail.contains("registration_certificate_missing"), "{}", told[0].detail);

        let refused =
            |action, listed: &[ListedCertificate]| draft(&world, unit, action, listed).unwrap_err().code();
        assert_eq!(
            refused(Action::New, &[own(), further()]),
            "registration_held",
            "the office has the first"
        );
        assert_eq!(refused(Action::Change, &[own()]), "registration_unchanged");
        let taken_back = draft(&world, unit, Action::Change, &[further()]).unwrap();
        assert_eq!(alarmed(&world, unit), [], "it is being put right");
        assert_eq!(refused(Action::Change, &[further()]), "registration_pending");
        world.change(|tx, stamp| {
            filings::withdraw(tx, stamp, &clerk(&world), unit, taken_back, "nhầm").map(|_| ())
        });
        assert_eq!(alarmed(&world, unit), [(first, Level::Alarm)]);

        let change = draft(&world, unit, Action::Change, &[further()]).unwrap();
        approve(&world, unit, change);
        deliver(&world, &TaxAuthority::new(Habits::default()));
        assert_eq!(state(&world, unit, change), State::Accepted);
        assert_eq!(state(&world, unit, first), State::Withdrawn, "it is in force with the change");
        assert_eq!(steps(&world, first)[4..], ["received", "acceptance_held", "superseded"]);
        assert_eq!(alarmed(&world, unit), []);
        let mut listed = world.look(|conn| registration::certificates(conn, unit));
        listed.sort_by_key(|one| one.serial == "77AA");
        assert_eq!(listed, [own(), further()], "what the first form listed and what the change added");
    });
}

#[test]
fn whoever_stops_the_certificate_that_is_not_listed_records_the_acceptance_on_the_page() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 9);
        world.stop_watching();
        let unit = newcomer(&world);
        let (first, second) = held(&world, unit);
        let certificate = SigningCertificate::from_der(&certificates_in(OTHER_SIGNER).unwrap()[0]).unwrap();
        let missing = world.look(|conn| filings::not_listed_in(conn, unit, &certificate));
        assert_eq!(missing, None, "the form lists this one");
        // The office took its days; who signs in does so now.
        world.wait_seconds(Clock::System.now().seconds_since(world.now()));
        let mut service = Service::start(&world);
        let mut office = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        let page = "/tax/registration?unit=00999";
        office.get(page);
        for seen in ["Cơ quan thuế đã chấp nhận tờ khai này nhưng chưa áp dụng được", "Lập tờ khai thay đổi"]
        {
            office.sees(seen);
        }
        office.sees("Chứng thư đang dùng không có trong đăng ký này");
        assert!(office.page.contains("value=\"draft\""), "a change may be drafted: {}", office.page);

        let id = first.to_string();
        let accept =
            [("unit", "00999"), ("do", "accept"), ("form", id.as_str()), ("notice_no", "15/TB"), ("on", "")];
        assert_eq!(office.post("/tax/registration", &accept).status, 400, "it signs still");
        office.is_told("registration_certificate_missing");
        world.change(|tx, stamp| {
            let asked = certificate_stop::ask(tx, stamp, &clerk(&world), (unit, second), "cài nhầm")?;
            certificate_stop::approve(tx, stamp, &chief(&world), unit, asked).map(|_| ())
        });
        assert_eq!(office.post("/tax/registration", &accept).status, 303, "{}", office.page);
        office.get(page);
        assert!(!office.page.contains("chưa áp dụng được;"), "{}", office.page);
        service.stop();
        assert_eq!(state(&world, unit, first), State::Accepted);
        assert_eq!(alarmed(&world, unit), []);
    });
}

#[test]
fn a_certificate_that_the_form_on_its_way_does_not_list_is_told_when_it_is_installed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        let certificate = SigningCertificate::from_der(&certificates_in(OTHER_SIGNER).unwrap()[0]).unwrap();
        let missing = || world.look(|conn| filings::not_listed_in(conn, unit, &certificate));
        assert_eq!(missing(), None, "no form is on its way");
        let id = draft(&world, unit, Action::New, &[further()]).unwrap();
        assert_eq!(missing(), Some(id));
        world.change(|tx, stamp| {
            filings::withdraw(tx, stamp, &clerk(&world), unit, id, "thiếu chứng thư").map(|_| ())
        });
        draft(&world, unit, Action::New, &[further(), own()]).unwrap();
        assert_eq!(missing(), None);
    });
}

#[test]
fn an_acceptance_is_recorded_by_command_by_somebody_who_may_for_the_office_of_the_form_on_its_way() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = newcomer(&world);
        let shell = Shell::new(&world);
        let keeper = shell.person("Lê Thị Mẫu");
        let cashier = shell.person("Vũ Văn Mẫu");
        appoint(&world, Role::Cashier, "thungan.mau", Scope::unit(unit), cashier);
        let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/receipt/test-only-other-signer.pem");
        let accept = |person: &str, office: &str, more: &[&str]| {
            let asked = ["tax", "registration", "accept", "--unit", "00999", "--notice-no", "20/TB"];
            let place = ["--office-code", office, "--office-name", "Thuế cơ sở Thử", "--add", pem];
            shell.run(&[&asked[..], &place, &["--person", person], more].concat())
        };
        let (keeper, cashier) = (keeper.to_string(), cashier.to_string());
        let refused = |(code, _, error): (i32, String, String), refusal: &str| {
            assert!(code == 1 && error.contains(refusal), "{refusal}: {code} {error}");
        };
        refused(accept(&cashier, "10100", &[]), "role_not_allowed");
        refused(accept(&keeper, "HN", &[]), "tax_office_wrong");
        refused(accept(&keeper, "10100", &["--form-name", "01/ABC"]), "registration_form_unknown");
        refused(accept(&keeper, "10100", &["--form-name", "01/ĐKTĐ-HĐĐT"]), "registration_form_unfit");
        refused(accept(&keeper, "10100", &["--on", "2019-01-01"]), "registration_date_too_early");
        let form = draft(&world, unit, Action::New, &[own()]).unwrap();
        let (code, _, error) = accept(&keeper, "10100", &["--form", &form.to_string()]);
        assert!(code != 0 && error.contains("--office-code"), "the form names its office: {error}");
        refused(accept(&keeper, "10200", &[]), "tax_office_differs");
        let (code, _, error) = accept(&keeper, "10100", &[]);
        assert_eq!(code, 0, "{error}");
        let named = format!("audit_entry WHERE action = 'registration.accepted' AND actor = '{keeper}'");
        assert_eq!(world.count(&named), 1, "the trail names who recorded it");
        assert_eq!(world.look(|conn| query::by_id(conn, unit, form)).unwrap().state, State::Requested);
    });
}

#[test]
fn a_unit_is_registered_before_its_first_day_so_that_it_has_receipts_on_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        let record = |form: &str, accepted_on: BusinessDay| {
            let recorded = world.try_change(|tx, stamp| {
                let acceptance = Acceptance {
                    unit,
                    form: form.into(),
                    notice_no: "18/TB".into(),
                    accepted_on,
                    document_kinds: vec!["receipt".into()],
                    office_code: "10100".into(),
                    office_name: "Thuế thành phố Thử".into(),
                    certificates: vec![own()],
                    filing: None,
                };
                filings::record_by_hand(tx, stamp, &clerk(&world), acceptance)
            });
            recorded.map(|_| ()).map_err(|error| error.code())
        };
        let first_day = world.look(|conn| unit::find(conn, unit)).valid_from;
        let before_the_law = "2022-06-30".parse().unwrap();
        assert_eq!(record("01/ĐK-BL", before_the_law), Err("registration_date_too_early"));
        assert_eq!(record(FORM, first_day.plus_days(-7)), Ok(()));
    });
}

#[test]
fn a_form_to_a_wrong_office_that_is_never_answered_does_not_keep_the_right_ones_acceptance_out_for_ever() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        install(&world, unit, &own().serial).unwrap();
        let record = || {
            let recorded = world.try_change(|tx, stamp| {
                let acceptance = Acceptance {
                    unit,
                    form: FORM.into(),
                    notice_no: "17/TB".into(),
                    accepted_on: stamp.today(),
                    document_kinds: vec!["receipt".into()],
                    office_code: "10200".into(),
                    office_name: "Thuế cơ sở Thử".into(),
                    certificates: vec![own()],
                    filing: None,
                };
                filings::record_by_hand(tx, stamp, &clerk(&world), acceptance)
            });
            recorded.map_err(|error| error.code())
        };
        let form = draft(&world, unit, Action::New, &[own()]).unwrap();
        world.wait_days(4);
        assert_eq!(record(), Err("tax_office_differs"), "it may be taken back, however long it waits");
        approve(&world, unit, form);
        worker::sign_forms(&world.app).unwrap();
        assert_eq!(state(&world, unit, form), State::Signed);
        world.wait_days(2);
        assert_eq!(record(), Err("tax_office_differs"), "its answer may come");
        world.wait_days(2);
        record().expect("nobody can take it back, and nobody answers");
        assert_eq!(world.look(|conn| registration::of_unit(conn, unit)).len(), 1);
        assert_eq!(state(&world, unit, form), State::Withdrawn);
        assert_eq!(steps(&world, form).last().map(String::as_str), Some("superseded"));
        draft(&world, unit, Action::Change, &[further()]).expect("nobody waits for the first one any more");
    });
}

#[test]
fn an_acceptance_that_a_person_recorded_first_is_its_forms_where_it_says_what_the_form_says() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        install(&world, unit, &own().serial).unwrap();
        let form = draft(&world, unit, Action::New, &[own(), further()]).unwrap();
        approve(&world, unit, form);
        worker::sign_forms(&world.app).unwrap();
        let record = |notice_no: &str, listed: &[ListedCertificate]| {
            world.change(|tx, stamp| {
                let acceptance = Acceptance {
                    unit,
                    form: FORM.into(),
                    notice_no: notice_no.into(),
                    accepted_on: stamp.today(),
                    document_kinds: vec!["receipt".into()],
                    office_code: "10100".into(),
                    office_name: "Thuế thành phố Thử".into(),
                    certificates: listed.to_vec(),
                    filing: None,
                };
                filings::record_by_hand(tx, stamp, &clerk(&world), acceptance)
            })
        };
        let accept = |notice_no: &str| {
            world.try_change(|tx, stamp| {
                filings::accept_by_hand(tx, stamp, &clerk(&world), (unit, form), notice_no, stamp.today())
            })
        };
        record("15/TB", &[own()]);
        let refused = accept("15/TB").unwrap_err();
        assert_eq!(refused.code(), "registration_exists", "the further certificate would never be in force");
        let known = record("16/TB", &[own(), further()]);
        assert_eq!(accept("16/TB").unwrap(), known);
        assert_eq!(state(&world, unit, form), State::Accepted);
        assert_eq!(world.look(|conn| registration::of_unit(conn, unit)).len(), 2, "recorded once");
    });
}
