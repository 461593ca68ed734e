//! A round over many accounts comes to the same books on one thread and on four.

use std::collections::BTreeMap;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::ledger;
use bienlai::obligation::Obligation;
use bienlai::reconciliation::reconcile_side_by_side;

use crate::imports::import;
use crate::refunds::today;
use crate::support::bank_file::BankFile;
use crate::support::world::Commune;
use crate::support::{World, each_database};

/// Twelve accounts of three communes, with money of every kind on each: claimed, unclaimed, too much, in part,
/// a neighbour's, for one obligation on two accounts at once, unknown, a charge.
fn busy(world: &World) -> Vec<Obligation> {
    let mut owed = Vec::new();
    for (at, commune) in world.communes().into_iter().enumerate() {
        // Two accounts of one commune bring parts of one fee: both visits want the same obligation.
        let shared = world.raise_at(commune, Dong(40_000));
        for nth in 0..4 {
            let number = match nth {
                0 => commune.account_no.to_owned(),
                nth => format!("19005{at}{nth}000"),
            };
            if nth > 0 {
                world.open_account(commune, &number);
            }
            let file = BankFile::new(&number, today(world), 0);
            import(world, &filled(world, (commune, at * 4 + nth), file, &shared, &mut owed).camt());
        }
        owed.push(shared);
    }
    owed
}

fn filled(
    world: &World,
    (commune, at): (&Commune, usize),
    mut file: BankFile,
    shared: &Obligation,
    owed: &mut Vec<Obligation>,
) -> BankFile {
    let neighbour = world.communes()[(at / 4 + 1) % 3];
    for (nth, change) in [0, 7_000, -2_000].into_iter().enumerate() {
        let one = world.raise_at(commune, Dong(25_000));
        let reference = format!("FT{at:02}{nth}");
        file = file.book(25_000 + change, &format!("{} nop phi", one.reference_code), &reference);
        owed.push(one);
    }
    let other = world.raise_at(neighbour, Dong(9_000));
    let file = file
        .book(9_000, &format!("{} nop ho", other.reference_code), &format!("FT{at:02}7"))
        .book(5_000, &format!("{} gop", shared.reference_code), &format!("FT{at:02}4"))
        .book(1_000 + at as i64, "khong ro", &format!("FT{at:02}5"))
        .book(-2_000, "khong ro", &format!("FT{at:02}6"));
    owed.push(other);
    file.without_sequence()
}

/// What a round came to, without the ids that it minted.
fn books(world: &World, owed: &[Obligation]) -> Vec<String> {
    let mut told = Vec::new();
    for one in owed {
        let now = world.again(one);
        let receipts = world.receipts(one).len();
        told.push(format!("{} {:?} {} {receipts}", now.dossier_code, now.state, now.allocated.0));
    }
    for commune in world.communes() {
        let mut sums: BTreeMap<String, (i64, usize)> = BTreeMap::new();
        for (account, sum) in world.look(|conn| ledger::trial_balance(conn, commune.id)) {
            let name = account.split('/').next().unwrap_or_default().to_owned();
            let entry = sums.entry(name).or_default();
            *entry = (entry.0 + sum.0, entry.1 + 1);
        }
        told.push(format!("{:?}", sums));
        let items = world.exceptions(commune.id);
        let mut items: Vec<String> =
            items.iter().map(|item| format!("{} {} {:?}", item.kind, item.amount.0, item.state)).collect();
        items.sort();
        told.push(items.join(", "));
    }
    told
}

#[test]
fn one_thread_and_four_come_to_the_same_books_and_a_second_round_changes_nothing() {
    each_database(|database| {
        let product = database.product;
        let mut told = Vec::new();
        for threads in [1, 4] {
            let world = World::settled_in(crate::support::Database::fresh(product));
            let owed = busy(&world);
            let round = || {
                let visited =
                    reconcile_side_by_side(&world.store, &|| world.stamp(), &Actor::system(), None, threads);
                let visited = visited.expect("the round ends");
                assert_eq!(visited.len(), 12);
                visited.iter().all(|one| one.outcome.is_ok())
            };
            // An account that waited too long for a lock on a slow machine is visited again.
            assert!((0..5).any(|_| round()), "an account fails again and again");
            let first = books(&world, &owed);
            assert!((0..5).any(|_| round()));
            assert_eq!(books(&world, &owed), first);
            told.push(first);
        }
        assert_eq!(told[0], told[1]);
    });
}
