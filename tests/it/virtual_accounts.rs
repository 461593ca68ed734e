//! A bank gives every obligation a number of its own under the unit's account: who transfers to it writes
//! nothing, and is known all the same.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::Kind;
use bienlai::obligation::reference::ReferenceCode;
use bienlai::obligation::virtual_account::{self, Agreed, Style};
use bienlai::obligation::{Obligation, State, vietqr};
use bienlai::reconciliation::{import, reconcile};
use bienlai::report::proposal::{AccountEnd, Content};

use crate::callbacks::token;
use crate::cash_by_command::Shell;
use crate::refunds::today;
use crate::support::bank_file::BankFile;
use crate::support::program::{Service, send};
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

fn agreed(world: &World, prefix: &str, style: Style, until: BusinessDay) -> bienlai::error::Result<()> {
    let agreed = Agreed {
        unit: world.ba_dinh.id,
        account: world.ba_dinh.account,
        prefix: prefix.to_owned(),
        style,
        valid_from: today(world),
        valid_until: until,
        agreement_no: "12/TT-2026".into(),
        maker: world.clerk,
        checker: world.chief,
    };
    world
        .try_change(|tx, stamp| virtual_account::agree(tx, stamp, &Actor::system(), agreed.clone()))
        .map(|_| ())
}

/// The number that the obligation has today, if it has one.
fn number(world: &World, owed: &Obligation) -> Option<String> {
    let code: ReferenceCode = owed.reference_code.parse().unwrap();
    let (unit, account, day) = (owed.unit, owed.account, today(world));
    let range = world.look(|conn| virtual_account::in_force(conn, unit, account, day));
    range.and_then(|range| range.number_of(&code))
}

/// The bank's file goes in as the service takes it, and is matched.
fn matched(world: &World, file: BankFile) {
    let bytes = file.without_sequence().camt();
    let imported = import(&world.store, &|| world.stamp(), &Actor::system(), &bytes).expect("it is imported");
    assert!(imported.errors.is_empty(), "{:?}", imported.errors);
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched");
}

fn file(world: &World) -> BankFile {
    BankFile::new(world.ba_dinh.account_no, today(world), 0)
}

#[test]
fn a_transfer_to_the_number_alone_pays_its_obligation_by_claim_and_by_line() {
    for (prefix, style) in [("MAU001", Style::Letters), ("90001", Style::Digits)] {
        each_database(|database| {
            let world = World::settled_in(database);
            agreed(&world, prefix, style, today(&world).plus_days(30)).unwrap();
            let (told, shown) = (world.raise(Dong(FEE)), world.raise(Dong(30_000)));
            let numbers = [&told, &shown].map(|owed| number(&world, owed).expect("it has a number"));

            // The channel names the number as the account that was credited.
            let claim = world.money(&world.ba_dinh, Dong(FEE)).on(&numbers[0]).memo("chuyen tien");
            let settled = claim.reference("FT001").settle();
            assert_eq!((settled.unit, settled.obligation), (world.ba_dinh.id, Some(told.id)));
            assert_eq!(world.receipts(&told).len(), 1, "the channel is believed on this account");

            // The statement names it in its text, of a transfer that no channel told of too.
            let lines = file(&world).book(FEE, &format!("VA {} chuyen tien", numbers[0]), "FT001").book(
                30_000,
                &format!("VA {} ck", numbers[1].to_lowercase()),
                "FT002",
            );
            matched(&world, lines);
            for owed in [&told, &shown] {
                assert_eq!((world.again(owed).state, world.receipts(owed).len()), (State::Paid, 1));
            }
            assert!(world.open_kinds(world.ba_dinh.id).is_empty());
            assert_eq!(world.count("unit WHERE unit_id > 1"), 3);
            assert_eq!(
                world.count("bank_account WHERE bank_bin = ''"),
                0,
                "the number is no account of its own"
            );
            let rules = world.words("SELECT rule AS t FROM match_part ORDER BY line_id");
            assert!(rules.contains(&"virtual_account".to_owned()), "{rules:?}");
            let evidence = world.words("SELECT evidence AS t FROM match_part WHERE rule = 'virtual_account'");
            assert!(evidence[0].contains("virtual_account") && evidence[0].contains("amount_exact"));
        });
    }
}

#[test]
fn another_amount_another_code_and_a_wrong_number_are_asked_about_as_for_a_code() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        agreed(&world, "MAU001", Style::Letters, today(&world).plus_days(30)).unwrap();
        let (less, both, other) = (world.raise(Dong(FEE)), world.raise(Dong(FEE)), world.raise(Dong(8_000)));
        let [less_no, both_no] = [&less, &both].map(|owed| number(&world, owed).expect("it has a number"));
        let mut wrong = number(&world, &other).unwrap();
        let last = if wrong.ends_with('0') { "1" } else { "0" };
        wrong.replace_range(wrong.len() - 1.., last);
        let lines = file(&world)
            .book(20_000, &format!("VA {less_no}"), "FT001")
            .book(FEE, &format!("VA {both_no} {}", other.reference_code), "FT002")
            .book(8_000, &format!("VA {wrong}"), "FT003")
            .book(9_000, "VA MAUXX17K2MQ4X97", "FT004");
        matched(&world, lines);
        assert_eq!(world.again(&less).state, State::PartlyPaid);
        assert_eq!([&both, &other].map(|owed| world.again(owed).state), [State::Raised; 2]);
        let mut kinds = world.open_kinds(unit);
        kinds.sort_unstable();
        let expected =
            [Kind::Underpaid, Kind::SeveralObligations, Kind::UnidentifiedCredit, Kind::UnidentifiedCredit];
        assert_eq!(kinds, expected);
        // The same number at the neighbour's account: money in the wrong place.
        let claim = world.money(&world.tay_ho, Dong(FEE)).memo(&format!("VA {both_no}")).settle();
        assert_eq!(claim.unit, world.tay_ho.id);
        assert_eq!(world.open_kinds(world.tay_ho.id), [Kind::WrongAccount]);
    });
}

#[test]
fn numbers_are_given_out_from_the_first_to_the_last_day_and_understood_for_ever() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        assert_eq!(number(&world, &owed), None);
        agreed(&world, "MAU001", Style::Letters, today(&world).plus_days(1)).unwrap();
        let old = number(&world, &owed).unwrap();
        world.wait_days(2);
        assert_eq!(number(&world, &owed), None, "the agreement is over");
        matched(&world, file(&world).book(FEE, &format!("VA {old}"), "FT001"));
        assert_eq!(world.again(&owed).state, State::Paid);

        let code = |prefix: &str, style| agreed(&world, prefix, style, today(&world)).unwrap_err().code();
        assert_eq!(code("mau001", Style::Letters), "virtual_prefix_taken");
        for wrong in ["", "MAU-1", "MAU00000001"] {
            assert_eq!(code(wrong, Style::Letters), "virtual_range_wrong", "{wrong}");
        }
        assert_eq!(code("MAU", Style::Digits), "virtual_range_wrong");
        assert_eq!(code("900001", Style::Digits), "virtual_range_wrong");
    });
}

#[test]
fn the_payment_code_carries_the_number_that_two_persons_recorded_by_command() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(FEE));
        let shell = Shell::new(&world);
        let (maker, checker) = (world.clerk.to_string(), world.chief.to_string());
        let until = today(&world).plus_days(30).to_string();
        let add = |checker: &str| {
            let account = world.ba_dinh.account_no;
            shell.run(&[
                "unit",
                "virtual-add",
                "--unit",
                "00004",
                "--account",
                account,
                "--prefix",
                "MAU001",
                "--until",
                &until,
                "--agreement",
                "12/TT-2026",
                "--maker",
                &maker,
                "--checker",
                checker,
            ])
        };
        assert_eq!(add(&maker).0, 1, "one person alone records nothing");
        let (exit, id, error) = add(&checker);
        assert!(exit == 0 && id.starts_with("vrg_"), "{error}");
        let (_, listed, _) = shell.run(&["unit", "virtual-list"]);
        assert!(listed.contains("MAU001") && listed.contains("1900111100"), "{listed}");
        let bearer = format!("Bearer {}", token(&world, Role::Finance));
        let mut service = Service::start(&world);
        let path = format!("/api/v1/obligations/{}/qr", owed.id);
        let reply = send(service.address, "GET", &path, &[("Authorization", &bearer)], b"").unwrap();
        service.stop();
        let drawn: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        let read =
            vietqr::parse(drawn["payload"].as_str().expect("a payload")).expect("it is a payment code");
        assert_eq!(Some(read.payload.account_no), number(&world, &owed), "{drawn}");
    });
}

#[test]
fn a_prefix_is_one_range_and_a_registered_account_is_no_number_of_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let until = today(&world).plus_days(30);
        agreed(&world, "90001", Style::Digits, until).unwrap();
        let other = agreed(&world, "90001", Style::Letters, until);
        assert_eq!(other.unwrap_err().code(), "virtual_prefix_taken", "in another style");

        // Another unit's own account has a number that reads as one of the range.
        let owed = world.raise(Dong(FEE));
        let theirs = number(&world, &owed).expect("it has a number");
        let account = world.open_account(&world.tay_ho, &theirs);
        world.money(&world.tay_ho, Dong(FEE)).on(&theirs).memo("chuyen tien").reference("FT009").settle();
        let told = format!("movement WHERE unit_id = {} AND account_id = {}", world.tay_ho.id.0, account.0);
        assert_eq!(world.count(&told), 1, "the money is theirs");

        // An account that ended gives out none.
        let end =
            AccountEnd { unit: world.tay_ho.id, account: world.tay_ho.account, last_day: today(&world) };
        crate::mergers::decided(&world, &Content::AccountEnd(end)).unwrap();
        let mut late = Agreed {
            unit: world.tay_ho.id,
            account: world.tay_ho.account,
            prefix: "MAU009".into(),
            style: Style::Letters,
            valid_from: today(&world),
            valid_until: until,
            agreement_no: "13/TT-2026".into(),
            maker: world.clerk,
            checker: world.chief,
        };
        let ask = |late: &Agreed| {
            let late = late.clone();
            world.try_change(|tx, stamp| virtual_account::agree(tx, stamp, &Actor::system(), late.clone()))
        };
        assert_eq!(ask(&late).unwrap_err().code(), "account_ended");
        late.account = account;
        ask(&late).unwrap();
    });
}
