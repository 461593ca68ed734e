//! What importing a file would come to, with nothing stored: a file is looked at before it is imported.

use super::draft::{self, Pages, Refusal};
use super::import::Options;
use super::layout::Layout;
use super::refused::{self, Holder, Refused, RefusedStatement};
use super::saved::{self, Understood};
use super::{Format, Parsed};
use crate::actor::{Actor, Scope};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::store::{Conn, Store};
use crate::unit::CITY;

/// A file as an import would read it.
pub struct Foreseen {
    /// Without the statements of units that whoever looks may not act for, and without the faults of what is left out.
    pub parsed: Parsed,
    /// The mapping of a table that was used.
    pub mapping: Option<Layout>,
    /// What would be left out while the others go in, and what is not shown.
    pub refused: Vec<RefusedStatement>,
}

/// Reads a file as an import of today would, and stores nothing.
///
/// # Errors
/// `statement_layout_invalid`, and those of the store.
pub fn foresee(
    store: &Store,
    today: BusinessDay,
    actor: &Actor,
    bytes: &[u8],
    options: Options<'_>,
) -> Result<Foreseen> {
    let Understood { mut parsed, account_no, mapping } = saved::understand(store, actor, bytes, options)?;
    let mapping = mapping.as_deref().map(Layout::from_toml).transpose()?;
    let sorted = match parsed.format {
        Format::Camt054 => None,
        _ => draft::drafts(&mut parsed.clone(), account_no.as_deref()).ok(),
    };
    let (parted, hidden) = store.read(&actor.scope, |conn| {
        let parted = sorted.map(|sorted| refused::part(conn, actor, sorted, today.next())).transpose()?;
        Ok((parted, hide(conn, actor, &mut parsed)?))
    })?;
    let Some(parted) = parted else {
        return Ok(Foreseen { parsed, mapping, refused: refused::told(&hidden, CITY) });
    };
    let refused = match parted.accounts.first() {
        Some(first) => {
            let is_left_out =
                |position: i32| parted.refused.iter().any(|one| one.refusal.position == position);
            parsed.errors.retain(|finding| !parted.pages.owner(&finding.at).is_some_and(is_left_out));
            refused::told(&parted.refused, first.unit)
        }
        None => {
            refused::hide_elsewhere(&mut parsed.errors, &parted.refused, &parted.pages);
            refused::told(&hidden, CITY)
        }
    };
    Ok(Foreseen { parsed, mapping, refused })
}

/// Takes away the statements of units that whoever looks may not act for, with what was noticed in them.
fn hide(conn: &mut Conn, actor: &Actor, parsed: &mut Parsed) -> Result<Vec<Refused>> {
    if actor.scope == Scope::All {
        return Ok(Vec::new());
    }
    let all = std::mem::take(&mut parsed.statements);
    let pages = Pages::of(all.iter().map(|page| page.at.clone()).collect(), &all);
    let mut hidden = Vec::new();
    for (index, statement) in all.into_iter().enumerate() {
        match refused::holder(conn, actor, statement.account_number().as_deref())? {
            Holder::Elsewhere => {
                let refusal = Refusal::of(index, &statement, None, Vec::new());
                hidden.push(Refused::unread(refusal, Holder::Elsewhere));
            }
            Holder::Own(_) | Holder::Nobody => parsed.statements.push(statement),
        }
    }
    refused::hide_elsewhere(&mut parsed.warnings, &hidden, &pages);
    Ok(hidden)
}
