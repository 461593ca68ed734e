//! Objects of identifier, length and value, and the checksum that closes the payload.

use crate::error::{Error, Result};

/// The longest value that two digits of length can count.
const VALUE_LIMIT: usize = 99;
const HEADER_LENGTH: usize = 4;

/// One object: identifier of two digits, value of 1 to 99 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub id: String,
    pub value: String,
}

pub(super) fn push(out: &mut String, id: &str, value: &str) -> Result<()> {
    let length = value.chars().count();
    if !(1..=VALUE_LIMIT).contains(&length) {
        return Err(length_wrong(id, format!("{length} characters; 1 to {VALUE_LIMIT} are allowed")));
    }
    out.push_str(id);
    out.push_str(&format!("{length:02}"));
    out.push_str(value);
    Ok(())
}

pub(super) fn push_some(out: &mut String, id: &str, value: Option<&str>) -> Result<()> {
    value.map_or(Ok(()), |value| push(out, id, value))
}

/// Closes the payload with tag 63. The checksum covers its identifier and length too.
pub(super) fn seal(payload: &mut String) {
    payload.push_str("6304");
    let checksum = crc16(payload.as_bytes());
    payload.push_str(&format!("{checksum:04X}"));
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, nothing reflected.
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

/// All objects of a text, in its order. `path` names the template for errors (`38.01`), empty at
/// the root. Each identifier may stand once.
pub(super) fn objects(text: &str, path: &str) -> Result<Vec<Object>> {
    let mut rest = text;
    let mut objects: Vec<Object> = Vec::new();
    while !rest.is_empty() {
        let (object, after) = first(rest, path)?;
        if objects.iter().any(|known| known.id == object.id) {
            let field = join(path, &object.id);
            return Err(Error::invalid(field, "vietqr_tag_repeated", "the tag stands there twice"));
        }
        objects.push(object);
        rest = after;
    }
    Ok(objects)
}

fn first<'a>(rest: &'a str, path: &str) -> Result<(Object, &'a str)> {
    let header = rest.get(..HEADER_LENGTH).filter(|header| header.bytes().all(|byte| byte.is_ascii_digit()));
    let Some((id, length)) = header.and_then(|header| header.split_at_checked(2)) else {
        let left = rest.chars().count();
        return Err(length_wrong(path, format!("{left} characters at the end are no object")));
    };
    let field = join(path, id);
    let length: usize = length.parse().map_err(|_| length_wrong(&field, "no length".to_owned()))?;
    let body = rest.get(HEADER_LENGTH..).unwrap_or_default();
    let available = body.chars().count();
    if length == 0 || available < length {
        return Err(length_wrong(&field, format!("length {length}, but {available} characters follow")));
    }
    let end = body.char_indices().nth(length).map_or(body.len(), |(at, _)| at);
    let (value, after) = body.split_at(end);
    Ok((Object { id: id.to_owned(), value: value.to_owned() }, after))
}

fn join(path: &str, id: &str) -> String {
    if path.is_empty() { id.to_owned() } else { format!("{path}.{id}") }
}

pub(super) fn length_wrong(field: &str, detail: String) -> Error {
    let field = if field.is_empty() { "payload" } else { field };
    Error::invalid(field, "vietqr_length_wrong", detail)
}
