//! The master key is changed: nothing encrypted is touched, nothing is lost on the way.

use std::process::Command;

use bienlai::amount::Dong;
use bienlai::app::App;
use bienlai::clock::Clock;
use bienlai::config::Config;
use bienlai::party;

use crate::support::app::MASTER_KEY;
use crate::support::keys::KeyWorld;
use crate::support::{World, each_database, tools};

const NEW_KEY: &str = "0a0b0c0d0e0f101112131415161718190a0b0c0d0e0f10111213141516171819";

/// A configuration with these master keys.
fn config(world: &World, master: &str, second: Option<&str>) -> String {
    let second = second.map_or(String::new(), |key| format!("second_master_key = \"{key}\"\n"));
    format!(
        "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{master}\"\n{second}",
        world.database.url
    )
}

fn bienlai(world: &World, config: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let path = world.database.folder.path().join("rewrap.toml");
    std::fs::write(&path, config).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let done = command.arg("--config").arg(&path).args(arguments).output().expect("the program runs");
    (done.status.code(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

/// Who has this telephone number, as a process with this configuration finds them.
fn found(world: &World, config: &str, unit: bienlai::id::UnitId) -> Option<String> {
    let app = App::open(Config::parse_alone(config).expect("a good configuration"), Clock::System)
        .expect("the application opens");
    let scope = bienlai::actor::Scope::All;
    let name = app
        .store
        .read(&scope, |conn| {
            let found = party::search(conn, &app.vault, unit, "phone", "0900000001")?;
            let wanted: Vec<_> = found.iter().map(|id| (unit, *id)).collect();
            let loaded = party::load(conn, &app.vault, &wanted)?;
            Ok(loaded.into_values().next().and_then(|payer| payer.name))
        })
        .expect("the store is read");
    app.lease.release(&app.store).expect("the node is given back");
    assert_eq!(world.database.url, app.config.database.url);
    name
}

#[test]
fn the_master_key_is_changed_step_by_step_and_nothing_is_lost() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in_today(database));
        let world = &keys.world;
        keys.store(&keys.issue(100), None);
        let owed = world.raise(Dong(25_000));
        let waiting = keys.pay();
        let count = || world.count("data_key WHERE wrapped IS NOT NULL");
        let before = count();
        assert!(before >= 3, "payers, a signing key, the index key: {before}");

        let alone = config(world, NEW_KEY, None);
        let (code, told) = bienlai(world, &alone, &["key", "list"]);
        assert!(code != Some(0) && told.contains("master_key_wrong"), "{told}");

        let both = config(world, NEW_KEY, Some(MASTER_KEY));
        assert_eq!(
            found(world, &both, owed.unit).as_deref(),
            Some("Nguyễn Thị Thử"),
            "before the first step"
        );
        let (code, told) = bienlai(world, &both, &["key", "rewrap", "--limit", "1"]);
        assert!(code == Some(1) && told.contains("wrapped anew: 1"), "{told}");
        assert_eq!(world.count("data_key_event"), 1);
        assert_eq!(found(world, &both, owed.unit).as_deref(), Some("Nguyễn Thị Thử"), "half way");
        let (code, told) = bienlai(world, &both, &["key", "rewrap"]);
        assert!(code == Some(0) && told.contains("left: 0") && told.contains("second_master_key"), "{told}");
        assert_eq!(world.count("data_key_event"), before, "each once");
        let (code, told) = bienlai(world, &both, &["key", "rewrap"]);
        assert!(code == Some(0) && told.contains("wrapped anew: 0"), "{told}");

        assert_eq!(found(world, &alone, owed.unit).as_deref(), Some("Nguyễn Thị Thử"), "and found as before");
        let (code, told) = bienlai(world, &alone, &["key", "sign-waiting"]);
        assert!(code == Some(0) && told.contains("signed: 1"), "the signing key opens: {told}");
        assert_eq!(keys.state(waiting), "signed");
        let old = config(world, MASTER_KEY, None);
        let (code, told) = bienlai(world, &old, &["key", "list"]);
        assert!(code != Some(0) && told.contains("master_key_wrong"), "the old key opens nothing: {told}");
        assert_eq!(count(), before);
    });
}

#[test]
fn a_data_key_changes_by_dying_or_by_being_wrapped_anew_and_in_no_other_way() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.raise(Dong(25_000));
        let mut owner = world.database.as_owner();
        let mut try_it =
            |set: &str| tools::run(&mut owner, &format!("UPDATE data_key SET {set} WHERE year > 0")).is_ok();
        assert!(!try_it("wrapped = wrapped"), "without a step of its revision");
        assert!(!try_it("revision = revision + 1"), "without naming the master key");
        assert!(!try_it("master_id = 'x', revision = revision + 2"));
        assert!(!try_it("year = year + 1, master_id = 'x', revision = revision + 1"));
        assert!(!try_it("wrapped = NULL, master_id = 'x', revision = revision + 1"), "dying says when");
        assert!(try_it("wrapped = wrapped, master_id = 'x', revision = revision + 1"));
        assert!(try_it("wrapped = NULL, destroyed_at = 1"));
        assert!(!try_it(
            "wrapped = created_at, destroyed_at = NULL, master_id = 'x', revision = revision + 1"
        ));
    });
}
