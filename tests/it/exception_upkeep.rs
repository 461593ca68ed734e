//! What happens to the queue while time passes: alarms at their ages, the city after five working
//! days, hints across the city, letters to the bank.

use std::process::Command;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{self, CITY_OWNER, Exception, Kind, Owner, State, work_query};
use bienlai::id::PersonId;
use bienlai::identity;
use bienlai::payment::resolve;
use bienlai::queue::letter::{self, Content, Outcome, Reply};
use bienlai::queue::upkeep::{self, Looked};
use bienlai::queue::{Settings, alarm, hint, letter_query};
use bienlai::reconciliation::reconcile;
use bienlai::unit::CITY;

use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::judges::keeps_both_standards;
use crate::support::{World, each_database};

fn look(world: &World) -> Looked {
    upkeep::look(&world.store, &world.stamp(), &Settings::default()).expect("the queue is looked over")
}

fn standing(world: &World) -> Vec<(String, i64)> {
    let now = world.now();
    world
        .look(|conn| alarm::standing(conn, &Actor::system(), None, now))
        .into_iter()
        .map(|one| (one.kind, one.passed_hours))
        .collect()
}

/// A credit of 31.000 that nobody can place.
fn unknown(world: &World) -> Exception {
    let (commune, today) = (&world.ba_dinh, world.now().business_day());
    let file =
        BankFile::new(commune.account_no, today, 0).book(31_000, "nop tien ho TRAN VAN MAU", "FT26327077");
    import(world, &file.without_sequence().camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
    world.exceptions(commune.id).remove(0)
}

/// What the bank gives back stands in suspense under another kind, and is nobody's just the same.
#[test]
fn money_that_came_back_and_that_nobody_places_is_an_alarm_too() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account_no) = (world.ba_dinh.id, world.ba_dinh.account_no);
        let today = world.now().business_day();
        let match_lines = || {
            let account = world.ba_dinh.account;
            reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        };
        let file = BankFile::new(account_no, today, 0).book(40_000, "tien chua ro", "FT26327004");
        let file = file.book(-15_000, "chuyen nham", "FT26327005");
        import(&world, &file.without_sequence().camt());
        match_lines();
        world.wait_days(1);
        let next = BankFile::new(account_no, today.next(), 25_000).book(15_000, "hoan tra", "FT26327005");
        let marked = String::from_utf8(next.without_sequence().camt())
            .unwrap()
            .replace("</CdtDbtInd><Sts>", "</CdtDbtInd><RvslInd>true</RvslInd><Sts>");
        import(&world, marked.as_bytes());
        match_lines();
        let returned = world.exceptions(unit).into_iter().find(|one| one.kind == Kind::BankReversal);
        let returned = returned.expect("a person is asked what came back");
        world.wait_seconds(24 * 3_600 + 60);
        look(&world);
        let now = world.now();
        let told = world.look(|conn| alarm::standing(conn, &Actor::system(), Some(unit), now));
        assert!(told.iter().any(|one| one.subject == returned.id.to_string()), "{told:?}");
        let finance = person(unit, world.clerk, Role::Finance);
        world.look(|conn| hint::of(conn, &finance, returned.id));
    });
}

#[test]
fn money_that_nobody_knows_and_claims_that_nothing_proves_are_alarms_at_each_age() {
    each_database(|database| {
        let world = World::settled_in(database);
        let item = unknown(&world);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.wait_seconds(24 * 3_600 - 60);
        assert_eq!((look(&world).alarms, standing(&world)), (0, vec![]));
        world.wait_seconds(120);
        assert_eq!(look(&world).alarms, 2);
        let both = |unknown: i64, unproven: i64| {
            vec![("money_unknown".to_owned(), unknown), ("claim_unproven".to_owned(), unproven)]
        };
        assert_eq!(standing(&world), both(24, 24));
        assert_eq!(look(&world).alarms, 0, "each age is told once");
        world.wait_seconds(24 * 3_600);
        assert_eq!(look(&world).alarms, 1, "the second age of the claim");
        assert_eq!(standing(&world), both(24, 48));
        assert_eq!(world.count("age_alarm"), 3);
        // The causes end, and with them the alarms; their rows stay.
        let (unit, memo) = (world.ba_dinh.id, format!("{} nop phi", owed.reference_code));
        let today = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, today, 31_000).book(25_000, &memo, "FT26327078");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, world.ba_dinh.account).unwrap();
        let found = world.raise(Dong(31_000));
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        world.change(|tx, stamp| {
            exception::propose(
                tx,
                stamp,
                &clerk,
                unit,
                item.id,
                ("assign", Some(found.id.0), "đã hỏi người nộp"),
            )
        });
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item.id));
        assert_eq!(standing(&world), []);
        assert_eq!(world.count("age_alarm"), 3);
    });
}

#[test]
fn after_five_working_days_suspense_is_the_citys_and_stays_so_until_somebody_takes_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let item = unknown(&world);
        let unit = item.unit;
        assert_eq!(item.owner, "finance");
        world.wait_days(6); // Sunday
        assert_eq!(look(&world).escalated, 0, "four working days");
        world.wait_days(1);
        assert_eq!((look(&world).escalated, look(&world).escalated), (1, 0));
        let now = world.look(|conn| exception::find(conn, unit, item.id));
        assert_eq!((now.owner.as_str(), now.state), (CITY_OWNER, State::Open));
        let last = world.look(|conn| work_query::events(conn, unit, item.id)).pop().unwrap();
        assert_eq!((last.kind.as_str(), last.owner.as_deref()), ("escalated", Some(CITY_OWNER)));
        assert_eq!(world.count("audit_entry WHERE action = 'exception.escalated'"), 1);
        // The city gives it to one of its own.
        let chief =
            Actor { person: Some(world.chief), client: None, role: Role::Approver, scope: Scope::All };
        let system = Actor::system();
        let one =
            world.change(|tx, stamp| identity::create_person(tx, stamp, &system, CITY, "Trần Thị Thành Phố"));
        let owner = world.look(|conn| Owner::named(conn, CITY_OWNER, Some(one)));
        let taken = world.change(|tx, stamp| {
            exception::assign(tx, stamp, &chief, unit, item.id, (&owner, "thành phố xử lý"))
        });
        assert_eq!((taken.owner.as_str(), taken.assignee), (CITY_OWNER, Some(one)));
        let nobody = world.store.read(&Scope::All, |conn| Owner::named(conn, CITY_OWNER, Some(PersonId(77))));
        assert_eq!(nobody.unwrap_err().code(), "person_not_found");
    });
}

#[test]
fn a_hint_names_units_that_wait_for_the_sum_once_and_nobody_else() {
    each_database(|database| {
        let world = World::settled_in(database);
        let item = unknown(&world);
        world.raise_at(&world.tay_ho, Dong(31_000));
        world.raise_at(&world.soc_son, Dong(31_000));
        world.raise_at(&world.soc_son, Dong(31_000));
        world.raise(Dong(31_000));
        let clerk = person(item.unit, world.clerk, Role::Finance);
        let found = world.look(|conn| hint::of(conn, &clerk, item.id));
        let text = serde_json::to_string(&found).unwrap();
        let expected = "{\"units\":[{\"code\":\"00091\",\"name\":\"Ủy ban nhân dân phường Tây Hồ\",\"count\":1}],\
                        \"units_with_several\":1}";
        assert_eq!(text, expected, "a unit and a count, nothing of a person or a dossier");
        let stranger = person(world.tay_ho.id, world.clerk, Role::Finance);
        let unseen = world.store.read(&Scope::All, |conn| hint::of(conn, &stranger, item.id));
        assert_eq!(unseen.unwrap_err().code(), "exception_not_found", "one's own items only");
        let owed = world.raise(Dong(9_000));
        world.claim(&owed, Dong(8_000)).settle();
        let part = world.exceptions(item.unit).into_iter().find(|one| one.kind == Kind::Underpaid).unwrap();
        let unfit = world.store.read(&Scope::All, |conn| hint::of(conn, &clerk, part.id));
        assert_eq!(unfit.unwrap_err().code(), "hint_unfit");
    });
}

/// The text of a PDF as poppler reads it.
fn page(world: &World, pdf: &[u8]) -> String {
    let file = world.database.folder.path().join("letter.pdf");
    std::fs::write(&file, pdf).unwrap();
    keeps_both_standards(&file);
    let output = Command::new("pdftotext").args(["-raw", file.to_str().unwrap(), "-"]).output();
    let output = output.expect("pdftotext is there: install the Debian package poppler-utils");
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_letter_asks_the_bank_in_due_form_and_its_reply_is_kept_sealed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let item = unknown(&world);
        let unit = item.unit;
        let clerk = person(unit, world.clerk, Role::Finance);
        let write = |question: &str| {
            world.try_change(|tx, stamp| letter::write(tx, stamp, &clerk, unit, item.id, question))
        };
        assert_eq!(write(" ").unwrap_err().code(), "question_missing");
        let first = write("Đề nghị cho biết người chuyển tiền").unwrap();
        assert_eq!(first.numbered(), "1/2026/TS");
        assert_eq!(write("nữa").unwrap_err().code(), "letter_open");
        let content = world.look(|conn| Content::read(conn, &world.vault, &first));
        let pdf = letter::pdf(&content).unwrap();
        assert_eq!(pdf, letter::pdf(&content).unwrap(), "the same letter gives the same bytes");
        let text = page(&world, &pdf);
        for words in [
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "Số: 1/2026/TS",
            "THƯ TRA SOÁT",
            "Kính gửi:",
            "1900111100",
            "31.000 đ (Ba mươi mốt nghìn đồng)",
            "FT26327077",
            "nop tien ho TRAN VAN MAU",
            "Đề nghị cho biết người chuyển tiền",
            "THỦ TRƯỞNG ĐƠN VỊ",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let on = world.now().business_day();
        let told = |on, words: &str| Reply {
            outcome: Outcome::Identified,
            on,
            number: "15/TL".into(),
            words: words.into(),
        };
        let answer = |reply: Reply| {
            world.try_change(|tx, stamp| letter::record_reply(tx, stamp, &clerk, unit, first.id, &reply))
        };
        assert_eq!(answer(told(on.plus_days(1), "x")).unwrap_err().code(), "reply_day_wrong");
        assert_eq!(answer(told(on, " ")).unwrap_err().code(), "reply_missing");
        answer(told(on, "Người chuyển: TRẦN VĂN MẪU")).unwrap();
        let stored = world.look(|conn| letter_query::replies(conn, unit, first.id));
        let reply = world.look(|conn| letter::reply(conn, &world.vault, unit, &stored[0]));
        assert_eq!((reply.number.as_str(), reply.words.as_str()), ("15/TL", "Người chuyển: TRẦN VĂN MẪU"));
        assert_eq!(world.count("trace_reply WHERE CAST(cipher AS TEXT) LIKE '%TRẦN%'"), 0);
        let said: Vec<String> = world
            .look(|conn| work_query::events(conn, unit, item.id))
            .into_iter()
            .filter(|event| event.kind == "commented")
            .map(|event| event.reason)
            .collect();
        assert_eq!(
            said,
            [
                "thư tra soát số 1/2026/TS gửi ngân hàng",
                "trả lời thư 1/2026/TS: ngân hàng cho biết người chuyển"
            ]
        );
        assert_eq!(write("Đề nghị cho biết thêm số tài khoản").unwrap().numbered(), "2/2026/TS");
    });
}
