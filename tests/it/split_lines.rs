//! One transfer for several people's fees, without codes: a person splits it, another approves, and what
//! nobody is given stays in suspense under its line.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::{Ask, Exception, Kind, State as Step};
use bienlai::id::{ExceptionId, LineId};
use bienlai::ledger::Account;
use bienlai::obligation::{Obligation, State};
use bienlai::payment::split::{PART_LIMIT, Part};
use bienlai::payment::{reopen, resolve, unmatch};
use serde_json::json;

use crate::callbacks::token;
use crate::cash_by_command::Shell;
use crate::closed_late::closed;
use crate::corrections::person;
use crate::refunds::{statement, today};
use crate::restated_money::obstacles;
use crate::support::bank_file::BankFile;
use crate::support::program::{Service, send};
use crate::support::visitor::seated;
use crate::support::world::POLL;
use crate::support::{World, each_database};

/// So much came and says nothing of whose it is.
fn unknown(world: &World, amount: i64) -> (Exception, LineId) {
    let file =
        BankFile::new(world.ba_dinh.account_no, today(world), 0).book(amount, "tien nop phi", "FT26327011");
    statement(world, file);
    let item = world.exceptions(world.ba_dinh.id).remove(0);
    let line = LineId(item.subject_id);
    (item, line)
}

fn part(owed: &Obligation, amount: i64) -> Part {
    Part { obligation: owed.id, amount: Dong(amount) }
}

fn clerk(world: &World) -> Actor {
    person(world.ba_dinh.id, world.clerk, Role::Finance)
}

fn propose(world: &World, id: ExceptionId, parts: &[Part]) -> Result<Exception> {
    let (unit, clerk) = (world.ba_dinh.id, clerk(world));
    world.try_change(|tx, stamp| {
        let ask: Ask<'_> = ("split", None, "theo bảng kê của người nộp").into();
        resolve::propose(tx, stamp, &clerk, (unit, id), ask, parts)
    })
}

fn approve(world: &World, id: ExceptionId) -> Result<()> {
    let (unit, chief) = (world.ba_dinh.id, person(world.ba_dinh.id, world.chief, Role::Approver));
    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, id).map(|_| ()))
}

#[test]
fn one_transfer_is_split_on_the_workbench_and_its_rest_stays_in_suspense() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(30_000)));
        let (item, line) = unknown(&world, 60_000);
        let mut service = Service::start(&world);
        let scope = bienlai::actor::Scope::unit(unit);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope.clone());
        let mut approver = seated(&world, service.address, Role::Approver, "duyet.badinh", scope);
        let page = format!("/finance/exceptions/{}", item.id);
        finance.get(&page);
        finance.sees("Chia cho nhiều khoản phải nộp");
        let form = |parts: &'static str| {
            [("do", "propose"), ("resolution", "split"), ("parts", parts), ("reason", "theo bảng kê")]
        };
        for wrong in ["", "khong-co 25.000", "25.000"] {
            assert_eq!(finance.post(&page, &form(wrong)).status, 400, "{wrong}");
            finance.sees("Cách chia tiền không đúng");
        }
        let parts = format!("{} 25.000\n{}; 30 000 đ\n", one.reference_code, two.dossier_code);
        let fields =
            [("do", "propose"), ("resolution", "split"), ("parts", parts.as_str()), ("reason", "bảng kê")];
        assert_eq!(finance.post(&page, &fields).status, 303, "{}", finance.page);
        finance.get(&page);
        assert_eq!(finance.post(&page, &[("do", "approve")]).status, 400, "not the one who proposed");
        approver.get(&page);
        for seen in [one.reference_code.as_str(), two.reference_code.as_str(), "còn treo 5.000"] {
            approver.sees(seen);
        }
        assert_eq!(approver.post(&page, &[("do", "approve")]).status, 303, "{}", approver.page);
        service.stop();

        for owed in [&one, &two] {
            assert_eq!((world.again(owed).state, world.receipts(owed).len()), (State::Paid, 1));
        }
        world.assert_balances(
            unit,
            &[
                (Account::Bank(world.ba_dinh.account), 60_000),
                (Account::FeesCollected("HT-01".into()), -55_000),
                (Account::Suspense(line), -5_000),
            ],
        );
        let open: Vec<Exception> =
            world.exceptions(unit).into_iter().filter(|one| one.state == Step::Open).collect();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((open[0].kind, open[0].amount), (Kind::UnidentifiedCredit, Dong(5_000)));

        // The rest is found too, and the day closes with nothing open.
        let three = world.raise(Dong(5_000));
        propose(&world, open[0].id, &[part(&three, 5_000)]).unwrap();
        approve(&world, open[0].id).unwrap();
        assert_eq!(world.again(&three).state, State::Paid);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        assert_eq!(obstacles(&world, today(&world)), Vec::<&str>::new());
    });
}

#[test]
fn parts_that_are_wrong_are_refused_and_what_is_too_much_of_one_is_its_surplus() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        let other = world.raise_at(&world.tay_ho, Dong(25_000));
        let (item, line) = unknown(&world, 60_000);
        let code = |parts: &[Part]| propose(&world, item.id, parts).unwrap_err().code();
        assert_eq!(code(&[]), "split_parts_wrong");
        assert_eq!(code(&[part(&one, 30_000), part(&two, 30_001)]), "split_parts_wrong", "beyond the money");
        assert_eq!(code(&[part(&one, 10_000), part(&one, 15_000)]), "split_parts_wrong", "one twice");
        assert_eq!(code(&[part(&one, 0)]), "split_parts_wrong");
        assert_eq!(code(&[part(&one, 1); PART_LIMIT + 1]), "split_parts_wrong");
        assert_eq!(code(&[part(&other, 25_000)]), "obligation_not_found", "another commune's");
        let (unit_id, clerk) = (unit, clerk(&world));
        let alone = world.try_change(|tx, stamp| {
            let ask: Ask<'_> = ("split", None, "một mình").into();
            resolve::alone(tx, stamp, &clerk, unit_id, item.id, &ask).map(|_| ())
        });
        assert_eq!(alone.unwrap_err().code(), "second_person_needed");

        propose(&world, item.id, &[part(&one, 20_000), part(&two, 40_000)]).unwrap();
        approve(&world, item.id).unwrap();
        let second = world.payments(&world.ba_dinh).remove(1);
        world.assert_balances(
            unit,
            &[
                (Account::Bank(world.ba_dinh.account), 60_000),
                (Account::ReceivedInAdvance(one.id), -20_000),
                (Account::FeesCollected("HT-01".into()), -25_000),
                (Account::Surplus(second.id), -15_000),
            ],
        );
        assert_eq!(world.open_kinds(unit), [Kind::Underpaid, Kind::Overpaid]);
        assert_eq!(obstacles(&world, today(&world)), Vec::<&str>::new());

        // The bank takes the whole transfer back: the first part is owed again, the second one's receipt
        // stands and its surplus covers what it can. The day that was closed has split its fee.
        taken_back(&world);
        assert_eq!((world.again(&one).state, world.again(&two).state), (State::Reopened, State::Paid));
        world.assert_balances(
            unit,
            &[
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::ShareKept("HT-01".into()), -12_500),
                (Account::ReversalToRecover(second.id), 25_000),
            ],
        );
        assert_eq!(
            world.look(|conn| bienlai::ledger::balance(conn, unit, &Account::Suspense(line))),
            Dong(0)
        );
    });
}

/// The bank takes all 60.000 back a day later.
fn taken_back(world: &World) {
    world.wait_days(1);
    let back = BankFile::new(world.ba_dinh.account_no, today(world), 60_000);
    statement(world, back.book(-60_000, "hoan tra", "FT26327011"));
    let open = world.open_kinds(world.ba_dinh.id);
    assert!(open.contains(&Kind::BankReversal), "{open:?}");
    let debits = world.look(|conn| bienlai::ledger::trial_balance(conn, world.ba_dinh.id));
    assert!(!debits.iter().any(|(account, _)| account.starts_with("unexplained_debit")), "{debits:?}");
}

#[test]
fn a_split_transfer_that_is_taken_back_takes_its_rest_out_of_suspense_too() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        let (item, _) = unknown(&world, 60_000);
        propose(&world, item.id, &[part(&owed, 25_000)]).unwrap();
        approve(&world, item.id).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        taken_back(&world);
        assert_eq!(world.open_kinds(unit), [Kind::BankReversal], "nobody has to place the rest");
        let payment = world.payments(&world.ba_dinh).remove(0);
        world.assert_balances(
            unit,
            &[
                (Account::FeesCollected("HT-01".into()), -25_000),
                (Account::ReversalToRecover(payment.id), 25_000),
            ],
        );
    });
}

#[test]
fn a_channel_that_tells_of_a_split_transfer_later_tells_nothing_new() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(35_000)));
        let (item, _) = unknown(&world, 60_000);
        propose(&world, item.id, &[part(&one, 25_000), part(&two, 35_000)]).unwrap();
        approve(&world, item.id).unwrap();
        let late = world.claim(&one, Dong(60_000)).memo("tien nop phi");
        let told = late.settle();
        assert_eq!(late.id("lan hai").by(POLL).settle().movement, told.movement);
        assert_eq!(world.count("movement WHERE state = 'expected'"), 0);
        assert_eq!(world.count("claim WHERE possible_duplicate AND trust = 'advises'"), 2);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));

        // The same channel tells of another one: that is other money.
        let other = world.claim(&one, Dong(60_000)).memo("tien nop phi").settle();
        assert_ne!(other.movement, told.movement);
    });
}

#[test]
fn what_was_split_wrongly_is_undone_by_its_line_and_the_refusal_says_so() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, clerk) = (world.ba_dinh.id, clerk(&world));
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(35_000)));
        let (item, line) = unknown(&world, 60_000);
        propose(&world, item.id, &[part(&one, 25_000), part(&two, 35_000)]).unwrap();
        approve(&world, item.id).unwrap();
        let refused =
            world.try_change(|tx, stamp| reopen::ask(tx, stamp, &clerk, unit, item.id, "chia nhầm"));
        assert_eq!(refused.unwrap_err().code(), "reopen_by_unmatch");
        let asked = world.change(|tx, stamp| unmatch::ask(tx, stamp, &clerk, (unit, line), "chia nhầm"));
        approve(&world, asked.id).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit], "the whole sum waits for its place");
        for owed in [&one, &two] {
            assert_eq!(world.again(owed).allocated, Dong::ZERO);
        }
        let carried = closed(&world, today(&world)).carried;
        let carried: Vec<i64> = carried.iter().map(|one| one.amount.0).collect();
        assert_eq!(carried, [60_000], "the line once, under what is open about it");
    });
}

#[test]
fn the_same_is_done_over_http_and_by_command() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (one, two) = (world.raise(Dong(25_000)), world.raise(Dong(30_000)));
        let (item, _) = unknown(&world, 55_000);
        let shell = Shell::new(&world);
        let clerk = shell.person("Trần Văn Mẫu").to_string();
        let id = item.id.to_string();
        let parts = [format!("{}=25000", one.id), format!("{}=29000", two.id)];
        let asked = ["exception", "propose", &id, "--resolution", "split", "--reason", "bảng kê"];
        let given = ["--person", &clerk, "--part", &parts[0], "--part", &parts[1]];
        shell.json(&[&asked[..], &given].concat());

        let bearer = |role| format!("Bearer {}", token(&world, role));
        let (finance, approver) = (bearer(Role::Finance), bearer(Role::Approver));
        let mut service = Service::start(&world);
        let ask = |method: &str, path: &str, who: &str, body: &[u8]| {
            let reply = send(service.address, method, path, &[("Authorization", who)], body).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            (reply.status, body)
        };
        let path = format!("/api/v1/exceptions/{id}");
        let (_, shown) = ask("GET", &path, &approver, b"");
        let proposed = json!([
            { "obligation": one.id, "amount": 25_000 }, { "obligation": two.id, "amount": 29_000 }
        ]);
        assert_eq!(shown["proposal"]["parts"], proposed, "{shown}");
        let no = json!({ "reason": "thiếu một nghìn" }).to_string();
        assert_eq!(ask("POST", &format!("{path}/refuse"), &approver, no.as_bytes()).0, 200);
        let split = json!({ "resolution": "split", "reason": "bảng kê", "parts": [
            { "obligation": one.id, "amount": 25_000 }, { "obligation": two.id, "amount": 30_000 }
        ] });
        let (status, answer) =
            ask("POST", &format!("{path}/propose"), &finance, split.to_string().as_bytes());
        assert_eq!(status, 200, "{answer}");
        assert_eq!(ask("POST", &format!("{path}/approve"), &approver, b"").0, 200);
        service.stop();
        for owed in [&one, &two] {
            assert_eq!(world.again(owed).state, State::Paid);
        }
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}
