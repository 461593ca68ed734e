//! The SQL of what is kept beside bank files.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::error::Result;
use crate::id::UnitId;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema_money::file_mapping;

crate::table_row! {
    /// How the columns of a table file were understood.
    pub struct MappingRow in "file_mapping" {
        pub unit_id: UnitId,
        pub sha256: String,
        pub mapping: String,
        pub created_at: Instant,
    }
}

pub fn mapping_of(conn: &mut Conn, unit: UnitId, sha256: &str) -> Result<Option<String>> {
    file_mapping::table.find((unit, sha256)).select(file_mapping::mapping).first(conn).optional().classify()
}
