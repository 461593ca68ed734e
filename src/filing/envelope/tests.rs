use proptest::prelude::*;
use ring::rand::SystemRandom;

use super::*;

const SENDER: &str = "K9900000009";

fn envelope(code: &str) -> Envelope<'_> {
    Envelope {
        version: "2.1.0",
        sender: SENDER,
        recipient: AUTHORITY,
        kind: 212,
        message_code: code,
        answers: None,
        tax_code: "9900000009",
    }
}

fn code() -> String {
    new_message_code(SENDER, &SystemRandom::new()).unwrap()
}

#[test]
fn a_message_code_is_the_sender_and_a_random_uuid_of_version_4() {
    let one = code();
    assert_eq!(one.len(), 43);
    assert!(is_message_code(&one) && one.starts_with(SENDER));
    let uuid = &one[11..];
    assert_eq!(&uuid[12..13], "4", "{uuid}");
    assert!("89AB".contains(&uuid[16..17]), "{uuid}");
    assert_ne!(one, code());
    assert_eq!(new_message_code("X12", &SystemRandom::new()).unwrap_err().code(), "message_sender_wrong");
}

#[test]
fn what_is_written_reads_back_without_the_declarations_of_its_documents() {
    let code = code();
    let document = format!("{DECLARATION}<BCTHSDBLai><a>x &amp; y</a></BCTHSDBLai>");
    let message = envelope(&code).write(&[document.as_bytes()]).unwrap();
    let text = String::from_utf8(message.clone()).unwrap();
    assert_eq!(text.matches("<?xml").count(), 1);
    let received = read(&message).unwrap();
    assert_eq!((received.kind, received.count), (212, 1));
    assert_eq!(received.message_code, code);
    assert_eq!(received.answers, None);
    assert_eq!(received.data.children[0].children[0].text, "x & y");
}

#[test]
fn the_order_of_elements_does_not_matter_but_their_number_does() {
    let code = code();
    let other = format!(
        "\u{feff}<TDiep><DLieu><b/></DLieu><TTChung><MST>9900000009</MST><SLuong>1</SLuong>\
         <MTDiep>TCT{}</MTDiep><MLTDiep>999</MLTDiep><MNNhan>{SENDER}</MNNhan><MNGui>TCT</MNGui>\
         <MTDTChieu>{code}</MTDTChieu><PBan>2.1.0</PBan></TTChung></TDiep>",
        &code[11..]
    );
    let received = read(other.as_bytes()).unwrap();
    assert_eq!(received.answers.as_deref(), Some(code.as_str()));
    let twice = other.replace("<SLuong>", "<MTDTChieu></MTDTChieu><SLuong>");
    assert_eq!(read(twice.as_bytes()).unwrap_err().code(), "message_field_repeated");
    let without = other.replace("<PBan>2.1.0</PBan>", "");
    assert_eq!(read(without.as_bytes()).unwrap_err().code(), "message_field_missing");
}

#[test]
fn what_the_envelope_may_not_say_is_refused() {
    let good = code();
    let document: &[&[u8]] = &[b"<a></a>"];
    let refused = |change: &dyn Fn(&mut Envelope<'_>)| {
        let mut made = envelope(&good);
        change(&mut made);
        made.write(document).unwrap_err().code()
    };
    assert_eq!(refused(&|made| made.sender = "9900000009"), "message_sender_wrong");
    assert_eq!(refused(&|made| made.sender = "K9900000016"), "message_code_wrong");
    assert_eq!(refused(&|made| made.kind = 777), "message_kind_unknown");
    assert_eq!(refused(&|made| made.tax_code = "9900000008"), "tax_code_wrong");
    assert_eq!(refused(&|made| made.answers = Some("TCT1")), "message_code_wrong");
    assert_eq!(envelope(&good).write(&[]).unwrap_err().code(), "message_empty");
    let large = vec![b'x'; BYTES_LIMIT];
    assert_eq!(envelope(&good).write(&[&large]).unwrap_err().code(), "message_too_large");
}

#[test]
fn a_document_type_depth_and_size_are_refused_before_the_parser_sees_them() {
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "c">]><TDiep>&b;</TDiep>"#;
    assert_eq!(read(bomb.as_bytes()).unwrap_err().code(), "message_dtd_refused");
    let deep = "<a>".repeat(10_000);
    assert_eq!(read(deep.as_bytes()).unwrap_err().code(), "message_too_deep");
    let many = format!("<TDiep>{}</TDiep>", "<a/>".repeat(70_000));
    assert_eq!(read(many.as_bytes()).unwrap_err().code(), "message_too_deep");
    assert_eq!(read(&vec![b' '; BYTES_LIMIT + 1]).unwrap_err().code(), "message_too_large");
    for broken in [&b"<TDiep>"[..], b"", b"\xFF\xFE<", b"<TDiep><!--", b"<x></x>"] {
        assert_eq!(read(broken).unwrap_err().code(), "message_unreadable");
    }
}

proptest! {
    #[test]
    fn damaged_messages_never_panic(at in 0_usize..400, byte in any::<u8>()) {
        let code = code();
        let mut message = envelope(&code).write(&[b"<a><b>1</b></a>"]).unwrap();
        let at = at % message.len();
        message[at] = byte;
        let _ = read(&message);
    }
}
