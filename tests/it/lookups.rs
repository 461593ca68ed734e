//! Citizens find their receipts without a link, and nobody else does.

use std::io::{Cursor, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::party::Payer;
use bienlai::simulator::sms::SmsCentre;
use bienlai::web::message::words;

use crate::callbacks::{token, wait_for_signatures};
use crate::cash_by_command::Shell;
use crate::messages::sms_section;
use crate::support::program::{How, Reply, Service, callback_until_taken, get, send};
use crate::support::visitor::Visitor;
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);
const PERSONAL_ID: &str = "001199000001";
/// A zip file of the one receipt.
const FIRST_RECEIPT: [&str; 3] =
    ["00004/bien-lai-bd26e-0000001.xml", "00004/bien-lai-bd26e-0000001.pdf", "index.csv"];

fn payer() -> Payer {
    Payer {
        name: Some("Nguyễn Thị Thử".into()),
        personal_id: Some(PERSONAL_ID.into()),
        phone: Some("0900000001".into()),
        ..Payer::default()
    }
}

fn post(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Reply {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|c| if c.is_ascii_alphanumeric() { char::from(c).to_string() } else { format!("%{c:02X}") })
            .collect()
    };
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    send(address, "POST", path, &headers, body.join("&").as_bytes()).unwrap()
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

/// A service with one paid and sealed receipt, and the dossier's code.
fn started(world: &World, sections: &str) -> (Service, String) {
    let service = Service::start_as(world, How { sections, ..How::default() }).unwrap();
    let owed = world.raise_for(payer(), FEE);
    callback_until_taken(service.address, &world.claim(&owed, FEE).claim, Duration::from_secs(10));
    wait_for_signatures(world, Duration::from_secs(10));
    (service, owed.dossier_code)
}

/// The page of what was found for the payer of a dossier.
fn found(service: &Service, dossier: &str) -> String {
    let proof = [("dossier", dossier), ("personal_id", PERSONAL_ID)];
    let reply = post(service.address, "/lookup/dossier", &proof);
    assert_eq!(reply.status, 200, "{}", text(&reply));
    text(&reply)
}

fn ticket_of(page: &str) -> &str {
    page.split("name=\"ticket\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// The zip file that a ticket brings, from a day on.
fn downloaded(address: SocketAddr, ticket: &str, from: &str) -> (u16, Vec<u8>) {
    let ticket = ticket.replace(';', "%3B").replace(',', "%2C");
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    let form = format!("ticket={ticket}&from={from}&until=");
    download(address, "POST", "/lookup/receipts.zip", headers, &form)
}

fn zip_names(bytes: &[u8]) -> Vec<String> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
    archive.file_names().map(|name| name.unwrap().into_owned()).collect()
}

/// The body of an answer in chunks.
pub fn dechunked(body: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}

/// The whole answer of a streamed download.
pub fn download(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, Vec<u8>) {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if is_chunked { dechunked(&answer[end + 4..]) } else { answer[end + 4..].to_vec() };
    (status, body)
}

#[test]
fn five_failures_lock_a_dossier_for_a_day_even_after_a_restart_and_nobody_learns_whether_it_exists() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (mut service, dossier) = started(&world, "");
        let ask = |service: &Service, dossier: &str, id: &str| {
            let start = Instant::now();
            let reply =
                post(service.address, "/lookup/dossier", &[("dossier", dossier), ("personal_id", id)]);
            (reply.status, text(&reply), start.elapsed())
        };
        let (status, page, _) = ask(&service, &dossier, PERSONAL_ID);
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("N*** T*** Thử") && !page.contains(PERSONAL_ID) && !page.contains("Nguyễn"));

        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            known.push(ask(&service, &dossier, "001199000002"));
            unknown.push(ask(&service, "H26.9-999999-9999", "001199000002"));
        }
        for (known, unknown) in known.iter().zip(&unknown) {
            // Each gives back the dossier that was typed, and nothing else tells them apart.
            let same = |page: &str| page.replace(&dossier, "…").replace("H26.9-999999-9999", "…");
            assert_eq!((known.0, same(&known.1)), (404, same(&unknown.1)), "the same answer");
        }
        // The quickest of each: what a busy machine adds to one of them tells nothing of the service.
        let quickest = |asked: &[(u16, String, Duration)]| asked.iter().map(|one| one.2).min().unwrap();
        let gap = quickest(&known).abs_diff(quickest(&unknown));
        assert!(gap < Duration::from_millis(150), "{known:?} and {unknown:?}");
        assert_eq!(ask(&service, &dossier, PERSONAL_ID).0, 429, "even with the right id");
        assert_eq!(ask(&service, "H26.9-999999-9999", PERSONAL_ID).0, 429);
        service.stop();
        let mut service = Service::start(&world);
        assert_eq!(ask(&service, &dossier, PERSONAL_ID).0, 429, "a restart forgets nothing");
        // A day later.
        let past = world.now().minus_seconds(1).0;
        crate::support::tools::run(
            &mut world.database.as_owner(),
            &format!("UPDATE dossier_lookup SET locked_until = {past}, revision = revision + 1"),
        )
        .unwrap();
        assert_eq!(ask(&service, &dossier, PERSONAL_ID).0, 200);
        let log = service.log();
        assert!(
            log.contains("/lookup/dossier") && !log.contains(PERSONAL_ID),
            "asked, and not by whom: {log}"
        );
        service.stop();
    });
}

#[test]
fn a_payers_own_success_gives_nobody_more_guesses_at_the_others_of_the_dossier() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (mut service, dossier) = started(&world, "");
        let ask = |id: &str| {
            post(service.address, "/lookup/dossier", &[("dossier", &dossier), ("personal_id", id)]).status
        };
        for guess in 0..4 {
            assert_eq!(ask(&format!("00119900010{guess}")), 404);
        }
        assert_eq!(ask(PERSONAL_ID), 200, "the payer is not locked out yet");
        let code = [("dossier", dossier.as_str()), ("phone", "0900000001")];
        let unsent = post(service.address, "/lookup/code", &code);
        assert!(
            unsent.status == 409 && text(&unsent).contains(&words("sms_not_configured").vi),
            "{unsent:?}"
        );
        assert_eq!(ask("001199000105"), 404, "the fifth failure all the same");
        assert_eq!(ask(PERSONAL_ID), 429);
        service.stop();
    });
}

#[test]
fn the_rate_limit_bites_a_guesser() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let statuses: Vec<u16> = (0..40)
            .map(|n| {
                post(
                    service.address,
                    "/lookup/dossier",
                    &[("dossier", &format!("H{n}")), ("personal_id", "1")],
                )
                .status
            })
            .collect();
        assert!(statuses[..25].iter().all(|status| *status == 404), "{statuses:?}");
        assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
        service.stop();
    });
}

#[test]
fn an_address_that_guesses_codes_is_known_however_it_spells_the_path() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let status = |path: &str| get(service.address, path).unwrap().status;
        let good = format!("/p/{}", owed.reference_code);
        assert_eq!(status(&good), 200);
        let statuses: Vec<u16> = (0..40).map(|n| status(&format!("/%70/HNPZZZZ{n:02}"))).collect();
        assert_eq!(statuses.first(), Some(&404), "{statuses:?}");
        assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
        assert_eq!(status(&good), 429, "nothing more is told for a while");
        assert_eq!(status(&good.replace("/p/", "/%70/")), 429);
        service.stop();
    });
}

#[test]
fn a_one_time_code_opens_the_dossier_for_the_phone_that_got_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let (mut service, dossier) = started(&world, &sms_section(&world, &[&centre.url()]));
        let address = service.address;
        let ask = |dossier: &str, phone: &str| {
            let reply = post(address, "/lookup/code", &[("dossier", dossier), ("phone", phone)]);
            (reply.status, text(&reply).replace(dossier, "…"))
        };
        let right = ask(&dossier, "+84 900 000 001");
        assert_eq!(right.0, 200, "{}", right.1);
        assert_eq!(ask(&dossier, "0900000002"), right, "another phone");
        assert_eq!(ask("H26.9-999999-9999", "0900000001"), right, "no such dossier");
        assert_eq!(ask(&dossier, "02438000000").0, 400);
        let code = || {
            let start = Instant::now();
            loop {
                let found = centre.sent().into_iter().rev().find(|sms| sms.text.contains("ma tra cuu"));
                if let Some(sms) = found {
                    return sms.text[..6].to_owned();
                }
                assert!(start.elapsed() < Duration::from_secs(10), "no code came");
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        let code = code();
        assert_eq!(centre.sent().iter().filter(|sms| sms.text.contains("ma tra cuu")).count(), 1);
        let confirm =
            |code: &str| post(address, "/lookup/code/confirm", &[("dossier", &dossier), ("code", code)]);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        assert_eq!(confirm(wrong).status, 404);
        let found = confirm(&code);
        assert_eq!(found.status, 200, "{}", text(&found));
        assert_eq!(confirm(&code).status, 404, "a code is used once");
        assert_eq!(world.count("one_time_code WHERE state = 'used'"), 1);
        assert!(!service.log().contains(&code));

        // What was just proven may be downloaded together.
        let page = text(&found);
        let ticket = ticket_of(&page);
        let (status, bytes) = downloaded(address, ticket, "2020-01-01");
        assert_eq!(status, 200);
        assert_eq!(zip_names(&bytes), FIRST_RECEIPT);
        let forged = ticket.replacen(';', ";9:9,", 1);
        let (status, page) = downloaded(address, &forged, "2020-01-01");
        let page = String::from_utf8(page).unwrap();
        assert!(status == 403 && page.contains(&words("ticket_over").vi), "{status} {page}");
        service.stop();
    });
}

#[test]
fn a_wrong_day_of_a_download_is_told_beside_its_field_and_what_was_found_stays() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (mut service, dossier) = started(&world, "");
        let page = found(&service, &dossier);
        let ticket = ticket_of(&page);
        for (from, until, field, code) in [
            ("2026-11-24", "2026-11-01", "until", "book_period_reversed"),
            ("hom qua", "2026-11-01", "from", "date_unreadable"),
            ("2026-11-24", "hom qua", "until", "date_unreadable"),
        ] {
            let form = [("ticket", ticket), ("from", from), ("until", until)];
            let reply = post(service.address, "/lookup/receipts.zip", &form);
            let again = text(&reply);
            assert_eq!(reply.status, 400, "{again}");
            for part in [
                words(code).vi.as_str(),
                &format!("id=\"{field}-reason\""),
                &format!("value=\"{from}\""),
                &format!("value=\"{until}\""),
                &format!("Biên lai của hồ sơ {dossier}"),
                "N*** T*** Thử",
                "Khoản phải nộp",
            ] {
                assert!(again.contains(part), "{part} is not on the page: {again}");
            }
            assert_eq!(ticket_of(&again), ticket, "the days are mended without a second proof");
        }
        let (status, bytes) = downloaded(service.address, ticket, "2020-01-01");
        assert_eq!((status, zip_names(&bytes)), (200, FIRST_RECEIPT.map(str::to_owned).to_vec()));
        let mut index = String::new();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        archive.by_name("index.csv").unwrap().read_to_string(&mut index).unwrap();
        assert!(index.contains(",đã ký,"), "the state is said in words: {index}");
        service.stop();
    });
}

#[test]
fn a_download_of_a_period_without_receipts_says_so_on_the_page_of_what_was_found() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (mut service, dossier) = started(&world, "");
        let page = found(&service, &dossier);
        let form = [("ticket", ticket_of(&page)), ("from", "2020-01-01"), ("until", "2020-01-31")];
        let reply = post(service.address, "/lookup/receipts.zip", &form);
        assert_eq!(reply.status, 400, "{}", reply.head);
        let again = text(&reply);
        let said = &words("period_without_documents").vi;
        for part in [said.as_str(), "id=\"from-reason\"", "value=\"2020-01-31\"", "N*** T*** Thử"] {
            assert!(again.contains(part), "{part} is not on the page: {again}");
        }
        let (status, bytes) = downloaded(service.address, ticket_of(&again), "2020-01-01");
        assert_eq!((status, zip_names(&bytes)), (200, FIRST_RECEIPT.map(str::to_owned).to_vec()));
        service.stop();
    });
}

#[test]
fn a_dossier_with_more_receipts_than_one_download_holds_says_so_and_a_shorter_period_brings_the_rest() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        // The copies are no books.
        world.stop_watching();
        let (mut service, dossier) = started(&world, "");
        assert!(!found(&service, &dossier).contains("một tệp ZIP chỉ có"));
        // As many as a download holds, years ago and in front of the one of today.
        let copies = "INSERT INTO receipt (unit_id, id, obligation_id, series_id, number, document_kind, template, \
             series, amount, issued_on, collected_at, lookup_code, profile, body, body_sha256, created_at, state, \
             revision) WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 200) \
             SELECT unit_id, id - n, obligation_id, series_id, number + n, document_kind, template, series, amount, \
             '2020-01-02', collected_at, lookup_code || n, profile, body, body_sha256, created_at, state, revision \
             FROM receipt, copy";
        tools::run(&mut world.database.as_owner(), copies).unwrap();
        let page = found(&service, &dossier);
        assert!(page.contains("Hồ sơ có 201 biên lai; một tệp ZIP chỉ có 200 biên lai đầu"), "{page}");
        assert!(page.contains("hãy chọn kỳ ngắn hơn"), "{page}");
        // None of the copies was ever signed, so that nothing of them is in the file.
        let names = |from: &str| zip_names(&downloaded(service.address, ticket_of(&page), from).1);
        assert_eq!(names(""), ["index.csv"], "the 201st is left out");
        assert_eq!(names("2020-01-03"), FIRST_RECEIPT);
        service.stop();
    });
}

/// So many more obligations of a dossier, in front of its own, by the payer of the newest or of the oldest one.
fn owed_more(world: &World, dossier: &str, (count, before): (u32, u32), party: &str) {
    let copies = format!(
        "INSERT INTO obligation (unit_id, id, reference_code, dossier_code, procedure_code, procedure_field, \
         intake_mode, receiving_unit_id, competent_unit_id, submitted_at, result_due_on, due_on, \
         electronic_required, party_id, total, waived_ground, client_id, created_at, account_id, state, revision, \
         allocated, adjusted, line_edition) WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy \
         WHERE n < {count}) SELECT unit_id, id - {before} - n, reference_code || '/' || ({before} + n), \
         dossier_code, procedure_code, procedure_field, intake_mode, receiving_unit_id, competent_unit_id, \
         submitted_at, result_due_on, due_on, electronic_required, \
         (SELECT {party}(party_id) FROM obligation), total, waived_ground, client_id, created_at, account_id, state, \
         revision, allocated, adjusted, line_edition FROM obligation, copy WHERE dossier_code = '{dossier}' AND \
         reference_code NOT LIKE '%/%'"
    );
    tools::run(&mut world.database.as_owner(), &copies).unwrap();
}

#[test]
fn a_payer_among_many_of_a_dossier_is_found_and_one_with_very_many_obligations_is_told_that_there_are_more() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        // The copies are no books.
        world.stop_watching();
        let (mut service, dossier) = started(&world, "");
        world.raise_for(Payer { personal_id: Some("001199000002".into()), ..payer() }, FEE);
        owed_more(&world, &dossier, (120, 0), "MAX");
        let page = found(&service, &dossier);
        assert_eq!(page.matches("<li><span><a href=\"/p/").count(), 1, "the others are not theirs: {page}");
        assert!(!page.contains("chỉ hiện 100 khoản đầu"), "{page}");
        owed_more(&world, &dossier, (110, 1_000), "MIN");
        let page = found(&service, &dossier);
        assert!(page.contains("chỉ hiện 100 khoản đầu của bạn trong hồ sơ"), "{page}");
        service.stop();
    });
}

#[test]
fn whoever_asks_for_a_dossier_of_too_many_obligations_is_told_so_and_no_failure_is_counted() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        // The copies are no books.
        world.stop_watching();
        let (mut service, dossier) = started(&world, "");
        world.raise_for(Payer { personal_id: Some("001199000002".into()), ..payer() }, FEE);
        owed_more(&world, &dossier, (5_000, 0), "MAX");
        for id in [PERSONAL_ID, "001199000002", "001199000003"].repeat(2) {
            let proof = [("dossier", dossier.as_str()), ("personal_id", id)];
            let reply = post(service.address, "/lookup/dossier", &proof);
            let page = text(&reply);
            assert!(reply.status == 409 && page.contains(&words("dossier_too_large").vi), "{id}: {page}");
        }
        assert_eq!(world.count("dossier_lookup WHERE failures > 0 OR locked_until > 0"), 0);
        service.stop();
    });
}

#[test]
fn what_was_paid_after_the_series_was_stopped_says_when_its_receipt_comes() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let person = shell.person("Quản Trị Mẫu").to_string();
        let mut stop = vec!["series", "stop", "--unit", "00004", "--series", "BD-26E"];
        stop.extend(["--reason", "đổi mẫu", "--person", &person]);
        let (code, out, error) = shell.run(&stop);
        let told: Vec<&str> = out.lines().collect();
        assert_eq!((code, told[0], told.len()), (0, "BD-26E đã dừng / stopped", 3), "{error}");
        assert!(told[1].contains("cho đến khi mở ký hiệu khác"), "it was the only one: {out}");
        let owed = world.raise_for(payer(), FEE);
        assert_eq!(world.claim(&owed, FEE).settle().receipt, None);
        let mut service = Service::start(&world);
        let page = found(&service, &owed.dossier_code);
        assert!(page.contains("Biên lai sẽ được lập và gửi khi đơn vị có ký hiệu."), "{page}");
        service.stop();
    });
}

#[test]
fn what_was_found_is_named_in_the_language_of_the_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (mut service, dossier) = started(&world, "");
        assert!(found(&service, &dossier).contains(">Biên lai BD-26E số 0000001</a>"));
        let own = format!("http://{}", service.address);
        let mut reader = Visitor::at(service.address);
        reader.post_from(&own, "/language", &[("lang", "en"), ("back", "/lookup")]);
        let proof = [("dossier", dossier.as_str()), ("personal_id", PERSONAL_ID)];
        assert_eq!(reader.post_from(&own, "/lookup/dossier", &proof).status, 200, "{}", reader.page);
        reader.sees(">Receipt BD-26E no. 0000001</a>");
        service.stop();
    });
}

#[test]
fn staff_download_a_period_of_their_own_unit_only() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (mut service, _) = started(&world, "");
        let today = world.now().business_day();
        let finance = format!("Authorization: Bearer {}\r\n", token(&world, Role::Finance));
        let path = |unit: &str, from| format!("/api/v1/receipts.zip?unit={unit}&from={from}&until={today}");
        let (status, bytes) = download(service.address, "GET", &path("00004", today), &finance, "");
        assert_eq!(status, 200);
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 2, "pages are drawn only when they are asked for");
        let mut document = Vec::new();
        archive.by_name("00004/bien-lai-bd26e-0000001.xml").unwrap().read_to_end(&mut document).unwrap();
        let stored = world.words("SELECT document_sha256 AS t FROM receipt_seal");
        let hash = bienlai::text::hex(ring::digest::digest(&ring::digest::SHA256, &document).as_ref());
        assert_eq!(stored, [hash], "the exact signed bytes");
        assert_eq!(world.count("audit_entry WHERE action = 'receipts.bundled'"), 1);
        let with_pages = format!("{}&pdf=true", path("00004", today));
        let (_, bytes) = download(service.address, "GET", &with_pages, &finance, "");
        let mut page = Vec::new();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        archive.by_name("00004/bien-lai-bd26e-0000001.pdf").unwrap().read_to_end(&mut page).unwrap();
        assert!(page.starts_with(b"%PDF-"));
        let cashier = format!("Authorization: Bearer {}\r\n", token(&world, Role::Cashier));
        assert_eq!(download(service.address, "GET", &path("00004", today), &cashier, "").0, 403);
        assert_eq!(
            download(service.address, "GET", &path("00091", today), &finance, "").0,
            404,
            "another unit"
        );
        assert_eq!(download(service.address, "GET", &path("00004", today), "", "").0, 401);
        assert_eq!(download(service.address, "GET", &path("00004", today.plus_days(1)), &finance, "").0, 400);
        service.stop();
    });
}
