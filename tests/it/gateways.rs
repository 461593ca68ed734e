//! Gateways pay many claims out in one credit, less their fee: with a settlement report exactly, and
//! without one only where the claims leave one choice.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::exception::{self, Kind};
use bienlai::ledger::Account;
use bienlai::obligation::{Obligation, State};
use bienlai::payment::book::PaymentState;
use bienlai::payment::gateway::{self, Item, ItemKind, NewSettlement, Settlement, Standing, Terms, query};
use bienlai::payment::resolve;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use serde_json::json;

use crate::cash_by_command::Shell;
use crate::corrections::person;
use crate::imports::import;
use crate::shifts_over_http::Desk;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::world::{Commune, POLL};
use crate::support::{World, each_database};

const REPORT: &str = "QT000126";

pub(crate) fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

/// A fee that the gateway says was paid.
pub(crate) fn claimed(world: &World, commune: &Commune, amount: i64, id: &str) -> Obligation {
    let owed = world.raise_at(commune, Dong(amount));
    world.claim(&owed, Dong(amount)).by(POLL).id(id).settle();
    owed
}

/// Two such fees, S1 of 25.000 đ and S2 of 15.000 đ.
fn two_claimed(world: &World, commune: &Commune) -> [Obligation; 2] {
    [("S1", 25_000), ("S2", 15_000)].map(|(id, amount)| claimed(world, commune, amount, id))
}

/// Reports the two, each less its fee: 39.800 đ are paid out.
fn two_reported(world: &World, commune: &Commune) -> Settlement {
    report(world, commune, &[item("S1", 25_000, 125), item("S2", 15_000, 75)]).unwrap()
}

pub(crate) fn item(reference: &str, amount: i64, fee: i64) -> Item {
    Item { kind: ItemKind::Paid, reference: reference.into(), amount: Dong(amount), fee: Dong(fee) }
}

pub(crate) fn report(world: &World, commune: &Commune, items: &[Item]) -> Result<Settlement> {
    report_named(world, commune, REPORT, items)
}

pub(crate) fn report_named(
    world: &World,
    commune: &Commune,
    reference: &str,
    items: &[Item],
) -> Result<Settlement> {
    report_charged(world, commune, (reference, 0), items)
}

pub(crate) fn report_charged(
    world: &World,
    commune: &Commune,
    (reference, charge): (&str, i64),
    items: &[Item],
) -> Result<Settlement> {
    let finance = person(commune.id, world.clerk, Role::Finance);
    let new = NewSettlement {
        unit: commune.id,
        account: None,
        channel: POLL.into(),
        reference: reference.into(),
        settled_on: today(world),
        charge: Dong(charge),
        items: items.to_vec(),
    };
    world.app.write(&finance, |tx, stamp| gateway::import(tx, stamp, &finance, &new))
}

pub(crate) fn agreed(world: &World, commune: &Commune, fee_bp: i32) {
    let terms = Terms {
        unit: commune.id,
        account: commune.account,
        channel: POLL.into(),
        marker: "SEPAY QUYET TOAN".into(),
        fee_bp,
        fee_fixed: Dong::ZERO,
        window_days: 2,
        valid_from: today(world),
        valid_until: today(world).plus_days(365),
        agreement_no: "01/TT".into(),
        maker: world.clerk,
        checker: world.chief,
    };
    world.change(|tx, stamp| gateway::agree(tx, stamp, &Actor::system(), &terms));
}

pub(crate) fn matched(world: &World, commune: &Commune) {
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account)
        .expect("the lines are matched");
}

/// The bank's file of today with these credits, matched.
pub(crate) fn shown(world: &World, commune: &Commune, opening: i64, credits: &[(i64, &str)]) {
    let mut file = BankFile::new(commune.account_no, today(world), opening);
    for (amount, memo) in credits {
        file = file.book(*amount, memo, &format!("R{}", world.next()));
    }
    import(world, &file.without_sequence().camt());
    matched(world, commune);
}

pub(crate) fn close_day(world: &World, commune: &Commune) {
    closed_on(world, commune, today(world));
}

pub(crate) fn closed_on(world: &World, commune: &Commune, day: BusinessDay) {
    let closing = close(
        &world.store,
        &world.keyring,
        &|| world.stamp(),
        &Actor::system(),
        commune.id,
        commune.account,
        day,
    );
    match closing.expect("the day is looked at") {
        Closing::Closed(_) => {}
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

pub(crate) fn states(world: &World, commune: &Commune) -> Vec<PaymentState> {
    world.payments(commune).into_iter().map(|payment| payment.state).collect()
}

pub(crate) fn clearing(commune: &Commune, amount: i64) -> (Account, i64) {
    (Account::Clearing(commune.account, POLL.into()), amount)
}

pub(crate) fn bank(commune: &Commune, amount: i64) -> (Account, i64) {
    (Account::Bank(commune.account), amount)
}

pub(crate) fn shared_out(commune: &Commune, net: i64, fee: i64) -> Vec<(Account, i64)> {
    let half = (net + fee) / 2;
    vec![
        bank(commune, net),
        (Account::ChargesToRecover, fee),
        (Account::BudgetDue("805-2771".into()), -half),
        (Account::ShareKept("HT-01".into()), -half),
    ]
}

#[test]
fn a_settlement_report_proves_its_claims_gross_and_the_fee_is_a_charge() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        two_claimed(&world, &ba_dinh);
        let made = two_reported(&world, &ba_dinh);
        assert_eq!((made.net, made.fee), (Dong(39_800), Dong(200)));
        assert_eq!(report(&world, &ba_dinh, &[item("S9", 10, 0)]).unwrap_err().code(), "settlement_exists");
        world.assert_balances(
            ba_dinh.id,
            &[clearing(&ba_dinh, 40_000), (Account::FeesCollected("HT-01".into()), -40_000)],
        );
        shown(&world, &ba_dinh, 0, &[(39_800, "SEPAY QUYET TOAN QT 0001/26")]);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Proven]);
        assert_eq!(world.look(|conn| gateway::find(conn, made.unit, made.id)).state, "credited");
        assert!(world.open_kinds(ba_dinh.id).is_empty());
        let rules = world.words("SELECT rule AS t FROM match_part");
        assert_eq!(rules, ["settlement_report", "settlement_report"]);
        close_day(&world, &ba_dinh);
        world.assert_balances(ba_dinh.id, &shared_out(&ba_dinh, 39_800, 200));
        let before = world.count("posting");
        matched(&world, &ba_dinh);
        assert_eq!(world.count("posting"), before, "another run finds nothing to do");
    });
}

#[test]
fn where_the_gateway_only_advises_its_lump_sum_makes_the_receipts() {
    each_database(|database| {
        let world = World::settled_in(database);
        let tay_ho = world.tay_ho.clone();
        let [first, second] = two_claimed(&world, &tay_ho);
        assert!(world.receipts(&first).is_empty());
        two_reported(&world, &tay_ho);
        shown(&world, &tay_ho, 0, &[(39_800, "SEPAY QUYET TOAN QT000126")]);
        assert_eq!(world.again(&first).state, State::Paid);
        assert_eq!((world.receipts(&first).len(), world.receipts(&second).len()), (1, 1));
        close_day(&world, &tay_ho);
        world.assert_balances(tay_ho.id, &shared_out(&tay_ho, 39_800, 200));
    });
}

#[test]
fn a_report_that_comes_after_its_line_takes_the_money_out_of_suspense() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        two_claimed(&world, &ba_dinh);
        shown(&world, &ba_dinh, 0, &[(39_800, "QUYET TOAN QT000126")]);
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::UnidentifiedCredit]);
        two_reported(&world, &ba_dinh);
        matched(&world, &ba_dinh);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Proven]);
        assert!(world.open_kinds(ba_dinh.id).is_empty(), "it resolved itself");
        matched(&world, &ba_dinh);
        close_day(&world, &ba_dinh);
        world.assert_balances(ba_dinh.id, &shared_out(&ba_dinh, 39_800, 200));
    });
}

#[test]
fn what_a_report_names_and_nobody_claimed_stands_in_suspense_until_two_persons_place_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        claimed(&world, &ba_dinh, 25_000, "S1");
        let owed = world.raise(Dong(15_000));
        let made = report(&world, &ba_dinh, &[item("S1", 25_000, 125), item("S8", 15_000, 75)]).unwrap();
        assert_eq!(world.open_kinds(ba_dinh.id), [Kind::BulkSettlement], "named before the line comes");
        let standings = world.look(|conn| {
            let items = query::items(conn, made.unit, made.id)?;
            query::standings(conn, &made, &items)
        });
        assert_eq!([standings[0].0, standings[1].0], [Standing::Awaited, Standing::Unknown]);
        shown(&world, &ba_dinh, 0, &[(39_800, "QT000126")]);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Proven]);
        let open = world.exceptions(ba_dinh.id);
        let line = open.iter().find(|item| item.subject_kind == "line").expect("the line's");
        assert_eq!((line.kind, line.amount), (Kind::BulkSettlement, Dong(15_000)));
        let clerk = person(ba_dinh.id, world.clerk, Role::Finance);
        let chief = person(ba_dinh.id, world.chief, Role::Approver);
        let why = ("assign", Some(owed.id.0), "cổng gửi thiếu thông báo");
        world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, ba_dinh.id, line.id, why));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, ba_dinh.id, line.id));
        assert_eq!(world.again(&owed).state, State::Paid);
        close_day(&world, &ba_dinh);
        world.assert_balances(ba_dinh.id, &shared_out(&ba_dinh, 39_800, 200));
    });
}

#[test]
fn each_item_that_nobody_claimed_is_placed_by_itself_and_none_drains_another() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        let unit = ba_dinh.id;
        claimed(&world, &ba_dinh, 25_000, "S1");
        let (large, small) = (world.raise(Dong(15_000)), world.raise(Dong(10_000)));
        let elsewhere = world.raise_at(&world.tay_ho, Dong(4_000));
        world.claim(&elsewhere, Dong(4_000)).by(POLL).id("S2").on(ba_dinh.account_no).settle();
        let items =
            [item("S1", 25_000, 100), item("S2", 4_000, 0), item("S8", 15_000, 0), item("S9", 10_000, 0)];
        report(&world, &ba_dinh, &items).unwrap();
        shown(&world, &ba_dinh, 0, &[(53_900, "QT000126")]);
        let open: Vec<exception::Exception> = world.exceptions(unit);
        let of =
            |amount| open.iter().find(|one| one.subject_kind == "movement" && one.amount == Dong(amount));
        let (first, second) = (of(15_000).expect("one of its own"), of(10_000).expect("and one"));
        assert_eq!((first.kind, second.kind), (Kind::BulkSettlement, Kind::BulkSettlement));

        let clerk = person(unit, world.clerk, Role::Finance);
        let chief = person(unit, world.chief, Role::Approver);
        let ask = |id: exception::Ask<'static>, about: bienlai::id::ExceptionId| {
            world.app.write(&clerk, |tx, stamp| {
                let item = exception::propose(tx, stamp, &clerk, unit, about, id.clone())?;
                resolve::check_proposal(tx, &item, id.resolution, id.target)
            })
        };
        let other =
            open.iter().find(|one| one.kind == Kind::WrongAccount && one.subject_kind == "line").unwrap();
        let drains = exception::Ask::from(("assign", Some(large.id.0), "nhầm"));
        assert_eq!(
            ask(drains, other.id).unwrap_err().code(),
            "resolution_unfit",
            "its money is another unit's"
        );
        let away = exception::Ask::from(("acknowledge", None, "đã xem"));
        assert_eq!(ask(away, second.id).unwrap_err().code(), "resolution_unfit");

        world.change(|tx, stamp| {
            let (what, who) = ((Dong(12_000), "7/QĐ"), (world.clerk, world.chief));
            exception::limit::set(tx, stamp, &Actor::system(), unit, what, who)
        });
        let alone = |about: bienlai::id::ExceptionId, target: i64| {
            let ask = exception::Ask::from(("assign", Some(target), "khách xác nhận"));
            world.app.write(&clerk, |tx, stamp| resolve::alone(tx, stamp, &clerk, unit, about, &ask))
        };
        assert_eq!(alone(first.id, large.id.0).unwrap_err().code(), "second_person_needed");
        alone(second.id, small.id.0).expect("within the limit");
        assert_eq!((world.again(&small).state, world.again(&large).state), (State::Paid, State::Raised));
        let why = ("assign", Some(large.id.0), "cổng gửi thiếu thông báo");
        world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, unit, first.id, why));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, first.id));
        assert_eq!(world.again(&large).state, State::Paid);
        world.assert_balances(
            unit,
            &[
                bank(&ba_dinh, 53_900),
                (Account::ChargesToRecover, 100),
                (Account::DueToUnit(world.tay_ho.id), -4_000),
                (Account::FeesCollected("HT-01".into()), -50_000),
            ],
        );
        close_day(&world, &ba_dinh);
    });
}

#[test]
fn items_that_wait_for_a_person_are_carried_under_their_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        report(&world, &ba_dinh, &[item("S8", 15_000, 0), item("S9", 10_000, 0)]).unwrap();
        shown(&world, &ba_dinh, 0, &[(25_000, "QT000126")]);
        close_day(&world, &ba_dinh);
        world.wait_days(1);
        shown(&world, &ba_dinh, 25_000, &[]);
        close_day(&world, &ba_dinh);
        let open = world.exceptions(ba_dinh.id);
        assert_eq!(
            open.iter().filter(|one| one.subject_kind == "movement").count(),
            2,
            "each is asked about"
        );
    });
}

#[test]
fn two_reports_that_name_one_transaction_stop_nobody_and_the_second_asks_a_person() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        two_claimed(&world, &ba_dinh);
        report_named(&world, &ba_dinh, "QT000126", &[item("S1", 25_000, 0)]).unwrap();
        report_named(&world, &ba_dinh, "QT000127", &[item("S1", 25_000, 0), item("S2", 15_000, 0)]).unwrap();
        let other = world.raise(Dong(8_000));
        let memo = format!("{} nop phi", other.reference_code);
        shown(&world, &ba_dinh, 0, &[(25_000, "QT000126"), (40_000, "QT000127"), (8_000, &memo)]);
        assert_eq!(world.again(&other).state, State::Paid, "the run goes on");
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Proven; 3]);
        let open = world.exceptions(ba_dinh.id);
        let asked =
            open.iter().find(|one| one.kind == Kind::BulkSettlement && one.subject_kind == "line").unwrap();
        assert_eq!(asked.amount, Dong(25_000));
        let suspense = Account::Suspense(bienlai::id::LineId(asked.subject_id));
        world.assert_balances(
            ba_dinh.id,
            &[bank(&ba_dinh, 73_000), (Account::FeesCollected("HT-01".into()), -48_000), (suspense, -25_000)],
        );
        close_day(&world, &ba_dinh);
    });
}

#[test]
fn without_a_report_the_only_choice_of_claims_is_proven_and_posted_net_of_the_agreed_fee() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 50);
        two_claimed(&world, &ba_dinh);
        claimed(&world, &ba_dinh, 8_000, "S3");
        // 25 000 and 8 000, each less half a percent.
        shown(&world, &ba_dinh, 0, &[(32_835, "SEPAY QUYET TOAN NGAY")]);
        assert_eq!(
            states(&world, &ba_dinh),
            [PaymentState::Proven, PaymentState::Claimed, PaymentState::Proven]
        );
        assert!(world.open_kinds(ba_dinh.id).is_empty());
        world.assert_balances(
            ba_dinh.id,
            &[
                bank(&ba_dinh, 32_835),
                (Account::ChargesToRecover, 165),
                clearing(&ba_dinh, 15_000),
                (Account::FeesCollected("HT-01".into()), -48_000),
            ],
        );
        let told = world.words("SELECT evidence AS t FROM match_part");
        assert!(
            told.iter().all(|one| one.contains("\"only_choice\"") && one.contains("\"of\":3")),
            "{told:?}"
        );
    });
}

#[test]
fn two_choices_are_left_to_a_person_and_nothing_is_guessed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        for id in ["S1", "S2", "S3"] {
            claimed(&world, &ba_dinh, 25_000, id);
        }
        shown(&world, &ba_dinh, 0, &[(50_000, "SEPAY QUYET TOAN NGAY")]);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Claimed; 3], "which two of the three?");
        let open = world.exceptions(ba_dinh.id);
        assert_eq!(open.iter().map(|item| item.kind).collect::<Vec<_>>(), [Kind::BulkSettlement]);
        assert!(open[0].detail.contains("several_choices"), "{}", open[0].detail);
        let evidence = world.words("SELECT evidence AS t FROM match_part").concat();
        assert!(evidence.contains("several_choices"), "{evidence}");
        // All of them together leave one choice.
        world.wait_days(1);
        shown(&world, &ba_dinh, 50_000, &[(75_000, "SEPAY QUYET TOAN NGAY")]);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Proven; 3]);
    });
}

#[test]
fn one_claim_out_of_several_is_only_suggested_and_the_only_one_there_is_is_taken() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        two_claimed(&world, &ba_dinh);
        shown(&world, &ba_dinh, 0, &[(25_000, "SEPAY QUYET TOAN NGAY")]);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Claimed; 2], "only an equal amount");
        let tay_ho = world.tay_ho.clone();
        agreed(&world, &tay_ho, 100);
        let owed = claimed(&world, &tay_ho, 25_000, "S3");
        shown(&world, &tay_ho, 0, &[(24_750, "SEPAY QUYET TOAN NGAY")]);
        assert_eq!(world.again(&owed).state, State::Paid, "all there is");
    });
}

#[test]
fn a_claim_of_nobodys_debt_in_a_lump_sum_is_shown_once_and_its_money_waits_in_suspense() {
    each_database(|database| {
        let world = World::settled_in(database);
        let tay_ho = world.tay_ho.clone();
        claimed(&world, &tay_ho, 25_000, "S1");
        world.money(&tay_ho, Dong(7_000)).by(POLL).id("S2").memo("khong ghi ma").settle();
        report(&world, &tay_ho, &[item("S1", 25_000, 125), item("S2", 7_000, 35)]).unwrap();
        shown(&world, &tay_ho, 0, &[(31_840, "QT000126")]);
        assert_eq!(world.count("movement WHERE state = 'expected'"), 0);
        assert!(world.open_kinds(tay_ho.id).contains(&Kind::BulkSettlement));
        let held: i64 = world
            .look(|conn| bienlai::ledger::trial_balance(conn, tay_ho.id))
            .into_iter()
            .filter(|(account, _)| account.starts_with("suspense/"))
            .map(|(_, balance)| balance.0)
            .sum();
        assert_eq!(held, -7_000, "{:?}", world.words("SELECT debit_account || ' ' || credit_account || ' ' || CAST(amount AS TEXT) AS t FROM posting"));
        close_day(&world, &tay_ho);
    });
}

#[test]
fn two_lines_that_could_take_the_same_claims_take_none() {
    each_database(|database| {
        let world = World::settled_in(database);
        let ba_dinh = world.ba_dinh.clone();
        agreed(&world, &ba_dinh, 0);
        two_claimed(&world, &ba_dinh);
        let memo = "SEPAY QUYET TOAN NGAY";
        shown(&world, &ba_dinh, 0, &[(40_000, memo), (40_000, memo)]);
        assert_eq!(states(&world, &ba_dinh), [PaymentState::Claimed; 2]);
        assert_eq!(world.count("exception WHERE state = 'open' AND kind = 22"), 2);
    });
}

#[test]
fn reports_are_imported_and_looked_at_over_http_and_by_command() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let ba_dinh = world.ba_dinh.clone();
        two_claimed(&world, &ba_dinh);
        let shell = Shell::new(&world);
        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Vũ Văn Mẫu").to_string());
        let folder = world.database.folder.path();
        let csv = folder.join("qt.csv");
        let day = today(&world).to_string();
        let import = |rest: &str| {
            std::fs::write(&csv, format!("ma_giao_dich,so_tien,phi\n{rest}")).unwrap();
            shell.run(&[
                "settlement",
                "import",
                csv.to_str().unwrap(),
                "--unit",
                "00004",
                "--channel",
                POLL,
                "--reference",
                "QT000001",
                "--settled-on",
                &day,
                "--person",
                &maker,
            ])
        };
        let (code, _, error) = import("S1,25000,125\n");
        assert!(code == 1 && error.contains("settlement_unreadable"), "{code} {error}");
        let (code, out, error) = import("S1,25000,125\ntong,25000,125\n");
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("\"net\": 24875"), "{out}");
        let until = today(&world).plus_days(30).to_string();
        let mut terms = vec!["settlement", "terms", "--unit", "00004", "--account", ba_dinh.account_no];
        terms.extend(["--channel", POLL, "--marker", "SEPAY QT", "--fee-bp", "50", "--until", &until]);
        terms.extend(["--agreement", "01/TT", "--maker", &maker, "--checker"]);
        let (code, _, error) = shell.run(&[terms.as_slice(), &[maker.as_str()]].concat());
        assert!(code == 1 && error.contains("maker_is_checker"), "{code} {error}");
        assert_eq!(shell.run(&[terms.as_slice(), &[checker.as_str()]].concat()).0, 0);
        let (_, listed, _) = shell.run(&["settlement", "list", "--unit", "00004"]);
        assert!(listed.contains("QT000001") && listed.contains("24.875"), "{listed}");

        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let finance = desk.token(Role::Finance, "Trần Văn Mẫu");
        let cashier = desk.token(Role::Cashier, "Phạm Văn Mẫu");
        let body = json!({ "channel": POLL, "reference": "QT000002", "settled_on": day,
            "items": [ { "reference": "S2", "amount": 15_000, "fee": 75 } ] });
        assert_eq!(desk.refused(&cashier, "/api/v1/settlements", &body), "role_not_allowed");
        // One that is wrong is withdrawn by two persons; the same reference is free again.
        let wrong = desk.post(&finance, "/api/v1/settlements", &body);
        let path = format!("/api/v1/settlements/{}/withdrawal", wrong["settlement"]["id"].as_str().unwrap());
        let reason = json!({ "reason": "nhập nhầm" });
        assert_eq!(desk.refused(&cashier, &path, &reason), "role_not_allowed");
        let asked = desk.post(&finance, &path, &reason);
        assert_eq!(asked["exception"]["state"], "proposed", "{asked}");
        let by_hand = shell.run(&[
            "settlement",
            "withdraw",
            wrong["settlement"]["id"].as_str().unwrap(),
            "--reason",
            "nhập nhầm",
            "--person",
            &maker,
        ]);
        assert!(by_hand.0 == 1 && by_hand.2.contains("exception_not_open"), "{by_hand:?}");
        let approver = desk.token(Role::Approver, "Ngô Văn Mẫu");
        let path = format!("/api/v1/exceptions/{}/approve", asked["exception"]["id"].as_str().unwrap());
        desk.post(&approver, &path, &json!({}));
        let made = desk.post(&finance, "/api/v1/settlements", &body);
        assert_eq!(desk.refused(&finance, "/api/v1/settlements", &body), "settlement_exists");
        let listed = desk.get(&finance, "/api/v1/settlements");
        assert_eq!(listed["settlements"].as_array().unwrap().len(), 3, "{listed}");
        assert_eq!(listed["terms"][0]["fee_bp"], 50, "{listed}");
        let path = format!("/api/v1/settlements/{}", made["settlement"]["id"].as_str().unwrap());
        assert_eq!(desk.get(&finance, &path)["items"][0]["standing"], "awaited");
        shown(&world, &ba_dinh, 0, &[(14_925, "QT000002"), (24_875, "QT000001")]);
        let shown = desk.get(&finance, &path);
        assert_eq!(shown["items"][0]["standing"], "proven", "{shown}");
        assert_eq!(shown["settlement"]["state"], "credited");
        service.stop();
    });
}
