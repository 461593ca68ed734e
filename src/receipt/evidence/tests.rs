//! What openssl says as an authority: lists, answers of its own and of responders it delegates to.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::der;
use super::revocation::{self, Standing};
use crate::clock::{Clock, Instant};
use crate::error::Result;
use crate::receipt::certificate::parse;
use crate::receipt::key::{TestAuthority, certificates_in, issue_test_certificate, test_authority};

const DAY_S: i64 = 86_400;

/// What a list may say of itself: of which certificates it is.
const PARTS: [(&str, &str); 8] = [
    ("own", "fullname = URI:http://crl.example.vn/ca.crl"),
    ("people", "onlyuser = TRUE"),
    ("elsewhere", "fullname = URI:http://crl.example.vn/other.crl"),
    ("relative", "relativename = relative_name\n[relative_name]\nCN = part 7"),
    ("authorities", "onlyCA = TRUE"),
    ("attributes", "onlyAA = TRUE"),
    ("reasons", "onlysomereasons = keyCompromise,CACompromise"),
    ("others", "indirectCRL = TRUE"),
];

fn says_of(name: &str, says: &str) -> String {
    format!("[{name}]\nissuingDistributionPoint = critical,@{name}_point\n[{name}_point]\n{says}\n")
}

/// An authority in a folder of its own.
struct Authority {
    folder: PathBuf,
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Authority {
    fn new() -> Authority {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("bienlai-authority-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let authority = Authority { folder };
        authority.write(
            "ca.cnf",
            &format!(
                "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ndefault_md = sha256\ncrlnumber = number\n{}",
                PARTS.map(|(name, says)| says_of(name, says)).concat()
            ),
        );
        authority.write("number", "01\n");
        authority.write(
            "leaf.ext",
            "keyUsage = digitalSignature\ncrlDistributionPoints = URI:http://crl.example.vn/ca.crl\n\
             authorityInfoAccess = OCSP;URI:http://ocsp.example.vn/a,caIssuers;URI:http://ca.example.vn/ca.crt\n",
        );
        authority.write("responder.ext", "extendedKeyUsage = OCSPSigning\n");
        authority.write("plain.ext", "keyUsage = digitalSignature\n");
        authority.root("ca", "keyCertSign,cRLSign");
        authority.root("other", "keyCertSign,cRLSign");
        authority.issue("leaf", "leaf.ext", "ca", "0x1234");
        authority.issue("neighbour", "leaf.ext", "ca", "0x1235");
        authority.issue("responder", "responder.ext", "ca", "0x2001");
        authority.issue("plain", "plain.ext", "ca", "0x2002");
        authority.issue("stranger", "responder.ext", "other", "0x2003");
        authority.standing("V\t350101000000Z\t\t1234\tunknown\t/CN=leaf\n");
        authority
    }

    fn root(&self, name: &str, usage: &str) {
        self.run(&format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 3650 \
             -subj /CN={name} -addext keyUsage=critical,{usage}"
        ));
    }

    fn issue(&self, name: &str, extensions: &str, by: &str, serial: &str) {
        self.run(&format!(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -subj /CN={name} | \
             openssl x509 -req -CA {by}.pem -CAkey {by}.key -set_serial {serial} -days 365 -extfile {extensions} \
             -out {name}.pem"
        ));
    }

    fn standing(&self, index: &str) {
        self.write("index.txt", index);
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn run(&self, script: &str) {
        let done = Command::new("sh").args(["-ec", script]).current_dir(self.path()).output().unwrap();
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn path(&self) -> &Path {
        &self.folder
    }

    fn der(&self, name: &str) -> Vec<u8> {
        let pem = std::fs::read_to_string(self.path().join(format!("{name}.pem"))).unwrap();
        certificates_in(&pem).unwrap().remove(0)
    }

    /// What a responder answers about the leaf.
    fn answer(&self, responder: &str, more: &str) -> Vec<u8> {
        let question = revocation::question(&self.der("leaf"), &self.der("ca")).unwrap();
        std::fs::write(self.path().join("question"), question).unwrap();
        self.run(&format!(
            "openssl ocsp -index index.txt -CA ca.pem -rsigner {responder}.pem -rkey {responder}.key \
             -reqin question -respout answer {more}"
        ));
        std::fs::read(self.path().join("answer")).unwrap()
    }

    fn judged(&self, answer: &[u8], now: Instant) -> Result<Standing> {
        revocation::by_answer(answer, &self.der("leaf"), &self.der("ca"), now)
    }

    fn list(&self, by: &str) -> Vec<u8> {
        self.list_with(by, "")
    }

    fn list_with(&self, by: &str, more: &str) -> Vec<u8> {
        self.run(&format!(
            "openssl ca -config ca.cnf -gencrl -keyfile {by}.key -cert {by}.pem -crldays 1 {more} | \
             openssl crl -outform DER -out list"
        ));
        std::fs::read(self.path().join("list")).unwrap()
    }
}

fn code(result: Result<Standing>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn answers_of_the_authority_and_of_its_responder_are_believed_and_no_others() {
    let authority = Authority::new();
    let now = Clock::System.now();
    for responder in ["ca", "responder"] {
        let good = authority.judged(&authority.answer(responder, "-ndays 1"), now).unwrap();
        assert_eq!(good.revoked_at, None);
        assert!(good.is_fresh(now) && good.is_fresh(now.plus_seconds(DAY_S - 60)), "{good:?}");
        assert!(!good.is_fresh(now.plus_seconds(DAY_S + 600)), "it announced a newer one");
    }
    let delegated = authority.answer("responder", "-ndays 1");
    let later = now.plus_seconds(400 * DAY_S);
    assert_eq!(code(authority.judged(&delegated, later)), "revocation_untrusted", "its certificate is over");
    let kept = revocation::by_kept_answer(&delegated, &authority.der("leaf"), &authority.der("ca"), later);
    assert_eq!(kept.unwrap().revoked_at, None, "it was valid when it spoke");
    let early = now.minus_seconds(3_600);
    assert_eq!(code(authority.judged(&authority.answer("ca", ""), early)), "revocation_from_the_future");
    for nobody in ["plain", "stranger"] {
        let answer = authority.answer(nobody, "-ndays 1");
        assert_eq!(code(authority.judged(&answer, now)), "revocation_untrusted", "{nobody}");
    }
    let without = authority.answer("responder", "-ndays 1 -resp_no_certs");
    assert_eq!(code(authority.judged(&without, now)), "revocation_untrusted", "nobody knows this responder");
    let mut changed = delegated.clone();
    let at = changed.len() / 3;
    changed[at] ^= 1;
    assert!(authority.judged(&changed, now).is_err());
    let neighbour = revocation::by_answer(&delegated, &authority.der("neighbour"), &authority.der("ca"), now);
    assert_eq!(code(neighbour), "revocation_unreadable", "it is about another certificate");
}

#[test]
fn an_answer_that_announces_no_other_is_believed_for_a_day() {
    let authority = Authority::new();
    let now = Clock::System.now();
    let standing = authority.judged(&authority.answer("responder", ""), now).unwrap();
    assert_eq!(standing.next_update, None);
    assert!(
        standing.is_fresh(now.plus_seconds(DAY_S - 60)) && !standing.is_fresh(now.plus_seconds(DAY_S + 600))
    );
}

/// What a responder with a certificate from `since` on answers at `produced`: the certificate with this id was
/// good at `updated`.
fn answer_by_delegate(
    authority: &TestAuthority,
    id: &[u8],
    since: Instant,
    (updated, produced): (Instant, Instant),
) -> Vec<u8> {
    const BASIC_RESPONSE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
    const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let responder = authority.responding(since, 30).unwrap();
    let single = der::sequence(&[id, &der::tlv(0x80, &[]), &der::time(updated)]);
    let who = der::tlv(der::context(2), &der::tlv(der::OCTET_STRING, &[7; 20]));
    let data = der::sequence(&[&who, &der::time(produced), &der::sequence(&[&single])]);
    let algorithm = der::sequence(&[&der::tlv(der::OID, ECDSA_SHA256)]);
    let signature = der::bits(&responder.sign(&data).unwrap());
    let certificates = der::tlv(der::context(0), &der::sequence(&[responder.certificate_der()]));
    let basic = der::tlv(der::OCTET_STRING, &der::sequence(&[&data, &algorithm, &signature, &certificates]));
    let bytes = der::tlv(der::context(0), &der::sequence(&[&der::tlv(der::OID, BASIC_RESPONSE), &basic]));
    der::sequence(&[&der::tlv(der::ENUMERATED, &[0]), &bytes])
}

#[test]
fn a_kept_answer_counts_if_its_responder_was_valid_when_it_spoke() {
    let now = Clock::System.now();
    let authority = test_authority(now).unwrap();
    let key = issue_test_certificate(&authority, "Thử Nghiệm", "9900000009", now, 400).unwrap();
    let chain = certificates_in(&key.chain_pem()).unwrap();
    let id = revocation::certificate_id(&parse(&chain[0]).unwrap(), &parse(&chain[1]).unwrap());
    let told =
        |updated: Instant, produced: Instant| answer_by_delegate(&authority, &id, now, (updated, produced));
    let later = now.plus_seconds(365 * DAY_S);
    let kept = |answer: &[u8]| revocation::by_kept_answer(answer, &chain[0], &chain[1], later);
    let (before, after) = (now.minus_seconds(DAY_S), now.plus_seconds(DAY_S));
    let spoken = told(before, after);
    let standing = kept(&spoken).unwrap();
    let says = (standing.revoked_at, standing.this_update.seconds());
    assert_eq!(says, (None, before.seconds()), "from a list that is older than its certificate");
    let today = revocation::by_answer(&spoken, &chain[0], &chain[1], later);
    assert_eq!(code(today), "revocation_untrusted", "of today it says nothing");
    for produced in [before, now.plus_seconds(31 * DAY_S)] {
        assert_eq!(code(kept(&told(after, produced))), "revocation_untrusted", "{produced}");
    }
}

#[test]
fn a_revoked_certificate_is_found_in_answers_and_lists() {
    let authority = Authority::new();
    let now = Clock::System.now();
    let list = authority.list("ca");
    let by_list = |list: &[u8]| revocation::by_list(list, &authority.der("leaf"), &authority.der("ca"), now);
    let standing = by_list(&list).unwrap();
    assert!(standing.revoked_at.is_none() && standing.is_fresh(now));
    assert!(!standing.is_fresh(now.plus_seconds(DAY_S + 600)));
    assert_eq!(code(by_list(&authority.list("other"))), "revocation_untrusted");
    authority.root("mute", "keyCertSign");
    authority.issue("quiet", "leaf.ext", "mute", "0x3001");
    let of_mute = authority.list("mute");
    let judged = revocation::by_list(&of_mute, &authority.der("quiet"), &authority.der("mute"), now);
    assert_eq!(code(judged), "revocation_untrusted", "its key signs certificates and no lists");

    authority.standing("R\t350101000000Z\t260101000000Z,keyCompromise\t1234\tunknown\t/CN=leaf\n");
    let revoked_at: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(by_list(&authority.list("ca")).unwrap().revoked_at, Some(revoked_at));
    let answer = authority.answer("responder", "-ndays 1");
    assert_eq!(authority.judged(&answer, now).unwrap().revoked_at, Some(revoked_at));

    authority.standing("V\t350101000000Z\t\t9999\tunknown\t/CN=else\n");
    let unknown = authority.answer("responder", "-ndays 1");
    assert_eq!(code(authority.judged(&unknown, now)), "revocation_unreadable", "unknown is no good standing");
}

#[test]
fn a_list_that_need_not_name_a_certificate_proves_that_it_is_revoked_and_never_that_it_is_not() {
    let authority = Authority::new();
    let now = Clock::System.now();
    authority.write(
        "changes.cnf",
        "[changes]\n2.5.29.27 = critical,DER:020101\n[unmarked]\n2.5.29.27 = DER:020101\n\
         [unknown]\n2.5.29.28 = DER:0500\n",
    );
    authority.run("cat changes.cnf >> ca.cnf");
    let judged = |part: &str| {
        let list = authority.list_with("ca", &format!("-crlexts {part}"));
        revocation::by_list(&list, &authority.der("leaf"), &authority.der("ca"), now)
    };
    const ALL: [&str; 2] = ["own", "people"];
    const SOME: [&str; 7] =
        ["changes", "unmarked", "elsewhere", "relative", "authorities", "attributes", "reasons"];
    for whole in ALL {
        assert_eq!(judged(whole).unwrap().revoked_at, None, "{whole}");
    }
    for part in SOME.into_iter().chain(["others", "unknown"]) {
        assert_eq!(code(judged(part)), "revocation_partial", "{part}");
    }
    authority.standing("R\t350101000000Z\t260101000000Z,keyCompromise\t1234\tunknown\t/CN=leaf\n");
    for part in ALL.into_iter().chain(SOME) {
        assert!(judged(part).unwrap().revoked_at.is_some(), "{part}");
    }
    for part in ["others", "unknown"] {
        assert_eq!(
            code(judged(part)),
            "revocation_partial",
            "{part}: another authority's may have this number"
        );
    }
}

/// A list of this authority that revokes one number, whose entry says `says` as critical.
fn list_by_hand(authority: &TestAuthority, serial: &[u8], at: Instant, says: (&[u8], &[u8])) -> Vec<u8> {
    let template = authority.revocation_list(&[(serial.to_vec(), at)], at).unwrap();
    let mut whole = der::Reader::new(&template).inside(der::SEQUENCE).unwrap();
    let fields: Vec<_> = whole.inside(der::SEQUENCE).unwrap().collect();
    let (oid, value) = (der::tlv(der::OID, says.0), der::tlv(der::OCTET_STRING, says.1));
    let extension = der::sequence(&[&oid, &der::tlv(der::BOOLEAN, &[0xff]), &value]);
    let (number, extensions) = (der::tlv(der::INTEGER, serial), der::sequence(&[&extension]));
    let entries = der::sequence(&[&der::sequence(&[&number, &der::time(at), &extensions])]);
    // Version, algorithm, issuer and both times stand before the entries.
    let mut parts: Vec<&[u8]> = fields.iter().map(|field| field.whole).collect();
    parts[5] = &entries;
    let list = der::sequence(&parts);
    let signature = der::bits(&authority.sign(&list).unwrap());
    der::sequence(&[&list, &der::algorithm(der::RSA_SHA256_OID), &signature])
}

#[test]
fn an_entry_that_says_why_and_since_when_counts_and_one_that_says_what_is_not_known_does_not() {
    const REASON: &[u8] = &[0x55, 0x1d, 21];
    const INVALID_SINCE: &[u8] = &[0x55, 0x1d, 24];
    const ISSUER: &[u8] = &[0x55, 0x1d, 29];
    let now = Clock::System.now();
    let authority = test_authority(now).unwrap();
    let key = issue_test_certificate(&authority, "Thử Nghiệm", "9900000009", now, 400).unwrap();
    let chain = certificates_in(&key.chain_pem()).unwrap();
    let serial = parse(&chain[0]).unwrap().tbs_certificate.raw_serial().to_vec();
    let judged = |says: (&[u8], &[u8])| {
        let list = list_by_hand(&authority, &serial, now, says);
        revocation::by_list(&list, &chain[0], &chain[1], now)
    };
    for says in [(REASON, der::tlv(der::ENUMERATED, &[1])), (INVALID_SINCE, der::time(now))] {
        let standing = judged((says.0, says.1.as_slice())).unwrap();
        assert_eq!(standing.revoked_at.map(Instant::seconds), Some(now.seconds()), "{:?}", says.0);
    }
    assert_eq!(code(judged((ISSUER, der::sequence(&[]).as_slice()))), "revocation_partial");
}

#[test]
fn a_certificate_says_where_its_list_and_its_responder_are() {
    let authority = Authority::new();
    let (lists, responders) = revocation::addresses(&authority.der("leaf")).unwrap();
    assert_eq!(
        (lists, responders),
        (vec!["http://crl.example.vn/ca.crl".to_owned()], vec!["http://ocsp.example.vn/a".to_owned()])
    );
    assert_eq!(revocation::addresses(&authority.der("plain")).unwrap(), (vec![], vec![]));
}
