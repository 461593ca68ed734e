//! The safety net itself: a story that leaves broken books behind must fail.

use bienlai::amount::Dong;

use crate::support::{World, each_database, tools};

#[test]
fn a_story_that_leaves_broken_books_is_told_which_promise_broke() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        assert_eq!(world.problems(), Vec::<String>::new());
        let mut owner = world.database.as_owner();
        let drop_trigger = match world.product() {
            bienlai::store::Product::Sqlite => "DROP TRIGGER obligation_moves_on",
            bienlai::store::Product::PostgreSql => "DROP TRIGGER obligation_moves_on ON obligation",
        };
        tools::run(&mut owner, drop_trigger).unwrap();
        tools::run(&mut owner, "UPDATE obligation SET state = 'raised', allocated = 0").unwrap();
        let told = world.problems().join("\n");
        assert!(told.contains("an obligation holds what was allocated to it"), "{told}");
        assert!(told.contains("an obligation is what its newest event says"), "{told}");
        world.stop_watching();
    });
}
