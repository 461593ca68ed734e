//! A form of an office tells everything that is wrong with it at once, each reason beside its field, keeps what was
//! typed, and writes nothing: units, invitations, rules, prices, complaints, requests about data, proposals.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::identity;
use bienlai::identity::login::{self, NewLogin};
use bienlai::tariff::edition;
use secrecy::ExposeSecret;

use crate::faults_at_once::told_beside;
use crate::support::program::Service;
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, each_database};

/// The form is refused, tells each code at the field of its id, keeps what was typed, and no row comes to the table.
#[track_caller]
fn refused(
    world: &World,
    visitor: &mut Visitor,
    (path, table): (&str, &str),
    form: &[(&str, &str)],
    told: &[(&str, &str)],
) {
    let before = world.count(table);
    assert_eq!(visitor.post(path, form).status, 400, "{}", visitor.page);
    for (id, code) in told {
        told_beside(visitor, id, code);
    }
    assert_eq!(world.count(table), before, "nothing is half saved");
}

fn city(world: &World, service: &Service) -> Visitor {
    seated(world, service.address, Role::Administrator, "quantri.mot", Scope::All)
}

fn at_ba_dinh(world: &World, service: &Service, role: Role) -> Visitor {
    let name = format!("{}.badinh", role.as_str());
    seated(world, service.address, role, &name, Scope::unit(world.ba_dinh.id))
}

#[test]
fn a_new_unit_and_an_invitation_are_refused_with_everything_that_cannot_be_read() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = city(&world, &service);
        admin.get("/admin/units");
        let unit = [
            ("code", "phường 9"),
            ("name", " "),
            ("kind", "phuong"),
            ("tax_code", "9900000008"),
            ("budget_code", "12345"),
            ("address", ""),
            ("valid_from", "hôm nay"),
        ];
        let told = [
            ("code", "unit_code_wrong"),
            ("name", "field_missing"),
            ("tax_code", "tax_code_wrong"),
            ("budget_code", "budget_code_wrong"),
            ("address", "field_missing"),
            ("valid_from", "date_unreadable"),
        ];
        refused(&world, &mut admin, ("/admin/units", "unit"), &unit, &told);
        admin.sees("value=\"hôm nay\"");

        admin.get("/users");
        let login = [("person", " "), ("login", "1"), ("role", "cashier"), ("units", "00000")];
        let told = [("person", "field_missing"), ("name", "login_name_wrong"), ("units", "unit_not_found")];
        refused(&world, &mut admin, ("/users/invite", "login"), &login, &told);
        admin.sees("value=\"00000\"");
        service.stop();
    });
}

#[test]
fn whoever_accepts_an_invitation_reads_everything_that_is_wrong_with_password_and_code_at_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (system, unit) = (Actor::system(), world.ba_dinh.id);
        let (_, token) = world.change(|tx, stamp| {
            let person = identity::create_person(tx, stamp, &system, unit, "Phạm Thị Mẫu")?;
            let (name, scope) = ("duyet.moi".to_owned(), Scope::unit(unit));
            login::invite(tx, stamp, &system, NewLogin { name, person, role: Role::Approver, scope })
        });
        let mut service = Service::start(&world);
        let mut invited = Visitor::at(service.address);
        let link = format!("/invitation/{}", token.expose_secret());
        invited.get(&link);
        let form = [("password", "ngắn"), ("again", "khác"), ("code", "")];
        assert_eq!(invited.post(&link, &form).status, 400, "{}", invited.page);
        for code in ["password_too_short", "password_differs", "second_factor_needed"] {
            invited.is_told(code);
        }
        assert_eq!(world.count("login WHERE state = 'invited'"), 1, "the link is not spent");
        service.stop();
    });
}

#[test]
fn an_account_and_a_series_are_refused_with_everything_that_cannot_be_read() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = city(&world, &service);
        admin.get("/admin/units/00004");
        let account = [
            ("account_no", "19-00"),
            ("bank_bin", "97043"),
            ("holder_name", " "),
            ("opened_on", ""),
            ("opening_balance", "1,5"),
        ];
        let path = ("/admin/units/00004/account", "bank_account");
        assert_eq!(admin.post(path.0, &account).status, 400);
        for code in
            ["account_no_unreadable", "channel_bank_bin_unreadable", "field_missing", "amount_not_whole"]
        {
            admin.is_told(code);
        }
        let series = [
            ("document_kind", "receipt"),
            ("template", "01BLP0-001"),
            ("series", "BX-26E"),
            ("year", "năm nay"),
            ("last_allowed_no", "nhiều"),
            ("registration", ""),
            ("do", "open"),
        ];
        let before = (world.count(path.1), world.count("receipt_series"));
        assert_eq!(admin.post("/admin/units/00004/series", &series).status, 400);
        for code in ["number_unreadable", "field_missing"] {
            admin.is_told(code);
        }
        assert_eq!((world.count(path.1), world.count("receipt_series")), before);
        service.stop();
    });
}

#[test]
fn a_rule_is_refused_with_everything_that_is_wrong_with_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance);
        let rules = "/finance/classification-rules";
        finance.get(&format!("{rules}?unit=00004"));
        let form = |act: &'static str| {
            [
                ("unit", "00004"),
                ("rule", " "),
                ("class", "bank_fee"),
                ("direction", "credit"),
                ("phrases", " "),
                ("amount_at_least", "một"),
                ("rank", "cao"),
                ("from", "hôm qua"),
                ("until", ""),
                ("reason", " "),
                ("do", act),
            ]
        };
        let told = [
            ("rule", "class_rule_without_id"),
            ("phrases", "class_rule_too_wide"),
            ("direction", "class_rule_direction"),
            ("amount_at_least", "amount_not_whole"),
            ("rank", "class_rule_rank"),
        ];
        let of_try = [&told[..], &[("from", "date_unreadable")]].concat();
        refused(&world, &mut finance, (rules, "class_rule"), &form("try"), &of_try);
        let of_proposal = [&told[..], &[("reason", "reason_missing")]].concat();
        refused(&world, &mut finance, (rules, "class_rule"), &form("propose"), &of_proposal);
        finance.sees("value=\"cao\"");
        service.stop();
    });
}

#[test]
fn a_price_and_a_tariff_are_refused_with_everything_that_is_wrong_with_them() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let system = Actor::system();
        let tariff = include_str!("../../fixtures/tariff/hanoi.toml");
        world.change(|tx, stamp| Ok(edition::store_first(tx, stamp, &system, tariff)?.is_ok()));
        let mut service = Service::start(&world);
        let mut admin = city(&world, &service);
        admin.get("/tariff");
        let price = [
            ("charge", "ho_tich_khai_sinh_qua_han/0"),
            ("price", ""),
            ("from", "mai"),
            ("ground", " "),
            ("reason", ""),
        ];
        let told = [
            ("price", "field_missing"),
            ("from", "date_unreadable"),
            ("ground", "field_missing"),
            ("reason", "field_missing"),
        ];
        refused(&world, &mut admin, ("/tariff/price", "proposal"), &price, &told);

        let text = "[[fee]]\ncode = \"x\"\n";
        let problem = bienlai::tariff::load(text).unwrap_err().remove(0);
        let form = [("text", text), ("reason", " ")];
        assert_eq!(admin.post("/tariff/text", &form).status, 400);
        admin.is_told("field_missing");
        admin.sees(&bienlai::web::message::words(problem.code).vi);
        assert_eq!(world.count("proposal"), 0);
        service.stop();
    });
}

#[test]
fn a_complaint_and_what_people_ask_about_their_data_are_refused_field_by_field() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut cashier = at_ba_dinh(&world, &service, Role::Cashier);
        cashier.get("/counter/complaints");
        let complaint = [("subject", "HNXX"), ("way", "phone"), ("words", " ")];
        let told = [("subject", "complaint_subject_wrong"), ("words", "comment_missing")];
        refused(&world, &mut cashier, ("/counter/complaints", "exception"), &complaint, &told);

        let mut keeper = at_ba_dinh(&world, &service, Role::Administrator);
        keeper.get("/privacy");
        let ask = [
            ("unit", "00004"),
            ("kind", "access"),
            ("by", "tax_code"),
            ("value", "123"),
            ("identity_shown", "khác"),
        ];
        let told = [("value", "tax_code_wrong"), ("identity_shown", "word_unknown")];
        refused(&world, &mut keeper, ("/privacy/receive", "data_request"), &ask, &told);
        let incident = [("unit", "00004"), ("nature", " "), ("affected", "vài"), ("hours", "lâu")];
        let told =
            [("nature", "field_missing"), ("affected", "number_unreadable"), ("hours", "number_unreadable")];
        refused(&world, &mut keeper, ("/privacy/incident", "data_incident"), &incident, &told);
        keeper.sees("value=\"lâu\"");
        service.stop();
    });
}

#[test]
fn proposals_are_refused_with_everything_that_is_wrong_with_them() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = city(&world, &service);
        admin.get("/admin/proposals");
        let target = [
            ("measure", "electronic"),
            ("kinds", "làng"),
            ("percent", "nhiều"),
            ("valid_from", ""),
            ("source", " "),
            ("certainty", "P"),
            ("reason", ""),
        ];
        let told = [
            ("kinds", "unit_kind_unknown"),
            ("percent", "target_wrong"),
            ("target-from", "date_unreadable"),
            ("source", "target_wrong"),
            ("target-reason", "field_missing"),
        ];
        refused(&world, &mut admin, ("/admin/proposals/target", "proposal"), &target, &told);
        let entrust = [
            ("unit", "00376"),
            ("decision_no", " "),
            ("decided_on", "2026-12-01"),
            ("valid_from", "2026-11-01"),
            ("valid_until", "2027-11-01"),
            ("reason", ""),
        ];
        let told = [
            ("entrust-no", "field_missing"),
            ("entrust-until", "entrustment_dates_wrong"),
            ("entrust-reason", "field_missing"),
        ];
        refused(&world, &mut admin, ("/admin/proposals/entrust", "proposal"), &entrust, &told);
        let end = [
            ("unit", "00376"),
            ("decision_no", "16/QĐ-UBND"),
            ("decided_on", "2026-12-01"),
            ("valid_from", "2026-11-01"),
            ("reason", "Hết việc"),
        ];
        let told = [("end-from", "entrustment_dates_wrong")];
        refused(&world, &mut admin, ("/admin/proposals/end", "proposal"), &end, &told);
        assert!(!admin.page.contains("href=\"#valid_until\""), "no link leads to a field of another form");
        let naming = [
            ("unit", "00376"),
            ("name", " "),
            ("address", ""),
            ("tax_code", "123"),
            ("budget_code", "12"),
            ("valid_from", "mai"),
            ("decision_no", ""),
            ("reason", ""),
        ];
        let told = [
            ("naming-name", "field_missing"),
            ("naming-address", "field_missing"),
            ("naming-tax", "tax_code_wrong"),
            ("naming-budget", "budget_code_wrong"),
            ("naming-from", "date_unreadable"),
            ("naming-no", "field_missing"),
            ("naming-reason", "field_missing"),
        ];
        refused(&world, &mut admin, ("/admin/proposals/naming", "proposal"), &naming, &told);
        let account = format!("00004/{}", world.ba_dinh.account_no);
        let trust = [
            ("account", account.as_str()),
            ("channel", "sepay"),
            ("agreement_no", " "),
            ("claim_limit", "0"),
            ("unproven_limit", "0"),
            ("age_limit_days", "99"),
            ("valid_from", "2026-12-02"),
            ("valid_until", "2026-12-01"),
            ("reason", ""),
        ];
        let told = [
            ("trust-no", "agreement_missing"),
            ("trust-claim", "trust_limits_wrong"),
            ("trust-age", "trust_limits_wrong"),
            ("trust-until", "trust_dates_wrong"),
            ("trust-reason", "field_missing"),
        ];
        refused(&world, &mut admin, ("/admin/proposals/trust", "proposal"), &trust, &told);
        let limit = [("unit", "00004"), ("limit", "ít"), ("decision_no", " "), ("reason", "")];
        let told = [
            ("limit-amount", "amount_not_whole"),
            ("limit-no", "decision_missing"),
            ("limit-reason", "field_missing"),
        ];
        refused(&world, &mut admin, ("/admin/proposals/limit", "proposal"), &limit, &told);
        service.stop();
    });
}
