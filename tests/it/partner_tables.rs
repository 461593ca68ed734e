//! Tables that partners export under headings of their own: an acquirer's, a gateway's, the Treasury's. Each is
//! taken on as our own form is, and a column that is not found is named.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::payment::book::PaymentState;
use bienlai::remittance::report::{self, Status};
use bienlai::remittance::{Kind, State};
use bienlai::statement::partner::{self, Field, Named};
use bienlai::statement::saved;

use crate::cards;
use crate::cash_by_command::Shell;
use crate::corrections::person;
use crate::gateways::{self, claimed};
use crate::remittances::{self, approved, collected, now, take_report};
use crate::support::program::Service;
use crate::support::visitor::{Visitor, location, seated};
use crate::support::world::POLL;
use crate::support::{World, each_database};

const TERMINALS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/partner/pos/terminals.csv");
const TRANSACTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/partner/gateway/transactions.csv");
const ORDERS: &str = include_str!("../../fixtures/partner/treasury/orders.csv");

#[test]
fn an_acquirers_own_table_is_taken_on_with_its_fee_and_its_line_proves_the_payments() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        cards::by_card(&world, "A00001");
        cards::by_card(&world, "A00002");
        let shell = Shell::new(&world);
        let (finance, day) = (shell.person("Lê Thị Mẫu").to_string(), cards::today(&world).to_string());
        let import = |fee: &str| {
            let place = ["pos", "import", TERMINALS, "--unit", "00004", "--reference", "POS000126"];
            let rest = ["--settled-on", day.as_str(), "--fee", fee, "--person", finance.as_str()];
            shell.run(&[place.as_slice(), rest.as_slice()].concat())
        };
        let (code, _, error) = import("500");
        assert!(code == 1 && error.contains("pos_fee_differs"), "{code} {error}");
        let (code, out, error) = import("0");
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("\"fee\": 550") && out.contains("\"net\": 49450"), "{out}");
        cards::shown(&world, 0, 49_450, "THANH TOAN POS000126");
        assert_eq!(cards::states(&world), [PaymentState::Proven, PaymentState::Proven]);
    });
}

#[test]
fn a_gateways_own_table_is_taken_on_and_one_without_its_column_is_refused() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let ba_dinh = world.ba_dinh.clone();
        claimed(&world, &ba_dinh, 25_000, "S1");
        claimed(&world, &ba_dinh, 15_000, "S2");
        let shell = Shell::new(&world);
        let (finance, day) = (shell.person("Lê Thị Mẫu").to_string(), gateways::today(&world).to_string());
        let import = |file: &str| {
            let place = ["settlement", "import", file, "--unit", "00004", "--channel", POLL];
            let rest =
                ["--reference", "QT000126", "--settled-on", day.as_str(), "--person", finance.as_str()];
            shell.run(&[place.as_slice(), rest.as_slice()].concat())
        };
        let (code, _, error) = import(TERMINALS);
        assert!(code == 1 && error.contains("partner_column_missing"), "{code} {error}");
        let (code, out, error) = import(TRANSACTIONS);
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("\"net\": 39800"), "{out}");
        gateways::shown(&world, &ba_dinh, 0, &[(39_800, "SEPAY QUYET TOAN QT000126")]);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Proven]);
    });
}

#[test]
fn the_treasurys_own_table_credits_its_order_and_tells_the_row_that_says_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        assert_eq!(order.amount, Dong(20_500));
        let text = ORDERS
            .replace("MALENH00001,1000001,805,2716,\"8.000\",Đã ghi có,25/11/2026,\n", "")
            .replace("\"12.500\"", "\"20.500\"")
            .replace("MALENH00001", &order.reference_code)
            .replace("25/11/2026", "24/11/2026");
        let finance = person(order.unit, world.clerk, Role::Finance);
        let take = || take_report(&world, &finance, order.unit, text.as_bytes()).expect("the report is read");
        let taken = take();
        let outcome = taken.orders.iter().find(|one| one.reference_code == order.reference_code);
        assert_eq!(outcome.map(|one| one.outcome), Some("credited"), "{taken:?}");
        assert_eq!(taken.faults.len(), 1, "what is under way is neither credited nor rejected: {taken:?}");
        assert_eq!(now(&world, &order).state, State::Credited);
        let told = report::Told::of(text.as_bytes(), Vec::new()).unwrap();
        assert!(told.rows().iter().any(|row| row.status == Status::Rejected && row.chapter == "018"));
        assert!(take().is_known, "the same file changes nothing");
        remittances::shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled);
    });
}

#[test]
fn the_pages_take_a_partners_table_and_name_the_column_that_is_missing() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", scope);
        finance.get("/finance/batches");
        let day = world.now().business_day().to_string();
        let fields = |act: &'static str| {
            [("unit", "00004"), ("account", ""), ("reference", "POS000126"), ("fee", "0"), ("do", act)]
        };
        let mut send = |act: &'static str, file: &[u8]| {
            let mut fields = fields(act).to_vec();
            fields.push(("settled_on", day.as_str()));
            let reply = finance.upload("/finance/batches", &fields, file);
            (reply.status, location(&reply).to_owned(), finance.page.clone())
        };
        let table = std::fs::read(TERMINALS).unwrap();
        let (status, _, page) = send("preview", &table);
        assert!(status == 200 && page.contains("49.450 đ"), "{status} {page}");
        let (status, _, page) = send("import", "TID;Số tiền;Phí\nT1;25.000;275\n".as_bytes());
        let wanted = "thiếu cột “Mã chuẩn chi”; các cột tìm thấy: TID, Số tiền, Phí";
        assert!(status == 400 && page.contains(wanted), "{status} {page}");
        let (status, place, page) = send("import", &table);
        assert!(status == 303 && place.starts_with("/finance/batches/"), "{status} {page}");

        finance.get("/finance/remittances");
        let report = ORDERS.replace("Chương", "Nguồn");
        let refused = finance.upload("/finance/remittances/report", &[("unit", "00004")], report.as_bytes());
        assert_eq!(refused.status, 400);
        finance.sees("thiếu cột “Chương”");
        service.stop();
    });
}

#[test]
fn every_bad_row_of_a_batch_and_of_a_report_stands_on_the_page_at_once_and_nothing_is_taken_on() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", scope);
        let day = world.now().business_day().to_string();
        let of_batches = ("/finance/batches", day.as_str());
        let said = [("do", "import"), ("reference", "POS000126")];
        let table = "Approval code;Type;Amount\nA00001;Sale;1,5\nA00002;Sale;25.000\nA00003;Void;25.000\n\
                     A-4;Sale;25.000\n";
        assert_eq!(sent(&mut finance, of_batches, &said, table), 400);
        finance.sees("Dòng 2, cột “Số tiền”: không đọc được số tiền");
        finance.sees("Dòng 4, cột “Loại giao dịch”: không rõ dòng này là khoản thu hay khoản trả lại");
        assert!(!finance.page.contains("Dòng 3,"), "what can be read is no fault: {}", finance.page);
        let codes = "loai,ma_chuan_chi,so_tien\nsale,?,25000\nsale,A5,25000\nsale,A6,0\n";
        assert_eq!(sent(&mut finance, of_batches, &said, codes), 400);
        finance.sees("Dòng 2, cột “Mã chuẩn chi”: mã chuẩn chi phải có 1 đến 20 chữ cái hoặc chữ số");
        finance.sees("Dòng 4, cột “Số tiền”: số tiền phải lớn hơn 0");
        let long = format!("loai,ma_chuan_chi,so_tien\n{}", "void,A1,1\n".repeat(103));
        assert_eq!(sent(&mut finance, of_batches, &said, &long), 400);
        finance.sees("Dòng 101, cột “Loại giao dịch”");
        finance.sees("và 3 dòng lỗi nữa");
        assert!(!finance.page.contains("Dòng 102"), "a hundred are told one by one");

        let of_reports = ("/finance/settlements", day.as_str());
        let said = [("do", "import"), ("reference", "QT000126"), ("channel", POLL)];
        let report = "ma_giao_dich,so_tien,phi\nS1,25000,125\nS1,25000,125\nS2,15000,x\nS3,10,11\ntong,9,9\n";
        assert_eq!(sent(&mut finance, of_reports, &said, report), 400);
        finance.sees("Dòng 3, cột “Mã giao dịch”: giao dịch này đã có ở một dòng trên");
        finance.sees("Dòng 4, cột “Phí”: số tiền phải là số nguyên đồng");
        finance.sees("Dòng 5, cột “Phí”: phí nhỏ hơn 0 hoặc lớn hơn số tiền");
        assert_eq!((world.count("pos_batch"), world.count("settlement")), (0, 0), "nothing is half saved");
        service.stop();
    });
}

#[test]
fn every_bad_row_of_a_batch_and_of_a_report_is_a_line_of_the_command() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (finance, day) = (shell.person("Lê Thị Mẫu").to_string(), cards::today(&world).to_string());
        let file = world.database.folder.path().join("rows.csv");
        let run = |of: &[&str], rows: &str| {
            std::fs::write(&file, rows).unwrap();
            let place =
                [of[0], "import", file.to_str().unwrap(), "--unit", "00004", "--reference", "DT000126"];
            let rest = ["--settled-on", day.as_str(), "--person", finance.as_str()];
            let (code, _, error) = shell.run(&[&place[..], &rest, &of[1..]].concat());
            assert_eq!(code, 1, "{error}");
            error
        };
        let told = run(&["pos"], "loai,ma_chuan_chi,so_tien\nvoid,A1,1\nsale,A2,25000\nsale,A3,1.5\n");
        for line in ["dòng 2, cột “Loại giao dịch”: ", "dòng 4, cột “Số tiền”: ", "line 4, column “Amount”: "]
        {
            assert!(told.lines().any(|one| one.trim().starts_with(line)), "{line}: {told}");
        }
        assert!(told.contains("pos_batch_unreadable") && told.contains("other wrong rows: 1"), "{told}");
        let rows = "ma_giao_dich,so_tien,phi\nS1,x,0\nS2,10,0\nS2,10,0\ntong,9,9\n";
        let told = run(&["settlement", "--channel", POLL], rows);
        for line in ["dòng 2, cột “Số tiền”: ", "dòng 4, cột “Mã giao dịch”: "] {
            assert!(told.lines().any(|one| one.starts_with(line)), "{line}: {told}");
        }
        assert_eq!((world.count("pos_batch"), world.count("settlement")), (0, 0));
    });
}

#[test]
fn every_bad_row_of_a_treasurys_report_stands_on_the_page_and_those_beyond_a_hundred_are_counted() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", scope);
        finance.get("/finance/remittances");
        let day = world.now().business_day().0.format("%d/%m/%Y").to_string();
        let table = format!(
            "Số lệnh,Chương,Tiểu mục,Số tiền,Trạng thái,Ngày\nA1,805,2771,1.5,Ghi có,{day}\n\
             MALENH00009,805,2771,20500,Ghi có,{day}\nA3,805,2771,1000\n{}",
            format!("A4,805,2771,1000,đang xử lý,{day}\n").repeat(101)
        );
        let taken = finance.upload("/finance/remittances/report", &[("unit", "00004")], table.as_bytes());
        assert_eq!(taken.status, 200, "{}", finance.page);
        finance.sees("số tiền phải là số nguyên đồng lớn hơn 0");
        finance.sees("số ô của dòng không khớp dòng tiêu đề");
        finance.sees("trạng thái không nói đã ghi có hay bị từ chối");
        finance.sees("và 3 dòng lỗi nữa");
        finance.sees("MALENH00009");
        assert_eq!(world.count("treasury_report_row"), 1, "bad rows never stop the others");
        service.stop();
    });
}

/// Sends a file to a page of papers: with what its form asks everywhere, behind what is said first.
fn sent(finance: &mut Visitor, (path, day): (&str, &str), said: &[(&str, &str)], file: &str) -> u16 {
    finance.get(path);
    let place = [("unit", "00004"), ("account", ""), ("fee", "0"), ("charge", "0"), ("settled_on", day)];
    finance.upload(path, &[said, &place[..]].concat(), file.as_bytes()).status
}

/// The value of the row of headings that stands in the form so.
#[track_caller]
fn heading_of(finance: &Visitor, words: &str) -> String {
    finance.sees(&format!(">{words}</option>"));
    let before = finance.page.split(&format!(">{words}</option>")).next().unwrap_or_default();
    before.rsplit('"').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn an_acquirers_table_that_nobody_knows_is_read_by_the_columns_a_person_names_and_so_is_the_next() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", scope);
        let day = world.now().business_day().to_string();
        let page = ("/finance/batches", day.as_str());
        let table = |first: &str, second: &str| {
            format!("Bảng kê tháng\nAaa;Bbb;Ccc\n{first};25.000;275\n{second};25.000;275\n")
        };
        let asked = |act: &'static str, reference: &'static str| [("do", act), ("reference", reference)];

        let first = table("X00001", "X00002");
        assert_eq!(sent(&mut finance, page, &asked("import", "POS000126"), &first), 400);
        for seen in ["Cột của bảng", "2: Aaa | Bbb | Ccc", "value=\"POS000126\""] {
            finance.sees(seen);
        }
        let heading = heading_of(&finance, "2: Aaa | Bbb | Ccc");
        let named = [("heading", heading.as_str()), ("column_amount", "2"), ("column_fee", "3")];
        let whole = [&named[..], &[("column_approval_code", "1")]].concat();
        let said = [&asked("import", "POS000126")[..], &named].concat();
        assert_eq!(sent(&mut finance, page, &said, &first), 400);
        finance.sees("<a href=\"#column_approval_code\">Bảng của đối tác thiếu một cột bắt buộc.");
        finance.sees("<option value=\"2\" selected>2: Bbb</option>");
        assert_eq!(sent(&mut finance, page, &said, ""), 400, "no file was chosen");
        finance.sees("<option value=\"2\" selected>2</option>");
        let said = [&asked("preview", "POS000126")[..], &whole].concat();
        assert_eq!(sent(&mut finance, page, &said, &first), 200, "{}", finance.page);
        finance.sees("49.450 đ");
        finance.sees("<option value=\"1\" selected>1: Aaa</option>");
        assert_eq!((world.count("pos_batch"), world.count("partner_layout")), (0, 0));
        let said = [&asked("import", "POS000126")[..], &whole].concat();
        assert_eq!(sent(&mut finance, page, &said, &first), 303, "{}", finance.page);
        let kept = world.words("SELECT saved_by AS t FROM partner_layout WHERE partner = 'pos'");
        assert!(kept.len() == 1 && kept[0].starts_with("per_"), "{kept:?}");

        let next = table("X00003", "X00004");
        assert_eq!(sent(&mut finance, page, &asked("preview", "POS000226"), &next), 200, "{}", finance.page);
        finance.sees("49.450 đ");
        finance.sees("<option value=\"1\" selected>1: Aaa</option>");
        assert_eq!(sent(&mut finance, page, &asked("import", "POS000226"), &next), 303, "{}", finance.page);
        assert_eq!((world.count("pos_batch"), world.count("partner_layout")), (2, 1));
        let other = next.replace("Bbb", "Bb");
        assert_eq!(sent(&mut finance, page, &asked("preview", "POS000326"), &other), 400, "another table");
        service.stop();
    });
}

#[test]
fn columns_named_for_one_partners_table_say_nothing_of_anothers() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", scope);
        let day = world.now().business_day().to_string();
        let page = ("/finance/batches", day.as_str());
        let strange = "Bảng kê\nAaa;Bbb;Ccc\nX00001;25.000;275\nX00002;25.000;275\n";
        let known = "Bảng kê\nMã chuẩn chi;Phí;Số tiền\nX00003;275;25.000\nX00004;275;25.000\n";
        let asked = |act: &'static str, reference: &'static str| [("do", act), ("reference", reference)];
        assert_eq!(sent(&mut finance, page, &asked("import", "POS000126"), strange), 400);
        let heading = heading_of(&finance, "2: Aaa | Bbb | Ccc");
        let heading = [("heading", heading.as_str())];
        let columns = [("column_approval_code", "1"), ("column_amount", "2"), ("column_fee", "3")];
        let blank = [&asked("preview", "POS000226")[..], &heading].concat();
        assert_eq!(sent(&mut finance, page, &blank, known), 200, "{}", finance.page);
        finance.sees("49.450 đ");
        assert!(!finance.page.contains("Cột của bảng"), "nothing is to be asked of it: {}", finance.page);
        assert_eq!(sent(&mut finance, page, &blank, strange), 400, "still nobody knows it");
        let said = [&asked("import", "POS000126")[..], &heading, &columns].concat();
        assert_eq!(sent(&mut finance, page, &said, strange), 303, "{}", finance.page);

        let said = [&asked("preview", "POS000226")[..], &heading, &columns].concat();
        assert_eq!(sent(&mut finance, page, &said, known), 200, "{}", finance.page);
        finance.sees("49.450 đ");
        let said = [&asked("import", "POS000226")[..], &heading, &columns].concat();
        assert_eq!(sent(&mut finance, page, &said, known), 303, "{}", finance.page);
        let kept = world.words("SELECT mapping AS t FROM partner_layout");
        assert!(kept.len() == 1 && kept[0].contains("Aaa"), "{kept:?}");
        service.stop();
    });
}

/// Sends a table of the Treasury's with one row, whose order is in this state.
fn reported(finance: &mut Visitor, said: &[(&str, &str)], state: &str) -> u16 {
    let row = format!("MALENH00001;805;2771;20.500;{state};25/11/2026");
    let file = format!("Aaa;Bbb;Ccc;Ddd;Eee;Fff\n{row}\n");
    let fields = [said, &[("unit", "00004")]].concat();
    finance.upload("/finance/remittances/report", &fields, file.as_bytes()).status
}

#[test]
fn columns_by_which_no_row_of_the_treasurys_table_is_read_are_not_kept() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", scope);
        finance.get("/finance/remittances");
        assert_eq!(reported(&mut finance, &[], "Đã ghi có"), 400);
        let heading = heading_of(&finance, "1: Aaa | Bbb | Ccc | Ddd | Eee | Fff");
        let named = [
            ("heading", heading.as_str()),
            ("column_reference_code", "1"),
            ("column_chapter", "2"),
            ("column_sub_item", "3"),
            ("column_amount", "4"),
            ("column_state", "5"),
            ("column_credit_date", "6"),
        ];
        assert_eq!(reported(&mut finance, &named, "Xyz"), 400);
        finance.is_told("partner_layout_reads_nothing");
        assert_eq!((world.count("partner_layout"), world.count("treasury_report")), (0, 0));
        assert_eq!(reported(&mut finance, &named, "Đã ghi có"), 200, "{}", finance.page);
        assert_eq!((world.count("partner_layout"), world.count("treasury_report")), (1, 1));
        service.stop();
    });
}

#[test]
fn a_gateways_report_that_nobody_knows_is_taken_on_by_the_columns_a_person_names() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let ba_dinh = world.ba_dinh.clone();
        claimed(&world, &ba_dinh, 25_000, "S1");
        claimed(&world, &ba_dinh, 15_000, "S2");
        let mut service = Service::start(&world);
        let mut finance =
            seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::unit(ba_dinh.id));
        let day = world.now().business_day().to_string();
        let page = ("/finance/settlements", day.as_str());
        let report = "Aaa;Bbb;Ccc\nS1;25.000;125\nS2;15.000;75\n";
        let said = [("do", "import"), ("reference", "QT000126"), ("channel", POLL)];
        assert_eq!(sent(&mut finance, page, &said, report), 400);
        let heading = heading_of(&finance, "1: Aaa | Bbb | Ccc");
        let columns = [("column_transaction", "1"), ("column_amount", "2"), ("column_fee", "3")];
        let named = [&[("heading", heading.as_str())][..], &columns].concat();
        assert_eq!(sent(&mut finance, page, &[&said[..], &named].concat(), report), 303, "{}", finance.page);
        gateways::shown(&world, &ba_dinh, 0, &[(39_800, "SEPAY QUYET TOAN QT000126")]);
        assert_eq!(gateways::states(&world, &ba_dinh), [PaymentState::Proven, PaymentState::Proven]);
        service.stop();
    });
}

#[test]
fn the_treasurys_table_that_nobody_knows_is_read_by_what_is_kept_for_its_headings() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, Kind::Treasury);
        let code = &order.reference_code;
        let text = format!("Aaa;Bbb;Ccc;Ddd;Eee;Fff\n{code};805;2771;20.500;Đã ghi có;24/11/2026\n");
        let finance = person(order.unit, world.clerk, Role::Finance);
        let take = || take_report(&world, &finance, order.unit, text.as_bytes());
        assert_eq!(take().unwrap_err().code(), "treasury_report_unreadable");
        let named = |headings: &str, (second, third): (Field, Field)| {
            let fields =
                [Field::ReferenceCode, second, third, Field::Amount, Field::State, Field::CreditDate];
            let headings = headings.split(';').map(str::to_owned).collect();
            let named = Named { headings, columns: fields.into_iter().zip(1..).collect() };
            named.checked(partner::Kind::Treasury).unwrap()
        };
        let save = |headings: &str| {
            let named = named(headings, (Field::Chapter, Field::SubItem));
            world.change(|tx, stamp| {
                saved::save(tx, stamp, &finance, order.unit, partner::Kind::Treasury, &named)
            })
        };
        let versions = ["Aaa;Bbb;Ccc;Ddd;Eee;Fff", "A;B;C;D;E;F", "AAA;bbb;Ccc;Ddd;Eee;Fff"].map(save);
        assert_eq!(versions.map(|one| one.version), [1, 2, 3], "each table has its own newest");
        assert_eq!(save("A;B;C;D;E;F").version, 2, "the same again is no new version");
        // What was read by other columns before its transaction began is read anew by what is kept.
        let mistaken = named("Aaa;Bbb;Ccc;Ddd;Eee;Fff", (Field::SubItem, Field::Chapter));
        let told = report::Told::read(text.as_bytes(), vec![mistaken]).unwrap();
        let taken =
            world.app.write(&finance, |tx, stamp| report::take(tx, stamp, &finance, order.unit, &told));
        let taken = taken.unwrap();
        let outcome = taken.orders.iter().find(|one| one.reference_code == order.reference_code);
        assert_eq!(outcome.map(|one| one.outcome), Some("credited"), "{taken:?}");
        assert_eq!(now(&world, &order).state, State::Credited);
        assert!(take().unwrap().is_known, "the same file changes nothing");
        let elsewhere = world.look(|conn| saved::named(conn, world.tay_ho.id, partner::Kind::Treasury));
        assert_eq!(elsewhere, [], "what is kept is the unit's own");
    });
}
