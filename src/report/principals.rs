//! What a unit collected on behalf of others, and what was collected in its own name by whom it entrusted:
//! by receipts of their day of issue. The principal is who reports on them (Decree 123/2020/NĐ-CP, article
//! 38).

mod principal_query;

use std::collections::BTreeMap;

use serde::Serialize;

use super::fees::{READERS, Span};
use super::question;
use super::sheet::Cell;
use super::table::Table;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::unit::entrustment::{self, Entrustment};
use crate::unit::imprint::{self, Dated};
use crate::unit::{self, Unit};

/// Who collects for whom, by what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Bond {
    pub principal: String,
    pub principal_tax_code: String,
    pub collector: String,
    pub collector_tax_code: String,
    /// Number of the contract or decision.
    pub basis: String,
}

/// What was collected under one bond.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collected {
    #[serde(flatten)]
    pub bond: Bond,
    /// Receipts that stand.
    pub receipts: i64,
    pub amount: Dong,
    /// Receipts that were cancelled or replaced.
    pub dropped: i64,
}

/// # Errors
/// `role_not_allowed`, `unit_not_found`, `amount_out_of_range`.
pub fn collected(conn: &mut Conn, actor: &Actor, unit: UnitId, span: Span) -> Result<Vec<Collected>> {
    actor.require_role(&READERS)?;
    actor.scope.require(unit)?;
    let bonds = Bonds {
        own: unit::find(conn, unit)?,
        entrustments: entrustment::of_unit(conn, unit)?,
        imprints: imprint::history(conn, unit)?,
    };
    let mut sums: BTreeMap<Bond, (i64, Dong, i64)> = BTreeMap::new();
    // A receipt says what was recorded when it was numbered, not what was decided later that day.
    let mut since = Instant(0);
    for until in bonds.changes() {
        for day in principal_query::by_day(conn, unit, span.period()?, (since, until))? {
            let Some(bond) = bonds.on(day.issued_on, since) else { continue };
            let sum = sums.entry(bond).or_default();
            sum.0 += day.standing;
            sum.1 = sum.1.checked_add(day.amount)?;
            sum.2 += day.dropped;
        }
        since = until;
    }
    Ok(sums
        .into_iter()
        .map(|(bond, (receipts, amount, dropped))| Collected { bond, receipts, amount, dropped })
        .collect())
}

/// Every recorded entrustment of the unit, in both directions.
struct Bonds {
    own: Unit,
    entrustments: Vec<Entrustment>,
    imprints: Vec<Dated>,
}

impl Bonds {
    /// The instants at which something was recorded, and one after all.
    fn changes(&self) -> Vec<Instant> {
        let of_entrustments = self.entrustments.iter().map(|held| held.recorded_at);
        let mut all: Vec<Instant> =
            of_entrustments.chain(self.imprints.iter().map(|held| held.recorded_at)).collect();
        all.push(Instant(i64::MAX));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What stood on the unit's receipts of a day, as far as it was recorded by an instant.
    fn on(&self, day: BusinessDay, recorded: Instant) -> Option<Bond> {
        let known = self.entrustments.iter().filter(|held| held.recorded_at <= recorded);
        let own = &self.own;
        if let Some(held) = entrustment::newest(known, day) {
            return Some(Bond {
                principal: own.name.clone(),
                principal_tax_code: own.tax_code.clone(),
                collector: held.issuer.name.clone(),
                collector_tax_code: held.issuer.tax_code.clone(),
                basis: held.decision_no.clone(),
            });
        }
        let mut known =
            self.imprints.iter().filter(|held| held.recorded_at <= recorded && held.valid_from <= day);
        let principal = known.next_back()?.imprint.principal.clone()?;
        Some(Bond {
            principal: principal.name,
            principal_tax_code: principal.tax_code,
            collector: own.name.clone(),
            collector_tax_code: own.tax_code.clone(),
            basis: principal.contract,
        })
    }
}

/// As a sheet.
pub fn table(unit: &Unit, span: Span, collected: &[Collected]) -> Table {
    let title = vec![
        "Thu theo ủy nhiệm / Collected on behalf of principals".to_owned(),
        format!("{} {} · {span}", unit.code, unit.name),
        "Theo ngày lập biên lai / By the receipts' day of issue".to_owned(),
        question::line(&["principals", &unit.code, &span.to_string()]),
    ];
    let columns: &[&str] = &[
        "Bên ủy nhiệm / Principal",
        "MST / Tax code",
        "Bên thu / Collector",
        "MST / Tax code",
        "Căn cứ / Basis",
        "Biên lai / Receipts",
        "Số tiền / Amount",
        "Hủy, thay thế / Dropped",
    ];
    let row = |one: &Collected| {
        vec![
            Cell::text(&one.bond.principal),
            Cell::text(&one.bond.principal_tax_code),
            Cell::text(&one.bond.collector),
            Cell::text(&one.bond.collector_tax_code),
            Cell::text(&one.bond.basis),
            Cell::Count(one.receipts),
            Cell::Amount(one.amount),
            Cell::Count(one.dropped),
        ]
    };
    Table { title, columns, rows: collected.iter().map(row).collect() }
}
