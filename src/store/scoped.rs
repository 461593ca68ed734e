//! Reading within a scope: what lies outside it does not exist.

use crate::id::UnitId;

/// Units as they stand between the brackets of `IN ()`, so that one statement asks for all of them. Of no unit there is
/// nothing.
pub fn listed(units: &[UnitId]) -> String {
    if units.is_empty() {
        return "NULL".to_owned();
    }
    units.iter().map(|unit| unit.0.to_string()).collect::<Vec<_>>().join(", ")
}

/// Keeps a boxed query to the units of a scope, by the `unit_id` of the named table.
#[macro_export]
macro_rules! in_scope {
    ($query:expr, $scope:expr, $table:ident) => {
        match $scope.unit_ids() {
            Some(units) => $query.filter($table::unit_id.eq_any(units)),
            None => $query,
        }
    };
}

/// The unit of the row with this id within a scope, if there is one: ids do not tell their unit.
#[macro_export]
macro_rules! unit_in_scope {
    ($conn:expr, $scope:expr, $table:ident, $id:expr) => {{
        let found = $table::table.filter($table::id.eq($id)).select($table::unit_id).into_boxed();
        $crate::in_scope!(found, $scope, $table).first($conn).optional().classify()
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_listed_as_a_statement_asks_for_them_and_none_is_asked_for_as_nothing() {
        assert_eq!(listed(&[UnitId(2), UnitId(30)]), "2, 30");
        assert_eq!(listed(&[]), "NULL");
    }
}
