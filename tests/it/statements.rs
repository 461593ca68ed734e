//! The hot set statements give equal results on both products.

use bienlai::amount::Dong;
use bienlai::clock::{BusinessDay, Instant};
use bienlai::store::Conn;
use bienlai::store::rows::{self, Column, Lock, Update};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

use crate::support::{Database, each_database, tools};

bienlai::table_row! {
    /// A table with a column of every type.
    #[derive(PartialEq)]
    pub struct Scrap in "scrap" {
        pub unit_id: i64,
        pub id: i64,
        pub amount: Dong,
        pub maybe_at: Option<Instant>,
        pub small: i32,
        pub word: String,
        pub maybe_word: Option<String>,
        pub bytes: Vec<u8>,
        pub maybe_bytes: Option<Vec<u8>>,
        pub is_so: bool,
        pub day: BusinessDay,
        pub maybe_day: Option<BusinessDay>,
        pub revision: i64,
    }
}

const DAY: &str = "2026-11-23";

fn scrap(id: i64) -> Scrap {
    let words =
        ["", "Nguyễn Thị Thử – «đồng» ₫", "'; DROP TABLE scrap; --", "\"\\ {a,b} NULL\t\n", "𐐷 日本語"];
    let word = words[(id.unsigned_abs() % 5) as usize].to_owned();
    let day: BusinessDay = DAY.parse().unwrap();
    Scrap {
        unit_id: 2,
        id,
        amount: Dong([0, -1, i64::MAX, i64::MIN, 25_000][(id.unsigned_abs() % 5) as usize]),
        maybe_at: (id % 2 == 0).then_some(Instant(id)),
        small: if id % 3 == 0 { i32::MIN } else { i32::MAX },
        maybe_word: (id % 3 == 0).then(|| word.clone()),
        bytes: (0..=255).take((id % 256) as usize).collect(),
        maybe_bytes: (id % 4 == 0).then(|| word.clone().into_bytes()),
        word,
        is_so: id % 2 == 1,
        day: day.plus_days(id % 1_000 - 500),
        maybe_day: (id % 5 == 0).then_some(day),
        revision: 1,
    }
}

fn with_scraps(database: &Database) -> Conn {
    let mut conn = database.as_owner();
    let bytes = if matches!(conn, Conn::Pg(_)) { "BYTEA" } else { "BLOB" };
    tools::run(
        &mut conn,
        &format!(
            "CREATE TABLE scrap (unit_id BIGINT NOT NULL, id BIGINT NOT NULL, amount BIGINT NOT NULL, maybe_at BIGINT NULL, \
             small INTEGER NOT NULL, word TEXT NOT NULL, maybe_word TEXT NULL, bytes {bytes} NOT NULL, maybe_bytes {bytes} NULL, \
             is_so BOOLEAN NOT NULL, day DATE NOT NULL, maybe_day DATE NULL, revision BIGINT NOT NULL, PRIMARY KEY (unit_id, id))"
        ),
    )
    .unwrap();
    conn
}

type Sql = (
    (BigInt, BigInt, BigInt, Nullable<BigInt>, Integer, Text, Nullable<Text>),
    (Binary, Nullable<Binary>, Bool, Date, Nullable<Date>, BigInt),
);
type Stored = (
    (i64, i64, Dong, Option<Instant>, i32, String, Option<String>),
    (Vec<u8>, Option<Vec<u8>>, bool, BusinessDay, Option<BusinessDay>, i64),
);

fn fetch(conn: &mut Conn, ids: &[i64], lock: Lock) -> Vec<Scrap> {
    let found: Vec<Stored> = rows::fetch::<Sql, _>(
        conn,
        "SELECT t.unit_id, t.id, t.amount, t.maybe_at, t.small, t.word, t.maybe_word, t.bytes, t.maybe_bytes, t.is_so, \
         t.day, t.maybe_day, t.revision FROM scrap t",
        &[("unit_id", Column::of(ids.iter().map(|_| 2_i64))), ("id", Column::of(ids.iter().copied()))],
        "",
        lock,
    )
    .unwrap();
    let mut scraps: Vec<Scrap> = found
        .into_iter()
        .map(|(a, b)| Scrap {
            unit_id: a.0,
            id: a.1,
            amount: a.2,
            maybe_at: a.3,
            small: a.4,
            word: a.5,
            maybe_word: a.6,
            bytes: b.0,
            maybe_bytes: b.1,
            is_so: b.2,
            day: b.3,
            maybe_day: b.4,
            revision: b.5,
        })
        .collect();
    scraps.sort_by_key(|scrap| scrap.id);
    scraps
}

#[test]
fn five_thousand_rows_of_every_type_come_back_as_they_went_in() {
    each_database(|database| {
        let mut conn = with_scraps(&database);
        let scraps: Vec<Scrap> = (0..5_000).map(scrap).collect();
        rows::insert(&mut conn, &scraps).unwrap();
        let ids: Vec<i64> = (0..5_000).collect();
        for lock in [Lock::None, Lock::Update] {
            assert!(fetch(&mut conn, &ids, lock) == scraps, "rows differ on {:?}", database.product);
        }
        assert_eq!(fetch(&mut conn, &[4_999, 17, 90_000], Lock::None), [scrap(17), scrap(4_999)]);
    });
}

#[test]
fn an_empty_set_does_nothing() {
    each_database(|database| {
        let mut conn = with_scraps(&database);
        rows::insert::<Scrap>(&mut conn, &[]).unwrap();
        assert_eq!(rows::insert_if_absent::<Scrap>(&mut conn, &[], &["unit_id", "id"]).unwrap(), [false; 0]);
        assert!(fetch(&mut conn, &[], Lock::Update).is_empty());
        raise(&mut conn, &[], 1).unwrap();
    });
}

#[test]
fn one_bad_row_takes_its_whole_set_with_it() {
    each_database(|database| {
        let world = crate::support::World::settled_in(database);
        let mut owner = with_scraps(&world.database);
        if matches!(owner, Conn::Pg(_)) {
            tools::run(&mut owner, "GRANT SELECT, INSERT ON scrap TO bienlai_app").unwrap();
        }
        let mut scraps: Vec<Scrap> = (0..3_000).map(scrap).collect();
        scraps.push(scrap(7));
        let failed = world.try_change(|tx, _| rows::insert(tx, &scraps));
        assert_eq!(failed.unwrap_err().code(), "unique_violation");
        assert_eq!(world.count("scrap"), 0);
    });
}

#[test]
fn what_is_there_is_left_alone_and_told() {
    each_database(|database| {
        let mut conn = with_scraps(&database);
        rows::insert(&mut conn, &[scrap(2), scrap(4)]).unwrap();
        let mut offered: Vec<Scrap> = (0..6).map(scrap).collect();
        offered[2].word = "changed".to_owned();
        offered.push(scrap(5)); // twice in one set
        let is_new = rows::insert_if_absent(&mut conn, &offered, &["unit_id", "id"]).unwrap();
        assert_eq!(is_new, [true, true, false, true, false, true, false]);
        assert_eq!(fetch(&mut conn, &[2], Lock::None), [scrap(2)]);
        let many: Vec<Scrap> = (0..5_000).map(scrap).collect();
        let is_new = rows::insert_if_absent(&mut conn, &many, &["unit_id", "id"]).unwrap();
        assert_eq!(is_new.iter().filter(|is_new| **is_new).count(), 4_994);
        assert!(is_new[..6].iter().all(|is_new| !is_new));
    });
}

fn raise(conn: &mut Conn, ids: &[i64], read_revision: i64) -> bienlai::error::Result<()> {
    rows::update(
        conn,
        Update {
            table: "scrap",
            keys: vec![
                ("unit_id", Column::of(ids.iter().map(|_| 2_i64))),
                ("id", Column::of(ids.iter().copied())),
            ],
            guard: vec![("revision", Column::of(ids.iter().map(|_| read_revision)))],
            sets: vec![
                ("maybe_word", Column::of(ids.iter().map(|id| (id % 2 == 0).then(|| format!("đổi {id}"))))),
                ("maybe_day", Column::of(ids.iter().map(|_| None::<BusinessDay>))),
                ("maybe_bytes", Column::of(ids.iter().map(|id| Some(vec![*id as u8])))),
                ("is_so", Column::of(ids.iter().map(|_| false))),
                ("revision", Column::of(ids.iter().map(|_| read_revision + 1))),
            ],
        },
    )
}

#[test]
fn an_update_writes_each_row_its_own_values() {
    each_database(|database| {
        let mut conn = with_scraps(&database);
        rows::insert(&mut conn, &(0..5_000).map(scrap).collect::<Vec<_>>()).unwrap();
        let ids: Vec<i64> = (0..5_000).filter(|id| id % 3 > 0).collect();
        raise(&mut conn, &ids, 1).unwrap();
        for found in fetch(&mut conn, &(0..5_000).collect::<Vec<_>>(), Lock::None) {
            let mut expected = scrap(found.id);
            if found.id % 3 > 0 {
                expected.maybe_word = (found.id % 2 == 0).then(|| format!("đổi {}", found.id));
                expected.maybe_day = None;
                expected.maybe_bytes = Some(vec![found.id as u8]);
                expected.is_so = false;
                expected.revision = 2;
            }
            assert_eq!(found, expected);
        }
    });
}

#[test]
fn a_row_that_moved_or_went_since_it_was_read_fails_the_update_as_contended() {
    each_database(|database| {
        let mut conn = with_scraps(&database);
        rows::insert(&mut conn, &(0..4).map(scrap).collect::<Vec<_>>()).unwrap();
        raise(&mut conn, &[1], 1).unwrap();
        for ids in [&[0, 1, 2][..], &[1], &[0, 99]] {
            let stale = raise(&mut conn, ids, 1).unwrap_err();
            assert_eq!((stale.code(), stale.is_busy()), ("store_contended", true));
        }
    });
}

#[test]
fn a_contended_transaction_is_tried_again_from_its_reads() {
    each_database(|database| {
        let world = crate::support::World::settled_in(database);
        let mut attempts = 0;
        let answer = world.try_change(|_, _| {
            attempts += 1;
            if attempts < 4 {
                return Err(bienlai::error::Error::busy("store_contended", 1, "lost a race"));
            }
            Ok(attempts)
        });
        assert_eq!(answer.unwrap(), 4);
        let mut attempts = 0;
        let given_up = world.try_change(|_, _| {
            attempts += 1;
            Err::<(), _>(bienlai::error::Error::busy("store_contended", 1, "lost a race"))
        });
        assert!(given_up.unwrap_err().is_busy());
        assert_eq!(attempts, 5);
    });
}

#[test]
fn writers_on_one_row_lose_no_update() {
    each_database(|database| {
        let world = crate::support::World::settled_in(database);
        let mut owner = with_scraps(&world.database);
        if matches!(owner, Conn::Pg(_)) {
            tools::run(&mut owner, "GRANT SELECT, INSERT, UPDATE ON scrap TO bienlai_app").unwrap();
        }
        rows::insert(&mut owner, &[scrap(1)]).unwrap();
        let app = &world.app;
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(move || {
                    for _ in 0..10 {
                        app.store
                            .write(&bienlai::actor::Scope::All, bienlai::store::Lane::Live, |tx| {
                                let held = fetch(tx, &[1], Lock::Update).remove(0);
                                raise(tx, &[1], held.revision)
                            })
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(fetch(&mut owner, &[1], Lock::None)[0].revision, 81);
    });
}
