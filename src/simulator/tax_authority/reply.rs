//! The authority's answers as XML.

use ring::digest::{SHA256, digest};

use super::Habits;
use crate::filing::code;
use crate::filing::envelope::{AUTHORITY, Element, Received};
use crate::receipt::xml::push_text;
use crate::text::hex;

/// 999: taken, or why not.
pub fn technical(message: &Received, faults: &[(&'static str, String)]) -> Vec<u8> {
    let mut data = format!(
        "<TBao><MTDiep>{}</MTDiep><MNGui>{}</MNGui><TTTNhan>{}</TTTNhan><DSLDo>",
        message.message_code,
        message.sender,
        u8::from(!faults.is_empty())
    );
    for (code, text) in faults {
        data.push_str(&format!("<LDo><MLoi>{code}</MLoi><MTa>"));
        push_text(&mut data, text);
        data.push_str("</MTa></LDo>");
    }
    data.push_str("</DSLDo></TBao>");
    envelope(message, code::TECHNICAL, &data)
}

/// The answer of the procedure.
pub fn business(message: &Received, kind: i32, habits: &Habits) -> Vec<u8> {
    let mut found: Vec<&Element> = Vec::new();
    message.data.all("NLap", &mut found);
    message.data.all("NTBao", &mut found);
    let day = found.first().map(|day| day.text.as_str()).unwrap_or("2026-11-27");
    let says = match kind {
        code::REGISTRATION_RECEIVED => "<THop>1</THop>".to_owned(),
        code::REGISTRATION_RESULT if habits.refuses_registrations => "<TTXNCQT>2</TTXNCQT><DSLDKCNhan><LDo>\
             <MLoi>10023</MLoi><MTa>Chứng thư số không hợp lệ</MTa></LDo></DSLDKCNhan>"
            .to_owned(),
        code::REGISTRATION_RESULT => "<TTXNCQT>1</TTXNCQT>".to_owned(),
        code::CHECK_RESULT if habits.refuses_invoices => "<LTBao>4</LTBao><DSLDo><LDo><MLoi>30002</MLoi>\
             <MTa>Người bán ngừng hoạt động</MTa></LDo></DSLDo>"
            .to_owned(),
        code::CORRECTION_RESULT if habits.refuses_notices => "<DSLDKTNhan><LDo><MLoi>4003</MLoi>\
             <MTa>Lý do sai sót không rõ</MTa></LDo></DSLDKTNhan>"
            .to_owned(),
        _ => "<LTBao>2</LTBao>".to_owned(),
    };
    let number = identity(message, &kind.to_string()).get(..8).unwrap_or_default().to_owned();
    let data = format!(
        "<TBao><DLTBao>{says}</DLTBao><STBao><So>{number}/TB-TCT</So><NTBao>{day}</NTBao></STBao></TBao>"
    );
    envelope(message, kind, &data)
}

/// The order of the head differs from ours, as it does in reality.
fn envelope(message: &Received, kind: i32, data: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><TDiep><TTChung><PBan>{}</PBan><MNGui>{AUTHORITY}</MNGui>\
         <MNNhan>{}</MNNhan><MLTDiep>{kind}</MLTDiep><MTDTChieu>{}</MTDTChieu>\
         <MTDiep>{AUTHORITY}{}</MTDiep><MST>{}</MST><SLuong>1</SLuong></TTChung><DLieu>{data}</DLieu></TDiep>",
        message.version,
        message.sender,
        message.message_code,
        identity(message, &format!("{kind} {data}")),
        message.tax_code.as_deref().unwrap_or_default(),
    )
    .into_bytes()
}

/// The same answer has the same code, however often it is asked for, and another answer another one.
fn identity(message: &Received, said: &str) -> String {
    let hash = digest(&SHA256, format!("{} {said}", message.message_code).as_bytes());
    hex(hash.as_ref().get(..16).unwrap_or_default()).to_ascii_uppercase()
}
