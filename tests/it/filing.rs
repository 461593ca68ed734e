//! Stories with the tax authority: registering, reporting, explaining, and a network that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::Clock;
use bienlai::filing::endpoint::TaxEndpoint;
use bienlai::filing::form::Taxpayer;
use bienlai::filing::form::registration::{Action, FORM, Registration};
use bienlai::filing::form::usage::UsageReport;
use bienlai::filing::http::HttpEndpoint;
use bienlai::filing::period::Quarter;
use bienlai::filing::rules::State as MessageState;
use bienlai::filing::transmission::Wanted;
use bienlai::filing::{self, Draft, Kind, State, due, notice, report, transmission};
use bienlai::id::{FilingId, PersonId, UnitId};
use bienlai::identity::{self, NewClient};
use bienlai::payment::book::Method;
use bienlai::receipt;
use bienlai::simulator::tax_authority::server::Server;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::unit::registration::{self, Acceptance, CertificateAction, ListedCertificate};
use bienlai::unit::series::{self, NewSeries};
use bienlai::unit::{self, NewUnit, certificate};
use bienlai::worker;
use secrecy::{ExposeSecret, SecretString};

use crate::support::program::{How, Service, send};
use crate::support::world::{Commune, share_tax_code};
use crate::support::{Database, World, each_database};

pub const PLACE: &str = "Hà Nội";
pub const OTHER_SIGNER: &str = include_str!("../../fixtures/receipt/test-only-other-signer.pem");

/// Signs what is drafted and lets the courier go round, with time passing, until nothing is open.
pub fn deliver(world: &World, endpoint: &dyn TaxEndpoint) {
    for _ in 0..400 {
        worker::sign_forms(&world.app).expect("forms are signed");
        worker::deliver(&world.app, endpoint).expect("the courier goes round");
        if world.count("transmission WHERE state NOT IN ('answered', 'refused', 'halted')") == 0 {
            return;
        }
        world.wait_seconds(200);
    }
    panic!("still open: {:?}", world.words("SELECT state AS t FROM transmission"));
}

pub fn state(world: &World, unit: UnitId, id: FilingId) -> State {
    world.look(|conn| filing::find(conn, unit, id)).state
}

fn form(world: &World, action: Action, certificates: Vec<ListedCertificate>) -> Registration {
    Registration {
        action,
        taxpayer: Taxpayer {
            name: "Ủy ban nhân dân phường Thử".into(),
            tax_code: "9900000016".into(),
            budget_code: None,
            office_code: "10100".into(),
            office_name: "Thuế thành phố Thử".into(),
            place: PLACE.into(),
        },
        contact_name: "Người Liên Hệ Mẫu".into(),
        contact_address: "Số 1 phố Thử".into(),
        contact_email: "lienhe@example.vn".into(),
        contact_phone: "02400000000".into(),
        made_on: world.now().business_day(),
        receipts_without_value: true,
        receipts_with_value: false,
        through_transmitter: false,
        certificates,
        entrustments: Vec::new(),
    }
}

/// A commune that nobody registered with the tax office yet.
pub fn newcomer(world: &World) -> UnitId {
    let unit = world.change(|tx, stamp| {
        let new = NewUnit {
            code: "00999".into(),
            name: "Ủy ban nhân dân phường Thử".into(),
            kind: "phường".into(),
            tax_code: "9900000048".into(),
            budget_code: None,
            address: "Số 1 phố Thử".into(),
            phone: None,
            valid_from: stamp.today(),
        };
        unit::register(tx, stamp, &Actor::system(), new)
    });
    share_tax_code(world, unit, "9900000016");
    unit
}

fn open_series(world: &World, unit: UnitId) -> bienlai::error::Result<bienlai::id::SeriesId> {
    world.try_change(|tx, stamp| {
        let new = NewSeries {
            unit,
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: "ZZ-26E".into(),
            year: 2026,
            last_allowed_no: 100,
            registration: "TB".into(),
        };
        series::open(tx, stamp, &Actor::system(), new)
    })
}

/// Two persons who look after the city's units: one drafts registrations, the other one approves.
fn clerk(world: &World) -> Actor {
    Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All }
}

fn chief(world: &World) -> Actor {
    Actor { person: Some(world.chief), client: None, role: Role::Approver, scope: Scope::All }
}

pub fn install(
    world: &World,
    unit: UnitId,
    serial: &str,
) -> bienlai::error::Result<bienlai::id::CertificateId> {
    let own = filing::registration::listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
    world.try_change(|tx, stamp| {
        certificate::store(
            tx,
            stamp,
            &Actor::system(),
            certificate::NewCertificate {
                unit,
                subject: "thử".into(),
                issuer: own.issuer.clone(),
                serial: serial.to_owned(),
                certificate_pem: OTHER_SIGNER.into(),
                chain_pem: OTHER_SIGNER.into(),
                key_pem: &SecretString::from(OTHER_SIGNER),
                not_before: own.valid_from,
                not_after: own.valid_until,
                is_test: true,
            },
        )
    })
}

#[test]
fn a_series_opens_and_a_further_certificate_signs_only_after_the_office_accepted_them() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        let own = filing::registration::listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        assert_eq!(open_series(&world, unit).unwrap_err().code(), "series_not_registered");
        install(&world, unit, &own.serial).expect("the form itself wants a signature");

        let authority = TaxAuthority::new(Habits::default());
        let first = form(&world, Action::New, vec![own.clone()]);
        let draft = |form: &Registration| {
            world.try_change(|tx, stamp| filing::registration::draft(tx, stamp, &clerk(&world), unit, form))
        };
        let approve = |actor: &Actor, id: FilingId| {
            world.try_change(|tx, stamp| filing::registration::approve(tx, stamp, actor, unit, id))
        };
        let change = form(&world, Action::Change, vec![own.clone()]);
        assert_eq!(draft(&change).unwrap_err().code(), "registration_missing");
        let id = draft(&first).unwrap();
        assert_eq!(draft(&first).unwrap_err().code(), "registration_pending");
        worker::sign_forms(&world.app).unwrap();
        assert_eq!(state(&world, unit, id), State::Requested, "one person alone sends nothing");
        assert_eq!(approve(&clerk(&world), id).unwrap_err().code(), "maker_is_checker");
        approve(&chief(&world), id).unwrap();
        assert_eq!(approve(&chief(&world), id).unwrap_err().code(), "registration_not_requested");
        worker::sign_forms(&world.app).unwrap();
        assert_eq!(state(&world, unit, id), State::Signed);
        worker::deliver(&world.app, &authority).unwrap();
        assert_eq!(state(&world, unit, id), State::Sent);
        assert_eq!(
            open_series(&world, unit).unwrap_err().code(),
            "series_not_registered",
            "not accepted yet"
        );
        deliver(&world, &authority);
        assert_eq!(state(&world, unit, id), State::Accepted);
        let steps = world.words(&format!(
            "SELECT kind AS t FROM filing_event WHERE filing_id = {} ORDER BY revision",
            id.0
        ));
        assert_eq!(steps, ["requested", "approved", "signed", "sent", "received", "accepted"]);
        open_series(&world, unit).expect("the acceptance opens it");

        let refused = install(&world, unit, "77aa").unwrap_err();
        assert_eq!(refused.code(), "certificate_not_registered");
        let further = ListedCertificate { serial: "77AA".into(), ..own.clone() };
        let same = form(&world, Action::Change, vec![own]);
        assert_eq!(draft(&same).unwrap_err().code(), "registration_unchanged", "the office knows it");
        let change = draft(&form(&world, Action::Change, vec![further])).unwrap();
        approve(&chief(&world), change).unwrap();
        deliver(&world, &authority);
        assert_eq!(state(&world, unit, change), State::Accepted);
        install(&world, unit, "77aa").expect("the change form added it");
    });
}

#[test]
fn a_drafted_registration_is_taken_back_and_one_that_no_longer_fits_is_not_approved() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        let own = filing::registration::listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        let first = form(&world, Action::New, vec![own.clone()]);
        let draft = |actor: &Actor| {
            world.try_change(|tx, stamp| filing::registration::draft(tx, stamp, actor, unit, &first))
        };
        assert_eq!(draft(&Actor::system()).unwrap_err().code(), "role_not_allowed", "a person drafts it");
        let nobody = Actor { person: None, ..clerk(&world) };
        assert_eq!(draft(&nobody).unwrap_err().code(), "person_required");
        let withdraw = |id: FilingId, reason: &str| {
            world.try_change(|tx, stamp| {
                filing::registration::withdraw(tx, stamp, &clerk(&world), unit, id, reason)
            })
        };
        let id = draft(&clerk(&world)).unwrap();
        assert_eq!(withdraw(id, " ").unwrap_err().code(), "reason_missing");
        assert_eq!(withdraw(id, "sai người liên hệ").unwrap().state, State::Withdrawn);
        assert_eq!(withdraw(id, "lần nữa").unwrap_err().code(), "registration_not_requested");

        // The way is free again; meanwhile the office's acceptance comes another way.
        let again = draft(&clerk(&world)).unwrap();
        world.change(|tx, stamp| {
            let acceptance = Acceptance {
                unit,
                form: FORM.into(),
                notice_no: "16/TB".into(),
                accepted_on: stamp.today(),
                document_kinds: vec!["receipt".into()],
                office_code: "10100".into(),
                office_name: "Thuế".into(),
                certificates: vec![own.clone()],
                filing: None,
            };
            registration::record(tx, stamp, &Actor::system(), acceptance)
        });
        let late = world
            .try_change(|tx, stamp| filing::registration::approve(tx, stamp, &chief(&world), unit, again));
        assert_eq!(late.unwrap_err().code(), "registration_held");
        assert_eq!(state(&world, unit, again), State::Requested);
    });
}

#[test]
fn a_refused_registration_opens_nothing_and_a_recorded_one_must_list_what_signs() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = newcomer(&world);
        let own = filing::registration::listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        install(&world, unit, &own.serial).unwrap();
        let authority = TaxAuthority::new(Habits { refuses_registrations: true, ..Habits::default() });
        let change = form(&world, Action::Change, vec![own.clone()]);
        let early = world
            .try_change(|tx, stamp| filing::registration::draft(tx, stamp, &clerk(&world), unit, &change));
        assert_eq!(early.unwrap_err().code(), "registration_missing");
        let asked = form(&world, Action::New, vec![own.clone()]);
        let id = world.change(|tx, stamp| {
            let id = filing::registration::draft(tx, stamp, &clerk(&world), unit, &asked)?;
            filing::registration::approve(tx, stamp, &chief(&world), unit, id).map(|form| form.id)
        });
        deliver(&world, &authority);
        assert_eq!(state(&world, unit, id), State::Refused);
        let reasons = world.words("SELECT reason AS t FROM filing_event WHERE kind = 'refused'");
        assert_eq!(reasons, ["10023"]);
        assert_eq!(open_series(&world, unit).unwrap_err().code(), "series_not_registered");

        let receipts = (FORM, "receipt");
        let invoices = ("01/ĐKTĐ-HĐĐT", "invoice");
        let record = |(form, documents): (&str, &str), certificates: Vec<ListedCertificate>| {
            world.try_change(|tx, stamp| {
                let acceptance = Acceptance {
                    unit,
                    form: form.into(),
                    notice_no: "15/TB".into(),
                    accepted_on: stamp.today(),
                    document_kinds: vec![documents.into()],
                    office_code: "10100".into(),
                    office_name: "Thuế".into(),
                    certificates: certificates.clone(),
                    filing: None,
                };
                registration::record(tx, stamp, &Actor::system(), acceptance)
            })
        };
        assert_eq!(record(receipts, vec![]).unwrap_err().code(), "registration_certificate_missing");
        record(receipts, vec![own.clone()]).unwrap();
        assert_eq!(record(receipts, vec![own.clone()]).unwrap_err().code(), "registration_exists");
        let bare = record(invoices, vec![]).unwrap_err();
        assert_eq!(bare.code(), "registration_without_certificate", "no invoice would ever be signed");
        record(invoices, vec![own]).unwrap();
        open_series(&world, unit).unwrap();
    });
}

#[test]
fn a_report_follows_the_receipts_and_never_changes_silently() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        // One receipt is cancelled without its money, which is another story's.
        world.stop_watching();
        let unit = world.ba_dinh.id;
        let mut receipts = Vec::new();
        for amount in [8_000, 25_000, 9_000] {
            let owed = world.raise(Dong(amount));
            world.take(&owed, Dong(amount), Method::Cash).unwrap();
            receipts.push(world.receipts(&owed).remove(0).id);
        }
        world.seal();
        let quarter: Quarter = "2026-Q4".parse().unwrap();
        let make = |unit: UnitId| {
            world.try_change(|tx, stamp| report::make(tx, stamp, &Actor::system(), unit, quarter, PLACE))
        };
        assert_eq!(make(unit).unwrap_err().code(), "report_period_not_over");
        world.wait_days(45);
        let today = world.now().business_day();
        let open = world.look(|conn| due::due(conn, unit, today));
        assert_eq!(
            (open[0].quarter.as_str(), open[0].due_on.to_string()),
            ("2026-Q4", "2027-01-31".to_owned())
        );

        let first = make(unit).unwrap();
        let zero = make(world.tay_ho.id).unwrap();
        assert_eq!(make(unit).unwrap_err().code(), "report_exists");
        let lines = |unit: UnitId, id: FilingId| {
            world.look(|conn| filing::find(conn, unit, id)).data::<UsageReport>().unwrap().lines
        };
        let line = lines(unit, first).remove(0);
        assert_eq!((line.used, line.amount, line.from_no, line.to_no), (3, Dong(42_000), Some(1), Some(3)));
        assert_eq!((line.opening, line.closing), (99_999, 99_996));
        let nothing = lines(world.tay_ho.id, zero).remove(0);
        assert_eq!((nothing.used, nothing.amount, nothing.from_no), (0, Dong::ZERO, None));
        let supplement = || {
            world
                .try_change(|tx, stamp| report::supplement(tx, stamp, &Actor::system(), unit, quarter, PLACE))
        };
        assert_eq!(supplement().unwrap_err().code(), "report_not_sent");
        let authority = TaxAuthority::new(Habits::default());
        deliver(&world, &authority);
        assert_eq!(state(&world, unit, first), State::Accepted);
        assert!(world.look(|conn| due::due(conn, unit, today)).is_empty());

        assert_eq!(supplement().unwrap_err().code(), "report_unchanged");
        world.change(|tx, stamp| {
            receipt::cancel::cancel(tx, stamp, &Actor::system(), unit, receipts[1], "thử")
        });
        let changes = world.look(|conn| report::changes(conn, unit, quarter));
        assert_eq!(changes.len(), 1);
        assert_eq!(lines(unit, first).remove(0), line, "what was sent stays as it was");
        let second = supplement().unwrap();
        let stored = world.look(|conn| filing::find(conn, unit, second));
        assert_eq!(stored.earlier, Some(first));
        let body = String::from_utf8(stored.body).unwrap();
        let mark = format!("<BSung><LBSung>1</LBSung><MBCao>{}</MBCao></BSung>", filing::body_id(first));
        assert!(body.contains(&mark), "{body}");
        let line = lines(unit, second).remove(0);
        assert_eq!((line.used, line.amount, line.cancelled), (3, Dong(17_000), vec![2]));
        deliver(&world, &authority);
        assert_eq!(state(&world, unit, second), State::Accepted);
        assert_eq!(authority.doubles(), 0);
    });
}

#[test]
fn a_series_registered_later_changes_no_report_of_an_earlier_quarter() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let open = |series: &str| {
            world.change(|tx, stamp| {
                let new = NewSeries {
                    unit,
                    document_kind: "receipt".into(),
                    template: "01BLP0-001".into(),
                    series: series.into(),
                    year: 2027,
                    last_allowed_no: 100,
                    registration: "TB".into(),
                };
                series::open(tx, stamp, &Actor::system(), new)
            })
        };
        world.wait_days(60);
        open("BD-27E");
        world.wait_days(80);
        let quarter: Quarter = "2027-Q1".parse().unwrap();
        world.change(|tx, stamp| report::make(tx, stamp, &Actor::system(), unit, quarter, PLACE));
        open("BE-27E");
        assert_eq!(world.look(|conn| report::changes(conn, unit, quarter)), []);
        let names = |quarter: &str| -> Vec<String> {
            let figures = world.look(|conn| report::figures(conn, unit, quarter.parse().unwrap()));
            figures.into_iter().map(|line| line.series).collect()
        };
        assert_eq!(names("2027-Q1"), ["BD-27E"]);
        assert_eq!(names("2027-Q2"), ["BD-27E", "BE-27E"]);
    });
}

#[test]
fn a_series_of_receipts_stands_in_the_report_whatever_its_template_is_called() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let open = |kind: &str, template: &str, series: &str| {
            world.change(|tx, stamp| {
                let new = NewSeries {
                    unit,
                    document_kind: kind.into(),
                    template: template.into(),
                    series: series.into(),
                    year: 2026,
                    last_allowed_no: 100,
                    registration: "TB".into(),
                };
                series::open(tx, stamp, &Actor::system(), new)
            })
        };
        open("receipt", "05PLP-001", "BZ-26E");
        open("invoice_vat", "1", "K26TBD");
        let figures = world.look(|conn| report::figures(conn, unit, "2026-Q4".parse().unwrap()));
        let told: Vec<(&str, &str)> =
            figures.iter().map(|line| (line.template.as_str(), line.series.as_str())).collect();
        assert_eq!(told, [("01BLP0-001", "BD-26E"), ("05PLP-001", "BZ-26E")]);
    });
}

pub fn person(commune: &Commune, role: Role, person: PersonId) -> Actor {
    Actor { person: Some(person), client: None, role, scope: Scope::unit(commune.id) }
}

#[test]
fn a_wrong_name_is_explained_by_one_person_approved_by_another_and_shown_on_the_receipt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = world.ba_dinh.clone();
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let id = world.receipts(&owed).remove(0).id;
        let (clerk, chief) =
            (person(&commune, Role::Finance, world.clerk), person(&commune, Role::Approver, world.chief));
        let request = |actor: &Actor| {
            world.try_change(|tx, stamp| {
                let asked = notice::Request {
                    unit: commune.id,
                    documents: vec![(id, "Sai tên người nộp".into())],
                    demand: None,
                    place: PLACE.into(),
                };
                notice::request(tx, stamp, actor, asked)
            })
        };
        assert_eq!(request(&clerk).unwrap_err().code(), "receipt_not_signed", "not signed yet");
        world.seal();
        let made = request(&clerk).unwrap();
        assert_eq!(request(&chief).unwrap_err().code(), "notice_pending");
        let approve =
            |actor: &Actor| world.try_change(|tx, stamp| notice::approve(tx, stamp, actor, commune.id, made));
        let clerk_as_approver = person(&commune, Role::Approver, world.clerk);
        assert_eq!(approve(&clerk_as_approver).unwrap_err().code(), "maker_is_checker");
        let forced = format!(
            "UPDATE filing SET checker_person_id = maker_person_id, state = 'drafted', revision = 9 WHERE id = {}",
            made.0
        );
        assert!(crate::support::tools::run(&mut world.database.as_owner(), &forced).is_err());
        let alone = format!("UPDATE filing SET state = 'drafted', revision = 9 WHERE id = {}", made.0);
        assert!(crate::support::tools::run(&mut world.database.as_owner(), &alone).is_err());
        approve(&chief).unwrap();
        deliver(&world, &TaxAuthority::new(Habits { refuses_notices: true, ..Habits::default() }));
        let is_alarmed = || {
            let alarms = worker::tax_alarms(&world.app).unwrap();
            alarms.iter().any(|one| one.kind.as_str() == "form_refused" && one.filing == Some(made))
        };
        assert!(is_alarmed(), "somebody must make a corrected one");
        let why = world.look(|conn| notice::faults(conn, commune.id, made));
        assert_eq!(why.first().map(|fault| fault.code.as_str()), Some("4003"));

        // The corrected one names the refused one; taken back, it corrects nothing.
        let second = request(&clerk).unwrap();
        assert!(!is_alarmed(), "it is being put right");
        world.change(|tx, stamp| notice::withdraw(tx, stamp, &clerk, commune.id, second, "ghi lại lý do"));
        assert!(is_alarmed());
        let second = request(&clerk).unwrap();
        assert_eq!(world.look(|conn| filing::find(conn, commune.id, second)).earlier, Some(made));
        world.change(|tx, stamp| notice::approve(tx, stamp, &chief, commune.id, second));
        deliver(&world, &TaxAuthority::new(Habits::default()));
        let told = world.look(|conn| notice::of_receipt(conn, commune.id, id));
        let states: Vec<(&str, Option<FilingId>)> =
            told.iter().map(|one| (one.state.as_str(), one.corrects)).collect();
        assert_eq!(states, [("refused", None), ("withdrawn", Some(made)), ("accepted", Some(made))]);
        assert_eq!(told[2].form, "04/SS-CTĐT");
        assert!(!is_alarmed());
        let third = request(&clerk).unwrap();
        let third = world.look(|conn| filing::find(conn, commune.id, third));
        assert_eq!(third.earlier, None, "what was accepted is not corrected but added to");
        assert_eq!(world.receipts(&owed).len(), 1, "no new number");
    });
}

/// A certificate as forms list it.
fn listed() -> ListedCertificate {
    filing::registration::listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap()
}

/// A registration that is good in every way.
pub fn form_of(world: &World) -> Registration {
    form(world, Action::New, vec![listed()])
}

/// Forms enough to fill the ledger, `count` for each of the two communes that can sign.
pub fn fill(world: &World, count: usize) {
    let asked = form(world, Action::New, vec![listed()]);
    for _ in 0..count {
        for unit in [world.ba_dinh.id, world.tay_ho.id] {
            world.change(|tx, stamp| {
                let new = Draft {
                    unit,
                    kind: Kind::Registration,
                    form: FORM,
                    period: None,
                    slot: None,
                    earlier: None,
                    detail: serde_json::to_string(&asked).unwrap(),
                    state: State::Drafted,
                    maker: None,
                };
                filing::draft(tx, stamp, &Actor::system(), new, |_, id| asked.body(FORM, "2.1.1", id))
            });
        }
    }
    while worker::sign_forms(&world.app).unwrap() > 0 {}
}

#[test]
fn what_may_be_filed_once_is_drafted_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let asked = form(&world, Action::New, vec![listed()]);
        let drafted = |unit: UnitId| {
            world.try_change(|tx, stamp| {
                let new = Draft {
                    unit,
                    kind: Kind::Registration,
                    form: FORM,
                    period: None,
                    slot: Some("once".to_owned()),
                    earlier: None,
                    detail: serde_json::to_string(&asked).unwrap(),
                    state: State::Drafted,
                    maker: None,
                };
                filing::draft(tx, stamp, &Actor::system(), new, |_, id| asked.body(FORM, "2.1.1", id))
            })
        };
        drafted(world.ba_dinh.id).unwrap();
        assert_eq!(drafted(world.ba_dinh.id).unwrap_err().code(), "filing_exists");
        drafted(world.tay_ho.id).expect("another unit files its own");
    });
}

fn order(world: &World, unit: UnitId) -> Vec<String> {
    world.words(&format!("SELECT message_code AS t FROM transmission WHERE unit_id = {} ORDER BY id", unit.0))
}

#[test]
fn an_outage_of_three_days_drains_in_order_and_nothing_is_sent_twice() {
    each_database(|database| {
        let world = World::settled_in(database);
        fill(&world, 110);
        // One in five is taken and its answer lost, one in twenty is lost itself.
        let authority = TaxAuthority::new(Habits {
            lost_answers_percent: 20,
            lost_messages_percent: 5,
            asked_before_answer: 1_000_000,
            ..Habits::default()
        });
        authority.set_out(true);
        for _ in 0..36 {
            worker::deliver(&world.app, &authority).unwrap();
            world.wait_seconds(7_200);
        }
        assert_eq!(world.count("transmission WHERE state = 'queued'"), 220);
        assert_eq!(authority.deliveries(), 0);
        authority.set_out(false);
        let mut rounds = 0;
        while world.count("transmission WHERE state <> 'delivered'") > 0 {
            rounds += 1;
            assert!(rounds < 1_000, "{:?}", world.words("SELECT DISTINCT state AS t FROM transmission"));
            worker::deliver(&world.app, &authority).unwrap();
            world.wait_seconds(60);
        }
        assert_eq!(authority.doubles(), 0, "timed out but accepted is never sent again");
        let taken = authority.taken();
        assert_eq!(taken.len(), 220);
        assert!(world.count("transmission_event WHERE kind = 'found'") > 20, "answers were lost and found");
        assert!(
            world.count("transmission_event WHERE kind = 'not_found'") > 0,
            "messages were lost and resent"
        );
        let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (code, _, tax_code) in taken {
            arrived.entry(tax_code).or_default().push(code);
        }
        assert_eq!(arrived["9900000009"], order(&world, world.ba_dinh.id));
        assert_eq!(arrived["9900000016"], order(&world, world.tay_ho.id));
    });
}

#[test]
fn a_refused_message_is_told_with_its_reason_and_blocks_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let mut bad = form(&world, Action::New, vec![listed()]);
        bad.taxpayer.office_code = "1".into();
        let id = world.change(|tx, stamp| {
            let new = Draft {
                unit: world.ba_dinh.id,
                kind: Kind::Registration,
                form: FORM,
                period: None,
                slot: None,
                earlier: None,
                detail: serde_json::to_string(&bad).unwrap(),
                state: State::Drafted,
                maker: None,
            };
            filing::draft(tx, stamp, &Actor::system(), new, |_, id| bad.body(FORM, "2.1.1", id))
        });
        fill(&world, 1);
        worker::deliver(&world.app, &TaxAuthority::new(Habits::default())).unwrap();
        assert_eq!(state(&world, world.ba_dinh.id, id), State::Refused);
        let faults = world.words("SELECT faults AS t FROM transmission_reply WHERE verdict = 'refused'");
        assert!(faults[0].contains("20001") && faults[0].contains("MCQTQLy"), "{faults:?}");
        assert_eq!(world.count("transmission WHERE state = 'delivered'"), 2);
    });
}

#[test]
fn a_process_killed_between_sending_and_storing_the_answer_sends_nothing_twice() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        fill(&world, 1);
        let authority = Arc::new(TaxAuthority::new(Habits { asked_before_answer: 99, ..Habits::default() }));
        let server = Server::start(Arc::clone(&authority), "127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", server.address);
        let how = How { failpoint: Some("filing_sent"), tax_endpoint: Some(&url), ..How::default() };
        if let Some(mut service) = Service::start_as(&world, how) {
            assert!(service.die_within(Duration::from_secs(30)), "the failpoint strikes:\n{}", service.log());
        }
        assert_eq!(authority.taken().len(), 1);
        assert_eq!(world.count("transmission WHERE state = 'sending'"), 1);

        let later = Clock::fixed(Clock::System.now().plus_seconds(1_000));
        let next = crate::support::TestApp::open_with(Arc::clone(&world.database), later);
        let endpoint = HttpEndpoint::new(&url, None, Duration::from_secs(5));
        worker::deliver(&next.app, &endpoint).unwrap();
        assert_eq!(world.count("transmission WHERE state = 'delivered'"), 2);
        assert_eq!(world.count("transmission_event WHERE kind = 'found'"), 1);
        assert_eq!((authority.taken().len(), authority.doubles()), (2, 0));
    });
}

#[test]
fn a_message_whose_process_died_and_that_is_rejected_when_it_comes_again_is_sent_once_it_is_found() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        fill(&world, 1);
        // What arrives is not found at first, and turned away when it comes again.
        let habits = Habits { late_messages_percent: 100, rejects_doubles: true, ..Habits::default() };
        let authority = Arc::new(TaxAuthority::new(habits));
        let server = Server::start(Arc::clone(&authority), "127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", server.address);
        let how = How { failpoint: Some("filing_sent"), tax_endpoint: Some(&url), ..How::default() };
        if let Some(mut service) = Service::start_as(&world, how) {
            assert!(service.die_within(Duration::from_secs(30)), "the failpoint strikes:\n{}", service.log());
        }
        let code = authority.taken().remove(0).0;
        let later = Clock::fixed(Clock::System.now().plus_seconds(1_000));
        let next = crate::support::TestApp::open_with(Arc::clone(&world.database), later);
        let endpoint = HttpEndpoint::new(&url, None, Duration::from_secs(5));
        worker::deliver(&next.app, &endpoint).unwrap();
        let of_it =
            format!("JOIN transmission t ON t.id = o.transmission_id WHERE t.message_code = '{code}'");
        let way = format!("SELECT o.kind AS t FROM transmission_event o {of_it} ORDER BY o.revision");
        assert_eq!(world.words(&way), ["queued", "sending", "not_found", "sending", "resend_rejected"]);
        assert_eq!(world.count("transmission WHERE state = 'delivered'"), 1);
        let filed = format!(
            "SELECT f.state AS t FROM filing f JOIN transmission t ON t.filing_id = f.id WHERE t.message_code = '{code}'"
        );
        assert_eq!(world.words(&filed), ["signed"], "nobody said that the authority has it");
        let message = format!("SELECT CAST(id AS TEXT) AS t FROM transmission WHERE message_code = '{code}'");
        let message = world.words(&message);
        let is_told = |kind: &str| {
            let told = worker::tax_alarms(&next.app).unwrap().into_iter();
            let of_it = |id: bienlai::id::TransmissionId| message == [id.0.to_string()];
            told.filter(|one| one.kind.as_str() == kind).any(|one| one.transmission.is_some_and(of_it))
        };
        assert!(is_told("message_halted") && !is_told("message_unanswered"), "at once, as what is rejected");

        next.wait_days(4);
        worker::deliver(&next.app, &endpoint).unwrap();
        assert_ne!(world.words(&filed), ["signed"], "now it is known to be there");
        assert!(!is_told("message_halted"));
        let answers = world.words(&format!("SELECT o.verdict AS t FROM transmission_reply o {of_it}"));
        assert_eq!(answers, ["accepted"], "it had arrived, and its answer is found");
        assert_eq!(world.words(&way).iter().filter(|kind| *kind == "sending").count(), 2);
    });
}

#[test]
fn a_halted_message_goes_on_when_a_person_releases_it() {
    struct Wall;
    impl TaxEndpoint for Wall {
        fn send(&self, _: &str, _: &[u8]) -> filing::rules::Outcome {
            filing::rules::Outcome::Rejected("HTTP 400".into())
        }
        fn ask(&self, _: &str) -> filing::rules::Outcome {
            filing::rules::Outcome::NotKnown
        }
    }
    let world = World::settled_in(Database::sqlite());
    fill(&world, 1);
    worker::deliver(&world.app, &Wall).unwrap();
    let halted =
        world.look(|conn| transmission::of_unit(conn, Some(world.ba_dinh.id), Wanted::Open, 9)).remove(0);
    assert_eq!(halted.state, MessageState::Halted);
    world.change(|tx, stamp| transmission::release(tx, stamp, &Actor::system(), halted.unit, halted.id));
    worker::deliver(&world.app, &TaxAuthority::new(Habits::default())).unwrap();
    let now = world.look(|conn| transmission::find(conn, &Scope::All, halted.id));
    assert_eq!(now.state, MessageState::Delivered);
}

pub fn client(world: &World, unit: UnitId, name: &str, role: Role) -> String {
    world.change(|tx, stamp| {
        let system = Actor::system();
        let person = Some(identity::create_person(tx, stamp, &system, unit, name)?);
        let new = NewClient { unit, name: name.into(), person, role, scope: Scope::unit(unit) };
        Ok(identity::create_client(tx, stamp, &system, new)?.1.expose_secret().to_owned())
    })
}

#[test]
fn an_officer_files_over_the_api_and_sees_every_answer() {
    each_database(|database| {
        // Longer ago than any quarter that ended last: its series are that quarter's to report.
        let world = World::settled_in_before(database, 100);
        let quarter = Quarter::of(Clock::System.now().business_day()).previous();
        let authority = Arc::new(TaxAuthority::new(Habits { asked_before_answer: 0, ..Habits::default() }));
        let server = Server::start(Arc::clone(&authority), "127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", server.address);
        let officer = client(&world, world.ba_dinh.id, "Kế toán Thử", Role::Finance);
        let stranger = client(&world, world.tay_ho.id, "Kế toán Khác", Role::Finance);
        let cashier = client(&world, world.ba_dinh.id, "Thu ngân Thử", Role::Cashier);
        let how = How { tax_endpoint: Some(&url), ..How::default() };
        let mut service = Service::start_as(&world, how).expect("the service is ready");
        let address = service.address;
        let ask = |token: &str, method: &str, path: &str, body: &str| {
            let bearer = format!("Bearer {token}");
            let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
            send(address, method, path, &headers, body.as_bytes()).expect("an answer")
        };
        let body = format!(r#"{{ "unit": "00004", "quarter": "{quarter}" }}"#);
        let body = body.as_str();
        assert_eq!(ask(&cashier, "POST", "/api/v1/tax/reports", body).status, 403);
        assert_eq!(ask(&stranger, "POST", "/api/v1/tax/reports", body).status, 404);
        let path = format!("/api/v1/tax/reports?unit=00004&quarter={quarter}");
        let path = path.as_str();
        let made = ask(&officer, "POST", "/api/v1/tax/reports", body);
        if made.status == 409 {
            // The service made the report of the quarter by itself, perhaps in this very moment, and it waits
            // for the officer.
            let code = made.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
            assert_eq!(code, "report_exists");
            let waiting = ask(&officer, "GET", path, "").json();
            let id = waiting["reports"][0]["id"].as_str().expect("a report").to_owned();
            let approved = ask(&officer, "POST", &format!("/api/v1/tax/reports/{id}/approve"), "");
            assert_eq!(approved.status, 200, "{}", approved.json());
        } else {
            assert_eq!(made.status, 200, "{}", made.json());
        }
        let again = ask(&officer, "POST", "/api/v1/tax/reports", body).json();
        assert_eq!(again["error"]["code"], "report_exists", "{again}");

        let start = std::time::Instant::now();
        loop {
            let seen = ask(&officer, "GET", path, "").json();
            if seen["reports"][0]["state"] == "accepted" {
                assert_eq!(seen["figures"][0]["used"], 0);
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{seen}\n{}", service.log());
            std::thread::sleep(Duration::from_millis(300));
        }
        let ledger = ask(&officer, "GET", "/api/v1/tax/transmissions?unit=00004", "").json();
        let id = ledger["transmissions"][0]["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/v1/tax/transmissions/{id}");
        let shown = ask(&officer, "GET", &path, "").json();
        assert_eq!(shown["transmission"]["state"], "answered");
        let kinds: Vec<i64> =
            shown["replies"].as_array().unwrap().iter().filter_map(|reply| reply["kind"].as_i64()).collect();
        assert_eq!(kinds, [999, 213]);
        assert_eq!(ask(&stranger, "GET", &path, "").status, 404, "another unit's message does not exist");
        assert_eq!(authority.doubles(), 0);
        service.stop();
    });
}
