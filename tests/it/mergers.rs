//! Units and accounts that end, and units that are called otherwise.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::exception;
use bienlai::id::{AccountId, EventId, UnitId};
use bienlai::ledger::{self, Account};
use bienlai::obligation::{self, Obligation, State};
use bienlai::payment::{reopen, resolve};
use bienlai::reconciliation::reconcile;
use bienlai::report::proposal::{self, AccountEnd, Content, Merger, Naming};
use bienlai::report::verify;
use bienlai::report::winding_up::{self, What};
use bienlai::store::Lane;
use bienlai::unit::account::{self, NewAccount};
use bienlai::unit::city::Identity;
use bienlai::unit::codes::Codes;
use bienlai::unit::{NewUnit, trust};

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{location, seated};
use crate::support::world::line;
use crate::support::{World, each_database};

/// A city's administrator: the first proposes, the second approves.
fn city(world: &World, is_second: bool) -> Actor {
    let person = if is_second { world.chief } else { world.clerk };
    Actor { person: Some(person), client: None, role: Role::Administrator, scope: Scope::All }
}

fn propose(world: &World, content: &Content) -> Result<EventId> {
    let actor = city(world, false);
    world.store.write(&Scope::All, Lane::Live, |tx| {
        proposal::propose(tx, &world.stamp(), &actor, content, "Sắp xếp đơn vị hành chính")
    })
}

fn approve(world: &World, id: EventId, is_second: bool) -> Result<()> {
    let actor = city(world, is_second);
    let stamp = || world.stamp();
    world.store.write(&Scope::All, Lane::Live, |tx| proposal::approve(tx, &stamp(), &actor, id)).map(|_| ())
}

pub fn decided(world: &World, content: &Content) -> Result<()> {
    let id = propose(world, content)?;
    approve(world, id, true)
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> &'static str {
    outcome.expect_err("it is refused").code()
}

pub fn merger(world: &World, on: BusinessDay) -> Content {
    Content::Merger(Merger {
        unit: world.tay_ho.id,
        successor: world.ba_dinh.id,
        effective_on: on,
        decision_no: "21/NQ-HĐND".into(),
    })
}

pub fn hand_over(world: &World) -> Result<winding_up::unit::Done> {
    hand_over_of(world, world.tay_ho.id)
}

fn hand_over_of(world: &World, unit: UnitId) -> Result<winding_up::unit::Done> {
    winding_up::unit::hand_over(&world.store, &|| world.stamp(), &city(world, false), unit)
}

/// An account that began with a million and moved nothing.
pub fn second_account(world: &World, unit: UnitId) -> AccountId {
    world.change(|tx, stamp| {
        let new = NewAccount {
            unit,
            bank_bin: "970432".into(),
            account_no: "1900999900".into(),
            holder_name: "Tài khoản thử thứ hai".into(),
            opened_on: stamp.today(),
            opening_balance: Dong(1_000_000),
        };
        account::register(tx, stamp, &Actor::system(), new)
    })
}

#[test]
fn what_a_unit_took_over_goes_on_when_it_is_merged_itself() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, next, last) = (world.tay_ho.id, world.soc_son.id, world.ba_dinh.id);
        let second = second_account(&world, first);
        let today = world.now().business_day();
        let merged = |unit, successor| {
            let decision_no = "21/NQ-HĐND".into();
            Content::Merger(Merger { unit, successor, effective_on: today, decision_no })
        };
        decided(&world, &merged(first, next)).unwrap();
        let end = AccountEnd { unit: first, account: second, last_day: today };
        decided(&world, &Content::AccountEnd(end)).unwrap();
        hand_over_of(&world, first).unwrap();

        decided(&world, &merged(next, last)).unwrap();
        hand_over_of(&world, next).unwrap();
        let kept = [(Account::Bank(second), 1_000_000), (Account::Opening(second), -1_000_000)];
        world.assert_balances(first, &[]);
        world.assert_balances(next, &[]);
        world.assert_balances(last, &kept);
        for one in [first, next, last] {
            assert_eq!(world.look(|conn| verify::unit(conn, one)), [], "{one}");
        }
    });
}

#[test]
fn a_merged_unit_raises_nothing_more_and_what_it_left_goes_on_in_the_other() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, successor) = (world.tay_ho.id, world.ba_dinh.id);
        let owed = world.raise_at(&world.tay_ho, Dong(40_000));
        let second = second_account(&world, unit);
        let today = world.now().business_day();
        let itself = Content::Merger(Merger {
            unit,
            successor: unit,
            effective_on: today,
            decision_no: "21/NQ-HĐND".into(),
        });
        assert_eq!(code(propose(&world, &itself)), "merger_with_itself");
        assert_eq!(code(hand_over(&world)), "merger_missing");

        // Two persons decide; before the day life goes on.
        let id = propose(&world, &merger(&world, today.next())).unwrap();
        assert_eq!(code(approve(&world, id, false)), "maker_is_checker");
        approve(&world, id, true).unwrap();
        let late = world.raise_at(&world.tay_ho, Dong(10_000));
        assert_eq!(code(hand_over(&world)), "merger_not_yet");
        assert_eq!(code(decided(&world, &merger(&world, today))), "unit_merged");
        world.wait_days(1);
        let refused = world.try_raise(&world.tay_ho, vec![line("HT-01", "phi", "receipt", Dong(10_000))]);
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), "unit_merged");
        assert!(refused.detail().contains("00004"), "{}", refused.detail());

        // What is open is told, and nothing moves before it is settled.
        let refused = hand_over(&world).unwrap_err();
        assert_eq!(refused.code(), "unit_busy");
        assert!(refused.detail().contains(What::AccountOpen.as_str()), "{}", refused.detail());
        assert_eq!(world.again(&owed).state, State::Raised, "nothing moved");
        let today = world.now().business_day();
        let end = Content::AccountEnd(AccountEnd { unit, account: second, last_day: today });
        decided(&world, &end).unwrap();
        assert_eq!(code(decided(&world, &end)), "account_ended");

        let done = hand_over(&world).unwrap();
        assert_eq!((done.obligations, done.series), (2, 1));
        assert_eq!(code(hand_over(&world)), "unit_handed_over");
        let old = world.again(&owed);
        assert_eq!(old.state, State::Cancelled);
        let new = world.look(|conn| obligation::find_by_code(conn, &owed.reference_code));
        assert_eq!((new.unit, new.state, new.total), (successor, State::Raised, Dong(40_000)));
        assert_eq!((&new.dossier_code, new.due_on), (&owed.dossier_code, owed.due_on));
        assert_eq!(world.count(&format!("receipt_series WHERE unit_id = {} AND phase = 'open'", unit.0)), 0);

        // Paid under the code on the old paper, at the other's account, it is receipted there.
        world.money(&world.ba_dinh, Dong(40_000)).memo(&format!("{} NOP PHI", owed.reference_code)).settle();
        let paid = world.look(|conn| obligation::find(conn, successor, new.id));
        assert_eq!(paid.state, State::Paid);
        assert_eq!(world.receipts(&paid).len(), 1);
        assert_eq!(world.look(|conn| obligation::find_by_code(conn, &late.reference_code)).unit, successor);

        // The books of both hold, and what the account began with stands in the other's.
        world.assert_balances(unit, &[]);
        let of = |unit, account: Account| world.look(|conn| ledger::balance(conn, unit, &account));
        assert_eq!(of(successor, Account::Bank(second)), Dong(1_000_000));
        assert_eq!(of(successor, Account::Opening(second)), Dong(-1_000_000));
        for one in [unit, successor] {
            assert_eq!(world.look(|conn| verify::unit(conn, one)), [], "{one}");
        }
        world.seal();
    });
}

/// What was owed to the unit that was merged, and how it goes on in the other.
fn taken_over(world: &World) -> (Obligation, Obligation) {
    let owed = world.raise_at(&world.tay_ho, Dong(40_000));
    decided(world, &merger(world, world.now().business_day())).unwrap();
    hand_over(world).unwrap();
    let new = world.look(|conn| obligation::find_by_code(conn, &owed.reference_code));
    assert_ne!((new.unit, &new.reference_code), (owed.unit, &owed.reference_code));
    (owed, new)
}

/// A line on the account of the unit that goes on brings the money, and is matched.
fn credited(world: &World, memo: &str) {
    let (to, day) = (&world.ba_dinh, world.now().business_day());
    import(world, &BankFile::new(to.account_no, day, 0).book(40_000, memo, "FT26327001").camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), to.id, to.account).unwrap();
}

fn assert_paid(world: &World, owed: &Obligation) {
    let paid = world.again(owed);
    assert_eq!((paid.state, world.receipts(&paid).len()), (State::Paid, 1));
    assert_eq!(world.look(|conn| verify::unit(conn, owed.unit)), []);
}

#[test]
fn a_line_that_shows_the_code_on_the_old_paper_is_matched_with_what_goes_on_in_the_other_unit() {
    for is_told_twice in [false, true] {
        each_database(|database| {
            let world = World::settled_in(database);
            let (owed, new) = taken_over(&world);
            let own = if is_told_twice { new.reference_code.as_str() } else { "" };
            credited(&world, &format!("{} {own} nop phi", owed.reference_code));
            assert_paid(&world, &new);
        });
    }
}

#[test]
fn a_claim_that_tells_both_codes_of_what_goes_on_names_one_obligation_and_is_shown_by_its_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, new) = taken_over(&world);
        let (unit, told) = (new.unit, format!("{} {}", owed.reference_code, new.reference_code));
        let claim = world.money(&world.ba_dinh, Dong(40_000)).by("vietqr").memo(&told).reference("FT777");
        let answer = claim.settle();
        assert_eq!((answer.obligation, answer.obligations), (Some(new.id), vec![new.id]));
        credited(&world, "noi dung bi cat");
        let waits = |item: &exception::Exception| item.kind == exception::Kind::UnidentifiedCredit;
        let item = world.exceptions(unit).into_iter().find(waits).expect("nobody knows whose it is");
        let movement = world.words("SELECT CAST(id AS TEXT) AS t FROM movement WHERE state = 'expected'");
        let ask = ("proves", Some(movement[0].parse::<i64>().unwrap()), "ngân hàng xác nhận");
        let clerk = Actor { role: Role::Finance, ..city(&world, false) };
        world.change(|tx, stamp| exception::propose(tx, stamp, &clerk, unit, item.id, ask));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief(&world), unit, item.id));
        assert_paid(&world, &new);
    });
}

#[test]
fn a_merger_holds_from_today_at_the_earliest_when_it_is_proposed_and_when_it_is_approved() {
    each_database(|database| {
        let world = World::settled_in(database);
        let today = world.now().business_day();
        assert_eq!(code(propose(&world, &merger(&world, today.plus_days(-1)))), "date_in_the_past");
        let id = propose(&world, &merger(&world, today)).unwrap();
        world.wait_days(1);
        assert_eq!(code(approve(&world, id, true)), "date_in_the_past", "a day went by since");
        world.raise_at(&world.tay_ho, Dong(10_000));
    });
}

#[test]
fn the_staff_of_the_unit_that_goes_on_acts_for_the_other_and_hands_it_over_on_its_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_at(&world.tay_ho, Dong(40_000));
        let mut service = Service::start(&world);
        let own = Scope::unit(world.ba_dinh.id);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.badinh", own.clone());
        let mut clerk = seated(&world, service.address, Role::Finance, "ketoan.badinh", own.clone());
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", own);
        assert_eq!(admin.get("/admin/units/00091").status, 404, "it is another unit");

        let mut maker = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        let mut checker = seated(&world, service.address, Role::Administrator, "quantri.hai", Scope::All);
        let today = world.now().business_day().to_string();
        let form = [
            ("ending", "00091"),
            ("successor", "00091"),
            ("effective_on", today.as_str()),
            ("decision_no", "21/NQ-HĐND"),
            ("reason", "Sắp xếp đơn vị hành chính"),
        ];
        maker.get("/admin/proposals");
        assert_eq!(maker.post("/admin/proposals/merger", &form).status, 400);
        maker.sees("value=\"21/NQ-HĐND\"");
        maker.sees("khác với đơn vị kết thúc");
        let good = [&form[..1], &[("successor", "00004")][..], &form[2..]].concat();
        assert_eq!(maker.post("/admin/proposals/merger", &good).status, 303, "{}", maker.page);
        checker.get("/admin/proposals");
        checker.sees("Sáp nhập đơn vị: 00091");
        let rest = checker.page.split_once("action=\"/admin/proposals/evt_").expect("one is open").1;
        let approve = format!("/admin/proposals/evt_{}/approve", rest.split_once('/').unwrap().0);
        assert_eq!(maker.post(&approve, &[]).status, 400, "another person decides");
        assert_eq!(checker.post(&approve, &[]).status, 303, "{}", checker.page);
        checker.get("/onboarding");
        assert!(!checker.page.contains("/onboarding/00091"), "it goes live no more: {}", checker.page);
        checker.sees("/onboarding/00004");

        assert_eq!(admin.get("/admin/units/00091").status, 200);
        admin.sees("nhập vào");
        admin.sees("Bàn giao cho đơn vị tiếp nhận");
        assert_eq!(clerk.get("/finance").status, 200);
        clerk.sees("Tây Hồ");
        cashier.get("/counter");
        assert!(!cashier.page.contains("Tây Hồ"), "nothing is taken there any more");
        let handed = admin.post("/admin/units/00091/handover", &[]);
        assert_eq!((handed.status, location(&handed)), (303, "/admin/units/00091"), "{}", admin.page);
        admin.get("/admin/units/00091");
        admin.sees("Đã bàn giao");

        // The citizen's link leads on.
        let mut citizen = crate::support::visitor::Visitor::at(service.address);
        assert_eq!(citizen.get(&format!("/p/{}", owed.reference_code)).status, 200);
        citizen.sees("Ba Đình");
        citizen.sees("40.000");
        let mut other = seated(
            &world,
            service.address,
            Role::Administrator,
            "quantri.socson",
            Scope::unit(world.soc_son.id),
        );
        assert_eq!(other.get("/admin/units/00091").status, 404);
        service.stop();
    });
}

#[test]
fn an_account_ends_only_when_nothing_of_it_is_open() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        let today = world.now().business_day();
        let end =
            |last_day| Content::AccountEnd(AccountEnd { unit, account: world.ba_dinh.account, last_day });
        let refused = decided(&world, &end(today)).unwrap_err();
        assert_eq!(refused.code(), "account_busy");
        assert!(refused.detail().contains("obligation_open: 1"), "{}", refused.detail());
        world.cancel(&owed).unwrap();
        assert_eq!(code(decided(&world, &end(today.next()))), "date_out_of_range");
        decided(&world, &end(today)).unwrap();
        let none = world.try_raise(&world.ba_dinh, vec![line("HT-01", "phi", "receipt", Dong(10_000))]);
        assert_eq!(code(none), "unit_has_no_account");
        assert_eq!(
            world.words(
                "SELECT CAST(maker_person_id AS TEXT) || CAST(checker_person_id AS TEXT) AS t FROM bank_account_end"
            ),
            ["1112"]
        );
    });
}

#[test]
fn a_unit_gets_its_budget_code_by_two_persons_and_keeps_the_tax_code_its_certificate_signs_under() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let present = world.look(|conn| bienlai::unit::find(conn, unit));
        let codes = |tax_code: Option<&str>, budget_code: Option<&str>| {
            Content::Naming(Naming {
                unit,
                name: present.name.clone(),
                address: present.address.clone(),
                valid_from: world.now().business_day(),
                decision_no: "31/NQ-HĐND".into(),
                tax_code: tax_code.map(str::to_owned),
                budget_code: budget_code.map(str::to_owned),
            })
        };
        assert_eq!(code(decided(&world, &codes(Some("9900000008"), None))), "tax_code_wrong");
        assert_eq!(code(decided(&world, &codes(None, Some("12")))), "budget_code_wrong");
        assert_eq!(code(decided(&world, &codes(Some("001199000000"), None))), "unit_tax_code_in_use");
        decided(&world, &codes(None, Some("7654321"))).unwrap();
        let now = world.look(|conn| bienlai::unit::find(conn, unit));
        assert_eq!(now.budget_code.as_deref(), Some("7654321"));
        assert_eq!((now.tax_code, now.name), (present.tax_code.clone(), present.name.clone()));
    });
}

#[test]
fn a_unit_takes_the_tax_code_of_another_only_after_a_merger_ended_that_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.soc_son.id;
        let present = world.look(|conn| bienlai::unit::find(conn, unit));
        let tay_ho = world.look(|conn| bienlai::unit::find(conn, world.tay_ho.id));
        let today = world.now().business_day();
        let taking = |valid_from| {
            Content::Naming(Naming {
                unit,
                name: present.name.clone(),
                address: present.address.clone(),
                valid_from,
                decision_no: "32/NQ-HĐND".into(),
                tax_code: Some(tay_ho.tax_code.clone()),
                budget_code: None,
            })
        };
        assert_eq!(code(propose(&world, &taking(today))), "tax_code_taken");
        decided(&world, &merger(&world, today.next())).unwrap();
        let early = propose(&world, &taking(today.next()));
        assert_eq!(code(early), "tax_code_taken", "it collects until the merger's day");
        world.wait_days(1);
        decided(&world, &taking(today.next())).unwrap();
        assert_eq!(world.look(|conn| bienlai::unit::find(conn, unit)).tax_code, tay_ho.tax_code);
    });
}

#[test]
fn no_unit_and_not_the_city_takes_a_tax_code_that_somebody_has_however_it_is_asked_for() {
    each_database(|database| {
        let world = World::settled_in(database);
        let system = Actor::system();
        let present = world.look(|conn| bienlai::unit::find(conn, world.soc_son.id));
        let known = |tax_code: &str| Identity {
            name: "Ủy ban nhân dân thành phố Mẫu".into(),
            tax_code: tax_code.into(),
            address: "Số 9 phố Mẫu".into(),
            phone: None,
            budget_code: None,
        };
        let identify = |tax_code: &str| {
            world.try_change(|tx, stamp| bienlai::unit::city::identify(tx, stamp, &system, &known(tax_code)))
        };
        let register = |tax_code: &str| {
            let new = NewUnit {
                code: "00999".into(),
                name: "Phường Mẫu".into(),
                kind: "phường".into(),
                tax_code: tax_code.into(),
                budget_code: None,
                address: "Số 1 phố Thử".into(),
                phone: None,
                valid_from: world.now().business_day(),
            };
            world.try_change(|tx, stamp| bienlai::unit::register(tx, stamp, &system, new.clone()))
        };
        let change = |tax_code: &str| {
            let asked = Codes { tax_code: Some(tax_code.into()), budget_code: None };
            let unit = world.soc_son.id;
            world.try_change(|tx, stamp| bienlai::unit::codes::change(tx, stamp, &system, unit, &asked))
        };
        assert_eq!(code(identify(&present.tax_code)), "tax_code_taken");
        identify("9900000030").unwrap();
        identify("9900000030").unwrap();
        for taken in ["9900000030", " 9900000030 ", present.tax_code.as_str()] {
            assert_eq!(code(register(taken)), "tax_code_taken", "{taken}");
        }
        assert_eq!(world.count("unit WHERE code = '00999'"), 0, "nothing is half registered");
        assert_eq!(code(change(" 9900000030")), "tax_code_taken");
        register("9900000048").unwrap();
        assert_eq!(code(change("9900000048")), "tax_code_taken");
        change(&present.tax_code).unwrap();
    });
}

#[test]
fn a_document_carries_the_name_of_its_day_of_issue() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let today = world.now().business_day();
        let naming = |valid_from| {
            Content::Naming(Naming {
                unit,
                name: "Ủy ban nhân dân phường Ba Đình Mới".into(),
                address: "Số 7 phố Mẫu Mới".into(),
                valid_from,
                decision_no: "30/NQ-HĐND".into(),
                tax_code: None,
                budget_code: None,
            })
        };
        assert_eq!(code(propose(&world, &naming(today.plus_days(-1)))), "date_in_the_past");
        decided(&world, &naming(today.next())).unwrap();
        let issued = || {
            let owed = world.raise(Dong(25_000));
            let receipt = world.claim(&owed, Dong(25_000)).receipt();
            let body = world.look(|conn| bienlai::receipt::query::body(conn, unit, receipt));
            String::from_utf8(body).unwrap()
        };
        let before = issued();
        assert!(before.contains("Ba Đình") && !before.contains("Ba Đình Mới"), "{before}");
        world.wait_days(1);
        let after = issued();
        assert!(after.contains("Ủy ban nhân dân phường Ba Đình Mới"), "{after}");
        assert!(after.contains("Số 7 phố Mẫu Mới"), "{after}");
        world.seal();
        assert_eq!(world.count("unit WHERE name LIKE '%Ba Đình Mới'"), 0, "nobody looked yet");
        bienlai::worker::keep_registers(&world.app).unwrap();
        assert_eq!(world.count("unit WHERE name LIKE '%Ba Đình Mới'"), 1, "pages and lists follow");
    });
}

#[test]
fn nothing_settled_in_a_unit_that_was_handed_over_is_opened_there_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, today) = (world.tay_ho.id, world.now().business_day());
        let owed = world.raise_at(&world.tay_ho, Dong(10_000));
        let item = world.change(|tx, stamp| {
            let new = exception::New {
                unit,
                kind: exception::Kind::PaidForAnother,
                subject: exception::Subject::Obligation(owed.id),
                account: None,
                amount: Dong(10_000),
                opened_on: stamp.today(),
                detail: String::new(),
            };
            exception::open(tx, stamp, &[new])?;
            let subject = exception::Subject::Obligation(owed.id);
            exception::query::by_subject(tx, unit, exception::Kind::PaidForAnother, subject)
        });
        let clerk = Actor { role: Role::Finance, ..city(&world, false) };
        world.change(|tx, stamp| {
            let ask = ("acknowledge", None, "đã xem").into();
            resolve::alone(tx, stamp, &clerk, unit, item, &ask)
        });
        // Before the hand-over it may be opened again.
        world.change(|tx, stamp| reopen::ask(tx, stamp, &clerk, unit, item, "xem lại"));
        world.change(|tx, stamp| exception::refuse_reopening(tx, stamp, &chief(&world), unit, item, "không"));
        decided(&world, &merger(&world, today)).unwrap();
        hand_over(&world).unwrap();
        let again = world.try_change(|tx, stamp| reopen::ask(tx, stamp, &clerk, unit, item, "xem lại"));
        assert_eq!(code(again), "unit_handed_over");
    });
}

fn chief(world: &World) -> Actor {
    Actor { role: Role::Approver, ..city(world, true) }
}

#[test]
fn an_old_proposal_does_not_bring_back_a_trust_that_ended_since() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account, today) = (world.ba_dinh.id, world.ba_dinh.account, world.now().business_day());
        let asked = |until: BusinessDay| {
            Content::Trust(proposal::Trust {
                unit,
                account,
                channel: "sepay".into(),
                valid_from: today,
                valid_until: until,
                agreement_no: "12/TT".into(),
                claim_limit: Dong(1_000_000),
                unproven_limit: Dong(9_000_000),
                age_limit_days: 3,
            })
        };
        // Each at a moment of its own.
        world.wait_seconds(1);
        decided(&world, &asked(today.plus_days(30))).unwrap();
        world.wait_seconds(1);
        let (old, short) = (
            propose(&world, &asked(today.plus_days(90))).unwrap(),
            propose(&world, &asked(today.plus_days(1))).unwrap(),
        );
        world.change(|tx, stamp| {
            trust::end(tx, stamp, &city(&world, false), (unit, account, "sepay"), "khóa kênh có thể bị lộ")
        });
        assert_eq!(code(approve(&world, old, true)), "trust_decided_since");
        let pair = (unit, account, "sepay".to_owned());
        let held = world.look(|conn| trust::in_force(conn, std::slice::from_ref(&pair)));
        assert!(!held[&pair].settles_on(today), "nothing came back");
        // What would be over when it is approved is no trust.
        world.wait_days(2);
        assert!(["trust_decided_since", "trust_dates_wrong"].contains(&code(approve(&world, short, true))));
        assert_eq!(code(decided(&world, &asked(today.plus_days(1)))), "trust_dates_wrong");
        decided(&world, &asked(today.plus_days(90))).unwrap();
    });
}
