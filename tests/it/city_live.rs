//! From the first step to live: every step done as it is done, and the account goes live.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{self, Kind, Subject};
use bienlai::filing::registration::listed_from_pem;
use bienlai::id::MovementId;
use bienlai::obligation::State;
use bienlai::payment::refund::{self, Ask, Payee};
use bienlai::payment::resolve;
use bienlai::receipt::key::SigningKey;
use bienlai::reconciliation::reconcile;
use bienlai::report::onboarding::{self, Checklist, trial};
use bienlai::tariff::edition;
use bienlai::unit::certificate::{self, NewCertificate};
use bienlai::unit::imprint::{self, Imprint};
use bienlai::unit::registration::{self, Acceptance, CertificateAction};
use secrecy::SecretString;
use serde_json::json;

use crate::corrections::person;
use crate::imports::import;
use crate::strangers::token;
use crate::support::bank_file::BankFile;
use crate::support::program::{How, Service, send};
use crate::support::visitor::{employ, seated};
use crate::support::{World, each_database};

const TARIFF: &str = include_str!("../../fixtures/tariff/hanoi.toml");
const PEM: &str = include_str!("../../fixtures/receipt/test-only-signer.pem");

fn checklist(world: &World) -> Checklist {
    let tariff = world.look(edition::newest);
    let staff = world.look(onboarding::staff);
    let unit = world.soc_son.id;
    let found = world.look(|conn| {
        onboarding::checklists(conn, &world.stamp(), &Actor::system(), Some(unit), Some(&tariff), &staff)
    });
    found.into_iter().next().expect("an account")
}

fn missing(world: &World) -> Vec<&'static str> {
    checklist(world).steps.iter().filter(|one| !one.is_done).map(|one| one.step.as_str()).collect()
}

fn go_live(world: &World) -> bienlai::error::Result<()> {
    let tariff = world.look(edition::newest);
    let staff = world.look(onboarding::staff);
    let actor =
        Actor { person: Some(world.chief), client: None, role: Role::Administrator, scope: Scope::All };
    let place = (world.soc_son.id, world.soc_son.account);
    world.app.write(&actor, |tx, stamp| onboarding::go_live(tx, stamp, &actor, place, Some(&tariff), &staff))
}

fn require_live(world: &World) -> bienlai::error::Result<()> {
    let tariff = world.look(edition::newest);
    let unit = world.soc_son.id;
    world.store.read(&Scope::All, |conn| onboarding::require_live(conn, &world.stamp(), unit, Some(&tariff)))
}

fn statement(world: &World, file: BankFile) {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.soc_son.id, world.soc_son.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// The certificate is registered and stored as one that counts.
fn certify(world: &World) {
    let unit = world.soc_son.id;
    let listed = listed_from_pem(PEM, CertificateAction::Add).unwrap();
    let key = SigningKey::from_pem(&SecretString::from(PEM), PEM, "9900000009").unwrap();
    let (own, chain) = (key.certificate(), key.chain_pem());
    world.change(|tx, stamp| {
        registration::record(
            tx,
            stamp,
            &Actor::system(),
            Acceptance {
                unit,
                form: "01/ĐKTĐ-CTĐT".to_owned(),
                notice_no: "TB-0002".to_owned(),
                accepted_on: stamp.today(),
                document_kinds: vec!["receipt".to_owned()],
                office_code: "10100".to_owned(),
                office_name: "Thuế thành phố Thử".to_owned(),
                certificates: vec![listed.clone()],
                filing: None,
            },
        )?;
        certificate::store(
            tx,
            stamp,
            &Actor::system(),
            NewCertificate {
                unit,
                subject: own.subject().to_owned(),
                issuer: own.issuer().to_owned(),
                serial: own.serial().to_owned(),
                certificate_pem: chain.clone(),
                chain_pem: chain.clone(),
                key_pem: &SecretString::from(PEM),
                not_before: own.valid_from(),
                not_after: own.valid_until(),
                is_test: false,
            },
        )
    });
}

/// 1.000 đ that nobody owes any more: told, on the statement, sent back, and debited.
fn test_payment(world: &World) {
    let (unit, no) = (world.soc_son.id, world.soc_son.account_no);
    let admin = person(unit, world.chief, Role::Administrator);
    let account = world.soc_son.account;
    let begun = world.app.write(&admin, |tx, stamp| trial::begin(tx, stamp, &admin, unit, account));
    let owed = begun.unwrap();
    assert_eq!((owed.total, owed.state), (onboarding::TEST_AMOUNT, State::Cancelled), "nobody owes it");
    let far = || checklist(world).steps.pop().expect("the test is the last step").vi;
    assert_eq!(far(), format!("chờ 1.000 đ mang mã {}", owed.reference_code));
    world.claim(&owed, Dong(1_000)).reference("TEST1").settle();
    assert_eq!(far(), "còn thiếu sao kê, hoàn lại");
    let today = world.now().business_day();
    let memo = format!("{} NGUYEN THI THU nop phi", owed.reference_code);
    statement(world, BankFile::new(no, today, 0).book(1_000, &memo, "TEST1"));
    assert!(missing(world).contains(&"test_payment"), "it was not sent back yet");
    assert_eq!(far(), "còn thiếu hoàn lại");
    let payment = world.payments(&world.soc_son).remove(0);
    assert_eq!(payment.surplus, Dong(1_000));
    let (maker, checker) =
        (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
    let ask = Ask {
        unit,
        payment: payment.id,
        amount: Dong(1_000),
        reason: "khoản thử".into(),
        payee: Some(Payee {
            bank: "970432".into(),
            account_no: "19009999".into(),
            holder: "NGUYEN THI THU".into(),
        }),
    };
    let asked = world.app.write(&maker, |tx, stamp| refund::request(tx, stamp, &maker, &ask)).unwrap();
    world.app.write(&checker, |tx, stamp| refund::approve(tx, stamp, &checker, unit, asked.id)).unwrap();
    world.app.write(&maker, |tx, stamp| refund::send(tx, stamp, &maker, unit, asked.id)).unwrap();
    world.wait_days(1);
    let out = format!("HOAN TIEN {}", asked.reference_code);
    statement(world, BankFile::new(no, world.now().business_day(), 1_000).book(-1_000, &out, "TEST2"));
}

/// Two persons say of the test's claim that its money never came.
fn withdraw_claim(world: &World, movement: MovementId) {
    let unit = world.soc_son.id;
    let told = exception::New {
        unit,
        kind: Kind::ClaimWithoutCredit,
        subject: Subject::Movement(movement),
        account: Some(world.soc_son.account),
        amount: onboarding::TEST_AMOUNT,
        opened_on: world.now().business_day(),
        detail: String::new(),
    };
    world.change(|tx, stamp| exception::open(tx, stamp, std::slice::from_ref(&told)).map(|_| ()));
    let item =
        world.exceptions(unit).into_iter().find(|one| one.kind == Kind::ClaimWithoutCredit).unwrap().id;
    let (maker, checker) =
        (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
    world.change(|tx, stamp| {
        exception::propose(tx, stamp, &maker, unit, item, ("disprove", None, "ngân hàng xác nhận không có"))
    });
    world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, item));
}

#[test]
fn a_test_whose_claim_two_persons_withdrew_waits_for_its_transfer_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.soc_son.id, world.soc_son.account);
        let system = Actor::system();
        world.change(|tx, stamp| Ok(edition::store_first(tx, stamp, &system, TARIFF)?.is_ok()));
        let admin = person(unit, world.chief, Role::Administrator);
        let begun = world.app.write(&admin, |tx, stamp| trial::begin(tx, stamp, &admin, unit, account));
        let owed = begun.unwrap();
        let far = || checklist(&world).steps.pop().expect("the test is the last step").vi;
        let waits = far();
        let told = world.claim(&owed, Dong(1_000)).reference("TEST1").settle();
        assert_eq!(far(), "còn thiếu sao kê, hoàn lại");
        withdraw_claim(&world, told.movement);
        assert_eq!(world.count("movement WHERE state = 'disproven'"), 1);
        assert_eq!(far(), waits, "nothing was told of it that still holds");
        assert!(waits.contains(&owed.reference_code), "{waits}");
    });
}

#[test]
fn each_step_is_found_done_and_the_account_goes_live_when_all_are() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (system, unit) = (Actor::system(), world.soc_son.id);
        world.change(|tx, stamp| Ok(edition::store_first(tx, stamp, &system, TARIFF)?.is_ok()));
        let first = missing(&world);
        assert_eq!(
            first,
            ["treasury_account", "series", "certificate", "staff", "opening_balance", "test_payment"]
        );
        assert_eq!(go_live(&world).unwrap_err().code(), "onboarding_incomplete");
        let refused = require_live(&world).unwrap_err();
        assert_eq!((refused.code(), refused.detail()), ("account_not_live", first.join(", ").as_str()));

        world.change(|tx, stamp| {
            let wanted = Imprint {
                treasury_account: Some("3511.0.9990003".to_owned()),
                treasury_code: Some("0011".to_owned()),
                ..Imprint::default()
            };
            imprint::record(tx, stamp, &system, unit, stamp.today(), &wanted)
        });
        certify(&world);
        world.open_series(&world.soc_son, "SS-26E", 100);
        for (role, name) in [(Role::Cashier, "thungan"), (Role::Finance, "ketoan"), (Role::Approver, "duyet")]
        {
            employ(&world, role, &format!("{name}.socson"), Scope::unit(unit));
        }
        assert_eq!(missing(&world), ["opening_balance", "test_payment"]);
        test_payment(&world);
        assert_eq!(missing(&world), Vec::<&str>::new());
        assert_eq!(require_live(&world).unwrap_err().code(), "account_not_live", "nobody said so yet");
        go_live(&world).unwrap();
        require_live(&world).unwrap();
        let live = checklist(&world);
        assert!(live.is_green() && live.live_since.is_some());
        assert_eq!(go_live(&world).unwrap_err().code(), "account_is_live");
        assert_eq!(world.count("audit_entry WHERE action = 'account.live'"), 1);
    });
}

#[test]
fn a_new_installations_unit_takes_nothing_before_it_is_live_and_its_page_leads_to_each_step() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let bearer = token(&world, &world.soc_son, Role::Cashier);
        let now = world.now();
        let asked = |service: &Service| {
            let body = json!({ "unit": "00376", "dossier_code": "H26.1-261127-0001",
                "procedure_code": "2.000815", "procedure_field": "Chứng thực", "intake_mode": "counter",
                "submitted_at": now, "due_on": world.now().business_day().plus_days(5),
                "lines": [ { "item": "chung_thuc_ban_sao", "pages": 3, "copies": 2 } ] });
            let headers = [
                ("Authorization", format!("Bearer {bearer}")),
                ("Content-Type", "application/json".to_owned()),
                ("Idempotency-Key", "a-key-of-this-story".to_owned()),
            ];
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let path = "/api/v1/obligations";
            send(service.address, "POST", path, &headers, body.to_string().as_bytes()).unwrap().json()
        };
        world.change(|tx, stamp| Ok(edition::store_first(tx, stamp, &Actor::system(), TARIFF)?.is_ok()));
        let silent = How { is_silent_on_onboarding: true, ..How::default() };
        let mut service = Service::start_as(&world, silent).expect("the service is ready");
        let refused = asked(&service);
        assert_eq!(refused["error"]["code"], "account_not_live", "{refused}");
        assert!(refused.to_string().contains("ở trang Đưa vào hoạt động"), "{refused}");
        assert!(refused["error"]["detail"].as_str().unwrap().contains("test_payment"), "{refused}");
        assert_eq!(world.count("obligation"), 0);

        let own = Scope::unit(world.soc_son.id);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.socson", own);
        admin.get("/onboarding/00376");
        for href in ["/admin/units/00376#series-form", "/users", "/tariff"] {
            admin.sees(&format!("href=\"{href}\""));
        }
        let account = world.soc_son.account.to_string();
        let begun = admin.post("/onboarding/test", &[("unit", "00376"), ("account", &account)]);
        assert_eq!(begun.status, 200, "{}", admin.page);
        admin.sees("1.000 đ · ");
        admin.sees("<svg");
        assert_eq!(world.count("obligation WHERE state = 'cancelled' AND total = 1000"), 1);
        let early = admin.post("/onboarding/live", &[("unit", "00376"), ("account", &account)]);
        assert_eq!((early.status, world.count("account_live")), (409, 0), "{}", admin.page);
        admin.is_told("onboarding_incomplete");
        service.stop();

        // `required = false`: what collected before there was such a step goes on.
        let mut service = Service::start(&world);
        let raised = asked(&service);
        assert!(raised["id"].is_string(), "{raised}");
        service.stop();

        // An answer that was given stays it, whatever changed since: the sender lost it on the way.
        let mut service = Service::start_as(&world, silent).expect("the service is ready");
        assert_eq!(asked(&service), raised);
        service.stop();
    });
}
