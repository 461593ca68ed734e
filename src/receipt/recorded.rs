//! What our own register says of a document that came back to us from outside and was verified: a
//! good signature stays good for ever, the document may have been replaced or cancelled since.

use ring::digest::{SHA256, digest};

use super::query::{self, Stored};
use super::relation::{self, Link};
use super::verify::Registered;
use crate::error::Result;
use crate::store::Conn;

/// What is recorded under the look-up code of a document.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// Nothing: it is not of this installation, or nobody issued it here.
    Nothing,
    /// Another document: this one was not issued here, whoever signed it.
    Another,
    /// This document, with every document of its chain.
    This(Box<Stored>, Vec<Link>),
}

/// Looks a verified document up by its code and the digest of its signed data, so that it is found
/// bare, in a message, or spelled again by another program.
pub fn find(conn: &mut Conn, document: &Registered) -> Result<Recorded> {
    let Some((unit, id)) = query::by_lookup_code(conn, document.lookup_code.as_str())? else {
        return Ok(Recorded::Nothing);
    };
    let Some(item) = query::by_id(conn, unit, id)? else { return Ok(Recorded::Nothing) };
    let body = query::body(conn, unit, id)?;
    if digest(&SHA256, &body).as_ref() != document.body_digest {
        return Ok(Recorded::Another);
    }
    let links = relation::chain(conn, &item)?;
    Ok(Recorded::This(Box::new(item), links))
}
