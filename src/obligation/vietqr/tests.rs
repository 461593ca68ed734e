use proptest::prelude::*;

use super::*;
use crate::obligation::reference::{CodeBook, Found};

const STATIC: &str =
    "00020101021138540010A00000072701240006970432011001234567890208QRIBFTTA53037045802VN63046584";
const DYNAMIC: &str = "00020101021238540010A00000072701240006970432011001234567890208QRIBFTTA53037045405250005802VN62170813HNPH7K2MQ4X9763040CD3";
const WITH_WORDS: &str = "00020101021238540010A00000072701240006970432011001234567890208QRIBFTTA530370454061500005802VN62270823HNPH7K2MQ4X97 LE PHI CT630404C6";
const VIRTUAL_ACCOUNT: &str = "00020101021238600010A000000727013000069704320116HN001260000123450208QRIBFTTA5303704540480005802VN62170813HNPH7K2MQ4X9763044EAB";
const WITH_NAME: &str = "00020101021238540010A00000072701240006970432011001234567890208QRIBFTTA53037045405250005802VN5913UBND PHUONG A6006HA NOI62300109BL00001230813HNPH7K2MQ4X9763046C33";

fn code() -> ReferenceCode {
    "HNPH7K2MQ4X97".parse().unwrap()
}

fn to_vpbank() -> Payload {
    Payload { bank_bin: "970432".into(), account_no: "0123456789".into(), ..Payload::default() }
}

fn paying(amount: i64, memo: &str) -> Payload {
    Payload { amount: Some(Dong(amount)), memo: Some(memo.into()), ..to_vpbank() }
}

/// The text closed with a checksum that fits.
fn sealed(text: &str) -> String {
    let mut sealed = text.to_owned();
    tlv::seal(&mut sealed);
    sealed
}

#[test]
fn the_checksum_gives_the_published_check_value() {
    assert_eq!(tlv::crc16(b"123456789"), 0x29B1);
}

#[test]
fn the_worked_examples_are_encoded_to_the_letter() {
    assert_eq!(to_vpbank().encode().unwrap(), STATIC);
    assert_eq!(paying(25_000, "HNPH7K2MQ4X97").encode().unwrap(), DYNAMIC);
    assert_eq!(paying(150_000, &memo_for(&code(), "Lệ phí CT")).encode().unwrap(), WITH_WORDS);
    let virtual_account = Payload { account_no: "HN00126000012345".into(), ..paying(8_000, "HNPH7K2MQ4X97") };
    assert_eq!(virtual_account.encode().unwrap(), VIRTUAL_ACCOUNT);
    let named = Payload {
        merchant_name: Some("UBND PHUONG A".into()),
        merchant_city: Some("HA NOI".into()),
        bill_number: Some("BL0000123".into()),
        ..paying(25_000, "HNPH7K2MQ4X97")
    };
    assert_eq!(named.encode().unwrap(), WITH_NAME);
}

#[test]
fn an_example_of_a_public_generator_is_encoded_alike() {
    let payload = Payload {
        bank_bin: "970415".into(),
        account_no: "113366668888".into(),
        ..paying(79_000, "Ung Ho Quy Vac Xin")
    };
    assert!(payload.encode().unwrap().ends_with("63043ACF"));
}

#[test]
fn what_we_encode_is_read_back() {
    for text in [STATIC, DYNAMIC, WITH_WORDS, VIRTUAL_ACCOUNT, WITH_NAME] {
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.payload.encode().unwrap(), text);
        assert_eq!(parsed.dynamic, parsed.payload.amount.is_some());
        assert!(parsed.unknown.is_empty() && parsed.unknown_additional.is_empty());
    }
}

#[test]
fn codes_of_other_makers_are_read() {
    let card = parse(
        "00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN63044F52",
    )
    .unwrap();
    assert_eq!((card.payload.service, card.payload.account_no.as_str()), (Service::Card, "9704031101234567"));

    let dynamic = parse("00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802VN62340107NPS68690819thanh toan don hang63042E2E").unwrap();
    assert_eq!(dynamic.payload.amount, Some(Dong(180_000)));
    assert_eq!(dynamic.payload.memo.as_deref(), Some("thanh toan don hang"));
    assert_eq!(dynamic.payload.bill_number.as_deref(), Some("NPS6869"));

    let alias = parse("00020101021238590010A0000007270129000697042401151AM0025000002390208QRIBFTTA53037045405123455802VN5908MBCHILDB62290825[Open API] test payment M6304F205").unwrap();
    assert_eq!(alias.payload.account_no, "1AM002500000239");
    assert_eq!(alias.payload.merchant_name.as_deref(), Some("MBCHILDB"));

    let disordered = parse("00020101021153037045802VN38540010A00000072701240006970436011010319334300208QRIBFTTA62220818Thanh toan hoa don6304FCE9").unwrap();
    assert!(!disordered.dynamic);
    assert_eq!(disordered.payload.memo.as_deref(), Some("Thanh toan hoa don"));

    assert!(
        parse(
            "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN63049E6F"
        )
        .is_ok()
    );
}

#[test]
fn the_misprinted_example_of_the_specification_is_refused_for_its_inner_length() {
    let misprint =
        sealed("00020101021138570010A00000072701270006970403011200110123456780208QRIBFTTA53037045802VN");
    assert!(misprint.ends_with("6304F4E5"), "the printed checksum covers the broken string: {misprint}");
    let error = parse(&misprint).unwrap_err();
    assert_eq!(error.code(), "vietqr_length_wrong");
    assert!(error.to_string().starts_with("38.01:"), "{error}");
}

#[test]
fn a_vnpay_code_is_refused_by_name() {
    let vnpay = sealed(
        "00020101021126280010A000000775011001234567895303704540525000580 2VN".replace(' ', "").as_str(),
    );
    assert_eq!(parse(&vnpay).unwrap_err().code(), "vietqr_is_vnpay");
    assert_eq!(parse(&sealed("00020101021153037045802VN")).unwrap_err().code(), "vietqr_tag_missing");
}

#[test]
fn nothing_may_stand_in_the_place_of_the_checksum_or_after_it() {
    let body = STATIC.strip_suffix("63046584").unwrap();
    let instead = format!("{body}6404");
    let instead = format!("{instead}{:04X}", tlv::crc16(instead.as_bytes()));
    assert!(parse(&instead).unwrap_err().to_string().starts_with("63: "));
    assert!(parse(&format!("{STATIC}6404VN  ")).is_err());
    assert!(parse(&sealed(&format!("{STATIC}6402VN"))).is_err());
}

#[test]
fn every_changed_character_is_noticed() {
    for at in 0..DYNAMIC.len() {
        let mut bytes = DYNAMIC.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(parse(&changed).is_err(), "{changed}");
    }
}

#[test]
fn a_cut_payload_is_refused_at_every_length() {
    for length in 0..DYNAMIC.len() {
        assert!(parse(&DYNAMIC[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_payload_that_was_changed_or_says_what_no_bank_reads_is_refused_by_its_own_code() {
    let code = |text: &str| parse(text).unwrap_err().code();
    let beneficiary = "38540010A00000072701240006970432011001234567890208QRIBFTTA";
    // Another digit of the account under the old checksum, as a forger would print it.
    assert_eq!(code(&STATIC.replace("0123456789", "0123456780")), "vietqr_checksum_wrong");
    let other_service = STATIC.replace("QRIBFTTA", "QRIBFTTX");
    let unsealed = other_service.split_once("6304").unwrap().0;
    assert_eq!(code(&sealed(unsealed)), "vietqr_service_unknown");
    for wrong in ["000201010213", "000202010211"] {
        assert_eq!(
            code(&sealed(&format!("{wrong}{beneficiary}53037045802VN"))),
            "vietqr_value_wrong",
            "{wrong}"
        );
    }
}

#[test]
fn errors_name_the_tag() {
    let field = |text: &str| parse(&sealed(text)).unwrap_err().to_string();
    let beneficiary = "38540010A00000072701240006970432011001234567890208QRIBFTTA";
    assert!(field(&format!("000201010211{beneficiary}53038405802VN")).starts_with("53: "));
    assert!(field(&format!("000201010211{beneficiary}53037045303704")).contains("vietqr_tag_repeated"));
    assert!(field(&format!("010211{beneficiary}53037045802VN")).starts_with("00: "));
    assert!(field(&format!("000201010213{beneficiary}53037045802VN")).starts_with("01: "));
    assert!(field(&format!("000201010211{beneficiary}53037045802VN6203081")).starts_with("62: "));
    assert!(field(&format!("000201010211{beneficiary}53037045802VN0A01x")).starts_with("payload: "));
    assert!(field(&format!("000201010211{beneficiary}53037045802VN6000")).starts_with("60: "));
    let wrong_bank = "38540010A0000007270124000697O432011001234567890208QRIBFTTA";
    assert!(field(&format!("000201010211{wrong_bank}53037045802VN")).contains("vietqr_bank_unreadable"));
}

#[test]
fn an_amount_with_zero_decimals_is_whole_and_another_is_refused() {
    let with_amount = |amount: &str| {
        let text = format!(
            "00020101021238540010A00000072701240006970432011001234567890208QRIBFTTA530370454{:02}{amount}5802VN",
            amount.len()
        );
        parse(&sealed(&text)).map(|parsed| parsed.payload.amount)
    };
    for whole in ["25000", "25000.00", "25000.", "025000"] {
        assert_eq!(with_amount(whole).unwrap(), Some(Dong(25_000)), "{whole}");
    }
    assert_eq!(with_amount("25000.5").unwrap_err().code(), "amount_not_whole");
    for bad in ["0", "-25000", "25,000", "1e5", ".5", "25_000", "+1", "10000000000000", "1.0.0", "1_0"] {
        assert_eq!(with_amount(bad).unwrap_err().code(), "vietqr_amount_out_of_range", "{bad}");
    }
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    let text = sealed(
        "00020101021138540010A00000072701240006970432011001234567890208QRIBFTTA53037045802VN5905Đường",
    );
    assert_eq!(parse(&text).unwrap().payload.merchant_name.as_deref(), Some("Đường"));
}

#[test]
fn what_a_bank_app_could_not_carry_is_not_encoded() {
    let code_of = |payload: Payload| payload.encode().unwrap_err().code();
    assert_eq!(code_of(Payload { bank_bin: "97043".into(), ..to_vpbank() }), "vietqr_bank_unreadable");
    for account in ["", "01234567890123456789", "0123 456", "tài khoản"] {
        assert_eq!(
            code_of(Payload { account_no: account.into(), ..to_vpbank() }),
            "vietqr_account_unreadable"
        );
    }
    for amount in [0, -1, 10_000_000_000_000] {
        assert_eq!(code_of(paying(amount, "X")), "vietqr_amount_out_of_range", "{amount}");
    }
    for memo in ["", " X", "X ", "Lệ phí", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A\nB"] {
        assert_eq!(code_of(paying(1, memo)), "vietqr_text_unfit", "{memo}");
    }
    assert!(
        Payload {
            account_no: "0123456789012345678".into(),
            ..paying(9_999_999_999_999, "ABCDEFGHIJKLMNOPQRSTUVWXY")
        }
        .encode()
        .is_ok()
    );
}

#[test]
fn a_memo_starts_with_the_code_and_keeps_whole_words() {
    let memo = |words: &str| memo_for(&code(), words);
    assert_eq!(memo(""), "HNPH7K2MQ4X97");
    assert_eq!(memo("Lệ phí hộ tịch"), "HNPH7K2MQ4X97 LE PHI HO");
    assert_eq!(memo("Phí chứng thực"), "HNPH7K2MQ4X97 PHI CHUNG");
    assert_eq!(memo("đ/c: 12-A"), "HNPH7K2MQ4X97 D C 12 A");
    assert_eq!(memo("CHUNGTHUCBANSAO"), "HNPH7K2MQ4X97 CHUNGTHUCBA");
    assert_eq!(memo("anh N. Ph."), "HNPH7K2MQ4X97", "these words squeeze to the prefix");
}

#[test]
fn the_picture_has_its_quiet_zone_and_stays_small() {
    let picture = svg(DYNAMIC).unwrap();
    // Version 5 has 37 modules; byte mode would need version 7 with 45.
    assert!(picture.starts_with("<svg viewBox=\"0 0 45 45\""), "{}", &picture[..60]);
    assert!(svg(&DYNAMIC.to_lowercase()).unwrap().starts_with("<svg viewBox=\"0 0 53 53\""));
    assert!(picture.contains("M10,4h1"), "the finder pattern begins after four white modules");
    assert!(!picture.contains("M3,") && !picture.contains(",3h"));
    assert_eq!(picture, svg(DYNAMIC).unwrap());
    assert_eq!(svg("").unwrap_err().code(), "vietqr_size_wrong");
    assert_eq!(svg(&"A".repeat(513)).unwrap_err().code(), "vietqr_size_wrong");
}

fn payloads() -> impl Strategy<Value = Payload> {
    let amount = prop::option::of(1..=9_999_999_999_999_i64);
    let memo = prop::option::of("[!-~]([ -~]{0,23}[!-~])?");
    let name = prop::option::of("[A-Z]{1,25}");
    (
        r"[0-9]{6}",
        "[0-9A-Za-z]{1,19}",
        amount,
        memo,
        name,
        prop::option::of("[A-Z]{1,15}"),
        prop::option::of("[0-9A-Z]{1,25}"),
    )
        .prop_map(|(bank_bin, account_no, amount, memo, merchant_name, merchant_city, bill_number)| {
            Payload {
                bank_bin,
                account_no,
                service: Service::Account,
                amount: amount.map(Dong),
                memo,
                merchant_name,
                merchant_city,
                bill_number,
            }
        })
}

proptest! {
    #[test]
    fn objects_in_any_order_with_unknown_ones_among_them_give_the_same_payload(
        payload in payloads(),
        unknown in prop::collection::btree_map(80..=99_u8, "\\PC{1,20}", 0..3),
        order in any::<u64>(),
    ) {
        let encoded = payload.encode().unwrap();
        let mut objects = tlv::objects(&encoded, "").unwrap();
        objects.pop();
        let first = objects.remove(0);
        let strange: Vec<Object> =
            unknown.into_iter().map(|(id, value)| Object { id: id.to_string(), value }).collect();
        objects.extend(strange.clone());
        let mut state = order;
        objects.sort_by_cached_key(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 16
        });
        let mut text = String::new();
        tlv::push(&mut text, &first.id, &first.value).unwrap();
        for object in &objects {
            tlv::push(&mut text, &object.id, &object.value).unwrap();
        }
        let text = sealed(&text);
        prop_assume!(text.len() <= PAYLOAD_LIMIT);
        let mut parsed = parse(&text).unwrap();
        parsed.unknown.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(&parsed.unknown, &strange);
        prop_assert_eq!(parsed.payload.encode().unwrap(), encoded);
        prop_assert_eq!(parsed.payload, payload);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(0002|38|01|63|[0-9]{2}|\\PC){0,60}") {
        let _ = parse(&text);
        let _ = parse(&sealed(&text));
        let _ = svg(&text);
    }

    #[test]
    fn every_memo_fits_the_picture_and_gives_its_code_back(body in "[0-9A-HJKMNP-TVWXY]{8}", words in "\\PC{0,40}") {
        let book = CodeBook::hanoi();
        let code = book.from_body(&body).unwrap();
        prop_assume!(!code.as_str()[1..].contains("HNPH"));
        let memo = memo_for(&code, &words);
        prop_assert!(paying(1, &memo).encode().is_ok(), "{}", memo);
        prop_assert_eq!(book.extract(&memo), vec![Found::Verified(code)]);
    }
}
