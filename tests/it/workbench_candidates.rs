//! What money may be, where a channel told of it first and nobody said whose it is: the payer's name and a code one
//! slip away speak for an obligation, and who has them comes first.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{Detail, Exception, Kind};
use bienlai::obligation::{self, Obligation};
use bienlai::party::Payer;

use crate::imports::import;
use crate::mergers::{decided, hand_over, merger};
use crate::refunds::{statement, today};
use crate::restated::notification;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::{World, each_database};

const SUM: Dong = Dong(25_000);

fn owed_by(world: &World, name: &str) -> Obligation {
    world.raise_for(Payer { name: Some(name.to_owned()), ..Payer::default() }, SUM)
}

/// A channel tells of it without a code that is one; the line shows it a moment later.
fn told(world: &World, memo: &str) -> Exception {
    let reference = format!("FT26332{:06}", world.next());
    world.money(&world.ba_dinh, SUM).memo(memo).reference(&reference).settle();
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 0);
    statement(world, file.book(SUM.0, memo, &reference));
    let open = world.exceptions(world.ba_dinh.id);
    let kinds = [Kind::UnidentifiedCredit, Kind::DamagedCode];
    let is_asked = |item: &Exception| kinds.contains(&item.kind) && item.subject_kind == "line";
    assert_eq!(world.count("movement"), 1, "the line shows what the channel told of");
    open.into_iter().find(is_asked).expect("nobody knows whose it is")
}

/// The candidates' dossiers as they stand on the page, with what is chosen and what speaks for the first.
fn shown(world: &World, item: &Exception) -> (Vec<String>, Option<String>, String) {
    let mut service = Service::start(world);
    let scope = Scope::unit(world.ba_dinh.id);
    let mut finance = seated(world, service.address, Role::Finance, "ketoan.badinh", scope);
    assert_eq!(finance.get(&format!("/finance/exceptions/{}", item.id)).status, 200);
    service.stop();
    let rows: Vec<&str> = finance.page.split("<div class=\"candidate\"").skip(1).collect();
    let between = |row: &str, from: &str, to: &str| {
        row.split_once(from)
            .and_then(|(_, rest)| rest.split_once(to))
            .map(|(text, _)| text.to_owned())
            .unwrap()
    };
    let dossier = |row: &&str| between(row, "<span class=\"mono\">", "</span>");
    let chosen = rows.iter().find(|row| row.contains(" checked")).map(dossier);
    let evidence =
        rows.first().map(|row| between(row, "<span class=\"hint\">", "</span>")).unwrap_or_default();
    (rows.iter().map(dossier).collect(), chosen, evidence)
}

#[test]
fn the_payers_name_speaks_for_what_a_channel_told_of_without_a_code() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let meant = owed_by(&world, "Nguyễn Minh Mẫu");
        for other in ["Trần Văn Thử", "Lê Thị Mẫu", "Minh Mẫu Nguyễn"] {
            owed_by(&world, other);
        }
        let item = told(&world, "NGUYEN MINH MAU chuyen tien");
        let (dossiers, chosen, evidence) = shown(&world, &item);
        assert_eq!(dossiers.len(), 4);
        assert_eq!(dossiers[0], meant.dossier_code, "the oldest, and the one that is named");
        assert_eq!(chosen, Some(meant.dossier_code));
        assert!(evidence.contains("tên người nộp"), "{evidence}");
    });
}

#[test]
fn a_code_one_slip_away_is_suggested_though_a_channel_told_first() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let meant = owed_by(&world, "Trần Văn Thử");
        owed_by(&world, "Nguyễn Thị Mẫu");
        let mut damaged = meant.reference_code.clone();
        let last = damaged.pop().unwrap();
        damaged.push(if last == '7' { '8' } else { '7' });
        let item = told(&world, &format!("{damaged} NOP PHI"));
        let kept = Detail::read(&item.detail).expect("matching says what it may be");
        let suggested: Vec<_> = kept.suggested().into_iter().map(|(id, _)| id).collect();
        assert_eq!(suggested, [meant.id]);
        let (dossiers, chosen, evidence) = shown(&world, &item);
        assert_eq!(
            (dossiers[0].as_str(), chosen),
            (meant.dossier_code.as_str(), Some(meant.dossier_code.clone()))
        );
        assert!(evidence.contains(&meant.reference_code), "{evidence}");
    });
}

#[test]
fn a_notification_after_the_line_was_suspended_names_its_payers() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let meant = [owed_by(&world, "Trần Văn Thử"), owed_by(&world, "Lê Thị Mẫu")];
        let sum = Dong(2 * SUM.0);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(sum.0, "thanh toan theo lo", "LO0001"));
        let item =
            world.exceptions(world.ba_dinh.id).into_iter().find(|one| one.kind == Kind::UnidentifiedCredit);
        let item = item.expect("the line alone names nobody");
        let parts: Vec<(&str, i64)> =
            meant.iter().map(|owed| (owed.reference_code.as_str(), SUM.0)).collect();
        import(&world, &notification(&world, &parts));
        let (mut dossiers, chosen, evidence) = shown(&world, &item);
        dossiers.sort();
        assert_eq!(dossiers, meant.map(|owed| owed.dossier_code));
        assert_eq!(chosen, None, "which part is whose a person says");
        assert!(evidence.contains("ngân hàng báo mã này"), "{evidence}");
    });
}

#[test]
fn a_transfer_for_several_dossiers_comes_with_a_division_to_confirm() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let [one, other] = [owed_by(&world, "Trần Văn Thử"), owed_by(&world, "Lê Thị Mẫu")];
        let memo = format!("{} {}", one.reference_code, other.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(49_000, &memo, "FT26332990001"));
        let mut asked = world.exceptions(world.ba_dinh.id).into_iter();
        let item = asked.find(|one| one.kind == Kind::SeveralObligations).expect("1.000 are missing");
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope);
        finance.get(&format!("/finance/exceptions/{}", item.id));
        service.stop();
        for owed in [&one, &other] {
            finance.sees(&format!("<span class=\"mono\">{}</span>", owed.dossier_code));
        }
        let [first, second] = [&one.reference_code, &other.reference_code];
        finance.sees(&format!("{first} 25.000\n{second} 24.000</textarea>"));
    });
}

/// An obligation before its unit was merged, and the same one as it goes on.
fn moved(world: &World) -> (Obligation, Obligation) {
    let old = world.raise_at(&world.tay_ho, SUM);
    decided(world, &merger(world, today(world))).unwrap();
    hand_over(world).unwrap();
    let new = world.look(|conn| obligation::find_by_code(conn, &old.reference_code));
    assert_ne!(new.reference_code, old.reference_code, "it goes on under a code of its own");
    (old, new)
}

#[test]
fn two_codes_of_one_obligation_are_one_whose_surplus_is_told() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (old, new) = moved(&world);
        let memo = format!("{} {}", old.reference_code, new.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(30_000, &memo, "FT26332990003"));
        assert_eq!(world.again(&new).state, obligation::State::Paid);
        let kinds = world.open_kinds(world.ba_dinh.id);
        assert!(kinds.contains(&Kind::Overpaid), "{kinds:?}");
        assert!(!kinds.contains(&Kind::SeveralObligations), "{kinds:?}");
        assert_eq!(world.payments(&world.ba_dinh)[0].surplus, Dong(5_000));
    });
}

#[test]
fn two_codes_of_one_obligation_are_one_part_of_the_division() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (old, new) = moved(&world);
        let other = owed_by(&world, "Trần Văn Thử");
        let memo = format!("{} {} {}", old.reference_code, new.reference_code, other.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(49_000, &memo, "FT26332990002"));
        let mut asked = world.exceptions(world.ba_dinh.id).into_iter();
        let item = asked.find(|one| one.kind == Kind::SeveralObligations).expect("1.000 are missing");
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope);
        finance.get(&format!("/finance/exceptions/{}", item.id));
        service.stop();
        let field = finance.page.split_once("<textarea id=\"parts\"").expect("it may be divided").1;
        let text = field.split_once("</textarea>").and_then(|(field, _)| field.split_once('>'));
        let parts: Vec<&str> = text.expect("the field has an end").1.lines().collect();
        let of =
            |owed: &Obligation| parts.iter().filter(|part| part.starts_with(&owed.reference_code)).count();
        assert_eq!((parts.len(), of(&old) + of(&new), of(&other)), (2, 1, 1), "{parts:?}");
    });
}
