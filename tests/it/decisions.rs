//! What persons and checks decide about money that is already in the books.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::correction::Kind as Way;
use bienlai::exception::{self, Kind};
use bienlai::id::{ExceptionId, PersonId, UnitId};
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::{cancel, resolve};
use bienlai::queue::alarm::{self, About};
use bienlai::reconciliation::day_close::{self, Closing};
use bienlai::reconciliation::reconcile;
use bienlai::store::Lane;
use bienlai::unit::imprint::{self, Imprint};
use bienlai::unit::trust;
use bienlai::{audit, worker};

use crate::corrections::{collected, corrected, fee};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::BANK;
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

fn officer(unit: UnitId, role: Role, person: PersonId) -> Actor {
    Actor { person: Some(person), client: None, role, scope: Scope::unit(unit) }
}

fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched");
}

fn clearing(world: &World) -> Account {
    Account::Clearing(world.ba_dinh.account, BANK.to_owned())
}

/// An empty statement of today: what it does not show did not come.
fn nothing_came(world: &World, sequence: u32) {
    let day = world.now().business_day();
    import(world, &BankFile::new(world.ba_dinh.account_no, day, 0).numbered(sequence).camt());
}

pub fn overdue(world: &World) -> ExceptionId {
    let found = world.exceptions(world.ba_dinh.id);
    let overdue = found.iter().find(|item| item.kind == Kind::ClaimWithoutCredit);
    overdue.expect("the claim is overdue").id
}

pub fn disprove(world: &World, item: ExceptionId) {
    let unit = world.ba_dinh.id;
    let clerk = officer(unit, Role::Finance, world.clerk);
    let chief = officer(unit, Role::Approver, world.chief);
    world.change(|tx, stamp| {
        exception::propose(tx, stamp, &clerk, unit, item, ("disprove", None, "ngân hàng xác nhận không có"))
    });
    world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item));
}

#[test]
fn a_claim_that_never_came_is_disproven_by_two_persons_and_its_receipt_cancelled() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(FEE)).settle();
        world.seal();
        world.wait_days(3);
        nothing_came(&world, 1);
        matched(&world);
        disprove(&world, overdue(&world));
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong(0)));
        assert_eq!(world.receipts(&owed)[0].state, "cancelled");
        assert_eq!(world.payments(&world.ba_dinh)[0].state, PaymentState::Disproven);
        world.assert_balances(unit, &[]);
        let reversed = "posting WHERE debit_account = 'fees_collected/HT-01' AND source_kind = 'receipt'";
        assert_eq!(world.count(reversed), 1, "the receipt's money is taken back against it");
        assert_eq!(world.count("movement WHERE state = 'disproven'"), 1);
        // The channel is not believed any more, and the number stays in its series.
        let next = world.raise(Dong(FEE));
        assert_eq!(world.claim(&next, Dong(FEE)).settle().receipt, None);
        assert_eq!(world.words("SELECT state AS t FROM receipt"), ["cancelled"]);
        let audit = bienlai::register::chain::audit(&world.store, &Scope::All, unit).unwrap();
        assert!(audit.is_whole() && audit.proofs[0].by_state["cancelled"] == 1, "{audit:?}");
    });
}

#[test]
fn disproving_a_surplus_takes_the_surplus_back_too() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(FEE + 5_000)).settle();
        world.wait_days(3);
        nothing_came(&world, 1);
        matched(&world);
        disprove(&world, overdue(&world));
        world.assert_balances(world.ba_dinh.id, &[]);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [], "the overpaid one is gone with its cause");
    });
}

/// Amounts and states of an obligation's receipts.
fn documents(world: &World, owed: &bienlai::obligation::Obligation) -> Vec<(i64, String)> {
    world.receipts(owed).into_iter().map(|one| (one.amount.0, one.state)).collect()
}

/// A signed receipt of 25.000 whose correction asks for 7.000 more.
fn asked_for_more(world: &World) -> bienlai::obligation::Obligation {
    let (owed, receipt) = collected(world, vec![fee("HT-01", FEE)]);
    corrected(world, &receipt, Way::Adjust, vec![fee("HT-01", 32_000)]);
    owed
}

fn disprove_what_never_came(world: &World) {
    world.wait_days(3);
    nothing_came(world, 1);
    matched(world);
    disprove(world, overdue(world));
}

#[test]
fn a_part_of_a_corrections_difference_that_never_came_leaves_the_receipt_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = asked_for_more(&world);
        world.claim(&owed, Dong(3_000)).settle();
        disprove_what_never_came(&world);
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong(FEE)));
        assert_eq!(documents(&world, &owed), [(FEE, "signed".into())], "it stands on older money");
        world.take(&owed, Dong(7_000), Method::Cash).unwrap();
        world.seal();
        assert_eq!(documents(&world, &owed), [(FEE, "adjusted".into()), (7_000, "signed".into())]);
    });
}

#[test]
fn a_corrections_difference_that_never_came_cancels_both_documents_and_one_new_receipt_follows() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = asked_for_more(&world);
        world.claim(&owed, Dong(7_000)).settle();
        world.seal();
        disprove_what_never_came(&world);
        assert_eq!(documents(&world, &owed), [(FEE, "cancelled".into()), (7_000, "cancelled".into())]);
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong(FEE)));
        world.take(&owed, Dong(7_000), Method::Cash).unwrap();
        assert_eq!(documents(&world, &owed)[2..], [(32_000, "numbered".into())]);
    });
}

#[test]
fn an_obligation_whose_correction_waits_for_money_is_not_cancelled_under_its_receipt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = asked_for_more(&world);
        world.claim(&owed, Dong(3_000)).settle();
        let refused = world.try_change(|tx, stamp| {
            cancel::cancel(tx, stamp, &Actor::system(), owed.unit, owed.id, "hồ sơ đã rút")
        });
        assert_eq!(refused.unwrap_err().code(), "obligation_has_receipt");
    });
}

#[test]
fn cancelling_a_partly_paid_obligation_owes_the_part_back_to_its_payer() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(10_000)).settle();
        world.claim(&owed, Dong(4_000)).settle();
        let cancelled = world
            .change(|tx, stamp| cancel::cancel(tx, stamp, &Actor::system(), unit, owed.id, "hồ sơ đã rút"));
        assert_eq!((cancelled.state, cancelled.allocated), (State::Cancelled, Dong(0)));
        let payments = world.payments(&world.ba_dinh);
        world.assert_balances(
            unit,
            &[
                (clearing(&world), 14_000),
                (Account::Surplus(payments[0].id), -10_000),
                (Account::Surplus(payments[1].id), -4_000),
            ],
        );
        let again = |reason: &str| {
            world.try_change(|tx, stamp| cancel::cancel(tx, stamp, &Actor::system(), unit, owed.id, reason))
        };
        assert_eq!(again(" ").unwrap_err().code(), "reason_missing");
        let same = again("hồ sơ đã rút").unwrap();
        assert_eq!((same.state, same.revision), (State::Cancelled, cancelled.revision), "once is enough");
        // One that is paid is cancelled only after its receipt is.
        let paid = world.raise(Dong(FEE));
        world.claim(&paid, Dong(FEE)).settle();
        let refused =
            world.try_change(|tx, stamp| cancel::cancel(tx, stamp, &Actor::system(), unit, paid.id, "x"));
        assert_eq!(refused.unwrap_err().code(), "obligation_has_receipt");
    });
}

#[test]
fn a_channel_whose_claims_stay_unproven_too_long_is_not_believed_any_more() {
    each_database(|database| {
        let world = World::settled_in(database);
        let early = world.raise(Dong(FEE));
        assert!(world.claim(&early, Dong(FEE)).settle().receipt.is_some());
        // Two working days are within the limit of three.
        world.wait_days(2);
        nothing_came(&world, 1);
        matched(&world);
        let still = world.raise(Dong(FEE));
        assert!(world.claim(&still, Dong(FEE)).settle().receipt.is_some(), "within the limit");
        world.wait_days(4);
        nothing_came(&world, 2);
        matched(&world);
        let late = world.raise(Dong(FEE));
        assert_eq!(world.claim(&late, Dong(FEE)).settle().receipt, None, "only advised from now on");
        assert_eq!(world.again(&late).state, State::Raised, "no money is refused, none is believed");
        assert_eq!(world.count("audit_entry WHERE action = 'trust.suspended'"), 1);

        // Somebody is told until somebody decides.
        let told = || {
            let system = Actor::system();
            let found = world.look(|conn| alarm::standing(conn, &system, None, world.now()));
            let about = About::TrustSuspended.as_str();
            let found: Vec<_> = found.into_iter().filter(|one| one.kind == about).collect();
            let counted = world.look(|conn| alarm::counts(conn, world.now()));
            assert!(counted.contains(&(about, found.len() as i64)), "{counted:?}");
            found
        };
        let alarms = told();
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        assert_eq!((alarms[0].unit, alarms[0].account), (world.ba_dinh.id, Some(world.ba_dinh.account)));
        assert_eq!(alarms[0].subject, BANK);
        // By mail too, once for each suspension: to the unit's mailbox, where it has one.
        assert_eq!(worker::mail_suspended_trust(&world.app).unwrap(), 0, "the unit has no mailbox yet");
        world.change(|tx, stamp| {
            let wanted = Imprint { email: Some("thu@badinh.example.vn".into()), ..Imprint::default() };
            imprint::record(tx, stamp, &Actor::system(), world.ba_dinh.id, stamp.today(), &wanted)
        });
        let mail = || worker::mail_suspended_trust(&world.app).unwrap();
        assert_eq!((mail(), mail()), (1, 0), "once");
        world.trust_within(&world.ba_dinh, BANK, Dong(1_000_000), Dong(1_000_000));
        assert!(told().is_empty(), "two persons trust it anew");
        assert_eq!(mail(), 0);
        world.change(|tx, stamp| {
            trust::suspend(tx, stamp, world.ba_dinh.id, world.ba_dinh.account, BANK, "unproven_limit")
        });
        assert_eq!((mail(), mail()), (1, 0), "another suspension is another mail");
        let about = format!("message WHERE kind = 'trust_suspended' AND unit_id = {}", world.ba_dinh.id.0);
        assert_eq!(world.count(&about), 2);
    });
}

#[test]
fn a_channel_that_tells_of_settled_money_once_more_crosses_no_limit_of_its_own() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.trust_within(&world.ba_dinh, "sepay", Dong(30_000), Dong(30_000));
        let large = world.raise(Dong(70_000));
        assert!(world.claim(&large, Dong(70_000)).reference("FT70").settle().receipt.is_some());
        // The other channel asks for no trust: the money has its place already.
        let again = world.claim(&large, Dong(70_000)).by("sepay").id("S-1").reference("FT70").settle();
        assert!(again.receipt.is_some(), "the same money has the same receipt");
        assert_eq!(world.receipts(&large).len(), 1);
        assert_eq!(world.count("audit_entry WHERE action = 'trust.suspended'"), 0);
        let small = world.raise(Dong(FEE));
        assert!(
            world.claim(&small, Dong(FEE)).by("sepay").id("S-2").settle().receipt.is_some(),
            "still believed"
        );
    });
}

#[test]
fn a_day_that_changes_while_its_certificate_is_signed_is_not_stored_and_is_proven_anew() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        let today = world.now().business_day();
        let memo = format!("{} nop phi", owed.reference_code);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today, 0).book(FEE, &memo, "FT26327009").camt(),
        );
        matched(&world);
        let held = world.look(|conn| world.keyring.signer(conn, &world.vault, unit, world.now()));
        let prepare = || {
            let stamp = world.stamp();
            world
                .look(|conn| day_close::prepare(conn, &stamp, unit, account, today, "01"))
                .expect("nothing stands in the way")
        };
        let prepared = prepare();
        let signature = day_close::sign(&prepared, &held).unwrap();
        // Between proof and storing a callback settles money of the same unit and day.
        let other = world.raise(Dong(FEE));
        world.claim(&other, Dong(FEE)).settle();
        let store = |prepared: &day_close::Prepared, signature: &[u8]| {
            world.store.write(&Scope::All, Lane::Bulk, |tx| {
                let (stamp, actor) = (world.stamp(), Actor::system());
                day_close::store_close(tx, &stamp, &actor, prepared, signature, held.certificate)
            })
        };
        let refused = store(&prepared, &signature).expect_err("the proof is stale");
        assert_eq!(refused.code(), "store_contended");
        assert_eq!(world.count("day_certificate"), 0);
        let anew = prepare();
        assert_ne!(anew.document_sha256, prepared.document_sha256);
        let closing = day_close::close(
            &world.store,
            &world.keyring,
            &|| world.stamp(),
            &Actor::system(),
            unit,
            account,
            today,
        )
        .unwrap();
        assert!(matches!(closing, Closing::Closed(_)));
        assert_eq!(world.count("day_certificate"), 1);
    });
}

#[test]
fn a_code_of_another_unit_is_only_a_name_to_somebody_who_sees_one_unit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let theirs = world.raise_at(&world.tay_ho, Dong(FEE));
        let today = world.now().business_day();
        let memo = format!("{} nop phi", theirs.reference_code);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today, 0).book(FEE, &memo, "FT26327010").camt(),
        );
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let clerk = officer(unit, Role::Finance, world.clerk);
        reconcile(&world.store, &world.stamp(), &clerk, unit, account).expect("their own scope is enough");
        world.assert_balances(
            unit,
            &[(Account::Bank(account), FEE), (Account::DueToUnit(world.tay_ho.id), -FEE)],
        );
        assert_eq!(world.open_kinds(unit), [Kind::WrongAccount]);
        assert_eq!((world.again(&theirs).state, world.count("receipt")), (State::Raised, 0));
        assert!(world.open_kinds(world.tay_ho.id).is_empty(), "nothing was written for the other unit");
    });
}

#[test]
fn every_hour_each_units_newest_root_is_signed_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(FEE)).settle();
        worker::number_committed(&world.app).unwrap();
        let signed = worker::sign_audit_roots(&world.app).unwrap();
        assert!(signed >= 1, "units with a key sign");
        assert_eq!(worker::sign_audit_roots(&world.app).unwrap(), 0, "nothing new");
        let unit = world.ba_dinh.id;
        let (seq, root) = world.look(|conn| audit::last_root(conn, unit)).unwrap();
        let stored = world.words(&format!(
            "SELECT root_sha256 AS t FROM audit_signature WHERE unit_id = {} AND last_seq = {seq}",
            unit.0
        ));
        assert_eq!(stored, [root]);
        // More happens: the next hour signs the new root, and the old signature stays.
        world.wait_seconds(3_600);
        let more = world.raise(Dong(FEE));
        world.claim(&more, Dong(FEE)).settle();
        worker::number_committed(&world.app).unwrap();
        assert!(worker::sign_audit_roots(&world.app).unwrap() >= 1);
        assert_eq!(world.count(&format!("audit_signature WHERE unit_id = {}", unit.0)), 2);
    });
}
