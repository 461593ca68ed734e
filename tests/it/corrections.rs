//! Receipts are replaced, adjusted and cancelled, with their money, by two persons.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::correction::{self, Agreement, Ask, Correction, Kind};
use bienlai::error::Result;
use bienlai::exception::Kind as Exception;
use bienlai::id::{PersonId, ReceiptId, UnitId};
use bienlai::ledger::Account;
use bienlai::obligation::{Line, Obligation, State};
use bienlai::party::Payer;
use bienlai::payment::amend::Amended;
use bienlai::payment::book::Method;
use bienlai::receipt::query::{Stored, document};
use bienlai::receipt::verify::{TrustStore, verify};
use bienlai::receipt::{printed, relation};
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::{AUTHORITY_PEM, line};
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

pub fn person(unit: UnitId, person: PersonId, role: Role) -> Actor {
    Actor { person: Some(person), client: None, role, scope: Scope::unit(unit) }
}

pub fn fee(item: &str, amount: i64) -> Line {
    line(item, "phi", "receipt", Dong(amount))
}

pub fn fees(item: &str) -> Account {
    Account::FeesCollected(item.to_owned())
}

/// A fee paid at the counter, its receipt signed.
pub fn collected(world: &World, lines: Vec<Line>) -> (Obligation, Stored) {
    let total = Dong::sum(lines.iter().map(|line| line.amount)).unwrap();
    let owed = world.raise_lines(&world.ba_dinh, lines);
    world.take(&owed, total, Method::Cash).unwrap();
    world.seal();
    let receipt = world.receipts(&owed).remove(0);
    (owed, receipt)
}

pub fn ask(receipt: &Stored, kind: Kind, lines: Vec<Line>) -> Ask {
    Ask {
        unit: receipt.unit,
        receipt: receipt.id,
        kind,
        reason: "tính nhầm một bản".to_owned(),
        agreement: Agreement {
            number: "05/BB-TT".to_owned(),
            on: receipt.issued_on,
            about: "thỏa thuận về sai sót".to_owned(),
        },
        lines,
        payer: None,
    }
}

pub fn request(world: &World, ask: &Ask) -> Result<Correction> {
    let maker = person(ask.unit, world.clerk, Role::Finance);
    world.app.write(&maker, |tx, stamp| correction::request(tx, stamp, &maker, ask.clone()))
}

pub fn approve(world: &World, asked: &Correction) -> Result<Amended> {
    let checker = person(asked.unit, world.chief, Role::Approver);
    world.app.write(&checker, |tx, stamp| {
        correction::approve(tx, stamp, &checker, asked.unit, asked.id).map(|(_, amended)| amended)
    })
}

/// Asked for, approved, and what is numbered signed.
pub fn corrected(world: &World, receipt: &Stored, kind: Kind, lines: Vec<Line>) -> Amended {
    let asked = request(world, &ask(receipt, kind, lines)).expect("it may be asked for");
    let amended = approve(world, &asked).expect("it may be approved");
    world.seal();
    amended
}

pub fn refusal(world: &World, receipt: &Stored, kind: Kind, lines: Vec<Line>) -> &'static str {
    request(world, &ask(receipt, kind, lines)).map(|_| "nothing").unwrap_or_else(|error| error.code())
}

pub fn states(world: &World, owed: &Obligation) -> Vec<(i64, String)> {
    world.receipts(owed).into_iter().map(|one| (one.amount.0, one.state)).collect()
}

pub fn again(world: &World, receipt: &Stored) -> Stored {
    let id: ReceiptId = receipt.id;
    world.look(|conn| bienlai::receipt::query::by_id(conn, receipt.unit, id)).expect("the receipt is there")
}

pub fn text_of(world: &World, receipt: &Stored) -> String {
    let bytes = world.look(|conn| document(conn, receipt.unit, receipt.id)).expect("it is signed");
    let report = verify(&bytes, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now());
    assert!(report.is_valid(), "{:?}", report.problems());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn an_adjustment_down_prints_the_difference_and_opens_a_refund() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let shift = world.payments(&world.ba_dinh)[0].debit_account.clone();
        let amended = corrected(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 20_000)]);
        assert_eq!((amended.refunds.len(), amended.awaited), (1, Dong(0)));
        assert_eq!(states(&world, &owed), [(25_000, "adjusted".into()), (-5_000, "signed".into())]);
        let now = world.again(&owed);
        assert_eq!((now.state, now.total, now.allocated), (State::Paid, Dong(20_000), Dong(20_000)));

        let adjusting = world.receipts(&owed).remove(1);
        assert_eq!(Some(adjusting.id), amended.receipt);
        let text = text_of(&world, &adjusting);
        let names_it = format!(
            "<TTBLLQuan><TCBLai>2</TCBLai><LBLCLQuan>3</LBLCLQuan><KHMSBLCLQuan>01BLP0-001</KHMSBLCLQuan>\
             <KHBLCLQuan>BD-26E</KHBLCLQuan><SBLCLQuan>1</SBLCLQuan><NLBLCLQuan>{}</NLBLCLQuan>",
            receipt.issued_on
        );
        assert!(text.contains(&names_it), "{text}");
        assert!(text.contains("Điều chỉnh cho biên lai mẫu 01BLP0-001 ký hiệu BD-26E số 0000001"), "{text}");
        assert!(text.contains("<TgTTTBChu>Âm năm nghìn đồng</TgTTTBChu>"), "{text}");
        assert!(text.contains("<ThTien>-5000</ThTien>"), "{text}");

        let payment = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((payment.to_obligations, payment.surplus), (Dong(20_000), Dong(5_000)));
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        let mut expected = vec![
            (fees("HT-01").to_string(), Dong(-20_000)),
            (Account::Surplus(payment.id).to_string(), Dong(-5_000)),
            (shift, Dong(25_000)),
        ];
        expected.sort();
        assert_eq!(balances, expected);
        assert_eq!(world.open_kinds(owed.unit), [Exception::Overpaid]);
        assert_eq!(world.count("refund WHERE state = 'requested' AND amount = 5000"), 1);
    });
}

#[test]
fn all_adjustments_refer_to_the_same_original_and_cancelling_it_ends_them_too() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000), fee("HT-02", 8_000)]);
        corrected(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 20_000), fee("HT-02", 8_000)]);
        let now = again(&world, &receipt);
        corrected(&world, &now, Kind::Adjust, vec![fee("HT-01", 20_000), fee("HT-02", 5_000)]);
        let relations: Vec<String> =
            world.words("SELECT CAST(original_id AS TEXT) AS t FROM receipt_relation");
        assert_eq!(relations, vec![receipt.id.0.to_string(); 2]);
        let adjusting = world.receipts(&owed).remove(1);
        for kind in [Kind::Replace, Kind::Adjust, Kind::Cancel] {
            assert_eq!(refusal(&world, &adjusting, kind, vec![fee("HT-01", 1)]), "correction_not_original");
        }
        assert_eq!(refusal(&world, &now, Kind::Replace, vec![fee("HT-01", 1)]), "correction_mixes_chain");

        let amended = corrected(&world, &again(&world, &receipt), Kind::Cancel, Vec::new());
        assert_eq!(amended.refunds.len(), 1);
        assert!(states(&world, &owed).iter().all(|(_, state)| state == "cancelled"));
        let payment = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((payment.to_obligations, payment.surplus), (Dong(0), Dong(33_000)));
        let now = world.again(&owed);
        assert_eq!((now.state, now.outstanding()), (State::Reopened, Dong(25_000)), "at its corrected total");
    });
}

#[test]
fn more_is_collected_first_and_then_the_adjusting_receipt_is_made() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let amended = corrected(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 32_000)]);
        assert_eq!((amended.receipt, amended.awaited), (None, Dong(7_000)));
        let open = world.again(&owed);
        assert_eq!(
            (open.state, open.total, open.outstanding()),
            (State::Reopened, Dong(32_000), Dong(7_000))
        );
        assert_eq!(states(&world, &owed), [(25_000, "signed".into())], "never before the money");
        assert_eq!(
            refusal(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 20_000)]),
            "correction_awaits_money"
        );

        world.claim(&owed, Dong(3_000)).settle();
        assert_eq!(world.receipts(&owed).len(), 1, "a part is not enough");
        let settled = world.claim(&owed, Dong(4_000)).settle();
        world.seal();
        assert_eq!(states(&world, &owed), [(25_000, "adjusted".into()), (7_000, "signed".into())]);
        let adjusting = world.receipts(&owed).remove(1);
        assert_eq!(Some(adjusting.id), settled.receipt);
        assert!(text_of(&world, &adjusting).contains("<ThTien>7000</ThTien>"));
        assert_eq!(world.again(&owed).state, State::Paid);
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        assert!(balances.contains(&(fees("HT-01").to_string(), Dong(-32_000))), "{balances:?}");
        assert!(!balances.iter().any(|(name, _)| name.starts_with("received_in_advance")), "{balances:?}");
    });
}

#[test]
fn a_difference_whose_receipt_cannot_be_numbered_waits_for_its_series() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.soc_son, vec![fee("HT-01", 25_000)]);
        world.claim(&owed, FEE).settle();
        world.open_series(&world.soc_son, "SS-26E", 1);
        bienlai::worker::make_due_receipts(&world.app).unwrap();
        let receipt = world.receipts(&owed).remove(0);
        // Its unit has no key here, so the signature is left out and only cancelling is allowed.
        assert_eq!(
            refusal(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 30_000)]),
            "correction_receipt_unsigned"
        );
        let amended = corrected(&world, &receipt, Kind::Cancel, Vec::new());
        assert_eq!(amended.refunds.len(), 1);
        // The series is used up: paying again is settled all the same, and its receipt is due.
        world.claim(&owed, FEE).settle();
        assert_eq!(world.again(&owed).state, State::Paid);
        assert_eq!(world.receipts(&owed).len(), 1);
        world.open_series(&world.soc_son, "ST-26E", 99);
        bienlai::worker::make_due_receipts(&world.app).unwrap();
        assert_eq!(states(&world, &owed), [(25_000, "cancelled".into()), (25_000, "numbered".into())]);
    });
}

#[test]
fn a_replacement_prints_everything_anew_and_the_chain_goes_on_from_the_newest() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, first) = collected(&world, vec![fee("HT-01", 25_000)]);
        // Another item at the same price: no money moves.
        let amended = corrected(&world, &first, Kind::Replace, vec![fee("HT-02", 25_000)]);
        assert_eq!((amended.refunds.len(), amended.awaited), (0, Dong(0)));
        assert_eq!(states(&world, &owed), [(25_000, "replaced".into()), (25_000, "signed".into())]);
        let second = world.receipts(&owed).remove(1);
        let text = text_of(&world, &second);
        assert!(text.contains("<TCBLai>1</TCBLai>") && text.contains("<MKThu>HT-02</MKThu>"), "{text}");
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        assert!(balances.contains(&(fees("HT-02").to_string(), Dong(-25_000))), "{balances:?}");
        assert!(!balances.iter().any(|(name, _)| *name == fees("HT-01").to_string()), "{balances:?}");

        for kind in [Kind::Replace, Kind::Adjust, Kind::Cancel] {
            let first = again(&world, &first);
            assert_eq!(refusal(&world, &first, kind, vec![fee("HT-01", 1)]), "correction_not_newest");
        }
        assert_eq!(refusal(&world, &second, Kind::Adjust, vec![fee("HT-02", 1)]), "correction_mixes_chain");
        corrected(&world, &second, Kind::Replace, vec![fee("HT-02", 20_000)]);
        let chain = world.look(|conn| relation::chain(conn, &first));
        let told: Vec<(i64, bool)> =
            chain.iter().map(|link| (link.document.amount.0, link.is_valid())).collect();
        assert_eq!(told, [(25_000, false), (25_000, false), (20_000, true)]);
        assert_eq!(chain[2].corrects.map(|(_, original)| original), Some(second.id));
        assert_eq!(world.payments(&world.ba_dinh)[0].surplus, Dong(5_000));
    });
}

#[test]
fn a_replacement_for_more_waits_for_the_difference_and_prints_the_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, first) = collected(&world, vec![fee("HT-01", 25_000), fee("HT-02", 5_000)]);
        let amended = corrected(&world, &first, Kind::Replace, vec![fee("HT-01", 40_000)]);
        assert_eq!((amended.receipt, amended.awaited), (None, Dong(10_000)));
        world.take(&world.again(&owed), Dong(10_000), Method::Cash).unwrap();
        world.seal();
        assert_eq!(states(&world, &owed), [(30_000, "replaced".into()), (40_000, "signed".into())]);
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        assert!(balances.contains(&(fees("HT-01").to_string(), Dong(-40_000))), "{balances:?}");
        assert!(!balances.iter().any(|(name, _)| *name == fees("HT-02").to_string()), "{balances:?}");
    });
}

#[test]
fn a_wrong_identity_is_replaced_and_a_wrong_name_alone_is_not() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let printed_payer = |receipt: &Stored| {
            let body = world.look(|conn| bienlai::receipt::query::body(conn, receipt.unit, receipt.id));
            printed::read(&body).unwrap().payer
        };
        let shown = printed_payer(&receipt);
        let mut asked = ask(&receipt, Kind::Replace, vec![fee("HT-01", 25_000)]);
        let mut payer = Payer {
            name: Some("Nguyễn Thị Mẫu".into()),
            address: shown.address.clone(),
            phone: shown.phone.clone(),
            ..Payer::default()
        };
        asked.payer = Some(payer.clone());
        assert_eq!(request(&world, &asked).unwrap_err().code(), "correction_needs_notice");
        asked.payer = None;
        assert_eq!(request(&world, &asked).unwrap_err().code(), "correction_changes_nothing");
        payer.personal_id = Some("12".into());
        asked.payer = Some(payer.clone());
        assert_eq!(request(&world, &asked).unwrap_err().code(), "personal_id_wrong");
        payer.personal_id = Some("001199000000".into());
        asked.payer = Some(payer);
        let wanted = request(&world, &asked).unwrap();
        approve(&world, &wanted).unwrap();
        world.seal();
        let new = printed_payer(&world.receipts(&owed).remove(1));
        assert_eq!(new.personal_id.as_deref(), Some("001199000000"));
        assert_eq!(printed_payer(&receipt).personal_id, None, "what was signed stays");
    });
}

#[test]
fn a_cancelled_receipt_gives_its_money_back_and_the_obligation_may_be_paid_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
        let receipt = world.receipts(&owed).remove(0);
        // Numbered and not signed; on a channel's word only.
        let amended = corrected(&world, &receipt, Kind::Cancel, Vec::new());
        assert_eq!((amended.receipt, amended.refunds.len()), (None, 1));
        assert_eq!(states(&world, &owed), [(25_000, "cancelled".into())]);
        assert_eq!(world.again(&owed).state, State::Reopened);
        let cancelled = again(&world, &receipt);
        assert_eq!(refusal(&world, &cancelled, Kind::Cancel, Vec::new()), "correction_of_cancelled");
        let second = world.claim(&owed, FEE).settle();
        assert!(second.receipt.is_some(), "a new receipt under a new number");
        assert_eq!(states(&world, &owed).len(), 2);
        assert_eq!(world.receipts(&owed)[1].number, 2, "the cancelled number stays used");
    });
}

#[test]
fn amounts_are_not_corrected_on_a_channels_word_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        let asked = request(&world, &ask(&receipt, Kind::Adjust, vec![fee("HT-01", 20_000)])).unwrap();
        assert_eq!(approve(&world, &asked).unwrap_err().code(), "correction_money_unproven");
        assert_eq!(world.again(&owed).total, FEE, "nothing was half done");
    });
}

#[test]
fn whoever_asks_does_not_approve_and_nothing_is_decided_twice() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let lines = vec![fee("HT-01", 20_000)];
        let asked = request(&world, &ask(&receipt, Kind::Adjust, lines.clone())).unwrap();
        assert_eq!(refusal(&world, &receipt, Kind::Cancel, Vec::new()), "correction_open");
        let same = person(owed.unit, world.clerk, Role::Approver);
        let by_maker = world.app.write(&same, |tx, stamp| {
            correction::approve(tx, stamp, &same, asked.unit, asked.id).map(|_| ())
        });
        assert_eq!(by_maker.unwrap_err().code(), "maker_is_checker");
        let by_maker = world
            .app
            .write(&same, |tx, stamp| correction::refuse(tx, stamp, &same, asked.unit, asked.id, "sai"));
        assert_eq!(by_maker.unwrap_err().code(), "maker_is_checker");
        // The database says so too, whoever asks it.
        let sql = format!("UPDATE correction SET checker_person_id = {}, revision = 2", world.clerk.0);
        let fault = tools::run(&mut world.database.as_owner(), &sql).unwrap_err().to_string();
        assert!(fault.to_lowercase().contains("check"), "{fault}");

        let stranger = person(world.tay_ho.id, world.chief, Role::Approver);
        let elsewhere = world
            .app
            .write(&stranger, |tx, stamp| correction::approve(tx, stamp, &stranger, asked.unit, asked.id));
        assert_eq!(elsewhere.map(|_| ()).unwrap_err().code(), "unit_not_found");
        let cashier = person(owed.unit, world.chief, Role::Cashier);
        let unfit = world
            .app
            .write(&cashier, |tx, stamp| correction::approve(tx, stamp, &cashier, asked.unit, asked.id));
        assert_eq!(unfit.map(|_| ()).unwrap_err().code(), "role_not_allowed");

        let chief = person(owed.unit, world.chief, Role::Approver);
        world
            .app
            .write(&chief, |tx, stamp| {
                correction::refuse(tx, stamp, &chief, asked.unit, asked.id, "biên lai đúng")
            })
            .unwrap();
        assert_eq!(approve(&world, &asked).unwrap_err().code(), "correction_not_requested");
        assert_eq!(states(&world, &owed), [(25_000, "signed".into())]);
        corrected(&world, &receipt, Kind::Adjust, lines);
    });
}

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn closed(world: &World) -> String {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
    match close(
        &world.store,
        &world.keyring,
        &|| world.stamp(),
        &Actor::system(),
        unit,
        account,
        today(world),
    ) {
        Ok(Closing::Closed(certificate)) => String::from_utf8(certificate.document).unwrap(),
        Ok(Closing::Refused(obstacles)) => {
            panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>())
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_correction_of_a_closed_day_is_posted_and_listed_on_the_first_open_one_and_shared_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, &memo, "R1");
        import(&world, &file.without_sequence().camt());
        let first = closed(&world);
        assert!(!first.contains("<Corrections>"), "{first}");
        world.seal();
        // 23 November is closed; the next month begins.
        let receipt = world.receipts(&owed).remove(0);
        corrected(&world, &receipt, Kind::Adjust, vec![fee("HT-01", 20_000)]);
        let posted = world.words("SELECT CAST(posted_on AS TEXT) AS t FROM receipt_relation");
        assert_eq!(posted, [today(&world).next().to_string()]);
        world.wait_days(1);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today(&world), 25_000).without_sequence().camt(),
        );
        let second = closed(&world);
        assert!(second.contains("<Corrections><Correction>"), "{second}");
        assert!(second.contains("<Difference>-5000</Difference>"), "{second}");
        // Half of 20.000 each: 2.500 of each share came back.
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        let of = |name: &str| {
            balances.iter().find(|(account, _)| account == name).map_or(0, |(_, balance)| balance.0)
        };
        assert_eq!(
            (of("budget_due/805-2771"), of("share_kept/HT-01"), of("fees_collected/HT-01")),
            (-10_000, -10_000, 0)
        );
    });
}

#[test]
fn a_correction_in_a_later_month_shares_its_difference_only() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
        let memo = format!("{} nop phi", owed.reference_code);
        let mut closing = 25_000;
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, &memo, "R1");
        import(&world, &file.without_sequence().camt());
        closed(&world);
        world.seal();
        while today(&world).to_string().as_str() < "2026-12-01" {
            world.wait_days(1);
            let file = BankFile::new(world.ba_dinh.account_no, today(&world), closing);
            if today(&world).to_string() == "2026-12-01" {
                let receipt = world.receipts(&owed).remove(0);
                corrected(&world, &receipt, Kind::Cancel, Vec::new());
                let memo = format!("{} nop lai", owed.reference_code);
                import(&world, &file.book(25_000, &memo, "R2").without_sequence().camt());
                closing += 25_000;
            } else {
                import(&world, &file.without_sequence().camt());
            }
            closed(&world);
        }
        assert_eq!(closing, 50_000);
        // Cancelled and paid again in December: −25.000 and +25.000, so the shares are as before.
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
        let of = |name: &str| {
            balances.iter().find(|(account, _)| account == name).map_or(0, |(_, balance)| balance.0)
        };
        assert_eq!(
            (of("budget_due/805-2771"), of("share_kept/HT-01"), of("fees_collected/HT-01")),
            (-12_500, -12_500, 0)
        );
        assert_eq!(states(&world, &owed), [(25_000, "cancelled".into()), (25_000, "numbered".into())]);
    });
}
