//! Payers who paid too little or too much are told, and mail goes over an encrypted way.

use bienlai::amount::Dong;
use bienlai::config::Config;
use bienlai::id::PaymentId;
use bienlai::notification::query;
use bienlai::notification::send::Courier;
use bienlai::notification::{Message, State};
use bienlai::party::Payer;
use bienlai::simulator::mail::MailServer;
use bienlai::simulator::sms::SmsCentre;

use crate::messages::{email_section, sms_section, with_email};
use crate::support::app::MASTER_KEY;
use crate::support::program::{How, Service, get};
use crate::support::smtp_tls::{Mode, PASSWORD, TlsMailServer, USER};
use crate::support::{Database, World, each_database};

const FEE: Dong = Dong(25_000);

fn courier(sections: &str) -> Courier {
    let config = Config::parse_alone(&format!("[vault]\nmaster_key = \"{MASTER_KEY}\"\n{sections}")).unwrap();
    Courier::new(&config).unwrap()
}

fn deliver(world: &World, courier: &Courier) {
    while courier.send_due(&world.app.store, &|| world.app.stamp()).unwrap() > 0 {}
}

fn with_phone() -> Payer {
    Payer { phone: Some("0900000001".into()), ..Payer::default() }
}

/// The messages about the newest payment of Ba Đình.
fn of_last_payment(world: &World) -> Vec<Message> {
    let last = world.payments(&world.ba_dinh).pop().expect("a payment").id;
    let PaymentId(id) = last;
    world.look(|conn| query::of_subject(conn, world.ba_dinh.id, "payment", id))
}

#[test]
fn who_paid_in_part_is_told_what_is_missing_and_who_paid_too_much_that_it_is_kept() {
    each_database(|database| {
        let world = World::settled_in(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let courier = courier(&sms_section(&world, &[&centre.url()]));
        let owed = world.raise_for(with_phone(), FEE);
        world.claim(&owed, Dong(10_000)).settle();
        let told = of_last_payment(&world);
        assert_eq!((told.len(), told[0].kind.as_str()), (1, "paid_in_part"));
        deliver(&world, &courier);
        let texts = || centre.sent().into_iter().map(|sms| sms.text).collect::<Vec<_>>();
        let link = format!("/p/{}", owed.reference_code);
        assert_eq!(texts().len(), 1);
        assert!(
            texts()[0].starts_with("phuong Ba Dinh: da nhan 10.000 d, con thieu 15.000 d. Nop tiep: http"),
            "{:?}",
            texts()
        );
        assert!(texts()[0].ends_with(&link), "{:?}", texts());

        world.claim(&owed, Dong(20_000)).settle();
        assert_eq!(of_last_payment(&world)[0].kind, "paid_too_much");
        world.seal();
        deliver(&world, &courier);
        let mut last: Vec<String> = texts().split_off(1);
        last.sort();
        assert_eq!(last.len(), 2, "the surplus and the receipt: {last:?}");
        assert!(last[0].contains("da thu 25.000 d") || last[1].contains("da thu 25.000 d"), "{last:?}");
        assert!(last.iter().any(|text| text.contains("nhan thua 5.000 d")), "{last:?}");
    });
}

#[test]
fn what_was_completed_before_it_could_be_told_is_not_told() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        let courier = courier(&email_section(server.address.port()));
        let owed = world.raise_for(with_email(), FEE);
        world.claim(&owed, Dong(10_000)).settle();
        let told = of_last_payment(&world).remove(0);
        world.claim(&owed, Dong(15_000)).settle();
        assert!(of_last_payment(&world).is_empty(), "its receipt tells of it");
        world.seal();
        deliver(&world, &courier);
        assert_eq!(server.received().len(), 1, "the receipt");
        let now = world.look(|conn| query::find(conn, told.unit, told.id)).unwrap();
        assert_eq!(now.state, State::GivenUp);
        let why = world.words("SELECT code AS t FROM message_event WHERE code IS NOT NULL");
        assert_eq!(why, ["nothing_missing"]);
        // Part and rest in one batch: nothing was ever missing.
        let owed = world.raise_for(with_email(), FEE);
        let both = [world.claim(&owed, Dong(5_000)).arrival(), world.claim(&owed, Dong(20_000)).arrival()];
        world.settle_all(&both);
        assert_eq!(world.count("message WHERE kind = 'paid_in_part'"), 1);
    });
}

#[test]
fn a_mail_about_money_says_it_in_both_languages_and_attaches_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = MailServer::start(0, None).unwrap();
        let courier = courier(&email_section(server.address.port()));
        let owed = world.raise_for(with_email(), FEE);
        world.claim(&owed, Dong(30_000)).settle();
        deliver(&world, &courier);
        let mail = String::from_utf8(server.received()[0].data.clone()).unwrap();
        assert!(mail.contains("Content-Language: vi, en") && !mail.contains("attachment"), "{mail}");
    });
}

/// `[email]` for a server that wants TLS and a login.
fn secure_section(
    world: &World,
    server: &TlsMailServer,
    mode: &str,
    password: &str,
    trusted: bool,
) -> String {
    let folder = world.database.folder.path();
    let number = world.next();
    let (secret, authority) =
        (folder.join(format!("smtp-{number}")), folder.join(format!("smtp-ca-{number}.pem")));
    std::fs::write(&secret, password).unwrap();
    std::fs::write(&authority, &server.authority_pem).unwrap();
    let ca = if trusted { format!("ca_file = \"{}\"\n", authority.display()) } else { String::new() };
    format!(
        "[email]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"{mode}\"\nfrom = \"bienlai@example.vn\"\ntimeout_s = 5\n\
         retry_after_s = 1\nuser = \"{USER}\"\npassword_file = \"{}\"\n{ca}",
        server.address.port(),
        secret.display()
    )
}

/// The state and the last code of the one message.
fn outcome(world: &World) -> (String, Option<String>) {
    let state = world.words("SELECT state AS t FROM message").remove(0);
    let codes =
        world.words("SELECT code AS t FROM message_event WHERE code IS NOT NULL ORDER BY revision DESC");
    (state, codes.into_iter().next())
}

#[test]
fn mail_goes_to_a_server_that_wants_tls_and_a_login_and_the_password_never_in_the_clear() {
    each_database(|database| {
        for (mode, name) in [(Mode::StartTls, "starttls"), (Mode::Wrapper, "wrapper")] {
            let world = World::settled_in(Database::fresh(database.product));
            let server = TlsMailServer::start(mode);
            let owed = world.raise_for(with_email(), FEE);
            world.claim(&owed, FEE).settle();
            world.seal();
            deliver(&world, &courier(&secure_section(&world, &server, name, PASSWORD, true)));
            assert_eq!(outcome(&world).0, "sent", "{:?}", outcome(&world));
            let seen = server.seen();
            assert_eq!((seen.mails.len(), seen.refused_logins), (1, 0));
            assert!(seen.mails[0].contains("Message-ID: <msg_"));
            let only = ["EHLO", "STARTTLS"];
            assert!(
                seen.in_the_clear.iter().all(|line| only.iter().any(|word| line.starts_with(word))),
                "{:?}",
                seen.in_the_clear
            );
        }
    });
}

#[test]
fn a_server_that_cannot_be_trusted_or_drops_encryption_gets_no_mail_and_no_password() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_for(with_email(), FEE);
        world.claim(&owed, FEE).settle();
        world.seal();
        let server = TlsMailServer::start(Mode::StartTls);
        deliver(&world, &courier(&secure_section(&world, &server, "starttls", PASSWORD, false)));
        assert_eq!(outcome(&world).0, "waiting", "an unknown authority");
        // Somebody in between who hides STARTTLS.
        let plain = MailServer::start(0, None).unwrap();
        let section = secure_section(&world, &server, "starttls", PASSWORD, true)
            .replace(&server.address.port().to_string(), &plain.address.port().to_string());
        world.wait_seconds(60);
        deliver(&world, &courier(&section));
        assert_eq!((outcome(&world).0.as_str(), plain.received().len()), ("waiting", 0));
        world.wait_seconds(60);
        deliver(&world, &courier(&secure_section(&world, &server, "starttls", "sai", true)));
        assert_eq!(
            outcome(&world),
            ("waiting".into(), Some("535 5.7.8".into())),
            "our configuration, no bounce"
        );
        let seen = server.seen();
        assert_eq!((seen.mails.len(), seen.refused_logins), (0, 1));
    });
}

#[test]
fn messages_that_do_not_get_through_are_counted_with_their_age() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_for(with_email(), FEE);
        world.claim(&owed, FEE).settle();
        world.seal();
        let mut service = Service::start_as(&world, How::default()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        let text = String::from_utf8(get(service.address, "/metrics").unwrap().body).unwrap();
        assert!(text.contains("bienlai_messages{channel=\"email\",state=\"waiting\"} 1"), "{text}");
        assert!(text.contains("bienlai_messages{channel=\"sms\",state=\"bounced\"} 0"), "{text}");
        let age = "bienlai_messages_oldest_age_seconds{channel=\"email\",state=\"waiting\"} ";
        let seconds: i64 =
            text.lines().find_map(|line| line.strip_prefix(age)).expect("the age").trim().parse().unwrap();
        assert!((1..300).contains(&seconds), "{seconds}");
        service.stop();
    });
}
