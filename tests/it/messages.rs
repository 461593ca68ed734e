//! Receipts reach their payers: by mail, by SMS, once, and whatever became of it is known.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::config::Config;
use bienlai::correction::Kind;
use bienlai::id::{MessageId, ReceiptId, UnitId};
use bienlai::notification::consent::{self, Word};
use bienlai::notification::query::{self, Event};
use bienlai::notification::send::Courier;
use bienlai::notification::{self, Message, State};
use bienlai::obligation::Obligation;
use bienlai::party::Payer;
use bienlai::payment::book::Method;
use bienlai::receipt::verify::{TrustStore, verify};
use bienlai::simulator::mail::{Behaviour as Mail, MailServer};
use bienlai::simulator::sms::{Behaviour as Sms, SmsCentre, report};

use crate::callbacks::wait_for_signatures;
use crate::corrections::{corrected, fee};
use crate::support::app::MASTER_KEY;
use crate::support::program::{How, Service, callback_until_taken, send};
use crate::support::tools::Folder;
use crate::support::world::AUTHORITY_PEM;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);
const TO: &str = "mau@example.vn";
pub const REPORT_SECRET: &str = "report-secret-of-the-simulator-32";

pub fn with_email() -> Payer {
    Payer { name: Some("Nguyễn Thị Thử".into()), email: Some(TO.into()), ..Payer::default() }
}

fn with_phone() -> Payer {
    Payer { phone: Some("0900 000 001".into()), ..Payer::default() }
}

/// A paid obligation whose receipt is sealed.
pub fn sealed(world: &World, payer: Payer) -> (Obligation, ReceiptId) {
    let owed = world.raise_for(payer, FEE);
    let receipt = world.claim(&owed, FEE).receipt();
    world.seal();
    (owed, receipt)
}

pub fn email_section(port: u16) -> String {
    format!(
        "[email]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"bienlai@example.vn\"\ntimeout_s = 1\n\
         retry_after_s = 1\n"
    )
}

pub fn sms_section(world: &World, centres: &[&str]) -> String {
    let folder = world.database.folder.path();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let secret = file("sms-secret", "secret");
    let key = file("sms-report-secret", REPORT_SECRET);
    let mut text = "[sms]\nbrand = \"BIENLAI\"\nretry_after_s = 1\n".to_owned();
    for (at, url) in centres.iter().enumerate() {
        text.push_str(&format!(
            "[[sms.operators]]\nname = \"op{at}\"\nurl = \"{url}\"\nuser = \"u\"\nsecret_file = \"{}\"\n\
             report_secret_file = \"{}\"\ntimeout_s = 1\n",
            secret.display(),
            key.display()
        ));
    }
    text
}

pub fn courier(sections: &str) -> Courier {
    let config = Config::parse_alone(&format!("[vault]\nmaster_key = \"{MASTER_KEY}\"\n{sections}")).unwrap();
    Courier::new(&config).unwrap()
}

fn deliver(world: &World, courier: &Courier) -> usize {
    let app = &world.app;
    courier.send_due(&app.store, &|| app.stamp()).unwrap()
}

pub fn messages(world: &World, (owed, receipt): &(Obligation, ReceiptId)) -> Vec<Message> {
    world.look(|conn| query::of_subject(conn, owed.unit, "receipt", receipt.0))
}

fn state(world: &World, of: &(Obligation, ReceiptId)) -> State {
    messages(world, of)[0].state
}

fn events(world: &World, key: (UnitId, MessageId)) -> Vec<Event> {
    world.look(|conn| query::events(conn, key.0, key.1))
}

/// The attached files as they arrive.
fn attached(mail: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    let parts = text.split("Content-Disposition: attachment").skip(1);
    parts
        .map(|part| {
            let body = part.split("\r\n\r\n").nth(1).unwrap();
            let body: String = body.split("\r\n--").next().unwrap().split_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(body).unwrap()
        })
        .collect()
}

/// The file that a PDF carries, as poppler takes it out.
fn carried(pdf: &[u8]) -> Vec<u8> {
    let folder = Folder::new("carried");
    std::fs::write(folder.path().join("page.pdf"), pdf).unwrap();
    let output = Command::new("pdfdetach")
        .args(["-save", "1", "-o", "carried.xml", "page.pdf"])
        .current_dir(folder.path())
        .output()
        .expect("pdfdetach is there: install the Debian package poppler-utils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(folder.path().join("carried.xml")).unwrap()
}

#[test]
fn a_sealed_receipt_reaches_its_payer_by_mail_once_with_the_xml_that_verifies_and_a_pdf_that_carries_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        let courier = courier(&email_section(server.address.port()));
        let of = sealed(&world, with_email());
        assert_eq!(state(&world, &of), State::Waiting);
        for _ in 0..3 {
            deliver(&world, &courier);
            world.seal();
        }
        let received = server.received();
        assert_eq!(received.len(), 1, "once, whatever is tried again");
        assert_eq!(
            (received[0].from.as_str(), received[0].to.as_slice()),
            ("bienlai@example.vn", &[TO.to_owned()][..])
        );
        let message = &messages(&world, &of)[0];
        let id = format!("<{}@example.vn>", message.name(0));
        assert_eq!(received[0].header("Message-ID"), Some(id));
        assert!(received[0].header("Subject").unwrap().starts_with("=?utf-8?b?"));
        let document = world.look(|conn| bienlai::receipt::query::document(conn, of.0.unit, of.1)).unwrap();
        let arrived = attached(&received[0].data);
        assert_eq!(arrived.len(), 2);
        assert_eq!(arrived[0], document, "byte for byte");
        assert_eq!(carried(&arrived[1]), document, "the page carries the same");
        assert!(verify(&arrived[0], &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now()).is_valid());
        assert_eq!(message.state, State::Sent);
    });
}

#[test]
fn the_payer_of_a_corrected_receipt_is_told_what_the_new_one_does_to_the_old_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let courier = courier(&sms_section(&world, &[&centre.url()]));
        for (kind, amount) in [(Kind::Replace, 22_000), (Kind::Adjust, 20_000)] {
            let owed = world.raise_for(with_phone(), FEE);
            world.take(&owed, FEE, Method::Cash).unwrap();
            world.seal();
            let first = world.receipts(&owed).remove(0);
            corrected(&world, &first, kind, vec![fee("HT-01", amount)]);
        }
        while deliver(&world, &courier) > 0 {}
        let mut told: Vec<String> = centre.sent().into_iter().map(|sms| sms.text).collect();
        told.sort();
        let heads: Vec<&str> = told.iter().map(|text| text.split(". Xem").next().unwrap()).collect();
        assert_eq!(
            heads,
            [
                "phuong Ba Dinh: bien lai dieu chinh BD-26E so 0000004 (cho so 0000003), -5.000 d",
                "phuong Ba Dinh: bien lai thay the BD-26E so 0000002 (cho so 0000001), 22.000 d",
                "phuong Ba Dinh: da thu 25.000 d, bien lai BD-26E so 0000003",
            ],
            "a receipt that was replaced before it was told of is not"
        );
    });
}

#[test]
fn while_the_mail_server_is_down_or_not_configured_messages_wait_and_are_not_lost() {
    each_database(|database| {
        let world = World::settled_in(database);
        let of = sealed(&world, with_email());
        assert_eq!(deliver(&world, &courier("")), 0, "nothing is configured");
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let courier = courier(&email_section(port));
        for attempt in 1..=3 {
            assert_eq!(deliver(&world, &courier), 1);
            assert_eq!(deliver(&world, &courier), 0, "not before its time");
            let message = &messages(&world, &of)[0];
            assert_eq!((message.state, message.attempts), (State::Waiting, attempt));
            world.wait_seconds(20);
        }
        let server = MailServer::start(port, None).unwrap();
        server.behave([Mail::AtRecipient("451 4.3.0 later"), Mail::AtEnd("452 4.2.2 full")]);
        for _ in 0..3 {
            deliver(&world, &courier);
            world.wait_seconds(120);
        }
        assert_eq!(server.received().len(), 1);
        assert_eq!(state(&world, &of), State::Sent);
        let codes: Vec<String> = events(&world, (of.0.unit, messages(&world, &of)[0].id))
            .into_iter()
            .filter_map(|event| event.code)
            .collect();
        assert_eq!(codes.last().map(String::as_str), Some("452 4.2.2"));
        assert!(codes.iter().any(|code| code == "451 4.3.0"), "{codes:?}");
    });
}

#[test]
fn a_copy_after_a_lost_answer_has_the_same_message_id() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        server.behave([Mail::TakeAndDrop, Mail::Slow(Duration::from_millis(1_500)), Mail::DropInData]);
        let courier = courier(&email_section(server.address.port()));
        let of = sealed(&world, with_email());
        for _ in 0..6 {
            deliver(&world, &courier);
            world.wait_seconds(120);
        }
        assert_eq!(state(&world, &of), State::Sent);
        let ids: Vec<_> = server.received().iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
        assert_eq!(ids.len(), 3, "taken without an answer, answered too late, and at last");
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    });
}

#[test]
fn who_may_have_a_mail_whose_answer_was_lost_is_told_that_its_receipt_is_cancelled() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        server.behave([Mail::TakeAndDrop]);
        let there = courier(&email_section(server.address.port()));
        let of = sealed(&world, with_email());
        deliver(&world, &there);
        assert_eq!((server.received().len(), state(&world, &of)), (1, State::Waiting), "it is tried again");
        corrected(&world, &world.receipts(&of.0).remove(0), Kind::Cancel, Vec::new());
        for _ in 0..3 {
            world.wait_seconds(120);
            deliver(&world, &there);
        }
        let told = messages(&world, &of);
        let ways: Vec<_> = told.iter().map(|message| (message.kind.as_str(), message.state)).collect();
        assert_eq!(ways, [("receipt", State::GivenUp), ("receipt_cancelled", State::Sent)]);
        let ids: Vec<_> = server.received().iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
        let names: Vec<_> = told.iter().map(|message| format!("<{}@example.vn>", message.name(0))).collect();
        assert_eq!(ids, names, "each of them once");

        // A server that cannot be reached has no mail: nobody is told that what they never heard of ended.
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let unreached = sealed(&world, with_email());
        assert_eq!(deliver(&world, &courier(&email_section(port))), 1);
        corrected(&world, &world.receipts(&unreached.0).remove(0), Kind::Cancel, Vec::new());
        assert_eq!(messages(&world, &unreached).len(), 1);
    });
}

#[test]
fn a_refused_recipient_is_shown_as_bounced_and_sent_again_only_when_asked() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        server.behave([Mail::AtRecipient("550 5.1.1 <mau@example.vn> no such user")]);
        let courier = courier(&email_section(server.address.port()));
        let of = sealed(&world, with_email());
        for _ in 0..3 {
            deliver(&world, &courier);
            world.wait_days(1);
        }
        assert_eq!(state(&world, &of), State::Bounced);
        let id = messages(&world, &of)[0].id;
        let told = events(&world, (of.0.unit, id));
        assert_eq!(told.last().unwrap().code.as_deref(), Some("550 5.1.1"), "without the address");
        let cashier = Actor {
            person: Some(world.clerk),
            client: None,
            role: Role::Cashier,
            scope: Scope::unit(of.0.unit),
        };
        world.change(|tx, stamp| notification::retry(tx, stamp, &cashier, of.0.unit, id));
        deliver(&world, &courier);
        assert_eq!(state(&world, &of), State::Sent);
        let again = world.try_change(|tx, stamp| notification::retry(tx, stamp, &cashier, of.0.unit, id));
        assert_eq!(again.unwrap_err().code(), "message_not_retriable");
        let name = server.received()[0].header("Message-ID").unwrap();
        assert!(name.contains("-r1@"), "no copy of the one that failed: {name}");
    });
}

#[test]
fn a_payer_without_address_is_listed_with_the_lookup_code_as_proof() {
    each_database(|database| {
        let world = World::settled_in(database);
        let of = sealed(&world, Payer { phone: Some("02438000000".into()), ..Payer::default() });
        let message = &messages(&world, &of)[0];
        assert_eq!((message.state, message.channel.as_str()), (State::NoAddress, "lookup"));
        let shown =
            world.look(|conn| notification::view::of(conn, "https://x.example", "00004", message, true));
        assert_eq!(shown.state_vi, "không có địa chỉ; tra cứu bằng mã");
        assert!(shown.link.unwrap().starts_with("https://x.example/r/"));
    });
}

#[test]
fn an_sms_beside_the_mail_is_sent_only_to_those_who_agreed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payer = Payer { phone: Some("0900000001".into()), ..with_email() };
        let channels = |of: &(Obligation, ReceiptId)| {
            messages(&world, of).iter().map(|message| message.channel.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(channels(&sealed(&world, payer.clone())), ["email"]);
        let say = |owed: &Obligation, is_given| {
            world.change(|tx, stamp| {
                let given_on = stamp.today();
                let word =
                    Word {
                        unit: owed.unit, party: owed.party, is_given, source: "tờ khai".into(), given_on
                    };
                consent::record(tx, stamp, &Actor::system(), word)
            });
        };
        for (is_given_last, expected) in [(true, vec!["email", "sms"]), (false, vec!["email"])] {
            let owed = world.raise_for(payer.clone(), FEE);
            say(&owed, !is_given_last);
            say(&owed, is_given_last);
            let receipt = world.claim(&owed, FEE).receipt();
            world.seal();
            assert_eq!(channels(&(owed, receipt)), expected);
        }
    });
}

#[test]
fn the_second_operator_gets_an_sms_only_when_the_first_has_certainly_not_taken_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, second) = (SmsCentre::start(0, None).unwrap(), SmsCentre::start(0, None).unwrap());
        let courier = courier(&sms_section(&world, &[&first.url(), &second.url()]));
        let counts = || (first.sent().len(), second.sent().len());
        let deliver_one = |behaviour| {
            first.behave([behaviour]);
            let of = sealed(&world, with_phone());
            deliver(&world, &courier);
            state(&world, &of)
        };
        assert_eq!((deliver_one(Sms::Accept), counts()), (State::Sent, (1, 0)));
        assert_eq!((deliver_one(Sms::Busy), counts()), (State::Sent, (1, 1)));
        assert_eq!((deliver_one(Sms::TakeAndHang), counts()), (State::Sent, (2, 1)), "asked, not given away");
        assert_eq!((deliver_one(Sms::Hang), counts()), (State::Sent, (2, 2)), "it says it never got it");
        assert_eq!((deliver_one(Sms::Reject), counts()), (State::Failed, (2, 2)), "no such subscriber");
        let text = &first.sent()[0];
        assert_eq!(text.to, "84900000001");
        assert!(text.text.starts_with("phuong Ba Dinh: da thu 25.000"), "{}", text.text);
        drop(first);
        let of = sealed(&world, with_phone());
        deliver(&world, &courier);
        assert_eq!((state(&world, &of), second.sent().len()), (State::Sent, 3), "the first is down");
    });
}

#[test]
fn an_operator_that_may_have_a_message_and_cannot_be_asked_is_waited_for() {
    each_database(|database| {
        let world = World::settled_in(database);
        // It reads the message, says nothing, and is gone when it is asked.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/messages", listener.local_addr().unwrap());
        let gone = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            drop(listener);
            std::thread::sleep(Duration::from_millis(1_200));
            drop(stream);
        });
        let second = SmsCentre::start(0, None).unwrap();
        let courier = courier(&sms_section(&world, &[&url, &second.url()]));
        let of = sealed(&world, with_phone());
        deliver(&world, &courier);
        gone.join().unwrap();
        world.wait_seconds(60);
        deliver(&world, &courier);
        assert_eq!(state(&world, &of), State::Waiting);
        assert_eq!(second.sent().len(), 0, "the first may have sent it");
    });
}

#[test]
fn two_processes_send_each_message_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        let section = email_section(server.address.port());
        for _ in 0..24 {
            let owed = world.raise_for(with_email(), FEE);
            world.claim(&owed, FEE).settle();
        }
        world.seal();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let courier = courier(&section);
                    let start = Instant::now();
                    while world.count("message WHERE state <> 'sent'") > 0 && start.elapsed().as_secs() < 30 {
                        // A lost race is a busy answer; the next round goes on.
                        let _ = courier.send_due(&world.app.store, &|| world.app.stamp());
                    }
                });
            }
        });
        let mut ids: Vec<_> =
            server.received().iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
        assert_eq!(ids.len(), 24);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 24);
    });
}

#[test]
fn a_crash_between_sending_and_storing_sends_a_copy_under_the_same_message_id() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let server = MailServer::start(0, None).unwrap();
        let sections = email_section(server.address.port());
        let owed = world.raise_for(with_email(), FEE);
        let claim = world.claim(&owed, FEE).claim;
        let how = How { failpoint: Some("message_sent"), sections: &sections, ..How::default() };
        let mut service = Service::start_as(&world, how).unwrap();
        callback_until_taken(service.address, &claim, Duration::from_secs(10));
        assert!(service.die_within(Duration::from_secs(15)), "the failpoint strikes");
        assert_eq!(world.words("SELECT state AS t FROM message"), ["sending"]);
        let mut service = Service::start_as(&world, How { sections: &sections, ..How::default() }).unwrap();
        let start = Instant::now();
        while world.count("message WHERE state = 'sent'") == 0 {
            assert!(
                start.elapsed() < Duration::from_secs(40),
                "{:?}",
                world.words("SELECT state AS t FROM message")
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        let ids: Vec<_> = server.received().iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1]);
        bounce_by_command(&world, &service, &ids[0]);
        service.stop();
    });
}

/// The mail server comes back later with a report, which is piped into the command.
fn bounce_by_command(world: &World, service: &Service, id: &str) {
    let folder = world.database.folder.path();
    let file = folder.join("report.eml");
    let text = format!(
        "From: MAILER-DAEMON@example.vn\nContent-Type: multipart/report; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail\n\nFinal-Recipient: rfc822; {TO}\n\
         Action: failed\nStatus: 5.2.2\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\n\n--b--\n"
    );
    std::fs::write(&file, &text).unwrap();
    let delayed = folder.join("delayed.eml");
    std::fs::write(&delayed, text.replace("failed", "delayed").replace("5.2.2", "4.2.2")).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bienlai"))
            .arg("notification")
            .args(arguments)
            .arg("--config")
            .arg(service.config())
            .stdin(std::fs::File::open(&delayed).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = run(&["bounce", "-"]);
    assert!(told.contains("not taken as a bounce") && told.contains("(4.2.2)"), "{told}");
    assert!(told.contains("still") && world.count("message WHERE state = 'bounced'") == 0, "{told}");
    assert!(run(&["bounce", file.to_str().unwrap()]).contains("bị trả lại / bounced 5.2.2"));
    assert_eq!(world.words("SELECT state AS t FROM message"), ["bounced"]);
    let listed = run(&["list", "--state", "bounced"]);
    assert!(listed.contains("bị trả lại") && !listed.contains(TO), "{listed}");
    let receipt = world.words("SELECT CAST(subject_id AS TEXT) AS t FROM message").remove(0);
    let shown = run(&["show", &ReceiptId(receipt.parse().unwrap()).to_string()]);
    assert!(shown.contains("\"kind\": \"claimed\"") && shown.contains("\"5.2.2\""), "{shown}");
}

fn wait_until_sent(world: &World) {
    let start = Instant::now();
    while world.count("message WHERE state = 'sent'") == 0 {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_mail_that_comes_back_for_good_is_followed_by_one_sms_that_tells_the_same() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (server, centre) = (MailServer::start(0, None).unwrap(), SmsCentre::start(0, None).unwrap());
        let mail = email_section(server.address.port());
        let courier = courier(&(mail + &sms_section(&world, &[&centre.url()])));
        let refuse = || server.behave([Mail::AtRecipient("550 5.1.1 no such user")]);
        let rounds = || {
            for _ in 0..3 {
                deliver(&world, &courier);
                world.wait_seconds(60);
            }
        };
        let both = Payer { phone: Some("0900000001".into()), ..with_email() };
        refuse();
        let of = sealed(&world, both.clone());
        let ways = |of: &(Obligation, ReceiptId)| {
            messages(&world, of).iter().map(|one| (one.channel.as_str(), one.state)).collect::<Vec<_>>()
        };
        assert_eq!(ways(&of), [("email", State::Waiting)], "nobody agreed to an SMS beside it");
        rounds();
        let ended = [("email", State::Bounced), ("sms", State::Sent)];
        assert_eq!(ways(&of), ended);
        assert!(centre.sent()[0].text.contains("da thu 25.000"), "{:?}", centre.sent());

        let (unit, id) = (of.0.unit, messages(&world, &of)[0].id);
        refuse();
        world.change(|tx, stamp| notification::retry(tx, stamp, &Actor::system(), unit, id));
        rounds();
        assert_eq!((ways(&of), centre.sent().len()), (ended.to_vec(), 1), "once, though it came back again");
        let shown = world.look(|conn| {
            let mail = query::find(conn, unit, id)?.expect("the mail");
            notification::view::of(conn, "https://x.example", "00004", &mail, false)
        });
        assert_eq!(shown.attempts, 2, "those before somebody asked for it again count too");

        let later = sealed(&world, both);
        rounds();
        assert_eq!(ways(&later), [("email", State::Sent)]);
        let id = messages(&world, &later)[0].id;
        for _ in 0..2 {
            world.change(|tx, stamp| notification::bounced(tx, stamp, (unit, id), "dsn", "5.2.2", true));
            rounds();
        }
        assert_eq!((ways(&later), centre.sent().len()), (ended.to_vec(), 2), "a report of days later");
    });
}

#[test]
fn where_no_operator_takes_sms_a_mail_that_came_back_leaves_nothing_waiting() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        let courier = courier(&email_section(server.address.port()));
        let both = Payer { phone: Some("0900000001".into()), ..with_email() };
        let ways = |of: &(Obligation, ReceiptId)| {
            messages(&world, of).iter().map(|one| (one.channel.as_str(), one.state)).collect::<Vec<_>>()
        };
        server.behave([Mail::AtRecipient("550 5.1.1 no such user")]);
        let of = sealed(&world, both.clone());
        deliver(&world, &courier);
        assert_eq!(ways(&of), [("email", State::Bounced)], "what did not arrive is shown, and nothing waits");

        let later = sealed(&world, both);
        deliver(&world, &courier);
        assert_eq!(ways(&later), [("email", State::Sent)]);
        let (unit, id) = (later.0.unit, messages(&world, &later)[0].id);
        world.change(|tx, stamp| notification::bounced(tx, stamp, (unit, id), "dsn", "5.2.2", false));
        assert_eq!(ways(&later), [("email", State::Bounced)]);
    });
}

#[test]
fn an_operator_that_did_not_take_an_sms_is_not_believed_about_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (first, second) = (SmsCentre::start(0, None).unwrap(), SmsCentre::start(0, None).unwrap());
        first.behave([Sms::Busy]);
        let sections = sms_section(&world, &[&first.url(), &second.url()]);
        let mut service = Service::start_as(&world, How { sections: &sections, ..How::default() }).unwrap();
        let owed = world.raise_for(with_phone(), FEE);
        callback_until_taken(service.address, &world.claim(&owed, FEE).claim, Duration::from_secs(10));
        wait_for_signatures(&world, Duration::from_secs(10));
        wait_until_sent(&world);
        assert_eq!((first.sent().len(), second.sent().len()), (0, 1), "the second took it");
        let id = second.sent()[0].id.clone();
        let tell = |status: &str, path: &str| {
            let (headers, body) = report(REPORT_SECRET, &id, status, world.now());
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            send(service.address, "POST", path, &headers, body.as_bytes()).unwrap().status
        };
        for status in ["failed", "delivered"] {
            assert_eq!(tell(status, "/callback/sms/op0"), 404, "{status}");
        }
        assert_eq!(world.words("SELECT state AS t FROM message"), ["sent"]);
        assert_eq!(tell("delivered", "/callback/sms/op1"), 200);
        assert_eq!(world.words("SELECT state AS t FROM message"), ["delivered"]);
        service.stop();
    });
}

#[test]
fn a_delivery_report_is_believed_only_with_its_signature() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let sections = sms_section(&world, &[&centre.url()]);
        let mut service = Service::start_as(&world, How { sections: &sections, ..How::default() }).unwrap();
        let owed = world.raise_for(with_phone(), FEE);
        callback_until_taken(service.address, &world.claim(&owed, FEE).claim, Duration::from_secs(10));
        wait_for_signatures(&world, Duration::from_secs(10));
        wait_until_sent(&world);
        let id = centre.sent()[0].id.clone();
        let tell = |secret: &str, path: &str| {
            let (headers, body) = report(secret, &id, "delivered", world.now());
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            send(service.address, "POST", path, &headers, body.as_bytes()).unwrap().status
        };
        assert_eq!(tell("another-secret-of-at-least-32-bytes", "/callback/sms/op0"), 401);
        assert_eq!(tell(REPORT_SECRET, "/callback/sms/nobody"), 404);
        assert_eq!(world.count("message WHERE state = 'delivered'"), 0);
        // A letter to another payer is none of the operator's business, whatever it signs.
        let letter = world.raise_for(with_email(), FEE);
        callback_until_taken(service.address, &world.claim(&letter, FEE).claim, Duration::from_secs(10));
        wait_for_signatures(&world, Duration::from_secs(10));
        let row = |column: &str| {
            let sql = format!("SELECT CAST({column} AS TEXT) AS t FROM message WHERE channel = 'email'");
            world.words(&sql).remove(0).parse::<i64>().unwrap()
        };
        let name = format!("{}.{}", MessageId(row("id")), UnitId(row("unit_id")));
        let (headers, body) = report(REPORT_SECRET, &name, "delivered", world.now());
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = send(service.address, "POST", "/callback/sms/op0", &headers, body.as_bytes()).unwrap();
        assert_eq!(reply.status, 404, "{}", reply.json());
        assert_eq!(tell(REPORT_SECRET, "/callback/sms/op0"), 200);
        assert_eq!(tell(REPORT_SECRET, "/callback/sms/op0"), 200, "told again");
        assert_eq!(world.count("message WHERE state = 'delivered'"), 1);
        assert!(!service.log().contains("900000001"), "no number in the log");
        service.stop();
    });
}
