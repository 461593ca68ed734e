//! Row-level security as the only guard: a connection that is limited to one unit sees and writes
//! nothing of another, whatever it is made to say. PostgreSQL only; SQLite has no such thing.

use bienlai::actor::Scope;
use bienlai::amount::Dong;
use bienlai::store::failure::DENIED;
use bienlai::store::{Conn, Lane, Product};

use crate::support::database::products;
use crate::support::{Database, World, tools};

/// Tables with a unit in each row that are read by exact key across units; see the design,
/// "directories", and the feed of the whole installation.
const OUTSIDE: [&str; 3] = ["provider_key", "public_code", "feed"];

fn postgresql() -> Option<Database> {
    products().contains(&Product::PostgreSql).then(Database::postgresql)
}

#[test]
fn every_table_of_units_is_guarded_by_a_policy_even_against_its_owner() {
    let Some(database) = postgresql() else { return };
    let mut conn = database.as_owner();
    let open = tools::texts(
        &mut conn,
        "SELECT CAST(c.relname AS TEXT) AS t FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace \
         AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'unit_id' AND NOT a.attisdropped) \
         AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid \
         AND p.polcmd = '*' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL)) ORDER BY 1",
    );
    let mut expected = OUTSIDE.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(open, expected, "a table with unit_id needs ENABLE and FORCE ROW LEVEL SECURITY and a policy");
}

#[test]
fn a_connection_limited_to_one_unit_sees_nothing_of_another() {
    let Some(database) = postgresql() else { return };
    let world = World::settled_in(database);
    let (of_ba_dinh, of_tay_ho) = (world.raise(Dong(25_000)), world.raise_at(&world.tay_ho, Dong(25_000)));
    world.trust(&world.tay_ho, "vpbank");
    world.claim(&of_ba_dinh, Dong(25_000)).settle();
    world.claim(&of_tay_ho, Dong(30_000)).settle();
    world.seal();
    let mut owner = world.database.as_owner();
    let guarded =
        tools::texts(&mut owner, "SELECT CAST(polrelid::regclass AS TEXT) AS t FROM pg_policy ORDER BY 1");
    let mut seen = 0;
    let scope = Scope::unit(world.ba_dinh.id);
    for table in guarded {
        let all = tools::number(
            &mut owner,
            &format!("SELECT COUNT(*) AS n FROM {table} WHERE unit_id = {}", world.tay_ho.id.0),
        );
        seen += i64::from(all > 0);
        let foreign = world
            .app
            .store
            .read(&scope, |conn| {
                Ok(tools::number(
                    conn,
                    &format!("SELECT COUNT(*) AS n FROM {table} WHERE unit_id <> {}", world.ba_dinh.id.0),
                ))
            })
            .unwrap();
        assert_eq!(foreign, 0, "{table} shows rows of another unit");
    }
    assert!(seen > 15, "the story filled only {seen} tables");
    let none = world.app.store.read(&Scope::Units(Default::default()), |conn| {
        Ok(tools::number(conn, "SELECT COUNT(*) AS n FROM obligation"))
    });
    assert_eq!(none.unwrap(), 0, "a scope of no unit sees nothing");
}

#[test]
fn a_connection_limited_to_one_unit_writes_nothing_for_another() {
    let Some(database) = postgresql() else { return };
    let world = World::settled_in(database);
    let owed = world.raise_at(&world.tay_ho, Dong(25_000));
    let scope = Scope::unit(world.ba_dinh.id);
    let try_sql = |sql: String| {
        let answer = world.app.store.write(&scope, Lane::Live, |tx| {
            use bienlai::store::failure::Classify;
            tools::run(tx.conn(), &sql).classify()
        });
        answer.err().map_or("ok", |error| error.code())
    };
    let foreign = world.tay_ho.id.0;
    assert_eq!(
        try_sql(format!(
            "INSERT INTO posting (unit_id, id, debit_account, credit_account, amount, accounting_date, source_kind, \
             source_id, created_at) VALUES ({foreign}, 1, 'a', 'b', 1, '2026-11-23', 'x', 1, 1)"
        )),
        DENIED
    );
    // What is not visible is not changed; nothing is told of it either.
    assert_eq!(try_sql("UPDATE obligation SET state = 'paid', revision = revision + 1".to_owned()), "ok");
    assert_eq!(world.again(&owed), owed);
}

#[test]
fn no_plain_statement_of_the_service_leaves_its_role() {
    let Some(database) = postgresql() else { return };
    let world = World::settled_in(database);
    let who = |conn: &mut Conn| tools::texts(conn, "SELECT CAST(current_user AS TEXT) AS t").remove(0);
    world
        .app
        .store
        .read(&Scope::unit(world.ba_dinh.id), |conn| {
            assert_eq!(who(conn), "bienlai_app");
            Ok(())
        })
        .unwrap();
    let mut conn = world.database.as_owner();
    tools::run(&mut conn, "SET ROLE bienlai_app").unwrap();
    for attempt in [
        "SET ROLE superuser",
        "SET SESSION AUTHORIZATION superuser",
        "ALTER ROLE bienlai_app BYPASSRLS",
        "ALTER ROLE bienlai_app SUPERUSER",
        "ALTER TABLE obligation DISABLE ROW LEVEL SECURITY",
        "DROP POLICY obligation_in_scope ON obligation",
        "COPY obligation TO PROGRAM 'cat'",
    ] {
        assert_ne!(tools::code_of(&mut conn, attempt), "ok", "{attempt}");
        assert_eq!(who(&mut conn), "bienlai_app");
    }
    // PostgreSQL only warns that there is nothing to give; what counts is that nothing was given.
    tools::run(&mut conn, "GRANT UPDATE ON posting TO bienlai_app").unwrap();
    assert_eq!(tools::code_of(&mut conn, "UPDATE posting SET amount = 1"), DENIED);
    // Row security cannot be switched off to see more, only to be refused.
    tools::run(&mut conn, "SET bienlai.units = ''; SET row_security = off").unwrap();
    assert_ne!(tools::code_of(&mut conn, "SELECT * FROM obligation"), "ok");
}

#[test]
fn a_scope_ends_with_its_transaction() {
    let Some(database) = postgresql() else { return };
    let world = World::settled_in(database);
    world.raise(Dong(25_000));
    // More reads than there are connections: each comes back to a connection that served another scope.
    for round in 0..24 {
        let (scope, expected) = if round % 2 == 0 {
            (Scope::unit(world.ba_dinh.id), 1)
        } else {
            (Scope::unit(world.tay_ho.id), 0)
        };
        let seen = world
            .app
            .store
            .read(&scope, |conn| Ok(tools::number(conn, "SELECT COUNT(*) AS n FROM obligation")));
        assert_eq!(seen.unwrap(), expected);
    }
}

#[test]
fn a_read_cannot_write() {
    for product in products() {
        let world = World::settled_in(Database::fresh(product));
        let written = world.app.store.read(&Scope::All, |conn| {
            use bienlai::store::failure::Classify;
            tools::run(conn, "INSERT INTO holiday (day, name) VALUES ('2027-01-01', 'x')").classify()
        });
        assert!(written.is_err(), "{product:?}");
    }
}
