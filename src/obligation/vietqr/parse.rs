//! Reading a payload, whoever made it.

use rust_decimal::Decimal;

use super::tlv::{self, Object};
use super::{NAPAS, PAYLOAD_LIMIT, Payload, Service, VND};
use super::{account_unreadable, amount_out_of_range, is_account};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::obligation::bank_bin::is_bin;

/// The application identifier of VNPAY-QR in tag 26: another scheme, often mistaken for VietQR.
const VNPAY: &str = "A000000775";

/// A payload taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    pub payload: Payload,
    /// Made for one payment (`12`); many static codes carry an amount or a memo too.
    pub dynamic: bool,
    /// Root objects this program has no use for, in their order.
    pub unknown: Vec<Object>,
    /// Sub-objects of tag 62 this program has no use for, in their order.
    pub unknown_additional: Vec<Object>,
}

/// Reads and checks a payload. Root objects may stand in any order between 00 and 63. The checks
/// run from the outside in: size, object lengths, checksum, scheme, fields.
///
/// Texts from other makers may be longer or hold more than ASCII, so they are taken as they are;
/// encode [`Parsed::payload`] to see whether it fits our own limits.
pub fn parse(text: &str) -> Result<Parsed> {
    let text = text.trim_matches(['\r', '\n', ' ']);
    if text.is_empty() || text.len() > PAYLOAD_LIMIT {
        return Err(Error::invalid(
            "payload",
            "vietqr_size_wrong",
            format!("expected 1 to {PAYLOAD_LIMIT} bytes"),
        ));
    }
    let mut root = Fields { objects: tlv::objects(text, "")? };
    let beneficiary = beneficiary_of(&root)?;
    check_frame(text, &mut root)?;
    let dynamic = initiation(&mut root)?;
    require(root.take("53"), "53", VND)?;
    let amount = root.take("54").map(|text| read_amount(&text)).transpose()?;
    root.take("58").ok_or_else(|| missing("58"))?;
    let mut additional = match root.take("62") {
        Some(template) => Fields { objects: tlv::objects(&template, "62")? },
        None => Fields { objects: Vec::new() },
    };
    root.take("38");
    let payload = Payload {
        amount,
        memo: additional.take("08"),
        merchant_name: root.take("59"),
        merchant_city: root.take("60"),
        bill_number: additional.take("01"),
        ..beneficiary
    };
    Ok(Parsed { payload, dynamic, unknown: root.objects, unknown_additional: additional.objects })
}

/// Tag 38: the bank and the account. A payload of another scheme is named as such.
fn beneficiary_of(root: &Fields) -> Result<Payload> {
    let Some(template) = root.get("38") else {
        return Err(other_scheme(root));
    };
    let mut fields = Fields { objects: tlv::objects(template, "38")? };
    require(fields.take("00"), "38.00", NAPAS)?;
    let organisation = fields.take("01").ok_or_else(|| missing("38.01"))?;
    let mut organisation = Fields { objects: tlv::objects(&organisation, "38.01")? };
    let bank_bin = organisation.take("00").ok_or_else(|| missing("38.01.00"))?;
    let account_no = organisation.take("01").ok_or_else(|| missing("38.01.01"))?;
    if !is_bin(&bank_bin) {
        return Err(Error::invalid("38.01.00", "vietqr_bank_unreadable", "expected six digits"));
    }
    if !is_account(&account_no) {
        return Err(account_unreadable("38.01.01"));
    }
    let service = match fields.take("02").as_deref() {
        None | Some("QRIBFTTA") => Service::Account,
        Some("QRIBFTTC") => Service::Card,
        Some(_) => {
            return Err(Error::invalid("38.02", "vietqr_service_unknown", "expected QRIBFTTA or QRIBFTTC"));
        }
    };
    Ok(Payload { bank_bin, account_no, service, ..Payload::default() })
}

fn other_scheme(root: &Fields) -> Error {
    let is_vnpay = root
        .get("26")
        .and_then(|template| tlv::objects(template, "26").ok())
        .is_some_and(|objects| objects.iter().any(|object| object.id == "00" && object.value == VNPAY));
    if is_vnpay {
        return Error::invalid(
            "26",
            "vietqr_is_vnpay",
            "this is a VNPAY-QR code, which names no bank account",
        );
    }
    missing("38")
}

/// Tag 00 first, tag 63 last, and the checksum right.
fn check_frame(text: &str, root: &mut Fields) -> Result<()> {
    if root.objects.first().is_none_or(|object| object.id != "00") {
        return Err(missing("00"));
    }
    require(root.take("00"), "00", "01")?;
    let last = root.objects.pop().filter(|object| object.id == "63").ok_or_else(|| missing("63"))?;
    let covered = text.get(..text.len().saturating_sub(last.value.len())).unwrap_or_default();
    let expected = format!("{:04X}", tlv::crc16(covered.as_bytes()));
    if !last.value.eq_ignore_ascii_case(&expected) {
        return Err(Error::invalid(
            "63",
            "vietqr_checksum_wrong",
            "the checksum does not agree with the content",
        ));
    }
    Ok(())
}

fn initiation(root: &mut Fields) -> Result<bool> {
    match root.take("01").as_deref() {
        Some("12") => Ok(true),
        Some("11") => Ok(false),
        None => Err(missing("01")),
        Some(_) => Err(Error::invalid("01", "vietqr_value_wrong", "expected 11 or 12")),
    }
}

/// Digits, perhaps a point and zeros; whole đồng above zero.
fn read_amount(text: &str) -> Result<Dong> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.starts_with(|c: char| c.is_ascii_digit());
    if !plain || text.len() > 13 {
        return Err(amount_out_of_range("54"));
    }
    let decimal: Decimal = text.trim_end_matches('.').parse().map_err(|_| amount_out_of_range("54"))?;
    let amount = Dong::from_whole(decimal).map_err(|error| error.in_field("54"))?;
    if !amount.is_positive() {
        return Err(amount_out_of_range("54"));
    }
    Ok(amount)
}

fn require(found: Option<String>, field: &str, expected: &str) -> Result<()> {
    match found {
        Some(value) if value == expected => Ok(()),
        Some(_) => Err(Error::invalid(field, "vietqr_value_wrong", format!("expected {expected}"))),
        None => Err(missing(field)),
    }
}

#[track_caller]
fn missing(field: &str) -> Error {
    Error::invalid(field, "vietqr_tag_missing", format!("tag {field} is missing or out of its place"))
}

struct Fields {
    objects: Vec<Object>,
}

impl Fields {
    fn get(&self, id: &str) -> Option<&str> {
        self.objects.iter().find(|object| object.id == id).map(|object| object.value.as_str())
    }

    fn take(&mut self, id: &str) -> Option<String> {
        let at = self.objects.iter().position(|object| object.id == id)?;
        Some(self.objects.remove(at).value)
    }
}
