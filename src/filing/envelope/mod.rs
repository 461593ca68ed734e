//! The envelope `TDiep` around everything exchanged with the tax authority: who sends what kind of
//! message for which taxpayer, in answer to what.

mod gate;
pub mod read;

pub use read::{Element, Received, read};

use ring::rand::SecureRandom;

use super::code;
use crate::error::{Error, Result};
use crate::receipt::content::identifier::is_tax_code;
use crate::receipt::sign::DECLARATION;
use crate::text::hex;

/// `MNNhan` of the tax authority.
pub const AUTHORITY: &str = "TCT";
/// The regulation allows 2 MB.
pub const BYTES_LIMIT: usize = 2_000_000;
const UUID_DIGITS: usize = 32;
/// `SLuong` n7.
const COUNT_LIMIT: usize = 9_999_999;

/// A message to be written.
pub struct Envelope<'a> {
    /// `PBan`
    pub version: &'a str,
    /// `MNGui`
    pub sender: &'a str,
    /// `MNNhan`
    pub recipient: &'a str,
    /// `MLTDiep`
    pub kind: i32,
    /// `MTDiep`
    pub message_code: &'a str,
    /// `MTDTChieu`: the message this one answers.
    pub answers: Option<&'a str>,
    /// `MST`
    pub tax_code: &'a str,
}

impl Envelope<'_> {
    /// The whole message around signed documents of one kind and one taxpayer.
    ///
    /// # Errors
    /// `message_sender_wrong`, `message_code_wrong`, `message_kind_unknown`, `tax_code_wrong`,
    /// `message_empty`, `message_too_large`.
    pub fn write(&self, documents: &[&[u8]]) -> Result<Vec<u8>> {
        self.check(documents.len())?;
        let mut out = String::from(DECLARATION);
        out.push_str("<TDiep><TTChung>");
        let mut field = |tag: &str, value: &str| {
            out.push_str(&format!("<{tag}>"));
            crate::receipt::xml::push_text(&mut out, value);
            out.push_str(&format!("</{tag}>"));
        };
        field("PBan", self.version);
        field("MNGui", self.sender);
        field("MNNhan", self.recipient);
        field("MLTDiep", &self.kind.to_string());
        field("MTDiep", self.message_code);
        if let Some(answers) = self.answers {
            field("MTDTChieu", answers);
        }
        field("MST", self.tax_code);
        field("SLuong", &documents.len().to_string());
        out.push_str("</TTChung><DLieu>");
        for document in documents {
            let text = std::str::from_utf8(document)
                .map_err(|_| Error::internal("a document to be sent is no UTF-8"))?;
            out.push_str(text.strip_prefix(DECLARATION).unwrap_or(text));
        }
        out.push_str("</DLieu></TDiep>");
        if out.len() > BYTES_LIMIT {
            let detail = format!("{} bytes; at most {BYTES_LIMIT}", out.len());
            return Err(Error::too_large("message_too_large", detail));
        }
        Ok(out.into_bytes())
    }

    fn check(&self, count: usize) -> Result<()> {
        if !is_party_code(self.sender) || !is_party_code(self.recipient) {
            return Err(wrong_sender());
        }
        let answered = self.answers.is_none_or(is_message_code);
        if !is_message_code(self.message_code)
            || !self.message_code.starts_with(self.sender)
            || self.message_code.len() != self.sender.len() + UUID_DIGITS
            || !answered
        {
            let detail = "expected the sender's code and 32 hexadecimal capitals";
            return Err(Error::invalid("MTDiep", "message_code_wrong", detail));
        }
        if !code::is_known(self.kind) {
            return Err(Error::invalid("MLTDiep", "message_kind_unknown", format!("{}", self.kind)));
        }
        if !is_tax_code(self.tax_code) {
            return Err(Error::invalid("MST", "tax_code_wrong", "its check digit does not fit"));
        }
        if count == 0 || count > COUNT_LIMIT {
            return Err(Error::invalid("DLieu", "message_empty", "at least one document"));
        }
        Ok(())
    }
}

fn wrong_sender() -> Error {
    let detail = "TCT, or V (transmitting organisation) or K (connected directly) and 10 or 13 digits";
    Error::invalid("MNGui", "message_sender_wrong", detail)
}

/// `TCT`, or V or K with the digits of a tax code.
pub fn is_party_code(text: &str) -> bool {
    text == AUTHORITY
        || text.strip_prefix(['V', 'K']).is_some_and(|digits| {
            matches!(digits.len(), 10 | 13) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// A party's code and a UUID in capitals without hyphens.
pub fn is_message_code(text: &str) -> bool {
    text.len()
        .checked_sub(UUID_DIGITS)
        .and_then(|at| text.split_at_checked(at))
        .is_some_and(|(party, uuid)| is_party_code(party) && uuid.bytes().all(is_hex_capital))
}

fn is_hex_capital(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'A'..=b'F')
}

/// The sender of a unit that is connected directly: K and its tax code without hyphen.
pub fn direct_sender(tax_code: &str) -> String {
    format!("K{}", tax_code.replace('-', ""))
}

/// A new `MTDiep`: the sender's code and a random UUID of version 4.
///
/// # Errors
/// `message_sender_wrong`; `Internal` when the random source fails.
pub fn new_message_code(sender: &str, random: &dyn SecureRandom) -> Result<String> {
    if !is_party_code(sender) {
        return Err(wrong_sender());
    }
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes).map_err(|_| Error::internal("the random source failed"))?;
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    Ok(format!("{sender}{}", hex(&bytes).to_ascii_uppercase()))
}

#[cfg(test)]
mod tests;
