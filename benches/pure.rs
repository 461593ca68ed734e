//! The parts that touch nothing: how long one call takes. `cargo bench --bench pure`.
//!
//! Each is called for a second after a short warm-up; the median of many short rounds is told, so
//! that another program in between does not matter. The programs of `benches/peers` run beside them in the same run
//! where `BIENLAI_BENCH_PEERS` names the Python that has what they need.

#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot begin has nothing to tell")]

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::id::{AccountId, LineId, MovementId, UnitId};
use bienlai::obligation::reference::CodeBook;
use bienlai::payment::channel::bank::{self, Bank, BankConfig};
use bienlai::payment::channel::{Channel, Incoming};
use bienlai::receipt::content::{
    CollectedBy, CollectingUnit, Content, Line, LineKind, Numbering, Payer, ReceiptKind, Totals,
};
use bienlai::receipt::key::SigningKey;
use bienlai::receipt::profile;
use bienlai::receipt::rendition::{self, Links, Standing};
use bienlai::receipt::schema;
use bienlai::receipt::sign::sign_batch;
use bienlai::receipt::verify::{TrustStore, Verdict, verify};
use bienlai::receipt::xml;
use bienlai::reconciliation::matching;
use bienlai::statement;
use bienlai::text::{self, words};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::SecretString;

const WARMUP: Duration = Duration::from_millis(200);
const SPAN: Duration = Duration::from_secs(1);
/// Long enough for the clock, short enough to be a round of many.
const ROUND: Duration = Duration::from_millis(5);

const MEMO: &str = "MBVCB.1234567890.LE PHI HO TICH.CT tu 0011000000001 NGUYEN VAN A toi 9704320000001";
const AUTHORITY: &str = include_str!("../fixtures/receipt/test-only-ca.pem");
const RECEIPT: &[u8] = include_bytes!("../fixtures/receipt/test-only-receipt.xml");
const SIGNER: &str = include_str!("../fixtures/receipt/test-only-signer.pem");

/// The service's own, so that what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// All parts, or the ones named: `cargo bench --bench pure -- signing statements`.
fn main() {
    let parts: [(&str, fn()); 8] = [
        ("texts", texts),
        ("callbacks", callbacks),
        ("signing", signing),
        ("verifying", verifying),
        ("pages", pages),
        ("schemas", schemas),
        ("statements", statements),
        ("matches", matches),
    ];
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, run) in parts {
        if asked.is_empty() || asked.iter().any(|one| one == name) {
            run();
        }
    }
}

fn texts() {
    measure("text: fold a memo", || text::fold(black_box("Nguyễn Thị Ánh nộp lệ phí hộ tịch phường số một")));
    measure("text: an amount in words", || {
        words::amount_in_words(black_box(Dong(1_234_567_890)), &words::Wording::STANDARD)
    });
    let codes = CodeBook::hanoi();
    measure("memo: look for reference codes", || codes.extract(black_box(MEMO)).len());
}

fn callbacks() {
    let secret = SecretString::from("a-secret-of-the-bench-with-32-bytes");
    let config =
        BankConfig { name: "bank".into(), bank_bin: Some("970432".into()), secrets: vec![secret.clone()] };
    let bank = Bank::new(&config).expect("a good configuration");
    let now = "2026-11-22T09:30:15+07:00".parse().expect("a good time");
    let body = format!(
        "{{\"notification_id\":\"N1\",\"account_no\":\"9704320000001\",\"direction\":\"credit\",\"amount\":25000,\
         \"currency\":\"VND\",\"memo\":\"{MEMO}\",\"booked_at\":\"2026-11-22T09:30:15+07:00\"}}"
    );
    let mut headers = bank::sign(std::slice::from_ref(&secret), now, body.as_bytes());
    headers.push(("content-type".into(), "application/json".into()));
    let incoming = Incoming { headers: &headers, body: body.as_bytes(), now };
    assert!(bank.read(&incoming).is_ok(), "the callback is good");
    measure("callback: sign", || bank::sign(std::slice::from_ref(&secret), now, black_box(body.as_bytes())));
    measure("callback: verify and read", || bank.read(black_box(&incoming)).is_ok());
}

/// The bytes of the first PEM block.
fn first_block(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().skip(1).take_while(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(lines).expect("a PEM block")
}

fn day(text: &str) -> BusinessDay {
    text.parse().expect("a good day")
}

/// A receipt of two fees with a payer by name, number and address.
fn content() -> Content {
    let line = |kind, name: &str, quantity: i64, unit_price: i64| Line {
        kind,
        item_code: Some("HT-01".into()),
        name: name.into(),
        chapter: Some("805".into()),
        sub_item: Some("2771".into()),
        unit: Some("bản".into()),
        quantity: quantity.into(),
        unit_price: unit_price.into(),
        reduction: None,
        amount: Dong(quantity * unit_price),
    };
    let lines = vec![
        line(LineKind::Fee, "Phí cấp bản sao trích lục hộ tịch", 2, 8_000),
        line(LineKind::Charge, "Lệ phí đăng ký khai sinh quá hạn", 1, 9_000),
    ];
    Content {
        kind: ReceiptKind::WithoutPrintedValue,
        unit: CollectingUnit {
            name: "Ủy ban nhân dân phường Thử Nghiệm".into(),
            tax_code: "9900000009".into(),
            budget_code: Some("1234567".into()),
            address: "Số 1 phố Thử Nghiệm, thành phố Hà Nội".into(),
            phone: Some("02400000000".into()),
            email: None,
            treasury_account: Some("3511.0.1234567".into()),
            treasury_code: Some("0011".into()),
            principal: None,
        },
        payer: Payer {
            name: Some("Nguyễn Thị Thử".into()),
            personal_id: Some("001199000000".into()),
            address: Some("Số 2 ngõ Mẫu, phường Thử Nghiệm".into()),
            ..Payer::default()
        },
        totals: Totals::of(&lines).expect("good lines"),
        lines,
        payment_method: "Chuyển khoản".into(),
        dossier_code: Some("H26.1-260901-0001".into()),
        lookup_code: "7K2M0Q419VAB".parse().expect("a good code"),
        collected_on: day("2026-09-01"),
        collected_by: CollectedBy::Channel("VietQR".into()),
        relation: None,
    }
}

/// From the content to the signed document, against the bare RSA of the same library.
fn signing() {
    let key = SigningKey::from_pem(&SecretString::from(SIGNER), SIGNER, "9900000009").expect("the test key");
    let signer = key.signer().expect("a signer");
    let at = "2026-09-01T09:30:15+07:00".parse().expect("a good time");
    let (content, numbering) = (content(), Numbering::placeholder(day("2026-09-01")));
    let profile = profile::for_day(numbering.issued_on);
    let body = || xml::body(black_box(&content), &numbering, profile, "BL-1");
    measure("receipt: build, in canonical form", || body().len());
    let sign = || sign_batch(&[&body()], &signer, at).map(|documents| documents.len());
    assert!(sign().is_ok(), "the receipt is signed");
    let signed = measure("receipt: build, canonicalise and sign", sign);
    let body = body();
    let raw = RsaKeyPair::from_pkcs8(&first_block(SIGNER)).expect("the test key");
    let random = SystemRandom::new();
    let mut signature = vec![0; raw.public_key().modulus_len()];
    let bare = measure("receipt: RSA-2048 of ring alone", || {
        raw.sign(&RSA_PKCS1_SHA256, &random, black_box(&body), &mut signature).is_ok()
    });
    println!("receipt: build, canonicalise and sign {:>11.2} of the bare speed", bare as f64 / signed as f64);
}

/// Of ours and of others', with every digest and the signature, trust judged too. The peer is
/// python-xmlsec on the same invoice.
fn verifying() {
    let trust = TrustStore::from_pem(AUTHORITY).expect("the test authority");
    let now = "2026-09-02T08:00:00+07:00".parse().expect("a good time");
    let other = include_bytes!("../fixtures/receipt/valid/invoice.xml");
    for document in [RECEIPT, other] {
        let report = verify(document, &trust, now);
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    }
    let took = measure("verify: a receipt of ours", || verify(black_box(RECEIPT), &trust, now).is_valid());
    beside("verify_xmlsec.py", took, &["fixtures/receipt/test-only-receipt.xml"]);
    measure("verify: an invoice of another issuer", || verify(black_box(other), &trust, now).is_valid());
}

/// One page with two lines, its QR code, tags, three fonts and the signed XML attached, on one
/// thread: the reciprocal is pages per second of a processor. The peer is
/// `benches/peers/weasyprint_receipt.py`, which draws the same file.
fn pages() {
    let links = Links::to("https://bienlai.example");
    let draw = |standing: &Standing| rendition::render(black_box(RECEIPT), standing, &links);
    assert!(draw(&Standing::Valid).is_ok(), "the receipt is drawn");
    let took = measure("receipt: PDF page", || draw(&Standing::Valid).map(|page| page.len()));
    beside("weasyprint_receipt.py", took, &[]);
    measure("receipt: PDF page, cancelled", || draw(&Standing::Cancelled).map(|page| page.len()));
}

/// A receipt of three lines against its schema, as it is asked when an obligation is raised.
fn schemas() {
    let line = |number: u32| {
        format!(
            "<KThu><STT>{number}</STT><LKThu>1</LKThu><TKThu>Lệ phí hộ tịch</TKThu><SLuong>1</SLuong>\
             <DGia>8000</DGia><ThTien>8000</ThTien></KThu>"
        )
    };
    let lines: String = (1..4).map(line).collect();
    let body = format!(
        "<DLBLai Id=\"BL-1\"><TTChung><PBan>BL-1.0</PBan><TBLai>Biên lai thu phí, lệ phí</TBLai><LBLai>3</LBLai>\
         <KHMSBLai>01BLP0-001</KHMSBLai><KHBLai>TN-26E</KHBLai><SBLai>42</SBLai><NLap>2026-09-01</NLap>\
         <DVTTe>VND</DVTTe><HTTToan>Tiền mặt</HTTToan><MTCuu>7K2M0Q419VAB</MTCuu></TTChung><NDBLai><TCThu>\
         <Ten>Phường Thử Nghiệm</Ten><MST>9900000009</MST><DChi>Số 1 phố Thử Nghiệm</DChi></TCThu>\
         <DSKThu>{lines}</DSKThu><TToan><TgTien>24000</TgTien><TgMGiam>0</TgMGiam><TgTTTBSo>24000</TgTTTBSo>\
         <TgTTTBChu>Hai mươi tư nghìn đồng</TgTTTBChu></TToan></NDBLai></DLBLai>"
    );
    let check = || schema::check_body(black_box(body.as_bytes()));
    if let Err(error) = check() {
        panic!("the receipt fits its schema: {error}");
    }
    measure("receipt: schema validation", || check().is_ok());
}

/// Entries of the statements that are read.
const ENTRIES: usize = 5_000;

/// Three lines an entry, as a bank sends them. The peer of MT940 is `benches/peers/mt940_python.py`
/// on the same file; that of camt is the bare reading of every XML event.
fn statements() {
    let mt940 = mt940(ENTRIES);
    let camt = camt(ENTRIES);
    for bytes in [mt940.as_bytes(), camt.as_bytes()] {
        let parsed = statement::parse(bytes);
        assert_eq!(
            (parsed.errors.len(), parsed.statements[0].lines.len()),
            (0, ENTRIES),
            "{:?}",
            parsed.errors
        );
    }
    if let Some(folder) = files_folder() {
        std::fs::write(folder.join("statement.sta"), &mt940).expect("the folder is there");
        std::fs::write(folder.join("statement.xml"), &camt).expect("the folder is there");
    }
    let per_second = |name: &str, nanoseconds: u128| {
        let entries = u128::try_from(ENTRIES).unwrap_or(0) * 1_000_000_000 / nanoseconds.max(1);
        println!("{name:<40} {entries:>10} entries/s");
    };
    let took = measure("statement: MT940, 5,000 entries", || statement::parse(black_box(mt940.as_bytes())));
    per_second("statement: MT940", took);
    beside("mt940_python.py", took / ENTRIES as u128, &[&left_in("statement.sta")]);
    let took = measure("statement: camt.053, 5,000 entries", || statement::parse(black_box(camt.as_bytes())));
    per_second("statement: camt.053", took);
    let took = measure("statement: camt.053, bare XML events", || count_events(black_box(&camt)));
    per_second("statement: camt.053, bare XML events", took);
}

/// The exact level of matching: every line has one movement of its code and amount. The peer is
/// `benches/peers/duckdb_join.py` on the same data.
fn matches() {
    const COUNT: i64 = 100_000;
    let day = "2026-11-18".parse().expect("a good day");
    let (unit, account) = (UnitId(1), AccountId(1));
    let lines: Vec<matching::Line> = (1..=COUNT)
        .map(|n| matching::Line {
            id: LineId(n),
            unit,
            account,
            booking_date: day,
            amount: amount_of(n),
            codes: vec![code_of(n)],
            damaged: Vec::new(),
            bank_reference: None,
            customer_reference: None,
            memo_folded: String::from("LE PHI HO TICH"),
            counterparty_account: None,
            reversal: false,
            open: amount_of(n),
        })
        .collect();
    // Movements come in another order than their lines.
    let movements: Vec<matching::Movement> = (1..=COUNT)
        .map(|n| n * 7_919 % COUNT + 1)
        .map(|n| matching::Movement {
            id: MovementId(n),
            unit,
            account,
            inflow: true,
            amount: amount_of(n),
            open: amount_of(n),
            codes: vec![code_of(n)],
            bank_references: Vec::new(),
            first_seen: day,
            obligation: None,
            has_line: false,
            external_ids: Vec::new(),
        })
        .collect();
    if let Some(folder) = files_folder() {
        let line = |line: &matching::Line| format!("1,{},{}\n", line.codes[0], line.amount.0);
        let movement = |one: &matching::Movement| format!("1,{},{}\n", one.codes[0], one.amount.0);
        let heading = "account,code,amount\n".to_owned();
        let of_lines: String = std::iter::once(heading.clone()).chain(lines.iter().map(line)).collect();
        let of_movements: String = std::iter::once(heading).chain(movements.iter().map(movement)).collect();
        std::fs::write(folder.join("lines.csv"), of_lines).expect("the lines are written");
        std::fs::write(folder.join("movements.csv"), of_movements).expect("the movements are written");
    }
    let settings = matching::Settings::default();
    let proofs = matching::matching(&lines, &movements, &[], &settings).proofs.len();
    assert_eq!(i64::try_from(proofs), Ok(COUNT), "every line is proven");
    let took = measure("matching: 100,000 exact pairs", || {
        matching::matching(black_box(&lines), black_box(&movements), &[], &settings)
    });
    beside("duckdb_join.py", took, &[&left_in("")]);
}

/// Where the peers' input is left, when somebody asks for it or for the peers.
fn files_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("BIENLAI_BENCH_FILES").map(PathBuf::from);
    folder.or_else(|| std::env::var_os(PEERS).map(|_| std::env::temp_dir()))
}

/// A file of `files_folder`, or the folder itself.
fn left_in(name: &str) -> String {
    files_folder().unwrap_or_default().join(name).display().to_string()
}

/// The Python that has the peers, when they are to run in the same run.
const PEERS: &str = "BIENLAI_BENCH_PEERS";

/// Runs a peer right after ours, where a Python is named for it, and tells how many times as fast we are. A peer's last
/// line is `per second` and how often it did in a second what took us so many nanoseconds.
fn beside(script: &str, nanoseconds: u128, arguments: &[&str]) {
    let Some(python) = std::env::var_os(PEERS) else { return };
    let script = format!("benches/peers/{script}");
    let run = Command::new(python).arg(&script).args(arguments).output().expect("the peer's Python runs");
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
    print!("{told}");
    let rate = told.lines().last().and_then(|line| line.strip_prefix("per second ")?.parse::<f64>().ok());
    let ours = 1e9 / nanoseconds.max(1) as f64;
    println!("{script:<40} {:>10.2} x", ours / rate.expect("how often in a second"));
}

/// A code of its own for every number.
fn code_of(mut n: i64) -> String {
    const SYMBOLS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";
    let mut body = [b'0'; 8];
    for symbol in body.iter_mut().rev() {
        *symbol = SYMBOLS[usize::try_from(n % 31).unwrap_or(0)];
        n /= 31;
    }
    let body = std::str::from_utf8(&body).expect("letters and digits");
    CodeBook::hanoi().from_body(body).expect("a good body").as_str().to_owned()
}

fn amount_of(n: i64) -> Dong {
    Dong(5_000 + n % 40 * 1_000)
}

fn count_events(text: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut count = 0;
    while !matches!(reader.read_event().expect("good XML"), quick_xml::events::Event::Eof) {
        count += 1;
    }
    count
}

fn mt940(entries: usize) -> String {
    let line = |n: usize| {
        format!(
            ":61:2611221122C25000,00NTRFHS{n:07}//FT26326{n:09}\r\n\
             :86:NHAN TU 0987654321 TRACE {n:06} ND HNPH7K2MQ4X97 LE PHI HO TICH\r\nNGUYEN VAN MAU {n}\r\n"
        )
    };
    let lines: String = (0..entries).map(line).collect();
    format!(
        ":20:STMT261122\r\n:25:VPBKVNVX/0123456789\r\n:28C:00326/001\r\n:60F:C261121VND1000000,00\r\n{lines}\
         :62F:C261122VND{},00\r\n-\r\n",
        1_000_000 + 25_000 * entries
    )
}

fn camt(entries: usize) -> String {
    let balance = |code: &str, amount: usize| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>"
        )
    };
    let entry = |n: usize| {
        format!(
            "<Ntry><NtryRef>{n}</NtryRef><Amt Ccy=\"VND\">25000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>2026-11-22</Dt></BookgDt><ValDt><Dt>2026-11-22</Dt></ValDt>\
             <AcctSvcrRef>FT26326{n:09}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>\
             <SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>HS{n:07}</EndToEndId>\
             </Refs><RltdPties><Dbtr><Pty><Nm>NGUYEN VAN MAU {n}</Nm></Pty></Dbtr></RltdPties><RmtInf>\
             <Ustrd>HNPH7K2MQ4X97 LE PHI HO TICH</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
        )
    };
    let entry_text: String = (0..entries).map(entry).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id>\
         <Acct><Id><Othr><Id>0123456789</Id></Othr></Id></Acct>{}{}{entry_text}</Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", 1_000_000),
        balance("CLBD", 1_000_000 + 25_000 * entries)
    )
}

/// Tells the median time of one call, and gives it in nanoseconds.
fn measure<T>(name: &str, mut call: impl FnMut() -> T) -> u128 {
    let mut calls = 0_u32;
    let began = Instant::now();
    while began.elapsed() < WARMUP {
        black_box(call());
        calls += 1;
    }
    let rounds = WARMUP.as_nanos() / ROUND.as_nanos();
    let per_round = (u128::from(calls) / rounds).max(1);
    let mut took = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPAN {
        let round = Instant::now();
        for _ in 0..per_round {
            black_box(call());
        }
        took.push(round.elapsed().as_nanos() / per_round);
    }
    took.sort_unstable();
    let median = took[took.len() / 2];
    println!("{name:<40} {median:>10} ns");
    median
}
