//! The entrustments' SQL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::entrustment::{Entrustment, Issuer};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{EventId, UnitId};
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::receipt_series;

crate::table_row! {
    pub struct EntrustmentRow in "entrusted_certificate" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub action: &'static str,
        pub decision_no: String,
        pub decided_on: BusinessDay,
        pub valid_from: BusinessDay,
        pub valid_until: BusinessDay,
        pub issuer_name: String,
        pub issuer_tax_code: String,
        pub issuer_address: String,
        pub issuer_phone: Option<String>,
        pub issuer_budget_code: Option<String>,
        pub actor: String,
        pub created_at: Instant,
    }
}

type Stored = ((UnitId, EventId), Entrustment);

type Columns = (
    (UnitId, EventId, String, String, BusinessDay, BusinessDay, BusinessDay),
    (String, String, String, Option<String>, Option<String>, Instant),
);

/// Every entrustment of the units and every end of one, oldest first.
fn load(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<Stored>> {
    type Sql = (
        (BigInt, BigInt, Text, Text, Date, Date, Date),
        (Text, Text, Text, Nullable<Text>, Nullable<Text>, BigInt),
    );
    let found: Vec<Columns> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.action, t.decision_no, t.decided_on, t.valid_from, t.valid_until, \
         t.issuer_name, t.issuer_tax_code, t.issuer_address, t.issuer_phone, t.issuer_budget_code, \
         t.created_at FROM entrusted_certificate t",
        &[("unit_id", Column::of(units.iter().copied()))],
        "",
        Lock::None,
    )?;
    let mut all: Vec<Stored> = found.into_iter().map(from_stored).collect();
    all.sort_by_key(|(key, held)| (key.0, held.valid_from, key.1));
    Ok(all)
}

fn from_stored((what, who): Columns) -> Stored {
    let (unit, id, action, decision_no, decided_on, valid_from, valid_until) = what;
    let (name, tax_code, address, phone, budget_code, recorded_at) = who;
    let issuer = Issuer { name, tax_code, address, phone, budget_code };
    let is_end = action == "ended";
    (
        (unit, id),
        Entrustment { decision_no, decided_on, valid_from, valid_until, is_end, issuer, recorded_at },
    )
}

/// The entrustments in force on a day, of those units that have one: what begins last counts, and of one day
/// what was recorded last.
pub fn in_force(conn: &mut Conn, units: &[UnitId], day: BusinessDay) -> Result<Vec<(UnitId, Entrustment)>> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let all = load(conn, units)?;
    let mut found = Vec::new();
    for of_one in all.chunk_by(|(one, _), (other, _)| one.0 == other.0) {
        let Some(((unit, _), _)) = of_one.first() else { continue };
        let held = newest(of_one.iter().map(|(_, held)| held), day);
        found.extend(held.map(|held| (*unit, held.clone())));
    }
    Ok(found)
}

/// Whether one of the units has an entrustment in force on any day of a period.
pub fn any_within(conn: &mut Conn, units: &[UnitId], period: (BusinessDay, BusinessDay)) -> Result<bool> {
    if units.is_empty() {
        return Ok(false);
    }
    let all = load(conn, units)?;
    let mut of_each = all.chunk_by(|(one, _), (other, _)| one.0 == other.0);
    Ok(of_each.any(|of_one| {
        let held: Vec<&Entrustment> = of_one.iter().map(|(_, held)| held).collect();
        is_within(&held, period)
    }))
}

/// Whether one unit's entrustment is in force on any day of a period: on its first, or on one that begins it.
fn is_within(all: &[&Entrustment], (from, until): (BusinessDay, BusinessDay)) -> bool {
    let begins = all.iter().map(|held| held.valid_from).filter(|day| from < *day && *day <= until);
    std::iter::once(from).chain(begins).any(|day| newest(all.iter().copied(), day).is_some())
}

/// Of a unit's entrustments and ends, oldest first, the one in force on a day.
pub fn newest<'a>(all: impl Iterator<Item = &'a Entrustment>, day: BusinessDay) -> Option<&'a Entrustment> {
    all.filter(|held| held.valid_from <= day).last().filter(|held| !held.is_end && day <= held.valid_until)
}

/// Everything on record of one unit, oldest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<Entrustment>> {
    Ok(load(conn, &[unit])?.into_iter().map(|(_, held)| held).collect())
}

/// Template, series and year of the unit's series of receipts, of this year and later ones.
pub fn receipt_series_of(
    conn: &mut Conn,
    unit: UnitId,
    since_year: i32,
) -> Result<Vec<(String, String, i32)>> {
    receipt_series::table
        .filter(receipt_series::unit_id.eq(unit))
        .filter(receipt_series::document_kind.like("receipt%"))
        .filter(receipt_series::year.ge(since_year))
        .order(receipt_series::id)
        .select((receipt_series::template, receipt_series::series, receipt_series::year))
        .load(conn)
        .classify()
}

/// The other units that have a series of this name.
pub fn units_with_series(
    conn: &mut Conn,
    unit: UnitId,
    (template, series, year): (&str, &str, i32),
) -> Result<Vec<UnitId>> {
    receipt_series::table
        .filter(receipt_series::unit_id.ne(unit))
        .filter(receipt_series::template.eq(template))
        .filter(receipt_series::series.eq(series))
        .filter(receipt_series::year.eq(year))
        .select(receipt_series::unit_id)
        .distinct()
        .load(conn)
        .classify()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(from: &str, until: &str, is_end: bool) -> Entrustment {
        let day = |text: &str| text.parse::<BusinessDay>().unwrap();
        Entrustment {
            decision_no: format!("{from} {is_end}"),
            decided_on: day(from),
            valid_from: day(from),
            valid_until: day(until),
            is_end,
            issuer: Issuer {
                name: "Thành phố Mẫu".to_owned(),
                tax_code: "9900000030".to_owned(),
                address: "Số 9 phố Mẫu".to_owned(),
                phone: None,
                budget_code: None,
            },
            recorded_at: Instant(0),
        }
    }

    #[test]
    fn what_begins_last_counts_and_an_end_ends_until_somebody_entrusts_again() {
        let all = [
            held("2026-01-01", "2026-06-30", false),
            held("2026-04-01", "2026-04-01", true),
            held("2026-09-01", "2026-12-31", false),
        ];
        let on = |day: &str| newest(all.iter(), day.parse().unwrap()).map(|one| one.valid_from.to_string());
        assert_eq!(on("2025-12-31"), None);
        assert_eq!(on("2026-03-31").as_deref(), Some("2026-01-01"));
        assert_eq!(on("2026-04-01"), None, "the first day on which it holds no more");
        assert_eq!(on("2026-09-01").as_deref(), Some("2026-09-01"));
        assert_eq!(on("2026-12-31").as_deref(), Some("2026-09-01"), "the last day is one of it");
        assert_eq!(on("2027-01-01"), None);
    }

    #[test]
    fn a_period_meets_an_entrustment_that_begins_or_still_holds_in_it() {
        let all = [
            held("2026-01-01", "2026-06-30", false),
            held("2026-04-01", "2026-04-01", true),
            held("2026-09-01", "2026-12-31", false),
        ];
        let all: Vec<&Entrustment> = all.iter().collect();
        let within =
            |from: &str, until: &str| is_within(&all, (from.parse().unwrap(), until.parse().unwrap()));
        assert!(within("2026-03-31", "2026-08-31"), "it still holds on the first day");
        assert!(!within("2026-04-01", "2026-08-31"), "ended, and the next is to come");
        assert!(within("2026-04-01", "2026-09-01"), "the last day is the first of the next");
        assert!(!within("2027-01-01", "2027-12-31"));
    }
}
