//! What mappings are kept for: an account of a bank, or a unit's partners of one kind.

use std::fmt::Display;

use serde::Serialize;

use super::{Saved, query};
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::statement::layout::Layout;
use crate::statement::partner::{Kind, Named};
use crate::statement::query::lock_account;
use crate::store::{Conn, Tx, rows};
use crate::unit::{self, account};

/// What mappings are kept for, and how they are written down.
pub trait Holder: Copy + Display + Serialize {
    type Layout: Clone + PartialEq + Serialize;

    /// What it is called where a mapping is shown.
    const CALLED: &'static str;

    /// Lets one person save at a time, and finds what must be there.
    fn lock(self, tx: &mut Tx<'_>, unit: UnitId) -> Result<()>;

    /// Whether one mapping takes the place of the other.
    fn are_of_one_table(one: &Self::Layout, other: &Self::Layout) -> bool;

    fn read(text: &str) -> Result<Self::Layout>;

    /// Every version, newest first.
    fn parts(self, conn: &mut Conn, unit: UnitId) -> Result<Vec<query::Parts>>;

    fn insert(self, tx: &mut Tx<'_>, unit: UnitId, saved: &Saved<Self, Self::Layout>) -> Result<()>;
}

impl Holder for AccountId {
    type Layout = Layout;
    const CALLED: &'static str = "account";

    fn lock(self, tx: &mut Tx<'_>, unit: UnitId) -> Result<()> {
        lock_account(tx, unit, self)?;
        account::find(tx, unit, self).map(|_| ())
    }

    /// A bank's tables of an account are read one way.
    fn are_of_one_table(_: &Layout, _: &Layout) -> bool {
        true
    }

    fn read(text: &str) -> Result<Layout> {
        Layout::from_toml(text)
    }

    fn parts(self, conn: &mut Conn, unit: UnitId) -> Result<Vec<query::Parts>> {
        query::versions(conn, unit, self)
    }

    fn insert(self, tx: &mut Tx<'_>, unit: UnitId, saved: &Saved<Self, Layout>) -> Result<()> {
        let row = query::LayoutRow {
            unit_id: unit,
            account_id: self,
            version: saved.version,
            mapping: saved.layout.to_toml()?,
            saved_by: saved.saved_by.clone(),
            created_at: saved.created_at,
        };
        rows::insert(tx, &[row])
    }
}

impl Holder for Kind {
    type Layout = Named;
    const CALLED: &'static str = "partner";

    fn lock(self, tx: &mut Tx<'_>, unit: UnitId) -> Result<()> {
        let missing = || Error::not_found("unit_not_found", "no such unit");
        unit::query::lock(tx, unit)?.map(|_| ()).ok_or_else(missing)
    }

    /// Partners of one kind are told apart by their headings.
    fn are_of_one_table(one: &Named, other: &Named) -> bool {
        one.is_headed_by_cells(&other.headings)
    }

    fn read(text: &str) -> Result<Named> {
        Named::from_toml(text)
    }

    fn parts(self, conn: &mut Conn, unit: UnitId) -> Result<Vec<query::Parts>> {
        query::versions_of_partner(conn, unit, self.as_str())
    }

    fn insert(self, tx: &mut Tx<'_>, unit: UnitId, saved: &Saved<Self, Named>) -> Result<()> {
        let row = query::PartnerLayoutRow {
            unit_id: unit,
            partner: self.as_str().to_owned(),
            version: saved.version,
            mapping: saved.layout.to_toml()?,
            saved_by: saved.saved_by.clone(),
            created_at: saved.created_at,
        };
        rows::insert(tx, &[row])
    }
}
