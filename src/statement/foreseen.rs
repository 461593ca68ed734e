//! What importing a file would come to, with nothing stored: a file is looked at before it is imported.

use super::draft::{self, Refusal};
use super::import::Options;
use super::layout::Layout;
use super::owner::Owners;
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
/// `statement_layout_invalid`, `statement_left_out_many`, and those of the store.
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
    let (parted, owners, hidden) = store.read(&actor.scope, |conn| {
        let parted = sorted.map(|sorted| refused::part(conn, actor, sorted, today.next())).transpose()?;
        let owners = Owners::of(conn, actor, &parsed, account_no.as_deref())?;
        Ok((parted, owners, hide(conn, actor, &mut parsed)?))
    })?;
    owners.hide_elsewhere(&mut parsed.warnings);
    let Some(parted) = parted else {
        owners.hide_errors(&mut parsed.errors);
        return Ok(Foreseen { parsed, mapping, refused: refused::told(&hidden, CITY) });
    };
    owners.hide_elsewhere(&mut parsed.errors);
    let refused = match parted.accounts.first() {
        Some(first) => {
            let is_left_out =
                |position: i32| parted.refused.iter().any(|one| one.refusal.position == position);
            parsed.errors.retain(|finding| !parted.pages.owner(&finding.at).is_some_and(is_left_out));
            refused::told(&parted.refused, first.unit)
        }
        None => refused::told(&hidden, CITY),
    };
    Ok(Foreseen { parsed, mapping, refused })
}

/// Takes away the statements of units that whoever looks may not act for.
fn hide(conn: &mut Conn, actor: &Actor, parsed: &mut Parsed) -> Result<Vec<Refused>> {
    if actor.scope == Scope::All {
        return Ok(Vec::new());
    }
    let all = std::mem::take(&mut parsed.statements);
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
    Ok(hidden)
}
