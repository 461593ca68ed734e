//! Places of a file that are told with what is wrong there: of another unit's statement nobody reads a figure, also
//! where nothing of the file goes in.

use bienlai::statement::foreseen::foresee;
use bienlai::statement::import::Options;
use bienlai::statement::inbox;
use bienlai::worker::inbox::Inbox;

use crate::imports::try_import;
use crate::left_out::{day_of, officer, together};
use crate::support::bank_file::BankFile;
use crate::support::tools::Folder;
use crate::support::world::Commune;
use crate::support::{World, each_database};

/// What Ba Đình's broken statement says: its closing, its lines, and what lies between.
const THEIRS: [&str; 3] = ["185501", "25000", "160501"];
/// The same of Tây Hồ's.
const OURS: [&str; 2] = ["73301", "65301"];

/// A statement that does not come to what it closes with.
fn broken(world: &World, commune: &Commune, amount: i64, closing: i64) -> BankFile {
    BankFile { claimed_closing: Some(closing), ..day_of(world, commune.account_no, amount) }
}

#[track_caller]
fn tells_nothing_of(secrets: &[&str], told: &str) {
    for secret in secrets {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[test]
fn of_a_file_of_the_inbox_that_is_wrong_in_two_units_each_reads_its_own_figures() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = together(&[
            broken(&world, &world.ba_dinh, 25_000, 185_501),
            broken(&world, &world.tay_ho, 8_000, 73_301),
        ]);
        let folder = Folder::new("inbox-left-out-places");
        std::fs::write(folder.path().join("two.xml"), bytes).unwrap();
        let mut inbox = Inbox::new(folder.path());
        inbox.look(&world.app, &|| true).unwrap();
        assert_eq!(inbox.look(&world.app, &|| true).unwrap().failed, 1);
        let told = |commune: &Commune| {
            let taken = world.look(|conn| inbox::newest(conn, &[commune.id], 10));
            let [only] = taken.as_slice() else { panic!("{taken:?}") };
            assert_eq!(only.error_code.as_deref(), Some("balance_broken"));
            serde_json::to_string(&only.places).unwrap()
        };
        let (theirs, ours) = (told(&world.ba_dinh), told(&world.tay_ho));
        assert!(theirs.contains(THEIRS[0]) && ours.contains(OURS[0]), "{theirs} {ours}");
        tells_nothing_of(&OURS, &theirs);
        tells_nothing_of(&THEIRS, &ours);
    });
}

#[test]
fn of_a_file_that_is_cut_off_an_officer_reads_no_figure_of_another_unit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let both = together(&[
            broken(&world, &world.ba_dinh, 25_000, 185_501),
            day_of(&world, world.tay_ho.account_no, 8_000),
        ]);
        let both = String::from_utf8(both).unwrap();
        let cut = &both.as_bytes()[..both.rfind("<Ntry>").unwrap()];
        let actor = officer(&world, &world.tay_ho);
        let secrets = [THEIRS.as_slice(), [world.ba_dinh.account_no].as_slice()].concat();

        let imported = try_import(&world, &actor, cut).unwrap();
        assert!(imported.errors.iter().any(|error| error.code == "xml_truncated"), "{:?}", imported.errors);
        tells_nothing_of(&secrets, &serde_json::to_string(&imported).unwrap());

        let today = world.now().business_day();
        let foreseen = foresee(&world.store, today, &actor, cut, Options::default()).unwrap();
        assert!(!foreseen.parsed.errors.is_empty());
        tells_nothing_of(&secrets, &serde_json::to_string(&foreseen.parsed).unwrap());
        assert_eq!(world.count("statement"), 0);
    });
}
