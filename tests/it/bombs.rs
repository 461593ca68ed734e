//! Documents made to exhaust the reader: refused before anything is expanded, within 32 MB above what the
//! process had, and without opening a file or a connection. A process of its own is held to that by the
//! kernel, so no clock and no other story plays a part.

use std::fs;
use std::path::Path;
use std::process::Command;

use bienlai::receipt::sign::DECLARATION;
use bienlai::receipt::verify::{Problem, TrustStore, verify};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::tools::{self, Folder};

const RECEIPT: &str = include_str!("../../fixtures/receipt/test-only-receipt.xml");
const GROWTH_BYTES: u64 = 32 * 1024 * 1024;
/// The folder with the bombs, set in the process that is limited.
const LIMITED: &str = "BIENLAI_TEST_BOMBS";

fn changed(from: &str, to: &str) -> Vec<u8> {
    assert!(RECEIPT.contains(from), "{from}");
    RECEIPT.replacen(from, to, 1).into_bytes()
}

fn with(doctype: &str) -> Vec<u8> {
    changed(DECLARATION, &format!("{DECLARATION}{doctype}"))
}

/// What a document type would do.
fn entities() -> Vec<(&'static str, Vec<u8>, Problem)> {
    let laughs: String =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let laughs = format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>");
    let quadratic = format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>", "a".repeat(100_000));
    let external = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>";
    let parameter = "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://example.invalid/p.dtd\"> %p;]>";
    vec![
        ("billion laughs", with(&laughs), Problem::DoctypeForbidden),
        ("one long entity", with(&quadratic), Problem::DoctypeForbidden),
        ("an external entity", with(external), Problem::DoctypeForbidden),
        ("a parameter entity", with(parameter), Problem::DoctypeForbidden),
        ("a bare document type", with("<!DOCTYPE BLai>"), Problem::DoctypeForbidden),
        ("an undeclared entity", changed(">25000<", ">&xxe;<"), Problem::NotXml),
    ]
}

/// What a million of anything would do, in our form and in that of others.
fn masses() -> Vec<(&'static str, Vec<u8>, Problem)> {
    const MILLION: usize = 1_000_000;
    let attributes: String = (0..MILLION / 14).map(|n| format!(" a{n:06}=\"\"")).collect();
    let element = format!("<a{}/>", (0..64).map(|n| format!(" a{n:02}=\"\"")).collect::<String>());
    let all_attributes: String = (0..MILLION).map(|n| format!(" a{n:06}=\"\"")).collect();
    let other = |inside: &str| format!("<HDon><DLHDon Id=\"d\">{inside}</DLHDon></HDon>").into_bytes();
    vec![
        (
            "deep nesting",
            format!("{DECLARATION}<BLai>{}", "<a>".repeat(MILLION / 4)).into_bytes(),
            Problem::DepthExceeded,
        ),
        (
            "deep nesting behind attribute values",
            format!("{DECLARATION}{}", "<a b=\"/>\">".repeat(100_000)).into_bytes(),
            Problem::DepthExceeded,
        ),
        ("a million deep", other(&"<a>".repeat(MILLION)), Problem::DepthExceeded),
        ("a million elements", other(&"<a/>".repeat(MILLION)), Problem::ElementsExceeded),
        ("a million attributes", other(&format!("<a{all_attributes}/>")), Problem::TagTooLong),
        ("a few attributes on each of many elements", other(&element.repeat(25_000)), {
            Problem::AttributesExceeded
        }),
        ("many attributes", changed("<BLai>", &format!("<BLai{attributes}>")), Problem::TagTooLong),
        (
            "many elements",
            format!("{DECLARATION}<BLai>{}</BLai>", "<a></a>".repeat(90_000)).into_bytes(),
            Problem::ElementsExceeded,
        ),
        ("a long text", vec![b'1'; 100_000_000], Problem::DocumentTooLarge),
        ("a long text in an element", other(&"1".repeat(100_000_000)), Problem::DocumentTooLarge),
    ]
}

/// What other encodings and halves of documents would do.
fn encodings() -> Vec<(&'static str, Vec<u8>, Problem)> {
    let utf16: Vec<u8> = RECEIPT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xFF\xFE".as_slice(), &utf16].concat();
    let mut broken_utf8 = RECEIPT.as_bytes().to_vec();
    broken_utf8.insert(RECEIPT.len() / 3, 0xFF);
    vec![
        ("UTF-16", utf16, Problem::EncodingNotUtf8),
        ("UTF-16 with its mark", marked, Problem::ByteOrderMark),
        (
            "another declared encoding",
            changed("encoding=\"UTF-8\"", "encoding=\"UTF-16\""),
            Problem::EncodingNotUtf8,
        ),
        ("broken UTF-8", broken_utf8, Problem::EncodingNotUtf8),
        ("no XML", b"%PDF-1.7".to_vec(), Problem::NotXml),
        ("nothing", Vec::new(), Problem::NotXml),
        ("half a document", RECEIPT.as_bytes()[..2_000].to_vec(), Problem::NotXml),
        ("an unended tag", changed("</BLai>", "</BLai"), Problem::NotXml),
        (
            "another kind of document",
            format!("{DECLARATION}<Invoice></Invoice>").into_bytes(),
            Problem::DocumentUnknown,
        ),
    ]
}

/// Bytes that the process may write to, as the kernel counts them against `RLIMIT_DATA`.
fn data_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).expect("the size of the data");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number") * 1_024
}

fn limit(resource: Resource, current: u64) {
    let maximum = getrlimit(resource).maximum;
    setrlimit(resource, Rlimit { current: Some(current), maximum }).expect("a limit can be set");
}

/// The bombs are in files, so that the process that judges them has made nothing that it could use again.
#[test]
fn every_bomb_is_refused_within_the_memory_there_is_and_without_a_file() {
    if let Some(folder) = tools::told(LIMITED) {
        return judge_limited(Path::new(&folder));
    }
    let folder = Folder::new("bombs");
    let bombs: Vec<_> = [entities(), masses(), encodings()].into_iter().flatten().collect();
    for (number, (_, bytes, _)) in bombs.iter().enumerate() {
        fs::write(folder.path().join(format!("{number:03}")), bytes).expect("a bomb is written");
    }
    let own = std::env::current_exe().expect("this program");
    let name = "bombs::every_bomb_is_refused_within_the_memory_there_is_and_without_a_file";
    let ran = Command::new(own)
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(LIMITED, folder.path())
        .output()
        .expect("it starts again");
    let told = String::from_utf8_lossy(&ran.stdout);
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{:?}\n{told}\n{complaint}", ran.status);
    let found: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("judged ")).collect();
    assert_eq!(found.len(), bombs.len(), "{told}");
    for ((name, _, expected), found) in bombs.iter().zip(found) {
        assert_eq!(found, format!("2 {}", expected.code()), "{name}");
    }
}

fn judge_limited(folder: &Path) {
    let mut names: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").path()).collect();
    names.sort();
    let bombs: Vec<Vec<u8>> = names.iter().map(|name| fs::read(name).expect("a bomb is read")).collect();
    let (trust, now) = (TrustStore::empty(), "2026-11-27T08:00:00+07:00".parse().expect("a time"));
    // What printing needs is not the verifier's.
    println!("{} bombs", bombs.len());
    limit(Resource::Data, data_bytes() + GROWTH_BYTES);
    limit(Resource::Nofile, 3);
    let found: Vec<_> = bombs.iter().map(|bytes| verify(bytes, &trust, now)).collect();
    assert!(fs::File::open("/proc/self/status").is_err(), "a file could be opened");
    assert!(Vec::<u8>::new().try_reserve_exact(2 * GROWTH_BYTES as usize).is_err(), "memory is not limited");
    for report in found {
        println!("judged {} {}", report.exit_code(), report.problems()[0].code());
    }
}
