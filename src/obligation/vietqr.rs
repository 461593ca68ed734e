//! VietQR: the payment code of NAPAS 247, an EMVCo merchant-presented QR (TLV text with a CRC).
//!
//! Source: NAPAS, "Quy định về định dạng mã VietQR trong dịch vụ chuyển nhanh NAPAS247", version
//! 1.0, 09/2021. An object is an identifier of two digits, a length of two digits that counts
//! characters, and a value of 1 to 99 characters.

#[path = "vietqr/parse.rs"]
mod parse;
#[path = "vietqr/tlv.rs"]
mod tlv;

use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder, QRCode};
use serde::{Deserialize, Serialize};

use super::bank_bin::is_bin;
use super::reference::ReferenceCode;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::text;

pub use parse::{Parsed, parse};
pub use tlv::Object;

/// The application identifier of NAPAS within tag 38.
const NAPAS: &str = "A000000727";
const VND: &str = "704";
/// Longest account, card or virtual account.
const ACCOUNT_LIMIT: usize = 19;
/// Longest memo: tag 62, sub-object 08.
pub const MEMO_LIMIT: usize = 25;
/// What remains for plain words after a reference code and a space.
pub const MEMO_WORDS_LIMIT: usize = 11;
const MERCHANT_NAME_LIMIT: usize = 25;
const MERCHANT_CITY_LIMIT: usize = 15;
const BILL_NUMBER_LIMIT: usize = 25;
/// The longest payload EMVCo allows.
const PAYLOAD_LIMIT: usize = 512;
/// White modules around the symbol that ISO/IEC 18004 asks for.
const QUIET_ZONE_MODULES: usize = 4;

/// What the number in tag 38 names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// `QRIBFTTA`
    #[default]
    Account,
    /// `QRIBFTTC`
    Card,
}

impl Service {
    fn code(self) -> &'static str {
        match self {
            Service::Account => "QRIBFTTA",
            Service::Card => "QRIBFTTC",
        }
    }
}

/// What to pay, to whom. With an amount the code is dynamic (made for one payment), without one
/// it is static.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Six digits.
    pub bank_bin: String,
    /// Account or virtual account, letters allowed, at most 19 characters.
    pub account_no: String,
    pub service: Service,
    /// Above zero, at most 13 digits.
    pub amount: Option<Dong>,
    /// At most 25 printable ASCII characters; see [`memo_for`].
    pub memo: Option<String>,
    /// At most 25 printable ASCII characters.
    pub merchant_name: Option<String>,
    /// At most 15 printable ASCII characters.
    pub merchant_city: Option<String>,
    /// At most 25 printable ASCII characters. Banks do not carry it to the statement.
    pub bill_number: Option<String>,
}

impl Payload {
    /// The text to draw as a QR code. Errors name the field: `vietqr_bank_unreadable`,
    /// `vietqr_account_unreadable`, `vietqr_amount_out_of_range`, `vietqr_text_unfit`.
    pub fn encode(&self) -> Result<String> {
        self.validate()?;
        let mut payload = String::with_capacity(160);
        tlv::push(&mut payload, "00", "01")?;
        tlv::push(&mut payload, "01", if self.amount.is_some() { "12" } else { "11" })?;
        tlv::push(&mut payload, "38", &self.beneficiary()?)?;
        tlv::push(&mut payload, "53", VND)?;
        if let Some(amount) = self.amount {
            tlv::push(&mut payload, "54", &amount.0.to_string())?;
        }
        tlv::push(&mut payload, "58", "VN")?;
        tlv::push_some(&mut payload, "59", self.merchant_name.as_deref())?;
        tlv::push_some(&mut payload, "60", self.merchant_city.as_deref())?;
        let additional = self.additional()?;
        tlv::push_some(&mut payload, "62", Some(additional.as_str()).filter(|text| !text.is_empty()))?;
        tlv::seal(&mut payload);
        Ok(payload)
    }

    fn beneficiary(&self) -> Result<String> {
        let mut organisation = String::new();
        tlv::push(&mut organisation, "00", &self.bank_bin)?;
        tlv::push(&mut organisation, "01", &self.account_no)?;
        let mut beneficiary = String::new();
        tlv::push(&mut beneficiary, "00", NAPAS)?;
        tlv::push(&mut beneficiary, "01", &organisation)?;
        tlv::push(&mut beneficiary, "02", self.service.code())?;
        Ok(beneficiary)
    }

    fn additional(&self) -> Result<String> {
        let mut additional = String::new();
        tlv::push_some(&mut additional, "01", self.bill_number.as_deref())?;
        tlv::push_some(&mut additional, "08", self.memo.as_deref())?;
        Ok(additional)
    }

    fn validate(&self) -> Result<()> {
        if !is_bin(&self.bank_bin) {
            return Err(Error::invalid("bank_bin", "vietqr_bank_unreadable", "expected six digits"));
        }
        if !is_account(&self.account_no) {
            return Err(account_unreadable("account_no"));
        }
        if self.amount.is_some_and(|amount| !amount.is_positive() || amount > Dong::LIMIT) {
            return Err(amount_out_of_range("amount"));
        }
        fits("memo", self.memo.as_deref(), MEMO_LIMIT)?;
        fits("merchant_name", self.merchant_name.as_deref(), MERCHANT_NAME_LIMIT)?;
        fits("merchant_city", self.merchant_city.as_deref(), MERCHANT_CITY_LIMIT)?;
        fits("bill_number", self.bill_number.as_deref(), BILL_NUMBER_LIMIT)
    }
}

/// The memo for a code: the code first, because banks cut at the end, then up to eleven characters
/// of plain words (upper-case ASCII, whole words while they fit). Only characters of the QR
/// alphanumeric mode, so that the symbol stays coarse enough for cheap screens and paper.
pub fn memo_for(code: &ReferenceCode, words: &str) -> String {
    let folded = text::fold(words);
    let mut plain = String::new();
    for word in folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let room = MEMO_WORDS_LIMIT - plain.len();
        if plain.is_empty() {
            plain.extend(word.chars().take(room));
        } else if word.len() < room {
            plain.push(' ');
            plain.push_str(word);
        } else {
            break;
        }
    }
    // Words that happen to hold the prefix would be read as a second, damaged code.
    if plain.is_empty()
        || text::squash(&format!("{}{plain}", &code.as_str())).matches(code.prefix()).count() > 1
    {
        return code.to_string();
    }
    format!("{code} {plain}")
}

/// The payload as SVG: error correction M, quiet zone of 4 modules, black on white. The smallest
/// QR mode that holds the text is used: alphanumeric when it can be.
pub fn svg(payload: &str) -> Result<String> {
    Ok(SvgBuilder::default().margin(QUIET_ZONE_MODULES).to_str(&symbol(payload)?))
}

/// The modules of the same symbol, row by row, true for black, without the quiet zone.
pub fn modules(payload: &str) -> Result<Vec<Vec<bool>>> {
    let symbol = symbol(payload)?;
    let row = |row: usize| symbol[row].iter().take(symbol.size).map(|module| module.value()).collect();
    Ok((0..symbol.size).map(row).collect())
}

fn symbol(payload: &str) -> Result<QRCode> {
    let fits = !payload.is_empty() && payload.len() <= PAYLOAD_LIMIT;
    let symbol = fits.then(|| QRBuilder::new(payload).ecl(ECL::M).build().ok()).flatten();
    symbol.ok_or_else(|| {
        Error::invalid("payload", "vietqr_size_wrong", format!("expected 1 to {PAYLOAD_LIMIT} bytes"))
    })
}

fn is_account(text: &str) -> bool {
    (1..=ACCOUNT_LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn account_unreadable(field: &str) -> Error {
    Error::invalid(field, "vietqr_account_unreadable", "expected 1 to 19 ASCII letters and digits")
}

fn amount_out_of_range(field: &str) -> Error {
    Error::invalid(field, "vietqr_amount_out_of_range", "expected 1 to 9999999999999 đồng")
}

/// ANS: printable ASCII. White space at the ends would be lost on the way.
fn fits(field: &str, value: Option<&str>, limit: usize) -> Result<()> {
    let Some(value) = value else { return Ok(()) };
    let printable = value.bytes().all(|byte| (0x20..=0x7E).contains(&byte));
    if printable && (1..=limit).contains(&value.len()) && value.trim() == value {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "vietqr_text_unfit",
        format!("expected 1 to {limit} printable ASCII characters without spaces at the ends"),
    ))
}

#[cfg(test)]
#[path = "vietqr/tests.rs"]
mod tests;
