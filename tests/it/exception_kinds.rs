//! The kinds of exception: each is detected by something that happens, and each names its owner, due
//! day, next step and effect. `STORIES` says where each is proven.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{Exception, Kind, State};
use bienlai::ledger::{self, Account};
use bienlai::obligation::State as Owed;
use bienlai::queue::complaint::{self, Complaint};
use bienlai::queue::upkeep::{self, Looked};
use bienlai::queue::{Settings, names};
use bienlai::reconciliation::reconcile;

use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

/// The story that proves each kind: (kind, file, function).
const STORIES: [(Kind, &str, &str); 34] = [
    (Kind::DuplicateCallback, "exception_kinds", "a_callback_told_again_is_noted_and_asks_for_nothing"),
    (Kind::ContentDiffers, "settling", "the_same_id_with_other_content_is_an_exception_and_changes_nothing"),
    (
        Kind::SameMoneyTwoChannels,
        "same_money",
        "a_callback_by_one_key_and_a_poll_by_another_become_one_when_a_line_carries_both",
    ),
    (Kind::CallbackMissing, "exception_kinds", "money_that_no_channel_told_of_is_asked_about_until_it_does"),
    (
        Kind::ClaimWithoutCredit,
        "decisions",
        "a_claim_that_never_came_is_disproven_by_two_persons_and_its_receipt_cancelled",
    ),
    (Kind::LatePayment, "settling", "money_for_a_cancelled_or_waived_obligation_is_late_and_all_surplus"),
    (Kind::Underpaid, "settling", "a_part_waits_in_advance_and_the_rest_makes_one_receipt_for_the_whole"),
    (Kind::Overpaid, "settling", "what_is_too_much_is_owed_back"),
    (
        Kind::DuplicateTransfer,
        "settling",
        "a_second_transfer_for_a_paid_obligation_is_all_surplus_and_makes_no_receipt",
    ),
    (
        Kind::SeveralObligations,
        "exception_kinds",
        "lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault",
    ),
    (
        Kind::BankReversal,
        "reversals",
        "a_credit_and_its_take_back_on_one_statement_are_linked_in_every_format",
    ),
    (
        Kind::RefundUnmatched,
        "refunds",
        "a_debit_that_names_a_refund_but_not_its_amount_stays_unexplained_by_name",
    ),
    (
        Kind::BankFee,
        "exception_kinds",
        "lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault",
    ),
    (
        Kind::Interest,
        "exception_kinds",
        "lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault",
    ),
    (Kind::CutOff, "exception_kinds", "a_claim_over_the_cut_off_is_carried_by_name_until_the_next_statement"),
    (Kind::UnidentifiedCredit, "settling", "a_code_nobody_was_given_is_unidentified"),
    (
        Kind::DamagedCode,
        "exception_kinds",
        "lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault",
    ),
    (Kind::WrongAccount, "settling", "money_for_one_commune_on_anothers_account_is_owed_to_the_right_one"),
    (Kind::SwappedDigits, "exception_kinds", "swapped_digits_are_hinted_at_beside_the_item_and_end_with_it"),
    (
        Kind::PaidForAnother,
        "exception_kinds",
        "a_fee_that_somebody_else_sent_is_noted_and_its_receipt_names_who_owes",
    ),
    (
        Kind::BulkSettlement,
        "cards",
        "an_item_nobody_knows_is_named_until_its_code_is_noted_and_else_stands_in_suspense",
    ),
    (Kind::StatementGap, "imports", "a_missing_statement_opens_an_exception_that_its_arrival_closes"),
    (
        Kind::TwinLines,
        "exception_kinds",
        "lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault",
    ),
    (
        Kind::StatementCorrected,
        "restated",
        "a_line_that_the_bank_takes_out_is_taken_back_by_two_persons_and_names_its_payment",
    ),
    (Kind::NotDeposited, "cards", "a_card_payment_that_no_batch_shows_in_time_is_an_alarm"),
    (
        Kind::ReceiptDue,
        "due_receipts",
        "a_batch_that_no_series_follows_leaves_its_rest_due_with_an_alarm_each",
    ),
    (
        Kind::UnknownDebit,
        "exception_kinds",
        "lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault",
    ),
    (Kind::DepositDiffers, "shifts", "the_bank_credits_less_and_a_person_answers_for_the_rest"),
    (Kind::TreasuryRejected, "remittances", "what_the_treasury_rejects_comes_back_and_is_open_again"),
    (Kind::PosChargeback, "cards", "a_chargeback_takes_the_money_back_and_the_receipt_waits_for_a_decision"),
    (
        Kind::RefundBounced,
        "refunds",
        "a_refund_is_approved_sent_shown_by_its_debit_line_bounced_and_sent_again",
    ),
    (
        Kind::PaymentPending,
        "callbacks",
        "a_payment_under_way_is_named_and_never_booked_until_its_outcome_comes",
    ),
    (Kind::Complaint, "exception_kinds", "a_complaint_is_an_item_of_the_queue_and_changes_no_books"),
    (
        Kind::MatchDoubted,
        "taken_apart",
        "a_line_matched_by_a_wrong_code_is_taken_apart_over_http_and_paid_to_the_right_debt",
    ),
];

#[test]
fn every_kind_of_the_catalogue_has_a_story_that_exists() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for kind in Kind::all().filter(|kind| kind.number() <= 33 || *kind == Kind::MatchDoubted) {
        let stories: Vec<_> = STORIES.iter().filter(|(of, _, _)| *of == kind).collect();
        assert_eq!(stories.len(), 1, "{kind}");
        for (_, file, story) in stories {
            let text = std::fs::read_to_string(folder.join(format!("{file}.rs"))).expect(file);
            let told = body(&text, &format!("#[test]\nfn {story}() {{"));
            let told = told.unwrap_or_else(|| panic!("{kind}: {file}::{story}"));
            let name = format!("Kind::{kind:?}");
            let asks = told.contains(&name)
                || told.contains(&format!("\"{kind}\""))
                || helpers(&text, &name).any(|helper| told.contains(helper));
            assert!(asks, "{file}::{story} does not ask for {kind:?}");
        }
    }
}

/// What stands between a head and the end of its function.
fn body<'t>(text: &'t str, head: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(head)?;
    rest.split("\n}\n").next()
}

/// Functions of the file that speak of something, as they are called.
fn helpers<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    text.split("fn ")
        .skip(1)
        .filter(move |one| one.split("\n}\n").next().is_some_and(|told| told.contains(name)))
        .filter_map(|one| one.find('(').map(|at| &one[..=at]))
}

const FEE: Dong = Dong(25_000);

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn matched(world: &World, file: BankFile) {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched");
}

fn look(world: &World) -> Looked {
    upkeep::look(&world.store, &world.stamp(), &Settings::default()).expect("the queue is looked over")
}

/// The only item of a kind. It has the owner and the due day that its kind gives it.
#[track_caller]
fn item(world: &World, kind: Kind) -> Exception {
    let found: Vec<Exception> =
        world.exceptions(world.ba_dinh.id).into_iter().filter(|item| item.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {found:?}");
    let item = found.into_iter().next().unwrap();
    told_whole(world, &item);
    item
}

/// Who has it, until when, how old it is, what comes next and what it does meanwhile.
#[track_caller]
fn told_whole(world: &World, item: &Exception) {
    let kind = item.kind;
    assert_eq!(item.owner, kind.default_owner());
    assert_eq!(item.due_on, world.stamp().calendar.after(item.opened_on, kind.due_working_days()));
    assert!((0..=3).contains(&item.age_days(today(world))), "{kind} is {} days old", item.opened_on);
    for words in [kind.next_step_vi(), kind.next_step_en(), kind.effect_vi(), kind.effect_en()] {
        assert!(words.split_whitespace().count() >= 3, "{kind}: {words}");
    }
}

fn balance(world: &World, account: &Account) -> i64 {
    world.look(|conn| ledger::balance(conn, world.ba_dinh.id, account)).0
}

#[test]
fn a_callback_told_again_is_noted_and_asks_for_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let telling = world.claim(&owed, FEE).id("FT-1");
        let receipt = telling.receipt();
        let books = world.look(|conn| ledger::trial_balance(conn, owed.unit));
        for _ in 0..3 {
            assert_eq!(telling.settle().receipt, Some(receipt));
        }
        assert_eq!(item(&world, Kind::DuplicateCallback).state, State::Resolved);
        assert!(world.open_kinds(owed.unit).is_empty());
        assert_eq!(world.look(|conn| ledger::trial_balance(conn, owed.unit)), books);
        assert_eq!(world.receipts(&owed).len(), 1);
    });
}

#[test]
fn money_that_no_channel_told_of_is_asked_about_until_it_does() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (told, untold) = (world.raise(FEE), world.raise(Dong(31_000)));
        world.claim(&told, FEE).reference("FT26327001").settle();
        let memo = |code: &str| format!("{code} nop phi");
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, &memo(&told.reference_code), "FT26327001")
            .book(31_000, &memo(&untold.reference_code), "FT26327002");
        matched(&world, file);
        assert_eq!(world.again(&untold).state, Owed::Paid, "the line alone makes the receipt");
        look(&world);
        assert!(world.open_kinds(told.unit).is_empty(), "a callback may be late");
        world.wait_days(2);
        assert_eq!(look(&world).opened, 1);
        let item = item(&world, Kind::CallbackMissing);
        assert_eq!((item.state, item.amount), (State::Open, Dong(31_000)));
        assert_eq!(look(&world).opened, 0, "another look changes nothing");
        world.claim(&untold, Dong(31_000)).reference("FT26327002").settle();
        look(&world);
        assert!(world.open_kinds(told.unit).is_empty(), "it told of it after all");
        assert_eq!(world.receipts(&untold).len(), 1);
    });
}

#[test]
fn a_claim_over_the_cut_off_is_carried_by_name_until_the_next_statement() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.wait_seconds(14 * 3_600 + 1_800); // 23:30
        world.claim(&owed, FEE).reference("FT26327003").settle();
        matched(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 0));
        look(&world);
        let item = item(&world, Kind::CutOff);
        assert_eq!((item.state, item.amount), (State::Open, FEE));
        assert_eq!(world.receipts(&owed).len(), 1, "the receipt stands");
        world.wait_seconds(9 * 3_600);
        let memo = format!("{} nop phi", owed.reference_code);
        matched(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, &memo, "FT26327003"),
        );
        look(&world);
        assert!(world.open_kinds(owed.unit).is_empty());
        assert_eq!(balance(&world, &Account::Bank(world.ba_dinh.account)), 25_000);
    });
}

#[test]
fn swapped_digits_are_hinted_at_beside_the_item_and_end_with_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(54_000));
        world.claim(&owed, Dong(45_000)).settle();
        let other = world.raise(Dong(52_000));
        world.claim(&other, Dong(45_000)).settle();
        look(&world);
        let hint = item(&world, Kind::SwappedDigits);
        assert_eq!((hint.subject_id, hint.amount), (owed.id.0, Dong(9_000)));
        assert_eq!(world.receipts(&owed).len(), 0, "a hint makes no receipt");
        world.claim(&owed, Dong(9_000)).settle();
        look(&world);
        assert_eq!(item(&world, Kind::SwappedDigits).state, State::Resolved);
        assert_eq!(world.receipts(&owed).len(), 1);
    });
}

#[test]
fn a_fee_that_somebody_else_sent_is_noted_and_its_receipt_names_who_owes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, own) = (world.raise(FEE), world.raise(FEE));
        let memo = |code: &str| format!("{code} nop phi");
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, &memo(&owed.reference_code), "R1")
            .book(25_000, &memo(&own.reference_code), "R2");
        let camt = String::from_utf8(file.without_sequence().camt()).unwrap();
        let sent_by = |camt: String, code: &str, name: &str| {
            let remittance = format!("<RmtInf><Ustrd>{code}");
            let party = format!("<RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>{remittance}");
            camt.replace(&remittance, &party)
        };
        let camt = sent_by(camt, &owed.reference_code, "TRAN VAN MAU");
        let camt = sent_by(camt, &own.reference_code, "NGUYEN THI THU");
        import(&world, camt.as_bytes());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        let day = today(&world);
        assert_eq!(names::look(&world.store, &world.stamp(), day, day).unwrap(), 1);
        assert_eq!(names::look(&world.store, &world.stamp(), day, day).unwrap(), 0);
        let noted = item(&world, Kind::PaidForAnother);
        assert_eq!(noted.state, State::Resolved);
        assert!(!noted.detail.contains("TRAN"), "no name in the queue: {}", noted.detail);
        assert!(world.open_kinds(unit).is_empty());
        let receipt = world.receipts(&owed).remove(0);
        let body = world.look(|conn| bienlai::receipt::query::body(conn, unit, receipt.id));
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("Nguyễn Thị Thử") && !text.contains("TRAN VAN MAU"), "{text}");
    });
}

#[test]
fn lines_that_nobody_can_place_stand_in_suspense_under_the_name_of_their_fault() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (one, two, hurt) = (world.raise(FEE), world.raise(FEE), world.raise(FEE));
        let mut damaged = hurt.reference_code.clone();
        let last = damaged.pop().unwrap();
        damaged.push(if last == '7' { '8' } else { '7' });
        let codes = format!("{} {} nop phi", one.reference_code, two.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 100_000_000)
            .book(49_000, &codes, "R1")
            .book(26_000, &format!("{damaged} nop phi"), "R2")
            .book(1_234, &format!("TRA LAI TIEN GUI {damaged}"), "R3")
            .book(27_000, "nop ho", "")
            .book(27_000, "nop ho", "")
            .book(-5_500, &format!("PHI DICH VU {}", one.reference_code), "R6")
            .book(-9_000, "rut tien", "R7");
        let camt = String::from_utf8(file.without_sequence().camt()).unwrap();
        let unit = world.ba_dinh.id;
        import(&world, camt.as_bytes());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, world.ba_dinh.account).unwrap();
        for kind in
            [Kind::SeveralObligations, Kind::DamagedCode, Kind::Interest, Kind::BankFee, Kind::UnknownDebit]
        {
            let item = item(&world, kind);
            let line = bienlai::id::LineId(item.subject_id);
            let (account, sign) = match kind {
                Kind::BankFee | Kind::UnknownDebit => (Account::UnexplainedDebit(line), 1),
                _ => (Account::Suspense(line), -1),
            };
            assert_eq!(balance(&world, &account), sign * item.amount.0, "{kind}");
        }
        let twins: Vec<Exception> =
            world.exceptions(unit).into_iter().filter(|item| item.kind == Kind::TwinLines).collect();
        assert_eq!(twins.len(), 2, "both lines are kept");
        twins.iter().for_each(|twin| told_whole(&world, twin));
        assert_eq!(world.count("receipt"), 0, "no receipt for any of them");
    });
}

#[test]
fn a_complaint_is_an_item_of_the_queue_and_changes_no_books() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
        let books = world.look(|conn| ledger::trial_balance(conn, owed.unit));
        let cashier = person(owed.unit, world.clerk, Role::Cashier);
        let complain = |subject: String, words: &str| {
            let new = Complaint { subject, way: "counter".into(), words: words.into() };
            world.app.write(&cashier, |tx, stamp| complaint::record(tx, stamp, &cashier, &new))
        };
        let receipt = world.receipts(&owed)[0].id;
        let first = complain(receipt.to_string(), "biên lai ghi sai địa chỉ").unwrap();
        let again = complain(owed.id.to_string(), "vẫn chưa được trả lời").unwrap();
        assert_eq!(first.id, again.id, "one item about one obligation");
        assert_eq!(item(&world, Kind::Complaint).state, State::Open);
        let events = world.look(|conn| bienlai::exception::work_query::events(conn, owed.unit, first.id));
        let words: Vec<&str> = events.iter().map(|event| event.reason.as_str()).collect();
        assert_eq!(words, ["", "biên lai ghi sai địa chỉ", "vẫn chưa được trả lời"]);
        assert_eq!(complain("obl_x".into(), "x").unwrap_err().code(), "complaint_subject_wrong");
        let foreign = world.raise_at(&world.tay_ho, FEE);
        assert_eq!(complain(foreign.id.to_string(), "x").unwrap_err().code(), "complaint_subject_wrong");
        assert_eq!(complain(owed.id.to_string(), " ").unwrap_err().code(), "comment_missing");
        assert_eq!(world.look(|conn| ledger::trial_balance(conn, owed.unit)), books);
    });
}
