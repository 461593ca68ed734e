//! What is attached to a receipt's message: collected in one place.

use crate::error::{Error, Result};
use crate::receipt;
use crate::receipt::query::Stored;
use crate::store::Conn;
use crate::text;

/// A file as it is attached or bundled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// ASCII without path separators.
    pub name: String,
    pub media: &'static str,
    pub bytes: Vec<u8>,
}

/// The files of a signed receipt: the exact signed bytes come first.
pub fn of_receipt(conn: &mut Conn, item: &Stored) -> Result<Vec<Attachment>> {
    let document = receipt::query::document(conn, item.unit, item.id)?
        .ok_or_else(|| Error::internal("a receipt is told of before it is sealed"))?;
    let stem = stem(&item.series, item.number);
    Ok(vec![Attachment { name: format!("{stem}.xml"), media: "application/xml", bytes: document }])
}

/// `bien-lai-bd26e-0000001`: a receipt's file name without extension.
pub fn stem(series: &str, number: i64) -> String {
    let series: String =
        text::fold(series).to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("bien-lai-{series}-{number:07}")
}
