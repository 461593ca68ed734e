//! Reading within a scope: what lies outside it does not exist.

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
