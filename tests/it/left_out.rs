//! A file of several accounts: what keeps one account's statement out keeps nobody else's waiting.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Kind};
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::reconcile;
use bienlai::statement::foreseen::foresee;
use bienlai::statement::import::{Imported, Options};
use bienlai::worker::inbox::Inbox;

use crate::cash_by_command::Shell;
use crate::imports::{import, try_import};
use crate::strangers::token;
use crate::support::bank_file::BankFile;
use crate::support::program::{Service, send};
use crate::support::tools::Folder;
use crate::support::visitor::seated;
use crate::support::world::Commune;
use crate::support::{World, each_database};

/// An account that nobody registered yet.
pub const STRANGE: &str = "1900444400";

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

pub fn day_of(world: &World, account_no: &str, amount: i64) -> BankFile {
    BankFile::new(account_no, today(world), 0).book(amount, "tien gui", &format!("R{account_no}"))
}

/// The statements of several accounts in one file.
pub fn together(files: &[BankFile]) -> Vec<u8> {
    let texts: Vec<String> = files.iter().map(|file| String::from_utf8(file.camt()).unwrap()).collect();
    let start = |text: &str| text.find("<Stmt>").unwrap();
    let statements: String =
        texts.iter().map(|text| &text[start(text)..text.rfind("</BkToCstmrStmt>").unwrap()]).collect();
    format!("{}{statements}</BkToCstmrStmt></Document>", &texts[0][..start(&texts[0])]).into_bytes()
}

/// Ba Đình's statement, a stranger's, and Tây Hồ's.
fn three(world: &World) -> Vec<u8> {
    together(&[
        day_of(world, world.ba_dinh.account_no, 25_000),
        day_of(world, STRANGE, 7_000),
        day_of(world, world.tay_ho.account_no, 8_000),
    ])
}

/// What was left out: which, why, whose account.
pub fn left_out(imported: &Imported) -> Vec<(i32, &str, Option<&str>)> {
    imported.refused.iter().map(|one| (one.ordinal, one.code, one.account_no.as_deref())).collect()
}

pub fn has_gap(world: &World, commune: &Commune) -> bool {
    world.open_kinds(commune.id).contains(&Kind::StatementGap)
}

pub fn closes(world: &World, commune: &Commune) -> bool {
    let (unit, account, system) = (commune.id, commune.account, Actor::system());
    reconcile(&world.store, &world.stamp(), &system, unit, account).expect("the lines are matched");
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &system, unit, account, today(world)).unwrap();
    matches!(closing, Closing::Closed(_))
}

pub fn officer(world: &World, commune: &Commune) -> Actor {
    Actor { person: Some(world.clerk), client: None, role: Role::Finance, scope: Scope::unit(commune.id) }
}

#[test]
fn an_unknown_account_is_left_out_of_its_file_and_goes_in_when_it_is_registered() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = three(&world);
        let first = import(&world, &bytes);
        assert_eq!(left_out(&first), [(2, "statement_account_unknown", Some(STRANGE))]);
        assert_eq!((first.statements.len(), first.already_imported), (2, false));
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::StatementGap], "somebody has it to see to");
        assert!(!has_gap(&world, &world.tay_ho));
        let items = world.look(|conn| exception::list(conn, world.ba_dinh.id, None, None, 10));
        assert!(items[0].detail.contains(STRANGE) && items[0].account.is_none(), "{}", items[0].detail);
        assert!(items[0].subject_text().starts_with("fpt_"));
        assert!(closes(&world, &world.ba_dinh) && closes(&world, &world.tay_ho));

        let again = import(&world, &bytes);
        assert_eq!(left_out(&again), left_out(&first));
        assert!(!again.already_imported, "it was not here whole");
        assert_eq!(world.count("exception WHERE kind = 23"), 1, "and is asked about once");

        world.open_account(&world.ba_dinh, STRANGE);
        let whole = import(&world, &bytes);
        assert_eq!((left_out(&whole), whole.statements.len()), (vec![], 3));
        let new: Vec<usize> = whole.statements.iter().map(|one| one.lines_new).collect();
        assert_eq!((new, world.count("statement_line")), (vec![0, 1, 0], 3));
        assert!(!has_gap(&world, &world.ba_dinh), "what was asked for came in");
        assert!(import(&world, &bytes).already_imported);
    });
}

#[test]
fn a_statement_that_does_not_prove_keeps_its_own_day_open_and_a_mended_file_brings_it_in() {
    each_database(|database| {
        let world = World::settled_in(database);
        let good = day_of(&world, world.tay_ho.account_no, 8_000);
        let right = day_of(&world, world.ba_dinh.account_no, 25_000);
        let wrong = BankFile { claimed_closing: Some(1), ..right.clone() };
        let first = import(&world, &together(&[wrong, good.clone()]));
        assert_eq!(left_out(&first), [(1, "balance_broken", Some(world.ba_dinh.account_no))]);
        assert_eq!(first.statements[0].account, world.tay_ho.account);
        assert!(has_gap(&world, &world.ba_dinh) && closes(&world, &world.tay_ho));
        let kept = world.count("statement_file WHERE sha256 IN (SELECT file_sha256 FROM statement)");
        assert_eq!(
            kept, 2,
            "the file is kept where its statement is and where the item about the other one is"
        );
        assert!(!closes(&world, &world.ba_dinh));

        let mended = import(&world, &together(&[right, good]));
        let new: Vec<usize> = mended.statements.iter().map(|one| one.lines_new).collect();
        assert_eq!((left_out(&mended), new), (vec![], vec![1, 0]));
        assert!(!has_gap(&world, &world.ba_dinh) && closes(&world, &world.ba_dinh));
    });
}

#[test]
fn a_message_whose_opening_balance_does_not_read_is_left_out_of_an_mt940_file() {
    each_database(|database| {
        let world = World::settled_in(database);
        let broken = String::from_utf8(day_of(&world, world.ba_dinh.account_no, 25_000).mt940()).unwrap();
        let broken = broken.replace("VND0,", "VNDx,");
        let good = day_of(&world, world.tay_ho.account_no, 8_000).mt940();
        let imported = import(&world, &[broken.as_bytes(), good.as_slice()].concat());
        let told: Vec<i32> = imported.refused.iter().map(|one| one.ordinal).collect();
        assert_eq!((told, imported.statements.len()), (vec![1], 1));
        assert_eq!((world.count("statement_line"), has_gap(&world, &world.ba_dinh)), (1, true));
    });
}

#[test]
fn of_another_units_statement_an_officer_reads_that_it_was_left_out_and_nothing_else() {
    each_database(|database| {
        let world = World::settled_in(database);
        let theirs =
            BankFile { claimed_closing: Some(185_501), ..day_of(&world, world.ba_dinh.account_no, 25_000) };
        let bytes = together(&[theirs, day_of(&world, world.tay_ho.account_no, 8_000)]);
        let actor = officer(&world, &world.tay_ho);
        let imported = try_import(&world, &actor, &bytes).unwrap();
        assert_eq!(left_out(&imported), [(1, "statement_account_elsewhere", Some("******1100"))]);
        assert_eq!(imported.statements.len(), 1);
        let options = Options::default();
        let foreseen = foresee(&world.store, today(&world), &actor, &bytes, options).unwrap();
        assert_eq!((foreseen.parsed.statements.len(), foreseen.refused.len()), (1, 1));
        let told = serde_json::to_string(&(&imported, &foreseen.parsed, &foreseen.refused)).unwrap();
        for secret in ["25000", "185501", world.ba_dinh.account_no] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        assert!(
            !has_gap(&world, &world.tay_ho) && !has_gap(&world, &world.ba_dinh),
            "told, and asked of nobody"
        );
    });
}

#[test]
fn a_statement_whose_day_was_the_fault_ends_its_item_when_it_is_mended() {
    each_database(|database| {
        let world = World::settled_in(database);
        let right = String::from_utf8(day_of(&world, world.ba_dinh.account_no, 25_000).mt940()).unwrap();
        let good = day_of(&world, world.tay_ho.account_no, 8_000).mt940();
        let short = |day: BusinessDay| day.0.format("%y%m%d").to_string();
        let (before, on) = (short(today(&world).plus_days(-1)), short(today(&world)));
        let right = right.replace(&format!(":60F:C{on}"), &format!(":60F:C{before}"));
        let closing = format!(":62F:C{on}VND25000,");
        let without_line: String = right
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with(":61:") && !line.starts_with(":86:"))
            .collect();
        let broken = without_line.replace(&closing, &format!(":62F:C{on}VNDx,"));
        let first = import(&world, &[broken.as_bytes(), good.as_slice()].concat());
        assert_eq!((first.refused.len(), first.statements.len()), (1, 1));
        assert!(has_gap(&world, &world.ba_dinh));

        let mended = import(&world, &[right.as_bytes(), good.as_slice()].concat());
        assert_eq!((left_out(&mended), mended.statements.len()), (vec![], 2));
        assert!(!has_gap(&world, &world.ba_dinh) && closes(&world, &world.ba_dinh));
        import(&world, &[broken.as_bytes(), good.as_slice()].concat());
        assert!(!has_gap(&world, &world.ba_dinh), "and stays ended when the broken file comes again");
    });
}

#[test]
fn of_a_bank_that_numbers_each_day_alike_the_next_days_statement_does_not_end_the_item_of_a_broken_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let good = day_of(&world, world.tay_ho.account_no, 8_000).mt940();
        let of_day = |day: BusinessDay, amount: i64| {
            let file = BankFile::new(world.ba_dinh.account_no, day, 0);
            String::from_utf8(file.book(amount, "tien gui", &format!("R{amount}")).mt940()).unwrap()
        };
        let right = of_day(today(&world), 25_000);
        let broken = right.replace("VND0,", "VND0,50").replace("VND25000,", "VND25000,50");
        assert_ne!(broken, right);
        let first = import(&world, &[broken.as_bytes(), good.as_slice()].concat());
        assert_eq!((first.refused.len(), first.statements.len()), (1, 1));
        assert!(has_gap(&world, &world.ba_dinh));

        let asked = || {
            world.count("exception WHERE kind = 23 AND subject_kind = 'file_part' AND state <> 'resolved'")
        };
        assert_eq!(asked(), 1);
        import(&world, of_day(today(&world).next(), 7_000).as_bytes());
        assert_eq!(asked(), 1, "the same number of another day is another statement");
        import(&world, right.as_bytes());
        assert_eq!(asked(), 0, "its own day ends it");
    });
}

#[test]
fn a_mended_statement_ends_its_item_though_the_broken_ones_number_was_written_with_zeros() {
    each_database(|database| {
        let world = World::settled_in(database);
        let good = day_of(&world, world.tay_ho.account_no, 8_000).mt940();
        let right = String::from_utf8(day_of(&world, world.ba_dinh.account_no, 25_000).mt940()).unwrap();
        let broken = right.replace("VND0,", "VND0,50").replace("VND25000,", "VND25000,50");
        let broken = broken.replace(":28C:1/1", ":28C:00001/001");
        let first = import(&world, &[broken.as_bytes(), good.as_slice()].concat());
        assert_eq!((first.refused.len(), first.statements.len()), (1, 1));
        let asked = || {
            world.count("exception WHERE kind = 23 AND subject_kind = 'file_part' AND state <> 'resolved'")
        };
        assert_eq!(asked(), 1);
        let plain = broken.replace(":28C:00001/001", ":28C:1/1");
        import(&world, &[plain.as_bytes(), good.as_slice()].concat());
        assert_eq!(asked(), 1, "and the broken one is asked about once, however its number is written");
        import(&world, right.as_bytes());
        assert_eq!(asked(), 0, "1/1 and 00001/001 are one number");
    });
}

#[test]
fn what_says_otherwise_than_the_statement_that_is_here_is_asked_about_and_a_copy_is_not() {
    each_database(|database| {
        let world = World::settled_in(database);
        let right = day_of(&world, world.ba_dinh.account_no, 25_000);
        let good = day_of(&world, world.tay_ho.account_no, 8_000);
        let asked = || world.count("exception WHERE kind = 23 AND state = 'open'");
        let whole = together(&[right.clone(), good.clone()]);
        import(&world, &whole);
        let twice = import(&world, &together(&[right.clone(), right.clone(), good.clone()]));
        let told: Vec<(i32, &str)> = twice.refused.iter().map(|one| (one.ordinal, one.code)).collect();
        assert_eq!((told, asked()), (vec![(2, "statement_repeated")], 0), "a copy is missed by nobody");

        let wrong = BankFile { claimed_closing: Some(30_000), ..right.clone() };
        let corrected = import(&world, &together(&[wrong, good.clone()]));
        assert_eq!(left_out(&corrected), [(1, "balance_broken", Some(world.ba_dinh.account_no))]);
        assert_eq!(asked(), 1, "it corrects what is here, and does not prove");

        let rival = day_of(&world, world.ba_dinh.account_no, 40_000);
        let rivals = import(&world, &together(&[right, rival, good]));
        let told: Vec<(i32, &str)> = rivals.refused.iter().map(|one| (one.ordinal, one.code)).collect();
        assert_eq!(told, [(1, "statement_repeated"), (2, "statement_repeated")]);
        assert_eq!(asked(), 2, "of two that contradict each other, the one that is here is not missing");
        assert!(import(&world, &whole).already_imported);
        assert_eq!(asked(), 2, "what was here before ends neither");
    });
}

#[test]
fn the_unit_that_takes_a_strange_account_on_ends_the_item_of_the_one_that_was_asked() {
    each_database(|database| {
        let world = World::settled_in(database);
        let strange = day_of(&world, STRANGE, 7_000);
        import(&world, &together(&[day_of(&world, world.ba_dinh.account_no, 25_000), strange.clone()]));
        assert!(has_gap(&world, &world.ba_dinh));
        world.open_account(&world.tay_ho, STRANGE);
        let theirs = together(&[day_of(&world, world.tay_ho.account_no, 8_000), strange]);
        let imported = try_import(&world, &officer(&world, &world.tay_ho), &theirs).unwrap();
        assert_eq!((left_out(&imported), imported.statements.len()), (vec![], 2));
        assert!(!has_gap(&world, &world.ba_dinh) && !has_gap(&world, &world.tay_ho));
    });
}

#[test]
fn of_more_strangers_than_persons_are_asked_about_the_rest_is_told_and_keeps_no_unit_waiting() {
    each_database(|database| {
        let world = World::settled_in(database);
        let own = day_of(&world, world.ba_dinh.account_no, 25_000);
        let strange = |number: i64| format!("19005{number:05}");
        let strangers = (0..502).map(|number| day_of(&world, &strange(number), 1_000));
        let files: Vec<BankFile> = [own].into_iter().chain(strangers).collect();
        let bytes = together(&files);
        let asked = || world.count("exception WHERE kind = 23");
        let told_only = |imported: &Imported| {
            let warning = imported.warnings.iter().find(|one| one.code == "statement_left_out_told");
            warning.map(|one| one.words().1.split(' ').next().unwrap_or_default().to_owned())
        };
        let foreseen = foresee(&world.store, today(&world), &Actor::system(), &bytes, Options::default());
        assert_eq!(foreseen.unwrap().refused.len(), 502);
        let first = import(&world, &bytes);
        assert_eq!((first.statements.len(), first.refused.len()), (1, 502));
        assert_eq!((told_only(&first).as_deref(), asked()), (Some("2"), 500));
        assert!(closes(&world, &world.ba_dinh));

        let again = import(&world, &bytes);
        assert_eq!((told_only(&again).as_deref(), asked()), (Some("2"), 500));

        world.open_account(&world.ba_dinh, &strange(0));
        let third = import(&world, &bytes);
        assert_eq!((third.statements.len(), third.refused.len()), (2, 501));
        assert_eq!(told_only(&third).as_deref(), Some("1"), "the place of one that came in is taken");
        assert_eq!(asked(), 501);
    });
}

#[test]
fn a_file_of_more_broken_statements_of_own_accounts_than_persons_are_asked_about_is_refused_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        let own = day_of(&world, world.tay_ho.account_no, 8_000);
        let broken = (0..501).map(|number| BankFile {
            claimed_closing: Some(1),
            ..day_of(&world, world.ba_dinh.account_no, 25_000).numbered(number + 1)
        });
        let files: Vec<BankFile> = [own].into_iter().chain(broken).collect();
        let bytes = together(&files);
        let refused = try_import(&world, &Actor::system(), &bytes).unwrap_err();
        assert_eq!(refused.code(), "statement_left_out_many");
        let foreseen =
            foresee(&world.store, today(&world), &Actor::system(), &bytes, Options::default()).map(|_| ());
        assert_eq!(foreseen.unwrap_err().code(), "statement_left_out_many", "as it is foreseen");
        let kept = ["statement_file", "statement", "exception"].map(|table| world.count(table));
        assert_eq!(kept, [0, 0, 0]);
    });
}

#[test]
fn a_file_in_which_no_statement_can_go_in_is_refused_and_leaves_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = together(&[day_of(&world, STRANGE, 7_000), day_of(&world, "1900555500", 1_000)]);
        let refused = try_import(&world, &Actor::system(), &bytes).unwrap_err();
        assert_eq!(refused.code(), "statement_account_unknown");
        let wrong = BankFile { claimed_closing: Some(1), ..day_of(&world, world.ba_dinh.account_no, 25_000) };
        let refused =
            try_import(&world, &Actor::system(), &together(&[day_of(&world, STRANGE, 7_000), wrong]));
        let codes: Vec<&str> = refused.unwrap().errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, ["balance_broken"]);
        assert_eq!((world.count("statement_file"), world.count("exception")), (0, 0));
    });
}

#[test]
fn what_is_left_out_of_a_file_of_the_inbox_stands_beside_its_text() {
    each_database(|database| {
        let world = World::settled_in(database);
        let folder = Folder::new("inbox-left-out");
        std::fs::write(folder.path().join("three.xml"), three(&world)).unwrap();
        let mut inbox = Inbox::new(folder.path());
        inbox.look(&world.app, &|| true).unwrap();
        assert_eq!(inbox.look(&world.app, &|| true).unwrap().done, 1);
        let told = std::fs::read_dir(folder.path().join("done"))
            .unwrap()
            .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
            .find(|text| text.contains("statement_account_unknown"));
        assert!(told.is_some_and(|text| text.contains("Sao kê thứ 2 bị để lại")));
        let of = |commune: &Commune| {
            let about = format!("findings LIKE '%is_left_out%' AND unit_id = {}", commune.id.0);
            world.count(&format!("inbox_file WHERE outcome = 'done' AND {about}"))
        };
        assert_eq!((of(&world.ba_dinh), of(&world.tay_ho)), (1, 0), "told to the unit that has it to see to");
    });
}

#[test]
fn command_page_and_answer_name_what_was_left_out() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let bytes =
            together(&[day_of(&world, world.ba_dinh.account_no, 25_000), day_of(&world, STRANGE, 7_000)]);
        let mut service = Service::start(&world);
        let here = Scope::unit(world.ba_dinh.id);
        let mut officer = seated(&world, service.address, Role::Finance, "ketoan", here);
        officer.get("/finance/statements");
        assert_eq!(officer.upload("/finance/statements", &[("do", "preview")], &bytes).status, 200);
        officer.sees("Sao kê bị để lại, chưa được nhập");
        officer.sees(&format!("Sao kê thứ 2, tài khoản {STRANGE}"));
        assert_eq!(world.count("statement"), 0, "a preview stores nothing");
        assert_eq!(officer.upload("/finance/statements", &[("do", "import")], &bytes).status, 200);
        officer.sees("Đã nhập sao kê");
        officer.sees(&format!("Tài khoản {STRANGE} chưa được đăng ký"));

        let bearer = format!("Bearer {}", token(&world, &world.ba_dinh, Role::Finance));
        let headers = [("Authorization", bearer.as_str())];
        let answer = send(service.address, "POST", "/api/v1/statements", &headers, &bytes).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let left_out = answer.json()["import"]["refused"][0].clone();
        assert_eq!(left_out["code"], "statement_account_unknown");
        assert_eq!((left_out["ordinal"].as_i64(), left_out["account_no"].as_str()), (Some(2), Some(STRANGE)));
        assert!(left_out["at"].as_str().unwrap().contains("Stmt[2]"), "{left_out}");
        service.stop();

        let path = world.database.folder.path().join("two.xml");
        std::fs::write(&path, &bytes).unwrap();
        let (code, out, error) = Shell::new(&world).run(&["statement", "import", &path.to_string_lossy()]);
        assert!(code == 1 && out.contains("statement_account_unknown"), "{code}: {out}");
        assert!(error.contains("sao kê thứ 2 bị để lại"), "{error}");
    });
}

#[test]
fn a_look_at_a_file_says_what_an_import_of_it_would_come_to() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let here = Scope::unit(world.ba_dinh.id);
        let mut officer = seated(&world, service.address, Role::Finance, "ketoan", here);
        let mut shown = |fields: &[(&str, &str)], file: &[u8], words: &[&str]| {
            officer.get("/finance/statements");
            let status = officer.upload("/finance/statements", fields, file).status;
            words.iter().for_each(|words| officer.sees(words));
            status
        };
        let (look, take) = ([("do", "preview")], [("do", "import")]);

        let strange = day_of(&world, STRANGE, 7_000).mt940();
        let unknown = format!("Tài khoản {STRANGE} chưa được đăng ký");
        assert_eq!(shown(&look, &strange, &[unknown.as_str(), "chưa có gì được ghi"]), 422);
        assert_eq!(shown(&take, &strange, &["Tài khoản trên sao kê chưa được đăng ký"]), 400);

        let unnamed = format!(
            "Ngày giao dịch;Diễn giải;Ghi nợ;Ghi có;Số dư\n{};nop phi;;25000;25000\n",
            today(&world).0.format("%d/%m/%Y")
        );
        let asked = ["Không thấy số tài khoản trong tệp", "Cột của bảng"];
        assert_eq!(shown(&look, unnamed.as_bytes(), &asked), 422);
        assert_eq!(shown(&take, unnamed.as_bytes(), &asked), 422, "where it is refused it can be named");
        let account = world.ba_dinh.account.to_string();
        let named = [
            ("do", "preview"),
            ("heading", "1"),
            ("booking_date", "1"),
            ("description", "2"),
            ("debit", "3"),
            ("credit", "4"),
            ("balance", "5"),
            ("dates", "day_first"),
            ("account", account.as_str()),
        ];
        assert_eq!(shown(&named, unnamed.as_bytes(), &["nop phi"]), 200);

        let file = day_of(&world, world.ba_dinh.account_no, 25_000).book(8_000, "hong", "R9").mt940();
        let damaged = String::from_utf8(file).unwrap().replace("C8000,", "C8OOO,");
        assert_eq!(shown(&look, damaged.as_bytes(), &["để riêng chờ người quyết định"]), 200);
        assert_eq!(world.count("statement"), 0, "a look stores nothing");
        // The account that was chosen is that of a file which names none, though nothing was said of its columns.
        for act in ["preview", "import"] {
            let chosen = [("do", act), ("account", account.as_str())];
            assert_eq!(shown(&chosen, unnamed.as_bytes(), &[]), 200, "{act}");
        }
        assert_eq!(shown(&take, damaged.as_bytes(), &["1 dòng không đọc được, đang chờ quyết định"]), 200);
        let link = officer.page.split('"').find(|text| text.starts_with("/finance/quarantine/"));
        let link = link.unwrap().to_owned();
        officer.get(&link);
        officer.sees("Dòng 7: Thiếu mã loại giao dịch (ví dụ NTRF) sau số tiền</legend>");
        service.stop();
    });
}
