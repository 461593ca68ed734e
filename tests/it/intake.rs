//! How statements come in by themselves: queued imports, the inbox, saved mappings.

use std::path::Path;
use std::time::{Duration, Instant};

use bienlai::actor::{Actor, Role, Scope};
use bienlai::error::{Error, Result};
use bienlai::statement::import::{CodesOf, Imported, Options, Progress, import_file};
use bienlai::statement::layout::Layout;
use bienlai::statement::{self, job, saved};
use bienlai::worker::inbox::{Inbox, Look};
use serde_json::Value;

use crate::callbacks::token;
use crate::corrections::person;
use crate::refusals::code_of;
use crate::support::bank_file::BankFile;
use crate::support::program::{How, Reply, Service, send};
use crate::support::tools::Folder;
use crate::support::visitor::seated;
use crate::support::{World, each_database};

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("{reply:?}"))
}

fn large_day(world: &World, count: i64) -> Vec<u8> {
    let mut day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0);
    for number in 0..count {
        day = day.book(1_000 + number % 7, &format!("noi dung {}", number % 11), &format!("R{number}"));
    }
    day.camt()
}

#[test]
fn a_queued_import_shows_how_far_it_is_and_is_taken_up_again_after_a_crash() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let bearer = format!("Bearer {}", token(&world, Role::Finance));
        let headers = [("Authorization", bearer.as_str()), ("Prefer", "respond-async")];
        let bytes = large_day(&world, 2_600);
        let how = How { failpoint: Some("statement_chunk:3"), ..How::default() };
        let mut service = Service::start_as(&world, how).expect("it starts");
        let reply = send(service.address, "POST", "/api/v1/statements", &headers, &bytes).unwrap();
        assert_eq!(reply.status, 202, "{reply:?}");
        let queued = json(&reply)["import"].clone();
        assert_eq!((queued["state"].as_str(), queued["lines_total"].as_i64()), (Some("queued"), Some(2_600)));
        assert!(service.die_within(Duration::from_secs(20)), "the failpoint strikes in the third chunk");
        // How many lines a chunk takes after the first is what this machine writes in its time.
        assert!((512 + 2 * 128..=2_600).contains(&world.count("statement_line")));
        assert_eq!(world.count("statement WHERE state = 'ready'"), 0, "nobody sees half a statement");

        let mut service = Service::start(&world);
        let path = format!("/api/v1/imports/{}", queued["id"].as_str().unwrap());
        let start = Instant::now();
        let done = loop {
            let job =
                json(&send(service.address, "GET", &path, &headers[..1], b"").unwrap())["import"].clone();
            let (done, total) = (job["lines_done"].as_i64().unwrap(), job["lines_total"].as_i64().unwrap());
            assert!(done <= total && total == 2_600, "{job}");
            if job["state"] == "done" || start.elapsed() > Duration::from_secs(40) {
                break job;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        assert_eq!(
            (done["state"].as_str(), done["lines_done"].as_i64()),
            (Some("done"), Some(2_600)),
            "{done}"
        );
        assert_eq!(done["outcome"]["statements"][0]["lines_new"], 2_600);
        let stranger = bearer_elsewhere(&world);
        let hidden = send(service.address, "GET", &path, &[("Authorization", &stranger)], b"").unwrap();
        assert_eq!(hidden.status, 404);
        service.stop();
        assert_eq!(world.count("statement_line"), 2_600);
        assert_eq!(world.count("statement WHERE state = 'ready'"), 1);
    });
}

fn bearer_elsewhere(world: &World) -> String {
    use secrecy::ExposeSecret as _;
    let system = Actor::system();
    let unit = world.tay_ho.id;
    world.change(|tx, stamp| {
        let person = bienlai::identity::create_person(tx, stamp, &system, unit, "Lê Thị Mẫu")?;
        let new = bienlai::identity::NewClient {
            unit,
            name: "elsewhere".to_owned(),
            person: Some(person),
            role: Role::Finance,
            scope: Scope::unit(unit),
        };
        let made = bienlai::identity::create_client(tx, stamp, &system, new)?;
        Ok(format!("Bearer {}", made.1.expose_secret()))
    })
}

#[test]
fn what_can_never_be_imported_is_refused_before_it_is_queued() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let bearer = format!("Bearer {}", token(&world, Role::Finance));
        let headers = [("Authorization", bearer.as_str()), ("Prefer", "respond-async")];
        let mut service = Service::start(&world);
        let post =
            |bytes: &[u8]| send(service.address, "POST", "/api/v1/statements", &headers, bytes).unwrap();
        assert_eq!(post(b"nothing that a bank would send").status, 422);
        let stranger = BankFile::new("1900999900", world.now().business_day(), 0).book(1, "a", "R1");
        assert_eq!(json(&post(&stranger.camt()))["error"]["code"], "statement_account_unknown");
        let elsewhere =
            BankFile::new(world.tay_ho.account_no, world.now().business_day(), 0).book(1, "a", "R1");
        assert_eq!(post(&elsewhere.camt()).status, 404, "another unit's account is no business of theirs");
        service.stop();
        let (stamp, huge) = (|| world.stamp(), vec![0; statement::MAX_BYTES + 1]);
        let queued = job::queue(&world.store, &stamp, &Actor::system(), &huge, Options::default());
        assert_eq!(code_of(queued), "statement_file_too_large");
        assert_eq!((world.count("import_job"), world.count("statement_file")), (0, 0));
    });
}

fn look(world: &World, inbox: &mut Inbox) -> Look {
    inbox.look(&world.app, &|| true).expect("the inbox is looked at")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_inbox_takes_whole_files_to_their_accounts_and_one_bad_file_stops_no_other() {
    each_database(|database| {
        let world = World::settled_in(database);
        let folder = Folder::new("inbox");
        let path = folder.path();
        let day = world.now().business_day();
        let one = BankFile::new(world.ba_dinh.account_no, day, 0).book(10_000, "a", "R1").camt();
        let two = BankFile::new(world.tay_ho.account_no, day, 0).book(20_000, "b", "R2").mt940();
        std::fs::write(path.join("a broken.xml"), &one[..one.len() / 2]).unwrap();
        std::fs::write(path.join("b ba dinh.xml"), &one).unwrap();
        std::fs::write(path.join("c tay ho.txt"), &two).unwrap();
        std::fs::write(
            path.join("d stranger.sta"),
            BankFile::new("1900999900", day, 0).book(1, "a", "R1").mt940(),
        )
        .unwrap();
        std::fs::write(path.join("e being written.xml.part"), &one).unwrap();
        let mut inbox = Inbox::new(path);
        assert_eq!(
            look(&world, &mut inbox),
            Look { done: 0, failed: 0, waiting: 4 },
            "who knows if they are whole"
        );
        std::fs::write(path.join("c tay ho.txt"), [&two[..], b"\r\n"].concat()).unwrap();
        assert_eq!(look(&world, &mut inbox), Look { done: 1, failed: 2, waiting: 1 }, "one still grows");
        assert_eq!(look(&world, &mut inbox), Look { done: 1, failed: 0, waiting: 0 });

        assert_eq!(names(path), ["done", "e being written.xml.part", "failed"]);
        assert_eq!(
            names(&path.join("done")),
            ["b ba dinh.xml", "b ba dinh.xml.txt", "c tay ho.txt", "c tay ho.txt.txt"]
        );
        assert_eq!(
            names(&path.join("failed")),
            ["a broken.xml", "a broken.xml.txt", "d stranger.sta", "d stranger.sta.txt"]
        );
        let words = std::fs::read_to_string(path.join("failed/d stranger.sta.txt")).unwrap();
        assert!(
            words.contains("chưa được đăng ký") && words.contains("statement_account_unknown"),
            "{words}"
        );
        assert!(!words.contains("1900999900"), "account numbers are shown by their end: {words}");
        assert_eq!((world.count("statement"), world.count("statement_line")), (2, 2));

        // What was refused is known to whoever waits for it: by the account in the file, else to the city.
        let taken = |unit, outcome: &str| -> Vec<bienlai::statement::inbox::Taken> {
            let all = world.look(|conn| bienlai::statement::inbox::newest(conn, &[unit], 10));
            all.into_iter().filter(|one| one.outcome == outcome).collect()
        };
        assert_eq!(taken(world.ba_dinh.id, "done").len(), 1);
        let broken = taken(world.ba_dinh.id, "failed");
        assert_eq!((broken.len(), broken[0].name.as_str()), (1, "a broken.xml"));
        assert!(!broken[0].places.is_empty(), "where it breaks off");
        let lost = taken(bienlai::unit::CITY, "failed");
        assert_eq!((lost.len(), lost[0].name.as_str()), (1, "d stranger.sta"));
        assert_eq!(lost[0].error_code.as_deref(), Some("statement_account_unknown"));

        // The same file once more, under the same name: nothing is new, and nothing is overwritten.
        std::fs::write(path.join("b ba dinh.xml"), &one).unwrap();
        look(&world, &mut inbox);
        assert_eq!(look(&world, &mut inbox).done, 1);
        assert_eq!(names(&path.join("done")).len(), 6);
        assert_eq!(world.count("statement"), 2);
        assert_eq!(world.count("inbox_file WHERE outcome = 'known'"), 1);
    });
}

#[test]
fn a_refused_file_of_the_inbox_stands_on_the_board_and_among_the_statements_with_its_place() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let folder = Folder::new("inbox-refused");
        let day = world.now().business_day();
        let mut wrong = BankFile::new(world.ba_dinh.account_no, day, 0).book(10_000, "a", "R1");
        wrong.claimed_closing = Some(9_000);
        std::fs::write(folder.path().join("sai so du.xml"), wrong.camt()).unwrap();
        let mut inbox = Inbox::new(folder.path());
        look(&world, &mut inbox);
        assert_eq!(look(&world, &mut inbox).failed, 1);

        let mut service = Service::start(&world);
        let here = Scope::unit(world.ba_dinh.id);
        let mut officer = seated(&world, service.address, Role::Finance, "ketoan", here);
        officer.get("/finance");
        officer.sees("Tệp sao kê trong thư mục nhận không nhập được: 1");
        officer.get("/finance/statements");
        officer.sees("sai so du.xml");
        officer.sees("không nhập được");
        officer.sees("<span class=\"mono\">/Document/");
        let there = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan2", there);
        stranger.get("/finance/statements");
        assert!(!stranger.page.contains("sai so du.xml"), "{}", stranger.page);
        service.stop();
    });
}

#[test]
fn nothing_outside_of_the_inbox_is_read_however_it_is_linked() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (folder, outside) = (Folder::new("inbox-links"), Folder::new("inbox-outside"));
        let path = folder.path();
        let day = world.now().business_day();
        let one = BankFile::new(world.ba_dinh.account_no, day, 0).book(10_000, "a", "R1").camt();
        std::fs::write(outside.path().join("secret.xml"), &one).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.xml"), path.join("link.xml")).unwrap();
        std::os::unix::fs::symlink(outside.path(), path.join("folder-link")).unwrap();
        std::fs::create_dir(path.join("sub")).unwrap();
        std::fs::write(path.join("sub/inside.xml"), &one).unwrap();
        let mut inbox = Inbox::new(path);
        look(&world, &mut inbox);
        assert_eq!(look(&world, &mut inbox), Look { done: 0, failed: 2, waiting: 0 });
        assert_eq!(world.count("statement"), 0);
        assert_eq!(names(outside.path()), ["secret.xml"], "and nothing is moved or written there");
        assert_eq!(names(path), ["done", "failed", "sub"]);

        // A shelf that is a link would lead out: the inbox is not used at all.
        let bent = Folder::new("inbox-bent");
        std::os::unix::fs::symlink(outside.path(), bent.path().join("done")).unwrap();
        std::fs::write(bent.path().join("one.xml"), &one).unwrap();
        let mut inbox = Inbox::new(bent.path());
        assert!(inbox.look(&world.app, &|| true).is_err());
        assert_eq!(names(outside.path()), ["secret.xml"]);
    });
}

#[test]
fn a_file_that_the_end_of_the_service_breaks_off_waits_and_goes_in_after_the_next_start() {
    each_database(|database| {
        let world = World::settled_in(database);
        let folder = Folder::new("inbox-stopping");
        std::fs::write(folder.path().join("one.xml"), large_day(&world, 600)).unwrap();
        let mut inbox = Inbox::new(folder.path());
        look(&world, &mut inbox);
        // The service is asked to stop while the lines go in (`service_stopping`).
        let asked = std::cell::Cell::new(0);
        let keep_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        let stopped = inbox.look(&world.app, &keep_on).unwrap();
        assert_eq!(stopped, Look { done: 0, failed: 0, waiting: 1 });
        assert_eq!(world.count("statement WHERE state = 'loading'"), 1);
        assert_eq!(look(&world, &mut inbox).waiting, 1, "it is told to wait for five seconds");
        let mut inbox = Inbox::new(folder.path());
        look(&world, &mut inbox);
        assert_eq!(look(&world, &mut inbox).done, 1);
        assert_eq!((world.count("statement"), world.count("statement_line")), (1, 600));
    });
}

#[test]
fn the_service_watches_its_inbox() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let folder = Folder::new("inbox-service");
        let sections = format!("[statements]\ninbox = \"{}\"", folder.path().display());
        let mut service = Service::start_as(&world, How { sections: &sections, ..How::default() }).unwrap();
        std::fs::write(folder.path().join("big.xml"), large_day(&world, 700)).unwrap();
        let start = Instant::now();
        while world.count("statement WHERE state = 'ready'") == 0 && start.elapsed() < Duration::from_secs(20)
        {
            std::thread::sleep(Duration::from_millis(100));
        }
        service.stop();
        assert_eq!(world.count("statement_line"), 700, "{}", service.log());
        assert!(names(&folder.path().join("done")).contains(&"big.xml".to_owned()));
    });
}

const TABLE: &str = "Khi nào;Việc gì;Bao nhiêu;Còn lại\n23/11/2026;tien gui;25.000;25.000\n";
const MAPPING: &str = "name = \"own\"\nheadings = [\"Khi nào\"]\ncurrency = \"VND\"\n[columns]\nbooking_date = 1\n\
                       description = 2\namount = 3\nbalance = 4\n";

fn take(world: &World, options: Options<'_>) -> Result<Imported> {
    let clerk = Actor {
        person: Some(world.clerk),
        client: None,
        role: Role::Finance,
        scope: Scope::unit(world.ba_dinh.id),
    };
    bienlai::reconciliation::office::import_with(
        &world.store,
        &|| world.stamp(),
        &clerk,
        TABLE.as_bytes(),
        options,
    )
}

#[test]
fn a_mapping_saved_for_an_account_reads_its_tables_from_then_on() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        assert!(!take(&world, Options::default()).unwrap().errors.is_empty(), "nobody knows this table");
        let layout = Layout::from_toml(MAPPING).unwrap();
        let clerk =
            Actor { person: Some(world.clerk), client: None, role: Role::Finance, scope: Scope::unit(unit) };
        let save = |layout: &Layout| {
            world.change(|tx, stamp| saved::save(tx, stamp, &clerk, unit, account, layout)).version
        };
        assert_eq!((save(&layout), save(&layout)), (1, 1), "the same again is no new version");
        let imported = take(&world, Options::default()).unwrap();
        assert_eq!(imported.errors, [], "the file names no account, and the mapping does");
        assert_eq!((imported.statements[0].account, imported.statements[0].lines_new), (account, 1));

        let renamed = Layout { name: "own, hai".to_owned(), ..layout };
        assert_eq!(save(&renamed), 2);
        let versions = world.look(|conn| saved::versions(conn, unit, account));
        assert_eq!(versions.iter().map(|one| one.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(versions[1].saved_by, world.clerk.to_string());
    });
}

#[test]
fn a_table_whose_import_broke_off_is_finished_by_the_mapping_it_was_begun_with() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let code = world.raise(bienlai::amount::Dong(25_000)).reference_code;
        let rows = (1..=600)
            .map(|number| format!("23/11/2026;{code} lan {number};1.000;{number}.000;nguoi nop {number}\n"));
        let table = format!("Khi nào;Việc gì;Bao nhiêu;Còn lại;Ai\n{}", rows.collect::<String>());
        let first = Layout::from_toml(MAPPING).unwrap();
        let second = Layout::from_toml(&MAPPING.replace("description = 2", "description = 5")).unwrap();
        let clerk = person(unit, world.clerk, Role::Finance);
        let taken = |options| {
            let (stamp, bytes) = (|| world.stamp(), table.as_bytes());
            bienlai::reconciliation::office::import_with(&world.store, &stamp, &clerk, bytes, options)
        };
        let crash = |done: Progress| match done.lines_done {
            0 => Ok(()),
            _ => Err(Error::busy("stopped", 1, "as by a crash")),
        };
        let number = Some(world.ba_dinh.account_no);
        let begun = Options { layout: Some(&first), account_no: number, progress: Some(&crash) };
        assert_eq!(taken(begun).unwrap_err().code(), "stopped");
        assert_eq!(world.count("statement_line"), 512);

        world.change(|tx, stamp| saved::save(tx, stamp, &clerk, unit, account, &second));
        assert_eq!(taken(Options::default()).unwrap().errors, []);
        assert_eq!(world.count("statement WHERE state = 'ready'"), 1);
        assert_eq!(world.count("statement_line"), 600);
        assert_eq!(world.count(&format!("statement_line WHERE codes LIKE '%{code}%'")), 600);
    });
}

#[test]
fn a_table_that_fits_the_mappings_of_two_accounts_needs_its_account_named() {
    each_database(|database| {
        let world = World::settled_in(database);
        let layout = Layout::from_toml(MAPPING).unwrap();
        for commune in [&world.ba_dinh, &world.tay_ho] {
            let system = Actor::system();
            world.change(|tx, stamp| saved::save(tx, stamp, &system, commune.id, commune.account, &layout));
        }
        let city = |options| {
            let system = Actor::system();
            let stamp = || world.stamp();
            let bytes = TABLE.as_bytes();
            bienlai::reconciliation::office::import_with(&world.store, &stamp, &system, bytes, options)
                .unwrap()
        };
        assert!(!city(Options::default()).errors.is_empty());
        let named = Options { account_no: Some(world.tay_ho.account_no), ..Options::default() };
        assert_eq!(city(named).statements[0].account, world.tay_ho.account);
        assert_eq!(world.count("statement"), 1);
    });
}

#[test]
fn a_statement_that_breaks_off_lets_its_accounts_other_files_wait_and_go_in_by_themselves() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (day, system, stamp) = (world.now().business_day(), Actor::system(), || world.stamp());
        let first = BankFile::new(world.ba_dinh.account_no, day, 0).book(1_000, "too much", "R1").camt();
        let second = BankFile::new(world.ba_dinh.account_no, day.next(), 1_000).numbered(2);
        let second = second.book(2_000, "b", "R2").camt();
        for bytes in [&first, &second] {
            job::queue(&world.store, &stamp, &system, bytes, Options::default()).unwrap().unwrap();
        }
        let breaking = |memo: &str| {
            assert!(memo != "too much", "a library breaks off over it");
            (Vec::new(), Vec::new())
        };
        let mended = |_: &str| (Vec::new(), Vec::new());
        let run = |codes_of: &CodesOf<'_>| {
            let around = job::Run { keep_on: &|| true, then: &|_| {} };
            job::run_next(&world.store, &stamp, codes_of, around).unwrap().map(|job| job.state)
        };
        assert_eq!(run(&breaking).as_deref(), Some("failed"));
        assert_eq!(run(&breaking).as_deref(), Some("queued"), "it cannot go in without the lines before it");
        assert_eq!(run(&breaking), None, "and is not tried again at once");
        let by_hand = import_file(&world.store, &stamp, &system, &breaking, &second);
        assert_eq!(by_hand.unwrap_err().code(), "statement_loading");

        world.wait_seconds(61);
        assert_eq!(run(&mended).as_deref(), Some("done"));
        assert_eq!(world.count("statement WHERE state = 'ready'"), 2);
        assert_eq!(world.count("statement_line"), 2);
    });
}

#[test]
fn two_imports_of_one_file_at_once_store_each_line_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = large_day(&world, 1_300);
        let taken = |world: &World| {
            let stamp = || world.stamp();
            let system = Actor::system();
            loop {
                match bienlai::reconciliation::office::import_with(
                    &world.store,
                    &stamp,
                    &system,
                    &bytes,
                    Options::default(),
                ) {
                    Err(error) if error.is_busy() => std::thread::sleep(Duration::from_millis(20)),
                    other => break other.expect("it is imported in the end"),
                }
            }
        };
        let results: Vec<Imported> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| taken(&world))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(results.iter().all(|one| one.errors.is_empty()));
        assert_eq!(world.count("statement WHERE state = 'ready'"), 1);
        assert_eq!((world.count("statement"), world.count("statement_line")), (1, 1_300));
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}
