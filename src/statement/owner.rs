//! Whose statement a place of a file lies in: what is found in one unit's statement is told to no other unit, whether
//! or not anything of the file goes in.

use std::collections::{BTreeSet, HashMap};

use super::draft::{Pages, are_on_several_sheets};
use super::file::File;
use super::import::{self, Imported};
use super::refused::{self, Holder};
use super::{Finding, Parsed};
use crate::actor::Actor;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;

/// Whose the account of a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Unit(UnitId),
    /// Of a unit that whoever imports may not act for.
    Elsewhere,
    /// Of several units, and nobody can say of which.
    Several,
    /// Nobody registered it, or the file names none.
    Nobody,
}

impl Owner {
    fn of(holder: &Holder) -> Owner {
        match holder {
            Holder::Own(account) => Owner::Unit(account.unit),
            Holder::Elsewhere => Owner::Elsewhere,
            Holder::Nobody => Owner::Nobody,
        }
    }
}

/// The pages of a file, each with the unit whose account it is of.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    pages: Pages,
    /// Of each page its place and its owner.
    owned: Vec<(String, Owner)>,
}

impl Owners {
    /// Of a file as it was read. `account_no` is the account of a file that names none.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(conn: &mut Conn, actor: &Actor, parsed: &Parsed, account_no: Option<&str>) -> Result<Owners> {
        let mut known: HashMap<Option<String>, Owner> = HashMap::new();
        let mut owned = Vec::with_capacity(parsed.statements.len());
        for page in &parsed.statements {
            let number = page.account_number().or_else(|| account_no.map(str::to_owned));
            let owner = match known.get(&number) {
                Some(owner) => *owner,
                None => {
                    let owner = Owner::of(&refused::holder(conn, actor, number.as_deref())?);
                    known.insert(number, owner);
                    owner
                }
            };
            owned.push((page.at.clone(), owner));
        }
        if are_on_several_sheets(&parsed.statements) {
            blur(&mut owned);
        }
        Ok(Owners { pages: Pages::apart(&parsed.statements), owned })
    }

    fn owner(&self, at: &str) -> Owner {
        let page = self.pages.index_of(at).and_then(|index| self.owned.get(index));
        page.map_or(Owner::Nobody, |(_, owner)| *owner)
    }

    fn is_elsewhere(&self, at: &str) -> bool {
        self.owner(at) == Owner::Elsewhere
    }

    /// Takes away what was found in statements of units that whoever imports may not act for.
    pub fn hide_elsewhere(&self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| !self.is_elsewhere(&finding.at));
    }

    /// The same of what stands in the way of the whole file: that something does is told all the same.
    pub fn hide_errors(&self, errors: &mut Vec<Finding>) {
        let first = errors.iter().find(|error| self.is_elsewhere(&error.at));
        let page = first.and_then(|error| self.owned.get(self.pages.index_of(&error.at)?));
        let place = page.map(|(at, _)| at.clone());
        self.hide_elsewhere(errors);
        if errors.is_empty()
            && let Some(at) = place
        {
            errors.push(Finding::new(
                at,
                "statement_account_elsewhere",
                "Có lỗi trong sao kê của đơn vị khác, nên không có gì của tệp được nạp",
                "a statement of another unit is faulty, so that nothing of the file goes in",
            ));
        }
    }

    /// Whether what stands there is told to a unit: to the one whose statement it is, and where it is nobody's to all.
    pub fn is_told_to(&self, unit: UnitId, at: &str) -> bool {
        match self.owner(at) {
            Owner::Unit(own) => own == unit,
            Owner::Nobody => true,
            Owner::Elsewhere | Owner::Several => false,
        }
    }

    /// The answer to a file that nothing is stored of.
    pub fn refuse(self, file: &File<'_>, parsed: &Parsed, mut errors: Vec<Finding>) -> Box<Imported> {
        self.hide_errors(&mut errors);
        Box::new(Imported { owners: self, ..import::outcome(file, parsed, errors) })
    }
}

/// Places tell the row of a sheet and not which sheet: where the sheets are of several units, each row may be of any.
fn blur(owned: &mut [(String, Owner)]) {
    let units: BTreeSet<Owner> =
        owned.iter().map(|(_, owner)| *owner).filter(|owner| *owner != Owner::Nobody).collect();
    if units.len() > 1 {
        let any = if units.contains(&Owner::Elsewhere) { Owner::Elsewhere } else { Owner::Several };
        owned.iter_mut().for_each(|(_, owner)| *owner = any);
    }
}

/// All but the last four characters hidden, as certificates and errors show account numbers.
pub fn masked(account_no: &str) -> String {
    let count = account_no.chars().count();
    let shown = if count > 6 { 4 } else { 0 };
    account_no.chars().enumerate().map(|(at, c)| if at + shown < count { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Statement;

    #[test]
    fn what_stands_on_sheets_of_several_units_is_told_to_none_of_them() {
        let (one, other) = (Owner::Unit(UnitId(1)), Owner::Unit(UnitId(2)));
        let blurred = |owners: &[Owner]| {
            let mut owned: Vec<_> = owners.iter().map(|owner| ("line 3".to_owned(), *owner)).collect();
            blur(&mut owned);
            owned.into_iter().map(|(_, owner)| owner).collect::<Vec<_>>()
        };
        assert_eq!(blurred(&[one, other]), [Owner::Several, Owner::Several]);
        assert_eq!(blurred(&[one, Owner::Elsewhere]), [Owner::Elsewhere, Owner::Elsewhere]);
        assert_eq!(blurred(&[one, one, Owner::Nobody]), [one, one, Owner::Nobody]);
    }

    #[test]
    fn of_a_file_that_only_another_units_statement_keeps_out_that_is_told_and_no_figure() {
        let page = |at: &str| Statement { at: at.to_owned(), ..Statement::default() };
        let (theirs, ours) = ("/D/Stmt[1]", "/D/Stmt[2]");
        let owners = Owners {
            pages: Pages::apart(&[page(theirs), page(ours)]),
            owned: vec![(theirs.to_owned(), Owner::Elsewhere), (ours.to_owned(), Owner::Unit(UnitId(2)))],
        };
        let broken =
            |at: &str| Finding::new(format!("{at}/Bal[2]"), "balance_broken", "lệch 185501", "off by 185501");
        let left = |places: &[&str]| {
            let mut errors: Vec<Finding> = places.iter().map(|at| broken(at)).collect();
            owners.hide_errors(&mut errors);
            errors
        };
        assert_eq!(left(&[theirs, ours]), [broken(ours)]);
        let alone = left(&[theirs]);
        assert_eq!((alone[0].at.as_str(), alone[0].code), (theirs, "statement_account_elsewhere"));
        assert!(alone.len() == 1 && !alone[0].message.contains("185501"), "{alone:?}");
        assert!(left(&[]).is_empty());
    }
}
