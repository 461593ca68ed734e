use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;

const HANOI: &str = include_str!("../../fixtures/tariff/hanoi.toml");

fn hanoi() -> Tariff {
    load(HANOI).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn ward() -> Place {
    Place { unit_code: "00004".into(), unit_kind: UnitKind::Phuong }
}

fn commune() -> Place {
    Place { unit_code: "09562".into(), unit_kind: UnitKind::Xa }
}

fn asked(code: &str) -> AskedItem {
    AskedItem { code: code.into(), ..AskedItem::default() }
}

fn copies_of(pages: u32, copies: u32) -> AskedItem {
    let quantities = Quantities { pages: Some(pages), copies: Some(copies), ..Quantities::default() };
    AskedItem { quantities, ..asked("chung_thuc_ban_sao") }
}

fn appraised(base_value: i64) -> AskedItem {
    let quantities = Quantities { base_value: Some(Dong(base_value)), ..Quantities::default() };
    AskedItem { quantities, ..asked("dat_dai_tham_dinh") }
}

fn posted(amount: i64) -> AskedItem {
    AskedItem { amount: Some(Dong(amount)), ..asked("buu_chinh") }
}

fn at_the_counter(items: Vec<AskedItem>) -> Request {
    Request {
        place: ward(),
        channel: IntakeMode::Counter,
        on: day("2026-11-22"),
        items,
        exemptions: Vec::new(),
    }
}

fn for_groups(items: Vec<AskedItem>, groups: &[&str]) -> Request {
    let exemptions = groups.iter().map(|&group| group.to_owned()).collect();
    Request { exemptions, ..at_the_counter(items) }
}

fn assessed(request: &Request) -> Assessment {
    assess(&hanoi(), request).unwrap_or_else(|error| panic!("{error:?}"))
}

fn only_line(request: &Request) -> Line {
    let Assessment { mut lines, total } = assessed(request);
    assert_eq!(lines.len(), 1);
    let line = lines.remove(0);
    assert_eq!(line.amount, total);
    line
}

fn refused(request: &Request) -> (String, &'static str) {
    let error = assess(&hanoi(), request).unwrap_err();
    (error.to_string().split(':').next().unwrap().to_owned(), error.code())
}

fn explained(line: &Line) -> String {
    line.explanation().into_iter().map(|words| words.vi).collect::<Vec<_>>().join("\n")
}

fn explained_in_english(line: &Line) -> String {
    line.explanation().into_iter().map(|words| words.en).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_fixed_amount_is_multiplied_by_what_is_counted() {
    let quantities = Quantities { copies: Some(3), ..Quantities::default() };
    let line = only_line(&at_the_counter(vec![AskedItem { quantities, ..asked("trich_luc_ho_tich") }]));
    assert_eq!((line.amount, line.quantity, line.unit_price), (Dong(24_000), 3.into(), 8_000.into()));
    assert_eq!((line.chapter.as_deref(), line.sub_item.as_deref()), (Some("805"), Some("2721")));
    assert_eq!((line.kind, line.document), (FeeKind::Phi, DocumentKind::Receipt));
    assert_eq!(explained(&line), "3 bản × 8.000 đ/bản = 24.000 đ\nCăn cứ: Thông tư 281/2016/TT-BTC");
    assert_eq!(
        explained_in_english(&line),
        "3 × 8.000 đ per copy = 24.000 đ\nLegal ground: Thông tư 281/2016/TT-BTC"
    );
}

#[test]
fn one_is_counted_when_nothing_is_said() {
    assert_eq!(only_line(&at_the_counter(vec![asked("chung_thuc_chu_ky")])).amount, Dong(10_000));
}

#[test]
fn certified_copies_cost_two_thousand_for_two_pages_and_one_thousand_from_the_third() {
    let per_copy = |pages| only_line(&at_the_counter(vec![copies_of(pages, 1)])).amount;
    assert_eq!(
        [per_copy(1), per_copy(2), per_copy(3), per_copy(5)].map(|Dong(amount)| amount),
        [2_000, 4_000, 5_000, 7_000]
    );
    let two_pages = explained(&only_line(&at_the_counter(vec![copies_of(2, 1)])));
    assert!(two_pages.starts_with("2 trang đầu × 2.000 đ = 4.000 đ\n1 bản × 4.000 đ/bản"), "{two_pages}");
    let line = only_line(&at_the_counter(vec![copies_of(5, 2)]));
    assert_eq!((line.amount, line.quantity, line.unit_price), (Dong(14_000), 2.into(), 7_000.into()));
    assert_eq!(
        explained(&line),
        "2 trang đầu × 2.000 đ = 4.000 đ\n3 trang tiếp theo (trên 2) × 1.000 đ = 3.000 đ\n\
         2 bản × 7.000 đ/bản = 14.000 đ\nCăn cứ: Thông tư 226/2016/TT-BTC, Điều 4"
    );
}

#[test]
fn a_certified_copy_costs_no_more_than_two_hundred_thousand() {
    let at_the_cap = only_line(&at_the_counter(vec![copies_of(198, 1)]));
    assert_eq!(at_the_cap.amount, Dong(200_000));
    let above = only_line(&at_the_counter(vec![copies_of(199, 3)]));
    assert_eq!((above.amount, above.unit_price), (Dong(600_000), 200_000.into()));
    assert!(explained(&above).contains("Mỗi bản thu không quá 200.000 đ (tính ra 201.000 đ)"));
    assert!(!explained(&at_the_cap).contains("không quá"));
}

#[test]
fn a_share_of_a_value_is_rounded_half_up_and_capped() {
    let amount = |base| only_line(&at_the_counter(vec![appraised(base)])).amount;
    assert_eq!(amount(1_000_000_000), Dong(1_500_000));
    assert_eq!(amount(333), Dong(0));
    assert_eq!(amount(1_000), Dong(2), "1,5 đ");
    assert_eq!(amount(3_333_333_333), Dong(5_000_000));
    let line = only_line(&at_the_counter(vec![appraised(9_999_999_999_999)]));
    assert_eq!((line.amount, line.quantity), (Dong(5_000_000), 1.into()));
    assert!(explained(&line).starts_with(
        "0,15 % × 9.999.999.999.999 đ = 15.000.000.000 đ\nMức thu tối đa 5.000.000 đ (tính ra 15.000.000.000 đ)"
    ));
}

#[test]
fn a_floor_lifts_a_small_amount() {
    let records = |quantity: i64| {
        let quantities = Quantities { quantity: Some(quantity.into()), ..Quantities::default() };
        only_line(&at_the_counter(vec![AskedItem { quantities, ..asked("tai_lieu_dat_dai") }]))
    };
    assert_eq!(records(1).amount, Dong(200_000));
    assert!(explained(&records(1)).contains("Mức thu tối thiểu 200.000 đ (tính ra 150.000 đ)"));
    assert_eq!(records(5).amount, Dong(750_000));
    assert_eq!(records(21).amount, Dong(2_300_000));
    assert_eq!(records(1).document, DocumentKind::InvoiceSales);
}

#[test]
fn registering_a_business_is_free_online_since_july_and_names_the_ground() {
    let online = |on: &str| {
        let request = Request {
            channel: IntakeMode::OnlineFull,
            on: day(on),
            ..at_the_counter(vec![asked("ho_kinh_doanh")])
        };
        assessed(&request)
    };
    assert_eq!(assessed(&at_the_counter(vec![asked("ho_kinh_doanh")])).total, Dong(100_000));
    assert_eq!(online("2026-07-24").total, Dong(100_000));
    assert_eq!(online("2026-07-24").waived_ground(), None);
    let free = online("2026-07-25");
    assert_eq!(free.total, Dong::ZERO);
    assert_eq!(free.waived_ground().unwrap(), "Nghị quyết 78/2026/NQ-HĐND thành phố Hà Nội");
    assert!(explained(&free.lines[0]).starts_with("Nộp trực tuyến toàn trình: 0 đ"));
}

#[test]
fn a_birth_registered_in_time_is_free_everywhere() {
    let free = assessed(&at_the_counter(vec![asked("ho_tich_khai_sinh")]));
    assert_eq!(free.waived_ground().unwrap(), "Nghị quyết 06/2020/NQ-HĐND thành phố Hà Nội");
    assert!(explained(&free.lines[0]).starts_with("Mức thu: 0 đ"));
}

#[test]
fn the_same_change_costs_less_in_a_rural_commune() {
    let at = |place: Place| {
        only_line(&Request { place, ..at_the_counter(vec![asked("dat_dai_bien_dong")]) }).amount
    };
    assert_eq!((at(ward()), at(commune())), (Dong(28_000), Dong(14_000)));
}

#[test]
fn what_is_said_of_a_unit_by_name_goes_first_while_it_lasts() {
    let named = Place { unit_code: "00070".into(), unit_kind: UnitKind::Phuong };
    let visit = |place: Place, on: &str| {
        only_line(&Request { place, on: day(on), ..at_the_counter(vec![asked("tham_quan")]) }).amount
    };
    assert_eq!(visit(named.clone(), "2026-12-31"), Dong(20_000));
    assert_eq!(visit(named, "2027-01-01"), Dong(30_000));
    assert_eq!(visit(ward(), "2026-12-31"), Dong(30_000));
}

#[test]
fn the_most_favourable_exemption_counts_and_they_never_add_up() {
    let items = || vec![asked("ho_kinh_doanh"), asked("chung_thuc_chu_ky")];
    let both = assessed(&for_groups(items(), &["vneid_muc_2", "nguoi_cao_tuoi"]));
    let amounts: Vec<Dong> = both.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [Dong(50_000), Dong(5_000)]);
    assert_eq!(both, assessed(&for_groups(items(), &["nguoi_cao_tuoi", "vneid_muc_2", "nguoi_cao_tuoi"])));

    let one = assessed(&for_groups(items(), &["vneid_muc_2"]));
    let reduction = one.lines[0].reduction.as_ref().unwrap();
    assert_eq!((reduction.amount, reduction.percent), (Dong(10_000), 10.into()));
    assert_eq!(reduction.legal_ground, "Thông tư 117/2026/TT-BTC");
    assert!(one.lines[1].reduction.is_none());
    assert!(explained(&one.lines[0]).contains(
        "Giảm 10 % cho Người dùng tài khoản VNeID mức 2: −10.000 đ, còn 90.000 đ (Thông tư 117/2026/TT-BTC)"
    ));
}

#[test]
fn an_exemption_ends_with_its_last_day() {
    let on = |text: &str| {
        let request = Request { on: day(text), ..for_groups(vec![asked("ho_kinh_doanh")], &["vneid_muc_2"]) };
        only_line(&request).amount
    };
    assert_eq!((on("2027-02-28"), on("2027-03-01")), (Dong(90_000), Dong(100_000)));
}

#[test]
fn a_poor_household_pays_postage_and_nothing_else() {
    let assessment = assessed(&for_groups(vec![asked("ho_kinh_doanh"), posted(25_000)], &["ho_ngheo"]));
    assert_eq!(assessment.total, Dong(25_000));
    assert_eq!(assessment.waived_ground(), None);
    assert_eq!(assessment.lines[1].kind, FeeKind::PassThrough);

    let items = vec![asked("ho_kinh_doanh"), asked("ho_tich_khai_sinh"), asked("chung_thuc_chu_ky")];
    let nothing = assessed(&for_groups(items, &["ho_ngheo"]));
    assert_eq!(
        nothing.waived_ground().unwrap(),
        "Luật Phí và lệ phí 97/2015/QH13, Điều 10; Nghị quyết 06/2020/NQ-HĐND thành phố Hà Nội"
    );
    assert!(explained(&nothing.lines[0]).contains("Miễn cho Người thuộc hộ nghèo: −100.000 đ, còn 0 đ"));
}

#[test]
fn half_of_an_odd_amount_is_rounded_once() {
    let line = only_line(&for_groups(vec![appraised(1_000)], &["nguoi_cao_tuoi"]));
    assert_eq!((line.gross, line.amount), (Dong(2), Dong(1)));
    let line = only_line(&for_groups(vec![appraised(2_000)], &["nguoi_cao_tuoi"]));
    assert_eq!((line.gross, line.reduction.unwrap().amount, line.amount), (Dong(3), Dong(2), Dong(1)));
}

#[test]
fn only_phi_carries_a_kept_share() {
    let lines = assessed(&at_the_counter(vec![copies_of(1, 1), asked("ho_kinh_doanh"), posted(5_000)])).lines;
    assert_eq!(lines.iter().map(|line| line.kept_share_bp).collect::<Vec<_>>(), [4_000, 0, 0]);
}

#[test]
fn the_same_item_may_be_asked_for_again() {
    assert_eq!(assessed(&at_the_counter(vec![copies_of(3, 1), copies_of(1, 2)])).total, Dong(9_000));
}

#[test]
fn what_the_request_gets_wrong_is_named() {
    let field_and_code = |item: AskedItem| refused(&at_the_counter(vec![asked("chung_thuc_chu_ky"), item]));
    let with = |code: &str, quantities: Quantities| AskedItem { quantities, ..asked(code) };
    let none = Quantities::default;

    let cases = [
        (asked("khong_co"), "items[1].code", "tariff_item_unknown"),
        (asked("trich_luc_ho_tich"), "items[1].copies", "tariff_quantity_missing"),
        (asked("dat_dai_tham_dinh"), "items[1].base_value", "tariff_quantity_missing"),
        (
            with("chung_thuc_ban_sao", Quantities { copies: Some(1), ..none() }),
            "items[1].pages",
            "tariff_quantity_missing",
        ),
        (
            with("chung_thuc_ban_sao", Quantities { pages: Some(1), ..none() }),
            "items[1].copies",
            "tariff_quantity_missing",
        ),
        (copies_of(0, 1), "items[1].pages", "quantity_not_positive"),
        (copies_of(1, 0), "items[1].copies", "quantity_not_positive"),
        (appraised(-1), "items[1].base_value", "quantity_not_positive"),
        (
            with("chung_thuc_chu_ky", Quantities { quantity: Some((-1).into()), ..none() }),
            "items[1].quantity",
            "quantity_not_positive",
        ),
        (
            with("chung_thuc_chu_ky", Quantities { quantity: Some(Decimal::new(1, 7)), ..none() }),
            "items[1].quantity",
            "tariff_quantity_out_of_range",
        ),
        (
            with("ho_tich_xac_nhan_hon_nhan", Quantities { quantity: Some(Decimal::new(15, 1)), ..none() }),
            "items[1].quantity",
            "tariff_quantity_not_whole",
        ),
        (
            with("chung_thuc_chu_ky", Quantities { quantity: Some(1_000_000_001.into()), ..none() }),
            "items[1].quantity",
            "tariff_quantity_out_of_range",
        ),
        (
            with("chung_thuc_chu_ky", Quantities { quantity: Some(1_000_000_000.into()), ..none() }),
            "items[1].amount",
            "amount_out_of_range",
        ),
        (
            with("chung_thuc_chu_ky", Quantities { pages: Some(1), ..none() }),
            "items[1].pages",
            "tariff_quantity_unused",
        ),
        (
            AskedItem { amount: Some(Dong(1)), ..asked("chung_thuc_chu_ky") },
            "items[1].amount",
            "tariff_amount_differs",
        ),
        (asked("buu_chinh"), "items[1].amount", "tariff_amount_missing"),
        (posted(4_999), "items[1].amount", "tariff_amount_outside_range"),
        (posted(500_001), "items[1].amount", "tariff_amount_outside_range"),
    ];
    for (item, field, code) in cases {
        let case = format!("{item:?}");
        assert_eq!(field_and_code(item), (field.to_owned(), code), "{case}");
    }
}

#[test]
fn a_charge_is_not_asked_for_where_when_or_how_it_is_not_in_force() {
    let item = || vec![asked("ho_tich_xac_nhan_hon_nhan")];
    let department = Place { unit_code: "SNV".into(), unit_kind: UnitKind::Department };
    let not_in_force = ("items[0].code".to_owned(), "tariff_charge_not_in_force");
    assert_eq!(refused(&Request { place: department, ..at_the_counter(item()) }), not_in_force);
    assert_eq!(refused(&Request { on: day("2025-06-30"), ..at_the_counter(item()) }), not_in_force);
    let visit = at_the_counter(vec![asked("tham_quan")]);
    assert_eq!(refused(&Request { channel: IntakeMode::OnlineFull, ..visit }), not_in_force);
}

#[test]
fn a_request_needs_items_and_known_groups() {
    assert_eq!(refused(&at_the_counter(Vec::new())).1, "tariff_items_missing");
    assert_eq!(refused(&at_the_counter(vec![posted(5_000); 501])).1, "tariff_items_too_many");
    let unknown = for_groups(vec![posted(5_000)], &["ho_ngheo", "ho_giau"]);
    assert_eq!(refused(&unknown), ("exemptions[1]".to_owned(), "tariff_group_unknown"));
}

#[test]
fn the_reasons_are_stored_as_json_and_read_back() {
    let assessment =
        assessed(&for_groups(vec![copies_of(300, 2), appraised(1), posted(9_000)], &["ho_ngheo"]));
    let json = serde_json::to_string(&assessment).unwrap();
    assert!(json.contains(r#"{"step":"cap_per_copy","before":302000,"cap":200000}"#), "{json}");
    assert_eq!(serde_json::from_str::<Assessment>(&json).unwrap(), assessment);
}

fn any_item() -> impl Strategy<Value = AskedItem> {
    let quantity = (1..=2_000_000_i64).prop_map(|thousandths| Decimal::new(thousandths, 3));
    prop_oneof![
        (1..=500_u32, 1..=500_u32).prop_map(|(pages, copies)| copies_of(pages, copies)),
        (1..=9_999_999_999_999_i64).prop_map(appraised),
        (5_000..=500_000_i64).prop_map(posted),
        (prop_oneof![Just("tai_lieu_dat_dai"), Just("chung_thuc_chu_ky"), Just("ho_kinh_doanh")], quantity)
            .prop_map(|(code, quantity)| AskedItem {
                quantities: Quantities { quantity: Some(quantity), ..Quantities::default() },
                ..asked(code)
            }),
    ]
}

fn any_request() -> impl Strategy<Value = Request> {
    let groups = prop::sample::subsequence(
        vec!["tre_em", "ho_ngheo", "nguoi_cao_tuoi", "nguoi_co_cong", "vneid_muc_2"],
        0..=3,
    );
    let channel = prop::sample::select(IntakeMode::ALL.to_vec());
    (prop::collection::vec(any_item(), 1..6), groups, channel, 0..1_000_i64).prop_map(
        |(items, groups, channel, days)| Request {
            channel,
            on: day("2025-07-01").plus_days(days),
            ..for_groups(items, &groups)
        },
    )
}

/// The same item, asked for at least as often.
fn grown(item: &AskedItem, by: u32) -> AskedItem {
    let Quantities { pages, copies, quantity, base_value } = item.quantities.clone();
    AskedItem {
        quantities: Quantities {
            pages: pages.map(|pages| pages + by),
            copies: copies.map(|copies| copies + by / 3),
            quantity: quantity.map(|quantity| quantity + Decimal::new(i64::from(by), 3)),
            base_value: base_value.map(|Dong(base)| Dong((base + i64::from(by)).min(9_999_999_999_999))),
        },
        ..item.clone()
    }
}

fn with_shared_tariff(request: &Request) -> Result<Assessment> {
    static TARIFF: std::sync::LazyLock<Tariff> = std::sync::LazyLock::new(hanoi);
    assess(&TARIFF, request)
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_lines_that_are_never_negative_and_multiply_out(request in any_request()) {
        let assessment = with_shared_tariff(&request).unwrap();
        let mut sum = 0;
        for line in &assessment.lines {
            let reduction = line.reduction.as_ref().map_or(0, |reduction| reduction.amount.0);
            prop_assert!(line.amount.0 >= 0 && reduction >= 0);
            prop_assert_eq!(line.amount.0, line.gross.0 - reduction);
            prop_assert_eq!(Dong::round_half_up(line.quantity * line.unit_price).unwrap(), line.gross);
            prop_assert!(!line.steps.is_empty());
            prop_assert!(matches!(line.kind, FeeKind::Phi | FeeKind::Service) || line.kept_share_bp == 0);
            sum += line.amount.0;
        }
        prop_assert_eq!(assessment.total.0, sum);
        prop_assert_eq!(assessment.waived_ground().is_some(), sum == 0);
    }

    #[test]
    fn more_is_never_cheaper(request in any_request(), by in 0..1_000_u32) {
        let mut more = request.clone();
        for item in &mut more.items {
            *item = grown(item, by);
        }
        let (few, many) = (with_shared_tariff(&request).unwrap(), with_shared_tariff(&more).unwrap());
        for (few, many) in few.lines.iter().zip(&many.lines) {
            prop_assert!(few.amount <= many.amount, "{few:?} {many:?}");
        }
    }

    #[test]
    fn another_group_never_makes_it_dearer(request in any_request()) {
        let without = Request { exemptions: Vec::new(), ..request.clone() };
        prop_assert!(with_shared_tariff(&request).unwrap().total <= with_shared_tariff(&without).unwrap().total);
    }
}
