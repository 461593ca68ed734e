//! What importing a file would come to, with nothing stored: a file is looked at before it is imported.

use std::collections::HashSet;

use super::draft::{self, Sorted};
use super::import::Options;
use super::layout::Layout;
use super::notice;
use super::outline::outline;
use super::owner::Owners;
use super::refusal::Refusal;
use super::refused::{self, Holder, Incoming, Parted, Refused, RefusedStatement};
use super::saved::{self, Understood};
use super::{Finding, Format, Parsed};
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
    /// Whether anything of it would go in: its faults are then of lines that would be set aside.
    pub goes_in: bool,
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
    let parted = match parsed.format {
        Format::Camt054 => part(store, today, actor, notice::sort(&mut outline(&parsed)))?,
        _ => part(store, today, actor, draft::drafts(&mut outline(&parsed), account_no.as_deref()))?,
    };
    let (owners, hidden) = store.read(&actor.scope, |conn| {
        let owners = Owners::of(conn, actor, &parsed, account_no.as_deref())?;
        Ok((owners, hide(conn, actor, &mut parsed)?))
    })?;
    owners.hide_elsewhere(&mut parsed.warnings);
    let Some(parted) = parted else {
        owners.hide_errors(&mut parsed.errors);
        return Ok(Foreseen { parsed, mapping, refused: refused::told(&hidden, CITY), goes_in: false });
    };
    owners.hide_elsewhere(&mut parsed.errors);
    let refused = match parted.accounts.first() {
        Some(first) => {
            let is_left_out =
                |position: i32| parted.refused.iter().any(|one| one.refusal.position == position);
            parsed.errors.retain(|finding| !parted.pages.owner(&finding.at).is_some_and(is_left_out));
            refused::told(&parted.refused, first.unit)
        }
        None => {
            tell_why(&parted.refused, &mut parsed.errors);
            refused::told(&hidden, CITY)
        }
    };
    Ok(Foreseen { parsed, mapping, refused, goes_in: !parted.accounts.is_empty() })
}

/// Where nothing of a file goes in, what keeps each of its statements out is a fault of the file: an account that
/// nobody registered, too, and a day that has not come.
fn tell_why(refused: &[Refused], errors: &mut Vec<Finding>) {
    let mut known: HashSet<(String, &str)> = errors.iter().map(|one| (one.at.clone(), one.code)).collect();
    let told = refused.iter().filter(|one| !one.is_elsewhere());
    for why in told.filter_map(|one| one.refusal.findings.first()) {
        if known.insert((why.at.clone(), why.code)) {
            errors.push(why.clone());
        }
    }
}

/// What would be left out beside what goes in; none where something stands in the way of the whole file.
fn part<T: Incoming>(
    store: &Store,
    today: BusinessDay,
    actor: &Actor,
    sorted: std::result::Result<Sorted<T>, Vec<Finding>>,
) -> Result<Option<Parted>> {
    let Ok(sorted) = sorted else { return Ok(None) };
    let (_, parted) = store.read(&actor.scope, |conn| refused::part(conn, actor, sorted, today.next()))?;
    Ok(Some(parted))
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
                let refusal = Refusal::of(parsed.format, (index, &statement), None, Vec::new());
                hidden.push(Refused::unread(refusal, Holder::Elsewhere));
            }
            Holder::Own(_) | Holder::Nobody => parsed.statements.push(statement),
        }
    }
    Ok(hidden)
}
