//! Reports that are made by themselves, and what somebody is told before it is too late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::correction::Kind as Correction;
use bienlai::error::Result;
use bienlai::filing::alarm::{self, Kind, Level};
use bienlai::filing::form::usage::UsageReport;
use bienlai::filing::{self, Draft, State, due, query};
use bienlai::id::{FilingId, UnitId};
use bienlai::payment::book::Method;
use bienlai::receipt;
use bienlai::remittance::alarm as treasury;
use bienlai::report::fees;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::store::Conn;
use bienlai::worker;
use diesel::connection::{Connection, InstrumentationEvent};

use crate::corrections::{collected, corrected, fee};
use crate::days::{closed, paid_by_statement};
use crate::filing::{deliver, fill, person, state};
use crate::support::tools::{self, run};
use crate::support::{World, each_database};

fn alarms(world: &World, unit: UnitId) -> Vec<(Kind, Level)> {
    let now = world.now();
    let found = world.look(|conn| alarm::of_unit(conn, unit, now));
    found.into_iter().map(|alarm| (alarm.kind, alarm.level)).collect()
}

/// The unit's reports of 2026-Q4, oldest first, with their states.
fn reports(world: &World, unit: UnitId) -> Vec<(FilingId, State)> {
    let filed = world.look(|conn| query::of_period(conn, unit, filing::Kind::UsageReport, "2026-Q4"));
    filed.into_iter().map(|filing| (filing.id, filing.state)).collect()
}

fn days_until(world: &World, day: &str) -> i64 {
    let day: bienlai::clock::BusinessDay = day.parse().unwrap();
    day.0.signed_duration_since(world.now().business_day().0).num_days()
}

#[test]
fn a_report_is_made_when_its_quarter_is_over_and_waits_for_a_person() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        // A receipt is cancelled without its money, which is another story's.
        world.stop_watching();
        let unit = world.ba_dinh.id;
        let mut receipts = Vec::new();
        for amount in [8_000, 25_000] {
            let owed = world.raise(Dong(amount));
            world.take(&owed, Dong(amount), Method::Cash).unwrap();
            receipts.push(world.receipts(&owed).remove(0).id);
        }
        world.seal();
        assert_eq!(worker::produce_reports(&world.app).unwrap(), 0, "the quarter is not over");
        world.wait_days(days_until(&world, "2027-01-01"));
        assert_eq!(alarms(&world, unit), [(Kind::ReportMissing, Level::Notice)]);
        assert_eq!(worker::produce_reports(&world.app).unwrap(), 2, "only two communes have series");
        assert_eq!(worker::produce_reports(&world.app).unwrap(), 0, "once");
        let (first, _) = reports(&world, unit)[0];
        assert_eq!(alarms(&world, unit), [(Kind::ReportApproval, Level::Notice)]);
        let authority = TaxAuthority::new(Habits::default());
        worker::sign_forms(&world.app).unwrap();
        assert_eq!(world.count("transmission"), 0, "nothing leaves before somebody approved it");

        let chief = person(&world.ba_dinh, Role::Approver, world.chief);
        let approve = |actor: &Actor, id: FilingId| {
            world.try_change(|tx, stamp| due::approve(tx, stamp, actor, unit, id))
        };
        let cashier = person(&world.ba_dinh, Role::Cashier, world.clerk);
        assert_eq!(approve(&cashier, first).unwrap_err().code(), "role_not_allowed");
        assert_eq!(approve(&Actor::system(), first).unwrap_err().code(), "role_not_allowed");
        world.change(|tx, stamp| {
            receipt::cancel::cancel(tx, stamp, &Actor::system(), unit, receipts[1], "thử")
        });
        assert_eq!(approve(&chief, first).unwrap_err().code(), "report_figures_changed");
        assert_eq!(worker::produce_reports(&world.app).unwrap(), 1, "made anew");
        let made = reports(&world, unit);
        assert_eq!(made[0], (first, State::Withdrawn));
        let (second, waits) = made[1];
        assert_eq!(waits, State::Requested);
        let line = world.look(|conn| filing::find(conn, unit, second)).data::<UsageReport>().unwrap().lines;
        assert_eq!((line[0].used, line[0].amount, line[0].cancelled.clone()), (2, Dong(8_000), vec![2]));
        assert_eq!(approve(&chief, first).unwrap_err().code(), "report_not_requested");
        let approved = approve(&chief, second).unwrap();
        assert_eq!((approved.state, approved.maker, approved.checker), (State::Drafted, None, chief.person));
        assert_eq!(alarms(&world, unit), [(Kind::ReportSending, Level::Notice)]);
        deliver(&world, &authority);
        assert_eq!(state(&world, unit, second), State::Accepted);
        assert_eq!(alarms(&world, unit), []);
        assert_eq!(worker::produce_reports(&world.app).unwrap(), 0);
        assert_eq!(authority.doubles(), 0);
    });
}

#[test]
fn a_quarter_with_more_adjusted_down_than_collected_has_its_report_too() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        let unit = world.ba_dinh.id;
        let (_, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        world.wait_days(days_until(&world, "2027-01-05"));
        world.open_series(&world.ba_dinh, "BD-27E", 9_000);
        corrected(&world, &receipt, Correction::Adjust, vec![fee("HT-01", 20_000)]);
        world.wait_days(days_until(&world, "2027-04-02"));
        worker::produce_reports(&world.app).unwrap();
        let made = world.look(|conn| query::of_period(conn, unit, filing::Kind::UsageReport, "2027-Q1"));
        assert_eq!(made.len(), 1, "a sum below zero is reported as it is");
        let line = made[0].data::<UsageReport>().unwrap().lines.remove(0);
        assert_eq!((line.series.as_str(), line.used, line.amount), ("BD-27E", 1, Dong(-5_000)));
    });
}

#[test]
fn a_sent_report_that_is_out_of_date_is_told_until_its_supplement_is_made() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        let unit = world.ba_dinh.id;
        let (_, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let (_, other) = collected(&world, vec![fee("HT-01", 8_000)]);
        let cancel = |id| {
            world.change(|tx, stamp| receipt::cancel::cancel(tx, stamp, &Actor::system(), unit, id, "thử"))
        };
        cancel(other.id);
        world.wait_days(days_until(&world, "2027-01-02"));
        worker::produce_reports(&world.app).unwrap();
        let (first, _) = reports(&world, unit)[0];
        let chief = person(&world.ba_dinh, Role::Approver, world.chief);
        world.change(|tx, stamp| due::approve(tx, stamp, &chief, unit, first).map(|_| ()));
        let authority = TaxAuthority::new(Habits::default());
        deliver(&world, &authority);
        assert_eq!(alarms(&world, unit), [], "what was cancelled before stands in it");
        cancel(receipt.id);
        assert_eq!(alarms(&world, unit), [(Kind::ReportChanged, Level::Warning)]);
        let quarter = "2026-Q4".parse().unwrap();
        world.change(|tx, stamp| {
            bienlai::filing::report::supplement(tx, stamp, &chief, unit, quarter, "Hà Nội").map(|_| ())
        });
        deliver(&world, &authority);
        assert_eq!(alarms(&world, unit), []);
    });
}

#[test]
fn receipts_of_fees_and_of_charges_apart_are_told_like_others_when_they_are_struck_after_their_report() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        let unit = world.ba_dinh.id;
        let mut owner = world.database.as_owner();
        tools::unguarded(&mut owner, world.database.product, "receipt");
        // No shipped profile keeps them apart.
        let receipts = ["receipt_phi", "receipt_le_phi"].map(|kind| {
            let (_, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
            let apart = format!("UPDATE receipt SET document_kind = '{kind}' WHERE id = {}", receipt.id.0);
            run(&mut owner, &apart).unwrap();
            receipt
        });
        world.wait_days(days_until(&world, "2027-01-02"));
        worker::produce_reports(&world.app).unwrap();
        let (first, _) = reports(&world, unit)[0];
        let chief = person(&world.ba_dinh, Role::Approver, world.chief);
        world.change(|tx, stamp| due::approve(tx, stamp, &chief, unit, first).map(|_| ()));
        let authority = TaxAuthority::new(Habits::default());
        deliver(&world, &authority);
        assert_eq!(alarms(&world, unit), []);
        let quarter = "2026-Q4".parse().unwrap();
        for receipt in receipts {
            world.change(|tx, stamp| {
                receipt::cancel::cancel(tx, stamp, &Actor::system(), unit, receipt.id, "thử")
            });
            assert_eq!(alarms(&world, unit), [(Kind::ReportChanged, Level::Warning)]);
            world.change(|tx, stamp| {
                filing::report::supplement(tx, stamp, &chief, unit, quarter, "Hà Nội").map(|_| ())
            });
            deliver(&world, &authority);
            assert_eq!(alarms(&world, unit), []);
        }
    });
}

/// What somebody reads, and how many questions the database is asked for it.
fn counted<T>(world: &World, read: impl FnOnce(&mut Conn) -> Result<T>) -> (T, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let found = world.look(|conn| {
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                seen.fetch_add(1, Ordering::Relaxed);
            }
        });
        let found = read(conn);
        conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        found
    });
    (found, asked.load(Ordering::Relaxed))
}

#[test]
fn what_a_whole_city_is_warned_of_is_asked_for_as_often_as_of_one_unit() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        let unit = world.ba_dinh.id;
        let units = [unit, world.tay_ho.id, world.soc_son.id];
        paid_by_statement(&world, 0, &[("HT-01", "phi", 25_000)]);
        closed(&world, world.now().business_day());
        world.wait_days(days_until(&world, "2027-01-05"));
        let (now, stamp) = (world.now(), world.stamp());
        let (calendar, today) = (stamp.calendar, stamp.today());

        let (one, asked) = counted(&world, |conn| alarm::of_units(conn, &[unit], now));
        let (all, of_all) = counted(&world, |conn| alarm::of_units(conn, &units, now));
        let told: Vec<UnitId> = all.iter().map(|alarm| alarm.unit).collect();
        assert_eq!((one.len(), told), (1, vec![unit, world.tay_ho.id]), "only two communes have series");
        assert_eq!((one[0].kind, asked), (Kind::ReportMissing, of_all));
        assert!(asked > 4, "{asked} questions were seen");

        let treasury =
            |units: &[UnitId]| counted(&world, |conn| treasury::of_units(conn, calendar, today, units));
        let ((one, asked), (all, of_all)) = (treasury(&[unit]), treasury(&units));
        assert_eq!((one.len(), asked), (1, of_all), "what closed days made due was not ordered: {one:?}");
        assert_eq!(one, all);
        let ((none, _), (nobody, _)) = (treasury(&units[1..]), treasury(&[]));
        assert!(none.is_empty() && nobody.is_empty());

        let declared =
            |units: &[UnitId]| counted(&world, |conn| fees::due_of_units(conn, calendar, today, units));
        let ((one, asked), (all, of_all)) = (declared(&[unit]), declared(&units));
        assert_eq!((asked, all.len()), (of_all, 3));
        assert_eq!(one.get(&unit), all.get(&unit));
        assert!(one.get(&unit).is_some_and(|due| !due.is_empty()));
    });
}

#[test]
fn a_quarter_whose_report_cannot_be_made_hides_no_later_one() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        world.stop_watching();
        let unit = world.ba_dinh.id;
        world.wait_days(days_until(&world, "2027-01-05"));
        world.open_series(&world.ba_dinh, "BD-27E", 9_000);
        world.wait_days(days_until(&world, "2027-04-02"));
        let open = world.look(|conn| due::open_quarters(conn, unit, world.now().business_day()));
        assert_eq!(open.len(), 2, "{open:?}");
        let produce = |at: usize, place: &str| {
            world.try_change(|tx, stamp| due::produce(tx, stamp, (unit, open[at]), place))
        };
        assert_eq!(produce(0, "").unwrap_err().code(), "field_missing");
        assert!(produce(1, "Hà Nội").unwrap().is_some(), "each is made for itself");
        assert_eq!(produce(1, "Hà Nội").unwrap(), None, "once");
        assert!(produce(0, "Hà Nội").unwrap().is_some(), "and the older one when its cause is gone");
    });
}

#[test]
fn the_last_day_of_a_report_is_told_before_and_on_it_and_after_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.tay_ho.id;
        let on = |day: &str| {
            world.wait_days(days_until(&world, day));
            worker::produce_reports(&world.app).unwrap();
            alarms(&world, unit)
        };
        assert_eq!(on("2027-01-20"), [(Kind::ReportApproval, Level::Notice)]);
        assert_eq!(on("2027-01-21"), [(Kind::ReportApproval, Level::Warning)]);
        assert_eq!(on("2027-01-31"), [(Kind::ReportApproval, Level::Alarm)]);
        assert_eq!(on("2027-02-01"), [(Kind::ReportApproval, Level::Alarm)]);
        let today = world.now().business_day();
        let open = world.look(|conn| due::due(conn, unit, today));
        assert_eq!((open[0].days_left, open[0].urgency), (-1, due::Urgency::Overdue));
        assert_eq!(alarms(&world, world.soc_son.id), [], "nothing to report without a series");
        let counted = worker::tax_alarms(&world.app).unwrap();
        assert_eq!(counted.len(), 2);
    });
}

#[test]
fn a_report_that_was_refused_is_not_made_again_by_itself() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        // The refusal is forced, without its event.
        world.stop_watching();
        world.wait_days(days_until(&world, "2027-01-05"));
        worker::produce_reports(&world.app).unwrap();
        let refuse =
            "UPDATE filing SET state = 'refused', revision = revision + 1 WHERE kind = 'usage_report'";
        run(&mut world.database.as_owner(), refuse).unwrap();
        assert_eq!(worker::produce_reports(&world.app).unwrap(), 0, "its cause is still there");
        assert_eq!(alarms(&world, world.ba_dinh.id), [(Kind::ReportRefused, Level::Alarm)]);
    });
}

#[test]
fn a_report_that_went_through_the_portal_is_recorded_by_a_person_and_never_sent_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        world.wait_days(days_until(&world, "2027-01-05"));
        worker::produce_reports(&world.app).unwrap();
        let (id, _) = reports(&world, unit)[0];
        let chief = person(&world.ba_dinh, Role::Approver, world.chief);
        let record = |notice: &str| {
            world.try_change(|tx, stamp| due::accept_by_hand(tx, stamp, &chief, (unit, id), notice))
        };
        assert_eq!(record("7/TB").unwrap_err().code(), "filing_not_open", "nobody approved it");
        world.change(|tx, stamp| due::approve(tx, stamp, &chief, unit, id));
        worker::sign_forms(&world.app).unwrap();
        assert_eq!(record(" ").unwrap_err().code(), "field_missing");
        assert_eq!(record("7/TB").unwrap().state, State::Accepted);
        assert_eq!(alarms(&world, unit), []);
        let authority = TaxAuthority::new(Habits::default());
        worker::deliver(&world.app, &authority).unwrap();
        assert!(authority.taken().is_empty(), "it is there already");
        assert_eq!(record("7/TB").unwrap_err().code(), "filing_not_open");
    });
}

#[test]
fn a_message_that_does_not_get_through_is_told_until_it_does() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        fill(&world, 1);
        let authority = TaxAuthority::new(Habits::default());
        authority.set_out(true);
        worker::deliver(&world.app, &authority).unwrap();
        assert_eq!(alarms(&world, unit), [], "an outage of minutes is nobody's business");
        world.wait_seconds(25 * 3_600);
        assert_eq!(alarms(&world, unit), [(Kind::MessageStuck, Level::Alarm)]);
        authority.set_out(false);
        worker::deliver(&world.app, &authority).unwrap();
        assert_eq!(alarms(&world, unit), [], "it is there; an answer takes its time");
        world.wait_days(3);
        assert_eq!(alarms(&world, unit), [(Kind::MessageUnanswered, Level::Alarm)]);
        deliver(&world, &authority);
        assert_eq!(alarms(&world, unit), []);
    });
}

#[test]
fn a_form_that_nobody_can_sign_is_told() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.soc_son.id;
        let asked = crate::filing::form_of(&world);
        world.change(|tx, stamp| {
            let new = Draft {
                unit,
                kind: filing::Kind::Registration,
                form: "01/ĐKTĐ-CTĐT",
                period: None,
                slot: None,
                earlier: None,
                detail: serde_json::to_string(&asked).unwrap(),
                state: State::Drafted,
                maker: None,
            };
            filing::draft(tx, stamp, &Actor::system(), new, |_, id| asked.body("01/ĐKTĐ-CTĐT", "2.1.1", id))
        });
        worker::sign_forms(&world.app).unwrap();
        assert_eq!(alarms(&world, unit), []);
        world.wait_seconds(3_601);
        assert_eq!(alarms(&world, unit), [(Kind::FormUnsigned, Level::Alarm)]);
    });
}

#[test]
fn however_many_forms_wait_for_a_key_those_behind_them_leave() {
    each_database(|database| {
        let world = World::settled_in(database);
        let asked = crate::filing::form_of(&world);
        let draft = |unit: UnitId| {
            world.change(|tx, stamp| {
                let new = Draft {
                    unit,
                    kind: filing::Kind::Registration,
                    form: "01/ĐKTĐ-CTĐT",
                    period: None,
                    slot: None,
                    earlier: None,
                    detail: serde_json::to_string(&asked).unwrap(),
                    state: State::Drafted,
                    maker: None,
                };
                let name = "01/ĐKTĐ-CTĐT";
                filing::draft(tx, stamp, &Actor::system(), new, |_, id| asked.body(name, "2.1.1", id))
            })
        };
        let keyless: Vec<FilingId> = (0..60).map(|_| draft(world.soc_son.id)).collect();
        let behind = draft(world.ba_dinh.id);
        assert_eq!(worker::sign_forms(&world.app).unwrap(), 1);
        assert_eq!(state(&world, world.ba_dinh.id, behind), State::Signed);
        assert!(keyless.iter().all(|id| state(&world, world.soc_son.id, *id) == State::Drafted));
    });
}

#[test]
fn a_form_off_its_schema_is_refused_before_anything_of_it_is_stored() {
    each_database(|database| {
        let world = World::settled_in(database);
        let mut asked = crate::filing::form_of(&world);
        asked.contact_phone = "0".repeat(21);
        let refused = world.try_change(|tx, stamp| {
            let new = Draft {
                unit: world.ba_dinh.id,
                kind: filing::Kind::Registration,
                form: "01/ĐKTĐ-CTĐT",
                period: None,
                slot: None,
                earlier: None,
                detail: "{}".into(),
                state: State::Drafted,
                maker: None,
            };
            filing::draft(tx, stamp, &Actor::system(), new, |_, id| asked.body("01/ĐKTĐ-CTĐT", "2.1.1", id))
        });
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), "form_off_schema");
        assert!(refused.detail().contains("DTLHe"), "{}", refused.detail());
        assert_eq!(world.count("filing"), 0);
    });
}
