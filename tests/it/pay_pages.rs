//! The pay page as a citizen's phone sees it: what to pay, the moment the money arrives, the paper,
//! and what to do when it does not show.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::exception::{self, Kind, New, Subject};
use bienlai::id::MovementId;
use bienlai::payment::book::Method;
use bienlai::worker;

use crate::decisions::{disprove, overdue};
use crate::support::bank_file::BankFile;
use crate::support::program::{How, Service, callback_until_taken, get};
use crate::support::visitor::{Visitor, header};
use crate::support::{World, each_database};

/// A busy machine takes its time; how soon a page is told is measured by `bienlai bench live`.
const PATIENCE: Duration = Duration::from_secs(60);
/// Everything a first visit loads.
const FIRST_LOAD_LIMIT: usize = 100_000;

/// A stream of events, read as far as it came.
struct Stream {
    socket: TcpStream,
    text: String,
}

impl Stream {
    fn open(address: SocketAddr, path: &str) -> Stream {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        Stream { socket, text: String::new() }
    }

    /// Waits until so many events came.
    fn wait_for(&mut self, events: usize) {
        let start = Instant::now();
        let mut bytes = [0_u8; 4_096];
        while self.text.matches("data: ").count() < events {
            assert!(start.elapsed() < PATIENCE, "{events} events: {}", self.text);
            if let Ok(count) = self.socket.read(&mut bytes) {
                self.text.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        }
    }

    /// Whether it begins to tell, and is not refused.
    fn begins(&mut self) -> bool {
        let start = Instant::now();
        let mut bytes = [0_u8; 4_096];
        while start.elapsed() < Duration::from_secs(3) && !self.text.contains("503") {
            if self.text.contains("data: ") {
                return true;
            }
            if let Ok(count) = self.socket.read(&mut bytes) {
                self.text.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        }
        false
    }
}

#[test]
fn the_page_is_told_of_the_money_by_itself_and_offers_the_paper() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        for told in ["Chưa nộp", "25.000 đ", "Vì sao số tiền này", "<svg", "data-copy=\"25000\"", "data-live"]
        {
            citizen.sees(told);
        }
        let mut streams: Vec<Stream> =
            (0..3).map(|_| Stream::open(service.address, &format!("{path}/events"))).collect();
        for stream in &mut streams {
            stream.wait_for(1);
        }
        let before = get(service.address, &format!("{path}/status")).unwrap().json();

        callback_until_taken(service.address, &world.claim(&owed, Dong(25_000)).claim, PATIENCE);
        for stream in &mut streams {
            stream.wait_for(2);
        }
        let now = get(service.address, &format!("{path}/status")).unwrap().json();
        assert_ne!(before["stamp"], now["stamp"]);
        let start = Instant::now();
        while !citizen.page.contains("Bản gốc đã ký") {
            assert!(start.elapsed() < PATIENCE, "{}", citizen.page);
            std::thread::sleep(Duration::from_millis(100));
            citizen.get(&path);
        }
        citizen.sees("Đã nhận đủ tiền");
        // Somebody pays a second time while the page is open: it is told of that, too.
        let paid = get(service.address, &format!("{path}/status")).unwrap().json();
        let mut stream = Stream::open(service.address, &format!("{path}/events"));
        stream.wait_for(1);
        citizen.sees("data-live");
        callback_until_taken(service.address, &world.claim(&owed, Dong(25_000)).claim, PATIENCE);
        stream.wait_for(2);
        let now = get(service.address, &format!("{path}/status")).unwrap().json();
        assert_ne!(paid["stamp"], now["stamp"], "who asks is told, too");
        citizen.get(&path);
        citizen.sees("Bạn đã chuyển thừa 25.000 đ");
        citizen.sees(&format!("{path}/refund"));
        let pdf = citizen.page.split("href=\"/r/").find_map(|part| part.split_once(".pdf\"")).unwrap().0;
        let pdf = get(service.address, &format!("/r/{pdf}.pdf")).unwrap();
        assert!(pdf.body.starts_with(b"%PDF-"));
        // Streams must not keep the service from stopping: it would wait longer for them than this does.
        service.stop();
    });
}

#[test]
fn who_paid_a_unit_without_a_series_reads_what_the_receipt_waits_for_until_it_is_made() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        // Sóc Sơn has no series yet.
        let owed = world.raise_at(&world.soc_son, Dong(25_000));
        let settled = world.claim(&owed, Dong(25_000)).on(world.soc_son.account_no).settle();
        assert_eq!(settled.receipt, None);
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        let waits = "Biên lai sẽ được lập và gửi khi đơn vị có ký hiệu.";
        for told in ["Đã nhận đủ tiền", waits, "data-live", "http-equiv=\"refresh\""] {
            citizen.sees(told);
        }
        let own = format!("http://{}", service.address);
        let mut reader = Visitor::at(service.address);
        reader.post_from(&own, "/language", &[("lang", "en"), ("back", "/lookup")]);
        reader.get(&path);
        reader.sees("The receipt will be made and sent as soon as the unit has a series for it.");
        let before = get(service.address, &format!("{path}/status")).unwrap().json();

        world.open_series(&world.soc_son, "SS-26E", 1_000);
        let start = Instant::now();
        while citizen.page.contains(waits) {
            assert!(start.elapsed() < PATIENCE, "{}", citizen.page);
            worker::make_due_receipts(&world.app).unwrap();
            citizen.get(&path);
        }
        citizen.sees("Biên lai SS-26E số 0000001");
        let now = get(service.address, &format!("{path}/status")).unwrap().json();
        assert_ne!(before["stamp"], now["stamp"], "an open page turns");
        service.stop();
    });
}

#[test]
fn a_page_too_many_is_told_to_ask_and_its_place_is_free_again_when_another_leaves() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let how = How { web: "first_administrator = false\nstreams_per_address = 2", ..How::default() };
        let mut service = Service::start_as(&world, how).unwrap();
        let path = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.sees("id=\"asks\"");
        let events = format!("{path}/events");
        let mut streams: Vec<Stream> = (0..2).map(|_| Stream::open(service.address, &events)).collect();
        for stream in &mut streams {
            stream.wait_for(1);
        }
        let full = get(service.address, &events).unwrap();
        assert_eq!(full.status, 503, "streams of one page count, not pages");
        assert_eq!(full.json()["code"], "live_pages_full");
        assert!(!header(&full, "retry-after").is_empty());
        assert_eq!(get(service.address, &format!("{path}/status")).unwrap().status, 200, "it may ask");
        streams.pop();
        // The service notices that a browser left when it tells it something: the money comes.
        callback_until_taken(service.address, &world.claim(&owed, Dong(25_000)).claim, PATIENCE);
        let start = Instant::now();
        while !Stream::open(service.address, &events).begins() {
            assert!(start.elapsed() < PATIENCE, "the place stays taken");
            std::thread::sleep(Duration::from_millis(200));
        }
        service.stop();
    });
}

#[test]
fn the_first_load_is_small_and_comes_from_here_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        let page = citizen.get(&format!("/p/{}", owed.reference_code));
        let mut size = page.body.len();
        let (mut files, mut faces) = (0, 0);
        for part in citizen.page.split(['"', '\'']).filter(|part| part.starts_with("/assets/")) {
            let file = get(service.address, part).unwrap();
            assert_eq!(file.status, 200, "{part}");
            assert!(header(&file, "cache-control").contains("immutable"), "{part}");
            size += file.body.len();
            files += 1;
            let text = String::from_utf8_lossy(&file.body);
            for font in text.split('"').filter(|part| part.ends_with(".woff2")) {
                let font = get(service.address, font).unwrap();
                assert_eq!((font.status, header(&font, "content-type")), (200, "font/woff2"));
                size += font.body.len();
                faces += 1;
            }
        }
        assert_eq!(faces, 2, "two weights of our own typeface");
        assert_eq!(files, 3, "a stylesheet, a script and an icon");
        assert!(size < FIRST_LOAD_LIMIT, "{size} bytes");
        let outside = ["src=\"http", "href=\"http", "url(", "//cdn"];
        assert!(outside.iter().all(|text| !citizen.page.contains(text)), "{}", citizen.page);
        assert_eq!(get(service.address, "/assets/bienlai-0000000000000000.css").unwrap().status, 404);
        let policy = header(&page, "content-security-policy");
        assert!(!policy.contains("unsafe") && policy.contains("script-src 'self'"), "{policy}");

        citizen.post_from(
            &format!("http://{}", service.address),
            "/language",
            &[("lang", "en"), ("back", &format!("/p/{}", owed.reference_code))],
        );
        citizen.get(&format!("/p/{}", owed.reference_code));
        citizen.sees("Scan with your banking app");
        assert!(!citizen.page.contains("Quét mã VietQR"), "one language at a time");
        service.stop();
    });
}

#[test]
fn a_payer_whose_money_does_not_show_is_told_by_when_they_get_an_answer() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let told = format!("{path}/told");
        let today = world.now().business_day();
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        let wrong = citizen.post(&told, &[("amount", "hai mươi"), ("on", ""), ("trace", "FT1")]);
        assert_eq!(wrong.status, 400);
        citizen.sees("value=\"hai mươi\"");
        let later = today.plus_days(2).to_string();
        assert_eq!(citizen.post(&told, &[("amount", "25.000"), ("on", &later)]).status, 400);
        citizen.sees("không ở tương lai");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());

        let day = today.to_string();
        let fields = [("amount", "25.000"), ("on", day.as_str()), ("trace", "ft 2633 1")];
        for _ in 0..2 {
            assert_eq!(citizen.post(&told, &fields).status, 200);
            citizen.sees("trả lời chậm nhất ngày");
        }
        let items = world.exceptions(world.ba_dinh.id);
        assert_eq!(items.iter().map(|item| item.kind).collect::<Vec<_>>(), [Kind::Complaint]);
        assert!(
            items[0].detail.contains("25000") && items[0].detail.contains("FT26331"),
            "{}",
            items[0].detail
        );
        let answer_on = items[0].due_on.0.format("%d/%m/%Y").to_string();
        citizen.sees(&answer_on);
        // Who comes back, by the link or with the code as it is printed, is not asked to pay again.
        let grouped = format!("/p/{}", owed.reference_code.to_lowercase());
        for address in [&path, &grouped] {
            assert_eq!(citizen.get(address).status, 200, "{address}");
            citizen.sees("trả lời chậm nhất ngày");
            citizen.sees(&answer_on);
            let folded = citizen.page.find("Xin đừng chuyển lại trong khi chờ").unwrap();
            assert!(folded < citizen.page.find("<svg").unwrap(), "the code is folded away");
        }
        // Who mistyped says it anew: one item, about the newest word, with the one before in its history.
        let corrected = [("amount", "52.000"), ("on", day.as_str()), ("trace", "FT 77")];
        assert_eq!(citizen.post(&told, &corrected).status, 200);
        let items = world.exceptions(world.ba_dinh.id);
        assert_eq!((items.len(), items[0].amount), (1, Dong(52_000)));
        assert!(items[0].detail.contains("FT77"), "{}", items[0].detail);
        let events =
            world.look(|conn| bienlai::exception::work_query::events(conn, world.ba_dinh.id, items[0].id));
        let last = events.last().unwrap();
        assert!(last.reason.contains("FT26331") && last.reason.contains("52.000"), "{}", last.reason);
        let elsewhere =
            citizen.post_from("https://evil.example", &told, &[("amount", "1"), ("on", day.as_str())]);
        assert_eq!(elsewhere.status, 403);
        // While the unit answers one word, the next waits for that answer.
        let unit = world.ba_dinh.id;
        let clerk = crate::corrections::person(unit, world.clerk, Role::Finance);
        world.change(|tx, stamp| {
            let answer = ("acknowledge", None, "đã tìm thấy tiền");
            bienlai::exception::propose(tx, stamp, &clerk, unit, items[0].id, answer)
        });
        let next = [("amount", "53.000"), ("on", day.as_str()), ("trace", "FT 78")];
        assert_eq!(citizen.post(&told, &next).status, 400);
        citizen.is_told("told_being_answered");
        service.stop();
    });
}

#[test]
fn who_is_asked_not_to_pay_again_finds_the_code_folded_away() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        assert_eq!(world.claim(&owed, Dong(25_000)).by("stranger").settle().receipt, None);
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&format!("/p/{}", owed.reference_code));
        citizen.sees("Ngân hàng đã báo có khoản chuyển của bạn");
        let folded = citizen.page.find("Xin đừng chuyển lại trong khi chờ").expect("it is folded");
        assert!(folded < citizen.page.find("<svg").unwrap(), "the code is folded away");
        service.stop();
    });
}

#[test]
fn without_scripts_the_page_turns_by_itself_and_not_under_who_says_that_they_transferred() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let turns = "http-equiv=\"refresh\"";
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.sees(turns);
        citizen.sees(&format!("{path}?told=1#told"));
        citizen.get(&format!("{path}?told=1"));
        citizen.sees("<details id=\"told\" open>");
        assert!(!citizen.page.contains(turns), "it is typed");
        let refused = citizen.post(&format!("{path}/told"), &[("amount", "hai mươi"), ("on", "")]);
        assert_eq!(refused.status, 400);
        citizen.sees("value=\"hai mươi\"");
        assert!(!citizen.page.contains(turns), "its reasons are read");
        let today = world.now().business_day().to_string();
        // As a banking app prints it.
        let said = [("amount", "25,000 VND"), ("on", today.as_str())];
        assert_eq!(citizen.post(&format!("{path}/told"), &said).status, 200);
        citizen.sees(&format!("content=\"20;url={path}\""));
        service.stop();
    });
}

#[test]
fn a_receipt_and_the_page_that_checks_one_are_read_in_one_language_and_switched_to_the_other() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.seal();
        let receipt = format!("/r/{}", world.receipts(&owed)[0].lookup_code);
        let mut service = Service::start(&world);
        let mut visitor = Visitor::at(service.address);
        let own = format!("http://{}", service.address);
        for (page, vi, en) in [
            (receipt.as_str(), "Đơn vị thu", "Collected by"),
            (receipt.as_str(), "(MST ", "(tax code "),
            (receipt.as_str(), "Tải bản đã ký (XML)", "Download the signed file (XML)"),
            ("/verify", "Kiểm tra chữ ký số", "Check the signatures"),
            ("/lookup", "/verify\">Kiểm tra chữ ký số", "/verify\">Check a signature"),
        ] {
            for (lang, seen, other) in [("vi", vi, en), ("en", en, vi)] {
                visitor.post_from(&own, "/language", &[("lang", lang), ("back", page)]);
                assert_eq!(visitor.get(page).status, 200);
                visitor.sees(seen);
                assert!(!visitor.page.contains(other), "{page} in {lang} says {other}");
            }
        }
        service.stop();
    });
}

#[test]
fn who_is_told_to_ask_the_unit_reads_on_the_pay_page_where_it_is() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&format!("/p/{}", owed.reference_code));
        citizen.sees("<dt>Địa chỉ</dt><dd>Số 1 phố Thử</dd>");
        service.stop();
    });
}

/// Two persons say of money that a channel told of that it never came.
fn never_came(world: &World, movement: MovementId, amount: Dong) {
    let overdue_one = New {
        unit: world.ba_dinh.id,
        kind: Kind::ClaimWithoutCredit,
        subject: Subject::Movement(movement),
        account: Some(world.ba_dinh.account),
        amount,
        opened_on: world.now().business_day(),
        detail: String::new(),
    };
    world.change(|tx, stamp| exception::open(tx, stamp, std::slice::from_ref(&overdue_one)).map(|_| ()));
    disprove(world, overdue(world));
}

#[test]
fn a_transfer_that_was_told_of_and_never_came_is_asked_for_again_in_plain_words() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let movement = world.claim(&owed, Dong(25_000)).by("stranger").settle().movement;
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&path);
        citizen.sees("Ngân hàng đã báo có khoản chuyển của bạn");
        never_came(&world, movement, Dong(25_000));
        citizen.get(&path);
        citizen.sees("Xin hãy nộp lại");
        citizen.sees("Chưa nộp");
        assert!(!citizen.page.contains("Ngân hàng đã báo có khoản chuyển của bạn"), "{}", citizen.page);
        // Another transfer that is told of waits as the first one did.
        world.claim(&owed, Dong(25_000)).by("stranger").id("FT-LAI").reference("FT-LAI").settle();
        citizen.get(&path);
        citizen.sees("Ngân hàng đã báo có khoản chuyển của bạn");
        service.stop();
    });
}

#[test]
fn a_page_that_is_open_is_told_that_a_transfer_never_came() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let movement = world.claim(&owed, Dong(25_000)).by("stranger").settle().movement;
        let mut service = Service::start(&world);
        let path = format!("/p/{}", owed.reference_code);
        let stamp = || get(service.address, &format!("{path}/status")).unwrap().json()["stamp"].clone();
        let waiting = stamp();
        let mut stream = Stream::open(service.address, &format!("{path}/events"));
        stream.wait_for(1);
        never_came(&world, movement, Dong(25_000));
        stream.wait_for(2);
        assert_ne!(waiting, stamp(), "who asks is told, too");
        service.stop();
    });
}

#[test]
fn what_was_told_of_again_and_lies_in_suspense_is_not_asked_for_a_third_time() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (paid, owed) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        let memo = format!("{} {} nop phi", paid.reference_code, owed.reference_code);
        let both = Dong(50_000);
        let told = || world.money(&world.ba_dinh, both).memo(&memo).by("stranger");
        never_came(&world, told().settle().movement, both);
        told().id("FT-LAI").reference("FT-LAI").settle();
        // One of the two is paid in cash all the same, so that the line fits neither.
        world.take(&paid, Dong(25_000), Method::Cash).unwrap();
        let day = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, day, 0).book(both.0, &memo, "FT-LAI");
        crate::refunds::statement(&world, file);
        assert!(world.open_kinds(world.ba_dinh.id).contains(&Kind::SeveralObligations));
        assert_eq!(world.count("movement WHERE state = 'proven' AND payment_id IS NULL"), 1);
        let mut service = Service::start(&world);
        let mut citizen = Visitor::at(service.address);
        citizen.get(&format!("/p/{}", owed.reference_code));
        assert!(!citizen.page.contains("Xin hãy nộp lại"), "{}", citizen.page);
        service.stop();
    });
}
