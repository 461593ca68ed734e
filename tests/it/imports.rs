//! Bank files come twice, in three formats, in pieces and with mistakes; each line is stored once.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::exception::Kind;
use bienlai::obligation::reference::{CodeBook, Found};
use bienlai::statement::import::{Imported, ImportedStatement, import_file, original_file};
use bienlai::statement::{line_query, line_texts, quarantine};

use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};

fn codes_of(memo: &str) -> (Vec<String>, Vec<String>) {
    let (mut verified, mut damaged) = (Vec::new(), Vec::new());
    for found in CodeBook::hanoi().extract(memo) {
        match found {
            Found::Verified(code) => verified.push(code.as_str().to_owned()),
            Found::Damaged { text, .. } => damaged.push(text),
        }
    }
    (verified, damaged)
}

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

pub fn try_import(world: &World, actor: &Actor, bytes: &[u8]) -> Result<Imported> {
    import_file(&world.store, &|| world.stamp(), actor, &codes_of, bytes)
}

pub fn import(world: &World, bytes: &[u8]) -> Imported {
    let imported = try_import(world, &Actor::system(), bytes).expect("the file is imported");
    assert!(imported.errors.is_empty(), "{:?}", imported.errors);
    imported
}

/// (new, known) of the only statement of a file.
fn counts(imported: &Imported) -> (usize, usize) {
    let [only] = imported.statements.as_slice() else { panic!("{:?}", imported.statements) };
    (only.lines_new, only.lines_known)
}

fn busy_day(world: &World) -> BankFile {
    BankFile::new(world.ba_dinh.account_no, today(world), 0)
        .book(25_000, "NHAN TU 19001 ND HNPH7K2MQ4X97 LE PHI", "FT26327000000101")
        .book(150_000, "NOP PHI khong ma", "FT26327000000102")
        .book(8_000, "LE VI DU chuyen tien", "FT26327000000103")
        .book(8_000, "LE VI DU chuyen tien", "FT26327000000104")
        .book(-5_500, "PHI DICH VU THANG 11", "FT26327000000105")
}

fn line_count(world: &World) -> i64 {
    world.count("statement_line")
}

#[test]
fn the_same_day_as_camt_mt940_and_csv_is_one_set_of_lines() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = busy_day(&world);
        assert_eq!(counts(&import(&world, &day.camt())), (5, 0));
        assert_eq!(counts(&import(&world, &day.mt940())), (0, 5));
        assert_eq!(counts(&import(&world, &day.csv())), (0, 5));
        assert_eq!(counts(&import(&world, &day.clone().without_references().csv())), (0, 5));
        assert_eq!(line_count(&world), 5, "twins are two lines, and every format tells of the same five");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn a_csv_without_references_is_completed_by_nothing_when_camt_follows() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = busy_day(&world);
        assert_eq!(counts(&import(&world, &day.clone().without_references().csv())), (5, 0));
        assert_eq!(counts(&import(&world, &day.camt())), (0, 5));
        assert_eq!(counts(&import(&world, &day.reversed().mt940())), (0, 5));
        assert_eq!(line_count(&world), 5);
    });
}

#[test]
fn a_file_that_comes_again_changes_nothing_and_says_so() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = busy_day(&world).camt();
        let first = import(&world, &bytes);
        let second = import(&world, &bytes);
        assert!(!first.already_imported && second.already_imported);
        assert_eq!(first.statements[0].id, second.statements[0].id);
        assert_eq!((world.count("statement"), line_count(&world)), (1, 5));
        let kept = world.look(|conn| {
            original_file(conn, &world.vault, &Actor::system(), world.ba_dinh.id, &first.sha256)
        });
        assert_eq!(kept, bytes);
    });
}

#[test]
fn a_noon_export_and_the_evening_statements_overlap_without_doubling() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (account, day) = (world.ba_dinh.account_no, today(&world));
        let noon = BankFile::new(account, day, 0).book(25_000, "a", "").book(8_000, "b", "");
        assert_eq!(counts(&import(&world, &noon.csv())), (2, 0));
        // The afternoon begins where the noon export ended: its line is no twin of the morning's.
        let afternoon = BankFile::new(account, day, 33_000).book(25_000, "a", "");
        assert_eq!(counts(&import(&world, &afternoon.csv())), (1, 0));
        let whole = BankFile::new(account, day, 0)
            .book(25_000, "a", "R1")
            .book(8_000, "b", "R2")
            .book(25_000, "a", "R3");
        assert_eq!(counts(&import(&world, &whole.camt())), (0, 3));
        assert_eq!(line_count(&world), 3);
    });
}

#[test]
fn a_month_after_its_days_adds_the_days_that_were_missing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (account, monday) = (world.ba_dinh.account_no, today(&world));
        world.wait_days(2);
        import(&world, &BankFile::new(account, monday, 0).book(10_000, "a", "R1").camt());
        let week = BankFile::new(account, monday.plus_days(2), 0)
            .book_on(monday, 10_000, "a", "R1")
            .book_on(monday.plus_days(1), 20_000, "b", "R2")
            .book_on(monday.plus_days(2), 30_000, "c", "R3");
        assert_eq!(counts(&import(&world, &week.csv())), (2, 1));
    });
}

#[test]
fn memos_are_readable_with_the_key_and_codes_are_found_at_import() {
    each_database(|database| {
        let world = World::settled_in(database);
        import(&world, &busy_day(&world).camt());
        let unit = world.ba_dinh.id;
        let lines = world.look(|conn| line_query::open_lines(conn, unit, world.ba_dinh.account, None));
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[0].codes, ["HNPH7K2MQ4X97"]);
        let texts = world.look(|conn| {
            line_texts(conn, &world.vault, unit, lines[0].id, lines[0].key, &lines[0].memo_cipher)
        });
        assert_eq!(texts.memo, "NHAN TU 19001 ND HNPH7K2MQ4X97 LE PHI");
    });
}

#[test]
fn a_day_that_has_not_come_is_refused_at_its_line_and_tomorrows_is_taken() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (account, today) = (world.ba_dinh.account_no, today(&world));
        for write in [BankFile::camt, BankFile::mt940, BankFile::csv] {
            let ahead = BankFile::new(account, today.plus_days(2), 0)
                .book_on(today, 10_000, "a", "R1")
                .book_on(today.plus_days(2), 20_000, "b", "R2");
            let refused = try_import(&world, &Actor::system(), &write(&ahead)).unwrap();
            let told: Vec<_> = refused.errors.iter().map(|error| (error.code, error.at.is_empty())).collect();
            assert_eq!(told, [("statement_in_future", false)]);
        }
        assert_eq!((world.count("statement"), world.count("statement_file")), (0, 0));
        let tomorrow = BankFile::new(account, today.next(), 0).book(10_000, "a", "R1");
        assert_eq!(counts(&import(&world, &tomorrow.camt())), (1, 0));
    });
}

#[test]
fn balances_that_do_not_add_up_refuse_the_file_with_the_numbers() {
    each_database(|database| {
        let world = World::settled_in(database);
        for write in [BankFile::camt, BankFile::mt940, BankFile::csv] {
            let mut broken = busy_day(&world);
            broken.claimed_closing = Some(185_501);
            let imported = try_import(&world, &Actor::system(), &write(&broken)).unwrap();
            assert_eq!(
                imported.errors.iter().map(|error| error.code).collect::<Vec<_>>(),
                ["balance_broken"]
            );
            assert!(imported.errors[0].message.contains("185501"), "{}", imported.errors[0].message);
        }
        assert_eq!((world.count("statement"), world.count("statement_file")), (0, 0));
    });
}

#[test]
fn one_line_of_many_that_does_not_read_is_set_aside_and_the_rest_is_stored() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = String::from_utf8(busy_day(&world).mt940()).unwrap().replace("C150000,N", "C15x000,N");
        let imported = import(&world, bytes.as_bytes());
        assert_eq!(counts(&imported), (4, 0));
        assert_eq!(imported.statements[0].quarantined, 1);
        let aside =
            world.look(|conn| quarantine::of_statement(conn, world.ba_dinh.id, imported.statements[0].id));
        assert_eq!((aside.len(), aside[0].place.starts_with("line ")), (1, true), "{aside:?}");
        // The bank sends it again, corrected: only the line that was missing is new.
        assert_eq!(counts(&import(&world, &busy_day(&world).mt940())), (1, 4));
    });
}

#[test]
fn a_missing_statement_opens_an_exception_that_its_arrival_closes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (account, monday) = (world.ba_dinh.account_no, today(&world));
        world.wait_days(2);
        let first = BankFile::new(account, monday, 0).book(10_000, "a", "R1");
        let second = BankFile::new(account, monday.plus_days(1), 10_000).book(20_000, "b", "R2").numbered(2);
        let third = BankFile::new(account, monday.plus_days(2), 30_000).book(30_000, "c", "R3").numbered(3);
        import(&world, &first.camt());
        let gap = import(&world, &third.camt());
        assert!(!gap.statements[0].is_chained);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::StatementGap]);
        import(&world, &second.camt());
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "the missing statement came");
    });
}

#[test]
fn a_twin_that_was_taken_for_the_line_before_a_gap_keeps_the_gap_open_until_the_whole_day_brings_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let from = |opening| BankFile::new(world.ba_dinh.account_no, today(&world), opening);
        let first = from(0).book(5_000, "nop phi", "");
        let between = from(5_000).book(700, "khac", "");
        let last = from(5_700).book(5_000, "nop phi", "");
        let came = [&first, &last, &between].map(|file| counts(&import(&world, &file.csv())));
        assert_eq!(came, [(1, 0), (0, 1), (1, 0)]);
        assert_eq!(world.open_kinds(unit), [Kind::StatementGap], "5.000 are missing still");
        let asked = world.exceptions(unit).remove(0).detail;
        assert!(asked.contains("amid_its_own"), "it says what to load: {asked}");
        let whole = from(0).book(5_000, "nop phi", "").book(700, "khac", "").book(5_000, "nop phi", "");
        assert_eq!(counts(&import(&world, &whole.csv())), (1, 2));
        assert!(world.open_kinds(unit).is_empty());
    });
}

#[test]
fn a_gap_behind_a_misprinted_day_does_not_end_by_a_balance_amid_the_lines_of_its_statement() {
    each_database(|database| {
        let world = World::settled_in(database);
        let monday = today(&world);
        world.wait_days(1);
        let from = |day, opening| BankFile::new(world.ba_dinh.account_no, day, opening);
        let told =
            |opening| from(today(&world), opening).book(5_000, "nop phi", "R1").book(700, "le phi", "R2");
        let came = [0, 5_000].map(|opening| counts(&import(&world, &told(opening).csv())));
        assert_eq!(came, [(2, 0), (0, 2)], "the first one was misprinted");
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::StatementGap], "Monday is missing");
        import(&world, &from(monday, 0).book(5_000, "hom truoc", "R0").csv());
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn twins_in_numbered_statements_of_one_day_are_lines_of_their_own_in_whatever_order_these_come() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (account, day) = (world.ba_dinh.account_no, today(&world));
        let from = |opening| BankFile::new(account, day, opening);
        let first = from(0).book(5_000, "nop phi", "R1");
        let second = from(5_000).book(700, "khac", "R2").book(5_000, "nop phi", "R3").numbered(2);
        let third = from(10_700).book(5_000, "nop phi", "R4").numbered(3);
        let fourth = from(15_700).book(200, "them", "R5").numbered(4);
        let came = [&first, &fourth, &third, &second].map(|file| counts(&import(&world, &file.mt940())));
        assert_eq!(came, [(1, 0), (1, 0), (1, 0), (2, 0)]);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "nothing is missing any more");
        // The other form of the same day tells nothing new.
        let whole = from(0)
            .book(5_000, "nop phi", "N1")
            .book(700, "khac", "N2")
            .book(5_000, "nop phi", "N3")
            .book(5_000, "nop phi", "N4")
            .book(200, "them", "N5");
        assert_eq!(counts(&import(&world, &whole.camt())), (0, 5));
        assert_eq!(line_count(&world), 5);
    });
}

#[test]
fn twins_without_references_in_numbered_statements_of_one_day_are_lines_of_their_own_in_any_order() {
    each_database(|database| {
        let world = World::settled_in(database);
        for (number, order) in [(1_u32, [0_u32, 2, 1]), (4, [2, 1, 0]), (7, [1, 0, 2])] {
            let day = today(&world);
            let twin = |at: u32| {
                let opening = i64::from(number + at - 1) * 5_000;
                let file = BankFile::new(world.ba_dinh.account_no, day, opening).numbered(number + at);
                file.book(5_000, "nop phi", "")
            };
            let came = order.map(|at| counts(&import(&world, &twin(at).mt940())));
            assert_eq!(came, [(1, 0); 3], "{order:?}");
            assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "{order:?}");
            world.wait_days(1);
        }
        assert_eq!(line_count(&world), 9);
    });
}

#[test]
fn a_reference_that_two_numbered_statements_of_one_day_use_names_two_lines() {
    each_database(|database| {
        let world = World::settled_in(database);
        let from = |opening| BankFile::new(world.ba_dinh.account_no, today(&world), opening);
        let first = from(0).book(5_000, "nop phi", "X");
        let second = from(5_000).book(5_000, "nop phi", "X").numbered(2);
        for file in [&first, &second] {
            let imported = import(&world, &file.mt940());
            assert_eq!((counts(&imported), imported.statements[0].is_chained), ((1, 0), true));
        }
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        assert_eq!(line_count(&world), 2);
    });
}

#[test]
fn a_statement_whose_money_was_swept_away_keeps_its_lines_when_the_next_of_its_day_came_first() {
    each_database(|database| {
        let world = World::settled_in(database);
        let from = |number| BankFile::new(world.ba_dinh.account_no, today(&world), 0).numbered(number);
        let second = from(2).book(5_000, "nop phi", "R3");
        let swept = from(1).book(5_000, "nop phi", "R1").book(-5_000, "chuyen ve Kho bac", "R2");
        let came = [&second, &swept].map(|file| counts(&import(&world, &file.mt940())));
        assert_eq!(came, [(1, 0), (2, 0)]);
        let whole = from(3)
            .book(5_000, "nop phi", "N1")
            .book(-5_000, "chuyen ve Kho bac", "N2")
            .book(5_000, "nop phi", "N3");
        assert_eq!(counts(&import(&world, &whole.mt940())), (0, 3), "the whole day tells nothing new");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn what_tells_numbered_statements_of_a_day_over_again_under_other_references_doubles_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let account = world.ba_dinh.account_no;
        // The whole day last, first, and as a fuller copy of its first statement.
        for (opening, number, order) in [(0, 1, [0, 1, 2]), (5_700, 4, [2, 0, 1]), (11_400, 7, [0, 1, 3])] {
            let day = today(&world);
            let from = |opening, number| BankFile::new(account, day, opening).numbered(number);
            let files = [
                from(opening, number).book(5_000, "nop phi", "R1"),
                from(opening + 5_000, number + 1).book(700, "le phi", "R2"),
                from(opening, number + 2).book(5_000, "nop phi", "N1").book(700, "le phi", "N2"),
                from(opening, number).book(5_000, "nop phi", "R1").book(700, "le phi", "N2"),
            ];
            let came = order.map(|at: usize| counts(&import(&world, &files[at].mt940())));
            assert_eq!(came.iter().map(|(new, _)| new).sum::<usize>(), 2, "{order:?}: {came:?}");
            assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "{order:?}");
            world.wait_days(1);
        }
        assert_eq!(line_count(&world), 6);
    });
}

#[test]
fn a_statement_that_came_late_and_is_sent_again_with_the_later_one_takes_nothing_out_and_misses_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let from = |opening| BankFile::new(world.ba_dinh.account_no, today(&world), opening);
        let first = from(0).book(5_000, "nop phi", "R1").mt940();
        let second = from(5_000).book(700, "khac", "R2").numbered(2).mt940();
        for file in [&second, &first] {
            assert_eq!(counts(&import(&world, file)), (1, 0));
        }
        let evening = import(&world, &[first, second].concat());
        let told = |one: &ImportedStatement| (one.lines_new, one.lines_known, one.is_chained);
        let told: Vec<_> = evening.statements.iter().map(told).collect();
        assert_eq!((told, evening.held.len()), (vec![(0, 1, true), (0, 1, true)], 0));
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "nothing is asked");
        assert_eq!(line_count(&world), 2);
    });
}

#[test]
fn a_part_of_a_day_that_is_sent_again_after_the_whole_takes_none_of_the_rest_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let from = |number| BankFile::new(world.ba_dinh.account_no, today(&world), 0).numbered(number);
        let whole = from(3).book(5_000, "nop phi", "N1").book(700, "le phi", "N2").mt940();
        let part = from(1).book(5_000, "nop phi", "R1").mt940();
        // Sent again, the file is another one by the number of its message.
        let again = String::from_utf8(part.clone()).unwrap().replace(":20:S1", ":20:S9").into_bytes();
        let came = [whole, part, again].map(|file| {
            let imported = import(&world, &file);
            assert!(imported.held.is_empty(), "{:?}", imported.held);
            (counts(&imported), imported.already_imported)
        });
        assert_eq!(came, [((2, 0), false), ((0, 1), false), ((0, 1), false)]);
        assert_eq!(line_count(&world), 2);
    });
}

#[test]
fn strange_accounts_scopes_and_currencies_are_refused_by_code() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let code = |actor: &Actor, bytes: &[u8]| try_import(&world, actor, bytes).unwrap_err().code();
        let stranger = BankFile::new("1900999900", day, 0).book(1_000, "a", "R1");
        assert_eq!(code(&Actor::system(), &stranger.camt()), "statement_account_unknown");
        let own = busy_day(&world);
        let elsewhere = Actor {
            person: Some(world.clerk),
            client: None,
            role: Role::Finance,
            scope: Scope::unit(world.tay_ho.id),
        };
        assert_eq!(code(&elsewhere, &own.camt()), "unit_not_found");
        let cashier = Actor { role: Role::Cashier, ..elsewhere };
        assert_eq!(code(&cashier, &own.camt()), "role_not_allowed");
        let dollars = String::from_utf8(own.camt()).unwrap().replace("VND", "USD");
        assert_eq!(code(&Actor::system(), dollars.as_bytes()), "statement_currency");
        let old = BankFile::new(world.ba_dinh.account_no, day.plus_days(-1), 0).book(1_000, "a", "R1");
        assert_eq!(code(&Actor::system(), &old.camt()), "statement_before_account");
        assert_eq!(world.count("statement"), 0);
    });
}

#[test]
fn a_large_statement_goes_in_in_chunks_and_is_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        let mut large = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        for number in 0..1_203 {
            large =
                large.book(1_000 + number % 7, &format!("noi dung {}", number % 11), &format!("R{number}"));
        }
        assert_eq!(counts(&import(&world, &large.camt())), (1_203, 0));
        assert_eq!(counts(&import(&world, &large.without_references().csv())), (0, 1_203));
    });
}

#[test]
fn a_statement_left_half_loaded_is_invisible_and_finished_by_the_next_import() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let bytes = busy_day(&world).camt();
        let first = import(&world, &bytes);
        // As a crash before the last transaction leaves it.
        let mut owner = world.database.as_owner();
        tools::run(&mut owner, "UPDATE statement SET state = 'loading', revision = revision + 1").unwrap();
        assert!(world.look(|conn| line_query::open_lines(conn, unit, account, None)).is_empty());
        assert_eq!(
            counts(&import(&world, &busy_day(&world).csv())),
            (0, 5),
            "it is finished before another begins"
        );
        assert_eq!(world.look(|conn| line_query::open_lines(conn, unit, account, None)).len(), 5);
        assert!(import(&world, &bytes).already_imported);
        assert_eq!(first.statements[0].lines_new, 5);
    });
}
