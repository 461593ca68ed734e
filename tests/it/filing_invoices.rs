//! Invoices on their way to the tax authority: each as it was issued, once, with its answer linked.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::Clock;
use bienlai::correction::Kind as Way;
use bienlai::exception;
use bienlai::filing::{Kind, State, code, invoice, mark, notice, query, transmission};
use bienlai::id::{FilingId, MovementId, UnitId};
use bienlai::identity::totp;
use bienlai::obligation::Obligation;
use bienlai::payment::book::Method;
use bienlai::payment::resolve;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::worker;
use serde_json::Value;

use crate::cash_by_command::Shell;
use crate::corrections;
use crate::documents::{BOTH, fee_and_service, kinds, open_invoices, signed};
use crate::filing::{client, deliver};
use crate::support::program::{Service, get, send};
use crate::support::visitor::{PASSWORD, Visitor, confirmed_before, employ, seated};
use crate::support::{World, each_database};

/// A receipt and an invoice of one payment, sealed.
fn sold(world: &World) {
    let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
    world.claim(&owed, BOTH).settle();
    world.seal();
    assert_eq!(kinds(&world.receipts(&owed)), ["receipt", "invoice_vat"]);
}

fn ways(world: &World) -> Vec<(State, i32)> {
    let found = world.look(|conn| invoice::of_unit(conn, world.ba_dinh.id, 100));
    found.into_iter().map(|(filing, sent)| (filing.state, sent.message)).collect()
}

#[test]
fn a_sealed_invoice_goes_to_the_authority_as_it_is_and_its_answer_is_linked() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        assert_eq!(ways(&world), [(State::Drafted, 203)], "the invoice and not the receipt");
        let authority = TaxAuthority::new(Habits { asked_before_answer: 2, ..Habits::default() });
        worker::sign_forms(&world.app).unwrap();
        worker::deliver(&world.app, &authority).unwrap();
        assert_eq!(ways(&world), [(State::Sent, 203)], "taken, and not judged yet");
        deliver(&world, &authority);
        assert_eq!(ways(&world), [(State::Accepted, 203)]);
        let taken: Vec<i32> = authority.taken().into_iter().map(|(_, kind, _)| kind).collect();
        assert_eq!((taken, authority.doubles()), (vec![code::INVOICE], 0));

        let unit: UnitId = world.ba_dinh.id;
        let (filing, sent) = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0);
        let message = world.look(|conn| transmission::of_filing(conn, unit, filing.id)).remove(0);
        let replies = world.look(|conn| transmission::replies(conn, unit, message.id));
        let answers: Vec<(i32, String)> = replies.into_iter().map(|one| (one.kind, one.verdict)).collect();
        assert_eq!(
            answers,
            [(code::TECHNICAL, "accepted".to_owned()), (code::CHECK_RESULT, "accepted".to_owned())]
        );
        let payload = world.look(|conn| transmission::payload(conn, unit, message.id));
        let stored = world
            .look(|conn| bienlai::receipt::query::by_id(conn, unit, sent.receipt))
            .expect("the invoice is there");
        let issued = signed(&world, &stored);
        let issued = std::str::from_utf8(&issued).unwrap();
        // One document has one XML declaration: the message's.
        let issued = issued.split_once("?>").map_or(issued, |(_, document)| document.trim_start());
        assert!(std::str::from_utf8(&payload).unwrap().contains(issued), "not a byte was changed");
        let system = bienlai::actor::Actor::system();
        let released =
            world.try_change(|tx, stamp| transmission::release(tx, stamp, &system, unit, message.id));
        assert_eq!(released.unwrap_err().code(), "transmission_not_halted");
        let clerk = crate::filing::person(&world.ba_dinh, Role::Finance, world.clerk);
        let both =
            world.receipts(&world.look(|conn| bienlai::obligation::find(conn, unit, stored.obligation)));
        let asked = notice::Request {
            unit,
            documents: both.iter().map(|one| (one.id, "Sai tên".to_owned())).collect(),
            demand: None,
            place: "Hà Nội".to_owned(),
        };
        let mixed = world.try_change(|tx, stamp| notice::request(tx, stamp, &clerk, asked.clone()));
        assert_eq!(mixed.unwrap_err().code(), "notice_mixed", "each kind has its form");
        let marks = mark::rules(&filing).unwrap();
        assert!(marks.iter().any(|rule| rule.item == "check_answer" && rule.mark == "M"), "{marks:?}");
    });
}

#[test]
fn an_invoice_that_timed_out_and_is_found_to_be_a_double_is_with_the_authority_and_waits_for_its_answer() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        let unit = world.ba_dinh.id;
        let (filing, sent) = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0);
        let with_authority = || world.look(|conn| invoice::with_authority(conn, unit, sent.receipt));
        let authority = TaxAuthority::new(Habits { late_messages_percent: 100, ..Habits::default() });
        worker::sign_forms(&world.app).unwrap();
        worker::deliver(&world.app, &authority).unwrap();
        assert_eq!((ways(&world), with_authority()), (vec![(State::Signed, 203)], None), "no answer came");

        // Asked for, it is not known; sent again under the same MTDiep, it is a double.
        world.wait_seconds(200);
        worker::deliver(&world.app, &authority).unwrap();
        assert_eq!((authority.deliveries(), authority.doubles()), (2, 1));
        assert_eq!(ways(&world), [(State::Sent, 203)], "the first one had arrived");
        assert_eq!(with_authority(), Some(filing.id));
        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        let again = world.try_change(|tx, stamp| invoice::again(tx, stamp, &chief, unit, sent.receipt));
        assert_eq!(again.unwrap_err().code(), "invoice_not_refused");

        deliver(&world, &authority);
        assert_eq!(ways(&world), [(State::Accepted, 203)]);
        assert_eq!((authority.deliveries(), authority.taken().len()), (2, 1), "one document, asked for only");
        let message = world.look(|conn| transmission::of_filing(conn, unit, filing.id)).remove(0);
        let replies = world.look(|conn| transmission::replies(conn, unit, message.id));
        let answers: Vec<(i32, &str, bool)> = replies
            .iter()
            .map(|one| (one.kind, one.verdict.as_str(), one.faults.contains("20609")))
            .collect();
        let expected = [
            (code::TECHNICAL, "accepted", true),
            (code::TECHNICAL, "accepted", false),
            (code::CHECK_RESULT, "accepted", false),
        ];
        assert_eq!(answers, expected, "each is kept as it came");
    });
}

#[test]
fn a_double_of_an_invoice_that_went_once_under_its_message_stays_a_refusal_though_its_answer_was_lost() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        let unit = world.ba_dinh.id;
        let receipt = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0).1.receipt;
        let habits = Habits { lost_answers_percent: 100, refuses_invoices: true, ..Habits::default() };
        let authority = TaxAuthority::new(habits);
        deliver(&world, &authority);
        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        world.change(|tx, stamp| invoice::again(tx, stamp, &chief, unit, receipt));
        deliver(&world, &authority);
        assert_eq!(ways(&world), [(State::Refused, 203), (State::Refused, 203)]);
        let reasons =
            world.words("SELECT reason AS t FROM filing_event WHERE kind = 'refused' ORDER BY filing_id");
        assert_eq!(reasons, ["30002", "20609"], "another message had brought it");
        assert_eq!((authority.taken().len(), authority.doubles()), (2, 0));
        assert_eq!(world.look(|conn| invoice::with_authority(conn, unit, receipt)), None);
        for (filing, _) in world.look(|conn| invoice::of_unit(conn, unit, 9)) {
            let id = world.look(|conn| transmission::of_filing(conn, unit, filing.id)).remove(0).id;
            let asked = world.try_change(|tx, stamp| transmission::ask_again(tx, stamp, &chief, unit, id));
            assert_eq!(asked.unwrap_err().code(), "transmission_not_in_doubt", "its refusal is one");
        }
    });
}

/// As an earlier program left it: the double was taken for a refusal, of the message and of the invoice in it.
fn taken_for_refused(world: &World, filing: FilingId) {
    let id = filing.0;
    let statements = [
        format!(
            "INSERT INTO transmission_reply (unit_id, id, transmission_id, message_code, kind, verdict, faults, raw, \
             raw_sha256, received_at) SELECT r.unit_id, r.id + 1, r.transmission_id, r.message_code || '0', r.kind, \
             'refused', r.faults, r.raw, r.raw_sha256, r.received_at FROM transmission_reply r JOIN transmission t \
             ON t.id = r.transmission_id WHERE t.filing_id = {id} AND r.faults LIKE '%20609%'"
        ),
        format!("UPDATE transmission SET state = 'refused', revision = revision + 1 WHERE filing_id = {id}"),
        format!(
            "INSERT INTO transmission_event (unit_id, id, transmission_id, revision, kind, state, detail, at) \
             SELECT unit_id, (SELECT MAX(id) + 1 FROM transmission_event), id, revision, 'refused', 'refused', '', \
             created_at FROM transmission WHERE filing_id = {id}"
        ),
        format!("UPDATE filing SET state = 'refused', revision = revision + 1 WHERE id = {id}"),
        format!(
            "INSERT INTO filing_event (unit_id, id, filing_id, revision, kind, state, actor, reason, at) \
             SELECT unit_id, (SELECT MAX(id) + 1 FROM filing_event), id, revision, 'refused', 'refused', 'system', \
             '20609', created_at FROM filing WHERE id = {id}"
        ),
    ];
    for sql in statements {
        crate::support::tools::run(&mut world.database.as_owner(), &sql).expect("as it was then");
    }
}

#[test]
fn an_invoice_that_was_refused_as_its_own_double_is_asked_for_again_by_a_person_and_its_answer_is_linked() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 1);
        world.stop_watching();
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        let unit = world.ba_dinh.id;
        let authority = TaxAuthority::new(Habits { late_messages_percent: 100, ..Habits::default() });
        worker::sign_forms(&world.app).unwrap();
        worker::deliver(&world.app, &authority).unwrap();
        world.wait_seconds(200);
        worker::deliver(&world.app, &authority).unwrap();
        let (filing, sent) = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0);
        let message = world.look(|conn| transmission::of_filing(conn, unit, filing.id)).remove(0).id;
        taken_for_refused(&world, filing.id);
        assert!(ways(&world) == [(State::Refused, 203)] && is_alarmed(&world, REFUSED));

        let clerk = crate::filing::person(&world.ba_dinh, Role::Finance, world.clerk);
        let asked = world.try_change(|tx, stamp| transmission::ask_again(tx, stamp, &clerk, unit, message));
        assert_eq!(asked.unwrap_err().code(), "role_not_allowed");
        let mut service = Service::start(&world);
        // The story lies a day back; the code that opens the door is of this moment.
        let ready = employ(&world, Role::Approver, "truong.mau", Scope::All);
        let code = totp::shown_at(&ready.secret, Clock::System.now());
        let mut chief = Visitor::at(service.address);
        assert_eq!(chief.sign_in(&ready.name, PASSWORD, &code).status, 303, "{}", chief.page);
        let page = format!("/tax/messages/{message}");
        chief.get(&page);
        chief.sees("Hỏi lại cơ quan thuế</button>");
        let asked = chief.post(&page, &[("step", "ask")]);
        assert_eq!(asked.status, 303, "{}", chief.page);
        chief.get(&page);
        chief.sees("người có quyền cho hỏi lại cơ quan thuế");
        assert_eq!(chief.post(&page, &[("step", "ask")]).status, 400, "it is being asked for");
        service.stop();
        assert!(ways(&world) == [(State::Sent, 203)] && !is_alarmed(&world, REFUSED));

        world.wait_days(2);
        deliver(&world, &authority);
        assert_eq!(ways(&world), [(State::Accepted, 203)]);
        assert_eq!(authority.deliveries(), 2, "nothing was sent again");
        let standing = world.look(|conn| invoice::with_authority(conn, unit, sent.receipt));
        assert_eq!(standing, Some(filing.id));
        let steps = world.words(&format!(
            "SELECT kind AS t FROM filing_event WHERE filing_id = {} ORDER BY revision",
            filing.id.0
        ));
        assert!(steps.ends_with(&["refused", "asked_again", "accepted"].map(str::to_owned)), "{steps:?}");
    });
}

#[test]
fn a_message_whose_invoice_went_again_since_is_not_asked_for_any_more() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        let unit = world.ba_dinh.id;
        let authority = TaxAuthority::new(Habits { late_messages_percent: 100, ..Habits::default() });
        worker::sign_forms(&world.app).unwrap();
        worker::deliver(&world.app, &authority).unwrap();
        world.wait_seconds(200);
        worker::deliver(&world.app, &authority).unwrap();
        let (filing, sent) = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0);
        taken_for_refused(&world, filing.id);
        let message = world.look(|conn| transmission::of_filing(conn, unit, filing.id)).remove(0);
        assert!(world.look(|conn| transmission::is_refused_in_doubt(conn, &message)));

        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        world.change(|tx, stamp| invoice::again(tx, stamp, &chief, unit, sent.receipt));
        assert!(!world.look(|conn| transmission::is_refused_in_doubt(conn, &message)), "no button any more");
        let asked =
            world.try_change(|tx, stamp| transmission::ask_again(tx, stamp, &chief, unit, message.id));
        assert_eq!(asked.unwrap_err().code(), "transmission_not_in_doubt", "its later sending counts");
    });
}

#[test]
fn an_integrated_invoice_has_its_own_message_and_a_refusal_is_an_alarm() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat_with_receipt", "8");
        let mut lines = fee_and_service();
        lines.iter_mut().for_each(|line| line.document_kind = "invoice_vat_with_receipt".to_owned());
        let owed = world.raise_lines(&world.ba_dinh, lines);
        world.claim(&owed, BOTH).settle();
        world.seal();
        let authority = TaxAuthority::new(Habits { refuses_invoices: true, ..Habits::default() });
        deliver(&world, &authority);
        assert_eq!(ways(&world), [(State::Refused, 209)]);
        let reasons = world.words("SELECT reason AS t FROM filing_event WHERE kind = 'refused'");
        assert_eq!(reasons, ["30002"]);
        let alarms = worker::tax_alarms(&world.app).unwrap();
        assert!(alarms.iter().any(|one| one.kind.as_str() == "invoice_refused"), "{alarms:?}");
    });
}

/// The authority refused an invoice.
const REFUSED: &str = "invoice_refused";
/// The authority counts an invoice that stands no more.
const WITHDRAWN: &str = "invoice_withdrawn";

fn is_alarmed(world: &World, kind: &str) -> bool {
    let alarms = worker::tax_alarms(&world.app).unwrap();
    alarms.iter().any(|one| one.kind.as_str() == kind)
}

#[test]
fn a_refused_invoice_is_sent_again_by_a_person_when_the_cause_is_gone() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 70);
        world.stop_watching();
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        let unit = world.ba_dinh.id;
        let receipt = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0).1.receipt;
        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        let again = |actor: &bienlai::actor::Actor| {
            world.try_change(|tx, stamp| invoice::again(tx, stamp, actor, unit, receipt))
        };
        assert_eq!(again(&chief).unwrap_err().code(), "invoice_not_refused", "it waits to be sent");
        deliver(&world, &TaxAuthority::new(Habits { refuses_invoices: true, ..Habits::default() }));
        world.wait_days(61);
        assert!(is_alarmed(&world, REFUSED), "for as long as nobody sent it again");
        let finance = crate::filing::person(&world.ba_dinh, Role::Finance, world.clerk);
        assert_eq!(again(&finance).unwrap_err().code(), "role_not_allowed");
        again(&chief).unwrap();
        assert_eq!(again(&chief).unwrap_err().code(), "invoice_not_refused", "once");
        assert!(!is_alarmed(&world, REFUSED));
        let system = bienlai::actor::Actor::system();
        let missing = world.change(|tx, stamp| invoice::draft_missing(tx, stamp, &system, unit, 10));
        assert_eq!(missing, 0);

        deliver(&world, &TaxAuthority::new(Habits::default()));
        let states: Vec<State> = ways(&world).into_iter().map(|(state, _)| state).collect();
        assert_eq!(states, [State::Accepted, State::Refused]);
        assert!(!is_alarmed(&world, REFUSED));
    });
}

/// A receipt and an invoice of one claim that settled, and the authority has the invoice.
fn sold_and_told(world: &World, authority: &TaxAuthority) -> (Obligation, MovementId) {
    open_invoices(world, "invoice_vat", "1");
    let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
    let settled = world.claim(&owed, BOTH).settle();
    world.seal();
    deliver(world, authority);
    (owed, settled.movement)
}

/// Ba Đình's one claim that settled never came: two persons say so, and its documents are cancelled.
fn disproven(world: &World, owed: &Obligation, movement: MovementId) {
    let (clerk, chief) = (
        crate::filing::person(&world.ba_dinh, Role::Finance, world.clerk),
        crate::filing::person(&world.ba_dinh, Role::Approver, world.chief),
    );
    world.change(|tx, stamp| {
        let new = exception::New {
            unit: owed.unit,
            kind: exception::Kind::ClaimWithoutCredit,
            subject: exception::Subject::Movement(movement),
            account: Some(world.ba_dinh.account),
            amount: BOTH,
            opened_on: stamp.today(),
            detail: String::new(),
        };
        exception::open(tx, stamp, &[new])
    });
    let item = world.exceptions(owed.unit).remove(0).id;
    let proposal = ("disprove", None, "sao kê không có");
    world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, owed.unit, item, proposal));
    world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, owed.unit, item));
}

#[test]
fn an_invoice_the_authority_has_and_whose_money_never_came_is_an_alarm_until_its_notice_is_made() {
    each_database(|database| {
        let world = World::settled_in(database);
        let authority = TaxAuthority::new(Habits::default());
        let (owed, movement) = sold_and_told(&world, &authority);
        assert!(!is_alarmed(&world, WITHDRAWN), "it stands");
        disproven(&world, &owed, movement);
        let documents = world.receipts(&owed);
        let states: Vec<&str> = documents.iter().map(|one| one.state.as_str()).collect();
        assert_eq!(states, ["cancelled", "cancelled"]);
        assert!(is_alarmed(&world, WITHDRAWN), "the authority counts it still");

        let clerk = crate::filing::person(&world.ba_dinh, Role::Finance, world.clerk);
        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        let ask = |place: usize| {
            let asked = notice::Request {
                unit: owed.unit,
                documents: vec![(documents[place].id, "Hủy: tiền không về".to_owned())],
                demand: None,
                place: "Hà Nội".to_owned(),
            };
            world.try_change(|tx, stamp| notice::request(tx, stamp, &clerk, asked.clone()))
        };
        assert_eq!(ask(0).unwrap_err().code(), "receipt_not_valid", "a receipt is cancelled with no notice");
        let id = ask(1).unwrap();
        assert!(!is_alarmed(&world, WITHDRAWN), "it is being told");
        world.change(|tx, stamp| notice::withdraw(tx, stamp, &clerk, owed.unit, id, "lập lại"));
        assert!(is_alarmed(&world, WITHDRAWN), "nobody tells it any more");
        let id = ask(1).unwrap();
        world.change(|tx, stamp| notice::approve(tx, stamp, &chief, owed.unit, id));
        deliver(&world, &authority);
        assert_eq!(crate::filing::state(&world, owed.unit, id), State::Accepted);
        assert!(!is_alarmed(&world, WITHDRAWN));
        let mut program = Service::start(&world);
        let page = get(program.address, &format!("/r/{}", documents[1].lookup_code)).unwrap().body;
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("việc hủy theo mẫu 04/SS-HĐĐT"), "{page}");
        program.stop();
    });
}

#[test]
fn where_no_invoice_is_cancelled_an_adjusting_one_takes_back_at_the_authority_what_was_never_paid() {
    each_database(|database| {
        let world = World::settled_in(database);
        let authority = TaxAuthority::new(Habits::default());
        let (owed, movement) = sold_and_told(&world, &authority);
        disproven(&world, &owed, movement);
        let documents = world.receipts(&owed);
        let [receipt, invoice] = documents.as_slice() else { panic!("two documents: {documents:?}") };
        let refused = |document, way| corrections::refusal(&world, document, way, Vec::new());
        assert_eq!(refused(receipt, Way::Adjust), "correction_of_cancelled", "the authority has no receipt");
        assert_eq!(refused(invoice, Way::Replace), "correction_of_cancelled");
        let in_part = corrections::refusal(&world, invoice, Way::Adjust, vec![fee_and_service().remove(1)]);
        assert_eq!(in_part, "correction_only_to_nothing");

        // One person asks, and whoever approves reads that the rule is the program's own proposal.
        let asked =
            corrections::request(&world, &corrections::ask(invoice, Way::Adjust, Vec::new())).unwrap();
        let rule = bienlai::web::correction_view(&asked)["rule"].clone();
        assert_eq!((asked.certainty.as_str(), &rule["mark"]), ("P", &Value::from("P")));
        assert!(rule["source"].as_str().unwrap().contains("takes every sum back"), "{rule}");
        let alone = world.try_change(|tx, stamp| {
            let maker = crate::filing::person(&world.ba_dinh, Role::Approver, world.clerk);
            bienlai::correction::approve(tx, stamp, &maker, owed.unit, asked.id)
        });
        assert_eq!(alone.map(|_| ()).unwrap_err().code(), "maker_is_checker");
        assert!(is_alarmed(&world, WITHDRAWN), "it is asked for and not done");
        let amended = corrections::approve(&world, &asked).unwrap();
        assert_eq!((amended.refunds.len(), amended.awaited), (0, Dong(0)), "its money never came");
        assert!(!is_alarmed(&world, WITHDRAWN));

        world.seal();
        deliver(&world, &authority);
        let expected = [(8_000, "cancelled"), (10_800, "cancelled"), (-10_800, "signed")];
        assert_eq!(corrections::states(&world, &owed), expected.map(|(n, s)| (n, s.to_owned())));
        assert_eq!(ways(&world), [(State::Accepted, 203), (State::Accepted, 203)]);
        let adjusting = world.receipts(&owed).remove(2);
        let text = corrections::text_of(&world, &adjusting);
        assert!(
            text.contains("<TCHDon>2</TCHDon>") && text.contains("<TgTTTBSo>-10800</TgTTTBSo>"),
            "{text}"
        );
        assert_eq!(refused(invoice, Way::Adjust), "correction_of_cancelled", "once");
        assert_eq!(refused(&adjusting, Way::Adjust), "correction_not_original");

        // Whoever pays after all gets documents of their own, and the books agree with what stands.
        world.take(&world.again(&owed), BOTH, Method::Cash).unwrap();
        world.seal();
        let mut states: Vec<String> = world.receipts(&owed).into_iter().map(|one| one.state).collect();
        states.sort_unstable();
        assert_eq!(states, ["cancelled", "cancelled", "signed", "signed", "signed"]);
        let faults = world.look(|conn| bienlai::report::verify::unit(conn, owed.unit));
        assert!(faults.is_empty(), "{faults:?}");
    });
}

/// Ba Đình's one invoice, which the authority refused.
fn refused(world: &World) -> invoice::Sent {
    open_invoices(world, "invoice_vat", "1");
    sold(world);
    deliver(world, &TaxAuthority::new(Habits { refuses_invoices: true, ..Habits::default() }));
    world.look(|conn| invoice::of_unit(conn, world.ba_dinh.id, 1)).remove(0).1
}

#[test]
fn the_command_sends_a_refused_invoice_again() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 9);
        world.stop_watching();
        let sent = refused(&world);
        let shell = Shell::new(&world);
        let (receipt, person) = (sent.receipt.to_string(), shell.person("Quản Trị Mẫu").to_string());
        let asked =
            ["tax", "invoice", "again", "--unit", "00004", "--receipt", &receipt, "--person", &person];
        let (code, out, error) = shell.run(&asked);
        assert_eq!((code, out.starts_with("fil_")), (0, true), "{out} {error}");
        let (code, _, error) = shell.run(&asked);
        assert!(code != 0 && error.contains("invoice_not_refused"), "{error}");
    });
}

#[test]
fn the_api_sends_a_refused_invoice_again_and_who_keeps_the_books_sees_no_button() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 9);
        world.stop_watching();
        let sent = refused(&world);
        let unit = world.ba_dinh.id;
        let form = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0).0;
        let message = world.look(|conn| transmission::of_filing(conn, unit, form.id)).remove(0);
        let mut service = Service::start(&world);
        let page = format!("/tax/messages/{}", message.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::All);
        finance.get(&page);
        assert!(!finance.page.contains("value=\"again\""), "who keeps the books does not");
        assert_eq!(finance.post(&page, &[("step", "again")]).status, 403);

        // A program sends it, for a person.
        let newest = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0).0;
        assert_eq!(newest.state, State::Refused);
        let ask = |role, id: String| {
            let bearer = format!("Bearer {}", client(&world, unit, &format!("{role:?}"), role));
            let path = format!("/api/v1/tax/invoices/{id}/again");
            let headers = [("Authorization", bearer.as_str())];
            let reply = send(service.address, "POST", &path, &headers, b"").unwrap();
            (reply.status, reply.json())
        };
        assert_eq!(ask(Role::Finance, newest.id.to_string()).1["error"]["code"], "role_not_allowed");
        let (status, told) = ask(Role::Approver, newest.id.to_string());
        assert_eq!((status, told["invoice"]["state"].as_str()), (200, Some("drafted")), "{told}");
        assert_eq!(told["invoice"]["data"]["receipt"], sent.receipt.to_string());
        let (_, told) = ask(Role::Administrator, newest.id.to_string());
        assert_eq!(told["error"]["code"], "invoice_not_refused");
        service.stop();
    });
}

/// What goes again is signed with the unit's key, so who sends it shows the code of the moment, which opens once.
#[test]
fn an_approver_sends_a_refused_invoice_again_with_a_code_that_was_not_used_before() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 9);
        world.stop_watching();
        refused(&world);
        let unit = world.ba_dinh.id;
        let form = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0).0;
        let message = world.look(|conn| transmission::of_filing(conn, unit, form.id)).remove(0);
        let page = format!("/tax/messages/{}", message.id);
        let mut service = Service::start(&world);
        let ready = employ(&world, Role::Approver, "duyet.mau", Scope::unit(unit));
        let entered_at = Clock::System.now();
        let code_at = |later_s: i64| totp::shown_at(&ready.secret, entered_at.plus_seconds(later_s));
        let mut chief = Visitor::at(service.address);
        assert_eq!(chief.sign_in(&ready.name, PASSWORD, &code_at(0)).status, 303, "{}", chief.page);
        confirmed_before(&world, 600);

        chief.get(&page);
        chief.sees("Gửi lại hóa đơn");
        chief.sees("Mã xác thực 6 số của ứng dụng");
        let press = |chief: &mut Visitor, code: &str| {
            chief.post(&page, &[("step", "again"), ("confirm", code)]).status
        };
        for (code, why) in [(String::new(), "none"), (code_at(0), "it opened the door")] {
            assert_eq!(press(&mut chief, &code), 400, "{why}");
            chief.sees("không đúng");
        }
        assert_eq!(ways(&world), [(State::Refused, 203)], "nothing was sent");
        assert_eq!(press(&mut chief, &code_at(30)), 303, "{}", chief.page);
        let newest = world.look(|conn| invoice::of_unit(conn, unit, 1)).remove(0).0;
        assert_ne!(newest.id, form.id, "a sending of its own");
        // The one code stands for a few minutes, and the invoice goes once.
        chief.get(&page);
        assert!(!chief.page.contains("value=\"again\""), "{}", chief.page);
        assert_eq!(press(&mut chief, ""), 400);
        chief.sees("đã được gửi lại");
        service.stop();
    });
}

#[test]
fn invoices_of_before_are_sent_by_a_command_once_and_the_api_tells_how_far_each_is() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        open_invoices(&world, "invoice_vat", "1");
        sold(&world);
        let shell = Shell::new(&world);
        let (code, out, error) = shell.run(&["tax", "invoice", "missing", "--unit", "00004"]);
        assert_eq!((code, out.contains("drafted: 0")), (0, true), "it went by itself: {out} {error}");
        let (code, out, error) = shell.run(&["tax", "invoice", "list", "--unit", "00004"]);
        assert_eq!(code, 0, "{error}");
        for told in ["1 K26TBD 1", "203 [V2]", "đã lập, chờ ký / drafted"] {
            assert!(out.contains(told), "{told}: {out}");
        }

        let finance = client(&world, world.ba_dinh.id, "Kế toán Thử", Role::Finance);
        let cashier = client(&world, world.ba_dinh.id, "Thu ngân Thử", Role::Cashier);
        let service = Service::start(&world);
        let ask = |token: &str| {
            let bearer = format!("Bearer {token}");
            let headers = [("Authorization", bearer.as_str())];
            send(service.address, "GET", "/api/v1/tax/invoices?unit=00004", &headers, b"").unwrap()
        };
        assert_eq!(ask(&cashier).status, 403);
        let reply: Value = ask(&finance).json();
        let first = &reply["invoices"][0];
        assert_eq!((&first["kind"], &first["data"]["message"]), (&Value::from("invoice"), &Value::from(203)));
        assert_eq!(first["rules"][0]["item"], "invoice_message");
        assert_eq!(first["rules"][0]["mark"], "V2", "{reply}");
    });
}

#[test]
fn what_was_sealed_without_being_told_to_the_authority_is_found() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        world.claim(&owed, BOTH).settle();
        let waiting = world.look(|conn| bienlai::receipt::query::waiting(conn, 10, &[]));
        // A program of before told the payers only.
        bienlai::receipt::seal::sign_and_seal(
            &world.store,
            &world.keyring,
            &world.stamp(),
            &waiting,
            1,
            &bienlai::notification::Outbox,
        )
        .unwrap();
        let system = bienlai::actor::Actor::system();
        let unit = world.ba_dinh.id;
        let draft = || world.change(|tx, stamp| invoice::draft_missing(tx, stamp, &system, unit, 10));
        assert_eq!(world.look(|conn| query::of_unit(conn, unit, Some(Kind::Invoice), 10)).len(), 0);
        assert_eq!((draft(), draft()), (1, 0));
        assert_eq!(ways(&world), [(State::Drafted, 203)]);
    });
}
