//! What is attached to a document's message: collected in one place.

use crate::error::{Error, Result};
use crate::receipt;
use crate::receipt::query::Stored;
use crate::store::Conn;

/// A file as it is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// ASCII without path separators.
    pub name: String,
    pub media: &'static str,
    pub bytes: Vec<u8>,
}

/// The exact signed bytes.
pub fn of_receipt(conn: &mut Conn, item: &Stored) -> Result<Attachment> {
    let document = receipt::query::document(conn, item.unit, item.id)?
        .ok_or_else(|| Error::internal("a receipt is told of before it is sealed"))?;
    Ok(Attachment { name: format!("{}.xml", item.file_stem()), media: "application/xml", bytes: document })
}

/// The files of a message: the signed bytes first, and the page that shows them where it could be
/// drawn. A payer gets the original even when it could not.
pub fn with_rendition(original: Attachment, drawn: Result<Vec<u8>>) -> Vec<Attachment> {
    let name = original.name.replace(".xml", ".pdf");
    let page = match drawn {
        Ok(bytes) => Some(Attachment { name, media: "application/pdf", bytes }),
        Err(error) => {
            tracing::warn!(%error, document = %original.name, "a message goes without its PDF");
            None
        }
    };
    std::iter::once(original).chain(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_goes_even_when_its_page_cannot_be_drawn() {
        let xml = Attachment {
            name: "bien-lai-bd26e-0000001.xml".into(),
            media: "application/xml",
            bytes: vec![1],
        };
        let both = with_rendition(xml.clone(), Ok(vec![2]));
        assert_eq!((both.len(), both[1].name.as_str()), (2, "bien-lai-bd26e-0000001.pdf"));
        assert_eq!(with_rendition(xml.clone(), Err(Error::internal("no font"))), [xml]);
    }
}
