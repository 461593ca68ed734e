//! What is kept at sealing proves a receipt when its certificate is long over.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bienlai::actor::Scope;
use bienlai::clock::{BusinessDay, Instant};
use bienlai::error::Result;
use bienlai::id::ReceiptId;
use bienlai::receipt::evidence::bundle::{self, Bundle, Finding};
use bienlai::receipt::evidence::daily;
use bienlai::receipt::evidence::refresh::{Refreshed, Sources, refresh};
use bienlai::receipt::key::alarm::Kind;
use bienlai::receipt::key::{SigningKey, TestAuthority, certificates_in, test_authority};
use bienlai::receipt::query;
use bienlai::receipt::verify::{TrustStore, Verdict, verify};
use bienlai::reconciliation::day_close::chain_file::{self, ChainFile, TimeStamp};
use bienlai::report::evidence::judge::{Judgement, judge_stamped};
use bienlai::simulator::authority::Authority;
use bienlai::text::hex;
use bienlai::web::message::words;
use ring::digest::{SHA256, digest};

use crate::closings::{approve, ask};
use crate::days::{closed, paid_by_statement};
use crate::evidence_attacks::taken;
use crate::renditions::words as page_words;
use crate::support::app::MASTER_KEY;
use crate::support::keys::KeyWorld;
use crate::support::program::{How, Service, send};
use crate::support::tools::Folder;
use crate::support::{World, each_database};

struct Evidence {
    keys: KeyWorld,
    outside: Authority,
    sources: Sources,
    ca_pem: String,
}

impl Evidence {
    fn new(database: crate::support::Database) -> Evidence {
        Evidence::of(World::settled_in(database))
    }

    fn of(world: World) -> Evidence {
        let keys = KeyWorld::new(world);
        let ca_pem = keys.authority.certificate_pem().to_owned();
        let again = TestAuthority::from_pem(&keys.authority.key_pem(), &ca_pem).expect("the authority again");
        let outside = Authority::start(again, keys.world.clock.clone()).expect("the authority answers");
        let sources = Sources {
            crl_urls: vec![outside.crl_url()],
            ocsp_urls: vec![outside.ocsp_url()],
            hosts: Vec::new(),
        };
        Evidence { keys, outside, sources, ca_pem }
    }

    /// Sóc Sơn signs with a certificate that is good for `days` days, and the authorities are asked about it.
    fn sign_for(&self, days: u32) -> Refreshed {
        self.keys.store(&self.keys.issue(days), None);
        self.refresh()
    }

    /// A fee is paid, and its receipt sealed.
    fn sealed(&self) -> ReceiptId {
        let receipt = self.keys.pay();
        self.keys.world.seal();
        receipt
    }

    fn refresh(&self) -> Refreshed {
        let world = &self.keys.world;
        let done = refresh(&world.store, &world.stamp(), &self.sources).expect("the authorities are asked");
        world.keyring.forget();
        done
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        certificates_in(&self.ca_pem).expect("an authority")
    }

    fn stamp_yesterday(&self) -> Option<usize> {
        let world = &self.keys.world;
        let day = world.now().business_day().plus_days(-1);
        let url = self.outside.timestamp_url();
        daily::stamp_day(&world.store, &world.stamp(), day, &url, &self.authorities()).expect("a token")
    }

    /// What the service does each night: yesterday, and the days that wait, whose certificates are asked about anew.
    fn stamp_night(&self) -> Result<usize> {
        let world = &self.keys.world;
        let yesterday = world.now().business_day().plus_days(-1);
        let url = self.outside.timestamp_url();
        let ask_anew = || {
            self.refresh();
            Ok(())
        };
        daily::stamp_until(&world.store, &world.stamp(), yesterday, &url, &self.authorities(), ask_anew)
    }

    /// The time stamping authority says nothing for so many nights.
    fn wait_unstamped(&self, nights: i64) {
        self.outside.fall_silent(true);
        for _ in 0..nights {
            self.keys.world.wait_days(1);
            assert_eq!(self.stamp_night().unwrap_err().code(), "remote_busy");
        }
        self.outside.fall_silent(false);
    }

    /// What the evidence shows today of a receipt that was signed then.
    fn judged(&self, receipt: ReceiptId, signed_at: Instant) -> bundle::Judgement {
        let world = &self.keys.world;
        let unit = world.soc_son.id;
        let bundle = world.look(|conn| bundle::export(conn, &Default::default(), unit, receipt));
        let document = world.look(|conn| query::document(conn, unit, receipt)).expect("signed");
        bundle.judge(&document, signed_at, &self.authorities(), world.now()).expect("judged")
    }
}

#[test]
fn ten_years_later_a_receipt_is_valid_when_signed_and_its_certificate_expired_since() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        assert_eq!(story.sign_for(100).stored, 2, "a list and an answer about Sóc Sơn's certificate");
        let receipts = [keys.pay(), keys.pay(), keys.pay()];
        world.seal();
        assert_eq!(world.count("seal_evidence WHERE crl_id IS NOT NULL AND ocsp_id IS NOT NULL"), 3);
        world.wait_days(1);
        assert_eq!(story.stamp_yesterday(), Some(3));
        assert_eq!(story.stamp_yesterday(), None, "once a day");

        let later = world.now().plus_seconds(10 * 365 * 86_400);
        let unit = world.soc_son.id;
        for receipt in receipts {
            let bundle = world.look(|conn| bundle::export(conn, &Default::default(), unit, receipt));
            let bytes = serde_json::to_vec(&bundle).expect("a file");
            let bundle = Bundle::read(&bytes).expect("it reads back");
            let document = world.look(|conn| query::document(conn, unit, receipt)).expect("signed");
            let signed_at = world.now().minus_seconds(86_400);
            let judged = |document: &[u8], bundle: &Bundle, at| {
                bundle.judge(document, signed_at, &story.authorities(), at).expect("judged")
            };
            let found = judged(&document, &bundle, later);
            assert_eq!(found.finding, Finding::ValidWhenSignedExpiredSince, "{found:?}");
            assert_eq!(judged(&document, &bundle, world.now()).finding, Finding::ValidWhenSigned);
            let trusted = bundle.judge(&document, signed_at, &[], later).expect("judged");
            assert_eq!(trusted.finding, Finding::NotProven, "nobody known stamped it");
            assert!(trusted.problems.contains(&"timestamp_untrusted"), "{trusted:?}");

            let mut changed = document.clone();
            changed[100] ^= 1;
            assert_eq!(judged(&changed, &bundle, later).finding, Finding::Contradicted);
            let mut unstamped = bundle.clone();
            unstamped.timestamp = None;
            assert_eq!(judged(&document, &unstamped, later).finding, Finding::NotProven);
            let mut silent = bundle.clone();
            (silent.crl, silent.ocsp) = (None, None);
            assert_eq!(judged(&document, &silent, later).finding, Finding::NotProven);
        }
    });
}

#[test]
fn only_the_authority_that_issued_a_certificate_speaks_of_it_and_only_of_its_own_time() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        story.sign_for(100);
        let receipt = story.sealed();
        let (signed_at, day) = (world.now(), world.now().business_day());
        world.wait_days(10);
        let url = story.outside.timestamp_url();
        daily::stamp_day(&world.store, &world.stamp(), day, &url, &story.authorities()).expect("a token");
        let bundle = world.look(|conn| bundle::export(conn, &Default::default(), world.soc_son.id, receipt));
        let document = world.look(|conn| query::document(conn, world.soc_son.id, receipt)).expect("signed");
        let judged = |bundle: &Bundle| {
            bundle.judge(&document, signed_at, &story.authorities(), world.now()).expect("judged")
        };
        // Whoever has the key may write any signing time, and keep back what was said since.
        let old = judged(&bundle);
        assert_eq!((old.finding, old.problems.contains(&"status_stale")), (Finding::NotProven, true));

        let told_by = |authority: &TestAuthority| {
            let list = authority.revocation_list(&[], world.now()).expect("a list");
            let own =
                bundle.chain_pem.split_inclusive("-----END CERTIFICATE-----").next().expect("the signer's");
            let chain_pem = format!("{own}\n{}", authority.certificate_pem());
            Bundle { chain_pem, crl: Some(BASE64.encode(list)), ocsp: None, ..bundle.clone() }
        };
        let known = judged(&told_by(&keys.authority));
        assert_eq!(known.finding, Finding::ValidWhenSigned, "said of the stamp's day: {known:?}");
        let namesake = test_authority(world.now()).expect("another authority of the same name");
        let forged = judged(&told_by(&namesake));
        assert_eq!(forged.finding, Finding::Contradicted, "{forged:?}");
        assert!(forged.problems.contains(&"revocation_untrusted"), "{forged:?}");
    });
}

#[test]
fn evidence_never_speaks_for_a_document_that_is_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/receipt/attack");
    let chain_pem = include_str!("../../fixtures/receipt/test-only-signer.pem");
    let at = "2026-11-01T00:00:00+07:00".parse().expect("a moment");
    let mut judged = 0;
    for entry in std::fs::read_dir(folder).expect("the attacks").map(|entry| entry.expect("a file")) {
        let document = std::fs::read(entry.path()).expect("a document");
        let trust = TrustStore::from_pem(include_str!("../../fixtures/receipt/test-only-ca.pem"));
        let report = verify(&document, &trust.expect("the test authority"), at);
        if matches!(report.verdict, Verdict::Valid | Verdict::Intact) {
            continue;
        }
        let bundle = Bundle {
            version: 1,
            document_sha256: hex(digest(&SHA256, &document).as_ref()),
            chain_pem: chain_pem.to_owned(),
            crl: None,
            ocsp: None,
            timestamp: None,
        };
        let found = bundle.judge_reported(&document, &report, &[], at).expect("judged");
        assert_eq!(found.finding, Finding::Contradicted, "{:?}: {found:?}", entry.file_name());
        judged += 1;
    }
    assert!(judged > 200, "{judged} attacks");
}

/// The program on the database of a story.
fn bienlai(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let config = world.database.folder.path().join("evidence.toml");
    let text = format!(
        "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
        world.database.url
    );
    std::fs::write(&config, text).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let done = command.arg("--config").arg(&config).args(arguments).output().expect("the program runs");
    let told = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn the_command_line_writes_the_evidence_and_judges_a_receipt_by_it() {
    each_database(|database| {
        let story = Evidence::of(World::settled_in_today(database));
        let world = &story.keys.world;
        story.sign_for(100);
        let receipt = story.sealed();
        let today = world.now().business_day();
        let url = story.outside.timestamp_url();
        daily::stamp_day(&world.store, &world.stamp(), today, &url, &story.authorities()).expect("a token");

        let unit = world.soc_son.id;
        let stored = world.look(|conn| query::by_id(conn, unit, receipt)).expect("the receipt");
        let document = world.look(|conn| query::document(conn, unit, receipt)).expect("signed");
        let path = |name: &str| world.database.folder.path().join(name).display().to_string();
        let (xml, changed, ca, file) = (path("r.xml"), path("x.xml"), path("ca.pem"), path("evidence.json"));
        std::fs::write(&xml, &document).expect("a file");
        let text = String::from_utf8(document).expect("text").replacen("25000", "26000", 1);
        std::fs::write(&changed, text).expect("a file");
        std::fs::write(&ca, &story.ca_pem).expect("a file");

        let (code, told) = bienlai(world, &["receipt", "evidence", &stored.lookup_code, "-o", &file]);
        assert_eq!(code, Some(0), "{told}");
        assert!(!told.contains("not stamped") && !told.contains("no CRL"), "{told}");
        let (code, told) = bienlai(world, &["receipt", "verify", &xml, "--trust", &ca, "--evidence", &file]);
        assert!(code == Some(0) && told.contains("valid when signed"), "{told}");
        let in_json = ["receipt", "verify", &xml, "--trust", &ca, "--evidence", &file, "--json"];
        let told: serde_json::Value = serde_json::from_str(&bienlai(world, &in_json).1).expect("JSON");
        assert_eq!(told["evidence"]["finding"], "valid_when_signed", "{told}");
        assert_eq!(told["verdict"], "valid", "{told}");
        assert_eq!(told["documents"].as_array().map(Vec::len), Some(1), "beside it: {told}");
        anothers_evidence_is_no_word_for_it(world, (xml.as_str(), ca.as_str(), file.as_str()));
        let unknown = ["receipt", "verify", &xml, "--timestamp-trust", &ca, "--evidence", &file];
        let (_, told) = bienlai(world, &unknown);
        assert!(told.contains("No trusted authority issued"), "whoever is not known proves nothing: {told}");
        assert!(!told.contains("valid when signed"), "{told}");
        let (code, told) =
            bienlai(world, &["receipt", "verify", &changed, "--trust", &ca, "--evidence", &file]);
        assert!(code == Some(1) && told.contains("contradicted"), "{told}");
        let both = ["Nội dung đã bị sửa sau khi ký.", "The content was changed after signing."];
        assert!(both.iter().all(|said| told.contains(said)), "{told}");
        let later = ["receipt", "verify", &xml, "--trust", &ca, "--evidence", &file, "--at", "2030-01-01"];
        let (code, told) = bienlai(world, &later);
        assert!(code == Some(0) && told.contains("valid when signed; certificate since expired"), "{told}");
        let (code, told) = bienlai(world, &["receipt", "verify", &xml, "--trust", &ca, "--at", "2030-01-01"]);
        assert!(code == Some(0) && told.contains("intact, not confirmed"), "no evidence: {told}");
        assert!(told.contains(words("signing_time_unproven").en.as_str()), "and the way to it: {told}");
        assert!(!told.contains("HỢP LỆ"), "{told}");
        let mut silent = Bundle::read(&std::fs::read(&file).expect("a file")).expect("it reads back");
        silent.timestamp = None;
        std::fs::write(&file, serde_json::to_vec(&silent).expect("a file")).expect("a file");
        let later = ["receipt", "verify", &xml, "--trust", &ca, "--evidence", &file, "--at", "2040-01-01"];
        let (_, told) = bienlai(world, &later);
        assert!(told.contains("not proven") && told.contains("intact, not confirmed"), "{told}");
        assert!(
            !told.contains("valid when signed") && !told.contains("HỢP LỆ"),
            "nobody proves when: {told}"
        );
        let now = ["receipt", "verify", &xml, "--trust", &ca, "--evidence", &file];
        let (_, told) = bienlai(world, &now);
        assert!(
            told.contains("not proven") && told.contains("HỢP LỆ / valid"),
            "its time is not over: {told}"
        );
        let (code, told) = bienlai(world, &["receipt", "evidence", "7K2M0Q419VAB", "-o", &changed]);
        assert!(
            code == Some(1)
                && told.contains("Không tìm thấy biên lai này")
                && told.contains("No such receipt"),
            "{told}"
        );
    });
}

#[test]
fn a_page_of_a_receipt_whose_certificate_is_over_is_drawn_as_confirmed_by_its_evidence_alone() {
    each_database(|database| {
        let story = Evidence::of(World::settled_in_before(database, 10));
        let world = &story.keys.world;
        story.sign_for(5);
        let receipt = story.sealed();
        let (day, url) = (world.now().business_day(), story.outside.timestamp_url());
        daily::stamp_day(&world.store, &world.stamp(), day, &url, &story.authorities()).expect("a token");
        let unit = world.soc_son.id;
        let stored = world.look(|conn| query::by_id(conn, unit, receipt)).expect("the receipt");
        let document = world.look(|conn| query::document(conn, unit, receipt)).expect("signed");
        let folder = &world.database.folder;
        let (xml, ca) = (folder.written("r.xml", &document), folder.written("ca.pem", &story.ca_pem));
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (evidence, page) = (path("evidence.json"), path("receipt.pdf"));
        let (code, told) = bienlai(world, &["receipt", "evidence", &stored.lookup_code, "-o", &evidence]);
        assert_eq!(code, Some(0), "{told}");

        let asked = ["receipt", "pdf", &xml, "--trust", &ca, "-o", &page, "--force"];
        let draw = |more: &[&str]| bienlai(world, &[&asked[..], more].concat());
        let said = || page_words(folder.path(), &std::fs::read(&page).expect("a page"));
        let (code, told) = draw(&[]);
        assert_eq!(code, Some(0), "{told}");
        assert!(said().contains("Chưa xác nhận người ký biên lai này."), "nothing proves when: {}", said());
        let (code, told) = draw(&["--evidence", &evidence]);
        assert_eq!(code, Some(0), "{told}");
        assert!(!said().contains("Chưa xác nhận"), "{}", said());

        let before = std::fs::read(&page).expect("a page");
        let mut bundle = Bundle::read(&std::fs::read(&evidence).expect("a file")).expect("it reads back");
        bundle.document_sha256 = "0".repeat(64);
        let another = folder.written("another.json", serde_json::to_vec(&bundle).expect("a file"));
        let (code, told) = draw(&["--evidence", &another]);
        assert!(code == Some(1) && told.contains("rendition_contradicted"), "{told}");
        assert_eq!(std::fs::read(&page).expect("a page"), before, "nothing is drawn over it");
    });
}

/// Text, JSON and exit code say the same of a document whose evidence is another's.
fn anothers_evidence_is_no_word_for_it(world: &World, (xml, ca, evidence): (&str, &str, &str)) {
    let mut bundle = Bundle::read(&std::fs::read(evidence).expect("a file")).expect("it reads back");
    bundle.document_sha256 = "0".repeat(64);
    let file = world.database.folder.path().join("another.json").display().to_string();
    std::fs::write(&file, serde_json::to_vec(&bundle).expect("a file")).expect("a file");
    let asked = ["receipt", "verify", xml, "--trust", ca, "--evidence", &file];
    let (code, told) = bienlai(world, &asked);
    assert!(code == Some(1) && told.contains("invalid: contradicted by the evidence"), "{told}");
    assert!(!told.contains("HỢP LỆ / valid"), "{told}");
    let (code, told) = bienlai(world, &[&asked[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((code, told["verdict"].as_str()), (Some(1), Some("invalid")), "{told}");
    assert_eq!(told["evidence"]["finding"], "contradicted", "{told}");
}

fn part(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

#[test]
fn a_citizen_fetches_the_evidence_and_the_page_says_that_the_receipt_was_valid_when_it_was_signed() {
    each_database(|database| {
        let story = Evidence::of(World::settled_in_before(database, 20));
        let world = &story.keys.world;
        // Ten days after it, the certificate is over; today that is ten days ago.
        story.sign_for(10);
        let receipt = story.sealed();
        world.wait_days(1);
        assert_eq!(story.stamp_yesterday(), Some(1));
        let unstamped = story.sealed();
        let of =
            |receipt| world.look(|conn| query::by_id(conn, world.soc_son.id, receipt)).expect("the receipt");
        let (stored, unstamped) = (of(receipt), of(unstamped).lookup_code);
        let ca = world.database.folder.path().join("ca.pem");
        std::fs::write(&ca, &story.ca_pem).expect("a file");
        let ca = ca.display();
        let sections =
            format!("[trust]\nauthority_files = [\"{ca}\"]\n[evidence]\ntimestamp_trust_file = \"{ca}\"\n");
        let how = How { sections: &sections, ..How::default() };
        let mut service = Service::start_as(world, how).expect("it starts");
        let got = |path: &str| send(service.address, "GET", path, &[], b"").expect("an answer");
        let link = format!("/r/{}/evidence.json", stored.lookup_code);
        let page = String::from_utf8(got(&format!("/r/{}", stored.lookup_code)).body).expect("a page");
        assert!(page.contains(&format!("href=\"{link}\"")), "{page}");
        let (xml, evidence) = (got(&format!("/r/{}.xml", stored.lookup_code)), got(&link));
        assert_eq!(evidence.status, 200, "{}", evidence.head);
        assert!(
            evidence.head.to_lowercase().contains("attachment; filename=\"bien-lai"),
            "{}",
            evidence.head
        );

        let brought = |xml: &[u8], evidence: &[u8]| {
            let form = [part("file", xml), part("evidence", evidence), b"--B--\r\n".to_vec()].concat();
            let headers = [("Content-Type", "multipart/form-data; boundary=B")];
            let answer = send(service.address, "POST", "/verify", &headers, &form).expect("an answer");
            (answer.status, String::from_utf8(answer.body).expect("a page"))
        };
        let (status, page) = brought(&xml.body, &evidence.body);
        let told = ["<h2>Bằng chứng</h2>", "Hợp lệ khi ký; chứng thư đã hết hạn sau đó"];
        assert!(status == 200 && told.iter().all(|told| page.contains(told)), "{page}");
        let (_, page) = brought(&xml.body, b"");
        assert!(!page.contains("<h2>Bằng chứng</h2>"), "none was brought: {page}");
        let told =
            ["Hợp lệ khi ký; chứng thư đã hết hạn sau đó", "Theo bằng chứng hệ thống này đã lưu khi ký."];
        assert!(told.iter().all(|told| page.contains(told)), "the service has its own: {page}");
        assert!(!page.contains(&words("signing_time_unproven").vi), "{page}");
        let (declared, spelled) = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version='1.0'?>\n");
        let again = String::from_utf8(xml.body.clone()).expect("text").replacen(declared, spelled, 1);
        assert_ne!(again.as_bytes(), xml.body);
        assert!(brought(again.as_bytes(), b"").1.contains(told[0]), "whatever saved it anew");

        let of = |code: &str, what: &str| got(&format!("/r/{code}{what}")).body;
        let (late, late_evidence) = (of(&unstamped, ".xml"), of(&unstamped, "/evidence.json"));
        for evidence in [&b""[..], &late_evidence] {
            let (_, page) = brought(&late, evidence);
            let told = [words("signing_time_unproven").vi.as_str(), "Toàn vẹn: không bị sửa sau khi ký"];
            assert!(told.iter().all(|told| page.contains(told)), "nobody stamped it: {page}");
            assert!(!page.contains("Hợp lệ khi ký"), "{page}");
        }
        let (_, page) = brought(&xml.body, &late_evidence);
        let told =
            ["Không hợp lệ: bằng chứng trái ngược với chứng từ", "Tệp bằng chứng là của chứng từ khác"];
        assert!(told.iter().all(|told| page.contains(told)), "another's evidence: {page}");
        assert!(!page.contains(">Hợp lệ"), "{page}");
        assert!(!page.contains("Biên lai hợp lệ, đã ký số"), "the register follows the verdict: {page}");
        let changed = String::from_utf8(xml.body.clone()).expect("text").replacen("25000", "26000", 1);
        let (_, page) = brought(changed.as_bytes(), &evidence.body);
        let told = ["Không hợp lệ", "Bằng chứng trái ngược", "Tệp bằng chứng là của chứng từ khác"];
        assert!(told.iter().all(|told| page.contains(told)), "{page}");
        let (status, page) = brought(&xml.body, b"{}");
        assert!(status == 400 && page.contains("Tệp bằng chứng không đọc được"), "{status} {page}");
        let again = ["href=\"#evidence\"", "name=\"evidence\""];
        assert!(again.iter().all(|part| page.contains(part)), "other files may be chosen at once: {page}");
        assert_eq!(got("/r/7K2M0Q419VAB/evidence.json").status, 404);
        service.stop();
    });
}

#[test]
fn a_certificate_sends_us_only_to_hosts_that_are_allowed() {
    each_database(|database| {
        let mut story = Evidence::new(database);
        let (key, list) =
            (story.keys.issue_with_list(100, &story.outside.crl_url()), story.outside.crl_url());
        story.keys.store(&key, None);
        story.sources = Sources::default();
        assert_eq!(story.refresh(), Refreshed::default(), "nobody is asked");
        let host = list.trim_start_matches("http://").split('/').next().expect("a host");
        story.sources.hosts = vec![host.to_owned()];
        assert_eq!(story.refresh().stored, 1);
    });
}

#[test]
fn a_name_in_a_certificate_that_leads_inside_is_not_followed() {
    each_database(|database| {
        let mut story = Evidence::new(database);
        let list = story.outside.crl_url().replace("127.0.0.1", "localhost");
        let host = list.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
        story.keys.store(&story.keys.issue_with_list(100, &list), None);
        story.sources = Sources { hosts: vec![host], ..Sources::default() };
        assert_eq!(story.refresh(), Refreshed { failed: 1, ..Refreshed::default() });
        assert!(story.keys.alarms().contains(&Kind::StatusStale), "and the administrator is told");
        story.sources = Sources { crl_urls: vec![list], ..Sources::default() };
        assert_eq!(story.refresh().stored, 1, "what the configuration names may be inside");
    });
}

#[test]
fn an_old_word_of_the_authority_is_no_evidence_and_is_alarmed_until_a_new_one_comes() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        assert_eq!(story.sign_for(100).stored, 2);
        let kept =
            |receipt: ReceiptId| world.count(&format!("seal_evidence WHERE receipt_id = {}", receipt.0));
        let fresh = story.sealed();
        assert_eq!(kept(fresh), 1);

        story.outside.fall_behind(40 * 86_400);
        world.wait_seconds(3_600);
        let done = story.refresh();
        assert!(done.stored == 0 && done.failed >= 2, "{done:?}");
        assert!(!keys.alarms().contains(&Kind::StatusStale), "what came before is still meant");
        world.wait_days(2);
        assert_eq!(story.refresh().stored, 0);
        assert!(keys.alarms().contains(&Kind::StatusStale), "{:?}", keys.alarms());
        let unproven = story.sealed();
        assert_eq!(
            (keys.state(unproven).as_str(), kept(unproven)),
            ("signed", 0),
            "it signs without evidence"
        );

        story.outside.fall_behind(0);
        assert_eq!(story.refresh().stored, 2);
        assert!(!keys.alarms().contains(&Kind::StatusStale));
        let proven = story.sealed();
        assert_eq!(kept(proven), 1);
    });
}

#[test]
fn a_receipts_evidence_from_a_large_day_is_as_from_a_small_one() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        story.sign_for(100);
        let receipts: Vec<_> = (0..9).map(|_| keys.pay()).collect();
        world.seal();
        world.wait_days(1);
        assert_eq!(story.stamp_yesterday(), Some(9));
        for receipt in receipts {
            let bundle =
                world.look(|conn| bundle::export(conn, &Default::default(), world.soc_son.id, receipt));
            let document =
                world.look(|conn| query::document(conn, world.soc_son.id, receipt)).expect("signed");
            let found = bundle
                .judge(&document, world.now().minus_seconds(86_400), &story.authorities(), world.now())
                .expect("judged");
            assert_eq!(found.finding, Finding::ValidWhenSigned, "{found:?}");
        }
    });
}

/// A chain of certificates carries the stamp of its newest, which proves all of them.
fn proves_days(story: &Evidence) {
    let (world, authorities) = (&story.keys.world, story.authorities());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let file = chain_file::export(&world.store, &Default::default(), &Scope::unit(unit), unit, account)
        .expect("a chain");
    assert_eq!(file.version, 2, "a program that knows no stamps must not read it");
    let bytes = serde_json::to_vec(&file).expect("a file");
    let judged = |change: &dyn Fn(&mut TimeStamp), authorities: &[Vec<u8>]| {
        let mut file = ChainFile::read(&bytes).expect("it reads back");
        file.stamp.as_mut().into_iter().for_each(change);
        chain_file::judge_stamped(&file, &TrustStore::empty(), authorities)
    };
    let proven = judged(&|_| {}, &authorities);
    assert!(proven.holds(), "{proven:?}");
    let stamped = proven.stamped.expect("a time stamp");
    assert_eq!((stamped.until, stamped.trusted), (world.now().business_day().plus_days(-1), true));
    assert!(!judged(&|_| {}, &[]).stamped.expect("a time stamp").trusted, "nobody known stamped it");
    let broken: [&dyn Fn(&mut TimeStamp); 3] = [
        &|stamp| stamp.certificate_sha256 = "0".repeat(64),
        &|stamp| stamp.timestamp.root_sha256 = "0".repeat(64),
        &|stamp| stamp.timestamp.path.clear(),
    ];
    for change in broken {
        let judged = judged(change, &authorities);
        assert!(!judged.holds() && judged.stamped.is_none(), "{judged:?}");
    }
}

/// A bundle for auditors carries the same chain, and its stamp proves the same there.
fn proves_days_in_a_bundle(story: &Evidence) {
    let (world, authorities) = (&story.keys.world, story.authorities());
    let day = world.now().business_day().plus_days(-1);
    let on = day.to_string();
    let bytes = taken(world, &world.ba_dinh, (&on, &on));
    let judged = |bytes: &[u8], authorities: &[Vec<u8>]| {
        judge_stamped(bytes, &TrustStore::empty(), authorities, world.now()).expect("it reads")
    };
    let found = judged(&bytes, &authorities);
    assert!(found.holds(), "{found:?}");
    let told = |found: &Judgement| -> Vec<(BusinessDay, bool)> {
        found.stamped.iter().map(|one| (one.stamped.until, one.stamped.trusted)).collect()
    };
    assert_eq!(told(&found), [(day, true)]);
    assert_eq!(told(&judged(&bytes, &[])), [(day, false)], "nobody known stamped it");

    let folder = Folder::new("stamped-bundle");
    let (bundle, ca) = (folder.path().join("bundle.zip"), folder.path().join("tsa.pem"));
    std::fs::write(&bundle, &bytes).expect("it is written");
    std::fs::write(&ca, &story.ca_pem).expect("it is written");
    let verified = |more: &[&std::ffi::OsStr]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
        let output = command.args(["audit", "verify-bundle"]).arg(&bundle).args(more).output();
        String::from_utf8(output.expect("it runs").stdout).expect("text")
    };
    let stamped = format!("until {day}");
    let by_unknown = verified(&[]);
    assert!(by_unknown.contains(&stamped) && by_unknown.contains("unknown authority"), "{by_unknown}");
    let by_known = verified(&["--timestamp-trust".as_ref(), ca.as_os_str()]);
    assert!(by_known.contains(&stamped) && !by_known.contains("unknown authority"), "{by_known}");
}

/// What the stamp of a chain that holds proves: until which day, and when.
fn stamped_of(story: &Evidence) -> Option<(BusinessDay, Instant)> {
    let world = &story.keys.world;
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let export = chain_file::export(&world.store, &Default::default(), &Scope::unit(unit), unit, account);
    let judged =
        chain_file::judge_stamped(&export.expect("a chain"), &TrustStore::empty(), &story.authorities());
    assert!(judged.holds(), "{judged:?}");
    judged.stamped.map(|stamped| (stamped.until, stamped.at))
}

#[test]
fn a_seal_that_came_after_its_days_stamp_goes_into_the_next_and_roots_chain() {
    each_database(|database| {
        let story = Evidence::new(database);
        let world = &story.keys.world;
        story.sign_for(100);
        story.sealed();
        paid_by_statement(world, 0, &[("HT-01", "phi", 25_000)]);
        world.seal();
        closed(world, world.now().business_day());
        world.wait_days(1);
        assert_eq!(story.stamp_yesterday(), Some(3), "two seals and the certificate of a closed day");
        proves_days(&story);
        proves_days_in_a_bundle(&story);
        let day = world.now().business_day().plus_days(-1);
        let request = ask(world, day).expect("a request");
        approve(world, &request, world.chief).expect("the day is open");
        closed(world, day);
        assert_eq!(stamped_of(&story), None, "what was stamped is superseded");
        story.sealed();
        world.wait_days(1);
        assert_eq!(story.stamp_yesterday(), Some(2), "a seal and the certificate of the day closed again");
        let (until, at) = stamped_of(&story).expect("the new certificate is stamped");
        assert!(until == day && at.business_day() > day.next(), "{until} {at}");
        let roots = world.words("SELECT root_sha256 AS t FROM daily_timestamp ORDER BY date");
        let previous = world.words("SELECT previous_sha256 AS t FROM daily_timestamp ORDER BY date");
        assert_eq!((previous[0].as_str(), &previous[1]), ("", &roots[0]));
    });
}

#[test]
fn a_silent_time_stamping_authority_loses_nothing() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        keys.store(&keys.issue(100), None);
        story.sealed();
        world.wait_days(1);
        story.outside.fall_silent(true);
        let day = world.now().business_day().plus_days(-1);
        let url = story.outside.timestamp_url();
        let refused = daily::stamp_day(&world.store, &world.stamp(), day, &url, &story.authorities());
        assert_eq!(refused.unwrap_err().code(), "remote_busy");
        story.outside.fall_silent(false);
        assert_eq!(story.stamp_yesterday(), Some(1));
    });
}

#[test]
fn days_whose_authority_was_silent_too_long_are_stamped_when_it_speaks_again() {
    each_database(|database| {
        let story = Evidence::new(database);
        let world = &story.keys.world;
        story.sign_for(100);
        let receipts = [story.sealed(), story.sealed()];
        let (signed_at, first) = (world.now(), world.now().business_day());
        story.outside.fall_silent(true);
        for _ in 0..2 {
            world.wait_days(1);
            assert_eq!(story.stamp_night().unwrap_err().code(), "remote_busy");
            story.sealed();
        }
        let unstamped = story.judged(receipts[0], signed_at);
        assert!(unstamped.problems.contains(&"timestamp_missing"), "{unstamped:?}");

        world.wait_days(1);
        story.outside.fall_silent(false);
        assert_eq!(story.stamp_night().expect("tokens"), 4, "two seals of the first day, one of each other");
        assert_eq!(story.stamp_night().expect("tokens"), 0, "no day waits any more");
        let days = world.words("SELECT CAST(date AS TEXT) AS t FROM daily_timestamp ORDER BY date");
        assert_eq!(days, [0, 1, 2].map(|later| first.plus_days(later).to_string()));
        let roots = world.words("SELECT root_sha256 AS t FROM daily_timestamp ORDER BY date");
        let previous = world.words("SELECT previous_sha256 AS t FROM daily_timestamp ORDER BY date");
        assert_eq!(previous[1..], roots[..2], "the oldest came first");
        for receipt in receipts {
            let found = story.judged(receipt, signed_at);
            assert_eq!(found.finding, Finding::ValidWhenSigned, "{found:?}");
            let existed_on = found.existed_at.map(Instant::business_day);
            assert_eq!(existed_on, Some(world.now().business_day()), "a late token says its own time");
        }
    });
}

#[test]
fn after_five_silent_days_a_receipt_is_proven_by_what_its_authority_says_when_the_stamp_comes() {
    each_database(|database| {
        let story = Evidence::new(database);
        story.sign_for(100);
        let (receipt, signed_at) = (story.sealed(), story.keys.world.now());
        story.wait_unstamped(5);
        assert_eq!(story.stamp_night().expect("a token"), 1);
        let found = story.judged(receipt, signed_at);
        assert_eq!(found.finding, Finding::ValidWhenSigned, "{found:?}");
        assert!(found.existed_at.is_some() && found.existed_at <= found.status_at, "said of then: {found:?}");
        let world = &story.keys.world;
        assert_eq!(world.count("validation_evidence"), 4, "those of before are kept beside the new ones");
    });
}

#[test]
fn a_certificate_that_ended_before_the_late_stamp_leaves_its_receipt_unproven_and_the_reason_is_told() {
    each_database(|database| {
        let story = Evidence::new(database);
        story.sign_for(4);
        let (receipt, signed_at) = (story.sealed(), story.keys.world.now());
        story.wait_unstamped(5);
        assert_eq!(story.stamp_night().expect("a token"), 1);
        let found = story.judged(receipt, signed_at);
        assert_eq!(found.finding, Finding::NotProven, "{found:?}");
        assert!(found.problems.contains(&"stamped_after_expiry"), "{found:?}");
    });
}

#[test]
fn a_certificate_that_was_revoked_before_the_late_stamp_proves_nothing_and_the_revocation_is_told() {
    each_database(|database| {
        let story = Evidence::new(database);
        let key = story.keys.issue(100);
        story.keys.store(&key, None);
        story.refresh();
        let (receipt, signed_at) = (story.sealed(), story.keys.world.now());
        story.wait_unstamped(1);
        story.outside.revoke(&serial(&key));
        assert!(story.refresh().revoked >= 1);
        story.wait_unstamped(4);
        assert_eq!(story.stamp_night().expect("a token"), 1);
        let found = story.judged(receipt, signed_at);
        assert_eq!(found.finding, Finding::NotProven, "{found:?}");
        assert!(found.problems.contains(&"stamped_after_revocation"), "{found:?}");
    });
}

/// The serial number of a certificate as lists name it.
fn serial(key: &SigningKey) -> Vec<u8> {
    let serial = key.certificate().serial();
    (0..serial.len() / 2)
        .map(|at| u8::from_str_radix(&serial[2 * at..2 * at + 2], 16).expect("hexadecimal"))
        .collect()
}

#[test]
fn a_day_that_waits_is_stamped_though_a_later_one_was_stamped_before() {
    each_database(|database| {
        let story = Evidence::new(database);
        let world = &story.keys.world;
        story.sign_for(100);
        let first = (story.sealed(), world.now());
        world.wait_days(1);
        story.outside.fall_silent(true);
        assert_eq!(story.stamp_night().unwrap_err().code(), "remote_busy");
        story.outside.fall_silent(false);
        story.refresh();
        let second = (story.sealed(), world.now());
        world.wait_days(1);
        assert_eq!(story.stamp_yesterday(), Some(1), "the later day");
        assert_eq!(story.stamp_night().expect("a token"), 1, "the day that waited");
        for (receipt, signed_at) in [first, second] {
            let found = story.judged(receipt, signed_at);
            assert_eq!(found.finding, Finding::ValidWhenSigned, "{found:?}");
        }
    });
}

#[test]
fn a_revoked_certificate_signs_nothing_more_and_is_alarmed() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        let key = keys.issue(100);
        keys.store(&key, None);
        story.refresh();
        let before = story.sealed();
        world.wait_seconds(3_600);
        story.outside.revoke(&serial(&key));
        let done = story.refresh();
        assert!(done.revoked >= 1 && keys.alarms().contains(&Kind::Revoked), "{done:?}");
        let after = story.sealed();
        assert_eq!((keys.state(before).as_str(), keys.state(after).as_str()), ("signed", "numbered"));
        assert!(keys.alarms().contains(&Kind::SigningStopped));
    });
}

#[test]
fn openssl_accepts_the_token_too() {
    each_database(|database| {
        let story = Evidence::new(database);
        let (keys, world) = (&story.keys, &story.keys.world);
        keys.store(&keys.issue(100), None);
        story.sealed();
        world.wait_days(1);
        story.stamp_yesterday();
        let folder = world.database.folder.path();
        let root = world.words("SELECT root_sha256 AS t FROM daily_timestamp").remove(0);
        let bundle = world.look(|conn| {
            let receipt = query::of_series(conn, world.soc_son.id, series(world))?.remove(0).id;
            bundle::export(conn, &Default::default(), world.soc_son.id, receipt)
        });
        let token = bundle.timestamp.expect("a time stamp").token;
        std::fs::write(folder.join("token.b64"), token).expect("a file");
        std::fs::write(folder.join("ca.pem"), &story.ca_pem).expect("a file");
        let script = "base64 -d token.b64 > token.der && openssl ts -verify -token_in -in token.der \
                      -digest \"$1\" -CAfile ca.pem";
        let checked = Command::new("sh")
            .args(["-c", script, "verify", &root])
            .current_dir(folder)
            .output()
            .expect("openssl runs");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    });
}

fn series(world: &World) -> bienlai::id::SeriesId {
    let found = world.words(&format!(
        "SELECT CAST(id AS TEXT) AS t FROM receipt_series WHERE unit_id = {}",
        world.soc_son.id.0
    ));
    bienlai::id::SeriesId(found[0].parse().expect("an id"))
}
