//! Closed days go to the Treasury: an order by two persons, the bank's debit, the Treasury's
//! report; what is rejected comes back, and nothing is ordered that closed days did not make due.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::{BusinessDay, Instant};
use bienlai::correction::Kind as CorrectionKind;
use bienlai::error::Result;
use bienlai::exception::{self, Kind as ExceptionKind};
use bienlai::id::{ExceptionId, UnitId};
use bienlai::ledger::Account;
use bienlai::obligation::Obligation;
use bienlai::payment::resolve;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::remittance::document::{self, Content, Tariffs};
use bienlai::remittance::report::{self, Imported, Told};
use bienlai::remittance::{self, Draft, Kind, Order, State};
use bienlai::statement::{partner, saved};
use bienlai::tariff::edition;

use crate::corrections::{corrected, person};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::judges::keeps_both_standards;
use crate::support::world::line;
use crate::support::{World, each_database, tools};

pub const DUE: &str = "budget_due/805-2771";

pub fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn statement(world: &World, file: BankFile) {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

pub fn shown(world: &World, opening: i64, amount: i64, memo: &str) {
    let reference = format!("R{}", world.next());
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening).book(amount, memo, &reference);
    statement(world, file);
}

pub fn close_day(world: &World) {
    let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, today(world));
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(_) => {}
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

/// 25.000 and 8.000 came by transfer on a day that is closed: 20.500 for the budget.
pub fn collected(world: &World) -> Obligation {
    let (phi, le_phi) =
        (line("HT-01", "phi", "receipt", Dong(25_000)), line("LP-01", "le_phi", "receipt", Dong(8_000)));
    let owed = world.raise_lines(&world.ba_dinh, vec![phi, le_phi]);
    shown(world, 0, 33_000, &format!("{} nop phi", owed.reference_code));
    close_day(world);
    world.wait_days(1);
    owed
}

pub fn draft_of(world: &World, kind: Kind, lines: &[(&str, i64)]) -> Result<Order> {
    let maker = person(world.ba_dinh.id, world.clerk, Role::Finance);
    let new = Draft {
        unit: world.ba_dinh.id,
        account: None,
        kind,
        lines: lines.iter().map(|(source, amount)| ((*source).to_owned(), Dong(*amount))).collect(),
    };
    world.app.write(&maker, |tx, stamp| remittance::draft(tx, stamp, &maker, &new))
}

pub fn approve(world: &World, order: &Order) -> Result<Order> {
    let checker = person(order.unit, world.chief, Role::Approver);
    world.app.write(&checker, |tx, stamp| remittance::approve(tx, stamp, &checker, order.unit, order.id))
}

pub fn refuse(world: &World, order: &Order) -> Result<Order> {
    let checker = person(order.unit, world.chief, Role::Approver);
    world
        .app
        .write(&checker, |tx, stamp| remittance::refuse(tx, stamp, &checker, order.unit, order.id, "sai"))
}

pub fn approved(world: &World, kind: Kind) -> Order {
    let order = draft_of(world, kind, &[]).unwrap();
    approve(world, &order).unwrap()
}

pub fn now(world: &World, order: &Order) -> Order {
    world.look(|conn| remittance::find(conn, order.unit, order.id))
}

pub fn told(world: &World, rows: &[&str]) -> Imported {
    let finance = person(world.ba_dinh.id, world.clerk, Role::Finance);
    let mut text = "ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n".to_owned();
    text.extend(rows.iter().map(|row| format!("{row}\n")));
    let unit = world.ba_dinh.id;
    take_report(world, &finance, unit, text.as_bytes()).expect("the report is read")
}

/// A report is read by what is kept for the unit, and then taken on.
pub fn take_report(world: &World, actor: &Actor, unit: UnitId, bytes: &[u8]) -> Result<Imported> {
    let named = world.look(|conn| saved::named(conn, unit, partner::Kind::Treasury));
    let told = Told::of(bytes, named)?;
    world.app.write(actor, |tx, stamp| report::take(tx, stamp, actor, unit, &told))
}

pub fn outcome(imported: &Imported) -> &'static str {
    imported.orders[0].outcome
}

pub fn kept(amount: i64) -> (Account, i64) {
    (Account::ShareKept("HT-01".into()), amount)
}

pub fn due(amount: i64) -> (Account, i64) {
    (Account::BudgetDue("805-2771".into()), amount)
}

pub fn bank(world: &World, amount: i64) -> (Account, i64) {
    (Account::Bank(world.ba_dinh.account), amount)
}

#[test]
fn a_closed_day_is_remitted_by_two_persons_and_three_legs_agree() {
    each_database(|database| {
        let world = World::settled_in(database);
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap_err().code(), "remittance_no_closed_day");
        collected(&world);
        let order = draft_of(&world, Kind::Treasury, &[]).unwrap();
        assert_eq!((order.amount, order.order_no, order.state), (Dong(20_500), 1, State::Drafted));
        let same = person(order.unit, world.clerk, Role::Approver);
        let by_maker =
            world.app.write(&same, |tx, stamp| remittance::approve(tx, stamp, &same, order.unit, order.id));
        assert_eq!(by_maker.unwrap_err().code(), "maker_is_checker");
        let sql = format!("UPDATE remittance SET checker_person_id = {}, revision = 9", world.clerk.0);
        assert!(tools::run(&mut world.database.as_owner(), &sql).is_err(), "the database refuses it too");
        approve(&world, &order).unwrap();

        shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Debited);
        let transit = Account::TreasuryInTransit(order.id);
        world.assert_balances(
            order.unit,
            &[bank(&world, 12_500), (transit, 20_500), kept(-12_500), due(-20_500)],
        );
        let row = format!("{},805,2771,20500,{},credited,", order.reference_code, today(&world));
        assert_eq!(outcome(&told(&world, &[&row])), "credited");
        assert_eq!(now(&world, &order).state, State::Settled);
        world.assert_balances(order.unit, &[bank(&world, 12_500), kept(-12_500)]);
        assert!(told(&world, &[&row]).is_known, "the same file changes nothing");
        assert_eq!(outcome(&told(&world, &[&row, ""])), "known", "nor does another that says the same");
        close_day(&world);
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap_err().code(), "remittance_nothing_due");
        assert!(world.open_kinds(order.unit).is_empty());
    });
}

#[test]
fn the_treasury_may_speak_before_the_bank() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        let row = format!("{},805,2771,20500,{},credited,", order.reference_code, today(&world));
        told(&world, &[&row]);
        assert_eq!(now(&world, &order).state, State::Credited);
        shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled);
        world.assert_balances(order.unit, &[bank(&world, 12_500), kept(-12_500)]);
    });
}

#[test]
fn what_the_treasury_rejects_comes_back_and_is_open_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", order.reference_code));
        let row = format!("{},805,2771,20500,{},rejected,sai mã chương", order.reference_code, today(&world));
        assert_eq!(outcome(&told(&world, &[&row])), "rejected");
        assert_eq!(now(&world, &order).state, State::Rejected);
        assert_eq!(world.open_kinds(order.unit), [ExceptionKind::TreasuryRejected]);
        let named = world.exceptions(order.unit).pop().unwrap().title_en();
        assert_eq!(named, ExceptionKind::TreasuryRejected.title_en());
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap_err().code(), "remittance_nothing_due");
        assert_eq!(refuse(&world, &order).unwrap_err().code(), "remittance_state_wrong");
        close_day(&world);
        world.wait_days(1);
        shown(&world, 12_500, 20_500, &format!("TRA LAI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Returned);
        assert!(world.open_kinds(order.unit).is_empty());
        world.assert_balances(order.unit, &[bank(&world, 33_000), kept(-12_500), due(-20_500)]);
        close_day(&world);
        let second = draft_of(&world, Kind::Treasury, &[]).unwrap();
        assert_eq!((second.amount, second.order_no), (Dong(20_500), 2));
    });
}

#[test]
fn an_approved_order_is_not_freed_by_its_maker_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        let maker = person(order.unit, world.clerk, Role::Finance);
        let alone = world
            .app
            .write(&maker, |tx, stamp| remittance::refuse(tx, stamp, &maker, order.unit, order.id, "sai"));
        assert_eq!(alone.unwrap_err().code(), "maker_is_checker");
        refuse(&world, &order).unwrap();
    });
}

#[test]
fn a_report_that_does_not_fit_changes_nothing_and_is_named() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        let row = format!("{},805,2771,20400,{},credited,", order.reference_code, today(&world));
        assert_eq!(outcome(&told(&world, &[&row])), "differs");
        assert_eq!(now(&world, &order).state, State::Approved);
        assert_eq!(world.open_kinds(order.unit), [ExceptionKind::TreasuryRejected]);
        let named = world.exceptions(order.unit).pop().unwrap().title_vi();
        assert_eq!(named, "Báo cáo của Kho bạc không khớp lệnh nộp", "nothing was refused");
        let day = today(&world);
        let stranger = format!("HNPH7K2MQ4X97,805,2771,1,{day},credited,");
        assert_eq!(outcome(&told(&world, &[&stranger])), "unknown");
        let tomorrow = format!("{},805,2771,20500,{},credited,", order.reference_code, day.plus_days(1));
        let early = told(&world, &[&tomorrow]);
        assert_eq!((early.orders.len(), early.faults.len()), (0, 1), "no day that has not come: {early:?}");
        assert_eq!(now(&world, &order).state, State::Approved);
        // The mended report rejects the order: what is open says so.
        let refused = format!("{},805,2771,20500,{day},rejected,sai chương", order.reference_code);
        assert_eq!(outcome(&told(&world, &[&refused])), "rejected");
        assert_eq!(world.open_kinds(order.unit), [ExceptionKind::TreasuryRejected]);
        let named = world.exceptions(order.unit).pop().unwrap().title_vi();
        assert_eq!(named, ExceptionKind::TreasuryRejected.title_vi(), "it was refused");
    });
}

#[test]
fn a_report_that_did_not_fit_is_taken_again_when_its_order_was_mended() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = draft_of(&world, Kind::Treasury, &[]).unwrap();
        let row = format!("{},805,2771,20500,{},credited,", order.reference_code, today(&world));
        let stranger = format!("HNPH7K2MQ4X97,805,2771,1,{},credited,", today(&world));
        let tell = || told(&world, &[&row, &stranger]);
        let outcomes = |told: &Imported| -> Vec<&'static str> {
            told.orders.iter().filter(|one| one.order.is_some()).map(|one| one.outcome).collect()
        };
        assert_eq!(outcomes(&tell()), ["differs"], "nobody approved it yet");
        assert!(tell().is_known, "it differs still");
        approve(&world, &order).unwrap();
        let again = tell();
        assert_eq!((again.is_known, outcomes(&again)), (false, vec!["credited"]));
        assert_eq!(now(&world, &order).state, State::Credited);
        assert!(world.open_kinds(order.unit).is_empty());
        assert!(tell().is_known, "all that is known here agrees");
        assert_eq!(world.count("treasury_report"), 2);
    });
}

#[test]
fn nothing_is_ordered_beyond_what_closed_days_made_due_however_many_try_at_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        assert_eq!(
            draft_of(&world, Kind::Treasury, &[(DUE, 20_501)]).unwrap_err().code(),
            "remittance_beyond_due"
        );
        let made: Vec<Result<Order>> = std::thread::scope(|scope| {
            let world = &world;
            let asked: Vec<_> = (0..4)
                .map(|_| scope.spawn(move || draft_of(world, Kind::Treasury, &[(DUE, 15_000)])))
                .collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
        for fault in made.into_iter().filter_map(|made| made.err()) {
            assert_eq!(fault.code(), "remittance_beyond_due");
        }
        let beyond = "UPDATE remittable SET ordered = due + 1, revision = revision + 1";
        assert!(tools::run(&mut world.database.as_owner(), beyond).is_err(), "the database holds it");
        let order = draft_of(&world, Kind::Treasury, &[]).unwrap();
        assert_eq!(order.amount, Dong(5_500), "the rest");
        refuse(&world, &order).unwrap();
        assert_eq!(draft_of(&world, Kind::Treasury, &[]).unwrap().amount, Dong(5_500), "free again");
    });
}

#[test]
fn the_kept_share_is_withdrawn_by_an_order_of_its_own() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Kept);
        assert_eq!(order.amount, Dong(12_500));
        shown(&world, 33_000, -12_500, &format!("TRICH PHI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled);
        world.assert_balances(order.unit, &[bank(&world, 20_500), due(-20_500)]);
        close_day(&world);
    });
}

pub const TARIFF: &str = include_str!("../../fixtures/tariff/hanoi.toml");
pub const FEE_NAME: &str = "Phí chứng thực bản sao từ bản chính";

/// An order over the kept share of one fee of the city's tariff.
pub fn kept_of_a_named_fee(world: &World) -> Order {
    world.change(|tx, stamp| edition::store_first(tx, stamp, &Actor::system(), TARIFF)).unwrap();
    let fee = line("chung_thuc_ban_sao", "phi", "receipt", Dong(25_000));
    let owed = world.raise_lines(&world.ba_dinh, vec![fee]);
    shown(world, 0, 25_000, &format!("{} nop phi", owed.reference_code));
    close_day(world);
    world.wait_days(1);
    approved(world, Kind::Kept)
}

/// Another edition, whatever it says, in force from that moment on.
pub fn newer_tariff(world: &World, text: &str, from: Instant) {
    let sql = format!(
        "INSERT INTO tariff_edition (id, sha256, content, loaded_at) VALUES ({}, '{}', '{}', {})",
        i64::MAX,
        "0".repeat(64),
        text.replace('\'', "''"),
        from.0
    );
    tools::run(&mut world.database.as_owner(), &sql).unwrap();
}

/// The words of an order's page.
fn page_of(world: &World, order: &Order) -> String {
    let content = world.look(|conn| Content::read(conn, order));
    let folder = tools::Folder::new("kept");
    let file = folder.path().join("order.pdf");
    std::fs::write(&file, document::pdf(&content).unwrap()).unwrap();
    let shown =
        std::process::Command::new("pdftotext").args(["-layout", file.to_str().unwrap(), "-"]).output();
    String::from_utf8_lossy(&shown.expect("pdftotext runs").stdout).into_owned()
}

#[test]
fn an_order_over_kept_shares_names_its_fees_as_people_know_them() {
    each_database(|database| {
        let world = World::settled_in(database);
        let order = kept_of_a_named_fee(&world);
        let page = page_of(&world, &order);
        assert!(page.contains(FEE_NAME), "{page}");
        assert!(!page.contains("chung_thuc_ban_sao"), "the code is for machines: {page}");
    });
}

#[test]
fn an_order_printed_again_keeps_the_names_of_its_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let order = kept_of_a_named_fee(&world);
        let first = page_of(&world, &order);
        world.wait_days(1);
        newer_tariff(&world, &TARIFF.replace(FEE_NAME, "Phí sao y"), world.now());
        let again = page_of(&world, &order);
        assert!(again.contains(FEE_NAME), "{again}");
        assert_eq!(again, first);
    });
}

#[test]
fn the_orders_of_one_page_name_their_fees_each_by_the_tariff_of_its_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let order = kept_of_a_named_fee(&world);
        world.wait_days(1);
        newer_tariff(&world, &TARIFF.replace(FEE_NAME, "Phí sao y"), world.now());
        let later = Order { created_at: world.now(), ..order.clone() };
        let budget = Order { kind: Kind::Treasury, ..order.clone() };
        let mut tariffs = Tariffs::default();
        let called = [&order, &later, &order, &budget].map(|order| {
            world.look(|conn| {
                let fee = tariffs.of(conn, order)?.and_then(|tariff| tariff.item("chung_thuc_ban_sao"));
                Ok(fee.map(|fee| fee.name.vi.clone()))
            })
        });
        let names = [Some(FEE_NAME), Some("Phí sao y"), Some(FEE_NAME), None];
        assert_eq!(called, names.map(|name| name.map(str::to_owned)));
    });
}

#[test]
fn an_order_whose_tariff_does_not_read_any_more_is_printed_with_codes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let order = kept_of_a_named_fee(&world);
        newer_tariff(&world, "không đọc được", order.created_at);
        let page = page_of(&world, &order);
        assert!(page.contains("chung_thuc_ban_sao"), "{page}");
        let content = world.look(|conn| Content::read(conn, &order));
        assert!(document::xml(&content).starts_with(b"<"), "the data needs no names");
    });
}

#[test]
fn a_debit_without_the_code_is_given_to_its_order_by_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        shown(&world, 33_000, -20_500, "CHUYEN TIEN KHO BAC");
        let unit = order.unit;
        let id: ExceptionId = world.exceptions(unit).pop().expect("an unknown debit").id;
        let maker = person(unit, world.clerk, Role::Finance);
        let target = Some(order.id.0);
        world
            .app
            .write(&maker, |tx, stamp| {
                let item =
                    exception::propose(tx, stamp, &maker, unit, id, ("remittance", target, "đúng lệnh"))?;
                resolve::check_proposal(tx, &item, "remittance", target)
            })
            .unwrap();
        let checker = person(unit, world.chief, Role::Approver);
        world.app.write(&checker, |tx, stamp| resolve::approve(tx, stamp, &checker, unit, id)).unwrap();
        assert_eq!(now(&world, &order).state, State::Debited);
        let transit = Account::TreasuryInTransit(order.id);
        world.assert_balances(unit, &[bank(&world, 12_500), (transit, 20_500), kept(-12_500), due(-20_500)]);
        close_day(&world);
    });
}

#[test]
fn a_fee_that_becomes_another_of_the_same_budget_account_is_not_remitted_twice() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = collected(&world);
        let order = approved(&world, Kind::Treasury);
        shown(&world, 33_000, -20_500, &order.reference_code);
        let row = format!("{},805,2771,20500,{},credited,", order.reference_code, today(&world));
        told(&world, &[&row]);
        close_day(&world);
        world.wait_days(1);

        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        let (other, same) =
            (line("HT-02", "phi", "receipt", Dong(25_000)), line("LP-01", "le_phi", "receipt", Dong(8_000)));
        corrected(&world, &receipt, CorrectionKind::Replace, vec![other, same]);
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 12_500));
        close_day(&world);
        world.assert_balances(
            owed.unit,
            &[bank(&world, 12_500), (Account::ShareKept("HT-02".into()), -12_500)],
        );
        world.wait_days(1);
        let refused = |kind| draft_of(&world, kind, &[]).unwrap_err().code();
        assert_eq!(refused(Kind::Treasury), "remittance_nothing_due", "the budget has it");
        assert_eq!(refused(Kind::Claim), "remittance_nothing_due", "and owes nothing back");
    });
}

#[test]
fn a_receipt_cancelled_after_its_fee_was_remitted_makes_the_treasury_owe_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = collected(&world);
        let order = approved(&world, Kind::Treasury);
        shown(&world, 33_000, -20_500, &order.reference_code);
        let row = format!("{},805,2771,20500,{},credited,", order.reference_code, today(&world));
        told(&world, &[&row]);
        close_day(&world);
        world.wait_days(1);

        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        corrected(&world, &receipt, CorrectionKind::Cancel, Vec::new());
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 12_500));
        close_day(&world);
        let payment = world.payments(&world.ba_dinh)[0].id;
        let refund_due = |amount| (Account::BudgetRefundDue("805-2771".into()), amount);
        world.assert_balances(
            owed.unit,
            &[bank(&world, 12_500), refund_due(20_500), (Account::Surplus(payment), -33_000)],
        );

        world.wait_days(1);
        let claim = approved(&world, Kind::Claim);
        assert_eq!(claim.amount, Dong(20_500));
        shown(&world, 12_500, 20_500, &format!("HOAN TRA {}", claim.reference_code));
        assert_eq!(now(&world, &claim).state, State::Settled);
        world.assert_balances(owed.unit, &[bank(&world, 33_000), (Account::Surplus(payment), -33_000)]);
        close_day(&world);
    });
}

#[test]
fn the_order_is_a_page_with_its_data_inside() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        let content = world.look(|conn| Content::read(conn, &order));
        let xml = document::xml(&content);
        let text = String::from_utf8(xml.clone()).unwrap();
        for part in [
            "<Title>Lệnh nộp tiền vào ngân sách nhà nước</Title>",
            "<Chapter>805</Chapter><SubItem>2771</SubItem><Amount>20500</Amount>",
            "<TotalInWords>Hai mươi nghìn năm trăm đồng</TotalInWords>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let folder = tools::Folder::new("order");
        let (xml_file, pdf_file) = (folder.path().join("order.xml"), folder.path().join("order.pdf"));
        std::fs::write(&xml_file, xml).unwrap();
        let pdf = document::pdf(&content).unwrap();
        assert_eq!(pdf, document::pdf(&content).unwrap(), "the same order gives the same bytes");
        std::fs::write(&pdf_file, pdf).unwrap();
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/xsd/remittance/RO-1.0.xsd");
        let run = |program: &str, arguments: &[&str]| {
            let output = std::process::Command::new(program).args(arguments).output();
            let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                output.status.success(),
                "{program}: {shown} {}",
                String::from_utf8_lossy(&output.stderr)
            );
            shown
        };
        run("xmllint", &["--noout", "--schema", schema, xml_file.to_str().unwrap()]);
        let page = run("pdftotext", &["-layout", pdf_file.to_str().unwrap(), "-"]);
        for part in [
            "LỆNH NỘP TIỀN VÀO NGÂN SÁCH NHÀ NƯỚC",
            "20.500",
            "Hai mươi nghìn năm trăm đồng",
            &order.reference_code,
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        run("qpdf", &["--check", pdf_file.to_str().unwrap()]);
        keeps_both_standards(&pdf_file);
    });
}
