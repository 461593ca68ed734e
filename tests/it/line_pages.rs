//! One line of a statement on its page: whoever asks why money went where it went reads it there.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::LineId;
use bienlai::reconciliation::reconcile;
use bienlai::statement::version;

use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::{World, each_database};

fn line_of(world: &World) -> LineId {
    LineId(world.words("SELECT CAST(id AS TEXT) AS t FROM statement_line").remove(0).parse().unwrap())
}

#[test]
fn a_line_tells_on_its_page_what_the_bank_wrote_and_why_it_was_matched_and_to_its_own_unit_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let today = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, today, 0).book(25_000, &memo, "FT26331001");
        crate::imports::import(&world, &file.camt());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched");
        let line = line_of(&world);
        let page = format!("/finance/lines/{line}");
        let mut service = Service::start(&world);
        let sit = |role, name, unit| seated(&world, service.address, role, name, Scope::unit(unit));
        let mut finance = sit(Role::Finance, "ketoan.mau", unit);
        assert_eq!(finance.get(&page).status, 200, "{}", finance.page);
        for told in ["FT26331001", memo.as_str(), "25.000", "code_and_amount", "Hệ thống tự khớp"] {
            finance.sees(told);
        }
        finance.sees("&#60;Ntry&#62;");
        finance.sees(&format!("/p/{}", owed.reference_code));
        finance.sees(&format!("/finance/unmatch?what={line}"));
        finance.get(&format!("/finance/lists/lines?from={today}&until={today}"));
        finance.sees(&page);

        let mut auditor = sit(Role::Auditor, "kiemtoan.mau", unit);
        assert_eq!(auditor.get(&page).status, 200);
        auditor.sees("code_and_amount");
        auditor.sees(&memo);
        let seen = "audit_entry WHERE action = 'line.texts_seen' AND detail = 'audit'";
        assert_eq!(world.count(seen), 1, "auditors read everything, and that leaves a trace");
        assert!(!auditor.page.contains("/finance/unmatch?"), "auditors read");
        let mut stranger = sit(Role::Finance, "ketoan.tayho", world.tay_ho.id);
        assert_eq!(stranger.get(&page).status, 404, "another unit's line");
        let mut cashier = sit(Role::Cashier, "thungan.mau", unit);
        assert_eq!(cashier.get(&page).status, 403, "{}", cashier.page);
        service.stop();
    });
}

#[test]
fn a_line_that_only_says_something_else_in_a_corrected_statement_is_shown_with_both_texts() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (unit, today) = (world.ba_dinh.id, world.now().business_day());
        let file =
            |memo: &str| BankFile::new(world.ba_dinh.account_no, today, 0).book(8_000, memo, "FT26331001");
        crate::imports::import(&world, &file("le vi du chuyen tien").mt940());
        let fuller = file("le vi du chuyen khoan").book(5_000, "them", "FT26331002");
        crate::imports::import(&world, &fuller.mt940());
        let version = world.look(|conn| version::list(conn, unit, None, 10)).remove(0);
        let page = format!("/finance/versions/{}", version.id);
        let mut service = Service::start(&world);
        let sit = |role, name| seated(&world, service.address, role, name, Scope::unit(unit));
        let mut finance = sit(Role::Finance, "ketoan.mau");
        assert_eq!(finance.get(&page).status, 200, "{}", finance.page);
        finance.sees("le vi du chuyen tien");
        finance.sees("le vi du chuyen khoan");
        let seen = "audit_entry WHERE action = 'line.texts_seen'";
        assert_eq!(world.count(seen), 1, "reading a payer's words leaves a trace");
        let mut keeper = sit(Role::Administrator, "quantri.mau");
        assert_eq!(keeper.get(&page).status, 200, "{}", keeper.page);
        keeper.sees("chỉ nội dung khác");
        assert!(!keeper.page.contains("le vi du"), "who keeps the office reads no payer's words");
        assert_eq!(world.count(seen), 1);
        service.stop();
    });
}
