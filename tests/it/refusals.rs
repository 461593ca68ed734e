//! What is not there, or does not fit, is told by a code of its own, over the real program.

use std::sync::Arc;

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::id::*;
use bienlai::payment::book::Method;
use bienlai::store::{Stamp, Tx};
use secrecy::{ExposeSecret, SecretString};

use crate::callbacks::token;
use crate::support::app::MASTER_KEY;
use crate::support::program::{SECRET, Service, send};
use crate::support::{World, each_database};

/// Who asks, what for, with which body, and the code of the answer.
type Case = (Role, &'static str, String, &'static str, &'static str);

const REASON: &str = r#"{ "reason": "thử" }"#;

/// Things of every kind that nobody ever made.
fn missing() -> Vec<Case> {
    use Role::{Administrator, Approver, Finance};
    let nothing = |role, path: String, code| (role, "GET", path, "", code);
    let step = |role, path: String, body, code| (role, "POST", path, body, code);
    let of = |part: &str, id: String| format!("/api/v1/{part}/{id}");
    let then = |part: &str, id: String, act: &str| format!("/api/v1/{part}/{id}/{act}");
    vec![
        nothing(Finance, of("refunds", RefundId(7).to_string()), "refund_not_found"),
        nothing(Finance, of("corrections", CorrectionId(7).to_string()), "correction_not_found"),
        nothing(Finance, of("shifts", ShiftId(7).to_string()), "shift_not_found"),
        nothing(Finance, of("deposits", SlipId(7).to_string()), "deposit_not_found"),
        nothing(Finance, of("pos/batches", BatchId(7).to_string()), "pos_batch_not_found"),
        nothing(Finance, of("settlements", SettlementId(7).to_string()), "settlement_not_found"),
        nothing(Finance, of("remittances", RemittanceId(7).to_string()), "remittance_not_found"),
        nothing(Finance, of("letters", LetterId(7).to_string()), "letter_not_found"),
        nothing(Finance, of("delegations", DelegationId(7).to_string()), "delegation_not_found"),
        nothing(Finance, of("imports", JobId(7).to_string()), "import_not_found"),
        nothing(Finance, of("versions", VersionId(7).to_string()), "statement_version_not_found"),
        nothing(Finance, of("lines", LineId(7).to_string()), "line_not_found"),
        nothing(Finance, of("receipts", ReceiptId(7).to_string()), "receipt_not_found"),
        nothing(Finance, of("obligations", ObligationId(7).to_string()), "obligation_not_found"),
        nothing(Finance, of("exceptions", ExceptionId(7).to_string()), "exception_not_found"),
        nothing(Finance, of("tax/transmissions", TransmissionId(7).to_string()), "transmission_not_found"),
        nothing(
            Finance,
            then("days/certificates", CertificateId(7).to_string(), "xml"),
            "day_certificate_not_found",
        ),
        nothing(
            Finance,
            then("months/certificates", CertificateId(7).to_string(), "xml"),
            "month_certificate_not_found",
        ),
        nothing(
            Finance,
            then("series/audits", CertificateId(7).to_string(), "xml"),
            "series_audit_not_found",
        ),
        nothing(Finance, "/api/v1/books/nhat-ky?unit=00004".to_owned(), "book_unknown"),
        nothing(Finance, "/api/v1/lists/nothing?unit=00004".to_owned(), "list_unknown"),
        step(Finance, then("payments", PaymentId(7).to_string(), "refunds"), PAY, "payment_not_found"),
        step(Finance, then("notifications", MessageId(7).to_string(), "retry"), "", "message_not_found"),
        step(
            Approver,
            then("classification-rules", ClassRuleId(7).to_string(), "approve"),
            "",
            "class_rule_not_found",
        ),
        step(
            Approver,
            then("days/reopenings", ReopeningId(7).to_string(), "approve"),
            "",
            "reopening_not_found",
        ),
        step(Approver, then("tax/notices", FilingId(7).to_string(), "approve"), "", "filing_not_found"),
        step(Approver, then("tax/registrations", FilingId(7).to_string(), "approve"), "", "filing_not_found"),
        step(Administrator, then("series", SeriesId(7).to_string(), "stop"), REASON, "series_not_found"),
        step(
            Administrator,
            then("privacy/requests", DataRequestId(7).to_string(), "answer"),
            REASON,
            "data_request_not_found",
        ),
        step(
            Administrator,
            then("privacy/incidents", IncidentId(7).to_string(), "note"),
            r#"{ "detail": "thử" }"#,
            "incident_not_found",
        ),
        step(Administrator, then("proposals", EventId(7).to_string(), "approve"), "", "proposal_not_found"),
        step(Finance, "/callback/nobody".to_owned(), "{}", "channel_not_found"),
    ]
}

const PAY: &str = r#"{ "amount": 1000, "reason": "thừa" }"#;

/// What nobody may ask for like that, of an obligation that is owed and a payment in cash.
fn unfit(owed: ObligationId, paid: PaymentId) -> Vec<Case> {
    use Role::{Administrator, Approver, Cashier, Finance};
    let ask = |path: &str, code| (Finance, "GET", path.to_owned(), "", code);
    let post = |role, path: &str, body, code| (role, "POST", path.to_owned(), body, code);
    vec![
        ask("/api/v1/exceptions?min_age_days=-1", "number_out_of_range"),
        ask("/api/v1/exceptions?state=half", "state_unknown"),
        ask("/api/v1/exceptions?limit=0", "limit_out_of_range"),
        ask("/api/v1/city/figures?month=2999-01", "month_in_future"),
        ask("/api/v1/receipts.zip?unit=00004&from=2026-11-20&until=2026-11-01", "period_unreadable"),
        ask("/api/v1/days?unit=00004&account=1234", "account_not_found"),
        ask("/api/v1/refunds?unit=99999", "unit_not_found"),
        post(
            Finance,
            "/api/v1/exceptions/bulk",
            r#"{ "exceptions": [], "action": "comment", "comment": "x" }"#,
            "bulk_too_many",
        ),
        post(
            Finance,
            "/api/v1/classification-rules/what-if",
            r#"{ "unit": "00004", "from": "2026-11-20", "until": "2026-11-01", "rules": [] }"#,
            "what_if_days",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": [], "limit": 1000,
                 "valid_from": "2999-01-01", "valid_until": "2999-01-02",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "acts_missing",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": ["dance"], "limit": 1000,
                 "valid_from": "2999-01-01", "valid_until": "2999-01-02",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "act_unknown",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": ["refund"], "limit": 0,
                 "valid_from": "2999-01-01", "valid_until": "2999-01-02",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "delegation_amount_wrong",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": ["refund"], "limit": 1000,
                 "valid_from": "2999-01-02", "valid_until": "2999-01-01",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "delegation_days_wrong",
        ),
        post(Finance, "/api/v1/days/close", r#"{ "unit": "00004", "date": "2999-01-01" }"#, "day_in_future"),
        post(
            Administrator,
            "/api/v1/tax/notices",
            r#"{ "unit": "00004", "documents": [] }"#,
            "notice_items_wrong",
        ),
        post(
            Cashier,
            &format!("/api/v1/obligations/{owed}/payments"),
            r#"{ "method": "gold", "amount": 25000 }"#,
            "counter_method",
        ),
        post(
            Cashier,
            &format!("/api/v1/obligations/{owed}/consent"),
            r#"{ "given": true, "source": " " }"#,
            "consent_source_missing",
        ),
        post(
            Cashier,
            &format!("/api/v1/payments/{paid}/card-slip"),
            r#"{ "approval_code": "123456" }"#,
            "card_payment_only",
        ),
        post(
            Finance,
            "/api/v1/complaints",
            r#"{ "subject": "obl_0000000000007", "way": "pigeon", "words": "thử" }"#,
            "complaint_way_unknown",
        ),
        post(
            Finance,
            "/api/v1/months/close",
            r#"{ "unit": "00004", "month": "2000-01" }"#,
            "day_before_account",
        ),
        post(Finance, "/api/v1/months/close", r#"{ "unit": "00004", "month": "2999-01" }"#, "month_not_over"),
        post(
            Finance,
            "/api/v1/days/close",
            r#"{ "unit": "00004", "date": "2000-01-01" }"#,
            "day_before_account",
        ),
        post(
            Finance,
            "/api/v1/days/reopenings",
            r#"{ "unit": "00004", "date": "2026-11-20", "reason": "thử" }"#,
            "day_not_closed",
        ),
        post(
            Finance,
            "/api/v1/tax/reports",
            r#"{ "unit": "00004", "quarter": "2026-Q1", "supplement": true }"#,
            "report_missing",
        ),
        post(
            Finance,
            "/api/v1/tax/reports",
            r#"{ "unit": "00004", "quarter": "2999-Q1" }"#,
            "quarter_unreadable",
        ),
        post(
            Administrator,
            "/api/v1/tax/registrations/accept",
            r#"{ "unit": "00004", "notice_no": "\u0000", "accepted_on": "2026-01-02", "office_code": "10100",
                "office_name": "Thuế cơ sở 1", "document_kinds": ["receipt"] }"#,
            "field_missing",
        ),
        post(
            Administrator,
            "/api/v1/privacy/incidents",
            r#"{ "unit": "00004", "nature": "lộ tệp", "affected": -1 }"#,
            "incident_count_wrong",
        ),
        post(
            Administrator,
            "/api/v1/privacy/requests",
            r#"{ "unit": "00004", "kind": "odd", "by": "dossier", "value": "H26", "identity_shown": "CCCD" }"#,
            "word_unknown",
        ),
    ]
}

#[test]
fn what_is_not_there_or_does_not_fit_is_told_by_a_code_of_its_own() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, cash) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        world.take(&cash, Dong(25_000), Method::Cash).unwrap();
        let paid = world.payments(&world.ba_dinh).remove(0).id;
        let roles = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator];
        let tokens = roles.map(|role| (role, token(&world, role)));
        let mut service = Service::start(&world);
        let mut wrong = Vec::new();
        let cases = missing().into_iter().chain(unfit(owed.id, paid));
        for (number, (role, method, path, body, code)) in cases.enumerate() {
            let token = tokens.iter().find(|(of, _)| *of == role).map(|(_, token)| token).unwrap();
            let (bearer, key) = (format!("Bearer {token}"), format!("K{number}"));
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", key.as_str()),
            ];
            let reply = send(service.address, method, &path, &headers, body.as_bytes()).unwrap();
            let told = reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
            if told != code || !(400..500).contains(&reply.status) {
                wrong.push(format!("{method} {path}: {code} expected, {} {told}", reply.status));
            }
        }
        service.stop();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

pub fn code_of<T>(read: bienlai::error::Result<T>) -> &'static str {
    read.err().map_or("nothing", |error| error.code())
}

#[test]
fn a_word_that_names_nothing_is_told_by_the_code_of_what_it_should_have_named() {
    use bienlai::{actor, clock, correction, duty, exception, queue, remittance, statement, tariff};
    let told = [
        code_of("yesterday".parse::<clock::Instant>()),
        code_of("2026-02-30".parse::<clock::BusinessDay>()),
        code_of("rfd_x".parse::<RefundId>()),
        code_of(actor::Role::parse("king")),
        code_of(tariff::UnitKind::parse("village")),
        code_of(correction::Kind::parse("erase")),
        code_of(remittance::Kind::parse("gift")),
        code_of(statement::version::Decision::parse("perhaps")),
        code_of(queue::letter::Outcome::parse("silence")),
        code_of(duty::Kind::delegable("version")),
        code_of(exception::Owner::role("nobody")),
        code_of(bienlai::obligation::vietqr::parse("")),
    ];
    let expected = [
        "instant_unreadable",
        "date_unreadable",
        "id_unreadable",
        "role_unknown",
        "unit_kind_unknown",
        "correction_kind_unknown",
        "remittance_kind_unknown",
        "decision_unknown",
        "reply_outcome_unknown",
        "act_unknown",
        "exception_owner_unknown",
        "vietqr_size_wrong",
    ];
    assert_eq!(told, expected);
}

/// A code and what is told instead of it.
pub type Told = Vec<(&'static str, &'static str)>;

pub fn differing(told: &Told) -> Vec<String> {
    let wrong = told.iter().filter(|(expected, found)| expected != found);
    wrong.map(|(expected, found)| format!("{expected} expected, {found} told")).collect()
}

#[test]
fn what_is_typed_wrongly_at_a_desk_is_told_before_anything_is_read() {
    use bienlai::config::tax::Tax;
    use bienlai::obligation::{IntakeMode, NewObligation, rules};
    use bienlai::party::{Payer, contact::Contact};
    use bienlai::payment::counter::Tender;
    use bienlai::report::{list::List, target::Measure};
    use bienlai::shift::provisional;
    use bienlai::unit::trust;

    let day: bienlai::clock::BusinessDay = "2026-11-23".parse().unwrap();
    let handed = |tendered: i64| Tender { tendered: Dong(tendered), due: Dong(25_000) }.check();
    let trusted = |agreement: &str, claim: i64, age: i32| {
        trust::check(agreement, (day, day), (Dong(claim), Dong(1_000), age))
    };
    let raised = |lines: Vec<bienlai::obligation::Line>, ground: Option<&str>| {
        rules::check_new(&NewObligation {
            unit: UnitId(2),
            dossier_code: "H26.1-261123-0001".to_owned(),
            procedure_code: "1.001193".to_owned(),
            procedure_field: "Hộ tịch".to_owned(),
            intake_mode: IntakeMode::Counter,
            receiving_unit: UnitId(2),
            competent_unit: UnitId(2),
            submitted_at: bienlai::clock::Instant(0),
            result_due_on: None,
            due_on: day,
            electronic_required: false,
            payer: Payer::default(),
            lines,
            waived_ground: ground.map(str::to_owned),
        })
    };
    let free = || crate::support::world::line("HT-01", "phi", "receipt", Dong::ZERO);
    let endpoint = |url: &str| Tax { endpoint: Some(url.to_owned()), ..Tax::default() }.check();
    let contact = Contact { phone: None, email: Some("khong phai thu".to_owned()) };
    let told = vec![
        ("tendered_too_little", code_of(handed(20_000))),
        ("tendered_too_much", code_of(handed(525_000))),
        ("nothing", code_of(handed(500_000))),
        ("slip_amount_differs", code_of(provisional::check_amount(Dong(20_000), Dong(25_000), false))),
        ("nothing", code_of(provisional::check_amount(Dong(20_000), Dong(25_000), true))),
        ("agreement_missing", code_of(trusted(" ", 1_000, 3))),
        ("trust_limits_wrong", code_of(trusted("1/TT", 0, 3))),
        ("trust_limits_wrong", code_of(trusted("1/TT", 2_000, 3))),
        ("trust_limits_wrong", code_of(trusted("1/TT", 1_000, 32))),
        ("nothing", code_of(trusted("1/TT", 1_000, 31))),
        ("lines_count", code_of(raised(Vec::new(), None))),
        ("lines_count", code_of(raised(vec![free(); rules::LINE_LIMIT + 1], Some("NQ thử")))),
        ("waived_ground_missing", code_of(raised(vec![free()], None))),
        ("waived_ground_missing", code_of(raised(vec![free()], Some(" ")))),
        ("nothing", code_of(raised(vec![free()], Some("NQ thử")))),
        ("config_invalid", code_of(endpoint("ftp://thue.example.vn"))),
        ("config_invalid", code_of(endpoint("http://thue.example.vn"))),
        ("nothing", code_of(endpoint("https://thue.example.vn"))),
        ("email_unreadable", code_of(contact.cleaned())),
        ("target_wrong", code_of(Measure::parse("speed"))),
        ("list_unknown", code_of(List::parse("everything"))),
        ("list_state_unknown", code_of(List::parse("exceptions").and_then(|list| list.state_asked("half")))),
    ];
    assert_eq!(differing(&told), Vec::<String>::new());
}

/// Many requests of many desks in one world; each is refused by its rule, and nothing of any is kept.
#[test]
fn what_a_person_may_not_do_is_refused_under_the_name_of_its_rule() {
    use bienlai::actor::{Actor, Scope};
    use bienlai::config::Config;
    use bienlai::identity::login::{self, NewLogin};
    use bienlai::identity::person::{self, Whom};
    use bienlai::identity::{create_person, invitation};
    use bienlai::notification::send::Courier;
    use bienlai::obligation::{code, walk_in};
    use bienlai::payment::told::Word;
    use bienlai::payment::{archived, counter, picture, refund, reopen, told};
    use bienlai::report::proposal::{self, Content};
    use bienlai::report::target::{Measure, Target, total};
    use bienlai::shift::provisional;
    use bienlai::unit::account::{self, NewAccount};
    use bienlai::unit::imprint::{self, Imprint, Principal};
    use bienlai::unit::series::{self, NewSeries};
    use bienlai::unit::succession::{self, Succession};
    use bienlai::unit::{self, CITY, NewUnit, certificate_stop};
    use bienlai::{exception, filing, notification, tariff};

    const HANOI: &str = include_str!("../../fixtures/tariff/hanoi.toml");

    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let today = world.now().business_day();
        let owed = world.raise(Dong(25_000));
        let system = Actor::system();
        let seat =
            |person, role| Actor { person: Some(person), client: None, role, scope: Scope::unit(unit) };
        let (cashier, other) = (seat(world.clerk, Role::Cashier), seat(world.chief, Role::Cashier));
        let (finance, approver) = (seat(world.clerk, Role::Finance), seat(world.chief, Role::Approver));
        let local = seat(world.chief, Role::Administrator);
        let city = Actor { scope: Scope::All, ..local.clone() };
        let mut told: Told = Vec::new();
        macro_rules! refused {
            ($code:literal, |$tx:ident, $stamp:ident| $act:expr) => {
                told.push(($code, code_of(world.try_change(|$tx, $stamp| $act.map(|_| ())))));
            };
        }

        // Units, their accounts and series, and what the city decides.
        let known = world.look(|conn| series::of_unit(conn, unit)).remove(0);
        let new_unit = |code: &str| NewUnit {
            code: code.to_owned(),
            name: "UBND phường Thử".to_owned(),
            kind: "phường".to_owned(),
            tax_code: "9900000048".to_owned(),
            budget_code: None,
            address: "Số 1 phố Thử".to_owned(),
            phone: None,
            valid_from: today,
        };
        let new_account = |number: &str| NewAccount {
            unit,
            bank_bin: "970432".to_owned(),
            account_no: number.to_owned(),
            holder_name: "UBND PHUONG THU".to_owned(),
            opened_on: today,
            opening_balance: Dong::ZERO,
        };
        let series_again = || NewSeries {
            unit,
            document_kind: known.document_kind.clone(),
            template: known.template.clone(),
            series: known.series.clone(),
            year: known.year,
            last_allowed_no: 9,
            registration: "TB-1".to_owned(),
        };
        let nameless =
            Principal { name: " ".into(), tax_code: "9900000009".into(), contract: "1/HĐ".into() };
        let imprint = Imprint { principal: Some(nameless), ..Imprint::default() };
        let merger = Succession { unit, successor: CITY, effective_on: today, decision: "1/NQ".to_owned() };
        let target = Target {
            measure: Measure::Online,
            kinds: vec!["phường".to_owned()],
            percent: 60,
            above: false,
            valid_from: today.0,
            valid_until: None,
            source: "thử".to_owned(),
            certainty: "P".to_owned(),
        };
        refused!("unit_exists", |tx, stamp| unit::register(tx, stamp, &system, new_unit("00004")));
        refused!("account_exists", |tx, stamp| {
            account::register(tx, stamp, &system, new_account(world.ba_dinh.account_no))
        });
        refused!("account_no_unreadable", |tx, stamp| {
            account::register(tx, stamp, &system, new_account("19-00"))
        });
        refused!("series_exists", |tx, stamp| series::plan(tx, stamp, &system, series_again()));
        refused!("entrustment_incomplete", |tx, stamp| {
            imprint::record(tx, stamp, &system, unit, today, &imprint)
        });
        refused!("merger_of_the_city", |tx, stamp| succession::check(tx, &merger, stamp.today()));
        refused!("certificate_not_found", |tx, stamp| {
            certificate_stop::ask(tx, stamp, &local, (unit, CertificateId(7)), "lộ khóa")
        });
        refused!("proposal_is_the_citys", |tx, stamp| {
            proposal::propose(tx, stamp, &local, &Content::Target(target.clone()), "thử")
        });
        refused!("tariff_is_the_citys", |tx, stamp| tariff::draft::propose(tx, stamp, &local, HANOI, "thử"));
        refused!("tariff_draft_not_found", |tx, stamp| {
            tariff::draft::refuse(tx, stamp, &city, EventId(7), "thử")
        });
        refused!("totals_wrong", |tx, stamp| {
            let nowhere = total::Told {
                unit: "00004".to_owned(),
                field: " ".to_owned(),
                until: today,
                total: 1,
                online: 0,
                full_process: 0,
            };
            total::record(tx, stamp, &system, &[nowhere])
        });
        refused!("report_nothing_registered", |tx, stamp| {
            let newcomer = unit::register(tx, stamp, &system, new_unit("00998"))?;
            filing::report::make(tx, stamp, &system, newcomer, "2026-Q1".parse()?, "Hà Nội")
        });

        // People and their logins.
        let name = "Người Một".to_owned();
        let one = world.change(|tx, stamp| create_person(tx, stamp, &system, unit, &name));
        let login = |name: &str, role, scope| NewLogin { name: name.to_owned(), person: one, role, scope };
        refused!("login_name_wrong", |tx, stamp| {
            login::invite(tx, stamp, &system, login("1", Role::Finance, Scope::All))
        });
        refused!("role_not_for_login", |tx, stamp| {
            login::invite(tx, stamp, &system, login("mot.cua", Role::DossierSystem, Scope::All))
        });
        refused!("login_without_counter", |tx, stamp| {
            login::invite(tx, stamp, &system, login("thu.ngan", Role::Cashier, Scope::All))
        });
        refused!("login_name_taken", |tx, stamp| {
            login::invite(tx, stamp, &system, login("ke.toan", Role::Finance, Scope::unit(unit)))?;
            login::invite(tx, stamp, &system, login(" KE.TOAN ", Role::Finance, Scope::unit(unit)))
        });
        refused!("login_not_found", |tx, _stamp| login::governed(tx, &system, LoginId(7)));
        refused!("invitation_over", |tx, stamp| invitation::find(tx, stamp, "mot-lien-ket-cu"));
        refused!("person_not_found", |tx, stamp| {
            person::choose(tx, stamp, &city, CITY, Whom::Known(PersonId(7)))
        });
        refused!("person_namesake", |tx, stamp| {
            person::choose(tx, stamp, &city, CITY, Whom::New { name: &name, is_another: false })
        });

        // The counter and its slips on paper.
        let pad = world.change(|tx, stamp| provisional::print_pad(tx, stamp, &cashier, unit, 2));
        refused!("slip_pad_size", |tx, stamp| provisional::print_pad(tx, stamp, &cashier, unit, 0));
        refused!("slip_not_found", |tx, stamp| {
            provisional::spoil(tx, stamp, &cashier, (unit, pad.last + 1), "rách")
        });
        refused!("slip_of_other", |tx, stamp| {
            provisional::spoil(tx, stamp, &other, (unit, pad.first), "rách")
        });
        refused!("slip_state_wrong", |tx, stamp| {
            provisional::spoil(tx, stamp, &cashier, (unit, pad.first), "rách")?;
            provisional::spoil(tx, stamp, &cashier, (unit, pad.first), "rách")
        });
        refused!("walk_in_only", |tx, stamp| walk_in::withdraw(tx, stamp, &cashier, (unit, owed.id), "nhầm"));
        refused!("together_nothing", |tx, stamp| counter::take_together(tx, stamp, &cashier, &[]));
        refused!("favourites_too_many", |tx, stamp| {
            let tariff = tariff::load(HANOI).expect("the tariff of the fixtures is good");
            let codes: Vec<String> = tariff.items().map(|item| item.code.clone()).collect();
            assert!(codes.len() > walk_in::FAVOURITES_LIMIT);
            walk_in::set_favourites(tx, stamp, &cashier, &tariff, (unit, codes.as_slice()))
        });

        // Payers, and who answers them.
        refused!("told_time_wrong", |tx, stamp| {
            let word =
                Word { amount: Dong(25_000), on: today, time: "25 giờ".to_owned(), trace: String::new() };
            told::tell(tx, stamp, &owed, &word)
        });
        refused!("dossier_code_unreadable", |tx, stamp| {
            notification::lookup::by_code(tx, stamp, " ", "123456")
        });
        refused!("picture_not_found", |tx, stamp| picture::show(tx, stamp, &finance, PictureId(7)));
        refused!("refund_request_not_found", |tx, stamp| {
            refund::payer::decline(tx, stamp, &finance, unit, RefundRequestId(7), "không có")
        });
        refused!("certificate_stop_not_found", |tx, _stamp| {
            certificate_stop::unit_of(tx, &Scope::All, EventId(7))
        });
        refused!("reference_code_taken", |tx, _stamp| {
            let code = owed.reference_code.parse().expect("a code");
            code::take(tx, unit, unit::account::KIND_OBLIGATION, 7, &code)
        });
        let courier = Config::parse_alone(&format!("[vault]\nmaster_key = \"{MASTER_KEY}\"\n"));
        let courier = Courier::new(&courier.expect("a configuration")).expect("it sends nothing");
        refused!("refund_not_askable", |tx, stamp| {
            refund::payer::ask(tx, stamp, &owed, (&crate::refunds::payee(), ""), &courier)
        });
        refused!("event_not_found", |tx, stamp| archived::reread(tx, stamp, &city, &[], RawEventId(7)));
        world.change(|tx, stamp| {
            let new = exception::New {
                unit,
                kind: exception::Kind::DuplicateCallback,
                subject: exception::Subject::Claim(ClaimId(7)),
                account: Some(world.ba_dinh.account),
                amount: Dong::ZERO,
                opened_on: stamp.today(),
                detail: "sent twice".into(),
            };
            exception::note(tx, stamp, &[new])
        });
        let item = world.exceptions(unit).remove(0).id;
        refused!("reopening_not_asked", |tx, stamp| reopen::approve(tx, stamp, &approver, unit, item));

        assert_eq!(differing(&told), Vec::<String>::new());
        assert_eq!(world.count("unit WHERE code = '00998'"), 0, "nothing of what was refused is kept");
    });
}

/// What a request does, to be undone with its transaction.
pub type Act<'a> = &'a mut dyn FnMut(&mut Tx<'_>, &Stamp<'_>) -> bienlai::error::Result<()>;

#[test]
fn what_is_over_or_was_never_there_is_refused_under_the_name_of_its_rule() {
    use bienlai::actor::{Actor, Scope};
    use bienlai::exception::Exception;
    use bienlai::identity::login::{self, NewLogin};
    use bienlai::identity::{create_person, invitation, own, screen, session, totp};
    use bienlai::party::contact::Contact;
    use bienlai::payment::channel::Channel;
    use bienlai::payment::channel::bank::{Bank, BankConfig};
    use bienlai::payment::channel::sepay::{Sepay, SepayConfig};
    use bienlai::payment::{archived, combine, resolve, webhook};
    use bienlai::privacy::{act, request};
    use bienlai::report::onboarding::trial;
    use bienlai::statement::{self, import, quarantine};
    use bienlai::tariff::{draft, edition};
    use bienlai::unit::entrustment;

    const HANOI: &str = include_str!("../../fixtures/tariff/hanoi.toml");

    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let today = world.now().business_day();
        world.raise(Dong(25_000));
        world.money(&world.ba_dinh, Dong(1_000)).memo("khong co ma").settle();
        let item = world.exceptions(unit).remove(0);
        let elsewhere = Exception { unit: world.tay_ho.id, ..item.clone() };
        let system = Actor::system();
        let seat = |person, role, scope| Actor { person: Some(person), client: None, role, scope };
        let finance = seat(world.clerk, Role::Finance, Scope::unit(unit));
        let local = seat(world.chief, Role::Administrator, Scope::unit(unit));
        let maker = seat(world.clerk, Role::Administrator, Scope::All);
        let city = seat(world.chief, Role::Administrator, Scope::All);
        let person = world.change(|tx, stamp| create_person(tx, stamp, &system, unit, "Người Một"));
        let invited = |tx: &mut Tx<'_>, stamp: &Stamp<'_>| {
            let name = "mot.nguoi".to_owned();
            let new = NewLogin { name, person, role: Role::Finance, scope: Scope::unit(unit) };
            login::invite(tx, stamp, &system, new).map(|(id, _)| id)
        };
        let entered = |tx: &mut Tx<'_>, stamp: &Stamp<'_>, role: Role, code: &str| {
            let new = NewLogin { name: "mot.nguoi".to_owned(), person, role, scope: Scope::unit(unit) };
            let (id, token) = login::invite(tx, stamp, &system, new)?;
            invitation::accept(tx, stamp, token.expose_secret(), "bam-mau", code)?;
            let login = login::governed(tx, &system, id)?;
            let (id, now) = (SessionId(7), stamp.now);
            let session = session::Session { id, login, created_at: now, seen_at: now, confirmed_at: now };
            Ok::<_, bienlai::error::Error>(session)
        };
        let drafted = |tx: &mut Tx<'_>, stamp: &Stamp<'_>, text: &str| {
            draft::propose(tx, stamp, &maker, text, "thử").map(|made| made.expect("good rows"))
        };
        let secret = || SecretString::from(SECRET);
        let config = BankConfig { name: "vpbank".to_owned(), bank_bin: None, secrets: vec![secret()] };
        let bank = Bank::new(&config).expect("a good channel");
        let keys = vec![SecretString::from("an-api-key-of-sepay")];
        let of_sepay = SepayConfig { name: "sepay".to_owned(), signing_secrets: Vec::new(), api_keys: keys };
        let by_key = Sepay::new(&of_sepay).expect("a good channel");
        let asking = |kind, subject| request::Ask { unit, kind, subject, identity_shown: "vneid" };
        let nobody = ("personal_id", "001099000009");
        let mut told: Told = Vec::new();
        let mut refused =
            |code: &'static str, act: Act<'_>| told.push((code, code_of(world.try_change(act))));

        // Statements, and money that waits for its place.
        refused("statement_not_found", &mut |tx, _| {
            statement::query::statement(tx, unit, StatementId(7)).map(|_| ())
        });
        refused("statement_file_not_found", &mut |tx, stamp| {
            import::original_file(tx, stamp.vault, &finance, unit, "khong-co").map(|_| ())
        });
        refused("quarantined_line_not_found", &mut |tx, _| {
            quarantine::statement_of_any(tx, &Scope::All, EventId(7)).map(|_| ())
        });
        refused("resolution_unknown", &mut |tx, _| resolve::check_proposal(tx, &item, "dance", None));
        refused("combine_few", &mut |tx, _| combine::check(tx, std::slice::from_ref(&item)));
        refused("combine_units", &mut |tx, _| combine::check(tx, &[item.clone(), elsewhere.clone()]));
        refused("combine_unfit", &mut |tx, _| combine::check(tx, &[item.clone(), item.clone()]));

        // People, their logins and screens.
        refused("session_over", &mut |tx, stamp| {
            session::find(tx, stamp.now, "khong-phai-phien").map(|_| ())
        });
        refused("login_ended", &mut |tx, stamp| {
            let id = invited(tx, stamp)?;
            login::end(tx, stamp, &system, id)?;
            login::end(tx, stamp, &system, id)
        });
        refused("password_differs", &mut |tx, stamp| {
            let id = invited(tx, stamp)?;
            let found = login::governed(tx, &system, id)?;
            invitation::prepare(&found, "qua cầu rút ván 12", "qua cầu rút ván 13").map(|_| ())
        });
        refused("second_factor_needed", &mut |tx, stamp| entered(tx, stamp, Role::Approver, " ").map(|_| ()));
        refused("second_factor_wrong", &mut |tx, stamp| {
            entered(tx, stamp, Role::Approver, "mot hai").map(|_| ())
        });
        refused("second_factor_none", &mut |tx, stamp| {
            let session = entered(tx, stamp, Role::Finance, "")?;
            own::renew_recovery_codes(tx, stamp, &session).map(|_| ())
        });
        refused("second_factor_there", &mut |tx, stamp| {
            let session = entered(tx, stamp, Role::Finance, "")?;
            let code = totp::shown_at(&own::offered_second_factor(stamp.vault, &session), stamp.now);
            own::add_second_factor(tx, stamp, &session, &code)?;
            own::add_second_factor(tx, stamp, &session, &code).map(|_| ())
        });
        refused("screen_not_found", &mut |tx, stamp| screen::end(tx, stamp, &local, unit, EventId(7)));

        // What the city and its units decide.
        refused("entrustment_missing", &mut |tx, stamp| {
            entrustment::end(tx, stamp, &system, unit, ("1/QĐ", today), today).map(|_| ())
        });
        refused("account_not_receiving", &mut |tx, stamp| {
            trial::begin(tx, stamp, &local, unit, AccountId(7)).map(|_| ())
        });
        refused("tariff_unchanged", &mut |tx, stamp| {
            edition::store_first(tx, stamp, &system, HANOI)?.expect("good rows");
            drafted(tx, stamp, HANOI).map(|_| ())
        });
        refused("tariff_moved_on", &mut |tx, stamp| {
            edition::store_first(tx, stamp, &system, HANOI)?.expect("good rows");
            let first = drafted(tx, stamp, &format!("{HANOI}\n# one\n"))?;
            let second = drafted(tx, stamp, &format!("{HANOI}\n# another\n"))?;
            draft::approve(tx, stamp, &city, second)?;
            draft::approve(tx, stamp, &city, first)
        });

        // What a channel sent, and its secrets.
        let sent = world.words("SELECT CAST(id AS TEXT) AS t FROM raw_event").remove(0);
        let sent = RawEventId(sent.parse().expect("an id"));
        refused("channel_unknown", &mut |tx, stamp| {
            archived::reread(tx, stamp, &city, &[], sent).map(|_| ())
        });
        refused("event_names_no_movement", &mut |tx, stamp| {
            let channels: [Arc<dyn Channel>; 1] = [Arc::new(Bank::new(&config).expect("a good channel"))];
            archived::reread(tx, stamp, &city, &channels, sent).map(|_| ())
        });
        refused("webhook_is_the_citys", &mut |tx, stamp| {
            webhook::add(tx, stamp, &local, &bank, None).map(|_| ())
        });
        refused("channel_without_secrets", &mut |tx, stamp| {
            webhook::add(tx, stamp, &city, &by_key, None).map(|_| ())
        });
        refused("channel_secret_known", &mut |tx, stamp| {
            webhook::add(tx, stamp, &city, &bank, Some(secret())).map(|_| ())
        });
        refused("channel_secret_not_found", &mut |tx, stamp| {
            webhook::retire(tx, stamp, &city, &bank, "khong-co")
        });
        refused("channel_secret_last", &mut |tx, stamp| {
            let held = webhook::held(tx, stamp.vault, &bank)?.expect("its secrets can be changed");
            webhook::retire(tx, stamp, &city, &bank, &held[0].mark)
        });

        // What people ask about their data.
        refused("nothing_kept", &mut |tx, stamp| {
            let asked = request::receive(tx, stamp, &local, &asking("erasure", nobody))?;
            act::propose(tx, stamp, &local, (unit, asked.id), &Contact::default()).map(|_| ())
        });
        refused("data_request_not_done", &mut |tx, stamp| {
            let asked = request::receive(tx, stamp, &local, &asking("access", ("phone", "0900000001")))?;
            act::propose(tx, stamp, &local, (unit, asked.id), &Contact::default()).map(|_| ())
        });
        refused("data_request_answered", &mut |tx, stamp| {
            let asked = request::receive(tx, stamp, &local, &asking("erasure", nobody))?;
            let because = ("identity_not_proven", "thử");
            request::refuse(tx, stamp, &local, (unit, asked.id), because)?;
            request::refuse(tx, stamp, &local, (unit, asked.id), because).map(|_| ())
        });

        assert_eq!(differing(&told), Vec::<String>::new());
        assert_eq!(world.count("tariff_edition"), 0, "nothing of what was refused is kept");
    });
}
