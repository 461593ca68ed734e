//! A file of notifications (camt.054) of several accounts: what keeps one of them out keeps no other waiting.

use bienlai::actor::Actor;
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Kind};
use bienlai::statement::foreseen::foresee;
use bienlai::statement::import::Options;

use crate::imports::{import, try_import};
use crate::left_out::{STRANGE, closes, day_of, has_gap, left_out, officer};
use crate::support::{World, each_database};

/// A notification with its entries, each by its reference, its amount and the amount of the one payment inside.
struct Notice<'n> {
    account_no: &'n str,
    number: u32,
    entries: Vec<(&'n str, i64, i64)>,
}

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn notice<'n>(account_no: &'n str, number: u32, entries: &[(&'n str, i64, i64)]) -> Notice<'n> {
    Notice { account_no, number, entries: entries.to_vec() }
}

fn file(world: &World, notices: &[Notice<'_>]) -> Vec<u8> {
    let day = today(world);
    let entry = |(reference, amount, inside): &(&str, i64, i64)| {
        format!(
            "<Ntry><Amt Ccy=\"VND\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}\
             </Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy=\"VND\">{inside}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>nop phi</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        )
    };
    let told = |one: &Notice<'_>| {
        let entries: String = one.entries.iter().map(entry).collect();
        format!(
            "<Ntfctn><Id>N{0}</Id><ElctrncSeqNb>{0}</ElctrncSeqNb><Acct><Id><Othr><Id>{1}</Id></Othr></Id></Acct>\
             {entries}</Ntfctn>",
            one.number, one.account_no
        )
    };
    let notices: String = notices.iter().map(told).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn>{notices}\
         </BkToCstmrDbtCdtNtfctn></Document>"
    )
    .into_bytes()
}

/// Tây Hồ's, with an entry that its payment does not come to.
fn broken(world: &World) -> Notice<'static> {
    notice(world.tay_ho.account_no, 7, &[("T1", 8_000, 8_000), ("T2", 9_000, 3_000)])
}

fn mended(world: &World) -> Notice<'static> {
    notice(world.tay_ho.account_no, 7, &[("T1", 8_000, 8_000), ("T2", 9_000, 9_000)])
}

fn good(world: &World) -> Notice<'static> {
    notice(world.ba_dinh.account_no, 3, &[("B1", 25_000, 25_000)])
}

#[test]
fn a_strange_and_a_broken_notification_are_left_out_and_the_strange_one_goes_in_when_it_is_registered() {
    each_database(|database| {
        let world = World::settled_in(database);
        let strange = notice(STRANGE, 4, &[("S1", 7_000, 7_000)]);
        let bytes = file(&world, &[good(&world), strange, broken(&world)]);
        let out = [
            (2, "statement_account_unknown", Some(STRANGE)),
            (3, "details_do_not_add_up", Some(world.tay_ho.account_no)),
        ];
        let foreseen =
            foresee(&world.store, today(&world), &Actor::system(), &bytes, Options::default()).unwrap();
        let seen: Vec<_> =
            foreseen.refused.iter().map(|one| (one.ordinal, one.code, one.account_no.as_deref())).collect();
        assert_eq!((seen.as_slice(), foreseen.parsed.errors), (out.as_slice(), vec![]), "as it is foreseen");
        assert_eq!((world.count("statement_file"), world.count("exception")), (0, 0));

        let first = import(&world, &bytes);
        assert_eq!((left_out(&first).as_slice(), first.details), (out.as_slice(), 1));
        assert_eq!(world.count("entry_detail"), 1, "of a broken notification no entry is kept");
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::StatementGap], "somebody has it to see to");
        let items = world.look(|conn| exception::list(conn, world.tay_ho.id, None, None, 10));
        assert_eq!((items.len(), items[0].kind, items[0].account), (1, Kind::StatementGap, None));
        assert!(items[0].detail.contains(world.tay_ho.account_no), "{}", items[0].detail);

        let again = import(&world, &bytes);
        assert_eq!((left_out(&again), again.details), (left_out(&first), 0));
        assert!(!again.already_imported, "it was not here whole");
        assert_eq!(world.count("exception WHERE kind = 23"), 2, "and each is asked about once");

        world.open_account(&world.ba_dinh, STRANGE);
        let later = import(&world, &bytes);
        assert_eq!((left_out(&later).as_slice(), later.details), (&out[1..], 1));
        assert!(!has_gap(&world, &world.ba_dinh) && has_gap(&world, &world.tay_ho));
    });
}

#[test]
fn a_broken_notification_keeps_no_day_open_and_ends_its_item_when_it_is_mended() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = file(&world, &[broken(&world), good(&world)]);
        assert_eq!(import(&world, &first).details, 1);
        assert!(has_gap(&world, &world.tay_ho));

        let statement = day_of(&world, world.tay_ho.account_no, 8_000).numbered(7);
        import(&world, &statement.camt());
        assert!(has_gap(&world, &world.tay_ho), "a statement of its number and its day is no notification");
        assert!(closes(&world, &world.tay_ho), "which proves no balance");

        let whole = import(&world, &file(&world, &[mended(&world), good(&world)]));
        assert_eq!((left_out(&whole), whole.details), (vec![], 2));
        assert!(!has_gap(&world, &world.tay_ho));
        assert_eq!(import(&world, &first).refused.len(), 1);
        assert!(!has_gap(&world, &world.tay_ho), "and stays ended when the broken file comes again");
    });
}

#[test]
fn a_notification_that_was_here_before_does_not_end_the_item_of_a_broken_one_of_its_number() {
    each_database(|database| {
        let world = World::settled_in(database);
        let whole = file(&world, &[mended(&world)]);
        import(&world, &whole);
        let later = import(&world, &file(&world, &[broken(&world), good(&world)]));
        assert_eq!((later.refused.len(), has_gap(&world, &world.tay_ho)), (1, true));
        assert!(import(&world, &whole).already_imported);
        assert!(has_gap(&world, &world.tay_ho));
    });
}

#[test]
fn of_another_units_notification_an_officer_reads_that_it_was_left_out_and_nothing_else() {
    each_database(|database| {
        let world = World::settled_in(database);
        let theirs = notice(world.ba_dinh.account_no, 3, &[("B1", 25_000, 185_501)]);
        let ours = notice(world.tay_ho.account_no, 7, &[("T1", 8_000, 8_000)]);
        let bytes = file(&world, &[theirs, ours]);
        let actor = officer(&world, &world.tay_ho);
        let imported = try_import(&world, &actor, &bytes).unwrap();
        assert_eq!(left_out(&imported), [(1, "statement_account_elsewhere", Some("******1100"))]);
        assert_eq!(imported.details, 1);
        let foreseen = foresee(&world.store, today(&world), &actor, &bytes, Options::default()).unwrap();
        assert_eq!((foreseen.parsed.statements.len(), foreseen.refused.len()), (1, 1));
        let told = serde_json::to_string(&(&imported, &foreseen.parsed, &foreseen.refused)).unwrap();
        for secret in ["25000", "185501", world.ba_dinh.account_no] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        assert!(!has_gap(&world, &world.tay_ho) && !has_gap(&world, &world.ba_dinh), "asked of nobody");
    });
}

#[test]
fn a_notification_twice_in_a_file_is_kept_once_and_asks_nobody() {
    each_database(|database| {
        let world = World::settled_in(database);
        let twice = import(&world, &file(&world, &[good(&world), good(&world), mended(&world)]));
        assert_eq!(left_out(&twice), [(2, "statement_repeated", Some(world.ba_dinh.account_no))]);
        assert_eq!((twice.details, has_gap(&world, &world.ba_dinh)), (3, false));
    });
}

#[test]
fn a_file_in_which_no_notification_can_go_in_is_refused_and_leaves_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let strange = || notice(STRANGE, 4, &[("S1", 7_000, 7_000)]);
        let refused = try_import(&world, &Actor::system(), &file(&world, &[strange()])).unwrap_err();
        assert_eq!(refused.code(), "statement_account_unknown");
        let refused = try_import(&world, &Actor::system(), &file(&world, &[strange(), broken(&world)]));
        let codes: Vec<&str> = refused.unwrap().errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, ["details_do_not_add_up"]);
        let text = String::from_utf8(file(&world, &[good(&world), mended(&world)])).unwrap();
        let cut = &text.as_bytes()[..text.rfind("<Ntry>").unwrap()];
        let refused = try_import(&world, &Actor::system(), cut).unwrap();
        assert!(refused.errors.iter().any(|error| error.code == "xml_truncated"), "{:?}", refused.errors);
        assert_eq!((world.count("statement_file"), world.count("exception")), (0, 0));
    });
}

#[test]
fn a_notification_of_a_day_that_has_not_come_is_left_out_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let both = String::from_utf8(file(&world, &[good(&world), mended(&world)])).unwrap();
        let (first, second) = both.split_at(both.rfind("<Ntfctn>").unwrap());
        let later = today(&world).plus_days(2).to_string();
        let second = second.replace(&today(&world).to_string(), &later);
        let imported = import(&world, format!("{first}{second}").as_bytes());
        assert_eq!(left_out(&imported), [(2, "statement_in_future", Some(world.tay_ho.account_no))]);
        assert_eq!((imported.details, has_gap(&world, &world.tay_ho)), (1, true));
    });
}

/// The file with another head in the place of the notification of Tây Hồ.
fn headed(bytes: Vec<u8>, head: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    let changed = text.replace("<Id>N7</Id>", head);
    assert_ne!(changed, text);
    changed.into_bytes()
}

#[test]
fn another_page_of_a_notification_does_not_end_the_item_of_the_one_that_was_left_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let page = |number: u32, is_last: bool| {
            format!(
                "<Id>N7</Id><NtfctnPgntn><PgNb>{number}</PgNb><LastPgInd>{is_last}</LastPgInd></NtfctnPgntn>"
            )
        };
        let first = headed(file(&world, &[good(&world), broken(&world)]), &page(1, false));
        assert_eq!(import(&world, &first).refused.len(), 1);
        assert!(has_gap(&world, &world.tay_ho));

        let second = notice(world.tay_ho.account_no, 7, &[("T3", 5_000, 5_000)]);
        let second = headed(file(&world, &[second]), &page(2, true));
        assert_eq!(import(&world, &second).details, 1);
        assert!(has_gap(&world, &world.tay_ho), "the first page is still missing");

        let whole = headed(file(&world, &[good(&world), mended(&world)]), &page(1, false));
        assert_eq!(import(&world, &whole).details, 2);
        assert!(!has_gap(&world, &world.tay_ho));
    });
}

#[test]
fn of_a_bank_that_numbers_all_alike_another_notification_of_the_day_does_not_end_the_item() {
    each_database(|database| {
        let world = World::settled_in(database);
        import(&world, &file(&world, &[good(&world), broken(&world)]));
        let other = notice(world.tay_ho.account_no, 7, &[("T3", 5_000, 5_000)]);
        assert_eq!(import(&world, &headed(file(&world, &[other]), "<Id>M8</Id>")).details, 1);
        assert!(has_gap(&world, &world.tay_ho), "its id is another one");

        let text = String::from_utf8(file(&world, &[mended(&world)])).unwrap();
        let nameless = text.replace("AcctSvcrRef", "NtryRef");
        assert_eq!(import(&world, nameless.as_bytes()).details, 0);
        assert!(has_gap(&world, &world.tay_ho), "nothing of it was kept");
        import(&world, text.as_bytes());
        assert!(!has_gap(&world, &world.tay_ho));
    });
}
