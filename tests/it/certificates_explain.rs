//! A day's certificate explains itself: what lies between the receipts and the bank is part of what is signed, by
//! name, and stands on its page; certificates from before say less and stand.

use std::process::Command;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::correction::Kind;
use bienlai::id::ObligationId;
use bienlai::reconciliation::bridge::Pier;
use bienlai::reconciliation::day_close::{Certificate, Closing, close, page, reading};
use bienlai::reconciliation::month_close::certificate as month;

use crate::corrections::corrected;
use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::world::line;
use crate::support::{World, each_database};

const NAME: &str = "Phí cấp bản sao trích lục hộ tịch";

/// A fee in two items, a part of another, money nobody knows, a claim no line shows yet.
fn lived(world: &World) -> (Certificate, ObligationId) {
    let items =
        vec![line("HT-01", "phi", "receipt", Dong(40_000)), line("HT-02", "phi", "receipt", Dong(5_000))];
    let whole = world.raise_lines(&world.ba_dinh, items);
    let part = world.raise(Dong(25_000));
    world.claim(&world.raise(Dong(30_000)), Dong(30_000)).settle();
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 0)
        .book(45_000, &format!("{} nop phi", whole.reference_code), "B1")
        .book(7_000, &format!("{} nop phi", part.reference_code), "B2")
        .book(10_000, "khong ro", "B3");
    statement(world, file);
    let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, today(world));
    let stamp = || world.stamp();
    match close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, day).unwrap() {
        Closing::Closed(certificate) => (*certificate, part.id),
        Closing::Refused(obstacles) => panic!("{obstacles:?}"),
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn is_valid(document: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("day.xml");
    std::fs::write(&place, document).unwrap();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/xsd/day_certificate/DC-1.0.xsd");
    run("xmllint", &["--noout", "--schema", schema, place.to_str().unwrap()]);
}

fn printed(document: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("day.pdf");
    std::fs::write(&place, page::render(document, false).unwrap()).unwrap();
    run("pdftotext", &["-layout", place.to_str().unwrap(), "-"])
}

#[test]
fn a_certificate_leads_from_its_receipts_to_the_bank_by_name() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (certificate, part) = lived(&world);
        is_valid(&certificate.document);
        let read = reading::read(&certificate.document).unwrap();
        let told = read.bridge.clone().expect("it says how it comes about");
        assert_eq!((told.issued, told.reduced), ((2, Dong(75_000)), (0, Dong::ZERO)));
        assert_eq!(told.bank, Dong(62_000));
        let sums = [75_000, 17_000, -30_000, 0, 0].map(Dong);
        assert_eq!(told.piers, sums, "{:?}", Pier::ALL);
        let advance = format!("received_in_advance/{part}");
        let named = told.rows.iter().find(|row| row.account == advance).expect("the part is named");
        assert_eq!((named.count, named.amount), (1, Dong(7_000)));
        assert_eq!(told.span_count, i64::try_from(told.rows.len()).unwrap());

        // What waits for its rest is carried on by name, with what came of it.
        let carried: Vec<_> = read
            .carried
            .iter()
            .map(|one| (one.kind.as_str(), one.exception_kind.as_str(), one.amount))
            .collect();
        assert!(carried.contains(&("obligation", "underpaid", Dong(7_000))), "{carried:?}");
        assert!(carried.contains(&("line", "unidentified_credit", Dong(10_000))), "{carried:?}");

        let text = printed(&certificate.document);
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "Biên lai, hóa đơn đã lập: 2",
            "Từ biên lai đến ngân hàng",
            "Nộp trước, chưa đủ, nghĩa vụ",
            "Tiền chưa rõ, dòng sao kê",
            "Đã báo có, chờ sao kê, kênh",
            "Nộp ngân sách, chương – tiểu mục 805-2771",
            NAME,
            told.spans_sha256.as_str(),
        ] {
            assert!(flat.contains(words), "{words}: {text}");
        }
        let day = today(&world).0.format("ngày %d/%m/%Y").to_string();
        assert!(flat.contains(&day) && !flat.contains("HT-01"), "{text}");
    });
}

#[test]
fn a_certificate_counts_a_document_once_and_carries_what_was_there_on_its_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (whole, part) = (world.raise(Dong(8_000)), world.raise(Dong(25_000)));
        let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, today(&world));
        let file = BankFile::new(world.ba_dinh.account_no, day, 0)
            .book(7_000, &format!("{} nop phi", whole.reference_code), "B1")
            .book(1_000, &format!("{} nop not", whole.reference_code), "B2")
            .book(5_000, &format!("{} nop phi", part.reference_code), "B3");
        statement(&world, file);
        world.seal();
        // One receipt over two payments, cancelled the same day.
        corrected(&world, &world.receipts(&whole).remove(0), Kind::Cancel, Vec::new());
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 13_000);
        statement(&world, file.book(2_000, &format!("{} nop them", part.reference_code), "B4"));

        let stamp = || world.stamp();
        let closed = close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, day);
        let Closing::Closed(certificate) = closed.unwrap() else { panic!("nothing stands in the way") };
        let read = reading::read(&certificate.document).unwrap();
        let told = read.bridge.clone().expect("it says how it comes about");
        assert_eq!((told.issued, told.reduced), ((1, Dong(8_000)), (1, Dong(8_000))));
        let carried: Vec<_> = read
            .carried
            .iter()
            .filter(|one| one.kind == "obligation")
            .map(|one| (one.exception_kind.as_str(), one.amount))
            .collect();
        assert_eq!(carried, [("underpaid", Dong(5_000))], "the 2.000 came a day later");
    });
}

#[test]
fn a_certificate_from_before_says_less_and_stands_and_a_false_sum_does_not_read() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (certificate, _) = lived(&world);
        let text = String::from_utf8(certificate.document.clone()).unwrap();
        let cut = |text: &str, tag: &str| {
            let (before, rest) = text.split_once(&format!("<{tag}>")).unwrap();
            let (_, after) = rest.split_once(&format!("</{tag}>")).unwrap();
            format!("{before}{after}")
        };
        let before = cut(&cut(&text, "Bridge"), "FeeItems").into_bytes();
        is_valid(&before);
        let read = reading::read(&before).unwrap();
        assert_eq!(read.bridge, None);
        assert!(!printed(&before).contains("Từ biên lai đến ngân hàng"));

        let wrong = text.replace("<Receipts>75000</Receipts>", "<Receipts>74999</Receipts>");
        assert_ne!(wrong, text);
        assert_eq!(reading::read(wrong.as_bytes()).unwrap_err().code(), "day_certificate_unreadable");
        assert!(month::read(text.as_bytes()).is_err(), "it is no month");
    });
}
