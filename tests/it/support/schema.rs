//! What a database says of itself, in the same words for both products.

use std::collections::{BTreeMap, BTreeSet};

use bienlai::store::Conn;

use super::tools::texts;

/// `table.column TYPE NULL|NOT NULL`, and `table (keys)` for each primary key.
pub type Description = BTreeSet<String>;

const DIESELS_OWN: &str = "__diesel_schema_migrations";

pub fn tables(conn: &mut Conn) -> Vec<String> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT name AS t FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        }
        Conn::Pg(_) => {
            "SELECT CAST(relname AS TEXT) AS t FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        }
    };
    texts(conn, sql).into_iter().filter(|table| table != DIESELS_OWN).collect()
}

pub fn describe(conn: &mut Conn) -> Description {
    let mut description = Description::new();
    for table in tables(conn) {
        let (columns, keys) = match conn {
            Conn::Sqlite(_) => (
                format!(
                    "SELECT name || ' ' || type || CASE WHEN \"notnull\" = 1 THEN ' NOT NULL' ELSE ' NULL' END AS t \
                     FROM pragma_table_info('{table}')"
                ),
                format!("SELECT name AS t FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"),
            ),
            Conn::Pg(_) => (
                format!(
                    "SELECT column_name || ' ' || CASE data_type WHEN 'bytea' THEN 'BLOB' ELSE upper(data_type) END || \
                     CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE ' NULL' END AS t \
                     FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
                ),
                format!(
                    "SELECT CAST(a.attname AS TEXT) AS t FROM pg_index i JOIN LATERAL unnest(i.indkey) WITH ORDINALITY \
                     AS k (attnum, place) ON true JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
                     WHERE i.indrelid = 'public.{table}'::regclass AND i.indisprimary ORDER BY k.place"
                ),
            ),
        };
        description.extend(texts(conn, &columns).into_iter().map(|column| format!("{table}.{column}")));
        description.insert(key_line(&table, texts(conn, &keys)));
    }
    description
}

/// A key by its columns. Their order is the product's own: SQLite puts the ids of appended facts
/// first, so that a batch over many units touches few pages.
fn key_line(table: &str, mut columns: Vec<String>) -> String {
    columns.sort_unstable();
    format!("{table} ({})", columns.join(", "))
}

/// The names of indexes and triggers that both products must have, and which tables name rows of which. On PostgreSQL
/// a trigger named after both may stand for a foreign key.
pub fn guards(conn: &mut Conn) -> BTreeSet<String> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT type || ' ' || name AS t FROM sqlite_master WHERE type IN ('index', 'trigger') AND name NOT LIKE 'sqlite_autoindex%' \
             UNION ALL SELECT DISTINCT 'reference ' || t.name || ' ' || k.\"table\" FROM sqlite_master t \
             JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table'"
        }
        // What SQLite does not know, it need not have: TRUNCATE; constraints' own indexes have no name there.
        Conn::Pg(_) => {
            "SELECT 'trigger ' || tgname AS t FROM pg_trigger WHERE NOT tgisinternal AND tgname NOT LIKE '%_is_not_emptied' AND tgname NOT LIKE '%_names_its_%' \
             UNION ALL SELECT 'reference ' || tgrelid::regclass || ' ' || split_part(tgname, '_names_its_', 2) \
             FROM pg_trigger WHERE tgname LIKE '%_names_its_%' \
             UNION ALL SELECT 'reference ' || conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint WHERE contype = 'f' \
             UNION ALL SELECT 'index ' || c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)"
        }
    };
    texts(conn, sql).into_iter().collect()
}

/// For each table that is guarded, the columns that are facts; the trigger's own words tell.
pub fn fact_columns(conn: &mut Conn) -> BTreeMap<String, BTreeSet<String>> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT tbl_name || '|' || sql AS t FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_facts_stay'"
        }
        Conn::Pg(_) => {
            "SELECT tgrelid::regclass || '|' || pg_get_triggerdef(oid) AS t FROM pg_trigger WHERE tgname LIKE '%_facts_stay'"
        }
    };
    let mut facts = BTreeMap::new();
    for row in texts(conn, sql) {
        let (table, definition) = row.split_once('|').expect("two parts");
        let columns = match definition.split_once(" UPDATE OF ") {
            Some((_, rest)) => {
                let list = rest.split(" ON ").next().expect("a list");
                list.split(',').map(|column| column.trim().trim_matches('"').to_owned()).collect()
            }
            None => columns(conn, table).into_iter().collect(),
        };
        facts.insert(table.to_owned(), columns);
    }
    facts
}

pub fn columns(conn: &mut Conn, table: &str) -> Vec<String> {
    let sql = match conn {
        Conn::Sqlite(_) => format!("SELECT name AS t FROM pragma_table_info('{table}') ORDER BY cid"),
        Conn::Pg(_) => format!(
            "SELECT CAST(column_name AS TEXT) AS t FROM information_schema.columns WHERE table_schema = 'public' \
             AND table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    texts(conn, &sql)
}

/// The columns of every table's primary key, in their order and with commas between. All at once: the whole database
/// is described for it.
pub fn primary_keys(conn: &mut Conn) -> BTreeMap<String, String> {
    let key_of = |line: &String| {
        let (table, rest) = line.split_once(" (")?;
        Some((table.to_owned(), rest.strip_suffix(')')?.to_owned()))
    };
    describe(conn).iter().filter_map(key_of).collect()
}

/// `src/store/schema.rs` and its companions in the words of `describe`.
pub fn described_by_diesel() -> Description {
    let source = concat!(
        include_str!("../../../src/store/schema.rs"),
        include_str!("../../../src/store/schema_cash.rs"),
        include_str!("../../../src/store/schema_duty.rs"),
        include_str!("../../../src/store/schema_money.rs"),
        include_str!("../../../src/store/schema_privacy.rs"),
        include_str!("../../../src/store/schema_work.rs"),
        include_str!("../../../src/store/schema_desk.rs"),
        include_str!("../../../src/store/schema_matching.rs"),
        include_str!("../../../src/store/schema_closing.rs"),
        include_str!("../../../src/store/schema_figures.rs"),
        include_str!("../../../src/store/schema_intake.rs"),
        include_str!("../../../src/store/schema_legal.rs"),
        include_str!("../../../src/store/schema_sign_in.rs"),
        include_str!("../../../src/store/schema_recon.rs"),
        include_str!("../../../src/store/schema_sso.rs"),
        include_str!("../../../src/store/schema_succession.rs")
    );
    let mut description = Description::new();
    let mut table = String::new();
    for line in source.lines().map(str::trim) {
        if let Some((name, column)) = line.trim_end_matches(',').split_once(" -> ") {
            let nullable = column.strip_prefix("Nullable<").map(|inner| inner.trim_end_matches('>'));
            let kind = match nullable.unwrap_or(column) {
                "BigInt" => "BIGINT",
                "Integer" => "INTEGER",
                "Text" => "TEXT",
                "Bool" => "BOOLEAN",
                "Binary" => "BLOB",
                "Date" => "DATE",
                other => panic!("schema.rs uses {other}, which the two products do not share"),
            };
            let null = if nullable.is_some() { "NULL" } else { "NOT NULL" };
            description.insert(format!("{table}.{name} {kind} {null}"));
        } else if let Some((name, keys)) = line.split_once(" (")
            && let Some(keys) = keys.strip_suffix(") {")
        {
            table = name.to_owned();
            description.insert(key_line(&table, keys.split(", ").map(str::to_owned).collect()));
        }
    }
    description
}
