//! Messages follow their payer: after an erasure nothing more is sent, after a correction it goes to the new
//! address; and accounts named in declined requests go with the erasure.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::notification::query::{events, of_subject};
use bienlai::notification::{Channel, Message, State};
use bienlai::obligation::Obligation;
use bienlai::party::Payer;
use bienlai::payment::refund::{Payee, payer};
use bienlai::store::failure;
use serde_json::{Value, json};

use crate::corrections::person;
use crate::messages::courier;
use crate::refunds::{self, statement, today};
use crate::strangers::token;
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, send};
use crate::support::visitor::seated;
use crate::support::{World, each_database, tools};

const PERSONAL_ID: &str = "001099000001";

fn ask(service: &Service, token: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(service.address, "POST", path, &headers, &body).unwrap()
}

/// 30.000 came for 25.000 from the payer's own account; the receipt is signed and its message waits.
fn overpaid(world: &World) -> Obligation {
    let payer = Payer {
        name: Some("Nguyễn Thị Thử".into()),
        personal_id: Some(PERSONAL_ID.into()),
        email: Some("thu@example.vn".into()),
        ..Payer::default()
    };
    let owed = world.raise_for(payer, Dong(25_000));
    let memo = format!("{} nop phi", owed.reference_code);
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 0).book(30_000, &memo, "R1");
    statement(world, file.sent_from("1900777700"));
    world.seal();
    owed
}

fn about_receipt(world: &World, owed: &Obligation) -> Vec<Message> {
    let receipt = world.receipts(owed).remove(0);
    world.look(|conn| of_subject(conn, owed.unit, "receipt", receipt.id.0))
}

fn last_code(world: &World, message: &Message) -> Option<String> {
    world.look(|conn| events(conn, message.unit, message.id)).pop().and_then(|event| event.code)
}

/// Received, proposed by one and carried out by another.
fn done(service: &Service, (one, two): (&str, &str), kind: &str, contact: &Value) {
    let body = json!({ "unit": "00004", "kind": kind, "by": "personal_id", "value": PERSONAL_ID,
        "identity_shown": "vneid" });
    let made = ask(service, one, "/api/v1/privacy/requests", &body).json();
    let id = made["request"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let act = ask(service, one, &format!("/api/v1/privacy/requests/{id}/propose"), contact).json();
    let act = json!({ "act": act["act"] });
    let done = ask(service, two, &format!("/api/v1/privacy/requests/{id}/approve"), &act);
    assert_eq!(done.status, 200, "{}", done.json());
}

#[test]
fn after_an_erasure_nothing_more_is_sent_and_a_declined_account_is_gone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        assert!(world.count("message WHERE state = 'waiting'") >= 2, "about the receipt and the surplus");
        let payee =
            Payee { bank: "970432".into(), account_no: "1900777700".into(), holder: "NGUYEN THI THU".into() };
        let nobody = courier("");
        world.change(|tx, stamp| payer::ask(tx, stamp, &owed, (&payee, ""), &nobody));
        let asked = world.look(|conn| payer::of_obligation(conn, &owed)).remove(0);
        let finance = person(owed.unit, world.clerk, Role::Finance);
        world.change(|tx, stamp| payer::decline(tx, stamp, &finance, owed.unit, asked.id, "đã trả tại quầy"));
        let sql = format!("UPDATE refund_request SET cipher = cipher WHERE id = {}", asked.id.0);
        assert_eq!(tools::code_of(&mut world.database.as_owner(), &sql), failure::CHECK, "nobody decided it");

        let one = token(&world, &world.ba_dinh, Role::Administrator);
        let two = token(&world, &world.ba_dinh, Role::Administrator);
        let mut service = Service::start(&world);
        done(&service, (&one, &two), "erasure", &json!({}));
        assert_eq!(world.count("message WHERE state IN ('waiting', 'sending')"), 0);
        let message = about_receipt(&world, &owed).remove(0);
        assert_eq!((message.state, last_code(&world, &message).as_deref()), (State::GivenUp, Some("erased")));
        let retry = format!("/api/v1/notifications/{}/retry", message.id);
        let refused = ask(&service, &one, &retry, &Value::Null).json();
        assert_eq!(refused["error"]["code"], "message_not_retriable", "{refused}");
        let asked = world.look(|conn| payer::of_obligation(conn, &owed)).remove(0);
        let code = |error: bienlai::error::Error| error.code();
        let opened = world
            .app
            .store
            .read(&bienlai::actor::Scope::All, |conn| payer::payee(conn, &world.app.vault, &asked));
        assert_eq!(opened.map(|_| ()).map_err(code), Err("erased"), "the account is gone");
        service.stop();
    });
}

#[test]
fn a_refund_whose_account_was_erased_says_so_and_keeps_no_page_away() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = refunds::overpaid(&world);
        let asked = refunds::request(&world, payment, 3_000).unwrap();
        let ready = refunds::request(&world, payment, 2_000).unwrap();
        refunds::approve(&world, &ready).unwrap();
        let erased = "UPDATE data_key SET wrapped = NULL, destroyed_at = 2 \
                      WHERE id IN (SELECT key_id FROM refund_payee)";
        tools::run(&mut world.database.as_owner(), erased).unwrap();
        world.app.vault.forget();
        for tried in [refunds::approve(&world, &asked), refunds::send(&world, &ready)] {
            assert_eq!(tried.unwrap_err().code(), "refund_payee_missing", "nobody would be paid");
        }
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.mau", Scope::All);
        for page in ["/duties".to_owned(), format!("/finance/refunds/{}", asked.id)] {
            assert_eq!(chief.get(&page).status, 200, "{page}");
            chief.sees("Tài khoản nhận tiền hoàn đã bị xóa");
            assert!(!chief.page.contains("value=\"approve\""), "{page}: nobody would be paid");
        }
        chief.sees("kế toán phải ghi lại");
        chief.get(&format!("/finance/refunds/{}", ready.id));
        chief.sees("hãy từ chối khoản này");
        service.stop();
    });
}

#[test]
fn after_a_correction_what_waits_goes_to_the_new_address_and_so_does_what_is_asked_for_again() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = overpaid(&world);
        let one = token(&world, &world.ba_dinh, Role::Administrator);
        let two = token(&world, &world.ba_dinh, Role::Administrator);
        let mut service = Service::start(&world);
        done(&service, (&one, &two), "correction", &json!({ "email": "moi@example.vn" }));
        let messages = about_receipt(&world, &owed);
        assert_eq!(messages.len(), 2, "the old one ended, a new one waits");
        let (old, new) = (&messages[0], &messages[1]);
        assert_eq!((old.state, last_code(&world, old).as_deref()), (State::GivenUp, Some("corrected")));
        assert_eq!((new.state, new.channel), (State::Waiting, Channel::Email));
        assert_eq!(world.count("message WHERE kind = 'paid_too_much' AND state = 'waiting'"), 1);
        // Asked for again, the old one is not sent to the old address: the new one is there already.
        let retry = format!("/api/v1/notifications/{}/retry", old.id);
        assert_eq!(ask(&service, &one, &retry, &Value::Null).status, 200);
        let messages = about_receipt(&world, &owed);
        let states: Vec<State> = messages.iter().map(|message| message.state).collect();
        assert_eq!(states, [State::GivenUp, State::Waiting]);
        // Only the phone is corrected: mail goes where it went.
        done(&service, (&one, &two), "correction", &json!({ "phone": "0900000077" }));
        assert_eq!(about_receipt(&world, &owed).len(), 2);
        service.stop();
    });
}
