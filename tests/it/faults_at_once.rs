//! A form tells everything that is wrong with it at once, each reason beside its field, and keeps what was typed: at
//! the counter, of a payer who says that they transferred, and where a file is past what its form may carry.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::payment::book::Method;
use bienlai::shift::{self, Count};
use bienlai::web::message;

use crate::counter_desk::desk;
use crate::duties::register_both;
use crate::refunds::today;
use crate::support::database::Database;
use crate::support::program::Service;
use crate::support::visitor::{PASSWORD, Visitor, appoint, seated};
use crate::support::world::line;
use crate::support::{World, each_database};

/// The words of a code stand beside the field of this id, and the summary leads to it.
#[track_caller]
pub fn told_beside(visitor: &Visitor, id: &str, code: &str) {
    let words = &message::words(code).vi;
    visitor.sees(&format!("id=\"{id}-reason\">{words}"));
    visitor.sees(&format!("<a href=\"#{id}\">{words}"));
}

/// The same under the name of the row, as it is called on the form.
#[track_caller]
fn told_of_row(visitor: &Visitor, id: &str, row: &str, code: &str) {
    let words = format!("{row}: {}", message::words(code).vi);
    visitor.sees(&format!("id=\"{id}-reason\">{words}"));
    visitor.sees(&format!("<a href=\"#{id}\">{words}"));
}

#[test]
fn a_cashier_reads_everything_that_keeps_money_from_being_taken_at_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).by("stranger").settle();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        let take = format!("{page}/take");
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        let form = |method: &'static str, code: &'static str, tendered: &'static str| {
            [
                ("key", key.as_str()),
                ("amount", "25000"),
                ("method", method),
                ("approval_code", code),
                ("tendered", tendered),
            ]
        };
        for (method, code, tendered, of_code, of_tendered) in [
            ("cash", "A1B2C3", "mười ngàn", "card_code_with_cash", "amount_not_whole"),
            ("cash", "A1B2C3", "20.000", "card_code_with_cash", "tendered_too_little"),
            ("card", "?!", "mười ngàn", "approval_code_wrong", "amount_not_whole"),
        ] {
            assert_eq!(cashier.post(&take, &form(method, code, tendered)).status, 400, "{}", cashier.page);
            told_beside(&cashier, "approval_code", of_code);
            told_beside(&cashier, "tendered", of_tendered);
            told_beside(&cashier, "despite", "transfer_advised");
            cashier.sees(&format!("value=\"{code}\""));
            cashier.sees(&format!("value=\"{tendered}\""));
        }
        assert_eq!((world.count("payment"), world.count("card_slip")), (0, 0));
        // Another sum than is owed is told of the form, which has no field for it.
        let less = [("key", key.as_str()), ("amount", "20000"), ("method", "cash"), ("tendered", "")];
        assert_eq!(cashier.post(&take, &less).status, 400);
        cashier.is_told("counter_full_amount_only");
        assert!(!cashier.page.contains("href=\"#amount\""), "{}", cashier.page);
        let right = [&form("card", "A1B2C3", "")[..], &[("despite", "1")]].concat();
        assert_eq!(cashier.post(&take, &right).status, 303, "{}", cashier.page);
        assert_eq!((world.count("payment"), world.count("card_slip")), (1, 1));
        service.stop();
    });
}

#[test]
fn several_taken_together_tell_the_cash_and_the_told_transfer_at_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, plain) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        world.claim(&owed, Dong(25_000)).by("stranger").settle();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        cashier.get(&format!("/counter/together?o={}&o={}", owed.id, plain.id));
        let key = cashier.value("key").unwrap();
        let (first, second) = (format!("o.{}", owed.id), format!("o.{}", plain.id));
        let form = |tendered: &'static str| {
            [
                ("key", key.as_str()),
                (first.as_str(), "25000"),
                (second.as_str(), "8000"),
                ("tendered", tendered),
                ("method", "cash"),
            ]
        };
        for (tendered, code) in [("bốn mươi", "amount_not_whole"), ("30.000", "tendered_too_little")] {
            assert_eq!(cashier.post("/counter/together/take", &form(tendered)).status, 400);
            told_beside(&cashier, "tendered", code);
            told_beside(&cashier, "despite", "transfer_advised");
            cashier.sees(&format!("value=\"{tendered}\""));
        }
        assert_eq!(world.count("payment"), 0, "all or none");
        let right = [&form("40.000")[..], &[("despite", "1")]].concat();
        assert_eq!(cashier.post("/counter/together/take", &right).status, 303, "{}", cashier.page);
        service.stop();
    });
}

#[test]
fn a_correction_that_is_asked_for_wrongly_names_every_field_and_line() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![line("HT-01", "le_phi", "receipt", Dong(25_000))]);
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        world.seal();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}/correct", owed.id);
        cashier.get(&page);
        let receipt = world.receipts(&owed).remove(0).id.to_string();
        let tomorrow = today(&world).next().to_string();
        let form = [
            ("receipt", receipt.as_str()),
            ("edition", "0"),
            ("kind", "adjust"),
            ("name", "Nguyễn Thị Mẫu"),
            ("tax_code", "123"),
            ("personal_id", "12"),
            ("passport", "?"),
            ("l.0.0", "mười"),
            ("reason", " "),
            ("number", ""),
            ("on", tomorrow.as_str()),
            ("about", "sai mã số thuế"),
        ];
        let asked = cashier.upload_as(&page, &form, "agreement", b"<html>");
        assert_eq!(asked.status, 400, "{}", cashier.page);
        for (id, code) in [
            ("tax_code", "tax_code_wrong"),
            ("personal_id", "personal_id_wrong"),
            ("passport", "passport_wrong"),
            ("reason", "reason_missing"),
            ("number", "correction_agreement_missing"),
            ("on", "correction_agreement_in_future"),
            ("agreement", "agreement_type_unknown"),
        ] {
            told_beside(&cashier, id, code);
        }
        told_of_row(&cashier, "l.0.0", "Phí cấp bản sao trích lục hộ tịch", "amount_not_whole");
        for typed in ["Nguyễn Thị Mẫu", "123", "mười", &tomorrow, "sai mã số thuế"] {
            cashier.sees(&format!("value=\"{typed}\""));
        }
        assert!(!cashier.page.contains("id=\"about-reason\""), "what is right is not told");
        // Neither document nor way is chosen: what can be read of the rest is told all the same.
        let neither = [("edition", "0"), ("l.0.0", "mười"), ("number", "05/BB"), ("on", "hôm nay")];
        assert_eq!(cashier.upload_as(&page, &neither, "agreement", b"").status, 400);
        for code in ["receipt_not_found", "correction_kind_unknown"] {
            cashier.is_told(code);
        }
        told_beside(&cashier, "reason", "reason_missing");
        told_beside(&cashier, "on", "correction_agreement_missing");
        told_beside(&cashier, "about", "correction_agreement_missing");
        assert_eq!((world.count("correction"), world.count("correction_agreement")), (0, 0));
        service.stop();
    });
}

#[test]
fn each_drawer_that_cannot_give_what_is_taken_out_of_it_is_told_by_its_name() {
    each_database(|database| {
        let world = World::settled_in_before(database, 1);
        register_both(&world);
        let (unit, clerk) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let (yesterday, full) = (world.shift(unit), Count::parse("20000x1,5000x1").unwrap());
        let counted = world
            .app
            .write(&clerk, |tx, stamp| shift::close(tx, stamp, &clerk, (unit, yesterday), &full, &[]));
        counted.expect("the drawer is closed");
        let first_day = today(&world);
        world.wait_days(1);
        let owed = world.raise(Dong(8_000));
        world.take(&owed, Dong(8_000), Method::Cash).unwrap();
        let now = world.shift(unit);

        let ready = appoint(&world, Role::Cashier, "thungan.mau", Scope::unit(unit), world.clerk);
        let mut service = Service::start(&world);
        let mut cashier = Visitor::at(service.address);
        cashier.sign_in(&ready.name, PASSWORD, &ready.code(&world));
        cashier.get("/counter/deposit");
        let (older, newer) = (format!("d.{yesterday}"), format!("d.{now}"));
        let called =
            |day: bienlai::clock::BusinessDay, held: &str| format!("{} – {held} đ", day.0.format("%d/%m/%Y"));
        let (of_older, of_newer) = (called(first_day, "25.000"), called(today(&world), "8.000"));
        for (first, second, codes) in [
            ("30.000", "9.000", ["deposit_beyond_drawer", "deposit_beyond_drawer"]),
            ("30.000", "tám", ["deposit_beyond_drawer", "amount_not_whole"]),
        ] {
            let form = [(older.as_str(), first), (newer.as_str(), second)];
            assert_eq!(cashier.post("/counter/deposit", &form).status, 400, "{}", cashier.page);
            told_of_row(&cashier, &older, &of_older, codes[0]);
            told_of_row(&cashier, &newer, &of_newer, codes[1]);
            cashier.sees(&format!("value=\"{second}\""));
        }
        assert_eq!(world.count("deposit_slip"), 0);
        let right = [(older.as_str(), "25.000"), (newer.as_str(), "")];
        assert_eq!(cashier.post("/counter/deposit", &right).status, 303, "{}", cashier.page);
        service.stop();
    });
}

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n the screen of a telephone";

#[test]
fn a_payer_who_tells_of_a_transfer_reads_everything_that_is_wrong_at_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let told = format!("/p/{}/told", owed.reference_code);
        let (tomorrow, trace) = (today(&world).next().to_string(), "x".repeat(41));
        let mut citizen = Visitor::at(service.address);
        let form =
            [("amount", "1,5"), ("on", tomorrow.as_str()), ("time", "25:99"), ("trace", trace.as_str())];
        assert_eq!(citizen.upload_as(&told, &form, "picture", b"<svg>").status, 400, "{}", citizen.page);
        for (id, code) in [
            ("told-amount", "amount_not_whole"),
            ("told-on", "told_day_wrong"),
            ("told-time", "told_time_wrong"),
            ("told-trace", "told_trace_wrong"),
            ("told-picture", "picture_unfit"),
        ] {
            told_beside(&citizen, id, code);
        }
        for (_, typed) in form {
            citizen.sees(&format!("value=\"{typed}\""));
        }
        let nothing = [("amount", ""), ("on", ""), ("time", ""), ("trace", trace.as_str())];
        assert_eq!(citizen.upload_as(&told, &nothing, "picture", b"").status, 400);
        for (id, code) in [
            ("told-amount", "field_missing"),
            ("told-on", "field_missing"),
            ("told-trace", "told_trace_wrong"),
        ] {
            told_beside(&citizen, id, code);
        }
        assert!(!citizen.page.contains("id=\"told-picture-reason\""), "no picture is no fault");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        assert_eq!(world.count("told_picture"), 0);
        service.stop();
    });
}

/// A form with a file between what is typed.
fn form_around(before: &[(&str, &str)], (name, file): (&str, &[u8]), behind: &[(&str, &str)]) -> Vec<u8> {
    let text = |(name, value): &(&str, &str)| {
        format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let texts = |all: &[(&str, &str)]| all.iter().map(text).collect::<String>();
    let head =
        format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"anh.png\"\r\n\r\n");
    [texts(before).as_bytes(), head.as_bytes(), file, b"\r\n", texts(behind).as_bytes(), b"--XyZ--\r\n"]
        .concat()
}

#[test]
fn a_picture_of_thirty_megabytes_takes_nothing_away_that_was_typed_before_or_behind_it() {
    let world = World::settled_in_today(Database::sqlite());
    let owed = world.raise(Dong(25_000));
    let mut service = Service::start(&world);
    let told = format!("/p/{}/told", owed.reference_code);
    let day = today(&world).to_string();
    let mut citizen = Visitor::at(service.address);
    let photograph = [PICTURE, &vec![7; 30 << 20]].concat();
    let behind = [("on", day.as_str()), ("time", "25:99"), ("trace", "FT2633000999")];
    let body = form_around(&[("amount", "25.000")], ("picture", &photograph), &behind);
    let origin = format!("http://{}", service.address);
    let headers = [("Content-Type", "multipart/form-data; boundary=XyZ"), ("Origin", origin.as_str())];
    assert_eq!(citizen.ask("POST", &told, &headers, &body).status, 400, "{}", citizen.page);
    told_beside(&citizen, "told-picture", "picture_unfit");
    told_beside(&citizen, "told-time", "told_time_wrong");
    for typed in ["25.000", &day, "FT2633000999"] {
        citizen.sees(&format!("value=\"{typed}\""));
    }
    assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    let fields = [("amount", "25.000"), ("on", day.as_str()), ("trace", "FT2633000999")];
    assert_eq!(citizen.upload_as(&told, &fields, "picture", PICTURE).status, 200, "{}", citizen.page);
    service.stop();
}

#[test]
fn a_statement_past_what_a_form_may_carry_is_told_beside_its_field() {
    let world = World::settled_in_today(Database::sqlite());
    let mut service = Service::start(&world);
    let unit = Scope::unit(world.ba_dinh.id);
    let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
    finance.get("/finance/statements");
    let file = vec![b'x'; 66 << 20];
    let sent = finance.upload("/finance/statements", &[("do", "preview")], &file);
    assert_eq!(sent.status, 413, "{}", finance.page);
    told_beside(&finance, "file", "body_too_large");
    // Whoever has no token of this session is told nothing of it.
    finance.page = String::new();
    assert_eq!(finance.upload("/finance/statements", &[], &file).status, 403);
    finance.get("/finance/settlements");
    let fields = [("do", "import"), ("reference", "BK-2026-11"), ("fee", "một")];
    let sent = finance.upload("/finance/settlements", &fields, &vec![b'x'; 30 << 20]);
    assert_eq!(sent.status, 400, "{}", finance.page);
    told_beside(&finance, "file", "body_too_large");
    finance.sees("value=\"BK-2026-11\"");
    service.stop();
}
